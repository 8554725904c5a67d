"""Refunds: money given back, units taken off an order, stock put back where that was asked for."""

from decimal import Decimal
from typing import Any

from mock_servers.core.fake import Work
from mock_servers.core.filters import Condition, Is
from mock_servers.core.graphql import Connection, Run
from mock_servers.shopify.behaviour import inventory
from mock_servers.shopify.behaviour.base import (
    ZERO,
    bag,
    fake,
    find,
    found,
    id_key,
    money,
    next_id,
    refuse,
    tell,
    total,
)
from mock_servers.shopify.behaviour.fulfillment_orders import CLOSED, change, of_order, where_it_waits
from mock_servers.shopify.behaviour.idempotency import once
from mock_servers.shopify.behaviour.orders import change_order, roll_up
from mock_servers.shopify.behaviour.paging import add, listed
from mock_servers.shopify.behaviour.payments import (
    PAYMENTS,
    done,
    financial_status,
    moved,
    refundable,
    refundable_of,
    spread,
    tell_transactions,
)
from mock_servers.shopify.behaviour.refund_sums import checked_lines, checked_shipping, worth
from mock_servers.shopify.behaviour.transactions import shown_transactions

Json = dict[str, Any]


@fake.field("refundCreate")
def refund_create(_source: Any, args: Json, run: Run) -> Json:
    return once(run, args, lambda: create_refund(run.call, args["input"]), _again)


def _again(work: Work, payload: Json) -> Json:
    refund = find(work, "Refund", payload["refund"]["id"])
    order = find(work, "Order", payload["order"]["id"])
    return payload | {"refund": refund.body if refund else None, "order": order.body if order else None}


def create_refund(work: Work, given: Json) -> Json:
    """Give money back, take units off an order, put stock back. Raises `UserErrors`."""
    document = find(work, "Order", given["orderId"])
    if document is None:
        refuse(["orderId"], "Order does not exist")
    order = document.body
    lines = checked_lines(work, order, given)
    shipping = checked_shipping(order, given)
    over = bool(given.get("allowOverRefunding"))
    asked = [each for each in given.get("transactions") or [] if each["kind"] == "REFUND"]
    payments = _checked_payments(order, asked, over=over)
    if not (lines or shipping or any(amount for amount, _ in payments)):
        refuse(None, "Refund must have a refund line item, a transaction or a shipping amount.")
    due = min(worth(lines) + shipping, refundable_of(order))
    order = _take_off(work, order, lines, shipping)
    order = _give_back(work, order, payments, lines=lines, shipping=shipping, due=due, note=given.get("note"))
    order = order | {"displayFinancialStatus": financial_status(order)}
    kept = change_order(work, roll_up(work, order), {})
    tell_transactions(work, kept, len(document["transactions"]))
    refund = work.collection("refund").first(_of(kept), descending=True)
    return {"refund": refund.body if refund else None, "order": kept, "userErrors": []}


def _checked_payments(order: Json, asked: list[Json], *, over: bool) -> list[tuple[Decimal, Json | None]]:
    """How much is given back of which payment. Without a parent it is the oldest that has any left."""
    left = {each["id"]: refundable(order, each) for each in done(order, PAYMENTS)}
    amount, most = total(money(each["amount"]) for each in asked), refundable_of(order)
    if any(Decimal(each["amount"]) < ZERO for each in asked):
        refuse(["transactions"], "Refund amount must be positive.")
    if amount > most and not over:
        refuse(["transactions"], f"Refund amount {money(amount)} is greater than the refundable amount {money(most)}.")
    found: list[tuple[Decimal, Json | None]] = []
    for place, each in enumerate(asked):
        if each.get("parentId") is None:
            parts = spread(order, Decimal(money(each["amount"])), left)
        elif each["parentId"] not in left:
            refuse(["transactions", str(place), "parentId"], "Parent transaction is not a payment of this order")
        else:
            parts = [(Decimal(money(each["amount"])), _payment(order, each["parentId"]))]
        for part, payment in parts:
            if payment is not None:
                left[payment["id"]] -= part
                if left[payment["id"]] < ZERO and not over:
                    where = ["transactions", str(place), "amount"]
                    refuse(where, "Amount is greater than what is refundable of the parent transaction")
        found += parts
    return found


def _payment(order: Json, id: str) -> Json:
    return next(each for each in order["transactions"] if each["id"] == id)


def _of(order: Json) -> Condition:
    return Is("orderId", "=", order["id"])


def _take_off(work: Work, order: Json, rows: list[Json], shipping: Decimal) -> Json:
    """Units leave the order: first what has not been shipped, unless they come back as a return. Shipping does too."""
    lines = {line["id"]: dict(line) for line in order["lines"]}
    for row in rows:
        line = lines[row["line"]["id"]]
        line["currentQuantity"] -= row["quantity"]
        if row["restockType"] == "RETURN":
            inventory.put_back(work, line["inventoryItemId"], row["locationId"], row["quantity"])
            continue
        waiting = min(row["quantity"], line["unfulfilledQuantity"])
        line["unfulfilledQuantity"] -= waiting
        _stop_waiting(work, order, line, waiting, restock=row["restockType"] == "CANCEL")
    subtotal = total(Decimal(line["price"]) * line["currentQuantity"] for line in lines.values())
    given_back = Decimal(order["amounts"]["refundedShipping"]) + shipping
    rest = Decimal(order["amounts"]["shipping"]) - given_back + Decimal(order["amounts"]["tax"])
    amounts = order["amounts"] | {
        "currentSubtotal": money(subtotal),
        "currentTotal": money(subtotal + rest),
        "refundedShipping": money(given_back),
    }
    return order | {"lines": list(lines.values()), "amounts": amounts}


def _stop_waiting(work: Work, order: Json, line: Json, count: int, *, restock: bool) -> None:
    """Units are no longer wanted from the fulfilment orders they wait in."""
    for location_id, _ in where_it_waits(work, order["id"], line["id"]) if count else ():
        for row in of_order(work, order["id"]):
            if row["status"] in CLOSED or row["locationId"] != location_id or not count:
                continue
            lines, taken = [], 0
            for each in row["lines"]:
                off = min(count - taken, each["remainingQuantity"]) if each["lineItemId"] == line["id"] else 0
                taken += off
                lines.append(
                    each
                    | {
                        "remainingQuantity": each["remainingQuantity"] - off,
                        "totalQuantity": each["totalQuantity"] - off,
                    }
                )
            count -= taken
            if taken and line["claimed"] and restock:
                inventory.commit(work, line["inventoryItemId"], row["locationId"], -taken)
            elif taken and line["claimed"]:
                inventory.ship(work, line["inventoryItemId"], row["locationId"], taken)
            left = sum(each["remainingQuantity"] for each in lines)
            change(work, row, {"lines": lines, "status": row["status"] if left else "CLOSED"})


def give_all_back(work: Work, order: Json) -> Json:
    """Record a refund of whatever was received; answers the order with its money changed, not yet kept."""
    everything = spread(order, refundable_of(order))
    return _give_back(work, order, everything, lines=[], shipping=ZERO, due=refundable_of(order), note=None)


def _give_back(
    work: Work,
    order: Json,
    payments: list[tuple[Decimal, Json | None]],
    *,
    lines: list[Json],
    shipping: Decimal,
    due: Decimal,
    note: str | None,
) -> Json:
    """Record a refund and tell; answers the order with its money changed, not yet kept."""
    id, number = next_id(work, "Refund")
    before = len(order["transactions"])
    for part, payment in payments:
        if part > ZERO:
            of = {"parent": payment["id"] if payment else None}
            order = moved(work, order, "REFUND", part, payment["gateway"] if payment else "manual", **of)
    made = order["transactions"][before:]
    given = total(each["amount"] for each in made)
    refund = {
        "id": id,
        "idKey": id_key(number),
        "orderId": order["id"],
        "note": note,
        "amount": money(given),
        "currencyCode": order["currencyCode"],
        "transactions": made,
        "lines": [_line(work, order, row) for row in lines],
        "adjustments": _adjustments(work, shipping, due - given, given),
        "createdAt": work.stamp,
        "updatedAt": work.stamp,
    }
    add(work, "refund", refund)
    from mock_servers.shopify.behaviour.rest import refund_shape

    tell(work, "refunds/create", lambda: refund_shape(work, refund))
    return order


def _adjustments(work: Work, shipping: Decimal, discrepancy: Decimal, given: Decimal) -> list[Json]:
    """What a refund's lines do not account for: shipping, and more or less money than its lines are worth."""
    rows = []
    if shipping:
        rows.append(("shipping_refund", "Shipping refund", -shipping))
    if discrepancy:
        reason = "Refund discrepancy" if given else "Pending refund discrepancy"
        rows.append(("refund_discrepancy", reason, discrepancy))
    return [
        {"id": next_id(work, "OrderAdjustment")[0], "kind": kind, "reason": reason, "amount": money(amount)}
        for kind, reason, amount in rows
    ]


def _line(work: Work, order: Json, row: Json) -> Json:
    return {
        "id": next_id(work, "RefundLineItem")[0],
        "orderId": order["id"],
        "lineItemId": row["line"]["id"],
        "quantity": row["quantity"],
        "restockType": row["restockType"],
        "restocked": row["restockType"] != "NO_RESTOCK",
        "locationId": row["locationId"],
        "price": row["line"]["price"],
        "subtotal": money(Decimal(row["line"]["price"]) * row["quantity"]),
        "currencyCode": order["currencyCode"],
    }


# Queries --------------------------------------------------------------------------------------------------------------


@fake.field("refund")
def refund(_source: Any, args: Json, run: Run) -> Json | None:
    document = find(run.call, "Refund", args["id"])
    return document.body if document else None


def refunds_of(work: Work, order: Json) -> list[Json]:
    """An order's refunds, oldest first."""
    return [row.body for row in work.collection("refund").rows(_of(order))]


@fake.field("Order.refunds")
def refunds(source: Json, args: Json, run: Run) -> list[Json]:
    return refunds_of(run.call, source)[: args.get("first")]


@fake.field("Refund.totalRefundedSet")
def total_refunded_set(source: Json, _args: Json, _run: Run) -> Json:
    return bag(source["amount"], source["currencyCode"])


@fake.field("Refund.refundLineItems")
def refund_line_items(source: Json, args: Json, run: Run) -> Connection:
    return listed(run, args, "refundLineItems", source["lines"])


@fake.field("Refund.transactions")
def refund_transactions(source: Json, args: Json, run: Run) -> Connection:
    order = found(run.call, "Order", source["orderId"])
    return listed(run, args, "transactions", shown_transactions(order, source["transactions"]))


@fake.field("Refund.orderAdjustments")
def order_adjustments(source: Json, args: Json, run: Run) -> Connection:
    """Only what its lines and its shipping do not account for."""
    rows = [
        {
            "id": each["id"],
            "reason": each["reason"].upper().replace(" ", "_"),
            "amountSet": bag(each["amount"], source["currencyCode"]),
            "taxAmountSet": bag("0.00", source["currencyCode"]),
        }
        for each in source["adjustments"]
        if each["kind"] == "refund_discrepancy"
    ]
    return listed(run, args, "orderAdjustments", rows)


@fake.field("RefundLineItem.priceSet")
def price_set(source: Json, _args: Json, _run: Run) -> Json:
    return bag(source["price"], source["currencyCode"])


@fake.field("RefundLineItem.subtotalSet")
def subtotal_set(source: Json, _args: Json, _run: Run) -> Json:
    return bag(source["subtotal"], source["currencyCode"])


@fake.field("RefundLineItem.totalTaxSet")
def total_tax_set(source: Json, _args: Json, _run: Run) -> Json:
    return bag("0.00", source["currencyCode"])
