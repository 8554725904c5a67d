"""DBOS on PostgreSQL, for when one process is not enough: `pip install 'seatrial[distributed]'`.

Each worker process has one of these; together they are told what is due by one schedule, and share the passes out
through one queue. Nothing that matters is kept in DBOS: the ledger says what is due, the lane's lease says who may, and
a pass whose worker died is simply due again. What that takes was measured on DBOS 3.4:

- only `worker_concurrency`: rows of dead workers count against every other limit for ever, and stop the lane;
- one schedule, `tick`: each schedule is a thread in each process;
- an id is used once, also by a pass that died before it began or found its lane held. So it names, beside lane, pass
  and the moment it is due, the lane's fence and the span of a lease in which it was called;
- the application's version is pinned: work of another version is never taken up. Names of applications, versions,
  queues and schedules are one per database, so all of them name the merchants;
- history only grows unless it is deleted, which every tick of a new minute does.
"""

import asyncio
import hashlib
import secrets
import threading
from collections.abc import Coroutine, Iterator
from concurrent.futures import CancelledError, Future
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, NamedTuple, TypeVar

from connectors.sync.engine import Engine
from connectors.sync.events import Tell, silent
from connectors.sync.ledger import LedgerError, to_stamp
from connectors.sync.ledger.base import EPOCH
from connectors.sync.runners.local import LocalRunner

T = TypeVar("T")

VERSION = "1"
OVER = ["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"]
PRUNED_AT_ONCE = 10_000
GRACE_SECONDS = 60


class NotInstalled(RuntimeError):  # noqa: N818 - named for what is wrong
    """DBOS is an extra."""


class Habits(NamedTuple):
    """Seconds between ticks (a divisor of 60) and between looks into the queue; passes at once in one process."""

    tick_seconds: int = 2
    queue_seconds: float = 0.5
    at_once: int = 8
    keep_over: timedelta = timedelta(minutes=10)
    keep_unfinished: timedelta = timedelta(days=1)


class DbosRunner(LocalRunner):
    """One worker. `url` is DBOS's own database, which may be the ledger's; `executor_id` must be no other's.

    A worker that comes back under its old `executor_id` has its lanes at once; otherwise their leases run out first.
    """

    def __init__(
        self,
        *engines: Engine,
        url: str,
        executor_id: str = "",
        tell: Tell = silent,
        habits: Habits | None = None,
    ) -> None:
        super().__init__(*engines, owner=executor_id or f"dbos-{secrets.token_hex(4)}", tell=tell)
        self._dbos = _dbos()
        merchants = "\n".join(sorted(engine.merchant.name for engine in engines))
        self._application = f"seatrial-{hashlib.sha256(merchants.encode()).hexdigest()[:12]}"
        self._url = url
        self._habits = habits or Habits()
        self._turns = {lane: asyncio.Lock() for lane in self._engines}
        self._under_way: set[Future[Any]] = set()
        self._closed = False
        self._door = threading.Lock()

    async def run(self, stop: asyncio.Event) -> None:
        """Run what DBOS hands to this worker until `stop` is set; then bring what is under way to its next boundary."""
        self._loop, self._broken = asyncio.get_running_loop(), asyncio.Event()
        waiting = [asyncio.ensure_future(event.wait()) for event in (stop, self._broken)]
        self._failure: Exception | None = None
        self._stopping = self._closed = False
        try:
            await self._launched()
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._stopping = True
            for each in waiting:
                each.cancel()
            await asyncio.to_thread(
                self._dbos.DBOS.destroy, destroy_registry=True, workflow_completion_timeout_sec=GRACE_SECONDS
            )
            with self._door:
                self._closed = True
            await asyncio.gather(*map(asyncio.wrap_future, tuple(self._under_way)), return_exceptions=True)
            self._stopping = False
        if self._failure:
            raise self._failure

    async def _launched(self) -> None:
        try:
            await asyncio.to_thread(self._launch)
        except Exception as error:  # whatever DBOS and what is below it raise
            why = (str(error).splitlines() or [""])[0]
            raise LedgerError(f"DBOS does not start on this database: {type(error).__name__}: {why}") from error

    def _launch(self) -> None:
        """On a thread of its own. DBOS runs the two workflows on threads, and they ask back on the loop."""
        app, name, habits = self._dbos.DBOS, self._application, self._habits
        app(
            config={
                "name": name,
                "system_database_url": self._url,
                "application_version": f"{name}-{VERSION}",
                "executor_id": self.owner,
                "sys_db_pool_size": 5,
                "log_level": "ERROR",
            }
        )

        @app.workflow(name=f"{name}.pass")  # type: ignore[untyped-decorator]
        def run_pass(lane: str, function: str) -> None:
            self._here(self._pass(lane, function))

        def call() -> None:
            for id, lane, function in self._here(self._called()):
                with self._dbos.SetWorkflowID(id):
                    app.enqueue_workflow(name, run_pass, lane, function)

        @app.workflow(name=f"{name}.tick")  # type: ignore[untyped-decorator]
        def tick(at: datetime, _context: object) -> None:
            call()
            if at.second < habits.tick_seconds:
                self._prune(app, at)

        app.launch()
        app.register_queue(name, worker_concurrency=habits.at_once, polling_interval_sec=habits.queue_seconds)
        cron = f"*/{habits.tick_seconds} * * * * *"
        app.apply_schedules([{"schedule_name": name, "workflow_fn": tick, "schedule": cron}])
        call()  # the first tick is seconds away

    def _prune(self, app: Any, at: datetime) -> None:
        for status, keep in ((OVER, self._habits.keep_over), (None, self._habits.keep_unfinished)):
            old = app.list_workflows(
                status=status,
                end_time=(at - keep).isoformat(),
                limit=PRUNED_AT_ONCE,
                load_input=False,
                load_output=False,
            )
            app.delete_workflows([workflow.workflow_id for workflow in old])

    def _here(self, call: Coroutine[Any, Any, T]) -> T:
        """From a thread: have it done on the loop, where engine and ledger live."""
        with self._door:
            if self._closed:
                call.close()
                raise CancelledError
            future = asyncio.run_coroutine_threadsafe(call, self._loop)
            self._under_way.add(future)
        future.add_done_callback(self._under_way.discard)
        return future.result()

    async def _called(self) -> list[tuple[str, str, str]]:
        """(id, lane, pass) of what is due and somebody could do."""
        called: list[tuple[str, str, str]] = []
        now = self._clock.now()
        with self._telling():
            for due in self._ledger.due_passes(now, owner=self.owner):
                row = self._ledger.lane(due.lane)
                if row and due.lane in self._engines and not self._turns[due.lane].locked():
                    span = (now - EPOCH) // self._engines[due.lane].merchant.settings.lease
                    id = f"pass:{due.lane}:{due.name}:{to_stamp(due.due)}:{row.fence}:{span}"
                    called.append((id, due.lane, due.name))
        return called  # nothing, if that failed: `run` raises it

    async def _pass(self, lane: str, name: str) -> None:
        """One function on a lane, if it is still due by now; one function at a time."""
        with self._telling():
            async with self._turns[lane]:
                now = self._clock.now()
                if any(due.name == name and due.due <= now for due in self._ledger.passes(lane)):
                    await self.turn(lane, [name])

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """What goes wrong here is not for DBOS to keep: `run` raises it."""
        try:
            yield
        except Exception as error:
            self._failure = self._failure or error
            self._broken.set()


def _dbos() -> Any:
    """Raises `NotInstalled`."""
    try:
        import dbos
    except ImportError as error:
        raise NotInstalled("The runner dbos needs an extra: pip install 'seatrial[distributed]'.") from error
    return dbos
