"""The embedded runner: what is due, on lanes that are free, until it is asked to stop."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from connectors.canonical import Hint
from connectors.sync import Engine, Every, Ledger, LocalRunner, Merchant, Settings
from connectors.sync.events import Event, LaneHeld, PassEnded, PassStarted
from tests.sync.world import Shop, World, run, story


def runner_of(world: World, ledger: Ledger | None = None, **settings: Any) -> tuple[LocalRunner, Engine, list[Event]]:
    events: list[Event] = []
    merchant = Merchant("acme", tuple(world.shops), world.depot, settings=Settings(**settings))
    engine = Engine(merchant, ledger or Ledger.open(), world.clock)
    return LocalRunner(engine, tell=events.append), engine, events


def free(ledger: Ledger, *lanes: str) -> bool:
    return all((row := ledger.lane(lane)) is not None and row.owner == "" for lane in lanes)


@story
async def test_once_runs_every_function_once_in_the_order_that_makes_progress() -> None:
    world = World()
    runner, engine, events = runner_of(world)
    order = world.shop.buy(("MUG", 1))
    ended = await runner.once()
    assert sorted(end.name for end in ended) == sorted(
        [
            "order_download",
            "order_delivery",
            "shipping_confirmations",
            "shipment_upload",
            "inventory",
            "inventory_upload",
        ]
    )
    assert world.job(order).lines == {"MUG": 1}
    assert world.shop.stock["MUG"] == 49
    assert free(engine.ledger, "shop", "depot")
    assert [type(event) for event in events if isinstance(event, PassStarted | PassEnded)] == [
        PassStarted,
        PassEnded,
    ] * 6


@story
async def test_lanes_run_side_by_side_and_one_lane_one_function_at_a_time() -> None:
    world = World(shops=("one", "two", "three"))
    runner, _, events = runner_of(world)
    for shop in world.shops:
        for _ in range(9):
            shop.buy(("MUG", 1))
    await runner.once()
    running: set[str] = set()
    most = 0
    for event in events:
        if isinstance(event, PassStarted):
            assert event.lane not in running
            running.add(event.lane)
            most = max(most, len(running))
        if isinstance(event, PassEnded):
            running.remove(event.lane)
    assert most == 3


@story
async def test_it_runs_what_is_due_when_it_is_due_and_sooner_when_there_is_something_to_do() -> None:
    world = World()
    every = Every(order_download=timedelta(minutes=2), order_delivery=timedelta(hours=5))
    runner, _, events = runner_of(world, every=every)
    stop = asyncio.Event()
    task = asyncio.ensure_future(runner.run(stop))
    await world.clock.sleep(300)
    order = world.shop.buy(("MUG", 1))
    await world.clock.sleep(130)
    assert world.job(order)  # within one download interval, though deliveries are planned in hours
    stop.set()
    await task
    downloads = [event.at for event in events if isinstance(event, PassStarted) and event.name == "order_download"]
    assert len(downloads) == 4


@story
async def test_what_others_make_due_is_seen_within_a_tick() -> None:
    world = World()
    _, engine, events = runner_of(world)
    stop = asyncio.Event()
    running = LocalRunner(engine, tell=events.append, tick=timedelta(seconds=1))
    task = asyncio.ensure_future(running.run(stop))
    await world.clock.sleep(30)
    asked = world.clock.now()
    engine.receive("shop", Hint("e1", "orders/create", "", None))
    await world.clock.sleep(3)
    stop.set()
    await task
    seen = [event.at for event in events if isinstance(event, PassStarted) and event.at >= asked]
    assert asked <= min(seen) <= asked + timedelta(seconds=1)


@story
async def test_what_was_put_off_is_done_when_it_may_be_and_not_at_the_next_turn() -> None:
    world = World()
    runner, engine, _ = runner_of(world)
    world.shop.buy(("MUG", 1))
    world.shop.buy(("MUG", 1))
    world.faults.next("deliver", "throttle", "lost")
    stop = asyncio.Event()
    task = asyncio.ensure_future(runner.run(stop))
    await world.clock.sleep(8)
    states = [engine.ledger.effect(f"deliver:shop:o{at}").state for at in (1, 2)]  # type: ignore[union-attr]
    assert states == ["done", "sent"]
    await world.clock.sleep(90)
    assert engine.left() == 0
    stop.set()
    await task


@story
async def test_it_is_stopped_at_the_next_boundary_and_gives_its_lanes_back() -> None:
    world = World()
    for _ in range(100):
        world.shop.buy(("MUG", 1))
    runner, engine, _ = runner_of(world, calls_at_once=2)
    stop = asyncio.Event()
    task = asyncio.ensure_future(runner.run(stop))
    while not world.depot.jobs:
        await world.clock.sleep(1)
    stop.set()
    asked = world.clock.now()
    await task
    assert world.clock.now() - asked < timedelta(seconds=2)
    assert 0 < len(world.depot.jobs) < 100
    assert free(engine.ledger, "shop", "depot")
    states = {effect.state for effect in engine.ledger.due_effects("depot", "deliver", world.clock.now(), limit=200)}
    assert states == {"todo"}  # nothing was left in the air


@story
async def test_after_it_was_stopped_it_goes_on_where_it_was() -> None:
    world = World()
    runner, engine, _ = runner_of(world)
    for _ in range(20):
        world.shop.buy(("MUG", 1))
    stop = asyncio.Event()
    stop.set()
    await runner.run(stop)
    assert world.depot.jobs == []
    assert await runner.settle(timedelta(minutes=10))
    assert len(world.depot.jobs) == 20
    assert engine.left() == 0


@story
async def test_two_runners_share_the_work_and_never_a_lane() -> None:
    world = World(shops=("one", "two"))
    ledger = Ledger.open()
    first, engine, events = runner_of(world, ledger)
    second = LocalRunner(engine, tell=events.append)
    for shop in world.shops:
        for _ in range(12):
            shop.buy(("MUG", 1))
    stop = asyncio.Event()
    both = [asyncio.ensure_future(runner.run(stop)) for runner in (first, second)]
    await world.clock.sleep(600)
    stop.set()
    await asyncio.gather(*both)
    assert len(world.depot.jobs) == 24
    running: set[str] = set()
    for event in events:
        if isinstance(event, PassStarted):
            assert event.lane not in running
            running.add(event.lane)
        if isinstance(event, PassEnded):
            running.remove(event.lane)


@story
async def test_a_dead_runners_lanes_are_taken_over_when_their_leases_run_out() -> None:
    world = World()
    runner, engine, events = runner_of(world)
    world.shop.buy(("MUG", 1))
    with engine.ledger.transaction():
        now = world.clock.now()
        engine.ledger.take("depot", "dead", now=now, until=now + timedelta(seconds=30))
    await runner.once()
    assert [event.lane for event in events if isinstance(event, LaneHeld)] == ["depot"] * 3
    assert world.depot.jobs == []
    assert await runner.settle(timedelta(minutes=5))
    assert len(world.depot.jobs) == 1


@story
async def test_a_long_call_does_not_cost_the_lease() -> None:
    world = World()
    runner, engine, events = runner_of(world)
    world.depot.latency = 100
    world.shop.buy(("MUG", 1))
    stop = asyncio.Event()
    both = [asyncio.ensure_future(one.run(stop)) for one in (runner, LocalRunner(engine, tell=events.append))]
    await world.clock.sleep(2000)
    stop.set()
    await asyncio.gather(*both)
    assert (len(world.depot.jobs), world.depot.count("deliver"), world.depot.count("find_delivery")) == (1, 1, 0)
    running: set[str] = set()
    for event in events:
        if isinstance(event, PassStarted):
            assert event.lane not in running
            running.add(event.lane)
        if isinstance(event, PassEnded):
            running.remove(event.lane)


@story
async def test_a_vendor_that_asks_to_be_left_alone_is_and_the_others_go_on() -> None:
    world = World()
    runner, _, _ = runner_of(world)
    world.shop.buy(("MUG", 1))
    world.faults.next("deliver", "throttle")
    await runner.once()
    assert "levels" not in world.depot.calls  # the depot's other functions waited as well
    assert world.shop.count("orders") == 2
    assert await runner.settle(timedelta(minutes=5))
    assert len(world.depot.jobs) == 1


@story
async def test_patience_has_an_end() -> None:
    world = World()
    runner, _, _ = runner_of(world)
    world.shop.buy(("MUG", 1))
    world.faults.next("deliver", *["unavailable"] * 1000)
    before = world.clock.now()
    assert not await runner.settle(timedelta(minutes=5))
    assert world.clock.now() - before < timedelta(minutes=6)


def test_a_runner_without_an_engine_is_refused() -> None:
    with pytest.raises(ValueError, match="engine"):
        LocalRunner()


@pytest.mark.parametrize("names", [("shop", "shop"), ("depot",), ("a:b",), ("",)])
def test_connections_that_cannot_be_told_apart_are_refused(names: tuple[str, ...]) -> None:
    async def it() -> None:
        world = World(shops=names)
        with pytest.raises(ValueError, match="name"):
            Merchant("acme", tuple(world.shops), world.depot)

    run(it)


@story
async def test_a_cart_plays_only_the_parts_it_can() -> None:

    class OrdersOnly:
        """A cart that takes neither fulfilments nor stock."""

        def __init__(self, shop: Shop) -> None:
            self.connection, self.settle = shop.connection, shop.settle
            self.orders, self.order, self.cancel_order = shop.orders, shop.order, shop.cancel_order
            self.check, self.aclose = shop.check, shop.aclose

    world = World()
    engine = Engine(Merchant("acme", (OrdersOnly(world.shop),), world.depot), Ledger.open(), world.clock)
    runner = LocalRunner(engine)
    order = world.shop.buy(("MUG", 1))
    await runner.once()
    world.depot.pack(world.job(order), {"MUG": 1})
    await runner.once()
    await runner.once()
    assert set(world.shop.calls) == {"orders"}
    assert engine.left() == 0


def test_the_whole_way_on_postgresql(postgres_url: str) -> None:
    """The same engine, with its ledger where many workers can share it."""

    async def it() -> None:
        ledger = Ledger.open(postgres_url, schema="whole_way")
        world = World(shops=("one", "two"))
        runner, engine, _ = runner_of(world, ledger)
        world.faults.next("deliver", "lost", "throttle", "late")
        orders = [shop.buy(("MUG", 2)) for shop in world.shops for _ in range(3)]
        assert len(orders) == 6
        assert await runner.settle(timedelta(minutes=30))
        for job in world.depot.jobs:
            if job.reference.startswith("one:"):
                world.depot.pack(job, {"MUG": 2})
        world.shops[1].change_mind("o3")
        assert await runner.settle(timedelta(minutes=30))
        assert await engine.reconcile() == []
        assert engine.left() == 0
        assert world.broken() == []
        assert engine.figures(timedelta(hours=2)).success == 1.0
        ledger.close()

    run(it)
