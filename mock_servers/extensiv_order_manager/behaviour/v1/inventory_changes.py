"""Stock as the vendor's own API sets it, line by line, and moves it between records and locations."""

from collections.abc import Callable, Mapping
from typing import Any

from mock_servers.core.fake import Call
from mock_servers.core.filters import Is
from mock_servers.core.refusal import Refusal
from mock_servers.core.store import Document
from mock_servers.core.wire import Reply
from mock_servers.extensiv_order_manager.behaviour.products import product_of
from mock_servers.extensiv_order_manager.behaviour.state import fake
from mock_servers.extensiv_order_manager.behaviour.stock import (
    ADJUSTED,
    GLOBAL,
    LOCATION_OF,
    available,
    keep,
    new_record,
    record_named,
    shelf_of,
    usual_location,
)
from mock_servers.extensiv_order_manager.behaviour.v1.words import (
    ERR_NO_PRODUCT,
    ERR_NO_STOCK,
    Json,
    Line,
    bulk,
)


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
    kept = keep(call, shelf, [*shelf["records"], record], why="Stock created", notes=call.query.get("notes", ""))
    return _result(kept, len(shelf["records"]))


@fake.operation("postInventoryAdjust")
def post_inventory_adjust(call: Call) -> Reply:
    """What is on hand is what is said; what is allocated is nobody's to say."""
    return bulk(call.body, lambda line: _changed(call, line, lambda _: int(line["onHandQuantity"]), ADJUSTED))


@fake.operation("postInventoryAdd")
def post_inventory_add(call: Call) -> Reply:
    return bulk(call.body, lambda line: _changed(call, line, lambda had: had + line["addQuantity"], "Inventory added"))


@fake.operation("postInventoryRemove")
def post_inventory_remove(call: Call) -> Reply:
    return bulk(
        call.body, lambda line: _changed(call, line, lambda had: had - line["removeQuantity"], "Inventory removed")
    )


def _changed(call: Call, line: Mapping[str, Any], counted: Callable[[int], int], why: str) -> Json:
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
    return _result(keep(call, shelf, records, why=why, notes=line.get("notes") or ""), place)


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
    """Whether what lies there may be used, picked or received; a new name that came along is not heard any more."""

    def change(line: Mapping[str, Any]) -> Json:
        shelf, place = _record(call, line)
        said = {name: line[name] for name in ("active", "pickable", "receivable") if line.get(name) is not None}
        records = list(shelf["records"])
        records[place] = records[place] | said
        return _result(keep(call, shelf, records), place)

    return bulk(call.body, change)


# Locations and moves --------------------------------------------------------------------------------------------------


@fake.operation("postUpdateStockLocation")
def post_update_stock_location(call: Call) -> Reply:
    """Another name for a location; what lies there stays there."""
    return bulk(call.body, lambda line: _renamed(call, line))


def _renamed(call: Call, line: Mapping[str, Any]) -> Json:
    warehouse, number, old = _location_named(call, line)
    new = line["newStockLocationName"]
    if old == GLOBAL:
        raise Line("The location of a warehouse that is not in-house has no other name", "stockLocationId", number)
    known = call.collection("location").find(f"{warehouse}:{new}")
    if known is not None or new == usual_location(call, warehouse):
        raise Line("There is a location of this name already", "newStockLocationName", new)
    if old == usual_location(call, warehouse):
        house = call.collection("warehouse").get(warehouse)
        call.collection("warehouse").save(house | {"usual_location": new})
    else:
        call.collection("location").delete(f"{warehouse}:{old}")
        call.collection("location").add({"id": f"{warehouse}:{new}", "number": number, "warehouse_id": warehouse})
    for shelf in call.collection("stock").rows(Is("warehouse_id", "=", warehouse)):
        records = [each | {"location": new} if each["location_id"] == number else each for each in shelf["records"]]
        if records != shelf["records"]:
            keep(call, shelf, records)
    return {"stockLocationId": number, "location": new, "warehouseId": int(warehouse)}


def _location_named(call: Call, line: Mapping[str, Any]) -> tuple[str, int, str]:
    """Warehouse, id and name of the location that a line means: by its id, or by its warehouse and its name."""
    id, house, name = line.get("stockLocationId"), line.get("warehouseId"), line.get("originalStockLocationName")
    locations = call.collection("location")
    if id:
        for kept in locations.rows():
            if kept["number"] == id:
                return kept["warehouse_id"], id, kept.id.partition(":")[2]
        if call.collection("warehouse").find(str(id)) is not None:  # the usual one is called as its warehouse is
            return str(id), id, usual_location(call, str(id))
        raise Line("Stock location not found", "stockLocationId", id)
    if not house or not name:
        raise Line("A location is named by its id, or by its warehouse and name", "stockLocationId")
    if call.collection("warehouse").find(str(house)) is None:
        raise Line("Warehouse not found", "warehouseId", house)
    if name == usual_location(call, str(house)):
        return str(house), house, name
    found = locations.find(f"{house}:{name}")
    if found is None:
        raise Line("Stock location not found", "originalStockLocationName", name)
    return str(house), int(found["number"]), name


@fake.operation("postInventoryTransfer")
def post_inventory_transfer(call: Call) -> Reply:
    """From one record of a product to another of it, in the same warehouse or in another."""
    query, quantity = call.query, int(call.query["quantity"])
    (source, from_place), (target, to_place) = (
        _record_of_id(call, query[name]) for name in ("fromProductStockId", "toProductStockId")
    )
    if query["fromProductStockId"] == query["toProductStockId"]:
        raise Refusal("unprocessable", reason="Stock cannot be transferred to where it is")
    if source["sku"] != target["sku"]:
        raise Refusal("unprocessable", reason="The two product stocks are not of one product")
    there, here = target["records"][to_place], source["records"][from_place]
    if here["on_hand"] - here["locked"] < quantity:
        raise Refusal("unprocessable", reason=f"Product stock {here['id']} has not so many that are not locked")
    if there["on_hand"] + quantity > call.fake.contract.profile.facts["quantity_maximum"].value:
        raise Refusal("unprocessable", reason="A product stock does not hold so many")
    notes = query.get("notes", "")
    for id, change in ((here["id"], -quantity), (there["id"], quantity)):
        shelf, place = _record_of_id(call, id)
        records = list(shelf["records"])
        records[place] = records[place] | {"on_hand": records[place]["on_hand"] + change}
        keep(call, shelf, records, why="Inventory transferred", notes=notes)
    return Reply(200, {"id": there["id"], "message": f"{quantity} transferred"})


def _record_of_id(call: Call, id: int) -> tuple[Document, int]:
    for shelf in call.collection("stock").rows():
        for place, record in enumerate(shelf["records"]):
            if record["id"] == id:
                return shelf, place
    raise Refusal("not_found", kind="Product stock", id=str(id))
