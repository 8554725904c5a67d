"""Stock: items, their levels at locations, and what is shown of both (dossier §8).

`on_hand` is never kept: it is available + committed + reserved + damaged + quality_control + safety_stock. Selling
moves available to committed, fulfilling takes committed away, and cancelling with restock moves it back.
"""

from typing import Any

from mock_servers.core.fake import Work
from mock_servers.core.filters import All, Condition, Is
from mock_servers.core.graphql import Connection, FieldError, Run
from mock_servers.shopify.behaviour.base import (
    decimal_text,
    fake,
    find,
    found,
    gid,
    id_key,
    money,
    number_in,
    shop_of,
    tell,
)
from mock_servers.shopify.behaviour.paging import Resource, connection, exactly, listed, save
from mock_servers.shopify.behaviour.products import variants_of
from mock_servers.shopify.behaviour.search import Filters, exact, flag, instant, padded

Json = dict[str, Any]
KEPT = ("available", "committed", "incoming", "reserved", "damaged", "quality_control", "safety_stock")
ON_HAND = ("available", "committed", "reserved", "damaged", "quality_control", "safety_stock")
NAMES = ("available", "on_hand", *KEPT[1:])
QUANTITY_MAXIMUM = 1_000_000_000
ITEMS = Resource(
    "InventoryItem",
    {"ID": "seq"},
    Filters(
        {
            "id": padded("idKey"),
            "sku": exact("skuKey"),
            "tracked": flag("tracked"),
            "created_at": instant("createdAt"),
            "updated_at": instant("updatedAt"),
        },
        ("skuKey",),
    ),
)
LEVELS = Resource(
    "InventoryLevel",
    {"ID": "seq"},
    Filters({"created_at": instant("createdAt"), "updated_at": instant("updatedAt"), "id": padded("idKey")}, ()),
)


# Levels ---------------------------------------------------------------------------------------------------------------


def level_of(work: Work, item_id: str, location_id: str) -> Json | None:
    """The level of an item at a location; None where it is not stocked."""
    where = All(Is("itemId", "=", item_id), Is("locationId", "=", location_id))
    level = work.collection("inventory_level").first(where)
    return level.body if level else None


def levels_of(work: Work, item_id: str) -> list[Json]:
    """Every level of an item."""
    return [row.body for row in work.collection("inventory_level").rows(Is("itemId", "=", item_id))]


def available_of(work: Work, item_id: str) -> int:
    """What can be sold of an item, everywhere."""
    return sum(quantity(level, "available") for level in levels_of(work, item_id))


def quantity(level: Json, name: str) -> int:
    """One named quantity of a level."""
    quantities = level["quantities"]
    names = ON_HAND if name == "on_hand" else (name,)
    return sum(int(quantities[each]) for each in names)


def stock(work: Work, item_id: str, location_id: str, available: int = 0) -> Json:
    """Connect an item to a location, and tell."""
    number = work.next_number("InventoryLevel", 90_000_000_001)
    level = level_document(work.stamp, number, item_id, location_id, available)
    work.collection("inventory_level").add(level)
    tell_level(work, "inventory_levels/connect", level)
    return level


def level_document(stamp: str, number: int, item_id: str, location_id: str, available: int) -> Json:
    """A level as it is kept."""
    return {
        "id": f"{gid('InventoryLevel', number)}?inventory_item_id={number_in(item_id)}",
        "idKey": id_key(number),
        "itemId": item_id,
        "locationId": location_id,
        "isActive": True,
        "quantities": dict.fromkeys(KEPT, 0) | {"available": available},
        "stamps": dict.fromkeys(KEPT, stamp),
        "createdAt": stamp,
        "updatedAt": stamp,
    }


def shift(work: Work, level: Json, deltas: Json) -> Json:
    """Change named quantities of a level by so much. Tells when what can be sold has changed."""
    moved = {name: delta for name, delta in deltas.items() if delta}
    if not moved:
        return level
    changed = level | {
        "quantities": level["quantities"] | {name: level["quantities"][name] + delta for name, delta in moved.items()},
        "stamps": level["stamps"] | dict.fromkeys(moved, work.stamp),
        "updatedAt": work.stamp,
    }
    work.collection("inventory_level").save(changed)
    if "available" in moved:
        tell_level(work, "inventory_levels/update", changed)
    return changed


def tell_level(work: Work, topic: str, level: Json) -> None:
    """Tell of a level as it now is."""
    from mock_servers.shopify.behaviour.rest import inventory_level_shape

    tell(work, topic, lambda: inventory_level_shape(work, level))


def commit(work: Work, item_id: str | None, location_id: str, count: int) -> None:
    """Sold: from available to committed. A negative count gives it back."""
    _shift_tracked(work, item_id, location_id, {"available": -count, "committed": count})


def ship(work: Work, item_id: str | None, location_id: str, count: int) -> None:
    """It has left: committed goes, and on_hand with it. A negative count brings it back."""
    _shift_tracked(work, item_id, location_id, {"committed": -count})


def put_back(work: Work, item_id: str | None, location_id: str, count: int) -> None:
    """Something that had left is for sale again."""
    _shift_tracked(work, item_id, location_id, {"available": count})


def _shift_tracked(work: Work, item_id: str | None, location_id: str, deltas: Json) -> None:
    level = level_of(work, item_id, location_id) if item_id else None
    if level is not None and found(work, "InventoryItem", level["itemId"])["tracked"]:
        shift(work, level, deltas)


# Items ----------------------------------------------------------------------------------------------------------------

GRAMS = {"GRAMS": 1.0, "KILOGRAMS": 1000.0, "OUNCES": 28.349523125, "POUNDS": 453.59237}


SHARED = frozenset({"sku", "skuKey", "requiresShipping", "grams"})
"""What a variant keeps of its item."""


def change_item(work: Work, item: Json, given: Json) -> Json:
    """Change what an item says of itself; its variant shows the same SKU."""
    plain = (
        "tracked",
        "requiresShipping",
        "harmonizedSystemCode",
        "countryCodeOfOrigin",
        "provinceCodeOfOrigin",
        "sku",
    )
    changes = {name: given[name] for name in plain if given.get(name) is not None}
    if given.get("cost") is not None:
        changes["unitCost"] = money(given["cost"])
    weight = (given.get("measurement") or {}).get("weight")
    if weight:
        changes["grams"] = round(weight["value"] * GRAMS[weight["unit"]])
    if "sku" in changes:
        changes["skuKey"] = changes["sku"].lower()
    shared: Json = {name: value for name, value in changes.items() if name in SHARED}
    if shared:
        _tell_variant(work, item["variantId"], shared)
    saved = save(work, "inventory_item", item | changes | {"updatedAt": work.stamp}).body
    tell(work, "inventory_items/update", lambda: _item_shape(work, saved))
    return saved


def _tell_variant(work: Work, variant_id: str, changes: Json) -> None:
    """What an item and its variant both keep."""
    variant = found(work, "ProductVariant", variant_id)
    save(work, "variant", variant | changes | {"updatedAt": work.stamp})
    product = found(work, "Product", variant["productId"])
    keys = [each["skuKey"] for each in variants_of(work, product)]
    save(work, "product", product | {"skuKeys": keys, "updatedAt": work.stamp})


def _item_shape(work: Work, item: Json) -> Json:
    from mock_servers.shopify.behaviour.rest import inventory_item_shape

    return inventory_item_shape(work, item)


# Queries --------------------------------------------------------------------------------------------------------------


@fake.field("inventoryItem")
def inventory_item(_source: Any, args: Json, run: Run) -> Json | None:
    document = find(run.call, "InventoryItem", args["id"])
    return document.body if document else None


@fake.field("inventoryItems")
def inventory_items(_source: Any, args: Json, run: Run) -> Connection:
    return connection(run, args, ITEMS)


@fake.field("inventoryLevel")
def inventory_level(_source: Any, args: Json, run: Run) -> Json | None:
    document = find(run.call, "InventoryLevel", args["id"])
    return document.body if document else None


@fake.field("inventoryProperties")
def inventory_properties(_source: Any, _args: Json, _run: Run) -> Json:
    return {
        "quantityNames": [
            {
                "name": name,
                "displayName": name.replace("_", " ").capitalize(),
                "isInUse": True,
                "belongsTo": ["on_hand"] if name in ON_HAND else [],
                "comprises": list(ON_HAND) if name == "on_hand" else [],
            }
            for name in NAMES
        ]
    }


@fake.field("InventoryItem.inventoryLevel")
def level_at(source: Json, args: Json, run: Run) -> Json | None:
    find(run.call, "Location", args["locationId"])
    return level_of(run.call, source["id"], args["locationId"])


@fake.field("Location.inventoryLevel")
def level_here(source: Json, args: Json, run: Run) -> Json | None:
    find(run.call, "InventoryItem", args["inventoryItemId"])
    return level_of(run.call, args["inventoryItemId"], source["id"])


@fake.field("InventoryItem.inventoryLevels")
def item_levels(source: Json, args: Json, run: Run) -> Connection:
    return _levels(run, args, Is("itemId", "=", source["id"]))


@fake.field("Location.inventoryLevels")
def location_levels(source: Json, args: Json, run: Run) -> Connection:
    return _levels(run, args, Is("locationId", "=", source["id"]))


def _levels(run: Run, args: Json, where: Condition) -> Connection:
    """Levels by id; the window's refusals speak of the field that was asked."""
    return connection(run, args, LEVELS, where)


@fake.field("InventoryItem.variant")
def item_variant(source: Json, _args: Json, run: Run) -> Json:
    return found(run.call, "ProductVariant", source["variantId"])


@fake.field("InventoryItem.variants")
def item_variants(source: Json, args: Json, run: Run) -> Connection:
    return listed(run, args, "variants", [item_variant(source, {}, run)])


@fake.field("InventoryItem.countryHarmonizedSystemCodes")
def country_harmonized_system_codes(_source: Json, args: Json, run: Run) -> Connection:
    return listed(run, args, "countryHarmonizedSystemCodes", [])


@fake.field("InventoryItem.measurement")
def measurement(source: Json, _args: Json, _run: Run) -> Json:
    weight = {"unit": "GRAMS", "value": float(source["grams"])}
    return {"id": source["id"].replace("/InventoryItem/", "/InventoryItemMeasurement/"), "weight": weight}


@fake.field("InventoryItem.unitCost")
def unit_cost(source: Json, _args: Json, run: Run) -> Json | None:
    if source["unitCost"] is None:
        return None
    return {"amount": decimal_text(source["unitCost"]), "currencyCode": shop_of(run.call)["currencyCode"]}


@fake.field("InventoryItem.locationsCount")
def locations_count(source: Json, _args: Json, run: Run) -> Json:
    return exactly(len(levels_of(run.call, source["id"])))


@fake.field("InventoryItem.duplicateSkuCount")
def duplicate_sku_count(source: Json, _args: Json, run: Run) -> int:
    if not source["sku"]:
        return 0
    alike: int = run.call.collection("variant").count(Is("skuKey", "=", source["skuKey"]))
    return alike - 1


@fake.field("InventoryLevel.item", "InventoryChange.item")
def level_item(source: Json, _args: Json, run: Run) -> Json | None:
    document = find(run.call, "InventoryItem", source["itemId"])  # a change may outlive its item
    return document.body if document else None


@fake.field("InventoryLevel.location", "InventoryChange.location")
def level_location(source: Json, _args: Json, run: Run) -> Json:
    return found(run.call, "Location", source["locationId"])


@fake.field("InventoryLevel.canDeactivate")
def can_deactivate(source: Json, _args: Json, run: Run) -> bool:
    return not quantity(source, "committed") and len(levels_of(run.call, source["itemId"])) > 1


@fake.field("InventoryLevel.quantities")
def quantities(source: Json, args: Json, _run: Run) -> list[Json]:
    if unknown := [name for name in args["names"] if name not in NAMES]:
        message = f"The following quantity names are invalid: {', '.join(unknown)}."
        raise FieldError(message, code="INVALID_FIELD_ARGUMENTS")
    number, item = number_in(source["id"]), number_in(source["itemId"])
    return [
        {
            "id": f"{gid('InventoryQuantity', number)}?inventory_item_id={item}&name={name}",
            "name": name,
            "quantity": quantity(source, name),
            "updatedAt": None if name == "on_hand" else source["stamps"][name],
        }
        for name in args["names"]
    ]


@fake.field("InventoryAdjustmentGroup.changes")
def changes(source: Json, args: Json, _run: Run) -> list[Json]:
    wanted = (("itemId", "inventoryItemIds"), ("locationId", "locationIds"), ("name", "quantityNames"))
    rows: list[Json] = source["changes"]
    for member, argument in wanted:
        if args.get(argument) is not None:
            rows = [row for row in rows if row[member] in args[argument]]
    return rows
