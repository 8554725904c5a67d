"""The unmodified npm package @woocommerce/woocommerce-rest-api against the fake, in each way it can show its key."""

import asyncio
import shutil
import ssl
import subprocess
from pathlib import Path

import pytest

from tests.woocommerce.tls import told_by

VERSION = "1.0.2"
CACHE = Path(__file__).parents[2] / ".node" / f"woocommerce-rest-api-{VERSION}"
STORY = Path(__file__).parent / "node" / "story.cjs"
INSTALL_SECONDS = 120
WAYS = ("signed", "basic", "query")


@pytest.fixture(scope="module")
def package() -> Path:
    """The package, installed once into `.node/`; the test is skipped where that cannot be."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        pytest.skip("Node.js and npm are needed to run WooCommerce's own client")
    if not (CACHE / "node_modules" / "@woocommerce" / "woocommerce-rest-api").is_dir():
        CACHE.mkdir(parents=True, exist_ok=True)
        (CACHE / "package.json").write_text('{"private": true}', encoding="utf-8")
        what = [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts"]
        try:
            done = subprocess.run(
                [*what, f"@woocommerce/woocommerce-rest-api@{VERSION}"],
                cwd=CACHE,
                capture_output=True,
                timeout=INSTALL_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            pytest.skip("the npm registry did not answer in time")
        if done.returncode != 0:
            pytest.skip("the npm registry is out of reach")
    return CACHE / "package.json"


@pytest.fixture(scope="module")
def heard(package: Path, certificate: ssl.SSLContext) -> dict:
    node = shutil.which("node") or "node"
    more = {"PACKAGE": str(package), "NODE_TLS_REJECT_UNAUTHORIZED": "0", "NODE_NO_WARNINGS": "1"}
    return asyncio.run(told_by([node, str(STORY)], certificate, more))


pytestmark = pytest.mark.node


@pytest.mark.parametrize("way", WAYS)
def test_it_lists_filters_and_counts(heard, way):
    story = heard[way]
    assert (story["list"]["status"], len(story["list"]["body"])) == (200, 2)
    assert int(story["list"]["total"]) >= 2
    assert (story["odd"]["status"], story["odd"]["body"]) == (200, [])
    assert story["included"]["body"][0]["id"] == story["made"]["body"]["id"]


@pytest.mark.parametrize("way", WAYS)
def test_it_makes_changes_and_deletes(heard, way):
    made = heard[way]["made"]
    assert (made["status"], made["body"]["status"]) == (201, "processing")
    assert made["body"]["customer_id"] > 0
    assert made["body"]["line_items"][0]["meta_data"][0]["key"] == "grün"
    assert heard[way]["category"]["body"]["name"].startswith("Größe")
    assert heard[way]["changed"]["body"]["status"] == "completed"
    assert heard[way]["deleted"]["body"]["id"] == made["body"]["id"]


@pytest.mark.parametrize("way", WAYS)
def test_it_hears_refusals_as_the_store_words_them(heard, way):
    story = heard[way]
    assert story["absent"]["body"]["code"] == "woocommerce_rest_shop_order_invalid_id"
    assert (story["invalid"]["status"], story["invalid"]["body"]["code"]) == (400, "rest_invalid_param")
    assert story["batch"]["body"]["update"][0]["error"]["code"] == "woocommerce_rest_product_invalid_id"


def test_a_wrong_secret_is_refused_in_either_mode(heard):
    signed, basic = heard["wrong secret, signed"], heard["wrong secret, basic"]
    assert (signed["status"], basic["status"]) == (401, 401)
    assert signed["body"]["message"] == "Invalid signature - provided signature does not match."
    assert basic["body"]["message"] == "Consumer secret is invalid."
