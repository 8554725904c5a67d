"""Orders: how they come to be, what they show, and what may be done to them (dossier §6.2, §7.4)."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from mock_servers.core.clock import iso_seconds
from mock_servers.core.fake import Work
from mock_servers.core.filters import All, Condition, Is, Not
from mock_servers.core.graphql import Connection, FieldError, Run
from mock_servers.shopify.behaviour import fulfillment_orders, inventory
from mock_servers.shopify.behaviour.base import (
    ZERO,
    bag,
    fact,
    fake,
    find,
    found,
    gid,
    grants,
    id_key,
    money,
    mutation,
    next_id,
    number_in,
    refuse,
    shop_of,
    tell,
    total,
    type_in,
    user_error,
)
from mock_servers.shopify.behaviour.paging import Resource, add, connection, count, exactly, listed, save
from mock_servers.shopify.behaviour.products import change_product
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
MINUTE_SECONDS = 60
FIRST_ORDER_NUMBER = 1001

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


def with_keys(order: Json) -> Json:
    """The order with the members it is searched and sorted by."""
    address = order["shippingAddress"] or {}
    who = (f"{address.get('lastName') or ''} {address.get('firstName') or ''}").strip()
    where = ", ".join(filter(None, (address.get("country"), address.get("province"), address.get("city"))))
    return order | {
        "nameKey": order["name"].lower().removeprefix("#"),
        "numberKey": id_key(order["number"]),
        "emailKey": (order["email"] or "").lower(),
        "customerKey": who.lower(),
        "destinationKey": where.lower(),
        "poKey": (order["poNumber"] or "").lower(),
        "totalKey": f"{Decimal(order['amounts']['total']):020.2f}",
        "currentTotalKey": f"{Decimal(order['amounts']['currentTotal']):020.2f}",
        "itemsKey": id_key(sum(line["quantity"] for line in order["lines"])),
        "tagKeys": [tag.lower() for tag in order["tags"]],
        "skuKeys": sorted({line["sku"].lower() for line in order["lines"] if line["sku"]}),
    }


# Making an order ------------------------------------------------------------------------------------------------------


def new_order(work: Work, given: Json) -> Json:
    """Take an order: number it, claim its stock where it is asked to, route it to locations, and tell.

    `given`: lines (`variant` or a title, with `quantity`, maybe `price` and `claim`), and what `order_document` reads.
    """
    order_id, number = next_id(work, "Order")
    shop = shop_of(work)
    order_number = work.next_number("order_number", FIRST_ORDER_NUMBER)
    lines = [_new_line(work, order_id, each, given.get("currency") or shop["currencyCode"]) for each in given["lines"]]
    order = order_document(work.stamp, order_id, number, order_number, lines, given, shop)
    if given.get("paid"):
        order = _received(work, order, Decimal(order["amounts"]["total"]), given.get("gateway", "bogus"))
    order = with_keys(add(work, "order", with_keys(order)).body)
    made = fulfillment_orders.route(work, order, given.get("fulfillAt"))
    order = roll_up(work, order, made)
    tell_order(work, order, "orders/create")
    for fulfillment_order in made:
        fulfillment_orders.tell_about(work, fulfillment_order, "order_routing_complete")
    if given.get("paid"):
        tell_order(work, order, "orders/paid")
    return order


def _new_line(work: Work, order_id: str, given: Json, currency: str) -> Json:
    line_id, _ = next_id(work, "LineItem")
    variant = given.get("variant")
    return line_document(line_id, order_id, given, variant, currency)


def line_document(id: str, order_id: str, given: Json, variant: Json | None, currency: str) -> Json:
    """A line as it is kept inside its order."""
    title = given.get("title") or (variant["productTitle"] if variant else "Custom item")
    variant_title = given.get("variantTitle")
    if variant and variant["title"] != "Default Title":
        variant_title = variant_title or variant["title"]
    shipped = given.get("requiresShipping")
    return {
        "id": id,
        "orderId": order_id,
        "title": title,
        "variantTitle": variant_title,
        "name": f"{title} - {variant_title}" if variant_title else title,
        "sku": given.get("sku") or (variant["sku"] if variant else None),
        "vendor": given.get("vendor") or ("Seatrial" if variant else None),
        "quantity": given["quantity"],
        "currentQuantity": given["quantity"],
        "unfulfilledQuantity": given["quantity"],
        "fulfilledQuantity": 0,
        "price": money(given["price"] if given.get("price") is not None else variant["price"] if variant else "0"),
        "requiresShipping": (variant["requiresShipping"] if variant else True) if shipped is None else shipped,
        "taxable": given.get("taxable", True),
        "isGiftCard": given.get("giftCard", False),
        "variantId": variant["id"] if variant else None,
        "productId": variant["productId"] if variant else None,
        "inventoryItemId": variant["inventoryItemId"] if variant else None,
        "grams": variant["grams"] if variant else 0,
        "claimed": bool(variant) and given.get("claim", True),
        "customAttributes": given.get("properties", []),
        "currencyCode": currency,
    }


def order_document(
    stamp: str, id: str, number: int, order_number: int, lines: list[Json], given: Json, shop: Json
) -> Json:
    """An order as it is kept, unpaid and unfulfilled."""
    name = given.get("name") or f"{shop['orderNumberFormatPrefix']}{order_number}{shop['orderNumberFormatSuffix']}"
    processed = given.get("processedAt") or stamp
    return {
        "id": id,
        "idKey": id_key(number),
        "number": order_number,
        "name": name,
        "createdAt": stamp,
        "updatedAt": stamp,
        "processedAt": processed,
        "cancelledAt": None,
        "cancelReason": None,
        "closed": False,
        "closedAt": None,
        "confirmed": True,
        "confirmationNumber": _confirmation(number),
        "currencyCode": given.get("currency") or shop["currencyCode"],
        "displayFinancialStatus": given.get("financialStatus") or "PENDING",
        "displayFulfillmentStatus": "UNFULFILLED",
        "email": given.get("email"),
        "phone": given.get("phone"),
        "note": given.get("note"),
        "tags": clean_tags(given.get("tags") or ()),
        "customAttributes": given.get("customAttributes") or [],
        "poNumber": given.get("poNumber"),
        "sourceName": given.get("sourceName") or "web",
        "sourceIdentifier": given.get("sourceIdentifier"),
        "test": given.get("test", False),
        "edited": False,
        "taxesIncluded": False,
        "customerId": given.get("customerId"),
        "customerLocale": "en",
        "shippingAddress": given.get("shippingAddress"),
        "billingAddress": given.get("billingAddress") or given.get("shippingAddress"),
        "shippingLines": given.get("shippingLines") or [],
        "gateways": [],
        "transactions": [],
        "locationNumbers": [],
        "token": f"{number:032x}",
        "lines": lines,
        "amounts": amounts_of(lines, given.get("shippingLines") or [], given.get("tax", "0.00")),
    }


ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


def _confirmation(number: int) -> str:
    """Nine letters that look drawn and are not: they follow from the order's number."""
    value, letters = number * 2_654_435_761 % 32**9, []
    for _ in range(9):
        value, digit = divmod(value, 32)
        letters.append(ALPHABET[digit])
    return "".join(letters)


def amounts_of(lines: list[Json], shipping_lines: list[Json], tax: str) -> Json:
    """The sums of a new order, each as text."""
    subtotal = total(Decimal(line["price"]) * line["quantity"] for line in lines)
    shipping = total(each["price"] for each in shipping_lines)
    everything = money(subtotal + shipping + Decimal(tax))
    return {
        "subtotal": money(subtotal),
        "shipping": money(shipping),
        "tax": money(tax),
        "discounts": "0.00",
        "total": everything,
        "currentSubtotal": money(subtotal),
        "currentTotal": everything,
        "currentTax": money(tax),
        "received": "0.00",
        "refunded": "0.00",
        "refundedShipping": "0.00",
    }


def clean_tags(tags: Iterable[str]) -> list[str]:
    """Tags as they come back: trimmed, each once whatever its case, sorted."""
    kept: dict[str, str] = {}
    for tag in tags:
        for part in tag.split(","):
            if part.strip():
                kept.setdefault(part.strip().lower(), part.strip())
    return sorted(kept.values(), key=lambda tag: (tag.lower(), tag))


def address_document(work: Work, given: Json | None) -> Json | None:
    """An address as it is kept, names of country and province filled in."""
    if not given:
        return None
    country = given.get("countryCode") or given.get("countryCodeV2") or "US"
    first, last = given.get("firstName"), given.get("lastName")
    province = given.get("provinceCode")
    return {
        "id": f"{gid('MailingAddress', work.next_number('MailingAddress', 30_000_000_001))}?model_name=Address",
        "firstName": first,
        "lastName": last,
        "name": " ".join(filter(None, (first, last))) or None,
        "company": given.get("company"),
        "address1": given.get("address1"),
        "address2": given.get("address2"),
        "city": given.get("city"),
        "province": given.get("province") or province,
        "provinceCode": province,
        "zip": given.get("zip"),
        "country": COUNTRY_NAMES.get(country, country),
        "countryCodeV2": country,
        "phone": given.get("phone"),
        "latitude": None,
        "longitude": None,
    }


COUNTRY_NAMES = {
    "AT": "Austria",
    "AU": "Australia",
    "BE": "Belgium",
    "BR": "Brazil",
    "CA": "Canada",
    "CH": "Switzerland",
    "CN": "China",
    "DE": "Germany",
    "DK": "Denmark",
    "ES": "Spain",
    "FI": "Finland",
    "FR": "France",
    "GB": "United Kingdom",
    "IE": "Ireland",
    "IN": "India",
    "IT": "Italy",
    "JP": "Japan",
    "KR": "South Korea",
    "MX": "Mexico",
    "NL": "Netherlands",
    "NO": "Norway",
    "NZ": "New Zealand",
    "PL": "Poland",
    "PT": "Portugal",
    "SE": "Sweden",
    "SG": "Singapore",
    "US": "United States",
}
"""Names of the countries seeds use; others show their code."""


# Changing an order ----------------------------------------------------------------------------------------------------


def change_order(work: Work, order: Json, changes: Json, topic: str = "orders/updated") -> Json:
    """Change an order and tell; whatever else is told, `orders/updated` is."""
    saved = save(work, "order", with_keys(order | changes | {"updatedAt": work.stamp})).body
    if topic != "orders/updated":
        tell_order(work, saved, topic)
    tell_order(work, saved, "orders/updated")
    return saved


def tell_order(work: Work, order: Json, topic: str) -> None:
    """Tell of an order as it now is."""
    from mock_servers.shopify.behaviour.rest import order_shape

    tell(work, topic, lambda: order_shape(work, order))


def roll_up(work: Work, order: Json, rows: list[Json] | None = None) -> Json:
    """What the order says of its fulfilment, from what its fulfilment orders and lines say. Tells nobody."""
    if rows is None:
        rows = fulfillment_orders.of_order(work, order["id"])
    numbers = sorted({str(number_in(row["locationId"])) for row in rows if row["locationId"]})
    status = display_status(order, rows)
    if status == order["displayFulfillmentStatus"] and numbers == order["locationNumbers"]:
        return order
    return save(work, "order", order | {"displayFulfillmentStatus": status, "locationNumbers": numbers}).body


def display_status(order: Json, rows: list[Json]) -> str:
    """One word for an order's fulfilment (dossier §7.2)."""
    if any(line["fulfilledQuantity"] for line in order["lines"]):
        left = sum(line["unfulfilledQuantity"] for line in order["lines"])
        return "PARTIALLY_FULFILLED" if left else "FULFILLED"
    waiting = [row for row in rows if row["status"] not in {"CLOSED", "CANCELLED"}]
    statuses = {row["status"] for row in waiting}
    if "IN_PROGRESS" in statuses:
        return "IN_PROGRESS"
    for status in ("ON_HOLD", "SCHEDULED"):
        if statuses == {status}:
            return status
    requests = {row["requestStatus"] for row in waiting}
    if "SUBMITTED" in requests:
        return "PENDING_FULFILLMENT"
    return "REQUEST_DECLINED" if "REJECTED" in requests else "UNFULFILLED"


def archive_when_done(work: Work, order: Json) -> Json:
    """A paid and fulfilled order is closed, when the shop is set to."""
    done = order["displayFulfillmentStatus"] == "FULFILLED" and order["displayFinancialStatus"] == "PAID"
    if done and not order["closed"] and work.setting("order_auto_archive", fact("order_auto_archive")):
        return change_order(work, order, {"closed": True, "closedAt": work.stamp})
    return order


# Money ----------------------------------------------------------------------------------------------------------------


def _transaction(work: Work, kind: str, amount: str, gateway: str, parent: str | None = None) -> Json:
    return {
        "id": next_id(work, "OrderTransaction")[0],
        "kind": kind,
        "status": "SUCCESS",
        "amount": amount,
        "gateway": gateway,
        "parentId": parent,
        "createdAt": work.stamp,
        "processedAt": work.stamp,
    }


def _received(work: Work, order: Json, amount: Decimal, gateway: str) -> Json:
    amounts = order["amounts"] | {"received": money(Decimal(order["amounts"]["received"]) + amount)}
    changed = order | {
        "amounts": amounts,
        "transactions": [*order["transactions"], _transaction(work, "SALE", money(amount), gateway)],
        "gateways": sorted({*order["gateways"], gateway}),
    }
    return changed | {"displayFinancialStatus": financial_status(changed)}


def financial_status(order: Json) -> str:
    """One word for an order's money."""
    amounts = order["amounts"]
    received, refunded = Decimal(amounts["received"]), Decimal(amounts["refunded"])
    if refunded:
        return "REFUNDED" if refunded >= received else "PARTIALLY_REFUNDED"
    if not received and Decimal(amounts["total"]):
        return "VOIDED" if order["cancelledAt"] else "PENDING"
    return "PAID" if received >= Decimal(amounts["total"]) else "PARTIALLY_PAID"


def pay(work: Work, order: Json, gateway: str = "manual") -> Json:
    """Receive what is owed."""
    owed = Decimal(order["amounts"]["total"]) - Decimal(order["amounts"]["received"])
    paid = change_order(work, _received(work, order, owed, gateway), {}, "orders/paid")
    return archive_when_done(work, paid)


# Cancelling -----------------------------------------------------------------------------------------------------------


def cancel_errors(work: Work, order: Json) -> list[Json]:
    """Why an order cannot be cancelled; nothing when it can."""
    if order["cancelledAt"]:
        return [user_error(["orderId"], "Cannot cancel an order that has already been canceled", "INVALID")]
    if any(row["status"] == "SUCCESS" for row in fulfillments_of(work, order["id"])):
        return [user_error(["orderId"], "Cannot cancel an order that has outstanding fulfillments", "INVALID")]
    return []


def cancel(work: Work, order: Json, reason: str, *, restock: bool, refund: bool) -> Json:
    """Cancel an order now: its fulfilment orders close as they stand, stock and money go back where asked."""
    for line in order["lines"]:
        if line["claimed"] and line["unfulfilledQuantity"]:
            for location_id, units in fulfillment_orders.where_it_waits(work, order["id"], line["id"]):
                if restock:
                    inventory.commit(work, line["inventoryItemId"], location_id, -units)
                else:  # written off: no longer promised, and not for sale either
                    inventory.ship(work, line["inventoryItemId"], location_id, units)
    fulfillment_orders.close_all(work, order["id"])
    gone = {"currentQuantity": 0, "unfulfilledQuantity": 0}
    order = order | {
        "cancelledAt": work.stamp,
        "cancelReason": reason,
        "closed": True,
        "closedAt": work.stamp,
        "lines": [line | gone for line in order["lines"]],
        "amounts": order["amounts"] | {"currentTotal": "0.00", "currentSubtotal": "0.00", "currentTax": "0.00"},
        "displayFulfillmentStatus": "RESTOCKED" if restock else order["displayFulfillmentStatus"],
    }
    received = Decimal(order["amounts"]["received"]) - Decimal(order["amounts"]["refunded"])
    if refund and received > ZERO:
        from mock_servers.shopify.behaviour.refunds import give_back

        order = give_back(work, order, received, lines=[], note=None)
    order = order | {"displayFinancialStatus": financial_status(order)}
    return change_order(work, order, {}, "orders/cancelled")


@mutation("orderCancel")
def order_cancel(work: Work, args: Json) -> Json:
    document = find(work, "Order", args["orderId"])
    if document is None:
        errors = [user_error(["orderId"], "Order does not exist", "NOT_FOUND")]
    else:
        errors = cancel_errors(work, document.body)
    if args.get("refund") is not None and args.get("refundMethod") is not None:
        errors.append(user_error(["refund"], "Refund and refundMethod cannot both be present.", "INVALID"))
    if len(args.get("staffNote") or "") > fact("staff_note_maximum"):
        errors.append(user_error(["staffNote"], "Staff note is too long (maximum is 255 characters)", "INVALID"))
    if errors:
        return {"job": None, "jobResult": None, "orderCancelUserErrors": errors, "userErrors": errors}

    job_id = f"gid://shopify/Job/{work.next_number('Job', 1)}"
    refund = bool(args.get("refund")) or bool((args.get("refundMethod") or {}).get("originalPaymentMethodsRefund"))
    task = {"job": job_id, "order": args["orderId"], "reason": args["reason"]}
    task |= {"restock": args["restock"], "refund": refund}
    job = {"id": job_id, "done": False, "orderId": args["orderId"]}
    work.collection("job").add(job)
    work.later(float(work.setting("cancel_job_seconds", fact("cancel_job_seconds"))), "cancel_order", task)
    return {"job": job, "jobResult": job, "orderCancelUserErrors": [], "userErrors": []}


@fake.timer("cancel_order")
def finish_cancelling(work: Work, task: Json) -> None:
    """The job is done, whether or not the order could still be cancelled by then."""
    order = work.collection("order").find(task["order"])
    if order is not None and not cancel_errors(work, order.body):
        cancel(work, order.body, task["reason"], restock=task["restock"], refund=task["refund"])
    job = work.collection("job").get(task["job"])
    work.collection("job").save(job | {"done": True})


@fake.field("OrderCancelJobResult.order", "FulfillmentOrder.order", "Fulfillment.order", "Refund.order")
def order_of(source: Json, _args: Json, run: Run) -> Json:
    return found(run.call, "Order", source["orderId"])


# Queries --------------------------------------------------------------------------------------------------------------


def _recent(work: Work) -> Condition | None:
    """Without `read_all_orders` only what is younger than sixty days can be seen."""
    if "read_all_orders" in grants(work):
        return None
    return Is("createdAt", ">=", iso_seconds(work.now - fact("orders_visible_days") * DAY_SECONDS))


def visible_order(work: Work, id: str) -> Json | None:
    """An order by its global id, if the caller may see it. Raises `FieldError` for an id of another type."""
    document = find(work, "Order", id)
    oldest = _recent(work)
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
    return connection(run, args, ORDERS, _recent(run.call))


@fake.field("ordersCount")
def orders_count(_source: Any, args: Json, run: Run) -> Json:
    return count(run, args, ORDERS, _recent(run.call))


@fake.field("customer")
def customer(_source: Any, args: Json, run: Run) -> Json | None:
    document = find(run.call, "Customer", args["id"])
    return document.body if document else None


# What an order shows --------------------------------------------------------------------------------------------------


def fulfillments_of(work: Work, order_id: str) -> list[Json]:
    """An order's fulfilments, oldest first."""
    return [row.body for row in work.collection("fulfillment").rows(Is("orderId", "=", order_id))]


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
    amounts = source["amounts"]
    owed = Decimal(amounts["currentTotal"]) - Decimal(amounts["received"]) + Decimal(amounts["refunded"])
    return bag(money(max(ZERO, owed)), source["currencyCode"])


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


@fake.field("Order.transactions")
def transactions(source: Json, args: Json, _run: Run) -> list[Json]:
    rows = [] if args.get("capturable") or args.get("manuallyResolvable") else source["transactions"]
    return [row | {"currencyCode": source["currencyCode"]} for row in rows[: args.get("first")]]


@fake.field("OrderTransaction.amountSet")
def amount_set(source: Json, _args: Json, _run: Run) -> Json:
    return bag(source["amount"], source["currencyCode"])


@fake.field("OrderTransaction.formattedGateway")
def formatted_gateway(source: Json, _args: Json, _run: Run) -> str:
    return str(source["gateway"]).replace("_", " ").title()


@fake.field("OrderTransaction.test", "OrderTransaction.manuallyCapturable")
def no_transaction(_source: Json, _args: Json, _run: Run) -> bool:
    return False


@fake.field("OrderTransaction.parentTransaction")
def parent_transaction(_source: Json, _args: Json, _run: Run) -> None:
    return None


@fake.field("Order.customer")
def order_customer(source: Json, _args: Json, run: Run) -> Json | None:
    if source["customerId"] is None:
        return None
    document = run.call.collection("customer").find(source["customerId"])
    return document.body if document else None


@fake.field("Customer.numberOfOrders")
def number_of_orders(source: Json, _args: Json, run: Run) -> str:
    return str(run.call.collection("order").count(Is("customerId", "=", source["id"])))


@fake.field("Customer.displayName")
def customer_name(source: Json, _args: Json, _run: Run) -> str:
    return " ".join(filter(None, (source["firstName"], source["lastName"]))) or source["email"] or ""


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
    return _may_be_paid(source)


def _may_be_paid(order: Json) -> bool:
    return order["displayFinancialStatus"] in {"PENDING", "AUTHORIZED", "PARTIALLY_PAID"} and not order["cancelledAt"]


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


@fake.field("Order.capturable", "Order.estimatedTaxes", "Order.taxExempt", "Order.customerAcceptsMarketing")
def no_order(_source: Json, _args: Json, _run: Run) -> bool:
    return False


@fake.field("Order.canNotifyCustomer")
def can_notify_customer(source: Json, _args: Json, _run: Run) -> bool:
    return bool(source["email"])


# What a line shows ----------------------------------------------------------------------------------------------------


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


# Mutations ------------------------------------------------------------------------------------------------------------


def _own(work: Work, id: str, field: str = "id") -> Json:
    document = find(work, "Order", id)
    if document is None:
        refuse([field], "Order does not exist")
    return document.body


@mutation("orderClose")
def order_close(work: Work, args: Json) -> Json:
    order = _own(work, args["input"]["id"])
    if not order["closed"]:
        order = change_order(work, order, {"closed": True, "closedAt": work.stamp})
    return {"order": order, "userErrors": []}


@mutation("orderOpen")
def order_open(work: Work, args: Json) -> Json:
    order = _own(work, args["input"]["id"])
    if order["closed"]:
        order = change_order(work, order, {"closed": False, "closedAt": None})
    return {"order": order, "userErrors": []}


@mutation("orderMarkAsPaid")
def order_mark_as_paid(work: Work, args: Json) -> Json:
    order = _own(work, args["input"]["id"])
    if not _may_be_paid(order):
        refuse(["id"], "Order cannot be marked as paid.")
    return {"order": pay(work, order), "userErrors": []}


@mutation("orderUpdate")
def order_update(work: Work, args: Json) -> Json:
    given = args["input"]
    order = _own(work, given["id"])
    changes = {name: given[name] for name in ("note", "email", "phone", "poNumber") if name in given}
    if changes.get("email") and "@" not in changes["email"]:
        refuse(["email"], "Email is invalid")
    if given.get("tags") is not None:
        changes["tags"] = clean_tags(given["tags"])
    if given.get("customAttributes") is not None:
        changes["customAttributes"] = given["customAttributes"]
    if given.get("shippingAddress"):
        old = order["shippingAddress"] or {}
        changes["shippingAddress"] = address_document(work, old | given["shippingAddress"])
    changed = change_order(work, order, changes)
    if "shippingAddress" in changes:
        fulfillment_orders.readdress(work, changed)
    return {"order": changed, "userErrors": []}


TAGGED = {
    "Order": ("write_orders", "order"),
    "Product": ("write_products", "product"),
    "Customer": ("write_customers", "customer"),
}


@mutation("tagsAdd")
def tags_add(work: Work, args: Json) -> Json:
    return _retag(work, args, lambda have, named: [*have, *named])


@mutation("tagsRemove")
def tags_remove(work: Work, args: Json) -> Json:
    def kept(have: list[str], named: list[str]) -> list[str]:
        gone = {tag.lower() for tag in named}
        return [tag for tag in have if tag.lower() not in gone]

    return _retag(work, args, kept)


def _retag(work: Work, args: Json, change: Any) -> Json:
    type_name = type_in(args["id"])
    if type_name not in TAGGED:
        raise FieldError("invalid id", code="RESOURCE_NOT_FOUND")
    scope, kind = TAGGED[type_name]
    if scope not in grants(work):
        raise FieldError(f"Access denied. Required access: `{scope}` access scope.", code="ACCESS_DENIED")
    document = find(work, type_name, args["id"])
    if document is None:
        refuse(["id"], f"{type_name} does not exist")
    tags = clean_tags(change(document["tags"], clean_tags(args["tags"])))
    if tags == document["tags"]:
        return {"node": document.body, "userErrors": []}
    if kind == "order":
        node = change_order(work, document.body, {"tags": tags})
    elif kind == "product":
        node = change_product(work, document.body, {"tags": tags})
    else:
        node = save(work, kind, document | {"tags": tags, "updatedAt": work.stamp}).body
    return {"node": node, "userErrors": []}


@mutation("orderDelete")
def order_delete(work: Work, args: Json) -> Json:
    document = find(work, "Order", args["orderId"])
    if document is None:
        refuse(["orderId"], "Order does not exist", "NOT_FOUND")
    if any(row["status"] == "SUCCESS" for row in fulfillments_of(work, document.id)):
        refuse(["orderId"], "Order with fulfillments cannot be deleted", "INVALID")
    if not document["cancelledAt"]:
        for line in document["lines"]:
            if line["claimed"]:
                for location_id, units in fulfillment_orders.where_it_waits(work, document.id, line["id"]):
                    inventory.commit(work, line["inventoryItemId"], location_id, -units)
    for row in fulfillment_orders.of_order(work, document.id):
        work.collection("fulfillment_order").delete(row["id"])
    work.collection("order").delete(document.id)
    tell(work, "orders/delete", lambda: {"id": number_in(document.id)})
    return {"deletedId": document.id, "userErrors": []}


@mutation("orderCreate")
def order_create(work: Work, args: Json) -> Json:
    given, options = args["order"], args.get("options") or {}
    _check_pace(work)
    behaviour = options.get("inventoryBehaviour", "BYPASS")
    if not given.get("lineItems"):
        refuse(["order", "lineItems"], "Line items must have at least one line item", "INVALID")
    lines = [
        _input_line(work, ["order", "lineItems", str(place)], each, claim=behaviour != "BYPASS")
        for place, each in enumerate(given["lineItems"])
    ]
    if behaviour == "DECREMENT_OBEYING_POLICY" and any(sold_out(work, line) for line in lines):
        refuse(["order", "lineItems"], "Unable to reserve inventory.", "INVENTORY_CLAIM_FAILED")
    sales = [each for each in given.get("transactions") or () if each["kind"] == "SALE" and each["status"] == "SUCCESS"]
    shipping = [_input_shipping(work, each) for each in given.get("shippingLines") or ()]
    wanted = {
        name: given[name]
        for name in (
            "email",
            "phone",
            "note",
            "tags",
            "customAttributes",
            "poNumber",
            "sourceIdentifier",
            "name",
            "test",
        )
        if given.get(name) is not None
    }
    order = new_order(
        work,
        wanted
        | {
            "lines": lines,
            "currency": given.get("currency"),
            "processedAt": given.get("processedAt"),
            "customerId": given.get("customerId"),
            "sourceName": given.get("sourceName") or "api",
            "financialStatus": given.get("financialStatus"),
            "shippingAddress": address_document(work, given.get("shippingAddress")),
            "billingAddress": address_document(work, given.get("billingAddress")),
            "shippingLines": shipping,
            "paid": bool(sales) or given.get("financialStatus") == "PAID",
            "gateway": sales[0].get("gateway") or "manual" if sales else "manual",
        },
    )
    return {"order": order, "userErrors": []}


def _check_pace(work: Work) -> None:
    """Development stores may make five orders a minute; a world is one only when it says so."""
    if not work.setting("development_store", default=False):
        return
    since = iso_seconds(work.now - MINUTE_SECONDS)
    if work.collection("order").count(Is("createdAt", ">", since)) >= fact("dev_store_orders_per_minute"):
        refuse(None, "Too many attempts. Please try again later.", "INVALID")


def _input_line(work: Work, where: list[str], given: Json, *, claim: bool) -> Json:
    if given["quantity"] < 1:
        refuse([*where, "quantity"], "Quantity must be greater than 0", "INVALID")
    variant = find(work, "ProductVariant", given["variantId"]) if given.get("variantId") else None
    if given.get("variantId") and variant is None:
        refuse([*where, "variantId"], "Variant does not exist", "INVALID")
    if variant is None and not given.get("title"):
        refuse([*where, "title"], "Title can't be blank", "INVALID")
    price = (given.get("priceSet") or {}).get("shopMoney", {}).get("amount")
    properties = [{"key": each["name"], "value": each["value"]} for each in given.get("properties") or ()]
    return {name: value for name, value in given.items() if value is not None} | {
        "variant": variant.body if variant else None,
        "price": price,
        "properties": properties,
        "claim": claim,
    }


def sold_out(work: Work, line: Json) -> bool:
    """Whether a line cannot be sold: too few are left, and the variant does not go on selling."""
    variant = line.get("variant")
    if variant is None or variant["inventoryPolicy"] == "CONTINUE":
        return False
    if not found(work, "InventoryItem", variant["inventoryItemId"])["tracked"]:
        return False
    left = inventory.available_of(work, variant["inventoryItemId"])
    return left < int(line["quantity"])


def _input_shipping(work: Work, given: Json) -> Json:
    shop_money = given["priceSet"]["shopMoney"]
    return shipping_document(
        next_id(work, "ShippingLine")[0],
        given["title"],
        given.get("code"),
        shop_money["amount"],
        shop_money["currencyCode"],
    )


def shipping_document(id: str, title: str, code: str | None, price: str, currency: str) -> Json:
    """A way of shipping as it is kept inside its order."""
    return {
        "id": id,
        "title": title,
        "code": code or title,
        "source": "shopify",
        "price": money(price),
        "currencyCode": currency,
    }
