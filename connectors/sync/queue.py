"""The error queue: every outcome a person has to look at, and what a person may do about it.

- *replay* does it again with the newest facts; one whose outcome is unknown is looked up before anything else.
- *resolve* says it has been done, by hand or by somebody else, and under which id it stands at the vendor.
- *skip* gives it up for good.
"""

from collections.abc import Iterator
from datetime import datetime

from msgspec import Struct
from msgspec.json import decode
from msgspec.structs import replace

from connectors.canonical import Order, Ref
from connectors.sync.learn import arrived, promise_stock
from connectors.sync.ledger import Effect, Ledger, Select
from connectors.sync.merchant import Merchant
from connectors.sync.schedule import PASS_OF
from connectors.sync.stock import ask_for_levels

PIECE = 500


class NotInTheQueue(LookupError):  # noqa: N818 - named for what is wrong with the question
    """There is no such effect, or it is not waiting for a person."""


class Letter(Struct, frozen=True):
    """One entry: what was to happen, why it did not, and the next step in words."""

    key: str
    kind: str
    lane: str
    subject: str
    reason: str
    words: str
    next_step: str
    since: datetime
    attempts: int
    payload: str | None


def letters(ledger: Ledger, merchant: Merchant, which: Select, *, limit: int) -> list[Letter]:
    """What is dead, by key. `which` narrows it down: by key, kind, lane, reason, or subject (the order's reference)."""
    found = ledger.select(replace(which, merchant=merchant.name, states=("dead",)), limit=limit)
    return [
        Letter(
            effect.key,
            effect.kind,
            effect.lane,
            effect.subject,
            effect.reason,
            effect.error,
            effect.next_step,
            effect.settled or effect.created,
            effect.attempts,
            effect.payload,
        )
        for effect in found
    ]


def replay(ledger: Ledger, merchant: Merchant, which: Select, now: datetime) -> list[str]:
    """Have them done again. Answers the keys."""
    replayed = []
    for effect in _dead(ledger, merchant, which):
        with ledger.transaction():
            if effect.reason in LOOK_FIRST and effect.intent is not None:
                moved = ledger.look_again(effect.key, due=max(now, effect.intent + merchant.settle(effect.lane)))
            else:
                moved = ledger.reopen(effect.key, due=now)
            if moved:
                ledger.hasten(effect.lane, PASS_OF[effect.kind], now)
                replayed.append(effect.key)
    return replayed


LOOK_FIRST = frozenset({"unknown", "ambiguous"})


def resolve(ledger: Ledger, merchant: Merchant, key: str, remote: str, now: datetime) -> None:
    """It has been done; `remote` is its id at the vendor. Raises `NotInTheQueue`."""
    with ledger.transaction():
        effect = ledger.effect(key)
        if effect is None or effect.merchant != merchant.name or not ledger.resolve(key, now=now, remote=remote):
            raise NotInTheQueue(f"{key} is not in the error queue.")
        order = _order(ledger, merchant, effect)
        if effect.kind == "deliver" and order is not None:
            arrived(ledger, merchant, order, now)


def skip(ledger: Ledger, merchant: Merchant, which: Select, now: datetime) -> list[str]:
    """Give them up. What a given-up delivery had set aside may be sold again. Answers the keys."""
    skipped = []
    for effect in _dead(ledger, merchant, which):
        with ledger.transaction():
            if ledger.void(effect.key, now=now, reason="skipped"):
                skipped.append(effect.key)
            order = _order(ledger, merchant, effect)
            if effect.kind == "deliver" and order is not None:
                ask_for_levels(ledger, merchant, promise_stock(ledger, merchant, order), now)
    return skipped


def _dead(ledger: Ledger, merchant: Merchant, which: Select) -> Iterator[Effect]:
    which = replace(which, merchant=merchant.name, states=("dead",))
    after = ""
    while piece := ledger.select(which, limit=PIECE, after_key=after):
        yield from piece
        after = piece[-1].key


def _order(ledger: Ledger, merchant: Merchant, effect: Effect) -> Order | None:
    ref: Ref | None = merchant.order_of(effect.subject)
    fact = ledger.fact("order", ref.connection, ref.id) if ref else None
    return decode(fact.body, type=Order) if fact else None
