"""Every method under every failure: sorted into the right outcome, in bounded time, and never another exception."""

import asyncio
from typing import Any

import httpx
import pytest

from connectors.core.errors import (
    Broken,
    ConnectorError,
    NotApplied,
    Refused,
    Throttled,
    TimedOut,
    Unauthorized,
    Unavailable,
    Unknown,
)
from connectors.core.http import HttpLimits
from contracts.contract import load
from tests.ports.calls import Call, calls_of, cells
from tests.ports.rig import Rig, rigs
from tests.ports.stage import Edge, Stage, play

LIMITS = HttpLimits()
OVER_SECONDS = LIMITS.read_patience_seconds + LIMITS.timeout_seconds + 1
OUTCOMES: dict[str, type[ConnectorError]] = {"NotApplied": NotApplied, "Unknown": Unknown, "Refused": Refused}

FAILURES: dict[str, tuple[type[ConnectorError], dict[str, Any]]] = {
    "refuse": (Unavailable, {}),
    "throttle": (Throttled, {}),
    "throttle for long": (Throttled, {"seconds": 900}),
    "drop": (Broken, {}),
    "lose": (Broken, {}),
    "cut": (Broken, {}),
    "late": (TimedOut, {"seconds": 5}),
    "delay": (TimedOut, {"seconds": 45}),
    "revoke": (Unauthorized, {}),
}


def outcome_of(status: int) -> str:
    """What a refusal means, by its status alone: what the errors' own page says."""
    if status in {425, 429, 503}:
        return "NotApplied"
    if status in {302, 303, 408} or status >= 500:
        return "Unknown"
    assert 300 <= status < 500, "under 200 the rig has to say what it means"
    return "Refused"


@pytest.mark.parametrize("failure", FAILURES)
@cells(calls_of)
def test_a_failure_that_lasts_is_told_as_what_it_is_and_not_waited_for_for_ever(rig: Rig, call: Call, failure: str):
    kind, more = FAILURES[failure]

    async def story(stage: Stage) -> None:
        given = await call.arrange(stage)
        await stage.connector.check()  # so that there is a token
        stage.fault(failure.split()[0], times=None, **more)
        began = stage.seconds()
        error = await stage.refused(call.do(stage.connector, given))
        assert type(error) is kind, error
        assert stage.seconds() - began <= OVER_SECONDS
        assert error.next_step
        assert error.tried

    play(rig, story)


@cells(calls_of)
def test_each_refusal_the_vendor_knows_means_what_its_status_says(rig: Rig, call: Call):
    known = load(rig.vendor).profile.surfaces[rig.surface].errors.known

    async def story(stage: Stage, code: str, wanted: str) -> None:
        given = await call.arrange(stage)
        await stage.connector.check()
        before = stage.books()
        stage.fault("refuse", times=None, error=code)
        error = await stage.refused(call.do(stage.connector, given))
        if error is None and call.name == "order" and known[code].status in {404, 410}:
            return  # it is not there, and that is an answer
        assert isinstance(error, OUTCOMES[wanted]), (code, error)
        assert stage.books() == before

    for code, refusal in known.items():
        wanted = rig.refusals.get(code) or outcome_of(refusal.status)
        play(rig, lambda stage, code=code, wanted=wanted: story(stage, code, wanted))


@pytest.mark.parametrize(
    ("rig", "way"),
    [(rig, way) for rig in rigs() for way in rig.renewing()],
    ids=lambda each: getattr(each, "vendor", each),
)
def test_without_a_token_nothing_was_sent_and_the_call_says_so(rig: Rig, way: str):
    """Whatever the token endpoint answers, the call itself never left: not applied, or the credentials are wrong."""
    known = load(rig.vendor).profile.surfaces[rig.token_surface].errors.known
    failures = [("refuse", {"error": code}) for code in known]
    failures += [("drop", {}), ("lose", {}), ("cut", {}), ("late", {}), ("delay", {"seconds": 45})]

    async def story(stage: Stage, kind: str, more: dict[str, Any]) -> None:
        edge = Edge(stage.edge.inner)
        connector = await rig.renewing()[way](stage, edge)
        await asyncio.sleep(2 * 86_400)  # whatever token it had has ended

        def strike(_: int, request: httpx.Request) -> None:
            if rig.is_token_request(request):
                stage.fault(kind, **more)

        edge.before = strike
        before = stage.books()
        error = await stage.refused(connector.check())
        assert isinstance(error, NotApplied | Unauthorized), (kind, more, error)
        assert stage.books() == before
        edge.forget()
        stage.heal()
        await connector.check()  # and when the token endpoint has recovered, so has the connector

    for kind, more in failures:
        play(rig, lambda stage, kind=kind, more=more: story(stage, kind, more))
