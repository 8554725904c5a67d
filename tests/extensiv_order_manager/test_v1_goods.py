"""Shipments, stock and products of the vendor's own API: prefixes, partial failure, windows."""

import pytest

from tests.extensiv_order_manager.v1 import OM, level, parcel, place, skus, stand, told

WEEK = {"shipmentCreatedFromDate": "2026-11-20T00:00:00Z", "shipmentCreatedToDate": "2026-11-27T00:00:00Z"}


def state(om, id):
    return om.get(f"/v1.1/orders/{id}").json()["orderStatus"]


def acted(om, what, **query):
    return om.client.post(f"/v1/orders/{what}", params={"salesChannelId": 31} | query)


# Shipments -----------------------------------------------------------------------------------------------------------


def test_a_shipment_told_from_outside_ships_the_whole_order_once():
    om = stand()
    sku, made = skus(om)[0], place(om)
    before = level(om, sku)
    rows = told(
        om, parcel(made, shipDate="2026-11-22T08:00:00Z"), parcel(made, "1Z001"), {**parcel(made), "orderId": 7}
    )
    assert [row["status"] for row in rows] == ["SHIPPED", "FAILED", "FAILED"]
    assert rows[1]["processingMessage"]
    shown = om.get(f"/v1.1/orders/{made['orderId']}").json()
    assert (shown["orderStatus"], shown["shipDate"]) == ("SHIPPED", "2026-11-22T08:00:00Z")
    assert shown["shipment"]["trackingNumber"] == "1Z000"
    assert shown["shipments"] == [{"items": [{"listingSku": sku, "quantity": 2}], "trackingNumbers": ["1Z000"]}]
    after = level(om, sku)
    assert (after["onHandQuantity"], after["allocatedQuantity"]) == (before["onHandQuantity"] - 2, 0)
    assert [row["shipmentId"] for row in om.get("/v1/shipments", params=WEEK).json()] == [
        shown["shipment"]["shipmentId"]
    ]


def test_voiding_brings_the_order_back_and_the_goods_only_when_asked():
    om = stand()
    sku, made = skus(om)[0], place(om)
    before = level(om, sku)
    for back, on_hand in (("true", before["onHandQuantity"]), ("false", before["onHandQuantity"] - 2)):
        [row] = told(om, parcel(made))
        id = row["shipment"]["shipmentId"]
        assert om.client.post(f"/v1/shipment/void/{id}", params={"readdInventory": back}).status_code == 200
        assert state(om, made["orderId"]) == "AWAITING_3PL_EXPORT"
        assert (level(om, sku)["onHandQuantity"], level(om, sku)["allocatedQuantity"]) == (on_hand, 2)
        assert om.client.post(f"/v1/shipment/void/{id}").status_code == 422
    statuses = [row["deliveryStatus"] for row in om.get("/v1/shipments", params=WEEK).json()]
    assert statuses == ["VOIDED", "VOIDED"]
    assert om.sound() == []


@pytest.mark.parametrize(
    "window",
    [
        {},
        {"shipmentFromDate": "2026-11-20T00:00:00Z"},
        {"shipmentFromDate": "2026-11-20T00:00:00Z", "shipmentToDate": "2026-11-27T00:00:01Z"},
        {"shipmentFromDate": "2026-11-20T00:00:00Z", "shipmentToDate": "2026-11-19T00:00:00Z"},
        {"shipmentCreatedFromDate": "2026-11-20T00:00:00Z", "shipmentToDate": "2026-11-21T00:00:00Z"},
        {"shipmentFromDate": "0001-01-01T00:00:00Z", "shipmentToDate": "9999-12-31T23:59:59Z"},
    ],
)
def test_shipments_are_asked_for_in_windows_of_a_week_at_most(window):
    answer = stand().get("/v1/shipments", params=window)
    assert (answer.status_code, "errors" in answer.json()) == (422, True)


def test_shipments_are_found_by_prefixes_and_by_where_they_went():
    om = stand()
    first, second = place(om, "A-1"), place(om, "B-1", shipCity="Reno", shipState="NV", shipName="Bo")
    told(om, parcel(first, "1ZA"), parcel(second, "1ZB"))

    def found(**query):
        return [row["orderNumber"] for row in om.get("/v1/shipments", params=WEEK | query).json()]

    assert found(trackingNumber="1z") == ["A-1", "B-1"]
    assert found(trackingNumber="1ZB") == found(city="ren") == found(recipient="B") == found(state="NV") == ["B-1"]
    assert found(orderId=first["orderId"]) == found(orderNumber="A") == ["A-1"]
    assert found(deliveryStatus="VOIDED") == found(warehouseId=502) == found(salesChannelId=7) == []


# Stock ---------------------------------------------------------------------------------------------------------------


def test_a_bulk_does_what_it_can_and_tells_the_rest_by_a_place_counted_from_one():
    om = stand()
    first, second, _ = skus(om)
    lines = [
        {"masterSku": first, "warehouseId": 501, "onHandQuantity": 40},
        {"masterSku": "MUG-99", "warehouseId": 501, "onHandQuantity": 5},
        {"masterSku": second, "warehouseId": 502, "onHandQuantity": 5},
        {"masterSku": second, "warehouseId": 501, "onHandQuantity": 9, "lockedQuantity": 4},
    ]
    answer = om.post("/v1.1/inventory/adjust", lines)
    assert answer.status_code == 200
    body = answer.json()
    assert [(row["masterSku"], row["availableQuantity"]) for row in body["results"]] == [(first, 40), (second, 5)]
    assert [(row["index"], row["errorCode"], row["identifier"]) for row in body["errors"]] == [
        (2, "ERR097", "MUG-99"),
        (3, "ERR097", second),
    ]
    assert level(om, second)["lockedQuantity"] == 4


def test_a_world_may_say_first_that_the_product_is_unknown():
    om = stand()
    om.world.settings[f"{OM}.unknown_sku"] = "ERR053"
    body = om.post("/v1.1/inventory/adjust", [{"masterSku": "X", "warehouseId": 501, "onHandQuantity": 1}]).json()
    assert body["errors"][0]["errorCode"] == "ERR053"


def test_what_orders_have_taken_is_no_business_of_a_count():
    om = stand()
    sku = skus(om)[0]
    place(om)
    om.post("/v1.1/inventory/adjust", [{"masterSku": sku, "warehouseId": 501, "onHandQuantity": 10}])
    assert level(om, sku) == {
        "onHandQuantity": 10,
        "lockedQuantity": 0,
        "inTransitQuantity": 0,
        "allocatedQuantity": 2,
        "availableQuantity": 8,
    }


def test_stock_is_added_and_removed_but_not_below_nothing_or_beyond_the_ceiling():
    om = stand()
    sku = skus(om)[0]
    line = {"masterSku": sku, "warehouseId": 501, "stockLocationName": "GLOBAL"}
    om.post("/v1.1/inventory/adjust", [line | {"onHandQuantity": 10}])
    om.post("/v1.1/inventory/add", [line | {"addQuantity": 5}])
    assert om.post("/v1.1/inventory/remove", [line | {"removeQuantity": 16}]).json()["results"] == []
    assert om.post("/v1.1/inventory/add", [line | {"addQuantity": 100_000_000}]).json()["results"] == []
    assert level(om, sku)["onHandQuantity"] == 15


def test_a_record_is_made_before_it_is_counted_and_a_new_name_makes_a_location():
    om = stand()
    sku = skus(om)[0]
    new = {"masterSku": sku, "warehouseId": 502, "quantity": 7, "quantityLocked": 2, "minStock": 1, "pickable": True,
           "receivable": True, "allocatedQuantity": 0}  # fmt: skip
    nowhere = om.client.put("/v1.1/inventory", json=[new]).json()
    assert nowhere["errors"][0]["fieldName"] == "stockLocationName"
    lines = [new | {"stockLocationName": name} for name in ("A-1", "A-2", "A-1")]
    made = om.client.put("/v1.1/inventory", json=lines).json()
    assert ([row["availableQuantity"] for row in made["results"]], len(made["errors"])) == ([5, 10], 1)
    rows = om.get("/v1/inventory", params={"sku": sku, "warehouseId": 502}).json()
    assert [(row["stockLocation"]["location"], row["quantity"]) for row in rows] == [("A-1", 7), ("A-2", 7)]
    assert rows[0]["warehouseStockTotals"]["availableQuantity"] == 10
    assert om.sound() == []


def test_the_channel_is_told_what_changed_since_it_asked_last():
    om = stand()
    first, second, _ = skus(om)

    def heard(**query):
        answer = om.client.post("/v1.2/inventory/acknowledge", params={"salesChannelId": 31} | query)
        [told] = answer.json()
        rows = told["productAggregatedQuantities"]
        return {row["product"]["masterSku"]: row["availableQuantity"] for row in rows}, told["pagesRemaining"]

    assert len(heard()[0]) == 3
    assert heard() == ({}, False)
    om.post(
        "/v1.1/inventory/adjust",
        [{"masterSku": sku, "warehouseId": 501, "onHandQuantity": 7} for sku in (first, second)],
    )
    assert heard(limit=1) == ({min(first, second): 7}, True)
    assert heard(limit=1, page=2) == ({max(first, second): 7}, False)
    assert heard() == ({}, False)
    assert len(heard(fromDate="2026-11-23T00:00:00Z")[0]) == 3


# Products ------------------------------------------------------------------------------------------------------------


def test_skus_match_prefixes_of_products_and_stock_but_not_of_totals():
    om = stand(products=0)
    lines = [{"masterSku": sku, "brand": "b", "name": sku} for sku in ("MUG", "MUG-1", "mug-2", "LAMP", "MUG")]
    made = om.client.put("/v1.1/products/cores", json=lines).json()
    assert ([row["masterSku"] for row in made["results"]], made["errors"][0]["index"]) == (
        ["MUG", "MUG-1", "mug-2", "LAMP"],
        5,
    )
    stock = {
        "warehouseId": 501,
        "quantity": 3,
        "quantityLocked": 0,
        "minStock": 0,
        "pickable": True,
        "receivable": True,
    }
    om.client.put("/v1.1/inventory", json=[stock | {"masterSku": sku} for sku in ("MUG", "MUG-1", "LAMP")])

    def found(path, sku):
        rows = om.get(path, params={"sku": sku}).json()
        return [(row.get("product") or row)["masterSku"] for row in rows]

    assert found("/v1.1/products", "MUG") == found("/v1.1/products", '"MUG"') == ["MUG", "MUG-1", "mug-2"]
    assert found("/v1/inventory", "MUG") == ["MUG", "MUG-1"]
    assert found("/v1/productstocks/total", "MUG") == ["MUG"]
    assert om.get("/v1.1/product", params={"sku": "MUG"}).json()["masterSku"] == "MUG"


def test_a_product_is_found_by_one_of_its_names_and_by_one_only():
    om = stand()
    product = om.get("/v1.1/products?limit=1").json()[0]
    assert om.get("/v1.1/product", params={"upc": product["upc"]}).json() == product
    assert om.get("/v1.1/product", params={"upc": product["upc"], "sku": product["masterSku"]}).status_code == 422
    assert om.get("/v1.1/product", params={"sku": "nowhere"}).status_code == 404


def test_products_and_listings_change_and_say_when():
    om = stand()
    product = om.get("/v1.1/products").json()[0]
    om.advance(60)
    line = {
        "productId": product["productId"],
        "masterSku": product["masterSku"],
        "mpn": "M-1",
        "mapPrice": {"amount": 3.5, "currency": "USD"},
    }
    assert om.post("/v1/products", [line, {"masterSku": "nowhere"}]).json()["errors"][0]["errorCode"] == "ERR053"
    [changed] = om.get("/v1.1/products", params={"modifiedDateFrom": "2026-11-23T12:01:00Z"}).json()
    assert (changed["mpn"], changed["mapPrice"]["amount"], changed["modifiedDate"]) == (
        "M-1",
        3.5,
        "2026-11-23T12:01:00Z",
    )
    [listing] = om.get("/v1/listings", params={"productId": product["productId"]}).json()
    off = {"listings": [{"productListingId": listing["listingId"], "active": False}]}
    assert om.post("/v1/listings", off).json()["errors"] == []
    assert place(om)["orderStatus"] == "UNRESOLVED"
