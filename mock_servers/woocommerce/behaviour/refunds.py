"""Refunds: money back for an order or for some of its lines, and goods back on the shelf (core `wc_create_refund`)."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from mock_servers.core.fake import Call, Work
from mock_servers.core.filters import All, Is
from mock_servers.core.paging import Window
from mock_servers.core.store import Document
from mock_servers.core.wire import Reply
from mock_servers.woocommerce.behaviour import fulfillments, stock
from mock_servers.woocommerce.behaviour.base import (
    API,
    ZERO,
    Json,
    amount,
    answer,
    created,
    fake,
    links,
    merged_meta,
    missing,
    must_be_forced,
    must_be_number,
    next_item,
    next_post,
    refuse,
    rounded,
    text,
    times,
    whole,
)
from mock_servers.woocommerce.behaviour.notes import add_note, order_named
from mock_servers.woocommerce.behaviour.orders import entered, save_order

REFUSED = "woocommerce_rest_invalid_order_refund"


def left_to_refund(order: Mapping[str, Any]) -> Decimal:
    """What was not given back yet; refunds count below zero in an order."""
    return amount(order["total"]) + sum((amount(refund["total"]) for refund in order["refunds"]), ZERO)


def refunded_quantity(work: Work, order: Mapping[str, Any], line_id: int) -> int:
    """How many of a line were refunded so far."""
    rows = work.collection("refund").rows(Is("parent_id", "=", int(order["id"])))
    return sum(-line["quantity"] for refund in rows for line in refund["line_items"] if line["of_line"] == line_id)


@fake.operation("listOrderRefunds")
def list_refunds(call: Call) -> Reply:
    order = order_named(call)
    where = Is("parent_id", "=", int(order.id))
    refunds = call.collection("refund")
    window = Window(call, refunds.count(where))
    rows = refunds.rows(
        where, descending=call.query.get("order", "desc") == "desc", limit=window.limit, offset=window.offset
    )
    return answer(call, 200, [shown_refund(call, row) for row in rows], window.headers)


@fake.operation("createOrderRefund")
def create_refund(call: Call) -> Reply:
    order, body = order_named(call), call.body
    lines = [_refunded_line(call, order, given) for given in body.get("line_items", [])]
    wanted = amount(body.get("amount"))
    if "amount" not in body:
        wanted = -sum((amount(line["total"]) + amount(line["total_tax"]) for line in lines), ZERO)
    if wanted < ZERO or wanted > left_to_refund(order):
        refuse(REFUSED, "Invalid refund amount.")
    if wanted == ZERO and not lines:
        refuse(REFUSED, "Refund amount must be greater than zero.")
    refund = _refund(call, order, rounded(wanted), body, lines)
    changed = _with_refund(order.body, refund)
    if body.get("api_restock", True):
        changed = _restocked(call, changed, lines)
    if left_to_refund(changed) == ZERO:
        changed = entered(call, changed, "refunded")
    if lines:
        changed = fulfillments.after_refund(call, changed)
    save_order(call, changed)
    return created(call, shown_refund(call, refund), f"{API}/orders/{order.id}/refunds/{refund.id}")


@fake.operation("getOrderRefund")
def get_refund(call: Call) -> Reply:
    return answer(call, 200, shown_refund(call, _named(call)[1]))


@fake.operation("deleteOrderRefund")
def delete_refund(call: Call) -> Reply:
    order, refund = _named(call)
    must_be_forced(call, "Refunds")
    call.collection("refund").delete(refund.id)
    kept = [row for row in order["refunds"] if row["id"] != int(refund.id)]
    save_order(call, fulfillments.with_status(call, order | {"refunds": kept}))
    return answer(call, 200, shown_refund(call, refund))


def refund_the_rest(work: Work, order: Json) -> Json:
    """An order that is marked as refunded has a refund of all that is left of it (dossier §5.1, assumed)."""
    rest = left_to_refund(order)
    if rest <= ZERO:
        return order
    return _with_refund(order, _refund(work, order, rest, {"reason": "Order fully refunded."}, []))


def forget_refunds(work: Work, order_id: str) -> None:
    """They go with their order."""
    for row in work.collection("refund").rows(Is("parent_id", "=", int(order_id))):
        work.collection("refund").delete(row.id)


def shown_refund(call: Work, refund: Mapping[str, Any]) -> Json:
    path = f"{API}/orders/{refund['parent_id']}"
    lines = [{name: value for name, value in line.items() if name != "of_line"} for line in refund["line_items"]]
    return {
        "id": int(refund["id"]),
        **times(call, refund, "date_created"),
        "amount": refund["amount"],
        "reason": refund["reason"],
        "refunded_by": refund["refunded_by"],
        "refunded_payment": refund["refunded_payment"],
        "meta_data": refund["meta_data"],
        "line_items": lines,
        "_links": links(call, f"{path}/refunds/{refund['id']}", f"{path}/refunds", up=path),
    }


def _named(call: Call) -> tuple[Document, Document]:
    order, id = order_named(call), must_be_number(call.path["id"])
    refund = call.collection("refund").first(All(Is("id", "=", id), Is("parent_id", "=", int(order.id))))
    if refund is None:
        missing("woocommerce_rest_invalid_order_refund_id", "Invalid order refund ID.")
    return order, refund


def _refund(work: Work, order: Mapping[str, Any], total: Decimal, body: Json, lines: list[Json]) -> Document:
    return work.collection("refund").add(
        {
            "id": str(next_post(work)),
            "parent_id": int(order["id"]),
            "date_created_gmt": work.stamp,
            "amount": text(total),
            "reason": body.get("reason", ""),
            "refunded_by": whole(body.get("refunded_by")),
            "refunded_payment": bool(body.get("api_refund", True)) and bool(order["payment_method"]),
            "meta_data": merged_meta(work, [], body.get("meta_data")),
            "line_items": lines,
        }
    )


def _with_refund(order: Json, refund: Mapping[str, Any]) -> Json:
    entry = {"id": int(refund["id"]), "reason": refund["reason"], "total": f"-{refund['amount']}"}
    return order | {"refunds": [entry, *order["refunds"]]}


def _refunded_line(work: Work, order: Document, given: Json) -> Json:
    """A line of a refund: below zero, and its own, with a pointer to the order's line in its meta data."""
    id = whole(given["id"])
    line = next((line for line in order["line_items"] if line["id"] == id), None)
    if line is None:
        refuse(REFUSED, "Invalid refund item.")
    quantity = whole(given.get("quantity"))
    if quantity > line["quantity"] - refunded_quantity(work, order, id):
        refuse(REFUSED, "Invalid refund quantity.")
    total, tax = amount(given.get("refund_total")), ZERO
    taxes = []
    for each in given.get("refund_tax", []):
        tax += amount(each.get("refund_total"))
        taxes.append({"id": whole(each.get("id")), "total": text(-amount(each.get("refund_total"))), "subtotal": ""})
    return {
        **{name: line[name] for name in ("name", "product_id", "variation_id", "tax_class", "sku", "price")},
        "id": next_item(work),
        "quantity": -quantity,
        "subtotal": text(-total),
        "subtotal_tax": text(-tax),
        "total": text(-total),
        "total_tax": text(-tax),
        "taxes": taxes,
        "meta_data": merged_meta(work, [], [{"key": "_refunded_item_id", "value": str(id)}]),
        "of_line": id,
    }


def _restocked(work: Work, order: Json, refunded: list[Json]) -> Json:
    """Goods back on the shelf, of lines that had taken any."""
    back = {line["of_line"]: -line["quantity"] for line in refunded}
    lines, said = [], []
    for line in order["line_items"]:
        if order["stock_reduced"] and back.get(line["id"]):
            line, says = stock.give_back(work, line, back[line["id"]])
            said += [says] if says else []
        lines.append(line)
    if said:
        add_note(work, order["id"], f"Item restocked: {', '.join(said)}")
    return order | {"line_items": lines}
