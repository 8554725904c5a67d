"""Products: a list with one row for each warehouse (Q4), whose change date is not set at creation (Q8)."""

from typing import Any

from mock_servers.core.fake import Call, Work
from mock_servers.core.filters import Condition, Is
from mock_servers.core.store import Document
from mock_servers.core.wire import Reply
from mock_servers.extend_commerce.behaviour.availability import stocks_of
from mock_servers.extend_commerce.behaviour.balances import available, new_stock
from mock_servers.extend_commerce.behaviour.base import (
    CURRENCY,
    UNIT,
    VAT_PERCENT,
    between,
    equal,
    every,
    kept,
    one,
    operation,
    page_of_rows,
    shown,
    shown_or_none,
)
from mock_servers.extend_commerce.behaviour.hooks import tell
from mock_servers.extend_commerce.behaviour.prices import price_rows


@operation("listProducts")
def list_products(call: Call) -> Reply:
    """`modifiedDateFrom` misses products that were created and never changed: their change date is empty (Q8)."""
    conditions: list[Condition] = equal(call, id="productNumber", mode="supplyMode")
    conditions += between(call, "changed", "modifiedDateFrom", "modifiedDateTo")
    if "productName" in call.query:
        conditions.append(Is("name", "contains", call.query["productName"]))
    if "productProperty" in call.query:
        conditions.append(Is("id", "=", ""))  # no product here has any
    if call.query.keys() & {"supplierNumber", "supplierProductNumber"}:
        conditions.append(Is("id", "in", _bought_there(call)))
    rows = []
    for product in call.collection("product").rows(every(conditions)):
        for stock in stocks_of(call, product.id):
            if call.query.get("warehouse", stock["warehouse"]) == stock["warehouse"]:
                rows.append(_row(call, product, stock))
    return page_of_rows(call, rows)


def _bought_there(call: Call) -> tuple[str, ...]:
    """Numbers of products that a supplier has, or has under a number of its own."""
    wanted = equal(call, number="supplierProductNumber")
    if "supplierNumber" in call.query:
        whose = Is("supplier", "=", call.query["supplierNumber"])
        numbers = tuple(int(each.id) for each in call.collection("agreement").rows(whose))
        wanted.append(Is("agreement", "in", numbers))
    return tuple(row["product"] for row in call.collection("product_agreement").rows(every(wanted)))


def _row(work: Work, product: Document, stock: Document) -> dict[str, Any]:
    groups = product["groups"]
    return {
        "productNumber": product.id,
        "productName": product["name"],
        "createDate": shown(work, product["created"]),
        "productUnit": product["unit"],
        "cost": float(product["cost"]),
        "currency": product["currency"],
        "countryOfOrigin": product["origin"],
        "supplyMode": product["mode"],
        "manufacturer": product["manufacturer"],
        "manufacturerProductNumber": product["manufacturer_number"],
        "gtinNumberList": product["gtin"],
        "warehouse": stock["warehouse"],
        "statisticalCategory1": None,
        "statisticalCategory2": None,
        "statisticalCategory3": None,
        "availableBalance": available(stock),
        "enabled": product["enabled"],
        "productGroupsAndCategories": {name: groups.get(name) for name in ("companyGroup", "financialCategory")},
    }


@operation("getProduct")
def get_product(call: Call) -> Reply:
    product = one(call, "product", "productNumber", "product")
    detail = {
        "productName": product["name"],
        "productDescription": product["description"],
        "countryOfOrigin": product["origin"],
        "cost": float(product["cost"]),
        "currency": product["currency"],
        "enabled": product["enabled"],
        "annulled": product["annulled"] is not None,
        "annulledBy": product["annulled_by"],
        "annulledDate": shown_or_none(call, product["annulled"]),
        "productUnit": product["unit"],
        "productGTINumber": product["gtin"],
        "manufacturer": product["manufacturer"],
        "manufacturerProductNumber": product["manufacturer_number"],
        "productServices": {"supplyMode": product["mode"], "productHandlings": product["handlings"]},
        "productGroupsAndCategories": product["groups"],
        "productDates": {
            "createdDate": shown(call, product["created"]),
            "changedDate": shown_or_none(call, product["changed"]),
        },
    }
    prices = {"salesUnit": {"quantity": 1.0, "unit": product["unit"]}, "calculateSalesUnits": False}
    answer = {
        "productNumber": product.id,
        "productData": detail,
        "productPrices": [prices | {"productPriceListRows": price_rows(call, product)}],
        "productWarehouses": [{"warehouse": stock["warehouse"]} for stock in stocks_of(call, product.id)],
        "productSuppliers": [
            _supplier(call, row) for row in call.collection("product_agreement").rows(Is("product", "=", product.id))
        ],
    }
    return Reply(200, answer)


def _supplier(work: Work, row: Document) -> dict[str, Any]:
    """Where it is bought: by the agreement's name, unlike elsewhere; and one member has a capital (Q11)."""
    agreement = work.collection("agreement").get(str(row["agreement"]))
    return {
        "supplierAgreement": agreement["name"],
        "supplierProductNumber": row["number"],
        "supplierProductName": row["name"],
        "StatisticalNumber": row["statistical"],
        "price": float(row["price"]),
        "vatPercent": float(row["vat"]),
        "country": row["country"],
        "manufacturingLeadTimeHour": row["hours"],
        "supplierAgreementNumber": row["agreement"],
        "supplierCurrency": agreement["currency"],
    }


def new_product(number: str, created: str, **given: Any) -> dict[str, Any]:
    """A product with whatever was not given filled in. Its change date stays empty until somebody changes it (Q8)."""
    usual: dict[str, Any] = {
        "name": number,
        "description": None,
        "cost": 0,
        "price": 0,
        "vat": VAT_PERCENT,
        "currency": CURRENCY,
        "unit": UNIT,
        "gtin": None,
        "mode": "Warehouse",
        "origin": "SE",
        "manufacturer": None,
        "manufacturer_number": None,
        "handlings": [],
        "groups": {},
        "enabled": True,
        "annulled": None,
        "annulled_by": None,
    }
    return {"id": number, "created": created, "changed": None} | usual | given


def add_product(work: Work, product: dict[str, Any]) -> Document:
    """Keep it, with an empty place in every warehouse."""
    made = work.collection("product").add(product)
    for warehouse in work.collection("warehouse").rows():
        work.collection("stock").add(new_stock(warehouse, product["id"], kept(work.now)))
    tell(work, "ProductCreated", ProductNumber=product["id"])
    return made


def change_product(work: Work, product: Document, **members: Any) -> None:
    """Somebody changes master data: from here on it has a change date."""
    work.collection("product").save(product | members | {"changed": kept(work.now)})
    tell(work, "ProductChanged", ProductNumber=product.id)
