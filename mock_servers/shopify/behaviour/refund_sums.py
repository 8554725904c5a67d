"""What a refund would come to: checked as one that is made, and nothing changed (REST Refund reference)."""

from decimal import Decimal
from typing import Any

from mock_servers.core.fake import Work
from mock_servers.core.graphql import FieldError, Run
from mock_servers.shopify.behaviour.base import ZERO, UserErrors, bag, fake, find, money, refuse, total
from mock_servers.shopify.behaviour.fulfillment_orders import where_it_waits
from mock_servers.shopify.behaviour.orders import fulfillments_of
from mock_servers.shopify.behaviour.payments import refundable, refundable_of, spread
from mock_servers.shopify.behaviour.shop import first_location
from mock_servers.shopify.behaviour.transactions import shown_transactions

Json = dict[str, Any]


# What is asked for ----------------------------------------------------------------------------------------------------


def checked_lines(work: Work, order: Json, given: Json, *, suggest: bool = False) -> list[Json]:
    """The lines of a refund: `line`, `quantity`, `restockType`, `locationId`. Raises `UserErrors`.

    Where a return goes has to be said when it is made; `suggest` says where it would.
    """
    rows = [
        _checked(work, order, place, each, suggest=suggest)
        for place, each in enumerate(given.get("refundLineItems") or [])
    ]
    for place, row in enumerate(rows):
        if sum(each["quantity"] for each in rows if each["line"] is row["line"]) > row["line"]["currentQuantity"]:
            refuse(_at(place, "quantity"), "Quantity cannot refund more items than were purchased")
    return rows


def _at(place: int, member: str) -> list[str]:
    return ["refundLineItems", str(place), member]


def _checked(work: Work, order: Json, place: int, given: Json, *, suggest: bool) -> Json:
    line = next((each for each in order["lines"] if each["id"] == given["lineItemId"]), None)
    if line is None:
        refuse(_at(place, "lineItemId"), "Line item does not exist")
    if given["quantity"] <= 0:
        refuse(_at(place, "quantity"), "Quantity must be greater than 0")
    restock, where = given.get("restockType") or "NO_RESTOCK", given.get("locationId")
    if where is not None and find(work, "Location", where) is None:
        refuse(_at(place, "locationId"), "Location does not exist")
    if restock == "NO_RESTOCK":
        where = None
    elif where is None and (suggest or restock == "CANCEL"):
        where = _goes_to(work, order, line, restock)
    if restock == "RETURN" and where is None:
        refuse(_at(place, "locationId"), "Location is required when items are returned to stock")
    return {"line": line, "quantity": given["quantity"], "restockType": restock, "locationId": where}


def _goes_to(work: Work, order: Json, line: Json, restock: str) -> str:
    """Where units go back to: where they wait, or where they were sent from."""
    waiting = where_it_waits(work, order["id"], line["id"])
    if restock == "CANCEL" and waiting:
        return waiting[0][0]
    for fulfillment in reversed(fulfillments_of(work, order["id"])):
        sent = any(each["lineItemId"] == line["id"] for each in fulfillment["lines"])
        if sent and fulfillment["locationId"] and fulfillment["status"] == "SUCCESS":
            return str(fulfillment["locationId"])
    return str(first_location(work)["id"])


def shipping_left(order: Json) -> Decimal:
    """What of the shipping was not given back yet."""
    return Decimal(order["amounts"]["shipping"]) - Decimal(order["amounts"]["refundedShipping"])


def checked_shipping(order: Json, given: Json) -> Decimal:
    """How much of the shipping is to be given back. Raises `UserErrors`."""
    wanted, left = given.get("shipping") or {}, shipping_left(order)
    if wanted.get("fullRefund"):
        return left
    amount = Decimal(money(wanted.get("amount") or 0))
    if amount < ZERO:
        refuse(["shipping"], "Shipping amount must be positive")
    if amount > left:
        refuse(["shipping"], f"Shipping amount cannot be greater than {money(left)}")
    return amount


def worth(rows: list[Json]) -> Decimal:
    """What lines of a refund cost; nothing here is taxed or discounted."""
    return total(Decimal(row["line"]["price"]) * row["quantity"] for row in rows)


# What it comes to -----------------------------------------------------------------------------------------------------


def calculated(work: Work, order: Json, given: Json) -> Json:
    """`lines`, `shipping`, `subtotal`, `amount`, `maximum`, and `payments`: pairs of an amount and its payment.

    No more is suggested than can be given back (documented: the published example is cut to what is left). Raises
    `UserErrors`.
    """
    lines = checked_lines(work, order, given, suggest=True)
    shipping = checked_shipping(order, given)
    amount = min(worth(lines) + shipping, refundable_of(order))
    return {
        "order": order,
        "lines": lines,
        "shipping": shipping,
        "subtotal": worth(lines),
        "amount": amount,
        "maximum": refundable_of(order),
        "payments": [(part, payment) for part, payment in spread(order, amount) if payment is not None],
    }


def _everything(order: Json) -> Json:
    """The refund of all that is left of an order."""
    lines = [
        {"lineItemId": line["id"], "quantity": line["currentQuantity"]}
        for line in order["lines"]
        if line["currentQuantity"]
    ]
    return {"refundLineItems": lines, "shipping": {"fullRefund": True}}


# GraphQL --------------------------------------------------------------------------------------------------------------


@fake.field("Order.suggestedRefund")
def suggested_refund(source: Json, args: Json, run: Run) -> Json:
    shipping = {"fullRefund": args.get("refundShipping"), "amount": args.get("shippingAmount")}
    given = {"refundLineItems": args.get("refundLineItems"), "shipping": shipping}
    try:
        return calculated(run.call, source, _everything(source) if args.get("suggestFullRefund") else given)
    except UserErrors as refused:
        raise FieldError(refused.errors[0]["message"], code="BAD_REQUEST") from refused


def _bag_of(source: Json, amount: Decimal) -> Json:
    return bag(money(amount), source["order"]["currencyCode"])


@fake.field("SuggestedRefund.amountSet")
def suggested_amount(source: Json, _args: Json, _run: Run) -> Json:
    return _bag_of(source, source["amount"])


@fake.field("SuggestedRefund.maximumRefundableSet")
def suggested_maximum(source: Json, _args: Json, _run: Run) -> Json:
    return _bag_of(source, source["maximum"])


@fake.field("SuggestedRefund.subtotalSet", "SuggestedRefund.discountedSubtotalSet")
def suggested_subtotal(source: Json, _args: Json, _run: Run) -> Json:
    return _bag_of(source, source["subtotal"])


@fake.field(
    "SuggestedRefund.totalTaxSet", "SuggestedRefund.totalDutiesSet", "SuggestedRefund.totalCartDiscountAmountSet"
)
def suggested_nothing(source: Json, _args: Json, _run: Run) -> Json:
    return _bag_of(source, ZERO)


@fake.field("SuggestedRefund.shipping")
def suggested_shipping(source: Json, _args: Json, _run: Run) -> Json:
    return {
        "amountSet": _bag_of(source, source["shipping"]),
        "maximumRefundableSet": _bag_of(source, shipping_left(source["order"])),
        "taxSet": _bag_of(source, ZERO),
    }


@fake.field("SuggestedRefund.refundLineItems")
def suggested_lines(source: Json, _args: Json, _run: Run) -> list[Json]:
    return [
        {
            "id": None,
            "orderId": source["order"]["id"],
            "lineItemId": row["line"]["id"],
            "quantity": row["quantity"],
            "restockType": row["restockType"],
            "restocked": row["restockType"] != "NO_RESTOCK",
            "locationId": row["locationId"],
            "price": row["line"]["price"],
            "subtotal": money(Decimal(row["line"]["price"]) * row["quantity"]),
            "currencyCode": source["order"]["currencyCode"],
        }
        for row in source["lines"]
    ]


@fake.field("SuggestedRefund.suggestedTransactions")
def suggested_transactions(source: Json, _args: Json, _run: Run) -> list[Json]:
    return [
        {
            "amountSet": _bag_of(source, part),
            "maximumRefundableSet": _bag_of(source, refundable(source["order"], payment)),
            "gateway": payment["gateway"],
            "formattedGateway": payment["gateway"].replace("_", " ").title(),
            "kind": "SUGGESTED_REFUND",
            "parentTransaction": shown_transactions(source["order"], [payment])[0],
        }
        for part, payment in source["payments"]
    ]
