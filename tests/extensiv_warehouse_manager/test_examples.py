"""Every exchange beside the contract, played: the fake answers each as it says, but for ids, stamps and secrets."""

from base64 import b64encode
from typing import Any

import httpx
import pytest

from contracts import load
from mock_servers.core.fake import Size
from tests.extensiv_warehouse_manager.support import WM, order
from tests.support import bench

EXAMPLES = {example["file"]: example for example in load(WM).examples}
PLACEHOLDERS = f"Basic {b64encode(b'CLIENT_ID:CLIENT_SECRET').decode()}"
"""Words that stand for a client's own."""
OWN = {
    "access_token",
    "CreationDate",
    "LastModifiedDate",
    "ProcessDate",
    "creationDate",
    "lastModifiedDate",
    "processDate",
}
"""What every world has of its own."""


def plain(value: Any) -> Any:
    match value:
        case dict():
            return {name: type(item).__name__ if name in OWN else plain(item) for name, item in value.items()}
        case list():
            return [plain(item) for item in value]
    return value


@pytest.mark.parametrize("file", EXAMPLES)
def test_an_example_is_answered_as_it_says(file):
    example = EXAMPLES[file]
    wm = bench(WM, fill=Size(orders=2, products=2))
    wm.act("add_item", sku="MUG-RED", quantity=40)
    request, response = example["request"], example["response"]
    if file == "order_duplicate.json":
        assert wm.post("/orders", order("WEB-70021", ("MUG-RED", 2))).status_code == 201
    if file == "cancel_confirmed.json":
        wm.act("ship", order="5012")
    headers = httpx.Headers({} if example["operation"] == "issueToken" else wm.client.headers)
    headers.update(request.get("headers"))
    if headers.get("authorization") == PLACEHOLDERS:
        headers["authorization"] = f"Basic {b64encode(b'wm-client-id:wm-client-secret').decode()}"
    how = {"json": request["body"]} if "body" in request else {}
    wm.client.headers.clear()
    answer = wm.client.request(request["method"], request["path"], headers=headers, **how)
    assert answer.status_code == response["status"]
    assert plain(answer.json() if answer.content else None) == plain(response.get("body"))
    for name, value in response.get("headers", {}).items():
        assert answer.headers[name] == value


def test_examples_show_both_dialects_and_the_refusals_beside_them():
    told = {(example["operation"], example["response"]["status"]) for example in EXAMPLES.values()}
    assert told >= {
        ("issueToken", 200), ("issueToken", 401), ("issueToken", 405), ("createOrder", 201), ("createOrder", 400),
        ("listOrders", 200), ("listOrders", 400), ("listOrders", 401), ("cancelOrder", 403), ("cancelOrder", 412),
        ("cancelOrder", 428), ("getOrder", 404), ("listStockSummaries", 200),
    }  # fmt: skip
    kinds = {example["response"].get("headers", {}).get("Content-Type") for example in EXAMPLES.values()}
    assert kinds >= {"application/json", "application/hal+json"}
