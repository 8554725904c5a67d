"""Orders through the connector: read, walked, cancelled."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from connectors.canonical import Address, Money, Ref
from connectors.core.cursors import read_cursor
from connectors.core.errors import (
    Conflict,
    Invalid,
    NotFound,
    PagingLoop,
    Unknown,
    Unreadable,
)
from tests.shopify.connector import LINE, MONDAY, ORDER, Vendor, ask, collect, gql_error, nodes, user_error


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
