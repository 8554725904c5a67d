"""`seatrial sync`: the real engine and the real connectors, against real vendors or the running fakes.

One process runs until it is stopped (SIGTERM, SIGINT: what is under way comes to its next boundary, and the leases are
given back), or once, until everything is at rest. With several workers each is a process of its own; this one watches
them, starts anew what dies, takes the webhooks in and shows how it goes.
"""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from msgspec import Struct
from msgspec.json import encode
from msgspec.structs import replace

from connectors.core.clock import Clock, LoopClock
from connectors.sync.engine import Engine
from connectors.sync.events import Event, PassEnded, Tell
from connectors.sync.ledger import Ledger, LedgerError
from connectors.sync.receiver import Receiver
from connectors.sync.runners.local import LocalRunner
from connectors.sync.work import stop_all
from mock_servers.core.refusal import UsageError
from seatrial.console import errors, table
from seatrial.sync import hooks
from seatrial.sync.config import Config, read_config
from seatrial.sync.connected import Checked, check, connected
from seatrial.sync.screen import Screen
from seatrial.sync.workers import Crew, Note, WorkersDie

POSTGRES = ("postgresql://", "postgres://")
DRAWN_SECONDS = 0.5
RECONNECT_SECONDS = 5.0
QUIET = timedelta(milliseconds=500)
TICK = timedelta(seconds=1)
"""How soon a hook, or somebody's replay, is seen to have made a function due."""
AT_REST, FOR_A_PERSON = 0, 1


class Source(Struct, frozen=True):
    """Whose connections: a file's, or the running fakes'."""

    config: Path | None = None
    fakes: bool = False
    ledger: str = ""
    world: str = "default"
    wms: str = ""
    port_base: int | None = None


class SyncSettings(Struct, frozen=True):
    """What `seatrial sync` was asked for. `worker` is the name of a process that another one watches."""

    source: Source = Source()
    once: bool = False
    patience: timedelta = timedelta(minutes=10)
    runner: Literal["local", "dbos"] = "local"
    workers: int = 1
    webhooks_port: int | None = None
    webhooks_host: str = "127.0.0.1"
    quiet: bool = False
    worker: str = ""


def run(settings: SyncSettings) -> int:
    """Sync, and answer the exit code. Raises UsageError for what cannot be."""
    from seatrial.house import asyncio_run

    config = load(settings.source)
    if settings.runner == "dbos" and not config.ledger.startswith(POSTGRES):
        raise UsageError("the runner dbos needs a ledger in PostgreSQL: --ledger postgresql://…")
    if settings.once and settings.workers > 1:
        raise UsageError("--once runs in one process; leave --workers out")
    codes: list[int] = []

    async def synced() -> None:
        codes.append(await _synced(settings, config))

    asyncio_run(synced())
    return codes[0]


def load(source: Source) -> Config:
    """The merchant that is meant: the file's, else that of the running fakes. Raises UsageError."""
    if source.config and source.fakes:
        raise UsageError("--config and --fakes are two answers to one question; give one of them")
    if source.config:
        config = read_config(source.config, os.environ)
        return replace(config, ledger=source.ledger) if source.ledger else config
    from seatrial.admin_client import Admin
    from seatrial.sync.fakes import config_of

    try:
        admin = Admin.of_running(source.port_base)
    except UsageError as error:
        if source.fakes or source.port_base is not None:
            raise
        raise UsageError(f"say whom to sync: --config FILE, or start the fakes ({error})") from error
    with admin:
        described = admin.get("/env", world=source.world)
    return config_of(described, wms=source.wms, ledger=source.ledger)


@asynccontextmanager
async def opened(config: Config, *, must_exist: bool = False) -> AsyncIterator[Engine]:
    """The merchant's engine on its ledger. Raises UsageError; `must_exist`: a ledger is not made for a question."""
    if must_exist:
        _must_exist(config.ledger)
    clock = LoopClock()
    async with connected(config, clock) as merchant:
        try:
            ledger = Ledger.open(config.ledger)
        except LedgerError as error:
            raise UsageError(str(error)) from error
        try:
            yield Engine(merchant, ledger, clock)
        finally:
            ledger.close()


def _must_exist(ledger: str) -> None:
    if not ledger.startswith(POSTGRES) and not Path(ledger.removeprefix("sqlite:///")).exists():
        raise UsageError(f"there is no ledger {ledger} yet; `seatrial sync` makes it")


async def _synced(settings: SyncSettings, config: Config) -> int:
    async with opened(config) as engine:
        stop = asyncio.Event()
        _stop_on_signals(stop)
        if settings.worker:
            await _work_for_another(settings, config, engine, stop)
            return AT_REST
        checked = await check(engine.merchant)
        if not settings.quiet:
            _introduce(config, checked)
        with Screen(engine, quiet=settings.quiet) as screen:
            async with _webhooks(settings, engine), _drawn(screen, engine.clock):
                at_rest = await _until_the_end(settings, config, engine, screen, stop)
        screen.close(at_rest=at_rest)
        return FOR_A_PERSON if at_rest is False or engine.queue(limit=1) else AT_REST


async def _until_the_end(
    settings: SyncSettings, config: Config, engine: Engine, screen: Screen, stop: asyncio.Event
) -> bool | None:
    """Whether everything came to rest; None when nobody waited for that."""
    if settings.once:
        return await OneTime(engine, tell=screen.tell).rest(settings.patience, stop)
    if settings.workers > 1:
        try:
            await Crew(settings.workers, _same_again(settings), screen.tell, screen.note).run(stop, engine.clock)
        except WorkersDie as error:
            raise UsageError(str(error)) from error
    else:
        await _lasting(settings, config, engine, stop, screen.tell, screen.note)
    return None


async def _work_for_another(settings: SyncSettings, config: Config, engine: Engine, stop: asyncio.Event) -> None:
    """Tell the other process everything, a line of JSON each; and stop when it is gone."""

    def tell(event: Event) -> None:
        sys.stdout.buffer.write(encode(event) + b"\n")
        sys.stdout.buffer.flush()

    gone = asyncio.ensure_future(_end_of_input(stop))
    try:
        await _lasting(settings, config, engine, stop, tell, lambda _, words: errors.print(words, markup=False))
    finally:
        gone.cancel()


async def _lasting(
    settings: SyncSettings, config: Config, engine: Engine, stop: asyncio.Event, tell: Tell, note: Note
) -> None:
    """Run until stopped. A PostgreSQL that goes away is waited for; a file that cannot be used is the end."""
    runner = _runner(settings, config, engine, tell)
    while not stop.is_set():
        try:
            await runner.run(stop)
        except LedgerError as error:
            if not config.ledger.startswith(POSTGRES):
                raise UsageError(str(error)) from error
            note(engine.clock.now(), f"{error} Trying again.")
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), RECONNECT_SECONDS)
            with suppress(LedgerError), engine.ledger.transaction():
                pass  # a transaction connects anew


def _runner(settings: SyncSettings, config: Config, engine: Engine, tell: Tell) -> LocalRunner:
    if settings.runner == "local":
        return LocalRunner(engine, owner=settings.worker or None, tell=tell, tick=TICK)
    from connectors.sync.runners.dbos import DbosRunner, NotInstalled

    try:
        return DbosRunner(engine, url=config.ledger, executor_id=settings.worker, tell=tell)
    except NotInstalled as error:
        raise UsageError(str(error)) from error


class OneTime(LocalRunner):
    """Runs until everything is at rest, or somebody stops it between two calls."""

    def __init__(self, engine: Engine, *, tell: Tell) -> None:
        super().__init__(engine, tell=tell)
        self._round = asyncio.Lock()

    async def once(self) -> list[PassEnded]:
        async with self._round:
            return await super().once()

    def _worth_waiting_for(self, now: datetime) -> datetime:
        """With nothing left, only for what somebody may do meanwhile: not long."""
        return super()._worth_waiting_for(now) if self._left() else now + QUIET

    async def rest(self, patience: timedelta, stop: asyncio.Event) -> bool:
        """Whether it came to rest."""
        settling = asyncio.ensure_future(self.settle(patience))
        stopped = asyncio.ensure_future(stop.wait())
        try:
            await asyncio.wait([settling, stopped], return_when=asyncio.FIRST_COMPLETED)
            if not settling.done():
                self._stopping = True
                async with self._round:
                    return False
            return settling.result()
        finally:
            await stop_all([settling, stopped])


@asynccontextmanager
async def _webhooks(settings: SyncSettings, engine: Engine) -> AsyncIterator[None]:
    if settings.webhooks_port is None:
        yield
        return
    receiver = Receiver(engine)
    async with hooks.listening(receiver, settings.webhooks_host, settings.webhooks_port) as url:
        for name in receiver.connections:
            errors.print(f"Webhooks of {name}: {url}/{name}", markup=False, soft_wrap=True)
        if not receiver.connections:
            raise UsageError("none of these connections takes webhooks; leave --webhooks out")
        yield


@asynccontextmanager
async def _drawn(screen: Screen, clock: Clock) -> AsyncIterator[None]:
    async def draw() -> None:
        while True:
            screen.draw()
            await clock.sleep(DRAWN_SECONDS)

    drawing = asyncio.ensure_future(draw())
    try:
        yield
    finally:
        await stop_all([drawing])


def _introduce(config: Config, checked: Sequence[Checked]) -> None:
    rows = [(each.connection, each.account, each.trouble) for each in checked]
    table(f"Merchant {config.merchant}", ("connection", "account", "trouble"), rows, target=errors)
    shown = "in PostgreSQL" if config.ledger.startswith(POSTGRES) else config.ledger
    errors.print(f"Ledger: {shown}", markup=False, soft_wrap=True)


def _stop_on_signals(stop: asyncio.Event) -> None:
    for each in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(each, stop.set)


async def _end_of_input(stop: asyncio.Event) -> None:
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    await reader.read()
    stop.set()


def _same_again(settings: SyncSettings) -> list[str]:
    """The command line of a worker that does what this process was asked to do."""
    source = settings.source
    words = [sys.executable, "-m", "seatrial", "sync", "--runner", settings.runner]
    named = {"--config": source.config, "--ledger": source.ledger, "--wms": source.wms, "--port-base": source.port_base}
    for option, value in named.items():
        words += [option, str(value)] if value else []
    if not source.config:
        words += ["--fakes", "--world", source.world]
    return words
