"""Versions in the path: each one served, the old ones answered as the profile says, the unknown ones refused."""

from collections.abc import Iterator

from contracts.profile import Versions
from seatrial.verify.bench import Bench
from seatrial.verify.conditions import versioned, versions_rule
from seatrial.verify.exchange import Exchange
from seatrial.verify.law import Finding, law

RETIRED = "2019-04"
UNKNOWN = ("2999-01", "latest-and-greatest", "1")


@law(
    "versions.each_served_one_answers_as_itself",
    "Every version that is served answers, and its answers name it.",
    when=versioned,
    source=versions_rule,
)
def served(bench: Bench) -> Iterator[Finding]:
    rule = _rule(bench)
    for version in rule.served:
        exchange = _asked(bench, version)
        problem = "" if exchange.good else f"answered {exchange.status}"
        if not problem and rule.header and exchange.header(rule.header) != version:
            problem = f"{rule.header} is {exchange.header(rule.header)}"
        yield bench.judged(version, problem, "answered, as this version", exchange)


@law(
    "versions.retired_one_is_answered_as_the_profile_says",
    "A version that is no longer served is answered as the oldest one, or refused, as the profile says.",
    when=versioned,
    source=versions_rule,
)
def retired(bench: Bench) -> Iterator[Finding]:
    rule = _rule(bench)
    if rule.served[0] <= RETIRED:
        yield bench.skipped(RETIRED, "no version is older than those served")
        return
    exchange = _asked(bench, RETIRED)
    if rule.retired == "refuse":
        yield bench.refused(RETIRED, exchange, "route_not_found")
        return
    named = exchange.header(rule.header) if rule.header else rule.served[0]
    problem = "" if exchange.good and named == rule.served[0] else f"answered {exchange.status} as {named}"
    yield bench.judged(RETIRED, problem, f"answered as {rule.served[0]}", exchange)


@law(
    "versions.unknown_one_is_refused",
    "A version that never was is treated as the profile says.",
    when=versioned,
    source=versions_rule,
)
def unknown(bench: Bench) -> Iterator[Finding]:
    rule = _rule(bench)
    for version in UNKNOWN:
        exchange = _asked(bench, version)
        if rule.unknown == "not_found":
            yield bench.refused(version, exchange, "route_not_found")
        else:
            problem = "" if exchange.good else f"answered {exchange.status}"
            yield bench.judged(version, problem, "answered as the oldest", exchange)


def _rule(bench: Bench) -> Versions:
    rule = bench.contract.profile.versions
    assert rule is not None  # noqa: S101 - the law's condition has looked
    return rule


def _asked(bench: Bench, version: str) -> Exchange:
    bench.version = version
    try:
        reads = (each for each in bench.reads() if "{version}" in each.path)
        operation, recipe = next(bench.askable(reads))
        return bench.ask(operation, recipe)
    finally:
        bench.version = ""
