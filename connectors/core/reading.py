"""From a vendor's document to a typed one, or to an error that says where it went wrong."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, TypeVar

import msgspec

from connectors.canonical import Money
from connectors.core.errors import Unreadable

D = TypeVar("D")
R = TypeVar("R")

Moment = Annotated[datetime, msgspec.Meta(tz=True)]
"""A time with its offset; one without is refused, since nobody could say when it was."""


def as_document(document: Any, kind: type[D]) -> D:
    """The document checked against its shape, unknown fields ignored; raises `Unreadable` naming the fault's path."""
    try:
        return msgspec.convert(document, kind)
    except msgspec.ValidationError as error:
        raise Unreadable(f"{_named(document)} has another shape than expected: {error}") from error


def mapped(document: Any, kind: type[D], mapping: Callable[[D], R]) -> R:
    """Check and map in one step; whatever the mapping cannot make sense of is `Unreadable` too."""
    checked = as_document(document, kind)
    return understood(_named(document), lambda: mapping(checked))


def understood(name: str, make: Callable[[], R]) -> R:
    """What `make` gives; its `ValueError` about the vendor's values becomes `Unreadable`."""
    try:
        return make()
    except (ValueError, ArithmeticError) as error:
        raise Unreadable(f"{name} makes no sense: {error}") from error


def dig(document: Any, *path: str) -> Any:
    """The value at that path; None where there is null on the way. Raises `Unreadable` where there is no such path."""
    for step in path:
        if document is None:
            return None
        if not isinstance(document, Mapping) or step not in document:
            raise Unreadable(f"the answer has nothing at {'.'.join(path)}")
        document = document[step]
    return document


def money(amount: Decimal | int, currency: str) -> Money:
    """An amount that is a number; raises `ValueError` for NaN and infinity, which decimals can also be."""
    value = Decimal(amount)
    if not value.is_finite():
        raise ValueError(f"{value} is not an amount of money")
    return Money(value, currency)


def in_utc(moment: datetime) -> datetime:
    """The same moment, in UTC."""
    return moment.astimezone(UTC)


def stamp(moment: datetime) -> str:
    """ISO 8601 in UTC to the second, rounded down: `2026-11-20T10:15:00Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _named(document: Any) -> str:
    name = document.get("id") if isinstance(document, Mapping) else None
    return f"record {str(name)[:60]}" if isinstance(name, str | int) else "a record"
