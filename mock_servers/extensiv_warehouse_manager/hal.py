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
    "receiver": BASE + "inventory/receiver",
    "facility": BASE + "properties/facility",
    "listOrderItems": BASE + "orders/item",
    "listOrderPackages": BASE + "orders/package",
    "listReceiveItems": BASE + "inventory/receiveritem",
    "listCarriers": BASE + "properties/carrier",
    "receive_item": "item",
    "listStockDetails": "item",
    "listOrderSummaries": "item",
    "listShipmentsTrackingInfo": "item",
}
CHILDREN = {
    ("order", "OrderItems"): BASE + "orders/item",
    ("receiver", "ReceiveItems"): BASE + "inventory/receiveritem",
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
    for member, inner in value.items():
        rel = CHILDREN.get((name, member)) or (RELS.get(name) if member == "ResourceList" else None)
        if rel is not None:
            if inner:
                embedded[rel] = _small(inner)
        elif member == "_links":
            made[member] = {link["Rel"]: {"href": link["Href"]} for link in inner}
        else:
            made[small(member)] = _small(inner)
    return made | {"_embedded": embedded} if embedded else made


def _small(value: Any) -> Any:
    if isinstance(value, dict):
        return {small(name): _small(inner) for name, inner in value.items()}
    return [_small(inner) for inner in value] if isinstance(value, list) else value


def rows(kind: str) -> tuple[str, ...]:
    """Where a list's rows are: stock summaries have a member of their own."""
    return ("summaries",) if kind == "stock" else ("_embedded", RELS[kind])


HAL = Dialect(rewrite, rows, empty=False)
