"""Stock on its way from one warehouse to another, told by the vendor's own API and seen on both dialects."""

import pytest

from tests.extensiv_order_manager.v1 import level, skus, stand

HERE, THERE = 501, 502


def put(om, *items, **more):
    body = {
        "stockTransferOrderNumber": "T-1",
        "fromWarehouseId": HERE,
        "toWarehouseId": THERE,
        "shipMethod": {"shippingCarrier": "UPS"},
        "items": list(items),
    } | more
    return om.client.put("/v1/inventory/stocktransfers", json=body)


def transfer(om, *items, **more):
    answer = put(om, *items, **more)
    assert answer.status_code == 200, answer.text
    return om.get(f"/v1/inventory/stocktransfers/{answer.json()['results'][0]['stockTransferOrderId']}").json()


def shipped(om, made):
    return om.client.post(f"/v1/inventory/stocktransfers/{made['stockTransferOrderId']}/shipment")


def received(om, made, *lines):
    path = f"/v1/inventory/stocktransfers/{made['stockTransferOrderId']}/receive"
    return om.client.post(path, json={"stockTransferOrderItems": list(lines)})


def coming(item, accepted, rejected=0, **more):
    return {
        "stockTransferOrderItemId": item["stockTransferOrderItemId"],
        "acceptedQuantity": accepted,
        "rejectedQuantity": rejected,
        "updateInventory": True,
    } | more


def quantities(om, sku):
    here, there = level(om, sku, HERE), level(om, sku, THERE)
    named = ("onHandQuantity", "allocatedQuantity", "inTransitQuantity")
    return [here.get(name, 0) for name in named], [there.get(name, 0) for name in named]


def on_the_guide(om, sku):
    rows = om.get("/api/inventory/warehouses", params={"sku": sku}).json()["data"]
    return {row["warehouse_id"]: each["on_hand"] for row in rows for each in row["inventory"]}


def test_a_transfer_takes_its_stock_sends_it_and_lays_it_down_on_the_other_side():
    om = stand()
    sku = skus(om)[0]
    on_hand = level(om, sku, HERE)["onHandQuantity"]
    made = transfer(om, {"masterSku": sku, "quantity": 10})
    assert (made["status"], made["items"][0]["status"]) == ("AWAITING_SHIPMENT", "PENDING")
    assert quantities(om, sku) == ([on_hand, 10, 0], [0, 0, 0])
    assert om.sound() == []
    assert shipped(om, made).status_code == 201
    assert quantities(om, sku) == ([on_hand - 10, 0, 0], [0, 0, 10])
    assert on_the_guide(om, sku) == {HERE: on_hand - 10, THERE: 0}
    om.advance(60)
    assert received(om, made, coming(made["items"][0], 6, 1)).status_code == 200
    part = om.get("/v1/inventory/stocktransfers", params={"stockTransferOrderNumber": "T"}).json()[0]
    assert part["status"] == "PARTIALLY_DELIVERED"
    assert [(item["status"], item["quantity"]) for item in part["items"]] == [
        ("RECEIVED", 6),
        ("REJECTED", 1),
        ("PENDING", 3),
    ]
    assert part["items"][0]["receivedDate"] == "2026-11-23T12:01:00Z"
    assert received(om, made, coming(part["items"][2], 3)).status_code == 200
    assert om.get(f"/v1/inventory/stocktransfers/{made['stockTransferOrderId']}").json()["status"] == "CLOSED_SHORT"
    assert quantities(om, sku) == ([on_hand - 10, 0, 0], [9, 0, 0])
    assert on_the_guide(om, sku) == {HERE: on_hand - 10, THERE: 9}
    assert om.sound() == []


def test_the_history_of_both_records_tells_of_it_newest_first():
    om = stand()
    sku = skus(om)[0]
    made = transfer(om, {"masterSku": sku, "quantity": 4})
    shipped(om, made)
    received(om, made, coming(made["items"][0], 4))
    product = om.get("/v1.1/product", params={"sku": sku}).json()["productId"]

    def told(house):
        rows = om.get("/v1/inventory/history", params={"productId": product, "warehouseId": house}).json()
        return [row["editTypeDesc"] for row in rows]

    assert (told(HERE), told(THERE)) == (["Stock transfer shipped"], ["Stock transfer received"])
    for quantity in range(105):
        om.act("count_stock", sku=sku, quantity=quantity)
    assert len(told(HERE)) == 100
    record = om.get("/v1/inventory", params={"sku": sku, "warehouseId": HERE}).json()[0]["productStockId"]
    newest = om.get("/v1/inventory/history", params={"productStockId": record, "limit": 1}).json()
    assert [row["description"] for row in newest] == ["GLOBAL: on hand 103 to 104"]
    assert om.sound() == []


def test_what_is_received_without_the_inventory_lies_on_no_shelf():
    om = stand()
    sku = skus(om)[0]
    made = transfer(om, {"masterSku": sku, "quantity": 2})
    shipped(om, made)
    assert received(om, made, coming(made["items"][0], 2, updateInventory=False)).status_code == 200
    assert quantities(om, sku)[1] == [0, 0, 0]
    assert om.get("/v1/inventory/stocktransfers").json()[0]["status"] == "DELIVERED"


def test_items_that_cannot_be_moved_are_told_of_and_the_others_taken():
    om = stand()
    sku = skus(om)[0]
    answer = put(om, {"masterSku": "nowhere", "quantity": 1}, {"masterSku": sku, "quantity": 1})
    assert answer.status_code == 201
    told = answer.json()
    assert [(error["index"], error["errorCode"]) for error in told["errors"]] == [(1, "ERR053")]
    assert [row["masterSku"] for row in told["results"]] == [sku]
    other_way = {"fromWarehouseId": THERE, "toWarehouseId": HERE, "stockTransferOrderNumber": "B"}
    back = put(om, {"masterSku": sku, "quantity": 1}, **other_way)
    assert (back.status_code, "Product stock not found" in back.json()["message"]) == (422, True)


def test_other_items_take_the_place_of_those_there_were_until_it_is_shipped():
    om = stand()
    first, second, _ = skus(om)
    made = transfer(om, {"masterSku": first, "quantity": 5})
    again = {"stockTransferOrderId": made["stockTransferOrderId"], "items": [{"masterSku": second, "quantity": 2}]}
    assert om.client.put("/v1/inventory/stocktransfers", json=again).status_code == 200
    assert [quantities(om, sku)[0][1] for sku in (first, second)] == [0, 2]
    assert om.sound() == []
    shipped(om, made)
    kept = om.kept()
    assert om.client.put("/v1/inventory/stocktransfers", json=again).status_code == 422
    assert shipped(om, made).status_code == 422
    assert om.kept() == kept


@pytest.mark.parametrize(
    "changes",
    [
        {"stockTransferOrderNumber": None},
        {"fromWarehouseId": None},
        {"toWarehouseId": 999},
        {"toWarehouseId": HERE},
        {"stockTransferOrderId": 999},
        {"items": []},
    ],
)
def test_a_transfer_that_cannot_be_is_refused_and_not_kept(changes):
    om = stand()
    kept = om.kept()
    assert put(om, {"masterSku": skus(om)[0], "quantity": 1}, **changes).status_code == 422
    assert om.kept() == kept


def test_a_number_is_given_once_and_what_has_no_carrier_or_no_stock_does_not_leave():
    om = stand()
    sku = skus(om)[0]
    line = {"masterSku": sku, "quantity": 1}
    made = transfer(om, line, shipMethod=None)
    assert put(om, line).status_code == 422
    assert (shipped(om, made).status_code, quantities(om, sku)[0][1]) == (422, 1)
    many = transfer(om, {"masterSku": sku, "quantity": 99_999}, stockTransferOrderNumber="T-2")
    assert "Shipment is invalid" in shipped(om, many).json()["message"]


def test_no_more_is_received_than_was_sent_and_only_where_it_went():
    om = stand()
    sku = skus(om)[0]
    made = transfer(om, {"masterSku": sku, "quantity": 2})
    item = made["items"][0]
    early = received(om, made, coming(item, 1))
    assert (early.status_code, early.json()["results"]) == (201, [])
    shipped(om, made)
    here = om.get("/v1/inventory", params={"sku": sku, "warehouseId": HERE}).json()[0]["productStockId"]
    lines = [
        coming(item, 3),
        coming(item, 0),
        coming(item, 1, productStockId=here),
        coming({"stockTransferOrderItemId": 999}, 1),
        coming(item, 2),
        coming(item, 1),
    ]
    told = received(om, made, *lines)
    assert (told.status_code, [error["index"] for error in told.json()["errors"]]) == (201, [1, 2, 3, 4, 6])
    assert quantities(om, sku)[1] == [2, 0, 0]
    assert om.sound() == []


def test_a_clerk_ships_and_receives_a_transfer():
    om = stand()
    sku = skus(om)[0]
    transfer(om, {"masterSku": sku, "quantity": 3})
    om.act("ship_transfer", transfer="T-1")
    assert om.act("receive_transfer", transfer="T-1", refused={sku: 1})["status"] == "CLOSED_SHORT"
    assert quantities(om, sku)[1] == [2, 0, 0]
    assert om.sound() == []


# Between records and locations ----------------------------------------------------------------------------------------


def shelve(om, sku, *locations, house=THERE):
    line = {"masterSku": sku, "warehouseId": house, "quantity": 5, "quantityLocked": 1, "minStock": 0, "pickable": True,
            "receivable": True}  # fmt: skip
    told = om.client.put("/v1.1/inventory", json=[line | {"stockLocationName": name} for name in locations]).json()
    return [row["productStockId"] for row in told["results"]]


def moved(om, source, target, quantity, **more):
    query = {"fromProductStockId": source, "toProductStockId": target, "quantity": quantity} | more
    return om.client.post("/v1/inventory/transfer", params=query)


def test_stock_moves_from_one_record_to_another_with_a_word_why():
    om = stand()
    first, second, _ = skus(om)
    [one, two] = shelve(om, first, "A-1", "A-2")
    [other] = shelve(om, second, "A-1")
    answer = moved(om, one, two, 4, notes="tidied")
    assert (answer.status_code, answer.json()["id"]) == (200, two)
    rows = om.get("/v1/inventory", params={"sku": first, "warehouseId": THERE}).json()
    assert [row["quantity"] for row in rows] == [1, 9]
    told = om.get("/v1/inventory/history", params={"productStockId": two}).json()[0]
    assert (told["notes"], told["editTypeDesc"]) == ("tidied", "Inventory transferred")
    kept = om.kept()
    assert moved(om, one, two, 1).status_code == 422, "the last one is locked"
    assert moved(om, two, other, 1).status_code == 422
    assert moved(om, two, two, 1).status_code == 422
    assert moved(om, two, 999, 1).status_code == 404
    assert moved(om, one, two, 0).status_code == 422
    assert om.kept() == kept
    assert om.sound() == []


def test_a_location_has_another_name_by_its_id_or_by_the_one_it_had():
    om = stand()
    sku = skus(om)[0]
    shelve(om, sku, "A-1", "A-2")
    place = om.get("/v1/inventory", params={"sku": sku, "warehouseId": THERE}).json()[0]["stockLocation"]
    lines = [
        {"stockLocationId": place["stockLocationId"], "newStockLocationName": "B-1"},
        {"warehouseId": THERE, "originalStockLocationName": "A-2", "newStockLocationName": "B-2"},
        {"warehouseId": THERE, "originalStockLocationName": "A-2", "newStockLocationName": "B-3"},
        {"warehouseId": THERE, "originalStockLocationName": "B-2", "newStockLocationName": "B-1"},
        {"stockLocationId": HERE, "newStockLocationName": "EAST"},
        {"stockLocationId": THERE, "newStockLocationName": "FLOOR"},
        {"newStockLocationName": "X"},
    ]
    told = om.post("/v1.1/inventory/updatestocklocation", lines).json()
    assert [row["location"] for row in told["results"]] == ["B-1", "B-2", "FLOOR"]
    assert [error["index"] for error in told["errors"]] == [3, 4, 5, 7]
    rows = om.get("/v1/inventory", params={"sku": sku, "warehouseId": THERE}).json()
    assert [row["stockLocation"]["location"] for row in rows] == ["B-1", "B-2"]
    assert shelve(om, sku, "B-1") == []
    assert len(shelve(om, sku, "FLOOR")) == 1


def test_whether_stock_may_be_picked_or_received_is_said_by_where_it_lies():
    om = stand()
    sku = skus(om)[0]
    lines = [{"masterSku": sku, "warehouseId": HERE, "receivable": False}, {"masterSku": "x", "warehouseId": HERE}]
    told = om.post("/v1.2/inventory", lines).json()
    assert (len(told["results"]), told["errors"][0]["errorCode"]) == (1, "ERR097")
    record = om.get("/v1/inventory", params={"sku": sku}).json()[0]
    assert (record["receivable"], record["pickable"]) == (False, True)
