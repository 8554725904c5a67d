"""The lines of orders: made, changed, removed; and the stock just one of them takes."""

from mock_servers.core.fake import Call, Work
from mock_servers.core.preconditions import etag, must_match
from mock_servers.core.refusal import Refusal
from mock_servers.core.store import Document
from mock_servers.core.wire import Reply
from mock_servers.extensiv_warehouse_manager.behaviour.aliases import expanded
from mock_servers.extensiv_warehouse_manager.behaviour.base import (
    EACH,
    Json,
    at_id,
    dated,
    fake,
    item_of,
    named_item,
    row_version,
)
from mock_servers.extensiv_warehouse_manager.behaviour.orders import line_parts, line_shown, must_be_open
from mock_servers.extensiv_warehouse_manager.behaviour.stock import (
    TINY,
    allocate,
    allocated,
    allocation,
    missing,
    move,
    release,
    touched,
    with_allocations,
    with_lines,
)

LINE_WRITTEN = ("ExternalId", "LotNumber", "SerialNumber", "ExpirationDate", "Notes", "SavedElements")


def new_lines(work: Work, customer: Document, bodies: list[Json]) -> list[Json]:
    """Lines as they begin. An alias is as many lines as it stands for. Refuses with `does_not_exist`."""
    found = []
    for body in expanded(work, customer, bodies):
        found.append((body, item_of(work, customer, body["ItemIdentifier"])))
    return [new_line(work, body, item) for body, item in found]


def new_line(work: Work, body: Json, item: Document) -> Json:
    """A line as it begins, with nothing set aside for it."""
    number = work.next_number("order_item", 77)
    return {
        "ReadOnly": {
            "OrderItemId": number,
            "FullyAllocated": False,
            "UnitIdentifier": EACH,
            "OriginalPrimaryQty": float(body["Qty"]),
            "IsOrderQtySecondary": False,
            "RowVersion": row_version(number),
            "Allocations": [],
        },
        "ItemIdentifier": named_item(item),
        "Qualifier": body.get("Qualifier", ""),
        "Qty": float(body["Qty"]),
        **_written(body),
    }


def _written(body: Json) -> Json:
    return dated({name: body[name] for name in LINE_WRITTEN if name in body}, "ExpirationDate")


def replaced(work: Work, customer: Document, order: Json, bodies: list[Json]) -> Json:
    """The order with these lines and no others (A14); a complete one takes stock anew.

    A line that says its id is that line, and keeps what is set aside for it unless other goods are wanted; one without
    is new. Refuses with `does_not_exist`.
    """
    known = {line["ReadOnly"]["OrderItemId"]: line for line in order["OrderItems"]}
    lines = []
    for body in bodies:
        number = body.get("ReadOnly", {}).get("OrderItemId", 0)
        if not number:
            lines += new_lines(work, customer, [body])
        elif number in known:
            lines.append(_changed(work, customer, known.pop(number), body))
        else:
            raise Refusal("does_not_exist", property="OrderItems.ReadOnly.OrderItemId", value=number)
    for line in known.values():
        release(work, line)
    return _settled(work, order, lines)


def _changed(work: Work, customer: Document, line: Json, body: Json) -> Json:
    item = named_item(item_of(work, customer, body["ItemIdentifier"]))
    wanted = {"ItemIdentifier": item, "Qualifier": body.get("Qualifier", line["Qualifier"]), **_written(body)}
    changed = line | wanted | {"Qty": float(body["Qty"])}
    tracked = ("ItemIdentifier", "Qualifier", "LotNumber", "SerialNumber", "ExpirationDate")
    if any(changed.get(name) != line.get(name) for name in tracked) or missing(changed) < -TINY:
        return release(work, changed)
    return with_allocations(changed, line["ReadOnly"]["Allocations"])


def _settled(work: Work, order: Json, lines: list[Json]) -> Json:
    """The order with its new lines; what was packed of other goods, or of more, is unpacked."""
    kept = {line["ReadOnly"]["OrderItemId"]: line for line in lines}
    same = all(
        (now := kept.get(line["ReadOnly"]["OrderItemId"])) is not None
        and now["ItemIdentifier"] == line["ItemIdentifier"]
        and now["Qty"] >= line["Qty"]
        for line in order["OrderItems"]
    )
    read_only = order["ReadOnly"] | ({} if same else {"Packages": []})
    settled = with_lines(order | {"ReadOnly": read_only}, lines)
    return settled if read_only["DeferNotification"] else allocate(work, settled)


# By themselves ------------------------------------------------------------------------------------------------------


@fake.operation("listOrderItems")
def list_order_items(call: Call) -> Reply:
    return _listed(call, at_id(call.collection("order"), call.path["orderId"]), 200)


@fake.operation("getOrderItem")
def get_order_item(call: Call) -> Reply:
    order = at_id(call.collection("order"), call.path["orderId"])
    return _one(call, order, _line_at(call, order))


@fake.operation("createOrderItem")
def create_order_item(call: Call) -> Reply:
    order = _order(call, "items")
    customer = call.collection("customer").get(str(order["customer_id"]))
    made = new_lines(call, customer, [call.body])
    kept = keep(call, _settled(call, order.body, [*order["OrderItems"], *made]))
    if call.query.get("validateOveralloc") and not _has_stock(kept, made):
        hint = "There is not so much of it."
        raise Refusal("incompatible", property="Qty", value=call.body["Qty"], hint=hint)
    return _listed(call, kept, 201, {line["ReadOnly"]["OrderItemId"] for line in made})


def _has_stock(order: Document, lines: list[Json]) -> bool:
    made = {line["ReadOnly"]["OrderItemId"] for line in lines}
    here = [line for line in order["OrderItems"] if line["ReadOnly"]["OrderItemId"] in made]
    return all(line["ReadOnly"]["FullyAllocated"] for line in here)


@fake.operation("replaceOrderItems")
def replace_order_items(call: Call) -> Reply:
    order = _order(call, "items")
    customer = call.collection("customer").get(str(order["customer_id"]))
    return _listed(call, keep(call, replaced(call, customer, order.body, call.body["ResourceList"])), 200)


@fake.operation("updateOrderItem")
def update_order_item(call: Call) -> Reply:
    order = _order(call, "items")
    line = _line_at(call, order)
    customer = call.collection("customer").get(str(order["customer_id"]))
    body = {"ItemIdentifier": line["ItemIdentifier"], "Qty": line["Qty"]} | call.body
    changed = _changed(call, customer, line, body)
    kept = keep(call, _settled(call, order.body, [changed if each is line else each for each in order["OrderItems"]]))
    return _one(call, kept, _line_at(call, kept))


@fake.operation("deleteOrderItem")
def delete_order_item(call: Call) -> Reply:
    order = _order(call, "items")
    line = _line_at(call, order)
    if len(order["OrderItems"]) == 1:
        raise Refusal("in_use", action="items", hint=f"It is the last line of order {order.id}.")
    release(call, line)
    keep(call, _settled(call, order.body, [each for each in order["OrderItems"] if each is not line]))
    return Reply(204)


@fake.operation("allocateOrderItem")
def allocate_order_item(call: Call) -> Reply:
    order = _order(call, "allocator")
    line = _line_at(call, order)
    taken = [{"OrderItemId": line["ReadOnly"]["OrderItemId"], "ProposedAllocations": call.body["ProposedAllocations"]}]
    save_allocated(call, as_proposed(call, order.body, taken))
    return Reply(204)


def _order(call: Call, action: str) -> Document:
    """The order a line is of, as it was read: its tag is the line's (ExtensivSharp POST_OrderItem)."""
    order = at_id(call.collection("order"), call.path["orderId"])
    must_match(call, order)
    must_be_open(order, action)
    return order


def _line_at(call: Call, order: Document) -> Json:
    for line in order["OrderItems"]:
        if str(line["ReadOnly"]["OrderItemId"]) == call.path["orderItemId"]:
            found: Json = line
            return found
    raise Refusal("not_found", kind="item")


def _asked(call: Call) -> list[str]:
    return line_parts({each.strip().lower() for each in call.query.get("detail", ())})


def _listed(call: Call, order: Document, status: int, only: set[int] | None = None) -> Reply:
    parts = _asked(call)
    lines = [line for line in order["OrderItems"] if only is None or line["ReadOnly"]["OrderItemId"] in only]
    return Reply(status, {"ResourceList": [line_shown(line, parts) for line in lines]}, {"ETag": etag(call, order)})


def _one(call: Call, order: Document, line: Json) -> Reply:
    return Reply(200, line_shown(line, _asked(call)), {"ETag": etag(call, order)})


# Stock for them -----------------------------------------------------------------------------------------------------


def as_proposed(call: Call, order: Json, proposed: list[Json]) -> Json:
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
            taken.append(allocation(batch, each["Qty"]))
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


def keep(work: Work, changed: Json) -> Document:
    """Keep an order that was changed, and tell of it."""
    kept = work.collection("order").save(touched(work, changed))
    work.emit("OrderUpdate", kept)
    return kept


def holds_stock(order: Document) -> bool:
    """Whether anything is set aside for it."""
    return any(map(allocated, order["OrderItems"]))
