"""What is true of every connector, whichever ports it plays: credentials, tokens, limits, closing, and silence."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest

from connectors.core.errors import NotApplied, Throttled, Unauthorized
from connectors.core.http import HttpLimits
from connectors.ports import Connector
from contracts.contract import load
from contracts.profile import FixedWindow
from tests.ports.calls import calls_of, cells, reads_of
from tests.ports.rig import Rig, rigs
from tests.ports.stage import Edge, Stage, play

CALLERS = 50
DAY_SECONDS = 86_400

every_rig = pytest.mark.parametrize("rig", rigs(), ids=[rig.name for rig in rigs()])
every_way = pytest.mark.parametrize(
    ("rig", "way"),
    [(rig, way) for rig in rigs() for way in rig.renewing()],
    ids=[f"{rig.name}-{way}" for rig in rigs() for way in rig.renewing()],
)


@every_rig
def test_it_is_a_connector_and_plays_at_least_one_part(rig: Rig):
    async def story(stage: Stage) -> None:
        assert isinstance(stage.connector, Connector)
        assert stage.connector.settle > timedelta(0)
        assert rig.ports()

    play(rig, story)


@every_rig
def test_right_credentials_are_proved_by_the_accounts_name_and_wrong_ones_are_unauthorized(rig: Rig):
    async def story(stage: Stage) -> None:
        assert await stage.connector.check()
        edge = Edge(stage.edge.inner)
        stranger = rig.stranger(stage, edge)
        error = await stage.refused(stranger.check())
        assert isinstance(error, Unauthorized)
        assert len(edge.requests) <= 2, "and it is not tried again and again"
        await stranger.aclose()

    play(rig, story)


# Tokens


async def expired(stage: Stage) -> None:
    """The token ends, as everybody knows."""
    await asyncio.sleep(2 * DAY_SECONDS)


async def revoked(stage: Stage) -> None:
    """The token ends, and nobody knows."""
    stage.fault("revoke")


@pytest.mark.parametrize("ended", [expired, revoked])
@every_way
def test_a_token_that_ended_is_renewed_once_however_many_are_waiting(rig: Rig, way: str, ended: Any):
    async def story(stage: Stage) -> None:
        edge = Edge(stage.edge.inner)
        connector = await rig.renewing()[way](stage, edge)
        await connector.check()
        edge.forget()
        await ended(stage)
        await asyncio.gather(*(connector.check() for _ in range(CALLERS)))
        assert sum(rig.is_token_request(request) for request in edge.requests) == 1
        stage.edge.issued |= edge.issued

    play(rig, story)


@every_way
def test_fifty_first_callers_ask_for_one_token(rig: Rig, way: str):
    async def story(stage: Stage) -> None:
        edge = Edge(stage.edge.inner)
        connector = await rig.renewing()[way](stage, edge)
        await asyncio.sleep(2 * DAY_SECONDS)
        await asyncio.gather(*(connector.check() for _ in range(CALLERS)))
        assert sum(rig.is_token_request(request) for request in edge.requests) == 1

    play(rig, story)


@every_way
def test_a_token_is_renewed_before_it_ends(rig: Rig, way: str):
    """Over a day of calls, none is ever refused for a token that was known to have ended."""

    async def story(stage: Stage) -> None:
        edge = Edge(stage.edge.inner)
        connector = await rig.renewing()[way](stage, edge)
        await connector.check()
        await asyncio.sleep(DAY_SECONDS)  # a token whose end nobody told may be refused once
        await connector.check()
        last = stage.journal()[-1].number
        for _ in range(30):
            await asyncio.sleep(1777)
            await connector.check()
        assert [entry.rule for entry in stage.journal(last) if entry.status >= 400] == []

    play(rig, story)


# Limits


class Pace:
    """Notes at an edge what the vendor says of its limits."""

    def __init__(self, rig: Rig, edge: Edge) -> None:
        self.rig = rig
        self.edge = edge
        self.throttled: list[tuple[float, float, httpx.Request]] = []
        edge.after = self.note

    def note(self, number: int, request: httpx.Request, reply: httpx.Response) -> httpx.Response:
        wait = self.rig.told_to_wait(reply)
        if wait is not None:
            self.throttled.append((asyncio.get_running_loop().time(), wait, request))
        return reply

    def impatient(self) -> list[float]:
        """Requests that were sent while the vendor had said that their like should wait."""
        return [
            at
            for at, request in zip(self.edge.seconds, self.edge.requests, strict=True)
            if not self.rig.is_token_request(request)
            and any(
                told < at < told + wait - 0.001 and self.rig.share_a_limit(request, refused)
                for told, wait, refused in self.throttled
            )
        ]


@every_rig
def test_the_connectors_own_pace_never_provokes_a_429(rig: Rig):
    """A crowd of callers with everything a connector can ask, for three minutes; then once more after a rest."""

    async def story(stage: Stage) -> None:
        edge = Edge(stage.edge.inner)
        pace = Pace(rig, edge)
        connector = rig.paced(stage, edge)
        asked = [(read, await read.arrange(stage)) for read in reads_of(rig)]
        stage.world.limits.clear()  # what arranging it took is no matter of this connector's

        async def crowd(size: int) -> int:
            calls = [asked[number % len(asked)] for number in range(size)]
            ends = await asyncio.gather(*(stage.refused(read.do(connector, given)) for read, given in calls))
            assert all(end is None or (isinstance(end, Throttled) and end.status is None) for end in ends)
            return sum(end is None for end in ends)

        assert await crowd(rig.crowd) >= rig.crowd * 4 // 5
        assert stage.seconds() > 0, "the limits were met, or this says nothing"
        await asyncio.sleep(50)
        assert await crowd(70) == 70
        assert pace.throttled == []
        for name, rule in load(rig.vendor).profile.surfaces[rig.surface].rate_limits.items():
            if isinstance(rule, FixedWindow) and (rig.keeps is None or name in rig.keeps):
                calls = [
                    at for at, sent in zip(edge.seconds, edge.requests, strict=True) if not rig.is_token_request(sent)
                ]
                window = rule.window_seconds
                assert max(sum(begin <= at < begin + window for at in calls) for begin in calls) == rule.limit
        await connector.aclose()

    play(rig, story)


@every_rig
def test_when_others_use_up_the_limit_the_connector_waits_as_it_is_told(rig: Rig):
    async def story(stage: Stage) -> None:
        rig.tighten(stage)
        edges = [Edge(stage.edge.inner), Edge(stage.edge.inner)]
        paces = [Pace(rig, edge) for edge in edges]
        connectors = [rig.paced(stage, edge) for edge in edges]
        asked = [(read, await read.arrange(stage)) for read in reads_of(rig)]
        calls = [(connector, *each) for each in asked * 2 for connector in connectors]
        ends = await asyncio.gather(*(stage.refused(read.do(connector, given)) for connector, read, given in calls))
        assert sum(len(pace.throttled) for pace in paces) >= 1, "the limit was met"
        assert [pace.impatient() for pace in paces] == [[], []]
        assert all(end is None or isinstance(end, Throttled) for end in ends)
        for end in ends:
            assert end is None or end.status is None or end.retry_after_seconds is not None
        await asyncio.sleep(600)
        for connector in connectors:
            await connector.check()
            await connector.aclose()

    play(rig, story)


@cells(calls_of)
def test_a_wait_longer_than_patience_is_handed_to_the_caller(rig: Rig, call: Any):
    """Who has a ledger knows better what to do with ten minutes than a call that holds on to them."""

    async def story(stage: Stage) -> None:
        given = await call.arrange(stage)
        await stage.connector.check()
        before = len(stage.edge.requests)
        stage.edge.after = lambda number, request, reply: httpx.Response(429, headers={"retry-after": "777"})
        began = stage.seconds()
        error = await stage.refused(call.do(stage.connector, given))
        assert isinstance(error, Throttled)
        assert error.retry_after_seconds == 777
        assert stage.seconds() == began
        assert len(stage.edge.requests) == before + 1

    play(rig, story)


# In flight, and closing


@every_rig
def test_no_more_calls_are_in_flight_than_allowed(rig: Rig):
    async def story(stage: Stage) -> None:
        await stage.connector.check()
        stage.fault("delay", times=None, seconds=2)
        await asyncio.gather(*(stage.connector.check() for _ in range(40)))
        assert 2 <= stage.edge.under_way_maximum <= HttpLimits().in_flight_maximum

    play(rig, story)


async def in_flight(stage: Stage, connector: Any) -> list[asyncio.Task[Any]]:
    stage.fault("delay", times=None, seconds=20)
    calls = [asyncio.ensure_future(connector.check()) for _ in range(30)]
    await asyncio.sleep(3)
    return calls


async def waiting_for_the_limit(stage: Stage, connector: Any) -> list[asyncio.Task[Any]]:
    stage.edge.after = lambda number, request, reply: httpx.Response(429, headers={"retry-after": "60"})
    calls = [asyncio.ensure_future(connector.check()) for _ in range(30)]
    await asyncio.sleep(3)
    stage.edge.forget()
    return calls


@pytest.mark.parametrize("caught", [in_flight, waiting_for_the_limit])
@every_rig
def test_callers_who_go_away_leave_nothing_behind(rig: Rig, caught: Callable[..., Awaitable[Any]]):
    """Neither tasks nor places taken: whoever comes next is served at once."""

    async def story(stage: Stage) -> None:
        await stage.connector.check()
        calls = await caught(stage, stage.connector)
        for call in calls:
            call.cancel()
        ends = await asyncio.gather(*calls, return_exceptions=True)
        assert all(isinstance(end, asyncio.CancelledError) for end in ends)
        stage.heal()
        await asyncio.sleep(60)
        began = stage.seconds()
        await asyncio.gather(*(stage.connector.check() for _ in range(20)))
        assert stage.seconds() - began < 1
        assert stage.edge.under_way == 0

    play(rig, story)


@every_rig
def test_closing_while_calls_are_under_way_ends_them_in_the_error_tree(rig: Rig):
    async def story(stage: Stage) -> None:
        edge = Edge(stage.edge.inner)
        connector = rig.connect(stage, edge)
        calls = await in_flight(stage, connector)
        await connector.aclose()
        stage.heal()
        ends = await asyncio.gather(*(stage.refused(call) for call in calls))
        assert edge.closed == 1
        assert all(end is None or isinstance(end, NotApplied) for end in ends)

    play(rig, story)


@every_rig
def test_used_with_async_with_it_closes_itself_also_when_a_call_fails(rig: Rig):
    async def story(stage: Stage) -> None:
        edge = Edge(stage.edge.inner)
        with pytest.raises(ZeroDivisionError):
            async with rig.connect(stage, edge) as connector:
                await connector.check()
                raise ZeroDivisionError
        assert edge.closed == 1

    play(rig, story)
