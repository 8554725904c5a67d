"""The world of a crash run: fakes with an empty shop and an empty warehouse, shoppers who buy, a clerk who ships."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from random import Random
from typing import Any

import httpx

from mock_servers.core.refusal import Refusal, UsageError
from mock_servers.core.sandbox import Sandbox
from mock_servers.core.serving import Pump
from seatrial.simulation.cast import Cast
from seatrial.simulation.people import PEOPLE
from seatrial.simulation.stage import Goods, Sides

CART, WMS = "shop", "warehouse"
SKUS = 8
PLENTY = 100_000
SEARCH_LAG_SECONDS = 0.3
ROUND_SECONDS = 0.25


class Town:
    """Everything that is not ours: vendors and people. `on_hand` is what should lie on the shelves."""

    def __init__(self, seed: int, cast: Cast) -> None:
        self.chance = Random(seed)  # noqa: S311 - repeatable on purpose
        self.sandbox = Sandbox(cast.vendors, seed=seed)
        self.cart = cast.carts[0](CART, self.sandbox.world)
        self.wms = cast.warehouse(WMS, self.sandbox.world)
        self.eased = {part.name: part.ease_limits() for part in (self.cart, self.wms)}
        """What their connectors are told of limits that were eased, by connection."""
        skus = [f"SKU-{number:02d}" for number in range(1, SKUS + 1)]
        self.goods = Goods(dict.fromkeys(skus, PLENTY), {"SIX-PACK": {skus[0]: 6}})
        for part in (self.cart, self.wms):
            part.lag_by(SEARCH_LAG_SECONDS)
            part.move_in()
        for sku, many in self.goods.shelves.items():
            self.wms.stock(sku, many)
        for sku in self.goods.listed:
            self.cart.offer(sku, "9.00")
        self.on_hand = dict(self.goods.shelves)
        self.orders = self.parcels = 0
        self._voidable: dict[str, dict[str, int]] = {}

    async def live(self, orders_per_second: float, stop: asyncio.Event) -> None:
        """People act until they are asked to stop; timers of the vendors go on for as long as this is awaited."""
        owed = 0.0
        while not stop.is_set():
            owed += orders_per_second * ROUND_SECONDS
            while owed >= 1:
                owed -= 1
                self._buy()
            self._clerk_goes_round()
            await asyncio.sleep(ROUND_SECONDS)

    def pump(self) -> Pump:
        """What makes the vendors' own timers go."""
        return Pump(self.sandbox)

    def _buy(self) -> None:
        skus = self.chance.sample(self.goods.listed, self.chance.choice((1, 1, 2, 3)))
        basket = {sku: self.chance.choice((1, 2, 4)) for sku in skus}
        try:
            order = self.cart.check_out(self.chance.choice(PEOPLE), basket, paid=True)
        except UsageError:
            return  # sold out: as everything is until the first levels are published
        self.orders += 1
        if self.chance.random() < 0.06:
            asyncio.get_running_loop().call_later(self.chance.uniform(0, 8), self._try, self.cart.cancel, order)

    def _clerk_goes_round(self) -> None:
        for waiting in self.wms.waiting():
            drawn = self.chance.random()
            if drawn < 0.01:
                self._try(self.wms.cancel, waiting.reference)
            elif drawn < 0.08:
                units = {sku: self.chance.randrange(1, many + 1) for sku, many in waiting.left.items()}
                self._ship(waiting.reference, units, 1)
            elif drawn < 0.3:
                self._ship(waiting.reference, dict(waiting.left), self.chance.choice((1, 1, 2)))
        if self.chance.random() < 0.1:
            sku = self.chance.choice(list(self.on_hand))
            self.on_hand[sku] += self.chance.randrange(-5, 50)
            self.wms.count(sku, self.on_hand[sku])
        if self._voidable and self.chance.random() < 0.05:
            parcel, contents = self._voidable.popitem()
            if self._try(self.wms.void, parcel) is not None:
                self._move(contents, +1)

    def _ship(self, reference: str, units: dict[str, int], parcels: int) -> None:
        sent = self._try(self.wms.ship, reference, units, parcels, self.chance.choice(("UPS", "DHL Express")))
        for parcel, contents in (sent or {}).items():
            self.parcels += 1
            self._move(contents, -1)
            self._voidable[parcel] = contents
        while len(self._voidable) > 20:
            del self._voidable[next(iter(self._voidable))]

    def _move(self, contents: Mapping[str, int], sign: int) -> None:
        for sku, many in contents.items():
            self.on_hand[sku] += sign * many

    def _try(self, does: Any, *arguments: Any) -> Any:
        """What a vendor does not allow any more is shrugged off, and answered with None."""
        with suppress(UsageError, Refusal):
            return does(*arguments) or {}
        return None

    async def sides(self) -> Sides:
        """Both sides through their public APIs."""
        async with (
            httpx.AsyncClient(transport=self.sandbox.transport(self.cart.vendor)) as cart,
            httpx.AsyncClient(transport=self.sandbox.transport(self.wms.vendor)) as wms,
        ):
            return Sides({CART: await self.cart.read(cart)}, await self.wms.read(wms))

    def unsound(self) -> list[str]:
        """What is wrong with the vendors' own books."""
        world = self.sandbox.world
        return [
            f"{vendor}: {words}"
            for vendor, fake in self.sandbox.fakes.items()
            for words in fake.problems(world.work(vendor))
        ]

    async def aclose(self) -> None:
        await self.sandbox.aclose()
