"""Warehouse Manager against dicts: deliveries, what is set aside for them, boxes, and what lies on the shelves."""

from dataclasses import dataclass, field
from typing import Any

from connectors.canonical import Address, Delivery, DeliveryLine, Ref
from connectors.core.errors import Conflict, Forbidden, Invalid
from tests.extensiv_warehouse_manager.rig import RIG
from tests.models import Play, rows_of, step
from tests.ports.rig import id_of

HOME = Address("Ana Ruiz", "5 Pine Rd", "Albany", "12207", "US", region="NY")
STOCK = 6
"""So little that orders come to want what others have."""
UNKNOWN_SKU = "NOT-YET"


async def nothing() -> None:
    """Nobody looks: it is simply done again."""


@dataclass
class Order:
    """What is wanted, and how much of it is set aside or, once the order has shipped, gone."""

    reference: str
    remote: Ref
    wanted: dict[str, int]
    held: dict[str, int] = field(default_factory=dict)
    boxes: dict[str, dict[str, int]] = field(default_factory=dict)
    status: str = "open"
    on_hold: bool = False

    def packed(self, letter: str) -> int:
        return sum(items.get(letter, 0) for items in self.boxes.values())

    @property
    def unpacked(self) -> dict[str, int]:
        left = {letter: count - self.packed(letter) for letter, count in self.wanted.items()}
        return {letter: count for letter, count in left.items() if count}


class Warehouse(Play):
    """One customer in one facility. SKUs are `A`, `B` and `C`."""

    rig = RIG

    def begin(self) -> None:
        self.names = dict(zip("ABC", RIG.skus(self.stage), strict=True))
        self.letters = {sku: letter for letter, sku in self.names.items()}
        self.on_hand = dict.fromkeys("ABC", STOCK)
        for letter in "ABC":
            self.stage.act("count_stock", sku=self.names[letter], quantity=STOCK)
        self.orders: dict[str, Order] = {}
        self.cursors: dict[str, str | None] = {"deliveries": None, "shipments": None}
        self.learnt: dict[str, dict[str, Any]] = {"deliveries": {}, "shipments": {}}

    # With the connector

    @step
    async def deliver(self, lines: dict[str, int]) -> str:
        """Deliver an order; answers its reference. What there is of its goods is set aside."""
        reference = f"shop:{len(self.orders) + 1}"
        state = await self.once(*self._delivering(reference, lines))
        assert (state.reference, state.status) == (reference, "open")
        order = self.orders[reference] = Order(reference, state.remote, dict(lines))
        self._set_aside(order)
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
    async def deliver_unknown(self, lines: dict[str, int]) -> None:
        """An order for what nobody knows is not there afterwards."""
        deliver, find = self._delivering(f"odd:{len(self.orders)}", lines, UNKNOWN_SKU)
        _, refused = await self.attempt(self.once(deliver, find))
        assert isinstance(refused, Invalid)
        assert await self.look(lambda wm: wm.find_delivery(f"odd:{len(self.orders)}")) is None

    @step
    async def cancel_delivery(self, reference: str, meanwhile: str = "") -> None:
        """Cancelled, unless it has left or is on hold; `meanwhile`, when it was read already, somebody does that."""
        order = self.orders[reference]
        self._just_before_the_change(order, meanwhile)

        async def found() -> Any:
            state = await self.connector.find_delivery(reference)
            return state if state.status == "cancelled" else None

        _, refused = await self.attempt(
            self.once(lambda: self.connector.cancel_delivery(order.remote, "the shop says so", "key"), found)
        )
        if order.status == "shipped":
            assert isinstance(refused, Conflict), refused
        elif order.on_hold and order.status == "open":
            assert isinstance(refused, Forbidden), refused
        else:
            assert refused is None, refused
            self._end(order)

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
        self._compare_boxes(self.learnt["shipments"])

    # People

    @step
    async def pick(self, reference: str) -> None:
        """The clerk fetches what is all there."""
        self._pick(self.orders[reference])

    @step
    async def pack(self, reference: str, parcels: int = 1) -> list[str]:
        """The clerk packs what is in no box yet; answers the order's boxes."""
        order = self.orders[reference]
        full = bool(order.unpacked) and self._ready(order)
        made = self.act("pack", order=reference, parcels=parcels)
        assert (made is not None) == full
        return self._boxed(order, made)

    @step
    async def ship(self, reference: str, parcels: int = 1) -> list[str]:
        """The clerk hands all of an order to the carrier; answers its boxes."""
        return self._ship(self.orders[reference], parcels)

    @step
    async def unconfirm(self, reference: str) -> None:
        """It did not leave after all, and is packed as it was."""
        order = self.orders[reference]
        assert (self.act("unconfirm", order=reference) is not None) == (order.status == "shipped")
        if order.status == "shipped":
            self._come_back(order)

    @step
    async def void(self, box: str) -> None:
        """A label is void: its order is open again, and the box empty."""
        id, _, package = box.partition(":")
        (order,) = [each for each in self.orders.values() if each.remote.id == id]
        assert (self.act("void", package=package) is not None) == (order.status == "shipped")
        if order.status == "shipped":
            self._come_back(order)
            order.boxes[box] = {}

    @step
    async def hold(self, reference: str) -> None:
        """Somebody puts an open order on hold."""
        self._hold(self.orders[reference])

    @step
    async def release(self, reference: str) -> None:
        """It goes on."""
        order = self.orders[reference]
        made = self.act("hold", order=reference, release=True)
        assert (made is not None) == (order.status == "open")
        order.on_hold = order.on_hold and order.status != "open"

    @step
    async def cancel_at_the_desk(self, reference: str) -> None:
        """Somebody cancels an order by hand."""
        self._cancel(self.orders[reference])

    @step
    async def count_stock(self, letter: str, quantity: int) -> None:
        """Somebody counts a shelf. What is gone was free, or was set aside for the newest orders."""
        assert self.act("count_stock", sku=self.names[letter], quantity=quantity) is not None
        gone = self.on_hand[letter] - quantity
        self.on_hand[letter] = quantity
        for order in reversed(self.orders.values()) if gone > 0 else ():
            if self.free(letter) < 0 and order.status == "open" and order.held.get(letter):
                order.held = {}
                if self.free(letter) >= 0:
                    self._set_aside(order)
                else:
                    self._set_aside(order, but=letter)

    # The model

    def free(self, letter: str) -> int:
        """What is on the shelf for nobody yet."""
        return self.on_hand[letter] - sum(
            order.held.get(letter, 0) for order in self.orders.values() if order.status == "open"
        )

    def _set_aside(self, order: Order, but: str = "") -> None:
        for letter, count in order.wanted.items():
            if letter != but:
                there = order.held.get(letter, 0)
                order.held[letter] = there + min(count - there, self.free(letter))

    def _ready(self, order: Order) -> bool:
        """Whether the bench may work on it; what was missing of it is set aside then."""
        if order.status != "open" or order.on_hold:
            return False
        if any(count - order.held.get(letter, 0) > self.free(letter) for letter, count in order.wanted.items()):
            return False
        self._set_aside(order)
        return True

    def _pick(self, order: Order) -> None:
        assert (self.act("pick", order=order.reference) is not None) == self._ready(order)

    def _ship(self, order: Order, parcels: int = 1) -> list[str]:
        made = self.act("ship", order=order.reference, parcels=parcels)
        assert (made is not None) == self._ready(order)
        if made:
            order.status = "shipped"
            for letter, count in order.wanted.items():
                self.on_hand[letter] -= count
        return self._boxed(order, made)

    def _hold(self, order: Order) -> None:
        made = self.act("hold", order=order.reference, reason="wait")
        assert (made is not None) == (order.status == "open")
        order.on_hold = order.on_hold or order.status == "open"

    def _cancel(self, order: Order) -> None:
        may = order.status == "open" and not order.on_hold
        assert (self.act("cancel", order=order.reference) is not None) == may
        if may:
            self._end(order)

    def _end(self, order: Order) -> None:
        order.status, order.held = "cancelled", {}

    def _come_back(self, order: Order) -> None:
        order.status = "open"
        for letter, count in order.wanted.items():
            self.on_hand[letter] += count

    def _boxed(self, order: Order, made: Any) -> list[str]:
        """The vendor deals goods over boxes as it likes, but all of them."""
        if not made:
            return []
        for each in made["packages"]:
            items = {self.letters[sku]: int(count) for sku, count in each["items"].items()}
            assert order.boxes.setdefault(f"{order.remote.id}:{each['package']}", items) == items
        assert order.unpacked == {}
        return list(order.boxes)

    def _just_before_the_change(self, order: Order, meanwhile: str) -> None:
        """Somebody is faster: it is done between the connector's reading and its first change."""
        does = {"pick": self._pick, "ship": self._ship, "hold": self._hold, "cancel": self._cancel}.get(meanwhile)
        edge, before = self.stage.edge, self.stage.edge.before
        left = [does] if does else []

        def meddled(number: int, request: Any) -> None:
            if left and request.url.path.endswith("/canceler"):
                left.pop()(order)
            before(number, request)

        edge.before = meddled

    async def compare(self) -> None:
        assert self.sound() == []
        for reference, order in self.orders.items():
            state = await self.look(lambda wm, reference=reference: wm.find_delivery(reference))
            assert state is not None, f"{reference} is gone"
            assert (state.remote, state.status) == (order.remote, order.status), reference
        rows = await self.look(lambda wm: rows_of(wm.levels()))
        shown = {row.sku: (row.on_hand, row.available) for row in rows}
        for letter, sku in self.names.items():
            assert shown[sku] == (self.on_hand[letter], self.free(letter)), letter
        self._compare_boxes({id_of(row): row for row in await self.look(lambda wm: rows_of(wm.shipments()))})

    def _compare_boxes(self, rows: dict[str, Any]) -> None:
        shown = {
            id: (row.reference, {line.sku: line.quantity for line in row.lines}, row.voided) for id, row in rows.items()
        }
        assert shown == {
            box: (
                order.reference,
                {self.names[letter]: count for letter, count in items.items()},
                order.status != "shipped" or not items,
            )
            for order in self.orders.values()
            for box, items in order.boxes.items()
        }

    async def _read_on(self, feed: str) -> None:
        async def walk() -> None:
            async for page in getattr(self.connector, feed)(self.cursors[feed]):
                self.learnt[feed] |= {id_of(row): row for row in page.rows}
                self.cursors[feed] = page.cursor

        await self.read(walk)

    def _delivering(self, reference: str, lines: dict[str, int], *more: str) -> tuple[Any, Any]:
        asked = tuple(DeliveryLine(self.names[letter], quantity) for letter, quantity in lines.items())
        asked += tuple(DeliveryLine(sku, 1) for sku in more)
        delivery = Delivery(reference, Ref("shop", reference), reference, asked, HOME)
        return (
            lambda: self.connector.deliver(delivery, "key"),
            lambda: self.connector.find_delivery(reference),
        )
