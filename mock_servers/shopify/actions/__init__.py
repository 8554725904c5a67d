"""What people do in Shopify: the shopper at the till, and the merchant in the admin.

They go through the same behaviours as the API and are told of in the same events.
"""

from mock_servers.shopify.actions import goods, orders, services, shopper

__all__ = ["goods", "orders", "services", "shopper"]
