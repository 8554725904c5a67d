"""What is wrong with a document, found once and said as facts."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

import graphql as gq
from graphql import language
from graphql.validation import specified_rules

from mock_servers.core.graphql.nodes import locations, name_of, spreads, used_variables
from mock_servers.core.graphql.plan import Source
from mock_servers.core.graphql.service import Service
from mock_servers.core.graphql.values import default_of, untyped
from mock_servers.core.graphql.words import Path, Problem

PROBLEMS_MAXIMUM = 100


def problems_of(service: Service, document: Any) -> list[Problem]:
    """Everything wrong with a document, as facts a vendor can put into words.

    The checks clients meet are ours, with their facts, and know the vendor's scalars; for the rest graphql-core's rule
    and sentence are passed on.
    """
    found = list(islice(_Inspector(service, document).problems(), PROBLEMS_MAXIMUM))
    if found or not gq.validate(service.schema, document):
        return found
    for rule in specified_rules:
        for error in gq.validate(service.schema, document, [rule]):
            place = tuple({"line": each.line, "column": each.column} for each in error.locations or ())
            found.append(Problem(rule.__name__, error.message, (), place))
    return found


@dataclass(frozen=True)
class _Scope:
    """Where the inspector stands: the path so far, and the variables declared there (None inside a fragment)."""

    path: Path
    variables: Mapping[str, Any] | None

    def at(self, *steps: str | int) -> "_Scope":
        return replace(self, path=(*self.path, *steps))


class _Inspector:
    """Walks a document once and says what does not fit the schema."""

    def __init__(self, service: Service, document: Any) -> None:
        self.service = service
        self.schema = service.schema
        self.document = document
        self.source = Source(document)

    def problems(self) -> Iterator[Problem]:
        for operation in self.source.operations:
            yield from self._operation(operation)
        for name, fragment in self.source.fragments.items():
            yield from self._condition(fragment, _Scope((f"fragment {name}",), None))
        used = set(spreads(self.source.operations, self.source.fragments))
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
        used = used_variables(operation, self.source.fragments)
        for name, node in declared.items():
            if name not in used:
                yield _problem("variable_unused", [node], (title,), variable=name, operation=name_of(operation))
        for name, node in used.items():
            if name not in declared:
                yield _problem("variable_undeclared", [node], (title,), variable=name, operation=name_of(operation))

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
            definition = self.service.definition(parent.name, name)
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
            default = default_of(definition.args[argument]) is not None
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
            default = default_of(inner) is not None
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
            self.service.scalar(of.name).parse(untyped(node, {}))
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


def _problem(rule: str, nodes: Sequence[Any], path: Path, **facts: Any) -> Problem:
    return Problem(rule, rule.replace("_", " "), path, tuple(locations(nodes)), facts)
