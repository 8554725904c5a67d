"""Stock as absolute numbers: what each cart may sell, from what the warehouse counts and what was promised since."""

from collections.abc import Collection, Iterable
from datetime import datetime

from msgspec import Struct
from msgspec.json import decode, encode

from connectors.canonical import Level
from connectors.sync.ledger import Effect, Ledger
from connectors.sync.merchant import Merchant
from connectors.sync.rules import outstanding, sellable
from connectors.sync.schedule import PASS_OF


class Count(Struct, frozen=True):
    """What a warehouse counts of one SKU: the body of a `level` fact. When it was counted is the fact's version."""

    warehouse: str
    available: int
    on_hand: int
    allocated: int


def learn_levels(ledger: Ledger, merchant: Merchant, rows: Iterable[Level], began: datetime, now: datetime) -> None:
    """Keep a page of levels, read since `began`, and ask for whatever that changes in the carts."""
    changed = set()
    for level in rows:
        count = Count(level.warehouse, level.available, level.on_hand, level.allocated)
        learnt = ledger.learn(
            "level",
            merchant.wms.connection,
            f"{level.warehouse}/{level.sku}",
            parent=level.sku,
            updated=level.as_of,
            now=began,
            body=encode(count).decode(),
        )
        if learnt == "changed":
            changed.add(level.sku)
    ask_for_levels(ledger, merchant, changed, now)


def take_over_promises(ledger: Ledger, merchant: Merchant, began: datetime, now: datetime) -> None:
    """A whole snapshot was read since `began`: what had landed by then is in the warehouse's own numbers."""
    counted = ledger.forget_promises(merchant.name, began - merchant.settings.stock_lag)
    ask_for_levels(ledger, merchant, counted, now)


def ask_for_levels(
    ledger: Ledger, merchant: Merchant, warehouse_skus: Collection[str], now: datetime, *, stirred: str = ""
) -> None:
    """Something changed for these SKUs: ask for the levels that are no longer what the carts were told.

    `stirred` names a cart that has moved its own numbers for them, as carts do when an order is placed or cancelled:
    what it was told before means nothing there any more, so it is told again.
    """
    for cart in sorted(merchant.inventory_sinks) if warehouse_skus else ():
        listed = sorted({sku for theirs in warehouse_skus for sku in merchant.skus.listings(cart, theirs)})
        wanted = levels_for(ledger, merchant, cart, listed)
        known = ledger.effects([level_key(cart, sku) for sku in wanted])
        asked = 0
        for sku, level in wanted.items():
            effect = known.get(level_key(cart, sku))
            if effect is None or cart == stirred or _said(effect) != level.available:
                asked += _ask(ledger, merchant, effect, cart, sku, now)
        if asked:
            ledger.hasten(cart, PASS_OF["level"], now)


def level_key(cart: str, sku: str) -> str:
    return f"level:{cart}:{sku}"


def _ask(ledger: Ledger, merchant: Merchant, known: Effect | None, cart: str, sku: str, now: datetime) -> bool:
    """Ask for a level. One that waits already is read anew when it is sent; one that was refused waits for a person."""
    key = level_key(cart, sku)
    if known is None:
        return ledger.want(key, merchant=merchant.name, lane=cart, subject=sku, now=now, due=now)
    return known.state not in ("todo", "dead") and ledger.reopen(key, due=now)


def _said(effect: Effect) -> int | None:
    if effect.state == "done" and (effect.remote or "").isdecimal():
        return int(effect.remote or 0)
    return decode(effect.payload, type=Level).available if effect.payload else None


def levels_for(ledger: Ledger, merchant: Merchant, cart: str, skus: Iterable[str]) -> dict[str, Level]:
    """What this cart may sell now, by its own SKUs; one of which the warehouse has not told anything is left out."""
    made_of = {sku: parts for sku in skus if (parts := merchant.skus.parts(cart, sku))}
    theirs = sorted({part.sku for parts in made_of.values() for part in parts})
    available, seen, counted = _counts(ledger, merchant, theirs)
    promised = outstanding(ledger.promised(merchant.name, theirs), seen)
    safety = {sku: merchant.safety(sku) for sku in theirs}
    location = merchant.settings.locations.get(cart, "")
    found = {}
    for sku, parts in made_of.items():
        units = sellable(parts, available, promised, safety)
        if units is not None:
            as_of = min(counted[part.sku] for part in parts)
            found[sku] = Level(sku=sku, warehouse=location, available=units, on_hand=units, as_of=as_of)
    return found


def _counts(
    ledger: Ledger, merchant: Merchant, warehouse_skus: list[str]
) -> tuple[dict[str, int], dict[str, datetime], dict[str, datetime]]:
    """By SKU, over the places whose stock is for sale: what is available, since when we know, when it was counted."""
    wms, lag = merchant.wms.connection, merchant.settings.stock_lag
    available: dict[str, int] = {}
    seen: dict[str, datetime] = {}
    counted: dict[str, datetime] = {}
    for fact in ledger.facts_of("level", wms, warehouse_skus):
        count, sku = decode(fact.body, type=Count), fact.parent
        if merchant.settings.warehouses and count.warehouse not in merchant.settings.warehouses:
            continue
        fresh = fact.learnt - lag
        available[sku] = available.get(sku, 0) + count.available
        seen[sku] = min(seen.get(sku, fresh), fresh)
        counted[sku] = min(counted.get(sku, fact.updated), fact.updated)
    return available, seen, counted
