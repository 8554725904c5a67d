"""What people do in Extend's back office, in the warehouse, and at the vendor."""

from typing import Any

from msgspec import Struct

from mock_servers.core.clock import moment_of
from mock_servers.core.fake import Work
from mock_servers.core.filters import Is
from mock_servers.core.refusal import Refusal, UsageError
from mock_servers.core.store import Document
from mock_servers.extend_commerce.behaviour import availability, order_changes, returns
from mock_servers.extend_commerce.behaviour import products as goods
from mock_servers.extend_commerce.behaviour import purchase_changes as coming
from mock_servers.extend_commerce.behaviour import purchases as buying
from mock_servers.extend_commerce.behaviour.agreed import AGREED
from mock_servers.extend_commerce.behaviour.balances import new_stock, stock_at
from mock_servers.extend_commerce.behaviour.base import UNIT, fact, fake, kept
from mock_servers.extend_commerce.behaviour.orders import OPEN
from mock_servers.extend_commerce.behaviour.rows import OPEN_ROW
from mock_servers.extend_commerce.behaviour.tenant import SUPPLIER, WAREHOUSE

PARCELS_MAXIMUM = 50


class Form(Struct, frozen=True, forbid_unknown_fields=True):
    """What a form has in common with the others: nothing unknown in it."""


# The warehouse --------------------------------------------------------------------------------------------------------


class OrderOnly(Form, frozen=True):
    """`order` is an order's number, or its external one."""

    order: str


class Ship(OrderOnly, frozen=True):
    """`items` is product → quantity and means all that is left when empty; it is spread over `parcels`, each of them a
    shipment with one package."""

    items: dict[str, int] = {}
    parcels: int = 1
    forwarder: str = "PostNord"
    package: str = ""


class Package(Form, frozen=True):
    """One more package of a shipment."""

    shipment: str
    package: str


class Day(OrderOnly, frozen=True):
    """`day` as `2026-12-01`."""

    day: str


@fake.action("reserve", OrderOnly)
def reserve(work: Work, form: OrderOnly) -> dict[str, Any]:
    """The order is sent to the warehouse for picking; from here on nobody adjusts it."""
    order = order_named(work, form.order)
    _refuse_agreed(order)
    if order["status"] != "Incoming" or not _left(order):
        raise UsageError(f"order {order.id} is {order['status']}; only an Incoming one with open rows is reserved")
    order_changes.reserve(work, order)
    return {"order": order.id, "status": "Reserved"}


@fake.action("release", OrderOnly)
def release(work: Work, form: OrderOnly) -> dict[str, Any]:
    """Somebody has reviewed an order that waited for it."""
    order = order_named(work, form.order)
    if order["status"] != "PendingForReview":
        raise UsageError(f"order {order.id} is {order['status']}, and waits for no review")
    order_changes.release(work, order)
    return {"order": order.id, "status": "Incoming"}


@fake.action("ship", Ship)
def ship(work: Work, form: Ship) -> dict[str, Any]:
    """The clerk hands an order, or a part of it, to the carrier, in one parcel or several."""
    order = order_named(work, form.order)
    _refuse_agreed(order)
    left = _left(order)
    wanted = form.items or left
    if order["status"] not in OPEN - {"PendingForReview"} or not wanted:
        raise UsageError(f"order {order.id} is {order['status']}, with nothing to ship")
    if not 1 <= form.parcels <= PARCELS_MAXIMUM:
        raise UsageError(f"parcels are 1 to {PARCELS_MAXIMUM}")
    for product, quantity in wanted.items():
        if not 1 <= quantity <= left.get(product, 0):
            raise UsageError(f"{quantity} of {product} cannot ship: {left.get(product, 0)} are left of {order.id}")
    shipped = []
    for number, parcel in enumerate(_parcels(wanted, form.parcels), 1):
        package = _package(work, form.package, number)
        current = work.collection("order").get(order.id)
        shipment = order_changes.ship(work, current, parcel, form.forwarder, [package])
        shipped.append({"shipment": shipment, "package": package, "items": parcel})
    return {"order": order.id, "shipments": shipped}


@fake.action("add_package", Package)
def add_package(work: Work, form: Package) -> dict[str, Any]:
    """The carrier's number of one more package of a shipment is entered."""
    for order in work.collection("order").rows():
        if form.shipment in {each["number"] for each in order["shipments"]}:
            order_changes.add_package(work, order, form.shipment, form.package)
            return {"order": order.id}
    raise UsageError(f"there is no shipment {form.shipment}")


@fake.action("cancel", OrderOnly)
def cancel(work: Work, form: OrderOnly) -> dict[str, Any]:
    """Somebody cancels an order at the desk, which may be done until something of it has left."""
    order = order_named(work, form.order)
    if order["status"] not in OPEN or order["shipments"]:
        raise UsageError(f"order {order.id} is {order['status']} and cannot be cancelled")
    order_changes.annul(work, order)
    return {"order": order.id, "status": "Annulled"}


@fake.action("expect_delivery", Day)
def expect_delivery(work: Work, form: Day) -> dict[str, Any]:
    """The expected delivery day changes."""
    try:
        moment = kept(moment_of(form.day))
        work.fake.stamp_of(moment_of(moment))
    except (ValueError, OverflowError, OSError) as error:
        raise UsageError(f"{form.day!r} is no day; write it as 2026-12-01") from error
    order = order_named(work, form.order)
    order_changes.expect(work, order, moment)
    return {"order": order.id, "day": form.day}


# Goods ----------------------------------------------------------------------------------------------------------------


class NewWarehouse(Form, frozen=True):
    """A warehouse's code and name."""

    warehouse: str
    name: str = ""


class NewProduct(Form, frozen=True):
    """A product at a price without VAT, and how many lie in a warehouse."""

    product: str
    name: str = ""
    price: float = 0.0
    quantity: int = 0
    warehouse: str = WAREHOUSE


class Renamed(Form, frozen=True):
    """Master data of a product."""

    product: str
    name: str = ""
    price: float | None = None


class Count(Form, frozen=True):
    """`quantity` is what lies there."""

    product: str
    quantity: int
    warehouse: str = WAREHOUSE


class Buy(Count, frozen=True):
    """Ordered from a supplier."""

    supplier: str = SUPPLIER


class PurchaseOnly(Form, frozen=True):
    """`purchase` is a purchase order's number."""

    purchase: str


class Receive(PurchaseOnly, frozen=True):
    """`items` is product → quantity and means all that is still to come when empty."""

    items: dict[str, int] = {}


@fake.action("add_warehouse", NewWarehouse)
def add_warehouse(work: Work, form: NewWarehouse) -> dict[str, Any]:
    """Somebody opens a warehouse; every product has an empty place in it."""
    if not form.warehouse or work.collection("warehouse").find(form.warehouse) is not None:
        raise UsageError(f"there is a warehouse {form.warehouse!r} already, or it has no code")
    warehouse = work.collection("warehouse").add({"id": form.warehouse, "name": form.name or form.warehouse})
    for product in work.collection("product").rows():
        work.collection("stock").add(new_stock(warehouse, product.id, kept(work.now)))
    return {"warehouse": form.warehouse}


@fake.action("add_product", NewProduct)
def add_product(work: Work, form: NewProduct) -> dict[str, Any]:
    """Somebody adds a product."""
    if not form.product or work.collection("product").find(form.product) is not None:
        raise Refusal("duplicate_product", product=form.product)
    made = goods.new_product(form.product, kept(work.now), name=form.name or form.product, price=form.price)
    goods.add_product(work, made)
    if form.quantity:
        count_stock(work, Count(form.product, form.quantity, form.warehouse))
    return {"product": form.product}


@fake.action("change_product", Renamed)
def change_product(work: Work, form: Renamed) -> dict[str, Any]:
    """Somebody changes a product's master data."""
    product = work.collection("product").get(form.product)
    price = product["price"] if form.price is None else form.price
    goods.change_product(work, product, name=form.name or product["name"], price=price)
    return {"product": product.id}


@fake.action("count_stock", Count)
def count_stock(work: Work, form: Count) -> dict[str, Any]:
    """Somebody counts a shelf: the balance is what was counted."""
    maximum = fact(work, "quantity_maximum")
    if not 0 <= form.quantity <= maximum:
        raise UsageError(f"a shelf holds 0 to {maximum}")
    stock = stock_at(work, form.warehouse, form.product, "counting")
    availability.set_balance(work, stock, form.quantity, "Stocktaking")
    return {"product": form.product, "warehouse": form.warehouse, "balance": form.quantity}


@fake.action("block", Count)
def block(work: Work, form: Count) -> dict[str, Any]:
    """Goods that lie there may not be promised any more, or again where the quantity is below zero."""
    stock = stock_at(work, form.warehouse, form.product, "blocking")
    availability.block(work, stock, form.quantity)
    return {"product": form.product, "blocked": stock["blocked"] + form.quantity}


@fake.action("buy", Buy)
def buy(work: Work, form: Buy) -> dict[str, Any]:
    """Somebody orders goods from a supplier."""
    if form.quantity < 1:
        raise UsageError("at least one is bought")
    work.collection("supplier").get(form.supplier)
    agreement = work.collection("agreement").first(Is("supplier", "=", form.supplier))
    if agreement is None:
        raise UsageError(f"there is no agreement with supplier {form.supplier}")
    given = {"productNumber": form.product, "purchaseDataProductUnit": {"quantity": form.quantity, "unit": UNIT}}
    row = buying.new_row(work, given, int(agreement.id), [], buying.CREATING)
    return {"purchase": buying.buy(work, agreement, form.warehouse, [row]).id}


@fake.action("receive", Receive)
def receive(work: Work, form: Receive) -> dict[str, Any]:
    """Goods that were bought come in."""
    purchase = work.collection("purchase").get(form.purchase)
    wanted = _expected(purchase, form.items)
    return {"purchase": purchase.id, "status": coming.receive(work, purchase, wanted)}


class ReturnOnly(Form, frozen=True):
    """`number` is a return order's number."""

    number: str


class ReceiveReturn(ReturnOnly, frozen=True):
    """`items` is product → quantity and means all that is still to come back when empty."""

    items: dict[str, int] = {}


@fake.action("receive_return", ReceiveReturn)
def receive_return(work: Work, form: ReceiveReturn) -> dict[str, Any]:
    """Goods that were announced come back."""
    coming_back = work.collection("return").get(form.number)
    return {
        "return": coming_back.id,
        "status": returns.receive(work, coming_back, _expected(coming_back, form.items)),
    }


@fake.action("cancel_return", ReturnOnly)
def cancel_return(work: Work, form: ReturnOnly) -> dict[str, Any]:
    """What has not come back will not."""
    coming_back = work.collection("return").get(form.number)
    _expected(coming_back, {})
    returns.cancel(work, coming_back)
    return {"return": coming_back.id}


@fake.action("credit_return", ReturnOnly)
def credit_return(work: Work, form: ReturnOnly) -> dict[str, Any]:
    """Somebody credits a return order by hand."""
    coming_back = work.collection("return").get(form.number)
    if coming_back["invoice"] is not None or coming_back["credit"] == "Never":
        raise UsageError(f"return {coming_back.id} is credited already, or never to be")
    if not any(returns.wanted_of(row) for row in coming_back["rows"]):
        raise UsageError(f"nothing of return {coming_back.id} came or is to come back")
    return {"invoice": returns.credit(work, coming_back)["invoice"]}


@fake.action("cancel_purchase", PurchaseOnly)
def cancel_purchase(work: Work, form: PurchaseOnly) -> dict[str, Any]:
    """What is still to come is called off."""
    purchase = work.collection("purchase").get(form.purchase)
    if not any(row["status"] == "Ordered" for row in purchase["rows"]):
        raise UsageError(f"nothing of purchase {form.purchase} is on its way")
    coming.cancel(work, purchase)
    return {"purchase": purchase.id}


# ---------------------------------------------------------------------------------------------------------------------


def order_named(work: Work, name: str) -> Document:
    orders = work.collection("order")
    order = orders.find(name) or orders.first(Is("external", "=", name))
    if order is None:
        raise Refusal("not_found", kind="customer order", id=name)
    return order


def _refuse_agreed(order: Document) -> None:
    if order["header"].get("orderType") == AGREED:
        raise UsageError(f"order {order.id} is an agreed order: it is called off, and not picked itself")


def _expected(coming: Document, items: dict[str, int]) -> dict[str, int]:
    """What is to come in, of a purchase or a return: all of it, or these."""
    left: dict[str, int] = {}
    for row in coming["rows"]:
        if row["status"] == "Ordered":
            left[row["product"]] = left.get(row["product"], 0) + row["quantity"] - row["received"]
    for product, quantity in items.items():
        if not 1 <= quantity <= left.get(product, 0):
            raise UsageError(f"{quantity} of {product} cannot come in: {left.get(product, 0)} are on their way")
    if not left:
        raise UsageError(f"nothing of {coming.kind} {coming.id} is on its way")
    return items or left


def _left(order: Document) -> dict[str, int]:
    left: dict[str, int] = {}
    for row in order["rows"]:
        if row["status"] in OPEN_ROW:
            left[row["product"]] = left.get(row["product"], 0) + row["quantity"]
    return left


def _parcels(wanted: dict[str, int], count: int) -> list[dict[str, int]]:
    """Units dealt out over parcels; a parcel that would be empty is not sent."""
    parcels: list[dict[str, int]] = [{} for _ in range(count)]
    turn = 0
    for product, quantity in wanted.items():
        for _ in range(min(quantity, count)):
            share = parcels[turn % count]
            share[product] = share.get(product, 0) + 1
            turn += 1
        if quantity > count:
            parcels[(turn - 1) % count][product] += quantity - count
    return [parcel for parcel in parcels if parcel]


def _package(work: Work, given: str, number: int) -> str:
    """A number of the kind PostNord prints, or the given one; further ones get a suffix."""
    if given:
        return given if number == 1 else f"{given}-{number}"
    return f"{work.chance.randrange(10**17, 10**18)}SE"
