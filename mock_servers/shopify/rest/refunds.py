"""Refunds and transactions over REST. A `suggested_refund` moves no money: only a `refund` does."""

from typing import Any

from mock_servers.core.fake import Call
from mock_servers.core.refusal import Refusal
from mock_servers.core.wire import Reply
from mock_servers.shopify.behaviour.refund_sums import calculated
from mock_servers.shopify.behaviour.refunds import create_refund, refunds_of
from mock_servers.shopify.behaviour.rest import refund_shape, transaction_shape
from mock_servers.shopify.behaviour.transactions import create_transaction
from mock_servers.shopify.rest.door import gid_for, operation, order_named, shown, spelled, wrong
from mock_servers.shopify.rest.shapes import suggested_refund_shape

Json = dict[str, Any]


def _one(call: Call, member: str, shapes: list[Json]) -> Reply:
    """The one the path names. Refuses with `not_found`."""
    for shape in shapes:
        if str(shape["id"]) == call.path["id"]:
            return Reply(200, {member: shown(call, shape)})
    raise Refusal("not_found")


# Movements of money ---------------------------------------------------------------------------------------------------


def _transactions(call: Call) -> list[Json]:
    order = order_named(call)
    return [transaction_shape(call, each, order) for each in order["transactions"]]


@operation("listTransactions")
def list_transactions(call: Call) -> Reply:
    return Reply(200, {"transactions": [shown(call, each) for each in _transactions(call)]})


@operation("countTransactions")
def count_transactions(call: Call) -> Reply:
    return Reply(200, {"count": len(_transactions(call))})


@operation("createTransaction")
def do_create_transaction(call: Call) -> Reply:
    order, given = order_named(call), call.body["transaction"]
    wanted = spelled(given, "amount", "currency", "authorization", "gateway", "source", "test")
    wanted["kind"] = given.get("kind", "").upper()
    if given.get("parent_id") is not None:
        wanted["parentId"] = gid_for("OrderTransaction", given["parent_id"])
    if not wanted["kind"]:
        wrong("kind", "can't be blank")
    changed, made = create_transaction(call, order, wanted)
    return Reply(201, {"transaction": transaction_shape(call, made, changed)})


@operation("getTransaction")
def get_transaction(call: Call) -> Reply:
    return _one(call, "transaction", _transactions(call))


# Refunds --------------------------------------------------------------------------------------------------------------


def _refunds(call: Call) -> list[Json]:
    order = order_named(call)
    return [refund_shape(call, each, order) for each in refunds_of(call, order)]


@operation("listRefunds")
def list_refunds(call: Call) -> Reply:
    return Reply(200, {"refunds": [shown(call, each) for each in _refunds(call)]})


@operation("getRefund")
def get_refund(call: Call) -> Reply:
    return _one(call, "refund", _refunds(call))


@operation("createRefund")
def do_create_refund(call: Call) -> Reply:
    order, given = order_named(call), call.body["refund"]
    transactions = [
        {"kind": "REFUND", "amount": str(each["amount"]), "parentId": _parent(each)}
        for each in given.get("transactions") or ()
        if each.get("kind", "refund") == "refund"
    ]
    made = create_refund(call, _wanted(order, given) | {"note": given.get("note"), "transactions": transactions})
    return Reply(201, {"refund": refund_shape(call, made["refund"], made["order"])})


def _parent(given: Json) -> str | None:
    return None if given.get("parent_id") is None else gid_for("OrderTransaction", given["parent_id"])


def _wanted(order: Json, given: Json) -> Json:
    """What a refund is about, as a `RefundInput` says it. Refuses another currency than the order's."""
    if given.get("currency") not in {None, "", order["currencyCode"]}:
        wrong("currency", "is invalid")
    shipping = given.get("shipping") or {}
    return {
        "orderId": order["id"],
        "refundLineItems": [_line(each) for each in given.get("refund_line_items") or ()],
        "shipping": {"fullRefund": shipping.get("full_refund"), "amount": shipping.get("amount")},
    }


@operation("calculateRefund")
def calculate_refund(call: Call) -> Reply:
    order, given = order_named(call), call.body.get("refund") or {}
    return Reply(200, {"refund": suggested_refund_shape(calculated(call, order, _wanted(order, given)))})


def _line(given: Json) -> Json:
    place = given.get("location_id")
    return {
        "lineItemId": gid_for("LineItem", given["line_item_id"]),
        "quantity": given["quantity"],
        "restockType": given.get("restock_type", "no_restock").upper(),
        "locationId": None if place is None else gid_for("Location", place),
    }
