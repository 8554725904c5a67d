"""The account around its orders, by the vendor's own API: warehouses, channels, what an app keeps."""

from tests.extensiv_order_manager.v1 import stand


def test_a_warehouse_is_made_and_changed_and_keeps_its_type():
    om = stand()
    body = {"name": "East", "type": "DIRECT_FULFILLMENT", "domesticBackups": [501], "contactEmail": "e@example.com"}
    id = om.client.put("/v1/warehouses", json=body).json()["warehouseId"]
    assert om.client.put("/v1/warehouses", json={"name": "East"}).status_code == 422
    assert om.client.put("/v1/warehouses", json=body | {"domesticBackups": [999]}).status_code == 422
    assert om.post("/v1/warehouses", {"warehouseId": id, "name": "Far East"}).json()["name"] == "Far East"
    shown = om.get(f"/v1/warehouse/{id}").json()
    assert (shown["name"], shown["type"]) == ("Far East", "DIRECT_FULFILLMENT")
    assert om.post("/v1/warehouses", {"warehouseId": id, "type": "RETAIL_STORE"}).status_code == 422
    assert om.post("/v1/warehouses", {"warehouseId": 999}).status_code == 404


def test_a_channel_is_made_by_its_form_and_changed_by_its_id():
    om = stand()
    shop = {"salesChannelName": "Shop", "salesChannelType": "SHOPIFY"}
    answer = om.client.put("/v1.1/saleschannels", json=shop).json()
    id = answer["results"]["salesChannelId"]
    assert answer["errors"] == []
    assert om.client.put("/v1.1/saleschannels", json=shop).status_code == 422
    off = {"salesChannelId": id, "salesChannelName": "Old shop", "active": False}
    assert om.client.put("/v1.1/saleschannels", json=off).json()["results"]["active"] is False
    assert om.client.put("/v1.1/saleschannels", json=off | {"salesChannelId": 999}).status_code == 404
    assert id not in {row["salesChannelId"] for row in om.get("/v1/saleschannels").json()}
    everything = om.get("/v1/saleschannels", params={"includeInactive": True}).json()
    assert id in {row["salesChannelId"] for row in everything}


def test_an_app_keeps_a_value_under_a_name_until_it_is_deleted():
    om = stand()
    made = om.post("/v1/apps/properties", [{"name": "cursor", "value": "1"}, {"name": "other", "value": "x"}]).json()
    [changed] = om.post("/v1/apps/properties", [{"name": "cursor", "value": "2"}]).json()
    assert changed == made[0] | {"value": "2"}
    assert om.get("/v1/apps/properties").json() == [changed, made[1]]
    assert om.client.delete(f"/v1/apps/properties/{changed['id']}").status_code == 200
    assert om.client.delete(f"/v1/apps/properties/{changed['id']}").status_code == 404
    assert om.get("/v1/apps/properties").json() == made[1:]
