"""Orders in REST's shape, with everything in them."""

from typing import Any

from mock_servers.core.fake import Work
from mock_servers.shopify.behaviour.base import number_in, shop_of
from mock_servers.shopify.behaviour.payments import owed
from mock_servers.shopify.behaviour.rest.customers import customer_of
from mock_servers.shopify.behaviour.rest.fulfilling import fulfillment_shape
from mock_servers.shopify.behaviour.rest.money import refund_shape
from mock_servers.shopify.behaviour.rest.words import address_shape, line_shape, local, money_set, priced

Json = dict[str, Any]


FULFILLMENT_STATUS = {"FULFILLED": "fulfilled", "PARTIALLY_FULFILLED": "partial", "RESTOCKED": "restocked"}


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
        "customer": customer_of(work, order),
        "discount_applications": [],
        "fulfillments": [fulfillment_shape(work, each, order) for each in fulfillments_of(work, order["id"])],
        "line_items": [line_shape(each) for each in order["lines"]],
        "payment_terms": None,
        "refunds": [refund_shape(work, each, order) for each in refunds_of(work, order)],
        "shipping_lines": [_shipping_shape(each) for each in order["shippingLines"]],
        "total_shipping_price_set": money_set(amounts["shipping"], currency),
    }
    for name, member in SUMS.items():
        shape |= priced(name, amounts[member], currency)
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
        **priced("price", line["price"], line["currencyCode"]),
        **priced("discounted_price", line["price"], line["currencyCode"]),
    }
