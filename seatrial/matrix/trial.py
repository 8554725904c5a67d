"""One story with one fault at one request: told, brought to rest, and judged."""

import asyncio
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Literal

import httpx
from msgspec import Struct

from connectors.sync import Settings
from connectors.sync.events import Event, PassEnded, PassStarted
from mock_servers.core.cast import Person
from seatrial import virtual_time
from seatrial.simulation.cast import (
    LATE_SECONDS_MAXIMUM,
    LIMITS,
    Cast,
)
from seatrial.simulation.judge import Books, judge
from seatrial.simulation.lives import Crash
from seatrial.simulation.stage import Goods, Life, Parts, Stage
from seatrial.simulation.trace import Moment, Trace
from seatrial.simulation.weather import Strike, operation_of

SEED = 1
PATIENCE = timedelta(hours=12)
GOODS = Goods({"MUG": 40, "TEE": 30, "CAP": 20}, {"SIX-PACK": {"TEE": 6}, "GIFT-KIT": {"MUG": 1, "CAP": 2}})
ANA = Person("Ana", "Ruiz", "5 Pine Rd", "Albany", "NY", "12207", "US")
JURGEN = Person("Jürgen", "Müller", "Königstraße 12", "Köln", "", "50667", "DE")

DIES = "the worker dies"
FAULTS: Mapping[str, Strike | None] = MappingProxyType(
    {
        "refused before": Strike("refuse", 5.0),
        "error before": Strike("refuse", error="internal_error"),
        "throttled": Strike("throttle", 5.0),
        "never arrives": Strike("drop"),
        "lost after commit": Strike("lose"),
        "cut mid-body": Strike("cut"),
        "arrives twice": Strike("repeat"),
        "lands late": Strike("late", LATE_SECONDS_MAXIMUM),
        "answers too late": Strike("delay", LIMITS.timeout_seconds + 10.0),
        "token revoked": Strike("revoke"),
        DIES: None,
    }
)
"""What can happen to a request. The last is the worst window: it is done, and whoever asked dies before writing it."""

Verdict = Literal["once", "parked", "BROKEN"]


class Request(Struct, frozen=True):
    """One request of a rehearsal: its place among those of its wires, whose it is, what it asks, in which function."""

    number: int
    connection: str
    operation: str
    function: str


class Ending(Struct, frozen=True):
    """How a trial ended."""

    verdict: Verdict
    words: tuple[str, ...] = ()
    requests: tuple[Request, ...] = ()
    story: tuple[Moment, ...] = ()


class Trial:
    """One story on a stage of its own, with a fault at its n-th request from the moment it is armed."""

    def __init__(self, stage: Stage, number: int, fault: str) -> None:
        self.stage = stage
        self.requests: list[Request] = []
        self.on_hand = dict(GOODS.shelves)
        self._number = number
        self._fault = fault
        self._armed = False
        self._functions: dict[str, str] = {}
        self.life = self._born()

    # What stories are told with

    @property
    def shop(self) -> str:
        return next(iter(self.stage.carts))

    def buy(self, basket: Mapping[str, int], person: Person = ANA, *, paid: bool = True) -> str:
        """A shopper's order; answers its id."""
        return self.stage.carts[self.shop].check_out(person, basket, paid=paid)

    def reference(self, order: str) -> str:
        return f"{self.shop}:{order}"

    def ship(self, order: str, units: Mapping[str, int], parcels: int = 1) -> list[str]:
        """The clerk ships; answers the parcels' ids."""
        sent = self.stage.wms.ship(self.reference(order), units, parcels, "UPS")
        self._move(units, -1)
        return list(sent)

    def void(self, parcel: str, units: Mapping[str, int]) -> None:
        self.stage.wms.void(parcel)
        self._move(units, +1)

    def count(self, sku: str, quantity: int) -> None:
        self.stage.wms.count(sku, quantity)
        self.on_hand[sku] = quantity

    def arm(self) -> None:
        """From here on requests are counted, and the fault waits for its own."""
        self._armed = True

    async def settle(self) -> None:
        """Everything that can be done is done. Raises AssertionError when it does not come to rest."""
        while True:
            try:
                assert await self.life.runner.settle(PATIENCE), "it did not come to rest"  # noqa: S101
                return
            except Crash:
                await self._reborn()

    async def run(self, seconds: float) -> None:
        """The engine goes on for so long, as its schedule says."""
        stop = asyncio.Event()
        asyncio.get_running_loop().call_later(seconds, stop.set)
        while not stop.is_set():
            try:
                await self.life.runner.run(stop)
            except Crash:
                await self._reborn()

    # How it ends

    async def judged(self) -> Ending:
        letters = self.life.engine.queue()
        told: dict[str, set[str]] = {}
        for incident in self.life.ledger.incidents():
            told.setdefault(incident.subject, set()).add(incident.kind)
        books = Books(
            goods=GOODS,
            on_hand=self.on_hand,
            safety=0,
            letters=letters,
            told={subject: frozenset(kinds) for subject, kinds in told.items()},
            left=self.life.engine.left(),
            rested=True,
            drift=(),
            unsound=self.stage.unsound(),
            broke=self.stage.trace.broke,
        )
        findings = judge(await self.stage.sides(), books)
        verdict: Verdict = "BROKEN" if findings.breaches else "parked" if findings.parked else "once"
        words = [f"{breach.law}: {breach.words}" for breach in findings.breaches]
        words += [f"{parked.key}: {parked.reason}, {parked.why}" for parked in findings.parked]
        return Ending(verdict, tuple(words), tuple(self.requests), tuple(self.stage.trace.story))

    async def end(self) -> None:
        await self.stage.buried(self.life)

    # How it works

    def strike(self, connection: str, request: httpx.Request) -> Strike | None:
        """The weather of all wires."""
        if not self._armed:
            return None
        app = self.stage.sandbox.apps[self.stage.wires[connection].vendor]
        number = len(self.requests)
        function = self._functions.get(connection, "")
        self.requests.append(Request(number, connection, operation_of(app, request), function))
        if number != self._number:
            return None
        if self._fault == DIES:
            self.life.ledger.die()
        return FAULTS[self._fault]

    def _born(self) -> Life:
        return self.stage.born(self._tell)

    async def _reborn(self) -> None:
        await self.stage.buried(self.life)
        await asyncio.sleep(2.0)
        self.life = self._born()

    def _tell(self, event: Event) -> None:
        self.stage.trace.event(event)
        match event:
            case PassStarted(_, lane, name):
                self._functions[lane] = name
            case PassEnded(_, lane, _):
                self._functions.pop(lane, None)

    def _move(self, units: Mapping[str, int], sign: int) -> None:
        for sku, many in units.items():
            self.on_hand[sku] += sign * many


class Sky:
    """What a trial has in store for one connection's requests."""

    def __init__(self, trial: Trial, connection: str) -> None:
        self._trial = trial
        self._connection = connection

    def strike(self, now: float, request: httpx.Request) -> Strike | None:  # noqa: ARG002 - the protocol's shape
        return self._trial.strike(self._connection, request)


Story = Callable[[Trial], Awaitable[None]]


def play(story: Story, cast: Cast, number: int = -1, fault: str = "", watch: tuple[str, ...] = ()) -> Ending:
    """A story from the beginning, in virtual time. `number` -1 is a rehearsal: nothing goes wrong."""

    async def played() -> Ending:
        async with Stage(SEED, Path(folder), Parts(cast=cast), trace=Trace(watch), settings=SETTINGS) as stage:
            stage.furnish(GOODS)
            trial = Trial(stage, number, fault)
            for name, wire in stage.wires.items():
                wire.weather = Sky(trial, name)
            try:
                await trial.settle()
                await story(trial)
                await trial.run(2 * LATE_SECONDS_MAXIMUM)  # whatever was late has landed
                await trial.settle()
                return await trial.judged()
            finally:
                await trial.end()

    with tempfile.TemporaryDirectory() as folder:
        try:
            return virtual_time.run(played())
        except Exception as error:  # a trial that cannot be told to its end is a cell of the table, not the end of it
            return Ending("BROKEN", (f"{type(error).__name__}: {error}",))


SETTINGS = Settings(delivery_delay=timedelta(seconds=60))
