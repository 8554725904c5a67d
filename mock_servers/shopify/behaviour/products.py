"""Products and their variants, as far as orders and stock need them."""

from typing import Any

from mock_servers.core.fake import Work
from mock_servers.core.filters import Is
from mock_servers.core.graphql import Connection, Run
from mock_servers.shopify.behaviour.base import fake, find, found, id_key, money, next_id, tell
from mock_servers.shopify.behaviour.paging import Resource, add, connection, count, exactly, listed, save
from mock_servers.shopify.behaviour.search import Filters, choice, exact, holds, instant, padded, reference, without

Json = dict[str, Any]

PRODUCTS = Resource(
    "Product",
    {
        "ID": "seq",
        "RELEVANCE": "seq",
        "TITLE": "titleKey",
        "CREATED_AT": "createdAt",
        "UPDATED_AT": "updatedAt",
        "PUBLISHED_AT": "createdAt",
        "VENDOR": "vendorKey",
        "PRODUCT_TYPE": "typeKey",
        "INVENTORY_TOTAL": "seq",
    },
    Filters(
        {
            "id": padded("idKey"),
            "title": exact("titleKey"),
            "handle": exact("handle"),
            "vendor": exact("vendorKey"),
            "product_type": exact("typeKey"),
            "status": choice({word: Is("status", "=", word.upper()) for word in ("active", "archived", "draft")}),
            "tag": holds("tagKeys"),
            "tag_not": without("tagKeys"),
            "sku": holds("skuKeys"),
            "barcode": holds("barcodes"),
            "created_at": instant("createdAt"),
            "updated_at": instant("updatedAt"),
        },
        ("titleKey", "vendorKey", "typeKey", "tagKeys", "skuKeys"),
        frozenset({"inventory_total", "price", "published_at", "published_status", "variant_id", "collection_id"}),
    ),
)
VARIANTS = Resource(
    "ProductVariant",
    {
        "ID": "seq",
        "RELEVANCE": "seq",
        "POSITION": "seq",
        "POPULAR": "seq",
        "INVENTORY_QUANTITY": "seq",
        "SKU": "skuKey",
        "TITLE": "titleKey",
        "NAME": "titleKey",
        "FULL_TITLE": "titleKey",
    },
    Filters(
        {
            "id": padded("idKey"),
            "sku": exact("skuKey"),
            "barcode": exact("barcode", clean=str),
            "title": exact("titleKey"),
            "product_id": reference("productId", "Product"),
            "updated_at": instant("updatedAt"),
        },
        ("skuKey", "titleKey"),
        frozenset({"product_status", "vendor", "tag", "inventory_quantity", "product_type", "location_id"}),
    ),
)


# Making and changing --------------------------------------------------------------------------------------------------


def make_product(work: Work, title: str, variants: list[Json], *, vendor: str = "Seatrial") -> Json:
    """A new product with variants (`sku`, `price`, `barcode`, `grams`, `title`) and their inventory items, untold."""
    product_id, number = next_id(work, "Product")
    made = [make_variant(work, product_id, title, place, each) for place, each in enumerate(variants, 1)]
    document = product_document(work.stamp, product_id, number, title, vendor, made)
    return add(work, "product", document).body


def product_document(stamp: str, id: str, number: int, title: str, vendor: str, variants: list[Json]) -> Json:
    """A product as it is kept; its variants are documents of their own."""
    return {
        "id": id,
        "idKey": id_key(number),
        "title": title,
        "titleKey": title.lower(),
        "handle": "-".join(title.lower().split()),
        "descriptionHtml": f"<p>{title}</p>",
        "vendor": vendor,
        "vendorKey": vendor.lower(),
        "productType": "",
        "typeKey": "",
        "status": "ACTIVE",
        "tags": [],
        "tagKeys": [],
        "isGiftCard": False,
        "createdAt": stamp,
        "updatedAt": stamp,
        "publishedAt": stamp,
        **of_variants(variants),
    }


def of_variants(variants: list[Json]) -> Json:
    """What a product keeps of its variants."""
    return {
        "skuKeys": [variant["skuKey"] for variant in variants],
        "barcodes": [variant["barcode"] for variant in variants if variant["barcode"]],
        "options": [variant["title"] for variant in variants],
    }


def make_variant(work: Work, product_id: str, product_title: str, position: int, given: Json) -> Json:
    """A new variant and its inventory item, untold."""
    variant_id, number = next_id(work, "ProductVariant")
    item_id, item_number = next_id(work, "InventoryItem")
    variant = variant_document(work.stamp, variant_id, number, product_id, product_title, position, given, item_id)
    add(work, "variant", variant)
    add(work, "inventory_item", item_document(work.stamp, item_id, item_number, variant, given))
    return variant


def variant_document(
    stamp: str, id: str, number: int, product_id: str, product_title: str, position: int, given: Json, item_id: str
) -> Json:
    """A variant as it is kept."""
    title = given.get("title") or "Default Title"
    sku = given.get("sku") or ""
    return {
        "id": id,
        "idKey": id_key(number),
        "productId": product_id,
        "productTitle": product_title,
        "title": title,
        "titleKey": f"{product_title} {title}".lower(),
        "sku": sku,
        "skuKey": sku.lower(),
        "barcode": given.get("barcode") or None,
        "price": money(given.get("price", "10")),
        "compareAtPrice": None,
        "position": position,
        "inventoryPolicy": given.get("inventoryPolicy", "DENY"),
        "inventoryItemId": item_id,
        "requiresShipping": given.get("requiresShipping", True),
        "grams": given.get("grams", 0),
        "taxable": True,
        "createdAt": stamp,
        "updatedAt": stamp,
    }


def item_document(stamp: str, id: str, number: int, variant: Json, given: Json) -> Json:
    """The inventory item behind a variant, as it is kept."""
    return {
        "id": id,
        "idKey": id_key(number),
        "variantId": variant["id"],
        "sku": variant["sku"],
        "skuKey": variant["skuKey"],
        "tracked": given.get("tracked", True),
        "requiresShipping": variant["requiresShipping"],
        "grams": variant["grams"],
        "unitCost": None,
        "harmonizedSystemCode": None,
        "countryCodeOfOrigin": None,
        "provinceCodeOfOrigin": None,
        "createdAt": stamp,
        "updatedAt": stamp,
    }


def change_product(work: Work, product: Json, changes: Json) -> Json:
    """Change what a product says of itself, and tell."""
    saved = save(work, "product", with_product_keys(product | changes | {"updatedAt": work.stamp})).body
    tell_product(work, saved)
    return saved


def with_product_keys(product: Json) -> Json:
    """The product with the members it is searched and sorted by."""
    tags = sorted(set(product["tags"]), key=str.lower)
    return product | {
        "titleKey": product["title"].lower(),
        "vendorKey": product["vendor"].lower(),
        "typeKey": product["productType"].lower(),
        "tags": tags,
        "tagKeys": [tag.lower() for tag in tags],
    }


def tell_product(work: Work, product: Json, topic: str = "products/update") -> None:
    """Tell of a product as it now is."""
    from mock_servers.shopify.behaviour.rest import product_shape

    tell(work, topic, lambda: product_shape(work, product))


def change_variant(work: Work, variant: Json, changes: Json) -> Json:
    """Change a variant; its product counts as changed too."""
    saved = save(work, "variant", variant | changes | {"updatedAt": work.stamp}).body
    change_product(work, found(work, "Product", variant["productId"]), {})
    return saved


# Queries --------------------------------------------------------------------------------------------------------------


@fake.field("product")
def product(_source: Any, args: Json, run: Run) -> Json | None:
    document = find(run.call, "Product", args["id"])
    return document.body if document else None


@fake.field("products")
def products(_source: Any, args: Json, run: Run) -> Connection:
    return connection(run, args, PRODUCTS)


@fake.field("productsCount")
def products_count(_source: Any, args: Json, run: Run) -> Json:
    return count(run, args, PRODUCTS)


@fake.field("productVariant")
def product_variant(_source: Any, args: Json, run: Run) -> Json | None:
    document = find(run.call, "ProductVariant", args["id"])
    return document.body if document else None


@fake.field("productVariants")
def product_variants(_source: Any, args: Json, run: Run) -> Connection:
    return connection(run, args, VARIANTS)


@fake.field("productVariantsCount")
def product_variants_count(_source: Any, args: Json, run: Run) -> Json:
    return count(run, args, VARIANTS)


def variants_of(work: Work, product: Json) -> list[Json]:
    """A product's variants, by position."""
    return [row.body for row in work.collection("variant").rows(Is("productId", "=", product["id"]))]


@fake.field("Product.variants")
def variants(source: Json, args: Json, run: Run) -> Connection:
    return listed(run, args, "variants", variants_of(run.call, source))


@fake.field("Product.variantsCount")
def variants_count(source: Json, _args: Json, _run: Run) -> Json:
    return exactly(len(source["skuKeys"]))


@fake.field("Product.hasOnlyDefaultVariant")
def has_only_default_variant(source: Json, _args: Json, _run: Run) -> bool:
    return bool(source["options"] == ["Default Title"])


@fake.field("Product.totalInventory")
def total_inventory(source: Json, _args: Json, run: Run) -> int:
    from mock_servers.shopify.behaviour.inventory import available_of

    return sum(available_of(run.call, variant["inventoryItemId"]) for variant in variants_of(run.call, source))


@fake.field("Product.tracksInventory")
def tracks_inventory(source: Json, _args: Json, run: Run) -> bool:
    items = (found(run.call, "InventoryItem", each["inventoryItemId"]) for each in variants_of(run.call, source))
    return any(item["tracked"] for item in items)


@fake.field("Product.description")
def description(source: Json, args: Json, _run: Run) -> str:
    text = source["descriptionHtml"].removeprefix("<p>").removesuffix("</p>")
    limit = args.get("truncateAt")
    return str(text[:limit] if limit is not None else text)


@fake.field("Product.options")
def options(source: Json, args: Json, _run: Run) -> list[Json]:
    option = {"id": source["id"].replace("/Product/", "/ProductOption/"), "name": "Title", "position": 1}
    return [option | {"values": source["options"]}][: args.get("first")]


@fake.field("Product.media")
def media(_source: Json, args: Json, run: Run) -> Connection:
    return listed(run, args, "media", [])


@fake.field("ProductVariant.displayName")
def display_name(source: Json, _args: Json, _run: Run) -> str:
    return f"{source['productTitle']} - {source['title']}"


@fake.field("ProductVariant.product", "LineItem.product")
def variant_product(source: Json, _args: Json, run: Run) -> Json | None:
    document = run.call.collection("product").find(source["productId"]) if source["productId"] else None
    return document.body if document else None


@fake.field("LineItem.variant", "FulfillmentOrderLineItem.variant")
def line_variant(source: Json, _args: Json, run: Run) -> Json | None:
    document = run.call.collection("variant").find(source["variantId"]) if source["variantId"] else None
    return document.body if document else None


@fake.field("ProductVariant.inventoryItem")
def variant_item(source: Json, _args: Json, run: Run) -> Json:
    return found(run.call, "InventoryItem", source["inventoryItemId"])


@fake.field("ProductVariant.inventoryQuantity", "ProductVariant.sellableOnlineQuantity")
def inventory_quantity(source: Json, _args: Json, run: Run) -> int:
    from mock_servers.shopify.behaviour.inventory import available_of

    return available_of(run.call, source["inventoryItemId"])


@fake.field("ProductVariant.availableForSale")
def available_for_sale(source: Json, _args: Json, run: Run) -> bool:
    return source["inventoryPolicy"] == "CONTINUE" or inventory_quantity(source, {}, run) > 0


@fake.field("ProductVariant.selectedOptions")
def selected_options(source: Json, _args: Json, _run: Run) -> list[Json]:
    return [{"name": "Title", "value": source["title"]}]


@fake.field("ProductVariant.requiresComponents")
def requires_components(_source: Json, _args: Json, _run: Run) -> bool:
    return False
