"""Limits kept on our side, so that the vendor seldom has to say 429.

They are per process and per connection, which is enough while one worker holds a connection at a time.
"""

import asyncio
from collections import deque
from datetime import UTC, datetime, timedelta
from typing import Protocol

from aiolimiter import AsyncLimiter

from connectors.core.clock import Clock

PAUSE_SECONDS_MAXIMUM = 3600.0
_CLOCKS_DIFFER = timedelta(milliseconds=10)  # theirs and ours, in one window
_HAIR_SECONDS = 0.000_002  # our clock counts microseconds, theirs may count finer: better this late than as much early


class Throttle(Protocol):
    """Asked before each call, told after it, and told when the vendor refused one."""

    async def admit(self, cost: float, clock: Clock) -> None:
        """Return when the call may go."""

    def done(self, cost: float) -> None:
        """The call that was admitted is over, however it ended."""

    def pause(self, seconds: float, clock: Clock) -> None:
        """The vendor said to wait: nobody goes before that."""


class _Pause:
    """One moment before which nobody goes."""

    def __init__(self) -> None:
        self._until: datetime | None = None

    def begin(self, seconds: float, clock: Clock) -> None:
        until = clock.now() + timedelta(seconds=min(seconds, PAUSE_SECONDS_MAXIMUM))
        self._until = until if self._until is None else max(until, self._until)

    async def over(self, clock: Clock) -> None:
        while self._until is not None and (left := (self._until - clock.now()).total_seconds()) > 0:
            await clock.sleep(left)
        self._until = None


class Unlimited:
    """No count of our own; the vendor's 429 still pauses everybody."""

    def __init__(self) -> None:
        self._pause = _Pause()

    async def admit(self, cost: float, clock: Clock) -> None:  # noqa: ARG002 - the protocol's shape
        await self._pause.over(clock)

    def done(self, cost: float) -> None:
        """Nothing is kept."""

    def pause(self, seconds: float, clock: Clock) -> None:
        self._pause.begin(seconds, clock)


class CallsPerPeriod:
    """So many calls in a period, as a leaky bucket on the event loop's time."""

    def __init__(self, calls: float, period_seconds: float) -> None:
        self._limiter = AsyncLimiter(calls, period_seconds)
        self._pause = _Pause()

    async def admit(self, cost: float, clock: Clock) -> None:
        await self._limiter.acquire(min(cost, self._limiter.max_rate))
        await self._pause.over(clock)

    def done(self, cost: float) -> None:
        """A call is spent when it is made."""

    def pause(self, seconds: float, clock: Clock) -> None:
        self._pause.begin(seconds, clock)


class CallsPerWindow:
    """At most so many calls in any window of that length, wherever the vendor lets its windows begin.

    A leaky bucket of the same numbers lets nearly twice as many through in its first window. Whoever goes takes one of
    so many places, and a place is free again one window after its call was over: when in between the vendor counted the
    call does not matter then.
    """

    def __init__(self, calls: int, window_seconds: float) -> None:
        self._window = timedelta(seconds=window_seconds) + _CLOCKS_DIFFER
        self._places = asyncio.Semaphore(calls)
        self._unused = calls
        self._free_at: deque[datetime] = deque()
        self._clock: Clock | None = None
        self._pause = _Pause()

    async def admit(self, cost: float, clock: Clock) -> None:
        if cost <= 0:
            return
        self._clock = clock
        await self._places.acquire()
        if self._unused:
            self._unused -= 1
            self._free_at.appendleft(datetime.min.replace(tzinfo=UTC))
        free_at = self._free_at.popleft()
        try:
            while (left := (free_at - clock.now()).total_seconds()) > 0:
                await clock.sleep(left)
            await self._pause.over(clock)
        except BaseException:
            self._free_at.appendleft(free_at)  # it did not go
            self._places.release()
            raise

    def done(self, cost: float) -> None:
        if cost > 0 and self._clock is not None:
            self._free_at.append(self._clock.now() + self._window)
            self._places.release()

    def pause(self, seconds: float, clock: Clock) -> None:
        self._pause.begin(seconds, clock)


class CostBucket:
    """Points that refill at a rate, as the vendor reports them after each call.

    Not an `AsyncLimiter`, whose rate and level are fixed once made: here every answer may correct both. Points of calls
    still under way are held back, since the vendor's number may not include them yet. First come, first served, so that
    a dear call is not starved by cheap ones.
    """

    def __init__(self, maximum: float, restore_per_second: float) -> None:
        self.maximum = maximum
        self.restore_per_second = restore_per_second
        self.available = maximum
        self.reserved = 0.0
        self._as_of: datetime | None = None
        self._turn = asyncio.Lock()
        self._pause = _Pause()

    async def admit(self, cost: float, clock: Clock) -> None:
        cost = min(cost, self.maximum)
        async with self._turn:
            await self._pause.over(clock)
            while (missing := cost - self._now_available(clock)) > 0:
                await clock.sleep(missing / self.restore_per_second + _HAIR_SECONDS)
            self.available -= cost
            self.reserved += cost

    def done(self, cost: float) -> None:
        self.reserved = max(0.0, self.reserved - min(cost, self.maximum))

    def pause(self, seconds: float, clock: Clock) -> None:
        self._pause.begin(seconds, clock)

    def heard(
        self, *, maximum: float, available: float, restore_per_second: float, own_cost: float, clock: Clock
    ) -> None:
        """What an answer said of the bucket. `own_cost` is what its call was admitted with, which is settled by now."""
        if maximum <= 0 or restore_per_second <= 0:
            return  # a bucket that never fills would stop the connection for good
        self.maximum, self.restore_per_second = maximum, restore_per_second
        others = max(0.0, self.reserved - own_cost)
        self.available = min(maximum, available) - others
        self._as_of = clock.now()

    def _now_available(self, clock: Clock) -> float:
        now = clock.now()
        if self._as_of is not None:
            elapsed = max(0.0, (now - self._as_of).total_seconds())
            self.available = min(self.maximum, self.available + elapsed * self.restore_per_second)
        self._as_of = now
        return self.available
