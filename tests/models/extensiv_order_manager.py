"""Order Manager against dicts: deliveries, parcels, and what lies on the shelves."""

from dataclasses import dataclass, field
from typing import Any

from connectors.canonical import Address, Delivery, DeliveryLine, Level, Ref
from connectors.core.errors import Conflict
from tests.extensiv_order_manager.rig import RIG
from tests.models import Play, rows_of, step
from tests.ports.rig import id_of

HOME = Address("Ana Ruiz", "5 Pine Rd", "Albany", "12207", "US", region="NY")
STOCK = 100
UNKNOWN_SKU = "NOT-YET"
HOUSE = "501"


async def nothing() -> None:
    """Nobody looks: it is simply done again."""


@dataclass
class Order:
    """What was asked for, what has left, and the parcels it left in that were not voided."""

    remote: Ref
    wanted: dict[str, int]
    shipped: dict[str, int] = field(default_factory=dict)
    parcels: list[str] = field(default_factory=list)
    cancelled: bool = False

    @property
    def status(self) -> str:
        if self.cancelled:
            return "cancelled"
        if all(self.left(sku) == 0 for sku in self.wanted):
            return "shipped"
        return "partly_shipped" if self.parcels else "open"

    def left(self, sku: str) -> int:
        return self.wanted.get(sku, 0) - self.shipped.get(sku, 0)


@dataclass
class Parcel:
    reference: str
    items: dict[str, int]
    voided: bool = False


class Account(Play):
    """One account. SKUs are `A`, `B` and `C`, and one that the vendor does not know yet."""

    rig = RIG

    def begin(self) -> None:
        self.names = dict(zip("ABC", RIG.skus(self.stage), strict=True))
        self.names["N"] = UNKNOWN_SKU
        self.known = {*"ABC"}
        self.on_hand: dict[str, int] = {}
        for letter in "ABC":
            self.on_hand[letter] = STOCK
            self.stage.act("count_stock", sku=self.names[letter], quantity=STOCK)
        self.orders: dict[str, Order] = {}
        self.parcels: dict[str, Parcel] = {}
        self.cursors: dict[str, str | None] = {"deliveries": None, "shipments": None}
        self.learnt: dict[str, dict[str, Any]] = {"deliveries": {}, "shipments": {}}

    # With the connector

    @step
    async def deliver(self, lines: dict[str, int]) -> str:
        """Deliver an order; answers its reference."""
        reference = f"shop:{len(self.orders) + 1}"
        state = await self.once(*self._delivering(reference, lines))
        assert (state.reference, state.status) == (reference, "open")
        self.orders[reference] = Order(state.remote, dict(lines))
        return reference

    @step
    async def deliver_again(self, reference: str) -> None:
        """The same once more is the same."""
        order = self.orders[reference]
        state = await self.once(*self._delivering(reference, order.wanted))
        assert (state.remote, state.status) == (order.remote, order.status)

    @step
    async def deliver_otherwise(self, reference: str, lines: dict[str, int]) -> None:
        """The same reference for other goods is a conflict."""
        same = lines == self.orders[reference].wanted
        deliver, _ = self._delivering(reference, lines)  # to look would find the other, by the reference alone
        _, refused = await self.attempt(self.once(deliver, nothing))
        assert (refused is None) == same
        assert same or isinstance(refused, Conflict)

    @step
    async def cancel_delivery(self, reference: str) -> None:
        """Cancelled unless something of it has left."""
        order = self.orders[reference]
        may = order.cancelled or not order.parcels

        async def found() -> Any:
            state = await self.connector.find_delivery(reference)
            return state if state.status == "cancelled" else None

        _, refused = await self.attempt(
            self.once(lambda: self.connector.cancel_delivery(order.remote, "the shop says so", "key"), found)
        )
        assert (refused is None) == may, refused
        assert may or isinstance(refused, Conflict)
        order.cancelled = may or order.cancelled

    @step
    async def set_levels(self, levels: dict[str, int]) -> None:
        """Publish absolute numbers; who is unknown is refused, and the others are set."""
        asked = [
            Level(self.names[letter], HOUSE, available, available, self.stage.clock.now())
            for letter, available in levels.items()
        ]

        refused = await self.once(lambda: self.connector.set_levels(asked, "key"), nothing)
        assert set(refused or {}) == {self.names[letter] for letter in levels if letter not in self.known}
        for letter, available in levels.items():
            if letter in self.known:
                self.on_hand[letter] = available + self.allocated(letter)

    @step
    async def read_deliveries(self) -> None:
        """Read on from the last cursor."""
        await self._read_on("deliveries")
        kept = {id: (state.reference, state.status) for id, state in self.learnt["deliveries"].items()}
        assert kept == {order.remote.id: (name, order.status) for name, order in self.orders.items()}

    @step
    async def read_shipments(self) -> None:
        """Read on from the last cursor."""
        await self._read_on("shipments")
        self._compare_parcels(self.learnt["shipments"])

    # People

    @step
    async def ship(self, reference: str, letter: str, quantity: int, parcels: int = 1) -> list[str]:
        """The clerk hands so many of a SKU to the carrier; answers the parcels' ids."""
        order = self.orders[reference]
        made = self.act(
            "ship", order=reference, items={self.names[letter]: quantity}, parcels=parcels, tracking_number="1Z"
        )
        may = not order.cancelled and set(order.wanted) <= self.known and 1 <= quantity <= order.left(letter)
        assert (made is not None) == may
        ids = []
        for parcel in made["shipments"] if made else []:
            ids.append(parcel["shipment"])
            (count,) = parcel["items"].values()
            self.parcels[parcel["shipment"]] = Parcel(reference, {letter: count})
            order.parcels.append(parcel["shipment"])
            order.shipped[letter] = order.shipped.get(letter, 0) + count
            self.on_hand[letter] -= count
        return ids

    @step
    async def void(self, id: str) -> None:
        """A label is voided, once: its goods are back on the shelf, and wanted again."""
        parcel = self.parcels[id]
        assert (self.act("void", shipment=id) is not None) == (not parcel.voided)
        if parcel.voided:
            return
        parcel.voided = True
        order = self.orders[parcel.reference]
        order.parcels.remove(id)
        for letter, count in parcel.items.items():
            order.shipped[letter] -= count
            self.on_hand[letter] += count

    @step
    async def cancel_at_the_desk(self, reference: str) -> None:
        """Somebody cancels an order by hand."""
        order = self.orders[reference]
        may = order.cancelled or not order.parcels
        assert (self.act("cancel", order=reference) is not None) == may
        order.cancelled = may or order.cancelled

    @step
    async def count_stock(self, letter: str, quantity: int) -> None:
        """Somebody counts a shelf."""
        made = self.act("count_stock", sku=self.names[letter], quantity=quantity)
        assert (made is not None) == (letter in self.known)
        if made:
            self.on_hand[letter] = quantity

    @step
    async def add_product(self) -> None:
        """The unknown SKU becomes known, and orders that waited for it go on."""
        assert (self.act("add_product", sku=UNKNOWN_SKU) is not None) == ("N" not in self.known)
        if "N" not in self.known:
            self.known.add("N")
            self.on_hand["N"] = 0

    # The model

    def allocated(self, letter: str) -> int:
        """What open orders have taken and not yet sent; one with an unknown SKU has taken nothing."""
        return sum(
            order.left(letter)
            for order in self.orders.values()
            if not order.cancelled and set(order.wanted) <= self.known
        )

    async def compare(self) -> None:
        assert self.sound() == []
        for reference, order in self.orders.items():
            state = await self.look(lambda om, reference=reference: om.find_delivery(reference))
            assert state is not None, f"{reference} is gone"
            assert (state.remote, state.status) == (order.remote, order.status), reference
        await self._compare_levels()
        self._compare_parcels({id_of(row): row for row in await self.look(lambda om: rows_of(om.shipments()))})

    async def _compare_levels(self) -> None:
        rows = await self.look(lambda om: rows_of(om.levels()))
        shown = {row.sku: (row.on_hand, row.allocated, row.available) for row in rows}
        for letter in self.known:
            on_hand, allocated = self.on_hand[letter], self.allocated(letter)
            wanted = (on_hand, allocated, on_hand - allocated)
            assert shown.get(self.names[letter], (0, 0, 0)) == wanted, letter

    def _compare_parcels(self, rows: dict[str, Any]) -> None:
        shown = {
            id: (row.reference, {line.sku: line.quantity for line in row.lines}, row.voided) for id, row in rows.items()
        }
        assert shown == {
            id: (each.reference, {self.names[letter]: count for letter, count in each.items.items()}, each.voided)
            for id, each in self.parcels.items()
        }

    async def _read_on(self, feed: str) -> None:
        async def walk() -> None:
            async for page in getattr(self.connector, feed)(self.cursors[feed]):
                self.learnt[feed] |= {id_of(row): row for row in page.rows}
                self.cursors[feed] = page.cursor

        await self.read(walk)

    def _delivering(self, reference: str, lines: dict[str, int]) -> tuple[Any, Any]:
        asked = tuple(DeliveryLine(self.names[letter], quantity) for letter, quantity in lines.items())
        delivery = Delivery(reference, Ref("shop", reference), reference, asked, HOME)
        return (
            lambda: self.connector.deliver(delivery, "key"),
            lambda: self.connector.find_delivery(reference),
        )
