"""Shopify's documents and ours, both ways. Pure functions; nothing here knows HTTP.

Ids are the numbers at the end of global ids. Amounts are in the shop's currency.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from msgspec import Struct

from connectors.canonical import Address, Fulfillment, Line, Money, Order, OrderStatus, Parcel, Product, Ref, Warehouse
from connectors.core.reading import Moment, in_utc, money, stamp
from connectors.shopify.graphql import Connection, number_of

# Paid in full once, whatever was given back since. AUTHORIZED is a promise, PARTIALLY_PAID half of one.
_PAID = frozenset({"PAID", "PARTIALLY_REFUNDED"})
# Nothing is left to ship.
_OVER = frozenset({"RESTOCKED", "FULFILLMENT_NOT_REQUIRED"})
# To be shipped, but not now.
_WAITING = frozenset({"ON_HOLD", "SCHEDULED"})
_CANCEL_REASONS = frozenset({"CUSTOMER", "DECLINED", "FRAUD", "INVENTORY", "OTHER", "STAFF"})
_NOT_LIVE = frozenset({"CANCELLED", "ERROR", "FAILURE"})
STAFF_NOTE_LENGTH_MAXIMUM = 255


class MoneyDocument(Struct, frozen=True, rename="camel"):
    amount: Decimal
    currency_code: str


class MoneyBag(Struct, frozen=True, rename="camel"):
    shop_money: MoneyDocument


class AddressDocument(Struct, frozen=True, rename="camel"):
    name: str | None = None
    company: str | None = None
    address1: str | None = None
    address2: str | None = None
    city: str | None = None
    province_code: str | None = None
    zip: str | None = None
    country_code_v2: str | None = None
    phone: str | None = None


class LineDocument(Struct, frozen=True, rename="camel"):
    id: str
    title: str
    quantity: int
    current_quantity: int
    requires_shipping: bool
    sku: str | None = None
    original_unit_price_set: MoneyBag | None = None


class ShippingLineDocument(Struct, frozen=True):
    title: str


class OrderDocument(Struct, frozen=True, rename="camel"):
    id: str
    name: str
    created_at: Moment
    updated_at: Moment
    display_fulfillment_status: str
    currency_code: str
    line_items: Connection[LineDocument]
    processed_at: Moment | None = None
    cancelled_at: Moment | None = None
    closed_at: Moment | None = None
    display_financial_status: str | None = None
    email: str | None = None
    note: str | None = None
    tags: tuple[str, ...] = ()
    current_total_price_set: MoneyBag | None = None
    shipping_address: AddressDocument | None = None
    shipping_line: ShippingLineDocument | None = None


class Identified(Struct, frozen=True):
    id: str


class TrackingDocument(Struct, frozen=True):
    number: str | None = None


class FulfilledLineDocument(Struct, frozen=True, rename="camel"):
    line_item: Identified
    quantity: int | None = None


class FulfillmentDocument(Struct, frozen=True, rename="camel"):
    id: str
    status: str
    fulfillment_line_items: Connection[FulfilledLineDocument]
    tracking_info: tuple[TrackingDocument, ...] = ()


class ActionDocument(Struct, frozen=True):
    action: str


class AssignedLocationDocument(Struct, frozen=True):
    location: Identified | None = None


class FulfillmentOrderLineDocument(Struct, frozen=True, rename="camel"):
    id: str
    remaining_quantity: int
    line_item: Identified


class FulfillmentOrderDocument(Struct, frozen=True, rename="camel"):
    id: str
    status: str
    line_items: Connection[FulfillmentOrderLineDocument]
    supported_actions: tuple[ActionDocument, ...] = ()
    assigned_location: AssignedLocationDocument | None = None


class PieceDocument(Struct, frozen=True, rename="camel"):
    id: str
    line_items: Connection[FulfillmentOrderLineDocument]


class SplitDocument(Struct, frozen=True, rename="camel"):
    fulfillment_order: PieceDocument
    remaining_fulfillment_order: PieceDocument


class LocationDocument(Struct, frozen=True, rename="camel"):
    id: str
    name: str
    is_active: bool


class QuantityDocument(Struct, frozen=True):
    name: str
    quantity: int


class LevelDocument(Struct, frozen=True):
    quantities: tuple[QuantityDocument, ...]


class InventoryItemDocument(Struct, frozen=True, rename="camel"):
    id: str
    sku: str | None = None
    inventory_level: LevelDocument | None = None


class VariantDocument(Struct, frozen=True):
    id: str
    title: str
    price: Decimal
    sku: str | None = None
    barcode: str | None = None


class ProductDocument(Struct, frozen=True, rename="camel"):
    id: str
    title: str
    status: str
    updated_at: Moment
    variants: Connection[VariantDocument]


# Orders


def order_from_document(order: OrderDocument, lines: Sequence[LineDocument], connection: str) -> Order:
    """An order with all its lines, which may be more than came with the document."""
    return Order(
        source=Ref(connection, number_of(order.id)),
        number=order.name,
        status=order_status(order),
        placed=in_utc(order.processed_at or order.created_at),
        updated=in_utc(order.updated_at),
        lines=tuple(line_from_document(line) for line in lines),
        ship_to=address_from_document(order.shipping_address) if order.shipping_address else None,
        currency=order.currency_code,
        total=money_from_bag(order.current_total_price_set),
        paid=order.display_financial_status in _PAID,
        email=order.email or "",
        shipping_method=order.shipping_line.title if order.shipping_line else "",
        note=order.note or "",
        tags=order.tags,
    )


def order_status(order: OrderDocument) -> OrderStatus:
    """Cancelled wins, though something may have been shipped before; archiving closes what was not all shipped."""
    status = order.display_fulfillment_status
    if order.cancelled_at is not None:
        return "cancelled"
    if status == "FULFILLED":
        return "shipped"
    if order.closed_at is not None or status in _OVER:
        return "closed"
    if status in _WAITING:
        return "held"
    return "partly_shipped" if status == "PARTIALLY_FULFILLED" else "open"


def line_from_document(line: LineDocument) -> Line:
    """`currentQuantity` is what edits, refunds and cancellations have left; shipping does not lower it."""
    return Line(
        id=number_of(line.id),
        sku=line.sku or "",
        quantity=line.quantity,
        title=line.title,
        unit_price=money_from_bag(line.original_unit_price_set),
        fulfillable=line.current_quantity,
        requires_shipping=line.requires_shipping,
    )


def address_from_document(address: AddressDocument) -> Address:
    return Address(
        name=address.name or "",
        street1=address.address1 or "",
        city=address.city or "",
        postal_code=address.zip or "",
        country=address.country_code_v2 or "",
        region=address.province_code or "",
        street2=address.address2 or "",
        company=address.company or "",
        phone=address.phone or "",
    )


def money_from_bag(bag: MoneyBag | None) -> Money | None:
    return money(bag.shop_money.amount, bag.shop_money.currency_code) if bag else None


def cancel_reason(reason: str) -> str:
    """Shopify's word for a reason in ours; what it has no word for is OTHER, and kept in the staff note."""
    return reason.upper() if reason.upper() in _CANCEL_REASONS else "OTHER"


# Fulfilment

Quantities = dict[str, int]


@dataclass(frozen=True)
class Told:
    """A fulfilment Shopify has: its parcels' numbers and how many of each order line."""

    id: str
    numbers: frozenset[str]
    lines: Mapping[str, int]


@dataclass(frozen=True)
class Fulfillable:
    """What a fulfilment order still wants of one order line."""

    fulfillment_order: str
    line: str
    order_line: str
    remaining: int
    splittable: bool = False


@dataclass(frozen=True)
class Part:
    """What goes into one `fulfillmentCreate`: one location only. (fulfillment order, its line, quantity)."""

    location: str
    takes: tuple[tuple[str, str, int], ...]


def tracking_key(number: str) -> str:
    """Tracking numbers are typed with and without spaces and capitals."""
    return "".join(number.split()).casefold()


def wanted_lines(fulfillment: Fulfillment) -> Quantities:
    """Quantities by order line id; a line named twice counts twice."""
    wanted: Quantities = {}
    for line, quantity in fulfillment.lines:
        wanted[line] = wanted.get(line, 0) + quantity
    return wanted


def told_from_document(fulfillment: FulfillmentDocument, lines: Sequence[FulfilledLineDocument]) -> Told:
    quantities: Quantities = {}
    for line in lines:
        number = number_of(line.line_item.id)
        quantities[number] = quantities.get(number, 0) + (line.quantity or 0)
    numbers = frozenset(tracking_key(tracking.number) for tracking in fulfillment.tracking_info if tracking.number)
    return Told(number_of(fulfillment.id), numbers, quantities)


def is_live(fulfillment: FulfillmentDocument) -> bool:
    return fulfillment.status not in _NOT_LIVE


def already_told(fulfillment: Fulfillment, known: Sequence[Told]) -> tuple[list[str], Quantities]:
    """Which fulfilments already tell of this shipment, and which quantities none of them covers.

    One tells of it when it has all its parcel numbers (or has none, where the shipment has none) and no more of any
    line than the shipment. There can be several: one for each location the lines were assigned to.
    """
    numbers = {tracking_key(parcel.tracking_number) for parcel in fulfillment.parcels if parcel.tracking_number}
    left = wanted_lines(fulfillment)
    ids = []
    for told in known:
        same = numbers <= told.numbers if numbers else not told.numbers
        if same and told.lines and all(left.get(line, 0) >= quantity for line, quantity in told.lines.items()):
            ids.append(told.id)
            for line, quantity in told.lines.items():
                left[line] -= quantity
    return ids, {line: quantity for line, quantity in left.items() if quantity > 0}


def allocate(wanted: Mapping[str, int], open_at: Mapping[str, Sequence[Fulfillable]]) -> tuple[list[Part], Quantities]:
    """Spread the wanted quantities over what is still open, by location; also what could not be placed.

    The location that can take most of it goes first, so that a shipment from one place is told as one.
    """
    left = dict(wanted)
    parts = []
    for location in sorted(open_at, key=lambda name: -_could_take(wanted, open_at[name])):
        takes = []
        for line in _fitting_first(wanted, open_at[location]):
            quantity = min(left.get(line.order_line, 0), line.remaining)
            if quantity > 0:
                takes.append((line.fulfillment_order, line.line, quantity))
                left[line.order_line] -= quantity
        if takes:
            parts.append(Part(location, tuple(takes)))
    return parts, {line: quantity for line, quantity in left.items() if quantity > 0}


def _fitting_first(wanted: Mapping[str, int], lines: Sequence[Fulfillable]) -> list[Fulfillable]:
    """Fulfilment orders of which all is wanted come first: nothing has to be split off them."""
    too_much = {line.fulfillment_order for line in lines if line.remaining > wanted.get(line.order_line, 0)}
    return sorted(lines, key=lambda line: line.fulfillment_order in too_much)


def partly_taken(part: Part, lines: Sequence[Fulfillable]) -> dict[str, Quantities]:
    """The fulfilment orders of which a part takes something and not all, and which can be split: id → line → units."""
    takes: dict[str, Quantities] = {}
    for order, line, quantity in part.takes:
        takes.setdefault(order, {})[line] = quantity
    whole: dict[str, Quantities] = {}
    for each in lines:
        if each.splittable:
            whole.setdefault(each.fulfillment_order, {})[each.line] = each.remaining
    return {order: units for order, units in takes.items() if order in whole and units != whole[order]}


def with_piece(part: Part, order: str, piece: Sequence[Fulfillable]) -> Part:
    """The same part, taking all of a piece that was split off instead of some of the order."""
    kept = tuple(take for take in part.takes if take[0] != order)
    return Part(part.location, kept + tuple((line.fulfillment_order, line.line, line.remaining) for line in piece))


def halves_of(split: SplitDocument) -> list[list[Fulfillable]]:
    """What each of the two fulfilment orders that a split answers with still wants."""
    return [
        [
            Fulfillable(half.id, line.id, number_of(line.line_item.id), line.remaining_quantity)
            for line in half.line_items.nodes
            if line.remaining_quantity > 0
        ]
        for half in (split.remaining_fulfillment_order, split.fulfillment_order)
    ]


def fulfillables(order: FulfillmentOrderDocument, lines: Sequence[FulfillmentOrderLineDocument]) -> list[Fulfillable]:
    """The lines of a fulfilment order that may be fulfilled; none when the order does not allow it now."""
    actions = {supported.action for supported in order.supported_actions}
    if "CREATE_FULFILLMENT" not in actions:
        return []
    return [
        Fulfillable(order.id, line.id, number_of(line.line_item.id), line.remaining_quantity, "SPLIT" in actions)
        for line in lines
        if line.remaining_quantity > 0
    ]


def location_of(order: FulfillmentOrderDocument) -> str:
    """The assigned location's global id; empty when that location is gone."""
    assigned = order.assigned_location
    return assigned.location.id if assigned and assigned.location else ""


def fulfillment_to_input(part: Part, fulfillment: Fulfillment) -> dict[str, Any]:
    """A `FulfillmentInput`. The day it left cannot be said there: Shopify takes its own clock."""
    by_order: dict[str, list[dict[str, Any]]] = {}
    for order, line, quantity in part.takes:
        by_order.setdefault(order, []).append({"id": line, "quantity": quantity})
    whole: dict[str, Any] = {
        "lineItemsByFulfillmentOrder": [
            {"fulfillmentOrderId": order, "fulfillmentOrderLineItems": lines} for order, lines in by_order.items()
        ],
        "notifyCustomer": fulfillment.notify_customer,
    }
    tracking = tracking_to_input(fulfillment.parcels)
    return whole | ({"trackingInfo": tracking} if tracking else {})


def tracking_to_input(parcels: Sequence[Parcel]) -> dict[str, Any]:
    """`number` and `url` for one parcel, lists for several. There is one `company`: it is left out when they differ."""
    tracked = [parcel for parcel in parcels if parcel.tracking_number]
    if not tracked:
        return {}
    numbers = [parcel.tracking_number for parcel in tracked]
    urls = [parcel.tracking_url for parcel in tracked]
    tracking: dict[str, Any] = {"number": numbers[0]} if len(tracked) == 1 else {"numbers": numbers}
    if all(urls):  # the lists go by position, so an address missing in the middle would shift the others
        tracking |= {"url": urls[0]} if len(tracked) == 1 else {"urls": urls}
    carriers = {parcel.carrier for parcel in tracked}
    if len(carriers) == 1 and (carrier := carriers.pop()):
        tracking["company"] = carrier
    return tracking


# Stock and products


def available_of(item: InventoryItemDocument) -> int | None:
    """What is available at the location asked about; None when the item is not stocked there."""
    if item.inventory_level is None:
        return None
    return next((entry.quantity for entry in item.inventory_level.quantities if entry.name == "available"), None)


def warehouse_from_document(location: LocationDocument) -> Warehouse:
    return Warehouse(number_of(location.id), location.name)


def product_from_variant(product: ProductDocument, variant: VariantDocument, currency: str, connection: str) -> Product:
    """What is sold is a variant, updated when its product is. `Default Title` stands for a product without choices."""
    title = product.title if variant.title == "Default Title" else f"{product.title} - {variant.title}"
    return Product(
        source=Ref(connection, number_of(variant.id)),
        sku=variant.sku or "",
        title=title,
        updated=in_utc(product.updated_at),
        barcode=variant.barcode or "",
        price=money(variant.price, currency),
        active=product.status == "ACTIVE",
    )


def search_since(since: datetime) -> str:
    """The search for what changed since then, inclusive."""
    return f"updated_at:>='{stamp(since)}'"


def search_skus(skus: Sequence[str]) -> str:
    """The search for any of these SKUs. It may answer more than was asked, so what comes is compared again."""
    return " OR ".join(f"sku:'{_quoted(sku)}'" for sku in skus)


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace("'", "\\'")


def _could_take(wanted: Mapping[str, int], lines: Sequence[Fulfillable]) -> int:
    offered: Quantities = {}
    for line in lines:
        offered[line.order_line] = offered.get(line.order_line, 0) + line.remaining
    return sum(min(quantity, offered.get(line, 0)) for line, quantity in wanted.items())
