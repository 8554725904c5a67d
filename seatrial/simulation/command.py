"""`seatrial simulate`: one seed or many, on every core; a table of what happened, and the story of what went wrong."""

import hashlib
import json
import multiprocessing
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from typing import cast, get_args

import msgspec
from msgspec import Struct
from rich.progress import Progress

from mock_servers.core.refusal import UsageError
from seatrial.console import console, progress, say, table
from seatrial.simulation.cast import CART, WAREHOUSE, cast_of
from seatrial.simulation.run import Outcome, find_story, simulate
from seatrial.simulation.scenario import FaultProfile, Scenario

STORY_LINES = 120
BROKEN_TOLD_MAXIMUM = 5
PARKED_TOLD_MAXIMUM = 20


class Wanted(Struct, frozen=True):
    """What the command line asked for. `story` is an order to be told of, as `shop:6001` or `#1004` in any cart."""

    seed: int
    seeds: int
    days: float
    orders: int
    faults: FaultProfile
    twice: bool = False
    as_json: bool = False
    story: str = ""
    processes: int = 0
    carts: tuple[str, ...] = ()
    warehouse: str = ""

    @property
    def cast(self) -> tuple[tuple[str, ...], str]:
        return self.carts or (CART,), self.warehouse or WAREHOUSE

    @property
    def scenarios(self) -> list[Scenario]:
        return [
            Scenario(seed, self.days, self.orders, self.faults, *self.cast)
            for seed in range(self.seed, self.seed + self.seeds)
        ]


class Result(Struct, frozen=True):
    """All seeds. `digest` is over theirs; `changed` are the seeds that were different the second time."""

    digest: str
    outcomes: tuple[Outcome, ...]
    changed: tuple[int, ...] = ()
    twice: bool = False

    @property
    def good(self) -> bool:
        return not self.changed and all(outcome.good for outcome in self.outcomes)


def checked_profile(name: str) -> FaultProfile:
    """Raises UsageError for a profile there is not."""
    for profile in get_args(FaultProfile):
        if name == profile:
            return cast("FaultProfile", name)
    raise UsageError(f"there is no fault profile {name!r}; there are: {', '.join(get_args(FaultProfile))}")


def run(wanted: Wanted) -> int:
    """Run what was asked for, print it, and answer the exit code."""
    cast_of(*wanted.cast)  # an unknown name is said before anything runs
    if wanted.story:
        return _tell_story(wanted)
    result = run_all(wanted)
    if wanted.as_json:
        print(json.dumps(_as_document(result), indent=2))  # noqa: T201 - meant for programs
    else:
        _print(result)
    return 0 if result.good else 1


def run_all(wanted: Wanted) -> Result:
    """Every seed, once or twice; the second time in processes of their own, whose hashes of text are others."""
    scenarios = wanted.scenarios
    with progress() as bar:
        outcomes = _outcomes(scenarios, wanted.processes, bar, "simulated")
        changed: list[int] = []
        if wanted.twice:
            again = _outcomes(scenarios, wanted.processes, bar, "once more")
            pairs = zip(outcomes, again, strict=True)
            changed = [first.scenario.seed for first, second in pairs if first.digest != second.digest]
    return Result(combined(outcomes), tuple(outcomes), tuple(changed), wanted.twice)


def combined(outcomes: Sequence[Outcome]) -> str:
    """One hash for all seeds in their order."""
    return hashlib.sha256("".join(outcome.digest for outcome in outcomes).encode()).hexdigest()[:16]


def _outcomes(scenarios: Sequence[Scenario], processes: int, bar: Progress, words: str) -> list[Outcome]:
    processes = min(len(scenarios), processes or os.cpu_count() or 1)
    if len(scenarios) == 1:
        return [_one(scenarios[0], bar, words)]
    task = bar.add_task(words, total=len(scenarios))
    found: dict[int, Outcome] = {}
    # Spawned, not forked: each has its own secret for hashing text, so that a set that is walked is found out.
    with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn")) as pool:
        futures: dict[Future[Outcome], Scenario] = {pool.submit(simulate, each): each for each in scenarios}
        for future in as_completed(futures):
            found[futures[future].seed] = future.result()
            bar.advance(task)
    return [found[scenario.seed] for scenario in scenarios]


def _one(scenario: Scenario, bar: Progress, words: str) -> Outcome:
    """A single seed: the bar shows how far its days have gone."""
    task = bar.add_task(words, total=100)
    return simulate(scenario, progress=lambda share: bar.update(task, completed=round(100 * share)))


# Printing


def _print(result: Result) -> None:
    outcomes = result.outcomes
    first = outcomes[0].scenario
    title = f"{len(outcomes)} × {first.days:g} days, {first.orders} orders, faults {first.faults}"
    table(title, ("what", "in all", "a seed"), list(_figures(outcomes)))
    faults = sum((Counter(outcome.faults) for outcome in outcomes), Counter[str]())
    if faults:
        table("Faults struck", ("kind", "times"), sorted(faults.items()))
    _print_parked(outcomes)
    laws = Counter(breach.law for outcome in outcomes for breach in outcome.breaches)
    rows = [(law, "holds" if not laws[law] else f"BROKEN, {laws[law]} times") for law in sorted({*LAWS, *laws})]
    table("At rest", ("law", ""), rows)
    for outcome in [outcome for outcome in outcomes if not outcome.good][:BROKEN_TOLD_MAXIMUM]:
        _print_broken(outcome)
    if result.changed:
        say(f"Not the same the second time: seeds {', '.join(map(str, result.changed))}.")
    broken = sum(not outcome.good for outcome in outcomes)
    again = ", the same on a second run" if result.twice and not result.changed else ""
    say(f"Trace {result.digest}{again}. {broken} of {len(outcomes)} seeds broken.")


LAWS = (
    "every order arrives",
    "none twice",
    "cancelled on both sides",
    "both sides want the same",
    "every order was placed",
    "every shipment is told",
    "no shipment twice",
    "voided is voided",
    "every level agrees",
    "stock is conserved",
    "nothing is left undone",
    "nothing is parked without need",
    "each vendor's books are sound",
    "no fake breaks",
    "reconciliation finds nothing",
)


def _figures(outcomes: Sequence[Outcome]) -> Iterator[tuple[str, str, str]]:
    count = len(outcomes)
    for what in ("orders", "shipments", "levels"):
        total = sum(outcome.checked[what] for outcome in outcomes)
        yield f"{what} compared", f"{total:,}", f"{total / count:,.0f}"
    names = {
        "requests": "requests", "throttled": "429s", "faults": "faults struck", "webhooks": "webhooks heard",
        "crashes": "crashes", "restarts": "restarts as asked", "virtual_hours": "virtual hours",
        "cpu_seconds": "seconds of CPU",
    }  # fmt: skip
    for name, words in names.items():
        figure = sum(outcome.figures[name] for outcome in outcomes)
        yield words, f"{figure:,.0f}", f"{figure / count:,.1f}"
    hours = sum(outcome.figures["virtual_hours"] for outcome in outcomes)
    seconds = sum(outcome.figures["seconds"] for outcome in outcomes)
    waiting = sum(outcome.figures["waiting_share"] * outcome.figures["virtual_hours"] for outcome in outcomes) / hours
    yield "speed", f"{hours * 3600 / seconds:,.0f} × real time", ""
    yield "virtual time spent at limits", f"{waiting:.1%}", ""


def _print_parked(outcomes: Sequence[Outcome]) -> None:
    rows = [
        (str(outcome.scenario.seed), each.key, each.reason, each.why) for outcome in outcomes for each in outcome.parked
    ]
    if not rows:
        return
    whys = Counter((row[2], row[3]) for row in rows)
    table(
        f"Left to a person: {len(rows)}", ("reason", "why nobody else could", "times"),
        [(reason, why, times) for (reason, why), times in sorted(whys.items())],
    )  # fmt: skip
    if len(rows) <= PARKED_TOLD_MAXIMUM:
        table("Each of them", ("seed", "effect", "reason", "why"), rows)


def _print_broken(outcome: Outcome) -> None:
    rows = [(breach.law, breach.subject, breach.words) for breach in outcome.breaches[:10]]
    table(f"Seed {outcome.scenario.seed} is broken", ("law", "subject", "what"), rows)
    say(f"To see it again: {outcome.scenario.command}")
    breach = outcome.breaches[0]
    told = find_story(outcome.scenario, breach)
    say(f"The story of {breach.subject}" + (":" if told.digest == outcome.digest else ", which went otherwise now:"))
    _print_story(told)


def _print_story(told: Outcome) -> None:
    for moment in told.story[-STORY_LINES:]:
        console.print(f"  {moment.clock}  {moment.who:<10} {moment.what}", markup=False, soft_wrap=True)


def _tell_story(wanted: Wanted) -> int:
    """The story of one order in one run."""
    outcome = simulate(wanted.scenarios[0], watch=(wanted.story, wanted.story.replace(":", "/")))
    _print_story(outcome)
    if not outcome.story:
        say(f"Nothing is said of {wanted.story} in this run; name an order as shop:6100000000001.")
    return 0 if outcome.story else 1


def _as_document(result: Result) -> object:
    return msgspec.to_builtins(
        {
            "trace": result.digest,
            "good": result.good,
            "changed": result.changed,
            "seeds": [
                {
                    "seed": outcome.scenario.seed,
                    "command": outcome.scenario.command,
                    "trace": outcome.digest,
                    "checked": outcome.checked,
                    "figures": outcome.figures,
                    "faults": outcome.faults,
                    "refusals": outcome.refusals,
                    "parked": outcome.parked,
                    "breaches": outcome.breaches,
                }
                for outcome in result.outcomes
            ],
        }
    )
