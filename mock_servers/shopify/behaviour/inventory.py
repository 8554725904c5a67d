"""Stock: items, their levels at locations, and the mutations that count, adjust and move it (dossier §8).

`on_hand` is never kept: it is available + committed + reserved + damaged + quality_control + safety_stock. Selling
moves available to committed, fulfilling takes committed away, and cancelling with restock moves it back.
"""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from mock_servers.core.fake import Work
from mock_servers.core.filters import All, Condition, Is
from mock_servers.core.graphql import Connection, FieldError, Run
from mock_servers.shopify.behaviour.base import (
    UserErrors,
    decimal_text,
    fake,
    find,
    found,
    gid,
    id_key,
    money,
    mutation,
    next_id,
    number_in,
    refuse,
    shop_of,
    tell,
    user_error,
)
from mock_servers.shopify.behaviour.idempotency import once
from mock_servers.shopify.behaviour.paging import Resource, connection, exactly, listed, save
from mock_servers.shopify.behaviour.products import variants_of
from mock_servers.shopify.behaviour.search import Filters, exact, flag, instant, padded

Json = dict[str, Any]

KEPT = ("available", "committed", "incoming", "reserved", "damaged", "quality_control", "safety_stock")
ON_HAND = ("available", "committed", "reserved", "damaged", "quality_control", "safety_stock")
NAMES = ("available", "on_hand", *KEPT[1:])
ADJUSTABLE = frozenset(KEPT) - {"committed"}
QUANTITY_MAXIMUM = 1_000_000_000
DELTA_MAXIMUM = 2_000_000_000
REASONS = frozenset(
    {
        "correction",
        "cycle_count_available",
        "damaged",
        "movement_canceled",
        "movement_created",
        "movement_received",
        "movement_updated",
        "other",
        "promotion",
        "quality_control",
        "received",
        "reservation_created",
        "reservation_deleted",
        "reservation_updated",
        "restock",
        "safety_stock",
        "shrinkage",
    }
)
CHANGE_REQUIRED_FROM = "2026-04"
STOCKED_BY_SETTING_FROM = "2026-10"

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
    _tell_level(work, "inventory_levels/connect", level)
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
        _tell_level(work, "inventory_levels/update", changed)
    return changed


def _tell_level(work: Work, topic: str, level: Json) -> None:
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
def level_item(source: Json, _args: Json, run: Run) -> Json:
    return found(run.call, "InventoryItem", source["itemId"])


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


# Setting, adjusting, moving -------------------------------------------------------------------------------------------

Where = list[str]
Row = tuple[Where, Json]


def _group(work: Work, given: Json, made: list[Json]) -> Json:
    """The answer: what changed; null when nothing did, which is assumed."""
    if not made:
        return {"inventoryAdjustmentGroup": None, "userErrors": []}
    group = {
        "id": next_id(work, "InventoryAdjustmentGroup")[0],
        "createdAt": work.stamp,
        "reason": given["reason"],
        "referenceDocumentUri": given.get("referenceDocumentUri"),
        "changes": made,
    }
    return {"inventoryAdjustmentGroup": group, "userErrors": []}


def _change(level: Json, name: str, delta: int, ledger: str | None = None) -> Json:
    return {
        "name": name,
        "delta": delta,
        "quantityAfterChange": None,
        "itemId": level["itemId"],
        "locationId": level["locationId"],
        "ledgerDocumentUri": ledger,
    }


def _check_paper(given: Json) -> Iterator[Json]:
    """The reason and the reference, which every kind of change carries."""
    if given["reason"] not in REASONS:
        said = f"The specified reason is invalid. Valid values are: {', '.join(sorted(REASONS))}."
        yield user_error(["input", "reason"], said, "INVALID_REASON")
    uri = given.get("referenceDocumentUri")
    if uri is not None and not _is_uri(uri):
        yield user_error(
            ["input", "referenceDocumentUri"],
            "The specified reference document is invalid.",
            "INVALID_REFERENCE_DOCUMENT",
        )


def _is_uri(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return bool(parts.scheme and (parts.netloc or parts.path)) and " " not in text


def _check_place(work: Work, where: Where, row: Json) -> Iterator[Json]:
    """The item and the location of a row."""
    if find(work, "InventoryItem", row["inventoryItemId"]) is None:
        said = "The specified inventory item could not be found."
        yield user_error([*where, "inventoryItemId"], said, "INVALID_INVENTORY_ITEM")
    if find(work, "Location", row["locationId"]) is None:
        yield user_error([*where, "locationId"], "The specified location could not be found.", "INVALID_LOCATION")


def _not_stocked(where: Where) -> Json:
    said = "The specified inventory item is not stocked at the location."
    return user_error([*where, "locationId"], said, "ITEM_NOT_STOCKED_AT_LOCATION")


def _stale(where: Where) -> Json:
    said = "The specified compare quantity does not match the current quantity."
    return user_error([*where, "changeFromQuantity"], said, "CHANGE_FROM_QUANTITY_STALE")


def _check_present(run: Run, rows: list[Json], input_name: str) -> None:
    """From 2026-04 on the comparison must be said, even when it is said to be null. Raises `FieldError`."""
    if run.plan.service.version >= CHANGE_REQUIRED_FROM and any("changeFromQuantity" not in row for row in rows):
        message = f"{input_name} must include the following argument: changeFromQuantity."
        raise FieldError(message, code="INVALID_FIELD_ARGUMENTS")


def _raise(errors: list[Json]) -> None:
    """All or nothing: any error answers alone."""
    if errors:
        raise UserErrors(errors)


@fake.field("inventorySetQuantities")
def inventory_set_quantities(_source: Any, args: Json, run: Run) -> Json:
    given = args["input"]
    _check_present(run, given["quantities"], "InventoryQuantityInput")
    return once(run, args, lambda: _set(run, given, given["name"], given["quantities"], "quantities"))


@fake.field("inventorySetOnHandQuantities")
def inventory_set_on_hand_quantities(_source: Any, args: Json, run: Run) -> Json:
    given = args["input"]
    _check_present(run, given["setQuantities"], "InventorySetQuantityInput")
    return once(run, args, lambda: _set(run, given, "on_hand", given["setQuantities"], "setQuantities"))


def _set(run: Run, given: Json, name: str, rows: list[Json], member: str) -> Json:
    work = run.call
    placed: list[Row] = [(["input", member, str(place)], row) for place, row in enumerate(rows)]
    errors = list(_check_paper(given))
    if name not in {"available", "on_hand"}:
        said = "The quantity name must be either 'available' or 'on_hand'."
        errors.append(user_error(["input", "name"], said, "INVALID_NAME"))
        _raise(errors)
    for where, row in placed:
        errors += _check_place(work, where, row)
        errors += _check_quantity(where, row["quantity"])
    errors += _check_twice(placed)
    _raise(errors)
    for where, row in placed:
        errors += _check_level(run, where, row, given, name)
    _raise(errors)
    return _group(work, given, [change for _, row in placed for change in _set_row(work, row, name)])


def _check_quantity(where: Where, count: int) -> Iterator[Json]:
    if count < 0:
        yield user_error([*where, "quantity"], "The quantity can't be negative.", "INVALID_QUANTITY_NEGATIVE")
    elif count > QUANTITY_MAXIMUM:
        said = f"The quantity can't be higher than {QUANTITY_MAXIMUM:,}."
        yield user_error([*where, "quantity"], said, "INVALID_QUANTITY_TOO_HIGH")


def _check_twice(placed: list[Row]) -> Iterator[Json]:
    seen = set()
    for where, row in placed:
        pair = (row["inventoryItemId"], row["locationId"])
        if pair in seen:
            said = "The combination of inventoryItemId and locationId must be unique."
            yield user_error([*where, "locationId"], said, "NO_DUPLICATE_INVENTORY_ITEM_ID_GROUP_ID_PAIR")
        seen.add(pair)


def _check_level(run: Run, where: Where, row: Json, given: Json, name: str) -> Iterator[Json]:
    """Stocked there, and still as the caller last saw it."""
    level = level_of(run.call, row["inventoryItemId"], row["locationId"])
    if level is None and run.plan.service.version < STOCKED_BY_SETTING_FROM:
        yield _not_stocked(where)
        return
    current = 0 if level is None else quantity(level, name)
    if "changeFromQuantity" in row:
        if row["changeFromQuantity"] not in {None, current}:
            yield _stale(where)
    elif run.plan.service.version < CHANGE_REQUIRED_FROM and not given.get("ignoreCompareQuantity", True):
        yield from _check_compared(where, row.get("compareQuantity"), current)


def _check_compared(where: Where, compared: int | None, current: int) -> Iterator[Json]:
    """The comparison of 2026-01 and before."""
    if compared is None:
        said = "The compareQuantity argument must be given to each quantity or ignored using ignoreCompareQuantity."
        yield user_error(["input", "ignoreCompareQuantity"], said, "COMPARE_QUANTITY_REQUIRED")
    elif compared != current:
        said = "The compareQuantity value does not match persisted value."
        yield user_error([*where, "compareQuantity"], said, "COMPARE_QUANTITY_STALE")


def _set_row(work: Work, row: Json, name: str) -> list[Json]:
    """Both quantities follow: setting what is on hand changes what can be sold, and the other way round."""
    level = level_of(work, row["inventoryItemId"], row["locationId"]) or stock(
        work, row["inventoryItemId"], row["locationId"]
    )
    delta = row["quantity"] - quantity(level, name)
    if not delta:
        return []
    shift(work, level, {"available": delta})
    return [_change(level, "available", delta), _change(level, "on_hand", delta)]


@fake.field("inventoryAdjustQuantities")
def inventory_adjust_quantities(_source: Any, args: Json, run: Run) -> Json:
    given = args["input"]
    _check_present(run, given["changes"], "InventoryChangeInput")
    return once(run, args, lambda: _adjust(run.call, given))


def _adjust(work: Work, given: Json) -> Json:
    name = given["name"]
    placed: list[Row] = [(["input", "changes", str(place)], row) for place, row in enumerate(given["changes"])]
    errors = list(_check_paper(given))
    if name not in ADJUSTABLE:
        said = f"The specified quantity name is invalid. Valid values are: {', '.join(sorted(ADJUSTABLE))}."
        errors.append(user_error(["input", "name"], said, "INVALID_QUANTITY_NAME"))
    for where, row in placed:
        errors += _check_place(work, where, row)
        errors += _check_ledger(where, name, row.get("ledgerDocumentUri"))
        errors += _check_delta(where, row["delta"])
    _raise(errors)
    made = []
    for where, row in placed:
        level = level_of(work, row["inventoryItemId"], row["locationId"])
        if level is None:
            refuse([*where, "locationId"], _not_stocked(where)["message"], "ITEM_NOT_STOCKED_AT_LOCATION")
        if row.get("changeFromQuantity") not in {None, quantity(level, name)}:
            raise UserErrors([_stale(where)])
        if row["delta"]:
            shift(work, level, {name: row["delta"]})
            made.append(_change(level, name, row["delta"], row.get("ledgerDocumentUri")))
            if name in ON_HAND:
                made.append(_change(level, "on_hand", row["delta"]))
    return _group(work, given, made)


def _check_delta(where: Where, delta: int) -> Iterator[Json]:
    if delta > DELTA_MAXIMUM:
        said = f"The quantity can't be higher than {DELTA_MAXIMUM:,}."
        yield user_error([*where, "delta"], said, "INVALID_QUANTITY_TOO_HIGH")
    elif delta < -DELTA_MAXIMUM:
        said = f"The quantity can't be lower than -{DELTA_MAXIMUM:,}."
        yield user_error([*where, "delta"], said, "INVALID_QUANTITY_TOO_LOW")


def _check_ledger(where: Where, name: str, uri: str | None) -> Iterator[Json]:
    """Available is Shopify's own book; everything else needs the book of whoever says so."""
    field = [*where, "ledgerDocumentUri"]
    if name == "available":
        if uri is not None:
            said = "A ledger document URI is not allowed when adjusting available."
            yield user_error(field, said, "INVALID_AVAILABLE_DOCUMENT")
    elif uri is None:
        said = "A ledger document URI is required except when adjusting available."
        yield user_error(field, said, "INVALID_QUANTITY_DOCUMENT")
    elif not _is_uri(uri):
        yield user_error(field, "The specified ledger document is invalid.", "INVALID_LEDGER_DOCUMENT")
    elif uri.startswith("gid://shopify/"):
        said = "The ledger document URI can't be internal to Shopify."
        yield user_error(field, said, "INTERNAL_LEDGER_DOCUMENT")


@fake.field("inventoryMoveQuantities")
def inventory_move_quantities(_source: Any, args: Json, run: Run) -> Json:
    return once(run, args, lambda: _move(run.call, args["input"]))


def _move(work: Work, given: Json) -> Json:
    placed: list[Row] = [(["input", "changes", str(place)], row) for place, row in enumerate(given["changes"])]
    errors = list(_check_paper(given))
    for where, row in placed:
        errors += _check_move(work, where, row)
    _raise(errors)
    made = []
    for where, row in placed:
        level = level_of(work, row["inventoryItemId"], row["from"]["locationId"])
        if level is None:
            refuse([*where, "from", "locationId"], _not_stocked(where)["message"], "ITEM_NOT_STOCKED_AT_LOCATION")
        for end in ("from", "to"):
            if row[end].get("changeFromQuantity") not in {None, quantity(level, row[end]["name"])}:
                raise UserErrors([_stale([*where, end])])
        count = row["quantity"]
        if count:
            start, goal = row["from"], row["to"]
            shift(work, level, {start["name"]: -count, goal["name"]: count})
            made.append(_change(level, start["name"], -count, start.get("ledgerDocumentUri")))
            made.append(_change(level, goal["name"], count, goal.get("ledgerDocumentUri")))
    return _group(work, given, made)


def _check_move(work: Work, where: Where, row: Json) -> Iterator[Json]:
    start, goal = row["from"], row["to"]
    yield from _check_place(work, [*where, "from"], row | {"locationId": start["locationId"]})
    if start["locationId"] != goal["locationId"]:
        said = "The quantities can't be moved between different locations."
        yield user_error(where, said, "DIFFERENT_LOCATIONS")
    if start["name"] == goal["name"]:
        yield user_error(where, "The quantity names for each change can't be the same.", "SAME_QUANTITY_NAME")
    for end, terminal in (("from", start), ("to", goal)):
        if terminal["name"] not in ADJUSTABLE:
            said = f"The specified quantity name is invalid. Valid values are: {', '.join(sorted(ADJUSTABLE))}."
            yield user_error([*where, end, "name"], said, "INVALID_QUANTITY_NAME")
        else:
            yield from _check_ledger([*where, end], terminal["name"], terminal.get("ledgerDocumentUri"))
    yield from _check_quantity(where, row["quantity"])


# Where an item is stocked, and what it is -----------------------------------------------------------------------------


@fake.field("inventoryActivate")
def inventory_activate(_source: Any, args: Json, run: Run) -> Json:
    return once(run, args, lambda: _activate(run.call, args), _again)


def _again(work: Work, payload: Json) -> Json:
    level = payload["inventoryLevel"]
    known = work.collection("inventory_level").find(level["id"]) if level else None
    return payload | {"inventoryLevel": known.body if known else None}


def _activate(work: Work, args: Json) -> Json:
    item, location = find(work, "InventoryItem", args["inventoryItemId"]), find(work, "Location", args["locationId"])
    if item is None:
        refuse(["inventoryItemId"], "The specified inventory item could not be found.")
    if location is None:
        refuse(["locationId"], "The specified location could not be found.")
    amounts: dict[str, int] = {name: args[name] for name in ("available", "onHand") if args.get(name) is not None}
    if len(amounts) == 2:
        refuse(["available"], "Only one of available and onHand can be set.")
    level = level_of(work, item.id, location.id)
    for name, count in amounts.items():
        _check_first_quantity(level, name, count)
    if level is None:
        level = stock(work, item.id, location.id, next(iter(amounts.values()), 0))
    return {"inventoryLevel": level, "userErrors": []}


def _check_first_quantity(level: Json | None, name: str, count: int) -> None:
    """A quantity can be given to what is being connected, not to what is connected already."""
    words = {"available": "available", "onHand": "on-hand"}[name]
    if level is not None:
        refuse([name], f"Not allowed to set {words} quantity when the item is already active at the location.")
    for error in _check_quantity([name], count):
        refuse([name], error["message"])


@mutation("inventoryDeactivate")
def inventory_deactivate(work: Work, args: Json) -> Json:
    document = find(work, "InventoryLevel", args["inventoryLevelId"])
    if document is None:
        refuse(["inventoryLevelId"], "The specified inventory level could not be found.")
    level = document.body
    if len(levels_of(work, level["itemId"])) < 2:
        refuse(None, "The product couldn't be unstocked because it must be stocked at one location at least.")
    if quantity(level, "committed"):
        refuse(None, "The product couldn't be unstocked because it has committed inventory at this location.")
    work.collection("inventory_level").delete(document.id)
    _tell_level(work, "inventory_levels/disconnect", level)
    return {"userErrors": []}


@mutation("inventoryItemUpdate")
def inventory_item_update(work: Work, args: Json) -> Json:
    item = find(work, "InventoryItem", args["id"])
    if item is None:
        refuse(["id"], "The product couldn't be updated because it does not exist.")
    return {"inventoryItem": change_item(work, item.body, args["input"]), "userErrors": []}


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
        _rename_variant(work, item["variantId"], changes["sku"])
    saved = save(work, "inventory_item", item | changes | {"updatedAt": work.stamp}).body
    tell(work, "inventory_items/update", lambda: _item_shape(saved))
    return saved


GRAMS = {"GRAMS": 1.0, "KILOGRAMS": 1000.0, "OUNCES": 28.349523125, "POUNDS": 453.59237}


def _rename_variant(work: Work, variant_id: str, sku: str) -> None:
    variant = found(work, "ProductVariant", variant_id)
    save(work, "variant", variant | {"sku": sku, "skuKey": sku.lower(), "updatedAt": work.stamp})
    product = found(work, "Product", variant["productId"])
    keys = [each["skuKey"] for each in variants_of(work, product)]
    save(work, "product", product | {"skuKeys": keys, "updatedAt": work.stamp})


def _item_shape(item: Json) -> Json:
    from mock_servers.shopify.behaviour.rest import inventory_item_shape

    return inventory_item_shape(item)
