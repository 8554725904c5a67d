"""Adjustments: stock that was found, and stock that is gone, with the reason on paper."""

from mock_servers.core.fake import Call, Work
from mock_servers.core.preconditions import etag
from mock_servers.core.refusal import Refusal
from mock_servers.core.store import Document
from mock_servers.core.wire import Reply
from mock_servers.extensiv_warehouse_manager.behaviour.base import (
    CLOSED,
    USER,
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
    shown,
)
from mock_servers.extensiv_warehouse_manager.behaviour.placing import BY_API, REST_API, must_be_served
from mock_servers.extensiv_warehouse_manager.behaviour.receiving import batch_of
from mock_servers.extensiv_warehouse_manager.behaviour.stock import TINY, TRACKED, move, receive

SUBTYPE_NONE = 0


@fake.operation("listAdjustments")
def list_adjustments(call: Call) -> Reply:
    return listed(call, call.collection("adjustment"), "Adjustment")


@fake.operation("getAdjustment")
def get_adjustment(call: Call) -> Reply:
    adjustment = at_id(call.collection("adjustment"), call.path["adjustmentId"])
    return Reply(200, adjustment, {"ETag": etag(call, adjustment)})


@fake.view("rest", "adjustment", schema="Adjustment")
def adjustment_on_rest(adjustment: Document) -> Json:
    return shown(adjustment)


@fake.operation("createAdjustment")
def create_adjustment(call: Call) -> Reply:
    """With `noCommit` it is only said what would become of it: nothing is kept."""
    if not call.query.get("noCommit"):
        made = adjust(call, call.body)
        return Reply(201, made, {"ETag": etag(call, made)})
    try:
        with call.world.store.savepoint():
            raise _Tried(adjust(call, call.body))
    except _Tried as tried:
        call.events.clear()
        return Reply(201, shown(tried.adjustment))


class _Tried(Exception):  # noqa: N818 - what was tried comes back by it
    """An adjustment as it would have been."""

    def __init__(self, adjustment: Document) -> None:
        super().__init__()
        self.adjustment = adjustment


def adjust(work: Work, body: Json) -> Document:
    """More of an item comes to lie there as a new batch; less of it is taken from the batch that is named."""
    customer = customer_of(work, {"Id": body["CustomerId"]})
    facility = facility_of(work, {"Id": body["FacilityId"]})
    must_be_served(customer, facility)
    said = dated(body, "ProcessDate")
    if (said.get("ProcessDate") or "") > work.stamp:
        raise Refusal("date_in_future", action="adjustments", hint=said["ProcessDate"])
    number = work.next_number("adjustment", 8001)
    items = []
    for each in body["AdjustmentItemsCreate"]:
        taken = each["Qty"] < 0
        batch = _less(work, customer, facility, each) if taken else _more(work, number, customer, facility, each)
        items.append(_item(batch, each))
    return _kept(work, number, customer, facility, said, items)


def _kept(work: Work, number: int, customer: Document, facility: Document, said: Json, items: list[Json]) -> Document:
    about = {name: said[name] for name in ("ReferenceNum", "PONumber", "Notes") if said.get(name) is not None}
    made = work.collection("adjustment").add(
        {
            "ReadOnly": {
                "AdjustmentId": number,
                "SubType": SUBTYPE_NONE,
                "ProcessDate": said.get("ProcessDate") or work.stamp,
                **about,
                "CustomerIdentifier": named_customer(customer),
                "FacilityIdentifier": named_facility(facility),
                "WarehouseTransactionSourceType": REST_API,
                "TransactionEntryType": BY_API,
                "CreationDate": work.stamp,
                "CreatedByIdentifier": USER,
                "LastModifiedDate": work.stamp,
                "LastModifiedByIdentifier": USER,
                "Status": CLOSED,
            },
            "AdjustmentItems": items,
            "_links": [link_to("self", f"/inventory/adjustments/{number}")],
            "id": str(number),
            "customer_id": int(customer.id),
            "facility_id": int(facility.id),
        },
    )
    work.emit("AdjustmentCreate", made)
    work.emit("AdjustmentConfirm", made)
    return made


def _more(work: Work, number: int, customer: Document, facility: Document, each: Json) -> Document:
    if "ItemIdentifier" not in each:
        raise Refusal("missing_member", details=(("AdjustmentItemsCreate.ItemIdentifier", "is required"),))
    item = item_of(work, customer, each["ItemIdentifier"])
    return receive(work, number, customer, facility, item, batch_of(work, customer, facility, each))


def _less(work: Work, customer: Document, facility: Document, each: Json) -> Document:
    """What is taken is gone as if it had shipped (A18). Only what nobody has set aside can be."""
    if not each.get("ReceiveItemId"):
        raise Refusal("missing_member", details=(("AdjustmentItemsCreate.ReceiveItemId", "is required"),))
    number, quantity = each["ReceiveItemId"], -float(each["Qty"])
    batch = work.collection("receive_item").find(str(number))
    here = (int(customer.id), int(facility.id))
    if batch is None or (batch["customer_id"], batch["facility_id"]) != here:
        raise Refusal("does_not_exist", property="AdjustmentItemsCreate.ReceiveItemId", value=number)
    if quantity > batch["free"] + TINY:
        hint = "There is not so much of it that nobody has set aside."
        raise Refusal("incompatible", property="AdjustmentItemsCreate.Qty", value=each["Qty"], hint=hint)
    return move(work, batch, on_hand=-quantity, allocated=quantity, adjusted=batch["adjusted"] + quantity)


def _item(batch: Document, each: Json) -> Json:
    return {
        "ReceiveItemId": batch["ReceiveItemId"],
        "Qty": float(each["Qty"]),
        "ItemIdentifier": batch["ItemIdentifier"],
        "Qualifier": batch["Qualifier"],
        **{name: batch[name] for name in TRACKED if name in batch},
        "LocationIdentifier": batch["LocationIdentifier"],
    }
