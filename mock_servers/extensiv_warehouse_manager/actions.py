"""What people do in Warehouse Manager: the clerk at the bench, the office, and whoever sets up events."""

from typing import Any

from msgspec import Struct

from mock_servers.core.fake import Work
from mock_servers.core.filters import All, Is
from mock_servers.core.refusal import Refusal, UsageError
from mock_servers.core.store import Document
from mock_servers.extensiv_warehouse_manager.behaviour import (
    groups,
    holding,
    lines,
    orders,
    packing,
    placing,
    purchasing,
    steps,
    stock,
)
from mock_servers.extensiv_warehouse_manager.behaviour.base import OPEN, customer_of, facility_of, fake, item_called
from mock_servers.extensiv_warehouse_manager.behaviour.customers import add_item

PARCELS_MAXIMUM = 50
CUSTOMER, FACILITY = 4, 1
EVENTS = fake.contract.surfaces["rest"].document["webhooks"]["event"]["post"]["x-topics"]


class OrderOnly(Struct, frozen=True, forbid_unknown_fields=True):
    """`order` is an order's reference or its id."""

    order: str


class Cancel(OrderOnly, frozen=True):
    """`reason` is free text."""

    reason: str = "canceled in the warehouse"


class Hold(OrderOnly, frozen=True):
    """`reason` is free text; with `release` the order goes on."""

    reason: str = ""
    release: bool = False


class Pack(OrderOnly, frozen=True):
    """Everything not yet in a package is spread over `parcels`, each with a label."""

    parcels: int = 1
    tracking_number: str = ""


class Ship(Pack, frozen=True):
    """What is not packed yet is packed first."""

    carrier: str = "UPS"


class PackageOnly(Struct, frozen=True, forbid_unknown_fields=True):
    """`package` is a package's id."""

    package: str


class Count(Struct, frozen=True, forbid_unknown_fields=True):
    """`quantity` is what lies on the shelf of the facility, by id."""

    sku: str
    quantity: int
    facility: int = FACILITY
    customer: int = CUSTOMER


class Buy(Struct, frozen=True, forbid_unknown_fields=True):
    """A purchase order of a customer: its number, and quantities by SKU."""

    number: str
    items: dict[str, float]
    customer: int = CUSTOMER


class Move(Struct, frozen=True, forbid_unknown_fields=True):
    """`receive_item` is a batch by its id, `location` a place of its facility by name."""

    receive_item: int
    location: str


class NewItem(Struct, frozen=True, forbid_unknown_fields=True):
    """An item, and what there is of it in the first facility."""

    sku: str
    description: str = ""
    quantity: int = 0
    customer: int = CUSTOMER


class Listen(Struct, frozen=True, forbid_unknown_fields=True):
    """Where a customer's events go; all of them when none is named. `whole` sends the resource too."""

    url: str
    events: list[str] = []
    customer: int = CUSTOMER
    whole: bool = False


@fake.action("pick", OrderOnly)
def pick(work: Work, form: OrderOnly) -> dict[str, Any]:
    """The clerk fetches an order from the shelves."""
    order = _allocated(work, _open_order(work, form.order))
    return _told(steps.pick(work, order))


@fake.action("pack", Pack)
def pack(work: Work, form: Pack) -> dict[str, Any]:
    """The clerk packs what was picked."""
    order = _allocated(work, _open_order(work, form.order))
    packed = _packed(work, order, form)
    return _told(packed) | {"packages": _packages(packed)}


@fake.action("ship", Ship)
def ship(work: Work, form: Ship) -> dict[str, Any]:
    """The clerk hands an order to the carrier, whole: what is missing is set aside, packed and confirmed."""
    order = _allocated(work, _open_order(work, form.order))
    if _unpacked(order):
        order = _packed(work, order, form)
    routing = {"Carrier": form.carrier, "TrackingNumber": _first_number(order)}
    order = steps.confirm(work, order, routing)
    return _told(order) | {"packages": _packages(order)}


@fake.action("unconfirm", OrderOnly)
def unconfirm(work: Work, form: OrderOnly) -> dict[str, Any]:
    """An order did not leave after all: it is open again, packed as it was."""
    return _told(steps.unconfirm(work, _order(work, form.order)))


@fake.action("void", PackageOnly)
def void(work: Work, form: PackageOnly) -> dict[str, Any]:
    """A label is void: its order is open again, and the box is emptied."""
    for order in work.collection("order").rows(Is("closed", "=", True)):
        if any(str(each["PackageId"]) == form.package for each in order["ReadOnly"]["Packages"]):
            return _told(packing.unpack(work, steps.unconfirm(work, order), int(form.package)))
    raise UsageError(f"package {form.package} is in no order that has shipped")


@fake.action("cancel", Cancel)
def cancel(work: Work, form: Cancel) -> dict[str, Any]:
    """Somebody cancels an order at the desk."""
    return _told(steps.cancel(work, _open_order(work, form.order)))


@fake.action("hold", Hold)
def hold(work: Work, form: Hold) -> dict[str, Any]:
    """Somebody puts an order on hold, or releases it."""
    order = _order(work, form.order)
    if order["status"] != OPEN:
        raise UsageError(f"order {form.order} is not open")
    return _told(groups.hold(work, order, form.reason, release=form.release))


@fake.action("count_stock", Count)
def count_stock(work: Work, form: Count) -> dict[str, Any]:
    """Somebody counts a shelf: the quantity on hand is what was counted."""
    maximum = work.fake.contract.profile.facts["quantity_maximum"].value
    if not 0 <= form.quantity <= maximum:
        raise UsageError(f"a shelf holds 0 to {maximum}")
    customer = customer_of(work, {"Id": form.customer})
    item = item_called(work, customer, form.sku)
    if item is None:
        raise Refusal("not_found", kind="item", id=form.sku)
    facility = facility_of(work, {"Id": form.facility})
    stock.count(work, facility, customer, item, float(form.quantity))
    return {"sku": form.sku, "facility": form.facility, "on_hand": form.quantity}


@fake.action("add_item", NewItem)
def make_item(work: Work, form: NewItem) -> dict[str, Any]:
    """Somebody adds an item."""
    if not form.sku:
        raise UsageError("an item has a SKU")
    customer = customer_of(work, {"Id": form.customer})
    item = add_item(work, customer, {"Sku": form.sku, "Description": form.description or form.sku})
    facility = facility_of(work, {"Id": FACILITY})
    stock.receive(work, 0, customer, facility, item, {"Qty": float(max(0, form.quantity))})
    return {"item": item.id, "sku": form.sku}


@fake.action("buy", Buy)
def buy(work: Work, form: Buy) -> dict[str, Any]:
    """Somebody writes a purchase order."""
    if not form.number or not form.items or min(form.items.values()) <= 0:
        raise UsageError("a purchase order has a number, and quantities above zero")
    customer = customer_of(work, {"Id": form.customer})
    made = purchasing.buy(work, customer, form.number, list(form.items.items()))
    return {"purchase_order": int(made.id), "number": form.number}


@fake.action("move_stock", Move)
def move_stock(work: Work, form: Move) -> dict[str, Any]:
    """Somebody carries a batch to another place; what lies in quarantine is on hold."""
    batch = work.collection("receive_item").get(str(form.receive_item))
    where = All(Is("facility_id", "=", batch["facility_id"]), Is("Name", "same", form.location))
    place = work.collection("location").first(where)
    if place is None:
        raise UsageError(f"there is no location {form.location} in facility {batch['facility_id']}")
    moved = holding.put(work, batch, place)
    return {"receive_item": form.receive_item, "location": place["Name"], "available": moved["AvailableQty"]}


@fake.action("listen", Listen)
def listen(work: Work, form: Listen) -> dict[str, Any]:
    """Somebody sets up a customer's event notifications."""
    if not form.url.startswith(("https://", "http://127.0.0.1", "http://localhost")):
        raise UsageError("events go to https addresses, or to this machine")
    if unknown := set(form.events) - set(EVENTS):
        raise UsageError(f"there is no event {', '.join(sorted(unknown))}; there are: {', '.join(EVENTS)}")
    customer = customer_of(work, {"Id": form.customer})
    options = customer["Options"]
    known = options["Alerts"]["WebHookParameters"]
    entry = {
        "Name": f"hook-{len(known) + 1}",
        "Resource": "*",
        "EventTypes": form.events or EVENTS,
        "Url": form.url,
        "IncludeResource": form.whole,
    }
    changed = options | {"Alerts": {"WebHookParameters": [*known, entry]}}
    work.collection("customer").save(customer | {"Options": changed})
    return {"name": entry["Name"], "events": entry["EventTypes"]}


def _order(work: Work, name: str) -> Document:
    found = work.collection("order").rows(Is("reference_key", "=", name.lower()))
    order = next((each for each in found if each["ReferenceNum"] == name), None) or work.collection("order").find(name)
    if order is None:
        raise Refusal("not_found", kind="order", id=name)
    return order


def _open_order(work: Work, name: str) -> Document:
    order = _order(work, name)
    orders.must_be_open(order, "bench")
    if order["ReadOnly"]["DeferNotification"]:
        order = placing.complete(work, order)
    return order


def _allocated(work: Work, order: Document) -> Document:
    if not order["ReadOnly"]["FullyAllocated"]:
        order = lines.save_allocated(work, stock.allocate(work, order.body))
    if not order["ReadOnly"]["FullyAllocated"]:
        raise UsageError(f"there is not enough stock for order {order['ReferenceNum']}")
    return order


def _unpacked(order: Document) -> dict[int, float]:
    """Quantities by line that are in no package."""
    return {line: quantity for line, quantity in packing.unpacked(order).items() if quantity > stock.TINY}


def _packed(work: Work, order: Document, form: Pack) -> Document:
    if not 1 <= form.parcels <= PARCELS_MAXIMUM:
        raise UsageError(f"parcels are 1 to {PARCELS_MAXIMUM}")
    left = _unpacked(order)
    if not left:
        raise UsageError(f"order {form.order} is packed already")
    parcels = _dealt(left, form.parcels)
    numbers = [_number(work, form.tracking_number, place) for place in range(len(parcels))]
    return packing.pack(work, order, parcels, numbers)


def _dealt(left: dict[int, float], count: int) -> list[dict[int, float]]:
    """Units dealt out over parcels; a parcel that would be empty is not made."""
    parcels: list[dict[int, float]] = [{} for _ in range(count)]
    turn = 0
    for line, quantity in left.items():
        whole = min(int(quantity), count)
        shares = [1.0] * (whole - 1) + [quantity - max(0, whole - 1)]
        for share in shares:
            parcel = parcels[turn % count]
            parcel[line] = parcel.get(line, 0.0) + share
            turn += 1
    return [parcel for parcel in parcels if parcel]


def _number(work: Work, given: str, place: int) -> str:
    """A number of the kind UPS prints, or the given one; further parcels get a suffix."""
    if given:
        return given if place == 0 else f"{given}-{place + 1}"
    return f"1Z{work.chance.randrange(10**15, 10**16)}"


def _first_number(order: Document) -> str:
    numbers = (each["TrackingNumber"] for each in order["ReadOnly"]["Packages"] if "TrackingNumber" in each)
    return next(numbers, "")


def _told(order: Document) -> dict[str, Any]:
    return {"order": order.id, "reference": order["ReferenceNum"], "status": order["status"]}


def _packages(order: Document) -> list[dict[str, Any]]:
    skus = {line["ReadOnly"]["OrderItemId"]: line["ItemIdentifier"]["Sku"] for line in order["OrderItems"]}
    told = []
    for package in order["ReadOnly"]["Packages"]:
        items: dict[str, float] = {}
        for each in package["PackageContents"]:
            sku = skus[each["OrderItemId"]]
            items[sku] = items.get(sku, 0.0) + each["Qty"]
        if items:
            tracking = package.get("TrackingNumber", "")
            told.append({"package": package["PackageId"], "tracking_number": tracking, "items": items})
    return told
