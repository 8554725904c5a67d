"""An asyncio loop whose clock jumps: when nobody has anything to do, it is at once the moment somebody will have.

    virtual_time.run(main())        # a day of sleeping takes as long as what is done in between

The library that does the same, looptime, brings a pytest plugin that fails every suite without pytest-asyncio; what is
installed with Seatrial must not break other people's tests.
"""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class NothingScheduledError(RuntimeError):
    """Everybody waits and nobody is due: in real time the program would hang for ever."""


class JumpingSelector(selectors.BaseSelector):
    """Waits in no time: what would have been waited for is added to the loop's clock instead."""

    def __init__(self) -> None:
        self._real = selectors.DefaultSelector()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = self._real.select(0)
        if ready or (timeout is not None and timeout <= 0):
            return ready
        if timeout is None:
            raise NothingScheduledError("every task waits for something that nothing will bring about")
        self.now += timeout
        return []

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._real.register(fileobj, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self._real.unregister(fileobj)

    def modify(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._real.modify(fileobj, events, data)

    def close(self) -> None:
        self._real.close()

    def get_map(self) -> Any:
        return self._real.get_map()


class JumpingLoop(asyncio.SelectorEventLoop):
    """The loop. Threads and sockets work, but nobody waits for them: keep what you await inside the loop."""

    def __init__(self) -> None:
        self._jumping = JumpingSelector()
        super().__init__(self._jumping)
        self._clock_resolution = 1e-9

    def time(self) -> float:
        return self._jumping.now


def new_event_loop() -> JumpingLoop:
    """A loop at time zero."""
    return JumpingLoop()


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run to the end, in virtual time."""
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        return runner.run(main)
