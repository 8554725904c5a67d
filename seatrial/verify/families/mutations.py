"""Mutations whose answers never came, or that came twice: the state is what one change, or none, would have left."""

from collections.abc import Iterator
from typing import Any

from mock_servers.core.faults import Kind
from seatrial.verify.bench import Bench
from seatrial.verify.conditions import mutable_graph, operation_rule
from seatrial.verify.graph import Graph, Root
from seatrial.verify.law import Finding, law
from seatrial.verify.recipes import CannotAskError
from seatrial.verify.replays import documents, keyed

Attempt = tuple[Root, str, dict[str, Any]]
"""A mutation, its document, and the variables it is asked with."""

AFTER: tuple[Kind, ...] = ("lose", "cut")
BEFORE: tuple[Kind, ...] = ("refuse", "throttle", "drop")
TRIED_MAXIMUM = 4
KEY = "verify-one-key"


@law(
    "mutations.lost_answer_is_one_change",
    "A mutation whose answer is lost, or cut short, leaves just what one whose answer is heard leaves.",
    when=mutable_graph,
    source=operation_rule,
    writes=True,
    needs=("faults",),
)
def lost(bench: Bench) -> Iterator[Finding]:
    for attempt, _, done in _working(bench):
        for kind in AFTER:
            yield _with_fault(bench, attempt, kind, done, "what one change leaves")


@law(
    "mutations.refused_at_the_door_is_no_change",
    "A mutation that is refused or dropped before it is looked at leaves nothing.",
    when=mutable_graph,
    source=operation_rule,
    writes=True,
    needs=("faults",),
)
def refused(bench: Bench) -> Iterator[Finding]:
    for attempt, untouched, _ in _working(bench):
        for kind in BEFORE:
            yield _with_fault(bench, attempt, kind, untouched, "what was there before")


@law(
    "mutations.failed_one_changes_nothing",
    "A mutation that answers why it was not done has done nothing.",
    when=mutable_graph,
    source=operation_rule,
    writes=True,
    needs=("faults",),
)
def failed(bench: Bench) -> Iterator[Finding]:
    refused = [attempt for attempt in list(_composed(_fresh(bench))) if not _is_done(_fresh(bench), attempt)]
    if not _leaves_something(bench, refused):
        for root in dict.fromkeys(root.name for root, _, _ in refused):
            yield bench.judged(root, "", "what was there before")
        return
    for attempt in refused:
        problem = "the connections show a change" if _leaves_something(bench, [attempt]) else ""
        yield bench.judged(attempt[0].name, problem, "what was there before", bench.target.heard[-1])


def _is_done(graph: Graph, attempt: Attempt) -> bool:
    root, text, variables = attempt
    return _went_well(graph.data(root, graph.ask(text, variables=variables)))


def _leaves_something(bench: Bench, attempts: list[Attempt]) -> bool:
    """Whether these, one after the other, change what the connections show; those that are done are not among them."""
    graph = _fresh(bench)
    before = graph.state()
    for attempt in attempts:
        if _is_done(graph, attempt):
            return len(attempts) > 1
    return graph.state() != before


@law(
    "mutations.repeat_with_its_key_is_one_change",
    "A mutation that takes a key is done once for it: a second call gets the first one's answer, and changes nothing.",
    when=mutable_graph,
    source=operation_rule,
    writes=True,
    needs=("faults",),
)
def repeated(bench: Bench) -> Iterator[Finding]:
    graph = _fresh(bench)
    if graph.schema.get_directive("idempotent") is None:
        yield bench.skipped(bench.surface.name, "the SDL declares no @idempotent")
        return
    demanding = set()
    for root, text, variables in _composed(graph, key=None):
        said = " ".join(str(each.get("message", "")) for each in graph.errors(graph.ask(text, variables=variables)))
        if "@idempotent" in said:
            demanding.add(root.name)
    done = 0
    for (root, text, variables), _, after in _working(bench, demanding):
        graph = _fresh(bench)
        first, again = (graph.ask(text, variables=variables) for _ in range(2))
        same = graph.data(root, first) == graph.data(root, again)
        problem = "" if graph.state() == after else "the connections show a second change"
        yield bench.judged(root.name, problem or ("" if same else "the answers differ"), "one change", again)
        done += 1
    if not done:
        yield bench.skipped(bench.surface.name, "no mutation that asks for a key is known to be done")


def _with_fault(bench: Bench, attempt: Attempt, kind: Kind, wanted: Any, expected: str) -> Finding:
    root, text, variables = attempt
    graph = _fresh(bench)
    bench.control.fault(root.name, kind)
    exchange = graph.ask(text, variables=variables, planned=True, patient=False)
    problem = "" if graph.state() == wanted else "the connections show something else"
    return bench.judged(f"{root.name}, {kind}", problem, expected, exchange, root.evidence)


def _working(bench: Bench, only: set[str] | None = None) -> Iterator[tuple[Attempt, Any, Any]]:
    """Mutations that change something, with the state before and after, always from the same start."""
    graph = _fresh(bench)
    untouched = graph.state()
    found: set[str] = set()
    for attempt in list(_composed(graph)):
        root, text, variables = attempt
        if root.name in found or (only is not None and root.name not in only):
            continue
        graph = _fresh(bench)
        if not _went_well(graph.data(root, graph.ask(text, variables=variables))):
            continue
        done = graph.state()
        if done != untouched:
            found.add(root.name)
            yield attempt, untouched, done
        if len(found) == TRIED_MAXIMUM:
            return
    if not found and only is None:
        bench.unasked[bench.surface.name] = "no mutation is known that would be done"


def _composed(graph: Graph, key: str | None = KEY) -> Iterator[Attempt]:
    """Mutations as the SDL would have them and as they were recorded, with a key where there is such a thing."""
    roots = {root.name: root for root in graph.roots("mutation") if root.built}
    takes_keys = graph.schema.get_directive("idempotent") is not None
    for root in roots.values():
        try:
            yield root, graph.text(root, kind="mutation", depth=0, key=key), {}
        except CannotAskError:
            continue
    for document in documents(graph.bench, "mutation"):
        if document.root in roots:
            text = keyed(document.text, key) if takes_keys and key is not None else document.text
            yield roots[document.root], text, document.variables


def _fresh(bench: Bench) -> Graph:
    bench.control.reset()
    return bench.new_graph()


def _went_well(payload: Any) -> bool:
    return isinstance(payload, dict) and not any(value for name, value in payload.items() if "rrors" in name)
