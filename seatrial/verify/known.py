"""What is known to exist at the target, read from the lists of a surface when somebody first asks."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from contracts.contract import Operation

if TYPE_CHECKING:
    from seatrial.verify.bench import Bench
    from seatrial.verify.graph import Graph

ROWS_KEPT = 5
VALUES_KEPT = 8
SUFFIX = re.compile(r"\.[a-z]+$")
"""How a list is written where rows lie beside it: `orders.json` and `orders/{id}.json`."""


class Known:
    """Rows of each list, and the values in them by the name of their member."""

    def __init__(self, bench: "Bench") -> None:
        self._bench = bench
        self._rows: dict[str, list[dict[str, Any]]] | None = None
        self._values: dict[str, list[Any]] = {}

    def forget(self) -> None:
        """Something was made: look again when next asked."""
        self._rows = None

    def rows(self) -> dict[str, list[dict[str, Any]]]:
        """The first rows of each list, by the list's path."""
        if self._rows is None:
            self._rows, self._values = {}, {}
            for operation in self._bench.lists.operations():
                self._read(operation)
            if self._bench.graph is not None:
                self._read_graph(self._bench.graph)
        return self._rows

    def called(self, name: str) -> tuple[Any, ...]:
        """Values found under a name, whatever its spelling: `warehouseId` is `warehouse_id`."""
        self.rows()
        return tuple(self._values.get(plain_name(name), ()))

    def under(self, path: str, name: str) -> tuple[Any, ...]:
        """What may stand behind a list's path as `{name}`."""
        rows = self.rows().get(SUFFIX.sub("", path)) or self._nested(path)
        found = (row.get(name, row.get("id", _deeper(row, name))) for row in rows)
        return tuple(each for each in found if each is not None)

    def _nested(self, path: str) -> list[dict[str, Any]]:
        """Rows of a list that is under another row: `/customers/{customer_id}/items`."""
        for operation in self._bench.operations():
            here = "{" in path and (operation.method, operation.path) == ("GET", path)
            if here and self._bench.lists.rule(operation):
                rows = self._bench.lists.first_rows(operation)
                return [row for row in rows if isinstance(row, dict)][:ROWS_KEPT]
        return []

    def _read(self, operation: Operation) -> None:
        assert self._rows is not None  # noqa: S101 - rows() has just made it
        rows = [row for row in self._bench.lists.first_rows(operation) if isinstance(row, dict)][:ROWS_KEPT]
        self._rows[SUFFIX.sub("", operation.path)] = rows
        noun = plain_name(singular(operation.path.rstrip("/").rsplit("/", 1)[-1].split(".")[0]))
        for row in rows:
            for name, value in _leaves(row):
                self._add(plain_name(name), value)
            for alias in (noun, f"{noun}id"):
                if "id" in row:
                    self._add(alias, row["id"])

    def _read_graph(self, graph: "Graph") -> None:
        for name, rows in graph.state().items():
            nouns = {plain_name(singular(name)), *(plain_name(str(row.get("__typename", name))) for row in rows or ())}
            for row in (rows or [])[:ROWS_KEPT]:
                for member, value in _leaves(row):
                    self._add(plain_name(member), value)
                for noun in nouns:
                    self._add(noun, row.get("id"))

    def _add(self, name: str, value: Any) -> None:
        values = self._values.setdefault(name, [])
        if value is not None and value not in values and len(values) < VALUES_KEPT:
            values.append(value)


def _deeper(row: dict[str, Any], name: str) -> Any:
    """The first value called so at any depth, however it is spelled."""
    wanted = plain_name(name)
    return next((value for leaf, value in _leaves(row) if plain_name(leaf) == wanted), None)


def plain_name(name: str) -> str:
    """A member's name without its spelling."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def singular(noun: str) -> str:
    """`orders` → `order`; good enough for the nouns of paths."""
    if noun.endswith("ies"):
        return f"{noun[:-3]}y"
    return noun[:-1] if noun.endswith("s") and not noun.endswith("ss") else noun


def _leaves(row: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    match row:
        case dict():
            for key, value in row.items():
                yield from _leaves(value, key)
        case list():
            for value in row[:2]:
                yield from _leaves(value, name)
        case None | bool():
            return
        case _:
            if name:
                yield name, row
