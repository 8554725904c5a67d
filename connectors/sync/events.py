"""What the engine tells while it works, as plain values: for a command line, a log, or a simulator's story."""

from collections.abc import Callable
from datetime import datetime
from typing import TypeAlias

from msgspec import Struct

from connectors.sync.ledger import State


class PassStarted(Struct, frozen=True, tag=True):
    """A pass begins on a lane."""

    at: datetime
    lane: str
    name: str


class PassEnded(Struct, frozen=True, tag=True):
    """A pass is over. `error` is empty when it came to its end."""

    at: datetime
    lane: str
    name: str
    learnt: int = 0
    settled: int = 0
    error: str = ""


class PageKept(Struct, frozen=True, tag=True):
    """Rows were read, and are in the ledger with their cursor."""

    at: datetime
    connection: str
    feed: str
    rows: int


class EffectMoved(Struct, frozen=True, tag=True):
    """An effect was concluded or put off: its state now, and why."""

    at: datetime
    key: str
    subject: str
    state: State
    reason: str = ""


class LaneHeld(Struct, frozen=True, tag=True):
    """Another worker has this lane; its passes are skipped here."""

    at: datetime
    lane: str


Event: TypeAlias = PassStarted | PassEnded | PageKept | EffectMoved | LaneHeld
Tell: TypeAlias = Callable[[Event], None]


def silent(_: Event) -> None:
    """Tell nobody."""
