"""How the vendor says no: the profile's status, words and headers for each reason, and nothing changed by it."""

from collections.abc import Iterator
from itertools import islice

import msgspec

from contracts.contract import Operation
from seatrial.verify.bench import Bench
from seatrial.verify.conditions import (
    bodied,
    body_rule,
    changing,
    none,
    operation_rule,
    queried,
    reading,
    saying_json,
    unknown_rule,
    with_paths,
)
from seatrial.verify.law import Finding, law
from seatrial.verify.recipes import FORM, JSON, Recipe, is_graphql, named_in_path, parameters
from seatrial.verify.schemas import bounds, spoiled

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
SPOILED_MAXIMUM = 60
BODY_TRIED_MAXIMUM = 9 * 2**20


@law("errors.unknown_path_is_not_found", "A path nobody documented is the vendor's own 404.")
def unknown_path(bench: Bench) -> Iterator[Finding]:
    for method in ("GET", "POST") if bench.writes else ("GET",):
        for path in _near_paths(bench):
            yield bench.refused(f"{method} {path}", bench.send(method, path), "route_not_found")
        exchange = bench.send(method, "/seatrial/nowhere")
        here = bench.target.base_urls[bench.surface.name]
        near = [name for name, url in bench.target.base_urls.items() if url == here]
        problems = [bench.on(name).refusal_problem(exchange, "route_not_found") for name in near]
        yield bench.judged(f"{method} /seatrial/nowhere", "" if not all(problems) else problems[0], "a 404", exchange)


def _near_paths(bench: Bench) -> Iterator[str]:
    """Paths that begin like an operation's and are none."""
    for operation, recipe in islice(bench.askable(bench.reads(), real=False), 3):
        if operation.built:
            yield f"{recipe.path}/seatrial/nowhere/at/all"


@law(
    "errors.wrong_method_is_refused",
    "A documented path asked with another method is refused, and Allow names exactly the documented ones.",
    writes=True,
)
def wrong_method(bench: Bench) -> Iterator[Finding]:
    known = bench.profile.errors.known["wrong_method"]
    for path, methods in _methods(bench).items():
        operations = [each for each in bench.operations() if each.path == path][:1]
        concrete = next((recipe.path for _, recipe in bench.askable(operations, real=False)), None)
        if concrete is None:
            continue
        for method in METHODS:
            if method in methods:
                continue
            exchange = bench.send(method, concrete)
            finding = bench.refused(f"{method} {path}", exchange, "wrong_method")
            yield finding
            if finding.outcome == "passed" and any(name.lower() == "allow" for name in known.headers):
                allowed = {each.strip() for each in (exchange.header("allow") or "").split(",")}
                problem = "" if allowed == methods else f"Allow is {', '.join(sorted(allowed))}"
                yield bench.judged(f"Allow of {path}", problem, ", ".join(sorted(methods)), exchange)


@law(
    "errors.head_and_options_are_methods_like_others",
    "HEAD and OPTIONS are answered without a body, or refused in the vendor's words, and never break anything.",
    source=none,
)
def head_and_options(bench: Bench) -> Iterator[Finding]:
    for path, methods in _methods(bench).items():
        operations = [each for each in bench.operations() if each.path == path][:1]
        for _, recipe in bench.askable(operations, real=False):
            for method in {"HEAD", "OPTIONS"} - methods:
                exchange = bench.send(method, recipe.path)
                if method == "HEAD":
                    problem = "there is a body" if exchange.body else ""
                    yield bench.judged(f"HEAD {path}", problem, "headers alone (RFC 9110, 9.3.2)", exchange)
                if not exchange.good:
                    yield bench.refused(f"{method} {path}", exchange, "wrong_method", "route_not_found")


def _methods(bench: Bench) -> dict[str, set[str]]:
    """What is documented for each path that something is built for."""
    methods: dict[str, set[str]] = {operation.path: set() for operation in bench.operations()}
    for operation in bench.surface.operations:
        if operation.path in methods:
            methods[operation.path].add(operation.method)
    return methods


@law(
    "errors.malformed_body_is_refused",
    "A body that cannot be read is refused as the profile says, whatever is wrong with it.",
    when=saying_json,
)
def malformed_body(bench: Bench) -> Iterator[Finding]:
    for operation, recipe in _bodied(bench):
        if recipe.content_type != JSON:
            continue
        for what, text in (("cut short", b'{"a": '), ("no JSON", b"seatrial"), ("no UTF-8", b'{"a": "\xff"}')):
            exchange = bench.ask(operation, recipe.saying(text))
            yield bench.refused(f"{operation.id}, {what}", exchange, "malformed_body")
        deep = min(100_000, bench.profile.body.size_maximum - 1)
        exchange = bench.ask(operation, recipe.saying(b"[" * deep))
        yield bench.refused(f"{operation.id}, nested without end", exchange, "malformed_body", "invalid_body")


@law(
    "errors.unsupported_media_type_is_refused",
    "A body of a type the operation does not take is refused as the profile says.",
    when=bodied,
)
def unsupported_media_type(bench: Bench) -> Iterator[Finding]:
    for operation, recipe in _bodied(bench):
        for kind in ("text/plain", "application/xml"):
            exchange = bench.ask(operation, recipe, headers=(("Content-Type", kind),))
            yield bench.refused(f"{operation.id}, {kind}", exchange, "unsupported_media_type")


@law(
    "errors.body_without_a_type_is_read_as_the_profile_says",
    "A body that does not say what it is, is taken for what the profile names, or refused.",
    when=bodied,
    source=body_rule,
)
def missing_type(bench: Bench) -> Iterator[Finding]:
    wanted = bench.profile.body.missing_type
    for operation, recipe in _bodied(bench):
        if wanted is not None and wanted not in operation.bodies:
            continue
        untyped = msgspec.structs.replace(recipe, content_type=None, body=None)
        typed = bench.ask(operation, msgspec.structs.replace(recipe, content_type=wanted or "text/plain", body=b"\xff"))
        shown = bench.tokens.headers(bench.tokens.own()) if operation.scopes is not None else ()
        for _ in range(2):
            exchange = bench.target.send(
                bench.surface.name, untyped.method, untyped.path, operation=operation, query=untyped.query,
                headers=[*shown, *untyped.headers], content=b"\xff",
            )  # fmt: skip
            if not bench.is_throttled(exchange):
                break
            bench.target.patience(bench.wait_seconds(operation, exchange))
        if wanted is None:
            yield bench.refused(operation.id, exchange, "unsupported_media_type")
            continue
        same = (typed.status, typed.body) == (exchange.status, exchange.body)
        problem = "" if same else f"{typed.status} with the type, {exchange.status} without"
        yield bench.judged(operation.id, problem, f"it is read as {wanted}", exchange)


@law(
    "errors.body_too_large_is_refused",
    "A body of one byte more than the profile's maximum is refused; one of just the maximum is not refused for that.",
    when=bodied,
    source=body_rule,
)
def body_too_large(bench: Bench) -> Iterator[Finding]:
    maximum = bench.profile.body.size_maximum
    if maximum > BODY_TRIED_MAXIMUM:
        yield bench.skipped(bench.surface.name, f"{maximum} bytes are more than these laws send")
        return
    for operation, recipe in islice(_bodied(bench), 2):
        exchange = bench.ask(operation, recipe.saying(b" " * (maximum + 1)))
        yield bench.refused(f"{operation.id}, {maximum + 1} bytes", exchange, "body_too_large")
        exchange = bench.ask(operation, recipe.saying(b" " * maximum))
        refused = not bench.refusal_problem(exchange, "body_too_large")
        problem = "it is refused as too large" if refused else ""
        yield bench.judged(f"{operation.id}, {maximum} bytes", problem, "so much is not too much", exchange)


@law(
    "errors.invalid_body_is_refused",
    "A body with one thing wrong (a member missing, of another type, beyond a bound, unknown) is refused as invalid.",
    when=changing,
    source=operation_rule,
)
def invalid_body(bench: Bench) -> Iterator[Finding]:
    strangers = bench.profile.unknown.body == "refuse"
    for operation, recipe in _json_bodied(bench):
        schema = operation.bodies[JSON]
        wrong = spoiled(bench.schemas, schema, recipe.body, strangers=strangers)
        for what, body in islice(wrong, SPOILED_MAXIMUM):
            exchange = bench.ask(operation, recipe.saying(body))
            yield bench.refused(f"{operation.id}: {what}", exchange, "invalid_body", *_missing(bench, what))


def _missing(bench: Bench, what: str) -> tuple[str, ...]:
    """Some vendors have a word of their own for what is not there."""
    return (
        ("missing_member",) if what.endswith(" is missing") and "missing_member" in bench.profile.errors.known else ()
    )


@law(
    "errors.body_on_its_bound_is_not_invalid",
    "A member on its very bound, the longest text or the largest number, is not refused as invalid.",
    when=changing,
    source=operation_rule,
    writes=True,
)
def body_on_its_bound(bench: Bench) -> Iterator[Finding]:
    for operation, recipe in _json_bodied(bench):
        for what, body in bounds(bench.schemas, operation.bodies[JSON], recipe.body):
            exchange = bench.ask(operation, recipe.saying(body))
            known = bench.profile.errors.known["invalid_body"]
            refused = exchange.status == known.status and not bench.refusal_problem(exchange, "invalid_body")
            wrong = exchange.status is None or exchange.status >= 500 or (refused and _blames(exchange.json, what))
            problem = f"it is refused with {exchange.status}" if wrong else ""
            yield bench.judged(f"{operation.id}: {what}", problem, "within its bounds", exchange)


def _blames(body: object, what: str) -> bool:
    """The refusal speaks of the member on its bound; other rules may still refuse what it means."""
    name = what.split(" of ")[0].split(".")[-1]
    text = msgspec.json.encode(body).decode() if body is not msgspec.UNSET else ""
    return name in text and ("longer" in text or "maximum" in text or "minimum" in text or "shorter" in text)


@law(
    "errors.unknown_members_are_taken_as_the_profile_says",
    "A body member that nobody documented is refused, or passes without harm, as the profile says.",
    when=changing,
    source=unknown_rule,
    writes=True,
)
def unknown_member(bench: Bench) -> Iterator[Finding]:
    for operation in bench.changing():
        recipe = bench.recipe_that_works(operation)
        if recipe is None or not isinstance(recipe.body, dict):
            continue
        exchange = bench.ask(operation, recipe.saying(recipe.body | {"seatrial_unknown": "x"}))
        if bench.profile.unknown.body == "refuse":
            yield bench.refused(operation.id, exchange, "invalid_body")
        elif not exchange.good and not bench.ask(operation, recipe).good:
            yield bench.skipped(operation.id, "it can be done to a thing once, and no other such thing is known")
        else:
            problem = "" if exchange.good else f"it is refused with {exchange.status}"
            yield bench.judged(operation.id, problem, "unknown members pass", exchange)


@law(
    "errors.unknown_query_is_taken_as_the_profile_says",
    "A query parameter that nobody documented is refused, or changes nothing, as the profile says.",
    when=reading,
    source=unknown_rule,
)
def unknown_query(bench: Bench) -> Iterator[Finding]:
    for operation, recipe in bench.askable(each for each in bench.guarded() if each.method == "GET"):
        plain = bench.ask(operation, recipe)
        exchange = bench.ask(operation, recipe.asking(seatrial_unknown="x"))
        if bench.profile.unknown.query == "refuse":
            yield bench.refused(operation.id, exchange, "invalid_query")
        else:
            same = (plain.status, plain.body) == (exchange.status, exchange.body)
            problem = "" if same else f"{plain.status} without it, {exchange.status} with it, or another body"
            yield bench.judged(operation.id, problem, "it changes nothing", exchange)


@law(
    "errors.invalid_query_is_refused",
    "A query parameter that is not what its document says is refused as the profile says.",
    when=queried,
    source=operation_rule,
)
def invalid_query(bench: Bench) -> Iterator[Finding]:
    for operation, recipe in bench.askable(each for each in bench.reads() if not is_graphql(each)):
        for each in parameters(operation, "query"):
            schema = each.get("schema", {})
            for value in ("seatrial", "-1", "1.5", "99999999999999999999", ""):
                if _is_wrong(bench, schema, value):
                    exchange = bench.ask(operation, recipe.asking(**{each["name"]: value}))
                    yield bench.refused(f"{operation.id}?{each['name']}={value}", exchange, "invalid_query")


def _is_wrong(bench: Bench, schema: object, text: str) -> bool:
    """The text stands for no value of the schema, read as any type."""
    plain = bench.schemas.plain(schema)
    if plain.get("type") == "array":
        return False
    readings: list[object] = [text]
    if text.lstrip("-").isdecimal():
        readings.append(int(text))
    if text.lstrip("-").replace(".", "", 1).isdecimal():
        readings.append(float(text))
    return not any(bench.schemas.fits(schema, each) for each in readings)


@law(
    "errors.unknown_id_is_not_found",
    "What is asked for by an id that nothing has is not found: never another thing, never an invented success.",
    when=with_paths,
    source=operation_rule,
)
def unknown_id(bench: Bench) -> Iterator[Finding]:
    for operation in bench.operations():
        if not named_in_path(operation) or operation.scopes is None:
            continue
        for made, recipe in bench.askable([operation], real=False):
            exchange = bench.ask(made, recipe)
            if "404" not in operation.replies:
                problem = "" if exchange.status and exchange.status >= 400 else f"answered {exchange.status}"
                yield bench.judged(operation.id, problem, "a refusal", exchange)
            else:
                yield bench.refused(operation.id, exchange, "not_found")


@law(
    "errors.refused_change_changes_nothing",
    "What is refused is not done, not even in part.",
    when=changing,
    source=operation_rule,
    writes=True,
)
def refused_changes_nothing(bench: Bench) -> Iterator[Finding]:
    strangers = bench.profile.unknown.body == "refuse"
    for operation, recipe in list(_json_bodied(bench)):
        working = bench.recipe_that_works(operation) or recipe
        if working.content_type is None:  # it does without a body; one that is wrong is refused all the same
            working = msgspec.structs.replace(working, content_type=JSON, body={})
        before = bench.state()
        exchange = None
        for _, body in islice(spoiled(bench.schemas, operation.bodies[JSON], working.body, strangers=strangers), 12):
            exchange = bench.ask(operation, working.saying(body))
        for named in (each for each in [operation] if named_in_path(each)):
            for _, lost in bench.askable([named], real=False):
                exchange = bench.ask(named, lost)
        problem = "" if bench.state() == before else "the lists show a change"
        yield bench.judged(operation.id, problem, "the lists show what they showed before", exchange)


@law(
    "errors.every_known_refusal_looks_as_the_profile_has_it",
    "Each refusal the profile names has its status, its words, its headers and its type.",
    needs=("faults",),
)
def every_refusal(bench: Bench) -> Iterator[Finding]:
    found = bench.cheap() or next(bench.askable(bench.reads(), real=False), None)
    if found is None:
        yield bench.skipped(bench.surface.name, "there is nothing that could be refused")
        return
    operation, recipe = found
    for code in bench.profile.errors.known:
        if code == "throttled":
            continue
        bench.control.fault(operation.id, "refuse", error=code)
        exchange = bench.ask(operation, recipe, planned=True, patient=False)
        yield bench.refused(code, exchange, code)
    bench.control.fault(operation.id, "throttle")
    yield bench.refused("throttled", bench.ask(operation, recipe, planned=True, patient=False), "throttled")


def _bodied(bench: Bench) -> Iterator[tuple[Operation, Recipe]]:
    """Operations that take a body, each with one."""
    for operation, recipe in bench.askable(each for each in bench.operations() if each.bodies):
        if recipe.content_type is not None:
            yield operation, recipe
        elif JSON in operation.bodies:
            yield operation, msgspec.structs.replace(recipe, content_type=JSON, body={})
        elif FORM in operation.bodies:
            yield operation, msgspec.structs.replace(recipe, content_type=FORM, body={})


def _json_bodied(bench: Bench) -> Iterator[tuple[Operation, Recipe]]:
    """Changing operations that take JSON."""
    changing_ids = {each.id for each in bench.changing()}
    return (
        (each, recipe) for each, recipe in _bodied(bench) if each.id in changing_ids and recipe.content_type == JSON
    )
