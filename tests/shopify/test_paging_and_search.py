"""Walking lists, and finding things in them with Shopify's search syntax (dossier sections 5 and 6.1)."""

import base64
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mock_servers.core.fake import Size
from mock_servers.core.filters import All, Holds, Is, Not, Some
from mock_servers.shopify.behaviour.order_list import ORDERS
from mock_servers.shopify.behaviour.search import (
    Both,
    Either,
    Term,
    Without,
    holds_for,
    matches,
    parse,
    parsed_form,
)
from tests.shopify.shop import Shop, shop, stocked

SEEDED = shop(Size(orders=60, products=12))
SEEDED.world.settings["shopify.limit.cost"] = {"maximum": 10**9}
SORTS = [
    "CREATED_AT",
    "CURRENT_TOTAL_PRICE",
    "CUSTOMER_NAME",
    "DESTINATION",
    "FINANCIAL_STATUS",
    "FULFILLMENT_STATUS",
    "ID",
    "ORDER_NUMBER",
    "PO_NUMBER",
    "PROCESSED_AT",
    "RELEVANCE",
    "TOTAL_ITEMS_QUANTITY",
    "TOTAL_PRICE",
    "UPDATED_AT",
]
LIST = """query($first: Int, $after: String, $last: Int, $before: String, $sort: OrderSortKeys, $reverse: Boolean,
  $q: String) {
  orders(first: $first, after: $after, last: $last, before: $before, sortKey: $sort, reverse: $reverse, query: $q) {
    edges {cursor node {id name}} nodes {id} pageInfo {hasNextPage hasPreviousPage startCursor endCursor}}}"""


def walk(made: Shop, size: int, *, backward: bool = False, **about) -> list[str]:
    found: list[str] = []
    cursor = None
    for _ in range(200):
        window = {"last": size, "before": cursor} if backward else {"first": size, "after": cursor}
        page = made.ask(LIST, **window, **about)["orders"]
        names = [edge["node"]["name"] for edge in page["edges"]]
        assert [edge["node"]["id"] for edge in page["edges"]] == [node["id"] for node in page["nodes"]]
        found = names + found if backward else found + names
        about_page = page["pageInfo"]
        if names:
            assert about_page["startCursor"] == page["edges"][0]["cursor"]
            assert about_page["endCursor"] == page["edges"][-1]["cursor"]
        if not about_page["hasPreviousPage" if backward else "hasNextPage"]:
            return found
        cursor = about_page["startCursor" if backward else "endCursor"]
    raise AssertionError("the pages never end")


@given(size=st.integers(1, 70), sort=st.sampled_from(SORTS), reverse=st.booleans(), backward=st.booleans())
@settings(max_examples=60, deadline=None)
def test_walking_the_pages_shows_every_order_once_in_the_order_asked_for(size, sort, reverse, backward):
    whole = [
        edge["node"]["name"] for edge in SEEDED.ask(LIST, first=250, sort=sort, reverse=reverse)["orders"]["edges"]
    ]

    walked = walk(SEEDED, size, sort=sort, reverse=reverse, backward=backward)

    assert walked == whole
    assert len(set(whole)) == 60


def test_a_walk_goes_on_when_the_order_it_stopped_at_is_gone():
    made = stocked()
    for _ in range(5):
        made.order(("MUG-BLU", 1))
    page = made.ask(LIST, first=2, sort="ID")["orders"]
    made.change(
        "mutation($id: ID!) {orderDelete(orderId: $id) {userErrors {message}}}", id=page["edges"][1]["node"]["id"]
    )

    following = made.ask(LIST, first=5, sort="ID", after=page["pageInfo"]["endCursor"])["orders"]

    assert [edge["node"]["name"] for edge in following["edges"]] == ["#1003", "#1004", "#1005"]


def test_an_order_that_comes_in_meanwhile_is_seen_later():
    made = stocked()
    for _ in range(3):
        made.order(("MUG-BLU", 1))
    page = made.ask(LIST, first=2)["orders"]
    made.order(("MUG-BLU", 1))

    following = made.ask(LIST, first=5, after=page["pageInfo"]["endCursor"])["orders"]

    assert [edge["node"]["name"] for edge in following["edges"]] == ["#1003", "#1004"]


def test_both_ends_may_be_given():
    page = SEEDED.ask(LIST, first=10, sort="CREATED_AT")["orders"]["edges"]

    between = SEEDED.ask(LIST, first=50, sort="CREATED_AT", after=page[2]["cursor"], before=page[7]["cursor"])["orders"]

    assert [edge["node"]["name"] for edge in between["edges"]] == [edge["node"]["name"] for edge in page[3:7]]


def test_a_cursor_names_the_last_id_and_the_last_value():
    edge = SEEDED.ask(LIST, first=1, sort="ID")["orders"]["edges"][0]

    number = int(edge["node"]["id"].rsplit("/", 1)[1])
    assert json.loads(base64.b64decode(edge["cursor"])) == {"last_id": number, "last_value": str(number)}


@pytest.mark.parametrize(
    "cursor", ["", "x", "e30=", base64.b64encode(b'{"last_id": "x"}').decode(), "W10=", "é", "A" * 5000]
)
def test_a_cursor_that_is_none_is_refused(cursor):
    error = SEEDED.refused(LIST, first=1, after=cursor)

    assert error["message"] == "Invalid cursor for current pagination sort."


def test_lists_inside_an_order_are_walked_the_same_way():
    made = stocked()
    made.product("MUG-TAN", 9)
    id = made.order(("MUG-BLU", 1), ("MUG-RED", 1), ("MUG-TAN", 1))["id"]
    query = """query($id: ID!, $after: String, $reverse: Boolean) {order(id: $id) {
      lineItems(first: 2, after: $after, reverse: $reverse) {nodes {sku} pageInfo {hasNextPage endCursor}}}}"""

    def skus(**about):
        page = made.ask(query, id=id, **about)["order"]["lineItems"]
        return [node["sku"] for node in page["nodes"]], page["pageInfo"]

    first, info = skus()
    second, last = skus(after=info["endCursor"])
    backward, _ = skus(reverse=True)

    assert (first, second, backward) == (["MUG-BLU", "MUG-RED"], ["MUG-TAN"], ["MUG-TAN", "MUG-RED"])
    assert last["hasNextPage"] is False


def test_a_count_is_exact_up_to_its_limit():
    query = "query($n: Int) {ordersCount(limit: $n) {count precision}}"

    assert SEEDED.ask(query, n=10)["ordersCount"] == {"count": 10, "precision": "AT_LEAST"}
    assert SEEDED.ask(query, n=60)["ordersCount"] == {"count": 60, "precision": "EXACT"}
    assert SEEDED.ask(query, n=None)["ordersCount"] == {"count": 60, "precision": "EXACT"}


# The grammar ----------------------------------------------------------------------------------------------------------


def term(field: str, value: str, operator: str = "=") -> Term:
    return Term(field, operator, value)


GRAMMAR = [
    ("", Both(())),
    ("mug", term("", "mug")),
    ("status:open", term("status", "open")),
    ("status: open", term("status", "open")),
    ("a:1 b:2", Both((term("a", "1"), term("b", "2")))),
    ("a:1 AND b:2", Both((term("a", "1"), term("b", "2")))),
    ("a:1 OR b:2", Either((term("a", "1"), term("b", "2")))),
    ("a:1 b:2 OR c:3", Either((Both((term("a", "1"), term("b", "2"))), term("c", "3")))),
    ("a:1 (b:2 OR c:3)", Both((term("a", "1"), Either((term("b", "2"), term("c", "3")))))),
    ("-a:1", Without(term("a", "1"))),
    ("NOT a:1", Without(term("a", "1"))),
    ("-(a:1 b:2)", Without(Both((term("a", "1"), term("b", "2"))))),
    ("a:>=1", term("a", "1", ">=")),
    ("a:<'2026-11-01'", term("a", "2026-11-01", "<")),
    ('a:"x y"', term("a", "x y")),
    ('a:"x \\" y"', term("a", 'x " y')),
    ('"a:1"', term("", "a:1")),
    ("t:>2026-11-20T10:00:00Z b:1", Both((term("t", "2026-11-20T10:00:00Z", ">"), term("b", "1")))),
    ("id:gid://shopify/Order/1", term("id", "gid://shopify/Order/1")),
    ("well-known", term("", "well-known")),
    ("a:-5", term("a", "-5")),
    ("A:1", term("a", "1")),
    ("a:", term("a", "")),
    ("(a:1", term("a", "1")),
    (")a:1(", term("a", "1")),
    ("OR OR", Both(())),
]


@pytest.mark.parametrize(("text", "query"), GRAMMAR, ids=[each[0] for each in GRAMMAR])
def test_a_search_is_read_as_shopify_reads_it(text, query):
    assert parse(text) == query


@given(st.text(max_size=80) | st.text(alphabet="ab:<>=-() \"'ORNTAD*", max_size=80))
@settings(max_examples=300, deadline=None)
def test_any_text_is_a_search(text):
    condition, warnings = ORDERS.filters.read(text)

    assert isinstance(condition, (All, Some, Not, Is, Holds))
    assert all({"field", "message", "code"} == set(each) for each in warnings)
    assert parsed_form(parse(text))


def test_deep_nesting_harms_nobody():
    assert parse("(" * 5000 + "a:1")
    assert parse("-" * 9_999 + "a:1") == Without(Term("a", "=", "1"))
    assert parse("NOT " * 500 + "a:1") == Term("a", "=", "1")


# Searching orders -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def market() -> Shop:
    """Four orders that differ in everything one can search by."""
    made = stocked()
    made.order(("MUG-BLU", 1), email="ada@example.com", tags=["vip", "Gift Wrap"], source_identifier="EXT-1")
    made.advance(3600)
    made.order(("MUG-RED", 1), email="bob@example.com", paid=False, address={"last_name": "Ørsted", "city": "Köln"})
    made.advance(3600)
    made.order(("MUG-BLU", 2), ("MUG-RED", 1), email="ada@example.com", tags=["exported"])
    made.act("fulfill", order="#1003", items={"MUG-BLU": 1})
    made.advance(3600)
    made.order(("MUG-BLU", 1), email="eve@example.com")
    made.act("cancel", order="#1004")
    made.order(("MUG-RED", 1), email="ida@example.com")
    made.act("fulfill", order="#1005")
    return made


SEARCHES = [
    ("", "1 2 3 4 5"),
    ("name:#1003", "3"),
    ("name:1003", "3"),
    ("name:100*", "1 2 3 4 5"),
    ("email:ADA@example.com", "1 3"),
    ("status:open", "1 2 3"),
    ("status:closed", "4 5"),
    ("status:cancelled", "4"),
    ("status:not_closed", "1 2 3"),
    ("status:any", "1 2 3 4 5"),
    ("financial_status:paid", "1 3 5"),
    ("financial_status:pending", "2"),
    ("financial_status:refunded", "4"),
    ("financial_status:paid,pending", "1 2 3 5"),
    ("financial_status:unpaid", "2"),
    ("fulfillment_status:unshipped", "1 2"),
    ("fulfillment_status:unfulfilled", "1 2"),
    ("fulfillment_status:partial", "3"),
    ("fulfillment_status:fulfilled", "5"),
    ("fulfillment_status:shipped", "5"),
    ("tag:vip", "1"),
    ("tag:VIP", "1"),
    ("tag:'gift wrap'", "1"),
    ("tag:gift", ""),
    ("tag_not:exported", "1 2 4 5"),
    ("-tag:exported status:open", "1 2"),
    ("sku:mug-red", "2 3 5"),
    ("sku:MUG-RED -sku:MUG-BLU", "2 5"),
    ("(sku:MUG-RED OR tag:vip) financial_status:paid", "1 3 5"),
    ("NOT (status:cancelled OR status:closed)", "1 2 3"),
    ("created_at:>=2026-11-23T13:00:00Z", "2 3 4 5"),
    ("created_at:>2026-11-23T13:00:00Z created_at:<2026-11-23T15:00:00Z", "3"),
    ("created_at:2026-11-23", "1 2 3 4 5"),
    ("created_at:<2026-11-23", ""),
    ("created_at:>'2026-11-23T14:00:00+02:00'", "2 3 4 5"),
    ("updated_at:>=2026-11-23T15:00:00Z", "4 5"),
    ("processed_at:<=2026-11-23T12:00:00Z", "1"),
    ("source_identifier:EXT-1", "1"),
    ("source_name:web", "1 2 3 4 5"),
    ("test:false", "1 2 3 4 5"),
    ("test:true", ""),
    ("id:6100000000002", "2"),
    ("id:>=6100000000004", "4 5"),
    ("id:gid://shopify/Order/6100000000002", "2"),
    ("fulfillment_location_id:70000000001", "1 2 3 4 5"),
    ("fulfillment_location_id:1", ""),
    ("ada", "1 2 3 4 5"),  # every shopper is called Ada
    ("eve", "4"),
    ("ada@example", "1 3"),
    ("köln", "2"),
    ("ørsted", "2"),
    ("nobody", ""),
]


@pytest.mark.parametrize(("text", "numbers"), SEARCHES, ids=[each[0] for each in SEARCHES])
def test_a_search_finds_what_it_says(market, text, numbers):
    body = market.answer(LIST, first=50, q=text)

    assert "search" not in body["extensions"]
    assert [edge["node"]["name"] for edge in body["data"]["orders"]["edges"]] == [f"#100{n}" for n in numbers.split()]


def test_a_filter_nobody_knows_is_ignored_with_a_warning(market):
    body = market.answer(LIST, first=50, q="colour:blue status:open")

    assert len(body["data"]["orders"]["nodes"]) == 3
    assert body["extensions"]["search"] == [
        {
            "path": ["orders"],
            "query": "colour:blue status:open",
            "parsed": {
                "and": [{"field": "colour", "match_all": "blue"}, {"field": "status", "match_all": "open"}],
            },
            "warnings": [
                {"field": "colour", "message": "Invalid search field for this query.", "code": "invalid_field"}
            ],
        }
    ]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("created_at:yesterday", "invalid_value"),
        ("status:halfway", "invalid_value"),
        ("id:x", "invalid_value"),
        ("test:maybe", "invalid_value"),
        ("risk_level:high", "not_imitated"),
    ],
)
def test_a_value_that_means_nothing_and_a_filter_not_imitated_are_told_too(market, text, code):
    body = market.answer(LIST, first=50, q=text)

    assert len(body["data"]["orders"]["nodes"]) == 5
    assert body["extensions"]["search"][0]["warnings"][0]["code"] == code


@given(
    st.lists(
        st.sampled_from([each[0] for each in SEARCHES if each[0] and not each[0].startswith(("NOT", "-"))]),
        min_size=1,
        max_size=3,
    )
)
@settings(max_examples=60, deadline=None)
def test_a_condition_holds_in_memory_as_it_does_in_the_database(texts):
    text = " ".join(f"({each})" for each in texts)
    condition, _ = ORDERS.filters.read(text)
    collection = SEEDED.world.store.collection("shopify", "order")

    by_database = {row.id for row in collection.rows(condition)}
    by_hand = {row.id for row in collection.rows() if holds_for(condition, row.body)}

    assert by_database == by_hand


def test_other_resources_are_searched_by_their_own_filters():
    made = stocked()
    made.act("edit_product", sku="MUG-RED", title="Red mug", barcode="4006381333931")

    def found(query):
        return [next(iter(node.values())) for node in next(iter(made.ask(query).values()))["nodes"]]

    assert found("{products(first: 5, query: \"title:'red mug'\") {nodes {title}}}") == ["Red mug"]
    assert found('{products(first: 5, query: "sku:mug-blu status:active") {nodes {title}}}') == ["MUG-BLU"]
    assert found('{productVariants(first: 5, query: "sku:MUG-*") {nodes {sku}}}') == ["MUG-BLU", "MUG-RED"]
    assert found('{productVariants(first: 5, query: "barcode:4006381333931") {nodes {sku}}}') == ["MUG-RED"]
    assert found('{inventoryItems(first: 5, query: "sku:MUG-BLU") {nodes {sku}}}') == ["MUG-BLU"]
    assert found('{locations(first: 5, query: "name:shop*") {nodes {name}}}') == ["Shop location"]
    assert found('{fulfillmentOrders(first: 5, query: "status:open") {nodes {id}}}') == []


def test_a_filter_on_a_payload_reads_into_it():
    payload = {"total": "12.50", "lines": [{"sku": "A", "n": 2}, {"sku": "B", "n": 9}], "test": False, "note": None}

    assert matches(parse("total:>12 lines.sku:b"), payload)
    assert matches(parse("lines.n:>=9 test:false"), payload)
    assert not matches(parse("note:*"), payload)
    assert not matches(parse("nothing:1"), payload)


# The index that lags --------------------------------------------------------------------------------------------------


def names(made: Shop, q: str | None = None, **about) -> list[str]:
    return [edge["node"]["name"] for edge in made.ask(LIST, first=50, q=q, **about)["orders"]["edges"]]


def test_searches_lag_behind_when_a_world_says_so_and_reads_do_not():
    made = stocked()
    made.world.settings["shopify.search_lag_seconds"] = 5
    made.order(("MUG-BLU", 1), tags=["a"])
    fresh = names(made, "tag:a"), names(made)
    made.advance(5)
    indexed = names(made, "tag:a")
    made.change(
        "mutation($id: ID!) {orderUpdate(input: {id: $id, tags: []}) {userErrors {message}}}",
        id=made.documents("order")[0]["id"],
    )
    stale = names(made, "tag:a"), names(made, "-tag:a")
    made.advance(5)

    assert fresh == ([], ["#1001"])
    assert indexed == ["#1001"]
    assert stale == (["#1001"], [])
    assert (names(made, "tag:a"), names(made, "-tag:a")) == ([], ["#1001"])


def test_pages_of_a_lagging_index_are_whole():
    made = stocked()
    for _ in range(6):
        made.order(("MUG-BLU", 1), tags=["a"])
    made.world.settings["shopify.search_lag_seconds"] = 5
    for place in (1, 4):
        made.change(
            "mutation($id: ID!) {orderUpdate(input: {id: $id, tags: []}) {userErrors {message}}}",
            id=made.documents("order")[place]["id"],
        )

    assert walk(made, 2, q="tag:a", sort="ID") == [f"#100{n}" for n in range(1, 7)]
    assert walk(made, 2, q="tag:a", sort="ID", reverse=True) == [f"#100{n}" for n in range(6, 0, -1)]


def test_by_default_the_index_is_there_at_once():
    made = stocked()
    made.order(("MUG-BLU", 1), tags=["a"])

    assert names(made, "tag:a") == ["#1001"]
