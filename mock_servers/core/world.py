"""A world: the only place surprise comes from. Clock, ids, chance, store, journal, faults, outbox: all under one seed.

One seed is one run: the same requests in the same world answer the same bytes.
"""

import asyncio
import logging
import random
import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from mock_servers.core.clock import Clock, Mode
from mock_servers.core.credentials import PRINTED, Credential, Directory, Keys
from mock_servers.core.database import Database
from mock_servers.core.fake import Fake, Size, Work
from mock_servers.core.faults import Faults
from mock_servers.core.journal import Journal
from mock_servers.core.oauth1 import Nonces
from mock_servers.core.refusal import Refusal, UsageError
from mock_servers.core.store import Store
from mock_servers.core.throttle import Limits
from mock_servers.core.webhooks import DELIVER, Courier, attempt, keep_events

if TYPE_CHECKING:
    from mock_servers.core.fragments import Fragments

log = logging.getLogger("seatrial")
DEFAULT = PRINTED
WORLDS_MAXIMUM = 10_000
TIMERS_MAXIMUM = 100_000
WORLD_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}\Z")
SNAPSHOT_MAXIMUM_BYTES = 64 * 2**20


class World:
    """One isolated universe of every vendor."""

    def __init__(
        self, name: str, seed: int, clock: Clock, database: Database, fakes: Mapping[str, Fake], directory: Directory
    ) -> None:
        self.name = name
        self.seed = seed
        self.clock = clock
        self.database = database
        self.fakes = fakes
        self.directory = directory
        self.store = Store(database.connection(name), name, database.kinds)
        self.chance = random.Random(seed)  # noqa: S311 - repeatable on purpose
        self.journal = Journal()
        self.faults = Faults(random.Random(seed ^ 0x5EA7))  # noqa: S311
        self.limits = Limits()
        self.nonces = Nonces()
        self.settings: dict[str, Any] = {}
        self.credentials: dict[str, dict[str, str]] = {}
        self.recipe: list[tuple[str, Size]] = []
        """The seeds this world was filled with, so that it can be put back."""
        self.late: list[tuple[float, Callable[[], object]]] = []
        self.fixed_credentials = name == DEFAULT
        """The default world opens with printed words, so that nobody needs to sign up; every other has secrets."""
        self.secret = ""
        """Behind every token, where the seed must not be; empty where it may."""
        self.keys: Keys | None = None
        self.on_outbox: Callable[[], object] = lambda: None
        """Called when something may be waiting for delivery."""
        self.fragments: dict[tuple[Any, ...], Fragments] = {}
        """How documents look, by vendor, surface, kind, look and dialect."""
        self.timers_maximum = TIMERS_MAXIMUM
        self.snapshot_maximum_bytes = SNAPSHOT_MAXIMUM_BYTES
        self.gone = False
        """Dropped; what is still under way in it has nowhere to go."""
        self._under_way: set[asyncio.Task[Any]] = set()
        """Whoever is delivering just now."""
        self.advancing = 0
        """How many are moving the clock just now: what comes due on the way is theirs to do."""
        self._snapshot: bytes | None = None
        self._standing_then: dict[tuple[str, str], Credential] = {}

    # Units of work

    def work(self, vendor: str, at: float | None = None) -> Work:
        """A unit of work at this moment, or at a given one. Raises UsageError for a vendor that is not served."""
        if vendor not in self.fakes:
            raise UsageError(f"{vendor!r} is not served here; there are: {', '.join(sorted(self.fakes))}")
        return Work(self, self.fakes[vendor], self.clock.now() if at is None else at)

    def finish(self, work: Work) -> None:
        """Keep the change and the events it caused, together."""
        if work.events:
            keep_events(work, work.events)
        self.store.commit()
        if self.store.next_due <= work.now:
            self.on_outbox()

    def act(self, vendor: str, name: str, arguments: Any) -> Any:
        """Do what people do at the vendor. Raises UsageError, or the vendor's own Refusal, with nothing changed."""
        self.catch_up()
        work = self.work(vendor)
        _check_text(arguments)
        try:
            result = work.fake.act(work, name, arguments)
            self.finish(work)
        except KeyError:
            self.store.rollback()
            if name in work.fake.actions:
                raise
            known = ", ".join(sorted(work.fake.actions))
            raise UsageError(f"{vendor} has no action {name!r}; there are: {known}") from None
        except msgspec.ValidationError as error:
            self.store.rollback()
            raise UsageError(f"{vendor} {name}: {error}") from error
        except BaseException:
            self.store.rollback()
            raise
        return result

    def secret_of(self, vendor: str, client: str) -> str:
        """The secret a client's webhooks are signed with; empty when there is no such client."""
        found = self.directory.find(vendor, "client", client)
        return str(found.about.get("secret", "")) if found else ""

    # Time

    def catch_up(self, until: float | None = None) -> None:
        """Do what is due by now and needs nobody else: timers, and requests that were late."""
        now = self.clock.now() if until is None else until
        if self.store.next_due > now and not self.late:
            return
        for _ in range(self.timers_maximum):
            if not self._run_next(now):
                return
        raise UsageError(f"more than {self.timers_maximum} timers came due at once in world {self.name}")

    def _run_next(self, now: float) -> bool:
        self.late.sort(key=lambda each: each[0])
        timer = self.store.due_timer(now, but=DELIVER)
        if self.late and self.late[0][0] <= min(now, timer[3] if timer else now):
            due, arrive = self.late.pop(0)
            with self.clock.pinned(due):
                arrive()
            return True
        if timer is None:
            return False
        with self.clock.pinned(timer[3]):
            self._run_timer(*timer)
        return True

    def _run_timer(self, seq: int, vendor: str, name: str, due: float, body: Any) -> None:
        work = self.work(vendor, due)
        self.store.drop_timer(seq)
        try:
            work.fake.timers[name](work, body)
            self.finish(work)
        except Exception as error:
            self.store.rollback()
            self.store.drop_timer(seq)
            self.store.commit()
            if not isinstance(error, Refusal):  # a refusal: what it was about has changed, and nothing is left to do
                log.error("%s broke in its timer %s, which is gone: %s", vendor, name, type(error).__name__)

    async def advance(self, seconds: float, courier: Courier) -> None:
        """Move the clock, doing what comes due on the way at its own moment: two steps come to the same as one."""
        try:
            self.clock.check(seconds)
        except ValueError as error:
            raise UsageError(str(error)) from error
        target = self.clock.now() + seconds
        self.advancing += 1
        try:
            await self.deliver(courier, target, pinned=True)
        finally:
            self.advancing -= 1
            self.clock.pin(None)
            self.clock.shift(max(0.0, target - self.clock.now()) if self.clock.mode == "manual" else seconds)
            self.on_outbox()

    async def deliver(self, courier: Courier, until: float | None = None, *, pinned: bool = False) -> None:
        """Deliver what is due by now, or by a moment, each in the order of its time."""
        me = asyncio.current_task()
        assert me is not None  # noqa: S101 - a coroutine that runs is a task's
        if me in self._under_way:  # whoever is told of a change may have what it caused delivered as well
            await self._deliver(courier, until, pinned=pinned)
            return
        self._under_way.add(me)
        try:
            await self._deliver(courier, until, pinned=pinned)
        finally:
            self._under_way.discard(me)

    async def quiet(self, courier: Courier) -> None:
        """Deliver what is due, and wait for what somebody else is delivering: nothing is under way when this returns.

        Raises UsageError when it finds no end.
        """
        me, loop = asyncio.current_task(), asyncio.get_running_loop()
        for _ in range(self.timers_maximum):
            others = [each for each in self._under_way if each is not me and each.get_loop() is loop]
            if others:
                await asyncio.wait(others)
            elif self.gone or self.store.next_due > self.clock.now():
                return
            else:
                await self.deliver(courier)
        raise UsageError(f"the deliveries of world {self.name} find no end")

    async def _deliver(self, courier: Courier, until: float | None, *, pinned: bool) -> None:
        now = self.clock.now() if until is None else until
        for _ in range(self.timers_maximum):
            timer = self.store.due_timer(now)
            late = min((due for due, _ in self.late), default=float("inf"))
            if timer is None and late > now:
                return
            if timer is None or late <= timer[3] or timer[2] != DELIVER:
                self.catch_up(min(late, timer[3]) if timer else late)
                continue
            seq, vendor, _, due, body = timer
            self.store.drop_timer(seq)
            self.store.commit()
            if pinned:
                self.clock.pin(due)
            await attempt(self, vendor, due, body, courier)
            if self.gone:
                return
        raise UsageError(f"more than {self.timers_maximum} deliveries came due at once in world {self.name}")

    # The whole

    def found(self) -> None:
        """Make each vendor's standing credentials: the same ones whenever they are made again."""
        self.keys = Keys(self.secret) if self.secret else None
        for vendor, fake in sorted(self.fakes.items()):
            if fake.make_tenant is not None:
                work = self.work(vendor)
                self.credentials[vendor] = fake.make_tenant(work)
                self.finish(work)
        self.hide()

    def hide(self) -> None:
        """From here on, no token is one that was given out before."""
        self.keys = Keys(self.secret, secrets.token_hex(16)) if self.secret else None

    def seed_with(self, vendor: str, size: Size) -> Iterator[int]:
        """Fill the world with a vendor's seed, yielding how many orders are made so far; no event is fired."""
        work = self.work(vendor)
        if work.fake.make_seed is None:
            raise UsageError(f"{vendor} has no seed")
        try:
            for made in work.fake.make_seed(work, size):
                self.store.commit()  # somebody may call in between: no transaction stays open over a yield
                yield made
            self.store.commit()
        except BaseException:
            self.store.rollback()
            raise
        self.recipe.append((vendor, size))
        self._snapshot = None

    def settle(self) -> None:
        """From here on, `reset` comes back to what is here now."""
        connection = self.store.connection
        sqlite = getattr(connection, "sqlite", None)
        if self.database.snapshots and sqlite is not None:
            pages, size = (connection.rows(f"PRAGMA {name}")[0][0] for name in ("page_count", "page_size"))
            self._snapshot = sqlite.serialize() if pages * size <= self.snapshot_maximum_bytes else None
        self._chance_then = self.chance.getstate()
        self._standing_then = self.directory.standing(self.name)

    def reset(self) -> None:
        """Back to how it was seeded: documents, credentials, faults, journal, limits, chance. The clock stays."""
        self.store.rollback()
        self.faults.reset()
        self.journal.clear()
        self.limits.clear()
        self.nonces.clear()
        self.late.clear()
        self.fragments.clear()
        self.directory.forget(self.name, standing=False)
        for (vendor, name), credential in self._standing_then.items():
            self.directory.put(vendor, name, credential)  # it may have been revoked
        if self._snapshot is not None:
            self.store.connection.sqlite.deserialize(self._snapshot)  # type: ignore[attr-defined]
            self.store = Store(self.store.connection, self.name, self.database.kinds, self.store.version)
            self.chance.setstate(self._chance_then)
            return
        self.store.clear()
        self.chance.seed(self.seed)
        self.found()
        recipe, self.recipe = self.recipe, []
        for vendor, size in recipe:
            for _ in self.seed_with(vendor, size):
                pass


class Kept(Struct, frozen=True, kw_only=True):
    """What a world needs to come back with its state. `offset` is how far its clock runs before the machine's own."""

    seed: int
    mode: Mode
    now: float
    offset: float
    settings: dict[str, Any]
    credentials: dict[str, dict[str, str]]
    fixed_credentials: bool
    secret: str = ""
    recipe: list[tuple[str, Size]]


def _check_text(arguments: Any) -> None:
    """What comes over our own API may be more than a database keeps: half a surrogate pair, or a NUL."""
    try:
        text = msgspec.json.encode(arguments)
    except (RecursionError, TypeError, UnicodeEncodeError) as error:
        raise UsageError("the arguments are not JSON with text in it") from error
    if b"\\u0000" in text:
        raise UsageError("no text here holds a NUL")


class Worlds:
    """Every world of this process, and which one a caller belongs to."""

    def __init__(
        self,
        fakes: Mapping[str, Fake],
        database: Database,
        make_clock: Callable[[], Clock] = Clock,
        *,
        public: bool = False,
    ) -> None:
        """`public`: others can reach these worlds, so that no seed may tell their secrets."""
        self.public = public
        self.fakes = fakes
        self.database = database
        self._make_clock = make_clock
        self.worlds_maximum = WORLDS_MAXIMUM
        self._by_name: dict[str, World] = {}
        self.on_outbox: Callable[[World], object] = lambda _: None
        try:
            self.directory = Directory(database.root)
            self._recall()
        except Exception as error:
            database.close()
            said = " ".join(f"{type(error).__name__} {error}".split())[:200]
            raise UsageError(f"{database.name} cannot be read: {said}") from error

    def create(
        self, name: str, seed: int | None = None, clock: Clock | None = None, *, fixed_credentials: bool | None = None
    ) -> World:
        """A new, empty world with credentials of its own. Raises UsageError when the name is taken or is none."""
        if name in self._by_name:
            raise UsageError(f"there is a world {name!r} already")
        if not WORLD_NAME.match(name):
            raise UsageError("a world's name is letters, digits, - and _, beginning with a letter, 64 at most")
        if len(self._by_name) >= self.worlds_maximum:
            raise UsageError(f"there are {self.worlds_maximum} worlds already; delete some first")
        world = self._open(name, secrets.randbits(63) if seed is None else seed, clock or self._make_clock())
        if fixed_credentials is not None:
            world.fixed_credentials = fixed_credentials
        world.secret = secrets.token_hex(32) if self.public else ""
        world.found()
        world.settle()
        self.remember(world)
        return world

    def get(self, name: str) -> World:
        """Raises UsageError when there is none."""
        if name not in self._by_name:
            raise UsageError(f"there is no world {name!r}; there are: {', '.join(sorted(self._by_name))}")
        return self._by_name[name]

    def __iter__(self) -> Iterator[World]:
        return iter(tuple(self._by_name.values()))

    def __contains__(self, name: str) -> bool:
        return name in self._by_name

    @property
    def default(self) -> World:
        """The world of whoever presents no credential that belongs elsewhere."""
        return self._by_name[DEFAULT]

    def drop(self, name: str) -> None:
        """End a world and all its credentials. Raises UsageError for the default one."""
        if name == DEFAULT:
            raise UsageError("the default world stays; reset it instead")
        world = self.get(name)
        world.gone = True
        world.store.clear()
        self.directory.forget(name, standing=True)
        del self._by_name[name]
        root = self.database.root
        if root is None:
            world.store.connection.close()
        else:
            root.rows("DELETE FROM world WHERE name = ?", (name,))

    def of(self, credential: Credential | None) -> World:
        """The world a credential opens, else the default one."""
        if credential is None:
            return self.default
        return self._by_name.get(credential.world) or self.default

    def remember(self, world: World) -> None:
        """Write down what a world needs to come back with its state."""
        root = self.database.root
        if root is None:
            return
        body = Kept(
            seed=world.seed,
            mode=world.clock.mode,
            now=world.clock.now(),
            offset=world.clock.now() - world.clock.wall(),
            settings=world.settings,
            credentials=world.credentials,
            fixed_credentials=world.fixed_credentials,
            secret=world.secret,
            recipe=world.recipe,
        )
        root.rows(
            "INSERT INTO world (name, body) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET body = excluded.body",
            (world.name, msgspec.json.encode(body).decode()),
        )

    def close(self) -> None:
        """Write down every world and let go of the database."""
        for world in self:
            world.store.rollback()
            self.remember(world)
        self.database.close()

    def _open(self, name: str, seed: int, clock: Clock) -> World:
        world = World(name, seed, clock, self.database, self.fakes, self.directory)
        world.on_outbox = lambda: self.on_outbox(world)
        self._by_name[name] = world
        return world

    def _recall(self) -> None:
        root, last = self.database.root, 0
        for name, body in root.rows(f"SELECT name, {root.body} FROM world ORDER BY name") if root else ():  # noqa: S608
            kept = msgspec.json.decode(body, type=Kept)
            clock = self._make_clock()
            clock.switch(kept.mode, kept.now if kept.mode == "manual" else clock.wall() + kept.offset)
            world = self._open(name, kept.seed, clock)
            # The same numbers must not be drawn twice: what is drawn from here on depends on what was already kept.
            world.store.version = last = last or world.store.last_version()
            world.chance = random.Random(f"{kept.seed}:{last}")  # noqa: S311
            world.settings = kept.settings
            world.credentials = kept.credentials
            world.fixed_credentials = kept.fixed_credentials
            world.secret = kept.secret
            world.hide()
            world.recipe = kept.recipe
