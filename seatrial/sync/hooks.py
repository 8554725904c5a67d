"""The receiver of webhooks on a port, in the loop of the engine it tells."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator
from typing import Any, cast

import uvicorn

from mock_servers.core.refusal import UsageError

BACKLOG = 256
GRACE_SECONDS = 2


class Quiet(uvicorn.Server):
    """Signals are for the command to catch."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextlib.asynccontextmanager
async def listening(app: Any, host: str, port: int) -> AsyncIterator[str]:
    """Serve an ASGI application; answers its base URL. Port 0 is any free one. Raises UsageError."""
    bound = _bound(host, port)
    config = uvicorn.Config(
        cast("Any", app),
        log_level="warning",
        access_log=False,
        lifespan="off",
        server_header=False,
        date_header=False,
        ws="none",
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    server = Quiet(config)
    serving = asyncio.ensure_future(server.serve(sockets=[bound]))
    shown = f"[{host}]" if ":" in host else host
    try:
        yield f"http://{shown}:{bound.getsockname()[1]}"
    finally:
        server.should_exit = True
        await serving
        bound.close()


def _bound(host: str, port: int) -> socket.socket:
    made = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((host, port))
        made.listen(BACKLOG)  # from here on nobody is refused, whether the server is up or still coming
    except (OSError, OverflowError) as error:
        made.close()
        why = (getattr(error, "strerror", None) or str(error)).rstrip(".")
        raise UsageError(
            f"port {port} on {host} cannot be used for webhooks: {why}. Name another: --webhooks PORT"
        ) from error
    return made
