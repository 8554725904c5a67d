"""What a WooCommerce store does when it is called."""

from mock_servers.woocommerce.behaviour import (
    callers,
    notes,
    order_changes,
    products,
    refunds,
    site,
    trackings,
    webhooks,
)
from mock_servers.woocommerce.behaviour.base import fake

__all__ = ["callers", "fake", "notes", "order_changes", "products", "refunds", "site", "trackings", "webhooks"]
