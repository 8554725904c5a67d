"""How Warehouse Manager is asked in HAL, and what its answers and its exceptions look like."""

from collections.abc import Callable, Sequence
from typing import Any

from connectors.core.errors import Unreadable
from connectors.core.http import Complaint
from connectors.core.paging import Document, rows_of
from connectors.core.wire import Answer, segment

HAL = {"Accept": "application/hal+json"}
REL = "http://api.3plCentral.com/rels/"
ORDERS, ITEMS, FACILITIES = REL + "orders/order", REL + "customers/item", REL + "properties/facility"


def embedded(rel: str) -> Callable[[Document], Sequence[Document]]:
    """Rows by their relation; without any, `_embedded` or its member is left out."""

    def read(document: Document) -> Sequence[Document]:
        embedded = document.get("_embedded")
        if embedded is None:
            return []
        if not isinstance(embedded, dict):
            raise Unreadable("the page has another shape than expected: _embedded is not an object")
        return rows_of(embedded, rel) if embedded else []

    return read


def summaries(document: Document) -> Sequence[Document]:
    return rows_of(document, "summaries") if "summaries" in document else []


def nothing(answer: Answer) -> None:
    """Done, without a word; anything else is another answer than agreed."""
    if answer.status != 204:
        raise answer.error(Unreadable, f"{answer.status} was answered, and not 204")


def escaped(text: str) -> str:
    """A value in RQL, where it is decoded once more than elsewhere. Raises `Invalid` for what UTF-8 cannot say."""
    return segment(text)


def complaint(answer: Answer) -> Complaint:
    """An exception's body: `ErrorCode` and `Hint`, with what it is about; or `Message` alone."""
    try:
        document = answer.json()
    except Unreadable:
        return Complaint()
    if not isinstance(document, dict):
        return Complaint()
    code = _text(document.get("ErrorCode"))
    about = [_text(each) for each in _list(document.get("Parameters"))]
    about += [_text(each.get("Name")) for each in _list(document.get("Properties")) if isinstance(each, dict)]
    words = _text(document.get("Hint")) or _text(document.get("Message"))
    named = ", ".join(filter(None, about))
    said = " ".join(filter(None, (code, f"({named})" if named else "")))
    return Complaint(code, ": ".join(filter(None, (said, words))))


def _list(value: Any) -> list[Any]:
    return value[:10] if isinstance(value, list) else []


def _text(value: Any) -> str:
    return value[:300] if isinstance(value, str) else ""
