"""What an order and what is inside it show: the fields that are not simply members of what is kept."""

from decimal import Decimal
from typing import Any

from mock_servers.core.filters import All, Is
from mock_servers.core.graphql import Connection, Run
from mock_servers.shopify.behaviour import fulfillment_orders
from mock_servers.shopify.behaviour.base import bag, fake, found, money, number_in, shop_of
from mock_servers.shopify.behaviour.orders import fulfillments_of
from mock_servers.shopify.behaviour.paging import connection, exactly, listed
from mock_servers.shopify.behaviour.payments import may_be_paid, owed

Json = dict[str, Any]


# Orders ---------------------------------------------------------------------------------------------------------------

AMOUNTS = {
    "currentSubtotalPriceSet": "currentSubtotal",
    "currentTotalDiscountsSet": "discounts",
    "currentTotalPriceSet": "currentTotal",
    "currentTotalTaxSet": "currentTax",
    "subtotalPriceSet": "subtotal",
    "totalDiscountsSet": "discounts",
    "totalPriceSet": "total",
    "totalReceivedSet": "received",
    "totalRefundedSet": "refunded",
    "totalRefundedShippingSet": "refundedShipping",
    "totalShippingPriceSet": "shipping",
    "totalTaxSet": "tax",
}
"""Sums of an order by the field that shows them."""


def _register_amounts() -> None:
    for name, member in AMOUNTS.items():
        fake.field(f"Order.{name}")(
            lambda source, _args, _run, member=member: bag(source["amounts"][member], source["currencyCode"])
        )


_register_amounts()


@fake.field("Order.netPaymentSet")
def net_payment_set(source: Json, _args: Json, _run: Run) -> Json:
    amounts = source["amounts"]
    return bag(money(Decimal(amounts["received"]) - Decimal(amounts["refunded"])), source["currencyCode"])


@fake.field("Order.totalOutstandingSet")
def total_outstanding_set(source: Json, _args: Json, _run: Run) -> Json:
    return bag(money(owed(source)), source["currencyCode"])


@fake.field("Order.totalTipReceivedSet")
def total_tip_received_set(source: Json, _args: Json, _run: Run) -> Json:
    return bag("0.00", source["currencyCode"])


@fake.field("Order.presentmentCurrencyCode")
def presentment_currency_code(source: Json, _args: Json, _run: Run) -> str:
    return str(source["currencyCode"])


@fake.field("Order.lineItems")
def line_items(source: Json, args: Json, run: Run) -> Connection:
    return listed(run, args, "lineItems", source["lines"])


@fake.field("Order.shippingLine")
def shipping_line(source: Json, _args: Json, _run: Run) -> Json | None:
    return source["shippingLines"][0] if source["shippingLines"] else None


@fake.field("Order.shippingLines")
def shipping_lines(source: Json, args: Json, run: Run) -> Connection:
    return listed(run, args, "shippingLines", source["shippingLines"])


@fake.field(
    "ShippingLine.originalPriceSet", "ShippingLine.discountedPriceSet", "ShippingLine.currentDiscountedPriceSet"
)
def shipping_price(source: Json, _args: Json, _run: Run) -> Json:
    return bag(source["price"], source["currencyCode"])


@fake.field("ShippingLine.custom", "ShippingLine.isRemoved")
def no_shipping_line(_source: Json, _args: Json, _run: Run) -> bool:
    return False


@fake.field("Order.fulfillments")
def order_fulfillments(source: Json, args: Json, run: Run) -> list[Json]:
    return fulfillments_of(run.call, source["id"])[: args.get("first")]


@fake.field("Order.fulfillmentsCount")
def fulfillments_count(source: Json, _args: Json, run: Run) -> Json:
    return exactly(len(fulfillments_of(run.call, source["id"])))


@fake.field("Order.fulfillmentOrders")
def order_fulfillment_orders(source: Json, args: Json, run: Run) -> Connection:
    where = All(Is("orderId", "=", source["id"]), fulfillment_orders.visible(run.call))
    return connection(run, args, fulfillment_orders.FULFILLMENT_ORDERS, where)


@fake.field("Order.paymentGatewayNames")
def payment_gateway_names(source: Json, _args: Json, _run: Run) -> list[str]:
    return list(source["gateways"])


@fake.field("Order.statusPageUrl")
def status_page_url(source: Json, _args: Json, run: Run) -> str:
    return f"{shop_of(run.call)['url']}/{number_in(source['id'])}/orders/{source['token']}/authenticate"


@fake.field("Order.displayAddress")
def display_address(source: Json, _args: Json, _run: Run) -> Json | None:
    address: Json | None = source["shippingAddress"] or source["billingAddress"]
    return address


@fake.field("Order.billingAddressMatchesShippingAddress")
def billing_matches(source: Json, _args: Json, _run: Run) -> bool:
    plain = [
        {k: v for k, v in (source[side] or {}).items() if k != "id"} for side in ("shippingAddress", "billingAddress")
    ]
    return plain[0] == plain[1]


@fake.field("MailingAddress.countryCode")
def country_code(source: Json, _args: Json, _run: Run) -> str | None:
    code = source["countryCodeV2"]
    return str(code) if code else None


@fake.field("MailingAddress.formattedArea")
def formatted_area(source: Json, _args: Json, _run: Run) -> str:
    return ", ".join(filter(None, (source["city"], source["provinceCode"], source["country"])))


@fake.field("Order.taxLines", "Order.currentTaxLines", "LineItem.taxLines", "ShippingLine.taxLines")
def no_tax_lines(_source: Json, _args: Json, _run: Run) -> list[Json]:
    return []


@fake.field("Order.discountCodes")
def discount_codes(_source: Json, _args: Json, _run: Run) -> list[str]:
    return []


@fake.field("Order.discountApplications")
def discount_applications(_source: Json, args: Json, run: Run) -> Connection:
    return listed(run, args, "discountApplications", [])


@fake.field("Order.returns")
def returns(_source: Json, args: Json, run: Run) -> Connection:
    return listed(run, args, "returns", [])


@fake.field("Order.returnStatus")
def return_status(_source: Json, _args: Json, _run: Run) -> str:
    return "NO_RETURN"


@fake.field("Order.attribution")
def attribution(source: Json, _args: Json, _run: Run) -> Json:
    return {"displayName": source["sourceName"], "handle": source["sourceName"]}


@fake.field("Order.cartToken", "Order.checkoutToken")
def cart_token(source: Json, _args: Json, _run: Run) -> str | None:
    return str(source["token"]) if source["sourceName"] == "web" else None


def _paid(order: Json) -> bool:
    return order["displayFinancialStatus"] in {"PAID", "PARTIALLY_REFUNDED", "REFUNDED"}


@fake.field("Order.fullyPaid")
def fully_paid(source: Json, _args: Json, _run: Run) -> bool:
    return _paid(source)


@fake.field("Order.unpaid")
def unpaid(source: Json, _args: Json, _run: Run) -> bool:
    return not _paid(source) and source["displayFinancialStatus"] != "PARTIALLY_PAID"


@fake.field("Order.canMarkAsPaid")
def can_mark_as_paid(source: Json, _args: Json, _run: Run) -> bool:
    return may_be_paid(source)


@fake.field("Order.fulfillable")
def fulfillable(source: Json, _args: Json, _run: Run) -> bool:
    return not source["cancelledAt"] and any(line["unfulfilledQuantity"] for line in source["lines"])


@fake.field("Order.refundable")
def refundable(source: Json, _args: Json, _run: Run) -> bool:
    return Decimal(source["amounts"]["received"]) > Decimal(source["amounts"]["refunded"])


@fake.field("Order.restockable")
def restockable(source: Json, _args: Json, _run: Run) -> bool:
    return any(line["currentQuantity"] > 0 and bool(line["inventoryItemId"]) for line in source["lines"])


@fake.field("Order.requiresShipping")
def requires_shipping(source: Json, _args: Json, _run: Run) -> bool:
    return any(line["requiresShipping"] for line in source["lines"])


@fake.field("Order.subtotalLineItemsQuantity", "Order.currentSubtotalLineItemsQuantity")
def items_quantity(source: Json, _args: Json, run: Run) -> int:
    member = "currentQuantity" if str(run.path[-1]).startswith("current") else "quantity"
    return sum(line[member] for line in source["lines"])


@fake.field("Order.totalWeight", "Order.currentTotalWeight")
def total_weight(source: Json, _args: Json, _run: Run) -> str:
    return str(sum(line["grams"] * line["quantity"] for line in source["lines"]))


@fake.field("Order.estimatedTaxes", "Order.taxExempt", "Order.customerAcceptsMarketing")
def no_order(_source: Json, _args: Json, _run: Run) -> bool:
    return False


@fake.field("Order.canNotifyCustomer")
def can_notify_customer(source: Json, _args: Json, _run: Run) -> bool:
    return bool(source["email"])


# Lines ----------------------------------------------------------------------------------------------------------------


@fake.field(
    "LineItem.originalUnitPriceSet",
    "LineItem.discountedUnitPriceSet",
    "LineItem.discountedUnitPriceAfterAllDiscountsSet",
)
def unit_price(source: Json, _args: Json, _run: Run) -> Json:
    return bag(source["price"], source["currencyCode"])


@fake.field("LineItem.originalTotalSet", "LineItem.discountedTotalSet")
def line_total(source: Json, _args: Json, _run: Run) -> Json:
    return bag(money(Decimal(source["price"]) * source["quantity"]), source["currencyCode"])


@fake.field("LineItem.unfulfilledOriginalTotalSet", "LineItem.unfulfilledDiscountedTotalSet")
def unfulfilled_total(source: Json, _args: Json, _run: Run) -> Json:
    return bag(money(Decimal(source["price"]) * source["unfulfilledQuantity"]), source["currencyCode"])


@fake.field("LineItem.totalDiscountSet")
def total_discount(source: Json, _args: Json, _run: Run) -> Json:
    return bag("0.00", source["currencyCode"])


@fake.field("LineItem.discountAllocations", "LineItem.duties", "ShippingLine.discountAllocations")
def none_of_them(_source: Json, _args: Json, _run: Run) -> list[Json]:
    return []


@fake.field("LineItem.fulfillableQuantity")
def fulfillable_quantity(source: Json, _args: Json, _run: Run) -> int:
    return int(source["unfulfilledQuantity"])


@fake.field("LineItem.nonFulfillableQuantity")
def non_fulfillable_quantity(source: Json, _args: Json, _run: Run) -> int:
    return int(source["quantity"] - source["currentQuantity"])


@fake.field("LineItem.refundableQuantity")
def refundable_quantity(source: Json, _args: Json, _run: Run) -> int:
    return int(source["currentQuantity"])


@fake.field("LineItem.restockable", "LineItem.merchantEditable")
def line_flag(source: Json, _args: Json, _run: Run) -> bool:
    return bool(source["currentQuantity"])


# The order of what belongs to one -------------------------------------------------------------------------------------


@fake.field(
    "OrderCancelJobResult.order",
    "FulfillmentOrder.order",
    "Fulfillment.order",
    "Refund.order",
    "OrderTransaction.order",
)
def order_of(source: Json, _args: Json, run: Run) -> Json:
    return found(run.call, "Order", source["orderId"])
