"""REST lists: filters in the query, walks by `page_info`, and counts of the same (dossier §5, §9)."""

from collections.abc import Callable
from typing import Any

from mock_servers.core.clock import iso_seconds, moment_of
from mock_servers.core.fake import Call
from mock_servers.core.filters import All, Condition, Is
from mock_servers.core.paging import linked
from mock_servers.core.refusal import Refusal
from mock_servers.core.wire import Listing, Reply
from mock_servers.shopify.behaviour.base import KIND_OF, gid, id_key
from mock_servers.shopify.rest.door import shown

Json = dict[str, Any]
TIMES = {"created_at": "createdAt", "updated_at": "updatedAt", "processed_at": "processedAt"}
SORTS = {"id": "seq", **TIMES}
"""What the `order` parameter may name; anything else is ignored, like every parameter that is not known."""


def page(
    call: Call,
    member: str,
    type_name: str,
    shape: Callable[[Json], Json] | None,
    *conditions: Condition,
    newest_first: bool = False,
) -> Reply:
    """One page of a walk: by id, or from the newest on; `since_id` and `order` say otherwise. Without a `shape` the
    kind's view says how a row looks."""
    collection = call.collection(KIND_OF[type_name])
    order_by, descending = _sort(call, newest_first=newest_first)
    rows, headers = linked(call, collection, All(*conditions), order_by=order_by, descending=descending)
    if shape is None and not call.query.get("fields"):
        return Reply(200, Listing(collection, [(row.id, row.version) for row in rows], member), headers)
    shapes = [shape(row.body) if shape else call.render(row) for row in rows]
    return Reply(200, {member: [shown(call, each) for each in shapes]}, headers)


def count(call: Call, type_name: str, *conditions: Condition) -> Reply:
    """`{"count": n}`."""
    return Reply(200, {"count": call.collection(KIND_OF[type_name]).count(All(*conditions))})


def _sort(call: Call, *, newest_first: bool) -> tuple[str, bool]:
    if "since_id" in call.query:
        return "seq", False
    member, _, direction = call.query.get("order", "").strip().lower().partition(" ")
    if member in SORTS and direction in {"", "asc", "desc"}:
        return SORTS[member], direction == "desc"
    return ("createdAt", True) if newest_first else ("seq", False)


# Filters --------------------------------------------------------------------------------------------------------------


def by_id(call: Call, type_name: str) -> list[Condition]:
    """`ids` and `since_id`."""
    found: list[Condition] = []
    if "ids" in call.query:
        found.append(Is("id", "in", tuple(gid(type_name, number) for number in call.query["ids"])))
    if "since_id" in call.query:
        found.append(Is("idKey", ">", id_key(call.query["since_id"])))
    return found


def by_time(call: Call) -> list[Condition]:
    """`created_at_min` and the like; both ends are included. Refuses with `invalid_query` what is no moment."""
    found: list[Condition] = []
    for name, member in TIMES.items():
        for end, operator in (("min", ">="), ("max", "<=")):
            text = call.query.get(f"{name}_{end}")
            if text is not None:
                found.append(Is(member, ">=" if operator == ">=" else "<=", _stamp(f"{name}_{end}", text)))
    return found


def _stamp(name: str, text: str) -> str:
    try:
        return iso_seconds(moment_of(text.strip().replace(" ", "+")))
    except (ValueError, OverflowError) as error:  # a plus that was not encoded arrives as a blank
        raise Refusal("invalid_query", details=((name, "is not a valid date or time"),)) from error


def exactly(call: Call, names: dict[str, str]) -> list[Condition]:
    """Parameters that must be a member, whatever their case where the member is a key."""
    return [
        Is(member, "=", call.query[name].lower() if member.endswith("Key") else call.query[name])
        for name, member in names.items()
        if name in call.query
    ]
