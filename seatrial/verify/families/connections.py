"""GraphQL connections: forward, backward, by any size, the pages joined are the collection."""

from collections.abc import Iterator

from seatrial.verify.bench import Bench
from seatrial.verify.conditions import connected, paging_rule
from seatrial.verify.graph import Graph, Root, quoted
from seatrial.verify.growth import Growth
from seatrial.verify.law import Finding, law

PAGES_WALKED_MAXIMUM = 32
ARRIVALS = 2


@law(
    "connections.pages_joined_are_the_collection",
    "Whatever the size of a page, the pages joined are the collection: no node twice, none missing, in one order.",
    when=connected,
    source=paging_rule,
)
def joined(bench: Bench) -> Iterator[Finding]:
    for here, root in _connections(bench):
        whole = here.walk(root, here.size_maximum)
        for size in _sizes(len(whole.keys)):
            walked = here.walk(root, size)
            problem = walked.problem or _difference(whole.keys, walked.keys)
            yield bench.judged(f"{root.name} by {size}", problem, "the same nodes as at once", walked.pages[-1])


@law(
    "connections.backward_is_the_same_collection",
    "Walked from the end with last and before, a connection shows the same nodes in the same order.",
    when=connected,
    source=paging_rule,
)
def backward(bench: Bench) -> Iterator[Finding]:
    for here, root in _connections(bench):
        if not {"last", "before"} <= root.field.args.keys():
            continue
        whole = here.walk(root, here.size_maximum)
        for size in (3, max(1, len(whole.keys) - 1)):
            walked = here.walk(root, size, backward=True)
            problem = walked.problem or _difference(whole.keys, walked.keys)
            yield bench.judged(f"{root.name} by {size}", problem, "the same nodes as forward", walked.pages[-1])


@law(
    "connections.reverse_turns_the_order_round",
    "With reverse, the same nodes come in the opposite order.",
    when=connected,
    source=paging_rule,
)
def reverse(bench: Bench) -> Iterator[Finding]:
    for here, root in _connections(bench):
        if "reverse" not in root.field.args:
            continue
        count = str(here.size_maximum)
        plain = _keys(here, root, first=count)
        turned = _keys(here, root, first=count, reverse="true")
        problem = "" if plain[::-1] == turned else "it is not the order turned round"
        yield bench.judged(root.name, problem, "the last first", bench.target.heard[-1])


@law(
    "connections.size_has_its_maximum",
    "The largest size is served, one more is refused, and so is a size below zero.",
    when=connected,
    source=paging_rule,
)
def size_maximum(bench: Bench) -> Iterator[Finding]:
    for here, root in _connections(bench):
        for size, good in ((here.size_maximum, True), (here.size_maximum + 1, False), (-1, False)):
            text = f"query {{ {root.name}{here.arguments(root, first=str(size))} {{ nodes {{ __typename }} }} }}"
            exchange = here.ask(text)
            served = here.rows(root, exchange) is not None and not here.errors(exchange)
            problem = "" if served == good else ("it is refused" if good else "it is served")
            yield bench.judged(f"{root.name}(first: {size})", problem, "a page" if good else "an error", exchange)


@law(
    "connections.page_info_is_true",
    "What a page says of itself is so: whether more follows, and the cursors of its ends; edges and nodes agree.",
    when=connected,
    source=paging_rule,
)
def page_info(bench: Bench) -> Iterator[Finding]:
    for here, root in _connections(bench):
        whole = here.walk(root, here.size_maximum)
        for size in (1, max(1, len(whole.keys) - 1), max(1, len(whole.keys))):
            exchange = here.ask(f"query {{ {root.name}{here.arguments(root, first=str(size))} {here.page()} }}")
            connection = here.rows(root, exchange) or {}
            edges, told = connection.get("edges", []), connection.get("pageInfo", {})
            wrong = []
            if told.get("hasNextPage") != (size < len(whole.keys)):
                wrong.append(f"hasNextPage is {told.get('hasNextPage')}")
            if told.get("hasPreviousPage"):
                wrong.append("hasPreviousPage on the first page")
            if [edge["node"] for edge in edges] != connection.get("nodes"):
                wrong.append("edges and nodes differ")
            ends = [edge["cursor"] for edge in edges]
            if edges and (told.get("startCursor"), told.get("endCursor")) != (ends[0], ends[-1]):
                wrong.append("the cursors are not those of the ends")
            if len(set(ends)) != len(ends):
                wrong.append("a cursor comes twice")
            about = f"{root.name}(first: {size}) of {len(whole.keys)}"
            yield bench.judged(about, "; ".join(wrong), "what is so", exchange)


@law(
    "connections.end_at_the_end",
    "After the last node there is an empty page with nothing behind it.",
    when=connected,
    source=paging_rule,
)
def ends(bench: Bench) -> Iterator[Finding]:
    for here, root in _connections(bench):
        whole = here.walk(root, here.size_maximum)
        last = (here.rows(root, whole.pages[-1]) or {}).get("pageInfo", {}).get("endCursor")
        if last is None:
            yield bench.skipped(root.name, "it is empty")
            continue
        exchange = here.ask(
            f"query {{ {root.name}{here.arguments(root, first='5', after=quoted(last))} {here.page()} }}"
        )
        connection = here.rows(root, exchange) or {}
        empty = connection.get("edges") == [] and connection.get("pageInfo", {}).get("hasNextPage") is False
        yield bench.judged(root.name, "" if empty else "there is something", "an empty page", exchange)


@law(
    "connections.garbage_cursor_is_refused",
    "A cursor nobody handed out is refused, and never read as the beginning.",
    when=connected,
    source=paging_rule,
)
def garbage_cursor(bench: Bench) -> Iterator[Finding]:
    for here, root in _connections(bench):
        for cursor in ("seatrial", "////"):
            given = here.arguments(root, first="2", after=quoted(cursor))
            exchange = here.ask(f"query {{ {root.name}{given} {{ nodes {{ __typename }} }} }}")
            problem = "" if here.errors(exchange) else "there is no error"
            yield bench.judged(f"{root.name}, cursor {cursor!r}", problem, "an error", exchange)


@law(
    "connections.nodes_that_arrive_while_walking_hide_none",
    "Nodes that arrive while a connection is walked neither hide nor repeat a node that was there before.",
    when=connected,
    source=paging_rule,
    writes=True,
    needs=("actions",),
)
def arriving(bench: Bench) -> Iterator[Finding]:
    growth = Growth(bench)
    for here, root in _connections(bench):
        if growth.grows(root.name) is None:
            yield bench.skipped(root.name, "nothing is known that would add a node")
            continue
        before = here.walk(root, here.size_maximum)
        size = max(2, len(before.keys) // 4)
        made = [0]

        def arrive(page: int, name: str = root.name, made: list[int] = made) -> None:
            if page <= ARRIVALS:
                made[0] += growth.grow(name)

        walked = here.walk(root, size, between=arrive)
        problem = walked.problem or _lost_or_twice(before.keys, walked.keys)
        yield bench.judged(
            f"{root.name} by {size}", problem, f"each old node once, {made[0]} arrived", walked.pages[-1]
        )


def _connections(bench: Bench) -> Iterator[tuple[Graph, Root]]:
    """Connections whose nodes have ids, and that can be read."""
    here = bench.graph
    for root in here.connections() if here else ():
        if here is not None and "id" in here.node_type(root).fields:
            yield here, root


def _keys(here: Graph, root: Root, **given: str) -> list[str]:
    exchange = here.ask(f"query {{ {root.name}{here.arguments(root, **given)} {{ nodes {{ id }} }} }}")
    return [node["id"] for node in (here.rows(root, exchange) or {}).get("nodes", [])]


def _sizes(rows: int) -> Iterator[int]:
    for size in (1, 2, 7, rows, rows + 1):
        if size >= 1 and rows // size <= PAGES_WALKED_MAXIMUM:
            yield size


def _difference(whole: list[str], walked: list[str]) -> str:
    if len(walked) != len(set(walked)):
        return f"{len(walked) - len(set(walked))} nodes came twice"
    missing, extra = set(whole) - set(walked), set(walked) - set(whole)
    if missing or extra:
        return f"{len(missing)} nodes are missing, {len(extra)} are not of the collection"
    return "" if whole == walked else "the order differs"


def _lost_or_twice(before: list[str], walked: list[str]) -> str:
    missing = [key for key in before if key not in set(walked)]
    if missing:
        return f"{len(missing)} nodes that were there are not seen"
    twice = len(walked) - len(set(walked))
    return f"{twice} nodes are seen twice" if twice else ""
