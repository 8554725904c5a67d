"""Fakes without a port: httpx transports that call a vendor's app in this process, synchronously or not."""

import asyncio

import httpx

from mock_servers.core.app import VendorApp
from mock_servers.core.wire import Answer, Request

TIME_OUT_SECONDS = 5.0


class FakeTransport(httpx.AsyncBaseTransport, httpx.BaseTransport):
    """Serves one vendor to `httpx.Client` and `httpx.AsyncClient` alike."""

    def __init__(self, app: VendorApp) -> None:
        self.app = app

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """For `httpx.Client`. An answer that is held comes at once: there is no loop here to wait on."""
        return _heard(request, self.app.handle(_seen(request, request.read())))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """For `httpx.AsyncClient`. What is held or silent takes the loop's time, which may be virtual."""
        answer = self.app.handle(_seen(request, await request.aread()))
        if answer.fate is not None and answer.fate.kind in {"held", "silent"}:
            await _wait(request, answer.fate.seconds, silent=answer.fate.kind == "silent")
        return _heard(request, answer)


def _seen(request: httpx.Request, body: bytes) -> Request:
    headers = [(name.lower(), value) for name, value in request.headers.raw]
    url = request.url
    path = url.raw_path.split(b"?", 1)[0].decode("latin-1")
    return Request(request.method, path, url.query.decode("latin-1"), headers, body, url.scheme)


def _heard(request: httpx.Request, answer: Answer) -> httpx.Response:
    fate = answer.fate.kind if answer.fate else None
    if fate == "lost":
        raise httpx.ReadError("the connection was closed before an answer came", request=request)
    if fate == "silent":
        raise httpx.ReadTimeout("no answer came", request=request)
    if fate == "cut":
        raise httpx.RemoteProtocolError("the connection was closed in the middle of the answer", request=request)
    body = b"" if request.method == "HEAD" else answer.body  # a server behind a port leaves it out too
    return httpx.Response(answer.status, headers=answer.headers, content=body, request=request)


async def _wait(request: httpx.Request, seconds: float, *, silent: bool) -> None:
    allowed = request.extensions.get("timeout", {}).get("read") or TIME_OUT_SECONDS
    await asyncio.sleep(min(seconds, allowed) if not silent else allowed)
    if seconds > allowed or silent:
        raise httpx.ReadTimeout("no answer came in time", request=request)
