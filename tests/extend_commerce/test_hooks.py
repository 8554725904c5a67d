"""Hooks: all eighteen of them, in Microsoft's envelope, signed, tried three times, and told to whom they are for."""

import hashlib
import hmac
import json

import httpx
import pytest

from connectors.core.errors import BadSignature, Invalid
from connectors.extend_commerce.webhooks import read_hint, read_hints
from contracts.profile import Signature
from mock_servers.core.webhooks import signed
from mock_servers.extend_commerce.behaviour.hooks import TRIGGERS
from tests.extend_commerce.house import LAMP, MUG, VENDOR, house, row

SECRET, URL = "secret123", "http://127.0.0.1:9/hook"
VECTOR = "sha256=25FB6994568A75CD233E04BA1C653AF1BF476041CC543AF04F82CAAC482C201A"


class Door:
    def __init__(self, *answers: int) -> None:
        self.answers = list(answers)
        self.heard: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.heard.append(request)
        return httpx.Response(self.answers.pop(0) if self.answers else 200)

    def told(self) -> list[dict]:
        return [each for request in self.heard for each in json.loads(request.content)["Notifications"]]


def stand(*answers: int, **hook):
    door = Door(*answers)
    extend = house(hooks=httpx.MockTransport(door))
    extend.deliver()
    extend.act("create_webhook", url=URL, secret=SECRET, **hook)
    return extend, door


def test_the_published_vector_is_what_the_fake_signs_and_the_connector_believes():
    """Vendor docs: Webhooks. The body is sixteen bytes with single quotes in them."""
    body = b"{'test':'test2'}"
    rule = house().world.fakes[VENDOR].contract.profile.webhooks.signature
    assert isinstance(rule, Signature)
    assert signed(rule, SECRET, body) == VECTOR
    with pytest.raises(Invalid):  # believed, and no envelope
        read_hint({"ms-signature": VECTOR}, body, secret=SECRET)
    with pytest.raises(BadSignature):
        read_hint({"ms-signature": VECTOR}, body + b" ", secret=SECRET)
    for wrong in ("sha1=" + VECTOR[7:], VECTOR[7:], "", "sha256="):
        with pytest.raises(BadSignature):
            read_hint({"ms-signature": wrong}, body, secret=SECRET)


def test_every_trigger_fires_and_what_it_names_can_be_fetched():
    extend, door = stand()
    extend.order(rows=[row(MUG, 2)])
    extend.act("expect_delivery", order="WEB-1", day="2026-12-01")
    extend.act("reserve", order="WEB-1")
    extend.act("ship", order="WEB-1")
    extend.order("WEB-2")
    extend.act("cancel", order="WEB-2")
    extend.act("add_product", product="CUP")
    extend.act("change_product", product="CUP", name="Cup")
    first, second = (extend.act("buy", product=MUG, quantity=4)["purchase"] for _ in range(2))
    extend.act("receive", purchase=first, items={MUG: 1})
    extend.act("receive", purchase=first)
    extend.act("cancel_purchase", purchase=second)
    address = {"address1": "Vägen 1", "postalCode": "1", "city": "Kil", "country": "SE"}
    body = {"name": "Bo", "customerLogisticsSettings": {}, "customerDeliveryAddress": {"address": address}}
    extend.call("POST", "/Customers", json=body)
    extend.act("change_customer", customer="C-2001", name="Bo Ek")
    offer = extend.act("make_offer", product=MUG)["offer"]
    extend.act("change_offer", offer=offer, status="Sent")
    invoice = extend.act("invoice", order="WEB-1")["invoice"]
    extend.act("change_invoice", invoice=invoice, status="Paid")
    extend.deliver()
    told = door.told()
    assert {each["Action"] for each in told} == set(TRIGGERS)
    assert len(TRIGGERS) == 18
    paths = {
        "OrderNumber": "/CustomerOrders",
        "ProductNumber": "/Products",
        "PurchaseNumber": "/PurchaseOrders",
        "CustomerNumber": "/Customers",
        "OfferNumber": "/Offers",
        "InvoiceNumber": "/CustomerInvoices",
    }
    for each in told:
        name = next(name for name in paths if name in each["Details"])
        assert extend.read(f"{paths[name]}/{each['Details'][name]}"), each


def test_the_envelope_is_indented_with_crlf_and_tells_of_each_balance_that_one_deed_moved():
    extend, door = stand(triggers=["AvailableBalanceChanged"])
    extend.order(rows=[row(MUG, 2), row(LAMP, 1), row(MUG, 1)])
    extend.deliver()
    [request] = door.heard
    assert request.content.startswith(b'{\r\n  "Id": "')
    body = json.loads(request.content)
    assert list(body) == ["Id", "Attempt", "Properties", "Notifications"]
    assert body["Notifications"] == [
        {
            "Action": "AvailableBalanceChanged",
            "Details": {"ProductNumber": product, "Warehouse": "MAIN", "AvailableBalance": left},
        }
        for product, left in ((MUG, 37), (LAMP, 2))
    ]
    hints = read_hints(dict(request.headers), request.content, secret=SECRET)
    assert [each.subject for each in hints] == [MUG, LAMP]
    assert len({each.event_id for each in hints}) == 2


def test_a_failed_delivery_comes_again_after_a_minute_and_four_with_another_signature_and_the_same_id():
    extend, door = stand(500, 500, 500, triggers=["OrderCreated"])
    extend.order()
    counts = []
    for seconds in (0, 59, 1, 239, 1, 7200):
        extend.advance(seconds)
        counts.append(len(door.heard))
    assert counts == [1, 1, 2, 2, 3, 3]
    bodies = [json.loads(each.content) for each in door.heard]
    assert [each["Attempt"] for each in bodies] == [1, 2, 3]
    assert len({each["Id"] for each in bodies}) == 1
    assert len({each.headers["ms-signature"] for each in door.heard}) == 3
    for each in door.heard:
        mac = hmac.new(SECRET.encode(), each.content, hashlib.sha256).hexdigest().upper()
        assert each.headers["ms-signature"] == f"sha256={mac}"


def test_gone_is_the_end_of_a_delivery():
    extend, door = stand(410, triggers=["OrderCreated"])
    extend.order()
    extend.advance(7200)
    assert len(door.heard) == 1


def test_a_hook_of_one_warehouse_hears_of_no_other_and_one_that_is_switched_off_of_none():
    extend, door = stand(triggers=["BalanceChanged", "CustomerChanged"], warehouses=["SOUTH"])
    extend.act("add_warehouse", warehouse="SOUTH")
    extend.act("count_stock", product=MUG, quantity=7)
    extend.act("count_stock", product=MUG, quantity=9, warehouse="SOUTH")
    extend.act("change_customer", customer="C-1001", name="Shop")
    extend.deliver()
    assert [(each["Action"], each["Details"].get("Balance")) for each in door.told()] == [
        ("BalanceChanged", 9),
        ("CustomerChanged", None),
    ]
    extend.act("switch_webhook", hook="1", active=False)
    extend.act("count_stock", product=MUG, quantity=5, warehouse="SOUTH")
    extend.deliver()
    assert len(door.heard) == 2


def test_each_hook_signs_with_its_own_secret():
    extend, door = stand(triggers=["OrderCreated"])
    extend.act("create_webhook", url=URL, secret="another-secret", triggers=["OrderCreated"])
    extend.order()
    extend.deliver()
    for request, secret, other in zip(door.heard, (SECRET, "another-secret"), ("another-secret", SECRET), strict=True):
        assert read_hint(dict(request.headers), request.content, secret=secret).topic == "OrderCreated"
        with pytest.raises(BadSignature):
            read_hint(dict(request.headers), request.content, secret=other)
