"""WooCommerce's documents and ours, both ways. Pure functions; nothing here knows HTTP.

Only `*_gmt` times are read: the others are on the store's own clock, and do not say which. Amounts are text, but a
line's `price`, which is a number.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from msgspec import Struct

from connectors.canonical import Address, Fulfillment, Line, Money, Order, OrderStatus, Product, Ref
from connectors.core.errors import Invalid
from connectors.core.reading import in_utc, money

SHIPMENT = "_seatrial_shipment_"
"""The beginning of the meta key under which an order keeps a shipment that was told of; the rest is its digest."""
REASON = "_seatrial_cancelled_because"
PARCELS = "_wc_shipment_tracking_items"
"""Where the store's own Shipment Tracking keeps what was shipped by hand."""
FULFILLED = "_fulfillment_status"
"""Where core's own fulfilments, where a store has turned them on, say how far an order is."""
_GONE = ("fulfilled", "partially_fulfilled")
_ID = re.compile(r"[0-9]{1,18}")
_STATUS: Mapping[str, OrderStatus] = {
    "pending": "open",
    "failed": "open",
    "on-hold": "held",
    "processing": "open",
    "completed": "shipped",
    "cancelled": "cancelled",
    "trash": "cancelled",
}
_PAID = frozenset({"processing", "completed"})  # cash on delivery is processed without a date of payment

Quantities = dict[str, int]


class MetaDocument(Struct, frozen=True):
    id: int
    key: str
    value: Any = None


class AddressDocument(Struct, frozen=True):
    first_name: str = ""
    last_name: str = ""
    company: str = ""
    address_1: str = ""
    address_2: str = ""
    city: str = ""
    state: str = ""
    postcode: str = ""
    country: str = ""
    phone: str | None = ""
    email: str | None = ""


class LineDocument(Struct, frozen=True):
    id: int
    quantity: int
    name: str = ""
    sku: str | None = ""
    price: Decimal | int | None = None


class ShippingLineDocument(Struct, frozen=True):
    method_title: str = ""


class RefundEntry(Struct, frozen=True):
    id: int


class OrderDocument(Struct, frozen=True):
    id: int
    number: str
    status: str
    currency: str
    total: Decimal
    date_created_gmt: str
    date_modified_gmt: str
    billing: AddressDocument
    shipping: AddressDocument
    line_items: tuple[LineDocument, ...]
    shipping_lines: tuple[ShippingLineDocument, ...]
    meta_data: tuple[MetaDocument, ...]
    refunds: tuple[RefundEntry, ...]
    date_paid_gmt: str | None = None
    customer_note: str = ""


class RefundedLineDocument(Struct, frozen=True):
    quantity: int
    meta_data: tuple[MetaDocument, ...] = ()


class RefundDocument(Struct, frozen=True):
    id: int
    line_items: tuple[RefundedLineDocument, ...]


class ProductDocument(Struct, frozen=True):
    id: int
    name: str
    type: str
    status: str
    sku: str
    price: str
    date_modified_gmt: str
    global_unique_id: str = ""


class StockDocument(Struct, frozen=True):
    """What a level is found and set by."""

    id: int
    sku: str
    manage_stock: bool | str
    stock_quantity: int | None
    parent_id: int = 0


class VariationDocument(Struct, frozen=True):
    id: int
    status: str
    sku: str
    price: str
    date_modified_gmt: str
    name: str = ""
    global_unique_id: str = ""


@dataclass(frozen=True)
class Told:
    """A shipment an order knows of: the meta entry's id and key, and how many of each line."""

    id: int
    key: str
    lines: Mapping[str, int]


# Orders


def checked_id(id: str) -> str:
    """An id as it may stand in a path. Raises `Invalid`."""
    if not _ID.fullmatch(id):
        raise Invalid(f"{id[:60]!r} is no id of an order", next_step="Ids here are numbers.")
    return id


def order_from_document(
    order: OrderDocument, refunded: Mapping[str, int], connection: str, statuses: Mapping[str, OrderStatus]
) -> Order:
    """An order, and how many of each of its lines were refunded."""
    status = order_status(order, statuses)
    to = order.shipping if order.shipping.address_1 or order.shipping.country else order.billing
    return Order(
        source=Ref(connection, str(order.id)),
        number=order.number,
        status=status,
        placed=moment(order.date_created_gmt),
        updated=moment(order.date_modified_gmt),
        lines=tuple(line_from_document(line, order, status, refunded) for line in order.line_items),
        ship_to=address_from_document(to) if to.address_1 or to.country else None,
        currency=order.currency,
        total=money(order.total, order.currency),
        paid=order.date_paid_gmt is not None or order.status in _PAID,
        email=order.billing.email or "",
        shipping_method=order.shipping_lines[0].method_title if order.shipping_lines else "",
        note=order.customer_note,
    )


def order_status(order: OrderDocument, statuses: Mapping[str, OrderStatus]) -> OrderStatus:
    """The store's word for it, and whether anything has left. A refund of everything calls off what has not."""
    left = has_left(order)
    if order.status == "refunded":
        return "closed" if left else "cancelled"
    status = statuses.get(order.status) or _STATUS.get(order.status, "held")
    return "partly_shipped" if status == "open" and left else status


def has_left(order: OrderDocument) -> bool:
    """Something was shipped: told by us, noted by hand, or fulfilled in the store itself."""
    by_hand = any(meta.key == PARCELS and meta.value for meta in order.meta_data)
    fulfilled = any(meta.key == FULFILLED and meta.value in _GONE for meta in order.meta_data)
    return bool(told_of(order)) or by_hand or fulfilled


def line_from_document(
    line: LineDocument, order: OrderDocument, status: OrderStatus, refunded: Mapping[str, int]
) -> Line:
    wanted = line.quantity - refunded.get(str(line.id), 0)
    return Line(
        id=str(line.id),
        sku=line.sku or "",
        quantity=line.quantity,
        title=line.name,
        unit_price=None if line.price is None else money(line.price, order.currency),
        fulfillable=0 if status == "cancelled" else max(0, wanted),
    )


def refunded_lines(refunds: Iterable[RefundDocument]) -> Quantities:
    """How many of each line were given back; a refund's lines count below zero and name theirs in their meta data."""
    total: Quantities = {}
    for refund in refunds:
        for line in refund.line_items:
            for meta in line.meta_data:
                if meta.key == "_refunded_item_id":
                    total[str(meta.value)] = total.get(str(meta.value), 0) - line.quantity
    return total


def address_from_document(address: AddressDocument) -> Address:
    return Address(
        name=" ".join(part for part in (address.first_name, address.last_name) if part),
        street1=address.address_1,
        city=address.city,
        postal_code=address.postcode,
        country=address.country,
        region=address.state,
        street2=address.address_2,
        company=address.company,
        phone=address.phone or "",
    )


def moment(text: str) -> datetime:
    """`2026-11-20T09:00:00`, which is UTC and does not say so."""
    at = datetime.fromisoformat(text)
    return in_utc(at) if at.tzinfo else at.replace(tzinfo=UTC)


# Shipments: an order keeps each one told of under a meta key of its own, so that telling it again is telling it once


def shipment_key(fulfillment: Fulfillment) -> str:
    """The same for the same shipment however its numbers are typed; one without numbers is known by when it left."""
    numbers = sorted("".join(parcel.tracking_number.split()).casefold() for parcel in fulfillment.parcels)
    lines = sorted(wanted_lines(fulfillment).items())
    when = "" if any(numbers) else in_utc(fulfillment.shipped).isoformat()
    return SHIPMENT + hashlib.sha256(repr((lines, numbers, when)).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def shipment_to_meta(fulfillment: Fulfillment) -> dict[str, Any]:
    """What is kept under that key: lines, and the parcels as they were told."""
    parcels = [
        {"number": parcel.tracking_number, "carrier": parcel.carrier, "url": parcel.tracking_url}
        for parcel in fulfillment.parcels
    ]
    value = {
        "lines": wanted_lines(fulfillment),
        "parcels": parcels,
        "shipped": in_utc(fulfillment.shipped).isoformat(),
    }
    return {"key": shipment_key(fulfillment), "value": value}


def told_of(order: OrderDocument) -> list[Told]:
    """Every shipment an order knows of. Raises `ValueError` for an entry that is not as we write it."""
    return [
        Told(meta.id, meta.key, _lines_of(meta))
        for meta in order.meta_data
        if meta.key.startswith(SHIPMENT) and meta.value
    ]


def _lines_of(meta: MetaDocument) -> Quantities:
    lines = meta.value.get("lines") if isinstance(meta.value, dict) else None
    if not isinstance(lines, dict) or not all(type(many) is int for many in lines.values()):
        raise ValueError(f"the meta data {meta.key} is not a shipment of ours")
    return {str(line): many for line, many in lines.items()}


def wanted_lines(fulfillment: Fulfillment) -> Quantities:
    """Quantities by order line id; a line named twice counts twice."""
    wanted: Quantities = {}
    for line, quantity in fulfillment.lines:
        wanted[line] = wanted.get(line, 0) + quantity
    return wanted


def left_to_ship(order: OrderDocument, refunded: Mapping[str, int], told: Sequence[Told]) -> Quantities:
    """What of each line was neither refunded nor told of."""
    left = {str(line.id): line.quantity - refunded.get(str(line.id), 0) for line in order.line_items}
    for each in told:
        for line, many in each.lines.items():
            left[line] = left.get(line, 0) - many
    return left


# Products


def product_from_document(product: ProductDocument, currency: str, connection: str) -> Product:
    return Product(
        source=Ref(connection, str(product.id)),
        sku=product.sku,
        title=product.name,
        updated=moment(product.date_modified_gmt),
        barcode=product.global_unique_id,
        price=price_of(product.price, currency),
        active=product.status == "publish",
    )


def product_from_variation(
    parent: ProductDocument, variation: VariationDocument, currency: str, connection: str
) -> Product:
    """What is sold of a product that varies; it has changed when either has."""
    return Product(
        source=Ref(connection, str(variation.id)),
        sku=variation.sku,
        title=variation.name or parent.name,
        updated=max(moment(parent.date_modified_gmt), moment(variation.date_modified_gmt)),
        barcode=variation.global_unique_id,
        price=price_of(variation.price, currency),
        active=parent.status == "publish" == variation.status,
    )


def price_of(price: str, currency: str) -> Money | None:
    """A price, where there is one: it is empty where there is none."""
    return money(Decimal(price), currency) if price else None
