"""Webhooks: subscribing to them, and believing what comes."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from connectors.canonical import Hint, Subscription
from connectors.core.errors import BadSignature, Invalid, NotFound
from connectors.core.webhooks import header, must_match, sign_base64
from connectors.core.wire import Answer, Call
from connectors.woocommerce.mapping import checked_id, moment
from connectors.woocommerce.store import API, Store

TOPICS = ("order.created", "order.updated", "order.deleted", "order.restored")


class WebhookDocument(msgspec.Struct, frozen=True):
    id: int
    status: str
    topic: str
    delivery_url: str


class Subscriptions:
    """The store's webhooks. It disables one after some failures in a row; subscribing again wakes it up."""

    def __init__(self, store: Store, secret: str) -> None:
        self._store = store
        self._secret = secret

    async def create(self, topic: str, uri: str) -> Subscription:
        """The same topic and address twice is one webhook. The store greets a new one with a ping, which is unsigned:
        answering it 401 does no harm."""
        body = {"status": "active", "secret": self._secret} if self._secret else {"status": "active"}
        for known in await self.all():
            if (known.topic, known.uri) == (topic, uri):
                path = f"/webhooks/{known.id}"
                changed = await self._store.change("PUT", path, "wakeWebhook", body, WebhookDocument, repeatable=True)
                return _subscription(changed)
        new = body | {"name": f"{topic} to {uri}"[:200], "topic": topic, "delivery_url": uri}
        made = await self._store.change("POST", "/webhooks", "createWebhook", new, WebhookDocument, repeatable=False)
        return _subscription(made)

    async def all(self) -> Sequence[Subscription]:
        found: list[Subscription] = []
        async for rows in self._store.rows("/webhooks", "listWebhooks", WebhookDocument):
            found += [_subscription(row) for row in rows]
        return found

    async def delete(self, id: str) -> None:
        """One that is gone stays gone."""
        path = f"{API}/webhooks/{checked_id(id)}"
        call = Call("DELETE", path, "deleteWebhook", params={"force": "true"}, repeatable=True)
        try:
            await self._store.http.send(call, Answer.json_object)
        except NotFound:
            return


def read_hint(headers: Mapping[str, str], body: bytes, *, secret: str, site: str) -> Hint:
    """Check the signature over the raw bytes, and that the delivery is from this store; then read what it is about.

    Headers are not signed, which is one reason more to take a delivery as a hint only.
    """
    must_match(sign_base64(secret, body), header(headers, "X-WC-Webhook-Signature"), "the webhook")
    source = header(headers, "X-WC-Webhook-Source")
    if source and source.rstrip("/").lower() != site.rstrip("/").lower():
        raise BadSignature(f"the webhook is from {source[:100]}, not from {site}")
    try:
        document = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Invalid(f"the webhook is signed, and its body is not JSON ({error})") from error
    topic = header(headers, "X-WC-Webhook-Topic")
    about: dict[str, Any] = document if isinstance(document, dict) else {}
    id = about.get("id")
    return Hint(
        event_id=header(headers, "X-WC-Webhook-Delivery-ID") or f"{topic}:{hashlib.sha256(body).hexdigest()}",
        topic=topic,
        subject=str(id) if isinstance(id, int | str) and not isinstance(id, bool) else "",
        happened=_happened(about.get("date_modified_gmt")),
    )


def _happened(text: Any) -> datetime | None:
    """One that tells of something deleted does not say when."""
    try:
        return moment(text) if isinstance(text, str) else None
    except ValueError:
        return None


def _subscription(document: WebhookDocument) -> Subscription:
    return Subscription(str(document.id), document.topic, document.delivery_url, document.status == "active")
