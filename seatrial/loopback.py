"""A vendor's real addresses, answered by its fake on a loopback port."""

from collections.abc import Iterable
from fnmatch import fnmatch

import httpx


class Loopback(httpx.AsyncBaseTransport):
    """Sends whatever is asked of any host to one port of this machine, over real HTTP.

    The call says that TLS ended before it, as behind any proxy. `hosts` are the vendor's own names, as patterns: such a
    `Host` is kept. A vendor that everybody hosts for themselves has none, and is called by this machine's.
    """

    def __init__(self, base_url: str, hosts: Iterable[str] = ()) -> None:
        self._to = httpx.URL(base_url)
        self._hosts = tuple(hosts)
        self._inner = httpx.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        headers = request.headers.copy()
        headers["X-Forwarded-Proto"] = request.url.scheme
        if not any(fnmatch(request.url.host, pattern) for pattern in self._hosts):
            headers["Host"] = self._to.netloc.decode()
        url = request.url.copy_with(scheme=self._to.scheme, host=self._to.host, port=self._to.port)
        there = httpx.Request(
            request.method, url, headers=headers, stream=request.stream, extensions=request.extensions
        )
        return await self._inner.handle_async_request(there)

    async def aclose(self) -> None:
        await self._inner.aclose()
