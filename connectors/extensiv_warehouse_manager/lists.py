"""Lists walked by page number in the order of ids, and those that are read by what changed in them."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from connectors.canonical import Page
from connectors.core.cursors import read_cursor, read_from, write_cursor
from connectors.core.errors import Unreadable
from connectors.core.http import Http
from connectors.core.paging import Document, PageNumber
from connectors.core.wire import Answer, Call
from connectors.extensiv_warehouse_manager.hal import HAL, ITEMS, embedded, escaped
from connectors.extensiv_warehouse_manager.mapping import their_stamp
from connectors.extensiv_warehouse_manager.settings import Settings

R = TypeVar("R")
Read = Callable[[Document], Sequence[Document]]
ITEM_PAGE_MAXIMUM = 100


@dataclass(frozen=True)
class Window:
    """A list that is read by what changed in it: where, under which name, and what is asked besides."""

    path: str
    name: str
    where: tuple[str, ...]
    more: Mapping[str, str]
    rel: str


@dataclass(frozen=True)
class Row(Generic[R]):
    """A row of a list that changes: which record, when it changed, and what it is to us."""

    id: str
    updated: datetime
    record: R


class Lists:
    """The lists of one connection."""

    def __init__(self, http: Http, settings: Settings) -> None:
        self._http = http
        self._settings = settings

    async def rows(
        self, path: str, name: str, params: Mapping[str, str], read: Read
    ) -> AsyncIterator[Sequence[Document]]:
        """Page after page of a list, as `read` finds its rows."""

        async def fetch(numbers: Mapping[str, str]) -> Document:
            call = Call("GET", path, name, params={**params, **numbers}, headers=HAL)
            return await self._http.send(call, lambda answer: self._page(answer, read))

        async for rows in self._paging().walk(fetch):
            yield rows

    def _paging(self, maximum: int = 500) -> PageNumber:
        return PageNumber(
            page="pgnum",
            size="pgsiz",
            rows="rows",
            size_value=min(self._settings.page_size, maximum),
            pages_total="pages",
            pages_maximum=self._settings.pages_maximum,
        )

    def _page(self, answer: Answer, read: Read, maximum: int = 500) -> Document:
        """Rows and the number of pages, out of HAL, which leaves out an empty list."""
        document = answer.json_object()
        total = document.get("totalResults")
        if not isinstance(total, int) or isinstance(total, bool):
            raise answer.error(Unreadable, "the page does not say how many results there are")
        return {"rows": read(document), "pages": -(-total // min(self._settings.page_size, maximum))}

    async def changed(
        self, window: Window, cursor: str | None, row: Callable[[Document], list[Row[R]]]
    ) -> AsyncIterator[Page[R]]:
        """One window, whole, by update time, in pages; with each page the cursor that is right once it is kept."""
        before = read_cursor(cursor)
        since = read_from(before, self._settings.overlap)
        conditions = [*window.where]
        if since:
            stamp = escaped(their_stamp(since, self._settings.server_ahead))
            conditions.append(f"ReadOnly.LastModifiedDate=ge={stamp}")
        params = {**window.more, **({"rql": ";".join(conditions)} if conditions else {})}
        rows, asked_at = await self._collected(window, params, row)
        size = self._settings.page_size
        for start in range(0, len(rows), size):
            part = rows[start : start + size]
            reached = min(part[-1].updated, asked_at)
            yield Page(tuple(found.record for found in part), write_cursor(max(reached, before) if before else reached))

    async def _collected(
        self, window: Window, params: Mapping[str, str], row: Callable[[Document], list[Row[R]]]
    ) -> tuple[list[Row[R]], datetime]:
        """Every row of the window once, and the vendor's time when it was first asked.

        What changes while the list is walked has a later update time than that moment, so no cursor may pass it. A
        vendor that sends no `Date` gives the latest time on the first page instead, which is earlier still.
        """
        maximum = ITEM_PAGE_MAXIMUM if window.rel == ITEMS else 500
        latest: dict[str, Row[R]] = {}
        asked_at: datetime | None = None

        async def fetch(numbers: Mapping[str, str]) -> Document:
            nonlocal asked_at
            call = Call("GET", window.path, window.name, params={**params, **numbers}, headers=HAL)
            read = embedded(window.rel)
            document, date = await self._http.send(
                call, lambda answer: (self._page(answer, read, maximum), answer.date)
            )
            asked_at = asked_at or date
            return document

        async for page in self._paging(maximum).walk(fetch):
            entries = [entry for document in page for entry in row(document)]
            asked_at = asked_at or max((entry.updated for entry in entries), default=None)
            for entry in entries:
                known = latest.get(entry.id)
                if known is None or entry.updated >= known.updated:
                    latest[entry.id] = entry
        ordered = sorted(latest.values(), key=lambda entry: (entry.updated, entry.id))
        return ordered, asked_at or self._http.now()  # without a row nobody uses it
