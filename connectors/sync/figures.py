"""Is it working? Success, speed and freshness, each one question to the ledger; and forgetting what is long over."""

from datetime import datetime, timedelta

from msgspec import Struct

from connectors.sync.ledger import Ledger, State
from connectors.sync.merchant import Merchant

SAMPLE_MAXIMUM = 100_000
PIECE = 500
SPOKEN_OF = ("deliver", "cancel", "unsell", "ship", "unship", "level")


class Freshness(Struct, frozen=True):
    """How long ago a feed was last read to its end."""

    connection: str
    feed: str
    age: timedelta | None


class Speed(Struct, frozen=True):
    """From asked for to done."""

    kind: str
    median: timedelta
    slowest_of_20: timedelta
    """Nineteen of twenty were at least this quick."""


class Figures(Struct, frozen=True):
    """One merchant's figures over a window."""

    done: dict[str, int]
    waiting: dict[str, int]
    dead: dict[str, int]
    """By reason: all that are in the error queue now."""

    success: float | None
    """Done, of all that were concluded in the window; None while there are none."""

    speed: tuple[Speed, ...]
    oldest_waiting: timedelta | None
    freshness: tuple[Freshness, ...]


def figures(ledger: Ledger, merchant: Merchant, now: datetime, window: timedelta) -> Figures:
    """Figures of what was concluded since `now - window`, and of what is open now."""
    since = now - window
    counts = ledger.counts(merchant.name, since)
    done, waiting, dead = _tally(counts, 0, "done"), _tally(counts, 0, "todo", "sent"), _tally(counts, 2, "dead")
    concluded = sum(done.values()) + sum(dead.values())
    oldest = [created for _, _, created in ledger.oldest(merchant.name)]
    return Figures(
        done=done,
        waiting=waiting,
        dead=dead,
        success=sum(done.values()) / concluded if concluded else None,
        speed=tuple(
            Speed(kind, times[len(times) // 2], times[min(len(times) - 1, len(times) * 19 // 20)])
            for kind in SPOKEN_OF
            if (times := ledger.durations(merchant.name, kind, since, limit=SAMPLE_MAXIMUM))
        ),
        oldest_waiting=now - min(oldest) if oldest else None,
        freshness=tuple(
            Freshness(reading.connection, reading.feed, now - reading.complete if reading.complete else None)
            for reading in ledger.readings()
            if reading.connection in merchant.connections
        ),
    )


def _tally(counts: list[tuple[str, State, str, int]], column: int, *states: State) -> dict[str, int]:
    found: dict[str, int] = {}
    for row in counts:
        if row[1] in states:
            name = str(row[column])
            found[name] = found.get(name, 0) + row[3]
    return found


def prune(ledger: Ledger, merchant: Merchant, before: datetime) -> int:
    """Forget orders that are over with all that belongs to them, old webhooks, closed incidents and cursor marks.

    Their effects stay, a short row each: an old order that is read again must not be delivered again. Answers how
    many orders were forgotten.
    """
    forgotten, more = 0, True
    while more:
        with ledger.transaction():
            some = forget_some(ledger, merchant, before)
        forgotten, more = forgotten + some, some > 0
    return forgotten


def forget_some(ledger: Ledger, merchant: Merchant, before: datetime) -> int:
    """Within a transaction: forget so many orders that were over before then, and, once there are none, the rest."""
    orders = ledger.forget_orders(merchant.order_sources, before, limit=PIECE)
    references = [f"{connection}:{id}" for connection, id in orders]
    if references:
        for kind in ("shipment", "delivery"):
            ledger.forget_facts_of(kind, merchant.wms.connection, references)
        ledger.strip_effects(references)
    else:
        ledger.prune_inbox(before)
        ledger.prune_incidents(before)
        ledger.prune_marks(before)
    return len(references)
