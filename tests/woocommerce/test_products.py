"""Products, variations and the one number each keeps."""

import pytest

from tests.woocommerce.store import TRACKINGS, V3, refusal, stock_of, store


def product(shop, sku):
    return next(row for row in shop.documents("product") if row["sku"] == sku)


def varied(shop):
    """Shirts that keep their number together, and one of them."""
    parent = shop.post(
        f"{V3}/products",
        {"name": "Shirt", "type": "variable", "sku": "SHIRT", "manage_stock": True, "stock_quantity": 6},
    ).json()
    path = f"{V3}/products/{parent['id']}/variations"
    body = {
        "sku": "SHIRT-S",
        "regular_price": "12.00",
        "manage_stock": "parent",
        "attributes": [{"name": "Size", "option": "S"}],
    }
    made = shop.post(path, body)
    assert made.status_code == 201, made.text
    return parent, path, made.json()


def test_a_number_is_kept_only_while_stock_is_managed():
    shop = store()
    path = f"{V3}/products/{product(shop, 'MUG')['id']}"
    loose = shop.client.put(
        path, json={"manage_stock": False, "stock_quantity": 7, "stock_status": "outofstock"}
    ).json()
    assert (loose["stock_quantity"], loose["stock_status"]) == (None, "outofstock")
    kept = shop.client.put(path, json={"manage_stock": True, "stock_quantity": "7"}).json()
    assert (kept["stock_quantity"], kept["stock_status"]) == (7, "instock")


@pytest.mark.parametrize(
    ("backorders", "quantity", "status"),
    [("no", 0, "outofstock"), ("no", -2, "outofstock"), ("notify", 0, "onbackorder"), ("yes", 1, "instock")],
)
def test_the_status_follows_from_the_number_whatever_was_said(backorders, quantity, status):
    shop = store()
    body = {"stock_quantity": quantity, "backorders": backorders, "stock_status": "instock"}
    answer = shop.client.put(f"{V3}/products/{product(shop, 'MUG')['id']}", json=body).json()
    assert (answer["stock_quantity"], answer["stock_status"]) == (quantity, status)


def test_the_old_relative_change_counts_where_no_absolute_one_is_said():
    shop = store()
    path = f"{V3}/products/{product(shop, 'MUG')['id']}"
    assert shop.client.put(path, json={"inventory_delta": -3}).json()["stock_quantity"] == 7
    assert shop.client.put(path, json={"inventory_delta": 50, "stock_quantity": 4}).json()["stock_quantity"] == 4


def test_a_variation_shares_its_parent_s_number_or_keeps_its_own():
    shop = store()
    parent, path, small = varied(shop)
    assert (small["manage_stock"], small["stock_quantity"], small["name"]) == ("parent", 6, "Shirt - S")
    shop.act("checkout", lines=[{"sku": "SHIRT-S", "quantity": 2}])
    assert stock_of(shop, "SHIRT") == 4
    own = shop.client.put(f"{path}/{small['id']}", json={"manage_stock": True, "stock_quantity": 1}).json()
    assert (own["manage_stock"], own["stock_quantity"]) == (True, 1)
    assert shop.get(f"{V3}/products/{parent['id']}").json()["variations"] == [small["id"]]
    order = shop.get(f"{V3}/orders").json()[0]
    line = order["line_items"][0]
    assert (line["product_id"], line["variation_id"], line["parent_name"]) == (parent["id"], small["id"], "Shirt")
    assert shop.sound() == []


def test_a_variation_is_read_as_a_product_and_written_by_its_own_way():
    shop = store()
    parent, path, small = varied(shop)
    answer = shop.get(f"{V3}/products/{small['id']}").json()
    assert (answer["type"], answer["parent_id"]) == ("variation", parent["id"])
    refused = shop.client.put(f"{V3}/products/{small['id']}", json={"stock_quantity": 1})
    assert refusal(refused) == (404, "woocommerce_rest_product_invalid_id")
    assert "/products/<product_id>/variations/<id>" in refused.json()["message"]
    other = f"{V3}/products/{product(shop, 'MUG')['id']}/variations/{small['id']}"
    assert refusal(shop.get(other)) == (404, "woocommerce_rest_product_variation_invalid_id")
    assert refusal(shop.get(f"{V3}/products/999/variations")) == (404, "woocommerce_rest_product_invalid_id")
    assert [row["id"] for row in shop.get(path).json()] == [small["id"]]


def test_skus_are_looked_up_exactly_among_products_and_variations():
    shop = store()
    varied(shop)
    assert {row["type"] for row in shop.get(f"{V3}/products").json()} == {"simple", "variable"}
    found = shop.get(f"{V3}/products?sku=MUG,SHIRT-S,MU").json()
    assert {(row["sku"], row["type"]) for row in found} == {("MUG", "simple"), ("SHIRT-S", "variation")}


def test_a_sku_is_of_one_product():
    shop = store()
    before = shop.kept()
    answer = shop.post(f"{V3}/products", {"name": "Other", "sku": "MUG"})
    assert refusal(answer) == (400, "product_invalid_sku")
    assert answer.json()["data"] == {
        "status": 400,
        "resource_id": int(product(shop, "MUG")["id"]),
        "unique_sku": "MUG-1",
    }
    assert shop.kept() == before


def test_products_are_changed_in_batches_each_for_itself():
    shop = store()
    rows = [{"id": int(product(shop, "MUG")["id"]), "stock_quantity": 3}, {"id": 999, "stock_quantity": 1}]
    done = shop.post(f"{V3}/products/batch", {"update": rows}).json()["update"]
    assert done[0]["stock_quantity"] == 3
    assert (done[1]["id"], done[1]["error"]["code"]) == (999, "woocommerce_rest_product_invalid_id")


def test_products_are_found_by_what_they_are():
    shop = store()
    shop.client.put(f"{V3}/products/{product(shop, 'MUG')['id']}", json={"stock_quantity": 0, "status": "draft"})
    found = {
        query: [row["sku"] for row in shop.get(f"{V3}/products?{query}").json()]
        for query in (
            "status=draft",
            "stock_status=instock",
            "min_price=10",
            "max_price=6",
            "search=ock",
            "type=grouped",
        )
    }
    assert list(found.values()) == [["MUG"], ["SOCKS"], ["MUG"], ["SOCKS"], ["SOCKS"], []]


def test_a_deleted_product_is_trash_first_and_its_variations_go_with_it():
    shop = store()
    parent, _, small = varied(shop)
    item = f"{V3}/products/{parent['id']}"
    assert shop.client.delete(item).json()["status"] == "publish"
    assert shop.get(item).json()["status"] == "trash"
    again = shop.client.delete(item)
    assert refusal(again) == (410, "woocommerce_rest_already_trashed")
    assert again.json()["message"] == "The product has already been deleted."
    shop.client.delete(f"{item}?force=true")
    assert refusal(shop.get(f"{V3}/products/{small['id']}")) == (404, "woocommerce_rest_product_invalid_id")


# Parcels, by the vendor's own extension


def test_parcels_are_kept_beside_the_order_and_leave_its_status_alone():
    shop = store()
    order = shop.act("checkout", lines=[{"sku": "MUG"}])["id"]
    path = f"{TRACKINGS}/{order}/shipment-trackings"
    made = shop.post(path, {"tracking_provider": "UPS", "tracking_number": "1Z9"})
    assert made.status_code == 201
    assert made.json()["tracking_link"] == "https://www.ups.com/track?loc=en_US&tracknum=1Z9"
    assert made.json()["date_shipped"] == "2026-11-23"
    assert made.headers["Location"].endswith(made.json()["tracking_id"])
    shop.post(path, {"tracking_provider": "UPS", "tracking_number": "1Z9"})
    assert len(shop.get(path).json()) == 2, "nothing guards against telling twice"
    shown = shop.get(f"{V3}/orders/{order}").json()
    assert shown["status"] == "processing"
    (kept,) = [meta["value"] for meta in shown["meta_data"] if meta["key"] == "_wc_shipment_tracking_items"]
    assert [each["tracking_number"] for each in kept] == ["1Z9", "1Z9"]
    assert shop.client.delete(f"{path}/{made.json()['tracking_id']}").status_code == 200
    gone = shop.get(f"{path}/{made.json()['tracking_id']}")
    assert refusal(gone) == (404, "woocommerce_rest_shipment_tracking_invalid_id")


def test_parcels_need_an_order_a_number_and_a_day_there_is():
    shop = store()
    order = shop.act("checkout", lines=[{"sku": "MUG"}])["id"]
    path = f"{TRACKINGS}/{order}/shipment-trackings"
    assert refusal(shop.post(path, {"tracking_provider": "UPS"})) == (400, "rest_missing_callback_param")
    assert refusal(shop.post(path, {"tracking_number": "1", "date_shipped": "2026-02-30"}))[0] == 400
    assert refusal(shop.post(path, {"tracking_number": "1", "tracking_provider": "Nobody"}))[0] == 400
    nowhere = shop.post(f"{TRACKINGS}/999/shipment-trackings", {"tracking_number": "1"})
    assert refusal(nowhere) == (404, "woocommerce_rest_order_invalid_id")
    assert "UPS" in shop.get(f"{path}/providers").json()["United States"]
