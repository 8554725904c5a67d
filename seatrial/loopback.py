"""A vendor's real addresses, answered by its fake on a loopback port."""

import httpx


class Loopback(httpx.AsyncBaseTransport):
    """Sends whatever is asked of any host to one port of this machine, over real HTTP.

    The `Host` asked for is kept, and the call says that TLS ended before it, as behind any proxy: what it carries is
    what would reach the vendor.
    """

    def __init__(self, base_url: str) -> None:
        self._to = httpx.URL(base_url)
        self._inner = httpx.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        headers = request.headers.copy()
        headers["X-Forwarded-Proto"] = request.url.scheme
        url = request.url.copy_with(scheme=self._to.scheme, host=self._to.host, port=self._to.port)
        there = httpx.Request(
            request.method, url, headers=headers, stream=request.stream, extensions=request.extensions
        )
        return await self._inner.handle_async_request(there)

    async def aclose(self) -> None:
        await self._inner.aclose()
