"""The mutations of stock: counting, adjusting, moving, and where an item is kept (dossier §8)."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from mock_servers.core.fake import Work
from mock_servers.core.graphql import FieldError, Run
from mock_servers.shopify.behaviour.base import UserErrors, fake, find, mutation, next_id, refuse, user_error
from mock_servers.shopify.behaviour.idempotency import once
from mock_servers.shopify.behaviour.inventory import (
    KEPT,
    ON_HAND,
    QUANTITY_MAXIMUM,
    change_item,
    level_of,
    levels_of,
    quantity,
    shift,
    stock,
    tell_level,
)

Json = dict[str, Any]
ADJUSTABLE = frozenset(KEPT) - {"committed"}
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
    tell_level(work, "inventory_levels/disconnect", level)
    return {"userErrors": []}


@mutation("inventoryItemUpdate")
def inventory_item_update(work: Work, args: Json) -> Json:
    item = find(work, "InventoryItem", args["id"])
    if item is None:
        refuse(["id"], "The product couldn't be updated because it does not exist.")
    return {"inventoryItem": change_item(work, item.body, args["input"]), "userErrors": []}
