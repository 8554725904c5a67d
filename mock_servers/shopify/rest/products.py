"""Products and variants over REST."""

from typing import Any

from mock_servers.core.fake import Call
from mock_servers.core.filters import Condition, Is
from mock_servers.core.refusal import Refusal
from mock_servers.core.store import Document
from mock_servers.core.wire import Reply
from mock_servers.shopify.behaviour.base import find
from mock_servers.shopify.behaviour.product_changes import (
    add_variant,
    changes_in,
    create_product,
    delete_product,
    delete_variant,
    update_variant,
)
from mock_servers.shopify.behaviour.products import change_product
from mock_servers.shopify.behaviour.rest import product_shape, variant_shape
from mock_servers.shopify.rest.door import camel, gid_for, global_id, named, operation, shown, spelled, tags_of, wrong
from mock_servers.shopify.rest.lists import by_id, by_time, count, exactly, page

Json = dict[str, Any]
FILTERS = {
    "title": "titleKey",
    "vendor": "vendorKey",
    "product_type": "typeKey",
    "handle": "handle",
}
GRAMS = {"g": 1, "kg": 1000, "oz": 28.349523125, "lb": 453.59237}


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
def do_create_product(call: Call) -> Reply:
    given = call.body["product"]
    variants = [_new_variant(each) for each in given.get("variants") or [{}]]
    if len({each["title"] for each in variants}) < len(variants):
        wrong("base", "The variants of a product must differ in their options.")
    return _answer(call, create_product(call, _said(given), variants), 201)


@operation("updateProduct")
def update_product(call: Call) -> Reply:
    product, given = named(call, "Product").body, call.body["product"]
    if "title" in given and not given["title"].strip():
        wrong("title", "can't be blank")
    for each in given.get("variants") or ():
        _update(call, product["id"], each)
    product = call.collection("product").get(product["id"]).body
    return _answer(call, change_product(call, product, changes_in(_said(given))))


@operation("deleteProduct")
def do_delete_product(call: Call) -> Reply:
    delete_product(call, named(call, "Product").body)
    return Reply(200, {})


def _said(given: Json) -> Json:
    """What a body says of a product, as GraphQL says it."""
    said = spelled(given, "title", "vendor", "product_type", "handle") | {"descriptionHtml": given.get("body_html")}
    if "status" in given:
        said["status"] = given["status"].upper()
    if "tags" in given:
        said["tags"] = tags_of(given["tags"])
    return said


# Variants -------------------------------------------------------------------------------------------------------------


def _new_variant(given: Json) -> Json:
    made = spelled(given, "sku", "barcode", "grams", "requires_shipping")
    made |= {"title": given.get("option1") or "Default Title", "price": str(given.get("price", "0.00"))}
    made |= {"inventoryPolicy": given.get("inventory_policy", "deny").upper(), "tracked": _tracked(given)}
    return made | ({"grams": _grams(given)} if "weight" in given and "grams" not in given else {})


def _tracked(given: Json) -> bool:
    """Stock is only counted where `inventory_management` says by whom (documented)."""
    return given.get("inventory_management") is not None


def _grams(given: Json) -> int:
    return round(float(given["weight"]) * GRAMS[given.get("weight_unit", "kg")])


def _variant(call: Call, variant: Json, status: int = 200) -> Reply:
    return Reply(status, {"variant": shown(call, variant_shape(call, variant))})


@operation("listVariants")
def list_variants(call: Call) -> Reply:
    shape = lambda row: variant_shape(call, row)  # noqa: E731 - named for the line's sake
    return page(call, "variants", "ProductVariant", shape, _of_product(call), *by_id(call, "ProductVariant"))


@operation("countVariants")
def count_variants(call: Call) -> Reply:
    return count(call, "ProductVariant", _of_product(call))


def _of_product(call: Call) -> Condition:
    return Is("productId", "=", named(call, "Product", "product_id").id)


@operation("createVariant")
def create_variant(call: Call) -> Reply:
    product = named(call, "Product", "product_id").body
    return _variant(call, add_variant(call, product, _new_variant(call.body["variant"])), 201)


@operation("getProductVariant")
@operation("getVariant")
def get_variant(call: Call) -> Reply:
    return _variant(call, _own_variant(call).body)


@operation("updateProductVariant")
@operation("updateVariant")
def do_update_variant(call: Call) -> Reply:
    variant = _own_variant(call)
    return _variant(call, _update(call, variant["productId"], call.body["variant"] | {"id": None}, variant.id))


@operation("deleteVariant")
def do_delete_variant(call: Call) -> Reply:
    delete_variant(call, named(call, "Product", "product_id").body, _own_variant(call).body)
    return Reply(200, {})


def _own_variant(call: Call) -> Document:
    """The variant the path names; of the product it names, where it names one. Refuses with `not_found`."""
    variant = named(call, "ProductVariant")
    if "product_id" in call.path and variant["productId"] != global_id("Product", call.path["product_id"]):
        raise Refusal("not_found")
    return variant


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
    if "inventory_management" in given:
        item["tracked"] = _tracked(given)
    if "grams" in given or "weight" in given:
        grams = given["grams"] if "grams" in given else _grams(given)
        item["measurement"] = {"weight": {"unit": "GRAMS", "value": grams}}
    return update_variant(call, changes | {"id": id} | ({"inventoryItem": item} if item else {}))
