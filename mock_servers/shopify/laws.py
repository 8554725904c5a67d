"""What holds in any shop, whatever its callers did: the books agree with one another."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from mock_servers.core.fake import Work
from mock_servers.shopify.behaviour.base import fake
from mock_servers.shopify.behaviour.fulfillment_orders import CLOSED
from mock_servers.shopify.behaviour.orders import display_status
from mock_servers.shopify.behaviour.payments import PAYMENTS, authorized, done

Json = dict[str, Any]


def _bodies(work: Work, kind: str) -> Iterator[Json]:
    return (row.body for row in work.collection(kind).rows())


@fake.sound
def what_is_named_exists(work: Work) -> Iterator[str]:
    """No document names another that is not there."""
    named = {
        "variant": {"productId": "product"},
        "inventory_item": {"variantId": "variant"},
        "inventory_level": {"itemId": "inventory_item", "locationId": "location"},
        "order": {"customerId": "customer"},
        "fulfillment_order": {"orderId": "order", "locationId": "location"},
        "fulfillment": {"orderId": "order"},
        "refund": {"orderId": "order"},
    }
    targets = {target for members in named.values() for target in members.values()}
    known = {kind: {row.id for row in work.collection(kind).rows()} for kind in targets}
    for kind, members in named.items():
        for body in _bodies(work, kind):
            for member, target in members.items():
                if body[member] is not None and body[member] not in known[target]:
                    yield f"{body['id']} names {body[member]}, which is not there"


@fake.sound
def committed_stock_is_what_open_orders_wait_for(work: Work) -> Iterator[str]:
    """Each unit that is committed waits in exactly one open fulfilment order."""
    claimed = {line["id"] for order in _bodies(work, "order") for line in order["lines"] if line["claimed"]}
    tracked = {item["id"] for item in _bodies(work, "inventory_item") if item["tracked"]}
    waiting: dict[tuple[str, str], int] = {}
    for row in _bodies(work, "fulfillment_order"):
        for line in row["lines"] if row["status"] not in CLOSED else ():
            if line["lineItemId"] in claimed and line["inventoryItemId"] in tracked:
                key = (line["inventoryItemId"], row["locationId"])
                waiting[key] = waiting.get(key, 0) + line["remainingQuantity"]
    for level in _bodies(work, "inventory_level"):
        wanted = waiting.get((level["itemId"], level["locationId"]), 0)
        if level["itemId"] in tracked and level["quantities"]["committed"] != wanted:
            yield f"{level['id']} has {level['quantities']['committed']} committed where {wanted} wait"


@fake.sound
def lines_count_what_left_and_what_waits(work: Work) -> Iterator[str]:
    """An order's lines agree with its fulfilments and its open fulfilment orders."""
    shipped: dict[str, int] = {}
    for fulfillment in _bodies(work, "fulfillment"):
        for line in fulfillment["lines"] if fulfillment["status"] == "SUCCESS" else ():
            shipped[line["lineItemId"]] = shipped.get(line["lineItemId"], 0) + line["quantity"]
    waiting: dict[str, int] = {}
    for row in _bodies(work, "fulfillment_order"):
        for line in row["lines"] if row["status"] not in CLOSED else ():
            waiting[line["lineItemId"]] = waiting.get(line["lineItemId"], 0) + line["remainingQuantity"]
    for order in _bodies(work, "order"):
        for line in order["lines"]:
            if line["fulfilledQuantity"] != shipped.get(line["id"], 0):
                yield f"{line['id']} says {line['fulfilledQuantity']} left, not {shipped.get(line['id'], 0)}"
            if line["unfulfilledQuantity"] != waiting.get(line["id"], 0):
                yield f"{line['id']} says {line['unfulfilledQuantity']} wait, not {waiting.get(line['id'], 0)}"


@fake.sound
def an_order_shows_how_its_fulfilment_stands(work: Work) -> Iterator[str]:
    """The one word for an order follows from its fulfilment orders and lines."""
    rows: dict[str, list[Json]] = {}
    for row in _bodies(work, "fulfillment_order"):
        rows.setdefault(row["orderId"], []).append(row)
    for order in _bodies(work, "order"):
        wanted = display_status(order, rows.get(order["id"], []))
        if not order["cancelledAt"] and order["displayFulfillmentStatus"] != wanted:
            yield f"{order['name']} shows {order['displayFulfillmentStatus']} where it is {wanted}"


@fake.sound
def money_adds_up(work: Work) -> Iterator[str]:
    """What was received and refunded is what the transactions say."""
    for order in _bodies(work, "order"):
        for kinds, member in ((PAYMENTS, "received"), ({"REFUND"}, "refunded")):
            moved = sum((Decimal(each["amount"]) for each in done(order, kinds)), Decimal(0))
            if moved != Decimal(order["amounts"][member]):
                yield f"{order['name']} has {member} {order['amounts'][member]}, its transactions {moved}"
        for each in done(order, {"AUTHORIZATION"}):
            if authorized(order, each) < 0:
                yield f"{each['id']} was captured beyond what it authorized"


@fake.sound
def a_fulfilment_order_is_within_its_bounds(work: Work) -> Iterator[str]:
    """Nothing is less than nothing, and nothing more is left than there was."""
    for row in _bodies(work, "fulfillment_order"):
        for line in row["lines"]:
            if not 0 <= line["remainingQuantity"] <= line["totalQuantity"]:
                yield f"{line['id']} has {line['remainingQuantity']} of {line['totalQuantity']} left"
        if row["status"] == "ON_HOLD" and not row["holds"]:
            yield f"{row['id']} is on hold and nobody holds it"
