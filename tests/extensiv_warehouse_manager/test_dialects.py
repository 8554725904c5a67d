"""The two dialects say the same; only their spelling, and where rows and links are, differ."""

from typing import Any

import pytest

from mock_servers.core.fake import Size
from tests.extensiv_warehouse_manager.support import HAL, LAMP, MUG, WM, change, order, place, read, warehouse
from tests.support import bench

BASE = "http://api.3plCentral.com/rels/"
LISTS = {
    "/orders?detail=All&itemdetail=All": BASE + "orders/order",
    "/orders/summaries": "item",
    "/orders/shipmentstrackinginfo": BASE + "orders/orderparceltrackpackageinfo",
    "/inventory": "item",
    "/inventory/stockdetails?customerid=4&facilityid=1": "item",
    "/inventory/adjustments": BASE + "inventory/adjustment",
    "/inventory/pos": BASE + "inventory/purchaseorder",
    "/inventory/receivers?detail=All": BASE + "inventory/receiver",
    "/inventory/facilities/1/locations": "item",
    "/inventory/facilities/1/item/302/currentlocations": "item",
    "/customers": BASE + "customers/customer",
    "/customers/4/items": BASE + "customers/item",
    "/customers/4/itemaliases": BASE + "customers/itemalias",
    "/customers/4/itemsummaries": BASE + "customers/itemsummary",
    "/customers/4/skusunionaliases": "item",
    "/customers/4/suppliers": BASE + "customers/supplier",
    "/properties/facilities": BASE + "properties/facility",
    "/properties/facilities/locations": BASE + "properties/location",
    "/properties/facilities/1/locations": BASE + "properties/location",
    "/properties/carriers": BASE + "properties/carrier",
}
CHILDREN = {
    BASE + "orders/item": "OrderItems",
    BASE + "orders/packagecontent": "PackageContents",
    BASE + "inventory/receiveritem": "ReceiveItems",
}
PARTS = {"/orders/{}/items?detail=All": BASE + "orders/item", "/orders/{}/packages": BASE + "orders/package"}
PARTS |= {"/inventory/receivers/3001/items?detail=All": BASE + "inventory/receiveritem"}


@pytest.fixture
def wm():
    wm = warehouse()
    id = place(wm, "WEB-1", (MUG, 2), (LAMP, 1), notes="careful", savedElements=[{"name": "Gift", "value": "yes"}])
    wm.act("ship", order=str(id), parcels=2)
    place(wm, "WEB-2")
    receiver = {"customerIdentifier": {"id": 4}, "facilityIdentifier": {"id": 1}, "referenceNum": "IN-1"}
    wm.post("/inventory/receivers", receiver | {"receiveItems": [{"itemIdentifier": {"sku": MUG}, "qty": 5}]})
    found = {"customerId": 4, "facilityId": 1, "adjustmentItemsCreate": [{"itemIdentifier": {"sku": MUG}, "qty": 1}]}
    assert wm.post("/inventory/adjustments", found).is_success
    wm.act("buy", number="PO-1", items={MUG: 3})
    pair = {"aliasIdentifier": {"sku": "PAIR"}, "details": [{"itemIdentifier": {"sku": MUG}, "qty": 2}]}
    assert wm.post("/customers/4/itemaliases", pair).is_success
    assert wm.post("/customers/4/suppliers", {"companyName": "Kiln"}).is_success
    return wm


def pascal(value: Any, children: dict[str, str] = CHILDREN) -> Any:
    """HAL, said in the other dialect."""
    if isinstance(value, list):
        return [pascal(item, children) for item in value]
    if not isinstance(value, dict):
        return value
    told: dict[str, Any] = {}
    for name, inner in value.items():
        if name == "_links":
            told[name] = [{"Rel": rel, "Href": link["href"]} for rel, link in inner.items()]
        elif name == "_embedded":
            told |= {children.get(rel, "ResourceList"): pascal(rows, children) for rel, rows in inner.items()}
        else:
            told[name[0].upper() + name[1:]] = pascal(inner, children)
    return told


@pytest.mark.parametrize(("path", "rel"), LISTS.items())
def test_a_list_says_the_same_in_both(wm, path, rel):
    plain, hal = wm.get(path), wm.get(path, headers=HAL)
    assert (plain.status_code, hal.status_code) == (200, 200), plain.text
    assert plain.headers["content-type"] == "application/json"
    assert hal.headers["content-type"] == "application/hal+json"
    assert hal.json()["_embedded"][rel], "there are rows"
    if path == "/inventory/adjustments":
        (row,) = hal.json()["_embedded"][rel]
        assert pascal(row, {"item": "AdjustmentItems"}) == plain.json()["ResourceList"][0]
    else:
        assert pascal(hal.json()) == plain.json()


@pytest.mark.parametrize(("path", "rel"), PARTS.items())
def test_parts_alone_are_rows_under_their_own_relation(wm, path, rel):
    here = path.format(wm.get("/orders").json()["ResourceList"][0]["ReadOnly"]["OrderId"])
    plain, hal = wm.get(here), wm.get(here, headers=HAL)
    assert (plain.status_code, hal.status_code) == (200, 200), plain.text
    assert hal.json()["_embedded"][rel], "there are rows"
    assert (
        pascal(hal.json(), {rel: "ResourceList"} | {BASE + "orders/packagecontent": "PackageContents"}) == plain.json()
    )


def test_single_things_say_the_same_in_both_under_the_same_tag(wm):
    (order_id, *_) = [row["ReadOnly"]["OrderId"] for row in wm.get("/orders").json()["ResourceList"]]
    paths = ("/customers/4", "/customers/4/items/302", "/inventory/pos/401", "/properties/facilities/1")
    mine = (f"/orders/{order_id}?detail=All&itemdetail=All", f"/orders/{order_id}/routing")
    for path in (*paths, *mine, "/inventory/receivers/3001?detail=All", "/customers/4/suppliers/27"):
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
