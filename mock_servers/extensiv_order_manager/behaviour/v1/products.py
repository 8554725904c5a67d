"""Products and listings as the vendor's own API reads and writes them."""

from collections.abc import Mapping
from typing import Any

from mock_servers.core.fake import Call
from mock_servers.core.filters import Condition, Is, Some
from mock_servers.core.refusal import Refusal
from mock_servers.core.store import Document
from mock_servers.core.wire import Reply
from mock_servers.extensiv_order_manager.behaviour.products import add_listing, add_product, product_of, resolve
from mock_servers.extensiv_order_manager.behaviour.state import fake, listing_of
from mock_servers.extensiv_order_manager.behaviour.v1 import goods
from mock_servers.extensiv_order_manager.behaviour.v1.labels import label_ids
from mock_servers.extensiv_order_manager.behaviour.v1.words import (
    ERR_NO_PRODUCT,
    Json,
    Line,
    bulk,
    every,
    given,
    ids_given,
    number,
    one_of,
    page,
    prefixed,
    within,
)

TOLD = ("brand", "description", "mpn", "weight", "vendorCost")


@fake.operation("getProducts")
def get_products(call: Call) -> Reply:
    where = every(
        within(call, "createdDate", "created_at"),
        within(call, "modifiedDate", "updated_at"),
        prefixed(call, "sku", "sku"),
        prefixed(call, "upc", "barcode"),
        _mpn(call),
        _active(call),
        _kept_at(call),
    )
    return page(call, "product", where, lambda row: goods.product(call, row))


def _mpn(call: Call) -> Condition | None:
    """It is not kept where an index could find it, so products are looked at one by one."""
    wanted = tuple(value.lower() for value in given(call, "mpn"))
    if not wanted:
        return None
    rows = call.collection("product").rows()
    fitting = (row.id for row in rows if str(row.get("v1", {}).get("mpn") or "").lower().startswith(wanted))
    return Is("id", "in", tuple(fitting))


def _active(call: Call) -> Condition | None:
    if "active" not in call.query:
        return None
    rows = call.collection("product").rows()
    return Is("id", "in", tuple(row.id for row in rows if row["active"] == call.query["active"]))


def _kept_at(call: Call) -> Condition | None:
    id = number(call, "warehouseId")
    if not id:
        return None
    shelves = call.collection("stock").rows(Is("warehouse_id", "=", str(id)))
    return Is("sku", "in", tuple(shelf["sku"] for shelf in shelves))


@fake.operation("getProduct")
def get_product(call: Call) -> Reply:
    asked = {name: call.query[name] for name in ("sku", "productId", "upc", "mpn") if call.query.get(name)}
    if len(asked) != 1:
        raise Refusal("invalid_query", details=(("sku", "or productId, upc or mpn: exactly one"),))
    name, value = next(iter(asked.items()))
    if name == "mpn":
        rows = call.collection("product").rows()
        found = next((row for row in rows if row.get("v1", {}).get("mpn") == value), None)
    else:
        members = {"sku": "sku", "productId": "id", "upc": "barcode"}
        found = call.collection("product").first(Is(members[name], "=", str(value)))
    if found is None:
        raise Refusal("not_found", kind="Product", id=str(value))
    return Reply(200, goods.product(call, found))


@fake.operation("putCoreProducts")
def put_core_products(call: Call) -> Reply:
    return bulk(call.body, lambda line: _created(call, line, "CORE_PRODUCT"))


@fake.operation("putVirtualProducts")
def put_virtual_products(call: Call) -> Reply:
    return bulk(call.body, lambda line: _created(call, line, "VIRTUAL_PRODUCT"))


def _created(call: Call, line: Mapping[str, Any], type: str) -> Json:
    if product_of(call, line["masterSku"]) is not None:
        raise Line("Master SKU exists already", "masterSku", line["masterSku"])
    said = {name: line[name] for name in TOLD if line.get(name) is not None}
    body = {
        "sku": line["masterSku"],
        "name": line["name"],
        "price": _price(line.get("mapPrice")),
        "barcode": line.get("upc"),
        "v1": said | {"type": type},
    }
    try:
        labels = label_ids(call, line.get("labels"), "labels")
    except Refusal as refusal:
        raise Line(str(refusal.words["reason"]), "labels", line["masterSku"]) from refusal
    product = add_product(call, body | {"labels": labels}, listed=False)
    return {"productId": int(product.id), "masterSku": product["sku"]}


def _price(amount: Json | None) -> Json | None:
    if amount is None:
        return None
    if amount["amount"] < 0:
        raise Line("A price is not below zero", "mapPrice")
    return {"amount": amount["amount"], "currency": amount["currency"]}


@fake.operation("postProducts")
def post_products(call: Call) -> Reply:
    return bulk(call.body, lambda line: _changed(call, line))


def _changed(call: Call, line: Mapping[str, Any]) -> Json:
    """Named by its id or by its master SKU, which does not change."""
    named = line.get("productId") or line.get("masterSku")
    if line.get("productId"):
        product = call.collection("product").find(str(line["productId"]))
    else:
        product = product_of(call, named or "")
    if product is None:
        raise Line("Product does not exist", "productId", named, ERR_NO_PRODUCT)
    said = product.get("v1", {}) | {name: line[name] for name in TOLD if line.get(name) is not None}
    changes: Json = {"v1": said, "updated_at": call.stamp}
    changes |= {ours: line[theirs] for theirs, ours in (("name", "name"), ("upc", "barcode")) if line.get(theirs)}
    if line.get("active") is not None:
        changes["active"] = line["active"]
    if line.get("mapPrice") is not None:
        changes["price"] = _price(line["mapPrice"])
    product = call.collection("product").save(product | changes)
    return {"productId": int(product.id), "masterSku": product["sku"]}


@fake.operation("getProductCustomFields")
def get_product_custom_fields(call: Call) -> Reply:  # noqa: ARG001 - there are none
    return Reply(200, {"message": None, "results": [], "errors": []})


# Listings -------------------------------------------------------------------------------------------------------------


@fake.operation("getListings")
def get_listings(call: Call) -> Reply:
    ids, products = ids_given(call, "listingId"), ids_given(call, "productId")
    channel = number(call, "salesChannelId")
    where = every(
        within(call, "createdDate", "created_at"),
        within(call, "modifiedDate", "updated_at"),
        Is("id", "in", tuple(ids)) if ids else None,
        Some(*(Is("product_id", "=", int(id)) for id in products)) if products else None,
        one_of(call, "listingSku", "listing_sku"),
        one_of(call, "masterSku", "sku"),
        Is("channel_id", "=", channel) if channel else None,
        _active_listings(call),
        _kept_at(call),
    )
    return page(call, "listing", where, goods.listing)


def _active_listings(call: Call) -> Condition | None:
    if "active" not in call.query:
        return None
    rows = call.collection("listing").rows()
    return Is("id", "in", tuple(row.id for row in rows if row["active"] == call.query["active"]))


@fake.operation("putListings")
def put_listings(call: Call) -> Reply:
    channel = call.body["salesChannelId"]
    if call.collection("channel").find(str(channel)) is None:
        raise Refusal("unprocessable", reason=f"Sales channel {channel} not found")

    def list_one(line: Mapping[str, Any]) -> Json:
        product = _product(call, line["productId"])
        if listing_of(call, channel, line["listingSku"]) is not None:
            raise Line("Listing exists already", "listingSku", line["listingSku"])
        listing = add_listing(call, channel, line["listingSku"], product, **_said(line))
        resolve(call, line["listingSku"])
        return goods.listing(listing)

    return bulk(call.body["listings"], list_one)


@fake.operation("postListings")
def post_listings(call: Call) -> Reply:
    def change(line: Mapping[str, Any]) -> Json:
        listing = call.collection("listing").find(str(line["productListingId"]))
        if listing is None:
            raise Line("Listing not found", "productListingId", line["productListingId"])
        changes = _said(line) | {"updated_at": call.stamp}
        if line.get("productId"):
            product = _product(call, line["productId"])
            changes |= {"product_id": int(product.id), "sku": product["sku"]}
        listing = call.collection("listing").save(listing | changes)
        resolve(call, listing["listing_sku"])
        return goods.listing(listing)

    return bulk(call.body["listings"], change)


def _product(call: Call, id: int) -> Document:
    product = call.collection("product").find(str(id))
    if product is None:
        raise Line("Product does not exist", "productId", id, ERR_NO_PRODUCT)
    return product


def _said(line: Mapping[str, Any]) -> Json:
    names = {"active": "active", "pushInventory": "push_inventory"}
    return {ours: line[theirs] for theirs, ours in names.items() if line.get(theirs) is not None}
