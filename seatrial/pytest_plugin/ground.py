"""What the tests of one process share: the fakes, built once, and a server that runs only if a test asks for it.

A world is never shared. Each test gets worlds, a directory of credentials and apps of its own over the shared fakes, so
that whatever is sent to its transports, with whichever token or host name, can be answered by no other test's world.
"""

import random
import threading
import zlib

import pytest
from msgspec import Struct

from mock_servers.core.app import VendorApp
from mock_servers.core.clock import Clock, moment_of
from mock_servers.core.faults import Faults
from mock_servers.core.refusal import UsageError
from mock_servers.core.sandbox import Sandbox
from mock_servers.core.wire import Answer, Request
from mock_servers.core.world import DEFAULT, World, Worlds
from seatrial.pytest_plugin.served import Served
from seatrial.pytest_plugin.trial import Seatrial

FAULT_STREAM = 0x5EA7
MARKED = frozenset({"seed", "now", "credentials"})


class Settings(Struct, frozen=True):
    """What a suite asked for. `now` is an ISO-8601 moment or `real`, `credentials` own or printed."""

    seed: int
    vendors: tuple[str, ...] | None
    now: str
    credentials: str


def settings_of(config: pytest.Config, now: str) -> Settings:
    """The suite's settings; the command line wins. Raises UsageError for what is none."""
    seed = config.getoption("seatrial_seed")
    named = config.getoption("seatrial_vendors")
    vendors = [name.strip() for name in named.split(",")] if named else config.getini("seatrial_vendors")
    try:
        number = int(config.getini("seatrial_seed")) if seed is None else seed
    except ValueError:
        raise UsageError(f"seatrial_seed is a whole number, not {config.getini('seatrial_seed')!r}") from None
    return Settings(
        seed=number,
        vendors=tuple(name for name in vendors if name) or None,
        now=config.getini("seatrial_now") or now,
        credentials=config.getini("seatrial_credentials"),
    )


class Ground:
    """One process's fakes. `begin` opens a world for a test."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.sandbox = Sandbox(settings.vendors, seed=settings.seed)
        self.apps = dict(self.sandbox.apps)
        self.current: Seatrial | None = None
        self.served: Served | None = None

    def begin(self, name: str, mark: pytest.Mark | None = None) -> Seatrial:
        """A new world, with credentials that are this test's own and the same in every run of it."""
        wanted = _wanted(self.settings, mark)
        clock = _clock(wanted.now)
        worlds = Worlds(self.sandbox.fakes, self.sandbox.worlds.database, lambda: clock)
        printed = wanted.credentials == "printed"
        # The credentials come out of the test's name, all the rest out of the seed: what is seeded is the same in every
        # test, and a token that outlives its test opens nothing in the next one.
        own = wanted.seed if printed else wanted.seed ^ zlib.crc32(name.encode()) << 32
        world = worlds.create(DEFAULT, own, clock, fixed_credentials=printed)
        _reseed(world, wanted.seed)
        lock = threading.RLock()
        apps = {vendor: TrialApp(app, worlds, lock) for vendor, app in self.apps.items()}
        self.current = Seatrial(world, apps, lock, self)
        return self.current

    def ended(self, trial: Seatrial) -> None:
        """A test's world is gone."""
        if self.current is trial:
            self.current = None

    def url(self, vendor: str) -> str:
        """Where a vendor listens on this machine; the first time, all of them begin to."""
        if self.served is None:
            self.sandbox.apps.update({name: CurrentApp(app, self) for name, app in self.apps.items()})
            self.served = Served(self.sandbox)
        return self.served.base_urls[vendor]

    def close(self) -> None:
        """End the server and let go of what was shared."""
        if self.served is not None:
            self.served.close()
        self.sandbox.worlds.close()


class TrialApp(VendorApp):
    """A vendor's app over the worlds of one test. Threads take turns; once the test is over it says so."""

    def __init__(self, shared: VendorApp, worlds: Worlds, lock: threading.RLock) -> None:
        vars(self).update(vars(shared))
        self._fragments: dict[tuple[World, str, str, str], tuple[int, bytes]] = {}
        self.worlds = worlds
        self.lock = lock
        self.over = False

    def handle(self, request: Request) -> Answer:
        if self.over:
            raise UsageError(f"the test whose {self.fake.vendor} this was has ended; ask the fixture for a new one")
        with self.lock:
            return super().handle(request)


class CurrentApp(VendorApp):
    """What listens on a port: the app of whichever test is running."""

    def __init__(self, shared: VendorApp, ground: Ground) -> None:
        vars(self).update(vars(shared))
        self.ground = ground

    def handle(self, request: Request) -> Answer:
        trial = self.ground.current
        if trial is None:
            text = b'{"seatrial": {"message": "No test that uses seatrial is running now."}}'
            return Answer(503, [(b"content-type", b"application/json")], text)
        return trial[self.fake.vendor].app.handle(request)


def _wanted(settings: Settings, mark: pytest.Mark | None) -> Settings:
    if mark is None:
        return _checked(settings)
    if mark.args or not mark.kwargs.keys() <= MARKED:
        raise UsageError(f"the marker seatrial takes {', '.join(sorted(MARKED))}, by name")
    seed, now, credentials = (mark.kwargs.get(name, getattr(settings, name)) for name in ("seed", "now", "credentials"))
    return _checked(Settings(seed=int(seed), vendors=settings.vendors, now=str(now), credentials=str(credentials)))


def _checked(settings: Settings) -> Settings:
    if settings.credentials not in {"own", "printed"}:
        raise UsageError(f"credentials are own or printed, not {settings.credentials!r}")
    return settings


def _clock(now: str) -> Clock:
    if now == "real":
        return Clock("manual")
    try:
        return Clock("manual", moment_of(now))
    except ValueError:
        raise UsageError(f"{now!r} is not an ISO-8601 moment; write it like 2026-11-02T09:00:00Z, or real") from None


def _reseed(world: World, seed: int) -> None:
    """From here on the world is one of this seed."""
    world.seed = seed
    world.chance.seed(seed)
    world.faults = Faults(random.Random(seed ^ FAULT_STREAM))  # noqa: S311 - repeatable on purpose
    world.settle()
