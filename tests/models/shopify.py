"""A shop against dicts: orders, what was told of their shipping, and what can still be sold."""

from dataclasses import dataclass, field
from typing import Any

from connectors.canonical import Fulfillment, Level, Order, Parcel, Ref
from connectors.core.errors import Conflict
from tests.models import Play, step
from tests.shopify.rig import RIG, STOCK

SKUS = {"B": "MUG-BLU", "R": "MUG-RED", "S": "SOCKS"}


async def nothing() -> None:
    """Nobody looks: it is simply done again."""


@dataclass
class Sale:
    """What is wanted of an order now, what has left, and by hand how much of that."""

    lines: dict[str, str]
    wanted: dict[str, int]
    shipped: dict[str, int] = field(default_factory=dict)
    cancelled: bool = False

    @property
    def status(self) -> str:
        if self.cancelled:
            return "cancelled"
        if all(self.left(letter) == 0 for letter in self.wanted):
            return "shipped"
        return "partly_shipped" if any(self.shipped.values()) else "open"

    def left(self, letter: str) -> int:
        return self.wanted.get(letter, 0) - self.shipped.get(letter, 0)

    def ship(self, items: dict[str, int], sign: int = 1) -> None:
        for letter, quantity in items.items():
            self.shipped[letter] = self.shipped.get(letter, 0) + sign * quantity


@dataclass
class Telling:
    """What the connector told of one shipment."""

    order: str
    items: dict[str, int]
    fulfillment: Fulfillment
    taken_back: bool = False


class Shop(Play):
    """One shop with one location. SKUs are `B`, `R` and `S`."""

    rig = RIG

    def begin(self) -> None:
        self.sales: dict[str, Sale] = {}
        self.tellings: dict[str, Telling] = {}
        self.available = dict.fromkeys(SKUS, STOCK)
        self.cursor: str | None = None
        self.learnt: dict[str, Order] = {}

    # With the connector

    @step
    async def tell(self, order: str, items: dict[str, int], parcels: int = 1) -> str | None:
        """Tell the shop what was shipped; answers the fulfilment's id, None when it does not want that much."""
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
        may = not sale.cancelled and all(quantity <= sale.left(letter) for letter, quantity in items.items())
        assert (refused is None) == may, refused
        assert may or isinstance(refused, Conflict)
        if id is not None:
            sale.ship(items)
            self.tellings[id] = Telling(order, items, fulfillment)
        return id

    @step
    async def tell_again(self, fulfillment: str) -> None:
        """The same shipment once more is the same fulfilment, for as long as it lives."""
        telling = self.tellings[fulfillment]
        if not telling.taken_back:
            assert await self._told(telling.fulfillment) == fulfillment

    @step
    async def take_back(self, fulfillment: str) -> None:
        """The shipment was voided."""
        telling = self.tellings[fulfillment]
        await self.once(lambda: self._done(self.connector.cancel_fulfillment(fulfillment, "key")), nothing)
        if not telling.taken_back:
            telling.taken_back = True
            self.sales[telling.order].ship(telling.items, -1)

    @step
    async def cancel_order(self, order: str) -> None:
        """The warehouse will not ship it: cancelled, unless something has left."""
        sale = self.sales[order]
        may = sale.cancelled or not any(sale.shipped.values())

        async def found() -> bool | None:
            there = await self.connector.order(order)
            return True if there.status == "cancelled" else None

        _, refused = await self.attempt(
            self.once(lambda: self._done(self.connector.cancel_order(order, "INVENTORY", "key")), found)
        )
        assert (refused is None) == may, refused
        assert may or isinstance(refused, Conflict)
        if may:
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
        made = self.act("checkout", lines=[{"sku": SKUS[letter], "quantity": count} for letter, count in items.items()])
        assert (made is not None) == all(self.available[letter] >= count for letter, count in items.items())
        if made is None:
            return None
        id = str(made["id"].rpartition("/")[2])
        order = await self.look(lambda shop: shop.order(id))
        letters = {sku: letter for letter, sku in SKUS.items()}
        self.sales[id] = Sale({letters[line.sku]: line.id for line in order.lines}, dict(items))
        for letter, count in items.items():
            self.available[letter] -= count
        return id

    @step
    async def edit(self, order: str, letter: str, quantity: int) -> None:
        """The merchant takes some of a line off; never more than has not left yet."""
        sale = self.sales[order]
        if sale.cancelled or letter not in sale.wanted or not max(1, sale.shipped.get(letter, 0)) <= quantity:
            return
        if quantity > sale.wanted[letter]:
            return
        assert self.act("edit", order=order, quantities={SKUS[letter]: quantity}) is not None
        self.available[letter] += sale.wanted[letter] - quantity
        sale.wanted[letter] = quantity

    @step
    async def ship_by_hand(self, order: str, letter: str, quantity: int) -> None:
        """The merchant marks so many as fulfilled in the admin."""
        sale = self.sales[order]
        made = self.act("fulfill", order=order, items={SKUS[letter]: quantity}, tracking_number="by hand")
        may = not sale.cancelled and quantity <= sale.left(letter)
        assert (made is not None) == may
        if may:
            sale.ship({letter: quantity})

    @step
    async def cancel_by_hand(self, order: str) -> None:
        """The merchant cancels in the admin, where what is cancelled cannot be cancelled again."""
        sale = self.sales[order]
        may = not sale.cancelled and not any(sale.shipped.values())
        assert (self.act("cancel", order=order) is not None) == may
        if may:
            self._cancelled(sale)

    @step
    async def count_stock(self, letter: str, quantity: int) -> None:
        """Somebody counts what can be sold."""
        assert self.act("count_stock", sku=SKUS[letter], quantity=quantity) is not None
        self.available[letter] = quantity

    # The model

    def _cancelled(self, sale: Sale) -> None:
        """What had not left can be sold again."""
        if not sale.cancelled:
            sale.cancelled = True
            for letter in sale.wanted:
                self.available[letter] += sale.wanted[letter]

    def _wanted(self) -> dict[str, Any]:
        return {
            id: (sale.status, {SKUS[letter]: 0 if sale.cancelled else sale.wanted[letter] for letter in sale.wanted})
            for id, sale in self.sales.items()
        }

    async def compare(self) -> None:
        assert self.sound() == []
        orders = await self.look(lambda shop: rows_of(shop.orders()))
        assert {order.source.id: shown(order) for order in orders} == self._wanted()
        levels = await self.look(lambda shop: shop.find_levels([*SKUS.values()]))
        assert dict(levels) == {SKUS[letter]: quantity for letter, quantity in self.available.items()}
        for id, telling in self.tellings.items():
            found = await self.look(lambda shop, telling=telling: shop.find_fulfillment(telling.fulfillment))
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
