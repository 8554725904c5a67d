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

The modules stand on one another in this order, each only on those before it:

    words · scalars · run · paging        what resolvers and dialects are written with
    nodes · sdl · values · service · plan · execution · validation · machine      what graphql-core is needed for

graphql-core takes a tenth of a second and more to import. The second row is therefore loaded when one of its names is
first asked for: a process that never sees a query never pays for it.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from mock_servers.core.graphql.paging import Connection, Window, WindowRules, page_of
from mock_servers.core.graphql.run import Answer, Completion, Resolver, Run
from mock_servers.core.graphql.scalars import SCALARS, Scalar
from mock_servers.core.graphql.words import (
    Asked,
    BadValue,
    BadVariable,
    Dialect,
    FieldError,
    Problem,
    Rejected,
)

if TYPE_CHECKING:
    from mock_servers.core.graphql.machine import DEPTH_MAXIMUM, DOCUMENTS_MAXIMUM, KEPT_TEXT_MAXIMUM, Machine
    from mock_servers.core.graphql.nodes import directive_arguments
    from mock_servers.core.graphql.plan import Plan, Selection
    from mock_servers.core.graphql.sdl import Sdl
    from mock_servers.core.graphql.validation import PROBLEMS_MAXIMUM

__all__ = [
    "DEPTH_MAXIMUM",
    "DOCUMENTS_MAXIMUM",
    "KEPT_TEXT_MAXIMUM",
    "PROBLEMS_MAXIMUM",
    "SCALARS",
    "Answer",
    "Asked",
    "BadValue",
    "BadVariable",
    "Completion",
    "Connection",
    "Dialect",
    "FieldError",
    "Machine",
    "Plan",
    "Problem",
    "Rejected",
    "Resolver",
    "Run",
    "Scalar",
    "Sdl",
    "Selection",
    "Window",
    "WindowRules",
    "directive_arguments",
    "page_of",
]

LATER = {
    "DEPTH_MAXIMUM": "machine",
    "DOCUMENTS_MAXIMUM": "machine",
    "KEPT_TEXT_MAXIMUM": "machine",
    "Machine": "machine",
    "PROBLEMS_MAXIMUM": "validation",
    "Plan": "plan",
    "Sdl": "sdl",
    "Selection": "plan",
    "directive_arguments": "nodes",
}
"""The names that need graphql-core, and the module each is in."""


def __getattr__(name: str) -> Any:
    if name not in LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{LATER[name]}"), name)
