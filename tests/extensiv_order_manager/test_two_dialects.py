"""One account, two dialects: what is done on one surface is what the other shows."""

from tests.extensiv_order_manager.v1 import level, parcel, place, skus, stand, told

TO = {"name": "Ana", "street1": "5 Pine Rd", "city": "Albany", "state": "NY", "postal_code": "12207", "country": "US"}


def ordered(om, number="G-1", quantity=3, **more):
    body = {"order_number": number, "items": [{"sku": skus(om)[0], "quantity": quantity}], "shipping_address": TO}
    answer = om.post("/api/orders", body | more)
    assert answer.status_code == 201, answer.text
    return answer.json()


def on_the_guide(om, sku):
    rows = om.get("/api/inventory/warehouses", params={"sku": sku, "warehouse_id": 501}).json()["data"]
    return {name: value for name, value in rows[0]["inventory"][0].items() if name != "sku"}


def test_an_order_of_the_guide_is_the_vendor_s_order():
    om = stand()
    made = ordered(om, notes="ring twice", shipping_method="Ground")
    [shown] = om.get("/v1.1/orders", params={"orderNumber": "G-1"}).json()
    assert (str(shown["orderId"]), shown["orderStatus"]) == (made["id"], "AWAITING_3PL_EXPORT")
    assert (shown["shipName"], shown["shipCountry"], shown["shipState"]) == ("Ana", "USA", "NY")
    assert (shown["internalNotes"], shown["requestedShippingService"]) == ("ring twice", "Ground")
    assert [(item["listingSku"], item["quantityOrdered"]) for item in shown["orderItems"]] == [(skus(om)[0], 3)]
    assert shown["orderItems"][0]["product"]["masterSku"] == skus(om)[0]


def test_an_order_of_the_vendor_s_is_the_guide_s_order():
    om = stand()
    made = place(om, shipAddress2="Apt 4", shipAddress3="back door", shipEmail="ana@example.com")
    shown = om.get(f"/api/orders/{made['orderId']}").json()
    assert (shown["order_number"], shown["status"], shown["items"]) == (
        "A-1", "pending", [{"sku": skus(om)[0], "quantity": 2}],
    )  # fmt: skip
    assert (shown["shipping_address"]["street2"], shown["shipping_address"]["country"]) == ("Apt 4", "US")
    unpaid = place(om, "A-2", paymentDate=...)
    pending = om.get("/api/orders", params={"status": "pending"}).json()["data"]
    assert [row["id"] for row in pending] == [str(made["orderId"]), str(unpaid["orderId"])]


def test_the_same_number_is_taken_on_both():
    om = stand()
    place(om, "A-1")
    body = {"order_number": "A-1", "items": [{"sku": skus(om)[0], "quantity": 2}], "shipping_address": TO}
    answer = om.post("/api/orders", body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "duplicate_order")


def test_a_cancellation_is_seen_on_the_other_side():
    om = stand()
    made, other = ordered(om), place(om)
    query = {"orderId": made["id"], "salesChannelId": 31, "cancelReasonType": "CUSTOMER_EXCHANGE"}
    assert om.client.post("/v1/orders/cancel", params=query).status_code == 200
    assert om.get(f"/api/orders/{made['id']}").json()["status"] == "cancelled"
    assert om.post(f"/api/orders/{other['orderId']}/cancel", {"reason": "why not"}).status_code == 200
    shown = om.get(f"/v1.1/orders/{other['orderId']}").json()
    assert (shown["orderStatus"], shown["cancelReason"]["type"]) == ("CANCELLED", "why not")
    assert om.sound() == []


def test_a_parcel_is_seen_on_the_other_side_and_so_is_its_void():
    om = stand()
    made = ordered(om)
    [row] = told(om, parcel({"orderId": int(made["id"])}, "1ZA"))
    [shipment] = om.get("/api/shipments").json()["data"]
    assert (shipment["tracking_number"], shipment["carrier"], shipment["items"][0]["quantity"]) == ("1ZA", "UPS", 3)
    assert om.get(f"/api/orders/{made['id']}").json()["status"] == "fulfilled"
    om.client.post(f"/v1/shipment/void/{row['shipment']['shipmentId']}", params={"readdInventory": "true"})
    assert om.get("/api/shipments").json()["data"][0]["status"] == "voided"
    assert om.get(f"/api/orders/{made['id']}").json()["status"] == "pending"


def test_parcels_of_the_clerk_are_the_vendor_s_shipments():
    om = stand()
    made = ordered(om)
    om.act("ship", order="G-1", items={skus(om)[0]: 1}, tracking_number="1ZB")
    shown = om.get(f"/v1.1/orders/{made['id']}").json()
    assert (shown["orderStatus"], shown["shipment"]["trackingNumber"]) == ("AWAITING_3PL_EXPORT", "1ZB")
    assert shown["shipments"][0]["items"][0]["quantity"] == 1
    told(om, parcel(shown, "1ZC"))
    assert om.get(f"/api/orders/{made['id']}").json()["status"] == "fulfilled"
    assert [row["items"][0]["quantity"] for row in om.get("/api/shipments").json()["data"]] == [1, 2]
    assert om.sound() == []


def test_stock_is_one_number_told_twice():
    om = stand()
    sku = skus(om)[0]
    ordered(om)
    adjust = {"masterSku": sku, "warehouseId": 501, "onHandQuantity": 50, "lockedQuantity": 10}
    om.post("/v1.1/inventory/adjust", [adjust])
    assert on_the_guide(om, sku) == {"on_hand": 50, "allocated": 3, "available": 37}
    om.post("/api/inventory/update", {"sku": sku, "availableQuantity": 100})
    assert (level(om, sku)["onHandQuantity"], level(om, sku)["availableQuantity"]) == (113, 100)
    assert om.get("/v1/inventory", params={"sku": sku}).json()[0]["quantity"] == 113


def test_a_product_of_either_can_be_ordered_on_the_other():
    om = stand(products=1)
    om.post("/api/products", {"sku": "GUIDE", "name": "Of the guide", "price": {"amount": 2.5, "currency": "USD"}})
    [product] = om.get("/v1.1/products?sku=GUIDE").json()
    assert (product["name"], product["mapPrice"]["amount"]) == ("Of the guide", 2.5)
    assert [row["listingSku"] for row in om.get("/v1/listings?masterSku=GUIDE").json()] == ["GUIDE"]
    om.client.put("/v1.1/products/cores", json=[{"masterSku": "CORE", "brand": "b", "name": "Of v1", "upc": "123"}])
    [shown] = om.get("/api/products?sku=CORE").json()["data"]
    assert (shown["name"], shown["barcode"], shown["price"]) == ("Of v1", "123", None)
    body = {"order_number": "G-9", "items": [{"sku": "CORE", "quantity": 1}], "shipping_address": TO}
    made = om.post("/api/orders", body).json()
    assert om.get(f"/v1.1/orders/{made['id']}").json()["unresolvedStatus"] == "RESOLVED"


def test_what_the_seed_made_is_on_both():
    om = stand(orders=4)
    guide = om.get("/api/orders").json()["data"]
    vendor = om.get("/v1.1/orders").json()
    assert [row["id"] for row in guide] == [str(row["orderId"]) for row in vendor]
    assert om.sound() == []
