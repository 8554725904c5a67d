"""Schemathesis over every document there is: any request that fits it, and many that do not, with every check on.

`SEATRIAL_DEEP=1` asks a thousand examples of each operation, new ones each time; otherwise few, and the same ones.
"""

import copy
import os
from functools import cache
from typing import Any

import graphql as gq
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from hypothesis_graphql import nodes
from schemathesis import GenerationMode
from schemathesis.config import SchemathesisConfig
from schemathesis.core.errors import NoLinksFound

from contracts.profile import NEEDED, QueryCost
from mock_servers.core.asgi import VendorAsgi
from seatrial.verify import Target
from seatrial.verify.bench import Bench, graphql_operation
from seatrial.verify.exchange import Exchange
from seatrial.verify.graph import schema_of
from seatrial.verify.recipes import is_graphql
from seatrial.verify.schemas import TEXTS
from tests.laws.places import VENDORS, contract_of, target_of

pytestmark = pytest.mark.sweep
DEEP = bool(os.environ.get("SEATRIAL_DEEP"))
EXAMPLES = 1000 if DEEP else 6
EXAMPLES_OF_A_FIELD = 1000 if DEEP else 2
STORIES = 60 if DEEP else 8
WITHOUT_END = 10**9
REJECTED = ("400", "401", "403", "404", "405", "406", "409", "415", "422", "428", "429", "5xx")
"""The answers that Schemathesis takes for a refusal of what does not fit."""

HABITS: dict[str, Any] = {
    "database": None,
    "deadline": None,
    "phases": [Phase.generate],
    "suppress_health_check": list(HealthCheck),
}


def current_schema(vendor: str, surface: str) -> gq.GraphQLSchema:
    contract = contract_of(vendor)
    versions = contract.profile.versions
    file = graphql_operation(contract.surfaces[surface]).graphql
    return schema_of(contract, file, versions.current if versions else "")


REST = [
    (vendor, name)
    for vendor in VENDORS
    for name, surface in contract_of(vendor).surfaces.items()
    if any(each.built and not is_graphql(each) for each in surface.operations)
]
OPERATIONS = [
    (vendor, name, each.id)
    for vendor, name in REST
    for each in contract_of(vendor).surfaces[name].operations
    if each.built and not is_graphql(each)
]
GRAPHS = [
    (vendor, name)
    for vendor in VENDORS
    for name, surface in contract_of(vendor).surfaces.items()
    if graphql_operation(surface)
]
FIELDS = [
    (vendor, name, f"{of.name}.{field}")
    for vendor, name in GRAPHS
    for schema in [current_schema(vendor, name)]
    for of in (schema.query_type, schema.mutation_type)
    for field in (of.fields if of else ())
]


def asked(test: Any, examples: int) -> None:
    """Run a test of Hypothesis's: the same each time, or, deep, never the same."""
    run = settings(max_examples=examples, **HABITS)(test)
    try:
        (run if DEEP else seed(20261121)(run))()
    except Unsatisfiable:
        pytest.skip("nothing can be wrong with a request that takes nothing")


@cache
def document_of(vendor: str, surface: str) -> Any:
    """The surface's document as Schemathesis reads it, its answers from the fake in this process."""
    target = target_of(vendor)
    schema = schemathesis.openapi.from_dict(_built(target, surface), config=_config(target, surface))
    schema.app = VendorAsgi(target.control.sandbox.apps[vendor])
    return schema


def _built(target: Target, surface: str) -> dict[str, Any]:
    """The document without what is declared and not built: that answers 501, by its own law."""
    document = copy.deepcopy(target.contract.surfaces[surface].document)
    for operation in target.contract.surfaces[surface].operations:
        item = document["paths"][operation.path]
        if not operation.built or is_graphql(operation):
            del item[operation.method.lower()]
            continue
        if "{" in operation.path:  # with a wrong parameter it is no path of the operation's, but of nobody's
            nowhere = target.contract.profile.surfaces[surface].errors.known["route_not_found"].status
            item[operation.method.lower()]["responses"].setdefault(
                str(nowhere), {"description": "There is no such path."}
            )
        for each in item[operation.method.lower()].get("parameters", []):
            if operation.account and each.get("name") == operation.account:  # another's has a law of its own
                each["schema"] = {"enum": [target.credentials.own[_account(target, surface)]]}
        if target.contract.profile.surfaces[surface].unknown.body == "ignore":
            _open(item[operation.method.lower()].get("requestBody", {}))
    return document


def _account(target: Target, surface: str) -> str:
    return target.contract.profile.surfaces[surface].account.credential


def _open(schema: Any) -> None:
    """Unknown members pass, whatever the schema says: the profile is what the fake goes by."""
    for part in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ():
        _open(part)
    if isinstance(schema, dict):
        schema.pop("additionalProperties", None)


def _config(target: Target, surface: str) -> SchemathesisConfig:
    """Every check on. A request that fits its schema may still be refused by a rule of the vendor's own."""
    known = target.contract.profile.surfaces[surface].errors.known
    own = {str(each.status) for code, each in known.items() if code not in NEEDED or code == "invalid_body"}
    fine = ["2xx", "3xx", "401", "403", "404", "409", "429", *sorted(own)]
    strict = target.contract.profile.surfaces[surface].unknown.query == "refuse"
    read = {each.path for each in target.contract.surfaces[surface].operations if each.method == "GET"}
    acts = any(
        each.method == "POST" and each.path in read and "201" not in each.replies
        for each in target.contract.surfaces[surface].operations
    )  # a POST beside a list that makes nothing says so by having no 201
    generation = {"allow-x00": False, "allow-extra-parameters": strict}
    rejected = [*REJECTED, str(known["body_too_large"].status)]  # a wrong body may be too large as well
    checks: dict[str, Any] = {
        "positive_data_acceptance": {"expected-statuses": fine},
        "negative_data_rejection": {"expected-statuses": rejected},
        "not_a_server_error": {"expected-statuses": ["2xx", "3xx", "4xx", *sorted(own & {"501"})]},
    }  # 501 is a vendor's own word for what it does not do; ours for what is not built is not in a profile
    if acts:
        checks["ensure_resource_availability"] = {"enabled": False}
    return SchemathesisConfig.from_dict({"generation": generation, "checks": checks})


def credential(vendor: str, surface: str) -> dict[str, str]:
    tokens = Bench(target_of(vendor), surface).tokens
    return dict(tokens.headers(tokens.own()))


@pytest.fixture(autouse=True)
def without_limits(request):
    """Nobody is refused for speed here: how fast one may call has laws of its own."""
    vendor = request.node.callspec.params["vendor"]
    target = target_of(vendor)
    target.control.reset()
    world = target.control.world
    for surface in target.contract.profile.surfaces.values():
        for name, rule in surface.rate_limits.items():
            free = {"maximum": WITHOUT_END} if isinstance(rule, QueryCost) else {"limit": WITHOUT_END}
            world.settings[f"{vendor}.limit.{name}"] = free
    yield
    world.settings.clear()
    world.limits.clear()


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["fitting", "wrong"])
@pytest.mark.parametrize(("vendor", "surface", "id"), OPERATIONS)
def test_any_request_is_answered_as_documented(vendor, surface, id, mode):
    schema = document_of(vendor, surface)
    operation = next(each.ok() for each in schema.get_all_operations() if each.ok().definition.raw["operationId"] == id)
    guarded = contract_of(vendor).operations[id].scopes is not None
    headers = credential(vendor, surface) if guarded else {}

    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case):
        case.call_and_validate(headers=headers)

    asked(ask, EXAMPLES)


@pytest.mark.parametrize(("vendor", "surface"), REST)
def test_any_story_along_the_links_is_answered_as_documented(vendor, surface):
    headers = credential(vendor, surface)

    def begin():
        target_of(vendor).control.reset()

    try:
        machine = document_of(vendor, surface).as_state_machine()

        class Story(machine):
            def setup(self):
                begin()
                super().setup()

            def get_call_kwargs(self, case):
                return {"headers": headers}

        habits = settings(max_examples=STORIES, stateful_step_count=5, derandomize=not DEEP, **HABITS)
        Story.run(settings=habits)
    except NoLinksFound:
        pytest.skip("no answer of its operations leads to another")


@cache
def graph_of(vendor: str, surface: str) -> Any:
    """The SDL as Schemathesis reads it."""
    target = target_of(vendor)
    bench = Bench(target, surface)
    sdl = gq.print_schema(bench.graph.schema)
    schema = schemathesis.graphql.from_file(sdl)
    schema.app = VendorAsgi(target.control.sandbox.apps[vendor])
    schema.location = bench.recipes.of(bench.graph.operation).path
    for name, of in bench.graph.schema.type_map.items():
        if isinstance(of, gq.GraphQLScalarType) and name not in gq.specified_scalar_types:
            schemathesis.graphql.scalar(name, st.sampled_from([text for text in TEXTS if text]).map(nodes.String))
    return schema


@pytest.mark.parametrize(("vendor", "surface", "field"), FIELDS)
def test_any_query_is_answered_as_typed(vendor, surface, field):
    schema = graph_of(vendor, surface)
    operation = next(each.ok() for each in schema.get_all_operations() if each.ok().label == field)
    headers = credential(vendor, surface)
    graph = Bench(target_of(vendor), surface).graph

    @given(case=operation.as_strategy())
    def ask(case):
        answer = case.call(headers=headers)
        # Schemathesis calls every `errors` a failure; here it is the vendor's answer to an id that is none.
        assert answer.status_code == 200
        assert "INTERNAL_SERVER_ERROR" not in answer.text
        heard = Exchange(operation="", method="POST", url="", status=answer.status_code, body=answer.content)
        assert graph.problem(_text(case), heard) == ""

    asked(ask, EXAMPLES_OF_A_FIELD)


def _text(case: Any) -> str:
    return case.body if isinstance(case.body, str) else case.body["query"]
