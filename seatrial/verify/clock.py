"""Real time for whoever verifies a real target: what day it is, how long ago something was, and how to wait."""

import secrets
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import NamedTuple


class Timing(NamedTuple):
    """A running count of seconds and a way to let some go by; tests bring their own."""

    seconds: Callable[[], float]
    wait: Callable[[float], None]


REAL = Timing(time.monotonic, time.sleep)


def today() -> date:
    """The day it is, UTC."""
    return datetime.now(UTC).date()


def new_mark() -> str:
    """A few letters that no other run has: they keep the words of two runs against one target apart."""
    return secrets.token_hex(3)
