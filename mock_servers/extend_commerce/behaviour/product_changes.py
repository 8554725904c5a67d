"""Products made, changed and deleted over the API.

Members that are left out, or null, stay as they are; handlings are only added here, and taken away in the back office
(ExtendSharp). A product that anything refers to cannot be deleted (assumed).
"""

from typing import Any

from mock_servers.core.fake import Call, Work
from mock_servers.core.filters import Is
from mock_servers.core.refusal import Refusal
from mock_servers.core.store import Document
from mock_servers.core.wire import Reply
from mock_servers.extend_commerce.behaviour.agreements import named, set_bought
from mock_servers.extend_commerce.behaviour.availability import stocks_of
from mock_servers.extend_commerce.behaviour.balances import COUNTS
from mock_servers.extend_commerce.behaviour.base import kept, one, operation, success
from mock_servers.extend_commerce.behaviour.prices import STANDARD, set_price
from mock_servers.extend_commerce.behaviour.products import add_product, change_product, new_product

CREATING, UPDATING = "creating product", "updating product"
NAMES = {
    "productName": "name",
    "productDescription": "description",
    "countryOfOrigin": "origin",
    "cost": "cost",
    "currency": "currency",
    "productUnit": "unit",
    "manufacturer": "manufacturer",
    "manufacturerProductNumber": "manufacturer_number",
    "enabled": "enabled",
}
SUPPLIER_NAMES = {
    "supplierProductNumber": "number",
    "supplierProductName": "name",
    "StatisticalNumber": "statistical",
    "price": "price",
    "vatPercent": "vat",
    "country": "country",
    "manufacturingLeadTimeHour": "hours",
}
HOLDERS = ("order", "purchase", "offer", "return")
"""What has rows of products."""


@operation("createProduct")
def create_product(call: Call) -> Reply:
    number = call.body["productNumber"]
    if call.collection("product").find(number) is not None:
        raise Refusal("duplicate_product", product=number)
    made = new_product(number, kept(call.now))
    add_product(call, made | _members(call, made) | _standard(call))
    _set_lists(call, number)
    _set_suppliers(call, number, CREATING)
    return success("Product created", number)


@operation("updateProduct")
def update_product(call: Call) -> Reply:
    product = one(call, "product", "productNumber", "product")
    if call.body["productNumber"] != product.id:
        raise Refusal("other_number", doing=UPDATING, asked=call.body["productNumber"], number=product.id)
    _set_lists(call, product.id)
    _set_suppliers(call, product.id, UPDATING)
    change_product(call, product, **_members(call, product.body), **_standard(call))
    return success("Product updated", product.id)


def _members(call: Call, before: dict[str, Any]) -> dict[str, Any]:
    """What is said of the product itself, by the names it is kept under."""
    given = {name: value for name, value in call.body["productData"].items() if value is not None}
    members = {member: given[name] for name, member in NAMES.items() if name in given}
    handlings = (given.get("productServices") or {}).get("productHandlings") or []
    members["handlings"] = [*before["handlings"], *(each for each in handlings if each not in before["handlings"])]
    members["handlings"] = list(dict.fromkeys(members["handlings"]))
    groups = given.get("productGroupsAndCategories") or {}
    members["groups"] = before["groups"] | {name: value for name, value in groups.items() if value is not None}
    if "annulled" in given:
        who = call.caller.subject if call.caller else None
        members |= {"annulled": kept(call.now), "annulled_by": who} if given["annulled"] else {}
        members |= {} if given["annulled"] else {"annulled": None, "annulled_by": None}
    return members


def _price_rows(call: Call) -> list[dict[str, Any]]:
    return [row for each in call.body.get("productPrices") or () for row in each["productPriceListRows"]]


def _standard(call: Call) -> dict[str, Any]:
    """Its price in the list that has them all, for one."""
    members: dict[str, Any] = {}
    for row in _price_rows(call):
        if (row["priceList"], row["numberSalesUnits"]) == (STANDARD, 1):
            members = {"price": row["price"], "vat": row["vatPercent"]}
            members |= {"currency": row["currency"]} if row.get("currency") else {}
    return members


def _set_lists(call: Call, product: str) -> None:
    for row in _price_rows(call):
        if (row["priceList"], row["numberSalesUnits"]) != (STANDARD, 1):
            set_price(call, row["priceList"], product, row["numberSalesUnits"], row["price"])


def _set_suppliers(call: Call, product: str, doing: str) -> None:
    for each in call.body.get("productSuppliers") or ():
        members = {member: each[name] for name, member in SUPPLIER_NAMES.items() if each.get(name) is not None}
        set_bought(call, product, named(call, each["supplierAgreement"], doing), members)


@operation("deleteProduct")
def delete_product(call: Call) -> Reply:
    product = one(call, "product", "productNumber", "product")
    if _is_held(call, product.id):
        raise Refusal("product_in_use", product=product.id)
    forget(call, product)
    return success("Product deleted", product.id)


def _is_held(work: Work, number: str) -> bool:
    """By goods of it anywhere, a row of anything, or a campaign."""
    if any(stock[name] for stock in stocks_of(work, number) for name in COUNTS):
        return True
    held = any(
        row["product"] == number for kind in HOLDERS for each in work.collection(kind).rows() for row in each["rows"]
    )
    return held or any(number in {each["product"], each["gives"]} for each in work.collection("campaign").rows())


def forget(work: Work, product: Document) -> None:
    """It is gone, with its places, texts, agreements and prices."""
    for kind in ("stock", "description", "product_agreement"):
        for row in work.collection(kind).rows(Is("product", "=", product.id)):
            work.collection(kind).delete(row.id)
    for each in work.collection("price_list").rows():
        rows = [row for row in each["rows"] if row["product"] != product.id]
        percents = {name: percent for name, percent in each["percents"].items() if name != product.id}
        if rows != each["rows"] or percents != each["percents"]:
            work.collection("price_list").save(each | {"rows": rows, "percents": percents})
    work.collection("product").delete(product.id)
