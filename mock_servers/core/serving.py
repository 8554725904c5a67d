"""The sandbox on real ports: one per vendor, one for the admin API, all in one process and one event loop."""

import asyncio
import contextlib
import ipaddress
import logging
import signal
import socket
from collections.abc import Callable, Iterator
from typing import Any, cast

import uvicorn

from mock_servers.core.asgi import Receive, Scope, Send, VendorAsgi
from mock_servers.core.refusal import UsageError
from mock_servers.core.sandbox import Sandbox
from mock_servers.core.world import World

LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})
EVERYWHERE = frozenset({"0.0.0.0", "::"})  # noqa: S104 - only compared
HOSTS_REMEMBERED = 10_000
PAUSE_SECONDS = 1.0
log = logging.getLogger("seatrial")
Asgi = Callable[[Scope, Receive, Send], Any]


class Door:
    """Lets a request in by its Host header: loopback and the port's own names to the port's app, a vendor's real host
    name to that vendor, anything else to nobody (a page on the web must not reach what listens on this machine).

    With `any_address`, an address in numbers is let in whatever it is: no page can point a name at it and be let in.
    """

    def __init__(
        self,
        own: Asgi,
        by_host: list[tuple[str, Asgi]],
        also: frozenset[str] = frozenset(),
        *,
        any_address: bool = False,
    ) -> None:
        self.own = own
        self.by_host = by_host
        self.names = LOOPBACK | also
        self.any_address = any_address
        self._known: dict[bytes, Asgi | None] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        host = b""
        for name, value in scope["headers"]:
            if name == b"host":
                host = value
                break
        app = self._known.get(host)
        if app is None:
            app = self._app(host)
        await app(scope, receive, send)

    def _app(self, host: bytes) -> Asgi:
        name = host.decode("latin-1").lower()
        name = name.rsplit(":", 1)[0] if not name.endswith("]") else name
        app = self._chosen(name)
        if len(self._known) < HOSTS_REMEMBERED:
            self._known[host] = app
        return app

    def _chosen(self, name: str) -> Asgi:
        if name in self.names or (self.any_address and _is_address(name)):
            return self.own
        for pattern, app in self.by_host:
            if _fits(pattern, name):
                return app
        return _nobody


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


def _fits(pattern: str, name: str) -> bool:
    if pattern.startswith("*."):
        return name.endswith(pattern[1:]) and len(name) > len(pattern) - 1
    return name == pattern


async def _nobody(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001 - an ASGI application
    text = b'{"seatrial": {"message": "This Host is not served here. Use 127.0.0.1, or a vendor\'s own host name."}}'
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(text)).encode())]
    await send({"type": "http.response.start", "status": 421, "headers": headers})
    await send({"type": "http.response.body", "body": text})


class LazyAdmin:
    """The admin application, made when it is first asked for: FastAPI is most of what a start would cost."""

    def __init__(self, sandbox: Sandbox, token: str, described: Callable[[World | None], dict[str, Any]]) -> None:
        self._made: Asgi | None = None
        self._make = (sandbox, token, described)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        made = self._made
        if made is None:
            from mock_servers.core.admin import admin_app

            made = self._made = cast("Asgi", admin_app(*self._make))
        await made(scope, receive, send)


class Pump:
    """Does what the worlds' clocks say is due while nobody calls: deliveries and timers, each world on its own."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self._wake = asyncio.Event()
        self._busy: dict[str, asyncio.Task[None]] = {}
        sandbox.worlds.on_outbox = lambda _: self._wake.set()

    async def run(self) -> None:
        """Until cancelled."""
        try:
            while True:
                self._wake.clear()
                wait = min((self._tend(world) for world in self.sandbox.worlds), default=None)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), None if wait == float("inf") else wait)
        finally:
            for task in self._busy.values():
                task.cancel()

    def _tend(self, world: World) -> float:
        """Start what is due; answer for how many seconds nothing else will be."""
        if world.advancing:  # whoever moves the clock does it, each at its moment, and wakes us afterwards
            return float("inf")
        due = min(world.store.next_due, min((due for due, _ in world.late), default=float("inf")))
        wait = due - world.clock.now()
        if wait > 0:
            return wait if world.clock.mode == "real" else float("inf")
        if world.name not in self._busy:
            task = asyncio.create_task(world.deliver(self.sandbox.courier))
            self._busy[world.name] = task
            task.add_done_callback(lambda _: self._done(world.name))
        return float("inf")

    def _done(self, name: str) -> None:
        task = self._busy[name]
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("what was due in world %s broke: %s", name, type(error).__name__)
            asyncio.get_running_loop().call_later(PAUSE_SECONDS, self._again, name)  # or it would break at once again
            return
        self._again(name)

    def _again(self, name: str) -> None:
        self._busy.pop(name, None)
        self._wake.set()


class Server:
    """Everything listening. `ports` has the admin's under `""` and each vendor's under its name."""

    def __init__(
        self, sandbox: Sandbox, *, host: str = "127.0.0.1", port_base: int | None = None, admin_token: str
    ) -> None:
        self.sandbox = sandbox
        self.host = host
        self.admin_token = admin_token
        self._sockets = _listen(host, port_base, ["", *sandbox.fakes])
        self.ports = {name: listening.getsockname()[1] for name, listening in self._sockets.items()}
        shown = "127.0.0.1" if host in EVERYWHERE else host
        self.base_urls = {name: f"http://{shown}:{port}" for name, port in self.ports.items()}
        self._servers = [_server(app) for app in self._apps()]

    def described(self, world: World | None = None) -> dict[str, Any]:
        """What `seatrial env --json` prints."""
        vendors = {name: url for name, url in self.base_urls.items() if name}
        return {
            "admin": {"base_url": self.base_urls[""], "token": self.admin_token},
            "vendors": self.sandbox.described(vendors, world),
        }

    async def run(self, on_ready: Callable[[], None] = lambda: None, *, signals: bool = True) -> None:
        """Serve until interrupted or `stop`ped, then write the state down."""
        loop = asyncio.get_running_loop()
        if signals:
            for each in (signal.SIGINT, signal.SIGTERM):
                loop.add_signal_handler(each, self.stop)
        pump = asyncio.create_task(Pump(self.sandbox).run())
        serving = [
            asyncio.create_task(server.serve(sockets=[listening]))
            for server, listening in zip(self._servers, self._sockets.values(), strict=True)
        ]
        try:
            while not all(server.started for server in self._servers):
                await asyncio.sleep(0.002)
                for task in serving:
                    if task.done():
                        task.result()
            on_ready()
            await asyncio.gather(*serving)
        finally:
            pump.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await pump
            await self.sandbox.aclose()

    def stop(self) -> None:
        """Let every server finish what it is answering."""
        for server in self._servers:
            server.should_exit = True

    def _apps(self) -> Iterator[Asgi]:
        vendors: dict[str, Asgi] = {name: VendorAsgi(app) for name, app in self.sandbox.apps.items()}
        by_host = [
            (pattern, vendors[name])
            for name, fake in self.sandbox.fakes.items()
            for pattern in fake.contract.profile.hosts
        ]
        also = frozenset() if self.host in LOOPBACK else frozenset({self.host, socket.gethostname().lower()})
        admin = LazyAdmin(self.sandbox, self.admin_token, self.described)
        for name in self._sockets:
            yield Door(vendors[name] if name else admin, by_host, also, any_address=self.host in EVERYWHERE)


class QuietServer(uvicorn.Server):
    """Signals are for the whole house to catch, not for each of its servers."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Spelled(bytes):
    """A header's name as the vendor spells it. uvicorn puts names in lower case, which HTTP allows; but some vendors'
    own clients look for a header by its exact spelling, so this one has no other."""

    __slots__ = ()

    def lower(self) -> bytes:
        return self


def as_spelled(app: Asgi) -> Asgi:
    """The application with its headers' names as they are on the wire."""

    async def answering(scope: Scope, receive: Receive, send: Send) -> None:
        async def sending(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [(Spelled(name), value) for name, value in message["headers"]]
            await send(message)

        await app(scope, receive, sending)

    return answering


def _server(app: Asgi) -> QuietServer:
    return QuietServer(
        uvicorn.Config(
            cast("Any", as_spelled(app)),
            log_level="warning",
            access_log=False,
            lifespan="off",
            server_header=False,
            date_header=False,
            ws="none",
            timeout_graceful_shutdown=1,
            timeout_keep_alive=30,
        )
    )


def _listen(host: str, port_base: int | None, names: list[str]) -> dict[str, socket.socket]:
    """A listening socket per name, from `port_base` upwards or wherever there is room. Raises UsageError."""
    sockets: dict[str, socket.socket] = {}
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for offset, name in enumerate(names):
        port = 0 if port_base is None else port_base + offset
        # asyncio turns Nagle off only for a socket that says it is TCP; without uvloop each answer would wait 40 ms
        listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((host, port))
            listening.listen(2048)
        except (OSError, OverflowError) as error:
            for each in [*sockets.values(), listening]:
                each.close()
            what = name or "the admin API"
            why = (getattr(error, "strerror", None) or str(error)).rstrip(".")
            raise UsageError(f"port {port} for {what} on {host} cannot be used: {why}. Try --port-base.") from error
        sockets[name] = listening
    return sockets
