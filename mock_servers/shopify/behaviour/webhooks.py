"""Webhook subscriptions, and who is told what of an event (dossier §10)."""

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from mock_servers.core.fake import Event, Listener, Work
from mock_servers.core.filters import All, Condition, Is
from mock_servers.core.graphql import Connection, Run
from mock_servers.core.store import encode
from mock_servers.shopify.behaviour.base import (
    app_id,
    attempt,
    fact,
    fake,
    find,
    id_key,
    next_id,
    refuse,
    shop_of,
    uuid,
)
from mock_servers.shopify.behaviour.paging import Resource, connection, count
from mock_servers.shopify.behaviour.search import Filters, exact, instant, matches, padded, parse
from mock_servers.shopify.behaviour.shop import api_version

Json = dict[str, Any]
CALLBACK = ["webhookSubscription", "callbackUrl"]
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
PUBSUB = re.compile(r"pubsub://(?P<project>[a-z][a-z0-9\-]{4,28}[a-z0-9]):(?P<topic>[A-Za-z][\w.~+%\-]{2,254})\Z")
ARN = re.compile(r"arn:aws:events:[a-z0-9\-]+::event-source/aws\.partner/shopify\.com/\d+/[\w.\-]+\Z")

SUBSCRIPTIONS = Resource(
    "WebhookSubscription",
    {"ID": "seq", "CREATED_AT": "createdAt"},
    Filters(
        {
            "id": padded("idKey"),
            "topic": exact("topic", clean=lambda text: text.upper().replace("/", "_")),
            "endpoint": exact("uri", clean=str),
            "created_at": instant("createdAt"),
            "updated_at": instant("updatedAt"),
        },
        ("uri",),
    ),
)

FIRST_WORDS = (
    "fulfillment_orders",
    "fulfillment_events",
    "fulfillment_holds",
    "draft_orders",
    "inventory_items",
    "inventory_levels",
    "order_transactions",
    "tender_transactions",
    "bulk_operations",
)


def header_topic(topic: str) -> str:
    """`ORDERS_CREATE` as the header says it: `orders/create`."""
    name = topic.lower()
    for first in FIRST_WORDS:
        if name.startswith(f"{first}_"):
            return f"{first}/{name[len(first) + 1 :]}"
    first, _, rest = name.partition("_")
    return f"{first}/{rest}"


# Who is told ----------------------------------------------------------------------------------------------------------


@fake.listeners
def listeners(work: Work, event: Event) -> Iterable[Listener]:
    """Every subscription to the topic whose filter the payload passes."""
    rows = work.collection("webhook_subscription").rows(Is("topic", "=", event.topic))
    if not rows:
        return
    payload = event.payload() if callable(event.payload) else event.payload
    for row in rows:
        if row["format"] != "JSON" or not row["uri"].startswith(("http://", "https://")):
            continue  # kept and shown, but nobody here speaks XML, Pub/Sub or EventBridge
        if row["filter"] and not matches(parse(row["filter"]), payload):
            continue
        body = {name: payload[name] for name in row["includeFields"] if name in payload} or payload
        headers = {
            "Content-Type": "application/json",
            "X-Shopify-Topic": event.topic,
            "X-Shopify-Shop-Domain": shop_of(work)["myshopifyDomain"],
            "X-Shopify-API-Version": row["apiVersion"],
            "X-Shopify-Webhook-Id": uuid(work),
            "X-Shopify-Event-Id": event.about["event_id"],
            "X-Shopify-Triggered-At": work.stamp,
        }
        if row["name"]:
            headers["X-Shopify-Name"] = row["name"]
        yield Listener(row.id, row["uri"], headers, encode(body), row["app"])


@fake.gave_up
def gave_up(work: Work, subscription: str) -> None:
    """Eight failures in a row: a subscription made through the API is deleted."""
    work.collection("webhook_subscription").delete(subscription)


# Queries --------------------------------------------------------------------------------------------------------------


def own_subscriptions(work: Work) -> Condition:
    """Those of the calling app."""
    return Is("app", "=", app_id(work))


@fake.field("webhookSubscription")
def webhook_subscription(_source: Any, args: Json, run: Run) -> Json | None:
    document = find(run.call, "WebhookSubscription", args["id"])
    return document.body if document and document["app"] == app_id(run.call) else None


@fake.field("webhookSubscriptions")
def webhook_subscriptions(_source: Any, args: Json, run: Run) -> Connection:
    parts: list[Condition] = [own_subscriptions(run.call)]
    if args.get("topics"):
        parts.append(Is("topic", "in", tuple(header_topic(topic) for topic in args["topics"])))
    uri = args.get("uri") or args.get("callbackUrl")
    if uri:
        parts.append(Is("uri", "=", uri))
    if args.get("format"):
        parts.append(Is("format", "=", args["format"]))
    return connection(run, args, SUBSCRIPTIONS, All(*parts))


@fake.field("webhookSubscriptionsCount")
def webhook_subscriptions_count(_source: Any, args: Json, run: Run) -> Json:
    return count(run, args, SUBSCRIPTIONS, own_subscriptions(run.call))


@fake.field("WebhookSubscription.topic")
def topic(source: Json, _args: Json, _run: Run) -> str:
    return str(source["topic"]).upper().replace("/", "_")


@fake.field("WebhookSubscription.callbackUrl")
def callback_url(source: Json, _args: Json, _run: Run) -> str:
    return str(source["uri"])


@fake.field("WebhookSubscription.apiVersion")
def subscription_version(source: Json, _args: Json, _run: Run) -> Json:
    return api_version(source["apiVersion"])


@fake.field("WebhookSubscription.endpoint")
def endpoint(source: Json, _args: Json, _run: Run) -> Json:
    uri = source["uri"]
    if match := PUBSUB.match(uri):
        return {
            "__typename": "WebhookPubSubEndpoint",
            "pubSubProject": match["project"],
            "pubSubTopic": match["topic"],
        }
    if uri.startswith("arn:"):
        return {"__typename": "WebhookEventBridgeEndpoint", "arn": uri}
    return {"__typename": "WebhookHttpEndpoint", "callbackUrl": uri}


# Mutations ------------------------------------------------------------------------------------------------------------


@fake.field("webhookSubscriptionCreate")
def webhook_subscription_create(_source: Any, args: Json, run: Run) -> Json:
    return attempt(
        run.call,
        lambda: create_subscription(
            run.call, run.plan.service.version, header_topic(args["topic"]), args["webhookSubscription"]
        ),
    )


def create_subscription(work: Work, version: str, topic: str, given: Json) -> Json:
    """The calling app is told of a topic from now on, in the shapes of a version. Raises `UserErrors`."""
    id, number = next_id(work, "WebhookSubscription")
    blank: Json = {
        "id": id,
        "idKey": id_key(number),
        "topic": topic,
        "uri": "",
        "format": "JSON",
        "includeFields": [],
        "metafieldNamespaces": [],
        "filter": None,
        "name": None,
        "app": app_id(work),
        "apiVersion": version,
        "createdAt": work.stamp,
        "updatedAt": work.stamp,
    }
    subscription = _checked(work, blank, given)
    work.collection("webhook_subscription").add(subscription)
    return {"webhookSubscription": subscription, "userErrors": []}


@fake.field("webhookSubscriptionUpdate")
def webhook_subscription_update(_source: Any, args: Json, run: Run) -> Json:
    return attempt(run.call, lambda: update_subscription(run.call, args["id"], args["webhookSubscription"]))


def update_subscription(work: Work, id: str, given: Json) -> Json:
    """Another address, format, filter or list of fields. Raises `UserErrors`."""
    changed = _checked(work, _own(work, id), given) | {"updatedAt": work.stamp}
    work.collection("webhook_subscription").save(changed)
    return {"webhookSubscription": changed, "userErrors": []}


@fake.field("webhookSubscriptionDelete")
def webhook_subscription_delete(_source: Any, args: Json, run: Run) -> Json:
    return attempt(run.call, lambda: delete_subscription(run.call, args["id"]))


def delete_subscription(work: Work, id: str) -> Json:
    """The app is told no longer. Raises `UserErrors`."""
    work.collection("webhook_subscription").delete(_own(work, id)["id"])
    return {"deletedWebhookSubscriptionId": id, "userErrors": []}


def _own(work: Work, id: str) -> Json:
    document = find(work, "WebhookSubscription", id)
    if document is None or document["app"] != app_id(work):
        refuse(["id"], "Webhook subscription does not exist")
    return document.body


def _checked(work: Work, subscription: Json, given: Json) -> Json:
    """The subscription as it would be, or the vendor's refusal."""
    changed = dict(subscription)
    for name in ("format", "includeFields", "metafieldNamespaces", "filter", "name"):
        if given.get(name) is not None:
            changed[name] = given[name]
    stated = given.get("uri") if given.get("uri") is not None else given.get("callbackUrl")
    if stated is not None or not subscription["uri"]:
        changed["uri"] = (stated or "").strip()
        _check_address(work, changed["uri"])
    if changed["format"] == "XML" and changed["filter"]:
        refuse(["webhookSubscription", "format"], "Format can only be used with format: 'json'")
    others = [
        row.body
        for row in work.collection("webhook_subscription").rows(own_subscriptions(work))
        if row.id != subscription["id"]
    ]
    same = ("topic", "uri", "format", "filter")
    if any(all(row[name] == changed[name] for name in same) for row in others):
        refuse(CALLBACK, "Address for this topic has already been taken")
    if changed["name"] and any(row["name"] == changed["name"] for row in others):
        refuse(["webhookSubscription", "name"], "Name already exists, no duplicate allowed")
    return changed


def _check_address(work: Work, uri: str) -> None:
    if not uri:
        refuse(CALLBACK, "Address can't be blank")
    if len(uri.encode()) > fact("webhook_address_maximum_bytes"):
        refuse(CALLBACK, "Address is too long (maximum is 65535 characters)")
    if uri.startswith("pubsub:"):
        if not PUBSUB.match(uri):
            refuse(CALLBACK, "Address is invalid")
        return
    if uri.startswith("arn:"):
        if not ARN.match(uri):
            refuse(CALLBACK, "Address is an AWS ARN and includes an invalid format")
        return
    try:
        parts = urlsplit(uri)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host, parts = None, urlsplit("")
    if not parts.scheme or not host or any(ord(letter) <= 32 for letter in uri):
        refuse(CALLBACK, "Address is invalid")
    if host in LOOPBACK and work.setting("webhooks_to_loopback", default=True):
        return
    if parts.scheme != "https":
        refuse(CALLBACK, f"Address protocol {parts.scheme}:// is not supported")
    if host in LOOPBACK or host.endswith(SHOPIFY_DOMAINS):
        refuse(CALLBACK, "Address cannot be a Shopify or an internal domain")


SHOPIFY_DOMAINS = (".myshopify.com", ".shopify.com", ".shopifycloud.com", ".internal", ".local", ".localhost")
