"""Products and variants over REST."""

from typing import Any

from mock_servers.core.fake import Call
from mock_servers.core.filters import Condition, Is
from mock_servers.core.wire import Reply
from mock_servers.shopify.behaviour import inventory
from mock_servers.shopify.behaviour.base import find
from mock_servers.shopify.behaviour.order_documents import clean_tags
from mock_servers.shopify.behaviour.products import (
    change_product,
    make_product,
    tell_product,
    update_variant,
    variants_of,
)
from mock_servers.shopify.behaviour.rest import product_shape, variant_shape
from mock_servers.shopify.behaviour.shop import first_location
from mock_servers.shopify.rest.door import camel, gid_for, named, operation, shown, spelled, tags_of, wrong
from mock_servers.shopify.rest.lists import by_id, by_time, count, exactly, page

Json = dict[str, Any]
FILTERS = {
    "title": "titleKey",
    "vendor": "vendorKey",
    "product_type": "typeKey",
    "handle": "handle",
}


def _answer(call: Call, product: Json, status: int = 200) -> Reply:
    return Reply(status, {"product": shown(call, product_shape(call, product))})


def _asked_for(call: Call) -> list[Condition]:
    status = [Is("status", "=", call.query["status"].upper())] if "status" in call.query else []
    return [*by_id(call, "Product"), *by_time(call), *exactly(call, FILTERS), *status]


@operation("listProducts")
def list_products(call: Call) -> Reply:
    return page(call, "products", "Product", lambda product: product_shape(call, product), *_asked_for(call))


@operation("countProducts")
def count_products(call: Call) -> Reply:
    return count(call, "Product", *_asked_for(call))


@operation("getProduct")
def get_product(call: Call) -> Reply:
    return _answer(call, named(call, "Product").body)


@operation("createProduct")
def create_product(call: Call) -> Reply:
    given = call.body["product"]
    title = (given.get("title") or "").strip()
    if not title:
        wrong("title", "can't be blank")
    variants = [_new_variant(each) for each in given.get("variants") or [{}]]
    if len({each["title"] for each in variants}) < len(variants):
        wrong("base", "The variants of a product must differ in their options.")
    product = make_product(call, title, variants, vendor=given.get("vendor") or "Seatrial")
    product = call.collection("product").save(_changed(product, given)).body
    home = first_location(call)["id"]
    for variant in variants_of(call, product):
        inventory.stock(call, variant["inventoryItemId"], home)
    tell_product(call, product, "products/create")
    return _answer(call, product, 201)


@operation("updateProduct")
def update_product(call: Call) -> Reply:
    product, given = named(call, "Product").body, call.body["product"]
    if "title" in given and not given["title"].strip():
        wrong("title", "can't be blank")
    for each in given.get("variants") or ():
        _update(call, product["id"], each)
    product = call.collection("product").get(product["id"]).body
    return _answer(call, change_product(call, product, _changes(given)))


def _changes(given: Json) -> Json:
    """Members of a product as they are kept."""
    changes = spelled(given, "title", "vendor", "product_type")
    if given.get("body_html") is not None:
        changes["descriptionHtml"] = given["body_html"]
    if "status" in given:
        changes["status"] = given["status"].upper()
    if "tags" in given:
        changes["tags"] = clean_tags(tags_of(given["tags"]))
    return changes


def _changed(product: Json, given: Json) -> Json:
    """A new product with what was said of it, before anybody is told."""
    changed = product | _changes(given)
    return changed | {
        "vendorKey": changed["vendor"].lower(),
        "typeKey": changed["productType"].lower(),
        "titleKey": changed["title"].lower(),
        "tagKeys": [tag.lower() for tag in changed["tags"]],
    }


# Variants -------------------------------------------------------------------------------------------------------------


def _new_variant(given: Json) -> Json:
    made = spelled(given, "sku", "barcode", "grams", "requires_shipping")
    made |= {"title": given.get("option1") or "Default Title", "price": str(given.get("price", "0.00"))}
    return made | {"inventoryPolicy": given.get("inventory_policy", "deny").upper()}


def _variant(call: Call, variant: Json) -> Reply:
    return Reply(200, {"variant": shown(call, variant_shape(call, variant))})


@operation("listVariants")
def list_variants(call: Call) -> Reply:
    mine = Is("productId", "=", named(call, "Product", "product_id").id)
    return page(
        call, "variants", "ProductVariant", lambda row: variant_shape(call, row), mine, *by_id(call, "ProductVariant")
    )


@operation("getVariant")
def get_variant(call: Call) -> Reply:
    return _variant(call, named(call, "ProductVariant").body)


@operation("updateVariant")
def do_update_variant(call: Call) -> Reply:
    variant = named(call, "ProductVariant")
    return _variant(call, _update(call, variant["productId"], call.body["variant"] | {"id": None}, variant.id))


def _update(call: Call, product_id: str, given: Json, id: str | None = None) -> Json:
    """Change one variant of a product. Refuses with a 422 one that is not its."""
    if id is None:
        variant = find(call, "ProductVariant", gid_for("ProductVariant", given.get("id", 0)))
        if variant is None or variant["productId"] != product_id:
            wrong("variants", "is invalid")
        id = variant.id
    changes = {camel(name): given[name] for name in ("barcode", "taxable") if name in given}
    changes |= {camel(name): str(given[name]) for name in ("price", "compare_at_price") if given.get(name) is not None}
    if "inventory_policy" in given:
        changes["inventoryPolicy"] = given["inventory_policy"].upper()
    item = spelled(given, "sku", "requires_shipping")
    if "grams" in given:
        item["measurement"] = {"weight": {"unit": "GRAMS", "value": given["grams"]}}
    return update_variant(call, changes | {"id": id} | ({"inventoryItem": item} if item else {}))
