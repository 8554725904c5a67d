"""What the six functions do, told as stories: people act, the functions run, both sides are looked at."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import msgspec

from connectors.canonical import Order, Page
from connectors.core.errors import BadCursor
from connectors.sync.learn import learn_order, moved_in_cart
from tests.sync.office import Office
from tests.sync.world import HOME, Shop, World, story

# The whole way


@story
async def test_an_order_goes_all_the_way() -> None:
    world = World()
    office = Office(world)
    order = world.shop.buy(("MUG", 2), ("TEE", 1))
    await office.round()
    world.depot.pack(world.job(order), {"MUG": 2, "TEE": 1}, "T1", "T2")
    await office.round(2)
    (told,) = world.shop.live(order)
    assert (told.lines, told.numbers) == ({"L0": 2, "L1": 1}, ("T1", "T2"))
    assert world.shop.stock == {"MUG": 48, "TEE": 29, "CAP": 20}
    assert world.broken() == []
    assert office.engine.left() == 0


@story
async def test_a_second_round_calls_nobody_to_change_anything() -> None:
    world = World()
    office = Office(world)
    order = world.shop.buy(("MUG", 2))
    await office.round()
    world.depot.pack(world.job(order), {"MUG": 2})
    await office.round(2)
    before = list(world.shop.calls), list(world.depot.calls)
    await office.round(3)
    reads = {"orders", "shipments", "deliveries", "levels"}
    after = world.shop.calls[len(before[0]) :] + world.depot.calls[len(before[1]) :]
    assert set(after) <= reads


# Reading


@story
async def test_rows_effects_and_the_cursor_of_a_page_are_kept_together_and_a_page_that_fails_moves_nothing() -> None:
    world = World()
    world.shop.page_size = 2
    office = Office(world)
    for _ in range(5):
        world.shop.buy(("MUG", 1))
    world.faults.next("orders", "", "before")
    (ended,) = await office.run("order_download")
    assert ended.error
    assert [office.state(f"deliver:shop:o{at}") for at in (1, 2, 3)] == ["todo", "todo", "never asked for"]
    cursor = office.ledger.cursor("shop", "orders")
    assert cursor == office.fact("order", "shop", "o2").updated.isoformat()
    await office.run("order_download")
    assert [office.state(f"deliver:shop:o{at}") for at in (3, 4, 5)] == ["todo"] * 3


@story
async def test_a_feed_that_fails_again_and_again_is_told_to_a_person_and_forgotten_when_it_works() -> None:
    world = World()
    office = Office(world)
    world.faults.next("orders", "before", "before", "before")
    for expected in ([], [], ["failing:shop:order_download"]):
        await office.run("order_download")
        assert office.incidents() == expected
    await office.run("order_download")
    assert office.incidents() == []


@story
async def test_a_vendor_that_says_wait_while_it_is_read_is_left_alone() -> None:
    world = World()
    office = Office(world)
    world.faults.next("orders", "throttle")
    await office.run("order_download")
    lane = office.ledger.lane("shop")
    assert lane is not None
    assert lane.not_before - office.now == timedelta(seconds=3)
    assert not [row for row in office.ledger.due_passes(office.now, owner="x") if row.lane == "shop"]


@story
async def test_an_endless_feed_has_an_end() -> None:
    world = World()
    world.shop.page_size, world.shop.overlap = 1, timedelta(0)
    office = Office(world, pages_maximum=3)
    for _ in range(5):
        world.shop.buy(("MUG", 1))
    (ended,) = await office.run("order_download")
    assert "more pages" in ended.error
    await office.run("order_download")  # what was kept is behind the cursor: it comes through in pieces
    assert office.state("deliver:shop:o5") == "todo"


@story
async def test_a_cursor_the_connector_does_not_take_is_dropped_and_the_feed_read_from_the_beginning() -> None:
    class Forgetful(Shop):
        def orders(self, cursor: str | None = None) -> AsyncIterator[Page[Order]]:
            if cursor == "written by another version":
                raise BadCursor("not mine")
            return super().orders(cursor)

    world = World(shop_class=Forgetful)
    office = Office(world)
    world.shop.buy(("MUG", 1))
    with office.ledger.transaction():
        office.ledger.move_cursor("shop", "orders", "written by another version", office.now)
    (ended,) = await office.run("order_download")
    assert "not mine" in ended.error
    (ended,) = await office.run("order_download")
    assert not ended.error
    assert office.state("deliver:shop:o1") == "todo"


@story
async def test_a_record_that_cannot_be_kept_holds_up_neither_its_page_nor_the_feed() -> None:
    class Odd(Shop):
        def _order(self, placed: Any) -> Order:
            order = super()._order(placed)
            return msgspec.structs.replace(order, updated=None) if placed.id == "o2" else order

    world = World(shop_class=Odd)
    office = Office(world)
    for _ in range(3):
        world.shop.buy(("MUG", 1))
    (ended,) = await office.run("order_download")
    assert not ended.error
    assert [office.state(f"deliver:shop:o{at}") for at in (1, 2, 3)] == ["todo", "never asked for", "todo"]
    assert office.incidents() == ["unreadable:shop:orders:o2"]
    assert office.ledger.cursor("shop", "orders") is not None


@story
async def test_an_older_version_that_comes_late_changes_nothing() -> None:
    world = World()
    office = Office(world)
    order = world.shop.buy(("MUG", 1))
    stale = world.shop._order(world.shop.orders_placed[order])
    world.shop.change_mind(order)
    await office.run("order_download")

    with office.ledger.transaction():
        assert learn_order(office.ledger, office.engine.merchant, stale, office.now) == set()
    await office.run("order_delivery")
    assert office.state(f"deliver:shop:{order}") == "never asked for"
    assert world.depot.jobs == []


# Bad input from outside ends in the queue, and holds nothing else up


@story
async def test_a_page_of_nonsense_is_refused_line_by_line_and_the_good_order_goes() -> None:
    world = World()
    office = Office(world)

    for lines, fields in (
        ([], {}),
        ([("MUG", 0)], {}),
        ([("X" * 300, 1)], {}),
        ([("MUG", 1)], {"ship_to": msgspec.structs.replace(HOME, country="ZZ")}),
        ([("MUG", 10**40)], {}),
        ([("M\x00G", 1)], {}),
        ([("MUG", 1)], {}),
    ):
        world.shop.buy(*lines, **fields)
    await office.round(2)
    reasons = {letter.key: letter.reason for letter in office.engine.queue()}
    assert reasons == {
        "deliver:shop:o1": "no_lines",
        "deliver:shop:o2": "bad_quantity",
        "deliver:shop:o3": "bad_sku",
        "deliver:shop:o4": "bad_country",
        "deliver:shop:o5": "bad_quantity",
    }
    assert world.job("o7").lines == {"MUG": 1}


@story
async def test_an_order_seen_first_when_all_was_taken_off_it_has_moved_its_carts_numbers() -> None:
    """An unknown level looked as if it had been told, by a sale that was edited away before we read it (seed 73)."""
    world = World()
    office = Office(world)
    world.shop.buy(("MUG", 1))
    (page,) = [page async for page in world.shop.orders()]
    order = msgspec.structs.replace(
        page.rows[0], lines=(msgspec.structs.replace(page.rows[0].lines[0], fulfillable=0),)
    )
    assert moved_in_cart(office.engine.merchant, None, order) == {"MUG"}
