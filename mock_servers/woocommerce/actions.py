"""What people do in a WooCommerce store: the shopper at the checkout, the merchant in the admin.

They go through the same behaviours as the API and are told of in the same events.
"""

from typing import Any

from msgspec import Struct

from mock_servers.core.fake import Work
from mock_servers.core.filters import All, Is, Some
from mock_servers.core.refusal import UsageError
from mock_servers.core.store import Document
from mock_servers.woocommerce.behaviour import coupons, customers, order_changes, products, stock, trackings
from mock_servers.woocommerce.behaviour.base import amount, fact, fake, text
from mock_servers.woocommerce.behaviour.callers import grant_key
from mock_servers.woocommerce.behaviour.orders import entered, paid, save_order

Json = dict[str, Any]
OVER = frozenset({"completed", "cancelled", "refunded", "failed", "trash"})


class Line(Struct, frozen=True, forbid_unknown_fields=True):
    """Something in the basket."""

    sku: str
    quantity: int = 1


class Address(Struct, frozen=True, forbid_unknown_fields=True):
    """Where it is to go; also who pays."""

    first_name: str = "Ada"
    last_name: str = "Shopper"
    company: str = ""
    address_1: str = "1 Mill Road"
    address_2: str = ""
    city: str = "Dover"
    state: str = "DE"
    postcode: str = "19901"
    country: str = "US"
    phone: str = ""


class Checkout(Struct, frozen=True, forbid_unknown_fields=True):
    """A basket, and who pays for it. Not `paid` is a bank transfer that has yet to come: the order is on hold.

    `customer` is the address of an account; without it they buy as a guest. `coupons` are codes.
    """

    lines: list[Line]
    email: str = "shopper@example.com"
    address: Address = Address()
    paid: bool = True
    note: str = ""
    shipping: str = "Flat rate"
    shipping_price: str = "3.00"
    customer: str = ""
    coupons: list[str] = []


class NewCustomer(Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody who makes an account."""

    email: str
    first_name: str = ""
    last_name: str = ""
    address: Address | None = None


class NewCoupon(Struct, frozen=True, forbid_unknown_fields=True):
    """`discount_type` is percent, fixed_cart or fixed_product."""

    code: str
    discount_type: str = "percent"
    amount: str = "10.00"


class CouponOnly(Struct, frozen=True, forbid_unknown_fields=True):
    """`code` says which."""

    code: str


class OrderOnly(Struct, frozen=True, forbid_unknown_fields=True):
    """`order` is an order's number or id."""

    order: str


class Edit(OrderOnly, frozen=True):
    """`quantities` is SKU → the quantity wanted now; 0 takes the line off."""

    quantities: dict[str, int] = {}
    note: str | None = None
    address: Address | None = None


class Ship(OrderOnly, frozen=True):
    """A parcel, by the Shipment Tracking extension; `complete` when nothing is left to ship."""

    tracking_number: str = "1Z999AA10123456784"
    carrier: str = "UPS"
    complete: bool = False


class Status(OrderOnly, frozen=True):
    """`status` is one of the store's: processing, on-hold, completed, cancelled, refunded, failed …"""

    status: str


class Count(Struct, frozen=True, forbid_unknown_fields=True):
    """`quantity` can be sold from now on, and is managed."""

    sku: str
    quantity: int


class NewProduct(Struct, frozen=True, forbid_unknown_fields=True):
    """A simple product whose stock is managed; with `parent` (a SKU) a variation of another, called `option`."""

    sku: str
    title: str = ""
    price: str = "10.00"
    quantity: int = 0
    parent: str = ""
    option: str = ""
    virtual: bool = False


class EditProduct(Struct, frozen=True, forbid_unknown_fields=True):
    """`sku` says which; what is left out stays."""

    sku: str
    title: str | None = None
    price: str | None = None
    new_sku: str | None = None
    status: str | None = None


class NewKey(Struct, frozen=True, forbid_unknown_fields=True):
    """`permission` is read, write or read_write."""

    permission: str = "read"


# The shopper ----------------------------------------------------------------------------------------------------------


@fake.action("checkout", Checkout)
def checkout(work: Work, given: Checkout) -> Json:
    """A shopper buys: the order takes its stock, and is to be processed once it is paid."""
    if not given.lines or any(line.quantity < 1 for line in given.lines):
        raise UsageError("a basket needs lines, each with a quantity of at least 1")
    address = _address(given.address)
    order = order_changes.make_order(
        work,
        {
            "billing": address | {"email": given.email},
            "shipping": address,
            "customer_note": given.note,
            "customer_id": _account(work, given.customer),
            **({"coupon_lines": [{"code": code} for code in given.coupons]} if given.coupons else {}),
            "payment_method": "stripe" if given.paid else "bacs",
            "payment_method_title": "Credit card" if given.paid else "Direct bank transfer",
            "line_items": [_basket_line(work, line) for line in given.lines],
            "shipping_lines": [
                {
                    "method_id": "flat_rate",
                    "instance_id": "3",
                    "method_title": given.shipping,
                    "total": given.shipping_price,
                }
            ],
            **(
                {"set_paid": True, "transaction_id": f"ch_{work.chance.getrandbits(48):012x}"}
                if given.paid
                else {"status": "on-hold"}
            ),
        },
        "checkout",
    )
    return {"id": int(order.id), "number": order["number"], "status": order["status"], "total": order["total"]}


def _account(work: Work, email: str) -> int:
    if not email:
        return 0
    customer = work.collection("customer").first(Is("email", "same", email))
    if customer is None:
        raise UsageError(f"nobody has an account by {email!r}; let them register first")
    return int(customer.id)


@fake.action("register", NewCustomer)
def register(work: Work, given: NewCustomer) -> Json:
    """A shopper makes an account."""
    if customers.EMAIL.fullmatch(given.email) is None:
        raise UsageError(f"{given.email!r} is no address")
    address = _address(given.address) if given.address else {}
    names = {"first_name": given.first_name, "last_name": given.last_name}
    body = {"email": given.email, **names, "billing": address, "shipping": address}
    customer = customers.make_customer(work, body)
    return {"customer": int(customer.id), "username": customer["username"]}


def _basket_line(work: Work, line: Line) -> Json:
    product = product_by_sku(work, line.sku)
    kept = stock.keeper(work, product)
    if kept is not None and kept["backorders"] == "no" and (kept["stock_quantity"] or 0) < line.quantity:
        raise UsageError(f"there are {kept['stock_quantity'] or 0} of {line.sku}; count stock first")
    if product["status"] != "publish":
        raise UsageError(f"{line.sku} is {product['status']} and not for sale")
    return {"product_id": int(product.id), "quantity": line.quantity}


def product_by_sku(work: Work, sku: str) -> Document:
    """The product or variation with this SKU. Raises UsageError."""
    product = work.collection("product").first(Is("sku", "=", sku)) if sku else None
    if product is None:
        raise UsageError(f"no product has the SKU {sku!r}")
    return product


def _address(address: Address) -> Json:
    return {name: getattr(address, name) for name in Address.__struct_fields__}


# The merchant ---------------------------------------------------------------------------------------------------------


def order_named(work: Work, name: str) -> Document:
    """The order with this number or id. Raises UsageError."""
    order = work.collection("order").first(Some(Is("id", "=", name), Is("number", "=", name)))
    if order is None:
        raise UsageError(f"there is no order {name!r}")
    return order


@fake.action("pay", OrderOnly)
def pay(work: Work, given: OrderOnly) -> Json:
    """The money for an order comes in."""
    order = order_named(work, given.order)
    if order["status"] not in {"pending", "on-hold", "failed"}:
        raise UsageError(f"order {order['number']} is {order['status']} and not to be paid")
    return _said(save_order(work, paid(work, order.body)))


@fake.action("cancel", OrderOnly)
def cancel(work: Work, given: OrderOnly) -> Json:
    """The merchant cancels an order; what it took of the stock comes back."""
    order = order_named(work, given.order)
    if order["status"] in OVER:
        raise UsageError(f"order {order['number']} is {order['status']}")
    return _said(save_order(work, entered(work, order.body, "cancelled")))


@fake.action("set_status", Status)
def set_status(work: Work, given: Status) -> Json:
    """The merchant gives an order another status: any may follow any."""
    order = order_named(work, given.order)
    if given.status not in fact("order_statuses"):
        raise UsageError(f"{given.status!r} is none of {', '.join(fact('order_statuses'))}")
    if order["status"] == "trash":
        raise UsageError(f"order {order['number']} is in the trash")
    return _said(save_order(work, entered(work, order.body, given.status)))


@fake.action("edit", Edit)
def edit(work: Work, given: Edit) -> Json:
    """The merchant changes an order: quantities, note, address. Amounts follow the quantities, as the editor has it."""
    order = order_named(work, given.order)
    if order["status"] in OVER:
        raise UsageError(f"order {order['number']} is {order['status']}")
    body: Json = {"line_items": [_edited(work, order, sku, count) for sku, count in given.quantities.items()]}
    if given.note is not None:
        body["customer_note"] = given.note
    if given.address is not None:
        body |= {"shipping": _address(given.address)}
    return _said(order_changes.change_order(work, order.id, body))


def _edited(work: Work, order: Document, sku: str, count: int) -> Json:
    if count < 0:
        raise UsageError("a quantity cannot be negative")
    line = next((line for line in order["line_items"] if line["sku"] == sku), None)
    product = product_by_sku(work, sku)
    if line is None:
        if count == 0:
            raise UsageError(f"order {order['number']} has no {sku}")
        return {"product_id": int(product.id), "quantity": count}
    total = text(amount(line["subtotal"]) / (line["quantity"] or 1) * count)
    return {"id": line["id"], "quantity": count, **({"subtotal": total, "total": total} if count else {})}


@fake.action("ship", Ship)
def ship(work: Work, given: Ship) -> Json:
    """Somebody at the store ships by hand and notes the parcel's number."""
    order = order_named(work, given.order)
    if order["status"] not in {"processing", "completed"}:
        raise UsageError(f"order {order['number']} is {order['status']} and not to be shipped")
    parcel = {"custom_tracking_provider": given.carrier, "tracking_number": given.tracking_number}
    tracking = trackings.add_tracking(work, order, parcel)
    if given.complete:
        save_order(work, entered(work, order_named(work, given.order).body, "completed"))
    return {"number": order["number"], "tracking_id": tracking["tracking_id"]}


@fake.action("trash", OrderOnly)
def trash(work: Work, given: OrderOnly) -> Json:
    """The merchant throws an order away."""
    order = order_named(work, given.order)
    if order["status"] == "trash":
        raise UsageError(f"order {order['number']} is in the trash already")
    return _said(order_changes.remove_order(work, order.id, force=False))


@fake.action("restore", OrderOnly)
def restore(work: Work, given: OrderOnly) -> Json:
    """The merchant takes an order out of the trash."""
    order = order_named(work, given.order)
    if order["status"] != "trash":
        raise UsageError(f"order {order['number']} is not in the trash")
    return _said(order_changes.restore_order(work, order))


@fake.action("add_coupon", NewCoupon)
def add_coupon(work: Work, given: NewCoupon) -> Json:
    """The merchant makes a coupon."""
    if given.discount_type not in {"percent", "fixed_cart", "fixed_product"}:
        raise UsageError(f"{given.discount_type!r} is none of percent, fixed_cart, fixed_product")
    made = coupons.make_coupon(work, {"code": given.code, "discount_type": given.discount_type, "amount": given.amount})
    return {"coupon": int(made.id), "code": made["code"]}


@fake.action("restore_coupon", CouponOnly)
def restore_coupon(work: Work, given: CouponOnly) -> Json:
    """The merchant takes a coupon out of the trash."""
    wanted = All(Is("code", "=", coupons.formatted_code(given.code)), Is("status", "=", "trash"))
    coupon = work.collection("coupon").first(wanted)
    if coupon is None:
        raise UsageError(f"no coupon {given.code!r} is in the trash")
    return {"coupon": int(coupons.restore_coupon(work, coupon).id)}


@fake.action("count_stock", Count)
def count_stock(work: Work, given: Count) -> Json:
    """Somebody counts: so many can be sold from now on."""
    if not -(10**9) < given.quantity < 10**9:
        raise UsageError("a quantity has nine digits at most")
    product = product_by_sku(work, given.sku)
    kept = stock.keeper(work, product) or product
    changed = stock.with_stock_status(kept | {"manage_stock": True, "stock_quantity": given.quantity})
    products.save_product(work, changed)
    return {"sku": given.sku, "stock_quantity": given.quantity}


@fake.action("add_product", NewProduct)
def add_product(work: Work, given: NewProduct) -> Json:
    """Somebody adds a product, or a variation to one that varies."""
    if not given.sku.strip() or work.collection("product").first(Is("sku", "=", given.sku.strip())) is not None:
        raise UsageError(f"{given.sku!r} is no SKU, or another product has it")
    body: Json = {
        "sku": given.sku,
        "regular_price": given.price,
        "manage_stock": True,
        "stock_quantity": given.quantity,
        "virtual": given.virtual,
        "downloadable": given.virtual,
    }
    if given.parent:
        parent = product_by_sku(work, given.parent)
        if parent["type"] != "variable":
            varying = stock.with_stock_status(parent | {"type": "variable", "manage_stock": False})
            parent = products.save_product(work, varying)
        body["attributes"] = [{"id": 0, "name": "Choice", "option": given.option or given.sku}]
        made = products.make_variation(work, parent, body)
    else:
        made = products.make_product(work, body | {"name": given.title or given.sku})
    return {"product": int(made.id), "sku": made["sku"]}


@fake.action("edit_product", EditProduct)
def edit_product(work: Work, given: EditProduct) -> Json:
    """Somebody changes a product."""
    product = product_by_sku(work, given.sku)
    if given.new_sku and work.collection("product").first(Is("sku", "=", given.new_sku)) is not None:
        raise UsageError(f"another product has the SKU {given.new_sku!r}")
    changes = {"name": given.title, "regular_price": given.price, "sku": given.new_sku, "status": given.status}
    if given.status not in {None, "draft", "pending", "private", "publish"}:
        raise UsageError(f"{given.status!r} is none of draft, pending, private, publish")
    body = {name: value for name, value in changes.items() if value is not None}
    products.changed_product(work, product, body)
    return {"product": int(product.id)}


@fake.action("add_key", NewKey)
def add_key(work: Work, given: NewKey) -> Json:
    """The owner makes another API key."""
    scopes = {"read": ("read",), "write": ("write",), "read_write": ("read", "write")}.get(given.permission)
    if scopes is None:
        raise UsageError(f"a key is for read, write or read_write, not {given.permission!r}")
    key, secret = work.token("ck_", 40), work.token("cs_", 40)
    grant_key(work, key, secret, scopes=scopes)
    return {"consumer_key": key, "consumer_secret": secret, "permissions": given.permission}


def _said(order: Document) -> Json:
    return {"id": int(order.id), "number": order["number"], "status": order["status"], "total": order["total"]}
