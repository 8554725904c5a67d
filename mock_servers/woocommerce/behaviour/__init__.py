"""What a WooCommerce store does when it is called."""

from mock_servers.woocommerce.behaviour import (
    advanced_trackings,
    attributes,
    callers,
    coupons,
    customers,
    fulfillments,
    notes,
    order_changes,
    products,
    refunds,
    reports,
    reviews,
    setup,
    site,
    terms,
    trackings,
    webhooks,
)
from mock_servers.woocommerce.behaviour.base import fake

__all__ = [
    "advanced_trackings",
    "attributes",
    "callers",
    "coupons",
    "customers",
    "fake",
    "fulfillments",
    "notes",
    "order_changes",
    "products",
    "refunds",
    "reports",
    "reviews",
    "setup",
    "site",
    "terms",
    "trackings",
    "webhooks",
]
