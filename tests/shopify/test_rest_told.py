"""Webhooks over REST, and that the same is told whichever surface something was done on."""

import json

import httpx
import pytest

from tests.shopify.rest_shop import CHART, gid, parcel, rest_shop, stocked, waiting


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
    "refunds/create", "orders/delete", "orders/paid", "order_transactions/create", "products/create", "products/delete",
    "inventory_items/delete", "fulfillment_events/create", "fulfillment_events/delete", "customers/create",
    "customers/update", "customers/delete",
)  # fmt: skip


def told_by(do):
    """What everybody was told of, in order: topics and bodies."""
    heard = []

    async def hook(request):
        heard.append((request.headers["x-shopify-topic"], json.loads(await request.aread())))
        return httpx.Response(200)

    shop = rest_shop(hooks=httpx.MockTransport(hook))
    number = shop.number(shop.order(("MUG-BLU", 2), payment="AUTHORIZATION"))
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


def first(shop):
    return shop.rest("products.json")["products"][0]["id"]


def held(shop, number):
    return shop.rest(f"orders/{number}/transactions.json")["transactions"][0]["admin_graphql_api_id"]


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
    "a product is made": (
        lambda shop, _number, _row: shop.made("products.json", {"product": {"title": "Sail"}}),
        ask("mutation {productCreate(product: {title: \"Sail\"}) {userErrors {message}}}"),
    ),
    "a product is deleted": (
        lambda shop, _number, _row: shop.made(f"products/{first(shop)}.json", method="DELETE", status=200),
        ask("mutation($i: ProductDeleteInput!) {productDelete(input: $i) {userErrors {message}}}",
            i=lambda shop, *_: {"id": gid("Product", first(shop))}),
    ),
    "money is captured": (
        lambda shop, number, _row: shop.made(
            f"orders/{number}/transactions.json", {"transaction": {"kind": "capture", "amount": "25.00"}}
        ),
        ask("mutation($i: OrderCaptureInput!) {orderCapture(input: $i) {userErrors {message}}}",
            i=lambda shop, number, _row: {
                "id": gid("Order", number), "amount": "25.00", "parentTransactionId": held(shop, number),
            }),
    ),
    "a customer is made": (
        lambda shop, *_: shop.made("customers.json", {"customer": {"email": "b@example.com", "note": "n"}}),
        ask("mutation {customerCreate(input: {email: \"b@example.com\", note: \"n\"}) {userErrors {message}}}"),
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


def test_a_capture_is_told_of_with_the_order_it_pays():
    rest, _ = SAME["money is captured"]
    told = dict(told_by(rest))
    assert set(told) == {"order_transactions/create", "orders/paid", "orders/updated"}
    made = told["order_transactions/create"]
    assert (made["kind"], made["amount"], made["order_id"]) == ("capture", "25.00", told["orders/paid"]["id"])


def test_what_happens_on_the_way_is_told_and_that_it_did_not():
    def deed(shop, number, row):
        made = shop.made("fulfillments.json", parcel(row))["fulfillment"]
        path = f"orders/{number}/fulfillments/{made['id']}/events"
        event = shop.made(f"{path}.json", {"event": {"status": "in_transit"}})["fulfillment_event"]
        shop.made(f"{path}/{event['id']}.json", method="DELETE", status=200)

    told = [body for topic, body in told_by(deed) if topic.startswith("fulfillment_events/")]
    assert [each["status"] for each in told] == ["in_transit", "in_transit"]


def test_what_is_refused_is_told_to_nobody():
    assert told_by(lambda shop, _number, row: shop.refusal("fulfillments.json", parcel(row, 9))) == []
