"""Time for connectors: what time it is, and how to wait. The wall clock is read here and nowhere else."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """What a connector may know of time."""

    def now(self) -> datetime:
        """This moment, aware and in UTC."""

    async def sleep(self, seconds: float) -> None:
        """Let that much time go by."""


class LoopClock:
    """The event loop's own time, counted from `base`: under a virtual loop, time goes as that loop says.

    `base` is what time it is when the clock is made, or, made outside a loop, when it is first asked. Without one the
    wall clock is read once, at that moment; from then on only the loop counts, so that a corrected system clock never
    makes a token younger. `now()` needs a running loop.
    """

    def __init__(self, base: datetime | None = None) -> None:
        if base is not None and base.tzinfo is None:
            raise ValueError("base must be an aware datetime")
        self._base = base
        self._began: float | None = None
        with suppress(RuntimeError):  # no loop is running yet: the first question starts it
            self.now()

    def now(self) -> datetime:
        ticks = asyncio.get_running_loop().time()
        if self._began is None:
            self._began = ticks
        if self._base is None:
            self._base = datetime.now(UTC)
        return self._base.astimezone(UTC) + timedelta(seconds=ticks - self._began)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, seconds))
