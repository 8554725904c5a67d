"""Orders that go elsewhere: to another facility, or in two."""

from mock_servers.core.fake import Call, Work
from mock_servers.core.filters import All, Is
from mock_servers.core.preconditions import must_match
from mock_servers.core.refusal import Refusal
from mock_servers.core.store import Document
from mock_servers.core.wire import Reply
from mock_servers.extensiv_warehouse_manager.behaviour.base import (
    Json,
    at_id,
    fake,
    link_to,
    named_facility,
    row_version,
)
from mock_servers.extensiv_warehouse_manager.behaviour.lines import holds_stock, keep, save_allocated
from mock_servers.extensiv_warehouse_manager.behaviour.orders import must_be_open
from mock_servers.extensiv_warehouse_manager.behaviour.placing import must_be_served, next_order_number
from mock_servers.extensiv_warehouse_manager.behaviour.stock import (
    TINY,
    allocate,
    allocated,
    deallocate,
    missing,
    with_allocations,
    with_lines,
)

SPLITS_MAXIMUM = 1000


@fake.operation("transferOrder")
def transfer_order(call: Call) -> Reply:
    """The order is served from another facility, with stock of that one; where it is already, nothing happens."""
    order = _order(call, "transferrer")
    wanted = call.query["tofacilityid"]
    facility = call.collection("facility").find(str(wanted))
    if facility is None:
        raise Refusal("query_does_not_exist", parameter="tofacilityid", hint=f"There is no facility {wanted}.")
    must_be_served(call.collection("customer").get(str(order["customer_id"])), facility)
    if order["facility_id"] != int(facility.id):
        transfer(call, order, facility)
    return Reply(204)


def transfer(work: Work, order: Document, facility: Document) -> Document:
    """What was set aside in the one facility is free again; a complete order takes what there is in the other."""
    freed = deallocate(work, order.body)
    read_only = freed["ReadOnly"] | {"FacilityIdentifier": named_facility(facility), "Packages": []}
    moved = freed | {"ReadOnly": read_only, "facility_id": int(facility.id)}
    kept = keep(work, moved if read_only["DeferNotification"] else allocate(work, moved))
    if kept["ReadOnly"]["FullyAllocated"]:
        work.emit("OrderFullyAllocated", kept)
    return kept


@fake.operation("splitOrder")
def split_order(call: Call) -> Reply:
    order = _order(call, "splitter")
    if order["ReadOnly"]["FullyAllocated"]:
        raise Refusal("fully_allocated", action="splitter", hint=f"Order {order.id}.")
    if not holds_stock(order):
        raise Refusal("unallocated", action="splitter", hint=f"Order {order.id}.")
    first, second = split(call, order)
    links = [link_to("orders/order", f"/orders/{each.id}") for each in (first, second)]
    return Reply(200, {"_links": links})


def split(work: Work, order: Document) -> tuple[Document, Document]:
    """In two: one that has all it wants, and one that has nothing. The first is the order that was."""
    staying, leaving = [], []
    for line in order["OrderItems"]:
        if allocated(line) > TINY:
            staying.append(with_allocations(line | {"Qty": allocated(line)}, line["ReadOnly"]["Allocations"]))
        if missing(line) > TINY:
            leaving.append(_left_over(work, line))
    kept = save_allocated(work, with_lines(order | {"ReadOnly": order["ReadOnly"] | {"Packages": []}}, staying))
    work.emit("OrderUpdate", kept)

    number = next_order_number(work)
    fresh = {"PickStarted": False, "PackStarted": False, "Packages": [], "FullyAllocated": False, "OrderId": number}
    dates = ("PickDoneDate", "PackDoneDate", "PickTicketPrintDate")
    read_only = {name: value for name, value in order["ReadOnly"].items() if name not in dates}
    read_only |= fresh | {"CreationDate": work.stamp, "LastModifiedDate": work.stamp}
    reference = _next_reference(work, order)
    made = work.collection("order").add(
        order.body
        | {
            "ReadOnly": read_only,
            "ReferenceNum": reference,
            "OrderItems": leaving,
            "id": str(number),
            "order_id": number,
            "reference_key": reference.lower(),
            "modified": work.stamp,
        },
    )
    if not read_only["DeferNotification"]:
        work.emit("OrderCreate", made)
    return kept, made


def _left_over(work: Work, line: Json) -> Json:
    number, quantity = work.next_number("order_item", 77), missing(line)
    read_only = line["ReadOnly"] | {
        "OrderItemId": number,
        "RowVersion": row_version(number),
        "OriginalPrimaryQty": quantity,
    }
    return with_allocations(line | {"Qty": quantity, "ReadOnly": read_only}, [])


def _next_reference(work: Work, order: Document) -> str:
    """`WEB-1` → `WEB-1-1`, then `WEB-1-2`: the vendor's help says -1, a partner's that numbers go up."""
    stem = order["ReferenceNum"]
    for number in range(1, SPLITS_MAXIMUM):
        reference = f"{stem}-{number}"
        where = All(Is("reference_key", "=", reference.lower()), Is("customer_id", "=", order["customer_id"]))
        if not work.collection("order").count(where):
            return reference
    raise Refusal("duplicate", property="ReferenceNum", value=stem)


def _order(call: Call, action: str) -> Document:
    order = at_id(call.collection("order"), call.path["orderId"])
    must_match(call, order)
    must_be_open(order, action)
    return order
