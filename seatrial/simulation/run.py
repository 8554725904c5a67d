"""One seed from the first morning to the last parcel: traffic and trouble, then calm, then the judge.

outcome = simulate(Scenario(seed=17))
assert not outcome.breaches
"""

import asyncio
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from connectors.sync import Drift, Letter, Select, Settings
from seatrial import virtual_time
from seatrial.simulation.cast import LATE_SECONDS_MAXIMUM, LIMITS, cast_of
from seatrial.simulation.judge import Books, Breach, Findings, Parked, judge
from seatrial.simulation.lives import Crash
from seatrial.simulation.people import Clerk, Crowd, draw_goods
from seatrial.simulation.scenario import Habits, Scenario
from seatrial.simulation.stage import WAREHOUSE, Life, Parts, Stage
from seatrial.simulation.trace import Moment, Trace
from seatrial.simulation.weather import PROFILES, Calm, Profile, Rough

PATIENCE = timedelta(hours=24)
EFFECTS_A_PIECE = 1_000
Progress = Callable[[float], None]


class Outcome(Struct, frozen=True):
    """How a run ended."""

    scenario: Scenario
    digest: str
    breaches: tuple[Breach, ...]
    parked: tuple[Parked, ...]
    checked: Mapping[str, int]
    figures: Mapping[str, float]
    refusals: Mapping[str, int]
    faults: Mapping[str, int]
    story: tuple[Moment, ...]

    @property
    def good(self) -> bool:
        return not self.breaches


def simulate(
    scenario: Scenario,
    parts: Parts | None = None,
    *,
    watch: tuple[str, ...] = (),
    progress: Progress = lambda _: None,
) -> Outcome:
    """Run one scenario in virtual time. `watch` names what the story is to be told of."""
    began, spent = time.perf_counter(), time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        run = Simulation(
            scenario,
            parts or Parts(cast=cast_of(scenario.carts, scenario.warehouse)),
            Path(folder),
            Trace(watch),
            progress,
        )
        outcome = virtual_time.run(run.run())
    seconds = {"seconds": time.perf_counter() - began, "cpu_seconds": time.process_time() - spent}
    speed = {"times_real_time": outcome.figures["virtual_hours"] * 3600 / seconds["seconds"]}
    return Outcome(
        outcome.scenario,
        outcome.digest,
        outcome.breaches,
        outcome.parked,
        outcome.checked,
        {**outcome.figures, **seconds, **speed},
        outcome.refusals,
        outcome.faults,
        outcome.story,
    )


def find_story(scenario: Scenario, breach: Breach, parts: Parts | None = None) -> Outcome:
    """The same run once more, and the story of what is wrong in it."""
    return simulate(scenario, parts, watch=breach.names or (breach.subject,))


class Simulation:
    """A scenario on a stage."""

    def __init__(self, scenario: Scenario, parts: Parts, folder: Path, trace: Trace, progress: Progress) -> None:
        self.scenario = scenario
        self.parts = parts
        self.trace = trace
        self.folder = folder
        self.habits = Habits.drawn(scenario)
        self.profile = parts.weather(PROFILES[scenario.faults])
        self.crashes = 0
        self.restarts = 0
        self.commits = 0
        self._chance = scenario.chance("lives")
        self._progress = progress

    async def run(self) -> Outcome:
        habits = self.habits
        settings = Settings(delivery_delay=habits.delivery_delay, safety_default=habits.safety)
        async with Stage(
            self.scenario.seed,
            self.folder,
            self.parts,
            trace=self.trace,
            carts=habits.carts,
            latency_seconds=self.profile.latency_seconds,
            settings=settings,
        ) as self.stage:
            goods = draw_goods(self.scenario.chance("goods"), habits.goods, self.scenario.orders)
            self.stage.furnish(goods)
            for role in self.stage.roles.values():
                role.lag_by(habits.index_lag_seconds)
            if habits.forgetful:
                self.stage.wms.forget_numbers()
            await self.stage.subscribe()
            self.clerk = Clerk(self.scenario, self.stage.wms, goods, self.trace)
            self._let_loose()
            await self._traffic(Crowd(self.scenario, self.stage.carts, goods, self.trace))
            self._calm()
            return await self._at_rest()

    # Traffic

    def _let_loose(self) -> None:
        """From here on things go wrong."""
        if not self.profile.rates:
            return
        for name, wire in self.stage.wires.items():
            wire.weather = Rough(
                self._profile_of(name),
                self.scenario.chance(f"weather {name}"),
                self.stage.sandbox.apps[wire.vendor],
                timeout_seconds=LIMITS.timeout_seconds,
                late_seconds_maximum=LATE_SECONDS_MAXIMUM,
                days=self.scenario.days,
            )
        for role in self.stage.carts.values():
            for topic in role.topics:
                for kind in ("drop", "delay", "repeat", "reorder"):
                    role.world.faults.plan(
                        role.vendor, f"webhook:{topic}", kind, times=None,
                        chance=self.profile.hooks / 4, seconds=300,
                    )  # fmt: skip

    def _profile_of(self, connection: str) -> Profile:
        """A request that the way carries out twice is two orders at a warehouse that forgets numbers. No client can
        prevent that: reconciliation tells a person (tests/sync/test_reconcile.py), and there is nothing to judge."""
        if connection != WAREHOUSE or not self.habits.forgetful:
            return self.profile
        return replace(self.profile, rates={**self.profile.rates, "repeat": 0.0})

    def _calm(self) -> None:
        """What is under way still lands; nothing else goes wrong any more."""
        for wire in self.stage.wires.values():
            wire.weather = Calm()
        for world in self.stage.sandbox.worlds:
            world.faults.clear()
        self.trace.note("the weather", "is calm from here on")

    async def _traffic(self, crowd: Crowd) -> None:
        seconds = self.scenario.traffic.total_seconds()
        people = asyncio.gather(crowd.come(), self.clerk.work(seconds))
        watching = asyncio.ensure_future(self._watch(seconds))
        try:
            while not people.done():
                await self._live(people)
        finally:
            watching.cancel()
        await people

    async def _watch(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        while True:
            self._progress(min(1.0, loop.time() / seconds))
            await asyncio.sleep(seconds / 100)

    async def _live(self, people: "asyncio.Future[tuple[None, None]]") -> None:
        """One life, until it dies, is asked to stop, or everybody has gone home."""
        life = self.stage.born(self.trace.event)
        stop = asyncio.Event()
        ending = self._fate(life, stop)
        people.add_done_callback(lambda _: stop.set())
        try:
            await life.runner.run(stop)
            if not people.done():
                self.restarts += 1
                self.trace.note("engine", "stops as asked, and starts again")
        except Crash:
            self.crashes += 1
            power = ", and the machine loses its power" if life.ledger.file else ""
            self.trace.note("engine", f"dies at its ledger transaction {life.ledger.commits}{power}")
        finally:
            ending.cancel()
            self.commits += life.ledger.commits
            await self.stage.buried(life)
        if not people.done():
            await asyncio.sleep(self._chance.choice((0.5, 2.0, 20.0, 200.0)))

    def _fate(self, life: Life, stop: asyncio.Event) -> "asyncio.Future[None]":
        """When and how this life ends: three of four at a ledger transaction, the others when they are asked to."""

        async def ask_to_stop(seconds: float) -> None:
            await asyncio.sleep(seconds)
            stop.set()

        mean = self.profile.commits_a_life
        if not mean:
            return asyncio.ensure_future(asyncio.sleep(0))
        if self._chance.random() < 0.25:
            return asyncio.ensure_future(ask_to_stop(self._chance.expovariate(1 / 3600)))
        life.ledger.dies_at = 1 + int(self._chance.expovariate(1 / mean))
        life.ledger.dies = self._chance.choice(("before", "after"))
        if self._chance.random() < 0.25:
            life.ledger.loses_power(self.stage.ledger_file)
        return asyncio.ensure_future(asyncio.sleep(0))

    # Rest

    async def _at_rest(self) -> Outcome:
        self._progress(1.0)
        loop = asyncio.get_running_loop()
        life = self.stage.born(self.trace.event)
        try:
            await self._run_for(life, 2 * LATE_SECONDS_MAXIMUM)
            rested = await life.runner.settle(PATIENCE)
            at_rest = loop.time()
            findings = await self._judged(life, rested=rested)
            self._conclude(life)
            return self._outcome(findings, at_rest)
        finally:
            self.commits += life.ledger.commits
            await self.stage.buried(life)

    async def _run_for(self, life: Life, seconds: float) -> None:
        """So that whatever was still under way has landed."""
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.call_later(seconds, stop.set)
        await life.runner.run(stop)

    async def _judged(self, life: Life, *, rested: bool) -> Findings:
        """First what both sides say; then whether reconciliation finds the same, which is: nothing."""
        letters: list[Letter] = life.engine.queue()
        told: dict[str, set[str]] = {}
        for incident in life.ledger.incidents():
            told.setdefault(incident.subject, set()).add(incident.kind)
        sides = await self.stage.sides()
        drift: list[Drift] = []
        with suppress(Crash):
            drift = [each for each in await life.engine.reconcile() if each.subject not in _subjects(letters)]
        books = Books(
            goods=self.stage.goods,
            on_hand=self.clerk.on_hand,
            safety=self.habits.safety,
            letters=letters,
            told={subject: frozenset(kinds) for subject, kinds in told.items()},
            left=life.engine.left(),
            rested=rested,
            drift=drift,
            unsound=self.stage.unsound(),
            broke=self.trace.broke,
        )
        return judge(sides, books)

    def _conclude(self, life: Life) -> None:
        after = ""
        while piece := life.ledger.select(Select(), limit=EFFECTS_A_PIECE, after_key=after):
            self.trace.conclude(piece)
            after = piece[-1].key

    def _outcome(self, findings: Findings, virtual_seconds: float) -> Outcome:
        trace = self.trace
        return Outcome(
            scenario=self.scenario,
            digest=trace.digest,
            breaches=findings.breaches,
            parked=findings.parked,
            checked=findings.checked,
            figures={
                "requests": float(trace.exchanges),
                "throttled": float(trace.refusals["throttled"]),
                "faults": float(sum(trace.faults.values())),
                "webhooks": float(self.stage.hooks.heard),
                "crashes": float(self.crashes),
                "restarts": float(self.restarts),
                "virtual_hours": virtual_seconds / 3600,
                "waiting_share": self.stage.waits.seconds / virtual_seconds,
                "deeds": float(sum(trace.deeds.values())),
            },
            refusals=dict(sorted(trace.refusals.items())),
            faults=dict(sorted(Counter(trace.faults).items())),
            story=tuple(trace.story),
        )


def _subjects(letters: list[Letter]) -> set[str]:
    return {name for letter in letters for name in (letter.subject, letter.key)}
