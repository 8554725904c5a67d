"""Lists that change while they are walked by page number: read a window whole, hand it over by update time.

Rows that change on the way move between pages and can be missed; those have later update times than the moment the
walk began, so no cursor may pass it. A vendor that sends no `Date` gives the latest time on the first page instead,
which is earlier still.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from connectors.canonical import Page
from connectors.core.cursors import write_cursor
from connectors.core.http import Http
from connectors.core.paging import Document, PageNumber
from connectors.core.wire import Answer, Call

R = TypeVar("R")


@dataclass(frozen=True)
class Row(Generic[R]):
    """A row of a list that changes: which record, when it changed, and what it is to us."""

    id: str
    updated: datetime
    record: R


async def read_window(
    http: Http,
    paging: PageNumber,
    path: str,
    name: str,
    filters: Mapping[str, str],
    row: Callable[[Document], Row[R]],
) -> tuple[list[Row[R]], datetime]:
    """Every row of the window once, by update time, and the vendor's time when it was first asked."""
    latest: dict[str, Row[R]] = {}
    asked_at: datetime | None = None

    async def fetch(numbers: Mapping[str, str]) -> Any:
        nonlocal asked_at
        call = Call("GET", path, name, params={**filters, **numbers})
        document, date = await http.send(call, _page)
        asked_at = asked_at or date
        return document

    async for page in paging.walk(fetch):
        entries = [row(document) for document in page]
        asked_at = asked_at or max(entry.updated for entry in entries)
        for entry in entries:
            known = latest.get(entry.id)
            if known is None or entry.updated >= known.updated:
                latest[entry.id] = entry
    return by_update(latest.values()), asked_at or http.now()  # without a row nobody uses it


def by_update(rows: Iterable[Row[R]]) -> list[Row[R]]:
    """Rows in the order they are handed over."""
    return sorted(rows, key=lambda entry: (entry.updated, entry.id))


def pages_of(rows: list[Row[R]], asked_at: datetime, before: datetime | None, size: int) -> Iterator[Page[R]]:
    """Rows in pages; with each the cursor that is right once it is kept. `before` is the cursor they were read from."""
    for start in range(0, len(rows), size):
        part = rows[start : start + size]
        reached = min(part[-1].updated, asked_at)
        yield Page(tuple(found.record for found in part), write_cursor(max(reached, before) if before else reached))


def _page(answer: Answer) -> tuple[Any, datetime | None]:
    return answer.json(), answer.date
