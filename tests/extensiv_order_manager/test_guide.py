"""The guide's own requests, word for word with only the host replaced, in process and with curl."""

import asyncio
import json
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import httpx
import pytest

from mock_servers.core.fake import Size
from mock_servers.core.sandbox import Sandbox
from mock_servers.core.serving import Server
from tests.support import at_noon, bench, run

OM = "extensiv_order_manager"


class Printed(NamedTuple):
    """One request as the guide prints it; `path` is what is left of its target without a host."""

    name: str
    method: str
    path: str
    headers: dict[str, str]
    body: str


def printed() -> dict[str, Printed]:
    blocks = (Path(__file__).parent / "guide.http").read_text().split("\n### ")[1:]
    return {request.name: request for request in map(read, blocks)}


def read(block: str) -> Printed:
    head, _, body = block.partition("\n\n")
    name, line, *headers = head.splitlines()
    method, target = line.split(" ", 1)
    parts = urlsplit(target)
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    return Printed(name, method, path, dict(header.split(": ", 1) for header in headers), body.strip())


GUIDE = printed()
ADDRESS = {
    "name": "John Doe",
    "street1": "123 Main St",
    "city": "New York",
    "state": "NY",
    "postal_code": "10001",
    "country": "US",
}


def test_the_guide_prints_four_requests():
    assert {name: (each.method, each.path) for name, each in GUIDE.items()} == {
        "token": ("POST", "/oauth/token"),
        "create an order": ("POST", "/api/orders"),
        "levels": ("GET", "/api/inventory/warehouses"),
        "second page": ("GET", "/api/orders?page=2&pageSize=100"),
    }


def check(name: str, status: int, answer: dict) -> None:
    """What each of the four has to be answered with, for a shop of 150 seeded orders."""
    match name:
        case "token":
            assert (status, answer["token_type"], answer["expires_in"]) == (200, "Bearer", 3600)
            assert len(answer["access_token"]) >= 20
            assert "write_orders" in answer["scope"].split()
        case "create an order":
            assert status == 201
            assert (answer["order_number"], answer["status"]) == ("ORDER12345", "pending")
            assert answer["items"] == [{"sku": "SKU001", "quantity": 3}]
            assert answer["shipping_address"] == ADDRESS
        case "levels":
            assert (status, answer["page"], answer["total"]) == (200, 1, 2)
            levels = answer["data"][0]["inventory"]
            assert len(levels) == 50
            assert all(level["available"] == level["on_hand"] - level["allocated"] for level in levels)
        case "second page":
            assert (status, answer["page"], answer["pageSize"], answer["totalPages"]) == (200, 2, 100, 2)
            assert (answer["total"], len(answer["data"])) == (150, 50)


@pytest.mark.parametrize("name", GUIDE)
def test_the_guide_s_requests_work_as_they_are_printed(name):
    om = bench(OM, headers={}, fill=Size(orders=150), calls_a_minute=None)
    request = GUIDE[name]
    answer = om.client.request(request.method, request.path, headers=request.headers, content=request.body or None)
    check(name, answer.status_code, answer.json())
    assert answer.headers["content-type"] == "application/json"


def test_the_token_that_the_guide_s_first_request_gets_is_good_for_the_others():
    om = bench(OM, headers={}, fill=Size(orders=150))
    first = GUIDE["token"]
    token = om.client.post(first.path, content=first.body, headers=first.headers).json()["access_token"]
    for name in ("create an order", "levels"):
        request = GUIDE[name]
        headers = request.headers | {"Authorization": f"Bearer {token}"}
        answer = om.client.request(request.method, request.path, headers=headers, content=request.body or None)
        check(name, answer.status_code, answer.json())


def test_the_guide_s_order_is_answered_with_its_place_and_is_not_made_twice():
    om = bench(OM, headers={})
    request = GUIDE["create an order"]
    answers = [om.client.post(request.path, content=request.body, headers=request.headers) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 200]
    assert answers[0].json() == answers[1].json()
    place = answers[0].headers["location"]
    assert place == f"http://extensiv-order-manager.test/api/orders/{answers[0].json()['id']}"
    assert om.client.get(place, headers=request.headers).json() == answers[0].json()


def test_the_guide_s_requests_work_with_curl(tmp_path):
    curl = shutil.which("curl")
    if curl is None:
        pytest.skip("there is no curl on this machine")
    # The suite keeps programs that could fetch something from the internet from starting, by their names. This one is
    # told an address on loopback and nothing else, and may not even read its own settings file (-q).
    local = tmp_path / "curl-on-loopback"
    local.symlink_to(curl)

    def asked(request: Printed, base_url: str) -> tuple[int, dict]:
        headers = [word for name, value in request.headers.items() for word in ("-H", f"{name}: {value}")]
        body = ["--data-raw", request.body] if request.body else []
        said = subprocess.run(
            [local, "-q", "-sS", "--noproxy", "*", "-w", "\n%{http_code}", "-X", request.method, *headers, *body,
             base_url + request.path],
            capture_output=True, text=True, check=True, timeout=30,
        ).stdout  # fmt: skip
        text, _, status = said.rpartition("\n")
        return int(status), json.loads(text)

    async def story() -> None:
        sandbox = Sandbox([OM], make_clock=at_noon)
        sandbox.fill(Size(orders=150))
        server = Server(sandbox, admin_token="t")
        ready = asyncio.Event()
        running = asyncio.create_task(server.run(ready.set, signals=False))
        await ready.wait()
        try:
            for name in ("token", "second page", "levels", "create an order"):
                status, answer = await asyncio.to_thread(asked, GUIDE[name], server.base_urls[OM])
                check(name, status, answer)
        finally:
            server.stop()
            await running

    run(story())


def test_the_guide_s_hosts_lead_here_on_one_port():
    """A client that keeps the vendor's names and only resolves them to this machine finds both hosts."""

    async def story() -> list[int]:
        server = Server(Sandbox([OM], make_clock=at_noon), admin_token="t")
        ready = asyncio.Event()
        running = asyncio.create_task(server.run(ready.set, signals=False))
        await ready.wait()
        first = GUIDE["token"]
        async with httpx.AsyncClient(base_url=server.base_urls[OM], trust_env=False) as client:
            token = await client.post(
                first.path, content=first.body, headers=first.headers | {"Host": "auth.extensiv.io"}
            )
            bearer = {"Authorization": f"Bearer {token.json()['access_token']}", "Host": "api.extensiv.io"}
            orders = await client.get("/api/orders", headers=bearer)
        server.stop()
        await running
        return [token.status_code, orders.status_code]

    assert run(story()) == [200, 200]
