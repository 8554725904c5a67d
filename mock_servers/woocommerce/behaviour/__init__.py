"""What a WooCommerce store does when it is called."""

from mock_servers.woocommerce.behaviour import (
    advanced_trackings,
    callers,
    coupons,
    customers,
    fulfillments,
    notes,
    order_changes,
    products,
    refunds,
    site,
    trackings,
    webhooks,
)
from mock_servers.woocommerce.behaviour.base import fake

__all__ = [
    "advanced_trackings",
    "callers",
    "coupons",
    "customers",
    "fake",
    "fulfillments",
    "notes",
    "order_changes",
    "products",
    "refunds",
    "site",
    "trackings",
    "webhooks",
]
