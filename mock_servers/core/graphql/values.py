"""Values a client sends: variables checked against their types, and literals read as theirs."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import graphql as gq
from graphql import language

from mock_servers.core.graphql.scalars import ScalarOf
from mock_servers.core.graphql.words import BadValue, FieldError, Json, Path

MISSING: Any = object()


def coerce(scalar_of: ScalarOf, value: Any, of: Any, path: Path, problems: list[BadValue]) -> Any:
    """A JSON value as the type has it; what does not fit is added to `problems`, and the value is then worthless."""
    if isinstance(of, gq.GraphQLNonNull):
        if value is None:
            problems.append(BadValue(path, "null", value, str(of)))
            return None
        return coerce(scalar_of, value, of.of_type, path, problems)
    if value is None:
        return None
    if isinstance(of, gq.GraphQLList):
        if not isinstance(value, list):
            return [coerce(scalar_of, value, of.of_type, path, problems)]
        return [coerce(scalar_of, item, of.of_type, (*path, index), problems) for index, item in enumerate(value)]
    if isinstance(of, gq.GraphQLInputObjectType):
        return _coerce_object(scalar_of, value, of, path, problems)
    if isinstance(of, gq.GraphQLEnumType):
        if not isinstance(value, str) or value not in of.values:
            problems.append(BadValue(path, "enum", value, str(of), tuple(of.values)))
        return value
    try:
        return scalar_of(of.name).parse(value)
    except ValueError as error:
        problems.append(BadValue(path, "scalar", value, str(of), detail=str(error)))
        return None


def _coerce_object(
    scalar_of: ScalarOf, value: Any, of: gq.GraphQLInputObjectType, path: Path, problems: list[BadValue]
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
        scalar_of,
        of.fields,
        value,
        lambda name, item, kind: coerce(scalar_of, item, kind, (*path, name), problems),
        lambda name, kind: problems.append(BadValue((*path, name), "null", None, str(kind))),
    )


def _members(
    scalar_of: ScalarOf,
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
        elif (default := default_of(definition)) is not None:
            members[name] = literal(scalar_of, default, definition.type, {})
        elif definition.ast_node is None:
            members[name] = False  # introspection, which no SDL declares, has only flags that are off
        elif isinstance(definition.type, gq.GraphQLNonNull):
            lacking(name, definition.type)
    return members


def default_of(definition: Any) -> Any:
    """The literal an argument or input field is worth when nothing is given; None when it has none."""
    return definition.ast_node.default_value if definition.ast_node is not None else None


def literal(scalar_of: ScalarOf, node: Any, of: Any, variables: Json) -> Any:
    """A literal of a validated query as its type has it; `MISSING` for a variable nobody gave."""
    if isinstance(node, language.VariableNode):
        return variables.get(node.name.value, MISSING)
    if isinstance(of, gq.GraphQLNonNull):
        return literal(scalar_of, node, of.of_type, variables)
    if isinstance(node, language.NullValueNode):
        return None
    if isinstance(of, gq.GraphQLList):
        items = node.values if isinstance(node, language.ListValueNode) else (node,)
        read = (literal(scalar_of, item, of.of_type, variables) for item in items)
        return [None if item is MISSING else item for item in read]
    if isinstance(of, gq.GraphQLInputObjectType):
        return literal_members(scalar_of, node.fields, of.fields, variables)
    if isinstance(of, gq.GraphQLEnumType):
        return node.value
    return scalar_of(of.name).parse(untyped(node, variables))


def literal_members(scalar_of: ScalarOf, nodes: Iterable[Any], fields: Mapping[str, Any], variables: Json) -> Json:
    """Arguments or input fields as a validated query writes them. Raises `FieldError` for what turns out null."""
    written = {node.name.value: node.value for node in nodes}
    given = {
        name: node
        for name, node in written.items()
        if not isinstance(node, language.VariableNode) or node.name.value in variables
    }

    def read(name: str, node: Any, of: Any) -> Any:
        value = literal(scalar_of, node, of, variables)
        if value is None and isinstance(of, gq.GraphQLNonNull):
            raise FieldError(f"Argument '{name}' of required type {of} must not be null.")
        return value

    def lacking(name: str, of: Any) -> None:
        raise FieldError(f"Argument '{name}' of required type {of} was not provided a value.")

    return _members(scalar_of, fields, given, read, lacking)


def untyped(node: Any, variables: Json) -> Any:
    """A literal as JSON, whatever its type."""
    return gq.value_from_ast_untyped(node, variables)
