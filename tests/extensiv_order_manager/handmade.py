"""A vendor made by hand: the answers that a test gives to the Order Manager client."""

import asyncio
import json
import random
from datetime import UTC, datetime
from urllib.parse import parse_qs

import httpx

from connectors.canonical import Address, Delivery, DeliveryLine, Ref
from connectors.core.clock import LoopClock
from connectors.extensiv_order_manager import OrderManager, Settings
from seatrial import virtual_time

MONDAY = datetime(2026, 11, 23, 9, 0, 0, tzinfo=UTC)
TOKEN_FIELDS = {"grant_type": "client_credentials", "client_id": "om-id", "client_secret": "om-secret-value"}
ANA = Address("Ana Ruiz", "5 Pine Rd", "Albany", "12207", "US", region="NY")
DELIVERY = Delivery("PO-778", Ref("shop", "7001"), "#1042", (DeliveryLine("MUG-01", 3, "55"),), ANA)
ORDER = {
    "id": "70012",
    "order_number": "PO-778",
    "status": "pending",
    "created_at": "2026-11-23T08:00:00Z",
    "updated_at": "2026-11-23T08:00:00Z",
    "items": [{"sku": "MUG-01", "quantity": 3}],
    "shipping_address": {"name": "Ana Ruiz"},
    "shipments": [],
}
SHIPMENT = {
    "id": "9001",
    "order_id": "70012",
    "order_number": "PO-778",
    "status": "shipped",
    "carrier": "UPS",
    "tracking_number": "1Z000",
    "tracking_url": None,
    "shipped_at": "2026-11-23T08:30:00Z",
    "updated_at": "2026-11-23T08:31:00Z",
    "items": [{"sku": "MUG-01", "quantity": 3}],
}


def run(main):
    with asyncio.Runner(loop_factory=lambda: virtual_time.new_event_loop()) as runner:
        return runner.run(main)


def envelope(rows, request, **headers):
    page, size = int(request.url.params["page"]), int(request.url.params["pageSize"])
    part = rows[(page - 1) * size : page * size]
    pages = -(-len(rows) // size)
    document = {"data": part, "page": page, "pageSize": size, "total": len(rows), "totalPages": pages}
    return httpx.Response(200, json=document, headers=headers)


class Vendor:
    """Tokens for everybody; the rest as each test says, by method and path."""

    def __init__(self, **answers) -> None:
        self.answers = {key.replace("_", " ", 1).replace("__", "/"): value for key, value in answers.items()}
        self.tokens = 0
        self.requests: list[httpx.Request] = []

    def on(self, where: str, answer) -> "Vendor":
        self.answers[where] = answer
        return self

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.host == "auth.extensiv.io":
            assert request.url.path == "/oauth/token"
            fields = {key: value[0] for key, value in parse_qs(request.content.decode()).items()}
            assert fields == {
                "grant_type": "client_credentials",
                "client_id": "om-id",
                "client_secret": "om-secret-value",
            }
            self.tokens += 1
            return httpx.Response(200, json={"access_token": f"tok-{self.tokens}", "expires_in": 3600})
        assert request.url.host == "api.extensiv.io"
        assert request.headers["authorization"] == f"Bearer tok-{self.tokens}"
        self.requests.append(request)
        answer = self.answers[f"{request.method} {request.url.path}"]
        if isinstance(answer, list):
            answer = answer.pop(0) if len(answer) > 1 else answer[0]
        if callable(answer):
            answer = answer(request)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def bodies(self) -> list:
        return [json.loads(request.content) for request in self.requests if request.method == "POST"]


def client(vendor: Vendor, **settings) -> OrderManager:
    return OrderManager(
        Settings("om", "om-id", "om-secret-value", **settings),
        clock=LoopClock(MONDAY),
        chance=random.Random(1),
        transport=httpx.MockTransport(vendor),
    )


def ask(vendor: Vendor, question, **settings):
    async def story():
        async with client(vendor, **settings) as om:
            return await question(om)

    return run(story())


async def collect(pages):
    return [page async for page in pages]


def error(code, message, status, details=None):
    return httpx.Response(status, json={"error": {"code": code, "message": message, "details": details or []}})
