"""What the fixture `seatrial` gives: one world, its vendors, its clock, and what people and failures do in it.

    def test_a_lost_answer_does_not_place_the_order_twice(seatrial):
        om = seatrial.extensiv_order_manager
        seatrial.seed(products=3)
        om.faults.plan("createOrder", "lose")
        place_order(om.client(), "A-1")          # the code under test
        assert [order["order_number"] for order in om.documents("order")] == ["A-1"]
        seatrial.assert_sound()

Everything here is synchronous; what may wait on the application under test has a twin whose name ends in `_async`, for
tests that run in an event loop.
"""

import asyncio
import threading
from base64 import b64encode
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

import httpx
import msgspec
from msgspec import Struct

from contracts.profile import Basic, Bearer, HeaderToken
from mock_servers.core.app import VendorApp
from mock_servers.core.asgi import Receive, Scope, Send, VendorAsgi
from mock_servers.core.fake import Fake, Size
from mock_servers.core.faults import Fault, Kind
from mock_servers.core.journal import Entry
from mock_servers.core.refusal import UsageError
from mock_servers.core.transport import FakeTransport
from mock_servers.core.webhooks import KIND, redeliver
from mock_servers.core.world import World
from seatrial.pytest_plugin import story
from seatrial.pytest_plugin.receivers import Answering, Receiver, TrialCourier, made

if TYPE_CHECKING:
    import respx

    from seatrial.pytest_plugin.ground import Ground

T = TypeVar("T")
PROBLEMS_MAXIMUM = 20


class Attempt(Struct, frozen=True):
    """One try at delivering: `at` in seconds since 1970, `status` None when nobody answered."""

    at: float
    status: int | None
    answer: str
    error: str
    headers: dict[str, str]


class Delivery(Struct, frozen=True):
    """One webhook on its way: `state` is pending, delivered, failed or dropped; `body` is what is signed and sent.

    `created` is the moment of what it tells of, in seconds since 1970.
    """

    vendor: str
    id: str
    created: float
    topic: str
    url: str
    state: str
    body: str
    attempts: tuple[Attempt, ...]

    def json(self) -> Any:
        """The body's value."""
        return msgspec.json.decode(self.body)


class Seatrial:
    """One test's world. Vendors are attributes and items: `seatrial.shopify` is `seatrial["shopify"]`."""

    def __init__(self, world: World, apps: Mapping[str, VendorApp], lock: threading.RLock, ground: "Ground") -> None:
        self.world = world
        self.clock = TestClock(self)
        self.faults = FaultPlans(self)
        self.ground = ground
        self._lock = lock
        self._vendors = {name: Vendor(self, app) for name, app in apps.items()}
        self._receivers: list[Receiver] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._over = False

    def __repr__(self) -> str:
        return f"Seatrial({', '.join(self._vendors)}; seed {self.world.seed}, {story.moment(self.world.clock.now())})"

    # Vendors

    def __getitem__(self, vendor: str) -> "Vendor":
        """Raises UsageError for a vendor there is not."""
        if vendor not in self._vendors:
            raise UsageError(f"{vendor!r} is not served here; there are: {', '.join(self._vendors)}")
        return self._vendors[vendor]

    def __getattr__(self, name: str) -> "Vendor":
        vendors = vars(self).get("_vendors", {})
        if name not in vendors:
            raise AttributeError(f"seatrial has no {name!r}; its vendors are: {', '.join(vendors)}")
        vendor: Vendor = vendors[name]
        return vendor

    def __iter__(self) -> Iterator["Vendor"]:
        return iter(self._vendors.values())

    # What is in the world, and what happened in it

    def seed(self, *, orders: int = 0, products: int = 10, vendors: Iterable[str] | None = None) -> None:
        """Stock the shelves and make orders, the same at every vendor, for all of them or those named."""
        size = Size(orders=orders, products=products)
        chosen = [vendor.name for vendor in self if vendor.fake.make_seed] if vendors is None else list(vendors)
        with self._lock:
            for name in chosen:
                for _ in self.world.seed_with(self[name].name, size):
                    pass
            self.world.settle()

    def act(self, vendor: str, action: str, /, **arguments: Any) -> Any:
        """Do what people do at a vendor: `act("extensiv_order_manager", "ship", order="A-1")`.

        Raises UsageError for an unknown action or wrong arguments, and the vendor's own `Refusal`.
        """
        with self._lock:
            return msgspec.to_builtins(self.world.act(self[vendor].name, action, arguments))

    def documents(self, vendor: str, kind: str) -> list[dict[str, Any]]:
        """What the vendor keeps of one kind, oldest first, in its own words. Raises UsageError for an unknown kind."""
        known = self[vendor].fake.kinds
        if kind not in known:
            raise UsageError(f"{vendor} keeps no {kind!r}; it keeps: {', '.join(sorted(known))}")
        with self._lock:
            return [dict(document) for document in self.world.store.collection(vendor, kind).rows()]

    @property
    def journal(self) -> tuple[Entry, ...]:
        """What was asked and answered, oldest first, without secrets; the last thousand exchanges."""
        return tuple(self.world.journal.entries())

    def assert_sound(self) -> None:
        """What must hold whatever the code under test did: every vendor's own laws, no answer a fake had to break its
        contract for, and every webhook accounted for. Raises AssertionError, naming each breach."""
        with self._lock:
            self.world.catch_up()
            found = [problem for vendor in self for problem in vendor.fake.problems(self.world.work(vendor.name))]
        found += [
            f"{entry.vendor}: {entry.method} {entry.target}: the fake {entry.rule}"
            for entry in self.journal
            if entry.rule.startswith("broke: ")
        ]
        found += [problem for each in self.deliveries for problem in _unsound(each)]
        if found:
            more = [f"… and {len(found) - PROBLEMS_MAXIMUM} more"] if len(found) > PROBLEMS_MAXIMUM else []
            raise AssertionError("\n".join(["this world is not sound:", *found[:PROBLEMS_MAXIMUM], *more]))

    # Webhooks

    @property
    def deliveries(self) -> tuple[Delivery, ...]:
        """Every webhook of every vendor, oldest first, with the attempts made."""
        return tuple(sorted((each for vendor in self for each in vendor.deliveries), key=lambda each: each.created))

    def receiver(
        self,
        url: str | None = None,
        *,
        asgi: Any = None,
        wsgi: Any = None,
        answer: Answering = 200,
    ) -> Receiver:
        """Somebody who takes webhooks: an application in this process, or a recorder that answers `answer`.

        Its `url` is what to subscribe with. Whatever is delivered to that host arrives here; other addresses are
        delivered to over the wire, on loopback only. Raises UsageError for an address that is none.
        """
        number = len(self._receivers) + 1
        receiver = made(url or f"https://receiver-{number}.test/webhooks", asgi, wsgi, answer)
        self._receivers.append(receiver)
        return receiver

    def deliver(self) -> None:
        """Deliver what is due now; nothing leaves before this, or before the clock is advanced."""
        self._run(self.deliver_async)

    async def deliver_async(self) -> None:
        """The same inside an event loop."""
        await self._deliver(self.world.deliver)

    # Without ports

    def respx_routes(self, **settings: Any) -> "respx.MockRouter":
        """A respx router that answers the real host names of every vendor; use it with `with`, or start and stop it.

        Any other host is refused. Raises UsageError where respx is not installed.
        """
        router = _router(settings)
        for vendor in self:
            vendor.route(router)
        return router

    # Inside

    def story(self) -> str:
        """What this world was asked, for a failing test's report."""
        return story.told(self)

    def close(self) -> None:
        """End the world; its transports answer no more."""
        self._over = True
        for vendor in self:
            vendor.app.over = True  # type: ignore[attr-defined]
        self.ground.ended(self)
        if self._loop is not None:
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self._loop.close()
        with self._lock:
            self.world.store.rollback()
            self.world.store.connection.close()

    @property
    def over(self) -> bool:
        """Whether the test has ended."""
        return self._over

    async def _deliver(self, go: Callable[[TrialCourier], Coroutine[Any, Any, None]]) -> None:
        courier = TrialCourier(self._receivers, self._lock)
        try:
            with self._lock:
                await go(courier)
        finally:
            await courier.aclose()

    def _run(self, make: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Run to its end, here and now. Raises UsageError inside an event loop, which cannot wait for itself."""
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
            return self._loop.run_until_complete(make())
        raise UsageError(f"there is an event loop here already; write `await seatrial.…{make.__name__}(…)`")


class TestClock:
    """The world's clock. It stands still until it is told to go on."""

    __test__ = False

    def __init__(self, trial: Seatrial) -> None:
        self._trial = trial

    def now(self) -> datetime:
        """The world's moment, in UTC."""
        return datetime.fromtimestamp(self._trial.world.clock.now(), UTC)

    def advance(self, seconds: float | timedelta = 0, *, minutes: float = 0, hours: float = 0, days: float = 0) -> None:
        """Move on. What comes due on the way is done at its own moment: jobs, expiries, webhooks and their retries.

        Raises UsageError for less than nothing.
        """
        length = _seconds(seconds, minutes, hours, days)

        async def advance_async() -> None:
            await self.advance_async(length)

        self._trial._run(advance_async)  # noqa: SLF001 - the clock is a part of the trial

    async def advance_async(
        self, seconds: float | timedelta = 0, *, minutes: float = 0, hours: float = 0, days: float = 0
    ) -> None:
        """The same inside an event loop."""
        length = _seconds(seconds, minutes, hours, days)
        if length < 0:
            raise UsageError("time does not run backwards")
        world = self._trial.world
        await self._trial._deliver(lambda courier: world.advance(length, courier))  # noqa: SLF001


class FaultPlans:
    """Failures to come."""

    def __init__(self, trial: Seatrial) -> None:
        self._trial = trial

    def plan(
        self,
        vendor: str,
        operation: str,
        kind: Kind,
        *,
        times: int | None = 1,
        chance: float = 1.0,
        seconds: float = 1.0,
        error: str = "",
    ) -> Fault:
        """Plan one for the next `times` calls (None: for all) of an operation, a GraphQL root field, `webhook:<topic>`
        or `*`. Kinds: refuse, throttle, drop, revoke, lose, cut, repeat, late, delay; and reorder, for webhooks.

        Raises UsageError for a vendor, an operation, a refusal or a kind that there is not.
        """
        if vendor != "*":
            _check_named(self._trial[vendor].fake, operation, error)
        faults = self._trial.world.faults
        return faults.plan(vendor, operation, kind, times=times, chance=chance, seconds=seconds, error=error)

    @property
    def pending(self) -> tuple[Fault, ...]:
        """Those that have not struck yet, or not as often as planned."""
        return tuple(self._trial.world.faults.plans)

    def clear(self) -> None:
        """Take every plan back."""
        self._trial.world.faults.clear()


class VendorFaults:
    """The failures of one vendor."""

    def __init__(self, trial: Seatrial, vendor: str) -> None:
        self._trial = trial
        self._vendor = vendor

    def plan(self, operation: str, kind: Kind, **more: Any) -> Fault:
        """As `seatrial.faults.plan`, for this vendor."""
        return self._trial.faults.plan(self._vendor, operation, kind, **more)


class Vendor:
    """One vendor in a test's world. `base_url` ends in `.test` and leads nowhere without one of the ways in below."""

    def __init__(self, trial: Seatrial, app: VendorApp) -> None:
        self.trial = trial
        self.app = app
        self.fake: Fake = app.fake
        self.name = app.fake.vendor
        self.base_url = f"https://{self.name.replace('_', '-')}.test"
        self.faults = VendorFaults(trial, self.name)

    def __repr__(self) -> str:
        return f"Vendor({self.name})"

    @property
    def credentials(self) -> dict[str, str]:
        """What opens this test's world, by the names `seatrial env` prints."""
        return dict(self.trial.world.credentials.get(self.name, {}))

    @property
    def hosts(self) -> tuple[str, ...]:
        """The vendor's real host names; `*` stands for an account's label."""
        return self.fake.contract.profile.hosts

    # Ways in

    @property
    def transport(self) -> FakeTransport:
        """A transport for `httpx.Client` and `httpx.AsyncClient`: no port, no thread."""
        return FakeTransport(self.app)

    @property
    def asgi(self) -> Callable[[Scope, Receive, Send], Coroutine[Any, Any, None]]:
        """The fake as an ASGI application."""
        app = VendorAsgi(self.app)

        async def application(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == "http":
                await app(scope, receive, send)
            elif scope["type"] == "lifespan":
                for stage in ("startup", "shutdown"):
                    await receive()
                    await send({"type": f"lifespan.{stage}.complete"})

        return application

    def client(self, **settings: Any) -> httpx.Client:
        """A client that is let in. Settings are those of `httpx.Client`; what is not said is the fake's."""
        return httpx.Client(**self._client_settings(settings))

    def async_client(self, **settings: Any) -> httpx.AsyncClient:
        """The same for asyncio."""
        return httpx.AsyncClient(**self._client_settings(settings))

    @property
    def url(self) -> str:
        """A real address on loopback. The first time any is asked for, a server is started that lasts for the session;
        whatever it is asked is answered by the world of the test that runs at that moment."""
        return self.trial.ground.url(self.name)

    def route(self, router: "respx.Router") -> "respx.Route":
        """Have a respx router answer the vendor's real host names with this world."""
        hosts = "|".join(_pattern(host) for host in self.hosts)
        return router.route(host__regex=f"^(?:{hosts})$").mock(side_effect=self.transport.handle_request)

    def respx_routes(self, **settings: Any) -> "respx.MockRouter":
        """A respx router that answers this vendor's real host names, and refuses any other."""
        router = _router(settings)
        self.route(router)
        return router

    # What is in it, and what happened

    def act(self, action: str, /, **arguments: Any) -> Any:
        """As `seatrial.act`, for this vendor."""
        return self.trial.act(self.name, action, **arguments)

    def documents(self, kind: str) -> list[dict[str, Any]]:
        """As `seatrial.documents`, for this vendor."""
        return self.trial.documents(self.name, kind)

    @property
    def journal(self) -> tuple[Entry, ...]:
        """As `seatrial.journal`, for this vendor."""
        return tuple(self.trial.world.journal.entries(self.name))

    @property
    def deliveries(self) -> tuple[Delivery, ...]:
        """As `seatrial.deliveries`, for this vendor."""
        with self.trial._lock:  # noqa: SLF001 - a vendor is a part of the trial
            rows = self.trial.world.store.collection(self.name, KIND).rows()
            return tuple(msgspec.convert(row.body | {"vendor": self.name}, Delivery) for row in rows)

    def redeliver(self, delivery: Delivery) -> None:
        """Send the same bytes once more, through the same pipe, when the clock next moves or `deliver` is called."""
        world = self.trial.world
        with self.trial._lock:  # noqa: SLF001
            work = world.work(self.name)
            redeliver(work, delivery.id)
            world.finish(work)

    def _client_settings(self, settings: dict[str, Any]) -> dict[str, Any]:
        headers = httpx.Headers(self._let_in())
        headers.update(settings.get("headers"))
        given = {"base_url": self.base_url, "transport": self.transport, "trust_env": False}
        return given | settings | {"headers": headers}

    def _let_in(self) -> dict[str, str]:
        """The header that carries the standing token, by the first scheme the profile names; none where it is not so
        simple."""
        token = self.credentials.get("access_token")
        pair = f"{self.credentials.get('username')}:{self.credentials.get('password')}"
        schemes = [scheme for surface in self.fake.contract.profile.surfaces.values() for scheme in surface.auth]
        match schemes[0] if schemes else None:
            case Bearer() if token:
                return {"Authorization": f"Bearer {token}"}
            case HeaderToken(header=header) if token:
                return {header: token}
            case Basic(header=header, over=over) if token or "password" in self.credentials:
                shown = token or b64encode(pair.encode()).decode()
                return {header: f"Basic {shown}"} | ({"X-Forwarded-Proto": "https"} if over == "tls" else {})
        return {}


def _seconds(seconds: float | timedelta, minutes: float, hours: float, days: float) -> float:
    first = seconds.total_seconds() if isinstance(seconds, timedelta) else seconds
    return first + 60 * minutes + 3600 * hours + 86_400 * days


def _check_named(fake: Fake, operation: str, error: str) -> None:
    """Raises UsageError for what the contract does not name: a fault that never strikes proves nothing."""
    contract = fake.contract
    if operation != "*" and not operation.startswith("webhook:"):
        root_fields = (name for name in fake.fields if "." not in name)
        known = {*contract.operations, *fake.operations, *root_fields}
        if operation not in known:
            raise UsageError(f"{fake.vendor} has no operation {operation!r}; it has: {', '.join(sorted(known))}")
    if error and not any(error in surface.errors.known for surface in contract.profile.surfaces.values()):
        known = {name for surface in contract.profile.surfaces.values() for name in surface.errors.known}
        raise UsageError(f"{fake.vendor} has no refusal {error!r}; it has: {', '.join(sorted(known))}")


def _unsound(delivery: Delivery) -> Iterator[str]:
    name = f"{delivery.vendor}: webhook {delivery.id} ({delivery.topic})"
    good = [each for each in delivery.attempts if each.status is not None and 200 <= each.status < 300]
    if delivery.state == "delivered" and not good:
        yield f"{name} is delivered, and nobody took it"
    if delivery.state == "failed" and not delivery.attempts:
        yield f"{name} failed without an attempt"
    if delivery.state == "dropped" and delivery.attempts:
        yield f"{name} was dropped and yet attempted"


def _pattern(host: str) -> str:
    import re

    return re.escape(host).replace(r"\*", r"[^.]+(?:\.[^.]+)*")


def _router(settings: dict[str, Any]) -> "respx.MockRouter":
    try:
        import respx
    except ImportError as error:
        raise UsageError("routing the real host names needs respx: pip install respx") from error
    return respx.MockRouter(**{"assert_all_called": False} | settings)
