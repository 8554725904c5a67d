"""Packages made over the API, and how shipments are followed."""

import pytest

from tests.extensiv_warehouse_manager.support import HAL, LAMP, MUG, change, code, place, read, warehouse

CONTENT = "http://api.3plCentral.com/rels/orders/packagecontent"


@pytest.fixture
def wm():
    wm = warehouse()
    yield wm
    assert wm.sound() == []


def line_ids(wm, id: int) -> list[int]:
    return [line["ReadOnly"]["OrderItemId"] for line in read(wm, id)["OrderItems"]]


def test_an_order_is_packed_package_by_package_and_leaves(wm):
    wm.act("listen", url="http://127.0.0.1:9/told", events=["OrderPackStarted", "OrderPackComplete"])
    id = place(wm, "WEB-1", (MUG, 4), (LAMP, 1))
    mug, lamp = line_ids(wm, id)
    contents = [{"orderItemId": mug, "qty": 3}, {"orderItemId": lamp, "qty": 1, "serialNumbers": ["S1"]}]
    body = {"length": 10, "weight": 1.5, "trackingNumber": "1Z-1", "packageContents": contents}
    made = wm.post(f"/orders/{id}/packages", body)
    assert made.status_code == 201, made.text
    package = made.json()
    assert (package["PackageTypeId"], package["Weight"], package["ReadOnly"]) == (
        2,
        1.5,
        {"Oversize": False, "Cod": False},
    )
    assert read(wm, id)["ReadOnly"]["PackStarted"] is True, "set with the first package"
    second = wm.post(f"/orders/{id}/packages", {"packageContents": [{"orderItemId": mug, "qty": 1}]}).json()
    here = f"/orders/{id}/packages/{second['PackageId']}"
    labelled = wm.client.put(here, json={"trackingNumber": "1Z-2"}).json()
    assert (labelled["TrackingNumber"], labelled["PackageContents"]) == ("1Z-2", second["PackageContents"])
    assert wm.client.put(f"/orders/{id}/packdatesetter").status_code == 204
    about = read(wm, id)["ReadOnly"]
    assert about["PackDoneDate"] == "2026-11-23T12:00:00"
    assert [each["TrackingNumber"] for each in about["Packages"]] == ["1Z-1", "1Z-2"]
    assert change(wm, "POST", f"/orders/{id}/confirmer").status_code == 204
    rows = wm.get("/orders/shipmentstrackinginfo").json()["ResourceList"]
    assert [row["PackageUri"] for row in rows] == [f"/orders/{id}/packages/{package['PackageId']}", here]
    assert len(wm.documents("webhook_delivery")) == 2, "told of once each"


def test_a_package_in_hal_has_its_contents_embedded_and_may_be_sent_so(wm):
    id = place(wm, "WEB-1", (MUG, 4))
    (mug,) = line_ids(wm, id)
    made = wm.post(f"/orders/{id}/packages", {"_embedded": {CONTENT: [{"orderItemId": mug, "qty": 2}]}}, headers=HAL)
    assert made.status_code == 201
    (content,) = made.json()["_embedded"][CONTENT]
    assert (content["orderItemId"], content["qty"]) == (mug, 2)
    assert wm.get(f"/orders/{id}/packages/{made.json()['packageId']}", headers=HAL).json() == made.json()


def test_contents_are_replaced_emptied_and_taken_apart(wm):
    id = place(wm, "WEB-1", (MUG, 4))
    (mug,) = line_ids(wm, id)
    made = wm.post(f"/orders/{id}/packages", {"packageContents": [{"orderItemId": mug, "qty": 4}]})
    here, tag = f"/orders/{id}/packages/{made.json()['PackageId']}", made.headers["etag"]
    full = wm.post(f"/orders/{id}/packages", {"packageContents": [{"orderItemId": mug, "qty": 1}]})
    assert code(full) == "400 Incompatible", "all of it is packed"
    less = wm.client.put(here, json={"packageContents": [{"orderItemId": mug, "qty": 1}]}, headers={"If-Match": tag})
    assert [each["Qty"] for each in less.json()["PackageContents"]] == [1]
    assert wm.client.put(here, json={}, headers={"If-Match": tag}).status_code == 412, "a tag that is sent has to fit"
    assert wm.client.put(f"{here}?deleteAllContents=true", json={}).json()["PackageContents"] == []
    assert wm.client.delete(here, headers={"If-Match": tag}).status_code == 412
    assert (wm.client.delete(here).status_code, wm.get(here).status_code) == (204, 404)
    assert read(wm, id)["ReadOnly"]["Packages"] == []


def test_what_cannot_be_packed_is_refused(wm):
    id, gone = place(wm, "WEB-1", (MUG, 4)), place(wm, "WEB-2")
    (mug,) = line_ids(wm, id)
    change(wm, "POST", f"/orders/{gone}/confirmer")
    before = wm.kept()
    for contents, refusal in (
        ([{"orderItemId": 1, "qty": 1}], "400 DoesNotExist"),
        ([{"orderItemId": mug, "qty": 3}, {"orderItemId": mug, "qty": 2}], "400 Incompatible"),
        ([{"orderItemId": mug, "qty": 0}], "400 ValueNotSupported"),
        ([{"orderItemId": mug}], "400 ValueNotSupported"),
        ([{"orderItemId": mug, "qty": 1, "expirationDate": "x"}], "400 ValueNotSupported"),
    ):
        assert code(wm.post(f"/orders/{id}/packages", {"packageContents": contents})) == refusal
    assert code(wm.post(f"/orders/{gone}/packages", {})) == "403 OrderConfirmed"
    assert code(wm.client.put(f"/orders/{gone}/packdatesetter")) == "403 OrderConfirmed"
    assert wm.get(f"/orders/{id}/packages/1").status_code == 404
    assert wm.kept() == before


def test_shipments_are_asked_for_by_what_their_rows_say(wm):
    for number, tracking in enumerate(("B", "A", "C")):
        place(wm, f"WEB-{number}", poNum=f"PO-{number}")
        wm.act("ship", order=f"WEB-{number}", tracking_number=tracking, carrier="GLS" if number else "UPS")

    def numbers(query: str) -> list[str]:
        rows = wm.get(f"/orders/shipmentstrackinginfo?{query}").json()["ResourceList"]
        return [row["TrackingNumber"] for row in rows]

    assert numbers("sort=trackingNumber") == ["A", "B", "C"]
    assert numbers("rql=TrackingNumber==a,ReferenceNum==web-2") == ["A", "C"]
    assert numbers("rql=Carrier==gls;PoNum!=PO-1") == ["C"]
    assert numbers("rql=CustomerIdentifier.Id==4;ShipDate=ge=2026-11-23&pgsiz=1&pgnum=2") == ["A"]
    assert wm.get("/orders/shipmentstrackinginfo?pgnum=0&rql=Carrier==GLS").json() == {"TotalResults": 2}
    assert wm.get("/orders/shipmentstrackinginfo?pgnum=0", headers=HAL).json() == {"totalResults": 3}
    refused = wm.get("/orders/shipmentstrackinginfo?rql=ReadOnly.OrderId==1")
    assert (code(refused), refused.json()["Hint"]) == ("400 NotParsable", "Properties not supported: ReadOnly.OrderId")
