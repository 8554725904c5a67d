"""Stock where it lies: adjusted, held, marked, in its places."""

import pytest

from tests.extensiv_warehouse_manager.support import (
    HAL,
    LAMP,
    MUG,
    batch,
    bring_in,
    change,
    code,
    order,
    place,
    read,
    stock,
    warehouse,
)


@pytest.fixture
def wm():
    wm = warehouse()
    yield wm
    assert wm.sound() == []


def adjustment(*items: dict, **more: object) -> dict:
    return {"customerId": 4, "facilityId": 1, "referenceNum": "COUNT-1", "adjustmentItemsCreate": list(items)} | more


# Adjusted ------------------------------------------------------------------------------------------------------------


def test_what_is_found_and_what_is_gone_is_adjusted(wm):
    wm.act("listen", url="http://127.0.0.1:9/told", events=["AdjustmentCreate"])
    lamps = batch(wm, LAMP)["ReceiveItemId"]
    found = {"itemIdentifier": {"sku": MUG}, "qty": 5, "lotNumber": "L9", "locationInfo": {"display": "B1"}}
    gone = {"receiveItemId": lamps, "qty": -2}
    made = wm.post("/inventory/adjustments", adjustment(found, gone, notes="counted"))
    assert made.status_code == 201, made.text
    body = made.json()
    assert (body["ReadOnly"]["Status"], body["ReadOnly"]["Notes"], body["ReadOnly"]["ReferenceNum"]) == (
        1,
        "counted",
        "COUNT-1",
    )
    assert [(each["ItemIdentifier"]["Sku"], each["Qty"]) for each in body["AdjustmentItems"]] == [(MUG, 5), (LAMP, -2)]
    alone = wm.get(f"/inventory/adjustments/{body['ReadOnly']['AdjustmentId']}")
    assert (alone.json(), alone.headers["etag"]) == (body, made.headers["etag"])
    assert stock(wm, MUG) == {"TotalReceived": 45, "Allocated": 0, "Available": 45, "OnHand": 45}
    assert stock(wm, LAMP) == {"TotalReceived": 3, "Allocated": 2, "Available": 1, "OnHand": 1}
    (lot,) = wm.get("/inventory?rql=LotNumber==L9").json()["ResourceList"]
    assert (lot["LocationIdentifier"]["NameKey"]["Name"], lot["ReceiverId"]) == ("B1", body["ReadOnly"]["AdjustmentId"])
    (told,) = wm.documents("webhook_delivery")
    assert f'"href":"/inventory/adjustments/{body["ReadOnly"]["AdjustmentId"]}"' in told["body"]
    assert wm.get("/inventory/adjustments?rql=ReadOnly.ReferenceNum==count-1").json()["TotalResults"] == 1


def test_an_adjustment_is_tried_without_being_made(wm):
    wm.act("listen", url="http://127.0.0.1:9/told")
    before = wm.kept()
    said = {"itemIdentifier": {"sku": MUG}, "qty": 5}
    tried = wm.post("/inventory/adjustments?noCommit=true", adjustment(said), headers=HAL)
    assert (tried.status_code, tried.json()["_embedded"]["item"][0]["qty"]) == (201, 5)
    assert "etag" not in tried.headers
    assert wm.kept() == before
    assert wm.post(
        "/inventory/adjustments", {"customerId": 4, "facilityId": 1, "_embedded": {"item": [said]}}
    ).is_success


ITEMS = "AdjustmentItemsCreate"
FOUND = {"qty": 1, "itemIdentifier": {"sku": LAMP}}


@pytest.mark.parametrize(
    ("change", "refusal", "name"),
    [
        ({"customerId": 99}, "400 DoesNotExist", "CustomerIdentifier.Id"),
        ({"facilityId": 99}, "400 DoesNotExist", "FacilityIdentifier.Id"),
        ({"customerId": None}, "400 ValueNotSupported", "CustomerId"),
        ({"items": []}, "400 ValueNotSupported", ITEMS),
        ({"items": [{"qty": 0}]}, "400 ValueNotSupported", f"{ITEMS}[0].Qty"),
        ({"items": [{"qty": 1}]}, "400 Required", f"{ITEMS}.ItemIdentifier"),
        ({"items": [{"qty": -1}]}, "400 Required", f"{ITEMS}.ReceiveItemId"),
        ({"items": [{"qty": -1, "receiveItemId": 1}]}, "400 DoesNotExist", f"{ITEMS}.ReceiveItemId"),
        ({"items": [{"qty": -41, "receiveItemId": "mugs"}]}, "400 Incompatible", f"{ITEMS}.Qty"),
        (
            {"facilityId": 2, "items": [{"qty": -1, "receiveItemId": "mugs"}]},
            "400 DoesNotExist",
            f"{ITEMS}.ReceiveItemId",
        ),
        ({"processDate": "2026-11-24"}, "403 DateInFuture", None),
        ({"processDate": "yesterday"}, "400 ValueNotSupported", "ProcessDate"),
        ({"items": [FOUND | {"locationInfo": {"locationId": 99}}]}, "400 DoesNotExist", "LocationInfo.LocationId"),
        ({"items": [FOUND | {"supplierIdentifier": {"id": 9}}]}, "400 DoesNotExist", "SupplierIdentifier.Id"),
    ],
)
def test_an_adjustment_that_does_not_fit_changes_nothing(wm, change, refusal, name):
    mugs = batch(wm, MUG)["ReceiveItemId"]
    items = change.get("items", [{"itemIdentifier": {"sku": MUG}, "qty": 1}])
    named = [each | ({"receiveItemId": mugs} if each.get("receiveItemId") == "mugs" else {}) for each in items]
    body = adjustment(*named, **{name: value for name, value in change.items() if name != "items"})
    before = wm.kept()
    answer = wm.post("/inventory/adjustments", body)
    assert code(answer) == refusal
    if name is not None:
        assert name in {each["Name"] for each in answer.json()["Properties"]}
    assert wm.kept() == before


def test_what_orders_have_set_aside_cannot_be_adjusted_away(wm):
    place(wm, "WEB-1", (LAMP, 2))
    lamps = batch(wm, LAMP)["ReceiveItemId"]
    assert (
        code(wm.post("/inventory/adjustments", adjustment({"receiveItemId": lamps, "qty": -2}))) == "400 Incompatible"
    )
    assert wm.post("/inventory/adjustments", adjustment({"receiveItemId": lamps, "qty": -1})).status_code == 201


# Held ----------------------------------------------------------------------------------------------------------------


def hold(wm, *ids: int, query: str = "holdReason=recall"):
    return wm.client.put(f"/inventory/holder?{query}", json={"receiveItemIdentifiers": [{"id": id} for id in ids]})


def test_what_is_held_is_not_available_but_stays_whose_it_is(wm):
    waiting, shipped = place(wm, "WEB-1", (MUG, 4)), place(wm, "WEB-2", (MUG, 1))
    wm.act("ship", order="WEB-2")
    wm.act("pick", order="WEB-1")
    mugs = batch(wm, MUG)["ReceiveItemId"]
    (row,) = hold(wm, mugs).json()["ResourceList"]
    assert (row["ReceiveItemId"], row["OnHold"]) == (mugs, True)
    assert [(each["OrderIdentifier"]["Id"], each["IsShipped"], each["InPickJob"]) for each in row["RelatedOrders"]] == [
        (waiting, False, False),
        (shipped, True, False),
    ]
    (shown,) = wm.get(f"/inventory?rql=ReceiveItemId=={mugs}").json()["ResourceList"]
    assert (shown["AvailableQty"], shown["OnHoldQty"], shown["OnHandQty"]) == (0, 35, 39)
    assert (shown["OnHoldReason"], shown["OnHoldDate"]) == ("recall", "2026-11-23T12:00:00")
    (summary,) = wm.get("/inventory/stocksummaries?rql=OnHold=gt=0").json()["Summaries"]
    assert (summary["Available"], summary["OnHold"], summary["Allocated"]) == (0, 35, 5)
    (detail,) = wm.get("/inventory/stockdetails?customerid=4&facilityid=1&rql=IsOnHold==true").json()["ResourceList"]
    assert detail["Available"] == 35, "there it is what nobody has set aside"
    assert read(wm, place(wm, "WEB-3"))["ReadOnly"]["FullyAllocated"] is False
    assert change(wm, "PUT", f"/orders/{waiting}/deallocator").status_code == 204
    assert stock(wm, MUG)["Available"] == 0, "what is given back is held"
    (row,) = hold(wm, mugs, query="release=true").json()["ResourceList"]
    assert row["OnHold"] is False
    assert stock(wm, MUG)["Available"] == 39
    (shown,) = wm.get(f"/inventory?rql=ReceiveItemId=={mugs}").json()["ResourceList"]
    assert not {"OnHoldReason", "OnHoldDate", "OnHoldUserIdentifier"} & shown.keys()


def test_a_hold_has_a_reason_and_something_to_hold(wm):
    mugs = batch(wm, MUG)["ReceiveItemId"]
    before = wm.kept()
    refused = hold(wm, mugs, query="")
    assert (code(refused), refused.json()["Parameters"]) == ("400 Required", ["holdReason"])
    assert code(hold(wm, mugs, 1)) == "400 DoesNotExist"
    assert code(hold(wm)) == "400 ValueNotSupported"
    assert wm.kept() == before


def test_what_lies_in_quarantine_is_held_until_it_is_carried_elsewhere(wm):
    bring_in(wm, "IN-1", {"itemIdentifier": {"sku": "LAMP-02"}, "qty": 2, "locationInfo": {"locationId": 3}})
    assert stock(wm, LAMP) == {"TotalReceived": 5, "Allocated": 0, "Available": 3, "OnHand": 5}
    (quarantined,) = wm.get("/inventory?rql=Quarantined==true").json()["ResourceList"]
    assert (quarantined["OnHold"], quarantined["OnHoldQty"]) == (False, 2)
    before = wm.kept()
    assert code(hold(wm, quarantined["ReceiveItemId"], query="release=true")) == "400 Incompatible"
    assert wm.kept() == before
    moved = wm.act("move_stock", receive_item=quarantined["ReceiveItemId"], location="b1")
    assert moved == {"receive_item": quarantined["ReceiveItemId"], "location": "B1", "available": 2}
    assert stock(wm, LAMP)["Available"] == 5


# Marked --------------------------------------------------------------------------------------------------------------


def shake(wm, id: int, **said: object):
    return wm.client.put("/inventory/shaker", json={"receiveItemIds": [id], **said})


def test_stock_is_shaken_not_stirred(wm):
    supplier = wm.post("/customers/4/suppliers", {"companyName": "Kiln & Sons"}).json()["SupplierId"]
    id, mugs = place(wm, "WEB-1", (MUG, 1)), batch(wm, MUG)["ReceiveItemId"]
    marks = {"lotNumber": "L1", "serialNumber": "S", "expirationDate": "2027-01-31", "cost": 2.5}
    said = {"savedElementsToAddOrUpdate": [{"name": "Kiln", "value": "7"}, {"name": "Tone", "value": "red"}]}
    assert shake(wm, mugs, **marks, **said, supplierIdentifier={"name": "Kiln & Sons"}).status_code == 204
    shown = batch(wm, MUG)
    assert (shown["LotNumber"], shown["ExpirationDate"], shown["Cost"]) == ("L1", "2027-01-31T00:00:00", 2.5)
    assert shown["SupplierIdentifier"] == {"Name": "Kiln & Sons", "Id": supplier}
    found = "/inventory/stockdetails?customerid=4&facilityid=1&senameorvaluecontains="
    assert [wm.get(found + part).json()["TotalResults"] for part in ("kil", "RED", "blue")] == [1, 1, 0]
    held = wm.get(f"/orders/{id}?detail=All&itemdetail=AllocationsWithDetail").json()["OrderItems"][0]
    assert held["ReadOnly"]["Allocations"][0]["Detail"]["ItemTraits"]["LotNumber"] == "L1", "orders know it"
    assert shake(wm, mugs).status_code == 204
    assert batch(wm, MUG) == shown, "what is not said stays"
    cleared = {"lotNumber": "", "setExpirationDateToNull": True, "setCostToNull": True, "cost": 9}
    assert shake(
        wm, mugs, **cleared, supplierIdentifier={"id": 0, "name": None}, savedElementNamesToDelete=["Tone"]
    ).is_success
    after = batch(wm, MUG)
    assert not {"LotNumber", "ExpirationDate", "Cost", "SupplierIdentifier"} & after.keys()
    assert after["SerialNumber"] == "S"
    (detail,) = wm.get(f"{found}kiln").json()["ResourceList"]
    assert detail["SavedElements"] == [{"Name": "Kiln", "Value": "7"}]


def test_a_mark_that_cannot_be_is_refused(wm):
    mugs = batch(wm, MUG)["ReceiveItemId"]
    before = wm.kept()
    assert code(shake(wm, 1, lotNumber="x")) == "400 DoesNotExist"
    assert code(shake(wm, mugs, supplierIdentifier={"id": 99})) == "400 DoesNotExist"
    assert code(shake(wm, mugs, expirationDate="2027-02-30")) == "400 ValueNotSupported"
    assert code(shake(wm, mugs, cost=-1)) == "400 ValueNotSupported"
    assert code(wm.client.put("/inventory/shaker", json={"lotNumber": "x"})) == "400 Required"
    assert wm.kept() == before


# In its places -------------------------------------------------------------------------------------------------------


def test_places_say_what_lies_in_them(wm):
    mugs = {"itemIdentifier": {"sku": MUG}, "qty": 5, "locationInfo": {"display": "b1"}, "lotNumber": "L"}
    bring_in(wm, "IN-1", mugs)
    rows = wm.get("/inventory/facilities/1/locations").json()["ResourceList"]
    told = [
        (row["LocationIdentifier"]["NameKey"]["Name"], row.get("ItemTraits", {}).get("LotNumber"), row.get("OnHand"))
        for row in rows
    ]
    assert ("B1", "L", 5) in told
    assert ("Q1", None, None) in told, "empty ones too, without traits"
    by_item = wm.get(f"/inventory/facilities/1/locations?rql=ItemTraits.ItemIdentifier.Sku=={MUG}&sort=-OnHand").json()
    assert [row["OnHand"] for row in by_item["ResourceList"]] == [40, 5]
    mug = batch(wm, LAMP)["ItemIdentifier"]["Id"] - 1
    here = wm.get(f"/inventory/facilities/1/item/{mug}/currentlocations").json()["ResourceList"]
    assert [(row["LocationIdentifier"]["NameKey"]["Name"], row["Qty"]) for row in here] == [("A1", 40), ("B1", 5)]
    place(wm, "WEB-1", (MUG, 42))
    (b1,) = wm.get("/inventory/stocksummariesforlocation?locationid=2").json()["Summaries"]
    assert (b1["TotalReceived"], b1["Allocated"], b1["Available"], b1["OnHand"]) == (5, 2, 3, 5)
    assert wm.get("/inventory/stocksummariesforlocation?locationid=99").json()["Summaries"] == []
    places = wm.get(
        "/properties/facilities/1/locations?rql=facilityIdentifier.id==1;deactivated==false&sort=-name"
    ).json()
    assert [(row["Name"], row["HasInventory"]) for row in places["ResourceList"]] == [
        ("Q1", False),
        ("B1", True),
        ("A1", True),
    ]
    assert wm.get("/properties/facilities/locations").json()["TotalResults"] == 6
    assert wm.get("/properties/facilities/9/locations").status_code == 404
    assert wm.get("/properties/facilities/1").json()["Name"] == "Reno 1"


def test_qualifiers_are_told_apart_in_a_place_or_not(wm):
    bring_in(wm, "IN-1", {"itemIdentifier": {"sku": LAMP}, "qty": 2, "qualifier": "B-ware"})

    def lamps(query: str) -> list[tuple[str, float]]:
        rows = wm.get(f"/inventory/stocksummariesforlocation?locationid=1{query}").json()["Summaries"]
        return [(row["Qualifier"], row["OnHand"]) for row in rows if row["ItemIdentifier"]["Sku"] == LAMP]

    assert lamps("") == [("", 3), ("B-ware", 2)]
    assert lamps("&ignorequalifiers=true") == [("", 5)]


def test_stock_is_asked_for_as_an_order_wants_it(wm):
    id = place(wm, "WEB-1", (LAMP, 2))
    (row,) = wm.get(f"/inventory/stocksummariesfororder?orderid={id}").json()["Summaries"]
    assert (row["ItemIdentifier"]["Sku"], row["Available"]) == (LAMP, 1)
    assert wm.get("/inventory/stocksummariesfororder?orderid=1").json() == {"TotalResults": 0, "Summaries": []}
    assert code(wm.get("/inventory/stocksummariesfororder")) == "400 Required"
    line = read(wm, id)["OrderItems"][0]["ReadOnly"]["OrderItemId"]
    asked = f"/inventory/stockdetails?customerid=4&facilityid=1&rql=ItemIdentifier.Sku=={LAMP}&orderitemid="
    assert wm.get(f"{asked}{line}").json()["ResourceList"][0]["Available"] == 3, "what it has is free to it"
    assert wm.get(f"{asked}1").json()["ResourceList"][0]["Available"] == 1


def test_orders_that_wait_for_a_receiver_are_found_by_it(wm):
    place(wm, "WEB-0")
    short = place(wm, "WEB-1", (LAMP, 5))
    brought = bring_in(wm, "IN-1", {"itemIdentifier": {"sku": LAMP}, "qty": 1})
    rows = wm.get(f"/orders/summaries?receiverid={brought}").json()["ResourceList"]
    assert [row["OrderId"] for row in rows] == [short]
    assert wm.get("/orders/summaries?receiverid=1").json()["TotalResults"] == 0
    assert wm.post("/orders", order("WEB-2")).is_success
