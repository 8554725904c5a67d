"""Recorded exchanges, asked again: the same status, and a body of the same build, whatever ids and moments it has."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec

from contracts.evidence import Evidence
from seatrial.verify.bench import Bench
from seatrial.verify.conditions import exemplified, operation_rule
from seatrial.verify.law import Finding, law
from seatrial.verify.recipes import JSON, Recipe, changes

CREDENTIAL_HEADERS = frozenset({"authorization", "cookie", "host", "content-length", "content-type"})


@law(
    "examples.are_answered_as_recorded",
    "A recorded request is answered with the recorded status and a body of the recorded build.",
    when=exemplified,
    source=operation_rule,
)
def replayed(bench: Bench) -> Iterator[Finding]:
    for example in bench.contract.examples:
        operation = bench.contract.operations.get(example.get("operation", ""))
        if operation is None or operation.surface != bench.surface.name:
            continue
        file = str(example["file"])
        if why := _unasked(bench, example):
            yield bench.skipped(file, why)
            continue
        exchange = bench.ask(operation, _recipe(example["request"]), token=... if _known(example) else None)
        wanted = example["response"]
        problem = f"answered {exchange.status}" if exchange.status != wanted["status"] else ""
        if not problem and "body" in wanted and wanted["body"] is not None:
            problem = build_problem(wanted["body"], exchange.json, "body")
        yield bench.judged(file, problem, f"{wanted['status']} as recorded", exchange, _evidence(example))


def build_problem(recorded: Any, answered: Any, at: str) -> str:
    """Where an answer is built otherwise than the recorded one. Values may differ, types may not."""
    match recorded:
        case dict():
            if not isinstance(answered, dict):
                return f"{at} is no object"
            missing = sorted(recorded.keys() - answered.keys())
            if missing:
                return f"{at} lacks {', '.join(missing)}"
            problems = (build_problem(value, answered[name], f"{at}.{name}") for name, value in recorded.items())
            return next((problem for problem in problems if problem), "")
        case list():
            if not isinstance(answered, list):
                return f"{at} is no list"
            return build_problem(recorded[0], answered[0], f"{at}[0]") if recorded and answered else ""
        case None:
            return ""
        case bool():
            return "" if isinstance(answered, bool) else f"{at} is {answered!r}, not true or false"
        case int() | float():
            number = isinstance(answered, (int, float)) and not isinstance(answered, bool)
            return "" if number or answered is None else f"{at} is {answered!r}, not a number"
    return "" if isinstance(answered, str) or answered is None else f"{at} is {answered!r}, not text"


def _unasked(bench: Bench, example: dict[str, Any]) -> str:
    """Why an example is not asked here: it needs something there first, or would change something unasked."""
    if example.get("given"):
        return "it needs something that only its own story makes"
    operation = bench.contract.operations[example["operation"]]
    mutates = changes(bench.contract, operation) or "mutation" in str(example["request"].get("body", ""))
    if mutates and not bench.writes:
        return "it changes things at the target, and --writes was not given"
    return ""


def _recipe(request: dict[str, Any]) -> Recipe:
    parts = urlsplit(request["path"])
    headers = tuple(
        (name, str(value))
        for name, value in request.get("headers", {}).items()
        if name.lower() not in CREDENTIAL_HEADERS and "token" not in name.lower()
    )
    kind = next((v for n, v in request.get("headers", {}).items() if n.lower() == "content-type"), JSON)
    body = request.get("body")
    return Recipe(
        method=request["method"],
        path=parts.path,
        query=tuple(parse_qsl(parts.query, keep_blank_values=True)),
        headers=headers,
        body=body.encode() if isinstance(body, str) else body,
        content_type=None if body is None else str(kind).split(";", 1)[0],
    )


def _known(example: dict[str, Any]) -> bool:
    """The recorded request showed a credential: ours takes its place."""
    return any(
        name.lower() == "authorization" or "token" in name.lower() for name in example["request"].get("headers", {})
    )


def _evidence(example: dict[str, Any]) -> Evidence | None:
    return msgspec.convert(example["evidence"], Evidence, strict=False) if example.get("evidence") else None
