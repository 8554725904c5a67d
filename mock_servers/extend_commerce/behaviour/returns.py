"""Return orders: goods that are to come back, out of an order's delivered rows or without one.

What is announced is expected as a return at its warehouse, received there in parts by people, and credited when its
header says so. No trigger is about a return: the balances and the credit invoice are told of. How much may come back,
and that every code puts goods back on the shelf, are assumed.
"""

from collections import Counter
from typing import Any

from mock_servers.core.fake import Call, Work
from mock_servers.core.filters import Is
from mock_servers.core.refusal import Refusal
from mock_servers.core.store import Document
from mock_servers.core.wire import Reply
from mock_servers.extend_commerce.behaviour.balances import Moves, stock_at
from mock_servers.extend_commerce.behaviour.base import (
    VAT_PERCENT,
    between,
    equal,
    every,
    fact,
    guid,
    kept,
    one,
    operation,
    page_of_rows,
    shown,
)
from mock_servers.extend_commerce.behaviour.invoices import make_invoice
from mock_servers.extend_commerce.behaviour.prices import best_price, lists_of, sales_shown

CREATING = "creating return order"
CODES = ("A", "B", "C")
"""The usual ones (ExtendSharp); what they are called is in no source."""
DELIVERED = "Picked"
Row = dict[str, Any]


@operation("listReturnCodes")
def list_return_codes(call: Call) -> Reply:  # noqa: ARG001 - the same for everybody
    return Reply(200, {"returnOrderRowCodeList": [{"returnCode": code, "name": None} for code in CODES]})


@operation("listReturnOrders")
def list_return_orders(call: Call) -> Reply:
    wanted = equal(
        call, id="returnNumber", order="referenceOrderNumber", warehouse="warehouse", customer="customerNumber"
    ) + between(call, "created", "createDateFrom", "createDateTo")
    found = [
        row
        for row in call.collection("return").rows(every(wanted))
        if call.query.get("IsOpen", is_open(row)) == is_open(row)
        and call.query.get("IsReceived", is_received(row)) == is_received(row)
    ]
    return page_of_rows(call, [_in_short(call, row) for row in found])


def is_open(coming: Document) -> bool:
    """Any row is open."""
    return any(row["status"] == "Ordered" for row in coming["rows"])


def is_received(coming: Document) -> bool:
    """Something of any row has been received."""
    return any(row["received"] for row in coming["rows"])


def status_of(rows: list[Row]) -> str:
    """Of a return or a purchase order, by its rows."""
    states, came = {row["status"] for row in rows}, any(row["received"] for row in rows)
    if "Ordered" in states:
        return "PartiallyReceived" if came else "Ordered"
    return "Received" if came else "Cancelled"


def _in_short(work: Work, coming: Document) -> dict[str, Any]:
    return {
        "returnNumber": coming.id,
        "returnType": coming["type"],
        "status": status_of(coming["rows"]),
        "referenceOrderNumber": coming["order"],
        "customerNumber": coming["customer"],
        "customerName": coming["customer_name"],
        "createDate": shown(work, coming["created"]),
        "invoiceNumber": coming["invoice"],
        "isOpen": is_open(coming),
        "isReceived": is_received(coming),
        "warehouse": coming["warehouse"],
    }


@operation("getReturnOrder")
def get_return_order(call: Call) -> Reply:
    return Reply(200, _whole(call, one(call, "return", "returnNumber", "return order")))


def _whole(work: Work, coming: Document) -> dict[str, Any]:
    header = coming["header"] | {
        "returnNumber": coming.id,
        "warehouse": coming["warehouse"],
        "returnType": coming["type"],
        "referenceOrderNumber": coming["order"],
        "referenceExternalOrderNumber": coming["external"],
        "createDate": shown(work, coming["created"]),
        "status": status_of(coming["rows"]),
        "customerNumber": coming["customer"],
        "customerName": coming["customer_name"],
        "creditInvoiceAction": coming["credit"],
    }
    rows = [
        {
            "position": row["position"],
            "subPosition": 0,
            "rowStatus": row["status"],
            "returnCode": row["code"],
            "returnCodeName": None,
            "productNumber": row["product"],
            "productName": row["name"],
            "salesData": sales_shown(row, row["quantity"]),
            "expectedDeliveryDate": None,
            "referenceOrderRowPosition": row["order_position"],
            "referenceOrderRowSubPosition": row["order_sub"],
            "returnOrderRowId": row["id"],
        }
        for row in coming["rows"]
    ]
    return {"header": header, "rows": rows}


# Announced ------------------------------------------------------------------------------------------------------------


@operation("createReturnOrder")
def create_return_order(call: Call) -> Reply:
    action = call.body["createAction"]
    if action["action"] == "ReturnProducts":
        made = _of_products(call)
    else:
        number = _needed(action.get("orderNumber"), "createAction.orderNumber")
        order = call.collection("order").find(number)
        if order is None:
            raise Refusal("unknown_order", doing=CREATING, order=number)
        whole = action["action"] == "ReturnCompleteCustomerOrder"
        rows = _all_rows(call, order, action) if whole else _some_rows(call, order, action)
        made = _announce(call, order, order, rows, "ReturnOrderKnown")
    return Reply(200, _whole(call, made))


def _needed(value: Any, member: str) -> Any:
    if not value:
        raise Refusal("needed", doing=CREATING, member=member)
    return value


def _code(code: str | None) -> str | None:
    if code is not None and code not in CODES:
        raise Refusal("unknown_return_code", named=code)
    return code


def _all_rows(call: Call, order: Document, action: dict[str, Any]) -> list[Row]:
    """Everything that was delivered and is not coming back yet."""
    code = _code(_needed(action.get("returnCode"), "createAction.returnCode"))
    left = returnable(call, order)
    rows = [_back(row, left[row["position"], row["sub"]], code, None) for row in _delivered(order)]
    rows = [row for row in rows if row["quantity"]]
    if not rows:
        raise Refusal("nothing_delivered", order=order.id)
    return rows


def _some_rows(call: Call, order: Document, action: dict[str, Any]) -> list[Row]:
    """These rows, or so many of them; a row may be named more than once."""
    left = returnable(call, order)
    delivered = {(row["position"], row["sub"]): row for row in _delivered(order)}
    rows = []
    for given in _needed(action.get("orderRows"), "createAction.orderRows"):
        place = (given["position"], given["subPosition"])
        row = delivered.get(place)
        if row is None:
            raise Refusal("unknown_order_row", order=order.id, position=place[0], sub=place[1])
        quantity = int(left[place] if given.get("quantity") is None else given["quantity"])
        if not 1 <= quantity <= left[place]:
            raise Refusal("too_many_returned", quantity=quantity, product=row["product"], left=left[place])
        left[place] -= quantity
        code = _code(given.get("returnCode") or action.get("returnCode"))
        rows.append(_back(row, quantity, code, given.get("unitPrice")))
    return rows


def _delivered(order: Document) -> list[Row]:
    return [row for row in order["rows"] if row["status"] == DELIVERED]


def returnable(work: Work, order: Document) -> Counter[tuple[int, int]]:
    """How many of each delivered row may still be announced to come back."""
    left = Counter({(row["position"], row["sub"]): row["quantity"] for row in _delivered(order)})
    for coming in work.collection("return").rows(Is("order", "=", order.id)):
        for row in coming["rows"]:
            left[row["order_position"], row["order_sub"]] -= wanted_of(row)
    return left


def wanted_of(row: Row) -> int:
    """How many of a row come back, or came: of one that was called off, what had come before."""
    return int(row["received"] if row["status"] == "Cancelled" else row["quantity"])


def _back(row: Row, quantity: int, code: str | None, price: float | None) -> Row:
    names = ("product", "name", "unit", "vat", "currency", "mode")
    return {name: row[name] for name in names} | {
        "quantity": quantity,
        "price": row["price"] if price is None else price,
        "code": code,
        "stocked": row["warehouse"] is not None,
        "from": row["warehouse"],
        "order_position": row["position"],
        "order_sub": row["sub"],
    }


def _of_products(call: Call) -> Document:
    """Without an order: the full model is required (ExtendSharp), so whose and what."""
    header = _needed(call.body.get("header"), "header")
    number = _needed(header.get("customerNumber"), "header.customerNumber")
    customer = call.collection("customer").find(number)
    if customer is None:
        raise Refusal("unknown_customer", doing=CREATING, customer=number)
    rows = [_loose(call, customer.id, given) for given in _needed(call.body.get("rows"), "rows")]
    about = {"customer": customer.id, "customer_name": customer["body"]["name"], "external": None}
    return _announce(call, about, None, rows, "ReturnOrderUnknown")


def _loose(call: Call, customer: str, given: dict[str, Any]) -> Row:
    product = call.collection("product").find(given["productNumber"])
    if product is None:
        raise Refusal("unknown_product", doing=CREATING, product=given["productNumber"])
    sales = given["salesData"]
    quantity, price = int(sales["quantity"]), sales.get("unitPrice")
    return {
        "product": product.id,
        "name": product["name"],
        "unit": sales["unit"],
        "vat": product.get("vat", VAT_PERCENT) if sales.get("vatPercent") is None else sales["vatPercent"],
        "currency": sales.get("currency") or product["currency"],
        "mode": product["mode"],
        "quantity": quantity,
        "price": best_price(product, lists_of(call, customer), quantity) if price is None else price,
        "code": _code(given.get("returnCode")),
        "stocked": True,
        "from": None,
        "order_position": None,
        "order_sub": None,
    }


def _announce(call: Call, about: Any, order: Document | None, rows: list[Row], kind: str) -> Document:
    header = call.body.get("header") or {}
    first = call.collection("warehouse").rows(limit=1)[0].id
    warehouse = header.get("warehouse") or next((row["from"] for row in rows if row["from"]), first)
    moves = Moves(call)
    for number, row in enumerate(rows, 1):
        row |= {"position": number * fact(call, "position_step"), "status": "Ordered", "received": 0, "id": guid(call)}
        stock_at(call, warehouse, row["product"], CREATING)
        moves.add(warehouse if row["stocked"] else None, row["product"], returning=row["quantity"])
    sent = ("reference", "deliveryMethod", "paymentType", "senderAddress", "senderEmail", "senderPhoneNumber")
    made = call.collection("return").add(
        {
            "id": str(call.next_number("return", 60001)),
            "type": kind,
            "order": None if order is None else order.id,
            "external": about["external"],
            "customer": about["customer"],
            "customer_name": about["customer_name"],
            "warehouse": warehouse,
            "credit": header.get("creditInvoiceAction") or "Manual",
            "invoice": None,
            "created": kept(call.now),
            "header": {name: header.get(name) for name in (*sent, "invoiceAddress")},
            "rows": [{name: value for name, value in row.items() if name != "from"} for row in rows],
        }
    )
    moves.make()
    return credit(call, made) if made["credit"] == "Immediate" else made


def credit(work: Work, coming: Document) -> Document:
    """What comes back, or came, is credited, once."""
    order = None if coming["order"] is None else work.collection("order").get(coming["order"])
    about = {"customer": coming["customer"], "external": coming["external"], "header": {}}
    rows = [row | {"sub": 0, "quantity": wanted_of(row)} for row in coming["rows"] if wanted_of(row)]
    invoice = make_invoice(work, about, order, rows, "ReturnOrderCredit")
    return work.collection("return").save(coming | {"invoice": invoice.id})


# Received -------------------------------------------------------------------------------------------------------------


def receive(work: Work, coming: Document, quantities: dict[str, int]) -> str:
    """Goods came back; answers the return order's status. A row of which a part came stays Ordered."""
    moves, rows, left = Moves(work), [], dict(quantities)
    for row in coming["rows"]:
        open_quantity = row["quantity"] - row["received"] if row["status"] == "Ordered" else 0
        came = min(open_quantity, left.get(row["product"], 0))
        if came:
            left[row["product"]] -= came
            moves.add(coming["warehouse"] if row["stocked"] else None, row["product"], physical=came, returning=-came)
        status = "Received" if came == open_quantity > 0 else row["status"]
        rows.append(row | {"received": row["received"] + came, "status": status})
    saved = work.collection("return").save(coming | {"rows": rows})
    status = status_of(rows)
    if status == "Received" and saved["credit"] == "WhenReceived" and saved["invoice"] is None:
        credit(work, saved)
    moves.make()
    return status


def cancel(work: Work, coming: Document) -> None:
    """What has not come back will not; what came of a row is what it was for."""
    moves, rows = Moves(work), []
    for row in coming["rows"]:
        if row["status"] == "Ordered":
            place = coming["warehouse"] if row["stocked"] else None
            moves.add(place, row["product"], returning=row["received"] - row["quantity"])
            row = row | {"status": "Cancelled"}
        rows.append(row)
    work.collection("return").save(coming | {"rows": rows})
    moves.make()
