"""What answers: one schema in one version, with the resolvers, scalars and words a vendor gives it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, cast

import graphql as gq

from mock_servers.core.graphql.nodes import directive_arguments, locations
from mock_servers.core.graphql.run import Resolver
from mock_servers.core.graphql.scalars import ANY_TEXT, SCALARS, Scalar
from mock_servers.core.graphql.sdl import Sdl
from mock_servers.core.graphql.words import Dialect, Json, Problem


@dataclass
class Service:
    """One schema in one version with its resolvers and words. The schema is built on first use."""

    sdl: Sdl
    dialect: Dialect
    resolvers: Mapping[str, Resolver] = field(default_factory=dict)
    version: str = ""
    scalars: Mapping[str, Scalar] = field(default_factory=dict)
    type_of: Callable[[Any], str] = lambda value: str(value["__typename"])

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
        return self.scalars.get(name) or SCALARS.get(name) or ANY_TEXT

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

    def word(self, rule: str, message: str, nodes: Iterable[Any] = ()) -> Json:
        """An error in the vendor's dialect."""
        return self.dialect.problem(Problem(rule, message, (), tuple(locations(nodes))))
