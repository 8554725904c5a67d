"""Lists: which rows are asked for, in which order, and by which clock (dossier §4)."""

from collections.abc import Callable, Mapping
from typing import Any

from mock_servers.core.clock import iso_seconds, moment_of
from mock_servers.core.fake import Call
from mock_servers.core.filters import All, Condition, Is, Not, Some
from mock_servers.core.paging import Window
from mock_servers.core.refusal import Refusal
from mock_servers.core.wire import Listing, Reply
from mock_servers.woocommerce.behaviour.base import Json, answer, offset_hours

Shown = Callable[[Mapping[str, Any]], Json]
DATES = {
    "after": ("date_created_gmt", ">"),
    "before": ("date_created_gmt", "<"),
    "modified_after": ("date_modified_gmt", ">"),
    "modified_before": ("date_modified_gmt", "<"),
}
COLUMNS = {"date": "date_created_gmt", "modified": "date_modified_gmt"}


def page(
    call: Call,
    kind: str,
    where: list[Condition],
    shown: Shown | str,
    columns: Mapping[str, str] = {},
    usual: tuple[str, str] = ("date", "desc"),
) -> Reply:
    """One page of a kind, with its counts and links in headers; ties by id in the same direction. `usual` is the order
    where nobody asks for one; `shown` says how a row looks, or is the look of the kind's view."""
    collection, condition = call.collection(kind), All(*where)
    window = Window(call, collection.count(condition))
    by = call.query.get("orderby", usual[0])
    column = {**COLUMNS, **columns}.get(by, "seq")
    rows = collection.rows(
        condition,
        order_by=column,
        descending=call.query.get("order", usual[1]) == "desc",
        limit=window.limit,
        offset=window.offset,
    )
    if by == "include":
        rank = {str(id): place for place, id in enumerate(call.query.get("include", []))}
        rows = sorted(rows, key=lambda row: rank.get(row.id, 0))
    if not isinstance(shown, str):
        return answer(call, 200, [shown(row) for row in rows], window.headers)
    if call.query.get("_fields"):
        return answer(call, 200, [call.render(row, shown) for row in rows], window.headers)
    return Reply(200, Listing(collection, [(row.id, row.version) for row in rows], look=shown), window.headers)


def usual_filters(call: Call) -> list[Condition]:
    """By id and by time."""
    query = call.query
    where: list[Condition] = []
    if query.get("include"):
        where.append(Is("id", "in", tuple(str(id) for id in query["include"])))
    if query.get("exclude"):
        where.append(Not(Is("id", "in", tuple(str(id) for id in query["exclude"]))))
    for name, (member, operator) in DATES.items():
        if name in query:
            where.append(Is(member, operator, _gmt(call, name, query[name])))  # type: ignore[arg-type]
    return where


def found_in(text: str, *members: str) -> Condition:
    """The text somewhere in one of these members."""
    return Some(*(Is(member, "contains", text) for member in members))


def _gmt(call: Call, name: str, text: str) -> str:
    """The moment in UTC. Without a zone it is on the site's clock, unless `dates_are_gmt` says otherwise."""
    try:
        moment = moment_of(text)
        if text[10:].count("Z") == 0 and "+" not in text[10:] and "-" not in text[10:]:
            moment -= 0 if call.query.get("dates_are_gmt") else offset_hours(call) * 3600
        return iso_seconds(moment).removesuffix("Z")
    except (ValueError, OverflowError, OSError) as error:
        raise Refusal("invalid_query", details=((name, "Invalid date."),)) from error
