"""The vendor's own API told as stories: orders and their states, shipments, quotas, prefixes, partial failure."""

import pytest

from tests.extensiv_order_manager.v1 import OM, level, order, parcel, place, skus, stand, told
from tests.support import bench

WEEK = {"shipmentCreatedFromDate": "2026-11-20T00:00:00Z", "shipmentCreatedToDate": "2026-11-27T00:00:00Z"}


def state(om, id):
    return om.get(f"/v1.1/orders/{id}").json()["orderStatus"]


def acted(om, what, **query):
    return om.client.post(f"/v1/orders/{what}", params={"salesChannelId": 31} | query)


# Orders --------------------------------------------------------------------------------------------------------------


def test_an_order_is_created_with_put_and_found_by_a_prefix_of_its_number():
    om = stand()
    made = place(om, "A-1")
    place(om, "A-10")
    assert (made["orderStatus"], made["unresolvedStatus"]) == ("AWAITING_3PL_EXPORT", "RESOLVED")
    found = om.get("/v1.1/orders", params={"orderNumber": "A-1"}).json()
    assert [row["orderNumber"] for row in found] == ["A-1", "A-10"]
    assert [row["orderNumber"] for row in om.get('/v1.1/orders?orderNumber="a-10","B"').json()] == ["A-10"]
    assert [row["orderNumber"] for row in om.get("/v1.1/orders?orderNumber[]=A-10").json()] == ["A-10"]


def test_orders_are_created_by_the_list_and_one_that_cannot_be_leaves_none():
    om = stand()
    made = om.client.put("/v1/order", json=[order(om, number) for number in ("A-1", "A-2")]).json()
    assert [row["orderNumber"] for row in made["orders"]] == ["A-1", "A-2"]
    assert made["ids"] == [row["orderId"] for row in made["orders"]]
    kept = om.kept()
    lines = [order(om, "A-3"), order(om, "A-4", salesChannelId=99)]
    refused = om.client.put("/v1/order", json=lines)
    assert (refused.status_code, refused.json()["errors"][0]["fieldName"]) == (422, "[1].salesChannelId")
    assert om.client.put("/v1/order", json=order(om, "A-3")).status_code == 400, "one alone is no list"
    assert om.kept() == kept


def test_an_order_that_nobody_paid_waits_for_it_and_takes_no_stock():
    om = stand()
    sku = skus(om)[0]
    before = level(om, sku)
    made = place(om, paymentDate=...)
    assert (made["orderStatus"], level(om, sku)) == ("AWAITING_PAYMENT", before)
    paid = {"orderIdentifier": {"orderId": made["orderId"]}, "paymentDate": "2026-11-23T11:00:00Z"}
    answer = om.post("/v1.1/orders", [paid]).json()
    assert (answer["errors"], answer["results"][0]["orderStatus"]) == ([], "AWAITING_3PL_EXPORT")
    assert level(om, sku)["allocatedQuantity"] == before["allocatedQuantity"] + 2


def test_a_sku_that_is_no_listing_leaves_the_order_unresolved_until_it_is_listed():
    om = stand()
    line = order(om)["orderItems"][0] | {"listingSku": "WEB-MUG"}
    made = place(om, orderItems=[line])
    assert (made["orderStatus"], made["unresolvedStatus"]) == ("UNRESOLVED", "MISSING_PRODUCT_INFO")
    assert made["orderItems"][0]["product"] is None
    product = om.get("/v1.1/products").json()[0]
    listing = {"listingSku": "WEB-MUG", "productId": product["productId"]}
    listed = om.client.put("/v1/listings", json={"salesChannelId": 31, "listings": [listing]}).json()
    assert listed["errors"] == []
    again = om.get(f"/v1.1/orders/{made['orderId']}").json()
    assert again["orderStatus"] == "AWAITING_3PL_EXPORT"
    [item] = again["orderItems"]
    assert (item["listingSku"], item["product"]["masterSku"]) == ("WEB-MUG", product["masterSku"])


def test_a_number_is_taken_once_on_a_channel_and_free_on_another():
    om = stand()
    place(om)
    again = om.client.put("/v1/order", json=[order(om)])
    assert (again.status_code, again.json()["errors"][0]["fieldName"]) == (422, "[0].orderNumber")
    channel = om.client.put("/v1/saleschannels", params={"salesChannelName": "Outlet"}).json()["id"]
    assert place(om, salesChannelId=channel)["salesChannel"]["name"] == "Outlet"
    assert om.sound() == []


def test_cancelling_reads_the_query_and_gives_the_stock_back():
    om = stand()
    before = level(om, skus(om)[0])
    made = place(om)
    body = {"orderNumber": ["A-1"], "salesChannelId": 31, "cancelReasonType": "OTHER"}
    assert om.post("/v1/orders/cancel", body).status_code == 422
    assert state(om, made["orderId"]) == "AWAITING_3PL_EXPORT"
    assert acted(om, "cancel", orderNumber="A-1", cancelReasonType="NO_INVENTORY").status_code == 200
    shown = om.get(f"/v1.1/orders/{made['orderId']}").json()
    assert (shown["orderStatus"], shown["cancelReason"]["type"]) == ("CANCELLED", "NO_INVENTORY")
    assert level(om, skus(om)[0]) == before
    assert acted(om, "cancel", orderNumber="A-1", cancelReasonType="OTHER").status_code == 422


def test_one_order_that_cannot_be_cancelled_keeps_all_of_them():
    om = stand()
    first, second = place(om, "A-1"), place(om, "A-2", paymentDate=...)
    kept = om.kept()
    answer = acted(om, "cancel", orderId=[first["orderId"], second["orderId"]], cancelReasonType="OTHER")
    assert (answer.status_code, om.kept()) == (422, kept)


def test_a_cancelled_order_is_restored_unless_its_channel_was_told():
    om = stand()
    quiet, told_of = place(om, "A-1"), place(om, "A-2")
    acted(om, "cancel", orderNumber="A-1", cancelReasonType="OTHER")
    acted(om, "cancel", orderNumber="A-2", cancelReasonType="OTHER", updateSalesChannels="true")
    answer = om.post("/v1/orders/restore", [quiet["orderId"], told_of["orderId"], 7])
    assert answer.status_code == 201
    assert [error["index"] for error in answer.json()["errors"]] == [2, 3]
    assert (state(om, quiet["orderId"]), state(om, told_of["orderId"])) == ("AWAITING_3PL_EXPORT", "CANCELLED")
    assert om.sound() == []


def test_a_hold_ends_at_its_date_and_not_before():
    om = stand()
    made = place(om)
    assert acted(om, "onhold", orderNumber="A-1", holdUntil="2026-11-23T13:00:00Z").status_code == 200
    assert state(om, made["orderId"]) == "ON_HOLD"
    om.advance(3599)
    assert state(om, made["orderId"]) == "ON_HOLD"
    om.advance(1)
    assert state(om, made["orderId"]) == "AWAITING_3PL_EXPORT"
    assert om.sound() == []


def test_a_hold_that_was_lifted_does_not_end_the_next_one():
    om = stand()
    made = place(om)
    acted(om, "onhold", orderNumber="A-1", holdUntil="2026-11-23T13:00:00Z")
    om.post("/v1/orders/restore", [made["orderId"]])
    acted(om, "onhold", orderNumber="A-1", holdUntil="2026-11-23T15:00:00Z")
    om.advance(3600)
    assert state(om, made["orderId"]) == "ON_HOLD"


def test_waiting_orders_are_sent_to_the_3pl_in_a_batch():
    om = stand()
    first, second = place(om, "A-1"), place(om, "A-2", paymentDate=...)
    both = [first["orderId"], second["orderId"]]
    answer = om.client.post("/v1/orders/sendtofulfillment", params={"orderId": both}).json()
    assert [row["order"]["orderId"] for row in answer["orderBatch"]["orders"]] == both[:1]
    assert ([error["index"] for error in answer["errors"]], answer["ordersRemaining"]) == ([2], False)
    assert state(om, first["orderId"]) == "PENDING_FULFILLMENT"
    assert acted(om, "cancel", orderNumber="A-1", cancelReasonType="OTHER").status_code == 200


def test_a_call_sends_five_hundred_orders_and_says_that_more_remain():
    om = stand(orders=502)
    answer = om.client.post("/v1/orders/sendtofulfillment").json()
    assert (answer["orderBatch"]["processedCount"], answer["ordersRemaining"]) == (500, True)
    answer = om.client.post("/v1/orders/sendtofulfillment").json()
    assert (answer["orderBatch"]["processedCount"], answer["ordersRemaining"]) == (2, False)


def test_an_order_is_moved_to_another_warehouse_with_the_stock_it_takes():
    om = stand()
    sku, made = skus(om)[0], place(om)
    line = {"orderIdentifier": {"orderNumber": "A-1", "salesChannelId": 31}}
    wrong = om.post("/v1.1/orders", [line | {"fulfillmentSource": {"warehouseId": 9}}]).json()
    assert (wrong["results"], wrong["errors"][0]["fieldName"]) == ([], "fulfillmentSource.warehouseId")
    om.post("/v1.1/orders", [line | {"fulfillmentSource": {"warehouseId": 502}}])
    shown = om.get(f"/v1.1/orders/{made['orderId']}").json()
    assert (shown["fulfillmentSource"], shown["orderStatus"]) == (
        {"warehouseId": 502, "name": "West"},
        "AWAITING_SHIPMENT",
    )
    assert (level(om, sku)["allocatedQuantity"], level(om, sku, 502)["allocatedQuantity"]) == (0, 2)
    assert om.sound() == []


def test_an_order_is_split_into_one_that_can_ship_by_itself():
    om = stand()
    made = place(om)
    part = {"orderItems": [{"listingSku": skus(om)[0], "quantityOrdered": 1}]}
    too_much = {"orderItems": [{"listingSku": skus(om)[0], "quantityOrdered": 3}]}
    path = f"/v1/order/{made['orderId']}/split"
    kept = om.kept()
    assert om.post(path, {"splitOrders": [too_much]}).status_code == 422
    assert om.post(path, {"splitOrders": [part, part]}).status_code == 422
    assert om.kept() == kept
    assert om.post(path, {"splitOrders": [part]}).status_code == 200
    rows = om.get("/v1.1/orders?orderNumber=A-1").json()
    assert [(row["orderNumber"], row["orderItems"][0]["quantityOrdered"]) for row in rows] == [("A-1", 1), ("A-1-1", 1)]
    assert rows[0]["relatedOrderIds"] == [rows[1]["orderId"]]
    assert om.sound() == []


def test_items_come_and_go_and_the_stock_with_them():
    om = stand()
    first, second, _ = skus(om)
    made = place(om)
    path = f"/v1.1/orders/{made['orderId']}/orderitems"
    line = order(om)["orderItems"][0] | {"listingSku": second, "quantityOrdered": 5}
    items = om.client.put(path, json=[line]).json()["results"]["orderItems"]
    assert level(om, second)["allocatedQuantity"] == 5
    ids = [item["orderItemId"] for item in items]
    changed = om.post(path, [{"orderItemId": ids[0], "quantity": 7}, {"orderItemId": 999, "quantity": 1}]).json()
    assert [error["index"] for error in changed["errors"]] == [2]
    assert level(om, first)["allocatedQuantity"] == 7
    assert om.client.delete(path, params={"orderItemIds": ids[1]}).status_code == 200
    assert om.client.delete(path, params={"orderItemIds": ids[0]}).status_code == 422
    assert (level(om, first)["allocatedQuantity"], level(om, second)["allocatedQuantity"]) == (7, 0)
    assert om.sound() == []


def test_a_dry_run_says_what_is_wrong_and_does_nothing():
    om = stand()
    made = place(om)
    kept = om.kept()
    lines = [
        {"orderIdentifier": {"orderId": made["orderId"]}, "shipCountry": "XX"},
        {"orderIdentifier": {"orderId": 7}},
    ]
    wrong = om.post("/v1/validation/orders", lines).json()
    assert [(error["index"], error["fieldName"]) for error in wrong] == [(1, "shipCountry"), (2, "orderId")]
    assert om.kept() == kept


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


# Quotas --------------------------------------------------------------------------------------------------------------


def test_each_endpoint_has_a_quota_of_its_own_and_says_in_milliseconds_when_to_come_again():
    om = bench(OM, calls_a_minute=None)
    codes = [om.get("/v1/warehouses").status_code for _ in range(6)]
    assert codes == [200] * 5 + [429]
    assert om.get("/v1/warehouses").headers["x-skubana-quota-retryAfter"] == "200"
    assert om.get("/v1/saleschannels").status_code == 200
    om.advance(0.2)
    assert om.get("/v1/warehouses").status_code == 200


def test_stock_is_adjusted_once_in_ten_seconds_and_the_refused_call_changes_nothing():
    om = bench(OM, calls_a_minute=None)
    line = [{"masterSku": "X", "warehouseId": 501, "onHandQuantity": 1}]
    assert om.post("/v1.1/inventory/adjust", line).status_code == 200
    kept = om.kept()
    refused = om.post("/v1.1/inventory/adjust", line)
    assert (refused.status_code, refused.headers["x-skubana-quota-retryAfter"]) == (429, "10000")
    assert om.kept() == kept
    limits = {
        (row["requestMethod"], row["requestPath"]): row["throttleConfig"] for row in om.get("/v1/throttlelimits").json()
    }
    assert limits["POST", "/v1.1/inventory/adjust"]["quotaMaxRequest"] == 1
    om.world.settings[f"{OM}.limit.adjust"] = {"limit": 100}
    om.world.limits.clear()
    assert [om.post("/v1.1/inventory/adjust", line).status_code for _ in range(3)] == [200] * 3


# Refusals ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"shipCountry": "Atlantis"}, "shipCountry"),
        ({"shipState": "New York"}, "shipState"),
        ({"shipName": ...}, "shipName"),
        ({"orderItems": []}, "orderItems"),
        ({"orderItems": [{"listingSku": "X"}]}, "orderItems[0].listingName"),
        ({"salesChannelId": "31"}, "salesChannelId"),
        ({"orderNumber": "x" * 192}, "orderNumber"),
        ({"paymentDate": "yesterday"}, "paymentDate"),
        ({"orderTotal": {"amount": "1", "currency": "USD"}}, "orderTotal.amount"),
        ({"shipMethod": {"shippingServiceId": 11}}, "shipMethod"),
    ],
)
def test_an_order_that_does_not_fit_is_refused_by_its_member_and_not_kept(changes, field):
    om = stand()
    kept = om.kept()
    answer = om.client.put("/v1/order", json=[order(om, **changes)])
    assert (answer.status_code, answer.json()["errors"][0]["fieldName"]) == (400, f"[0].{field}")
    assert om.kept() == kept


@pytest.mark.parametrize(
    "path",
    [
        "/v1.1/orders?limit=0",
        "/v1.1/orders?page=0",
        "/v1.1/orders?limit=many",
        "/v1.1/orders?status=LOST",
        "/v1.1/orders?orderId=x",
        "/v1.1/orders?orderId[]=x",
        "/v1.1/orders?createdDateFrom=yesterday",
        "/v1.1/orders?warehouseId=-1",
        "/v1.1/products?active=maybe",
        "/v1.1/product",
        "/v1/shipments/rmas",
    ],
)
def test_a_parameter_that_cannot_be_is_a_422(path):
    answer = stand().get(path)
    assert (answer.status_code, "errors" in answer.json()) == (422, True)


def test_what_nobody_documented_in_a_query_passes():
    assert stand().get("/v1/warehouses?modifiedDateFrom=2020-01-01T00:00:00Z&page=7&limit=1").status_code == 200


def test_a_token_with_a_blank_after_it_lets_in():
    om = stand()
    assert om.get("/v1/warehouses", headers={"Authorization": "Bearer YOUR_ACCESS_TOKEN "}).status_code == 200
    wrong = om.get("/v1/warehouses", headers={"Authorization": "Bearer nobody"})
    assert (wrong.status_code, wrong.json()["error"]) == (401, "invalid_token")


def test_what_is_declared_and_not_built_says_so():
    om = stand()
    assert om.get("/v1/inventory/fba").status_code == 501
    assert om.client.put("/v1.1/products/bundles", json=[]).json()["seatrial"]["unbuilt"] == "putBundles"
