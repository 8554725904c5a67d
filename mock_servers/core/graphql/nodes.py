"""What can be read off the nodes of a parsed text without knowing the schema."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import graphql as gq
from graphql import language

from mock_servers.core.graphql.words import Json


def directive_arguments(node: Any, name: str) -> Json | None:
    """The literal arguments of a directive on a definition; None when it is not there."""
    for directive in getattr(node, "directives", None) or ():
        if directive.name.value == name:
            return {each.name.value: gq.value_from_ast_untyped(each.value) for each in directive.arguments or ()}
    return None


def locations(nodes: Iterable[Any]) -> list[Json]:
    """Lines and columns, from 1."""
    found = []
    for node in nodes:
        if node is not None and node.loc:
            place = language.get_location(node.loc.source, node.loc.start)
            found.append({"line": place.line, "column": place.column})
    return found


def name_of(operation: Any) -> str:
    """The operation's name; empty when it has none."""
    return operation.name.value if operation.name else ""


def has_variable(node: Any) -> bool:
    """Whether a literal has a variable anywhere in it."""
    match node:
        case language.VariableNode():
            return True
        case language.ListValueNode():
            return any(has_variable(item) for item in node.values)
        case language.ObjectValueNode():
            return any(has_variable(item.value) for item in node.fields)
        case _:
            return False


def spreads(nodes: Iterable[Any], fragments: Mapping[str, Any], seen: set[str] | None = None) -> Iterator[str]:
    """Names of the fragments reached from these nodes."""
    seen = set() if seen is None else seen
    for node in nodes:
        if isinstance(node, language.FragmentSpreadNode):
            name = node.name.value
            if name not in seen:
                seen.add(name)
                yield name
                if name in fragments:
                    yield from spreads([fragments[name]], fragments, seen)
        elif getattr(node, "selection_set", None):
            yield from spreads(node.selection_set.selections, fragments, seen)


def used_variables(operation: Any, fragments: Mapping[str, Any]) -> dict[str, Any]:
    """Variables used by an operation and its fragments, by name, with the first place each is used in."""
    found: dict[str, Any] = {}
    reached = [fragments[name] for name in spreads([operation], fragments) if name in fragments]

    class Uses(language.Visitor):
        def enter_variable_definition(self, *_: Any) -> Any:
            return language.SKIP

        def enter_variable(self, node: Any, *_: Any) -> None:
            found.setdefault(node.name.value, node)

    for node in [operation, *reached]:
        language.visit(node, Uses())
    return found


def condition_variables(node: Any, fragments: Mapping[str, Any], opened: set[str] | None = None) -> set[str]:
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
        found |= condition_variables(inner, fragments, opened)
    return found
