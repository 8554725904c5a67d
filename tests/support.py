"""What stories stand on: one fake in a sandbox of its own, at noon, on a clock that nobody but the test moves."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

import httpx
import msgspec

from mock_servers.core.clock import Clock, moment_of
from mock_servers.core.fake import Fake, Size
from mock_servers.core.journal import Entry
from mock_servers.core.sandbox import Sandbox
from mock_servers.core.world import World

NOON = moment_of("2026-11-23T12:00:00Z")
NOBODY = {"Authorization": ""}
T = TypeVar("T")


def run(story: Coroutine[Any, Any, T]) -> T:
    """An async story from a plain test."""
    return asyncio.run(story)


def at_noon() -> Clock:
    return Clock("manual", NOON)


_sorted = msgspec.json.Encoder(order="deterministic")
"""Sets of scopes have an order of their own in each process."""


class Bench:
    """One vendor: callers on `client`, people on `act`, time on `advance`; and a look at what was kept."""

    def __init__(self, vendor: str, sandbox: Sandbox, world: World, headers: dict[str, str]) -> None:
        self.vendor = vendor
        self.sandbox = sandbox
        self.world = world
        self.faults = Plans(self)
        self.client = httpx.Client(
            transport=sandbox.transport(vendor), base_url=f"http://{vendor}.test".replace("_", "-"), headers=headers
        )

    def get(self, path: str, **kwargs: Any) -> httpx.Response:
        return self.client.get(path, **kwargs)

    def post(self, path: str, json: Any = None, **kwargs: Any) -> httpx.Response:
        return self.client.post(path, json=json, **kwargs)

    def act(self, action: str, **arguments: Any) -> Any:
        return self.world.act(self.vendor, action, arguments)

    def advance(self, seconds: float) -> None:
        run(self.sandbox.advance(seconds, self.world))

    def deliver(self) -> None:
        run(self.sandbox.deliver(self.world))

    def documents(self, kind: str) -> list[dict[str, Any]]:
        return [document.body for document in self.world.store.collection(self.vendor, kind).rows()]

    def journal(self) -> list[Entry]:
        return self.world.journal.entries(self.vendor)

    @property
    def rule(self) -> str:
        """The rule that decided the last exchange; empty when nothing was refused."""
        return self.journal()[-1].rule

    def kept(self) -> bytes:
        """Everything the world keeps, byte for byte: documents, counters, timers, credentials."""
        store = self.world.store
        documents = {
            kind: [(row.seq, row.id, row.version, row.body) for row in store.collection(self.vendor, kind).rows()]
            for kind in self.kinds
        }
        numbers = store.connection.rows(
            "SELECT name, value FROM sequence WHERE world = ? ORDER BY name", (store.world,)
        )
        timers = store.connection.rows("SELECT * FROM timer WHERE world = ? ORDER BY seq", (store.world,))
        credentials = sorted(map(_sorted.encode, self.world.directory.of(self.world.name)))
        return msgspec.json.encode([documents, numbers, timers, [each.decode() for each in credentials]])

    def kept_bodies(self) -> list[tuple[str, str, Any]]:
        """What every document says, without the numbers it is kept under."""
        return [(kind, str(body.get("id")), body) for kind in self.kinds for body in self.documents(kind)]

    @property
    def kinds(self) -> list[str]:
        return list(self.sandbox.fakes[self.vendor].kinds)

    def sound(self) -> list[str]:
        """What is wrong with the vendor's books; nothing ever should be."""
        return list(self.sandbox.fakes[self.vendor].problems(self.world.work(self.vendor)))


class Plans:
    """`faults.next("createOrder", "lose")`."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench

    def next(self, operation: str, kind: Any, **more: Any) -> Any:
        return self._bench.world.faults.plan(self._bench.vendor, operation, kind, **more)


def bench(
    vendor: str | Fake,
    *,
    headers: dict[str, str] | None = None,
    fill: Size | None = None,
    calls_a_minute: int | None = 1_000_000,
    **kwargs: Any,
) -> Bench:
    """A fake with an empty world, or one filled by its seed. `calls_a_minute` is the limit that tests do not mean to
    meet; None leaves the vendor's own. What else is given goes to the sandbox."""
    name = vendor if isinstance(vendor, str) else vendor.vendor
    known = {"only": [name]} if isinstance(vendor, str) else {"only": [], "extra": [vendor]}
    sandbox = Sandbox(**{"make_clock": at_noon, **known, **kwargs})
    world = sandbox.world
    if fill is not None:
        sandbox.fill(fill)
    if calls_a_minute is not None:
        world.settings[f"{name}.limit.default"] = {"limit": calls_a_minute}
    return Bench(name, sandbox, world, authorized(world, name) if headers is None else headers)


def authorized(world: World, vendor: str) -> dict[str, str]:
    """The header that shows the standing token of a world."""
    return {"Authorization": f"Bearer {world.credentials[vendor]['access_token']}"}
