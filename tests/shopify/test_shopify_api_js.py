"""The unmodified npm package @shopify/shopify-api against the fake, over loopback: REST, GraphQL, OAuth and webhooks.

It shows every id as text and sends it back so. The story it tells is in `node/shopify_api.mjs`.
"""

import asyncio
import json
from pathlib import Path

import httpx
import pytest

from mock_servers.core.sandbox import Sandbox
from tests.shopify.clients import npm_package, tell
from tests.shopify.rest_shop import rest_shop

STORY = Path(__file__).parent / "node" / "shopify_api.mjs"


def hook() -> str:
    """A webhook as a shop like the served one sends it."""
    got: list[dict] = []

    async def receive(request: httpx.Request) -> httpx.Response:
        got.append({"headers": dict(request.headers), "body": (await request.aread()).decode()})
        return httpx.Response(200)

    shop = rest_shop(hooks=httpx.MockTransport(receive))
    shop.made("webhooks.json", {"webhook": {"topic": "orders/create", "address": "http://127.0.0.1:9/hook"}})
    shop.order(note="é")
    shop.deliver()
    return json.dumps(got[0])


@pytest.fixture(scope="module")
def package() -> Path:
    return npm_package("@shopify/shopify-api", "13.1.0")


@pytest.fixture(scope="module")
def heard(package: Path) -> dict:
    sandbox = Sandbox(["shopify"])
    world = sandbox.world
    world.act("shopify", "add_product", {"sku": "MUG", "quantity": 5})
    for _ in range(4):
        world.act("shopify", "checkout", {"lines": [{"sku": "MUG", "quantity": 1}]})
    story = asyncio.run(tell(["node", str(STORY)], sandbox, PACKAGE=str(package), HOOK=hook()))
    broke = [entry.rule for entry in world.journal.entries("shopify") if entry.rule.startswith("broke")]
    return story | {"broke": broke, "problems": list(sandbox.fakes["shopify"].problems(world.work("shopify")))}


pytestmark = [pytest.mark.node, pytest.mark.client]


def test_it_makes_an_order_with_its_customer_and_walks_the_pages(heard):
    assert heard["order"] == ["string", "authorized", "paul@example.com"]
    assert heard["pages"] == [2, 2, 1]


def test_it_captures_and_gives_back_what_was_reckoned(heard):
    assert heard["captured"] == ["capture", "124.97"]
    assert heard["refunded"] == [["refund", "74.99"]]


def test_it_ships_and_tells_what_happened_on_the_way(heard):
    assert heard["shipped"] == ["success", "in_transit", None]


def test_it_deletes_a_product_and_finds_a_customer(heard):
    assert (heard["deleted"]["name"], heard["deleted"]["code"]) == ("HttpResponseError", 404)
    assert heard["found"] == [heard["customer"]]


def test_it_asks_over_graphql_and_hears_refusals_as_its_own_errors(heard):
    assert heard["graphql"] == {"orders": {"nodes": [{"name": "#1001"}]}}
    assert heard["undefinedField"] == "GraphqlQueryError"
    assert (heard["unauthorized"]["name"], heard["unauthorized"]["code"]) == ("HttpResponseError", 401)


def test_it_registers_a_webhook_once(heard):
    assert heard["registered"] == [[True], []]


def test_it_takes_our_signature_for_shopifys_and_no_other_bytes(heard):
    assert heard["hook"] == [True, "ORDERS_CREATE", "seatrial.myshopify.com", False]


def test_it_is_let_in_by_a_code_for_a_token_that_works(heard):
    assert heard["granted"] == [True, "seatrial.myshopify.com", "owner@example.com"]
    assert heard["used"] == 5


def test_the_shop_was_sound_all_along(heard):
    assert (heard["broke"], heard["problems"]) == ([], [])
