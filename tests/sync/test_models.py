"""Two models drawn out by chance: the life of one effect, and the engine while people and faults do as they like."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import hypothesis.strategies as st
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from connectors.sync import Engine, Ledger, LocalRunner, Merchant, Settings
from connectors.sync.schedule import PASSES
from seatrial import virtual_time
from tests.sync.world import World

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
KEY = "deliver:shop:1"


class EffectLife(RuleBasedStateMachine):
    """One row against the smallest thing that could be right: a state, and whether it may have happened."""

    def __init__(self) -> None:
        super().__init__()
        self.ledger = Ledger.open()
        self.state = "none"
        self.in_the_air = False  # somebody has committed an intent and nobody has concluded it
        self.version = 0
        self.sent_version = 0

    def change(self, method: str, *args: Any, **named: Any) -> Any:
        with self.ledger.transaction():
            return getattr(self.ledger, method)(*args, **named)

    @rule()
    def want(self) -> None:
        first = self.change("want", KEY, merchant="m", lane="l", subject="s", now=NOON, due=NOON)
        assert first == (self.state == "none")
        self.state = "todo" if first else self.state

    @rule()
    def intend(self) -> None:
        sent = self.change("intend", KEY, now=NOON, settle=timedelta(0), payload="{}", owner="o", fence=1)
        assert (sent is not None) == (self.state in ("todo", "sent"))
        if sent is not None:
            self.state, self.in_the_air, self.sent_version = "sent", True, self.version
            assert sent.version == self.version

    @rule()
    def finish(self) -> None:
        done = self.change("finish", KEY, now=NOON, version=self.sent_version, remote="r")
        assert done == (self.state in ("todo", "sent"))
        if done:
            self.state, self.in_the_air = ("done" if self.version == self.sent_version else "todo"), False

    @rule()
    def put_back(self) -> None:
        if self.change("put_back", KEY, due=NOON, error="429"):
            assert self.state in ("todo", "sent")
            self.state, self.in_the_air = "todo", False

    @rule()
    def leave(self) -> None:
        assert self.change("leave", KEY, due=NOON, error="?", unknown=True) == (self.state in ("todo", "sent"))

    @rule()
    def bury(self) -> None:
        buried = self.change("bury", KEY, now=NOON, reason="unknown", error="?", next_step="look")
        assert buried == (self.state not in ("none", "done"))
        self.state = "dead" if buried else self.state

    @precondition(lambda self: not self.in_the_air)
    @rule()
    def void(self) -> None:
        assert self.change("void", KEY, now=NOON, reason="v") == (self.state not in ("none", "done"))
        self.state = self.state if self.state in ("none", "done") else "void"

    @rule()
    def look_again(self) -> None:
        if self.change("look_again", KEY, due=NOON):
            assert self.state == "dead"
            self.state = "sent"

    @rule()
    def resolve(self) -> None:
        if self.change("resolve", KEY, now=NOON, remote="by hand"):
            assert self.state in ("dead", "void")
            self.state, self.in_the_air = "done", False

    @precondition(lambda self: not (self.in_the_air and self.state == "dead"))
    @rule()
    def reopen(self) -> None:
        if self.change("reopen", KEY, due=NOON):
            self.version += 1
            self.state = "sent" if self.state == "sent" else "todo"

    @invariant()
    def the_row_is_the_model(self) -> None:
        effect = self.ledger.effect(KEY)
        assert (effect.state if effect else "none") == self.state
        assert (effect.version if effect else 0) == self.version

    @invariant()
    def what_may_have_happened_is_never_simply_to_do(self) -> None:
        assert not (self.in_the_air and self.state in ("todo", "void"))

    def teardown(self) -> None:
        self.ledger.close()


class Everything(RuleBasedStateMachine):
    """The engine among people who do as they like, vendors that fail, and workers that are stopped in mid-call."""

    @initialize()
    def begin(self) -> None:
        self.loop = asyncio.Runner(loop_factory=virtual_time.new_event_loop)
        self.loop.run(self._begin())

    async def _begin(self) -> None:
        self.world = World(shops=("shop", "bazaar"))
        merchant = Merchant(
            "acme", tuple(self.world.shops), self.world.depot, settings=Settings(unknown_maximum=50, calls_at_once=4)
        )
        self.ledger = Ledger.open()
        self.engine = Engine(merchant, self.ledger, self.world.clock)
        self.runner = LocalRunner(self.engine, owner="model")

    @rule(shop=st.integers(0, 1), sku=st.sampled_from(["MUG", "TEE", "CAP"]), quantity=st.integers(1, 3))
    def somebody_buys(self, shop: int, sku: str, quantity: int) -> None:
        async def act() -> None:
            self.world.shops[shop].buy((sku, quantity), ("MUG", 1))

        self.loop.run(act())

    @rule(at=st.integers(0, 50))
    def somebody_cancels_what_has_not_shipped(self, at: int) -> None:
        async def act() -> None:
            shop = self.world.shops[at % 2]
            open_ = [
                order.id
                for order in shop.orders_placed.values()
                if order.status == "open"
                and not any(any(j.shipped.values()) for j in self.world.depot.of(f"{shop.connection}:{order.id}"))
            ]
            if open_:
                order = open_[at % len(open_)]
                shop.change_mind(order)
                self.cancelled = {*getattr(self, "cancelled", ()), f"{shop.connection}:{order}"}

        self.loop.run(act())

    @rule(at=st.integers(0, 50), part=st.booleans())
    def a_clerk_packs(self, at: int, part: bool) -> None:
        async def act() -> None:
            gone = getattr(self, "cancelled", set())
            jobs = [job for job in self.world.depot.jobs if not job.cancelled and job.reference not in gone]
            ready = [job for job in jobs if any(many > 0 for many in job.open_units.values())]
            if ready:
                job = ready[at % len(ready)]
                lines = {sku: many for sku, many in job.open_units.items() if many > 0}
                self.world.depot.pack(job, dict.fromkeys(lines, 1) if part else lines)

        self.loop.run(act())

    @rule(at=st.integers(0, 50))
    def a_clerk_voids_a_shipment(self, at: int) -> None:
        async def act() -> None:
            live = [shipment for shipment in self.world.depot.parcels if not shipment.voided]
            if live:
                self.world.depot.void(live[at % len(live)])

        self.loop.run(act())

    @rule(sku=st.sampled_from(["MUG", "TEE", "CAP"]), many=st.integers(-5, 20))
    def somebody_counts_stock(self, sku: str, many: int) -> None:
        self.world.depot.on_hand[sku] += many

    @rule(
        name=st.sampled_from(
            ["deliver", "cancel_delivery", "fulfill", "cancel_fulfillment", "set_levels", "orders", "find_delivery"]
        ),
        fault=st.sampled_from(["throttle", "unavailable", "before", "lost", "late"]),
    )
    def something_goes_wrong(self, name: str, fault: str) -> None:
        reads = name in ("orders", "find_delivery")
        self.world.faults.next(name, "before" if reads and fault in ("lost", "late") else fault)

    @rule(name=st.sampled_from(PASSES))
    def a_function_runs(self, name: str) -> None:
        async def act() -> None:
            for lane in self.engine.lanes_with(name):
                await self.runner.turn(lane, [name])

        self.loop.run(act())

    @rule(seconds=st.sampled_from([0.1, 0.3, 0.5, 0.7, 1.1]))
    def a_round_is_killed_in_mid_call(self, seconds: float) -> None:
        async def act() -> None:
            task = asyncio.ensure_future(self.runner.once())
            await self.world.clock.sleep(seconds)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

        self.loop.run(act())

    @rule(seconds=st.sampled_from([1, 30, 100, 1000]))
    def time_goes_by(self, seconds: int) -> None:
        async def act() -> None:
            await self.world.clock.sleep(seconds)

        self.loop.run(act())

    @invariant()
    def nothing_is_there_twice(self) -> None:
        if not hasattr(self, "world"):
            return
        references = [job.reference for job in self.world.depot.jobs]
        assert len(references) == len(set(references))
        for shop in self.world.shops:
            numbers = [told.numbers for told in shop.fulfillments if told.live]
            assert len(numbers) == len(set(numbers))

    def teardown(self) -> None:
        if not hasattr(self, "loop"):
            return
        try:
            self.loop.run(self._come_to_rest())
        finally:
            self.ledger.close()
            self.loop.close()

    async def _come_to_rest(self) -> None:
        self.world.faults.planned.clear()
        assert await self.runner.settle(timedelta(hours=2))
        assert self.world.broken() == []
        assert self.engine.queue() == []
        assert await self.engine.reconcile() == []


TestEffectLife = EffectLife.TestCase
TestEffectLife.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestEverything = Everything.TestCase
TestEverything.settings = settings(
    max_examples=40, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
