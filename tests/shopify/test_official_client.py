"""The unmodified npm package @shopify/admin-api-client against the fake, over loopback."""

import asyncio
from pathlib import Path

import pytest

from mock_servers.core.sandbox import Sandbox
from tests.shopify.clients import npm_package, tell

STORY = Path(__file__).parent / "node" / "story.mjs"


@pytest.fixture(scope="module")
def package() -> Path:
    return npm_package("@shopify/admin-api-client", "2.0.0")


def shop() -> Sandbox:
    sandbox = Sandbox(["shopify"])
    world = sandbox.world
    world.act("shopify", "add_product", {"sku": "MUG", "quantity": 5})
    world.act("shopify", "checkout", {"lines": [{"sku": "MUG", "quantity": 1}]})
    world.settings["shopify.limit.cost"] = {"maximum": 150}  # the story's last query asks for 167
    world.faults.plan("shopify", "locations", "refuse", error="unavailable", times=2)
    return sandbox


@pytest.fixture(scope="module")
def heard(package: Path) -> dict:
    return asyncio.run(tell(["node", str(STORY)], shop(), PACKAGE=str(package)))


pytestmark = pytest.mark.node


def test_it_asked_as_if_it_were_the_real_shop(heard):
    assert heard["asked"] == [
        "https://seatrial.myshopify.com/admin/api/2026-10/graphql.json",
        "https://seatrial.myshopify.com/admin/api/2025-01/graphql.json",
    ]


def test_it_queries_and_changes(heard):
    assert heard["query"]["data"]["shop"] == {"name": "Seatrial"}
    assert heard["query"]["data"]["orders"]["nodes"][0]["name"] == "#1001"
    assert heard["query"]["extensions"]["cost"]["requestedQueryCost"] == 6
    assert heard["mutation"]["data"]["tagsAdd"] == {"node": {"tags": ["exported"]}, "userErrors": []}
    assert heard["fetched"] == "2026-10"


def test_it_hears_user_errors_as_data(heard):
    assert "errors" not in heard["userErrors"]
    assert heard["userErrors"]["data"]["fulfillmentCancel"]["userErrors"] == [
        {"field": ["id"], "message": "Fulfillment does not exist."}
    ]


@pytest.mark.parametrize(
    ("case", "code"), [("undefinedField", "undefinedField"), ("invalidVariable", "INVALID_VARIABLE")]
)
def test_it_takes_the_fakes_graphql_errors_for_shopifys(heard, case, code):
    errors = heard[case]["errors"]

    assert errors["networkStatusCode"] == 200
    assert errors["graphQLErrors"][0]["extensions"]["code"] == code


def test_it_hears_a_wrong_token_as_a_401(heard):
    assert heard["unauthorized"]["errors"]["networkStatusCode"] == 401
    assert "graphQLErrors" not in heard["unauthorized"]["errors"]


def test_a_version_it_still_pins_falls_forward(heard):
    assert heard["retired"]["data"] == {"shop": {"name": "Seatrial"}}


def test_it_tries_again_when_the_shop_is_unavailable(heard):
    assert heard["unavailable"]["data"]["locations"]["nodes"] == [{"name": "Shop location"}]


def test_it_hears_that_it_is_throttled(heard):
    throttled = heard["throttled"]

    assert throttled["errors"]["graphQLErrors"][0]["extensions"]["code"] == "THROTTLED"
    assert throttled["errors"]["networkStatusCode"] == 200
    assert throttled["extensions"]["cost"]["actualQueryCost"] is None
