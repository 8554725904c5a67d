"""What public clients send, as they send it, and what they need of the answers.

Optiply/tap-extend reads a living installation, mariocostaoptiply/target-extend buys there, and PrimePenguin/ExtendSharp
was generated from the vendor's Swagger file: its required members are those an answer cannot be without.
"""

from typing import Any

import pytest

from contracts import load
from mock_servers.core.fake import Size
from tests.extend_commerce.house import KEY, MUG, VENDOR, house, order, row

GROUPS = {
    "High": (
        1000,
        "Countries Currencies CustomerOrderProjects CustomerOrderReasonCodes ProductUnits ReturnOrderRowCodes",
    ),
    "Low": (60, "CustomerOrderATP CustomerOrderCampaignProcessor GenericReports"),
}
OWN = {
    ("GET", "ProductSupplierAgreements"): 1_000_000,
    ("GET", "ProductDescriptions"): 1_000_000,
    ("DELETE", "ProductDescriptions"): 1_000_000,
    **{(method, "ProductSupplierAgreements"): 1000 for method in ("POST", "PUT", "DELETE")},
}
"""Methods of one family that are of different groups, by the 429 texts of the Swagger file."""


@pytest.fixture
def extend():
    stood = house()
    yield stood
    assert stood.sound() == []


def test_every_method_is_of_the_group_that_the_swagger_file_says():
    contract = load(VENDOR)
    limits = contract.profile.surfaces["v1"].rate_limits
    named = {family: limit for limit, families in GROUPS.values() for family in families.split()}
    found = {}
    for path, item in contract.surfaces["v1"].document["paths"].items():
        family = path.split("/")[4]
        for method in {"get", "post", "put", "delete"} & item.keys():
            bucket = item[method]["x-rate-limit"]
            found[method.upper(), path] = limits[bucket].limit
            wanted = OWN.get((method.upper(), family), named.get(family, 300))
            assert found[method.upper(), path] == wanted, (method, path)
            assert bucket == family or bucket in {"unlimited", "undeclared"}, "a family has a bucket to itself"
    assert len(found) == 57


# Optiply/tap-extend


@pytest.mark.parametrize("since", ["2026-11-23T12:00:00", "2026-11-23T12:00:00.123", "2026-11-23T12:00:00+00:00"])
def test_the_tap_reads_balances_from_wherever_its_bookmark_is(extend, since):
    extend.advance(1)
    extend.act("count_stock", product=MUG, quantity=1)
    rows = extend.read("/ProductAvailability", modifiedDateFrom=since, pageNumber=1)["productAvailabilityList"]
    assert MUG in [each["productNumber"] for each in rows]
    assert len(rows) == (1 if "." in since else 2), "the lamp has not changed since noon"
    assert extend.read("/ProductAvailability", modifiedDateFrom="2026-11-23T12:00:02")["productAvailabilityList"] == []


def test_the_tap_walks_its_streams():
    extend = house(Size(orders=12, products=4))
    purchase = extend.act("buy", product=MUG, quantity=4)["purchase"]
    agreements = extend.read("/SupplierAgreement", active="true", pageNumber=1)
    assert agreements["paginationInfo"]["totalPages"] == 1
    number = agreements["SupplierAgreementList"][0]["supplierAgreementNumber"]
    query = {
        "supplierAgreementNumber": number,
        "changeDateFrom": "2026-01-01T00:00:00",
        "changeDateTo": "2026-11-24T00:00:00",
    }
    bought = extend.read("/ProductSupplierAgreements", pageNumber=1, **query)["productSupplierAgreementList"]
    assert len(bought) == 4
    window = {"changeDateFrom": "2026-11-23T00:00:00", "changeDateTo": "2026-11-24T12:00:00"}
    [listed] = extend.read("/PurchaseOrders", pageNumber=1, **window)["purchaseOrderList"]
    assert (listed["purchaseNumber"], listed["isOpen"]) == (purchase, True)
    rows = extend.read(f"/PurchaseOrders/{purchase}")["rows"]
    assert {"productNumber", "statusChangeDate", "expectedDeliveryDate", "purchaseDataProductUnit"} <= rows[0].keys()
    orders = extend.read("/CustomerOrders", pageCount=100, pageOffset=0, modifiedDateFrom="2026-01-01T00:00:00")
    whole = extend.read(f"/CustomerOrders/{orders[0]['orderNumber']}")["orderRows"]
    assert {"orderRowId", "expectedDeliveryDate", "salesData", "changeDate"} <= whole[0].keys()
    assert {"slaDate", "askedDeliveryDate", "customerName"} <= orders[0].keys()
    day = orders[0]["changeDate"][:10]
    report = {"pageNumber": 1, "changeDate": f"{day}T00:00:00", "toChangeDate": f"{day}T23:59:59"}
    headers = extend.read("/RESTAPI/reports/APIDEMO/OrderHeaders", **report)["orderHeaderList"]
    assert orders[0]["orderNumber"] in {each["orderNumber"] for each in headers}
    assert not {"customerName", "totalPrice", "currency", "warehouse"} & headers[0].keys(), "as on the wire"
    assert {"orderPaymentStatus", "orderReference", "deliveryName1", "deliveryCountryId"} <= headers[0].keys()


def test_a_list_that_goes_too_deep_may_end_in_a_400_and_the_tap_keeps_what_it_has(extend):
    for number in range(3):
        extend.order(f"WEB-{number}")
    extend.world.settings["extend_commerce.deep_paging_rows_maximum"] = 2
    query = {"pageCount": 1, "modifiedDateFrom": "2026-01-01"}
    statuses = [
        extend.call("GET", "/CustomerOrders", params=query | {"pageOffset": page}).status_code for page in range(3)
    ]
    assert statuses == [200, 200, 400]


# mariocostaoptiply/target-extend


def test_the_target_buys_with_doubles_pieces_and_moments_in_utc(extend):
    when = "2026-05-15T00:00:00.000000Z"
    line = {"productNumber": MUG, "purchaseDataProductUnit": {"quantity": 2.0, "unit": "pcs"}}
    body = {
        "header": {
            "warehouse": "MAIN",
            "supplier": {"supplierNumber": "S-1"},
            "reference": "12345",
            "requestedDeliveryDate": when,
        },
        "rows": [line | {"requestedDeliveryDate": when, "expectedDeliveryDate": when}],
    }
    made = extend.call("POST", "/PurchaseOrders", json=body).json()
    assert made["header"]["purchaseNumber"] == "RP-10748"
    assert made["header"]["requestedDeliveryDate"] == "2026-05-15T02:00:00+02:00"
    assert made["rows"][0]["purchaseDataProductUnit"]["unit"] == "pcs"
    half = {"productNumber": MUG, "purchaseDataProductUnit": {"quantity": 0.5, "unit": "pcs"}}
    assert extend.call("POST", "/PurchaseOrders", json=body | {"rows": [half]}).status_code == 400


# PrimePenguin/ExtendSharp


def test_the_c_sharp_client_is_let_in_by_the_usual_header_and_asks_with_sortable_moments():
    extend = house()
    extend.client.headers.pop("ExtendBasicAuthorization")
    headers = {"Authorization": KEY["ExtendBasicAuthorization"], "Accept": "application/json"}
    query = {"eventDateFrom": "2026-01-01T00:00:00", "warehouse": "MAIN", "pageNumber": "1"}
    assert extend.call("GET", "/BalanceAdjustments", params=query, headers=headers).status_code == 200
    content = b'{"orderHeader":{"customerNumber":"C-1001"},"orderRows":[{"product":{"productNumber":"MUG-RED"},' + (
        b'"salesData":{"quantity":2.0,"unit":"ST"}}]}'
    )
    for kind in ("application/json", "application/json; charset=utf-8"):
        sent = extend.call("POST", "/CustomerOrders", content=content, headers=headers | {"Content-Type": kind})
        assert sent.status_code == 200, sent.text


def test_a_stock_level_is_sent_whole_and_a_reason_is_a_number(extend):
    level = {"warehouse": "MAIN", "productNumber": MUG, "warehouseName": "Main warehouse"}
    assert extend.call("POST", "/WarehouseStockLevels", json=level | {"balance": 7}).status_code == 200
    adjust = {"warehouse": "MAIN", "productNumber": MUG, "balanceDifference": -2, "code": 3}
    assert extend.call("PUT", "/WarehouseStockLevels", json=adjust).status_code == 200
    assert extend.balance()[0] == 5


def test_what_may_not_be_null_in_a_row_of_the_list_is_not(extend):
    extend.order(None)
    [listed] = extend.read("/CustomerOrders")
    assert listed["orderNumberExternal"] == ""
    assert listed["askedDeliveryDate"] == "2026-11-23T00:00:00+01:00", "as on the wire: the day it was placed"
    extend.order("WEB-2", askedDeliveryDate="2026-12-05")
    for day, found in (("2026-12-05T00:00:00", 1), ("2026-12-04", 0)):
        assert len(extend.read("/CustomerOrders", askedDeliveryDate=day)) == found


def test_what_an_order_says_is_kept_as_the_model_has_it(extend):
    said: dict[str, Any] = {
        "invoiceAddress": {"name": "Berg AB", "address1": "Box 1", "city": "Borås", "countryCode": "SE"},
        "external": {"externalId": "X-1"},
        "orderMetaData": [{"metaDataLabel": "gift", "metaDataValue": "yes"}],
        "deliveryMethodServices": [{"serviceId": "NOTSMS"}],
        "servicePoint": {"deliveryLocationId ": "L1", "provider": "POS"},
    }
    line = row(MUG, 1, externalRow={"externalRowId": "1-1"}, notations={"notes": "Wrap it"}, requestedBatchNo="B-7")
    sent = order(rows=[line])
    sent["orderHeader"] |= said
    made = extend.call("POST", "/CustomerOrders", json=sent).json()
    assert {name: made["orderHeader"][name] for name in said} == said
    assert made["orderRows"][0]["externalRow"] == {"externalRowId": "1-1"}
    assert (made["orderRows"][0]["notations"], made["orderRows"][0]["requestedBatchNo"]) == (
        {"notes": "Wrap it"},
        "B-7",
    )


def test_an_order_that_says_no_address_goes_to_the_customer_s_as_in_the_vendor_s_smallest_sample(extend):
    sent = order()
    sent["orderHeader"].pop("deliveryAddress")
    address = extend.call("POST", "/CustomerOrders", json=sent).json()["orderHeader"]["deliveryAddress"]
    assert (address["name1"], address["city"], address["countryCode"]) == ("Web shop of APIDEMO", "Stockholm", "SE")


def test_contacts_are_known_by_names_and_address_and_mind_case(extend):
    address = {"address1": "Vägen 1", "postalCode": "1", "city": "Kil", "country": "SE"}
    ann = {"firstName": "Ann", "lastName": "Ek", "eMail": "a@example.com"}
    body = {
        "name": "Bo", "customerLogisticsSettings": {}, "customerDeliveryAddress": {"address": address},
        "customerClassification": {"companyGroup": "B2B"}, "customerContacts": [ann],
    }  # fmt: skip
    number = extend.call("POST", "/Customers", json=body).json()["customerNumber"]
    changed = body | {"customerContacts": [ann | {"phone": "1"}, ann | {"firstName": "ann"}]}
    read = extend.call("PUT", f"/Customers/{number}", json=changed).json()
    assert [(each["firstName"], each.get("phone")) for each in read["customerContacts"]] == [
        ("Ann", "1"),
        ("ann", None),
    ]
    assert read["createDate"] == "2026-11-23T13:00:00+01:00"
    extend.order(customerNumber=number)
    assert len(extend.read("/CustomerOrders", companyGroup="B2B")) == 1
    assert extend.read("/CustomerOrders", companyGroup="B2C") == []
