"""Refunds and movements of money in REST's shape."""

from typing import Any

from mock_servers.core.fake import Work
from mock_servers.shopify.behaviour.base import decimal_text, found, money, number_in
from mock_servers.shopify.behaviour.payments import unsettled
from mock_servers.shopify.behaviour.rest.words import line_shape, local, money_set, priced

Json = dict[str, Any]


def refund_shape(work: Work, refund: Json, order: Json | None = None) -> Json:
    """A refund."""
    order = order or found(work, "Order", refund["orderId"])
    lines = {line["id"]: line for line in order["lines"]}
    none = money_set("0.00", refund["currencyCode"])
    return {
        "id": number_in(refund["id"]),
        "admin_graphql_api_id": refund["id"],
        "order_id": number_in(refund["orderId"]),
        "created_at": local(work, refund["createdAt"]),
        "processed_at": local(work, refund["createdAt"]),
        "note": refund["note"],
        "restock": any(each["restocked"] for each in refund["lines"]),
        "user_id": None,
        "refund_line_items": [
            {
                "id": number_in(each["id"]),
                "line_item_id": number_in(each["lineItemId"]),
                "location_id": number_in(each["locationId"]) if each["locationId"] else None,
                "quantity": each["quantity"],
                "restock_type": each["restockType"].lower(),
                "subtotal": float(each["subtotal"]),
                "subtotal_set": money_set(each["subtotal"], each["currencyCode"]),
                "total_tax": 0.0,
                "total_tax_set": none,
                "line_item": line_shape(lines[each["lineItemId"]]),
            }
            for each in refund["lines"]
        ],
        "transactions": [transaction_shape(work, each, order) for each in refund["transactions"]],
        "order_adjustments": [_adjustment_shape(refund, each) for each in refund["adjustments"]],
        "duties": [],
        "total_duties_set": none,
        "additional_fees": [],
        "total_additional_fees_set": none,
        "return": None,
    }


def _adjustment_shape(refund: Json, adjustment: Json) -> Json:
    return {
        "id": number_in(adjustment["id"]),
        "order_id": number_in(refund["orderId"]),
        "refund_id": number_in(refund["id"]),
        "kind": adjustment["kind"],
        "reason": adjustment["reason"],
        **priced("amount", adjustment["amount"], refund["currencyCode"]),
        **priced("tax_amount", "0.00", refund["currencyCode"]),
    }


def transaction_shape(work: Work, transaction: Json, order: Json) -> Json:
    """A movement of money. What is still to be captured of the order is told beside every one of them."""
    left = {"amount": decimal_text(money(unsettled(order))), "currency": order["currencyCode"]}
    return {
        "id": number_in(transaction["id"]),
        "admin_graphql_api_id": transaction["id"],
        "order_id": number_in(order["id"]),
        "kind": transaction["kind"].lower(),
        "status": transaction["status"].lower(),
        "amount": transaction["amount"],
        "currency": order["currencyCode"],
        "gateway": transaction["gateway"],
        "message": None,
        "authorization": transaction["authorizationCode"],
        "parent_id": number_in(transaction["parentId"]) if transaction["parentId"] else None,
        "payment_id": transaction["paymentId"],
        "created_at": local(work, transaction["createdAt"]),
        "processed_at": local(work, transaction["processedAt"]),
        "test": transaction["test"],
        "location_id": None,
        "user_id": None,
        "device_id": None,
        "error_code": None,
        "source_name": order["sourceName"],
        "receipt": {},
        "currency_exchange_adjustment": None,
        "total_unsettled_set": {"presentment_money": left, "shop_money": dict(left)},
        "manual_payment_gateway": transaction["gateway"] == "manual",
    }
