"""Query cost, by the dossier's worked figures and by what must hold of any query."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mock_servers.core.graphql import Run
from mock_servers.shopify.behaviour.endpoint import machine_of
from mock_servers.shopify.cost import bill_of, multiplier
from tests.shopify.shop import shop, stocked

STEPS = {
    0: 0, 1: 1, 2: 1, 3: 2, 4: 2, 5: 3, 7: 3, 8: 4, 12: 4, 13: 5, 20: 5, 21: 6, 33: 6, 34: 7, 54: 7, 55: 8, 90: 8,
    91: 9, 148: 9, 149: 10, 244: 10, 245: 11, 250: 11,
}  # fmt: skip


@pytest.mark.parametrize(("size", "times"), STEPS.items())
def test_a_page_counts_by_the_logarithm_of_its_size(size, times):
    assert multiplier(size) == times


def cost_of(query, made=None, **variables):
    return (made or shop()).answer(query, **variables)["extensions"]["cost"]


SECTION_6 = """
{orders(first: 5) {
  nodes {
    id name createdAt displayFinancialStatus displayFulfillmentStatus totalPriceSet {shopMoney {amount currencyCode}}
    fulfillmentOrders(first: 2) {
      nodes {
        id status requestStatus assignedLocation {location {id}}
        lineItems(first: 5) {nodes {id sku totalQuantity remainingQuantity}}
      }
    }
  }
  pageInfo {hasNextPage endCursor}
}}
"""

REQUESTED = [
    ("{shop {name}}", 1),
    ('{product(id: "gid://shopify/Product/1") {variants(first: 250) {nodes {inventoryItem {id}}}}}', 25),
    (
        '{inventoryItem(id: "gid://shopify/InventoryItem/1") {inventoryLevels(first: 5) {nodes {location {id} '
        'quantities(names: ["available"]) {quantity}}}}}',
        12,
    ),
    (SECTION_6, 35),
    ("{orders(first: 10) {nodes {id name}}}", 6),
    ("{orders(first: 10) {edges {cursor node {id name}} pageInfo {endCursor}}}", 6),
    ("{orders(last: 250) {nodes {id}}}", 13),
    ("{orders(first: 0) {nodes {id}}}", 2),
    ("{ordersCount {count}}", 10),
    ("{a: shop {name} b: shop {name}}", 2),
    ("{__typename}", 0),
    ("{__schema {queryType {name}}}", 0),
    ('{order(id: "gid://shopify/Order/1") {shippingAddress {city} totalPriceSet {shopMoney {amount}}}}', 1),
    ('{order(id: "gid://shopify/Order/1") {fulfillments(first: 50) {location {id}} refunds {id}}}', 4),
    ('{nodes(ids: ["gid://shopify/Order/1"]) {id ... on Order {customer {id}}}}', 2),
    (
        '{node(id: "gid://shopify/Order/1") {... on Order {customer {id}} '
        "... on Product {variants(first: 1) {nodes {id}}}}}",
        4,
    ),
]  # fmt: skip


@pytest.mark.parametrize(("query", "points"), REQUESTED, ids=[each[0][:48] for each in REQUESTED])
def test_the_requested_cost_is_the_worked_figure(query, points):
    assert cost_of(query)["requestedQueryCost"] == points


def test_the_sum_of_stock_mutations_is_the_worked_figure():
    query = """mutation($i: InventorySetQuantitiesInput!) {inventorySetQuantities(input: $i) @idempotent(key: "k")
      {inventoryAdjustmentGroup {changes {item {id} location {id}}} userErrors {field message code}}}"""

    body = shop().answer(query, i={"name": "available", "reason": "correction", "quantities": []})

    assert body["extensions"]["cost"]["requestedQueryCost"] == 13
    assert body["extensions"]["cost"]["actualQueryCost"] == 10


def test_what_came_back_is_what_it_did_cost():
    made = stocked()
    made.order(("MUG-BLU", 1))
    levels = """query($id: ID!) {inventoryItem(id: $id) {inventoryLevels(first: 5) {
      nodes {location {id} quantities(names: ["available"]) {quantity}}}}}"""
    item = made.documents("inventory_item")[0]["id"]

    assert cost_of(SECTION_6, made)["actualQueryCost"] == 11
    assert cost_of(levels, made, id=item)["actualQueryCost"] == 6
    assert cost_of("{orders {nodes {id}}}", made)["actualQueryCost"] == 2


def test_children_of_nothing_cost_nothing():
    assert cost_of('{order(id: "gid://shopify/Order/1") {customer {id} fulfillments {location {id}}}}') == {
        "requestedQueryCost": 4,
        "actualQueryCost": 1,
        "throttleStatus": {"maximumAvailable": 2000.0, "currentlyAvailable": 1999, "restoreRate": 100.0},
    }


def test_the_breakdown_comes_when_it_is_asked_for():
    made = shop()
    query = "{a: orders(first: 10) {nodes {customer {id}}} shop {name}}"

    plain = made.send(query).json()["extensions"]["cost"]
    debugged = made.send(query, headers={"Shopify-GraphQL-Cost-Debug": "1"}).json()["extensions"]["cost"]

    assert "fields" not in plain
    assert debugged["fields"] == [
        {"path": ["a"], "definedCost": 2, "requestedTotalCost": 10, "requestedChildrenCost": 8},
        {"path": ["a", "customer"], "definedCost": 1, "requestedTotalCost": 1, "requestedChildrenCost": 0},
        {"path": ["shop"], "definedCost": 1, "requestedTotalCost": 1, "requestedChildrenCost": 0},
    ]


def nested(outer: int, inner: int) -> str:
    return f"{{orders(first: {outer}) {{nodes {{id lineItems(first: {inner}) {{nodes {{variant {{id}}}}}}}}}}}}"


@given(outer=st.integers(0, 60), inner=st.integers(0, 60))
@settings(max_examples=40, deadline=None)
def test_asking_for_more_never_costs_less(outer, inner):
    def requested(first, second):
        plan = machine_of("2026-10").plan(nested(first, second))
        return bill_of(plan).requested(Run(plan, {}, None))

    assert requested(outer, inner) <= requested(outer + 1, inner) <= requested(outer + 1, inner + 1)


def test_an_answer_never_costs_more_than_was_asked_for():
    made = stocked()
    for _ in range(4):
        made.order(("MUG-BLU", 1), ("MUG-RED", 1))
    for outer in (1, 3, 10):
        cost = cost_of(nested(outer, 5), made)
        assert cost["actualQueryCost"] <= cost["requestedQueryCost"]


# The bucket -----------------------------------------------------------------------------------------------------------

DEAR = " ".join(f"a{number}: orders(first: 250) {{nodes {{customer {{id}} id}}}}" for number in range(41))  # 984


def test_a_query_above_a_thousand_points_never_runs():
    made = shop()
    thousand = f"{DEAR} ordersCount {{count}} orders(first: 10) {{nodes {{id}}}}"

    allowed = made.answer(f"{{{thousand}}}")
    error = made.refused(f"{{{thousand} shop {{name}}}}")

    assert allowed["extensions"]["cost"]["requestedQueryCost"] == 1000
    assert error["message"].startswith("Query cost is 1001, which exceeds the single query max cost limit (1000).")
    assert error["extensions"] == {
        "code": "MAX_COST_EXCEEDED",
        "cost": 1001,
        "maxCost": 1000,
        "documentation": "https://shopify.dev/api/usage/rate-limits",
    }


def test_a_query_that_does_not_fit_into_the_bucket_is_throttled_with_a_200():
    made = shop()
    made.world.settings["shopify.limit.cost"] = {"maximum": 30, "restore_per_second": 10}
    query = "{orders(first: 250) {nodes {id customer {id}}}}"  # 24 points, 2 of them used

    first = made.send(query)
    for _ in range(20):
        last = made.send(query)

    assert first.json()["extensions"]["cost"]["throttleStatus"]["currentlyAvailable"] == 28
    assert (last.status_code, "retry-after" in last.headers) == (200, False)
    assert last.json() == {
        "errors": [
            {
                "message": "Throttled",
                "extensions": {
                    "code": "THROTTLED",
                    "documentation": "https://shopify.dev/api/usage/rate-limits",
                },
            }
        ],
        "extensions": {
            "cost": {
                "requestedQueryCost": 24,
                "actualQueryCost": None,
                "throttleStatus": {"maximumAvailable": 30.0, "currentlyAvailable": 22, "restoreRate": 10.0},
            }
        },
    }


def test_the_bucket_fills_again_by_the_worlds_clock():
    made = shop()
    made.world.settings["shopify.limit.cost"] = {"maximum": 30, "restore_per_second": 10}
    for _ in range(5):
        made.send("{orders(first: 250) {nodes {id customer {id}}}}")

    made.advance(0.5)
    half = made.answer("{shop {name}}")["extensions"]["cost"]["throttleStatus"]["currentlyAvailable"]
    made.advance(60)
    whole = made.answer("{shop {name}}")["extensions"]["cost"]["throttleStatus"]["currentlyAvailable"]

    assert (half, whole) == (26, 29)


def test_a_query_that_does_not_validate_costs_nothing():
    made = shop()

    assert "extensions" not in made.answer("{nope}")
    assert made.answer("{shop {name}}")["extensions"]["cost"]["throttleStatus"]["currentlyAvailable"] == 1999


def test_each_app_has_a_bucket_of_its_own():
    made = shop()
    made.world.work("shopify").grant("token", "shpat_other", "another-app", scopes=["read_orders"])
    made.send("{ordersCount {count}}")

    other = made.send("{shop {name}}", headers={"X-Shopify-Access-Token": "shpat_other"}).json()

    assert other["extensions"]["cost"]["throttleStatus"]["currentlyAvailable"] == 1999
