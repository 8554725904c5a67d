"""WooCommerce, through its REST API v3."""

from connectors.woocommerce.client import WooCommerce
from connectors.woocommerce.settings import Settings
from connectors.woocommerce.webhooks import Subscription

__all__ = ["Settings", "Subscription", "WooCommerce"]
