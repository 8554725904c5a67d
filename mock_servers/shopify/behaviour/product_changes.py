"""Products made, changed and deleted, over GraphQL and REST alike."""

from functools import partial
from typing import Any

from mock_servers.core.fake import Work
from mock_servers.core.filters import Holds
from mock_servers.core.graphql import Run
from mock_servers.shopify.behaviour import inventory
from mock_servers.shopify.behaviour.base import (
    attempt,
    fake,
    find,
    found,
    gid,
    money,
    mutation,
    number_in,
    refuse,
    shop_of,
    tell,
    user_error,
)
from mock_servers.shopify.behaviour.order_documents import clean_tags
from mock_servers.shopify.behaviour.products import (
    change_product,
    change_variant,
    make_product,
    make_variant,
    of_variants,
    tell_product,
    variants_of,
    with_product_keys,
)
from mock_servers.shopify.behaviour.shop import first_location

Json = dict[str, Any]


def create_product(work: Work, given: Json, variants: list[Json]) -> Json:
    """A product with its variants, stocked at the first location, and told of. Raises `UserErrors`.

    `given` is what a product says of itself; of several variants each has a title of its own.
    """
    title = (given.get("title") or "").strip()
    if not title:
        refuse(["title"], "Title can't be blank")
    made = make_product(work, title, variants, vendor=given.get("vendor") or shop_of(work)["name"])
    product = work.collection("product").save(with_product_keys(made | changes_in(given))).body
    for variant in variants_of(work, product):
        inventory.stock(work, variant["inventoryItemId"], first_location(work)["id"])
    tell_product(work, product, "products/create")
    return product


def changes_in(given: Json) -> Json:
    """What is said of a product, as it is kept."""
    changes = {name: value for name, value in given.items() if value is not None}
    if "tags" in changes:
        changes["tags"] = clean_tags(changes["tags"])
    if not changes.get("handle"):
        changes.pop("handle", None)
    return changes


def add_variant(work: Work, product: Json, given: Json) -> Json:
    """One more variant of a product, stocked at the first location. Raises `UserErrors`; its sentence is assumed."""
    title = given.get("title") or "Default Title"
    have = variants_of(work, product)
    if any(each["title"] == title for each in have):
        refuse(None, f"The variant '{title[:80]}' already exists. Please change at least one option value.")
    position = 1 + max((each["position"] for each in have), default=0)
    made = make_variant(work, product["id"], product["title"], position, given)
    inventory.stock(work, made["inventoryItemId"], first_location(work)["id"])
    change_product(work, product, of_variants([*have, made]))
    return made


def delete_variant(work: Work, product: Json, variant: Json) -> None:
    """A variant is gone; orders keep their lines. Raises `UserErrors` for the last one; its sentence is assumed."""
    left = [each for each in variants_of(work, product) if each["id"] != variant["id"]]
    if not left:
        refuse(None, "Cannot delete the last variant of a product")
    _drop(work, variant)
    _forget(work, product, "variantId", variant["id"], {"variantId": None, "inventoryItemId": None})
    change_product(work, product, of_variants(left))


def delete_product(work: Work, product: Json) -> None:
    """A product is gone with its variants, their items and levels; orders keep their lines, which name it no more.

    That a line's `product_id` is null from then on is documented; of its `variant_id` it is assumed.
    """
    for variant in variants_of(work, product):
        _drop(work, variant)
    nameless = {"productId": None, "variantId": None, "inventoryItemId": None}
    _forget(work, product, "productId", product["id"], nameless)
    work.collection("product").delete(product["id"])
    tell(work, "products/delete", lambda: {"id": number_in(product["id"])})


def _drop(work: Work, variant: Json) -> None:
    """A variant with its item and that one's levels."""
    for level in inventory.levels_of(work, variant["inventoryItemId"]):
        work.collection("inventory_level").delete(level["id"])
    work.collection("inventory_item").delete(variant["inventoryItemId"])
    work.collection("variant").delete(variant["id"])
    tell(work, "inventory_items/delete", partial(dict, id=number_in(variant["inventoryItemId"])))


def _forget(work: Work, product: Json, member: str, id: str, nameless: Json) -> None:
    """Lines of orders name something no more."""
    for order in work.collection("order").rows(Holds("productNumbers", str(number_in(product["id"])))):
        lines = [line | nameless if line[member] == id else line for line in order["lines"]]
        work.collection("order").save(order | {"lines": lines})


# Mutations ------------------------------------------------------------------------------------------------------------


@mutation("productCreate")
def product_create(work: Work, args: Json) -> Json:
    """With one variant, whose stock is not tracked until somebody says so."""
    product = create_product(work, args.get("product") or {}, [{"price": "0.00", "tracked": False}])
    return {"product": product, "userErrors": []}


@mutation("productUpdate")
def product_update(work: Work, args: Json) -> Json:
    given = dict(args.get("product") or {})
    document = find(work, "Product", given.pop("id", None) or gid("Product", 0))
    if document is None:
        refuse(["id"], "Product does not exist")
    if "title" in given and not (given["title"] or "").strip():
        refuse(["title"], "Title can't be blank")
    return {"product": change_product(work, document.body, changes_in(given)), "userErrors": []}


@mutation("productDelete")
def product_delete(work: Work, args: Json) -> Json:
    document = find(work, "Product", args["input"]["id"])
    if document is None:
        refuse(["id"], "Product does not exist")
    delete_product(work, document.body)
    return {"deletedProductId": document.id, "userErrors": []}


@fake.field("ProductCreatePayload.shop", "ProductDeletePayload.shop")
def payload_shop(_source: Json, _args: Json, run: Run) -> Json:
    return shop_of(run.call)


@fake.field("productVariantsBulkUpdate")
def product_variants_bulk_update(_source: Any, args: Json, run: Run) -> Json:
    return attempt(run.call, lambda: _bulk_update(run.call, args))


def _bulk_update(work: Work, args: Json) -> Json:
    document = find(work, "Product", args["productId"])
    if document is None:
        refuse(["productId"], "Product does not exist", "PRODUCT_DOES_NOT_EXIST")
    errors = _bulk_errors(work, document.id, args["variants"])
    if errors and not args.get("allowPartialUpdates"):
        return {"product": document.body, "productVariants": None, "userErrors": errors}
    wrong = {int(error["field"][1]) for error in errors}
    changed = [update_variant(work, given) for place, given in enumerate(args["variants"]) if place not in wrong]
    product = found(work, "Product", document.id)
    return {"product": product, "productVariants": changed, "userErrors": errors}


def _bulk_errors(work: Work, product_id: str, variants: list[Json]) -> list[Json]:
    errors = []
    for place, given in enumerate(variants):
        where = ["variants", str(place)]
        if given.get("id") is None:
            errors.append(
                user_error([*where, "id"], "Product variant is missing ID attribute", "PRODUCT_VARIANT_ID_MISSING")
            )
            continue
        variant = find(work, "ProductVariant", given["id"])
        if variant is None or variant["productId"] != product_id:
            errors.append(
                user_error([*where, "id"], "Product variant does not exist", "PRODUCT_VARIANT_DOES_NOT_EXIST")
            )
        elif given.get("price") is not None and given["price"].startswith("-"):
            errors.append(
                user_error([*where, "price"], "Price must be greater than or equal to 0", "GREATER_THAN_OR_EQUAL_TO")
            )
    return errors


def update_variant(work: Work, given: Json) -> Json:
    """Change a variant and the item behind it."""
    variant = found(work, "ProductVariant", given["id"])
    changes = {name: given[name] for name in ("barcode", "inventoryPolicy", "taxable") if given.get(name) is not None}
    changes |= {name: money(given[name]) for name in ("price", "compareAtPrice") if given.get(name) is not None}
    item = given.get("inventoryItem") or {}
    if item:
        inventory.change_item(work, found(work, "InventoryItem", variant["inventoryItemId"]), item)
    if item.get("sku") is not None:
        changes |= {"sku": item["sku"], "skuKey": item["sku"].lower()}
    return change_variant(work, variant, changes)
