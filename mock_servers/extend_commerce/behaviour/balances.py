"""Balances: what lies there, what orders have taken of it, what is blocked, what is on its way and coming back.

Available is physical less ordered less blocked (assumed; the fields add up so). Whatever moves tells of it.
"""

from collections.abc import Mapping
from typing import Any

from mock_servers.core.fake import Work
from mock_servers.core.refusal import Refusal
from mock_servers.core.store import Document
from mock_servers.extend_commerce.behaviour.base import kept

Place = tuple[str, str]
"""Warehouse and product."""
COUNTS = ("physical", "ordered", "blocked", "expected", "returning")


def new_stock(warehouse: Mapping[str, Any], product: str, changed: str) -> dict[str, Any]:
    """An empty place for a product in a warehouse."""
    return {
        "id": f"{warehouse['id']}:{product}",
        "warehouse": warehouse["id"],
        "warehouse_name": warehouse["name"],
        "product": product,
        "changed": changed,
        **dict.fromkeys(COUNTS, 0),
    }


def available(stock: Mapping[str, Any]) -> int:
    """What may be promised."""
    return int(stock["physical"] - stock["ordered"] - stock["blocked"])


def stock_at(work: Work, warehouse: str, product: str, doing: str) -> Document:
    """Refuses with `unknown_warehouse` or `unknown_product`."""
    if work.collection("warehouse").find(warehouse) is None:
        raise Refusal("unknown_warehouse", doing=doing, warehouse=warehouse)
    found = work.collection("stock").find(f"{warehouse}:{product}")
    if found is None:
        raise Refusal("unknown_product", doing=doing, product=product)
    return found


class Moves:
    """What is to move, gathered by place, so that each place moves once and is told of once."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._by_place: dict[Place, dict[str, int]] = {}

    def add(self, warehouse: str | None, product: str, **counts: int) -> None:
        """Differences for a place; a row without a warehouse moves nothing."""
        if warehouse is None:
            return
        moved = self._by_place.setdefault((warehouse, product), dict.fromkeys(COUNTS, 0))
        for name, count in counts.items():
            moved[name] += count

    def make(self) -> None:
        """Do it. One event for each trigger, with a notification for each place."""
        work, physical, promised = self._work, [], []
        for (warehouse, product), moved in self._by_place.items():
            if not any(moved.values()):
                continue
            stock = work.collection("stock").get(f"{warehouse}:{product}")
            after = stock | {name: stock[name] + count for name, count in moved.items()} | {"changed": kept(work.now)}
            work.collection("stock").save(after)
            place = {"ProductNumber": product, "Warehouse": warehouse}
            if moved["physical"]:
                physical.append(place | {"Balance": after["physical"]})
            if available(after) != available(stock):
                promised.append(place | {"AvailableBalance": available(after)})
        for trigger, details in (("BalanceChanged", physical), ("AvailableBalanceChanged", promised)):
            if details:
                work.emit(trigger, details, warehouses=sorted({each["Warehouse"] for each in details}))
