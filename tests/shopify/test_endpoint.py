"""The GraphQL door: versions, refusals in Shopify's words, scopes, and faults in its dialect."""

import json
import re

import graphql as gq
import pytest

from mock_servers.core.graphql import directive_arguments
from mock_servers.shopify.behaviour.endpoint import machine_of, version_for
from tests.shopify.shop import Shop, shop, stocked

UNAUTHORIZED = {"errors": "[API] Invalid API key or access token (unrecognized login or wrong password)"}

# Versions -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "used"),
    [
        ("2026-10", "2026-10"),
        ("2026-01", "2026-01"),
        ("2025-10", "2026-01"),
        ("2019-04", "2026-01"),
        ("2027-01", ""),
        ("2026-02", ""),
        ("unstable", ""),
        ("", ""),
        ("２０２５-10", ""),
    ],
)
def test_a_retired_version_falls_forward_and_an_unknown_one_is_not_there(asked, used):
    assert version_for(asked) == used


def test_the_version_that_answered_is_said_on_every_answer():
    made = shop()

    replies = [made.send("{shop {name}}", version=version) for version in ("2026-04", "2024-07", "2026-02")]

    assert [reply.status_code for reply in replies] == [200, 200, 404]
    assert [reply.headers["x-shopify-api-version"] for reply in replies] == ["2026-04", "2026-01", "2026-10"]
    assert replies[2].json() == {"errors": "Not Found"}
    assert len({reply.headers["x-request-id"] for reply in replies}) == 3
    assert replies[0].headers["content-type"] == "application/json; charset=utf-8"


def test_a_retired_version_has_the_schema_of_the_oldest():
    made = shop()
    made.version = "2025-04"

    assert made.refused("{orders(first: 1) {nodes {attribution {handle}}}}")["extensions"]["fieldName"] == "attribution"


# Before GraphQL -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("token", ["", "nonsense", "shpat_seatria", "ключ".encode()])
def test_a_wrong_token_is_a_401_that_is_not_shaped_like_graphql(token):
    reply = shop().send("{shop {name}}", headers={"X-Shopify-Access-Token": token})

    assert (reply.status_code, reply.json()) == (401, UNAUTHORIZED)


def test_an_expired_token_is_like_a_wrong_one():
    made = shop()
    work = made.world.work("shopify")
    work.grant("token", "shpat_short", "seatrial-client-id", scopes=["read_orders"], seconds=60)
    made.client.headers["X-Shopify-Access-Token"] = "shpat_short"

    before = made.send("{shop {name}}").status_code
    made.advance(60)

    assert (before, made.send("{shop {name}}").status_code) == (200, 401)


@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [
        (b"{", {"Content-Type": "application/json"}, 400),
        (b"[]", {"Content-Type": "application/json"}, 400),
        (b"{}", {"Content-Type": "application/json"}, 400),
        (b'{"query": 5}', {"Content-Type": "application/json"}, 400),
        (b'{"query": "{shop{name}}", "variables": []}', {"Content-Type": "application/json"}, 400),
        (b"", {"Content-Type": "application/json"}, 400),
        (b"{shop{name}}", {"Content-Type": "application/graphql"}, 415),
        (b'{"query": "' + b"x" * 5_000_000 + b'"}', {"Content-Type": "application/json"}, 413),
        (b'{"query": "\xff"}', {"Content-Type": "application/json"}, 400),
    ],
)
def test_a_body_that_is_no_request_is_refused_before_graphql(content, headers, status):
    made = shop()
    before = made.kept()

    reply = made.client.post("/admin/api/2026-10/graphql.json", content=content, headers=headers)

    assert reply.status_code == status
    assert "errors" in reply.json()
    assert made.kept() == before


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
def test_another_method_is_not_found(method):
    reply = shop().client.request(method, "/admin/api/2026-10/graphql.json")

    assert (reply.status_code, reply.json()) == (404, {"errors": "Not Found"})


def test_a_path_that_is_not_there_is_not_found():
    reply = shop().get("/admin/api/2026-10/nothing.json")

    assert (reply.status_code, reply.json()) == (404, {"errors": "Not Found"})


# Shopify's words ------------------------------------------------------------------------------------------------------

STATIC = [
    (
        "query Shop {shop {nam}}",
        "Field 'nam' doesn't exist on type 'Shop'",
        ["query Shop", "shop", "nam"],
        {"code": "undefinedField", "typeName": "Shop", "fieldName": "nam"},
    ),
    (
        "{orders(first: 1, size: 2) {nodes {id}}}",
        "Field 'orders' doesn't accept argument 'size'",
        ["query", "orders", "size"],
        {"code": "argumentNotAccepted", "name": "orders", "typeName": "Field", "argumentName": "size"},
    ),
    (
        "{order {id}}",
        "Field 'order' is missing required arguments: id",
        ["query", "order"],
        {"code": "missingRequiredArguments", "className": "Field", "name": "order", "arguments": "id"},
    ),
    (
        "query($id: String!) {order(id: $id) {id}}",
        "Type mismatch on variable $id and argument id (String! / ID!)",
        ["query", "order", "id"],
        {
            "code": "variableMismatch",
            "variableName": "id",
            "typeName": "String!",
            "argumentName": "id",
            "errorMessage": "Type mismatch",
        },
    ),
    (
        '{orders(first: "many") {nodes {id}}}',
        "Argument 'first' on Field 'orders' has an invalid value (\"many\"). Expected type 'Int'.",
        ["query", "orders", "first"],
        {"code": "argumentLiteralsIncompatible", "typeName": "Field", "argumentName": "first"},
    ),
    (
        'mutation {fulfillmentOrderReschedule(id: 1, fulfillAt: "soon") {userErrors {code}}}',
        "Argument 'fulfillAt' on Field 'fulfillmentOrderReschedule' has an invalid value (\"soon\"). Expected type "
        "'DateTime!'.",
        ["mutation", "fulfillmentOrderReschedule", "fulfillAt"],
        {"code": "argumentLiteralsIncompatible", "typeName": "Field", "argumentName": "fulfillAt"},
    ),
    (
        'query($d: DateTime = "soon") {shop {name}}',
        "Default value for $d doesn't match type DateTime",
        ["query"],
        {"code": "defaultValueInvalidType", "variableName": "d", "typeName": "DateTime"},
    ),
    (
        "{shop}",
        "Field must have selections (field 'shop' returns Shop but has no selections. Did you mean 'shop { ... }'?)",
        ["query", "shop"],
        {"code": "selectionMismatch", "nodeName": "field 'shop'", "typeName": "Shop"},
    ),
    (
        "{shop {name {first}}}",
        "Selections can't be made on scalars (field 'name' returns String but has selections [\"first\"])",
        ["query", "shop", "name"],
        {"code": "selectionMismatch", "nodeName": "field 'name'", "typeName": "String"},
    ),
    (
        "mutation {tagsAdd(id: 5) {userErrors {message}}}",
        "Field 'tagsAdd' is missing required arguments: tags",
        ["mutation", "tagsAdd"],
        {"code": "missingRequiredArguments", "className": "Field", "name": "tagsAdd", "arguments": "tags"},
    ),
    (
        'mutation {orderClose(input: {id: 1, why: "x"}) {userErrors {message}}}',
        "InputObject 'OrderCloseInput' doesn't accept argument 'why'",
        ["mutation", "orderClose", "input", "why"],
        {"code": "argumentNotAccepted", "name": "OrderCloseInput", "typeName": "InputObject", "argumentName": "why"},
    ),
    (
        "mutation {orderClose(input: {}) {userErrors {message}}}",
        "Argument 'id' on InputObject 'OrderCloseInput' is required. Expected type ID!",
        ["mutation", "orderClose", "input", "id"],
        {
            "code": "missingRequiredInputObjectAttribute",
            "argumentName": "id",
            "argumentType": "ID!",
            "inputObjectType": "OrderCloseInput",
        },
    ),
    (
        "query Q($a: ID!) {shop {name}}",
        "Variable $a is declared by Q but not used",
        ["query Q"],
        {"code": "variableNotUsed", "variableName": "a"},
    ),
    (
        "{order(id: $a) {id}}",
        "Variable $a is used by anonymous query but not declared",
        ["query"],
        {"code": "variableNotDefined", "variableName": "a"},
    ),
    (
        "{shop {...Gone}}",
        "Fragment Gone was used, but not defined",
        ["query", "shop", "... Gone"],
        {"code": "useAndDefineFragment", "fragmentName": "Gone"},
    ),
    (
        "{shop {name @shout}}",
        "Directive @shout is not defined",
        ["query", "shop"],
        {"code": "undefinedDirective", "directiveName": "shout"},
    ),
]


@pytest.mark.parametrize(("query", "message", "path", "extensions"), STATIC, ids=[each[0] for each in STATIC])
def test_a_query_that_does_not_fit_the_schema_is_told_in_shopifys_words(query, message, path, extensions):
    body = shop().answer(query)

    assert list(body) == ["errors"]
    error = body["errors"][0]
    assert (error["message"], error["path"], error["extensions"]) == (message, path, extensions)


def test_a_variable_that_does_not_fit_is_told_with_its_value_and_problems():
    query = "mutation($input: OrderInput!) {orderUpdate(input: $input) {userErrors {message}}}"
    given = {"tags": ["a", None], "customAttributes": [{"key": "k"}], "planet": "Mars"}

    body = shop().answer(query, input=given)

    assert list(body) == ["errors"]
    error = body["errors"][0]
    assert error["message"] == (
        "Variable $input of type OrderInput! was provided invalid value for planet (Field is not defined on "
        "OrderInput), customAttributes.0.value (Expected value to not be null), id (Expected value to not be null), "
        "tags.1 (Expected value to not be null)"
    )
    assert error["locations"] == [{"line": 1, "column": 10}]
    assert error["extensions"] == {
        "code": "INVALID_VARIABLE",
        "value": given,
        "problems": [
            {"path": ["planet"], "explanation": "Field is not defined on OrderInput"},
            {"path": ["customAttributes", 0, "value"], "explanation": "Expected value to not be null"},
            {"path": ["id"], "explanation": "Expected value to not be null"},
            {"path": ["tags", 1], "explanation": "Expected value to not be null"},
        ],
    }


def test_a_word_that_is_no_country_is_told_with_those_that_are():
    query = "mutation($i: OrderInput!) {orderUpdate(input: $i) {userErrors {message}}}"

    error = shop().refused(query, i={"id": "1", "shippingAddress": {"countryCode": "XX"}})

    assert 'shippingAddress.countryCode (Expected "XX" to be one of: AC, AD, ' in error["message"]


@pytest.mark.parametrize(
    ("of", "value", "words"),
    [
        ("Int", "x", 'Could not coerce value "x" to Int'),
        ("DateTime!", "yesterday", "invalid DateTime 'yesterday'"),
    ],
)
def test_a_whole_variable_that_does_not_fit_says_why(of, value, words):
    queries = {
        "Int": "query($v: Int) {orders(first: $v) {nodes {id}}}",
        "DateTime!": "mutation($v: DateTime!) {fulfillmentOrderReschedule(id: 1, fulfillAt: $v) {userErrors {code}}}",
    }

    error = shop().refused(queries[of], v=value)

    assert error["message"] == f"Variable $v of type {of} was provided invalid value"
    assert error["extensions"]["problems"] == [{"path": [], "explanation": words}]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("{orders {nodes {id}}}", "you must provide one of first or last"),
        ("{orders(first: 1, last: 1) {nodes {id}}}", "providing both first and last is not supported"),
        ("{orders(first: 251) {nodes {id}}}", "first cannot exceed 250"),
        ("{orders(first: -1) {nodes {id}}}", "first cannot be negative"),
        ('{orders(first: 1, after: "x") {nodes {id}}}', "Invalid cursor for current pagination sort."),
    ],
)
def test_a_window_that_cannot_be_is_a_bad_request_without_data(query, message):
    body = shop().answer(query)

    assert body["data"] is None
    assert (body["errors"][0]["message"], body["errors"][0]["extensions"]) == (message, {"code": "BAD_REQUEST"})


@pytest.mark.parametrize(
    ("id", "refused"),
    [
        ("gid://shopify/Order/1", False),
        ("gid://shopify/Product/1", True),
        ("1", True),
        ("gid://shopify/Order/x", True),
        ("gid://shopify/Order/1/2", True),
        ("gid://other/Order/1", True),
        ("", True),
    ],
)
def test_an_id_that_is_no_orders_is_refused_and_one_that_is_nobodys_is_null(id, refused):
    body = shop().answer("query($id: ID!) {order(id: $id) {id}}", id=id)

    assert body["data"] == {"order": None}
    assert [error["extensions"]["code"] for error in body.get("errors", [])] == ["RESOURCE_NOT_FOUND"] * refused


def test_an_input_of_more_than_250_is_refused():
    made = shop()

    error = made.refused("mutation($t: [String!]!) {tagsAdd(id: 1, tags: $t) {userErrors {message}}}", t=["x"] * 251)
    many = made.refused("query($ids: [ID!]!) {nodes(ids: $ids) {id}}", ids=["gid://shopify/Order/1"] * 251)

    assert error["extensions"]["code"] == many["extensions"]["code"] == "MAX_INPUT_SIZE_EXCEEDED"


def test_what_is_declared_and_not_built_says_so():
    made = shop()

    body = made.answer('mutation {bulkOperationRunQuery(query: "{shop {name}}") {bulkOperation {id}}}')

    assert body["data"] == {"bulkOperationRunQuery": None}
    assert body["errors"][0]["extensions"]["code"] == "NOT_IMPLEMENTED"
    assert "not built" in body["errors"][0]["message"]


@pytest.mark.parametrize("version", ["2026-01", "2026-04", "2026-07", "2026-10"])
def test_every_root_field_is_either_built_or_marked(version):
    machine = machine_of(version)
    marked = {
        name
        for name, field in machine.root_fields.items()
        if directive_arguments(field.ast_node, "unbuilt") is not None
    }

    assert set(machine.unbuilt) == marked
    assert all(directive_arguments(field.ast_node, "evidence") for field in machine.root_fields.values())


def test_operations_are_picked_by_name():
    made = shop()
    two = "query A {shop {name}} query B {shop {id}}"

    picked = made.send(two, body={"operationName": "B"}).json()
    none = made.send(two).json()
    wrong = made.send(two, body={"operationName": "C"}).json()

    assert picked["data"] == {"shop": {"id": "gid://shopify/Shop/1"}}
    assert none["errors"][0]["message"] == "An operation name is required"
    assert wrong["errors"][0]["message"] == 'No operation named "C"'


# Scopes ---------------------------------------------------------------------------------------------------------------

DENIED = [
    ("write_products", "{orders(first: 1) {nodes {id}}}", "orders", "read_orders", None),
    ("read_orders", "{products(first: 1) {nodes {id}}}", "products", "read_products", None),
    (
        "read_orders",
        'mutation {orderClose(input: {id: "gid://shopify/Order/1"}) {userErrors {message}}}',
        "orderClose",
        "write_orders",
        {"orderClose": None},
    ),
    (
        "read_orders",
        '{customer(id: "gid://shopify/Customer/1") {id}}',
        "customer",
        "read_customers",
        {"customer": None},
    ),
]


@pytest.mark.parametrize(("scopes", "query", "field", "scope", "data"), DENIED, ids=[each[2] for each in DENIED])
def test_a_field_without_its_scope_is_denied_by_name(scopes, query, field, scope, data):
    body = shop(scopes=scopes).answer(query)

    assert body["data"] == data
    assert body["errors"][0]["message"] == (
        f"Access denied for {field} field. Required access: `{scope}` access scope."
    )
    assert body["errors"][0]["extensions"] == {
        "code": "ACCESS_DENIED",
        "documentation": "https://shopify.dev/api/usage/access-scopes",
        "requiredAccess": f"`{scope}` access scope.",
    }


def test_a_nested_field_is_denied_and_the_rest_is_answered():
    made = stocked()
    made.order()
    made.world.work("shopify").grant("token", "shpat_x", "seatrial-client-id", scopes=["read_orders"])
    made.client.headers["X-Shopify-Access-Token"] = "shpat_x"

    body = made.answer("{orders(first: 1) {nodes {name customer {id}}}}")

    assert body["data"] == {"orders": {"nodes": [{"name": "#1001", "customer": None}]}}
    assert body["errors"][0]["path"] == ["orders", "nodes", 0, "customer"]


def test_writing_implies_reading():
    assert shop(scopes="write_orders").ask("{ordersCount {count precision}}") == {
        "ordersCount": {"count": 0, "precision": "EXACT"}
    }


def test_a_node_needs_the_scope_of_its_type():
    made = stocked()
    id = made.order()["id"]
    made.world.work("shopify").grant("token", "shpat_x", "seatrial-client-id", scopes=["read_products"])
    made.client.headers["X-Shopify-Access-Token"] = "shpat_x"

    body = made.answer("query($id: ID!) {node(id: $id) {id}}", id=id)

    assert (body["data"], body["errors"][0]["extensions"]["code"]) == ({"node": None}, "ACCESS_DENIED")


def test_an_app_reads_its_own_scopes():
    made = shop(scopes="write_orders read_products read_orders")

    shown = made.ask("{currentAppInstallation {app {title} accessScopes {handle}}}")["currentAppInstallation"]

    assert [each["handle"] for each in shown["accessScopes"]] == ["read_products", "write_orders"]


# Nodes, the shop, and what else there is ------------------------------------------------------------------------------


def test_anything_is_found_by_its_global_id():
    made = stocked()
    order = made.order()
    row = made.waiting(order)[0]
    ids = [order["id"], row["id"], row["locationId"], made.documents("variant")[0]["id"], "gid://shopify/Order/9"]

    nodes = made.ask(
        "query($ids: [ID!]!) {nodes(ids: $ids) {__typename id ... on Order {name} ... on ProductVariant {sku}}}",
        ids=ids,
    )["nodes"]

    assert nodes == [
        {"__typename": "Order", "id": ids[0], "name": "#1001"},
        {"__typename": "FulfillmentOrder", "id": ids[1]},
        {"__typename": "Location", "id": ids[2]},
        {"__typename": "ProductVariant", "id": ids[3], "sku": "MUG-BLU"},
        None,
    ]


def test_every_plain_field_of_the_main_types_can_be_asked_for():
    """No field of the schema is declared and then forgotten: each answers, on a shop where everything has happened."""
    made = everything_happened()
    machine = machine_of("2026-10")
    for type_name, where in WHERE.items():
        fields = " ".join(leaves(machine, type_name))
        body = made.answer(where.replace("FIELDS", fields), **ids_of(made))
        assert "errors" not in body, (type_name, body["errors"][:2])


WHERE = {
    "Order": "query($order: ID!) {order(id: $order) {FIELDS}}",
    "LineItem": "query($order: ID!) {order(id: $order) {lineItems(first: 5) {nodes {FIELDS}}}}",
    "MailingAddress": "query($order: ID!) {order(id: $order) {shippingAddress {FIELDS}}}",
    "ShippingLine": "query($order: ID!) {order(id: $order) {shippingLines(first: 5) {nodes {FIELDS}}}}",
    "OrderTransaction": "query($order: ID!) {order(id: $order) {transactions {FIELDS}}}",
    "Refund": "query($order: ID!) {order(id: $order) {refunds {FIELDS}}}",
    "RefundLineItem": "query($order: ID!) {order(id: $order) {refunds {refundLineItems(first: 5) {nodes {FIELDS}}}}}",
    "Customer": "query($order: ID!) {order(id: $order) {customer {FIELDS}}}",
    "FulfillmentOrder": "query($order: ID!) {order(id: $order) {fulfillmentOrders(first: 5) {nodes {FIELDS}}}}",
    "FulfillmentOrderLineItem": "query($order: ID!) {order(id: $order) {fulfillmentOrders(first: 5) {nodes "
    "{lineItems(first: 5) {nodes {FIELDS}}}}}}",
    "FulfillmentHold": "{fulfillmentOrders(first: 9) {nodes {fulfillmentHolds {FIELDS}}}}",
    "Fulfillment": "query($order: ID!) {order(id: $order) {fulfillments {FIELDS}}}",
    "FulfillmentEvent": "query($order: ID!) {order(id: $order) {fulfillments {events(first: 5) {nodes {FIELDS}}}}}",
    "FulfillmentLineItem": "query($order: ID!) {order(id: $order) {fulfillments {fulfillmentLineItems(first: 5) {nodes "
    "{FIELDS}}}}}",
    "Product": "{products(first: 5) {nodes {FIELDS}}}",
    "ProductVariant": "{productVariants(first: 5) {nodes {FIELDS}}}",
    "InventoryItem": "{inventoryItems(first: 5) {nodes {FIELDS}}}",
    "InventoryLevel": "{inventoryItems(first: 5) {nodes {inventoryLevels(first: 5) {nodes {FIELDS}}}}}",
    "Location": "{locations(first: 5) {nodes {FIELDS}}}",
    "Shop": "{shop {FIELDS}}",
    "FulfillmentService": "{shop {fulfillmentServices {FIELDS}}}",
    "WebhookSubscription": "{webhookSubscriptions(first: 5) {nodes {FIELDS}}}",
    "InventoryQuantityName": "{inventoryProperties {quantityNames {FIELDS}}}",
    "ApiVersion": "{publicApiVersions {FIELDS}}",
    "App": "{app {FIELDS}}",
}
SMALL = (
    "id",
    "name",
    "shopMoney {amount}",
    "count",
    "action",
    "title",
    "handle",
    "key",
    "unit",
    "amount",
    "city",
    "code",
)


def leaves(machine, type_name: str, depth: int = 0) -> list[str]:
    """Every field that needs no argument: leaves as they are, objects by one leaf of theirs, connections by a page."""
    found = []
    for name, field in machine.schema.get_type(type_name).fields.items():
        required = [key for key, each in field.args.items() if gq.is_required_argument(each)]
        if required or (type_name == "Job" and name == "query"):
            continue
        named = gq.get_named_type(field.type)
        arguments = "(first: 1)" if "first" in field.args else ""
        if gq.is_leaf_type(named):
            found.append(name + arguments)
        elif named.name.endswith("Connection"):
            found.append(f"{name}{arguments} {{nodes {{__typename}} edges {{cursor}} pageInfo {{endCursor}}}}")
        elif gq.is_abstract_type(named) or depth:
            found.append(f"{name}{arguments} {{__typename}}")
        else:
            inner = [leaf for leaf in leaves(machine, named.name, depth + 1) if " " not in leaf and "(" not in leaf]
            found.append(f"{name}{arguments} {{{' '.join(inner) or '__typename'}}}")
    return found


def everything_happened() -> Shop:
    made = stocked()
    order = made.order(("MUG-BLU", 3), ("MUG-RED", 2))
    made.act("fulfill", order="#1001", items={"MUG-BLU": 1}, carrier="UPS", tracking_number="1Z")
    fulfillment = made.documents("fulfillment")[0]["id"]
    made.change(
        "mutation($id: ID!) {fulfillmentEventCreate(fulfillmentEvent: {fulfillmentId: $id, status: IN_TRANSIT}) "
        "{userErrors {message}}}",
        id=fulfillment,
    )
    made.change(
        'mutation($i: RefundInput!) {refundCreate(input: $i) @idempotent(key: "r") {userErrors {message}}}',
        i={"orderId": order["id"], "refundLineItems": [{"lineItemId": order["lines"][1]["id"], "quantity": 1}]},
    )
    held = made.waiting(made.order(("MUG-RED", 1)))[0]["id"]
    made.change(
        "mutation($id: ID!) {fulfillmentOrderHold(id: $id, fulfillmentHold: {reason: OTHER}) {userErrors {message}}}",
        id=held,
    )
    made.change(
        "mutation {webhookSubscriptionCreate(topic: ORDERS_CREATE, "
        'webhookSubscription: {uri: "https://example.com/x"}) {userErrors {message}}}'
    )
    made.act("add_location", name="Dock", fulfillment_service=True)
    return made


def ids_of(made: Shop) -> dict[str, str]:
    return {"order": made.documents("order")[0]["id"]}


# Faults ---------------------------------------------------------------------------------------------------------------


def test_a_fault_strikes_a_root_field_by_its_name():
    made = stocked()
    order = made.order()
    made.faults.next("orderClose", "refuse", error="graphql_internal_error")

    other = made.send("{ordersCount {count}}").json()
    struck = made.send("mutation($id: ID!) {orderClose(input: {id: $id}) {userErrors {message}}}", {"id": order["id"]})

    assert "errors" not in other
    assert struck.status_code == 200
    assert struck.json()["errors"][0]["extensions"] == {"code": "INTERNAL_SERVER_ERROR"}
    assert made.kept_order(order["id"])["closed"] is False


@pytest.mark.parametrize(
    ("error", "status"),
    [
        ("unavailable", 503),
        ("shop_frozen", 402),
        ("shop_locked", 423),
        ("security_rejection", 430),
        ("too_many_requests", 429),
        ("graphql_timeout", 200),
        ("shop_inactive", 200),
    ],
)
def test_the_vendors_other_refusals_can_be_planned(error, status):
    made = shop()
    made.faults.next("*", "refuse", error=error)

    reply = made.send("{shop {name}}")

    assert reply.status_code == status
    assert reply.json()["errors"]
    assert made.send("{shop {name}}").json()["data"]


def test_a_planned_throttle_is_shopifys_own():
    made = shop()
    made.faults.next("shop", "throttle")

    body = made.send("{shop {name}}").json()

    assert body["errors"][0]["extensions"]["code"] == "THROTTLED"
    assert body["extensions"]["cost"]["actualQueryCost"] is None


def test_the_journal_names_the_root_field_and_hides_the_token():
    made = shop()
    made.send("{ordersCount {count}}")

    entry = made.journal()[-1]

    assert entry.operation == "ordersCount"
    assert "shpat_seatrial" not in str(entry)


def test_no_secret_is_in_any_answer_or_journal_entry():
    made = stocked()
    made.order()
    made.post(
        "/admin/oauth/access_token",
        json={
            "client_id": "seatrial-client-id",
            "client_secret": "seatrial-client-secret",
            "grant_type": "client_credentials",
        },
    )

    text = json.dumps([str(entry) for entry in made.journal()])

    assert "seatrial-client-secret" not in text
    assert not re.search(r"shpat_[0-9a-f]{32}", text)
