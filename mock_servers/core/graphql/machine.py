"""The machine: a text parsed, validated and compiled once, and its variables read."""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

import graphql as gq
from graphql import GraphQLError, language

from mock_servers.core.graphql.execution import body_of
from mock_servers.core.graphql.nodes import condition_variables, locations, name_of
from mock_servers.core.graphql.plan import Plan, Source
from mock_servers.core.graphql.service import Service
from mock_servers.core.graphql.validation import problems_of
from mock_servers.core.graphql.values import coerce, literal
from mock_servers.core.graphql.words import BadValue, BadVariable, Json, Problem, Rejected

DOCUMENTS_MAXIMUM = 512  # texts kept compiled; the least recently used goes first
PLANS_MAXIMUM = 16  # compiled forms of one text: operation names, and values of the variables in @skip and @include
DEPTH_MAXIMUM = 60  # of nested selections; far below Python's own limit, far above any honest query
TOKENS_MAXIMUM = 8_000  # some checks take the square of it
KEPT_TEXT_MAXIMUM = 65_536  # letters; longer texts are compiled each time


@dataclass
class Machine(Service):
    """A service that takes texts. Making one costs nothing; each text is compiled when it first comes, and kept."""

    def __post_init__(self) -> None:
        self._sources: OrderedDict[str, Source | list[Json]] = OrderedDict()

    def plan(self, text: str, operation_name: str | None = None, variables: Json | None = None) -> Plan:
        """The compiled operation. `variables` only matter where @skip or @include ask for one. Raises `Rejected`."""
        source = self._source(text)
        operation = self._operation(source, operation_name)
        name = name_of(operation)
        conditions = source.conditions.get(name)
        if conditions is None:
            conditions = source.conditions[name] = tuple(sorted(condition_variables(operation, source.fragments)))
        chosen = self._chosen(operation, conditions, variables or {}) if conditions else {}
        key = (name, *chosen.values())
        plan = source.plans.get(key)
        if plan is None:
            plan = source.plans[key] = Plan(self, source, operation, chosen, body_of)
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
                values[name] = literal(self.scalar, node.default_value, of, {})
                continue
            problems: list[BadValue] = []
            value = coerce(self.scalar, given.get(name), of, (), problems)
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
