"""Purchase orders: what is on its way, in short and whole, and how it is ordered."""

from typing import Any

from mock_servers.core.fake import Call, Work
from mock_servers.core.refusal import Refusal
from mock_servers.core.store import Document
from mock_servers.core.wire import Reply
from mock_servers.extend_commerce.behaviour.balances import Moves, stock_at
from mock_servers.extend_commerce.behaviour.base import (
    CURRENCY,
    asked_day,
    between,
    equal,
    every,
    fact,
    kept,
    members_of,
    operation,
    page_of_rows,
    sent_moment,
    shown,
    shown_local,
    shown_or_none,
)
from mock_servers.extend_commerce.behaviour.prices import sales_shown
from mock_servers.extend_commerce.behaviour.returns import is_open, is_received, status_of
from mock_servers.extend_commerce.behaviour.tenant import WAREHOUSE

CREATING = "creating purchase order"
DATES = ("shippedDate", "requestedDeliveryDate")
Row = dict[str, Any]


# Listed and read ------------------------------------------------------------------------------------------------------


@operation("listPurchaseOrders")
def list_purchase_orders(call: Call) -> Reply:
    """The two change dates mind no time of day: until today means until today began, so ask until tomorrow (Q9)."""
    conditions = equal(
        call,
        id="purchaseNumber",
        warehouse="warehouse",
        external="externalOrderNumber",
        supplier="supplierNumber",
        supplier_order="supplierOrderNumber",
    )
    conditions += between(call, "created", "createDateFrom", "createDateTo")
    first, last = asked_day(call, "changeDateFrom"), asked_day(call, "changeDateTo")
    rows = [
        _in_short(call, row)
        for row in call.collection("purchase").rows(every(conditions))
        if (first is None or shown_local(call, row["changed"]) >= first)
        and (last is None or shown_local(call, row["changed"]) <= last)
        and call.query.get("IsOpen", is_open(row)) == is_open(row)
        and call.query.get("IsReceived", is_received(row)) == is_received(row)
    ]
    return page_of_rows(call, rows)


def _in_short(work: Work, purchase: Document) -> dict[str, Any]:
    """Texts that are not there are empty, as on the wire; a change date has no offset (Q10)."""
    return {
        "purchaseNumber": purchase.id,
        "status": status_of(purchase["rows"]),
        "createDate": shown(work, purchase["created"]),
        "changeDate": shown_local(work, purchase["changed"]),
        "warehouse": purchase["warehouse"],
        "isOpen": is_open(purchase),
        "isReceived": is_received(purchase),
        "externalOrderNumber": purchase["external"] or "",
        "supplierNumber": purchase["supplier"],
        "supplierName": work.collection("supplier").get(purchase["supplier"])["name"],
        "supplierOrderNumber": purchase["supplier_order"] or "",
        "shippedDate": shown_or_none(work, purchase["dates"].get("shippedDate")),
    }


@operation("getPurchaseOrder")
def get_purchase_order(call: Call) -> Reply:
    """What is not there is a 400, though 404 is declared (Q6)."""
    purchase = call.collection("purchase").find(call.path["purchaseNumber"])
    if purchase is None:
        raise Refusal("no_row", kind="purchase order")
    return Reply(200, purchase_shown(call, purchase))


def purchase_shown(work: Work, purchase: Document) -> dict[str, Any]:
    """A purchase order, whole."""
    supplier = work.collection("supplier").get(purchase["supplier"])
    agreement = work.collection("agreement").get(str(purchase["agreement"]))
    brief = _in_short(work, purchase)
    header = {name: brief[name] for name in brief if name not in {"isOpen", "isReceived", "supplierName"}}
    header.pop("supplierNumber")
    header |= {
        "deliveryAddress": None,
        "supplier": {
            "supplierNumber": supplier.id,
            "supplierName": supplier["name"],
            "supplierAgreementNumber": purchase["agreement"],
            "supplierAgreement": agreement["name"],
        },
        "buyerContact": None,
        **{name: purchase["texts"].get(name) or "" for name in ("reference", "notes", "internalNotes")},
        "currencyExchangeRate": purchase["texts"].get("currencyExchangeRate") or 1.0,
        "requestedDeliveryDate": shown_or_none(work, purchase["dates"].get("requestedDeliveryDate")),
    }
    return {"header": header, "rows": [_row_shown(work, row) for row in purchase["rows"]], "shipments": []}


def _row_shown(work: Work, row: Row) -> dict[str, Any]:
    return {
        "position": row["position"],
        "subPosition": 0,
        "rowStatus": row["status"],
        "statusChangeDate": shown(work, row["status_changed"]),
        "productNumber": row["product"],
        "productName": row["name"],
        "supplierProductNumber": row["number_there"],
        "purchaseDataPurchaseUnit": {"quantity": float(row["quantity"]), "unit": row["unit"], "gtiNumber": None},
        "purchaseDataProductUnit": sales_shown(row, row["quantity"]),
        "expectedDeliveryDate": shown_or_none(work, row["expected"]),
        "originalExpectedDeliveryDate": shown_or_none(work, row["first_expected"]),
        "shipDate": None,
        "requestedDeliveryDate": shown_or_none(work, row["requested"]),
        "notes": row["notes"] or "",
        "unitDetails": [],
    }


# Ordered --------------------------------------------------------------------------------------------------------------


@operation("createPurchaseOrder")
def create_purchase_order(call: Call) -> Reply:
    header = call.body["header"]
    agreement = _agreement(call, header["supplier"])
    rows: list[Row] = []
    for given in call.body["rows"]:
        rows.append(new_row(call, given, int(agreement.id), rows, CREATING))
    made = buy(call, agreement, header.get("warehouse") or WAREHOUSE, rows, **header_members(call, header))
    return Reply(200, purchase_shown(call, made))


def header_members(call: Call, header: dict[str, Any]) -> dict[str, Any]:
    """What is said of the whole purchase; what is not said is not in it."""
    members: dict[str, Any] = {"texts": {}, "dates": {}}
    for name in members_of(call, "PurchaseHeaderMembers"):
        if name in DATES and header.get(name) is not None:
            members["dates"][name] = sent_moment(call, header[name], name)
        elif name in header and name not in {"externalOrderNumber", "supplierOrderNumber"}:
            members["texts"][name] = header[name]
    for name, member in (("externalOrderNumber", "external"), ("supplierOrderNumber", "supplier_order")):
        if name in header:
            members[member] = header[name]
    return members


def _agreement(work: Work, given: dict[str, Any]) -> Document:
    """By its own number, or the first one with a supplier."""
    number, supplier = given.get("supplierAgreementNumber"), given.get("supplierNumber")
    for agreement in work.collection("agreement").rows():
        if agreement.id == str(number) or (number is None and agreement["supplier"] == supplier):
            return agreement
    raise Refusal("unknown_supplier", doing=CREATING, supplier=supplier or number or "")


def new_row(work: Work, given: dict[str, Any], agreement: int, rows: list[Row], doing: str) -> Row:
    """A row after these: a product, by its own number or by the supplier's; it costs what was agreed on."""
    number = given.get("productNumber") or _by_number_there(work, agreement, given.get("supplierProductNumber"))
    product = work.collection("product").find(number or "")
    if product is None:
        raise Refusal("unknown_product", doing=doing, product=number or given.get("supplierProductNumber") or "")
    terms: Any = work.collection("product_agreement").find(f"{product.id}:{agreement}") or {}
    bought = given["purchaseDataProductUnit"]
    price, vat = bought.get("unitPrice"), bought.get("vatPercent")
    expected = sent_moment(work, given.get("expectedDeliveryDate"), "expectedDeliveryDate")
    return {
        "position": max((row["position"] for row in rows), default=0) + fact(work, "position_step"),
        "status": "Ordered",
        "status_changed": kept(work.now),
        "product": product.id,
        "name": product["name"],
        "number_there": given.get("supplierProductNumber") or terms.get("number"),
        "quantity": int(bought["quantity"]),
        "received": 0,
        "unit": bought["unit"],
        "price": terms.get("price", 0) if price is None else price,
        "vat": terms.get("vat", 0) if vat is None else vat,
        "currency": bought.get("currency") or CURRENCY,
        "expected": expected,
        "first_expected": expected,
        "requested": sent_moment(work, given.get("requestedDeliveryDate"), "requestedDeliveryDate"),
        "notes": given.get("notes"),
    }


def _by_number_there(work: Work, agreement: int, number: str | None) -> str | None:
    for row in work.collection("product_agreement").rows():
        if number is not None and (row["agreement"], row["number"]) == (agreement, number):
            return str(row["product"])
    return None


def buy(work: Work, agreement: Document, warehouse: str, rows: list[Row], **more: Any) -> Document:
    """Goods are on their way."""
    moves = Moves(work)
    for row in rows:
        stock = stock_at(work, warehouse, row["product"], CREATING)
        moves.add(stock["warehouse"], row["product"], expected=row["quantity"])
    purchase = work.collection("purchase").add(
        {
            "id": f"RP-{work.next_number('purchase', 10748)}",
            "created": kept(work.now),
            "changed": kept(work.now),
            "warehouse": warehouse,
            "supplier": agreement["supplier"],
            "agreement": int(agreement.id),
            "rows": rows,
            "open": "yes",
        }
        | {"external": None, "supplier_order": None, "texts": {}, "dates": {}}
        | more
    )
    moves.make()
    return purchase


def save(work: Work, purchase: Document, rows: list[Row], **members: Any) -> Document:
    """Keep a purchase that changed now, with the moment at which each row's status did."""
    before = {row["position"]: row["status"] for row in purchase["rows"]}
    rows = [
        row if before.get(row["position"]) == row["status"] else row | {"status_changed": kept(work.now)}
        for row in rows
    ]
    changed = members | {"rows": rows, "changed": kept(work.now)}
    is_still_open = any(row["status"] == "Ordered" for row in rows)
    return work.collection("purchase").save(purchase | changed | {"open": "yes" if is_still_open else "no"})
