"""Orders as the vendor's own API reads, creates and validates them."""

import re
from collections.abc import Mapping
from typing import Any

from mock_servers.core.countries import ALPHA2, ALPHA3
from mock_servers.core.fake import Call, Work
from mock_servers.core.filters import Condition, Is, Not
from mock_servers.core.refusal import Refusal
from mock_servers.core.store import Document
from mock_servers.core.wire import Reply
from mock_servers.extensiv_order_manager.behaviour.state import fake, orders_numbered, own_channel, place_order
from mock_servers.extensiv_order_manager.behaviour.v1 import shapes
from mock_servers.extensiv_order_manager.behaviour.v1.labels import label_ids
from mock_servers.extensiv_order_manager.behaviour.v1.purchases import purchase_of
from mock_servers.extensiv_order_manager.behaviour.v1.words import (
    Json,
    Line,
    every,
    given,
    ids_given,
    number,
    one_of,
    page,
    prefixed,
    stamped,
    within,
)

TWO_LETTERS = re.compile(r"[A-Za-z]{2}")
DATES = ("orderDate", "shipByDate", "receiveByDate", "holdUntilDate", "shipDate")
KEPT = (
    *("orderTotal", "shippingCost", "insuranceCost", "insuredValue", "confirmationCost", "amountPaid", "discount"),
    *("customField1", "customField2", "customField3", "giftMessage", "gift"),
    *("internalNotes", "notesFromBuyer", "notesToBuyer", "shipMethod", "requestedShippingService"),
    *shapes.SIZES,
)
"""Members that are kept as they came."""


@fake.operation("getOrders")
def get_orders(call: Call) -> Reply:
    where = every(
        within(call, "createdDate", "created_at"),
        within(call, "modifiedDate", "updated_at"),
        within(call, "orderDate", "order_date"),
        within(call, "paymentDate", "payment_date"),
        within(call, "shipDate", "ship_date"),
        _ids(call),
        prefixed(call, "orderNumber", "order_number"),
        _with_products(call),
        _equal(call, "salesChannelId", "channel_id", int),
        one_of(call, "status", "state"),
        one_of(call, "unresolvedStatus", "unresolved"),
        _equal(call, "warehouseId", "warehouse_id", str),
        _external(call),
    )
    return page(call, "order", where)


def _ids(call: Call) -> Condition | None:
    wanted = ids_given(call, "orderId")
    return Is("id", "in", tuple(wanted)) if wanted else None


def _equal(call: Call, name: str, member: str, kind: type) -> Condition | None:
    value = number(call, name)
    return Is(member, "=", kind(value)) if value else None


def _with_products(call: Call) -> Condition | None:
    """Orders with any of these products; items are inside of orders, so they are looked at one by one."""
    wanted = ids_given(call, "productId")
    if not wanted:
        return None
    skus = {row["sku"] for row in call.collection("product").rows(Is("id", "in", tuple(wanted)))}
    rows = call.collection("order").rows()
    return Is("id", "in", tuple(row.id for row in rows if any(item["sku"] in skus for item in row["items"])))


def _external(call: Call) -> Condition | None:
    if "external" not in call.query:
        return None
    outside = Is("state", "=", "PROCESSED_OUTSIDE_OF_SKUBANA")
    return outside if call.query["external"] else Not(outside)


@fake.operation("getOrderById")
def get_order_by_id(call: Call) -> Reply:
    return Reply(200, order_by_id(call, call.path["orderId"]))


fake.view("v1", "order", schema="Order", around=True)(shapes.order)


def order_by_id(call: Call, text: str) -> Document:
    """The order of an id in the path, where 007 is no 7. Refuses with `not_found`."""
    found = call.collection("order").find(text)
    if found is None:
        raise Refusal("not_found", kind="Order", id=text)
    return found


@fake.operation("getOrderStatuses")
def get_order_statuses(call: Call) -> Reply:
    names = call.fake.contract.surfaces["v1"].document["components"]["schemas"]
    told = {
        member: [{"id": place, "status": word} for place, word in enumerate(names[name]["enum"], 1)]
        for member, name in (("statuses", "OrderStatus"), ("unresolvedStatuses", "UnresolvedStatus"))
    }
    return Reply(200, told)


@fake.operation("putOrder")
def put_order(call: Call) -> Reply:
    """All of them or, when one cannot be, none: the answer has no place for an order that is not there (assumed)."""
    orders = [_created(call, body, f"[{place}].") for place, body in enumerate(call.body)]
    told = [
        {"orderId": int(order.id), "orderNumber": order["order_number"], "orderStatus": order["state"]}
        for order in orders
    ]
    message = f"{len(orders)} orders created"
    return Reply(200, {"ids": [int(order.id) for order in orders], "message": message, "orders": told})


def _created(call: Call, body: Json, where: str) -> Document:
    channel = body["salesChannelId"]
    if call.collection("channel").find(str(channel)) is None and channel != own_channel(call):
        raise Refusal(
            "unprocessable",
            reason=f"Sales channel {channel} not found",
            details=((f"{where}salesChannelId", "not found"),),
        )
    address = ship_to(body, where)
    said = {name: body[name] for name in KEPT if body.get(name) is not None}
    said |= {name: stamped(call, body[name], where + name) for name in DATES if body.get(name) is not None}
    paid = stamped(call, body.get("paymentDate"), f"{where}paymentDate")
    taken = body.get("orderNumber")
    repeats = call.setting("numbers_may_repeat")
    if taken and not repeats and orders_numbered(call, taken, channel):
        raise Refusal(
            "unprocessable",
            reason="Order number exists already",
            details=((f"{where}orderNumber", "exists already"),),
        )
    if "shipMethod" in said and not (
        said["shipMethod"].get("shippingProviderId") or said["shipMethod"].get("shippingCarrier")
    ):
        raise Refusal("invalid_body", details=((f"{where}shipMethod", "names neither a provider nor a carrier"),))

    order = {
        "order_number": taken or "",
        "channel_id": channel,
        "shipping_address": address,
        "items": [new_item(call, item) for item in body["orderItems"]],
        "payment_date": paid,
        "order_date": said.get("orderDate") or call.stamp,
        "external": bool(body.get("externalOrder")),
        "v1": said,
        "labels": label_ids(call, body.get("labels"), f"{where}labels"),
    }
    return place_order(call, purchase_of(call, channel, body.get("putChannelPurchaseOrderDto"), order))


def new_item(work: Work, item: Mapping[str, Any]) -> Json:
    """An item as it is kept; which product it is, its channel's listing says."""
    return {
        "item_id": work.next_number("order_item", 1),
        "sku": item["listingSku"],
        "listing_sku": item["listingSku"],
        "listing_name": item["listingName"],
        "quantity": item["quantityOrdered"],
        "shipped": 0,
        "unit_price": item["unitPrice"],
        "tax": item["tax"],
        "discount": item.get("discount"),
        "notes": item.get("notes"),
        "purchase_item": item.get("channelPurchaseOrderItemDTO"),
    }


def ship_to(body: Mapping[str, Any], where: str, known: Mapping[str, Any] | None = None) -> Json:
    """The address of a body, laid over the one that is known. Refuses countries and states that are none."""
    said = {ours: body[theirs] for theirs, ours in shapes.ADDRESS.items() if body.get(theirs) is not None}
    address = dict(known or {}) | said
    country = str(address["country"]).upper()
    country = ALPHA3.get(country, country)
    if country not in ALPHA2:
        raise Refusal("invalid_body", details=((f"{where}shipCountry", "is not an ISO 3166 alpha-3 code"),))
    if country == "USA" and not TWO_LETTERS.fullmatch(str(address.get("state", ""))):
        raise Refusal("invalid_body", details=((f"{where}shipState", "is a two-letter code in the USA"),))
    return address | {"country": country}


def named_orders(call: Call) -> list[Document]:
    """The orders that a query names by ids or by numbers of a channel. Refuses when it names none, or one not there."""
    ids, numbers, channel = ids_given(call, "orderId"), given(call, "orderNumber"), number(call, "salesChannelId")
    if not ids and not numbers:
        raise Refusal("invalid_query", details=(("orderId", "or orderNumber has to be given"),))
    found = [order_by_id(call, id) for id in ids]
    for order in found:
        if channel and order["channel_id"] != channel:
            raise Refusal("not_found", kind="Order", id=order.id)
    for text in numbers:
        same = orders_numbered(call, text, channel)
        if not same:
            raise Refusal("not_found", kind="Order", id=text)
        found += same
    return list({order.id: order for order in found}.values())


def order_identified(work: Work, said: Mapping[str, Any]) -> Document:
    """The order that a line of a bulk names by its id, or by its number and channel."""
    if said.get("orderId"):
        found = work.collection("order").find(str(said["orderId"]))
        if found is not None:
            return found
        raise Line("Order not found", "orderId", said["orderId"])
    same = orders_numbered(work, said.get("orderNumber") or "", said.get("salesChannelId") or 0)
    if not same:
        raise Line("Order not found", "orderNumber", said.get("orderNumber"))
    return same[0]
