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


def code(answer: httpx.Response) -> str:
    """`403 OrderConfirmed`: a status, and what the exception says."""
    return f"{answer.status_code} {answer.json()['ErrorCode']}"


def faults(answer: httpx.Response) -> list[tuple[int, str, str]]:
    """Of a list that was refused: which entry, what it is, and why."""
    assert answer.json()["$type"].startswith("WMS.V2.Generic.Models.Exceptions.ListException")
    return [
        (each["EntryNumber"], each["EntryInfo"], each["WmsException"]["ErrorCode"]) for each in answer.json()["Faults"]
    ]


def bring_in(wm: Bench, reference: str, *lines: dict[str, Any], facility: int = 1, **more: Any) -> int:
    """Goods come in and lie on the shelf; answers the receiver's id."""
    body = {"customerIdentifier": {"id": 4}, "facilityIdentifier": {"id": facility}, "referenceNum": reference} | more
    made = wm.post("/inventory/receivers", body | {"receiveItems": list(lines)})
    assert made.status_code == 201, made.text
    id = int(made.json()["ReadOnly"]["ReceiverId"])
    done = wm.post(f"/inventory/receivers/{id}/confirmer", headers={"If-Match": "*"})
    assert done.status_code == 204, done.text
    return id


def change(wm: Bench, method: str, path: str, body: Any = None) -> httpx.Response:
    """Read it, and change it in the state it was read in."""
    thing = "/".join(path.partition("?")[0].split("/")[: 4 if path.startswith("/inventory") else 3])
    tag = wm.get(thing).headers["etag"]
    return wm.client.request(method, path, json=body, headers={"If-Match": tag})


def stock(wm: Bench, sku: str, facility: int = 1) -> dict[str, float]:
    """A summary's numbers."""
    rows = wm.get("/inventory/stocksummaries?pgsiz=500").json()["Summaries"]
    (row,) = [row for row in rows if (row["ItemIdentifier"]["Sku"], row["FacilityId"]) == (sku, facility)]
    return {name: row[name] for name in ("TotalReceived", "Allocated", "Available", "OnHand")}


def batch(wm: Bench, sku: str, facility: int = 1) -> dict[str, Any]:
    """The one receive item of a SKU that has something in it."""
    asked = f"/inventory?rql=ItemIdentifier.Sku=={sku};FacilityIdentifier.Id=={facility};OnHandQty=gt=0"
    (row,) = wm.get(asked).json()["ResourceList"]
    return dict(row)
