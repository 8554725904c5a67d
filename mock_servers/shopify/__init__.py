"""The fake of Shopify."""

from mock_servers.shopify import actions, laws, seed
from mock_servers.shopify.behaviour import fake

__all__ = ["actions", "fake", "laws", "seed"]
