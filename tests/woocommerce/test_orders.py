"""Orders: what they come to, what entering a status does, and what the store says no to."""

import pytest

from mock_servers.core.fake import Size
from tests.woocommerce.store import V3, refusal, stock_of, store

NEW_YORK = {"first_name": "Ada", "address_1": "1 Mill Rd", "city": "Albany", "state": "NY", "country": "US"}


def ordered(shop, **more):
    lines = [{"sku": "MUG", "quantity": 2}, {"sku": "SOCKS", "quantity": 3}]
    made = shop.post(f"{V3}/orders", {"line_items": lines, **more})
    assert made.status_code == 201, made.text
    return made.json()


def change(shop, order, **body):
    answer = shop.client.put(f"{V3}/orders/{order['id']}", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_an_order_comes_to_its_lines_shipping_and_fees_with_the_taxes_of_where_it_goes():
    shop = store()
    order = ordered(
        shop,
        shipping=NEW_YORK,
        shipping_lines=[{"method_id": "flat_rate", "method_title": "Flat rate", "total": "3.00"}],
        fee_lines=[{"name": "Gift wrap", "total": "1.00"}],
    )
    mug, socks = order["line_items"]
    assert (mug["subtotal"], mug["total"], mug["total_tax"], mug["price"]) == ("40.00", "40.00", "3.55", 20.0)
    assert (socks["total"], socks["total_tax"]) == ("16.50", "1.46")
    assert (order["shipping_total"], order["shipping_tax"], order["cart_tax"]) == ("3.00", "0.27", "5.10")
    assert (order["total_tax"], order["total"]) == ("5.37", "65.87")
    assert [(tax["label"], tax["tax_total"], tax["shipping_tax_total"]) for tax in order["tax_lines"]] == [
        ("NY Tax", "5.10", "0.27")
    ]
    elsewhere = change(shop, order, shipping={"state": "ME"})
    assert (elsewhere["total_tax"], elsewhere["total"], elsewhere["tax_lines"]) == ("0.00", "60.50", [])


def test_a_new_order_waits_for_its_money_and_takes_no_stock():
    shop = store()
    order = ordered(shop)
    assert (order["status"], order["date_paid"], order["needs_payment"]) == ("pending", None, True)
    assert stock_of(shop, "MUG") == 10


def test_paid_is_processing_and_takes_the_stock_once():
    shop = store()
    order = ordered(shop, set_paid=True)
    assert (order["status"], order["date_paid_gmt"]) == ("processing", "2026-11-23T12:00:00")
    assert order["date_paid"] == "2026-11-23T07:00:00"
    assert (stock_of(shop, "MUG"), stock_of(shop, "SOCKS")) == (8, 7)
    for status in ("on-hold", "processing", "completed"):
        change(shop, order, status=status)
    assert stock_of(shop, "MUG") == 8


def test_what_needs_no_processing_is_completed_at_once():
    shop = store(products=False)
    shop.act("add_product", sku="EBOOK", virtual=True, quantity=5)
    made = shop.post(f"{V3}/orders", {"line_items": [{"sku": "EBOOK"}], "set_paid": True}).json()
    assert (made["status"], made["needs_processing"]) == ("completed", False)
    assert made["date_completed_gmt"] == "2026-11-23T12:00:00"


@pytest.mark.parametrize(("status", "left"), [("cancelled", 10), ("pending", 10), ("failed", 8), ("refunded", 8)])
def test_stock_comes_back_with_a_cancellation_and_not_with_a_failure(status, left):
    shop = store()
    order = ordered(shop, set_paid=True)
    change(shop, order, status=status)
    assert stock_of(shop, "MUG") == left
    assert shop.sound() == []


def test_an_order_marked_as_refunded_has_a_refund_of_all_that_was_left():
    shop = store()
    order = change(shop, ordered(shop, set_paid=True), status="refunded")
    assert [refund["total"] for refund in order["refunds"]] == ["-56.50"]


def test_each_status_is_noted():
    shop = store()
    order = ordered(shop)
    change(shop, order, status="processing")
    notes = [note["note"] for note in shop.get(f"{V3}/orders/{order['id']}/notes").json()]
    assert notes == [
        "Order status changed from Pending payment to Processing.",
        "Stock levels reduced: Mug (MUG) 10→8, Socks (SOCKS) 10→7",
    ]


def test_lines_are_changed_by_id_added_without_and_taken_away_by_zero_or_null():
    shop = store()
    order = ordered(shop, set_paid=True)
    mug, socks = (line["id"] for line in order["line_items"])
    order = change(shop, order, line_items=[{"id": mug, "quantity": 1, "total": "20.00"}, {"id": socks, "quantity": 0}])
    assert [(line["sku"], line["quantity"], line["total"]) for line in order["line_items"]] == [("MUG", 1, "20.00")]
    assert (stock_of(shop, "MUG"), stock_of(shop, "SOCKS")) == (9, 10)
    order = change(shop, order, line_items=[{"id": mug, "product_id": None}, {"sku": "SOCKS"}])
    assert [line["sku"] for line in order["line_items"]] == ["SOCKS"]
    assert (stock_of(shop, "MUG"), stock_of(shop, "SOCKS")) == (10, 10)
    assert shop.sound() == []


def test_meta_data_goes_by_id_or_key_and_null_takes_it_away():
    shop = store()
    order = ordered(shop, meta_data=[{"key": "a", "value": 1}, {"key": "b", "value": {"deep": [1, "x"]}}])
    first, second = order["meta_data"]
    order = change(shop, order, meta_data=[{"key": "a", "value": "2"}, {"id": second["id"], "value": None}])
    assert order["meta_data"] == [{"id": first["id"], "key": "a", "value": "2"}]


def test_deleting_throws_away_and_by_force_for_good():
    shop = store()
    path = f"{V3}/orders/{ordered(shop)['id']}"
    before = shop.get(path).json()
    assert shop.client.delete(path).json() == before
    assert shop.get(path).json()["status"] == "trash"
    assert refusal(shop.client.delete(path)) == (410, "woocommerce_rest_already_trashed")
    assert shop.get(f"{V3}/orders").json() == []
    assert len(shop.get(f"{V3}/orders?status=trash").json()) == 1
    assert shop.get(path).status_code == 200
    assert shop.client.delete(f"{path}?force=true").status_code == 200
    assert refusal(shop.get(path)) == (404, "woocommerce_rest_shop_order_invalid_id")
    assert shop.documents("note") == []


@pytest.mark.parametrize("method", ["PUT", "PATCH", "POST"])
def test_an_item_is_changed_by_any_of_three_methods(method):
    shop = store()
    order = ordered(shop)
    answer = shop.client.request(method, f"{V3}/orders/{order['id']}", json={"customer_note": "Ring twice"})
    assert answer.json()["customer_note"] == "Ring twice"


REFUSED = {
    "an id of its own": ({"id": 5}, "woocommerce_rest_shop_order_exists"),
    "a line of nothing": ({"line_items": [{"quantity": 1}]}, "woocommerce_rest_required_product_reference"),
    "an unknown product": ({"line_items": [{"product_id": 999}]}, "woocommerce_rest_invalid_product_id"),
    "a line of another order": ({"line_items": [{"id": 999999}]}, "woocommerce_rest_invalid_item_id"),
    "a customer nobody knows": ({"customer_id": 7}, "woocommerce_rest_invalid_customer_id"),
    "a coupon nobody knows": ({"coupon_lines": [{"code": "X"}]}, "woocommerce_rest_invalid_coupon"),
    "a coupon's id": ({"coupon_lines": [{"id": 1}]}, "woocommerce_rest_coupon_item_id_readonly"),
    "shipping without a method": ({"shipping_lines": [{"total": "1"}]}, "woocommerce_rest_invalid_shipping_item"),
    "a fee without a name": ({"fee_lines": [{"total": "1"}]}, "woocommerce_rest_invalid_fee_item"),
    "a status nobody registered": ({"status": "shipped"}, "rest_invalid_param"),
    "the trash as a status": ({"status": "trash"}, "woocommerce_rest_invalid_order_status"),
    "an amount that is none": ({"line_items": [{"sku": "MUG", "total": "much"}]}, "rest_invalid_param"),
    "half of a mug": ({"line_items": [{"sku": "MUG", "quantity": 0.5}]}, "rest_invalid_param"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_makes_no_sense_is_refused_and_nothing_is_changed(what):
    body, code = REFUSED[what]
    shop = store()
    ordered(shop, set_paid=True)
    before = shop.kept()
    assert refusal(shop.post(f"{V3}/orders", body)) == (400, code)
    assert shop.kept() == before


def test_an_unknown_order_is_not_found_to_read_and_a_bad_request_to_change():
    shop = store()
    assert refusal(shop.get(f"{V3}/orders/999")) == (404, "woocommerce_rest_shop_order_invalid_id")
    changed = shop.client.put(f"{V3}/orders/999", json={"status": "completed"})
    assert refusal(changed) == (400, "woocommerce_rest_shop_order_invalid_id")
    assert refusal(shop.client.delete(f"{V3}/orders/999")) == (404, "woocommerce_rest_shop_order_invalid_id")
    for path in ("orders/abc", "orders/1.5", "orders/-1", "nothing", "orders/1/2/3"):
        assert refusal(shop.get(f"{V3}/{path}")) == (404, "rest_no_route"), path


# Refunds


def test_a_refund_of_a_line_gives_money_and_goods_back():
    shop = store()
    order = ordered(shop, set_paid=True)
    mug = order["line_items"][0]["id"]
    lines = [{"id": mug, "quantity": 1, "refund_total": "20.00"}]
    made = shop.post(
        f"{V3}/orders/{order['id']}/refunds", {"amount": "20.00", "reason": "chipped", "line_items": lines}
    )
    assert made.status_code == 201, made.text
    line = made.json()["line_items"][0]
    assert (line["quantity"], line["total"]) == (-1, "-20.00")
    assert {"key": "_refunded_item_id", "value": str(mug)}.items() <= line["meta_data"][0].items()
    assert stock_of(shop, "MUG") == 9
    order = shop.get(f"{V3}/orders/{order['id']}").json()
    assert (order["status"], [refund["total"] for refund in order["refunds"]]) == ("processing", ["-20.00"])
    more = [{"id": mug, "quantity": 2}]
    again = shop.post(f"{V3}/orders/{order['id']}/refunds", {"amount": "1", "line_items": more})
    assert refusal(again) == (400, "woocommerce_rest_invalid_order_refund")
    assert shop.sound() == []


def test_a_refund_of_all_that_is_left_marks_the_order_and_leaves_goods_alone_when_told_to():
    shop = store()
    order = ordered(shop, set_paid=True)
    path = f"{V3}/orders/{order['id']}/refunds"
    lines = [
        {"id": line["id"], "quantity": line["quantity"], "refund_total": line["total"]} for line in order["line_items"]
    ]
    shop.post(path, {"amount": order["total"], "line_items": lines, "api_restock": False})
    assert shop.get(f"{V3}/orders/{order['id']}").json()["status"] == "refunded"
    assert stock_of(shop, "MUG") == 8
    assert len(shop.get(path).json()) == 1


@pytest.mark.parametrize("body", [{"amount": "56.51"}, {"amount": "0"}, {}, {"amount": "1", "line_items": [{"id": 1}]}])
def test_a_refund_of_nothing_or_too_much_is_refused(body):
    shop = store()
    order = ordered(shop, set_paid=True)
    before = shop.kept()
    answer = shop.post(f"{V3}/orders/{order['id']}/refunds", body)
    assert refusal(answer) == (400, "woocommerce_rest_invalid_order_refund")
    assert shop.kept() == before


def test_refunds_and_notes_have_no_trash():
    shop = store()
    order = ordered(shop, set_paid=True)
    path = f"{V3}/orders/{order['id']}"
    refund = shop.post(f"{path}/refunds", {"amount": "5.00"}).json()
    note = shop.post(f"{path}/notes", {"note": "Called", "customer_note": True}).json()
    for item in (f"{path}/refunds/{refund['id']}", f"{path}/notes/{note['id']}"):
        assert refusal(shop.client.delete(item)) == (501, "woocommerce_rest_trash_not_supported")
        assert shop.client.delete(f"{item}?force=true").status_code == 200
        assert shop.get(item).status_code == 404
    assert shop.get(path).json()["refunds"] == []
    assert [each["customer_note"] for each in shop.get(f"{path}/notes?type=customer").json()] == []
    assert refusal(shop.post(f"{path}/notes", {})) == (400, "rest_missing_callback_param")


# Lists


def test_newest_come_first_with_counts_and_links_that_repeat_what_was_asked():
    shop = store(Size(orders=5, products=3))
    page = shop.get(f"{V3}/orders?per_page=2&page=2&orderby=id&status=any")
    assert (page.headers["X-WP-Total"], page.headers["X-WP-TotalPages"]) == ("5", "3")
    asked = f"http://woocommerce.test{V3}/orders?per_page=2&orderby=id&status=any&page"
    assert page.headers["Link"] == f'<{asked}=1>; rel="prev", <{asked}=3>; rel="next"'
    ids = [order["id"] for order in shop.get(f"{V3}/orders?orderby=id&per_page=100").json()]
    assert ids == sorted(ids, reverse=True)
    assert [order["id"] for order in page.json()] == ids[2:4]
    assert [order["id"] for order in shop.get(f"{V3}/orders?orderby=id&offset=3&per_page=2").json()] == ids[3:]
    past = shop.get(f"{V3}/orders?page=99")
    assert (past.json(), 'rel="next"' in past.headers.get("Link", "")) == ([], False)


def test_dates_are_on_the_site_s_clock_unless_they_are_said_not_to_be():
    """Noon in Greenwich is seven in the morning at the store, and comparisons leave the moment itself out."""
    shop = store()
    order = ordered(shop)
    assert (order["date_created"], order["date_created_gmt"]) == ("2026-11-23T07:00:00", "2026-11-23T12:00:00")
    found = {
        query: len(shop.get(f"{V3}/orders?{query}").json())
        for query in (
            "after=2026-11-23T06:59:59",
            "after=2026-11-23T07:00:00",
            "after=2026-11-23T11:59:59",
            "after=2026-11-23T11:59:59&dates_are_gmt=true",
            "modified_after=2026-11-23T11:59:59Z",
            "modified_before=2026-11-23T12:00:01&dates_are_gmt=true",
            "before=2026-11-23T12:00:00&dates_are_gmt=true",
        )
    }
    assert list(found.values()) == [1, 0, 0, 1, 1, 1, 0]


def test_statuses_are_a_list_or_an_array_and_any_leaves_the_trash_out():
    shop = store()
    for status in ("processing", "completed", "on-hold"):
        ordered(shop, status=status)
    shop.act("trash", order=str(ordered(shop)["id"]))
    for query in (
        "status=processing,completed",
        "status[]=processing&status[]=completed",
        "status[0]=processing&status[1]=completed",
    ):
        found = {order["status"] for order in shop.get(f"{V3}/orders?{query}").json()}
        assert found == {"processing", "completed"}, query
    assert len(shop.get(f"{V3}/orders").json()) == 3
    assert refusal(shop.get(f"{V3}/orders?status=shipped")) == (400, "rest_invalid_param")


def test_fields_trims_the_answer_and_dp_the_amounts():
    shop = store()
    order = ordered(shop)
    answer = shop.get(f"{V3}/orders/{order['id']}?_fields=id,line_items.sku")
    assert answer.json() == {"id": order["id"], "line_items": [{"sku": "MUG"}, {"sku": "SOCKS"}]}
    assert shop.get(f"{V3}/orders?dp=3").json()[0]["total"] == "56.500"


def test_statuses_and_their_totals():
    shop = store()
    ordered(shop, status="processing")
    totals = {row["slug"]: row["total"] for row in shop.get(f"{V3}/reports/orders/totals").json()}
    assert totals["processing"] == 1
    assert totals.keys() == {row["slug"] for row in shop.get(f"{V3}/orders/statuses").json()}


# Batches


def test_each_entry_of_a_batch_is_done_or_refused_for_itself():
    shop = store()
    order = ordered(shop)
    body = {
        "create": [{"line_items": [{"sku": "MUG"}]}, {"line_items": [{"sku": "NO"}]}, {"status": "shipped"}],
        "update": [{"id": order["id"], "status": "processing"}, {"id": 999, "status": "completed"}],
        "delete": [order["id"], 999],
    }
    answer = shop.post(f"{V3}/orders/batch", body)
    assert answer.status_code == 200
    done = answer.json()
    codes = {
        name: [row["error"]["code"] if "error" in row else row["status"] for row in rows] for name, rows in done.items()
    }
    assert codes == {
        "create": ["pending", "woocommerce_rest_invalid_product_id", "rest_invalid_param"],
        "update": ["processing", "woocommerce_rest_shop_order_invalid_id"],
        "delete": ["processing", "woocommerce_rest_shop_order_invalid_id"],
    }
    assert len(shop.documents("order")) == 1
    assert shop.sound() == []


def test_a_batch_of_more_than_a_hundred_is_refused_as_a_whole():
    shop = store()
    before = shop.kept()
    answer = shop.post(f"{V3}/orders/batch", {"create": [{}] * 60, "delete": [1] * 41})
    assert refusal(answer) == (413, "woocommerce_rest_request_entity_too_large")
    assert shop.kept() == before
