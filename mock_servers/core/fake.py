"""How a vendor's folder says what it does: functions registered on its `Fake` by the contract's own names.

    fake = Fake("harbor")

    @fake.operation("cancelOrder")
    def cancel_order(call: Call) -> Reply: ...

A behaviour gets a `Call`, an action, a timer or a seed gets a `Work`; both are one unit of work in one world, committed
whole or not at all.
"""

import random
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
from msgspec import Struct

from contracts.contract import Contract, Operation, load
from contracts.profile import Auth, SurfaceProfile
from mock_servers.core.clock import iso_local_millis, iso_millis, iso_seconds
from mock_servers.core.credentials import Credential, digest, mark_of
from mock_servers.core.store import Collection, Document
from mock_servers.core.webhooks import HEALTH, KIND
from mock_servers.core.wire import Reply, Request

if TYPE_CHECKING:
    from mock_servers.core.world import World


class Event(Struct, frozen=True):
    """Something happened at the vendor. `about` is whatever its listeners are chosen and told by."""

    topic: str
    payload: Any
    about: dict[str, Any]


class Listener(Struct, frozen=True):
    """One who is to be told: where, with which headers and bytes, signed with whose secret."""

    subscription: str
    url: str
    headers: dict[str, str]
    body: bytes
    secret_of: str = ""
    """The client whose secret signs."""
    signed: bool = True
    """A greeting that tells of nothing may go without a signature, whatever the vendor's rule."""


class Size(Struct, frozen=True):
    """How much a seed is to make."""

    orders: int = 20
    products: int = 50


class Place(Struct, frozen=True, forbid_unknown_fields=True):
    """A place in a list that is walked by links: the first request's query, the row gone on from, and which way."""

    query: str
    value: str | None
    seq: int
    backward: bool


class Work:
    """One unit of work in one world, as one vendor sees it."""

    def __init__(self, world: "World", fake: "Fake", now: float) -> None:
        self.world = world
        self.fake = fake
        self.vendor = fake.vendor
        self.now = now
        self.events: list[Event] = []

    @property
    def stamp(self) -> str:
        """This moment as the vendor writes it."""
        return self.fake.stamp_of(self.now)

    @property
    def chance(self) -> random.Random:
        """The world's one source of chance."""
        return self.world.chance

    def collection(self, kind: str) -> Collection:
        """The vendor's documents of one kind."""
        return self.world.store.collection(self.vendor, kind)

    def next_number(self, kind: str, start: int = 1) -> int:
        """The next of the vendor's numbers for a kind; the world's first is `start`."""
        return self.world.store.next_number(f"{self.vendor}.{kind}", start)

    def emit(self, topic: str, payload: Any, **about: Any) -> None:
        """Tell whoever listens, once this work is committed."""
        self.events.append(Event(topic, payload, about))

    def later(self, seconds: float, name: str, body: Any = None) -> None:
        """Have the timer `name` run with `body` after so many seconds of the world's clock."""
        self.world.store.set_timer(self.vendor, name, self.now + seconds, body)

    def setting(self, name: str, default: Any = None) -> Any:
        """A switch of this world for this vendor, as the admin API sets it."""
        return self.world.settings.get(f"{self.vendor}.{name}", default)

    def token(self, prefix: str = "", letters: int = 32) -> str:
        """A new opaque secret: out of the seed, or one that nobody can reckon where others can reach us.

        Worlds may have one seed, and still none has a secret of another's: the world's name is in it.
        """
        if self.world.keys is not None:
            return prefix + self.world.keys.token(letters)
        return f"{prefix}{self.chance.getrandbits(letters * 4) ^ mark_of(self.world.name, letters):0{letters}x}"

    def grant(
        self,
        sort: str,
        secret: str,
        subject: str,
        /,
        *,
        scopes: Iterable[str] = (),
        seconds: float | None = None,
        standing: bool = False,
        **about: Any,
    ) -> Credential:
        """Let a secret in, for so many seconds or for ever."""
        expires = None if seconds is None else self.now + seconds
        credential = Credential(
            self.vendor, self.world.name, sort, subject, frozenset(scopes), expires, standing, dict(about)
        )
        self._may_be_undone(sort, secret)
        self.world.directory.add(secret, credential)
        return credential

    def credential(self, sort: str, secret: str) -> Credential | None:
        """The credential behind a secret, when it is of this world."""
        found = self.world.directory.find(self.vendor, sort, secret)
        return found if found and found.world == self.world.name else None

    def revoke(self, sort: str, secret: str) -> bool:
        """Shut a secret out."""
        self._may_be_undone(sort, secret)
        return self.world.directory.revoke(self.vendor, sort, secret)

    def _may_be_undone(self, sort: str, secret: str) -> None:
        """What a secret opens is part of the unit of work: given up with it, it opens what it opened before."""
        directory, name = self.world.directory, digest(sort, secret)
        before = directory.of_digest(self.vendor, name)
        self.world.store.write()
        self.world.store.on_rollback.append(lambda: directory.put(self.vendor, name, before))

    def lifetime(self, name: str) -> float | None:
        """Seconds a credential of some sort lives, by the profile."""
        return self.fake.contract.profile.lifetimes_seconds[name].seconds


class Call(Work):
    """A unit of work that somebody asked for over the wire."""

    def __init__(
        self,
        world: "World",
        fake: "Fake",
        now: float,
        operation: Operation,
        request: Request,
        surface: SurfaceProfile,
    ) -> None:
        super().__init__(world, fake, now)
        self.operation = operation
        self.surface = surface
        """What surrounds the operation's endpoint."""
        self.request = request
        self.path: dict[str, str] = {}
        self.query: dict[str, Any] = {}
        self.place: Place | None = None
        """Where a walk by links goes on."""
        self.body: Any = None
        self.caller: Credential | None = None
        """Whose token was presented; None on operations that are open to anybody."""
        self.token_digest = ""
        self.scheme: Auth | None = None
        """How the token was shown."""
        self.reply_headers: list[tuple[bytes, bytes]] = []
        """Headers that go out whatever is answered."""

    @property
    def base_url(self) -> str:
        """Where the caller reached us, for links."""
        return self.request.base_url

    def render(self, document: Document, look: str = "") -> dict[str, Any]:
        """A document as this surface shows it, to be put into a larger reply."""
        view = self.fake.views.get((self.operation.surface, document.kind))
        return view.shown(self, document, look) if view else document.body


class View(Struct, frozen=True):
    """How a kind looks on one surface, and the name of the schema that it must fit. With `looks` it has several, and
    `render` is told which one is asked for as well; with `around` it is given what is around the document first."""

    render: Callable[..., dict[str, Any]]
    schema: str
    looks: bool = False
    around: bool = False

    def shown(self, work: Work, document: Document, look: str = "") -> dict[str, Any]:
        seen = (work, document) if self.around else (document,)
        return self.render(*seen, look) if self.looks else self.render(*seen)


class Dialect(Struct, frozen=True):
    """Another way to write what a surface answers. `rewrite(name, value)` gets what the usual dialect would say, and
    the kind of the document or the operation's id; `rows(kind)` are the members, from outside in, that a list's rows
    stand under. An empty list is left out when `empty` is false."""

    rewrite: Callable[[str, Any], Any]
    rows: Callable[[str], tuple[str, ...]]
    empty: bool = True


class Action(Struct, frozen=True):
    """Something people do at the vendor. `arguments` is the frozen struct its form is."""

    name: str
    does: Callable[[Work, Any], Any]
    arguments: type[Struct]
    says: str


F = TypeVar("F", bound=Callable[..., Any])


class Fake:
    """One vendor's mind, by the names its contract uses. `contract` is one that lives outside of `contracts/`."""

    def __init__(self, vendor: str, contract: Contract | None = None) -> None:
        self.vendor = vendor
        self._contract = contract
        self.operations: dict[str, Callable[[Call], Reply]] = {}
        self.fields: dict[str, Callable[..., Any]] = {}
        self.actions: dict[str, Action] = {}
        self.timers: dict[str, Callable[[Work, Any], None]] = {}
        self.views: dict[tuple[str, str], View] = {}
        self.dialects: dict[str, Dialect] = {}
        self.kinds: dict[str, tuple[str, ...]] = {KIND: ("state", "fault"), HEALTH: ()}
        self.schemes: dict[str, Callable[[Request], str | None]] = {}
        self.aliases: dict[str, Callable[[Request], tuple[str, ...]]] = {}
        self.surface_headers: dict[str, Callable[[Call], Iterable[tuple[str, str]]]] = {}
        self.laws: list[Callable[[Work], Iterable[str]]] = []
        self.understands: Callable[[Request], Request] | None = None
        self.reads_query: Callable[[Request], list[tuple[str, str]]] | None = None
        self.signed_fields: Callable[[Request], list[tuple[str, str]]] | None = None
        self.turns_away: Callable[[Call], None] | None = None
        self.make_tenant: Callable[[Work], dict[str, str]] | None = None
        self.make_seed: Callable[[Work, Size], Iterator[int]] | None = None
        self.find_listeners: Callable[[Work, Event], Iterable[Listener]] | None = None
        self.on_give_up: Callable[[Work, str], None] | None = None
        self.on_attempt: Callable[[bytes, int], bytes] | None = None

    @property
    def contract(self) -> Contract:
        """What this fake is held to."""
        return self._contract or load(self.vendor)

    def stamp_of(self, moment: float) -> str:
        """A moment as the vendor writes it."""
        stamps = self.contract.profile.stamps
        if stamps.kind == "iso_local_millis":
            return iso_local_millis(moment, stamps.zone)
        if stamps.kind == "iso_naive_seconds":
            return iso_seconds(moment).removesuffix("Z")
        return iso_seconds(moment) if stamps.kind == "iso_utc_seconds" else iso_millis(moment)

    def operation(self, *ids: str) -> Callable[[F], F]:
        """What is done when an operation is called: look up, refuse, change, tell, answer."""
        return lambda behaviour: _each(self.operations, ids, behaviour)

    def field(self, *names: str) -> Callable[[F], F]:
        """How `Type.field` of a GraphQL surface is found, where it is not simply a member."""
        return lambda resolver: _each(self.fields, names, resolver)

    def action(self, name: str, arguments: type[Struct]) -> Callable[[F], F]:
        """What people do at the vendor and no API call would; its docstring is its help."""

        def register(does: F) -> F:
            self.actions[name] = Action(name, does, arguments, (does.__doc__ or "").strip())
            return does

        return register

    def timer(self, name: str) -> Callable[[F], F]:
        """What is done when a timer set with `work.later(…)` is due."""
        return lambda does: _each(self.timers, (name,), does)

    def kind(self, name: str, *, index: tuple[str, ...] = ()) -> None:
        """A kind of document and the members it is looked up by."""
        self.kinds[name] = index

    def view(
        self, surface: str, kind: str, *, schema: str, looks: bool = False, around: bool = False
    ) -> Callable[[F], F]:
        """How a kind looks on a surface. The result is kept until the document changes, so it may depend on nothing
        but the document, and on the look that is asked for where there are several. `around`: it is given a `Work`
        first, by which it may look at other documents and at settings, and is forgotten when one of those changes."""

        def register(render: F) -> F:
            self.views[surface, kind] = View(render, schema, looks, around)
            return render

        return register

    def identify(self, name: str) -> Callable[[F], F]:
        """The secret a request presents, for an auth scheme of the vendor's own; None when it presents none."""
        return lambda scheme: _each(self.schemes, (name,), scheme)

    def understand(self, reads: F) -> F:
        """What a request is meant to be, where a server lets it say so by other means: another method, another path."""
        self.understands = reads
        return reads

    def query(self, reads: F) -> F:
        """Names and values of a query as the vendor's server reads them, where that is not simply one after another."""
        self.reads_query = reads
        return reads

    def signed_query(self, reads: F) -> F:
        """What of a query is signed by OAuth 1.0a, where that is not simply all of it."""
        self.signed_fields = reads
        return reads

    def stranger(self, does: F) -> F:
        """What is said to somebody whose credential nobody knows: raises a refusal, or leaves it to the profile's."""
        self.turns_away = does
        return does

    def names(self, operation: str) -> Callable[[F], F]:
        """What one request really asks for (a GraphQL document's root fields), for faults and journal."""
        return lambda alias: _each(self.aliases, (operation,), alias)

    def headers(self, surface: str) -> Callable[[F], F]:
        """Headers on every answer of a surface."""
        return lambda headers: _each(self.surface_headers, (surface,), headers)

    def tenant(self, makes: F) -> F:
        """Makes the standing credentials of a new world and answers them by name, for people to use."""
        self.make_tenant = makes
        return makes

    def seed(self, makes: F) -> F:
        """Fills a world, yielding how many orders it has made so far."""
        self.make_seed = makes
        return makes

    def listeners(self, finds: F) -> F:
        """Who is told of an event, and what; called before the change is committed."""
        self.find_listeners = finds
        return finds

    def sound(self, law: F) -> F:
        """What holds in any world of this vendor, whatever its callers did: yields each breach in words."""
        self.laws.append(law)
        return law

    def problems(self, work: Work) -> Iterator[str]:
        """Every breach of the vendor's laws in a world. None is ever the caller's fault."""
        for law in self.laws:
            for problem in law(work):
                yield f"{self.vendor}: {law.__name__.replace('_', ' ')}: {problem}"

    def gave_up(self, does: F) -> F:
        """What becomes of a subscription after too many failures."""
        self.on_give_up = does
        return does

    def attempted(self, writes: F) -> F:
        """The bytes of a delivery's n-th attempt, from 1 on, for vendors that count attempts in the body."""
        self.on_attempt = writes
        return writes

    def act(self, work: Work, name: str, arguments: Any) -> Any:
        """Do what people do. Raises KeyError for an unknown action, `msgspec.ValidationError` for a wrong form."""
        action = self.actions[name]
        return action.does(work, msgspec.convert(arguments, action.arguments, strict=False))


def _each(registry: dict[str, Any], names: tuple[str, ...], value: F) -> F:
    for name in names:
        if name in registry:
            raise ValueError(f"{name} is registered twice")
        registry[name] = value
    return value
