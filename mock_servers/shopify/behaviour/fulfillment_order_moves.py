"""Fulfilment orders that go elsewhere, are split, or become one (dossier §7.2)."""

from typing import Any

from mock_servers.core.fake import Work
from mock_servers.shopify.behaviour import inventory
from mock_servers.shopify.behaviour.base import (
    find,
    found,
    mutation,
    refuse,
)
from mock_servers.shopify.behaviour.fulfillment_order_changes import (
    NOT_FOUND,
    chosen_units,
    is_all,
    own_row,
    refresh,
    wrong_status,
)
from mock_servers.shopify.behaviour.fulfillment_orders import (
    CLOSED,
    change,
    remaining,
    split_off,
    tell_about,
)

Json = dict[str, Any]


PROGRESS_REPORTED = (
    "Cannot move a fulfillment order that has had progress reported. To move a fulfillment order that has had progress "
    "reported, the fulfillment order must first be marked as open resolving the ongoing progress state."
)


@mutation("fulfillmentOrderMove")
def move(work: Work, args: Json) -> Json:
    row = own_row(work, args["id"])
    if row["status"] in CLOSED:
        refuse(None, "Cannot change location.")
    if row["progressReported"]:
        refuse(["id"], PROGRESS_REPORTED, "CANNOT_MOVE_FULFILLMENT_ORDER_WITH_REPORTED_PROGRESS")
    if row["requestStatus"] in {"SUBMITTED", "ACCEPTED", "CANCELLATION_REQUESTED", "CANCELLATION_REJECTED"}:
        refuse(None, "Cannot move submitted fulfillment order that is at a 3PL fulfillment service.")
    location = find(work, "Location", args["newLocationId"])
    if location is None:
        refuse(["newLocationId"], "Location not found.")
    if location.id == row["locationId"]:
        refuse(["newLocationId"], "Cannot change location.")
    units = chosen_units(row, args.get("fulfillmentOrderLineItems") or [], ["fulfillmentOrderLineItems"])
    units = units or {line["id"]: line["remainingQuantity"] for line in row["lines"] if line["remainingQuantity"]}
    original, moved, left = _move_units(work, row, units, _assignment(location.body))
    _move_stock(work, row, units, location.id)
    tell_about(work, moved, "moved")
    refresh(work, row["orderId"])
    return {
        "movedFulfillmentOrder": moved,
        "originalFulfillmentOrder": original,
        "remainingFulfillmentOrder": left,
        "userErrors": [],
    }


def _assignment(location: Json) -> Json:
    address = location["address"]
    kept = ("address1", "address2", "city", "province", "zip", "countryCode", "phone")
    assigned = {"name": location["name"], "locationId": location["id"]} | {name: address[name] for name in kept}
    return {
        "locationId": location["id"],
        "service": location["service"],
        "serviceApp": location.get("serviceApp"),
        "assigned": assigned,
        "requestStatus": "UNSUBMITTED",
    }


def _move_units(work: Work, row: Json, units: dict[str, int], assignment: Json) -> tuple[Json, Json, Json | None]:
    """What nothing was shipped of keeps its id and goes itself; what was begun stays, and a new one goes."""
    begun = any(line["totalQuantity"] != line["remainingQuantity"] for line in row["lines"])
    if begun:
        fresh = assignment | {"status": "OPEN"}
        original, moved = split_off(work, row, units, fresh)
        if not remaining(original):
            original = change(work, original, {"status": "CLOSED"})
        return original, moved, None if original["status"] == "CLOSED" else original
    left = None
    if not is_all(row, units):
        rest = {
            line["id"]: line["remainingQuantity"] - units.get(line["id"], 0)
            for line in row["lines"]
            if line["remainingQuantity"] > units.get(line["id"], 0)
        }
        row, left = split_off(work, row, rest, {})
    moved = change(work, row, assignment)
    return moved, moved, left


def _move_stock(work: Work, row: Json, units: dict[str, int], location_id: str) -> None:
    """The claim on stock moves along."""
    claimed = {line["id"] for line in found(work, "Order", row["orderId"])["lines"] if line["claimed"]}
    for line in row["lines"]:
        count = units.get(line["id"], 0)
        if count and line["lineItemId"] in claimed:
            inventory.commit(work, line["inventoryItemId"], row["locationId"], -count)
            inventory.commit(work, line["inventoryItemId"], location_id, count)


SPLIT_CODES = {
    "positive": "GREATER_THAN",
    "many": "INVALID_LINE_ITEM_QUANTITY",
    "missing": "INVALID_LINE_ITEM_QUANTITY",
}


@mutation("fulfillmentOrderSplit")
def split(work: Work, args: Json) -> Json:
    results = []
    for place, given in enumerate(args["fulfillmentOrderSplits"]):
        where = ["fulfillmentOrderSplits", str(place)]
        row = own_row(work, given["fulfillmentOrderId"], "fulfillmentOrderId", NOT_FOUND)
        if not given["fulfillmentOrderLineItems"]:
            refuse(
                [*where, "fulfillmentOrderLineItems"],
                "No line items provided to split.",
                "NO_LINE_ITEMS_PROVIDED_TO_SPLIT",
            )
        if row["status"] != "OPEN" or row["requestStatus"] not in {"UNSUBMITTED", "REJECTED"}:
            wrong_status(row)
        units = chosen_units(
            row, given["fulfillmentOrderLineItems"], [*where, "fulfillmentOrderLineItems"], SPLIT_CODES
        )
        if is_all(row, units):
            said = "Cannot split all units of a fulfillment order."
            refuse([*where, "fulfillmentOrderLineItems"], said, "INVALID_LINE_ITEM_QUANTITY")
        kept, parted = split_off(work, row, units, {})
        tell_about(work, kept, "split")
        results.append(
            {"fulfillmentOrder": kept, "remainingFulfillmentOrder": parted, "replacementFulfillmentOrder": None}
        )
    return {"fulfillmentOrderSplits": results, "userErrors": []}


@mutation("fulfillmentOrderMerge")
def merge(work: Work, args: Json) -> Json:
    results = []
    for place, given in enumerate(args["fulfillmentOrderMergeInputs"]):
        where = ["fulfillmentOrderMergeInputs", str(place), "mergeIntents"]
        rows = [
            own_row(work, each["fulfillmentOrderId"], "fulfillmentOrderId", NOT_FOUND) for each in given["mergeIntents"]
        ]
        if len({row["id"] for row in rows}) < 2:
            refuse(where, "At least two fulfillment orders are needed to merge.", "GREATER_THAN")
        if len({(row["orderId"], row["locationId"]) for row in rows}) > 1:
            refuse(where, "Fulfillment orders must belong to the same order and location.", None)
        for row in rows:
            if row["status"] != "OPEN":
                wrong_status(row)
        results.append({"fulfillmentOrder": _merged(work, rows)})
    return {"fulfillmentOrderMerges": results, "userErrors": []}


def _merged(work: Work, rows: list[Json]) -> Json:
    """The first takes in the others, which close; units of the same order line add up."""
    first, *others = rows
    lines = [dict(line) for line in first["lines"]]
    by_item = {line["lineItemId"]: line for line in lines}
    for row in others:
        for line in row["lines"]:
            into = by_item.get(line["lineItemId"])
            if into is None:
                lines.append(dict(line))
                continue
            for name in ("totalQuantity", "remainingQuantity"):
                into[name] += line[name]
        emptied = [line | {"remainingQuantity": 0} for line in row["lines"]]
        change(work, row, {"status": "CLOSED", "lines": emptied})
    merged = change(work, first, {"lines": lines})
    tell_about(work, merged, "merged")
    refresh(work, merged["orderId"])
    return merged
