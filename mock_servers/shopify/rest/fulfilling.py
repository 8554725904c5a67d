"""Fulfilments over REST, and what happened to them on the way."""

from typing import Any

from mock_servers.core.fake import Call
from mock_servers.core.filters import Is
from mock_servers.core.refusal import Refusal
from mock_servers.core.wire import Reply
from mock_servers.shopify.behaviour.fulfillment_events import delete_event, fulfillment_event_create
from mock_servers.shopify.behaviour.fulfillments import (
    fulfillment_cancel,
    fulfillment_create,
    tracking_info_update,
)
from mock_servers.shopify.behaviour.orders import fulfillments_of
from mock_servers.shopify.behaviour.rest import fulfillment_event_shape, fulfillment_shape
from mock_servers.shopify.rest.door import (
    gid_for,
    global_id,
    may_read_fulfillments,
    may_write_fulfillment_orders,
    named,
    operation,
    order_named,
    shown,
    spelled,
    units,
)
from mock_servers.shopify.rest.lists import by_id, page

Json = dict[str, Any]
EVENT = ("message", "happened_at", "estimated_delivery_at", "address1", "city", "province", "country", "zip")


def _answer(call: Call, fulfillment: Json, status: int = 200) -> Reply:
    return Reply(status, {"fulfillment": shown(call, fulfillment_shape(call, fulfillment))})


def _of_order(call: Call, parameter: str) -> Json:
    """The fulfilment the path names, of the order the path names. Refuses with `not_found`."""
    may_read_fulfillments(call)
    order, wanted = order_named(call), global_id("Fulfillment", call.path[parameter])
    for fulfillment in fulfillments_of(call, order["id"]):
        if fulfillment["id"] == wanted:
            return fulfillment
    raise Refusal("not_found")


@operation("listOrderFulfillments")
def list_order_fulfillments(call: Call) -> Reply:
    may_read_fulfillments(call)
    mine = Is("orderId", "=", order_named(call)["id"])
    shape = lambda row: fulfillment_shape(call, row)  # noqa: E731 - named for the line's sake
    return page(call, "fulfillments", "Fulfillment", shape, mine, *by_id(call, "Fulfillment"))


@operation("countOrderFulfillments")
def count_order_fulfillments(call: Call) -> Reply:
    may_read_fulfillments(call)
    return Reply(200, {"count": len(fulfillments_of(call, order_named(call)["id"]))})


@operation("getOrderFulfillment")
def get_order_fulfillment(call: Call) -> Reply:
    return _answer(call, _of_order(call, "id"))


@operation("createFulfillment", errors="list")
def create_fulfillment(call: Call) -> Reply:
    may_write_fulfillment_orders(call)
    given = call.body["fulfillment"]
    chosen = [
        {
            "fulfillmentOrderId": gid_for("FulfillmentOrder", each["fulfillment_order_id"]),
            "fulfillmentOrderLineItems": units(each.get("fulfillment_order_line_items")),
        }
        for each in given["line_items_by_fulfillment_order"]
    ]
    wanted = {"lineItemsByFulfillmentOrder": chosen, "trackingInfo": given.get("tracking_info")}
    made = fulfillment_create(call, {"fulfillment": wanted})
    return _answer(call, made["fulfillment"], 201)


@operation("updateTracking", errors="list")
def update_tracking(call: Call) -> Reply:
    may_write_fulfillment_orders(call)
    args = {
        "fulfillmentId": named(call, "Fulfillment").id,
        "trackingInfoInput": call.body["fulfillment"]["tracking_info"],
    }
    return _answer(call, tracking_info_update(call, args)["fulfillment"])


@operation("cancelFulfillment", errors="list")
def cancel_fulfillment(call: Call) -> Reply:
    may_write_fulfillment_orders(call)
    return _answer(call, fulfillment_cancel(call, {"id": named(call, "Fulfillment").id})["fulfillment"])


# On the way -----------------------------------------------------------------------------------------------------------


@operation("listFulfillmentEvents")
def list_fulfillment_events(call: Call) -> Reply:
    fulfillment = _of_order(call, "fulfillment_id")
    shapes = [fulfillment_event_shape(call, fulfillment, event) for event in fulfillment["events"]]
    return Reply(200, {"fulfillment_events": shapes})


def _event(call: Call) -> tuple[Json, Json]:
    """The fulfilment and the event the path names. Refuses with `not_found`."""
    fulfillment = _of_order(call, "fulfillment_id")
    wanted = global_id("FulfillmentEvent", call.path["id"])
    for event in fulfillment["events"]:
        if event["id"] == wanted:
            return fulfillment, event
    raise Refusal("not_found")


@operation("getFulfillmentEvent")
def get_fulfillment_event(call: Call) -> Reply:
    return Reply(200, {"fulfillment_event": fulfillment_event_shape(call, *_event(call))})


@operation("deleteFulfillmentEvent")
def delete_fulfillment_event(call: Call) -> Reply:
    may_write_fulfillment_orders(call)
    delete_event(call, *_event(call))
    return Reply(200, {})


@operation("createFulfillmentEvent")
def create_fulfillment_event(call: Call) -> Reply:
    may_write_fulfillment_orders(call)
    fulfillment, given = _of_order(call, "fulfillment_id"), call.body["event"]
    wanted = spelled(given, *EVENT, "latitude", "longitude")
    wanted |= {"fulfillmentId": fulfillment["id"], "status": given["status"].upper()}
    made = fulfillment_event_create(call, {"fulfillmentEvent": wanted})
    return Reply(201, {"fulfillment_event": fulfillment_event_shape(call, fulfillment, made["fulfillmentEvent"])})
