"""Stock as the vendor's own API reads it: records, totals, their history, and the channel's own feed of changes."""

from collections.abc import Sequence

from mock_servers.core.fake import Call
from mock_servers.core.filters import Condition, Is
from mock_servers.core.paging import Window
from mock_servers.core.refusal import Refusal
from mock_servers.core.store import Document
from mock_servers.core.wire import Reply
from mock_servers.extensiv_order_manager.behaviour.products import product_of
from mock_servers.extensiv_order_manager.behaviour.state import fake
from mock_servers.extensiv_order_manager.behaviour.stock import available, history_of
from mock_servers.extensiv_order_manager.behaviour.v1 import goods
from mock_servers.extensiv_order_manager.behaviour.v1.words import (
    Json,
    every,
    ids_given,
    moment,
    number,
    one_of,
    part,
    prefixed,
)

ACKNOWLEDGED_CHANNELS = ("CUSTOM", "MANUAL")


@fake.operation("getInventory")
def get_inventory(call: Call) -> Reply:
    shelves = call.collection("stock").rows(
        every(prefixed(call, "sku", "sku"), _products(call), _warehouse(call)), order_by="sku"
    )
    rows = [row for shelf in shelves for row in _records(call, shelf)]
    return part(call, sorted(rows, key=lambda row: int(row["productStockId"])))


def _records(call: Call, shelf: Document) -> list[Json]:
    """A shelf's records that were asked for, by location and by when they were made."""
    shown = goods.stock_records(call, shelf)
    name = call.query.get("stockLocationName")
    kept = []
    for record, row in zip(shelf["records"], shown, strict=True):
        made = record["created_at"]
        late = "createdFromDate" in call.query and made < _stamp(call, "createdFromDate")
        early = "createdToDate" in call.query and made > _stamp(call, "createdToDate")
        if not late and not early and name in {None, "", record["location"]}:
            kept.append(row)
    return kept


def _stamp(call: Call, name: str) -> str:
    return call.fake.stamp_of(moment(call.query[name], name))


def _products(call: Call) -> Condition | None:
    ids = ids_given(call, "productId")
    if not ids:
        return None
    found = call.collection("product").rows(Is("id", "in", tuple(ids)))
    return Is("sku", "in", tuple(product["sku"] for product in found))


def _warehouse(call: Call) -> Condition | None:
    id = number(call, "warehouseId")
    return Is("warehouse_id", "=", str(id)) if id else None


@fake.operation("getStockTotals", "getStockTotalsNewForm")
def get_stock_totals(call: Call) -> Reply:
    """Every product's total, with nothing where there is none; SKUs match exactly here (A21)."""
    ids = ids_given(call, "productId")
    where = every(
        one_of(call, "sku", "sku"), Is("id", "in", tuple(ids)) if ids else None, _listed(call), _kept_at(call)
    )
    products = call.collection("product")
    window = Window(call, 1)
    if window.offset >= products.count(where):
        return Reply(200, [])
    rows = products.rows(where, limit=window.limit, offset=window.offset)
    return Reply(200, [_total(call, product) for product in rows])


def _listed(call: Call) -> Condition | None:
    channel = number(call, "salesChannelId")
    if not channel:
        return None
    listings = call.collection("listing").rows(Is("channel_id", "=", channel))
    return Is("sku", "in", tuple({listing["sku"] for listing in listings}))


def _kept_at(call: Call) -> Condition | None:
    """Products that have a record in the warehouse that was asked for."""
    where = _warehouse(call)
    if where is None:
        return None
    return Is("sku", "in", tuple(shelf["sku"] for shelf in call.collection("stock").rows(where)))


def _total(call: Call, product: Document) -> Json:
    shelves = call.collection("stock").rows(every(Is("sku", "=", product["sku"]), _warehouse(call)))
    return {
        "product": goods.product_ref(product),
        "onHandQuantity": sum(shelf["on_hand"] for shelf in shelves),
        "lockedQuantity": sum(shelf["locked"] for shelf in shelves),
        "inTransitQuantity": sum(shelf.get("in_transit", 0) for shelf in shelves),
        "allocatedQuantity": sum(shelf["allocated"] for shelf in shelves),
        "availableQuantity": sum(available(shelf) for shelf in shelves),
    }


# History --------------------------------------------------------------------------------------------------------------


@fake.operation("getInventoryHistory")
def get_inventory_history(call: Call) -> Reply:
    """Of one record, or of all that a product has in a warehouse; newest first."""
    return part(call, [_edit(call, entry) for entry in history_of(call, _records_asked(call))])


def _records_asked(call: Call) -> Sequence[Json]:
    record, product, house = (call.query.get(name) for name in ("productStockId", "productId", "warehouseId"))
    stock = call.collection("stock")
    if record:
        return [each for shelf in stock.rows() for each in shelf["records"] if each["id"] == record]
    if not product or not house:
        missing = "productId" if house else "warehouseId" if product else "productStockId"
        needed = "is required: productStockId, or productId and warehouseId"
        raise Refusal("invalid_query", details=((missing, needed),))
    found = call.collection("product").find(str(product))
    shelf = stock.find(f"{house}:{found['sku']}") if found else None
    return shelf["records"] if shelf else []


def _edit(call: Call, entry: Document) -> Json:
    product = product_of(call, entry["sku"])
    return {
        "description": entry["description"],
        "editTypeDesc": entry["why"],
        "formattedEditTime": entry["at"],
        "masterSku": entry["sku"],
        "notes": entry["notes"],
        "productId": int(product["id"]) if product else None,
        "userEmail": None,
    }


# What changed ---------------------------------------------------------------------------------------------------------


@fake.operation("postInventoryAcknowledge")
def post_inventory_acknowledge(call: Call) -> Reply:
    """Products listed on the channel whose stock changed since the last call. Asking for the first page moves on from
    what was told before; `fromDate` asks again for what was lost on the way."""
    channel = call.query["salesChannelId"]
    kept = call.collection("channel").find(str(channel))
    if kept is None or kept["type"] not in ACKNOWLEDGED_CHANNELS:
        raise Refusal("unprocessable", reason="The sales channel is not of type MANUAL or CUSTOM")
    shelves = _since(call, str(channel))
    listed = {row["sku"] for row in call.collection("listing").rows(Is("channel_id", "=", channel)) if row["active"]}
    changed = sorted({shelf["sku"] for shelf in shelves} & listed)
    window = Window(call, 1)
    shown = changed[window.offset : window.offset + window.limit]
    remaining = len(changed) > window.offset + len(shown)
    return Reply(
        200, [{"pagesRemaining": remaining, "productAggregatedQuantities": [_aggregated(call, sku) for sku in shown]}]
    )


def _since(call: Call, channel: str) -> list[Document]:
    """Shelves that changed in the part of the feed that is asked for."""
    shelves = call.collection("stock").rows()
    if "fromDate" in call.query or "toDate" in call.query:
        first, last = call.query.get("fromDate"), call.query.get("toDate")
        low = call.fake.stamp_of(moment(first, "fromDate")) if first else ""
        high = call.fake.stamp_of(moment(last, "toDate")) if last else "~"
        return [shelf for shelf in shelves if low <= shelf["updated_at"] <= high]
    cursors = call.collection("acknowledged")
    cursor = cursors.find(channel) or {"from": 0, "to": 0}
    if call.query.get("page", 1) == 1:
        latest = max((shelf.version for shelf in shelves), default=0)
        cursor = cursors.put({"id": channel, "from": cursor["to"], "to": max(latest, cursor["to"])})
    return [shelf for shelf in shelves if cursor["from"] < shelf.version <= cursor["to"]]


def _aggregated(call: Call, sku: str) -> Json:
    shelves = call.collection("stock").rows(Is("sku", "=", sku))
    product = product_of(call, sku)
    return {
        "product": goods.product_ref(product or {}),
        "availableQuantity": sum(available(shelf) for shelf in shelves),
        "warehouseInventoryBreakdown": [
            {"warehouseId": int(shelf["warehouse_id"]), "availableQuantity": available(shelf)} for shelf in shelves
        ],
    }
