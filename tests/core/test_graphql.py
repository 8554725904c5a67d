"""The GraphQL machine against graphql-core, which is slower and surely right, and against what it promises itself."""

import random
from typing import Any

import graphql as gq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis_graphql import queries

from mock_servers.core import graphql as machinery
from mock_servers.core.graphql import (
    Connection,
    Dialect,
    FieldError,
    Machine,
    Plan,
    Problem,
    Rejected,
    Run,
    Sdl,
    Window,
    WindowRules,
    page_of,
)
from mock_servers.core.graphql.values import coerce
from mock_servers.core.refusal import ContractBroken

SDL = """
schema { query: Root mutation: Change }
directive @available(from: String, until: String) on FIELD_DEFINITION | ARGUMENT_DEFINITION | ENUM_VALUE
directive @access(scopes: [String!]!) on FIELD_DEFINITION | OBJECT
directive @unbuilt(reason: String) on FIELD_DEFINITION
directive @once(key: String!) on FIELD

interface Named { name: String! }
union Cargo = Crate | Barrel
enum Size { SMALL LARGE HUGE @available(from: "2") }
scalar Stamp
input Box { width: Int! height: Int = 3 label: String inner: Box sizes: [Size!] }

type Crate implements Named { name: String! size: Size! wood: String lid: Lid }
type Barrel implements Named { name: String! litres: Float rings: [Int!]! }
type Lid { tight: Boolean! made: Stamp }
type Ship {
  id: ID!
  name: String!
  length: Int
  crew: [Sailor!]!
  guests: [Sailor]
  mate: Sailor!
  cargo: [Cargo!]
  flag: Named
  scores: [[Int]!]
  crates(first: Int, last: Int, after: String, before: String, size: Size = SMALL): CrateConnection!
  secret: String @access(scopes: ["read_secrets"])
  old: Int @available(until: "1")
}
type Sailor { name: String! age: Int! ship: Ship boss: Sailor }
type CrateConnection { nodes: [Crate!]! edges: [CrateEdge!]! pageInfo: PageInfo! }
type CrateEdge { cursor: String! node: Crate! }
type PageInfo { hasNextPage: Boolean! hasPreviousPage: Boolean! startCursor: String endCursor: String }
type Root { ship(id: ID!): Ship ships: [Ship!]! named: Named cargo: [Cargo] box(box: Box, sizes: [Size]): String
  later: Ship @unbuilt echo(text: String!, times: Int = 2): String! }
type Change { load(box: Box!): Ship sink: Ship }
"""

DIALECT = Dialect(
    problem=lambda problem: {
        "rule": problem.rule,
        "message": problem.message,
        "path": list(problem.path),
        "locations": list(problem.locations),
        "facts": dict(problem.facts),
    },
    variable=lambda bad: {
        "message": bad.name,
        "type": bad.type,
        "problems": [(each.path, each.rule, each.value) for each in bad.problems],
    },
    denied=lambda selection, scopes: FieldError(f"no {selection.name}", code="DENIED", scopes=list(scopes)),
    unbuilt=lambda selection: FieldError(f"{selection.name} is not built", code="UNBUILT"),
)


def machine(version: str = "1", **resolvers: Any) -> Machine:
    return Machine(Sdl(SDL), DIALECT, resolvers, version)


def plain(schema: gq.GraphQLSchema) -> dict[str, Any]:
    """Root resolvers that read the root value, as graphql-core does by itself."""
    roots = [schema.query_type, schema.mutation_type]
    names = [name for root in roots if root is not None for name in root.fields]
    return {name: lambda _source, _args, run, name=name: run.call.get(name) for name in names}


def execute(m: Machine, text: str, variables: dict[str, Any] | None = None, call: Any = None, **kwargs: Any) -> Any:
    plan = m.plan(text, kwargs.pop("operation", None), variables)
    return Run(plan, m.variables(plan.operation, variables or {}), call, **kwargs).execute()


# Against graphql-core -------------------------------------------------------------------------------------------------


class Thing(dict[str, Any]):
    """A value of an object type whose members are made up when looked at: the same for whoever looks."""

    def __init__(self, schema: gq.GraphQLSchema, type_name: str, key: str, gaps: float) -> None:
        super().__init__()
        self.schema, self.type_name, self.key, self.gaps = schema, type_name, key, gaps

    def __bool__(self) -> bool:
        return True

    def get(self, name: str, default: Any = None) -> Any:
        if name == "__typename":
            return self.type_name
        definition = self.schema.get_type(self.type_name).fields[name]  # type: ignore[union-attr]
        return self.made(definition.type, f"{self.key}.{name}")

    def made(self, of: Any, key: str) -> Any:
        chance = random.Random(key)
        gaps = self.gaps
        if isinstance(of, gq.GraphQLNonNull):
            of, gaps = of.of_type, self.gaps / 8
        if chance.random() < gaps:
            return None
        if isinstance(of, gq.GraphQLList):
            return [self.made(of.of_type, f"{key}.{index}") for index in range(chance.randrange(3))]
        if isinstance(of, gq.GraphQLEnumType):
            return chance.choice(list(of.values))
        if gq.is_abstract_type(of):
            of = chance.choice(list(self.schema.get_possible_types(of)))
        if isinstance(of, gq.GraphQLObjectType):
            return Thing(self.schema, of.name, key, self.gaps)
        made = {"Int": chance.randrange(100), "Float": chance.random(), "Boolean": chance.random() < 0.5}
        return made.get(of.name, f"text {chance.randrange(100)}")


COMPARED = machine()
COMPARED.resolvers = plain(COMPARED.schema)


def test_a_machine_needs_nothing_but_its_schema_until_it_is_asked():
    made = Machine(Sdl("this is no schema at all"), DIALECT)

    with pytest.raises(gq.GraphQLSyntaxError):
        made.plan("{ship}")


@given(
    text=queries(SDL, fields=["ship", "ships", "named", "cargo"]),
    seed=st.integers(0, 10_000),
    gaps=st.sampled_from([0.0, 0.1, 0.4]),
)
@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
def test_execution_answers_what_graphql_core_answers(text: str, seed: int, gaps: float):
    document = gq.parse(text)
    root = Thing(COMPARED.schema, "Root", str(seed), gaps)
    if gq.validate(COMPARED.schema, document):
        return  # the generator knows fields that this version has cut away
    expected = gq.execute_sync(COMPARED.schema, document, root)

    plan = COMPARED.plan(text)
    answer = Run(plan, {}, root).execute()

    assert answer.data == expected.data
    assert {tuple(each["path"]) for each in answer.errors} >= {tuple(each.path or ()) for each in expected.errors or ()}


VARIED = """
query Voyage($deep: Boolean!, $no: Boolean = false, $id: ID!, $size: Size) {
  first: ship(id: $id) { ...Hull ...Hull crew @include(if: $deep) { name ...Who } }
  second: ship(id: $id) @skip(if: $no) { name __typename crates(first: 1, size: $size) { nodes { size } } }
  cargo { __typename ... on Crate { wood size lid { tight } } ... on Named { label: name } ... on Barrel { rings } }
  named { ... on Barrel { name litres } ... { __typename } }
}
fragment Hull on Ship { id flag { name ... on Crate { size } } mate { ...Who } guests { age } }
fragment Who on Sailor { name boss @skip(if: $deep) { age } }
"""


@pytest.mark.parametrize("deep", [True, False])
@pytest.mark.parametrize("no", [None, True, False])
@pytest.mark.parametrize("seed", range(12))
def test_variables_fragments_aliases_and_conditions_answer_as_in_graphql_core(deep, no, seed):
    variables = {"deep": deep, "id": "1", "size": "LARGE"} | ({} if no is None else {"no": no})
    root = Thing(COMPARED.schema, "Root", f"varied {seed}", 0.15)
    expected = gq.execute_sync(COMPARED.schema, gq.parse(VARIED), root, variable_values=variables)

    answer = execute(COMPARED, VARIED, variables, root)

    assert answer.data == expected.data
    assert list(answer.data or {}) == list(expected.data or {})


def test_introspection_is_graphql_cores_own():
    text = gq.get_introspection_query(descriptions=True)

    answer = execute(COMPARED, text)

    assert answer.errors == []
    assert answer.data == gq.execute_sync(COMPARED.schema, gq.parse(text)).data


# Resolvers ------------------------------------------------------------------------------------------------------------


def test_a_resolver_is_found_by_the_root_field_or_by_type_and_field():
    m = machine(
        ship=lambda _source, args, _run: {"id": args["id"], "name": "Argo"},
        **{"Ship.name": lambda source, _args, _run: source["name"].upper()},
    )

    assert execute(m, "{ship(id: 7) {id name}}").data == {"ship": {"id": "7", "name": "ARGO"}}


def test_arguments_come_with_their_defaults_and_are_read_once_for_each_request():
    seen = []
    m = machine(echo=lambda _source, args, _run: seen.append(args) or args["text"] * args["times"])

    answer = execute(m, 'query($n: Int) {a: echo(text: "x") b: echo(text: "y", times: $n)}', {"n": 3})

    assert answer.data == {"a": "xx", "b": "yyy"}
    assert seen == [{"text": "x", "times": 2}, {"text": "y", "times": 3}]


def test_a_variable_nobody_gave_leaves_the_default_of_the_argument():
    m = machine(echo=lambda _source, args, _run: args["text"] * args["times"])

    assert execute(m, 'query($n: Int) {echo(text: "x", times: $n)}').data == {"echo": "xx"}


def test_the_root_field_being_resolved_is_known_and_so_are_its_directives():
    seen = []
    m = machine(sink=lambda _source, _args, run: seen.append((run.field.name, run.field.directive("once", run))))

    execute(m, "mutation($k: String!) {sink @once(key: $k) {id}}", {"k": "one"})
    execute(m, "mutation {sink {id}}")

    assert seen == [("sink", {"key": "one"}), ("sink", None)]


def test_root_fields_are_known_before_anything_runs():
    plan = machine().plan("mutation {a: sink {id} load(box: {width: 1}) {id}}")

    assert (plan.kind, [(root.key, root.name) for root in plan.roots]) == (
        "mutation",
        [("a", "sink"), ("load", "load")],
    )


def test_an_error_says_where_and_its_field_is_null():
    def refuse(_source: Any, _args: Any, _run: Run) -> Any:
        raise FieldError("not today", code="CLOSED")

    m = machine(ships=lambda *_: [{"name": "A"}, {"name": "B"}], **{"Ship.length": refuse})

    answer = execute(m, "{ships {name\n size: length}}")

    assert answer.data == {"ships": [{"name": "A", "size": None}, {"name": "B", "size": None}]}
    assert answer.errors[1] == {
        "message": "not today",
        "locations": [{"line": 2, "column": 2}],
        "path": ["ships", 1, "size"],
        "extensions": {"code": "CLOSED"},
    }


def test_what_must_not_be_null_takes_its_parent_with_it():
    m = machine(ship=lambda *_: {"mate": {"name": None}, "guests": [{"name": None}, {"name": "Eve"}]})

    answer = execute(m, "{ship(id: 1) {guests {name}}}")
    gone = execute(m, "{ship(id: 1) {mate {name}}}")

    assert answer.data == {"ship": {"guests": [None, {"name": "Eve"}]}}
    assert answer.errors[0]["path"] == ["ship", "guests", 0, "name"]
    assert gone.data == {"ship": None}


def test_one_failing_mutation_does_not_stop_the_next():
    def refuse(*_: Any) -> Any:
        raise FieldError("no")

    m = machine(sink=refuse, load=lambda *_: {"id": "2"})

    assert execute(m, "mutation {sink {id} load(box: {width: 1}) {id}}").data == {"sink": None, "load": {"id": "2"}}


@pytest.mark.parametrize(
    ("member", "value"),
    [("length", "long"), ("length", True), ("name", 5), ("crew", [{"name": "A", "age": "old"}])],
)
def test_a_fake_that_breaks_its_own_schema_is_told_so(member, value):
    m = machine(ship=lambda *_: {member: value})
    inner = "{age}" if member == "crew" else ""

    with pytest.raises(ContractBroken, match=r"Ship|Sailor"):
        execute(m, f"{{ship(id: 1) {{{member} {inner}}}}}")


def test_an_enum_and_a_type_the_schema_does_not_have_are_told_as_well():
    m = machine(named=lambda *_: {"__typename": "Crate", "size": "TINY"}, cargo=lambda *_: [{"__typename": "Ship"}])

    with pytest.raises(ContractBroken, match="TINY"):
        execute(m, "{named {... on Crate {size}}}")
    with pytest.raises(ContractBroken, match="Cargo"):
        execute(m, "{cargo {__typename}}")


def test_other_exceptions_pass_through():
    def burst(*_: Any) -> Any:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        execute(machine(ships=burst), "{ships {id}}")


# What the SDL says besides --------------------------------------------------------------------------------------------


def test_a_field_is_denied_without_one_of_its_scopes():
    m = machine(ship=lambda *_: {"secret": "gold"})

    held = execute(m, "{ship(id: 1) {secret}}", grants=frozenset({"read_secrets"}))
    denied = execute(m, "{ship(id: 1) {secret}}", grants=frozenset({"read_ships"}))

    assert held.data == {"ship": {"secret": "gold"}}
    assert denied.data == {"ship": {"secret": None}}
    assert denied.errors[0]["extensions"] == {"code": "DENIED", "scopes": ["read_secrets"]}


def test_what_is_not_built_says_so_whether_marked_or_forgotten():
    m = machine(ship=lambda *_: None)

    answer = execute(m, "{later {id} named {name}}")

    assert answer.data == {"later": None, "named": None}
    assert [each["message"] for each in answer.errors] == ["later is not built", "named is not built"]
    assert set(m.unbuilt) == {"later", "ships", "named", "cargo", "box", "echo", "load", "sink"}


def test_a_version_has_what_was_there_then():
    old, new = machine("1"), machine("2")

    assert "old" in old.schema.get_type("Ship").fields
    assert "old" not in new.schema.get_type("Ship").fields
    assert list(new.schema.get_type("Size").values) == ["SMALL", "LARGE", "HUGE"]
    assert list(old.schema.get_type("Size").values) == ["SMALL", "LARGE"]


def test_directives_only_the_schema_uses_are_not_shown_to_callers():
    assert {each.name for each in machine().schema.directives} >= {"once", "skip", "include"}
    assert not {each.name for each in machine().schema.directives} & {"available", "access", "unbuilt"}


# What is wrong with a document ----------------------------------------------------------------------------------------


def problems(text: str) -> list[dict[str, Any]]:
    with pytest.raises(Rejected) as rejected:
        machine().plan(text)
    return rejected.value.errors


WRONG = [
    ("{nope}", "undefined_field", ["query", "nope"], {"type": "Root", "field": "nope"}),
    ("query Q {ships {id nope}}", "undefined_field", ["query Q", "ships", "nope"], {"type": "Ship", "field": "nope"}),
    (
        "{ships {id crew {x: nope}}}",
        "undefined_field",
        ["query", "ships", "crew", "x"],
        {"type": "Sailor", "field": "nope"},
    ),
    (
        "{ship(id: 1, at: 2) {id}}",
        "argument_not_accepted",
        ["query", "ship", "at"],
        {"kind": "Field", "name": "ship", "argument": "at"},
    ),
    (
        "{box(box: {width: 1, depth: 2})}",
        "argument_not_accepted",
        ["query", "box", "box", "depth"],
        {"kind": "InputObject", "name": "Box", "argument": "depth"},
    ),
    ("{ship {id}}", "arguments_missing", ["query", "ship"], {"kind": "Field", "name": "ship", "arguments": ["id"]}),
    (
        "{box(box: {height: 1})}",
        "attribute_missing",
        ["query", "box", "box", "width"],
        {"argument": "width", "type": "Int!", "input": "Box"},
    ),
    (
        '{echo(text: "a", times: "b")}',
        "literal_incompatible",
        ["query", "echo", "times"],
        {"kind": "Field", "name": "echo", "argument": "times", "value": '"b"', "type": "Int"},
    ),
    (
        "{box(sizes: [SMALL, WIDE])}",
        "literal_incompatible",
        ["query", "box", "sizes", 1],
        {"kind": "Field", "name": "box", "argument": "sizes", "value": "WIDE", "type": "Size"},
    ),
    (
        "query($a: String!) {ship(id: $a) {id}}",
        "variable_mismatch",
        ["query", "ship", "id"],
        {"variable": "a", "argument": "id", "given": "String!", "wanted": "ID!", "why": "type"},
    ),
    (
        "query($a: ID) {ship(id: $a) {id}}",
        "variable_mismatch",
        ["query", "ship", "id"],
        {"variable": "a", "argument": "id", "given": "ID", "wanted": "ID!", "why": "nullability"},
    ),
    (
        "query($a: [ID!]!) {ship(id: $a) {id}}",
        "variable_mismatch",
        ["query", "ship", "id"],
        {"variable": "a", "argument": "id", "given": "[ID!]!", "wanted": "ID!", "why": "list"},
    ),
    ("{ships}", "selections_missing", ["query", "ships"], {"field": "ships", "type": "Ship", "parent": "Root"}),
    (
        "{ships {name {x}}}",
        "selections_on_leaf",
        ["query", "ships", "name"],
        {"field": "name", "type": "String", "parent": "Ship", "selections": ["x"]},
    ),
    ("{ships {id @shiny}}", "undefined_directive", ["query", "ships"], {"directive": "shiny"}),
    ("query Q {ship(id: $a) {id}}", "variable_undeclared", ["query Q"], {"variable": "a", "operation": "Q"}),
    ("query($a: ID) {ships {id}}", "variable_unused", ["query"], {"variable": "a", "operation": ""}),
    (
        'query($a: Int = "x") {echo(text: "a", times: $a)}',
        "variable_default",
        ["query"],
        {"variable": "a", "type": "Int"},
    ),
    ("query($a: Ship) {box(box: $a)}", "variable_type", ["query"], {"variable": "a", "type": "Ship"}),
    ("{ships {...Gone}}", "fragment_undefined", ["query", "ships", "... Gone"], {"fragment": "Gone"}),
    ("{ships {id}} fragment F on Ship {id}", "fragment_unused", ["fragment F"], {"fragment": "F"}),
    ("{ships {... on Nope {id}}}", "type_undefined", ["query", "ships", "... on Nope"], {"type": "Nope"}),
    ("{ships {... on Size {id}}}", "type_not_composite", ["query", "ships", "... on Size"], {"type": "Size"}),
]


@pytest.mark.parametrize(("text", "rule", "path", "facts"), WRONG, ids=[each[1] + each[0][:18] for each in WRONG])
def test_what_is_wrong_is_told_with_its_facts(text, rule, path, facts):
    first = problems(text)[0]

    assert (first["rule"], first["path"], first["facts"]) == (rule, path, facts)
    assert first["locations"][0]["line"] == 1


def test_every_problem_is_told_not_just_the_first():
    assert [each["rule"] for each in problems("{nope other {x} ship {id}}")] == [
        "undefined_field",
        "undefined_field",
        "arguments_missing",
    ]


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("{ships {a: name a: id}}", "OverlappingFieldsCanBeMergedRule"),
        ("{cargo {... on Ship {id}}}", "PossibleFragmentSpreadsRule"),
        ("{ships {...A}} fragment A on Ship {crew {ship {...A}}}", "NoFragmentCyclesRule"),
    ],
)
def test_the_rarer_rules_are_graphql_cores(text, rule):
    assert problems(text)[0]["rule"] == rule


@pytest.mark.parametrize(
    ("text", "operation", "rule"),
    [
        ("{", None, "syntax"),
        ("", None, "syntax"),
        ("query A {ships {id}} query B {ships {id}}", None, "operation_name_required"),
        ("query A {ships {id}}", "C", "operation_unknown"),
        ("fragment F on Ship {id}", None, "fragment_unused"),
    ],
)
def test_a_document_that_names_no_operation_to_run_is_refused(text, operation, rule):
    with pytest.raises(Rejected) as rejected:
        machine().plan(text, operation)

    assert rejected.value.errors[0]["rule"] == rule


@pytest.mark.parametrize(
    "text",
    [
        "{ship(id: 1) " + "{crew " * 200 + "{name" + "}" * 202,
        "{ships {...F0}} "
        + " ".join(f"fragment F{n} on Ship {{mate {{ship {{...F{n + 1}}}}}}}" for n in range(90))
        + " fragment F90 on Ship {id}",
        "{" * 100_000,
        "query($a: " + "[" * 50_000 + "Int) {ships {id}}",
    ],
    ids=["deep", "deep by fragments", "endless", "endless type"],
)
def test_a_document_deeper_than_any_honest_one_is_refused_and_harms_nobody(text):
    assert problems(text)[0]["rule"] in {"depth", "syntax"}


@given(st.text(max_size=60) | st.text(alphabet='{}()!$:@.[]"query ship id', max_size=60))
@settings(max_examples=150, deadline=None)
def test_any_text_is_answered_or_refused(text: str):
    try:
        assert isinstance(COMPARED.plan(text), Plan)
    except Rejected as rejected:
        assert rejected.errors


# Variables ------------------------------------------------------------------------------------------------------------

UNFIT = [
    ("Int", "a", [((), "scalar", "a")]),
    ("Int", 2**31, [((), "scalar", 2**31)]),
    ("Int", True, [((), "scalar", True)]),
    ("String", 5, [((), "scalar", 5)]),
    ("ID!", None, [((), "null", None)]),
    ("[Int!]", [1, None, "x"], [((1,), "null", None), ((2,), "scalar", "x")]),
    ("Size", "TINY", [((), "enum", "TINY")]),
    ("Box!", 5, [((), "not_object", 5)]),
    ("Box!", {"depth": 1}, [(("depth",), "unknown_field", 1), (("width",), "null", None)]),
    (
        "Box!",
        {"width": 1, "inner": {"width": None, "sizes": ["SMALL", 3]}},
        [(("inner", "width"), "null", None), (("inner", "sizes", 1), "enum", 3)],
    ),
]


def using(of: str) -> str:
    if of.startswith("Box"):
        return "mutation($v: Box!) {load(box: $v) {id}}"
    field = {
        "Int": 'echo(text: "x", times: $v)',
        "String": "box(box: {width: 1, label: $v})",
        "ID!": "ship(id: $v) {id}",
        "[Int!]": "ships {id}",
        "Size": "box(sizes: [$v])",
    }[of]
    return f"query($v: {of}) {{{field}}}"


@pytest.mark.parametrize(("of", "value", "expected"), UNFIT, ids=[f"{each[0]} {each[1]}" for each in UNFIT])
def test_a_variable_that_does_not_fit_is_told_in_every_place(of, value, expected):
    m = machine()
    text = using(of)
    if of == "[Int!]":
        problems_found: list[Any] = []
        coerce(m.scalar, value, gq.GraphQLList(gq.GraphQLNonNull(gq.GraphQLInt)), (), problems_found)
        assert [(each.path, each.rule, each.value) for each in problems_found] == expected
        return
    plan = m.plan(text)

    with pytest.raises(Rejected) as rejected:
        m.variables(plan.operation, {"v": value})

    assert rejected.value.errors[0]["problems"] == expected


def test_a_variable_that_fits_is_read_as_its_type_has_it():
    m = machine()
    plan = m.plan("mutation($v: Box!) {load(box: $v) {id}}")

    assert m.variables(plan.operation, {"v": {"width": 1, "sizes": "SMALL"}}) == {
        "v": {"width": 1, "height": 3, "sizes": ["SMALL"]}
    }


# Bounds ---------------------------------------------------------------------------------------------------------------


def test_only_so_many_texts_are_kept():
    m = machine()
    for number in range(machinery.DOCUMENTS_MAXIMUM + 50):
        m.plan(f"{{a{number}: ships {{id}}}}")

    assert len(m._sources) == machinery.DOCUMENTS_MAXIMUM
    assert m.plan("{a0: ships {id}}") is m.plan("{a0: ships {id}}")


def test_only_so_many_problems_are_told_and_long_texts_are_not_kept():
    m = machine()
    wrong = "{" + " ".join(f"x{number}" for number in range(3000)) + "}"
    long = "{ships {id}}" + " " * machinery.KEPT_TEXT_MAXIMUM

    with pytest.raises(Rejected) as rejected:
        m.plan(wrong)
    m.plan(long)

    assert len(rejected.value.errors) == machinery.PROBLEMS_MAXIMUM
    assert list(m._sources) == [wrong]


# Connections ----------------------------------------------------------------------------------------------------------

RULES = WindowRules(
    250,
    lambda name: FieldError(f"{name}: neither"),
    lambda name: FieldError(f"{name}: both"),
    lambda name, word, size: FieldError(f"{name}: {word} {size}"),
    lambda name, word, size: FieldError(f"{name}: {word} {size} is too many"),
)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({}, "crates: neither"),
        ({"first": None, "last": None}, "crates: neither"),
        ({"first": 1, "last": 1}, "crates: both"),
        ({"first": -1}, "crates: first -1"),
        ({"last": 251}, "crates: last 251 is too many"),
    ],
)
def test_a_window_that_cannot_be_is_refused(arguments, words):
    with pytest.raises(FieldError, match=words):
        RULES.window("crates", arguments)


def test_a_window_goes_forward_by_first_and_backward_by_last():
    assert RULES.window("c", {"first": 5, "after": "x"}) == Window(5, False, "x", None)
    assert RULES.window("c", {"last": 5, "before": "y", "after": "x"}) == Window(5, True, "y", "x")


def walk(rows: list[int], size: int, *, backward: bool) -> list[list[int]]:
    pages, cursor = [], None
    for _ in range(len(rows) + 2):
        page = page_of(rows, Window(size, backward, cursor), str, lambda row, text: row > int(text))
        pages.append(list(page.rows))
        about = page.get("pageInfo")
        if not about["hasPreviousPage" if backward else "hasNextPage"]:
            break
        cursor = about["startCursor" if backward else "endCursor"]
    return pages


@given(count=st.integers(0, 40), size=st.integers(1, 12), backward=st.booleans())
def test_walking_the_pages_shows_every_row_once_and_in_order(count, size, backward):
    rows = list(range(count))

    pages = walk(rows, size, backward=backward)

    assert [row for page in (pages[::-1] if backward else pages) for row in page] == rows
    assert all(len(page) <= size for page in pages)


@given(count=st.integers(2, 20), size=st.integers(1, 5), gone=st.integers(0, 19))
def test_a_page_goes_on_where_the_last_row_is_gone(count, size, gone):
    rows = list(range(count))
    first = page_of(rows, Window(size), str, lambda row, text: row > int(text))
    last = first.get("pageInfo")["endCursor"]
    left = [row for row in rows if row != int(last)]

    following = page_of(left, Window(count, False, last), str, lambda row, text: row > int(text))

    assert list(following.rows) == rows[size:]


def test_cursors_are_made_only_when_somebody_looks():
    def never(_row: Any) -> str:
        raise AssertionError

    assert Connection([1, 2], never).get("nodes") == [1, 2]


def test_problems_carry_their_place():
    assert Problem("syntax", "no").locations == ()
