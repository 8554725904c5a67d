"""How a store is set up, what it counts, and what it says it has."""

import pytest

from tests.woocommerce.store import V3, refusal, store


def test_tax_rates_are_those_by_which_orders_are_taxed():
    shop = store()
    rates = shop.get(f"{V3}/taxes")
    assert [(rate["state"], rate["rate"]) for rate in rates.json()] == [("NY", "8.8750"), ("CA", "7.2500")]
    assert rates.headers["X-WP-Total"] == "2"
    assert shop.get(f"{V3}/taxes?per_page=1&page=2").json()[0]["state"] == "CA"
    assert shop.get(f"{V3}/taxes?class=zero-rate").json() == []
    assert shop.get(f"{V3}/taxes/2").json()["name"] == "CA Tax"
    shop.world.settings["woocommerce.tax_rates"] = []
    assert shop.get(f"{V3}/taxes").json() == []
    assert [each["slug"] for each in shop.get(f"{V3}/taxes/classes").json()] == [
        "standard",
        "reduced-rate",
        "zero-rate",
    ]


def test_zones_say_where_they_are_and_how_they_are_shipped_to():
    shop = store()
    zones = f"{V3}/shipping/zones"
    assert [zone["id"] for zone in shop.get(zones).json()] == [0, 1]
    assert [(each["code"], each["type"]) for each in shop.get(f"{zones}/1/locations").json()] == [("US", "country")]
    (method,) = shop.get(f"{zones}/1/methods").json()
    assert (method["method_id"], method["instance_id"], method["settings"]["cost"]["value"]) == ("flat_rate", 3, "3.00")
    assert shop.get(f"{zones}/1/methods/3").json() == method
    order = shop.act("checkout", lines=[{"sku": "MUG"}])["id"]
    (line,) = shop.get(f"{V3}/orders/{order}").json()["shipping_lines"]
    assert (line["method_id"], line["instance_id"]) == ("flat_rate", str(method["instance_id"]))


def test_orders_are_paid_by_ways_there_are():
    shop = store()
    gateways = {each["id"]: each["enabled"] for each in shop.get(f"{V3}/payment_gateways").json()}
    for paid in (True, False):
        order = shop.act("checkout", lines=[{"sku": "MUG"}], paid=paid)["id"]
        assert gateways[shop.get(f"{V3}/orders/{order}").json()["payment_method"]] is True
    assert shop.get(f"{V3}/payment_gateways/cod").json()["title"] == "Cash on delivery"


ABSENT = {
    "taxes/99": "woocommerce_rest_invalid_id",
    "shipping_methods/by_kite": "woocommerce_rest_shipping_method_invalid",
    "shipping/zones/9": "woocommerce_rest_shipping_zone_invalid",
    "shipping/zones/9/methods": "woocommerce_rest_shipping_zone_invalid",
    "shipping/zones/1/methods/9": "woocommerce_rest_shipping_zone_method_invalid",
    "payment_gateways/beads": "woocommerce_rest_payment_gateway_invalid",
    "reports/categories/totals": "rest_no_route",
}


@pytest.mark.parametrize("path", ABSENT)
def test_what_is_not_there_is_not_found_in_the_vendors_words(path):
    assert refusal(store().get(f"{V3}/{path}")) == (404, ABSENT[path])


def test_counts_are_of_what_there_is():
    shop = store()
    shop.act("add_product", sku="SHIRT-S", parent="SOCKS", option="Small")
    shop.act("register", email="ada@example.com")
    shop.act("register", email="bob@example.com")
    shop.act("checkout", lines=[{"sku": "MUG"}], customer="ada@example.com")
    shop.act("add_coupon", code="ten")

    def totals(of):
        return {row["slug"]: row["total"] for row in shop.get(f"{V3}/reports/{of}/totals").json()}

    assert totals("products") == {"external": 0, "grouped": 0, "simple": 1, "variable": 1}
    assert totals("customers") == {"paying": 1, "non_paying": 1}
    assert totals("coupons") == {"percent": 1, "fixed_cart": 0, "fixed_product": 0}
    assert totals("orders")["processing"] == 1
    assert "orders/totals" in [row["slug"] for row in shop.get(f"{V3}/reports").json()]


def test_the_namespace_tells_its_routes():
    shop = store()
    said = shop.get(V3).json()
    assert said["namespace"] == "wc/v3"
    assert said["routes"]["/wc/v3/orders"]["methods"] == ["GET", "POST"]
    assert "DELETE" in said["routes"]["/wc/v3/orders/(?P<id>[0-9]+)"]["methods"]


def test_the_status_tells_versions_and_which_extensions_are_active():
    shop = store()
    said = shop.get(f"{V3}/system_status").json()
    assert said["environment"]["version"] == "10.3.4"
    assert said["active_plugins"][0]["name"] == "WooCommerce"
    shop.world.settings["woocommerce.advanced_shipment_tracking"] = False
    plugins = [each["plugin"] for each in shop.get(f"{V3}/system_status").json()["active_plugins"]]
    assert not any("advanced" in plugin for plugin in plugins)
