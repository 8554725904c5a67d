"""A shop against dicts: orders, what was told of their shipping, and what can still be sold."""

from dataclasses import dataclass, field
from typing import Any

from connectors.canonical import Fulfillment, Parcel, Ref
from connectors.core.errors import Conflict
from tests.models import step
from tests.models.carts import SKUS, CartPlay, Telling, nothing
from tests.shopify.rig import RIG, STOCK


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


class Shop(CartPlay):
    """One shop with one location. SKUs are `B`, `R` and `S`."""

    rig = RIG
    stock = STOCK

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
        id, refused = await self.attempt(self.told(fulfillment))
        may = not sale.cancelled and all(quantity <= sale.left(letter) for letter, quantity in items.items())
        assert (refused is None) == may, refused
        assert may or isinstance(refused, Conflict)
        if id is not None:
            sale.ship(items)
            self.tellings[id] = Telling(order, items, fulfillment)
        return id

    @step
    async def take_back(self, fulfillment: str) -> None:
        """The shipment was voided."""
        telling = self.tellings[fulfillment]
        await self.once(lambda: self.done(self.connector.cancel_fulfillment(fulfillment, "key")), nothing)
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
            self.once(lambda: self.done(self.connector.cancel_order(order, "INVENTORY", "key")), found)
        )
        assert (refused is None) == may, refused
        assert may or isinstance(refused, Conflict)
        if may:
            self._cancelled(sale)

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

    # The model

    def _cancelled(self, sale: Sale) -> None:
        """What had not left can be sold again."""
        if not sale.cancelled:
            sale.cancelled = True
            for letter in sale.wanted:
                self.available[letter] += sale.wanted[letter]

    def wanted(self) -> dict[str, Any]:
        return {
            id: (sale.status, {SKUS[letter]: 0 if sale.cancelled else sale.wanted[letter] for letter in sale.wanted})
            for id, sale in self.sales.items()
        }
