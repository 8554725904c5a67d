"""The REST Admin API: another door to the state that the behaviours keep. Its paths and shapes are in
contracts/shopify/rest.openapi.yaml.

What changes something is done by the very functions that GraphQL's mutations are, so both surfaces see, refuse and tell
the same; what differs is in `door` (versions, ids, refusals), `lists` (filters and walks) and the bodies' spelling.
"""

from mock_servers.shopify.rest import (
    customers,
    fulfilling,
    fulfillment_orders,
    orders,
    products,
    refunds,
    shop,
    stock,
    webhooks,
)

__all__ = [
    "customers",
    "fulfilling",
    "fulfillment_orders",
    "orders",
    "products",
    "refunds",
    "shop",
    "stock",
    "webhooks",
]
