"""The lists of a surface, and walking them as the profile says they are walked."""

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import msgspec
from msgspec import Struct

from contracts.contract import Operation
from contracts.profile import LinkHeader, PageNumber
from seatrial.verify.exchange import Exchange
from seatrial.verify.recipes import CannotAskError, named_in_path

if TYPE_CHECKING:
    from seatrial.verify.bench import Bench

PAGES_MAXIMUM = 400
PAGES_SHOWN_AT_OURS = 8
NEXT = re.compile(r'<([^>]*)>\s*;[^,]*rel="?next"?')


class Walk(Struct):
    """What walking a list came to: its rows in order, its pages, and why it stopped when that was not the end."""

    rows: list[Any] = []
    pages: list[Exchange] = []
    problem: str = ""

    @property
    def keys(self) -> list[str]:
        """The rows' identities in their order."""
        return [key_of(row) for row in self.rows]


class Lists:
    """The paged lists of one bench's surface."""

    def __init__(self, bench: "Bench") -> None:
        self._bench = bench

    def operations(self) -> Iterator[Operation]:
        """Operations that are paged, and can be asked."""
        for operation in self._bench.surface.operations:
            rule = self.rule(operation)
            if operation.built and operation.method == "GET" and rule is not None and not named_in_path(operation):
                yield operation

    def rule(self, operation: Operation) -> PageNumber | LinkHeader | None:
        """How the operation is walked; None when it is not."""
        rule = self._bench.profile.pagination.get(operation.pagination)
        if not isinstance(rule, (PageNumber, LinkHeader)):
            return None
        names = {each["name"] for each in operation.parameters if each["in"] == "query"}
        fixed = isinstance(rule, PageNumber) and not rule.size and rule.page in names
        return rule if fixed or rule.size in names else None

    def first_rows(self, operation: Operation, token: Any = ...) -> list[Any]:
        """The first page at its usual size; nothing when it cannot be had."""
        try:
            exchange = self._bench.ask(operation, token=token)
        except CannotAskError:
            return []
        return rows_in(self.rule(operation), exchange) or [] if exchange.good else []

    def first_rows_at_most(self, operation: Operation, token: Any = ...) -> list[Any]:
        """The first page at its largest size; nothing when it cannot be had."""
        rule = self.rule(operation)
        try:
            recipe = self._bench.recipes.of(operation)
        except CannotAskError:
            return []
        if rule is not None:
            recipe = recipe.asking(**sized(rule, rule.size_maximum))
        exchange = self._bench.ask(operation, recipe, token=token)
        return rows_in(rule, exchange) or [] if exchange.good else []

    def shown(self, operation: Operation, token: Any = ...) -> list[Any]:
        """All rows, of as many pages as are asked for without being a burden; nothing when they cannot be had."""
        rule = self.rule(operation)
        if rule is None:
            return []
        pages = PAGES_SHOWN_AT_OURS if self._bench.target.control is not None else 1
        try:
            return self.walk(operation, rule.size_maximum, token=token, pages_maximum=pages).rows
        except CannotAskError:
            return []

    def page(self, operation: Operation, **query: Any) -> Exchange:
        """One page. Raises CannotAskError."""
        return self._bench.ask(operation, self._bench.recipes.of(operation).asking(**query))

    def walk(
        self,
        operation: Operation,
        size: int,
        *,
        token: Any = ...,
        between: Callable[[int], None] | None = None,
        pages_maximum: int = PAGES_MAXIMUM,
    ) -> Walk:
        """Every page at a size, where one can be chosen, one after the other. `between` is called after each with its
        number from 1 on."""
        rule = self.rule(operation)
        steps = self._by_number if isinstance(rule, PageNumber) else self._by_link
        walked = Walk()
        for exchange in steps(operation, size, token):
            walked.pages.append(exchange)
            rows = rows_in(rule, exchange) if exchange.good else None
            if rows is None:
                walked.problem = f"page {len(walked.pages)} is not a page of rows"
                return walked
            walked.rows += rows
            if between is not None:
                between(len(walked.pages))
            if len(walked.pages) >= pages_maximum:
                walked.problem = f"there is no end after {pages_maximum} pages"
                return walked
        return walked

    def _by_number(self, operation: Operation, size: int, token: Any) -> Iterator[Exchange]:
        rule = self.rule(operation)
        assert isinstance(rule, PageNumber)  # noqa: S101 - walk() has looked
        recipe = self._bench.recipes.of(operation).asking(**sized(rule, size))
        page = rule.first
        while True:
            exchange = self._bench.ask(operation, recipe.asking(**{rule.page: page}), token=token)
            if page > rule.first and rule.past_the_end != "empty" and self._is_past(rule, exchange):
                return
            yield exchange
            if not (rows_in(rule, exchange) or []):
                return
            page += 1

    def _is_past(self, rule: PageNumber, exchange: Exchange) -> bool:
        known = self._bench.profile.errors.known
        return exchange.status == (404 if rule.past_the_end == "not_found" else known[rule.past_the_end].status)

    def _by_link(self, operation: Operation, size: int, token: Any) -> Iterator[Exchange]:
        rule = self.rule(operation)
        assert isinstance(rule, LinkHeader)  # noqa: S101 - walk() has looked
        recipe = self._bench.recipes.of(operation).asking(**{rule.size: size})
        while True:
            exchange = self._bench.ask(operation, recipe, token=token)
            yield exchange
            link = next_link(exchange)
            if link is None:
                return
            recipe = msgspec.structs.replace(recipe, query=tuple(parse_qsl(urlsplit(link).query)))


def sized(rule: PageNumber | LinkHeader, size: int) -> dict[str, int]:
    """The parameter that asks for pages of a size; none where nobody can choose."""
    return {rule.size: size} if rule.size else {}


def rows_in(rule: PageNumber | LinkHeader | None, exchange: Exchange) -> list[Any] | None:
    """The rows of a page; None when there are none to be found."""
    body = exchange.json
    if isinstance(body, list):
        return body
    if not isinstance(body, dict):
        return None
    member = rule.envelope.get("rows") if isinstance(rule, PageNumber) else None
    lists = [value for value in body.values() if isinstance(value, list)]
    found = body.get(member) if member else lists[0] if len(lists) == 1 else None
    return found if isinstance(found, list) else None


def next_link(exchange: Exchange) -> str | None:
    """Where `Link: <…>; rel="next"` leads."""
    for name, value in exchange.headers:
        if name == "link" and (found := NEXT.search(value)):
            return found.group(1)
    return None


def key_of(row: Any) -> str:
    """What makes a row itself and no other: its id, else all members that end like one, else all of it. Numbers count
    beside those: where rows are known by them, what ends like an id may be no more than a unit's or a currency's."""
    if isinstance(row, dict):
        if "id" in row:
            return str(row["id"])
        if ids := list(_ending(row, "id")):
            return " ".join([*ids, *_ending(row, "number")])
    return msgspec.json.encode(row, order="deterministic").decode()


def _ending(row: dict[str, Any], end: str) -> Iterator[str]:
    """Members that end like an id, or a number, at any depth but inside of lists."""
    for name, value in row.items():
        if isinstance(value, dict):
            yield from _ending(value, end)
        elif name.lower().endswith(end) and isinstance(value, (str, int)) and not isinstance(value, bool):
            yield str(value)
