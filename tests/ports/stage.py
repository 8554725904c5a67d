"""What the suites of ports stand on: one vendor's fake on the loop's own time, and its real connector beside it.

    def story(stage): ...
    play(rig, story)

Everything is in process and in virtual time. The world is replaced at its edge only: between the connector and the fake
stands `Edge`, where the n-th request can be noticed, stopped, or answered otherwise.

After each story the stage looks round: nothing the fake did not expect, nothing unsound in its books, no secret in
any error, log line or repr, no task left over, the transport closed.
"""

import asyncio
import json
import logging
import random
import re
import traceback
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

import httpx

from connectors.canonical import Page
from connectors.core.clock import LoopClock
from connectors.core.errors import ConnectorError
from mock_servers.core.clock import Clock, moment_of
from mock_servers.core.journal import Entry
from mock_servers.core.sandbox import Sandbox
from seatrial import virtual_time

if TYPE_CHECKING:
    from tests.ports.rig import Rig

T = TypeVar("T")
NOON = moment_of("2026-11-23T12:00:00Z")
BASE = datetime.fromtimestamp(NOON, UTC)
SECRET_NAME = re.compile(r"secret|token|password")
ISSUED = re.compile(rb'"(?:access_token|refresh_token)"\s*:\s*"([^"]+)"')

Before = Callable[[int, httpx.Request], None]
After = Callable[[int, httpx.Request, httpx.Response], httpx.Response]
Story = Callable[["Stage"], Awaitable[None]]


class Edge(httpx.AsyncBaseTransport):
    """The way from a connector to its fake. Requests are counted from 0; a connector's own token requests count too."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self.inner = inner
        self.requests: list[httpx.Request] = []
        self.seconds: list[float] = []
        self.issued: set[str] = set()
        self.closed = 0
        self.under_way = self.under_way_maximum = 0
        self.before: Callable[[int, httpx.Request], None] = lambda number, request: None
        self.after: Callable[[int, httpx.Request, httpx.Response], httpx.Response] = lambda number, request, reply: (
            reply
        )

    def forget(self) -> None:
        """Count from 0 again, with nothing planned."""
        self.requests.clear()
        self.seconds.clear()
        self.before, self.after = _nothing, _as_it_came

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        number = len(self.requests)
        self.requests.append(request)
        self.seconds.append(asyncio.get_running_loop().time())
        self.under_way += 1
        self.under_way_maximum = max(self.under_way, self.under_way_maximum)
        try:
            self.before(number, request)
            reply = await self.inner.handle_async_request(request)
            if ISSUED.search(await reply.aread()):
                self.issued.update(found.decode() for found in ISSUED.findall(reply.content))
            return self.after(number, request, reply)
        finally:
            self.under_way -= 1

    async def aclose(self) -> None:
        self.closed += 1


def _nothing(number: int, request: httpx.Request) -> None:
    """Nothing happens before the request."""


def _as_it_came(number: int, request: httpx.Request, reply: httpx.Response) -> httpx.Response:
    return reply


class Stage:
    """One story's world: the connector, people at the vendor (`act`), failures (`fault`), and what was kept."""

    def __init__(self, rig: "Rig", sandbox: Sandbox) -> None:
        self.rig = rig
        self.sandbox = sandbox
        self.world = sandbox.world
        self.credentials = self.world.credentials[rig.vendor]
        self.clock = LoopClock(BASE)
        self.edge = Edge(sandbox.transport(rig.vendor))
        self.connector: Any = None
        self._others: list[Any] = []
        self.errors: list[ConnectorError] = []
        self._numbers = 0

    # Who is there

    def another(self, *, edge: Edge | None = None, **settings: Any) -> Any:
        """Another connector to the same account; it is closed with the stage."""
        made = self.rig.connect(self, edge or Edge(self.sandbox.transport(self.rig.vendor)), **settings)
        self._others.append(made)
        return made

    def act(self, action: str, /, **arguments: Any) -> Any:
        """People do something at the vendor."""
        return self.world.act(self.rig.vendor, action, arguments)

    def fault(self, kind: Any, operation: str = "*", **more: Any) -> Any:
        """Something is to go wrong with the next call, or with `times` of them."""
        return self.world.faults.plan(self.rig.vendor, operation, kind, **more)

    def heal(self) -> None:
        """Nothing goes wrong any more."""
        self.world.faults.clear()

    async def aclose(self) -> None:
        """Close whatever connectors were opened."""
        for connector in (self.connector, *self._others):
            await connector.aclose()

    # What came of it

    def documents(self, kind: str) -> list[dict[str, Any]]:
        return [document.body for document in self.world.store.collection(self.rig.vendor, kind).rows()]

    def books(self) -> dict[str, list[tuple[str, int]]]:
        """Every document and its version: two that are equal have nothing done between them."""
        store = self.world.store
        kinds = [kind for kind in self.sandbox.fakes[self.rig.vendor].kinds if kind not in self.rig.arrangements]
        return {
            kind: [(row.id, row.version) for row in store.collection(self.rig.vendor, kind).rows()] for kind in kinds
        }

    def journal(self, after: int = 0) -> list[Entry]:
        return self.world.journal.entries(self.rig.vendor, after=after)

    def number(self) -> int:
        """1, 2, 3, …: for names that are to differ."""
        self._numbers += 1
        return self._numbers

    def seconds(self) -> float:
        return asyncio.get_running_loop().time()

    async def refused(self, call: Awaitable[Any]) -> ConnectorError | None:
        """The connector error a call ends with; None when it ends well. Any other exception fails the test."""
        try:
            await call
        except ConnectorError as error:
            self.errors.append(error)
            return error
        return None

    # At the end

    def problems(self) -> Iterator[str]:
        """What should never be, whatever the story was."""
        for entry in self.journal():
            if entry.rule.startswith("broke"):
                yield f"the fake broke on {entry.operation}: {entry.rule}"
        yield from self.sandbox.fakes[self.rig.vendor].problems(self.world.work(self.rig.vendor))

    def secrets(self) -> set[str]:
        named = {value for name, value in self.credentials.items() if SECRET_NAME.search(name)}
        return named | self.edge.issued


def play(rig: "Rig", story: Story, **settings: Any) -> None:
    """Tell a story in virtual time. `settings` are the connector's; those of the world begin with `world_`."""
    virtual_time.run(_played(rig, story, settings))


async def _played(rig: "Rig", story: Story, settings: dict[str, Any]) -> None:
    said = Said()
    logger = logging.getLogger("connectors")
    before = logger.level, logger.propagate
    logger.addHandler(said)
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    try:
        async with staged(rig, **settings) as stage:
            await story(stage)
    finally:
        logger.level, logger.propagate = before
        logger.removeHandler(said)
    problems = list(stage.problems())
    assert problems == []
    said.records += [text_of(error) for error in stage.errors]
    said.records += [repr(stage.connector), repr(vars(stage.connector))]
    told = [record for record in said.records if any(secret in record for secret in stage.secrets())]
    assert told == [], "a secret was told"
    assert asyncio.all_tasks() == {asyncio.current_task()}, "a task was left over"
    assert stage.edge.closed == 1, "the connections were not given back, or twice"


@asynccontextmanager
async def staged(rig: "Rig", **settings: Any) -> AsyncIterator[Stage]:
    """A stage on the running loop's time."""
    sandbox, kept = ground(rig)
    world = sandbox.world
    world.reset()
    world.clock = Clock("real", NOON, asyncio.get_running_loop().time)
    world.settings = dict(kept)
    stage = Stage(rig, sandbox)
    for name in [name for name in settings if name.startswith("world_")]:
        stage.world.settings[f"{rig.vendor}.{name.removeprefix('world_')}"] = settings.pop(name)
    stage.connector = rig.connect(stage, stage.edge, **settings)
    try:
        yield stage
    finally:
        await stage.aclose()


@cache
def ground(rig: "Rig") -> tuple[Sandbox, dict[str, Any]]:
    """A furnished world that every story of a rig begins in, and its settings: putting it back is quick."""
    sandbox = Sandbox([rig.vendor], make_clock=lambda: Clock("manual", NOON), fixed_credentials=False, seed=7)
    rig.furnish(Stage(rig, sandbox))
    sandbox.world.settle()
    return sandbox, dict(sandbox.world.settings)


def chance() -> random.Random:
    """Jitter that is the same in every run."""
    return random.Random(11)


class Said(logging.Handler):
    """Every line that is logged, by whomever."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.records: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record.getMessage())
        if record.exc_info:
            self.records.append("".join(traceback.format_exception(*record.exc_info)))


def text_of(error: BaseException | None) -> str:
    """Everything an error says, with all that it came from."""
    words: list[str] = []
    seen: list[BaseException] = []
    while error is not None and error not in seen:  # errors that are copied for others can go round in circles
        seen.append(error)
        words += [str(error), repr(error), repr(vars(error))]
        error = error.__cause__ or error.__context__
    return "\n".join(words)


async def pages_of(feed: AsyncIterable[Page[T]]) -> list[Page[T]]:
    return [page async for page in feed]


async def rows_of(feed: AsyncIterable[Page[T]]) -> list[T]:
    return [row async for page in feed for row in page.rows]


def json_of(reply: httpx.Response) -> Any:
    return json.loads(reply.content)
