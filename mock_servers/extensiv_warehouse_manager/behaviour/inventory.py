"""Stock as it is shown: by receive item, and added up."""

from mock_servers.core.fake import Call
from mock_servers.core.filters import Is
from mock_servers.core.store import Document
from mock_servers.core.wire import Reply
from mock_servers.extensiv_warehouse_manager.behaviour.base import OPEN, Json, fake, listed, shown
from mock_servers.extensiv_warehouse_manager.behaviour.stock import missing


@fake.operation("listInventory")
def list_inventory(call: Call) -> Reply:
    return listed(call, call.collection("receive_item"), "Inventory")


@fake.view("rest", "receive_item", schema="Inventory")
def receive_item_on_rest(batch: Document) -> Json:
    return shown(batch)


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


@fake.operation("listStockDetails")
def list_stock_details(call: Call) -> Reply:
    here = (
        Is("customer_id", "=", call.query["customerid"]),
        Is("facility_id", "=", call.query["facilityid"]),
    )
    return listed(call, call.collection("receive_item"), "Inventory", *here, row=_detail)


def _detail(batch: Document) -> Json:
    return {
        "ReceiveItemId": batch["ReceiveItemId"],
        "ItemIdentifier": batch["ItemIdentifier"],
        "Description": batch["ItemDescription"],
        "Qualifier": batch["Qualifier"],
        "Received": batch["ReceivedQty"],
        "Available": batch["AvailableQty"],
        "IsOnHold": batch["OnHold"],
        "Quarantined": batch["Quarantined"],
        "OnHand": batch["OnHandQty"],
        "LocationIdentifier": batch["LocationIdentifier"],
        "InventoryUnitOfMeasureIdentifier": batch["InventoryUnitOfMeasureIdentifier"],
        "ReceiverId": batch["ReceiverId"],
        "ReceivedDate": batch["ReceivedDate"],
    }
