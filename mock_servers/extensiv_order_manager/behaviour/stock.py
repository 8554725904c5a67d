"""What lies where. A shelf is a product in a warehouse: `on_hand` over its locations, `allocated` by what is to leave,
`in_transit` to it from other warehouses.

Each location on a shelf is one of the vendor's product stock records: an id, what lies there and what of it is locked.
What was changed about a record is kept as its history, the last hundred times (vendor spec).
"""

from collections.abc import Sequence
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
ADJUSTED = "Inventory adjusted"
"""What a change is called where nothing else is said; the vendor's own words are shown nowhere."""


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
        "in_transit": 0,
        "records": [],
    }


def move(
    work: Work, shelf: Any, *, on_hand: int = 0, allocated: int = 0, in_transit: int = 0, why: str = ADJUSTED
) -> Document:
    """Something comes or goes, or is taken and given back. What lies in several places comes and goes by the first."""
    if not on_hand and not allocated and not in_transit and isinstance(shelf, Document):
        return shelf
    records = list(shelf["records"]) or [new_record(work, shelf["warehouse_id"], None)]
    records[0] = records[0] | {"on_hand": records[0]["on_hand"] + on_hand}
    for place, record in enumerate(records[1:], 1):  # what the first lacks, the others give
        if on_hand < 0 and records[0]["on_hand"] < 0:
            given = min(record["on_hand"], -records[0]["on_hand"])
            records[place] = record | {"on_hand": record["on_hand"] - given}
            records[0] = records[0] | {"on_hand": records[0]["on_hand"] + given}
    moved = shelf | {"in_transit": shelf.get("in_transit", 0) + in_transit} if in_transit else shelf
    return keep(work, moved, records, allocated=shelf["allocated"] + allocated, why=why)


def keep(
    work: Work, shelf: Any, records: list[Json], *, allocated: int | None = None, why: str = ADJUSTED, notes: str = ""
) -> Document:
    """Keep a shelf with these records, and what was done to each."""
    records = _edited(work, shelf, records, why, notes)
    kept = shelf | {
        "records": records,
        "on_hand": sum(record["on_hand"] for record in records),
        "locked": sum(record["locked"] for record in records),
        "allocated": shelf["allocated"] if allocated is None else allocated,
        "updated_at": work.stamp,
    }
    return work.collection("stock").put(kept)


def _edited(work: Work, shelf: Any, records: list[Json], why: str, notes: str) -> list[Json]:
    """The records, each that holds another quantity than before with one edit more."""
    before = {record["id"]: (record["on_hand"], record["locked"]) for record in shelf["records"]}
    edited = []
    for record in records:
        was = before.get(record["id"], (0, 0))
        if was != (record["on_hand"], record["locked"]):
            record = record | {"edits": record.get("edits", 0) + 1}
            _remember(work, shelf["sku"], was, record, why, notes)
        edited.append(record)
    return edited


def _remember(work: Work, sku: str, was: tuple[int, int], record: Json, why: str, notes: str) -> None:
    """One entry of a record's history; the oldest goes when there are more than are kept."""
    most = int(work.fake.contract.profile.facts["history_maximum"].value)
    edits = work.collection("stock_edit")
    said = [f"on hand {was[0]} to {record['on_hand']}"] if was[0] != record["on_hand"] else []
    said += [f"locked {was[1]} to {record['locked']}"] if was[1] != record["locked"] else []
    edits.add(
        {
            "id": f"{record['id']}:{record['edits']}",
            "sku": sku,
            "why": why,
            "description": f"{record['location']}: {', '.join(said)}",
            "notes": notes or None,
            "on_hand": record["on_hand"],
            "locked": record["locked"],
            "at": work.stamp,
        }
    )
    if record["edits"] > most:
        edits.delete(f"{record['id']}:{record['edits'] - most}")


def history_of(work: Work, records: Sequence[Json]) -> list[Document]:
    """What was done to these records, newest first."""
    most = int(work.fake.contract.profile.facts["history_maximum"].value)
    found = []
    for record in records:
        last = record.get("edits", 0)
        ids = (f"{record['id']}:{number}" for number in range(max(1, last - most + 1), last + 1))
        found += [entry for entry in map(work.collection("stock_edit").find, ids) if entry is not None]
    return sorted(found, key=lambda entry: entry.seq, reverse=True)


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
    usual = usual_location(work, warehouse)
    if not location or location == usual:
        return usual, int(warehouse)
    key = f"{warehouse}:{location}"
    known = work.collection("location").find(key)
    if known is None:
        number = work.next_number("location", LOCATION_START)
        known = work.collection("location").add({"id": key, "number": number, "warehouse_id": warehouse})
    return location, int(known["number"])


def usual_location(work: Work, warehouse: str) -> str:
    """Where things lie when nobody says where; in a house of its own somebody may have called it something else."""
    house = work.collection("warehouse").find(warehouse)
    if house is None:
        return GLOBAL
    return str(house.get("usual_location") or LOCATION_OF.get(house["type"], GLOBAL))


def record_named(work: Work, shelf: Any, location: str | None) -> int | None:
    """The place among a shelf's records of the one in this location; None when there is none."""
    wanted = location or usual_location(work, shelf["warehouse_id"])
    for place, record in enumerate(shelf["records"]):
        if record["location"] == wanted:
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
