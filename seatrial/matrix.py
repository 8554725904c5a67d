"""Every write of every connector under every fault, through the engine; and one day re-run with a fault at each call.

The **lost-answer matrix**: a row is one request of one write (found through the ports: a write is what takes a
`key`), a column is one thing that can happen to it. The story brings the engine to the point where it makes that
write, the fault strikes that one request, and when all has come to rest both sides are read: the outcome is there
exactly once, or a person was told where nobody else could know. Anything else is broken.

The **single-fault sweep**: a whole small day, once for each of its calls and each fault at that call.
"""

import asyncio
import inspect
import json
import multiprocessing
import os
import tempfile
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from datetime import timedelta
from pathlib import Path
from string import ascii_lowercase
from textwrap import wrap
from types import MappingProxyType
from typing import Literal

import httpx
import msgspec
from msgspec import Struct
from rich.text import Text

from connectors import ports
from connectors.sync import Settings
from connectors.sync.events import Event, PassEnded, PassStarted
from connectors.sync.schedule import PASS_OF
from contracts.contract import load
from mock_servers.core.cast import Part, Person
from mock_servers.core.refusal import UsageError
from seatrial import virtual_time
from seatrial.console import console, progress, say, table
from seatrial.simulation.cast import (
    LATE_SECONDS_MAXIMUM,
    LIMITS,
    Cast,
    carts,
    casts,
    connector_class,
    name_of,
    warehouses,
)
from seatrial.simulation.judge import Books, judge
from seatrial.simulation.lives import Crash
from seatrial.simulation.stage import WAREHOUSE, Goods, Life, Parts, Stage
from seatrial.simulation.trace import Moment, Trace
from seatrial.simulation.weather import Strike, has_tokens, operation_of
from seatrial.sync.vendors import vendor_of, vendors

SEED = 1
PATIENCE = timedelta(hours=12)
GOODS = Goods({"MUG": 40, "TEE": 30, "CAP": 20}, {"SIX-PACK": {"TEE": 6}, "GIFT-KIT": {"MUG": 1, "CAP": 2}})
ANA = Person("Ana", "Ruiz", "5 Pine Rd", "Albany", "NY", "12207", "US")
JURGEN = Person("Jürgen", "Müller", "Königstraße 12", "Köln", "", "50667", "DE")
BROKEN_TOLD_MAXIMUM = 20

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


# Trials ---------------------------------------------------------------------------------------------------------------


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


# Stories, by the write that they lead up to ---------------------------------------------------------------------------


async def _an_order_is_placed(trial: Trial) -> None:
    trial.arm()
    trial.buy({"MUG": 3, "SIX-PACK": 1})


async def _an_order_is_cancelled(trial: Trial) -> None:
    order = trial.buy({"MUG": 3, "SIX-PACK": 1})
    await trial.settle()
    trial.arm()
    trial.stage.carts[trial.shop].cancel(order)


async def _a_part_is_shipped(trial: Trial) -> None:
    """One of three: what is left would let the shop be told of it twice."""
    order = trial.buy({"MUG": 3, "CAP": 2})
    await trial.settle()
    trial.arm()
    trial.ship(order, {"MUG": 1})


async def _a_parcel_is_voided(trial: Trial) -> None:
    order = trial.buy({"MUG": 3, "CAP": 2})
    await trial.settle()
    parcel, *_ = trial.ship(order, {"MUG": 1})
    trial.ship(order, {"CAP": 1})
    await trial.settle()
    trial.arm()
    trial.void(parcel, {"MUG": 1})


async def _the_warehouse_cancels(trial: Trial) -> None:
    order = trial.buy({"MUG": 3, "SIX-PACK": 1})
    await trial.settle()
    trial.arm()
    trial.stage.wms.cancel(trial.reference(order))


async def _a_shelf_is_counted(trial: Trial) -> None:
    trial.arm()
    trial.count("MUG", 31)
    trial.count("TEE", 47)


class Lead(Struct, frozen=True):
    """What leads to a write: the story, and the kind of effect that makes it."""

    kind: str
    story: Story


LEADS: Mapping[str, Lead] = MappingProxyType(
    {
        "deliver": Lead("deliver", _an_order_is_placed),
        "cancel_delivery": Lead("cancel", _an_order_is_cancelled),
        "fulfill": Lead("ship", _a_part_is_shipped),
        "cancel_fulfillment": Lead("unship", _a_parcel_is_voided),
        "cancel_order": Lead("unsell", _the_warehouse_cancels),
        "set_levels": Lead("level", _a_shelf_is_counted),
    }
)


async def a_day(trial: Trial) -> None:
    """The demo's day, small: every function has something to do, and each way of changing one's mind occurs."""
    wms, cart = trial.stage.wms, trial.stage.carts[trial.shop]
    trial.arm()
    first, second = trial.buy({"MUG": 3, "CAP": 1}), trial.buy({"SIX-PACK": 1, "GIFT-KIT": 2}, JURGEN)
    regretted, unpaid = trial.buy({"TEE": 1}), trial.buy({"CAP": 1}, paid=False)
    await trial.run(20)
    cart.cancel(regretted)
    third, fourth = trial.buy({"MUG": 1}), trial.buy({"TEE": 2}, JURGEN)
    await trial.settle()
    cart.pay(unpaid)
    cart.cancel(third)
    wms.cancel(trial.reference(fourth))
    parcel, *_ = trial.ship(first, {"MUG": 1})
    trial.ship(second, {"TEE": 6, "MUG": 2, "CAP": 4}, 2)
    trial.count("TEE", 44)
    await trial.settle()
    trial.void(parcel, {"MUG": 1})
    await trial.settle()
    trial.ship(first, {"MUG": 3, "CAP": 1})
    await trial.settle()


# Writes, found through the ports --------------------------------------------------------------------------------------


def writes() -> dict[str, type]:
    """Every write there is: what takes a `key` in a port. Name → port."""
    found: dict[str, type] = {}
    for _, port in inspect.getmembers(ports, inspect.isclass):
        if port.__module__ == ports.__name__:
            for name, method in inspect.getmembers(port, inspect.isfunction):
                if "key" in inspect.signature(method).parameters:
                    found[name] = port
    return dict(sorted(found.items()))


class Write(Struct, frozen=True):
    """One write of one connector, in the cast where the engine makes it. `cast` is its place in `casts`; None where
    nobody has cast it."""

    vendor: str
    call: str
    connection: str = ""
    cast: int | None = None


def every_write() -> list[Write]:
    """What has to be tried. A connector that nobody has cast is listed too, so that it is missed."""
    found: dict[tuple[str, str], Write] = {}
    for number, cast in enumerate(casts()):
        for connection, role in (("shop", cast.carts[0]), (WAREHOUSE, cast.warehouse)):
            for call in _calls_made(role, in_warehouse=connection == WAREHOUSE):
                found.setdefault((name_of(role), call), Write(name_of(role), call, connection, number))
    for vendor in _vendors() - {vendor for vendor, _ in found}:
        found[vendor, "?"] = Write(vendor, "?")
    return [found[name] for name in sorted(found)]


def _calls_made(role: type[Part], *, in_warehouse: bool) -> list[str]:
    """The writes its connector has, and the engine makes of it in this place."""
    connector = connector_class(role)
    of_a_warehouse = {"deliver", "cancel_delivery"}
    calls = [call for call in writes() if hasattr(connector, call)]
    return [call for call in calls if (call in of_a_warehouse) == in_warehouse]


def _vendors() -> set[str]:
    return set(vendors())


# Running --------------------------------------------------------------------------------------------------------------


class Cell(Struct, frozen=True):
    """One request of one write under one fault."""

    vendor: str
    call: str
    step: str
    fault: str
    ending: Ending


class Job(Struct, frozen=True):
    """One trial to run: of a write, or, with an empty call, of the sweep's day."""

    call: str
    cast: int
    number: int
    fault: str
    vendor: str
    step: str


def run_job(job: Job, watch: tuple[str, ...] = ()) -> Cell:
    """One trial, in whatever process."""
    story = LEADS[job.call].story if job.call else a_day
    return Cell(job.vendor, job.call, job.step, job.fault, play(story, casts()[job.cast], job.number, job.fault, watch))


def matrix_jobs(wanted: Sequence[Write]) -> Iterator[Job]:
    """Each request of each write × each fault. A rehearsal says which requests there are."""
    for write in wanted:
        if write.cast is None or write.call not in LEADS:
            continue
        lead = LEADS[write.call]
        rehearsed = play(lead.story, casts()[write.cast])
        own = [
            request
            for request in rehearsed.requests
            if request.connection == write.connection and request.function == PASS_OF[lead.kind]
        ]
        for place, request in enumerate(own, 1):
            for fault in faults_of(write.vendor):
                step = f"{place}. {request.operation}"
                yield Job(write.call, write.cast, request.number, fault, write.vendor, step)


def faults_of(vendor: str) -> list[str]:
    """What can happen to a vendor's requests. A password ends no call early: taken back, it stays so; and so does a
    token that only a person can renew."""
    part = (carts() | warehouses()).get(vendor)
    ends = has_tokens(load(vendor_of(vendor))) and (part is None or part.renews)
    return [fault for fault in FAULTS if fault != "token revoked" or ends]


def sweep_jobs() -> Iterator[Job]:
    """Each call of the day × each fault."""
    for request in play(a_day, casts()[0]).requests:
        for fault in FAULTS:  # both vendors of the first cast give tokens
            step = f"{request.number + 1}. {request.operation} ({request.function})"
            yield Job("", 0, request.number, fault, casts()[0].carts[0].vendor, step)


def run_jobs(jobs: Sequence[Job], words: str) -> list[Cell]:
    """All of them, on every core, in their order."""
    found: dict[int, Cell] = {}
    with (
        progress() as bar,
        ProcessPoolExecutor(os.cpu_count() or 1, mp_context=multiprocessing.get_context("spawn")) as pool,
    ):
        task = bar.add_task(words, total=len(jobs))
        futures = {pool.submit(run_job, job): place for place, job in enumerate(jobs)}
        for future in as_completed(futures):
            found[futures[future]] = future.result()
            bar.advance(task)
    return [found[place] for place in sorted(found)]


class Wanted(Struct, frozen=True):
    """What the command line asked for."""

    sweep: bool = True
    as_json: bool = False
    calls: tuple[str, ...] = ()
    vendors: tuple[str, ...] = ()


def run(wanted: Wanted) -> int:
    """Run the matrix, and the sweep; print both, and answer the exit code."""
    if unknown := set(wanted.calls) - writes().keys():
        raise UsageError(f"there is no write {', '.join(sorted(unknown))}; there are: {', '.join(writes())}")
    if unknown := set(wanted.vendors) - _vendors():
        raise UsageError(f"there is no vendor {', '.join(sorted(unknown))}; there are: {', '.join(sorted(_vendors()))}")
    rows = [
        write
        for write in every_write()
        if write.call in (wanted.calls or (write.call,)) and write.vendor in (wanted.vendors or (write.vendor,))
    ]
    missing = [write for write in rows if write.cast is None or write.call not in LEADS]
    whole = not wanted.calls and not wanted.vendors
    matrix = run_jobs(list(matrix_jobs(rows)), "lost-answer matrix")
    sweep = run_jobs(list(sweep_jobs()), "single-fault sweep") if wanted.sweep and whole else []
    broken = [cell for cell in (*matrix, *sweep) if cell.ending.verdict == "BROKEN"]
    if wanted.as_json:
        print(json.dumps(_as_document(matrix, sweep, missing), indent=2))  # noqa: T201 - meant for programs
    else:
        _print(matrix, sweep, missing, broken)
    return 1 if broken or missing or not matrix else 0


def _print(matrix: Sequence[Cell], sweep: Sequence[Cell], missing: Sequence[Write], broken: Sequence[Cell]) -> None:
    _print_matrix(matrix)
    if sweep:
        _print_sweep(sweep)
    for write in missing:
        say(f"NOT TRIED: {write.vendor}.{write.call} has no story that leads to it.")
    for cell in broken[:BROKEN_TOLD_MAXIMUM]:
        console.print(f"BROKEN: {_name(cell)}", style="bold red", markup=False)
        for words in cell.ending.words[:5]:
            say(f"  {words}")
    say("Nothing is broken." if not broken and not missing else f"{len(broken)} broken, {len(missing)} not tried.")


def _print_matrix(matrix: Sequence[Cell]) -> None:
    """A row for each request of each write, a letter for each fault: narrow enough for any terminal."""
    by_row: dict[tuple[str, str, str], dict[str, Verdict]] = {}
    for cell in matrix:
        by_row.setdefault((cell.vendor, cell.call, cell.step), {})[cell.fault] = cell.ending.verdict
    letters = dict(zip(FAULTS, ascii_lowercase, strict=False))
    for vendor in sorted({vendor for vendor, _, _ in by_row}):
        rows: list[tuple[str | Text, ...]] = []
        before = ""
        for (owner, call, step), cells in by_row.items():
            if owner == vendor:
                marks = [_shown(cells.get(fault)) for fault in FAULTS]
                rows.append(("" if call == before else call, step, *marks))
                before = call
        table(f"Lost-answer matrix: {vendor}", ("write", "its request", *letters.values()), rows)
    for line in wrap("   ".join(f"{letter}\xa0{fault}".replace(" ", "\xa0") for fault, letter in letters.items()), 110):
        say(line.replace("\xa0", " "))
    say("  ".join((*(f"{mark} {words}" for mark, words, _ in MARKS.values()), "- not run")))
    parked = [cell for cell in matrix if cell.ending.verdict == "parked"]
    for cell in parked:
        say(f"parked: {_name(cell)}: {'; '.join(cell.ending.words)}")
    once = sum(cell.ending.verdict == "once" for cell in matrix)
    say(f"{len(matrix)} of {len(by_row) * len(FAULTS)} cells run: {once} once, {len(parked)} parked for a person.")


def _name(cell: Cell) -> str:
    return f"{cell.vendor}.{cell.call or 'the day'}, {cell.step}, {cell.fault}"


def _print_sweep(sweep: Sequence[Cell]) -> None:
    rows = []
    for fault in FAULTS:
        cells = [cell for cell in sweep if cell.fault == fault]
        counts = [sum(cell.ending.verdict == verdict for cell in cells) for verdict in ("once", "parked", "BROKEN")]
        rows.append((fault, len(cells), *counts))
    columns = ("fault", "calls", "both sides agree", "left to a person", "BROKEN")
    table("Single-fault sweep: the day once for each of its calls", columns, rows)


MARKS: Mapping[Verdict, tuple[str, str, str]] = MappingProxyType(
    {
        "once": ("1", "there exactly once", "green"),
        "parked": ("P", "parked for a person, where nobody could know", "yellow"),
        "BROKEN": ("X", "BROKEN", "bold red"),
    }
)


def _shown(verdict: Verdict | None) -> Text:
    mark, _, style = MARKS[verdict] if verdict else ("-", "", "bold red")
    return Text(mark, style)


def _as_document(matrix: Sequence[Cell], sweep: Sequence[Cell], missing: Sequence[Write]) -> object:
    def shown(cell: Cell) -> dict[str, object]:
        return {
            "vendor": cell.vendor,
            "call": cell.call,
            "request": cell.step,
            "fault": cell.fault,
            "verdict": cell.ending.verdict,
            "words": cell.ending.words,
        }

    return msgspec.to_builtins(
        {"matrix": [shown(cell) for cell in matrix], "sweep": [shown(cell) for cell in sweep], "not_tried": missing}
    )
