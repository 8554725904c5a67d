"""What becomes of a purchase order: changed over the API, received in parts or called off by people."""

from typing import Any

from mock_servers.core.fake import Call, Work
from mock_servers.core.refusal import Refusal
from mock_servers.core.store import Document
from mock_servers.core.wire import Reply
from mock_servers.extend_commerce.behaviour.balances import Moves, stock_at
from mock_servers.extend_commerce.behaviour.base import one, operation, sent_moment, success
from mock_servers.extend_commerce.behaviour.hooks import tell
from mock_servers.extend_commerce.behaviour.purchases import Row, header_members, new_row, save
from mock_servers.extend_commerce.behaviour.returns import status_of

UPDATING = "updating purchase order"


@operation("updatePurchaseOrder")
def update_purchase_order(call: Call) -> Reply:
    """The header's members, and rows by their position; without one it is new, as with orders (assumed)."""
    purchase = one(call, "purchase", "purchaseNumber", "purchase order")
    status = status_of(purchase["rows"])
    if status in {"Received", "Cancelled"}:
        raise Refusal("purchase_locked", purchase=purchase.id, status=status)
    moves, rows = Moves(call), [dict(row) for row in purchase["rows"]]
    for given in call.body["rows"]:
        if given.get("position") is None:
            row = new_row(call, given, purchase["agreement"], rows, UPDATING)
            stock_at(call, purchase["warehouse"], row["product"], UPDATING)
            moves.add(purchase["warehouse"], row["product"], expected=row["quantity"])
            rows.append(row)
        else:
            _change_row(call, purchase, rows, given, moves)
    members = header_members(call, call.body["header"])
    members = members | {name: purchase[name] | members[name] for name in ("texts", "dates")}
    saved = save(call, purchase, rows, **members)
    ends = {"Cancelled": "PurchaseCancelled", "Received": "PurchaseDelivered"}
    if status_of(saved["rows"]) in ends:
        trigger = ends[status_of(saved["rows"])]
        tell(call, trigger, PurchaseNumber=purchase.id, warehouses=[purchase["warehouse"]])
    moves.make()
    return success("Purchase order updated", purchase.id)


def _change_row(call: Call, purchase: Document, rows: list[Row], given: dict[str, Any], moves: Moves) -> None:
    row = next((each for each in rows if each["position"] == given["position"]), None)
    if row is None:
        raise Refusal("unknown_purchase_row", purchase=purchase.id, position=given["position"])
    bought, status = given["purchaseDataProductUnit"], given.get("rowStatus") or row["status"]
    quantity = int(bought["quantity"])
    ended = status != row["status"]
    if (
        given.get("productNumber") not in {None, row["product"]}
        or quantity < row["received"]
        or (ended and (status != "Cancelled" or row["status"] != "Ordered"))
        or (row["status"] != "Ordered" and quantity != row["quantity"])
    ):
        raise Refusal("purchase_row_locked", position=row["position"], status=row["status"])
    if row["status"] == "Ordered":
        coming = 0 if ended else quantity - row["received"]
        moves.add(purchase["warehouse"], row["product"], expected=coming - (row["quantity"] - row["received"]))
        row["status"] = "Received" if coming == 0 and not ended else status
    row["quantity"] = quantity
    row["price"] = row["price"] if bought.get("unitPrice") is None else bought["unitPrice"]
    for name, member in (("expectedDeliveryDate", "expected"), ("requestedDeliveryDate", "requested")):
        if name in given:
            row[member] = sent_moment(call, given[name], name)
    row["first_expected"] = row["first_expected"] or row["expected"]
    row["notes"] = given.get("notes", row["notes"])


def receive(work: Work, purchase: Document, quantities: dict[str, int]) -> str:
    """Goods came in; answers the purchase order's status. A row of which a part came stays Ordered."""
    moves, rows, left = Moves(work), [], dict(quantities)
    for row in purchase["rows"]:
        open_quantity = row["quantity"] - row["received"] if row["status"] == "Ordered" else 0
        came = min(open_quantity, left.get(row["product"], 0))
        if came:
            left[row["product"]] -= came
            moves.add(purchase["warehouse"], row["product"], physical=came, expected=-came)
        received = row["received"] + came
        rows.append(row | {"received": received, "status": "Received" if came == open_quantity > 0 else row["status"]})
    save(work, purchase, rows)
    status = status_of(rows)
    trigger = "PurchaseDelivered" if status == "Received" else "PurchasePartiallyDelivered"
    tell(work, trigger, PurchaseNumber=purchase.id, warehouses=[purchase["warehouse"]])
    moves.make()
    return status


def cancel(work: Work, purchase: Document) -> None:
    """What has not come will not come."""
    moves, rows = Moves(work), []
    for row in purchase["rows"]:
        if row["status"] == "Ordered":
            moves.add(purchase["warehouse"], row["product"], expected=row["received"] - row["quantity"])
        rows.append(row | {"status": "Cancelled"} if row["status"] == "Ordered" else row)
    save(work, purchase, rows)
    tell(work, "PurchaseCancelled", PurchaseNumber=purchase.id, warehouses=[purchase["warehouse"]])
    moves.make()
