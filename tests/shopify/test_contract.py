"""Shopify's contract against itself: examples that fit the schema and the cost rule, and evidence everywhere."""

import datetime
import json
import re
from pathlib import Path

import graphql as gq
import jsonschema_rs
import pytest

from contracts.contract import load
from mock_servers.core.graphql import Run, directive_arguments
from mock_servers.shopify import behaviour
from mock_servers.shopify.behaviour.endpoint import machine_of, version_for
from mock_servers.shopify.cost import bill_of
from tests.shopify.rest_shop import rest_shop
from tests.shopify.shop import shop

CONTRACT = load("shopify")
EXAMPLES = {example["file"]: example for example in CONTRACT.examples}
QUERIES = {name: each for name, each in EXAMPLES.items() if each["operation"] == "graphql"}


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_a_request_and_a_reply_that_its_operation_takes_and_gives(name):
    example = EXAMPLES[name]
    operation = CONTRACT.operations[example["operation"]]
    schema = operation.bodies["application/json"]
    reply = operation.replies[str(example["response"]["status"])]

    assert jsonschema_rs.is_valid(CONTRACT.schema(operation.surface, schema), example["request"]["body"])
    assert jsonschema_rs.is_valid(CONTRACT.schema(operation.surface, reply), example["response"]["body"])


@pytest.mark.parametrize("name", QUERIES)
def test_an_example_fits_the_schema_and_costs_what_it_says(name):
    request, body = QUERIES[name]["request"], QUERIES[name]["response"]["body"]
    machine = machine_of(version_for(request["path"].split("/")[3]))
    plan = machine.plan(request["body"]["query"])
    run = Run(plan, machine.variables(plan.operation, request["body"].get("variables", {})), None)
    cost = body.get("extensions", {}).get("cost", {})

    if cost:
        assert bill_of(plan).requested(run) == cost["requestedQueryCost"]
    if "data" in body:
        assert bill_of(plan).actual(body["data"]) == cost["actualQueryCost"]
    if body.get("data") and None not in body["data"].values():
        document = gq.parse(request["body"]["query"])
        again = gq.execute_sync(
            machine.schema, document, body["data"], variable_values=request["body"].get("variables")
        )
        assert (again.errors, again.data) == (None, body["data"])


@pytest.mark.parametrize(
    "name", ["window_missing.json", "inventory_set_without_key.json", "webhook_address_blank.json", "wrong_token.json"]
)
def test_a_refusal_in_an_example_is_what_the_fake_says(name):
    request, reply = QUERIES[name]["request"], QUERIES[name]["response"]
    made = shop()
    if reply["status"] == 401:
        made.client.headers["X-Shopify-Access-Token"] = "wrong"

    answered = made.post(request["path"], json=request["body"])

    assert answered.status_code == reply["status"]
    assert answered.json() == reply["body"] | (
        {"extensions": answered.json()["extensions"]} if "extensions" in reply["body"] else {}
    )


@pytest.mark.parametrize("version", ["2026-01", "2026-04", "2026-07", "2026-10"])
def test_the_schema_of_each_version_is_sound(version):
    schema = machine_of(version).schema

    assert gq.validate_schema(schema) == []
    assert schema.query_type.name == "QueryRoot"
    assert "evidence" not in {each.name for each in schema.directives}


def test_every_type_of_the_schema_says_how_sure_we_are():
    schema = machine_of("").schema
    without = []
    for name, each in schema.type_map.items():
        if each.ast_node is None or isinstance(each, (gq.GraphQLInputObjectType, gq.GraphQLInterfaceType)):
            continue
        if isinstance(each, gq.GraphQLUnionType) or name in {"QueryRoot", "Mutation", "EvidenceGrade"}:
            continue
        evidence = directive_arguments(each.ast_node, "evidence")
        if evidence is None:
            without.append(name)
            continue
        assert evidence["grade"] in {"documented", "observed", "assumed"}
        assert datetime.date.fromisoformat(evidence["read"]) <= datetime.date(2026, 12, 31)
    assert without == []


STATED = {
    "OrderAdjustment",
    "OrderCapturePayload",
    "ProductCreatePayload",
    "ProductDeletePayload",
    "SuggestedRefund",
    "UserError",
}
"""Types whose shape the dossier or the reference states; of the others they leave open what may be null."""
READ = re.compile(r"\(dossier §|\bAdmin GraphQL reference\b")


def evidence_of(node) -> dict:
    return directive_arguments(node, "evidence") or {}


def test_no_type_claims_a_nullability_that_was_never_read():
    objects = [each for each in machine_of("").schema.type_map.values() if isinstance(each, gq.GraphQLObjectType)]
    graded = {each.name: evidence_of(each.ast_node) for each in objects if each.ast_node}

    assert {name for name, evidence in graded.items() if evidence.get("grade") in {"documented", "observed"}} == STATED


def test_what_is_assumed_says_what_it_stands_on_and_what_is_not_says_where_it_is_stated():
    schema = machine_of("").schema
    roots = [*schema.query_type.fields.values(), *schema.mutation_type.fields.values()]
    stated = [evidence_of(each.ast_node) for each in [*schema.type_map.values(), *roots]]
    sources = {(each["grade"], each["source"]) for each in stated if each}

    assert {grade for grade, _ in sources} == {"documented", "observed", "assumed"}
    assert [
        source
        for grade, source in sources
        if (not READ.search(source) if grade != "assumed" else not re.search(r"\b(memory|not)\b", source))
    ] == []


def test_the_retries_take_four_hours_and_grow():
    after = CONTRACT.profile.webhooks.retries.after_seconds

    assert (len(after), sum(after)) == (8, 4 * 3600)
    assert list(after) == sorted(after)


def test_every_scope_a_field_asks_for_is_one_of_shopifys():
    schema = machine_of("").schema
    scopes = set()
    for each in schema.type_map.values():
        for node in [each.ast_node, *(field.ast_node for field in getattr(each, "fields", {}).values())]:
            scopes |= set((directive_arguments(node, "access") or {}).get("scopes", ()))

    assert scopes
    assert all(scope.startswith(("read_", "write_")) for scope in scopes)


README = (CONTRACT.folder / "README.md").read_text(encoding="utf-8")


def test_the_readme_shows_what_the_fake_answers():
    made = shop()
    sent = re.search(r"-d '(\{.*?\})'", README)
    shown = re.search(r"^\{\"data\".*$", README, re.MULTILINE)

    assert made.post("/admin/api/2026-10/graphql.json", json=json.loads(sent[1])).text == shown[0]


def test_the_readme_names_every_root_field_that_is_not_built():
    bulk = {"bulkOperation", "bulkOperations", "currentBulkOperation", "bulkOperationCancel", "bulkOperationRunQuery"}

    for name in set(machine_of("2026-10").unbuilt) - bulk:
        assert f"`{name}`" in README


def test_the_readme_names_every_switch_that_the_fake_reads():
    folder = Path(behaviour.__file__).parent
    read = {
        name
        for path in folder.glob("*.py")
        for name in re.findall(r'\.setting\(\s*"([a-z_.]+)"', path.read_text("utf-8"))
    }

    assert read
    assert all(f"| `{name}` |" in README for name in read)


PUBLISHED = {name: each for name, each in EXAMPLES.items() if CONTRACT.operations[each["operation"]].surface == "rest"}
NOT_SHOWN = {"payment_details"}
"""Members of published examples that nothing here leads to: no card is ever charged."""


def members(shown, path="") -> set[str]:
    """The path of every member of a document."""
    match shown:
        case dict():
            return {f"{path}.{name}" for name in shown} | set().union(
                *(members(each, f"{path}.{name}") for name, each in shown.items() if name not in NOT_SHOWN)
            )
        case list():
            return set().union(*(members(each, path) for each in shown))
    return set()


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_fake_shows_whatever_a_published_example_shows(name):
    """The same request, of what there is here instead of what there is in the example."""
    made = rest_shop()
    number = made.number(made.order(payment="SALE" if "refund" in name else "AUTHORIZATION"))
    line = made.rest(f"orders/{number}.json")["order"]["line_items"][0]["id"]
    parent = made.rest(f"orders/{number}/transactions.json")["transactions"][0]["id"]
    made.act("fulfill", order=str(number))
    parcel = made.rest(f"orders/{number}/fulfillments.json")["fulfillments"][0]["id"]
    numbers = {"450789469": number, "255858046": parcel, "518995019": line, "389404469": parent, "801038806": parent}
    text = json.dumps(PUBLISHED[name]["request"])
    for theirs, ours in numbers.items():
        text = text.replace(theirs, str(ours))
    request = json.loads(text)

    answer = made.client.request(request["method"], request["path"], json=request["body"])

    assert answer.status_code == PUBLISHED[name]["response"]["status"]
    lacking = members(PUBLISHED[name]["response"]["body"]) - members(answer.json())
    assert {each.rsplit(".", 1)[1] for each in lacking} <= NOT_SHOWN
