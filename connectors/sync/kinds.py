"""The kinds of effects: for each, what is sent, how it is found, how it is done, and what follows.

Preparing reads the newest facts inside the transaction that commits the intent, so nothing outdated is sent. Looking
and doing call the vendor, each through one method of its connector.
"""

import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import TypeAlias

from msgspec import Struct
from msgspec.json import decode, encode

from connectors.canonical import Fulfillment, Level, Order, Ref, Shipment
from connectors.core.errors import Conflict, Invalid, Refused, Unauthorized
from connectors.sync.learn import arrived, call_off_unsent, maybe_there, promise_stock, ship_key, unship_key
from connectors.sync.ledger import Effect
from connectors.sync.outcomes import Happened, Kind, Later, Needless, Outcome, Parked, Plan
from connectors.sync.rules import (
    Nothing,
    NotNow,
    Sending,
    TooMuch,
    Verdict,
    Wrong,
    assess,
    fulfillment_of,
    units_of,
)
from connectors.sync.stock import ask_for_levels, levels_for
from connectors.sync.work import Work

Look: TypeAlias = Callable[[Work, Effect], Awaitable[Outcome | None]]
Call: TypeAlias = Callable[[Work, Effect], Awaitable[Outcome]]


def _looking(look: Look) -> Callable[[Work, Sequence[Effect]], Awaitable[Mapping[str, Outcome]]]:
    """A look-up of one effect, as `Kind.find` wants it."""

    async def find(work: Work, effects: Sequence[Effect]) -> Mapping[str, Outcome]:
        outcome = await look(work, effects[0])
        return {} if outcome is None else {effects[0].key: outcome}

    return find


def _calling(call: Call, look: Look) -> Callable[[Work, Sequence[Effect]], Awaitable[Mapping[str, Outcome]]]:
    """A call for one effect, as `Kind.do` wants it. A conflict may be with our own earlier self: look first."""

    async def do(work: Work, effects: Sequence[Effect]) -> Mapping[str, Outcome]:
        try:
            return {effects[0].key: await call(work, effects[0])}
        except Conflict:
            outcome = await look(work, effects[0])
            if outcome is None:
                raise
            return {effects[0].key: outcome}

    return do


def _order_of(work: Work, effect: Effect) -> Order | None:
    """The newest version of the order an effect's subject stands for."""
    ref = work.merchant.order_of(effect.subject)
    fact = work.ledger.fact("order", ref.connection, ref.id) if ref else None
    return decode(fact.body, type=Order) if fact else None


def _assess(work: Work, order: Order | None, subject: str) -> Verdict:
    if order is None:
        return Wrong(
            "unknown_order", f"Nothing is known of {subject}.", "Reconcile, so that it is read again; then replay."
        )
    return assess(order, work.merchant.skus, work.merchant.settings)


# deliver: an order arrives at its destination


def _prepare_deliver(work: Work, effect: Effect) -> Plan:
    order = _order_of(work, effect)
    if order is not None and order.status == "cancelled":
        call_off_unsent(work.ledger, work.merchant, effect, work.clock.now())
        return Needless("cancelled")
    match _assess(work, order, effect.subject):
        case Sending() as sending:
            # A repeat sends the same bytes under the same key, so that a vendor with a memory knows it again.
            return effect.payload if effect.state == "sent" and effect.payload else encode(sending).decode()
        case NotNow(reason) | Nothing(reason):
            return Needless(reason)
        case Wrong() as wrong:
            return wrong


async def _find_delivery(work: Work, effect: Effect) -> Outcome | None:
    there = await work.merchant.destination.find_delivery(effect.subject)
    return Happened(there.remote.id) if there else None


async def _deliver(work: Work, effect: Effect) -> Outcome:
    sending = decode(effect.payload or "", type=Sending)
    return Happened((await work.merchant.destination.deliver(sending.delivery, key=effect.key)).remote.id)


def _after_deliver(work: Work, effect: Effect, outcome: Outcome, now: datetime) -> None:
    order = _order_of(work, effect)
    if order is None:
        return
    if isinstance(outcome, Happened):
        arrived(work.ledger, work.merchant, order, now)
    elif isinstance(outcome, Needless):
        ask_for_levels(work.ledger, work.merchant, promise_stock(work.ledger, work.merchant, order), now)


# cancel: the source cancelled what was delivered


class CallingOff(Struct, frozen=True):
    """The destination's id of what is to be cancelled; empty when only a look-up can tell."""

    remote: str
    reason: str


NEVER_ARRIVED = "never arrived"


def _prepare_cancel(work: Work, effect: Effect) -> Plan:
    order, deliver = _order_of(work, effect), work.ledger.effect(f"deliver:{effect.subject}")
    if order is not None and order.status != "cancelled":
        return Needless("no longer cancelled")
    if deliver is None or deliver.state == "void":
        return Needless("never delivered")
    if deliver.state == "sent":
        return Later(deliver.due)
    if not maybe_there(deliver):
        call_off_unsent(work.ledger, work.merchant, deliver, work.clock.now())
        return Needless("never delivered")
    return encode(CallingOff(deliver.remote or "", "cancelled in the cart")).decode()


async def _find_cancelled(work: Work, effect: Effect) -> Outcome | None:
    there = await work.merchant.destination.find_delivery(effect.subject)
    return Happened(there.remote.id) if there and there.status == "cancelled" else None


async def _cancel(work: Work, effect: Effect) -> Outcome:
    plan, destination = decode(effect.payload or "", type=CallingOff), work.merchant.destination
    remote = Ref(effect.lane, plan.remote) if plan.remote else None
    if remote is None:
        there = await destination.find_delivery(effect.subject)
        if there is None:
            return Needless(NEVER_ARRIVED)
        remote = there.remote
    left = await destination.cancel_delivery(remote, plan.reason, key=effect.key)
    if left.status != "cancelled":
        raise Conflict(f"The delivery {remote.id} is {left.status} and was not cancelled.")
    return Happened(remote.id)


def _after_cancel(work: Work, effect: Effect, outcome: Outcome, now: datetime) -> None:
    if isinstance(outcome, Refused) and not isinstance(outcome, Unauthorized):
        words = f"{effect.subject} was cancelled in the cart, and {effect.lane} did not cancel it. {outcome.message}"
        next_step = (
            f"Stop it at {effect.lane} by hand, or let it go and settle it with the customer; "
            f"then resolve or skip {effect.key}."
        )
        work.ledger.report("cancel_refused", effect.subject, words=words, next_step=next_step, now=now)
    # A delivery that was given up as unknown is in doubt no more.
    if isinstance(outcome, Happened) and work.ledger.resolve(
        f"deliver:{effect.subject}", now=now, remote=outcome.remote
    ):
        work.ledger.land(work.merchant.name, effect.subject, now)
    if outcome == Needless(NEVER_ARRIVED):
        work.ledger.void(f"deliver:{effect.subject}", now=now, reason="cancelled")
        order = _order_of(work, effect)
        if order is not None:
            ask_for_levels(work.ledger, work.merchant, promise_stock(work.ledger, work.merchant, order), now)


# unsell: the destination cancelled; the source is to know


def _prepare_unsell(work: Work, effect: Effect) -> Plan:
    order = _order_of(work, effect)
    if order is not None and order.status == "cancelled":
        return Needless("cancelled there already")
    taking_back = _taken_back_by(work, effect)  # a cart cancels nothing while it thinks that parcels are on their way
    if taking_back is not None:
        return Later(taking_back)
    return encode(CallingOff(effect.record, "cancelled at the warehouse")).decode()


async def _find_unsold(work: Work, effect: Effect) -> Outcome | None:
    order_id = effect.subject.partition(":")[2]
    there = await work.merchant.order_sources[effect.lane].order(order_id)
    return Happened(order_id) if there and there.status == "cancelled" else None


async def _unsell(work: Work, effect: Effect) -> Outcome:
    order_id, plan = effect.subject.partition(":")[2], decode(effect.payload or "", type=CallingOff)
    await work.merchant.order_sources[effect.lane].cancel_order(order_id, plan.reason, key=effect.key)
    return Happened(order_id)


def _after_unsell(work: Work, effect: Effect, outcome: Outcome, now: datetime) -> None:
    order = _order_of(work, effect)
    if order is not None and isinstance(outcome, Happened):  # the cart has put the goods back on its own shelf
        units = units_of(order, work.merchant.skus, work.merchant.settings)
        ask_for_levels(work.ledger, work.merchant, units, now, stirred=effect.lane)
    if isinstance(outcome, Refused) and not isinstance(outcome, Unauthorized):
        words = f"{effect.connection} cancelled {effect.subject}, and {effect.lane} did not. {outcome.message}"
        next_step = f"Cancel or refund it at {effect.lane} by hand; then resolve or skip {effect.key}."
        work.ledger.report("cancel_refused", effect.subject, words=words, next_step=next_step, now=now)


# ship: a shipment is told to its cart


def _prepare_ship(work: Work, effect: Effect) -> Plan:
    fact = work.ledger.fact("shipment", effect.connection, effect.record)
    if fact is None:
        return Needless("the shipment is gone")
    shipment = decode(fact.body, type=Shipment)
    if shipment.voided:
        return Needless("voided")
    if effect.state == "sent" and effect.payload:
        return effect.payload  # the same bytes under the same key
    if not any(line.quantity > 0 for line in shipment.lines):
        words = f"The warehouse does not say what is in shipment {effect.record}."
        return Wrong(
            "no_contents", words, f"Complete it at {effect.connection}, or tell {effect.lane} by hand and resolve."
        )
    taking_back = _taken_back_by(work, effect)  # until then nothing may be open there for what takes its place
    if taking_back is not None:
        return Later(taking_back)
    sending = _what_was_sent(work, effect)
    if isinstance(sending, Wrong):
        return sending
    before, told = _told_before(work, effect)
    fulfillment = fulfillment_of(
        sending, shipment, before=before, told=told, notify=work.merchant.settings.notify_customer
    )
    if isinstance(fulfillment, TooMuch):
        return _too_much(effect, fulfillment)
    return encode(fulfillment).decode() if fulfillment.lines else Needless(INCOMPLETE)


INCOMPLETE = "no whole unit yet"


def _taken_back_by(work: Work, effect: Effect) -> datetime | None:
    """When the order's voided parcels will have been taken back at its cart; None when none is waiting for that."""
    facts = work.ledger.facts_of("shipment", effect.connection, [effect.subject])
    voided = [unship_key(Ref(fact.connection, fact.id)) for fact in facts if fact.status == "voided"]
    waiting = [unship.due for unship in work.ledger.effects(voided).values() if unship.state in ("todo", "sent")]
    return max(waiting, default=None)


def _what_was_sent(work: Work, effect: Effect) -> Sending | Wrong:
    """What the destination was asked to ship: parcels are read by that, whatever the order or the SKU map says now."""
    deliver = work.ledger.effect(f"deliver:{effect.subject}")
    if deliver is not None and deliver.payload:
        return decode(deliver.payload, type=Sending)
    verdict = _assess(work, _order_of(work, effect), effect.subject)
    if isinstance(verdict, Sending | Wrong):
        return verdict
    words = f"A shipment came for {effect.subject}, which was not delivered by us: {verdict.reason}."
    return Wrong("not_ordered", words, f"Tell {effect.lane} by hand and resolve, or skip it.")


def _told_before(work: Work, effect: Effect) -> tuple[list[Shipment], dict[str, int]]:
    """The order's other shipments that count already, and how many units of each cart line they were told to fulfil."""
    facts = work.ledger.facts_of("shipment", effect.connection, [effect.subject])
    others = [fact for fact in facts if fact.id != effect.record and fact.status == "live"]
    effects = work.ledger.effects([ship_key(Ref(fact.connection, fact.id)) for fact in others])
    before: list[Shipment] = []
    told: dict[str, int] = {}
    for fact in others:
        ship = effects.get(ship_key(Ref(fact.connection, fact.id)))
        if ship is not None and (maybe_there(ship) or (ship.state == "void" and ship.reason == INCOMPLETE)):
            before.append(decode(fact.body, type=Shipment))
            for line, quantity in (
                decode(ship.payload, type=Fulfillment).lines if maybe_there(ship) and ship.payload else ()
            ):
                told[line] = told.get(line, 0) + quantity
    return before, told


def _too_much(effect: Effect, excess: TooMuch) -> Wrong:
    listed = ", ".join(f"{units} × {sku}" for sku, units in excess.excess)
    return Wrong(
        "more_than_ordered",
        f"With shipment {effect.record}, {effect.subject} was sent more than was ordered: {listed} too many.",
        f"Correct the shipment at {effect.connection}, or tell {effect.lane} by hand and resolve {effect.key}.",
    )


async def _find_fulfillment(work: Work, effect: Effect) -> Outcome | None:
    fulfillment = decode(effect.payload or "", type=Fulfillment)
    remote = await work.merchant.shipment_sinks[effect.lane].find_fulfillment(fulfillment)
    if remote is None:
        return None
    others = work.ledger.others_with_remote(effect.lane, "ship", remote, effect.key)
    if others:
        words = f"The fulfilment {remote} found at {effect.lane} stands for {others[0]} already; two look alike."
        return Parked(
            "ambiguous", words, f"Count the fulfilments of {effect.subject} at {effect.lane}; resolve or replay."
        )
    return Happened(remote)


async def _fulfill(work: Work, effect: Effect) -> Outcome:
    fulfillment = decode(effect.payload or "", type=Fulfillment)
    return Happened(await work.merchant.shipment_sinks[effect.lane].fulfill(fulfillment, key=effect.key))


# unship: a shipment that its cart was told of was voided


class TakingBack(Struct, frozen=True):
    """The cart's id of the fulfilment, empty when only a look-up can tell, and the fulfilment itself."""

    remote: str
    fulfillment: Fulfillment


NEVER_TOLD = "its cart was never told"


def _prepare_unship(work: Work, effect: Effect) -> Plan:
    ship = work.ledger.effect(ship_key(Ref(effect.connection, effect.record)))
    if ship is None or not maybe_there(ship):
        if ship is not None:
            work.ledger.void(ship.key, now=work.clock.now(), reason="voided")
        return Needless(NEVER_TOLD)
    if ship.state == "sent":
        return Later(ship.due)
    if not ship.payload:  # the order was over for so long that what was said of it is forgotten
        words = f"Shipment {effect.record} was voided at {effect.connection}, long after {effect.lane} was told of it."
        return Wrong("too_old", words, f"Cancel the fulfilment {ship.remote} at {effect.lane} by hand, then resolve.")
    return encode(TakingBack(ship.remote or "", decode(ship.payload, type=Fulfillment))).decode()


async def _find_unshipped(work: Work, effect: Effect) -> Outcome | None:
    plan = decode(effect.payload or "", type=TakingBack)
    live = await work.merchant.shipment_sinks[effect.lane].find_fulfillment(plan.fulfillment)
    return None if live else Happened(plan.remote)


async def _unship(work: Work, effect: Effect) -> Outcome:
    plan, sink = decode(effect.payload or "", type=TakingBack), work.merchant.shipment_sinks[effect.lane]
    remote = plan.remote or await sink.find_fulfillment(plan.fulfillment)
    if not remote:
        return Needless(NEVER_TOLD)
    await sink.cancel_fulfillment(remote, key=effect.key)
    return Happened(remote)


# level: what a cart may sell


def _level_of(work: Work, effect: Effect) -> Level | None:
    return levels_for(work.ledger, work.merchant, effect.lane, [effect.record]).get(effect.record)


def _prepare_level(work: Work, effect: Effect) -> Plan:
    level = _level_of(work, effect)
    return encode(level).decode() if level else Needless("the warehouse no longer counts it")


async def _find_levels(work: Work, effects: Sequence[Effect]) -> Mapping[str, Outcome]:
    published = await work.merchant.inventory_sinks[work.lane].find_levels([effect.record for effect in effects])
    found: dict[str, Outcome] = {}
    for effect in effects:
        wanted = _level_of(work, effect)
        if effect.record not in published and effect.state == "todo":
            found[effect.key] = Needless("not sold there", encode(wanted).decode() if wanted else None)
        elif wanted is not None and published.get(effect.record) == wanted.available:
            found[effect.key] = Happened(str(wanted.available))
    return found


async def _set_levels(work: Work, effects: Sequence[Effect]) -> Mapping[str, Outcome]:
    levels = [decode(effect.payload or "", type=Level) for effect in effects]
    # Not the effects' keys: the same number may have to be set again, and a vendor's memory would swallow it.
    said = "\n".join(
        f"{e.key}#{e.version}.{e.attempts}={level.available}" for e, level in zip(effects, levels, strict=True)
    )
    key = f"levels:{hashlib.sha256(said.encode()).hexdigest()[:32]}"
    refused = await work.merchant.inventory_sinks[work.lane].set_levels(levels, key=key)
    return {
        effect.key: Invalid(refused[level.sku]) if level.sku in refused else Happened(str(level.available))
        for effect, level in zip(effects, levels, strict=True)
    }


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "deliver": Kind(
            _prepare_deliver, _looking(_find_delivery), _calling(_deliver, _find_delivery), after=_after_deliver
        ),
        "cancel": Kind(
            _prepare_cancel, _looking(_find_cancelled), _calling(_cancel, _find_cancelled), after=_after_cancel
        ),
        "unsell": Kind(_prepare_unsell, _looking(_find_unsold), _calling(_unsell, _find_unsold), after=_after_unsell),
        "ship": Kind(_prepare_ship, _looking(_find_fulfillment), _calling(_fulfill, _find_fulfillment)),
        "unship": Kind(_prepare_unship, _looking(_find_unshipped), _calling(_unship, _find_unshipped)),
        "level": Kind(
            _prepare_level,
            _find_levels,
            _set_levels,
            # One never told: it may be right already, or not sold there at all. Nobody is bothered with the latter.
            looks_first=lambda effect: effect.remote is None,
            bulk=True,
        ),
    }
)
