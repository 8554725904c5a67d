"""What Extend Commerce does when it is called. Its paths, shapes and limits are in its contract."""

from mock_servers.extend_commerce.behaviour import (
    availability,
    customers,
    hooks,
    order_changes,
    orders,
    papers,
    prices,
    products,
    purchases,
    reports,
    tenant,
)

__all__ = [
    "availability",
    "customers",
    "hooks",
    "order_changes",
    "orders",
    "papers",
    "prices",
    "products",
    "purchases",
    "reports",
    "tenant",
]
