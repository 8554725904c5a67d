"""The world's edge for the engine: a shop and a warehouse with an honest state and no idempotency at all.

A call repeated is a record repeated; nothing is guarded, so that every mistake of the engine stays visible. Calls take
time, travel as tasks of their own (a caller that dies does not stop what it sent), and fail as told:

    refuse        400, nothing done                 throttle   429, nothing done
    unavailable   503 at the door, nothing done     before     500, nothing done
    lost          done, and the answer is lost      late       the caller gives up; it is done afterwards

Order and shipment reads lag behind writes by `lag`, as search indexes do.
"""

import asyncio
import random
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

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
from connectors.core.errors import Broken, Conflict, Invalid, NotFound, Throttled, TimedOut, Unavailable
from seatrial import virtual_time

MORNING = datetime(2026, 11, 21, 8, tzinfo=UTC)
SETTLE = timedelta(seconds=90)
TIMEOUT = 20.0
LATEST = 60.0
HOME = Address(name="Ana Ruiz", street1="5 Pine Rd", city="Albany", postal_code="12207", country="US", region="NY")


def run(story: Callable[[], Any]) -> Any:
    """Run a story in virtual time: an hour of waiting is over at once."""
    return virtual_time.run(story())


def story(test: Callable[[], Any]) -> Callable[[], None]:
    """An async story, run in virtual time."""

    def run_it() -> None:
        run(test)

    run_it.__name__, run_it.__doc__, run_it.__module__ = test.__name__, test.__doc__, test.__module__
    return run_it


@dataclass
class Faults:
    """What goes wrong: planned by the name of a call, or drawn with some chance."""

    planned: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    chance: random.Random = field(default_factory=lambda: random.Random(0))
    rates: Mapping[str, float] = field(default_factory=dict)

    def next(self, name: str, *faults: str) -> None:
        self.planned[name].extend(faults)

    def draw(self, name: str, *, writes: bool) -> str:
        if self.planned[name]:
            return self.planned[name].pop(0)
        if not self.rates:
            return ""
        drawn = self.chance.random()
        for fault, rate in self.rates.items():
            if drawn < rate:
                return fault if writes or fault in ("throttle", "unavailable", "before") else ""
            drawn -= rate
        return ""


HARSH = {"throttle": 0.1, "unavailable": 0.05, "before": 0.08, "lost": 0.1, "late": 0.06}


class Vendor:
    """What a shop and a warehouse have in common: time, calls that travel, and a list that pages by update time."""

    settle = SETTLE
    page_size = 3
    overlap = timedelta(seconds=5)

    def __init__(self, connection: str, clock: LoopClock, faults: Faults, *, latency: float = 0.2) -> None:
        self.connection = connection
        self.clock = clock
        self.faults = faults
        self.latency = latency
        self.calls: list[str] = []
        self._ids = 0
        self._ticks = 0

    async def check(self) -> str:
        return self.connection

    async def aclose(self) -> None:
        pass

    def count(self, name: str) -> int:
        return self.calls.count(name)

    def _id(self, prefix: str) -> str:
        self._ids += 1
        return f"{prefix}{self._ids}"

    def _stamp(self) -> datetime:
        """Now, and never the same twice: the order of changes is the order of stamps."""
        self._ticks += 1
        return self.clock.now() + timedelta(microseconds=self._ticks)

    async def _call(self, name: str, act: Callable[[], Any], *, writes: bool) -> Any:
        task = asyncio.get_running_loop().create_task(self._travel(name, act, writes=writes))
        task.add_done_callback(lambda done: done.cancelled() or done.exception())  # nobody may be left to hear it
        return await asyncio.shield(task)

    async def _travel(self, name: str, act: Callable[[], Any], *, writes: bool) -> Any:
        self.calls.append(name)
        fault = self.faults.draw(name, writes=writes)
        await self.clock.sleep(self.latency)
        if fault == "refuse":
            raise Invalid(f"{name} makes no sense", status=400)
        if fault == "throttle":
            raise Throttled("too many calls", retry_after_seconds=3.0, status=429)
        if fault == "unavailable":
            raise Unavailable("closed for a moment", status=503)
        if fault == "before":
            raise Broken("it broke", status=500)
        if fault == "late":
            asyncio.get_running_loop().create_task(self._arrive_late(act))
            await self.clock.sleep(TIMEOUT)
            raise TimedOut("no answer")
        answer = act()
        await self.clock.sleep(self.latency)
        if fault == "lost":
            raise Broken("the connection was reset")
        return answer

    async def _arrive_late(self, act: Callable[[], Any]) -> None:
        await self.clock.sleep(LATEST)
        with suppress(Conflict, NotFound, Invalid):
            act()

    async def _pages(
        self, name: str, rows: Callable[[], list[tuple[datetime, str, Any]]], cursor: str | None
    ) -> AsyncIterator[Page[Any]]:
        at = (datetime.fromisoformat(cursor) - self.overlap if cursor else datetime.min.replace(tzinfo=UTC), "")
        while True:
            page = await self._call(
                name, lambda at=at: sorted(row for row in rows() if row[:2] > at)[: self.page_size], writes=False
            )
            if not page:
                return
            at = page[-1][:2]
            yield Page(tuple(row[2] for row in page), page[-1][0].isoformat())


@dataclass
class Placed:
    id: str
    lines: list[tuple[str, int]]
    status: str
    placed: datetime
    updated: datetime
    paid: bool = True
    ship_to: Address | None = HOME
    note: str = ""


@dataclass
class Told:
    id: str
    order: str
    lines: dict[str, int]
    numbers: tuple[str, ...]
    live: bool = True


class Shop(Vendor):
    """A cart. It takes its own stock down when somebody buys, and puts it back when an order is cancelled."""

    def __init__(self, connection: str, clock: LoopClock, faults: Faults, **rest: Any) -> None:
        super().__init__(connection, clock, faults, **rest)
        self.orders_placed: dict[str, Placed] = {}
        self.fulfillments: list[Told] = []
        self.stock: dict[str, int] = {}

    # What people do

    def buy(self, *lines: tuple[str, int], **rest: Any) -> str:
        id, now = self._id("o"), self._stamp()
        self.orders_placed[id] = Placed(id, list(lines), "open", now, now, **rest)
        self._move(id, -1)
        return id

    def change_mind(self, id: str) -> None:
        order = self.orders_placed[id]
        if order.status != "cancelled":
            order.status, order.updated = "cancelled", self._stamp()
            self._move(id, +1)

    def change(self, id: str, **fields: Any) -> None:
        for name, value in fields.items():
            setattr(self.orders_placed[id], name, value)
        self.orders_placed[id].updated = self._stamp()

    def _move(self, id: str, sign: int) -> None:
        for sku, quantity in self.orders_placed[id].lines:
            if sku in self.stock:
                self.stock[sku] += sign * quantity

    def live(self, order: str) -> list[Told]:
        return [told for told in self.fulfillments if told.order == order and told.live]

    # What its API does

    def _order(self, placed: Placed) -> Order:
        shipped: dict[str, int] = defaultdict(int)
        for told in self.live(placed.id):
            for line, quantity in told.lines.items():
                shipped[line] += quantity
        status = placed.status
        if status == "open" and shipped:
            whole = all(shipped[f"L{at}"] >= quantity for at, (_, quantity) in enumerate(placed.lines))
            status = "shipped" if whole else "partly_shipped"
        return Order(
            source=Ref(self.connection, placed.id),
            number=f"#{placed.id}",
            status=status,  # type: ignore[arg-type]
            placed=placed.placed,
            updated=placed.updated,
            lines=tuple(Line(f"L{at}", sku, quantity) for at, (sku, quantity) in enumerate(placed.lines)),
            ship_to=placed.ship_to,
            paid=placed.paid,
            note=placed.note,
        )

    def orders(self, cursor: str | None = None) -> AsyncIterator[Page[Order]]:
        def rows() -> list[tuple[datetime, str, Order]]:
            return [(one.updated, one.id, self._order(one)) for one in self.orders_placed.values()]

        return self._pages("orders", rows, cursor)

    async def order(self, id: str) -> Order | None:
        return await self._call(
            "order", lambda: self._order(self.orders_placed[id]) if id in self.orders_placed else None, writes=False
        )

    async def cancel_order(self, id: str, reason: str, key: str) -> None:
        def act() -> None:
            if self.live(id):
                raise Conflict("something was fulfilled")
            self.change_mind(id)

        await self._call("cancel_order", act, writes=True)

    async def find_fulfillment(self, fulfillment: Fulfillment) -> str | None:
        numbers = tuple(parcel.tracking_number for parcel in fulfillment.parcels)

        def act() -> str | None:
            same = [
                told
                for told in self.live(fulfillment.order.id)
                if (told.numbers == numbers if numbers else told.lines == dict(fulfillment.lines))
            ]
            return same[0].id if same else None

        return await self._call("find_fulfillment", act, writes=False)

    async def fulfill(self, fulfillment: Fulfillment, key: str) -> str:
        def act() -> str:
            if self.orders_placed[fulfillment.order.id].status == "cancelled":
                raise Conflict("the order is cancelled")
            numbers = tuple(parcel.tracking_number for parcel in fulfillment.parcels)
            told = Told(self._id("f"), fulfillment.order.id, dict(fulfillment.lines), numbers)
            self.fulfillments.append(told)
            self.orders_placed[told.order].updated = self._stamp()
            return told.id

        return await self._call("fulfill", act, writes=True)

    async def cancel_fulfillment(self, id: str, key: str) -> None:
        def act() -> None:
            for told in self.fulfillments:
                if told.id == id and told.live:
                    told.live = False
                    self.orders_placed[told.order].updated = self._stamp()

        await self._call("cancel_fulfillment", act, writes=True)

    async def set_levels(self, levels: Sequence[Level], key: str) -> Mapping[str, str]:
        def act() -> dict[str, str]:
            for level in levels:
                if level.sku in self.stock:
                    self.stock[level.sku] = level.available
            return {level.sku: "no such SKU" for level in levels if level.sku not in self.stock}

        return await self._call("set_levels", act, writes=True)

    async def find_levels(self, skus: Sequence[str]) -> Mapping[str, int]:
        return await self._call(
            "find_levels", lambda: {sku: self.stock[sku] for sku in skus if sku in self.stock}, writes=False
        )


@dataclass
class Job:
    id: str
    reference: str
    lines: dict[str, int]
    created: datetime
    updated: datetime
    cancelled: bool = False
    shipped: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    @property
    def open_units(self) -> dict[str, int]:
        return {} if self.cancelled else {sku: many - self.shipped[sku] for sku, many in self.lines.items()}

    @property
    def status(self) -> str:
        if self.cancelled:
            return "cancelled"
        if not any(self.shipped.values()):
            return "open"
        return "partly_shipped" if any(many > 0 for many in self.open_units.values()) else "shipped"


class Depot(Vendor):
    """A warehouse. Orders take stock when they arrive; parcels take it away."""

    lag = timedelta(seconds=5)

    def __init__(self, connection: str, clock: LoopClock, faults: Faults, **rest: Any) -> None:
        super().__init__(connection, clock, faults, **rest)
        self.jobs: list[Job] = []
        self.parcels: list[Shipment] = []
        self.on_hand: dict[str, int] = {}

    # What people do

    def pack(self, job: Job, lines: dict[str, int], *numbers: str) -> Shipment:
        for sku, many in lines.items():
            job.shipped[sku] += many
            self.on_hand[sku] = self.on_hand.get(sku, 0) - many
        job.updated = now = self._stamp()
        id = self._id("s")
        parcels = tuple(Parcel(number, "UPS") for number in numbers or (f"1Z{id}",))
        shipment = Shipment(
            source=Ref(self.connection, id),
            reference=job.reference,
            shipped=now,
            updated=now,
            lines=tuple(ShipmentLine(sku, many) for sku, many in lines.items()),
            parcels=parcels,
        )
        self.parcels.append(shipment)
        return shipment

    def void(self, shipment: Shipment) -> None:
        at = next(at for at, one in enumerate(self.parcels) if one.source == shipment.source)
        job = next(job for job in self.jobs if job.reference == shipment.reference)
        for line in shipment.lines:
            job.shipped[line.sku] -= line.quantity
            self.on_hand[line.sku] += line.quantity
        job.updated = self._stamp()
        self.parcels[at] = msgspec.structs.replace(self.parcels[at], voided=True, updated=self._stamp())

    def call_off(self, job: Job) -> None:
        job.cancelled, job.updated = True, self._stamp()

    def of(self, reference: str) -> list[Job]:
        return [job for job in self.jobs if job.reference == reference]

    def available(self, sku: str) -> int:
        return self.on_hand.get(sku, 0) - sum(job.open_units.get(sku, 0) for job in self.jobs)

    # What its API does

    def _state(self, job: Job) -> DeliveryState:
        return DeliveryState(Ref(self.connection, job.id), job.reference, job.status)  # type: ignore[arg-type]

    async def find_delivery(self, reference: str) -> DeliveryState | None:
        def act() -> DeliveryState | None:
            seen = [job for job in self.of(reference) if job.created + self.lag <= self.clock.now()]
            return self._state(seen[0]) if seen else None

        return await self._call("find_delivery", act, writes=False)

    async def deliver(self, delivery: Delivery, key: str) -> DeliveryState:
        def act() -> DeliveryState:
            lines: dict[str, int] = defaultdict(int)
            for line in delivery.lines:
                lines[line.sku] += line.quantity
            job = Job(self._id("j"), delivery.reference, dict(lines), self.clock.now(), self._stamp())
            self.jobs.append(job)
            return self._state(job)

        return await self._call("deliver", act, writes=True)

    async def cancel_delivery(self, remote: Ref, reason: str, key: str) -> DeliveryState:
        def act() -> DeliveryState:
            job = next((job for job in self.jobs if job.id == remote.id), None)
            if job is None:
                raise NotFound(f"no order {remote.id}")
            if any(job.shipped.values()):
                raise Conflict(f"order {remote.id} has shipped")
            if not job.cancelled:
                self.call_off(job)
            return self._state(job)

        return await self._call("cancel_delivery", act, writes=True)

    def deliveries(self, cursor: str | None = None) -> AsyncIterator[Page[DeliveryState]]:
        return self._pages("deliveries", lambda: [(one.updated, one.id, self._state(one)) for one in self.jobs], cursor)

    def shipments(self, cursor: str | None = None) -> AsyncIterator[Page[Shipment]]:
        return self._pages("shipments", lambda: [(one.updated, one.source.id, one) for one in self.parcels], cursor)

    async def levels(self, cursor: str | None = None) -> AsyncIterator[Page[Level]]:
        skus = sorted(self.on_hand)
        for start in range(0, len(skus), self.page_size):
            as_of = self.clock.now()
            rows = await self._call(
                "levels",
                lambda start=start: [
                    Level(sku, "main", self.available(sku), self.on_hand[sku], as_of)  # noqa: B023
                    for sku in skus[start : start + self.page_size]
                ],
                writes=False,
            )
            yield Page(tuple(rows), str(start))

    async def warehouses(self) -> Sequence[Warehouse]:
        return [Warehouse("main", "Main")]


class World:
    """One shop or two, one warehouse, one clock, one set of faults."""

    def __init__(
        self,
        *,
        stock: Mapping[str, int] | None = None,
        shops: Sequence[str] = ("shop",),
        faults: Faults | None = None,
        shop_class: type[Shop] = Shop,
        depot_class: type[Depot] = Depot,
        latency: float = 0.2,
    ) -> None:
        self.clock = LoopClock(MORNING)
        self.faults = faults or Faults()
        stock = {"MUG": 50, "TEE": 30, "CAP": 20} if stock is None else stock
        self.shops = [shop_class(name, self.clock, self.faults, latency=latency) for name in shops]
        self.shop = self.shops[0]
        self.depot = depot_class("depot", self.clock, self.faults, latency=latency)
        self.depot.on_hand = dict(stock)
        for shop in self.shops:
            shop.stock = dict.fromkeys(stock, 0)

    def job(self, order: str, shop: str = "shop") -> Job:
        """The one order at the depot that this order became."""
        (job,) = self.depot.of(f"{shop}:{order}")
        return job

    def broken(self, *, skus: Callable[[str], list[tuple[str, int]]] = lambda sku: [(sku, 1)]) -> list[str]:
        """What is not as it has to be once everything has come to rest. Every order is taken to be deliverable."""
        return [words for shop in self.shops for words in self._broken(shop, skus)]

    def _broken(self, shop: Shop, skus: Callable[[str], list[tuple[str, int]]]) -> list[str]:
        wrong = []
        for order in shop.orders_placed.values():
            jobs = self.depot.of(f"{shop.connection}:{order.id}")
            live = [job for job in jobs if not job.cancelled]
            wanted = 0 if order.status == "cancelled" else 1
            if len(live) != wanted or len(jobs) > 1:
                wrong.append(f"{order.id} ({order.status}) is {len(jobs)} times at the depot, {len(live)} of them live")
            units: dict[str, int] = defaultdict(int)
            for sku, quantity in order.lines:
                for theirs, many in skus(sku):
                    units[theirs] += quantity * many
            wrong += [f"{order.id} asks for {job.lines}, not {dict(units)}" for job in live if job.lines != dict(units)]
        for shipment in self.depot.parcels:
            name, _, order_id = shipment.reference.partition(":")
            if name == shop.connection:
                numbers = tuple(parcel.tracking_number for parcel in shipment.parcels)
                told = [one for one in shop.live(order_id) if one.numbers == numbers]
                if len(told) != (0 if shipment.voided else 1):
                    wrong.append(f"{shipment.source.id} (voided: {shipment.voided}) is {len(told)} times at its cart")
        for sku, published in shop.stock.items():
            left = min(max(0, self.depot.available(theirs)) // many for theirs, many in skus(sku))
            if published != left:
                wrong.append(f"{shop.connection} offers {published} of {sku}, and {left} are left")
        return wrong
