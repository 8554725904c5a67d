"""A store against dicts: orders, what was told of their shipping, and what can still be sold."""

from dataclasses import dataclass, field
from typing import Any

from connectors.canonical import Fulfillment, Parcel, Ref
from connectors.core.errors import Conflict
from tests.models import step
from tests.models.carts import SKUS, CartPlay, Telling, nothing
from tests.ports.rig import Rig
from tests.ports.stage import Edge
from tests.woocommerce.rig import RIG, STOCK


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


class Store(CartPlay):
    """One store. SKUs are `B`, `R` and `S`; the last is a variation of another product."""

    rig = RIG
    stock = STOCK

    async def connect(self, edge: Edge, rig: Rig | None = None) -> Any:
        """A key never ends, so there is one way to have one."""
        return (rig or self.stage.rig).connect(self.stage, edge)

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
        id, refused = await self.attempt(self.told(fulfillment))
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
    async def take_back(self, told: str) -> None:
        """The shipment was voided; an order that was completed waits again."""
        telling = self.tellings[told]
        await self.once(lambda: self.done(self.connector.cancel_fulfillment(told, "key")), nothing)
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
            self.once(lambda: self.done(self.connector.cancel_order(order, "INVENTORY", "key")), found)
        )
        assert (refused is None) == may, refused
        assert may or isinstance(refused, Conflict)
        if may and not sale.called_off:
            self._cancelled(sale)

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

    # The model

    def _cancelled(self, sale: Sale) -> None:
        """What it took of the stock can be sold again."""
        sale.kept = "cancelled"
        for letter, count in sale.wanted.items():
            self.available[letter] += count

    def wanted(self) -> dict[str, Any]:
        return {
            id: (sale.status, {SKUS[letter]: 0 if sale.called_off else count for letter, count in sale.wanted.items()})
            for id, sale in self.sales.items()
        }
