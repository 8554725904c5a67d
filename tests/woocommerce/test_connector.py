"""The connector where the suites of ports do not look: both ways to prove who asks, statuses, refunds, and the walk."""

import asyncio
import random
from dataclasses import replace
from datetime import UTC, datetime

import httpx
import pytest

from connectors.canonical import Fulfillment, Parcel, Ref
from connectors.core.clock import LoopClock
from connectors.core.errors import Conflict, Unreadable
from connectors.woocommerce import Settings, WooCommerce
from tests.ports.stage import rows_of
from tests.support import NOON
from tests.woocommerce.store import store

NOW = datetime.fromtimestamp(NOON, UTC)


def connect(shop, base_url="https://shop.example", after=None, **more):
    """The connector at a store, which tells its requests apart by `after`."""
    about = shop.world.credentials["woocommerce"]
    inner = shop.sandbox.transport("woocommerce")
    settings = Settings(
        "shop",
        base_url,
        about["consumer_key"],
        about["consumer_secret"],
        site_url=about["site_url"],
        webhook_secret=about["webhook_secret"],
    )

    async def carry(request: httpx.Request) -> httpx.Response:
        reply = await inner.handle_async_request(request)
        return after(request, reply) if after else reply

    transport = httpx.MockTransport(carry)
    return WooCommerce(replace(settings, **more), clock=LoopClock(NOW), chance=random.Random(1), transport=transport)


def told(shop, story, **more):
    """Run a story with a connector of its own."""

    async def run():
        async with connect(shop, **more) as connector:
            return await story(connector)

    return asyncio.run(run())


def buy(shop, **more):
    lines = [{"sku": "MUG", "quantity": 3}, {"sku": "SOCKS", "quantity": 2}]
    return str(shop.act("checkout", lines=lines, **more)["id"])


def test_in_the_clear_every_request_is_signed_and_no_secret_is_sent():
    shop = store()
    buy(shop)
    sent = []

    def note(request, reply):
        sent.append(request)
        return reply

    rows = told(shop, lambda store: rows_of(store.orders()), base_url="http://127.0.0.1:8401", after=note)
    assert len(rows) == 1
    assert sent
    assert all(request.headers["authorization"].startswith("OAuth ") for request in sent)
    assert all("cs_" not in f"{request.url} {request.headers}" for request in sent)
    assert {entry.status for entry in shop.journal()} == {200}


def test_over_tls_the_key_goes_by_basic_and_never_in_the_address():
    shop = store()
    sent = []

    def note(request, reply):
        sent.append(request)
        return reply

    assert told(shop, lambda store: store.check(), after=note) == "shop.example"
    assert [request.headers["authorization"][:6] for request in sent] == ["Basic "]
    assert "consumer" not in str(sent[0].url)


@pytest.mark.parametrize(
    ("status", "wanted", "paid"),
    [
        ("pending", "open", False),
        ("failed", "open", False),
        ("on-hold", "held", False),
        ("processing", "open", True),
        ("completed", "shipped", True),
        ("cancelled", "cancelled", False),
        ("refunded", "cancelled", False),
    ],
)
def test_each_status_says_what_is_to_be_done(status, wanted, paid):
    shop = store()
    order = buy(shop, paid=False)
    shop.act("set_status", order=order, status=status)
    read = told(shop, lambda store: store.order(order))
    assert (read.status, read.paid) == (wanted, paid)


def test_a_status_of_a_plugin_s_is_held_until_somebody_says_what_it_means():
    shop = store()
    order = buy(shop)

    def rename(request, reply):
        return httpx.Response(200, content=reply.content.replace(b'"processing"', b'"lost-in-post"'))

    assert told(shop, lambda store: store.order(order), after=rename).status == "held"
    known = {"lost-in-post": "closed"}
    assert told(shop, lambda store: store.order(order), after=rename, statuses=known).status == "closed"


def test_what_was_refunded_is_no_longer_wanted_and_cannot_be_told_as_shipped():
    shop = store()
    order = buy(shop)
    line = shop.documents("order")[0]["line_items"][0]["id"]
    body = {"amount": "20.00", "line_items": [{"id": line, "quantity": 1, "refund_total": "20.00"}]}
    assert shop.post(f"/wp-json/wc/v3/orders/{order}/refunds", body).status_code == 201
    read = told(shop, lambda store: store.order(order))
    assert [(each.quantity, each.fulfillable) for each in read.lines] == [(3, 2), (2, 2)]
    shipped = Fulfillment(Ref("shop", order), ((str(line), 3),), (Parcel("1Z"),), NOW)
    with pytest.raises(Conflict, match="nothing open for 3"):
        told(shop, lambda store: store.fulfill(shipped, ""))


def test_the_last_shipment_completes_the_order_and_taking_one_back_opens_it_again():
    shop = store()
    order = buy(shop)
    mug, socks = (str(line["id"]) for line in shop.documents("order")[0]["line_items"])
    ref = Ref("shop", order)
    first = Fulfillment(ref, ((mug, 3),), (Parcel("1Z-1"),), NOW)
    second = Fulfillment(ref, ((socks, 2),), (Parcel("1Z-2"),), NOW)

    async def story(connector):
        await connector.fulfill(first, "")
        half = (await connector.order(order)).status
        id = await connector.fulfill(second, "")
        whole = (await connector.order(order)).status
        await connector.cancel_fulfillment(id, "")
        return half, whole, (await connector.order(order)).status

    assert told(shop, story) == ("partly_shipped", "shipped", "partly_shipped")
    assert shop.documents("order")[0]["status"] == "processing"


def test_an_order_that_was_thrown_away_is_learnt_as_cancelled():
    shop = store()
    order = buy(shop)
    shop.act("trash", order=order)
    (row,) = told(shop, lambda store: rows_of(store.orders()))
    assert (row.source.id, row.status) == (order, "cancelled")


def test_a_variation_is_a_product_of_its_own_and_its_level_is_its_own():
    shop = store()
    shop.act("add_product", sku="SHIRT", title="Shirt")
    shop.act("add_product", sku="SHIRT-S", parent="SHIRT", option="S", quantity=4)
    products = told(shop, lambda store: rows_of(store.products()))
    assert {(each.sku, each.title) for each in products} == {
        ("MUG", "Mug"),
        ("SOCKS", "Socks"),
        ("SHIRT-S", "Shirt - S"),
    }
    assert told(shop, lambda store: store.find_levels(["SHIRT-S", "MUG", "SHIRT"])) == {"SHIRT-S": 4, "MUG": 10}


def test_a_list_that_does_not_say_how_many_rows_it_has_is_no_store_s():
    shop = store()
    with pytest.raises(Unreadable, match="how many rows"):
        told(shop, lambda store: rows_of(store.orders()), after=lambda request, reply: httpx.Response(200, json=[]))


def test_subscribing_twice_is_one_webhook_and_wakes_it_up():
    shop = store()

    async def story(connector):
        first = await connector.subscribe("order.updated", "http://127.0.0.1:9/a")
        shop.client.put(f"/wp-json/wc/v3/webhooks/{first.id}", json={"status": "disabled"})
        again = await connector.subscribe("order.updated", "http://127.0.0.1:9/a")
        await connector.unsubscribe(again.id)
        await connector.unsubscribe(again.id)
        return first, again, await connector.subscriptions()

    first, again, left = told(shop, story)
    assert (first.id, again.active, list(left)) == (again.id, True, [])


@pytest.mark.parametrize(("status", "seen"), [("unfulfilled", "open"), ("fulfilled", "partly_shipped")])
def test_what_the_store_fulfilled_by_itself_has_left(status, seen):
    shop = store()
    id = buy(shop)
    path = f"/wp-json/wc/v3/orders/{id}"
    mug = shop.get(path).json()["line_items"][0]["id"]
    meta = [{"id": 0, "key": "_items", "value": [{"item_id": mug, "qty": 3}]}]
    assert shop.post(f"{path}/fulfillments", {"status": status, "meta_data": meta}).status_code == 201

    async def story(connector):
        order = await connector.order(id)
        assert order.status == seen
        if seen == "open":
            await connector.cancel_order(id, "INVENTORY", "key")
        else:
            with pytest.raises(Conflict):
                await connector.cancel_order(id, "INVENTORY", "key")

    told(shop, story)
