"""How long connections stand at a limit: what a run spends waiting because the vendor allows no more."""

from collections.abc import Callable
from typing import TypeVar

from connectors.core.clock import Clock
from connectors.core.http import Http
from connectors.core.throttle import Throttle
from connectors.ports import Connector

C = TypeVar("C", bound=Connector)


class Waits:
    """Seconds during which at least one call stood at a limit, over all connections."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.seconds = 0.0
        self.calls = 0
        self._now = now
        self._standing = 0
        self._since = 0.0

    @property
    def standing(self) -> bool:
        """Whether a call stands at a limit now."""
        return self._standing > 0

    def begin(self) -> None:
        if self._standing == 0:
            self._since = self._now()
        self._standing += 1

    def end(self, *, waited: bool) -> None:
        self._standing -= 1
        self.calls += waited
        if self._standing == 0:
            self.seconds += self._now() - self._since


class WatchedThrottle:
    """A connector's own throttle, with a watch beside it."""

    def __init__(self, inner: Throttle, waits: Waits) -> None:
        self._inner = inner
        self._waits = waits

    async def admit(self, cost: float, clock: Clock) -> None:
        began = clock.now()
        self._waits.begin()
        try:
            await self._inner.admit(cost, clock)
        finally:
            self._waits.end(waited=clock.now() > began)

    def done(self, cost: float) -> None:
        self._inner.done(cost)

    def pause(self, seconds: float, clock: Clock) -> None:
        self._inner.pause(seconds, clock)


def watched(connector: C, waits: Waits) -> C:
    """The same connector, measured. Nothing of how it behaves is changed."""
    http = getattr(connector, "_http", None)
    if isinstance(http, Http):
        http._throttle = WatchedThrottle(http._throttle, waits)  # noqa: SLF001 - there is no other place to stand
    return connector
