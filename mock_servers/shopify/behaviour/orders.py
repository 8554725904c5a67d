"""The life of an order: taken, paid, fulfilled, closed or cancelled, and told of at each step (dossier §6.2, §7.4)."""

from decimal import Decimal
from typing import Any

from mock_servers.core.fake import Work
from mock_servers.core.filters import Is
from mock_servers.shopify.behaviour import fulfillment_orders, inventory, payments
from mock_servers.shopify.behaviour.base import ZERO, fact, found, next_id, number_in, shop_of, tell, user_error
from mock_servers.shopify.behaviour.order_documents import line_document, order_document, with_keys
from mock_servers.shopify.behaviour.paging import add, save

Json = dict[str, Any]
FIRST_ORDER_NUMBER = 1001


# Taking an order ------------------------------------------------------------------------------------------------------


def new_order(work: Work, given: Json) -> Json:
    """Take an order: number it, claim its stock where it is asked to, route it to locations, and tell.

    `given`: lines (`variant` or a title, with `quantity`, maybe `price` and `claim`), and what `order_document` reads;
    `transactions` (`kind`, `status`, `gateway`, and `amount` unless it is the order's total) are what was paid for it.
    """
    order_id, number = next_id(work, "Order")
    shop = shop_of(work)
    order_number = work.next_number("order_number", FIRST_ORDER_NUMBER)
    lines = [_new_line(work, order_id, each, given.get("currency") or shop["currencyCode"]) for each in given["lines"]]
    order = order_document(work.stamp, order_id, number, order_number, lines, given, shop)
    for each in given.get("transactions") or ():
        order = _move(work, order, each)
    if given.get("financialStatus"):
        order = order | {"displayFinancialStatus": given["financialStatus"]}
    order = with_keys(add(work, "order", with_keys(order)).body)
    made = fulfillment_orders.route(work, order, given.get("fulfillAt"))
    order = roll_up(work, order, made)
    tell_order(work, order, "orders/create")
    for fulfillment_order in made:
        fulfillment_orders.tell_about(work, fulfillment_order, "order_routing_complete")
    payments.tell_transactions(work, order)
    if order["displayFinancialStatus"] == "PAID":
        tell_order(work, order, "orders/paid")
    return order


def _move(work: Work, order: Json, given: Json) -> Json:
    """A transaction that an order is made with; what is captured, voided or given back is of what was paid before."""
    amount = Decimal(order["amounts"]["total"] if given.get("amount") is None else given["amount"])
    held = [each for each in payments.open_authorizations(order) if payments.authorized(order, each) >= amount]
    paid = [each for each in payments.done(order, payments.PAYMENTS) if payments.refundable(order, each) >= amount]
    of = {"CAPTURE": held, "VOID": payments.open_authorizations(order), "REFUND": paid}.get(given["kind"])
    about = {"status": given.get("status") or "SUCCESS", "test": bool(given.get("test"))}
    parent = of[0]["id"] if of else None
    return payments.moved(work, order, given["kind"], amount, given.get("gateway") or "manual", parent=parent, **about)


def _new_line(work: Work, order_id: str, given: Json, currency: str) -> Json:
    line_id, _ = next_id(work, "LineItem")
    variant = given.get("variant")
    return line_document(line_id, order_id, given, variant, currency)


def sold_out(work: Work, line: Json) -> bool:
    """Whether a line cannot be sold: too few are left, and the variant does not go on selling."""
    variant = line.get("variant")
    if variant is None or variant["inventoryPolicy"] == "CONTINUE":
        return False
    if not found(work, "InventoryItem", variant["inventoryItemId"])["tracked"]:
        return False
    left = inventory.available_of(work, variant["inventoryItemId"])
    return left < int(line["quantity"])


# Changing it ----------------------------------------------------------------------------------------------------------


def change_order(work: Work, order: Json, changes: Json, topic: str = "orders/updated") -> Json:
    """Change an order and tell; whatever else is told, `orders/updated` is."""
    saved = save(work, "order", with_keys(order | changes | {"updatedAt": work.stamp})).body
    if topic != "orders/updated":
        tell_order(work, saved, topic)
    tell_order(work, saved, "orders/updated")
    return saved


def tell_order(work: Work, order: Json, topic: str) -> None:
    """Tell of an order as it now is."""
    from mock_servers.shopify.behaviour.rest import order_shape

    tell(work, topic, lambda: order_shape(work, order))


# Fulfilment -----------------------------------------------------------------------------------------------------------


def fulfillments_of(work: Work, order_id: str) -> list[Json]:
    """An order's fulfilments, oldest first."""
    return [row.body for row in work.collection("fulfillment").rows(Is("orderId", "=", order_id))]


def roll_up(work: Work, order: Json, rows: list[Json] | None = None) -> Json:
    """What the order says of its fulfilment, from what its fulfilment orders and lines say. Tells nobody."""
    if rows is None:
        rows = fulfillment_orders.of_order(work, order["id"])
    numbers = sorted({str(number_in(row["locationId"])) for row in rows if row["locationId"]})
    status = display_status(order, rows)
    if status == order["displayFulfillmentStatus"] and numbers == order["locationNumbers"]:
        return order
    return save(work, "order", order | {"displayFulfillmentStatus": status, "locationNumbers": numbers}).body


def display_status(order: Json, rows: list[Json]) -> str:
    """One word for an order's fulfilment (dossier §7.2)."""
    if any(line["fulfilledQuantity"] for line in order["lines"]):
        left = sum(line["unfulfilledQuantity"] for line in order["lines"])
        return "PARTIALLY_FULFILLED" if left else "FULFILLED"
    waiting = [row for row in rows if row["status"] not in {"CLOSED", "CANCELLED"}]
    statuses = {row["status"] for row in waiting}
    if "IN_PROGRESS" in statuses:
        return "IN_PROGRESS"
    for status in ("ON_HOLD", "SCHEDULED"):
        if statuses == {status}:
            return status
    requests = {row["requestStatus"] for row in waiting}
    if "SUBMITTED" in requests:
        return "PENDING_FULFILLMENT"
    return "REQUEST_DECLINED" if "REJECTED" in requests else "UNFULFILLED"


def archive_when_done(work: Work, order: Json) -> Json:
    """A paid and fulfilled order is closed, when the shop is set to."""
    done = order["displayFulfillmentStatus"] == "FULFILLED" and order["displayFinancialStatus"] == "PAID"
    if done and not order["closed"] and work.setting("order_auto_archive", fact("order_auto_archive")):
        return change_order(work, order, {"closed": True, "closedAt": work.stamp})
    return order


# Money ----------------------------------------------------------------------------------------------------------------


def pay(work: Work, order: Json, gateway: str = "manual") -> Json:
    """Receive what is owed."""
    owed = Decimal(order["amounts"]["total"]) - Decimal(order["amounts"]["received"])
    return take(work, order, payments.moved(work, order, "SALE", owed, gateway))


def take(work: Work, before: Json, order: Json) -> Json:
    """Keep an order whose money has moved, and tell; once paid and fulfilled it is closed."""
    paid = order["displayFinancialStatus"] == "PAID" != before["displayFinancialStatus"]
    kept = change_order(work, order, {}, "orders/paid" if paid else "orders/updated")
    payments.tell_transactions(work, kept, len(before["transactions"]))
    return archive_when_done(work, kept)


# Cancelling -----------------------------------------------------------------------------------------------------------


def cancel_errors(work: Work, order: Json) -> list[Json]:
    """Why an order cannot be cancelled; nothing when it can."""
    if order["cancelledAt"]:
        return [user_error(["orderId"], "Cannot cancel an order that has already been canceled", "INVALID")]
    if any(row["status"] == "SUCCESS" for row in fulfillments_of(work, order["id"])):
        return [user_error(["orderId"], "Cannot cancel an order that has outstanding fulfillments", "INVALID")]
    return []


def cancel(work: Work, order: Json, reason: str, *, restock: bool, refund: bool) -> Json:
    """Cancel an order now: its fulfilment orders close as they stand, stock and money go back where asked."""
    for line in order["lines"]:
        if line["claimed"] and line["unfulfilledQuantity"]:
            for location_id, units in fulfillment_orders.where_it_waits(work, order["id"], line["id"]):
                if restock:
                    inventory.commit(work, line["inventoryItemId"], location_id, -units)
                else:  # written off: no longer promised, and not for sale either
                    inventory.ship(work, line["inventoryItemId"], location_id, units)
    fulfillment_orders.close_all(work, order["id"])
    gone = {"currentQuantity": 0, "unfulfilledQuantity": 0}
    order = order | {
        "cancelledAt": work.stamp,
        "cancelReason": reason,
        "closed": True,
        "closedAt": work.stamp,
        "lines": [line | gone for line in order["lines"]],
        "amounts": order["amounts"] | {"currentTotal": "0.00", "currentSubtotal": "0.00", "currentTax": "0.00"},
        "displayFulfillmentStatus": "RESTOCKED" if restock else order["displayFulfillmentStatus"],
    }
    before = len(order["transactions"])
    for each in payments.open_authorizations(order):
        order = payments.moved(work, order, "VOID", ZERO, each["gateway"], parent=each["id"])
    received = Decimal(order["amounts"]["received"]) - Decimal(order["amounts"]["refunded"])
    if refund and received > ZERO:
        from mock_servers.shopify.behaviour.refunds import give_all_back

        order = give_all_back(work, order)
    order = order | {"displayFinancialStatus": payments.financial_status(order)}
    kept = change_order(work, order, {}, "orders/cancelled")
    payments.tell_transactions(work, kept, before)
    return kept
