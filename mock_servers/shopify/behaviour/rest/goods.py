"""Stock and products in REST's shape."""

from typing import Any

from mock_servers.core.fake import Work
from mock_servers.shopify.behaviour.base import found, number_in
from mock_servers.shopify.behaviour.rest.words import local

Json = dict[str, Any]


def inventory_level_shape(work: Work, level: Json) -> Json:
    """A level: what can be sold of an item at a location."""
    return {
        "inventory_item_id": number_in(level["itemId"]),
        "location_id": number_in(level["locationId"]),
        "available": level["quantities"]["available"],
        "updated_at": local(work, level["updatedAt"]),
        "admin_graphql_api_id": level["id"],
    }


def inventory_item_shape(work: Work, item: Json) -> Json:
    """An inventory item."""
    return {
        "id": number_in(item["id"]),
        "admin_graphql_api_id": item["id"],
        "sku": item["sku"],
        "tracked": item["tracked"],
        "requires_shipping": item["requiresShipping"],
        "cost": item["unitCost"],
        "country_code_of_origin": item["countryCodeOfOrigin"],
        "province_code_of_origin": item["provinceCodeOfOrigin"],
        "harmonized_system_code": item["harmonizedSystemCode"],
        "created_at": local(work, item["createdAt"]),
        "updated_at": local(work, item["updatedAt"]),
    }


def variant_shape(work: Work, variant: Json) -> Json:
    """A variant, in its product or by itself."""
    from mock_servers.shopify.behaviour.inventory import available_of

    item = found(work, "InventoryItem", variant["inventoryItemId"])
    available = available_of(work, item["id"])
    return {
        "id": number_in(variant["id"]),
        "admin_graphql_api_id": variant["id"],
        "product_id": number_in(variant["productId"]),
        "title": variant["title"],
        "price": variant["price"],
        "compare_at_price": variant["compareAtPrice"],
        "sku": variant["sku"],
        "barcode": variant["barcode"],
        "position": variant["position"],
        "inventory_policy": variant["inventoryPolicy"].lower(),
        "inventory_item_id": number_in(variant["inventoryItemId"]),
        "inventory_management": "shopify" if item["tracked"] else None,
        "inventory_quantity": available,
        "old_inventory_quantity": available,
        "fulfillment_service": "manual",
        "taxable": variant["taxable"],
        "requires_shipping": item["requiresShipping"],
        "grams": item["grams"],
        "weight": item["grams"] / 1000,
        "weight_unit": "kg",
        "image_id": None,
        "option1": variant["title"],
        "option2": None,
        "option3": None,
        "created_at": local(work, variant["createdAt"]),
        "updated_at": local(work, variant["updatedAt"]),
    }


def product_shape(work: Work, product: Json) -> Json:
    """A product with its variants."""
    from mock_servers.shopify.behaviour.products import variants_of

    number = number_in(product["id"])
    return {
        "id": number,
        "admin_graphql_api_id": product["id"],
        "title": product["title"],
        "body_html": product["descriptionHtml"],
        "vendor": product["vendor"],
        "product_type": product["productType"],
        "handle": product["handle"],
        "status": product["status"].lower(),
        "tags": ", ".join(product["tags"]),
        "created_at": local(work, product["createdAt"]),
        "updated_at": local(work, product["updatedAt"]),
        "published_at": local(work, product["publishedAt"]),
        "template_suffix": None,
        "published_scope": "global",
        "options": [{"product_id": number, "id": number, "name": "Title", "position": 1, "values": product["options"]}],
        "images": [],
        "image": None,
        "variants": [variant_shape(work, each) for each in variants_of(work, product)],
    }
