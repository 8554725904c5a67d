"""Categories, tags, shipping classes, attributes and their terms, and the products that are in them."""

import pytest

from mock_servers.core.fake import Size
from tests.woocommerce.store import V3, refusal, store

CATEGORIES, TAGS, CLASSES = (f"{V3}/products/{name}" for name in ("categories", "tags", "shipping_classes"))
ATTRIBUTES = f"{V3}/products/attributes"
KINDS = {"categories": CATEGORIES, "tags": TAGS, "shipping classes": CLASSES, "an attribute's terms": ""}


def made(shop, path, **body):
    answer = shop.post(path, body)
    assert answer.status_code == 201, answer.text
    return answer.json()


def path_of(shop, kind):
    return KINDS[kind] or f"{ATTRIBUTES}/{made(shop, ATTRIBUTES, name='Color')['id']}/terms"


@pytest.mark.parametrize("kind", KINDS)
def test_a_term_is_made_changed_listed_by_name_and_deleted_by_force(kind):
    shop = store()
    path = path_of(shop, kind)
    blue, red = made(shop, path, name="Dark Blue"), made(shop, path, name="Crimson", description="Reddish")
    assert (blue["slug"], blue["count"], red["description"]) == ("dark-blue", 0, "Reddish")
    page = shop.get(f"{path}?per_page=1")
    assert ([row["name"] for row in page.json()], page.headers["X-WP-Total"]) == (["Crimson"], "2")
    assert 'rel="next"' in page.headers["Link"]
    assert [row["name"] for row in shop.get(f"{path}?search=blue").json()] == ["Dark Blue"]
    one = f"{path}/{blue['id']}"
    assert shop.client.put(one, json={"name": "Navy"}).json()["name"] == "Navy"
    assert shop.get(one).json()["slug"] == "dark-blue"
    kept = shop.client.delete(one)
    assert refusal(kept) == (501, "woocommerce_rest_trash_not_supported")
    assert kept.json()["message"] == "Resource does not support trashing."
    assert shop.client.delete(f"{one}?force=true").json()["name"] == "Navy"
    assert refusal(shop.get(one)) == (404, "woocommerce_rest_term_invalid")


@pytest.mark.parametrize("kind", KINDS)
def test_a_name_is_one_terms_and_the_refusal_says_whose(kind):
    shop = store()
    path = path_of(shop, kind)
    blue = made(shop, path, name="Blue")
    again = shop.post(path, {"name": "blue"})
    assert refusal(again) == (400, "term_exists")
    assert again.json()["data"]["resource_id"] == blue["id"]
    assert refusal(shop.post(path, {"name": " "})) == (400, "empty_term_name")
    assert refusal(shop.post(path, {})) == (400, "rest_missing_callback_param")
    other = made(shop, path, name="Green", slug="blue")
    assert other["slug"] == "blue-2"
    taken = shop.client.put(f"{path}/{other['id']}", json={"slug": "blue"})
    assert refusal(taken) == (400, "duplicate_term_slug")
    assert len(shop.get(path).json()) == 2


def test_terms_are_of_one_taxonomy_each():
    shop = store()
    tag = made(shop, TAGS, name="New")
    assert refusal(shop.get(f"{CATEGORIES}/{tag['id']}")) == (404, "woocommerce_rest_term_invalid")
    assert refusal(shop.get(f"{ATTRIBUTES}/9/terms")) == (404, "woocommerce_rest_taxonomy_invalid")


def test_categories_are_a_tree_and_products_are_counted_and_found_up_to_its_root():
    shop = store()
    kitchen = made(shop, CATEGORIES, name="Kitchen")
    cups = made(shop, CATEGORIES, name="Cups", parent=kitchen["id"])
    made(shop, CATEGORIES, name="Cups")  # the same name, but not beside it
    assert refusal(shop.post(CATEGORIES, {"name": "X", "parent": 999})) == (400, "missing_parent")
    mug = shop.get(f"{V3}/products?sku=MUG").json()[0]
    changed = shop.client.put(f"{V3}/products/{mug['id']}", json={"categories": [{"id": cups["id"]}, {"id": 999}]})
    assert changed.json()["categories"] == [{"id": cups["id"], "name": "Cups", "slug": "cups"}]
    assert [shop.get(f"{CATEGORIES}/{each['id']}").json()["count"] for each in (kitchen, cups)] == [1, 1]
    for query in (f"category={kitchen['id']}", f"category={cups['id']}"):
        assert [row["sku"] for row in shop.get(f"{V3}/products?{query}").json()] == ["MUG"], query
    assert [row["name"] for row in shop.get(f"{CATEGORIES}?hide_empty=true").json()] == ["Cups", "Kitchen"]
    assert [row["id"] for row in shop.get(f"{CATEGORIES}?product={mug['id']}").json()] == [cups["id"]]
    looped = shop.client.put(f"{CATEGORIES}/{kitchen['id']}", json={"parent": cups["id"]}).json()
    assert looped["parent"] == 0
    shop.client.delete(f"{CATEGORIES}/{cups['id']}?force=true")
    assert shop.get(f"{V3}/products/{mug['id']}").json()["categories"] == []


def test_tags_and_shipping_classes_are_on_products_too():
    shop = store()
    tag, bulky = made(shop, TAGS, name="New"), made(shop, CLASSES, name="Bulky")
    body = {"name": "Chest", "tags": [{"id": tag["id"]}], "shipping_class": "bulky"}
    chest = made(shop, f"{V3}/products", **body)
    assert [each["slug"] for each in chest["tags"]] == ["new"]
    assert (chest["shipping_class"], chest["shipping_class_id"]) == ("bulky", bulky["id"])
    for query in (f"tag={tag['id']}", f"shipping_class={bulky['id']}"):
        assert [row["name"] for row in shop.get(f"{V3}/products?{query}").json()] == ["Chest"]


def test_attributes_are_taxonomies_with_slugs_of_their_own():
    shop = store()
    color = made(shop, ATTRIBUTES, name="Color")
    assert (color["slug"], color["type"], color["order_by"], color["has_archives"]) == (
        "pa_color",
        "select",
        "menu_order",
        False,
    )
    wrong = {
        'Slug "color" is already in use. Change it, please.': {"name": "Color"},
        'Slug "year" is not allowed because it is a reserved term. Change it, please.': {"name": "Year"},
        f'Slug "{"x" * 29}" is too long (28 characters max). Shorten it, please.': {"name": "x" * 29},
    }
    for said, body in wrong.items():
        answer = shop.post(ATTRIBUTES, body)
        assert (refusal(answer), answer.json()["message"]) == ((400, "woocommerce_rest_cannot_create"), said)
    terms = f"{ATTRIBUTES}/{color['id']}/terms"
    blue = made(shop, terms, name="Blue")
    given = [{"id": color["id"], "options": ["Blue"], "variation": True}]
    shirt = made(shop, f"{V3}/products", name="Shirt", type="variable", attributes=given)
    assert shirt["attributes"][0]["name"] == "Color"
    assert shop.get(f"{terms}/{blue['id']}").json()["count"] == 1
    shop.client.put(f"{ATTRIBUTES}/{color['id']}", json={"slug": "shade"})
    assert [row["name"] for row in shop.get(terms).json()] == ["Blue"]
    shop.client.delete(f"{ATTRIBUTES}/{color['id']}?force=true")
    assert refusal(shop.get(terms)) == (404, "woocommerce_rest_taxonomy_invalid")
    assert refusal(shop.get(f"{ATTRIBUTES}/{color['id']}")) == (404, "woocommerce_rest_taxonomy_invalid")


def test_a_batch_of_terms():
    shop = store()
    new = made(shop, TAGS, name="New")
    asked = {"create": [{"name": "Old"}, {"name": "New"}], "update": [{"id": 999}], "delete": [new["id"]]}
    done = shop.client.post(f"{TAGS}/batch", json=asked).json()
    assert done["create"][0]["name"] == "Old"
    assert done["create"][1]["error"]["code"] == "term_exists"
    assert done["update"][0]["error"]["code"] == "woocommerce_rest_term_invalid"
    assert [row["name"] for row in shop.get(TAGS).json()] == ["Old"]


def test_a_coupon_is_of_categories():
    shop = store()
    kitchen = made(shop, CATEGORIES, name="Kitchen")
    mug = shop.get(f"{V3}/products?sku=MUG").json()[0]
    shop.client.put(f"{V3}/products/{mug['id']}", json={"categories": [{"id": kitchen["id"]}]})
    body = {"code": "k", "discount_type": "percent", "amount": "50", "product_categories": [kitchen["id"]]}
    made(shop, f"{V3}/coupons", **body)
    cart = {"code": "c", "amount": "5", "excluded_product_categories": [kitchen["id"]]}
    made(shop, f"{V3}/coupons", **cart)
    lines = [{"sku": "MUG"}, {"sku": "SOCKS"}]
    order = made(shop, f"{V3}/orders", line_items=lines, coupon_lines=[{"code": "k"}])
    assert [line["total"] for line in order["line_items"]] == ["10.00", "5.50"]
    answer = shop.post(f"{V3}/orders", {"line_items": lines, "coupon_lines": [{"code": "c"}]})
    assert answer.json()["message"] == 'Sorry, coupon "c" is not applicable to the categories: Kitchen.'
    socks = shop.post(f"{V3}/orders", {"line_items": [{"sku": "SOCKS"}], "coupon_lines": [{"code": "k"}]})
    assert socks.json()["message"] == 'Sorry, coupon "k" is not applicable to selected products.'


def test_a_store_that_has_been_trading_has_its_products_in_categories():
    shop = store(Size(orders=0, products=8), products=False)
    assert [row["name"] for row in shop.get(CATEGORIES).json()] == ["Clothing", "Kitchen"]
    assert sum(row["count"] for row in shop.get(CATEGORIES).json()) >= 8
