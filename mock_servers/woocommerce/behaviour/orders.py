"""Orders as they are kept and as they are shown, and the way from one status to another (dossier §5)."""

import re
from collections.abc import Mapping
from typing import Any

from mock_servers.core.clock import moment_of
from mock_servers.core.fake import Work
from mock_servers.core.store import Document
from mock_servers.woocommerce.behaviour import customers, discounts, stock
from mock_servers.woocommerce.behaviour.base import API, ZERO, Json, amount, emit_once, fact, links, times

CURRENCY_SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£", "CAD": "$", "AUD": "$", "JPY": "¥"}
ADDRESS = ("first_name", "last_name", "company", "address_1", "address_2", "city", "state", "postcode", "country")
BILLING = (*ADDRESS, "email", "phone")
SHIPPING = (*ADDRESS, "phone")
UNPAID = frozenset({"pending", "failed", "on-hold", "cancelled", "checkout-draft"})
PAID = frozenset({"processing", "completed"})
TAKES_STOCK = frozenset({"processing", "completed", "on-hold"})
GIVES_STOCK_BACK = frozenset({"pending", "cancelled"})
EDITABLE = frozenset({"pending", "on-hold", "auto-draft", "checkout-draft"})
OUR_OWN = ("tax_status", "reduced_stock")
SHOWN = (
    "id",
    "parent_id",
    "status",
    "currency",
    "version",
    "prices_include_tax",
    "discount_total",
    "discount_tax",
    "shipping_total",
    "shipping_tax",
    "cart_tax",
    "total",
    "total_tax",
    "customer_id",
    "order_key",
    "billing",
    "shipping",
    "payment_method",
    "payment_method_title",
    "transaction_id",
    "customer_ip_address",
    "customer_user_agent",
    "created_via",
    "customer_note",
    "cart_hash",
    "number",
    "meta_data",
    "tax_lines",
    "shipping_lines",
    "coupon_lines",
    "refunds",
)
AMOUNT = re.compile(r"-?[0-9]+\.[0-9]+\Z")


def blank_order(work: Work, id: int) -> Json:
    """An order of nothing for nobody."""
    return {
        "id": str(id),
        "number": str(id),
        "parent_id": 0,
        "status": "pending",
        "status_before_trash": "",
        "currency": fact("currency"),
        "version": fact("store_version"),
        "prices_include_tax": False,
        "customer_id": 0,
        "order_key": f"wc_order_{work.chance.getrandbits(64):016x}"[:22],
        "billing": dict.fromkeys(BILLING, ""),
        "shipping": dict.fromkeys(SHIPPING, ""),
        "payment_method": "",
        "payment_method_title": "",
        "transaction_id": "",
        "customer_ip_address": "",
        "customer_user_agent": "",
        "created_via": "rest-api",
        "customer_note": "",
        "cart_hash": "",
        "meta_data": [],
        "line_items": [],
        "tax_lines": [],
        "shipping_lines": [],
        "fee_lines": [],
        "coupon_lines": [],
        "refunds": [],
        "trackings": [],
        "stock_reduced": False,
        "coupons_counted": False,
        "date_created_gmt": work.stamp,
        "date_modified_gmt": work.stamp,
        "date_completed_gmt": None,
        "date_paid_gmt": None,
        "discount_total": "0.00",
        "discount_tax": "0.00",
        "shipping_total": "0.00",
        "shipping_tax": "0.00",
        "cart_tax": "0.00",
        "total_tax": "0.00",
        "total": "0.00",
    }


def shown_order(work: Work, order: Mapping[str, Any], decimals: int | None = None, *, base: str | None = None) -> Json:
    """An order as the API shows it, with links to `base`, or to where it was asked for."""
    id, status = int(order["id"]), order["status"]
    shown = {name: order[name] for name in SHOWN} | {
        "id": id,
        "line_items": [_without_our_own(line) for line in order["line_items"]],
        "fee_lines": [_without_our_own(line, "reduced_stock") for line in order["fee_lines"]],
        "payment_url": f"/checkout/order-pay/{id}/?pay_for_order=true&key={order['order_key']}",
        "is_editable": status in EDITABLE,
        "needs_payment": status in {"pending", "failed"} and amount(order["total"]) > ZERO,
        "needs_processing": needs_processing(work, order),
        "currency_symbol": CURRENCY_SYMBOLS.get(order["currency"], order["currency"]),
        "_links": links(work, f"{API}/orders/{id}", f"{API}/orders", base, **_customer_link(order)),
    }
    shown |= times(work, order, "date_created", "date_modified", "date_completed", "date_paid")
    if order["trackings"]:
        shown["meta_data"] = [*shown["meta_data"], _tracking_meta(order)]
    return shown if decimals is None else _with_decimals(shown, decimals)


def _customer_link(order: Mapping[str, Any]) -> dict[str, str]:
    """A guest has none (dossier §11)."""
    return {"customer": f"{API}/customers/{order['customer_id']}"} if order["customer_id"] else {}


def _without_our_own(line: Json, *names: str) -> Json:
    return {name: value for name, value in line.items() if name not in (names or OUR_OWN)}


def _tracking_meta(order: Mapping[str, Any]) -> Json:
    """The extension keeps its parcels in the order's meta data, and so they are seen there too (dossier §6a)."""
    return {
        "id": 900_000_000 + int(order["id"]) % 10**8,
        "key": "_wc_shipment_tracking_items",
        "value": [each | {"date_shipped": _seconds(each["date_shipped"])} for each in order["trackings"]],
    }


def _seconds(day: str) -> str:
    """A day as the plugins keep it: `strtotime`, as text."""
    return str(int(moment_of(day)))


def _with_decimals(value: Any, decimals: int) -> Any:
    """Amounts with so many decimals: the parameter `dp`."""
    match value:
        case dict():
            return {
                name: item if name in {"meta_data", "version"} else _with_decimals(item, decimals)
                for name, item in value.items()
            }
        case list():
            return [_with_decimals(item, decimals) for item in value]
        case str() if AMOUNT.match(value):
            return f"{amount(value):.{decimals}f}"
    return value


def needs_processing(work: Work, order: Mapping[str, Any]) -> bool:
    """Something has to be shipped: not everything is virtual and downloadable."""
    for line in order["line_items"]:
        product = stock.product_of(work, line)
        if product is None or not (product["virtual"] and product["downloadable"]):
            return True
    return False


# From one status to another -------------------------------------------------------------------------------------------


def entered(work: Work, order: Json, status: str) -> Json:
    """The order in another status, with all that entering it does. Nothing happens where it is in it already."""
    from mock_servers.woocommerce.behaviour.notes import add_note

    before = order["status"]
    if before == status:
        return order
    order = order | {"status": status}
    if status in PAID and order["date_paid_gmt"] is None and before in UNPAID:
        order["date_paid_gmt"] = work.stamp
    if status == "completed":
        order["date_completed_gmt"] = work.stamp
        customers.has_paid(work, order)
    order = discounts.counted(work, order)
    if status in TAKES_STOCK:
        order = _stock_taken(work, order)
    elif status in GIVES_STOCK_BACK:
        order = _stock_given_back(work, order)
    names = fact("order_statuses")
    if before != "trash" and status != "trash":
        said = f"Order status changed from {names.get(before, before)} to {names.get(status, status)}."
        add_note(work, order["id"], said)
    if status == "refunded":
        from mock_servers.woocommerce.behaviour.refunds import refund_the_rest

        order = refund_the_rest(work, order)
    return order


def _stock_taken(work: Work, order: Json) -> Json:
    from mock_servers.woocommerce.behaviour.notes import add_note

    if order["stock_reduced"]:
        return order
    lines, said = [], []
    for line in order["line_items"]:
        taken, says = stock.take(work, line)
        lines.append(taken)
        said += [says] if says else []
    if said:
        add_note(work, order["id"], f"Stock levels reduced: {', '.join(said)}")
    return order | {"line_items": lines, "stock_reduced": True}


def _stock_given_back(work: Work, order: Json) -> Json:
    from mock_servers.woocommerce.behaviour.notes import add_note

    if not order["stock_reduced"]:
        return order
    lines, said = [], []
    for line in order["line_items"]:
        given, says = stock.give_back(work, line)
        lines.append(given)
        said += [says] if says else []
    if said:
        add_note(work, order["id"], f"Stock levels increased: {', '.join(said)}")
    return order | {"line_items": lines, "stock_reduced": False}


def paid(work: Work, order: Json, transaction_id: str = "") -> Json:
    """Payment completed: to be processed, or done where nothing has to be (core `payment_complete`)."""
    if order["status"] not in UNPAID - {"checkout-draft"}:
        return order
    order = order | {"transaction_id": transaction_id or order["transaction_id"], "date_paid_gmt": work.stamp}
    customers.has_paid(work, order)
    return entered(work, order, "processing" if needs_processing(work, order) else "completed")


# Kept, and told of ----------------------------------------------------------------------------------------------------


def add_order(work: Work, order: Json) -> Document:
    """Keep a new order and tell of it: as created, and as updated right after (dossier §8)."""
    kept = work.collection("order").add(order)
    tell(work, "created", kept)
    tell(work, "updated", kept)
    return kept


def save_order(work: Work, order: Mapping[str, Any]) -> Document:
    """Keep a change of an order, and tell of it."""
    kept = work.collection("order").save({**order, "date_modified_gmt": work.stamp})
    tell(work, "updated", kept)
    return kept


def tell(work: Work, event: str, order: Mapping[str, Any]) -> None:
    """`order.created` and the like; of one that is deleted, its id alone."""
    id = int(order["id"])
    payload = (lambda: {"id": id}) if event == "deleted" else (lambda: shown_order(work, _latest(work, order)))
    emit_once(work, f"order.{event}", payload, id)


def _latest(work: Work, order: Mapping[str, Any]) -> Mapping[str, Any]:
    """The payload is made when the webhook is, at the end of the request."""
    return work.collection("order").find(str(order["id"])) or order
