"""Connections: the window a client asks for, and the page it is shown."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

from mock_servers.core.graphql.words import FieldError, Json


@dataclass(frozen=True, slots=True)
class Window:
    """What a connection was asked for. `backward` when by last/before; `cursor` is where to go on from, if anywhere."""

    size: int
    backward: bool = False
    cursor: str | None = None
    other: str | None = None
    """The cursor at the far end, when both `after` and `before` were given."""


@dataclass(frozen=True)
class WindowRules:
    """A vendor's limits on a connection and the words in which it refuses. Each answers the error to raise."""

    maximum: int
    neither: Callable[[str], FieldError]
    both: Callable[[str], FieldError]
    negative: Callable[[str, str, int], FieldError]
    too_many: Callable[[str, str, int], FieldError]

    def window(self, name: str, arguments: Json) -> Window:
        """Read first/after and last/before of the connection called `name`. Raises `FieldError`."""
        first, last = arguments.get("first"), arguments.get("last")
        if first is None and last is None:
            raise self.neither(name)
        if first is not None and last is not None:
            raise self.both(name)
        word, size = ("first", first) if first is not None else ("last", cast("int", last))
        if size < 0:
            raise self.negative(name, word, size)
        if size > self.maximum:
            raise self.too_many(name, word, size)
        after, before = arguments.get("after"), arguments.get("before")
        return Window(size, False, after, before) if word == "first" else Window(size, True, before, after)


class Connection:
    """One page, as GraphQL shows it. Cursors are made only when somebody looks."""

    __slots__ = ("cursor_of", "has_next", "has_previous", "rows", "total")

    def __init__(
        self,
        rows: Sequence[Any],
        cursor_of: Callable[[Any], str],
        *,
        has_next: bool = False,
        has_previous: bool = False,
        total: Callable[[], int] | None = None,
    ) -> None:
        self.rows = rows
        self.cursor_of = cursor_of
        self.has_next = has_next
        self.has_previous = has_previous
        self.total = total

    def get(self, name: str) -> Any:
        match name:
            case "nodes":
                return self.rows
            case "edges":
                return [{"cursor": self.cursor_of(row), "node": row} for row in self.rows]
            case "pageInfo":
                return {
                    "hasNextPage": self.has_next,
                    "hasPreviousPage": self.has_previous,
                    "startCursor": self.cursor_of(self.rows[0]) if self.rows else None,
                    "endCursor": self.cursor_of(self.rows[-1]) if self.rows else None,
                }
            case "totalCount":
                return self.total() if self.total else len(self.rows)
        return None


def page_of(
    rows: Sequence[Any],
    window: Window,
    cursor_of: Callable[[Any], str],
    after: Callable[[Any, str], bool],
) -> Connection:
    """A page of rows that are all at hand, already in the order shown. `after(row, cursor)`: the row comes later.

    A row that has gone since its cursor was handed out does not matter: the cursor is a place, not a row.
    """
    inside = rows
    if window.cursor is not None:
        edge = window.cursor
        inside = [row for row in inside if _strictly(row, edge, cursor_of, after, later=not window.backward)]
    if window.other is not None:
        far = window.other
        inside = [row for row in inside if _strictly(row, far, cursor_of, after, later=window.backward)]
    if window.backward:
        shown = inside[max(0, len(inside) - window.size) :] if window.size else []
        return Connection(shown, cursor_of, has_next=window.cursor is not None, has_previous=len(inside) > len(shown))
    shown = inside[: window.size]
    return Connection(shown, cursor_of, has_next=len(inside) > len(shown), has_previous=window.cursor is not None)


def _strictly(
    row: Any, cursor: str, cursor_of: Callable[[Any], str], after: Callable[[Any, str], bool], *, later: bool
) -> bool:
    if later:
        return after(row, cursor)
    return not after(row, cursor) and cursor_of(row) != cursor
