"""Movements of money somebody asks for: an authorization captured or voided, a payment that was made elsewhere.

What each kind needs is documented (REST Transaction reference); the sentences of refusals are assumed.
"""

from decimal import Decimal
from typing import Any

from mock_servers.core.fake import Work
from mock_servers.core.filters import Holds
from mock_servers.core.graphql import Run
from mock_servers.shopify.behaviour.base import (
    ZERO,
    bag,
    fact,
    fake,
    find,
    invalid_id,
    money,
    mutation,
    number_in,
    refuse,
    type_in,
)
from mock_servers.shopify.behaviour.orders import take
from mock_servers.shopify.behaviour.payments import (
    authorized,
    may_be_paid,
    moved,
    open_authorizations,
    unsettled,
)

Json = dict[str, Any]


def create_transaction(work: Work, order: Json, given: Json) -> tuple[Json, Json]:
    """Capture, void, or take a payment in: the order, and its new transaction. Raises `UserErrors`.

    `given`: `kind`, and maybe `amount`, `currency`, `parentId`, `authorization`, `gateway`, `source`, `test`.
    """
    if len(order["transactions"]) >= fact("transactions_per_order_maximum"):
        refuse(None, "Order cannot have more than 100 transactions")
    if given.get("currency") not in {None, order["currencyCode"]}:
        refuse(["currency"], "Currency is invalid")
    does = {"CAPTURE": _capture, "VOID": _void, "SALE": _sale}.get(given["kind"])
    if does is None:
        refuse(["kind"], f"Kind {given['kind'].lower()} is not a valid transaction")
    kept = take(work, order, does(work, order, given))
    return kept, kept["transactions"][-1]


def _capture(work: Work, order: Json, given: Json) -> Json:
    """Of an authorization; of an order that is only owed, it is a payment by hand."""
    parent = _authorization(order, given)
    if order["cancelledAt"] or (parent is None and not may_be_paid(order)):
        refuse(["kind"], "Kind capture is not a valid transaction")
    most = authorized(order, parent) if parent else _owed(order)
    amount = _amount(given, order, most)
    gateway = parent["gateway"] if parent else given.get("gateway") or "manual"
    about = {"parent": parent["id"] if parent else None, "test": bool(given.get("test"))}
    return moved(work, order, "CAPTURE", amount, gateway, **about)


def _void(work: Work, order: Json, given: Json) -> Json:
    """Nothing more is captured of an authorization; of one that has been captured from, nothing can be taken back."""
    parent = _authorization(order, given)
    if parent is None or authorized(order, parent) < Decimal(parent["amount"]):
        refuse(["kind"], "Kind void is not a valid transaction")
    return moved(work, order, "VOID", ZERO, parent["gateway"], parent=parent["id"], test=bool(given.get("test")))


def _sale(work: Work, order: Json, given: Json) -> Json:
    """Only one made elsewhere can be told of."""
    if given.get("source") != "external" or not may_be_paid(order):
        refuse(["kind"], "Kind sale is not a valid transaction")
    amount = _amount(given, order, _owed(order))
    return moved(work, order, "SALE", amount, given.get("gateway") or "manual", test=bool(given.get("test")))


def _owed(order: Json) -> Decimal:
    return Decimal(order["amounts"]["total"]) - Decimal(order["amounts"]["received"])


def _authorization(order: Json, given: Json) -> Json | None:
    """The authorization that is meant: the one named by id or code, or else the first that is open."""
    open_ones = open_authorizations(order)
    id, code = given.get("parentId"), given.get("authorization")
    if id is None and code is None:
        return open_ones[0] if open_ones else None
    meant = [each for each in open_ones if (each["id"] == id if id is not None else each["authorizationCode"] == code)]
    if not meant:
        refuse(["parentId" if id is not None else "authorization"], "Transaction does not exist or cannot be captured")
    return meant[0]


def _amount(given: Json, order: Json, most: Decimal) -> Decimal:
    """What is asked for; without a word the order's total, even where some of it was paid (documented)."""
    amount = Decimal(money(order["amounts"]["total"] if given.get("amount") is None else given["amount"]))
    if amount <= ZERO:
        refuse(["amount"], "Amount must be greater than zero")
    if amount > most:
        refuse(["amount"], f"Amount cannot be greater than {money(most)}")
    return amount


# GraphQL --------------------------------------------------------------------------------------------------------------


@mutation("orderCapture")
def order_capture(work: Work, args: Json) -> Json:
    given = args["input"]
    document = find(work, "Order", given["id"])
    if document is None:
        refuse(["id"], "Order does not exist")
    if type_in(given["parentTransactionId"]) != "OrderTransaction":
        raise invalid_id()
    asked = {"kind": "CAPTURE", "parentId": given["parentTransactionId"]}
    asked |= {name: given[name] for name in ("amount", "currency") if given.get(name) is not None}
    order, made = create_transaction(work, document.body, asked)
    return {"transaction": _shown(order, made), "userErrors": []}


@mutation("transactionVoid")
def transaction_void(work: Work, args: Json) -> Json:
    id = args["parentTransactionId"]
    if type_in(id) != "OrderTransaction":
        raise invalid_id()
    where = ["parentTransactionId"]
    document = work.collection("order").first(Holds("transactionNumbers", str(number_in(id))))
    if document is None:
        refuse(where, "Transaction does not exist", "TRANSACTION_NOT_FOUND")
    parent = next(each for each in document["transactions"] if each["id"] == id)
    if parent["kind"] != "AUTHORIZATION" or parent["status"] != "SUCCESS":
        refuse(where, "Parent transaction must be a successful authorization", "AUTH_NOT_SUCCESSFUL")
    if authorized(document.body, parent) < Decimal(parent["amount"]):
        refuse(where, "Parent transaction must be a voidable authorization", "AUTH_NOT_VOIDABLE")
    order, made = create_transaction(work, document.body, {"kind": "VOID", "parentId": id})
    return {"transaction": _shown(order, made), "userErrors": []}


def _shown(order: Json, transaction: Json) -> Json:
    """A transaction with what is shown of its order beside it."""
    return transaction | {
        "orderId": order["id"],
        "currencyCode": order["currencyCode"],
        "unsettled": money(unsettled(order)),
        "capturable": transaction["kind"] == "AUTHORIZATION" and authorized(order, transaction) > ZERO,
    }


def shown_transactions(order: Json, transactions: list[Json] | None = None) -> list[Json]:
    """Transactions of an order as GraphQL's fields read them; all of them unless some are given."""
    return [_shown(order, each) for each in (order["transactions"] if transactions is None else transactions)]


@fake.field("Order.transactions")
def transactions(source: Json, args: Json, _run: Run) -> list[Json]:
    rows = shown_transactions(source)
    if args.get("manuallyResolvable"):
        rows = []
    if args.get("capturable") is not None:
        rows = [row for row in rows if row["capturable"] == args["capturable"]]
    return rows[: args.get("first")]


@fake.field("Order.capturable")
def capturable(source: Json, _args: Json, _run: Run) -> bool:
    return bool(open_authorizations(source)) and not source["cancelledAt"]


@fake.field("Order.totalCapturableSet")
def total_capturable_set(source: Json, _args: Json, _run: Run) -> Json:
    return bag(money(unsettled(source)), source["currencyCode"])


@fake.field("OrderTransaction.amountSet")
def amount_set(source: Json, _args: Json, _run: Run) -> Json:
    return bag(source["amount"], source["currencyCode"])


@fake.field("OrderTransaction.totalUnsettledSet")
def total_unsettled_set(source: Json, _args: Json, _run: Run) -> Json:
    return bag(source["unsettled"], source["currencyCode"])


@fake.field("OrderTransaction.formattedGateway")
def formatted_gateway(source: Json, _args: Json, _run: Run) -> str:
    return str(source["gateway"]).replace("_", " ").title()


@fake.field("OrderTransaction.manuallyCapturable", "OrderTransaction.multiCapturable")
def manually_capturable(source: Json, _args: Json, _run: Run) -> bool:
    return bool(source["capturable"])


@fake.field("OrderTransaction.parentTransaction")
def parent_transaction(source: Json, _args: Json, run: Run) -> Json | None:
    if source["parentId"] is None:
        return None
    order = run.call.collection("order").get(source["orderId"]).body
    return next(_shown(order, each) for each in order["transactions"] if each["id"] == source["parentId"])


@fake.field("OrderTransaction.manualPaymentGateway")
def manual_payment_gateway(source: Json, _args: Json, _run: Run) -> bool:
    return bool(source["gateway"] == "manual")


@fake.field("OrderTransaction.fees")
def fees(_source: Json, _args: Json, _run: Run) -> list[Json]:
    return []  # only Shopify Payments takes any
