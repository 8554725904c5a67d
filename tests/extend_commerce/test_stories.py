"""What happens at Extend: orders that are picked, split and annulled, prices that are best, goods that come in."""

import pytest

from mock_servers.core.refusal import Refusal, UsageError
from tests.extend_commerce.house import LAMP, MUG, house, order, row


@pytest.fixture
def extend():
    stood = house()
    yield stood
    assert stood.sound() == []


def placed(extend, *args, **kwargs) -> str:
    return extend.order(*args, **kwargs)["orderHeader"]["orderNumber"]


# Orders


def test_an_order_is_incoming_at_once_takes_stock_and_is_found_by_what_it_is_asked_for(extend):
    answer = extend.order(rows=[row(MUG, 2), row(LAMP, 1)], salesChannel="web-se")
    number = answer["orderHeader"]["orderNumber"]
    assert (number, answer["orderHeader"]["orderStatus"]) == ("5003001", "Incoming")
    assert [(each["position"], each["subPosition"]) for each in answer["orderRows"]] == [(10, 0), (20, 0)]
    assert (extend.balance(MUG), extend.balance(LAMP)) == ((40, 2, 38), (3, 1, 2))
    assert extend.read(f"/CustomerOrders/{number}") == answer
    found = {"orderNumberExternal": "WEB-1", "orderStatus": "Incoming", "productNumber": LAMP, "warehouse": "MAIN"}
    other = {"orderNumberExternal": "WEB", "orderStatus": "Reserved", "productNumber": "CUP", "warehouse": "SOUTH"}
    for name in found:
        assert len(extend.read("/CustomerOrders", **{name: found[name]})) == 1, name
        assert extend.read("/CustomerOrders", **{name: other[name]}) == [], name


def test_an_order_with_review_notes_waits_for_a_review(extend):
    number = placed(extend, reviewReasonNotes="too much")
    with pytest.raises(UsageError, match="PendingForReview"):
        extend.act("reserve", order=number)
    extend.act("release", order="WEB-1")
    assert extend.act("reserve", order=number)["status"] == "Reserved"


def test_a_change_moves_the_stock_and_a_reserved_order_is_not_changed_any_more(extend):
    number = placed(extend)
    body = {
        "orderHeader": {"yourReference": "A"},
        "orderRows": [{"position": 10, "salesData": {"quantity": 5, "unit": "ST"}}, row(LAMP, 1)],
    }
    assert extend.call("PUT", f"/CustomerOrders/{number}", json=body).status_code == 200
    changed = extend.read(f"/CustomerOrders/{number}")
    assert changed["orderHeader"]["yourReference"] == "A"
    assert [each["salesData"]["quantity"] for each in changed["orderRows"]] == [5.0, 1.0]
    assert (extend.balance(MUG)[1], extend.balance(LAMP)[1]) == (5, 1)
    extend.act("reserve", order=number)
    before = extend.kept()
    for method, json in (("PUT", body), ("DELETE", None)):
        refused = extend.call(method, f"/CustomerOrders/{number}", json=json)
        assert (refused.status_code, extend.rule) == (400, "order_locked")
    assert extend.kept() == before


def test_a_part_that_ships_splits_its_row_and_the_rest_waits_beside_it(extend):
    number = placed(extend, rows=[row(MUG, 5)])
    sent = extend.act("ship", order=number, items={MUG: 2})["shipments"][0]
    now = extend.read(f"/CustomerOrders/{number}")
    assert now["orderHeader"]["orderStatus"] == "PartiallyDelivered"
    assert [(each["subPosition"], each["orderRowStatus"], each["shipmentNumber"]) for each in now["orderRows"]] == [
        (0, "Picked", sent["shipment"]),
        (1, "Incoming", None),
    ]
    assert now["orderHeader"]["shipments"][0]["packages"] == [sent["package"]]
    assert extend.balance() == (38, 3, 35)
    assert len(extend.read("/CustomerOrders", shippingNumber=sent["shipment"])) == 1
    extend.act("ship", order=number, parcels=3)
    done = extend.read(f"/CustomerOrders/{number}")["orderHeader"]
    assert (done["orderStatus"], len(done["shipments"])) == ("Terminated", 4)
    assert extend.balance() == (35, 0, 35)


def test_more_than_is_left_does_not_ship_and_what_left_is_not_cancelled(extend):
    number = placed(extend)
    for items in ({MUG: 3}, {LAMP: 1}, {MUG: 0}):
        with pytest.raises(UsageError, match="cannot ship"):
            extend.act("ship", order=number, items=items)
    extend.act("ship", order=number, items={MUG: 1})
    with pytest.raises(UsageError, match="cannot be cancelled"):
        extend.act("cancel", order=number)
    with pytest.raises(Refusal):
        extend.act("ship", order="nobody's")


def test_an_annulled_order_gives_its_stock_back_and_is_not_annulled_twice(extend):
    number = placed(extend)
    assert extend.call("DELETE", f"/CustomerOrders/{number}").status_code == 200
    assert extend.balance() == (40, 0, 40)
    assert extend.read(f"/CustomerOrders/{number}")["orderHeader"]["orderStatus"] == "Annulled"
    assert extend.call("DELETE", f"/CustomerOrders/{number}").status_code == 400


def test_a_promise_tells_what_would_be_left_and_keeps_nothing(extend):
    before = extend.kept()
    answer = extend.call("POST", "/CustomerOrderATP", json=order(rows=[row(MUG, 2), row(LAMP, 5)])).json()
    assert [each["availableBalance"] for each in answer["orderRows"]] == [38, -2]
    assert extend.kept() == before


@pytest.mark.parametrize(("setting", "status", "there"), [("refuse", 400, 1), ("allow", 200, 2)])
def test_a_second_order_of_one_external_number_is_refused_unless_the_world_lets_it_in(extend, setting, status, there):
    extend.world.settings["extend_commerce.duplicate_external"] = setting
    placed(extend)
    assert extend.call("POST", "/CustomerOrders", json=order()).status_code == status
    assert len(extend.documents("order")) == there


# Prices


def prices(extend, *skus: str) -> list[tuple[str, int, float]]:
    rows = extend.read("/ProductPrices", customerNumber="C-1001", productNumberList=list(skus))["productPriceItemList"]
    return [(each["productNumber"], each["fromQuantity"], each["price"]) for each in rows]


def test_the_price_is_the_best_just_now_out_of_lists_discounts_and_campaigns(extend):
    assert prices(extend) == [(MUG, 1, 79.0), (LAMP, 1, 200.0)]
    extend.act("set_prices", list="WEB", customers=["C-1001"], rows=[{"product": MUG, "from": 12, "price": 66.0}])
    extend.act("set_prices", list="TEN", customers=["C-1001"], percents={MUG: 10})
    extend.act("set_prices", list="OTHERS", customers=["C-9"], percents={MUG: 90})
    week = {"since": "2026-11-24T00:00:00Z", "until": "2026-11-25T00:00:00Z"}
    extend.act("set_prices", list="DAY", rows=[{"product": MUG, "from": 1, "price": 50.0}], **week)
    assert prices(extend, MUG) == [(MUG, 1, 71.1), (MUG, 12, 66.0)]
    extend.advance(12 * 3600)
    assert prices(extend, MUG) == [(MUG, 1, 50.0)], "the campaign begins"
    extend.advance(24 * 3600)
    assert prices(extend, MUG) == [(MUG, 1, 71.1), (MUG, 12, 66.0)], "and is over to the second"


def test_an_order_without_a_price_gets_the_best_and_a_price_that_is_given_wins(extend):
    extend.act("set_prices", list="TEN", percents={MUG: 10})
    given = row(MUG, 1) | {"salesData": {"quantity": 1, "unit": "ST", "unitPrice": 99.5}}
    assert [each["salesData"]["unitPrice"] for each in extend.order(rows=[row(MUG, 1), given])["orderRows"]] == [
        71.1,
        99.5,
    ]


# Goods, customers


def test_goods_that_were_bought_are_expected_and_then_there(extend):
    body = {
        "header": {"supplier": {"supplierAgreementNumber": 1}},
        "rows": [{"productNumber": MUG, "purchaseDataProductUnit": {"quantity": 10, "unit": "ST"}}],
    }
    number = extend.call("POST", "/PurchaseOrders", json=body).json()["header"]["purchaseNumber"]
    stock = extend.read(f"/ProductAvailability/{MUG}/MAIN")
    assert (stock["totalExpectedReceivingFromPurchase"], stock["avaiableOnNextReceiving"]) == (10, 50)
    assert extend.act("receive", purchase=number, items={MUG: 4})["status"] == "PartiallyReceived"
    assert extend.balance()[0] == 44
    extend.act("cancel_purchase", purchase=number)
    assert extend.read(f"/ProductAvailability/{MUG}/MAIN")["totalExpectedReceivingFromPurchase"] == 0
    with pytest.raises(UsageError, match="on its way"):
        extend.act("receive", purchase=number)


def test_blocked_goods_are_there_and_not_available(extend):
    extend.act("block", product=MUG, quantity=5)
    assert extend.balance() == (40, 0, 35)
    with pytest.raises(Refusal):
        extend.act("block", product=MUG, quantity=-6)


def test_a_customer_is_filled_from_its_template_numbered_and_found_by_its_change(extend):
    address = {"address1": "Storgatan 1", "postalCode": "11122", "city": "Stockholm", "country": "SE"}
    body = {
        "name": "Anna Berg",
        "postTemplate": "WEBB2C",
        "customerLogisticsSettings": {},
        "customerDeliveryAddress": {"address": address},
    }
    made = extend.call("POST", "/Customers", json=body).json()
    assert (made["customerNumber"], made["customerClassification"]["companyGroup"]) == ("C-2001", "B2C")
    assert extend.call("POST", "/Customers", json=body | {"customerNumber": "C-2001"}).status_code == 400
    extend.advance(60)
    extend.call("PUT", "/Customers/C-2001", json=body | {"name": "Anna Ek"})
    changed = extend.read("/Customers", changedAfterDate="2026-11-23T12:00:30")["customerList"]
    assert [(each["customerNumber"], each["name"]) for each in changed] == [("C-2001", "Anna Ek")]
    assert [
        each["name"] for each in extend.read("/Customers", deliveryCity="Stockholm", name="Anna Ek")["customerList"]
    ] == ["Anna Ek"]


# Who is asked how


def test_asking_product_by_product_is_answered_noticed_and_reported_and_asking_by_change_date_is_not(extend):
    for _ in range(5):
        for product in (MUG, LAMP):
            assert extend.call("GET", "/ProductAvailability", params={"productNumber": product}).status_code == 200
        extend.read("/ProductAvailability", modifiedDateFrom="2026-11-23T11:00:00")
    [letter] = extend.act("review_conduct")["letters"]
    assert (letter["user"], letter["rule"], letter["calls"], letter["new"]) == (
        "apidemo-user",
        "balance_polling",
        10,
        True,
    )
    assert letter["subjects"] == sorted([MUG, LAMP])
    assert not extend.act("review_conduct")["letters"][0]["new"]


def test_a_few_looks_at_one_product_and_a_look_each_hour_are_nobody_s_business(extend):
    for _ in range(3):
        extend.balance(MUG)
    for _ in range(6):
        extend.advance(3600)
        extend.balance(LAMP)
    assert extend.act("review_conduct") == {"letters": []}
