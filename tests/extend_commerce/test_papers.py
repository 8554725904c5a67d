"""Papers: invoices out of what an order says, offers that become orders, and what lists and single ones call things."""

import pytest

from mock_servers.core.refusal import Refusal, UsageError
from tests.extend_commerce.house import LAMP, MUG, house, order, row

OFFER = {"customerNumber": "C-1001", "partialDelivery": True, "validToDate": "2026-12-24"}


@pytest.fixture
def extend():
    stood = house()
    yield stood
    assert stood.sound() == []


def offered(extend, **header):
    number = extend.act("make_offer", product=MUG, quantity=3)["offer"]
    body = {"offerHeader": OFFER | header, "offerRows": []}
    return number, extend.call("PUT", f"/Offers/{number}", json=body)


# Invoices


def test_an_invoice_of_an_order_is_shown_by_the_order_and_finds_it(extend):
    extend.act("add_project", code="P-7", name="Fair")
    extend.act("add_reason_code", code="GIFT")
    said = {"notations": {"project": "P-7", "reasonCode": "GIFT"}}
    number = extend.order(rows=[row(MUG, 2, **said), row(LAMP, 1)])["orderHeader"]["orderNumber"]
    extend.advance(60)
    sent = order(orderNumber=number, rows=[row(MUG, 2, position=10, **said)])
    invoice = extend.call("POST", "/CustomerOrderInvoices", json=sent).json()["invoiceNumber"]
    whole = extend.read(f"/CustomerOrders/{number}")["orderHeader"]
    assert whole["customerInvoices"] == [{"invoiceNumber": invoice, "invoiceLink": None}]
    assert whole["changeDate"] == "2026-11-23T13:01:00+01:00", "the order changed"
    assert whole["orderStatus"] == "Incoming", "none of its states is invoiced"
    assert [each["orderNumber"] for each in extend.read("/CustomerOrders", invoiceNumber=invoice)] == [number]
    assert extend.read("/CustomerOrders", invoiceNumber="1") == []
    read = extend.read(f"/CustomerInvoices/{invoice}")
    header, [line] = read["invoiceHeader"], read["invoiceRows"]
    assert (header["invoiceType"], header["customerInvoiceStatus"]) == ("OrderDebit", "Created")
    assert header["orders"][0]["orderNumber"] == number
    assert header["dueDate"] == "2026-12-23T13:01:00+01:00"
    assert (line["project"], line["orderReasonCode"], line["orderNumber"]) == ("P-7", "GIFT", number)
    assert line["orderRowId"] == extend.read(f"/CustomerOrders/{number}")["orderRows"][0]["orderRowId"]
    assert [line["salesData"][name] for name in ("rowSum", "rowVat", "rowTotal")] == [158.0, 39.5, 197.5]


def test_an_invoice_without_an_order_stands_by_itself_and_moves_no_stock(extend):
    before = extend.balance()
    made = extend.call("POST", "/CustomerOrderInvoices", json=order()).json()["invoiceNumber"]
    assert extend.read(f"/CustomerInvoices/{made}")["invoiceHeader"]["invoiceType"] == "CustomDebit"
    assert (extend.documents("order"), extend.balance()) == ([], before)


def test_an_annulled_order_and_another_customer_s_are_not_billed(extend):
    number = extend.order()["orderHeader"]["orderNumber"]
    address = {"address1": "Vägen 1", "postalCode": "1", "city": "Kil", "country": "SE"}
    other = {"name": "Bo", "customerLogisticsSettings": {}, "customerDeliveryAddress": {"address": address}}
    extend.call("POST", "/Customers", json=other)
    refused = extend.call("POST", "/CustomerOrderInvoices", json=order(orderNumber=number, customerNumber="C-2001"))
    assert (refused.status_code, extend.rule) == (400, "other_number")
    extend.call("DELETE", f"/CustomerOrders/{number}")
    assert extend.call("POST", "/CustomerOrderInvoices", json=order(orderNumber=number)).status_code == 400
    assert extend.rule == "invoice_locked"
    with pytest.raises(Refusal):
        extend.act("invoice", order=number)


def test_invoices_are_listed_by_every_parameter_and_only_the_day_counts_of_some(extend):
    extend.order(orderNumberEndCustomer="END-1")
    made = extend.act("invoice", order="WEB-1")["invoice"]
    extend.advance(3600)
    extend.act("change_invoice", invoice=made, status="Paid")
    found = {
        "invoiceNumber": made,
        "customerNumber": "C-1001",
        "orderNumberExternal": "WEB-1",
        "orderNumberEndCustomer": "END-1",
        "createDate": "2026-11-23T22:00:00",
        "dueDate": "2026-12-23",
        "changeDateFrom": "2026-11-23T13:00:00",
        "changeDateTo": "2026-11-23T13:00:00",
        "invoiceStatus": "Paid",
        "invoiceType": "OrderDebit",
        "sendSystem": "Extend",
        "exported": "false",
        "isAllowedToSend": "true",
    }
    other = dict.fromkeys(found, "X") | {
        "createDate": "2026-11-24",
        "dueDate": "2026-12-24",
        "changeDateFrom": "2026-11-23T13:00:01",
        "changeDateTo": "2026-11-23T12:59:59",
        "invoiceStatus": "Created",
        "invoiceType": "CustomDebit",
        "sendSystem": "Fortnox",
        "exported": "true",
        "isAllowedToSend": "false",
    }
    for name in found:
        assert len(extend.read("/CustomerInvoices", **{name: found[name]})["customerInvoiceList"]) == 1, name
        assert extend.read("/CustomerInvoices", **{name: other[name]})["customerInvoiceList"] == [], name
    [listed] = extend.read("/CustomerInvoices")["customerInvoiceList"]
    assert (listed["invoiceStatus"], listed["payDate"]) == ("Paid", "2026-11-23T14:00:00+01:00")
    assert "customerInvoiceStatus" not in listed


def test_the_terms_of_payment_are_the_customer_s(extend):
    address = {"address1": "Vägen 1", "postalCode": "1", "city": "Kil", "country": "SE"}
    terms = {"termsOfPayment": "10", "creditLimit": 5000}
    body = {
        "name": "Bo", "customerLogisticsSettings": {"transportCondition": "DAP"}, "customerFinancialSettings": terms,
        "customerDeliveryAddress": {"address": address},
    }  # fmt: skip
    extend.call("POST", "/Customers", json=body)
    sent = order(customerNumber="C-2001")
    made = extend.call("POST", "/CustomerOrderInvoices", json=sent).json()["invoiceNumber"]
    assert extend.read(f"/CustomerInvoices/{made}")["invoiceHeader"]["dueDate"].startswith("2026-12-03")
    [listed] = extend.read("/Customers", incoterms="DAP")["customerList"]
    assert (listed["creditLimit"], listed["creditLimitCurrency"]) == ("5000.00", "SEK")


# Offers


def test_an_accepted_offer_is_an_order_that_takes_stock_at_the_offered_price(extend):
    number, answer = offered(extend, offerStatus="Sent")
    assert answer.json() == {"Message": "Offer updated", "Information": number}
    extend.act("change_product", product=MUG, price=99.0)
    extend.act("change_offer", offer=number, status="Accepted")
    header = extend.read(f"/Offers/{number}")["offerHeader"]
    made = extend.read(f"/CustomerOrders/{header['orderNumber']}")
    assert (made["orderHeader"]["customerNumber"], made["orderHeader"]["totalPrice"]) == ("C-1001", 237.0)
    assert extend.balance() == (40, 3, 37)
    assert [
        each["offerNumber"] for each in extend.read("/Offers", orderNumber=header["orderNumber"])["offerItemList"]
    ] == [number]


def test_nothing_less_than_one_is_offered(extend):
    for quantity in (0, -1, 10**7):
        with pytest.raises(UsageError, match="offered"):
            extend.act("make_offer", product=MUG, quantity=quantity)


def test_an_offer_that_is_over_stays_as_it_is(extend):
    number, _ = offered(extend, offerStatus="Rejected")
    before = extend.kept()
    body = {"offerHeader": OFFER | {"offerStatus": "Accepted"}, "offerRows": []}
    refused = extend.call("PUT", f"/Offers/{number}", json=body)
    assert (refused.status_code, extend.rule) == (400, "offer_locked")
    assert extend.kept() == before


def test_only_the_status_and_new_messages_of_an_offer_are_taken(extend):
    old = {"subject": "Old", "body": "…", "createDate": "2026-11-01T10:00:00"}
    number, _ = offered(extend, customerNumber="C-9", messages=[old, {"subject": "Hello", "body": "Text"}])
    read = extend.read(f"/Offers/{number}")
    header, [line] = read["offerHeader"], read["offerRows"]
    assert (header["customerNumber"], header["offerStatus"]) == ("C-1001", "Created")
    assert header["messages"] == [{"subject": "Hello", "body": "Text", "createDate": "2026-11-23T13:00:00+01:00"}]
    assert (line["product"]["productNumber"], line["salesData"]["quantity"]) == (MUG, 3.0)
