"""Requests of the vendor's own API, for the tests that speak it."""

from typing import Any

from mock_servers.core.fake import Size
from tests.support import Bench, bench

OM = "extensiv_order_manager"
NOTHING = {"amount": 0, "currency": "USD"}
QUOTAS = ("totals", "adjust", "create_stock")


def stand(orders: int = 0, products: int = 3, **kwargs: Any) -> Bench:
    """An account whose quotas nobody meets."""
    om = bench(OM, fill=Size(orders=orders, products=products), **kwargs)
    for name in QUOTAS:
        om.world.settings[f"{OM}.limit.{name}"] = {"limit": 1_000_000}
    return om


def skus(om: Bench) -> list[str]:
    return [product["sku"] for product in om.documents("product")]


def order(om: Bench, number: str = "A-1", **changes: Any) -> dict[str, Any]:
    """The body of a new order of two of the first product."""
    line = {"listingName": "x", "listingSku": skus(om)[0], "quantityOrdered": 2, "tax": NOTHING, "unitPrice": NOTHING}
    costs = ("orderTotal", "shippingCost", "insuranceCost", "insuredValue", "confirmationCost")
    body = dict.fromkeys(costs, NOTHING) | {
        "salesChannelId": 31,
        "orderNumber": number,
        "paymentDate": "2026-11-23T10:00:00Z",
        "orderItems": [line],
        "shipName": "Ana Ruiz",
        "shipAddress1": "5 Pine Rd",
        "shipCity": "Albany",
        "shipState": "NY",
        "shipZipCode": "12207",
        "shipCountry": "USA",
    }
    return {name: value for name, value in (body | changes).items() if value is not ...}


def place(om: Bench, number: str = "A-1", **changes: Any) -> dict[str, Any]:
    """A new order, as it is shown."""
    answer = om.client.put("/v1/order", json=[order(om, number, **changes)])
    assert answer.status_code == 200, answer.text
    shown = om.get(f"/v1.1/orders/{answer.json()['ids'][0]}").json()
    assert isinstance(shown, dict)
    return shown


def told(om: Bench, *lines: dict[str, Any]) -> list[dict[str, Any]]:
    """Somebody else shipped."""
    answer = om.client.put("/v1.1/shipment/external", json={"shipments": list(lines)})
    assert answer.status_code == 200, answer.text
    return list(answer.json())


def parcel(order: dict[str, Any], tracking: str = "1Z000", **more: Any) -> dict[str, Any]:
    who = {"orderId": order["orderId"], "trackingNumber": tracking, "shipMethod": {"shippingCarrier": "UPS"}}
    return who | more


def level(om: Bench, sku: str, warehouse: int = 501) -> dict[str, Any]:
    """What there is of a SKU."""
    rows = om.get("/v1/productstocks/total", params={"sku": sku, "warehouseId": warehouse}).json()
    return {name: value for row in rows for name, value in row.items() if name != "product"}
