"""What people's deeds are told with, and how what they name is found."""

from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from msgspec import Struct

from mock_servers.core.clock import moment_of
from mock_servers.core.fake import Work
from mock_servers.core.filters import Is, Some
from mock_servers.core.refusal import UsageError
from mock_servers.shopify.behaviour.base import (
    gid,
    money,
)

Json = dict[str, Any]


class Line(Struct, frozen=True, forbid_unknown_fields=True):
    """Something in the basket."""

    sku: str
    quantity: int = 1
    price: str | None = None


class Address(Struct, frozen=True, forbid_unknown_fields=True):
    """Where it is to go."""

    first_name: str = "Ada"
    last_name: str = "Shopper"
    address1: str = "1 Harbor Street"
    address2: str | None = None
    city: str = "Portland"
    province_code: str | None = "ME"
    province: str | None = None
    zip: str = "04101"
    country_code: str = "US"
    phone: str | None = None
    company: str | None = None


class Checkout(Struct, frozen=True, forbid_unknown_fields=True):
    """A basket, and who pays for it. Not `paid` is cash on delivery; `payment` is SALE, or AUTHORIZATION where money is
    captured later; `fulfill_at` (a moment) puts it off."""

    lines: list[Line]
    email: str = "shopper@example.com"
    address: Address = Address()
    paid: bool = True
    payment: Literal["SALE", "AUTHORIZATION"] = "SALE"
    note: str | None = None
    tags: list[str] = []
    shipping: str = "Standard"
    shipping_price: str = "5.00"
    fulfill_at: str | None = None
    source_identifier: str | None = None


class OrderOnly(Struct, frozen=True, forbid_unknown_fields=True):
    """`order` is an order's name (`#1001`), number or id."""

    order: str


class Cancel(OrderOnly, frozen=True):
    """`reason` is one of Shopify's: CUSTOMER, DECLINED, FRAUD, INVENTORY, OTHER, STAFF."""

    reason: str = "CUSTOMER"
    restock: bool = True
    refund: bool = True


class Edit(OrderOnly, frozen=True):
    """`quantities` is SKU → the quantity wanted now; 0 takes the line off."""

    quantities: dict[str, int] = {}
    note: str | None = None
    address: Address | None = None


class Fulfill(OrderOnly, frozen=True):
    """`items` is SKU → quantity and means all that is left when empty."""

    items: dict[str, int] = {}
    tracking_number: str = ""
    carrier: str = ""


class Count(Struct, frozen=True, forbid_unknown_fields=True):
    """`quantity` can be sold from now on; `location` is a name or an id, the first one when empty."""

    sku: str
    quantity: int
    location: str = ""


class EditProduct(Struct, frozen=True, forbid_unknown_fields=True):
    """`sku` says which variant; what is left out stays."""

    sku: str
    title: str | None = None
    price: str | None = None
    barcode: str | None = None
    new_sku: str | None = None
    status: str | None = None


class NewProduct(Struct, frozen=True, forbid_unknown_fields=True):
    """A product with one variant, and what there is of it at the first location."""

    sku: str
    title: str = ""
    price: str = "10.00"
    quantity: int = 0
    requires_shipping: bool = True
    tracked: bool = True


class NewLocation(Struct, frozen=True, forbid_unknown_fields=True):
    """`fulfillment_service`: the world's app runs it, and is asked instead of told."""

    name: str
    city: str = "Reno"
    fulfillment_service: bool = False


class RequestCancellation(OrderOnly, frozen=True):
    """The merchant asks the fulfilment service not to ship."""

    message: str | None = None


# What is named --------------------------------------------------------------------------------------------------------


def variant_by_sku(work: Work, sku: str) -> Json:
    """The variant with this SKU. Raises UsageError."""
    variant = work.collection("variant").first(Is("skuKey", "=", sku.lower()))
    if variant is None:
        raise UsageError(f"no variant has the SKU {sku!r}")
    return variant.body


def order_named(work: Work, name: str) -> Json:
    """The order with this name, number or id. Raises UsageError."""
    key = name.lower().removeprefix("#")
    ids = (name, gid("Order", name)) if name.isdecimal() else (name,)
    order = work.collection("order").first(Some(Is("id", "in", ids), Is("nameKey", "=", key)))
    if order is None:
        raise UsageError(f"there is no order {name!r}")
    return order.body


def location_named(work: Work, name: str) -> Json:
    """A location by its name or id; the first one for no name. Raises UsageError."""
    rows = [row.body for row in work.collection("location").rows()]
    found_ones = [row for row in rows if not name or name in {row["id"], row["name"]} or row["nameKey"] == name.lower()]
    if not found_ones:
        raise UsageError(f"there is no location {name!r}; there are: {', '.join(row['name'] for row in rows)}")
    return found_ones[0]


PRICE_BELOW = Decimal(10) ** 15
"""As the API's own Decimal."""


def price_of(text: str) -> str:
    """An amount of money that somebody typed. Raises UsageError."""
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal(-1)
    if not amount.is_finite() or not 0 <= amount < PRICE_BELOW:
        raise UsageError(f"{text[:40]!r} is no price; one is written like 19.99")
    return money(amount)


def check_moment(text: str) -> None:
    """Refuse what is no moment. Raises UsageError."""
    try:
        moment_of(text)
    except (ValueError, OverflowError) as error:
        raise UsageError(f"{text[:40]!r} is no moment; one is written like 2026-11-23T12:00:00Z") from error


def address_of(address: Address) -> Json:
    """An address as the API takes it."""
    return {
        "firstName": address.first_name,
        "lastName": address.last_name,
        "company": address.company,
        "address1": address.address1,
        "address2": address.address2,
        "city": address.city,
        "provinceCode": address.province_code,
        "province": address.province,
        "zip": address.zip,
        "countryCode": address.country_code,
        "phone": address.phone,
    }
