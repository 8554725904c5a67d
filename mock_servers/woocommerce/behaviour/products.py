"""Products and their variations, with the stock they manage (dossier §7)."""

import re
from collections.abc import Mapping
from typing import Any

from mock_servers.core.fake import Call, Work
from mock_servers.core.filters import All, Condition, Is, Not
from mock_servers.core.refusal import Refusal
from mock_servers.core.store import Document
from mock_servers.core.wire import Reply
from mock_servers.woocommerce.behaviour import listing, reviews, terms
from mock_servers.woocommerce.behaviour.base import (
    API,
    Json,
    amount,
    answer,
    created,
    emit_once,
    fake,
    links,
    merged_meta,
    missing,
    must_be_number,
    next_post,
    refuse,
    site_url,
    times,
    whole,
)
from mock_servers.woocommerce.behaviour.batch import in_batch
from mock_servers.woocommerce.behaviour.stock import keeper, with_stock_status

INVALID = "woocommerce_rest_product_invalid_id"
INVALID_VARIATION = "woocommerce_rest_product_variation_invalid_id"
GIVEN = (
    "name", "slug", "type", "status", "featured", "catalog_visibility", "description", "short_description", "sku",
    "global_unique_id", "regular_price", "sale_price", "virtual", "downloadable", "tax_status", "manage_stock",
    "stock_status", "backorders", "low_stock_amount", "sold_individually", "weight", "menu_order", "attributes",
)  # fmt: skip
COLUMNS = {"title": "name", "slug": "slug", "price": "price_key"}
TIMES = ("date_created", "date_modified")


@fake.operation("listProducts")
def list_products(call: Call) -> Reply:
    where = [*listing.usual_filters(call), *_filters(call), Is("parent_id", "=", 0)]
    if "sku" in call.query:  # then variations are looked through as well, and only then
        where[-1] = Is("sku", "in", tuple(sku.strip() for sku in call.query["sku"].split(",")))
    return listing.page(call, "product", where, lambda each: shown_product(call, each), COLUMNS)


def _filters(call: Call) -> list[Condition]:
    query = call.query
    status = query.get("status", "any")
    where: list[Condition] = [Is("status", "=", status) if status != "any" else Not(Is("status", "=", "trash"))]
    where += [Is(name, "=", query[name]) for name in ("type", "stock_status", "slug") if name in query]
    if "min_price" in query:
        where.append(Is("price_key", ">=", price_key(query["min_price"])))
    if "max_price" in query:
        where.append(Is("price_key", "<=", price_key(query["max_price"])))
    if query.get("search"):
        where.append(listing.found_in(query["search"], "name", "sku", "description"))
    if "featured" in query:
        where.append(Is("featured", "=", query["featured"]))
    if "on_sale" in query:
        sale = Not(Is("sale_price", "=", ""))
        where.append(sale if query["on_sale"] else Is("sale_price", "=", ""))
    return [*where, *terms.filters(call)]


@fake.operation("getProduct")
def get_product(call: Call) -> Reply:
    return answer(call, 200, shown_product(call, _product(call, must_be_number(call.path["id"]))))


@fake.operation("createProduct")
def create_product(call: Call) -> Reply:
    product = make_product(call, call.body)
    return created(call, shown_product(call, product), f"{API}/products/{product.id}")


@fake.operation("updateProduct", "patchProduct", "postProduct")
def update_product(call: Call) -> Reply:
    return answer(call, 200, shown_product(call, change_product(call, must_be_number(call.path["id"]), call.body)))


@fake.operation("deleteProduct")
def delete_product(call: Call) -> Reply:
    """The answer shows it as it was before (core WC_REST_CRUD_Controller)."""
    product = _product(call, must_be_number(call.path["id"]), writing=True)
    before = shown_product(call, product)
    remove_product(call, product, force=_force(call))
    return answer(call, 200, before)


@fake.operation("batchProducts")
def batch_products(call: Call) -> Reply:
    def create(body: Json) -> Json:
        return shown_product(call, make_product(call, body))

    def update(id: str, body: Json) -> Json:
        return shown_product(call, change_product(call, id, body))

    def delete(id: str) -> Json:
        return shown_product(call, remove_product(call, _product(call, id, writing=True), force=True))

    return in_batch(call, ("createProduct", "updateProduct"), create, update, delete)


# Variations -----------------------------------------------------------------------------------------------------------


@fake.operation("listVariations")
def list_variations(call: Call) -> Reply:
    parent = _parent(call)
    where = [*listing.usual_filters(call), *_filters(call), Is("parent_id", "=", int(parent.id))]
    if "sku" in call.query:
        where.append(Is("sku", "in", tuple(sku.strip() for sku in call.query["sku"].split(","))))
    return listing.page(call, "product", where, lambda each: shown_variation(call, each), COLUMNS)


@fake.operation("getVariation")
def get_variation(call: Call) -> Reply:
    return answer(call, 200, shown_variation(call, _variation(call, _parent(call), must_be_number(call.path["id"]))))


@fake.operation("createVariation")
def create_variation(call: Call) -> Reply:
    parent = _parent(call)
    variation = make_variation(call, parent, call.body)
    path = f"{API}/products/{parent.id}/variations/{variation.id}"
    return created(call, shown_variation(call, variation), path)


@fake.operation("updateVariation", "patchVariation", "postVariation")
def update_variation(call: Call) -> Reply:
    parent, id = _parent(call), must_be_number(call.path["id"])
    return answer(call, 200, shown_variation(call, changed_product(call, _variation(call, parent, id), call.body)))


@fake.operation("deleteVariation")
def delete_variation(call: Call) -> Reply:
    variation = _variation(call, _parent(call), must_be_number(call.path["id"]))
    before = shown_variation(call, variation)
    remove_product(call, variation, force=_force(call))
    return answer(call, 200, before)


@fake.operation("batchVariations")
def batch_variations(call: Call) -> Reply:
    parent = _parent(call)

    def create(body: Json) -> Json:
        return shown_variation(call, make_variation(call, parent, body))

    def update(id: str, body: Json) -> Json:
        return shown_variation(call, changed_product(call, _variation(call, parent, id), body))

    def delete(id: str) -> Json:
        return shown_variation(call, remove_product(call, _variation(call, parent, id), force=True))

    return in_batch(call, ("createVariation", "updateVariation"), create, update, delete)


# What is done, whoever asks -------------------------------------------------------------------------------------------


def make_product(work: Work, body: Json) -> Document:
    if whole(body.get("id")):
        refuse("woocommerce_rest_product_exists", "Cannot create existing product.")
    id = next_post(work)
    product = with_stock_status(_with(work, blank_product(work, id, body.get("type", "simple")), body))
    kept = work.collection("product").add(product)
    tell(work, "created", kept)
    return kept


def make_variation(work: Work, parent: Document, body: Json) -> Document:
    if whole(body.get("id")):
        refuse("woocommerce_rest_product_variation_exists", "Cannot create existing product variation.")
    blank = blank_product(work, next_post(work), "variation") | {
        "parent_id": int(parent.id),
        "tax_class": parent["tax_class"],
    }
    variation = with_stock_status(_named(parent, _with(work, blank, body)))
    kept = work.collection("product").add(variation)
    tell(work, "created", kept)
    _touch_parent(work, kept)
    return kept


def change_product(work: Work, id: str, body: Json) -> Document:
    """Change a product; a variation has a way of its own, and what is not there is a bad request here."""
    product = work.collection("product").find(id)
    if product is None:
        refuse(INVALID, "Invalid ID.")
    if product["type"] == "variation":
        missing(INVALID, _OTHER_WAY)
    return changed_product(work, product, body)


def changed_product(work: Work, product: Document, body: Json) -> Document:
    changed = _with(work, product.body, body)
    if product["type"] == "variation":
        changed = _named(work.collection("product").get(str(product["parent_id"])), changed)
    return save_product(work, with_stock_status(changed))


def save_product(work: Work, product: Mapping[str, Any]) -> Document:
    """Keep a change of a product, and tell of it; of a variation's, by its parent too."""
    kept = work.collection("product").save({**product, "date_modified_gmt": work.stamp})
    tell(work, "updated", kept)
    _touch_parent(work, kept)
    return kept


def remove_product(work: Work, product: Document, *, force: bool) -> Document:
    if not force and product["status"] == "trash":
        kind = "product_variation" if product["type"] == "variation" else "product"
        raise Refusal("woocommerce_rest_already_trashed", kind=kind)
    if force:
        for variation in work.collection("product").rows(Is("parent_id", "=", int(product.id))):
            work.collection("product").delete(variation.id)
        work.collection("product").delete(product.id)
    else:
        product = work.collection("product").save(product | {"status": "trash", "date_modified_gmt": work.stamp})
    tell(work, "deleted", product)
    _touch_parent(work, product)
    return product


def tell(work: Work, event: str, product: Mapping[str, Any]) -> None:
    id = int(product["id"])

    def payload() -> Json:
        latest = work.collection("product").find(str(id))
        return {"id": id} if event == "deleted" else shown_product(work, latest or product)

    emit_once(work, f"product.{event}", payload, id)


def _touch_parent(work: Work, product: Mapping[str, Any]) -> None:
    """A parent has changed when one of its variations has (assumed for its date; told of in core)."""
    parent = work.collection("product").find(str(product["parent_id"])) if product["parent_id"] else None
    if parent is not None:
        save_product(work, parent)


_OTHER_WAY = "To manipulate product variations you should use the /products/<product_id>/variations/<id> endpoint."


def _product(call: Call, id: str, *, writing: bool = False) -> Document:
    product = call.collection("product").find(id)
    if product is None:
        missing(INVALID)
    if writing and product["type"] == "variation":
        missing(INVALID, _OTHER_WAY)
    return product


def _parent(call: Call) -> Document:
    parent = call.collection("product").find(must_be_number(call.path["product_id"]))
    if parent is None or parent["type"] == "variation":
        missing("woocommerce_rest_product_invalid_id", "Invalid product ID.")
    return parent


def _variation(call: Call, parent: Document, id: str) -> Document:
    found = call.collection("product").first(All(Is("id", "=", id), Is("parent_id", "=", int(parent.id))))
    if found is None:
        missing(INVALID_VARIATION)
    return found


def _force(call: Call) -> bool:
    return bool(call.query.get("force", False))


# Bodies ---------------------------------------------------------------------------------------------------------------


def blank_product(work: Work, id: int, type: str) -> Json:
    return {
        "id": str(id),
        "name": "Product",
        "slug": f"product-{id}",
        "type": type,
        "status": "publish",
        "featured": False,
        "catalog_visibility": "visible",
        "description": "",
        "short_description": "",
        "sku": "",
        "global_unique_id": "",
        "price": "",
        "price_key": price_key(""),
        "regular_price": "",
        "sale_price": "",
        "virtual": False,
        "downloadable": False,
        "tax_status": "taxable",
        "tax_class": "",
        "manage_stock": False,
        "stock_quantity": None,
        "stock_status": "instock",
        "backorders": "no",
        "low_stock_amount": None,
        "sold_individually": False,
        "weight": "",
        "dimensions": {"length": "", "width": "", "height": ""},
        "parent_id": 0,
        "attributes": [],
        "menu_order": 0,
        "category_ids": [],
        "tag_ids": [],
        "shipping_class_id": 0,
        "terms": [],
        "meta_data": [],
        "total_sales": 0,
        "date_created_gmt": work.stamp,
        "date_modified_gmt": work.stamp,
    }


def _with(work: Work, product: Json, body: Json) -> Json:
    changed = product | {name: body[name] for name in GIVEN if body.get(name) is not None}
    if body.get("name") and "slug" not in body and product["slug"].startswith("product-"):
        changed["slug"] = f"{re.sub(r'[^a-z0-9]+', '-', body['name'].lower()).strip('-')[:150]}-{product['id']}"
    changed["sku"] = changed["sku"].strip()
    if changed["sku"] and changed["sku"] != product["sku"]:
        _must_be_unique(work, product["id"], changed["sku"])
    changed["dimensions"] = product["dimensions"] | {
        n: v for n, v in body.get("dimensions", {}).items() if n in product["dimensions"]
    }
    changed["price"] = changed["sale_price"] or changed["regular_price"]
    changed["price_key"] = price_key(changed["price"])
    changed["meta_data"] = merged_meta(work, product["meta_data"], body.get("meta_data"))
    return _with_quantity(terms.given_terms(work, _with_attributes(work, changed, body), body), body)


def _with_attributes(work: Work, product: Json, body: Json) -> Json:
    """Those of the store are called as it calls them."""
    if not body.get("attributes"):
        return product
    called = [_attribute(work, place, each) for place, each in enumerate(body["attributes"])]
    return product | {"attributes": called}


def _attribute(work: Work, place: int, given: Json) -> Json:
    found = work.collection("attribute").find(str(whole(given.get("id"))))
    known = {"id": whole(given.get("id")), "name": found["name"], "slug": found["slug"]} if found is not None else {}
    if "option" in given:
        return given | known
    blank = {"id": 0, "name": "", "slug": given.get("name", ""), "position": place, "visible": False}
    return {**blank, "variation": False, "options": [], **given, **known}


def _with_quantity(product: Json, body: Json) -> Json:
    """An absolute number, or else the old relative one; either only while stock is managed (dossier §7)."""
    if product["manage_stock"] is not True:
        return product
    if body.get("stock_quantity") is not None:
        return product | {"stock_quantity": whole(body["stock_quantity"])}
    if "inventory_delta" in body:
        return product | {"stock_quantity": (product["stock_quantity"] or 0) + whole(body["inventory_delta"])}
    return product


def _must_be_unique(work: Work, id: str, sku: str) -> None:
    other = work.collection("product").first(All(Is("sku", "=", sku), Not(Is("id", "=", id))))
    if other is not None:
        raise Refusal("product_invalid_sku", resource_id=int(other.id), unique_sku=f"{sku}-1")


def _named(parent: Document, variation: Json) -> Json:
    """A variation is called by its parent and its choices."""
    choices = [str(each.get("option", "")) for each in variation["attributes"] if each.get("option")]
    return variation | {"name": f"{parent['name']} - {', '.join(choices)}" if choices else parent["name"]}


def price_key(price: str) -> str:
    """A price as text that sorts like the number it is."""
    return f"{amount(price) if re.fullmatch(r'-?[0-9]+([.][0-9]+)?', price) else 0:020.4f}"


# Shown ----------------------------------------------------------------------------------------------------------------

KEPT = (
    "name", "slug", "type", "status", "featured", "catalog_visibility", "description", "short_description", "sku",
    "global_unique_id", "price", "regular_price", "sale_price", "total_sales", "virtual", "downloadable", "tax_status",
    "tax_class", "manage_stock", "stock_quantity", "stock_status", "backorders", "low_stock_amount",
    "sold_individually", "weight", "dimensions", "parent_id", "attributes", "menu_order", "meta_data",
)  # fmt: skip


def shown_product(work: Work, product: Mapping[str, Any]) -> Json:
    """A product as the API shows it; a variation too, where it is asked for as one."""
    id, rows = int(product["id"]), work.collection("product")
    shown = {name: product[name] for name in KEPT} | {"id": id}
    children = rows.rows(Is("parent_id", "=", id)) if product["type"] == "variable" else []
    counted = keeper(work, product) if isinstance(product, Document) else None
    if product["manage_stock"] == "parent" and counted is not None:
        shown |= {"stock_quantity": counted["stock_quantity"], "stock_status": counted["stock_status"]}
    shown |= {
        "permalink": f"{site_url(work)}/product/{product['slug']}/",
        "on_sale": bool(product["sale_price"]),
        "reviews_allowed": product["type"] != "variation",
        **reviews.stars_of(work, id),
        "purchasable": bool(product["price"]) and product["status"] == "publish",
        "backorders_allowed": product["backorders"] != "no",
        "backordered": shown["stock_status"] == "onbackorder",
        "shipping_required": not product["virtual"],
        **terms.terms_shown(work, product),
        "images": [],
        "variations": [int(child.id) for child in children],
        "has_options": product["type"] == "variable",
        "_links": links(work, f"{API}/products/{id}", f"{API}/products"),
    }
    return shown | times(work, product, *TIMES)


NOT_OF_VARIATIONS = (
    "variations", "categories", "tags", "images", "featured", "catalog_visibility", "short_description",
    "reviews_allowed", "average_rating", "rating_count",
)  # fmt: skip


def shown_variation(work: Work, variation: Mapping[str, Any]) -> Json:
    """A variation as its own endpoint shows it."""
    shown = shown_product(work, variation)
    for name in NOT_OF_VARIATIONS:
        del shown[name]
    path = f"{API}/products/{variation['parent_id']}"
    up = links(work, f"{path}/variations/{variation['id']}", f"{path}/variations", up=path)
    return shown | {"image": None, "_links": up}
