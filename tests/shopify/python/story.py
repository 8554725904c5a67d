"""A day with the unmodified PyPI package ShopifyAPI. It prints what it heard as JSON; the test beside it judges.

The package builds https://{shop}.myshopify.com/admin/api/{version}. Its own `site` property says where else to go, and
that is the one line that is not as in production.
"""

import json
import os

import pyactiveresource.connection as wire
import shopify
from shopify.resources.fulfillment import FulfillmentOrders, FulfillmentV2

heard = {}


def connect(token: str = os.environ["TOKEN"], version: str = "2026-10") -> None:
    session = shopify.Session(os.environ["SHOP"], version, token)
    shopify.ShopifyResource.activate_session(session)
    shopify.ShopifyResource.site = session.api_version.api_path(os.environ["BASE_URL"])


def failing(does) -> dict:
    try:
        does()
    except wire.Error as error:
        return {"kind": type(error).__name__, "code": error.code, "body": json.loads(error.response.body)}
    return {}


connect()
heard["shop"] = shopify.Shop.current().myshopify_domain
heard["scopes"] = sorted(scope.handle for scope in shopify.AccessScope.find())[:2]

# Orders, their pages, and their number
variant = shopify.Product.find()[0].variants[0]
made = shopify.Order.create(
    {
        "email": "ada@example.com",
        "line_items": [{"variant_id": variant.id, "quantity": 3}],
        "tags": "b, a",
        "inventory_behaviour": "decrement_obeying_policy",
        "shipping_address": {"first_name": "Ada", "last_name": "S", "address1": "1 Street", "city": "York",
                             "zip": "1", "country": "United Kingdom"},
    }
)  # fmt: skip
heard["made"] = {
    "name": made.name,
    "total": made.total_price,
    "tags": made.tags,
    "status": made.financial_status,
    "country": made.shipping_address.country_code,
    "sku": made.line_items[0].sku,
}
first = shopify.Order.find(limit=2, status="any")
second = first.next_page()
heard["pages"] = {
    "sizes": [len(page) for page in shopify.PaginatedIterator(shopify.Order.find(limit=2, status="any"))],
    "first": [first.has_previous_page(), first.has_next_page()],
    "second": [second.has_previous_page(), second.has_next_page()],
    "back": [order.id for order in second.previous_page(no_cache=True)] == [order.id for order in first],
    "ids": len({order.id for page in shopify.PaginatedIterator(shopify.Order.find(limit=1)) for order in page}),
}
heard["count"] = shopify.Order.count()

# Changed, and shipped
made.note = "Leave at the door"
heard["saved"] = made.save()
heard["note"] = shopify.Order.find(made.id).note
waiting = FulfillmentOrders.find(order_id=made.id)
line = waiting[0].line_items[0]
parcel = FulfillmentV2(
    {
        "line_items_by_fulfillment_order": [
            {
                "fulfillment_order_id": waiting[0].id,
                "fulfillment_order_line_items": [{"id": line.id, "quantity": 2}],
            }
        ],
        "tracking_info": {"number": "1Z1", "company": "UPS"},
    }
)
heard["shipped"] = [parcel.save(), parcel.status, parcel.tracking_number, parcel.name]
parcel.update_tracking({"number": "1Z2", "company": "UPS"}, notify_customer=False)
heard["tracked"] = shopify.Fulfillment.find(parcel.id, order_id=made.id).tracking_number
heard["order_now"] = shopify.Order.find(made.id).fulfillment_status
heard["left"] = FulfillmentOrders.find(order_id=made.id)[0].line_items[0].fulfillable_quantity

# Stock
place = shopify.Location.find()[0]
level = shopify.InventoryLevel.set(place.id, variant.inventory_item_id, 42)
heard["set"] = level.available
heard["adjusted"] = shopify.InventoryLevel.adjust(place.id, variant.inventory_item_id, -2).available
heard["levels"] = [row.available for row in shopify.InventoryLevel.find(inventory_item_ids=variant.inventory_item_id)]
heard["variant"] = shopify.Variant.find(variant.id).inventory_quantity

# Webhooks
hook = shopify.Webhook.create({"topic": "orders/create", "address": "https://example.com/hooks", "format": "json"})
again = shopify.Webhook.create({"topic": "orders/create", "address": "https://example.com/hooks", "format": "json"})
heard["hook"] = [hook.topic, shopify.Webhook.count(), again.errors.full_messages()]
hook.destroy()
heard["hooks_left"] = len(shopify.Webhook.find())

# Refusals
blank = shopify.Order.create({"email": "nobody@example.com"})
heard["invalid"] = [blank.is_valid(), blank.errors.full_messages()]
heard["missing"] = failing(lambda: shopify.Order.find(1))
heard["beside"] = failing(lambda: shopify.Order.find(from_=f"{first.next_page_url}&status=open"))
connect("shpat_wrong")
heard["unauthorized"] = failing(lambda: shopify.Order.find())
connect(version="2024-10")
heard["retired"] = shopify.Shop.current().name
heard["version"] = shopify.Shop.connection.response.headers["X-Shopify-API-Version"]

# Closed, cancelled, refunded
connect()
other = shopify.Order.create({"line_items": [{"title": "Chart", "price": "12.00", "quantity": 1}]})
other.close()
heard["closed"] = bool(other.closed_at)
other.open()
heard["opened"] = other.closed_at
other.cancel(reason="customer")
heard["cancelled"] = [bool(other.cancelled_at), other.cancel_reason]
heard["transactions"] = [(row.kind, row.amount) for row in shopify.Transaction.find(order_id=other.id)]
parcel.post("cancel")
heard["taken_back"] = shopify.Fulfillment.find(parcel.id, order_id=made.id).status

# Limits: what was asked so far is in the bucket, and the shop's clock stands still
heard["limits"] = [shopify.Limits.credit_used(), shopify.Limits.credit_limit(), shopify.Limits.credit_left()]
asked = 0
while not (throttled := failing(shopify.Shop.current)) and asked < 500:
    asked += 1
heard["throttled"] = throttled
heard["maxed"] = shopify.Limits.credit_maxed()
print(json.dumps(heard))
