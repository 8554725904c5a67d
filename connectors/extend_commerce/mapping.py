"""Between Extend's documents and canonical records, both ways, without a connection.

Only fields that are needed are named, and those it does not promise have defaults; unknown ones pass (its models only
grow). Names are spelled as the vendor has frozen them.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Literal

from msgspec import Struct, field

from connectors.canonical import Address, Delivery, DeliveryState, Level, Money, Parcel, Ref, Shipment, ShipmentLine
from connectors.core.reading import Moment, in_utc, money

Number = Decimal | int
CANCELLED = "Annulled"
UNDER_WAY = frozenset({"Reserved", "PartiallyDelivered", "Terminated"})
"""From Reserved on the warehouse has it, and nothing can be adjusted."""
# Any other word is an order still under way: the list has grown before.
_STATUS: Mapping[str, Literal["open", "partly_shipped", "shipped", "cancelled"]] = {
    "Terminated": "shipped",
    "PartiallyDelivered": "partly_shipped",
    CANCELLED: "cancelled",
}


class ListedOrder(Struct, frozen=True):
    """A row of `GET CustomerOrders`."""

    order_number: str = field(name="orderNumber")
    order_status: str = field(name="orderStatus")
    change_date: Moment = field(name="changeDate")
    order_number_external: str | None = field(name="orderNumberExternal", default=None)


class SalesData(Struct, frozen=True):
    quantity: Number


class RowProduct(Struct, frozen=True):
    product_number: str = field(name="productNumber")


class OrderRow(Struct, frozen=True):
    product: RowProduct
    sales_data: SalesData = field(name="salesData")
    order_row_status: str = field(name="orderRowStatus", default="")
    shipment_number: str | None = field(name="shipmentNumber", default=None)
    delivery_data: SalesData | None = field(name="deliveryData", default=None)


class OrderShipment(Struct, frozen=True):
    shipment_number: str = field(name="shipmentNumber")
    create_date: Moment = field(name="createDate")
    packages: tuple[str, ...] = ()
    forwarder: str | None = None


class OrderHeader(Struct, frozen=True):
    order_number: str = field(name="orderNumber")
    order_status: str = field(name="orderStatus")
    order_number_external: str | None = field(name="orderNumberExternal", default=None)
    change_date: Moment | None = field(name="changeDate", default=None)
    shipments: tuple[OrderShipment, ...] | None = None


class OrderDocument(Struct, frozen=True):
    """What `GET CustomerOrders/{n}` and a `POST` answer."""

    order_header: OrderHeader = field(name="orderHeader")
    order_rows: tuple[OrderRow, ...] = field(name="orderRows")


class Success(Struct, frozen=True):
    """`CustomSuccess`, with capitals."""

    message: str = field(name="Message")


class AvailabilityDocument(Struct, frozen=True):
    """A row of `GET ProductAvailability`."""

    warehouse: str
    product_number: str = field(name="productNumber")
    physical_balance: int = field(name="physicalBalance")
    available_balance_now: int = field(name="availableBalanceNow")
    warehouse_name: str = field(name="warehouseName")


class ListedProduct(Struct, frozen=True):
    """A row of `GET Products`: one for each product and warehouse."""

    product_number: str = field(name="productNumber")
    create_date: Moment = field(name="createDate")
    product_name: str | None = field(name="productName", default=None)
    gtin_number_list: str | None = field(name="gtinNumberList", default=None)
    enabled: bool = True


class ListedCustomer(Struct, frozen=True):
    """A row of `GET Customers`."""

    customer_number: str = field(name="customerNumber")
    name: str
    delivery_postal_code: str = field(name="deliveryPostalCode")
    delivery_city: str = field(name="deliveryCity")


class CustomerDocument(Struct, frozen=True):
    """What `GET Customers/{n}` and a `POST` answer; the whole model is larger."""

    customer_number: str = field(name="customerNumber")
    name: str


class PriceDocument(Struct, frozen=True):
    """A row of `GET ProductPrices`."""

    product_number: str = field(name="productNumber")
    from_quantity: int = field(name="fromQuantity")
    price: Number
    list_price: Number = field(name="listPrice")
    currency: str


class Price(Struct, frozen=True):
    """The best there is just now for one customer, from a quantity on, without VAT."""

    sku: str
    from_quantity: int
    price: Money
    list_price: Money


# Orders ---------------------------------------------------------------------------------------------------------------


def order_from_delivery(
    delivery: Delivery, *, customer_number: str, unit: str, warehouse: str, sales_channel: str
) -> dict[str, Any]:
    """The body of `POST CustomerOrders`. Prices are left to Extend; each line is a row."""
    header: dict[str, Any] = {
        "orderType": "WebshopOrder",
        "orderNumberExternal": delivery.reference,
        "customerNumber": customer_number,
        "deliveryAddress": address_to_document(delivery.ship_to),
    }
    optional = {
        "salesChannel": sales_channel,
        "yourReference": delivery.number,
        "deliveryMethod": delivery.shipping_method,
        "deliveryEmail": delivery.email or delivery.ship_to.email,
        "delieryPhoneNumber": delivery.ship_to.phone,
    }
    header |= {name: value for name, value in optional.items() if value}
    if delivery.note:
        header["notations"] = {"notes": delivery.note}
    place = {"warehouse": warehouse} if warehouse else {}
    rows = [
        {"product": {"productNumber": line.sku}, "salesData": {"quantity": line.quantity, "unit": unit}} | place
        for line in delivery.lines
    ]
    return {"orderHeader": header, "orderRows": rows}


def address_to_document(address: Address) -> dict[str, str]:
    """Name and company have a line each."""
    members = {
        "name1": address.name,
        "name2": address.company,
        "address1": address.street1,
        "address2": address.street2,
        "postalCode": address.postal_code,
        "city": address.city,
        "state": address.region,
        "countryCode": address.country,
    }
    required = ("name1", "address1", "city", "countryCode")
    return {name: value for name, value in members.items() if value or name in required}


def state_from_row(row: ListedOrder, connection: str) -> DeliveryState:
    return _state(row.order_number, row.order_number_external, row.order_status, connection)


def state_from_order(order: OrderDocument, connection: str) -> DeliveryState:
    header = order.order_header
    return _state(header.order_number, header.order_number_external, header.order_status, connection)


def _state(number: str, external: str | None, status: str, connection: str) -> DeliveryState:
    return DeliveryState(Ref(connection, number), external or "", _STATUS.get(status, "open"))


def quantities_of_order(order: OrderDocument) -> Mapping[str, Number]:
    """How many of each product an order asks for."""
    rows = order.order_rows
    return quantities_of(
        (row.product.product_number, row.sales_data.quantity)
        for row in rows
        if row.order_row_status != CANCELLED or order.order_header.order_status == CANCELLED
    )


def quantities_of(pairs: Iterable[tuple[str, Number]]) -> Mapping[str, Number]:
    """The sum per product, in the order they came. Quantities are doubles there."""
    total: dict[str, Number] = {}
    for sku, quantity in pairs:
        total[sku] = total.get(sku, 0) + quantity
    return total


def shipments_from_order(order: OrderDocument, connection: str) -> list[Shipment]:
    """Every shipment of an order. What is in it is what its rows say; when it changed is when the order did."""
    header = order.order_header
    found = []
    for shipment in header.shipments or ():
        rows = [row for row in order.order_rows if row.shipment_number == shipment.shipment_number]
        quantities = quantities_of(
            (row.product.product_number, (row.delivery_data or row.sales_data).quantity) for row in rows
        )
        found.append(
            Shipment(
                source=Ref(connection, shipment.shipment_number),
                reference=header.order_number_external or "",
                shipped=in_utc(shipment.create_date),
                updated=in_utc(header.change_date or shipment.create_date),
                lines=tuple(ShipmentLine(sku, int(quantity)) for sku, quantity in quantities.items()),
                parcels=tuple(Parcel(number, shipment.forwarder or "") for number in shipment.packages),
            )
        )
    return found


# Balances, products, prices -------------------------------------------------------------------------------------------


def level_from_row(row: AvailabilityDocument, as_of: datetime) -> Level:
    """What is neither available nor missing is ordered or blocked; both are allocated to us."""
    return Level(
        sku=row.product_number,
        warehouse=row.warehouse,
        available=row.available_balance_now,
        on_hand=row.physical_balance,
        allocated=row.physical_balance - row.available_balance_now,
        as_of=as_of,
    )


def price_from_row(row: PriceDocument) -> Price:
    return Price(
        sku=row.product_number,
        from_quantity=row.from_quantity,
        price=money(row.price, row.currency),
        list_price=money(row.list_price, row.currency),
    )


def customer_to_document(
    name: str, address: Address, *, number: str = "", email: str = "", template: str = ""
) -> dict[str, Any]:
    """The body of `POST Customers`, with the members it cannot be without."""
    delivery = {
        "address1": address.street1,
        "postalCode": address.postal_code,
        "city": address.city,
        "country": address.country,
    }
    body: dict[str, Any] = {
        "name": name,
        "customerLogisticsSettings": {"defaultPartialDelivery": "Unknown"},
        "customerDeliveryAddress": {"address": delivery},
    }
    optional = {"customerNumber": number, "orderConfirmationEmail": email, "postTemplate": template}
    return body | {member: value for member, value in optional.items() if value}


# Moments --------------------------------------------------------------------------------------------------------------


def asked(moment: datetime) -> str:
    """As both working clients ask: UTC to the second, rounded down, without an offset."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
