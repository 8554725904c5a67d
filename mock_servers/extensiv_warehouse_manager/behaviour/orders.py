"""Orders as they are read: one, many, their summaries, and what of them is shown."""

from typing import Any

from mock_servers.core.fake import Call
from mock_servers.core.filters import Condition, Is
from mock_servers.core.preconditions import etag
from mock_servers.core.refusal import Refusal
from mock_servers.core.store import Document
from mock_servers.core.wire import Reply
from mock_servers.extensiv_warehouse_manager.behaviour.base import (
    CANCELED,
    CLOSED,
    OPEN,
    Json,
    at_id,
    fake,
    link_to,
    listed,
    shown,
)
from mock_servers.extensiv_warehouse_manager.behaviour.stock import allocated

ALLOCATIONS = {"all", "allocations", "allocationswithdetail"}
SAVED = {"all", "savedelements"}


@fake.operation("listOrders")
def list_orders(call: Call) -> Reply:
    also: list[Condition] = []
    if call.query.get("skulist"):
        also.append(_with_skus(call, {sku.strip().lower() for sku in call.query["skulist"].split(",")}, whole=True))
    if call.query.get("skucontains"):
        also.append(_with_skus(call, {call.query["skucontains"].lower()}, whole=False))
    return listed(call, call.collection("order"), "Order", *also, look=look_of(call))


def _with_skus(call: Call, wanted: set[str], *, whole: bool) -> Condition:
    """Orders with a line of these SKUs, or of one that has this in it."""
    ids = []
    for order in call.collection("order").rows():
        skus = {line["ItemIdentifier"]["Sku"].lower() for line in order["OrderItems"]}
        if skus & wanted if whole else any(part in sku for part in wanted for sku in skus):
            ids.append(order["order_id"])
    return Is("order_id", "in", tuple(ids))


@fake.operation("getOrder")
def get_order(call: Call) -> Reply:
    return answered(call, at_id(call.collection("order"), call.path["orderId"]), 200)


@fake.operation("listOrderSummaries")
def list_order_summaries(call: Call) -> Reply:
    also: list[Condition] = []
    if call.query.get("orderidcontains"):
        part = call.query["orderidcontains"]
        ids = [id for id, _ in call.collection("order").heads() if part in id]
        also.append(Is("order_id", "in", tuple(map(int, ids))))
    if "receiverid" in call.query:
        also.append(_waiting_for(call, call.query["receiverid"]))
    return listed(call, call.collection("order"), "OrderSummary", *also, row=_summary)


def _waiting_for(call: Call, receiver_id: int) -> Condition:
    """Orders that want what a receiver brought, and have not got all of it (assumed: the page says no more)."""
    receiver = call.collection("receiver").find(str(receiver_id))
    items = {line["ItemIdentifier"]["Id"] for line in receiver["ReceiveItems"]} if receiver else set()
    ids = []
    for order in call.collection("order").rows(Is("status", "=", OPEN)):
        here = receiver is not None and order["facility_id"] == receiver["facility_id"]
        short = (line for line in order["OrderItems"] if not line["ReadOnly"]["FullyAllocated"])
        if here and any(line["ItemIdentifier"]["Id"] in items for line in short):
            ids.append(order["order_id"])
    return Is("order_id", "in", tuple(ids))


def _summary(order: Document) -> Json:
    read_only = order["ReadOnly"]
    po_num = {"PoNum": order["PoNum"]} if "PoNum" in order else {}
    return {
        "OrderId": order["order_id"],
        "ReferenceNum": order["ReferenceNum"],
        **po_num,
        "FullyAllocated": read_only["FullyAllocated"],
        "CustomerIdentifier": read_only["CustomerIdentifier"],
        "FacilityIdentifier": read_only["FacilityIdentifier"],
        "CreationDate": read_only["CreationDate"],
        "IsClosed": read_only["IsClosed"],
    }


# How an order looks -------------------------------------------------------------------------------------------------


def look_of(call: Call) -> str:
    """What of an order is asked for: its `detail` and `itemdetail`, in one spelling."""
    detail = {each.strip().lower() for each in call.query.get("detail", ())}
    whole = "all" in detail
    parts = [name for name in ("orderitems", "packages", "savedelements") if whole or name in detail]
    if "orderitems" in parts:
        parts += line_parts({each.strip().lower() for each in call.query.get("itemdetail", ())})
    return ",".join(parts)


def line_parts(asked: set[str]) -> list[str]:
    """What of a line is asked for. All is saved elements and allocations, without the detail of these."""
    parts = ["allocations"] if asked & ALLOCATIONS else []
    parts += ["details"] if "allocationswithdetail" in asked else []
    return parts + (["linesaved"] if asked & SAVED else [])


@fake.view("rest", "order", schema="Order", looks=True)
def order_on_rest(order: Document, look: str) -> Json:
    parts = look.split(",")
    seen = shown(order)
    lines = seen.pop("OrderItems")
    if "savedelements" in parts:
        seen["SavedElements"] = seen.get("SavedElements", [])
    else:
        seen.pop("SavedElements", None)
    if "packages" not in parts:
        seen["ReadOnly"] = {name: value for name, value in seen["ReadOnly"].items() if name != "Packages"}
    if "orderitems" in parts:
        seen["OrderItems"] = [line_shown(line, parts) for line in lines]
    return seen | {"_links": _links_of(order)}


def line_shown(line: Json, parts: list[str]) -> Json:
    """A line, with what was asked for of it."""
    read_only = line["ReadOnly"]
    if "allocations" not in parts:
        read_only = {name: value for name, value in read_only.items() if name != "Allocations"}
    elif "details" not in parts:
        plain = [{name: value for name, value in each.items() if name != "Detail"} for each in read_only["Allocations"]]
        read_only = read_only | {"Allocations": plain}
    seen = line | {"ReadOnly": read_only}
    if "linesaved" in parts:
        return seen | {"SavedElements": line.get("SavedElements", [])}
    seen.pop("SavedElements", None)
    return seen


def _links_of(order: Document) -> list[Json]:
    """Where one can go from here; what cannot be done in this state is not offered (which, exactly, is ours)."""
    here, read_only = f"/orders/{order.id}", order["ReadOnly"]
    found = [
        link_to("self", here),
        link_to("orders/items", f"{here}/items"),
        link_to("orders/packages", f"{here}/packages"),
        link_to("customers/customer", f"/customers/{order['customer_id']}"),
        link_to("properties/facility", f"/properties/facilities/{order['facility_id']}"),
    ]
    if order["status"] == CLOSED:
        return [*found, link_to("orders/orderunconfirm", f"{here}/unconfirmer")]
    if order["status"] == CANCELED or "OnHoldDate" in read_only:
        return found
    found += [link_to("edit", here), link_to("orders/ordercancel", f"{here}/canceler")]
    if read_only["DeferNotification"]:
        found.append(link_to("orders/ordercomplete", f"{here}/completer"))
    if read_only["FullyAllocated"]:
        found.append(link_to("orders/orderconfirm", f"{here}/confirmer"))
    else:
        found.append(link_to("orders/orderallocate", f"{here}/allocator"))
    if any(map(allocated, order["OrderItems"])):
        found.append(link_to("orders/orderdeallocate", f"{here}/deallocator"))
    return found


def answered(call: Call, order: Document, status: int, look: str | None = None) -> Reply:
    """An order with its tag."""
    return Reply(status, order, {"ETag": etag(call, order)}, look=look_of(call) if look is None else look)


def must_be_open(order: Document, action: str) -> None:
    """Refuses with `order_canceled`, `order_confirmed` or, on hold, `in_use`."""
    about: dict[str, Any] = {"action": action, "hint": f"Order {order.id}."}
    if order["status"] == CANCELED:
        raise Refusal("order_canceled", **about)
    if order["status"] == CLOSED:
        raise Refusal("order_confirmed", **about)
    if "OnHoldDate" in order["ReadOnly"]:
        raise Refusal("in_use", action=action, hint=f"Order {order.id} is on hold.")
