"""The runner on DBOS: several workers on one PostgreSQL, and nothing that matters kept outside the ledger.

DBOS reads the real clock, so these run in real time; they wait for what is told, never for a while.
"""

import asyncio
import contextlib
import itertools
import os
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from connectors.core.clock import LoopClock
from connectors.sync import Engine, Every, Ledger, Merchant, Settings
from connectors.sync.events import EffectMoved, Event, LaneHeld, PassEnded, PassStarted
from connectors.sync.ledger import LedgerError
from connectors.sync.ledger.sql import PostgreSQL
from connectors.sync.runners.dbos import DbosRunner, Habits, NotInstalled
from tests.sync.world import World

pytest.importorskip("dbos")
QUICK = Habits(tick_seconds=1, queue_seconds=0.1)
PATIENCE_SECONDS = 30
_numbers = itertools.count(1)


class Quay:
    """One merchant on a ledger of its own in the PostgreSQL, and a worker."""

    def __init__(self, url: str, *, runner: type[DbosRunner] = DbosRunner, **more: Any) -> None:
        self.name = f"t{os.getpid()}_{next(_numbers)}"
        self.url = url
        url = f"{url}{'&' if '?' in url else '?'}application_name={self.name}"
        self.clock = LoopClock()
        self.world = World()
        self.world.clock = self.clock
        for vendor in (self.world.shop, self.world.depot):
            vendor.clock, vendor.latency = self.clock, 0.0
        self.ledger = Ledger.open(url, schema=self.name)
        settings = Settings(lease=timedelta(seconds=1), every=Every(*[timedelta(seconds=1)] * 6))
        self.merchant = Merchant(self.name, tuple(self.world.shops), self.world.depot, settings=settings)
        self.engine = Engine(self.merchant, self.ledger, self.clock)
        self.events: list[Event] = []
        self._told = asyncio.Event()
        self.stop = asyncio.Event()
        self.runner = runner(self.engine, url=url, tell=self.tell, **{"habits": QUICK, **more})

    def tell(self, event: Event) -> None:
        self.events.append(event)
        self._told.set()

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """The worker runs; in the end it is asked to stop, and does."""
        self.task = asyncio.ensure_future(self.runner.run(self.stop))
        self.task.add_done_callback(lambda _: self._told.set())
        try:
            yield
        finally:
            self.stop.set()
            await asyncio.wait_for(self.task, PATIENCE_SECONDS)

    async def until(self, happened: Callable[[], Any]) -> None:
        """Until it is so, asked again whenever the runner tells something."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not happened():
                self._told.clear()
                await self._told.wait()
                assert not self.task.done(), "it ended by itself"

    def ended(self, name: str) -> int:
        return sum(isinstance(event, PassEnded) and event.name == name for event in self.events)

    def asked(self, sql: str) -> list[Any]:
        database = PostgreSQL(self.url, schema=self.name)
        try:
            return database.rows(sql)
        finally:
            database.close()

    @property
    def application(self) -> str:
        return self.runner._application


MakeQuay = Callable[..., Quay]


@pytest.fixture
def make_quay(postgres_url: str) -> Iterator[MakeQuay]:
    made: list[Quay] = []

    def make(**more: Any) -> Quay:
        made.append(Quay(postgres_url, **more))
        return made[-1]

    yield make
    for quay in made:
        quay.ledger.close()


def run(story: Callable[[], Any]) -> None:
    asyncio.run(story())


def test_what_is_due_is_run_and_an_order_goes_all_the_way(make_quay: MakeQuay) -> None:
    async def story() -> None:
        quay = make_quay()
        order = quay.world.shop.buy(("MUG", 2))
        async with quay.running():
            await quay.until(lambda: EffectMoved in map(type, quay.events) and quay.world.depot.jobs)
            assert quay.world.job(order).lines == {"MUG": 2}
            quay.world.depot.pack(quay.world.job(order), {"MUG": 2}, "T1")
            await quay.until(lambda: quay.world.shop.fulfillments)
        assert [told.numbers for told in quay.world.shop.fulfillments] == [("T1",)]
        for lane in quay.engine.lanes:
            row = quay.ledger.lane(lane)
            assert row is not None
            assert row.owner == ""
        one_at_a_time(quay.events)

    run(story)


def one_at_a_time(events: list[Event]) -> None:
    running: set[str] = set()
    for event in events:
        if isinstance(event, PassStarted):
            assert event.lane not in running
            running.add(event.lane)
        if isinstance(event, PassEnded):
            running.remove(event.lane)
    assert not running


class DiesFirst(DbosRunner):
    """Its first turn of each function comes to nothing, as when a worker dies before it began."""

    died: set[str]

    async def _pass(self, lane: str, name: str) -> None:
        if name not in self.died:
            self.died.add(name)
            return
        await super()._pass(lane, name)


def test_a_pass_whose_worker_died_before_it_began_is_called_again(make_quay: MakeQuay) -> None:
    """Its id is used up in DBOS, and the moment it is due has not moved: the next span's id is another."""

    async def story() -> None:
        quay = make_quay(runner=DiesFirst)
        quay.runner.died = set()  # type: ignore[attr-defined]
        async with quay.running():
            await quay.until(
                lambda: all(quay.ended(name) for name in ("order_download", "order_delivery", "inventory"))
            )

    run(story)


def test_a_lane_that_another_worker_holds_is_left_alone_and_taken_over_when_its_lease_runs_out(
    make_quay: MakeQuay,
) -> None:
    async def story() -> None:
        quay = make_quay()
        now = quay.clock.now()
        with quay.ledger.transaction():
            held = quay.ledger.take("depot", "a worker that is dead", now=now, until=now + timedelta(seconds=4))
        assert held is not None
        async with quay.running():
            await quay.until(lambda: quay.ended("order_delivery"))
        first = next(event for event in quay.events if isinstance(event, PassStarted) and event.lane == "depot")
        assert first.at >= now + timedelta(seconds=4)
        assert any(event.lane == "shop" and event.at < first.at for event in quay.events if type(event) is PassStarted)

    run(story)


def test_a_worker_that_comes_back_under_its_name_has_its_lanes_at_once(make_quay: MakeQuay) -> None:
    async def story() -> None:
        quay = make_quay(executor_id="worker-1")
        now = quay.clock.now()
        with quay.ledger.transaction():
            assert quay.ledger.take("depot", "worker-1", now=now, until=now + timedelta(hours=1)) is not None
        async with quay.running():
            await quay.until(lambda: quay.ended("order_delivery"))
        assert LaneHeld not in map(type, quay.events)

    run(story)


def test_dbos_is_asked_for_no_limit_that_dead_workers_count_against_and_for_one_schedule(make_quay: MakeQuay) -> None:
    async def story() -> None:
        quay = make_quay()
        async with quay.running():
            await quay.until(lambda: quay.ended("order_download"))
            queues = quay.asked(f"SELECT * FROM dbos.queues WHERE name = '{quay.application}'")
            named = "SELECT column_name FROM information_schema.columns WHERE table_schema = 'dbos'"
            columns = quay.asked(f"{named} AND table_name = 'queues' ORDER BY ordinal_position")
            limits = {
                name: value
                for (name,), value in zip(columns, queues[0], strict=True)
                if value is not None and ("concurrency" in name or "limit" in name)
            }
            assert limits == {"worker_concurrency": QUICK.at_once}
            sql = f"SELECT workflow_name FROM dbos.workflow_schedules WHERE application_name = '{quay.application}'"
            assert quay.asked(sql) == [(f"{quay.application}.tick",)]
            versions = (
                f"SELECT DISTINCT application_version FROM dbos.workflow_status WHERE name LIKE '{quay.application}%'"
            )
            assert quay.asked(versions) == [(f"{quay.application}-1",)]

    run(story)


def test_history_is_pruned(make_quay: MakeQuay) -> None:
    async def story() -> None:
        quay = make_quay()
        async with quay.running():
            await quay.until(lambda: quay.ended("inventory_upload") and quay.ended("order_delivery"))
            count = f"SELECT COUNT(*) FROM dbos.workflow_status WHERE name LIKE '{quay.application}%'"
            assert quay.asked(count)[0][0] >= 6
            later = quay.clock.now() + timedelta(minutes=11)
            await asyncio.to_thread(quay.runner._prune, quay.runner._dbos.DBOS, later)
            unfinished = quay.asked(f"{count} AND status IN ('PENDING', 'ENQUEUED')")[0][0]
            assert quay.asked(count)[0][0] <= unfinished + 6  # and what came meanwhile
            old = quay.asked(f"{count} AND status = 'SUCCESS' AND name LIKE '%.tick'")[0][0]
            assert old <= 1

    run(story)


def test_a_ledger_that_cannot_be_used_ends_the_run_in_words(make_quay: MakeQuay) -> None:
    async def story() -> None:
        quay = make_quay()
        with pytest.raises(LedgerError, match="could not be used"):
            async with quay.running():
                await quay.until(lambda: quay.ended("order_download"))
                quay.ledger.close()
                await asyncio.wait({quay.task}, timeout=PATIENCE_SECONDS)

    run(story)


def test_a_database_that_hangs_up_ends_the_run_in_words_and_another_goes_on(make_quay: MakeQuay) -> None:
    async def story() -> None:
        quay = make_quay()
        hang_up = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '{quay.name}'"
        with pytest.raises(LedgerError, match="could not be used"):
            async with quay.running():
                await quay.until(lambda: quay.ended("order_download"))
                assert len(quay.asked(hang_up)) > 1  # the ledger's, and those of DBOS
                await asyncio.wait({quay.task}, timeout=PATIENCE_SECONDS)
        with quay.ledger.transaction():
            pass  # connects anew
        quay.events.clear()
        quay.stop.clear()
        async with quay.running():
            await quay.until(lambda: quay.ended("order_download"))

    run(story)


def test_a_database_that_does_not_answer_is_said_in_one_line(make_quay: MakeQuay) -> None:
    async def story() -> None:
        quay = make_quay()
        quay.runner._url = "postgresql://nobody:a-secret@127.0.0.1:1/none?connect_timeout=1"
        with pytest.raises(LedgerError, match="DBOS does not start") as caught:
            await asyncio.wait_for(quay.runner.run(quay.stop), PATIENCE_SECONDS)
        assert "a-secret" not in str(caught.value)
        assert "\n" not in str(caught.value)

    run(story)


def test_without_the_extra_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "dbos", None)

    async def story() -> None:
        world = World()
        engine = Engine(Merchant("acme", tuple(world.shops), world.depot), Ledger.open(), LoopClock())
        with pytest.raises(NotInstalled, match=r"pip install 'seatrial\[distributed\]'"):
            DbosRunner(engine, url="postgresql://127.0.0.1/none")

    run(story)
