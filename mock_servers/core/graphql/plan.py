"""A text compiled: its operations, the fields each asks for, and how each field is asked."""

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import graphql as gq
from graphql import language

from mock_servers.core.graphql.nodes import has_variable, locations
from mock_servers.core.graphql.run import Completion, Run
from mock_servers.core.graphql.service import Service
from mock_servers.core.graphql.values import literal_members
from mock_servers.core.graphql.words import Json, Rejected

BodyOf = Callable[[str, "Sequence[Selection]"], Completion]
"""How the fields asked of one type become a function that answers them."""


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

    def __init__(self, plan: "Plan", parent: str, key: str, nodes: list[Any], definition: Any) -> None:
        self.plan = plan
        self.parent = parent
        self.key = key
        self.name = nodes[0].name.value
        self.nodes = nodes
        self.definition = definition
        self.named: Any = gq.get_named_type(definition.type)
        self.returns: str = self.named.name
        self.listed = isinstance(gq.get_nullable_type(definition.type), gq.GraphQLList)
        self.access, self.built = plan.service.marks(parent, self.name, definition, self.named)
        self._children: dict[str, tuple[Selection, ...]] = {}
        constant = not any(has_variable(argument.value) for argument in nodes[0].arguments or ())
        self._arguments = self._read({}) if constant else None

    def _read(self, variables: Json) -> Json:
        return literal_members(self.plan.service.scalar, self.nodes[0].arguments or (), self.definition.args, variables)

    def arguments(self, run: Run) -> Json:
        """The field's arguments as the schema types them, read once for each request."""
        if self._arguments is not None:
            return self._arguments
        found = run.arguments.get(self)
        if found is None:
            found = run.arguments[self] = self._read(run.variables)
        return found

    def fields_of(self, type_name: str) -> "tuple[Selection, ...]":
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
            return tuple(each.name for each in self.plan.service.schema.get_possible_types(self.named))
        return ()

    def directive(self, name: str, run: Run) -> Json | None:
        """The arguments of a directive on this field; None when it is not there."""
        for node in self.nodes[0].directives or ():
            if node.name.value == name:
                definition = cast("Any", self.plan.service.schema.get_directive(name))
                return literal_members(self.plan.service.scalar, node.arguments or (), definition.args, run.variables)
        return None

    def location(self) -> list[Json]:
        return locations(self.nodes[:1])


class Plan:
    """One operation of one text, ready to run: `kind` is query or mutation, `roots` its root fields in order."""

    def __init__(
        self, service: Service, source: "Source", operation: Any, chosen: Mapping[str, bool], body_of: BodyOf
    ) -> None:
        self.service = service
        self.fragments = source.fragments
        self.operation = operation
        self.kind: str = operation.operation.value
        self.chosen = chosen
        self.root = service.schema.get_root_type(operation.operation)
        if self.root is None:
            raise Rejected([service.word("operation_kind", f"Schema is not configured for {self.kind}s", [operation])])
        self.roots = self.collect(self.root.name, [operation.selection_set])
        self.body = body_of(self.root.name, self.roots)
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
            definition = self.service.definition(type_name, nodes[0].name.value)
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
            if self.service.applies(fragment.type_condition, type_name):
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
