"""Prices: the best there is just now for one customer, out of price lists, discount lists and campaigns (seed S16)."""

from collections.abc import Mapping
from typing import Any

from mock_servers.core.fake import Call, Work
from mock_servers.core.filters import Is
from mock_servers.core.refusal import Refusal
from mock_servers.core.store import Document
from mock_servers.core.wire import Reply
from mock_servers.extend_commerce.behaviour.base import VAT_PERCENT, fact, kept, operation, page_of_rows

GETTING = "getting product prices"
STANDARD = "STANDARD"
"""The list that every product has a price in."""


@operation("listPrices")
def list_prices(call: Call) -> Reply:
    numbers = call.query.get("productNumberList", [])
    limit = fact(call, "prices_products_maximum")
    if len(numbers) > limit:
        raise Refusal("too_many_products", limit=limit)
    customer = call.query["customerNumber"]
    if call.collection("customer").find(customer) is None:
        raise Refusal("unknown_customer", doing=GETTING, customer=customer)
    lists = lists_of(call, customer)
    wanted = Is("id", "in", tuple(numbers)) if numbers else None
    rows = []
    for product in call.collection("product").rows(wanted):
        if call.query.get("currency", product["currency"]) == product["currency"]:
            rows += _stairs(product, lists)
    return page_of_rows(call, rows)


def lists_of(work: Work, customer: str, code: str | None = "") -> list[Document]:
    """The lists that are this customer's, or everybody's, and in force at this moment. With a code, those that bear it,
    whosoever they are; with None for a code, none at all."""
    if code is None:
        return []
    return [
        each
        for each in work.collection("price_list").rows()
        if (each.get("code", "") == code if code else is_for(each, customer) and not each.get("code"))
        and is_in_force(work, each)
    ]


def is_for(each: Mapping[str, Any], customer: str) -> bool:
    """Whether a list or a campaign is this customer's, or everybody's."""
    return not each["customers"] or customer in each["customers"]


def is_in_force(work: Work, each: Mapping[str, Any]) -> bool:
    """Whether a list or a campaign has begun, and is not over."""
    now = kept(work.now)
    return (each["since"] is None or each["since"] <= now) and (each["until"] is None or now < each["until"])


def best_price(product: Document, lists: list[Document], quantity: int, by_code: list[Document] | None = None) -> float:
    """The least of what the product costs and of what every list says for so many. Lists that bear a promotion's code
    count where none of the customer's own says anything (vendor docs: API Campaigns)."""
    offers = [price for each in lists for price in _offers(product, each, quantity)]
    offers = offers or [price for each in by_code or [] for price in _offers(product, each, quantity)]
    return round(min([float(product["price"]), *offers]), 2)


def _offers(product: Document, each: Document, quantity: int) -> list[float]:
    offers = [row["price"] for row in each["rows"] if row["product"] == product.id and row["from"] <= quantity]
    if product.id in each["percents"]:
        offers.append(product["price"] * (100 - each["percents"][product.id]) / 100)
    return offers


def _stairs(product: Document, lists: list[Document]) -> list[dict[str, Any]]:
    """A row for each quantity from which it gets cheaper."""
    steps = {1, *(row["from"] for each in lists for row in each["rows"] if row["product"] == product.id)}
    rows: list[dict[str, Any]] = []
    for quantity in sorted(steps):
        price = best_price(product, lists, quantity)
        if not rows or price < rows[-1]["price"]:
            rows.append(
                {
                    "productNumber": product.id,
                    "salesUnit": product["unit"],
                    "fromQuantity": quantity,
                    "price": price,
                    "listPrice": float(product["price"]),
                    "vatPercent": float(product.get("vat", VAT_PERCENT)),
                    "currency": product["currency"],
                }
            )
    return rows


def price_rows(work: Work, product: Document) -> list[dict[str, Any]]:
    """What every list says of a product, as its own page shows it: the standard price first."""
    vat, currency = float(product.get("vat", VAT_PERCENT)), product["currency"]
    rows = [(STANDARD, 1, float(product["price"]))]
    for each in work.collection("price_list").rows():
        rows += [(each.id, row["from"], float(row["price"])) for row in each["rows"] if row["product"] == product.id]
    return [
        {"priceList": name, "numberSalesUnits": count, "price": price, "vatPercent": vat, "currency": currency}
        for name, count, price in rows
    ]


def set_price(work: Work, name: str, product: str, quantity: int, price: float) -> None:
    """A list says another price for so many of a product. Refuses with `unknown_price_list`."""
    found = work.collection("price_list").find(name)
    if found is None and name != STANDARD:
        raise Refusal("unknown_price_list", doing="updating product", list=name)
    if found is None:
        usual: dict[str, Any] = {
            "id": STANDARD,
            "sort": "price_list",
            "customers": [],
            "since": None,
            "until": None,
            "percents": {},
        }
        found = work.collection("price_list").add(usual | {"rows": []})
    others = [row for row in found["rows"] if (row["product"], row["from"]) != (product, quantity)]
    rows = [*others, {"product": product, "from": quantity, "price": price}]
    work.collection("price_list").save(found | {"rows": sorted(rows, key=lambda row: (row["product"], row["from"]))})


def sales_shown(row: Mapping[str, Any], quantity: float) -> dict[str, Any]:
    """So many of what a row sells, as the API writes it: doubles (Q16), without VAT (Q19)."""
    return {
        "quantity": float(quantity),
        "unit": row["unit"],
        "unitPrice": float(row["price"]),
        "vatPercent": float(row["vat"]),
        "currency": row["currency"],
    }
