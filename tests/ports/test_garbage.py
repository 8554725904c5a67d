"""Answers no honest vendor gives: always an error of the tree, with the outcome that is true."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.core.errors import ConnectorError, NotApplied, PagingLoop, Refused, Unauthorized, Unknown
from connectors.core.http import HttpLimits
from connectors.core.throttle import PAUSE_SECONDS_MAXIMUM
from tests.ports.calls import Call, Feed, Write, calls_of, cells, feeds, few_calls_of, few_writes_of
from tests.ports.effort import effort
from tests.ports.garbage import ANSWER_BYTES_MAXIMUM, GARBAGE, Garbage
from tests.ports.rig import Rig, rigs
from tests.ports.stage import Edge, Stage, play, rows_of
from tests.ports.test_writes import REQUESTS_MAXIMUM, until_done

LIMITS = HttpLimits(answer_bytes_maximum=ANSWER_BYTES_MAXIMUM)
OUTCOMES: dict[str, type[ConnectorError]] = {"NotApplied": NotApplied, "Unknown": Unknown, "Refused": Refused}
SECONDS_MAXIMUM = 600.0


@cells(few_calls_of)
def test_garbage_is_an_error_of_the_tree(rig: Rig, call: Call):
    """From the first answer on, whatever is asked; without the credentials that it may have been sent."""

    async def story(stage: Stage, garbage: Garbage) -> None:
        given = await call.arrange(stage)
        await stage.connector.check()
        began = stage.seconds()
        stage.edge.after = lambda number, request, honest: garbage.reply(request, honest)
        error = await stage.refused(call.do(stage.connector, given))
        stage.edge.forget()
        if error is None:
            nothing_there = call.name == "order" and garbage.name == "404 with a page"
            nothing_there |= rig.bare_lists and garbage.name == "a list"
            assert not garbage.means or nothing_there, f"{garbage} was taken for an answer"
        elif garbage.means:
            assert isinstance(error, OUTCOMES[garbage.means]), (garbage.name, error)
        assert stage.seconds() - began < SECONDS_MAXIMUM, garbage.name

    async def all_of_it(stage: Stage) -> None:
        for garbage in GARBAGE:
            await story(stage, garbage)
            await asyncio.sleep(PAUSE_SECONDS_MAXIMUM)  # it may have been told to wait, for ages

    play(rig, all_of_it, http=LIMITS)


@cells(few_writes_of)
def test_garbage_in_answer_to_a_change_is_never_taken_for_what_it_is_not(rig: Rig, call: Write):
    """Each change of a write, and each garbage for it once: told by its outcome, looked up, and done once."""

    async def story(stage: Stage, garbage: Garbage, at: int) -> None:
        given = await call.arrange(stage)
        await stage.connector.check()
        changes: list[int] = []

        def spoil(number: int, request: httpx.Request, honest: httpx.Response) -> httpx.Response:
            if rig.is_change(request):
                changes.append(number)
                if len(changes) == at + 1:
                    return garbage.reply(request, honest)
            return honest

        stage.edge.after = spoil
        error = await stage.refused(call.do(stage.connector, given))
        stage.edge.forget()
        reached.append(len(changes) > at)
        if len(changes) <= at or garbage.means in {"NotApplied", "Refused"}:
            return  # a server that lies about what it did: nobody can see through that
        assert error is None or isinstance(error, Unknown), (garbage.name, error)
        assert error is not None or call.times(stage, given) == 1, garbage.name
        await until_done(stage, call, given, error)
        assert call.times(stage, given) == 1, garbage.name

    reached: list[bool] = []
    for garbage in GARBAGE:
        for at in range(REQUESTS_MAXIMUM):
            play(rig, lambda stage, garbage=garbage, at=at: story(stage, garbage, at), http=LIMITS)
            if not reached[-1]:
                break
        assert any(reached), "there was no change"


@cells(few_calls_of)
def test_a_200_with_an_error_inside_is_not_success(rig: Rig, call: Call):
    async def story(stage: Stage) -> None:
        for inside in rig.errors_inside:
            given = await call.arrange(stage)
            await stage.connector.check()
            stage.edge.after = lambda number, request, honest, inside=inside: httpx.Response(200, json=inside)
            assert await stage.refused(call.do(stage.connector, given)) is not None, inside
            stage.edge.forget()

    play(rig, story)


@feeds()
@pytest.mark.parametrize("kind", ["always the same page", "always another page"])
def test_pages_that_never_end_do_end(rig: Rig, feed: Feed, kind: str):
    async def story(stage: Stage) -> None:
        for _ in range(2):
            getattr(rig, feed.place)(stage)
        first: list[httpx.Response] = []

        def go_on(number: int, request: httpx.Request, honest: httpx.Response) -> httpx.Response:
            if not first and rig.is_page(honest):
                first.append(honest)
            if not first:
                return honest
            return rig.endless(first[0], number if kind == "always another page" else 0)

        stage.edge.after = go_on
        error = await stage.refused(rows_of(feed.of(stage.connector)))
        if kind == "always the same page":
            assert isinstance(error, PagingLoop)
            assert len(stage.edge.requests) < 10
        else:
            assert error is None or isinstance(error, PagingLoop)
            assert len(stage.edge.requests) < 2000

    play(rig, story)


@pytest.mark.parametrize(
    ("rig", "way"),
    [(rig, way) for rig in rigs() for way in rig.renewing()],
    ids=[f"{rig.name}-{way}" for rig in rigs() for way in rig.renewing()],
)
def test_garbage_for_a_token_means_that_nothing_was_sent(rig: Rig, way: str):
    async def story(stage: Stage, garbage: Garbage) -> None:
        edge = Edge(stage.edge.inner)
        connector = await rig.renewing()[way](stage, edge)
        stage.fault("revoke")
        edge.after = lambda number, request, honest: (
            garbage.reply(request, honest) if rig.is_token_request(request) else honest
        )
        error = await stage.refused(connector.check())
        if garbage.means:
            assert isinstance(error, NotApplied | Unauthorized), (garbage.name, error)
        stage.edge.issued |= edge.issued

    for garbage in GARBAGE:
        play(rig, lambda stage, garbage=garbage: story(stage, garbage), http=LIMITS)


@cells(few_calls_of)
def test_a_secret_quoted_in_a_complaint_is_not_passed_on(rig: Rig, call: Call):
    """In whichever member of the vendor's error bodies: the stage looks for it in all that was said."""

    async def story(stage: Stage) -> None:
        given = await call.arrange(stage)
        await stage.connector.check()
        secrets = {stage.credentials[name] for name in rig.knows} | stage.edge.issued
        words = f"these do not go together: {' '.join(sorted(secrets))}"
        for place in range(len(rig.complaints(stage.edge.requests[-1], words))):
            stage.edge.after = lambda number, request, honest, place=place: rig.complaints(request, words)[place]
            error = await stage.refused(call.do(stage.connector, given))
            assert error is not None, "a complaint was taken for an answer"
            assert "these do not go together" in str(error), "and what it says is told"

    play(rig, story)


# True answers with one thing changed


def places_in(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a document, from the whole to its leaves."""
    yield path
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from places_in(inner, (*path, key))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from places_in(inner, (*path, number))


LEFT_OUT = object()


def changed(value: Any, path: tuple[Any, ...], to: Any) -> Any:
    """The document with another value at that place, or without it."""
    if not path:
        return None if to is LEFT_OUT else to
    key, rest = path[0], path[1:]
    if isinstance(value, dict):
        if not rest and to is LEFT_OUT:
            return {name: inner for name, inner in value.items() if name != key}
        return value | {key: changed(value[key], rest, to)}
    if not rest and to is LEFT_OUT:
        return [inner for number, inner in enumerate(value) if number != key]
    return [changed(inner, rest, to) if number == key else inner for number, inner in enumerate(value)]


VALUES = st.sampled_from(
    [
        LEFT_OUT,
        None,
        True,
        0,
        -1,
        7,
        10**30,
        1.5,
        "",
        "7",
        "x" * 300,
        "gid://shopify/Order/1",
        "gid://shopify/Order/x",
        "2026-11-23",
        "2026-11-23T12:00:00",
        "9999-12-31T23:59:59-23:59",
        "0001-01-01T00:00:00+23:59",
        "NaN",
        "-Infinity",
        [],
        {},
        [None],
        [[]],
        {"id": 1},
    ]
)


@pytest.mark.parametrize("rig", rigs(), ids=[rig.name for rig in rigs()])
@effort(250)
@given(data=st.data(), value=VALUES)
def test_a_true_answer_with_one_wrong_value_in_it_never_breaks_a_connector(rig: Rig, data: st.DataObject, value: Any):
    """Whatever it is taken for: an answer, or an error of the tree."""
    calls = calls_of(rig)
    call = calls[data.draw(st.integers(0, len(calls) - 1), label="call")]
    at = data.draw(st.integers(0, 3), label="request")

    async def story(stage: Stage) -> None:
        given = await call.arrange(stage)
        await stage.connector.check()
        first = len(stage.edge.requests)

        def spoil(number: int, request: httpx.Request, honest: httpx.Response) -> httpx.Response:
            if number != first + at or not honest.content:
                return honest
            document = json.loads(honest.content)
            places = list(places_in(document))
            place = places[data.draw(st.integers(0, len(places) - 1), label="place")]
            return httpx.Response(honest.status_code, json=changed(document, place, value), headers=dated(honest))

        stage.edge.after = spoil
        error = await stage.refused(call.do(stage.connector, given))
        assert stage.seconds() < SECONDS_MAXIMUM
        assert error is None or error.next_step

    play(rig, story)


def dated(reply: httpx.Response) -> dict[str, str]:
    return {"date": reply.headers["date"]} if "date" in reply.headers else {}


@pytest.mark.parametrize("rig", rigs(), ids=[rig.name for rig in rigs()])
@effort(80)
@given(data=st.data(), noise=st.binary(max_size=60), status=st.sampled_from([200, 201, 207, 400, 429, 500, 503]))
def test_noise_never_breaks_a_connector(rig: Rig, data: st.DataObject, noise: bytes, status: int):
    calls = calls_of(rig)
    call = calls[data.draw(st.integers(0, len(calls) - 1), label="call")]

    async def story(stage: Stage) -> None:
        given = await call.arrange(stage)
        await stage.connector.check()
        stage.edge.after = lambda number, request, honest: httpx.Response(status, content=noise)
        error = await stage.refused(call.do(stage.connector, given))
        assert error is not None

    play(rig, story)
