"""What a test suite pays per call without a port: our transports under httpx against a canned answer of respx.

`python -m bench.inprocess ROUNDS CALLS` prints JSON: CPU seconds per call, by way, one figure per round.
"""

import asyncio
import json
import sys
import time
from contextlib import nullcontext
from typing import Any, cast

import httpx
import respx

from bench.servers import VENDOR
from bench.workload import NO_LIMIT
from mock_servers.core.asgi import VendorAsgi
from mock_servers.core.sandbox import Sandbox

BASE_URL = "http://127.0.0.1:8401"
HEADERS = {"Authorization": "Bearer YOUR_ACCESS_TOKEN"}  # the words printed in the vendor's guide


def main() -> None:
    """Measure and print."""
    rounds, calls = int(sys.argv[1]), int(sys.argv[2])
    print(json.dumps(asyncio.run(_measured(rounds, calls))))


async def _measured(rounds: int, calls: int) -> dict[str, list[float]]:
    sandbox = Sandbox((VENDOR,))
    sandbox.fill()
    sandbox.world.settings |= {name: value for name, value in NO_LIMIT.items() if name.startswith(VENDOR)}
    ours: Any = sandbox.transport(VENDOR)
    asgi = httpx.ASGITransport(cast("Any", VendorAsgi(sandbox.apps[VENDOR])))
    figures: dict[str, list[float]] = {"transport": [], "asgi": [], "respx": []}
    async with _client(ours) as first, _client(asgi) as second, _client(None) as third:
        path = f"/api/orders/{(await first.get('/api/orders')).json()['data'][0]['id']}"
        body = (await first.get(path)).content
        for number in range(rounds + 1):
            for name, client in (("transport", first), ("asgi", second), ("respx", third)):
                with _canned(path, body) if name == "respx" else nullcontext():
                    seconds = await _per_call(client, path, calls)
                if number:  # the first round warms up
                    figures[name].append(seconds)
    await sandbox.aclose()
    return figures


def _client(transport: Any) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=transport, base_url=BASE_URL, headers=HEADERS)


def _canned(path: str, body: bytes) -> respx.MockRouter:
    """One route that respx answers with the same body. It remembers its calls until its block ends, as in any test."""
    router = respx.mock(base_url=BASE_URL)
    headers = {"content-type": "application/json"}
    router.get(path).mock(return_value=httpx.Response(200, content=body, headers=headers))
    return router


async def _per_call(client: httpx.AsyncClient, path: str, calls: int) -> float:
    begun = time.process_time()
    for _ in range(calls):
        reply = await client.get(path)
        if reply.status_code != 200:
            raise SystemExit(f"a call was answered {reply.status_code}: {reply.text[:200]}")
    return (time.process_time() - begun) / calls


if __name__ == "__main__":
    main()
