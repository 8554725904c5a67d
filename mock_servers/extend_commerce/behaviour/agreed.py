"""Agreed orders: a customer agrees to so many, and calls them off by rows of later orders.

Their rows take stock like any other. What is called off moves from the agreed row to the one that calls it off, so what
is available stays as it is; a row that is annulled gives back what it took. A row that names no agreed order uses the
customer's oldest one with enough of the product in its warehouse, unless it says not to (ExtendSharp; what is given
back, and what is enough, are assumed).
"""

from typing import Any

from mock_servers.core.fake import Call, Work
from mock_servers.core.filters import Is
from mock_servers.core.refusal import Refusal
from mock_servers.core.store import Document
from mock_servers.core.wire import Reply
from mock_servers.extend_commerce.behaviour.balances import Moves
from mock_servers.extend_commerce.behaviour.base import every, kept, operation, page_of_rows, shown
from mock_servers.extend_commerce.behaviour.prices import sales_shown

AGREED = "AgreedOrder"
STANDS = frozenset({"Incoming", "PendingForReview"})
Row = dict[str, Any]


def source_of(
    work: Work,
    wanted: dict[str, Any],
    customer: str,
    what: tuple[str | None, str, int],
    rows: list[Row],
    doing: str,
) -> dict[str, Any] | None:
    """Which agreed row a new row is called off from; `what` is warehouse, product and quantity. None for no such row.

    Refuses with `unknown_order` or `too_much_called_off` what it names and cannot have.
    """
    warehouse, product, quantity = what
    number, position = wanted.get("orderNumber"), wanted.get("position")
    if wanted.get("useBalanceFromAgreedOrder") is False or warehouse is None:
        return None
    known = work.collection("agreed").rows(Is("customer", "=", customer))
    if number is not None and number not in {each.id for each in known}:
        raise Refusal("unknown_order", doing=doing, order=number)
    most = 0
    for each in known:
        order = work.collection("order").get(each.id)
        if order["status"] not in STANDS or number not in {None, order.id}:
            continue
        for row in order["rows"]:
            if (row["product"], row["warehouse"]) != (product, warehouse) or row["status"] != "Incoming":
                continue
            place = {"order": order.id, "position": row["position"], "sub": row["sub"]}
            left = row["quantity"] - sum(other["quantity"] for other in rows if other.get("agreed") == place)
            if position not in {None, row["position"]}:
                continue
            if left >= quantity:
                return place
            most = max(most, left)
    if number is not None:
        raise Refusal(
            "too_much_called_off", doing=doing, quantity=quantity, product=product, order=number, left=max(most, 0)
        )
    return None


def call_off_shown(place: dict[str, Any] | None) -> dict[str, Any] | None:
    return None if place is None else {"orderNumber": place["order"], "position": place["position"]}


def called_off(work: Work, moves: Moves, row: Row, quantity: int, doing: str) -> None:
    """So many more of a row are called off from where it calls off, or given back where below zero."""
    place = row.get("agreed")
    if place is None:
        return
    order = work.collection("order").get(place["order"])
    if order["status"] not in STANDS:
        return  # nobody is there to give it back to: it is simply free again
    rows = []
    for each in order["rows"]:
        if (each["position"], each["sub"]) == (place["position"], place["sub"]):
            if quantity > each["quantity"]:
                raise Refusal(
                    "too_much_called_off",
                    doing=doing,
                    quantity=quantity,
                    product=each["product"],
                    order=order.id,
                    left=each["quantity"],
                )
            moves.add(each["warehouse"], each["product"], ordered=-quantity)
            moved = {"quantity": each["quantity"] - quantity, "called": each.get("called", 0) + quantity}
            each = each | moved | {"changed": kept(work.now)}
        rows.append(each)
    work.collection("order").save(order | {"rows": rows, "changed": kept(work.now)})


@operation("listAgreedOrders")
def list_agreed_orders(call: Call) -> Reply:
    """By customer, with every order that still stands."""
    asked = call.query.get("customerNumber")
    wanted = every([Is("customer", "=", asked)] if asked is not None else [])
    by_customer: dict[str, list[Document]] = {}
    for each in call.collection("agreed").rows(wanted):
        order = call.collection("order").get(each.id)
        if order["status"] in STANDS:
            by_customer.setdefault(order["customer"], []).append(order)
    return page_of_rows(call, [_customer(call, orders) for orders in by_customer.values()])


def _customer(work: Work, orders: list[Document]) -> dict[str, Any]:
    first = orders[0]
    return {
        "customerNumber": first["customer"],
        "customerName": first["customer_name"],
        "corporateId": first["header"].get("corporateId"),
        "agreedOrders": [
            {
                "orderNumber": order.id,
                "orderDate": shown(work, order["placed"]),
                "orderedByCustomer ": order["customer"],
                **terms(),
                "rows": [
                    {
                        "position": row["position"],
                        "subPosition": row["sub"],
                        "productNumber": row["product"],
                        "productName": row["name"],
                        "warehouse": row["warehouse"],
                        "salesData": sales_shown(row, row["quantity"] + row.get("called", 0)),
                        "deliveryData": sales_shown(row, row.get("called", 0)),
                    }
                    for row in order["rows"]
                    if row["status"] != "Annulled"
                ],
            }
            for order in orders
        ],
    }


def terms() -> dict[str, bool]:
    """What an agreed order says of itself. How it is told otherwise is in no source, so it is never otherwise."""
    return {"isCustomerOwned": False, "isFixedPriceAgreement": False, "isForCompanyGroup": False}
