"""One execution: what resolvers are given, and where what went wrong is gathered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from mock_servers.core.graphql.words import FieldError, Json

if TYPE_CHECKING:  # a plan is made with graphql-core, and resolvers are written without it
    from mock_servers.core.graphql.plan import Plan, Selection

Resolver = Callable[[Any, Json, "Run"], Any]
Completion = Callable[[Any, "Run"], Any]


class Null(Exception):  # noqa: N818 - a signal, caught where the parent is
    """A non-null field had nothing; the error is recorded, the nearest nullable parent becomes null."""


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
        except Null:
            return Answer(None, self.errors)

    def record(self, error: FieldError, selection: Selection, path: Sequence[str | int]) -> None:
        """Put a field's error among the answer's, in its place."""
        entry: Json = {"message": error.message, "locations": selection.location(), "path": list(path)}
        if error.extensions:
            entry["extensions"] = error.extensions
        self.errors.append(entry)
