"""Answers that never came: what was done is done once, what was not is not, and asking again does no harm."""

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from contracts.contract import Operation
from mock_servers.core.faults import Kind
from seatrial.verify.bench import Bench
from seatrial.verify.conditions import both, changing, creating, listed, makes, operation_rule
from seatrial.verify.law import Finding, law
from seatrial.verify.recipes import named_in_path

AFTER: tuple[Kind, ...] = ("lose", "cut")
BEFORE: tuple[Kind, ...] = ("refuse", "throttle", "drop")
LATE_SECONDS = 0.25
MOMENT = re.compile(rb'"\d{4}-\d\d-\d\d[T ][^"]*"')


def _repeatable(operation: Operation) -> bool:
    """Its document says that asking again is recognised: as done already, or as a conflict."""
    return {"200", "201"} <= operation.replies.keys() or "409" in operation.replies


@law(
    "lost.answer_lost_after_the_change_is_a_change",
    "When the answer is lost or cut short, the change was made, once, and the lists show it.",
    when=both(creating, listed),
    source=operation_rule,
    writes=True,
    needs=("faults",),
)
def lost_after(bench: Bench) -> Iterator[Finding]:
    for operation, listing in _makers(bench):
        for kind in AFTER:
            working = bench.recipe_that_works(operation)
            if working is None:
                yield bench.skipped(operation.id, "nothing is known that would be made")
                break
            before = _count(bench, listing)
            bench.control.fault(operation.id, kind)
            exchange = bench.ask(operation, working, planned=True)
            heard = f"an answer came: {exchange.status}" if exchange.status is not None else ""
            yield bench.judged(f"{operation.id}, {kind}", heard, "no whole answer", exchange)
            more = _count(bench, listing) - before
            problem = "" if more == 1 else f"{more} more rows"
            yield bench.judged(f"{operation.id} after {kind}", problem, "it was made, once", exchange)


@law(
    "lost.repeat_after_a_lost_answer_does_no_harm",
    "Asked again after its answer was lost, what was made is not made twice, where its document says it is recognised.",
    when=both(creating, listed),
    source=operation_rule,
    writes=True,
    needs=("faults",),
)
def repeat_after(bench: Bench) -> Iterator[Finding]:
    for operation, listing in _makers(bench):
        if not _repeatable(operation):
            yield bench.skipped(operation.id, "its document does not say that a repeat is recognised")
            continue
        for kind in AFTER:
            working = bench.recipe_that_works(operation)
            if working is None:
                break
            before = _count(bench, listing)
            bench.control.fault(operation.id, kind)
            bench.ask(operation, working, planned=True)
            again = bench.ask(operation, working)
            more = _count(bench, listing) - before
            allowed = {200} if "200" in operation.replies else {409}
            problem = (
                f"{more} more rows" if more != 1 else "" if again.status in allowed else f"answered {again.status}"
            )
            wanted = f"{' or '.join(map(str, sorted(allowed)))}, and one row"
            yield bench.judged(f"{operation.id} again after {kind}", problem, wanted, again)


@law(
    "lost.request_that_arrives_twice_is_done_once",
    "A request that arrives twice is done once, where its document says a repeat is recognised.",
    when=both(creating, listed),
    source=operation_rule,
    writes=True,
    needs=("faults",),
)
def twice(bench: Bench) -> Iterator[Finding]:
    for operation, listing in _makers(bench):
        working = bench.recipe_that_works(operation) if _repeatable(operation) else None
        if working is None:
            yield bench.skipped(operation.id, "its document does not say that a repeat is recognised")
            continue
        before = _count(bench, listing)
        bench.control.fault(operation.id, "repeat")
        exchange = bench.ask(operation, working, planned=True)
        more = _count(bench, listing) - before
        problem = "" if more == 1 and exchange.good else f"{more} more rows, answered {exchange.status}"
        yield bench.judged(operation.id, problem, "one row", exchange)


@law(
    "lost.request_refused_at_the_door_is_not_done",
    "What is refused or dropped before it is looked at is not done; asked again, it is done once.",
    when=both(creating, listed),
    source=operation_rule,
    writes=True,
    needs=("faults",),
)
def refused_before(bench: Bench) -> Iterator[Finding]:
    for operation, listing in _makers(bench):
        for kind in BEFORE:
            working = bench.recipe_that_works(operation)
            if working is None:
                yield bench.skipped(operation.id, "nothing is known that would be made")
                break
            before = _count(bench, listing)
            bench.control.fault(operation.id, kind)
            exchange = bench.ask(operation, working, planned=True, patient=False)
            done = _count(bench, listing) - before
            problem = "it was done" if done or exchange.good else ""
            yield bench.judged(f"{operation.id}, {kind}", problem, "nothing is done", exchange)
            again = bench.ask(operation, working)
            more = _count(bench, listing) - before
            problem = "" if again.good and more == 1 else f"answered {again.status}, {more} more rows"
            yield bench.judged(f"{operation.id} again after {kind}", problem, "it is done once", again)


@law(
    "lost.request_that_is_late_is_done_when_it_arrives",
    "What nobody answered may arrive later; then it is done, once, at that moment and not before.",
    when=both(creating, listed),
    source=operation_rule,
    writes=True,
    needs=("faults", "clock"),
)
def late(bench: Bench) -> Iterator[Finding]:
    for operation, listing in _makers(bench):
        working = bench.recipe_that_works(operation)
        if working is None:
            continue
        before = _count(bench, listing)
        bench.control.fault(operation.id, "late", seconds=LATE_SECONDS)
        exchange = bench.ask(operation, working, planned=True, patient=False)
        early = _count(bench, listing) - before
        yield bench.judged(f"{operation.id}, meanwhile", f"{early} more rows" if early else "", "nothing yet", exchange)
        bench.control.advance(LATE_SECONDS)
        more = _count(bench, listing) - before
        problem = "" if more == 1 else f"{more} more rows"
        yield bench.judged(f"{operation.id}, when it arrives", problem, "one row", exchange)


@law(
    "lost.repeat_of_a_change_leaves_what_one_change_leaves",
    "Asking twice for a change that its document calls repeatable leaves what asking once would.",
    when=changing,
    source=operation_rule,
    writes=True,
)
def repeats(bench: Bench) -> Iterator[Finding]:
    for operation in bench.changing():
        if operation.done_again or (makes(bench.contract, operation) and not _repeatable(operation)):
            continue
        working = bench.recipe_that_works(operation)
        if working is None:
            yield bench.skipped(operation.id, "no request is known that would be done")
            continue
        first = bench.ask(operation, working)
        before = _timeless(bench.state())
        again = bench.ask(operation, working)
        problem = "" if _timeless(bench.state()) == before else "the lists show a second change"
        if 400 <= (first.status or 0) < 500 and named_in_path(operation):
            yield bench.skipped(operation.id, "it can be done to a thing once, and no other such thing is known")
            continue
        if not first.good:
            problem = f"answered {first.status} the first time"
        yield bench.judged(operation.id, problem, "one change", again)


def _timeless(state: Any) -> bytes:
    """What the lists show but for moments: a vendor may say that something was touched again."""
    return MOMENT.sub(b"moment", msgspec.json.encode(state))


def _makers(bench: Bench) -> Iterator[tuple[Operation, Operation]]:
    """Operations that make a row, each with the list it is in."""
    lists = {each.path: each for each in bench.lists.operations()}
    for operation in bench.changing():
        if makes(bench.contract, operation) and operation.path in lists:
            yield operation, lists[operation.path]


def _count(bench: Bench, listing: Operation) -> int:
    rule = bench.lists.rule(listing)
    return len(bench.lists.walk(listing, rule.size_maximum).rows) if rule else 0
