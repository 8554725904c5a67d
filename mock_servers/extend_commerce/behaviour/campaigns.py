"""Campaigns: what an order costs and what comes with it, without storing it; and orders that ask for them when placed.

The steps are the vendor's (vendor docs: API Campaigns): a price that is given wins; else the least of the customer's
lists; else of the lists that bear the promotion's code; then the rows that campaigns add, which may be below zero. No
product here is a bill of materials, none is added by itself, and no freight is reckoned, so those steps have nothing
to do. What a campaign is made of is known to the back office only: here it is for so many of a product, or from a total
on, and gives one row of a product at a price (assumed).
"""

from typing import Any

from mock_servers.core.fake import Call, Work
from mock_servers.core.store import Document, encode
from mock_servers.core.wire import Reply
from mock_servers.extend_commerce.behaviour.base import fact, guid, kept, operation
from mock_servers.extend_commerce.behaviour.orders import Row, new_order, whole
from mock_servers.extend_commerce.behaviour.prices import is_for, is_in_force
from mock_servers.extend_commerce.behaviour.rows import WITHOUT_WAREHOUSE, total_of

PROCESSING = "processing campaigns"


@operation("processCampaigns")
def process_campaigns(call: Call) -> Reply:
    order = promoted(call, new_order(call, PROCESSING), call.body)
    return Reply(200, whole(call, Document("order", 0, "", 0, encode(order))))


def promoted(work: Work, order: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    """The order with the rows that campaigns add. One whose row is among those that were sent adds none again."""
    code = (body["orderHeader"].get("promotion") or {}).get("promotionCode") or ""
    rows: list[Row] = list(order["rows"])
    there = {row["promotion"] for row in rows}
    for campaign in work.collection("campaign").rows():
        if (
            campaign.id in there
            or campaign["code"] not in {"", code}
            or not _may_run(work, campaign, order["customer"])
        ):
            continue
        for trigger in _triggers(campaign, order["rows"]):
            rows.append(_gift(work, campaign, trigger, rows))
    return order | {"rows": rows, "total": total_of(rows)}


def _may_run(work: Work, campaign: Document, customer: str) -> bool:
    left = campaign["times"] is None or campaign["used"] < campaign["times"]
    return left and is_for(campaign, customer) and is_in_force(work, campaign)


def _triggers(campaign: Document, rows: list[Row]) -> list[Row | None]:
    """The rows it is for, or None for the whole order, once."""
    if campaign["product"]:
        enough = campaign["quantity"]
        return [row for row in rows if row["product"] == campaign["product"] and row["quantity"] >= enough]
    return [None] if total_of(rows) >= campaign["total"] else []


def _gift(work: Work, campaign: Document, trigger: Row | None, rows: list[Row]) -> Row:
    product = work.collection("product").get(campaign["gives"])
    mode = "Discount" if campaign["price"] < 0 else product["mode"]
    place = rows[0]["warehouse"] if trigger is None else trigger["warehouse"]
    return {
        "position": max(row["position"] for row in rows) + fact(work, "position_step"),
        "sub": 0,
        "status": "Incoming",
        "mode": mode,
        "product": product.id,
        "name": product["name"],
        "quantity": campaign["gives_quantity"],
        "unit": product["unit"],
        "price": campaign["price"],
        "vat": product["vat"],
        "currency": product["currency"],
        "warehouse": None if mode in WITHOUT_WAREHOUSE else place or work.collection("warehouse").rows(limit=1)[0].id,
        "shipment": None,
        "agreed": None,
        "promotion": campaign.id,
        "is_result": True,
        "because_of": None if trigger is None else trigger["position"],
        "more": {},
        "said": {},
        "changed": kept(work.now),
        "id": guid(work),
    }


def used(work: Work, rows: list[Row]) -> None:
    """An order was placed with rows of campaigns: one that may run so many times is nearer to its end."""
    for name in sorted({row["promotion"] for row in rows if row.get("promotion")}):
        campaign = work.collection("campaign").find(name)
        if campaign is not None:
            work.collection("campaign").save(campaign | {"used": campaign["used"] + 1})
