"""Parcels leave, and come back before they left."""

from collections import Counter
from typing import Any

from mock_servers.core.fake import Work
from mock_servers.core.filters import All, Is
from mock_servers.core.store import Document
from mock_servers.extensiv_order_manager.behaviour.state import WAITS_AS, in_state, wanted
from mock_servers.extensiv_order_manager.behaviour.stock import move, shelf_of

Json = dict[str, Any]

SHIPMENT_START = 9001


def ship(
    work: Work, order: Document, quantities: dict[str, int], carrier: str, tracking_number: str, **members: Any
) -> Document:
    """One parcel leaves: its stock too, and the order is SHIPPED when nothing is left of it."""
    shipment = work.collection("shipment").add(
        {
            "id": str(work.next_number("shipment", SHIPMENT_START)),
            "order_id": order.id,
            "order_number": order["order_number"],
            "status": "shipped",
            "delivery": "UNKNOWN",
            "carrier": carrier,
            "tracking_number": tracking_number,
            "tracking_url": None,
            "created_at": work.stamp,
            "shipped_at": work.stamp,
            "updated_at": work.stamp,
            "items": [{"sku": sku, "quantity": quantity} for sku, quantity in quantities.items()],
            "warehouse_id": order["warehouse_id"],
            **members,
        }
    )
    for sku, quantity in quantities.items():
        shelf = shelf_of(work, order["warehouse_id"], sku)
        move(work, shelf, on_hand=-quantity, allocated=-quantity, why="Order shipped")
    _with_shipments(work, order, _shipped(order, quantities, +1))
    return shipment


def returned_of(work: Work, order: str, *, but: str = "") -> Counter[int]:
    """How many of each item of an order come back, by all its RMAs but one."""
    back: Counter[int] = Counter()
    for rma in work.collection("rma").rows(Is("order_id", "=", order)):
        if rma.id != but:
            back.update({item["order_item_id"]: 0 for item in rma["items"]})
            for item in rma["items"]:
                back[item["order_item_id"]] += item["quantity"]
    return back


def void_shipment(work: Work, shipment: Document) -> Document:
    """A parcel comes back before it left: the order waits again (A31), and its stock is taken again."""
    order = work.collection("order").get(shipment["order_id"])
    voided = work.collection("shipment").save(shipment | {"status": "voided", "updated_at": work.stamp})
    quantities = {item["sku"]: item["quantity"] for item in shipment["items"]}
    for sku, quantity in quantities.items():
        shelf = shelf_of(work, shipment["warehouse_id"], sku)
        move(work, shelf, on_hand=quantity, allocated=quantity, why="Shipment voided")
    _with_shipments(work, order, _shipped(order, quantities, -1))
    return voided


def _with_shipments(work: Work, order: Document, items: list[Json]) -> None:
    live = All(Is("order_id", "=", order.id), Is("status", "=", "shipped"))
    shipments = [
        {name: shipment[name] for name in ("carrier", "tracking_number", "shipped_at")}
        for shipment in work.collection("shipment").rows(live)
    ]
    last = shipments[-1]["shipped_at"] if shipments else None
    changed = order | {"items": items, "shipments": shipments, "ship_date": last, "updated_at": work.stamp}
    waiting = WAITS_AS[work.collection("warehouse").get(order["warehouse_id"])["type"]]
    work.collection("order").save(in_state(changed, waiting if wanted(changed) else "SHIPPED"))


def _shipped(order: Document, quantities: dict[str, int], sign: int) -> list[Json]:
    """The order's items with these quantities shipped, or taken back, line after line."""
    left, items = dict(quantities), []
    for item in order["items"]:
        room = item["quantity"] - item["shipped"] if sign > 0 else item["shipped"]
        taken = min(room, left.get(item["sku"], 0))
        if taken:
            left[item["sku"]] -= taken
        items.append(item | {"shipped": item["shipped"] + sign * taken})
    return items
