"""Products: a list with one row for each warehouse (Q4), whose change date is not set at creation (Q8)."""

from typing import Any

from mock_servers.core.fake import Call, Work
from mock_servers.core.filters import Condition, Is
from mock_servers.core.refusal import Refusal
from mock_servers.core.store import Document
from mock_servers.core.wire import Reply
from mock_servers.extend_commerce.behaviour.availability import stocks_of
from mock_servers.extend_commerce.behaviour.balances import available, new_stock
from mock_servers.extend_commerce.behaviour.base import (
    between,
    equal,
    every,
    kept,
    one,
    operation,
    page_of_rows,
    shown,
    success,
)
from mock_servers.extend_commerce.behaviour.hooks import tell

UNIT, CURRENCY, VAT_PERCENT = "ST", "SEK", 25.0
UNITS = ({"productUnitId": "ST", "name": "Styck", "description": "Piece"}, {"productUnitId": "FRP", "name": "Paket"})


@operation("listProducts")
def list_products(call: Call) -> Reply:
    """`modifiedDateFrom` misses products that were created and never changed: their change date is empty (Q8)."""
    conditions: list[Condition] = equal(call, id="productNumber", mode="supplyMode")
    conditions += between(call, "changed", "modifiedDateFrom", "modifiedDateTo")
    if "productName" in call.query:
        conditions.append(Is("name", "contains", call.query["productName"]))
    if call.query.keys() & {"supplierNumber", "supplierProductNumber", "productProperty"}:
        conditions.append(Is("id", "=", ""))  # no product here has any
    rows = []
    for product in call.collection("product").rows(every(conditions)):
        for stock in stocks_of(call, product.id):
            if call.query.get("warehouse", stock["warehouse"]) == stock["warehouse"]:
                rows.append(_row(call, product, stock))
    return page_of_rows(call, rows)


def _row(work: Work, product: Document, stock: Document) -> dict[str, Any]:
    return {
        "productNumber": product.id,
        "productName": product["name"],
        "createDate": shown(work, product["created"]),
        "productUnit": product["unit"],
        "cost": float(product["cost"]),
        "currency": product["currency"],
        "countryOfOrigin": "SE",
        "supplyMode": product["mode"],
        "gtinNumberList": product["gtin"],
        "warehouse": stock["warehouse"],
        "availableBalance": available(stock),
        "enabled": product["enabled"],
    }


@operation("getProduct")
def get_product(call: Call) -> Reply:
    product = one(call, "product", "productNumber", "product")
    changed = product["changed"]
    row = {
        "priceList": "STANDARD",
        "numberSalesUnits": 1,
        "price": float(product["price"]),
        "vatPercent": VAT_PERCENT,
        "currency": product["currency"],
    }
    detail = {
        "productName": product["name"],
        "productDescription": product["description"],
        "cost": float(product["cost"]),
        "currency": product["currency"],
        "enabled": product["enabled"],
        "annulled": False,
        "productUnit": product["unit"],
        "productGTINumber": product["gtin"],
        "productServices": {"supplyMode": product["mode"], "productHandlings": []},
        "productDates": {
            "createdDate": shown(call, product["created"]),
            "changedDate": shown(call, changed) if changed else None,
        },
    }
    supplier = {
        "supplierAgreement": "1",
        "supplierProductNumber": product.id,
        "StatisticalNumber": None,
        "price": float(product["cost"]),
    }
    answer = {
        "productNumber": product.id,
        "productData": detail,
        "productPrices": [
            {"salesUnit": product["unit"], "calculateSalesUnits": False, "productPriceListRows": [row]},
        ],
        "productWarehouses": [{"warehouse": stock["warehouse"]} for stock in stocks_of(call, product.id)],
        "productSuppliers": [supplier],
    }
    return Reply(200, answer)


@operation("createProduct")
def create_product(call: Call) -> Reply:
    body = call.body
    if call.collection("product").find(body["productNumber"]) is not None:
        raise Refusal("duplicate_product", product=body["productNumber"])
    given = {name: value for name, value in body["productData"].items() if value is not None}
    add_product(
        call,
        new_product(
            body["productNumber"],
            kept(call.now),
            name=given.get("productName", body["productNumber"]),
            description=given.get("productDescription"),
            cost=given.get("cost", 0),
            currency=given.get("currency", CURRENCY),
            unit=given.get("productUnit", UNIT),
            gtin=given.get("productGTINumber"),
            enabled=given.get("enabled", True),
        ),
    )
    return success("Product created", body["productNumber"])


def new_product(number: str, created: str, **given: Any) -> dict[str, Any]:
    """A product with whatever was not given filled in. Its change date stays empty until somebody changes it (Q8)."""
    usual = {
        "name": number,
        "description": None,
        "cost": 0,
        "price": 0,
        "currency": CURRENCY,
        "unit": UNIT,
        "gtin": None,
        "mode": "Warehouse",
        "enabled": True,
    }
    return {"id": number, "created": created, "changed": None} | usual | given


def add_product(work: Work, product: dict[str, Any]) -> None:
    """Keep it, with an empty place in every warehouse."""
    work.collection("product").add(product)
    for warehouse in work.collection("warehouse").rows():
        work.collection("stock").add(new_stock(warehouse, product["id"], kept(work.now)))
    tell(work, "ProductCreated", ProductNumber=product["id"])


def change_product(work: Work, product: Document, **members: Any) -> None:
    """Somebody changes master data: from here on it has a change date."""
    work.collection("product").save(product | members | {"changed": kept(work.now)})
    tell(work, "ProductChanged", ProductNumber=product.id)


@operation("listUnits")
def list_units(call: Call) -> Reply:  # noqa: ARG001 - the same for everybody
    return Reply(200, list(UNITS))


@operation("listCountries")
def list_countries(call: Call) -> Reply:  # noqa: ARG001 - the same for everybody
    names = {"SE": "Sverige", "NO": "Norge", "DK": "Danmark", "FI": "Finland", "DE": "Tyskland", "US": "USA"}
    return Reply(200, [{"countryId": id, "name": name} for id, name in names.items()])
