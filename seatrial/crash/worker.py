"""One place for a worker: its gates, its configuration, and the process that is started anew whenever it dies."""

import asyncio
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from connectors.sync.work import stop_all
from mock_servers.core.refusal import UsageError

SAID_LENGTH_MAXIMUM = 2000


class Used(Protocol):
    """A gate: `used` is set once its worker has called somebody."""

    used: asyncio.Event


class Worker:
    """`command` is what a life is started with; a name of its own is added each time, so nothing is inherited."""

    def __init__(self, name: str, command: Sequence[str], log: Path) -> None:
        self.name = name
        self.gates: list[Used] = []
        self.lives = 0
        self.kills = 0
        self._command = command
        self._log = log
        self._process: Process | None = None
        self._closing = False
        self._alive = asyncio.Event()

    async def keep(self) -> None:
        """Start it, and start it anew when it was killed. Raises UsageError when it ends by itself."""
        while not self._closing:
            self.lives += 1
            for gate in self.gates:
                gate.used.clear()
            with self._log.open("ab") as log:
                self._process = await asyncio.create_subprocess_exec(
                    *self._command,
                    "--as-worker",
                    f"{self.name}-life-{self.lives}",
                    stdin=PIPE,
                    stdout=DEVNULL,
                    stderr=log,
                )
            self._alive.set()
            code = await self._process.wait()
            self._alive.clear()
            asked_early = code == -signal.SIGTERM and not any(gate.used.is_set() for gate in self.gates)
            if code != -signal.SIGKILL and not (self._closing and (code == 0 or asked_early)):
                said = self._log.read_text("utf-8", "replace")[-SAID_LENGTH_MAXIMUM:]
                raise UsageError(f"worker {self.name} ended by itself with {code}. It said: {said}")

    def kill(self) -> None:
        """SIGKILL, to the process that was started here."""
        if self._process is not None and self._alive.is_set():
            self._alive.clear()
            self._process.kill()
            self.kills += 1

    @property
    def used(self) -> bool:
        """It lives, and this life has called somebody."""
        return self._alive.is_set() and any(gate.used.is_set() for gate in self.gates)

    async def in_use(self) -> None:
        """Until this life has called somebody."""
        while not self.used:
            await self._alive.wait()
            await first_of([gate.used.wait() for gate in self.gates])

    def stop(self) -> None:
        """SIGTERM: it comes to its next boundary, gives its leases back and ends with 0."""
        self._closing = True
        if self._process is not None and self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.terminate()

    async def aclose(self) -> None:
        """However it stands with it: it is gone afterwards."""
        self._closing = True
        if self._process is not None and self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()


async def first_of(waits: Sequence[Coroutine[None, None, object]]) -> None:
    """Until one of them is over; the others are called off."""
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        await stop_all(tasks)


def seatrial_sync(config: Path, *, dbos: bool) -> list[str]:
    """The command line of a worker."""
    runner = ["--runner", "dbos"] if dbos else []
    return [sys.executable, "-m", "seatrial", "sync", "--config", str(config), *runner]
