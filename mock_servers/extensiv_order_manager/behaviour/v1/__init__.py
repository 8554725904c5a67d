"""The vendor's own dialect: PUT creates, POST acts, lists are bare arrays, and a bulk tells its failures under 200."""

from mock_servers.extensiv_order_manager.behaviour.v1 import (
    account,
    carriers,
    inventory,
    inventory_changes,
    labels,
    order_changes,
    orders,
    packages,
    postage,
    products,
    purchases,
    purchasing,
    returns,
    shipments,
    transfers,
    vendors,
)

__all__ = [
    "account",
    "carriers",
    "inventory",
    "inventory_changes",
    "labels",
    "order_changes",
    "orders",
    "packages",
    "postage",
    "products",
    "purchases",
    "purchasing",
    "returns",
    "shipments",
    "transfers",
    "vendors",
]
