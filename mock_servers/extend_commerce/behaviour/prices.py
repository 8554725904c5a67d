"""Prices: the best there is just now for one customer, out of price lists, discount lists and campaigns (seed S16)."""

from typing import Any

from mock_servers.core.fake import Call, Work
from mock_servers.core.filters import Is
from mock_servers.core.refusal import Refusal
from mock_servers.core.store import Document
from mock_servers.core.wire import Reply
from mock_servers.extend_commerce.behaviour.base import fact, kept, operation, page_of_rows
from mock_servers.extend_commerce.behaviour.products import VAT_PERCENT

GETTING = "getting product prices"


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


def lists_of(work: Work, customer: str) -> list[Document]:
    """The lists that are this customer's, or everybody's, and in force at this moment."""
    now = kept(work.now)
    return [
        each
        for each in work.collection("price_list").rows()
        if (not each["customers"] or customer in each["customers"])
        and (each["since"] is None or each["since"] <= now)
        and (each["until"] is None or now < each["until"])
    ]


def best_price(product: Document, lists: list[Document], quantity: int) -> float:
    """The least of what the product costs and of what every list says for so many."""
    offers = [float(product["price"])]
    for each in lists:
        if product.id in each["percents"]:
            offers.append(product["price"] * (100 - each["percents"][product.id]) / 100)
        offers += [row["price"] for row in each["rows"] if row["product"] == product.id and row["from"] <= quantity]
    return round(min(offers), 2)


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
                    "vatPercent": VAT_PERCENT,
                    "currency": product["currency"],
                }
            )
    return rows
