"""The unmodified Singer tap for the vendor's own API, tap-skubana 0.0.3, against the fake, over loopback.

Its address is a constant of its module and in no configuration, so the few lines that start it set that constant. They
also leave out its own limit of a call in five seconds, which would be four minutes of waiting; its retrying of 429 by
the vendor's header stays, and is met. Nothing else of it is touched.
"""

import asyncio
import json
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from mock_servers.core.fake import Size
from mock_servers.core.sandbox import Sandbox
from mock_servers.core.serving import Server
from tests.extensiv_order_manager.v1 import NOTHING, OM

VERSION = "0.0.3"
CACHE = Path(__file__).parents[2] / ".clients" / "tap-skubana"
PYTHON = CACHE / "bin" / "python"
INSTALL_SECONDS = 180
TAP_SECONDS = 90
START = """
import sys, ratelimit
ratelimit.limits = lambda **_: lambda function: function
from tap_skubana import client
client.BASE_URL = sys.argv.pop(1)
import tap_skubana
tap_skubana.main()
"""
SEEDED = {
    "order": 6, "shipment": 1, "product": 4, "product_stock_total": 4, "inventory": 4, "listing": 4, "warehouse": 2,
    "sales_channel": 1, "vendor": 1, "vendor_product": 4, "purchase_order": 1, "company_info": 1, "payment_type": 4,
    "incoterm_ship_rule": 3, "purchase_order_format": 3, "shipping_carrier": 7, "shipping_package": 3,
    "shipping_provider": 2,
}  # fmt: skip
pytestmark = pytest.mark.client
EMPTY = {"application_properties", "custom_field_definition", "rma", "stock_transfer"}


@pytest.fixture(scope="module")
def tap() -> Path:
    """The package in an environment of its own, installed once; the test is skipped where that cannot be."""
    if not (CACHE / "bin" / "tap-skubana").is_file():
        steps = (
            [sys.executable, "-m", "venv", str(CACHE)],
            [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", f"tap-skubana=={VERSION}"],
        )
        for step in steps:
            try:
                done = subprocess.run(step, capture_output=True, timeout=INSTALL_SECONDS, check=False)
            except subprocess.TimeoutExpired:
                pytest.skip("the Python package registry did not answer in time")
            if done.returncode != 0:
                pytest.skip("tap-skubana cannot be installed here: its registry is out of reach")
    return PYTHON


async def run(tap: Path, address: str, *arguments: str) -> str:
    started = await asyncio.create_subprocess_exec(
        str(tap), "-c", START, address, *arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        out, err = await asyncio.wait_for(started.communicate(), TAP_SECONDS)
    finally:
        if started.returncode is None:
            started.kill()
    assert started.returncode == 0, err.decode()[-2000:]
    return out.decode()


def account() -> Sandbox:
    """Orders of both dialects, one of them shipped and one bought for."""
    sandbox = Sandbox([OM])
    sandbox.fill(Size(orders=6, products=4))
    world = sandbox.world
    world.act(OM, "ship", {"order": "70012"})
    world.settings[f"{OM}.limit.default"] = {"limit": 1}
    return sandbox


async def told(tap: Path, folder: Path) -> tuple[list[dict[str, Any]], Sandbox]:
    """Everything the tap writes, with every stream selected."""
    sandbox = account()
    server = Server(sandbox, admin_token="unused")
    ready = asyncio.Event()
    serving = asyncio.create_task(server.run(ready.set, signals=False))
    await ready.wait()
    try:
        address = server.base_urls[OM]
        began = datetime.fromtimestamp(sandbox.world.clock.now(), UTC) - timedelta(days=5)
        token = sandbox.world.credentials[OM]["access_token"]
        config = {"token": token, "start_date": began.strftime("%Y-%m-%dT%H:%M:%SZ")}
        (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
        await _buy(sandbox)
        given = ["--config", str(folder / "config.json")]
        catalog = json.loads(await run(tap, address, *given, "--discover"))
        for stream in catalog["streams"]:
            for entry in stream["metadata"]:
                if entry["breadcrumb"] == []:
                    entry["metadata"]["selected"] = True
        (folder / "catalog.json").write_text(json.dumps(catalog), encoding="utf-8")
        lines = await run(tap, address, *given, "--catalog", str(folder / "catalog.json"))
    finally:
        server.stop()
        await serving
    return [json.loads(line) for line in lines.splitlines() if line.startswith("{")], sandbox


async def _buy(sandbox: Sandbox) -> None:
    item = {
        "vendorProductId": 1,
        "quantity": 10,
        "originalUnitCost": NOTHING,
        "unitOfMeasure": "EA",
        "uomUnitQuantity": 1,
    }
    body = {"destinationWarehouseId": 501, "format": "PO_EMAIL", "paymentTermId": 1, "status": "AWAITING_AUTHORIZATION",
            "vendorConfirmByDate": "2030-01-01T00:00:00Z", "vendorId": 1, "purchaseOrderItems": [item]}  # fmt: skip
    headers = {"Authorization": f"Bearer {sandbox.world.credentials[OM]['access_token']}"}
    async with httpx.AsyncClient(transport=sandbox.transport(OM), base_url="http://om.test", headers=headers) as client:
        assert (await client.put("/v1/purchaseorder", json=body)).status_code == 200


@pytest.fixture(scope="module")
def heard(tap: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[list[dict[str, Any]], Sandbox]:
    return asyncio.run(told(tap, tmp_path_factory.mktemp("tap")))


def test_every_stream_of_the_tap_is_walked_to_its_end(heard):
    lines, _ = heard
    assert {line["stream"] for line in lines if line["type"] == "SCHEMA"} == SEEDED.keys() | EMPTY
    counted = Counter(line["stream"] for line in lines if line["type"] == "RECORD")
    assert counted.keys() <= SEEDED.keys()
    recent = {"order", "shipment", "product", "listing", "purchase_order"}  # since the date that it was told
    assert {name: counted[name] for name in SEEDED.keys() - recent} == {
        name: SEEDED[name] for name in SEEDED.keys() - recent
    }
    assert all(1 <= counted[name] <= SEEDED[name] for name in recent)


def test_what_it_tells_is_what_the_account_keeps(heard):
    lines, sandbox = heard

    def records(stream):
        return [line["record"] for line in lines if line["type"] == "RECORD" and line["stream"] == stream]

    kept = sandbox.world.store.collection(OM, "order").get("70012")
    [order] = [record for record in records("order") if record["orderId"] == 70012]
    assert (order["orderNumber"], order["orderStatus"]) == (kept["order_number"], "SHIPPED")
    assert [record["orderId"] for record in records("shipment")] == [70012]
    totals = {record["masterSku"]: record["onHandQuantity"] for record in records("product_stock_total")}
    shelves = sandbox.world.store.collection(OM, "stock").rows()
    assert totals == {shelf["sku"]: shelf["on_hand"] for shelf in shelves}


def test_it_met_the_quota_and_came_again_when_the_header_said(heard):
    _, sandbox = heard
    rules = Counter(entry.rule for entry in sandbox.world.journal.entries(OM))
    assert rules["throttled"] >= 1
    assert rules.keys() <= {"", "throttled"}
