"""Shipments as the vendor's own API reads, tells and voids them."""

from collections.abc import Mapping
from typing import Any

from mock_servers.core.fake import Call
from mock_servers.core.filters import All, Condition, Is, Some
from mock_servers.core.refusal import Refusal
from mock_servers.core.store import Document
from mock_servers.core.wire import Reply
from mock_servers.extensiv_order_manager.behaviour.shipping import returned_of, ship, void_shipment
from mock_servers.extensiv_order_manager.behaviour.state import OPEN, fake, wanted
from mock_servers.extensiv_order_manager.behaviour.stock import move, shelf_of
from mock_servers.extensiv_order_manager.behaviour.v1 import shapes
from mock_servers.extensiv_order_manager.behaviour.v1.order_changes import batched
from mock_servers.extensiv_order_manager.behaviour.v1.orders import order_identified
from mock_servers.extensiv_order_manager.behaviour.v1.returns import return_shipments
from mock_servers.extensiv_order_manager.behaviour.v1.words import (
    Json,
    Line,
    every,
    given,
    ids_given,
    moment,
    number,
    page,
    part,
    prefixed,
    stamped,
)

DAY_SECONDS = 86_400
WINDOWS = (
    ("shipmentFromDate", "shipmentToDate", "shipped_at"),
    ("shipmentCreatedFromDate", "shipmentCreatedToDate", "created_at"),
)
TOLD = ("carrierFee", "deliveryStatus", "insuranceTrackingNumber", "transactionId", "shipMethod")


@fake.operation("getShipments")
def get_shipments(call: Call) -> Reply:
    """Those that left and, by their ids among them, those that come back."""
    asked = _asked(call)
    where = every(asked, _delivered(call))
    if not call.collection("return_shipment").count():
        return page(call, "shipment", where, shapes.shipment)
    rows = [shapes.shipment(row) for row in call.collection("shipment").rows(where)]
    rows += return_shipments(call, asked)
    return part(call, sorted(rows, key=lambda row: int(row["shipmentId"])))


def _asked(call: Call) -> Condition | None:
    return every(
        _window(call),
        _named(call, "shipmentId", "id"),
        _named(call, "orderId", "order_id"),
        prefixed(call, "orderNumber", "order_number"),
        _begins(call, "trackingNumber", "tracking_number"),
        _begins(call, "batchNumber", "batch"),
        _of_orders(call),
        Is("warehouse_id", "=", str(number(call, "warehouseId"))) if number(call, "warehouseId") else None,
        Is("provider", "=", number(call, "shippingProviderId")) if number(call, "shippingProviderId") else None,
    )


def _window(call: Call) -> Condition:
    """Seven days at most, by one of two dates; without one, or with a longer one, 422 (A35)."""
    most = call.fake.contract.profile.facts["window_days_maximum"].value * DAY_SECONDS
    conditions: list[Condition] = []
    for start, end, member in WINDOWS:
        if start in call.query and end in call.query:
            first, last = moment(call.query[start], start), moment(call.query[end], end)
            if last < first or last - first > most:
                raise Refusal("invalid_query", details=((end, f"is within seven days of {start}"),))
            stamps = call.fake.stamp_of(first), call.fake.stamp_of(last)
            conditions += [Is(member, ">=", stamps[0]), Is(member, "<=", stamps[1])]
    if not conditions:
        raise Refusal("invalid_query", details=(("shipmentFromDate", "and shipmentToDate are required"),))
    return All(*conditions)


def _named(call: Call, name: str, member: str) -> Condition | None:
    values = ids_given(call, name)
    return Is(member, "in", tuple(values)) if values else None


def _begins(call: Call, name: str, member: str) -> Condition | None:
    return Is(member, "starts", call.query[name]) if call.query.get(name) else None


def _delivered(call: Call) -> Condition | None:
    wanted = given(call, "deliveryStatus")
    if not wanted:
        return None
    found: list[Condition] = [All(Is("delivery", "in", tuple(wanted)), Is("status", "!=", "voided"))]
    if "VOIDED" in wanted:
        found.append(Is("status", "=", "voided"))
    return Some(*found)


def _of_orders(call: Call) -> Condition | None:
    """What is said of the order it left for: its channel, and where it went. City and recipient match prefixes."""
    channel, asked = number(call, "salesChannelId"), call.query
    begins = {"city": asked.get("city", ""), "name": asked.get("recipient", "")}
    equal = {"country": asked.get("country", ""), "state": asked.get("state", "")}
    if not channel and not any(begins.values()) and not any(equal.values()):
        return None

    def fits(order: Document) -> bool:
        to = order["shipping_address"]
        return (
            channel in {0, order["channel_id"]}
            and all(str(to.get(name) or "").lower().startswith(text.lower()) for name, text in begins.items())
            and all(text.lower() in {"", str(to.get(name) or "").lower()} for name, text in equal.items())
        )

    return Is("order_id", "in", tuple(order.id for order in call.collection("order").rows() if fits(order)))


# Tell and void --------------------------------------------------------------------------------------------------------


@fake.operation("putExternalShipment")
def put_external_shipment(call: Call) -> Reply:
    told = [_told(call, line) for line in call.body["shipments"]]
    return Reply(200, told)


def _told(call: Call, line: Mapping[str, Any]) -> Json:
    """One order that somebody shipped. What cannot be done is a row that says FAILED."""
    try:
        order = order_identified(call, line)
    except Line as wrong:
        return batched(None, "FAILED", message=wrong.message)
    if order["state"] not in OPEN:
        return batched(order, "FAILED", message=f"Order is {order['state']} and cannot be shipped")
    said = {name: line[name] for name in TOLD if line.get(name) is not None}
    said |= {name: stamped(call, line[name], name) for name in ("estimatedArrival", "received") if line.get(name)}
    shipped = stamped(call, line.get("shipDate"), "shipDate") or call.stamp
    method = line["shipMethod"]
    shipment = ship(
        call,
        order,
        wanted(order),
        method["shippingCarrier"],
        line["trackingNumber"],
        shipped_at=shipped,
        delivery=said.get("deliveryStatus", "UNKNOWN"),
        batch=order.get("batch"),
        v1=said,
    )
    batch = int(order["batch"]) if order.get("batch") else None
    return batched(order, "SHIPPED", batch=batch, shipment=shapes.shipment(shipment))


@fake.operation("postVoidShipment")
def post_void_shipment(call: Call) -> Reply:
    """The order waits again. Without `readdInventory` what was in it is not put back on the shelf."""
    found = call.collection("shipment").find(call.path["shipmentId"])
    if found is None:
        raise Refusal("not_found", kind="Shipment", id=call.path["shipmentId"])
    if found["status"] == "voided":
        raise Refusal("unprocessable", reason=f"Shipment {found.id} is voided already")
    if +returned_of(call, found["order_id"]):
        raise Refusal("unprocessable", reason="What was shipped is coming back")
    voided = void_shipment(call, found)
    if not call.query.get("readdInventory", False):
        for item in voided["items"]:
            shelf = shelf_of(call, voided["warehouse_id"], item["sku"])
            move(call, shelf, on_hand=-item["quantity"], why="Shipment voided, not readded")
    return Reply(200, {"id": int(voided.id), "message": "Shipment voided"})
