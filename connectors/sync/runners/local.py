"""The embedded runner: one process, one event loop, no service. Several may share a ledger; leases keep them apart."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import datetime, timedelta
from typing import Any, Literal

from connectors.sync.engine import Engine
from connectors.sync.events import LaneHeld, PassEnded, Tell, silent
from connectors.sync.ledger import Lease, LeaseLost, LedgerBusy
from connectors.sync.schedule import PASS_OF, PASSES
from connectors.sync.work import stop_all, together

TICK = timedelta(seconds=5)
"""How long at most, unless told otherwise, until a runner sees what others wrote into the ledger: hooks, people."""


class LocalRunner:
    """Runs what is due on the lanes of these engines, each lane one function at a time, lanes side by side.

    `owner` names this runner in the ledger; the default is different each time, so that a second one never takes the
    first for its own former life. All engines share one ledger and one clock.
    """

    def __init__(self, *engines: Engine, owner: str | None = None, tell: Tell = silent, tick: timedelta = TICK) -> None:
        if not engines:
            raise ValueError("a runner needs an engine")
        self._engines = {lane: engine for engine in engines for lane in engine.lanes}
        self._merchants = engines
        self._ledger, self._clock = engines[0].ledger, engines[0].clock
        self._tell = tell
        self._tick = tick
        self._stopping = False
        self.owner = owner or f"local-{secrets.token_hex(4)}"

    async def once(self) -> list[PassEnded]:
        """Run every function once, whether it is due or not: those that learn before those that do, lanes side by side.

        A lane that somebody else holds, or whose vendor asked to be left alone, is skipped.
        """
        ended: list[PassEnded] = []
        for name in PASSES:
            lanes = [lane for engine in self._merchants for lane in engine.lanes_with(name)]
            for result in await together([self.turn(lane, [name]) for lane in lanes]):
                ended += result
        return ended

    async def settle(self, patience: timedelta) -> bool:
        """Run rounds until nothing is left to do and two more find nothing new. False: patience ran out first."""
        until = self._clock.now() + patience
        all_of_them = sum(len(engine.lanes_with(name)) for engine in self._merchants for name in PASSES)
        quiet = 0
        while quiet < 2 and not self._stopping:
            ended = await self.once()
            moved = len(ended) < all_of_them or any(end.settled or end.error for end in ended)
            quiet = 0 if moved or self._left() else quiet + 1
            if quiet < 2:
                now = self._clock.now()
                if now >= until:
                    return False
                await self._clock.sleep((min(until, self._worth_waiting_for(now)) - now).total_seconds())
        return quiet == 2

    async def run(self, stop: asyncio.Event) -> None:
        """Run what is due, when it is due, until `stop` is set. What is under way then comes to its next boundary."""
        turns: dict[str, asyncio.Task[list[PassEnded]]] = {}
        stopped = asyncio.ensure_future(stop.wait())
        try:
            while not stop.is_set():
                for lane, names in self._due().items():
                    if lane not in turns:
                        turns[lane] = asyncio.ensure_future(self.turn(lane, names))
                await self._pause(stopped, turns)
                for lane in [lane for lane, turn in turns.items() if turn.done()]:
                    await turns.pop(lane)
            self._stopping = True
            await asyncio.gather(*turns.values())
        finally:
            self._stopping = False
            await stop_all([stopped, *turns.values()])

    def _due(self) -> dict[str, list[str]]:
        due: dict[str, list[str]] = {}
        for row in self._ledger.due_passes(self._clock.now(), owner=self.owner):
            if row.lane in self._engines:
                due.setdefault(row.lane, []).append(row.name)
        return due

    async def _pause(
        self, stopped: "asyncio.Future[Literal[True]]", turns: dict[str, "asyncio.Task[list[PassEnded]]"]
    ) -> None:
        """Until something is due, a turn ends, or somebody stops us."""
        now, due = self._clock.now(), self._ledger.next_pass_due(sorted(self._engines), owner=self.owner)
        seconds = self._tick.total_seconds()
        if due is not None and not turns:
            seconds = min(seconds, max(0.0, (due - now).total_seconds()))
        sleep = asyncio.ensure_future(self._clock.sleep(seconds))
        awaited: list[asyncio.Future[Any]] = [stopped, sleep, *turns.values()]
        try:
            await asyncio.wait(awaited, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await stop_all([sleep])

    def _worth_waiting_for(self, now: datetime) -> datetime:
        """When something that stands in the way now will have passed: a wait, a settle time, somebody else's lease."""
        moments = [now + self._tick]
        for lane in self._engines:
            row = self._ledger.lane(lane)
            moments += [self._ledger.next_due(lane, tuple(PASS_OF)) or now]
            if row is not None:
                moments += [row.not_before, row.lease if row.owner not in ("", self.owner) else now]
        return min((moment for moment in moments[1:] if moment > now), default=moments[0])

    def _left(self) -> int:
        return sum(engine.left() for engine in self._merchants)

    async def turn(self, lane: str, names: Sequence[str]) -> list[PassEnded]:
        """Hold a lane for these functions, one after the other. Nothing is run on a lane that somebody else holds."""
        ended: list[PassEnded] = []
        async with self._held(lane) as lease:
            if lease is None:
                self._tell(LaneHeld(self._clock.now(), lane))
                return ended
            for name in names:
                if self._stopping or self._left_alone(lane):
                    break
                with suppress(LeaseLost, LedgerBusy):  # due again; another worker may do better
                    engine = self._engines[lane]
                    ended.append(await engine.run_pass(lease, name, tell=self._tell, stopping=lambda: self._stopping))
        return ended

    def _left_alone(self, lane: str) -> bool:
        row = self._ledger.lane(lane)
        return row is not None and row.not_before > self._clock.now()

    @asynccontextmanager
    async def _held(self, lane: str) -> AsyncIterator[Lease | None]:
        """The lane's lease, renewed while it is used and given back afterwards; None if somebody else has it."""
        ttl = self._engines[lane].merchant.settings.lease
        now = self._clock.now()
        with self._ledger.transaction():
            lease = self._ledger.take(lane, self.owner, now=now, until=now + ttl)
        if lease is None:
            yield None
            return
        renewing = asyncio.ensure_future(self._renew(lease, ttl))
        try:
            yield lease
        finally:
            await stop_all([renewing])
            with self._giving_back():
                self._ledger.give_back(lease)

    async def _renew(self, lease: Lease, ttl: timedelta) -> None:
        with suppress(LeaseLost):  # whoever works under it finds out at its next commit
            while True:
                await self._clock.sleep(ttl.total_seconds() / 3)
                with self._ledger.transaction():
                    self._ledger.keep(lease, until=self._clock.now() + ttl)

    @contextmanager
    def _giving_back(self) -> Iterator[None]:
        with self._ledger.transaction():
            yield
