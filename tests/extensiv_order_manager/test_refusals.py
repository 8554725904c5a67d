"""Every refusal Order Manager knows, in its own words, with nothing changed; and what comes right before and after."""

import base64
from typing import Any

import pytest

from contracts import load
from mock_servers.core.checks import Checks
from mock_servers.core.fake import Size
from tests.extensiv_order_manager.guide import HOME, MUG
from tests.support import NOBODY, bench

OM = "extensiv_order_manager"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
JSON = {"Content-Type": "application/json"}
CLIENT = {"grant_type": "client_credentials", "client_id": "YOUR_CLIENT_ID", "client_secret": "YOUR_CLIENT_SECRET"}
UNAUTHORIZED = {"error": {"code": "unauthorized", "message": "The access token is missing, unknown or expired."}}
CHECKS = Checks(load(OM))


@pytest.fixture
def om():
    return bench(OM, fill=Size(orders=3, products=3), calls_a_minute=None)


def asked(om, method: str, path: str, **how: Any):
    """An answer that must have changed nothing, and must be an error of the surface's own shape."""
    before = om.kept()
    answer = om.client.request(method, path, **how)
    assert answer.status_code >= 400, answer.text
    assert om.kept() == before
    surface, schema = ("auth", "TokenError") if path.startswith("/oauth") else ("guide", "Error")
    CHECKS.fragment(surface, schema, answer.json())
    assert answer.headers["content-type"] == "application/json"
    assert "x-seatrial-broke" not in answer.headers
    return answer


def order(**change: Any) -> dict[str, Any]:
    body = {"order_number": "PO-1", "items": [{"sku": MUG, "quantity": 1}], "shipping_address": HOME}
    return {name: value for name, value in (body | change).items() if value is not None}


# The token endpoint --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"grant_type": None}, 400, "invalid_request"),
        ({"grant_type": ""}, 400, "invalid_request"),
        ({"client_id": None}, 400, "invalid_request"),
        ({"client_secret": ""}, 400, "invalid_request"),
        ({"client_id": "SOMEBODY"}, 401, "invalid_client"),
        ({"client_secret": "WRONG"}, 401, "invalid_client"),
        ({"client_secret": "your_client_secret"}, 401, "invalid_client"),
        ({"client_secret": "ÄÖÜ"}, 401, "invalid_client"),
        ({"client_id": "YOUR_ACCESS_TOKEN"}, 401, "invalid_client"),
        ({"scope": "read_orders drop_tables"}, 400, "invalid_scope"),
    ],
)
def test_a_token_that_cannot_be_given(om, form, status, error):
    fields = {name: value for name, value in (CLIENT | form).items() if value is not None}
    answer = asked(om, "POST", "/oauth/token", data=fields, headers=NOBODY)
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert "WRONG" not in answer.text
    assert ("www-authenticate" in answer.headers) == (status == 401)


@pytest.mark.parametrize(
    ("how", "status"),
    [
        ({"content": b"", "headers": FORM}, 400),
        ({"content": b"grant_type=%ff", "headers": FORM}, 400),
        ({"content": b"{}", "headers": JSON}, 400),
        ({"content": b"grant_type=" + b"x" * 70_000, "headers": FORM}, 413),
    ],
)
def test_a_token_request_that_is_none(om, how, status):
    answer = asked(om, "POST", "/oauth/token", **how)
    assert (answer.status_code, answer.json()["error"]) == (status, "invalid_request")


def test_the_token_endpoint_s_405_and_404_are_its_own(om):
    answer = asked(om, "GET", "/oauth/token")
    assert (answer.status_code, answer.headers["allow"], answer.json()["error"]) == (405, "POST", "invalid_request")
    assert asked(om, "POST", "/oauth/tokens").status_code == 404


def test_the_secret_may_come_by_http_basic_or_in_the_form_without_a_type(om):
    word = base64.b64encode(b"YOUR_CLIENT_ID:YOUR_CLIENT_SECRET").decode()
    basic = om.client.post(
        "/oauth/token", data={"grant_type": "client_credentials"}, headers={"Authorization": f"Basic {word}"}
    )
    assert basic.status_code == 200
    untyped = om.client.post("/oauth/token", content="&".join(f"{name}={value}" for name, value in CLIENT.items()))
    assert untyped.status_code == 200
    assert untyped.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "word", ["!!!", base64.b64encode(b"\xff:\xff").decode(), base64.b64encode(b"no-colon").decode(), ""]
)
def test_basic_credentials_that_are_none(om, word):
    fields = {"grant_type": "client_credentials"}
    answer = asked(om, "POST", "/oauth/token", data=fields, headers={"Authorization": f"Basic {word}"})
    assert answer.json()["error"] in {"invalid_request", "invalid_client"}


def test_a_token_has_the_scopes_that_were_asked_for(om):
    answer = om.client.post("/oauth/token", data=CLIENT | {"scope": "read_orders read_products"}).json()
    assert answer["scope"] == "read_orders read_products"
    bearer = {"Authorization": f"Bearer {answer['access_token']}"}
    assert om.get("/api/orders", headers=bearer).status_code == 200
    refused = asked(om, "POST", "/api/orders", json=order(), headers=bearer)
    assert refused.json() == {"error": {"code": "forbidden", "message": "The token lacks the scope write_orders."}}
    assert refused.status_code == 403


# Who is calling ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer WRONG",
        "Basic YOUR_ACCESS_TOKEN",
        "YOUR_ACCESS_TOKEN",
        "Bearer your_access_token",
    ],
)
def test_who_shows_no_token_of_ours_is_refused_as_the_vendor_would(om, header):
    answer = asked(om, "GET", "/api/orders", headers={"Authorization": header})
    assert (answer.status_code, answer.json()) == (401, UNAUTHORIZED)
    assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"'


@pytest.mark.parametrize(
    "header", ["Bearer YOUR_ACCESS_TOKEN", "bearer YOUR_ACCESS_TOKEN", "Bearer  YOUR_ACCESS_TOKEN  "]
)
def test_a_token_is_a_token_with_blanks_around_it(om, header):
    """An old client of the vendor leaves a blank behind it."""
    assert om.get("/api/orders", headers={"Authorization": header}).status_code == 200


def test_a_token_lives_for_an_hour_to_the_second(om):
    token = om.client.post("/oauth/token", data=CLIENT).json()["access_token"]
    bearer = {"Authorization": f"Bearer {token}"}
    om.advance(3599.999)
    assert om.get("/api/orders", headers=bearer).status_code == 200
    om.advance(0.001)
    answer = asked(om, "GET", "/api/orders", headers=bearer)
    assert (answer.status_code, answer.json()) == (401, UNAUTHORIZED)
    assert om.rule == "expired_token"


SCOPES = {
    ("GET", "/api/orders"): "read_orders",
    ("GET", "/api/orders/70012"): "read_orders",
    ("POST", "/api/orders"): "write_orders",
    ("POST", "/api/orders/70012/cancel"): "write_orders",
    ("GET", "/api/inventory/warehouses"): "read_inventory",
    ("POST", "/api/inventory/update"): "write_inventory",
    ("GET", "/api/products"): "read_products",
    ("POST", "/api/products"): "write_products",
    ("GET", "/api/warehouses"): "read_inventory",
    ("GET", "/api/shipments"): "read_shipments",
}


@pytest.mark.parametrize(("method", "path"), SCOPES)
def test_each_call_needs_its_scope_and_no_other(om, method, path):
    needed = SCOPES[method, path]
    others = [scope for scope in {*SCOPES.values()} if scope != needed]
    work = om.world.work(OM)
    work.grant("token", "ALL-BUT-ONE", "somebody", scopes=others)
    work.grant("token", "JUST-ONE", "somebody", scopes=[needed])
    om.world.finish(work)
    answer = asked(om, method, path, headers={"Authorization": "Bearer ALL-BUT-ONE"})
    assert (answer.status_code, needed in answer.json()["error"]["message"]) == (403, True)
    allowed = om.client.request(method, path, headers={"Authorization": "Bearer JUST-ONE"}, json={})
    assert allowed.status_code not in {401, 403}


# How often -----------------------------------------------------------------------------------------------------------


def test_the_sixty_first_call_of_a_minute_is_refused(om):
    assert {om.get("/api/warehouses").status_code for _ in range(60)} == {200}
    answer = asked(om, "GET", "/api/warehouses")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "60")
    assert answer.json() == {
        "error": {"code": "rate_limited", "message": "More than 60 requests a minute. Try again in 60 s."}
    }
    om.advance(59)
    assert asked(om, "GET", "/api/warehouses").headers["retry-after"] == "1"
    om.advance(1)
    assert om.get("/api/warehouses").status_code == 200


def test_another_token_has_sixty_calls_of_its_own_and_the_token_endpoint_counts_none(om):
    for _ in range(60):
        om.get("/api/warehouses")
    for _ in range(70):
        answer = om.client.post("/oauth/token", data=CLIENT)
        assert answer.status_code == 200
    bearer = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    assert om.get("/api/warehouses", headers=bearer).status_code == 200
    assert asked(om, "GET", "/api/warehouses").status_code == 429


def test_a_throttle_that_was_planned_looks_like_the_real_one(om):
    om.faults.next("listOrders", "throttle", seconds=7)
    answer = asked(om, "GET", "/api/orders")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "7")
    assert answer.json()["error"]["message"] == "More than 60 requests a minute. Try again in 7 s."


@pytest.mark.parametrize(
    ("error", "status", "code"), [("internal_error", 500, "internal_error"), ("unavailable", 503, "unavailable")]
)
def test_5xx_are_the_vendor_s_own_and_only_on_demand(om, error, status, code):
    om.faults.next("listOrders", "refuse", error=error)
    answer = asked(om, "GET", "/api/orders")
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert ("request_id" in answer.json()["error"]) == (status == 500)
    assert om.get("/api/orders").status_code == 200


# What is asked -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("query", ["page=0", "page=-1", "page=one", "page=", "page=1.5", "pageSize=0", "pageSize=501",
                                   "pageSize=9999999999999999999", "page=1000000001", "page=--5"])  # fmt: skip
@pytest.mark.parametrize(
    "path", ["/api/orders", "/api/products", "/api/warehouses", "/api/shipments", "/api/inventory/warehouses"]
)
def test_a_page_that_cannot_be(om, path, query):
    answer = asked(om, "GET", f"{path}?{query}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_request")
    assert answer.json()["error"]["details"][0]["field"] == query.split("=")[0]


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/api/orders?status=shipped", "status"),
        ("/api/orders?status=", "status"),
        ("/api/orders?updated_since=yesterday", "updated_since"),
        ("/api/orders?updated_since=2026-11-23", "updated_since"),
        ("/api/orders?updated_since=2026-02-30T00:00:00Z", "updated_since"),
        ("/api/orders?updated_since=2026-11-23T12:00:00+02:00", "updated_since"),
        ("/api/orders?updated_since=9999-12-31T23:59:60Z", "updated_since"),
        ("/api/orders?order_number=%00", "query"),
        ("/api/inventory/warehouses?warehouse_id=East", "warehouse_id"),
        ("/api/inventory/warehouses?warehouse_id=--1", "warehouse_id"),
        ("/api/products?updated_since=x", "updated_since"),
        ("/api/shipments?updated_since=x", "updated_since"),
    ],
)
def test_a_filter_that_cannot_be(om, path, field):
    answer = asked(om, "GET", path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_request")
    assert answer.json()["error"]["details"][0]["field"] == field


@pytest.mark.parametrize(
    "id", ["7", "70012x", "-70012", "70012%20", "%F0%9F%93%A6", "%ff", "a%2Fb", "9" * 4000, "SEED-70012"]
)
def test_an_order_that_is_not_there(om, id):
    for method, path in (("GET", f"/api/orders/{id}"), ("POST", f"/api/orders/{id}/cancel")):
        answer = asked(om, method, path)
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    "path",
    ["/", "/api", "/api/orders/", "/api/orders/70012/", "/api/returns", "/api/v1.1/orders", "/api/orders/%00", "//"],
)
def test_a_path_that_is_not_there(om, path):
    answer = asked(om, "GET", path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "route_not_found")


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("PUT", "/api/orders", "GET, POST"),
        ("DELETE", "/api/orders/70012", "GET"),
        ("GET", "/api/orders/70012/cancel", "POST"),
        ("POST", "/api/warehouses", "GET"),
        ("PATCH", "/api/inventory/update", "POST"),
    ],
)
def test_a_method_that_a_path_does_not_take(om, method, path, allow):
    answer = asked(om, method, path)
    assert (answer.status_code, answer.json()["error"]["code"], answer.headers["allow"]) == (405, "wrong_method", allow)


@pytest.mark.parametrize(
    ("content", "headers", "status", "code"),
    [
        (b"", JSON, 400, "bad_request"),
        (b'{"order_number"', JSON, 400, "bad_request"),
        (b'{"order_number": "\\u0000"}', JSON, 400, "bad_request"),
        (b'{"order_number": "\\ud800"}', JSON, 400, "bad_request"),
        (b"[" * 50_000, JSON, 400, "bad_request"),
        (b'{"a":' * 50_000, JSON, 400, "bad_request"),
        (b'{"order_number": 1' + b"0" * 400 + b"}", JSON, 422, "validation_failed"),
        (b'{"order_number": 1' + b"0" * 5000 + b"}", JSON, 400, "bad_request"),
        (b"x" * (2**20 + 1), JSON, 413, "body_too_large"),
        (b"order_number=PO-1", FORM, 415, "unsupported_media_type"),
        (b"<order/>", {"Content-Type": "application/xml"}, 415, "unsupported_media_type"),
        (b"null", JSON, 422, "validation_failed"),
        (b"[]", JSON, 422, "validation_failed"),
    ],
)
@pytest.mark.parametrize("path", ["/api/orders", "/api/products", "/api/inventory/update"])
def test_a_body_that_is_none(om, path, content, headers, status, code):
    answer = asked(om, "POST", path, content=content, headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"order_number": None}, "order_number"),
        ({"order_number": ""}, "order_number"),
        ({"order_number": 7}, "order_number"),
        ({"order_number": "x" * 192}, "order_number"),
        ({"items": None}, "items"),
        ({"items": []}, "items"),
        ({"items": {}}, "items"),
        ({"items": [{"sku": MUG, "quantity": 1}] * 1001}, "items"),
        ({"items": [{"quantity": 1}]}, "items[0].sku"),
        ({"items": [{"sku": MUG}]}, "items[0].quantity"),
        ({"items": [{"sku": MUG, "quantity": 0}]}, "items[0].quantity"),
        ({"items": [{"sku": MUG, "quantity": 1}, {"sku": MUG, "quantity": 100_000_001}]}, "items[1].quantity"),
        ({"items": [{"sku": MUG, "quantity": "1"}]}, "items[0].quantity"),
        ({"items": [{"sku": MUG, "quantity": 1, "price": 5}]}, "items[0].price"),
        ({"shipping_address": None}, "shipping_address"),
        ({"shipping_address": HOME | {"country": "Atlantis"}}, "shipping_address.country"),
        ({"shipping_address": HOME | {"country": "XX"}}, "shipping_address.country"),
        ({"shipping_address": HOME | {"country": ""}}, "shipping_address.country"),
        ({"shipping_address": HOME | {"state": "New York"}}, "shipping_address.state"),
        ({"shipping_address": HOME | {"state": "12"}}, "shipping_address.state"),
        ({"shipping_address": {k: v for k, v in HOME.items() if k != "state"}}, "shipping_address.state"),
        ({"shipping_address": {k: v for k, v in HOME.items() if k != "city"}}, "shipping_address.city"),
        ({"shipping_address": HOME | {"street1": "x" * 151}}, "shipping_address.street1"),
        ({"shipping_address": HOME | {"planet": "Earth"}}, "shipping_address.planet"),
        ({"notes": "x" * 1001}, "notes"),
        ({"status": "fulfilled"}, "status"),
        ({"orderNumber": "PO-1"}, "orderNumber"),
    ],
)
def test_an_order_that_does_not_fit_is_refused_by_the_member_that_is_wrong(om, change, field):
    answer = asked(om, "POST", "/api/orders", json=order(**change))
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "validation_failed")
    assert [each["field"] for each in answer.json()["error"]["details"]] == [field]


def test_everything_that_is_wrong_is_named_at_once(om):
    wrong = order(items=[{"sku": "", "quantity": 0}], shipping_address=HOME | {"name": ""}, status="x")
    answer = asked(om, "POST", "/api/orders", json=wrong)
    fields = {each["field"] for each in answer.json()["error"]["details"]}
    assert fields == {"status", "items[0].sku", "items[0].quantity", "shipping_address.name"}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": "Mug"}, "sku"),
        ({"sku": "S"}, "name"),
        ({"sku": "S", "name": "Mug", "price": {"amount": -1, "currency": "USD"}}, "price"),
        ({"sku": "S", "name": "Mug", "price": {"amount": 1, "currency": "dollars"}}, "price"),
        ({"sku": "S", "name": "Mug", "barcode": 7}, "barcode"),
        ({"sku": "S", "name": "Mug", "active": False}, "active"),
    ],
)
def test_a_product_that_does_not_fit(om, body, field):
    answer = asked(om, "POST", "/api/products", json=body)
    assert (answer.status_code, answer.json()["error"]["details"][0]["field"]) == (422, field)


def test_a_reason_that_does_not_fit(om):
    for body in ({"reason": 7}, {"reason": "x" * 251}, {"why": "x"}, []):
        assert asked(om, "POST", "/api/orders/70012/cancel", json=body).status_code == 422


def test_every_refusal_of_the_profile_has_the_shape_that_the_contract_draws():
    """Even those that only a fault makes."""
    for name, surface in load(OM).profile.surfaces.items():
        for code in surface.errors.known:
            om = bench(OM, calls_a_minute=None)
            path = {"auth": "/oauth/token", "guide": "/api/orders", "v1": "/v1.1/orders"}[name]
            om.faults.next("*", "refuse", error=code)
            told = om.post(path, {}).json()
            of_oauth = name == "v1" and "error" in told
            CHECKS.fragment(name, "TokenError" if name == "auth" else "Unauthorized" if of_oauth else "Error", told)
