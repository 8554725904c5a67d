"""What fulfilment orders show over GraphQL, one by one and in lists (dossier §6.2, §7)."""

from typing import Any

from mock_servers.core.filters import All, Condition, Is, Not
from mock_servers.core.graphql import Connection, Run
from mock_servers.shopify.behaviour.base import (
    app_id,
    bag,
    fake,
    find,
    found,
)
from mock_servers.shopify.behaviour.fulfillment_orders import (
    ASSIGNMENTS,
    CLOSED,
    FULFILLMENT_ORDERS,
    has_siblings,
    holds_by,
    move_rows,
    sees,
    siblings_of,
    supported_actions,
    visible,
)
from mock_servers.shopify.behaviour.paging import connection, listed

Json = dict[str, Any]


@fake.field("fulfillmentOrder")
def fulfillment_order(_source: Any, args: Json, run: Run) -> Json | None:
    document = find(run.call, "FulfillmentOrder", args["id"])
    return document.body if document and sees(run.call, document.body) else None


@fake.field("fulfillmentOrders")
def fulfillment_orders(_source: Any, args: Json, run: Run) -> Connection:
    where = visible(run.call)
    if not args.get("includeClosed"):
        where = All(where, Not(Is("status", "in", tuple(CLOSED))))
    return connection(run, args, FULFILLMENT_ORDERS, where)


@fake.field("assignedFulfillmentOrders")
def assigned_fulfillment_orders(_source: Any, args: Json, run: Run) -> Connection:
    parts: list[Condition] = [Is("serviceApp", "=", app_id(run.call)), Not(Is("status", "in", tuple(CLOSED)))]
    if args.get("assignmentStatus"):
        parts.append(Is("requestStatus", "=", ASSIGNMENTS[args["assignmentStatus"]]))
    if args.get("locationIds"):
        parts.append(Is("locationId", "in", tuple(args["locationIds"])))
    return connection(run, args, FULFILLMENT_ORDERS, All(*parts))


@fake.field("FulfillmentOrder.assignedLocation")
def assigned_location(source: Json, _args: Json, _run: Run) -> Json:
    return dict(source["assigned"])


@fake.field("FulfillmentOrderAssignedLocation.location")
def assigned_location_location(source: Json, _args: Json, run: Run) -> Json:
    return found(run.call, "Location", source["locationId"])


@fake.field("FulfillmentOrder.supportedActions")
def shown_actions(source: Json, _args: Json, run: Run) -> list[Json]:
    actions = supported_actions(
        source,
        version=run.plan.service.version,
        siblings=source["status"] == "OPEN" and has_siblings(run.call, source),
        holds_of_app=len(holds_by(source, app_id(run.call))),
    )
    return [{"action": action, "externalUrl": None} for action in actions]


@fake.field("FulfillmentOrder.fulfillmentHolds")
def fulfillment_holds(source: Json, _args: Json, _run: Run) -> list[Json]:
    return list(source["holds"])


@fake.field("FulfillmentHold.heldByRequestingApp")
def held_by_requesting_app(source: Json, _args: Json, run: Run) -> bool:
    return bool(source["app"] == app_id(run.call))


@fake.field("FulfillmentHold.displayReason")
def display_reason(source: Json, _args: Json, _run: Run) -> str:
    return str(source["reason"]).replace("_", " ").capitalize()


@fake.field("FulfillmentOrder.lineItems")
def line_items(source: Json, args: Json, run: Run) -> Connection:
    rows = [line | {"orderId": source["orderId"]} for line in source["lines"]]
    return listed(run, args, "lineItems", rows)


@fake.field("FulfillmentOrderLineItem.lineItem", "FulfillmentLineItem.lineItem", "RefundLineItem.lineItem")
def line_item(source: Json, _args: Json, run: Run) -> Json:
    order = found(run.call, "Order", source["orderId"])
    return next(line for line in order["lines"] if line["id"] == source["lineItemId"])


@fake.field("FulfillmentOrderLineItem.weight")
def weight(source: Json, _args: Json, _run: Run) -> Json:
    return {"unit": "GRAMS", "value": float(source["grams"])}


@fake.field("FulfillmentOrderLineItem.warnings")
def warnings(_source: Json, _args: Json, _run: Run) -> list[Json]:
    return []


@fake.field("FulfillmentOrderLineItem.financialSummaries")
def financial_summaries(source: Json, _args: Json, run: Run) -> list[Json]:
    line = line_item(source, {}, run)
    price = bag(line["price"], line["currencyCode"])
    names = ("approximateDiscountedUnitPriceSet", "discountedUnitPriceSet", "originalUnitPriceSet")
    return [dict.fromkeys(names, price) | {"quantity": source["totalQuantity"]}]


@fake.field("FulfillmentOrder.fulfillments")
def fulfillments(source: Json, args: Json, run: Run) -> Connection:
    rows = [row.body for row in run.call.collection("fulfillment").rows(Is("orderId", "=", source["orderId"]))]
    return listed(run, args, "fulfillments", [row for row in rows if source["id"] in row["fulfillmentOrderIds"]])


@fake.field("FulfillmentOrder.merchantRequests")
def merchant_requests(source: Json, args: Json, run: Run) -> Connection:
    wanted = args.get("kind")
    rows = [row | {"fulfillmentOrderId": source["id"]} for row in source["requests"] if wanted in {None, row["kind"]}]
    return listed(run, args, "merchantRequests", rows)


@fake.field("FulfillmentOrderMerchantRequest.fulfillmentOrder")
def request_fulfillment_order(source: Json, _args: Json, run: Run) -> Json:
    return found(run.call, "FulfillmentOrder", source["fulfillmentOrderId"])


@fake.field("FulfillmentOrder.locationsForMove")
def locations_for_move(source: Json, args: Json, run: Run) -> Connection:
    rows = move_rows(run.call, source)
    if args.get("locationIds"):
        rows = [row for row in rows if row["id"] in args["locationIds"]]
    return listed(run, args, "locationsForMove", rows)


@fake.field("FulfillmentOrderLocationForMove.availableLineItems")
def available_line_items(source: Json, args: Json, run: Run) -> Connection:
    return listed(run, args, "availableLineItems", source["available"])


@fake.field("FulfillmentOrderLocationForMove.unavailableLineItems")
def unavailable_line_items(source: Json, args: Json, run: Run) -> Connection:
    return listed(run, args, "unavailableLineItems", source["unavailable"])


@fake.field("FulfillmentOrder.fulfillmentOrdersForMerge")
def fulfillment_orders_for_merge(source: Json, args: Json, run: Run) -> Connection:
    rows = siblings_of(run.call, source) if source["status"] == "OPEN" else []
    return listed(run, args, "fulfillmentOrdersForMerge", [row for row in rows if sees(run.call, row)])
