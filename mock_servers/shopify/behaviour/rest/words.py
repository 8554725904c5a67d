"""How REST writes money, moments, addresses and lines: amounts with two decimals, and the shop's own offset."""

from typing import Any

from mock_servers.core.clock import iso_seconds, moment_of
from mock_servers.core.fake import Work
from mock_servers.shopify.behaviour.base import number_in, shop_of

Json = dict[str, Any]


SHOP_NUMBER = 1


def local(work: Work, stamp: str | None) -> str | None:
    """A moment with the shop's offset: `2026-11-20T05:00:00-05:00`."""
    if stamp is None:
        return None
    minutes = int(shop_of(work)["timezoneOffsetMinutes"])
    sign, size = ("-", -minutes) if minutes < 0 else ("+", minutes)
    return f"{iso_seconds(moment_of(stamp) + minutes * 60)[:-1]}{sign}{size // 60:02d}:{size % 60:02d}"


def money_set(amount: str, currency: str) -> Json:
    """`_set` beside an amount."""
    one = {"amount": amount, "currency_code": currency}
    return {"shop_money": one, "presentment_money": dict(one)}


def priced(name: str, amount: str, currency: str) -> Json:
    return {name: amount, f"{name}_set": money_set(amount, currency)}


def address_shape(address: Json | None) -> Json | None:
    """An address, in an order."""
    if address is None:
        return None
    return {
        "first_name": address["firstName"],
        "last_name": address["lastName"],
        "name": address["name"],
        "company": address["company"],
        "address1": address["address1"],
        "address2": address["address2"],
        "city": address["city"],
        "province": address["province"],
        "province_code": address["provinceCode"],
        "zip": address["zip"],
        "country": address["country"],
        "country_code": address["countryCodeV2"],
        "phone": address["phone"],
        "latitude": address["latitude"],
        "longitude": address["longitude"],
    }


def line_shape(line: Json) -> Json:
    """A line of an order."""
    done, left = line["fulfilledQuantity"], line["unfulfilledQuantity"]
    return {
        "id": number_in(line["id"]),
        "admin_graphql_api_id": line["id"],
        "attributed_staffs": [],
        "current_quantity": line["currentQuantity"],
        "fulfillable_quantity": left,
        "fulfillment_service": "manual",
        "fulfillment_status": ("partial" if left else "fulfilled") if done else None,
        "gift_card": line["isGiftCard"],
        "grams": line["grams"],
        "name": line["name"],
        "product_exists": line["productId"] is not None,
        "product_id": number_in(line["productId"]) if line["productId"] else None,
        "properties": [{"name": each["key"], "value": each["value"]} for each in line["customAttributes"]],
        "quantity": line["quantity"],
        "requires_shipping": line["requiresShipping"],
        "sku": line["sku"],
        "taxable": line["taxable"],
        "title": line["title"],
        "variant_id": number_in(line["variantId"]) if line["variantId"] else None,
        "variant_inventory_management": "shopify" if line["inventoryItemId"] else None,
        "variant_title": line["variantTitle"],
        "vendor": line["vendor"],
        "tax_lines": [],
        "duties": [],
        "discount_allocations": [],
        **priced("price", line["price"], line["currencyCode"]),
        **priced("total_discount", "0.00", line["currencyCode"]),
    }
