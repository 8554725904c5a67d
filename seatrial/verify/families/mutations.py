"""Mutations whose answers never came, or that came twice: the state is what one change, or none, would have left."""

from collections.abc import Iterator
from typing import Any

from mock_servers.core.faults import Kind
from seatrial.verify.bench import Bench
from seatrial.verify.conditions import mutable_graph, operation_rule
from seatrial.verify.graph import Graph, Root
from seatrial.verify.law import Finding, law
from seatrial.verify.recipes import CannotAskError

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
    for root, text, _, done in _working(bench):
        for kind in ("lose", "cut"):
            yield _with_fault(bench, root, text, kind, done, "what one change leaves")


@law(
    "mutations.refused_at_the_door_is_no_change",
    "A mutation that is refused or dropped before it is looked at leaves nothing.",
    when=mutable_graph,
    source=operation_rule,
    writes=True,
    needs=("faults",),
)
def refused(bench: Bench) -> Iterator[Finding]:
    for root, text, untouched, _ in _working(bench):
        for kind in ("refuse", "throttle", "drop"):
            yield _with_fault(bench, root, text, kind, untouched, "what was there before")


@law(
    "mutations.failed_one_changes_nothing",
    "A mutation that answers why it was not done has done nothing.",
    when=mutable_graph,
    source=operation_rule,
    writes=True,
    needs=("faults",),
)
def failed(bench: Bench) -> Iterator[Finding]:
    graph = _fresh(bench)
    before = graph.state()
    for root, text in _composed(graph):
        exchange = graph.ask(text)
        if _went_well(graph.data(root, exchange)):
            graph = _fresh(bench)
            continue
        after = graph.state()
        problem = "" if after == before else "the connections show a change"
        yield bench.judged(root.name, problem, "what was there before", exchange, root.evidence)
        if problem:
            graph = _fresh(bench)


@law(
    "mutations.repeat_with_its_key_is_one_change",
    "A mutation that takes a key is done once for it: a second call gets the first one's answer, and changes nothing.",
    when=mutable_graph,
    source=operation_rule,
    writes=True,
    needs=("faults",),
)
def keyed(bench: Bench) -> Iterator[Finding]:
    graph = _fresh(bench)
    if graph.schema.get_directive("idempotent") is None:
        yield bench.skipped(bench.surface.name, "the SDL declares no @idempotent")
        return
    demanding = []
    for root, text in _composed(graph, keyed=False):
        said = " ".join(str(each.get("message", "")) for each in graph.errors(graph.ask(text)))
        if "@idempotent" in said:
            demanding.append(root)
    for root in demanding:
        graph = _fresh(bench)
        text = graph.text(root, kind="mutation", depth=0, key=KEY)
        first = graph.ask(text)
        before = graph.state()
        again = graph.ask(text)
        same = graph.data(root, first) == graph.data(root, again)
        problem = "" if graph.state() == before else "the connections show a second change"
        yield bench.judged(root.name, problem or ("" if same else "the answers differ"), "one change", again)
    if not demanding:
        yield bench.skipped(bench.surface.name, "no mutation asks for a key")


def _with_fault(bench: Bench, root: Root, text: str, kind: Kind, wanted: Any, expected: str) -> Finding:
    graph = _fresh(bench)
    bench.control.fault(root.name, kind)
    exchange = graph.ask(text, planned=True, patient=False)
    problem = "" if graph.state() == wanted else "the connections show something else"
    return bench.judged(f"{root.name}, {kind}", problem, expected, exchange, root.evidence)


def _working(bench: Bench) -> Iterator[tuple[Root, str, Any, Any]]:
    """Mutations that change something, with their text, and the state before and after, always from the same start."""
    graph = _fresh(bench)
    untouched = graph.state()
    found = 0
    for root, text in list(_composed(graph)):
        graph = _fresh(bench)
        if not _went_well(graph.data(root, graph.ask(text))):
            continue
        done = graph.state()
        if done != untouched:
            found += 1
            yield root, text, untouched, done
        if found == TRIED_MAXIMUM:
            return
    if not found:
        bench.unasked[bench.surface.name] = "no mutation is known that would be done"


def _composed(graph: Graph, *, keyed: bool = True) -> Iterator[tuple[Root, str]]:
    for root in graph.roots("mutation"):
        if root.built:
            try:
                yield root, graph.text(root, kind="mutation", depth=0, key=KEY if keyed else None)
            except CannotAskError:
                continue


def _fresh(bench: Bench) -> Graph:
    bench.control.reset()
    return bench.new_graph()


def _went_well(payload: Any) -> bool:
    return isinstance(payload, dict) and not any(value for name, value in payload.items() if "rrors" in name)
