"""Kill after kill, and then the question whether anybody could tell."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from connectors.sync.engine import Engine
from mock_servers.core.asgi import VendorAsgi
from mock_servers.core.refusal import UsageError
from seatrial.crash.gate import WORST, Gate, Moment, Trap, Watch, writes_of
from seatrial.crash.setup import configuration
from seatrial.crash.town import CART, Town
from seatrial.crash.worker import Worker, first_of, seatrial_sync
from seatrial.simulation.cast import Cast, cast_of
from seatrial.simulation.judge import Books, Breach, judge
from seatrial.sync.config import read_config
from seatrial.sync.hooks import listening
from seatrial.sync.run import opened

OTHERS: tuple[Moment, ...] = ("at any moment", "after its answer", "at any moment", "on its way")
SPARED = 2
"""So many operations that were struck last are spared for a moment, so that every kind of write has its turn."""
CHOOSY_SECONDS = 1.5
CALLED_SECONDS_MAXIMUM = 60.0
ENDED_SECONDS_MAXIMUM = 60.0
TRAP_SECONDS_MAXIMUM = 60.0
BREATH_SECONDS = 0.6
LATE_SECONDS = 1.0
ASKED_SECONDS = 0.5
TWICE = frozenset({"none twice", "no shipment twice"})
LOST = frozenset({"every order arrives", "every shipment is told"})
LEVELS = frozenset({"every level agrees"})
OURS = frozenset({"doubled", "doubled_delivery", "failing", "unauthorized", "unexpected_delivery", "unreadable"})
"""What a person is told only when something is wrong with us; the rest is what people did to each other."""


class Plan(NamedTuple):
    """One run. `ledger` is where all workers keep what matters; `settle_margin` is what they wait beyond time-outs."""

    ledger: str
    folder: Path
    kills: int = 50
    workers: int = 1
    dbos: bool = False
    seed: int = 1
    orders_per_second: float = 4.0
    patience_seconds: float = 180.0
    timeout_seconds: float = 3.0
    settle_margin_seconds: float = 0.5
    moments: tuple[Moment, ...] = ()
    """When each kill comes, over and over; half of them at the worst when nothing is said."""
    only: str = ""
    """The one operation that workers are killed at; any write when nothing is said."""
    late_seconds: float = LATE_SECONDS
    """How late a call arrives whose caller was killed while it was on its way."""
    lease_seconds: float = 1.0
    cast: Cast = cast_of()


class Killed(NamedTuple):
    """One kill: when it struck, and at which operation if at one."""

    moment: Moment
    operation: str


class Outcome(NamedTuple):
    """What a run came to."""

    killed: Sequence[Killed]
    orders: int
    parcels: int
    levels: int
    calls: int
    seconds: float
    resting_seconds: float
    twice: Sequence[str]
    lost: Sequence[str]
    levels_wrong: Sequence[str]
    others: Sequence[str]

    @property
    def good(self) -> bool:
        return not (self.twice or self.lost or self.levels_wrong or self.others)


Told = Callable[[str, int, int], None]
"""What is going on, how many kills there have been, how many orders were placed."""


async def crash(plan: Plan, told: Told = lambda *_: None) -> Outcome:
    """Run it. Raises UsageError when it cannot be run."""
    async with AsyncExitStack() as stack:
        town = Town(plan.seed, plan.cast)
        stack.push_async_callback(town.aclose)
        return await _Run(plan, town, told).run(stack)


class _Run:
    def __init__(self, plan: Plan, town: Town, told: Told) -> None:
        self._plan = plan
        self._town = town
        self._told = told
        self._watch = Watch(plan.late_seconds, plan.cast.warehouse.creates_orders_by, CART)
        self._workers: list[Worker] = []
        self._killed: list[Killed] = []

    async def run(self, stack: AsyncExitStack) -> Outcome:
        loop, plan = asyncio.get_running_loop(), self._plan
        began = loop.time()
        office = await stack.enter_async_context(self._office())
        for number in range(plan.workers):
            self._workers.append(await stack.enter_async_context(self._place(f"worker-{number + 1}")))
        async with _running(self._town.pump().run()):
            done = asyncio.ensure_future(self._chapters(office))
            keeping = [asyncio.ensure_future(worker.keep()) for worker in self._workers]
            try:
                await asyncio.wait([done, *keeping], return_when=asyncio.FIRST_COMPLETED)
                for each in keeping:
                    if each.done() and not done.done():
                        each.result()  # raises: it ended by itself
                resting = await done
                await self._ended(keeping)
            finally:
                for task in (done, *keeping):
                    task.cancel()
                await asyncio.gather(done, *keeping, return_exceptions=True)
                for worker in self._workers:
                    await worker.aclose()
            return await self._judged(office, loop.time() - began, resting)

    async def _ended(self, keeping: Sequence["asyncio.Future[None]"]) -> None:
        """Every worker was asked to end. Raises UsageError for one that does not."""
        try:
            async with asyncio.timeout(ENDED_SECONDS_MAXIMUM):
                await asyncio.gather(*keeping)
        except TimeoutError:
            raise UsageError(f"a worker did not end within {ENDED_SECONDS_MAXIMUM:g} s of SIGTERM") from None

    async def _chapters(self, office: Engine) -> float:
        """Kills while people act; then quiet, until everything is at rest; then everybody is asked to end."""
        loop, nobody_comes = asyncio.get_running_loop(), asyncio.Event()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._town.live(self._plan.orders_per_second, nobody_comes))
            for number in range(self._plan.kills):
                self._tell(f"Killing, {self._moment(number)}")
                await self._kill(number)
            nobody_comes.set()
        began = loop.time()
        self._tell("Coming to rest")
        await self._rest(office)
        resting = loop.time() - began
        for worker in self._workers:
            worker.stop()
        return resting

    # Kills

    def _moment(self, number: int) -> Moment:
        moments = self._plan.moments
        if moments:
            return moments[number % len(moments)]
        return WORST if number % 2 == 0 else OTHERS[number // 2 % len(OTHERS)]

    async def _kill(self, number: int) -> None:
        chance, moment = self._town.chance, self._moment(number)
        await self._somebody_calls()
        await asyncio.sleep(chance.uniform(0, BREATH_SECONDS))
        if moment == "at any moment":
            await self._somebody_calls()
            chance.choice([worker for worker in self._workers if worker.used]).kill()
            self._killed.append(Killed(moment, ""))
            return
        struck = [each.operation for each in self._killed if each.operation]
        trap = self._watch.trap = Trap(moment, frozenset(struck[-SPARED:]), self._plan.only)
        try:
            await self._sprung(trap)
        finally:
            self._watch.trap = None
        self._killed.append(Killed(moment, trap.met))

    async def _somebody_calls(self) -> None:
        try:
            async with asyncio.timeout(CALLED_SECONDS_MAXIMUM):
                await first_of([worker.in_use() for worker in self._workers])
        except TimeoutError:
            raise UsageError(f"no worker called anybody within {CALLED_SECONDS_MAXIMUM:g} s") from None

    async def _sprung(self, trap: Trap) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(trap.sprung.wait(), CHOOSY_SECONDS)
        trap.choosy = False
        try:
            await asyncio.wait_for(trap.sprung.wait(), TRAP_SECONDS_MAXIMUM)
        except TimeoutError:
            raise UsageError(f"no worker wrote anything within {TRAP_SECONDS_MAXIMUM:g} s") from None

    # Rest

    async def _rest(self, office: Engine) -> None:
        """Until nothing is left, and every function has come to its end twice since nobody acts any more."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._plan.patience_seconds):
                for _ in range(2):
                    await self._round(office, office.clock.now())

    async def _round(self, office: Engine, since: datetime) -> None:
        while office.left() or self._watch.on_their_way or not self._all_succeeded(office, since):
            await office.clock.sleep(ASKED_SECONDS)

    def _all_succeeded(self, office: Engine, since: datetime) -> bool:
        passes = [each for lane in office.lanes for each in office.ledger.passes(lane)]
        return all(each.started and each.started > since and each.succeeded for each in passes) and all(
            each.succeeded >= each.started for each in passes if each.succeeded and each.started
        )

    async def _judged(self, office: Engine, seconds: float, resting_seconds: float) -> Outcome:
        self._tell("Reading both sides")
        letters, sides = office.queue(), await self._town.sides()
        incidents = office.ledger.incidents()
        parked = {letter.subject for letter in letters}
        told = {each.subject: frozenset({each.kind}) for each in incidents}
        books = Books(
            goods=self._town.goods,
            on_hand=self._town.on_hand,
            safety=0,
            letters=letters,
            told=told,
            left=office.left(),
            rested=office.left() == 0,
            drift=[each for each in await office.reconcile() if each.subject not in parked],
            unsound=self._town.unsound(),
            broke=(),
        )
        findings = judge(sides, books)
        held = [
            f"lane {lane} is still held by {row.owner}"
            for lane in office.lanes
            if (row := office.ledger.lane(lane)) and row.owner
        ]
        return Outcome(
            killed=tuple(self._killed),
            orders=self._town.orders,
            parcels=self._town.parcels,
            levels=findings.checked["levels"],
            calls=self._watch.calls,
            seconds=seconds,
            resting_seconds=resting_seconds,
            twice=(*_words(findings.breaches, TWICE), *_repeated(self._watch)),
            lost=_words(findings.breaches, LOST),
            levels_wrong=_words(findings.breaches, LEVELS),
            others=(
                *self._unseen(findings.checked),
                *_rest_of(findings.breaches),
                *held,
                *(f"{each.kind}: {each.words}" for each in incidents if each.kind in OURS),
            ),
        )

    def _unseen(self, checked: Mapping[str, int]) -> list[str]:
        """A judge who saw nothing finds nothing."""
        placed = {"orders": self._town.orders, "shipments": self._town.parcels}
        return [
            f"{checked[what]} {what} were compared, of {many}"
            for what, many in placed.items()
            if checked[what] != many or not many
        ]

    # Places

    @asynccontextmanager
    async def _place(self, name: str) -> AsyncIterator[Worker]:
        """A worker's place, with gates that can kill it; the worker is not there yet."""
        config = self._plan.folder / f"{name}.toml"
        worker = Worker(name, seatrial_sync(config, dbos=self._plan.dbos), self._plan.folder / f"{name}.log")
        async with self._gates(worker.kill) as (gates, urls):
            worker.gates = list(gates)
            config.write_text(self._configuration(urls), "utf-8")
            try:
                yield worker
            finally:
                await worker.aclose()

    @asynccontextmanager
    async def _office(self) -> AsyncIterator[Engine]:
        """An engine nobody kills and nobody runs: it is asked how things stand."""
        path = self._plan.folder / "office.toml"
        async with self._gates(lambda: None) as (_, urls):
            path.write_text(self._configuration(urls), "utf-8")
            async with opened(read_config(path, {})) as engine:
                yield engine

    @asynccontextmanager
    async def _gates(self, kill: Callable[[], None]) -> AsyncIterator[tuple[Sequence[Gate], Sequence[str]]]:
        apps = [self._town.sandbox.apps[part.vendor] for part in (self._town.cart, self._town.wms)]
        gates = [Gate(VendorAsgi(app), writes_of(app), self._watch, kill) for app in apps]
        async with AsyncExitStack() as stack:
            urls = [await stack.enter_async_context(listening(gate, "127.0.0.1", 0)) for gate in gates]
            yield gates, urls

    def _configuration(self, urls: Sequence[str]) -> str:
        plan = self._plan
        return configuration(
            self._town,
            urls,
            ledger=plan.ledger,
            timeout_seconds=plan.timeout_seconds,
            margin_seconds=plan.settle_margin_seconds,
            lease_seconds=plan.lease_seconds,
        )

    def _tell(self, words: str) -> None:
        self._told(words, len(self._killed), self._town.orders)


def _words(breaches: Sequence[Breach], laws: frozenset[str]) -> tuple[str, ...]:
    return tuple(f"{each.subject}: {each.words}" for each in breaches if each.law in laws)


def _rest_of(breaches: Sequence[Breach]) -> tuple[str, ...]:
    known = TWICE | LOST | LEVELS
    return tuple(f"{each.law}: {each.subject}: {each.words}" for each in breaches if each.law not in known)


def _repeated(watch: Watch) -> tuple[str, ...]:
    """What a vendor was made to do twice, even where the vendor itself saw to it that it came to nothing."""
    return tuple(f"order {name} was sent {times} times" for name, times in watch.delivered.items() if times > 1)


@asynccontextmanager
async def _running(work: Coroutine[None, None, None]) -> AsyncIterator[None]:
    task = asyncio.ensure_future(work)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
