"""Extend Commerce against dicts: orders and what has left of them, shelves, and what comes in and back."""

import base64
from dataclasses import dataclass, field
from typing import Any

import httpx

from connectors.canonical import Address, Delivery, DeliveryLine, Ref
from connectors.core.errors import Conflict, Invalid
from tests.extend_commerce.rig import HOST, RIG
from tests.models import Play, rows_of, step
from tests.ports.rig import id_of
from tests.ports.stage import Edge

HOME = Address("Anna Berg", "Storgatan 1", "Stockholm", "11122", "SE")
STOCK = 100
UNKNOWN_SKU = "NOT-YET"
HOUSE = "MAIN"


@dataclass
class Order:
    """What was asked for, what has left, and what of that is announced to come back."""

    remote: Ref
    wanted: dict[str, int]
    shipped: dict[str, int] = field(default_factory=dict)
    announced: dict[str, int] = field(default_factory=dict)
    parcels: list[str] = field(default_factory=list)
    reserved: bool = False
    cancelled: bool = False

    @property
    def status(self) -> str:
        if self.cancelled:
            return "cancelled"
        if all(self.left(letter) == 0 for letter in self.wanted):
            return "shipped"
        return "partly_shipped" if self.parcels else "open"

    def left(self, letter: str) -> int:
        return self.wanted.get(letter, 0) - self.shipped.get(letter, 0)


@dataclass
class Coming:
    """So many of a product on their way, bought or sent back, and how many of them came."""

    letter: str
    quantity: int
    came: int = 0
    called_off: bool = False

    @property
    def left(self) -> int:
        return 0 if self.called_off else self.quantity - self.came


class Installation(Play):
    """One installation. Products are `A`, `B` and `C`, and `N` that the vendor does not know yet."""

    rig = RIG

    async def connect(self, edge: Edge, rig: Any = None) -> Any:
        """A name and a password do not end, so there is nothing to renew."""
        return (rig or self.stage.rig).connect(self.stage, edge)

    def begin(self) -> None:
        self.names = dict(zip("ABC", RIG.skus(self.stage), strict=True))
        self.names["N"] = UNKNOWN_SKU
        self.known = {*"ABC"}
        self.on_hand: dict[str, int] = {}
        for letter in "ABC":
            self.on_hand[letter] = STOCK
            self.stage.act("count_stock", product=self.names[letter], quantity=STOCK)
        self.blocked: dict[str, int] = {}
        self.orders: dict[str, Order] = {}
        self.parcels: dict[str, tuple[str, dict[str, int]]] = {}
        self.purchases: dict[str, Coming] = {}
        self.returns: dict[str, Coming] = {}
        self.cursors: dict[str, str | None] = {"deliveries": None, "shipments": None, "levels": None}
        self.learnt: dict[str, dict[str, Any]] = {"deliveries": {}, "shipments": {}, "levels": {}}

    # With the connector

    @step
    async def deliver(self, lines: dict[str, int]) -> str:
        """Deliver an order; one with a product that is not known is refused, and nothing is kept. Answers its
        reference."""
        reference = f"shop:{len(self.orders) + 1}"
        state, refused = await self.attempt(self.once(*self._delivering(reference, lines)))
        if not set(lines) <= self.known:
            assert isinstance(refused, Invalid)
            assert await self.look(lambda it: it.find_delivery(reference)) is None
            return ""
        assert refused is None, refused
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

        async def nothing() -> None:
            """Nobody looks: it is simply done again."""

        _, refused = await self.attempt(self.once(deliver, nothing))
        assert (refused is None) == same
        assert same or isinstance(refused, Conflict)

    @step
    async def cancel_delivery(self, reference: str) -> None:
        """Annulled unless the warehouse has it; from Reserved on no adjustment is allowed."""
        order = self.orders[reference]
        may = order.cancelled or not (order.reserved or order.parcels)

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

    @step
    async def read_levels(self) -> None:
        """Read on from the last cursor: what was learnt before and did not change stands."""
        await self._read_on("levels")
        self._compare_levels(self.learnt["levels"].values())

    # People

    @step
    async def reserve(self, reference: str) -> None:
        """The order is sent to be picked."""
        order = self.orders[reference]
        made = self.act("reserve", order=reference)
        assert (made is not None) == (order.status == "open" and not order.reserved)
        order.reserved = made is not None or order.reserved

    @step
    async def ship(self, reference: str, letter: str, quantity: int, parcels: int = 1) -> None:
        """The clerk hands so many of a product to the carrier."""
        order = self.orders[reference]
        made = self.act("ship", order=reference, items={self.names[letter]: quantity}, parcels=parcels)
        may = not order.cancelled and 1 <= quantity <= order.left(letter)
        assert (made is not None) == may
        for parcel in made["shipments"] if made else []:
            (count,) = parcel["items"].values()
            self.parcels[parcel["shipment"]] = (reference, {letter: count})
            order.parcels.append(parcel["shipment"])
            order.shipped[letter] = order.shipped.get(letter, 0) + count
            self.on_hand[letter] -= count

    @step
    async def cancel_at_the_desk(self, reference: str) -> None:
        """Somebody cancels an order by hand, until something of it has left."""
        order = self.orders[reference]
        may = not order.cancelled and not order.parcels
        assert (self.act("cancel", order=reference) is not None) == may
        order.cancelled = may or order.cancelled

    @step
    async def count_stock(self, letter: str, quantity: int) -> None:
        """Somebody counts a shelf."""
        made = self.act("count_stock", product=self.names[letter], quantity=quantity)
        assert (made is not None) == (letter in self.known)
        if made:
            self.on_hand[letter] = quantity

    @step
    async def block(self, letter: str, quantity: int) -> None:
        """Goods may not be promised any more, or may be again where it is below zero."""
        before = self.blocked.get(letter, 0)
        made = self.act("block", product=self.names[letter], quantity=quantity)
        assert (made is not None) == (letter in self.known and before + quantity >= 0)
        self.blocked[letter] = before + quantity if made else before

    @step
    async def add_product(self) -> None:
        """The unknown product becomes known."""
        assert (self.act("add_product", product=UNKNOWN_SKU) is not None) == ("N" not in self.known)
        self.known.add("N")
        self.on_hand.setdefault("N", 0)

    @step
    async def buy(self, letter: str, quantity: int) -> str:
        """Somebody orders from a supplier; answers the purchase's number, empty where nobody knows the product."""
        made = self.act("buy", product=self.names[letter], quantity=quantity)
        assert (made is not None) == (letter in self.known)
        if made is None:
            return ""
        self.purchases[made["purchase"]] = Coming(letter, quantity)
        return str(made["purchase"])

    @step
    async def receive(self, purchase: str, quantity: int) -> None:
        """So many of what was bought come in."""
        self._receive("receive", {"purchase": purchase}, self.purchases[purchase], quantity)

    @step
    async def send_back(self, reference: str, letter: str, quantity: int) -> str:
        """Somebody announces over the API that so many come back; answers the return's number, empty where it is
        refused: no more than was delivered, less what is announced already."""
        order = self.orders[reference]
        rows, wanted = [], quantity
        whole = self._ask("GET", f"/CustomerOrders/{order.remote.id}").json()
        for row in whole["orderRows"]:
            if (row["product"]["productNumber"], row["orderRowStatus"]) == (self.names[letter], "Picked") and wanted:
                rows.append({"position": row["position"], "subPosition": row["subPosition"]})
                rows[-1]["quantity"] = min(wanted, int(row["salesData"]["quantity"]))
                wanted -= rows[-1]["quantity"]
        action = {"action": "ReturnRowsFromCustomerOrder", "orderNumber": order.remote.id, "orderRows": rows}
        answer = self._ask("POST", "/ReturnOrders", {"createAction": action})
        already = order.announced.get(letter, 0)
        sent = quantity - wanted
        if already == 0:  # else it depends on which rows: then the books alone are looked at
            assert (answer.status_code == 200) == (sent > 0), answer.text
        if answer.status_code != 200:
            return ""
        number = str(answer.json()["header"]["returnNumber"])
        self.returns[number] = Coming(letter, sent)
        order.announced[letter] = already + sent
        assert order.announced[letter] <= order.shipped[letter]
        return number

    @step
    async def receive_return(self, number: str, quantity: int) -> None:
        """So many of what was sent back come in."""
        self._receive("receive_return", {"number": number}, self.returns[number], quantity)

    def _receive(self, action: str, named: dict[str, str], coming: Coming, quantity: int) -> None:
        made = self.act(action, **named, items={self.names[coming.letter]: quantity})
        assert (made is not None) == (1 <= quantity <= coming.left)
        if made is not None:
            coming.came += quantity
            self.on_hand[coming.letter] += quantity

    # The model

    def allocated(self, letter: str) -> int:
        """What open orders have taken and not yet sent, and what is blocked."""
        taken = sum(order.left(letter) for order in self.orders.values() if not order.cancelled)
        return taken + self.blocked.get(letter, 0)

    async def compare(self) -> None:
        assert self.sound() == []
        for reference, order in self.orders.items():
            state = await self.look(lambda it, reference=reference: it.find_delivery(reference))
            assert state is not None, f"{reference} is gone"
            assert (state.remote, state.status) == (order.remote, order.status), reference
        self._compare_levels(await self.look(lambda it: rows_of(it.levels())))
        self._compare_parcels({id_of(row): row for row in await self.look(lambda it: rows_of(it.shipments()))})
        self._compare_coming()

    def _compare_levels(self, rows: Any) -> None:
        shown = {(row.sku, row.warehouse): (row.on_hand, row.allocated, row.available) for row in rows}
        for letter in self.known:
            on_hand, allocated = self.on_hand[letter], self.allocated(letter)
            assert shown[self.names[letter], HOUSE] == (on_hand, allocated, on_hand - allocated), letter

    def _compare_parcels(self, rows: dict[str, Any]) -> None:
        shown = {id: (row.reference, {line.sku: line.quantity for line in row.lines}) for id, row in rows.items()}
        assert shown == {
            id: (reference, {self.names[letter]: count for letter, count in items.items()})
            for id, (reference, items) in self.parcels.items()
        }

    def _compare_coming(self) -> None:
        """What is expected from suppliers and from customers, as the API itself says it."""
        rows = self._ask("GET", "/ProductAvailability?modifiedDateFrom=2000-01-01").json()["productAvailabilityList"]
        names = ("totalExpectedReceivingFromPurchase", "totalExpectedReceivingFromReturn")
        shown = {row["productNumber"]: tuple(row[name] for name in names) for row in rows if row["warehouse"] == HOUSE}
        for letter in self.known:
            wanted = tuple(
                sum(each.left for each in coming.values() if each.letter == letter)
                for coming in (self.purchases, self.returns)
            )
            assert shown[self.names[letter]] == wanted, letter

    async def _read_on(self, feed: str) -> None:
        async def walk() -> None:
            async for page in getattr(self.connector, feed)(self.cursors[feed]):
                self.learnt[feed] |= {_name_of(row): row for row in page.rows}
                self.cursors[feed] = page.cursor

        await self.read(walk)

    def _delivering(self, reference: str, lines: dict[str, int]) -> tuple[Any, Any]:
        asked = tuple(DeliveryLine(self.names[letter], quantity) for letter, quantity in lines.items())
        delivery = Delivery(reference, Ref("shop", reference), reference, asked, HOME)
        return (
            lambda: self.connector.deliver(delivery, "key"),
            lambda: self.connector.find_delivery(reference),
        )

    def _ask(self, method: str, path: str, body: Any = None) -> httpx.Response:
        """Somebody with another client, whom no trouble meets."""
        about = self.stage.credentials
        shown = base64.b64encode(f"{about['username']}:{about['password']}".encode()).decode()
        request = httpx.Request(
            method,
            f"{HOST}/RESTAPI/v1_0/{about['client']}{path}",
            json=body,
            headers={"ExtendBasicAuthorization": f"Basic {shown}"},
        )
        answer = self.stage.sandbox.transport("extend_commerce").handle_request(request)
        answer.read()
        return answer


def _name_of(row: Any) -> Any:
    return (row.sku, row.warehouse) if hasattr(row, "sku") else id_of(row)
