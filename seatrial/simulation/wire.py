"""The way between a connector and its vendor, and the way of the webhooks back: latency, faults, and what is under way.

A request travels as a task of its own. When its sender dies or gives up, it travels on, and may still arrive; that is
the window in which orders are doubled.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress

import httpx

from mock_servers.core.refusal import UsageError
from mock_servers.core.world import World
from seatrial.simulation.weather import Calm, Strike, Weather

Arrive = Callable[[httpx.Request], Awaitable[httpx.Response]]


class Wire(httpx.AsyncBaseTransport):
    """Carries one connection's requests. `arrive` is the vendor; `moved` is called whenever it was spoken to."""

    def __init__(
        self,
        vendor: str,
        world: World,
        arrive: Arrive,
        chance: random.Random,
        *,
        latency_seconds: float,
        lingers_seconds: float = 0.0,
        moved: Callable[[], object] = lambda: None,
        renews: bool = True,
    ) -> None:
        """`renews` is false where whoever sends cannot get another token: none is taken back then."""
        self.vendor = vendor
        self.world = world
        self.weather: Weather = Calm()
        self._travelling: list[asyncio.Future[httpx.Response]] = []
        self.sent = 0
        self._arrive = arrive
        self._chance = chance
        self._latency = latency_seconds
        self._lingers = lingers_seconds
        self._moved = moved
        self._renews = renews

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.sent += 1
        strike = self.weather.strike(asyncio.get_running_loop().time(), request)
        out, back = self._leg(), self._leg()
        orphaned = asyncio.Event()
        travelling = asyncio.ensure_future(self._there(request, strike, out, orphaned))
        travelling.add_done_callback(self._is_over)
        self._travelling.append(travelling)
        try:
            response = await asyncio.shield(travelling)
        except asyncio.CancelledError:
            orphaned.set()
            raise
        await asyncio.sleep(back)
        return response

    async def rest(self) -> None:
        """Until nothing is under way any more."""
        while self._travelling:
            await asyncio.wait(self._travelling)

    def _leg(self) -> float:
        """Half of a round trip: mostly quick, sometimes four times as long."""
        return self._latency / 2 * self._chance.choice((0.3, 0.5, 0.7, 1.0, 1.5, 4.0))

    async def _there(
        self, request: httpx.Request, strike: Strike | None, out_seconds: float, orphaned: asyncio.Event
    ) -> httpx.Response:
        try:
            await asyncio.sleep(out_seconds)
            if orphaned.is_set():  # its sender is dead: it may be stuck somewhere, and land later, or never
                if self._chance.random() < 0.3:
                    raise httpx.ConnectError("the sender was gone before all of it was sent", request=request)
                await asyncio.sleep(self._chance.uniform(0.0, self._lingers))
            planned = self._plan(strike)
            try:
                response = await self._arrive(request)
            finally:
                self._unplan(planned)
            return response
        finally:
            self._moved()

    def _plan(self, strike: Strike | None) -> int | None:
        if strike is None or (strike.kind == "revoke" and not self._renews):
            return None
        return self.world.faults.plan(self.vendor, "*", strike.kind, seconds=strike.seconds, error=strike.error).number

    def _unplan(self, number: int | None) -> None:
        """A request that the vendor took for somebody else's met no fault of this world."""
        if number is not None:
            with suppress(UsageError):
                self.world.faults.drop(number)

    def _is_over(self, travelled: "asyncio.Future[httpx.Response]") -> None:
        """Its sender may be dead: nobody else asks what became of it."""
        self._travelling.remove(travelled)
        if not travelled.cancelled():
            travelled.exception()


class Hooks(httpx.AsyncBaseTransport):
    """The way of webhooks to whoever receives them now: `https://…/hooks/<connection>`. Nobody is there while it is
    None, and a receiver that dies while it listens is a connection that breaks."""

    def __init__(self, latency_seconds: float) -> None:
        self.receive: Callable[[str, httpx.Headers, bytes], int] | None = None
        self.heard = 0
        self._latency = latency_seconds

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(self._latency / 2)
        if self.receive is None:
            raise httpx.ConnectError("nobody listens", request=request)
        status = self.receive(request.url.path.rsplit("/", 1)[-1], request.headers, await request.aread())
        self.heard += status == 200
        await asyncio.sleep(self._latency / 2)
        return httpx.Response(status, request=request)
