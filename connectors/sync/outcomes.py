"""What can come of an effect, and what one kind of effect has to say about itself."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from msgspec import Struct

from connectors.sync.ledger import Effect
from connectors.sync.rules import Wrong
from connectors.sync.work import Work


class Happened(Struct, frozen=True):
    """It is there, and this is its id there."""

    remote: str


class Needless(Struct, frozen=True):
    """It is not there and need not be. `payload` remembers what would have been sent."""

    reason: str
    payload: str | None = None


class Later(Struct, frozen=True):
    """Something else has to be settled first."""

    until: datetime


class Parked(Struct, frozen=True):
    """Nobody can know by looking; a person has to."""

    reason: str
    words: str
    next_step: str


Outcome: TypeAlias = Happened | Needless | Parked | Exception
Plan: TypeAlias = str | Needless | Later | Wrong
"""What to send, as JSON; or why not."""


@dataclass(frozen=True)
class Kind:
    """How one kind of effect is done. `find` leaves out what the vendor was asked for and does not have."""

    prepare: Callable[[Work, Effect], Plan]
    find: Callable[[Work, Sequence[Effect]], Awaitable[Mapping[str, Outcome]]]
    do: Callable[[Work, Sequence[Effect]], Awaitable[Mapping[str, Outcome]]]
    after: Callable[[Work, Effect, Outcome, datetime], None] = lambda *_: None
    looks_first: Callable[[Effect], bool] = lambda _: False
    bulk: bool = False

    def calls(self, effects: Sequence[Effect]) -> list[Sequence[Effect]]:
        """Which effects travel in one call."""
        return [effects] if self.bulk and effects else [[effect] for effect in effects]
