"""Both sides compared through the connectors' own reads, with the ledger in between.

What is missing is asked for again; what is unknown is learnt; what nobody can repair by asking again (two deliveries
of one order: the warehouse may have split it on purpose) is told to a person. A difference that the next passes will
settle anyway, because its effect is still on its way, is no drift.
"""

from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime
from typing import Literal, TypeVar

from msgspec import Struct
from msgspec.json import decode

from connectors.canonical import DeliveryState, Fulfillment, Order, Page
from connectors.core.clock import Clock
from connectors.sync.learn import (
    again,
    cancel_key,
    decide_order,
    deliver_key,
    learn_delivery,
    learn_order,
    learn_shipment,
)
from connectors.sync.ledger import Effect, Fact, Ledger, Select
from connectors.sync.merchant import Merchant
from connectors.sync.rules import reference_of
from connectors.sync.stock import ask_for_levels, levels_for
from connectors.sync.work import PageWatch

T = TypeVar("T")

PIECE = 500
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)

What = Literal[
    "unlearnt_order",
    "unlearnt_shipment",
    "missing_delivery",
    "doubled_delivery",
    "unexpected_delivery",
    "uncancelled_delivery",
    "uncancelled_order",
    "missing_fulfillment",
    "wrong_level",
]


class Drift(Struct, frozen=True):
    """One difference: what each side has, and whether it was asked to be put right."""

    kind: What
    subject: str
    left: str
    right: str
    healed: bool


async def reconcile(merchant: Merchant, ledger: Ledger, clock: Clock, since: datetime | None) -> list[Drift]:
    """Compare what changed since then (None: everything there is); answers every difference found."""
    found: list[Drift] = []
    for cart in merchant.order_sources:
        found += await _orders(merchant, ledger, clock, cart, since)
    found += await _shipments(merchant, ledger, clock, since)
    states = await _deliveries(merchant, ledger, clock, since)
    for cart in merchant.order_sources:
        found += await _delivered(merchant, ledger, clock, cart, since, states)
    for cart in merchant.shipment_sinks:
        found += await _fulfilled(merchant, ledger, clock, cart, since)
    for cart in merchant.inventory_sinks:
        found += await _levels(merchant, ledger, clock, cart)
    return found


async def _rows(
    merchant: Merchant,
    ledger: Ledger,
    pages: Callable[[str | None], AsyncIterator[Page[T]]],
    connection: str,
    feed: str,
    since: datetime | None,
) -> AsyncIterator[T]:
    """A feed once more, from where its cursor stood at the beginning of the window."""
    watch = PageWatch(f"{feed} of {connection}", merchant.settings.pages_maximum)
    async for page in pages(ledger.cursor_before(connection, feed, since) if since else None):
        watch.see(page)
        for row in page.rows:
            yield row


async def _orders(merchant: Merchant, ledger: Ledger, clock: Clock, cart: str, since: datetime | None) -> list[Drift]:
    found = []
    async for order in _rows(merchant, ledger, merchant.order_sources[cart].orders, cart, "orders", since):
        known, now = ledger.fact("order", cart, order.source.id), clock.now()
        with ledger.transaction():
            touched = learn_order(ledger, merchant, order, now)
            ask_for_levels(ledger, merchant, touched, now, stirred=cart)
        newest = ledger.fact("order", cart, order.source.id)
        if newest and (known is None or known.updated < newest.updated):
            left = f"{order.status}, {order.updated.isoformat()}"
            found.append(Drift("unlearnt_order", reference_of(order.source), left, _version(known), healed=True))
    return found


def _version(fact: Fact | None) -> str:
    return f"{fact.status}, {fact.updated.isoformat()}" if fact else "unknown"


async def _shipments(merchant: Merchant, ledger: Ledger, clock: Clock, since: datetime | None) -> list[Drift]:
    source, wms = merchant.shipment_source, merchant.wms.connection
    found: list[Drift] = []
    if source is None:
        return found
    async for shipment in _rows(merchant, ledger, source.shipments, wms, "shipments", since):
        if merchant.order_of(shipment.reference) is None:
            continue
        known = ledger.fact("shipment", wms, shipment.source.id)
        with ledger.transaction():
            learn_shipment(ledger, merchant, shipment, clock.now())
        if known is None or known.updated < shipment.updated:
            left = f"{'voided' if shipment.voided else 'live'}, {shipment.updated.isoformat()}"
            found.append(Drift("unlearnt_shipment", shipment.source.id, left, _version(known), healed=True))
    return found


async def _deliveries(
    merchant: Merchant, ledger: Ledger, clock: Clock, since: datetime | None
) -> dict[str, list[DeliveryState]]:
    """What the destination says it has of ours, by reference."""
    states: dict[str, list[DeliveryState]] = {}
    wms = merchant.wms.connection
    async for state in _rows(merchant, ledger, merchant.destination.deliveries, wms, "deliveries", since):
        if merchant.order_of(state.reference) is not None:
            others = [other for other in states.get(state.reference, []) if other.remote != state.remote]
            states[state.reference] = [*others, state]
            with ledger.transaction():
                learn_delivery(ledger, merchant, state, clock.now())
    return states


async def _delivered(
    merchant: Merchant,
    ledger: Ledger,
    clock: Clock,
    cart: str,
    since: datetime | None,
    states: dict[str, list[DeliveryState]],
) -> list[Drift]:
    found = []
    began = clock.now()
    for order in _known_orders(ledger, cart, since):
        reference = reference_of(order.source)
        now = clock.now()
        with ledger.transaction():  # whatever was decided by an older program or an older SKU map is decided anew
            ask_for_levels(ledger, merchant, decide_order(ledger, merchant, order, now), now)
        deliver = ledger.effect(deliver_key(order.source))
        if deliver is None or deliver.state in ("dead", "void"):
            found += _compare_undelivered(ledger, order, states.get(reference, []), now)
        if deliver is None or deliver.state != "done" or not deliver.settled:
            continue
        if deliver.settled + merchant.settle(deliver.lane) > began:
            continue  # a look-up cannot be trusted yet
        there = states.get(reference) or await _look(merchant, reference)
        found += _compare_delivery(ledger, clock, order, deliver, there)
    return found


async def _look(merchant: Merchant, reference: str) -> list[DeliveryState]:
    state = await merchant.destination.find_delivery(reference)
    return [state] if state else []


def _known_orders(ledger: Ledger, cart: str, since: datetime | None) -> Iterator[Order]:
    after = ""
    while piece := ledger.facts_since("order", cart, since or BEGINNING, after_id=after, limit=PIECE):
        for fact in piece:
            yield decode(fact.body, type=Order)
        after = piece[-1].id


def _compare_delivery(
    ledger: Ledger, clock: Clock, order: Order, deliver: Effect, there: list[DeliveryState]
) -> list[Drift]:
    reference, now = reference_of(order.source), clock.now()
    live = [state for state in there if state.status != "cancelled"]
    if len(live) > 1:
        ids = ", ".join(sorted(state.remote.id for state in live))
        words = f"{deliver.lane} has {len(live)} deliveries for {reference}: {ids}."
        next_step = "If it did not split the order itself, cancel all but one of them there."
        with ledger.transaction():
            ledger.report("doubled", reference, words=words, next_step=next_step, now=now)
        return [Drift("doubled_delivery", reference, "1", str(len(live)), healed=False)]
    if order.status == "cancelled":
        return _compare_cancelled(ledger, order, live, now)
    if not there and order.status in ("open", "partly_shipped"):
        healed = _reopen(ledger, deliver, now)
        return [Drift("missing_delivery", reference, order.status, "nothing", healed=healed)]
    if there and not live:
        unsell = ledger.effect(f"unsell:{deliver.lane}:{deliver.remote}")
        if unsell is None or unsell.state in ("done", "dead"):
            return [Drift("uncancelled_order", reference, order.status, "cancelled", healed=False)]
    return []


def _compare_undelivered(ledger: Ledger, order: Order, there: list[DeliveryState], now: datetime) -> list[Drift]:
    """The destination has what nobody delivered, as far as we know: it landed later than anybody could foresee."""
    live = [state.remote.id for state in there if state.status != "cancelled"]
    if not live:
        return []
    reference = reference_of(order.source)
    words = f"{there[0].remote.connection} has {reference} as {', '.join(live)}, and we have not delivered it."
    next_step = f"If the order is wanted, resolve {deliver_key(order.source)} with that id; if not, cancel it there."
    with ledger.transaction():
        ledger.report("unexpected_delivery", reference, words=words, next_step=next_step, now=now)
    return [Drift("unexpected_delivery", reference, "not delivered", ", ".join(live), healed=False)]


def _compare_cancelled(ledger: Ledger, order: Order, live: list[DeliveryState], now: datetime) -> list[Drift]:
    cancel = ledger.effect(cancel_key(order.source))
    if not live or cancel is None or cancel.state in ("todo", "sent"):
        return []
    healed = cancel.state == "done" and live[0].status == "open" and _reopen(ledger, cancel, now)
    return [Drift("uncancelled_delivery", reference_of(order.source), "cancelled", live[0].status, healed=healed)]


def _reopen(ledger: Ledger, seen: Effect, now: datetime) -> bool:
    """Ask once more, unless it has moved since it was compared."""
    with ledger.transaction():
        current = ledger.effect(seen.key)
        if current != seen:
            return False
        again(ledger, seen, now)
    return True


async def _fulfilled(
    merchant: Merchant, ledger: Ledger, clock: Clock, cart: str, since: datetime | None
) -> list[Drift]:
    found, began = [], clock.now()
    for ship in _effects(ledger, Select(kind="ship", lane=cart, merchant=merchant.name, states=("done",))):
        if not ship.settled or ship.settled + merchant.settle(cart) > began or (since and ship.settled < since):
            continue
        fact = ledger.fact("shipment", ship.connection, ship.record)
        if fact is None or fact.status != "live" or not ship.payload:
            continue
        fulfillment = decode(ship.payload, type=Fulfillment)
        if await merchant.shipment_sinks[cart].find_fulfillment(fulfillment) is None:
            healed = _reopen(ledger, ship, clock.now())
            found.append(Drift("missing_fulfillment", ship.key, "shipped", "nothing", healed=healed))
    return found


async def _levels(merchant: Merchant, ledger: Ledger, clock: Clock, cart: str) -> list[Drift]:
    """What each cart publishes against what it should: somebody may have typed another number over it."""
    found: list[Drift] = []
    after = ""
    which = Select(kind="level", lane=cart, merchant=merchant.name, states=("done",))
    while piece := ledger.select(which, limit=merchant.settings.level_chunk, after_key=after):
        after = piece[-1].key
        skus = [effect.record for effect in piece]
        published = await merchant.inventory_sinks[cart].find_levels(skus)
        wanted = levels_for(ledger, merchant, cart, skus)
        for effect in piece:
            here, there = wanted.get(effect.record), published.get(effect.record)
            if here is not None and here.available != there:
                healed = _reopen(ledger, effect, clock.now())
                found.append(Drift("wrong_level", effect.key, str(here.available), str(there), healed=healed))
    return found


def _effects(ledger: Ledger, which: Select) -> Iterator[Effect]:
    after = ""
    while piece := ledger.select(which, limit=PIECE, after_key=after):
        yield from piece
        after = piece[-1].key
