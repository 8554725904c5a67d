"""Goods and whom they are bought from: products changed and deleted, texts, agreements, purchases that change."""

import pytest

from tests.extend_commerce.house import LAMP, MUG, house, order, row


@pytest.fixture
def extend():
    stood = house()
    yield stood
    assert stood.sound() == []


def change(extend, product=MUG, /, status=200, **more):
    answer = extend.call("PUT", f"/Products/{product}", json={"productNumber": product, "productData": {}} | more)
    assert answer.status_code == status, answer.text
    return extend.read(f"/Products/{product}")


# Products


def test_a_changed_product_keeps_what_was_not_said_and_has_a_change_date(extend):
    extend.advance(60)
    data = {"productName": "Mug, red", "manufacturer": "Rörstrand", "countryOfOrigin": "FI", "enabled": None}
    read = change(extend, productData=data)["productData"]
    assert (read["productName"], read["manufacturer"], read["countryOfOrigin"]) == ("Mug, red", "Rörstrand", "FI")
    assert (read["enabled"], read["productUnit"]) == (True, "ST")
    assert read["productDates"]["changedDate"] == "2026-11-23T13:01:00+01:00"
    [listed] = extend.read("/Products", modifiedDateFrom="2026-11-23T12:01:00")
    assert (listed["productNumber"], listed["manufacturer"]) == (MUG, "Rörstrand")


def test_a_changed_price_is_what_the_lists_say_from_then_on(extend):
    extend.act("set_prices", list="WEB", rows=[])
    rows = [
        {"priceList": "STANDARD", "numberSalesUnits": 1, "price": 90.0, "vatPercent": 12.0},
        {"priceList": "WEB", "numberSalesUnits": 10, "price": 60.0, "vatPercent": 12.0},
    ]
    read = change(extend, productPrices=[{"salesUnit": {"quantity": 1, "unit": "ST"}, "productPriceListRows": rows}])
    assert read["productPrices"][0]["salesUnit"] == {"quantity": 1.0, "unit": "ST"}
    shown = read["productPrices"][0]["productPriceListRows"]
    assert [(each["priceList"], each["numberSalesUnits"], each["price"]) for each in shown] == [
        ("STANDARD", 1, 90.0),
        ("WEB", 10, 60.0),
    ]
    prices = extend.read("/ProductPrices", customerNumber="C-1001", productNumberList=MUG)["productPriceItemList"]
    assert [(each["fromQuantity"], each["price"], each["vatPercent"]) for each in prices] == [
        (1, 90.0, 12.0),
        (10, 60.0, 12.0),
    ]
    assert extend.order(rows=[row(MUG, 10)])["orderRows"][0]["salesData"]["unitPrice"] == 60.0


def test_handlings_are_added_over_the_api_and_never_taken_away(extend):
    for handlings in (["Batch"], ["Rental", "Batch"], []):
        services = change(extend, productData={"productServices": {"productHandlings": handlings}})["productData"]
    assert services["productServices"]["productHandlings"] == ["Batch", "Rental"]


def test_an_annulled_product_says_by_whom_and_when(extend):
    read = change(extend, productData={"annulled": True})["productData"]
    assert (read["annulled"], read["annulledBy"], read["annulledDate"]) == (
        True, "apidemo-user", "2026-11-23T13:00:00+01:00",
    )  # fmt: skip
    assert change(extend, productData={"annulled": False})["productData"]["annulledBy"] is None


def test_a_product_that_nothing_refers_to_is_deleted_with_its_places_texts_and_prices(extend):
    extend.act("add_product", product="CUP", price=10.0)
    extend.act("set_prices", list="WEB", percents={"CUP": 10}, rows=[{"product": "CUP", "from": 5, "price": 1.0}])
    text = {"textType": "Long", "language": "sv", "text": "En kopp"}
    extend.call("POST", "/ProductDescriptions", json={"productNumber": "CUP", "productDescriptionItemList": [text]})
    change(extend, "CUP", productSuppliers=[{"supplierAgreement": "Agreement of APIDEMO"}])
    assert extend.call("DELETE", "/Products/CUP").json() == {"Message": "Product deleted", "Information": "CUP"}
    assert extend.call("GET", "/Products/CUP").status_code == 404
    assert extend.read("/ProductAvailability", productNumber="CUP")["productAvailabilityList"] == []
    for kind in ("description", "product_agreement"):
        assert extend.documents(kind) == []
    assert extend.call("POST", "/CustomerOrders", json=order(rows=[row("CUP")])).status_code == 400
    assert extend.call("DELETE", "/Products/CUP").status_code == 404


@pytest.mark.parametrize("holder", ["goods", "order", "purchase", "offer", "campaign"])
def test_a_product_that_anything_refers_to_is_not_deleted(extend, holder):
    extend.act("add_product", product="CUP", quantity=1 if holder == "goods" else 0)
    if holder == "order":
        extend.order(rows=[row("CUP", 1)])
        extend.act("cancel", order="WEB-1")
    elif holder == "campaign":
        extend.act("set_campaign", campaign="GIFT", gives="CUP", price=0.0, product=MUG)
    elif holder != "goods":
        extend.act({"purchase": "buy", "offer": "make_offer"}[holder], product="CUP", quantity=1)
    before = extend.kept()
    refused = extend.call("DELETE", "/Products/CUP")
    assert (refused.status_code, extend.rule) == (400, "product_in_use")
    assert extend.kept() == before


def test_a_product_has_one_text_for_each_type_and_language(extend):
    def say(*items):
        body = {
            "productNumber": MUG,
            "productDescriptionItemList": [dict(zip(NAMES, each, strict=True)) for each in items],
        }
        return extend.call("POST", "/ProductDescriptions", json=body).json()["productDescriptionItemList"]

    NAMES = ("textType", "language", "text")
    say(("Long", "sv", "Mugg"), ("Long", "en", "Mug"))
    assert [each["text"] for each in say(("Long", "en", "A mug"))] == ["Mugg", "A mug"]
    assert extend.read("/ProductDescriptions", id=MUG)["productNumber"] == MUG
    assert extend.call("DELETE", f"/ProductDescriptions/{MUG}/Long/sv").status_code == 200
    left = extend.read("/ProductDescriptions", id=MUG)["productDescriptionItemList"]
    assert [each["language"] for each in left] == ["en"]
    assert extend.call("DELETE", f"/ProductDescriptions/{MUG}/Long/sv").status_code == 404
    assert extend.call("GET", "/ProductDescriptions", params={"id": "CUP"}).status_code == 404


def test_short_lists_have_the_shapes_of_the_swagger_file(extend):
    assert extend.read("/ProductUnits")[0] == {"productUnitId": 1, "name": "ST", "description": "Styck"}
    assert min(len(each["name"]) for each in extend.read("/Countries")) >= 4
    assert extend.read("/Currencies/SEK") in extend.read("/Currencies")
    assert extend.call("GET", "/Currencies/XXX").status_code == 404
    extend.act("add_project", code="P-7", name="Fair", active=False)
    extend.act("add_reason_code", code="GIFT")
    assert extend.read("/CustomerOrderProjects")["projectList"] == [
        {"project": "P-7", "name": "Fair", "description": None, "active": False}
    ]
    assert extend.read("/CustomerOrderReasonCodes")["reasonCodeList"][0]["reasonCode"] == "GIFT"


# Suppliers

BOUGHT = {
    "productNumber": MUG,
    "supplierAgreementNumber": 1,
    "supplierAgreementName": "Agreement of APIDEMO",
    "country": "CN",
    "supplierProductNumber": "RED-77",
    "price": 21.5,
    "vatPercent": 0,
    "manufacturingLeadTimeHour": 48,
}


def test_an_agreement_is_whose_it_is_in_the_single_one_only(extend):
    extend.act("add_agreement", agreement=7, name="Glass", supplier="S-2")
    listed = extend.read("/SupplierAgreement", active="true")["SupplierAgreementList"]
    assert [(each["supplierAgreementNumber"], "supplierNumber" in each) for each in listed] == [(1, False), (7, False)]
    assert extend.read("/SupplierAgreement", supplierNumber="S-2")["SupplierAgreementList"] == listed[1:]
    assert extend.read("/SupplierAgreement/7")["supplierNumber"] == "S-2"
    assert extend.read("/Supplier/S-2")["name"] == "Glass"
    for path in ("/Supplier/S-9", "/SupplierAgreement/9"):
        assert extend.call("GET", path).status_code == 404


def test_a_product_is_bought_on_an_agreement_changed_found_by_its_change_and_bought_no_more(extend):
    path = f"/ProductSupplierAgreements/{MUG}/1"
    assert extend.call("POST", "/ProductSupplierAgreements", json=BOUGHT).status_code == 200
    assert extend.call("POST", "/ProductSupplierAgreements", json=BOUGHT).status_code == 400
    assert extend.rule == "duplicate_agreement"
    extend.advance(3600)
    assert extend.call("PUT", path, json=BOUGHT | {"price": 20.0}).status_code == 200
    read = extend.read(path)
    assert (read["price"], read["supplierName"], read["changeDate"]) == (
        20.0, "Supplier of APIDEMO", "2026-11-23T14:00:00",
    )  # fmt: skip
    since = {"changeDateFrom": "2026-11-23T13:00:00", "supplierAgreementNumber": 1}
    assert extend.read("/ProductSupplierAgreements", **since)["productSupplierAgreementList"] == [read]
    until = {"changeDateTo": "2026-11-23T12:59:59"}
    assert extend.read("/ProductSupplierAgreements", **until)["productSupplierAgreementList"] == []
    [supplier] = extend.read(f"/Products/{MUG}")["productSuppliers"]
    assert (supplier["supplierAgreement"], supplier["supplierAgreementNumber"]) == ("Agreement of APIDEMO", 1)
    for name, known, other in (("supplierNumber", "S-1", "S-9"), ("supplierProductNumber", "RED-77", "RED-1")):
        assert [each["productNumber"] for each in extend.read("/Products", **{name: known})] == [MUG]
        assert extend.read("/Products", **{name: other}) == []
    promise = extend.call("POST", "/CustomerOrderATP", json=order()).json()["orderRows"][0]
    assert promise["minSupplierLeadTimeHours"] == 48.0
    assert extend.call("DELETE", path).status_code == 200
    assert extend.call("GET", path).status_code == 404


# Purchases


def bought(extend, *rows, **header):
    body = {"header": {"supplier": {"supplierNumber": "S-1"}} | header, "rows": list(rows)}
    answer = extend.call("POST", "/PurchaseOrders", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def line(quantity, product=MUG, **more):
    return {"productNumber": product, "purchaseDataProductUnit": {"quantity": quantity, "unit": "ST"}} | more


def update(extend, number, *rows, status=200, **header):
    body = {"header": {"supplier": {}} | header, "rows": list(rows)}
    answer = extend.call("PUT", f"/PurchaseOrders/{number}", json=body)
    assert answer.status_code == status, answer.text


def test_a_purchase_is_listed_in_short_and_read_whole(extend):
    extend.call("POST", "/ProductSupplierAgreements", json=BOUGHT)
    made = bought(extend, line(24, expectedDeliveryDate="2026-12-01T08:00:00Z"), reference="R-1", notes="Soon")
    number = made["header"]["purchaseNumber"]
    assert extend.read("/PurchaseOrders")["purchaseOrderList"] == [
        {
            "purchaseNumber": number,
            "status": "Ordered",
            "createDate": "2026-11-23T13:00:00+01:00",
            "changeDate": "2026-11-23T13:00:00",
            "warehouse": "MAIN",
            "isOpen": True,
            "isReceived": False,
            "externalOrderNumber": "",
            "supplierNumber": "S-1",
            "supplierName": "Supplier of APIDEMO",
            "supplierOrderNumber": "",
            "shippedDate": None,
        }
    ]
    assert (made["header"]["reference"], made["header"]["supplier"]["supplierAgreementNumber"]) == ("R-1", 1)
    [read] = extend.read(f"/PurchaseOrders/{number}")["rows"]
    assert read["purchaseDataProductUnit"] == {
        "quantity": 24.0, "unit": "ST", "unitPrice": 21.5, "vatPercent": 0.0, "currency": "SEK",
    }  # fmt: skip
    assert (read["supplierProductNumber"], read["expectedDeliveryDate"]) == ("RED-77", "2026-12-01T09:00:00+01:00")


def test_the_next_receiving_is_the_earliest_day_s(extend):
    days = ("2026-12-05", "2026-12-01", "2026-12-01", None)
    bought(extend, *(line(count, expectedDeliveryDate=day) for count, day in enumerate(days, 1)))
    stock = extend.read(f"/ProductAvailability/{MUG}/MAIN")
    assert (stock["nextReceivingDate"], stock["quantityOnNextReceiving"], stock["avaiableOnNextReceiving"]) == (
        "2026-12-01T01:00:00+01:00", 5, 45,
    )  # fmt: skip
    assert stock["totalExpectedReceivingFromPurchase"] == 10
    assert extend.read(f"/ProductAvailability/{LAMP}/MAIN")["nextReceivingDate"] is None


def test_a_purchase_changes_until_it_has_come(extend):
    number = bought(extend, line(10), line(4, LAMP))["header"]["purchaseNumber"]
    extend.act("receive", purchase=number, items={MUG: 2})
    update(extend, number, line(6, position=10), line(3, MUG), supplierOrderNumber="SO-1", reference="R-2")
    assert extend.read(f"/ProductAvailability/{MUG}/MAIN")["totalExpectedReceivingFromPurchase"] == 4 + 3
    update(extend, number, line(4, LAMP, position=20, rowStatus="Cancelled"))
    read = extend.read(f"/PurchaseOrders/{number}")
    assert [(each["position"], each["rowStatus"]) for each in read["rows"]] == [
        (10, "Ordered"),
        (20, "Cancelled"),
        (30, "Ordered"),
    ]
    assert (read["header"]["supplierOrderNumber"], read["header"]["reference"]) == ("SO-1", "R-2")
    before = extend.kept()
    for wrong in (line(1, position=10), line(5, LAMP, position=20), line(6, position=10, rowStatus="Received")):
        update(extend, number, wrong, status=400)
        assert extend.rule == "purchase_row_locked"
    update(extend, number, line(1, position=40), status=400)
    assert extend.rule == "unknown_purchase_row"
    assert extend.kept() == before
    extend.act("receive", purchase=number)
    update(extend, number, status=400)
    assert extend.rule == "purchase_locked"


def test_a_product_is_bought_by_the_supplier_s_number_too(extend):
    extend.call("POST", "/ProductSupplierAgreements", json=BOUGHT)
    asked = {"supplierProductNumber": "RED-77", "purchaseDataProductUnit": {"quantity": 2.0, "unit": "pcs"}}
    assert bought(extend, asked)["rows"][0]["productNumber"] == MUG


def test_blocked_goods_are_written_down_as_such(extend):
    extend.act("block", product=MUG, quantity=5)
    rows = extend.read("/BalanceAdjustments", warehouse="MAIN", eventDateFrom="2026-01-01")["balanceAdjustmentList"]
    assert [(each["eventType"], each["balanceChange"], each["blockedBalanceChange"]) for each in rows][-1] == (
        "Block", 0, 5,
    )  # fmt: skip
