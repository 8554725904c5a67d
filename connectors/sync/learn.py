"""What follows when a record is learnt: the effects it asks for, in the transaction that keeps it.

An order and its `deliver` effect move together, so do a shipment and its `ship` effect. Every function locks that
effect first; whoever performs it locks the same row, so the two can meet and only one of them decides.
"""

from datetime import datetime

from msgspec.json import decode, encode

from connectors.canonical import Delivery, DeliveryState, Fulfillment, Order, Ref, Shipment
from connectors.sync.ledger import Effect, Ledger
from connectors.sync.merchant import Merchant
from connectors.sync.rules import (
    NOTHING_LEFT,
    Nothing,
    NotNow,
    Sending,
    TooMuch,
    Wrong,
    add_up,
    allocate,
    assess,
    reference_of,
    units_of,
)
from connectors.sync.schedule import PASS_OF


def deliver_key(order: Ref) -> str:
    return f"deliver:{order.connection}:{order.id}"


def cancel_key(order: Ref) -> str:
    return f"cancel:{order.connection}:{order.id}"


def unsell_key(wms: str, remote: str) -> str:
    return f"unsell:{wms}:{remote}"


def ship_key(shipment: Ref) -> str:
    return f"ship:{shipment.connection}:{shipment.id}"


def unship_key(shipment: Ref) -> str:
    return f"unship:{shipment.connection}:{shipment.id}"


def maybe_there(effect: Effect | None) -> bool:
    """Something of this effect is, or may be, at the vendor."""
    return effect is not None and (
        effect.state in ("sent", "done") or (effect.state == "dead" and effect.reason == "unknown")
    )


def ask(ledger: Ledger, merchant: Merchant, key: str, *, lane: str, subject: str, now: datetime, due: datetime) -> None:
    """Ask for an outcome, and see that its function runs in time.

    One that was needless before is asked for anew; one that a person has given up stays so.
    """
    known = ledger.effect(key)
    if known is None:
        ledger.want(key, merchant=merchant.name, lane=lane, subject=subject, now=now, due=due)
    elif known.state == "void" and known.reason != "skipped":
        ledger.reopen(key, due=due)
    else:
        return
    ledger.hasten(lane, PASS_OF[key.split(":", 1)[0]], due)


def again(ledger: Ledger, effect: Effect, due: datetime) -> None:
    """Ask once more for something that was concluded."""
    ledger.reopen(effect.key, due=due)
    ledger.hasten(effect.lane, PASS_OF[effect.kind], due)


# Orders


def learn_order(ledger: Ledger, merchant: Merchant, order: Order, now: datetime) -> set[str]:
    """Keep an order, unless a newer version is kept. Answers the warehouse SKUs whose levels have to be told again.

    Those are the ones it promises otherwise, and those whose number its cart has moved by itself: when the order was
    placed, cancelled, or changed.
    """
    before = ledger.fact("order", order.source.connection, order.source.id)
    learnt = ledger.learn(
        "order",
        order.source.connection,
        order.source.id,
        updated=order.updated,
        status=order.status,
        now=now,
        body=encode(order).decode(),
    )
    if learnt != "changed":
        return set()
    promised = decide_order(ledger, merchant, order, now)
    return promised | moved_in_cart(merchant, decode(before.body, type=Order) if before else None, order)


def moved_in_cart(merchant: Merchant, before: Order | None, order: Order) -> set[str]:
    """The warehouse SKUs whose level the cart changed by itself between two versions of an order."""

    def taken(version: Order | None) -> dict[str, int]:
        if version is None or version.status == "cancelled":
            return {}
        return units_of(version, merchant.skus, merchant.settings)

    if before is None:  # whatever was taken off or cancelled since it was placed had been taken from the shelf as well
        named = [merchant.skus.parts(order.source.connection, line.sku) or () for line in order.lines]
        return {part.sku for parts in named for part in parts}
    old, new = taken(before), taken(order)
    return {sku for sku in old.keys() | new.keys() if old.get(sku) != new.get(sku)}


def decide_order(ledger: Ledger, merchant: Merchant, order: Order, now: datetime) -> set[str]:
    """Ask for what the newest version of an order needs. Asking twice changes nothing."""
    deliver = ledger.effect(deliver_key(order.source))
    if order.status == "cancelled":
        _call_off(ledger, merchant, order, deliver, now)
    else:
        _deliver(ledger, merchant, order, deliver, now)
    return promise_stock(ledger, merchant, order)


def promise_stock(ledger: Ledger, merchant: Merchant, order: Order) -> set[str]:
    """Set aside what this order will take, until it is at the warehouse. Answers the SKUs that this changes."""
    deliver = ledger.effect(deliver_key(order.source))
    if deliver and deliver.state == "done":
        return set()  # it has landed; a snapshot takes the promise over
    called_off = order.status in ("cancelled", "shipped", "closed")
    if called_off and maybe_there(deliver):
        return set()  # until somebody knows
    given_up = deliver is not None and deliver.state == "void" and deliver.reason == "skipped"
    units = {} if called_off or given_up else units_of(order, merchant.skus, merchant.settings)
    return ledger.promise(merchant.name, reference_of(order.source), units)


def _deliver(ledger: Ledger, merchant: Merchant, order: Order, deliver: Effect | None, now: datetime) -> None:
    key = deliver_key(order.source)
    match assess(order, merchant.skus, merchant.settings):
        case Sending() as sending:
            if deliver is None:
                due = now + merchant.settings.delivery_delay
                _ask_to_deliver(ledger, merchant, order, now, due)
            elif deliver.state == "done":
                tell_if_edited(ledger, order, deliver, sending.delivery, now)
            elif _worth_another_try(deliver, sending):
                again(ledger, deliver, now + merchant.settings.delivery_delay)
        case NotNow(reason) | Nothing(reason):
            if deliver and (deliver.state == "todo" or (deliver.state == "dead" and not maybe_there(deliver))):
                ledger.void(key, now=now, reason=reason)
            elif deliver and deliver.state == "done" and reason == "held":
                words = f"Order {order.number} was put on hold in the cart after it was delivered."
                ledger.report(
                    "held_late",
                    reference_of(order.source),
                    words=words,
                    next_step="Stop it at the warehouse, or release it.",
                    now=now,
                )
            elif deliver and deliver.state == "done" and reason == NOTHING_LEFT:
                tell_if_edited(ledger, order, deliver, None, now)
        case Wrong() as wrong:
            _turn_away(ledger, merchant, order, deliver, wrong, now)


def _turn_away(
    ledger: Ledger, merchant: Merchant, order: Order, deliver: Effect | None, wrong: Wrong, now: datetime
) -> None:
    """What cannot be delivered waits for a person; so does what cannot be any more and was."""
    if deliver is None:
        _ask_to_deliver(ledger, merchant, order, now, now)
    if not maybe_there(deliver) and not _given_up(deliver):
        ledger.bury(
            deliver_key(order.source), now=now, reason=wrong.reason, error=wrong.words, next_step=wrong.next_step
        )
    elif deliver and deliver.state == "done":  # some carts drop the lines that are taken off, to the last one
        tell_if_edited(ledger, order, deliver, None, now)


def _ask_to_deliver(ledger: Ledger, merchant: Merchant, order: Order, now: datetime, due: datetime) -> None:
    lane, subject = merchant.wms.connection, reference_of(order.source)
    ask(ledger, merchant, deliver_key(order.source), lane=lane, subject=subject, now=now, due=due)


def _given_up(deliver: Effect | None) -> bool:
    return deliver is not None and deliver.state == "void" and deliver.reason == "skipped"


def _worth_another_try(deliver: Effect, sending: Sending) -> bool:
    """It was needless or refused, and what would be sent now is allowed, or something else."""
    if deliver.state == "void":
        return not _given_up(deliver)
    refused = deliver.state == "dead" and not maybe_there(deliver)
    return refused and deliver.payload != encode(sending).decode()


def _was_called_off_there(ledger: Ledger, order: Order, now: datetime) -> bool:
    cancel = ledger.effect(cancel_key(order.source))
    if not maybe_there(cancel):
        return False
    words = f"Order {order.number} is open again in the cart, and was cancelled at the warehouse."
    ledger.report("revived", reference_of(order.source), words=words, next_step="Place a new order for it.", now=now)
    return True


def tell_if_edited(ledger: Ledger, order: Order, deliver: Effect, wanted: Delivery | None, now: datetime) -> None:
    """A destination is not told of edits: a person is. `wanted` is None when nothing is wanted any more.

    Once all of it has left it is too late to change anything, and what is given back later is no edit.
    """
    under_way = order.status in ("open", "partly_shipped")
    if deliver.payload is None or not under_way or _was_called_off_there(ledger, order, now):
        return
    sent = decode(deliver.payload, type=Sending).delivery
    if wanted is None or (sent.lines, sent.ship_to) != (wanted.lines, wanted.ship_to):
        ledger.report(
            "edited_late",
            reference_of(order.source),
            words=f"Order {order.number} was changed in the cart after it was delivered.",
            next_step=f"Change it at {deliver.lane} as well ({deliver.remote}), or cancel it there.",
            now=now,
        )


def _call_off(ledger: Ledger, merchant: Merchant, order: Order, deliver: Effect | None, now: datetime) -> None:
    """The source cancelled. What was never sent is dropped together with its cancellation, without a call."""
    if deliver is None or deliver.state == "void":
        return
    lane, subject = deliver.lane, reference_of(order.source)
    if not maybe_there(deliver):
        call_off_unsent(ledger, merchant, deliver, now)
    elif not (_is_cancelled_there(ledger, deliver) or _comes_from_there(ledger, deliver)):
        due = max(now, deliver.due) if deliver.state == "sent" else now
        ask(ledger, merchant, cancel_key(order.source), lane=lane, subject=subject, now=now, due=due)


def _is_cancelled_there(ledger: Ledger, deliver: Effect) -> bool:
    there = ledger.fact("delivery", deliver.lane, deliver.remote) if deliver.remote else None
    return there is not None and there.status == "cancelled"


def _comes_from_there(ledger: Ledger, deliver: Effect) -> bool:
    """The source was, or will be, asked to cancel because the destination had."""
    return bool(deliver.remote) and maybe_there_or_coming(ledger.effect(unsell_key(deliver.lane, deliver.remote or "")))


def call_off_unsent(ledger: Ledger, merchant: Merchant, deliver: Effect, now: datetime) -> None:
    """Drop a delivery that is certainly not there, and its cancellation with it."""
    key = cancel_key(Ref(deliver.connection, deliver.record))
    ledger.void(deliver.key, now=now, reason="cancelled")
    ledger.want(key, merchant=merchant.name, lane=deliver.lane, subject=deliver.subject, now=now, due=now)
    ledger.void(key, now=now, reason="never delivered")


def arrived(ledger: Ledger, merchant: Merchant, order: Order, now: datetime) -> None:
    """The order is at its destination. What happened to it meanwhile, here or there, is acted on now."""
    ledger.land(merchant.name, reference_of(order.source), now)
    deliver = ledger.effect(deliver_key(order.source))
    verdict = assess(order, merchant.skus, merchant.settings)
    if order.status == "cancelled":
        _call_off(ledger, merchant, order, deliver, now)
    elif deliver and isinstance(verdict, Sending):
        tell_if_edited(ledger, order, deliver, verdict.delivery, now)
    elif deliver and verdict == Nothing(NOTHING_LEFT):
        tell_if_edited(ledger, order, deliver, None, now)
    call_off_at_source(ledger, merchant, order.source, now)


def maybe_there_or_coming(effect: Effect | None) -> bool:
    return maybe_there(effect) or (effect is not None and effect.state == "todo")


# What a destination says


def learn_delivery(ledger: Ledger, merchant: Merchant, state: DeliveryState, now: datetime) -> None:
    """Keep what became of a delivery; one that was cancelled over there is cancelled at its source."""
    order = merchant.order_of(state.reference)
    if order is None:
        return  # another channel's
    ledger.learn(
        "delivery",
        state.remote.connection,
        state.remote.id,
        parent=state.reference,
        status=state.status,
        updated=now,  # destinations give no version: the state read last is the newest
        now=now,
        body=encode(state).decode(),
    )
    call_off_at_source(ledger, merchant, order, now)


def call_off_at_source(ledger: Ledger, merchant: Merchant, order: Ref, now: datetime) -> None:
    """If our delivery of this order was cancelled at the destination, and not by us, ask the source to cancel it."""
    deliver = ledger.effect(deliver_key(order))
    if deliver is None or deliver.state != "done" or not deliver.remote:
        return  # one whose outcome is unknown comes here again when it is settled
    ours = ledger.effect(cancel_key(order))
    if not _is_cancelled_there(ledger, deliver) or (ours and ours.state != "void"):
        return
    fact = ledger.fact("order", order.connection, order.id)
    if fact is not None and fact.status == "cancelled":
        return  # there is nothing to ask for, however often this is read
    key = unsell_key(deliver.lane, deliver.remote)
    ask(ledger, merchant, key, lane=order.connection, subject=reference_of(order), now=now, due=now)


# Shipments


def learn_shipment(ledger: Ledger, merchant: Merchant, shipment: Shipment, now: datetime) -> None:
    """Keep a shipment of one of our orders, unless a newer version is kept, and ask for what its cart must hear."""
    order = merchant.order_of(shipment.reference)
    if order is None:
        return  # another channel's
    learnt = ledger.learn(
        "shipment",
        shipment.source.connection,
        shipment.source.id,
        parent=shipment.reference,
        status="voided" if shipment.voided else "live",
        updated=shipment.updated,
        now=now,
        body=encode(shipment).decode(),
    )
    if learnt == "changed" and order.connection in merchant.shipment_sinks:
        decide_shipment(ledger, merchant, shipment, order, now)


def decide_shipment(ledger: Ledger, merchant: Merchant, shipment: Shipment, order: Ref, now: datetime) -> None:
    """Ask for what the newest version of a shipment needs. Asking twice changes nothing."""
    ship = ledger.effect(ship_key(shipment.source))
    if shipment.voided:
        _take_back(ledger, merchant, shipment, order, ship, now)
    elif ship is None:
        ask(
            ledger,
            merchant,
            ship_key(shipment.source),
            lane=order.connection,
            subject=shipment.reference,
            now=now,
            due=now,
        )
    elif ship.state == "void":
        ask(ledger, merchant, ship.key, lane=ship.lane, subject=ship.subject, now=now, due=now)
    elif ship.state == "dead" and not maybe_there(ship):
        again(ledger, ship, now)
    elif ship.state == "done":
        _tell_if_changed(ledger, shipment, ship, now)


def _take_back(
    ledger: Ledger, merchant: Merchant, shipment: Shipment, order: Ref, ship: Effect | None, now: datetime
) -> None:
    if ship is None:
        return
    if maybe_there(ship):
        due = max(now, ship.due) if ship.state == "sent" else now
        key = unship_key(shipment.source)
        ask(ledger, merchant, key, lane=order.connection, subject=shipment.reference, now=now, due=due)
    else:
        ledger.void(ship.key, now=now, reason="voided")
    _tell_if_told_too_much(ledger, shipment, order, now)


def _tell_if_told_too_much(ledger: Ledger, voided: Shipment, order: Ref, now: datetime) -> None:
    """Units of a voided parcel may have made a multipack or a kit whole that another parcel was told for."""
    deliver = ledger.effect(deliver_key(order))
    if deliver is None or not deliver.payload:
        return
    facts = ledger.facts_of("shipment", voided.source.connection, [voided.reference])
    live = [decode(fact.body, type=Shipment) for fact in facts if fact.status == "live"]
    whole = allocate(decode(deliver.payload, type=Sending), add_up(live))
    told: dict[str, int] = {}
    for ship in ledger.effects([ship_key(shipment.source) for shipment in live]).values():
        for line, quantity in (
            decode(ship.payload, type=Fulfillment).lines if maybe_there(ship) and ship.payload else ()
        ):
            told[line] = told.get(line, 0) + quantity
    if isinstance(whole, TooMuch) or all(many <= whole.get(line, 0) for line, many in told.items()):
        return
    ledger.report(
        "told_too_much",
        voided.reference,
        words=f"Shipment {voided.source.id} of {voided.source.connection} was voided. With another parcel it had made a"
        f" unit whole, and {order.connection} was told of that.",
        next_step=f"If it is sent anew, nothing is to be done. If not, cancel that fulfilment at {order.connection}.",
        now=now,
    )


def _tell_if_changed(ledger: Ledger, shipment: Shipment, ship: Effect, now: datetime) -> None:
    taken_back = maybe_there_or_coming(ledger.effect(unship_key(shipment.source)))
    told = decode(ship.payload, type=Fulfillment) if ship.payload else None
    if taken_back or (told is not None and told.parcels != shipment.parcels):
        what = "came back after it was voided" if taken_back else "got other parcels after its cart was told"
        ledger.report(
            "changed_late",
            shipment.reference,
            words=f"Shipment {shipment.source.id} of {shipment.source.connection} {what}.",
            next_step=f"Correct the fulfilment {ship.remote} at {ship.lane} by hand.",
            now=now,
        )
