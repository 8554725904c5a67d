"""REST's resources, and that both surfaces are doors to one state: what one makes the other sees, both tell alike."""

import json

import httpx
import pytest

from tests.shopify.rest_shop import ROOT, rest_shop

CHART = {"title": "Chart", "price": "12.50", "quantity": 2}


def gid(type_name, number):
    return f"gid://shopify/{type_name}/{number}"


def waiting(shop, number):
    return shop.rest(f"orders/{number}/fulfillment_orders.json")["fulfillment_orders"]


def parcel(row, *units, **more):
    lines = [{"id": line["id"], "quantity": count} for line, count in zip(row["line_items"], units, strict=False)]
    entry = {"fulfillment_order_id": row["id"]} | ({"fulfillment_order_line_items": lines} if units else {})
    return {"fulfillment": {"line_items_by_fulfillment_order": [entry]} | more}


# Orders


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
        "transactions": [{"kind": "sale", "status": "success", "amount": "1", "gateway": "bogus"}],
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


def test_an_order_is_paid_or_pending_as_its_body_says():
    shop = rest_shop()
    for money, status in (
        ({}, "paid"), ({"financial_status": "pending"}, "pending"), ({"financial_status": "paid"}, "paid"),
        ({"transactions": [{"kind": "authorization"}]}, "pending"),
    ):  # fmt: skip
        made = shop.made("orders.json", {"order": {"line_items": [CHART]} | money})["order"]
        assert made["financial_status"] == status, money


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


# Fulfilment


def test_units_are_shipped_against_fulfilment_orders_and_both_surfaces_say_so():
    shop = rest_shop()
    number = shop.number(shop.order(("MUG-BLU", 3), ("MUG-RED", 1)))
    (row,) = waiting(shop, number)
    assert [line["fulfillable_quantity"] for line in row["line_items"]] == [3, 1]
    tracking = {"number": "1Z", "company": "UPS"}
    first = shop.made("fulfillments.json", parcel(row, 2, tracking_info=tracking))["fulfillment"]
    assert (first["status"], first["name"], first["tracking_company"]) == ("success", "#1001.1", "UPS")
    assert first["tracking_url"].endswith("1Z")
    (row,) = waiting(shop, number)
    assert (row["status"], [line["fulfillable_quantity"] for line in row["line_items"]]) == ("in_progress", [1, 1])
    shop.made("fulfillments.json", parcel(row))
    (row,) = waiting(shop, number)
    assert (row["status"], row["supported_actions"]) == ("closed", [])
    asked = shop.ask("query($id: ID!) {order(id: $id) {displayFulfillmentStatus}}", id=gid("Order", number))
    assert asked == {"order": {"displayFulfillmentStatus": "FULFILLED"}}
    rows = shop.rest(f"orders/{number}/fulfillments.json", limit=1)["fulfillments"]
    assert [each["id"] for each in rows] == [first["id"]]
    assert shop.rest(f"orders/{number}/fulfillments/count.json") == {"count": 2}
    assert shop.rest(f"fulfillment_orders/{row['id']}/fulfillments.json")["fulfillments"][0]["id"] == first["id"]
    assert shop.sound() == []


def test_what_cannot_be_shipped_is_refused_as_a_list_of_texts():
    shop = rest_shop()
    number = shop.number(shop.order(("MUG-BLU", 1)))
    (row,) = waiting(shop, number)
    assert shop.refusal("fulfillments.json", parcel(row, 2)) == (
        422, ["Invalid fulfillment order line item quantity requested."],
    )  # fmt: skip
    assert shop.refusal("fulfillments.json", parcel(row, 0)) == (422, ["Quantity must be greater than 0"])
    shop.made("fulfillments.json", parcel(row))
    said = f"Fulfillment order {row['id']} has an unfulfillable status= closed."
    assert shop.refusal("fulfillments.json", parcel(row)) == (422, [said])


def test_a_parcel_is_tracked_anew_and_taken_back():
    shop = rest_shop()
    number = shop.number(shop.order(("MUG-BLU", 1)))
    made = shop.made("fulfillments.json", parcel(waiting(shop, number)[0]))["fulfillment"]
    told = {"fulfillment": {"tracking_info": {"numbers": ["A", "B"], "company": "Wagon", "url": "https://w.example"}}}
    tracked = shop.made(f"fulfillments/{made['id']}/update_tracking.json", told, status=200)["fulfillment"]
    assert (tracked["tracking_numbers"], tracked["tracking_urls"]) == (["A", "B"], ["https://w.example"])
    back = shop.made(f"fulfillments/{made['id']}/cancel.json", status=200)["fulfillment"]
    assert back["status"] == "cancelled"
    assert [row["status"] for row in waiting(shop, number)] == ["closed", "open"]
    said = ["Fulfillment is already cancelled."]
    assert shop.refusal(f"fulfillments/{made['id']}/cancel.json") == (422, said)
    assert shop.refusal("fulfillments/1/cancel.json") == (404, "Not Found")
    assert shop.sound() == []


def test_what_happens_on_the_way_is_told_and_read():
    shop = rest_shop()
    number = shop.number(shop.order(("MUG-BLU", 1)))
    made = shop.made("fulfillments.json", parcel(waiting(shop, number)[0]))["fulfillment"]
    path = f"orders/{number}/fulfillments/{made['id']}/events"
    event = shop.made(f"{path}.json", {"event": {"status": "in_transit", "city": "York"}})["fulfillment_event"]
    assert (event["status"], event["city"], event["order_id"]) == ("in_transit", "York", number)
    assert shop.rest(f"{path}.json") == {"fulfillment_events": [event]}
    assert shop.rest(f"{path}/{event['id']}.json") == {"fulfillment_event": event}
    assert (
        shop.rest(f"orders/{number}/fulfillments/{made['id']}.json")["fulfillment"]["shipment_status"] == "in_transit"
    )
    assert shop.refusal(f"orders/{number}/fulfillments/1/events.json", {"event": {"status": "delivered"}})[0] == 404


def test_a_fulfilment_order_is_held_released_moved_and_cancelled():
    shop = rest_shop()
    other = shop.act("add_location", name="Elsewhere")["id"].rsplit("/", 1)[1]
    shop.act("count_stock", sku="MUG-BLU", quantity=9, location="Elsewhere")
    number = shop.number(shop.order(("MUG-BLU", 2)))
    path = f"fulfillment_orders/{waiting(shop, number)[0]['id']}"
    hold = {"fulfillment_hold": {"reason": "incorrect_address", "reason_notes": "No number"}}
    held = shop.made(f"{path}/hold.json", hold, status=200)["fulfillment_order"]
    assert (held["status"], held["fulfillment_holds"][0]["reason"]) == ("on_hold", "incorrect_address")
    assert shop.made(f"{path}/release_hold.json", status=200)["fulfillment_order"]["status"] == "open"
    status, said = shop.refusal(f"{path}/release_hold.json")
    assert (status, said) == (422, ["Expected fulfillment order status to be valid but it was open."])
    places = shop.rest(f"{path}/locations_for_move.json")["locations_for_move"]
    assert [(place["location"]["name"], place["movable"]) for place in places] == [("Elsewhere", True)]
    moved = shop.made(f"{path}/move.json", {"fulfillment_order": {"new_location_id": int(other)}}, status=200)
    assert moved["moved_fulfillment_order"]["assigned_location"]["name"] == "Elsewhere"
    assert moved["remaining_fulfillment_order"] is None
    gone = shop.made(f"{path}/cancel.json", status=200)
    assert (gone["fulfillment_order"]["status"], gone["replacement_fulfillment_order"]["status"]) == ("closed", "open")
    assert shop.refusal("fulfillment_orders/1/hold.json", hold) == (404, "Not Found")
    assert shop.sound() == []


def test_a_fulfilment_service_is_asked_and_answers():
    shop = rest_shop()
    shop.act("add_location", name="Depot", fulfillment_service=True)
    shop.act("count_stock", sku="MUG-BLU", quantity=0)
    shop.act("count_stock", sku="MUG-BLU", quantity=5, location="Depot")
    number = shop.number(shop.order(("MUG-BLU", 2)))
    (row,) = waiting(shop, number)
    path = f"fulfillment_orders/{row['id']}"
    part = {"fulfillment_order_line_items": [{"id": row["line_items"][0]["id"], "quantity": 1}], "message": "soon"}
    sent = shop.made(f"{path}/fulfillment_request.json", {"fulfillment_request": part}, status=200)
    assert sent["submitted_fulfillment_order"]["request_status"] == "submitted"
    assert sent["submitted_fulfillment_order"]["merchant_requests"][0]["message"] == "soon"
    assert sent["unsubmitted_fulfillment_order"]["line_items"][0]["quantity"] == 1
    asked = shop.rest("assigned_fulfillment_orders.json", assignment_status="fulfillment_requested")
    assert [each["id"] for each in asked["fulfillment_orders"]] == [row["id"]]
    for step, status, request in (
        ("fulfillment_request/accept", "in_progress", "accepted"),
        ("cancellation_request", "in_progress", "cancellation_requested"),
        ("cancellation_request/reject", "in_progress", "cancellation_rejected"),
        ("close", "incomplete", "closed"),
    ):
        after = shop.made(f"{path}/{step}.json", status=200)["fulfillment_order"]
        assert (after["status"], after["request_status"]) == (status, request), step
    assert shop.refusal(f"{path}/fulfillment_request/reject.json")[0] == 422
    assert shop.sound() == []


def test_a_day_that_is_put_off_is_put_off_again_and_brought_forward():
    shop = rest_shop()
    number = shop.number(shop.order(("MUG-BLU", 1), fulfill_at="2026-12-01T12:00:00Z"))
    (row,) = waiting(shop, number)
    path = f"fulfillment_orders/{row['id']}"
    assert (row["status"], row["fulfill_at"]) == ("scheduled", "2026-12-01T07:00:00-05:00")
    later = {"fulfillment_order": {"new_fulfill_at": "2026-12-05T12:00:00Z"}}
    put_off = shop.made(f"{path}/reschedule.json", later, status=200)["fulfillment_order"]
    assert put_off["fulfill_at"] == "2026-12-05T07:00:00-05:00"
    assert shop.made(f"{path}/open.json", status=200)["fulfillment_order"]["status"] == "open"
    assert shop.refusal(f"{path}/reschedule.json", later) == (422, ["Fulfillment order must be scheduled."])


# Money


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


# Stock


def stocked(shop):
    item = shop.rest("products.json")["products"][0]["variants"][0]["inventory_item_id"]
    place = shop.rest("locations.json")["locations"][0]["id"]
    return {"inventory_item_id": item, "location_id": place}


def test_stock_is_set_adjusted_and_read_on_both_surfaces():
    shop = rest_shop()
    where = stocked(shop)
    assert shop.made("inventory_levels/set.json", where | {"available": 7}, status=200)["inventory_level"] == {
        **where,
        "available": 7,
        "updated_at": "2026-11-23T07:00:00-05:00",
        "admin_graphql_api_id": f"gid://shopify/InventoryLevel/90000000001?inventory_item_id={where['inventory_item_id']}",
    }
    adjust = where | {"available_adjustment": -9}
    assert shop.made("inventory_levels/adjust.json", adjust, status=200)["inventory_level"]["available"] == -2
    seen = shop.ask(
        "query($id: ID!) {inventoryItem(id: $id) {inventoryLevels(first: 1) {nodes {"
        'quantities(names: ["available"]) {quantity}}}}}',
        id=gid("InventoryItem", where["inventory_item_id"]),
    )
    assert seen["inventoryItem"]["inventoryLevels"]["nodes"][0]["quantities"] == [{"quantity": -2}]
    too_many = where | {"available_adjustment": -1_000_000_000}
    assert shop.refusal("inventory_levels/adjust.json", too_many) == (422, {"available": ["is out of range"]})


def test_an_item_is_connected_relocated_and_disconnected():
    shop = rest_shop()
    where = stocked(shop)
    other = int(shop.act("add_location", name="Elsewhere")["id"].rsplit("/", 1)[1])
    there = where | {"location_id": other}
    assert shop.refusal("inventory_levels/adjust.json", there | {"available_adjustment": 1}) == (404, "Not Found")
    assert shop.made("inventory_levels/connect.json", there)["inventory_level"]["available"] == 0
    levels = shop.rest("inventory_levels.json", inventory_item_ids=where["inventory_item_id"])["inventory_levels"]
    assert [level["location_id"] for level in levels] == [where["location_id"], other]
    assert shop.rest(f"locations/{other}/inventory_levels.json")["inventory_levels"] == levels[1:]
    shop.made("inventory_levels/connect.json", there | {"relocate_if_necessary": True})
    query = f"inventory_levels.json?inventory_item_id={where['inventory_item_id']}&location_id="
    assert shop.refusal(f"{query}{where['location_id']}", method="DELETE") == (404, "Not Found")
    status, errors = shop.refusal(f"{query}{other}", method="DELETE")  # it has to be stocked somewhere
    assert (status, list(errors)) == (422, ["base"])
    shop.made("inventory_levels/set.json", where | {"available": 4}, status=200)  # sets, and so connects again
    answer = shop.does("DELETE", f"{query}{other}")
    assert (answer.status_code, answer.content) == (204, b"")
    assert shop.sound() == []


def test_what_is_not_counted_cannot_be_set():
    shop = rest_shop()
    where = stocked(shop)
    path = f"inventory_items/{where['inventory_item_id']}.json"
    change = {"tracked": False, "cost": 4.5, "country_code_of_origin": "GB", "sku": "MUG-B"}
    item = shop.made(path, {"inventory_item": change}, method="PUT", status=200)["inventory_item"]
    assert {name: item[name] for name in change} == change | {"cost": "4.50"}
    nowhere = {"inventory_item": {"country_code_of_origin": "XQ"}}
    assert shop.refusal(path, nowhere, method="PUT") == (422, {"country_code_of_origin": ["is not valid"]})
    said = {"base": ["Inventory item does not have inventory tracking enabled"]}
    assert shop.refusal("inventory_levels/set.json", where | {"available": 3}) == (422, said)
    assert shop.rest("inventory_items.json", ids=where["inventory_item_id"])["inventory_items"] == [item]
    assert shop.rest("variants/" + path.split("/")[1], fields="sku") == {"variant": {"sku": "MUG-B"}}


def test_levels_want_to_be_asked_about_something():
    answer = rest_shop().get(f"{ROOT}/inventory_levels.json")
    assert (answer.status_code, list(answer.json()["errors"])) == (422, ["base"])


# Products


def test_a_product_is_made_with_variants_and_changed():
    shop = rest_shop()
    body = {
        "title": "Sea Chart",
        "vendor": "Harbour",
        "tags": "maps, b",
        "status": "draft",
        "variants": [
            {"option1": "Small", "sku": "C-S", "price": "3"},
            {"option1": "Large", "sku": "C-L", "price": 5.5},
        ],
    }
    made = shop.made("products.json", {"product": body})["product"]
    assert [(each["sku"], each["price"], each["inventory_quantity"]) for each in made["variants"]] == [
        ("C-S", "3.00", 0), ("C-L", "5.50", 0),
    ]  # fmt: skip
    small = made["variants"][0]
    change = {"title": "Chart", "status": "active", "variants": [{"id": small["id"], "price": "4", "sku": "C-1"}]}
    changed = shop.made(f"products/{made['id']}.json", {"product": change}, method="PUT", status=200)["product"]
    assert (changed["title"], changed["status"], changed["variants"][0]["price"]) == ("Chart", "active", "4.00")
    assert shop.rest("products.json", vendor="harbour", status="active", fields="id")["products"] == [
        {"id": made["id"]}
    ]
    assert shop.rest("products/count.json", vendor="nobody") == {"count": 0}
    variants = shop.rest(f"products/{made['id']}/variants.json", limit=1)["variants"]
    assert variants == [shop.rest(f"variants/{small['id']}.json")["variant"]]
    seen = shop.ask("query($id: ID!) {productVariant(id: $id) {sku price}}", id=gid("ProductVariant", small["id"]))
    assert seen == {"productVariant": {"sku": "C-1", "price": "4.00"}}
    stranger = {"product": {"variants": [{"id": 1}]}}
    assert shop.refusal(f"products/{made['id']}.json", stranger, method="PUT") == (422, {"variants": ["is invalid"]})
    put = shop.made(f"variants/{small['id']}.json", {"variant": {"barcode": "1"}}, method="PUT", status=200)
    assert put["variant"]["barcode"] == "1"
    assert shop.sound() == []


# Webhooks, and what they tell


def test_subscriptions_are_the_same_on_both_surfaces():
    shop = rest_shop()
    wanted = {"topic": "orders/create", "address": "https://a.example/hook", "fields": ["id"]}
    made = shop.made("webhooks.json", {"webhook": wanted})["webhook"]
    assert {name: made[name] for name in wanted} == wanted
    nodes = shop.ask("{webhookSubscriptions(first: 5) {nodes {legacyResourceId topic uri}}}")
    assert nodes["webhookSubscriptions"]["nodes"] == [
        {"legacyResourceId": str(made["id"]), "topic": "ORDERS_CREATE", "uri": wanted["address"]}
    ]
    path = f"webhooks/{made['id']}.json"
    other = {"webhook": {"address": "https://b.example", "format": "xml"}}
    changed = shop.made(path, other, method="PUT", status=200)["webhook"]
    assert (changed["address"], changed["format"]) == ("https://b.example", "xml")
    assert shop.rest("webhooks.json", topic="orders/create")["webhooks"] == [changed]
    assert shop.rest("webhooks/count.json", address="https://a.example/hook") == {"count": 0}
    assert shop.made(path, method="DELETE", status=200) == {}
    assert shop.rest("webhooks.json") == {"webhooks": []}
    assert shop.refusal(path, method="DELETE") == (404, "Not Found")


TOPICS = (
    "orders/create", "orders/updated", "orders/cancelled", "orders/partially_fulfilled", "fulfillments/create",
    "fulfillment_orders/placed_on_hold", "inventory_levels/update", "inventory_items/update", "products/update",
    "refunds/create", "orders/delete",
)  # fmt: skip


def told_by(do):
    """What everybody was told of, in order: topics and bodies."""
    heard = []

    async def hook(request):
        heard.append((request.headers["x-shopify-topic"], json.loads(await request.aread())))
        return httpx.Response(200)

    shop = rest_shop(hooks=httpx.MockTransport(hook))
    number = shop.number(shop.order(("MUG-BLU", 2)))
    for topic in TOPICS:
        shop.made("webhooks.json", {"webhook": {"topic": topic, "address": "http://127.0.0.1:9/hook"}})
    do(shop, number, waiting(shop, number)[0])
    shop.advance(2)  # a job of GraphQL's is done by then
    shop.deliver()
    return sorted(heard, key=json.dumps)


def ask(mutation, **inputs):
    """A GraphQL mutation as something to be done; `inputs` are made of the shop, an order's number and its row."""

    def do(shop, number, row):
        shop.change(mutation, **{name: make(shop, number, row) for name, make in inputs.items()})

    return do


def order_id(_shop, number, _row):
    return gid("Order", number)


def row_id(_shop, _number, row):
    return gid("FulfillmentOrder", row["id"])


SAME = {
    "an order is made": (
        lambda shop, _number, _row: shop.made("orders.json", {"order": {"line_items": [CHART]}}),
        ask(
            "mutation($o: OrderCreateOrderInput!) {orderCreate(order: $o) {userErrors {message}}}",
            o=lambda *_: {
                "lineItems": [{
                    "title": "Chart", "quantity": 2, "requiresShipping": True, "taxable": True,  # as REST takes it
                    "priceSet": {"shopMoney": {"amount": "12.50", "currencyCode": "USD"}},
                }],
                "financialStatus": "PAID",
            },
        ),
    ),
    "an order is changed": (
        lambda shop, number, _row: shop.made(
            f"orders/{number}.json", {"order": {"note": "n"}}, method="PUT", status=200
        ),
        ask("mutation($i: OrderInput!) {orderUpdate(input: $i) {userErrors {message}}}",
            i=lambda _shop, number, _row: {"id": gid("Order", number), "note": "n"}),
    ),
    "an order is closed": (
        lambda shop, number, _row: shop.made(f"orders/{number}/close.json", status=200),
        ask("mutation($i: OrderCloseInput!) {orderClose(input: $i) {userErrors {message}}}",
            i=lambda _shop, number, _row: {"id": gid("Order", number)}),
    ),
    "units are shipped": (
        lambda shop, _number, row: shop.made("fulfillments.json", parcel(row, 1)),
        ask("mutation($f: FulfillmentInput!) {fulfillmentCreate(fulfillment: $f) {userErrors {message}}}",
            f=lambda _shop, _number, row: {"lineItemsByFulfillmentOrder": [{
                "fulfillmentOrderId": gid("FulfillmentOrder", row["id"]),
                "fulfillmentOrderLineItems": [
                    {"id": gid("FulfillmentOrderLineItem", row["line_items"][0]["id"]), "quantity": 1}
                ],
            }]}),
    ),
    "a fulfilment order is held": (
        lambda shop, _number, row: shop.made(
            f"fulfillment_orders/{row['id']}/hold.json", {"fulfillment_hold": {"reason": "other"}}, status=200
        ),
        ask("mutation($id: ID!) {fulfillmentOrderHold(id: $id, fulfillmentHold: {reason: OTHER})"
            " {userErrors {message}}}", id=row_id),
    ),
    "stock is set": (
        lambda shop, _number, _row: shop.made(
            "inventory_levels/set.json", stocked(shop) | {"available": 3}, status=200
        ),
        ask("mutation($i: InventorySetQuantitiesInput!) {inventorySetQuantities(input: $i) @idempotent(key: \"1\")"
            " {userErrors {message}}}",
            i=lambda shop, *_: {"name": "available", "reason": "correction", "quantities": [{
                "inventoryItemId": gid("InventoryItem", stocked(shop)["inventory_item_id"]),
                "locationId": gid("Location", stocked(shop)["location_id"]),
                "quantity": 3, "changeFromQuantity": None,
            }]}),
    ),
    "an order is deleted": (
        lambda shop, number, _row: shop.made(f"orders/{number}.json", method="DELETE", status=200),
        ask("mutation($id: ID!) {orderDelete(orderId: $id) {userErrors {message}}}", id=order_id),
    ),
}  # fmt: skip


@pytest.mark.parametrize("deed", SAME)
def test_the_same_is_told_whichever_surface_it_was_done_on(deed):
    rest, graphql = SAME[deed]
    told = told_by(rest)
    assert told == told_by(graphql)
    assert told


def test_an_order_cancelled_over_rest_is_told_of_like_one_that_a_job_cancelled():
    def over_rest(shop, number, _row):
        shop.made(f"orders/{number}/cancel.json", {"reason": "fraud", "restock": True}, status=200)

    job = ask(
        "mutation($id: ID!) {orderCancel(orderId: $id, reason: FRAUD, restock: true) {userErrors {message}}}",
        id=order_id,
    )
    shape = lambda told: [(topic, body.get("cancel_reason"), body.get("available")) for topic, body in told]  # noqa: E731
    assert shape(told_by(over_rest)) == shape(told_by(job))  # the job's moments are a second later


def test_what_is_refused_is_told_to_nobody():
    assert told_by(lambda shop, _number, row: shop.refusal("fulfillments.json", parcel(row, 9))) == []
