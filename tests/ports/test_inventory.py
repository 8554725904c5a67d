"""InventorySource and InventorySink: whoever knows the stock, and whoever publishes it."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from connectors.canonical import Level
from connectors.core.errors import Refused
from connectors.ports import InventorySink, InventorySource
from tests.ports.effort import effort
from tests.ports.rig import Rig, playing
from tests.ports.stage import BASE, Stage, play, rows_of
from tests.ports.words import words

# What somebody asks for: known SKUs by their place, and others by their name.
ASKED = st.dictionaries(st.integers(0, 2) | words(1, 12), st.integers(-5, 10**6), max_size=5)


@playing(InventorySource)
@effort(30)
@given(counts=st.dictionaries(st.integers(0, 2), st.integers(0, 10**6)), page_size=st.integers(1, 5))
def test_levels_are_what_lies_on_the_shelves(rig: Rig, counts: dict[int, int], page_size: int):
    async def story(stage: Stage) -> None:
        skus = rig.skus(stage)
        for place, quantity in counts.items():
            rig.count_stock(stage, skus[place], quantity)
        await asyncio.sleep(5)
        levels = await rows_of(stage.connector.levels())
        available: dict[str, int] = {}
        for level in levels:
            available[level.sku] = available.get(level.sku, 0) + level.available
            assert level.available == level.on_hand - level.allocated
            assert level.as_of >= BASE
        assert available == {sku: rig.available(stage, sku) for sku in skus}
        assert len({(level.warehouse, level.sku) for level in levels}) == len(levels)
        assert {level.warehouse for level in levels} <= {house.id for house in await stage.connector.warehouses()}

    play(rig, story, page_size=page_size)


@playing(InventorySource)
def test_no_level_is_older_than_it_says(rig: Rig):
    """What is counted while levels are read may be in or not; what was counted before has to be."""

    async def story(stage: Stage) -> None:
        await stage.connector.check()
        stage.fault("delay", times=None, seconds=3)
        await asyncio.sleep(7)
        sku = rig.skus(stage)[0]
        rig.count_stock(stage, sku, 17)
        asked = stage.clock.now()
        levels = await rows_of(stage.connector.levels())
        assert max(level.as_of for level in levels) <= asked
        assert sum(level.available for level in levels if level.sku == sku) == 17

    play(rig, story)


@playing(InventorySource)
def test_warehouses_have_ids_and_names(rig: Rig):
    async def story(stage: Stage) -> None:
        houses = await stage.connector.warehouses()
        assert [house.id for house in houses] == list(rig.warehouse_ids(stage))
        assert all(house.name for house in houses)

    play(rig, story, page_size=1)


@playing(InventorySink)
@effort(60)
@given(asked=ASKED)
def test_levels_that_are_set_are_published_and_the_others_are_told_one_by_one(rig: Rig, asked):
    """Below zero is zero; who is refused does not hold up the rest; and what is not asked for stays."""

    async def story(stage: Stage) -> None:
        skus = list(rig.skus(stage))
        before = {sku: rig.available(stage, sku) for sku in skus}
        named = {skus[key] if isinstance(key, int) else key: quantity for key, quantity in asked.items()}
        refused = await stage.connector.set_levels([rig.level(stage, *each) for each in named.items()], "key")
        assert set(refused) == set(named) - set(skus)
        assert all(refused.values())
        published = before | {sku: max(0, named[sku]) for sku in skus if sku in named}
        assert {sku: rig.available(stage, sku) for sku in skus} == published
        assert dict(await stage.connector.find_levels([*named, *skus])) == published

    play(rig, story)


@playing(InventorySink)
def test_nothing_to_set_and_nothing_to_find_is_nothing(rig: Rig):
    async def story(stage: Stage) -> None:
        before = stage.books()
        assert dict(await stage.connector.set_levels([], "key")) == {}
        assert dict(await stage.connector.find_levels([])) == {}
        assert stage.books() == before

    play(rig, story)


@playing(InventorySink)
def test_a_level_no_vendor_takes_is_refused_with_a_reason(rig: Rig):
    async def story(stage: Stage) -> None:
        sku = rig.skus(stage)[0]
        for strange in (rig.level(stage, sku, 10**30), rig.level(stage, "\ud800", 1), rig.level(stage, "", 1)):
            refused: dict[str, str] = {}

            async def tell(level: Level = strange, refused: dict[str, str] = refused) -> None:
                refused.update(await stage.connector.set_levels([level], "key"))

            error = await stage.refused(tell())
            assert refused or isinstance(error, Refused), strange
        assert "\ud800" not in await stage.connector.find_levels([sku])

    play(rig, story)


@playing(InventorySink)
def test_what_sells_while_it_is_published_is_not_lost(rig: Rig):
    """A level is as of a moment: whoever sets it twice has the second; whoever sells in between is seen in the end."""

    async def story(stage: Stage) -> None:
        sku = rig.skus(stage)[0]

        def sold(number: int, _: object) -> None:
            if number == 1:
                rig.count_stock(stage, sku, 3)

        stage.edge.before = sold
        await stage.connector.set_levels([rig.level(stage, sku, 8)], "key")
        assert rig.available(stage, sku) in {3, 8}
        stage.edge.forget()
        await stage.connector.set_levels([rig.level(stage, sku, 5)], "key")
        assert rig.available(stage, sku) == 5

    play(rig, story)
