"""The words sync speaks: what a vendor's documents become before anybody compares or moves them.

Every record is frozen. Money is `Decimal` with its currency, times are aware and in UTC, countries are ISO 3166
alpha-2. `updated` is always the source's own clock: compare it only with itself, never with ours.
"""

from datetime import datetime
from decimal import Decimal
from typing import Generic, Literal, TypeVar

from msgspec import Struct

T = TypeVar("T")

OrderStatus = Literal["open", "held", "cancelled", "partly_shipped", "shipped", "closed"]


class Money(Struct, frozen=True):
    """An amount in one currency (ISO 4217)."""

    amount: Decimal
    currency: str


class Ref(Struct, frozen=True, order=True):
    """Where a record lives: the connection it came through and the vendor's stable id, never the display number."""

    connection: str
    id: str


class Address(Struct, frozen=True):
    """A postal address. `region` is the code the country uses for its states or provinces, where there is one."""

    name: str
    street1: str
    city: str
    postal_code: str
    country: str
    region: str = ""
    street2: str = ""
    company: str = ""
    phone: str = ""
    email: str = ""


class Line(Struct, frozen=True):
    """One line of an order. `sku` is as the cart sells it; mapping to the warehouse's SKU happens in sync.

    `fulfillable` is what is still wanted: the ordered quantity less what was removed, refunded or cancelled.
    """

    id: str
    sku: str
    quantity: int
    title: str = ""
    unit_price: Money | None = None
    fulfillable: int | None = None
    requires_shipping: bool = True


class Order(Struct, frozen=True):
    """An order as its source has it."""

    source: Ref
    number: str
    status: OrderStatus
    placed: datetime
    updated: datetime
    lines: tuple[Line, ...]
    ship_to: Address | None = None
    currency: str = ""
    total: Money | None = None
    paid: bool = True
    email: str = ""
    shipping_method: str = ""
    note: str = ""
    tags: tuple[str, ...] = ()


class DeliveryLine(Struct, frozen=True):
    """A line as the warehouse is asked to ship it: its own SKU, and the order line it stands for."""

    sku: str
    quantity: int
    order_line: str = ""


class Delivery(Struct, frozen=True):
    """An order on its way to a destination. `reference` is the handle we choose and can look up again."""

    reference: str
    order: Ref
    number: str
    lines: tuple[DeliveryLine, ...]
    ship_to: Address
    email: str = ""
    shipping_method: str = ""
    note: str = ""


class DeliveryState(Struct, frozen=True):
    """What a destination says about a delivery it knows."""

    remote: Ref
    reference: str
    status: Literal["open", "partly_shipped", "shipped", "cancelled"]


class Parcel(Struct, frozen=True):
    """One box: who carries it, and how to follow it."""

    tracking_number: str
    carrier: str = ""
    tracking_url: str = ""


class ShipmentLine(Struct, frozen=True):
    """How many of a warehouse SKU left in a shipment."""

    sku: str
    quantity: int


class Shipment(Struct, frozen=True):
    """What left the warehouse for one delivery, in one or more parcels."""

    source: Ref
    reference: str
    shipped: datetime
    updated: datetime
    lines: tuple[ShipmentLine, ...]
    parcels: tuple[Parcel, ...]
    voided: bool = False


class Fulfillment(Struct, frozen=True):
    """A shipment as the cart is told of it: the cart's own order and line ids."""

    order: Ref
    lines: tuple[tuple[str, int], ...]
    parcels: tuple[Parcel, ...]
    shipped: datetime
    notify_customer: bool = False


class Level(Struct, frozen=True):
    """Stock of one SKU in one warehouse, as absolute numbers at one moment."""

    sku: str
    warehouse: str
    available: int
    on_hand: int
    as_of: datetime
    allocated: int = 0


class Product(Struct, frozen=True):
    """Something that can be sold or stocked."""

    source: Ref
    sku: str
    title: str
    updated: datetime
    barcode: str = ""
    price: Money | None = None
    active: bool = True


class Warehouse(Struct, frozen=True):
    """A place that holds stock."""

    id: str
    name: str


class Page(Struct, Generic[T], frozen=True):
    """Rows in the order of the source's clock, and the cursor to read on from once they are safely kept."""

    rows: tuple[T, ...]
    cursor: str


class Subscription(Struct, frozen=True):
    """A webhook a vendor sends us. `topic` as its deliveries name it; not `active`: the vendor has given it up."""

    id: str
    topic: str
    uri: str
    active: bool = True


class Hint(Struct, frozen=True):
    """What a webhook tells: something happened to a record; fetch it to learn what."""

    event_id: str
    topic: str
    subject: str
    happened: datetime | None = None
