"""How the vendor's own API says things: pages, filters, moments, money, and what became of each line of a bulk."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from mock_servers.core.clock import moment_of
from mock_servers.core.fake import Call, Work
from mock_servers.core.filters import All, Condition, Is, Some
from mock_servers.core.paging import Window
from mock_servers.core.refusal import Refusal
from mock_servers.core.store import Document
from mock_servers.core.wire import Listing, Reply

Json = dict[str, Any]

CURRENCY = "USD"
ERR_NO_PRODUCT = "ERR053"
ERR_NO_STOCK = "ERR097"
ERR_OTHER = "INVALID"
"""No source knows more codes than two; what else can go wrong has a word of ours in their place."""


def page(call: Call, kind: str, where: Condition | None, shown: Callable[[Document], Json] | None = None) -> Reply:
    """One page of a collection by ascending id, each document as it is shown, or as its view has it."""
    collection = call.collection(kind)
    window = Window(call, 1)
    if window.offset >= collection.count(where):
        return Reply(200, [])
    bounds = {"limit": window.limit, "offset": window.offset}
    if shown is None:
        return Reply(200, Listing(collection, collection.heads(where, **bounds)))
    return Reply(200, [shown(row) for row in collection.rows(where, **bounds)])


def part(call: Call, rows: Sequence[Json]) -> Reply:
    """One page of rows that are at hand."""
    window = Window(call, 1)
    return Reply(200, list(rows[window.offset : window.offset + window.limit]))


def given(call: Call, name: str) -> list[Any]:
    """The values of a list parameter: repeated, with commas, in quotes, or under `name[]` (dossier section 5)."""
    values = list(call.query.get(name, ()))
    values += [part for key, text in call.request.fields() if key == f"{name}[]" for part in text.split(",") if part]
    return [value.strip('"') if isinstance(value, str) else value for value in values if value != ""]


def ids_given(call: Call, name: str) -> list[str]:
    """Ids of a list parameter as they are kept. What is none under `name[]` is refused as it would be elsewhere."""
    found = given(call, name)
    for value in found:
        if not str(value).isascii() or not str(value).isdigit():
            raise Refusal("invalid_query", details=((name, f"{value} is no id"),))
    return [str(int(value)) for value in found]


def one_of(call: Call, name: str, member: str) -> Condition | None:
    """Exactly one of the values given."""
    values = given(call, name)
    return Is(member, "in", tuple(values)) if values else None


def prefixed(call: Call, name: str, member: str) -> Condition | None:
    """Beginning with one of the values given: the vendor appends a wildcard, and quotes do not prevent it (A20)."""
    values = given(call, name)
    return Some(*(Is(member, "starts", value) for value in values)) if values else None


def within(call: Call, name: str, member: str, *, start: str = "From", end: str = "To") -> Condition | None:
    """Between two moments, both inclusive (A28)."""
    bounds: list[Condition] = []
    for word, operator in ((start, ">="), (end, "<=")):
        if f"{name}{word}" in call.query:
            stamp = call.fake.stamp_of(moment(call.query[f"{name}{word}"], f"{name}{word}"))
            bounds.append(Is(member, operator, stamp))  # type: ignore[arg-type] # one of the two above
    return All(*bounds) if bounds else None


def number(call: Call, name: str) -> int:
    """A numeric filter; 0 is none."""
    return int(call.query.get(name, 0))


def every(*conditions: Condition | None) -> Condition | None:
    """All of those there are."""
    there = [condition for condition in conditions if condition is not None]
    return All(*there) if there else None


def moment(text: str, name: str) -> float:
    """Seconds of a moment in a query. Refuses what is none."""
    try:
        return moment_of(text)
    except (ValueError, OverflowError) as error:
        raise Refusal("invalid_query", details=((name, "is not a moment"),)) from error


def stamped(work: Work, text: str | None, name: str) -> str | None:
    """A moment in a body, as it is kept; null stays null. Refuses what is none."""
    if text is None:
        return None
    try:
        return work.fake.stamp_of(moment_of(text))
    except (ValueError, OverflowError) as error:
        raise Refusal("invalid_body", details=((name, "is not a moment"),)) from error


def money(amount: Json | None, currency: str = CURRENCY) -> Json:
    """Money as shown; where nothing was said, none of it."""
    return {"amount": amount["amount"], "currency": amount["currency"]} if amount else none_of(currency)


def none_of(currency: str = CURRENCY) -> Json:
    return {"amount": 0, "currency": currency}


class Line(Exception):  # noqa: N818 - it is an answer about one line, not an accident
    """One line of a bulk cannot be done."""

    def __init__(self, message: str, field: str | None = None, identifier: Any = None, code: str = ERR_OTHER) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.identifier = identifier
        self.code = code

    def told(self, index: int) -> Json:
        """As the vendor tells it; `index` counts from 1."""
        return {
            "errorCode": self.code,
            "fieldName": self.field,
            "identifier": self.identifier,
            "index": index,
            "message": self.message,
            "severity": "CRITICAL",
            "userIdentifier": None,
        }


def each_line(lines: Iterable[Any], does: Callable[[Any], Json]) -> tuple[list[Json], list[Json]]:
    """Do each line by itself: what came of those that could be done, and what is wrong with the others."""
    results, errors = [], []
    for index, line in enumerate(lines, 1):
        try:
            results.append(does(line))
        except Line as wrong:
            errors.append(wrong.told(index))
    return results, errors


def bulk(lines: Sequence[Any], does: Callable[[Any], Json], *, partly: int = 200) -> Reply:
    """A bulk and its answer. `partly` is the status when only some could be done."""
    results, errors = each_line(lines, does)
    return bulk_told(results, errors, len(lines), partly=partly)


def bulk_told(results: list[Json], errors: list[Json], lines: int, *, partly: int = 200, status: int = 200) -> Reply:
    """What came of a bulk of so many lines."""
    told = {"message": f"{lines - len(errors)} of {lines} records processed", "results": results, "errors": errors}
    return Reply(partly if errors else status, told)
