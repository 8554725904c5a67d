"""Fulfilment orders over REST: each step of their life is the function that GraphQL's mutation is."""

from collections.abc import Callable
from typing import Any

from mock_servers.core.fake import Call, Work
from mock_servers.core.filters import All, Condition, Is, Not
from mock_servers.core.wire import Reply
from mock_servers.shopify.behaviour import fulfillment_order_changes as changes
from mock_servers.shopify.behaviour.base import app_id, gid, number_in
from mock_servers.shopify.behaviour.fulfillment_order_moves import move
from mock_servers.shopify.behaviour.fulfillment_orders import (
    ASSIGNMENTS,
    CLOSED,
    move_rows,
    of_order,
    sees,
)
from mock_servers.shopify.behaviour.orders import fulfillments_of
from mock_servers.shopify.behaviour.rest import fulfillment_shape
from mock_servers.shopify.rest.door import (
    fulfillment_order_named,
    gid_for,
    may_read_fulfillment_orders,
    may_write_fulfillment_orders,
    operation,
    order_named,
    snake,
    spelled,
    units,
)
from mock_servers.shopify.rest.shapes import fulfillment_order_shape

Json = dict[str, Any]
Inputs = Callable[[Json], Json]


# Reading --------------------------------------------------------------------------------------------------------------


def _listed(call: Call, rows: list[Json]) -> Reply:
    return Reply(200, {"fulfillment_orders": [fulfillment_order_shape(call, row) for row in rows if sees(call, row)]})


@operation("listOrderFulfillmentOrders")
def list_order_fulfillment_orders(call: Call) -> Reply:
    may_read_fulfillment_orders(call)
    return _listed(call, of_order(call, order_named(call)["id"]))


@operation("listAssignedFulfillmentOrders")
def list_assigned_fulfillment_orders(call: Call) -> Reply:
    parts: list[Condition] = [Is("serviceApp", "=", app_id(call)), Not(Is("status", "in", tuple(CLOSED)))]
    if "assignment_status" in call.query:
        parts.append(Is("requestStatus", "=", ASSIGNMENTS[call.query["assignment_status"].upper()]))
    numbers = [*call.query.get("location_ids[]", ()), *call.query.get("location_ids", ())]
    if numbers:
        parts.append(Is("locationId", "in", tuple(gid("Location", number) for number in numbers)))
    return _listed(call, [row.body for row in call.collection("fulfillment_order").rows(All(*parts))])


@operation("getFulfillmentOrder")
def get_fulfillment_order(call: Call) -> Reply:
    may_read_fulfillment_orders(call)
    return Reply(200, {"fulfillment_order": fulfillment_order_shape(call, fulfillment_order_named(call))})


@operation("listFulfillmentOrderFulfillments")
def list_fulfillments(call: Call) -> Reply:
    may_read_fulfillment_orders(call)
    row = fulfillment_order_named(call)
    rows = [each for each in fulfillments_of(call, row["orderId"]) if row["id"] in each["fulfillmentOrderIds"]]
    return Reply(200, {"fulfillments": [fulfillment_shape(call, each) for each in rows]})


@operation("listLocationsForMove")
def list_locations_for_move(call: Call) -> Reply:
    may_read_fulfillment_orders(call)
    rows = [
        {
            "location": {"id": number_in(each["id"]), "name": each["location"]["name"]},
            "message": each["message"],
            "movable": each["movable"],
        }
        for each in move_rows(call, fulfillment_order_named(call))
    ]
    return Reply(200, {"locations_for_move": rows})


# What is done to one --------------------------------------------------------------------------------------------------


def _step(id: str, does: Callable[[Work, Json], Json], shows: tuple[str, ...], inputs: Inputs) -> None:
    """Register a step: `inputs` makes the mutation's arguments of the body, `shows` are members of its payload."""

    @operation(id, errors="list")
    def answer(call: Call) -> Reply:
        may_write_fulfillment_orders(call)
        row = fulfillment_order_named(call)
        payload = does(call, {"id": row["id"]} | inputs(call.body or {}))
        told = {snake(name): payload.get(name) for name in shows}
        return Reply(200, {name: fulfillment_order_shape(call, each) if each else None for name, each in told.items()})


def _hold(body: Json) -> Json:
    given = body["fulfillment_hold"]
    wanted = spelled(given, "reason_notes", "handle", "external_id") | {"reason": given["reason"].upper()}
    lines = units(given.get("fulfillment_order_line_items"))
    return {"fulfillmentHold": wanted | {"fulfillmentOrderLineItems": lines}}


def _move(body: Json) -> Json:
    given = body["fulfillment_order"]
    return {
        "newLocationId": gid_for("Location", given["new_location_id"]),
        "fulfillmentOrderLineItems": units(given.get("fulfillment_order_line_items")),
    }


def _request(body: Json) -> Json:
    given = body.get("fulfillment_request") or {}
    lines = units(given.get("fulfillment_order_line_items"))
    return {"message": given.get("message"), "fulfillmentOrderLineItems": lines}


def _cancellation(body: Json) -> Json:
    return {"message": (body.get("cancellation_request") or {}).get("message")}


def _nothing(_body: Json) -> Json:
    return {}


ONE = ("fulfillmentOrder",)
_step("cancelFulfillmentOrder", changes.cancel, (*ONE, "replacementFulfillmentOrder"), _nothing)
_step("closeFulfillmentOrder", changes.close, ONE, _nothing)
_step("holdFulfillmentOrder", changes.hold, ONE, _hold)
_step("releaseFulfillmentOrderHold", changes.release_hold, ONE, _nothing)
_step("openFulfillmentOrder", changes.open_again, ONE, _nothing)
_step(
    "rescheduleFulfillmentOrder",
    changes.reschedule_to,
    ONE,
    lambda body: {"fulfillAt": body["fulfillment_order"]["new_fulfill_at"]},
)
_step(
    "moveFulfillmentOrder",
    move,
    ("originalFulfillmentOrder", "movedFulfillmentOrder", "remainingFulfillmentOrder"),
    _move,
)
_step(
    "submitFulfillmentRequest",
    changes.submit_fulfillment_request,
    ("originalFulfillmentOrder", "submittedFulfillmentOrder", "unsubmittedFulfillmentOrder"),
    _request,
)
_step("acceptFulfillmentRequest", changes.accept_fulfillment_request, ONE, _request)
_step("rejectFulfillmentRequest", changes.reject_fulfillment_request, ONE, _request)
_step("submitCancellationRequest", changes.submit_cancellation_request, ONE, _cancellation)
_step("acceptCancellationRequest", changes.accept_cancellation_request, ONE, _cancellation)
_step("rejectCancellationRequest", changes.reject_cancellation_request, ONE, _cancellation)
