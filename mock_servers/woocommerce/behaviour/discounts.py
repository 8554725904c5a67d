"""What coupons take off an order, cent by cent, and which are refused (core WC_Discounts, WC_Abstract_Order).

Amounts are in cents here. Each coupon is reckoned on the prices before any coupon, and takes no more than is left.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from fractions import Fraction
from math import ceil, floor
from typing import Any, NoReturn

from mock_servers.core.fake import Work
from mock_servers.core.store import Document, encode
from mock_servers.woocommerce.behaviour import coupons, stock
from mock_servers.woocommerce.behaviour.base import ZERO, Json, amount, next_item, refuse, text
from mock_servers.woocommerce.behaviour.totals import rates_of, recalculated, tax_of

INVALID = "woocommerce_rest_invalid_coupon"
OF_PRODUCTS = frozenset({"percent", "fixed_product"})


@dataclass
class Item:
    """A line of an order while coupons are reckoned: what it costs, and what each coupon takes off, in cents."""

    line: Json
    product: Document | None
    quantity: int
    price: Fraction
    categories: frozenset[int]
    off: dict[str, Fraction] = field(default_factory=dict)

    @property
    def left(self) -> Fraction:
        return max(Fraction(0), self.price - sum(self.off.values(), Fraction(0)))

    def take(self, code: str, cents: Fraction) -> Fraction:
        self.off[code] = self.off.get(code, Fraction(0)) + cents
        return cents


def with_coupons(work: Work, order: Json, given: Iterable[Json]) -> Json:
    """The order with just these coupons, its sums made anew, and their uses counted. Raises the vendor's refusals."""
    wanted: list[str] = []
    known = {line["code"] for line in order["coupon_lines"]}
    for entry in given:
        if entry.get("id"):
            refuse("woocommerce_rest_coupon_item_id_readonly", "Coupon item ID is readonly.")
        if not entry.get("code"):
            refuse(INVALID, "Coupon code is required.")
        code = coupons.formatted_code(entry["code"])
        if code not in known:
            must_be_valid(work, order, code)
        wanted.append(code)
    if not (known or wanted):
        return order
    for code in known:  # core names the customer alone here: a guest's address stays in `used_by`
        coupons.count_use(work, code, str(order["customer_id"] or ""), -1)
    order = order | {"coupon_lines": []}
    for code in wanted:
        if any(line["code"] == code for line in order["coupon_lines"]):
            refuse(INVALID, f'Coupon code "{code}" already applied!')
        order = _applied(work, order, code)
    return reckoned(work, order)


def counted(work: Work, order: Json) -> Json:
    """Entering a status counts the coupons' uses once, and a cancelled order gives them back (core
    `wc_update_coupon_usage_counts`)."""
    cancelled, counted_before = order["status"] == "cancelled", order.get("coupons_counted", False)
    if order["status"] not in {"pending", "completed", "processing", "on-hold", "cancelled"}:
        return order
    if cancelled is not counted_before:
        return order
    for line in order["coupon_lines"]:
        coupons.count_use(work, line["code"], used_by(order), -1 if cancelled else 1)
    return order | {"coupons_counted": not cancelled}


def used_by(order: Mapping[str, Any]) -> str:
    """A customer's id, or a guest's address."""
    return str(order["customer_id"]) if order["customer_id"] else str(order["billing"]["email"] or "")


def _applied(work: Work, order: Json, code: str) -> Json:
    coupon = coupons.usable(work, code)
    if coupon is None:
        refuse(INVALID, "Invalid coupon code")
    if not order["customer_id"] and _has_used_up(coupon, order["billing"]["email"] or ""):
        refuse(INVALID, f'Usage limit for coupon "{code}" has been reached.')
    order = order | {"coupon_lines": [*order["coupon_lines"], _line(work, coupon)]}
    if order.get("coupons_counted", False):
        coupons.count_use(work, code, used_by(order), 1)
        return order
    return counted(work, order)


def _line(work: Work, coupon: Document) -> Json:
    """A coupon's line keeps what the coupon was (core `get_short_info`), for when it is gone."""
    kind, nominal = coupon["discount_type"], float(coupon["amount"])
    kept = [int(coupon.id), coupon["code"], None if kind == "fixed_cart" else kind]
    kept += [int(nominal) if nominal.is_integer() else nominal, *([True] if coupon["free_shipping"] else [])]
    return {
        "id": next_item(work),
        "code": coupon["code"],
        "discount": "0.00",
        "discount_tax": "0.00",
        "meta_data": [
            {"id": work.next_number("meta", 901), "key": "coupon_info", "value": encode(kept).decode()},
        ],
        "discount_type": kind,
        "nominal_amount": nominal,
        "free_shipping": coupon["free_shipping"],
    }


def reckoned(work: Work, order: Json) -> Json:
    """Every line anew from its price before coupons (core `recalculate_coupons`)."""
    items = _items(work, order)
    lines = []
    for line in order["coupon_lines"]:
        coupon = coupons.usable(work, line["code"])
        _reckon(coupon.body if coupon is not None else _remembered(line), items)
    rates = rates_of(work, order)
    for line in order["coupon_lines"]:
        off = [(item.line, text(_amount(item.off.get(line["code"], Fraction(0))))) for item in items]
        tax = sum((tax_of(cut, rate) for of, cut in off if of["tax_status"] == "taxable" for rate in rates), ZERO)
        total = sum((amount(cut) for _, cut in off), ZERO)
        lines.append(line | {"discount": text(total), "discount_tax": text(tax)})
    totals = {item.line["id"]: text(_amount(item.left)) for item in items}
    goods = [_repriced(line, totals[line["id"]]) for line in order["line_items"]]
    return recalculated(work, order | {"coupon_lines": lines, "line_items": goods})


def _repriced(line: Json, total: str) -> Json:
    price = float(amount(total) / line["quantity"]) if line["quantity"] else 0
    return line | {"total": total, "price": price}


def _amount(cents: Fraction) -> Any:
    return amount(str(float(cents) / 100)) if cents.denominator != 1 else amount(cents.numerator) / 100


def _remembered(line: Json) -> Json:
    nothing: Json = {name: [] for name in coupons.ID_LISTS}
    kept = {
        "code": line["code"],
        "discount_type": line["discount_type"],
        "amount": text(amount(line["nominal_amount"])),
    }
    return nothing | kept | {"limit_usage_to_x_items": None, "exclude_sale_items": False}


# Reckoning ------------------------------------------------------------------------------------------------------------


def _items(work: Work, order: Json) -> list[Item]:
    """The dearest first; what costs the same stays in its order."""
    made = []
    for line in order["line_items"]:
        product, price = stock.product_of(work, line), Fraction(amount(line["subtotal"])) * 100
        made.append(Item(line, product, line["quantity"], price, _categories(work, product)))
    return sorted(made, key=lambda item: -item.price * item.quantity)


def _categories(work: Work, product: Document | None) -> frozenset[int]:
    """A variation is in its parent's categories."""
    if product is None:
        return frozenset()
    parent = work.collection("product").find(str(product["parent_id"])) if product["parent_id"] else None
    return frozenset([*product.get("category_ids", ()), *(parent.get("category_ids", ()) if parent else ())])


def _reckon(coupon: Mapping[str, Any], items: list[Item]) -> None:
    on = [
        item
        for item in items
        if item.left and item.quantity > 0 and (coupon["discount_type"] == "fixed_cart" or _is_for(coupon, item))
    ]
    match coupon["discount_type"]:
        case "percent":
            _percent(coupon, on)
        case "fixed_product":
            _each(coupon, on, _cents(coupon))
        case _:
            _whole_cart(coupon, on, _cents(coupon))


def _cents(coupon: Mapping[str, Any]) -> Fraction:
    return Fraction(amount(coupon["amount"])) * 100


def _percent(coupon: Mapping[str, Any], on: list[Item]) -> None:
    """Each line rounded down; what is missing to the whole is taken off cent by cent, from the dearest on."""
    percent, limit, counted_items = Fraction(amount(coupon["amount"])) / 100, coupon["limit_usage_to_x_items"] or 0, 0
    cart, total = Fraction(0), Fraction(0)
    for item in on:
        quantity = max(0, min(item.quantity, limit - counted_items)) if limit else item.quantity
        price = item.price / item.quantity * quantity
        total += item.take(coupon["code"], min(item.left, Fraction(floor(price * percent))))
        cart, counted_items = cart + price, counted_items + quantity
    whole = Fraction(ceil(cart * percent - Fraction(1, 2)))
    if total < whole:
        _remainder(coupon, on, whole - total)


def _each(coupon: Mapping[str, Any], on: list[Item], cents: Fraction) -> Fraction:
    limit, counted_items, total = coupon["limit_usage_to_x_items"] or 0, 0, Fraction(0)
    for item in on:
        quantity = max(0, min(item.quantity, limit - counted_items)) if limit else item.quantity
        off = (min(cents, item.price / item.quantity) if limit else cents) * quantity
        total += item.take(coupon["code"], min(item.left, off))
        counted_items += quantity
    return total


def _whole_cart(coupon: Mapping[str, Any], on: list[Item], cents: Fraction) -> None:
    """So much for each piece, again for what is left of it, and the last cents one by one."""
    while cents > 0:
        on = [item for item in on if item.left]
        pieces = sum(item.quantity for item in on)
        if not pieces:
            return
        for_each = Fraction(floor(cents / pieces))
        if not for_each:
            _remainder(coupon, on, cents)
            return
        total = _each(coupon, on, for_each)
        if not total:
            return
        cents -= total


def _remainder(coupon: Mapping[str, Any], on: list[Item], cents: Fraction) -> None:
    for item in on:
        if cents <= 0:
            return
        cents -= item.take(coupon["code"], min(Fraction(item.quantity), item.left, cents))


def _is_for(coupon: Mapping[str, Any], item: Item) -> bool:
    """A coupon for products takes something off this one (core `is_valid_for_product`)."""
    product, categories = item.product, item.categories
    if product is None or coupon["discount_type"] not in OF_PRODUCTS:
        return False
    ids = {int(product.id), product["parent_id"]}
    named, kinds = coupon["product_ids"], coupon["product_categories"]
    valid = bool(ids & set(named)) or bool(categories & set(kinds)) or not (named or kinds)
    if ids & set(coupon["excluded_product_ids"]) or categories & set(coupon["excluded_product_categories"]):
        return False
    return valid and not (coupon["exclude_sale_items"] and product["sale_price"])


# Refusals, in the order of `is_coupon_valid` --------------------------------------------------------------------------


def must_be_valid(work: Work, order: Json, code: str) -> None:
    coupon = coupons.usable(work, code)
    if coupon is None:
        refuse(INVALID, f'Coupon "{code}" does not exist!')
    items = _items(work, order)
    spent = sum((amount(line["subtotal"]) for line in order["line_items"]), ZERO)
    least, most = amount(coupon["minimum_amount"]), amount(coupon["maximum_amount"])
    if coupon["usage_limit"] and coupon["usage_count"] >= coupon["usage_limit"]:
        refuse(INVALID, f'Usage limit for coupon "{code}" has been reached.')
    if order["customer_id"] and _has_used_up(coupon, str(order["customer_id"])):
        refuse(INVALID, f'Usage limit for coupon "{code}" has been reached.')
    if coupon["date_expires_gmt"] is not None and work.stamp > coupon["date_expires_gmt"]:
        refuse(INVALID, f'Coupon "{code}" has expired.')
    if least > ZERO and least > spent:
        refuse(INVALID, f'The minimum spend for coupon "{code}" is {_price(least)}.')
    if most > ZERO and most < spent:
        refuse(INVALID, f'The maximum spend for coupon "{code}" is {_price(most)}.')
    _must_be_for(work, coupon, items)
    allowed, email = coupon["email_restrictions"], str(order["billing"]["email"] or "").lower()
    if allowed and not any(email == each or ("*" in each and fnmatchcase(email, each)) for each in allowed):
        refuse(INVALID, f'Please enter a valid email at checkout to use coupon code "{code}".')


def _has_used_up(coupon: Document, user: str) -> bool:
    limit = coupon["usage_limit_per_user"]
    return bool(limit) and coupon["used_by"].count(user) >= limit


def _must_be_for(work: Work, coupon: Document, items: list[Item]) -> None:
    """Something in the order is what the coupon is for, and for the whole cart nothing is what it is not for."""
    there = [item for item in items if item.product is not None]
    products = [item.product for item in there if item.product is not None]
    named, kinds, code = set(coupon["product_ids"]), set(coupon["product_categories"]), coupon["code"]
    if named and not any({int(each.id), each["parent_id"]} & named for each in products):
        _not_for(coupon)
    on_sale = coupon["exclude_sale_items"]
    if kinds and not any(item.categories & kinds for item in there if not (on_sale and _on_sale(item))):
        _not_for(coupon)
    if coupon["discount_type"] in OF_PRODUCTS:
        if items and not any(_is_for(coupon, item) for item in there):
            _not_for(coupon)
        return
    if on_sale and any(map(_on_sale, there)):
        refuse(INVALID, f'Sorry, coupon "{code}" is not valid for sale items.')
    without = set(coupon["excluded_product_ids"])
    excluded = [each["name"] for each in products if {int(each.id), each["parent_id"]} & without]
    if excluded:
        refuse(INVALID, f'Sorry, coupon "{code}" is not applicable to the products: {", ".join(excluded)}.')
    shut_out = set(coupon["excluded_product_categories"]) & {id for item in there for id in item.categories}
    if shut_out:
        names = ", ".join(str(work.collection("term").get(str(id))["name"]) for id in sorted(shut_out))
        refuse(INVALID, f'Sorry, coupon "{code}" is not applicable to the categories: {names}.')


def _on_sale(item: Item) -> bool:
    return item.product is not None and bool(item.product["sale_price"])


def _not_for(coupon: Document) -> NoReturn:
    refuse(INVALID, f'Sorry, coupon "{coupon["code"]}" is not applicable to selected products.')


def _price(value: Any) -> str:
    """An amount as the store writes it in sentences (core `wc_price`)."""
    symbol = '<span class="woocommerce-Price-currencySymbol">&#36;</span>'
    return f'<span class="woocommerce-Price-amount amount"><bdi>{symbol}{text(value)}</bdi></span>'
