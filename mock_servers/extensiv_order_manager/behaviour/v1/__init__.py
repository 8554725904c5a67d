"""The vendor's own dialect: PUT creates, POST acts, lists are bare arrays, and a bulk tells its failures under 200."""

from mock_servers.extensiv_order_manager.behaviour.v1 import (
    account,
    inventory,
    inventory_changes,
    order_changes,
    orders,
    products,
    purchasing,
    shipments,
    transfers,
)

__all__ = [
    "account",
    "inventory",
    "inventory_changes",
    "order_changes",
    "orders",
    "products",
    "purchasing",
    "shipments",
    "transfers",
]
