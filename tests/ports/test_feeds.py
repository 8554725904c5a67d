"""Lists walked from cursors, whoever's they are: nothing is missed, whatever happens between two requests."""

import asyncio
import itertools
from collections.abc import Mapping
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.canonical import Level
from connectors.core.cursors import read_cursor
from connectors.core.errors import BadCursor
from tests.ports.calls import Feed, feeds
from tests.ports.effort import effort
from tests.ports.rig import Rig, id_of
from tests.ports.stage import BASE, Stage, pages_of, play, rows_of

# (before which request of the walk, what people do, which row if it is one that is there)
EVENTS = st.lists(st.tuples(st.integers(0, 9), st.sampled_from(("place", "touch")), st.integers(0, 9)), max_size=8)
WAITS = st.sampled_from((0, 0.4, 1, 30, 600))
LAGS = {"shopify": (0, 4)}


class Walker:
    """Somebody who walks a feed, keeps what comes, and goes on from the last cursor kept."""

    def __init__(self, stage: Stage, feed: Feed) -> None:
        self.stage = stage
        self.feed = feed
        self.placed: list[str] = []
        self.kept: dict[str, Any] = {}
        self.cursors: list[str] = []

    def place(self) -> None:
        self.placed.append(getattr(self.stage.rig, self.feed.place)(self.stage))

    def touch(self, place: int) -> None:
        if self.placed:
            getattr(self.stage.rig, self.feed.touch)(self.stage, self.placed[place % len(self.placed)])

    def plan(self, events: list[tuple[int, str, int]]) -> None:
        def happen(number: int, _: object) -> None:
            for when, what, place in events:
                if when == number:
                    self.place() if what == "place" else self.touch(place)

        self.stage.edge.forget()
        self.stage.edge.before = happen

    async def walk(self, pages: int | None = None) -> None:
        """Keep so many pages, or all."""
        feed = self.feed.of(self.stage.connector, self.cursors[-1] if self.cursors else None)
        left = pages
        async for page in feed:
            self.kept |= {id_of(row): row for row in page.rows}
            self.cursors.append(page.cursor)
            left = None if left is None else left - 1
            if left == 0:
                await feed.aclose()
                return


def comparable(rows: Mapping[str, Any]) -> dict[str, Any]:
    """Levels are as of when they were asked for."""
    return {id: msgspec.structs.replace(row, as_of=BASE) if isinstance(row, Level) else row for id, row in rows.items()}


@feeds()
@effort(80)
@given(
    page_size=st.integers(1, 4),
    before=st.integers(0, 7),
    first=EVENTS,
    stop=st.none() | st.integers(1, 4),
    second=EVENTS,
    waits=st.tuples(WAITS, WAITS, WAITS),
    index=st.integers(0, 1),
)
def test_whoever_walks_and_goes_on_from_the_cursor_has_everything_as_it_is(
    rig: Rig, feed: Feed, page_size, before, first, stop, second, waits, index
):
    """Rows appear and change between any two requests, the walk is given up after any page, and an index may lag."""
    lag = LAGS.get(rig.vendor, (0, 0))[index]
    world = {"world_search_lag_seconds": lag} if lag else {}

    async def story(stage: Stage) -> None:
        walker = Walker(stage, feed)
        for _ in range(before):
            walker.place()
        await asyncio.sleep(waits[0])
        walker.plan(first)
        await walker.walk(stop)
        await asyncio.sleep(waits[1])
        walker.plan(second)
        await walker.walk()
        await asyncio.sleep(waits[2] + lag)
        walker.plan([])
        await walker.walk()

        truth = {id_of(row): row for row in await rows_of(feed.of(stage.another()))}
        assert set(walker.placed) <= set(truth), "the walk from the beginning shows everything"
        assert comparable(walker.kept) == comparable(truth)
        reached = [read_cursor(cursor) for cursor in walker.cursors]
        assert reached == sorted(reached), "a cursor went backwards"

    play(rig, story, page_size=page_size, **world)


@feeds()
def test_rows_come_in_the_order_of_the_sources_clock_and_each_once(rig: Rig, feed: Feed):
    async def story(stage: Stage) -> None:
        walker = Walker(stage, feed)
        for _ in range(5):
            walker.place()
            await asyncio.sleep(2)
        for place in (3, 0, 4):
            walker.touch(place)
            await asyncio.sleep(2)
        rows = await rows_of(feed.of(stage.connector))
        assert len({id_of(row) for row in rows}) == len(rows) >= 5
        assert {*walker.placed} <= {id_of(row) for row in rows}
        times = [row.updated for row in rows if hasattr(row, "updated")]
        assert times == sorted(times)

    play(rig, story, page_size=2)


@feeds()
def test_a_walk_from_the_last_cursor_is_short(rig: Rig, feed: Feed):
    """Where the vendor can say what changed, only that is read again; and it is everything that changed."""

    async def story(stage: Stage) -> None:
        walker = Walker(stage, feed)
        for _ in range(6):
            walker.place()
            await asyncio.sleep(1000)
        await walker.walk()
        whole = len(stage.edge.requests)
        await asyncio.sleep(1000)
        walker.touch(1)
        walker.plan([])
        rows = await rows_of(feed.of(stage.connector, walker.cursors[-1]))
        changed = getattr(type(rig), feed.touch) is not getattr(Rig, feed.touch, None)
        if changed:
            assert walker.placed[1] in {id_of(row) for row in rows}
        if feed.name != "levels":
            assert len(rows) <= 2
            assert len(stage.edge.requests) < whole

    play(rig, story, page_size=1)


@feeds()
@pytest.mark.parametrize("cursor", ["garbage", '{"v":2,"updated":"2026-11-23T12:00:00Z"}', "{}", "[1]", "\ud800", "7"])
def test_a_cursor_that_is_not_ours_is_refused_before_anything_is_asked(rig: Rig, feed: Feed, cursor: str):
    async def story(stage: Stage) -> None:
        getattr(rig, feed.place)(stage)
        if feed.name == "levels":  # some vendors are asked for all of them each time, wherever one begins
            everything = comparable({id_of(row): row for row in await rows_of(feed.of(stage.connector))})
            rows: list[Any] = []
            error = await stage.refused(_into(rows, feed.of(stage.connector, cursor)))
            if error is None:
                assert comparable({id_of(row): row for row in rows}) == everything
                return
            stage.edge.forget()
        error = await stage.refused(rows_of(feed.of(stage.connector, cursor)))
        assert isinstance(error, BadCursor)
        assert [request for request in stage.edge.requests if not rig.is_token_request(request)] == []

    play(rig, story)


async def _into(rows: list[Any], feed: Any) -> None:
    rows += await rows_of(feed)


@feeds()
def test_a_feed_with_nothing_new_ends(rig: Rig, feed: Feed):
    async def story(stage: Stage) -> None:
        pages = await pages_of(feed.of(stage.connector))
        assert all(page.rows for page in pages), "a page without rows says nothing"
        again = await pages_of(feed.of(stage.connector, pages[-1].cursor if pages else None))
        ids = [{id_of(row) for page in walk for row in page.rows} for walk in (pages, again)]
        assert ids[0] == ids[1]

    play(rig, story)


@feeds()
def test_several_walk_at_once_without_disturbing_each_other(rig: Rig, feed: Feed):
    async def story(stage: Stage) -> None:
        for _ in range(7):
            getattr(rig, feed.place)(stage)
        walks = await asyncio.gather(*(rows_of(feed.of(stage.connector)) for _ in range(6)))
        assert all(comparable({id_of(row): row for row in rows}) for rows in walks)
        assert all([id_of(row) for row in a] == [id_of(row) for row in b] for a, b in itertools.pairwise(walks))

    play(rig, story, page_size=2)
