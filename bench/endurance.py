"""One server on its own: how soon it answers, what it holds in memory, its slowest creates, and a long run."""

from collections.abc import Callable
from itertools import chain
from statistics import median

from msgspec import Struct

from bench import machine
from bench.load import Job
from bench.servers import VENDOR, BenchError, Generator, Ours, running
from bench.throughput import CONNECTIONS, SETTLE_SECONDS, Subject, loaded
from bench.workload import FIRST_NUMBER, NO_LIMIT, Expected, prepare

MARKS = 10
SETTLED_MARK = 6
"""In a run of a million, bounded caches are full by then: from this mark on, what grows is not a cache."""
SETTLED_REQUESTS = 1_000_000
TURN = ("get", "list", "get", "create", "get", "get", "list", "get", "get", "get")
"""What a long run asks for, over and over."""


class Start(Struct, frozen=True):
    """Medians over several starts of the real command, with its default seed."""

    seconds: float
    cpu_seconds: float
    resident_mib: float
    proportional_mib: float


def start(vendors: list[str], times: int) -> Start:
    """From the start of the process to the first 200 of a vendor's operation."""
    seen = []
    for _ in range(times):
        ours = Ours(vendors, name="start")
        try:
            seconds = ours.wait()
            pid = ours.process.pid
            seen.append(
                (seconds, machine.cpu_seconds(pid), machine.resident_mib(pid), machine.proportional_mib(pid))
            )  # fmt: skip
        finally:
            ours.process.stop()
    return Start(*(median(column) for column in zip(*seen, strict=True)))


class Tail(Struct, frozen=True):
    """Latencies of creates, medians over several loads, in milliseconds; `spread` is the median of p99 / median."""

    median_ms: float
    p99_ms: float
    spread: float


def tail(subject: Subject, generator: Generator, *, loads: int, seconds: float) -> Tail:
    """Creates, as many at once as in every other measurement."""
    loaded(subject, "create", generator, seconds=SETTLE_SECONDS)
    seen = [loaded(subject, "create", generator, seconds=seconds).latencies_seconds for _ in range(loads)]
    middles, nines = [each[0] for each in seen], [each[2] for each in seen]
    spread = median([nine / middle for nine, middle in zip(nines, middles, strict=True)])
    return Tail(median(middles) * 1000, median(nines) * 1000, spread)


class Crowd(Struct, frozen=True):
    """The tail with many live orders, and what each order takes in memory."""

    tail: Tail
    orders: int
    bytes_per_order: float


def crowd(orders: int, expected: Expected, generator: Generator, *, loads: int, seconds: float) -> Crowd:
    """Creates at a server that holds so many orders from the start."""
    with running(Ours([VENDOR], orders=0, name="empty")) as empty:
        before = machine.resident_mib(empty.process.pid)
    with running(Ours([VENDOR], orders=orders, name="crowded")) as ours:
        held = machine.resident_mib(ours.process.pid) - before
        ours.admin("PUT", "/worlds/default/settings", {f"{VENDOR}.limit.default": NO_LIMIT[f"{VENDOR}.limit.default"]})
        port = ours.process.port
        subject = Subject("crowded", ours.process, {"create": port}, {"create": expected.requests["create"]})
        return Crowd(
            tail(subject, generator, loads=loads, seconds=seconds), orders, held * machine.MEBI / orders
        )  # fmt: skip


class Long(Struct, frozen=True):
    """Memory at each mark of a long run, after the world was put back; `peak_mib` counts what came between."""

    requests: int
    resident_mib: list[float]
    peak_mib: float
    proportional_mib: float

    @property
    def growth(self) -> float:
        """How much more is held at the end than at the settled mark, as a share."""
        settled = self.resident_mib[SETTLED_MARK - 1]
        return (self.resident_mib[-1] - settled) / settled


def long_run(requests: int, generator: Generator, on_step: Callable[[str], None]) -> Long:
    """Reads and creates by turns; the world is reset at each mark, so that state is not taken for a leak."""
    with running(Ours([VENDOR], orders=0, name="long")) as ours:
        expected = prepare(ours, generator)
        texts = _turns(expected)
        number, marks = FIRST_NUMBER, []
        for mark in range(MARKS):
            on_step(f"long run, mark {mark + 1} of {MARKS}")
            load = generator.drive(
                Job(ours.process.port, texts, CONNECTIONS, times=requests // MARKS, number_from=number)
            )  # fmt: skip
            if load.errors:
                raise BenchError(f"{load.errors} of {load.replies} were refused in the long run: {load.first_error}")
            number = load.number_next
            ours.admin("POST", "/worlds/default/reset")
            marks.append(machine.resident_mib(ours.process.pid))
        pid = ours.process.pid
        return Long(requests, marks, machine.peak_mib(pid), machine.proportional_mib(pid))


def _turns(expected: Expected) -> list[str]:
    """The requests of many turns, so that each operation walks through all it has."""
    gets, pages, creates = (expected.requests[name] for name in ("get", "list", "create"))
    walks = {"get": gets, "list": pages, "create": creates}
    seen = dict.fromkeys(walks, 0)
    texts = []
    for name in chain.from_iterable([TURN] * 100):
        texts.append(walks[name][seen[name] % len(walks[name])])
        seen[name] += 1
    return texts
