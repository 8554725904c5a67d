"""Connectors with one thing wrong, for the machines to find and to tell of in a few lines."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from msgspec import structs

from connectors.canonical import DeliveryState, Fulfillment, Level, Page, Ref
from connectors.core.cursors import write_cursor
from connectors.core.errors import Conflict, Unknown
from connectors.extend_commerce import ExtendCommerce
from connectors.extensiv_order_manager import OrderManager
from connectors.extensiv_warehouse_manager import Settings, WarehouseManager
from connectors.extensiv_warehouse_manager.orders import Orders as WarehouseOrders
from connectors.shopify import Shopify
from connectors.woocommerce import WooCommerce


class Remembering(OrderManager):
    """Does not set again what it has set: somebody may have counted in between."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._set: dict[str, int] = {}

    async def set_levels(self, levels: Sequence[Level], key: str) -> Mapping[str, str]:
        new = [level for level in levels if self._set.get(level.sku) != level.available]
        refused = await super().set_levels(new, key)
        self._set |= {level.sku: level.available for level in new if level.sku not in refused}
        return refused


class Trusting(OrderManager):
    """Takes a cancellation that did not come to be, for whatever reason, for one that was made."""

    async def cancel_delivery(self, remote: Ref, reason: str, key: str) -> DeliveryState:
        try:
            return await super().cancel_delivery(remote, reason, key)
        except Exception:
            return DeliveryState(remote, "", "cancelled")


class Hasty(Shopify):
    """After an answer that was lost it tells again, and does not look first."""

    async def find_fulfillment(self, fulfillment: Fulfillment) -> str | None:
        return None


class Careless(Shopify):
    """Takes whatever comes back for done."""

    async def cancel_order(self, id: str, reason: str, key: str) -> None:
        try:
            await super().cancel_order(id, reason, key)
        except Unknown:
            return


class Additive(Shopify):
    """Publishes a difference to what it last saw, as if nobody else sold."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._seen: dict[str, int] = {}

    async def set_levels(self, levels: Sequence[Level], key: str) -> Mapping[str, str]:
        there = await self.find_levels([level.sku for level in levels])
        moved = []
        for level in levels:
            delta = level.available - self._seen.get(level.sku, there[level.sku])
            moved.append(Level(level.sku, "", there[level.sku] + delta, 0, level.as_of))
            self._seen[level.sku] = level.available
        return await super().set_levels(moved, key)


class Obliging(ExtendCommerce):
    """Says that an order is cancelled, though the warehouse has it."""

    async def cancel_delivery(self, remote: Ref, reason: str, key: str) -> DeliveryState:
        try:
            return await super().cancel_delivery(remote, reason, key)
        except Conflict:
            return DeliveryState(remote, "", "cancelled")


class Leaping(ExtendCommerce):
    """Goes on from a moment that is yet to come, and misses what happens until then."""

    async def levels(self, cursor: str | None = None) -> AsyncIterator[Page[Level]]:
        async for page in super().levels(cursor):
            yield Page(page.rows, write_cursor(self._http.now() + timedelta(hours=1)))


class PresumingOrders(WarehouseOrders):
    """Takes an order that somebody was faster with for one that is cancelled by now."""

    async def _cancel(self, id: str, tag: str, reason: str) -> bool:
        await super()._cancel(id, tag, reason)
        return True


class Presuming(WarehouseManager):
    """Has such orders."""

    def __init__(self, settings: Settings, **edge: Any) -> None:
        super().__init__(settings, **edge)
        self._orders = PresumingOrders(self._http, settings, self._customer, self._facility)


class Forgetful(WooCommerce):
    """Tells of the same shipment as of another one, each time it is asked."""

    async def fulfill(self, fulfillment: Fulfillment, key: str) -> str:
        self._told_so_far = getattr(self, "_told_so_far", 0) + 1
        later = fulfillment.shipped + timedelta(microseconds=self._told_so_far)
        return await super().fulfill(structs.replace(fulfillment, shipped=later), key)


class Final(WooCommerce):
    """Takes a shipment back, and leaves the order completed."""

    async def cancel_fulfillment(self, id: str, key: str) -> None:
        order = await self.order(id.partition("-")[0])
        await super().cancel_fulfillment(id, key)
        if order is not None and order.status == "shipped":
            await self._store.change_order(order.source.id, {"status": "completed"})
