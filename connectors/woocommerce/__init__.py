"""WooCommerce, through its REST API v3."""

from connectors.woocommerce.client import WooCommerce
from connectors.woocommerce.settings import Settings

__all__ = ["Settings", "WooCommerce"]
