"""The REST shapes of things: what webhooks carry, and what the REST surface answers (dossier §9, §10.3).

Amounts have two decimals and moments the shop's own offset, unlike in GraphQL.
"""

from mock_servers.shopify.behaviour.rest.customers import customer_of, customer_shape, whole_customer_shape
from mock_servers.shopify.behaviour.rest.fulfilling import (
    fulfillment_event_shape,
    fulfillment_order_event_shape,
    fulfillment_shape,
)
from mock_servers.shopify.behaviour.rest.goods import (
    inventory_item_shape,
    inventory_level_shape,
    product_shape,
    variant_shape,
)
from mock_servers.shopify.behaviour.rest.money import refund_shape, transaction_shape
from mock_servers.shopify.behaviour.rest.orders import order_shape
from mock_servers.shopify.behaviour.rest.words import SHOP_NUMBER, address_shape, line_shape, local, money_set, priced

__all__ = [
    "SHOP_NUMBER",
    "address_shape",
    "customer_of",
    "customer_shape",
    "fulfillment_event_shape",
    "fulfillment_order_event_shape",
    "fulfillment_shape",
    "inventory_item_shape",
    "inventory_level_shape",
    "line_shape",
    "local",
    "money_set",
    "order_shape",
    "priced",
    "product_shape",
    "refund_shape",
    "transaction_shape",
    "variant_shape",
    "whole_customer_shape",
]
