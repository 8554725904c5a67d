"""Order bodies as REST spells them, turned into the inputs of GraphQL's mutations."""

import re
from typing import Any

from mock_servers.core.fake import Call
from mock_servers.shopify.behaviour.base import find, shop_of
from mock_servers.shopify.behaviour.customers import by_email, create_customer
from mock_servers.shopify.behaviour.order_documents import COUNTRY_NAMES
from mock_servers.shopify.rest.door import enumerated, gid_for, spelled, tags_of, wrong

Json = dict[str, Any]
PLAIN = ("email", "phone", "note", "po_number")
CODE = re.compile(r"[A-Z]{2,3}\Z")
COUNTRY_CODES = {name.lower(): code for code, name in COUNTRY_NAMES.items()}


def created(call: Call, given: Json) -> Json:
    """An `OrderCreateOrderInput`. Without a word about money an order is paid, which is assumed."""
    currency = given.get("currency") or shop_of(call)["currencyCode"]
    if currency not in enumerated("CurrencyCode"):
        wrong("currency", "is not valid")
    transactions = [_transaction(each, currency) for each in given.get("transactions") or ()]
    wanted = spelled(given, *PLAIN, "name", "currency", "processed_at", "test", "source_name", "source_identifier")
    return {name: value for name, value in wanted.items() if value is not None} | {
        "lineItems": [_line(each, currency) for each in given.get("line_items") or ()],
        "shippingLines": [_shipping(each, currency) for each in given.get("shipping_lines") or ()],
        "transactions": transactions,
        "financialStatus": given.get("financial_status", "" if transactions else "paid").upper() or None,
        "customerId": _customer(call, given.get("customer")),
        "tags": tags_of(given.get("tags")),
        "customAttributes": attributes(given.get("note_attributes")),
        "shippingAddress": address(given.get("shipping_address")),
        "billingAddress": address(given.get("billing_address")),
    }


def updated(order: Json, given: Json) -> Json:
    """An `OrderInput` for an order that is there."""
    wanted = spelled(given, *PLAIN)
    if "tags" in given:
        wanted["tags"] = tags_of(given["tags"])
    if "note_attributes" in given:
        wanted["customAttributes"] = attributes(given["note_attributes"])
    if given.get("shipping_address"):
        wanted["shippingAddress"] = address(given["shipping_address"])
    return wanted | {"id": order["id"]}


def attributes(given: list[Json] | None) -> list[Json]:
    """`name` and `value`, as GraphQL's `key` and `value`."""
    return [{"key": each["name"], "value": _text(each["value"])} for each in given or ()]


def _text(value: Any) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def address(given: Json | None) -> Json | None:
    """An address; a country may be said by its name, and a person by theirs in one piece."""
    if not given:
        return None
    wanted = spelled(given, "first_name", "last_name", "company", "address1", "address2", "city", "province", "zip")
    wanted |= spelled(given, "province_code", "phone")
    if CODE.match(given.get("province") or "") and not given.get("province_code"):
        wanted |= {"provinceCode": given["province"]}  # a province may be said by its code (published examples)
    first, _, last = (given.get("name") or "").partition(" ")
    if first and not given.get("first_name") and not given.get("last_name"):
        wanted |= {"firstName": first, "lastName": last or None}
    country = given.get("country_code") or given.get("country")
    if country:
        code = COUNTRY_CODES.get(country.lower(), country.upper())
        if code not in enumerated("CountryCode"):
            wrong("country", "is not valid")
        wanted |= {"countryCode": code, "countryCodeV2": code}
    return wanted


def _customer(call: Call, given: Json | None) -> str | None:
    """Whose order it is: one that is there by its id or address, or else a new one (documented)."""
    if not given:
        return None
    if given.get("id") is not None:
        document = find(call, "Customer", gid_for("Customer", given["id"]))
        if document is None:
            wrong("customer", "is invalid")
        return document.id
    known = by_email(call, given["email"]) if given.get("email") else None
    wanted = spelled(given, "email", "first_name", "last_name", "phone")
    return str((known or create_customer(call, wanted))["id"])


def _money(amount: Any, currency: str) -> Json:
    return {"shopMoney": {"amount": str(amount), "currencyCode": currency}}


def _line(given: Json, currency: str) -> Json:
    names = ("title", "variant_title", "sku", "vendor", "requires_shipping", "taxable", "gift_card")
    wanted = spelled(given, *names) | {"quantity": given.get("quantity", 1)}
    if given.get("variant_id") is not None:
        wanted["variantId"] = gid_for("ProductVariant", given["variant_id"])
    if "price" in given:
        wanted["priceSet"] = _money(given["price"], currency)
    properties = given.get("properties") or ()
    return wanted | {"properties": [{"name": each["name"], "value": _text(each["value"])} for each in properties]}


def _shipping(given: Json, currency: str) -> Json:
    return {
        "title": given.get("title") or "Shipping",
        "code": given.get("code"),
        "priceSet": _money(given.get("price", "0"), currency),
    }


def _transaction(given: Json, currency: str) -> Json:
    return {
        "kind": given.get("kind", "sale").upper(),
        "status": given.get("status", "success").upper(),
        "gateway": given.get("gateway"),
        "test": given.get("test", False),
    } | ({"amountSet": _money(given["amount"], currency)} if "amount" in given else {})
