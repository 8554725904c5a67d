"""Orders as they are made and changed."""

from typing import Any

from mock_servers.core.fake import Call, Work
from mock_servers.core.filters import All, Is
from mock_servers.core.preconditions import etag, must_match
from mock_servers.core.refusal import Refusal
from mock_servers.core.store import Document
from mock_servers.core.wire import Reply
from mock_servers.extensiv_warehouse_manager.behaviour.base import (
    OPEN,
    USER,
    Json,
    at_id,
    customer_of,
    dated,
    facility_of,
    fake,
    named_customer,
    named_facility,
)
from mock_servers.extensiv_warehouse_manager.behaviour.lines import keep, new_lines, replaced
from mock_servers.extensiv_warehouse_manager.behaviour.orders import answered, must_be_open
from mock_servers.extensiv_warehouse_manager.behaviour.stock import allocate, touched

REST_API, BY_API = 7, 4
WRITTEN = (
    "Description",
    "PoNum",
    "ExternalId",
    "EarliestShipDate",
    "ShipCancelDate",
    "Notes",
    "ShippingNotes",
    "BillingCode",
    "AsnNumber",
    "InvoiceNumber",
    "OrderType",
    "SavedElements",
    "SoldTo",
    "BillTo",
)
DATES = ("EarliestShipDate", "ShipCancelDate")
ROUTING = {"IsCod": False, "IsInsurance": False, "RequiresDeliveryConf": False, "RequiresReturnReceipt": False}


@fake.operation("createOrder")
def create_order(call: Call) -> Reply:
    order = place_order(call, call.body)
    return answered(call, order, 201, "orderitems")


def place_order(work: Work, body: Json) -> Document:
    """Keep a new order. Complete, it takes what stock there is and is told of; incomplete, it waits (A17)."""
    customer = customer_of(work, body["CustomerIdentifier"])
    facility = facility_of(work, body["FacilityIdentifier"])
    must_be_served(customer, facility)
    must_be_new(work, customer, body["ReferenceNum"])
    written = _written(body)
    lines = new_lines(work, customer, body["OrderItems"])

    number = next_order_number(work)
    incomplete = body.get("DeferNotification")
    if incomplete is None:
        incomplete = customer["Options"]["Shipping"]["OrderQueue"]
    order = new_order(work, number, customer, facility, body | written, lines)
    kept = work.collection("order").add(order)
    return kept if incomplete else complete(work, kept)


def next_order_number(work: Work) -> int:
    """Ids of orders ascend."""
    return work.next_number("order", work.fake.contract.profile.facts["order_id_start"].value)


def new_order(work: Work, number: int, customer: Document, facility: Document, body: Json, lines: list[Json]) -> Json:
    """An order as it begins: incomplete, with nothing set aside for it."""
    return {
        "ReadOnly": {
            "OrderId": number,
            "AsnCandidate": 0,
            "RouteCandidate": 0,
            "FullyAllocated": False,
            "DeferNotification": True,
            "IsClosed": False,
            "PickStarted": False,
            "PackStarted": False,
            "LoadedState": 0,
            "RouteSent": False,
            "Packages": [],
            "ParcelLabelType": 0,
            "CustomerIdentifier": named_customer(customer),
            "FacilityIdentifier": named_facility(facility),
            "WarehouseTransactionSourceType": REST_API,
            "TransactionEntryType": BY_API,
            "CreationDate": work.stamp,
            "CreatedByIdentifier": USER,
            "LastModifiedDate": work.stamp,
            "LastModifiedByIdentifier": USER,
            "Status": OPEN,
        },
        "ReferenceNum": body["ReferenceNum"],
        **{name: body[name] for name in WRITTEN if name in body},
        "RoutingInfo": routing_of(body.get("RoutingInfo", {})),
        "ShipTo": known_members(body["ShipTo"], "Address"),
        "OrderItems": lines,
        "id": str(number),
        "order_id": number,
        "customer_id": int(customer.id),
        "facility_id": int(facility.id),
        "reference_key": body["ReferenceNum"].lower(),
        "modified": work.stamp,
        "status": OPEN,
        "closed": False,
    }


def complete(work: Work, order: Document) -> Document:
    """An order becomes complete: what stock there is is set aside for it, and now it is told of (A16, A17)."""
    read_only = order["ReadOnly"] | {"DeferNotification": False, "ProcessDate": work.stamp}
    changed = touched(work, allocate(work, order | {"ReadOnly": read_only}))
    kept = work.collection("order").save(changed)
    work.emit("OrderCreate", kept)
    if kept["ReadOnly"]["FullyAllocated"]:
        work.emit("OrderFullyAllocated", kept)
    return kept


def _written(body: Json) -> Json:
    """What a body writes at the top of an order. Refuses with `invalid_body` what is no moment."""
    return dated({name: body[name] for name in WRITTEN if name in body}, *DATES)


def routing_of(body: Json) -> Json:
    """A carrier's part of an order, with what is not said switched off."""
    return ROUTING | dated(known_members(body, "Routing"), "PickupDate")


def known_members(body: Json, schema: str) -> Json:
    """Members the vendor has; what nobody documented is dropped."""
    members = fake.contract.surfaces["rest"].document["components"]["schemas"][schema]["properties"]
    return {name: value for name, value in body.items() if name in members}


def must_be_served(customer: Document, facility: Document) -> None:
    """Refuses with `incompatible` a customer whose goods are not kept in this facility."""
    if int(facility.id) not in {each["Id"] for each in customer["Facilities"]}:
        raise Refusal(
            "incompatible",
            property="FacilityIdentifier.Id",
            value=facility.id,
            hint="The customer is not served by this facility.",
        )


def must_be_new(work: Work, customer: Document, reference: str, but: str = "", kind: str = "order") -> None:
    """One reference of a customer is one order, canceled ones included (A12), or one receiver."""
    where = All(Is("reference_key", "=", reference.lower()), Is("customer_id", "=", int(customer.id)))
    for other in work.collection(kind).rows(where):
        if other["ReferenceNum"] == reference and other.id != but:
            raise Refusal("duplicate", property="ReferenceNum", value=reference)


@fake.operation("updateOrder")
def update_order(call: Call) -> Reply:
    order = at_id(call.collection("order"), call.path["orderId"])
    must_match(call, order)
    must_be_open(order, "PUT")
    customer = call.collection("customer").get(str(order["customer_id"]))
    if "ReferenceNum" in call.body:
        must_be_new(call, customer, call.body["ReferenceNum"], but=order.id)
    changed: dict[str, Any] = order.body | _written(call.body)
    changed["ReferenceNum"] = call.body.get("ReferenceNum", order["ReferenceNum"])
    changed["reference_key"] = changed["ReferenceNum"].lower()
    if "ShipTo" in call.body:
        changed["ShipTo"] = known_members(call.body["ShipTo"], "Address")
    if "RoutingInfo" in call.body:
        changed["RoutingInfo"] = routing_of(call.body["RoutingInfo"])
    if "OrderItems" in call.body:
        changed = replaced(call, customer, changed, call.body["OrderItems"])
    return answered(call, keep(call, changed), 200)


@fake.operation("getOrderRouting")
def get_order_routing(call: Call) -> Reply:
    order = at_id(call.collection("order"), call.path["orderId"])
    return Reply(200, order["RoutingInfo"], {"ETag": etag(call, order)})


@fake.operation("updateOrderRouting")
def update_order_routing(call: Call) -> Reply:
    order = at_id(call.collection("order"), call.path["orderId"])
    must_match(call, order)
    must_be_open(order, "routing")
    kept = keep(call, order | {"RoutingInfo": routing_of(call.body)})
    return Reply(200, kept["RoutingInfo"], {"ETag": etag(call, kept)})
