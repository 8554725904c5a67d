"""Receivers: what is announced, comes in, and lies on the shelf once it is confirmed."""

from mock_servers.core.fake import Call, Work
from mock_servers.core.filters import Is
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
from mock_servers.extensiv_warehouse_manager.behaviour.orders import BY_API, REST_API
from mock_servers.extensiv_warehouse_manager.behaviour.stock import receive, touched

NORMAL = 0
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
    kind = call.query.get("receivertype")
    also = [Is("ReadOnly.ReceiverType", "=", kind)] if kind in {0, 1, 2} else []
    return listed(call, call.collection("receiver"), "Receiver", *also, look=_look(call))


@fake.operation("getReceiver")
def get_receiver(call: Call) -> Reply:
    return _answered(call, at_id(call.collection("receiver"), call.path["receiverId"]), 200)


@fake.operation("listReceiveItems")
def list_receive_items(call: Call) -> Reply:
    receiver = at_id(call.collection("receiver"), call.path["receiverId"])
    return Reply(200, {"ResourceList": receiver["ReceiveItems"]})


@fake.operation("createReceiver")
def create_receiver(call: Call) -> Reply:
    customer = customer_of(call, call.body["CustomerIdentifier"])
    facility = facility_of(call, call.body["FacilityIdentifier"])
    lines = _lines(call, customer, call.body.get("ReceiveItems", []))
    number = call.next_number("receiver", 3001)
    receiver = call.collection("receiver").add(
        {
            "ReadOnly": {
                "ReceiverId": number,
                "ReceiverType": NORMAL,
                "DeferNotification": False,
                "CustomerIdentifier": named_customer(customer),
                "FacilityIdentifier": named_facility(facility),
                "WarehouseTransactionSourceType": REST_API,
                "TransactionEntryType": BY_API,
                "CreationDate": call.stamp,
                "LastModifiedDate": call.stamp,
                "Status": OPEN,
            },
            **{name: call.body[name] for name in WRITTEN if name in call.body},
            "ReceiveItems": lines,
            "_links": [link_to("self", f"/inventory/receivers/{number}")],
            "id": str(number),
            "customer_id": int(customer.id),
            "facility_id": int(facility.id),
            "modified": call.stamp,
            "status": OPEN,
        },
    )
    call.emit("ReceiptCreate", receiver)
    return _answered(call, receiver, 201, "receiveitems")


def _lines(work: Work, customer: Document, lines: list[Json]) -> list[Json]:
    items = [item_of(work, customer, line["ItemIdentifier"]) for line in lines]
    return [_line(work, line, item) for line, item in zip(lines, items, strict=True)]


def _line(work: Work, line: Json, item: Document) -> Json:
    number = work.next_number("receive_item", 70001)
    external = {"ExternalId": line["ExternalId"]} if "ExternalId" in line else {}
    return {
        "ReadOnly": {"ReceiveItemId": number, "UnitIdentifier": EACH, "RowVersion": row_version(number)},
        "ItemIdentifier": named_item(item),
        "Qualifier": line.get("Qualifier", ""),
        "Qty": float(line["Qty"]),
        **external,
    }


@fake.operation("updateReceiver")
def update_receiver(call: Call) -> Reply:
    receiver = _open_receiver(call, "PUT")
    changed = receiver | {name: call.body[name] for name in WRITTEN if name in call.body}
    if "ReceiveItems" in call.body:
        customer = call.collection("customer").get(str(receiver["customer_id"]))
        changed["ReceiveItems"] = _lines(call, customer, call.body["ReceiveItems"])
    kept = call.collection("receiver").save(touched(call, changed))
    call.emit("ReceiptUpdate", kept)
    return _answered(call, kept, 200)


@fake.operation("confirmReceiver")
def confirm_receiver(call: Call) -> Reply:
    receiver = _open_receiver(call, "confirmer")
    confirm(call, receiver)
    return Reply(204)


def confirm(work: Work, receiver: Document) -> Document:
    """The goods lie on the shelf."""
    customer = work.collection("customer").get(str(receiver["customer_id"]))
    facility = work.collection("facility").get(str(receiver["facility_id"]))
    for line in receiver["ReceiveItems"]:
        item = work.collection("item").get(str(line["ItemIdentifier"]["Id"]))
        batch = line | {"id": line["ReadOnly"]["ReceiveItemId"]}
        receive(work, int(receiver.id), customer, facility, item, batch)
    return _ended(work, receiver, CLOSED, "ReceiptConfirm")


@fake.operation("cancelReceiver")
def cancel_receiver(call: Call) -> Reply:
    _ended(call, _open_receiver(call, "canceler"), CANCELED, "ReceiptCancel")
    return Reply(204)


def _ended(work: Work, receiver: Document, status: int, topic: str) -> Document:
    changed = receiver | {"status": status, "ReadOnly": receiver["ReadOnly"] | {"Status": status}}
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
    return "receiveitems" if detail & {"receiveitems", "all"} else ""


@fake.view("rest", "receiver", schema="Receiver", looks=True)
def receiver_on_rest(receiver: Document, look: str) -> Json:
    seen = shown(receiver)
    return seen if look else {name: value for name, value in seen.items() if name != "ReceiveItems"}


def _answered(call: Call, receiver: Document, status: int, look: str | None = None) -> Reply:
    return Reply(status, receiver, {"ETag": etag(call, receiver)}, look=_look(call) if look is None else look)
