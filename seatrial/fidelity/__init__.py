"""How sure we are of everything we imitate: `seatrial fidelity`.

    for row in rows("shopify"):
        print(row.kind, row.name, row.grade, row.source, row.read, row.tests)

A row for every operation, GraphQL root field, webhook, refusal and rule that a contract states, with the evidence it
carries and the tests that stand behind it. There is no score: a number that adds a documented path to an assumed error
text would mean nothing, and be believed.
"""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any, Literal

import msgspec
from msgspec import Struct

from contracts.contract import Contract, Operation, load
from contracts.evidence import Evidence, Grade
from contracts.profile import SurfaceProfile
from mock_servers.core.fake import Fake
from mock_servers.core.registry import fakes, known
from seatrial.fidelity.exercised import Exercised, read_map

Kind = Literal["operation", "field", "webhook", "refusal", "rule", "type", "example"]
KINDS: dict[Kind, str] = {
    "operation": "operations",
    "field": "GraphQL root fields",
    "webhook": "webhooks",
    "refusal": "refusals",
    "rule": "rules around the endpoints",
    "type": "GraphQL types",
    "example": "recorded or composed exchanges",
}
TESTED: frozenset[Kind] = frozenset({"operation", "field", "refusal"})
"""What a journal names, so that it is known which tests stand behind it."""
GRADES: tuple[Grade, ...] = ("documented", "observed", "assumed")


class Row(Struct, frozen=True):
    """One thing a contract states. `tests` are files below `tests/`; None where no journal could tell."""

    kind: Kind
    surface: str
    name: str
    says: str
    grade: Grade
    source: str
    read: date
    built: bool = True
    tests: tuple[str, ...] | None = None

    def age_days(self, today: date) -> int:
        """Days since it was read."""
        return (today - self.read).days


class Count(Struct, frozen=True):
    """The numbers of one kind. `tested` is None where no journal could tell."""

    kind: Kind
    total: int
    built: int
    documented: int
    observed: int
    assumed: int
    tested: int | None
    oldest: date


def rows(vendor: str, seen: Exercised | None = None) -> list[Row]:
    """Every row of a vendor, by kind and then in the contract's order. Raises ContractError for an unknown vendor."""
    contract = load(vendor)
    fake = fakes((vendor,))[vendor] if vendor in known() else None
    seen = read_map() if seen is None else seen
    found = [
        *_operations(contract, fake, seen),
        *_fields(contract, fake, seen),
        *_documents(contract),
        *_refusals(contract, seen),
        *_rules(contract),
        *_examples(contract),
    ]
    order = list(KINDS)
    return sorted(found, key=lambda row: order.index(row.kind))


def counts(rows: Iterable[Row]) -> list[Count]:
    """The numbers behind the rows, a line for each kind there is."""
    rows = list(rows)
    return [_count(kind, mine) for kind in KINDS if (mine := [row for row in rows if row.kind == kind])]


def _count(kind: Kind, rows: list[Row]) -> Count:
    by_grade = {grade: sum(row.grade == grade for row in rows) for grade in GRADES}
    tested = sum(bool(row.tests) for row in rows) if kind in TESTED else None
    built, oldest = sum(row.built for row in rows), min(row.read for row in rows)
    return Count(kind, len(rows), built, tested=tested, oldest=oldest, **by_grade)


# Where the rows come from ---------------------------------------------------------------------------------------------


def _row(kind: Kind, surface: str, name: str, says: str, evidence: Evidence, **more: Any) -> Row:
    return Row(kind, surface, name, says, evidence.grade, evidence.source, evidence.read, **more)


def _operations(contract: Contract, fake: Fake | None, seen: Exercised) -> Iterator[Row]:
    for operation in contract.operations.values():
        yield _row(
            "operation",
            operation.surface,
            operation.id,
            f"{operation.method} {operation.path}",
            operation.evidence,
            built=operation.built and fake is not None and operation.id in fake.operations,
            tests=_behind(contract, operation, seen),
        )


def _behind(contract: Contract, operation: Operation, seen: Exercised) -> tuple[str, ...]:
    """The tests behind an operation; behind a GraphQL endpoint, those behind any of its root fields."""
    if operation.graphql is None:
        return seen.operation(contract.vendor, operation.id)
    fields = seen.operations(contract.vendor) - contract.operations.keys()
    return tuple(sorted({test for field in fields for test in seen.operation(contract.vendor, field)}))


def _fields(contract: Contract, fake: Fake | None, seen: Exercised) -> Iterator[Row]:
    """Root fields and types of the GraphQL surfaces, by their `@evidence`."""
    for operation in contract.operations.values():
        if operation.graphql is not None:
            from graphql import parse

            document = parse(contract.text(operation.graphql), no_location=True)
            roots = _roots(document)
            for definition in document.definitions:
                name = getattr(getattr(definition, "name", None), "value", "")
                yield from _of_type(operation.surface, name, definition)
                for field in getattr(definition, "fields", None) or () if name in roots else ():
                    yield from _of_field(contract.vendor, operation.surface, name, field, fake, seen)


def _roots(document: Any) -> set[str]:
    named = {
        kind.type.name.value
        for definition in document.definitions
        if definition.kind == "schema_definition"
        for kind in definition.operation_types
    }
    return named or {"Query", "Mutation", "Subscription"}


def _of_type(surface: str, name: str, definition: Any) -> Iterator[Row]:
    evidence = _directive(definition)
    if evidence is not None:
        yield _row("type", surface, name, definition.kind.removesuffix("_definition"), evidence)


def _of_field(vendor: str, surface: str, root: str, field: Any, fake: Fake | None, seen: Exercised) -> Iterator[Row]:
    evidence = _directive(field)
    name = field.name.value
    if evidence is not None:
        stated = any(directive.name.value == "unbuilt" for directive in field.directives)
        does = fake is not None and not {name, f"{root}.{name}"}.isdisjoint(fake.fields)
        built, tests = does and not stated, seen.operation(vendor, name)
        yield _row("field", surface, name, root, evidence, built=built, tests=tests)


def _directive(node: Any) -> Evidence | None:
    for directive in getattr(node, "directives", None) or ():
        if directive.name.value == "evidence":
            stated = {argument.name.value: argument.value.value for argument in directive.arguments}
            return msgspec.convert(stated, Evidence, strict=False)
    return None


def _documents(contract: Contract) -> Iterator[Row]:
    """Whatever else carries `x-evidence` in an OpenAPI document: webhooks, parameters, schemas."""
    for surface in contract.surfaces.values():
        for path, stated in _stated(surface.document, ()):
            if path[0] == "paths" and len(path) == 3:
                continue  # an operation: it has its row
            evidence = msgspec.convert(stated, Evidence, strict=False)
            if path[0] == "webhooks":
                yield _row("webhook", surface.name, path[1], " ".join(path[2:]), evidence)
            else:
                yield _row("rule", surface.name, ".".join(path), "in the document", evidence)


def _stated(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    match value:
        case {"x-evidence": stated}:
            yield path, stated
    match value:
        case dict():
            for name, item in value.items():
                yield from _stated(item, (*path, str(name)))
        case list():
            for number, item in enumerate(value):
                yield from _stated(item, (*path, str(number)))


def _refusals(contract: Contract, seen: Exercised) -> Iterator[Row]:
    """Every refusal of every surface; one without evidence of its own stands on the surface's."""
    for name, surface in contract.profile.surfaces.items():
        for code, known_error in surface.errors.known.items():
            evidence = known_error.evidence or surface.errors.evidence
            tests = seen.refusal(contract.vendor, name, code)
            yield _row("refusal", name, code, str(known_error.status), evidence, tests=tests)


def _rules(contract: Contract) -> Iterator[Row]:
    """What the profile states, one row for each thing with evidence."""
    for path, rule in _ruled(contract.profile, ()):
        if "known" in path:
            continue  # a refusal: it has its row
        surface = path[1] if path[0] == "surfaces" else ""
        name = ".".join(path[2:] if surface else path)
        kind = getattr(getattr(rule, "__struct_config__", None), "tag", None)
        yield _row("rule", surface, name, str(kind or ""), rule.evidence)


def _ruled(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    match value:
        case Struct():
            if isinstance(getattr(value, "evidence", None), Evidence):
                yield path, value
            names = value.__struct_fields__
            if isinstance(value, SurfaceProfile):
                names = tuple(name for name in names if name not in {"title", "admission"})
            for name in names:
                yield from _ruled(getattr(value, name), (*path, name))
        case dict():
            for name, item in value.items():
                yield from _ruled(item, (*path, str(name)))
        case tuple():
            for number, item in enumerate(value):
                yield from _ruled(item, (*path, str(number)) if len(value) > 1 else path)


def _examples(contract: Contract) -> Iterator[Row]:
    for example in contract.examples:
        stated = example.get("evidence")
        if stated is not None:
            evidence = msgspec.convert(stated, Evidence, strict=False)
            yield _row("example", "", example["file"], str(example.get("operation", "")), evidence)
