"""Orders: what they show, what may be done to them, and the job that cancels them."""

import pytest

from mock_servers.core.refusal import UsageError
from tests.shopify.shop import Shop, shop, stocked

CANCEL = """mutation($id: ID!, $reason: OrderCancelReason!, $restock: Boolean!, $refund: Boolean,
  $method: OrderCancelRefundMethodInput, $note: String) {
  orderCancel(orderId: $id, reason: $reason, restock: $restock, refund: $refund, refundMethod: $method,
    staffNote: $note) {
    job {id done} orderCancelUserErrors {field message code} userErrors {field message}}}"""


def cancelled(made: Shop, order_id: str, **more) -> dict:
    return made.payload(CANCEL, **{"id": order_id, "reason": "CUSTOMER", "restock": True} | more)


# Buying ---------------------------------------------------------------------------------------------------------------


def test_a_checkout_is_an_order_with_its_sums_and_takes_its_stock():
    made = stocked()
    order = made.order(("MUG-BLU", 2), ("MUG-RED", 1), shipping_price="4.50", note="Gruß", tags=["b", "A"])

    shown = made.ask(
        "query($id: ID!) {order(id: $id) {name note tags email processedAt currencyCode displayFinancialStatus "
        "displayFulfillmentStatus fullyPaid unpaid fulfillable test sourceName confirmed "
        "subtotalPriceSet {shopMoney {amount}} totalShippingPriceSet {shopMoney {amount}} "
        "totalPriceSet {shopMoney {amount currencyCode} presentmentMoney {amount}} "
        "lineItems(first: 5) {nodes {sku quantity originalUnitPriceSet {shopMoney {amount}} "
        "originalTotalSet {shopMoney {amount}} variant {sku} product {title}}} "
        "shippingLine {title} transactions {kind status gateway amountSet {shopMoney {amount}}} "
        "customer {displayName numberOfOrders} shippingAddress {name city provinceCode countryCodeV2 formatted}}}",
        id=order["id"],
    )["order"]

    assert shown == {
        "name": "#1001",
        "note": "Gruß",
        "tags": ["A", "b"],
        "email": "shopper@example.com",
        "processedAt": "2026-11-23T12:00:00Z",
        "currencyCode": "USD",
        "displayFinancialStatus": "PAID",
        "displayFulfillmentStatus": "UNFULFILLED",
        "fullyPaid": True,
        "unpaid": False,
        "fulfillable": True,
        "test": False,
        "sourceName": "web",
        "confirmed": True,
        "subtotalPriceSet": {"shopMoney": {"amount": "30.0"}},
        "totalShippingPriceSet": {"shopMoney": {"amount": "4.5"}},
        "totalPriceSet": {
            "shopMoney": {"amount": "34.5", "currencyCode": "USD"},
            "presentmentMoney": {"amount": "34.5"},
        },
        "lineItems": {
            "nodes": [
                {
                    "sku": "MUG-BLU",
                    "quantity": 2,
                    "originalUnitPriceSet": {"shopMoney": {"amount": "10.0"}},
                    "originalTotalSet": {"shopMoney": {"amount": "20.0"}},
                    "variant": {"sku": "MUG-BLU"},
                    "product": {"title": "MUG-BLU"},
                },
                {
                    "sku": "MUG-RED",
                    "quantity": 1,
                    "originalUnitPriceSet": {"shopMoney": {"amount": "10.0"}},
                    "originalTotalSet": {"shopMoney": {"amount": "10.0"}},
                    "variant": {"sku": "MUG-RED"},
                    "product": {"title": "MUG-RED"},
                },
            ]
        },
        "shippingLine": {"title": "Standard"},
        "transactions": [
            {"kind": "SALE", "status": "SUCCESS", "gateway": "bogus", "amountSet": {"shopMoney": {"amount": "34.5"}}}
        ],
        "customer": {"displayName": "Ada Shopper", "numberOfOrders": "1"},
        "shippingAddress": {
            "name": "Ada Shopper",
            "city": "Portland",
            "provinceCode": "ME",
            "countryCodeV2": "US",
            "formatted": ["1 Harbor Street", "Portland ME 04101", "United States"],
        },
    }
    assert (made.level()["available"], made.level()["committed"]) == (8, 2)
    assert made.sound() == []


def test_what_is_sold_out_cannot_be_bought():
    made = stocked()

    with pytest.raises(UsageError, match="MUG-BLU is sold out"):
        made.order(("MUG-BLU", 11))

    assert made.documents("order") == []


@pytest.mark.parametrize("lines", [[], [{"sku": "MUG-BLU", "quantity": 0}], [{"sku": "NONE", "quantity": 1}]])
def test_a_basket_that_cannot_be_is_refused_in_one_line(lines):
    with pytest.raises(UsageError):
        stocked().act("checkout", lines=lines)


@pytest.mark.parametrize("amount", ["ten", "", "NaN", "-0.01", "1e15", "1,5"])
@pytest.mark.parametrize(
    ("action", "about"),
    [
        ("checkout", lambda amount: {"lines": [{"sku": "MUG-BLU", "price": amount}]}),
        ("checkout", lambda amount: {"lines": [{"sku": "MUG-BLU"}], "shipping_price": amount}),
        ("add_product", lambda amount: {"sku": "NEW", "price": amount}),
        ("edit_product", lambda amount: {"sku": "MUG-BLU", "price": amount}),
    ],
)
def test_a_price_that_is_no_amount_is_refused_in_words_and_changes_nothing(action, about, amount):
    made = stocked()
    before = made.kept()

    with pytest.raises(UsageError, match=r"is no price; one is written like 19\.99"):
        made.act(action, **about(amount))

    assert made.kept() == before


def test_a_moment_or_a_quantity_that_is_none_is_refused_in_words():
    with pytest.raises(UsageError, match="is no moment"):
        stocked().act("checkout", lines=[{"sku": "MUG-BLU"}], fulfill_at="soon")
    with pytest.raises(UsageError, match="a quantity is 0 to"):
        stocked().act("add_product", sku="NEW", quantity=-1)


def test_the_money_comes_later():
    made = stocked()
    order = made.order(paid=False)
    before = order["displayFinancialStatus"]

    made.act("pay", order="1001")

    assert (before, made.kept_order(order["id"])["displayFinancialStatus"]) == ("PENDING", "PAID")
    with pytest.raises(UsageError, match="not to be paid"):
        made.act("pay", order="#1001")


# Cancelling -----------------------------------------------------------------------------------------------------------


def test_cancelling_is_a_job_that_is_done_a_moment_later():
    made = stocked()
    order = made.order()
    job = "query($id: ID!) {job(id: $id) {id done}}"

    payload = cancelled(made, order["id"], refund=True)
    before = made.ask(job, id=payload["job"]["id"])["job"]["done"], made.kept_order(order["id"])["cancelledAt"]
    made.advance(1)
    after = made.kept_order(order["id"])

    assert payload["job"]["done"] is False
    assert before == (False, None)
    assert made.ask(job, id=payload["job"]["id"])["job"]["done"] is True
    assert (after["cancelledAt"], after["cancelReason"], after["closed"]) == ("2026-11-23T12:00:01Z", "CUSTOMER", True)
    assert after["displayFinancialStatus"] == "REFUNDED"
    assert made.level() == made.level() | {"available": 10, "committed": 0}
    assert [(row["status"], row["lines"][0]["remainingQuantity"]) for row in made.waiting(order)] == [("CLOSED", 2)]
    assert made.sound() == []


def test_without_restock_the_stock_stays_gone_and_unpaid_is_void():
    made = stocked()
    order = made.order(paid=False)

    cancelled(made, order["id"], restock=False)
    made.advance(1)

    assert made.kept_order(order["id"])["displayFinancialStatus"] == "VOIDED"
    assert made.level()["available"] == 8


def test_the_result_of_the_job_is_there_from_the_latest_version_on():
    made = stocked()
    order = made.order()
    query = CANCEL.replace("job {id done}", "jobResult {id done order {name}}")

    newest = made.payload(query, id=order["id"], reason="OTHER", restock=True)
    made.version = "2026-07"

    assert newest["jobResult"]["order"] == {"name": "#1001"}
    assert made.refused(query, id=order["id"], reason="OTHER", restock=True)["extensions"]["code"] == "undefinedField"


TWICE = "Cannot cancel an order that has already been canceled"
SHIPPED = "Cannot cancel an order that has outstanding fulfillments"


@pytest.mark.parametrize(("before", "words"), [("cancel", TWICE), ("fulfill", SHIPPED)])
def test_an_order_that_is_cancelled_or_shipped_cannot_be_cancelled(before, words):
    made = stocked()
    order = made.order()
    made.act(before, order="#1001")

    payload = cancelled(made, order["id"])

    assert payload["job"] is None
    assert payload["orderCancelUserErrors"] == [{"field": ["orderId"], "message": words, "code": "INVALID"}]
    assert payload["userErrors"] == [{"field": ["orderId"], "message": words}]


@pytest.mark.parametrize(
    ("more", "field", "code"),
    [
        ({"id": "gid://shopify/Order/1"}, ["orderId"], "NOT_FOUND"),
        ({"refund": True, "method": {"originalPaymentMethodsRefund": True}}, ["refund"], "INVALID"),
        ({"note": "x" * 256}, ["staffNote"], "INVALID"),
    ],
)
def test_a_cancellation_that_contradicts_itself_is_refused(more, field, code):
    made = stocked()
    order = made.order()

    error = cancelled(made, order["id"], **more)["orderCancelUserErrors"][0]

    assert (error["field"], error["code"]) == (field, code)


def test_an_order_shipped_while_the_job_waits_is_not_cancelled():
    made = stocked()
    order = made.order()
    job = cancelled(made, order["id"])["job"]["id"]
    made.act("fulfill", order="#1001")

    made.advance(1)

    assert made.kept_order(order["id"])["cancelledAt"] is None
    assert made.ask("query($id: ID!) {job(id: $id) {done}}", id=job)["job"]["done"] is True


# Closing, opening, marking, updating ----------------------------------------------------------------------------------

CLOSE = "mutation($i: OrderCloseInput!) {orderClose(input: $i) {order {closed closedAt} userErrors {field message}}}"
OPEN = "mutation($i: OrderOpenInput!) {orderOpen(input: $i) {order {closed} userErrors {field message}}}"
PAID = """mutation($i: OrderMarkAsPaidInput!) {orderMarkAsPaid(input: $i) {
  order {displayFinancialStatus} userErrors {field message}}}"""
UPDATE = """mutation($i: OrderInput!) {orderUpdate(input: $i) {order {note tags email poNumber
  customAttributes {key value} shippingAddress {address1 city}} userErrors {field message}}}"""


def test_closing_and_opening_again_and_again_is_no_error():
    made = stocked()
    id = {"id": made.order()["id"]}

    closed = [made.change(CLOSE, i=id)["order"]["closed"] for _ in range(2)]
    opened = [made.change(OPEN, i=id)["order"]["closed"] for _ in range(2)]

    assert (closed, opened) == ([True, True], [False, False])


def test_an_order_is_marked_as_paid_once():
    made = stocked()
    id = {"id": made.order(paid=False)["id"]}

    assert made.change(PAID, i=id)["order"]["displayFinancialStatus"] == "PAID"
    assert made.error(PAID, i=id)["field"] == ["id"]


def test_an_update_changes_what_it_names_and_nothing_else():
    made = stocked()
    order = made.order(note="old", tags=["x"])

    shown = made.change(
        UPDATE,
        i={
            "id": order["id"],
            "tags": ["zeta", "Alpha", "alpha", " beta "],
            "poNumber": "PO-1",
            "customAttributes": [{"key": "k", "value": "v"}],
            "shippingAddress": {"address1": "9 Quay"},
        },
    )["order"]

    assert shown == {
        "note": "old",
        "tags": ["Alpha", "beta", "zeta"],
        "email": "shopper@example.com",
        "poNumber": "PO-1",
        "customAttributes": [{"key": "k", "value": "v"}],
        "shippingAddress": {"address1": "9 Quay", "city": "Portland"},
    }
    assert made.waiting(order)[0]["destination"]["address1"] == "9 Quay"


@pytest.mark.parametrize("query", [CLOSE, OPEN, PAID, UPDATE], ids=["close", "open", "paid", "update"])
def test_an_order_that_is_not_there_is_a_user_error_and_another_type_a_refusal(query):
    made = shop()

    assert made.error(query, i={"id": "gid://shopify/Order/1"}) == {"field": ["id"], "message": "Order does not exist"}
    assert made.refused(query, i={"id": "gid://shopify/Product/1"})["extensions"]["code"] == "RESOURCE_NOT_FOUND"


TAGS = """mutation($id: ID!, $tags: [String!]!) {%s(id: $id, tags: $tags) {
  node {id ... on Order {tags}} userErrors {message}}}"""


def test_tags_are_added_and_removed_whatever_their_case():
    made = stocked()
    id = made.order(tags=["vip"])["id"]

    added = made.change(TAGS % "tagsAdd", id=id, tags=["exported", "VIP", "gift"])["node"]["tags"]
    removed = made.change(TAGS % "tagsRemove", id=id, tags=["EXPORTED", "nothing"])["node"]["tags"]

    assert (added, removed) == (["exported", "gift", "vip"], ["gift", "vip"])


def test_tagging_again_changes_nothing():
    made = stocked()
    id = made.order(tags=["vip"])["id"]
    made.advance(60)
    before = made.kept_order(id)

    made.change(TAGS % "tagsAdd", id=id, tags=["vip"])

    assert made.kept_order(id) == before


def test_a_product_is_tagged_only_with_the_scope_for_products():
    made = shop(scopes="write_orders read_products")
    id = made.product()["product"]

    assert made.refused(TAGS % "tagsAdd", id=id, tags=["x"])["extensions"]["code"] == "ACCESS_DENIED"


def test_an_edit_replaces_the_fulfilment_orders_it_touches():
    made = stocked()
    order = made.order(("MUG-BLU", 3))
    first = made.waiting(order)[0]["id"]

    made.act("edit", order="#1001", quantities={"MUG-BLU": 1, "MUG-RED": 2}, note="fewer")

    rows = made.waiting(order)
    assert [(row["status"], row["lines"][0]["remainingQuantity"]) for row in rows] == [
        ("CLOSED", 0),
        ("OPEN", 1),
        ("OPEN", 2),
    ]
    assert rows[0]["id"] == first
    assert made.kept_order(order["id"])["amounts"]["currentTotal"] == "35.00"
    assert (made.level()["committed"], made.level("MUG-RED")["committed"]) == (1, 2)
    assert made.sound() == []


# Creating and deleting through the API --------------------------------------------------------------------------------

CREATE = """mutation($o: OrderCreateOrderInput!, $s: OrderCreateOptionsInput) {orderCreate(order: $o, options: $s) {
  order {id name sourceName displayFinancialStatus totalPriceSet {shopMoney {amount}} lineItems(first: 3) {nodes
  {title sku quantity}}} userErrors {field message code}}}"""
DELETE = "mutation($id: ID!) {orderDelete(orderId: $id) {deletedId userErrors {field message code}}}"


def variant(made: Shop) -> str:
    return made.documents("variant")[0]["id"]


def test_an_order_made_by_an_app_bypasses_stock_unless_told_otherwise():
    made = stocked()
    lines = [{"variantId": variant(made), "quantity": 4}]

    shown = made.change(CREATE, o={"lineItems": lines})["order"]
    bypassed = made.level()["available"]
    made.change(CREATE, o={"lineItems": lines}, s={"inventoryBehaviour": "DECREMENT_OBEYING_POLICY"})

    assert (shown["name"], shown["sourceName"], shown["displayFinancialStatus"]) == ("#1001", "api", "PENDING")
    assert (bypassed, made.level()["available"]) == (10, 6)
    assert made.sound() == []


def test_an_order_of_an_app_may_be_paid_and_of_things_the_shop_does_not_list():
    made = shop()
    price = {"shopMoney": {"amount": 12.5, "currencyCode": "USD"}}

    shown = made.change(
        CREATE,
        o={
            "lineItems": [{"title": "Sail", "quantity": 2, "priceSet": price}],
            "transactions": [{"amountSet": price, "gateway": "cash"}, {"amountSet": price, "gateway": "card"}],
        },
    )["order"]

    assert shown["displayFinancialStatus"] == "PAID"
    assert shown["totalPriceSet"] == {"shopMoney": {"amount": "25.0"}}
    assert shown["lineItems"]["nodes"] == [{"title": "Sail", "sku": None, "quantity": 2}]


@pytest.mark.parametrize(
    ("order", "options", "field", "code"),
    [
        ({}, {}, ["order", "lineItems"], "INVALID"),
        ({"lineItems": [{"quantity": 1}]}, {}, ["order", "lineItems", "0", "title"], "INVALID"),
        ({"lineItems": [{"title": "x", "quantity": 0}]}, {}, ["order", "lineItems", "0", "quantity"], "INVALID"),
        (
            {"lineItems": [{"variantId": "V", "quantity": 11}]},
            {"inventoryBehaviour": "DECREMENT_OBEYING_POLICY"},
            ["order", "lineItems"],
            "INVENTORY_CLAIM_FAILED",
        ),
    ],
)
def test_an_order_that_cannot_be_made_is_refused(order, options, field, code):
    made = stocked()
    for line in order.get("lineItems", []):
        if line.get("variantId"):
            line["variantId"] = variant(made)

    error = made.error(CREATE, o=order, s=options)

    assert (error["field"], error["code"]) == (field, code)


def test_a_development_store_takes_five_orders_a_minute_from_apps():
    made = stocked()
    made.world.settings["shopify.development_store"] = True
    lines = {"lineItems": [{"title": "x", "quantity": 1}]}
    for _ in range(5):
        made.change(CREATE, o=lines)

    error = made.error(CREATE, o=lines)
    made.advance(61)

    assert error["message"] == "Too many attempts. Please try again later."
    made.change(CREATE, o=lines)


def test_a_deleted_order_is_gone_and_its_stock_back():
    made = stocked()
    order = made.order()

    assert made.change(DELETE, id=order["id"])["deletedId"] == order["id"]
    assert made.ask("query($id: ID!) {order(id: $id) {id}}", id=order["id"])["order"] is None
    assert made.level()["available"] == 10
    assert made.error(DELETE, id=order["id"])["code"] == "NOT_FOUND"
    assert made.sound() == []


# Refunds --------------------------------------------------------------------------------------------------------------

REFUND = """mutation($i: RefundInput!, $k: String!) {refundCreate(input: $i) @idempotent(key: $k) {
  refund {id note totalRefundedSet {shopMoney {amount}} refundLineItems(first: 5) {nodes {quantity restockType}}}
  order {displayFinancialStatus totalRefundedSet {shopMoney {amount}}} userErrors {field message}}}"""


def test_a_refund_takes_units_off_and_gives_money_and_stock_back():
    made = stocked()
    order = made.order(("MUG-BLU", 3))
    given = {
        "orderId": order["id"],
        "note": "broken",
        "refundLineItems": [{"lineItemId": order["lines"][0]["id"], "quantity": 1, "restockType": "CANCEL"}],
        "transactions": [{"orderId": order["id"], "kind": "REFUND", "gateway": "bogus", "amount": "10"}],
    }

    payload = made.change(REFUND, i=given, k="one")
    again = made.change(REFUND, i=given, k="one")

    assert payload["refund"]["totalRefundedSet"] == {"shopMoney": {"amount": "10.0"}}
    assert payload["order"]["displayFinancialStatus"] == "PARTIALLY_REFUNDED"
    assert again["refund"]["id"] == payload["refund"]["id"]
    assert len(made.documents("refund")) == 1
    assert (made.level()["available"], made.level()["committed"]) == (8, 2)
    assert made.sound() == []


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"orderId": "gid://shopify/Order/1"}, ["orderId"]),
        ({}, None),
        ({"refundLineItems": [{"lineItemId": "L", "quantity": 4}]}, ["refundLineItems", "0", "quantity"]),
        ({"refundLineItems": [{"lineItemId": "L", "quantity": 0}]}, ["refundLineItems", "0", "quantity"]),
        ({"refundLineItems": [{"lineItemId": "X", "quantity": 1}]}, ["refundLineItems", "0", "lineItemId"]),
        (
            {"refundLineItems": [{"lineItemId": "L", "quantity": 1, "restockType": "RETURN"}]},
            ["refundLineItems", "0", "locationId"],
        ),
        ({"transactions": [{"amount": "99"}]}, ["transactions"]),
    ],
)
def test_a_refund_that_cannot_be_is_refused(more, field):
    made = stocked()
    order = made.order(("MUG-BLU", 3))
    for row in more.get("refundLineItems", []):
        row["lineItemId"] = {"L": order["lines"][0]["id"], "X": "gid://shopify/LineItem/1"}[row["lineItemId"]]
    for row in more.get("transactions", []):
        row |= {"orderId": order["id"], "kind": "REFUND", "gateway": "bogus"}

    assert made.error(REFUND, i={"orderId": order["id"]} | more, k="k")["field"] == field


# The sixty days -------------------------------------------------------------------------------------------------------


def test_without_read_all_orders_only_the_last_sixty_days_are_seen():
    made = stocked()
    old = made.order(("MUG-BLU", 1))
    made.advance(61 * 86_400)
    new = made.order(("MUG-BLU", 1))
    query = "query($id: ID!) {order(id: $id) {name} orders(first: 5) {nodes {name}} ordersCount {count}}"
    everything = made.ask(query, id=old["id"])

    made.world.work("shopify").grant("token", "shpat_x", "seatrial-client-id", scopes=["read_orders"])
    made.client.headers["X-Shopify-Access-Token"] = "shpat_x"
    recent = made.ask(query, id=old["id"])

    assert [node["name"] for node in everything["orders"]["nodes"]] == [old["name"], new["name"]]
    assert recent == {"order": None, "orders": {"nodes": [{"name": new["name"]}]}, "ordersCount": {"count": 1}}
