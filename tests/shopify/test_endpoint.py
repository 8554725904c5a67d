"""The GraphQL door: versions, refusals in Shopify's words, scopes, and faults in its dialect."""

import json
import re

import pytest

from mock_servers.shopify.behaviour.endpoint import version_for
from tests.shopify.shop import shop, stocked

UNAUTHORIZED = {"errors": "[API] Invalid API key or access token (unrecognized login or wrong password)"}

# Versions -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "used"),
    [
        ("2026-10", "2026-10"),
        ("2026-01", "2026-01"),
        ("2025-10", "2026-01"),
        ("2019-04", "2026-01"),
        ("2027-01", ""),
        ("2026-02", ""),
        ("unstable", ""),
        ("", ""),
        ("２０２５-10", ""),
    ],
)
def test_a_retired_version_falls_forward_and_an_unknown_one_is_not_there(asked, used):
    assert version_for(asked) == used


def test_the_version_that_answered_is_said_on_every_answer():
    made = shop()

    replies = [made.send("{shop {name}}", version=version) for version in ("2026-04", "2024-07", "2026-02")]

    assert [reply.status_code for reply in replies] == [200, 200, 404]
    assert [reply.headers["x-shopify-api-version"] for reply in replies] == ["2026-04", "2026-01", "2026-10"]
    assert replies[2].json() == {"errors": "Not Found"}
    assert len({reply.headers["x-request-id"] for reply in replies}) == 3
    assert replies[0].headers["content-type"] == "application/json; charset=utf-8"


def test_a_retired_version_has_the_schema_of_the_oldest():
    made = shop()
    made.version = "2025-04"

    assert made.refused("{orders(first: 1) {nodes {attribution {handle}}}}")["extensions"]["fieldName"] == "attribution"


# Before GraphQL -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("token", ["", "nonsense", "shpat_seatria", "ключ".encode()])
def test_a_wrong_token_is_a_401_that_is_not_shaped_like_graphql(token):
    reply = shop().send("{shop {name}}", headers={"X-Shopify-Access-Token": token})

    assert (reply.status_code, reply.json()) == (401, UNAUTHORIZED)


def test_an_expired_token_is_like_a_wrong_one():
    made = shop()
    work = made.world.work("shopify")
    work.grant("token", "shpat_short", "seatrial-client-id", scopes=["read_orders"], seconds=60)
    made.client.headers["X-Shopify-Access-Token"] = "shpat_short"

    before = made.send("{shop {name}}").status_code
    made.advance(60)

    assert (before, made.send("{shop {name}}").status_code) == (200, 401)


@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [
        (b"{", {"Content-Type": "application/json"}, 400),
        (b"[]", {"Content-Type": "application/json"}, 400),
        (b"{}", {"Content-Type": "application/json"}, 400),
        (b'{"query": 5}', {"Content-Type": "application/json"}, 400),
        (b'{"query": "{shop{name}}", "variables": []}', {"Content-Type": "application/json"}, 400),
        (b"", {"Content-Type": "application/json"}, 400),
        (b"{shop{name}}", {"Content-Type": "application/graphql"}, 415),
        (b'{"query": "' + b"x" * 5_000_000 + b'"}', {"Content-Type": "application/json"}, 413),
        (b'{"query": "\xff"}', {"Content-Type": "application/json"}, 400),
    ],
)
def test_a_body_that_is_no_request_is_refused_before_graphql(content, headers, status):
    made = shop()
    before = made.kept()

    reply = made.client.post("/admin/api/2026-10/graphql.json", content=content, headers=headers)

    assert reply.status_code == status
    assert "errors" in reply.json()
    assert made.kept() == before


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
def test_another_method_is_not_found(method):
    reply = shop().client.request(method, "/admin/api/2026-10/graphql.json")

    assert (reply.status_code, reply.json()) == (404, {"errors": "Not Found"})


def test_a_path_that_is_not_there_is_not_found():
    reply = shop().get("/admin/api/2026-10/nothing.json")

    assert (reply.status_code, reply.json()) == (404, {"errors": "Not Found"})


# Faults ---------------------------------------------------------------------------------------------------------------


def test_a_fault_strikes_a_root_field_by_its_name():
    made = stocked()
    order = made.order()
    made.faults.next("orderClose", "refuse", error="graphql_internal_error")

    other = made.send("{ordersCount {count}}").json()
    struck = made.send("mutation($id: ID!) {orderClose(input: {id: $id}) {userErrors {message}}}", {"id": order["id"]})

    assert "errors" not in other
    assert struck.status_code == 200
    assert struck.json()["errors"][0]["extensions"] == {"code": "INTERNAL_SERVER_ERROR"}
    assert made.kept_order(order["id"])["closed"] is False


@pytest.mark.parametrize(
    ("error", "status"),
    [
        ("unavailable", 503),
        ("shop_frozen", 402),
        ("shop_locked", 423),
        ("security_rejection", 430),
        ("too_many_requests", 429),
        ("graphql_timeout", 200),
        ("shop_inactive", 200),
    ],
)
def test_the_vendors_other_refusals_can_be_planned(error, status):
    made = shop()
    made.faults.next("*", "refuse", error=error)

    reply = made.send("{shop {name}}")

    assert reply.status_code == status
    assert reply.json()["errors"]
    assert made.send("{shop {name}}").json()["data"]


def test_a_planned_throttle_is_shopifys_own():
    made = shop()
    made.faults.next("shop", "throttle")

    body = made.send("{shop {name}}").json()

    assert body["errors"][0]["extensions"]["code"] == "THROTTLED"
    assert body["extensions"]["cost"]["actualQueryCost"] is None


def test_the_journal_names_the_root_field_and_hides_the_token():
    made = shop()
    made.send("{ordersCount {count}}")

    entry = made.journal()[-1]

    assert entry.operation == "ordersCount"
    assert "shpat_seatrial" not in str(entry)


def test_no_secret_is_in_any_answer_or_journal_entry():
    made = stocked()
    made.order()
    made.post(
        "/admin/oauth/access_token",
        json={
            "client_id": "seatrial-client-id",
            "client_secret": "seatrial-client-secret",
            "grant_type": "client_credentials",
        },
    )

    text = json.dumps([str(entry) for entry in made.journal()])

    assert "seatrial-client-secret" not in text
    assert not re.search(r"shpat_[0-9a-f]{32}", text)
