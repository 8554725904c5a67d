"""Webhooks: what may be subscribed to, what is delivered and signed how, and when Shopify gives up (section 10)."""

import base64
import hashlib
import hmac
import json

import httpx
import jsonschema_rs
import pytest

from contracts.contract import load
from mock_servers.shopify.behaviour.webhooks import header_topic
from tests.shopify.shop import Shop, shop

SECRET = b"seatrial-client-secret"
HERE = "http://127.0.0.1:9/hooks"

CREATE = """mutation($t: WebhookSubscriptionTopic!, $w: WebhookSubscriptionInput!) {
  webhookSubscriptionCreate(topic: $t, webhookSubscription: $w) {
    webhookSubscription {id topic uri callbackUrl format includeFields filter createdAt apiVersion {handle}
      endpoint {__typename ... on WebhookHttpEndpoint {callbackUrl}
        ... on WebhookPubSubEndpoint {pubSubProject pubSubTopic} ... on WebhookEventBridgeEndpoint {arn}}}
    userErrors {field message}}}"""
UPDATE = """mutation($id: ID!, $w: WebhookSubscriptionInput!) {
  webhookSubscriptionUpdate(id: $id, webhookSubscription: $w) {
    webhookSubscription {id uri} userErrors {field message}}}"""
DELETE = """mutation($id: ID!) {webhookSubscriptionDelete(id: $id) {
    deletedWebhookSubscriptionId userErrors {field message}}}"""


class Receiver:
    """An app's own endpoint: keeps what came, and answers what it is told to."""

    def __init__(self) -> None:
        self.got: list[httpx.Request] = []
        self.status = 200

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        self.got.append(request)
        return httpx.Response(self.status)

    def topics(self) -> list[str]:
        return [request.headers["x-shopify-topic"] for request in self.got]

    def bodies(self, topic: str) -> list[dict]:
        return [json.loads(each.content) for each in self.got if each.headers["x-shopify-topic"] == topic]


def listening(*topics: str, **about) -> tuple[Shop, Receiver]:
    receiver = Receiver()
    made = shop(hooks=httpx.MockTransport(receiver))
    made.product("MUG-BLU", 10)
    made.product("MUG-RED", 10)
    for topic in topics:
        made.change(CREATE, t=topic, w={"uri": HERE} | about)
    return made, receiver


# Subscribing ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("topic", "header"),
    [
        ("ORDERS_CREATE", "orders/create"),
        ("ORDERS_PARTIALLY_FULFILLED", "orders/partially_fulfilled"),
        ("FULFILLMENT_ORDERS_PLACED_ON_HOLD", "fulfillment_orders/placed_on_hold"),
        ("INVENTORY_LEVELS_UPDATE", "inventory_levels/update"),
        ("APP_UNINSTALLED", "app/uninstalled"),
        ("BULK_OPERATIONS_FINISH", "bulk_operations/finish"),
    ],
)
def test_a_topic_is_written_its_own_way_in_the_header(topic, header):
    assert header_topic(topic) == header


def test_a_subscription_is_made_shown_changed_and_taken_back():
    made = shop()

    shown = made.change(CREATE, t="ORDERS_CREATE", w={"callbackUrl": " https://app.example/hooks "})[
        "webhookSubscription"
    ]
    id = shown["id"]
    listed = made.ask(
        "{webhookSubscriptions(first: 250) {nodes {id endpoint {__typename ... on WebhookHttpEndpoint {callbackUrl}}}} "
        "webhookSubscriptionsCount {count}}"
    )
    changed = made.change(UPDATE, id=id, w={"uri": "pubsub://my-project:my-topic"})["webhookSubscription"]["uri"]
    deleted = made.change(DELETE, id=id)["deletedWebhookSubscriptionId"]

    assert shown == {
        "id": id,
        "topic": "ORDERS_CREATE",
        "uri": "https://app.example/hooks",
        "callbackUrl": "https://app.example/hooks",
        "format": "JSON",
        "includeFields": [],
        "filter": None,
        "createdAt": "2026-11-23T12:00:00Z",
        "apiVersion": {"handle": "2026-10"},
        "endpoint": {"__typename": "WebhookHttpEndpoint", "callbackUrl": "https://app.example/hooks"},
    }
    assert listed["webhookSubscriptionsCount"] == {"count": 1}
    assert listed["webhookSubscriptions"]["nodes"][0]["endpoint"]["callbackUrl"] == "https://app.example/hooks"
    assert (changed, deleted) == ("pubsub://my-project:my-topic", id)
    assert made.ask("query($id: ID!) {webhookSubscription(id: $id) {id}}", id=id) == {"webhookSubscription": None}


ADDRESS = ["webhookSubscription", "callbackUrl"]
BAD = [
    ({}, "Address can't be blank"),
    ({"uri": "  "}, "Address can't be blank"),
    ({"uri": "app.example/hooks"}, "Address is invalid"),
    ({"uri": "https://app example/"}, "Address is invalid"),
    ({"uri": "https://[::1/"}, "Address is invalid"),
    ({"uri": "http://app.example/"}, "Address protocol http:// is not supported"),
    ({"uri": "ftp://app.example/"}, "Address protocol ftp:// is not supported"),
    ({"uri": "kafka://app.example/"}, "Address protocol kafka:// is not supported"),
    ({"uri": "https://seatrial.myshopify.com/"}, "Address cannot be a Shopify or an internal domain"),
    ({"uri": "https://printer.local/"}, "Address cannot be a Shopify or an internal domain"),
    ({"uri": "pubsub://x"}, "Address is invalid"),
    ({"uri": "arn:aws:events:x"}, "Address is an AWS ARN and includes an invalid format"),
    ({"uri": "https://app.example/" + "x" * 65_535}, "Address is too long (maximum is 65535 characters)"),
]


@pytest.mark.parametrize(("given", "words"), BAD, ids=[str(each[0])[:40] for each in BAD])
def test_an_address_that_cannot_be_is_refused_in_shopifys_words(given, words):
    assert shop().error(CREATE, t="ORDERS_CREATE", w=given) == {"field": ADDRESS, "message": words}


def test_loopback_is_allowed_only_while_the_switch_is_on():
    made = shop()
    made.change(CREATE, t="ORDERS_CREATE", w={"uri": "http://localhost:3000/hooks"})

    made.world.settings["shopify.webhooks_to_loopback"] = False

    assert made.error(CREATE, t="ORDERS_PAID", w={"uri": "http://127.0.0.1/"})["message"] == (
        "Address protocol http:// is not supported"
    )
    assert made.error(CREATE, t="ORDERS_PAID", w={"uri": "https://localhost/"})["message"] == (
        "Address cannot be a Shopify or an internal domain"
    )


def test_the_same_subscription_twice_is_refused_and_another_filter_is_another_one():
    made = shop()
    uri = "https://app.example/"
    made.change(CREATE, t="ORDERS_CREATE", w={"uri": uri, "name": "mine"})

    same = made.error(CREATE, t="ORDERS_CREATE", w={"uri": uri})
    named = made.error(CREATE, t="ORDERS_PAID", w={"uri": uri, "name": "mine"})
    made.change(CREATE, t="ORDERS_CREATE", w={"uri": uri, "filter": "test:true"})

    assert same == {"field": ADDRESS, "message": "Address for this topic has already been taken"}
    assert named == {
        "field": ["webhookSubscription", "name"],
        "message": "Name already exists, no duplicate allowed",
    }


def test_xml_cannot_be_filtered():
    error = shop().error(CREATE, t="ORDERS_CREATE", w={"uri": "https://a.example/", "format": "XML", "filter": "id:1"})

    assert error["message"] == "Format can only be used with format: 'json'"


@pytest.mark.parametrize("query", [UPDATE, DELETE], ids=["update", "delete"])
def test_a_subscription_that_is_not_there_is_a_user_error(query):
    given = {"id": "gid://shopify/WebhookSubscription/1"} | ({"w": {"uri": HERE}} if query is UPDATE else {})

    assert shop().error(query, **given) == {"field": ["id"], "message": "Webhook subscription does not exist"}


def test_an_app_sees_its_own_subscriptions_only():
    made = shop()
    id = made.change(CREATE, t="ORDERS_CREATE", w={"uri": HERE})["webhookSubscription"]["id"]
    made.world.work("shopify").grant("token", "shpat_o", "another-app", scopes=["read_orders"])
    made.client.headers["X-Shopify-Access-Token"] = "shpat_o"

    assert made.ask("{webhookSubscriptions(first: 5) {nodes {id}}}")["webhookSubscriptions"]["nodes"] == []
    assert made.error(DELETE, id=id)["field"] == ["id"]


# Delivering -----------------------------------------------------------------------------------------------------------


def test_a_delivery_is_signed_over_its_raw_bytes_with_the_apps_secret():
    made, receiver = listening("ORDERS_CREATE", name="mine")
    made.order(("MUG-BLU", 1), address={"first_name": "Zoë", "city": "Köln"})

    made.deliver()

    [request] = receiver.got
    digest = hmac.new(SECRET, request.content, hashlib.sha256).digest()
    assert request.headers["x-shopify-hmac-sha256"] == base64.b64encode(digest).decode()
    assert "Köln" in request.content.decode()
    assert {
        name: request.headers[name]
        for name in (
            "content-type",
            "x-shopify-topic",
            "x-shopify-shop-domain",
            "x-shopify-api-version",
            "x-shopify-triggered-at",
            "x-shopify-name",
        )
    } == {
        "content-type": "application/json",
        "x-shopify-topic": "orders/create",
        "x-shopify-shop-domain": "seatrial.myshopify.com",
        "x-shopify-api-version": "2026-10",
        "x-shopify-triggered-at": "2026-11-23T12:00:00Z",
        "x-shopify-name": "mine",
    }
    assert len(request.headers["x-shopify-webhook-id"]) == 36


ALL = [
    "FULFILLMENTS_CREATE",
    "FULFILLMENTS_UPDATE",
    "FULFILLMENT_ORDERS_CANCELLED",
    "FULFILLMENT_ORDERS_ORDER_ROUTING_COMPLETE",
    "INVENTORY_LEVELS_CONNECT",
    "INVENTORY_LEVELS_UPDATE",
    "ORDERS_CANCELLED",
    "ORDERS_CREATE",
    "ORDERS_DELETE",
    "ORDERS_EDITED",
    "ORDERS_FULFILLED",
    "ORDERS_PAID",
    "ORDERS_PARTIALLY_FULFILLED",
    "ORDERS_UPDATED",
    "PRODUCTS_CREATE",
    "PRODUCTS_UPDATE",
    "REFUNDS_CREATE",
]


def test_what_happens_is_told_by_the_documented_topics():
    made, receiver = listening(*ALL)

    def told(does) -> set[str]:
        receiver.got.clear()
        does()
        made.deliver()
        return set(receiver.topics())

    assert told(lambda: made.order(("MUG-BLU", 2))) == {
        "orders/create",
        "orders/paid",
        "inventory_levels/update",
        "fulfillment_orders/order_routing_complete",
    }
    assert told(lambda: made.act("fulfill", order="#1001", items={"MUG-BLU": 1})) == {
        "fulfillments/create",
        "orders/partially_fulfilled",
        "orders/updated",
    }
    assert told(lambda: made.act("fulfill", order="#1001")) == {
        "fulfillments/create",
        "orders/fulfilled",
        "orders/updated",
    }
    assert told(lambda: made.order(("MUG-RED", 1), paid=False)) >= {"orders/create"}
    assert told(lambda: made.act("pay", order="#1002")) == {"orders/paid", "orders/updated"}
    assert told(lambda: made.act("edit", order="#1002", note="x")) == {"orders/edited", "orders/updated"}
    assert told(lambda: made.act("cancel", order="#1002")) == {
        "orders/cancelled",
        "orders/updated",
        "refunds/create",
        "inventory_levels/update",
        "fulfillment_orders/cancelled",
    }
    assert told(lambda: made.act("count_stock", sku="MUG-BLU", quantity=3)) == {"inventory_levels/update"}
    assert told(lambda: made.act("edit_product", sku="MUG-BLU", price="11")) == {"products/update"}
    assert told(lambda: made.act("add_product", sku="NEW")) == {"products/create", "inventory_levels/connect"}


def test_every_payload_fits_its_contract():
    made, receiver = listening(*ALL)
    contract = load("shopify")
    hooks = contract.surfaces["admin"].document["webhooks"]
    schema_of = {
        topic: hook["post"]["requestBody"]["content"]["application/json"]["schema"]
        for hook in hooks.values()
        for topic in hook["post"]["x-topics"]
    }
    made.order(("MUG-BLU", 2), ("MUG-RED", 1), note="Gruß", tags=["a", "b"])
    made.act("fulfill", order="#1001", items={"MUG-BLU": 1}, carrier="UPS", tracking_number="1Z")
    made.act("fulfill", order="#1001")
    made.order(("MUG-BLU", 1))
    made.act("cancel", order="#1002")
    made.act("edit_product", sku="MUG-BLU", title="Mug")
    made.deliver()

    assert len(set(receiver.topics())) >= 11
    for request in receiver.got:
        schema = contract.schema("admin", schema_of[request.headers["x-shopify-topic"]])
        errors = list(jsonschema_rs.validator_for(schema).iter_errors(json.loads(request.content)))
        assert errors == [], request.headers["x-shopify-topic"]


def test_an_order_is_told_in_the_older_shape():
    made, receiver = listening("ORDERS_CREATE", "FULFILLMENTS_CREATE", "INVENTORY_LEVELS_UPDATE")
    order = made.order(("MUG-BLU", 2), tags=["b", "a"], shipping_price="5")
    made.act("fulfill", order="#1001", carrier="UPS", tracking_number="1Z")
    made.deliver()

    [told] = receiver.bodies("orders/create")
    [shipped] = receiver.bodies("fulfillments/create")
    [level] = receiver.bodies("inventory_levels/update")

    assert told["admin_graphql_api_id"] == order["id"]
    assert (told["name"], told["order_number"], told["tags"]) == ("#1001", 1001, "a, b")
    assert (told["total_price"], told["created_at"]) == ("25.00", "2026-11-23T07:00:00-05:00")
    assert told["total_price_set"]["shop_money"] == {"amount": "25.00", "currency_code": "USD"}
    assert (told["financial_status"], told["fulfillment_status"]) == ("paid", None)
    assert (told["line_items"][0]["price"], told["line_items"][0]["fulfillable_quantity"]) == ("10.00", 2)
    assert (shipped["name"], shipped["status"], shipped["tracking_numbers"]) == ("#1001.1", "success", ["1Z"])
    assert level == {
        "inventory_item_id": 7_200_000_000_001,
        "location_id": 70_000_000_001,
        "available": 8,
        "updated_at": "2026-11-23T07:00:00-05:00",
        "admin_graphql_api_id": made.documents("inventory_level")[0]["id"],
    }


def test_one_action_has_one_event_id_and_each_delivery_an_id_of_its_own():
    made, receiver = listening("ORDERS_CREATE", "ORDERS_PAID")
    made.order(("MUG-BLU", 1))
    made.order(("MUG-BLU", 1))
    made.deliver()

    events = [request.headers["x-shopify-event-id"] for request in receiver.got]
    deliveries = [request.headers["x-shopify-webhook-id"] for request in receiver.got]

    assert [events[0], events[2]] == [events[1], events[3]]
    assert len(set(events)) == 2
    assert len(set(deliveries)) == 4


def test_a_subscriber_gets_the_fields_it_named():
    made, receiver = listening("ORDERS_CREATE", includeFields=["id", "name", "nothing"])
    made.order(("MUG-BLU", 1))
    made.deliver()

    assert receiver.bodies("orders/create") == [{"id": 6_100_000_000_001, "name": "#1001"}]


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("total_price:>=30", 1),
        ("line_items.sku:MUG-RED", 1),
        ("line_items.sku:MUG-RED AND total_price:<30", 0),
        ("NOT line_items.sku:MUG-RED", 1),
        ("tags:* OR test:true", 2),
    ],
)
def test_a_filter_lets_through_what_it_says(written, told):
    made, receiver = listening("ORDERS_CREATE", filter=written)
    made.order(("MUG-BLU", 1), tags=["x"])
    made.order(("MUG-BLU", 1), ("MUG-RED", 2))
    made.deliver()

    assert len(receiver.got) == told


@pytest.mark.parametrize("about", [{"uri": "pubsub://my-project:my-topic"}, {"format": "XML"}])
def test_what_nobody_here_speaks_is_kept_and_never_delivered(about):
    made, receiver = listening("ORDERS_CREATE", **about)
    made.order(("MUG-BLU", 1))
    made.advance(4 * 3600)

    assert receiver.got == []
    assert len(made.documents("webhook_subscription")) == 1
    assert made.documents("webhook_delivery") == []


def test_a_mutation_that_was_refused_tells_nobody():
    made, receiver = listening("ORDERS_UPDATED", "INVENTORY_LEVELS_UPDATE")
    receiver.got.clear()

    made.answer('mutation {orderUpdate(input: {id: "gid://shopify/Order/1", note: "x"}) {userErrors {message}}}')
    made.deliver()

    assert receiver.got == []


# Retrying and giving up -----------------------------------------------------------------------------------------------


def test_a_failed_delivery_is_tried_eight_times_more_within_four_hours_with_the_first_bytes():
    made, receiver = listening("ORDERS_CREATE")
    receiver.status = 500
    made.order(("MUG-BLU", 1))
    made.deliver()
    seen = [len(receiver.got)]
    for _ in range(4):
        made.act("edit", order="#1001", note="later")
        made.advance(3600)
        seen.append(len(receiver.got))

    bodies = {request.content for request in receiver.got}
    ids = {request.headers["x-shopify-webhook-id"] for request in receiver.got}
    assert seen[0] == 1
    assert seen[-1] == 9
    assert (len(bodies), len(ids)) == (1, 1)


def test_it_stops_with_the_first_success():
    made, receiver = listening("ORDERS_CREATE")
    receiver.status = 302
    made.order(("MUG-BLU", 1))
    made.deliver()
    receiver.status = 204
    made.advance(4 * 3600)

    assert len(receiver.got) == 2


def test_after_eight_failures_in_a_row_the_subscription_is_deleted():
    made, receiver = listening("ORDERS_CREATE", "ORDERS_PAID")
    receiver.status = 500
    made.order(("MUG-BLU", 1), paid=False)
    made.deliver()
    made.advance(3600)
    after_an_hour = len(made.documents("webhook_subscription"))
    made.advance(3 * 3600)

    left = [row["topic"] for row in made.documents("webhook_subscription")]

    assert after_an_hour == 2
    assert left == ["orders/paid"]


@pytest.mark.parametrize("kind", ["drop", "repeat"])
def test_a_delivery_can_be_made_to_get_lost_or_come_twice(kind):
    made, receiver = listening("ORDERS_CREATE")
    made.faults.next("webhook:orders/create", kind)
    made.order(("MUG-BLU", 1))
    made.deliver()

    assert len(receiver.got) == {"drop": 0, "repeat": 2}[kind]
    assert len({request.headers["x-shopify-webhook-id"] for request in receiver.got}) <= 1
