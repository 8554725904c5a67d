"""The REST shapes that only this surface shows; those that webhooks carry too are in `behaviour/rest.py`."""

from typing import Any

from mock_servers.core.fake import Call, Work
from mock_servers.shopify.behaviour.base import app_id, money, number_in, shop_of
from mock_servers.shopify.behaviour.fulfillment_orders import has_siblings, holds_by, supported_actions
from mock_servers.shopify.behaviour.payments import refundable
from mock_servers.shopify.behaviour.refund_sums import shipping_left, worth
from mock_servers.shopify.behaviour.rest import SHOP_NUMBER, local, money_set
from mock_servers.shopify.behaviour.shop import first_location
from mock_servers.shopify.rest.door import version_of

Json = dict[str, Any]


def fulfillment_order_shape(call: Call, row: Json) -> Json:
    """A fulfilment order; words of enumerations are in lower case here."""
    number = number_in(row["id"])
    actions = supported_actions(
        row,
        version=version_of(call),
        siblings=row["status"] == "OPEN" and has_siblings(call, row),
        holds_of_app=len(holds_by(row, app_id(call))),
    )
    return {
        "id": number,
        "created_at": local(call, row["createdAt"]),
        "updated_at": local(call, row["updatedAt"]),
        "shop_id": SHOP_NUMBER,
        "order_id": number_in(row["orderId"]),
        "assigned_location_id": number_in(row["locationId"]) if row["locationId"] else None,
        "request_status": row["requestStatus"].lower(),
        "status": row["status"].lower(),
        "fulfill_at": local(call, row["fulfillAt"]),
        "fulfill_by": local(call, row["fulfillBy"]),
        "supported_actions": [action.lower() for action in actions],
        "destination": _destination(row["destination"]),
        "line_items": [_line(row, line) for line in row["lines"]],
        "international_duties": None,
        "fulfillment_holds": [
            {"id": number_in(hold["id"]), "reason": hold["reason"].lower(), "reason_notes": hold["reasonNotes"]}
            for hold in row["holds"]
        ],
        "delivery_method": {
            "id": number_in(row["deliveryMethod"]["id"]),
            "method_type": row["deliveryMethod"]["methodType"].lower(),
            "min_delivery_date_time": None,
            "max_delivery_date_time": None,
        },
        "assigned_location": _assigned(row),
        "merchant_requests": [
            {
                "message": each["message"],
                "request_options": each["requestOptions"] or {},
                "kind": each["kind"].lower(),
                "sent_at": local(call, each["sentAt"]),
            }
            for each in row["requests"]
        ],
    }


def _line(row: Json, line: Json) -> Json:
    return {
        "id": number_in(line["id"]),
        "shop_id": SHOP_NUMBER,
        "fulfillment_order_id": number_in(row["id"]),
        "quantity": line["totalQuantity"],
        "line_item_id": number_in(line["lineItemId"]),
        "inventory_item_id": number_in(line["inventoryItemId"]) if line["inventoryItemId"] else None,
        "fulfillable_quantity": line["remainingQuantity"],
        "variant_id": number_in(line["variantId"]) if line["variantId"] else None,
    }


def _destination(target: Json | None) -> Json | None:
    if target is None:
        return None
    plain = ("address1", "address2", "city", "company", "email", "phone", "province", "zip")
    return {name: target[name] for name in plain} | {
        "id": number_in(target["id"]),
        "country": target["countryCode"],
        "first_name": target["firstName"],
        "last_name": target["lastName"],
    }


def _assigned(row: Json) -> Json:
    place = row["assigned"]
    plain = ("address1", "address2", "city", "name", "phone", "province", "zip")
    return {name: place[name] for name in plain} | {
        "country_code": place["countryCode"],
        "location_id": number_in(place["locationId"]),
    }


def suggested_refund_shape(sums: Json) -> Json:
    """What a refund would come to; its transactions only have to be called `refund` to be given back."""
    order = sums["order"]
    currency = order["currencyCode"]
    none = money_set("0.00", currency)
    return {
        "shipping": {
            "amount": money(sums["shipping"]),
            "tax": "0.00",
            "maximum_refundable": money(shipping_left(order)),
        },
        "duties": [],
        "total_duties_set": none,
        "additional_fees": [],
        "total_additional_fees_set": none,
        "return": None,
        "refund_line_items": [_suggested_line(row) for row in sums["lines"]],
        "transactions": [
            {
                "order_id": number_in(order["id"]),
                "kind": "suggested_refund",
                "gateway": payment["gateway"],
                "parent_id": number_in(payment["id"]),
                "amount": money(part),
                "currency": currency,
                "maximum_refundable": money(refundable(order, payment)),
            }
            for part, payment in sums["payments"]
        ],
        "currency": currency,
    }


def _suggested_line(row: Json) -> Json:
    price = row["line"]["price"]
    return {
        "quantity": row["quantity"],
        "line_item_id": number_in(row["line"]["id"]),
        "location_id": number_in(row["locationId"]) if row["locationId"] else None,
        "restock_type": row["restockType"].lower(),
        "price": price,
        "subtotal": money(worth([row])),
        "total_tax": "0.00",
        "discounted_price": price,
        "discounted_total_price": money(worth([row])),
        "total_cart_discount_amount": "0.00",
    }


def location_shape(work: Work, location: Json) -> Json:
    """A location."""
    address = location["address"]
    return {
        "id": number_in(location["id"]),
        "name": location["name"],
        "address1": address["address1"],
        "address2": address["address2"],
        "city": address["city"],
        "zip": address["zip"],
        "province": address["province"],
        "province_code": address["provinceCode"],
        "country": address["countryCode"],
        "country_code": address["countryCode"],
        "country_name": address["country"],
        "phone": address["phone"],
        "created_at": local(work, location["createdAt"]),
        "updated_at": local(work, location["updatedAt"]),
        "legacy": bool(location["service"]),
        "active": location["isActive"],
        "admin_graphql_api_id": location["id"],
        "localized_country_name": address["country"],
        "localized_province_name": address["province"],
    }


def webhook_shape(work: Work, subscription: Json) -> Json:
    """A subscription."""
    return {
        "id": number_in(subscription["id"]),
        "address": subscription["uri"],
        "topic": subscription["topic"],
        "created_at": local(work, subscription["createdAt"]),
        "updated_at": local(work, subscription["updatedAt"]),
        "format": subscription["format"].lower(),
        "fields": subscription["includeFields"],
        "metafield_namespaces": subscription["metafieldNamespaces"],
        "private_metafield_namespaces": [],
        "api_version": subscription["apiVersion"],
    }


def shop_shape(work: Work) -> Json:
    """The shop itself."""
    shop, place = shop_of(work), first_location(work)["address"]
    return {
        "id": SHOP_NUMBER,
        "name": shop["name"],
        "email": shop["email"],
        "customer_email": shop["contactEmail"],
        "domain": shop["myshopifyDomain"],
        "myshopify_domain": shop["myshopifyDomain"],
        "address1": place["address1"],
        "address2": place["address2"],
        "city": place["city"],
        "zip": place["zip"],
        "province": place["province"],
        "province_code": place["provinceCode"],
        "country": place["countryCode"],
        "country_code": place["countryCode"],
        "country_name": place["country"],
        "phone": place["phone"],
        "currency": shop["currencyCode"],
        "enabled_presentment_currencies": [shop["currencyCode"]],
        "timezone": f"(GMT{shop['timezoneOffset'][:3]}:{shop['timezoneOffset'][3:]}) {shop['ianaTimezone']}",
        "iana_timezone": shop["ianaTimezone"],
        "shop_owner": shop["shopOwnerName"],
        "taxes_included": shop["taxesIncluded"],
        "weight_unit": "lb",
        "primary_locale": "en",
        "plan_name": "partner_test",
        "plan_display_name": "Development",
        "created_at": local(work, shop["createdAt"]),
        "updated_at": local(work, shop["createdAt"]),
    }
