"""Orders that are cancelled, on either side, before or after anybody knew of them."""

from datetime import timedelta

import pytest

from connectors.canonical import Delivery, DeliveryLine, DeliveryState, Ref
from connectors.core.errors import Forbidden
from tests.sync.office import Office
from tests.sync.world import HOME, Depot, World, run, story

# Cancelled at the source


@story
async def test_cancelled_before_it_was_delivered_both_are_dropped_without_a_call() -> None:
    world = World()
    office = Office(world)
    order = world.shop.buy(("MUG", 1))
    await office.run("order_download")
    world.shop.change_mind(order)
    await office.run("order_download")
    assert office.state(f"deliver:shop:{order}") == "void: cancelled"
    assert office.state(f"cancel:shop:{order}") == "void: never delivered"
    await office.round(2)
    assert (world.depot.count("deliver"), world.depot.count("cancel_delivery")) == (0, 0)
    assert world.broken() == []


@story
async def test_cancelled_after_it_was_delivered_it_is_cancelled_there() -> None:
    world = World()
    office = Office(world)
    order = world.shop.buy(("MUG", 1))
    await office.round()
    world.shop.change_mind(order)
    await office.round(2)
    assert world.job(order).cancelled
    assert office.state(f"cancel:shop:{order}") == "done"
    assert world.shop.count("cancel_order") == 0  # our own cancellation does not come back to us
    assert world.broken() == []


@pytest.mark.parametrize("fault", ["lost", "late", "before"])
def test_cancelled_while_nobody_knows_whether_it_was_delivered(fault: str) -> None:
    async def it() -> None:
        world = World()
        office = Office(world)
        order = world.shop.buy(("MUG", 1))
        world.faults.next("deliver", fault)
        await office.run("order_download", "order_delivery")
        world.shop.change_mind(order)
        await office.run("order_download", "order_delivery")
        assert office.state(f"deliver:shop:{order}") == "sent"
        assert office.state(f"cancel:shop:{order}") == "todo"
        assert world.depot.count("cancel_delivery") == 0  # the delivery is settled first
        await office.run("inventory", "inventory_upload")
        assert world.shop.stock["MUG"] <= 49  # and its mug is nobody else's until then
        await office.settle()
        await office.round(3)
        if fault == "before":
            assert office.state(f"deliver:shop:{order}") == "void: cancelled"
            assert (world.depot.count("deliver"), world.depot.jobs) == (1, [])
        else:
            assert office.state(f"deliver:shop:{order}") == "done"
            assert world.job(order).cancelled
        assert world.broken() == []
        assert office.engine.left() == 0

    run(it)


@story
async def test_cancelled_when_its_outcome_was_given_up_it_is_looked_up_and_cancelled() -> None:
    world = World()
    office = Office(world, unknown_maximum=1)
    order, other = world.shop.buy(("MUG", 1)), world.shop.buy(("MUG", 1))
    world.faults.next("deliver", "lost", "before")
    await office.run("order_download", "order_delivery")
    assert office.state(f"deliver:shop:{order}") == office.state(f"deliver:shop:{other}") == "dead: unknown"
    world.shop.change_mind(order)
    world.shop.change_mind(other)
    await office.settle()
    await office.round(2)
    assert world.job(order).cancelled
    assert office.state(f"cancel:shop:{order}") == "done"
    assert office.state(f"cancel:shop:{other}") == "void: never arrived"
    assert office.state(f"deliver:shop:{other}") == "void: cancelled"
    assert office.engine.queue() == []
    assert world.broken() == []


@story
async def test_cancelled_after_it_was_shipped_a_person_is_told() -> None:
    world = World()
    office = Office(world)
    order = world.shop.buy(("MUG", 1))
    await office.round()
    world.depot.pack(world.job(order), {"MUG": 1})
    world.shop.change_mind(order)
    await office.run("order_download", "order_delivery")
    assert office.state(f"cancel:shop:{order}") == "dead: conflict"
    assert office.incidents() == [f"cancel_refused:shop:{order}"]
    assert "by hand" in office.ledger.incidents()[0].next_step


@story
async def test_a_look_up_that_is_refused_is_no_refusal_to_cancel() -> None:
    class Blind(Depot):
        async def find_delivery(self, reference: str) -> DeliveryState | None:
            raise Forbidden("no scope read_orders", status=403)

    world = World(depot_class=Blind)
    office = Office(world)
    order = world.shop.buy(("MUG", 1))
    await office.round()
    world.shop.change_mind(order)
    world.faults.next("cancel_delivery", "lost")
    await office.round()
    await office.settle()
    await office.round()
    assert (office.state(f"cancel:shop:{order}"), office.incidents()) == ("sent", [])


@story
async def test_an_order_opened_again_before_its_cancellation_was_made_is_left_alone() -> None:
    world = World()
    office = Office(world)
    order = world.shop.buy(("MUG", 1))
    await office.round()
    world.shop.change_mind(order)
    await office.run("order_download")
    world.shop.change(order, status="open")
    await office.run("order_download", "order_delivery")
    assert office.state(f"cancel:shop:{order}") == "void: no longer cancelled"
    assert not world.job(order).cancelled


@story
async def test_an_order_opened_again_after_its_cancellation_was_made_is_told_to_a_person() -> None:
    world = World()
    office = Office(world)
    order = world.shop.buy(("MUG", 1))
    await office.round()
    world.shop.change_mind(order)
    await office.round()
    world.shop.change(order, status="open")
    await office.round(3)
    assert f"revived:shop:{order}" in office.incidents()
    assert world.shop.orders_placed[order].status == "open"  # our own cancellation is not the destination's


@story
async def test_cancelled_before_delivery_and_opened_again_it_is_delivered() -> None:
    world = World()
    office = Office(world)
    order = world.shop.buy(("MUG", 1))
    await office.run("order_download")
    world.shop.change_mind(order)
    await office.run("order_download")
    world.shop.change(order, status="open")
    await office.run("order_download", "order_delivery")
    assert world.job(order).lines == {"MUG": 1}
    world.shop.change_mind(order)
    await office.run("order_download", "order_delivery")
    assert world.job(order).cancelled  # a cancellation that was needless once is not forgotten the next time


# Cancelled at the destination


@story
async def test_cancelled_at_the_destination_it_is_cancelled_at_the_source() -> None:
    world = World()
    office = Office(world)
    order = world.shop.buy(("MUG", 1))
    await office.round()
    world.depot.call_off(world.job(order))
    await office.round(2)
    assert world.shop.orders_placed[order].status == "cancelled"
    assert office.state(f"unsell:depot:{world.job(order).id}") == "done"
    assert world.depot.count("cancel_delivery") == 0  # the cart's own cancellation does not come back to us
    assert world.broken() == []


@story
async def test_cancelled_on_both_sides_at_once_nobody_is_bothered() -> None:
    world = World()
    office = Office(world)
    order = world.shop.buy(("MUG", 1))
    await office.round()
    world.depot.call_off(world.job(order))
    world.shop.change_mind(order)
    await office.round(2)
    assert office.engine.queue() == []
    assert office.incidents() == []
    assert world.broken() == []


@story
async def test_cancelled_there_and_then_here_nobody_is_asked_again_when_both_are_compared() -> None:
    """Each reading asked the cart or the warehouse anew, and reconciliation left that behind at rest (seed 68)."""
    world = World()
    office = Office(world)
    order = world.shop.buy(("MUG", 1))
    await office.round()
    world.depot.call_off(world.job(order))
    await office.run("shipping_confirmations")
    world.shop.change(order, status="cancelled")
    await office.run("order_download", "shipment_upload")
    await office.round()
    assert await office.engine.reconcile() == []
    assert office.engine.left() == 0
    assert world.depot.count("cancel_delivery") == world.shop.count("cancel_order") == 0


@story
async def test_cancelled_at_the_destination_before_we_knew_it_had_arrived() -> None:
    world = World()
    office = Office(world)
    world.depot.overlap = timedelta(0)  # the feed tells it once, before we know that it is ours
    order, other = world.shop.buy(("MUG", 1)), world.shop.buy(("TEE", 1))
    world.faults.next("deliver", "lost")
    await office.run("order_download", "order_delivery")
    world.depot.call_off(world.job(order))
    world.depot.pack(world.job(other), {"TEE": 1})
    await office.run("shipping_confirmations")
    await office.settle()
    await office.round(2)
    assert world.shop.orders_placed[order].status == "cancelled"
    assert world.broken() == []


@story
async def test_a_cart_that_does_not_cancel_is_told_to_a_person() -> None:
    world = World()
    office = Office(world)
    order = world.shop.buy(("MUG", 2))
    await office.round()
    world.depot.pack(world.job(order), {"MUG": 1})
    await office.round()
    world.depot.call_off(world.job(order))
    await office.round()
    assert office.state(f"unsell:depot:{world.job(order).id}") == "dead: conflict"
    assert office.incidents() == [f"cancel_refused:shop:{order}"]


@story
async def test_orders_of_other_channels_at_the_destination_are_none_of_our_business() -> None:
    world = World()
    office = Office(world)

    for reference in ("PO-778", "elsewhere:1", "shop:", ":1"):
        lines = (DeliveryLine("MUG", 1),)
        await world.depot.deliver(Delivery(reference, Ref("x", "1"), "1", lines, HOME), "")
    for job in list(world.depot.jobs):
        world.depot.pack(job, {"MUG": 1})
    await office.round(2)
    assert office.engine.queue() == []
    assert office.incidents() == []
    assert office.ledger.facts_of("shipment", "depot", ["PO-778", "elsewhere:1"]) == []
    assert set(world.shop.calls) <= {"orders", "find_levels", "set_levels"}
