"""Customers in REST's shape."""

from typing import Any

from mock_servers.core.fake import Work
from mock_servers.shopify.behaviour.base import money, number_in, shop_of
from mock_servers.shopify.behaviour.rest.words import address_shape, local

Json = dict[str, Any]


def customer_of(work: Work, order: Json) -> Json | None:
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
