"""Stock as the vendor's own API reads and sets it, and the channel's own feed of what changed."""

from collections.abc import Callable, Mapping
from typing import Any

from mock_servers.core.fake import Call
from mock_servers.core.filters import Condition, Is
from mock_servers.core.paging import Window
from mock_servers.core.refusal import Refusal
from mock_servers.core.store import Document
from mock_servers.core.wire import Reply
from mock_servers.extensiv_order_manager.behaviour.products import product_of
from mock_servers.extensiv_order_manager.behaviour.state import fake
from mock_servers.extensiv_order_manager.behaviour.stock import (
    GLOBAL,
    LOCATION_OF,
    available,
    keep,
    new_record,
    record_named,
    shelf_of,
)
from mock_servers.extensiv_order_manager.behaviour.v1 import shapes
from mock_servers.extensiv_order_manager.behaviour.v1.words import (
    ERR_NO_PRODUCT,
    ERR_NO_STOCK,
    Json,
    Line,
    bulk,
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
    shown = shapes.stock_records(call, shelf)
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
        "product": shapes.product_ref(product),
        "onHandQuantity": sum(shelf["on_hand"] for shelf in shelves),
        "lockedQuantity": sum(shelf["locked"] for shelf in shelves),
        "inTransitQuantity": 0,
        "allocatedQuantity": sum(shelf["allocated"] for shelf in shelves),
        "availableQuantity": sum(available(shelf) for shelf in shelves),
    }


# Set ------------------------------------------------------------------------------------------------------------------


@fake.operation("putInventory")
def put_inventory(call: Call) -> Reply:
    return bulk(call.body, lambda line: _created(call, line))


def _created(call: Call, line: Mapping[str, Any]) -> Json:
    product, warehouse = _product(call, line), str(line["warehouseId"])
    house = call.collection("warehouse").find(warehouse)
    if house is None:
        raise Line("Warehouse not found", "warehouseId", line["warehouseId"])
    location = _location(line)
    if location is None and house["type"] in LOCATION_OF:
        raise Line("A location is needed in this warehouse", "stockLocationName", product["sku"])
    shelf = shelf_of(call, warehouse, product["sku"])
    if record_named(call, shelf, location) is not None:
        raise Line("Product stock exists already", "masterSku", product["sku"])
    record = new_record(
        call,
        warehouse,
        location,
        on_hand=line["quantity"],
        locked=line["quantityLocked"],
        minimum=line["minStock"],
        pickable=line["pickable"],
        receivable=line["receivable"],
        draw_rank=line.get("drawRank") or 0,
    )
    return _result(keep(call, shelf, [*shelf["records"], record]), len(shelf["records"]))


@fake.operation("postInventoryAdjust")
def post_inventory_adjust(call: Call) -> Reply:
    """What is on hand is what is said; what is allocated is nobody's to say."""
    return bulk(call.body, lambda line: _changed(call, line, lambda _: int(line["onHandQuantity"])))


@fake.operation("postInventoryAdd")
def post_inventory_add(call: Call) -> Reply:
    return bulk(call.body, lambda line: _changed(call, line, lambda before: before + line["addQuantity"]))


@fake.operation("postInventoryRemove")
def post_inventory_remove(call: Call) -> Reply:
    return bulk(call.body, lambda line: _changed(call, line, lambda before: before - line["removeQuantity"]))


def _changed(call: Call, line: Mapping[str, Any], counted: Callable[[int], int]) -> Json:
    """A record has to be there; where the product is not, the same is said (A27), or ERR053 in a world that asks so."""
    shelf, place = _record(call, line)
    record = shelf["records"][place]
    on_hand = counted(record["on_hand"])
    most = call.fake.contract.profile.facts["quantity_maximum"].value
    if on_hand < 0 <= record["on_hand"] or on_hand > most:
        raise Line(f"A quantity is 0 to {most}", "quantity", shelf["sku"])
    names = {"lockedQuantity": "locked", "minStockQuantity": "minimum"}
    said = {ours: line[theirs] for theirs, ours in names.items() if line.get(theirs) is not None}
    records = list(shelf["records"])
    records[place] = record | {"on_hand": on_hand} | said
    return _result(keep(call, shelf, records), place)


def _record(call: Call, line: Mapping[str, Any]) -> tuple[Document, int]:
    first = call.setting("unknown_sku", ERR_NO_STOCK)
    sku = _sku(call, line)
    named = line.get("masterSku") or line.get("productId")
    if sku is None and first == ERR_NO_PRODUCT:
        raise Line("Product does not exist", "masterSku", named, ERR_NO_PRODUCT)
    shelf = call.collection("stock").find(f"{line['warehouseId']}:{sku}") if sku is not None else None
    place = record_named(call, shelf, _location(line)) if shelf is not None else None
    if shelf is None or place is None:
        raise Line("Product stock not found", "masterSku", named, ERR_NO_STOCK)
    return shelf, place


def _sku(call: Call, line: Mapping[str, Any]) -> str | None:
    if line.get("masterSku"):
        return line["masterSku"] if product_of(call, line["masterSku"]) is not None else None
    product = call.collection("product").find(str(line.get("productId") or 0))
    return product["sku"] if product is not None else None


def _product(call: Call, line: Mapping[str, Any]) -> Document:
    sku = _sku(call, line)
    found = product_of(call, sku) if sku is not None else None
    if found is None:
        named = line.get("masterSku") or line.get("productId")
        raise Line("Product does not exist", "masterSku", named, ERR_NO_PRODUCT)
    return found


def _location(line: Mapping[str, Any]) -> str | None:
    """Null, missing and GLOBAL are alike."""
    name = line.get("stockLocationName")
    return None if name in {None, "", GLOBAL} else name


def _result(shelf: Document, place: int) -> Json:
    return {
        "masterSku": shelf["sku"],
        "availableQuantity": available(shelf),
        "productStockId": shelf["records"][place]["id"],
        "warehouseId": int(shelf["warehouse_id"]),
    }


@fake.operation("postInventoryAttributes")
def post_inventory_attributes(call: Call) -> Reply:
    places = {record["id"]: shelf.id for shelf in call.collection("stock").rows() for record in shelf["records"]}

    def change(line: Mapping[str, Any]) -> Json:
        id = line["productStockId"]
        if id not in places:
            raise Line("Product stock not found", "productStockId", id, ERR_NO_STOCK)
        said = {name: line[name] for name in ("active", "pickable", "receivable") if line.get(name) is not None}
        shelf = call.collection("stock").get(places[id])
        records = [record | said if record["id"] == id else record for record in shelf["records"]]
        keep(call, shelf, records)
        return {"productStockId": id}

    return bulk(call.body, change)


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
        "product": shapes.product_ref(product or {}),
        "availableQuantity": sum(available(shelf) for shelf in shelves),
        "warehouseInventoryBreakdown": [
            {"warehouseId": int(shelf["warehouse_id"]), "availableQuantity": available(shelf)} for shelf in shelves
        ],
    }
