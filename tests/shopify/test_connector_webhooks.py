"""Webhooks: believing what comes, and subscribing to it."""

import base64
import hashlib
import json
from datetime import UTC, datetime

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.canonical import Subscription
from connectors.core.errors import BadSignature, Invalid, NotFound
from connectors.shopify import Settings, Shopify
from connectors.shopify.webhooks import topic_enum, topic_name
from seatrial import virtual_time

SECRET = "app-secret"
SHOP = "some-shop.myshopify.com"
BODY = b'{"id": 7001, "order_id": 42}'


def signature(body: bytes, secret: bytes = SECRET.encode()) -> str:
    """base64(HMAC-SHA256(raw body, client secret)), the HMAC written out as RFC 2104 has it."""
    key = secret.ljust(64, b"\0")
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in key) + body).digest()
    return base64.b64encode(hashlib.sha256(bytes(byte ^ 0x5C for byte in key) + inner).digest()).decode()


def headers(body=BODY, **more):
    given = {
        "X-Shopify-Topic": "orders/create",
        "X-Shopify-Hmac-Sha256": signature(body),
        "X-Shopify-Shop-Domain": SHOP,
        "X-Shopify-Webhook-Id": "b54557e4",
        "X-Shopify-Event-Id": "98880550",
        "X-Shopify-Triggered-At": "2026-11-23T09:00:00.123456789Z",
    }
    changed = {"X-Shopify-" + name.replace("_", "-"): value for name, value in more.items()}
    return {name: value for name, value in (given | changed).items() if value is not None}


def shop(**settings) -> Shopify:
    return Shopify(Settings("shop", SHOP, access_token="t", client_secret=SECRET, **settings))


def test_the_signature_by_hand_is_the_published_one():
    """RFC 4231, test case 2."""
    digest = base64.b64decode(signature(b"what do ya want for nothing?", b"Jefe"))
    assert digest.hex() == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"


def test_a_signed_delivery_is_a_hint():
    hint = shop().verify(headers(), BODY)
    assert (hint.event_id, hint.topic, hint.subject) == ("b54557e4", "orders/create", "7001")
    assert hint.happened.replace(microsecond=0) == datetime(2026, 11, 23, 9, tzinfo=UTC)


def test_the_names_of_headers_may_be_written_in_any_way():
    lower = {name.lower(): value for name, value in headers().items()}
    assert shop().verify(lower, BODY) == shop().verify(httpx.Headers(lower), BODY)


@given(position=st.integers(0, len(BODY) - 1), bit=st.integers(0, 7))
def test_one_changed_bit_is_noticed(position, bit):
    changed = bytearray(BODY)
    changed[position] ^= 1 << bit
    with pytest.raises(BadSignature):
        shop().verify(headers(BODY), bytes(changed))


def test_the_raw_bytes_are_signed_and_not_their_meaning():
    with pytest.raises(BadSignature):
        shop().verify(headers(BODY), json.dumps(json.loads(BODY)).encode() + b" ")


@pytest.mark.parametrize("given_signature", [None, "", "x", signature(BODY, b"another"), signature(BODY).lower(), "ü"])
def test_a_wrong_or_missing_signature_is_refused(given_signature):
    with pytest.raises(BadSignature) as caught:
        shop().verify(headers(Hmac_Sha256=given_signature), BODY)
    assert signature(BODY) not in str(caught.value)
    assert SECRET not in str(caught.value)


def test_a_delivery_for_another_shop_of_the_same_app_is_refused():
    with pytest.raises(BadSignature, match="other-shop"):
        shop().verify(headers(Shop_Domain="other-shop.myshopify.com"), BODY)
    assert shop().verify(headers(Shop_Domain="SOME-shop.myshopify.com"), BODY).subject == "7001"


def test_without_a_secret_nothing_is_believed():
    with pytest.raises(BadSignature, match="no signing secret"):
        Shopify(Settings("shop", SHOP, access_token="t")).verify(headers(), BODY)


SUBJECTS = [
    ("orders/updated", {"id": 7001}, "7001"),
    ("orders/delete", {"id": 7001}, "7001"),
    ("fulfillments/create", {"id": 1, "order_id": 7001}, "7001"),
    ("refunds/create", {"id": 1, "order_id": 7001}, "7001"),
    ("products/update", {"id": 5}, "5"),
    ("inventory_levels/update", {"inventory_item_id": 6, "location_id": 2, "available": 1}, "6"),
    ("fulfillment_orders/moved", {"fulfillment_order": {"id": "gid://shopify/FulfillmentOrder/8"}}, "8"),
    ("customers/redact", {"shop_id": 1}, ""),
    ("orders/create", {"id": True}, ""),
    ("orders/create", {"id": {"x": 1}}, ""),
    ("orders/create", [1], ""),
]


@pytest.mark.parametrize(("topic", "document", "subject"), SUBJECTS, ids=str)
def test_a_hint_names_what_to_fetch(topic, document, subject):
    body = json.dumps(document).encode()
    assert shop().verify(headers(body, Topic=topic), body).subject == subject


@pytest.mark.parametrize("body", [b"", b"<xml/>", b"\xff", b"[" * 50_000], ids=range(4))
def test_a_signed_body_that_is_no_json_is_refused_as_such(body):
    with pytest.raises(Invalid, match="signed, and its body is not JSON"):
        shop().verify(headers(body), body)


def test_a_delivery_without_an_id_is_known_by_its_bytes():
    first = shop().verify(headers(Webhook_Id=None), BODY)
    again = shop().verify(headers(Webhook_Id=None), BODY)
    other = shop().verify(headers(Webhook_Id=None, Topic="orders/updated"), BODY)
    assert first.event_id == again.event_id != other.event_id


@pytest.mark.parametrize("stamp", [None, "soon", "2026-11-23T09:00:00"])
def test_a_moment_that_is_none_is_none(stamp):
    assert shop().verify(headers(Triggered_At=stamp), BODY).happened is None


TOPICS = [
    ("orders/create", "ORDERS_CREATE"),
    ("orders/partially_fulfilled", "ORDERS_PARTIALLY_FULFILLED"),
    ("inventory_levels/update", "INVENTORY_LEVELS_UPDATE"),
    ("fulfillment_orders/order_routing_complete", "FULFILLMENT_ORDERS_ORDER_ROUTING_COMPLETE"),
    ("fulfillments/create", "FULFILLMENTS_CREATE"),
    ("bulk_operations/finish", "BULK_OPERATIONS_FINISH"),
    ("app/uninstalled", "APP_UNINSTALLED"),
]


@pytest.mark.parametrize(("name", "enum"), TOPICS)
def test_topics_have_two_names(name, enum):
    assert topic_enum(name) == enum
    assert topic_name(enum) == name


class Hooks:
    """The subscriptions of an app, as the API keeps them."""

    def __init__(self) -> None:
        self.kept = {}

    def __call__(self, request):
        body = json.loads(request.content)
        name = body["query"].split("(")[0].split()[1]
        return httpx.Response(200, json={"data": {name: getattr(self, name)(body["variables"])}})

    def document(self, id):
        topic, uri = self.kept[id]
        return {"id": f"gid://shopify/WebhookSubscription/{id}", "topic": topic, "uri": uri}

    def webhookSubscriptionCreate(self, variables):
        wanted = (variables["topic"], variables["subscription"]["uri"])
        assert variables["subscription"]["format"] == "JSON"
        if not wanted[1].startswith("https://"):
            message = "Address protocol http:// is not supported"
        elif wanted in self.kept.values():
            message = "Address for this topic has already been taken"
        else:
            id = str(len(self.kept) + 1)
            self.kept[id] = wanted
            return {"webhookSubscription": self.document(id), "userErrors": []}
        errors = [{"field": ["webhookSubscription", "callbackUrl"], "message": message}]
        return {"webhookSubscription": None, "userErrors": errors}

    def webhookSubscriptions(self, variables):
        first = [self.document(id) for id in list(self.kept) if (id == "1") == (variables["after"] is None)]
        more = variables["after"] is None and len(self.kept) > 1
        return {"nodes": first, "pageInfo": {"hasNextPage": more, "endCursor": "a" if more else None}}

    def webhookSubscriptionDelete(self, variables):
        id = variables["id"].rpartition("/")[2]
        if id == "2" or id not in self.kept:
            errors = [{"field": ["id"], "message": "Webhook subscription does not exist"}]
            return {"deletedWebhookSubscriptionId": None, "userErrors": errors}
        del self.kept[id]
        return {"deletedWebhookSubscriptionId": variables["id"], "userErrors": []}


def with_hooks(story):
    async def main():
        settings = Settings("shop", SHOP, access_token="t")
        async with Shopify(settings, transport=httpx.MockTransport(Hooks())) as connected:
            return await story(connected)

    return virtual_time.run(main())


def test_subscriptions_are_made_once_listed_and_deleted():
    async def story(connected):
        first = await connected.subscribe("orders/create", "https://app.example/hooks")
        second = await connected.subscribe("inventory_levels/update", "https://app.example/hooks")
        again = await connected.subscribe("inventory_levels/update", "https://app.example/hooks")
        listed = await connected.subscriptions()
        await connected.unsubscribe("1")
        await connected.unsubscribe("1")
        return first, second, again, listed

    first, second, again, listed = with_hooks(story)
    assert first == Subscription("1", "orders/create", "https://app.example/hooks")
    assert second == again == Subscription("2", "inventory_levels/update", "https://app.example/hooks")
    assert listed == [first, second]


def test_a_refused_address_and_a_subscription_that_stays_are_told():
    async def refused(connected):
        await connected.subscribe("orders/create", "http://app.example/hooks")

    async def stays(connected):
        await connected.subscribe("orders/create", "https://app.example/1")
        await connected.subscribe("orders/create", "https://app.example/2")
        await connected.unsubscribe("2")

    with pytest.raises(Invalid, match="protocol http:// is not supported"):
        with_hooks(refused)
    with pytest.raises((Invalid, NotFound), match="does not exist"):
        with_hooks(stays)
