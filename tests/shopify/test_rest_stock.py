"""Stock over REST."""

from tests.shopify.rest_shop import ROOT, gid, rest_shop, stocked


def test_stock_is_set_adjusted_and_read_on_both_surfaces():
    shop = rest_shop()
    where = stocked(shop)
    assert shop.made("inventory_levels/set.json", where | {"available": 7}, status=200)["inventory_level"] == {
        **where,
        "available": 7,
        "updated_at": "2026-11-23T07:00:00-05:00",
        "admin_graphql_api_id": f"gid://shopify/InventoryLevel/90000000001?inventory_item_id={where['inventory_item_id']}",
    }
    adjust = where | {"available_adjustment": -9}
    assert shop.made("inventory_levels/adjust.json", adjust, status=200)["inventory_level"]["available"] == -2
    seen = shop.ask(
        "query($id: ID!) {inventoryItem(id: $id) {inventoryLevels(first: 1) {nodes {"
        'quantities(names: ["available"]) {quantity}}}}}',
        id=gid("InventoryItem", where["inventory_item_id"]),
    )
    assert seen["inventoryItem"]["inventoryLevels"]["nodes"][0]["quantities"] == [{"quantity": -2}]
    too_many = where | {"available_adjustment": -1_000_000_000}
    assert shop.refusal("inventory_levels/adjust.json", too_many) == (422, {"available": ["is out of range"]})


def test_an_item_is_connected_relocated_and_disconnected():
    shop = rest_shop()
    where = stocked(shop)
    other = int(shop.act("add_location", name="Elsewhere")["id"].rsplit("/", 1)[1])
    there = where | {"location_id": other}
    assert shop.refusal("inventory_levels/adjust.json", there | {"available_adjustment": 1}) == (404, "Not Found")
    assert shop.made("inventory_levels/connect.json", there)["inventory_level"]["available"] == 0
    levels = shop.rest("inventory_levels.json", inventory_item_ids=where["inventory_item_id"])["inventory_levels"]
    assert [level["location_id"] for level in levels] == [where["location_id"], other]
    assert shop.rest(f"locations/{other}/inventory_levels.json")["inventory_levels"] == levels[1:]
    shop.made("inventory_levels/connect.json", there | {"relocate_if_necessary": True})
    query = f"inventory_levels.json?inventory_item_id={where['inventory_item_id']}&location_id="
    assert shop.refusal(f"{query}{where['location_id']}", method="DELETE") == (404, "Not Found")
    status, errors = shop.refusal(f"{query}{other}", method="DELETE")  # it has to be stocked somewhere
    assert (status, list(errors)) == (422, ["base"])
    shop.made("inventory_levels/set.json", where | {"available": 4}, status=200)  # sets, and so connects again
    answer = shop.does("DELETE", f"{query}{other}")
    assert (answer.status_code, answer.content) == (204, b"")
    assert shop.sound() == []


def test_what_is_not_counted_cannot_be_set():
    shop = rest_shop()
    where = stocked(shop)
    path = f"inventory_items/{where['inventory_item_id']}.json"
    change = {"tracked": False, "cost": 4.5, "country_code_of_origin": "GB", "sku": "MUG-B"}
    item = shop.made(path, {"inventory_item": change}, method="PUT", status=200)["inventory_item"]
    assert {name: item[name] for name in change} == change | {"cost": "4.50"}
    nowhere = {"inventory_item": {"country_code_of_origin": "XQ"}}
    assert shop.refusal(path, nowhere, method="PUT") == (422, {"country_code_of_origin": ["is not valid"]})
    said = {"base": ["Inventory item does not have inventory tracking enabled"]}
    assert shop.refusal("inventory_levels/set.json", where | {"available": 3}) == (422, said)
    assert shop.rest("inventory_items.json", ids=where["inventory_item_id"])["inventory_items"] == [item]
    assert shop.rest("variants/" + path.split("/")[1], fields="sku") == {"variant": {"sku": "MUG-B"}}


def test_levels_want_to_be_asked_about_something():
    answer = rest_shop().get(f"{ROOT}/inventory_levels.json")
    assert (answer.status_code, list(answer.json()["errors"])) == (422, ["base"])
