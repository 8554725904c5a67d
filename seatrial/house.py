"""`seatrial serve`: a sandbox on ports, made from settings, announced to other terminals, ended by a signal."""

import asyncio
import gc
import secrets
from collections.abc import Callable
from typing import Any

from msgspec import Struct

from mock_servers.core.clock import Clock
from mock_servers.core.fake import Size
from mock_servers.core.refusal import UsageError
from mock_servers.core.sandbox import Sandbox
from mock_servers.core.serving import LOOPBACK, Server
from seatrial import running

PORT_BASE = 8400
GARBAGE_LOOKED_FOR_AFTER = 20_000


class ServeSettings(Struct, frozen=True):
    """What `seatrial serve` was asked for; `only` None is every vendor, `port_base` 0 any free ports."""

    only: tuple[str, ...] | None = None
    host: str = "127.0.0.1"
    port_base: int | None = None
    state: str | None = None
    seed: int = 1
    orders: int = 20
    products: int = 50
    clock: str = "real"
    webhook_hosts: tuple[str, ...] = ()


def serve(settings: ServeSettings, on_ready: Callable[[dict[str, Any]], None] | None = None) -> None:
    """Serve until interrupted. Raises UsageError for what cannot be."""
    if settings.clock not in {"real", "manual"}:
        raise UsageError(f"a clock is real or manual, not {settings.clock!r}")
    server = made(settings)
    described = server.described()
    _collect_garbage_seldom()
    with running.announced(described, server.ports[""]):
        asyncio_run(server.run(lambda: on_ready(described) if on_ready else None))


def _collect_garbage_seldom() -> None:
    """What is here by now stays for good: some fifty thousand objects, mostly of contracts, that each long look for
    garbage would go through. With the usual thresholds a tenth of a request's time goes there."""
    gc.freeze()
    gc.set_threshold(GARBAGE_LOOKED_FOR_AFTER, 20, 20)


def made(settings: ServeSettings) -> Server:
    """The server, its sockets open and its default world filled, not yet answering."""
    clock = settings.clock
    sandbox = Sandbox(
        settings.only,
        state=settings.state,
        seed=settings.seed,
        make_clock=lambda: Clock("manual" if clock == "manual" else "real"),
        fixed_credentials=settings.host in LOOPBACK,
        webhook_hosts=settings.webhook_hosts,
    )
    base = PORT_BASE if settings.port_base is None else settings.port_base or None
    server = Server(sandbox, host=settings.host, port_base=base, admin_token=secrets.token_urlsafe(24))
    if not sandbox.world.recipe:
        sandbox.fill(Size(orders=settings.orders, products=settings.products))
    return server


def asyncio_run(main: Any) -> None:
    """Run on uvloop where there is one: it is four times as fast for this."""
    try:
        import uvloop
    except ImportError:
        asyncio.run(main)
        return
    uvloop.run(main)
