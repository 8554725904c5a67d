"""What holds in any Order Manager, whatever its callers did: nothing shipped twice, nothing taken for nobody."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from mock_servers.core.fake import Work
from mock_servers.core.filters import Is
from mock_servers.core.store import Document
from mock_servers.extensiv_order_manager.behaviour import OPEN, SEED_STATUS, TAKES, fake
from mock_servers.extensiv_order_manager.behaviour.shipping import returned_of
from mock_servers.extensiv_order_manager.behaviour.v1.shapes import item_id
from mock_servers.extensiv_order_manager.behaviour.v1.transfers import UNDER_WAY, pending


@fake.sound
def allocated_stock_is_what_open_orders_still_wait_for(work: Work) -> Iterator[str]:
    """Summed over every warehouse and SKU; an order without a warehouse has taken nothing. A stock transfer that waits
    has taken its own."""
    wanted: Counter[str] = Counter()
    for order in work.collection("order").rows():
        if order["state"] in TAKES and order["warehouse_id"] is not None:
            for item in order["items"]:
                wanted[f"{order['warehouse_id']}:{item['sku']}"] += item["quantity"] - item["shipped"]
    for transfer in work.collection("stock_transfer").rows(Is("status", "=", "AWAITING_SHIPMENT")):
        for sku, quantity in pending(transfer).items():
            wanted[f"{transfer['from_warehouse']}:{sku}"] += quantity
    taken = Counter({stock.id: stock["allocated"] for stock in work.collection("stock").rows()})
    for shelf in sorted({*wanted, *taken}):
        if wanted[shelf] != taken[shelf]:
            yield f"{taken[shelf]} allocated at {shelf}, {wanted[shelf]} waited for"


@fake.sound
def stock_lies_in_a_warehouse_under_its_own_name(work: Work) -> Iterator[str]:
    """Each level belongs to a warehouse and a product there are, once."""
    warehouses = {warehouse.id for warehouse in work.collection("warehouse").rows()}
    products = {product["sku"] for product in work.collection("product").rows()}
    for stock in work.collection("stock").rows():
        if stock.id != f"{stock['warehouse_id']}:{stock['sku']}":
            yield f"level {stock.id} is of {stock['sku']} in {stock['warehouse_id']}"
        if stock["warehouse_id"] not in warehouses:
            yield f"level {stock.id} is in no warehouse there is"
        if stock["sku"] not in products:
            yield f"level {stock.id} is of no product there is"
        for member in ("on_hand", "locked"):
            lies = sum(record[member] for record in stock["records"])
            if lies != stock[member]:
                yield f"level {stock.id} says {stock[member]} {member}, its records {lies}"


@fake.sound
def what_is_in_transit_is_what_transfers_have_not_delivered(work: Work) -> Iterator[str]:
    """Summed over every warehouse it goes to and SKU; and a transfer's state follows from its items."""
    sent: Counter[str] = Counter()
    for transfer in work.collection("stock_transfer").rows():
        left = pending(transfer)
        if transfer["status"] in UNDER_WAY:
            sent.update({f"{transfer['to_warehouse']}:{sku}": quantity for sku, quantity in left.items()})
        if bool(+left) != (transfer["status"] in UNDER_WAY | {"AWAITING_SHIPMENT"}):
            yield f"stock transfer {transfer['number']} is {transfer['status']} with {dict(left)} to come"
    told = Counter({stock.id: stock.get("in_transit", 0) for stock in work.collection("stock").rows()})
    for shelf in sorted({*sent, *told}):
        if sent[shelf] != told[shelf]:
            yield f"{told[shelf]} in transit to {shelf}, {sent[shelf]} sent"


@fake.sound
def the_last_edit_of_a_record_is_what_lies_there(work: Work) -> Iterator[str]:
    """What was seeded has no history yet; whatever has one ends with the quantities of now."""
    edits = work.collection("stock_edit")
    for stock in work.collection("stock").rows():
        for record in stock["records"]:
            number = record.get("edits", 0)
            last = edits.find(f"{record['id']}:{number}") if number else None
            if number and (last is None or (last["on_hand"], last["locked"]) != (record["on_hand"], record["locked"])):
                yield f"record {record['id']} of {stock.id} holds what its history does not end with"


@fake.sound
def no_more_comes_back_than_was_shipped(work: Work) -> Iterator[str]:
    """By all returns of an order; and each return has its parcel, and has come with it."""
    for order in work.collection("order").rows():
        sent = {item_id(order, item, place): item["shipped"] for place, item in enumerate(order["items"], 1)}
        for id, quantity in returned_of(work, order.id).items():
            if quantity > sent.get(id, 0):
                yield f"{quantity} of item {id} of order {order['order_number']} come back, {sent.get(id, 0)} shipped"
    said = {(rma["shipment_id"], rma.id, rma["received_at"]) for rma in work.collection("rma").rows()}
    parcels = {(row.id, row["rma_id"], row["received_at"]) for row in work.collection("return_shipment").rows()}
    for shipment, rma, _ in sorted(said ^ parcels):
        yield f"return {rma} and its parcel {shipment} do not agree"


@fake.sound
def what_is_put_on_something_is_there(work: Work) -> Iterator[str]:
    """Labels of orders and products, and the orders of packages."""
    labels = {int(label.id) for label in work.collection("label").rows()}
    for row in (*work.collection("order").rows(), *work.collection("product").rows()):
        for id in set(row.get("labels", ())) - labels:
            yield f"{row.kind} {row.id} has label {id}, which is not there"
    for package in work.collection("package").rows():
        if work.collection("order").find(package["order_id"]) is None:
            yield f"package {package.id} is of no order there is"


@fake.sound
def an_order_adds_up_to_its_parcels(work: Work) -> Iterator[str]:
    """Shipped quantities are what live parcels hold, never more than was ordered, and the state follows from them."""
    numbers: Counter[tuple[int, str]] = Counter()
    for order in work.collection("order").rows():
        numbers[order["channel_id"], order["order_number"]] += 1
        for problem in _of_order(order, _live(work, order)):
            yield f"order {order['order_number']}: {problem}"
    for (channel, number), count in numbers.items():
        if count > 1 and not work.setting("numbers_may_repeat"):
            yield f"order number {number} is there {count} times on channel {channel}"


def _live(work: Work, order: Document) -> list[Document]:
    parcels = work.collection("shipment").rows(Is("order_id", "=", order.id))
    return [parcel for parcel in parcels if parcel["status"] != "voided"]


def _of_order(order: Document, parcels: list[Document]) -> Iterator[str]:
    shipped = _by_sku(order["items"], "shipped")
    sent = sum((_by_sku(parcel["items"], "quantity") for parcel in parcels), Counter[str]())
    if +shipped != +sent:
        yield f"{dict(shipped)} shipped, {dict(sent)} in its parcels"
    for item in order["items"]:
        if not 0 <= item["shipped"] <= item["quantity"]:
            yield f"{item['shipped']} of {item['quantity']} {item['sku']} shipped"
    if [parcel["tracking_number"] for parcel in parcels] != [each["tracking_number"] for each in order["shipments"]]:
        yield f"lists {len(order['shipments'])} shipments and has {len(parcels)}, or others"
    if order["status"] != SEED_STATUS.get(order["state"], "pending"):
        yield f"is {order['status']} while {order['state']}"
    whole = all(item["shipped"] == item["quantity"] for item in order["items"])
    if order["state"] == "SHIPPED" and not whole:
        yield "is SHIPPED with something left"
    if order["state"] in OPEN and whole:
        yield f"is {order['state']} with nothing left"


def _by_sku(items: list[Mapping[str, Any]], quantity: str) -> Counter[str]:
    counted: Counter[str] = Counter()
    for item in items:
        counted[item["sku"]] += item[quantity]
    return counted
