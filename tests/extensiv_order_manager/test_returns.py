"""What customers send back, told by the vendor's own API and seen on both dialects."""

import pytest

from mock_servers.core.refusal import UsageError
from tests.extensiv_order_manager.v1 import level, parcel, place, skus, stand, told

WINDOW = {"createdFromDate": "2026-01-01T00:00:00Z", "createdToDate": "2030-01-01T00:00:00Z"}
UPS = {"shippingProviderId": 1, "shippingServiceId": 11, "packageTypeId": 1}


def sold(om, number="A-1"):
    """An order of two of the first product that was shipped, and the id of its item."""
    made = place(om, number)
    told(om, parcel(made))
    return made, made["orderItems"][0]["orderItemId"]


def back(item, quantity=1, **more):
    return {"orderItemId": item, "returnedQuantity": quantity} | more


def put(om, *lines):
    return om.client.put("/v1/shipments/rmas", json=list(lines))


def rma(om, order, *items, **more):
    answer = put(om, {"orderId": order["orderId"], "items": list(items)} | more)
    assert answer.status_code == 200, answer.text
    [made] = answer.json()
    return made


def received(om, *made):
    return om.post("/v1/shipments/rmas/markshipped", [each["rmaId"] for each in made])


def on_the_guide(om, sku):
    rows = om.get("/api/inventory/warehouses", params={"sku": sku}).json()["data"]
    return sum(each["on_hand"] for row in rows for each in row["inventory"])


def test_what_comes_back_lies_on_the_shelf_again_when_it_was_received_and_on_both_dialects():
    om = stand()
    order, item = sold(om)
    sku = skus(om)[0]
    before, guide = level(om, sku)["onHandQuantity"], on_the_guide(om, sku)
    made = rma(om, order, back(item, 2, reason="DAMAGED", type="REFUND", action="REINSERT"))
    assert level(om, sku)["onHandQuantity"] == before
    assert received(om, made).json()[0]["rmaId"] == made["rmaId"]
    assert (level(om, sku)["onHandQuantity"], on_the_guide(om, sku)) == (before + 2, guide + 2)
    assert received(om, made).status_code == 422


def test_what_is_written_off_comes_back_and_lies_nowhere():
    om = stand()
    order, item = sold(om)
    sku = skus(om)[0]
    before = level(om, sku)["onHandQuantity"]
    om.act("receive_return", rma=rma(om, order, back(item, action="WRITE_OFF"), rmaNumber="R-7")["rmaNumber"])
    assert level(om, sku)["onHandQuantity"] == before
    with pytest.raises(UsageError):
        om.act("receive_return", rma="R-7")


def test_all_that_are_named_are_received_or_none():
    om = stand()
    order, item = sold(om)
    made = rma(om, order, back(item))
    kept = om.kept()
    assert received(om, made, {"rmaId": 9}).status_code == 404
    assert om.kept() == kept


def test_no_more_comes_back_than_was_shipped_by_all_returns_together():
    om = stand()
    order, item = sold(om)
    rma(om, order, back(item))
    answer = put(om, {"orderId": order["orderId"], "items": [back(item, 2)]})
    assert (answer.status_code, answer.json()["errors"][0]["fieldName"]) == (422, "returnedQuantity")
    rma(om, order, back(item))


def test_those_that_can_be_made_are_made_and_201_says_that_some_could_not():
    om = stand()
    order, item = sold(om)
    waits = place(om, "A-2")
    unshipped = {"orderId": waits["orderId"], "items": [back(waits["orderItems"][0]["orderItemId"])]}
    assert put(om, unshipped).status_code == 422
    answer = put(om, unshipped, {"items": [back(item)]})
    assert (answer.status_code, len(answer.json())) == (201, 1)
    assert answer.json()[0]["items"][0]["rmaOrderItem"]["orderId"] == order["orderId"]


@pytest.mark.parametrize(
    "more",
    [
        {"warehouseId": 999},
        {"deliveryConfirmation": 9},
        {"insuranceProvider": -1},
        {"shipMethod": {"shippingProviderId": 1}},
        {"generateShippingLabels": True},
        {"generateShippingLabels": True, "shipMethod": UPS | {"shippingServiceId": 999}},
    ],
)
def test_a_return_that_cannot_be_is_refused_and_not_kept(more):
    om = stand()
    order, item = sold(om)
    kept = om.kept()
    assert put(om, {"orderId": order["orderId"], "items": [back(item)]} | more).status_code == 422
    assert om.kept() == kept


def test_a_number_is_taken_once_and_items_are_the_order_s():
    om = stand()
    order, item = sold(om)
    rma(om, order, back(item), rmaNumber="R-1")
    assert put(om, {"orderId": order["orderId"], "rmaNumber": "R-1", "items": [back(item)]}).status_code == 422
    assert put(om, {"orderId": order["orderId"], "items": [back(item + 1)]}).status_code == 422
    assert put(om, {"orderId": 1, "items": [back(item)]}).status_code == 422


def test_returns_are_found_by_what_they_are_and_by_whom_they_come_from():
    om = stand()
    order, item = sold(om)
    made = rma(om, order, back(item), trackingNumber="1ZBACK", rmaNumber="R-1")
    rma(om, sold(om, "A-2")[0], back(place(om, "A-3")["orderItems"][0]["orderItemId"] - 1))

    def found(**query):
        return [row["rmaId"] for row in om.get("/v1/shipments/rmas", params=WINDOW | query).json()]

    both = [made["rmaId"], made["rmaId"] + 1]
    assert found() == found(returner="ana ruiz", city="ALBANY") == found(salesChannelId=31) == both
    for query in ({"rmaNumber": "R-1"}, {"orderNumber": "A-1"}, {"trackingNumber": "1ZBACK"}, {"limit": 1}):
        assert found(**query) == both[:1]
    assert found(country="CAN") == found(createdFromDate="2029-01-01T00:00:00Z") == found(shippingProviderId=1) == []
    assert om.get("/v1/shipments/rmas").status_code == 422


def test_a_return_has_a_shipment_of_its_own_among_those_of_the_order():
    om = stand()
    order, item = sold(om)
    made = rma(om, order, back(item), generateShippingLabels=True, shipMethod=UPS)
    window = {"shipmentCreatedFromDate": "2026-11-22T00:00:00Z", "shipmentCreatedToDate": "2026-11-25T00:00:00Z"}

    def shipments():
        rows = om.get("/v1/shipments", params=window | {"orderId": order["orderId"]}).json()
        return {row["type"]: row for row in rows}

    assert len(shipments()) == 2
    parcel_back = shipments()["RETURN"]
    assert (parcel_back["shipmentId"], parcel_back["rma"]) == (made["shipmentId"], made["rmaId"])
    assert parcel_back["shipMethod"]["shippingCarrier"] == "UPS"
    assert parcel_back["trackingNumber"] and made["shippingLabelUrls"] and parcel_back["received"] is None
    received(om, made)
    assert shipments()["RETURN"]["received"] and shipments()["RETURN"]["deliveryStatus"] == "DELIVERED"


def test_notes_and_items_change_until_it_is_received():
    om = stand()
    order, item = sold(om)
    made = rma(om, order, back(item))
    [line] = made["items"]
    om.post("/v1/shipments/rmas", {"rmaId": made["rmaId"], "notes": "fragile"})
    named = {"rmaOrderItem": {"listingSku": line["rmaOrderItem"]["listingSku"]}, "returnedQuantity": 2}
    for lines, status in ([named], 200), ([named | {"returnedQuantity": 3}], 422), ([named, named], 422):
        answer = om.client.put("/v1/shipments/rmas/items", json=[{"rmaId": made["rmaId"], "items": lines}])
        assert answer.status_code == status
    [row] = om.get("/v1/shipments/rmas", params=WINDOW).json()
    assert (row["notes"], [each["returnedQuantity"] for each in row["items"]]) == ("fragile", [2])
    received(om, made)
    late = om.client.put("/v1/shipments/rmas/items", json=[{"rmaId": made["rmaId"], "items": [named]}])
    assert late.status_code == 422


def test_what_comes_back_has_left_and_cannot_be_voided():
    om = stand()
    order, item = sold(om)
    rma(om, order, back(item))
    [shipment] = om.documents("shipment")
    assert om.client.post(f"/v1/shipment/void/{shipment['id']}").status_code == 422
    with pytest.raises(UsageError):
        om.act("void", shipment=shipment["id"])
