"""What every cart's facade has in common: sales and tellings in dicts, and how both are compared with the connector's
reads."""

from dataclasses import dataclass
from typing import Any, ClassVar

from connectors.canonical import Fulfillment, Level, Order
from tests.models import Play, rows_of, step

SKUS = {"B": "MUG-BLU", "R": "MUG-RED", "S": "SOCKS"}


@dataclass
class Telling:
    """What the connector told of one shipment."""

    order: str
    items: dict[str, int]
    fulfillment: Fulfillment
    taken_back: bool = False


class CartPlay(Play):
    """A cart. `stock` is how much of each SKU its rig begins with."""

    stock: ClassVar[int]

    def begin(self) -> None:
        self.sales: dict[str, Any] = {}
        self.tellings: dict[str, Telling] = {}
        self.available = dict.fromkeys(SKUS, self.stock)
        self.cursor: str | None = None
        self.learnt: dict[str, Order] = {}

    def wanted(self) -> dict[str, Any]:
        """By order, what `shown` should say of it."""
        raise NotImplementedError

    # With the connector

    @step
    async def tell_again(self, told: str) -> None:
        """The same shipment once more is the same one there, for as long as it lives."""
        telling = self.tellings[told]
        if not telling.taken_back:
            assert await self.told(telling.fulfillment) == told

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
        assert {id: shown(order) for id, order in self.learnt.items()} == self.wanted()

    # People

    @step
    async def count_stock(self, letter: str, quantity: int) -> None:
        """Somebody counts what can be sold."""
        assert self.act("count_stock", sku=SKUS[letter], quantity=quantity) is not None
        self.available[letter] = quantity

    # How it is done

    async def compare(self) -> None:
        assert self.sound() == []
        orders = await self.look(lambda cart: rows_of(cart.orders()))
        assert {order.source.id: shown(order) for order in orders} == self.wanted()
        levels = await self.look(lambda cart: cart.find_levels([*SKUS.values()]))
        assert dict(levels) == {SKUS[letter]: quantity for letter, quantity in self.available.items()}
        for id, telling in self.tellings.items():
            found = await self.look(lambda cart, telling=telling: cart.find_fulfillment(telling.fulfillment))
            assert found == (None if telling.taken_back else id), id

    async def told(self, fulfillment: Fulfillment) -> str:
        """Tell of a shipment once."""
        return await self.once(
            lambda: self.connector.fulfill(fulfillment, "key"),
            lambda: self.connector.find_fulfillment(fulfillment),
        )

    async def done(self, writing: Any) -> bool:
        """A write that answers nothing."""
        await writing
        return True


async def nothing() -> None:
    """Nobody looks: it is simply done again."""


def shown(order: Order) -> tuple[str, dict[str, int]]:
    """What the model knows of an order, as the connector reads it."""
    return order.status, {line.sku: line.fulfillable or 0 for line in order.lines}
