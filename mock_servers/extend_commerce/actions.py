"""What people do in Extend's back office, in the warehouse, and at the vendor."""

from typing import Any

from msgspec import Struct

from mock_servers.core.clock import moment_of
from mock_servers.core.fake import Work
from mock_servers.core.filters import Is
from mock_servers.core.refusal import Refusal, UsageError
from mock_servers.core.store import Document
from mock_servers.extend_commerce.behaviour import availability, conduct, customers, hooks, order_changes, papers
from mock_servers.extend_commerce.behaviour import products as goods
from mock_servers.extend_commerce.behaviour import purchases as buying
from mock_servers.extend_commerce.behaviour.balances import new_stock, stock_at
from mock_servers.extend_commerce.behaviour.base import fact, fake, kept
from mock_servers.extend_commerce.behaviour.orders import OPEN, OPEN_ROW
from mock_servers.extend_commerce.behaviour.tenant import CUSTOMER, SUPPLIER, WAREHOUSE

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
    order = _order(work, form.order)
    if order["status"] != "Incoming" or not _left(order):
        raise UsageError(f"order {order.id} is {order['status']}; only an Incoming one with open rows is reserved")
    order_changes.reserve(work, order)
    return {"order": order.id, "status": "Reserved"}


@fake.action("release", OrderOnly)
def release(work: Work, form: OrderOnly) -> dict[str, Any]:
    """Somebody has reviewed an order that waited for it."""
    order = _order(work, form.order)
    if order["status"] != "PendingForReview":
        raise UsageError(f"order {order.id} is {order['status']}, and waits for no review")
    order_changes.release(work, order)
    return {"order": order.id, "status": "Incoming"}


@fake.action("ship", Ship)
def ship(work: Work, form: Ship) -> dict[str, Any]:
    """The clerk hands an order, or a part of it, to the carrier, in one parcel or several."""
    order = _order(work, form.order)
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
    order = _order(work, form.order)
    if order["status"] not in OPEN or order["shipments"]:
        raise UsageError(f"order {order.id} is {order['status']} and cannot be cancelled")
    order_changes.annul(work, order)
    return {"order": order.id, "status": "Annulled"}


@fake.action("expect_delivery", Day)
def expect_delivery(work: Work, form: Day) -> dict[str, Any]:
    """The expected delivery day changes."""
    try:
        moment_of(form.day)
    except ValueError as error:
        raise UsageError(f"{form.day!r} is no day; write it as 2026-12-01") from error
    order = _order(work, form.order)
    order_changes.expect(work, order, form.day)
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
    supplier = work.collection("supplier").get(form.supplier)
    purchase = buying.buy(work, supplier, form.warehouse, [(form.product, form.quantity, None)])
    return {"purchase": purchase.id}


@fake.action("receive", Receive)
def receive(work: Work, form: Receive) -> dict[str, Any]:
    """Goods that were bought come in."""
    purchase = work.collection("purchase").get(form.purchase)
    coming: dict[str, int] = {}
    for row in purchase["rows"]:
        if row["status"] == "Ordered":
            coming[row["product"]] = coming.get(row["product"], 0) + row["quantity"] - row["received"]
    wanted = form.items or coming
    for product, quantity in wanted.items():
        if not 1 <= quantity <= coming.get(product, 0):
            raise UsageError(f"{quantity} of {product} cannot come in: {coming.get(product, 0)} are on their way")
    if not wanted:
        raise UsageError(f"nothing of purchase {form.purchase} is on its way")
    return {"purchase": purchase.id, "status": buying.receive(work, purchase, wanted)}


@fake.action("cancel_purchase", PurchaseOnly)
def cancel_purchase(work: Work, form: PurchaseOnly) -> dict[str, Any]:
    """What is still to come is called off."""
    purchase = work.collection("purchase").get(form.purchase)
    if not any(row["status"] == "Ordered" for row in purchase["rows"]):
        raise UsageError(f"nothing of purchase {form.purchase} is on its way")
    buying.cancel(work, purchase)
    return {"purchase": purchase.id}


# The office -----------------------------------------------------------------------------------------------------------


class Prices(Form, frozen=True):
    """A price list, a discount list or a campaign. `percents` is product → percent off; each row of `rows` has product,
    from (quantity) and price. Nobody in `customers` means everybody; `since` and `until` are moments."""

    list: str
    customers: tuple[str, ...] = ()
    percents: dict[str, float] = {}
    rows: tuple[dict[str, Any], ...] = ()
    since: str = ""
    until: str = ""


class Customer(Form, frozen=True):
    """Another name for a customer."""

    customer: str
    name: str


class Offer(Form, frozen=True):
    """An offer to a customer."""

    product: str
    quantity: int = 1
    customer: str = CUSTOMER


class OfferStatus(Form, frozen=True):
    """Created, Sent, Resting, Rejected, Accepted or Cancelled."""

    offer: str
    status: str


class InvoiceStatus(Form, frozen=True):
    """As the contract's InvoiceStatus has it."""

    invoice: str
    status: str


class Hook(Form, frozen=True):
    """As the back office asks for it. No `triggers` means all of them, no `warehouses` all of those."""

    url: str
    secret: str
    name: str = "hook"
    contact: str = ""
    triggers: tuple[str, ...] = ()
    warehouses: tuple[str, ...] = ()


class Switch(Form, frozen=True):
    """A hook's id, and whether it is to be active."""

    hook: str
    active: bool


class Nothing(Form, frozen=True):
    """Nothing to fill in."""


@fake.action("set_prices", Prices)
def set_prices(work: Work, form: Prices) -> dict[str, Any]:
    """Somebody keeps a price list, a discount list or a campaign."""
    rows = []
    for row in form.rows:
        if set(row) != {"product", "from", "price"} or not isinstance(row["price"], int | float):
            raise UsageError("a row has product, from and price")
        rows.append({"product": str(row["product"]), "from": int(row["from"]), "price": float(row["price"])})
    document = {
        "id": form.list,
        "sort": "price_list",
        "customers": list(form.customers),
        "percents": form.percents,
        "rows": rows,
        "since": _moment(form.since),
        "until": _moment(form.until),
    }
    work.collection("price_list").put(document)
    return {"list": form.list}


@fake.action("change_customer", Customer)
def change_customer(work: Work, form: Customer) -> dict[str, Any]:
    """Somebody changes a customer's name."""
    if not form.name:
        raise UsageError("a customer has a name")
    customer = work.collection("customer").get(form.customer)
    customers.change_customer(work, customer, customer["body"] | {"name": form.name})
    return {"customer": customer.id}


@fake.action("make_offer", Offer)
def make_offer(work: Work, form: Offer) -> dict[str, Any]:
    """A salesperson writes an offer."""
    customer = work.collection("customer").get(form.customer)
    product = work.collection("product").get(form.product)
    return {"offer": papers.make_offer(work, customer, product.id, form.quantity).id}


@fake.action("change_offer", OfferStatus)
def change_offer(work: Work, form: OfferStatus) -> dict[str, Any]:
    """An offer is sent, accepted, or otherwise."""
    _must_be(work, "OfferStatus", form.status)
    papers.change_offer(work, work.collection("offer").get(form.offer), form.status)
    return {"offer": form.offer, "status": form.status}


@fake.action("invoice", OrderOnly)
def invoice(work: Work, form: OrderOnly) -> dict[str, Any]:
    """An order is billed."""
    return {"invoice": papers.make_invoice(work, _order(work, form.order)).id}


@fake.action("change_invoice", InvoiceStatus)
def change_invoice(work: Work, form: InvoiceStatus) -> dict[str, Any]:
    """An invoice is sent, paid, or otherwise."""
    _must_be(work, "InvoiceStatus", form.status)
    papers.change_invoice(work, work.collection("invoice").get(form.invoice), form.status)
    return {"invoice": form.invoice, "status": form.status}


@fake.action("create_webhook", Hook)
def create_webhook(work: Work, form: Hook) -> dict[str, Any]:
    """Somebody sets up a webhook in the back office; no call of the API does."""
    unknown = sorted({*form.triggers} - {*hooks.TRIGGERS})
    if unknown:
        raise UsageError(f"no triggers are called {', '.join(unknown)}; there are: {', '.join(hooks.TRIGGERS)}")
    if not form.url.startswith(("http://", "https://")) or not form.secret:
        raise UsageError("a webhook has a callback URL and a secret")
    triggers = list(form.triggers or hooks.TRIGGERS)
    made = hooks.add_hook(work, form.name, form.url, form.secret, triggers, list(form.warehouses), form.contact)
    return {"hook": made}


@fake.action("switch_webhook", Switch)
def switch_webhook(work: Work, form: Switch) -> dict[str, Any]:
    """Somebody switches a webhook off, or on again."""
    hook = work.collection("hook").get(form.hook)
    work.collection("hook").save(hook | {"active": form.active})
    return {"hook": form.hook, "active": form.active}


@fake.action("review_conduct", Nothing)
def review_conduct(work: Work, form: Nothing) -> dict[str, Any]:  # noqa: ARG001 - nothing to fill in
    """Somebody at the vendor looks into the conduct ledger, and writes to whom it concerns."""
    return {"letters": conduct.review(work)}


# ---------------------------------------------------------------------------------------------------------------------


def _order(work: Work, name: str) -> Document:
    orders = work.collection("order")
    order = orders.find(name) or orders.first(Is("external", "=", name))
    if order is None:
        raise Refusal("not_found", kind="customer order", id=name)
    return order


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


def _moment(text: str) -> str | None:
    try:
        return kept(moment_of(text)) if text else None
    except ValueError as error:
        raise UsageError(f"{text!r} is no moment") from error


def _must_be(work: Work, schema: str, status: str) -> None:
    known = work.fake.contract.surfaces["v1"].document["components"]["schemas"][schema]["enum"]
    if status not in known:
        raise UsageError(f"{status!r} is no status; there are: {', '.join(known)}")
