"""Places on the shelves, and what lies in each."""

from collections.abc import Callable

from mock_servers.core.fake import Call, Work
from mock_servers.core.filters import All, Is
from mock_servers.core.store import Document
from mock_servers.core.wire import Reply
from mock_servers.extensiv_warehouse_manager.behaviour.base import Json, at_id, fake, listed, page_of_rows, shown
from mock_servers.extensiv_warehouse_manager.behaviour.rows import asked
from mock_servers.extensiv_warehouse_manager.behaviour.stock import TINY, detail_of, named_location


@fake.operation("listLocations")
def list_locations(call: Call) -> Reply:
    return listed(call, call.collection("location"), "FacilityLocation", row=_shown(call))


@fake.operation("listLocationsByFacility")
def list_locations_by_facility(call: Call) -> Reply:
    facility = at_id(call.collection("facility"), call.path["facilityId"])
    here = Is("facility_id", "=", int(facility.id))
    return listed(call, call.collection("location"), "FacilityLocation", here, row=_shown(call))


def _shown(call: Call) -> Callable[[Document], Json]:
    """A place, and whether anything lies there."""
    full = {batch["location_id"] for batch in call.collection("receive_item").rows() if batch["OnHandQty"] > TINY}
    return lambda place: shown(place) | {"HasInventory": int(place.id) in full}


def contents(work: Work, place: Document) -> list[Document]:
    """Batches that lie in a place."""
    where = All(Is("facility_id", "=", place["facility_id"]), Is("location_id", "=", int(place.id)))
    return [batch for batch in work.collection("receive_item").rows(where) if batch["OnHandQty"] > TINY]


@fake.operation("listInventoryLocations")
def list_inventory_locations(call: Call) -> Reply:
    """A row for each kind of goods in each place, and one for each place that is empty."""
    facility = at_id(call.collection("facility"), call.path["facilityId"])
    places = call.collection("location").rows(Is("facility_id", "=", int(facility.id)))
    rows = [row for place in places for row in _rows_of(call, place)]
    return page_of_rows(call, asked(call, rows, "InventoryLocation"))


def _rows_of(work: Work, place: Document) -> list[Json]:
    about = {
        "LocationIdentifier": named_location(place),
        "Description": place["Description"],
        "LocationTypeIdentifier": place["LocationTypeIdentifier"],
    }
    rows: dict[str, Json] = {}
    for batch in contents(work, place):
        traits = detail_of(batch)["ItemTraits"]
        row = rows.setdefault(
            repr((batch["customer_id"], traits)),
            about | {"ItemTraits": traits, "CustomerIdentifier": batch["CustomerIdentifier"], "OnHand": 0.0},
        )
        row["OnHand"] += batch["OnHandQty"]
    return list(rows.values()) or [about]


@fake.operation("listCurrentLocations")
def list_current_locations(call: Call) -> Reply:
    """Where an item lies in a facility and how much of it, most of it first unless sorted."""
    facility = at_id(call.collection("facility"), call.path["facilityId"])
    item = at_id(call.collection("item"), call.path["itemId"])
    where = All(Is("facility_id", "=", int(facility.id)), Is("item_id", "=", int(item.id)))
    rows: dict[int, Json] = {}
    for batch in call.collection("receive_item").rows(where):
        about = {"LocationIdentifier": batch["LocationIdentifier"], "FacilityIdentifier": batch["FacilityIdentifier"]}
        row = rows.setdefault(batch["location_id"], about | {"Qty": 0.0})
        row["Qty"] += batch["OnHandQty"]
    found = sorted((row for row in rows.values() if row["Qty"] > TINY), key=lambda row: -row["Qty"])
    return page_of_rows(call, asked(call, found, "CurrentLocation"))


@fake.operation("listStockSummariesForLocation")
def list_stock_summaries_for_location(call: Call) -> Reply:
    """Stock in one place, added up by item and qualifier, or by item alone. No place, no rows."""
    place = call.collection("location").find(str(call.query["locationid"]))
    if place is None:
        return page_of_rows(call, [])
    where = All(Is("facility_id", "=", place["facility_id"]), Is("location_id", "=", int(place.id)))
    rows: dict[tuple[int, str], Json] = {}
    for batch in call.collection("receive_item").rows(where):
        qualifier = "" if call.query.get("ignorequalifiers") else batch["Qualifier"]
        row = rows.setdefault((batch["item_id"], qualifier), _empty(place, batch, qualifier))
        row["TotalReceived"] += batch["ReceivedQty"]
        row["Allocated"] += batch["ReceivedQty"] - batch["free"]
        row["Available"] += batch["AvailableQty"]
        row["OnHold"] += batch["OnHoldQty"]
        row["OnHand"] += batch["OnHandQty"]
    return page_of_rows(call, list(rows.values()))


def _empty(place: Document, batch: Document, qualifier: str) -> Json:
    named = {"FacilityId": place["facility_id"], "ItemIdentifier": batch["ItemIdentifier"], "Qualifier": qualifier}
    return named | dict.fromkeys(("TotalReceived", "Allocated", "Available", "OnHold", "OnHand"), 0.0)
