"""How the vendor's own API shows products, listings and stock, and the labels on anything."""

from collections.abc import Mapping
from typing import Any

from mock_servers.core.fake import Work
from mock_servers.core.store import Document
from mock_servers.extensiv_order_manager.behaviour.products import product_of
from mock_servers.extensiv_order_manager.behaviour.stock import available
from mock_servers.extensiv_order_manager.behaviour.v1.words import Json, money, none_of


def product_ref(kept: Mapping[str, Any]) -> Json:
    """What others say of a product."""
    said = kept.get("v1", {})
    return {
        "productId": int(kept["id"]),
        "masterSku": kept["sku"],
        "name": kept["name"],
        "productType": said.get("type", "CORE_PRODUCT"),
        "upc": kept["barcode"] or "",
        "mpn": said.get("mpn") or "",
        "fnSku": None,
        "description": said.get("description"),
        "hazmat": False,
        "productWeight": said.get("weight") or 0,
    }


def product(work: Work, kept: Mapping[str, Any]) -> Json:
    """A product. Numbers nobody gave are 0, flags false (dossier section 5)."""
    said = kept.get("v1", {})
    lists = ("categories", "imageUrls", "attributeGroups", "bundledItems", "customFieldValues")
    flags = ("bundle", "hazmat", "digital", "giftCard", "allowBackorders", "shipsInOwnBox")
    sizes = ("length", "width", "height")
    ounces = said.get("weight") or 0
    return (
        {name: [] for name in lists}
        | dict.fromkeys(flags, False)
        | dict.fromkeys(sizes, 0)
        | {
            "productId": int(kept["id"]),
            "masterSku": kept["sku"],
            "name": kept["name"],
            "type": said.get("type", "CORE_PRODUCT"),
            "parentId": 0,
            "labels": [each["name"] for each in labels(work, kept)],
            "active": kept["active"],
            "brand": said.get("brand"),
            "description": said.get("description"),
            "upc": kept["barcode"] or "",
            "mpn": said.get("mpn") or "",
            "vendorCost": money(said.get("vendorCost")),
            "mapPrice": money(kept["price"]),
            "shippingCost": none_of(),
            "weight": ounces,
            "pounds": ounces // 16,
            "ounces": ounces % 16,
            "createdDate": kept["created_at"],
            "modifiedDate": kept["updated_at"],
        }
    )


def listing(kept: Document) -> Json:
    """Which SKU of which channel is which product."""
    return {
        "listingId": int(kept.id),
        "listingSku": kept["listing_sku"],
        "masterSku": kept["sku"],
        "productId": kept["product_id"],
        "salesChannelId": kept["channel_id"],
        "fnSku": None,
        "active": kept["active"],
        "pushInventory": kept["push_inventory"],
        "created": kept["created_at"],
        "lastModified": kept["updated_at"],
    }


def stock_records(work: Work, shelf: Document) -> list[Json]:
    """A shelf's records, one for each location. What orders have taken is told of the first, where it is picked."""
    found = product_of(work, shelf["sku"])
    totals = {
        "onHandQuantity": shelf["on_hand"],
        "availableQuantity": available(shelf),
        "allocatedQuantity": shelf["allocated"],
        "lockedQuantity": shelf["locked"],
        "inTransitQuantity": shelf.get("in_transit", 0),
        "minInventoryLevel": sum(record["minimum"] for record in shelf["records"]),
    }
    shown = []
    for place, record in enumerate(shelf["records"]):
        allocated = 0 if place else shelf["allocated"]
        shown.append(
            {
                "productStockId": record["id"],
                "active": record["active"],
                "quantity": record["on_hand"],
                "quantityLocked": record["locked"],
                "allocatedQuantity": allocated,
                "availableQuantity": record["on_hand"] - record["locked"] - allocated,
                "minStock": record["minimum"],
                "drawRank": record["draw_rank"],
                "pickable": record["pickable"],
                "receivable": record["receivable"],
                "product": product_ref(found or {}),
                "stockLocation": {
                    "stockLocationId": record["location_id"],
                    "location": record["location"],
                    "warehouseId": int(shelf["warehouse_id"]),
                },
                "warehouseStockTotals": totals,
            }
        )
    return shown


def label(kept: Mapping[str, Any]) -> Json:
    """A label of orders and products."""
    return {"labelId": int(kept["id"]), "name": kept["name"], "hexColor": kept["color"]}


def labels(work: Work, kept: Mapping[str, Any]) -> list[Json]:
    """The labels on an order or a product."""
    found = (work.collection("label").find(str(id)) for id in kept.get("labels", ()))
    return [label(each) for each in found if each is not None]
