"""Bad input: the vendor's own refusal, nothing changed, never a 500. And the examples beside the contract, played."""

from typing import Any

import pytest

from contracts import load
from mock_servers.core.fake import Size
from tests.extend_commerce.house import HOME, MUG, VENDOR, V, house, order, row

LEVEL = {"warehouse": "MAIN", "productNumber": MUG}
BUY = {
    "header": {"supplier": {"supplierNumber": "S-1"}},
    "rows": [{"productNumber": MUG, "purchaseDataProductUnit": {"quantity": 1, "unit": "ST"}}],
}
PRODUCT = {"productNumber": MUG, "productData": {}}
PRICES = {
    "salesUnit": {"quantity": 1, "unit": "ST"},
    "productPriceListRows": [{"priceList": "NONE", "numberSalesUnits": 2, "price": 1, "vatPercent": 25}],
}
TEXTS = {"productNumber": MUG, "productDescriptionItemList": [{"textType": "Long", "language": "sv", "text": "x"}]}
BOUGHT = {
    "productNumber": MUG,
    "supplierAgreementNumber": 1,
    "supplierAgreementName": "x",
    "country": "SE",
    "supplierProductNumber": "x",
    "price": 1,
    "vatPercent": 25,
}
COMPLETE = {"action": "ReturnCompleteCustomerOrder", "orderNumber": "1", "returnCode": "A"}
OFFER = {"customerNumber": "C-1001", "partialDelivery": True, "validToDate": "2026-12-24"}


def row_back(product: str, **more: Any) -> dict[str, Any]:
    return {"productNumber": product, "salesData": {"quantity": 1, "unit": "ST"}} | more


BACK = {
    "createAction": {"action": "ReturnProducts"},
    "header": {"customerNumber": "C-1001"},
    "rows": [row_back(MUG)],
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
    ("POST", "/CustomerOrders", order(askedDeliveryDate="2026-13-45"), "invalid_body"),
    ("POST", "/CustomerOrders", order(askedDeliveryDate="9999-12-31T23:59:59Z"), "invalid_body"),
    ("POST", "/CustomerOrders", order(rows=[row(notations={"project": "P-9"})]), "unknown_project"),
    ("POST", "/CustomerOrders", order(rows=[row(notations={"reasonCode": "X"})]), "unknown_reason_code"),
    ("POST", "/CustomerOrders", order(rows=[row(externalRow={"externalRowId": "1"})]), "external_needed"),
    ("POST", "/CustomerOrders", order(orderMetaData=[{"metaDataLabel": "x"}]), "invalid_body"),
    ("PUT", "/WarehouseStockLevels", LEVEL | {"balanceDifference": 1, "code": "X"}, "invalid_body"),
    ("POST", "/CustomerOrderCampaignProcessor", order(customerNumber="C-9"), "unknown_customer"),
    ("POST", "/CustomerOrderCampaignProcessor", order(rows=[row("CUP")]), "unknown_product"),
    ("POST", "/CustomerOrderCampaignProcessor", {}, "invalid_body"),
    ("POST", "/CustomerOrderInvoices", order(orderNumber="1"), "unknown_order"),
    ("POST", "/CustomerOrderInvoices", order(rows=[row("CUP")]), "unknown_product"),
    ("POST", "/CustomerOrderInvoices", order(rows=[row(MUG, 0)]), "invalid_body"),
    ("GET", "/CustomerInvoices?invoiceStatus=Invoiced", None, "invalid_query"),
    ("GET", "/CustomerInvoices?dueDate=2026-13-45", None, "invalid_query"),
    ("PUT", f"/Products/{MUG}", {"productNumber": "CUP", "productData": {}}, "other_number"),
    ("PUT", "/Products/CUP", {"productNumber": "CUP", "productData": {}}, "not_found"),
    ("PUT", f"/Products/{MUG}", PRODUCT | {"productData": {"cost": -1}}, "invalid_body"),
    ("PUT", f"/Products/{MUG}", PRODUCT | {"productPrices": [PRICES]}, "unknown_price_list"),
    ("PUT", f"/Products/{MUG}", PRODUCT | {"productSuppliers": [{"supplierAgreement": "X"}]}, "unknown_agreement"),
    ("POST", "/Products", {"productNumber": "CUP", "productData": {}, "productPrices": [PRICES]}, "unknown_price_list"),
    ("DELETE", f"/Products/{MUG}", None, "product_in_use"),
    ("DELETE", "/Products/CUP", None, "not_found"),
    ("POST", "/ProductDescriptions", TEXTS | {"productNumber": "CUP"}, "unknown_product"),
    ("POST", "/ProductDescriptions", TEXTS | {"productDescriptionItemList": []}, "invalid_body"),
    ("GET", "/ProductDescriptions", None, "invalid_query"),
    ("DELETE", f"/ProductDescriptions/{MUG}/Long/sv", None, "not_found"),
    ("POST", "/ProductSupplierAgreements", BOUGHT | {"productNumber": "CUP"}, "unknown_product"),
    ("POST", "/ProductSupplierAgreements", BOUGHT | {"supplierAgreementNumber": 9}, "unknown_agreement"),
    ("POST", "/ProductSupplierAgreements", BOUGHT | {"country": "S"}, "invalid_body"),
    ("PUT", f"/ProductSupplierAgreements/{MUG}/1", BOUGHT, "not_found"),
    ("DELETE", f"/ProductSupplierAgreements/{MUG}/1", None, "not_found"),
    ("GET", "/ProductSupplierAgreements?supplierAgreementNumber=one", None, "invalid_query"),
    ("POST", "/ReturnOrders", {"createAction": {"action": "ReturnEverything"}}, "invalid_body"),
    ("POST", "/ReturnOrders", {}, "invalid_body"),
    ("POST", "/ReturnOrders", {"createAction": COMPLETE}, "unknown_order"),
    ("POST", "/ReturnOrders", {"createAction": COMPLETE | {"orderNumber": None}}, "needed"),
    ("POST", "/ReturnOrders", {"createAction": {"action": "ReturnProducts"}}, "needed"),
    ("POST", "/ReturnOrders", BACK | {"header": {"customerNumber": "C-9"}}, "unknown_customer"),
    (
        "POST",
        "/ReturnOrders",
        BACK | {"header": {"customerNumber": "C-1001", "warehouse": "MOON"}},
        "unknown_warehouse",
    ),
    ("POST", "/ReturnOrders", BACK | {"rows": [row_back("CUP")]}, "unknown_product"),
    ("POST", "/ReturnOrders", BACK | {"rows": [row_back(MUG, returnCode="Z")]}, "unknown_return_code"),
    ("GET", "/ReturnOrders/1", None, "not_found"),
    ("GET", "/ReturnOrders?IsOpen=perhaps", None, "invalid_query"),
    ("PUT", "/Offers/1", {"offerHeader": OFFER, "offerRows": []}, "not_found"),
    ("PUT", "/Offers/1", {"offerHeader": {}, "offerRows": []}, "invalid_body"),
    ("PUT", "/PurchaseOrders/RP-1", {"header": {"supplier": {}}, "rows": []}, "not_found"),
    ("PUT", "/PurchaseOrders/RP-1", {"header": {}, "rows": []}, "invalid_body"),
    ("GET", "/Currencies/XXX", None, "not_found"),
    ("GET", "/Supplier/S-9", None, "not_found"),
    ("GET", "/SupplierAgreement/9", None, "not_found"),
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


def test_a_report_that_support_has_set_up_is_in_no_source_and_says_so():
    answer = house().call("GET", "/GenericReports", params={"reportId": "7a0c2c1e-5d0f-4f0e-9e55-0b6a3f6f1a11"})
    assert (answer.status_code, answer.json()["seatrial"]["unbuilt"]) == (501, "getReport")


def test_paths_mind_no_case_and_the_installation_s_name_neither():
    extend = house()
    number = extend.order()["orderHeader"]["orderNumber"]
    for path in (f"/customerorders/{number}", f"{V.lower()}/CUSTOMERORDERS/{number}"):
        assert extend.call("GET", path).status_code == 200


def test_limits_are_by_family_and_told_with_the_second_they_end():
    extend = house(calls_a_minute=None)
    asked = {
        "/CustomerOrders": 300,
        "/Products": 300,
        "/ReturnOrders": 300,
        "/SupplierAgreement": 300,
        "/Countries": 1000,
        "/Currencies": 1000,
        "/CustomerOrderProjects": 1000,
        "/ReturnOrderRowCodes": 1000,
        "/GenericReports?reportId=7a0c2c1e-5d0f-4f0e-9e55-0b6a3f6f1a11": 60,
        "/ProductSupplierAgreements": 1_000_000,
    }
    for path, limit in asked.items():
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
OWN = {
    "orderNumber",
    "orderDate",
    "createDate",
    "changeDate",
    "statusChangeDate",
    "orderRowId",
    "returnOrderRowId",
    "customerNumber",
}
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
