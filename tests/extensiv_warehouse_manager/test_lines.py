"""Lines of orders by themselves, what carries them, and bodies as HAL writes them."""

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

ITEM = "http://api.3plCentral.com/rels/orders/item"


@pytest.fixture
def wm():
    wm = warehouse()
    yield wm
    assert wm.sound() == []


def lines(wm, id: int) -> list[tuple[str, float]]:
    return [(line["ItemIdentifier"]["Sku"], line["Qty"]) for line in read(wm, id)["OrderItems"]]


def test_a_line_is_added_changed_and_taken_out_under_the_tag_of_its_order(wm):
    id = place(wm, "WEB-1", (MUG, 4))
    tag = wm.get(f"/orders/{id}").headers["etag"]
    made = wm.post(f"/orders/{id}/items", {"itemIdentifier": {"sku": LAMP}, "qty": 2}, headers={"If-Match": tag})
    assert made.status_code == 201
    (line,) = made.json()["ResourceList"]
    assert (line["ItemIdentifier"]["Sku"], line["ReadOnly"]["FullyAllocated"]) == (LAMP, True)
    here = f"/orders/{id}/items/{line['ReadOnly']['OrderItemId']}"
    alone = wm.get(here)
    assert alone.json() == line
    assert alone.headers["etag"] == made.headers["etag"] == wm.get(f"/orders/{id}").headers["etag"]
    stale = wm.client.put(here, json={"qty": 1}, headers={"If-Match": tag})
    assert stale.status_code == 412, "somebody was faster"
    changed = wm.client.put(here, json={"qty": 1, "notes": "n"}, headers={"If-Match": alone.headers["etag"]})
    assert (changed.status_code, changed.json()["Qty"], changed.json()["Notes"]) == (200, 1, "n")
    assert stock(wm, LAMP)["Allocated"] == 1
    nothing = wm.client.put(here, json={}, headers={"If-Match": changed.headers["etag"]})
    assert (nothing.status_code, nothing.json()["Qty"]) == (200, 1), "what is not said stays"
    gone = wm.client.delete(here, headers={"If-Match": nothing.headers["etag"]})
    assert (gone.status_code, wm.get(here).status_code) == (204, 404)
    assert (lines(wm, id), stock(wm, LAMP)["Allocated"]) == ([(MUG, 4)], 0)


def test_the_last_line_stays(wm):
    id = place(wm)
    (line,) = read(wm, id)["OrderItems"]
    before = wm.kept()
    answer = wm.client.delete(f"/orders/{id}/items/{line['ReadOnly']['OrderItemId']}", headers={"If-Match": "*"})
    assert code(answer) == "403 InUse"
    assert wm.kept() == before


def test_lines_that_say_their_ids_keep_what_they_have(wm):
    id = place(wm, "WEB-1", (MUG, 4), (LAMP, 1))
    mug, lamp = read(wm, id)["OrderItems"]
    held = mug["ReadOnly"]["Allocations"]
    kept = {"readOnly": {"orderItemId": mug["ReadOnly"]["OrderItemId"]}, "itemIdentifier": {"sku": MUG}, "qty": 6}
    answer = change(wm, "PUT", f"/orders/{id}", {"orderItems": [kept]})
    assert answer.status_code == 200
    (after,) = read(wm, id)["OrderItems"]
    assert after["ReadOnly"]["OrderItemId"] == mug["ReadOnly"]["OrderItemId"]
    assert after["ReadOnly"]["Allocations"][0] == held[0], "what it had it has, and more besides"
    assert (stock(wm, MUG)["Allocated"], stock(wm, LAMP)["Allocated"]) == (6, 0)
    lost = kept | {"readOnly": {"orderItemId": lamp["ReadOnly"]["OrderItemId"]}}
    assert code(change(wm, "PUT", f"/orders/{id}", {"orderItems": [lost]})) == "400 DoesNotExist"
    less = change(wm, "PUT", f"/orders/{id}/items", {"resourceList": [kept | {"qty": 2}]})
    assert [line["Qty"] for line in less.json()["ResourceList"]] == [2]
    assert stock(wm, MUG)["Allocated"] == 2


def test_what_was_packed_of_other_goods_is_unpacked(wm):
    id = place(wm, "WEB-1", (MUG, 4), (LAMP, 1))
    wm.act("pack", order="WEB-1")
    document = wm.get(f"/orders/{id}?detail=All", headers=HAL).json()
    assert change(wm, "PUT", f"/orders/{id}", document | {"notes": "x"}).status_code == 200
    assert len(read(wm, id)["ReadOnly"]["Packages"]) == 1, "nothing was changed in it"
    mug, _ = document["_embedded"][ITEM]
    change(wm, "PUT", f"/orders/{id}", {"orderItems": [mug]})
    assert read(wm, id)["ReadOnly"]["Packages"] == []


def test_too_much_is_taken_or_refused_as_one_asks(wm):
    id = place(wm, "WEB-1", (MUG, 1))
    body = {"itemIdentifier": {"sku": LAMP}, "qty": 9}
    before = wm.kept()
    assert code(change(wm, "POST", f"/orders/{id}/items?validateOveralloc=true", body)) == "400 Incompatible"
    assert wm.kept() == before
    assert change(wm, "POST", f"/orders/{id}/items", body).status_code == 201
    assert change(wm, "POST", f"/orders/{id}/items?validateOveralloc=true", body | {"qty": 1}).status_code == 400
    assert change(
        wm, "POST", f"/orders/{id}/items?validateOveralloc=true", body | {"itemIdentifier": {"sku": MUG}}
    ).is_success


def test_one_line_gets_just_the_batch_that_is_named(wm):
    bring_in(wm, "IN-1", {"itemIdentifier": {"sku": MUG}, "qty": 5, "lotNumber": "L2"})
    id = place(wm, "WEB-1", (MUG, 4), (LAMP, 1), deferNotification=True)
    (lot,) = wm.get("/inventory?rql=LotNumber==l2").json()["ResourceList"]
    line = read(wm, id)["OrderItems"][0]["ReadOnly"]["OrderItemId"]
    body = {"proposedAllocations": [{"receiveItemId": lot["ReceiveItemId"], "qty": 4}]}
    assert change(wm, "PUT", f"/orders/{id}/items/{line}/allocator", body).status_code == 204
    mug, lamp = read(wm, id)["OrderItems"]
    assert [each["ReceiveItemId"] for each in mug["ReadOnly"]["Allocations"]] == [lot["ReceiveItemId"]]
    assert lamp["ReadOnly"]["Allocations"] == [], "the other waits"
    assert code(change(wm, "PUT", f"/orders/{id}/items/{line}/allocator", body)) == "400 Incompatible"
    assert change(wm, "PUT", f"/orders/{id}/items/1/allocator", body).status_code == 404
    details = wm.get(f"/orders/{id}/items?detail=AllocationsWithDetail").json()["ResourceList"][0]
    (held,) = details["ReadOnly"]["Allocations"]
    assert held["Detail"]["ItemTraits"]["LotNumber"] == "L2"
    assert held["Detail"]["LocationIdentifier"] == lot["LocationIdentifier"]
    assert (
        "Detail" not in wm.get(f"/orders/{id}/items?detail=All").json()["ResourceList"][0]["ReadOnly"]["Allocations"][0]
    )
    assert "Allocations" not in wm.get(f"/orders/{id}/items").json()["ResourceList"][0]["ReadOnly"]


def test_a_line_that_asks_for_a_lot_gets_no_other(wm):
    bring_in(wm, "IN-1", {"itemIdentifier": {"sku": MUG}, "qty": 5, "lotNumber": "L2"})
    body = order("WEB-1")
    body["orderItems"] = [{"itemIdentifier": {"sku": MUG}, "qty": 8, "lotNumber": "L2"}]
    id = wm.post("/orders", body).json()["ReadOnly"]["OrderId"]
    (line,) = read(wm, id)["OrderItems"]
    assert sum(each["Qty"] for each in line["ReadOnly"]["Allocations"]) == 5


@pytest.mark.parametrize(("method", "first"), [(1, "OLD"), (2, "NEW"), (3, "SOON")])
def test_stock_is_used_up_by_the_items_own_method(wm, method, first):
    item = wm.post("/customers/4/items", {"sku": "MILK", "options": {"inventoryUnit": {"inventoryMethod": method}}})
    assert item.json()["Options"]["InventoryUnit"]["InventoryMethod"] == method
    for lot, expires in (("OLD", "2027-06-01"), ("SOON", "2026-12-01"), ("NEW", None)):
        line = {"itemIdentifier": {"sku": "MILK"}, "qty": 1, "lotNumber": lot}
        bring_in(wm, lot, line | ({"expirationDate": expires} if expires else {}))
    id = place(wm, "WEB-1", ("MILK", 1))
    row = wm.get(f"/orders/{id}?detail=OrderItems&itemdetail=AllocationsWithDetail").json()["OrderItems"][0]
    assert row["ReadOnly"]["Allocations"][0]["Detail"]["ItemTraits"]["LotNumber"] == first


def test_who_carries_an_order_is_read_and_said_alone(wm):
    id = place(wm, "WEB-1", routingInfo={"carrier": "UPS", "mode": "Ground"})
    routing = wm.get(f"/orders/{id}/routing")
    assert (routing.json()["Carrier"], routing.headers["etag"]) == ("UPS", wm.get(f"/orders/{id}").headers["etag"])
    said = {"carrier": "FedEx", "trackingNumber": "7", "pickupDate": "2026-12-01T10:00:00-08:00"}
    answer = change(wm, "PUT", f"/orders/{id}/routing", said)
    assert answer.json()["PickupDate"] == "2026-12-01T18:00:00", "a zone is believed"
    assert "Mode" not in answer.json()
    assert read(wm, id)["RoutingInfo"] == answer.json()
    assert code(change(wm, "PUT", f"/orders/{id}/routing", {"pickupDate": "2026-13-01"})) == "400 ValueNotSupported"


# As HAL writes it ----------------------------------------------------------------------------------------------------


def test_lines_may_stand_under_their_relation(wm):
    body = order("WEB-1")
    body["_embedded"] = {ITEM: body.pop("orderItems")}
    made = wm.client.post("/orders", json=body, headers={"Content-Type": "application/hal+json"})
    assert made.status_code == 201, made.text
    assert lines(wm, made.json()["ReadOnly"]["OrderId"]) == [(MUG, 2)]
    several = [order("A"), order("B")]
    for each in several:
        each["_embedded"] = {ITEM.lower(): each.pop("orderItems")}
    assert len(wm.post("/orders/importer", {"orders": several}).json()["OrderIds"]) == 2
    both = order("WEB-2", (LAMP, 1)) | {"_embedded": {ITEM: [{"itemIdentifier": {"sku": MUG}, "qty": 7}]}}
    assert lines(wm, wm.post("/orders", both).json()["ReadOnly"]["OrderId"]) == [(LAMP, 1)], "a member counts"
    id = place(wm, "WEB-3")
    there = wm.get(f"/orders/{id}/items", headers=HAL).json()
    assert change(wm, "PUT", f"/orders/{id}/items", there).status_code == 200, "a list is put back as it was read"


@pytest.mark.parametrize("embedded", [None, [], "x", {ITEM: "x"}, {ITEM: [1]}, {"other": [1]}, {ITEM: {}}])
def test_what_is_embedded_and_makes_no_sense_is_refused_like_anything_else(wm, embedded):
    body = order("WEB-1") | {"_embedded": embedded}
    del body["orderItems"]
    before = wm.kept()
    assert wm.post("/orders", body).status_code == 400
    assert wm.kept() == before


@pytest.mark.parametrize("body", [b'{"_embedded": ', b'["_embedded"]', b'"_embedded"', b'{"orders": "_embedded"}'])
def test_a_body_that_only_mentions_it_is_read_as_it_is(wm, body):
    assert wm.client.post("/orders", content=body, headers={"Content-Type": "application/json"}).status_code == 400


def test_an_alias_in_a_line_is_what_it_stands_for(wm):
    parts = [{"itemIdentifier": {"sku": MUG}, "qty": 2}, {"itemIdentifier": {"sku": LAMP}, "qty": 1}]
    assert wm.post("/customers/4/itemaliases", {"aliasIdentifier": {"sku": "SET"}, "details": parts}).status_code == 201
    id = place(wm, "WEB-1", ("set", 2))
    assert lines(wm, id) == [(MUG, 4), (LAMP, 2)]
    made = change(wm, "POST", f"/orders/{id}/items", {"itemIdentifier": {"sku": "SET"}, "qty": 1})
    assert [line["Qty"] for line in made.json()["ResourceList"]] == [2, 1]
    wm.post("/customers/4/itemaliases", {"aliasIdentifier": {"sku": "OFF"}, "active": False, "details": parts})
    assert code(wm.post("/orders", order("WEB-2", ("OFF", 1)))) == "400 DoesNotExist"


def test_the_lines_of_a_confirmed_order_stay(wm):
    id = place(wm)
    change(wm, "POST", f"/orders/{id}/confirmer")
    line = read(wm, id)["OrderItems"][0]["ReadOnly"]["OrderItemId"]
    body = {"itemIdentifier": {"sku": MUG}, "qty": 1}
    mugs = {"receiveItemId": batch(wm, MUG)["ReceiveItemId"], "qty": 1}
    before = wm.kept()
    for method, path, said in (
        ("POST", "items", body), ("PUT", "items", {"resourceList": [body]}), ("PUT", f"items/{line}", {"qty": 1}),
        ("DELETE", f"items/{line}", None), ("PUT", "routing", {"carrier": "x"}),
        ("PUT", f"items/{line}/allocator", {"proposedAllocations": [mugs]}),
    ):  # fmt: skip
        assert code(change(wm, method, f"/orders/{id}/{path}", said)) == "403 OrderConfirmed", path
    assert wm.kept() == before
