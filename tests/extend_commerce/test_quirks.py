"""The quirks that bite integrators, one after the other: each is a behaviour of the fake."""

import httpx
import pytest

from mock_servers.core.fake import Size
from tests.extend_commerce.house import HOME, KEY, LAMP, MUG, V, house, order, row, shown


@pytest.fixture
def extend():
    stood = house()
    yield stood
    assert stood.sound() == []


def test_q1_the_password_is_taken_in_its_own_header_and_in_the_usual_one():
    for name, status in (("ExtendBasicAuthorization", 200), ("Authorization", 200), ("X-Authorization", 401)):
        stood = house()
        stood.client.headers.pop("ExtendBasicAuthorization")
        assert stood.call("GET", "/Countries", headers={name: KEY["ExtendBasicAuthorization"]}).status_code == status


def test_q1_a_reader_may_read_and_nothing_else(extend):
    reader = {"ExtendBasicAuthorization": shown("apidemo-reader", "YOUR_OTHER_PASSWORD")}
    assert extend.call("GET", "/Products", headers=reader).status_code == 200
    refused = extend.call("POST", "/CustomerOrders", json=order(), headers=reader)
    assert (refused.status_code, extend.rule) == (403, "missing_scope")
    assert extend.documents("order") == []


def test_q2_page_offset_is_an_index_from_nought_and_page_number_counts_from_one(extend):
    numbers = [extend.order(f"WEB-{n}")["orderHeader"]["orderNumber"] for n in range(3)]
    first = extend.read("/CustomerOrders", pageCount=2, pageOffset=0)
    second = extend.read("/CustomerOrders", pageCount=2, pageOffset=1)
    assert [each["orderNumber"] for each in first + second] == numbers
    assert extend.read("/ProductAvailability", pageNumber=1)["paginationInfo"]["currentPage"] == 1
    assert extend.call("GET", "/ProductAvailability", params={"pageNumber": 0}).status_code == 400


def test_q3_orders_and_products_are_bare_and_every_other_list_has_a_key_of_its_own(extend):
    for path in ("/CustomerOrders", "/Products"):
        assert isinstance(extend.read(path), list)
    keys = {
        "/ProductAvailability": "productAvailabilityList",
        "/Customers": "customerList",
        "/PurchaseOrders": "purchaseOrderList",
        "/Supplier": "SupplierList",
    }
    for path, key in keys.items():
        answer = extend.read(path)
        assert list(answer) == [key, "paginationInfo"]
        assert answer["paginationInfo"] | {"totalResources": 0, "totalPages": 0} == {
            "currentPage": 1, "totalPages": 0, "pageSize": 100, "totalResources": 0, "message": None,
        }  # fmt: skip


def test_q4_a_product_is_listed_once_for_each_warehouse(extend):
    extend.act("add_warehouse", warehouse="SOUTH")
    rows = [(each["productNumber"], each["warehouse"], each["availableBalance"]) for each in extend.read("/Products")]
    assert rows == [(MUG, "MAIN", 40), (MUG, "SOUTH", 0), (LAMP, "MAIN", 3), (LAMP, "SOUTH", 0)]
    assert len(extend.read("/Products", warehouse="SOUTH")) == 2


def test_q5_a_list_of_many_orders_without_a_filter_times_out_and_with_a_date_it_does_not(extend):
    extend.world.settings["extend_commerce.unfiltered_orders_maximum"] = 2
    for number in range(3):
        assert extend.call("GET", "/CustomerOrders").status_code == 200
        extend.order(f"WEB-{number}")
    refused = extend.call("GET", "/CustomerOrders")
    assert refused.status_code == 400
    assert "Timeout Expired" in refused.json()["Message"]
    assert len(extend.read("/CustomerOrders", modifiedDateFrom="2026-01-01T00:00:00")) == 3


def test_q6_400_is_for_what_is_not_there_too_and_for_what_passes(extend):
    absent = extend.call("GET", "/PurchaseOrders/RP-1")
    row_zero = "There is no row at position 0."
    assert (absent.status_code, absent.json()) == (400, {"Message": f"Error getting purchase order: {row_zero}"})
    assert extend.call("GET", "/CustomerOrders/1").status_code == 404
    extend.world.settings["extend_commerce.not_found_status"] = 400
    answer = extend.call("GET", "/CustomerOrders/1")
    assert (answer.status_code, answer.json()) == (400, {"Message": f"Error getting customer order: {row_zero}"})
    extend.faults.next("listOrders", "refuse", error="deadlock")
    deadlock = extend.call("GET", "/CustomerOrders")
    assert deadlock.status_code == 400
    assert "Rerun the transaction" in deadlock.json()["Message"]
    assert extend.call("GET", "/CustomerOrders").status_code == 200


def test_q7_who_keeps_every_cookie_is_refused_in_the_end_and_who_keeps_none_never(extend):
    kept = httpx.Client(transport=extend.sandbox.transport("extend_commerce"), base_url="http://x.test", headers=KEY)
    statuses = [kept.get(f"{V}/Countries").status_code for _ in range(230)]
    assert (statuses[0], statuses[-1]) == (200, 400)
    assert 200 <= statuses.index(400) <= 202
    assert {extend.call("GET", "/Countries").status_code for _ in range(230)} == {200}


def test_q8_a_new_product_is_missed_by_its_change_date_until_somebody_changes_it(extend):
    assert extend.read("/Products", modifiedDateFrom="2000-01-01") == []
    extend.act("change_product", product=MUG, name="Mug")
    assert [each["productNumber"] for each in extend.read("/Products", modifiedDateFrom="2000-01-01")] == [MUG]
    assert extend.read(f"/Products/{LAMP}")["productData"]["productDates"]["changedDate"] is None


def test_q9_the_change_dates_of_purchases_mind_no_time_of_day(extend):
    extend.act("buy", product=MUG, quantity=5)  # at noon UTC, one o'clock there
    found = lambda **query: len(extend.read("/PurchaseOrders", **query)["purchaseOrderList"])  # noqa: E731
    assert found(changeDateFrom="2026-11-23T23:00:00Z") == 0, "tomorrow there"
    assert found(changeDateFrom="2026-11-23T18:00:00") == 1, "the hour is not heeded"
    assert found(changeDateTo="2026-11-23T18:00:00") == 0, "until today is until today began"
    assert found(changeDateTo="2026-11-24") == 1, "so one asks until tomorrow"


def test_q10_moments_are_swedish_with_an_offset_but_for_balances_and_purchases(extend):
    extend.advance(0.25)
    assert extend.order()["orderHeader"]["orderDate"] == "2026-11-23T13:00:00.25+01:00"
    stock = extend.read("/ProductAvailability", productNumber=MUG)["productAvailabilityList"][0]
    assert stock["changeDate"] == "2026-11-23T13:00:00.25"
    extend.act("buy", product=MUG, quantity=5)
    listed = extend.read("/PurchaseOrders")["purchaseOrderList"][0]
    assert (listed["createDate"], listed["changeDate"]) == ("2026-11-23T13:00:00.25+01:00", "2026-11-23T13:00:00.25")


@pytest.mark.parametrize(
    ("asked", "found"), [("12:00:00", 1), ("12:00:01", 0), ("12:00:00Z", 1), ("13:00:00%2B01:00", 1)]
)
def test_q10_a_moment_without_an_offset_is_asked_in_utc(extend, asked, found):
    extend.order()
    assert len(extend.read(f"/CustomerOrders?modifiedDateFrom=2026-11-23T{asked}")) == found


def test_q11_misspelled_names_are_what_is_read_and_written(extend):
    point = {"deliveryLocationId ": "L1", "provider": "DHL"}
    header = {"delieryPhoneNumber": "08-1", "deliveryPhoneNumber": "08-2", "servicePoint": point}
    answer = extend.order(**header)["orderHeader"]
    assert answer["delieryPhoneNumber"] == "08-1"
    assert "deliveryPhoneNumber" not in answer
    assert answer["servicePoint"]["deliveryLocationId "] == "L1"
    trimmed = extend.call("POST", "/CustomerOrders", json=order("WEB-9", servicePoint={"deliveryLocationId": "L1"}))
    assert trimmed.status_code == 400, "the blank belongs to the name"
    extend.order("WEB-8", rows=[row(MUG, 1)], orderType="AgreedOrder")
    [agreed] = extend.read("/AgreedOrderAvailability")["agreedOrderAvailabilityList"]
    assert agreed["agreedOrders"][0]["orderedByCustomer "] == "C-1001"
    bought = {"supplierAgreement": "Agreement of APIDEMO", "StatisticalNumber": "8471"}
    changed = {"productNumber": MUG, "productData": {}, "productSuppliers": [bought]}
    assert extend.call("PUT", f"/Products/{MUG}", json=changed).status_code == 200
    assert "invoiceAdressGLN" in answer
    assert "avaiableOnNextReceiving" in extend.read(f"/ProductAvailability/{MUG}/MAIN")
    assert extend.read(f"/Products/{MUG}")["productSuppliers"][0]["StatisticalNumber"] == "8471"
    statuses = extend.world.fakes["extend_commerce"].contract.surfaces["v1"].document["components"]["schemas"]
    assert "ReservedWithErros" in statuses["OrderRowStatus"]["enum"]
    assert extend.order("WEB-2", paymentType="LastSchrift")["orderHeader"]["paymentType"] == "LastSchrift"
    assert extend.call("POST", "/CustomerOrders", json=order("WEB-3", paymentType="Lastschrift")).status_code == 400


def test_q12_the_trigger_of_balances_is_spelled_as_in_the_product(extend):
    with pytest.raises(Exception, match="AvaiableBalanceChanged"):
        extend.act("create_webhook", url="http://127.0.0.1:9/", secret="s", triggers=["AvaiableBalanceChanged"])
    assert extend.act("create_webhook", url="http://127.0.0.1:9/", secret="s", triggers=["AvailableBalanceChanged"])


def test_q13_an_inactive_row_without_its_warehouse_cancels_nothing_and_adds_a_cancelled_row(extend):
    number = extend.order()["orderHeader"]["orderNumber"]

    def change(**given):
        body = {"orderHeader": {}, "orderRows": [{"position": 10, "rowOperation": "Inactive"} | given]}
        assert extend.call("PUT", f"/CustomerOrders/{number}", json=body).status_code == 200
        rows = extend.read(f"/CustomerOrders/{number}")["orderRows"]
        return [(each["position"], each["orderRowStatus"]) for each in rows]

    assert change() == [(10, "Incoming"), (20, "Annulled")]
    assert extend.balance() == (40, 2, 38)
    assert change(warehouse="MAIN") == [(10, "Annulled"), (20, "Annulled")]
    assert extend.balance() == (40, 0, 40)


def test_q14_a_success_has_capitals_and_a_resource_has_none(extend):
    number = extend.order()["orderHeader"]["orderNumber"]
    assert set(extend.call("DELETE", f"/CustomerOrders/{number}").json()) == {"Message", "Information"}


def test_q15_adjustments_are_a_list_or_one_object(extend):
    asked = {"warehouse": "MAIN", "eventDateFrom": "2026-01-01"}
    assert [each["newBalance"] for each in extend.read("/BalanceAdjustments", **asked)["balanceAdjustmentList"]] == [
        40,
        3,
    ]
    extend.world.settings["extend_commerce.adjustments"] = "object"
    assert extend.read("/BalanceAdjustments", **asked)["newBalance"] == 3


def test_q16_balances_are_whole_quantities_doubles_and_an_amount_is_a_text(extend):
    payment = {"paymentTransactions": [{"paymentTransactionId": "T1", "amount": "158.00"}]}
    answer = extend.call("POST", "/CustomerOrders", json=order(**payment))
    assert b'"quantity":2.0' in answer.content
    assert b'"amount":"158.00"' in answer.content
    assert b'"physicalBalance":40,' in extend.call("GET", f"/ProductAvailability/{MUG}/MAIN").content
    wrong = {"paymentTransactions": [{"paymentTransactionId": "T1", "amount": 158.0}]}
    assert extend.call("POST", "/CustomerOrders", json=order("WEB-2", **wrong)).status_code == 400


def test_q17_a_report_that_shrank_answers_400_past_its_end_and_other_lists_an_empty_page():
    extend = house(Size(orders=120, products=3))
    path = "/RESTAPI/reports/APIDEMO/OrderHeaders"
    window = {"changeDate": "2026-08-01", "toChangeDate": "2026-11-23"}
    info = extend.read(path, pageNumber=2, **window)["paginationInfo"]
    assert (info["currentPage"], info["totalPages"], info["totalResources"]) == (2, 2, 120)
    assert extend.call("GET", path, params={"pageNumber": 3, **window}).status_code == 400
    assert extend.read("/ProductAvailability", pageNumber=99)["productAvailabilityList"] == []
    rows = extend.read("/RESTAPI/reports/APIDEMO/OrderRows", **window)["orderRowList"]
    assert rows[0].keys() >= {"orderNumber", "position", "orderQuantity", "price", "currencyId", "warehouseShortName"}
    assert not rows[0].keys() & {"quantity", "unitPrice", "currency", "warehouse"}, "as on the wire"


def test_q18_post_sets_a_balance_and_put_adjusts_it(extend):
    level = {"warehouse": "MAIN", "productNumber": MUG}
    for method, figures, there in (("POST", {"balance": 12}, 12), ("PUT", {"balanceDifference": 12}, 24)):
        assert extend.call(method, "/WarehouseStockLevels", json=level | figures).status_code == 200
        assert extend.balance()[0] == there
    listed = extend.read("/WarehouseStockLevels", warehouse="MAIN", productNumber=MUG)["stockLevelItemList"]
    assert [each["balance"] for each in listed] == [24]


def test_q19_prices_and_totals_are_without_vat(extend):
    answer = extend.order(rows=[row(MUG, 2), row(LAMP, 1)])
    assert answer["orderHeader"]["totalPrice"] == 2 * 79.0 + 200.0
    assert {each["salesData"]["vatPercent"] for each in answer["orderRows"]} == {25.0}


def test_q20_the_filters_of_open_and_received_purchases_begin_with_a_capital(extend):
    purchase = extend.act("buy", product=MUG, quantity=5)["purchase"]
    found = lambda **query: len(extend.read("/PurchaseOrders", **query)["purchaseOrderList"])  # noqa: E731
    assert (found(IsOpen="true"), found(IsReceived="true"), found(isOpen="false")) == (1, 0, 1)
    extend.act("receive", purchase=purchase)
    assert (found(IsOpen="true"), found(IsReceived="true")) == (0, 1)
    other = extend.act("buy", product=MUG, quantity=5)["purchase"]
    extend.act("receive", purchase=other, items={MUG: 1})
    assert (found(IsOpen="true"), found(IsReceived="true")) == (1, 2), "one that came in part is both"


def test_q21_what_nobody_knows_passes_and_is_not_kept(extend):
    answer = extend.order(brandNew="x", rows=[row(newest=1)])
    assert "brandNew" not in answer["orderHeader"]
    assert extend.read("/Products", someday="1")
    assert HOME.items() <= answer["orderHeader"]["deliveryAddress"].items()
