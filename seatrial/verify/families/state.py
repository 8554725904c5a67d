"""What is kept agrees with itself, whatever was done to it."""

from collections.abc import Iterator

from seatrial.verify.bench import Bench
from seatrial.verify.conditions import first_surface, mutable_graph, none
from seatrial.verify.growth import Growth
from seatrial.verify.law import Finding, law
from seatrial.verify.recipes import CannotAskError


@law(
    "state.books_agree_whatever_is_done",
    "After everything anybody can do, in any order, the vendor's own books agree with one another.",
    when=first_surface,
    source=none,
    writes=True,
    needs=("actions",),
)
def books_agree(bench: Bench) -> Iterator[Finding]:
    growth = Growth(bench)
    done = [act for act in growth.acts() if growth.act(act)]
    for name, surface in bench.contract.surfaces.items():
        there = bench.on(name)
        for operation in there.changing():
            there.perform(operation)
        if mutable_graph(bench.contract, surface):
            _mutate(there)
    bench.control.advance(86_400)
    breaches = bench.control.breaches()
    if breaches is None:
        yield bench.skipped(bench.surface.name, "the target's books cannot be read from here")
        return
    said = "; ".join(breaches[:3])
    yield bench.judged(f"after {len(done)} acts and every change", said, "books that agree")


def _mutate(bench: Bench) -> None:
    graph = bench.new_graph()
    for root in graph.roots("mutation"):
        if root.built:
            try:
                graph.ask(graph.text(root, kind="mutation", depth=0))
            except CannotAskError:
                continue
