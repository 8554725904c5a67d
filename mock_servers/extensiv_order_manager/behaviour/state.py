"""The account: what it keeps, and the life of an order in the vendor's own states, whichever dialect it came by.

An order takes stock when it is sourced and gives it back when it is cancelled; what ships leaves the shelf. An item is
`sku` (a product's, or what was written while no listing leads to a product), `quantity` and `shipped`; an item that
came by a sales channel's listing has its `listing_sku` as well.
"""

from collections.abc import Iterable
from typing import Any

from mock_servers.core.clock import moment_of
from mock_servers.core.fake import Fake, Work
from mock_servers.core.filters import All, Is
from mock_servers.core.refusal import Refusal
from mock_servers.core.store import Document
from mock_servers.extensiv_order_manager.behaviour.stock import available, move, shelf_of

Json = dict[str, Any]

fake = Fake("extensiv_order_manager")

fake.kind("order", index=("order_number", "state", "updated_at"))
fake.kind("product", index=("sku", "updated_at"))
fake.kind("warehouse")
fake.kind("stock")  # by warehouse and SKU: `501:MUG-01`
fake.kind("shipment", index=("order_number", "order_id", "updated_at"))
fake.kind("channel")
fake.kind("listing", index=("listing_sku", "sku"))
fake.kind("location")  # by warehouse and name
fake.kind("vendor")
fake.kind("vendor_product")
fake.kind("purchase_order")
fake.kind("acknowledged")  # how far each channel has heard of stock
fake.kind("stock_edit")  # by record and number: `9001:17`
fake.kind("stock_transfer", index=("number",))
fake.kind("rma", index=("number", "order_id"))
fake.kind("return_shipment", index=("order_id",))
fake.kind("provider")
fake.kind("label")
fake.kind("package", index=("order_id",))
fake.kind("channel_purchase", index=("number",))
fake.kind("app_property", index=("name",))
fake.kind("payment_term")

# Orders wait by the type of the warehouse that fulfils them (dossier A30), and may be cancelled while they wait (A33).
WAITS_AS = {
    "DIRECT_FULFILLMENT": "AWAITING_SHIPMENT",
    "THIRD_PARTY_LOGISTICS": "AWAITING_3PL_EXPORT",
    "DROPSHIP_VENDOR": "AWAITING_DROPSHIP",
}
OPEN = frozenset({*WAITS_AS.values(), "PENDING_FULFILLMENT"})
TAKES = OPEN | {"ON_HOLD"}
"""In these an order that has a warehouse keeps stock for itself; that a held one does is assumed."""
CANCELLABLE = OPEN | {"UNRESOLVED"}
HOLDABLE = OPEN | {"UNRESOLVED", "AWAITING_PAYMENT"}
SEED_STATUS = {"SHIPPED": "fulfilled", "CANCELLED": "cancelled"}


def place_order(work: Work, order: Json) -> Document:
    """Keep a new order in the state it begins in. An unknown SKU leaves it UNRESOLVED until it is known (A10)."""
    start = work.fake.contract.profile.facts["order_number_start"].value
    kept = {
        "id": str(work.next_number("order", start)),
        "created_at": work.stamp,
        "updated_at": work.stamp,
        "order_date": work.stamp,
        "payment_date": work.stamp,
        "channel_id": own_channel(work),
        "shipments": [],
        "stage": "new",
        "fingerprint": "",
        **order,
    }
    if not kept.get("order_number"):
        kept["order_number"] = f"OM-{kept['id']}"
    return work.collection("order").add(settled(work, kept))


def own_channel(work: Work) -> int:
    """The channel of orders that name none."""
    return int(work.fake.contract.profile.facts["own_channel"].value)


def orders_numbered(work: Work, number: str, channel: int) -> list[Document]:
    """Orders of exactly this number on a channel; a number is given out once there."""
    rows = work.collection("order").rows(Is("order_number", "=", number))
    return [order for order in rows if order.get("channel_id", own_channel(work)) == channel]


def settled(work: Work, order: Json) -> Json:
    """The order in the state that it waits in, with the stock that it takes there."""
    if order.get("external"):
        return in_state(order, "PROCESSED_OUTSIDE_OF_SKUBANA") | {"unresolved": "RESOLVED", "warehouse_id": None}
    if order["payment_date"] is None:
        return in_state(order, "AWAITING_PAYMENT") | {"unresolved": "RESOLVED", "warehouse_id": None}
    return _sourced(work, order)


def _sourced(work: Work, order: Json) -> Json:
    """The order with the warehouse that will ship it and the stock it takes there, if every SKU is known."""
    order = order | {"items": [_mapped(work, order, item) for item in order["items"]]}
    left = wanted(order)
    known = {product["sku"] for product in work.collection("product").rows(Is("sku", "in", tuple(left)))}
    if known != left.keys() or any(item.get("unmapped") for item in order["items"]):
        return _unresolved(order, "MISSING_PRODUCT_INFO")
    warehouse = _warehouse_for(work, order, left)
    if warehouse is None:
        return _unresolved(order, "MISSING_FULFILLMENT_SOURCE")
    for sku, quantity in left.items():
        move(work, shelf_of(work, warehouse.id, sku), allocated=quantity)
    return in_state(order, WAITS_AS[warehouse["type"]]) | {"unresolved": "RESOLVED", "warehouse_id": warehouse.id}


def _mapped(work: Work, order: Json, item: Json) -> Json:
    """The item with the SKU that its listing leads to; the guide's items name products themselves."""
    if "listing_sku" not in item:
        return item
    listing = listing_of(work, order["channel_id"], item["listing_sku"])
    if listing is None or not listing["active"]:
        return item | {"sku": item["listing_sku"], "unmapped": True}
    return item | {"sku": listing["sku"], "unmapped": False}


def listing_of(work: Work, channel: int, listing_sku: str) -> Document | None:
    """What a SKU is on a sales channel."""
    same = All(Is("listing_sku", "=", listing_sku), Is("channel_id", "=", channel))
    return work.collection("listing").first(same)


def _unresolved(order: Json, why: str) -> Json:
    return in_state(order, "UNRESOLVED") | {"unresolved": why, "warehouse_id": None}


def _warehouse_for(work: Work, order: Json, left: dict[str, int]) -> Document | None:
    """The one it was given to, else the first with enough of everything, else the first there is: what it lacks is
    backordered."""
    chosen = order.get("chosen_warehouse")
    if chosen is not None and (found := work.collection("warehouse").find(chosen)) is not None:
        return found
    warehouses = [house for house in work.collection("warehouse").rows() if fulfils(house)]
    for warehouse in warehouses:
        if all(available(shelf_of(work, warehouse.id, sku)) >= quantity for sku, quantity in left.items()):
            return warehouse
    return warehouses[0] if warehouses else None


def fulfils(warehouse: Document) -> bool:
    """Whether orders ship from it: it is active, and of a type that has a state for what waits there."""
    return bool(warehouse.get("active", True)) and warehouse["type"] in WAITS_AS


def released(work: Work, order: Document) -> Json:
    """The order without a warehouse; what it had taken there is free again (A34)."""
    if order["state"] in TAKES and order["warehouse_id"] is not None:
        for sku, quantity in wanted(order).items():
            move(work, shelf_of(work, order["warehouse_id"], sku), allocated=-quantity)
    return order | {"warehouse_id": None}


def call_off(work: Work, order: Document, reason: str, *, states: Iterable[str] = CANCELLABLE, **more: Any) -> Document:
    """Cancel what has not shipped; a cancelled order stays as it is. Refuses what is in no state of `states`."""
    if order["state"] == "CANCELLED":
        return order
    if order["state"] not in states or order["shipments"]:
        status = "partly shipped" if order["shipments"] and order["status"] == "pending" else _said(order)
        raise Refusal("order_not_cancellable", order_number=order["order_number"], status=status)
    warehouse = order["warehouse_id"]
    cancelled = in_state(released(work, order), "CANCELLED")
    about = {"cancel_reason": reason, "warehouse_id": warehouse, "updated_at": work.stamp}
    return work.collection("order").save(cancelled | about | more)


def _said(order: Document) -> str:
    return str(order["status"]) if order["status"] != "pending" else str(order["state"]).lower().replace("_", " ")


def hold(work: Work, order: Document, until: str) -> Document:
    """Nothing is done about it until then (A32)."""
    seconds = max(0.0, moment_of(until) - work.now)
    work.later(seconds, "hold_ends", {"order": order.id, "until": until})
    held = in_state(order.body, "ON_HOLD") | {"hold_until": until, "updated_at": work.stamp}
    return work.collection("order").save(held)


@fake.timer("hold_ends")
def hold_ends(work: Work, about: Any) -> None:
    order = work.collection("order").find(about["order"])
    if order is not None and order["state"] == "ON_HOLD" and order["hold_until"] == about["until"]:
        resume(work, order)


def resume(work: Work, order: Document) -> Document:
    """Work on it goes on where it stopped."""
    kept = order | {"hold_until": None, "updated_at": work.stamp}
    if order["state"] == "CANCELLED":
        kept |= {"cancel_reason": None, "warehouse_id": None}
    elif order["warehouse_id"] is not None:
        warehouse = work.collection("warehouse").get(order["warehouse_id"])
        return work.collection("order").save(in_state(kept, WAITS_AS[warehouse["type"]]))
    return work.collection("order").save(settled(work, kept))


def resettle(work: Work, order: Document, changes: Json) -> Document:
    """Something was changed that decides where an order ships from: it is sourced anew, and stays held if it was."""
    kept = released(work, order) | changes | {"updated_at": work.stamp}
    if order["state"] == "ON_HOLD":
        kept = in_state(settled(work, kept) | {"hold_until": order["hold_until"]}, "ON_HOLD")
    else:
        kept = settled(work, kept)
    return work.collection("order").save(kept)


def in_state(order: Json, state: str) -> Json:
    """The order in a state, and in the guide's word for it (A12)."""
    return order | {"state": state, "status": SEED_STATUS.get(state, "pending")}


def wanted(order: Any) -> dict[str, int]:
    """What is still to ship, by SKU."""
    left: dict[str, int] = {}
    for item in order["items"]:
        missing = item["quantity"] - item["shipped"]
        if missing:
            left[item["sku"]] = left.get(item["sku"], 0) + missing
    return left
