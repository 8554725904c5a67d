"""Shopify, through its GraphQL Admin API 2026-10.

    settings = Settings(connection="shop", shop="some-shop.myshopify.com", access_token="…", client_secret="…")
    async with Shopify(settings) as shop:
        async for page in shop.orders(cursor):
            keep(page.rows, page.cursor)
        await shop.fulfill(fulfillment, key="")
        refused = await shop.set_levels(levels, key="")

Ids here are the numbers of global ids, as strings. Searches run on an index that follows writes by seconds, so lists
are read with an overlap; reads by id do not lag.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Unpack

from connectors.canonical import Fulfillment, Hint, Level, Order, Page, Product, Subscription, Warehouse
from connectors.core.auth import Auth, ClientCredentials, HeaderToken, RefreshToken, Token
from connectors.core.connector import Connector, Edge
from connectors.core.http import Http
from connectors.core.reading import dig, understood
from connectors.core.throttle import CostBucket
from connectors.shopify import documents
from connectors.shopify.admin import Admin, complaint
from connectors.shopify.fulfilling import Fulfilling
from connectors.shopify.lists import Lists
from connectors.shopify.mapping import warehouse_from_document
from connectors.shopify.oauth import TOKEN_PATH, checked_shop
from connectors.shopify.settings import Settings
from connectors.shopify.stock import Stock
from connectors.shopify.webhooks import TOPICS, Subscriptions, read_hint

TOKEN_HEADER = "X-Shopify-Access-Token"  # noqa: S105 - the name of a header


class Shopify(Connector):
    """A shop: orders start here, and here it is told what was shipped and what is left."""

    topics = TOPICS

    def __init__(
        self,
        settings: Settings,
        *,
        token_kept: Callable[[Token], Awaitable[None]] | None = None,
        **edge: Unpack[Edge],
    ) -> None:
        """`token_kept` is called with each renewed token pair before it is used, so that it can be stored."""
        self._settings = settings
        bucket = CostBucket(maximum=1000.0, restore_per_second=50.0)  # the smallest there is; answers correct it
        base_url = settings.base_url or f"https://{checked_shop(settings.shop)}"
        http = Http(
            base_url,
            vendor="shopify",
            connection=settings.connection,
            auth=_auth(settings, base_url, token_kept),
            limits=settings.http,
            throttle=bucket,
            secrets=(settings.access_token, settings.client_secret, settings.refresh_token),
            complaint=complaint,
            **edge,
        )
        super().__init__(settings, http)
        self._admin = Admin(self._http, bucket, settings.connection)
        self._lists = Lists(self._admin, settings)
        self._fulfilling = Fulfilling(self._admin, http.clock, restock_cancelled=settings.restock_cancelled)
        self._stock = Stock(self._admin, settings, http.chance)
        self._subscriptions = Subscriptions(self._admin)

    async def check(self) -> str:
        """Prove the credentials; answers the shop's name."""
        return await self._admin.ask(documents.SHOP, {}, lambda data: str(dig(data, "shop", "name")))

    # Orders

    def orders(self, cursor: str | None = None) -> AsyncIterator[Page[Order]]:
        """Orders by update time, from some time before the cursor. Without `read_all_orders`, those of 60 days."""
        return self._lists.orders(cursor)

    async def order(self, id: str) -> Order | None:
        """One order by its number. Raises `Invalid` for what cannot be one."""
        return await self._lists.order(id)

    async def cancel_order(self, id: str, reason: str, key: str) -> None:  # noqa: ARG002 - there is no such key
        """Cancel what will not be shipped; a cancelled order stays so. Nothing is refunded: money is for people.

        Raises `Conflict` when something was fulfilled, `Unknown` when the cancellation does not come to its end.
        """
        await self._fulfilling.cancel_order(id, reason)

    # Fulfilment

    async def find_fulfillment(self, fulfillment: Fulfillment) -> str | None:
        """The ids of the fulfilments that tell all of this shipment, with commas between; None while any is untold."""
        return await self._fulfilling.find(fulfillment)

    async def fulfill(self, fulfillment: Fulfillment, key: str) -> str:  # noqa: ARG002 - there is no such key
        """Tell the shop what was shipped: one fulfilment for each location the lines were assigned to.

        A shipment with tracking numbers is told once, however often this is called: what the shop knows is left out.
        Raises `Conflict` when the shop does not want that much any more.
        """
        return await self._fulfilling.tell(fulfillment)

    async def cancel_fulfillment(self, id: str, key: str) -> None:  # noqa: ARG002 - there is no such key
        """The shipment was voided: cancel what was told of it. What is cancelled already stays so."""
        await self._fulfilling.cancel(id)

    # Stock and products

    async def warehouses(self) -> Sequence[Warehouse]:
        """The shop's active locations."""
        found = await self._stock.locations()
        return understood("a location", lambda: [warehouse_from_document(location) for location in found])

    async def set_levels(self, levels: Sequence[Level], key: str) -> Mapping[str, str]:  # noqa: ARG002 - see `Stock`
        """Publish absolute available quantities, below zero as zero; answers SKU → reason for those refused."""
        return await self._stock.set(levels)

    async def find_levels(self, skus: Sequence[str]) -> Mapping[str, int]:
        """What is available now, over the locations levels are published at."""
        return await self._stock.find(skus)

    def products(self, cursor: str | None = None) -> AsyncIterator[Page[Product]]:
        """Variants, by the update time of their products. A variant without a SKU has an empty one."""
        return self._lists.products(cursor)

    # Webhooks

    async def subscribe(self, topic: str, uri: str) -> Subscription:
        """Have deliveries of a topic (`orders/create`) sent to an address; the same twice is one subscription."""
        return await self._subscriptions.create(topic, uri)

    async def subscriptions(self) -> Sequence[Subscription]:
        """The subscriptions made through the API."""
        return await self._subscriptions.all()

    async def unsubscribe(self, id: str) -> None:
        """Delete a subscription; one that is gone stays gone."""
        await self._subscriptions.delete(id)

    def verify(self, headers: Mapping[str, str], body: bytes) -> Hint:
        """Check a delivery's signature over its raw bytes, then read what it is about. Raises `BadSignature`."""
        return read_hint(headers, body, secret=self._settings.client_secret, shop=self._settings.shop)


def _auth(settings: Settings, base_url: str, kept: Callable[[Token], Awaitable[None]] | None) -> Auth:
    token_url = base_url.rstrip("/") + TOKEN_PATH
    if settings.refresh_token:
        return RefreshToken(
            token_url,
            settings.client_id,
            settings.client_secret,
            settings.refresh_token,
            access_token=settings.access_token,
            style="json",
            header=TOKEN_HEADER,
            prefix="",
            kept=kept,
        )
    if settings.access_token:
        return HeaderToken(TOKEN_HEADER, settings.access_token)
    if settings.client_id and settings.client_secret:
        return ClientCredentials(
            token_url, settings.client_id, settings.client_secret, style="json", header=TOKEN_HEADER, prefix=""
        )
    raise ValueError("a shop needs an access_token, or client_id and client_secret")
