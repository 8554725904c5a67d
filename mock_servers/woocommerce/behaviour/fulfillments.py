"""What of an order goes out together, as core keeps it behind its feature flag (dossier §6c).

Nothing is held against the order: a fulfilment may name lines that are not there, and more of one than was bought. Its
refusals carry the number of an exception for a code. The setting `fulfillments` is false where the flag is off.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NoReturn

from mock_servers.core.fake import Call, Work
from mock_servers.core.filters import Is
from mock_servers.core.refusal import Refusal
from mock_servers.core.store import Document
from mock_servers.core.wire import Reply
from mock_servers.woocommerce.behaviour.base import (
    Json,
    answer,
    fake,
    merged_meta,
    must_be_number,
    site_time,
    whole,
)
from mock_servers.woocommerce.behaviour.notes import order_named

STATUSES = {"unfulfilled": False, "fulfilled": True}
ORDER_STATUS = "_fulfillment_status"
ITEMS, FULFILLED_AT = "_items", "_date_fulfilled"


def is_on(work: Work) -> bool:
    """The feature flag."""
    return bool(work.setting("fulfillments", True))


@fake.operation("listFulfillments")
def list_fulfillments(call: Call) -> Reply:
    order = _order(call)
    return answer(call, 200, [_shown(each) for each in live(call, order.id)])


@fake.operation("createFulfillment")
def create_fulfillment(call: Call) -> Reply:
    order, body = _order(call), call.body
    given = [each for each in body["meta_data"] if each.get("id") is not None and each.get("value") is not None]
    fulfillment = {
        "id": str(call.next_number("fulfillment")),
        "order_id": order.id,
        "status": _status(body, None),
        "date_updated": _now(call),
        "date_deleted": None,
        "meta_data": _set_meta(call, [], [{**each, "id": 0} for each in given]),
    }
    kept = call.collection("fulfillment").add(_checked(call, fulfillment))
    _tell_order(call, order)
    return answer(call, 201, _shown(kept))


@fake.operation("getFulfillment")
def get_fulfillment(call: Call) -> Reply:
    _, fulfillment = _named(call)
    if fulfillment["date_deleted"] is not None:
        _refuse("Fulfillment not found.", 404)
    return answer(call, 200, _shown(fulfillment))


@fake.operation("updateFulfillment", "patchFulfillment", "postFulfillment")
def update_fulfillment(call: Call) -> Reply:
    order, fulfillment = _named(call)
    body = call.body
    changed = fulfillment | {
        "status": _status(body, fulfillment["status"]),
        "meta_data": _set_meta(call, fulfillment["meta_data"], body["meta_data"]),
    }
    return answer(call, 200, _shown(_saved(call, order, fulfillment, changed)))


@fake.operation("deleteFulfillment")
def delete_fulfillment(call: Call) -> Reply:
    order, fulfillment = _named(call)
    if fulfillment["date_deleted"] is None:
        call.collection("fulfillment").save(fulfillment | {"date_deleted": _now(call)})
        _tell_order(call, order)
    return answer(call, 200, {"message": "Fulfillment deleted successfully."})


@fake.operation("listFulfillmentMetadata")
def list_metadata(call: Call) -> Reply:
    return answer(call, 200, _named(call)[1]["meta_data"])


@fake.operation("updateFulfillmentMetadata", "patchFulfillmentMetadata", "postFulfillmentMetadata")
def update_metadata(call: Call) -> Reply:
    order, fulfillment = _named(call)
    changed = fulfillment | {"meta_data": _set_meta(call, fulfillment["meta_data"], call.body["meta_data"])}
    return answer(call, 200, _saved(call, order, fulfillment, changed)["meta_data"])


@fake.operation("deleteFulfillmentMetadata")
def delete_metadata(call: Call) -> Reply:
    order, fulfillment = _named(call)
    key = call.query["meta_key"].strip()
    changed = fulfillment | {"meta_data": [each for each in fulfillment["meta_data"] if each["key"] != key]}
    return answer(call, 200, _saved(call, order, fulfillment, changed)["meta_data"])


# What an order knows of it --------------------------------------------------------------------------------------------


def live(work: Work, order_id: str) -> list[Document]:
    """The fulfilments of an order that were not deleted, oldest first."""
    rows = work.collection("fulfillment").rows(Is("order_id", "=", order_id))
    return [row for row in rows if row["date_deleted"] is None]


def with_status(work: Work, order: Mapping[str, Any]) -> Json:
    """The order with how far it is, in its meta data (core `calculate_order_fulfillment_status`)."""
    status = _order_status(work, order, live(work, order["id"]))
    if status is None and not any(each["key"] == ORDER_STATUS for each in order["meta_data"]):
        return dict(order)
    return {**order, "meta_data": merged_meta(work, order["meta_data"], [{"key": ORDER_STATUS, "value": status}])}


def after_refund(work: Work, order: Json) -> Json:
    """What was refunded and waits nowhere else is taken out of what has not gone yet (core
    `update_fulfillments_after_refund`)."""
    there = live(work, order["id"])
    planned = _planned(there)
    need: dict[int, float] = {}
    for id, refunded in _refunded(work, order).items():
        ordered = next((line["quantity"] for line in order["line_items"] if line["id"] == id), 0)
        need[id] = refunded - max(0, ordered - planned.get(id, 0))
    need = {id: many for id, many in need.items() if many > 0}
    if not there or not need:
        return order
    for each in there:
        if not STATUSES[each["status"]]:
            _taken_out(work, each, need)
    return with_status(work, order)


def forget(work: Work, order_id: str) -> None:
    """They go with their order."""
    for row in work.collection("fulfillment").rows(Is("order_id", "=", order_id)):
        work.collection("fulfillment").delete(row.id)


def _taken_out(work: Work, fulfillment: Document, need: dict[int, float]) -> None:
    kept = []
    for item in _items(fulfillment["meta_data"]):
        many = need.get(item["item_id"], 0)
        if many and many <= item["qty"]:
            need[item["item_id"]] = 0
        left = max(0, item["qty"] - many)
        kept += [item | {"qty": left}] if left else []
    if kept:
        meta = merged_meta(work, fulfillment["meta_data"], [{"key": ITEMS, "value": kept}])
        work.collection("fulfillment").save(fulfillment | {"meta_data": meta, "date_updated": _now(work)})
    else:
        work.collection("fulfillment").save(fulfillment | {"date_deleted": _now(work)})


def _order_status(work: Work, order: Mapping[str, Any], there: list[Document]) -> str | None:
    if not there:
        return None
    planned, refunded = _planned(there), _refunded(work, order)
    waits = any(
        line["quantity"] - refunded.get(line["id"], 0) - planned.get(line["id"], 0) > 0 for line in order["line_items"]
    )
    gone = [STATUSES[each["status"]] for each in there]
    if all(gone) and not waits:
        return "fulfilled"
    return "partially_fulfilled" if any(gone) else "unfulfilled"


def _planned(there: Iterable[Document]) -> dict[int, float]:
    total: dict[int, float] = {}
    for each in there:
        for item in _items(each["meta_data"]):
            total[item["item_id"]] = total.get(item["item_id"], 0) + item["qty"]
    return total


def _refunded(work: Work, order: Mapping[str, Any]) -> dict[int, int]:
    total: dict[int, int] = {}
    for refund in work.collection("refund").rows(Is("parent_id", "=", int(order["id"]))):
        for line in refund["line_items"]:
            total[line["of_line"]] = total.get(line["of_line"], 0) - line["quantity"]
    return total


def _tell_order(work: Work, order: Document) -> None:
    from mock_servers.woocommerce.behaviour.orders import save_order

    save_order(work, with_status(work, order))


# Kept and checked -----------------------------------------------------------------------------------------------------


def _order(call: Call) -> Document:
    if not is_on(call):
        raise Refusal("route_not_found")
    return order_named(call)


def _named(call: Call) -> tuple[Document, Document]:
    order, id = _order(call), must_be_number(call.path["fulfillment_id"])
    fulfillment = call.collection("fulfillment").find(id)
    if fulfillment is None:
        _refuse("Fulfillment not found.")
    if fulfillment["order_id"] != order.id:
        _refuse("Invalid fulfillment ID.")
    return order, fulfillment


def _status(body: Json, before: str | None) -> str:
    """One that nobody knows is that of before; `is_fulfilled` follows from it, whatever was sent."""
    given = body.get("status")
    if given is None and before is None:
        _refuse("Invalid fulfillment status.")
    return given if given in STATUSES else before or "unfulfilled"


def _set_meta(work: Work, kept: list[Json], given: list[Json]) -> list[Json]:
    """By id, else by key; what is not named goes."""
    named = {each["key"] for each in given}
    rows = merged_meta(work, [row for row in kept if row["key"] in named], given)
    for row in rows:
        row["id"] = whole(row["id"])
    return rows


def _checked(work: Work, fulfillment: Json) -> Json:
    items = next((each["value"] for each in fulfillment["meta_data"] if each["key"] == ITEMS), None)
    if not items:
        _refuse("The fulfillment should contain at least one item.")
    if not isinstance(items, list | dict):
        _refuse("The fulfillment items should be an array.")
    if isinstance(items, dict) or not all(map(_is_item, items)):
        _refuse("Invalid item.")
    is_gone = STATUSES[fulfillment["status"]]
    if is_gone and not any(each["key"] == FULFILLED_AT for each in fulfillment["meta_data"]):
        entry = {"key": FULFILLED_AT, "value": _now(work)}
        fulfillment = {**fulfillment, "meta_data": merged_meta(work, fulfillment["meta_data"], [entry])}
    return fulfillment


def _is_item(item: Any) -> bool:
    if not isinstance(item, dict):
        return False
    id, many = item.get("item_id"), item.get("qty")
    return type(id) is int and id > 0 and type(many) in {int, float} and many > 0  # type: ignore[operator]


def _items(meta_data: list[Json]) -> list[Json]:
    return next((each["value"] for each in meta_data if each["key"] == ITEMS), [])


def _saved(call: Call, order: Document, before: Document, changed: Json) -> Mapping[str, Any]:
    """Of what was deleted nothing is changed, and nothing is said."""
    if before["date_deleted"] is not None:
        return before
    kept = call.collection("fulfillment").save({**_checked(call, changed), "date_updated": _now(call)})
    _tell_order(call, order)
    return kept


def _now(work: Work) -> str:
    """The site's clock, as the database writes it."""
    return str(site_time(work, work.stamp)).replace("T", " ")


def _refuse(said: str, number: int = 0) -> NoReturn:
    raise Refusal("refused", name=number, said=said)


def _shown(fulfillment: Mapping[str, Any]) -> Json:
    return {
        "id": int(fulfillment["id"]),
        "entity_type": "WC_Order",
        "entity_id": fulfillment["order_id"],
        "status": fulfillment["status"],
        "is_fulfilled": STATUSES[fulfillment["status"]],
        "date_updated": fulfillment["date_updated"],
        "date_deleted": fulfillment["date_deleted"],
        "meta_data": fulfillment["meta_data"],
    }
