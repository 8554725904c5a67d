"""Vendors and purchase orders, and what nobody can make here yet: returns."""

from collections.abc import Mapping
from typing import Any

from mock_servers.core.fake import Call
from mock_servers.core.filters import Is
from mock_servers.core.refusal import Refusal
from mock_servers.core.store import Document
from mock_servers.core.wire import Reply
from mock_servers.extensiv_order_manager.behaviour.products import product_of
from mock_servers.extensiv_order_manager.behaviour.state import fake
from mock_servers.extensiv_order_manager.behaviour.stock import move, shelf_of
from mock_servers.extensiv_order_manager.behaviour.v1 import shapes
from mock_servers.extensiv_order_manager.behaviour.v1.words import (
    Json,
    every,
    ids_given,
    moment,
    money,
    number,
    one_of,
    page,
    part,
    stamped,
    within,
)

# What an action asks for, and what becomes of it (dossier section 14).
BECOMES = {
    "postPurchaseOrdersAuthorize": ({"AWAITING_AUTHORIZATION"}, "AWAITING_VENDOR_CONFIRMATION"),
    "postPurchaseOrdersConfirm": ({"AWAITING_VENDOR_CONFIRMATION"}, "PENDING_DELIVERY"),
    "postPurchaseOrdersCancel": ({"AWAITING_AUTHORIZATION", "AWAITING_VENDOR_CONFIRMATION"}, "CANCELLED"),
    "postPurchaseOrdersVoid": (
        {"AWAITING_AUTHORIZATION", "AWAITING_VENDOR_CONFIRMATION", "PENDING_DELIVERY"},
        "VOIDED",
    ),
}
RECEIVABLE = {"PENDING_DELIVERY", "PARTIALLY_DELIVERED"}
FORMATS = ("EMAIL", "CSV", "PDF")


@fake.operation("getVendors")
def get_vendors(call: Call) -> Reply:
    rows = call.collection("vendor").rows()
    active = call.query.get("activeOnly", True)
    return part(call, [_vendor(row) for row in rows if row["active"] or not active])


@fake.operation("getVendor")
def get_vendor(call: Call) -> Reply:
    return Reply(200, _vendor(_there(call, "vendor", call.path["vendorId"], "Vendor")))


def _vendor(kept: Document) -> Json:
    return {
        "vendorId": int(kept.id),
        "name": kept["name"],
        "active": kept["active"],
        "supplier": True,
        "manufacturer": False,
        "dropshipper": False,
        "purchaseOrderEmail": None,
        "warehouse": None,
        "defaultVendorPaymentTerm": {"vendorPaymentTermId": 1},
    }


@fake.operation("getVendorProducts")
def get_vendor_products(call: Call) -> Reply:
    return page(call, "vendor_product", None, lambda row: _vendor_product(call, row))


def _vendor_product(call: Call, kept: Document) -> Json:
    return {
        "vendorProductId": int(kept.id),
        "vendorId": kept["vendor_id"],
        "vendorSku": kept["vendor_sku"],
        "product": shapes.product_ref(product_of(call, kept["sku"]) or {}),
        "leadTime": 0,
        "minOrderQuantity": 1,
        "packaging": 1,
        "autoPoRounding": False,
        "pricingTiers": [],
        "unitsOfMeasure": [],
        "defaultProduct": True,
        "active": True,
    }


# Purchase orders ------------------------------------------------------------------------------------------------------


@fake.operation("getPurchaseOrders")
def get_purchase_orders(call: Call) -> Reply:
    vendor, houses = number(call, "vendorId"), ids_given(call, "warehouseIds")
    where = every(
        within(call, "createdDate", "created_at"),
        within(call, "modifiedDate", "updated_at"),
        within(call, "authorizedDate", "authorized_at"),
        one_of(call, "purchaseOrderNumber", "number"),
        one_of(call, "status", "status"),
        Is("vendor_id", "=", vendor) if vendor else None,
        Is("warehouse_id", "in", tuple(houses)) if houses else None,
    )
    return page(call, "purchase_order", where, lambda row: _purchase_order(call, row))


@fake.operation("getPurchaseOrder")
def get_purchase_order(call: Call) -> Reply:
    found = _there(call, "purchase_order", call.path["purchaseOrderId"], "Purchase order")
    return Reply(200, _purchase_order(call, found))


@fake.operation("putPurchaseOrder")
def put_purchase_order(call: Call) -> Reply:
    body = call.body
    vendor = _there(call, "vendor", str(body["vendorId"]), "Vendor")
    house = _there(call, "warehouse", str(body["destinationWarehouseId"]), "Warehouse")
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
            "confirm_by": confirm_by,
            "created_at": call.stamp,
            "updated_at": call.stamp,
            "authorized_at": authorized,
            "items": items,
        }
    )
    return Reply(200, {"id": id, "message": "Purchase order created"})


def _new_item(call: Call, vendor: Document, line: Mapping[str, Any]) -> Json:
    sold = _there(call, "vendor_product", str(line["vendorProductId"]), "Vendor product")
    if sold["vendor_id"] != int(vendor.id):
        raise Refusal("unprocessable", reason=f"Vendor product {sold.id} is another vendor's")
    return {
        "id": call.next_number("purchase_order_item", 1),
        "vendor_product_id": int(sold.id),
        "sku": sold["sku"],
        "quantity": line["quantity"],
        "accepted": 0,
        "rejected": 0,
        "unit_cost": line.get("unitCost"),
    }


@fake.operation(*BECOMES)
def act_on_purchase_orders(call: Call) -> Reply:
    """All of them or, when one is in the wrong state, none."""
    from_states, to_state = BECOMES[call.operation.id]
    ids = list(dict.fromkeys(ids_given(call, "purchaseOrderIds")))
    for id in ids:
        order = _there(call, "purchase_order", id, "Purchase order")
        if order["status"] not in from_states:
            raise Refusal("unprocessable", reason=f"Purchase order {id} is {order['status']}")
        changes = {"status": to_state, "updated_at": call.stamp}
        if to_state == "AWAITING_VENDOR_CONFIRMATION":
            changes["authorized_at"] = call.stamp
        call.collection("purchase_order").save(order | changes)
    return Reply(200, {"ids": [int(id) for id in ids], "message": f"{len(ids)} purchase orders updated"})


@fake.operation("postPurchaseOrdersReceive")
def post_purchase_orders_receive(call: Call) -> Reply:
    """What is accepted lies on the shelf from now on."""
    order = _there(call, "purchase_order", str(call.body["purchaseOrderId"]), "Purchase order")
    if order["status"] not in RECEIVABLE:
        raise Refusal("unprocessable", reason=f"Purchase order {order.id} is {order['status']}")
    items = {item["id"]: item for item in order["items"]}
    for line in call.body["purchaseOrderItems"]:
        item = items.get(line["purchaseOrderItemId"])
        if item is None:
            raise Refusal("not_found", kind="Purchase order item", id=str(line["purchaseOrderItemId"]))
        came = line["acceptedQuantity"] + line["rejectedQuantity"]
        if came > item["quantity"] - item["accepted"] - item["rejected"]:
            raise Refusal("unprocessable", reason=f"More of item {item['id']} came than was ordered")
        accepted, rejected = item["accepted"] + line["acceptedQuantity"], item["rejected"] + line["rejectedQuantity"]
        items[item["id"]] = item | {"accepted": accepted, "rejected": rejected}
        if line["acceptedQuantity"]:
            shelf = shelf_of(call, order["warehouse_id"], item["sku"])
            move(call, shelf, on_hand=line["acceptedQuantity"], why="Purchase order received")
    whole = all(item["accepted"] + item["rejected"] == item["quantity"] for item in items.values())
    changes = {"items": list(items.values()), "status": "FULFILLED" if whole else "PARTIALLY_DELIVERED"}
    call.collection("purchase_order").save(order | changes | {"updated_at": call.stamp})
    received = [line["purchaseOrderItemId"] for line in call.body["purchaseOrderItems"]]
    return Reply(200, {"ids": list(dict.fromkeys(received)), "message": "Received"})


@fake.operation("getPurchaseOrderFormats")
def get_purchase_order_formats(call: Call) -> Reply:  # noqa: ARG001 - the same for everybody
    return Reply(200, [{"id": id, "description": text} for id, text in enumerate(FORMATS, 1)])


def _purchase_order(call: Call, kept: Document) -> Json:
    return {
        "purchaseOrderId": int(kept.id),
        "purchaseOrderNumber": kept["number"],
        "customPurchaseOrderNumber": kept["custom_number"],
        "status": kept["status"],
        "vendorId": kept["vendor_id"],
        "destinationWarehouseId": int(kept["warehouse_id"]),
        "format": kept["format"],
        "dateCreated": kept["created_at"],
        "dateModified": kept["updated_at"],
        "dateAuthorized": kept["authorized_at"],
        "dateIssued": kept["authorized_at"],
        "purchaseOrderItems": [
            {
                "purchaseOrderItemId": item["id"],
                "vendorProductId": item["vendor_product_id"],
                "product": shapes.product_ref(product_of(call, item["sku"]) or {}),
                "quantity": item["quantity"],
                "acceptedQuantity": item["accepted"],
                "rejectedQuantity": item["rejected"],
                "unitCost": money(item["unit_cost"]),
            }
            for item in kept["items"]
        ],
    }


def _there(call: Call, kind: str, id: str, name: str) -> Document:
    found = call.collection(kind).find(id)
    if found is None:
        raise Refusal("not_found", kind=name, id=id)
    return found


# Nothing makes these here ---------------------------------------------------------------------------------------------


@fake.operation("getRmas")
def get_rmas(call: Call) -> Reply:
    for name in ("createdFromDate", "createdToDate"):
        moment(call.query[name], name)
    return part(call, [])
