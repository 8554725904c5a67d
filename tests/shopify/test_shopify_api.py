"""The unmodified PyPI package ShopifyAPI against the fake's REST surface, over loopback.

It has an environment of its own under `.clients/`, made once; the tests are skipped where that cannot be. The story it
tells, and the one line that points it at a fake, are in `python/story.py`.
"""

import asyncio
import contextlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from mock_servers.core.clock import Clock
from mock_servers.core.sandbox import Sandbox
from tests.shopify.clients import tell
from tests.support import NOON

VERSION = "12.7.0"
HOME = Path(__file__).parents[2] / ".clients" / f"shopify-api-{VERSION}"
WHERE = Path("Scripts" if os.name == "nt" else "bin") / "python"
PYTHON = HOME / WHERE
STORY = Path(__file__).parent / "python" / "story.py"
INSTALL_SECONDS = 180
ORDERS = 5


@pytest.fixture(scope="module")
def python() -> Path:
    """A Python that has the package and nothing of ours."""
    if not PYTHON.is_file():
        HOME.parent.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=HOME.parent) as room:
            make(Path(room) / "venv")
    return PYTHON


def make(venv: Path) -> None:
    """Install the package and have all of it appear at once; whoever does so at the same time is as good."""
    pip = [
        str(venv / WHERE),
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        f"ShopifyAPI=={VERSION}",
    ]
    for what in ([sys.executable, "-m", "venv", str(venv)], pip):
        try:
            done = subprocess.run(what, capture_output=True, timeout=INSTALL_SECONDS, check=False)
        except (OSError, subprocess.TimeoutExpired):
            pytest.skip("ShopifyAPI could not be installed in time")
        if done.returncode != 0:
            pytest.skip("ShopifyAPI cannot be installed here: no venv, or the package index is out of reach")
    with contextlib.suppress(OSError):
        venv.rename(HOME)


async def tell_of(python: Path) -> dict:
    """Serve a shop whose clock stands still, and let the client's story run against it."""
    sandbox = Sandbox(["shopify"], make_clock=lambda: Clock("manual", NOON))
    world = sandbox.world
    world.settings["shopify.limit.default"] = {"limit": 80, "leak_per_second": 4}  # as on the Advanced plan
    world.act("shopify", "add_product", {"sku": "MUG", "quantity": 50, "price": "15.00"})
    for _ in range(ORDERS):
        world.act("shopify", "checkout", {"lines": [{"sku": "MUG", "quantity": 1}]})
    heard = await tell([str(python), "-I", str(STORY)], sandbox)
    broke = [entry.rule for entry in world.journal.entries("shopify") if entry.rule.startswith("broke")]
    problems = list(sandbox.fakes["shopify"].problems(world.work("shopify")))
    return heard | {"broke": broke, "problems": problems}


@pytest.fixture(scope="module")
def heard(python: Path) -> dict:
    return asyncio.run(tell_of(python))


pytestmark = pytest.mark.client


def test_it_reads_the_shop_and_its_own_scopes(heard):
    assert heard["shop"] == "seatrial.myshopify.com"
    assert heard["scopes"] == ["read_all_orders", "read_locations"]


def test_it_makes_an_order_and_reads_it_back(heard):
    assert heard["made"] == {
        "name": "#1006",
        "total": "45.00",
        "tags": "a, b",
        "status": "paid",
        "country": "GB",
        "sku": "MUG",
    }
    assert (heard["saved"], heard["note"], heard["count"]) == (True, "Leave at the door", ORDERS + 1)


def test_it_walks_pages_on_and_back(heard):
    assert heard["pages"] == {
        "sizes": [2, 2, 2],
        "first": [False, True],
        "second": [True, True],
        "back": True,
        "ids": ORDERS + 1,
    }


def test_it_ships_by_way_of_fulfilment_orders_and_takes_it_back(heard):
    assert heard["shipped"] == [True, "success", "1Z1", "#1006.1"]
    assert (heard["tracked"], heard["order_now"], heard["left"]) == ("1Z2", "partial", 1)
    assert heard["taken_back"] == "cancelled"


def test_it_sets_and_adjusts_stock(heard):
    assert (heard["set"], heard["adjusted"], heard["levels"], heard["variant"]) == (42, 40, [40], 40)


def test_it_subscribes_to_webhooks_once(heard):
    assert heard["hook"] == ["orders/create", 1, ["address for this topic has already been taken"]]
    assert heard["hooks_left"] == 0


def test_it_hears_refusals_as_its_own_exceptions_and_errors(heard):
    assert heard["invalid"] == [False, ["must have at least one line item"]]
    assert (heard["missing"]["kind"], heard["missing"]["body"]) == ("ResourceNotFound", {"errors": "Not Found"})
    assert (heard["beside"]["kind"], list(heard["beside"]["body"]["errors"])) == ("BadRequest", ["status"])
    assert heard["unauthorized"]["kind"] == "UnauthorizedAccess"


def test_a_version_it_still_knows_falls_forward(heard):
    assert (heard["retired"], heard["version"]) == ("Seatrial", "2026-01")


def test_it_closes_opens_and_cancels(heard):
    assert (heard["closed"], heard["opened"], heard["cancelled"]) == (True, None, [True, "customer"])
    assert heard["transactions"] == [["sale", "12.00"]]


def test_its_limits_count_the_bucket_until_that_is_full(heard):
    used, limit, left = heard["limits"]
    assert (limit, used + left) == (80, 80)
    assert (heard["throttled"]["code"], heard["maxed"]) == (429, True)


def test_the_shop_was_sound_all_along(heard):
    assert (heard["broke"], heard["problems"]) == ([], [])
