"""Money over REST: what is authorized, captured, voided, and given back; GraphQL shows the same."""

import pytest

from tests.shopify.rest_shop import rest_shop
from tests.shopify.shop import Json

AUTHORIZED = {"kind": "authorization", "status": "success", "gateway": "bogus"}
SEEN = (
    "query($id: ID!) {order(id: $id) {displayFinancialStatus capturable totalCapturableSet {shopMoney {amount}}"
    " totalReceivedSet {shopMoney {amount}} totalRefundedSet {shopMoney {amount}}"
    " totalRefundedShippingSet {shopMoney {amount}} totalOutstandingSet {shopMoney {amount}}"
    " transactions {kind amountSet {shopMoney {amount}} parentTransaction {kind} order {name}}}}"
)


class Till:
    """A shop with one order of 25.00, 5.00 of it for shipping; two mugs at 10.00."""

    def __init__(self, payment: str = "AUTHORIZATION", **about: object) -> None:
        self.shop = rest_shop()
        self.number = self.shop.number(self.shop.order(payment=payment, **about))

    def move(self, status: int = 201, **transaction: object) -> Json:
        body = {"transaction": transaction}
        return self.shop.made(f"orders/{self.number}/transactions.json", body, status=status)["transaction"]

    def refusal(self, path: str, body: Json) -> object:
        status, errors = self.shop.refusal(f"orders/{self.number}/{path}", body)
        assert status == 422
        return errors

    def refund(self, path: str = "", **refund: object) -> Json:
        status = 200 if path else 201
        path = f"orders/{self.number}/refunds{path}.json"
        return self.shop.made(path, {"refund": refund}, status=status)["refund"]

    @property
    def order(self) -> Json:
        return self.shop.rest(f"orders/{self.number}.json")["order"]

    def seen(self) -> Json:
        return self.shop.ask(SEEN, id=f"gid://shopify/Order/{self.number}")["order"]

    def amount(self, name: str) -> str:
        return self.seen()[name]["shopMoney"]["amount"]


# Captured, voided, told of --------------------------------------------------------------------------------------------


def test_an_authorization_is_captured_in_parts_until_the_order_is_paid():
    till = Till()
    [held] = till.shop.rest(f"orders/{till.number}/transactions.json")["transactions"]
    assert (held["kind"], held["amount"], held["total_unsettled_set"]["shop_money"]) == (
        "authorization", "25.00", {"amount": "25.0", "currency": "USD"},
    )  # fmt: skip
    assert till.order["financial_status"] == "authorized"
    assert till.seen()["capturable"] is True

    first = till.move(kind="capture", amount="10.00", parent_id=held["id"], currency="USD")
    assert (first["parent_id"], first["gateway"], first["amount"]) == (held["id"], "bogus", "10.00")
    assert first["total_unsettled_set"]["shop_money"]["amount"] == "15.0"
    assert till.order["financial_status"] == "partially_paid"

    till.move(kind="capture", amount=15, authorization=held["authorization"])
    assert (till.order["financial_status"], till.order["total_outstanding"]) == ("paid", "0.00")
    seen = till.seen()
    assert (seen["displayFinancialStatus"], seen["capturable"]) == ("PAID", False)
    assert seen["transactions"][2] == {
        "kind": "CAPTURE", "amountSet": {"shopMoney": {"amount": "15.0"}},
        "parentTransaction": {"kind": "AUTHORIZATION"}, "order": {"name": "#1001"},
    }  # fmt: skip
    assert till.shop.sound() == []


def test_a_voided_authorization_leaves_the_order_voided():
    till = Till()
    gone = till.move(kind="void", amount="10.00")
    assert (gone["kind"], gone["amount"]) == ("void", "0.00")
    assert gone["total_unsettled_set"]["shop_money"]["amount"] == "0.0"
    assert till.order["financial_status"] == "voided"
    assert till.seen()["displayFinancialStatus"] == "VOIDED"
    errors = till.refusal("transactions.json", {"transaction": {"kind": "capture"}})
    assert errors == {"kind": ["capture is not a valid transaction"]}


@pytest.mark.parametrize(
    ("payment", "asked", "errors"),
    [
        ("AUTHORIZATION", {"kind": "capture", "amount": "25.01"}, {"amount": ["cannot be greater than 25.00"]}),
        ("AUTHORIZATION", {"kind": "capture", "amount": 0}, {"amount": ["must be greater than zero"]}),
        ("AUTHORIZATION", {"kind": "capture", "currency": "EUR"}, {"currency": ["is invalid"]}),
        (
            "AUTHORIZATION",
            {"kind": "void", "parent_id": 1},
            {"parent_id": ["Transaction does not exist or cannot be captured"]},
        ),
        ("AUTHORIZATION", {"kind": "sale"}, {"kind": ["sale is not a valid transaction"]}),
        ("AUTHORIZATION", {"kind": "refund"}, {"kind": ["refund is not a valid transaction"]}),
        ("SALE", {"kind": "capture"}, {"kind": ["capture is not a valid transaction"]}),
        ("SALE", {"kind": "void"}, {"kind": ["void is not a valid transaction"]}),
        ("SALE", {"amount": "1.00"}, {"kind": ["can't be blank"]}),
    ],
)
def test_what_the_money_does_not_allow_is_refused_and_moves_nothing(payment, asked, errors):
    till = Till(payment)
    assert till.refusal("transactions.json", {"transaction": asked}) == errors


def test_a_captured_authorization_is_not_voided():
    till = Till()
    till.move(kind="capture", amount="1.00")
    errors = till.refusal("transactions.json", {"transaction": {"kind": "void"}})
    assert errors == {"kind": ["void is not a valid transaction"]}


def test_an_order_that_is_owed_is_paid_by_a_capture_or_by_a_payment_from_outside():
    till = Till(paid=False)
    paid = till.move(kind="sale", source="external", amount="20.00", gateway="Cash")
    assert (paid["gateway"], paid["parent_id"]) == ("Cash", None)
    assert till.order["financial_status"] == "partially_paid"
    assert till.move(kind="capture", amount="5.00")["manual_payment_gateway"] is True
    assert till.order["financial_status"] == "paid"
    assert till.order["payment_gateway_names"] == ["Cash", "manual"]


def test_no_order_has_more_than_a_hundred_transactions():
    till = Till()
    for _ in range(99):
        till.move(kind="capture", amount="0.10")
    errors = till.refusal("transactions.json", {"transaction": {"kind": "capture", "amount": "0.10"}})
    assert errors == {"base": ["Order cannot have more than 100 transactions"]}


def test_graphql_captures_and_voids_the_same_money():
    till = Till()
    held = till.shop.rest(f"orders/{till.number}/transactions.json")["transactions"][0]["admin_graphql_api_id"]
    capture = (
        "mutation($input: OrderCaptureInput!) {orderCapture(input: $input)"
        " {transaction {kind status totalUnsettledSet {shopMoney {amount}}} userErrors {field message}}}"
    )
    given = {"id": f"gid://shopify/Order/{till.number}", "parentTransactionId": held, "amount": "5.00"}
    void = (
        "mutation($id: ID!) {transactionVoid(parentTransactionId: $id)"
        " {transaction {kind} userErrors {field message code}}}"
    )
    other = Till()
    other_held = other.shop.rest(f"orders/{other.number}/transactions.json")["transactions"][0]["admin_graphql_api_id"]
    assert other.shop.change(void, id=other_held)["transaction"] == {"kind": "VOID"}
    assert other.order["financial_status"] == "voided"
    assert other.shop.error(void, id=other_held)["code"] == "AUTH_NOT_VOIDABLE"
    assert other.shop.error(void, id="gid://shopify/OrderTransaction/1")["code"] == "TRANSACTION_NOT_FOUND"

    made = till.shop.change(capture, input=given)["transaction"]
    assert made == {"kind": "CAPTURE", "status": "SUCCESS", "totalUnsettledSet": {"shopMoney": {"amount": "20.0"}}}
    assert till.order["financial_status"] == "partially_paid"
    refused = till.shop.error(capture, input=given | {"amount": "20.01"})
    assert refused == {"field": ["amount"], "message": "Amount cannot be greater than 20.00"}
    assert till.shop.error(void, id=held)["code"] == "AUTH_NOT_VOIDABLE"


def test_a_cancelled_order_gives_its_authorization_up():
    till = Till()
    order = till.shop.made(f"orders/{till.number}/cancel.json", status=200)["order"]
    assert order["financial_status"] == "voided"
    kinds = [each["kind"] for each in till.shop.rest(f"orders/{till.number}/transactions.json")["transactions"]]
    assert kinds == ["authorization", "void"]
    assert till.shop.sound() == []


@pytest.mark.parametrize(
    ("money", "status", "kinds"),
    [
        ({"transactions": [AUTHORIZED]}, "authorized", ["authorization"]),
        ({"financial_status": "authorized"}, "authorized", ["authorization"]),
        ({"transactions": [{"kind": "sale", "amount": "4.00"}]}, "partially_paid", ["sale"]),
        ({"transactions": [{"kind": "sale", "status": "failure"}]}, "pending", ["sale"]),
        (
            {"transactions": [AUTHORIZED | {"amount": "5.00"}], "financial_status": "partially_paid"},
            "partially_paid",
            ["authorization"],
        ),
        ({"transactions": [AUTHORIZED, {"kind": "capture", "amount": "12.50"}]}, "paid", ["authorization", "capture"]),
    ],
)
def test_an_order_is_made_with_the_money_its_body_tells_of(money, status, kinds):
    shop = rest_shop()
    line = {"title": "Chart", "price": "12.50", "quantity": 1}
    order = shop.made("orders.json", {"order": {"line_items": [line]} | money})["order"]
    assert order["financial_status"] == status
    rows = shop.rest(f"orders/{order['id']}/transactions.json")["transactions"]
    assert [each["kind"] for each in rows] == kinds
    assert shop.sound() == []


# Given back -----------------------------------------------------------------------------------------------------------


def line_of(till: Till, **more: object) -> Json:
    return {"line_item_id": till.order["line_items"][0]["id"], "quantity": 1} | more


def test_what_a_refund_would_come_to_is_what_it_comes_to():
    till = Till("SALE")
    sale = till.shop.rest(f"orders/{till.number}/transactions.json")["transactions"][0]["id"]
    before = till.shop.kept()
    asked = {"currency": "USD", "shipping": {"amount": "2.00"}, "refund_line_items": [line_of(till)]}
    sums = till.refund("/calculate", **asked)
    assert till.shop.kept() == before
    assert sums["shipping"] == {"amount": "2.00", "tax": "0.00", "maximum_refundable": "5.00"}
    assert sums["transactions"] == [
        {
            "order_id": till.number, "kind": "suggested_refund", "gateway": "bogus", "parent_id": sale,
            "amount": "12.00", "currency": "USD", "maximum_refundable": "25.00",
        }
    ]  # fmt: skip
    [line] = sums["refund_line_items"]
    assert (line["price"], line["subtotal"], line["restock_type"], line["location_id"]) == (
        "10.00", "10.00", "no_restock", None,
    )  # fmt: skip

    made = till.refund(**asked, transactions=[each | {"kind": "refund"} for each in sums["transactions"]])
    assert [(each["amount"], each["parent_id"]) for each in made["transactions"]] == [("12.00", sale)]
    [adjustment] = made["order_adjustments"]
    assert (adjustment["kind"], adjustment["amount"], adjustment["refund_id"]) == (
        "shipping_refund", "-2.00", made["id"],
    )  # fmt: skip
    assert till.order["financial_status"] == "partially_refunded"
    assert (till.amount("totalRefundedSet"), till.amount("totalRefundedShippingSet")) == ("12.0", "2.0")
    assert till.amount("totalOutstandingSet") == "0.0"

    again = till.refund("/calculate", shipping={"full_refund": True}, refund_line_items=[line_of(till)])
    assert again["shipping"]["amount"] == "3.00"
    assert [(each["amount"], each["maximum_refundable"]) for each in again["transactions"]] == [("13.00", "13.00")]


def test_no_more_is_suggested_than_can_be_given_back():
    till = Till()
    till.move(kind="capture", amount="4.00")
    till.move(kind="capture", amount="3.00")
    sums = till.refund("/calculate", refund_line_items=[line_of(till)])
    assert [each["amount"] for each in sums["transactions"]] == ["4.00", "3.00"]
    assert Till(paid=False).refund("/calculate", shipping={"full_refund": True})["transactions"] == []


def test_units_go_back_to_where_it_was_suggested():
    till = Till("SALE")
    sums = till.refund("/calculate", refund_line_items=[line_of(till, restock_type="cancel")])
    place = till.shop.rest("locations.json")["locations"][0]["id"]
    [line] = sums["refund_line_items"]
    assert (line["restock_type"], line["location_id"]) == ("cancel", place)
    till.shop.act("fulfill", order="#1001")
    [line] = till.refund("/calculate", refund_line_items=[line_of(till, restock_type="return")])["refund_line_items"]
    assert line["location_id"] == place

    wanted = {name: line[name] for name in ("line_item_id", "quantity", "restock_type", "location_id")}
    before = till.shop.level()["available"]
    till.refund(refund_line_items=[wanted])
    assert till.shop.level()["available"] == before + 1
    assert till.shop.sound() == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"shipping": {"amount": "5.01"}},
        {"refund_line_items": [{"line_item_id": 1, "quantity": 1}]},
        {"refund_line_items": "three"},
        {"refund_line_items": "twice two"},
        {"currency": "EUR"},
    ],
)
def test_a_refund_that_cannot_be_is_not_calculated_either(wrong):
    till = Till("SALE")
    lines = {"three": [line_of(till, quantity=3)], "twice two": [line_of(till, quantity=2)] * 2}
    given = wrong.get("refund_line_items")
    wrong = wrong | ({"refund_line_items": lines[given]} if isinstance(given, str) else {})
    errors = till.refusal("refunds/calculate.json", {"refund": wrong})
    assert till.refusal("refunds.json", {"refund": wrong}) == errors


def test_a_refund_of_less_than_its_lines_says_by_how_much():
    till = Till("SALE")
    made = till.refund(refund_line_items=[line_of(till)], transactions=[{"amount": "6.00"}])
    assert [(each["kind"], each["reason"], each["amount"]) for each in made["order_adjustments"]] == [
        ("refund_discrepancy", "Refund discrepancy", "4.00")
    ]
    seen = till.shop.ask(
        "query($id: ID!) {order(id: $id) {refunds {orderAdjustments(first: 5) {nodes {reason"
        " amountSet {shopMoney {amount}} taxAmountSet {shopMoney {amount}}}}}}}",
        id=f"gid://shopify/Order/{till.number}",
    )["order"]["refunds"]
    zero, four = ({"shopMoney": {"amount": amount}} for amount in ("0.0", "4.0"))
    adjusted = {"reason": "REFUND_DISCREPANCY", "amountSet": four, "taxAmountSet": zero}
    assert seen == [{"orderAdjustments": {"nodes": [adjusted]}}]
    pending = till.refund(refund_line_items=[line_of(till)])
    assert [each["reason"] for each in pending["order_adjustments"]] == ["Pending refund discrepancy"]


def test_money_goes_back_to_the_payment_that_is_named():
    till = Till()
    first, second = (till.move(kind="capture", amount=amount)["id"] for amount in ("10.00", "15.00"))
    errors = till.refusal("refunds.json", {"refund": {"transactions": [{"amount": "10.01", "parent_id": first}]}})
    assert errors == {"amount": ["is greater than what is refundable of the parent transaction"]}
    errors = till.refusal("refunds.json", {"refund": {"transactions": [{"amount": "1.00", "parent_id": 7}]}})
    assert errors == {"parent_id": ["Parent transaction is not a payment of this order"]}
    made = till.refund(transactions=[{"amount": "9.00", "parent_id": second}, {"amount": "11.00"}])
    rows = [(each["amount"], each["parent_id"]) for each in made["transactions"]]
    assert rows == [("9.00", second), ("10.00", first), ("1.00", second)]
    assert till.shop.sound() == []


def test_graphql_suggests_the_same_refund():
    till = Till("SALE")
    sums = till.refund("/calculate", shipping={"full_refund": True}, refund_line_items=[line_of(till, quantity=2)])
    query = (
        "query($id: ID!) {order(id: $id) {suggestedRefund(suggestFullRefund: true) {amountSet {shopMoney {amount}}"
        " maximumRefundableSet {shopMoney {amount}} subtotalSet {shopMoney {amount}} totalTaxSet {shopMoney {amount}}"
        " shipping {amountSet {shopMoney {amount}} maximumRefundableSet {shopMoney {amount}}}"
        " refundLineItems {quantity lineItem {sku} restockType} suggestedTransactions {kind gateway"
        " amountSet {shopMoney {amount}} maximumRefundableSet {shopMoney {amount}} parentTransaction {id}}}}}"
    )
    seen = till.shop.ask(query, id=f"gid://shopify/Order/{till.number}")["order"]["suggestedRefund"]
    [transaction], [suggested] = sums["transactions"], seen["suggestedTransactions"]
    assert float(suggested["amountSet"]["shopMoney"]["amount"]) == float(transaction["amount"]) == 25
    assert suggested["parentTransaction"]["id"].endswith(f"/{transaction['parent_id']}")
    assert seen["amountSet"]["shopMoney"]["amount"] == seen["maximumRefundableSet"]["shopMoney"]["amount"] == "25.0"
    assert seen["refundLineItems"] == [{"quantity": 2, "lineItem": {"sku": "MUG-BLU"}, "restockType": "NO_RESTOCK"}]
    wrong = till.shop.refused(
        "query($id: ID!, $shipping: Money) {order(id: $id) {suggestedRefund(shippingAmount: $shipping)"
        " {amountSet {shopMoney {amount}}}}}",
        id=f"gid://shopify/Order/{till.number}", shipping="6.00",
    )  # fmt: skip
    assert wrong["message"] == "Shipping amount cannot be greater than 5.00"


def test_a_refund_gives_money_back_and_takes_units_off():
    shop = rest_shop()
    order = shop.order(("MUG-BLU", 2))
    number = shop.number(order)
    line = shop.rest(f"orders/{number}.json")["order"]["line_items"][0]["id"]
    body = {
        "note": "broken",
        "refund_line_items": [{"line_item_id": line, "quantity": 1, "restock_type": "cancel"}],
        "transactions": [{"kind": "refund", "amount": "10.00"}, {"kind": "suggested_refund", "amount": "5.00"}],
    }
    refund = shop.made(f"orders/{number}/refunds.json", {"refund": body})["refund"]
    assert [row["amount"] for row in refund["transactions"]] == ["10.00"]
    assert shop.rest(f"orders/{number}/refunds.json") == {"refunds": [refund]}
    assert shop.rest(f"orders/{number}/refunds/{refund['id']}.json") == {"refund": refund}
    kinds = shop.rest(f"orders/{number}/transactions.json", fields="kind")["transactions"]
    assert kinds == [{"kind": "sale"}, {"kind": "refund"}]
    assert shop.rest(f"orders/{number}/transactions/count.json") == {"count": 2}
    assert shop.rest(f"orders/{number}.json")["order"]["financial_status"] == "partially_refunded"
    assert shop.level()["available"] == 9
    much = {"transactions": [{"amount": "100"}]}
    assert list(shop.refusal(f"orders/{number}/refunds.json", {"refund": much})[1]) == ["transactions"]
    nowhere = {"refund_line_items": [{"line_item_id": line, "quantity": 1, "restock_type": "return", "location_id": 1}]}
    assert shop.refusal(f"orders/{number}/refunds.json", {"refund": nowhere}) == (
        422, {"location_id": ["Location does not exist"]},
    )  # fmt: skip
    assert shop.sound() == []
