"""Who acts: shoppers who buy and change their minds, and a clerk who ships, voids, cancels and counts.

Each order's fate is drawn from the seed and the order's own number, so that what the engine does changes nothing of
what people want. What a vendor does not allow any more is shrugged off.
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from random import Random
from typing import Any

from mock_servers.core.cast import CartPart, Person, WarehousePart
from mock_servers.core.refusal import Refusal, UsageError
from seatrial.simulation.scenario import Scenario
from seatrial.simulation.stage import Goods
from seatrial.simulation.trace import Trace

OPENING_SECONDS = 900.0
"""The shops are told what there is before anybody comes."""

PEOPLE = (
    Person("Ana", "Ruiz", "5 Pine Rd", "Albany", "NY", "12207", "US"),
    Person("Jürgen", "Müller", "Königstraße 12", "Köln", "", "50667", "DE"),
    Person("Zoë", "Ødegård", "Åsgårdsveien 3", "Tromsø", "", "9008", "NO"),
    Person("三郎", "山田", "千代田1-1", "東京", "", "100-0001", "JP"),
    Person("Paul", "O'Kent", 'Unit "B", 1 Dock Ln', "Boston", "MA", "02110", "US"),
    Person("Łucja", "Żółć", "ul. Gęsia 7/3", "Łódź", "", "90-001", "PL"),
    Person("Nguyễn", "Thị Hương", "12 Phố Huế", "Hà Nội", "", "100000", "VN"),
    Person("Iris", "Wolf", "4 Moss Way", "Denver", "CO", "80202", "US"),
)


def draw_goods(chance: Random, count: int, orders: int) -> Goods:
    """So many SKUs, a renamed one, a multipack and a kit; enough on the shelves for most, not always for all."""
    skus = [f"SKU-{number:02d}" for number in range(1, count + 1)]
    plenty = 40 + 4 * orders // count
    first, second, third, fourth = chance.sample(skus, 4)
    named = {
        "OLD-NAME": {first: 1},
        "SIX-PACK": {second: 6},
        "GIFT-KIT": {third: 1, fourth: 2},
    }
    return Goods({sku: chance.randrange(plenty // 2, plenty * 2) for sku in skus}, named)


class Crowd:
    """Shoppers of all carts."""

    def __init__(self, scenario: Scenario, carts: Mapping[str, CartPart], goods: Goods, trace: Trace) -> None:
        self._scenario = scenario
        self._carts = list(carts.values())
        self._listed = goods.listed
        self._trace = trace

    async def come(self) -> None:
        """Everybody, each in their own time."""
        chance = self._scenario.chance("crowd")
        span = self._scenario.traffic.total_seconds() - OPENING_SECONDS
        moments = sorted(OPENING_SECONDS + chance.random() * max(0.0, span) for _ in range(self._scenario.orders))
        await asyncio.gather(*(self._shop(number, at) for number, at in enumerate(moments)))

    async def _shop(self, number: int, at: float) -> None:
        chance = self._scenario.chance(f"shopper {number}")
        cart = self._carts[number % len(self._carts)]
        person = chance.choice(PEOPLE)
        skus = chance.sample(self._listed, chance.choice((1, 1, 2, 2, 3, 4)))
        basket = {sku: chance.choice((1, 1, 2, 2, 3, 5)) for sku in skus}
        paid = chance.random() < 0.92
        await _until(at)
        words = ", ".join(f"{quantity} × {sku}" for sku, quantity in basket.items())
        try:
            order = cart.check_out(person, basket, paid=paid)
        except (UsageError, Refusal) as refused:
            self._trace.deed("shopper", f"wants {words} and leaves: {refused}", cart.name)
            return
        self._trace.deed(
            "shopper", f"buys {words} at {cart.name} as {order}{'' if paid else ', on account'}", f"{cart.name}:{order}"
        )
        await self._afterwards(chance, cart, order, basket, paid=paid)

    async def _afterwards(
        self, chance: Random, cart: CartPart, order: str, basket: Mapping[str, int], *, paid: bool
    ) -> None:
        """Some pay late, some change their minds, some want something else."""
        if not paid:
            await asyncio.sleep(chance.uniform(60, 6 * 3600))
            if chance.random() < 0.7:
                self._try("pays", cart, order, cart.pay, order)
        fate = chance.random()
        await asyncio.sleep(_a_while(chance))
        if fate < 0.14:
            self._try("has it cancelled", cart, order, cart.cancel, order)
        elif fate < 0.22:
            sku = chance.choice(list(basket))
            wanted = {sku: chance.choice((0, 1, basket[sku] + 1))}
            self._try(f"wants {wanted[sku]} × {sku} instead", cart, order, cart.edit, order, wanted, None)
        elif fate < 0.26:
            elsewhere = chance.choice(PEOPLE)
            self._try(f"wants it sent to {elsewhere.city}", cart, order, cart.edit, order, {}, elsewhere)

    def _try(self, words: str, cart: CartPart, order: str, does: Any, *arguments: Any) -> None:
        name = f"{cart.name}:{order}"
        try:
            does(*arguments)
        except (UsageError, Refusal) as refused:
            self._trace.deed("shopper", f"{words}: {name}; it cannot be: {refused}", name)
        else:
            self._trace.deed("shopper", f"{words}: {name}", name)


class Clerk:
    """One person at the warehouse, who goes round every few minutes. `on_hand` is what should lie on the shelves."""

    def __init__(self, scenario: Scenario, wms: WarehousePart, goods: Goods, trace: Trace) -> None:
        self.on_hand = dict(goods.shelves)
        self._scenario = scenario
        self._wms = wms
        self._trace = trace
        self._fates: dict[str, Random] = {}
        self._voiding: list[asyncio.Task[None]] = []

    async def work(self, seconds: float) -> None:
        """For so long; then finish what was begun."""
        loop, chance = asyncio.get_running_loop(), self._scenario.chance("clerk")
        while loop.time() < seconds:
            await asyncio.sleep(chance.uniform(300, 1500))
            for waiting in self._wms.waiting():
                fate = self._fates.setdefault(waiting.reference, self._scenario.chance(waiting.reference))
                self._handle(fate, waiting.reference, dict(waiting.left))
            if chance.random() < 0.08:
                self._count(chance)
        await asyncio.gather(*self._voiding)

    def _handle(self, fate: Random, reference: str, left: dict[str, int]) -> None:
        drawn = fate.random()
        if drawn < 0.25:
            return  # another time
        if drawn < 0.45:
            self._do(f"prepares {reference}", reference, lambda: self._wms.prepare(reference))
        elif drawn < 0.49:
            self._do(f"cancels {reference} at the desk", reference, lambda: self._wms.cancel(reference))
        elif drawn < 0.65:
            some = {sku: fate.randrange(1, many + 1) for sku, many in left.items() if fate.random() < 0.6}
            self._ship(fate, reference, some or left, 1)
        else:
            self._ship(fate, reference, left, fate.choice((1, 1, 1, 2, 3)))

    def _ship(self, fate: Random, reference: str, units: dict[str, int], parcels: int) -> None:
        carrier = fate.choice(("UPS", "DHL Express", "Yamato", "GLS"))
        words = ", ".join(f"{many} × {sku}" for sku, many in units.items())
        sent = self._do(
            f"ships {words} for {reference} in {parcels}",
            reference,
            lambda: self._wms.ship(reference, units, parcels, carrier),
        )
        for parcel, contents in (sent or {}).items():
            self._move(contents, -1)
            if fate.random() < 0.06:
                self._voiding.append(asyncio.ensure_future(self._void(fate.uniform(20, 4000), parcel, contents)))

    async def _void(self, seconds: float, parcel: str, contents: dict[str, int]) -> None:
        await asyncio.sleep(seconds)
        with suppress(UsageError, Refusal):
            self._wms.void(parcel)
            self._move(contents, +1)
            self._trace.deed("clerk", f"voids parcel {parcel}", parcel)

    def _count(self, chance: Random) -> None:
        """Goods came in, or some are broken."""
        sku = chance.choice(list(self.on_hand))
        counted = max(0, self.on_hand[sku] + chance.choice((-2, -1, 3, 20, 50)))
        self._wms.count(sku, counted)
        self.on_hand[sku] = counted
        self._trace.deed("clerk", f"counts {counted} × {sku}", sku)

    def _move(self, contents: Mapping[str, int], sign: int) -> None:
        for sku, many in contents.items():
            self.on_hand[sku] += sign * many

    def _do(self, words: str, reference: str, does: Any) -> Any:
        try:
            done = does()
        except (UsageError, Refusal) as refused:
            self._trace.deed("clerk", f"{words}; it cannot be: {refused}", reference)
            return None
        self._trace.deed("clerk", words, reference)
        return done


async def _until(seconds: float) -> None:
    await asyncio.sleep(max(0.0, seconds - asyncio.get_running_loop().time()))


def _a_while(chance: Random) -> float:
    """Seconds until somebody changes their mind: at once, within minutes, or hours later."""
    return chance.uniform(*chance.choice(((0, 20), (20, 300), (300, 1800), (1800, 6 * 3600))))
