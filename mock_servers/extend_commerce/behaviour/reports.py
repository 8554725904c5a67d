"""Reports: orders changed on the days of a window, flat; a page past the last is refused with 400 (Q17)."""

from typing import Any

from mock_servers.core.fake import Call, Work
from mock_servers.core.refusal import Refusal
from mock_servers.core.store import Document
from mock_servers.core.wire import Reply
from mock_servers.extend_commerce.behaviour.base import asked_moment, operation, page_of_rows, shown

DAY_LETTERS = len("2026-11-21")


@operation("reportOrderHeaders")
def report_order_headers(call: Call) -> Reply:
    return page_of_rows(call, [_header(call, order) for order in _orders(call)])


@operation("reportOrderRows")
def report_order_rows(call: Call) -> Reply:
    return page_of_rows(call, [_row(call, order, row) for order in _orders(call) for row in order["rows"]])


def _orders(call: Call) -> list[Document]:
    """Changed on these days, the last one included, whole days in the vendor's own time."""
    for name in ("changeDate", "toChangeDate"):
        asked_moment(call, name)
    first = call.query["changeDate"][:DAY_LETTERS]
    last = call.query.get("toChangeDate", first)[:DAY_LETTERS]
    if last < first:
        raise Refusal("invalid_query", details=(("toChangeDate", "is before changeDate"),))
    orders = call.collection("order").rows(order_by="changed")
    return [order for order in orders if first <= shown(call, order["changed"])[:DAY_LETTERS] <= last]


def _header(work: Work, order: Document) -> dict[str, Any]:
    return {
        "orderNumber": order.id,
        "orderNumberExternal": order["external"],
        "orderStatus": order["status"],
        "customerNumber": order["customer"],
        "orderDate": shown(work, order["placed"]),
        "totalPrice": float(order["total"]),
        "changeDate": shown(work, order["changed"]),
    }


def _row(work: Work, order: Document, row: dict[str, Any]) -> dict[str, Any]:
    return {
        "orderNumber": order.id,
        "position": row["position"],
        "subPosition": row["sub"],
        "orderRowStatus": row["status"],
        "productNumber": row["product"],
        "warehouse": row["warehouse"],
        "quantity": float(row["quantity"]),
        "unitPrice": float(row["price"]),
        "changeDate": shown(work, row["changed"]),
    }
