"""What simulations and the matrix stand on: the fakes, the connectors and the engine of one merchant under one clock.

    async with Stage(seed, Parts(), folder) as stage:
        stage.furnish(goods)
        await stage.open()
        …people act, runners run…
        sides = await stage.sides()

The vendors are the real fakes in process, the connectors and the engine the real ones. Only the edge is ours: the wire
between a connector and its fake, and the ledger's last commit.
"""

import asyncio
import random
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import httpx
from msgspec import Struct

from connectors.core.clock import LoopClock
from connectors.core.errors import BadSignature
from connectors.ports import Connector, WebhookSource
from connectors.sync import Engine, LocalRunner, Merchant, Part, Settings, SkuMap, SkuRule
from connectors.sync.events import Tell, silent
from mock_servers.core.cast import CartPart
from mock_servers.core.cast import Part as Role
from mock_servers.core.clock import Clock
from mock_servers.core.sandbox import Sandbox
from mock_servers.core.serving import Pump
from mock_servers.core.sides import CartSide, WarehouseSide
from mock_servers.core.world import World
from seatrial.simulation.cast import LATE_SECONDS_MAXIMUM, Cast, cast_of, connect, subscribe
from seatrial.simulation.lives import Crash, MortalLedger
from seatrial.simulation.scenario import MORNING
from seatrial.simulation.trace import Trace, TracingJournal
from seatrial.simulation.waits import Waits, watched
from seatrial.simulation.weather import Profile
from seatrial.simulation.wire import Hooks, Wire

WAREHOUSE = "warehouse"
HOOKS = "https://sync.example/hooks"


@dataclass(frozen=True)
class Parts:
    """What the run is made of. Tests put something with a defect in one of these places."""

    cast: Cast = field(default_factory=cast_of)
    engine: type[Engine] = Engine
    ledger: type[MortalLedger] = MortalLedger
    settings: Callable[[Settings], Settings] = field(default=lambda settings: settings)
    weather: Callable[[Profile], Profile] = field(default=lambda profile: profile)


class Goods(Struct, frozen=True):
    """What is sold: the warehouse's SKUs with what there is of them, and the carts' own names for mixtures of them."""

    shelves: Mapping[str, int]
    named: Mapping[str, Mapping[str, int]]

    @property
    def listed(self) -> tuple[str, ...]:
        """The carts' SKUs."""
        return (*self.shelves, *self.named)

    def units(self, sku: str) -> Mapping[str, int]:
        """What one of a cart's SKU takes from the warehouse."""
        return self.named.get(sku) or {sku: 1}


class Sides(Struct, frozen=True):
    """Both sides, read through the public APIs."""

    carts: Mapping[str, CartSide]
    warehouse: WarehouseSide


class Life(Struct, frozen=True):
    """One life of the engine: its ledger, its connectors, and what makes it go."""

    ledger: MortalLedger
    engine: Engine
    runner: LocalRunner
    connectors: tuple[Connector, ...]


class Stage:
    """One merchant's world. Everything in it follows the running loop's time."""

    def __init__(
        self,
        seed: int,
        folder: Path,
        parts: Parts,
        *,
        trace: Trace | None = None,
        carts: int = 1,
        latency_seconds: float = 0.2,
        settings: Settings | None = None,
    ) -> None:
        loop = asyncio.get_running_loop()
        self.trace = trace or Trace()
        self.parts = parts
        self.settings = parts.settings(settings or Settings())
        self.clock = LoopClock(MORNING)
        self.hooks = Hooks(latency_seconds)
        self.waits = Waits(loop.time)
        self.sandbox = Sandbox(
            parts.cast.vendors,
            seed=seed,
            make_clock=lambda: Clock(at=MORNING.timestamp(), source=loop.time),
            hooks=self.hooks,
        )
        self.trace.now = self.sandbox.world.clock.now
        self._pump = Pump(self.sandbox)
        self._pumping: asyncio.Task[None] | None = None
        self._seed = seed
        self._latency = latency_seconds
        self.ledger_file = folder / "ledger"
        self._lives = 0
        self.wms = parts.cast.warehouse(WAREHOUSE, self.sandbox.world)
        self.carts = dict(map(self._cart, range(carts)))
        self.trace.roles = {(role.world.name, role.vendor): name for name, role in self.roles.items()}
        for world in self.sandbox.worlds:
            world.journal = TracingJournal(self.trace, world.name)
        self.wires = {name: self._wire(name, role) for name, role in self.roles.items()}

    @property
    def roles(self) -> dict[str, Role]:
        return {WAREHOUSE: self.wms, **self.carts}

    async def __aenter__(self) -> Self:
        self._pumping = asyncio.ensure_future(self._pump.run())
        return self

    async def __aexit__(self, *_: object) -> None:
        for wire in self.wires.values():
            await wire.rest()
        if self._pumping is not None:
            self._pumping.cancel()
            with suppress(asyncio.CancelledError):
                await self._pumping
        await self.sandbox.aclose()

    # Before anybody acts

    def furnish(self, goods: Goods) -> None:
        """The warehouse has goods, and every cart lists them, with nothing to sell until it is told."""
        self.goods = goods
        for role in self.roles.values():
            role.move_in()
        for sku, quantity in goods.shelves.items():
            self.wms.stock(sku, quantity)
        for number, sku in enumerate(goods.listed):
            for cart in self.carts.values():
                cart.offer(sku, f"{10 + number}.00")

    async def subscribe(self) -> None:
        """Have the carts send their webhooks."""
        for name, role in self.carts.items():
            connector = connect(role, self.clock, random.Random(self._seed), self.wires[name])  # noqa: S311
            try:
                await subscribe(role, connector, f"{HOOKS}/{name}")
            finally:
                await connector.aclose()

    # Lives

    def born(self, tell: Tell = silent) -> Life:
        """A new process on the same ledger file: fresh connectors, a fresh name, and it listens for webhooks."""
        self._lives += 1
        ledger = self.parts.ledger.open(self.ledger_file, durable=False)
        made = {name: self._connector(name, role) for name, role in self.roles.items()}
        merchant = Merchant(
            "acme", tuple(made[name] for name in self.carts), made[WAREHOUSE], self._sku_map(), self.settings
        )
        engine = self.parts.engine(merchant, ledger, self.clock)
        self.hooks.receive = lambda name, headers, body: self._receive(engine, name, headers, body)
        runner = LocalRunner(engine, owner=f"life-{self._lives}", tell=tell)
        return Life(ledger, engine, runner, tuple(made.values()))

    async def buried(self, life: Life) -> None:
        """The process is over, one way or the other."""
        self.hooks.receive = None
        for connector in life.connectors:
            await connector.aclose()
        life.ledger.close()

    def _receive(self, engine: Engine, name: str, headers: httpx.Headers, body: bytes) -> int:
        """What the receiver of a running engine does: verify, keep, answer."""
        source = engine.merchant.connections[name]
        if not isinstance(source, WebhookSource):
            return 404
        try:
            hint = source.verify(headers, body)
            engine.receive(name, hint)
        except BadSignature:
            return 401
        except Crash:
            return 503
        self.trace.heard(name, f"webhook {hint.topic} about {hint.subject}", f"{name}:{hint.subject}")
        return 200

    # In the end

    async def sides(self) -> Sides:
        """Both sides as anybody can read them, over a way of their own on which nothing goes wrong."""
        carts = {name: await self._read(cart) for name, cart in self.carts.items()}
        async with httpx.AsyncClient(transport=self.sandbox.transport(self.wms.vendor)) as http:
            return Sides(carts, await self.wms.read(http))

    async def _read(self, cart: CartPart) -> CartSide:
        async with httpx.AsyncClient(transport=self.sandbox.transport(cart.vendor)) as http:
            return await cart.read(http)

    def unsound(self) -> list[str]:
        """Every breach of a vendor's own laws, in any world."""
        found = []
        for world in self.sandbox.worlds:
            for vendor, fake in self.sandbox.fakes.items():
                found += list(fake.problems(world.work(vendor)))
        return found

    # How it is put together

    def _cart(self, number: int) -> tuple[str, CartPart]:
        """The first cart is in the default world with the warehouse, if it is another vendor's account; every other is
        in a world of its own."""
        classes = self.parts.cast.carts
        name = "shop" if number == 0 else f"shop{number + 1}"
        made = classes[number % len(classes)]
        shares = number == 0 and made.vendor != self.parts.cast.warehouse.vendor
        return name, made(name, self.sandbox.world if shares else self._world(name))

    def _world(self, name: str) -> World:
        return self.sandbox.worlds.create(name, self._seed)

    def _wire(self, name: str, role: Role) -> Wire:
        return Wire(
            role.vendor,
            role.world,
            self.sandbox.transport(role.vendor).handle_async_request,
            random.Random(f"{self._seed}:wire:{name}"),  # noqa: S311
            latency_seconds=self._latency,
            lingers_seconds=LATE_SECONDS_MAXIMUM,
            moved=lambda: self.sandbox.worlds.on_outbox(role.world),
            renews=role.renews,
        )

    def _connector(self, name: str, role: Role) -> Connector:
        chance = random.Random(f"{self._seed}:{name}:{self._lives}")  # noqa: S311
        return watched(connect(role, self.clock, chance, self.wires[name]), self.waits)

    def _sku_map(self) -> SkuMap:
        rules = [
            SkuRule(sku, tuple(Part(theirs, many) for theirs, many in parts.items()))
            for sku, parts in self.goods.named.items()
        ]
        return SkuMap(rules, known=list(self.goods.shelves))
