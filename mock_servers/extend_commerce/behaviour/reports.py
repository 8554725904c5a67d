"""Reports: orders changed on the days of a window, flat; a page past the last is refused with 400 (Q17)."""

from typing import Any

from mock_servers.core.fake import Call, Work
from mock_servers.core.refusal import Refusal
from mock_servers.core.store import Document
from mock_servers.core.wire import Reply
from mock_servers.extend_commerce.behaviour.base import (
    DAY_LETTERS,
    asked_moment,
    operation,
    page_of_rows,
    shown,
    shown_or_none,
)


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
    """As seen on the wire: neither a total, nor a currency, nor the customer's name."""
    header = order["header"]
    address = header.get("deliveryAddress") or {}
    delivery = ("name1", "name2", "address1", "address2", "address3", "postalCode", "city", "state")
    return {
        "orderNumber": order.id,
        "orderNumberExternal": order["external"],
        "orderNumberEndCustomer": header.get("orderNumberEndCustomer"),
        "orderDate": shown(work, order["placed"]),
        "changeDate": shown(work, order["changed"]),
        "askedDeliveryDate": shown(work, order["asked"]),
        "orderType": header.get("orderType", "Normal"),
        "orderStatus": order["status"],
        "orderPaymentStatus": 0,
        "customerNumber": order["customer"],
        "orderReference": header.get("yourReference"),
        "invoiceEmail": header.get("invoiceEmail"),
        "requestedForwarder": None,
        "requestedTransportMode": header.get("deliveryMethod"),
        "salesChannel": header.get("salesChannel"),
        "paymentType": header.get("paymentType"),
        **{f"delivery{name[0].upper()}{name[1:]}": address.get(name) for name in delivery},
        "deliveryCountryId": address.get("countryCode"),
    }


def _row(work: Work, order: Document, row: dict[str, Any]) -> dict[str, Any]:
    """As seen on the wire, with names of its own for quantity, price, currency and warehouse."""
    more = row.get("more") or {}
    notations = more.get("notations") or {}
    return {
        "orderRowId": row["id"],
        "position": row["position"],
        "subPosition": row["sub"],
        "supplyMode": row["mode"],
        "productNumber": row["product"],
        "productName": row["name"],
        "productUnitName": row["unit"],
        "orderQuantity": float(row["quantity"] + row.get("called", 0)),
        "price": float(row["price"]),
        "vatPercent": float(row["vat"]),
        "currencyId": row["currency"],
        "currencyExchangeRate": 1.0,
        "expectedDeliveryDate": shown_or_none(work, row.get("expected")),
        "backOrderHandling": more.get("backOrderHandlingId", "NONE"),
        "notes": notations.get("notes"),
        "orderRowStatus": row["status"],
        "shipmentNumber": row["shipment"],
        "warehouseShortName": row["warehouse"],
        "orderNumber": order.id,
        "salesUnit": row["unit"],
        "salesUnitQuantity": float(row["quantity"] + row.get("called", 0)),
        "productSalesUnitPrice": float(row["price"]),
        "project": notations.get("project"),
        "orderReasonCode": notations.get("reasonCode") or "",
        "orderDate": shown(work, order["placed"]),
        "changeDate": shown(work, row["changed"]),
    }
