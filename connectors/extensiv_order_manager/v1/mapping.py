"""The v1 API's documents and ours, both ways. Pure functions; nothing here knows HTTP.

camelCase, ids as numbers, countries as alpha-3, times in UTC to the second, money as `{"amount", "currency"}`. The
SKU of a line is the listing's: what the sales channel calls it, which is what we delivered.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from msgspec import Struct

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
from connectors.core.countries import ALPHA3
from connectors.core.reading import Moment, in_utc, money, stamp
from connectors.extensiv_order_manager.mapping import quantities_of

NOTHING = {"amount": 0, "currency": "USD"}
COSTS = ("orderTotal", "shippingCost", "insuranceCost", "insuredValue", "confirmationCost")
"""The API wants them; a delivery knows no prices."""
VOIDED = "VOIDED"
RETURN = "RETURN"
"""A shipment of this type is what the customer sends back."""


class MoneyDocument(Struct, frozen=True, rename="camel"):
    amount: Decimal | int
    currency: str


class ShipMethodDocument(Struct, frozen=True, rename="camel"):
    shipping_carrier: str | None = None


class ShipmentDocument(Struct, frozen=True, rename="camel"):
    shipment_id: int
    order_id: int
    order_number: str
    created: Moment
    type: str | None = None
    tracking_number: str | None = None
    tracking_urls: tuple[str, ...] | None = None
    delivery_status: str | None = None
    ship_date: Moment | None = None
    ship_method: ShipMethodDocument | None = None


class SentItemDocument(Struct, frozen=True, rename="camel"):
    listing_sku: str
    quantity: int


class SentDocument(Struct, frozen=True, rename="camel"):
    """What an order says of one of its shipments."""

    items: tuple[SentItemDocument, ...] = ()
    tracking_numbers: tuple[str, ...] = ()


class ItemDocument(Struct, frozen=True, rename="camel"):
    listing_sku: str
    quantity_ordered: int


class OrderDocument(Struct, frozen=True, rename="camel"):
    order_id: int
    order_number: str
    order_status: str
    created_date: Moment
    modified_date: Moment
    order_items: tuple[ItemDocument, ...] = ()
    shipment: ShipmentDocument | None = None
    shipments: tuple[SentDocument, ...] | None = None


class CreatedOrderDocument(Struct, frozen=True, rename="camel"):
    order_id: int
    order_number: str
    order_status: str


class CreatedDocument(Struct, frozen=True, rename="camel"):
    """The answer to `PUT /v1/order`."""

    orders: tuple[CreatedOrderDocument, ...]


class ProductRefDocument(Struct, frozen=True, rename="camel"):
    master_sku: str
    product_id: int = 0


class TotalDocument(Struct, frozen=True, rename="camel"):
    product: ProductRefDocument
    on_hand_quantity: int
    available_quantity: int


class WarehouseDocument(Struct, frozen=True, rename="camel"):
    warehouse_id: int
    name: str


class ProductDocument(Struct, frozen=True, rename="camel"):
    product_id: int
    master_sku: str
    name: str
    modified_date: Moment
    upc: str | None = None
    active: bool = True
    map_price: MoneyDocument | None = None


class WrongDocument(Struct, frozen=True, rename="camel"):
    """One line that a bulk left out; `index` counts from 1."""

    index: int
    error_code: str | None = None
    message: str | None = None


class BulkDocument(Struct, frozen=True, rename="camel"):
    results: tuple[Mapping[str, Any], ...]
    errors: tuple[WrongDocument, ...] | None = None


def order_from_delivery(delivery: Delivery, sales_channel_id: int, paid: datetime) -> dict[str, Any]:
    """One order in the body of `PUT /v1/order`, which is a list of them. What is delivered has been paid for, or it
    would wait for that there. Lines with the same SKU become one item."""
    quantities = quantities_of((line.sku, line.quantity) for line in delivery.lines)
    body: dict[str, Any] = dict.fromkeys(COSTS, NOTHING)
    body |= {
        "salesChannelId": sales_channel_id,
        "orderNumber": delivery.reference,
        "orderDate": stamp(paid),
        "paymentDate": stamp(paid),
        "orderItems": [
            {
                "listingName": sku,
                "listingSku": sku,
                "quantityOrdered": quantity,
                "tax": NOTHING,
                "unitPrice": NOTHING,
            }
            for sku, quantity in quantities.items()
        ],
        **address_to_document(delivery.ship_to),
    }
    optional = {
        "shipEmail": delivery.email or delivery.ship_to.email,
        "requestedShippingService": delivery.shipping_method,
        "internalNotes": delivery.note,
    }
    return body | {name: text for name, text in optional.items() if text}


def address_to_document(address: Address) -> dict[str, Any]:
    """Countries that have no alpha-3 code are sent as they are, for the vendor to refuse."""
    needed = {
        "shipName": address.name,
        "shipAddress1": address.street1,
        "shipCity": address.city,
        "shipState": address.region,
        "shipZipCode": address.postal_code,
        "shipCountry": ALPHA3.get(address.country, address.country),
    }
    optional = {"shipCompany": address.company, "shipAddress2": address.street2, "shipPhone": address.phone}
    return needed | {name: text for name, text in optional.items() if text}


def state_from_order(order: OrderDocument, connection: str) -> DeliveryState:
    """What Order Manager says of our delivery. An order that waits with a parcel under way has shipped in part."""
    state = DeliveryState(Ref(connection, str(order.order_id)), order.order_number, "open")
    match order.order_status:
        case "SHIPPED" | "PROCESSED_OUTSIDE_OF_SKUBANA":
            return DeliveryState(state.remote, state.reference, "shipped")
        case "CANCELLED":
            return DeliveryState(state.remote, state.reference, "cancelled")
    under_way = order.shipment is not None and order.shipment.delivery_status != VOIDED
    return DeliveryState(state.remote, state.reference, "partly_shipped") if under_way else state


def quantities_of_order(order: OrderDocument) -> Mapping[str, int]:
    """How many of each SKU an order asks for."""
    return quantities_of((item.listing_sku, item.quantity_ordered) for item in order.order_items)


def shipments_of(order: OrderDocument, found: Sequence[ShipmentDocument], connection: str) -> list[Shipment]:
    """An order's parcels. A shipment says when it was made and not when it changed; its order says that, since voiding
    changes it too."""
    ordered = sorted(found, key=lambda each: each.shipment_id)
    lines = _lines(order, ordered)
    return [
        Shipment(
            source=Ref(connection, str(each.shipment_id)),
            reference=order.order_number,
            shipped=in_utc(each.ship_date or each.created),
            updated=in_utc(order.modified_date),
            lines=lines[each.shipment_id],
            parcels=_parcels(each),
            voided=each.delivery_status == VOIDED,
        )
        for each in ordered
    ]


def _lines(order: OrderDocument, ordered: Sequence[ShipmentDocument]) -> dict[int, tuple[ShipmentLine, ...]]:
    """What was in each shipment, which only the order tells: side by side where it tells of as many, else by tracking
    number. A parcel it does not tell of held the whole order, as it has to be at a vendor that ships no parts."""
    told = order.shipments or ()
    if len(told) == len(ordered):
        return {each.shipment_id: _sent(sent) for each, sent in zip(ordered, told, strict=True)}
    by_number = {number: _sent(sent) for sent in told for number in sent.tracking_numbers}
    whole = tuple(ShipmentLine(sku, quantity) for sku, quantity in quantities_of_order(order).items())
    return {each.shipment_id: by_number.get(each.tracking_number or "", whole) for each in ordered}


def _sent(sent: SentDocument) -> tuple[ShipmentLine, ...]:
    return tuple(ShipmentLine(item.listing_sku, item.quantity) for item in sent.items)


def _parcels(shipment: ShipmentDocument) -> tuple[Parcel, ...]:
    if not shipment.tracking_number:
        return ()
    carrier = shipment.ship_method.shipping_carrier if shipment.ship_method else None
    return (Parcel(shipment.tracking_number, carrier or "", next(iter(shipment.tracking_urls or ()), "")),)


def warehouse_from_document(warehouse: WarehouseDocument) -> Warehouse:
    return Warehouse(str(warehouse.warehouse_id), warehouse.name)


def level_from_total(total: TotalDocument, warehouse: str, as_of: datetime) -> Level:
    """What there is in one warehouse. What is locked is no more to be had than what is allocated."""
    return Level(
        sku=total.product.master_sku,
        warehouse=warehouse,
        available=total.available_quantity,
        on_hand=total.on_hand_quantity,
        allocated=total.on_hand_quantity - total.available_quantity,
        as_of=as_of,
    )


def product_from_document(product: ProductDocument, connection: str) -> Product:
    """A price of nothing is one that nobody gave."""
    price = product.map_price
    return Product(
        source=Ref(connection, str(product.product_id)),
        sku=product.master_sku,
        title=product.name,
        updated=in_utc(product.modified_date),
        barcode=product.upc or "",
        price=money(price.amount, price.currency) if price and price.amount else None,
        active=product.active,
    )
