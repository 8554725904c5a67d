"""What can be done to an order by the vendor's own API."""

from collections.abc import Mapping
from typing import Any

from mock_servers.core.fake import Call
from mock_servers.core.filters import Is
from mock_servers.core.refusal import Refusal
from mock_servers.core.store import Document
from mock_servers.core.wire import Reply
from mock_servers.extensiv_order_manager.behaviour.state import (
    HOLDABLE,
    OPEN,
    call_off,
    fake,
    fulfils,
    hold,
    place_order,
    resettle,
    resume,
)
from mock_servers.extensiv_order_manager.behaviour.v1 import shapes
from mock_servers.extensiv_order_manager.behaviour.v1.labels import label_ids
from mock_servers.extensiv_order_manager.behaviour.v1.orders import (
    DATES,
    KEPT,
    named_orders,
    new_item,
    order_by_id,
    order_identified,
    ship_to,
)
from mock_servers.extensiv_order_manager.behaviour.v1.words import Json, Line, bulk, each_line, moment, number, stamped

EDITABLE = HOLDABLE | {"ON_HOLD"}
SENDABLE = ("AWAITING_3PL_EXPORT", "AWAITING_DROPSHIP")
EDITED_CHANNELS = ("CUSTOM", "SKUBANA")
"""Only some types of channels let items be changed (vendor spec); which, nobody says: assumed."""


# Update ---------------------------------------------------------------------------------------------------------------


@fake.operation("postOrders", "postOrdersOldForm")
def post_orders(call: Call) -> Reply:
    return bulk(call.body, lambda line: _updated(call, line))


@fake.operation("postValidationOrders")
def post_validation_orders(call: Call) -> Reply:
    """A dry run: what the update would run into."""
    _, errors = each_line(
        call.body, lambda line: _change_of(call, order_identified(call, line["orderIdentifier"]), line)
    )
    return Reply(200, errors)


def _updated(call: Call, line: Mapping[str, Any]) -> Json:
    order = order_identified(call, line["orderIdentifier"])
    changes = _change_of(call, order, line)["changes"]
    moves = "chosen_warehouse" in changes or ("payment_date" in changes and order["state"] == "AWAITING_PAYMENT")
    if moves:
        order = resettle(call, order, changes)
    else:
        order = call.collection("order").save(order | changes | {"updated_at": call.stamp})
    return {"orderId": int(order.id), "orderNumber": order["order_number"], "orderStatus": order["state"]}


def _change_of(call: Call, order: Document, line: Mapping[str, Any]) -> Json:
    """What a line would change; raises Line for what it may not."""
    if order["state"] not in EDITABLE:
        raise Line(f"An order that is {order['state']} cannot be updated", "orderStatus", int(order.id))
    changes: Json = {}
    source = line.get("fulfillmentSource")
    if source is not None:
        house = call.collection("warehouse").find(str(source["warehouseId"]))
        if house is None:
            raise Line("Warehouse not found", "fulfillmentSource.warehouseId", source["warehouseId"])
        if not fulfils(house):
            raise Line("The warehouse fulfils no orders", "fulfillmentSource.warehouseId", source["warehouseId"])
        if order["shipments"]:
            raise Line("An order that shipped in part stays where it is", "fulfillmentSource", int(order.id))
        changes["chosen_warehouse"] = str(source["warehouseId"])
    try:
        address = ship_to(line, "", order["shipping_address"])
        said = order.get("v1", {}) | {name: line[name] for name in KEPT if line.get(name) is not None}
        said |= {name: stamped(call, line[name], name) for name in DATES if line.get(name) is not None}
        if line.get("paymentDate") is not None:
            changes["payment_date"] = stamped(call, line["paymentDate"], "paymentDate")
    except Refusal as refusal:
        field, message = refusal.details[0]
        raise Line(f"{field} {message}", field, int(order.id)) from refusal
    return {"changes": changes | {"shipping_address": address, "v1": said}}


@fake.operation("postOrderNotes")
def post_order_notes(call: Call) -> Reply:
    order = order_by_id(call, str(call.body["orderId"]))
    names = ("internalNotes", "notesFromBuyer", "notesToBuyer")
    said = order.get("v1", {}) | {name: call.body[name] for name in names if name in call.body}
    call.collection("order").save(order | {"v1": said, "updated_at": call.stamp})
    return _done(order)


# Cancel, hold, restore ------------------------------------------------------------------------------------------------


@fake.operation("postOrdersCancel")
def post_orders_cancel(call: Call) -> Reply:
    """All of them or, when one may not be cancelled, none (A33)."""
    orders = named_orders(call)
    for order in orders:
        if order["state"] == "CANCELLED":
            raise Refusal("order_not_cancellable", order_number=order["order_number"], status="cancelled")
        told, details = call.query.get("updateSalesChannels", False), call.query.get("cancelReason")
        reason = call.query["cancelReasonType"]
        call_off(call, order, reason, states=OPEN, cancel_details=details, channel_told=told)
    return _done(*orders)


@fake.operation("postOrdersOnHold")
def post_orders_on_hold(call: Call) -> Reply:
    until = call.fake.stamp_of(moment(call.query["holdUntil"], "holdUntil"))
    orders = named_orders(call)
    for order in orders:
        if order["state"] not in HOLDABLE:
            reason = f"Order {order['order_number']} is {order['state']} and cannot be put on hold"
            raise Refusal("unprocessable", reason=reason)
        hold(call, order, until)
    return _done(*orders)


@fake.operation("postOrdersRestore")
def post_orders_restore(call: Call) -> Reply:
    return bulk(call.body, lambda each: _restored(call, each), partly=201)


def _restored(call: Call, id: int) -> Json:
    order = call.collection("order").find(str(id))
    if order is None:
        raise Line("Order not found", "orderId", id)
    if order["state"] not in {"CANCELLED", "ON_HOLD"}:
        raise Line(f"An order that is {order['state']} cannot be restored", "orderId", id)
    if order.get("channel_told"):
        raise Line("The sales channel was told of the cancellation", "orderId", id)
    order = resume(call, order)
    return {"orderId": id, "orderNumber": order["order_number"], "orderStatus": order["state"]}


def _done(*orders: Document) -> Reply:
    return Reply(200, {"id": int(orders[0].id) if orders else None, "message": f"{len(orders)} orders updated"})


# To the 3PL -----------------------------------------------------------------------------------------------------------


@fake.operation("postOrdersSendToFulfillment")
def post_orders_send_to_fulfillment(call: Call) -> Reply:
    """Those that are named, or all that wait, up to the most that a call takes."""
    most = int(call.fake.contract.profile.facts["send_maximum"].value)
    named = call.query.get("orderId") or call.query.get("orderNumber")
    chosen = named_orders(call) if named else _sendable(call)
    ready = [order for order in chosen if order["state"] in SENDABLE]
    errors = [
        Line("Only orders awaiting export can be sent", "orderStatus", int(order.id)).told(place)
        for place, order in enumerate(chosen, 1)
        if order["state"] not in SENDABLE
    ]
    batch = None
    if ready:
        batch = _sent(call, ready[:most])
    told = {"message": f"{len(ready[:most])} orders sent", "results": None, "errors": errors}
    return Reply(200, told | {"orderBatch": batch, "ordersRemaining": len(ready) > most})


def _sendable(call: Call) -> list[Document]:
    channel, warehouse = number(call, "salesChannelId"), number(call, "warehouseId")
    rows = call.collection("order").rows(Is("state", "in", SENDABLE))
    return [
        row
        for row in rows
        if channel in {0, row["channel_id"]} and (not warehouse or row["warehouse_id"] == str(warehouse))
    ]


def _sent(call: Call, orders: list[Document]) -> Json:
    name = call.next_number("batch", 1)
    for order in orders:
        changes = {"state": "PENDING_FULFILLMENT", "batch": str(name), "updated_at": call.stamp}
        call.collection("order").save(order | changes)
    return {
        "batchNumber": name,
        "created": call.stamp,
        "printedDate": None,
        "shippedDate": None,
        "processedCount": len(orders),
        "failedCount": 0,
        "orders": [batched(order, "PENDING", batch=name) for order in orders],
    }


def batched(
    order: Mapping[str, Any] | None, status: str, *, batch: int | None = None, message: str | None = None, **more: Any
) -> Json:
    """What became of one order of a batch."""
    who = None
    if order is not None:
        who = {
            "orderId": int(order["id"]),
            "orderNumber": order["order_number"],
            "salesChannelId": order["channel_id"],
        }
    told = {"order": who, "orderBatchNumber": batch, "processingMessage": message, "shipment": None, "status": status}
    return told | more


# Items ----------------------------------------------------------------------------------------------------------------


@fake.operation("putOrderItems")
def put_order_items(call: Call) -> Reply:
    order = _with_items_to_change(call)
    return _with_items(call, order, [*_named(order), *(new_item(call, item) for item in call.body)])


@fake.operation("postOrderItems")
def post_order_items(call: Call) -> Reply:
    order = _with_items_to_change(call)
    items = {item["item_id"]: item for item in _named(order)}
    names = {"quantity": "quantity", "unitPrice": "unit_price", "discount": "discount", "notes": "notes"}

    def change(line: Mapping[str, Any]) -> Json:
        known = items.get(line["orderItemId"])
        if known is None:
            raise Line("Order item not found", "orderItemId", line["orderItemId"])
        said = {ours: line[theirs] for theirs, ours in names.items() if line.get(theirs) is not None}
        items[line["orderItemId"]] = known | said
        return {}

    _, errors = each_line(call.body, change)
    return _with_items(call, order, list(items.values()), errors)


@fake.operation("deleteOrderItems")
def delete_order_items(call: Call) -> Reply:
    order = _with_items_to_change(call)
    gone = set(call.query["orderItemIds"])
    items = _named(order)
    if missing := sorted(gone - {item["item_id"] for item in items}):
        raise Refusal("not_found", kind="Order item", id=str(missing[0]))
    left = [item for item in items if item["item_id"] not in gone]
    if not left:
        raise Refusal("unprocessable", reason="An order keeps one item at least")
    return _with_items(call, order, left)


def _with_items_to_change(call: Call) -> Document:
    order = order_by_id(call, call.path["orderId"])
    if order["state"] not in EDITABLE or order["shipments"]:
        raise Refusal("unprocessable", reason=f"Items of an order that is {order['state']} cannot be changed")
    if shapes.channel_of(call, order["channel_id"])["type"] not in EDITED_CHANNELS:
        raise Refusal("unprocessable", reason="Items of orders of this channel cannot be changed")
    return order


def _named(order: Document) -> list[Json]:
    """The items, each under the id that it is shown with."""
    return [item | {"item_id": shapes.item_id(order, item, place)} for place, item in enumerate(order["items"], 1)]


def _with_items(call: Call, order: Document, items: list[Json], errors: list[Json] | None = None) -> Reply:
    order = resettle(call, order, {"items": items})
    shown = shapes.order(call, order)
    results = {"orderId": int(order.id), "orderItems": shown["orderItems"]}
    return Reply(200, {"message": "Order items updated", "results": results, "errors": errors or []})


# Split ----------------------------------------------------------------------------------------------------------------


@fake.operation("postOrderSplit")
def post_order_split(call: Call) -> Reply:
    """Each part is an order of its own, with a number of its own (assumed: the first one's and a count)."""
    order = _with_items_to_change(call)
    if order["state"] == "ON_HOLD":
        raise Refusal("unprocessable", reason="An order on hold cannot be split")
    items, parts = _named(order), []
    for asked in call.body["splitOrders"]:
        taken: list[Json] = []
        for wanted in asked["orderItems"]:
            items = _taken(items, wanted, taken)
        parts.append((asked, taken))
    if not items:
        raise Refusal("unprocessable", reason="Something has to be left of the order")
    order = resettle(call, order, {"items": items})
    new = [_part(call, order, asked, taken, place) for place, (asked, taken) in enumerate(parts, 1)]
    related = [*order.get("related", []), *(int(each.id) for each in new)]
    order = call.collection("order").save(order | {"related": related})
    return _done(order, *new)


def _taken(items: list[Json], wanted: Mapping[str, Any], taken: list[Json]) -> list[Json]:
    """What is left of the items when so many were taken. Refuses when there are not so many."""
    left, kept = wanted["quantityOrdered"], []
    for item in items:
        count = min(left, item["quantity"]) if shapes.listing_sku(item) == wanted["listingSku"] else 0
        left -= count
        if count:
            taken.append(item | {"quantity": count})
        if item["quantity"] > count:
            kept.append(item | {"quantity": item["quantity"] - count})
    if left:
        raise Refusal("unprocessable", reason=f"There are not so many of {wanted['listingSku']} in the order")
    return kept


def _part(call: Call, order: Document, asked: Mapping[str, Any], taken: list[Json], place: int) -> Document:
    count = len(order.get("related", [])) + place
    names = ("orderTotal", "shippingCost", "discount", "amountPaid", "insuredValue")
    said = order.get("v1", {}) | {name: asked[name] for name in names if asked.get(name) is not None}
    return place_order(
        call,
        {
            "order_number": f"{order['order_number']}-{count}",
            "channel_id": order["channel_id"],
            "shipping_address": order["shipping_address"],
            "items": [item | {"item_id": call.next_number("order_item", 1)} for item in taken],
            "order_date": order["order_date"],
            "payment_date": order["payment_date"],
            "related": [int(order.id)],
            "labels": label_ids(call, asked.get("labelIds"), "labelIds"),
            **({"purchase": order["purchase"]} if order.get("purchase") else {}),
            "v1": said,
        },
    )
