"""What the endpoint says of queries and variables that are no good, in Shopify's words."""

import pytest

from mock_servers.core.graphql import directive_arguments
from mock_servers.shopify.behaviour.endpoint import machine_of
from tests.shopify.shop import shop

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
