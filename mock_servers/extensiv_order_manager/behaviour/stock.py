"""What lies where. A shelf is a product in a warehouse: `on_hand` over its locations, `allocated` by orders.

Each location on a shelf is one of the vendor's product stock records: an id, what lies there and what of it is locked.
"""

from typing import Any

from mock_servers.core.fake import Work
from mock_servers.core.refusal import Refusal
from mock_servers.core.store import Document

Json = dict[str, Any]

LOCATION_OF = {"DIRECT_FULFILLMENT": "MAIN"}
GLOBAL = "GLOBAL"
"""The location where a warehouse is not the account's own (dossier section 12); the name of a house's own is ours."""
RECORD_START = 9001
LOCATION_START = 10_001


def available(shelf: Any) -> int:
    """On hand less what orders have taken and what is locked; below zero, somebody is waiting (A37)."""
    return int(shelf["on_hand"] - shelf["allocated"] - shelf.get("locked", 0))


def shelf_of(work: Work, warehouse: str, sku: str) -> Any:
    """The shelf, or what it would be while there is none."""
    return work.collection("stock").find(f"{warehouse}:{sku}") or empty_shelf(warehouse, sku)


def empty_shelf(warehouse: str, sku: str) -> Json:
    """A shelf with nothing on it, and no record yet."""
    return {
        "id": f"{warehouse}:{sku}",
        "warehouse_id": warehouse,
        "sku": sku,
        "on_hand": 0,
        "allocated": 0,
        "locked": 0,
        "records": [],
    }


def move(work: Work, shelf: Any, *, on_hand: int = 0, allocated: int = 0) -> Document:
    """Something comes or goes, or is taken and given back. What lies in several places comes and goes by the first."""
    if not on_hand and not allocated and isinstance(shelf, Document):
        return shelf
    records = list(shelf["records"]) or [new_record(work, shelf["warehouse_id"], None)]
    records[0] = records[0] | {"on_hand": records[0]["on_hand"] + on_hand}
    for place, record in enumerate(records[1:], 1):  # what the first lacks, the others give
        if on_hand < 0 and records[0]["on_hand"] < 0:
            given = min(record["on_hand"], -records[0]["on_hand"])
            records[place] = record | {"on_hand": record["on_hand"] - given}
            records[0] = records[0] | {"on_hand": records[0]["on_hand"] + given}
    return keep(work, shelf, records, allocated=shelf["allocated"] + allocated)


def keep(work: Work, shelf: Any, records: list[Json], *, allocated: int | None = None) -> Document:
    """Keep a shelf with these records."""
    kept = shelf | {
        "records": records,
        "on_hand": sum(record["on_hand"] for record in records),
        "locked": sum(record["locked"] for record in records),
        "allocated": shelf["allocated"] if allocated is None else allocated,
        "updated_at": work.stamp,
    }
    shelves = work.collection("stock")
    return shelves.save(kept) if isinstance(shelf, Document) else shelves.add(kept)


def new_record(work: Work, warehouse: str, location: str | None, id: int | None = None, **members: Any) -> Json:
    """A product stock record, in a location of that name; without a name in the warehouse's usual one."""
    name, number = located(work, warehouse, location)
    return {
        "id": id or work.next_number("stock_record", RECORD_START),
        "location": name,
        "location_id": number,
        "on_hand": 0,
        "locked": 0,
        "minimum": 0,
        "pickable": True,
        "receivable": True,
        "draw_rank": 0,
        "active": True,
        "created_at": work.stamp,
        **members,
    }


def located(work: Work, warehouse: str, location: str | None) -> tuple[str, int]:
    """A location's name and id. The usual one has the warehouse's id; a name never seen makes a new one."""
    house = work.collection("warehouse").find(warehouse)
    usual = LOCATION_OF.get(house["type"] if house else "", GLOBAL)
    if not location or location == usual:
        return usual, int(warehouse)
    key = f"{warehouse}:{location}"
    known = work.collection("location").find(key)
    if known is None:
        number = work.next_number("location", LOCATION_START)
        known = work.collection("location").add({"id": key, "number": number, "warehouse_id": warehouse})
    return location, int(known["number"])


def record_named(work: Work, shelf: Any, location: str | None) -> int | None:
    """The place among a shelf's records of the one in this location; None when there is none."""
    house = work.collection("warehouse").find(shelf["warehouse_id"])
    usual = LOCATION_OF.get(house["type"] if house else "", GLOBAL)
    for place, record in enumerate(shelf["records"]):
        if record["location"] == (location or usual):
            return place
    return None


def named_warehouse(work: Work, id: str) -> Document:
    """The warehouse with this id, or the first one where none is named."""
    if id:
        return work.collection("warehouse").get(id)
    first = work.collection("warehouse").rows(limit=1)
    if not first:
        raise Refusal("not_found", kind="warehouse", id="(any)")
    return first[0]
