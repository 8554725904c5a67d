"""A store against dicts: orders, what was told of their shipping, and what can still be sold."""

from dataclasses import dataclass, field
from typing import Any

from connectors.canonical import Fulfillment, Level, Order, Parcel, Ref
from connectors.core.errors import Conflict
from tests.models import Play, step
from tests.ports.rig import Rig
from tests.ports.stage import Edge
from tests.woocommerce.rig import RIG, STOCK

SKUS = {"B": "MUG-BLU", "R": "MUG-RED", "S": "SOCKS"}


async def nothing() -> None:
    """Nobody looks: it is simply done again."""


@dataclass
class Sale:
    """What is wanted of an order now and what was told of; whether a parcel was noted by hand, which says no lines."""

    lines: dict[str, str]
    wanted: dict[str, int]
    told: dict[str, int] = field(default_factory=dict)
    by_hand: bool = False
    kept: str = "processing"
    """The store's word for it, also while it is in the trash."""
    trashed: bool = False

    @property
    def called_off(self) -> bool:
        return self.trashed or self.kept == "cancelled"

    @property
    def has_left(self) -> bool:
        return self.by_hand or any(self.told.values())

    @property
    def status(self) -> str:
        if self.called_off:
            return "cancelled"
        if self.kept == "completed":
            return "shipped"
        return "partly_shipped" if self.has_left else "open"

    def left(self, letter: str) -> int:
        return self.wanted.get(letter, 0) - self.told.get(letter, 0)

    def tell(self, items: dict[str, int], sign: int = 1) -> None:
        for letter, quantity in items.items():
            self.told[letter] = self.told.get(letter, 0) + sign * quantity


@dataclass
class Telling:
    """What the connector told of one shipment."""

    order: str
    items: dict[str, int]
    fulfillment: Fulfillment
    taken_back: bool = False


class Store(Play):
    """One store. SKUs are `B`, `R` and `S`; the last is a variation of another product."""

    rig = RIG

    async def connect(self, edge: Edge, rig: Rig | None = None) -> Any:
        """A key never ends, so there is one way to have one."""
        return (rig or self.stage.rig).connect(self.stage, edge)

    def begin(self) -> None:
        self.sales: dict[str, Sale] = {}
        self.tellings: dict[str, Telling] = {}
        self.available = dict.fromkeys(SKUS, STOCK)
        self.cursor: str | None = None
        self.learnt: dict[str, Order] = {}

    # With the connector

    @step
    async def tell(self, order: str, items: dict[str, int], parcels: int = 1) -> str | None:
        """Tell the store what was shipped; answers the shipment's id, None when it does not want that much."""
        sale, number = self.sales[order], len(self.tellings)
        items = {letter: quantity for letter, quantity in items.items() if letter in sale.lines}
        if not items:
            return None
        fulfillment = Fulfillment(
            Ref("shop", order),
            tuple((sale.lines[letter], quantity) for letter, quantity in items.items()),
            tuple(Parcel(f"1Z-{number}-{box}", "UPS") for box in range(parcels)),
            self.stage.clock.now(),
        )
        id, refused = await self.attempt(self._told(fulfillment))
        may = not sale.called_off and all(quantity <= sale.left(letter) for letter, quantity in items.items())
        assert (refused is None) == may, refused
        assert may or isinstance(refused, Conflict)
        if id is not None:
            sale.tell(items)
            self.tellings[id] = Telling(order, items, fulfillment)
            if all(sale.left(letter) <= 0 for letter in sale.wanted):
                sale.kept = "completed"
        return id

    @step
    async def tell_again(self, told: str) -> None:
        """The same shipment once more is the same entry, for as long as it lives."""
        telling = self.tellings[told]
        if not telling.taken_back:
            assert await self._told(telling.fulfillment) == told

    @step
    async def take_back(self, told: str) -> None:
        """The shipment was voided; an order that was completed waits again."""
        telling = self.tellings[told]
        await self.once(lambda: self._done(self.connector.cancel_fulfillment(told, "key")), nothing)
        if not telling.taken_back:
            telling.taken_back = True
            sale = self.sales[telling.order]
            sale.tell(telling.items, -1)
            if sale.kept == "completed" and not sale.trashed:
                sale.kept = "processing"

    @step
    async def cancel_order(self, order: str) -> None:
        """The warehouse will not ship it: cancelled, unless something has left."""
        sale = self.sales[order]
        may = sale.called_off or not (sale.has_left or sale.kept == "completed")

        async def found() -> bool | None:
            there = await self.connector.order(order)
            return True if there.status == "cancelled" else None

        _, refused = await self.attempt(
            self.once(lambda: self._done(self.connector.cancel_order(order, "INVENTORY", "key")), found)
        )
        assert (refused is None) == may, refused
        assert may or isinstance(refused, Conflict)
        if may and not sale.called_off:
            self._cancelled(sale)

    @step
    async def set_levels(self, levels: dict[str, int]) -> None:
        """Publish absolute numbers."""
        now = self.stage.clock.now()
        asked = [Level(SKUS[letter], "", quantity, quantity, now) for letter, quantity in levels.items()]
        refused = await self.once(lambda: self.connector.set_levels(asked, "key"), nothing)
        assert not refused
        self.available |= levels

    @step
    async def read_orders(self) -> None:
        """Read on from the last cursor."""

        async def walk() -> None:
            async for page in self.connector.orders(self.cursor):
                self.learnt |= {order.source.id: order for order in page.rows}
                self.cursor = page.cursor

        await self.read(walk)
        assert {id: shown(order) for id, order in self.learnt.items()} == self._wanted()

    # People

    @step
    async def checkout(self, items: dict[str, int]) -> str | None:
        """Somebody buys; answers the order's id, None when something is sold out."""
        basket = [{"sku": SKUS[letter], "quantity": count} for letter, count in items.items()]
        made = self.act("checkout", lines=basket)
        assert (made is not None) == all(self.available[letter] >= count for letter, count in items.items())
        if made is None:
            return None
        id = str(made["id"])
        order = await self.look(lambda store: store.order(id))
        letters = {sku: letter for letter, sku in SKUS.items()}
        self.sales[id] = Sale({letters[line.sku]: line.id for line in order.lines}, dict(items))
        for letter, count in items.items():
            self.available[letter] -= count
        return id

    @step
    async def edit(self, order: str, letter: str, quantity: int) -> None:
        """The merchant changes how many are wanted; never fewer than were told of."""
        sale = self.sales[order]
        if letter not in sale.wanted or quantity < max(1, sale.told.get(letter, 0)):
            return
        made = self.act("edit", order=order, quantities={SKUS[letter]: quantity})
        may = not sale.called_off and sale.kept != "completed"
        assert (made is not None) == may
        if may:
            self.available[letter] += sale.wanted[letter] - quantity
            sale.wanted[letter] = quantity

    @step
    async def ship_by_hand(self, order: str, complete: bool) -> None:
        """Somebody at the store notes a parcel, and completes the order, or does not."""
        sale = self.sales[order]
        made = self.act("ship", order=order, tracking_number="by hand", complete=complete)
        assert (made is not None) == (not sale.called_off)
        if made is not None:
            sale.by_hand = True
            sale.kept = "completed" if complete else sale.kept

    @step
    async def cancel_by_hand(self, order: str) -> None:
        """The merchant cancels, whatever has left; but not what is completed."""
        sale = self.sales[order]
        may = not sale.called_off and sale.kept != "completed"
        assert (self.act("cancel", order=order) is not None) == may
        if may:
            self._cancelled(sale)

    @step
    async def throw_away(self, order: str) -> None:
        """Into the trash, or out of it again."""
        sale = self.sales[order]
        assert self.act("restore" if sale.trashed else "trash", order=order) is not None
        sale.trashed = not sale.trashed

    @step
    async def count_stock(self, letter: str, quantity: int) -> None:
        """Somebody counts what can be sold."""
        assert self.act("count_stock", sku=SKUS[letter], quantity=quantity) is not None
        self.available[letter] = quantity

    # The model

    def _cancelled(self, sale: Sale) -> None:
        """What it took of the stock can be sold again."""
        sale.kept = "cancelled"
        for letter, count in sale.wanted.items():
            self.available[letter] += count

    def _wanted(self) -> dict[str, Any]:
        return {
            id: (sale.status, {SKUS[letter]: 0 if sale.called_off else count for letter, count in sale.wanted.items()})
            for id, sale in self.sales.items()
        }

    async def compare(self) -> None:
        assert self.sound() == []
        orders = await self.look(lambda store: rows_of(store.orders()))
        assert {order.source.id: shown(order) for order in orders} == self._wanted()
        levels = await self.look(lambda store: store.find_levels([*SKUS.values()]))
        assert dict(levels) == {SKUS[letter]: quantity for letter, quantity in self.available.items()}
        for id, telling in self.tellings.items():
            found = await self.look(lambda store, telling=telling: store.find_fulfillment(telling.fulfillment))
            assert found == (None if telling.taken_back else id), id

    async def _told(self, fulfillment: Fulfillment) -> str:
        return await self.once(
            lambda: self.connector.fulfill(fulfillment, "key"),
            lambda: self.connector.find_fulfillment(fulfillment),
        )

    async def _done(self, writing: Any) -> bool:
        await writing
        return True


def shown(order: Order) -> tuple[str, dict[str, int]]:
    """What the model knows of an order, as the connector reads it."""
    return order.status, {line.sku: line.fulfillable or 0 for line in order.lines}


async def rows_of(feed: Any) -> list[Any]:
    return [row async for page in feed for row in page.rows]
