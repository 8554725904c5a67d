"""A vendor's app behind any ASGI server. Lost, cut and held answers become what they are on a real wire."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import quote

from mock_servers.core.app import VendorApp
from mock_servers.core.wire import Answer, RawHeaders, Request

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
HANG_UP_SECONDS = 1.0
BODY_HARD_MAXIMUM = 32 * 2**20
NO_CONTENT = 204
EMPTY = frozenset({"GET", "HEAD", "DELETE", "OPTIONS"})


class ReplyLostError(ConnectionResetError):
    """Raised into a server that offers no way to drop a connection, so that it does so by failing."""


class VendorAsgi:
    """The ASGI application of one vendor."""

    def __init__(self, app: VendorApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = await read_request(scope, receive)
        answer = self.app.handle(request)
        if answer.fate is not None:
            await _fated(answer, receive, send)
            return
        await send_answer(answer, send)


async def read_request(scope: Scope, receive: Receive) -> Request:
    """The whole request; what is beyond all limits is read to its end and thrown away."""
    headers = scope["headers"]
    body, too_large = b"", False
    if scope["method"] not in EMPTY or _announces_body(headers):
        message = await receive()
        body = message.get("body", b"")
        too_large = message["type"] == "http.disconnect"
        if message.get("more_body"):
            body, too_large = await _rest(body, receive)
    raw = scope.get("raw_path")
    path = raw.decode("latin-1") if raw else quote(scope["path"])
    return Request(
        scope["method"], path, scope["query_string"].decode("latin-1"), headers, body, scope["scheme"], too_large
    )


def _announces_body(headers: RawHeaders) -> bool:
    for name, _ in headers:  # noqa: SIM110 - walked on every call, and a generator costs three times as much
        if name == b"content-length" or name == b"transfer-encoding":
            return True
    return False


async def _rest(body: bytes, receive: Receive) -> tuple[bytes, bool]:
    parts, size, more = [body], len(body), True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            # A body cut off by a dying caller is not an empty one: nothing may be done with it.
            return b"", True
        size += len(message.get("body", b""))
        if size <= BODY_HARD_MAXIMUM:
            parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    return (b"".join(parts), False) if size <= BODY_HARD_MAXIMUM else (b"", True)


async def send_answer(answer: Answer, send: Send) -> None:
    """Start and body, with the length."""
    if answer.status != NO_CONTENT:
        answer.headers.append((b"content-length", str(len(answer.body)).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
    await send({"type": "http.response.body", "body": answer.body})


async def _fated(answer: Answer, receive: Receive, send: Send) -> None:
    fate = answer.fate
    if fate is None or fate.kind == "held":
        await asyncio.sleep(fate.seconds if fate else 0)
        await send_answer(answer, send)
    elif fate.kind == "cut":
        answer.headers.append((b"content-length", str(len(answer.body)).encode()))
        await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
        await send({"type": "http.response.body", "body": answer.body[: len(answer.body) // 2], "more_body": True})
        await _hang_up(receive)
    else:
        if fate.kind == "silent":
            await _gone(receive, fate.seconds)
        await _hang_up(receive)


async def _gone(receive: Receive, seconds: float) -> None:
    """Say nothing until the caller has had enough."""
    try:
        async with asyncio.timeout(seconds):
            while (await receive())["type"] != "http.disconnect":
                pass
    except TimeoutError:
        return


async def _hang_up(receive: Receive) -> None:
    """Drop the connection. ASGI has no word for it; uvicorn's request cycle has its transport at hand."""
    transport = getattr(getattr(receive, "__self__", None), "transport", None)
    if transport is None:
        raise ReplyLostError
    transport.abort()
    await _gone(receive, HANG_UP_SECONDS)  # the server has to see it before this returns, or it takes it for a mistake
