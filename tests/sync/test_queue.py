"""What a person can do about what went wrong, and whether it is working at all."""

import asyncio
from datetime import timedelta

import pytest

from connectors.canonical import Delivery, DeliveryLine, Hint, Ref
from connectors.sync import Engine, LocalRunner, Merchant, NotInTheQueue, Part, Select, SkuMap, SkuRule
from tests.sync.office import Office
from tests.sync.world import HOME, World, run, story


async def refused(*faults: str) -> Office:
    """Three orders: the first two refused by the destination, the third without an address."""
    world = World()
    office = Office(world)
    for fields in ({}, {}, {"ship_to": None}):
        world.shop.buy(("MUG", 1), **fields)
    world.faults.next("deliver", *(faults or ("refuse", "refuse")))
    await office.round(2)
    return office


@story
async def test_the_queue_says_what_was_to_happen_why_it_did_not_and_what_to_do() -> None:
    office = await refused()
    letters = office.engine.queue()
    assert [(letter.key, letter.reason) for letter in letters] == [
        ("deliver:shop:o1", "invalid"),
        ("deliver:shop:o2", "invalid"),
        ("deliver:shop:o3", "no_address"),
    ]
    assert all(letter.words and letter.next_step and letter.since <= office.now for letter in letters)
    assert letters[0].payload is not None


@pytest.mark.parametrize(
    ("which", "keys"),
    [
        (Select(key="deliver:shop:o2"), ["deliver:shop:o2"]),
        (Select(reason="invalid"), ["deliver:shop:o1", "deliver:shop:o2"]),
        (Select(subject="shop:o3"), ["deliver:shop:o3"]),
        (Select(kind="ship"), []),
        (Select(), ["deliver:shop:o1", "deliver:shop:o2", "deliver:shop:o3"]),
    ],
)
def test_the_queue_is_read_replayed_and_skipped_by_id_by_reason_and_by_order(which: Select, keys: list[str]) -> None:
    async def it() -> None:
        office = await refused()
        assert [letter.key for letter in office.engine.queue(which)] == keys
        assert office.engine.replay(which) == keys
        assert [letter.key for letter in office.engine.queue(which)] == []
        again = await refused()
        assert again.engine.skip(which) == keys
        assert all(again.state(key) == "void: skipped" for key in keys)

    run(it)


@story
async def test_what_is_replayed_is_done_by_the_next_pass() -> None:
    office = await refused()
    office.engine.replay(Select(reason="invalid"))
    due = [row.name for row in office.ledger.due_passes(office.now, owner="x") if row.lane == "depot"]
    assert "order_delivery" in due
    await office.run("order_delivery")
    assert [office.state(f"deliver:shop:o{at}") for at in (1, 2, 3)] == ["done", "done", "dead: no_address"]


@story
async def test_an_unknown_one_that_is_replayed_too_early_waits_before_it_looks() -> None:
    world = World()
    office = Office(world, unknown_maximum=1)
    world.shop.buy(("MUG", 1))
    world.faults.next("deliver", "late")
    await office.run("order_download", "order_delivery")
    assert office.state("deliver:shop:o1") == "dead: unknown"
    office.engine.replay(Select())
    await office.run("order_delivery")
    assert (world.depot.count("find_delivery"), world.depot.count("deliver")) == (0, 1)
    await office.settle()
    await office.run("order_delivery")
    assert (office.state("deliver:shop:o1"), len(world.depot.jobs)) == ("done", 1)


@story
async def test_what_a_person_did_by_hand_is_resolved_with_its_id_and_goes_on_from_there() -> None:
    office = await refused()
    world = office.world
    world.depot.lag = timedelta(0)

    typed = await world.depot.deliver(
        Delivery("shop:o1", Ref("shop", "o1"), "#o1", (DeliveryLine("MUG", 1),), HOME), "by hand"
    )
    office.engine.resolve("deliver:shop:o1", typed.remote.id)
    assert office.state("deliver:shop:o1") == "done: resolved"
    world.depot.pack(world.job("o1"), {"MUG": 1}, "T1")
    await office.round(2)
    assert [told.numbers for told in world.shop.live("o1")] == [("T1",)]
    assert world.shop.stock["MUG"] == 47  # o1 has left; o2 and o3 are still promised


@story
async def test_only_what_waits_for_a_person_is_resolved() -> None:
    office = await refused("", "")
    for key in ("deliver:shop:o1", "deliver:shop:nobody"):
        with pytest.raises(NotInTheQueue, match=key):
            office.engine.resolve(key, "j1")


@story
async def test_what_is_given_up_is_for_sale_again_and_does_not_come_back() -> None:
    office = await refused()
    assert office.world.shop.stock["MUG"] == 47
    office.engine.skip(Select(subject="shop:o1"))
    await office.round()
    assert office.world.shop.stock["MUG"] == 48
    office.world.shop.change("o1", lines=[("MUG", 2)])
    await office.round(2)
    assert office.state("deliver:shop:o1") == "void: skipped"
    assert office.world.depot.of("shop:o1") == []


@story
async def test_a_cancellation_that_is_given_up_stays_so_when_its_order_is_read_again() -> None:
    world = World()
    office = Office(world)
    order = world.shop.buy(("MUG", 1))
    await office.round()
    world.faults.next("cancel_delivery", "refuse")
    world.shop.change(order, status="cancelled")
    await office.round()
    assert office.engine.skip(Select(kind="cancel")) == [f"cancel:shop:{order}"]
    await office.engine.reconcile()
    await office.round()
    assert office.state(f"cancel:shop:{order}") == "void: skipped"


@story
async def test_a_cart_that_need_not_cancel_is_not_asked_when_the_delivery_is_read_again() -> None:
    world = World()
    office = Office(world)
    order = world.shop.buy(("MUG", 1))
    await office.round()
    world.faults.next("cancel_order", "refuse")
    world.depot.call_off(world.job(order))
    await office.round()
    (skipped,) = office.engine.skip(Select(kind="unsell"))
    await office.engine.reconcile()
    await office.round()
    assert office.state(skipped) == "void: skipped"


@story
async def test_two_merchants_of_one_ledger_do_not_see_each_others_queue() -> None:
    office = await refused()
    other = World(shops=("stall",))
    other.depot.connection = "shed"

    engine = Engine(Merchant("zeta", tuple(other.shops), other.depot), office.ledger, other.clock)
    assert engine.queue() == []
    assert engine.replay(Select()) == []
    with pytest.raises(NotInTheQueue):
        engine.resolve("deliver:shop:o1", "j1")


# Webhooks


@story
async def test_a_hook_makes_its_connection_be_read_soon_and_once() -> None:
    world = World()
    office = Office(world)
    await office.round()
    assert not [row for row in office.ledger.due_passes(office.now, owner="x") if row.lane == "shop"]
    order = world.shop.buy(("MUG", 1))
    hint = Hint("e1", "orders/create", order)
    assert office.engine.receive("shop", hint)
    assert [row.name for row in office.ledger.due_passes(office.now, owner="x") if row.lane == "shop"] == [
        "order_download"
    ]
    assert len(office.ledger.open_hints("shop", limit=9)) == 1
    await office.wait(1)
    await office.run("order_download")
    assert office.state(f"deliver:shop:{order}") == "todo"
    assert office.ledger.open_hints("shop", limit=9) == []
    assert not office.engine.receive("shop", hint)  # it comes again, and changes nothing
    assert "order_download" not in [row.name for row in office.ledger.due_passes(office.now, owner="x")]


@story
async def test_a_hook_of_the_depot_is_acted_on_when_all_its_feeds_were_read() -> None:
    world = World()
    office = Office(world)
    await office.round()
    await office.wait(1)
    office.engine.receive("depot", Hint("e1", "shipment", "s1"))
    await office.wait(1)
    await office.run("inventory")
    assert len(office.ledger.open_hints("depot", limit=9)) == 1
    await office.run("shipping_confirmations")
    assert office.ledger.open_hints("depot", limit=9) == []


# Figures


@story
async def test_success_speed_and_freshness_are_questions_to_the_ledger() -> None:
    world = World()
    office = Office(world)
    for _ in range(3):
        world.shop.buy(("MUG", 1))
    world.faults.next("deliver", "refuse")
    await office.run("order_download")
    await office.wait(60)
    await office.run("order_delivery")
    world.shop.buy(("MUG", 1))
    await office.run("order_download")
    await office.wait(30)
    figures = office.engine.figures(timedelta(hours=1))
    assert (figures.done, figures.waiting, figures.dead) == ({"deliver": 2}, {"deliver": 1}, {"invalid": 1})
    assert figures.success == pytest.approx(2 / 3)
    (speed,) = figures.speed
    assert speed.kind == "deliver"
    assert timedelta(seconds=60) < speed.median < timedelta(seconds=62)
    assert figures.oldest_waiting is not None
    assert timedelta(seconds=30) <= figures.oldest_waiting < timedelta(seconds=32)
    (orders,) = [fresh for fresh in figures.freshness if fresh.feed == "orders"]
    assert orders.age is not None
    assert timedelta(seconds=30) <= orders.age < timedelta(seconds=32)


@story
async def test_without_anything_concluded_there_is_no_rate() -> None:
    assert Office(World()).engine.figures(timedelta(hours=1)).success is None


# Forgetting


@story
async def test_what_is_over_is_forgotten_and_an_old_order_read_again_starts_nothing() -> None:
    world = World()
    office = Office(world, skus=SkuMap([SkuRule("TEE-RED", (Part("TEE"),))]))
    over, open_, cancelled = world.shop.buy(("MUG", 1)), world.shop.buy(("MUG", 1)), world.shop.buy(("TEE-RED", 1))
    await office.round()
    world.depot.pack(world.job(over), {"MUG": 1}, "T1")
    world.shop.change_mind(cancelled)
    await office.round(3)
    assert office.engine.prune(timedelta(hours=1)) == 0
    await office.wait(7200)
    assert office.engine.prune(timedelta(hours=1)) == 2
    assert office.ledger.fact("order", "shop", over) is None
    assert office.fact("order", "shop", open_)
    assert office.effect(f"deliver:shop:{over}").payload is None
    assert office.effect(f"deliver:shop:{open_}").payload is not None

    calls = world.depot.count("deliver"), world.shop.count("fulfill")
    with office.ledger.transaction():
        office.ledger.drop_cursor("shop", "orders")
        office.ledger.drop_cursor("depot", "shipments")
    world.shop.change(over, status="open")  # the cart has changed its mind about what it calls open
    await office.round(3)
    assert (world.depot.count("deliver"), world.shop.count("fulfill")) == calls


@story
async def test_a_shipment_voided_when_all_is_forgotten_is_told_to_a_person() -> None:
    world = World()
    office = Office(world)
    order = world.shop.buy(("MUG", 1))
    await office.round()
    shipment = world.depot.pack(world.job(order), {"MUG": 1}, "T1")
    await office.round(3)
    await office.wait(7200)
    office.engine.prune(timedelta(hours=1))
    world.depot.void(shipment)
    await office.round(2)
    assert [letter.reason for letter in office.engine.queue()] == ["too_old"]


@story
async def test_what_is_over_is_forgotten_by_itself_once_a_day() -> None:
    world = World()
    office = Office(world, keep=timedelta(days=2))
    order = world.shop.buy(("MUG", 1))
    await office.round()
    world.depot.pack(world.job(order), {"MUG": 1}, "T1")
    await office.round(3)
    runner = LocalRunner(office.engine)
    for days, known in ((1, True), (3, False)):
        await office.wait(days * 86_400)
        world.shop.buy(("MUG", 1))  # the newest of a feed is read again each time
        stop = asyncio.Event()
        asyncio.get_running_loop().call_later(60, stop.set)
        await runner.run(stop)
        assert (office.ledger.fact("order", "shop", order) is not None) == known
    assert office.state(f"deliver:shop:{order}") == "done"


@story
async def test_an_order_that_a_person_has_still_to_look_at_is_not_forgotten() -> None:
    world = World()
    office = Office(world)
    order = world.shop.buy(("MUG", 1))
    await office.round()
    world.depot.pack(world.job(order), {"MUG": 1}, "T1")
    world.faults.next("fulfill", "refuse")
    await office.round(2)
    world.shop.change(order, status="closed")
    await office.round()
    await office.wait(7200)
    assert office.engine.prune(timedelta(hours=1)) == 0
    office.engine.skip(Select())
    assert office.engine.prune(timedelta(hours=1)) == 1
