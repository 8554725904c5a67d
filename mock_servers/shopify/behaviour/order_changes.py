"""The mutations of orders, and of the tags of whatever has tags (dossier §6.2, §7.4)."""

from decimal import Decimal
from typing import Any

from mock_servers.core.clock import iso_seconds
from mock_servers.core.fake import Work
from mock_servers.core.filters import Is
from mock_servers.core.graphql import FieldError
from mock_servers.shopify.behaviour import fulfillment_orders, inventory
from mock_servers.shopify.behaviour.base import (
    ZERO,
    fact,
    fake,
    find,
    grants,
    mutation,
    next_id,
    number_in,
    refuse,
    tell,
    type_in,
    user_error,
)
from mock_servers.shopify.behaviour.customers import update_customer
from mock_servers.shopify.behaviour.order_documents import address_document, clean_tags, shipping_document
from mock_servers.shopify.behaviour.orders import (
    cancel,
    cancel_errors,
    change_order,
    fulfillments_of,
    new_order,
    pay,
    sold_out,
)
from mock_servers.shopify.behaviour.payments import may_be_paid
from mock_servers.shopify.behaviour.products import change_product

Json = dict[str, Any]
MINUTE_SECONDS = 60


# Making one -----------------------------------------------------------------------------------------------------------


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
            "transactions": _input_transactions(given),
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


MADE_WITH = {"PAID": "SALE", "AUTHORIZED": "AUTHORIZATION"}
"""The transaction behind a financial status that an order is made with and that names none; assumed."""


def _input_transactions(given: Json) -> list[Json]:
    if not given.get("transactions"):
        kind = MADE_WITH.get(given.get("financialStatus") or "")
        return [{"kind": kind}] if kind else []
    found = []
    for place, each in enumerate(given["transactions"]):
        amount = ((each.get("amountSet") or {}).get("shopMoney") or {}).get("amount")
        if amount is not None and Decimal(amount) < ZERO:
            where = ["order", "transactions", str(place), "amountSet"]
            refuse(where, "Amount must be greater than or equal to 0", "INVALID")
        found.append({name: each.get(name) for name in ("kind", "status", "gateway", "test")} | {"amount": amount})
    return found


def _input_shipping(work: Work, given: Json) -> Json:
    shop_money = given["priceSet"]["shopMoney"]
    return shipping_document(
        next_id(work, "ShippingLine")[0],
        given["title"],
        given.get("code"),
        shop_money["amount"],
        shop_money["currencyCode"],
    )


# Closing, paying, updating --------------------------------------------------------------------------------------------


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
    if not may_be_paid(order):
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


# Cancelling and deleting ----------------------------------------------------------------------------------------------


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


# Tags -----------------------------------------------------------------------------------------------------------------

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
        node = update_customer(work, document.body, {"tags": tags})
    return {"node": node, "userErrors": []}
