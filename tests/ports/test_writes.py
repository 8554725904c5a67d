"""Writes, whoever's they are: what is done is found, and nothing is done twice, whatever goes wrong."""

import asyncio
from typing import Any

import httpx
import pytest

from connectors.core.errors import Broken, Conflict, ConnectorError, NotApplied, Refused, TimedOut, Unknown
from tests.ports.calls import Write, cells, writes_of
from tests.ports.rig import Rig
from tests.ports.stage import Stage, play

LATE_SECONDS = 20.0
SLOW_SECONDS = 2.0
TOO_SLOW_SECONDS = 40.0
REQUESTS_MAXIMUM = 12
FAULTS: dict[str, dict[str, Any]] = {
    "refuse": {},
    "throttle": {},
    "drop": {},
    "lose": {},
    "cut": {},
    "repeat": {},
    "late": {"seconds": LATE_SECONDS},
    "delay": {"seconds": SLOW_SECONDS},
    "delay too long": {"seconds": TOO_SLOW_SECONDS},
}
UNKNOWN = {"drop": Broken, "lose": Broken, "cut": Broken, "late": TimedOut, "delay too long": TimedOut}
HARMLESS = {"refuse", "throttle", "repeat", "delay"}
each_fault = pytest.mark.parametrize("fault", FAULTS)


async def until_done(stage: Stage, call: Write, given: Any, error: ConnectorError | None) -> int:
    """What the port tells a caller to do after an outcome; answers how often the write was repeated."""
    for times in range(10):
        if error is None:
            return times
        if isinstance(error, NotApplied):
            await asyncio.sleep(error.retry_after_seconds or 60)
        else:
            assert isinstance(error, Unknown), f"not to be repeated by itself: {error}"
            await asyncio.sleep(stage.connector.settle.total_seconds())
            found = not call.harmless and await call.look(stage.connector, given)
            assert call.harmless or found == (call.times(stage, given) == 1), "the look-up sees what the write made"
            if found:
                return times
        error = await stage.refused(call.do(stage.connector, given))
    raise AssertionError(f"it does not come to its end: {error}")


@cells(writes_of)
def test_what_a_write_made_is_found_at_once_and_was_not_there_before(rig: Rig, call: Write):
    async def story(stage: Stage) -> None:
        given = await call.arrange(stage)
        assert not await call.look(stage.connector, given)
        assert call.times(stage, given) == 0
        await call.do(stage.connector, given)
        assert await call.look(stage.connector, given)
        assert call.times(stage, given) == 1

    play(rig, story)


@cells(writes_of)
def test_a_write_repeated_is_one_record_or_a_clear_conflict(rig: Rig, call: Write):
    """In a row, and later, and by somebody who knows nothing of the first."""

    async def story(stage: Stage) -> None:
        given = await call.arrange(stage)
        first = await call.do(stage.connector, given)
        for connector in (stage.connector, stage.another()):
            error = await stage.refused(call.do(connector, given))
            assert error is None or isinstance(error, Conflict), error
            assert call.times(stage, given) == 1
            await asyncio.sleep(90_000)  # whatever the vendor remembered it by is forgotten
        assert await call.look(stage.connector, given)
        assert first is None or error is not None or await call.do(stage.connector, given) == first

    play(rig, story)


@cells(writes_of)
def test_a_write_by_several_at_once_is_one_record(rig: Rig, call: Write):
    async def story(stage: Stage) -> None:
        given = await call.arrange(stage)
        errors = await asyncio.gather(*(stage.refused(call.do(stage.connector, given)) for _ in range(5)))
        assert None in errors, "one of them came through"
        assert all(error is None or isinstance(error, Conflict | NotApplied | Unknown) for error in errors), errors
        assert call.times(stage, given) == 1

    play(rig, story)


@each_fault
@cells(writes_of)
def test_a_fault_at_any_request_of_a_write_is_told_as_what_it_is_and_survived(rig: Rig, call: Write, fault: str):
    """Told: a caller who is to repeat is told so, and one who is to look first is told that. Survived: done once."""
    kind = fault.split()[0]

    async def story(stage: Stage, at: int) -> None:
        given = await call.arrange(stage)
        struck: list[bool] = []

        def strike(number: int, request: httpx.Request) -> None:
            if number == at:
                struck.append(rig.is_change(request))
                stage.fault(kind, **FAULTS[fault])

        stage.edge.before = strike
        error = await stage.refused(call.do(stage.connector, given))
        done = call.times(stage, given)
        if not struck:
            assert error is None
            return
        requests[at] = True
        if error is None and struck[0] and (call.name, fault) in rig.unguarded:
            assert done == 2, "the vendor guards against this by now: say so in the rig"
            return
        if error is None:
            assert done == 1, "it ended well, and it is done"
        elif struck[0]:
            # What is sent in several parts is unknown of its own kind once one of them was done.
            assert fault in UNKNOWN, error
            assert type(error) in {UNKNOWN[fault], Unknown}, error
        else:
            assert rig.is_token_request(stage.edge.requests[at]), f"a question is asked again: {error}"
            assert isinstance(error, NotApplied), error
        await until_done(stage, call, given, error)
        await asyncio.sleep(LATE_SECONDS)
        await stage.connector.check()  # whatever was late has arrived by now
        assert call.times(stage, given) == 1

    requests: dict[int, bool] = {}
    for at in range(REQUESTS_MAXIMUM):
        play(rig, lambda stage, at=at: story(stage, at))
        if at not in requests:
            assert requests, "no request was ever struck"
            return
    raise AssertionError(f"a write of more than {REQUESTS_MAXIMUM} requests")


@pytest.mark.parametrize("fault", [*FAULTS, "revoke"])
@cells(writes_of)
def test_not_applied_and_refused_are_only_said_of_what_changed_nothing(rig: Rig, call: Write, fault: str):
    """From some request on the vendor is gone for good: what is said of the write must still be true."""
    kind = fault.split()[0]

    async def story(stage: Stage, at: int) -> None:
        given = await call.arrange(stage)
        await call.look(stage.connector, given)  # so that there is a token
        before, requests = stage.books(), len(stage.edge.requests)

        def strike(number: int, _: httpx.Request) -> None:
            if number == requests + at:
                stage.fault(kind, times=None, **FAULTS.get(fault, {}))

        stage.edge.before = strike
        error = await stage.refused(call.do(stage.connector, given))
        reached.append(len(stage.edge.requests) > requests + at)
        stage.heal()
        if isinstance(error, NotApplied | Refused) and not call.absolute:
            assert stage.books() == before, f"something was changed, and yet: {error}"
        if (call.name, fault) in rig.unguarded or fault == "revoke":
            return
        if error is None:
            assert call.times(stage, given) == 1
        if not isinstance(error, Refused):
            await until_done(stage, call, given, error)
            assert call.times(stage, given) == 1

    reached: list[bool] = []
    for at in range(REQUESTS_MAXIMUM):
        play(rig, lambda stage, at=at: story(stage, at))
        if not reached[-1]:
            return
    raise AssertionError(f"a write of more than {REQUESTS_MAXIMUM} requests")


@cells(writes_of)
def test_a_write_that_is_given_up_is_over_before_it_can_be_looked_for(rig: Rig, call: Write):
    """Cancelled by its caller, whose process ends, say: the look-up after `settle` sees what became of it."""

    async def story(stage: Stage) -> None:
        given = await call.arrange(stage)
        stage.fault("delay", times=None, seconds=3.0)
        writing = asyncio.ensure_future(call.do(stage.connector, given))
        await asyncio.sleep(4.0)
        writing.cancel()
        await asyncio.gather(writing, return_exceptions=True)
        stage.heal()
        await until_done(stage, call, given, Unknown("the caller went away"))
        assert call.times(stage, given) == 1

    play(rig, story)
