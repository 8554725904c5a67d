"""The Shopify client against hand-made answers."""

import asyncio
import json
import random
import re
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import httpx
import pytest
import structlog

from connectors.canonical import Address, Fulfillment, Level, Money, Parcel, Ref, Warehouse
from connectors.core.clock import LoopClock
from connectors.core.cursors import read_cursor
from connectors.core.errors import (
    Broken,
    Conflict,
    ConnectorError,
    Forbidden,
    Invalid,
    NotApplied,
    NotFound,
    PagingLoop,
    Refused,
    Throttled,
    TimedOut,
    Unauthorized,
    Unknown,
    Unreadable,
)
from connectors.ports import InventorySink, OrderSource, ProductSource, ShipmentSink, WebhookSource
from connectors.shopify import Settings, Shopify
from seatrial import virtual_time

MONDAY = datetime(2026, 11, 23, 9, 0, 0, tzinfo=UTC)
SHOP = "some-shop.myshopify.com"
DATE = "Mon, 23 Nov 2026 09:00:00 GMT"


class Vendor:
    """Answers by operation name: data, or a whole body, or a response, or a list of such, or what a function says."""

    def __init__(self, **answers) -> None:
        self.answers = answers
        self.asked: list[tuple[str, dict]] = []
        self.seconds: list[float] = []
        self.cost = {"requestedQueryCost": 10, "actualQueryCost": 5}
        self.status = {"maximumAvailable": 2000.0, "currentlyAvailable": 1900, "restoreRate": 100.0}

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        assert request.method == "POST"
        assert str(request.url) == f"https://{SHOP}/admin/api/2026-10/graphql.json"
        assert request.headers["x-shopify-access-token"] == "shpat-secret"
        body = json.loads(request.content)
        name = re.match(r"\s*(?:query|mutation) (\w+)", body["query"]).group(1)
        self.asked.append((name, body["variables"]))
        self.seconds.append(asyncio.get_running_loop().time())
        answer = self.answers[name]
        if isinstance(answer, list):
            answer = answer.pop(0) if len(answer) > 1 else answer[0]
        if callable(answer):
            answer = answer(body["variables"])
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, httpx.Response):
            return answer
        whole = answer if "data" in answer or "errors" in answer else {"data": answer}
        extensions = {"cost": self.cost | {"throttleStatus": self.status}}
        return httpx.Response(200, json=whole | {"extensions": extensions}, headers={"date": DATE})

    def names(self):
        return [name for name, _ in self.asked]

    def variables(self, name):
        return [variables for asked, variables in self.asked if asked == name]


def client(vendor: Vendor, **settings) -> Shopify:
    return Shopify(
        Settings("shop", SHOP, access_token="shpat-secret", client_secret="app-secret", **settings),
        clock=LoopClock(MONDAY),
        chance=random.Random(1),
        transport=httpx.MockTransport(vendor),
    )


def ask(vendor: Vendor, question, **settings):
    async def story():
        async with client(vendor, **settings) as shop:
            return await question(shop)

    return virtual_time.run(story())


async def collect(pages):
    return [page async for page in pages]


def nodes(*found, after=None):
    return {"nodes": list(found), "pageInfo": {"hasNextPage": after is not None, "endCursor": after}}


def gql_error(code, message="no", **extensions):
    return {"message": message, "extensions": ({"code": code} if code else {}) | extensions}


LINE = {
    "id": "gid://shopify/LineItem/55",
    "sku": "MUG-BLU",
    "title": "Mug",
    "quantity": 3,
    "currentQuantity": 2,
    "requiresShipping": True,
    "originalUnitPriceSet": {"shopMoney": {"amount": "12.5", "currencyCode": "USD"}},
}
ORDER = {
    "id": "gid://shopify/Order/7001",
    "name": "#1042",
    "createdAt": "2026-11-20T09:00:01Z",
    "processedAt": "2026-11-20T09:00:00Z",
    "updatedAt": "2026-11-20T10:00:00Z",
    "cancelledAt": None,
    "closedAt": None,
    "displayFinancialStatus": "PAID",
    "displayFulfillmentStatus": "UNFULFILLED",
    "currencyCode": "USD",
    "email": "ana@mail.example",
    "note": None,
    "tags": ["vip"],
    "currentTotalPriceSet": {"shopMoney": {"amount": "43.0", "currencyCode": "USD"}},
    "shippingAddress": {
        "name": "Ana Ruiz",
        "company": None,
        "address1": "5 Pine Rd",
        "address2": "Apt 4",
        "city": "Albany",
        "provinceCode": "NY",
        "zip": "12207",
        "countryCodeV2": "US",
        "phone": None,
    },
    "shippingLine": {"title": "Express"},
    "lineItems": nodes(LINE),
}


def test_it_plays_the_parts_sync_knows():
    for part in (OrderSource, ShipmentSink, InventorySink, ProductSource, WebhookSource):
        assert isinstance(client(Vendor()), part)


def test_the_settings_hide_the_secrets():
    settings = Settings("shop", SHOP, access_token="at-1", client_secret="cs-1", refresh_token="rt-1")
    assert not re.search("at-1|cs-1|rt-1", repr(settings))


def test_a_shop_without_credentials_or_with_a_strange_domain_is_not_connected():
    with pytest.raises(ValueError, match="needs an access_token"):
        Shopify(Settings("shop", SHOP))
    with pytest.raises(Invalid, match="not a shop's domain"):
        Shopify(Settings("shop", "evil.example/.myshopify.com", access_token="t"))


def test_a_settle_time_outlasts_the_last_moment_a_write_can_arrive():
    assert client(Vendor()).settle == timedelta(seconds=10 + 30 + 10)


def test_the_credentials_are_proved_by_the_shops_name():
    assert ask(Vendor(shop={"shop": {"name": "Some Shop"}}), lambda shop: shop.check()) == "Some Shop"


# What errors mean

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


# Orders


def test_an_order_becomes_ours():
    order = ask(Vendor(order={"order": ORDER}), lambda shop: shop.order("7001"))
    assert order.source == Ref("shop", "7001")
    assert (order.number, order.status, order.paid, order.currency) == ("#1042", "open", True, "USD")
    assert order.placed == datetime(2026, 11, 20, 9, tzinfo=UTC)
    assert order.updated == datetime(2026, 11, 20, 10, tzinfo=UTC)
    assert order.total == Money(Decimal("43.0"), "USD")
    assert order.ship_to == Address("Ana Ruiz", "5 Pine Rd", "Albany", "12207", "US", region="NY", street2="Apt 4")
    (line,) = order.lines
    assert (line.id, line.sku, line.quantity, line.fulfillable) == ("55", "MUG-BLU", 3, 2)
    assert line.unit_price == Money(Decimal("12.5"), "USD")
    assert (order.email, order.shipping_method, order.note, order.tags) == ("ana@mail.example", "Express", "", ("vip",))


STATUSES = [
    ({}, "open"),
    ({"displayFulfillmentStatus": "IN_PROGRESS"}, "open"),
    ({"displayFulfillmentStatus": "SOMETHING_NEW"}, "open"),
    ({"displayFulfillmentStatus": "ON_HOLD"}, "held"),
    ({"displayFulfillmentStatus": "SCHEDULED"}, "held"),
    ({"displayFulfillmentStatus": "PARTIALLY_FULFILLED"}, "partly_shipped"),
    ({"displayFulfillmentStatus": "FULFILLED"}, "shipped"),
    ({"displayFulfillmentStatus": "FULFILLED", "closedAt": "2026-11-21T00:00:00Z"}, "shipped"),
    ({"displayFulfillmentStatus": "PARTIALLY_FULFILLED", "closedAt": "2026-11-21T00:00:00Z"}, "closed"),
    ({"closedAt": "2026-11-21T00:00:00Z"}, "closed"),
    ({"displayFulfillmentStatus": "RESTOCKED"}, "closed"),
    ({"displayFulfillmentStatus": "FULFILLMENT_NOT_REQUIRED"}, "closed"),
    ({"displayFulfillmentStatus": "FULFILLED", "cancelledAt": "2026-11-21T00:00:00Z"}, "cancelled"),
]


@pytest.mark.parametrize(("document", "status"), STATUSES, ids=lambda value: str(value)[:70])
def test_the_shops_words_become_ours(document, status):
    assert ask(Vendor(order={"order": ORDER | document}), lambda shop: shop.order("7001")).status == status


@pytest.mark.parametrize(
    ("word", "paid"),
    [
        ("PAID", True),
        ("PARTIALLY_REFUNDED", True),
        ("AUTHORIZED", False),
        ("PARTIALLY_PAID", False),
        ("PENDING", False),
        ("REFUNDED", False),
        ("VOIDED", False),
        (None, False),
    ],
)
def test_paid_means_paid_in_full(word, paid):
    document = ORDER | {"displayFinancialStatus": word}
    assert ask(Vendor(order={"order": document}), lambda shop: shop.order("7001")).paid is paid


def test_what_may_be_null_may_be_null():
    document = ORDER | dict.fromkeys(
        ("processedAt", "displayFinancialStatus", "email", "currentTotalPriceSet", "shippingAddress", "shippingLine")
    )
    document["lineItems"] = nodes(LINE | {"sku": None, "originalUnitPriceSet": None})
    order = ask(Vendor(order={"order": document}), lambda shop: shop.order("7001"))
    assert order.ship_to is None
    assert order.placed == datetime(2026, 11, 20, 9, 0, 1, tzinfo=UTC)
    assert (order.lines[0].sku, order.lines[0].unit_price, order.total) == ("", None, None)


def test_an_order_that_is_not_there_is_none_and_a_senseless_id_is_refused():
    assert ask(Vendor(order={"order": None}), lambda shop: shop.order("7001")) is None
    invalid = {"errors": [gql_error("RESOURCE_NOT_FOUND", "invalid id")]}
    assert ask(Vendor(order=invalid), lambda shop: shop.order("7001")) is None
    for name in ("", "#1042", "7001/../..", "gid://shopify/Order/1", "1" * 30, "７"):
        with pytest.raises(Invalid, match="ids are numbers"):
            ask(Vendor(), lambda shop, name=name: shop.order(name))


def test_the_lines_of_a_long_order_are_all_read():
    def more(variables):
        lines = {"a": nodes(LINE | {"id": "gid://shopify/LineItem/56"}, after="b"), "b": nodes(LINE)}
        return {"order": {"lineItems": lines[variables["after"]]}}

    vendor = Vendor(order={"order": ORDER | {"lineItems": nodes(LINE, after="a")}}, orderLines=more)
    order = ask(vendor, lambda shop: shop.order("7001"))
    assert [line.id for line in order.lines] == ["55", "56", "55"]
    assert vendor.variables("orderLines")[0] == {"id": "gid://shopify/Order/7001", "after": "a"}


def test_lines_that_go_in_circles_are_noticed():
    vendor = Vendor(order={"order": ORDER | {"lineItems": nodes(LINE, after="a")}})
    vendor.answers["orderLines"] = {"order": {"lineItems": nodes(LINE, after="a")}}
    with pytest.raises(PagingLoop):
        ask(vendor, lambda shop: shop.order("7001"))


@pytest.mark.parametrize(
    "document",
    [
        {"id": "7001"},
        {"id": "gid://shopify/Order/"},
        {"updatedAt": "2026-11-20T10:00:00"},
        {"updatedAt": 1763632800},
        {"lineItems": []},
        {"lineItems": {"nodes": [LINE]}},
        {"lineItems": nodes(LINE | {"quantity": "3"})},
        {"lineItems": nodes(LINE | {"id": "gid://shopify/LineItem/x"})},
        {"currentTotalPriceSet": {"shopMoney": {"amount": "NaN", "currencyCode": "USD"}}},
        {"currentTotalPriceSet": {"shopMoney": {"amount": "dear", "currencyCode": "USD"}}},
    ],
    ids=lambda value: str(value)[:50],
)
def test_an_order_of_another_shape_is_unreadable(document):
    with pytest.raises(Unreadable):
        ask(Vendor(order={"order": ORDER | document}), lambda shop: shop.order("7001"))


def changed(number, updated):
    return ORDER | {"id": f"gid://shopify/Order/{number}", "updatedAt": updated}


def pages_of(*pages):
    """Orders in pages, with cursors 1, 2, …"""

    def answer(variables):
        number = int(variables["after"] or 0)
        return {"orders": nodes(*pages[number], after=str(number + 1) if number + 1 < len(pages) else None)}

    return answer


def test_orders_come_by_update_time_each_page_with_its_cursor():
    first, second = changed(1, "2026-11-20T10:00:00Z"), changed(2, "2026-11-20T11:00:00Z")
    vendor = Vendor(orders=pages_of([first], [second]))
    found = ask(vendor, lambda shop: collect(shop.orders()))
    assert [page.rows[0].source.id for page in found] == ["1", "2"]
    assert [read_cursor(page.cursor).hour for page in found] == [10, 11]
    assert vendor.variables("orders")[0] == {"first": 40, "after": None, "query": None}


def test_reading_on_searches_from_before_the_cursor_and_never_moves_it_back():
    cursor = '{"v":1,"updated":"2026-11-20T10:00:00Z"}'
    vendor = Vendor(orders=pages_of([changed(1, "2026-11-20T09:59:00Z")]))
    (page,) = ask(vendor, lambda shop: collect(shop.orders(cursor)))
    assert vendor.variables("orders")[0]["query"] == "updated_at:>='2026-11-20T09:58:00Z'"
    assert read_cursor(page.cursor) == read_cursor(cursor)


def test_the_first_read_can_start_at_a_moment():
    vendor = Vendor(orders=pages_of([]))
    assert ask(vendor, lambda shop: collect(shop.orders()), first_read=MONDAY - timedelta(days=1)) == []
    assert vendor.variables("orders")[0]["query"] == "updated_at:>='2026-11-22T09:00:00Z'"


def test_a_record_that_changed_a_moment_ago_does_not_pull_the_cursor_past_the_pages_behind_it():
    """Its place in the list is by what the index knew, its own time is new already; page two is older than that."""
    fresh = changed(1, "2026-11-23T08:59:30Z")
    vendor = Vendor(orders=pages_of([changed(3, "2026-11-19T10:00:00Z"), fresh], [changed(2, "2026-11-20T11:00:00Z")]))
    found = ask(vendor, lambda shop: collect(shop.orders()))
    assert read_cursor(found[0].cursor) == datetime(2026, 11, 19, 10, tzinfo=UTC)
    assert [order.source.id for order in found[0].rows] == ["3", "1"]


def test_on_the_last_page_a_fresh_record_does_move_the_cursor():
    vendor = Vendor(orders=pages_of([changed(1, "2026-11-23T08:59:30Z")]))
    (page,) = ask(vendor, lambda shop: collect(shop.orders()))
    assert read_cursor(page.cursor) == datetime(2026, 11, 23, 8, 59, 30, tzinfo=UTC)


def test_order_pages_that_go_in_circles_are_noticed():
    vendor = Vendor(orders={"orders": nodes(changed(1, "2026-11-20T10:00:00Z"), after="x")})
    with pytest.raises(PagingLoop):
        ask(vendor, lambda shop: collect(shop.orders()))


def test_a_walk_ends_before_the_vendor_would_cut_it_off():
    def endless(variables):
        number = int(variables["after"] or 0)
        rows = [changed(number * 4000 + row, "2026-11-20T10:00:00Z") for row in range(4000)]
        return {"orders": nodes(*rows, after=str(number + 1))}

    found = ask(Vendor(orders=endless), lambda shop: collect(shop.orders()))
    assert sum(len(page.rows) for page in found) == 24_000


def test_an_order_is_cancelled_in_the_background_and_waited_for():
    accepted = {"orderCancel": {"job": {"id": "gid://shopify/Job/9", "done": False}, "orderCancelUserErrors": []}}
    jobs = [
        {"job": {"id": "9", "done": False}},
        {"job": {"id": "9", "done": False}},
        {"job": {"id": "9", "done": True}},
    ]
    vendor = Vendor(orderCancel=accepted, job=jobs)
    vendor.answers["orderCancelled"] = {"order": {"id": "7001", "cancelledAt": "2026-11-23T09:00:01Z"}}
    ask(vendor, lambda shop: shop.cancel_order("7001", "customer", "key"))
    assert vendor.names() == ["orderCancel", "job", "job", "job", "orderCancelled"]
    assert vendor.variables("orderCancel") == [
        {"id": "gid://shopify/Order/7001", "reason": "CUSTOMER", "restock": True, "staffNote": "customer"}
    ]
    assert vendor.seconds[-1] == pytest.approx(1.5)


def cancelling(errors, cancelled_at):
    vendor = Vendor(orderCancel={"orderCancel": {"job": None, "orderCancelUserErrors": errors}})
    vendor.answers["orderCancelled"] = {"order": {"id": "7001", "cancelledAt": cancelled_at}}
    ask(vendor, lambda shop: shop.cancel_order("7001", "out of stock " * 30, "key"))
    return vendor


def user_error(message, *field, **more):
    return {"field": list(field) or None, "message": message} | more


def test_an_order_cancelled_before_stays_cancelled():
    errors = [user_error("Cannot cancel an order that has already been canceled", "orderId", code="INVALID")]
    vendor = cancelling(errors, "2026-11-23T08:00:00Z")
    (variables,) = vendor.variables("orderCancel")
    assert variables["reason"] == "OTHER"
    assert len(variables["staffNote"]) == 255


def test_an_order_with_something_fulfilled_is_not_cancelled():
    errors = [user_error("Cannot cancel an order that has outstanding fulfillments", "orderId", code="INVALID")]
    with pytest.raises(Conflict, match="outstanding fulfillments") as caught:
        cancelling(errors, None)
    assert caught.value.code == "INVALID"


def test_an_order_that_is_not_there_is_not_cancelled():
    with pytest.raises(NotFound):
        cancelling([user_error("Order does not exist", code="NOT_FOUND")], None)


def test_a_cancellation_that_left_the_order_as_it_was_is_an_unknown_outcome():
    with pytest.raises(Unknown, match="not cancelled"):
        cancelling([], None)


def test_a_cancellation_that_does_not_end_is_given_up_after_a_minute():
    accepted = {"orderCancel": {"job": {"id": "gid://shopify/Job/9", "done": False}, "orderCancelUserErrors": []}}
    vendor = Vendor(orderCancel=accepted, job={"job": {"id": "9", "done": False}})
    with pytest.raises(Unknown, match="not over"):
        ask(vendor, lambda shop: shop.cancel_order("7001", "", "key"))
    assert 60 <= vendor.seconds[-1] <= 65


# Fulfilment


class Order:
    """An order with fulfilment orders and fulfilments, small enough to be right."""

    def __init__(self, *, fulfillment_orders, fulfillments=()) -> None:
        self.orders = fulfillment_orders  # id → (location, {line: remaining})
        self.told = list(fulfillments)  # (id, status, numbers, {line: quantity})
        self.refusals = []
        self.inputs = []
        self.vendor = Vendor(
            fulfillments=self.fulfillments,
            fulfillmentOrders=self.fulfillment_orders,
            fulfillmentCreate=self.create,
        )

    def fulfillments(self, variables):
        return {
            "order": {
                "fulfillments": [
                    {
                        "id": f"gid://shopify/Fulfillment/{id}",
                        "status": status,
                        "trackingInfo": [{"number": number} for number in numbers],
                        "fulfillmentLineItems": nodes(
                            *[
                                {"quantity": quantity, "lineItem": {"id": f"gid://shopify/LineItem/{line}"}}
                                for line, quantity in lines.items()
                            ]
                        ),
                    }
                    for id, status, numbers, lines in self.told
                ]
            }
        }

    def fulfillment_orders(self, variables):
        found = [
            {
                "id": f"gid://shopify/FulfillmentOrder/{id}",
                "status": "OPEN",
                "supportedActions": [{"action": "CREATE_FULFILLMENT"}, {"action": "MOVE"}]
                if location != "held"
                else [],
                "assignedLocation": {"location": {"id": f"gid://shopify/Location/{location}"}},
                "lineItems": nodes(
                    *[
                        {
                            "id": f"gid://shopify/FulfillmentOrderLineItem/{id}{line}",
                            "remainingQuantity": remaining,
                            "lineItem": {"id": f"gid://shopify/LineItem/{line}"},
                        }
                        for line, remaining in lines.items()
                    ]
                ),
            }
            for id, (location, lines) in self.orders.items()
        ]
        return {"order": {"fulfillmentOrders": nodes(*found)}}

    def create(self, variables):
        given = variables["fulfillment"]
        self.inputs.append(given)
        if self.refusals and (refusal := self.refusals.pop(0)):
            return refusal
        lines = {}
        for order in given["lineItemsByFulfillmentOrder"]:
            id = order["fulfillmentOrderId"].rpartition("/")[2]
            for item in order["fulfillmentOrderLineItems"]:
                line = item["id"].rpartition("/")[2].removeprefix(id)
                self.orders[id][1][line] -= item["quantity"]
                assert self.orders[id][1][line] >= 0
                lines[line] = lines.get(line, 0) + item["quantity"]
        tracking = given.get("trackingInfo", {})
        numbers = tracking.get("numbers") or ([tracking["number"]] if tracking else [])
        id = str(100 + len(self.told))
        self.told.append((id, "SUCCESS", numbers, lines))
        created = {"id": f"gid://shopify/Fulfillment/{id}", "status": "SUCCESS"}
        return {"fulfillmentCreate": {"fulfillment": created, "userErrors": []}}


def shipment(lines, *numbers, carrier="UPS", url="", notify=False):
    parcels = tuple(Parcel(number, carrier, url and url + number) for number in numbers)
    return Fulfillment(Ref("shop", "7001"), tuple(lines.items()), parcels, MONDAY, notify)


def tell(order, what):
    return ask(order.vendor, lambda shop: shop.fulfill(what, "key"))


def find(order, what):
    return ask(order.vendor, lambda shop: shop.find_fulfillment(what))


def refused_create(*messages):
    errors = [user_error(message, "fulfillment") for message in messages]
    return {"fulfillmentCreate": {"fulfillment": None, "userErrors": errors}}


def test_a_shipment_is_told_against_the_open_fulfilment_order():
    order = Order(fulfillment_orders={"8": ("11", {"55": 2, "56": 1})})
    assert tell(order, shipment({"55": 1}, "1Z1", url="https://ups/", notify=True)) == "100"
    assert order.inputs == [
        {
            "lineItemsByFulfillmentOrder": [
                {
                    "fulfillmentOrderId": "gid://shopify/FulfillmentOrder/8",
                    "fulfillmentOrderLineItems": [{"id": "gid://shopify/FulfillmentOrderLineItem/855", "quantity": 1}],
                }
            ],
            "notifyCustomer": True,
            "trackingInfo": {"number": "1Z1", "url": "https://ups/1Z1", "company": "UPS"},
        }
    ]


def test_a_shipment_of_several_parcels_has_several_numbers():
    order = Order(fulfillment_orders={"8": ("11", {"55": 2})})
    tell(order, shipment({"55": 2}, "1Z1", "1Z2", url="https://ups/"))
    assert order.inputs[0]["trackingInfo"] == {
        "numbers": ["1Z1", "1Z2"],
        "urls": ["https://ups/1Z1", "https://ups/1Z2"],
        "company": "UPS",
    }


def test_each_location_is_told_its_own_part():
    order = Order(fulfillment_orders={"8": ("11", {"55": 2}), "9": ("12", {"56": 1}), "10": ("11", {"57": 4})})
    assert tell(order, shipment({"55": 2, "56": 1, "57": 4}, "1Z1")) == "100,101"
    told = [sorted(o["fulfillmentOrderId"][-2:] for o in each["lineItemsByFulfillmentOrder"]) for each in order.inputs]
    assert told == [["/8", "10"], ["/9"]]
    assert find(order, shipment({"55": 2, "56": 1, "57": 4}, "1z 1")) == "100,101"


def test_a_tracked_shipment_is_told_once_however_often_it_is_told():
    order = Order(fulfillment_orders={"8": ("11", {"55": 5})})
    assert tell(order, shipment({"55": 2}, "1Z1")) == "100"
    assert tell(order, shipment({"55": 2}, "1Z1")) == "100"
    assert tell(order, shipment({"55": 2}, "1Z2")) == "101"
    assert order.orders["8"][1]["55"] == 1


def test_more_than_is_open_is_refused_before_anything_is_told():
    order = Order(fulfillment_orders={"8": ("11", {"55": 1}), "9": ("held", {"55": 5})})
    with pytest.raises(Conflict, match="nothing open for 1 of line 55"):
        tell(order, shipment({"55": 2}, "1Z1"))
    assert order.inputs == []


def test_a_fulfilment_order_replaced_since_it_was_read_is_looked_at_again():
    order = Order(fulfillment_orders={"8": ("11", {"55": 1})})
    order.refusals = [refused_create("Fulfillment order 8001 has an unfulfillable status= closed.")]
    assert tell(order, shipment({"55": 1}, "1Z1")) == "100"
    assert order.vendor.names().count("fulfillmentOrders") == 2


def test_a_second_refusal_is_told():
    order = Order(fulfillment_orders={"8": ("11", {"55": 1})})
    order.refusals = [refused_create("Invalid fulfillment order line item quantity requested.")] * 2
    with pytest.raises(Conflict, match="Invalid fulfillment order line item quantity") as caught:
        tell(order, shipment({"55": 1}, "1Z1"))
    assert len(order.inputs) == 2
    assert caught.value.next_step


def test_a_lost_answer_is_an_unknown_outcome_told_once():
    order = Order(fulfillment_orders={"8": ("11", {"55": 1})})
    order.refusals = [httpx.ReadTimeout("slow")]
    with pytest.raises(TimedOut):
        tell(order, shipment({"55": 1}, "1Z1"))
    assert len(order.inputs) == 1


def test_half_a_tracked_shipment_is_an_unknown_outcome_and_repeating_tells_the_rest():
    order = Order(fulfillment_orders={"8": ("11", {"55": 1}), "9": ("12", {"56": 1})})
    order.refusals = [None, refused_create("Fulfillment order does not exist.")]
    what = shipment({"55": 1, "56": 1}, "1Z1")
    with pytest.raises(Unknown, match="1 of 2 locations were told"):
        tell(order, what)
    assert find(order, what) is None
    assert tell(order, what) == "100,101"
    assert find(order, what) == "100,101"


def test_half_an_untracked_shipment_needs_a_person():
    order = Order(fulfillment_orders={"8": ("11", {"55": 1}), "9": ("12", {"56": 1})})
    order.refusals = [None, httpx.Response(429, headers={"retry-after": "99"})]
    with pytest.raises(Refused, match="1 of 2 locations were told") as caught:
        tell(order, shipment({"55": 1, "56": 1}))
    assert "by hand" in caught.value.next_step


def test_an_untracked_shipment_is_found_by_its_lines():
    told = [
        ("1", "CANCELLED", [], {"55": 1}),
        ("2", "SUCCESS", ["1Z1"], {"55": 1}),
        ("3", "SUCCESS", [], {"56": 1}),
    ]
    order = Order(fulfillment_orders={}, fulfillments=told)
    assert find(order, shipment({"55": 1})) is None
    assert find(order, shipment({"56": 1})) == "3"
    assert find(order, shipment({"56": 2})) is None


def test_a_shipment_is_found_by_its_numbers_and_lines_among_the_living():
    told = [("1", "CANCELLED", ["1Z1"], {"55": 1}), ("2", "SUCCESS", ["1Z9", "1Z1"], {"55": 1})]
    order = Order(fulfillment_orders={}, fulfillments=told)
    assert find(order, shipment({"55": 1}, "1Z1")) == "2"
    assert find(order, shipment({"55": 1}, "1Z1", "1Z9")) == "2"
    assert find(order, shipment({"55": 1}, "1Z1", "1Z2")) is None
    assert find(order, shipment({"56": 1}, "1Z1")) is None, "the same box, other goods"
    assert find(order, shipment({"55": 2}, "1Z1")) is None, "not all of it is told"


def test_a_shipment_of_an_order_that_is_not_there_is_not_found_missing():
    vendor = Vendor(fulfillments={"order": None})
    with pytest.raises(NotFound):
        ask(vendor, lambda shop: shop.find_fulfillment(shipment({"55": 1}, "1Z1")))


@pytest.mark.parametrize("lines", [{}, {"55": 0}, {"55": -1}])
def test_a_shipment_of_nothing_is_refused(lines):
    with pytest.raises(Invalid, match="at least one"):
        tell(Order(fulfillment_orders={}), shipment(lines, "1Z1"))


def test_the_lines_of_a_long_fulfilment_and_of_a_long_fulfilment_order_are_all_read():
    order = Order(
        fulfillment_orders={"8": ("11", {"55": 1, "56": 1})}, fulfillments=[("1", "SUCCESS", ["1Z1"], {"57": 1})]
    )

    def cut(answer, key):
        def cutting(variables):
            whole = answer(variables)
            found = whole["order"][key]
            first = found[0] if isinstance(found, list) else found["nodes"][0]
            name = "fulfillmentLineItems" if isinstance(found, list) else "lineItems"
            first[name] = nodes(*first[name]["nodes"][:1], after="a")
            return whole

        return cutting

    more_told = {"quantity": 1, "lineItem": {"id": "gid://shopify/LineItem/58"}}
    more_open = {
        "id": "gid://shopify/FulfillmentOrderLineItem/856",
        "remainingQuantity": 1,
        "lineItem": {"id": "gid://shopify/LineItem/56"},
    }
    order.vendor.answers |= {
        "fulfillments": cut(order.fulfillments, "fulfillments"),
        "fulfillmentLines": {"fulfillment": {"fulfillmentLineItems": nodes(more_told)}},
        "fulfillmentOrders": cut(order.fulfillment_orders, "fulfillmentOrders"),
        "fulfillmentOrderLines": {"fulfillmentOrder": {"lineItems": nodes(more_open)}},
    }
    assert find(order, shipment({"57": 1, "58": 1}, "1Z1")) == "1"
    tell(order, shipment({"55": 1, "56": 1}, "1Z2"))
    assert order.orders["8"][1] == {"55": 0, "56": 0}


def test_a_voided_shipment_is_cancelled_wherever_it_was_told():
    status = {"100": "SUCCESS", "101": "CANCELLED"}
    cancelled = []

    def cancel(variables):
        cancelled.append(variables["id"])
        return {"fulfillmentCancel": {"fulfillment": {"id": variables["id"]}, "userErrors": []}}

    vendor = Vendor(
        fulfillmentStatus=lambda variables: {"fulfillment": {"status": status[variables["id"].rpartition("/")[2]]}},
        fulfillmentCancel=cancel,
    )
    ask(vendor, lambda shop: shop.cancel_fulfillment("100,101", "key"))
    assert cancelled == ["gid://shopify/Fulfillment/100"]


def test_a_fulfilment_that_cannot_be_cancelled_is_told_and_one_cancelled_meanwhile_is_not():
    refusal = {"fulfillmentCancel": {"fulfillment": None, "userErrors": [user_error("It was delivered")]}}

    def vendor(*statuses):
        return Vendor(
            fulfillmentStatus=[{"fulfillment": {"status": status}} for status in statuses], fulfillmentCancel=refusal
        )

    with pytest.raises(Conflict, match="It was delivered"):
        ask(vendor("SUCCESS"), lambda shop: shop.cancel_fulfillment("100", "key"))
    ask(vendor("SUCCESS", "CANCELLED"), lambda shop: shop.cancel_fulfillment("100", "key"))
    with pytest.raises(NotFound):
        ask(Vendor(fulfillmentStatus={"fulfillment": None}), lambda shop: shop.cancel_fulfillment("100", "key"))


# Stock


class Shelf:
    """Items at locations, and a compare-and-set as Shopify has it."""

    def __init__(self, items, locations=("11",)) -> None:
        self.items = items  # item id → [sku, {location: available}]
        self.locations = locations
        self.sets = []
        self.keys = []
        self.meanwhile = None
        self.refuse = {}  # item id → code
        self.errors_told = None  # how many of a request's errors are told; None is all
        self.vendor = Vendor(
            stock=self.stock, inventorySetQuantities=self.set, inventoryActivate=self.activate, locations=self.list
        )

    def list(self, variables):
        found = [
            {"id": f"gid://shopify/Location/{id}", "name": f"L{id}", "isActive": id != "99"} for id in self.locations
        ]
        return {"locations": nodes(*found)}

    def stock(self, variables):
        location = variables["location"].rpartition("/")[2]
        found = [
            {
                "id": f"gid://shopify/InventoryItem/{id}",
                "sku": sku,
                "inventoryLevel": {"quantities": [{"name": "available", "quantity": at[location]}]}
                if location in at
                else None,
            }
            for id, (sku, at) in self.items.items()
            if sku is None or sku.lower() in variables["query"].lower()
        ]
        if self.meanwhile:
            self.meanwhile.pop(0)()
        return {"inventoryItems": nodes(*found)}

    def set(self, variables):
        rows, errors = variables["input"]["quantities"], []
        self.sets.append([row["quantity"] for row in rows])
        self.keys.append(variables["key"])
        for number, row in enumerate(rows):
            id, location = row["inventoryItemId"].rpartition("/")[2], row["locationId"].rpartition("/")[2]
            code = self.refuse.get(id)
            if not code and self.items[id][1][location] != row["changeFromQuantity"]:
                code = "CHANGE_FROM_QUANTITY_STALE"
            if code:
                errors.append(user_error("no", "input", "quantities", str(number), "x", code=code))
        errors = errors[: self.errors_told]
        for row in [] if errors else rows:
            self.items[row["inventoryItemId"].rpartition("/")[2]][1][row["locationId"].rpartition("/")[2]] = row[
                "quantity"
            ]
        return {"inventorySetQuantities": {"inventoryAdjustmentGroup": None, "userErrors": errors}}

    def activate(self, variables):
        self.items[variables["item"].rpartition("/")[2]][1][variables["location"].rpartition("/")[2]] = variables[
            "available"
        ]
        return {"inventoryActivate": {"inventoryLevel": {"id": "x"}, "userErrors": []}}


def levels(warehouse="", /, **quantities):
    return [Level(sku, warehouse, quantity, quantity, MONDAY) for sku, quantity in quantities.items()]


def publish(shelf, wanted, **settings):
    return ask(shelf.vendor, lambda shop: shop.set_levels(wanted, "level:shop"), **settings)


def test_levels_are_set_absolutely_at_the_only_location():
    shelf = Shelf({"1": ["A", {"11": 7}], "2": ["B", {"11": 3}], "3": ["C", {"11": 5}]}, locations=("99", "11"))
    assert publish(shelf, levels(A=5, B=0, C=5)) == {}
    assert [at["11"] for _, at in shelf.items.values()] == [5, 0, 5]
    (variables,) = shelf.vendor.variables("inventorySetQuantities")
    assert variables["input"] == {
        "name": "available",
        "reason": "correction",
        "quantities": [
            {
                "inventoryItemId": "gid://shopify/InventoryItem/1",
                "locationId": "gid://shopify/Location/11",
                "quantity": 5,
                "changeFromQuantity": 7,
            },
            {
                "inventoryItemId": "gid://shopify/InventoryItem/2",
                "locationId": "gid://shopify/Location/11",
                "quantity": 0,
                "changeFromQuantity": 3,
            },
        ],
    }


def test_what_is_right_already_is_not_set():
    shelf = Shelf({"1": ["A", {"11": 7}]})
    assert publish(shelf, levels(A=7)) == {}
    assert shelf.sets == []


def test_below_zero_is_published_as_zero():
    shelf = Shelf({"1": ["A", {"11": 7}]})
    publish(shelf, levels(A=-3))
    assert shelf.items["1"][1]["11"] == 0


def test_a_sale_between_reading_and_setting_is_noticed_and_the_rest_is_set():
    shelf = Shelf({"1": ["A", {"11": 7}], "2": ["B", {"11": 7}]})
    shelf.meanwhile = [lambda: shelf.items["1"][1].update({"11": 6}), lambda: None]
    assert publish(shelf, levels(A=5, B=4)) == {}
    assert [at["11"] for _, at in shelf.items.values()] == [5, 4]
    assert shelf.sets == [[5, 4], [4], [5]]
    assert len(set(shelf.keys)) == 3, "other parameters need another idempotency key"


def test_setting_the_same_again_later_uses_a_fresh_key():
    """One made from the caller's key would be answered from memory for a day, and nothing would be set."""

    async def twice(shop):
        await shop.set_levels(levels(A=5), "level:shop:A")
        shelf.items["1"][1]["11"] = 7
        await shop.set_levels(levels(A=5), "level:shop:A")

    shelf = Shelf({"1": ["A", {"11": 7}]})
    ask(shelf.vendor, twice)
    assert shelf.sets == [[5], [5]]
    assert shelf.keys[0] != shelf.keys[1]


def test_a_lost_answer_is_asked_again_with_the_same_key():
    shelf = Shelf({"1": ["A", {"11": 7}]})
    shelf.vendor.answers["inventorySetQuantities"] = [
        lambda variables: httpx.Response(502, json=shelf.set(variables)),
        {"inventorySetQuantities": {"inventoryAdjustmentGroup": {"id": "1"}, "userErrors": []}},
    ]
    publish(shelf, levels(A=5))
    first, second = shelf.vendor.variables("inventorySetQuantities")
    assert first == second


def test_a_request_still_under_way_is_waited_for():
    running = {"inventorySetQuantities": {"userErrors": [user_error("wait", code="IDEMPOTENCY_CONCURRENT_REQUEST")]}}
    shelf = Shelf({"1": ["A", {"11": 7}]})
    shelf.vendor.answers["inventorySetQuantities"] = [running, running, shelf.set]
    assert publish(shelf, levels(A=5)) == {}
    assert len({variables["key"] for variables in shelf.vendor.variables("inventorySetQuantities")}) == 1


def test_a_key_that_failed_before_is_not_used_again():
    burnt = {"inventorySetQuantities": {"userErrors": [user_error("no", code="IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED")]}}
    shelf = Shelf({"1": ["A", {"11": 7}]})
    shelf.vendor.answers["inventorySetQuantities"] = [burnt, shelf.set]
    assert publish(shelf, levels(A=5)) == {}
    assert len({variables["key"] for variables in shelf.vendor.variables("inventorySetQuantities")}) == 2


def test_refused_levels_are_told_by_sku_and_the_others_are_set():
    items = {
        "1": ["A", {"11": 7}],
        "2": ["B", {"11": 7}],
        "3": ["TWICE", {"11": 1}],
        "4": ["TWICE", {"11": 1}],
        "5": ["ELSEWHERE", {"12": 1}],
        "6": ["abc", {"11": 1}],
        "7": [None, {"11": 1}],
    }
    shelf = Shelf(items)
    shelf.refuse = {"2": "NON_MUTABLE_INVENTORY_ITEM"}
    refused = publish(shelf, levels(A=1, B=1, TWICE=2, ELSEWHERE=2, ABC=2, GONE=2))
    assert shelf.items["1"][1]["11"] == 1
    assert refused["B"] == "input.quantities.1.x: no [NON_MUTABLE_INVENTORY_ITEM]"
    assert refused["TWICE"] == "2 items in the shop have this SKU"
    assert refused["ELSEWHERE"] == "not stocked at this location"
    assert refused["ABC"] == refused["GONE"] == "the shop has no such SKU"
    assert set(refused) == {"B", "TWICE", "ELSEWHERE", "ABC", "GONE"}


def test_an_item_not_stocked_there_is_stocked_when_that_is_wanted():
    shelf = Shelf({"1": ["A", {"12": 7}]})
    assert publish(shelf, levels(A=5), activate_missing=True) == {}
    assert shelf.items["1"][1] == {"12": 7, "11": 5}
    refusal = {"inventoryActivate": {"inventoryLevel": None, "userErrors": [user_error("not here")]}}
    shelf = Shelf({"1": ["A", {}]})
    shelf.vendor.answers["inventoryActivate"] = refusal
    assert publish(shelf, levels(A=5), activate_missing=True) == {"A": "not here"}


def test_levels_that_never_stand_still_are_left_for_later():
    shelf = Shelf({"1": ["A", {"11": 7}]})
    shelf.refuse = {"1": "CHANGE_FROM_QUANTITY_STALE"}
    with pytest.raises(NotApplied, match="kept changing") as caught:
        publish(shelf, levels(A=5))
    assert caught.value.retry_after_seconds == 5


def test_a_busy_shop_that_names_one_moved_level_at_a_time_is_not_taken_for_a_refusal():
    shelf = Shelf({str(number): [f"S{number}", {"11": 7}] for number in range(1, 9)})
    shelf.refuse = dict.fromkeys(shelf.items, "CHANGE_FROM_QUANTITY_STALE")
    shelf.errors_told = 1
    with pytest.raises(NotApplied, match="kept changing"):
        publish(shelf, levels(**{f"S{number}": 5 for number in range(1, 9)}))


def test_a_refusal_of_the_whole_request_is_raised():
    refusal = {"inventorySetQuantities": {"userErrors": [user_error("no", "input", "reason", code="INVALID_REASON")]}}
    shelf = Shelf({"1": ["A", {"11": 7}]})
    shelf.vendor.answers["inventorySetQuantities"] = refusal
    with pytest.raises(Invalid, match="INVALID_REASON"):
        publish(shelf, levels(A=5))


def test_two_levels_for_one_place_are_both_refused():
    shelf = Shelf({"1": ["A", {"11": 7}]})
    refused = publish(shelf, [*levels(A=5), *levels("501", A=3), *levels(**{"": 1})])
    assert refused == {"A": "two levels for this SKU at one location", "": "a level without a SKU"}
    assert shelf.items["1"][1]["11"] == 7


def test_warehouses_can_have_locations_of_their_own():
    shelf = Shelf({"1": ["A", {"11": 7, "12": 7}]}, locations=("11", "12"))
    wanted = [*levels("501", A=5), *levels("502", A=3)]
    publish(shelf, wanted, locations={"501": "11", "502": "12"})
    assert shelf.items["1"][1] == {"11": 5, "12": 3}
    found = ask(shelf.vendor, lambda shop: shop.find_levels(["A", "B"]), locations={"501": "11", "502": "12"})
    assert found == {"A": 8}


def test_a_shop_of_several_locations_needs_to_be_told_which():
    shelf = Shelf({"1": ["A", {"11": 7}]}, locations=("11", "12"))
    with pytest.raises(Invalid, match=r"L11 \(gid://shopify/Location/11\), L12") as caught:
        publish(shelf, levels(A=5))
    assert "location_id" in caught.value.next_step
    assert publish(shelf, levels(A=5), location_id="11") == {}


def test_many_levels_go_in_requests_of_a_bounded_size():
    shelf = Shelf({str(n): [f"SKU{n:04}", {"11": 1}] for n in range(250)})
    assert publish(shelf, levels(**{f"SKU{n:04}": 2 for n in range(250)})) == {}
    assert [len(rows) for rows in shelf.sets] == [100, 100, 50]
    assert {at["11"] for _, at in shelf.items.values()} == {2}
    assert all(variables["query"].count("sku:") <= 20 for variables in shelf.vendor.variables("stock"))


def test_a_sku_cannot_end_the_search_it_is_in():
    shelf = Shelf({})
    ask(shelf.vendor, lambda shop: shop.find_levels(["it's", "a\\b"]))
    assert shelf.vendor.variables("stock")[0]["query"] == "sku:'it\\'s' OR sku:'a\\\\b'"


def test_the_active_locations_are_the_warehouses():
    shelf = Shelf({}, locations=("11", "99"))
    assert ask(shelf.vendor, lambda shop: shop.warehouses()) == [Warehouse("11", "L11")]


# Products

VARIANT = {"id": "gid://shopify/ProductVariant/1", "sku": "MUG-BLU", "title": "Blue", "barcode": None, "price": "12.5"}
PRODUCT = {
    "id": "gid://shopify/Product/2",
    "title": "Mug",
    "status": "ACTIVE",
    "updatedAt": "2026-11-20T10:00:00Z",
    "variants": nodes(VARIANT, VARIANT | {"title": "Default Title", "sku": None, "barcode": "400638"}),
}


def test_products_are_variants_with_the_shops_currency():
    more = VARIANT | {"id": "gid://shopify/ProductVariant/3"}
    other = PRODUCT | {"id": "gid://shopify/Product/4", "status": "DRAFT", "variants": nodes(VARIANT, after="a")}
    vendor = Vendor(
        currency={"shop": {"currencyCode": "EUR"}},
        products={"products": nodes(PRODUCT, other)},
        productVariants={"product": {"variants": nodes(more)}},
    )
    (page,) = ask(vendor, lambda shop: collect(shop.products()))
    assert [product.title for product in page.rows] == ["Mug - Blue", "Mug", "Mug - Blue", "Mug - Blue"]
    assert [product.active for product in page.rows] == [True, True, False, False]
    assert page.rows[0].price == Money(Decimal("12.5"), "EUR")
    assert (page.rows[1].sku, page.rows[1].barcode) == ("", "400638")
    assert page.rows[3].source == Ref("shop", "3")


@contextmanager
def captured_logs():
    """What structlog is told, whatever the application set up, and no trace of it afterwards."""
    configured = structlog.is_configured()
    try:
        with structlog.testing.capture_logs() as entries:
            yield entries
    finally:
        if not configured:
            structlog.reset_defaults()


def test_another_api_version_answering_is_said_once():
    async def twice(shop):
        await shop.check()
        await shop.check()

    answer = httpx.Response(200, json={"data": {"shop": {"name": "x"}}}, headers={"x-shopify-api-version": "2027-01"})
    with captured_logs() as entries:
        ask(Vendor(shop=answer), twice)
    assert [entry["served"] for entry in entries if entry["log_level"] == "warning"] == ["2027-01"]
