"""Where an outcome is made to happen once.

The one rule: the intent is in the ledger before the call is made, and whoever finds an intent without an outcome waits
until a look-up can be trusted, looks, and only then repeats. A crash at any moment leaves either `todo`, and nothing
has happened, or `sent`, and somebody looks.

`perform` is that rule; `kinds.KINDS` says, per kind of effect, what is sent, how it is found and how it is done.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta

from connectors.core.errors import ConnectorError, NotApplied, Refused, Unauthorized
from connectors.sync.events import EffectMoved
from connectors.sync.kinds import KINDS
from connectors.sync.ledger import Effect, State
from connectors.sync.outcomes import Happened, Kind, Later, Needless, Outcome, Parked
from connectors.sync.rules import Wrong
from connectors.sync.work import Work, stop_all, together


async def perform(work: Work, batch: Sequence[Effect]) -> None:
    """Make outcomes of one kind happen, each exactly once; settles every one of them in the ledger."""
    kind, now = KINDS[batch[0].kind], work.clock.now()
    settle = work.merchant.settle(work.lane)
    early = {effect.key for effect in batch if effect.state == "sent" and now < (effect.intent or now) + settle}
    unsure = [e for e in batch if e.key not in early and (e.state == "sent" or kind.looks_first(e))]
    found: dict[str, Outcome] = {}
    for answer in await together([_outcomes(kind.find, work, look) for look in kind.calls(unsure)]):
        found.update(answer)

    rest = [effect for effect in batch if effect.key not in early and effect.key not in found]
    with work.commit(durable=bool(rest)) as now:
        for effect in batch:
            if effect.key in early:
                work.ledger.leave(effect.key, due=(effect.intent or now) + settle, error=effect.error)
            elif effect.key in found:
                _conclude(work, kind, effect, found[effect.key], now, called=False)
        intended = [sent for effect in rest if (sent := _intend(work, kind, effect, now))]

    calls = [asyncio.ensure_future(_outcomes(kind.do, work, call)) for call in kind.calls(intended)]
    by_key = {effect.key: effect for effect in intended}
    try:
        while calls:
            await asyncio.wait(calls, return_when=asyncio.FIRST_COMPLETED)
            ended = [call for call in calls if call.done()]  # in the order of the batch: a run can be repeated
            with work.commit() as now:
                for key, outcome in ((key, outcome) for call in ended for key, outcome in call.result().items()):
                    _conclude(work, kind, by_key[key], outcome, now, called=True)
            calls = [call for call in calls if call not in ended]
    finally:
        await stop_all(calls)


async def _outcomes(
    ask: Callable[[Work, Sequence[Effect]], Awaitable[Mapping[str, Outcome]]], work: Work, effects: Sequence[Effect]
) -> Mapping[str, Outcome]:
    try:
        return await ask(work, effects)
    except Exception as error:  # a fault of our own after the request left is as unknown as a lost reply
        return {effect.key: error for effect in effects}


def _intend(work: Work, kind: Kind, effect: Effect, now: datetime) -> Effect | None:
    """Commit to the call, if the newest facts still want it and nobody has moved the effect since we looked."""
    current = work.ledger.effect(effect.key)
    if current is None or (current.state, current.intent) != (effect.state, effect.intent):
        return None
    match kind.prepare(work, current):
        case str() as payload:
            return work.ledger.intend(
                current.key,
                now=now,
                settle=work.merchant.settle(work.lane),
                payload=payload,
                owner=work.lease.owner,
                fence=work.lease.fence,
            )
        case Needless() as needless:
            _conclude(work, kind, current, needless, now, called=False)
        case Later(until):
            work.ledger.leave(
                current.key,
                due=max(until, now + timedelta(seconds=work.merchant.settings.retry_seconds_minimum)),
                error=current.error,
            )
        case Wrong(reason, words, next_step):
            _bury(work, current, reason, words, next_step, now)
    return None


def _conclude(work: Work, kind: Kind, effect: Effect, outcome: Outcome, now: datetime, *, called: bool) -> None:
    """Write down what came of a call, or of a look before one."""
    match outcome:
        case Happened(remote):
            work.ledger.finish(effect.key, now=now, version=effect.version, remote=remote)
            _tell(work, effect, "done", "", now)
        case Needless(reason, payload):
            work.ledger.void(effect.key, now=now, reason=reason, payload=payload)
            _tell(work, effect, "void", reason, now)
        case Parked(reason, words, next_step):
            _bury(work, effect, reason, words, next_step, now)
        case NotApplied() | Unauthorized():
            _put_off(work, effect, outcome, now, called=called)
        case Refused() if called or effect.state == "todo":  # nothing of it ever left, so nothing is in doubt
            _bury(work, effect, _word(outcome), str(outcome), outcome.next_step, now)
        case _:
            _not_known(work, effect, outcome, now, counts=called or isinstance(outcome, Refused))
    if called or isinstance(outcome, Happened | Needless):
        kind.after(work, effect, outcome, now)


def _put_off(work: Work, effect: Effect, error: NotApplied | Unauthorized, now: datetime, *, called: bool) -> None:
    """The vendor does not serve us now: leave its lane alone. What was not applied leaves nothing to look for."""
    wait = work.hold_off(error, now)
    if isinstance(error, Unauthorized):
        words = f"{work.lane} does not accept our credentials. {error.message}"
        work.ledger.report("unauthorized", work.lane, words=words, next_step=error.next_step, now=now)
    if called:
        work.ledger.put_back(effect.key, due=now + wait, error=str(error))
    else:
        work.ledger.leave(effect.key, due=now + wait, error=str(error))
    _tell(work, effect, "todo" if called else effect.state, "not now", now)


def _not_known(work: Work, effect: Effect, error: Exception, now: datetime, *, counts: bool) -> None:
    """It may have happened. Wait, then look; too often in a row, and a person has to."""
    words = str(error) if isinstance(error, ConnectorError) else f"{type(error).__name__} while it was done."
    if counts and effect.unknowns + 1 >= work.merchant.settings.unknown_maximum:
        next_step = (
            f"Look for {effect.subject} at {effect.lane}. If it is there, resolve {effect.key} with its id; "
            "if it is not, replay it."
        )
        _bury(work, effect, "unknown", words, next_step, now)
    else:
        work.ledger.leave(effect.key, due=now + work.merchant.settle(work.lane), error=words, unknown=counts)
        _tell(work, effect, effect.state, "unknown", now)


def _bury(work: Work, effect: Effect, reason: str, words: str, next_step: str, now: datetime) -> None:
    work.ledger.bury(effect.key, now=now, reason=reason, error=words, next_step=next_step)
    _tell(work, effect, "dead", reason, now)


def _tell(work: Work, effect: Effect, state: State, reason: str, now: datetime) -> None:
    work.settled += state in ("done", "void", "dead")
    work.tell(EffectMoved(now, effect.key, effect.subject, state, reason))


def _word(refusal: Refused) -> str:
    """The refusal's class as one word to select by: `Invalid` → `invalid`, `NotFound` → `not_found`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", type(refusal).__name__).lower()
