"""What people do in Extensiv Order Manager: the clerk at the bench, and the planner at the desk."""

from typing import Any

from msgspec import Struct

from mock_servers.core.fake import Work
from mock_servers.core.filters import Is
from mock_servers.core.refusal import Refusal, UsageError
from mock_servers.core.store import Document
from mock_servers.extensiv_order_manager import behaviour
from mock_servers.extensiv_order_manager.behaviour import OPEN, fake
from mock_servers.extensiv_order_manager.behaviour.shipping import returned_of
from mock_servers.extensiv_order_manager.behaviour.v1 import returns, transfers
from mock_servers.extensiv_order_manager.behaviour.v1.words import Line

PARCELS_MAXIMUM = 50


class OrderOnly(Struct, frozen=True, forbid_unknown_fields=True):
    """`order` is an order's number or its id."""

    order: str


class Cancel(OrderOnly, frozen=True):
    """`reason` is free text."""

    reason: str = "GENERAL_ADJUSTMENT"


class Ship(OrderOnly, frozen=True):
    """`items` is SKU → quantity and means all that is left when empty; it is spread over `parcels`."""

    items: dict[str, int] = {}
    parcels: int = 1
    carrier: str = "UPS"
    tracking_number: str = ""


class ShipmentOnly(Struct, frozen=True, forbid_unknown_fields=True):
    """`shipment` is a shipment's id."""

    shipment: str


class TransferOnly(Struct, frozen=True, forbid_unknown_fields=True):
    """`transfer` is a stock transfer's number."""

    transfer: str


class Receive(TransferOnly, frozen=True):
    """`refused` is SKU → how many are sent away; all others are accepted."""

    refused: dict[str, int] = {}


class ReturnOnly(Struct, frozen=True, forbid_unknown_fields=True):
    """`rma` is a return's number."""

    rma: str


class Count(Struct, frozen=True, forbid_unknown_fields=True):
    """`quantity` is what lies on the shelf; `warehouse` the first one when empty."""

    sku: str
    quantity: int
    warehouse: str = ""


class NewProduct(Struct, frozen=True, forbid_unknown_fields=True):
    """A product, and what there is of it in the first warehouse."""

    sku: str
    name: str = ""
    quantity: int = 0


@fake.action("pick", OrderOnly)
def pick(work: Work, form: OrderOnly) -> dict[str, Any]:
    """The clerk fetches an order from the shelves."""
    return _staged(work, form.order, "new", "picked")


@fake.action("pack", OrderOnly)
def pack(work: Work, form: OrderOnly) -> dict[str, Any]:
    """The clerk packs what was picked."""
    return _staged(work, form.order, "picked", "packed")


@fake.action("ship", Ship)
def ship(work: Work, form: Ship) -> dict[str, Any]:
    """The clerk hands an order, or a part of it, to the carrier, in one parcel or several."""
    order = _open_order(work, form.order)
    left = behaviour.wanted(order)
    wanted = form.items or left
    if not 1 <= form.parcels <= PARCELS_MAXIMUM:
        raise UsageError(f"parcels are 1 to {PARCELS_MAXIMUM}")
    for sku, quantity in wanted.items():
        if not 1 <= quantity <= left.get(sku, 0):
            raise UsageError(f"{quantity} of {sku} cannot ship: {left.get(sku, 0)} are left to ship of {form.order}")
    shipped = []
    for number, parcel in enumerate(_parcels(wanted, form.parcels), 1):
        tracking = _tracking(work, form.tracking_number, number)
        shipment = behaviour.ship(work, work.collection("order").get(order.id), parcel, form.carrier, tracking)
        shipped.append({"shipment": shipment.id, "tracking_number": tracking, "items": parcel})
    return {"order_number": order["order_number"], "shipments": shipped}


@fake.action("void", ShipmentOnly)
def void(work: Work, form: ShipmentOnly) -> dict[str, Any]:
    """A label is voided: the parcel never left."""
    shipment = work.collection("shipment").get(form.shipment)
    if shipment["status"] == "voided":
        raise UsageError(f"shipment {form.shipment} is voided already")
    if +returned_of(work, shipment["order_id"]):
        raise UsageError(f"something of shipment {form.shipment} comes back: it has left")
    return {"shipment": behaviour.void_shipment(work, shipment).id, "status": "voided"}


@fake.action("ship_transfer", TransferOnly)
def ship_transfer(work: Work, form: TransferOnly) -> dict[str, Any]:
    """The clerk hands a stock transfer to the carrier."""
    transfer = transfers.ship_transfer(work, _transfer(work, form.transfer))
    return {"transfer": form.transfer, "status": transfer["status"]}


@fake.action("receive_transfer", Receive)
def receive_transfer(work: Work, form: Receive) -> dict[str, Any]:
    """The clerk of the other warehouse takes in all that has come of a stock transfer."""
    transfer, refused = _transfer(work, form.transfer), dict(form.refused)
    for item in transfer["items"]:
        if item["status"] == "PENDING":
            away = min(refused.pop(item["sku"], 0), item["quantity"])
            line = {
                "stockTransferOrderItemId": item["id"],
                "acceptedQuantity": item["quantity"] - away,
                "rejectedQuantity": away,
                "updateInventory": True,
            }
            try:
                transfers.receive_item(work, transfer.id, line)
            except Line as wrong:
                raise UsageError(wrong.message) from wrong
    if refused:
        raise UsageError(f"nothing of {', '.join(sorted(refused))} has come with {form.transfer}")
    return {"transfer": form.transfer, "status": _transfer(work, form.transfer)["status"]}


@fake.action("receive_return", ReturnOnly)
def receive_return(work: Work, form: ReturnOnly) -> dict[str, Any]:
    """The clerk unpacks what a customer sent back: what can be sold again goes on the shelf."""
    rma = work.collection("rma").first(Is("number", "=", form.rma))
    if rma is None:
        raise Refusal("not_found", kind="RMA", id=form.rma)
    if rma["received_at"]:
        raise UsageError(f"return {form.rma} was received already")
    return {"rma": form.rma, "received_at": returns.receive(work, rma)["received_at"]}


@fake.action("cancel", Cancel)
def cancel(work: Work, form: Cancel) -> dict[str, Any]:
    """Somebody cancels an order at the desk."""
    order = behaviour.call_off(work, _order(work, form.order), form.reason)
    return {"order_number": order["order_number"], "status": order["status"]}


@fake.action("count_stock", Count)
def count_stock(work: Work, form: Count) -> dict[str, Any]:
    """Somebody counts a shelf: the quantity on hand is what was counted."""
    maximum = work.fake.contract.profile.facts["quantity_maximum"].value
    if not 0 <= form.quantity <= maximum:
        raise UsageError(f"a shelf holds 0 to {maximum}")
    if work.collection("product").first(Is("sku", "=", form.sku)) is None:
        raise Refusal("not_found", kind="product", id=form.sku)
    warehouse = behaviour.named_warehouse(work, form.warehouse)
    stock = behaviour.shelf_of(work, warehouse.id, form.sku)
    moved = behaviour.move(work, stock, on_hand=form.quantity - stock["on_hand"], why="Stock counted")
    return {"sku": form.sku, "warehouse": warehouse.id, "on_hand": moved["on_hand"]}


@fake.action("add_product", NewProduct)
def add_product(work: Work, form: NewProduct) -> dict[str, Any]:
    """Somebody adds a product; orders that waited for it go on."""
    if not form.sku or work.collection("product").first(Is("sku", "=", form.sku)) is not None:
        raise Refusal("duplicate_product", sku=form.sku)
    product = behaviour.add_product(work, {"sku": form.sku, "name": form.name or form.sku})
    if form.quantity:
        count_stock(work, Count(form.sku, form.quantity))
    return {"product": product.id, "sku": form.sku}


def _transfer(work: Work, number: str) -> Document:
    transfer = work.collection("stock_transfer").first(Is("number", "=", number))
    if transfer is None:
        raise Refusal("not_found", kind="stock transfer", id=number)
    return transfer


def _order(work: Work, name: str) -> Document:
    orders = work.collection("order")
    order = orders.first(Is("order_number", "=", name)) or orders.find(name)
    if order is None:
        raise Refusal("not_found", kind="order", id=name)
    return order


def _open_order(work: Work, name: str) -> Document:
    order = _order(work, name)
    if order["state"] not in OPEN:
        raise UsageError(f"order {order['order_number']} is {order['state']}; only a waiting one can be worked on")
    return order


def _staged(work: Work, name: str, before: str, after: str) -> dict[str, Any]:
    order = _open_order(work, name)
    if order["stage"] != before:
        raise UsageError(f"order {order['order_number']} is {order['stage']}; to be {after} it has to be {before}")
    work.collection("order").save(order | {"stage": after, "updated_at": work.stamp})
    return {"order_number": order["order_number"], "stage": after}


def _parcels(wanted: dict[str, int], count: int) -> list[dict[str, int]]:
    """Units dealt out over parcels; a parcel that would be empty is not sent."""
    parcels: list[dict[str, int]] = [{} for _ in range(count)]
    turn = 0
    for sku, quantity in wanted.items():
        for _ in range(min(quantity, count)):
            share = parcels[turn % count]
            share[sku] = share.get(sku, 0) + 1
            turn += 1
        if quantity > count:
            parcels[(turn - 1) % count][sku] += quantity - count
    return [parcel for parcel in parcels if parcel]


def _tracking(work: Work, given: str, number: int) -> str:
    """A number of the kind UPS prints, or the given one; further parcels get a suffix."""
    if given:
        return given if number == 1 else f"{given}-{number}"
    return f"1Z{work.chance.randrange(10**15, 10**16)}"
