"""Which tests stand behind what: a map made by running the suite and reading the worlds' journals.

    {"shopify": {"operation": {"orders": ["core/test_x.py"]}, "refusal": {"admin.throttled": […]}}}

An operation is exercised when the fake did it, a refusal when the fake made it of its own accord: exchanges with an
injected fault count for nothing, nor does a GraphQL answer with errors, nor what happened in a test that failed, or in
one marked `sweep`, which calls everything and looks at one thing only. Operations that Hypothesis asked for are kept
apart as `generated`, and the refusals it met are not kept: it need not ask the same again.

Every operation that a recorded vendor's contract named on that day is in it, with no file where no test stood behind
it. So an operation that came since, or went, is seen by reading the map alone (`unrecorded`), and nothing else makes it
stale. Written by `seatrial fidelity --record`.
"""

from functools import cache
from pathlib import Path

import msgspec
from msgspec import Struct

from contracts.contract import load, vendors

MAP = Path(__file__).with_name("exercised.json")
DONE = ("operation", "generated")
Kinds = dict[str, dict[str, list[str]]]
Seen = tuple[str, str, str, str]
"""Vendor, `operation`, `generated` or `refusal`, name, test file."""


class Exercised(Struct, frozen=True):
    """The map, by vendor, kind and name."""

    by_vendor: dict[str, Kinds] = {}

    def operation(self, vendor: str, name: str) -> tuple[str, ...]:
        """The test files in which an operation, or a GraphQL root field, was done."""
        files = {*self._files(vendor, "operation", name), *self._files(vendor, "generated", name)}
        return tuple(sorted(files))

    def operations(self, vendor: str) -> set[str]:
        """The names of all that was done at a vendor."""
        kinds = self.by_vendor.get(vendor, {})
        return {name for kind in DONE for name, files in kinds.get(kind, {}).items() if files}

    def refusal(self, vendor: str, surface: str, code: str) -> tuple[str, ...]:
        """The test files in which a surface refused with this code."""
        return self._files(vendor, "refusal", f"{surface}.{code}")

    def pairs(self) -> set[Seen]:
        """Every claim."""
        return {
            (vendor, kind, name, file)
            for vendor, kinds in self.by_vendor.items()
            for kind, names in kinds.items()
            for name, files in names.items()
            for file in files
        }

    def _files(self, vendor: str, kind: str, name: str) -> tuple[str, ...]:
        return tuple(self.by_vendor.get(vendor, {}).get(kind, {}).get(name, ()))


def read_map(path: Path = MAP) -> Exercised:
    """The map as it was last written; empty where there is none."""
    if not path.is_file():
        return Exercised()
    return Exercised(msgspec.json.decode(path.read_bytes(), type=dict[str, Kinds]))


def mapped(seen: set[Seen]) -> Exercised:
    """The map of what was seen, sorted. What no contract names is left out: the tests have vendors of their own."""
    met = sorted({vendor for vendor, *_ in seen} & {*vendors()})
    by_vendor: dict[str, Kinds] = {
        vendor: {"operation": {name: [] for name in sorted(_named(vendor, "operation"))}} for vendor in met
    }
    for vendor, kind, name, file in sorted(seen):
        if vendor in vendors() and name in _named(vendor, kind):
            by_vendor.setdefault(vendor, {}).setdefault(kind, {}).setdefault(name, []).append(file)
    return Exercised(by_vendor)


def write_map(found: Exercised, path: Path = MAP) -> None:
    """Write the map down."""
    text = msgspec.json.format(msgspec.json.encode(found.by_vendor), indent=1)
    path.write_bytes(text + b"\n")


def unrecorded(vendor: str, claimed: Exercised) -> list[str]:
    """Where a vendor's contract and the map differ, in words: operations that came or went since it was recorded, and
    refusals that went. All of it by reading; no test is run. A vendor that was never recorded is one difference."""
    kinds = claimed.by_vendor.get(vendor)
    if kinds is None:
        return [f"{vendor} was never recorded"]
    new = _named(vendor, "operation") - kinds.get("operation", {}).keys()
    gone = sorted((kind, name) for kind, names in kinds.items() for name in names if name not in _named(vendor, kind))
    return [
        *(f"{vendor} has an operation {name} that the map does not know" for name in sorted(new)),
        *(f"{vendor} has no {kind} {name} any more" for kind, name in gone),
    ]


def stale(claimed: Exercised, seen: set[Seen], left_out: set[str]) -> list[str]:
    """Where the map and a whole run differ, in words; empty when the map may stand.

    It is judged whether something is exercised at all, not by which file. What only files in `left_out` exercise is not
    judged, because they skipped something, and neither is what is generated.
    """
    found = {each[:3] for each in mapped(seen).pairs() if each[1] != "generated"}
    rows: dict[tuple[str, str, str], set[str]] = {}
    for vendor, kind, name, file in claimed.pairs():
        if kind != "generated":
            rows.setdefault((vendor, kind, name), set()).add(file)
    lost = [row for row, files in rows.items() if row not in found and not files & left_out]
    return [
        *(
            f"{' '.join(row)} is said to be exercised in {', '.join(sorted(rows[row]))}, and was not"
            for row in sorted(lost)
        ),
        *(f"{' '.join(row)} is exercised, and the map does not know" for row in sorted(found - rows.keys())),
    ]


@cache
def _named(vendor: str, kind: str) -> frozenset[str]:
    """What a contract names: operations and GraphQL root fields, or refusals by surface."""
    contract = load(vendor)
    if kind == "refusal":
        known = contract.profile.surfaces.items()
        return frozenset(f"{name}.{code}" for name, each in known for code in each.errors.known)
    fields: set[str] = set()
    for operation in contract.operations.values():
        if operation.graphql is not None:
            fields |= _root_fields(vendor, operation.graphql)
    return frozenset({*contract.operations, *fields})


def _root_fields(vendor: str, file: str) -> set[str]:
    from graphql import parse

    document = parse(load(vendor).text(file), no_location=True)
    roots = {
        kind.type.name.value
        for each in document.definitions
        if each.kind == "schema_definition"
        for kind in getattr(each, "operation_types", ())
    } or {"Query", "Mutation"}
    return {
        field.name.value
        for each in document.definitions
        if getattr(getattr(each, "name", None), "value", "") in roots
        for field in getattr(each, "fields", None) or ()
    }
