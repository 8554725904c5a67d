"""Purchase orders and suppliers: what is on its way, received in parts or cancelled."""

from typing import Any

from mock_servers.core.fake import Call, Work
from mock_servers.core.filters import Condition, Is
from mock_servers.core.refusal import Refusal
from mock_servers.core.store import Document
from mock_servers.core.wire import Reply
from mock_servers.extend_commerce.behaviour.balances import Moves, stock_at
from mock_servers.extend_commerce.behaviour.base import (
    asked_moment,
    between,
    equal,
    every,
    fact,
    kept,
    operation,
    page,
    page_of_rows,
    shown,
    shown_local,
)
from mock_servers.extend_commerce.behaviour.hooks import tell
from mock_servers.extend_commerce.behaviour.tenant import WAREHOUSE

CREATING = "creating purchase order"
DAY_LETTERS = len("2026-11-21")


@operation("listPurchaseOrders")
def list_purchase_orders(call: Call) -> Reply:
    """The two change dates mind no time of day: until today means until today began, so ask until tomorrow (Q9)."""
    conditions: list[Condition] = equal(
        call,
        id="purchaseNumber",
        warehouse="warehouse",
        external="externalOrderNumber",
        supplier="supplierNumber",
        supplier_order="supplierOrderNumber",
    )
    conditions += between(call, "created", "createDateFrom", "createDateTo")
    first, last = _day(call, "changeDateFrom"), _day(call, "changeDateTo")
    rows = [
        purchase_shown(call, row)
        for row in call.collection("purchase").rows(every(conditions))
        if (first is None or shown_local(call, row["changed"]) >= first)
        and (last is None or shown_local(call, row["changed"]) <= last)
        and _has(row, "Ordered", call.query.get("IsOpen"))
        and _has(row, "Received", call.query.get("IsReceived"))
    ]
    return page_of_rows(call, rows)


def _day(call: Call, name: str) -> str | None:
    """The beginning of the day a parameter names, in the vendor's own time."""
    moment = asked_moment(call, name)
    if moment is None:
        return None
    try:
        return call.fake.stamp_of(moment)[:DAY_LETTERS]
    except (ValueError, OverflowError, OSError) as error:
        raise Refusal("invalid_query", details=((name, "is not a moment"),)) from error


def _has(purchase: Document, status: str, wanted: bool | None) -> bool:
    """Any row is open, or received: a part of both is both (Q20 spells the parameters)."""
    return wanted is None or wanted == any(row["status"] == status for row in purchase["rows"])


@operation("getPurchaseOrder")
def get_purchase_order(call: Call) -> Reply:
    """What is not there is a 400, though 404 is declared (Q6)."""
    purchase = call.collection("purchase").find(call.path["purchaseNumber"])
    if purchase is None:
        raise Refusal("no_row", kind="purchase order")
    return Reply(200, purchase_shown(call, purchase))


@operation("createPurchaseOrder")
def create_purchase_order(call: Call) -> Reply:
    header = call.body["header"]
    supplier = _supplier(call, header["supplier"])
    warehouse = header.get("warehouse") or WAREHOUSE
    wanted = [
        (row["productNumber"], row["purchaseDataProductUnit"]["quantity"], row.get("expectedDeliveryDate"))
        for row in call.body["rows"]
    ]
    more = {"external": header.get("externalOrderNumber"), "supplier_order": header.get("supplierOrderNumber")}
    return Reply(200, purchase_shown(call, buy(call, supplier, warehouse, wanted, **more)))


def _supplier(work: Work, named: dict[str, Any]) -> Document:
    for supplier in work.collection("supplier").rows():
        if supplier.id == named.get("supplierNumber") or supplier["agreement"] == named.get("supplierAgreementNumber"):
            return supplier
    asked = named.get("supplierNumber") or named.get("supplierAgreementNumber") or ""
    raise Refusal("unknown_supplier", doing=CREATING, supplier=asked)


def buy(
    work: Work, supplier: Document, warehouse: str, wanted: list[tuple[str, int, str | None]], **more: Any
) -> Document:
    """Goods are on their way: product, quantity, and when they are expected."""
    moves, rows = Moves(work), []
    for number, (product, quantity, day) in enumerate(wanted, 1):
        stock = stock_at(work, warehouse, product, CREATING)
        moves.add(stock["warehouse"], product, expected=int(quantity))
        rows.append(
            {
                "position": number * fact(work, "position_step"),
                "status": "Ordered",
                "product": product,
                "quantity": int(quantity),
                "received": 0,
                "expected": day,
            }
        )
    purchase = work.collection("purchase").add(
        {
            "id": f"RP-{work.next_number('purchase', 10748)}",
            "created": kept(work.now),
            "changed": kept(work.now),
            "warehouse": warehouse,
            "supplier": supplier.id,
            "rows": rows,
        }
        | {"external": None, "supplier_order": None}
        | more
    )
    moves.make()
    return purchase


def purchase_shown(work: Work, purchase: Document) -> dict[str, Any]:
    """A purchase order; its change date has no offset (Q10)."""
    return {
        "header": {
            "purchaseNumber": purchase.id,
            "externalOrderNumber": purchase["external"],
            "supplierOrderNumber": purchase["supplier_order"],
            "status": _status(purchase["rows"]),
            "createDate": shown(work, purchase["created"]),
            "changeDate": shown_local(work, purchase["changed"]),
            "warehouse": purchase["warehouse"],
            "supplier": {"supplierNumber": purchase["supplier"]},
        },
        "rows": [
            {
                "position": row["position"],
                "rowStatus": row["status"],
                "productNumber": row["product"],
                "purchaseDataProductUnit": {"quantity": float(row["quantity"])},
                "expectedDeliveryDate": row["expected"],
            }
            for row in purchase["rows"]
        ],
        "shipments": [],
    }


def _status(rows: list[dict[str, Any]]) -> str:
    states = {row["status"] for row in rows}
    if "Ordered" in states:
        return "PartiallyReceived" if "Received" in states or any(row["received"] for row in rows) else "Ordered"
    return "Received" if "Received" in states else "Cancelled"


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
    saved = work.collection("purchase").save(purchase | {"rows": rows, "changed": kept(work.now)})
    status = _status(saved["rows"])
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
    work.collection("purchase").save(purchase | {"rows": rows, "changed": kept(work.now)})
    tell(work, "PurchaseCancelled", PurchaseNumber=purchase.id, warehouses=[purchase["warehouse"]])
    moves.make()


@operation("listSuppliers")
def list_suppliers(call: Call) -> Reply:
    """Under `SupplierList`, with a capital (Q3)."""
    conditions = equal(call, id="supplierNumber", city="city", country="countryId")
    if "name" in call.query:
        conditions.append(Is("name", "contains", call.query["name"]))
    return page(call, call.collection("supplier"), _supplier_shown, every(conditions))


def _supplier_shown(supplier: Document) -> dict[str, Any]:
    return {
        "supplierNumber": supplier.id,
        "name": supplier["name"],
        "city": supplier["city"],
        "countryId": supplier["country"],
    }
