"""Every answer: documented in status, type and shape, leading back to where it came from, and telling no secret."""

import re
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import msgspec

from contracts.contract import Contract, Operation, Surface
from seatrial.verify.bench import Bench
from seatrial.verify.conditions import (
    auth_rule,
    changing,
    creating,
    heading,
    looked_at,
    makes,
    none,
    operation_rule,
    reading,
    rest,
    stamped,
    stamps_rule,
)
from seatrial.verify.exchange import Exchange
from seatrial.verify.law import Finding, law, watch
from seatrial.verify.lists import next_link
from seatrial.verify.recipes import grants, is_graphql

STAMPS = {
    "iso_utc_seconds": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"),
    "iso_naive_seconds": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d"),
    "iso_utc_millis": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"),
    "iso_local_millis": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{0,2}[1-9])?[+-]\d\d:\d\d"),
}
INSIDES = re.compile(rb"Traceback \(most recent call last\)|site-packages|File \"[^\"]+\.py\"|SQLSTATE|sqlite3\.")
TEXTS = ("%00", "%ff%fe", "'%20OR%201=1--", "%F0%9F%9A%A2", "..%2f..%2fetc", "%E2%80%AE", "x" * 3000)


def _unbuilt(contract: Contract, surface: Surface) -> bool:  # noqa: ARG001 - a Condition
    return any(not each.built for each in surface.operations)


@law(
    "answers.are_as_documented",
    "Every operation that only reads answers in a documented status, type and shape.",
    when=rest,
    source=operation_rule,
)
def as_documented(bench: Bench) -> Iterator[Finding]:
    for operation, recipe in bench.askable(bench.reads()):
        exchange = bench.ask(operation, recipe)
        yield _judged(bench, operation, exchange)


@law(
    "answers.to_changes_are_as_documented",
    "Every operation that changes something does it when asked well, and answers as documented.",
    when=changing,
    source=operation_rule,
    writes=True,
)
def changes_as_documented(bench: Bench) -> Iterator[Finding]:
    for operation in bench.changing():
        exchange = bench.perform(operation)
        if exchange is not None:
            yield _judged(bench, operation, exchange)
            continue
        tried = [each for each in bench.target.heard if each.operation == operation.id]
        problem = bench.documented(operation, tried[-1]) if tried else ""
        if problem:
            yield bench.judged(operation.id, problem, "a documented answer", tried[-1], operation.evidence)
        else:
            yield bench.skipped(operation.id, "no request is known that would be done")


def _judged(bench: Bench, operation: Operation, exchange: Exchange) -> Finding:
    problem = bench.documented(operation, exchange)
    return bench.judged(operation.id, problem, "what its document says", exchange, operation.evidence)


@law(
    "answers.have_their_documented_headers",
    "Headers that a success has in its document are there.",
    when=heading,
    source=operation_rule,
    writes=True,
)
def documented_headers(bench: Bench) -> Iterator[Finding]:
    for operation in bench.changing():
        responses = bench.surface.document["paths"][operation.path][operation.method.lower()]["responses"]
        if not any("headers" in each for each in responses.values()):
            continue
        exchange = bench.perform(operation)
        documented = responses.get(str(exchange.status), {}).get("headers", {}) if exchange else {}
        for name in documented:
            value = exchange.header(name) if exchange else None
            problem = "" if value else "it is missing"
            yield bench.judged(f"{name} of {operation.id}", problem, "documented for this answer", exchange)


@law(
    "answers.location_leads_to_what_was_made",
    "Where an answer says the new thing is, there it is.",
    when=creating,
    source=operation_rule,
    writes=True,
)
def location_leads(bench: Bench) -> Iterator[Finding]:
    for operation in bench.changing():
        exchange = bench.perform(operation) if makes(bench.contract, operation) else None
        location = exchange.header("location") if exchange else None
        if exchange is None or location is None:
            continue
        followed = bench.send("GET", urlsplit(location).path)
        made = exchange.json
        same = followed.good and isinstance(made, dict) and made.get("id") == getattr(followed, "json", {}).get("id")
        problem = "" if same else f"there is {followed.status}, or something else"
        yield bench.judged(operation.id, problem, "the new thing, at its Location", followed)


@law(
    "answers.show_what_was_made",
    "What was just made is in its list as it was answered.",
    when=creating,
    source=operation_rule,
    writes=True,
)
def made_is_shown(bench: Bench) -> Iterator[Finding]:
    by_path = {(each.method, each.path): each for each in bench.operations()}
    for operation in bench.changing():
        exchange = bench.perform(operation) if makes(bench.contract, operation) else None
        made = exchange.json if exchange else None
        if not isinstance(made, dict) or "id" not in made:
            continue
        listed = by_path.get(("GET", operation.path))
        rule = bench.lists.rule(listed) if listed else None
        if listed is not None and rule is not None:
            rows = [row for row in bench.lists.walk(listed, rule.size_maximum).rows if isinstance(row, dict)]
            same = any(row.get("id") == made["id"] and _agree(row, made) for row in rows)
            problem = "" if same else "the list does not show it, or shows it otherwise"
            yield bench.judged(
                f"{listed.id} after {operation.id}", problem, "the new row, as it was answered", exchange
            )


def _agree(row: dict[str, Any], made: dict[str, Any]) -> bool:
    return all(row[name] == made[name] for name in row.keys() & made.keys())


@law(
    "answers.unbuilt_operations_say_so",
    "An operation that is declared and not built answers 501, and never pretends.",
    when=_unbuilt,
    source=operation_rule,
    needs=("faults",),
)
def unbuilt_says_so(bench: Bench) -> Iterator[Finding]:
    for operation, recipe in bench.askable((each for each in bench.surface.operations if not each.built), real=False):
        exchange = bench.ask(operation, recipe)
        problem = "" if exchange.status == 501 else f"answered {exchange.status}"
        yield bench.judged(operation.id, problem, "501: known, and not built", exchange)


@law(
    "answers.stamps_are_written_as_the_profile_says",
    "Every moment in an answer is written the vendor's way.",
    when=stamped,
    source=stamps_rule,
)
def stamps(bench: Bench) -> Iterator[Finding]:
    kind = STAMPS[bench.contract.profile.stamps.kind]
    for operation, recipe in bench.askable(each for each in bench.reads() if not grants(bench.contract, each)):
        exchange = bench.ask(operation, recipe)
        if not exchange.good or not exchange.is_json:
            continue
        schema = operation.replies.get(str(exchange.status))
        moments = list(_moments(bench, schema, exchange.json, ""))
        wrong = [f"{at} is {text!r}" for at, text in moments if not kind.fullmatch(text)]
        if moments:
            expected = f"{bench.contract.profile.stamps.kind}"
            yield bench.judged(operation.id, "; ".join(wrong[:3]), expected, exchange)


def _moments(bench: Bench, schema: Any, value: Any, at: str) -> Iterator[tuple[str, str]]:
    plain = bench.schemas.plain(schema)
    match value:
        case str():
            if str(plain.get("format", "")).endswith("date-time"):
                yield at, value
        case dict():
            for name, member in value.items():
                yield from _moments(bench, plain.get("properties", {}).get(name, {}), member, f"{at}.{name}")
        case list():
            for item in value[:20]:
                yield from _moments(bench, plain.get("items", {}), item, f"{at}[]")


@law(
    "answers.new_stamps_are_the_moment_they_were_made",
    "What is made now says so: its stamps are the target's clock, to the second, and move with it.",
    when=creating,
    source=stamps_rule,
    writes=True,
    needs=("clock",),
)
def new_stamps(bench: Bench) -> Iterator[Finding]:
    for operation in bench.changing():
        if not makes(bench.contract, operation) or bench.perform(operation) is None:
            continue
        bench.control.advance(86_400)
        exchange = bench.perform(operation)
        schema = operation.replies.get(str(exchange.status)) if exchange else None
        moments = list(_moments(bench, schema, exchange.json if exchange else None, ""))
        now = exchange.moment if exchange and exchange.moment is not None else 0.0
        wrong = [f"{at} is {text}" for at, text in moments if not _is_moment(text, now)]
        if moments:
            yield bench.judged(operation.id, "; ".join(wrong), f"the clock's moment, {now:.3f}", exchange)


def _is_moment(text: str, now: float) -> bool:
    from mock_servers.core.clock import moment_of

    try:
        return abs(moment_of(text) - now) < 1.0
    except ValueError:
        return False


@law(
    "answers.survive_odd_bytes",
    "Odd paths, queries and ids are refused or passed over; nothing breaks.",
    when=looked_at,
    source=none,
)
def odd_bytes(bench: Bench) -> Iterator[Finding]:
    reads = (each for each in bench.reads() if each.method == "GET" or is_graphql(each))
    for operation, recipe in list(bench.askable(reads, real=False))[:6]:
        for text in TEXTS:
            odd = msgspec.structs.replace(recipe, path=_last_replaced(operation, recipe.path, text))
            for asked in (odd, msgspec.structs.replace(recipe, path=f"{recipe.path}?a={text}")):
                exchange = bench.ask(operation, asked)
                broke = exchange.status is None or exchange.status >= 500
                problem = f"answered {exchange.status or exchange.error}" if broke else ""
                yield bench.judged(f"{operation.id} with {text[:20]}", problem, "any refusal", exchange)


def _last_replaced(operation: Operation, path: str, text: str) -> str:
    if "{" not in operation.path:
        return f"{path}{text}"
    return f"{path.rsplit('/', 1)[0]}/{text}"


@law(
    "answers.are_the_same_when_asked_again",
    "Reading changes nothing: the same question has the same answer while nobody changes anything.",
    when=reading,
    source=none,
)
def asked_again(bench: Bench) -> Iterator[Finding]:
    for operation, recipe in bench.askable(each for each in bench.guarded() if each.method == "GET"):
        first, again = bench.ask(operation, recipe), bench.ask(operation, recipe)
        same = (first.status, first.body) == (again.status, again.body)
        yield bench.judged(operation.id, "" if same else "the second answer differs", "the same bytes", again)


# Watching ------------------------------------------------------------------------------------------------------------


@watch("answers.never_break", "Nothing that is asked makes the target fail: no 5xx but a declared 501.", source=none)
def never_break(bench: Bench, exchange: Exchange) -> str:
    if exchange.planned or exchange.status is None or exchange.status < 500:
        return ""
    operation = bench.contract.operations.get(exchange.operation)
    if exchange.status == 501 and operation is not None and (not operation.built or "501" in operation.replies):
        return ""
    return f"answered {exchange.status}"


@watch("answers.tell_no_insides", "No answer shows the insides of the server that gave it.", source=none)
def tell_no_insides(bench: Bench, exchange: Exchange) -> str:  # noqa: ARG001 - a Watch
    found = INSIDES.search(exchange.body)
    return f"the body says {found.group(0).decode('utf-8', 'replace')!r}" if found else ""


@watch("answers.never_echo_a_credential", "No answer repeats the credential it was asked with.", source=auth_rule)
def never_echo(bench: Bench, exchange: Exchange) -> str:
    operation = bench.contract.operations.get(exchange.operation)
    if operation is not None and operation.scopes is None:
        return ""
    own = bench.target.credentials.own
    secrets = [own[name] for name in ("access_token", "client_secret") if len(own.get(name, "")) > 8]
    text = exchange.body.decode("utf-8", "replace") + " ".join(value for _, value in exchange.headers)
    asked = exchange.url + exchange.request_body.decode("utf-8", "replace")
    return "it shows our secret" if any(each in text and each not in asked for each in secrets) else ""


@watch("answers.that_say_json_are_json", "An answer that says of itself that it is JSON, is.", source=none)
def json_is_json(bench: Bench, exchange: Exchange) -> str:  # noqa: ARG001 - a Watch
    if not exchange.is_json or not exchange.body:
        return ""
    return "the body is not JSON" if exchange.json is msgspec.UNSET else ""


@watch("answers.have_a_true_length", "Content-Length is the length of the body.", source=none)
def true_length(bench: Bench, exchange: Exchange) -> str:  # noqa: ARG001 - a Watch
    said = exchange.header("content-length")
    if said is None or exchange.method == "HEAD" or exchange.header("content-encoding"):
        return ""
    return "" if said == str(len(exchange.body)) else f"it says {said}, and there are {len(exchange.body)} bytes"


@watch("answers.lead_back_here", "Links in headers lead to where we asked, not to the vendor's hosts.", source=none)
def lead_back(bench: Bench, exchange: Exchange) -> str:
    if bench.target.control is None:
        return ""
    asked = urlsplit(exchange.url)
    operation = bench.contract.operations.get(exchange.operation)
    if operation is not None and operation.scopes is None:
        return ""  # a redirect of a grant leads to the caller's own address
    for name, link in (("Location", exchange.header("location")), ("Link", next_link(exchange))):
        if link and urlsplit(link).netloc not in {"", asked.netloc}:
            return f"{name} leads to {urlsplit(link).netloc}"
    return ""


def _is_ours(bench: Bench, exchange: Exchange) -> bool:
    """It was asked with our own token: without one, nobody knows whose clock is meant."""
    shown = {(name.lower(), value) for name, value in bench.tokens.headers(bench.tokens.own())}
    return bool(shown) and shown <= set(exchange.request_headers)


@watch("answers.dates_follow_the_clock", "The Date of an answer is the target's own moment.", source=none)
def dates(bench: Bench, exchange: Exchange) -> str:
    said = exchange.header("date")
    if exchange.moment is None or exchange.status is None or not _is_ours(bench, exchange):
        return ""
    if said is None:
        return "there is no Date"
    try:
        off = parsedate_to_datetime(said).timestamp() - exchange.moment
    except ValueError:
        return f"{said!r} is no date"
    return "" if -1.0 < off < 1.5 else f"Date is {off:+.0f} s off the target's clock"
