"""Parcels that leave, and carts that are told of them."""

from collections.abc import AsyncIterator

import msgspec
import pytest

from connectors.canonical import Page, Shipment, ShipmentLine
from connectors.sync import Part, SkuMap, SkuRule
from tests.sync.office import Office
from tests.sync.world import Depot, World, run, story


@story
async def test_two_parcels_at_different_times_are_two_fulfilments_of_what_each_holds() -> None:
    world = World()
    office = Office(world)
    order = world.shop.buy(("MUG", 2), ("TEE", 1), ("MUG", 1))
    await office.round()
    world.depot.pack(world.job(order), {"MUG": 1}, "T1")
    await office.round()
    world.depot.pack(world.job(order), {"MUG": 2, "TEE": 1}, "T2")
    await office.round()
    assert [told.lines for told in world.shop.live(order)] == [{"L0": 1}, {"L0": 1, "L1": 1, "L2": 1}]
    assert world.broken() == []


@story
async def test_parcels_learnt_at_once_share_the_lines_between_them_and_a_refused_one_keeps_its_share() -> None:
    world = World()
    office = Office(world, calls_at_once=8)
    order = world.shop.buy(("MUG", 4), ("MUG", 2))
    await office.round()
    for number in ("T1", "T2", "T3"):
        world.depot.pack(world.job(order), {"MUG": 2}, number)
    world.faults.next("fulfill", "throttle")
    await office.run("shipping_confirmations", "shipment_upload")
    await office.wait(4)
    await office.round()
    total: dict[str, int] = {}
    for told in world.shop.live(order):
        for line, many in told.lines.items():
            total[line] = total.get(line, 0) + many
    assert total == {"L0": 4, "L1": 2}
    assert world.broken() == []


@story
async def test_multipacks_are_told_in_the_carts_own_counting() -> None:
    world = World()
    world.shop.stock = {"MUG-6": 0, "MUG": 0}
    skus = SkuMap([SkuRule("MUG-6", (Part("MUG", 6),))], known=["MUG"])
    office = Office(world, skus=skus)
    order = world.shop.buy(("MUG-6", 2))
    await office.round(2)
    assert world.shop.stock == {"MUG-6": 6, "MUG": 38}
    world.depot.pack(world.job(order), {"MUG": 8}, "T1")
    world.depot.pack(world.job(order), {"MUG": 4}, "T2")
    await office.round()
    assert [(told.lines, told.numbers) for told in world.shop.live(order)] == [
        ({"L0": 1}, ("T1",)),
        ({"L0": 1}, ("T2",)),
    ]


@story
async def test_a_parcel_with_more_than_was_ordered_waits_for_a_person() -> None:
    world = World()
    office = Office(world)
    order, other = world.shop.buy(("MUG", 1)), world.shop.buy(("TEE", 1))
    await office.round()
    world.depot.pack(world.job(order), {"MUG": 2}, "T1")
    world.depot.pack(world.job(other), {"TEE": 1}, "T2")
    await office.round()
    (letter,) = office.engine.queue()
    assert letter.reason == "more_than_ordered"
    assert "1 × MUG" in letter.words
    assert [told.numbers for told in world.shop.fulfillments] == [("T2",)]


@story
async def test_a_shipment_that_is_corrected_at_the_warehouse_goes_by_itself() -> None:
    world = World()
    office = Office(world)
    order = world.shop.buy(("MUG", 1))
    await office.round()
    world.depot.pack(world.job(order), {"MUG": 2}, "T1")
    await office.round()
    assert [letter.reason for letter in office.engine.queue()] == ["more_than_ordered"]
    lines = (ShipmentLine("MUG", 1),)
    world.depot.parcels[0] = msgspec.structs.replace(world.depot.parcels[0], lines=lines, updated=world.depot._stamp())
    await office.round()
    assert [told.lines for told in world.shop.live(order)] == [{"L0": 1}]


@story
async def test_a_parcel_that_does_not_say_what_is_in_it_waits_for_a_person() -> None:
    world = World()
    office = Office(world)
    order = world.shop.buy(("MUG", 1))
    await office.round()
    world.depot.pack(world.job(order), {}, "T1")
    await office.round()
    assert [letter.reason for letter in office.engine.queue()] == ["no_contents"]


@story
async def test_two_parcels_that_look_alike_are_not_taken_for_each_other() -> None:
    class Untracked(Depot):
        def shipments(self, cursor: str | None = None) -> AsyncIterator[Page[Shipment]]:
            bare = [msgspec.structs.replace(one, parcels=()) for one in self.parcels]
            return self._pages("shipments", lambda: [(one.updated, one.source.id, one) for one in bare], cursor)

    world = World(depot_class=Untracked)
    office = Office(world)
    order = world.shop.buy(("MUG", 2))
    await office.round()
    world.depot.pack(world.job(order), {"MUG": 1})
    await office.round()
    world.depot.pack(world.job(order), {"MUG": 1})
    world.faults.next("fulfill", "before")  # it never arrived, and the first one looks just like it
    await office.round()
    await office.settle()
    await office.round()
    assert [letter.reason for letter in office.engine.queue()] == ["ambiguous"]
    assert "stands for ship:depot:" in office.engine.queue()[0].words


@story
async def test_a_shipment_voided_after_its_cart_was_told_is_taken_back_there() -> None:
    world = World()
    office = Office(world)
    order = world.shop.buy(("MUG", 2))
    await office.round()
    shipment = world.depot.pack(world.job(order), {"MUG": 2}, "T1")
    await office.round()
    world.depot.void(shipment)
    await office.round()
    assert world.shop.live(order) == []
    world.depot.pack(world.job(order), {"MUG": 2}, "T2")
    await office.round(2)
    assert [told.numbers for told in world.shop.live(order)] == [("T2",)]
    assert world.broken() == []


@story
async def test_a_shipment_voided_before_its_cart_was_told_costs_no_call() -> None:
    world = World()
    office = Office(world)
    order = world.shop.buy(("MUG", 2))
    await office.round()
    shipment = world.depot.pack(world.job(order), {"MUG": 2}, "T1")
    await office.run("shipping_confirmations")
    world.depot.void(shipment)
    await office.run("shipping_confirmations", "shipment_upload")
    assert office.state(f"ship:depot:{shipment.source.id}") == "void: voided"
    assert (world.shop.count("fulfill"), world.shop.count("cancel_fulfillment")) == (0, 0)


@pytest.mark.parametrize("fault", ["lost", "late", "before"])
def test_a_shipment_voided_while_nobody_knows_whether_its_cart_was_told(fault: str) -> None:
    async def it() -> None:
        world = World()
        office = Office(world)
        order = world.shop.buy(("MUG", 2))
        await office.round()
        shipment = world.depot.pack(world.job(order), {"MUG": 2}, "T1")
        world.faults.next("fulfill", fault)
        await office.run("shipping_confirmations", "shipment_upload")
        world.depot.void(shipment)
        await office.run("shipping_confirmations", "shipment_upload")
        assert world.shop.count("cancel_fulfillment") == 0
        await office.settle()
        await office.round(3)
        assert world.shop.live(order) == []
        assert world.shop.count("fulfill") == 1
        assert office.engine.left() == 0
        assert world.broken() == []

    run(it)


@pytest.mark.parametrize("fault", ["lost", "late", "before"])
def test_taking_a_fulfilment_back_survives_an_unknown_outcome(fault: str) -> None:
    async def it() -> None:
        world = World()
        office = Office(world)
        order = world.shop.buy(("MUG", 2))
        await office.round()
        shipment = world.depot.pack(world.job(order), {"MUG": 2}, "T1")
        await office.round()
        world.depot.void(shipment)
        world.faults.next("cancel_fulfillment", fault)
        await office.round()
        await office.settle()
        await office.round()
        assert world.shop.live(order) == []
        assert office.state(f"unship:depot:{shipment.source.id}") == "done"

    run(it)


@story
async def test_a_shipment_changed_after_its_cart_was_told_is_told_to_a_person() -> None:
    world = World()
    office = Office(world)
    order = world.shop.buy(("MUG", 1))
    await office.round()
    world.depot.pack(world.job(order), {"MUG": 1}, "T1")
    await office.round()
    changed = msgspec.structs.replace(
        world.depot.parcels[0],
        parcels=(msgspec.structs.replace(world.depot.parcels[0].parcels[0], tracking_number="T9"),),
        updated=world.depot._stamp(),
    )
    world.depot.parcels[0] = changed
    await office.round()
    assert office.incidents() == [f"changed_late:shop:{order}"]


@story
async def test_shipments_are_learnt_though_deliveries_fail_and_the_other_way_round() -> None:
    world = World()
    office = Office(world)
    first, second = world.shop.buy(("MUG", 1)), world.shop.buy(("TEE", 1))
    await office.round()
    world.depot.pack(world.job(first), {"MUG": 1}, "T1")
    world.depot.call_off(world.job(second))
    world.faults.next("shipments", "before")
    (ended,) = await office.run("shipping_confirmations")
    assert ended.error
    assert office.state(f"unsell:depot:{world.job(second).id}") == "todo"
    world.faults.next("deliveries", "before")
    (ended,) = await office.run("shipping_confirmations")
    assert ended.error
    assert office.state("ship:depot:s3") == "todo"


@story
async def test_a_first_half_of_a_multipack_is_remembered_until_the_second_leaves() -> None:
    world = World()
    office = Office(world, skus=SkuMap([SkuRule("MUG-6", (Part("MUG", 6),))]))
    order = world.shop.buy(("MUG-6", 1))
    await office.round()
    first = world.depot.pack(world.job(order), {"MUG": 4}, "T1")
    await office.round()
    assert office.state(f"ship:depot:{first.source.id}") == "void: no whole unit yet"
    world.depot.pack(world.job(order), {"MUG": 2}, "T2")
    await office.round()
    assert [(told.lines, told.numbers) for told in world.shop.live(order)] == [({"L0": 1}, ("T2",))]
