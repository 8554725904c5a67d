"""Coupons: what they take off, cent by cent, how often they were used, and which are refused."""

import pytest

from tests.woocommerce.store import V3, hear_all, refusal, store, told, topics

NEW_YORK = {"first_name": "Ada", "address_1": "1 Mill Rd", "city": "Albany", "state": "NY", "country": "US"}
LINES = [{"sku": "MUG", "quantity": 2}, {"sku": "SOCKS", "quantity": 3}]


def coupon(shop, **body):
    made = shop.post(f"{V3}/coupons", {"code": "10off", "discount_type": "percent", "amount": "10", **body})
    assert made.status_code == 201, made.text
    return made.json()


def buying(shop, *codes, lines=LINES, **more):
    body = {"line_items": lines, "coupon_lines": [{"code": code} for code in codes], **more}
    return shop.post(f"{V3}/orders", body)


def of(shop, made):
    return shop.get(f"{V3}/coupons/{made['id']}").json()


def test_a_coupon_is_kept_as_documented():
    shop = store()
    made = coupon(shop, code=" SUMMER ", product_ids=[5, 5, 0], usage_limit=0, email_restrictions=["A@b.cd", "x"])
    assert (made["code"], made["amount"], made["product_ids"]) == ("summer", "10.00", [5])
    assert (made["usage_limit"], made["email_restrictions"], made["status"]) == (None, ["a@b.cd"], "publish")
    assert of(shop, made) == made
    assert [row["id"] for row in shop.get(f"{V3}/coupons?code=Summer").json()] == [made["id"]]
    assert shop.get(f"{V3}/coupons?code=winter").json() == []


def test_a_day_of_expiry_is_on_the_sites_calendar():
    made = coupon(store(), date_expires="2026-12-01")
    assert (made["date_expires"], made["date_expires_gmt"]) == ("2026-12-01T00:00:00", "2026-12-01T05:00:00")


def test_a_part_of_the_price_is_taken_off_and_the_taxes_follow():
    shop = store()
    coupon(shop)
    order = buying(shop, "10OFF", shipping=NEW_YORK).json()
    mug, socks = order["line_items"]
    assert (mug["subtotal"], mug["total"], socks["subtotal"], socks["total"]) == ("40.00", "36.00", "16.50", "14.85")
    assert (order["discount_total"], order["discount_tax"]) == ("5.65", "0.49")
    (line,) = order["coupon_lines"]
    assert (line["code"], line["discount"], line["discount_tax"]) == ("10off", "5.65", "0.51")
    assert (line["discount_type"], line["nominal_amount"], line["free_shipping"]) == ("percent", 10.0, False)
    assert line["meta_data"][0]["key"] == "coupon_info"
    assert order["total"] == "55.37"
    assert shop.sound() == []


OFF = {
    "the last cent goes to the dearest": ({"amount": "33"}, ["7", "7", "7"], ["4.69", "4.69", "4.69"], "6.93"),
    "one cent is missing": ({"amount": "50"}, ["0.05", "0.05"], ["0.02", "0.03"], "0.05"),
    "so much of the cart": ({"discount_type": "fixed_cart", "amount": "10"}, ["20", "5"], ["15.00", "0.00"], "10.00"),
    "cents that do not part": (
        {"discount_type": "fixed_cart", "amount": "1"},
        ["9", "9", "9"],
        ["8.66", "8.67", "8.67"],
        "1.00",
    ),
    "more than there is": ({"discount_type": "fixed_cart", "amount": "99"}, ["20", "5"], ["0.00", "0.00"], "25.00"),
    "of each product": ({"discount_type": "fixed_product", "amount": "6"}, ["20", "5"], ["14.00", "0.00"], "11.00"),
    "of one piece alone": (
        {"discount_type": "fixed_product", "amount": "6", "limit_usage_to_x_items": 1},
        ["20", "9"],
        ["14.00", "9.00"],
        "6.00",
    ),
}


@pytest.mark.parametrize("what", OFF)
def test_discounts_come_to_the_cent(what):
    body, prices, totals, off = OFF[what]
    shop = store(products=False)
    for number, price in enumerate(prices):
        shop.act("add_product", sku=f"P{number}", price=price, quantity=5)
    coupon(shop, **body)
    order = buying(shop, "10off", lines=[{"sku": f"P{number}"} for number in range(len(prices))]).json()
    assert [line["total"] for line in order["line_items"]] == totals
    assert (order["coupon_lines"][0]["discount"], order["discount_total"]) == (off, off)


def test_two_coupons_are_each_of_the_price_before_and_take_no_more_than_is_left():
    shop = store(products=False)
    shop.act("add_product", sku="P", price="10.00", quantity=5)
    coupon(shop, code="most", amount="80")
    coupon(shop, code="more", amount="50")
    order = buying(shop, "most", "more", lines=[{"sku": "P"}]).json()
    assert [line["discount"] for line in order["coupon_lines"]] == ["8.00", "2.00"]
    assert order["total"] == "0.00"


def test_a_use_counts_once_comes_back_with_a_cancellation_and_counts_again():
    shop = store()
    made = coupon(shop)
    before = made["date_modified_gmt"]
    shop.advance(60)
    order = buying(shop, "10off", billing={"email": "ada@example.com"}, set_paid=True).json()
    path = f"{V3}/orders/{order['id']}"
    assert (of(shop, made)["usage_count"], of(shop, made)["used_by"]) == (1, ["ada@example.com"])
    for status, count in (("completed", 1), ("cancelled", 0), ("failed", 0), ("processing", 1)):
        shop.client.put(path, json={"status": status})
        assert of(shop, made)["usage_count"] == count, status
    assert of(shop, made)["date_modified_gmt"] == before


def test_coupon_lines_are_all_there_are_from_now_on():
    shop = store()
    made, other = coupon(shop), coupon(shop, code="half", amount="50")
    order = buying(shop, "10off").json()
    path = f"{V3}/orders/{order['id']}"
    changed = shop.client.put(path, json={"coupon_lines": [{"code": "half"}]}).json()
    assert [line["code"] for line in changed["coupon_lines"]] == ["half"]
    assert (changed["discount_total"], changed["total"]) == ("28.25", "28.25")
    assert (of(shop, made)["usage_count"], of(shop, other)["usage_count"]) == (0, 1)
    bare = shop.client.put(path, json={"coupon_lines": []}).json()
    assert (bare["coupon_lines"], bare["total"], bare["line_items"][0]["total"]) == ([], "56.50", "40.00")


def test_what_is_on_the_order_stays_though_its_use_is_over_and_the_coupon_gone():
    shop = store()
    made = coupon(shop, usage_limit=1)
    order = buying(shop, "10off").json()
    path = f"{V3}/orders/{order['id']}"
    again = shop.client.put(path, json={"coupon_lines": [{"code": "10off"}]})
    assert (again.status_code, of(shop, made)["usage_count"]) == (200, 1)
    shop.client.delete(f"{V3}/coupons/{made['id']}?force=true")
    assert shop.client.put(path, json={"customer_note": "hello"}).json()["coupon_lines"] != []
    assert refusal(buying(shop, "10off")) == (400, "woocommerce_rest_invalid_coupon")


REFUSED = {
    "nobody knows it": ({"code": "other"}, {}, 'Coupon "10off" does not exist!'),
    "it is a draft": ({"status": "draft"}, {}, 'Coupon "10off" does not exist!'),
    "its time is over": ({"date_expires": "2026-11-22"}, {}, 'Coupon "10off" has expired.'),
    "too little is bought": ({"minimum_amount": "100"}, {}, 'The minimum spend for coupon "10off" is '),
    "too much is bought": ({"maximum_amount": "10"}, {}, 'The maximum spend for coupon "10off" is '),
    "it is for others": ({"product_ids": [999]}, {}, 'Sorry, coupon "10off" is not applicable to selected products.'),
    "it is somebody's": (
        {"email_restrictions": ["*@b.cd"]},
        {"billing": {"email": "a@c.cd"}},
        'Please enter a valid email at checkout to use coupon code "10off".',
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_coupon_that_is_not_valid_is_refused_and_nothing_is_ordered(what):
    body, more, said = REFUSED[what]
    shop = store()
    coupon(shop, **body)
    answer = buying(shop, "10off", **more)
    assert refusal(answer) == (400, "woocommerce_rest_invalid_coupon")
    assert answer.json()["message"].startswith(said)
    assert shop.documents("order") == []
    assert {row["usage_count"] for row in shop.documents("coupon")} == {0}


def test_uses_are_limited_in_all_and_for_each():
    shop = store()
    coupon(shop, code="once", usage_limit=1)
    coupon(shop, code="each", usage_limit_per_user=1)
    ada, bob = {"email": "ada@example.com"}, {"email": "bob@example.com"}
    assert buying(shop, "once", billing=ada).status_code == 201
    assert buying(shop, "once", billing=bob).json()["message"] == 'Usage limit for coupon "once" has been reached.'
    assert buying(shop, "each", billing=ada).status_code == 201
    assert buying(shop, "each", billing=ada).json()["message"] == 'Usage limit for coupon "each" has been reached.'
    assert buying(shop, "each", billing=bob).status_code == 201


def test_codes_are_asked_for_and_asked_for_once():
    shop = store()
    coupon(shop)
    wrong = {
        "Coupon item ID is readonly.": [{"id": 5, "code": "10off"}],
        "Coupon code is required.": [{"code": ""}],
        'Coupon code "10off" already applied!': [{"code": "10off"}, {"code": "10OFF"}],
    }
    for said, lines in wrong.items():
        answer = shop.post(f"{V3}/orders", {"line_items": LINES, "coupon_lines": lines})
        assert (answer.status_code, answer.json()["message"]) == (400, said)


def test_what_is_no_coupon_is_refused():
    shop = store()
    made = coupon(shop)
    path = f"{V3}/coupons/{made['id']}"
    wrong = {
        "woocommerce_rest_shop_coupon_exists": {"id": 5, "code": "new"},
        "woocommerce_rest_empty_coupon_code": {"code": " "},
        "woocommerce_rest_coupon_code_already_exists": {"code": "10OFF"},
        "coupon_invalid_amount": {"code": "new", "amount": "-1"},
        "rest_missing_callback_param": {"amount": "5"},
    }
    for code, body in wrong.items():
        assert refusal(shop.post(f"{V3}/coupons", body)) == (400, code)
    assert refusal(shop.client.put(path, json={"amount": "101"})) == (400, "coupon_invalid_amount")
    assert refusal(shop.client.put(f"{V3}/coupons/99", json={})) == (400, "woocommerce_rest_shop_coupon_invalid_id")
    assert refusal(shop.get(f"{V3}/coupons/99")) == (404, "woocommerce_rest_shop_coupon_invalid_id")
    assert [row["code"] for row in shop.documents("coupon")] == ["10off"]


def test_the_trash_and_the_way_back_are_told_of():
    shop = store()
    door = hear_all(shop, "coupon")
    made = coupon(shop)
    path = f"{V3}/coupons/{made['id']}"
    assert shop.client.delete(path).json()["status"] == "publish"
    assert refusal(shop.client.delete(path)) == (410, "woocommerce_rest_already_trashed")
    assert shop.get(f"{V3}/coupons").json() == []
    shop.act("restore_coupon", code="10off")
    assert shop.get(path).json()["status"] == "publish"
    heard = topics(told(shop, door))
    assert sorted(topic for topic, _ in heard) == ["coupon.created", "coupon.deleted", "coupon.restored"]
    assert dict(heard)["coupon.deleted"] == {"id": made["id"]}


def test_a_batch_of_coupons():
    shop = store()
    made = coupon(shop)
    asked = {"create": [{"code": "new"}, {"code": "10off"}], "delete": [made["id"]]}
    done = shop.client.post(f"{V3}/coupons/batch", json=asked).json()
    assert done["create"][0]["code"] == "new"
    assert done["create"][1]["error"]["code"] == "woocommerce_rest_coupon_code_already_exists"
    assert [row["code"] for row in shop.documents("coupon")] == ["new"]


def test_shoppers_check_out_with_an_account_and_a_coupon():
    shop = store()
    shop.act("register", email="ada@example.com", first_name="Ada")
    shop.act("add_coupon", code="HALF", amount="50.00")
    bought = shop.act("checkout", lines=[{"sku": "MUG"}], customer="ada@example.com", coupons=["half"])
    order = shop.get(f"{V3}/orders/{bought['id']}").json()
    assert (order["customer_id"], order["discount_total"], order["total"]) == (2, "10.00", "13.00")
