"""Buying from vendors, by the vendor's own API: terms, what they sell, purchase orders until they lie on the shelf."""

import pytest

from tests.extensiv_order_manager.v1 import NOTHING, level, stand

COST = {"amount": 2.5, "currency": "USD"}
VENDOR = {
    "name": "Acme",
    "address": {"address1": "1 Main St", "city": "Reno", "state": "NV", "zipCode": "89501", "country": "USA"},
    "contactEmail": "a@example.com",
    "contactPhone1": "1",
    "defaultPaymentTermId": 1,
    "defaultPurchaseOrderFormat": "PO_EMAIL",
    "dropshipper": False,
    "manufacturer": True,
    "supplier": True,
    "purchaseOrderEmail": "po@example.com",
}


def item(vendor_product, quantity=10, **more):
    return {
        "vendorProductId": vendor_product,
        "quantity": quantity,
        "originalUnitCost": COST,
        "unitOfMeasure": "EA",
        "uomUnitQuantity": 1,
    } | more


def put(om, *items, **more):
    body = {
        "destinationWarehouseId": 501,
        "format": "PO_EMAIL",
        "paymentTermId": 1,
        "status": "AWAITING_AUTHORIZATION",
        "vendorConfirmByDate": "2026-12-01T00:00:00Z",
        "vendorId": 1,
        "purchaseOrderItems": list(items),
    }
    return om.client.put("/v1/purchaseorder", json=body | more)


def bought(om, *items, **more):
    answer = put(om, *(items or (item(1),)), **more)
    assert answer.status_code == 200, answer.text
    return answer.json()["id"]


def act(om, action, *ids):
    return om.client.post(f"/v1/purchaseorders/{action}", params={"purchaseOrderIds": ids}).status_code


def received(om, order, line, accepted, rejected=0, **more):
    each = {"purchaseOrderItemId": line, "acceptedQuantity": accepted, "rejectedQuantity": rejected} | more
    return om.post("/v1/purchaseorders/receive", {"purchaseOrderId": order, "purchaseOrderItems": [each]}).status_code


def shown(om, id):
    return om.get(f"/v1.1/purchaseorders/{id}").json()


def test_a_purchase_order_goes_its_way_and_what_is_accepted_lies_on_the_shelf():
    om = stand()
    sold = om.get("/v1/vendorproducts").json()[0]
    sku = sold["product"]["masterSku"]
    before = level(om, sku)["onHandQuantity"]
    id = bought(om, item(sold["vendorProductId"]))
    line = shown(om, id)["purchaseOrderItems"][0]["purchaseOrderItemId"]
    assert received(om, id, line, 1) == 422
    for action in ("authorize", "confirm"):
        assert [act(om, action, id) for _ in range(2)] == [200, 422]
    took = [received(om, id, line, *counts) for counts in ((11, 0), (6, 1), (4, 0), (3, 0), (1, 0))]
    assert took == [422, 200, 422, 200, 422]
    [row] = om.get("/v1.1/purchaseorders", params={"status": "CLOSED_SHORT"}).json()
    parts = [(each["status"], each["quantity"]) for each in row["purchaseOrderItems"]]
    assert (row["purchaseOrderId"], parts) == (id, [("RECEIVED", 6), ("REJECTED", 1), ("RECEIVED", 3)])
    assert level(om, sku)["onHandQuantity"] == before + 9


def test_all_of_it_accepted_is_fulfilled_and_the_shelf_is_left_alone_when_asked():
    om = stand()
    id = bought(om, status="AWAITING_VENDOR_CONFIRMATION")
    assert act(om, "confirm", id) == 200
    [line] = shown(om, id)["purchaseOrderItems"]
    kept = om.documents("stock")
    assert received(om, id, line["purchaseOrderItemId"], 10, updateInventory=False, billedUnitCost=COST) == 200
    assert om.documents("stock") == kept
    [line] = shown(om, id)["purchaseOrderItems"]
    assert (shown(om, id)["status"], line["status"]) == ("FULFILLED", "RECEIVED")
    assert line["billedUnitCost"] == COST and line["productStockId"]


def test_what_is_edited_after_it_was_authorized_waits_to_be_authorized_again():
    om = stand()
    id = bought(om)
    assert om.post("/v1.1/purchaseorders", {"purchaseOrderId": id, "paymentTermId": 9}).status_code == 422
    edit = {"purchaseOrderId": id, "paymentTermId": 1, "internalNotes": "soon"}
    assert om.post("/v1.1/purchaseorders", edit).json()["status"] == "AWAITING_AUTHORIZATION"
    assert act(om, "authorize", id) == 200
    costs = {"otherCosts": [{"amount": COST, "description": "freight"}], "shippingCost": COST}
    path = f"/v1.1/purchaseorders/{id}/othercosts"
    assert om.client.put(path, json=costs).status_code == 422  # the id is one of the query's
    answer = om.client.put(path, json=costs, params={"purchaseOrderId": id}).json()
    assert (answer["status"], answer["otherCosts"], answer["shippingCost"]) == (
        "AWAITING_MODIFICATION_ACCEPTANCE",
        costs["otherCosts"],
        COST,
    )
    assert [act(om, "confirm", id), act(om, "reauthorize", id), act(om, "confirm", id)] == [422, 200, 200]


def test_a_cancelled_one_is_brought_back_and_a_void_one_is_not():
    om = stand()
    first, second = bought(om), bought(om)
    assert [act(om, "cancel", first), act(om, "restore", first), act(om, "restore", first)] == [200, 200, 422]
    assert [act(om, "void", second), act(om, "restore", second)] == [200, 422]
    kept = om.kept()
    assert act(om, "authorize", first, second) == 422
    assert om.kept() == kept
    late = {"purchaseOrderId": second, "paymentTermId": 1}
    assert om.post("/v1.1/purchaseorders", late).status_code == 422


def test_a_message_to_the_vendor_is_kept_and_orders_are_found_by_what_is_in_them():
    om = stand()
    first, second = bought(om, item(1), customPurchaseOrderNumber="MINE"), bought(om, item(2))
    path = f"/v1.1/purchaseorders/{first}/vendormessages"
    assert om.client.post(path, params={"toVendorMessage": "hurry"}).json()["id"] == first
    assert shown(om, first)["messagesToVendor"] == ["hurry"]

    def found(**query):
        return [row["purchaseOrderId"] for row in om.get("/v1.1/purchaseorders", params=query).json()]

    [line] = shown(om, second)["purchaseOrderItems"]
    assert found(customPurchaseOrderNumber="MINE") == found(vendorProductId=1) == [first]
    assert found(productSku=line["vendorProductMasterSku"]) == [second]
    assert found(vendorProductSku=line["vendorProductVendorSku"]) == found(vendorProductId=2) == [second]
    assert found(productId=999) == []


def test_what_another_vendor_sells_is_not_bought_of_this_one():
    om = stand()
    other = om.client.put("/v1/vendors", json=VENDOR).json()["id"]
    assert put(om, item(1), vendorId=other).status_code == 422
    assert put(om, item(1), paymentTermId=9).status_code == 422
    assert put(om, item(999)).status_code == 404


def test_a_vendor_is_made_changed_and_found():
    om = stand()
    id = om.client.put("/v1/vendors", json=VENDOR).json()["id"]
    made = om.get(f"/v1/vendor/{id}").json()
    assert (made["name"], made["manufacturer"], made["address"]["city"]) == ("Acme", True, "Reno")
    both = VENDOR | {"defaultIncotermShippingRule": "EX_WORKS", "defaultIncotermShippingRuleId": 1}
    assert om.client.put("/v1/vendors", json=both).status_code == 422
    assert om.client.put("/v1/vendors", json=VENDOR | {"defaultPaymentTermId": 9}).status_code == 422
    answer = om.post("/v1/vendors", [{"vendorId": id, "active": False}, {"vendorId": 999}]).json()
    assert [row["vendorId"] for row in answer["results"]] == [id]
    assert [(error["index"], error["identifier"]) for error in answer["errors"]] == [(2, 999)]
    assert [row["vendorId"] for row in om.get("/v1/vendors").json()] == [1]
    assert [row["vendorId"] for row in om.get("/v1/vendors", params={"activeOnly": False}).json()] == [1, id]


def test_terms_are_described_in_the_query_and_those_from_the_beginning_change_too():
    om = stand()
    made = om.client.put("/v1/vendors/paymentterms", params={"description": "Net 60"}).json()
    assert made == {"vendorPaymentTermId": made["vendorPaymentTermId"], "description": "Net 60", "active": True}
    off = {"vendorPaymentTermId": 1, "active": False}
    assert om.post("/v1/vendors/paymentterms", off).json()["description"] == "Net 30"
    assert [row["description"] for row in om.get("/v1/vendors/paymentterms").json()] == ["Net 60"]
    assert len(om.get("/v1/vendors/paymentterms", params={"activeOnly": False}).json()) == 2
    assert om.post("/v1/vendors/paymentterms", {"vendorPaymentTermId": 99}).status_code == 404


def test_a_product_is_sold_by_a_vendor_under_a_name_of_its_own_once():
    om = stand()
    product = om.get("/v1.1/products").json()[0]["productId"]
    body = {
        "defaultProduct": True,
        "leadTime": 5,
        "minOrderQuantity": 10,
        "pricingTiers": [{"cost": COST, "fromQuantity": 1, "toQuantity": 99}],
        "productId": product,
        "vendorId": 1,
        "vendorSku": "ACME-1",
        "unitsOfMeasure": [{"name": "case", "unitQuantity": 12}],
    }
    id = om.client.put("/v1/vendors/vendorproduct", json=body).json()["id"]
    assert om.client.put("/v1/vendors/vendorproduct", json=body).status_code == 422
    assert om.client.put("/v1/vendors/vendorproduct", json=body | {"productId": 9}).status_code == 404
    change = [{"vendorProductId": id, "leadTime": 9, "vendorSku": "ACME-2"}, {"vendorProductId": 99}]
    answer = om.post("/v1/vendors/products", change).json()
    assert [error["index"] for error in answer["errors"]] == [2]
    [row] = om.get("/v1/vendorproducts", params={"vendorProductId": id}).json()
    assert (row["leadTime"], row["vendorSku"], row["unitsOfMeasure"][0]["unitQuantity"]) == (9, "ACME-2", 12)
    assert id in {row["vendorProductId"] for row in om.get("/v1/vendorproducts", params={"productId": product}).json()}
    assert om.get("/v1/vendorproducts", params={"vendorId": 9}).json() == []


@pytest.mark.parametrize("changes", [{"originalUnitCost": ...}, {"quantity": 0}, {"unitOfMeasure": ...}])
def test_an_item_that_does_not_fit_is_refused(changes):
    om = stand()
    line = {name: value for name, value in (item(1, originalUnitCost=NOTHING) | changes).items() if value is not ...}
    assert put(om, line).status_code == 400
    assert om.documents("purchase_order") == []
