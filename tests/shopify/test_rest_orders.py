"""Orders over REST: both surfaces are doors to one state."""

import pytest

from tests.shopify.rest_shop import CHART, ROOT, rest_shop, waiting


def test_an_order_made_over_rest_is_seen_over_graphql():
    shop = rest_shop()
    variant = shop.rest("products.json")["products"][0]["variants"][0]
    body = {
        "line_items": [{"variant_id": variant["id"], "quantity": 2}, CHART],
        "email": "ada@example.com",
        "tags": "vip, export",
        "note_attributes": [{"name": "gift", "value": True}],
        "shipping_address": {"name": "Ada S", "address1": "1 Street", "city": "York", "country": "United Kingdom"},
        "shipping_lines": [{"title": "Express", "price": 9}],
        "transactions": [{"kind": "sale", "status": "success", "amount": "54.00", "gateway": "bogus"}],
        "inventory_behaviour": "decrement_obeying_policy",
    }
    order = shop.made("orders.json", {"order": body})["order"]
    assert (order["total_price"], order["tags"], order["financial_status"]) == ("54.00", "export, vip", "paid")
    seen = shop.ask(
        "query($id: ID!) {order(id: $id) {name tags email displayFinancialStatus customAttributes {key value}"
        " shippingAddress {firstName countryCodeV2} totalPriceSet {shopMoney {amount}}"
        " lineItems(first: 5) {nodes {sku title quantity}}}}",
        id=order["admin_graphql_api_id"],
    )["order"]
    assert seen == {
        "name": order["name"],
        "tags": ["export", "vip"],
        "email": "ada@example.com",
        "displayFinancialStatus": "PAID",
        "customAttributes": [{"key": "gift", "value": "true"}],
        "shippingAddress": {"firstName": "Ada", "countryCodeV2": "GB"},
        "totalPriceSet": {"shopMoney": {"amount": "54.0"}},
        "lineItems": {
            "nodes": [
                {"sku": "MUG-BLU", "title": "MUG-BLU", "quantity": 2},
                {"sku": None, "title": "Chart", "quantity": 2},
            ]
        },
    }
    assert shop.level()["committed"] == 2
    assert shop.sound() == []


def test_stock_that_is_not_there_cannot_be_claimed():
    shop = rest_shop()
    variant = shop.rest("products.json")["products"][0]["variants"][0]["id"]
    line = {"variant_id": variant, "quantity": 11}
    body = {"line_items": [line], "inventory_behaviour": "decrement_obeying_policy"}
    assert shop.refusal("orders.json", {"order": body}) == (422, {"line_items": ["Unable to reserve inventory."]})


def test_an_order_is_changed_closed_opened_and_deleted():
    shop = rest_shop()
    number = shop.number(shop.order())
    changes = {"note": "n", "tags": ["b", "a"], "email": "x@y.example", "shipping_address": {"city": "Bath"}}
    changed = shop.made(f"orders/{number}.json", {"order": changes}, method="PUT", status=200)["order"]
    assert (changed["note"], changed["tags"], changed["email"]) == ("n", "a, b", "x@y.example")
    assert (changed["shipping_address"]["city"], changed["shipping_address"]["first_name"]) == ("Bath", "Ada")
    assert waiting(shop, number)[0]["destination"]["city"] == "Bath"
    assert shop.refusal(f"orders/{number}.json", {"order": {"email": "no"}}, method="PUT") == (
        422, {"email": ["is invalid"]},
    )  # fmt: skip
    for _ in range(2):
        assert shop.made(f"orders/{number}/close.json", status=200)["order"]["closed_at"]
    assert shop.made(f"orders/{number}/open.json", status=200)["order"]["closed_at"] is None
    assert shop.made(f"orders/{number}.json", method="DELETE", status=200) == {}
    assert shop.get(f"{ROOT}/orders/{number}.json").status_code == 404
    assert shop.sound() == []


@pytest.mark.parametrize("by_query", [False, True])
def test_a_cancellation_is_done_at_once_and_says_what_goes_back(by_query):
    shop = rest_shop()
    number = shop.number(shop.order())
    wanted = {"reason": "inventory", "restock": True, "amount": "35.00"}
    if by_query:
        path, body = f"orders/{number}/cancel.json?reason=inventory&restock=true&amount=35.00", None
    else:
        path, body = f"orders/{number}/cancel.json", wanted
    order = shop.made(path, body, status=200)["order"]
    assert (order["cancel_reason"], order["financial_status"]) == ("inventory", "refunded")
    assert order["fulfillment_status"] == "restocked"
    assert shop.level() | {"available": 10, "committed": 0} == shop.level()
    said = {"base": ["Cannot cancel an order that has already been canceled"]}
    assert shop.refusal(f"orders/{number}/cancel.json", {}) == (422, said)
    assert shop.sound() == []


def test_a_cancellation_without_a_word_gives_nothing_back():
    shop = rest_shop()
    number = shop.number(shop.order())
    order = shop.made(f"orders/{number}/cancel.json", status=200)["order"]
    assert (order["cancel_reason"], order["financial_status"]) == ("other", "paid")
    assert (shop.level()["available"], shop.level()["committed"]) == (8, 0)


def test_fields_show_only_what_they_name():
    shop = rest_shop()
    number = shop.number(shop.order())
    assert shop.rest(f"orders/{number}.json", fields="id, name,nothing") == {"order": {"id": number, "name": "#1001"}}
    assert shop.rest("products.json", fields="title")["products"] == [{"title": "MUG-BLU"}, {"title": "MUG-RED"}]
