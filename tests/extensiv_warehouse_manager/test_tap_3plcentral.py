"""The unmodified Singer tap for the vendor's API, tap-3plcentral 1.0.2, against the fake, over loopback.

Its address is in its configuration, so nothing of it is touched. It asks for `ReadOnly.lastModifiedDate` in RQL and
`receivedDate` in `sort`, in the spelling of HAL and of nobody, and counts pages by `TotalResults`.
"""

import asyncio
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from mock_servers.core.fake import Size
from mock_servers.core.sandbox import Sandbox
from mock_servers.core.serving import Server
from tests.extensiv_warehouse_manager.support import WM

VERSION = "1.0.2"
CACHE = Path(__file__).parents[2] / ".clients" / "tap-3plcentral"
TAP = CACHE / "bin" / "tap-3plcentral"
INSTALL_SECONDS = 180
TAP_SECONDS = 90
ORDERS, PRODUCTS = 210, 104
"""More than a page of each: it asks for 200 orders and 100 items at a time."""
pytestmark = pytest.mark.client


@pytest.fixture(scope="module")
def tap() -> Path:
    """The package in an environment of its own, installed once; the test is skipped where that cannot be."""
    if not TAP.is_file():
        pip = [str(CACHE / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        for step in ([sys.executable, "-m", "venv", str(CACHE)], [*pip, f"tap-3plcentral=={VERSION}"]):
            try:
                done = subprocess.run(step, capture_output=True, timeout=INSTALL_SECONDS, check=False)
            except subprocess.TimeoutExpired:
                pytest.skip("the Python package registry did not answer in time")
            if done.returncode != 0:
                pytest.skip("tap-3plcentral cannot be installed here: its registry is out of reach")
    return TAP


async def run(tap: Path, *arguments: str) -> str:
    started = await asyncio.create_subprocess_exec(str(tap), *arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        out, err = await asyncio.wait_for(started.communicate(), TAP_SECONDS)
    finally:
        if started.returncode is None:
            started.kill()
    assert started.returncode == 0, err.decode()[-2000:]
    return out.decode()


def warehouse() -> Sandbox:
    """Many orders, the first of them shipped."""
    sandbox = Sandbox([WM])
    sandbox.fill(Size(orders=ORDERS, products=PRODUCTS))
    sandbox.world.act(WM, "ship", {"order": "5012", "parcels": 2, "tracking_number": "1Z9"})
    return sandbox


async def told(tap: Path, folder: Path) -> tuple[list[dict[str, Any]], Sandbox]:
    """Everything the tap writes, with every stream selected."""
    sandbox = warehouse()
    server = Server(sandbox, admin_token="unused")
    ready = asyncio.Event()
    serving = asyncio.create_task(server.run(ready.set, signals=False))
    await ready.wait()
    try:
        about = sandbox.world.credentials[WM]
        config = {
            "base_url": server.base_urls[WM],
            "tpl_key": "00000000-0000-0000-0000-000000000000",
            "user_login_id": "12",
            "user_agent": "tap ada@example.com",
            "start_date": "2020-01-01T00:00:00Z",
        } | {name: about[name] for name in ("client_id", "client_secret", "customer_id", "facility_id")}
        (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
        given = ["--config", str(folder / "config.json")]
        catalog = json.loads(await run(tap, *given, "--discover"))
        for stream in catalog["streams"]:
            for entry in stream["metadata"]:
                if entry["breadcrumb"] == []:
                    entry["metadata"]["selected"] = True
        (folder / "catalog.json").write_text(json.dumps(catalog), encoding="utf-8")
        lines = await run(tap, *given, "--catalog", str(folder / "catalog.json"))
    finally:
        server.stop()
        await serving
    return [json.loads(line) for line in lines.splitlines() if line.startswith("{")], sandbox


@pytest.fixture(scope="module")
def heard(tap: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[list[dict[str, Any]], Sandbox]:
    return asyncio.run(told(tap, tmp_path_factory.mktemp("tap")))


def records(lines: list[dict[str, Any]], stream: str) -> list[dict[str, Any]]:
    return [line["record"] for line in lines if line["type"] == "RECORD" and line["stream"] == stream]


def test_every_stream_of_the_tap_is_walked_to_its_end(heard):
    lines, sandbox = heard
    counted = Counter(line["stream"] for line in lines if line["type"] == "RECORD")
    store = sandbox.world.store
    batches = [each for each in store.collection(WM, "receive_item").rows() if each["facility_id"] == 1]
    assert counted["inventory"] == store.collection(WM, "receive_item").count()
    assert counted["stock_details"] == 2 * len(batches), "it asks once for each of two customers, for the one it has"
    assert {name: counted[name] for name in ("orders", "sku_items", "customers", "stock_summaries")} == {
        "orders": ORDERS,
        "sku_items": PRODUCTS,
        "customers": 2,
        "stock_summaries": PRODUCTS,
    }
    assert {each["location_id"] for each in records(lines, "locations")} == {1, 2, 3}
    assert Counter(entry.rule for entry in sandbox.world.journal.entries(WM)).keys() == {""}


def test_what_it_tells_is_what_the_warehouse_keeps(heard):
    lines, sandbox = heard
    [order] = [each for each in records(lines, "orders") if each["order_id"] == 5012]
    assert (order["is_closed"], order["status"]) == (True, 1)
    assert {each["tracking_number"] for each in order["packages"]} <= {"1Z9", "1Z9-2"}
    shelves = sandbox.world.store.collection(WM, "stock").rows()
    assert {each["item_id"]: each["on_hand"] for each in records(lines, "stock_summaries")} == {
        shelf["item_id"]: shelf["OnHand"] for shelf in shelves
    }
