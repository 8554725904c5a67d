"""What moves an order from state to state: complete, allocate, pick, confirm; cancel, and open it again."""

from mock_servers.core.fake import Call, Work
from mock_servers.core.preconditions import must_match
from mock_servers.core.refusal import Refusal
from mock_servers.core.store import Document
from mock_servers.core.wire import Reply
from mock_servers.extensiv_warehouse_manager.behaviour import tracking
from mock_servers.extensiv_warehouse_manager.behaviour.base import CANCELED, CLOSED, OPEN, Json, at_id, dated, fake
from mock_servers.extensiv_warehouse_manager.behaviour.lines import as_proposed, holds_stock, save_allocated
from mock_servers.extensiv_warehouse_manager.behaviour.orders import must_be_open
from mock_servers.extensiv_warehouse_manager.behaviour.placing import complete
from mock_servers.extensiv_warehouse_manager.behaviour.stock import allocate, deallocate, leave, touched

ROUTED = (
    "TrackingNumber",
    "TrailerNumber",
    "SealNumber",
    "BillOfLading",
    "LoadNumber",
    "DoorNumber",
    "PickupDate",
    "Carrier",
)


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
    confirm(call, order, confirmation(call, call.body or {}))
    return Reply(204)


def confirmation(work: Work, body: Json) -> Json:
    """What is said of a shipment. Refuses with `date_in_future`."""
    said = dated(body, "ConfirmDate", "PickupDate")
    if (said.get("ConfirmDate") or "") > work.stamp:
        raise Refusal("date_in_future", action="confirmer", hint=said["ConfirmDate"])
    return said


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
    changed = as_proposed(call, order.body, proposed) if proposed else allocate(call, order.body)
    save_allocated(call, changed)
    return Reply(204)


@fake.operation("deallocateOrder")
def deallocate_order(call: Call) -> Reply:
    order = _order(call)
    must_be_open(order, "deallocator")
    if not holds_stock(order):
        raise Refusal("unallocated", action="deallocator", hint=f"Order {order.id}.")
    call.collection("order").save(touched(call, deallocate(call, order.body)))
    return Reply(204)


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
        "ShipDate": body.get("ConfirmDate") or work.stamp,
    }
    changed = order | {
        "ReadOnly": read_only,
        "RoutingInfo": order["RoutingInfo"] | routing,
        "status": CLOSED,
        "closed": True,
    }
    kept = work.collection("order").save(touched(work, changed))
    tracking.follow(work, kept)
    work.emit("OrderConfirm", kept, tags="Shipped")
    return kept


def unconfirm(work: Work, order: Document) -> Document:
    """It has not left after all. Refuses with `order_not_confirmed`."""
    if order["status"] != CLOSED:
        raise Refusal("order_not_confirmed", action="unconfirmer", hint=f"Order {order.id}.")
    leave(work, order.body, -1)
    read_only = {name: value for name, value in order["ReadOnly"].items() if name != "ShipDate"}
    read_only |= {"IsClosed": False, "Status": OPEN}
    changed = order | {"ReadOnly": read_only, "status": OPEN, "closed": False}
    kept = work.collection("order").save(touched(work, changed))
    tracking.forget(work, kept)
    work.emit("OrderUnconfirm", kept)
    return kept


def pick(work: Work, order: Document) -> Document:
    """Somebody fetched it from the shelves."""
    read_only = order["ReadOnly"] | {"PickStarted": True, "PickDoneDate": work.stamp}
    kept = work.collection("order").save(touched(work, order | {"ReadOnly": read_only}))
    work.emit("OrderPickJobDone", kept)
    return kept
