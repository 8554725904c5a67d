"""Orders that go elsewhere or several at once: confirmed in a group, moved to another facility, split in two."""

import pytest

from tests.extensiv_warehouse_manager.support import (
    HAL,
    LAMP,
    MUG,
    bring_in,
    change,
    code,
    faults,
    order,
    place,
    read,
    stock,
    warehouse,
)

ORDER = "http://api.3plCentral.com/rels/orders/order"


@pytest.fixture
def wm():
    wm = warehouse()
    yield wm
    assert wm.sound() == []


def ids(*orders: int) -> dict:
    return {"orderIdentifiers": [{"id": id} for id in orders]}


# Several at once -----------------------------------------------------------------------------------------------------


def test_several_orders_leave_in_one_go_and_come_back_in_another(wm):
    wm.act("listen", url="http://127.0.0.1:9/told", events=["OrderConfirm", "OrderUnconfirm"])
    one, two = place(wm, "WEB-1", (MUG, 4)), place(wm, "WEB-2", (LAMP, 1))
    said = {"confirmDate": "2026-11-23", "trackingNumber": "1Z", "billingApplyMethod": 2}
    assert wm.post("/orders/confirmer", ids(one, two) | said).status_code == 204
    for id in (one, two):
        after = read(wm, id)
        assert (after["ReadOnly"]["Status"], after["ReadOnly"]["ShipDate"]) == (1, "2026-11-23T00:00:00")
        assert after["RoutingInfo"]["TrackingNumber"] == "1Z"
    assert (stock(wm, MUG)["OnHand"], stock(wm, LAMP)["OnHand"]) == (36, 2)
    assert wm.get("/orders/shipmentstrackinginfo").json()["TotalResults"] == 2
    assert wm.post("/orders/unconfirmer", ids(one, two)).status_code == 204
    assert (stock(wm, MUG)["OnHand"], stock(wm, LAMP)["OnHand"]) == (40, 3)
    assert wm.get("/orders/shipmentstrackinginfo").json()["TotalResults"] == 0
    told = [each["body"] for each in wm.documents("webhook_delivery")]
    assert [sum(f'"eventType":"{name}"' in body for body in told) for name in ("OrderConfirm", "OrderUnconfirm")] == [
        2,
        2,
    ]


def test_when_one_cannot_leave_none_does_and_each_reason_is_told(wm):
    wm.act("listen", url="http://127.0.0.1:9/told")
    good, short, gone = place(wm, "WEB-1"), place(wm, "WEB-2", (LAMP, 9)), place(wm, "WEB-3")
    change(wm, "POST", f"/orders/{gone}/canceler", {"reason": "x"})
    before, told = wm.kept(), len(wm.documents("webhook_delivery"))
    refused = wm.post("/orders/confirmer", ids(good, short, gone, 99, good))
    assert refused.status_code == 400
    assert faults(refused) == [
        (2, str(short), "NotFullyAllocated"),
        (3, str(gone), "OrderCanceled"),
        (4, "99", "DoesNotExist"),
        (5, str(good), "OrderConfirmed"),
    ]
    kinds = [each["WmsException"]["$type"].partition(",")[0].rpartition(".")[2] for each in refused.json()["Faults"]]
    assert kinds == ["OperationException", "OperationException", "ModelValidationException", "OperationException"]
    assert wm.kept() == before
    assert len(wm.documents("webhook_delivery")) == told, "nobody hears of what did not happen"
    assert faults(wm.post("/orders/unconfirmer", ids(good))) == [(1, str(good), "OrderNotConfirmed")]
    assert code(wm.post("/orders/confirmer", ids(good) | {"confirmDate": "2026-11-24"})) == "403 DateInFuture"
    assert code(wm.post("/orders/confirmer", ids(good) | {"confirmDate": "soon"})) == "400 ValueNotSupported"
    assert code(wm.post("/orders/confirmer", {"orderIdentifiers": []})) == "400 ValueNotSupported"
    assert wm.kept() == before


def test_what_an_import_skips_is_never_told_of(wm):
    wm.act("listen", url="http://127.0.0.1:9/told", events=["OrderCreate"])
    orders = [order("A"), order("B", (LAMP, 50)), order("C", ("NOBODY", 1))]
    made = wm.post("/orders/importer?skipShortOrders=true&skipInvalidOrders=true", {"orders": orders})
    assert len(made.json()["OrderIds"]) == 1
    assert len(wm.documents("webhook_delivery")) == 1
    refused = wm.post("/orders/importer?skipShortOrders=true", {"orders": [order("D"), order("E", ("NOBODY", 1))]})
    assert faults(refused) == [(2, "E", "DoesNotExist")], "to skip the short ones is not to skip the invalid ones"
    waits = wm.post("/orders/importer?skipShortOrders=true", {"orders": [order("F", deferNotification=True)]})
    assert len(waits.json()["OrderIds"]) == 1, "what has not asked for stock yet is not short of it"
    assert len(wm.documents("webhook_delivery")) == 1


def test_a_hold_can_give_the_stock_back(wm):
    one, two = place(wm, "WEB-1", (MUG, 4)), place(wm, "WEB-2", (MUG, 1))
    held = wm.client.put("/orders/orderholder?deallocate=true&holdReason=late", json=ids(one))
    assert held.json()["HeldOrderIds"] == [one]
    assert stock(wm, MUG)["Allocated"] == 1
    wm.client.put("/orders/orderholder?deallocate=true&release=true", json=ids(one, two))
    assert stock(wm, MUG)["Allocated"] == 1, "who is released keeps what there is"


# To another facility -------------------------------------------------------------------------------------------------


def test_a_moved_order_takes_its_stock_where_it_went(wm):
    bring_in(wm, "IN-1", {"itemIdentifier": {"sku": MUG}, "qty": 3}, facility=2)
    id = place(wm, "WEB-1", (MUG, 4))
    wm.act("pack", order="WEB-1")
    assert change(wm, "POST", f"/orders/{id}/transferrer?tofacilityid=2").status_code == 204
    after = read(wm, id)
    assert after["ReadOnly"]["FacilityIdentifier"] == {"Name": "Erie 2", "Id": 2}
    assert (after["ReadOnly"]["FullyAllocated"], after["ReadOnly"]["Packages"]) == (False, [])
    assert (stock(wm, MUG)["Allocated"], stock(wm, MUG, 2)["Allocated"]) == (0, 3)
    links = {each["Rel"].rpartition("/")[2]: each["Href"] for each in after["_links"]}
    assert links["facility"] == "/properties/facilities/2"
    assert wm.get("/orders?rql=ReadOnly.FacilityIdentifier.Id==2").json()["TotalResults"] == 1


def test_an_incomplete_order_moves_without_taking_anything(wm):
    bring_in(wm, "IN-1", {"itemIdentifier": {"sku": MUG}, "qty": 9}, facility=2)
    id = place(wm, "WEB-1", (MUG, 4), deferNotification=True)
    assert change(wm, "POST", f"/orders/{id}/transferrer?tofacilityid=2").status_code == 204
    assert stock(wm, MUG, 2)["Allocated"] == 0


def test_to_where_it_is_nothing_moves_and_the_tag_stays(wm):
    id = place(wm)
    tag, before = wm.get(f"/orders/{id}").headers["etag"], wm.kept()
    assert wm.post(f"/orders/{id}/transferrer?tofacilityid=1", headers={"If-Match": tag}).status_code == 204
    assert wm.kept() == before


def test_an_order_does_not_move_where_it_cannot_be(wm):
    id, gone = place(wm, "WEB-1"), place(wm, "WEB-2")
    change(wm, "POST", f"/orders/{gone}/confirmer")
    wm.client.put("/customers/4", json={"facilities": [{"id": 1}]}, headers={"If-Match": "*"})
    before = wm.kept()
    lost = change(wm, "POST", f"/orders/{id}/transferrer?tofacilityid=77")
    assert (code(lost), lost.json()["Parameters"]) == ("400 DoesNotExist", ["tofacilityid"])
    assert code(change(wm, "POST", f"/orders/{id}/transferrer?tofacilityid=2")) == "400 Incompatible"
    assert code(change(wm, "POST", f"/orders/{gone}/transferrer?tofacilityid=2")) == "403 OrderConfirmed"
    nowhere = change(wm, "POST", f"/orders/{id}/transferrer")
    assert (code(nowhere), nowhere.json()["Parameters"]) == ("400 Required", ["tofacilityid"])
    assert wm.kept() == before


# In two --------------------------------------------------------------------------------------------------------------


def test_a_split_leaves_one_order_that_has_everything_and_one_that_has_nothing(wm):
    wm.act("listen", url="http://127.0.0.1:9/told", events=["OrderCreate", "OrderFullyAllocated"])
    id = place(wm, "WEB-1", (MUG, 4), (LAMP, 5), poNum="PO-7")
    tag = wm.get(f"/orders/{id}").headers["etag"]
    answer = wm.post(f"/orders/{id}/splitter", headers={"If-Match": tag} | HAL)
    assert answer.status_code == 200
    first, second = (link["href"] for link in answer.json()["_links"][ORDER])
    assert first == f"/orders/{id}"
    had, wants = (read(wm, int(href.rpartition("/")[2])) for href in (first, second))
    assert [(line["ItemIdentifier"]["Sku"], line["Qty"]) for line in had["OrderItems"]] == [(MUG, 4), (LAMP, 3)]
    assert [(line["ItemIdentifier"]["Sku"], line["Qty"]) for line in wants["OrderItems"]] == [(LAMP, 2)]
    assert [line["ReadOnly"]["OriginalPrimaryQty"] for line in had["OrderItems"]] == [4, 5], "as it was ordered"
    assert (had["ReadOnly"]["FullyAllocated"], wants["ReadOnly"]["FullyAllocated"]) == (True, False)
    assert (had["ReferenceNum"], wants["ReferenceNum"], wants["PoNum"]) == ("WEB-1", "WEB-1-1", "PO-7")
    assert change(wm, "POST", f"/orders/{id}/confirmer").status_code == 204, "what is there leaves"
    told = [each["body"] for each in wm.documents("webhook_delivery")]
    assert sum('"eventType":"OrderCreate"' in body for body in told) == 2
    assert sum('"eventType":"OrderFullyAllocated"' in body for body in told) == 1


def test_what_is_split_again_gets_the_next_number(wm):
    id = place(wm, "WEB-1", (LAMP, 5))
    place(wm, "WEB-1-1", (MUG, 1))
    assert change(wm, "POST", f"/orders/{id}/splitter").status_code == 200
    assert [each["ReferenceNum"] for each in wm.documents("order")] == ["WEB-1", "WEB-1-1", "WEB-1-2"]


def test_only_an_order_with_a_part_of_its_stock_can_be_split(wm):
    full, empty = place(wm, "WEB-1", (MUG, 1)), place(wm, "WEB-2", (MUG, 1), deferNotification=True)
    before = wm.kept()
    assert code(change(wm, "POST", f"/orders/{full}/splitter")) == "403 FullyAllocated"
    assert code(change(wm, "POST", f"/orders/{empty}/splitter")) == "403 Unallocated"
    assert wm.kept() == before
    wm.act("cancel", order="WEB-1")
    assert code(change(wm, "POST", f"/orders/{full}/splitter")) == "403 OrderCanceled"
