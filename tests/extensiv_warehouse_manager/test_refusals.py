"""Every refusal in the vendor's words, with nothing changed; and what comes right before and after."""

from typing import Any

import pytest

from contracts import load
from mock_servers.core.checks import Checks
from tests.extensiv_warehouse_manager.support import HAL, HOME, MUG, WM, order, place, warehouse
from tests.support import NOBODY

BASIC = ("wm-client-id", "wm-client-secret")
TOKEN = "/AuthServer/api/Token"
GRANT = {"grant_type": "client_credentials", "user_login": "api@example.com"}
CHECKS = Checks(load(WM))


@pytest.fixture
def wm():
    wm = warehouse()
    yield wm
    assert wm.sound() == []


def refused(wm, method: str, path: str, **how: Any):
    """An answer that must have changed nothing, and must be an exception of the vendor's shape, or nothing at all."""
    before = wm.kept()
    answer = wm.client.request(method, path, **how)
    assert answer.status_code >= 400, answer.text
    assert wm.kept() == before
    assert "x-seatrial-broke" not in answer.headers
    if answer.content:
        surface, schema = ("auth", "Message") if path.startswith("/Auth") else ("rest", "Error")
        CHECKS.fragment(surface, schema, answer.json())
    return answer


# The token endpoint --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("auth", "body", "status", "message"),
    [
        (None, GRANT, 401, "invalid_client: client not registered"),
        (("nobody", "nothing"), GRANT, 401, "invalid_client: client not registered"),
        (("wm-client-id", "wrong"), GRANT, 401, "invalid_client: client not registered"),
        (("wm-client-id", ""), GRANT, 401, "invalid_client: client not registered"),
        (("wm-events", "wm-signing"), GRANT, 401, "invalid_client: client not registered"),
        (BASIC, GRANT | {"grant_type": "password"}, 400, "unsupported_grant_type"),
        (BASIC, {"grant_type": "client_credentials"}, 400, "user_login or user_login_id is required"),
        (BASIC, {"user_login": "x"}, 400, "grant_type: is required"),
        (BASIC, [], 400, "invalid_request"),
    ],
)
def test_no_token_is_given(wm, auth, body, status, message):
    wm.client.headers.clear()
    answer = refused(wm, "POST", TOKEN, json=body, auth=auth)
    assert answer.status_code == status
    assert message in answer.json()["Message"]


@pytest.mark.parametrize("login", [{"user_login": "a"}, {"user_login_id": 12}, {"user_login_id": "12", "tpl": "{x}"}])
def test_a_token_is_given_for_either_login_and_opens(wm, login):
    wm.client.headers.clear()
    answer = wm.client.post(TOKEN, json={"grant_type": "client_credentials"} | login, auth=BASIC)
    assert answer.json() | {"access_token": ""} == {
        "access_token": "",
        "token_type": "Bearer",
        "expires_in": 3600,
        "refresh_token": None,
        "scope": None,
    }
    headers = {"Authorization": f"BEARER {answer.json()['access_token']}"}
    assert wm.get("/orders", headers=headers).status_code == 200
    wm.advance(3600)
    assert wm.get("/orders", headers=headers).status_code == 401


def test_without_a_token_there_is_not_a_word(wm):
    answer = refused(wm, "GET", "/orders", headers=NOBODY)
    assert (answer.status_code, answer.content) == (401, b"")


def test_without_its_role_an_operation_is_forbidden(wm):
    work = wm.world.work(WM)
    work.grant("token", "narrow", "wm-client-id", scopes=("OrderView",))
    wm.world.finish(work)
    answer = refused(wm, "POST", "/orders", json=order(), headers={"Authorization": "Bearer narrow"})
    assert answer.status_code == 403
    assert answer.json()["$type"].startswith("WMS.V2.Generic.Models.Exceptions.AuthorizationException")
    assert "OrderEdit" in answer.json()["Hint"]


# Orders --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "code", "names"),
    [
        ({"referenceNum": None}, "Required", ["ReferenceNum"]),
        ({"shipTo": None, "orderItems": None}, "Required", ["OrderItems", "ShipTo"]),
        ({"shipTo": {"name": "A"}}, "ValueNotSupported", None),
        ({"referenceNum": ""}, "ValueNotSupported", ["ReferenceNum"]),
        ({"referenceNum": 7}, "ValueNotSupported", ["ReferenceNum"]),
        ({"orderItems": []}, "ValueNotSupported", ["OrderItems"]),
        ({"orderItems": [{"itemIdentifier": {"sku": MUG}, "qty": 0}]}, "ValueNotSupported", ["OrderItems[0].Qty"]),
        ({"orderItems": [{"itemIdentifier": {}, "qty": 1}]}, "ValueNotSupported", ["OrderItems[0].ItemIdentifier"]),
        ({"orderItems": [{"itemIdentifier": {"sku": MUG}, "qty": 1e10}]}, "ValueNotSupported", ["OrderItems[0].Qty"]),
        ({"customerIdentifier": {"id": 99}}, "DoesNotExist", ["CustomerIdentifier.Id"]),
        ({"customerIdentifier": {"name": "Nobody"}}, "DoesNotExist", ["CustomerIdentifier.Name"]),
        ({"facilityIdentifier": {"id": 99}}, "DoesNotExist", ["FacilityIdentifier.Id"]),
        ({"orderItems": [{"itemIdentifier": {"sku": "X"}, "qty": 1}]}, "DoesNotExist", ["ItemIdentifier.Sku"]),
        ({"orderItems": [{"itemIdentifier": {"id": 9}, "qty": 1}]}, "DoesNotExist", ["ItemIdentifier.Id"]),
        ({"customerIdentifier": {"id": 7}}, "DoesNotExist", ["ItemIdentifier.Sku"]),
        ({"referenceNum": "TAKEN"}, "Duplicate", ["ReferenceNum"]),
    ],
)
def test_an_order_that_does_not_fit_is_refused_by_the_member(wm, change, code, names):
    place(wm, "TAKEN")
    answer = refused(wm, "POST", "/orders", json=order("WEB-1", **change))
    assert answer.status_code == 400
    body = answer.json()
    assert body["$type"] == "WMS.V2.Generic.Models.Exceptions.ModelValidationException, WMS.V2.Generic.Models"
    assert body["ErrorCode"] == code
    if names is not None:
        assert sorted(each["Name"] for each in body["Properties"]) == names


def test_a_person_has_no_company_and_says_so(wm):
    """As python-3pl-central 0.1.1 does, which also finds orders again by their invoice."""
    id = place(wm, shipTo=HOME | {"companyName": ""}, invoiceNumber="INV-1")
    (found,) = wm.get("/orders?detail=all&itemdetail=all&rql=invoiceNumber==INV-1").json()["ResourceList"]
    assert (found["ReadOnly"]["OrderId"], found["ShipTo"]["CompanyName"], found["SavedElements"]) == (id, "", [])


def test_an_id_wins_over_a_name_and_a_reference_is_taken_to_the_letter(wm):
    place(wm, "web-1", customerIdentifier={"id": 4, "name": "Nobody"})
    place(wm, "WEB-1", customerIdentifier={"externalId": "ACME"})
    place(wm, "Web-1", customerIdentifier={"name": "acme"}, facilityIdentifier={"name": "erie 2"})


@pytest.mark.parametrize("body", ["{", "[", '"text"', "[]", "null", '{"a": NaN}', "\xff"])
def test_a_body_that_is_no_object_is_refused(wm, body):
    for method, path in (("POST", "/orders"), ("POST", "/inventory/receivers"), ("POST", "/customers/4/items")):
        answer = refused(wm, method, path, content=body.encode("latin-1"), headers={"Content-Type": "application/json"})
        assert answer.status_code == 400


def test_a_body_of_another_type_is_refused(wm):
    answer = refused(wm, "POST", "/orders", content="a=1", headers={"Content-Type": "text/plain"})
    assert answer.status_code == 415
    assert "text/plain" in answer.json()["Message"]


@pytest.mark.parametrize(
    "query",
    ["pgsiz=0", "pgsiz=-1", "pgsiz=1001", "pgsiz=ten", "pgnum=0", "pgnum=1.5", "rql=Status", "rql=;", "rql=foo==1",
     "rql=ReadOnly.OrderId==x", "rql=ReadOnly.IsClosed=gt=true", "sort=foo", "rql=OrderItems==1"],
)  # fmt: skip
def test_a_query_that_makes_no_sense_is_refused_by_its_parameter(wm, query):
    answer = refused(wm, "GET", f"/orders?{query}", headers=HAL)
    assert answer.status_code == 400
    assert answer.json()["$type"].startswith("WMS.V2.Generic.Models.Exceptions.QueryParameterException")
    assert answer.json()["Parameters"] == [query.partition("=")[0]]
    assert answer.json()["ErrorCode"] == "NotParsable"


def test_both_ids_are_required_of_stock_details(wm):
    answer = refused(wm, "GET", "/inventory/stockdetails?customerid=4")
    assert (answer.json()["Parameters"], answer.json()["ErrorCode"]) == (["facilityid"], "Required")


@pytest.mark.parametrize("query", ["pgsize=1", "customerid=7&facilityid=9", "?pgsiz=1", "seatrial=%ff"])
def test_misspelled_and_undefined_parameters_are_silently_ignored(wm, query):
    for number in range(3):
        place(wm, f"WEB-{number}")
    assert len(wm.get(f"/orders?{query}").json()["ResourceList"]) == 3


def test_each_list_has_its_own_default_and_limit(wm):
    limits = {"/orders": 1000, "/inventory/stocksummaries": 500, "/inventory/receivers": 500, "/customers": 100,
              "/customers/4/items": 100, "/orders/shipmentstrackinginfo": 4000}  # fmt: skip
    for path, most in limits.items():
        assert wm.get(f"{path}?pgsiz={most}").status_code == 200
        assert refused(wm, "GET", f"{path}?pgsiz={most + 1}").json()["Parameters"] == ["pgsiz"]
    for number in range(12):
        wm.act("add_item", sku=f"ITEM-{number}")
    assert len(wm.get("/customers/4/items").json()["ResourceList"]) == 10


# Tags ----------------------------------------------------------------------------------------------------------------


def guarded(id: int) -> list[tuple[str, str, Any]]:
    return [
        ("PUT", f"/orders/{id}", {"notes": "x"}),
        ("POST", f"/orders/{id}/canceler", {"reason": "x"}),
        ("POST", f"/orders/{id}/confirmer", {}),
        ("POST", f"/orders/{id}/unconfirmer", None),
        ("POST", f"/orders/{id}/completer", None),
        ("PUT", f"/orders/{id}/allocator", {}),
        ("PUT", f"/orders/{id}/deallocator", None),
        ("POST", f"/orders/{id}/packstarter", {"source": "x"}),
        ("POST", f"/orders/{id}/transferrer?tofacilityid=2", None),
        ("POST", f"/orders/{id}/splitter", None),
        ("POST", f"/orders/{id}/items", {"itemIdentifier": {"sku": MUG}, "qty": 1}),
        ("PUT", f"/orders/{id}/items", {"resourceList": [{"itemIdentifier": {"sku": MUG}, "qty": 1}]}),
        ("PUT", f"/orders/{id}/routing", {"carrier": "x"}),
    ]


def test_every_change_names_the_state_it_was_read_in(wm):
    id = place(wm)
    stale = wm.get(f"/orders/{id}").headers["etag"]
    wm.act("pick", order=str(id))
    for method, path, body in guarded(id):
        assert refused(wm, method, path, json=body).status_code == 428
        for tag in (stale, '""', 'W/"x"', "x", stale.removeprefix("W/")):
            assert refused(wm, method, path, json=body, headers={"If-Match": tag}).status_code == 412
        lost = path.replace(str(id), "987654")
        assert refused(wm, method, lost, json=body, headers={"If-Match": stale}).status_code == 404


def test_tags_are_compared_weakly_and_every_change_makes_another(wm):
    id = place(wm)
    first = wm.get(f"/orders/{id}").headers["etag"]
    assert first == wm.get(f"/orders/{id}", headers=HAL).headers["etag"], "the same in both dialects"
    changed = wm.client.put(f"/orders/{id}", json={"notes": "a"}, headers={"If-Match": first.removeprefix("W/")})
    assert changed.status_code == 200
    second = changed.headers["etag"]
    assert second != first
    several = wm.client.put(f"/orders/{id}", json={"notes": "b"}, headers={"If-Match": f'"x", {second}'})
    assert several.status_code == 200
    done = wm.client.post(f"/orders/{id}/canceler", json={"reason": "x"}, headers={"If-Match": "*"})
    assert (done.status_code, "etag" in done.headers) == (204, False), "no new tag after a 204"
    assert wm.get("/orders").headers.get("etag") is None, "collections carry none"


def test_confirming_in_the_future_is_refused(wm):
    id = place(wm)
    tag = {"If-Match": "*"}
    for date in ("2026-11-23T12:00:01", "2027-01-01", "2999-01-01T00:00:00Z"):
        answer = refused(wm, "POST", f"/orders/{id}/confirmer", json={"confirmDate": date}, headers=tag)
        assert (answer.status_code, answer.json()["ErrorCode"]) == (403, "DateInFuture")
    assert wm.post(f"/orders/{id}/confirmer", {"confirmDate": "2026-11-23T11:59:59"}, headers=tag).status_code == 204


def test_what_is_unknown_is_not_there(wm):
    assert refused(wm, "GET", "/nowhere").status_code == 404
    answer = refused(wm, "DELETE", "/orders")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST")


def test_an_order_may_not_go_where_its_customer_is_not_served(wm):
    facility = {
        "FacilityId": 9,
        "Name": "Far",
        "Deactivated": False,
        "Code": "F",
        "TimeZoneName": "UTC",
        "ShippingZip": "1",
    }
    work = wm.world.work(WM)
    work.collection("facility").add(facility | {"id": "9"})
    wm.world.finish(work)
    answer = refused(wm, "POST", "/orders", json=order(facilityIdentifier={"id": 9}, shipTo=HOME))
    assert answer.json()["ErrorCode"] == "Incompatible"
