"""The fake of Shopify."""

from mock_servers.shopify import actions, laws, rest, seed
from mock_servers.shopify.behaviour import fake

__all__ = ["actions", "fake", "laws", "rest", "seed"]
