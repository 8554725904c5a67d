"""What we ask Shopify, as GraphQL documents for version 2026-10.

`cost` is a first guess at the requested cost; each answer says the true one. Page sizes are chosen so that no document
comes near the 1000 points a single query may request.
"""

from dataclasses import dataclass

API_VERSION = "2026-10"


@dataclass(frozen=True)
class Document:
    """One operation. `repeatable` is true of queries, and of mutations that are the same done twice."""

    name: str
    text: str
    cost: float
    repeatable: bool = True
    mutation: bool = False


def _query(name: str, cost: float, text: str) -> Document:
    return Document(name, text, cost)


def _mutation(name: str, cost: float, text: str, *, repeatable: bool = False) -> Document:
    return Document(name, text, cost, repeatable=repeatable, mutation=True)


_LINE = """
fragment line on LineItem {
  id sku title quantity currentQuantity requiresShipping
  originalUnitPriceSet { shopMoney { amount currencyCode } }
}
"""

_ORDER = (
    """
fragment order on Order {
  id name createdAt processedAt updatedAt cancelledAt closedAt
  displayFinancialStatus displayFulfillmentStatus currencyCode email note tags
  currentTotalPriceSet { shopMoney { amount currencyCode } }
  shippingAddress { name company address1 address2 city provinceCode zip countryCodeV2 phone }
  shippingLine { title }
  lineItems(first: 15) { nodes { ...line } pageInfo { hasNextPage endCursor } }
}
"""
    + _LINE
)

SHOP = _query("shop", 1, "query shop { shop { name myshopifyDomain } }")

ORDERS = _query(
    "orders",
    65,
    """
query orders($first: Int!, $after: String, $query: String) {
  orders(first: $first, after: $after, query: $query, sortKey: UPDATED_AT) {
    nodes { ...order }
    pageInfo { hasNextPage endCursor }
  }
}
"""
    + _ORDER,
)

ORDER = _query("order", 10, "query order($id: ID!) { order(id: $id) { ...order } }" + _ORDER)

ORDER_LINES = _query(
    "orderLines",
    12,
    """
query orderLines($id: ID!, $after: String) {
  order(id: $id) { lineItems(first: 100, after: $after) { nodes { ...line } pageInfo { hasNextPage endCursor } } }
}
"""
    + _LINE,
)

ORDER_CANCELLED = _query("orderCancelled", 1, "query orderCancelled($id: ID!) { order(id: $id) { id cancelledAt } }")

ORDER_CANCEL = _mutation(
    "orderCancel",
    10,
    """
mutation orderCancel($id: ID!, $reason: OrderCancelReason!, $restock: Boolean!, $staffNote: String) {
  orderCancel(orderId: $id, reason: $reason, restock: $restock, notifyCustomer: false, staffNote: $staffNote) {
    job { id done }
    orderCancelUserErrors { field message code }
  }
}
""",
)

JOB = _query("job", 1, "query job($id: ID!) { job(id: $id) { id done } }")

FULFILLMENTS = _query(
    "fulfillments",
    18,
    """
query fulfillments($id: ID!) {
  order(id: $id) {
    fulfillments(first: 250) {
      id status
      trackingInfo(first: 250) { number }
      fulfillmentLineItems(first: 25) {
        nodes { quantity lineItem { id } }
        pageInfo { hasNextPage endCursor }
      }
    }
  }
}
""",
)

FULFILLMENT_LINES = _query(
    "fulfillmentLines",
    21,
    """
query fulfillmentLines($id: ID!, $after: String) {
  fulfillment(id: $id) {
    fulfillmentLineItems(first: 100, after: $after) {
      nodes { quantity lineItem { id } }
      pageInfo { hasNextPage endCursor }
    }
  }
}
""",
)

FULFILLMENT_ORDERS = _query(
    "fulfillmentOrders",
    75,
    """
query fulfillmentOrders($id: ID!, $after: String) {
  order(id: $id) {
    fulfillmentOrders(first: 10, after: $after) {
      nodes {
        id status
        supportedActions { action }
        assignedLocation { location { id } }
        lineItems(first: 25) {
          nodes { id remainingQuantity lineItem { id } }
          pageInfo { hasNextPage endCursor }
        }
      }
      pageInfo { hasNextPage endCursor }
    }
  }
}
""",
)

FULFILLMENT_ORDER_LINES = _query(
    "fulfillmentOrderLines",
    21,
    """
query fulfillmentOrderLines($id: ID!, $after: String) {
  fulfillmentOrder(id: $id) {
    lineItems(first: 100, after: $after) {
      nodes { id remainingQuantity lineItem { id } }
      pageInfo { hasNextPage endCursor }
    }
  }
}
""",
)

FULFILLMENT_ORDER_SPLIT = _mutation(
    "fulfillmentOrderSplit",
    44,
    """
mutation fulfillmentOrderSplit($splits: [FulfillmentOrderSplitInput!]!) {
  fulfillmentOrderSplit(fulfillmentOrderSplits: $splits) {
    fulfillmentOrderSplits { fulfillmentOrder { ...piece } remainingFulfillmentOrder { ...piece } }
    userErrors { field message code }
  }
}

fragment piece on FulfillmentOrder {
  id
  lineItems(first: 50) { nodes { id remainingQuantity lineItem { id } } pageInfo { hasNextPage endCursor } }
}
""",
)

# `UserError` has no code here; asking for one would fail validation.
FULFILLMENT_CREATE = _mutation(
    "fulfillmentCreate",
    10,
    """
mutation fulfillmentCreate($fulfillment: FulfillmentInput!) {
  fulfillmentCreate(fulfillment: $fulfillment) { fulfillment { id status } userErrors { field message } }
}
""",
)

FULFILLMENT_STATUS = _query(
    "fulfillmentStatus", 1, "query fulfillmentStatus($id: ID!) { fulfillment(id: $id) { id status } }"
)

FULFILLMENT_CANCEL = _mutation(
    "fulfillmentCancel",
    10,
    """
mutation fulfillmentCancel($id: ID!) {
  fulfillmentCancel(id: $id) { fulfillment { id status } userErrors { field message } }
}
""",
    repeatable=True,
)

LOCATIONS = _query(
    "locations",
    9,
    """
query locations($after: String) {
  locations(first: 50, after: $after) { nodes { id name isActive } pageInfo { hasNextPage endCursor } }
}
""",
)

STOCK = _query(
    "stock",
    23,
    """
query stock($query: String!, $location: ID!, $after: String) {
  inventoryItems(first: 50, after: $after, query: $query) {
    nodes { id sku inventoryLevel(locationId: $location) { quantities(names: ["available"]) { name quantity } } }
    pageInfo { hasNextPage endCursor }
  }
}
""",
)

INVENTORY_SET = _mutation(
    "inventorySetQuantities",
    10,
    """
mutation inventorySetQuantities($input: InventorySetQuantitiesInput!, $key: String!) {
  inventorySetQuantities(input: $input) @idempotent(key: $key) {
    inventoryAdjustmentGroup { id }
    userErrors { field message code }
  }
}
""",
    repeatable=True,
)

INVENTORY_ACTIVATE = _mutation(
    "inventoryActivate",
    10,
    """
mutation inventoryActivate($item: ID!, $location: ID!, $available: Int, $key: String!) {
  inventoryActivate(inventoryItemId: $item, locationId: $location, available: $available) @idempotent(key: $key) {
    inventoryLevel { id }
    userErrors { field message }
  }
}
""",
    repeatable=True,
)

_VARIANT = "fragment variant on ProductVariant { id sku title barcode price }"

CURRENCY = _query("currency", 1, "query currency { shop { currencyCode } }")

PRODUCTS = _query(
    "products",
    58,
    """
query products($first: Int!, $after: String, $query: String) {
  products(first: $first, after: $after, query: $query, sortKey: UPDATED_AT) {
    nodes {
      id title status updatedAt
      variants(first: 15) { nodes { ...variant } pageInfo { hasNextPage endCursor } }
    }
    pageInfo { hasNextPage endCursor }
  }
}
"""
    + _VARIANT,
)

PRODUCT_VARIANTS = _query(
    "productVariants",
    12,
    """
query productVariants($id: ID!, $after: String) {
  product(id: $id) { variants(first: 100, after: $after) { nodes { ...variant } pageInfo { hasNextPage endCursor } } }
}
"""
    + _VARIANT,
)

WEBHOOKS = _query(
    "webhookSubscriptions",
    11,
    """
query webhookSubscriptions($after: String) {
  webhookSubscriptions(first: 100, after: $after) {
    nodes { id topic uri }
    pageInfo { hasNextPage endCursor }
  }
}
""",
)

WEBHOOK_CREATE = _mutation(
    "webhookSubscriptionCreate",
    10,
    """
mutation webhookSubscriptionCreate($topic: WebhookSubscriptionTopic!, $subscription: WebhookSubscriptionInput!) {
  webhookSubscriptionCreate(topic: $topic, webhookSubscription: $subscription) {
    webhookSubscription { id topic uri }
    userErrors { field message }
  }
}
""",
)

WEBHOOK_DELETE = _mutation(
    "webhookSubscriptionDelete",
    10,
    """
mutation webhookSubscriptionDelete($id: ID!) {
  webhookSubscriptionDelete(id: $id) { deletedWebhookSubscriptionId userErrors { field message } }
}
""",
    repeatable=True,
)
