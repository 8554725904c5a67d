"""A GraphQL endpoint answers as its SDL types it, refuses what the SDL does not know, and guards each field."""

from collections.abc import Iterator

import graphql as gq

from seatrial.verify.bench import NO_SECOND, Bench
from seatrial.verify.conditions import graph, guarded_graph, mutable_graph, operation_rule
from seatrial.verify.exchange import Exchange
from seatrial.verify.graph import Graph, Root
from seatrial.verify.growth import Growth
from seatrial.verify.law import Finding, law
from seatrial.verify.recipes import CannotAskError

UNPARSED = (
    "query {",
    "}",
    "",
    "query { __typename",
    "seatrial",
    "{" * 5000,
    "\x00",
    "query A { __typename } query B { __typename }",
)


@law(
    "graphql.queries_are_as_typed",
    "Every field of the query type answers what its type says, to the depth of what it holds.",
    when=graph,
    source=operation_rule,
)
def queries_typed(bench: Bench) -> Iterator[Finding]:
    here = _graph(bench)
    for root in here.roots():
        if not root.built:
            continue
        try:
            text = here.text(root)
        except CannotAskError as error:
            yield bench.skipped(root.name, str(error))
            continue
        exchange = here.ask(text)
        problem = here.problem(text, exchange) or ("" if _made_up(root) else _said(here.errors(exchange)))
        yield bench.judged(root.name, problem, "what the SDL says", exchange, root.evidence)


@law(
    "graphql.mutations_are_as_typed",
    "Every mutation answers what its type says, whether it does what was asked or tells why not.",
    when=mutable_graph,
    source=operation_rule,
    writes=True,
    needs=("clock",),
)
def mutations_typed(bench: Bench) -> Iterator[Finding]:
    busy = Growth(bench)
    for act in list(busy.acts()):
        busy.act(act)
    here = bench.new_graph()
    for root in here.roots("mutation"):
        if not root.built:
            continue
        try:
            text = here.text(root, kind="mutation")
        except CannotAskError as error:
            yield bench.skipped(root.name, str(error))
            continue
        exchange = here.ask(text)
        yield bench.judged(root.name, here.problem(text, exchange), "what the SDL says", exchange, root.evidence)


@law(
    "graphql.unbuilt_fields_say_so",
    "A field that is declared and not built answers with an error, and never pretends.",
    when=graph,
    source=operation_rule,
    needs=("faults",),
)
def unbuilt_says_so(bench: Bench) -> Iterator[Finding]:
    here = _graph(bench)
    for kind in ("query", "mutation"):
        for root in here.roots(kind):
            if root.built:
                continue
            try:
                exchange = here.ask(here.text(root, kind=kind, depth=0))
            except CannotAskError:
                continue
            told = bool(here.errors(exchange)) and here.data(root, exchange) is None
            yield bench.judged(root.name, "" if told else "it is answered", "an error, and nothing else", exchange)


@law(
    "graphql.unknown_fields_are_refused",
    "What the SDL does not know is refused, and nothing of the document is executed.",
    when=graph,
    source=operation_rule,
)
def unknown_refused(bench: Bench) -> Iterator[Finding]:
    here = _graph(bench)
    root = next(here.connections(), None)
    inner = f"query {{ {root.name}(first: 1) {{ seatrialNoSuchField }} }}" if root else "query { seatrialNoSuchField }"
    for what, text in (
        ("a field at the root", "query { seatrialNoSuchField __typename }"),
        ("a field within", inner),
        ("an argument", f"query {{ {root.name if root else '__typename'}(first: 1, seatrialNo: 1) {{ __typename }} }}"),
        ("a fragment", "query { ...SeatrialNone }"),
        ("a variable", "query { __typename @include(if: $seatrial) }"),
        ("a directive", "query { __typename @seatrialNone }"),
    ):
        exchange = here.ask(text)
        yield bench.judged(what, _executed(exchange), "errors, and no data", exchange)


@law(
    "graphql.documents_that_do_not_parse_are_refused",
    "A text that is no GraphQL is refused without being executed.",
    when=graph,
    source=operation_rule,
)
def unparsed_refused(bench: Bench) -> Iterator[Finding]:
    here = _graph(bench)
    for text in UNPARSED:
        exchange = here.ask(text)
        yield bench.judged(text[:30] or "nothing", _executed(exchange), "a refusal, and no data", exchange)


@law(
    "graphql.variables_are_checked",
    "A variable of another type than declared is refused before anything runs.",
    when=graph,
    source=operation_rule,
)
def variables_checked(bench: Bench) -> Iterator[Finding]:
    here = _graph(bench)
    root = next(here.connections(), None)
    if root is None:
        yield bench.skipped(bench.surface.name, "there is no connection to ask")
        return
    text = f"query ($n: Int!) {{ {root.name}(first: $n) {{ nodes {{ id }} }} }}"
    good = here.ask(text, variables={"n": 1})
    problem = "" if here.data(root, good) is not None else "a good variable is refused"
    yield bench.judged("a number", problem, "data", good)
    for what, variables in (
        ("text", {"n": "x"}),
        ("null", {"n": None}),
        ("absent", {}),
        ("an object", {"n": {"a": 1}}),
    ):
        exchange = here.ask(text, variables=variables)
        yield bench.judged(what, _executed(exchange), "errors, and no data", exchange)


@law(
    "graphql.aliases_and_fragments_change_no_value",
    "The same thing asked under another name, or by way of a fragment, is the same.",
    when=graph,
    source=operation_rule,
)
def aliases(bench: Bench) -> Iterator[Finding]:
    here = _graph(bench)
    for root in here.connections():
        plain = here.ask(f"query {{ {root.name}(first: 3) {{ nodes {{ id }} }} }}")
        of = here.node_type(root).name
        other = here.ask(
            f"query {{ {root.name}(first: 3) {{ many: nodes {{ ...Key other: id }} }} }} fragment Key on {of} {{ id }}"
        )
        rows = (here.data(root, plain) or {}).get("nodes")
        wanted = [{"id": row["id"], "other": row["id"]} for row in rows or []]
        problem = "" if (here.data(root, other) or {}).get("many") == wanted else "the answers differ"
        yield bench.judged(root.name, problem, "the same ids", other)


@law(
    "graphql.fields_are_guarded_by_their_scopes",
    "A token without any of a field's scopes is denied that field, and is told so.",
    when=guarded_graph,
    source=operation_rule,
)
def fields_guarded(bench: Bench) -> Iterator[Finding]:
    here = _graph(bench)
    control = bench.target.control
    token = control.grant((), None) if control else bench.target.credentials.limited.get("access_token")
    if not isinstance(token, str):
        yield bench.skipped(bench.surface.name, "no token can be had that lacks a scope")
        return
    for root in here.roots():
        if not root.built or not root.scopes:
            continue
        try:
            text = here.text(root, depth=-1)
        except CannotAskError as error:
            yield bench.skipped(root.name, str(error))
            continue
        exchange = here.ask(text, token=token)
        denied = bool(here.errors(exchange)) and not here.data(root, exchange)
        problem = "" if denied else "it is answered, or no error says why not"
        yield bench.judged(root.name, problem, f"one of {', '.join(root.scopes)} is needed", exchange, root.evidence)


@law(
    "graphql.unknown_ids_are_nothing",
    "An id that nothing has is answered with null or an error, never with another thing.",
    when=graph,
    source=operation_rule,
)
def unknown_ids(bench: Bench) -> Iterator[Finding]:
    here = _graph(bench)
    ids = here.known_ids()
    for root in here.roots():
        of = gq.get_named_type(root.field.type).name
        if not root.built or list(root.field.args) != ["id"] or not ids.get(of):
            continue
        unknown = f"{ids[of][0].split('?')[0].rstrip('0123456789')}987654321098765"
        text = f'query {{ {root.name}(id: "{unknown}") {{ __typename }} }}'
        exchange = here.ask(text)
        problem = "" if here.data(root, exchange) is None else "something is answered"
        yield bench.judged(root.name, problem, "null", exchange, root.evidence)


@law(
    "graphql.other_account_sees_nothing_of_ours",
    "Another account's token shows no node of ours, in connections or by its id.",
    when=guarded_graph,
    source=operation_rule,
)
def other_account(bench: Bench) -> Iterator[Finding]:
    here = _graph(bench)
    token = bench.tokens.second()
    if token is None:
        yield bench.skipped(bench.surface.name, NO_SECOND)
        return
    ours, theirs = here.state(), here.state(token)
    for name, rows in ours.items():
        seen = [row for row in theirs.get(name) or [] if row in (rows or [])]
        exchange = bench.target.heard[-1]
        yield bench.judged(name, f"{len(seen)} of our rows are seen" if seen else "", "its own rows", exchange)
    for root in here.roots():
        if not root.built or list(root.field.args) != ["id"]:
            continue
        try:
            text = here.text(root, depth=0)
        except CannotAskError:
            continue
        mine, other = here.ask(text), here.ask(text, token=token)
        same = here.data(root, mine) is not None and here.data(root, mine) == here.data(root, other)
        yield bench.judged(root.name, "our node is seen by its id" if same else "", "null", other, root.evidence)


def _graph(bench: Bench) -> Graph:
    assert bench.graph is not None  # noqa: S101 - the law's condition has looked
    return bench.graph


def _executed(exchange: Exchange) -> str:
    """Why an answer is not a refusal without data; empty when it is one."""
    body = exchange.json
    if exchange.status is None or exchange.status >= 500:
        return f"answered {exchange.status}"
    if isinstance(body, dict) and body.get("data"):
        return "there is data"
    return "" if isinstance(body, dict) and body.get("errors") else "there are no errors"


def _made_up(root: Root) -> bool:
    """It needs more than an id, so that what it was asked may well be refused."""
    needed = (each.type for each in root.field.args.values() if gq.is_required_argument(each))
    return any(gq.get_named_type(of).name not in {"ID", "Int"} for of in needed)


def _said(errors: list[object]) -> str:
    return f"there are errors: {errors!r:.300}" if errors else ""
