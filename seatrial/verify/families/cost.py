"""Queries paid for in points: what is asked for is reserved, what was not used comes back, and the clock refills."""

from collections.abc import Iterator
from typing import Any

from contracts.profile import QueryCost
from seatrial.verify.bench import Bench
from seatrial.verify.conditions import costed, limit_rule
from seatrial.verify.exchange import Exchange
from seatrial.verify.graph import Graph, Root
from seatrial.verify.law import Finding, law

CALLS_MAXIMUM = 400


@law(
    "cost.every_answer_says_what_it_cost",
    "Every executed query says what it was thought to cost, what it did cost, and what is left.",
    when=costed,
    source=limit_rule,
)
def says_what_it_cost(bench: Bench) -> Iterator[Finding]:
    rule, graph = _rule(bench), _graph(bench)
    for root in graph.connections():
        exchange = graph.ask(graph.text(root, depth=0))
        cost = _cost(exchange)
        status = cost.get("throttleStatus", {})
        wrong = ""
        if not isinstance(cost.get("requestedQueryCost"), (int, float)):
            wrong = "requestedQueryCost is missing"
        elif not isinstance(cost.get("actualQueryCost"), (int, float)) or cost["actualQueryCost"] < 0:
            wrong = "actualQueryCost is missing"
        elif cost["actualQueryCost"] > cost["requestedQueryCost"]:
            wrong = "it cost more than was asked for"
        elif (status.get("maximumAvailable"), status.get("restoreRate")) != (rule.maximum, rule.restore_per_second):
            wrong = f"throttleStatus is {status}"
        yield bench.judged(root.name, wrong, f"{rule.maximum:g} points, {rule.restore_per_second:g} a second", exchange)


@law(
    "cost.is_charged_and_comes_back_with_the_clock",
    "A query takes its actual cost from what is left, and the clock gives it back at the profile's rate.",
    when=costed,
    source=limit_rule,
    needs=("clock",),
)
def charged(bench: Bench) -> Iterator[Finding]:
    rule, graph = _rule(bench), _graph(bench)
    text, _ = _dear(graph, _rule(bench).single_maximum * 0.4)
    bench.control.advance(rule.maximum / rule.restore_per_second)
    first = graph.ask(text)
    actual, left = _cost(first).get("actualQueryCost", 0), _left(first)
    problem = "" if abs(rule.maximum - actual - left) <= 1 else f"{left} are left of {rule.maximum:g} after {actual}"
    yield bench.judged("one query", problem, "its actual cost is gone", first)
    second = graph.ask(text)
    problem = "" if abs(left - actual - _left(second)) <= 1 else f"{_left(second)} are left, {left} were before"
    yield bench.judged("another", problem, "its actual cost is gone too", second)
    seconds = min(1.0, actual / rule.restore_per_second / 2)
    bench.control.advance(seconds)
    third = graph.ask(text)
    back = _left(third) + actual - _left(second)
    wanted = min(seconds * rule.restore_per_second, rule.maximum - _left(second))
    problem = "" if abs(back - wanted) <= 1.01 else f"{back:g} points came back in {seconds:g} s"
    yield bench.judged("the clock", problem, f"{wanted:g} points come back", third)


@law(
    "cost.empty_purse_throttles",
    "When a query may cost more than is left it is refused, costs nothing, and is let in when enough has come back.",
    when=costed,
    source=limit_rule,
    needs=("clock",),
)
def empties(bench: Bench) -> Iterator[Finding]:
    rule, graph = _rule(bench), _graph(bench)
    text, asked = _dear(graph, _rule(bench).single_maximum * 0.4)
    bench.control.advance(rule.maximum / rule.restore_per_second)
    refused, left, spent = None, rule.maximum, 0.0
    for _ in range(CALLS_MAXIMUM):
        exchange = graph.ask(text, patient=False)
        if bench.is_throttled(exchange):
            refused = exchange
            break
        spent += _cost(exchange).get("actualQueryCost") or 0
        if asked > left or spent > rule.maximum:
            yield bench.judged("a query dearer than what is left", "it was executed", "it is throttled", exchange)
            return
        left = _left(exchange)
    if refused is None:
        yield bench.skipped("an empty purse", f"{CALLS_MAXIMUM} queries did not empty it")
        return
    early = asked <= left - 1
    said = f"it is refused with {left:g} points left for {asked:g}" if early else ""
    yield bench.judged("the last that fits", said, "what fits is executed", refused)
    yield bench.refused("an empty purse", refused, "throttled")
    problem = "" if _cost(refused).get("actualQueryCost") is None else "a refusal is charged"
    yield bench.judged("a refusal", problem, "it costs nothing", refused)
    bench.control.advance((asked - left) / rule.restore_per_second + 0.02)
    exchange = graph.ask(text, patient=False)
    problem = "it is still refused" if bench.is_throttled(exchange) else ""
    yield bench.judged("later", problem, "it is let in when enough has come back", exchange)


@law(
    "cost.one_query_has_its_maximum",
    "A query that may cost more than one may is refused before it runs, however full the purse.",
    when=costed,
    source=limit_rule,
)
def single_maximum(bench: Bench) -> Iterator[Finding]:
    rule, graph = _rule(bench), _graph(bench)
    for points, wanted in ((rule.single_maximum * 1.1, False), (rule.single_maximum * 0.9, True)):
        text, _ = _dear(graph, points)
        exchange = graph.ask(text)
        body: Any = exchange.json
        executed = isinstance(body, dict) and body.get("data") is not None
        problem = "" if executed == wanted else "it was executed" if executed else "it was refused"
        about = f"a query of about {points:g} points"
        yield bench.judged(about, problem, f"one of more than {rule.single_maximum} is refused", exchange)


@law(
    "cost.refused_query_is_not_charged",
    "What does not parse or does not fit the schema costs nothing.",
    when=costed,
    source=limit_rule,
    needs=("clock",),
)
def refusal_free(bench: Bench) -> Iterator[Finding]:
    graph = _graph(bench)
    text, _ = _dear(graph, _rule(bench).single_maximum * 0.4)
    first = graph.ask(text)
    for wrong in ("query {", "query { seatrialNoSuchField }"):
        graph.ask(wrong)
    second = graph.ask(text)
    actual = _cost(second).get("actualQueryCost", 0)
    problem = (
        "" if abs(_left(first) - actual - _left(second)) <= 1 else f"{_left(first)} were left, {_left(second)} are"
    )
    yield bench.judged("refusals", problem, "only what ran is charged", second)


def _rule(bench: Bench) -> QueryCost:
    graph = _graph(bench)
    rule = bench.profile.rate_limits[graph.operation.rate_limit]
    assert isinstance(rule, QueryCost)  # noqa: S101 - the law's condition has looked
    return rule


def _graph(bench: Bench) -> Graph:
    assert bench.graph is not None  # noqa: S101 - the law's condition has looked
    return bench.graph


def _dear(graph: Graph, points: float) -> tuple[str, float]:
    """A query that asks for about so many points in many small parts, and for how many it does ask."""
    root = max(graph.connections(), key=lambda each: _one(graph, each))
    many = max(2, int(points / _one(graph, root)))
    text = f"query {{ {' '.join(f'part{number}: {_part(graph, root)}' for number in range(many))} }}"
    return text, float(_cost(graph.ask(text)).get("requestedQueryCost", 0))


def _one(graph: Graph, root: Root) -> float:
    """Points that one part asks for."""
    return max(1.0, float(_cost(graph.ask(f"query {{ {_part(graph, root)} }}")).get("requestedQueryCost", 1)))


def _part(graph: Graph, root: Root) -> str:
    return f"{root.name}{graph.arguments(root, first='10')} {{ nodes {{ __typename }} }}"


def _cost(exchange: Exchange) -> dict[str, Any]:
    body: Any = exchange.json
    found = body.get("extensions", {}).get("cost", {}) if isinstance(body, dict) else {}
    return found if isinstance(found, dict) else {}


def _left(exchange: Exchange) -> float:
    return float(_cost(exchange)["throttleStatus"]["currentlyAvailable"])
