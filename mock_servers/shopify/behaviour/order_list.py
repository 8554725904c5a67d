"""Orders found: by id, and in lists that are searched and sorted (dossier §6.2)."""

from typing import Any

from mock_servers.core.clock import iso_seconds
from mock_servers.core.fake import Work
from mock_servers.core.filters import All, Condition, Is, Not
from mock_servers.core.graphql import Connection, FieldError, Run
from mock_servers.shopify.behaviour.base import fact, fake, find, grants
from mock_servers.shopify.behaviour.paging import Resource, connection, count
from mock_servers.shopify.behaviour.search import (
    Filters,
    choice,
    exact,
    flag,
    holds,
    instant,
    padded,
    reference,
    without,
)

Json = dict[str, Any]
DAY_SECONDS = 86_400


# Searching and sorting ------------------------------------------------------------------------------------------------


def _shows(*statuses: str) -> Condition:
    return Is("displayFulfillmentStatus", "in", statuses)


NOTHING_SHIPPED = (
    "UNFULFILLED",
    "IN_PROGRESS",
    "ON_HOLD",
    "OPEN",
    "PENDING_FULFILLMENT",
    "REQUEST_DECLINED",
    "SCHEDULED",
)
FINANCIAL = ("authorized", "expired", "paid", "partially_paid", "partially_refunded", "pending", "refunded", "voided")
NOT_IMITATED = frozenset(
    {
        "cart_token",
        "channel",
        "channel_id",
        "chargeback_status",
        "checkout_token",
        "created_by_app_id",
        "credit_card_last4",
        "current_total_price",
        "delivery_method",
        "discount_code",
        "earliest_fulfill_by",
        "fraud_protection_level",
        "gateway",
        "line_item",
        "payment_id",
        "payment_provider_id",
        "reference_location_id",
        "risk_level",
        "sales_channel",
        "subtotal_line_items_quantity",
        "total_weight",
        "user_id",
    }
)
"""Filters of the vendor's that are ignored here, with a warning."""


ORDERS = Resource(
    "Order",
    {
        "ID": "seq",
        "RELEVANCE": "processedAt",
        "PROCESSED_AT": "processedAt",
        "CREATED_AT": "createdAt",
        "UPDATED_AT": "updatedAt",
        "ORDER_NUMBER": "numberKey",
        "TOTAL_PRICE": "totalKey",
        "CURRENT_TOTAL_PRICE": "currentTotalKey",
        "TOTAL_ITEMS_QUANTITY": "itemsKey",
        "CUSTOMER_NAME": "customerKey",
        "DESTINATION": "destinationKey",
        "PO_NUMBER": "poKey",
        "FINANCIAL_STATUS": "displayFinancialStatus",
        "FULFILLMENT_STATUS": "displayFulfillmentStatus",
    },
    Filters(
        {
            "id": padded("idKey"),
            "name": exact("nameKey", clean=lambda text: text.lower().removeprefix("#")),
            "email": exact("emailKey"),
            "created_at": instant("createdAt"),
            "updated_at": instant("updatedAt"),
            "processed_at": instant("processedAt"),
            "status": choice(
                {
                    "open": All(Is("closed", "=", False), Is("cancelledAt", "absent")),
                    "closed": Is("closed", "=", True),
                    "cancelled": Not(Is("cancelledAt", "absent")),
                    "not_closed": Is("closed", "=", False),
                    "any": All(),
                }
            ),
            "financial_status": choice(
                {word: Is("displayFinancialStatus", "=", word.upper()) for word in FINANCIAL}
                | {
                    "unpaid": Is("displayFinancialStatus", "in", ("AUTHORIZED", "PARTIALLY_PAID", "PENDING")),
                    "any": All(),
                }
            ),
            "fulfillment_status": choice(
                {
                    "unshipped": _shows(*NOTHING_SHIPPED),
                    "unfulfilled": _shows(*NOTHING_SHIPPED),
                    "shipped": _shows("FULFILLED"),
                    "fulfilled": _shows("FULFILLED"),
                    "partial": _shows("PARTIALLY_FULFILLED"),
                    "scheduled": _shows("SCHEDULED"),
                    "on_hold": _shows("ON_HOLD"),
                    "request_declined": _shows("REQUEST_DECLINED"),
                }
            ),
            "tag": holds("tagKeys"),
            "tag_not": without("tagKeys"),
            "sku": holds("skuKeys"),
            "location_id": holds("locationNumbers"),
            "fulfillment_location_id": holds("locationNumbers"),
            "source_name": exact("sourceName"),
            "source_identifier": exact("sourceIdentifier", clean=str),
            "customer_id": reference("customerId", "Customer"),
            "po_number": exact("poKey"),
            "test": flag("test"),
            "confirmation_number": exact("confirmationNumber", clean=str.upper),
            "return_status": choice({"no_return": All()}),
        },
        ("nameKey", "emailKey", "customerKey", "destinationKey"),
        NOT_IMITATED,
    ),
)


# Queries --------------------------------------------------------------------------------------------------------------


def recent(work: Work) -> Condition | None:
    """Without `read_all_orders` only what is younger than sixty days can be seen."""
    if "read_all_orders" in grants(work):
        return None
    return Is("createdAt", ">=", iso_seconds(work.now - fact("orders_visible_days") * DAY_SECONDS))


def visible_order(work: Work, id: str) -> Json | None:
    """An order by its global id, if the caller may see it. Raises `FieldError` for an id of another type."""
    document = find(work, "Order", id)
    oldest = recent(work)
    if document is None or (isinstance(oldest, Is) and document["createdAt"] < oldest.value):
        return None
    return document.body


@fake.field("order")
def order(_source: Any, args: Json, run: Run) -> Json | None:
    return visible_order(run.call, args["id"])


@fake.field("orderByIdentifier")
def order_by_identifier(_source: Any, args: Json, run: Run) -> Json | None:
    identifier = args["identifier"]
    if identifier.get("id") is not None:
        return visible_order(run.call, identifier["id"])
    raise FieldError("Metafield definition of the custom id does not exist.", code="NOT_FOUND")


@fake.field("orders")
def orders(_source: Any, args: Json, run: Run) -> Connection:
    return connection(run, args, ORDERS, recent(run.call))


@fake.field("ordersCount")
def orders_count(_source: Any, args: Json, run: Run) -> Json:
    return count(run, args, ORDERS, recent(run.call))
