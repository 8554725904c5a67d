"""Whatever fits the schema is answered: generated queries and mutations, on a shop where everything has happened."""

import graphql as gq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis_graphql import mutations, nodes, queries

from mock_servers.shopify.behaviour.endpoint import machine_of
from tests.shopify.test_scopes_and_nodes import everything_happened

SCHEMA = gq.print_schema(machine_of("2026-10").schema)
SHOP = everything_happened()
SHOP.world.settings["shopify.limit.cost"] = {"maximum": 10**9, "single_maximum": 10**9}
IDS = sorted(
    document["id"]
    for kind in ("order", "fulfillment_order", "fulfillment", "product", "variant", "inventory_item", "location")
    for document in SHOP.documents(kind)
)
DATES = ["2026-11-23T12:00:00Z", "2031-01-01T00:00:00+01:00", "2026-11-24", "1970-01-01T00:00:00Z", "no date"]
SCALARS = {
    "DateTime": st.sampled_from(DATES).map(nodes.String),
    "Decimal": st.sampled_from(["1", "-2.5", "1e3", "x"]).map(nodes.String),
    "Money": st.sampled_from(["1", "0.005", "-1"]).map(nodes.String),
    "URL": st.sampled_from(["https://a.example/", "http://127.0.0.1/x", ""]).map(nodes.String),
    "ID": st.sampled_from([*IDS, "x", "gid://shopify/Order/1"]).map(nodes.String),
    "UnsignedInt64": st.just("1").map(nodes.String),
    "ARN": st.just("arn:x").map(nodes.String),
    "JSON": st.just("{}").map(nodes.String),
    "HTML": st.just("<p>").map(nodes.String),
    "FormattedString": st.just("x").map(nodes.String),
}
CALM = settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
ROOTS = machine_of("2026-10").schema
QUERIES = sorted(set(ROOTS.query_type.fields) - {"job"})
MUTATIONS = sorted(ROOTS.mutation_type.fields)


def answered(text: str) -> None:
    reply = SHOP.send(text)

    assert reply.status_code == 200, reply.text[:500]
    assert "x-seatrial-broke" not in reply.headers
    body = reply.json()
    assert "data" in body or body["errors"]
    for error in body.get("errors", ()):
        assert error["message"]
        assert error.get("extensions", {}).get("code") != "INTERNAL_SERVER_ERROR", (text, error)


@given(st.data())
@CALM
def test_any_query_is_answered(data):
    field = data.draw(st.sampled_from(QUERIES))
    answered(data.draw(queries(SCHEMA, fields=[field], custom_scalars=SCALARS)))


@given(st.data())
@CALM
def test_any_mutation_is_answered_and_leaves_the_books_sound(data):
    field = data.draw(st.sampled_from(MUTATIONS))
    text = data.draw(mutations(SCHEMA, fields=[field], custom_scalars=SCALARS))

    answered(text)

    assert SHOP.sound() == []


@pytest.mark.parametrize("text", ["{shop {name}}\\ud800", '{order(id: "\\ud800") {id}}', '{order(id: "\\u0000") {id}}'])
def test_letters_that_are_none_harm_nobody(text):
    reply = SHOP.client.post(
        "/admin/api/2026-10/graphql.json",
        content=f'{{"query": "{text}"}}'.replace('"\\', '\\"\\').replace('") {', '\\") {'),
        headers={"Content-Type": "application/json"},
    )

    assert reply.status_code in {200, 400}
    assert "x-seatrial-broke" not in reply.headers
