"""Purchases of a sales channel that orders were made of, and how far each item of one has come."""

from collections.abc import Mapping
from typing import Any

from mock_servers.core.fake import Call, Work
from mock_servers.core.filters import Is
from mock_servers.core.refusal import Refusal
from mock_servers.core.store import Document, encode
from mock_servers.core.wire import Reply
from mock_servers.extensiv_order_manager.behaviour.products import product_of
from mock_servers.extensiv_order_manager.behaviour.state import fake
from mock_servers.extensiv_order_manager.behaviour.v1 import shapes
from mock_servers.extensiv_order_manager.behaviour.v1.words import Json, given, ids_given, stamped

PURCHASE_START = 701
FULFILLED = {"SHIPPED": "SHIPPED", "PROCESSED_OUTSIDE_OF_SKUBANA": "SHIPPED", "CANCELLED": "CANCELLED"}


def purchase_of(work: Work, channel: int, said: Mapping[str, Any] | None, order: Json) -> Json:
    """The order with the purchase that it was made of, and its items with theirs. Orders with one purchase order number
    on a channel are of one purchase."""
    if not said or not said.get("purchaseOrderNumber"):
        return order
    kind, key = work.collection("channel_purchase"), said["purchaseOrderNumber"]
    same = (row for row in kind.rows(Is("number", "=", key)) if row["channel_id"] == channel)
    kept = next(same, None) or kind.add(
        {
            "id": str(work.next_number("channel_purchase", PURCHASE_START)),
            "number": key,
            "channel_id": channel,
            "created_at": work.stamp,
            "ordered_at": _moment(work, said.get("purchaseOrderDate")),
            "said": dict(said),
        }
    )
    return order | {"purchase": kept.id}


def _moment(work: Work, text: str | None) -> str:
    """The purchase's date is free text in the spec; what is no moment becomes this one."""
    try:
        return stamped(work, text or None, "purchaseOrderDate") or work.stamp
    except Refusal:
        return work.stamp


@fake.operation("getChannelPurchases")
def get_channel_purchases(call: Call) -> Reply:
    channel, ids = call.query["salesChannelId"], set(ids_given(call, "orderId"))
    numbers = set(given(call, "orderNumber"))
    orders: dict[str, list[Document]] = {}
    for order in call.collection("order").rows(Is("channel_id", "=", channel)):
        if order.get("purchase"):
            orders.setdefault(order["purchase"], []).append(order)
    rows = []
    for kept in call.collection("channel_purchase").rows(Is("channel_id", "=", channel)):
        of_it = orders.get(kept.id, [])
        named = any(order.id in ids or order["order_number"] in numbers for order in of_it)
        if named or not (ids or numbers):
            rows.append(_purchase(call, kept, of_it))
    return Reply(200, rows)


def _purchase(call: Call, kept: Document, orders: list[Document]) -> Json:
    said = kept["said"]
    currency = said.get("purchaseOrderCurrency") or "USD"

    def cost(of: Mapping[str, Any], name: str) -> Json:
        return {"amount": of.get(name) or 0, "currency": currency}

    items: dict[str, Json] = {}
    for order in orders:
        for place, item in enumerate(order["items"], 1):
            bought = item.get("purchase_item")
            if bought:
                shown = items.setdefault(_name_of(bought), _bought(bought, cost, len(items) + 1, kept))
                shown["fulfillmentBreakdowns"].append(_breakdown(call, order, item, place))
    return {
        "channelPurchaseId": int(kept.id),
        "createdDate": kept["created_at"],
        "purchaseOrderDate": kept["ordered_at"],
        "purchaseOrderNumber": kept["number"],
        "purchaseOrderDiscount": cost(said, "purchaseOrderDiscountCost"),
        "purchaseOrderShipping": cost(said, "purchaseOrderShippingCost"),
        "purchaseOrderTotal": cost(said, "purchaseOrderTotal"),
        "purchaseOrderItems": list(items.values()),
        "properties": encode(said.get("purchaseOrderProperties") or []).decode(),
        "relatedOrderIds": [int(order.id) for order in orders],
        "salesChannel": shapes.channel(shapes.channel_of(call, kept["channel_id"])),
    }


def _name_of(bought: Mapping[str, Any]) -> str:
    return str(bought.get("purchaseOrderItemNumber") or bought.get("purchaseItemSku") or "")


def _bought(bought: Mapping[str, Any], cost: Any, place: int, kept: Document) -> Json:
    return {
        "purchaseItemId": int(kept.id) * 1000 + place,
        "purchaseOrderItemNumber": bought.get("purchaseOrderItemNumber"),
        "purchaseItemName": bought.get("purchaseItemName"),
        "purchaseItemSku": bought.get("purchaseItemSku"),
        "purchaseQuantity": bought.get("purchaseQuantity") or 0,
        "purchaseItemPrice": cost(bought, "purchaseItemPrice"),
        "purchaseItemDiscount": cost(bought, "purchaseItemDiscount"),
        "purchaseItemShipping": cost(bought, "purchaseItemShippingCost"),
        "purchaseItemTax": cost(bought, "purchaseItemTax"),
        "properties": encode(bought.get("purchaseItemProperties") or []).decode(),
        "fulfillmentBreakdowns": [],
    }


def _breakdown(call: Call, order: Document, item: Mapping[str, Any], place: int) -> Json:
    product = None if item.get("unmapped") else product_of(call, item["sku"])
    return {
        "orderId": int(order.id),
        "orderItemId": shapes.item_id(order, item, place),
        "productId": int(product["id"]) if product else None,
        "quantity": item["quantity"],
        "fulfillmentState": FULFILLED.get(order["state"], "UNSHIPPED"),
    }
