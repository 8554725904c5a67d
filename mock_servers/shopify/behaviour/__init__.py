"""What Shopify does when it is called. Its paths, schema and limits are in contracts/shopify.

One state under every surface: the modules here keep it and change it; `endpoint` is GraphQL's door to it, `oauth` the
grants', `rest` the older shapes that webhooks still carry.
"""

from mock_servers.shopify.behaviour import (
    customers,
    endpoint,
    fulfillment_events,
    fulfillment_order_changes,
    fulfillment_order_fields,
    fulfillment_order_moves,
    fulfillment_orders,
    fulfillments,
    inventory,
    inventory_changes,
    oauth,
    order_changes,
    order_fields,
    order_list,
    orders,
    payments,
    product_changes,
    products,
    refund_sums,
    refunds,
    rest,
    shop,
    transactions,
    webhooks,
)
from mock_servers.shopify.behaviour.base import fake

__all__ = [
    "customers",
    "endpoint",
    "fake",
    "fulfillment_events",
    "fulfillment_order_changes",
    "fulfillment_order_fields",
    "fulfillment_order_moves",
    "fulfillment_orders",
    "fulfillments",
    "inventory",
    "inventory_changes",
    "oauth",
    "order_changes",
    "order_fields",
    "order_list",
    "orders",
    "payments",
    "product_changes",
    "products",
    "refund_sums",
    "refunds",
    "rest",
    "shop",
    "transactions",
    "webhooks",
]
