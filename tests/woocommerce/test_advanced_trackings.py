"""Advanced Shipment Tracking, a third party's plugin, beside the vendor's own."""

from tests.woocommerce.store import TRACKINGS, V3, refusal, store

AST = "/wp-json/wc-ast/v3/orders"


def bought(shop):
    return shop.act("checkout", lines=[{"sku": "MUG"}])["id"]


def test_a_parcel_completes_the_order_when_the_caller_says_so():
    shop = store()
    order = bought(shop)
    path = f"{AST}/{order}/shipment-trackings"
    body = {"tracking_provider": "ups", "tracking_number": "1Z-9", "date_shipped": "2026-11-20"}
    made = shop.post(path, body)
    parcel = made.json()
    assert (made.status_code, parcel["tracking_provider"]) == (201, "UPS")
    assert parcel["tracking_link"].endswith("tracknum=1Z-9")
    assert parcel["date_shipped"] == "November 20, 2026"
    assert shop.get(f"{V3}/orders/{order}").json()["status"] == "processing"
    shop.post(path, body | {"tracking_number": "1Z-10", "status_shipped": 1})
    kept = shop.get(f"{V3}/orders/{order}").json()
    assert kept["status"] == "completed"
    (meta,) = [entry for entry in kept["meta_data"] if entry["key"] == "_wc_shipment_tracking_items"]
    numbers = {each["tracking_number"]: each["date_shipped"] for each in meta["value"]}
    assert numbers == {"1Z-9": "1795132800", "1Z-10": "1795132800"}


def test_both_plugins_keep_one_list_and_show_it_in_their_own_way():
    shop = store()
    order = bought(shop)
    shop.post(f"{TRACKINGS}/{order}/shipment-trackings", {"tracking_provider": "USPS", "tracking_number": "94"})
    for base in (AST, f"{V3}/orders", "/wp-json/wc/v1/orders", "/wp-json/wc/v2/orders"):
        (parcel,) = shop.get(f"{base}/{order}/shipment-trackings").json()
        assert (parcel["tracking_number"], parcel["date_shipped"]) == ("94", "November 23, 2026"), base
    one = f"{AST}/{order}/shipment-trackings/{parcel['tracking_id']}"
    assert shop.get(one).json()["tracking_provider"] == "USPS"
    assert shop.client.delete(one).status_code == 200
    assert refusal(shop.get(one)) == (404, "woocommerce_rest_order_shipment_tracking_invalid_id")
    assert shop.get(f"{TRACKINGS}/{order}/shipment-trackings").json() == []


def test_a_parcel_may_take_the_place_of_all_others():
    shop = store()
    path = f"{AST}/{bought(shop)}/shipment-trackings"
    for number in ("A1", "A2"):
        shop.post(path, {"tracking_provider": "UPS", "tracking_number": number})
    shop.post(path, {"tracking_provider": "UPS", "tracking_number": "A3", "replace_tracking": 1})
    assert [each["tracking_number"] for each in shop.get(path).json()] == ["A3"]


def test_refusals_are_the_plugins_own():
    shop = store()
    path = f"{AST}/{bought(shop)}/shipment-trackings"
    special = shop.post(path, {"tracking_number": "1Z/9"})
    assert refusal(special) == (404, "woocommerce_rest_order_invalid_id")
    assert special.json()["message"] == "Special character not allowd in tracking number"
    there = shop.post(path, {"tracking_number": "1", "tracking_id": "x"})
    assert refusal(there) == (400, "woocommerce_rest_shop_order_shipment_tracking_exists")
    assert refusal(shop.post(path, {})) == (400, "rest_missing_callback_param")
    nowhere = f"{AST}/999/shipment-trackings"
    assert refusal(shop.post(nowhere, {"tracking_number": "1"})) == (404, "woocommerce_rest_order_invalid_id")
    assert shop.get(path).json() == []
    assert "UPS" in shop.get(f"{path}/providers").json()["United States"]


def test_a_plugin_that_is_not_active_has_no_routes_and_no_namespace():
    shop = store()
    order = bought(shop)
    assert {"wc-shipment-tracking/v3", "wc-ast/v3"} <= set(shop.get("/wp-json").json()["namespaces"])
    for plugin in ("shipment_tracking", "advanced_shipment_tracking"):
        shop.world.settings[f"woocommerce.{plugin}"] = False
    for base in (AST, TRACKINGS):
        assert refusal(shop.get(f"{base}/{order}/shipment-trackings")) == (404, "rest_no_route")
    assert not {"wc-shipment-tracking/v3", "wc-ast/v3"} & set(shop.get("/wp-json").json()["namespaces"])
