"""What the vendor's own API refuses, and how often it may be asked."""

import pytest

from tests.extensiv_order_manager.v1 import OM, order, stand
from tests.support import bench

WEEK = {"shipmentCreatedFromDate": "2026-11-20T00:00:00Z", "shipmentCreatedToDate": "2026-11-27T00:00:00Z"}


def state(om, id):
    return om.get(f"/v1.1/orders/{id}").json()["orderStatus"]


def acted(om, what, **query):
    return om.client.post(f"/v1/orders/{what}", params={"salesChannelId": 31} | query)


# Quotas --------------------------------------------------------------------------------------------------------------


def test_each_endpoint_has_a_quota_of_its_own_and_says_in_milliseconds_when_to_come_again():
    om = bench(OM, calls_a_minute=None)
    codes = [om.get("/v1/warehouses").status_code for _ in range(6)]
    assert codes == [200] * 5 + [429]
    assert om.get("/v1/warehouses").headers["x-skubana-quota-retryAfter"] == "200"
    assert om.get("/v1/saleschannels").status_code == 200
    om.advance(0.2)
    assert om.get("/v1/warehouses").status_code == 200


def test_stock_is_adjusted_once_in_ten_seconds_and_the_refused_call_changes_nothing():
    om = bench(OM, calls_a_minute=None)
    line = [{"masterSku": "X", "warehouseId": 501, "onHandQuantity": 1}]
    assert om.post("/v1.1/inventory/adjust", line).status_code == 200
    kept = om.kept()
    refused = om.post("/v1.1/inventory/adjust", line)
    assert (refused.status_code, refused.headers["x-skubana-quota-retryAfter"]) == (429, "10000")
    assert om.kept() == kept
    limits = {
        (row["requestMethod"], row["requestPath"]): row["throttleConfig"] for row in om.get("/v1/throttlelimits").json()
    }
    assert limits["POST", "/v1.1/inventory/adjust"]["quotaMaxRequest"] == 1
    om.world.settings[f"{OM}.limit.adjust"] = {"limit": 100}
    om.world.limits.clear()
    assert [om.post("/v1.1/inventory/adjust", line).status_code for _ in range(3)] == [200] * 3


# Refusals ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"shipCountry": "Atlantis"}, "shipCountry"),
        ({"shipState": "New York"}, "shipState"),
        ({"shipName": ...}, "shipName"),
        ({"orderItems": []}, "orderItems"),
        ({"orderItems": [{"listingSku": "X"}]}, "orderItems[0].listingName"),
        ({"salesChannelId": "31"}, "salesChannelId"),
        ({"orderNumber": "x" * 192}, "orderNumber"),
        ({"paymentDate": "yesterday"}, "paymentDate"),
        ({"orderTotal": {"amount": "1", "currency": "USD"}}, "orderTotal.amount"),
        ({"shipMethod": {"shippingServiceId": 11}}, "shipMethod"),
    ],
)
def test_an_order_that_does_not_fit_is_refused_by_its_member_and_not_kept(changes, field):
    om = stand()
    kept = om.kept()
    answer = om.client.put("/v1/order", json=[order(om, **changes)])
    assert (answer.status_code, answer.json()["errors"][0]["fieldName"]) == (400, f"[0].{field}")
    assert om.kept() == kept


@pytest.mark.parametrize(
    "path",
    [
        "/v1.1/orders?limit=0",
        "/v1.1/orders?page=0",
        "/v1.1/orders?limit=many",
        "/v1.1/orders?status=LOST",
        "/v1.1/orders?orderId=x",
        "/v1.1/orders?orderId[]=x",
        "/v1.1/orders?createdDateFrom=yesterday",
        "/v1.1/orders?warehouseId=-1",
        "/v1.1/products?active=maybe",
        "/v1.1/product",
        "/v1/shipments/rmas",
    ],
)
def test_a_parameter_that_cannot_be_is_a_422(path):
    answer = stand().get(path)
    assert (answer.status_code, "errors" in answer.json()) == (422, True)


def test_what_nobody_documented_in_a_query_passes():
    assert stand().get("/v1/warehouses?modifiedDateFrom=2020-01-01T00:00:00Z&page=7&limit=1").status_code == 200


def test_a_token_with_a_blank_after_it_lets_in():
    om = stand()
    assert om.get("/v1/warehouses", headers={"Authorization": "Bearer YOUR_ACCESS_TOKEN "}).status_code == 200
    wrong = om.get("/v1/warehouses", headers={"Authorization": "Bearer nobody"})
    assert (wrong.status_code, wrong.json()["error"]) == (401, "invalid_token")


def test_what_is_declared_and_not_built_says_so():
    om = stand()
    assert om.get("/v1/inventory/fba").status_code == 501
    assert om.client.put("/v1.1/products/bundles", json=[]).json()["seatrial"]["unbuilt"] == "putBundles"
