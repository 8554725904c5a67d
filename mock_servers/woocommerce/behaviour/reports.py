"""Counts: how many of each kind the store has, and which counts there are (REST API docs: Reports)."""

from mock_servers.core.fake import Call
from mock_servers.core.filters import All, Is
from mock_servers.core.wire import Reply
from mock_servers.woocommerce.behaviour.base import API, Json, answer, fake, links

REPORTS = {
    "sales": "List of sales reports.",
    "top_sellers": "List of top sellers products.",
    "orders/totals": "Orders totals.",
    "products/totals": "Products totals.",
    "customers/totals": "Customers totals.",
    "coupons/totals": "Coupons totals.",
    "reviews/totals": "Reviews totals.",
    "categories/totals": "Categories totals.",
    "tags/totals": "Tags totals.",
    "attributes/totals": "Attributes totals.",
}
"""As core lists them; of the last three it has no route."""
PRODUCT_TYPES = {
    "external": "External/Affiliate product",
    "grouped": "Grouped product",
    "simple": "Simple product",
    "variable": "Variable product",
}
DISCOUNTS = {
    "percent": "Percentage discount",
    "fixed_cart": "Fixed cart discount",
    "fixed_product": "Fixed product discount",
}


@fake.operation("listReports")
def list_reports(call: Call) -> Reply:
    path = f"{API}/reports"
    rows = [
        {"slug": slug, "description": said, "_links": links(call, f"{path}/{slug}", path)}
        for slug, said in REPORTS.items()
    ]
    return answer(call, 200, rows)


@fake.operation("getProductTotals")
def product_totals(call: Call) -> Reply:
    """Published products by their type; variations are none of these."""
    rows = call.collection("product")
    return _totals(
        call,
        {
            slug: (name, rows.count(All(Is("type", "=", slug), Is("status", "=", "publish"))))
            for slug, name in PRODUCT_TYPES.items()
        },
    )


@fake.operation("getCustomerTotals")
def customer_totals(call: Call) -> Reply:
    customers = call.collection("customer").rows()
    paying = sum(row["is_paying_customer"] for row in customers)
    said = {"paying": ("Paying customer", paying), "non_paying": ("Non-paying customer", len(customers) - paying)}
    return _totals(call, said)


@fake.operation("getCouponTotals")
def coupon_totals(call: Call) -> Reply:
    rows = call.collection("coupon")
    return _totals(
        call,
        {
            slug: (name, rows.count(All(Is("discount_type", "=", slug), Is("status", "=", "publish"))))
            for slug, name in DISCOUNTS.items()
        },
    )


def _totals(call: Call, counted: dict[str, tuple[str, int]]) -> Reply:
    rows: list[Json] = [{"slug": slug, "name": name, "total": total} for slug, (name, total) in counted.items()]
    return answer(call, 200, rows)
