"""What Warehouse Manager's own tests are told with: mugs and lamps, orders, and changes that name a tag."""

from typing import Any

import httpx

from mock_servers.core.fake import Size
from tests.support import Bench, bench

WM = "extensiv_warehouse_manager"
HAL = {"Accept": "application/hal+json"}
MUG, LAMP = "MUG-RED", "LAMP-02"
HOME = {
    "companyName": "Ada Moss",
    "name": "Ada Moss",
    "address1": "12 Pine Rd",
    "city": "Reno",
    "state": "NV",
    "zip": "89501",
    "country": "US",
}


def warehouse() -> Bench:
    """Forty mugs and three lamps of customer 4 in facility 1."""
    wm = bench(WM, fill=Size(orders=0, products=1))
    for sku, quantity in ((MUG, 40), (LAMP, 3)):
        wm.act("add_item", sku=sku, quantity=quantity)
    return wm


def order(reference: str = "WEB-1", *lines: tuple[str, float], **more: Any) -> dict[str, Any]:
    body = {
        "customerIdentifier": {"id": 4},
        "facilityIdentifier": {"id": 1},
        "referenceNum": reference,
        "shipTo": HOME,
        "orderItems": [{"itemIdentifier": {"sku": sku}, "qty": qty} for sku, qty in lines or ((MUG, 2),)],
    }
    return {name: value for name, value in (body | more).items() if value is not None}


def place(wm: Bench, reference: str = "WEB-1", *lines: tuple[str, float], **more: Any) -> int:
    """The id of a new order."""
    answer = wm.post("/orders", order(reference, *lines, **more))
    assert answer.status_code == 201, answer.text
    return int(answer.json()["ReadOnly"]["OrderId"])


def read(wm: Bench, id: int, detail: str = "All") -> dict[str, Any]:
    answer = wm.get(f"/orders/{id}?detail={detail}&itemdetail=All")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def change(wm: Bench, method: str, path: str, body: Any = None) -> httpx.Response:
    """Read it, and change it in the state it was read in."""
    thing = "/".join(path.split("/")[: 4 if path.startswith("/inventory") else 3])
    tag = wm.get(thing).headers["etag"]
    return wm.client.request(method, path, json=body, headers={"If-Match": tag})


def stock(wm: Bench, sku: str) -> dict[str, float]:
    """A summary's numbers."""
    rows = wm.get("/inventory/stocksummaries?pgsiz=500").json()["Summaries"]
    (row,) = [row for row in rows if row["ItemIdentifier"]["Sku"] == sku]
    return {name: row[name] for name in ("TotalReceived", "Allocated", "Available", "OnHand")}
