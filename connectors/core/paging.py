"""Ways to walk a list, by their names. Each one notices when it goes round in circles, and when it does not end."""

import hashlib
import itertools
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar
from urllib.parse import urljoin, urlsplit

import msgspec

from connectors.core.errors import PagingLoop, Unreadable

Document = Mapping[str, Any]
R = TypeVar("R")
STEPS_WITHOUT_ROWS = 3
"""Pages without a new row: as many may be seen after stepping back; more only where offsets are not heeded."""

_LINK = re.compile(r'<([^<>]*)>((?:\s*;\s*[\w!#$&+.^`|~-]+\s*=\s*(?:"[^"]*"|[^\s",;]+))*)')


@dataclass(frozen=True)
class PageNumber:
    """Pages with numbers: `?page=2&pageSize=100`, rows under one key, perhaps with the number of pages.

    With `rows` empty a page is a bare list, and an empty one is the end.

    A list that changes while it is walked can show a row twice; the caller reads windows and upserts.
    """

    page: str
    size: str
    rows: str
    size_value: int
    pages_total: str = ""
    first: int = 1
    pages_maximum: int = 1000

    async def walk(self, fetch: Callable[[Mapping[str, str]], Awaitable[Any]]) -> AsyncIterator[Sequence[Document]]:
        """Yield the rows of each page. `fetch` gets the two parameters and answers the page's document."""
        seen: dict[bytes, int] = {}
        for number in range(self.first, self.first + self.pages_maximum):
            document = await self._page(fetch, number)
            rows = rows_of(document, self.rows)
            if not rows:
                return
            earlier = seen.setdefault(digest := _digest(rows), number)
            # As many rows as a page has may just have come in before these: only if the earlier page is still the same
            # are numbers not heeded.
            if earlier != number and _digest(rows_of(await self._page(fetch, earlier), self.rows)) == digest:
                raise PagingLoop(f"page {number} is the same as an earlier page")
            yield rows
            if self.pages_total and number >= self.first - 1 + _count(document, self.pages_total):
                return
        raise PagingLoop(f"the list has more than {self.pages_maximum} pages")

    async def _page(self, fetch: Callable[[Mapping[str, str]], Awaitable[Any]], number: int) -> Any:
        return await fetch({self.page: str(number), self.size: str(self.size_value)})


@dataclass(frozen=True)
class AscendingOffset:
    """Rows sorted by an id that only grows, asked for by offset: `?offset=99&size=100`.

    Rows that come into the list or leave it meanwhile move the others. So each page overlaps the one before it by a
    row: where that row is not seen again some have moved up, and the walk steps back until it is.
    """

    offset: str
    size: str
    size_value: int
    """At least 2: one row of each page is there to be seen again."""
    pages_maximum: int = 1000

    async def walk(
        self, fetch: Callable[[Mapping[str, str]], Awaitable[Sequence[R]]], id_of: Callable[[R], int]
    ) -> AsyncIterator[Sequence[R]]:
        """Yield rows not seen before, page by page. `fetch` gets the two parameters and answers the page's rows."""
        last, at, without = -1, 0, 0
        for _ in range(self.pages_maximum):
            rows = await fetch({self.offset: str(at), self.size: str(self.size_value)})
            ids = [id_of(row) for row in rows]
            if any(later <= earlier for earlier, later in itertools.pairwise(ids)):
                raise PagingLoop("the rows of a page are not sorted by their ids")
            if at and (not ids or ids[0] > last):
                at = max(0, at - self.size_value)
                continue
            fresh = [row for row, id in zip(rows, ids, strict=True) if id > last]
            if fresh:
                yield fresh
                last = ids[-1]
            if len(rows) < self.size_value:
                return
            without = 0 if fresh else without + 1
            if without > STEPS_WITHOUT_ROWS:
                raise PagingLoop("a page is the same as an earlier page")
            at += self.size_value - 1
        raise PagingLoop(f"the list has more than {self.pages_maximum} pages")


class HasPageInfo(Protocol):
    """A GraphQL connection: nodes, and where to go on."""

    @property
    def has_next_page(self) -> bool: ...
    @property
    def end_cursor(self) -> str | None: ...


C = TypeVar("C", bound=HasPageInfo)


@dataclass(frozen=True)
class GraphqlCursor:
    """Relay connections: `first`, `after`, `pageInfo { hasNextPage endCursor }`."""

    pages_maximum: int = 1000

    async def walk(self, fetch: Callable[[str | None], Awaitable[C]], after: str | None = None) -> AsyncIterator[C]:
        """Yield each page. `fetch` gets `after` (None for the first page) and answers the connection."""
        seen: set[str | None] = {after}
        for _ in range(self.pages_maximum):
            connection = await fetch(after)
            yield connection
            if not connection.has_next_page:
                return
            after = connection.end_cursor
            if not after:
                raise PagingLoop("there is a next page, but no cursor that leads to it")
            if after in seen:
                raise PagingLoop("the cursor of the next page was walked before")
            seen.add(after)
        raise PagingLoop(f"the list has more than {self.pages_maximum} pages")


@dataclass(frozen=True)
class LinkHeader:
    """RFC 8288: `Link: <https://…>; rel="next"`. Links to another origin are refused: credentials would follow them."""

    relation: str = "next"
    pages_maximum: int = 1000

    async def walk(
        self, fetch: Callable[[str], Awaitable[tuple[Sequence[Document], str]]], url: str
    ) -> AsyncIterator[Sequence[Document]]:
        """Yield the rows of each page. `fetch` gets a URL and answers the rows and the `Link` header."""
        seen = {url}
        for _ in range(self.pages_maximum):
            rows, link = await fetch(url)
            yield rows
            target = link_to(link, self.relation)
            if target is None:
                return
            following = urljoin(url, target)
            if _origin(following) != _origin(url):
                raise PagingLoop("the next page is said to be at another host")
            if following in seen:
                raise PagingLoop("the address of the next page was walked before")
            seen.add(following)
            url = following
        raise PagingLoop(f"the list has more than {self.pages_maximum} pages")


def link_to(header: str, relation: str) -> str | None:
    """The target of the first link with that relation, or None."""
    for target, parameters in _LINK.findall(header[:8192]):
        found = re.search(r'(?i);\s*rel\s*=\s*(?:"([^"]*)"|([^\s",;]+))', parameters)
        if found and relation in (found.group(1) or found.group(2) or "").lower().split():
            return str(target)
    return None


def rows_of(document: Any, key: str) -> list[Document]:
    """The list of objects under that key, or that the page is where there is no key; raises `Unreadable`."""
    rows = document if not key else document.get(key) if isinstance(document, Mapping) else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise Unreadable(f"the page has no list of objects under {key!r}" if key else "the page is no list of objects")
    return rows


def _count(document: Document, key: str) -> int:
    count = document.get(key)
    if not isinstance(count, int) or isinstance(count, bool):
        raise Unreadable(f"the page does not say {key!r} as a number")
    return count


def _digest(rows: Sequence[Document]) -> bytes:
    """Rows have ids, so pages with the same rows are the same page."""
    return hashlib.sha256(msgspec.json.encode(rows)).digest()


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc
