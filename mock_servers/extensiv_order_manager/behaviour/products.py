"""Products, and what they are called on each sales channel; orders that waited for either go on."""

from typing import Any

from mock_servers.core.fake import Work
from mock_servers.core.filters import Is
from mock_servers.core.store import Document
from mock_servers.extensiv_order_manager.behaviour.state import own_channel, settled

Json = dict[str, Any]

PRODUCT_START = 3001
LISTING_START = 5001


def product_of(work: Work, sku: str) -> Document | None:
    """The product with exactly this SKU."""
    return work.collection("product").first(Is("sku", "=", sku))


def add_product(work: Work, body: Json, *, listed: bool = True) -> Document:
    """Keep a new product. Where people and the guide make one it is for sale under its own SKU on the own channel."""
    product = work.collection("product").add(
        {
            "id": str(work.next_number("product", PRODUCT_START)),
            "sku": body["sku"],
            "name": body["name"],
            "price": body.get("price"),
            "barcode": body.get("barcode"),
            "active": True,
            "created_at": work.stamp,
            "updated_at": work.stamp,
            **{name: body[name] for name in ("v1", "labels") if name in body},
        }
    )
    if listed:
        add_listing(work, own_channel(work), body["sku"], product)
    resolve(work, body["sku"])
    return product


def add_listing(work: Work, channel: int, listing_sku: str, product: Document, **members: Any) -> Document:
    """List a product on a channel."""
    return work.collection("listing").add(
        listing(work.next_number("listing", LISTING_START), channel, listing_sku, product, work.stamp) | members
    )


def listing(number: int, channel: int, listing_sku: str, product: Any, stamp: str) -> Json:
    """A listing as it is kept."""
    return {
        "id": str(number),
        "channel_id": channel,
        "listing_sku": listing_sku,
        "sku": product["sku"],
        "product_id": int(product["id"]),
        "active": True,
        "push_inventory": True,
        "created_at": stamp,
        "updated_at": stamp,
    }


def resolve(work: Work, sku: str | None = None) -> None:
    """Source the orders that waited for something, or for this SKU, and can go on now."""
    for order in work.collection("order").rows(Is("state", "=", "UNRESOLVED")):
        if sku is None or any(sku in {item["sku"], item.get("listing_sku")} for item in order["items"]):
            again = settled(work, order.body)
            if again["state"] != "UNRESOLVED":
                work.collection("order").save(again | {"updated_at": work.stamp})
