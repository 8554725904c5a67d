"""The REST shapes of things: what webhooks carry, and what the REST surface answers (dossier §9, §10.3).

Amounts have two decimals and moments the shop's own offset, unlike in GraphQL.
"""

from typing import Any

from mock_servers.core.clock import iso_seconds, moment_of
from mock_servers.core.fake import Work
from mock_servers.shopify.behaviour.base import decimal_text, found, money, number_in, shop_of
from mock_servers.shopify.behaviour.payments import owed, unsettled

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


def _priced(name: str, amount: str, currency: str) -> Json:
    return {name: amount, f"{name}_set": money_set(amount, currency)}


# Orders ---------------------------------------------------------------------------------------------------------------

FULFILLMENT_STATUS = {"FULFILLED": "fulfilled", "PARTIALLY_FULFILLED": "partial", "RESTOCKED": "restocked"}
FULFILLMENT_STATE = {"SUCCESS": "success", "CANCELLED": "cancelled", "ERROR": "error", "FAILURE": "failure"}


def order_shape(work: Work, order: Json) -> Json:
    """An order with everything in it."""
    from mock_servers.shopify.behaviour.orders import fulfillments_of
    from mock_servers.shopify.behaviour.refunds import refunds_of

    amounts, currency = order["amounts"], order["currencyCode"]
    number = number_in(order["id"])
    shape = {
        "id": number,
        "admin_graphql_api_id": order["id"],
        "app_id": 1 if order["sourceName"] == "api" else 580111,
        "browser_ip": None,
        "buyer_accepts_marketing": False,
        "cancel_reason": order["cancelReason"].lower() if order["cancelReason"] else None,
        "cancelled_at": local(work, order["cancelledAt"]),
        "cart_token": order["token"] if order["sourceName"] == "web" else None,
        "checkout_id": None,
        "checkout_token": order["token"] if order["sourceName"] == "web" else None,
        "client_details": None,
        "closed_at": local(work, order["closedAt"]),
        "confirmation_number": order["confirmationNumber"],
        "confirmed": order["confirmed"],
        "contact_email": order["email"],
        "created_at": local(work, order["createdAt"]),
        "currency": currency,
        "customer_locale": order["customerLocale"],
        "discount_codes": [],
        "duties_included": False,
        "email": order["email"] or "",
        "estimated_taxes": False,
        "financial_status": order["displayFinancialStatus"].lower(),
        "fulfillment_status": FULFILLMENT_STATUS.get(order["displayFulfillmentStatus"]),
        "landing_site": None,
        "location_id": None,
        "merchant_business_entity_id": None,
        "name": order["name"],
        "note": order["note"],
        "note_attributes": [{"name": each["key"], "value": each["value"]} for each in order["customAttributes"]],
        "number": order["number"] - 1000,
        "order_number": order["number"],
        "order_status_url": f"{shop_of(work)['url']}/{number}/orders/{order['token']}/authenticate",
        "payment_gateway_names": order["gateways"],
        "phone": order["phone"],
        "po_number": order["poNumber"],
        "presentment_currency": currency,
        "processed_at": local(work, order["processedAt"]),
        "reference": None,
        "referring_site": None,
        "source_identifier": order["sourceIdentifier"],
        "source_name": order["sourceName"],
        "source_url": None,
        "tags": ", ".join(order["tags"]),
        "tax_exempt": False,
        "tax_lines": [],
        "taxes_included": order["taxesIncluded"],
        "test": order["test"],
        "token": order["token"],
        "total_outstanding": str(owed(order)),
        "total_tip_received": "0.00",
        "total_weight": sum(line["grams"] * line["quantity"] for line in order["lines"]),
        "updated_at": local(work, order["updatedAt"]),
        "user_id": None,
        "billing_address": address_shape(order["billingAddress"]),
        "shipping_address": address_shape(order["shippingAddress"]),
        "customer": _customer_of(work, order),
        "discount_applications": [],
        "fulfillments": [fulfillment_shape(work, each, order) for each in fulfillments_of(work, order["id"])],
        "line_items": [line_shape(each) for each in order["lines"]],
        "payment_terms": None,
        "refunds": [refund_shape(work, each, order) for each in refunds_of(work, order)],
        "shipping_lines": [_shipping_shape(each) for each in order["shippingLines"]],
        "total_shipping_price_set": money_set(amounts["shipping"], currency),
    }
    for name, member in SUMS.items():
        shape |= _priced(name, amounts[member], currency)
    return shape


SUMS = {
    "current_subtotal_price": "currentSubtotal",
    "current_total_discounts": "discounts",
    "current_total_price": "currentTotal",
    "current_total_tax": "currentTax",
    "subtotal_price": "subtotal",
    "total_discounts": "discounts",
    "total_line_items_price": "subtotal",
    "total_price": "total",
    "total_tax": "tax",
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
        **_priced("price", line["price"], line["currencyCode"]),
        **_priced("total_discount", "0.00", line["currencyCode"]),
    }


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


def _shipping_shape(line: Json) -> Json:
    return {
        "id": number_in(line["id"]),
        "carrier_identifier": None,
        "code": line["code"],
        "discount_allocations": [],
        "phone": None,
        "requested_fulfillment_service_id": None,
        "source": line["source"],
        "tax_lines": [],
        "title": line["title"],
        **_priced("price", line["price"], line["currencyCode"]),
        **_priced("discounted_price", line["price"], line["currencyCode"]),
    }


def _customer_of(work: Work, order: Json) -> Json | None:
    if order["customerId"] is None:
        return None
    document = work.collection("customer").find(order["customerId"])
    return None if document is None else customer_shape(work, document.body)


def customer_shape(work: Work, customer: Json) -> Json:
    """A customer, in an order."""
    consent = {"state": "not_subscribed", "opt_in_level": "single_opt_in", "consent_updated_at": None}
    return {
        "id": number_in(customer["id"]),
        "admin_graphql_api_id": customer["id"],
        "created_at": local(work, customer["createdAt"]),
        "updated_at": local(work, customer["updatedAt"]),
        "first_name": customer["firstName"],
        "last_name": customer["lastName"],
        "email": customer["email"],
        "phone": customer["phone"],
        "state": "disabled",
        "note": customer["note"],
        "tags": ", ".join(customer["tags"]),
        "currency": shop_of(work)["currencyCode"],
        "tax_exempt": customer["taxExempt"],
        "tax_exemptions": [],
        "verified_email": customer["verifiedEmail"],
        "multipass_identifier": None,
        "email_marketing_consent": consent,
        "sms_marketing_consent": consent | {"consent_collected_from": "OTHER"} if customer["phone"] else None,
        "default_address": _customer_address(customer, customer["defaultAddress"]),
    }


def whole_customer_shape(work: Work, customer: Json) -> Json:
    """A customer by themselves, with what they have bought."""
    from mock_servers.shopify.behaviour.customers import bought

    count, spent, last = bought(work, customer)
    return customer_shape(work, customer) | {
        "orders_count": count,
        "total_spent": money(spent),
        "last_order_id": number_in(last["id"]) if last else None,
        "last_order_name": last["name"] if last else None,
        "addresses": [_customer_address(customer, each) for each in customer["addresses"]],
    }


def _customer_address(customer: Json, address: Json | None) -> Json | None:
    shape = address_shape(address)
    if address is None or shape is None:
        return None
    placed = {name: each for name, each in shape.items() if name not in {"latitude", "longitude"}}
    return placed | {
        "id": number_in(address["id"]),
        "customer_id": number_in(customer["id"]),
        "country_name": address["country"],
        "default": address["id"] == (customer["defaultAddress"] or address)["id"],
    }


# Fulfilments and refunds ----------------------------------------------------------------------------------------------


def fulfillment_shape(work: Work, fulfillment: Json, order: Json | None = None) -> Json:
    """A fulfilment. Its name is `#1001.2` here where GraphQL says `#1001-F2`."""
    order = order or found(work, "Order", fulfillment["orderId"])
    lines = {line["id"]: line for line in order["lines"]}
    tracking = fulfillment["tracking"]
    numbers = [each["number"] for each in tracking if each["number"]]
    urls = [each["url"] for each in tracking if each["url"]]
    return {
        "id": number_in(fulfillment["id"]),
        "admin_graphql_api_id": fulfillment["id"],
        "order_id": number_in(fulfillment["orderId"]),
        "status": FULFILLMENT_STATE[fulfillment["status"]],
        "created_at": local(work, fulfillment["createdAt"]),
        "service": "manual",
        "updated_at": local(work, fulfillment["updatedAt"]),
        "tracking_company": tracking[0]["company"] if tracking else None,
        "shipment_status": fulfillment["events"][-1]["status"].lower() if fulfillment["events"] else None,
        "location_id": number_in(fulfillment["locationId"]),
        "origin_address": fulfillment["originAddress"],
        "line_items": [
            line_shape(lines[each["lineItemId"]]) | {"quantity": each["quantity"]} for each in fulfillment["lines"]
        ],
        "tracking_number": numbers[0] if numbers else None,
        "tracking_numbers": numbers,
        "tracking_url": urls[0] if urls else None,
        "tracking_urls": urls,
        "receipt": {},
        "name": f"{order['name']}.{fulfillment['sequence']}",
    }


def fulfillment_event_shape(work: Work, fulfillment: Json, event: Json) -> Json:
    """Something that happened on the way."""
    plain = ("message", "address1", "city", "country", "province", "zip", "latitude", "longitude")
    return {name: event[name] for name in plain} | {
        "id": number_in(event["id"]),
        "fulfillment_id": number_in(fulfillment["id"]),
        "order_id": number_in(fulfillment["orderId"]),
        "shop_id": SHOP_NUMBER,
        "status": event["status"].lower(),
        "happened_at": local(work, event["happenedAt"]),
        "estimated_delivery_at": local(work, event["estimatedDeliveryAt"]),
        "created_at": local(work, event["createdAt"]),
        "updated_at": local(work, event["createdAt"]),
        "admin_graphql_api_id": event["id"],
    }


def fulfillment_order_event_shape(fulfillment_order: Json) -> Json:
    """What a fulfillment_orders/* event carries; assumed."""
    return {
        "fulfillment_order": {
            "id": fulfillment_order["id"],
            "status": fulfillment_order["status"].lower(),
            "request_status": fulfillment_order["requestStatus"].lower(),
            "order_id": fulfillment_order["orderId"],
            "assigned_location_id": fulfillment_order["locationId"],
        }
    }


def refund_shape(work: Work, refund: Json, order: Json | None = None) -> Json:
    """A refund."""
    order = order or found(work, "Order", refund["orderId"])
    lines = {line["id"]: line for line in order["lines"]}
    none = money_set("0.00", refund["currencyCode"])
    return {
        "id": number_in(refund["id"]),
        "admin_graphql_api_id": refund["id"],
        "order_id": number_in(refund["orderId"]),
        "created_at": local(work, refund["createdAt"]),
        "processed_at": local(work, refund["createdAt"]),
        "note": refund["note"],
        "restock": any(each["restocked"] for each in refund["lines"]),
        "user_id": None,
        "refund_line_items": [
            {
                "id": number_in(each["id"]),
                "line_item_id": number_in(each["lineItemId"]),
                "location_id": number_in(each["locationId"]) if each["locationId"] else None,
                "quantity": each["quantity"],
                "restock_type": each["restockType"].lower(),
                "subtotal": float(each["subtotal"]),
                "subtotal_set": money_set(each["subtotal"], each["currencyCode"]),
                "total_tax": 0.0,
                "total_tax_set": none,
                "line_item": line_shape(lines[each["lineItemId"]]),
            }
            for each in refund["lines"]
        ],
        "transactions": [transaction_shape(work, each, order) for each in refund["transactions"]],
        "order_adjustments": [_adjustment_shape(refund, each) for each in refund["adjustments"]],
        "duties": [],
        "total_duties_set": none,
        "additional_fees": [],
        "total_additional_fees_set": none,
        "return": None,
    }


def _adjustment_shape(refund: Json, adjustment: Json) -> Json:
    return {
        "id": number_in(adjustment["id"]),
        "order_id": number_in(refund["orderId"]),
        "refund_id": number_in(refund["id"]),
        "kind": adjustment["kind"],
        "reason": adjustment["reason"],
        **_priced("amount", adjustment["amount"], refund["currencyCode"]),
        **_priced("tax_amount", "0.00", refund["currencyCode"]),
    }


def transaction_shape(work: Work, transaction: Json, order: Json) -> Json:
    """A movement of money. What is still to be captured of the order is told beside every one of them."""
    left = {"amount": decimal_text(money(unsettled(order))), "currency": order["currencyCode"]}
    return {
        "id": number_in(transaction["id"]),
        "admin_graphql_api_id": transaction["id"],
        "order_id": number_in(order["id"]),
        "kind": transaction["kind"].lower(),
        "status": transaction["status"].lower(),
        "amount": transaction["amount"],
        "currency": order["currencyCode"],
        "gateway": transaction["gateway"],
        "message": None,
        "authorization": transaction["authorizationCode"],
        "parent_id": number_in(transaction["parentId"]) if transaction["parentId"] else None,
        "payment_id": transaction["paymentId"],
        "created_at": local(work, transaction["createdAt"]),
        "processed_at": local(work, transaction["processedAt"]),
        "test": transaction["test"],
        "location_id": None,
        "user_id": None,
        "device_id": None,
        "error_code": None,
        "source_name": order["sourceName"],
        "receipt": {},
        "currency_exchange_adjustment": None,
        "total_unsettled_set": {"presentment_money": left, "shop_money": dict(left)},
        "manual_payment_gateway": transaction["gateway"] == "manual",
    }


# Stock and products ---------------------------------------------------------------------------------------------------


def inventory_level_shape(work: Work, level: Json) -> Json:
    """A level: what can be sold of an item at a location."""
    return {
        "inventory_item_id": number_in(level["itemId"]),
        "location_id": number_in(level["locationId"]),
        "available": level["quantities"]["available"],
        "updated_at": local(work, level["updatedAt"]),
        "admin_graphql_api_id": level["id"],
    }


def inventory_item_shape(work: Work, item: Json) -> Json:
    """An inventory item."""
    return {
        "id": number_in(item["id"]),
        "admin_graphql_api_id": item["id"],
        "sku": item["sku"],
        "tracked": item["tracked"],
        "requires_shipping": item["requiresShipping"],
        "cost": item["unitCost"],
        "country_code_of_origin": item["countryCodeOfOrigin"],
        "province_code_of_origin": item["provinceCodeOfOrigin"],
        "harmonized_system_code": item["harmonizedSystemCode"],
        "created_at": local(work, item["createdAt"]),
        "updated_at": local(work, item["updatedAt"]),
    }


def variant_shape(work: Work, variant: Json) -> Json:
    """A variant, in its product or by itself."""
    from mock_servers.shopify.behaviour.inventory import available_of

    item = found(work, "InventoryItem", variant["inventoryItemId"])
    available = available_of(work, item["id"])
    return {
        "id": number_in(variant["id"]),
        "admin_graphql_api_id": variant["id"],
        "product_id": number_in(variant["productId"]),
        "title": variant["title"],
        "price": variant["price"],
        "compare_at_price": variant["compareAtPrice"],
        "sku": variant["sku"],
        "barcode": variant["barcode"],
        "position": variant["position"],
        "inventory_policy": variant["inventoryPolicy"].lower(),
        "inventory_item_id": number_in(variant["inventoryItemId"]),
        "inventory_management": "shopify" if item["tracked"] else None,
        "inventory_quantity": available,
        "old_inventory_quantity": available,
        "fulfillment_service": "manual",
        "taxable": variant["taxable"],
        "requires_shipping": item["requiresShipping"],
        "grams": item["grams"],
        "weight": item["grams"] / 1000,
        "weight_unit": "kg",
        "image_id": None,
        "option1": variant["title"],
        "option2": None,
        "option3": None,
        "created_at": local(work, variant["createdAt"]),
        "updated_at": local(work, variant["updatedAt"]),
    }


def product_shape(work: Work, product: Json) -> Json:
    """A product with its variants."""
    from mock_servers.shopify.behaviour.products import variants_of

    number = number_in(product["id"])
    return {
        "id": number,
        "admin_graphql_api_id": product["id"],
        "title": product["title"],
        "body_html": product["descriptionHtml"],
        "vendor": product["vendor"],
        "product_type": product["productType"],
        "handle": product["handle"],
        "status": product["status"].lower(),
        "tags": ", ".join(product["tags"]),
        "created_at": local(work, product["createdAt"]),
        "updated_at": local(work, product["updatedAt"]),
        "published_at": local(work, product["publishedAt"]),
        "template_suffix": None,
        "published_scope": "global",
        "options": [{"product_id": number, "id": number, "name": "Title", "position": 1, "values": product["options"]}],
        "images": [],
        "image": None,
        "variants": [variant_shape(work, each) for each in variants_of(work, product)],
    }
