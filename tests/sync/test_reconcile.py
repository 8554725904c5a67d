"""Both sides compared: what somebody did behind our backs is found, and put right where asking again can do it."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

from connectors.canonical import Delivery, DeliveryLine, DeliveryState, Page, Ref
from connectors.sync import Part, SkuMap, SkuRule
from connectors.sync.reconcile import Drift, _reopen
from tests.sync.office import Office
from tests.sync.world import HOME, Depot, World, story


async def settled() -> tuple[Office, str, str]:
    """Two orders: one shipped and told, one delivered. Everything agrees."""
    world = World()
    office = Office(world)
    shipped, delivered = world.shop.buy(("MUG", 1)), world.shop.buy(("TEE", 2))
    await office.round()
    world.depot.pack(world.job(shipped), {"MUG": 1}, "T1")
    await office.round(3)
    await office.settle()
    return office, shipped, delivered


def found(drifts: Any) -> list[tuple[str, str, bool]]:
    return [(drift.kind, drift.subject, drift.healed) for drift in drifts]


@story
async def test_where_everything_agrees_nothing_is_found_and_nothing_is_asked_for() -> None:
    office, _, _ = await settled()
    assert await office.engine.reconcile() == []
    assert office.engine.left() == 0


@story
async def test_what_is_on_its_way_is_no_drift() -> None:
    office, _, _ = await settled()
    world = office.world
    world.shop.buy(("CAP", 1))
    world.faults.next("deliver", "lost")
    await office.run("order_download", "order_delivery")
    assert await office.engine.reconcile() == []


@story
async def test_an_order_that_vanished_at_the_destination_is_delivered_again() -> None:
    office, _, delivered = await settled()
    world = office.world
    world.depot.jobs = [job for job in world.depot.jobs if job.reference != f"shop:{delivered}"]
    assert found(await office.engine.reconcile()) == [("missing_delivery", f"shop:{delivered}", True)]
    await office.round(2)
    assert world.broken() == []


@story
async def test_an_order_that_is_there_twice_is_left_to_a_person() -> None:
    office, _, delivered = await settled()
    world = office.world
    await world.depot.deliver(
        Delivery(f"shop:{delivered}", Ref("shop", delivered), "#", (DeliveryLine("TEE", 2),), HOME), ""
    )
    drifts = await office.engine.reconcile()
    assert ("doubled_delivery", f"shop:{delivered}", False) in found(drifts)
    assert office.incidents() == [f"doubled:shop:{delivered}"]


@story
async def test_a_delivery_that_landed_after_its_order_was_called_off_is_told_to_a_person() -> None:
    office, _, _ = await settled()
    world = office.world
    order = world.shop.buy(("CAP", 1))
    await office.run("order_download")
    world.shop.change_mind(order)
    await office.run("order_download")
    await world.depot.deliver(Delivery(f"shop:{order}", Ref("shop", order), "#", (DeliveryLine("CAP", 1),), HOME), "")
    assert ("unexpected_delivery", f"shop:{order}", False) in found(await office.engine.reconcile())
    assert office.incidents() == [f"unexpected_delivery:shop:{order}"]


@story
async def test_a_cancellation_that_was_undone_at_the_destination_is_made_again() -> None:
    office, _, delivered = await settled()
    world = office.world
    world.shop.change_mind(delivered)
    await office.round()
    await office.settle()
    world.job(delivered).cancelled = False
    assert ("uncancelled_delivery", f"shop:{delivered}", True) in found(await office.engine.reconcile())
    await office.round(2)
    assert world.job(delivered).cancelled


@story
async def test_a_fulfilment_that_vanished_is_told_again() -> None:
    office, shipped, _ = await settled()
    world = office.world
    world.shop.fulfillments.clear()
    drifts = await office.engine.reconcile()
    assert [drift.kind for drift in drifts] == ["missing_fulfillment"]
    await office.round(2)
    assert [told.numbers for told in world.shop.live(shipped)] == [("T1",)]
    assert world.broken() == []


@story
async def test_a_number_somebody_typed_over_is_told_again() -> None:
    office, _, _ = await settled()
    office.world.shop.stock["CAP"] = 999
    assert await office.engine.reconcile() == [Drift("wrong_level", "level:shop:CAP", "20", "999", healed=True)]
    await office.round()
    assert office.world.shop.stock["CAP"] == 20


@story
async def test_what_a_feed_never_told_is_learnt() -> None:
    office, _, delivered = await settled()
    world = office.world
    missed = world.shop.buy(("CAP", 1))
    early = office.fact("order", "shop", delivered).updated
    world.shop.orders_placed[missed].updated = early  # committed late
    world.shop.overlap = office.now - office.now
    await office.run("order_download")
    assert office.state(f"deliver:shop:{missed}") == "never asked for"
    shipment = world.depot.pack(world.job(delivered), {"TEE": 2}, "T7")
    drifts = found(await office.engine.reconcile())
    assert ("unlearnt_order", f"shop:{missed}", True) in drifts
    assert ("unlearnt_shipment", shipment.source.id, True) in drifts
    await office.round(3)
    assert world.broken() == []


@story
async def test_a_window_starts_where_the_cursors_stood_then() -> None:
    office, _, _ = await settled()
    world = office.world
    await office.wait(7200)
    await office.round()
    since = office.now
    await office.wait(7200)
    world.shop.buy(("CAP", 1))
    await office.round()
    before = world.shop.count("orders")
    await office.engine.reconcile(since)
    assert world.shop.count("orders") - before <= 2  # one page with what is new, one to see its end


@story
async def test_an_order_that_maps_since_the_last_look_is_put_on_its_way() -> None:

    world = World()
    office = Office(world, skus=SkuMap(known=["MUG"]))
    order = world.shop.buy(("TEE-RED", 1))
    await office.round()
    mapped = Office(world, ledger=office.ledger, skus=SkuMap([SkuRule("TEE-RED", (Part("TEE"),))]))
    await mapped.engine.reconcile()
    await mapped.round()
    assert world.job(order).lines == {"TEE": 1}


@story
async def test_what_a_trailing_list_does_not_show_yet_is_not_missing() -> None:
    class Trailing(Depot):
        def deliveries(self, cursor: str | None = None) -> AsyncIterator[Page[DeliveryState]]:
            shown = [job for job in self.jobs if job.created + self.lag <= self.clock.now()]
            return self._pages("deliveries", lambda: [(one.updated, one.id, self._state(one)) for one in shown], cursor)

    world = World(depot_class=Trailing)
    world.depot.lag = timedelta(seconds=60)
    office = Office(world)
    world.shop.buy(("MUG", 1))
    await office.run("order_download", "order_delivery")
    assert await office.engine.reconcile() == []
    assert office.state("deliver:shop:o1") == "done"


@story
async def test_what_moved_since_it_was_compared_is_left_alone() -> None:
    office, shipped, _ = await settled()
    key = f"deliver:shop:{shipped}"
    seen = office.effect(key)
    with office.ledger.transaction():
        office.ledger.reopen(key, due=office.now)
        office.ledger.intend(key, now=office.now, settle=timedelta(0), payload="{}", owner="o", fence=1)
    assert not _reopen(office.ledger, seen, office.now)
    assert office.state(key) == "sent"
