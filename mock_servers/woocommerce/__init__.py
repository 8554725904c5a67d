"""The fake of WooCommerce."""

from mock_servers.woocommerce import actions, seed, sound
from mock_servers.woocommerce.behaviour import fake

__all__ = ["actions", "fake", "seed", "sound"]
