"""What people do in Shopify: the shopper at the till, and the merchant in the admin.

They go through the same behaviours as the API and are told of in the same events.
"""

from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from msgspec import Struct

from mock_servers.core.clock import moment_of
from mock_servers.core.fake import Work
from mock_servers.core.filters import Is, Some
from mock_servers.core.refusal import UsageError
from mock_servers.shopify.behaviour import (
    customers,
    fulfillment_order_changes,
    fulfillment_orders,
    fulfillments,
    inventory,
    order_documents,
    orders,
    products,
)
from mock_servers.shopify.behaviour.base import (
    UserErrors,
    fake,
    found,
    gid,
    money,
    next_id,
    shop_of,
    total,
)
from mock_servers.shopify.behaviour.shop import APP, make_location

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


# The shopper ----------------------------------------------------------------------------------------------------------


@fake.action("checkout", Checkout)
def checkout(work: Work, given: Checkout) -> Json:
    """A shopper buys: the order is numbered, claims its stock and is routed to locations."""
    if not given.lines or any(line.quantity < 1 for line in given.lines):
        raise UsageError("a basket needs lines, each with a quantity of at least 1")
    if given.fulfill_at is not None:
        _check_moment(given.fulfill_at)
    shipping_price = _price(given.shipping_price)
    basket = [_basket_line(work, line) for line in given.lines]
    for line in basket:
        if orders.sold_out(work, line):
            raise UsageError(f"{line['variant']['sku']} is sold out; count stock first")
    currency = shop_of(work)["currencyCode"]
    address = order_documents.address_document(work, _address(given.address))
    shipping_id, _ = next_id(work, "ShippingLine")
    order = orders.new_order(
        work,
        {
            "lines": basket,
            "email": given.email,
            "note": given.note,
            "tags": given.tags,
            "customerId": _customer(work, given.email, given.address, address),
            "shippingAddress": address,
            "shippingLines": [
                order_documents.shipping_document(shipping_id, given.shipping, None, shipping_price, currency)
            ],
            "transactions": [{"kind": given.payment, "gateway": "bogus"}] if given.paid else [],
            "fulfillAt": given.fulfill_at,
            "sourceIdentifier": given.source_identifier,
        },
    )
    return {"id": order["id"], "name": order["name"]}


def _basket_line(work: Work, line: Line) -> Json:
    price = None if line.price is None else _price(line.price)
    return {"variant": variant_by_sku(work, line.sku), "quantity": line.quantity, "price": price}


PRICE_BELOW = Decimal(10) ** 15
"""As the API's own Decimal."""


def _price(text: str) -> str:
    """An amount of money that somebody typed. Raises UsageError."""
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal(-1)
    if not amount.is_finite() or not 0 <= amount < PRICE_BELOW:
        raise UsageError(f"{text[:40]!r} is no price; one is written like 19.99")
    return money(amount)


def _check_moment(text: str) -> None:
    try:
        moment_of(text)
    except (ValueError, OverflowError) as error:
        raise UsageError(f"{text[:40]!r} is no moment; one is written like 2026-11-23T12:00:00Z") from error


def variant_by_sku(work: Work, sku: str) -> Json:
    """The variant with this SKU. Raises UsageError."""
    variant = work.collection("variant").first(Is("skuKey", "=", sku.lower()))
    if variant is None:
        raise UsageError(f"no variant has the SKU {sku!r}")
    return variant.body


def _address(address: Address) -> Json:
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


def _customer(work: Work, email: str, given: Address, address: Json | None) -> str:
    known = customers.by_email(work, email)
    if known is not None:
        return str(known["id"])
    id, number = next_id(work, "Customer")
    work.collection("customer").add(
        customers.customer_document(work.stamp, id, number, email, given.first_name, given.last_name, address)
    )
    return id


# The merchant ---------------------------------------------------------------------------------------------------------


def order_named(work: Work, name: str) -> Json:
    """The order with this name, number or id. Raises UsageError."""
    key = name.lower().removeprefix("#")
    ids = (name, gid("Order", name)) if name.isdecimal() else (name,)
    order = work.collection("order").first(Some(Is("id", "in", ids), Is("nameKey", "=", key)))
    if order is None:
        raise UsageError(f"there is no order {name!r}")
    return order.body


@fake.action("pay", OrderOnly)
def pay(work: Work, given: OrderOnly) -> Json:
    """The money for an order comes in."""
    order = order_named(work, given.order)
    if order["displayFinancialStatus"] not in {"PENDING", "AUTHORIZED", "PARTIALLY_PAID"}:
        raise UsageError(f"{order['name']} is {order['displayFinancialStatus'].lower()} and not to be paid")
    paid = orders.pay(work, order)
    return {"name": paid["name"], "financial_status": paid["displayFinancialStatus"]}


@fake.action("cancel", Cancel)
def cancel(work: Work, given: Cancel) -> Json:
    """The merchant cancels an order in the admin; unlike through the API it is done at once."""
    order = order_named(work, given.order)
    if given.reason not in {"CUSTOMER", "DECLINED", "FRAUD", "INVENTORY", "OTHER", "STAFF"}:
        raise UsageError(f"{given.reason!r} is no reason of Shopify's")
    if errors := orders.cancel_errors(work, order):
        raise UsageError(f"{order['name']}: {errors[0]['message']}")
    cancelled = orders.cancel(work, order, given.reason, restock=given.restock, refund=given.refund)
    return {"name": cancelled["name"], "cancelled_at": cancelled["cancelledAt"]}


@fake.action("edit", Edit)
def edit(work: Work, given: Edit) -> Json:
    """The merchant edits an order: quantities, note, address. Fulfilment orders that change are replaced."""
    order = order_named(work, given.order)
    if order["cancelledAt"]:
        raise UsageError(f"{order['name']} is cancelled")
    for sku, count in given.quantities.items():
        order = _set_quantity(work, order, sku, count)
    changes: Json = {"edited": order["edited"] or bool(given.quantities)}
    if given.note is not None:
        changes["note"] = given.note
    if given.address is not None:
        changes["shippingAddress"] = order_documents.address_document(work, _address(given.address))
    edited = orders.change_order(work, orders.roll_up(work, order), changes, "orders/edited")
    if given.address is not None:
        fulfillment_orders.readdress(work, edited)
    return {"name": edited["name"], "total": edited["amounts"]["currentTotal"]}


def _set_quantity(work: Work, order: Json, sku: str, count: int) -> Json:
    line = next((each for each in order["lines"] if (each["sku"] or "").lower() == sku.lower()), None)
    if count < 0:
        raise UsageError("a quantity cannot be negative")
    if line is None:
        return _add_line(work, order, sku, count)
    if count < line["fulfilledQuantity"]:
        raise UsageError(f"{line['fulfilledQuantity']} of {sku} have been shipped already")
    delta = count - line["currentQuantity"]
    if delta > 0:
        return _add_line(work, order, sku, delta)
    return _take_off(work, order, line, -delta)


def _add_line(work: Work, order: Json, sku: str, count: int) -> Json:
    """More of something is a line of its own, routed like a new order's."""
    variant = variant_by_sku(work, sku)
    line_id, _ = next_id(work, "LineItem")
    line = order_documents.line_document(line_id, order["id"], {"quantity": count}, variant, order["currencyCode"])
    fulfillment_orders.route(work, order | {"lines": [line]})
    return _recount(work, order, [*order["lines"], line])


def _take_off(work: Work, order: Json, line: Json, count: int) -> Json:
    """Fewer are wanted: the fulfilment order they waited in is closed and a new one takes its place."""
    left = count
    for row in fulfillment_orders.of_order(work, order["id"]):
        waiting = next((each for each in row["lines"] if each["lineItemId"] == line["id"]), None)
        if row["status"] in fulfillment_orders.CLOSED or waiting is None or not left:
            continue
        off = min(left, waiting["remainingQuantity"])
        left -= off
        if line["claimed"]:
            inventory.commit(work, line["inventoryItemId"], row["locationId"], -off)
        kept = [
            each | {"remainingQuantity": each["remainingQuantity"] - (off if each is waiting else 0)}
            for each in row["lines"]
        ]
        fulfillment_orders.change(
            work, row, {"status": "CLOSED", "lines": [each | {"remainingQuantity": 0} for each in kept]}
        )
        fulfillment_orders.replace(work, row | {"lines": kept})
    gone = {
        "currentQuantity": line["currentQuantity"] - count + left,
        "unfulfilledQuantity": line["unfulfilledQuantity"] - count + left,
    }
    lines = [each | gone if each["id"] == line["id"] else each for each in order["lines"]]
    return _recount(work, order, lines)


def _recount(work: Work, order: Json, lines: list[Json]) -> Json:
    subtotal = total(Decimal(line["price"]) * line["currentQuantity"] for line in lines)
    rest = Decimal(order["amounts"]["shipping"]) + Decimal(order["amounts"]["tax"])
    now = {"currentSubtotal": money(subtotal), "currentTotal": money(subtotal + rest)}
    changed = order | {"lines": lines, "amounts": order["amounts"] | now}
    return work.collection("order").save(order_documents.with_keys(changed)).body


@fake.action("fulfill", Fulfill)
def fulfill(work: Work, given: Fulfill) -> Json:
    """The merchant marks items of an order as fulfilled in the admin; all that is left when none are named."""
    order = order_named(work, given.order)
    tracking = fulfillments.tracking_of({"company": given.carrier or None, "number": given.tracking_number or None})
    open_ones = [
        row
        for row in fulfillment_orders.of_order(work, order["id"])
        if row["status"] in fulfillments.FULFILLABLE and fulfillment_orders.remaining(row)
    ]
    chosen = _chosen(open_ones, {sku.lower(): count for sku, count in given.items.items()})
    if not chosen:
        raise UsageError(f"nothing of {order['name']} is left to fulfil")
    made = [fulfillments.ship(work, group, tracking) for group in _by_location(chosen)]
    return {"fulfillments": [each["name"] for each in made]}


def _chosen(rows: list[Json], wanted: dict[str, int]) -> fulfillments.Units:
    chosen: fulfillments.Units = []
    left = dict(wanted)
    for row in rows:
        units = {}
        for line in row["lines"]:
            sku = (line["sku"] or "").lower()
            count = min(left.get(sku, 0), line["remainingQuantity"]) if wanted else line["remainingQuantity"]
            if count:
                units[line["id"]] = count
                left[sku] = left.get(sku, 0) - count
        if units:
            chosen.append((row, units))
    if wanted and any(count > 0 for count in left.values()):
        short = ", ".join(sorted(sku.upper() for sku, count in left.items() if count > 0))
        raise UsageError(f"not so many are left to fulfil of: {short}")
    return chosen


def _by_location(chosen: fulfillments.Units) -> list[fulfillments.Units]:
    groups: dict[str, fulfillments.Units] = {}
    for row, units in chosen:
        groups.setdefault(row["locationId"], []).append((row, units))
    return list(groups.values())


@fake.action("count_stock", Count)
def count_stock(work: Work, given: Count) -> Json:
    """Somebody counts: so many of a SKU can be sold at a location from now on."""
    _check_quantity(given.quantity)
    variant = variant_by_sku(work, given.sku)
    location = location_named(work, given.location)
    level = inventory.level_of(work, variant["inventoryItemId"], location["id"])
    if level is None:
        level = inventory.stock(work, variant["inventoryItemId"], location["id"])
    delta = given.quantity - inventory.quantity(level, "available")
    inventory.shift(work, level, {"available": delta})
    return {"sku": variant["sku"], "location": location["name"], "available": given.quantity}


def _check_quantity(quantity: int) -> None:
    if not 0 <= quantity <= inventory.QUANTITY_MAXIMUM:
        raise UsageError(f"a quantity is 0 to {inventory.QUANTITY_MAXIMUM}")


def location_named(work: Work, name: str) -> Json:
    """A location by its name or id; the first one for no name. Raises UsageError."""
    rows = [row.body for row in work.collection("location").rows()]
    found_ones = [row for row in rows if not name or name in {row["id"], row["name"]} or row["nameKey"] == name.lower()]
    if not found_ones:
        raise UsageError(f"there is no location {name!r}; there are: {', '.join(row['name'] for row in rows)}")
    return found_ones[0]


@fake.action("edit_product", EditProduct)
def edit_product(work: Work, given: EditProduct) -> Json:
    """The merchant edits a product in the admin."""
    variant = variant_by_sku(work, given.sku)
    changes: Json = {}
    if given.price is not None:
        changes["price"] = _price(given.price)
    if given.barcode is not None:
        changes["barcode"] = given.barcode
    if given.new_sku is not None:
        inventory.change_item(work, found(work, "InventoryItem", variant["inventoryItemId"]), {"sku": given.new_sku})
        variant = found(work, "ProductVariant", variant["id"])
    if changes:
        variant = products.change_variant(work, variant, changes)
    about = {name: value for name, value in (("title", given.title), ("status", given.status)) if value is not None}
    if "status" in about and about["status"] not in {"ACTIVE", "ARCHIVED", "DRAFT", "UNLISTED"}:
        raise UsageError(f"{about['status']!r} is no status of a product")
    if about or given.new_sku is not None:
        products.change_product(work, found(work, "Product", variant["productId"]), about)
    return {"sku": variant["sku"], "price": variant["price"]}


@fake.action("add_product", NewProduct)
def add_product(work: Work, given: NewProduct) -> Json:
    """The merchant adds a product with one variant, and stocks it at the first location."""
    if work.collection("variant").first(Is("skuKey", "=", given.sku.lower())) is not None:
        raise UsageError(f"the SKU {given.sku!r} is taken")
    _check_quantity(given.quantity)
    variant = {
        "sku": given.sku,
        "price": _price(given.price),
        "requiresShipping": given.requires_shipping,
        "tracked": given.tracked,
    }
    product = products.make_product(work, given.title or given.sku, [variant])
    made = variant_by_sku(work, given.sku)
    inventory.stock(work, made["inventoryItemId"], location_named(work, "")["id"], given.quantity)
    products.tell_product(work, product, "products/create")
    return {"product": product["id"], "variant": made["id"], "inventory_item": made["inventoryItemId"]}


@fake.action("add_location", NewLocation)
def add_location(work: Work, given: NewLocation) -> Json:
    """The merchant opens a location, or an app registers a fulfilment service with one."""
    service = "-".join(given.name.lower().split()) if given.fulfillment_service else None
    location = make_location(work, given.name, {"address1": "2 Dock Road", "city": given.city}, service=service)
    if service:
        location = location | {"serviceApp": work.collection("app").get(APP)["apiKey"]}
        work.collection("location").save(location)
    return {"id": location["id"], "name": location["name"]}


@fake.action("request_fulfillment", OrderOnly)
def request_fulfillment(work: Work, given: OrderOnly) -> Json:
    """The merchant asks the fulfilment service to ship an order."""
    rows = _rows_at_services(work, given.order, {"UNSUBMITTED", "REJECTED"})
    return _step(work, rows, fulfillment_order_changes.submit_fulfillment_request, {})


@fake.action("request_cancellation", RequestCancellation)
def request_cancellation(work: Work, given: RequestCancellation) -> Json:
    """The merchant asks the fulfilment service not to ship what it has accepted."""
    rows = _rows_at_services(work, given.order, {"ACCEPTED", "CANCELLATION_REJECTED"})
    return _step(work, rows, fulfillment_order_changes.submit_cancellation_request, {"message": given.message})


def _rows_at_services(work: Work, order: str, requests: set[str]) -> list[Json]:
    rows = fulfillment_orders.of_order(work, order_named(work, order)["id"])
    fitting = [row for row in rows if row["service"] and row["requestStatus"] in requests]
    if not fitting:
        raise UsageError(
            f"no fulfilment order of {order} at a fulfilment service is {' or '.join(sorted(requests)).lower()}"
        )
    return fitting


def _step(work: Work, rows: list[Json], does: Any, args: Json) -> Json:
    for row in rows:
        try:
            does(work, args | {"id": row["id"]})
        except UserErrors as refused:
            raise UsageError(refused.errors[0]["message"]) from refused
    now = [found(work, "FulfillmentOrder", row["id"]) for row in rows]
    return {"fulfillment_orders": [{"id": row["id"], "request_status": row["requestStatus"]} for row in now]}
