"""The two dialects say the same; only their spelling, and where rows and links are, differ."""

from typing import Any

import pytest

from mock_servers.core.fake import Size
from tests.extensiv_warehouse_manager.support import HAL, LAMP, MUG, WM, change, order, place, read, warehouse
from tests.support import bench

LISTS = {
    "/orders?detail=All&itemdetail=All": "http://api.3plCentral.com/rels/orders/order",
    "/orders/summaries": "item",
    "/inventory": "item",
    "/inventory/stockdetails?customerid=4&facilityid=1": "item",
    "/inventory/receivers?detail=All": "http://api.3plCentral.com/rels/inventory/receiver",
    "/customers": "http://api.3plCentral.com/rels/customers/customer",
    "/customers/4/items": "http://api.3plCentral.com/rels/customers/item",
    "/properties/facilities": "http://api.3plCentral.com/rels/properties/facility",
    "/properties/carriers": "http://api.3plCentral.com/rels/properties/carrier",
}
CHILDREN = {
    "http://api.3plCentral.com/rels/orders/item": "OrderItems",
    "http://api.3plCentral.com/rels/inventory/receiveritem": "ReceiveItems",
}


@pytest.fixture
def wm():
    wm = warehouse()
    id = place(wm, "WEB-1", (MUG, 2), (LAMP, 1), notes="careful", savedElements=[{"name": "Gift", "value": "yes"}])
    wm.act("ship", order=str(id), parcels=2)
    place(wm, "WEB-2")
    receiver = {"customerIdentifier": {"id": 4}, "facilityIdentifier": {"id": 1}, "referenceNum": "IN-1"}
    wm.post("/inventory/receivers", receiver | {"receiveItems": [{"itemIdentifier": {"sku": MUG}, "qty": 5}]})
    return wm


def pascal(value: Any) -> Any:
    """HAL, said in the other dialect."""
    if isinstance(value, list):
        return [pascal(item) for item in value]
    if not isinstance(value, dict):
        return value
    told: dict[str, Any] = {}
    for name, inner in value.items():
        if name == "_links":
            told[name] = [{"Rel": rel, "Href": link["href"]} for rel, link in inner.items()]
        elif name == "_embedded":
            told |= {CHILDREN.get(rel, "ResourceList"): pascal(rows) for rel, rows in inner.items()}
        else:
            told[name[0].upper() + name[1:]] = pascal(inner)
    return told


@pytest.mark.parametrize(("path", "rel"), LISTS.items())
def test_a_list_says_the_same_in_both(wm, path, rel):
    plain, hal = wm.get(path), wm.get(path, headers=HAL)
    assert (plain.status_code, hal.status_code) == (200, 200), plain.text
    assert plain.headers["content-type"] == "application/json"
    assert hal.headers["content-type"] == "application/hal+json"
    assert hal.json()["_embedded"][rel], "there are rows"
    assert pascal(hal.json()) == plain.json()


def test_single_things_say_the_same_in_both_under_the_same_tag(wm):
    (order_id, *_) = [row["ReadOnly"]["OrderId"] for row in wm.get("/orders").json()["ResourceList"]]
    paths = (f"/orders/{order_id}?detail=All&itemdetail=All", "/customers/4", "/customers/4/items/302")
    for path in (*paths, "/inventory/receivers/3001?detail=All"):
        plain, hal = wm.get(path), wm.get(path, headers=HAL)
        assert pascal(hal.json()) == plain.json()
        assert plain.headers["etag"] == hal.headers["etag"]
        assert plain.headers["etag"].startswith('W/"')


def test_stock_summaries_have_a_member_of_their_own(wm):
    plain, hal = wm.get("/inventory/stocksummaries"), wm.get("/inventory/stocksummaries", headers=HAL)
    assert set(plain.json()) == {"TotalResults", "Summaries", "_links"}
    assert set(hal.json()) == {"totalResults", "summaries", "_links"}
    assert pascal(hal.json()) == plain.json()


def test_nothing_is_an_empty_list_in_one_and_no_member_in_the_other(wm):
    plain, hal = wm.get("/orders?rql=ReferenceNum==none"), wm.get("/orders?rql=ReferenceNum==none", headers=HAL)
    assert plain.json()["ResourceList"] == []
    assert set(hal.json()) == {"totalResults", "_links"}


def test_exceptions_are_pascal_whatever_is_accepted(wm):
    for accept in ({}, HAL):
        answer = wm.get("/orders?rql=foo==1", headers=accept)
        assert answer.headers["content-type"] == "application/json"
        assert answer.json() == {
            "$type": "WMS.V2.Generic.Models.Exceptions.QueryParameterException, WMS.V2.Generic.Models",
            "Parameters": ["rql"],
            "ErrorCode": "NotParsable",
            "Hint": "Properties not supported: foo",
        }


def test_bodies_may_be_spelled_in_any_case_and_typed_in_either_way(wm):
    def upper(value: Any) -> Any:
        if isinstance(value, dict):
            return {name.upper(): upper(inner) for name, inner in value.items()}
        return [upper(inner) for inner in value] if isinstance(value, list) else value

    for number, kind in enumerate(("application/json", "application/hal+json; charset=utf-8")):
        body = upper(order(f"LOUD-{number}", (MUG, 3)))
        answer = wm.client.post("/orders", json=body, headers={"Content-Type": kind})
        assert answer.status_code == 201, answer.text
        assert answer.json()["OrderItems"][0]["Qty"] == 3.0
        assert answer.json()["ShipTo"]["CompanyName"] == "Ada Moss"


def test_what_was_read_in_hal_can_be_put_back(wm):
    """Read, change, write: links and embedded lines come along and are passed over."""
    id = place(wm, "WEB-9", (MUG, 2))
    document = wm.get(f"/orders/{id}?detail=All", headers=HAL).json()
    answer = change(wm, "PUT", f"/orders/{id}", document | {"poNum": "PO-9"})
    assert answer.status_code == 200, answer.text
    after = read(wm, id)
    assert (after["PoNum"], after["OrderItems"][0]["Qty"]) == ("PO-9", 2.0)


def test_links_lead_from_page_to_page_and_keep_what_was_asked():
    wm = bench(WM, fill=Size(orders=7, products=3))
    path, seen = "/orders?pgsiz=3&rql=ReadOnly.IsClosed==false&sort=-ReadOnly.OrderId&pgsize=1", []
    while path:
        page = wm.get(path, headers=HAL).json()
        seen += [row["readOnly"]["orderId"] for row in page["_embedded"]["http://api.3plCentral.com/rels/orders/order"]]
        path = page["_links"].get("next", {}).get("href", "")
        assert not path.startswith("http"), "relative, as the vendor's are"
    assert seen == sorted(seen, reverse=True)
    assert len(seen) == 7
