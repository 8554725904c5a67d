"""A GraphQL endpoint for any vendor: one SDL, resolvers by name, and the vendor's own words for what is wrong.

    sdl = Sdl(contract.text("schema.graphql"))
    machine = Machine(sdl, version="2026-10", resolvers=RESOLVERS, dialect=Dialect(...))
    plan = machine.plan(query, operation_name)          # parsed, validated and compiled once per text; raises Rejected
    run = Run(plan, machine.variables(plan.operation, variables), call)   # raises Rejected
    answer = run.execute()                              # Answer(data, errors)

graphql-core parses and validates. Execution is ours: a selection is compiled once into nested closures over dicts,
which takes a twentieth of graphql-core's time on a ten-order query; tests/core/test_graphql.py holds the two to one
answer.

The SDL may say, by directives the file declares itself: `@available(from, until)` (versions in which a definition
exists), `@access(scopes)` (any one of them is enough) and `@unbuilt` (declared, and answered with a clear error).
A resolver takes `(source, arguments, run)` and is found by the name of the root field, or by `Type.field`; without
one a field is `source.get(name)`. It may raise `FieldError`; anything else it raises is a defect and passes through.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import islice
from types import SimpleNamespace
from typing import Any, cast

import graphql as gq
from graphql import GraphQLError, language
from graphql.validation import specified_rules

from mock_servers.core.refusal import ContractBroken

Path = tuple[str | int, ...]
Json = dict[str, Any]
Resolver = Callable[[Any, Json, "Run"], Any]
Completion = Callable[[Any, "Run"], Any]

DOCUMENTS_MAXIMUM = 512  # texts kept compiled; the least recently used goes first
PLANS_MAXIMUM = 16  # compiled forms of one text: operation names, and values of the variables in @skip and @include
DEPTH_MAXIMUM = 60  # of nested selections; far below Python's own limit, far above any honest query
TOKENS_MAXIMUM = 8_000  # some checks take the square of it
PROBLEMS_MAXIMUM = 100
KEPT_TEXT_MAXIMUM = 65_536  # letters; longer texts are compiled each time

MISSING: Any = object()


class FieldError(Exception):
    """One field cannot be answered. `extensions` go to the client as they are."""

    def __init__(self, message: str, **extensions: Any) -> None:
        super().__init__(message)
        self.message = message
        self.extensions = extensions


class Rejected(Exception):  # noqa: N818 - says what became of the request
    """The request never ran: it does not parse, does not validate, or its variables do not fit."""

    def __init__(self, errors: list[Json]) -> None:
        super().__init__(errors[0]["message"] if errors else "rejected")
        self.errors = errors


class _Null(Exception):  # noqa: N818 - a signal, caught in this module
    """A non-null field had nothing; the error is recorded, the nearest nullable parent becomes null."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a document, before any vendor puts it into words. `rule` names the check that failed."""

    rule: str
    message: str
    path: Path = ()
    locations: tuple[Json, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BadValue:
    """One place in a variable's value that does not fit.

    `rule`: null, unknown_field, not_object, one_of, enum or scalar.
    """

    path: Path
    rule: str
    value: Any
    type: str
    values: tuple[str, ...] = ()
    detail: str = ""


@dataclass(frozen=True, slots=True)
class BadVariable:
    """A variable whose value does not fit its declared type."""

    name: str
    type: str
    value: Any
    problems: tuple[BadValue, ...]
    locations: tuple[Json, ...]


@dataclass(frozen=True)
class Dialect:
    """The vendor's words. Each answers a complete error of the `errors` list, or the `FieldError` to raise."""

    problem: Callable[[Problem], Json]
    variable: Callable[[BadVariable], Json]
    denied: Callable[[Selection, tuple[str, ...]], FieldError]
    unbuilt: Callable[[Selection], FieldError]
    null: Callable[[str, str], FieldError] = lambda parent, name: FieldError(
        f"Cannot return null for non-nullable field {parent}.{name}."
    )


@dataclass(frozen=True, slots=True)
class Scalar:
    """A scalar of the vendor's: the Python type of its JSON form, and how an input value is read (or `ValueError`)."""

    out: type
    parse: Callable[[Any], Any]


def _parse_int(value: Any) -> int:
    if type(value) is not int or not -(2**31) <= value < 2**31:
        raise ValueError
    return value


def _parse_float(value: Any) -> float:
    if type(value) not in (int, float):
        raise ValueError
    return float(value)


def _parse_text(value: Any) -> str:
    if type(value) is not str:
        raise ValueError
    return value


def _parse_id(value: Any) -> str:
    if type(value) is int:
        return str(value)
    return _parse_text(value)


def _parse_flag(value: Any) -> bool:
    if type(value) is not bool:
        raise ValueError
    return value


SCALARS: dict[str, Scalar] = {
    "Int": Scalar(int, _parse_int),
    "Float": Scalar(float, _parse_float),
    "String": Scalar(str, _parse_text),
    "ID": Scalar(str, _parse_id),
    "Boolean": Scalar(bool, _parse_flag),
}


# The schema ----------------------------------------------------------------------------------------------------------


class Sdl:
    """A schema's text, parsed once and cut to the version asked for."""

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def document(self) -> language.DocumentNode:
        return gq.parse(self.text, no_location=True)

    def schema(self, version: str = "") -> gq.GraphQLSchema:
        """The schema of one version: what `@available` excludes from it is not there at all, nor are the directives
        that only the SDL itself uses."""
        kept = (node for node in self.document.definitions if _available(node, version) and not _ours(node))
        definitions = tuple(_cut(node, version) for node in kept)
        return gq.build_ast_schema(language.DocumentNode(definitions=definitions), assume_valid=True)


def _ours(node: Any) -> bool:
    """A directive no query can use."""
    executable = {"QUERY", "MUTATION", "FIELD", "FRAGMENT_SPREAD", "INLINE_FRAGMENT", "VARIABLE_DEFINITION"}
    if not isinstance(node, language.DirectiveDefinitionNode):
        return False
    return executable.isdisjoint(location.value for location in node.locations)


def _available(node: Any, version: str) -> bool:
    """Versions compare as text, as `2026-04` does."""
    asked = directive_arguments(node, "available")
    if asked is None or not version:
        return True
    return bool(asked.get("from", "") <= version and ("until" not in asked or version <= asked["until"]))


def _cut(node: Any, version: str) -> Any:
    changes = {}
    for name in ("fields", "values", "arguments"):
        members = getattr(node, name, None)
        if members and isinstance(node, (language.TypeDefinitionNode, language.FieldDefinitionNode)):
            kept = tuple(_cut(member, version) for member in members if _available(member, version))
            if len(kept) != len(members) or any(new is not old for new, old in zip(kept, members, strict=False)):
                changes[name] = kept
    if not changes:
        return node
    facts = {key: getattr(node, key) for key in node.keys if key != "loc"}
    return type(node)(**facts | changes)


def directive_arguments(node: Any, name: str) -> Json | None:
    """The literal arguments of a directive on a definition; None when it is not there."""
    for directive in getattr(node, "directives", None) or ():
        if directive.name.value == name:
            return {each.name.value: gq.value_from_ast_untyped(each.value) for each in directive.arguments or ()}
    return None


# What a request may say ----------------------------------------------------------------------------------------------


def coerce(machine: Machine, value: Any, of: Any, path: Path, problems: list[BadValue]) -> Any:
    """A JSON value as the type has it; what does not fit is added to `problems`, and the value is then worthless."""
    if isinstance(of, gq.GraphQLNonNull):
        if value is None:
            problems.append(BadValue(path, "null", value, str(of)))
            return None
        return coerce(machine, value, of.of_type, path, problems)
    if value is None:
        return None
    if isinstance(of, gq.GraphQLList):
        if not isinstance(value, list):
            return [coerce(machine, value, of.of_type, path, problems)]
        return [coerce(machine, item, of.of_type, (*path, index), problems) for index, item in enumerate(value)]
    if isinstance(of, gq.GraphQLInputObjectType):
        return _coerce_object(machine, value, of, path, problems)
    if isinstance(of, gq.GraphQLEnumType):
        if not isinstance(value, str) or value not in of.values:
            problems.append(BadValue(path, "enum", value, str(of), tuple(of.values)))
        return value
    try:
        return machine.scalar(of.name).parse(value)
    except ValueError as error:
        problems.append(BadValue(path, "scalar", value, str(of), detail=str(error)))
        return None


def _coerce_object(
    machine: Machine, value: Any, of: gq.GraphQLInputObjectType, path: Path, problems: list[BadValue]
) -> Json:
    if not isinstance(value, dict):
        problems.append(BadValue(path, "not_object", value, str(of)))
        return {}
    for name in value:
        if name not in of.fields:
            problems.append(BadValue((*path, name), "unknown_field", value[name], str(of)))
    if getattr(of, "is_one_of", False) and [item is not None for item in value.values()] != [True]:
        problems.append(BadValue(path, "one_of", value, str(of)))
    return _members(
        machine,
        of.fields,
        value,
        lambda name, item, kind: coerce(machine, item, kind, (*path, name), problems),
        lambda name, kind: problems.append(BadValue((*path, name), "null", None, str(kind))),
    )


def _members(
    machine: Machine,
    fields: Mapping[str, Any],
    given: Mapping[str, Any],
    read: Callable[[str, Any, Any], Any],
    lacking: Callable[[str, Any], None],
) -> Json:
    """Arguments or input fields by name: what was given, else the declared default, else nothing at all."""
    members: Json = {}
    for name, definition in fields.items():
        if name in given:
            members[name] = read(name, given[name], definition.type)
        elif (default := _default(definition)) is not None:
            members[name] = literal(machine, default, definition.type, {})
        elif definition.ast_node is None:
            members[name] = False  # introspection, which no SDL declares, has only flags that are off
        elif isinstance(definition.type, gq.GraphQLNonNull):
            lacking(name, definition.type)
    return members


def _default(definition: Any) -> Any:
    return definition.ast_node.default_value if definition.ast_node is not None else None


def literal(machine: Machine, node: Any, of: Any, variables: Json) -> Any:
    """A literal of a validated query as its type has it; `MISSING` for a variable nobody gave."""
    if isinstance(node, language.VariableNode):
        return variables.get(node.name.value, MISSING)
    if isinstance(of, gq.GraphQLNonNull):
        return literal(machine, node, of.of_type, variables)
    if isinstance(node, language.NullValueNode):
        return None
    if isinstance(of, gq.GraphQLList):
        items = node.values if isinstance(node, language.ListValueNode) else (node,)
        read = (literal(machine, item, of.of_type, variables) for item in items)
        return [None if item is MISSING else item for item in read]
    if isinstance(of, gq.GraphQLInputObjectType):
        return _literal_members(machine, node.fields, of.fields, variables)
    if isinstance(of, gq.GraphQLEnumType):
        return node.value
    return machine.scalar(of.name).parse(_untyped(node, variables))


def _literal_members(machine: Machine, nodes: Iterable[Any], fields: Mapping[str, Any], variables: Json) -> Json:
    written = {node.name.value: node.value for node in nodes}
    given = {
        name: node
        for name, node in written.items()
        if not isinstance(node, language.VariableNode) or node.name.value in variables
    }

    def read(name: str, node: Any, of: Any) -> Any:
        value = literal(machine, node, of, variables)
        if value is None and isinstance(of, gq.GraphQLNonNull):
            raise FieldError(f"Argument '{name}' of required type {of} must not be null.")
        return value

    def lacking(name: str, of: Any) -> None:
        raise FieldError(f"Argument '{name}' of required type {of} was not provided a value.")

    return _members(machine, fields, given, read, lacking)


def _untyped(node: Any, variables: Json) -> Any:
    return gq.value_from_ast_untyped(node, variables)


# A selection, compiled -----------------------------------------------------------------------------------------------


class Selection:
    """One field as the query asks for it, on one parent type.

    `returns` is the name of the type without its wrappings; `listed` whether it is a list; `fields_of(type)` what is
    asked of each value when it is of that type.
    """

    __slots__ = (
        "_arguments",
        "_children",
        "access",
        "built",
        "definition",
        "key",
        "listed",
        "name",
        "named",
        "nodes",
        "parent",
        "plan",
        "returns",
    )

    def __init__(self, plan: Plan, parent: str, key: str, nodes: list[Any], definition: Any) -> None:
        self.plan = plan
        self.parent = parent
        self.key = key
        self.name = nodes[0].name.value
        self.nodes = nodes
        self.definition = definition
        self.named: Any = gq.get_named_type(definition.type)
        self.returns: str = self.named.name
        self.listed = isinstance(gq.get_nullable_type(definition.type), gq.GraphQLList)
        self.access, self.built = plan.machine.marks(parent, self.name, definition, self.named)
        self._children: dict[str, tuple[Selection, ...]] = {}
        constant = not any(_has_variable(argument.value) for argument in nodes[0].arguments or ())
        self._arguments = self._read({}) if constant else None

    def _read(self, variables: Json) -> Json:
        return _literal_members(self.plan.machine, self.nodes[0].arguments or (), self.definition.args, variables)

    def arguments(self, run: Run) -> Json:
        """The field's arguments as the schema types them, read once for each request."""
        if self._arguments is not None:
            return self._arguments
        found = run.arguments.get(self)
        if found is None:
            found = run.arguments[self] = self._read(run.variables)
        return found

    def fields_of(self, type_name: str) -> tuple[Selection, ...]:
        """What is asked of a value of this concrete type."""
        found = self._children.get(type_name)
        if found is None:
            sets = [node.selection_set for node in self.nodes if node.selection_set]
            found = self._children[type_name] = self.plan.collect(type_name, sets)
        return found

    @property
    def types(self) -> tuple[str, ...]:
        """The concrete types a value can be of; none for a leaf."""
        if isinstance(self.named, gq.GraphQLObjectType):
            return (self.returns,)
        if gq.is_abstract_type(self.named):
            return tuple(each.name for each in self.plan.machine.schema.get_possible_types(self.named))
        return ()

    def directive(self, name: str, run: Run) -> Json | None:
        """The arguments of a directive on this field; None when it is not there."""
        for node in self.nodes[0].directives or ():
            if node.name.value == name:
                definition = cast("Any", self.plan.machine.schema.get_directive(name))
                return _literal_members(self.plan.machine, node.arguments or (), definition.args, run.variables)
        return None

    def location(self) -> list[Json]:
        return locations(self.nodes[:1])


def locations(nodes: Iterable[Any]) -> list[Json]:
    """Lines and columns, from 1."""
    found = []
    for node in nodes:
        if node is not None and node.loc:
            place = language.get_location(node.loc.source, node.loc.start)
            found.append({"line": place.line, "column": place.column})
    return found


def _has_variable(node: Any) -> bool:
    match node:
        case language.VariableNode():
            return True
        case language.ListValueNode():
            return any(_has_variable(item) for item in node.values)
        case language.ObjectValueNode():
            return any(_has_variable(item.value) for item in node.fields)
        case _:
            return False


class Plan:
    """One operation of one text, ready to run: `kind` is query or mutation, `roots` its root fields in order."""

    def __init__(self, machine: Machine, source: Source, operation: Any, chosen: Mapping[str, bool]) -> None:
        self.machine = machine
        self.fragments = source.fragments
        self.operation = operation
        self.kind: str = operation.operation.value
        self.chosen = chosen
        self.root = machine.schema.get_root_type(operation.operation)
        if self.root is None:
            raise Rejected([machine.word("operation_kind", f"Schema is not configured for {self.kind}s", [operation])])
        self.roots = self.collect(self.root.name, [operation.selection_set])
        self.body = _object(self.root.name, self.roots)
        self.vendor: dict[str, Any] = {}
        """Whatever the vendor compiles from this plan and wants kept with it, such as a cost formula."""

    def collect(self, type_name: str, sets: Sequence[Any]) -> tuple[Selection, ...]:
        """The fields these selection sets ask of one type: fragments opened, equal keys merged, @skip obeyed."""
        grouped: dict[str, list[Any]] = {}
        opened: set[str] = set()
        for each in sets:
            self._open(type_name, each, grouped, opened)
        found = []
        for key, nodes in grouped.items():
            definition = self.machine.definition(type_name, nodes[0].name.value)
            if definition is not None:
                found.append(Selection(self, type_name, key, nodes, definition))
        return tuple(found)

    def _open(self, type_name: str, selection_set: Any, grouped: dict[str, list[Any]], opened: set[str]) -> None:
        for node in selection_set.selections:
            if not self._included(node):
                continue
            if isinstance(node, language.FieldNode):
                grouped.setdefault(node.alias.value if node.alias else node.name.value, []).append(node)
                continue
            if isinstance(node, language.FragmentSpreadNode):
                if node.name.value in opened:
                    continue
                opened.add(node.name.value)
                fragment = self.fragments[node.name.value]
            else:
                fragment = node
            if self.machine.applies(fragment.type_condition, type_name):
                self._open(type_name, fragment.selection_set, grouped, opened)

    def _included(self, node: Any) -> bool:
        for directive in node.directives or ():
            if directive.name.value in ("skip", "include"):
                condition = directive.arguments[0].value
                met = self.chosen[condition.name.value] if hasattr(condition, "name") else condition.value
                if met is (directive.name.value == "skip"):
                    return False
        return True


class Source:
    """One text: its operations by name and its fragments."""

    def __init__(self, document: Any) -> None:
        self.operations = [each for each in document.definitions if isinstance(each, language.OperationDefinitionNode)]
        self.fragments = {
            each.name.value: each for each in document.definitions if isinstance(each, language.FragmentDefinitionNode)
        }
        self.plans: OrderedDict[Any, Plan] = OrderedDict()
        self.conditions: dict[str, tuple[str, ...]] = {}


# Running it ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of it. `data` is None when nothing could be answered at all."""

    data: Json | None
    errors: list[Json]


class Run:
    """One execution: what resolvers are given. `call` is the vendor's, `field` the root field being resolved."""

    __slots__ = ("arguments", "call", "errors", "extensions", "field", "grants", "path", "plan", "variables")

    def __init__(self, plan: Plan, variables: Json, call: Any, grants: frozenset[str] | None = None) -> None:
        self.plan = plan
        self.variables = variables
        self.call = call
        self.grants = grants
        """Scopes held; None where scopes are not looked at."""
        self.field: Selection = plan.roots[0] if plan.roots else cast("Selection", None)
        self.arguments: dict[Selection, Json] = {}
        self.path: list[str | int] = []
        self.errors: list[Json] = []
        self.extensions: Json = {}
        """What resolvers want said beside the data, in the vendor's own form."""

    def execute(self) -> Answer:
        """Resolve every root field, in order. A `FieldError` becomes an entry of `errors`; other exceptions pass."""
        try:
            return Answer(self.plan.body({}, self), self.errors)
        except _Null:
            return Answer(None, self.errors)

    def record(self, error: FieldError, selection: Selection, path: Sequence[str | int]) -> None:
        """Put a field's error among the answer's, in its place."""
        entry: Json = {"message": error.message, "locations": selection.location(), "path": list(path)}
        if error.extensions:
            entry["extensions"] = error.extensions
        self.errors.append(entry)


def _object(type_name: str, fields: Sequence[Selection]) -> Completion:
    """Answer the fields of one object. Plain leaves are read in the loop itself, everything else by its closure."""
    steps = tuple(_step(selection) for selection in fields)
    if type_name.startswith("__"):
        return lambda source, run: {step[0]: cast("Completion", step[4])(source, run) for step in steps}

    def run_object(source: Any, run: Run) -> Json:
        get = source.get
        out = {}
        for key, name, kind, read, resolve in steps:
            if resolve is not None:
                out[key] = resolve(source, run)
                continue
            value = get(name)
            out[key] = value if value.__class__ is kind else read(value, run)
        return out

    run_object.__qualname__ = f"run_{type_name}"
    return run_object


Step = tuple[str, str, type | None, Completion, "Completion | None"]


def _never(value: Any, run: Run) -> Any:  # noqa: ARG001 - a Completion
    raise AssertionError("a field with a closure of its own is not read as a leaf")


def _step(selection: Selection) -> Step:
    key, name, machine = selection.key, selection.name, selection.plan.machine
    if name == "__typename":
        return key, name, None, _never, lambda _source, _run: selection.parent
    resolver = machine.resolver(selection)
    plain = resolver is None and selection.access is None and selection.built
    of = gq.get_nullable_type(selection.definition.type)
    if plain and isinstance(of, gq.GraphQLScalarType):
        return key, name, machine.scalar(of.name).out, _odd_leaf(selection), None
    return key, name, None, _never, _resolved(selection, resolver)


def _odd_leaf(selection: Selection) -> Completion:
    """A leaf that is not simply of its type: null, or something to be said loudly."""
    complete = _complete(selection, selection.definition.type)

    def read(value: Any, run: Run) -> Any:
        if value is not None:
            return complete(value, run)
        if isinstance(selection.definition.type, gq.GraphQLNonNull):
            run.record(_nothing(selection), selection, [*run.path, selection.key])
            raise _Null
        return None

    return read


def _nothing(selection: Selection) -> FieldError:
    return selection.plan.machine.dialect.null(selection.parent, selection.name)


def _resolved(selection: Selection, resolver: Resolver | None) -> Completion:
    """Resolve one field and complete its value; errors are recorded here and stop at the first nullable parent."""
    key, name, machine = selection.key, selection.name, selection.plan.machine
    complete = _complete(selection, selection.definition.type)
    required = isinstance(selection.definition.type, gq.GraphQLNonNull)
    access, built, dialect = selection.access, selection.built, machine.dialect
    is_root = selection.parent in machine.root_names

    def resolve(source: Any, run: Run) -> Any:
        path = run.path
        depth = len(path)
        path.append(key)
        try:
            if is_root:
                run.field = selection
            if access is not None and run.grants is not None and access.isdisjoint(run.grants):
                raise dialect.denied(selection, tuple(sorted(access)))
            if not built:
                raise dialect.unbuilt(selection)
            value = source.get(name) if resolver is None else resolver(source, selection.arguments(run), run)
            if value is not None:
                value = complete(value, run)
            elif required:
                raise _nothing(selection)
        except FieldError as error:
            del path[depth + 1 :]
            run.record(error, selection, path)
            del path[depth:]
            if required:
                raise _Null from None
            return None
        except _Null:
            del path[depth:]
            if required:
                raise
            return None
        path.pop()
        return value

    return resolve


def _complete(selection: Selection, of: Any) -> Completion:
    """How a value that is not None becomes its JSON form."""
    if isinstance(of, gq.GraphQLNonNull):
        of = of.of_type
    if isinstance(of, gq.GraphQLList):
        return _list(selection, of.of_type)
    if isinstance(of, gq.GraphQLObjectType):
        return _lazy_object(selection, of.name)
    if gq.is_abstract_type(of):
        return _abstract(selection, of)
    if isinstance(of, gq.GraphQLEnumType):
        return _enum(selection, of)
    return _scalar(selection, of)


def _lazy_object(selection: Selection, type_name: str) -> Completion:
    """Compiled when first reached: a type may be asked for and never come up."""
    compiled: list[Completion] = []

    def complete(value: Any, run: Run) -> Any:
        if not compiled:
            compiled.append(_object(type_name, selection.fields_of(type_name)))
        return compiled[0](value, run)

    return complete


def _list(selection: Selection, of: Any) -> Completion:
    required = isinstance(of, gq.GraphQLNonNull)
    complete = _complete(selection, of)
    leaf = gq.is_leaf_type(gq.get_nullable_type(of))

    def complete_item(item: Any, run: Run, depth: int) -> Any:
        try:
            if item is not None:
                return complete(item, run)
            if required:
                run.record(_nothing(selection), selection, run.path)
                raise _Null
        except _Null:
            del run.path[depth:]
            if required:
                raise
        return None

    def complete_list(value: Any, run: Run) -> list[Any]:
        if leaf and None not in value:
            return [complete(item, run) for item in value]
        path = run.path
        path.append(0)
        depth = len(path)
        out = []
        for index, item in enumerate(value):
            path[depth - 1] = index
            out.append(complete_item(item, run, depth))
        path.pop()
        return out

    return complete_list


def _abstract(selection: Selection, of: Any) -> Completion:
    machine = selection.plan.machine
    allowed = set(selection.types) if of is selection.named else set()
    compiled: dict[str, Completion] = {}

    def complete(value: Any, run: Run) -> Any:
        type_name = value.get("__typename") or machine.type_of(value)
        body = compiled.get(type_name)
        if body is None:
            if type_name not in allowed:
                raise ContractBroken(f"{selection.parent}.{selection.name}: {type_name} is not a {of.name}")
            body = compiled[type_name] = _object(type_name, selection.fields_of(type_name))
        return body(value, run)

    return complete


def _enum(selection: Selection, of: Any) -> Completion:
    values = frozenset(of.values)

    def complete(value: Any, run: Run) -> Any:  # noqa: ARG001 - a Completion
        if value in values:
            return value
        if of.name.startswith("__"):
            return of.serialize(value)
        raise ContractBroken(f"{selection.parent}.{selection.name}: {value!r} is not a {of.name}")

    return complete


def _scalar(selection: Selection, of: Any) -> Completion:
    kind = selection.plan.machine.scalar(of.name).out

    def complete(value: Any, run: Run) -> Any:  # noqa: ARG001 - a Completion
        if value.__class__ is kind or kind is object:
            return value
        if kind is float and value.__class__ is int:
            return value
        raise ContractBroken(f"{selection.parent}.{selection.name}: {type(value).__name__} where {of.name} is promised")

    return complete


# The machine ---------------------------------------------------------------------------------------------------------


@dataclass
class Machine:
    """One schema in one version with its resolvers. Making one costs nothing; the schema is built on first use."""

    sdl: Sdl
    dialect: Dialect
    resolvers: Mapping[str, Resolver] = field(default_factory=dict)
    version: str = ""
    scalars: Mapping[str, Scalar] = field(default_factory=dict)
    type_of: Callable[[Any], str] = lambda value: str(value["__typename"])

    def __post_init__(self) -> None:
        self._sources: OrderedDict[str, Source | list[Json]] = OrderedDict()

    @cached_property
    def schema(self) -> gq.GraphQLSchema:
        return self.sdl.schema(self.version)

    @cached_property
    def root_names(self) -> frozenset[str]:
        roots = (self.schema.query_type, self.schema.mutation_type)
        return frozenset(root.name for root in roots if root is not None)

    @cached_property
    def root_fields(self) -> dict[str, Any]:
        """Every root field by name."""
        roots = (self.schema.query_type, self.schema.mutation_type)
        return {name: each for root in roots if root is not None for name, each in root.fields.items()}

    @property
    def unbuilt(self) -> tuple[str, ...]:
        """Root fields that answer with a clear error only."""
        return tuple(
            name
            for name, each in self.root_fields.items()
            if name not in self.resolvers or directive_arguments(each.ast_node, "unbuilt") is not None
        )

    def scalar(self, name: str) -> Scalar:
        return self.scalars.get(name) or SCALARS.get(name) or Scalar(str, _parse_text)

    def definition(self, type_name: str, name: str) -> Any:
        """The definition of a field, the three introspection fields included."""
        if name == "__typename":
            return gq.TypeNameMetaFieldDef
        if type_name == getattr(self.schema.query_type, "name", None):
            meta = {"__schema": gq.SchemaMetaFieldDef, "__type": gq.TypeMetaFieldDef}.get(name)
            if meta is not None:
                return meta
        return cast("Any", self.schema.get_type(type_name)).fields.get(name)

    def applies(self, condition: Any, type_name: str) -> bool:
        """Whether a fragment's condition holds for a concrete type."""
        if condition is None or condition.name.value == type_name:
            return True
        wanted, concrete = self.schema.get_type(condition.name.value), self.schema.get_type(type_name)
        return gq.is_abstract_type(wanted) and self.schema.is_sub_type(cast("Any", wanted), cast("Any", concrete))

    def marks(self, parent: str, name: str, definition: Any, named: Any) -> tuple[frozenset[str] | None, bool]:
        """Scopes of which one is needed, and whether the field is built."""
        access = directive_arguments(definition.ast_node, "access") or directive_arguments(named.ast_node, "access")
        built = directive_arguments(definition.ast_node, "unbuilt") is None
        if parent in self.root_names and not name.startswith("__") and name not in self.resolvers:
            built = False
        return (frozenset(access["scopes"]) if access else None), built

    def resolver(self, selection: Selection) -> Resolver | None:
        own = selection.definition.resolve
        if own is not None:  # introspection: graphql-core's own resolvers want an `info` with the schema in it
            info = SimpleNamespace(schema=self.schema)
            out_names = {name: arg.out_name or name for name, arg in selection.definition.args.items()}
            return lambda source, arguments, _run: own(
                source, info, **{out_names[name]: value for name, value in arguments.items()}
            )
        by_type = self.resolvers.get(f"{selection.parent}.{selection.name}")
        if by_type is None and selection.parent in self.root_names:
            return self.resolvers.get(selection.name)
        return by_type

    def plan(self, text: str, operation_name: str | None = None, variables: Json | None = None) -> Plan:
        """The compiled operation. `variables` only matter where @skip or @include ask for one. Raises `Rejected`."""
        source = self._source(text)
        operation = self._operation(source, operation_name)
        name = operation.name.value if operation.name else ""
        conditions = source.conditions.get(name)
        if conditions is None:
            conditions = source.conditions[name] = tuple(sorted(_condition_variables(operation, source.fragments)))
        chosen = self._chosen(operation, conditions, variables or {}) if conditions else {}
        key = (name, *chosen.values())
        plan = source.plans.get(key)
        if plan is None:
            plan = source.plans[key] = Plan(self, source, operation, chosen)
            if len(source.plans) > PLANS_MAXIMUM:
                source.plans.popitem(last=False)
        return plan

    def _chosen(self, operation: Any, conditions: tuple[str, ...], variables: Json) -> dict[str, bool]:
        values = self.variables(operation, variables)
        return {name: bool(values.get(name)) for name in conditions}

    def variables(self, operation: Any, given: Json) -> Json:
        """The variables as the operation declares them. Raises `Rejected` with every one that does not fit."""
        values: Json = {}
        errors = []
        for node in operation.variable_definitions or ():
            name = node.variable.name.value
            of = gq.type_from_ast(self.schema, node.type)
            if name not in given and node.default_value is not None:
                values[name] = literal(self, node.default_value, of, {})
                continue
            problems: list[BadValue] = []
            value = coerce(self, given.get(name), of, (), problems)
            if problems:
                place = tuple(locations([node]))
                errors.append(
                    self.dialect.variable(BadVariable(name, str(of), given.get(name), tuple(problems), place))
                )
            elif name in given:
                values[name] = value
        if errors:
            raise Rejected(errors)
        return values

    def _source(self, text: str) -> Source:
        found = self._sources.get(text)
        if found is not None:
            self._sources.move_to_end(text)
        else:
            found = self._read(text)
            if len(text) <= KEPT_TEXT_MAXIMUM:
                self._sources[text] = found
            if len(self._sources) > DOCUMENTS_MAXIMUM:
                self._sources.popitem(last=False)
        if isinstance(found, list):
            raise Rejected(found)
        return found

    def _read(self, text: str) -> Source | list[Json]:
        try:
            document = gq.parse(text, max_tokens=TOKENS_MAXIMUM)
            depth = _depth(document)
        except GraphQLError as error:
            place = tuple({"line": each.line, "column": each.column} for each in error.locations or ())
            return [self.dialect.problem(Problem("syntax", error.message, (), place))]
        except RecursionError:
            depth = DEPTH_MAXIMUM + 1
        if depth > DEPTH_MAXIMUM:
            words = f"Query has depth of more than {DEPTH_MAXIMUM}, which exceeds max depth of {DEPTH_MAXIMUM}"
            return [self.dialect.problem(Problem("depth", words))]
        if problems := problems_of(self, document):
            return [self.dialect.problem(problem) for problem in problems]
        return Source(document)

    def _operation(self, source: Source, name: str | None) -> Any:
        if name:
            for operation in source.operations:
                if operation.name and operation.name.value == name:
                    return operation
            raise Rejected([self.word("operation_unknown", f'No operation named "{name}"')])
        if len(source.operations) != 1:
            raise Rejected([self.word("operation_name_required", "An operation name is required")])
        return source.operations[0]

    def word(self, rule: str, message: str, nodes: Iterable[Any] = ()) -> Json:
        """An error in the vendor's dialect."""
        return self.dialect.problem(Problem(rule, message, (), tuple(locations(nodes))))


def _depth(document: Any) -> int:
    """How deep selections are nested, with fragments opened where they are spread."""
    fragments = Source(document).fragments
    known: dict[str, int] = {}

    def below(selection_set: Any, depth: int) -> int:
        deepest = depth
        for node in selection_set.selections if selection_set and depth <= DEPTH_MAXIMUM else ():
            if not isinstance(node, language.FragmentSpreadNode):
                deepest = max(deepest, below(node.selection_set, depth + 1))
            elif node.name.value in fragments:
                deepest = max(deepest, depth + of_fragment(node.name.value))
        return deepest

    def of_fragment(name: str) -> int:
        if name not in known:
            known[name] = 0  # a circle is left to the validator, which has words for it
            known[name] = below(fragments[name].selection_set, 1)
        return known[name]

    return max(
        (below(node.selection_set, 1) for node in document.definitions if hasattr(node, "selection_set")), default=0
    )


def _condition_variables(node: Any, fragments: Mapping[str, Any], opened: set[str] | None = None) -> set[str]:
    """The variables on which @skip and @include depend, below a node."""
    opened = set() if opened is None else opened
    found: set[str] = set()
    for each in node.selection_set.selections if node.selection_set else ():
        for directive in each.directives or ():
            if directive.name.value in ("skip", "include"):
                found |= {a.value.name.value for a in directive.arguments if isinstance(a.value, language.VariableNode)}
        inner = each
        if isinstance(each, language.FragmentSpreadNode):
            if each.name.value in opened:
                continue
            opened.add(each.name.value)
            inner = fragments[each.name.value]
        found |= _condition_variables(inner, fragments, opened)
    return found


# What is wrong with a document ---------------------------------------------------------------------------------------


def problems_of(machine: Machine, document: Any) -> list[Problem]:
    """Everything wrong with a document, as facts a vendor can put into words.

    The checks clients meet are ours, with their facts, and know the vendor's scalars; for the rest graphql-core's rule
    and sentence are passed on.
    """
    found = list(islice(_Inspector(machine, document).problems(), PROBLEMS_MAXIMUM))
    if found or not gq.validate(machine.schema, document):
        return found
    for rule in specified_rules:
        for error in gq.validate(machine.schema, document, [rule]):
            place = tuple({"line": each.line, "column": each.column} for each in error.locations or ())
            found.append(Problem(rule.__name__, error.message, (), place))
    return found


@dataclass(frozen=True)
class _Scope:
    """Where the inspector stands: the path so far, and the variables declared there (None inside a fragment)."""

    path: Path
    variables: Mapping[str, Any] | None

    def at(self, *steps: str | int) -> _Scope:
        return replace(self, path=(*self.path, *steps))


class _Inspector:
    """Walks a document once and says what does not fit the schema."""

    def __init__(self, machine: Machine, document: Any) -> None:
        self.machine = machine
        self.schema = machine.schema
        self.document = document
        self.source = Source(document)

    def problems(self) -> Iterator[Problem]:
        for operation in self.source.operations:
            yield from self._operation(operation)
        for name, fragment in self.source.fragments.items():
            yield from self._condition(fragment, _Scope((f"fragment {name}",), None))
        used = set(_spreads(self.source.operations, self.source.fragments))
        for name, fragment in self.source.fragments.items():
            if name not in used:
                yield _problem("fragment_unused", [fragment], (f"fragment {name}",), fragment=name)

    def _operation(self, operation: Any) -> Iterator[Problem]:
        root = self.schema.get_root_type(operation.operation)
        if root is None:
            return
        title = operation.operation.value + (f" {operation.name.value}" if operation.name else "")
        declared = {node.variable.name.value: node for node in operation.variable_definitions or ()}
        for name, node in declared.items():
            of = gq.type_from_ast(self.schema, node.type)
            if of is None or not gq.is_input_type(of):
                named = _named(node.type)
                yield _problem("variable_type", [node], (title,), variable=name, type=named)
            elif node.default_value is not None and any(self._default_problems(node, of, title)):
                yield _problem("variable_default", [node], (title,), variable=name, type=str(of))
        yield from self._selections(operation.selection_set, root, _Scope((title,), declared))
        used = _used_variables(operation, self.source.fragments)
        for name, node in declared.items():
            if name not in used:
                yield _problem("variable_unused", [node], (title,), variable=name, operation=_title(operation))
        for name, node in used.items():
            if name not in declared:
                yield _problem("variable_undeclared", [node], (title,), variable=name, operation=_title(operation))

    def _default_problems(self, node: Any, of: Any, title: str) -> Iterator[Problem]:
        owner = ("Variable", node.variable.name.value, "default")
        return self._value(node.default_value, of, False, owner, _Scope((title,), {}))

    def _selections(self, selection_set: Any, parent: Any, scope: _Scope) -> Iterator[Problem]:
        for node in selection_set.selections:
            yield from self._directives(node, scope)
            if isinstance(node, language.FieldNode):
                yield from self._field(node, parent, scope)
            elif isinstance(node, language.InlineFragmentNode):
                named = node.type_condition.name.value if node.type_condition else parent.name
                yield from self._condition(node, scope.at(f"... on {named}"), parent)
            elif node.name.value not in self.source.fragments:
                name = node.name.value
                yield _problem("fragment_undefined", [node], scope.at(f"... {name}").path, fragment=name)

    def _condition(self, node: Any, scope: _Scope, parent: Any = None) -> Iterator[Problem]:
        of = parent
        if node.type_condition:
            name = node.type_condition.name.value
            of = self.schema.get_type(name)
            if of is None:
                yield _problem("type_undefined", [node], scope.path, type=name)
                return
            if not gq.is_composite_type(of):
                yield _problem("type_not_composite", [node], scope.path, type=name)
                return
        yield from self._selections(node.selection_set, of, scope)

    def _field(self, node: Any, parent: Any, scope: _Scope) -> Iterator[Problem]:
        name = node.name.value
        here = scope.at(node.alias.value if node.alias else name)
        definition = None
        if not isinstance(parent, gq.GraphQLUnionType) or name == "__typename":
            definition = self.machine.definition(parent.name, name)
        if definition is None:
            yield _problem("undefined_field", [node], here.path, type=parent.name, field=name)
            return
        yield from self._arguments(node, definition, "Field", name, here)
        named = gq.get_named_type(definition.type)
        facts = {"field": name, "type": named.name, "parent": parent.name}
        if gq.is_leaf_type(named):
            if node.selection_set:
                chosen = [n.name.value for n in node.selection_set.selections if isinstance(n, language.FieldNode)]
                yield _problem("selections_on_leaf", [node], here.path, **facts, selections=chosen)
        elif not node.selection_set:
            yield _problem("selections_missing", [node], here.path, **facts)
        else:
            yield from self._selections(node.selection_set, named, here)

    def _directives(self, node: Any, scope: _Scope) -> Iterator[Problem]:
        for directive in node.directives or ():
            name = directive.name.value
            definition = self.schema.get_directive(name)
            if definition is None:
                yield _problem("undefined_directive", [directive], scope.path, directive=name)
            else:
                yield from self._arguments(directive, definition, "Directive", name, scope)

    def _arguments(self, node: Any, definition: Any, kind: str, name: str, scope: _Scope) -> Iterator[Problem]:
        given = {argument.name.value: argument for argument in node.arguments or ()}
        for argument, written in given.items():
            if argument not in definition.args:
                facts = {"kind": kind, "name": name, "argument": argument}
                yield _problem("argument_not_accepted", [written], scope.at(argument).path, **facts)
                continue
            of = definition.args[argument].type
            default = _default(definition.args[argument]) is not None
            yield from self._value(written.value, of, default, (kind, name, argument), scope.at(argument))
        required = [key for key, each in definition.args.items() if gq.is_required_argument(each) and key not in given]
        if required:
            yield _problem("arguments_missing", [node], scope.path, kind=kind, name=name, arguments=required)

    def _value(
        self, node: Any, of: Any, default: bool, owner: tuple[str, str, str], scope: _Scope
    ) -> Iterator[Problem]:
        if isinstance(node, language.VariableNode):
            yield from self._variable(node, of, default, owner, scope)
            return
        nullable = gq.get_nullable_type(of)
        if isinstance(node, language.NullValueNode):
            if nullable is not of:
                yield self._incompatible(node, of, owner, scope)
        elif isinstance(nullable, gq.GraphQLList):
            for index, item in enumerate(node.values if isinstance(node, language.ListValueNode) else (node,)):
                yield from self._value(item, nullable.of_type, False, owner, scope.at(index))
        elif isinstance(nullable, gq.GraphQLInputObjectType):
            yield from self._input(node, nullable, owner, scope)
        elif not self._leaf_fits(node, nullable):
            yield self._incompatible(node, of, owner, scope)

    def _input(self, node: Any, of: Any, owner: tuple[str, str, str], scope: _Scope) -> Iterator[Problem]:
        if not isinstance(node, language.ObjectValueNode):
            yield self._incompatible(node, of, owner, scope)
            return
        given = {member.name.value: member for member in node.fields}
        for name, member in given.items():
            if name not in of.fields:
                facts = {"kind": "InputObject", "name": of.name, "argument": name}
                yield _problem("argument_not_accepted", [member], scope.at(name).path, **facts)
                continue
            inner = of.fields[name]
            default = _default(inner) is not None
            yield from self._value(member.value, inner.type, default, ("InputObject", of.name, name), scope.at(name))
        for name, inner in of.fields.items():
            if gq.is_required_input_field(inner) and name not in given:
                facts = {"argument": name, "type": str(inner.type), "input": of.name}
                yield _problem("attribute_missing", [node], scope.at(name).path, **facts)

    def _leaf_fits(self, node: Any, of: Any) -> bool:
        if isinstance(of, gq.GraphQLEnumType):
            return isinstance(node, language.EnumValueNode) and node.value in of.values
        if isinstance(node, language.EnumValueNode):
            return False
        try:
            self.machine.scalar(of.name).parse(_untyped(node, {}))
        except ValueError:
            return False
        return True

    def _incompatible(self, node: Any, of: Any, owner: tuple[str, str, str], scope: _Scope) -> Problem:
        kind, name, argument = owner
        facts = {"kind": kind, "name": name, "argument": argument, "value": gq.print_ast(node), "type": str(of)}
        return _problem("literal_incompatible", [node], scope.path, **facts)

    def _variable(
        self, node: Any, of: Any, default: bool, owner: tuple[str, str, str], scope: _Scope
    ) -> Iterator[Problem]:
        declared = (scope.variables or {}).get(node.name.value)
        if declared is None:
            return
        given = gq.type_from_ast(self.schema, declared.type)
        if given is None or not gq.is_input_type(given):
            return
        wanted = of
        if isinstance(of, gq.GraphQLNonNull) and not isinstance(given, gq.GraphQLNonNull):
            has_default = declared.default_value is not None and not isinstance(
                declared.default_value, language.NullValueNode
            )
            wanted = of.of_type if default or has_default else of
        if gq.utilities.is_type_sub_type_of(self.schema, given, wanted):
            return
        facts = {"variable": node.name.value, "argument": owner[2], "given": str(given), "wanted": str(of)}
        yield _problem("variable_mismatch", [node], scope.path, **facts, why=_why(given, of))


def _why(given: Any, wanted: Any) -> str:
    """In which way two input types differ: type, list, or nullability."""
    if gq.get_named_type(given) is not gq.get_named_type(wanted):
        return "type"
    depth = [str(of).count("[") for of in (given, wanted)]
    return "list" if depth[0] != depth[1] else "nullability"


def _named(node: Any) -> str:
    while not isinstance(node, language.NamedTypeNode):
        node = node.type
    return str(node.name.value)


def _title(operation: Any) -> str:
    return operation.name.value if operation.name else ""


def _problem(rule: str, nodes: Sequence[Any], path: Path, **facts: Any) -> Problem:
    return Problem(rule, rule.replace("_", " "), path, tuple(locations(nodes)), facts)


def _spreads(nodes: Iterable[Any], fragments: Mapping[str, Any], seen: set[str] | None = None) -> Iterator[str]:
    """Names of the fragments reached from these nodes."""
    seen = set() if seen is None else seen
    for node in nodes:
        if isinstance(node, language.FragmentSpreadNode):
            name = node.name.value
            if name not in seen:
                seen.add(name)
                yield name
                if name in fragments:
                    yield from _spreads([fragments[name]], fragments, seen)
        elif getattr(node, "selection_set", None):
            yield from _spreads(node.selection_set.selections, fragments, seen)


def _used_variables(operation: Any, fragments: Mapping[str, Any]) -> dict[str, Any]:
    """Variables used by an operation and its fragments, by name, with the first place each is used in."""
    found: dict[str, Any] = {}
    reached = [fragments[name] for name in _spreads([operation], fragments) if name in fragments]

    class Uses(language.Visitor):
        def enter_variable_definition(self, *_: Any) -> Any:
            return language.SKIP

        def enter_variable(self, node: Any, *_: Any) -> None:
            found.setdefault(node.name.value, node)

    for node in [operation, *reached]:
        language.visit(node, Uses())
    return found


# Connections ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Window:
    """What a connection was asked for. `backward` when by last/before; `cursor` is where to go on from, if anywhere."""

    size: int
    backward: bool = False
    cursor: str | None = None
    other: str | None = None
    """The cursor at the far end, when both `after` and `before` were given."""


@dataclass(frozen=True)
class WindowRules:
    """A vendor's limits on a connection and the words in which it refuses. Each answers the error to raise."""

    maximum: int
    neither: Callable[[str], FieldError]
    both: Callable[[str], FieldError]
    negative: Callable[[str, str, int], FieldError]
    too_many: Callable[[str, str, int], FieldError]

    def window(self, name: str, arguments: Json) -> Window:
        """Read first/after and last/before of the connection called `name`. Raises `FieldError`."""
        first, last = arguments.get("first"), arguments.get("last")
        if first is None and last is None:
            raise self.neither(name)
        if first is not None and last is not None:
            raise self.both(name)
        word, size = ("first", first) if first is not None else ("last", cast("int", last))
        if size < 0:
            raise self.negative(name, word, size)
        if size > self.maximum:
            raise self.too_many(name, word, size)
        after, before = arguments.get("after"), arguments.get("before")
        return Window(size, False, after, before) if word == "first" else Window(size, True, before, after)


class Connection:
    """One page, as GraphQL shows it. Cursors are made only when somebody looks."""

    __slots__ = ("cursor_of", "has_next", "has_previous", "rows", "total")

    def __init__(
        self,
        rows: Sequence[Any],
        cursor_of: Callable[[Any], str],
        *,
        has_next: bool = False,
        has_previous: bool = False,
        total: Callable[[], int] | None = None,
    ) -> None:
        self.rows = rows
        self.cursor_of = cursor_of
        self.has_next = has_next
        self.has_previous = has_previous
        self.total = total

    def get(self, name: str) -> Any:
        match name:
            case "nodes":
                return self.rows
            case "edges":
                return [{"cursor": self.cursor_of(row), "node": row} for row in self.rows]
            case "pageInfo":
                return {
                    "hasNextPage": self.has_next,
                    "hasPreviousPage": self.has_previous,
                    "startCursor": self.cursor_of(self.rows[0]) if self.rows else None,
                    "endCursor": self.cursor_of(self.rows[-1]) if self.rows else None,
                }
            case "totalCount":
                return self.total() if self.total else len(self.rows)
        return None


def page_of(
    rows: Sequence[Any],
    window: Window,
    cursor_of: Callable[[Any], str],
    after: Callable[[Any, str], bool],
) -> Connection:
    """A page of rows that are all at hand, already in the order shown. `after(row, cursor)`: the row comes later.

    A row that has gone since its cursor was handed out does not matter: the cursor is a place, not a row.
    """
    inside = rows
    if window.cursor is not None:
        edge = window.cursor
        inside = [row for row in inside if _strictly(row, edge, cursor_of, after, later=not window.backward)]
    if window.other is not None:
        far = window.other
        inside = [row for row in inside if _strictly(row, far, cursor_of, after, later=window.backward)]
    if window.backward:
        shown = inside[max(0, len(inside) - window.size) :] if window.size else []
        return Connection(shown, cursor_of, has_next=window.cursor is not None, has_previous=len(inside) > len(shown))
    shown = inside[: window.size]
    return Connection(shown, cursor_of, has_next=len(inside) > len(shown), has_previous=window.cursor is not None)


def _strictly(
    row: Any, cursor: str, cursor_of: Callable[[Any], str], after: Callable[[Any, str], bool], *, later: bool
) -> bool:
    if later:
        return after(row, cursor)
    return not after(row, cursor) and cursor_of(row) != cursor
