"""Orders over REST."""

from typing import Any

from mock_servers.core.fake import Call, Work
from mock_servers.core.filters import Condition
from mock_servers.core.store import Document
from mock_servers.core.wire import Reply
from mock_servers.shopify.behaviour.base import KIND_OF, UserErrors, fake
from mock_servers.shopify.behaviour.order_changes import (
    order_close,
    order_create,
    order_delete,
    order_open,
    order_update,
)
from mock_servers.shopify.behaviour.order_list import ORDERS, recent
from mock_servers.shopify.behaviour.orders import cancel, cancel_errors
from mock_servers.shopify.behaviour.rest import order_shape
from mock_servers.shopify.rest import order_bodies
from mock_servers.shopify.rest.door import one, operation, order_named
from mock_servers.shopify.rest.lists import by_id, by_time, count, exactly, page

Json = dict[str, Any]


WIDER = {"unfulfilled": "unshipped,partial", "unpaid": "authorized,partially_paid"}
"""Words that mean more in REST than in a search."""


def _answer(call: Call, order: Json, status: int = 200) -> Reply:
    return one(call, "order", call.collection(KIND_OF["Order"]).get(order["id"]), status)


@fake.view("rest", KIND_OF["Order"], schema="Order", around=True)
def order_over_rest(work: Work, order: Document) -> Json:
    return order_shape(work, order.body)


# Reading --------------------------------------------------------------------------------------------------------------


def _asked_for(call: Call) -> list[Condition]:
    """What the query wants. Only open orders are shown unless it says otherwise."""
    words = {"status": call.query.get("status", "open")}
    words |= {name: call.query[name] for name in ("financial_status", "fulfillment_status") if name in call.query}
    chosen = [ORDERS.filters.known[name]("=", WIDER.get(word, word)) for name, word in words.items() if word != "any"]
    oldest = recent(call)
    found = [*by_id(call, "Order"), *by_time(call), *chosen, *([oldest] if oldest is not None else [])]
    name = call.query.get("name")
    return found + (exactly(call, {"name": "nameKey"}) if name is not None else [])


def orders_page(call: Call, *more: Condition) -> Reply:
    """The orders the query wants of those that fit, newest first."""
    wanted = (*_asked_for(call), *more)
    return page(call, "orders", "Order", None, *wanted, newest_first=True)


@operation("listOrders")
def list_orders(call: Call) -> Reply:
    return orders_page(call)


@operation("countOrders")
def count_orders(call: Call) -> Reply:
    return count(call, "Order", *_asked_for(call))


@operation("getOrder")
def get_order(call: Call) -> Reply:
    return _answer(call, order_named(call, "id"))


# Changing -------------------------------------------------------------------------------------------------------------


@operation("createOrder")
def create_order(call: Call) -> Reply:
    given = call.body["order"]
    options = {"inventoryBehaviour": given.get("inventory_behaviour", "bypass").upper()}
    made = order_create(call, {"order": order_bodies.created(call, given), "options": options})
    return _answer(call, made["order"], 201)


@operation("updateOrder")
def update_order(call: Call) -> Reply:
    order = order_named(call, "id")
    changed = order_update(call, {"input": order_bodies.updated(order, call.body["order"])})
    return _answer(call, changed["order"])


@operation("closeOrder")
def close_order(call: Call) -> Reply:
    return _answer(call, order_close(call, {"input": {"id": order_named(call, "id")["id"]}})["order"])


@operation("openOrder")
def open_order(call: Call) -> Reply:
    return _answer(call, order_open(call, {"input": {"id": order_named(call, "id")["id"]}})["order"])


@operation("cancelOrder")
def cancel_order(call: Call) -> Reply:
    """At once, and without a job. Money goes back only where an amount or a refund is named."""
    order, given = order_named(call, "id"), call.query | (call.body or {})
    if errors := cancel_errors(call, order):
        raise UserErrors(errors)
    refund = "amount" in given or "refund" in given
    reason = given.get("reason", "other").upper()
    return _answer(call, cancel(call, order, reason, restock=given.get("restock", False), refund=refund))


@operation("deleteOrder")
def delete_order(call: Call) -> Reply:
    order_delete(call, {"orderId": order_named(call, "id")["id"]})
    return Reply(200, {})
