"""The one clock of a world, and the only module of the fakes that reads the real one.

Moments are seconds since 1970 in UTC, as floats. A world's clock runs with the real one plus an offset, or stands still
until it is advanced, or follows an event loop whose time jumps (a simulation).
"""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

Mode = Literal["real", "manual"]


def wall_seconds() -> float:
    """The machine's own time."""
    return time.time()


class Clock:
    """`now()` in seconds. `pinned_at` holds it on one moment while something due at that moment is done."""

    def __init__(
        self, mode: Mode = "real", at: float | None = None, source: Callable[[], float] = wall_seconds
    ) -> None:
        self._source = source
        self._pinned: float | None = None
        self.mode: Mode = mode
        self._base = 0.0
        if mode == "manual":
            self._base = source() if at is None else at
        elif at is not None:
            self._base = at - source()

    def now(self) -> float:
        """Seconds since 1970, UTC."""
        if self._pinned is not None:
            return self._pinned
        return self._base if self.mode == "manual" else self._source() + self._base

    def wall(self) -> float:
        """The time this clock runs with."""
        return self._source()

    def pin(self, moment: float | None) -> None:
        """Hold the clock on a moment; None lets it go."""
        self._pinned = moment

    @contextmanager
    def pinned(self, moment: float) -> Iterator[None]:
        """Hold the clock on a moment for a while, and then where it was held before."""
        before, self._pinned = self._pinned, moment
        try:
            yield
        finally:
            self._pinned = before

    def shift(self, seconds: float) -> None:
        """Move on. Raises ValueError as `check` does."""
        self.check(seconds)
        self._base += seconds

    def check(self, seconds: float) -> None:
        """Raises ValueError where time cannot go: backwards, or beyond what a date can say."""
        if not 0 <= seconds < MOST_SECONDS:
            raise ValueError(f"a clock can be advanced by 0 to {MOST_SECONDS:.0f} seconds, not by {seconds}")
        if self.now() + seconds > LATEST:
            raise ValueError("no clock goes beyond the year 9998")

    def switch(self, mode: Mode, at: float | None = None) -> None:
        """Stand still or run, from this moment or from `at`."""
        moment = self.now() if at is None else at
        self.mode = mode
        self._base = moment if mode == "manual" else moment - self._source()


MOST_SECONDS = 100 * 366 * 86400.0
LATEST = datetime(9999, 1, 1, tzinfo=UTC).timestamp()


def iso_seconds(moment: float) -> str:
    """`2025-03-04T10:11:12Z`."""
    return _iso(math.floor(moment))


@lru_cache(maxsize=64)
def _iso(whole: int) -> str:
    at = time.gmtime(whole)
    return f"{at.tm_year:04d}-{time.strftime('%m-%dT%H:%M:%SZ', at)}"


def iso_millis(moment: float) -> str:
    """`2025-03-04T10:11:12.345Z`."""
    millis = round(moment * 1000)  # not cut off: a float is as often just below the moment it was read from
    return f"{_iso(millis // 1000)[:-1]}.{millis % 1000:03d}Z"


def iso_local_millis(moment: float, zone: str) -> str:
    """`2025-03-04T11:11:12.34+01:00`: the time there, at most three decimals, no trailing zeros."""
    millis = round(moment * 1000)
    decimals = f".{millis % 1000:03d}".rstrip("0").rstrip(".")
    head, offset = _local(millis // 1000, zone)
    return f"{head}{decimals}{offset}"


@lru_cache(maxsize=64)
def _local(whole: int, zone: str) -> tuple[str, str]:
    text = datetime.fromtimestamp(whole, ZoneInfo(zone)).isoformat()
    return text[:19], text[19:]


@lru_cache(maxsize=64)
def http_date(whole: int) -> str:
    """`Tue, 04 Mar 2025 10:11:12 GMT` for a whole second, in English whatever the machine speaks."""
    at = time.gmtime(whole)
    return (
        f"{DAYS[at.tm_wday]}, {at.tm_mday:02d} {MONTHS[at.tm_mon - 1]} {at.tm_year} {time.strftime('%H:%M:%S GMT', at)}"
    )


DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def moment_of(text: str) -> float:
    """The moment an ISO-8601 text names; without an offset it is UTC. Raises ValueError."""
    at = datetime.fromisoformat(text)
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
