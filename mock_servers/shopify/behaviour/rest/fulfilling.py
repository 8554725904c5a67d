"""Fulfilments in REST's shape, and what happened to them on the way."""

from typing import Any

from mock_servers.core.fake import Work
from mock_servers.shopify.behaviour.base import found, number_in
from mock_servers.shopify.behaviour.rest.words import SHOP_NUMBER, line_shape, local

Json = dict[str, Any]


FULFILLMENT_STATE = {"SUCCESS": "success", "CANCELLED": "cancelled", "ERROR": "error", "FAILURE": "failure"}


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
