"""What an order costs and what comes with it; and orders that are called off from what was agreed."""

import pytest

from tests.extend_commerce.house import LAMP, MUG, house, order, row


@pytest.fixture
def extend():
    stood = house()
    yield stood
    assert stood.sound() == []


def processed(extend, rows, **header):
    answer = extend.call("POST", "/CustomerOrderCampaignProcessor", json=order(rows=rows, **header))
    assert answer.status_code == 200, answer.text
    return answer.json()


def prices(answer):
    return [each["salesData"]["unitPrice"] for each in answer["orderRows"]]


def test_an_order_that_is_processed_costs_what_product_prices_say_and_nothing_is_kept(extend):
    extend.act("set_prices", list="WEB", customers=["C-1001"], rows=[{"product": MUG, "from": 12, "price": 66.0}])
    extend.act("set_prices", list="TEN", customers=["C-1001"], percents={MUG: 10})
    listed = extend.read("/ProductPrices", customerNumber="C-1001", productNumberList=MUG)["productPriceItemList"]
    given = {"salesData": {"quantity": 1, "unit": "ST", "unitPrice": 99.5}}
    before = extend.kept()
    answer = processed(extend, [row(MUG, 1), row(MUG, 12), row(LAMP, 1), row(MUG) | given])
    assert prices(answer)[:2] == [each["price"] for each in listed] == [71.1, 66.0]
    assert prices(answer)[2:] == [200.0, 99.5]
    assert answer["orderHeader"]["totalPrice"] == round(71.1 + 12 * 66.0 + 200.0 + 99.5, 2)
    assert extend.kept() == before


def test_a_code_s_list_counts_where_the_customer_s_own_lists_say_nothing(extend):
    extend.act("set_prices", list="SUMMER", percents={MUG: 50, LAMP: 50}, code="SUN", customers=["C-9"])
    extend.act("set_prices", list="TEN", percents={MUG: 10})
    rows = [row(MUG, 1), row(LAMP, 1)]
    assert prices(processed(extend, rows)) == [71.1, 200.0]
    assert prices(processed(extend, rows, promotion={"promotionCode": "SUN"})) == [71.1, 100.0]
    assert prices(processed(extend, rows, promotion={"promotionCode": "MOON"})) == [71.1, 200.0]
    listed = extend.read("/ProductPrices", customerNumber="C-1001")["productPriceItemList"]
    assert [each["price"] for each in listed] == [71.1, 200.0], "a code is said with an order only"


def test_campaigns_add_rows_that_say_whose_result_they_are(extend):
    extend.act("add_product", product="OFF", name="Discount")
    extend.act("set_campaign", campaign="THREE", product=MUG, quantity=3, gives="OFF", price=-20.0)
    extend.act("set_campaign", campaign="BIG", total=500.0, gives=LAMP, price=0.0, code="SUN")
    extend.act("set_campaign", campaign="THEIRS", gives=LAMP, price=0.0, customers=["C-9"])
    assert len(processed(extend, [row(MUG, 2)])["orderRows"]) == 1
    answer = processed(extend, [row(LAMP, 1), row(MUG, 5)], promotion={"promotionCode": "SUN"})
    added = answer["orderRows"][2:]
    assert [(each["position"], each["product"]["productNumber"], each["supplyMode"]) for each in added] == [
        (30, "OFF", "Discount"),
        (40, LAMP, "Warehouse"),
    ]
    assert [each["rowPromotion"] for each in added] == [
        {"isResultOfPromotion": True, "promotionName": "THREE", "referenceRowPosition": 20},
        {"isResultOfPromotion": True, "promotionName": "BIG", "referenceRowPosition": None},
    ]
    assert answer["orderHeader"]["totalPrice"] == 200.0 + 5 * 79.0 - 20.0


def test_an_order_is_placed_as_it_is_unless_it_asks_for_promotions_and_a_voucher_runs_out(extend):
    extend.act("set_campaign", campaign="ONCE", product=MUG, gives=LAMP, price=0.0, times=1)
    promotion = {"promotion": {"usePromotions": True}}
    assert len(extend.order("WEB-1")["orderRows"]) == 1
    promised = extend.call("POST", "/CustomerOrderATP", json=order(**promotion)).json()
    assert len(promised["orderRows"]) == 2
    made = extend.order("WEB-2", **promotion)
    assert [each["product"]["productNumber"] for each in made["orderRows"]] == [MUG, LAMP]
    assert extend.balance(LAMP) == (3, 1, 2)
    assert "promotionCode" not in made["orderHeader"]["promotion"]
    assert len(extend.order("WEB-3", **promotion)["orderRows"]) == 1, "a voucher is good for one order"


def test_rows_that_were_processed_before_are_not_added_again(extend):
    extend.act("add_product", product="OFF")
    extend.act("set_campaign", campaign="LESS", product=MUG, gives="OFF", price=-20.0)
    sales = {"quantity": 1, "unit": "ST", "unitPrice": -20.0}
    back = {"product": {"productNumber": "OFF"}, "salesData": sales, "supplyMode": "Discount"}
    rows = [row(MUG, 1), back | {"rowPromotion": {"promotionName": "LESS"}}]
    made = extend.order(rows=rows, promotion={"usePromotions": True})
    assert (len(made["orderRows"]), made["orderHeader"]["totalPrice"]) == (2, 59.0)


# Agreed orders


def agreed(extend, quantity=10):
    return extend.order("AGREED", rows=[row(MUG, quantity)], orderType="AgreedOrder")["orderHeader"]["orderNumber"]


def left(extend):
    [customer] = extend.read("/AgreedOrderAvailability", customerNumber="C-1001")["agreedOrderAvailabilityList"]
    [line] = customer["agreedOrders"][0]["rows"]
    return line["salesData"]["quantity"] - line["deliveryData"]["quantity"]


def test_what_is_called_off_moves_from_the_agreed_order_and_no_stock_is_taken_twice(extend):
    number = agreed(extend)
    assert (extend.balance(), left(extend)) == ((40, 10, 30), 10.0)
    made = extend.order("WEB-1", rows=[row(MUG, 4)])
    assert made["orderRows"][0]["agreedOrderCallOff"] == {"orderNumber": number, "position": 10}
    assert (extend.balance(), left(extend)) == ((40, 10, 30), 6.0)
    assert extend.read(f"/CustomerOrders/{number}")["orderHeader"]["totalPrice"] == 790.0, "what was agreed on"
    extend.order("WEB-2", rows=[row(MUG, 7)])
    assert (extend.balance(), left(extend)) == ((40, 17, 23), 6.0), "too many for it: taken from the shelf"
    extend.order("WEB-3", rows=[row(MUG, 1, agreedOrderCallOff={"useBalanceFromAgreedOrder": False})])
    assert left(extend) == 6.0
    extend.act("ship", order="WEB-1")
    assert (extend.balance(), left(extend)) == ((36, 14, 22), 6.0)


def test_what_is_annulled_or_made_less_is_given_back(extend):
    agreed(extend)
    number = extend.order("WEB-1", rows=[row(MUG, 4)])["orderHeader"]["orderNumber"]
    body = {"orderHeader": {}, "orderRows": [{"position": 10, "salesData": {"quantity": 1, "unit": "ST"}}]}
    extend.call("PUT", f"/CustomerOrders/{number}", json=body)
    assert (extend.balance(), left(extend)) == ((40, 10, 30), 9.0)
    extend.call("DELETE", f"/CustomerOrders/{number}")
    assert (extend.balance(), left(extend)) == ((40, 10, 30), 10.0)


def test_more_than_was_agreed_is_not_called_off_by_name_and_less_than_was_called_off_not_agreed(extend):
    number = agreed(extend)
    named = {"agreedOrderCallOff": {"orderNumber": number, "position": 10}}
    extend.order("WEB-1", rows=[row(MUG, 6, **named)])
    before = extend.kept()
    for rows, rule in (
        ([row(MUG, 3, **named), row(MUG, 2, **named)], "too_much_called_off"),
        ([row(MUG, 1, agreedOrderCallOff={"orderNumber": "1"})], "unknown_order"),
    ):
        assert extend.call("POST", "/CustomerOrders", json=order("WEB-2", rows=rows)).status_code == 400
        assert extend.rule == rule
    body = {"orderHeader": {}, "orderRows": [{"position": 10, "salesData": {"quantity": 5, "unit": "ST"}}]}
    assert extend.call("PUT", f"/CustomerOrders/{number}", json=body).status_code == 400
    assert (extend.rule, extend.kept()) == ("row_called_off", before)
    for action in ("reserve", "ship"):
        with pytest.raises(Exception, match="called off"):
            extend.act(action, order=number)
