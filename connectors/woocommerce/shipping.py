"""Telling a store what was shipped, and what will not be.

Core WooCommerce has no fulfilment. A shipment is kept in the order's meta data under a key made of what it is, so that
the same one told twice, by whomever, is there once; the order is completed with the shipment that leaves nothing to
ship. Both go in one request, which says absolute things only.

What cannot be guarded: the store compares nothing, so between our look and our word somebody may have cancelled the
order, and it is completed all the same. One shipment of an order is told at a time, at least by us.
"""

import asyncio
import re
from collections.abc import Mapping
from typing import Any
from weakref import WeakValueDictionary

from connectors.canonical import Fulfillment
from connectors.core.errors import Conflict, Invalid, Unreadable
from connectors.core.reading import understood
from connectors.woocommerce.mapping import (
    REASON,
    OrderDocument,
    Told,
    checked_id,
    has_left,
    left_to_ship,
    shipment_key,
    shipment_to_meta,
    told_of,
    wanted_lines,
)
from connectors.woocommerce.store import Store

_TOLD = re.compile(r"([0-9]{1,18})-([0-9]{1,18})")
CALLED_OFF = frozenset({"cancelled", "refunded", "trash", "failed"})
REASON_LENGTH_MAXIMUM = 500


class Shipping:
    """Shipments of orders, and cancellations of orders."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def find(self, fulfillment: Fulfillment) -> str | None:
        order = await self._store.order(checked_id(fulfillment.order.id))
        told = _told(order, shipment_key(fulfillment))
        return _name(order, told) if told else None

    async def tell(self, fulfillment: Fulfillment) -> str:
        wanted = wanted_lines(fulfillment)
        if not wanted or min(wanted.values()) <= 0:
            raise Invalid("a fulfilment needs lines, and of each at least one")
        id = checked_id(fulfillment.order.id)
        async with self._turn(id):
            order = await self._store.order(id)
            known = _told(order, shipment_key(fulfillment))
            return _name(order, known or await self._tell(order, fulfillment, wanted))

    async def _tell(self, order: OrderDocument, fulfillment: Fulfillment, wanted: Mapping[str, int]) -> Told:
        if order.status in CALLED_OFF:
            raise Conflict(f"order {order.number} is {order.status}", next_step=_LOOK)
        refunded = await self._store.refunded(order)
        left = left_to_ship(order, refunded, _all_told(order))
        missing = {line: many for line, many in wanted.items() if left.get(line, 0) < many}
        if missing:
            lines = ", ".join(f"{many} of line {line}" for line, many in missing.items())
            raise Conflict(f"order {order.number} has nothing open for {lines}", next_step=_LOOK)
        body: dict[str, Any] = {"meta_data": [shipment_to_meta(fulfillment)]}
        if all(many <= wanted.get(line, 0) for line, many in left.items()):
            body["status"] = "completed"
        changed = await self._store.change_order(str(order.id), body)
        told = _told(changed, shipment_key(fulfillment))
        if told is None or told.lines != wanted or changed.status != body.get("status", changed.status):
            raise Unreadable(f"order {order.number} was answered without the shipment it was told of")
        return told

    async def cancel(self, id: str) -> None:
        """Take a shipment back; the order waits again. One that is gone stays gone."""
        found = _TOLD.fullmatch(id)
        if not found:
            raise Invalid(f"{id[:60]!r} is no id of a shipment", next_step="It is an order's id and a number.")
        async with self._turn(found[1]):
            order = await self._store.order(found[1])
            told = next((each for each in _all_told(order) if each.id == int(found[2])), None)
            if told is None:
                return
            body: dict[str, Any] = {"meta_data": [{"id": told.id, "key": told.key, "value": None}]}
            if order.status == "completed":
                body["status"] = "processing"
            changed = await self._store.change_order(found[1], body)
            if _told(changed, told.key) is not None or changed.status != body.get("status", changed.status):
                raise Unreadable(f"order {order.number} was answered with the shipment that was taken back")

    async def cancel_order(self, id: str, reason: str) -> None:
        """Cancel what will not be shipped; a cancelled order stays so. Raises `Conflict` when something has left."""
        checked_id(id)
        async with self._turn(id):
            order = await self._store.order(id)
            if order.status in {"cancelled", "trash"}:
                return
            if order.status in {"completed", "refunded"} or understood(f"order {id}", lambda: has_left(order)):
                raise Conflict(f"order {order.number} is {order.status}, and something of it has left", next_step=_LOOK)
            body: dict[str, Any] = {"status": "cancelled"}
            if reason:
                body["meta_data"] = [{"key": REASON, "value": reason[:REASON_LENGTH_MAXIMUM]}]
            changed = await self._store.change_order(id, body)
            if changed.status != "cancelled":
                raise Unreadable(f"order {order.number} was answered as {changed.status}, and not as cancelled")

    def _turn(self, order: str) -> asyncio.Lock:
        """One change of an order at a time: each is decided by what the one before it left."""
        turn = self._turns.get(order)
        if turn is None:
            turn = self._turns[order] = asyncio.Lock()
        return turn


_LOOK = "See whether the order was changed, cancelled, refunded or shipped by hand in the store, then replay or skip."


def _all_told(order: OrderDocument) -> list[Told]:
    return understood(f"order {order.number}", lambda: told_of(order))


def _told(order: OrderDocument, key: str) -> Told | None:
    return next((each for each in _all_told(order) if each.key == key), None)


def _name(order: OrderDocument, told: Told) -> str:
    """The order and the entry of its meta data: what is taken back and told anew has another."""
    return f"{order.id}-{told.id}"
