# ruff: noqa: ARG002 - the shapes are those of the ports
"""A cart and a warehouse that answer at once, so that what is measured is the engine and its ledger.

They keep what an order needs until it is over, and nothing longer.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import timedelta
from typing import Generic, TypeVar

from msgspec.structs import replace

from connectors.canonical import (
    Address,
    Delivery,
    DeliveryState,
    Fulfillment,
    Level,
    Line,
    Order,
    Page,
    Parcel,
    Ref,
    Shipment,
    ShipmentLine,
    Warehouse,
)
from connectors.core.clock import LoopClock

T = TypeVar("T")
HOME = Address(name="Ana Ruiz", street1="5 Pine Rd", city="Albany", postal_code="12207", country="US", region="NY")
PAGE_SIZE = 250
PLENTY = 10_000_000


class Feed(Generic[T]):
    """Records in the order in which they changed; those behind a cursor are forgotten."""

    def __init__(self) -> None:
        self._rows: list[T] = []
        self._forgotten = 0

    def add(self, row: T) -> None:
        self._rows.append(row)

    async def pages(self, cursor: str | None) -> AsyncIterator[Page[T]]:
        at = int(cursor or 0)
        del self._rows[: at - self._forgotten]
        self._forgotten = max(at, self._forgotten)
        end = self._forgotten + len(self._rows)
        while at < end:
            rows = tuple(self._rows[at - self._forgotten :][:PAGE_SIZE])
            at += len(rows)
            await asyncio.sleep(0)
            yield Page(rows, str(at))


class Instant:
    """What all connections have."""

    settle = timedelta(seconds=90)

    def __init__(self, connection: str, clock: LoopClock) -> None:
        self.connection = connection
        self.clock = clock

    async def check(self) -> str:
        return self.connection

    async def aclose(self) -> None:
        """There is nothing to give back."""


class InstantCart(Instant):
    """A shop. `told` counts the fulfilments it heard of."""

    def __init__(self, connection: str, clock: LoopClock, skus: Sequence[str]) -> None:
        super().__init__(connection, clock)
        self.stock = dict.fromkeys(skus, 0)
        self.told = 0
        self._changes: Feed[Order] = Feed()
        self._open: dict[str, Order] = {}
        self._placed = 0

    def buy(self, *lines: tuple[str, int]) -> None:
        self._placed += 1
        id, now = str(self._placed), self.clock.now()
        bought = tuple(Line(str(at), sku, quantity) for at, (sku, quantity) in enumerate(lines))
        self._open[id] = Order(Ref(self.connection, id), f"#{id}", "open", now, now, bought, ship_to=HOME)
        self._changes.add(self._open[id])

    def orders(self, cursor: str | None = None) -> AsyncIterator[Page[Order]]:
        return self._changes.pages(cursor)

    async def order(self, id: str) -> Order | None:
        return self._open.get(id)

    async def cancel_order(self, id: str, reason: str, key: str) -> None:
        raise NotImplementedError

    async def find_fulfillment(self, fulfillment: Fulfillment) -> str | None:
        return None if fulfillment.order.id in self._open else fulfillment.order.id

    async def fulfill(self, fulfillment: Fulfillment, key: str) -> str:
        await asyncio.sleep(0)
        order = self._open.pop(fulfillment.order.id)
        self._changes.add(replace(order, status="shipped", updated=self.clock.now()))
        self.told += 1
        return fulfillment.order.id

    async def cancel_fulfillment(self, id: str, key: str) -> None:
        raise NotImplementedError

    async def set_levels(self, levels: Sequence[Level], key: str) -> Mapping[str, str]:
        await asyncio.sleep(0)
        self.stock.update({level.sku: level.available for level in levels})
        return {}

    async def find_levels(self, skus: Sequence[str]) -> Mapping[str, int]:
        return {sku: self.stock[sku] for sku in skus if sku in self.stock}


class InstantWarehouse(Instant):
    """It takes orders, and ships all that waits when it is told to."""

    def __init__(self, connection: str, clock: LoopClock, skus: Sequence[str]) -> None:
        super().__init__(connection, clock)
        self._shelves = dict.fromkeys(skus, PLENTY)
        self._waiting: dict[str, Delivery] = {}
        self._states: Feed[DeliveryState] = Feed()
        self._sent: Feed[Shipment] = Feed()
        self._parcels = 0

    def ship_all(self) -> None:
        now = self.clock.now()
        for reference, delivery in self._waiting.items():
            self._parcels += 1
            id = str(self._parcels)
            lines = tuple(ShipmentLine(line.sku, line.quantity) for line in delivery.lines)
            self._sent.add(Shipment(Ref(self.connection, id), reference, now, now, lines, (Parcel(f"1Z{id}", "UPS"),)))
            self._states.add(DeliveryState(Ref(self.connection, reference), reference, "shipped"))
            for line in lines:
                self._shelves[line.sku] -= line.quantity
        self._waiting.clear()

    async def find_delivery(self, reference: str) -> DeliveryState | None:
        known = reference in self._waiting
        return DeliveryState(Ref(self.connection, reference), reference, "open") if known else None

    async def deliver(self, delivery: Delivery, key: str) -> DeliveryState:
        await asyncio.sleep(0)
        self._waiting[delivery.reference] = delivery
        state = DeliveryState(Ref(self.connection, delivery.reference), delivery.reference, "open")
        self._states.add(state)
        return state

    async def cancel_delivery(self, remote: Ref, reason: str, key: str) -> DeliveryState:
        raise NotImplementedError

    def deliveries(self, cursor: str | None = None) -> AsyncIterator[Page[DeliveryState]]:
        return self._states.pages(cursor)

    def shipments(self, cursor: str | None = None) -> AsyncIterator[Page[Shipment]]:
        return self._sent.pages(cursor)

    async def levels(self, cursor: str | None = None) -> AsyncIterator[Page[Level]]:
        now = self.clock.now()
        taken: dict[str, int] = {}
        for delivery in self._waiting.values():
            for line in delivery.lines:
                taken[line.sku] = taken.get(line.sku, 0) + line.quantity
        rows = [
            Level(sku=sku, warehouse="1", available=many - taken.get(sku, 0), on_hand=many, as_of=now)
            for sku, many in self._shelves.items()
        ]
        yield Page(tuple(rows), now.isoformat())

    async def warehouses(self) -> Sequence[Warehouse]:
        return [Warehouse("1", "Main")]


def skus(count: int) -> list[str]:
    return [f"S{at}" for at in range(count)]


def merchant_of(clock: LoopClock, sku_count: int) -> tuple[InstantCart, InstantWarehouse]:
    """A shop and a warehouse that agree on what there is."""
    names = skus(sku_count)
    return InstantCart("shop", clock, names), InstantWarehouse("depot", clock, names)


def bought(cart: InstantCart, orders: int, sku_count: int) -> None:
    """So many orders of one line each."""
    for at in range(orders):
        cart.buy((f"S{at % sku_count}", 1))
