"""Purchase orders, from their creation to the shelf.

An item that was received in part becomes several: the spec gives an item one state and one quantity (that it is split
so is assumed). What an edit does to an order that was authorized is named by its state: it awaits that the modification
is accepted, and is authorized again (dossier section 14).
"""

from collections.abc import Mapping
from typing import Any

from mock_servers.core.fake import Call
from mock_servers.core.filters import Condition, Is
from mock_servers.core.refusal import Refusal
from mock_servers.core.store import Document
from mock_servers.core.wire import Reply
from mock_servers.extensiv_order_manager.behaviour.products import product_of
from mock_servers.extensiv_order_manager.behaviour.state import fake
from mock_servers.extensiv_order_manager.behaviour.stock import keep, move, new_record, shelf_of
from mock_servers.extensiv_order_manager.behaviour.v1.vendors import known_term, term_shown, there
from mock_servers.extensiv_order_manager.behaviour.v1.words import (
    Json,
    every,
    ids_given,
    money,
    number,
    one_of,
    page,
    stamped,
    within,
)

# What an action asks for, and what becomes of it (dossier section 14).
BECOMES = {
    "postPurchaseOrdersAuthorize": ({"AWAITING_AUTHORIZATION"}, "AWAITING_VENDOR_CONFIRMATION"),
    "postPurchaseOrdersRenew": ({"AWAITING_MODIFICATION_ACCEPTANCE"}, "AWAITING_VENDOR_CONFIRMATION"),
    "postPurchaseOrdersConfirm": ({"AWAITING_VENDOR_CONFIRMATION"}, "PENDING_DELIVERY"),
    "postPurchaseOrdersCancel": ({"AWAITING_AUTHORIZATION", "AWAITING_VENDOR_CONFIRMATION"}, "CANCELLED"),
    "postPurchaseOrdersRestore": ({"CANCELLED"}, "AWAITING_AUTHORIZATION"),
    "postPurchaseOrdersVoid": (
        {"AWAITING_AUTHORIZATION", "AWAITING_VENDOR_CONFIRMATION", "PENDING_DELIVERY"},
        "VOIDED",
    ),
}
RECEIVABLE = {"PENDING_DELIVERY", "PARTIALLY_DELIVERED"}
AUTHORIZED = {"AWAITING_VENDOR_CONFIRMATION", "PENDING_DELIVERY"}
EDITABLE = AUTHORIZED | {"AWAITING_AUTHORIZATION", "AWAITING_MODIFICATION_ACCEPTANCE"}
FORMATS = ("PO_PDF_ATTACHMENT", "PO_EMAIL", "PO_HTML_ATTACHMENT")
SAID = (
    "autoUpdatesEnabled",
    "incotermShippingRule",
    "incotermShippingRuleId",
    "internalNotes",
    "otherCosts",
    "purchaseOrderTemplateId",
    "shippingCost",
    "messagesToVendor",
    "currency",
    "type",
)
ITEM_SAID = (
    "discount",
    "estimatedDeliveryDate",
    "memo",
    "packaging",
    "percentageTax",
    "unitOfMeasure",
    "uomUnitQuantity",
)
RECEIPT_SAID = ("billedDate", "billedUnitCost", "deliveryDate", "landedUnitCost", "memo", "referenceNumber")
DATES = ("billedDate", "deliveryDate", "estimatedDeliveryDate")


@fake.operation("getPurchaseOrders")
def get_purchase_orders(call: Call) -> Reply:
    vendor, houses = number(call, "vendorId"), ids_given(call, "warehouseIds")
    where = every(
        within(call, "createdDate", "created_at"),
        within(call, "modifiedDate", "updated_at"),
        within(call, "authorizedDate", "authorized_at"),
        one_of(call, "purchaseOrderNumber", "number"),
        one_of(call, "customPurchaseOrderNumber", "custom_number"),
        one_of(call, "status", "status"),
        Is("vendor_id", "=", vendor) if vendor else None,
        Is("warehouse_id", "in", tuple(houses)) if houses else None,
        _with_items(call),
    )
    return page(call, "purchase_order", where, lambda row: _purchase_order(call, row))


def _with_items(call: Call) -> Condition | None:
    """What is asked of its items, by all that one of them has to be; that SKUs match exactly is assumed."""
    sold, product = number(call, "vendorProductId"), number(call, "productId")
    found = call.collection("product").find(str(product)) if product else None
    skus = {call.query["productSku"]} if call.query.get("productSku") else set()
    skus |= {found["sku"] if found else ""} if product else set()
    named = call.query.get("vendorProductSku")
    if not sold and not skus and not named:
        return None

    def fits(item: Mapping[str, Any]) -> bool:
        return (
            sold in {0, item["vendor_product_id"]}
            and all(item["sku"] == sku for sku in skus)
            and named in {None, "", item["vendor_sku"]}
        )

    rows = call.collection("purchase_order").rows()
    return Is("id", "in", tuple(row.id for row in rows if any(fits(item) for item in row["items"])))


@fake.operation("getPurchaseOrder")
def get_purchase_order(call: Call) -> Reply:
    found = there(call, "purchase_order", call.path["purchaseOrderId"], "Purchase order")
    return Reply(200, _purchase_order(call, found))


@fake.operation("putPurchaseOrder")
def put_purchase_order(call: Call) -> Reply:
    body = call.body
    vendor = there(call, "vendor", str(body["vendorId"]), "Vendor")
    house = there(call, "warehouse", str(body["destinationWarehouseId"]), "Warehouse")
    term = known_term(call, body["paymentTermId"])
    items = [_new_item(call, vendor, line) for line in body["purchaseOrderItems"]]
    confirm_by = stamped(call, body["vendorConfirmByDate"], "vendorConfirmByDate")
    id = call.next_number("purchase_order", 1001)
    authorized = None if body["status"] == "AWAITING_AUTHORIZATION" else call.stamp
    call.collection("purchase_order").add(
        {
            "id": str(id),
            "number": str(id),
            "custom_number": body.get("customPurchaseOrderNumber"),
            "status": body["status"],
            "vendor_id": int(vendor.id),
            "warehouse_id": house.id,
            "format": body["format"],
            "term": term,
            "confirm_by": confirm_by,
            "created_at": call.stamp,
            "updated_at": call.stamp,
            "authorized_at": authorized,
            "items": items,
            "v1": {name: body[name] for name in SAID if body.get(name) is not None},
        }
    )
    return Reply(200, {"id": id, "message": "Purchase order created"})


def _new_item(call: Call, vendor: Document, line: Mapping[str, Any]) -> Json:
    sold = there(call, "vendor_product", str(line["vendorProductId"]), "Vendor product")
    if sold["vendor_id"] != int(vendor.id):
        raise Refusal("unprocessable", reason=f"Vendor product {sold.id} is another vendor's")
    return {
        "id": call.next_number("purchase_order_item", 1),
        "vendor_product_id": int(sold.id),
        "vendor_sku": sold["vendor_sku"],
        "sku": sold["sku"],
        "quantity": line["quantity"],
        "status": "PENDING",
        "unit_cost": line["originalUnitCost"],
        "v1": _dated(call, {name: line[name] for name in ITEM_SAID if line.get(name) is not None}),
    }


def _dated(call: Call, said: Json) -> Json:
    """What was said, with its moments as they are kept."""
    return said | {name: stamped(call, said[name], name) for name in DATES if name in said}


# Change ---------------------------------------------------------------------------------------------------------------


@fake.operation("postPurchaseOrders")
def post_purchase_orders(call: Call) -> Reply:
    body = call.body
    order = there(call, "purchase_order", str(body.get("purchaseOrderId") or 0), "Purchase order")
    _must_be_editable(order)
    changes: Json = {"term": known_term(call, body["paymentTermId"])}
    names = {"customPurchaseOrderNumber": "custom_number", "format": "format"}
    changes |= {ours: body[theirs] for theirs, ours in names.items() if body.get(theirs) is not None}
    if body.get("vendorConfirmByDate"):
        changes["confirm_by"] = stamped(call, body["vendorConfirmByDate"], "vendorConfirmByDate")
    said = order.get("v1", {}) | {name: body[name] for name in SAID if body.get(name) is not None}
    return Reply(200, _purchase_order(call, _edited(call, order, changes | {"v1": said})))


@fake.operation("putPurchaseOrderOtherCosts")
def put_purchase_order_other_costs(call: Call) -> Reply:
    """All other costs are these from now on. The spec has the id in the query, whatever the path says."""
    order = there(call, "purchase_order", str(call.query["purchaseOrderId"]), "Purchase order")
    _must_be_editable(order)
    costs = {"otherCosts": call.body.get("otherCosts") or []}
    if call.body.get("shippingCost") is not None:
        costs["shippingCost"] = call.body["shippingCost"]
    return Reply(200, _purchase_order(call, _edited(call, order, {"v1": order.get("v1", {}) | costs})))


def _must_be_editable(order: Document) -> None:
    if order["status"] not in EDITABLE:
        raise Refusal("unprocessable", reason=f"Purchase order {order.id} is {order['status']}")


def _edited(call: Call, order: Document, changes: Json) -> Document:
    if order["status"] in AUTHORIZED:
        changes = changes | {"status": "AWAITING_MODIFICATION_ACCEPTANCE"}
    return call.collection("purchase_order").save(order | changes | {"updated_at": call.stamp})


@fake.operation("postPoVendorMessage")
def post_po_vendor_message(call: Call) -> Reply:
    order = there(call, "purchase_order", call.path["purchaseOrderId"], "Purchase order")
    said = order.get("v1", {})
    messages = [*said.get("messagesToVendor", ()), call.query["toVendorMessage"]]
    changes = {"v1": said | {"messagesToVendor": messages}, "updated_at": call.stamp}
    call.collection("purchase_order").save(order | changes)
    return Reply(200, {"id": int(order.id), "message": "Message added"})


@fake.operation(*BECOMES)
def act_on_purchase_orders(call: Call) -> Reply:
    """All of them or, when one is in the wrong state, none."""
    from_states, to_state = BECOMES[call.operation.id]
    ids = list(dict.fromkeys(ids_given(call, "purchaseOrderIds")))
    for id in ids:
        order = there(call, "purchase_order", id, "Purchase order")
        if order["status"] not in from_states:
            raise Refusal("unprocessable", reason=f"Purchase order {id} is {order['status']}")
        changes: Json = {"status": to_state, "updated_at": call.stamp}
        if to_state == "AWAITING_VENDOR_CONFIRMATION":
            changes["authorized_at"] = call.stamp
        if to_state == "PENDING_DELIVERY":
            changes["confirmed_at"] = call.stamp
        call.collection("purchase_order").save(order | changes)
    return Reply(200, {"ids": [int(id) for id in ids], "message": f"{len(ids)} purchase orders updated"})


# Receive --------------------------------------------------------------------------------------------------------------


@fake.operation("postPurchaseOrdersReceive")
def post_purchase_orders_receive(call: Call) -> Reply:
    """What is accepted lies on the shelf from now on, unless the inventory is not to be updated."""
    order = there(call, "purchase_order", str(call.body["purchaseOrderId"]), "Purchase order")
    if order["status"] not in RECEIVABLE:
        raise Refusal("unprocessable", reason=f"Purchase order {order.id} is {order['status']}")
    items = list(order["items"])
    for line in call.body["purchaseOrderItems"]:
        items = _received(call, order, items, line)
    states = {item["status"] for item in items}
    ended = "FULFILLED" if states == {"RECEIVED"} else "CLOSED_SHORT"
    status = "PARTIALLY_DELIVERED" if "PENDING" in states else ended
    changes = {"items": items, "status": status, "updated_at": call.stamp}
    call.collection("purchase_order").save(order | changes)
    ids = dict.fromkeys(line["purchaseOrderItemId"] for line in call.body["purchaseOrderItems"])
    return Reply(200, {"ids": list(ids), "message": "Received"})


def _received(call: Call, order: Document, items: list[Json], line: Mapping[str, Any]) -> list[Json]:
    """The items with one of them in parts: what was accepted, what was refused, and what is still to come."""
    item = next((each for each in items if each["id"] == line["purchaseOrderItemId"]), None)
    if item is None:
        raise Refusal("not_found", kind="Purchase order item", id=str(line["purchaseOrderItemId"]))
    accepted, rejected = line["acceptedQuantity"], line["rejectedQuantity"]
    if item["status"] != "PENDING" or accepted + rejected > item["quantity"]:
        raise Refusal("unprocessable", reason=f"More of item {item['id']} came than was ordered")
    if not accepted + rejected:
        return items
    record = _shelved(call, order, item["sku"], line, accepted) if accepted else None
    said = item["v1"] | _dated(call, {name: line[name] for name in RECEIPT_SAID if line.get(name) is not None})
    at = stamped(call, line.get("receivedDate"), "receivedDate") or call.stamp
    came = {"received_at": at, "record": record, "v1": said}
    parts = [{"quantity": accepted, "status": "RECEIVED"} | came, {"quantity": rejected, "status": "REJECTED"} | came]
    parts += [{"quantity": item["quantity"] - accepted - rejected, "status": "PENDING"}]
    there = [part for part in parts if part["quantity"]]
    new = [
        item | part | ({} if part is there[-1] else {"id": call.next_number("purchase_order_item", 1)})
        for part in there
    ]
    return [part for each in items for part in (new if each is item else [each])]


def _shelved(call: Call, order: Document, sku: str, line: Mapping[str, Any], quantity: int) -> int:
    """The record that takes it: the one that is named, or the first; where there is none, a new one."""
    shelf = shelf_of(call, order["warehouse_id"], sku)
    wanted = line.get("productStockId")
    if wanted and all(record["id"] != wanted for record in shelf["records"]):
        raise Refusal("not_found", kind="Product stock", id=str(wanted))
    if line.get("updateInventory") is False:
        return int(wanted or (shelf["records"][0]["id"] if shelf["records"] else 0)) or _first(call, order, sku)
    if not wanted:
        moved = move(call, shelf, on_hand=quantity, why="Purchase order received")
        return int(moved["records"][0]["id"])
    records = [
        record | {"on_hand": record["on_hand"] + quantity} if record["id"] == wanted else record
        for record in shelf["records"]
    ]
    keep(call, shelf, records, why="Purchase order received")
    return int(wanted)


def _first(call: Call, order: Document, sku: str) -> int:
    made = new_record(call, order["warehouse_id"], None)
    keep(call, shelf_of(call, order["warehouse_id"], sku), [made])
    return int(made["id"])


@fake.operation("getPurchaseOrderFormats")
def get_purchase_order_formats(call: Call) -> Reply:  # noqa: ARG001 - the same for everybody
    return Reply(200, [{"id": id, "description": text} for id, text in enumerate(FORMATS, 1)])


# As they are shown ----------------------------------------------------------------------------------------------------


def _purchase_order(call: Call, kept: Document) -> Json:
    said = kept.get("v1", {})
    rule = {"incotermShippingRule": said.get("incotermShippingRule")}
    return rule | {
        "purchaseOrderId": int(kept.id),
        "number": kept["number"],
        "customPurchaseOrderNumber": kept["custom_number"],
        "status": kept["status"],
        "type": said.get("type", "INBOUND"),
        "vendorId": kept["vendor_id"],
        "destinationWarehouseId": int(kept["warehouse_id"]),
        "format": kept["format"],
        "paymentTerm": term_shown(call, kept.get("term", 1)),
        "currency": said.get("currency", "USD"),
        "dateCreated": kept["created_at"],
        "dateModified": kept["updated_at"],
        "dateAuthorized": kept["authorized_at"],
        "dateIssued": kept["authorized_at"],
        "vendorConfirmByDate": kept["confirm_by"],
        "vendorConfirmedOnDate": kept.get("confirmed_at"),
        "autoUpdatesEnabled": bool(said.get("autoUpdatesEnabled")),
        "incotermShippingRuleId": said.get("incotermShippingRuleId"),
        "internalNotes": said.get("internalNotes"),
        "messagesToVendor": said.get("messagesToVendor", []),
        "otherCosts": said.get("otherCosts", []),
        "shippingCost": money(said.get("shippingCost")),
        "purchaseOrderTemplateId": said.get("purchaseOrderTemplateId"),
        "dropshipOrderId": None,
        "authorizer": None,
        "createdBy": None,
        "assignedPurchaseOrderMilestones": [],
        "purchaseOrderItems": [_item(call, item) for item in kept["items"]],
    }


def _item(call: Call, item: Mapping[str, Any]) -> Json:
    said = item["v1"]
    product = product_of(call, item["sku"])
    return {
        "purchaseOrderItemId": item["id"],
        "status": item["status"],
        "quantity": item["quantity"],
        "vendorProductId": item["vendor_product_id"],
        "vendorProductVendorSku": item["vendor_sku"],
        "vendorProductMasterSku": product["sku"] if product else item["sku"],
        "productStockId": item.get("record"),
        "originalUnitCost": money(item["unit_cost"]),
        "billedUnitCost": money(said.get("billedUnitCost")),
        "landedUnitCost": money(said.get("landedUnitCost")),
        "receivedDate": item.get("received_at"),
        "discount": said.get("discount"),
        "percentageTax": said.get("percentageTax", 0),
        "holds": [],
        **{name: said.get(name) for name in (*DATES, "memo", "packaging", "referenceNumber", "unitOfMeasure")},
        "uomUnitQuantity": said.get("uomUnitQuantity", 1),
    }
