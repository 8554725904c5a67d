"""How Extend's lists are walked: bare arrays by page index, and wrapped ones by page number. They are not mixed.

A bare array is walked until a page is empty. What a page holds at most is not known, so a short one is no end.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime

import httpx

from connectors.core.errors import Unreadable
from connectors.core.http import Http
from connectors.core.paging import Document, PageNumber
from connectors.core.reading import dig
from connectors.core.wire import Answer, Call

ROWS, PAGES = "rows", "pages"


class Lists:
    """The lists of one connection. `size` is what is asked for where a size can be asked for."""

    def __init__(self, http: Http, *, size: int, pages_maximum: int) -> None:
        self._http = http
        self._bare = PageNumber("pageOffset", "pageCount", ROWS, size, first=0, pages_maximum=pages_maximum)
        self._wrapped = PageNumber("pageNumber", "", ROWS, 0, pages_total=PAGES, pages_maximum=pages_maximum)

    async def bare(
        self, path: str, name: str, filters: Mapping[str, str], dates: list[datetime] | None = None
    ) -> AsyncIterator[Sequence[Document]]:
        """Pages of a list that answers an array: CustomerOrders and Products. `dates` hears the vendor's time."""

        async def fetch(numbers: Mapping[str, str]) -> Document:
            call = Call("GET", path, name, params={**filters, **numbers})
            return await self._http.send(call, lambda answer: _dated(answer, dates, bare_page(answer)))

        async for rows in self._bare.walk(fetch):
            yield rows

    async def wrapped(
        self,
        path: str,
        name: str,
        key: str,
        filters: Mapping[str, str],
        *,
        dates: list[datetime] | None = None,
        repeated: Sequence[tuple[str, str]] = (),
    ) -> AsyncIterator[Sequence[Document]]:
        """Pages of a list that answers its rows under a key of its own beside `paginationInfo`. `repeated` are
        parameters that are said more than once."""

        async def fetch(numbers: Mapping[str, str]) -> Document:
            params = {**filters, **{member: value for member, value in numbers.items() if member}}
            if repeated:
                query = httpx.QueryParams([*params.items(), *repeated])
                call = Call("GET", f"{path}?{query}", name)
            else:
                call = Call("GET", path, name, params=params)
            return await self._http.send(call, lambda answer: _dated(answer, dates, wrapped_page(answer, key)))

        async for rows in self._wrapped.walk(fetch):
            yield rows


def _dated(answer: Answer, dates: list[datetime] | None, page: Document) -> Document:
    if dates is not None and answer.date is not None:
        dates.append(answer.date)
    return page


def bare_page(answer: Answer) -> Document:
    """The array as a page with its rows under a key; raises `Unreadable`."""
    rows = answer.json()
    if not isinstance(rows, list):
        raise answer.error(Unreadable, "the answer is not an array")
    return {ROWS: rows}


def wrapped_page(answer: Answer, key: str) -> Document:
    """The rows and the number of pages; raises `Unreadable`."""
    document = answer.json_object()
    return {ROWS: dig(document, key), PAGES: dig(document, "paginationInfo", "totalPages")}
