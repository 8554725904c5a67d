"""An order as it is kept: its lines, sums, addresses, and the members it is searched and sorted by."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from mock_servers.core.fake import Work
from mock_servers.shopify.behaviour.base import gid, id_key, money, number_in, total

Json = dict[str, Any]


def order_document(
    stamp: str, id: str, number: int, order_number: int, lines: list[Json], given: Json, shop: Json
) -> Json:
    """An order as it is kept, unpaid and unfulfilled."""
    name = given.get("name") or f"{shop['orderNumberFormatPrefix']}{order_number}{shop['orderNumberFormatSuffix']}"
    processed = given.get("processedAt") or stamp
    return {
        "id": id,
        "idKey": id_key(number),
        "number": order_number,
        "name": name,
        "createdAt": stamp,
        "updatedAt": stamp,
        "processedAt": processed,
        "cancelledAt": None,
        "cancelReason": None,
        "closed": False,
        "closedAt": None,
        "confirmed": True,
        "confirmationNumber": _confirmation(number),
        "currencyCode": given.get("currency") or shop["currencyCode"],
        "displayFinancialStatus": given.get("financialStatus") or "PENDING",
        "displayFulfillmentStatus": "UNFULFILLED",
        "email": given.get("email"),
        "phone": given.get("phone"),
        "note": given.get("note"),
        "tags": clean_tags(given.get("tags") or ()),
        "customAttributes": given.get("customAttributes") or [],
        "poNumber": given.get("poNumber"),
        "sourceName": given.get("sourceName") or "web",
        "sourceIdentifier": given.get("sourceIdentifier"),
        "test": given.get("test", False),
        "edited": False,
        "taxesIncluded": False,
        "customerId": given.get("customerId"),
        "customerLocale": "en",
        "shippingAddress": given.get("shippingAddress"),
        "billingAddress": given.get("billingAddress") or given.get("shippingAddress"),
        "shippingLines": given.get("shippingLines") or [],
        "gateways": [],
        "transactions": [],
        "locationNumbers": [],
        "token": f"{number:032x}",
        "lines": lines,
        "amounts": amounts_of(lines, given.get("shippingLines") or [], given.get("tax", "0.00")),
    }


def _confirmation(number: int) -> str:
    """Nine letters that look drawn and are not: they follow from the order's number."""
    value, letters = number * 2_654_435_761 % 32**9, []
    for _ in range(9):
        value, digit = divmod(value, 32)
        letters.append(ALPHABET[digit])
    return "".join(letters)


ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


def amounts_of(lines: list[Json], shipping_lines: list[Json], tax: str) -> Json:
    """The sums of a new order, each as text."""
    subtotal = total(Decimal(line["price"]) * line["quantity"] for line in lines)
    shipping = total(each["price"] for each in shipping_lines)
    everything = money(subtotal + shipping + Decimal(tax))
    return {
        "subtotal": money(subtotal),
        "shipping": money(shipping),
        "tax": money(tax),
        "discounts": "0.00",
        "total": everything,
        "currentSubtotal": money(subtotal),
        "currentTotal": everything,
        "currentTax": money(tax),
        "received": "0.00",
        "refunded": "0.00",
        "refundedShipping": "0.00",
    }


def with_keys(order: Json) -> Json:
    """The order with the members it is searched and sorted by."""
    address = order["shippingAddress"] or {}
    who = (f"{address.get('lastName') or ''} {address.get('firstName') or ''}").strip()
    where = ", ".join(filter(None, (address.get("country"), address.get("province"), address.get("city"))))
    return order | {
        "nameKey": order["name"].lower().removeprefix("#"),
        "numberKey": id_key(order["number"]),
        "emailKey": (order["email"] or "").lower(),
        "customerKey": who.lower(),
        "destinationKey": where.lower(),
        "poKey": (order["poNumber"] or "").lower(),
        "totalKey": f"{Decimal(order['amounts']['total']):020.2f}",
        "currentTotalKey": f"{Decimal(order['amounts']['currentTotal']):020.2f}",
        "itemsKey": id_key(sum(line["quantity"] for line in order["lines"])),
        "tagKeys": [tag.lower() for tag in order["tags"]],
        "skuKeys": sorted({line["sku"].lower() for line in order["lines"] if line["sku"]}),
        "productNumbers": sorted({str(number_in(line["productId"])) for line in order["lines"] if line["productId"]}),
        "transactionNumbers": [str(number_in(each["id"])) for each in order["transactions"]],
    }


def line_document(id: str, order_id: str, given: Json, variant: Json | None, currency: str) -> Json:
    """A line as it is kept inside its order."""
    title = given.get("title") or (variant["productTitle"] if variant else "Custom item")
    variant_title = given.get("variantTitle")
    if variant and variant["title"] != "Default Title":
        variant_title = variant_title or variant["title"]
    shipped = given.get("requiresShipping")
    return {
        "id": id,
        "orderId": order_id,
        "title": title,
        "variantTitle": variant_title,
        "name": f"{title} - {variant_title}" if variant_title else title,
        "sku": given.get("sku") or (variant["sku"] if variant else None),
        "vendor": given.get("vendor") or ("Seatrial" if variant else None),
        "quantity": given["quantity"],
        "currentQuantity": given["quantity"],
        "unfulfilledQuantity": given["quantity"],
        "fulfilledQuantity": 0,
        "price": money(given["price"] if given.get("price") is not None else variant["price"] if variant else "0"),
        "requiresShipping": (variant["requiresShipping"] if variant else True) if shipped is None else shipped,
        "taxable": given.get("taxable", True),
        "isGiftCard": given.get("giftCard", False),
        "variantId": variant["id"] if variant else None,
        "productId": variant["productId"] if variant else None,
        "inventoryItemId": variant["inventoryItemId"] if variant else None,
        "grams": variant["grams"] if variant else 0,
        "claimed": bool(variant) and given.get("claim", True),
        "customAttributes": given.get("properties", []),
        "currencyCode": currency,
    }


def shipping_document(id: str, title: str, code: str | None, price: str, currency: str) -> Json:
    """A way of shipping as it is kept inside its order."""
    return {
        "id": id,
        "title": title,
        "code": code or title,
        "source": "shopify",
        "price": money(price),
        "currencyCode": currency,
    }


def address_document(work: Work, given: Json | None) -> Json | None:
    """An address as it is kept, names of country and province filled in."""
    if not given:
        return None
    country = given.get("countryCode") or given.get("countryCodeV2") or "US"
    first, last = given.get("firstName"), given.get("lastName")
    province = given.get("provinceCode")
    return {
        "id": f"{gid('MailingAddress', work.next_number('MailingAddress', 30_000_000_001))}?model_name=Address",
        "firstName": first,
        "lastName": last,
        "name": " ".join(filter(None, (first, last))) or None,
        "company": given.get("company"),
        "address1": given.get("address1"),
        "address2": given.get("address2"),
        "city": given.get("city"),
        "province": given.get("province") or province,
        "provinceCode": province,
        "zip": given.get("zip"),
        "country": COUNTRY_NAMES.get(country, country),
        "countryCodeV2": country,
        "phone": given.get("phone"),
        "latitude": None,
        "longitude": None,
    }


COUNTRY_NAMES = {
    "AT": "Austria",
    "AU": "Australia",
    "BE": "Belgium",
    "BR": "Brazil",
    "CA": "Canada",
    "CH": "Switzerland",
    "CN": "China",
    "DE": "Germany",
    "DK": "Denmark",
    "ES": "Spain",
    "FI": "Finland",
    "FR": "France",
    "GB": "United Kingdom",
    "IE": "Ireland",
    "IN": "India",
    "IT": "Italy",
    "JP": "Japan",
    "KR": "South Korea",
    "MX": "Mexico",
    "NL": "Netherlands",
    "NO": "Norway",
    "NZ": "New Zealand",
    "PL": "Poland",
    "PT": "Portugal",
    "SE": "Sweden",
    "SG": "Singapore",
    "US": "United States",
}
"""Names of the countries seeds use; others show their code."""


def clean_tags(tags: Iterable[str]) -> list[str]:
    """Tags as they come back: trimmed, each once whatever its case, sorted."""
    kept: dict[str, str] = {}
    for tag in tags:
        for part in tag.split(","):
            if part.strip():
                kept.setdefault(part.strip().lower(), part.strip())
    return sorted(kept.values(), key=lambda tag: (tag.lower(), tag))
