"""Stock: what was received, what is set aside for orders, what lies on the shelf.

A receive item is a batch that came in; a summary adds up those of one item in one facility. `Allocated` counts what has
shipped as well, so that available = received - allocated - on hold, and on hand = received - shipped (A18).
"""

from typing import Any

from mock_servers.core.fake import Work
from mock_servers.core.filters import All, Is
from mock_servers.core.store import Document
from mock_servers.extensiv_warehouse_manager.behaviour.base import (
    EACH,
    Json,
    named_customer,
    named_facility,
    named_item,
)

FIFO, LIFO, FEFO = 1, 2, 3
TINY = 1e-9
"""What fractions may differ by after they were added up."""


def receive(
    work: Work, receiver_id: int, customer: Document, facility: Document, item: Document, line: Json
) -> Document:
    """A batch comes in. `line` has its Qty, and its id and Qualifier where they are known."""
    number = line.get("id") or work.next_number("receive_item", 70001)
    batch = work.collection("receive_item").add(
        {
            "ReceiveItemId": number,
            "ReceiverId": receiver_id,
            "ReceivedDate": work.stamp,
            "CustomerIdentifier": named_customer(customer),
            "FacilityIdentifier": named_facility(facility),
            "ItemIdentifier": named_item(item),
            "ItemDescription": item.get("Description", ""),
            "Qualifier": line.get("Qualifier", ""),
            "InventoryUnitOfMeasureIdentifier": EACH,
            "ReceivedQty": 0.0,
            "OnHandQty": 0.0,
            "AvailableQty": 0.0,
            "OnHoldQty": 0.0,
            "LocationIdentifier": {"NameKey": {"FacilityIdentifier": named_facility(facility), "Name": "A1"}, "Id": 1},
            "OnHold": False,
            "Quarantined": False,
            "id": str(number),
            "item_id": int(item.id),
            "customer_id": int(customer.id),
            "facility_id": int(facility.id),
        },
    )
    return move(work, batch, received=line["Qty"], on_hand=line["Qty"])


def move(
    work: Work, batch: Document, *, received: float = 0.0, on_hand: float = 0.0, allocated: float = 0.0
) -> Document:
    """Change a batch, and the summary it is part of."""
    moved = batch | {
        "ReceivedQty": batch["ReceivedQty"] + received,
        "OnHandQty": batch["OnHandQty"] + on_hand,
        "AvailableQty": batch["AvailableQty"] + received - allocated,
    }
    saved = work.collection("receive_item").save(moved)
    summary = summary_of(work, batch["facility_id"], batch["item_id"], batch["Qualifier"], batch)
    work.collection("stock").put(
        summary
        | {
            "TotalReceived": summary["TotalReceived"] + received,
            "Allocated": summary["Allocated"] + allocated,
            "Available": summary["Available"] + received - allocated,
            "OnHand": summary["OnHand"] + on_hand,
        },
    )
    return saved


def summary_of(work: Work, facility_id: int, item_id: int, qualifier: str, batch: Document) -> Json:
    """The summary, or an empty one."""
    known = work.collection("stock").find(f"{facility_id}:{item_id}:{qualifier}")
    return known.body if known else new_summary(facility_id, batch["ItemIdentifier"], qualifier, batch["customer_id"])


def new_summary(facility_id: int, item: Json, qualifier: str, customer_id: int) -> Json:
    """A summary of nothing."""
    return {
        "FacilityId": facility_id,
        "ItemIdentifier": item,
        "Qualifier": qualifier,
        "TotalReceived": 0.0,
        "Allocated": 0.0,
        "Available": 0.0,
        "OnHold": 0.0,
        "OnHand": 0.0,
        "id": f"{facility_id}:{item['Id']}:{qualifier}",
        "customer_id": customer_id,
        "item_id": item["Id"],
    }


# For orders ---------------------------------------------------------------------------------------------------------


def allocated(line: Json) -> float:
    """How much of a line is set aside, or has shipped."""
    return float(sum(each["Qty"] for each in line["ReadOnly"]["Allocations"]))


def missing(line: Json) -> float:
    return float(line["Qty"]) - allocated(line)


def allocate(work: Work, order: Json) -> Json:
    """The order with what there is set aside for it, batch after batch by the item's own method (A17)."""
    lines = []
    for line in order["OrderItems"]:
        left, taken = missing(line), []
        for batch in _batches(work, order["facility_id"], line) if left > TINY else ():
            part = min(left, batch["AvailableQty"])
            if part > 0:
                move(work, batch, allocated=part)
                taken.append(allocation(int(batch.id), part))
                left -= part
        lines.append(with_allocations(line, [*line["ReadOnly"]["Allocations"], *taken]))
    return with_lines(order, lines)


def _batches(work: Work, facility_id: int, line: Json) -> list[Document]:
    item = work.collection("item").get(str(line["ItemIdentifier"]["Id"]))
    where = All(
        Is("item_id", "=", int(item.id)),
        Is("facility_id", "=", facility_id),
        Is("Qualifier", "=", line["Qualifier"]),
        Is("AvailableQty", ">", 0),
    )
    newest_first = item["Options"]["InventoryUnit"]["InventoryMethod"] == LIFO
    return work.collection("receive_item").rows(where, descending=newest_first)


def allocation(receive_item_id: int, quantity: float) -> Json:
    return {
        "ReceiveItemId": receive_item_id,
        "Qty": float(quantity),
        "ProperlyPickedPrimary": 0.0,
        "ProperlyPickedSecondary": 0.0,
        "LoadedOut": False,
    }


def deallocate(work: Work, order: Json) -> Json:
    """The order with nothing set aside; the stock is available again."""
    for line in order["OrderItems"]:
        for each in line["ReadOnly"]["Allocations"]:
            batch = work.collection("receive_item").get(str(each["ReceiveItemId"]))
            move(work, batch, allocated=-each["Qty"])
    return with_lines(order, [with_allocations(line, []) for line in order["OrderItems"]])


def leave(work: Work, order: Json, sign: int = 1) -> None:
    """What is set aside for an order leaves the shelf; with -1 it comes back."""
    for line in order["OrderItems"]:
        for each in line["ReadOnly"]["Allocations"]:
            batch = work.collection("receive_item").get(str(each["ReceiveItemId"]))
            move(work, batch, on_hand=-sign * each["Qty"])


def with_allocations(line: Json, allocations: list[Json]) -> Json:
    read_only = line["ReadOnly"] | {"Allocations": allocations}
    changed = line | {"ReadOnly": read_only}
    return changed | {"ReadOnly": read_only | {"FullyAllocated": missing(changed) <= TINY}}


def with_lines(order: Json, lines: list[Json]) -> Json:
    whole = all(line["ReadOnly"]["FullyAllocated"] for line in lines)
    return order | {"OrderItems": lines, "ReadOnly": order["ReadOnly"] | {"FullyAllocated": whole}}


# Counting -----------------------------------------------------------------------------------------------------------


def count(work: Work, facility: Document, customer: Document, item: Document, quantity: float) -> None:
    """A shelf holds so many: what is too much leaves the books, first what is free, then what orders had."""
    batches = work.collection("receive_item").rows(
        All(Is("item_id", "=", int(item.id)), Is("facility_id", "=", int(facility.id)))
    )
    difference = quantity - sum(batch["OnHandQty"] for batch in batches)
    if difference > 0:
        receive(work, 0, customer, facility, item, {"Qty": difference})
        return
    left = _write_off(work, batches, -difference)
    while left > TINY and (order := _newest_holding(work, batches)) is not None:
        freed = deallocate(work, order.body)
        work.collection("order").save(touched(work, freed))
        fresh = [work.collection("receive_item").get(batch.id) for batch in batches]
        left = _write_off(work, fresh, left)
        again = allocate(work, work.collection("order").get(order.id).body)
        work.collection("order").save(again)


def _write_off(work: Work, batches: list[Document], quantity: float) -> float:
    """Answers what could not be written off, since orders hold it."""
    for batch in batches:
        part = min(quantity, batch["AvailableQty"])
        if part > 0:
            move(work, batch, received=-part, on_hand=-part)
            quantity -= part
    return quantity


def _newest_holding(work: Work, batches: list[Document]) -> Document | None:
    ids = {int(batch.id) for batch in batches}
    for order in work.collection("order").rows(Is("status", "=", 0), descending=True):
        held = (each["ReceiveItemId"] for line in order["OrderItems"] for each in line["ReadOnly"]["Allocations"])
        if ids & set(held):
            return order
    return None


def touched(work: Work, order: Json) -> dict[str, Any]:
    """The order, changed now."""
    return order | {"modified": work.stamp, "ReadOnly": order["ReadOnly"] | {"LastModifiedDate": work.stamp}}
