"""The REST door: versions, the bucket, walks by page_info, scopes, and refusals in REST's shapes."""

from urllib.parse import parse_qs, urlsplit

import pytest

from tests.shopify.rest_shop import ROOT, links, rest_shop

UNAUTHORIZED = "[API] Invalid API key or access token (unrecognized login or wrong password)"


# Versions


@pytest.mark.parametrize(
    ("asked", "answered"),
    [("2026-10", "2026-10"), ("2026-01", "2026-01"), ("2025-10", "2026-01"), ("2019-04", "2026-01")],
)
def test_a_version_that_has_left_is_answered_by_the_oldest_that_is_served(asked, answered):
    answer = rest_shop().get(f"/admin/api/{asked}/shop.json")
    assert answer.status_code == 200
    assert answer.headers["x-shopify-api-version"] == answered


@pytest.mark.parametrize("version", ["2026-02", "2027-01", "unstable", "1"])
def test_a_version_that_never_was_is_not_found(version):
    answer = rest_shop().get(f"/admin/api/{version}/shop.json")
    assert (answer.status_code, answer.json()) == (404, {"errors": "Not Found"})


def test_the_version_decides_which_actions_a_fulfilment_order_offers():
    shop = rest_shop()
    order = shop.number(shop.order())
    offered = [
        shop.get(f"/admin/api/{version}/orders/{order}/fulfillment_orders.json").json()["fulfillment_orders"][0][
            "supported_actions"
        ]
        for version in ("2025-10", "2026-04")
    ]
    assert offered == [
        ["create_fulfillment", "move", "hold", "split"],
        ["create_fulfillment", "report_progress", "move", "hold", "split"],
    ]


def test_answers_say_their_type_and_carry_a_number():
    answer = rest_shop().get(f"{ROOT}/shop.json")
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert len(answer.headers["x-request-id"]) == 36


# The bucket


def test_the_bucket_takes_forty_and_leaks_two_a_second():
    shop = rest_shop(calls_a_minute=None)
    counts = [shop.get(f"{ROOT}/shop.json").headers["x-shopify-shop-api-call-limit"] for _ in range(40)]
    assert counts == [f"{number}/40" for number in range(1, 41)]
    full = shop.get(f"{ROOT}/shop.json")
    assert full.status_code == 429
    assert full.json() == {
        "errors": "Exceeded 2 calls per second for api client. Reduce request rates to resume uninterrupted service."
    }
    assert (full.headers["retry-after"], full.headers["x-shopify-shop-api-call-limit"]) == ("1.0", "40/40")
    shop.advance(1)
    assert [shop.get(f"{ROOT}/shop.json").status_code for _ in range(3)] == [200, 200, 429]
    shop.advance(20)
    assert shop.get(f"{ROOT}/shop.json").headers["x-shopify-shop-api-call-limit"] == "1/40"


def test_the_bucket_and_the_points_are_two_purses():
    shop = rest_shop(calls_a_minute=None)
    while shop.get(f"{ROOT}/shop.json").status_code == 200:
        pass
    assert shop.ask("{shop {name}}") == {"shop": {"name": "Seatrial"}}


def test_a_shop_on_a_larger_plan_has_a_larger_bucket():
    shop = rest_shop(calls_a_minute=None)
    shop.world.settings["shopify.limit.default"] = {"limit": 400, "leak_per_second": 20}
    assert shop.get(f"{ROOT}/shop.json").headers["x-shopify-shop-api-call-limit"] == "1/400"


# Walks


def orders(shop, count):
    return [shop.number(shop.order(("MUG-BLU", 1))) for _ in range(count)]


def test_page_info_leads_on_and_back_and_carries_what_the_walk_began_by_asking():
    shop = rest_shop()
    numbers = orders(shop, 5)
    shop.act("cancel", order=str(numbers[2]))
    first = shop.get(f"{ROOT}/orders.json", params={"status": "open", "limit": 2, "fields": "id"})
    assert [row["id"] for row in first.json()["orders"]] == [numbers[4], numbers[3]]
    assert list(links(first)) == ["next"]
    query = parse_qs(urlsplit(links(first)["next"]).query)
    assert set(query) == {"limit", "page_info", "fields"}
    second = shop.get(links(first)["next"])
    assert second.json() == {"orders": [{"id": numbers[1]}, {"id": numbers[0]}]}  # never the cancelled one
    assert list(links(second)) == ["previous"]
    assert shop.get(links(second)["previous"]).json() == first.json()


def test_only_limit_and_fields_may_stand_beside_page_info():
    shop = rest_shop()
    orders(shop, 3)
    following = links(shop.get(f"{ROOT}/orders.json?limit=1"))["next"]
    refused = shop.get(f"{following}&status=any")
    assert refused.status_code == 400
    assert refused.json() == {
        "errors": {
            "status": "status cannot be passed when page_info is present."
            " See https://shopify.dev/api/usage/pagination-rest for more information."
        }
    }
    assert len(shop.get(f"{following}&limit=2&fields=name").json()["orders"]) == 2


def test_since_id_walks_by_id():
    shop = rest_shop()
    numbers = orders(shop, 4)
    seen, last = [], 0
    while rows := shop.rest("orders.json", since_id=last, limit=3, fields="id")["orders"]:
        seen += [row["id"] for row in rows]
        last = seen[-1]
    assert seen == numbers


def test_order_by_updated_at_is_heeded_and_an_order_that_is_none_is_not():
    shop = rest_shop()
    numbers = orders(shop, 3)
    shop.advance(5)
    shop.act("edit", order=str(numbers[0]), note="touched")
    asked = [row["id"] for row in shop.rest("orders.json", order="updated_at desc")["orders"]]
    assert asked == [numbers[0], numbers[2], numbers[1]]
    assert [row["id"] for row in shop.rest("orders.json", order="colour up")["orders"]] == numbers[::-1]


@pytest.mark.parametrize("query", ["limit=251", "limit=0", "limit=x", "page_info=abc", "created_at_min=soon"])
def test_a_query_that_makes_no_sense_is_a_400_about_its_parameter(query):
    answer = rest_shop().get(f"{ROOT}/orders.json?{query}")
    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == [query.split("=")[0]]


def test_the_real_host_is_in_the_links_when_that_is_how_one_came():
    shop = rest_shop()
    orders(shop, 2)
    answer = shop.get(f"{ROOT}/orders.json?limit=1", headers={"Host": "seatrial.myshopify.com"})
    assert links(answer)["next"].startswith(
        "http://seatrial.myshopify.com/admin/api/2026-10/orders.json?limit=1&page_info="
    )


# Filters


def test_orders_are_open_ones_unless_asked_otherwise_and_counted_by_the_same_words():
    shop = rest_shop()
    paid, unpaid, cancelled, closed = (
        shop.number(shop.order()), shop.number(shop.order(paid=False)), *orders(shop, 2),
    )  # fmt: skip
    shop.act("cancel", order=str(cancelled))
    shop.act("fulfill", order=str(closed))
    wanted = {
        "": {paid, unpaid},
        "status=any": {paid, unpaid, cancelled, closed},
        "status=closed": {cancelled, closed},
        "status=cancelled": {cancelled},
        "status=any&fulfillment_status=shipped": {closed},
        "financial_status=pending": {unpaid},
        f"ids={paid},{unpaid}": {paid, unpaid},
        f"ids={paid}": {paid},
    }
    for query, numbers in wanted.items():
        rows = shop.get(f"{ROOT}/orders.json?{query}").json()["orders"]
        assert {row["id"] for row in rows} == numbers, query
        if "ids" not in query:
            assert shop.get(f"{ROOT}/orders/count.json?{query}").json() == {"count": len(numbers)}, query


def test_moments_are_understood_with_any_offset_and_both_ends_are_included():
    shop = rest_shop()
    first = orders(shop, 1)
    shop.advance(60)
    second = orders(shop, 1)
    count = lambda **query: {row["id"] for row in shop.rest("orders.json", **query)["orders"]}  # noqa: E731
    assert count(created_at_min="2026-11-23T07:01:00-05:00") == {*second}
    assert count(created_at_max="2026-11-23T12:00:00Z") == {*first}
    assert count(created_at_min="2026-11-23T12:00:00Z", created_at_max="2026-11-23T12:01:00Z") == {*first, *second}


# Who may


def test_a_wrong_token_is_a_401_with_a_text():
    answer = rest_shop().get(f"{ROOT}/orders.json", headers={"X-Shopify-Access-Token": "shpat_wrong"})
    assert (answer.status_code, answer.json()) == (401, {"errors": UNAUTHORIZED})


@pytest.mark.parametrize(
    ("scopes", "path", "missing"),
    [
        ("read_products", "orders.json", "read_orders"),
        ("write_orders", "orders.json", ""),
        ("read_orders", "products.json", "read_products"),
        ("read_orders", "locations.json", "read_locations"),
        ("read_orders", "orders/{order}/fulfillment_orders.json", "read_merchant_managed_fulfillment_orders"),
        ("read_orders write_assigned_fulfillment_orders", "orders/{order}/fulfillment_orders.json", ""),
        ("read_orders", "orders/{order}/fulfillments.json", ""),
    ],
)
def test_scopes_are_enforced_and_write_implies_read(scopes, path, missing):
    shop = rest_shop()
    order = shop.number(shop.order())
    shop.narrow(scopes)
    answer = shop.get(f"{ROOT}/{path.format(order=order)}")
    if missing:
        said = f"[API] This action requires merchant approval for {missing} scope."
        assert (answer.status_code, answer.json()) == (403, {"errors": said})
    else:
        assert answer.status_code == 200
        assert answer.json().get("fulfillment_orders", []) == []  # not the merchant's, where only one's own are granted


def test_a_change_needs_the_write_scope_and_is_not_done_without():
    shop = rest_shop()
    order = shop.number(shop.order())
    shop.narrow("read_orders")
    for method, path, body in (
        ("POST", f"orders/{order}/close.json", None),
        ("PUT", f"orders/{order}.json", {"order": {"note": "x"}}),
        ("POST", "inventory_levels/set.json", {"location_id": 70000000001, "inventory_item_id": 1, "available": 1}),
        ("POST", "fulfillments.json", {"fulfillment": {"line_items_by_fulfillment_order": []}}),
    ):
        status, errors = shop.refusal(path, body, method=method)
        assert status == 403
        assert "write_" in errors


def test_orders_older_than_sixty_days_are_not_there_without_their_scope():
    shop = rest_shop()
    order = shop.number(shop.order())
    shop.advance(61 * 86_400)
    assert shop.rest("orders/count.json") == {"count": 1}
    shop.narrow("write_orders")
    assert shop.rest("orders/count.json") == {"count": 0}
    assert shop.get(f"{ROOT}/orders/{order}.json").status_code == 404


# Refusals


def test_what_is_not_there_is_not_found_whatever_its_name():
    shop = rest_shop()
    order = shop.number(shop.order())
    for path in (
        "orders/1.json", "orders/one.json", f"orders/{order}", "orders/-1.json", "orders/99999999999999999999999.json",
        "orders/%C2%B2.json", "nowhere.json", f"orders/{order}/refunds/1.json", f"orders/{order}/fulfillments/1.json",
        "fulfillment_orders/1.json", "products/1.json", "variants/1.json", "locations/1.json", "webhooks/1.json",
    ):  # fmt: skip
        answer = shop.get(f"{ROOT}/{path}")
        assert (answer.status_code, answer.json()) == (404, {"errors": "Not Found"}), path


@pytest.mark.parametrize(
    ("path", "body", "status", "errors"),
    [
        ("orders.json", {}, 400, {"order": "Required parameter missing or invalid"}),
        ("orders.json", {"order": {}}, 422, {"line_items": ["must have at least one line item"]}),
        ("orders.json", {"order": {"line_items": [{"quantity": 1}]}}, 422, {"title": ["can't be blank"]}),
        ("orders.json", {"order": {"line_items": [{"title": "x", "quantity": 0}]}}, 422,
         {"quantity": ["must be greater than 0"]}),
        ("orders.json", {"order": {"line_items": [{"variant_id": 5}]}}, 422,
         {"variant_id": ["Variant does not exist"]}),
        ("orders.json", {"order": {"line_items": [{"title": "x"}], "customer": {"id": 5}}}, 422,
         {"customer": ["is invalid"]}),
        ("orders.json", {"order": {"line_items": [{"title": "x"}], "currency": "ZZZ"}}, 422,
         {"currency": ["is not valid"]}),
        ("orders.json", {"order": {"line_items": [{"title": "x"}], "billing_address": {"country": "Nowhere"}}}, 422,
         {"country": ["is not valid"]}),
        ("products.json", {"product": {"title": " "}}, 422, {"title": ["can't be blank"]}),
        ("webhooks.json", {"webhook": {"address": "https://a.example"}}, 422, {"topic": ["can't be blank"]}),
        ("webhooks.json", {"webhook": {"topic": "cats/purr", "address": "https://a.example"}}, 422,
         {"topic": ["Invalid topic specified: cats/purr"]}),
        ("webhooks.json", {"webhook": {"topic": "orders/create"}}, 422, {"address": ["can't be blank"]}),
        ("webhooks.json", {"webhook": {"topic": "orders/create", "address": "ftp://a.example"}}, 422,
         {"address": ["protocol ftp:// is not supported"]}),
        ("inventory_levels/set.json", {"location_id": 1, "inventory_item_id": 2, "available": 3}, 404, "Not Found"),
        ("inventory_levels/set.json", {"location_id": 1}, 400, {
            "available": "Required parameter missing or invalid",
            "inventory_item_id": "Required parameter missing or invalid",
        }),
        ("fulfillments.json", {"fulfillment": {"line_items_by_fulfillment_order": []}}, 422,
         ["At least one fulfillment order is needed."]),
        ("fulfillments.json", {"fulfillment": {"line_items_by_fulfillment_order": [{"fulfillment_order_id": 8}]}}, 422,
         ["Fulfillment order does not exist."]),
    ],
)  # fmt: skip
def test_a_body_that_cannot_be_done_is_refused_in_rest_s_shapes_and_changes_nothing(path, body, status, errors):
    shop = rest_shop()
    shop.order()
    assert shop.refusal(path, body) == (status, errors)


def test_a_body_that_is_no_json_is_a_400():
    answer = rest_shop().client.post(f"{ROOT}/orders.json", content=b"{", headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()) == (400, {"errors": "Bad Request"})
