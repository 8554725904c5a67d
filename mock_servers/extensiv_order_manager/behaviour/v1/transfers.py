"""Stock transfers: orders of the account to itself, from one warehouse to another (dossier section 12.1).

Until it is shipped a transfer takes stock where it comes from, as an order does; on its way it is in transit to where
it goes; what is accepted there lies on the shelf. A part that was received, or refused, becomes an item of its own.
That it does so, which states come of it, and that no order stands beside it, is assumed: the spec shows states only.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from mock_servers.core.fake import Call, Work
from mock_servers.core.filters import Condition, Is
from mock_servers.core.refusal import Refusal
from mock_servers.core.store import Document
from mock_servers.core.wire import Reply
from mock_servers.extensiv_order_manager.behaviour.products import product_of
from mock_servers.extensiv_order_manager.behaviour.state import fake
from mock_servers.extensiv_order_manager.behaviour.stock import keep, move, new_record, shelf_of
from mock_servers.extensiv_order_manager.behaviour.v1.words import (
    ERR_NO_PRODUCT,
    ERR_NO_STOCK,
    Json,
    Line,
    bulk_told,
    each_line,
    every,
    ids_given,
    number,
    one_of,
    page,
    prefixed,
    stamped,
    within,
)

TRANSFER_START = 6001
UNDER_WAY = frozenset({"PENDING_RECEIVING", "PARTIALLY_DELIVERED"})


@fake.operation("getStockTransfers")
def get_stock_transfers(call: Call) -> Reply:
    source, target = number(call, "sourceWarehouseId"), number(call, "destinationWarehouseId")
    ids = ids_given(call, "stockTransferOrderId")
    where = every(
        within(call, "createdDate", "created_at"),
        Is("from_warehouse", "=", str(source)) if source else None,
        Is("to_warehouse", "=", str(target)) if target else None,
        Is("id", "in", tuple(ids)) if ids else None,
        prefixed(call, "stockTransferOrderNumber", "number"),
        one_of(call, "status", "status"),
        _with_products(call),
    )
    return page(call, "stock_transfer", where, lambda row: _shown(call, row))


def _with_products(call: Call) -> Condition | None:
    wanted = ids_given(call, "productId")
    if not wanted:
        return None
    skus = {row["sku"] for row in call.collection("product").rows(Is("id", "in", tuple(wanted)))}
    rows = call.collection("stock_transfer").rows()
    return Is("id", "in", tuple(row.id for row in rows if any(item["sku"] in skus for item in row["items"])))


@fake.operation("getStockTransfer")
def get_stock_transfer(call: Call) -> Reply:
    return Reply(200, _shown(call, _transfer(call)))


def _transfer(call: Call) -> Document:
    found = call.collection("stock_transfer").find(call.path["stockTransferId"])
    if found is None:
        raise Refusal("not_found", kind="Stock transfer", id=call.path["stockTransferId"])
    return found


# Create and rewrite ---------------------------------------------------------------------------------------------------


@fake.operation("putStockTransfer")
def put_stock_transfer(call: Call) -> Reply:
    """A new one by its number, or other items for the one of an id. What cannot be moved is left out and told."""
    body = call.body
    transfer = _known(call, body["stockTransferOrderId"]) if body.get("stockTransferOrderId") else _new(call, body)
    said = {ours: body[theirs] for theirs, ours in SAID.items() if body.get(theirs) is not None}
    taken_back(call, transfer)
    items, errors = each_line(body.get("items") or [], lambda line: _new_item(call, transfer, line))
    if not items:
        raise Refusal("unprocessable", reason="; ".join(error["message"] for error in errors) or "items are required")
    kept = call.collection("stock_transfer").put(transfer | said | {"items": items})
    _take(call, kept, +1)
    return bulk_told([_item(call, kept, item) for item in items], errors, len(items) + len(errors), partly=201)


SAID = {"internalNotes": "notes", "shipMethod": "ship_method", "externalShipmentId": "external_id"}


def _new(call: Call, body: Mapping[str, Any]) -> Json:
    for name in ("stockTransferOrderNumber", "fromWarehouseId", "toWarehouseId"):
        if not body.get(name):
            raise Refusal("unprocessable", reason=f"{name} is required", details=((name, "is required"),))
    houses = [str(body[name]) for name in ("fromWarehouseId", "toWarehouseId")]
    for name, house in zip(("fromWarehouseId", "toWarehouseId"), houses, strict=True):
        if call.collection("warehouse").find(house) is None:
            raise Refusal("unprocessable", reason=f"Warehouse {house} not found", details=((name, "not found"),))
    if houses[0] == houses[1]:
        raise Refusal("unprocessable", reason="Stock is transferred from one warehouse to another")
    taken = body["stockTransferOrderNumber"]
    if call.collection("stock_transfer").first(Is("number", "=", taken)) is not None:
        raise Refusal("unprocessable", reason=f"There is a stock transfer {taken} already")
    return {
        "id": str(call.next_number("stock_transfer", TRANSFER_START)),
        "number": taken,
        "from_warehouse": houses[0],
        "to_warehouse": houses[1],
        "status": "AWAITING_SHIPMENT",
        "created_at": call.stamp,
        "items": [],
    }


def _known(call: Call, id: int) -> Document:
    found = call.collection("stock_transfer").find(str(id))
    if found is None:
        raise Refusal("unprocessable", reason=f"Stock transfer {id} not found")
    if found["status"] != "AWAITING_SHIPMENT":
        raise Refusal("unprocessable", reason=f"Stock transfer {id} is {found['status']} and cannot be changed")
    return found


def _new_item(call: Call, transfer: Mapping[str, Any], line: Mapping[str, Any]) -> Json:
    sku = line.get("masterSku")
    if not sku or product_of(call, sku) is None:
        raise Line("Product does not exist", "masterSku", sku, ERR_NO_PRODUCT)
    if not line.get("quantity"):
        raise Line("A quantity is 1 at least", "quantity", sku)
    if not shelf_of(call, transfer["from_warehouse"], sku)["records"]:
        raise Line("Product stock not found", "masterSku", sku, ERR_NO_STOCK)
    same = {item["id"] for item in transfer["items"]} & {line.get("stockTransferOrderItemId")}
    return {
        "id": next(iter(same), None) or call.next_number("stock_transfer_item", 1),
        "sku": sku,
        "quantity": line["quantity"],
        "status": "PENDING",
        "notes": line.get("internalNotes"),
    }


def taken_back(work: Work, transfer: Mapping[str, Any]) -> None:
    """What a transfer that waits had taken is free again."""
    if isinstance(transfer, Document):
        _take(work, transfer, -1)


def _take(work: Work, transfer: Mapping[str, Any], sign: int) -> None:
    for sku, quantity in pending(transfer).items():
        move(work, shelf_of(work, transfer["from_warehouse"], sku), allocated=sign * quantity)


def pending(transfer: Mapping[str, Any]) -> Counter[str]:
    """What of a transfer has not arrived, by SKU."""
    left: Counter[str] = Counter()
    for item in transfer["items"]:
        if item["status"] == "PENDING":
            left[item["sku"]] += item["quantity"]
    return left


# Ship and receive -----------------------------------------------------------------------------------------------------


@fake.operation("postStockTransferShipment")
def post_stock_transfer_shipment(call: Call) -> Reply:
    transfer = ship_transfer(call, _transfer(call))
    return bulk_told([_shown(call, transfer)], [], 1, partly=200, status=201)


def ship_transfer(work: Work, transfer: Document) -> Document:
    """It leaves. Refuses what has left, what says not by whom it goes, and what is not there to be sent."""
    if transfer["status"] != "AWAITING_SHIPMENT":
        raise Refusal("unprocessable", reason=f"Stock transfer {transfer.id} is {transfer['status']}")
    if not (transfer.get("ship_method") or {}).get("shippingCarrier"):
        raise Refusal("unprocessable", reason="Shipment is invalid: the stock transfer has no shipping carrier")
    left = pending(transfer)
    for sku, quantity in left.items():
        if shelf_of(work, transfer["from_warehouse"], sku)["on_hand"] < quantity:
            raise Refusal("unprocessable", reason=f"Shipment is invalid: there are not {quantity} of {sku}")
    for sku, quantity in left.items():
        source = shelf_of(work, transfer["from_warehouse"], sku)
        move(work, source, on_hand=-quantity, allocated=-quantity, why="Stock transfer shipped")
        move(work, shelf_of(work, transfer["to_warehouse"], sku), in_transit=quantity)
    return work.collection("stock_transfer").save(transfer | {"status": "PENDING_RECEIVING"})


@fake.operation("postStockTransferReceive")
def post_stock_transfer_receive(call: Call) -> Reply:
    transfer = _transfer(call)
    lines = call.body["stockTransferOrderItems"]
    results, errors = each_line(lines, lambda line: receive_item(call, transfer.id, line))
    kept = call.collection("stock_transfer").get(transfer.id)
    shown = [_item(call, kept, item) for item in kept["items"] if item["id"] in {each["id"] for each in results}]
    return bulk_told(shown, errors, len(lines), partly=201)


def receive_item(work: Work, id: str, line: Mapping[str, Any]) -> Json:
    """So many of an item are accepted and so many refused; the rest is still to come. Raises Line for what cannot."""
    transfer = work.collection("stock_transfer").get(id)
    if transfer["status"] not in UNDER_WAY:
        raise Line(f"The stock transfer is {transfer['status']}", "stockTransferOrderItemId")
    item = next((each for each in transfer["items"] if each["id"] == line["stockTransferOrderItemId"]), None)
    if item is None:
        raise Line("Stock transfer item not found", "stockTransferOrderItemId", line["stockTransferOrderItemId"])
    if item["status"] != "PENDING":
        raise Line(f"The item is {item['status']}", "stockTransferOrderItemId", item["id"])
    accepted, rejected = line["acceptedQuantity"], line["rejectedQuantity"]
    if not 0 < accepted + rejected <= item["quantity"]:
        raise Line(f"Of {item['quantity']} that were sent, 1 at least comes", "acceptedQuantity", item["id"])
    at = stamped_line(work, line.get("receivedDate")) or work.stamp
    record = _receiving_record(work, transfer, item["sku"], line.get("productStockId"))
    if accepted and line["updateInventory"]:
        _put_away(work, transfer, item["sku"], record, accepted)
    move(work, shelf_of(work, transfer["to_warehouse"], item["sku"]), in_transit=-(accepted + rejected))
    came = {
        "received_at": at,
        "record": record if accepted else None,
        "notes": line.get("notes") or item["notes"],
    }
    parts = _parts(work, item, accepted, rejected, came)
    items = [part for each in transfer["items"] for part in (parts if each["id"] == item["id"] else [each])]
    work.collection("stock_transfer").save(transfer | {"items": items, "status": _status_of(items)})
    return parts[0]


def stamped_line(work: Work, text: str | None) -> str | None:
    """A moment of a line; one that is none makes the line wrong, not the request."""
    try:
        return stamped(work, text, "receivedDate")
    except Refusal as refusal:
        raise Line(f"receivedDate {refusal.details[0][1]}", "receivedDate", text) from refusal


def _parts(work: Work, item: Json, accepted: int, rejected: int, came: Json) -> list[Json]:
    """What becomes of an item: the part that was received, the part that was refused, and what is still to come. The
    last of them keeps the item's id."""
    parts = [{"quantity": accepted, "status": "RECEIVED"} | came, {"quantity": rejected, "status": "REJECTED"} | came]
    parts += [{"quantity": item["quantity"] - accepted - rejected, "status": "PENDING"}]
    there = [part for part in parts if part["quantity"]]
    return [
        item | part | ({} if part is there[-1] else {"id": work.next_number("stock_transfer_item", 1)})
        for part in there
    ]


def _status_of(items: list[Json]) -> str:
    states = {item["status"] for item in items}
    if "PENDING" in states:
        return "PARTIALLY_DELIVERED"
    if states == {"RECEIVED"}:
        return "DELIVERED"
    return "REJECTED" if states == {"REJECTED"} else "CLOSED_SHORT"


def _receiving_record(work: Work, transfer: Document, sku: str, wanted: int | None) -> int:
    """The record that takes it: the one that was named, the first that may, or a new one."""
    shelf = shelf_of(work, transfer["to_warehouse"], sku)
    eligible = [record["id"] for record in shelf["records"] if record["receivable"] and record["active"]]
    if wanted:
        if wanted not in eligible:
            raise Line("The product stock cannot receive this item", "productStockId", wanted)
        return wanted
    if eligible:
        return int(eligible[0])
    if shelf["records"]:
        raise Line("No product stock there may receive", "productStockId", sku)
    return int(keep(work, shelf, [new_record(work, transfer["to_warehouse"], None)])["records"][0]["id"])


def _put_away(work: Work, transfer: Document, sku: str, record: int, quantity: int) -> None:
    shelf = shelf_of(work, transfer["to_warehouse"], sku)
    records = [
        each | {"on_hand": each["on_hand"] + quantity} if each["id"] == record else each for each in shelf["records"]
    ]
    keep(work, shelf, records, why="Stock transfer received")


# As they are shown ----------------------------------------------------------------------------------------------------


def _shown(work: Work, kept: Mapping[str, Any]) -> Json:
    method = kept.get("ship_method")
    names = ("shippingCarrier", "shippingServiceId", "packageTypeId")
    return {
        "stockTransferOrderId": int(kept["id"]),
        "stockTransferOrderNumber": kept["number"],
        "createdDate": kept["created_at"],
        "status": kept["status"],
        "fromWarehouseId": int(kept["from_warehouse"]),
        "toWarehouseId": int(kept["to_warehouse"]),
        "shipMethod": {name: method.get(name) for name in names} if method else None,
        "internalNotes": kept.get("notes"),
        "externalShipmentId": kept.get("external_id"),
        "items": [_item(work, kept, item) for item in kept["items"]],
    }


def _item(work: Work, kept: Mapping[str, Any], item: Mapping[str, Any]) -> Json:
    product = product_of(work, item["sku"])
    shelf = shelf_of(work, kept["to_warehouse"], item["sku"])
    return {
        "stockTransferOrderItemId": item["id"],
        "stockTransferOrderId": int(kept["id"]),
        "productId": int(product["id"]) if product else None,
        "masterSku": item["sku"],
        "quantity": item["quantity"],
        "status": item["status"],
        "receivedDate": item.get("received_at"),
        "receivedProductStockId": item.get("record"),
        "eligibleReceivingStockIds": [
            record["id"] for record in shelf["records"] if record["receivable"] and record["active"]
        ],
        "internalNotes": item["notes"],
    }
