"""Receivers: what is announced, comes in, and lies on the shelf once it is confirmed."""

from collections.abc import Mapping
from typing import Any

from mock_servers.core.fake import Call, Work
from mock_servers.core.filters import Condition, Is
from mock_servers.core.preconditions import etag, must_match
from mock_servers.core.refusal import Refusal
from mock_servers.core.store import Document
from mock_servers.core.wire import Reply
from mock_servers.extensiv_warehouse_manager.behaviour.base import (
    CANCELED,
    CLOSED,
    EACH,
    OPEN,
    Json,
    at_id,
    customer_of,
    dated,
    facility_of,
    fake,
    item_of,
    link_to,
    listed,
    named_customer,
    named_facility,
    named_item,
    row_version,
    shown,
)
from mock_servers.extensiv_warehouse_manager.behaviour.placing import BY_API, REST_API, must_be_new, must_be_served
from mock_servers.extensiv_warehouse_manager.behaviour.receiving import batch_of, place_of
from mock_servers.extensiv_warehouse_manager.behaviour.stock import receive, touched

NORMAL, RETURN, AGAINST, ONLY_ASNS, ALL_BUT_ASNS = range(5)
DATES = ("ArrivalDate", "ExpectedDate")
AT_LAST = ("ArrivalDate", "TrackingNumber", "TrailerNumber", "SealNumber", "BillOfLading", "LoadNumber")
"""What may be said when it is confirmed (rels/inventory/receiverconfirm)."""
WRITTEN = (
    "ReferenceNum",
    "PoNum",
    "ExternalId",
    "ReceiptAdviceNumber",
    "ArrivalDate",
    "ExpectedDate",
    "Notes",
    "ScacCode",
    "Carrier",
    "BillOfLading",
    "DoorNumber",
    "TrackingNumber",
    "TrailerNumber",
    "SealNumber",
)


@fake.operation("listReceivers")
def list_receivers(call: Call) -> Reply:
    """Of a type: 3 are announcements alone, 4 all the others. Of a purchase order: those that name its number."""
    kind = call.query.get("receivertype")
    also: list[Condition] = []
    if kind is not None:
        announced = Is("ReadOnly.ReceiverType", "=", AGAINST if kind == ONLY_ASNS else kind)
        also.append(Is("ReadOnly.ReceiverType", "!=", AGAINST) if kind == ALL_BUT_ASNS else announced)
    if "purchaseorderid" in call.query:
        order = call.collection("purchase_order").find(str(call.query["purchaseorderid"]))
        also.append(Is("PoNum", "same", order["PurchaseOrderNumber"]) if order else Is("id", "in", ()))
    return listed(call, call.collection("receiver"), "Receiver", *also, look=_look(call))


@fake.operation("getReceiver")
def get_receiver(call: Call) -> Reply:
    return _answered(call, at_id(call.collection("receiver"), call.path["receiverId"]), 200)


@fake.operation("listReceiveItems")
def list_receive_items(call: Call) -> Reply:
    receiver = at_id(call.collection("receiver"), call.path["receiverId"])
    parts = {each.strip().lower() for each in call.query.get("detail", ())}
    rows = [_line_shown(line, parts) for line in receiver["ReceiveItems"]]
    return Reply(200, {"ResourceList": rows}, {"ETag": etag(call, receiver)})


@fake.operation("getReceiveItem")
def get_receive_item(call: Call) -> Reply:
    receiver = at_id(call.collection("receiver"), call.path["receiverId"])
    parts = {each.strip().lower() for each in call.query.get("detail", ())}
    for line in receiver["ReceiveItems"]:
        if str(line["ReadOnly"]["ReceiveItemId"]) == call.path["receiveItemId"]:
            return Reply(200, _line_shown(line, parts), {"ETag": etag(call, receiver)})
    raise Refusal("not_found", kind="receive_item")


def _line_shown(line: Json, parts: set[str]) -> Json:
    if parts & {"savedelements", "all"}:
        return line | {"SavedElements": line.get("SavedElements", [])}
    return {name: value for name, value in line.items() if name != "SavedElements"}


@fake.operation("createReceiver")
def create_receiver(call: Call) -> Reply:
    customer = customer_of(call, call.body["CustomerIdentifier"])
    facility = facility_of(call, call.body["FacilityIdentifier"])
    must_be_served(customer, facility)
    must_be_new(call, customer, call.body["ReferenceNum"], kind="receiver")
    lines = _lines(call, customer, facility, call.body.get("ReceiveItems", []))
    said = dated({name: call.body[name] for name in WRITTEN if name in call.body}, *DATES)
    deferred = bool(call.body.get("DeferNotification"))
    number = call.next_number("receiver", 3001)
    receiver = call.collection("receiver").add(
        {
            "ReadOnly": {
                "ReceiverId": number,
                "ReceiverType": RETURN if call.body.get("IsReturn") else NORMAL,
                "DeferNotification": deferred,
                "CustomerIdentifier": named_customer(customer),
                "FacilityIdentifier": named_facility(facility),
                "WarehouseTransactionSourceType": REST_API,
                "TransactionEntryType": BY_API,
                "CreationDate": call.stamp,
                "LastModifiedDate": call.stamp,
                "Status": OPEN,
            },
            **said,
            "ReceiveItems": lines,
            "id": str(number),
            "reference_key": call.body["ReferenceNum"].lower(),
            "customer_id": int(customer.id),
            "facility_id": int(facility.id),
            "modified": call.stamp,
            "status": OPEN,
        },
    )
    if not deferred:
        call.emit("ReceiptCreate", receiver)
    return _answered(call, receiver, 201, "receiveitems")


def _lines(work: Work, customer: Document, facility: Document, lines: list[Json]) -> list[Json]:
    items = [item_of(work, customer, line["ItemIdentifier"]) for line in lines]
    return [_line(work, customer, facility, line, item) for line, item in zip(lines, items, strict=True)]


def _line(work: Work, customer: Document, facility: Document, line: Json, item: Document) -> Json:
    number = work.next_number("receive_item", 70001)
    external = {"ExternalId": line["ExternalId"]} if "ExternalId" in line else {}
    batch = batch_of(work, customer, facility, line)
    place = batch.pop("location", None)
    where = {"LocationInfo": {"LocationId": place["LocationId"], "Display": place["Name"]}} if place else {}
    return {
        "ReadOnly": {"ReceiveItemId": number, "UnitIdentifier": EACH, "RowVersion": row_version(number)},
        "ItemIdentifier": named_item(item),
        **batch,
        **external,
        **where,
    }


@fake.operation("updateReceiver")
def update_receiver(call: Call) -> Reply:
    receiver = _open_receiver(call, "PUT")
    customer = call.collection("customer").get(str(receiver["customer_id"]))
    if "ReferenceNum" in call.body:
        must_be_new(call, customer, call.body["ReferenceNum"], but=receiver.id, kind="receiver")
    changed = receiver | dated({name: call.body[name] for name in WRITTEN if name in call.body}, *DATES)
    changed["reference_key"] = changed["ReferenceNum"].lower()
    if "ReceiveItems" in call.body:
        facility = call.collection("facility").get(str(receiver["facility_id"]))
        changed["ReceiveItems"] = _lines(call, customer, facility, call.body["ReceiveItems"])
    kept = call.collection("receiver").save(touched(call, changed))
    call.emit("ReceiptUpdate", kept)
    return _answered(call, kept, 200)


@fake.operation("confirmReceiver")
def confirm_receiver(call: Call) -> Reply:
    receiver = _open_receiver(call, "confirmer")
    said = dated({name: value for name, value in (call.body or {}).items() if name in AT_LAST}, "ArrivalDate")
    if (said.get("ArrivalDate") or "") > call.stamp:
        raise Refusal("date_in_future", action="confirmer", hint=said["ArrivalDate"])
    confirm(call, receiver, said)
    return Reply(204)


def confirm(work: Work, receiver: Document, said: Json) -> Document:
    """The goods lie on the shelf."""
    customer = work.collection("customer").get(str(receiver["customer_id"]))
    facility = work.collection("facility").get(str(receiver["facility_id"]))
    marked = {"ArrivalDate": work.stamp} | {name: value for name, value in said.items() if value is not None}
    about = {name: marked.get(name, receiver.get(name)) for name in ("ReferenceNum", "PoNum", "TrailerNumber")}
    for line in receiver["ReceiveItems"]:
        item = work.collection("item").get(str(line["ItemIdentifier"]["Id"]))
        place = place_of(work, facility, line.get("LocationInfo", {}))
        batch = line | about | {"id": line["ReadOnly"]["ReceiveItemId"]} | ({"location": place} if place else {})
        receive(work, int(receiver.id), customer, facility, item, batch)
    read_only = receiver["ReadOnly"] | {"DeferNotification": False}
    changed = receiver | {name: value for name, value in marked.items() if name != "LoadNumber"}
    if receiver["ReadOnly"]["DeferNotification"]:
        work.emit("ReceiptCreate", receiver)
    return _ended(work, changed | {"ReadOnly": read_only}, CLOSED, "ReceiptConfirm")


@fake.operation("cancelReceiver")
def cancel_receiver(call: Call) -> Reply:
    _ended(call, _open_receiver(call, "canceler"), CANCELED, "ReceiptCancel")
    return Reply(204)


def _ended(work: Work, receiver: Mapping[str, Any], status: int, topic: str) -> Document:
    changed = dict(receiver) | {"status": status, "ReadOnly": receiver["ReadOnly"] | {"Status": status}}
    kept = work.collection("receiver").save(touched(work, changed))
    work.emit(topic, kept)
    return kept


def _open_receiver(call: Call, action: str) -> Document:
    """Refuses with `order_confirmed` or `order_canceled`: receivers have no codes of their own."""
    receiver = at_id(call.collection("receiver"), call.path["receiverId"])
    must_match(call, receiver)
    if receiver["status"] != OPEN:
        code = "order_confirmed" if receiver["status"] == CLOSED else "order_canceled"
        raise Refusal(code, action=action, hint=f"Receiver {receiver.id}.")
    return receiver


def _look(call: Call) -> str:
    detail = {each.strip().lower() for each in call.query.get("detail", ())}
    if not detail & {"receiveitems", "all"}:
        return ""
    saved = {each.strip().lower() for each in call.query.get("itemdetail", ())} & {"savedelements", "all"}
    return "receiveitems,saved" if saved else "receiveitems"


@fake.view("rest", "receiver", schema="Receiver", looks=True)
def receiver_on_rest(receiver: Document, look: str) -> Json:
    seen = shown(receiver)
    lines = seen.pop("ReceiveItems")
    if look:
        seen["ReceiveItems"] = [_line_shown(line, {"savedelements"} if "saved" in look else set()) for line in lines]
    return seen | {"_links": _links_of(receiver)}


def _links_of(receiver: Document) -> list[Json]:
    """Where one can go from here; what cannot be done any more is not offered."""
    here = f"/inventory/receivers/{receiver.id}"
    found = [
        link_to("self", here),
        link_to("inventory/receiveritems", f"{here}/items"),
        link_to("customers/customer", f"/customers/{receiver['customer_id']}"),
        link_to("properties/facility", f"/properties/facilities/{receiver['facility_id']}"),
    ]
    if receiver["status"] != OPEN:
        return found
    return [
        *found,
        link_to("edit", here),
        link_to("inventory/receiverconfirm", f"{here}/confirmer"),
        link_to("inventory/receivercancel", f"{here}/canceler"),
    ]


def _answered(call: Call, receiver: Document, status: int, look: str | None = None) -> Reply:
    return Reply(status, receiver, {"ETag": etag(call, receiver)}, look=_look(call) if look is None else look)
