"""The contract's own standing: every fact has evidence, with a date that is not too long ago. Nobody is asked."""

from collections.abc import Iterator
from typing import Any

import msgspec

from contracts.contract import Operation
from contracts.evidence import Evidence
from contracts.profile import Rule
from seatrial.verify.bench import Bench
from seatrial.verify.clock import today
from seatrial.verify.conditions import exemplified, none
from seatrial.verify.law import Finding, law
from seatrial.verify.schemas import Schemas

AGE_MAXIMUM_DAYS = 400
SOURCE_MINIMUM = 8


@law(
    "evidence.is_there",
    "Every operation and every rule of the profile says how sure it is, where it was read, and when.",
    source=none,
)
def present(bench: Bench) -> Iterator[Finding]:
    for about, evidence in _all(bench):
        problem = ""
        if evidence is None:
            problem = "there is none"
        elif len(evidence.source.strip()) < SOURCE_MINIMUM:
            problem = f"its source is {evidence.source!r}"
        yield bench.judged(about, problem, "a grade, a source and a date", evidence=evidence)


@law(
    "evidence.is_not_old",
    f"Nothing was read in the future, and nothing longer ago than {AGE_MAXIMUM_DAYS} days.",
    source=none,
)
def fresh(bench: Bench) -> Iterator[Finding]:
    now = bench.today or today()
    for about, evidence in _all(bench):
        if evidence is None:
            continue
        age = (now - evidence.read).days
        problem = f"read {-age} days from now" if age < -1 else f"read {age} days ago" if age > AGE_MAXIMUM_DAYS else ""
        yield bench.judged(about, problem, "read it again at the vendor, and date it", evidence=evidence)


@law(
    "evidence.documents_name_the_refusals_that_surround_them",
    "Every operation documents the refusals that its surface makes around it: for strangers, for speed, for its body.",
    source=none,
)
def refusals_documented(bench: Bench) -> Iterator[Finding]:
    known = bench.profile.errors.known
    for operation in bench.surface.operations:
        wanted = {}
        if operation.scopes is not None:
            wanted["unauthenticated"] = known["unauthenticated"].status
        if operation.scopes:
            wanted["missing_scope"] = known["missing_scope"].status
        if bench.limit(operation) is not None and operation.scopes is not None:
            wanted["throttled"] = known["throttled"].status
        if operation.bodies:
            for code in ("malformed_body", "invalid_body", "body_too_large", "unsupported_media_type"):
                wanted[code] = known[code].status
        missing = {code: status for code, status in wanted.items() if not _documents(operation, status)}
        said = ", ".join(f"{status} ({code})" for code, status in missing.items())
        yield bench.judged(operation.id, said and f"{said} not documented", "every status it can meet")


@law(
    "evidence.examples_fit_the_document",
    "Every recorded or composed exchange fits the document it is an example of, and says where it is from.",
    when=exemplified,
    source=none,
)
def examples_fit(bench: Bench) -> Iterator[Finding]:
    for example in bench.contract.examples:
        operation = bench.contract.operations.get(example.get("operation", ""))
        if operation is None or operation.surface != bench.surface.name:
            continue
        problem = "" if _in_another_dialect(bench, example) else _example_problem(bench.schemas, operation, example)
        yield bench.judged(str(example["file"]), problem, f"an example of {operation.id}")


def _in_another_dialect(bench: Bench, example: dict[str, Any]) -> bool:
    """The documents are of the usual one."""
    rule = bench.profile.dialects
    headers = example.get("response", {}).get("headers", {})
    return rule is not None and any(value.split(";")[0] in rule.others for value in headers.values())


def _example_problem(schemas: Schemas, operation: Operation, example: dict[str, Any]) -> str:
    try:
        msgspec.convert(example.get("evidence"), Evidence, strict=False)
    except msgspec.ValidationError as error:
        return f"its evidence: {error}"
    response = example.get("response", {})
    status = str(response.get("status"))
    key = next((each for each in (status, f"{status[:1]}XX", "default") if each in operation.replies), None)
    if key is None:
        return f"{status} is not documented"
    schema = operation.replies[key]
    return schemas.problem(schema, response.get("body")) if schema is not None and "body" in response else ""


def _documents(operation: Operation, status: int) -> bool:
    return any(key in operation.replies for key in (str(status), f"{status // 100}XX", "default"))


def _all(bench: Bench) -> Iterator[tuple[str, Evidence | None]]:
    for operation in bench.surface.operations:
        yield operation.id, operation.evidence
    yield from _rules(bench.profile, f"{bench.surface.name}")
    if bench.graph is not None:
        for kind in ("query", "mutation"):
            for root in bench.graph.roots(kind):
                yield root.name, root.evidence
    if bench.surface.name == next(iter(bench.contract.surfaces)):
        profile = bench.contract.profile
        for name in ("stamps", "webhooks", "versions", "lifetimes_seconds", "facts"):
            yield from _rules(getattr(profile, name), name)


def _rules(value: Any, at: str) -> Iterator[tuple[str, Evidence | None]]:
    """Every rule in a part of the profile, by where it stands."""
    if isinstance(value, Rule):
        yield at, value.evidence
    if isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            member = getattr(value, name)
            if name != "evidence" and isinstance(member, (msgspec.Struct, dict, tuple)):
                yield from _rules(member, f"{at}.{name}")
    elif isinstance(value, dict):
        for name, member in value.items():
            if isinstance(member, msgspec.Struct):
                yield from _rules(member, f"{at}.{name}")
    elif isinstance(value, tuple):
        for number, member in enumerate(value):
            if isinstance(member, msgspec.Struct):
                yield from _rules(member, f"{at}[{number}]")
