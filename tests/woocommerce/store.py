"""What the stories stand on: a store on the test's clock, and its key shown as over TLS."""

import json
from typing import Any

import httpx

from mock_servers.core.fake import Size
from mock_servers.core.webhooks import Courier
from tests.support import Bench, bench, run

V3 = "/wp-json/wc/v3"
TRACKINGS = "/wp-json/wc-shipment-tracking/v3/orders"


def shown(world: Any) -> dict[str, str]:
    """The header that shows the standing key, and the word of the proxy that took off the TLS."""
    token = world.credentials["woocommerce"]["access_token"]
    return {"Authorization": f"Basic {token}", "X-Forwarded-Proto": "https"}


def store(fill: Size | None = None, *, products: bool = True) -> Bench:
    """A store with a mug and socks, ten of each."""
    made = bench("woocommerce", headers={}, fill=fill, calls_a_minute=None)
    made.client.headers.update(shown(made.world))
    if products:
        made.act("add_product", sku="MUG", title="Mug", price="20.00", quantity=10)
        made.act("add_product", sku="SOCKS", title="Socks", price="5.50", quantity=10)
    return made


def refusal(answer: Any) -> tuple[int, str]:
    """Status and the vendor's code."""
    body = answer.json()
    assert body["data"]["status"] == answer.status_code
    return answer.status_code, body["code"]


def stock_of(shop: Bench, sku: str) -> Any:
    return next(row["stock_quantity"] for row in shop.documents("product") if row["sku"] == sku)


class Door:
    """Whoever is told: what came, and what is answered."""

    def __init__(self) -> None:
        self.heard: list[httpx.Request] = []
        self.answer = 200

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.heard.append(request)
        return httpx.Response(self.answer)


def told(shop: Bench, door: Door, seconds: float = 0.0) -> list[httpx.Request]:
    """What comes by now, or within so many seconds."""
    before = len(door.heard)

    async def deliver() -> None:
        courier = Courier(transport=httpx.MockTransport(door))
        await shop.world.advance(seconds, courier)
        await courier.aclose()

    run(deliver())
    return door.heard[before:]


def hear_all(shop: Bench, resource: str) -> Door:
    """A door that hears every topic of a resource; the greetings are over."""
    door = Door()
    for event in ("created", "updated", "deleted", "restored"):
        body = {"topic": f"{resource}.{event}", "delivery_url": "https://hooks.example/woo"}
        assert shop.post(f"{V3}/webhooks", body).status_code == 201
    told(shop, door)
    return door


def topics(requests: list[httpx.Request]) -> list[tuple[str, Any]]:
    """What each delivery was about, and its body; several of one request come in no order."""
    return [(request.headers["x-wc-webhook-topic"], json.loads(request.content)) for request in requests]
