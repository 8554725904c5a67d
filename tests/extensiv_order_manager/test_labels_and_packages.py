"""What is put on orders: labels, further packages, the provider a label is bought of, the purchase they are of."""

from tests.extensiv_order_manager.v1 import level, order, parcel, place, skus, stand, told

INSURED = {"amount": 12.5, "currency": "USD"}
UPS = {"shippingProviderId": 1, "shippingServiceId": 11, "packageTypeId": 1}


def labels(om, *names):
    made = om.client.put("/v1/labels", json=[{"name": name, "hexColor": "#FF0000"} for name in names]).json()
    return [row["labelId"] for row in made]


def worn(om, id):
    return [row["labelId"] for row in om.get(f"/v1/order/{id}/labels").json()]


def test_a_label_is_put_on_an_order_and_a_product_and_comes_off_with_its_end():
    om = stand()
    red, blue = labels(om, "red", "blue")
    id = place(om)["orderId"]
    product = om.get("/v1.1/products").json()[0]["productId"]
    for path in (f"/v1/orders/{id}/labels", f"/v1/product/{product}/labels"):
        assert om.client.post(path, params={"labelId": [red, blue]}).status_code == 200
        assert om.client.post(path, params={"labelId": [red]}).status_code == 200
        assert om.client.post(path, params={"labelId": [red, 999]}).status_code == 404
    assert worn(om, id) == [red, blue]
    assert om.client.delete(f"/v1/orders/{id}/labels", params={"labelId": blue}).status_code == 200
    assert om.client.delete(f"/v1/labels/{red}").status_code == 200
    assert worn(om, id) == []
    assert [row["labelId"] for row in om.get(f"/v1/product/{product}/labels").json()] == [blue]
    assert om.client.delete(f"/v1/labels/{red}").status_code == 404


def test_labels_are_asked_for_by_pages_or_by_their_ids_a_hundred_at_most():
    om = stand()
    ids = labels(om, "a", "b", "c")
    assert [row["labelId"] for row in om.get("/v1/labels", params={"limit": 2, "page": 2}).json()] == ids[2:]
    asked = {"labelIds": [ids[2], 9, ids[0]]}
    assert [row["labelId"] for row in om.get("/v1/labels", params=asked).json()] == [ids[0], ids[2]]
    assert om.get("/v1/labels", params={"labelIds": list(range(1, 102))}).status_code == 422


def test_a_new_order_may_wear_labels_from_the_beginning():
    om = stand()
    [red] = labels(om, "red")
    assert worn(om, place(om, labels=[{"labelId": red}])["orderId"]) == [red]
    assert om.client.put("/v1/order", json=[order(om, "A-2", labels=[{"labelId": 999}])]).status_code == 422


def test_further_packages_come_change_and_go_while_the_order_waits():
    om = stand()
    made = place(om)
    path = f"/v1/orders/additionalpackages/{made['orderId']}"
    first, second = om.client.put(path, json=[{"insuredValue": INSURED, "weight": 20}] * 2).json()["ids"]
    shown = om.get(path).json()[0]
    assert (shown["pounds"], shown["ounces"], shown["insuredValueString"]) == ("1", "4", "12.50")
    answer = om.client.post(path, json=[{"additionalPackageId": first, "height": 3}, {"additionalPackageId": 9}]).json()
    assert ([row["height"] for row in answer["results"]], [error["index"] for error in answer["errors"]]) == ([3], [2])
    answer = om.client.delete(path, params={"additionalPackageId": [second, 9]}).json()
    assert [row["id"] for row in answer["results"]] == [second]
    assert [row["id"] for row in om.get(path).json()] == [first]
    told(om, parcel(made))
    assert om.client.put(path, json=[{"insuredValue": INSURED}]).status_code == 422


def test_a_label_is_bought_for_what_waits_in_a_house_of_its_own():
    om = stand()
    mine, theirs = (place(om, number, shipMethod=UPS)["orderId"] for number in ("A-1", "A-2"))
    unsaid = place(om, "A-3")["orderId"]
    own = [{"orderIdentifier": {"orderId": id}, "fulfillmentSource": {"warehouseId": 502}} for id in (mine, unsaid)]
    assert om.post("/v1.1/orders", own).json()["errors"] == []
    sku = skus(om)[0]
    before = level(om, sku, 502).get("onHandQuantity", 0)
    answer = om.client.put("/v1.1/shipment/standard", json={"orderIds": [mine, theirs, unsaid, 999]}).json()
    [done] = answer["results"]
    assert (done["order"]["orderId"], done["status"]) == (mine, "SHIPPED")
    assert {error["identifier"] for error in answer["errors"]} == {theirs, unsaid, 999}
    assert level(om, sku, 502)["onHandQuantity"] == before - 2
    window = {"shipmentCreatedFromDate": "2026-11-22T00:00:00Z", "shipmentCreatedToDate": "2026-11-25T00:00:00Z"}
    [shipment] = om.get("/v1/shipments", params=window).json()
    assert (shipment["orderId"], shipment["shipMethod"]["shippingCarrier"]) == (mine, "UPS")
    assert shipment["trackingNumber"]
    again = {"orderIds": [mine], "orderBatchNumber": 12345}
    assert om.client.put("/v1.1/shipment/standard", json=again).status_code == 422


def test_accounts_with_providers_are_made_named_and_removed_and_what_connects_them_is_not_kept():
    om = stand()
    path = "/v1/shipment/shippingprovideraccounts"
    body = {
        "connectionSchema": {"key": "secret"},
        "shippingEngineType": "SHIP_ENGINE",
        "name": "Ours",
        "providerType": "UPS",
    }
    id = om.client.put(path, json=body).json()["shippingProviderId"]
    assert "secret" not in str(om.documents("provider"))
    assert om.post(path, body | {"shippingProviderId": id, "name": "Mine"}).json()["name"] == "Mine"
    assert om.get(f"/v1/shipment/provider/{id}").json()["name"] == "Mine"
    assert om.client.put(path, json=body | {"providerType": "PIGEON"}).status_code == 422
    assert om.client.delete(path, params={"shippingProviderId": id}).json() == {}
    assert om.client.delete(path, params={"shippingProviderId": id}).status_code == 404
    assert om.get(f"/v1/shipment/provider/{id}").status_code == 404


def test_a_preset_names_what_is_the_provider_s():
    om = stand()
    presets = [
        {"name": "good", "shippingProviderId": 1, "shippingServiceId": 11, "packageTypeId": 1},
        {"name": "nobody", "shippingProviderId": 99},
        {"name": "alien", "shippingProviderId": 1, "shippingServiceId": 999},
    ]
    wrong = om.post("/v1/validation/shippingPresets", presets).json()
    assert [(row["identifier"], row["fieldName"], row["index"]) for row in wrong] == [
        ("nobody", "shippingProviderId", 2),
        ("alien", "shippingServiceId", 3),
    ]


def test_carriers_bill_in_their_ways_and_only_those_there_are():
    om = stand()
    assert {row["description"] for row in om.get("/v1/shipment/billingtypes/1").json()} >= {
        "BILL_SHIPPING_TO_RECIPIENT"
    }
    assert om.get("/v1/shipment/billingtypes/99").status_code == 404
    named = om.get("/v1/shipment/services", params={"carrierCode": "UPS"}).json()
    assert named == om.get("/v1/shipment/services", params={"carrierId": 1}).json() != []


def test_orders_of_one_purchase_tell_how_far_each_of_its_items_has_come():
    om = stand()
    purchase = {"purchaseOrderNumber": "P-1", "purchaseOrderTotal": 30, "purchaseOrderCurrency": "USD"}

    def line(number):
        [usual] = order(om)["orderItems"]
        return usual | {"channelPurchaseOrderItemDTO": {"purchaseOrderItemNumber": number, "purchaseQuantity": 4}}

    first = place(om, "A-1", putChannelPurchaseOrderDto=purchase, orderItems=[line("L-1")])
    second = place(om, "A-2", putChannelPurchaseOrderDto=purchase, orderItems=[line("L-1")])
    place(om, "A-3")
    told(om, parcel(first))
    [shown] = om.get("/v1.1/orders/channelpurchases", params={"salesChannelId": 31}).json()
    assert shown["relatedOrderIds"] == [first["orderId"], second["orderId"]]
    [item] = shown["purchaseOrderItems"]
    states = [(each["orderId"], each["fulfillmentState"]) for each in item["fulfillmentBreakdowns"]]
    assert states == [(first["orderId"], "SHIPPED"), (second["orderId"], "UNSHIPPED")]
    assert om.get("/v1.1/orders/channelpurchases", params={"salesChannelId": 31, "orderNumber": "A-3"}).json() == []
    assert om.get("/v1.1/orders/channelpurchases").status_code == 422
