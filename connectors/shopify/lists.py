"""Orders and products, read by update time."""

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

from connectors.canonical import Order, Page, Product
from connectors.core.cursors import read_cursor, read_from, write_cursor
from connectors.core.errors import NotFound
from connectors.core.paging import GraphqlCursor
from connectors.core.reading import as_document, dig, understood
from connectors.shopify import documents
from connectors.shopify.admin import Admin, connection_at
from connectors.shopify.documents import Document
from connectors.shopify.graphql import Connection, gid
from connectors.shopify.mapping import (
    LineDocument,
    OrderDocument,
    ProductDocument,
    VariantDocument,
    order_from_document,
    product_from_variant,
    search_since,
)
from connectors.shopify.settings import Settings

D = TypeVar("D", OrderDocument, ProductDocument)

ROWS_MAXIMUM = 24_000  # of one walk; Shopify lets a connection be walked for 25 000 objects
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


class Lists:
    """What a shop has, and what changed in it."""

    def __init__(self, admin: Admin, settings: Settings) -> None:
        self._admin = admin
        self._settings = settings

    async def orders(self, cursor: str | None) -> AsyncIterator[Page[Order]]:
        async for found, following in self._changed(documents.ORDERS, "orders", OrderDocument, cursor):
            orders = [await self._whole_order(document) for document in found]
            yield Page(tuple(orders), following)

    async def order(self, id: str) -> Order | None:
        def read(data: Mapping[str, Any]) -> OrderDocument | None:
            found = dig(data, "order")
            return None if found is None else as_document(found, OrderDocument)

        try:
            document = await self._admin.ask(documents.ORDER, {"id": gid("Order", id)}, read)
        except NotFound:
            return None
        return await self._whole_order(document) if document else None

    async def products(self, cursor: str | None) -> AsyncIterator[Page[Product]]:
        read_cursor(cursor)  # one that is not ours is refused before anything is asked
        currency = await self._admin.ask(documents.CURRENCY, {}, lambda data: str(dig(data, "shop", "currencyCode")))
        async for found, following in self._changed(documents.PRODUCTS, "products", ProductDocument, cursor):
            rows = [row for document in found for row in await self._variants(document, currency)]
            yield Page(tuple(rows), following)

    async def _changed(
        self, document: Document, root: str, kind: type[D], cursor: str | None
    ) -> AsyncIterator[tuple[list[D], str]]:
        """Pages by update time, each with the cursor that is right once it is kept."""
        before = read_cursor(cursor)
        since = read_from(before, self._settings.overlap) or self._settings.first_read
        variables = {"first": self._settings.page_size, "query": search_since(since) if since else None}
        horizon = BEGINNING

        async def fetch(after: str | None) -> Connection[D]:
            nonlocal horizon
            page, there = await self._admin.ask_dated(
                document, {**variables, "after": after}, lambda data: connection_at(data, kind, root)
            )
            horizon = there - self._settings.overlap
            return page

        reached, rows = before or self._settings.first_read or BEGINNING, 0
        async for page in GraphqlCursor(pages_maximum=ROWS_MAXIMUM).walk(fetch):
            reached = max(reached, _reached(page, horizon))
            if page.nodes:
                yield sorted(page.nodes, key=lambda node: node.updated_at), write_cursor(reached)
            rows += len(page.nodes)
            if rows >= ROWS_MAXIMUM:
                return  # the cursor has come that far; the next read goes on from there

    async def _whole_order(self, order: OrderDocument) -> Order:
        lines = await self._admin.whole(
            order.line_items, documents.ORDER_LINES, {"id": order.id}, LineDocument, "order", "lineItems"
        )
        connection = self._settings.connection
        return understood(f"order {order.name}", lambda: order_from_document(order, lines, connection))

    async def _variants(self, product: ProductDocument, currency: str) -> list[Product]:
        variants = await self._admin.whole(
            product.variants, documents.PRODUCT_VARIANTS, {"id": product.id}, VariantDocument, "product", "variants"
        )
        connection = self._settings.connection
        return understood(
            f"product {product.title}",
            lambda: [product_from_variant(product, variant, currency, connection) for variant in variants],
        )


def _reached(page: Connection[D], horizon: datetime) -> datetime:
    """How far the cursor may move with this page.

    The list is sorted by an index, and a record that changed a moment ago still stands at its old place in it while its
    own update time is new already. While there are more pages, such a time must not pull the cursor past what follows,
    so only times that the index has certainly seen (before `horizon`) count.
    """
    times = (node.updated_at for node in page.nodes)
    settled = (time for time in times if not page.has_next_page or time <= horizon)
    return max(settled, default=BEGINNING)
