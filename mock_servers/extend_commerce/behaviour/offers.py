"""Offers: written by salespeople, read over the API, where their status moves on too; an accepted one is an order."""

from typing import Any

from mock_servers.core.fake import Call, Work
from mock_servers.core.refusal import Refusal
from mock_servers.core.store import Document
from mock_servers.core.wire import Reply
from mock_servers.extend_commerce.behaviour.base import (
    between,
    equal,
    every,
    fact,
    kept,
    midnight,
    one,
    operation,
    page,
    sent_moment,
    shown,
    success,
)
from mock_servers.extend_commerce.behaviour.hooks import tell
from mock_servers.extend_commerce.behaviour.orders import place
from mock_servers.extend_commerce.behaviour.prices import sales_shown
from mock_servers.extend_commerce.behaviour.rows import new_row, total_of

UPDATING = "updating offer"
DAY_SECONDS = 86_400
MAY_BECOME = {
    "Created": {"Sent", "Resting", "Rejected", "Accepted", "Cancelled"},
    "Sent": {"Resting", "Rejected", "Accepted", "Cancelled"},
    "Resting": {"Sent", "Rejected", "Accepted", "Cancelled"},
}
"""As the states were found (fact sheet, section 8); that one may be accepted before it is sent is assumed."""


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
    return page(call, call.collection("offer"), lambda row: _in_short(call, row), every(wanted))


def _in_short(work: Work, offer: Document) -> dict[str, Any]:
    return {
        "offerNumber": offer.id,
        "orderNumber": offer["order"],
        "offerDate": shown(work, offer["at"]),
        "offerStatus": offer["status"],
        "customerNumber": offer["customer"],
        "customerName": offer["customer_name"],
    }


@operation("getOffer")
def get_offer(call: Call) -> Reply:
    offer = one(call, "offer", "offerNumber", "offer")
    header = {
        "offerNumber": offer.id,
        "offerDate": shown(call, offer["at"]),
        "changeDate": shown(call, offer["changed"]),
        "customerNumber": offer["customer"],
        "partialDelivery": True,
        "offerStatus": offer["status"],
        "validToDate": shown(call, offer["until"]),
        "orderNumber": offer["order"],
        "messages": [each | {"createDate": shown(call, each["createDate"])} for each in offer["messages"]],
    }
    return Reply(200, {"offerHeader": header, "offerRows": [_row(each) for each in offer["rows"]]})


def _row(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "position": row["position"],
        "subPosition": row["sub"],
        "supplyMode": row["mode"],
        "warehouse": row["warehouse"],
        "product": {"productNumber": row["product"], "productName": row["name"]},
        "salesData": sales_shown(row, row["quantity"]),
    }


@operation("updateOffer")
def update_offer(call: Call) -> Reply:
    """The status and new messages; whatever else is sent was read before and is not looked at (assumed)."""
    offer = one(call, "offer", "offerNumber", "offer")
    header = call.body["offerHeader"]
    sent_moment(call, header["validToDate"], "validToDate")
    new = [each for each in header.get("messages") or () if each.get("createDate") is None]
    messages = [
        {"subject": each["subject"], "body": each["body"], "createDate": kept(call.now)} for each in new
    ]  # "skip createDate when adding a new message": one that has a date is there already
    change_offer(call, offer, header.get("offerStatus") or offer["status"], messages)
    return success("Offer updated", offer.id)


def make_offer(work: Work, customer: Document, product: str, quantity: int) -> Document:
    """A salesperson writes an offer, at the customer's own price."""
    given = {"product": {"productNumber": product}, "salesData": {"quantity": quantity, "unit": "ST"}}
    given["agreedOrderCallOff"] = {"useBalanceFromAgreedOrder": False}
    offer = work.collection("offer").add(
        {
            "id": str(work.next_number("offer", 7001)),
            "status": "Created",
            "at": kept(work.now),
            "changed": kept(work.now),
            "until": midnight(work, work.now + fact(work, "offer_days") * DAY_SECONDS),
            "customer": customer.id,
            "customer_name": customer["body"]["name"],
            "order": None,
            "messages": [],
            "rows": [new_row(work, given, [], customer.id, "creating offer")],
        }
    )
    tell(work, "OfferCreated", OfferNumber=offer.id)
    return offer


def change_offer(work: Work, offer: Document, status: str, messages: list[dict[str, Any]] | None = None) -> None:
    """Its status moves on; accepted, it becomes an order. Refuses with `offer_locked`."""
    order = offer["order"]
    if status != offer["status"]:
        if status not in MAY_BECOME.get(offer["status"], set()):
            raise Refusal("offer_locked", offer=offer.id, status=offer["status"], wanted=status)
        if status == "Accepted":
            order = _ordered(work, offer).id
    members = {"status": status, "order": order, "messages": [*offer["messages"], *(messages or [])]}
    work.collection("offer").save(offer | members | {"changed": kept(work.now)})
    tell(work, "OfferChanged", OfferNumber=offer.id)


def _ordered(work: Work, offer: Document) -> Document:
    """An order for what was offered, at the prices that were offered, to where the customer has things delivered."""
    customer = work.collection("customer").get(offer["customer"])
    found = customer["body"]["customerDeliveryAddress"]["address"]
    address = {"name1": customer["body"]["name"], "countryCode": found["country"]}
    address |= {name: found[name] for name in ("address1", "postalCode", "city")}
    order = {
        "external": None,
        "customer": customer.id,
        "customer_name": customer["body"]["name"],
        "country": found["country"],
        "status": "Incoming",
        "placed": kept(work.now),
        "asked": midnight(work, work.now),
        "changed": kept(work.now),
        "header": {"orderType": "Normal", "deliveryAddress": address},
        "rows": [row | {"changed": kept(work.now)} for row in offer["rows"]],
        "shipments": [],
        "total": total_of(offer["rows"]),
    }
    return place(work, order, UPDATING)
