"""Orders of the vendor's own API told as stories: where they wait, and what moves them."""

from tests.extensiv_order_manager.v1 import level, order, place, skus, stand

WEEK = {"shipmentCreatedFromDate": "2026-11-20T00:00:00Z", "shipmentCreatedToDate": "2026-11-27T00:00:00Z"}


def state(om, id):
    return om.get(f"/v1.1/orders/{id}").json()["orderStatus"]


def acted(om, what, **query):
    return om.client.post(f"/v1/orders/{what}", params={"salesChannelId": 31} | query)


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


def test_an_order_is_as_large_as_somebody_said_and_goes_as_it_usually_does():
    """The members are those that the types of a client show (skubana-node)."""
    om = stand()
    id = place(om)["orderId"]
    om.post("/v1.1/orders", [{"orderIdentifier": {"orderId": id}, "height": 2, "weight": 12.5}])
    shown = om.get(f"/v1.1/orders/{id}").json()
    assert [shown[name] for name in ("height", "length", "weight")] == [2, 0, 12.5]
    assert (shown["deliveryConfirmation"], shown["saturdayDelivery"]) == ("NO_CONFIRMATION", False)
