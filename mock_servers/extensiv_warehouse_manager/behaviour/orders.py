"""Orders: listed, read, made, changed, put on hold. What moves one from state to state is in `steps`."""

from typing import Any

from mock_servers.core.fake import Call, Work
from mock_servers.core.filters import All, Condition, Is
from mock_servers.core.preconditions import etag, must_match
from mock_servers.core.refusal import Refusal
from mock_servers.core.rql import condition_of
from mock_servers.core.store import Document
from mock_servers.core.wire import Reply
from mock_servers.extensiv_warehouse_manager.behaviour.base import (
    CANCELED,
    CLOSED,
    EACH,
    OPEN,
    USER,
    Json,
    at_id,
    customer_of,
    facility_of,
    fake,
    item_of,
    link_to,
    listed,
    named_customer,
    named_facility,
    named_item,
    page_of_rows,
    properties,
    row_version,
    shown,
)
from mock_servers.extensiv_warehouse_manager.behaviour.stock import allocate, deallocate, touched

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
LINE_WRITTEN = ("ExternalId", "LotNumber", "SerialNumber", "ExpirationDate", "Notes", "SavedElements")
ROUTING = {"IsCod": False, "IsInsurance": False, "RequiresDeliveryConf": False, "RequiresReturnReceipt": False}


# Reading ------------------------------------------------------------------------------------------------------------


@fake.operation("listOrders")
def list_orders(call: Call) -> Reply:
    also: list[Condition] = []
    if call.query.get("skulist"):
        also.append(_with_skus(call, {sku.strip().lower() for sku in call.query["skulist"].split(",")}, whole=True))
    if call.query.get("skucontains"):
        also.append(_with_skus(call, {call.query["skucontains"].lower()}, whole=False))
    return listed(call, call.collection("order"), "Order", *also, look=look_of(call))


def _with_skus(call: Call, wanted: set[str], *, whole: bool) -> Condition:
    """Orders with a line of these SKUs, or of one that has this in it."""
    ids = []
    for order in call.collection("order").rows():
        skus = {line["ItemIdentifier"]["Sku"].lower() for line in order["OrderItems"]}
        if skus & wanted if whole else any(part in sku for part in wanted for sku in skus):
            ids.append(order["order_id"])
    return Is("order_id", "in", tuple(ids))


@fake.operation("getOrder")
def get_order(call: Call) -> Reply:
    return answered(call, at_id(call.collection("order"), call.path["orderId"]), 200)


@fake.operation("listOrderItems")
def list_order_items(call: Call) -> Reply:
    order = at_id(call.collection("order"), call.path["orderId"])
    allocations = call.query.get("detail", "").lower() in {"allocations", "all", "allocationswithdetail"}
    return Reply(200, {"ResourceList": [_line_shown(line, allocations) for line in order["OrderItems"]]})


@fake.operation("listOrderPackages")
def list_order_packages(call: Call) -> Reply:
    order = at_id(call.collection("order"), call.path["orderId"])
    return Reply(200, {"ResourceList": order["ReadOnly"]["Packages"]})


@fake.operation("listOrderSummaries")
def list_order_summaries(call: Call) -> Reply:
    also = []
    if call.query.get("orderidcontains"):
        part = call.query["orderidcontains"]
        ids = [id for id, _ in call.collection("order").heads() if part in id]
        also.append(Is("order_id", "in", tuple(map(int, ids))))
    return listed(call, call.collection("order"), "Order", *also, row=_summary)


def _summary(order: Document) -> Json:
    read_only = order["ReadOnly"]
    po_num = {"PoNum": order["PoNum"]} if "PoNum" in order else {}
    return {
        "OrderId": order["order_id"],
        "ReferenceNum": order["ReferenceNum"],
        **po_num,
        "FullyAllocated": read_only["FullyAllocated"],
        "CustomerIdentifier": read_only["CustomerIdentifier"],
        "FacilityIdentifier": read_only["FacilityIdentifier"],
        "CreationDate": read_only["CreationDate"],
        "IsClosed": read_only["IsClosed"],
    }


@fake.operation("listShipmentsTrackingInfo")
def list_shipments_tracking_info(call: Call) -> Reply:
    """Packages of confirmed orders; RQL is about the orders here (its own properties are not published)."""
    where: list[Condition] = [Is("closed", "=", True)]
    if call.query.get("rql"):
        where.append(condition_of(call.query["rql"], properties("Order")))
    orders = call.collection("order").rows(All(*where))
    return page_of_rows(call, [row for order in orders for row in _tracking(order)])


def _tracking(order: Document) -> list[Json]:
    routing, read_only = order["RoutingInfo"], order["ReadOnly"]
    about = {
        "OrderId": order["order_id"],
        "ReferenceNum": order["ReferenceNum"],
        "ShipTo": order["ShipTo"],
        "Carrier": routing.get("Carrier", ""),
        "CarrierService": routing.get("Mode", ""),
        "ShipDate": read_only["ShipDate"],
        "CreationDate": read_only["CreationDate"],
    }
    packages = [
        about
        | {
            "PackageId": package["PackageId"],
            "PackageUri": f"/orders/{order.id}/packages/{package['PackageId']}",
            "TrackingNumber": package["TrackingNumber"],
        }
        for package in read_only["Packages"]
        if "TrackingNumber" in package
    ]
    alone = "TrackingNumber" in routing and not packages
    return [about | {"TrackingNumber": routing["TrackingNumber"]}] if alone else packages


# How an order looks -------------------------------------------------------------------------------------------------


def look_of(call: Call) -> str:
    """What of an order is asked for: its `detail` and `itemdetail`, in one spelling."""
    detail = {each.strip().lower() for each in call.query.get("detail", ())}
    whole = "all" in detail
    parts = [name for name in ("orderitems", "packages", "savedelements") if whole or name in detail]
    items = {each.strip().lower() for each in call.query.get("itemdetail", ())}
    if "orderitems" in parts and items & {"all", "allocations", "allocationswithdetail"}:
        parts.append("allocations")
    return ",".join(parts)


@fake.view("rest", "order", schema="Order", looks=True)
def order_on_rest(order: Document, look: str) -> Json:
    parts = look.split(",")
    seen = shown(order)
    lines = seen.pop("OrderItems")
    if "savedelements" not in parts:
        seen.pop("SavedElements", None)
    if "packages" not in parts:
        seen["ReadOnly"] = {name: value for name, value in seen["ReadOnly"].items() if name != "Packages"}
    if "orderitems" in parts:
        seen["OrderItems"] = [_line_shown(line, "allocations" in parts) for line in lines]
    return seen


def _line_shown(line: Json, allocations: bool) -> Json:
    if allocations:
        return line
    return line | {"ReadOnly": {name: value for name, value in line["ReadOnly"].items() if name != "Allocations"}}


def answered(call: Call, order: Document, status: int, look: str | None = None) -> Reply:
    """An order with its tag."""
    return Reply(status, order, {"ETag": etag(call, order)}, look=look_of(call) if look is None else look)


# Making and changing ------------------------------------------------------------------------------------------------


@fake.operation("createOrder")
def create_order(call: Call) -> Reply:
    order = place_order(call, call.body)
    return answered(call, order, 201, "orderitems")


@fake.operation("importOrders")
def import_orders(call: Call) -> Reply:
    made, faults = [], []
    for number, body in enumerate(call.body["Orders"]):
        try:
            with call.world.store.savepoint():
                order = place_order(call, body)
                if call.query.get("skipShortOrders") and not order["ReadOnly"]["FullyAllocated"]:
                    raise Refusal("not_fully_allocated", action="importer", hint="")
            made.append(order["order_id"])
        except Refusal as refusal:
            faults.append((str(number), f"{refusal.code}: {body['ReferenceNum']}"))
    if faults and not call.query.get("skipInvalidOrders") and not call.query.get("skipShortOrders"):
        raise Refusal("list_failed", details=tuple(faults[:20]))
    return Reply(201, {"OrderIds": made})


def place_order(work: Work, body: Json) -> Document:
    """Keep a new order. Complete, it takes what stock there is and is told of; incomplete, it waits (A17)."""
    customer = customer_of(work, body["CustomerIdentifier"])
    facility = facility_of(work, body["FacilityIdentifier"])
    _must_be_served(customer, facility)
    _must_be_new(work, customer, body["ReferenceNum"])
    items = [item_of(work, customer, line["ItemIdentifier"]) for line in body["OrderItems"]]

    number = work.next_number("order", work.fake.contract.profile.facts["order_id_start"].value)
    lines = [new_line(work, line, item) for line, item in zip(body["OrderItems"], items, strict=True)]
    incomplete = body.get("DeferNotification", customer["Options"]["Shipping"]["OrderQueue"])
    order = new_order(work, number, customer, facility, body, lines)
    kept = work.collection("order").add(order)
    return kept if incomplete else complete(work, kept)


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
        "RoutingInfo": ROUTING | _known(body.get("RoutingInfo", {}), "Routing"),
        "ShipTo": _known(body["ShipTo"], "Address"),
        "OrderItems": lines,
        "_links": [
            link_to("self", f"/orders/{number}"),
            link_to("customers/customer", f"/customers/{customer.id}"),
            link_to("properties/facility", f"/properties/facilities/{facility.id}"),
        ],
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


def new_line(work: Work, body: Json, item: Document) -> Json:
    """A line as it begins, with nothing set aside for it."""
    number = work.next_number("order_item", 77)
    return {
        "ReadOnly": {
            "OrderItemId": number,
            "FullyAllocated": False,
            "UnitIdentifier": EACH,
            "OriginalPrimaryQty": float(body["Qty"]),
            "IsOrderQtySecondary": False,
            "RowVersion": row_version(number),
            "Allocations": [],
        },
        "ItemIdentifier": named_item(item),
        "Qualifier": body.get("Qualifier", ""),
        "Qty": float(body["Qty"]),
        **{name: body[name] for name in LINE_WRITTEN if name in body},
    }


def _known(body: Json, schema: str) -> Json:
    """Members the vendor has; what nobody documented is dropped."""
    members = fake.contract.surfaces["rest"].document["components"]["schemas"][schema]["properties"]
    return {name: value for name, value in body.items() if name in members}


def _must_be_served(customer: Document, facility: Document) -> None:
    if int(facility.id) not in {each["Id"] for each in customer["Facilities"]}:
        raise Refusal(
            "incompatible",
            property="FacilityIdentifier.Id",
            value=facility.id,
            hint="The customer is not served by this facility.",
        )


def _must_be_new(work: Work, customer: Document, reference: str, but: str = "") -> None:
    """One reference of a customer is one order, canceled ones included (A12)."""
    where = All(Is("reference_key", "=", reference.lower()), Is("customer_id", "=", int(customer.id)))
    for other in work.collection("order").rows(where):
        if other["ReferenceNum"] == reference and other.id != but:
            raise Refusal("duplicate", property="ReferenceNum", value=reference)


@fake.operation("updateOrder")
def update_order(call: Call) -> Reply:
    order = at_id(call.collection("order"), call.path["orderId"])
    must_match(call, order)
    must_be_open(order, "PUT")
    customer = call.collection("customer").get(str(order["customer_id"]))
    if "ReferenceNum" in call.body:
        _must_be_new(call, customer, call.body["ReferenceNum"], but=order.id)
    changed = order.body | {name: call.body[name] for name in ("ReferenceNum", *WRITTEN) if name in call.body}
    changed["reference_key"] = changed["ReferenceNum"].lower()
    if "ShipTo" in call.body:
        changed["ShipTo"] = _known(call.body["ShipTo"], "Address")
    if "RoutingInfo" in call.body:
        changed["RoutingInfo"] = ROUTING | _known(call.body["RoutingInfo"], "Routing")
    if "OrderItems" in call.body:
        changed = _with_new_lines(call, customer, changed)
    kept = call.collection("order").save(touched(call, changed))
    call.emit("OrderUpdate", kept)
    return answered(call, kept, 200)


def _with_new_lines(call: Call, customer: Document, order: Json) -> Json:
    """Lines are replaced by what is given (A14); a complete order takes stock anew."""
    lines = call.body["OrderItems"]
    items = [item_of(call, customer, line["ItemIdentifier"]) for line in lines]
    freed = deallocate(call, order)
    replaced = freed | {"OrderItems": [new_line(call, line, item) for line, item in zip(lines, items, strict=True)]}
    read_only = replaced["ReadOnly"] | {"FullyAllocated": False, "Packages": []}
    replaced = replaced | {"ReadOnly": read_only}
    return replaced if read_only["DeferNotification"] else allocate(call, replaced)


@fake.operation("holdOrders")
def hold_orders(call: Call) -> Reply:
    held, exceptions = [], []
    for each in call.body["OrderIdentifiers"]:
        order = call.collection("order").find(str(each["Id"]))
        if order is None or order["status"] != OPEN:
            exceptions.append({"OrderId": each["Id"], "ErrorCode": "DoesNotExist" if order is None else "InUse"})
            continue
        hold(call, order, call.query.get("holdReason", ""), release=bool(call.query.get("release")))
        held.append(each["Id"])
    return Reply(200, {"HeldOrderIds": held, "Exceptions": exceptions})


def hold(work: Work, order: Document, reason: str, *, release: bool) -> Document:
    """Put an order on hold, or release it."""
    read_only = {name: value for name, value in order["ReadOnly"].items() if not name.startswith("OnHold")}
    if not release:
        read_only |= {"OnHoldDate": work.stamp, "OnHoldReason": reason}
    kept = work.collection("order").save(touched(work, order | {"ReadOnly": read_only}))
    work.emit("OrderUpdate", kept)
    return kept


def must_be_open(order: Document, action: str) -> None:
    """Refuses with `order_canceled`, `order_confirmed` or, on hold, `in_use`."""
    about: dict[str, Any] = {"action": action, "hint": f"Order {order.id}."}
    if order["status"] == CANCELED:
        raise Refusal("order_canceled", **about)
    if order["status"] == CLOSED:
        raise Refusal("order_confirmed", **about)
    if "OnHoldDate" in order["ReadOnly"]:
        raise Refusal("in_use", action=action, hint=f"Order {order.id} is on hold.")
