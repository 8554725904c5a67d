"""Bad input: the vendor's own refusal, nothing changed, never a 500. And the examples beside the contract, played."""

from typing import Any

import pytest

from contracts import load
from mock_servers.core.fake import Size
from tests.extend_commerce.house import HOME, MUG, VENDOR, V, house, order, row

LEVEL = {"warehouse": "MAIN", "productNumber": MUG}
BUY = {
    "header": {"supplier": {"supplierNumber": "S-1"}},
    "rows": [{"productNumber": MUG, "purchaseDataProductUnit": {"quantity": 1}}],
}
WRONG: list[tuple[str, str, Any, str]] = [
    ("POST", "/CustomerOrders", order(customerNumber="C-9"), "unknown_customer"),
    ("POST", "/CustomerOrders", order(rows=[row("CUP")]), "unknown_product"),
    ("POST", "/CustomerOrders", order(rows=[row(MUG), row(MUG, warehouse="MOON")]), "unknown_warehouse"),
    ("POST", "/CustomerOrders", order(rows=[row(MUG, 0)]), "invalid_body"),
    ("POST", "/CustomerOrders", order(rows=[row(MUG, 10**30)]), "invalid_body"),
    ("POST", "/CustomerOrders", order(rows=[]) | {"orderRows": []}, "invalid_body"),
    ("POST", "/CustomerOrders", order(deliveryAddress=HOME | {"countryCode": "SWE"}), "invalid_body"),
    ("POST", "/CustomerOrders", order(orderType="Gift"), "invalid_body"),
    ("POST", "/CustomerOrders", order(reviewReasonNotes="x" * 501), "invalid_body"),
    ("POST", "/CustomerOrders", [], "invalid_body"),
    ("PUT", "/CustomerOrders/1", {"orderHeader": {}, "orderRows": []}, "not_found"),
    ("DELETE", "/CustomerOrders/1", None, "not_found"),
    ("POST", "/WarehouseStockLevels", LEVEL | {"balance": -1}, "invalid_body"),
    ("POST", "/WarehouseStockLevels", LEVEL | {"balance": 1, "warehouse": "MOON"}, "unknown_warehouse"),
    ("PUT", "/WarehouseStockLevels", LEVEL | {"balanceDifference": -41}, "balance_out_of_range"),
    ("PUT", "/WarehouseStockLevels", LEVEL | {"balanceDifference": 1, "productNumber": "CUP"}, "unknown_product"),
    ("POST", "/Products", {"productNumber": MUG, "productData": {}}, "duplicate_product"),
    ("POST", "/PurchaseOrders", BUY | {"header": {"supplier": {"supplierNumber": "S-9"}}}, "unknown_supplier"),
    ("POST", "/PurchaseOrders", BUY | {"rows": []}, "invalid_body"),
    ("GET", "/ProductPrices", None, "invalid_query"),
    ("GET", "/ProductPrices?customerNumber=C-9", None, "unknown_customer"),
    ("GET", "/ProductPrices?customerNumber=C-1001" + 11 * f"&productNumberList={MUG}", None, "too_many_products"),
    ("GET", "/WarehouseStockLevels", None, "invalid_query"),
    ("GET", "/BalanceAdjustments?warehouse=MAIN", None, "invalid_query"),
    ("GET", "/CustomerOrders?modifiedDateFrom=yesterday", None, "invalid_query"),
    ("GET", "/CustomerOrders?modifiedDateFrom=2026-13-45", None, "invalid_query"),
    ("GET", "/PurchaseOrders?changeDateTo=0000-01-01", None, "invalid_query"),
    ("GET", "/CustomerOrders?orderStatus=Delivered", None, "invalid_query"),
    ("GET", "/RESTAPI/v1_0/OTHER/Products", None, "foreign_client"),
    ("GET", "/RESTAPI/reports/OTHER/OrderRows?changeDate=2026-11-23", None, "foreign_client"),
    ("GET", "/RESTAPI/reports/APIDEMO/OrderRows?changeDate=2026-11-23&toChangeDate=2026-11-01", None, "invalid_query"),
    ("PATCH", "/Products", None, "wrong_method"),
    ("GET", "/Nothing", None, "route_not_found"),
]


@pytest.mark.parametrize(
    ("method", "path", "body", "rule"), WRONG, ids=[f"{each[0]} {each[1][:40]} {each[3]}" for each in WRONG]
)
def test_what_is_wrong_is_refused_in_the_vendor_s_words_and_changes_nothing(method, path, body, rule):
    extend = house()
    before = extend.kept()
    answer = extend.call(method, path, json=body)
    assert extend.rule == rule
    assert 400 <= answer.status_code < 500
    assert answer.json()["Message"]
    assert extend.kept() == before


def test_paths_mind_no_case_and_the_installation_s_name_neither():
    extend = house()
    number = extend.order()["orderHeader"]["orderNumber"]
    for path in (f"/customerorders/{number}", f"{V.lower()}/CUSTOMERORDERS/{number}"):
        assert extend.call("GET", path).status_code == 200


def test_limits_are_by_family_and_told_with_the_second_they_end():
    extend = house(calls_a_minute=None)
    for path, limit in (("/CustomerOrders", 300), ("/Products", 300), ("/Countries", 1000)):
        answer = extend.call("GET", path)
        assert (answer.headers["x-ratelimit-limit"], answer.headers["x-ratelimit-remaining"]) == (
            str(limit),
            str(limit - 1),
        )
    reset = answer.headers["x-ratelimit-reset"]
    for _ in range(299):
        last = extend.call("GET", "/CustomerOrders/1")
    assert (last.status_code, last.headers["x-ratelimit-remaining"]) == (404, "0")
    refused = extend.call("GET", "/CustomerOrders")
    assert (refused.status_code, refused.headers["x-ratelimit-reset"], "retry-after" in refused.headers) == (
        429,
        reset,
        False,
    )
    assert extend.call("GET", "/Products").status_code == 200, "another family"
    extend.advance(60)
    assert extend.call("GET", "/CustomerOrders").status_code == 200


# Examples

EXAMPLES = {example["file"]: example for example in load(VENDOR).examples}
OWN = {"orderNumber", "orderDate", "changeDate", "orderRowId", "customerNumber"}
"""What every world has of its own."""


def plain(value: Any) -> Any:
    match value:
        case dict():
            return {name: type(item).__name__ if name in OWN else plain(item) for name, item in value.items()}
        case list():
            return [plain(item) for item in value]
    return value


@pytest.mark.parametrize("file", EXAMPLES)
def test_an_example_is_answered_as_it_says(file):
    request, response = EXAMPLES[file]["request"], EXAMPLES[file]["response"]
    extend = house(Size(orders=20, products=3))
    answer = extend.call(request["method"], request["path"], json=request.get("body"))
    assert (answer.status_code, plain(answer.json())) == (response["status"], plain(response["body"]))
