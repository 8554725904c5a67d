"""Lists: the pages joined are the collection, each row once, with sizes, ends and newcomers as the profile says."""

from collections.abc import Iterator
from typing import Any

from contracts.contract import Operation
from contracts.profile import LinkHeader, PageNumber
from seatrial.verify.bench import Bench
from seatrial.verify.conditions import growing, linked_pages, listed, numbered_pages, paging_rule, telling_pages
from seatrial.verify.law import Finding, law
from seatrial.verify.lists import rows_in, sized
from seatrial.verify.recipes import makes_in

SIZES = (1, 2, 7, 25)
ROWS_WALKED_ONE_BY_ONE = 80
ARRIVALS = 2


@law(
    "paging.pages_joined_are_the_collection",
    "Whatever the size of a page, the pages joined are the collection: no row twice, none missing, in one order.",
    when=listed,
    source=paging_rule,
)
def joined(bench: Bench) -> Iterator[Finding]:
    for operation, rule in _lists(bench):
        whole = bench.lists.walk(operation, rule.size_maximum)
        if whole.problem:
            yield bench.judged(operation.id, whole.problem, "rows", whole.pages[-1])
            continue
        if not whole.rows:
            yield bench.skipped(operation.id, "the list is empty")
            continue
        for size in _sizes(rule, len(whole.rows)):
            walked = bench.lists.walk(operation, size)
            problem = walked.problem or _difference(whole.keys, walked.keys)
            yield bench.judged(f"{operation.id} by {size}", problem, "the same rows as at once", walked.pages[-1])


@law(
    "paging.pages_hold_their_size",
    "Every page but the last holds as many rows as were asked for, or as are usual when nothing was asked.",
    when=listed,
    source=paging_rule,
)
def page_sizes(bench: Bench) -> Iterator[Finding]:
    for operation, rule in _lists(bench):
        total = len(bench.lists.walk(operation, rule.size_maximum).rows)
        for size in (None, 1, 7, rule.size_maximum) if rule.size else (None,):
            exchange = bench.lists.page(operation, **(sized(rule, size) if size else {}))
            rows = rows_in(rule, exchange)
            wanted = min(size or rule.size_default, total)
            problem = "" if rows is not None and len(rows) == wanted else f"{len(rows or ())} rows of {total}"
            yield bench.judged(f"{operation.id}, size {size or 'not given'}", problem, f"{wanted} rows", exchange)


@law(
    "paging.size_has_its_maximum",
    "The largest size is served; one more is refused or cut to the largest, as the profile says.",
    when=listed,
    source=paging_rule,
)
def size_maximum(bench: Bench) -> Iterator[Finding]:
    for operation, rule in _sized_lists(bench):
        most = bench.lists.page(operation, **{rule.size: rule.size_maximum})
        problem = "" if most.good else f"answered {most.status}"
        yield bench.judged(f"{operation.id}, size {rule.size_maximum}", problem, "a page", most)
        exchange = bench.lists.page(operation, **{rule.size: rule.size_maximum + 1})
        about = f"{operation.id}, size {rule.size_maximum + 1}"
        if rule.over_maximum == "refuse":
            yield bench.refused(about, exchange, "invalid_query")
        else:
            same = exchange.good and rows_in(rule, exchange) == rows_in(rule, most)
            problem = "" if same else f"answered {exchange.status}, or other rows"
            yield bench.judged(about, problem, f"cut to {rule.size_maximum}", exchange)


@law(
    "paging.size_that_is_none_is_refused",
    "A size of zero, below zero, or no number is refused.",
    when=listed,
    source=paging_rule,
)
def size_garbage(bench: Bench) -> Iterator[Finding]:
    for operation, rule in _sized_lists(bench):
        for size in (0, -1, "seatrial", "1e3"):
            exchange = bench.lists.page(operation, **{rule.size: size})
            yield bench.refused(f"{operation.id}, size {size}", exchange, "invalid_query")


@law(
    "paging.page_numbers_have_their_ends",
    "Past the last page is an empty page or not found, as the profile says; before the first is nothing to ask for.",
    when=numbered_pages,
    source=paging_rule,
)
def page_ends(bench: Bench) -> Iterator[Finding]:
    for operation, rule in _lists(bench):
        if not isinstance(rule, PageNumber):
            continue
        whole = bench.lists.walk(operation, rule.size_maximum)
        past = rule.first + len(whole.rows) // rule.size_default + 1
        for page in (past, past + 1000):
            exchange = bench.lists.page(operation, **{rule.page: page})
            about = f"{operation.id}, page {page}"
            if rule.past_the_end != "empty":
                yield bench.refused(about, exchange, rule.past_the_end)
            else:
                rows = rows_in(rule, exchange)
                problem = "" if exchange.good and rows == [] else f"answered {exchange.status} with {rows!r:.80}"
                yield bench.judged(about, problem, "an empty page", exchange)
        pages = [each["schema"] for each in operation.parameters if each["name"] == rule.page]
        lowest = min([rule.first, *(schema.get("minimum", rule.first) for schema in pages)])
        for none in (lowest - 1, "seatrial"):
            exchange = bench.lists.page(operation, **{rule.page: none})
            yield bench.refused(f"{operation.id}, page {none}", exchange, "invalid_query")


@law(
    "paging.counts_are_true",
    "What a page says of itself is so: its number, its size, how many rows and pages there are.",
    when=telling_pages,
    source=paging_rule,
)
def counts(bench: Bench) -> Iterator[Finding]:
    for operation, rule in _lists(bench):
        if not isinstance(rule, PageNumber) or not (set(rule.envelope) - {"rows"} or rule.headers):
            continue
        total = len(bench.lists.walk(operation, rule.size_maximum).rows)
        usual = ((rule.first, rule.size_maximum), (rule.first + 1, 3), (rule.first, 1))
        for page, size in usual if rule.size else ((rule.first, rule.size_default),):
            exchange = bench.lists.page(operation, **{rule.page: page}, **sized(rule, size))
            true = {"page": page, "size": size, "total": total, "pages": -(-total // size)}
            wrong = [
                f"{member} is {_member(exchange.json, member)}, not {true[word]}"
                for word, member in rule.envelope.items()
                if word in true and _member(exchange.json, member) != true[word]
            ]
            wrong += [
                f"{name} is {exchange.header(name)}, not {true[word]}"
                for word, name in rule.headers.items()
                if exchange.header(name) != str(true[word])
            ]
            yield bench.judged(f"{operation.id}, page {page} by {size}", "; ".join(wrong), "true counts", exchange)


@law(
    "paging.rows_that_arrive_while_walking_hide_none",
    "Rows that arrive while a list is walked hide no row that was there before; they repeat one only where the newest"
    " come first.",
    when=growing,
    source=paging_rule,
    writes=True,
)
def arriving(bench: Bench) -> Iterator[Finding]:
    for operation, rule in _lists(bench):
        maker = makes_in(bench.contract, operation)
        if maker is None or bench.perform(maker) is None:
            yield bench.skipped(operation.id, "nothing is known that would add a row")
            continue
        before = bench.lists.walk(operation, rule.size_maximum)
        size = max(2, len(before.rows) // 4)
        made = [0]

        def arrive(page: int, maker: Operation = maker, made: list[int] = made) -> None:
            if page <= ARRIVALS:
                made[0] += bench.perform(maker) is not None

        walked = bench.lists.walk(operation, size, between=arrive)
        newest_first = isinstance(rule, PageNumber) and rule.newest_first
        problem = walked.problem or _lost_or_twice(before.keys, walked.keys, twice_too=not newest_first)
        if not made[0]:
            yield bench.skipped(operation.id, "no row arrived")
        else:
            expected = "each old row" if newest_first else "each old row once"
            yield bench.judged(f"{operation.id} by {size}", problem, expected, walked.pages[-1])


@law(
    "paging.new_row_is_counted_once",
    "A row that was made is one more in its list, however often the list is read.",
    when=growing,
    source=paging_rule,
    writes=True,
)
def one_more(bench: Bench) -> Iterator[Finding]:
    for operation, rule in _lists(bench):
        maker = makes_in(bench.contract, operation)
        if maker is None:
            continue
        before = bench.lists.walk(operation, rule.size_maximum).keys
        exchange = bench.perform(maker)
        if exchange is None:
            yield bench.skipped(operation.id, "nothing is known that would add a row")
            continue
        after = bench.lists.walk(operation, rule.size_maximum).keys
        more = len(after) - len(before)
        problem = "" if more == 1 and set(before) < set(after) else f"{more} more rows, or old ones missing"
        yield bench.judged(operation.id, problem, "one more", exchange)


@law(
    "paging.garbage_cursor_is_refused",
    "A cursor nobody handed out is refused, and never read as the beginning.",
    when=linked_pages,
    source=paging_rule,
)
def garbage_cursor(bench: Bench) -> Iterator[Finding]:
    for operation, rule in _lists(bench):
        if not isinstance(rule, LinkHeader):
            continue
        for cursor in ("seatrial", "", "////", "eyJzZXEiOiAxfQ"):
            exchange = bench.lists.page(operation, **{rule.cursor: cursor})
            yield bench.refused(f"{operation.id}, cursor {cursor!r}", exchange, "invalid_query")


@law(
    "paging.last_page_links_nowhere",
    "A page with nothing behind it has no next link, even when it is exactly full.",
    when=linked_pages,
    source=paging_rule,
)
def last_page(bench: Bench) -> Iterator[Finding]:
    for operation, rule in _lists(bench):
        if not isinstance(rule, LinkHeader):
            continue
        total = len(bench.lists.walk(operation, rule.size_maximum).rows)
        full = [size for size in range(1, rule.size_maximum + 1) if total % size == 0]
        if not total:
            yield bench.skipped(operation.id, "the list is empty")
            continue
        walked = bench.lists.walk(operation, full[-1])
        problem = "" if len(walked.pages) == total // full[-1] else f"there are {len(walked.pages)} pages"
        yield bench.judged(f"{operation.id} by {full[-1]} of {total}", problem, "full pages alone", walked.pages[-1])


def _lists(bench: Bench) -> Iterator[tuple[Operation, PageNumber | LinkHeader]]:
    for operation in bench.lists.operations():
        rule = bench.lists.rule(operation)
        if rule is not None:
            yield operation, rule


def _sized_lists(bench: Bench) -> Iterator[tuple[Operation, PageNumber | LinkHeader]]:
    """Lists whose pages are as large as one asks for."""
    return ((operation, rule) for operation, rule in _lists(bench) if rule.size)


def _member(body: Any, path: str) -> Any:
    """What is under a dotted name; None when nothing is."""
    for name in path.split("."):
        body = body.get(name) if isinstance(body, dict) else None
    return body


def _sizes(rule: PageNumber | LinkHeader, rows: int) -> Iterator[int]:
    if not rule.size:
        return
    for size in (*SIZES, rows, rows + 1):
        if 1 <= size < rule.size_maximum and (size > 1 or rows <= ROWS_WALKED_ONE_BY_ONE):
            yield size


def _difference(whole: list[str], walked: list[str]) -> str:
    if len(walked) != len(set(walked)):
        return f"{len(walked) - len(set(walked))} rows came twice"
    missing, extra = set(whole) - set(walked), set(walked) - set(whole)
    if missing or extra:
        return f"{len(missing)} rows are missing, {len(extra)} are not of the collection"
    return "" if whole == walked else "the order differs"


def _lost_or_twice(before: list[str], walked: list[str], *, twice_too: bool) -> str:
    missing = [key for key in before if key not in set(walked)]
    if missing:
        return f"{len(missing)} rows that were there are not seen"
    twice = len(walked) - len(set(walked))
    return f"{twice} rows are seen twice" if twice and twice_too else ""
