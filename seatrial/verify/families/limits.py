"""How fast one may call: the very call that is refused, the headers on the way there, and the clock that forgives."""

from collections.abc import Iterator

from contracts.contract import Operation
from contracts.profile import FixedWindow, LeakyBucket
from seatrial.verify.bench import OURS, Bench
from seatrial.verify.conditions import both, changing, counted, counting, limit_rule
from seatrial.verify.exchange import Exchange
from seatrial.verify.law import Finding, law
from seatrial.verify.pace import refill_seconds
from seatrial.verify.recipes import Recipe, named_in_path
from seatrial.verify.templates import pattern

LIMIT_TRIED_MAXIMUM = 2500
Counted = FixedWindow | LeakyBucket


@law(
    "limits.call_after_the_last_is_refused",
    "Just as many calls as the profile says are let in at once; the next is refused in its words.",
    when=counted,
    source=limit_rule,
    needs=("clock",),
)
def exact(bench: Bench) -> Iterator[Finding]:
    for name, rule, operation, recipe in _limits(bench):
        early = _use_up(bench, rule, operation, recipe)
        if early is not None:
            said = f"call {early[0]} of {rule.limit} is refused"
            yield bench.judged(name, said, f"{rule.limit} calls are let in", early[1], rule.evidence)
            continue
        exchange = bench.ask(operation, recipe, patient=False)
        yield bench.refused(f"{name}, call {rule.limit + 1}", exchange, "throttled")


@law(
    "limits.headers_are_on_every_answer",
    "Every answer that was counted carries the profile's headers, and a refusal for speed its own.",
    when=counted,
    source=limit_rule,
    needs=("clock",),
)
def headers(bench: Bench) -> Iterator[Finding]:
    for name, rule, operation, recipe in _limits(bench):
        exchange = bench.ask(operation, recipe)
        yield bench.judged(f"{name}, a success", _headers_problem(rule.headers, exchange), "its headers", exchange)
        lost = next(
            iter(bench.askable((each for each in _counted(bench, name) if named_in_path(each)), real=False)), None
        )
        if lost is not None:
            exchange = bench.ask(*lost)
            yield bench.judged(f"{name}, a refusal", _headers_problem(rule.headers, exchange), "its headers", exchange)
        _use_up(bench, rule, operation, recipe)
        exchange = bench.ask(operation, recipe, patient=False)
        wanted = rule.headers | rule.refusal_headers
        yield bench.judged(f"{name}, too many", _headers_problem(wanted, exchange), "both sorts", exchange)


@law(
    "limits.headers_count",
    "Where the headers say how much is used or left, each call changes that by one.",
    when=counting,
    source=limit_rule,
    needs=("clock",),
)
def headers_count(bench: Bench) -> Iterator[Finding]:
    for name, rule, operation, recipe in _limits(bench):
        telling = [key for key, template in rule.headers.items() if "{used}" in template or "{remaining}" in template]
        if not telling:
            yield bench.skipped(name, "its headers tell neither what is used nor what is left")
            continue
        first, second = bench.ask(operation, recipe), bench.ask(operation, recipe)
        for key in telling:
            before, after = first.header(key), second.header(key)
            wanted = _counted_on(rule, rule.headers[key], 2)
            problem = "" if after == wanted else f"{key} was {before}, then {after}"
            yield bench.judged(f"{name}, {key}", problem, f"{wanted} after two calls", second)


@law(
    "limits.clock_forgives",
    "A refusal says truly when to come again: a moment earlier is refused still, and then it is let in.",
    when=counted,
    source=limit_rule,
    needs=("clock",),
)
def forgives(bench: Bench) -> Iterator[Finding]:
    for name, rule, operation, recipe in _limits(bench):
        _use_up(bench, rule, operation, recipe)
        refused = bench.ask(operation, recipe, patient=False)
        wait = rule.window_seconds if isinstance(rule, FixedWindow) else 1 / rule.leak_per_second
        said = refused.header("retry-after")
        if said is not None:
            true = abs(float(said) - max(1.0, wait)) < 1.0 if said.replace(".", "", 1).isdecimal() else False
            yield bench.judged(f"{name}, Retry-After", "" if true else f"it says {said}", f"about {wait:g} s", refused)
        bench.control.advance(wait * 0.9)
        yield bench.refused(f"{name}, {wait * 0.9:g} s later", bench.ask(operation, recipe, patient=False), "throttled")
        bench.control.advance(wait * 0.1 + 0.001)
        exchange = bench.ask(operation, recipe, patient=False)
        problem = "" if exchange.good else f"answered {exchange.status}"
        yield bench.judged(f"{name}, {wait:g} s later", problem, "it is let in again", exchange)


@law(
    "limits.all_is_forgiven_in_the_end",
    "After as long as the whole limit takes to fill again, just as many calls are let in as at first.",
    when=counted,
    source=limit_rule,
    needs=("clock",),
)
def all_forgiven(bench: Bench) -> Iterator[Finding]:
    for name, rule, operation, recipe in _limits(bench):
        _use_up(bench, rule, operation, recipe)
        bench.control.advance(refill_seconds(rule))
        early = _use_up(bench, rule, operation, recipe)
        problem = f"call {early[0]} of {rule.limit} is refused" if early else ""
        yield bench.judged(name, problem, f"{rule.limit} calls are let in", early[1] if early else None, rule.evidence)
        yield bench.refused(f"{name}, one more", bench.ask(operation, recipe, patient=False), "throttled")


@law(
    "limits.another_credential_is_not_touched",
    "Who has used up a limit has used up nobody else's.",
    when=counted,
    source=limit_rule,
    needs=("clock",),
)
def others_untouched(bench: Bench) -> Iterator[Finding]:
    for name, rule, operation, recipe in _limits(bench):
        second = bench.tokens.second()
        if second is None:
            yield bench.skipped(name, "no second account is known")
            continue
        _use_up(bench, rule, operation, recipe)
        yield bench.refused(f"{name}, ours", bench.ask(operation, recipe, patient=False), "throttled")
        exchange = bench.ask(operation, recipe, token=second, patient=False)
        problem = "the other account is refused too" if bench.is_throttled(exchange) else ""
        yield bench.judged(f"{name}, another account", problem, "it is let in", exchange)


@law(
    "limits.are_counted_by_whom_the_profile_says",
    "Another token of our client shares the limit when it is the client's, and has its own when it is the token's.",
    when=counted,
    source=limit_rule,
    needs=("clock",),
)
def counted_by(bench: Bench) -> Iterator[Finding]:
    for name, rule, operation, recipe in _limits(bench):
        granted = bench.tokens.granted()
        token = granted.token if granted else bench.control.grant(bench.tokens.all_scopes(), None)
        if token is None:
            yield bench.skipped(name, "no second token of ours can be had")
            continue
        _use_up(bench, rule, operation, recipe)
        exchange = bench.ask(operation, recipe, token=token, patient=False)
        about = f"{name}, our other token"
        if rule.per == "client":
            yield bench.refused(about, exchange, "throttled")
        else:
            problem = "" if exchange.good else f"answered {exchange.status}"
            yield bench.judged(about, problem, "it is counted by itself", exchange)


@law(
    "limits.refused_change_is_not_done",
    "What is refused for speed is not done; asked again later, it is done once.",
    when=both(counted, changing),
    source=limit_rule,
    writes=True,
    needs=("clock",),
)
def refused_not_done(bench: Bench) -> Iterator[Finding]:
    for name, rule, operation, recipe in _limits(bench):
        if rule.each == "operation":
            yield bench.skipped(name, "each operation is counted by itself: no reading uses up what a change may do")
            continue
        change = next((each for each in bench.changing() if each.rate_limit == name), None)
        working = bench.recipe_that_works(change) if change else None
        if change is None or working is None:
            yield bench.skipped(name, "nothing is known that would change something")
            continue
        before = bench.state()
        bench.control.advance(refill_seconds(rule))
        _use_up(bench, rule, operation, recipe)
        refused = bench.ask(change, working, patient=False)
        yield bench.refused(f"{name}, {change.id}", refused, "throttled")
        bench.control.advance(refill_seconds(rule))
        problem = "" if bench.state() == before else "the lists show a change"
        yield bench.judged(f"{name}, {change.id}", problem, "it was not done", refused)


def _limits(bench: Bench) -> Iterator[tuple[str, Counted, Operation, Recipe]]:
    """Each limit with the simplest call it counts, and nothing used of it."""
    for name, rule in bench.profile.rate_limits.items():
        if not isinstance(rule, (FixedWindow, LeakyBucket)) or rule.limit > LIMIT_TRIED_MAXIMUM:
            continue
        found = bench.cheap(name)
        if found is None:
            bench.unasked[name] = "no reading operation is counted by it"
            continue
        bench.tokens.own()
        bench.control.advance(refill_seconds(rule))
        yield name, rule, *found


def _counted(bench: Bench, name: str) -> Iterator[Operation]:
    return (each for each in bench.guarded() if each.rate_limit == name and each.method == "GET")


def _use_up(bench: Bench, rule: Counted, operation: Operation, recipe: Recipe) -> tuple[int, Exchange] | None:
    """Call until the limit is reached; the number of a call that was refused too early, and its answer."""
    for number in range(1, rule.limit + 1):
        exchange = bench.ask(operation, recipe, token=OURS, patient=False)
        if bench.is_throttled(exchange):
            return number, exchange
    return None


def _headers_problem(wanted: dict[str, str], exchange: Exchange) -> str:
    for name, template in wanted.items():
        value = exchange.header(name)
        if value is None:
            return f"{name} is missing"
        if not pattern(template, {}).fullmatch(value):
            return f"{name} is {value!r}, not like {template!r}"
    return ""


def _counted_on(rule: Counted, template: str, calls: int) -> str:
    return template.format(
        limit=rule.limit, used=calls, remaining=rule.limit - calls, reset_seconds="", retry_after_seconds=""
    )
