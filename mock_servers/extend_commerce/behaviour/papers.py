"""Offers and invoices: read here, made and changed by people, so that their hooks have something to fetch."""

from typing import Any

from mock_servers.core.fake import Call, Work
from mock_servers.core.store import Document
from mock_servers.core.wire import Reply
from mock_servers.extend_commerce.behaviour.base import between, equal, every, kept, one, operation, page, shown
from mock_servers.extend_commerce.behaviour.hooks import tell


@operation("listOffers")
def list_offers(call: Call) -> Reply:
    wanted = equal(
        call,
        id="offerNumber",
        status="offerStatus",
        customer="customerNumber",
        customer_name="customerName",
        order="orderNumber",
    ) + between(call, "at", "offerDateFrom", "offerDateTo")
    return page(call, call.collection("offer"), lambda row: _offer(call, row), every(wanted))


@operation("getOffer")
def get_offer(call: Call) -> Reply:
    offer = one(call, "offer", "offerNumber", "offer")
    return Reply(200, {"offerHeader": _offer(call, offer), "offerRows": offer["rows"]})


def _offer(work: Work, offer: Document) -> dict[str, Any]:
    return {
        "offerNumber": offer.id,
        "offerStatus": offer["status"],
        "offerDate": shown(work, offer["at"]),
        "customerNumber": offer["customer"],
        "customerName": offer["customer_name"],
        "orderNumber": offer["order"],
    }


def make_offer(work: Work, customer: Document, product: str, quantity: int) -> Document:
    """A salesperson writes an offer."""
    offer = work.collection("offer").add(
        {
            "id": str(work.next_number("offer", 7001)),
            "status": "Created",
            "at": kept(work.now),
            "customer": customer.id,
            "customer_name": customer["body"]["name"],
            "order": None,
            "rows": [{"position": 10, "productNumber": product, "quantity": float(quantity)}],
        }
    )
    tell(work, "OfferCreated", OfferNumber=offer.id)
    return offer


def change_offer(work: Work, offer: Document, status: str) -> None:
    """Its status moves on."""
    work.collection("offer").save(offer | {"status": status})
    tell(work, "OfferChanged", OfferNumber=offer.id)


@operation("listInvoices")
def list_invoices(call: Call) -> Reply:
    wanted = equal(call, id="invoiceNumber", customer="customerNumber", order="orderNumber")
    wanted += between(call, "changed", "changeDateFrom", "changeDateTo")
    return page(call, call.collection("invoice"), lambda row: _invoice(call, row), every(wanted))


@operation("getInvoice")
def get_invoice(call: Call) -> Reply:
    invoice = one(call, "invoice", "invoiceNumber", "customer invoice")
    return Reply(200, {"invoiceHeader": _invoice(call, invoice), "invoiceRows": invoice["rows"]})


def _invoice(work: Work, invoice: Document) -> dict[str, Any]:
    return {
        "invoiceNumber": invoice.id,
        "customerNumber": invoice["customer"],
        "orderNumber": invoice["order"],
        "orderNumberExternal": invoice["external"],
        "invoiceStatus": invoice["status"],
        "invoiceType": "OrderDebit",
        "invoiceDate": shown(work, invoice["at"]),
        "totalAmount": float(invoice["total"]),
        "changeDate": shown(work, invoice["changed"]),
    }


def make_invoice(work: Work, order: Document) -> Document:
    """The order is billed, without VAT as orders are (Q19)."""
    rows = [
        {"position": row["position"], "productNumber": row["product"], "quantity": float(row["quantity"])}
        for row in order["rows"]
    ]
    invoice = work.collection("invoice").add(
        {
            "id": str(work.next_number("invoice", 90001)),
            "status": "Created",
            "at": kept(work.now),
            "changed": kept(work.now),
            "customer": order["customer"],
            "order": order.id,
            "external": order["external"],
            "total": order["total"],
            "rows": rows,
        }
    )
    tell(work, "CustomerInvoiceCreated", InvoiceNumber=invoice.id)
    return invoice


def change_invoice(work: Work, invoice: Document, status: str) -> None:
    """Its status moves on."""
    work.collection("invoice").save(invoice | {"status": status, "changed": kept(work.now)})
    tell(work, "CustomerInvoiceChanged", InvoiceNumber=invoice.id)
