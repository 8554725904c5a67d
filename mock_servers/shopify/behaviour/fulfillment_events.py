"""What happens to a parcel on the way, told and taken back."""

from typing import Any

from mock_servers.core.fake import Work
from mock_servers.shopify.behaviour.base import mutation, next_id, tell
from mock_servers.shopify.behaviour.fulfillments import own_fulfillment, tell_fulfillment
from mock_servers.shopify.behaviour.paging import save

Json = dict[str, Any]

SHOWN_AS = {
    "ATTEMPTED_DELIVERY": "ATTEMPTED_DELIVERY",
    "CARRIER_PICKED_UP": "CARRIER_PICKED_UP",
    "CONFIRMED": "CONFIRMED",
    "DELAYED": "DELAYED",
    "DELIVERED": "DELIVERED",
    "FAILURE": "NOT_DELIVERED",
    "IN_TRANSIT": "IN_TRANSIT",
    "LABEL_PRINTED": "LABEL_PRINTED",
    "LABEL_PURCHASED": "LABEL_PURCHASED",
    "OUT_FOR_DELIVERY": "OUT_FOR_DELIVERY",
    "READY_FOR_PICKUP": "READY_FOR_PICKUP",
}


@mutation("fulfillmentEventCreate")
def fulfillment_event_create(work: Work, args: Json) -> Json:
    given = args["fulfillmentEvent"]
    fulfillment = own_fulfillment(work, given["fulfillmentId"], "fulfillmentId")
    places = (
        "address1",
        "city",
        "country",
        "province",
        "zip",
        "latitude",
        "longitude",
        "message",
        "estimatedDeliveryAt",
    )
    event = {name: given.get(name) for name in places} | {
        "id": next_id(work, "FulfillmentEvent")[0],
        "status": given["status"],
        "happenedAt": given.get("happenedAt") or work.stamp,
        "createdAt": work.stamp,
    }
    changes: Json = {"events": [*fulfillment["events"], event], "displayStatus": SHOWN_AS[given["status"]]}
    if given["status"] == "IN_TRANSIT":
        changes["inTransitAt"] = event["happenedAt"]
    if given["status"] == "DELIVERED":
        changes["deliveredAt"] = event["happenedAt"]
    if given.get("estimatedDeliveryAt"):
        changes["estimatedDeliveryAt"] = given["estimatedDeliveryAt"]
    changed = save(work, "fulfillment", fulfillment | changes | {"updatedAt": work.stamp}).body
    _tell_event(work, changed, event, "fulfillment_events/create")
    tell_fulfillment(work, changed, "fulfillments/update")
    return {"fulfillmentEvent": event, "userErrors": []}


def delete_event(work: Work, fulfillment: Json, event: Json) -> Json:
    """It never happened: the parcel is where the event before it says, or has only been sent. That it is the event
    before it in the list, and what becomes of the moments, is assumed."""
    left = [each for each in fulfillment["events"] if each is not event]
    changes: Json = {"events": left}
    if fulfillment["displayStatus"] != "CANCELED":
        changes["displayStatus"] = SHOWN_AS[left[-1]["status"]] if left else "FULFILLED"
    for status, member in (("IN_TRANSIT", "inTransitAt"), ("DELIVERED", "deliveredAt")):
        stamps = [each["happenedAt"] for each in left if each["status"] == status]
        changes[member] = stamps[-1] if stamps else None
    told = [each["estimatedDeliveryAt"] for each in left if each["estimatedDeliveryAt"]]
    changes["estimatedDeliveryAt"] = told[-1] if told else None
    changed = save(work, "fulfillment", fulfillment | changes | {"updatedAt": work.stamp}).body
    _tell_event(work, changed, event, "fulfillment_events/delete")
    tell_fulfillment(work, changed, "fulfillments/update")
    return changed


def _tell_event(work: Work, fulfillment: Json, event: Json, topic: str) -> None:
    from mock_servers.shopify.behaviour.rest import fulfillment_event_shape

    tell(work, topic, lambda: fulfillment_event_shape(work, fulfillment, event))
