"""Requests of the guide's dialect, for the tests that speak it."""

from typing import Any

from mock_servers.core.fake import Size
from tests.support import Bench, bench

OM = "extensiv_order_manager"
HOME = {
    "name": "Ana Ruiz",
    "street1": "5 Pine Rd",
    "city": "Albany",
    "state": "NY",
    "postal_code": "12207",
    "country": "US",
}
MUG, LAMP = "MUG-01", "LAMP-02"


def stocked() -> Bench:
    """Two warehouses, and forty mugs and three lamps in the first."""
    om = bench(OM, fill=Size(orders=0, products=1))
    for sku, quantity in ((MUG, 40), (LAMP, 3)):
        om.act("add_product", sku=sku, name=sku.title(), quantity=quantity)
    return om


def order(number: str = "PO-778", *items: tuple[str, int], **more: Any) -> dict[str, Any]:
    lines = [{"sku": sku, "quantity": quantity} for sku, quantity in items or ((MUG, 3),)]
    return {"order_number": number, "items": lines, "shipping_address": HOME} | more


def place(om: Bench, number: str = "PO-778", *items: tuple[str, int]) -> dict[str, Any]:
    answer = om.post("/api/orders", order(number, *items))
    assert answer.status_code == 201, answer.text
    return answer.json()


def level(om: Bench, sku: str = MUG, warehouse: int = 501) -> tuple[int, int, int]:
    """On hand, allocated, available."""
    [found] = om.get("/api/inventory/warehouses", params={"sku": sku, "warehouse_id": warehouse}).json()["data"]
    return (
        tuple(found["inventory"][0][name] for name in ("on_hand", "allocated", "available"))
        if found["inventory"]
        else (0, 0, 0)
    )


def now(om: Bench, id: str) -> dict[str, Any]:
    return om.get(f"/api/orders/{id}").json()


def state(om: Bench, number: str = "PO-778") -> tuple[str, str | None]:
    """The vendor's own state, and what is unresolved: nobody sees them from the guide."""
    [found] = [each for each in om.documents("order") if each["order_number"] == number]
    return found["state"], found["unresolved"]
