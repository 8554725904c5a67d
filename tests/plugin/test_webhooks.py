"""Webhooks of a test's world: to an application in this process, to a recorder, and over the wire to loopback."""

import asyncio
import base64
import hashlib
import hmac
import http.server
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import httpx
import pytest

from seatrial.pytest_plugin import Seatrial

GRAPHQL = "/admin/api/2026-10/graphql.json"
SUBSCRIBE = """mutation ($uri: String!) {
  webhookSubscriptionCreate(topic: ORDERS_CREATE, webhookSubscription: {uri: $uri}) {
    webhookSubscription { id }
    userErrors { message }
  }
}"""
Ordering = Callable[[], str]


@pytest.fixture
def shop(seatrial: Seatrial) -> Any:
    seatrial.seed(products=3, vendors=["shopify"])
    return seatrial.shopify


@pytest.fixture
def subscribe(shop: Any) -> Callable[[str], None]:
    def to(url: str) -> None:
        answer = shop.client().post(GRAPHQL, json={"query": SUBSCRIBE, "variables": {"uri": url}}).json()
        assert answer["data"]["webhookSubscriptionCreate"]["userErrors"] == []

    return to


@pytest.fixture
def order(shop: Any) -> Callable[[], Any]:
    sku = shop.documents("variant")[0]["sku"]
    return lambda: shop.act("checkout", lines=[{"sku": sku}])


def is_signed(secret: str, headers: dict[str, str], body: bytes) -> bool:
    wanted = base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()
    return hmac.compare_digest(headers["x-shopify-hmac-sha256"], wanted)


def test_nothing_leaves_before_the_clock_moves(seatrial: Seatrial, shop: Any, subscribe: Any, order: Any) -> None:
    receiver = seatrial.receiver()
    subscribe(receiver.url)
    order()
    assert not receiver.received
    assert [delivery.state for delivery in seatrial.deliveries] == ["pending"]

    seatrial.clock.advance(0)

    (received,) = receiver.received
    assert received.headers["x-shopify-topic"] == "orders/create"
    assert is_signed(shop.credentials["client_secret"], received.headers, received.body)
    assert received.json() == seatrial.deliveries[0].json()
    assert [delivery.state for delivery in shop.deliveries] == ["delivered"]
    seatrial.assert_sound()


def test_a_receiver_that_says_no_is_tried_again_on_the_vendor_s_schedule(
    seatrial: Seatrial, subscribe: Any, order: Any
) -> None:
    answers = iter([500, 302, 200])
    receiver = seatrial.receiver("https://app.test/hooks", answer=lambda _: next(answers))
    subscribe("https://app.test/hooks")
    order()
    seatrial.deliver()
    seatrial.clock.advance(59)
    assert len(receiver.received) == 1
    seatrial.clock.advance(1)
    assert len(receiver.received) == 2
    seatrial.clock.advance(hours=1)
    (delivery,) = seatrial.deliveries
    assert [attempt.status for attempt in delivery.attempts] == [500, 302, 200]
    assert delivery.state == "delivered"


def test_a_delivery_can_be_sent_again(seatrial: Seatrial, shop: Any, subscribe: Any, order: Any) -> None:
    receiver = seatrial.receiver()
    subscribe(receiver.url)
    order()
    seatrial.deliver()
    shop.redeliver(seatrial.deliveries[0])
    seatrial.deliver()
    first, again = receiver.received
    assert first.body == again.body


def test_a_fault_on_a_webhook_strikes_it(seatrial: Seatrial, subscribe: Any, order: Any) -> None:
    receiver = seatrial.receiver()
    subscribe(receiver.url)
    seatrial.faults.plan("shopify", "webhook:orders/create", "drop")
    order()
    order()
    seatrial.clock.advance(days=1)
    assert [delivery.state for delivery in seatrial.deliveries] == ["dropped", "delivered"]
    assert len(receiver.received) == 1
    seatrial.assert_sound()


async def _asgi(scope: Any, receive: Any, send: Any) -> None:
    body = (await receive())["body"]
    status = 202 if body.startswith(b"{") and scope["path"] == "/hooks" else 400
    await send({"type": "http.response.start", "status": status, "headers": []})
    await send({"type": "http.response.body", "body": b"thanks"})


def _wsgi(environ: Any, start_response: Any) -> Iterable[bytes]:
    body = environ["wsgi.input"].read()
    start_response("202 Accepted" if body.startswith(b"{") else "400 Bad Request", [])
    return [b"thanks"]


@pytest.mark.parametrize("app", [{"asgi": _asgi}, {"wsgi": _wsgi}], ids=["asgi", "wsgi"])
def test_an_application_in_this_process_is_told(seatrial: Seatrial, subscribe: Any, order: Any, app: Any) -> None:
    receiver = seatrial.receiver("https://app.test/hooks", **app)
    subscribe(receiver.url)
    order()
    seatrial.deliver()
    (attempt,) = seatrial.deliveries[0].attempts
    assert (attempt.status, attempt.answer) == (202, "thanks")


def test_an_application_that_breaks_is_a_500_to_the_vendor_and_kept_for_the_test(
    seatrial: Seatrial, subscribe: Any, order: Any
) -> None:
    async def broken(scope: Any, receive: Any, send: Any) -> None:
        raise ZeroDivisionError

    receiver = seatrial.receiver("https://app.test/", asgi=broken)
    subscribe(receiver.url)
    order()
    seatrial.deliver()
    assert seatrial.deliveries[0].attempts[0].status == 500
    assert [type(error) for error in receiver.errors] == [ZeroDivisionError]


def test_an_application_may_call_back_while_it_is_told(
    seatrial: Seatrial, shop: Any, subscribe: Any, order: Any
) -> None:
    """The usual way: a webhook is a hint, and what it hints at is fetched. Here in process, and over a real port."""
    asked: list[int] = []
    client, remote = shop.client(), shop.client(base_url=shop.url, transport=None)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        for each in (client, remote):
            asked.append(each.post(GRAPHQL, json={"query": "{ shop { name } }"}).status_code)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body"})

    subscribe(seatrial.receiver(asgi=app).url)
    order()
    seatrial.deliver()
    remote.close()
    assert asked == [200, 200]


def test_in_an_event_loop_the_application_runs_in_that_loop(seatrial: Seatrial, subscribe: Any, order: Any) -> None:
    loops = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        loops.append(asyncio.get_running_loop())
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body"})

    subscribe(seatrial.receiver(asgi=app).url)

    async def inside() -> None:
        order()
        await seatrial.deliver_async()
        assert loops == [asyncio.get_running_loop()]

    asyncio.run(inside())


@pytest.fixture
def listening() -> Iterator[tuple[str, list[bytes]]]:
    """A server of somebody else's on loopback."""
    heard: list[bytes] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args: Any) -> None: ...

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/hooks", heard
        server.shutdown()
        thread.join()


def test_a_loopback_address_is_delivered_to_over_the_wire(
    seatrial: Seatrial, subscribe: Any, order: Any, listening: tuple[str, list[bytes]]
) -> None:
    url, heard = listening
    subscribe(url)
    order()
    seatrial.deliver()
    assert seatrial.deliveries[0].state == "delivered"
    assert heard == [seatrial.deliveries[0].body.encode()]


def test_an_address_beyond_loopback_is_not_delivered_to(seatrial: Seatrial, subscribe: Any, order: Any) -> None:
    subscribe("https://192.0.2.1/hooks")
    order()
    seatrial.deliver()
    assert "not on loopback" in seatrial.deliveries[0].attempts[0].error


def test_a_thread_can_call_while_the_world_is_worked_on(shop: Any) -> None:
    """Requests over a port and people at the vendor take turns; nothing is half seen."""
    sku = shop.documents("variant")[0]["sku"]
    statuses = []

    def ask() -> None:
        with httpx.Client(base_url=shop.url, headers=shop.client().headers) as client:
            statuses.extend(
                client.post(GRAPHQL, json={"query": "{ ordersCount { count } }"}).status_code for _ in range(20)
            )

    thread = threading.Thread(target=ask)
    thread.start()
    for _ in range(20):
        shop.act("checkout", lines=[{"sku": sku}])
    thread.join()
    assert statuses == [200] * 20
    shop.trial.assert_sound()
