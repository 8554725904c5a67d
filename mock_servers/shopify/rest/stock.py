"""Stock over REST: items, and levels that are set, adjusted, connected and taken away. Nothing is compared first, so
the last one to write wins (dossier §9)."""

from typing import Any

from mock_servers.core.fake import Call
from mock_servers.core.filters import Condition, Is
from mock_servers.core.refusal import Refusal
from mock_servers.core.store import Document
from mock_servers.core.wire import Reply
from mock_servers.shopify.behaviour.base import find, gid
from mock_servers.shopify.behaviour.inventory import (
    QUANTITY_MAXIMUM,
    change_item,
    level_of,
    levels_of,
    quantity,
    shift,
    stock,
)
from mock_servers.shopify.behaviour.inventory_changes import inventory_deactivate
from mock_servers.shopify.behaviour.rest import inventory_item_shape, inventory_level_shape
from mock_servers.shopify.rest.door import enumerated, gid_for, named, operation, spelled, wrong
from mock_servers.shopify.rest.lists import by_id, by_time, page

Json = dict[str, Any]


# Items ----------------------------------------------------------------------------------------------------------------


@operation("listInventoryItems")
def list_inventory_items(call: Call) -> Reply:
    shape = lambda item: inventory_item_shape(call, item)  # noqa: E731 - named for the line's sake
    return page(call, "inventory_items", "InventoryItem", shape, *by_id(call, "InventoryItem"))


@operation("getInventoryItem")
def get_inventory_item(call: Call) -> Reply:
    return _item(call, named(call, "InventoryItem").body)


@operation("updateInventoryItem")
def update_inventory_item(call: Call) -> Reply:
    given = call.body["inventory_item"]
    if given.get("country_code_of_origin") not in {None, *enumerated("CountryCode")}:
        wrong("country_code_of_origin", "is not valid")
    codes = ("country_code_of_origin", "province_code_of_origin", "harmonized_system_code")
    wanted = spelled(given, "sku", "tracked", "requires_shipping", *codes)
    if "cost" in given:
        wanted["cost"] = str(given["cost"])
    return _item(call, change_item(call, named(call, "InventoryItem").body, wanted))


def _item(call: Call, item: Json) -> Reply:
    return Reply(200, {"inventory_item": inventory_item_shape(call, item)})


# Levels, read ---------------------------------------------------------------------------------------------------------


@operation("listInventoryLevels", errors="list")
def list_inventory_levels(call: Call) -> Reply:
    items, places = call.query.get("inventory_item_ids"), call.query.get("location_ids")
    if not items and not places:
        said = "either inventory_item_ids or location_ids must be provided"
        raise Refusal("unprocessable", details=(("base", said),))
    wanted: list[Condition] = by_time(call)
    if items:
        wanted.append(Is("itemId", "in", tuple(gid("InventoryItem", number) for number in items)))
    if places:
        wanted.append(Is("locationId", "in", tuple(gid("Location", number) for number in places)))
    return _levels(call, *wanted)


@operation("listLocationInventoryLevels")
def list_location_inventory_levels(call: Call) -> Reply:
    return _levels(call, Is("locationId", "=", named(call, "Location").id))


def _levels(call: Call, *wanted: Condition) -> Reply:
    return page(call, "inventory_levels", "InventoryLevel", lambda level: inventory_level_shape(call, level), *wanted)


# Levels, changed ------------------------------------------------------------------------------------------------------


@operation("setInventoryLevel")
def set_inventory_level(call: Call) -> Reply:
    """So many can be sold; what is not stocked there yet is from now on."""
    item, place = _named_in(call)
    level = level_of(call, item.id, place.id) or stock(call, item.id, place.id)
    return _level(call, _shifted(call, item, level, call.body["available"] - quantity(level, "available")))


@operation("adjustInventoryLevel")
def adjust_inventory_level(call: Call) -> Reply:
    item, place = _named_in(call)
    level = level_of(call, item.id, place.id)
    if level is None:
        raise Refusal("not_found")
    return _level(call, _shifted(call, item, level, call.body["available_adjustment"]))


@operation("connectInventoryLevel")
def connect_inventory_level(call: Call) -> Reply:
    """Stock an item at a location; with `relocate_if_necessary` nowhere else any more."""
    item, place = _named_in(call)
    level = level_of(call, item.id, place.id) or stock(call, item.id, place.id)
    if call.body.get("relocate_if_necessary"):
        for other in levels_of(call, item.id):
            if other["id"] != level["id"]:
                inventory_deactivate(call, {"inventoryLevelId": other["id"]})
    return _level(call, level, 201)


@operation("deleteInventoryLevel")
def delete_inventory_level(call: Call) -> Reply:
    item_id, place_id = call.query["inventory_item_id"], call.query["location_id"]
    level = level_of(call, gid("InventoryItem", item_id), gid("Location", place_id))
    if level is None:
        raise Refusal("not_found")
    inventory_deactivate(call, {"inventoryLevelId": level["id"]})
    return Reply(204)


def _named_in(call: Call) -> tuple[Document, Document]:
    """The item and the location of a body. Refuses with `not_found`."""
    item = find(call, "InventoryItem", gid_for("InventoryItem", call.body["inventory_item_id"]))
    place = find(call, "Location", gid_for("Location", call.body["location_id"]))
    if item is None or place is None:
        raise Refusal("not_found")
    return item, place


def _shifted(call: Call, item: Document, level: Json, delta: int) -> Json:
    if not item["tracked"]:
        wrong("base", "Inventory item does not have inventory tracking enabled")
    if abs(quantity(level, "available") + delta) > QUANTITY_MAXIMUM:
        wrong("available", "is out of range")
    return shift(call, level, {"available": delta})


def _level(call: Call, level: Json, status: int = 200) -> Reply:
    return Reply(status, {"inventory_level": inventory_level_shape(call, level)})
