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
    id_key,
    money,
    next_id,
    refuse,
    tell,
    total,
)
from mock_servers.shopify.behaviour.fulfillment_orders import CLOSED, change, of_order, where_it_waits
from mock_servers.shopify.behaviour.idempotency import once
from mock_servers.shopify.behaviour.orders import change_order, financial_status, roll_up
from mock_servers.shopify.behaviour.paging import add, listed

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
    lines = [_checked(work, order, place, row) for place, row in enumerate(given.get("refundLineItems") or [])]
    amount = total(each["amount"] for each in given.get("transactions") or [] if each["kind"] == "REFUND")
    left = Decimal(order["amounts"]["received"]) - Decimal(order["amounts"]["refunded"])
    if amount > left and not given.get("allowOverRefunding"):
        refuse(["transactions"], f"Refund amount {money(amount)} is greater than the refundable amount {money(left)}.")
    if not lines and not amount:
        refuse(None, "Refund must have a refund line item, a transaction or a shipping amount.")
    order = _take_off(work, order, lines)
    order = give_back(work, order, amount, lines=lines, note=given.get("note"))
    order = order | {"displayFinancialStatus": financial_status(order)}
    order = change_order(work, roll_up(work, order), {})
    refund = work.collection("refund").first(_of(order), descending=True)
    return {"refund": refund.body if refund else None, "order": order, "userErrors": []}


def _of(order: Json) -> Condition:
    return Is("orderId", "=", order["id"])


def _checked(work: Work, order: Json, place: int, given: Json) -> Json:
    where = ["refundLineItems", str(place)]
    line = next((each for each in order["lines"] if each["id"] == given["lineItemId"]), None)
    if line is None:
        refuse([*where, "lineItemId"], "Line item does not exist")
    if given["quantity"] <= 0:
        refuse([*where, "quantity"], "Quantity must be greater than 0")
    if given["quantity"] > line["currentQuantity"]:
        refuse([*where, "quantity"], "Quantity cannot refund more items than were purchased")
    restock = given.get("restockType") or "NO_RESTOCK"
    if restock == "RETURN" and given.get("locationId") is None:
        refuse([*where, "locationId"], "Location is required when items are returned to stock")
    if given.get("locationId") is not None and find(work, "Location", given["locationId"]) is None:
        refuse([*where, "locationId"], "Location does not exist")
    return {
        "line": line,
        "quantity": given["quantity"],
        "restockType": restock,
        "locationId": given.get("locationId"),
    }


def _take_off(work: Work, order: Json, rows: list[Json]) -> Json:
    """Units leave the order: first what has not been shipped, unless they come back as a return."""
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
    rest = Decimal(order["amounts"]["shipping"]) + Decimal(order["amounts"]["tax"])
    amounts = order["amounts"] | {"currentSubtotal": money(subtotal), "currentTotal": money(subtotal + rest)}
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


def give_back(work: Work, order: Json, amount: Decimal, *, lines: list[Json], note: str | None) -> Json:
    """Record a refund and tell; answers the order with its money changed, not yet kept."""
    id, number = next_id(work, "Refund")
    sale = next((each for each in order["transactions"] if each["kind"] == "SALE"), None)
    made = []
    if amount > ZERO:
        made.append(
            {
                "id": next_id(work, "OrderTransaction")[0],
                "kind": "REFUND",
                "status": "SUCCESS",
                "amount": money(amount),
                "gateway": sale["gateway"] if sale else "manual",
                "parentId": sale["id"] if sale else None,
                "createdAt": work.stamp,
                "processedAt": work.stamp,
            }
        )
    refund = {
        "id": id,
        "idKey": id_key(number),
        "orderId": order["id"],
        "note": note,
        "amount": money(amount),
        "currencyCode": order["currencyCode"],
        "transactions": made,
        "lines": [_line(work, order, row) for row in lines],
        "createdAt": work.stamp,
        "updatedAt": work.stamp,
    }
    add(work, "refund", refund)
    refunded = money(Decimal(order["amounts"]["refunded"]) + amount)
    from mock_servers.shopify.behaviour.rest import refund_shape

    tell(work, "refunds/create", lambda: refund_shape(work, refund))
    return order | {
        "amounts": order["amounts"] | {"refunded": refunded},
        "transactions": [*order["transactions"], *made],
    }


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
    rows = [row | {"currencyCode": source["currencyCode"]} for row in source["transactions"]]
    return listed(run, args, "transactions", rows)


@fake.field("RefundLineItem.priceSet")
def price_set(source: Json, _args: Json, _run: Run) -> Json:
    return bag(source["price"], source["currencyCode"])


@fake.field("RefundLineItem.subtotalSet")
def subtotal_set(source: Json, _args: Json, _run: Run) -> Json:
    return bag(source["subtotal"], source["currencyCode"])


@fake.field("RefundLineItem.totalTaxSet")
def total_tax_set(source: Json, _args: Json, _run: Run) -> Json:
    return bag("0.00", source["currencyCode"])
