"""Webhook subscriptions over REST; those made by GraphQL are the same ones."""

from functools import cache
from typing import Any

from mock_servers.core.fake import Call
from mock_servers.core.filters import Condition
from mock_servers.core.refusal import Refusal
from mock_servers.core.wire import Reply
from mock_servers.shopify.behaviour.base import app_id
from mock_servers.shopify.behaviour.webhooks import (
    create_subscription,
    delete_subscription,
    header_topic,
    own_subscriptions,
    update_subscription,
)
from mock_servers.shopify.rest.door import enumerated, named, operation, shown, version_of, wrong
from mock_servers.shopify.rest.lists import by_id, by_time, count, exactly, page
from mock_servers.shopify.rest.shapes import webhook_shape

Json = dict[str, Any]


@cache
def topics() -> frozenset[str]:
    """Every topic there is, as the header says it: the same words as in GraphQL."""
    return frozenset(header_topic(name) for name in enumerated("WebhookSubscriptionTopic"))


def _answer(call: Call, subscription: Json, status: int = 200) -> Reply:
    return Reply(status, {"webhook": shown(call, webhook_shape(call, subscription))})


def _own(call: Call) -> Json:
    """The subscription the path names, of the calling app. Refuses with `not_found`."""
    document = named(call, "WebhookSubscription")
    if document["app"] != app_id(call):
        raise Refusal("not_found")
    return document.body


def _asked_for(call: Call) -> list[Condition]:
    filters = exactly(call, {"topic": "topic", "address": "uri"})
    return [own_subscriptions(call), *by_id(call, "WebhookSubscription"), *by_time(call), *filters]


@operation("listWebhooks")
def list_webhooks(call: Call) -> Reply:
    return page(call, "webhooks", "WebhookSubscription", lambda row: webhook_shape(call, row), *_asked_for(call))


@operation("countWebhooks")
def count_webhooks(call: Call) -> Reply:
    return count(call, "WebhookSubscription", *_asked_for(call))


@operation("getWebhook")
def get_webhook(call: Call) -> Reply:
    return _answer(call, _own(call))


@operation("createWebhook")
def create_webhook(call: Call) -> Reply:
    given = call.body["webhook"]
    topic = given.get("topic", "")
    if topic not in topics():
        wrong("topic", f"Invalid topic specified: {topic[:80]}" if topic else "can't be blank")
    made = create_subscription(call, version_of(call), topic, _input(given))
    return _answer(call, made["webhookSubscription"], 201)


@operation("updateWebhook")
def update_webhook(call: Call) -> Reply:
    changed = update_subscription(call, _own(call)["id"], _input(call.body["webhook"]))
    return _answer(call, changed["webhookSubscription"])


@operation("deleteWebhook")
def delete_webhook(call: Call) -> Reply:
    delete_subscription(call, _own(call)["id"])
    return Reply(200, {})


def _input(given: Json) -> Json:
    """A `WebhookSubscriptionInput`."""
    names = {"address": "uri", "fields": "includeFields", "metafield_namespaces": "metafieldNamespaces"}
    wanted = {names.get(name, name): given[name] for name in (*names, "name", "filter") if name in given}
    return wanted | ({"format": given["format"].upper()} if "format" in given else {})
