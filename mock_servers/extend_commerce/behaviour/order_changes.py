"""What becomes of an order: changed and annulled while nobody picks it, reserved, shipped in parts, and done.

From Reserved on the warehouse has it, and no adjustment is allowed (vendor docs: Webhooks). A row of which a part is
shipped is split: the part keeps its place, what is left gets the next sub-position (assumed).
"""

from typing import Any

from mock_servers.core.fake import Call, Work
from mock_servers.core.refusal import Refusal
from mock_servers.core.store import Document
from mock_servers.core.wire import Reply
from mock_servers.extend_commerce.behaviour.agreed import called_off
from mock_servers.extend_commerce.behaviour.balances import Moves
from mock_servers.extend_commerce.behaviour.base import kept, one, operation, sent_moment, success
from mock_servers.extend_commerce.behaviour.hooks import tell
from mock_servers.extend_commerce.behaviour.orders import known_header, save
from mock_servers.extend_commerce.behaviour.rows import OPEN_ROW, Row, new_row, warehouses_of

UPDATING, ANNULLING = "updating customer order", "annulling customer order"
ADJUSTABLE = frozenset({"Created", "Incoming", "IncomingWithErrors", "PendingForReview"})


@operation("updateOrder")
def update_order(call: Call) -> Reply:
    order = one(call, "order", "orderNumber", "customer order")
    _must_be_adjustable(order, UPDATING)
    rows = [dict(row) for row in order["rows"]]
    moves = Moves(call)
    for given in call.body["orderRows"]:
        _change_row(call, order, rows, given, moves)
    sent = call.body["orderHeader"]
    asked = sent_moment(call, sent.get("askedDeliveryDate"), "askedDeliveryDate") or order["asked"]
    save(call, order, rows=rows, header=order["header"] | known_header(call, sent), asked=asked)
    moves.make()
    return success("Customer order updated", order.id)


def _change_row(call: Call, order: Document, rows: list[Row], given: dict[str, Any], moves: Moves) -> None:
    inactive = given.get("rowOperation") == "Inactive"
    if "position" not in given or (inactive and given.get("warehouse") is None):
        _add_row(call, order, rows, given, moves, cancelled=inactive)
        return
    place = (given["position"], given.get("subPosition", 0))
    row = next((each for each in rows if (each["position"], each["sub"]) == place), None)
    if row is None or row["status"] not in OPEN_ROW:
        raise Refusal("unknown_row", order=order.id, position=given["position"])
    called = row.get("called", 0)
    quantity = 0 if inactive else int(given.get("salesData", {}).get("quantity", row["quantity"] + called)) - called
    if quantity < 0:  # less than what was called off of it already
        raise Refusal("row_called_off", order=order.id, position=row["position"], called=called)
    moves.add(row["warehouse"], row["product"], ordered=quantity - row["quantity"])
    called_off(call, moves, row, quantity - row["quantity"], UPDATING)
    row["changed"] = kept(call.now)
    if inactive:
        row["status"] = "Annulled"
    else:
        row["quantity"] = quantity
        price = given.get("salesData", {}).get("unitPrice")
        row["price"] = row["price"] if price is None else price


def _add_row(
    call: Call, order: Document, rows: list[Row], given: dict[str, Any], moves: Moves, *, cancelled: bool
) -> None:
    """A new row. Inactive without a warehouse adds one that is cancelled already, and cancels nothing (Q13)."""
    if "product" not in given or "salesData" not in given:
        known = next((each for each in rows if each["position"] == given.get("position")), None)
        if known is None:
            raise Refusal("unknown_row", order=order.id, position=given.get("position", ""))
        sales = {"quantity": known["quantity"], "unit": known["unit"]}
        given = {"product": {"productNumber": known["product"]}, "salesData": sales} | given
    row = new_row(call, given | {"position": None}, rows, order["customer"], UPDATING)
    rows.append(row | {"status": "Annulled"} if cancelled else row)
    if not cancelled:
        moves.add(row["warehouse"], row["product"], ordered=row["quantity"])
        called_off(call, moves, row, row["quantity"], UPDATING)


@operation("annulOrder")
def annul_order(call: Call) -> Reply:
    order = one(call, "order", "orderNumber", "customer order")
    _must_be_adjustable(order, ANNULLING)
    annul(call, order)
    return success("Customer order annulled", order.id)


def _must_be_adjustable(order: Document, doing: str) -> None:
    if order["status"] not in ADJUSTABLE:
        raise Refusal("order_locked", doing=doing, order=order.id, status=order["status"])


def annul(work: Work, order: Document) -> None:
    """What is open of it is cancelled, and its stock is free again; what was shipped stays shipped."""
    moves = Moves(work)
    rows = []
    for row in order["rows"]:
        if row["status"] in OPEN_ROW:
            moves.add(row["warehouse"], row["product"], ordered=-row["quantity"])
            called_off(work, moves, row, -row["quantity"], ANNULLING)
            row = row | {"status": "Annulled", "changed": kept(work.now)}
        rows.append(row)
    save(work, order, rows=rows, status="Terminated" if order["shipments"] else "Annulled")
    tell(work, "OrderCancelled", OrderNumber=order.id, warehouses=warehouses_of(rows))
    moves.make()


def release(work: Work, order: Document) -> None:
    """Somebody has reviewed it."""
    save(work, order, status="Incoming")


def reserve(work: Work, order: Document) -> None:
    """It is sent to the warehouse for picking."""
    rows = [row | {"status": "Reserved"} if row["status"] == "Incoming" else row for row in order["rows"]]
    save(work, order, rows=rows, status="Reserved")
    tell(work, "OrderReserved", OrderNumber=order.id, warehouses=warehouses_of(rows))


def ship(work: Work, order: Document, quantities: dict[str, int], forwarder: str, packages: list[str]) -> str:
    """These units leave in one shipment; answers its number."""
    number = f"SH{work.next_number('shipment', 800001)}"
    moves = Moves(work)
    rows = []
    left = dict(quantities)
    for row in order["rows"]:
        taken = min(left.get(row["product"], 0), row["quantity"]) if row["status"] in OPEN_ROW else 0
        if not taken:
            rows.append(row)
            continue
        left[row["product"]] -= taken
        moves.add(row["warehouse"], row["product"], physical=-taken, ordered=-taken)
        gone = {"status": "Picked", "quantity": taken, "shipment": number, "changed": kept(work.now)}
        rows.append(row | gone)
        if taken < row["quantity"]:
            rows.append(_rest(order, row, row["quantity"] - taken))
    shipment = {"number": number, "at": kept(work.now), "packages": packages, "forwarder": forwarder}
    done = not any(row["status"] in OPEN_ROW for row in rows)
    status = "Terminated" if done else "PartiallyDelivered"
    save(work, order, rows=rows, status=status, shipments=[*order["shipments"], shipment])
    tell(work, "OrderPicked", OrderNumber=order.id, warehouses=warehouses_of(rows))
    moves.make()
    return number


def _rest(order: Document, row: Row, quantity: int) -> Row:
    sub = max(each["sub"] for each in order["rows"] if each["position"] == row["position"]) + 1
    head, _, tail = row["id"].rpartition("-")
    return row | {"sub": sub, "quantity": quantity, "id": f"{head}-{(int(tail, 16) + 1) % 16**12:012x}"}


def add_package(work: Work, order: Document, number: str, package: str) -> None:
    """The carrier's number of one more package of a shipment."""
    shipments = [
        each | {"packages": [*each["packages"], package]} if each["number"] == number else each
        for each in order["shipments"]
    ]
    save(work, order, shipments=shipments)


def expect(work: Work, order: Document, moment: str) -> None:
    """What is still to come of it is expected at another moment."""
    rows = [row | {"expected": moment} if row["status"] in OPEN_ROW else row for row in order["rows"]]
    save(work, order, rows=rows)
    tell(work, "OrderDeliveryDataChanged", OrderNumber=order.id, warehouses=warehouses_of(order["rows"]))
