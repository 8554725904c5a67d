"""Goods that come back: announced out of an order or without one, expected, received in parts, called off, credited."""

from typing import Any

import pytest

from mock_servers.core.refusal import UsageError
from tests.extend_commerce.house import LAMP, MUG, house, row


@pytest.fixture
def extend():
    stood = house()
    yield stood
    assert stood.sound() == []


def delivered(extend, *rows: Any) -> str:
    """An order of five mugs and a lamp, all of it delivered."""
    number = extend.order(rows=list(rows) or [row(MUG, 5), row(LAMP, 1)])["orderHeader"]["orderNumber"]
    extend.act("ship", order=number)
    return number


def announce(extend, action: dict[str, Any], **more: Any) -> Any:
    return extend.call("POST", "/ReturnOrders", json={"createAction": action} | more)


def complete(extend, number: str, **header: Any) -> dict[str, Any]:
    action = {"action": "ReturnCompleteCustomerOrder", "orderNumber": number, "returnCode": "A"}
    answer = announce(extend, action, header=header)
    assert answer.status_code == 200, answer.text
    return answer.json()


def expected(extend, product: str = MUG) -> int:
    return extend.read(f"/ProductAvailability/{product}/MAIN")["totalExpectedReceivingFromReturn"]


def test_a_whole_order_comes_back_is_expected_and_lies_on_the_shelf_again(extend):
    number = delivered(extend)
    made = complete(extend, number, reference="R-1")
    header, rows = made["header"], made["rows"]
    assert (header["returnType"], header["status"], header["referenceOrderNumber"], header["reference"]) == (
        "ReturnOrderKnown", "Ordered", number, "R-1",
    )  # fmt: skip
    assert header["referenceExternalOrderNumber"] == "WEB-1"
    assert [(each["referenceOrderRowPosition"], each["productNumber"], each["returnCode"]) for each in rows] == [
        (10, MUG, "A"),
        (20, LAMP, "A"),
    ]
    assert [each["salesData"]["quantity"] for each in rows] == [5.0, 1.0]
    assert (expected(extend), extend.balance()) == (5, (35, 0, 35))
    stock = extend.read(f"/ProductAvailability/{MUG}/MAIN")
    assert stock["avaiableOnNextReceiving"] == 35, "returns are not in it"
    assert extend.act("receive_return", number=header["returnNumber"], items={MUG: 2})["status"] == "PartiallyReceived"
    assert (expected(extend), extend.balance()) == (3, (37, 0, 37))
    assert extend.act("receive_return", number=header["returnNumber"])["status"] == "Received"
    assert (expected(extend), extend.balance(), extend.balance(LAMP)) == (0, (40, 0, 40), (3, 0, 3))
    assert extend.read(f"/ReturnOrders/{header['returnNumber']}")["header"]["status"] == "Received"


def test_only_what_was_delivered_and_is_not_coming_back_yet_can_be_announced(extend):
    number = extend.order(rows=[row(MUG, 5)])["orderHeader"]["orderNumber"]
    assert (
        announce(
            extend, {"action": "ReturnCompleteCustomerOrder", "orderNumber": number, "returnCode": "A"}
        ).status_code
        == 400
    )
    assert extend.rule == "nothing_delivered"
    extend.act("ship", order=number, items={MUG: 3})
    one = {"position": 10, "subPosition": 0, "returnCode": "B", "quantity": 2, "unitPrice": 40.0}
    some = {"action": "ReturnRowsFromCustomerOrder", "orderNumber": number, "orderRows": [one]}
    made = announce(extend, some).json()
    assert (made["rows"][0]["salesData"]["quantity"], made["rows"][0]["salesData"]["unitPrice"]) == (2.0, 40.0)
    before = extend.kept()
    refused = announce(extend, some)
    assert (refused.status_code, extend.rule) == (400, "too_many_returned")
    assert "1 can" in refused.json()["Message"]
    assert extend.kept() == before
    rest = some | {"orderRows": [{"position": 10, "subPosition": 0}]}
    assert announce(extend, rest).json()["rows"][0]["salesData"]["quantity"] == 1.0, "all that is left"


def test_what_was_called_off_may_be_announced_again(extend):
    number = delivered(extend)
    first = complete(extend, number)["header"]["returnNumber"]
    extend.act("receive_return", number=first, items={MUG: 1})
    extend.act("cancel_return", number=first)
    assert expected(extend) == 0
    assert extend.read(f"/ReturnOrders/{first}")["header"]["status"] == "Received", "something came"
    assert [each["salesData"]["quantity"] for each in complete(extend, number)["rows"]] == [4.0, 1.0]
    with pytest.raises(UsageError, match="on its way"):
        extend.act("receive_return", number=first)


def test_products_come_back_without_an_order_at_the_customer_s_price(extend):
    extend.act("set_prices", list="TEN", percents={MUG: 10})
    answer = announce(
        extend,
        {"action": "ReturnProducts"},
        header={"customerNumber": "C-1001", "warehouse": "MAIN", "creditInvoiceAction": "Never"},
        rows=[{"productNumber": MUG, "returnCode": "C", "salesData": {"quantity": 2, "unit": "ST"}}],
    ).json()
    assert (answer["header"]["returnType"], answer["header"]["referenceOrderNumber"]) == ("ReturnOrderUnknown", None)
    assert answer["rows"][0]["salesData"]["unitPrice"] == 71.1
    with pytest.raises(UsageError, match="never"):
        extend.act("credit_return", number=answer["header"]["returnNumber"])


@pytest.mark.parametrize(
    ("action", "at_once", "when_received"),
    [("Immediate", True, True), ("WhenReceived", False, True), ("Manual", False, False), ("Never", False, False)],
)
def test_a_return_is_credited_when_its_header_says_so(extend, action, at_once, when_received):
    made = complete(extend, delivered(extend), creditInvoiceAction=action)["header"]["returnNumber"]

    def credits() -> list[Any]:
        return extend.read("/CustomerInvoices", invoiceType="ReturnOrderCredit")["customerInvoiceList"]

    assert bool(credits()) == at_once
    extend.act("receive_return", number=made, items={MUG: 1})
    assert bool(credits()) == at_once, "not before all of it came"
    extend.act("receive_return", number=made)
    assert bool(credits()) == when_received
    if action == "Manual":
        extend.act("credit_return", number=made)
    for each in credits():
        assert extend.read("/ReturnOrders")["returnOrderList"][0]["invoiceNumber"] == each["invoiceNumber"]
        rows = extend.read(f"/CustomerInvoices/{each['invoiceNumber']}")["invoiceRows"]
        assert [line["salesData"]["rowSum"] for line in rows] == [395.0, 200.0]


def test_returns_are_found_by_what_they_are_asked_for(extend):
    number = delivered(extend)
    made = complete(extend, number)["header"]["returnNumber"]
    found = {
        "returnNumber": made,
        "referenceOrderNumber": number,
        "warehouse": "MAIN",
        "customerNumber": "C-1001",
        "IsOpen": "true",
        "IsReceived": "false",
        "createDateFrom": "2026-11-23T12:00:00",
        "createDateTo": "2026-11-23T12:00:00",
    }
    other = dict.fromkeys(found, "X") | {
        "IsOpen": "false", "IsReceived": "true", "createDateFrom": "2026-11-24", "createDateTo": "2026-11-22",
    }  # fmt: skip
    for name in found:
        assert len(extend.read("/ReturnOrders", **{name: found[name]})["returnOrderList"]) == 1, name
        assert extend.read("/ReturnOrders", **{name: other[name]})["returnOrderList"] == [], name
    [listed] = extend.read("/ReturnOrders")["returnOrderList"]
    assert (listed["isOpen"], listed["isReceived"], listed["invoiceNumber"]) == (True, False, None)
    codes = extend.read("/ReturnOrderRowCodes")["returnOrderRowCodeList"]
    assert [each["returnCode"] for each in codes] == ["A", "B", "C"]


def test_freight_comes_back_on_paper_and_not_on_a_shelf(extend):
    extend.act("add_product", product="FR01", name="Frakt", price=49.0)
    number = delivered(extend, row(MUG, 1), row("FR01", 1, supplyMode="Freight"))
    made = complete(extend, number)
    assert len(made["rows"]) == 2
    assert expected(extend, "FR01") == 0
    extend.act("receive_return", number=made["header"]["returnNumber"])
    assert extend.balance("FR01") == (0, 0, 0)
