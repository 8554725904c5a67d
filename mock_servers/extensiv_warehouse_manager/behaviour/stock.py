"""Stock: what was received, what is set aside for orders, what lies on the shelf.

A receive item is a batch that came in; a summary adds up those of one item in one facility. `Allocated` counts what has
shipped or was written off as well, so that available = received - allocated - on hold, and on hand = received -
shipped - written off (A18).
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
TRACKED = ("LotNumber", "SerialNumber", "ExpirationDate", "Cost", "SupplierIdentifier")
CARRIED = ("SavedElements", "ReferenceNum", "PoNum", "TrailerNumber")
"""What a batch has from its receiver."""
WANTED = ("LotNumber", "SerialNumber", "ExpirationDate")
"""What a line may ask of the batches it is given."""


def receive(
    work: Work, receiver_id: int, customer: Document, facility: Document, item: Document, line: Json
) -> Document:
    """A batch comes in. `line` has its Qty; its id, Qualifier, marks and place where they are known."""
    number = line.get("id") or work.next_number("receive_item", 70001)
    place = line.get("location") or default_location(work, facility)
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
            **{name: line[name] for name in TRACKED if line.get(name) not in (None, "")},
            **{
                name: line[name]
                for name in ("SavedElements", "ReferenceNum", "PoNum", "TrailerNumber")
                if line.get(name)
            },
            "LocationIdentifier": named_location(place),
            "OnHold": False,
            "Quarantined": place["Quarantinable"],
            "id": str(number),
            "item_id": int(item.id),
            "customer_id": int(customer.id),
            "facility_id": int(facility.id),
            "location_id": int(place.id),
            "free": 0.0,
            "adjusted": 0.0,
        },
    )
    return move(work, batch, received=line["Qty"], on_hand=line["Qty"])


def move(
    work: Work, batch: Document, *, received: float = 0.0, on_hand: float = 0.0, allocated: float = 0.0, **changed: Any
) -> Document:
    """Change a batch, and the summary it is part of. `changed` are other members of the batch.

    What is neither set aside nor gone is free: available, or on hold while the batch is held or lies in quarantine.
    """
    free = batch["free"] + received - allocated
    moved = batch | {
        **changed,
        "free": free,
        "ReceivedQty": batch["ReceivedQty"] + received,
        "OnHandQty": batch["OnHandQty"] + on_hand,
    }
    held = moved["OnHold"] or moved["Quarantined"]
    moved |= {"AvailableQty": 0.0 if held else free, "OnHoldQty": free if held else 0.0}
    saved = work.collection("receive_item").save(moved)
    summary = summary_of(work, batch["facility_id"], batch["item_id"], batch["Qualifier"], batch)
    work.collection("stock").put(
        summary
        | {
            "TotalReceived": summary["TotalReceived"] + received,
            "Allocated": summary["Allocated"] + allocated,
            "Available": summary["Available"] + moved["AvailableQty"] - batch["AvailableQty"],
            "OnHold": summary["OnHold"] + moved["OnHoldQty"] - batch["OnHoldQty"],
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


# Places -------------------------------------------------------------------------------------------------------------


def default_location(work: Work, facility: Document) -> Document:
    """Where goods are put that nobody named a place for: the facility's first, made if it has none."""
    places = work.collection("location")
    found = places.first(Is("facility_id", "=", int(facility.id)))
    return found or places.add(new_location(work, facility, "A1"))


def new_location(work: Work, facility: Document, name: str, *, quarantine: bool = False) -> Json:
    """A place on the shelves, as it is kept."""
    number = work.next_number("location", 1)
    return {
        "LocationId": number,
        "Name": name,
        "AllocationPriority": 0,
        "Field1": name,
        "Description": "Quarantine" if quarantine else "",
        "FacilityIdentifier": named_facility(facility),
        "LocationTypeIdentifier": {"Name": "Standard", "Id": 1},
        "Quarantinable": quarantine,
        "NonPickable": quarantine,
        "ReplenishLocation": False,
        "ReplenishmentEnabled": False,
        "StoreOnlyPallets": False,
        "Deactivated": False,
        "id": str(number),
        "facility_id": int(facility.id),
    }


def named_location(place: Document) -> Json:
    return {"NameKey": {"FacilityIdentifier": place["FacilityIdentifier"], "Name": place["Name"]}, "Id": int(place.id)}


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
                taken.append(allocation(batch, part))
                left -= part
        lines.append(with_allocations(line, [*line["ReadOnly"]["Allocations"], *taken]))
    return with_lines(order, lines)


def _batches(work: Work, facility_id: int, line: Json) -> list[Document]:
    """Batches with something available, as the line asks for them, in the order of the item's method (A17)."""
    item = work.collection("item").get(str(line["ItemIdentifier"]["Id"]))
    where = All(
        Is("item_id", "=", int(item.id)),
        Is("facility_id", "=", facility_id),
        Is("Qualifier", "=", line["Qualifier"]),
        Is("AvailableQty", ">", 0),
        *(Is(name, "same", line[name]) for name in WANTED if line.get(name)),
    )
    method = item["Options"]["InventoryUnit"]["InventoryMethod"]
    found = work.collection("receive_item").rows(where, descending=method == LIFO)
    return sorted(found, key=_expiry) if method == FEFO else found


def _expiry(batch: Document) -> str:
    """What never expires comes last."""
    return str(batch.get("ExpirationDate", "9999"))


def allocation(batch: Document, quantity: float) -> Json:
    """So much of a batch. Its detail is kept with it, and shown to who asks for it."""
    return {
        "ReceiveItemId": int(batch.id),
        "Qty": float(quantity),
        "ProperlyPickedPrimary": 0.0,
        "ProperlyPickedSecondary": 0.0,
        "LoadedOut": False,
        "Detail": detail_of(batch),
    }


def detail_of(batch: Document) -> Json:
    """What tells a batch from others, and where it lies."""
    traits = {"ItemIdentifier": batch["ItemIdentifier"], "Qualifier": batch["Qualifier"]}
    traits |= {name: batch[name] for name in ("LotNumber", "SerialNumber", "Cost", "ExpirationDate") if name in batch}
    return {"ItemTraits": traits, "LocationIdentifier": batch["LocationIdentifier"]}


def deallocate(work: Work, order: Json) -> Json:
    """The order with nothing set aside; the stock is available again."""
    return with_lines(order, [release(work, line) for line in order["OrderItems"]])


def release(work: Work, line: Json) -> Json:
    """A line with nothing set aside for it."""
    for each in line["ReadOnly"]["Allocations"]:
        batch = work.collection("receive_item").get(str(each["ReceiveItemId"]))
        move(work, batch, allocated=-each["Qty"])
    return with_allocations(line, [])


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
        part = min(quantity, batch["free"])
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
