"""Requests per CPU-second of each server's whole process tree, in rounds that interleave operations and servers."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from statistics import median

from msgspec import Struct

from bench import machine
from bench.load import Job, Load
from bench.servers import BenchError, Generator, Process
from bench.workload import FIRST_NUMBER

CONNECTIONS = 16
SETTLE_SECONDS = 0.15
SIZE_SLACK = 0.05
"""Replies may differ from what was taken down by the digits of their ids and numbers, not by more."""


class Subject(Struct):
    """A server, and how each operation is asked of it. `body_bytes` None: its replies are its own."""

    name: str
    process: Process
    ports: dict[str, int]
    requests: dict[str, list[str]]
    body_bytes: dict[str, int] | None = None
    warm_up_seconds: float = 0.5
    number_next: int = FIRST_NUMBER
    cold: dict[str, float] = {}
    """By operation: requests per CPU-second of the warm-up, which is what a short test run would see."""


class Cell(Struct, frozen=True):
    """One operation at one server in one round."""

    per_cpu_second: float
    per_second: float
    busy: float
    """CPU time by wall time: near 1 when the load was enough and nobody else was about."""
    median_ms: float
    p99_ms: float
    replies: int


Cells = dict[str, dict[str, list[Cell]]]
"""By operation, by subject."""


def measured(
    subjects: Sequence[Subject],
    operations: Sequence[str],
    generator: Generator,
    *,
    rounds: int,
    seconds: float,
    on_step: Callable[[str], None],
) -> Cells:
    """Every operation at every subject that has it, in turn. Raises BenchError at the first wrong reply."""
    cells: Cells = {operation: {} for operation in operations}
    for each in subjects:
        each.process.freeze()
    try:
        for number in range(rounds):
            for operation in operations:
                having = [each for each in subjects if operation in each.requests]
                for subject in having if number % 2 == 0 else reversed(having):
                    on_step(f"{operation} at {subject.name}, round {number + 1}")
                    with awake(subject.process):
                        if number == 0:
                            warmed = _cell(subject, operation, generator, subject.warm_up_seconds)
                            subject.cold[operation] = warmed.per_cpu_second
                        loaded(subject, operation, generator, seconds=SETTLE_SECONDS)
                        cell = _cell(subject, operation, generator, seconds)
                    cells[operation].setdefault(subject.name, []).append(cell)
    finally:
        for each in subjects:
            each.process.thaw()
    return cells


def _cell(subject: Subject, operation: str, generator: Generator, seconds: float) -> Cell:
    before = machine.cpu_seconds(subject.process.pid)
    load = loaded(subject, operation, generator, seconds=seconds)
    spent = max(machine.cpu_seconds(subject.process.pid) - before, 1 / machine.TICKS_PER_SECOND)
    return Cell(
        per_cpu_second=load.replies / spent,
        per_second=load.replies / load.seconds,
        busy=spent / load.seconds,
        median_ms=load.latencies_seconds[0] * 1000,
        p99_ms=load.latencies_seconds[2] * 1000,
        replies=load.replies,
    )


@contextmanager
def awake(process: Process) -> Iterator[None]:
    """Running within the block, stopped after it."""
    process.thaw()
    try:
        yield
    finally:
        process.freeze()


def loaded(
    subject: Subject, operation: str, generator: Generator, *, seconds: float = 1.0, times: int | None = None
) -> Load:
    """Put load on one operation. Raises BenchError for any reply that is not a 2xx of the size it should have."""
    requests = subject.requests[operation]
    job = Job(subject.ports[operation], requests, CONNECTIONS, seconds, times, subject.number_next)
    load = generator.drive(job)
    subject.number_next = load.number_next
    if load.errors:
        raise BenchError(
            f"{subject.name} refused {load.errors} of {load.replies} ({operation}), the first with: {load.first_error}"
        )
    if not load.replies:
        raise BenchError(f"{subject.name} answered nothing ({operation})")
    if subject.body_bytes is not None and operation in subject.body_bytes:
        mean, wanted = load.body_bytes / load.replies, subject.body_bytes[operation]
        if abs(mean - wanted) > wanted * SIZE_SLACK:
            raise BenchError(
                f"{subject.name}'s replies ({operation}) have {mean:.0f} bytes in the mean, not {wanted}"
            )  # fmt: skip
    return load


def ratio(of: Sequence[Cell], to: Sequence[Cell]) -> float:
    """The median of the rounds' ratios, so that what disturbed a round disturbed both."""
    return median([one.per_cpu_second / other.per_cpu_second for one, other in zip(of, to, strict=True)])


def middle(cells: Sequence[Cell], name: str) -> float:
    """The median of one figure over the rounds."""
    return float(median([getattr(cell, name) for cell in cells]))
