"""Holding a target to the laws, one law and one surface at a time."""

from collections.abc import Callable, Iterable, Iterator
from datetime import date

from msgspec import Struct

from mock_servers.core.refusal import UsageError
from seatrial.verify.bench import Bench
from seatrial.verify.exchange import Exchange
from seatrial.verify.law import NEEDS, Finding, Law, Outcome, laws
from seatrial.verify.recipes import CannotAskError
from seatrial.verify.target import Target

UNREADABLE = (KeyError, TypeError, AttributeError, IndexError, AssertionError)
"""What a law meets when an answer is not built as its contract says."""


class Result(Struct, frozen=True):
    """What one law came to on one surface."""

    law: Law
    surface: str
    findings: tuple[Finding, ...]

    @property
    def outcome(self) -> Outcome:
        """Failed when anything did; skipped when nothing could be asked."""
        outcomes = {finding.outcome for finding in self.findings}
        return "failed" if "failed" in outcomes else "passed" if "passed" in outcomes else "skipped"

    @property
    def failures(self) -> tuple[Finding, ...]:
        """What went wrong."""
        return tuple(finding for finding in self.findings if finding.outcome == "failed")

    @property
    def why_skipped(self) -> str:
        """Each reason once."""
        return "; ".join(dict.fromkeys(finding.said for finding in self.findings if finding.outcome == "skipped"))


class Plan(Struct, frozen=True):
    """Which laws, and how far they may go."""

    only: tuple[str, ...] = ()
    writes: bool = False
    today: date | None = None
    mark: str = ""
    """Goes into every new word, so that two runs against one target do not meet."""

    def chosen(self) -> tuple[Law, ...]:
        """The laws named, by id or by the beginning of one. Raises UsageError for a name that is none."""
        every = laws()
        for name in self.only:
            if not any(_named(law, name) for law in every):
                raise UsageError(f"no law is called {name!r}; `seatrial verify --list` names them all")
        return tuple(law for law in every if not self.only or any(_named(law, name) for name in self.only))


def _named(law: Law, name: str) -> bool:
    return law.id == name or law.family == name.rstrip(".")


def applicable(target: Target, plan: Plan) -> list[tuple[Law, str]]:
    """The laws and the surfaces they are about, by what the profile says."""
    contract = target.contract
    return [
        (law, name)
        for name, surface in contract.surfaces.items()
        if name in target.base_urls
        for law in plan.chosen()
        if law.when(contract, surface)
    ]


def verify(target: Target, plan: Plan, each: Callable[[Result], None] = lambda _: None) -> list[Result]:
    """Every law on every surface it is about. `each` hears of results as they come."""
    results = []
    watching = [pair for pair in applicable(target, plan) if pair[0].watch is not None]
    heard: dict[str, int] = {}
    wronged: dict[tuple[str, str], list[Finding]] = {}
    for law, surface in applicable(target, plan):
        if law.watch is not None:
            continue
        result = run_law(target, law, surface, plan)
        for found in watched(target, surface, plan):
            wronged.setdefault((found.law.id, surface), []).extend(found.failures)
        heard[surface] = heard.get(surface, 0) + len(target.heard)
        results.append(result)
        each(result)
    for law, surface in watching:
        result = _summed(law, surface, heard.get(surface, 0), wronged.get((law.id, surface), []))
        results.append(result)
        each(result)
    return results


def run_law(target: Target, law: Law, surface: str, plan: Plan) -> Result:
    """One law on one surface. What it asked is in `target.heard` afterwards. Raises UsageError."""
    target.heard.clear()
    if (why := _hindered(target, law, plan)) is not None:
        return Result(law, surface, (Finding("skipped", surface, why),))
    if target.control is not None:
        target.control.reset()
    bench = Bench(target, surface, writes=plan.writes, today=plan.today, mark=plan.mark)
    findings = tuple(_findings(law, bench))
    return Result(law, surface, findings or (Finding("skipped", surface, "nothing here falls under it"),))


def watched(target: Target, surface: str, plan: Plan) -> Iterator[Result]:
    """What the watching laws say of everything that was just asked."""
    bench = Bench(target, surface, writes=plan.writes, today=plan.today)
    contract = target.contract
    for law in laws():
        if law.watch is None or not law.when(contract, contract.surfaces[surface]):
            continue
        findings = list(_wrongs(law, bench, target.heard))
        if findings:
            yield Result(law, surface, tuple(findings))


def _wrongs(law: Law, bench: Bench, exchanges: Iterable[Exchange]) -> Iterator[Finding]:
    assert law.watch is not None  # noqa: S101 - watched() has looked
    for exchange in exchanges:
        if said := law.watch(bench, exchange):
            source = law.source(bench.contract, bench.surface)
            about = exchange.operation or f"{exchange.method} {exchange.url}"
            yield Finding("failed", about, said, law.says, exchange, source)


def _findings(law: Law, bench: Bench) -> Iterator[Finding]:
    assert law.check is not None  # noqa: S101 - a law that watches is not run
    try:
        yield from law.check(bench)
    except CannotAskError as error:
        yield Finding("skipped", bench.surface.name, str(error))
    except UNREADABLE as error:
        said = f"the answer is not of the form this law reads ({type(error).__name__}: {error})"
        last = bench.target.heard[-1] if bench.target.heard else None
        yield Finding("failed", bench.surface.name, said, law.says, last, law.source(bench.contract, bench.surface))
    for about in (bench, *bench.others):
        yield from (Finding("skipped", operation, why) for operation, why in about.unasked.items())


def _hindered(target: Target, law: Law, plan: Plan) -> str | None:
    if law.writes and not plan.writes:
        return "it changes things at the target, and --writes was not given"
    if target.control is None and law.needs:
        return NEEDS[law.needs[0]]
    return None


def _summed(law: Law, surface: str, heard: int, wrong: list[Finding]) -> Result:
    if wrong:
        return Result(law, surface, tuple(wrong[:20]))
    if not heard:
        return Result(law, surface, (Finding("skipped", surface, "nothing was asked"),))
    return Result(law, surface, (Finding("passed", f"{heard} answers"),))
