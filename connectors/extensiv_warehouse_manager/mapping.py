"""Warehouse Manager's documents and ours, both ways. Pure functions; nothing here knows HTTP.

Shapes as `application/hal+json` has them: camelCase, children under `_embedded` by their relation, moments without a
zone, quantities as numbers with a fraction.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import ROUND_FLOOR, Decimal
from typing import Any

from msgspec import Struct, field

from connectors.canonical import (
    Address,
    Delivery,
    DeliveryState,
    Level,
    Parcel,
    Product,
    Ref,
    Shipment,
    ShipmentLine,
    Warehouse,
)

ITEM_REL = "http://api.3plCentral.com/rels/orders/item"
Number = int | Decimal
_STATUS = {0: "open", 1: "shipped", 2: "cancelled"}


class Named(Struct, frozen=True, rename="camel"):
    id: int
    name: str = ""


class Sku(Struct, frozen=True, rename="camel"):
    sku: str


class ContentDocument(Struct, frozen=True, rename="camel"):
    order_item_id: int
    qty: Number


class PackageDocument(Struct, frozen=True, rename="camel"):
    package_id: int
    tracking_number: str = ""
    package_contents: tuple[ContentDocument, ...] = ()


class OrderReadOnly(Struct, frozen=True, rename="camel"):
    order_id: int
    last_modified_date: datetime
    status: int
    ship_date: datetime | None = None
    packages: tuple[PackageDocument, ...] = ()


class LineReadOnly(Struct, frozen=True, rename="camel"):
    order_item_id: int


class LineDocument(Struct, frozen=True, rename="camel"):
    read_only: LineReadOnly
    item_identifier: Sku
    qty: Number


class RoutingDocument(Struct, frozen=True, rename="camel"):
    carrier: str = ""
    scac_code: str = ""
    tracking_number: str = ""


class Lines(Struct, frozen=True):
    """The lines of an order, where they were asked for."""

    items: tuple[LineDocument, ...] = field(default=(), name=ITEM_REL)


class OrderDocument(Struct, frozen=True, rename="camel"):
    read_only: OrderReadOnly
    reference_num: str
    routing_info: RoutingDocument = RoutingDocument()
    embedded: Lines = field(default=Lines(), name="_embedded")


class SummaryDocument(Struct, frozen=True, rename="camel"):
    facility_id: int
    item_identifier: Sku
    available: Number
    on_hand: Number


class ItemReadOnly(Struct, frozen=True, rename="camel"):
    last_modified_date: datetime
    deactivated: bool = False


class ItemDocument(Struct, frozen=True, rename="camel"):
    item_id: int
    sku: str
    read_only: ItemReadOnly
    description: str = ""
    upc: str = ""


class FacilityDocument(Struct, frozen=True, rename="camel"):
    facility_id: int
    name: str


class CompanyDocument(Struct, frozen=True, rename="camel"):
    company_name: str


class CustomerDocument(Struct, frozen=True, rename="camel"):
    company_info: CompanyDocument


def order_from_delivery(delivery: Delivery, customer_id: int, facility_id: int) -> dict[str, Any]:
    """The body of `POST /orders`. Lines with the same SKU become one: the warehouse picks by SKU."""
    quantities = quantities_of((line.sku, line.quantity) for line in delivery.lines)
    body: dict[str, Any] = {
        "customerIdentifier": {"id": customer_id},
        "facilityIdentifier": {"id": facility_id},
        "referenceNum": delivery.reference,
        "poNum": delivery.number,
        "deferNotification": False,
        "shipTo": address_to_document(delivery.ship_to, delivery.email),
        "orderItems": [{"itemIdentifier": {"sku": sku}, "qty": quantity} for sku, quantity in quantities.items()],
    }
    if delivery.shipping_method:
        body["routingInfo"] = {"mode": delivery.shipping_method}
    if delivery.note:
        body["notes"] = delivery.note
    return body


def address_to_document(address: Address, email: str = "") -> dict[str, str]:
    """A contact. A company is asked for, so who has none is one."""
    document = {
        "companyName": address.company or address.name,
        "name": address.name,
        "address1": address.street1,
        "city": address.city,
        "state": address.region,
        "zip": address.postal_code,
        "country": address.country,
    }
    more = {"address2": address.street2, "phoneNumber": address.phone, "emailAddress": address.email or email}
    return document | {name: value for name, value in more.items() if value}


def state_from_order(order: OrderDocument, connection: str) -> DeliveryState:
    """What Warehouse Manager says of our delivery: it ships an order whole, so none is partly shipped."""
    status = _STATUS.get(order.read_only.status)
    if status is None:
        raise ValueError(f"{order.read_only.status} is no status of an order")
    return DeliveryState(
        remote=Ref(connection, str(order.read_only.order_id)),
        reference=order.reference_num,
        status=status,  # type: ignore[arg-type] # the table above has the port's own words
    )


def quantities_of_order(order: OrderDocument) -> Mapping[str, int]:
    """How many of each SKU an order asks for."""
    return quantities_of((line.item_identifier.sku, whole(line.qty)) for line in order.embedded.items)


def quantities_of(pairs: Iterable[tuple[str, int]]) -> Mapping[str, int]:
    """The sum per SKU, in the order the SKUs came."""
    total: Counter[str] = Counter()
    for sku, quantity in pairs:
        total[sku] += quantity
    return total


def shipments_from_order(order: OrderDocument, connection: str, ahead: timedelta) -> Sequence[Shipment]:
    """One shipment for each package, and one for what is in none.

    An order is confirmed whole, and nothing of it has left before. What is packed in an order that is not confirmed is
    given as voided, for whoever had been told of it before it was opened again; so is a box that was emptied.
    """
    skus = {line.read_only.order_item_id: line.item_identifier.sku for line in order.embedded.items}
    shipped = order.read_only.status == 1
    packed: Counter[int] = Counter()
    found = []
    for package in order.read_only.packages:
        contents: Counter[str] = Counter()
        for each in package.package_contents:
            contents[skus[each.order_item_id]] += whole(each.qty)
            packed[each.order_item_id] += whole(each.qty)
        name = f"{order.read_only.order_id}:{package.package_id}"
        number = package.tracking_number or (order.routing_info.tracking_number if len(packed) == 1 else "")
        found.append(_shipment(order, connection, ahead, name, contents, number, voided=not (shipped and contents)))
    left: Counter[str] = Counter()
    for line in order.embedded.items:
        rest = whole(line.qty) - packed[line.read_only.order_item_id]
        if rest > 0:
            left[line.item_identifier.sku] += rest
    number = order.routing_info.tracking_number
    if left and (shipped or (number and not order.read_only.packages)):
        name = str(order.read_only.order_id)
        found.append(_shipment(order, connection, ahead, name, left, number, voided=not shipped))
    return found


def _shipment(
    order: OrderDocument,
    connection: str,
    ahead: timedelta,
    name: str,
    contents: Mapping[str, int],
    number: str,
    *,
    voided: bool,
) -> Shipment:
    updated = moment(order.read_only.last_modified_date, ahead)
    shipped = order.read_only.ship_date
    carrier = order.routing_info.carrier or order.routing_info.scac_code
    return Shipment(
        source=Ref(connection, name),
        reference=order.reference_num,
        shipped=moment(shipped, ahead) if shipped else updated,
        updated=updated,
        lines=tuple(ShipmentLine(sku, quantity) for sku, quantity in contents.items()),
        parcels=(Parcel(number, carrier),) if number else (),
        voided=voided,
    )


def levels_from_summaries(rows: Iterable[SummaryDocument], as_of: datetime) -> list[Level]:
    """One level for each SKU and facility, over its qualifiers. Half a unit cannot be sold."""
    available: dict[tuple[str, int], Number] = {}
    on_hand: dict[tuple[str, int], Number] = {}
    for row in rows:
        key = (row.item_identifier.sku, row.facility_id)
        available[key] = available.get(key, 0) + row.available
        on_hand[key] = on_hand.get(key, 0) + row.on_hand
    return [
        Level(
            sku=sku,
            warehouse=str(facility),
            available=floor(available[sku, facility]),
            on_hand=floor(there),
            allocated=floor(there) - floor(available[sku, facility]),  # theirs counts what has shipped as well
            as_of=as_of,
        )
        for (sku, facility), there in on_hand.items()
    ]


def product_from_item(item: ItemDocument, connection: str, ahead: timedelta) -> Product:
    return Product(
        source=Ref(connection, str(item.item_id)),
        sku=item.sku,
        title=item.description or item.sku,
        updated=moment(item.read_only.last_modified_date, ahead),
        barcode=item.upc,
        active=not item.read_only.deactivated,
    )


def warehouse_from_facility(facility: FacilityDocument) -> Warehouse:
    return Warehouse(str(facility.facility_id), facility.name)


def whole(quantity: Number) -> int:
    """Raises ValueError for a fraction: sync counts units."""
    number = Decimal(quantity)
    if not number.is_finite() or number != number.to_integral_value():
        raise ValueError(f"{quantity} is not a whole number of units")
    return int(number)


def floor(quantity: Number) -> int:
    """Raises ValueError for what is no number."""
    number = Decimal(quantity)
    if not number.is_finite():
        raise ValueError(f"{quantity} is not a quantity")
    return int(number.to_integral_value(ROUND_FLOOR))


def moment(text: datetime, ahead: timedelta) -> datetime:
    """A moment of theirs, which has no zone, in UTC. `ahead`: how much later their clocks show. Raises ValueError for
    one beyond all calendars."""
    try:
        return text.astimezone(UTC) if text.tzinfo else text.replace(tzinfo=UTC) - ahead
    except OverflowError as error:
        raise ValueError(f"{text} is no moment") from error


def their_stamp(at: datetime, ahead: timedelta) -> str:
    """The other way round, to the second."""
    earliest = datetime.min.replace(tzinfo=UTC) + abs(ahead)
    there = max(at, earliest).astimezone(UTC) + ahead
    return there.replace(tzinfo=None).isoformat(timespec="seconds")
