"""Locations that are opened, and fulfilment services that are asked."""

from typing import Any

from mock_servers.core.fake import Work
from mock_servers.core.refusal import UsageError
from mock_servers.shopify.actions.words import NewLocation, OrderOnly, RequestCancellation, order_named
from mock_servers.shopify.behaviour import (
    fulfillment_order_changes,
    fulfillment_orders,
)
from mock_servers.shopify.behaviour.base import (
    UserErrors,
    fake,
    found,
)
from mock_servers.shopify.behaviour.shop import APP, make_location

Json = dict[str, Any]


@fake.action("add_location", NewLocation)
def add_location(work: Work, given: NewLocation) -> Json:
    """The merchant opens a location, or an app registers a fulfilment service with one."""
    service = "-".join(given.name.lower().split()) if given.fulfillment_service else None
    location = make_location(work, given.name, {"address1": "2 Dock Road", "city": given.city}, service=service)
    if service:
        location = location | {"serviceApp": work.collection("app").get(APP)["apiKey"]}
        work.collection("location").save(location)
    return {"id": location["id"], "name": location["name"]}


@fake.action("request_fulfillment", OrderOnly)
def request_fulfillment(work: Work, given: OrderOnly) -> Json:
    """The merchant asks the fulfilment service to ship an order."""
    rows = _rows_at_services(work, given.order, {"UNSUBMITTED", "REJECTED"})
    return _step(work, rows, fulfillment_order_changes.submit_fulfillment_request, {})


@fake.action("request_cancellation", RequestCancellation)
def request_cancellation(work: Work, given: RequestCancellation) -> Json:
    """The merchant asks the fulfilment service not to ship what it has accepted."""
    rows = _rows_at_services(work, given.order, {"ACCEPTED", "CANCELLATION_REJECTED"})
    return _step(work, rows, fulfillment_order_changes.submit_cancellation_request, {"message": given.message})


def _rows_at_services(work: Work, order: str, requests: set[str]) -> list[Json]:
    rows = fulfillment_orders.of_order(work, order_named(work, order)["id"])
    fitting = [row for row in rows if row["service"] and row["requestStatus"] in requests]
    if not fitting:
        raise UsageError(
            f"no fulfilment order of {order} at a fulfilment service is {' or '.join(sorted(requests)).lower()}"
        )
    return fitting


def _step(work: Work, rows: list[Json], does: Any, args: Json) -> Json:
    for row in rows:
        try:
            does(work, args | {"id": row["id"]})
        except UserErrors as refused:
            raise UsageError(refused.errors[0]["message"]) from refused
    now = [found(work, "FulfillmentOrder", row["id"]) for row in rows]
    return {"fulfillment_orders": [{"id": row["id"], "request_status": row["requestStatus"]} for row in now]}
