"""Orders and products, read by update time.

Lists are walked by id, which no change moves, and each read takes a window (`modified_after`), collects it whole and
hands it over by update time. Rows that change meanwhile have later update times than the moment it was first asked, so
no cursor passes that.
"""

from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from connectors.canonical import Order, Page, Product
from connectors.core.cursors import read_cursor, read_from, write_cursor
from connectors.core.errors import NotFound
from connectors.core.reading import stamp, understood
from connectors.woocommerce.mapping import (
    OrderDocument,
    ProductDocument,
    VariationDocument,
    checked_id,
    order_from_document,
    product_from_document,
    product_from_variation,
)
from connectors.woocommerce.settings import Settings
from connectors.woocommerce.store import Store

D = TypeVar("D", OrderDocument, ProductDocument)
R = TypeVar("R", Order, Product)
STATUSES = ("any", "trash")
"""`any` leaves out what was thrown away, which has to be learnt too."""


@dataclass(frozen=True)
class _Window(Generic[D]):
    """What changed, each document as it was last seen, and the store's time when it was first asked."""

    documents: tuple[D, ...]
    asked_at: datetime


class Lists:
    """What a store has, and what changed in it."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._settings = settings

    async def orders(self, cursor: str | None) -> AsyncIterator[Page[Order]]:
        before = read_cursor(cursor)
        window = await self._window("/orders", "listOrders", OrderDocument, before, STATUSES)
        rows = [await self._order(document) for document in window.documents]
        for page in self._pages(rows, window.asked_at, before):
            yield page

    async def order(self, id: str) -> Order | None:
        try:
            document = await self._store.order(checked_id(id))
        except NotFound:
            return None
        return await self._order(document)

    async def products(self, cursor: str | None) -> AsyncIterator[Page[Product]]:
        before = read_cursor(cursor)
        currency = await self._store.currency()
        window = await self._window("/products", "listProducts", ProductDocument, before, ("any",))
        rows: list[Product] = []
        for document in window.documents:
            rows += await self._sold(document, currency)
        for page in self._pages(rows, window.asked_at, before):
            yield page

    async def _window(
        self, path: str, name: str, kind: type[D], before: datetime | None, statuses: tuple[str, ...]
    ) -> _Window[D]:
        since = read_from(before, self._settings.overlap)
        changed = {"modified_after": stamp(since).removesuffix("Z"), "dates_are_gmt": "true"} if since else {}
        latest: dict[int, D] = {}
        dates: list[datetime] = []

        def note(date: datetime | None) -> None:
            if date is not None:
                dates.append(date)

        for status in statuses:
            filters = {"status": status, **changed}
            async for documents in self._store.rows(path, name, kind, filters, note):
                for document in documents:
                    known = latest.get(document.id)
                    if known is None or document.date_modified_gmt >= known.date_modified_gmt:
                        latest[document.id] = document
        return _Window(tuple(latest.values()), dates[0] if dates else self._store.http.now())

    def _pages(self, rows: Iterable[R], asked_at: datetime, before: datetime | None) -> Iterable[Page[R]]:
        ordered = sorted(rows, key=lambda row: (row.updated, int(row.source.id)))
        size = self._settings.page_size
        for start in range(0, len(ordered), size):
            part = ordered[start : start + size]
            reached = min(part[-1].updated, asked_at)
            yield Page(tuple(part), write_cursor(max(reached, before) if before else reached))

    async def _order(self, document: OrderDocument) -> Order:
        refunded = await self._store.refunded(document)
        settings = self._settings
        make: Callable[[], Order] = lambda: order_from_document(  # noqa: E731 - one thing that may make no sense
            document, refunded, settings.connection, settings.statuses
        )
        return understood(f"order {document.number}", make)

    async def _sold(self, product: ProductDocument, currency: str) -> list[Product]:
        """A product, or what is sold of one that varies."""
        connection = self._settings.connection
        if product.type != "variable":
            return [understood(f"product {product.id}", lambda: product_from_document(product, currency, connection))]
        found: list[VariationDocument] = []
        path = f"/products/{product.id}/variations"
        async for variations in self._store.rows(path, "listVariations", VariationDocument):
            found += variations
        return understood(
            f"product {product.id}",
            lambda: [product_from_variation(product, each, currency, connection) for each in found],
        )
