"""What a query costs, by the rule that reproduces nearly all published figures (dossier §4.2).

The **requested** cost is what the query could return; the **actual** cost is the same sum with the numbers of nodes
that came back. Which node stands for a page whose nodes differ is not known; the dearest one does here.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mock_servers.core.graphql import Plan, Run, Selection

VALUES = frozenset({"MoneyBag", "MoneyV2", "MailingAddress", "LocationAddress", "ShopAddress", "PageInfo"})
"""Types that cost nothing, whatever is asked of them. So do the entries of userErrors."""
ROOT = 10
CONNECTION = 2
Json = dict[str, Any]


@lru_cache(maxsize=512)
def multiplier(size: int) -> int:
    """How often a node counts in a page of this size: 1 up to 2 nodes, 4 at 10, 11 at 250."""
    return math.floor(2 * math.log(max(2, size))) if size > 0 else 0


class Part:
    """The cost of one selection and of what is below it."""

    __slots__ = ("defined", "key", "parts", "selection", "shape")

    def __init__(self, selection: Selection, *, shape: str, defined: int, parts: dict[str, tuple[Part, ...]]) -> None:
        self.selection = selection
        self.key = selection.key
        self.shape = shape
        self.defined = defined
        self.parts = parts
        """What is below it, by the type the value may have."""

    def requested(self, run: Run) -> int:
        """Points this may cost."""
        below = max((sum(part.requested(run) for part in parts) for parts in self.parts.values()), default=0)
        if self.shape != "connection":
            return self.defined + below
        return self.defined + multiplier(self.size(run)) * (1 + below)

    def size(self, run: Run) -> int:
        arguments = self.selection.arguments(run)
        asked = arguments.get("first")
        return int(arguments.get("last") or 0) if asked is None else int(asked)

    def actual(self, value: Any) -> int:
        """Points the answer did cost; what is null has nothing below it."""
        if value is None:
            return self.defined
        if self.shape == "connection":
            nodes = _nodes(self.selection, value)
            return self.defined + multiplier(len(nodes)) * (1 + max((self._below(node) for node in nodes), default=0))
        if self.shape == "list":
            return self.defined + max((self._below(item) for item in value), default=0)
        return self.defined + self._below(value)

    def _below(self, value: Any) -> int:
        if not isinstance(value, dict):
            return 0
        return max((_sum_of(parts, value) for parts in self.parts.values()), default=0)

    def fields(self, run: Run, path: tuple[str, ...]) -> Iterator[Json]:
        """The breakdown Shopify gives when asked to debug, the field before what is below it."""
        here, whole = (*path, self.key), self.requested(run)
        yield {
            "path": list(here),
            "definedCost": self.defined,
            "requestedTotalCost": whole,
            "requestedChildrenCost": whole - self.defined,
        }
        for part in _distinct(self.parts):
            yield from part.fields(run, here)


class Bill:
    """What one plan costs."""

    def __init__(self, plan: Plan) -> None:
        self.parts = tuple(_root(selection) for selection in plan.roots)

    def requested(self, run: Run) -> int:
        """Points that must be there before it runs."""
        return sum(part.requested(run) for part in self.parts)

    def actual(self, data: Json | None) -> int:
        """Points it did cost."""
        return _sum_of(self.parts, data or {})

    def fields(self, run: Run) -> list[Json]:
        """Every field with its costs."""
        return [entry for part in self.parts for entry in part.fields(run, ())]


def bill_of(plan: Plan) -> Bill:
    """The bill of a plan, kept with it."""
    bill = plan.vendor.get("bill")
    if bill is None:
        bill = plan.vendor["bill"] = Bill(plan)
    return cast("Bill", bill)


def _sum_of(parts: tuple[Part, ...], value: Json) -> int:
    return sum(part.actual(value.get(part.key)) for part in parts)


def _root(selection: Selection) -> Part:
    if selection.plan.kind == "mutation":
        return Part(selection, shape="object", defined=ROOT, parts=_below(selection, free_objects=True))
    if selection.name.startswith("__"):
        return Part(selection, shape="leaf", defined=0, parts={})
    if selection.returns == "Count":
        return Part(selection, shape="leaf", defined=ROOT, parts={})
    return _part(selection)


def _part(selection: Selection, *, free: bool = False) -> Part:
    if not selection.types or _is_free(selection):
        return Part(selection, shape="leaf", defined=0, parts={})
    if _is_connection(selection):
        return Part(selection, shape="connection", defined=CONNECTION, parts=_node_parts(selection))
    shape = "list" if selection.listed else "object"
    return Part(selection, shape=shape, defined=0 if free and shape == "object" else 1, parts=_below(selection))


def _below(selection: Selection, *, free_objects: bool = False) -> dict[str, tuple[Part, ...]]:
    return {name: _charged(selection.fields_of(name), free=free_objects) for name in selection.types}


def _charged(fields: tuple[Selection, ...], *, free: bool = False) -> tuple[Part, ...]:
    parts = (_part(each, free=free) for each in fields if each.types)
    return tuple(part for part in parts if part.shape != "leaf")


def _is_free(selection: Selection) -> bool:
    name = selection.returns
    return name in VALUES or name.startswith("__") or name.endswith("UserError") or selection.name == "userErrors"


def _is_connection(selection: Selection) -> bool:
    return selection.returns.endswith("Connection") and "first" in selection.definition.args


def _node_parts(selection: Selection) -> dict[str, tuple[Part, ...]]:
    """What is asked of the nodes, by way of `nodes`, of `edges`, or of both."""
    parts: dict[str, tuple[Part, ...]] = {}
    for node in _node_selections(selection):
        for name in node.types:
            known = {part.key for part in parts.get(name, ())}
            more = tuple(part for part in _charged(node.fields_of(name)) if part.key not in known)
            parts[name] = parts.get(name, ()) + more
    return parts


def _node_selections(selection: Selection) -> Iterator[Selection]:
    for field in selection.fields_of(selection.returns):
        if field.name == "nodes":
            yield field
        elif field.name == "edges":
            yield from (each for each in field.fields_of(field.returns) if each.name == "node")


def _nodes(selection: Selection, value: Json) -> list[Any]:
    """The nodes in an answer, whichever way they were asked for."""
    nodes: list[Any] = []
    for field in selection.fields_of(selection.returns):
        shown = value.get(field.key) or []
        if field.name == "nodes":
            nodes = shown if len(shown) >= len(nodes) else nodes
        elif field.name == "edges":
            key = next((each.key for each in field.fields_of(field.returns) if each.name == "node"), None)
            inner = [edge.get(key) for edge in shown if edge is not None] if key else [{} for _ in shown]
            nodes = inner if len(inner) >= len(nodes) else nodes
    return nodes


def _distinct(parts: dict[str, tuple[Part, ...]]) -> Iterator[Part]:
    seen: set[str] = set()
    for each in parts.values():
        for part in each:
            if part.key not in seen:
                seen.add(part.key)
                yield part
