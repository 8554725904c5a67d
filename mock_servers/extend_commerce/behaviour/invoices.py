"""Invoices: made out of what an order says, or for goods that came back; read here, changed by people.

A list names an order's number and the status `invoiceStatus`; the single one has a list of orders and the status
`customerInvoiceStatus` (ExtendSharp). Without VAT as orders are (Q19), with it added by row.
"""

from typing import Any

from mock_servers.core.fake import Call, Work
from mock_servers.core.filters import Is
from mock_servers.core.refusal import Refusal
from mock_servers.core.store import Document
from mock_servers.core.wire import Reply
from mock_servers.extend_commerce.behaviour.base import (
    asked_day,
    between,
    equal,
    every,
    fact,
    is_on,
    kept,
    one,
    operation,
    page_of_rows,
    shown,
    shown_or_none,
)
from mock_servers.extend_commerce.behaviour.hooks import tell
from mock_servers.extend_commerce.behaviour.orders import new_order
from mock_servers.extend_commerce.behaviour.prices import sales_shown

INVOICING = "creating customer invoice"
DAY_SECONDS = 86_400
ABOUT = {"invoiceStatus": "status", "invoiceType": "type", "orderNumberEndCustomer": "end_customer"}
DAYS = {"createDate": "at", "invoiceDate": "at", "dueDate": "due"}
"""Parameters of which only the date part is used, by what is kept."""
ALWAYS = {"isAllowedToSend": True, "exported": False, "isAggregated": False, "sendSystem": "Extend"}
"""What every invoice here says; how one comes to be exported, or made of several orders, is in no source."""
Row = dict[str, Any]


@operation("listInvoices")
def list_invoices(call: Call) -> Reply:
    wanted = equal(call, id="invoiceNumber", customer="customerNumber", order="orderNumber")
    wanted += equal(call, external="orderNumberExternal", **{member: name for name, member in ABOUT.items()})
    wanted += equal(call, buyer_organization="buyerOrganizationNumber")
    wanted += between(call, "changed", "changeDateFrom", "changeDateTo")
    if call.query.keys() & {"ocrNumber", "buyerGLN"} or any(
        call.query.get(name, value) != value for name, value in ALWAYS.items()
    ):
        wanted.append(Is("id", "=", ""))  # no invoice here has any
    days = [(member, asked_day(call, name)) for name, member in DAYS.items()]
    rows = call.collection("invoice").rows(every(wanted))
    found = [row for row in rows if all(is_on(call, row[member], day) for member, day in days)]
    return page_of_rows(call, [_in_short(call, row) for row in found])


@operation("getInvoice")
def get_invoice(call: Call) -> Reply:
    invoice = one(call, "invoice", "invoiceNumber", "customer invoice")
    orders = []
    if invoice["order"] is not None:
        order = call.collection("order").get(invoice["order"])
        names = {"orderNumber": order.id, "orderNumberExternal": order["external"]}
        orders.append(names | {"orderDate": shown(call, order["placed"])})
    buyer = {"name": invoice["buyer"], "organizationsNumber": invoice["buyer_organization"], "invoiceAdress": None}
    header = {
        "invoiceNumber": invoice.id,
        "customerNumber": invoice["customer"],
        "ocrNumber": None,
        "orders": orders,
        "orderNumberEndCustomer": invoice["end_customer"],
        "customerInvoiceStatus": invoice["status"],
        **_dated(call, invoice),
        "buyer": buyer,
    }
    return Reply(200, {"invoiceHeader": header, "invoiceRows": [_row(each) for each in invoice["rows"]]})


def _in_short(work: Work, invoice: Document) -> dict[str, Any]:
    order = work.collection("order").find(invoice["order"] or "")
    return {
        "invoiceNumber": invoice.id,
        "customerNumber": invoice["customer"],
        "ocrNumber": None,
        "orderNumber": invoice["order"],
        "orderNumberExternal": invoice["external"],
        "orderNumberEndCustomer": invoice["end_customer"],
        "orderDate": None if order is None else shown(work, order["placed"]),
        "invoiceStatus": invoice["status"],
        **_dated(work, invoice),
        "buyerOrganizationNumber": invoice["buyer_organization"],
        "buyerGLN": None,
    }


def _dated(work: Work, invoice: Document) -> dict[str, Any]:
    return {
        "createDate": shown(work, invoice["at"]),
        "invoiceDate": shown(work, invoice["at"]),
        "changeDate": shown(work, invoice["changed"]),
        "dueDate": shown(work, invoice["due"]),
        "originalDueDate": shown(work, invoice["due"]),
        "payDate": shown_or_none(work, invoice["paid"]),
        "invoiceType": invoice["type"],
        "sendFormat": "Pdf",
        **ALWAYS,
    }


def _row(row: Row) -> dict[str, Any]:
    total = round(row["quantity"] * row["price"], 2)
    vat = round(total * row["vat"] / 100, 2)
    sums = {"rowSum": total, "rowVat": vat, "rowTotal": round(total + vat, 2)}
    return {
        "position": row["position"],
        "subPosition": row["sub"],
        "supplyMode": row["mode"],
        "hasChildren": False,
        "project": row["project"],
        "orderReasonCode": row["reason"],
        "orderNumber": row["order"],
        "orderRowId": row["row_id"],
        "product": {"productNumber": row["product"], "productName": row["name"]},
        "salesData": sales_shown(row, row["quantity"]) | sums,
    }


# Made -----------------------------------------------------------------------------------------------------------------


@operation("invoiceOrder")
def invoice_order(call: Call) -> Reply:
    """What is sent is billed. An order number in it has to be one there is; the order then shows its invoice (assumed).
    Without one it is an invoice by itself."""
    sent = new_order(call, INVOICING)
    number = call.body["orderHeader"].get("orderNumber")
    order = None
    if number is not None:
        order = call.collection("order").find(number)
        if order is None:
            raise Refusal("unknown_order", doing=INVOICING, order=number)
        if order["customer"] != sent["customer"]:
            raise Refusal("other_number", doing=INVOICING, asked=sent["customer"], number=order["customer"])
    made = make_invoice(call, sent, order, sent["rows"], "CustomDebit" if order is None else "OrderDebit")
    return Reply(200, {"invoiceNumber": made.id})


def bill(work: Work, order: Document) -> Document:
    """Everything of an order that stands is billed."""
    return make_invoice(work, order, order, [row for row in order["rows"] if row["status"] != "Annulled"], "OrderDebit")


def make_invoice(work: Work, about: Any, order: Document | None, rows: list[Row], kind: str) -> Document:
    """Make an invoice and tell; `about` has the customer and the header. Refuses for an order that is annulled."""
    if order is not None and order["status"] == "Annulled":
        raise Refusal("invoice_locked", order=order.id, status=order["status"])
    ids = {(row["position"], row["sub"]): row["id"] for row in order["rows"]} if order is not None else {}
    customer = work.collection("customer").get(about["customer"])
    invoice = work.collection("invoice").add(
        {
            "id": str(work.next_number("invoice", 90001)),
            "status": "Created",
            "type": kind,
            "at": kept(work.now),
            "changed": kept(work.now),
            "due": kept(work.now + _days(work, customer) * DAY_SECONDS),
            "paid": None,
            "customer": customer.id,
            "buyer": customer["body"]["name"],
            "buyer_organization": customer["body"].get("organizationNumber"),
            "order": None if order is None else order.id,
            "external": about["external"],
            "end_customer": about["header"].get("orderNumberEndCustomer"),
            "rows": [_billed(row, order, ids) for row in rows],
        }
    )
    if order is not None:
        work.collection("order").save(order | {"changed": kept(work.now)})
    tell(work, "CustomerInvoiceCreated", InvoiceNumber=invoice.id)
    return invoice


def _billed(row: Row, order: Document | None, ids: dict[tuple[int, int], str]) -> Row:
    notations = row.get("more", {}).get("notations") or {}
    names = ("position", "sub", "mode", "product", "name", "unit", "price", "vat", "currency")
    return {name: row[name] for name in names} | {
        "quantity": row["quantity"] + row.get("called", 0),
        "project": notations.get("project"),
        "reason": notations.get("reasonCode"),
        "order": None if order is None else order.id,
        "row_id": ids.get((row["position"], row["sub"])),
    }


def _days(work: Work, customer: Document) -> int:
    """The customer's terms of payment, which are days written as a text; the usual ones where they say nothing."""
    terms = (customer["body"].get("customerFinancialSettings") or {}).get("termsOfPayment") or ""
    usual: int = fact(work, "payment_days")
    return int(terms) if terms.isascii() and terms.isdigit() and len(terms) < 4 else usual


def change_invoice(work: Work, invoice: Document, status: str) -> None:
    """Its status moves on."""
    paid = kept(work.now) if status == "Paid" else invoice["paid"]
    work.collection("invoice").save(invoice | {"status": status, "paid": paid, "changed": kept(work.now)})
    tell(work, "CustomerInvoiceChanged", InvoiceNumber=invoice.id)
