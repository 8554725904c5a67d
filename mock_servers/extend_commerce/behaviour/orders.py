"""Orders: listed in short, read whole with their shipments, made and kept.

An order that is created is Incoming at once; one with review notes waits for a review. Its rows take stock.
"""

from typing import Any

from mock_servers.core.fake import Call, Work
from mock_servers.core.filters import Condition, Is
from mock_servers.core.refusal import Refusal
from mock_servers.core.store import Document
from mock_servers.core.wire import Reply
from mock_servers.extend_commerce.behaviour import conduct
from mock_servers.extend_commerce.behaviour.agreed import AGREED, called_off, terms
from mock_servers.extend_commerce.behaviour.balances import Moves
from mock_servers.extend_commerce.behaviour.base import (
    asked_day,
    asked_moment,
    between,
    equal,
    every,
    fact,
    fake,
    is_on,
    kept,
    members_of,
    midnight,
    one,
    operation,
    page,
    page_of_rows,
    sent_moment,
    shown,
)
from mock_servers.extend_commerce.behaviour.hooks import tell
from mock_servers.extend_commerce.behaviour.rows import OPEN_ROW, Row, new_row, row_shown, total_of, warehouses_of

OPEN = frozenset({"Incoming", "Reserved", "PendingForReview", "PartiallyDelivered"})
"""An order that still waits for something to be shipped."""
ROW_FILTERS = {"productNumber": "product", "productName": "name", "warehouse": "warehouse", "supplyMode": "mode"}
LOOKED_INTO = {*ROW_FILTERS, "shippingNumber", "askedDeliveryDate"}
"""Parameters that are answered by looking into every order."""


# Listed and read ------------------------------------------------------------------------------------------------------


@operation("listOrders")
def list_orders(call: Call) -> Reply:
    """Without a date or another filter the list takes so long, where there are many orders, that it fails (Q5)."""
    conditions = _asked(call)
    orders = call.collection("order")
    if not conditions and not call.query.keys() & LOOKED_INTO:
        conduct.notice(call, "unfiltered_list", "CustomerOrders")
        if orders.count() > call.setting("unfiltered_orders_maximum", fact(call, "unfiltered_orders_maximum")):
            raise Refusal("sql_timeout")
    day = asked_day(call, "askedDeliveryDate")
    if not call.query.keys() & LOOKED_INTO:
        return page(call, orders, lambda order: listed(call, order), every(conditions))
    return page_of_rows(
        call, [listed(call, order) for order in orders.rows(every(conditions)) if _is_looked_for(call, order, day)]
    )


def _is_looked_for(call: Call, order: Document, day: str | None) -> bool:
    wanted = {name: call.query[name] for name in ROW_FILTERS if name in call.query}
    number = call.query.get("shippingNumber")
    return (
        any(all(row[ROW_FILTERS[name]] == value for name, value in wanted.items()) for row in order["rows"])
        and (number is None or number in {each["number"] for each in order["shipments"]})
        and is_on(call, order["asked"], day)
    )


def _asked(call: Call) -> list[Condition]:
    conditions = equal(
        call,
        id="orderNumber",
        external="orderNumberExternal",
        status="orderStatus",
        customer="customerNumber",
        customer_name="customerName",
        country="deliveryCountryCode",
    )
    conditions += between(call, "changed", "modifiedDateFrom")
    conditions += between(call, "placed", "orderDateFrom", "orderDateTo")
    asked_moment(call, "endDate")  # checked; what it means is not known
    if "companyGroup" in call.query:
        group = Is("body.customerClassification.companyGroup", "=", call.query["companyGroup"])
        conditions.append(Is("customer", "in", tuple(each.id for each in call.collection("customer").rows(group))))
    if "invoiceNumber" in call.query:
        invoice = call.collection("invoice").find(call.query["invoiceNumber"])
        conditions.append(Is("id", "=", (invoice and invoice["order"]) or ""))
    return conditions


def listed(work: Work, order: Document) -> dict[str, Any]:
    """An order in short."""
    return {
        "orderNumber": order.id,
        "orderNumberExternal": order["external"] or "",
        "orderType": order["header"].get("orderType", "Normal"),
        "orderStatus": order["status"],
        "orderDate": shown(work, order["placed"]),
        "askedDeliveryDate": shown(work, order["asked"]),
        "slaDate": None,
        "customerNumber": order["customer"],
        "customerName": order["customer_name"],
        "totalPrice": float(order["total"]),
        "changeDate": shown(work, order["changed"]),
    }


@operation("getOrder")
def get_order(call: Call) -> Reply:
    return Reply(200, one(call, "order", "orderNumber", "customer order"))


@fake.view("v1", "order", schema="CustomerOrder", around=True)
def whole(work: Work, order: Document) -> dict[str, Any]:
    """An order with its rows, shipments and invoices."""
    kind = order["header"].get("orderType", "Normal")
    invoices = work.collection("invoice").rows(Is("order", "=", order.id)) if order.id else []
    header = order["header"] | {
        "orderNumber": order.id,
        "orderNumberExternal": order["external"],
        "orderType": kind,
        "orderStatus": order["status"],
        "orderDate": shown(work, order["placed"]),
        "askedDeliveryDate": shown(work, order["asked"]),
        "customerNumber": order["customer"],
        "totalPrice": float(order["total"]),
        "changeDate": shown(work, order["changed"]),
        "shipments": [_shipment(work, each) for each in order["shipments"]],
        "customerInvoices": [{"invoiceNumber": each.id, "invoiceLink": None} for each in invoices],
        "invoiceAdressGLN": None,
    }
    if kind == AGREED:
        header["agreedOrder"] = terms()
    return {"orderHeader": header, "orderRows": [row_shown(work, row) for row in order["rows"]]}


def _shipment(work: Work, shipment: dict[str, Any]) -> dict[str, Any]:
    return {
        "shipmentNumber": shipment["number"],
        "shipmentReference": None,
        "createDate": shown(work, shipment["at"]),
        "packages": shipment["packages"],
        "numberPackages": len(shipment["packages"]),
        "pickDate": shown(work, shipment["at"]),
        "forwarder": shipment["forwarder"],
        "deliveryMethod": None,
    }


# Made and kept --------------------------------------------------------------------------------------------------------


def new_order(call: Call, doing: str) -> dict[str, Any]:
    """What was sent, as an order is kept. Refuses what it names and is not there."""
    header = call.body["orderHeader"]
    customer = call.collection("customer").find(header["customerNumber"])
    if customer is None:
        raise Refusal("unknown_customer", doing=doing, customer=header["customerNumber"])
    rows: list[Row] = []
    for given in call.body["orderRows"]:
        _refuse_external_row(header, given, doing)
        if header.get("orderType") == AGREED:
            given = given | {"agreedOrderCallOff": {"useBalanceFromAgreedOrder": False}}
        code = (header.get("promotion") or {}).get("promotionCode") or None
        rows.append(new_row(call, given, rows, customer.id, doing, code=code))
    address = header.get("deliveryAddress") or _address_of(customer)
    return {
        "external": header.get("orderNumberExternal"),
        "customer": customer.id,
        "customer_name": customer["body"]["name"],
        "country": address["countryCode"],
        "status": "PendingForReview" if header.get("reviewReasonNotes") else "Incoming",
        "placed": kept(call.now),
        "asked": sent_moment(call, header.get("askedDeliveryDate"), "askedDeliveryDate") or midnight(call, call.now),
        "changed": kept(call.now),
        "header": known_header(call, header) | {"deliveryAddress": address},
        "rows": rows,
        "shipments": [],
        "total": total_of(rows),
    }


def _refuse_external_row(header: dict[str, Any], given: dict[str, Any], doing: str) -> None:
    """External reference to a row requires the header's (ExtendSharp)."""
    if given.get("externalRow") and not header.get("external"):
        raise Refusal("external_needed", doing=doing)


def _address_of(customer: Document) -> dict[str, Any]:
    """Where a customer has things delivered, as an order writes it."""
    found = customer["body"]["customerDeliveryAddress"]["address"]
    names = {"name1": customer["body"]["name"], "countryCode": found["country"]}
    return names | {name: value for name, value in found.items() if name not in {"country", "addressEAN"}}


def known_header(call: Call, header: dict[str, Any]) -> dict[str, Any]:
    """The members the model has; unknown ones pass and are not kept (Q21). A promotion's code is only input."""
    model = members_of(call, "HeaderMembers")
    elsewhere = {"orderNumberExternal", "askedDeliveryDate", "promotion"}
    found = {name: value for name, value in header.items() if name in model and name not in elsewhere}
    if header.get("promotion"):
        found["promotion"] = {"usePromotions": bool(header["promotion"].get("usePromotions"))}
    return found


def place(work: Work, order: dict[str, Any], doing: str) -> Document:
    """Keep a new order, take its stock, and tell."""
    start = fact(work, "order_number_start")
    made = work.collection("order").add(order | {"id": str(work.next_number("order", start))})
    if made["header"].get("orderType") == AGREED:
        work.collection("agreed").add({"id": made.id, "customer": made["customer"]})
    moves = Moves(work)
    for row in made["rows"]:
        moves.add(row["warehouse"], row["product"], ordered=row["quantity"])
        called_off(work, moves, row, row["quantity"], doing)
    tell(work, "OrderCreated", OrderNumber=made.id, warehouses=warehouses_of(made["rows"]))
    moves.make()
    return made


def save(work: Work, order: Document, **members: Any) -> None:
    """Keep an order that changed now, with what it costs."""
    changed = order | members | {"changed": kept(work.now)}
    work.collection("order").save(changed | {"total": total_of(changed["rows"])})


__all__ = ["OPEN", "OPEN_ROW", "Row", "known_header", "listed", "new_order", "place", "save", "total_of", "whole"]
