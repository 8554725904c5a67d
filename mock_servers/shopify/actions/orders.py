"""What the merchant does with orders in the admin."""

from decimal import Decimal
from typing import Any

from mock_servers.core.fake import Work
from mock_servers.core.refusal import UsageError
from mock_servers.shopify.actions.words import (
    Cancel,
    Edit,
    Fulfill,
    OrderOnly,
    address_of,
    order_named,
    variant_by_sku,
)
from mock_servers.shopify.behaviour import (
    fulfillment_orders,
    fulfillments,
    inventory,
    order_documents,
    orders,
)
from mock_servers.shopify.behaviour.base import (
    fake,
    money,
    next_id,
    total,
)

Json = dict[str, Any]


@fake.action("pay", OrderOnly)
def pay(work: Work, given: OrderOnly) -> Json:
    """The money for an order comes in."""
    order = order_named(work, given.order)
    if order["displayFinancialStatus"] not in {"PENDING", "AUTHORIZED", "PARTIALLY_PAID"}:
        raise UsageError(f"{order['name']} is {order['displayFinancialStatus'].lower()} and not to be paid")
    paid = orders.pay(work, order)
    return {"name": paid["name"], "financial_status": paid["displayFinancialStatus"]}


@fake.action("cancel", Cancel)
def cancel(work: Work, given: Cancel) -> Json:
    """The merchant cancels an order in the admin; unlike through the API it is done at once."""
    order = order_named(work, given.order)
    if given.reason not in {"CUSTOMER", "DECLINED", "FRAUD", "INVENTORY", "OTHER", "STAFF"}:
        raise UsageError(f"{given.reason!r} is no reason of Shopify's")
    if errors := orders.cancel_errors(work, order):
        raise UsageError(f"{order['name']}: {errors[0]['message']}")
    cancelled = orders.cancel(work, order, given.reason, restock=given.restock, refund=given.refund)
    return {"name": cancelled["name"], "cancelled_at": cancelled["cancelledAt"]}


@fake.action("edit", Edit)
def edit(work: Work, given: Edit) -> Json:
    """The merchant edits an order: quantities, note, address. Fulfilment orders that change are replaced."""
    order = order_named(work, given.order)
    if order["cancelledAt"]:
        raise UsageError(f"{order['name']} is cancelled")
    for sku, count in given.quantities.items():
        order = _set_quantity(work, order, sku, count)
    changes: Json = {"edited": order["edited"] or bool(given.quantities)}
    if given.note is not None:
        changes["note"] = given.note
    if given.address is not None:
        changes["shippingAddress"] = order_documents.address_document(work, address_of(given.address))
    edited = orders.change_order(work, orders.roll_up(work, order), changes, "orders/edited")
    if given.address is not None:
        fulfillment_orders.readdress(work, edited)
    return {"name": edited["name"], "total": edited["amounts"]["currentTotal"]}


def _set_quantity(work: Work, order: Json, sku: str, count: int) -> Json:
    line = next((each for each in order["lines"] if (each["sku"] or "").lower() == sku.lower()), None)
    if count < 0:
        raise UsageError("a quantity cannot be negative")
    if line is None:
        return _add_line(work, order, sku, count)
    if count < line["fulfilledQuantity"]:
        raise UsageError(f"{line['fulfilledQuantity']} of {sku} have been shipped already")
    delta = count - line["currentQuantity"]
    if delta > 0:
        return _add_line(work, order, sku, delta)
    return _take_off(work, order, line, -delta)


def _add_line(work: Work, order: Json, sku: str, count: int) -> Json:
    """More of something is a line of its own, routed like a new order's."""
    variant = variant_by_sku(work, sku)
    line_id, _ = next_id(work, "LineItem")
    line = order_documents.line_document(line_id, order["id"], {"quantity": count}, variant, order["currencyCode"])
    fulfillment_orders.route(work, order | {"lines": [line]})
    return _recount(work, order, [*order["lines"], line])


def _take_off(work: Work, order: Json, line: Json, count: int) -> Json:
    """Fewer are wanted: the fulfilment order they waited in is closed and a new one takes its place."""
    left = count
    for row in fulfillment_orders.of_order(work, order["id"]):
        waiting = next((each for each in row["lines"] if each["lineItemId"] == line["id"]), None)
        if row["status"] in fulfillment_orders.CLOSED or waiting is None or not left:
            continue
        off = min(left, waiting["remainingQuantity"])
        left -= off
        if line["claimed"]:
            inventory.commit(work, line["inventoryItemId"], row["locationId"], -off)
        kept = [
            each | {"remainingQuantity": each["remainingQuantity"] - (off if each is waiting else 0)}
            for each in row["lines"]
        ]
        fulfillment_orders.change(
            work, row, {"status": "CLOSED", "lines": [each | {"remainingQuantity": 0} for each in kept]}
        )
        fulfillment_orders.replace(work, row | {"lines": kept})
    gone = {
        "currentQuantity": line["currentQuantity"] - count + left,
        "unfulfilledQuantity": line["unfulfilledQuantity"] - count + left,
    }
    lines = [each | gone if each["id"] == line["id"] else each for each in order["lines"]]
    return _recount(work, order, lines)


def _recount(work: Work, order: Json, lines: list[Json]) -> Json:
    subtotal = total(Decimal(line["price"]) * line["currentQuantity"] for line in lines)
    rest = Decimal(order["amounts"]["shipping"]) + Decimal(order["amounts"]["tax"])
    now = {"currentSubtotal": money(subtotal), "currentTotal": money(subtotal + rest)}
    changed = order | {"lines": lines, "amounts": order["amounts"] | now}
    return work.collection("order").save(order_documents.with_keys(changed)).body


@fake.action("fulfill", Fulfill)
def fulfill(work: Work, given: Fulfill) -> Json:
    """The merchant marks items of an order as fulfilled in the admin; all that is left when none are named."""
    order = order_named(work, given.order)
    tracking = fulfillments.tracking_of({"company": given.carrier or None, "number": given.tracking_number or None})
    open_ones = [
        row
        for row in fulfillment_orders.of_order(work, order["id"])
        if row["status"] in fulfillments.FULFILLABLE and fulfillment_orders.remaining(row)
    ]
    chosen = _chosen(open_ones, {sku.lower(): count for sku, count in given.items.items()})
    if not chosen:
        raise UsageError(f"nothing of {order['name']} is left to fulfil")
    made = [fulfillments.ship(work, group, tracking) for group in _by_location(chosen)]
    return {"fulfillments": [each["name"] for each in made]}


def _chosen(rows: list[Json], wanted: dict[str, int]) -> fulfillments.Units:
    chosen: fulfillments.Units = []
    left = dict(wanted)
    for row in rows:
        units = {}
        for line in row["lines"]:
            sku = (line["sku"] or "").lower()
            count = min(left.get(sku, 0), line["remainingQuantity"]) if wanted else line["remainingQuantity"]
            if count:
                units[line["id"]] = count
                left[sku] = left.get(sku, 0) - count
        if units:
            chosen.append((row, units))
    if wanted and any(count > 0 for count in left.values()):
        short = ", ".join(sorted(sku.upper() for sku, count in left.items() if count > 0))
        raise UsageError(f"not so many are left to fulfil of: {short}")
    return chosen


def _by_location(chosen: fulfillments.Units) -> list[fulfillments.Units]:
    groups: dict[str, fulfillments.Units] = {}
    for row, units in chosen:
        groups.setdefault(row["locationId"], []).append((row, units))
    return list(groups.values())
