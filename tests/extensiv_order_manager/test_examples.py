"""Every exchange beside the contract, played: the fake answers each as it says, but for ids, stamps and secrets."""

from typing import Any

import httpx
import pytest

from contracts import load
from mock_servers.core.fake import Size
from tests.support import bench

OM = "extensiv_order_manager"
EXAMPLES = {example["file"]: example for example in load(OM).examples}
OWN = {"id", "created_at", "updated_at", "access_token"}
"""What every world has of its own."""


def plain(value: Any) -> Any:
    match value:
        case dict():
            return {name: type(item).__name__ if name in OWN else plain(item) for name, item in value.items()}
        case list():
            return [plain(item) for item in value]
    return value


def as_told(example: dict[str, Any], value: Any) -> Any:
    """Of a list, an example tells how a row looks, and not how many there are."""
    if "levels" in example["file"] and isinstance(value, dict):
        return sorted(value), sorted(value["data"][0]), sorted(value["data"][0]["inventory"][0])
    if example["file"].startswith("v1_") and example["request"]["method"] == "GET" and isinstance(value, list):
        return members(value[:1])
    return plain(value)


def members(value: Any) -> Any:
    match value:
        case dict():
            return {name: members(item) for name, item in value.items()}
        case list():
            return [members(item) for item in value]
    return type(value).__name__


@pytest.mark.parametrize("file", EXAMPLES)
def test_an_example_is_answered_as_it_says(file):
    example = EXAMPLES[file]
    om = bench(OM, fill=Size(orders=20, products=3), calls_a_minute=None)
    request, response = example["request"], example["response"]
    headers = httpx.Headers({} if example["operation"] == "issueToken" else om.client.headers)
    headers.update(request.get("headers"))
    body = request.get("body")
    how = {"content": body} if isinstance(body, str) else {"json": body} if body is not None else {}
    om.client.headers.clear()
    answer = om.client.request(request["method"], request["path"], headers=headers, **how)
    assert answer.status_code == response["status"]
    assert as_told(example, answer.json()) == as_told(example, response["body"])
    for name, value in response.get("headers", {}).items():
        assert answer.headers[name] == value


def test_examples_show_both_dialects_and_the_refusals_beside_them():
    told = {(example["operation"], example["response"]["status"]) for example in EXAMPLES.values()}
    assert told >= {
        ("issueToken", 200), ("issueToken", 401), ("createOrder", 201), ("createOrder", 422), ("createOrder", 400),
        ("listOrders", 200), ("listOrders", 400), ("listOrders", 401), ("listInventory", 200), ("getOrder", 404),
        ("getOrders", 200), ("putOrder", 200), ("putOrder", 400), ("postInventoryAdjust", 200), ("getShipments", 422),
        ("putExternalShipment", 200), ("putStockTransfer", 200), ("putRma", 422), ("putPurchaseOrder", 200),
    }  # fmt: skip
