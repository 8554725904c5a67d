"""Fulfilment orders: where the units of an order wait to be shipped from, and what may be done there (dossier §7.1).

An order has one for each location that its lines are routed to, and one for what needs no shipping. Edits, moves, holds
and cancellations replace them, so their ids go stale; an order's do not.
"""

from collections.abc import Mapping
from typing import Any

from mock_servers.core.clock import moment_of
from mock_servers.core.fake import Work
from mock_servers.core.filters import All, Condition, Is, Not, Some
from mock_servers.shopify.behaviour import inventory
from mock_servers.shopify.behaviour.base import (
    app_id,
    fact,
    fake,
    found,
    gid,
    grants,
    hour_before,
    id_key,
    next_id,
    number_in,
    tell,
)
from mock_servers.shopify.behaviour.paging import Resource, add, exactly, save
from mock_servers.shopify.behaviour.search import Filters, choice, exact, holds_for, instant, padded, reference

Json = dict[str, Any]

CLOSED = frozenset({"CLOSED", "CANCELLED"})
PROGRESS_FROM = "2026-04"
"""The version that brought REPORT_PROGRESS."""
STATUSES = ("OPEN", "IN_PROGRESS", "CLOSED", "CANCELLED", "INCOMPLETE", "SCHEDULED", "ON_HOLD")

FULFILLMENT_ORDERS = Resource(
    "FulfillmentOrder",
    {"ID": "seq", "CREATED_AT": "createdAt", "UPDATED_AT": "updatedAt"},
    Filters(
        {
            "id": padded("idKey"),
            "status": choice({word.lower(): Is("status", "=", word) for word in STATUSES}),
            "request_status": exact("requestStatus", clean=str.upper),
            "assigned_location_id": reference("locationId", "Location"),
            "order_id": reference("orderId", "Order"),
            "updated_at": instant("updatedAt"),
        },
        (),
    ),
)


# Making them ----------------------------------------------------------------------------------------------------------


def route(work: Work, order: Json, fulfill_at: str | None = None) -> list[Json]:
    """Decide where each line is shipped from, claim its stock there, and make the fulfilment orders."""
    groups: dict[tuple[str, bool], list[Json]] = {}
    for line in order["lines"]:
        location = location_for(work, line)
        if line["claimed"]:
            inventory.commit(work, line["inventoryItemId"], location["id"], line["quantity"])
        groups.setdefault((location["id"], line["requiresShipping"]), []).append(line)
    made = []
    for (location_id, ships), lines in groups.items():
        location = found(work, "Location", location_id)
        numbers = [next_id(work, "FulfillmentOrderLineItem")[0] for _ in lines]
        rows = [line_document(id, line) for id, line in zip(numbers, lines, strict=True)]
        made.append(_add(work, order, location, rows, ships=ships, fulfill_at=fulfill_at))
    return made


def location_for(work: Work, line: Json) -> Json:
    """The first location with enough of it; else the first that stocks it; else where the shop began."""
    places = [
        row.body for row in work.collection("location").rows(Is("isActive", "=", True)) if row["fulfillsOnlineOrders"]
    ]
    item_id = line["inventoryItemId"]
    levels = {level["locationId"]: level for level in inventory.levels_of(work, item_id)} if item_id else {}
    stocked = [place for place in places if place["id"] in levels]
    for place in stocked:
        if levels[place["id"]]["quantities"]["available"] >= line["quantity"]:
            return place
    return (stocked or [place for place in places if not place["service"]] or places)[0]


def _add(work: Work, order: Json, location: Json, rows: list[Json], *, ships: bool, fulfill_at: str | None) -> Json:
    id, number = next_id(work, "FulfillmentOrder")
    document = fulfillment_order_document(work.stamp, id, number, order, location, rows, ships=ships)
    if fulfill_at is not None and moment_of(fulfill_at) > work.now:
        document |= {"status": "SCHEDULED", "fulfillAt": fulfill_at}
        _wait_for_schedule(work, document)
    return add(work, "fulfillment_order", document).body


def fulfillment_order_document(
    stamp: str, id: str, number: int, order: Json, location: Json, rows: list[Json], *, ships: bool
) -> Json:
    """A fulfilment order as it is kept: open, and not asked for."""
    address = location["address"]
    return {
        "id": id,
        "idKey": id_key(number),
        "orderId": order["id"],
        "orderName": order["name"],
        "orderProcessedAt": order["processedAt"],
        "status": "OPEN",
        "requestStatus": "UNSUBMITTED",
        "locationId": location["id"],
        "service": location["service"],
        "serviceApp": location.get("serviceApp"),
        "assigned": {"name": location["name"], "locationId": location["id"]}
        | {name: address[name] for name in ("address1", "address2", "city", "province", "zip", "countryCode", "phone")},
        "destination": destination_of(order, number) if ships else None,
        "deliveryMethod": {
            "id": gid("DeliveryMethod", number),
            "methodType": "SHIPPING" if ships else "NONE",
            "presentedName": order["shippingLines"][0]["title"] if ships and order["shippingLines"] else None,
        },
        "fulfillAt": hour_before(stamp),
        "fulfillBy": None,
        "holds": [],
        "requests": [],
        "progressReported": False,
        "lines": rows,
        "createdAt": stamp,
        "updatedAt": stamp,
    }


def line_document(id: str, line: Json) -> Json:
    """A line of a fulfilment order as it is kept inside it."""
    return {
        "id": id,
        "lineItemId": line["id"],
        "totalQuantity": line["quantity"],
        "remainingQuantity": line["quantity"],
        "sku": line["sku"],
        "productTitle": line["title"],
        "variantTitle": line["variantTitle"],
        "vendor": line["vendor"],
        "requiresShipping": line["requiresShipping"],
        "inventoryItemId": line["inventoryItemId"],
        "variantId": line["variantId"],
        "grams": line["grams"],
    }


def destination_of(order: Json, number: int) -> Json | None:
    """Where it is to go."""
    address = order["shippingAddress"]
    if address is None:
        return None
    kept = ("firstName", "lastName", "company", "address1", "address2", "city", "province", "zip", "phone")
    return {name: address[name] for name in kept} | {
        "id": gid("FulfillmentOrderDestination", number),
        "countryCode": address["countryCodeV2"],
        "email": order["email"],
    }


# Finding and changing them --------------------------------------------------------------------------------------------


def of_order(work: Work, order_id: str) -> list[Json]:
    """An order's fulfilment orders, oldest first."""
    return [row.body for row in work.collection("fulfillment_order").rows(Is("orderId", "=", order_id))]


def change(work: Work, fulfillment_order: Json, changes: Json) -> Json:
    """Change a fulfilment order."""
    return save(work, "fulfillment_order", fulfillment_order | changes | {"updatedAt": work.stamp}).body


def tell_about(work: Work, fulfillment_order: Json, event: str, **more: Any) -> None:
    """Tell of a fulfilment order as it now is."""
    from mock_servers.shopify.behaviour.rest import fulfillment_order_event_shape

    tell(work, f"fulfillment_orders/{event}", lambda: fulfillment_order_event_shape(fulfillment_order) | more)


def where_it_waits(work: Work, order_id: str, line_item_id: str) -> list[tuple[str, int]]:
    """The locations at which units of an order's line are still to be shipped, and how many at each."""
    return [
        (row["locationId"], line["remainingQuantity"])
        for row in of_order(work, order_id)
        if row["status"] not in CLOSED
        for line in row["lines"]
        if line["lineItemId"] == line_item_id and line["remainingQuantity"]
    ]


def close_all(work: Work, order_id: str) -> None:
    """The order is cancelled: whatever was open is closed, its remaining quantities left as they were (observed)."""
    for row in of_order(work, order_id):
        if row["status"] not in CLOSED:
            closed = change(work, row, {"status": "CLOSED", "holds": []})
            tell_about(work, closed, "cancelled")


def readdress(work: Work, order: Json) -> None:
    """The order goes somewhere else."""
    for row in of_order(work, order["id"]):
        if row["status"] not in CLOSED and row["deliveryMethod"]["methodType"] == "SHIPPING":
            change(work, row, {"destination": destination_of(order, number_in(row["id"]))})


def split_off(work: Work, fulfillment_order: Json, chosen: Mapping[str, int], changes: Json) -> tuple[Json, Json]:
    """Move units of some lines into a new fulfilment order with `changes`. Answers what is left, and the new one."""
    kept, moved = [], []
    for line in fulfillment_order["lines"]:
        count = chosen.get(line["id"], 0)
        left = {
            "totalQuantity": line["totalQuantity"] - count,
            "remainingQuantity": line["remainingQuantity"] - count,
        }
        if left["totalQuantity"]:
            kept.append(line | left)
        if count:
            moved.append(line | {"totalQuantity": count, "remainingQuantity": count})
    return change(work, fulfillment_order, {"lines": kept}), copy(work, fulfillment_order, moved, changes)


def copy(work: Work, fulfillment_order: Json, lines: list[Json], changes: Json) -> Json:
    """A new fulfilment order like another one, with lines of its own."""
    id, number = next_id(work, "FulfillmentOrder")
    own = [line | {"id": next_id(work, "FulfillmentOrderLineItem")[0]} for line in lines]
    document = fulfillment_order | {"lines": own, "requests": [], "holds": [], "progressReported": False} | changes
    method = document["deliveryMethod"] | {"id": gid("DeliveryMethod", number)}
    target = document["destination"] and document["destination"] | {"id": gid("FulfillmentOrderDestination", number)}
    stamps = {"createdAt": work.stamp, "updatedAt": work.stamp}
    document |= {"id": id, "idKey": id_key(number), "deliveryMethod": method, "destination": target} | stamps
    return add(work, "fulfillment_order", document).body


def replace(work: Work, fulfillment_order: Json) -> Json | None:
    """A fresh one for what was not shipped of one that ended."""
    left = [
        line | {"totalQuantity": line["remainingQuantity"]}
        for line in fulfillment_order["lines"]
        if line["remainingQuantity"]
    ]
    fresh = {"status": "OPEN", "requestStatus": "UNSUBMITTED"}
    return copy(work, fulfillment_order, left, fresh) if left else None


def remaining(fulfillment_order: Json) -> int:
    """Units still to be shipped."""
    return sum(line["remainingQuantity"] for line in fulfillment_order["lines"])


# What may be done -----------------------------------------------------------------------------------------------------


def supported_actions(fulfillment_order: Json, *, version: str, siblings: bool, holds_of_app: int) -> list[str]:
    """The actions shown, in the order in which they are shown (observed; SUBMITTED and later requests are assumed)."""
    status, request = fulfillment_order["status"], fulfillment_order["requestStatus"]
    progress = ["REPORT_PROGRESS"] if version >= PROGRESS_FROM else []
    if status in CLOSED:
        return []
    if status == "ON_HOLD":
        more = ["HOLD"] if holds_of_app < fact("holds_per_app_maximum") else []
        return ["RELEASE_HOLD", *more, "MOVE"]
    if status == "SCHEDULED":
        return ["MARK_AS_OPEN", "MOVE"]
    if status == "INCOMPLETE":
        return ["REQUEST_FULFILLMENT", "CREATE_FULFILLMENT", "HOLD", "MOVE"]
    if request == "SUBMITTED":
        return ["CANCEL_FULFILLMENT_ORDER"]
    if request in {"ACCEPTED", "CANCELLATION_REJECTED"}:
        return ["CREATE_FULFILLMENT", "REQUEST_CANCELLATION"]
    if request == "CANCELLATION_REQUESTED":
        return ["CREATE_FULFILLMENT"]
    if status == "IN_PROGRESS":
        return ["CREATE_FULFILLMENT", *progress, "HOLD", "MARK_AS_OPEN"]
    split = ["SPLIT"] if remaining(fulfillment_order) > 1 else []
    if fulfillment_order["service"]:
        return ["REQUEST_FULFILLMENT", "CREATE_FULFILLMENT", "HOLD", *split, "MOVE"]
    merge = ["MERGE"] if siblings else []
    return ["CREATE_FULFILLMENT", *progress, "MOVE", "HOLD", *split, *merge]


def siblings_of(work: Work, fulfillment_order: Json) -> list[Json]:
    """The other open ones of the same order at the same location."""
    return [
        row
        for row in of_order(work, fulfillment_order["orderId"])
        if row["id"] != fulfillment_order["id"]
        and row["status"] == "OPEN"
        and row["locationId"] == fulfillment_order["locationId"]
    ]


def has_siblings(work: Work, fulfillment_order: Json) -> bool:
    """Whether the same location has another open one of the same order."""
    return bool(siblings_of(work, fulfillment_order))


def holds_by(fulfillment_order: Json, app: str) -> list[Json]:
    """The holds an app has placed."""
    return [hold for hold in fulfillment_order["holds"] if hold["app"] == app]


# A schedule -----------------------------------------------------------------------------------------------------------


def _wait_for_schedule(work: Work, fulfillment_order: Json) -> None:
    seconds = moment_of(fulfillment_order["fulfillAt"]) - work.now
    work.later(
        seconds, "fulfillment_order_ready", {"id": fulfillment_order["id"], "at": fulfillment_order["fulfillAt"]}
    )


def reschedule(work: Work, fulfillment_order: Json, fulfill_at: str) -> Json:
    """Another day."""
    changed = change(work, fulfillment_order, {"fulfillAt": fulfill_at})
    _wait_for_schedule(work, changed)
    return changed


@fake.timer("fulfillment_order_ready")
def ready(work: Work, about: Json) -> None:
    """Its day has come, unless it was opened or moved to another day before."""
    row = work.collection("fulfillment_order").find(about["id"])
    if row is not None and row["status"] == "SCHEDULED" and row["fulfillAt"] == about["at"]:
        from mock_servers.shopify.behaviour.orders import roll_up

        opened = change(work, row.body, {"status": "OPEN"})
        roll_up(work, found(work, "Order", opened["orderId"]))
        tell_about(work, opened, "scheduled_fulfillment_order_ready")


# Who sees which, and where one can go ---------------------------------------------------------------------------------


def visible(work: Work) -> Condition:
    """What the caller's scopes let it see: merchant's locations, its own service, other people's services."""
    held = grants(work)
    own = app_id(work)
    parts: list[Condition] = []
    if "read_merchant_managed_fulfillment_orders" in held:
        parts.append(Is("service", "absent"))
    if "read_assigned_fulfillment_orders" in held:
        parts.append(Is("serviceApp", "=", own))
    if "read_third_party_fulfillment_orders" in held:
        parts.append(All(Not(Is("service", "absent")), Not(Is("serviceApp", "=", own))))
    return Some(*parts) if len(parts) < 3 else All()


def sees(work: Work, fulfillment_order: Json) -> bool:
    """Whether the caller may see this one."""
    return holds_for(visible(work), fulfillment_order)


ASSIGNMENTS = {
    "CANCELLATION_REQUESTED": "CANCELLATION_REQUESTED",
    "FULFILLMENT_REQUESTED": "SUBMITTED",
    "FULFILLMENT_ACCEPTED": "ACCEPTED",
    "FULFILLMENT_UNSUBMITTED": "UNSUBMITTED",
}


def move_rows(work: Work, fulfillment_order: Json) -> list[Json]:
    """The other locations, and whether it could go there."""
    places = [row.body for row in work.collection("location").rows(Is("isActive", "=", True))]
    others = [place for place in places if place["id"] != fulfillment_order["locationId"]]
    return [_move_row(work, fulfillment_order, place) for place in others]


def _move_row(work: Work, fulfillment_order: Json, place: Json) -> Json:
    lines = [line | {"orderId": fulfillment_order["orderId"]} for line in fulfillment_order["lines"]]
    here = [line for line in lines if inventory.level_of(work, line["inventoryItemId"], place["id"]) is not None]
    elsewhere = [line for line in lines if line not in here]
    return {
        "id": place["id"],
        "location": place,
        "movable": bool(here),
        "message": None if here else "No items are stocked at this location.",
        "available": here,
        "unavailable": elsewhere,
        "availableLineItemsCount": exactly(len(here)),
        "unavailableLineItemsCount": exactly(len(elsewhere)),
    }
