"""What each answer that is no good means for whoever asked."""

import re

import httpx
import pytest

from connectors.core.errors import (
    Broken,
    ConnectorError,
    Forbidden,
    Invalid,
    NotFound,
    Refused,
    Throttled,
    TimedOut,
    Unauthorized,
    Unknown,
    Unreadable,
)
from tests.shopify.connector import Vendor, ask, collect, gql_error

QUERY_ERRORS = [
    ([gql_error("THROTTLED")], Throttled),
    ([gql_error("ACCESS_DENIED", "Access denied for orders field.")], Forbidden),
    ([gql_error("SHOP_INACTIVE")], Forbidden),
    ([gql_error("MAX_COST_EXCEEDED")], Invalid),
    ([gql_error("INVALID_VARIABLE")], Invalid),
    ([gql_error("BAD_REQUEST")], Invalid),
    ([gql_error("INVALID_FIELD_ARGUMENTS")], Invalid),
    ([gql_error("MAX_INPUT_SIZE_EXCEEDED")], Invalid),
    ([gql_error("undefinedField")], Invalid),
    ([gql_error("RESOURCE_NOT_FOUND")], NotFound),
    ([gql_error("INTERNAL_SERVER_ERROR")], Broken),
    ([gql_error("TIMEOUT")], TimedOut),
    ([gql_error("SOMETHING_NEW")], Broken),
    ([gql_error(None)], Broken),
    ([{"message": "no", "extensions": "none"}], Broken),
    ([gql_error("ACCESS_DENIED"), gql_error("INTERNAL_SERVER_ERROR")], Broken),
    ([gql_error("THROTTLED"), gql_error("ACCESS_DENIED")], Forbidden),
    ("[API] something", Unreadable),
    (["text"], Unreadable),
]


@pytest.mark.parametrize(("errors", "kind"), QUERY_ERRORS, ids=lambda value: str(value)[:60])
def test_each_graphql_error_has_its_outcome(errors, kind):
    vendor = Vendor(fulfillmentCancel={"errors": errors}, fulfillmentStatus={"fulfillment": {"status": "SUCCESS"}})
    with pytest.raises(ConnectorError) as caught:
        ask(vendor, lambda shop: shop.cancel_fulfillment("1", "key"))
    assert type(caught.value) is kind
    assert caught.value.status == 200


@pytest.mark.parametrize(
    "body", [{"data": None}, {"data": []}, {"data": "x", "errors": []}, {"data": {}}, {"data": {"shop": []}}], ids=str
)
def test_a_body_with_neither_data_nor_errors_is_unreadable(body):
    with pytest.raises(Unreadable):
        ask(Vendor(shop=body), lambda shop: shop.check())


def test_a_mutation_that_answers_and_fails_halfway_is_an_unknown_outcome():
    """The refused field is one we asked back; the cancellation itself was accepted."""
    body = {"data": {"orderCancel": {"job": None}}, "errors": [gql_error("ACCESS_DENIED")]}
    with pytest.raises(Unknown, match="failed halfway"):
        ask(Vendor(orderCancel=body), lambda shop: shop.cancel_order("7001", "", "key"))


def test_a_query_with_a_denied_field_is_refused_though_data_came():
    body = {"data": {"orders": None}, "errors": [gql_error("ACCESS_DENIED", "Required access: `read_orders`")]}
    with pytest.raises(Forbidden, match="read_orders") as caught:
        ask(Vendor(orders=body), lambda shop: collect(shop.orders()))
    assert caught.value.code == "ACCESS_DENIED"


def test_a_throttled_query_waits_until_the_bucket_holds_what_it_costs():
    vendor = Vendor(shop=[{"errors": [gql_error("THROTTLED")]}, {"shop": {"name": "x"}}])
    vendor.cost = {"requestedQueryCost": 700, "actualQueryCost": None}
    vendor.status = {"maximumAvailable": 1000, "currentlyAvailable": 100, "restoreRate": 50}
    ask(vendor, lambda shop: shop.check())
    assert 12 <= vendor.seconds[1] <= 13.5, "(700 - 100) / 50"


def test_the_next_query_waits_for_the_points_the_last_answer_left():
    async def twice(shop):
        await shop.check()
        await shop.check()

    vendor = Vendor(shop={"shop": {"name": "x"}})
    vendor.cost = {"requestedQueryCost": 200, "actualQueryCost": 200}
    vendor.status = {"maximumAvailable": 2000, "currentlyAvailable": 0, "restoreRate": 100}
    ask(vendor, twice)
    assert vendor.seconds[1] == pytest.approx(2, abs=0.01), "200 points at 100 a second"


@pytest.mark.parametrize(
    "extensions",
    [{}, {"cost": None}, {"cost": {"throttleStatus": 7}}, {"cost": {"requestedQueryCost": "dear"}}],
    ids=str,
)
def test_a_cost_report_that_makes_no_sense_is_left_aside(extensions):
    answer = httpx.Response(200, json={"data": {"shop": {"name": "x"}}, "extensions": extensions})
    assert ask(Vendor(shop=answer), lambda shop: shop.check()) == "x"


HTTP_ERRORS = [
    (401, {"errors": "[API] Invalid API key or access token"}, Unauthorized, "Invalid API key"),
    (402, {"errors": "frozen"}, Forbidden, "frozen"),
    (403, {"errors": "[API] This action requires merchant approval for read_orders scope."}, Forbidden, "merchant"),
    (404, {"errors": "Not Found"}, NotFound, "Not Found"),
    (422, {"errors": {"base": ["is wrong", "is late"]}}, Invalid, "base: is wrong; is late"),
    (423, {"errors": ["locked"]}, Forbidden, "locked"),
    (430, {"errors": 7}, Refused, "430"),
]


@pytest.mark.parametrize(("status", "body", "kind", "words"), HTTP_ERRORS)
def test_errors_before_graphql_are_read_in_all_their_forms(status, body, kind, words):
    with pytest.raises(kind, match=re.escape(words)):
        ask(Vendor(shop=httpx.Response(status, json=body)), lambda shop: shop.check())


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, text="<html>Sign in</html>"),
        httpx.Response(200, content=b'{"data":{"shop":{"na'),
        httpx.Response(200, json=[]),
        httpx.Response(200),
    ],
    ids=range(4),
)
def test_a_write_answered_with_garbage_is_an_unknown_outcome(answer):
    with pytest.raises(Unreadable):
        ask(Vendor(orderCancel=answer), lambda shop: shop.cancel_order("7001", "", "key"))
