"""Webhooks: subscribing to them, and believing what comes."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from connectors.canonical import Hint, Subscription
from connectors.core.errors import BadSignature, Invalid
from connectors.core.reading import as_document, dig, understood
from connectors.core.webhooks import header, must_match, sign_base64
from connectors.shopify import documents
from connectors.shopify.admin import Admin
from connectors.shopify.graphql import gid, number_of, refusal

TOPICS = ("orders/create", "orders/updated", "orders/cancelled", "orders/edited", "orders/paid")
"""What tells of orders. Nothing else that happens in a shop is fetched any sooner for a hook."""
# What these tell about is an order: its id is under another name there.
_BY_ORDER = ("fulfillments", "refunds", "order_transactions")
_RESOURCES_OF_SEVERAL_WORDS = (
    "bulk_operations",
    "fulfillment_events",
    "fulfillment_orders",
    "inventory_items",
    "inventory_levels",
    "order_transactions",
)


class SubscriptionDocument(msgspec.Struct, frozen=True):
    id: str
    topic: str
    uri: str


class Subscriptions:
    """The subscriptions made through the API; those in the app's configuration file are not listed there."""

    def __init__(self, admin: Admin) -> None:
        self._admin = admin

    async def create(self, topic: str, uri: str) -> Subscription:
        """The same topic and address twice is one subscription."""
        variables = {"topic": topic_enum(topic), "subscription": {"uri": uri, "format": "JSON"}}
        payload = await self._admin.mutate(documents.WEBHOOK_CREATE, variables)
        if not payload.errors:
            return _subscription(as_document(dig(payload.fields, "webhookSubscription"), SubscriptionDocument))
        for known in await self.all():
            if (topic_enum(known.topic), known.uri) == (topic_enum(topic), uri):
                return known
        raise refusal(Invalid, documents.WEBHOOK_CREATE, payload.errors)

    async def all(self) -> Sequence[Subscription]:
        nodes = await self._admin.all_nodes(documents.WEBHOOKS, {}, SubscriptionDocument, "webhookSubscriptions")
        return [_subscription(node) for node in nodes]

    async def delete(self, id: str) -> None:
        """One that is gone stays gone."""
        payload = await self._admin.mutate(documents.WEBHOOK_DELETE, {"id": gid("WebhookSubscription", id)})
        if payload.errors and any(known.id == id for known in await self.all()):
            raise refusal(Invalid, documents.WEBHOOK_DELETE, payload.errors)


def read_hint(headers: Mapping[str, str], body: bytes, *, secret: str, shop: str) -> Hint:
    """Check the signature over the raw bytes, and that the delivery is for this shop; then read what it is about.

    The event id is `X-Shopify-Webhook-Id`: the same on every retry of a delivery. `X-Shopify-Event-Id` is shared by all
    deliveries one action causes, of whatever topic, so it would drop half of them. Headers are not signed, which is one
    reason more to take a delivery as a hint only.
    """
    must_match(sign_base64(secret, body), header(headers, "X-Shopify-Hmac-Sha256"), "the webhook")
    sender = header(headers, "X-Shopify-Shop-Domain")
    if sender and sender.lower() != shop.lower():  # one app secret signs for every shop that has the app
        raise BadSignature(f"the webhook is for {sender[:100]}, not for {shop}")
    topic = header(headers, "X-Shopify-Topic")
    return Hint(
        event_id=header(headers, "X-Shopify-Webhook-Id") or f"{topic}:{hashlib.sha256(body).hexdigest()}",
        topic=topic,
        subject=_subject(topic, body),
        happened=_moment(header(headers, "X-Shopify-Triggered-At")),
    )


def topic_enum(topic: str) -> str:
    """`orders/create` → `ORDERS_CREATE`, the name the API has for it."""
    return topic.replace("/", "_").upper()


def topic_name(enum: str) -> str:
    """`ORDERS_CREATE` → `orders/create`, the name deliveries have for it.

    Where the resource ends cannot be told from the enum, so resources of several words are listed.
    """
    name = enum.lower()
    for resource in _RESOURCES_OF_SEVERAL_WORDS:
        if name.startswith(f"{resource}_"):
            return f"{resource}/{name[len(resource) + 1 :]}"
    return name.replace("_", "/", 1)


def _subscription(document: SubscriptionDocument) -> Subscription:
    number = understood("a webhook subscription", lambda: number_of(document.id))
    return Subscription(number, topic_name(document.topic), document.uri)


def _subject(topic: str, body: bytes) -> str:
    """The order's id where the delivery is about an order, else the record's own; empty where it names none."""
    try:
        document = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Invalid(f"the webhook is signed, and its body is not JSON ({error})") from error
    if not isinstance(document, dict):
        return ""
    resource = topic.partition("/")[0]
    if resource in _BY_ORDER:
        return _id(document.get("order_id"))
    if resource == "inventory_levels":
        return _id(document.get("inventory_item_id"))
    nested = document.get("fulfillment_order")
    return _id((nested if isinstance(nested, dict) else document).get("id"))


def _id(value: Any) -> str:
    """Ids are numbers in these bodies, and global ids in some."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return ""
    return str(value).rpartition("/")[2]


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else None
