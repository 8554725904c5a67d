"""WooCommerce, through its REST API v3.

    settings = Settings("store", "https://shop.example", consumer_key="ck_…", consumer_secret="cs_…")
    async with WooCommerce(settings) as store:
        async for page in store.orders(cursor):
            keep(page.rows, page.cursor)
        await store.fulfill(fulfillment, key="")
        refused = await store.set_levels(levels, key="")

Core WooCommerce knows no shipments: see `shipping`. A fulfilment's id is the order's and a number, `742-961`.
"""

import base64
import random
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Unpack
from urllib.parse import urlsplit

from connectors.canonical import Fulfillment, Hint, Level, Order, Page, Product, Subscription, Warehouse
from connectors.core.auth import Auth, HeaderToken, OAuth1
from connectors.core.connector import Connector, Edge
from connectors.core.http import Http
from connectors.core.throttle import CallsPerWindow
from connectors.woocommerce.lists import Lists
from connectors.woocommerce.settings import Settings
from connectors.woocommerce.shipping import Shipping
from connectors.woocommerce.stock import Stock
from connectors.woocommerce.store import Store, complaint
from connectors.woocommerce.webhooks import TOPICS, Subscriptions, read_hint


class WooCommerce(Connector):
    """A store: orders start here, and here it is told what was shipped and what is left."""

    topics = TOPICS

    def __init__(self, settings: Settings, **edge: Unpack[Edge]) -> None:
        self._settings = settings
        pair = base64.b64encode(f"{settings.consumer_key}:{settings.consumer_secret}".encode()).decode()
        http = Http(
            settings.base_url,
            vendor="woocommerce",
            connection=settings.connection,
            auth=_auth(settings, pair, edge.get("chance")),
            limits=settings.http,
            throttle=CallsPerWindow(settings.calls_per_minute, 60.0),
            secrets=(settings.consumer_secret, settings.webhook_secret, pair),
            complaint=complaint,
            **edge,
        )
        super().__init__(settings, http)
        self._store = Store(self._http, settings)
        self._lists = Lists(self._store, settings)
        self._shipping = Shipping(self._store)
        self._stock = Stock(self._store)
        self._subscriptions = Subscriptions(self._store, settings.webhook_secret)

    async def check(self) -> str:
        """Prove the key; the API has no short name for the store, so the answer is its host."""
        await self._store.currency()
        return urlsplit(self._site).netloc

    # Orders

    def orders(self, cursor: str | None = None) -> AsyncIterator[Page[Order]]:
        """Orders by update time, from some time before the cursor; those that were thrown away too, as cancelled."""
        return self._lists.orders(cursor)

    async def order(self, id: str) -> Order | None:
        """One order by its id, which is not always its number. Raises `Invalid` for what cannot be one."""
        return await self._lists.order(id)

    async def cancel_order(self, id: str, reason: str, key: str) -> None:  # noqa: ARG002 - there is no such key
        """Cancel what will not be shipped; its stock comes back. Nothing is refunded: money is for people.

        Raises `Conflict` when something has left.
        """
        await self._shipping.cancel_order(id, reason)

    # Shipments

    async def find_fulfillment(self, fulfillment: Fulfillment) -> str | None:
        """The id of just this shipment, where the order knows it."""
        return await self._shipping.find(fulfillment)

    async def fulfill(self, fulfillment: Fulfillment, key: str) -> str:  # noqa: ARG002 - the shipment is its own key
        """Tell the store what was shipped, once, however often this is called; the last shipment completes the order.

        Raises `Conflict` when the store does not want that much any more.
        """
        return await self._shipping.tell(fulfillment)

    async def cancel_fulfillment(self, id: str, key: str) -> None:  # noqa: ARG002 - there is no such key
        """The shipment was voided: take back what was told of it. What is gone already stays so."""
        await self._shipping.cancel(id)

    # Stock and products

    async def warehouses(self) -> Sequence[Warehouse]:
        """A store is one place."""
        return [Warehouse("store", await self.check())]

    async def set_levels(self, levels: Sequence[Level], key: str) -> Mapping[str, str]:  # noqa: ARG002 - see `Stock`
        """Publish absolute available quantities, below zero as zero; answers SKU → reason for those refused.

        From then on the store manages the stock of each, a variation apart from its parent.
        """
        return await self._stock.set(levels)

    async def find_levels(self, skus: Sequence[str]) -> Mapping[str, int]:
        """What is available now."""
        return await self._stock.find(skus)

    def products(self, cursor: str | None = None) -> AsyncIterator[Page[Product]]:
        """Products, and the variations of those that vary, by update time."""
        return self._lists.products(cursor)

    # Webhooks

    async def subscribe(self, topic: str, uri: str) -> Subscription:
        """Have deliveries of a topic (`order.updated`) sent to an address; the same twice is one subscription."""
        return await self._subscriptions.create(topic, uri)

    async def subscriptions(self) -> Sequence[Subscription]:
        """Every webhook of the store."""
        return await self._subscriptions.all()

    async def unsubscribe(self, id: str) -> None:
        """Delete a webhook; one that is gone stays gone."""
        await self._subscriptions.delete(id)

    def verify(self, headers: Mapping[str, str], body: bytes) -> Hint:
        """Check a delivery's signature over its raw bytes, then read what it is about. Raises `BadSignature`.

        So does the ping that greets a new webhook: it is not signed, and tells of nothing.
        """
        return read_hint(headers, body, secret=self._settings.webhook_secret, site=self._site)

    @property
    def _site(self) -> str:
        return self._settings.site_url or self._settings.base_url


def _auth(settings: Settings, pair: str, chance: random.Random | None) -> Auth:
    """Basic over TLS. In the clear the store looks at signatures alone."""
    if settings.base_url.lower().startswith("https://"):
        return HeaderToken("Authorization", pair, prefix="Basic ")
    return OAuth1(settings.consumer_key, settings.consumer_secret, chance or random.SystemRandom())
