"""`application/hal+json`: the same with small first letters, children under `_embedded`, links as an object."""

from functools import cache
from typing import Any

from mock_servers.core.fake import Dialect

BASE = "http://api.3plCentral.com/rels/"
# By the kind of a document, or by the operation whose rows are no documents. Some say `item` alone.
RELS = {
    "order": BASE + "orders/order",
    "customer": BASE + "customers/customer",
    "item": BASE + "customers/item",
    "alias": BASE + "customers/itemalias",
    "supplier": BASE + "customers/supplier",
    "receiver": BASE + "inventory/receiver",
    "adjustment": BASE + "inventory/adjustment",
    "purchase_order": BASE + "inventory/purchaseorder",
    "facility": BASE + "properties/facility",
    "tracking": BASE + "orders/orderparceltrackpackageinfo",
    "listOrderItems": BASE + "orders/item",
    "createOrderItem": BASE + "orders/item",
    "replaceOrderItems": BASE + "orders/item",
    "listOrderPackages": BASE + "orders/package",
    "listReceiveItems": BASE + "inventory/receiveritem",
    "listCarriers": BASE + "properties/carrier",
    "listLocations": BASE + "properties/location",
    "listLocationsByFacility": BASE + "properties/location",
    "listItemSummaries": BASE + "customers/itemsummary",
    "receive_item": "item",
    "listStockDetails": "item",
    "listOrderSummaries": "item",
    "listInventoryLocations": "item",
    "listCurrentLocations": "item",
    "listSkusUnionAliases": "item",
    "holdInventory": "item",
}
CHILDREN = {
    ("order", "OrderItems"): BASE + "orders/item",
    ("receiver", "ReceiveItems"): BASE + "inventory/receiveritem",
    ("adjustment", "AdjustmentItems"): "item",
    ("package", "PackageContents"): BASE + "orders/packagecontent",
}
ROWS = {"listOrderPackages": "package"}
"""Rows that have children of their own, by the operation that lists them."""
ANSWERS = {
    "getOrderPackage": "package",
    "createOrderPackage": "package",
    "updateOrderPackage": "package",
    "createAdjustment": "adjustment",
}
"""What an operation answers that answers no document that is kept."""

# What a body in HAL has under `_embedded`, and which member says the same.
GIVEN = {
    BASE + "orders/item": "OrderItems",
    BASE + "orders/packagecontent": "PackageContents",
    BASE + "inventory/receiveritem": "ReceiveItems",
}


@cache
def small(name: str) -> str:
    """`ReadOnly` → `readOnly`; `_links` stays."""
    return name[:1].lower() + name[1:]


def rewrite(name: str, value: Any) -> Any:
    """A document, an envelope or a whole answer in HAL."""
    if not isinstance(value, dict):
        return _small(value)
    made: dict[str, Any] = {}
    embedded: dict[str, Any] = {}
    name = ANSWERS.get(name, name)
    for member, inner in value.items():
        rel = CHILDREN.get((name, member)) or (RELS.get(name) if member == "ResourceList" else None)
        if rel is not None:
            if inner:
                row = ROWS.get(name) if member == "ResourceList" else None
                embedded[rel] = [rewrite(row, each) for each in inner] if row else _small(inner)
        elif member == "_links":
            made[member] = _linked(inner)
        else:
            made[small(member)] = _small(inner)
    return made | {"_embedded": embedded} if embedded else made


def _small(value: Any) -> Any:
    if isinstance(value, dict):
        return {small(name): _small(inner) for name, inner in value.items()}
    return [_small(inner) for inner in value] if isinstance(value, list) else value


def _linked(links: list[dict[str, str]]) -> dict[str, Any]:
    """Links by their relation; several of one relation are a list."""
    made: dict[str, Any] = {}
    for link in links:
        rel, entry = link["Rel"], {"href": link["Href"]}
        known = made.get(rel)
        made[rel] = entry if known is None else [*(known if isinstance(known, list) else [known]), entry]
    return made


def unfolded(path: str, body: dict[str, Any]) -> dict[str, Any]:
    """A body as it was sent, with what HAL has under `_embedded` as members; a member that is there as well counts."""
    embedded = body.get("_embedded")
    if not isinstance(embedded, dict):
        return body
    known = {rel.lower(): member for rel, member in GIVEN.items()}
    if path.startswith("/orders/") and path.endswith("/items"):
        known[(BASE + "orders/item").lower()] = "ResourceList"
    if path == "/inventory/adjustments":
        known["item"] = "AdjustmentItemsCreate"
    there = {name.lower() for name in body}
    found = {known[rel.lower()]: rows for rel, rows in embedded.items() if rel.lower() in known}
    return body | {member: rows for member, rows in found.items() if member.lower() not in there}


def rows(kind: str) -> tuple[str, ...]:
    """Where a list's rows are: stock summaries have a member of their own."""
    return ("summaries",) if kind == "stock" else ("_embedded", RELS[kind])


HAL = Dialect(rewrite, rows, empty=False)
