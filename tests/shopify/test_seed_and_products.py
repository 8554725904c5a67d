"""A shop that has been trading for a while, and what it sells."""

import pytest

from mock_servers.core.fake import Size
from mock_servers.core.refusal import UsageError
from tests.shopify.shop import Shop, shop, stocked


@pytest.mark.parametrize(("orders", "products"), [(0, 1), (1, 1), (30, 3), (1200, 40)])
def test_a_seeded_shop_is_sound_whatever_its_size(orders, products):
    made = shop(Size(orders=orders, products=products))

    assert len(made.documents("order")) == orders
    assert len(made.documents("variant")) == products
    assert made.sound() == []


def test_the_same_seed_is_the_same_shop_and_another_is_another():
    one, two, other = (shop(Size(orders=20), seed=seed) for seed in (3, 3, 4))

    assert one.kept() == two.kept()
    assert one.documents("order") != other.documents("order")


def test_a_seeded_shop_has_a_bit_of_everything_and_tells_nobody():
    made = shop(Size(orders=300, products=20))
    orders = made.documents("order")

    assert {order["displayFinancialStatus"] for order in orders} == {"PAID", "PENDING", "VOIDED"}
    assert {order["displayFulfillmentStatus"] for order in orders} == {"FULFILLED", "UNFULFILLED", "RESTOCKED"}
    assert len({order["name"] for order in orders}) == 300
    assert orders == sorted(orders, key=lambda order: order["createdAt"])
    assert all(order["createdAt"] < "2026-11-23T12:00:00Z" for order in orders)
    assert made.documents("webhook_delivery") == []
    assert any(len(made.waiting(order)) > 1 for order in orders)


def test_a_seed_on_top_of_a_seed_adds_to_it():
    made = shop(Size(orders=10, products=5))

    made.sandbox.fill(Size(orders=10, products=8))

    assert (len(made.documents("order")), len(made.documents("variant"))) == (20, 8)
    assert made.sound() == []


def test_a_seeded_shop_works_on():
    made = shop(Size(orders=30, products=5))
    sku = made.documents("variant")[0]["sku"]
    order = made.order((sku, 1))

    made.act("fulfill", order=order["name"])
    waiting = next(each for each in made.documents("order") if each["displayFulfillmentStatus"] == "UNFULFILLED")
    made.act("fulfill", order=waiting["name"])

    assert order["name"] == "#1031"
    assert made.sound() == []


def test_a_reset_brings_the_shop_back_as_it_was():
    made = shop(Size(orders=10, products=5))
    before = made.kept()
    made.order((made.documents("variant")[0]["sku"], 1))

    made.world.reset()

    assert made.kept() == before


# Products -------------------------------------------------------------------------------------------------------------


def test_a_product_shows_its_variants_and_its_stock():
    made = stocked()
    made.act("add_location", name="Reno")
    made.act("count_stock", sku="MUG-BLU", quantity=5, location="Reno")

    shown = made.ask(
        "{products(first: 1) {nodes {title handle status vendor totalInventory tracksInventory hasOnlyDefaultVariant "
        "options {name values} variantsCount {count} variants(first: 5) {nodes {sku displayName price "
        "inventoryQuantity inventoryPolicy availableForSale inventoryItem {sku tracked}}}}}}"
    )["products"]["nodes"][0]

    assert shown == {
        "title": "MUG-BLU",
        "handle": "mug-blu",
        "status": "ACTIVE",
        "vendor": "Seatrial",
        "totalInventory": 15,
        "tracksInventory": True,
        "hasOnlyDefaultVariant": True,
        "options": [{"name": "Title", "values": ["Default Title"]}],
        "variantsCount": {"count": 1},
        "variants": {
            "nodes": [
                {
                    "sku": "MUG-BLU",
                    "displayName": "MUG-BLU - Default Title",
                    "price": "10.00",
                    "inventoryQuantity": 15,
                    "inventoryPolicy": "DENY",
                    "availableForSale": True,
                    "inventoryItem": {"sku": "MUG-BLU", "tracked": True},
                }
            ]
        },
    }


UPDATE = """mutation($p: ProductUpdateInput) {productUpdate(product: $p) {product {title tags status updatedAt}
  userErrors {field message}}}"""
BULK = """mutation($id: ID!, $v: [ProductVariantsBulkInput!]!, $partial: Boolean) {
  productVariantsBulkUpdate(productId: $id, variants: $v, allowPartialUpdates: $partial) {
    productVariants {sku price barcode} userErrors {field message code}}}"""


def ids(made: Shop) -> tuple[str, str]:
    variant = made.documents("variant")[0]
    return variant["productId"], variant["id"]


def test_a_product_is_changed_and_the_change_is_dated():
    made = stocked()
    made.advance(60)

    shown = made.change(UPDATE, p={"id": ids(made)[0], "title": "Blue mug", "tags": ["b", "a"]})["product"]

    assert shown == {
        "title": "Blue mug",
        "tags": ["a", "b"],
        "status": "ACTIVE",
        "updatedAt": "2026-11-23T12:01:00Z",
    }
    assert made.error(UPDATE, p={"id": ids(made)[0], "title": " "})["field"] == ["title"]
    assert made.error(UPDATE, p={"id": "gid://shopify/Product/1"})["field"] == ["id"]


def test_variants_are_changed_together_or_not_at_all():
    made = stocked()
    product, variant = ids(made)
    good = {"id": variant, "price": "12.5", "barcode": "42", "inventoryItem": {"sku": "MUG-X"}}
    bad = {"id": "gid://shopify/ProductVariant/1", "price": "1"}

    refused = made.payload(BULK, id=product, v=[good, bad])
    partly = made.payload(BULK, id=product, v=[good, bad], partial=True)

    assert (refused["productVariants"], refused["userErrors"][0]["code"]) == (None, "PRODUCT_VARIANT_DOES_NOT_EXIST")
    assert partly["productVariants"] == [{"sku": "MUG-X", "price": "12.50", "barcode": "42"}]
    assert partly["userErrors"][0]["field"] == ["variants", "1", "id"]


@pytest.mark.parametrize(
    ("variant", "code"),
    [
        ({"price": "1"}, "PRODUCT_VARIANT_ID_MISSING"),
        ({"id": "V", "price": "-1"}, "GREATER_THAN_OR_EQUAL_TO"),
    ],
)
def test_a_variant_that_cannot_be_changed_so_is_refused(variant, code):
    made = stocked()
    product, id = ids(made)

    given = variant | ({"id": id} if "id" in variant else {})

    assert made.error(BULK, id=product, v=[given])["code"] == code


@pytest.mark.parametrize(
    ("action", "arguments", "words"),
    [
        ("add_product", {"sku": "MUG-BLU"}, "taken"),
        ("count_stock", {"sku": "MUG-BLU", "quantity": -1}, "quantity"),
        ("count_stock", {"sku": "MUG-BLU", "quantity": 1, "location": "Nowhere"}, "no location"),
        ("count_stock", {"sku": "NONE", "quantity": 1}, "no variant"),
        ("edit_product", {"sku": "MUG-BLU", "status": "SOLD"}, "status"),
        ("fulfill", {"order": "#9"}, "no order"),
        ("cancel", {"order": "#9"}, "no order"),
        ("checkout", {"lines": [{"sku": "MUG-BLU"}], "colour": "red"}, "colour"),
        ("dance", {}, "no action"),
    ],
)
def test_a_wrong_action_is_one_clear_line_and_changes_nothing(action, arguments, words):
    made = stocked()
    before = made.kept()

    with pytest.raises(UsageError, match=words):
        made.act(action, **arguments)

    assert made.kept() == before
