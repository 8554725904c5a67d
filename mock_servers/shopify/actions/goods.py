"""What the merchant does with products and stock in the admin."""

from typing import Any

from mock_servers.core.fake import Work
from mock_servers.core.filters import Is
from mock_servers.core.refusal import UsageError
from mock_servers.shopify.actions.words import Count, EditProduct, NewProduct, location_named, price_of, variant_by_sku
from mock_servers.shopify.behaviour import (
    inventory,
    products,
)
from mock_servers.shopify.behaviour.base import (
    fake,
    found,
)

Json = dict[str, Any]


@fake.action("count_stock", Count)
def count_stock(work: Work, given: Count) -> Json:
    """Somebody counts: so many of a SKU can be sold at a location from now on."""
    _check_quantity(given.quantity)
    variant = variant_by_sku(work, given.sku)
    location = location_named(work, given.location)
    level = inventory.level_of(work, variant["inventoryItemId"], location["id"])
    if level is None:
        level = inventory.stock(work, variant["inventoryItemId"], location["id"])
    delta = given.quantity - inventory.quantity(level, "available")
    inventory.shift(work, level, {"available": delta})
    return {"sku": variant["sku"], "location": location["name"], "available": given.quantity}


def _check_quantity(quantity: int) -> None:
    if not 0 <= quantity <= inventory.QUANTITY_MAXIMUM:
        raise UsageError(f"a quantity is 0 to {inventory.QUANTITY_MAXIMUM}")


@fake.action("edit_product", EditProduct)
def edit_product(work: Work, given: EditProduct) -> Json:
    """The merchant edits a product in the admin."""
    variant = variant_by_sku(work, given.sku)
    changes: Json = {}
    if given.price is not None:
        changes["price"] = price_of(given.price)
    if given.barcode is not None:
        changes["barcode"] = given.barcode
    if given.new_sku is not None:
        inventory.change_item(work, found(work, "InventoryItem", variant["inventoryItemId"]), {"sku": given.new_sku})
        variant = found(work, "ProductVariant", variant["id"])
    if changes:
        variant = products.change_variant(work, variant, changes)
    about = {name: value for name, value in (("title", given.title), ("status", given.status)) if value is not None}
    if "status" in about and about["status"] not in {"ACTIVE", "ARCHIVED", "DRAFT", "UNLISTED"}:
        raise UsageError(f"{about['status']!r} is no status of a product")
    if about or given.new_sku is not None:
        products.change_product(work, found(work, "Product", variant["productId"]), about)
    return {"sku": variant["sku"], "price": variant["price"]}


@fake.action("add_product", NewProduct)
def add_product(work: Work, given: NewProduct) -> Json:
    """The merchant adds a product with one variant, and stocks it at the first location."""
    if work.collection("variant").first(Is("skuKey", "=", given.sku.lower())) is not None:
        raise UsageError(f"the SKU {given.sku!r} is taken")
    _check_quantity(given.quantity)
    variant = {
        "sku": given.sku,
        "price": price_of(given.price),
        "requiresShipping": given.requires_shipping,
        "tracked": given.tracked,
    }
    product = products.make_product(work, given.title or given.sku, [variant])
    made = variant_by_sku(work, given.sku)
    inventory.stock(work, made["inventoryItemId"], location_named(work, "")["id"], given.quantity)
    products.tell_product(work, product, "products/create")
    return {"product": product["id"], "variant": made["id"], "inventory_item": made["inventoryItemId"]}
