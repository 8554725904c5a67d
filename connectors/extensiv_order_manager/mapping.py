"""Order Manager's documents and ours, both ways. Pure functions; nothing here knows HTTP.

Shapes as the integration guide gives them, snake_case, times in UTC, money as `{"amount", "currency"}`.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from msgspec import Struct

from connectors.canonical import (
    Address,
    Delivery,
    DeliveryState,
    Level,
    Money,
    Parcel,
    Product,
    Ref,
    Shipment,
    ShipmentLine,
    Warehouse,
)
from connectors.core.reading import Moment, in_utc, money

Id = str | int  # ids are strings on most documents and numbers on warehouses

# The guide names three words and says "e.g.", so the list is not closed: any other word is an order still under way.
_STATUS = {"fulfilled": "shipped", "cancelled": "cancelled"}


class ItemDocument(Struct, frozen=True):
    sku: str
    quantity: int


class OrderDocument(Struct, frozen=True):
    id: Id
    order_number: str
    status: str
    updated_at: Moment
    items: tuple[ItemDocument, ...] = ()
    shipments: tuple[dict[str, Any], ...] | None = None


class ShipmentDocument(Struct, frozen=True):
    id: Id
    order_number: str
    status: str
    updated_at: Moment
    items: tuple[ItemDocument, ...]
    carrier: str | None = None
    tracking_number: str | None = None
    tracking_url: str | None = None
    shipped_at: Moment | None = None


class StockDocument(Struct, frozen=True):
    sku: str
    available: int
    on_hand: int
    allocated: int = 0


class LevelDocument(Struct, frozen=True):
    """What is answered to a level that was set. Only the SKU is read: the rest is not needed, and nowhere promised."""

    sku: str


class WarehouseDocument(Struct, frozen=True):
    warehouse_id: Id
    name: str
    inventory: tuple[StockDocument, ...] = ()


class PriceDocument(Struct, frozen=True):
    amount: Decimal | int
    currency: str


class ProductDocument(Struct, frozen=True):
    id: Id
    sku: str
    name: str
    updated_at: Moment
    price: PriceDocument | None = None
    barcode: str | None = None
    active: bool = True


def order_from_delivery(delivery: Delivery) -> dict[str, Any]:
    """The body of `POST /api/orders`. Lines with the same SKU become one item: the warehouse picks by SKU."""
    quantities = quantities_of((line.sku, line.quantity) for line in delivery.lines)
    return {
        "order_number": delivery.reference,
        "items": [{"sku": sku, "quantity": quantity} for sku, quantity in quantities.items()],
        "shipping_address": address_to_document(delivery.ship_to),
    }


def address_to_document(address: Address) -> dict[str, str]:
    """The guide's address has one line for the name and one for the street; what else there is joins them.

    Phone and e-mail have no place in it.
    """
    return {
        "name": _joined(address.name, address.company),
        "street1": _joined(address.street1, address.street2),
        "city": address.city,
        "state": address.region,
        "postal_code": address.postal_code,
        "country": address.country,
    }


def state_from_order(order: OrderDocument, connection: str) -> DeliveryState:
    """What Order Manager says of our delivery. It has no word for partly shipped; shipments before the end show it."""
    status = _STATUS.get(order.status, "partly_shipped" if order.shipments else "open")
    return DeliveryState(
        remote=Ref(connection, str(order.id)),
        reference=order.order_number,
        status=status,  # type: ignore[arg-type] # the table and the two words above are the port's own
    )


def quantities_of_order(order: OrderDocument) -> Mapping[str, int]:
    """How many of each SKU an order asks for."""
    return quantities_of((item.sku, item.quantity) for item in order.items)


def quantities_of(pairs: Iterable[tuple[str, int]]) -> Mapping[str, int]:
    """The sum per SKU, in the order the SKUs came."""
    total: Counter[str] = Counter()
    for sku, quantity in pairs:
        total[sku] += quantity
    return total


def shipment_from_document(shipment: ShipmentDocument, connection: str) -> Shipment:
    """One row is one parcel. A voided row keeps its time, so that it is learnt again as voided."""
    tracking = shipment.tracking_number or ""
    parcels = (Parcel(tracking, shipment.carrier or "", shipment.tracking_url or ""),) if tracking else ()
    return Shipment(
        source=Ref(connection, str(shipment.id)),
        reference=shipment.order_number,
        shipped=in_utc(shipment.shipped_at or shipment.updated_at),
        updated=in_utc(shipment.updated_at),
        lines=tuple(ShipmentLine(item.sku, item.quantity) for item in shipment.items),
        parcels=parcels,
        voided=shipment.status == "voided",
    )


def warehouse_from_document(warehouse: WarehouseDocument) -> Warehouse:
    return Warehouse(str(warehouse.warehouse_id), warehouse.name)


def levels_from_warehouse(warehouse: WarehouseDocument, as_of: datetime) -> list[Level]:
    """Every SKU one warehouse holds."""
    return [
        Level(
            sku=stock.sku,
            warehouse=str(warehouse.warehouse_id),
            available=stock.available,
            on_hand=stock.on_hand,
            allocated=stock.allocated,
            as_of=as_of,
        )
        for stock in warehouse.inventory
    ]


def product_from_document(product: ProductDocument, connection: str) -> Product:
    return Product(
        source=Ref(connection, str(product.id)),
        sku=product.sku,
        title=product.name,
        updated=in_utc(product.updated_at),
        barcode=product.barcode or "",
        price=money(product.price.amount, product.price.currency) if product.price else None,
        active=product.active,
    )


def product_to_document(sku: str, title: str, price: Money | None, barcode: str) -> dict[str, Any]:
    """The body of `POST /api/products`."""
    return {
        "sku": sku,
        "name": title,
        "price": {"amount": price.amount, "currency": price.currency} if price else None,
        "barcode": barcode or None,
    }


def stock_to_document(level: Level) -> dict[str, Any]:
    """The body of `POST /api/inventory/update`: camelCase, and absolute. Warehouse ids are numbers there."""
    warehouse: Id = int(level.warehouse) if level.warehouse.isdecimal() else level.warehouse
    return {"sku": level.sku, "availableQuantity": max(0, level.available)} | (
        {"warehouseId": warehouse} if level.warehouse else {}
    )


def _joined(*parts: str) -> str:
    return ", ".join(part for part in parts if part)
