"""Recorded exchanges, asked again: the same status, and a body of the same build, whatever ids and moments it has.

An example names things that were there when it was recorded. Ids are replaced by ids of the same sort that are here,
credentials by ours. One that only reads, or that names nothing at all, has to be answered as recorded; one that was
recorded in a situation of its own is asked in those that can be made, and skipped when none of them is it.
"""

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from contracts.contract import Operation
from contracts.evidence import Evidence
from seatrial.verify.bench import OURS, Bench
from seatrial.verify.conditions import exemplified, operation_rule
from seatrial.verify.exchange import Exchange
from seatrial.verify.law import Finding, law
from seatrial.verify.recipes import Recipe, changes
from seatrial.verify.replays import ready
from seatrial.verify.templates import body_problem

NOBODY = "seatrial-no-such-token-0123456789"
SAID = frozenset({"message", "code", "error", "error_description", "title"})
"""Members whose text is itself the fact: it is the same but for its numbers."""


@law(
    "examples.are_answered_as_recorded",
    "A recorded request is answered with the recorded status and a body of the recorded build.",
    when=exemplified,
    source=operation_rule,
)
def replayed(bench: Bench) -> Iterator[Finding]:
    for example in bench.contract.examples:
        operation = bench.contract.operations.get(example.get("operation", ""))
        if operation is not None and operation.surface == bench.surface.name:
            yield _replayed(bench, operation, example)


def _replayed(bench: Bench, operation: Operation, example: dict[str, Any]) -> Finding:
    file, wanted = str(example["file"]), example["response"]
    reads = not changes(bench.contract, operation) and "mutation" not in str(example["request"].get("body", ""))
    if not reads and (not bench.writes or bench.target.control is None):
        return bench.skipped(file, "it changes things that cannot be put back at this target")
    if _is_refusal(bench, wanted, "throttled"):
        return bench.skipped(file, "it is a refusal for speed, which the limits' own laws ask for")
    replay = ready(bench, operation, example["request"])
    if replay.missing:
        return bench.skipped(file, f"it needs {replay.missing}, and there is none here")
    asked = [(each, _problem(wanted, each)) for each in _asked(bench, operation, replay.recipe, wanted, reads=reads)]
    exchange, problem = next((each for each in asked if not each[1]), asked[0])
    if problem and replay.named and not (reads and _went_well(wanted)):
        return bench.skipped(file, f"the situation it was recorded in is not at hand ({problem})")
    evidence = msgspec.convert(example["evidence"], Evidence, strict=False) if example.get("evidence") else None
    return bench.judged(file, problem, f"{wanted['status']} as recorded", exchange, evidence)


def _asked(
    bench: Bench, operation: Operation, recipe: Recipe, wanted: dict[str, Any], *, reads: bool
) -> Iterator[Exchange]:
    """The answers in the situations that can be made: as a stranger, as ourselves, once more, and without any scope."""
    if any(_is_refusal(bench, wanted, code) for code in ("invalid_token", "unauthenticated")):
        yield bench.ask(operation, recipe, token=NOBODY)
        return
    yield bench.ask(operation, recipe, token=OURS)
    if not reads:
        yield bench.ask(operation, recipe, token=OURS)
    control = bench.target.control
    narrow = control.grant((), None) if control is not None else None
    if narrow is not None and operation.scopes is not None:
        yield bench.ask(operation, recipe, token=narrow)


def _problem(wanted: dict[str, Any], exchange: Exchange) -> str:
    if exchange.status != wanted["status"]:
        return f"answered {exchange.status}"
    return build_problem(wanted["body"], exchange.json, "body") if wanted.get("body") is not None else ""


def build_problem(recorded: Any, answered: Any, at: str) -> str:
    """Where an answer is built otherwise than the recorded one. Values may differ; types, and what is said, may not."""
    name = at.rsplit(".", 1)[-1]
    match recorded:
        case dict():
            if not isinstance(answered, dict):
                return f"{at} is no object"
            missing = sorted(recorded.keys() - answered.keys())
            if missing and name != "_links":  # HAL: links offer what can be done now
                return f"{at} lacks {', '.join(missing)}"
            told = ((key, value) for key, value in recorded.items() if key in answered)
            problems = (build_problem(value, answered[key], f"{at}.{key}") for key, value in told)
            return next((problem for problem in problems if problem), "")
        case list():
            if not isinstance(answered, list) or (name.lower().endswith("errors") and len(recorded) != len(answered)):
                return f"{at} is {answered!r:.80}, not a list like the recorded one"
            return build_problem(recorded[0], answered[0], f"{at}[0]") if recorded and answered else ""
        case None:
            return f"{at} is not null" if name == "data" and answered is not None else ""
        case bool():
            return "" if isinstance(answered, bool) else f"{at} is {answered!r:.80}, not true or false"
        case int() | float():
            number = isinstance(answered, (int, float)) and not isinstance(answered, bool)
            return "" if number or answered is None else f"{at} is {answered!r:.80}, not a number"
    if not isinstance(answered, str):
        return "" if answered is None and name not in SAID else f"{at} is {answered!r:.80}, not text"
    same = name not in SAID or re.sub(r"\d+", "0", recorded) == re.sub(r"\d+", "0", answered)
    return "" if same else f"{at} says {answered!r:.120}"


def _went_well(wanted: dict[str, Any]) -> bool:
    body = wanted.get("body")
    return 200 <= wanted["status"] < 300 and not (isinstance(body, dict) and body.get("errors"))


def _is_refusal(bench: Bench, wanted: dict[str, Any], code: str) -> bool:
    known = bench.profile.errors.known[code]
    return known.status == wanted["status"] and not body_problem(bench.profile.errors, code, _only(wanted.get("body")))


def _only(body: Any) -> Any:
    return msgspec.UNSET if body is None else body
