"""Webhooks: who is told, how it is signed, the ping that greets a new one, and its end after failures (dossier §8)."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from mock_servers.core.fake import Call, Event, Listener, Work
from mock_servers.core.filters import All, Condition, Is
from mock_servers.core.store import Document, encode
from mock_servers.core.wire import Reply
from mock_servers.woocommerce.behaviour import listing
from mock_servers.woocommerce.behaviour.base import (
    API,
    Json,
    answer,
    created,
    fact,
    fake,
    links,
    missing,
    must_be_forced,
    must_be_number,
    refuse,
    site_url,
    times,
    whole,
)
from mock_servers.woocommerce.behaviour.batch import in_batch
from mock_servers.woocommerce.behaviour.callers import OWNER

PING = "webhook.ping"
ACTION = re.compile(r"action\.[A-Za-z0-9_\-]+\Z")
HOOKS = {
    "order.created": ["woocommerce_new_order"],
    "order.updated": ["woocommerce_update_order", "woocommerce_order_refunded"],
    "order.deleted": ["wp_trash_post", "woocommerce_trash_order"],
    "order.restored": ["untrashed_post", "woocommerce_untrash_order"],
    "product.created": [
        "woocommerce_process_product_meta",
        "woocommerce_new_product",
        "woocommerce_new_product_variation",
    ],
    "product.updated": [
        "woocommerce_process_product_meta",
        "woocommerce_update_product",
        "woocommerce_update_product_variation",
    ],
    "product.deleted": ["wp_trash_post"],
    "product.restored": ["untrashed_post"],
    "customer.created": ["user_register", "woocommerce_created_customer", "woocommerce_new_customer"],
    "customer.updated": ["profile_update", "woocommerce_update_customer"],
    "customer.deleted": ["delete_user"],
    "customer.restored": [],
    "coupon.created": ["woocommerce_process_shop_coupon_meta", "woocommerce_new_coupon"],
    "coupon.updated": ["woocommerce_process_shop_coupon_meta", "woocommerce_update_coupon"],
    "coupon.deleted": ["wp_trash_post"],
    "coupon.restored": ["untrashed_post"],
}
"""Which of WordPress's hooks a topic listens to (core class-wc-webhook.php `get_topic_hooks`)."""
INVALID = "woocommerce_rest_shop_webhook_invalid_id"


# Who is told ----------------------------------------------------------------------------------------------------------


@fake.listeners
def listeners(work: Work, event: Event) -> Iterable[Listener]:
    """Every active webhook of the topic; a ping goes to the one it greets."""
    if event.topic == PING:
        id = str(event.about["id"])
        headers = {"Content-Type": "application/x-www-form-urlencoded", "User-Agent": _agent()}
        yield Listener("", event.about["url"], headers, f"webhook_id={id}".encode(), signed=False)
        return
    wanted = All(Is("topic", "=", event.topic), Is("status", "=", "active"))
    rows = work.collection("webhook").rows(wanted)
    if not rows:
        return
    body = encode(event.payload())
    for row in rows:
        yield Listener(row.id, row["delivery_url"], _headers(work, row), body, secret_name(row.id))


def _headers(work: Work, webhook: Document) -> dict[str, str]:
    resource, _, happened = webhook["topic"].partition(".")
    number = work.next_number("webhook_delivery_id")
    return {
        "Content-Type": "application/json",
        "User-Agent": _agent(),
        "X-WC-Webhook-Source": f"{site_url(work)}/",
        "X-WC-Webhook-Topic": webhook["topic"],
        "X-WC-Webhook-Resource": resource,
        "X-WC-Webhook-Event": happened,
        "X-WC-Webhook-ID": webhook.id,
        "X-WC-Webhook-Delivery-ID": hashlib.md5(f"{number}:{work.now}".encode(), usedforsecurity=False).hexdigest(),
    }


def _agent() -> str:
    return f"WooCommerce/{fact('store_version')} Hookshot (WordPress/{fact('wordpress_version')})"


def secret_name(id: str) -> str:
    """The client under whose name a webhook's secret is kept."""
    return f"webhook-{id}"


@fake.gave_up
def gave_up(work: Work, subscription: str) -> None:
    """Too many failures in a row: it stays, disabled, until somebody makes it active again."""
    webhook = work.collection("webhook").find(subscription)
    if webhook is not None:
        work.collection("webhook").save(webhook | {"status": "disabled", "date_modified_gmt": work.stamp})


# The endpoints --------------------------------------------------------------------------------------------------------


@fake.operation("listWebhooks")
def list_webhooks(call: Call) -> Reply:
    where: list[Condition] = []
    status = call.query.get("status", "all")
    if status != "all":
        where.append(Is("status", "=", status))
    if call.query.get("search"):
        where.append(listing.found_in(call.query["search"], "name"))
    return listing.page(call, "webhook", where, lambda each: shown(call, each), {"title": "name"})


@fake.operation("createWebhook")
def create_webhook(call: Call) -> Reply:
    webhook = make_webhook(call, call.body)
    return created(call, shown(call, webhook), f"{API}/webhooks/{webhook.id}")


@fake.operation("getWebhook")
def get_webhook(call: Call) -> Reply:
    return answer(call, 200, shown(call, _named(call, must_be_number(call.path["id"]))))


@fake.operation("updateWebhook", "patchWebhook", "postWebhook")
def update_webhook(call: Call) -> Reply:
    return answer(call, 200, shown(call, change_webhook(call, must_be_number(call.path["id"]), call.body)))


@fake.operation("deleteWebhook")
def delete_webhook(call: Call) -> Reply:
    webhook = _named(call, must_be_number(call.path["id"]))
    must_be_forced(call, "Webhooks")
    return answer(call, 200, shown(call, _removed(call, webhook)))


@fake.operation("batchWebhooks")
def batch_webhooks(call: Call) -> Reply:
    def create(body: Json) -> Json:
        return shown(call, make_webhook(call, body))

    def update(id: str, body: Json) -> Json:
        return shown(call, change_webhook(call, id, body))

    def delete(id: str) -> Json:
        return shown(call, _removed(call, _named(call, id)))

    return in_batch(call, ("createWebhook", "updateWebhook"), create, update, delete)


def make_webhook(work: Work, body: Json) -> Document:
    """A new webhook, greeted with a ping while it is active. Without a secret of its own it has its owner's."""
    if whole(body.get("id")):
        refuse("woocommerce_rest_shop_webhook_exists", "Cannot create existing shop_webhook.")
    topic, url = _checked_topic(body.get("topic", "")), _checked_url(body.get("delivery_url", ""))
    id = str(work.next_number("webhook"))
    webhook = {
        "id": id,
        "name": body.get("name") or f"Webhook {id}",
        "status": body.get("status", "active"),
        "topic": topic,
        "delivery_url": url,
        "date_created_gmt": work.stamp,
        "date_modified_gmt": work.stamp,
    }
    _keep_secret(work, id, body.get("secret") or work.world.secret_of(work.vendor, OWNER))
    kept = work.collection("webhook").add(webhook)
    _greet(work, kept)
    return kept


def change_webhook(work: Work, id: str, body: Json) -> Document:
    webhook = work.collection("webhook").find(id)
    if webhook is None:
        refuse(INVALID, "Invalid ID.")
    changed = webhook.body | {name: body[name] for name in ("name", "status") if name in body}
    if "topic" in body:
        changed["topic"] = _checked_topic(body["topic"])
    if "delivery_url" in body:
        changed["delivery_url"] = _checked_url(body["delivery_url"])
    if body.get("secret"):
        _keep_secret(work, id, body["secret"])
    kept = work.collection("webhook").save(changed | {"date_modified_gmt": work.stamp})
    if webhook["status"] != "active" or webhook["delivery_url"] != kept["delivery_url"]:
        _greet(work, kept)
    if webhook["status"] == "disabled" and kept["status"] == "active":
        work.collection("webhook_health").delete(id)
    return kept


def _removed(work: Work, webhook: Document) -> Document:
    work.collection("webhook").delete(webhook.id)
    work.revoke("client", secret_name(webhook.id))
    return webhook


def _greet(work: Work, webhook: Document) -> None:
    if webhook["status"] == "active":
        work.emit(PING, None, id=webhook.id, url=webhook["delivery_url"])


def _keep_secret(work: Work, id: str, secret: str) -> None:
    work.grant("client", secret_name(id), id, secret=secret)


def _checked_topic(topic: str) -> str:
    if topic not in HOOKS and not ACTION.match(topic):
        refuse("woocommerce_rest_webhook_invalid_topic", "Webhook topic must be valid.")
    return topic


def _checked_url(url: str) -> str:
    try:
        parts = urlsplit(url)
        good = parts.scheme in {"http", "https"} and bool(parts.hostname) and url.isprintable() and " " not in url
        _ = parts.port
    except ValueError:
        good = False
    if not good:
        refuse(
            "woocommerce_rest_webhook_invalid_delivery_url", "Webhook delivery URL must start with http:// or https://."
        )
    return url


def _named(call: Call, id: str) -> Document:
    webhook = call.collection("webhook").find(id)
    if webhook is None:
        missing(INVALID)
    return webhook


def shown(work: Work, webhook: Mapping[str, Any]) -> Json:
    """Never with its secret."""
    id, topic = int(webhook["id"]), webhook["topic"]
    resource, _, happened = topic.partition(".")
    return {
        "id": id,
        "name": webhook["name"],
        "status": webhook["status"],
        "topic": topic,
        "resource": resource,
        "event": happened,
        "hooks": HOOKS.get(topic, [happened]),
        "delivery_url": webhook["delivery_url"],
        **times(work, webhook, "date_created", "date_modified"),
        "_links": links(work, f"{API}/webhooks/{id}", f"{API}/webhooks"),
    }
