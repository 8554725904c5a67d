"""Several worker processes, watched by one: what they tell is told on, and one that dies is started anew."""

import asyncio
import secrets
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TypeAlias

from msgspec import DecodeError
from msgspec.json import Decoder

from connectors.core.clock import Clock
from connectors.sync.events import Event, Tell

Note: TypeAlias = Callable[[datetime, str], None]

GRACE_SECONDS = 90
PAUSE_SECONDS = 1.0
TOO_SOON = timedelta(seconds=10)
DEATHS_MAXIMUM = 5
LINE_BYTES_MAXIMUM = 1 << 20
_EVENT = Decoder(Event)


class WorkersDie(RuntimeError):  # noqa: N818 - named for what happened
    """A worker that cannot live: something is wrong that starting it again does not mend."""


class Crew:
    """So many workers of one command line. One that is started anew keeps its name, and so has its lanes at once."""

    def __init__(self, size: int, command: Sequence[str], tell: Tell, note: Note) -> None:
        word = secrets.token_hex(3)
        self._names = [f"{word}-{number}" for number in range(1, size + 1)]
        self._command = command
        self._tell = tell
        self._note = note

    async def run(self, stop: asyncio.Event, clock: Clock) -> None:
        """Until `stop` is set; then every worker is asked to end, and waited for. Raises `WorkersDie`."""
        try:
            async with asyncio.TaskGroup() as group:
                for name in self._names:
                    group.create_task(self._kept_alive(name, stop, clock))
        except* WorkersDie as died:
            raise died.exceptions[0] from None

    async def _kept_alive(self, name: str, stop: asyncio.Event, clock: Clock) -> None:
        deaths = 0
        while not stop.is_set():
            began = clock.now()
            code = await self._life(name, stop)
            if stop.is_set():
                return
            deaths = deaths + 1 if clock.now() - began < TOO_SOON else 1
            self._note(clock.now(), f"worker {name} ended with {code}; it is started anew")
            if deaths >= DEATHS_MAXIMUM:
                raise WorkersDie(f"worker {name} has died {deaths} times in a row; see what it said")
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), PAUSE_SECONDS)

    async def _life(self, name: str, stop: asyncio.Event) -> int:
        """One process from start to end; answers its exit code."""
        process = await asyncio.create_subprocess_exec(
            *self._command, "--as-worker", name, stdin=PIPE, stdout=PIPE, limit=LINE_BYTES_MAXIMUM
        )
        reading = asyncio.ensure_future(self._read(process))
        stopped = asyncio.ensure_future(stop.wait())
        ended = asyncio.ensure_future(process.wait())
        try:
            await asyncio.wait([stopped, ended], return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopped.cancel()
            await _end(process)
            await asyncio.gather(reading, ended, return_exceptions=True)
        return process.returncode or 0

    async def _read(self, process: Process) -> None:
        assert process.stdout is not None  # noqa: S101 - asked for above
        async for line in process.stdout:
            with suppress(DecodeError):
                self._tell(_EVENT.decode(line))


async def _end(process: Process) -> None:
    """Ask it to stop; when it does not, end it."""
    if process.returncode is not None:
        return
    with suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(GRACE_SECONDS):
            await process.wait()
    except TimeoutError:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
