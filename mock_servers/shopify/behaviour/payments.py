"""An order's money, as its transactions tell it: what was authorized, captured or sold, voided and given back.

A transaction of the order is a movement of money. What each does is documented (REST Transaction reference); that a
failed or pending one moves nothing is too.
"""

from collections.abc import Iterable
from decimal import Decimal
from functools import partial
from typing import Any

from mock_servers.core.fake import Work
from mock_servers.shopify.behaviour.base import ZERO, money, next_id, number_in, tell, total

Json = dict[str, Any]
PAYMENTS = frozenset({"SALE", "CAPTURE"})


def transaction_document(
    stamp: str,
    id: str,
    kind: str,
    amount: str,
    gateway: str,
    *,
    status: str = "SUCCESS",
    parent: str | None = None,
    payment: str = "",
    test: bool = False,
) -> Json:
    """A transaction as it is kept inside its order. `payment` is what the gateway calls it."""
    return {
        "id": id,
        "kind": kind,
        "status": status,
        "amount": amount,
        "gateway": gateway,
        "parentId": parent,
        "authorizationCode": f"auth-{number_in(id)}" if kind == "AUTHORIZATION" else None,
        "paymentId": payment,
        "test": test,
        "createdAt": stamp,
        "processedAt": stamp,
    }


def moved(work: Work, order: Json, kind: str, amount: Decimal, gateway: str, **about: Any) -> Json:
    """The order with one more transaction, its sums and its financial status; neither kept nor told of."""
    made = transaction_document(
        work.stamp,
        next_id(work, "OrderTransaction")[0],
        kind,
        money(amount),
        gateway,
        payment=f"{order['name']}.{len(order['transactions']) + 1}",
        **about,
    )
    changed = order | {"transactions": [*order["transactions"], made]}
    if made["status"] == "SUCCESS":
        changed["gateways"] = sorted({*order["gateways"], gateway})
    sums = {"received": money(_sum(changed, PAYMENTS)), "refunded": money(_sum(changed, {"REFUND"}))}
    changed["amounts"] = order["amounts"] | sums
    return changed | {"displayFinancialStatus": financial_status(changed)}


def tell_transactions(work: Work, order: Json, since: int = 0) -> None:
    """Tell of an order's transactions from the nth on."""
    from mock_servers.shopify.behaviour.rest import transaction_shape

    for made in order["transactions"][since:]:
        tell(work, "order_transactions/create", partial(transaction_shape, work, made, order))


# What is there, and what is left --------------------------------------------------------------------------------------


def done(order: Json, kinds: Iterable[str]) -> list[Json]:
    """An order's transactions of these kinds that succeeded, oldest first."""
    return [each for each in order["transactions"] if each["kind"] in kinds and each["status"] == "SUCCESS"]


def _sum(order: Json, kinds: Iterable[str], parent: str | None = None) -> Decimal:
    rows = done(order, kinds)
    return total(each["amount"] for each in rows if parent is None or each["parentId"] == parent)


def authorized(order: Json, authorization: Json) -> Decimal:
    """What may still be captured of an authorization; nothing once it is voided."""
    if any(each["parentId"] == authorization["id"] for each in done(order, {"VOID"})):
        return ZERO
    return Decimal(authorization["amount"]) - _sum(order, {"CAPTURE"}, authorization["id"])


def open_authorizations(order: Json) -> list[Json]:
    """Authorizations of which something may still be captured, oldest first."""
    return [each for each in done(order, {"AUTHORIZATION"}) if authorized(order, each) > ZERO]


def unsettled(order: Json) -> Decimal:
    """What is authorized and not captured, in all: `total_unsettled_set` of each of its transactions."""
    return total(authorized(order, each) for each in open_authorizations(order))


def refundable(order: Json, payment: Json) -> Decimal:
    """What may still be given back of a payment."""
    return Decimal(payment["amount"]) - _sum(order, {"REFUND"}, payment["id"])


def refundable_of(order: Json) -> Decimal:
    """What may still be given back of all that was received for an order."""
    return Decimal(order["amounts"]["received"]) - Decimal(order["amounts"]["refunded"])


def spread(order: Json, amount: Decimal, left: dict[str, Decimal] | None = None) -> list[tuple[Decimal, Json | None]]:
    """An amount to give back over the payments it can come from, oldest first; what none has left is of no payment."""
    parts: list[tuple[Decimal, Json | None]] = []
    for payment in done(order, PAYMENTS):
        part = min(amount, refundable(order, payment) if left is None else left[payment["id"]])
        if part > ZERO:
            parts.append((part, payment))
            amount -= part
    return [*parts, (amount, None)] if amount > ZERO else parts


def owed(order: Json) -> Decimal:
    """What an order costs now and nobody has paid."""
    amounts = order["amounts"]
    return max(ZERO, Decimal(amounts["currentTotal"]) - Decimal(amounts["received"]) + Decimal(amounts["refunded"]))


def financial_status(order: Json) -> str:
    """One word for an order's money."""
    amounts = order["amounts"]
    received, refunded = Decimal(amounts["received"]), Decimal(amounts["refunded"])
    if refunded:
        return "REFUNDED" if refunded >= received else "PARTIALLY_REFUNDED"
    if received or not Decimal(amounts["total"]):
        return "PAID" if received >= Decimal(amounts["total"]) else "PARTIALLY_PAID"
    if open_authorizations(order):
        return "AUTHORIZED"
    return "VOIDED" if order["cancelledAt"] or done(order, {"VOID"}) else "PENDING"


def may_be_paid(order: Json) -> bool:
    """Whether anything is owed on it that may still be received."""
    return order["displayFinancialStatus"] in {"PENDING", "AUTHORIZED", "PARTIALLY_PAID"} and not order["cancelledAt"]
