"""Webhooks in: what the fake of Shopify really signs and sends, and what others try."""

import asyncio
import logging
from datetime import timedelta
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from connectors.core.clock import LoopClock
from connectors.core.webhooks import sign_base64
from connectors.extensiv_order_manager import OrderManager
from connectors.extensiv_order_manager import Settings as OrderManagerSettings
from connectors.shopify import Settings, Shopify
from connectors.sync import Engine, Ledger, LocalRunner, Merchant
from connectors.sync.ledger import LedgerBusy
from connectors.sync.receiver import BODIES_REMEMBERED, Bounds, Receiver
from mock_servers.core.fake import Size
from mock_servers.core.sandbox import Sandbox
from mock_servers.core.webhooks import Courier
from seatrial import virtual_time
from seatrial.sync.hooks import listening
from tests.support import at_noon

SHOP, DEPOT = "shop", "depot"
URL = f"https://sync.test/{SHOP}"
TOPICS = ("orders/create", "orders/updated", "orders/cancelled")
SECRET = "seatrial-client-secret"


class Pier:
    """A shop's fake, an engine that knows it, and a receiver the shop's webhooks go to."""

    def __init__(self, *, ledger: Ledger | None = None, secret: str = "", bounds: Bounds | None = None) -> None:
        self.wire = Wire()
        self.sandbox = Sandbox(
            ("shopify", "extensiv_order_manager"),
            make_clock=at_noon,
            webhook_hosts=("sync.test",),
            hooks=httpx.ASGITransport(self.wire),
        )
        self.sandbox.fill(Size(orders=0, products=2))
        keys = self.sandbox.world.credentials["shopify"]
        self.secret = keys["client_secret"]
        self.clock = LoopClock()
        self.shop = Shopify(
            Settings(
                SHOP, keys["shop"], access_token=keys["access_token"], client_secret=secret or self.secret, page_size=5
            ),
            clock=self.clock,
            transport=self.sandbox.transport("shopify"),
        )
        keys = self.sandbox.world.credentials["extensiv_order_manager"]
        self.depot = OrderManager(
            OrderManagerSettings(DEPOT, keys["client_id"], keys["client_secret"]),
            clock=self.clock,
            transport=self.sandbox.transport("extensiv_order_manager"),
        )
        self.ledger = ledger or Ledger.open()
        self.engine = Engine(Merchant("acme", (self.shop,), self.depot), self.ledger, self.clock)
        self.receiver = self.wire.app = Receiver(self.engine, bounds=bounds)
        self.sku = self.sandbox.world.store.collection("shopify", "variant").rows()[0]["sku"]

    async def subscribe(self, *topics: str, url: str = URL) -> None:
        for topic in topics or TOPICS:
            await self.shop.subscribe(topic, url)

    def buys(self) -> str:
        made = self.sandbox.world.act("shopify", "checkout", {"lines": [{"sku": self.sku}]})
        return str(made["id"]).rsplit("/", 1)[-1]

    def cancels(self, order: str) -> None:
        self.sandbox.world.act("shopify", "cancel", {"order": order})

    def inbox(self) -> list[tuple[str, str]]:
        return [(hint.topic, hint.subject) for hint in self.ledger.open_hints(SHOP, limit=1000)]

    def deliveries(self) -> list[Any]:
        return [row.body for row in self.sandbox.world.store.collection("shopify", "webhook_delivery").rows()]

    def statuses(self) -> list[int | None]:
        return [attempt["status"] for delivery in self.deliveries() for attempt in delivery["attempts"]]

    def due(self, name: str = "order_download") -> bool:
        return any(row.name == name and row.due <= self.clock.now() for row in self.ledger.passes(SHOP))

    async def settle(self) -> None:
        await LocalRunner(self.engine).once()
        assert not self.due()

    async def post(self, body: bytes, name: str = SHOP, *, method: str = "POST", **headers: str) -> httpx.Response:
        """Somebody else calls."""
        async with httpx.AsyncClient(transport=httpx.ASGITransport(self.receiver), base_url="http://here") as http:
            signed = {"X-Shopify-Hmac-Sha256": sign_base64(self.secret, body), "X-Shopify-Webhook-Id": "e1"}
            given = signed | {name.replace("_", "-"): value for name, value in headers.items()}
            return await http.request(method, f"/{name}", content=body, headers=given)


class Wire:
    """Where the fake's webhooks go."""

    app: Any = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.app(scope, receive, send)


def run(story: Any) -> None:
    virtual_time.run(story)


def test_what_the_shop_signs_is_kept_and_its_feeds_are_read_at_once() -> None:
    async def story() -> None:
        pier = Pier()
        await pier.settle()
        await pier.subscribe("orders/create")
        order = pier.buys()
        await pier.sandbox.deliver()
        assert pier.statuses() == [200]
        assert pier.inbox() == [("orders/create", order)]
        assert pier.due()
        await pier.settle()
        assert pier.ledger.fact("order", SHOP, order) is not None
        assert pier.inbox() == []

    run(story())


def test_it_stands_on_a_real_port_as_well() -> None:
    async def story() -> None:
        pier = Pier()
        async with listening(pier.receiver, "127.0.0.1", 0) as url:
            courier = Courier(())
            await pier.subscribe("orders/create", url=f"{url}/{SHOP}")
            order = pier.buys()
            await pier.sandbox.world.deliver(courier)
            await courier.aclose()
        assert pier.statuses() == [200]
        assert pier.inbox() == [("orders/create", order)]

    asyncio.run(story())


def test_a_wrong_secret_keeps_nothing_and_hastens_nothing() -> None:
    async def story() -> None:
        pier = Pier(secret="another secret")
        await pier.settle()
        await pier.subscribe("orders/create")
        pier.buys()
        await pier.sandbox.deliver()
        assert pier.statuses() == [401]
        assert (pier.inbox(), pier.due()) == ([], False)

    run(story())


@pytest.mark.parametrize("position", [0, 7, -1])
def test_one_flipped_bit_is_not_from_the_shop(position: int) -> None:
    async def story() -> None:
        pier = Pier()
        body = b'{"id": 7001, "name": "#1001"}'
        bad = bytearray(body)
        bad[position] ^= 1
        answer = await pier.post(bytes(bad), X_Shopify_Hmac_Sha256=sign_base64(SECRET, body))
        assert answer.status_code == 401
        assert pier.inbox() == []
        assert (await pier.post(body)).status_code == 200  # the test's own signature is right

    run(story())


def test_delivered_twice_and_delivered_again_it_is_one_event() -> None:
    async def story() -> None:
        pier = Pier()
        await pier.subscribe("orders/create")
        pier.sandbox.world.faults.plan("shopify", "webhook:orders/create", "repeat")
        order = pier.buys()
        await pier.sandbox.deliver()
        assert pier.statuses() == [200, 200]
        await pier.settle()
        await pier.clock.sleep(3600)
        kept = pier.deliveries()[0]
        again = await pier.post(kept["body"].encode(), X_Shopify_Topic="orders/create", **_named(kept))
        assert again.status_code == 200
        assert pier.inbox() == []  # handled, and known by its event id an hour later
        assert pier.ledger.fact("order", SHOP, order) is not None

    run(story())


def _named(delivery: dict[str, Any]) -> dict[str, str]:
    ids = {name.lower(): value for name, value in delivery["headers"].items()}
    return {"X_Shopify_Webhook_Id": ids["x-shopify-webhook-id"]}


def test_a_replay_under_new_names_is_known_by_its_body_and_bounded() -> None:
    """Headers are not signed: whoever has one delivery can give it as many event ids as he likes."""

    async def story() -> None:
        pier = Pier(bounds=Bounds(open_hints_maximum=3))
        body = b'{"id": 7001}'
        for number in range(20):
            assert (await pier.post(body, X_Shopify_Webhook_Id=f"replay-{number}")).status_code == 200
        assert len(pier.inbox()) == 1
        for number in range(20):
            await pier.clock.sleep(BODIES_REMEMBERED.total_seconds())
            assert (await pier.post(body, X_Shopify_Webhook_Id=f"later-{number}")).status_code == 200
        assert len(pier.inbox()) == 3

    run(story())


def test_what_is_remembered_of_bodies_is_bounded() -> None:
    async def story() -> None:
        pier = Pier(bounds=Bounds(bodies_remembered_maximum=4))
        for number in range(10):
            await pier.post(b'{"id": %d}' % number, X_Shopify_Webhook_Id=str(number))
        assert len(pier.inbox()) == 10
        assert len(pier.receiver._bodies) == 4

    run(story())


def test_events_out_of_order_end_in_what_is_true() -> None:
    async def story() -> None:
        pier = Pier()
        await pier.subscribe("orders/create", "orders/cancelled")
        pier.sandbox.world.faults.plan("shopify", "webhook:orders/create", "reorder")
        order = pier.buys()
        pier.cancels(order)
        await pier.sandbox.advance(5)
        came = sorted((delivery["attempts"][0]["at"], delivery["topic"]) for delivery in pier.deliveries())
        assert [topic for _, topic in came] == ["orders/cancelled", "orders/create"]
        await pier.settle()
        fact = pier.ledger.fact("order", SHOP, order)
        assert fact is not None
        assert fact.status == "cancelled"
        assert pier.sandbox.world.store.collection("extensiv_order_manager", "order").rows() == []

    run(story())


def test_polling_finds_what_hooks_lost() -> None:
    async def story() -> None:
        pier = Pier()
        await pier.settle()
        await pier.subscribe("orders/create")
        pier.sandbox.world.faults.plan("shopify", "webhook:orders/create", "drop")
        order = pier.buys()
        await pier.sandbox.deliver()
        assert pier.inbox() == []
        stop = asyncio.Event()
        running = asyncio.ensure_future(LocalRunner(pier.engine).run(stop))
        await pier.clock.sleep(timedelta(minutes=6).total_seconds())
        stop.set()
        await running
        assert pier.ledger.fact("order", SHOP, order) is not None

    run(story())


@pytest.mark.parametrize("announced", [True, False])
def test_a_body_beyond_the_limit_is_not_read_to_its_end(*, announced: bool) -> None:
    async def story() -> None:
        pier = Pier(bounds=Bounds(body_bytes_maximum=1000))
        pieces = [{"type": "http.request", "body": b"x" * 400, "more_body": True}] * 100
        length = [(b"content-length", b"40000")] if announced else []
        sent, left = await asked(pier.receiver, pieces, headers=length)
        assert sent[0]["status"] == 413
        assert (b"connection", b"close") in sent[0]["headers"]
        assert left == (100 if announced else 97)
        assert pier.inbox() == []

    run(story())


async def asked(
    app: Any, messages: list[Any], *, path: str = f"/{SHOP}", headers: Any = (), **scope: Any
) -> tuple[list[Any], int]:
    """What the application says to these messages, and how many of them it left."""
    waiting, sent = list(messages), []

    async def receive() -> Any:
        if waiting:
            return waiting.pop(0)
        return await asyncio.Event().wait()

    async def send(message: Any) -> None:
        sent.append(message)

    await app({"type": "http", "method": "POST", "path": path, "headers": list(headers), **scope}, receive, send)
    return sent, len(waiting)


def test_a_body_that_never_comes_is_not_waited_for() -> None:
    async def story() -> None:
        pier = Pier(bounds=Bounds(body_seconds_maximum=3))
        began = pier.clock.now()
        sent, _ = await asked(pier.receiver, [{"type": "http.request", "body": b"{", "more_body": True}])
        assert sent[0]["status"] == 408
        assert pier.clock.now() - began == timedelta(seconds=3)

    run(story())


def test_a_caller_that_hangs_up_is_not_answered_and_leaves_nothing() -> None:
    async def story() -> None:
        pier = Pier()
        cut = [{"type": "http.request", "body": b'{"id"', "more_body": True}, {"type": "http.disconnect"}]
        assert await asked(pier.receiver, cut) == ([], 0)
        assert pier.inbox() == []

    run(story())


def test_a_length_that_is_no_number_is_refused() -> None:
    async def story() -> None:
        for length in (b"-1", b"1e3", b"many", b""):
            sent, _ = await asked(Pier().receiver, [], headers=[(b"content-length", length)])
            assert sent[0]["status"] == 400

    run(story())


def test_signed_and_yet_no_json_is_refused_as_such() -> None:
    async def story() -> None:
        pier = Pier()
        for body in (b"", b"<xml/>", b"[" * 50_000):
            assert (await pier.post(body)).status_code == 400
        assert pier.inbox() == []

    run(story())


def test_only_connections_that_take_webhooks_have_a_path() -> None:
    async def story() -> None:
        pier = Pier()
        assert pier.receiver.connections == [SHOP]
        for name in ("", DEPOT, "nobody", f"{SHOP}/x", "..", f"%2e%2e/{SHOP}"):
            assert (await pier.post(b"{}", name)).status_code == 404
        for method in ("GET", "PUT", "DELETE", "OPTIONS"):
            answer = await pier.post(b"{}", method=method)
            assert (answer.status_code, answer.headers["allow"]) == (405, "POST")

    run(story())


def test_it_can_be_mounted_and_follows_a_lifespan() -> None:
    async def story() -> None:
        pier = Pier()
        pier.wire.app = Starlette(routes=[Mount("/hooks", pier.receiver)])
        await pier.subscribe("orders/create", url=f"https://sync.test/hooks/{SHOP}")
        order = pier.buys()
        await pier.sandbox.deliver()
        assert pier.inbox() == [("orders/create", order)]
        steps = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
        sent: list[str] = []

        async def receive() -> Any:
            return steps.pop(0)

        async def send(message: Any) -> None:
            sent.append(message["type"])

        await pier.receiver({"type": "lifespan"}, receive, send)
        assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]

    run(story())


def test_more_at_once_than_allowed_are_sent_away_and_room_is_made_again() -> None:
    async def story() -> None:
        pier = Pier(bounds=Bounds(at_once_maximum=2, body_seconds_maximum=5))
        slow = [asyncio.ensure_future(asked(pier.receiver, [])) for _ in range(2)]
        await asyncio.sleep(0)
        refused = await pier.post(b'{"id": 1}')
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
        assert [sent[0]["status"] for sent, _ in await asyncio.gather(*slow)] == [408, 408]
        assert (await pier.post(b'{"id": 1}')).status_code == 200

    run(story())


class BusyOnce(Ledger):
    """Somebody else holds the ledger when the first webhook comes."""

    busy = True

    def receive(self, *args: Any) -> bool:
        if self.busy:
            self.busy = False
            raise LedgerBusy("The ledger is in use.")
        return super().receive(*args)


def test_a_ledger_in_use_has_the_shop_send_it_again() -> None:
    async def story() -> None:
        pier = Pier(ledger=BusyOnce.open())
        await pier.subscribe("orders/create")
        order = pier.buys()
        await pier.sandbox.deliver()
        assert (pier.statuses(), pier.inbox()) == ([503], [])
        await pier.sandbox.advance(3600)
        assert pier.statuses() == [503, 200]
        assert pier.inbox() == [("orders/create", order)]

    run(story())


def test_names_that_are_too_long_are_cut_and_stay_apart() -> None:
    async def story() -> None:
        pier = Pier()
        for number in range(2):
            event = "e" * 5000 + str(number)
            body = b'{"id": %d}' % number
            await pier.post(body, X_Shopify_Webhook_Id=event, X_Shopify_Topic="t" * 5000)
        hints = pier.ledger.open_hints(SHOP, limit=10)
        assert len({hint.event_id for hint in hints}) == 2
        assert all(len(hint.event_id) <= 200 and len(hint.topic) == 200 for hint in hints)

    run(story())


def test_neither_secrets_nor_what_strangers_send_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> None:
        pier = Pier()
        await pier.post(b'{"card": "4111"}', X_Shopify_Hmac_Sha256="forged-signature")
        await pier.post(b'{"card": "4111"}', "stranger%0Aname")
        await pier.post(b"no json")

    with caplog.at_level(logging.DEBUG, "connectors"):
        run(story())
    said = caplog.text
    assert said.count("webhook turned away") == 3
    for secret in (SECRET, "forged-signature", sign_base64(SECRET, b"no json"), "4111", "stranger"):
        assert secret not in said
