"""Connections: pages of stored documents or of lists inside them, with Shopify's cursors and its slow search index.

A cursor is base64 of `{"last_id": 1, "last_value": "…"}` (observed): a place in an order, not a row, so a page goes on
even when the row it ended with is gone.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec

from mock_servers.core.fake import Work
from mock_servers.core.filters import All, Condition, Is, Not, Some
from mock_servers.core.graphql import Connection, FieldError, Run, Window, page_of
from mock_servers.core.store import Document
from mock_servers.shopify.behaviour.base import KIND_OF, fact, fake, gid, id_key, number_in
from mock_servers.shopify.behaviour.search import Filters, holds_for, parse, parsed_form
from mock_servers.shopify.behaviour.words import window_rules

Json = dict[str, Any]
Place = tuple[Any, int]
Order = Literal["<", ">"]
CURSOR_MAXIMUM = 2000
BY_ID = "seq"

rules = window_rules(250)


@dataclass(frozen=True)
class Resource:
    """What can be listed: its type, its sort keys by the member each stands for, and what it is searched by."""

    type_name: str
    sorts: Mapping[str, str] = field(default_factory=lambda: {"ID": BY_ID})
    filters: Filters = Filters({}, ())  # noqa: RUF009 - frozen

    @property
    def kind(self) -> str:
        return KIND_OF[self.type_name]


# Cursors --------------------------------------------------------------------------------------------------------------


def cursor(last_id: int, last_value: Any) -> str:
    """The cursor of a place."""
    return urlsafe_b64encode(msgspec.json.encode({"last_id": last_id, "last_value": str(last_value)})).decode()


def place_in(text: str) -> tuple[int, str]:
    """The id and value a cursor names. Raises `FieldError`."""
    try:
        if len(text) > CURSOR_MAXIMUM:
            raise ValueError
        place = msgspec.json.decode(urlsafe_b64decode(text.encode("ascii")))
        return int(place["last_id"]), str(place.get("last_value", place["last_id"]))
    except (ValueError, TypeError, KeyError, AttributeError, msgspec.DecodeError, RecursionError) as error:
        raise FieldError("Invalid cursor for current pagination sort.", code="BAD_REQUEST") from error


# Stored documents -----------------------------------------------------------------------------------------------------


def connection(run: Run, args: Json, resource: Resource, where: Condition | None = None) -> Connection:
    """A page of a resource, found by the `query`, `sortKey`, `reverse` and window of its arguments."""
    window = rules.window(run.field.name, args)
    condition, searched = searched_for(run, args.get("query"), resource, where)
    member = resource.sorts.get(args.get("sortKey") or "ID", BY_ID)
    descending = bool(args.get("reverse")) != window.backward
    rows = _rows(run.call, resource, condition, member, descending, window, searched=searched)
    more = len(rows) > window.size
    del rows[window.size :]
    if window.backward:
        rows.reverse()
    return Connection(
        [row.body for row in rows],
        lambda body: _cursor_of(body, member),
        has_next=window.cursor is not None if window.backward else more,
        has_previous=more if window.backward else window.cursor is not None,
    )


def searched_for(
    run: Run, text: str | None, resource: Resource, where: Condition | None
) -> tuple[Condition | None, bool]:
    """The condition of a search, and whether there was one. `extensions.search` says which filters were ignored."""
    if not text or not text.strip():
        return where, False
    condition, warnings = resource.filters.read(text)
    if warnings:
        told = {
            "path": list(run.path),
            "query": text,
            "parsed": parsed_form(parse(text)),
            "warnings": warnings,
        }
        run.extensions.setdefault("search", []).append(told)
    return (condition if where is None else All(where, condition)), True


def _cursor_of(body: Json, member: str) -> str:
    number = number_in(body["id"])
    return cursor(number, number if member == BY_ID else body[member])


def _rows(
    work: Work,
    resource: Resource,
    condition: Condition | None,
    member: str,
    descending: bool,
    window: Window,
    *,
    searched: bool,
) -> list[Document]:
    after = None if window.cursor is None else _place(work, resource, window.cursor, descending)
    if window.other is not None:
        condition = _bounded(condition, member, descending, window.other)
    stale = _stale(work, resource.kind) if searched else {}
    if stale:
        return _as_indexed(work, resource, condition, member, descending, after, window.size + 1, stale)
    return work.collection(resource.kind).rows(
        condition, order_by=member, descending=descending, after=after, limit=window.size + 1
    )


def _place(work: Work, resource: Resource, text: str, descending: bool) -> Place:
    """Where a cursor is among the rows, whether or not its row is still there."""
    last_id, last_value = place_in(text)
    row = work.collection(resource.kind).find(gid(resource.type_name, last_id))
    if row is None and resource.kind != "inventory_level":
        # What was made before it comes before it: numbers grow with the order of their making.
        known = Is("idKey", "<", id_key(last_id))
        row = work.collection(resource.kind).first(known, order_by="seq", descending=True)
        seq = row.seq if row is not None else 0
        return last_value, seq + (1 if descending else 0)
    return last_value, row.seq if row is not None else last_id


def _bounded(condition: Condition | None, member: str, descending: bool, text: str) -> Condition:
    """Only what lies before the far cursor; among equals by id."""
    last_id, last_value = place_in(text)
    beyond: Order = ">" if descending else "<"
    key = Is("idKey", beyond, id_key(last_id))
    far: Condition = key
    if member != BY_ID:
        far = Some(Is(member, beyond, last_value), All(Is(member, "=", last_value), key))
    return far if condition is None else All(condition, far)


def listed(_run: Run, args: Json, name: str, rows: Sequence[Json]) -> Connection:
    """A page of rows that are all at hand, by id."""
    window = rules.window(name, args)
    ordered = rows[::-1] if args.get("reverse") else rows
    by_number = {number_in(row["id"]): index for index, row in enumerate(ordered)}

    def comes_after(row: Json, text: str) -> bool:
        last_id, _ = place_in(text)
        number, at = number_in(row["id"]), by_number.get(last_id)
        if at is not None:
            return by_number[number] > at
        return number < last_id if args.get("reverse") else number > last_id

    return page_of(ordered, window, lambda row: cursor(number_in(row["id"]), number_in(row["id"])), comes_after)


def count(run: Run, args: Json, resource: Resource, where: Condition | None = None) -> Json:
    """A `Count`: exact up to `limit`, at least `limit` beyond it."""
    condition, _ = searched_for(run, args.get("query"), resource, where)
    number = run.call.collection(resource.kind).count(condition)
    limit = args.get("limit")
    if limit is not None and number > limit:
        return {"count": limit, "precision": "AT_LEAST"}
    return {"count": number, "precision": "EXACT"}


def exactly(number: int) -> Json:
    """A `Count` that was simply counted."""
    return {"count": number, "precision": "EXACT"}


# The search index, which lags behind what was written -----------------------------------------------------------------


def lag_seconds(work: Work) -> float:
    """How far the index is behind; 0 unless the world says otherwise."""
    return float(work.setting("search_lag_seconds", fact("search_lag_seconds")))


def add(work: Work, kind: str, body: Json) -> Document:
    """Keep a new document; searches see it once it is indexed."""
    _remember(work, kind, body["id"], None)
    return work.collection(kind).add(body)


def save(work: Work, kind: str, body: Json) -> Document:
    """Keep a changed document; searches go by what it was until it is indexed."""
    if lag_seconds(work) > 0:
        before = work.collection(kind).find(body["id"])
        _remember(work, kind, body["id"], before.body if before else None)
    return work.collection(kind).save(body)


def _remember(work: Work, kind: str, id: str, before: Json | None) -> None:
    lag = lag_seconds(work)
    if lag <= 0 or work.collection("unindexed").find(id) is not None:
        return
    work.collection("unindexed").add({"id": id, "kind": kind, "before": before})
    work.later(lag, "indexed", id)


@fake.timer("indexed")
def indexed(work: Work, id: str) -> None:
    """The index has caught up with a document."""
    work.collection("unindexed").delete(id)


def _stale(work: Work, kind: str) -> dict[str, Json | None]:
    """What the index still has of documents that have changed; None for those it has not heard of."""
    if lag_seconds(work) <= 0:
        return {}
    return {row["id"]: row["before"] for row in work.collection("unindexed").rows(Is("kind", "=", kind))}


def _as_indexed(
    work: Work,
    resource: Resource,
    condition: Condition | None,
    member: str,
    descending: bool,
    after: Place | None,
    limit: int,
    stale: Mapping[str, Json | None],
) -> list[Document]:
    """Found by what the index has, shown as they are now."""
    others = Not(Is("id", "in", tuple(stale)))
    collection = work.collection(resource.kind)
    rows = collection.rows(
        others if condition is None else All(condition, others),
        order_by=member,
        descending=descending,
        after=after,
        limit=limit,
    )
    placed = [((row.seq if member == BY_ID else row[member], row.seq), row) for row in rows]
    for id, before in stale.items():
        row = collection.find(id)
        if row is None or before is None or not (condition is None or holds_for(condition, before)):
            continue
        at = (row.seq if member == BY_ID else before[member], row.seq)
        if after is None or _beyond(at, after, member, descending):
            placed.append((at, row))
    placed.sort(key=lambda each: each[0], reverse=descending)
    return [row for _, row in placed[:limit]]


def _beyond(at: Place, after: Place, member: str, descending: bool) -> bool:
    have, edge = (at[1:], after[1:]) if member == BY_ID else (at, after)
    return have < edge if descending else have > edge
