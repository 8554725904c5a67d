"""Rows of orders: as they are sent, kept and shown, and what they may name."""

from typing import Any

from mock_servers.core.fake import Work
from mock_servers.core.filters import Is
from mock_servers.core.refusal import Refusal
from mock_servers.extend_commerce.behaviour import agreed
from mock_servers.extend_commerce.behaviour.base import VAT_PERCENT, fact, guid, kept, members_of, shown
from mock_servers.extend_commerce.behaviour.prices import best_price, lists_of, sales_shown

OPEN_ROW = frozenset({"Incoming", "Reserved"})
WITHOUT_WAREHOUSE = frozenset({"Freight", "Service", "Discount", "Package", "Round"})
ELSEWHERE = frozenset(
    {
        "position",
        "subPosition",
        "rowOperation",
        "product",
        "salesData",
        "supplyMode",
        "warehouse",
        "agreedOrderCallOff",
        "rowPromotion",
    }
)
"""Members of a row that are kept under names of our own; the others are kept as they are sent."""
SAID = ("productNotes", "customerProductNumber")
Row = dict[str, Any]


def new_row(
    work: Work, given: dict[str, Any], rows: list[Row], customer: str, doing: str, *, code: str | None = None
) -> Row:
    """A row after these. A price that is given wins; else the customer's best one, with a promotion's code perhaps."""
    number = given["product"]["productNumber"]
    product = work.collection("product").find(number)
    if product is None:
        raise Refusal("unknown_product", doing=doing, product=number)
    _check_names(work, given, doing)
    mode = given.get("supplyMode") or product["mode"]
    sales = given["salesData"]
    quantity = int(sales["quantity"])
    price = sales.get("unitPrice")
    if price is None:
        price = best_price(product, lists_of(work, customer), quantity, lists_of(work, customer, code))
    position, sub = _position(given, rows, fact(work, "position_step"))
    warehouse = None if mode in WITHOUT_WAREHOUSE else _warehouse(work, given.get("warehouse"), doing)
    wanted = given.get("agreedOrderCallOff") or {}
    return {
        "position": position,
        "sub": sub,
        "status": "Incoming",
        "mode": mode,
        "product": number,
        "name": product["name"],
        "quantity": quantity,
        "unit": sales["unit"],
        "price": price,
        "vat": product.get("vat", VAT_PERCENT) if sales.get("vatPercent") is None else sales["vatPercent"],
        "currency": sales.get("currency") or product["currency"],
        "warehouse": warehouse,
        "shipment": None,
        "agreed": agreed.source_of(work, wanted, customer, (warehouse, number, quantity), rows, doing),
        "promotion": (given.get("rowPromotion") or {}).get("promotionName"),
        "more": {
            name: given[name] for name in members_of(work, "RowMembers") if name in given and name not in ELSEWHERE
        },
        "said": {name: given["product"][name] for name in SAID if given["product"].get(name) is not None},
        "changed": kept(work.now),
        "id": guid(work),
    }


def _check_names(work: Work, given: dict[str, Any], doing: str) -> None:
    """Its project and its reason are ones there are."""
    notations = given.get("notations") or {}
    project, reason = notations.get("project"), notations.get("reasonCode")
    if project and work.collection("project").find(project) is None:
        raise Refusal("unknown_project", doing=doing, project=project)
    if reason and work.collection("reason_code").find(reason) is None:
        raise Refusal("unknown_reason_code", doing=doing, reason=reason)


def _position(given: dict[str, Any], rows: list[Row], step: int) -> tuple[int, int]:
    """As given, when nobody has it; else the next one: 10, 20, 30."""
    position, sub = given.get("position"), given.get("subPosition", 0)
    if position is not None and (position, sub) not in {(row["position"], row["sub"]) for row in rows}:
        return int(position), int(sub)
    highest = max((row["position"] for row in rows), default=0)
    return (highest // step + 1) * step, 0


def _warehouse(work: Work, named: str | None, doing: str) -> str:
    """The one that is named, else the installation's first."""
    if named is None:
        return work.collection("warehouse").rows(limit=1)[0].id
    if work.collection("warehouse").find(named) is None:
        raise Refusal("unknown_warehouse", doing=doing, warehouse=named)
    return named


def row_shown(work: Work, row: Row) -> dict[str, Any]:
    """A row; quantities are doubles (Q16), prices without VAT (Q19). What was called off of it is sold."""
    called = row.get("called", 0)
    sales = sales_shown(row, row["quantity"] + called)
    delivered = sales if row["shipment"] else sales_shown(row, called) if called else None
    promotion = {
        "isResultOfPromotion": row.get("is_result", False),
        "promotionName": row.get("promotion"),
        "referenceRowPosition": row.get("because_of"),
    }
    more: dict[str, Any] = row.get("more", {})
    return more | {
        "position": row["position"],
        "subPosition": row["sub"],
        "rowOperation": "Inactive" if row["status"] == "Annulled" else "Active",
        "orderRowStatus": row["status"],
        "supplyMode": row["mode"],
        "warehouse": row["warehouse"],
        "product": row.get("said", {}) | {"productNumber": row["product"], "productName": row["name"]},
        "salesData": sales,
        "deliveryData": delivered,
        "shipmentNumber": row["shipment"],
        "expectedDeliveryDate": shown(work, row["expected"]) if row.get("expected") else None,
        "agreedOrderCallOff": agreed.call_off_shown(row.get("agreed")),
        "rowPromotion": promotion if row.get("promotion") else None,
        "orderRowId": row["id"],
        "changeDate": shown(work, row["changed"]),
    }


def total_of(rows: list[Row]) -> float:
    """What the rows that stand come to, without VAT (Q19)."""
    standing = [row for row in rows if row["status"] != "Annulled"]
    return round(float(sum((row["quantity"] + row.get("called", 0)) * row["price"] for row in standing)), 2)


def warehouses_of(rows: list[Row]) -> list[str]:
    """Where its rows are picked."""
    return sorted({row["warehouse"] for row in rows if row["warehouse"]})


def lead_time(work: Work, product: str) -> float | None:
    """The shortest lead time any supplier has for a product, in hours."""
    hours = [
        each["hours"]
        for each in work.collection("product_agreement").rows(Is("product", "=", product))
        if each["hours"] is not None and not each["inactive"]
    ]
    return float(min(hours)) if hours else None
