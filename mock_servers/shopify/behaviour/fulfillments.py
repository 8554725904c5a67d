"""Fulfilments: what has left, against fulfilment orders and never against an order's own lines (dossier §7.3)."""

from decimal import Decimal
from typing import Any

from mock_servers.core.fake import Work
from mock_servers.core.graphql import Connection, Run
from mock_servers.shopify.behaviour import inventory
from mock_servers.shopify.behaviour.base import (
    bag,
    fact,
    fake,
    find,
    found,
    id_key,
    money,
    mutation,
    next_id,
    number_in,
    refuse,
    tell,
)
from mock_servers.shopify.behaviour.fulfillment_order_fields import line_item
from mock_servers.shopify.behaviour.fulfillment_orders import CLOSED, change, copy, of_order, sees
from mock_servers.shopify.behaviour.orders import archive_when_done, change_order, fulfillments_of, roll_up
from mock_servers.shopify.behaviour.paging import add, listed, save
from mock_servers.shopify.behaviour.shop import MANUAL, service_of

Json = dict[str, Any]
FULFILLABLE = frozenset({"OPEN", "IN_PROGRESS", "INCOMPLETE"})
INPUT = ["fulfillment", "lineItemsByFulfillmentOrder"]
Units = list[tuple[Json, dict[str, int]]]
"""Fulfilment orders, and the units of each of their lines that are to leave."""


# Creating -------------------------------------------------------------------------------------------------------------


@mutation("fulfillmentCreate")
def fulfillment_create(work: Work, args: Json) -> Json:
    return _create(work, args["fulfillment"])


@mutation("fulfillmentCreateV2")
def fulfillment_create_v2(work: Work, args: Json) -> Json:
    return _create(work, args["fulfillment"])


def _create(work: Work, given: Json) -> Json:
    chosen = _chosen(work, given["lineItemsByFulfillmentOrder"])
    rows = [row for row, _ in chosen]
    if len({row["orderId"] for row in rows}) > 1:
        refuse(["fulfillment"], "All fulfillment orders must belong to the same order.")
    if len({row["locationId"] for row in rows}) > 1:
        refuse(["fulfillment"], "All fulfillment orders must be assigned to the same location.")
    tracking = tracking_of(given.get("trackingInfo") or {})
    made = ship(work, chosen, tracking, origin=given.get("originAddress"))
    return {"fulfillment": made, "userErrors": []}


def _chosen(work: Work, given: list[Json]) -> Units:
    """Every unit that is asked for, checked one by one; a fulfilment order named twice counts once, with both."""
    if not given:
        refuse(INPUT, "At least one fulfillment order is needed.")
    chosen: dict[str, tuple[Json, dict[str, int]]] = {}
    for place, entry in enumerate(given):
        row, units = chosen.get(entry["fulfillmentOrderId"]) or (_row(work, entry["fulfillmentOrderId"]), {})
        chosen[row["id"]] = (row, units)
        lines = entry.get("fulfillmentOrderLineItems")
        if not lines:
            units.update({line["id"]: line["remainingQuantity"] for line in row["lines"] if line["remainingQuantity"]})
            continue
        where = [*INPUT, str(place), "fulfillmentOrderLineItems"]
        for number, line in enumerate(lines):
            _add_units(row, units, line, [*where, str(number)])
    return list(chosen.values())


def _row(work: Work, id: str) -> Json:
    document = find(work, "FulfillmentOrder", id)
    if document is None or not sees(work, document.body):
        refuse(["fulfillment"], "Fulfillment order does not exist.")
    row = document.body
    if row["status"] not in FULFILLABLE:
        said = f"Fulfillment order {number_in(id)} has an unfulfillable status= {row['status'].lower()}."
        refuse(["fulfillment"], said)
    return row


def _add_units(row: Json, units: dict[str, int], given: Json, where: list[str]) -> None:
    line = next((each for each in row["lines"] if each["id"] == given["id"]), None)
    if line is None:
        refuse(["fulfillment"], "Fulfillment order line item does not exist.")
    if given["quantity"] <= 0:
        refuse([*where, "quantity"], "Quantity must be greater than 0")
    units[line["id"]] = units.get(line["id"], 0) + given["quantity"]
    if units[line["id"]] > line["remainingQuantity"]:
        refuse(["fulfillment"], "Invalid fulfillment order line item quantity requested.")


def tracking_of(given: Json) -> list[Json]:
    """Tracking as it is shown. A carrier Shopify knows by exactly this name brings its own link."""
    numbers = given.get("numbers") or ([given["number"]] if given.get("number") else [])
    urls = given.get("urls") or ([given["url"]] if given.get("url") else [])
    company = given.get("company")
    template = fact("tracked_carriers").get(company or "")
    rows = []
    for place in range(max(len(numbers), len(urls), 1 if company else 0)):
        number = numbers[place] if place < len(numbers) else None
        url = urls[place] if place < len(urls) else None
        if url is None and template and number:
            url = template.replace("{number}", number)
        rows.append({"company": company, "number": number, "url": url})
    return rows


def ship(work: Work, chosen: Units, tracking: list[Json], *, origin: Json | None = None) -> Json:
    """Units leave: stock, fulfilment orders and the order follow, and everybody is told."""
    order = found(work, "Order", chosen[0][0]["orderId"])
    id, number = next_id(work, "Fulfillment")
    claimed = {line["id"] for line in order["lines"] if line["claimed"]}
    rows = []
    for row, units in chosen:
        rows += [
            {
                "id": next_id(work, "FulfillmentLineItem")[0],
                "lineItemId": line["lineItemId"],
                "fulfillmentOrderId": row["id"],
                "fulfillmentOrderLineItemId": line["id"],
                "quantity": units[line["id"]],
            }
            for line in row["lines"]
            if units.get(line["id"])
        ]
        _take(work, row, units, claimed)
    body = fulfillment_document(
        work.stamp, id, number, order, chosen[0][0], rows, len(fulfillments_of(work, order["id"]))
    )
    body |= {"tracking": tracking, "originAddress": origin}
    body["fulfillmentOrderIds"] = [row["id"] for row, _ in chosen]
    made = add(work, "fulfillment", body).body
    order = _count(work, order, rows)
    tell_fulfillment(work, made, "fulfillments/create")
    topic = "fulfilled" if order["displayFulfillmentStatus"] == "FULFILLED" else "partially_fulfilled"
    archive_when_done(work, change_order(work, order, {}, f"orders/{topic}"))
    return made


def fulfillment_document(
    stamp: str, id: str, number: int, order: Json, row: Json, lines: list[Json], before: int
) -> Json:
    """A fulfilment as it is kept; `before` is how many the order had."""
    return {
        "id": id,
        "idKey": id_key(number),
        "orderId": order["id"],
        "name": f"{order['name']}-F{before + 1}",
        "sequence": before + 1,
        "status": "SUCCESS",
        "displayStatus": "FULFILLED",
        "tracking": [],
        "lines": lines,
        "fulfillmentOrderIds": [row["id"]],
        "locationId": row["locationId"],
        "originAddress": None,
        "events": [],
        "inTransitAt": None,
        "deliveredAt": None,
        "estimatedDeliveryAt": None,
        "createdAt": stamp,
        "updatedAt": stamp,
    }


def _take(work: Work, row: Json, units: dict[str, int], claimed: set[str]) -> None:
    """Units leave a fulfilment order: it closes with the last of them."""
    lines = []
    for line in row["lines"]:
        count = units.get(line["id"], 0)
        lines.append(line | {"remainingQuantity": line["remainingQuantity"] - count})
        if count and line["lineItemId"] in claimed:
            inventory.ship(work, line["inventoryItemId"], row["locationId"], count)
    left = sum(line["remainingQuantity"] for line in lines)
    change(work, row, {"lines": lines, "status": "IN_PROGRESS" if left else "CLOSED"})


def _count(work: Work, order: Json, rows: list[Json], sign: int = 1) -> Json:
    """The order's own lines count along."""
    units: dict[str, int] = {}
    for row in rows:
        units[row["lineItemId"]] = units.get(row["lineItemId"], 0) + sign * row["quantity"]
    lines = [
        line
        | {
            "fulfilledQuantity": line["fulfilledQuantity"] + units.get(line["id"], 0),
            "unfulfilledQuantity": line["unfulfilledQuantity"] - units.get(line["id"], 0),
        }
        for line in order["lines"]
    ]
    saved = save(work, "order", order | {"lines": lines, "updatedAt": work.stamp}).body
    return roll_up(work, saved)


def tell_fulfillment(work: Work, fulfillment: Json, topic: str) -> None:
    """Tell of a fulfilment as it now is."""
    from mock_servers.shopify.behaviour.rest import fulfillment_shape

    tell(work, topic, lambda: fulfillment_shape(work, fulfillment))


# Changing -------------------------------------------------------------------------------------------------------------


def own_fulfillment(work: Work, id: str, field: str) -> Json:
    """The fulfilment of this id. Raises `UserErrors`."""
    document = find(work, "Fulfillment", id)
    if document is None:
        refuse([field], "Fulfillment does not exist.")
    return document.body


@mutation("fulfillmentTrackingInfoUpdate")
def tracking_info_update(work: Work, args: Json) -> Json:
    fulfillment = own_fulfillment(work, args["fulfillmentId"], "fulfillmentId")
    if fulfillment["status"] != "SUCCESS":
        refuse(["fulfillmentId"], "Fulfillment is cancelled.")
    tracking = tracking_of(args["trackingInfoInput"])
    changed = save(work, "fulfillment", fulfillment | {"tracking": tracking, "updatedAt": work.stamp}).body
    tell_fulfillment(work, changed, "fulfillments/update")
    change_order(work, found(work, "Order", changed["orderId"]), {})
    return {"fulfillment": changed, "userErrors": []}


@mutation("fulfillmentCancel")
def fulfillment_cancel(work: Work, args: Json) -> Json:
    fulfillment = own_fulfillment(work, args["id"], "id")
    if fulfillment["status"] != "SUCCESS":
        refuse(["id"], "Fulfillment is already cancelled.")
    return {"fulfillment": take_back(work, fulfillment), "userErrors": []}


def take_back(work: Work, fulfillment: Json) -> Json:
    """It has not left after all: its units wait again, where they waited or in a new fulfilment order."""
    over = {"status": "CANCELLED", "displayStatus": "CANCELED", "updatedAt": work.stamp}
    cancelled = save(work, "fulfillment", fulfillment | over).body
    order = found(work, "Order", fulfillment["orderId"])
    claimed = {line["id"] for line in order["lines"] if line["claimed"]}
    for row_id in fulfillment["fulfillmentOrderIds"]:
        lines = [line for line in fulfillment["lines"] if line["fulfillmentOrderId"] == row_id]
        row = found(work, "FulfillmentOrder", row_id)
        _wait_again(work, row, {line["fulfillmentOrderLineItemId"]: line["quantity"] for line in lines})
        for line in row["lines"]:
            count = sum(each["quantity"] for each in lines if each["fulfillmentOrderLineItemId"] == line["id"])
            if count and line["lineItemId"] in claimed:
                inventory.ship(work, line["inventoryItemId"], row["locationId"], -count)
    order = _count(work, order, fulfillment["lines"], -1)
    tell_fulfillment(work, cancelled, "fulfillments/update")
    reopened = {"closed": False, "closedAt": None} if order["closed"] and not order["cancelledAt"] else {}
    change_order(work, order, reopened)
    return cancelled


def _wait_again(work: Work, row: Json, units: dict[str, int]) -> None:
    if row["status"] not in CLOSED:
        lines = [
            line | {"remainingQuantity": line["remainingQuantity"] + units.get(line["id"], 0)} for line in row["lines"]
        ]
        whole = all(line["remainingQuantity"] == line["totalQuantity"] for line in lines)
        merchant = row["requestStatus"] == "UNSUBMITTED" and not row["progressReported"]
        change(work, row, {"lines": lines, "status": "OPEN" if whole and merchant else row["status"]})
        return
    fresh = [
        line | {"totalQuantity": units[line["id"]], "remainingQuantity": units[line["id"]]}
        for line in row["lines"]
        if units.get(line["id"])
    ]
    copy(work, row, fresh, {"status": "OPEN", "requestStatus": "UNSUBMITTED"})


# Queries --------------------------------------------------------------------------------------------------------------


@fake.field("fulfillment")
def fulfillment(_source: Any, args: Json, run: Run) -> Json | None:
    document = find(run.call, "Fulfillment", args["id"])
    return document.body if document else None


@fake.field("Fulfillment.trackingInfo")
def tracking_info(source: Json, args: Json, _run: Run) -> list[Json]:
    return list(source["tracking"][: args.get("first")])


@fake.field("Fulfillment.fulfillmentLineItems")
def fulfillment_line_items(source: Json, args: Json, run: Run) -> Connection:
    rows = [line | {"orderId": source["orderId"]} for line in source["lines"]]
    return listed(run, args, "fulfillmentLineItems", rows)


@fake.field("FulfillmentLineItem.originalTotalSet", "FulfillmentLineItem.discountedTotalSet")
def fulfillment_line_total(source: Json, _args: Json, run: Run) -> Json:
    line = line_item(source, {}, run)
    return bag(money(Decimal(line["price"]) * source["quantity"]), line["currencyCode"])


@fake.field("Fulfillment.fulfillmentOrders")
def fulfillment_orders_of(source: Json, args: Json, run: Run) -> Connection:
    rows = [row for row in of_order(run.call, source["orderId"]) if row["id"] in source["fulfillmentOrderIds"]]
    return listed(run, args, "fulfillmentOrders", [row for row in rows if sees(run.call, row)])


@fake.field("Fulfillment.events")
def events(source: Json, args: Json, run: Run) -> Connection:
    return listed(run, args, "events", source["events"])


@fake.field("Fulfillment.location", "RefundLineItem.location")
def location(source: Json, _args: Json, run: Run) -> Json | None:
    return found(run.call, "Location", source["locationId"]) if source["locationId"] else None


@fake.field("Fulfillment.service")
def service(source: Json, _args: Json, run: Run) -> Json:
    place = run.call.collection("location").find(source["locationId"])
    return service_of(place.body) if place else MANUAL


@fake.field("Fulfillment.totalQuantity")
def total_quantity(source: Json, _args: Json, _run: Run) -> int:
    return sum(line["quantity"] for line in source["lines"])


@fake.field("Fulfillment.requiresShipping")
def requires_shipping(source: Json, _args: Json, run: Run) -> bool:
    shipped = {line["lineItemId"] for line in source["lines"]}
    lines = found(run.call, "Order", source["orderId"])["lines"]
    return any(line["requiresShipping"] for line in lines if line["id"] in shipped)
