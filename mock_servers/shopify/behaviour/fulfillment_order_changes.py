"""What can be done to a fulfilment order, and what it becomes (dossier §7.2): the state machine, one function a step.

Sentences marked observed there are used as they stand. Where a capture shows none for a wrong state, the sentence that
is shown for the others is used.
"""

from collections.abc import Iterable
from typing import Any, NoReturn

from mock_servers.core.clock import moment_of
from mock_servers.core.fake import Work
from mock_servers.shopify.behaviour.base import (
    app_id,
    fact,
    find,
    found,
    mutation,
    next_id,
    refuse,
)
from mock_servers.shopify.behaviour.fulfillment_orders import (
    CLOSED,
    change,
    holds_by,
    remaining,
    replace,
    reschedule,
    sees,
    split_off,
    tell_about,
)
from mock_servers.shopify.behaviour.orders import change_order, roll_up

Json = dict[str, Any]
ANSWERABLE = frozenset({"OPEN", "IN_PROGRESS", "INCOMPLETE", "SCHEDULED"})
NOT_FOUND = "FULFILLMENT_ORDER_NOT_FOUND"


def own_row(work: Work, id: str, field: str = "id", code: str | None = None) -> Json:
    """The fulfilment order, if the caller may see it; otherwise it does not exist."""
    document = find(work, "FulfillmentOrder", id)
    if document is None or not sees(work, document.body):
        refuse([field], "Fulfillment order does not exist.", code)
    return document.body


def wrong_status(fulfillment_order: Json, code: str | None = None) -> NoReturn:
    status = fulfillment_order["status"].lower()
    refuse(None, f"Expected fulfillment order status to be valid but it was {status}.", code)


def refresh(work: Work, order_id: str) -> None:
    """The order says anew how its fulfilment stands, and tells when that has changed."""
    before = found(work, "Order", order_id)
    after = roll_up(work, before)
    if after["displayFulfillmentStatus"] != before["displayFulfillmentStatus"]:
        change_order(work, after, {})


def done(work: Work, fulfillment_order: Json, event: str | None = None, **more: Json | None) -> Json:
    """Tell, let the order know, and answer."""
    if event is not None:
        tell_about(work, fulfillment_order, event)
    refresh(work, fulfillment_order["orderId"])
    return {"fulfillmentOrder": fulfillment_order, "userErrors": [], **more}


# Lines ----------------------------------------------------------------------------------------------------------------


def chosen_units(
    fulfillment_order: Json, given: Iterable[Json], where: list[str], codes: dict[str, str] | None = None
) -> dict[str, int]:
    """Units by line, out of an input list. Raises `UserErrors`; `codes` are those of a payload that has codes."""
    codes = codes or {}
    lines = {line["id"]: line for line in fulfillment_order["lines"]}
    units: dict[str, int] = {}
    for place, row in enumerate(given):
        line = lines.get(row["id"])
        field = [*where, str(place)]
        if line is None:
            refuse([*field, "id"], "Fulfillment order line item does not exist.", codes.get("missing"))
        if row["id"] in units:
            refuse(field, "The fulfillment order line items must be unique.", codes.get("twice"))
        if row["quantity"] <= 0:
            refuse([*field, "quantity"], "Quantity must be greater than 0", codes.get("positive"))
        if row["quantity"] > line["remainingQuantity"]:
            refuse([*field, "quantity"], "Invalid fulfillment order line item quantity requested.", codes.get("many"))
        units[row["id"]] = row["quantity"]
    return units


def is_all(fulfillment_order: Json, units: dict[str, int]) -> bool:
    return sum(units.values()) == remaining(fulfillment_order)


# Requests to a fulfilment service -------------------------------------------------------------------------------------


def _request(work: Work, kind: str, message: str | None) -> Json:
    return {
        "id": next_id(work, "FulfillmentOrderMerchantRequest")[0],
        "kind": kind,
        "message": message,
        "sentAt": work.stamp,
        "requestOptions": None,
        "responseData": None,
    }


@mutation("fulfillmentOrderSubmitFulfillmentRequest")
def submit_fulfillment_request(work: Work, args: Json) -> Json:
    original = own_row(work, args["id"])
    if not original["service"]:
        refuse(None, "The fulfillment order's assigned fulfillment service must be of api type")
    if original["status"] not in {"OPEN", "INCOMPLETE"} or original["requestStatus"] not in {
        "UNSUBMITTED",
        "REJECTED",
        "CLOSED",
    }:
        wrong_status(original)
    left = None
    if args.get("fulfillmentOrderLineItems"):
        units = chosen_units(original, args["fulfillmentOrderLineItems"], ["fulfillmentOrderLineItems"])
        if not is_all(original, units):
            rest = {
                line["id"]: line["remainingQuantity"] - units.get(line["id"], 0)
                for line in original["lines"]
                if line["remainingQuantity"] > units.get(line["id"], 0)
            }
            original, left = split_off(work, original, rest, {})
    requests = [*original["requests"], _request(work, "FULFILLMENT_REQUEST", args.get("message"))]
    submitted = change(work, original, {"status": "OPEN", "requestStatus": "SUBMITTED", "requests": requests})
    tell_about(work, submitted, "fulfillment_request_submitted")
    refresh(work, submitted["orderId"])
    return {
        "originalFulfillmentOrder": submitted,
        "submittedFulfillmentOrder": submitted,
        "unsubmittedFulfillmentOrder": left,
        "userErrors": [],
    }


@mutation("fulfillmentOrderAcceptFulfillmentRequest")
def accept_fulfillment_request(work: Work, args: Json) -> Json:
    asked = _asked(work, args["id"], "SUBMITTED")
    accepted = change(work, asked, {"status": "IN_PROGRESS", "requestStatus": "ACCEPTED"})
    return done(work, accepted, "fulfillment_request_accepted")


@mutation("fulfillmentOrderRejectFulfillmentRequest")
def reject_fulfillment_request(work: Work, args: Json) -> Json:
    asked = _asked(work, args["id"], "SUBMITTED")
    rejected = change(work, asked, {"status": "OPEN", "requestStatus": "REJECTED"})
    return done(work, rejected, "fulfillment_request_rejected")


@mutation("fulfillmentOrderSubmitCancellationRequest")
def submit_cancellation_request(work: Work, args: Json) -> Json:
    row = own_row(work, args["id"])
    if row["requestStatus"] not in {"ACCEPTED", "CANCELLATION_REJECTED"} or row["status"] in CLOSED:
        wrong_status(row)
    requests = [*row["requests"], _request(work, "CANCELLATION_REQUEST", args.get("message"))]
    asked = change(work, row, {"requestStatus": "CANCELLATION_REQUESTED", "requests": requests})
    return done(work, asked, "cancellation_request_submitted")


@mutation("fulfillmentOrderAcceptCancellationRequest")
def accept_cancellation_request(work: Work, args: Json) -> Json:
    asked = _asked(work, args["id"], "CANCELLATION_REQUESTED")
    cancelled = change(work, asked, {"status": "CANCELLED", "requestStatus": "CANCELLATION_ACCEPTED"})
    replace(work, cancelled)
    return done(work, cancelled, "cancellation_request_accepted")


@mutation("fulfillmentOrderRejectCancellationRequest")
def reject_cancellation_request(work: Work, args: Json) -> Json:
    asked = _asked(work, args["id"], "CANCELLATION_REQUESTED")
    rejected = change(work, asked, {"requestStatus": "CANCELLATION_REJECTED"})
    return done(work, rejected, "cancellation_request_rejected")


def _asked(work: Work, id: str, request_status: str) -> Json:
    row = own_row(work, id)
    if row["requestStatus"] != request_status or row["status"] in CLOSED:
        wrong_status(row)
    return row


@mutation("fulfillmentOrderCancel")
def cancel(work: Work, args: Json) -> Json:
    row = own_row(work, args["id"])
    if row["status"] in CLOSED or row["requestStatus"] not in {"UNSUBMITTED", "SUBMITTED", "REJECTED"}:
        refuse(None, "Fulfillment order is not in cancelable request state and can't be canceled.")
    if row["progressReported"]:
        refuse(None, "Cannot cancel a fulfillment order that has had progress reported.")
    closed = change(work, row, {"status": "CLOSED", "requestStatus": "UNSUBMITTED", "holds": []})
    replacement = replace(work, row)
    return done(work, closed, "cancelled", replacementFulfillmentOrder=replacement)


@mutation("fulfillmentOrderClose")
def close(work: Work, args: Json) -> Json:
    row = own_row(work, args["id"])
    if row["status"] != "IN_PROGRESS" or row["requestStatus"] not in {"ACCEPTED", "CANCELLATION_REJECTED"}:
        refuse(None, "The fulfillment order is not in an in progress state.")
    closed = change(work, row, {"status": "INCOMPLETE", "requestStatus": "CLOSED"})
    return done(work, closed, "fulfillment_service_failed_to_complete")


# Holds ----------------------------------------------------------------------------------------------------------------

HANDLE_TAKEN = (
    "The handle provided for the fulfillment hold is already in use by this app for another hold on this "
    "fulfillment order."
)
HOLD_CODES = {
    "twice": "DUPLICATED_FULFILLMENT_ORDER_LINE_ITEMS",
    "positive": "GREATER_THAN_ZERO",
    "many": "INVALID_LINE_ITEM_QUANTITY",
    "missing": "INVALID_LINE_ITEM_QUANTITY",
}


@mutation("fulfillmentOrderHold")
def hold(work: Work, args: Json) -> Json:
    row, given = own_row(work, args["id"], code=NOT_FOUND), args["fulfillmentHold"]
    own = holds_by(row, app_id(work))
    if row["status"] not in {*ANSWERABLE, "ON_HOLD"} or row["requestStatus"] in {"SUBMITTED", "ACCEPTED"}:
        wrong_status(row)
    if len(own) >= fact("holds_per_app_maximum"):
        said = "The maximum number of fulfillment holds for this fulfillment order has been reached for this app."
        refuse(["id"], said, "FULFILLMENT_ORDER_HOLD_LIMIT_REACHED")
    handle = given.get("handle") or ""
    if any((each["handle"] or "") == handle for each in own):
        refuse(["fulfillmentHold", "handle"], HANDLE_TAKEN, "DUPLICATE_FULFILLMENT_HOLD_HANDLE")
    row, left = _held_part(work, row, given.get("fulfillmentOrderLineItems") or [])
    placed = {
        "id": next_id(work, "FulfillmentHold")[0],
        "reason": given["reason"],
        "reasonNotes": given.get("reasonNotes"),
        "handle": given.get("handle"),
        "externalId": given.get("externalId"),
        "app": app_id(work),
    }
    held = change(work, row, {"status": "ON_HOLD", "holds": [*row["holds"], placed]})
    more: dict[str, Any] = {"fulfillmentHold": placed, "remainingFulfillmentOrder": left}
    return done(work, held, "placed_on_hold", **more)


def _held_part(work: Work, row: Json, given: list[Json]) -> tuple[Json, Json | None]:
    """The part that is held keeps the id; what is not held moves into a new fulfilment order."""
    if not given:
        return row, None
    where = ["fulfillmentHold", "fulfillmentOrderLineItems"]
    units = chosen_units(row, given, where, HOLD_CODES)
    if is_all(row, units):
        return row, None
    if row["status"] == "ON_HOLD":
        said = "The fulfillment order is not in a splittable state."
        refuse(where, said, "FULFILLMENT_ORDER_NOT_SPLITTABLE")
    rest = {
        line["id"]: line["remainingQuantity"] - units.get(line["id"], 0)
        for line in row["lines"]
        if line["remainingQuantity"] > units.get(line["id"], 0)
    }
    return split_off(work, row, rest, {})


@mutation("fulfillmentOrderReleaseHold")
def release_hold(work: Work, args: Json) -> Json:
    row = own_row(work, args["id"], code=NOT_FOUND)
    if row["status"] != "ON_HOLD":
        wrong_status(row)
    wanted, external = args.get("holdIds"), args.get("externalId")
    kept = [
        each
        for each in row["holds"]
        if (wanted and each["id"] not in wanted) or (external is not None and each["externalId"] != external)
    ]
    released = change(work, row, {"holds": kept, "status": "ON_HOLD" if kept else "OPEN"})
    return done(work, released, "hold_released")


# Opening, scheduling, reporting ---------------------------------------------------------------------------------------


@mutation("fulfillmentOrderOpen")
def open_again(work: Work, args: Json) -> Json:
    row = own_row(work, args["id"])
    waits = row["status"] in {"SCHEDULED", "IN_PROGRESS"} and row["requestStatus"] == "UNSUBMITTED"
    if not waits:
        wrong_status(row)
    return done(work, change(work, row, {"status": "OPEN", "progressReported": False}))


@mutation("fulfillmentOrderReschedule")
def reschedule_to(work: Work, args: Json) -> Json:
    row = own_row(work, args["id"], code=NOT_FOUND)
    if row["status"] != "SCHEDULED":
        refuse(None, "Fulfillment order must be scheduled.")
    if moment_of(args["fulfillAt"]) <= work.now:
        refuse(["fulfillAt"], "Fulfill at must be in the future.")
    return done(work, reschedule(work, row, args["fulfillAt"]), "rescheduled")


@mutation("fulfillmentOrderReportProgress")
def report_progress(work: Work, args: Json) -> Json:
    row = own_row(work, args["id"], code=NOT_FOUND)
    if row["service"]:
        said = "Cannot report progress on a fulfillment order assigned to another fulfillment service."
        refuse(None, said, "FULFILLMENT_ORDER_INVALID_FULFILLMENT_SERVICE_OWNERSHIP")
    if row["status"] not in {"OPEN", "IN_PROGRESS"}:
        refuse(None, "Cannot report progress on a fulfillment order in this state.", "FULFILLMENT_ORDER_STATUS_INVALID")
    reported = change(work, row, {"status": "IN_PROGRESS", "progressReported": True})
    return done(work, reported, "progress_reported")


@mutation("fulfillmentOrdersSetFulfillmentDeadline")
def set_deadline(work: Work, args: Json) -> Json:
    rows = [find(work, "FulfillmentOrder", id) for id in args["fulfillmentOrderIds"]]
    if any(row is None or not sees(work, row.body) for row in rows):
        refuse(["fulfillmentOrderIds"], "The fulfillment orders could not be found.", "FULFILLMENT_ORDERS_NOT_FOUND")
    for row in rows:
        if row is not None:
            change(work, row.body, {"fulfillBy": args["fulfillmentDeadline"]})
    return {"success": True, "userErrors": []}
