"""Stock as it is shown: by receive item, added up, and for one order."""

from mock_servers.core.fake import Call
from mock_servers.core.filters import All, Condition, Is
from mock_servers.core.store import Document
from mock_servers.core.wire import Reply
from mock_servers.extensiv_warehouse_manager.behaviour.base import OPEN, Json, fake, listed, shown
from mock_servers.extensiv_warehouse_manager.behaviour.stock import TRACKED, missing

ALSO_SHOWN = (*TRACKED, "ReferenceNum", "PoNum", "TrailerNumber", "SavedElements")


@fake.operation("listInventory")
def list_inventory(call: Call) -> Reply:
    return listed(call, call.collection("receive_item"), "Inventory")


@fake.view("rest", "receive_item", schema="Inventory")
def receive_item_on_rest(batch: Document) -> Json:
    seen = shown(batch)
    seen.pop("SavedElements", None)
    seen.pop("TrailerNumber", None)
    return seen


@fake.operation("listStockSummaries")
def list_stock_summaries(call: Call) -> Reply:
    if not call.query.get("orderednotallocated"):
        return listed(call, call.collection("stock"), "StockSummary")
    waiting = _waiting(call)
    return listed(
        call,
        call.collection("stock"),
        "StockSummary",
        row=lambda row: shown(row) | {"OrderedNotAllocated": waiting.get(row.id, 0.0)},
    )


def _waiting(call: Call) -> dict[str, float]:
    """What open orders want and nothing is set aside for, by summary."""
    wanted: dict[str, float] = {}
    for order in call.collection("order").rows(Is("status", "=", OPEN)):
        for line in order["OrderItems"]:
            name = f"{order['facility_id']}:{line['ItemIdentifier']['Id']}:{line['Qualifier']}"
            wanted[name] = wanted.get(name, 0.0) + missing(line)
    return wanted


@fake.view("rest", "stock", schema="StockSummary")
def stock_on_rest(stock: Document) -> Json:
    return shown(stock)


@fake.operation("listStockSummariesForOrder")
def list_stock_summaries_for_order(call: Call) -> Reply:
    """Of what an order wants, in its facility. No order, no rows."""
    order = call.collection("order").find(str(call.query["orderid"]))
    names: set[str] = set()
    if order is not None:
        wanted = ((line["ItemIdentifier"]["Id"], line["Qualifier"]) for line in order["OrderItems"])
        names = {f"{order['facility_id']}:{item}:{qualifier}" for item, qualifier in wanted}
    rows = [shown(row) for row in call.collection("stock").rows(Is("id", "in", tuple(sorted(names))))]
    return Reply(200, {"TotalResults": len(rows), "Summaries": rows})


@fake.operation("listStockDetails")
def list_stock_details(call: Call) -> Reply:
    here: list[Condition] = [
        Is("customer_id", "=", call.query["customerid"]),
        Is("facility_id", "=", call.query["facilityid"]),
    ]
    if call.query.get("senameorvaluecontains"):
        here.append(_saying(call, All(*here), call.query["senameorvaluecontains"].lower()))
    mine = _held_by(call, call.query["orderitemid"]) if "orderitemid" in call.query else {}
    return listed(
        call,
        call.collection("receive_item"),
        "StockDetail",
        *here,
        row=lambda batch: _detail(batch, mine.get(int(batch.id), 0.0)),
    )


def _saying(call: Call, here: Condition, part: str) -> Condition:
    """Batches with a saved element whose name or value has this in it."""
    found = []
    for batch in call.collection("receive_item").rows(here):
        words = (word for each in batch.get("SavedElements", ()) for word in (each["Name"], each.get("Value", "")))
        if any(part in word.lower() for word in words):
            found.append(batch["ReceiveItemId"])
    return Is("ReceiveItemId", "in", tuple(found))


def _held_by(call: Call, order_item_id: int) -> dict[int, float]:
    """What a line has set aside, by batch: to who edits its allocations that is available as well."""
    held: dict[int, float] = {}
    for order in call.collection("order").rows(Is("status", "=", OPEN)):
        for line in order["OrderItems"]:
            if line["ReadOnly"]["OrderItemId"] == order_item_id:
                for each in line["ReadOnly"]["Allocations"]:
                    held[each["ReceiveItemId"]] = held.get(each["ReceiveItemId"], 0.0) + each["Qty"]
    return held


def _detail(batch: Document, mine: float) -> Json:
    """`Available` is what is not set aside, on hold or not (rels/inventory/stockdetails)."""
    return {
        "ReceiveItemId": batch["ReceiveItemId"],
        "ItemIdentifier": batch["ItemIdentifier"],
        "Description": batch["ItemDescription"],
        "Qualifier": batch["Qualifier"],
        "Received": batch["ReceivedQty"],
        "Available": batch["free"] + mine,
        "IsOnHold": batch["OnHold"],
        "Quarantined": batch["Quarantined"],
        "OnHand": batch["OnHandQty"],
        **{name: batch[name] for name in ALSO_SHOWN if name in batch},
        "LocationIdentifier": batch["LocationIdentifier"],
        "InventoryUnitOfMeasureIdentifier": batch["InventoryUnitOfMeasureIdentifier"],
        "ReceiverId": batch["ReceiverId"],
        "ReceivedDate": batch["ReceivedDate"],
    }
