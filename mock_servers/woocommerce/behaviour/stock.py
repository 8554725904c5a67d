"""How much there is: one number for each product or variation that manages it, and what orders take and give back."""

from collections.abc import Mapping
from typing import Any

from mock_servers.core.fake import Work
from mock_servers.core.store import Document
from mock_servers.woocommerce.behaviour.base import Json, fact


def keeper(work: Work, product: Document) -> Document | None:
    """Who keeps the number for a product: itself, the parent of a variation that says so, or nobody."""
    if product["manage_stock"] is True:
        return product
    if product["manage_stock"] == "parent":
        parent = work.collection("product").find(str(product["parent_id"]))
        return parent if parent is not None and parent["manage_stock"] is True else None
    return None


def with_stock_status(product: Json) -> Json:
    """While the number is managed, the status follows from it, whatever was said (dossier §7)."""
    if product["manage_stock"] is not True:
        return product | {"stock_quantity": None}
    quantity = product["stock_quantity"] or 0
    short = "onbackorder" if product["backorders"] != "no" else "outofstock"
    status = "instock" if quantity > fact("no_stock_amount") else short
    return product | {"stock_quantity": quantity, "stock_status": status}


def move(work: Work, product: Document, by: int) -> Document | None:
    """Add to a product's number, if anybody keeps one; it is told as a change of the product."""
    from mock_servers.woocommerce.behaviour.products import save_product

    kept = keeper(work, product)
    if kept is None or by == 0:
        return None
    changed = with_stock_status(kept | {"stock_quantity": (kept["stock_quantity"] or 0) + by})
    return save_product(work, changed)


def take(work: Work, line: Json) -> tuple[Json, str]:
    """Take a line's quantity; the line remembers how much it has taken (`_reduced_stock`). Answers what to note."""
    product = product_of(work, line)
    wanted = line["quantity"] - line["reduced_stock"]
    if product is None or keeper(work, product) is None or wanted <= 0:
        return line, ""
    return line | {"reduced_stock": line["quantity"]}, _moved(work, line, product, -wanted)


def give_back(work: Work, line: Json, quantity: int | None = None) -> tuple[Json, str]:
    """Give back what a line has taken, or some of it."""
    product = product_of(work, line)
    back = min(line["reduced_stock"], line["reduced_stock"] if quantity is None else quantity)
    given = line | {"reduced_stock": line["reduced_stock"] - back}
    return given, _moved(work, line, product, back) if product is not None and back > 0 else ""


def _moved(work: Work, line: Json, product: Document, by: int) -> str:
    """`Mug (MUG-1) 5→3`, as the order's note has it; nothing where nobody keeps a number."""
    after = move(work, product, by)
    if after is None:
        return ""
    return f"{line['name']} ({line['sku']}) {after['stock_quantity'] - by}→{after['stock_quantity']}"


def product_of(work: Work, line: Mapping[str, Any]) -> Document | None:
    """What a line sells; None when it is gone."""
    return work.collection("product").find(str(line["variation_id"] or line["product_id"]))
