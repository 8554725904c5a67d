"""What moves an order from state to state: complete, allocate, pick, pack, confirm; cancel, and open it again."""

from typing import Any

from mock_servers.core.fake import Call, Work
from mock_servers.core.preconditions import must_match
from mock_servers.core.refusal import Refusal
from mock_servers.core.store import Document
from mock_servers.core.wire import Reply
from mock_servers.extensiv_warehouse_manager.behaviour.base import CANCELED, CLOSED, OPEN, Json, at_id, fake
from mock_servers.extensiv_warehouse_manager.behaviour.orders import answered, complete, must_be_open
from mock_servers.extensiv_warehouse_manager.behaviour.stock import (
    TINY,
    allocate,
    allocated,
    allocation,
    deallocate,
    leave,
    missing,
    move,
    touched,
    with_allocations,
    with_lines,
)

MOMENT_LENGTH = 19


def _order(call: Call) -> Document:
    order = at_id(call.collection("order"), call.path["orderId"])
    must_match(call, order)
    return order


@fake.operation("cancelOrder")
def cancel_order(call: Call) -> Reply:
    order = _order(call)
    must_be_open(order, "canceler")
    cancel(call, order)
    return Reply(204)


@fake.operation("confirmOrder")
def confirm_order(call: Call) -> Reply:
    order = _order(call)
    must_be_open(order, "confirmer")
    body = call.body or {}
    if body.get("ConfirmDate", "")[:MOMENT_LENGTH] > call.stamp:
        raise Refusal("date_in_future", action="confirmer", hint=body["ConfirmDate"])
    confirm(call, order, body)
    return Reply(204)


@fake.operation("unconfirmOrder")
def unconfirm_order(call: Call) -> Reply:
    unconfirm(call, _order(call))
    return Reply(204)


@fake.operation("completeOrder")
def complete_order(call: Call) -> Reply:
    order = _order(call)
    must_be_open(order, "completer")
    if not order["ReadOnly"]["DeferNotification"]:
        raise Refusal("already_completed", action="completer", hint=f"Order {order.id}.")
    kept = complete(call, order)
    call.emit("OrderComplete", kept)
    return Reply(204)


@fake.operation("allocateOrder")
def allocate_order(call: Call) -> Reply:
    order = _order(call)
    must_be_open(order, "allocator")
    if order["ReadOnly"]["FullyAllocated"]:
        raise Refusal("fully_allocated", action="allocator", hint=f"Order {order.id}.")
    proposed = (call.body or {}).get("ProposedAllocations")
    changed = _as_proposed(call, order.body, proposed) if proposed else allocate(call, order.body)
    save_allocated(call, changed)
    return Reply(204)


@fake.operation("deallocateOrder")
def deallocate_order(call: Call) -> Reply:
    order = _order(call)
    must_be_open(order, "deallocator")
    if not any(map(allocated, order["OrderItems"])):
        raise Refusal("unallocated", action="deallocator", hint=f"Order {order.id}.")
    call.collection("order").save(touched(call, deallocate(call, order.body)))
    return Reply(204)


@fake.operation("startPacking")
def start_packing(call: Call) -> Reply:
    order = _order(call)
    must_be_open(order, "packstarter")
    read_only = order["ReadOnly"] | {"PackStarted": True}
    kept = call.collection("order").save(touched(call, order | {"ReadOnly": read_only}))
    call.emit("OrderPackStarted", kept)
    return answered(call, kept, 200, "")


def _as_proposed(call: Call, order: Json, proposed: list[Json]) -> Json:
    """Just these batches. Refuses with `does_not_exist` or `incompatible`; nothing is kept then."""
    wanted = {each["OrderItemId"]: each["ProposedAllocations"] for each in proposed}
    lines = []
    for line in order["OrderItems"]:
        taken = []
        for each in wanted.pop(line["ReadOnly"]["OrderItemId"], ()):
            batch = call.collection("receive_item").find(str(each["ReceiveItemId"]))
            if batch is None:
                raise Refusal("does_not_exist", property="ReceiveItemId", value=each["ReceiveItemId"])
            fits = batch["item_id"] == line["ItemIdentifier"]["Id"] and batch["facility_id"] == order["facility_id"]
            taken.append(allocation(int(batch.id), each["Qty"]))
            line_now = with_allocations(line, [*line["ReadOnly"]["Allocations"], *taken])
            if not fits or each["Qty"] > batch["AvailableQty"] + TINY or missing(line_now) < -TINY:
                hint = "The stock is of another item, or not so much of it is available, or wanted."
                raise Refusal("incompatible", property="ReceiveItemId", value=each["ReceiveItemId"], hint=hint)
            move(call, batch, allocated=float(each["Qty"]))
        lines.append(with_allocations(line, [*line["ReadOnly"]["Allocations"], *taken]))
    if wanted:
        raise Refusal("does_not_exist", property="OrderItemId", value=next(iter(wanted)))
    return with_lines(order, lines)


def save_allocated(work: Work, changed: Json) -> Document:
    """Keep an order that stock was set aside for, and tell when that was the last of it."""
    kept = work.collection("order").save(touched(work, changed))
    if kept["ReadOnly"]["FullyAllocated"]:
        work.emit("OrderFullyAllocated", kept)
    return kept


# What is done, whoever asks for it ----------------------------------------------------------------------------------


def cancel(work: Work, order: Document) -> Document:
    """The end of an order; its stock is available again."""
    freed = deallocate(work, order.body)
    changed = freed | {"status": CANCELED, "ReadOnly": freed["ReadOnly"] | {"Status": CANCELED}}
    kept = work.collection("order").save(touched(work, changed))
    work.emit("OrderCancel", kept)
    return kept


def confirm(work: Work, order: Document, body: Json) -> Document:
    """It has shipped, whole. Refuses with `not_fully_allocated`."""
    if not order["ReadOnly"]["FullyAllocated"]:
        raise Refusal("not_fully_allocated", action="confirmer", hint=f"Order {order.id}.")
    leave(work, order.body)
    routing = {name: body[name] for name in ROUTED if body.get(name)}
    read_only = order["ReadOnly"] | {
        "IsClosed": True,
        "Status": CLOSED,
        "ShipDate": body.get("ConfirmDate", work.stamp)[:MOMENT_LENGTH],
    }
    changed = order | {
        "ReadOnly": read_only,
        "RoutingInfo": order["RoutingInfo"] | routing,
        "status": CLOSED,
        "closed": True,
    }
    kept = work.collection("order").save(touched(work, changed))
    work.emit("OrderConfirm", kept, tags="Shipped")
    return kept


ROUTED = ("TrackingNumber", "TrailerNumber", "SealNumber", "BillOfLading", "LoadNumber", "DoorNumber", "Carrier")


def unconfirm(work: Work, order: Document) -> Document:
    """It has not left after all. Refuses with `order_not_confirmed`."""
    if order["status"] != CLOSED:
        raise Refusal("order_not_confirmed", action="unconfirmer", hint=f"Order {order.id}.")
    leave(work, order.body, -1)
    read_only = {name: value for name, value in order["ReadOnly"].items() if name != "ShipDate"}
    read_only |= {"IsClosed": False, "Status": OPEN}
    changed = order | {"ReadOnly": read_only, "status": OPEN, "closed": False}
    kept = work.collection("order").save(touched(work, changed))
    work.emit("OrderUnconfirm", kept)
    return kept


def pick(work: Work, order: Document) -> Document:
    """Somebody fetched it from the shelves."""
    read_only = order["ReadOnly"] | {"PickStarted": True, "PickDoneDate": work.stamp}
    kept = work.collection("order").save(touched(work, order | {"ReadOnly": read_only}))
    work.emit("OrderPickJobDone", kept)
    return kept


def pack(work: Work, order: Document, parcels: list[dict[int, float]], tracking: list[str]) -> Document:
    """Packages with what is in each, by line, and the number on each label."""
    packages = [*order["ReadOnly"]["Packages"]]
    for contents, number in zip(parcels, tracking, strict=True):
        packages.append(_package(work, contents, number))
    read_only = order["ReadOnly"] | {"PackStarted": True, "PackDoneDate": work.stamp, "Packages": packages}
    kept = work.collection("order").save(touched(work, order | {"ReadOnly": read_only}))
    work.emit("OrderPackComplete", kept)
    return kept


def _package(work: Work, contents: dict[int, float], tracking: str) -> dict[str, Any]:
    number = work.next_number("package", work.fake.contract.profile.facts["package_id_start"].value)
    return {
        "PackageId": number,
        "Weight": 1.0,
        **({"TrackingNumber": tracking} if tracking else {}),
        "CreateDate": work.stamp,
        "Oversize": False,
        "Cod": False,
        "PackageContents": [
            {
                "PackageContentId": work.next_number("package_content", 1),
                "PackageId": number,
                "OrderItemId": line,
                "Qty": float(quantity),
                "CreateDate": work.stamp,
            }
            for line, quantity in contents.items()
        ],
    }


def unpack(work: Work, order: Document, package_id: int) -> Document:
    """A label is void and its box empty: the package stays in the order, with nothing in it."""
    packages = [
        {name: value for name, value in each.items() if name != "TrackingNumber"} | {"PackageContents": []}
        if each["PackageId"] == package_id
        else each
        for each in order["ReadOnly"]["Packages"]
    ]
    changed = order | {"ReadOnly": order["ReadOnly"] | {"Packages": packages}}
    return work.collection("order").save(touched(work, changed))
