"""Control over a target: its clock, its faults, its people, its webhooks. Only our own fakes give it.

`InProcess` holds a sandbox in this process; `AdminControl` (its own module) talks to a running server.
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Protocol

import msgspec

from mock_servers.core.fake import Size
from mock_servers.core.faults import Kind
from mock_servers.core.refusal import Refusal, UsageError
from mock_servers.core.sandbox import Sandbox
from mock_servers.core.world import World
from seatrial.verify.receiver import InProcessReceiver, Receiver

OTHER = "verify-second"
SIZE = Size(orders=60, products=12)


class Acted(msgspec.Struct, frozen=True):
    """What somebody at the vendor can do, and the JSON Schema of how."""

    name: str
    arguments: dict[str, Any]


class Control(Protocol):
    """What a law may do to a target besides calling it."""

    receiver: Receiver

    def now(self) -> float:
        """The target's moment, seconds since 1970."""

    def advance(self, seconds: float) -> None:
        """Let time go by there, and what comes due be done."""

    def settle(self) -> None:
        """Have what is due now delivered."""

    def reset(self) -> None:
        """Back to how it was seeded, with nothing planned and nobody known but the standing credentials."""

    def fault(self, operation: str, kind: Kind, *, times: int = 1, seconds: float = 1.0, error: str = "") -> None:
        """Plan a failure."""

    def act(self, name: str, arguments: dict[str, Any]) -> Any:
        """Have somebody act. Raises UsageError when it cannot be done."""

    def actions(self) -> list[Acted]:
        """What can be done."""

    def second(self) -> dict[str, str]:
        """The credentials of another account, empty of everything."""

    def act_elsewhere(self, name: str, arguments: dict[str, Any]) -> Any:
        """Have somebody act in that other account."""

    def grant(self, scopes: tuple[str, ...], seconds: float | None) -> str | None:
        """A token of our account with just these scopes and this life; None where tokens cannot be made this way."""

    def revoke(self, token: str) -> bool:
        """Shut a token out; False where that cannot be done this way."""

    def breaches(self) -> list[str] | None:
        """Where the target's own books disagree; None where they cannot be read."""

    def close(self) -> None:
        """Leave everything as it was found."""


class InProcess:
    """A sandbox in this process, its clock standing still between calls."""

    def __init__(self, sandbox: Sandbox, vendor: str, receiver: InProcessReceiver, world: World | None = None) -> None:
        self.sandbox = sandbox
        self.vendor = vendor
        self.receiver: Receiver = receiver
        self.world = world or sandbox.world
        receiver.clock = self.now

    def now(self) -> float:
        return self.world.clock.now()

    def advance(self, seconds: float) -> None:
        _run(lambda: self.sandbox.advance(seconds, self.world))

    def settle(self) -> None:
        _run(lambda: self.sandbox.deliver(self.world))
        if OTHER in self.sandbox.worlds:
            _run(lambda: self.sandbox.deliver(self.sandbox.worlds.get(OTHER)))

    def reset(self) -> None:
        if OTHER in self.sandbox.worlds:
            self.sandbox.worlds.drop(OTHER)
        self.world.reset()
        self.receiver.reset()

    def fault(self, operation: str, kind: Kind, *, times: int = 1, seconds: float = 1.0, error: str = "") -> None:
        self.world.faults.plan(self.vendor, operation, kind, times=times, seconds=seconds, error=error)

    def act(self, name: str, arguments: dict[str, Any]) -> Any:
        return _acted(self.world, self.vendor, name, arguments)

    def act_elsewhere(self, name: str, arguments: dict[str, Any]) -> Any:
        self.second()
        return _acted(self.sandbox.worlds.get(OTHER), self.vendor, name, arguments)

    def actions(self) -> list[Acted]:
        known = self.world.fakes[self.vendor].actions.values()
        return [Acted(action.name, msgspec.json.schema(action.arguments)) for action in known]

    def second(self) -> dict[str, str]:
        if OTHER not in self.sandbox.worlds:
            clock = self.world.clock
            self.sandbox.worlds.create(OTHER, seed=self.world.seed + 1, clock=clock, fixed_credentials=False)
        return self.sandbox.worlds.get(OTHER).credentials.get(self.vendor, {})

    def grant(self, scopes: tuple[str, ...], seconds: float | None) -> str | None:
        work = self.world.work(self.vendor)
        standing = next(self.sandbox.worlds.directory.of(self.world.name, self.vendor, "token"), None)
        if standing is None:
            return None
        token = work.token(prefix="verify-")
        work.grant("token", token, standing.subject, scopes=scopes, seconds=seconds, **standing.about)
        self.world.finish(work)
        return token

    def revoke(self, token: str) -> bool:
        return self.sandbox.worlds.directory.revoke(self.vendor, "token", token)

    def breaches(self) -> list[str] | None:
        work = self.world.work(self.vendor)
        return list(work.fake.problems(work))

    def close(self) -> None:
        _run(self.sandbox.aclose)


def _acted(world: World, vendor: str, name: str, arguments: Mapping[str, Any]) -> Any:
    try:
        return world.act(vendor, name, dict(arguments))
    except Refusal as refusal:
        raise UsageError(f"{name}: the vendor refuses ({refusal.code})") from refusal


def _run(made: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(made())
