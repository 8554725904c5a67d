"""Balances over the API: what is available, what lies there, setting it (POST) and adjusting it (PUT)."""

from collections.abc import Mapping
from typing import Any

from mock_servers.core.fake import Call, Work
from mock_servers.core.filters import All, Is
from mock_servers.core.refusal import Refusal
from mock_servers.core.store import Document
from mock_servers.core.wire import Reply
from mock_servers.extend_commerce.behaviour import conduct
from mock_servers.extend_commerce.behaviour.balances import Moves, Place, available, stock_at
from mock_servers.extend_commerce.behaviour.base import (
    between,
    equal,
    every,
    fact,
    kept,
    operation,
    page,
    shown,
    shown_local,
    shown_or_none,
    success,
)

UPDATING = "updating balance"


@operation("listAvailability")
def list_availability(call: Call) -> Reply:
    if "productNumber" in call.query:
        conduct.notice(call, "balance_polling", call.query["productNumber"])
    wanted = equal(call, warehouse="warehouse", product="productNumber") + between(call, "changed", "modifiedDateFrom")
    coming = next_receivings(call)
    return page(call, call.collection("stock"), lambda row: availability_shown(call, row, coming), every(wanted))


@operation("getAvailability")
def get_availability(call: Call) -> Reply:
    conduct.notice(call, "balance_polling", call.path["productNumber"])
    stock = call.collection("stock").find(f"{call.path['warehouse']}:{call.path['productNumber']}")
    if stock is None:
        raise Refusal("not_found", kind="product", id=call.path["productNumber"])
    return Reply(200, availability_shown(call, stock, next_receivings(call)))


Receiving = tuple[str | None, int]
"""When goods are expected, where it is known, and how many."""


def next_receivings(work: Work) -> dict[Place, Receiving]:
    """What comes in next at each place, from purchases: on the earliest day, or some day where no row has one. Returns
    are not in it (ExtendSharp)."""
    coming: dict[Place, Receiving] = {}
    for purchase in work.collection("purchase").rows(Is("open", "=", "yes")):
        for row in purchase["rows"]:
            if row["status"] != "Ordered":
                continue
            place, day, count = (
                (purchase["warehouse"], row["product"]),
                row["expected"],
                row["quantity"] - row["received"],
            )
            known = coming.get(place)
            if known is None or (day is not None and (known[0] is None or day < known[0])):
                coming[place] = (day, count)
            elif day == known[0]:
                coming[place] = (day, known[1] + count)
    return coming


def availability_shown(work: Work, stock: Mapping[str, Any], coming: Mapping[Place, Receiving]) -> dict[str, Any]:
    """An item as ProductAvailability has it. B and C are for customers of lower priority (assumed: all)."""
    now = available(stock)
    day, count = coming.get((stock["warehouse"], stock["product"]), (None, 0))
    return {
        "warehouse": stock["warehouse"],
        "warehouseName": stock["warehouse_name"],
        "productNumber": stock["product"],
        "physicalBalance": stock["physical"],
        "availableBalanceNow": now,
        "availableBalanceNowB": now,
        "availableBalanceNowC": now,
        "orderedQuantity": stock["ordered"],
        "blockedBalance": stock["blocked"],
        "nextReceivingDate": shown_or_none(work, day),
        "quantityOnNextReceiving": count,
        "avaiableOnNextReceiving": now + count,
        "availableOnNextReceivingB": now + count,
        "availableOnNextReceivingC": now + count,
        "orderedQuantityMatchingReceiving": 0,
        "totalExpectedReceivingFromPurchase": stock["expected"],
        "totalExpectedReceivingFromWarehouseTransfer": 0,
        "totalExpectedReceivingFromReturn": stock["returning"],
        "changeDate": shown_local(work, stock["changed"]),
    }


@operation("listStockLevels")
def list_stock_levels(call: Call) -> Reply:
    if "productNumber" in call.query:
        conduct.notice(call, "balance_polling", call.query["productNumber"])
    wanted = every(equal(call, warehouse="warehouse", product="productNumber"))
    return page(call, call.collection("stock"), _level_shown, wanted)


def _level_shown(stock: Document) -> dict[str, Any]:
    return {
        "warehouse": stock["warehouse"],
        "warehouseName": stock["warehouse_name"],
        "productNumber": stock["product"],
        "balance": stock["physical"],
        "notes": None,
    }


@operation("setStockLevel")
def set_stock_level(call: Call) -> Reply:
    """POST says what there is; PUT by how much it differs (Q18)."""
    body = call.body
    stock = stock_at(call, body["warehouse"], body["productNumber"], UPDATING)
    set_balance(call, stock, body["balance"], "Stocktaking", body.get("notes"))
    return success("Balance updated", f"{body['productNumber']} in {body['warehouse']}: {body['balance']}")


@operation("adjustStockLevel")
def adjust_stock_level(call: Call) -> Reply:
    body = call.body
    stock = stock_at(call, body["warehouse"], body["productNumber"], UPDATING)
    balance = stock["physical"] + body["balanceDifference"]
    if not 0 <= balance <= fact(call, "quantity_maximum"):
        raise Refusal("balance_out_of_range", balance=balance)
    set_balance(call, stock, balance, "BalanceAdjustment", body.get("notes"))
    return success("Balance adjusted", f"{body['productNumber']} in {body['warehouse']}: {balance}")


def set_balance(work: Work, stock: Document, balance: int, event: str, notes: str | None = None) -> None:
    """So much lies there now; the difference is written down with the kind of event it was."""
    difference = balance - stock["physical"]
    moves = Moves(work)
    moves.add(stock["warehouse"], stock["product"], physical=difference)
    moves.make()
    if difference:
        write_down(work, stock, event, difference, notes)


def write_down(
    work: Work, stock: Mapping[str, Any], event: str, difference: int, notes: str | None, *, blocked: int = 0
) -> None:
    """A line among the balance adjustments."""
    work.collection("adjustment").add(
        {
            "id": str(work.next_number("adjustment")),
            "warehouse": stock["warehouse"],
            "product": stock["product"],
            "at": kept(work.now),
            "event": event,
            "change": difference,
            "blocked": blocked,
            "balance": stock["physical"] + difference,
            "notes": notes,
        }
    )


@operation("listAdjustments")
def list_adjustments(call: Call) -> Reply:
    """A list; or, as the Swagger file declares it, one object: the setting `adjustments` is "object" then (Q15)."""
    wanted = All(
        *equal(call, warehouse="warehouse", product="productNumber"),
        *between(call, "at", "eventDateFrom", "eventDateTo"),
    )
    found = call.collection("adjustment")
    if call.setting("adjustments", "list") == "object":
        last = found.first(wanted, descending=True)
        if last is None:
            raise Refusal("no_row", kind="balance adjustments")
        return Reply(200, _adjustment_shown(call, last))
    return page(call, found, lambda row: _adjustment_shown(call, row), wanted)


def _adjustment_shown(work: Work, row: Document) -> dict[str, Any]:
    return {
        "productNumber": row["product"],
        "warehouse": row["warehouse"],
        "eventDate": shown(work, row["at"]),
        "eventType": row["event"],
        "balanceChange": row["change"],
        "newBalance": row["balance"],
        "blockedBalanceChange": row["blocked"],
        "Notes": row["notes"],
    }


def block(work: Work, stock: Document, quantity: int) -> None:
    """Goods that lie there and may not be promised; below zero, they may be again."""
    if stock["blocked"] + quantity < 0:
        raise Refusal("balance_out_of_range", balance=stock["blocked"] + quantity)
    moves = Moves(work)
    moves.add(stock["warehouse"], stock["product"], blocked=quantity)
    moves.make()
    if quantity:
        write_down(work, stock, "Block", 0, None, blocked=quantity)


def stocks_of(work: Work, product: str) -> list[Document]:
    """Its places, in all warehouses."""
    return work.collection("stock").rows(Is("product", "=", product))
