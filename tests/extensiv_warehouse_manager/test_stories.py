"""What happens at Warehouse Manager: orders that wait, ship and come back, and the stock under them."""

import pytest

from mock_servers.core.refusal import Refusal, UsageError
from tests.extensiv_warehouse_manager.support import LAMP, MUG, change, code, order, place, read, stock, warehouse


@pytest.fixture
def wm():
    return warehouse()


@pytest.fixture(autouse=True)
def books_in_order(wm):
    """Whatever a story tells, nothing may have gone wrong in the books behind it."""
    yield
    assert wm.sound() == []


def test_a_complete_order_takes_its_stock_at_once_and_ships_it(wm):
    id = place(wm, "WEB-1", (MUG, 4))
    assert stock(wm, MUG) == {"TotalReceived": 40, "Allocated": 4, "Available": 36, "OnHand": 40}
    about = read(wm, id)["ReadOnly"]
    assert (about["Status"], about["FullyAllocated"], about["DeferNotification"]) == (0, True, False)
    assert change(wm, "POST", f"/orders/{id}/confirmer", {"trackingNumber": "1Z7"}).status_code == 204
    assert stock(wm, MUG) == {"TotalReceived": 40, "Allocated": 4, "Available": 36, "OnHand": 36}, "allocated stays"
    after = read(wm, id)
    assert (after["ReadOnly"]["Status"], after["ReadOnly"]["IsClosed"]) == (1, True)
    assert after["ReadOnly"]["ShipDate"] == "2026-11-23T12:00:00"
    assert after["RoutingInfo"]["TrackingNumber"] == "1Z7"


def test_an_incomplete_order_waits_until_it_is_completed(wm):
    id = place(wm, "WEB-1", (MUG, 4), deferNotification=True)
    assert stock(wm, MUG)["Allocated"] == 0
    assert "ProcessDate" not in read(wm, id)["ReadOnly"]
    assert code(change(wm, "POST", f"/orders/{id}/confirmer")) == "403 NotFullyAllocated"
    assert change(wm, "POST", f"/orders/{id}/completer").status_code == 204
    assert stock(wm, MUG)["Allocated"] == 4
    assert code(change(wm, "POST", f"/orders/{id}/completer")) == "403 AlreadyCompleted"


def test_what_is_not_there_cannot_ship_until_it_has_come_in(wm):
    id = place(wm, "WEB-1", (LAMP, 5))
    assert read(wm, id)["ReadOnly"]["FullyAllocated"] is False
    assert code(change(wm, "POST", f"/orders/{id}/confirmer")) == "403 NotFullyAllocated"
    with pytest.raises(UsageError, match="not enough stock"):
        wm.act("ship", order="WEB-1")
    receiver = wm.post(
        "/inventory/receivers",
        {
            "customerIdentifier": {"externalId": "acme"},
            "facilityIdentifier": {"name": "Reno 1"},
            "referenceNum": "IN-1",
            "receiveItems": [{"itemIdentifier": {"sku": LAMP}, "qty": 2}],
        },
    ).json()["ReadOnly"]["ReceiverId"]
    assert stock(wm, LAMP)["TotalReceived"] == 3, "announced is not there"
    assert change(wm, "POST", f"/inventory/receivers/{receiver}/confirmer").status_code == 204
    assert stock(wm, LAMP) == {"TotalReceived": 5, "Allocated": 3, "Available": 2, "OnHand": 5}
    assert (
        code(change(wm, "POST", f"/inventory/receivers/{receiver}/canceler", {"reason": "x"})) == "403 OrderConfirmed"
    )
    assert change(wm, "PUT", f"/orders/{id}/allocator", {}).status_code == 204
    assert change(wm, "POST", f"/orders/{id}/confirmer").status_code == 204
    assert stock(wm, LAMP) == {"TotalReceived": 5, "Allocated": 5, "Available": 0, "OnHand": 0}


def test_a_canceled_order_gives_its_stock_back_and_is_canceled_for_good(wm):
    id = place(wm, "WEB-1", (MUG, 4))
    assert change(wm, "POST", f"/orders/{id}/canceler", {"reason": "no"}).status_code == 204
    assert stock(wm, MUG)["Available"] == 40
    for method, step, body in (
        ("POST", "canceler", {"reason": "no"}), ("POST", "confirmer", None), ("PUT", "allocator", None),
        ("POST", "completer", None), ("PUT", "deallocator", None), ("POST", "packstarter", {"source": "x"}),
    ):  # fmt: skip
        assert code(change(wm, method, f"/orders/{id}/{step}", body)) == "403 OrderCanceled", step
    assert code(change(wm, "PUT", f"/orders/{id}", {"poNum": "x"})) == "403 OrderCanceled"
    assert code(wm.post("/orders", order("WEB-1"))) == "400 Duplicate", "canceled orders count"


def test_a_confirmed_order_can_be_opened_again_and_nothing_has_left(wm):
    id = place(wm, "WEB-1", (MUG, 4))
    assert code(change(wm, "POST", f"/orders/{id}/unconfirmer")) == "403 OrderNotConfirmed"
    wm.act("ship", order="WEB-1", parcels=2)
    assert code(change(wm, "POST", f"/orders/{id}/canceler", {"reason": "late"})) == "403 OrderConfirmed"
    assert change(wm, "POST", f"/orders/{id}/unconfirmer").status_code == 204
    assert stock(wm, MUG) == {"TotalReceived": 40, "Allocated": 4, "Available": 36, "OnHand": 40}
    assert len(read(wm, id)["ReadOnly"]["Packages"]) == 2, "packed as it was"


def test_a_box_whose_label_is_void_stays_empty_and_its_goods_are_packed_again(wm):
    id = place(wm, "WEB-1", (MUG, 4))
    (sent,) = wm.act("ship", order="WEB-1")["packages"]
    wm.act("void", package=str(sent["package"]))
    after = read(wm, id)["ReadOnly"]
    assert (after["Status"], after["Packages"][0]["PackageContents"]) == (0, [])
    assert "TrackingNumber" not in after["Packages"][0]
    (again,) = wm.act("ship", order="WEB-1")["packages"]
    assert again["package"] != sent["package"]
    assert again["items"] == {MUG: 4}
    with pytest.raises(UsageError, match="no order that has shipped"):
        wm.act("void", package="12")


def test_packages_are_read_with_the_order_and_alone(wm):
    id = place(wm, "WEB-1", (MUG, 4), (LAMP, 1))
    wm.act("pick", order="WEB-1")
    packed = wm.act("pack", order="WEB-1", parcels=2, tracking_number="T")["packages"]
    assert [each["tracking_number"] for each in packed] == ["T", "T-2"]
    about = read(wm, id)
    assert (about["ReadOnly"]["PickDoneDate"], about["ReadOnly"]["PackDoneDate"]) == ("2026-11-23T12:00:00",) * 2
    alone = wm.get(f"/orders/{id}/packages").json()["ResourceList"]
    assert [each["TrackingNumber"] for each in alone] == ["T", "T-2"]
    for one, listed in zip(alone, about["ReadOnly"]["Packages"], strict=True):
        assert one["PackageContents"] == listed["PackageContents"]
        assert one["ReadOnly"] == {name: listed[name] for name in ("Oversize", "Cod")}
        assert "Oversize" not in one, "alone it is under ReadOnly"
    assert "Packages" not in read(wm, id, "OrderItems")["ReadOnly"], "only when asked for"
    assert "OrderItems" not in read(wm, id, "Packages")
    assert wm.get("/orders/shipmentstrackinginfo").json()["TotalResults"] == 0, "not confirmed"
    change(wm, "POST", f"/orders/{id}/confirmer")
    rows = wm.get("/orders/shipmentstrackinginfo").json()["ResourceList"]
    assert [(row["OrderId"], row["TrackingNumber"]) for row in rows] == [(id, "T"), (id, "T-2")]
    with pytest.raises(UsageError, match="packed already"):
        wm.act("pack", order=str(place(wm, "WEB-2"))) and wm.act("pack", order="WEB-2")


def test_an_order_on_hold_does_nothing_until_it_is_released(wm):
    id = place(wm)
    held = wm.client.put(
        "/orders/orderholder?holdReason=fraud", json={"orderIdentifiers": [{"id": id}, {"id": 99}]}
    ).json()
    assert held == {"HeldOrderIds": [id], "Exceptions": [{"OrderId": 99, "ErrorCode": "DoesNotExist"}]}
    assert read(wm, id)["ReadOnly"]["OnHoldReason"] == "fraud"
    for step in ("confirmer", "canceler", "completer"):
        assert code(change(wm, "POST", f"/orders/{id}/{step}", {"reason": "x"})) == "403 InUse"
    wm.client.put("/orders/orderholder?release=true", json={"orderIdentifiers": [{"id": id}]})
    assert change(wm, "POST", f"/orders/{id}/confirmer").status_code == 204


def test_lines_that_are_put_replace_those_that_were_there_and_take_stock_anew(wm):
    id = place(wm, "WEB-1", (MUG, 4))
    body = {"orderItems": [{"itemIdentifier": {"sku": LAMP}, "qty": 2}], "shippingNotes": "dock"}
    assert change(wm, "PUT", f"/orders/{id}", body).status_code == 200
    assert (stock(wm, MUG)["Allocated"], stock(wm, LAMP)["Allocated"]) == (0, 2)
    assert change(wm, "PUT", f"/orders/{id}", {"notes": "soon"}).status_code == 200
    after = read(wm, id)
    assert [line["ItemIdentifier"]["Sku"] for line in after["OrderItems"]] == [LAMP], "untouched when absent"
    assert (after["Notes"], after["ShippingNotes"]) == ("soon", "dock")


def test_stock_is_set_aside_just_as_it_is_proposed(wm):
    id = place(wm, "WEB-1", (MUG, 4), deferNotification=True)
    (line,) = read(wm, id)["OrderItems"]
    (batch,) = wm.get(f"/inventory?rql=ItemIdentifier.Sku=={MUG};AvailableQty=gt=0").json()["ResourceList"]

    def proposed(quantity: float, receive_item: int = batch["ReceiveItemId"]) -> dict:
        taken = [{"receiveItemId": receive_item, "qty": quantity}]
        return {"proposedAllocations": [{"orderItemId": line["ReadOnly"]["OrderItemId"], "proposedAllocations": taken}]}

    before = wm.kept()
    assert code(change(wm, "PUT", f"/orders/{id}/allocator", proposed(5))) == "400 Incompatible", "more than is wanted"
    assert code(change(wm, "PUT", f"/orders/{id}/allocator", proposed(1, 1))) == "400 DoesNotExist"
    assert wm.kept() == before
    assert change(wm, "PUT", f"/orders/{id}/allocator", proposed(3)).status_code == 204
    assert stock(wm, MUG)["Allocated"] == 3
    assert change(wm, "PUT", f"/orders/{id}/allocator").status_code == 204, "and the rest by itself"
    assert code(change(wm, "PUT", f"/orders/{id}/allocator")) == "403 FullyAllocated"
    assert change(wm, "PUT", f"/orders/{id}/deallocator").status_code == 204
    assert code(change(wm, "PUT", f"/orders/{id}/deallocator")) == "403 Unallocated"


def test_a_count_takes_from_what_is_free_and_then_from_the_newest_order(wm):
    first, second = place(wm, "WEB-1", (MUG, 10)), place(wm, "WEB-2", (MUG, 10))
    wm.act("count_stock", sku=MUG, quantity=25)
    assert stock(wm, MUG) == {"TotalReceived": 25, "Allocated": 20, "Available": 5, "OnHand": 25}
    wm.act("count_stock", sku=MUG, quantity=12)
    assert [read(wm, id)["ReadOnly"]["FullyAllocated"] for id in (first, second)] == [True, False]
    assert stock(wm, MUG) == {"TotalReceived": 12, "Allocated": 12, "Available": 0, "OnHand": 12}
    wm.act("count_stock", sku=MUG, quantity=30)
    assert stock(wm, MUG)["Available"] == 18
    with pytest.raises(UsageError):
        wm.act("count_stock", sku=MUG, quantity=-1)
    with pytest.raises(Refusal):
        wm.act("count_stock", sku="NOBODY", quantity=1)


def test_what_is_ordered_and_not_set_aside_is_told_only_when_asked_for(wm):
    place(wm, "WEB-1", (LAMP, 5))
    plain = wm.get("/inventory/stocksummaries").json()["Summaries"]
    assert all("OrderedNotAllocated" not in row for row in plain)
    rows = wm.get("/inventory/stocksummaries?orderednotallocated=true").json()["Summaries"]
    assert {row["ItemIdentifier"]["Sku"]: row["OrderedNotAllocated"] for row in rows}[LAMP] == 2


def test_an_import_is_all_or_nothing_unless_the_bad_are_skipped(wm):
    orders = [order("A"), order("B", ("NOBODY", 1)), order("C", (LAMP, 50))]
    before = wm.kept()
    refused = wm.post("/orders/importer", {"orders": orders})
    assert refused.status_code == 400
    (fault,) = refused.json()["Faults"]
    assert (fault["EntryNumber"], fault["EntryInfo"]) == (2, "B"), "counted from 1"
    assert fault["WmsException"]["$type"].startswith("WMS.V2.Generic.Models.Exceptions.ModelValidationException")
    assert fault["WmsException"]["ErrorCode"] == "DoesNotExist"
    assert wm.kept() == before
    made = wm.post("/orders/importer?skipInvalidOrders=true", {"orders": orders})
    assert len(made.json()["OrderIds"]) == 2
    short = wm.post("/orders/importer?skipShortOrders=true", {"orders": [order("D"), order("E", (LAMP, 50))]})
    assert len(short.json()["OrderIds"]) == 1


def test_fractions_add_up(wm):
    for number in range(3):
        place(wm, f"WEB-{number}", (MUG, 0.1))
    assert stock(wm, MUG)["Allocated"] == pytest.approx(0.3)
    wm.act("ship", order="WEB-0")


def test_items_are_made_changed_and_asked_for(wm):
    made = wm.post("/customers/4/items", {"sku": "TEE", "description": "Tee"})
    assert made.status_code == 201
    id = made.json()["ItemId"]
    assert code(wm.post("/customers/4/items", {"sku": "tee"})) == "400 Duplicate", "whatever its capitals"
    assert wm.post("/customers/7/items", {"sku": "TEE"}).status_code == 201, "another customer's"
    path = f"/customers/4/items/{id}"
    tag = wm.get(path).headers["etag"]
    assert wm.client.put(path, json={"upc": "123"}, headers={"If-Match": tag}).json()["Upc"] == "123"
    assert wm.client.put(path, json={"upc": "4"}, headers={"If-Match": tag}).status_code == 412
    stays = wm.client.put(path, json={"sku": "OTHER"}, headers={"If-Match": "*"})
    assert code(stays) == "400 Incompatible"
    assert wm.get(f"/customers/7/items/{id}").status_code == 404
    assert wm.get("/customers/4/items?rql=Sku==tee").json()["TotalResults"] == 1


def test_events_are_told_with_the_order_they_are_about(wm):
    wm.act("listen", url="http://127.0.0.1:9/told", events=["OrderCreate", "OrderConfirm"], whole=True)
    place(wm, "WAITS", deferNotification=True)
    assert wm.documents("webhook_delivery") == [], "an incomplete order is not told of"
    id = place(wm, "WEB-1")
    wm.act("ship", order="WEB-1")
    created, confirmed = (each["body"] for each in wm.documents("webhook_delivery"))
    assert '"eventType":"OrderCreate"' in created
    assert '"tags":"Shipped"' in confirmed
    assert f'"href":"/orders/{id}?detail=OrderItems"' in confirmed
    assert '"eventDateTimeUtc":"2026-11-23T12:00:00.0000000"' in confirmed
    assert '"links":"{\\"customers/customer\\":\\"/customers/4\\"' in confirmed
    assert '\\"referenceNum\\":\\"WEB-1\\"' in confirmed, "the resource is a string of its own"
    with pytest.raises(UsageError, match="there is no event"):
        wm.act("listen", url="https://example.com", events=["OrderEaten"])
    with pytest.raises(UsageError, match="https"):
        wm.act("listen", url="http://example.com")


def test_sku_filters_look_into_lines(wm):
    one, two = place(wm, "WEB-1", (MUG, 1)), place(wm, "WEB-2", (LAMP, 1), (MUG, 1))
    place(wm, "WEB-3", (LAMP, 1))

    def ids(query: str) -> list[int]:
        return [row["ReadOnly"]["OrderId"] for row in wm.get(f"/orders?{query}").json()["ResourceList"]]

    assert ids("skulist=mug-red,NOBODY") == [one, two]
    assert ids("skucontains=RED") == [one, two]
    assert ids("skucontains=zzz") == []
