"""The unmodified Python package woocommerce against the fake: signed in the clear, or by a key over TLS."""

import asyncio
import ssl
import subprocess
import sys
from pathlib import Path

import pytest

from tests.woocommerce.tls import told_by

VERSION = "3.0.0"
CACHE = Path(__file__).parents[2] / ".clients" / "woocommerce" / VERSION
STORY = Path(__file__).parent / "python" / "story.py"
INSTALL_SECONDS = 180
WAYS = ("signed", "basic", "query")


@pytest.fixture(scope="module")
def python() -> Path:
    """A Python with the package, installed once into `.clients/`; the test is skipped where that cannot be."""
    made = CACHE / "bin" / "python"
    if not (CACHE / "complete").is_file():
        install = [str(made), "-m", "pip", "install", "-q", "--disable-pip-version-check", f"woocommerce=={VERSION}"]
        try:
            for what in ([sys.executable, "-m", "venv", "--clear", str(CACHE)], install):
                done = subprocess.run(what, capture_output=True, timeout=INSTALL_SECONDS, check=False)
                if done.returncode != 0:
                    pytest.skip("the package registry is out of reach, or there is no venv here")
        except subprocess.TimeoutExpired:
            pytest.skip("the package registry did not answer in time")
        (CACHE / "complete").touch()
    return made


async def tell(python: Path, context: ssl.SSLContext) -> dict:
    """Serve a store on loopback and let the client's story run against it."""
    return await told_by([str(python), str(STORY)], context, {"PYTHONWARNINGS": "ignore"})  # of the certificate


pytestmark = pytest.mark.client


@pytest.fixture(scope="module")
def heard(python: Path, certificate: ssl.SSLContext) -> dict:
    return asyncio.run(tell(python, certificate))


@pytest.mark.parametrize("way", WAYS)
def test_it_lists_filters_and_counts(heard, way):
    story = heard[way]
    assert (story["list"]["status"], len(story["list"]["body"])) == (200, 2)
    assert int(story["list"]["total"]) >= 6
    assert (story["filtered"]["status"], story["filtered"]["body"]) == (200, [])
    assert [order["id"] for order in story["array"]["body"]] == [story["made"]["body"]["id"]]


@pytest.mark.parametrize("way", WAYS)
def test_it_makes_changes_notes_and_deletes(heard, way):
    story = heard[way]
    made = story["made"]
    assert (made["status"], made["body"]["status"]) == (201, "processing")
    assert made["body"]["line_items"][0]["meta_data"][0]["key"] == "grün"
    assert story["changed"]["body"]["status"] == "completed"
    assert story["note"]["body"]["note"] == "Gepäck übergeben"
    assert (story["deleted"]["status"], story["gone"]["status"]) == (200, 404)


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
