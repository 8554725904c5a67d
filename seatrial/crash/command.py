"""`seatrial crash`: one worker on SQLite, several on DBOS and PostgreSQL; a bar while it goes, a table in the end."""

import asyncio
import json
import os
import signal
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from msgspec import Struct
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from mock_servers.core.refusal import UsageError
from seatrial.console import errors, say, table
from seatrial.crash.postgres import fresh_database
from seatrial.crash.run import Outcome, Plan, crash
from seatrial.house import asyncio_run
from seatrial.simulation.cast import CART, WAREHOUSE, cast_of

SHOWN_MAXIMUM = 20
RUNNERS = {"local": ("local",), "dbos": ("dbos",), "both": ("local", "dbos")}
GOOD, BAD = "Nothing lost, nothing doubled, every level agrees.", "Somebody could tell."


class CrashSettings(Struct, frozen=True):
    """What was asked for. `workers` is for DBOS; the local runner has one, on a SQLite file."""

    kills: int = 50
    runner: str = "both"
    workers: int = 3
    seed: int = 1
    orders_per_second: float = 4.0
    cart: str = CART
    wms: str = WAREHOUSE
    as_json: bool = False


def run(settings: CrashSettings) -> int:
    """Run what was asked for, runners side by side; print what came of it, answer the exit code. Raises UsageError."""
    if settings.runner not in RUNNERS:
        raise UsageError(f"a runner is {', '.join(RUNNERS)}; not {settings.runner!r}")
    cast = cast_of((settings.cart,), settings.wms)
    with _ended_by_sigterm(), ExitStack() as stack:
        plans: dict[str, Plan] = {}
        for runner in RUNNERS[settings.runner]:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="seatrial-crash-")))
            plans[runner] = Plan(
                str(folder / "acme.ledger"),
                folder,
                kills=settings.kills,
                seed=settings.seed,
                orders_per_second=settings.orders_per_second,
                cast=cast,
            )
            if runner == "dbos":
                url = stack.enter_context(fresh_database(os.environ))
                plans[runner] = plans[runner]._replace(ledger=url, workers=settings.workers, dbos=True)
        outcomes = _with_progress(plans)
    good = all(outcome.good for outcome in outcomes.values())
    if settings.as_json:
        _print_json(plans, outcomes, good=good)
    else:
        _print(plans, outcomes, good=good)
    return 0 if good else 1


@contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    """SIGTERM ends it as Ctrl-C does: what was started is ended, also a PostgreSQL."""
    before = signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _with_progress(plans: Mapping[str, Plan]) -> dict[str, Outcome]:
    columns = (TextColumn("{task.description:<34}"), BarColumn(), MofNCompleteColumn(), TextColumn("kills"),
               TextColumn("{task.fields[orders]} orders"), TimeElapsedColumn())  # fmt: skip
    outcomes: dict[str, Outcome] = {}
    with Progress(*columns, console=errors, transient=True) as bar:

        async def crashed(runner: str, plan: Plan) -> None:
            task = bar.add_task(runner, total=plan.kills, orders=0)

            def told(words: str, kills: int, orders: int) -> None:
                bar.update(task, description=f"{runner}: {words}", completed=kills, orders=orders)

            outcomes[runner] = await crash(plan, told)

        async def all_of_them() -> None:
            async with asyncio.TaskGroup() as group:
                for runner, plan in plans.items():
                    group.create_task(crashed(runner, plan))

        try:
            asyncio_run(all_of_them())
        except* UsageError as wrong:
            raise wrong.exceptions[0] from None
    return {runner: outcomes[runner] for runner in plans}


def _print_json(plans: Mapping[str, Plan], outcomes: Mapping[str, Outcome], *, good: bool) -> None:
    told = {
        runner: {
            "workers": plans[runner].workers,
            "good": outcome.good,
            **outcome._asdict(),
            "killed": [each._asdict() for each in outcome.killed],
        }
        for runner, outcome in outcomes.items()
    }
    print(json.dumps({"good": good, "runners": told}, indent=2))  # noqa: T201 - meant for programs


def _print(plans: Mapping[str, Plan], outcomes: Mapping[str, Outcome], *, good: bool) -> None:
    columns = ("", *(_headed(runner, plan.workers) for runner, plan in plans.items()))
    told = [_figures(outcome) for outcome in outcomes.values()]
    rows = [(name, *(figures.get(name, "") for figures in told)) for name in _names(told)]
    table("Killed with SIGKILL", columns, rows)
    for runner, outcome in outcomes.items():
        for words in (*outcome.twice, *outcome.lost, *outcome.levels_wrong, *outcome.others)[:SHOWN_MAXIMUM]:
            say(f"{runner}: {words}")
    say(GOOD if good else BAD)


def _headed(runner: str, workers: int) -> str:
    where = {"local": "SQLite", "dbos": "DBOS on PostgreSQL"}[runner]
    return f"{where}, {workers} worker{'s' if workers > 1 else ''}"


def _names(told: Sequence[Mapping[str, object]]) -> list[str]:
    """Every figure's name once, in the order of those who have most to tell."""
    names: list[str] = []
    for figures in told:
        at = 0
        for name in figures:
            if name in names:
                at = names.index(name) + 1
            else:
                names.insert(at, name)
                at += 1
    return names


def _figures(outcome: Outcome) -> dict[str, Any]:
    moments = Counter(each.moment for each in outcome.killed)
    operations = Counter(each.operation for each in outcome.killed if each.operation)
    return {
        "kills": len(outcome.killed),
        **{f"  {moment}": many for moment, many in moments.most_common()},
        **{f"  at {operation}": many for operation, many in sorted(operations.items())},
        "orders placed": outcome.orders,
        "parcels sent": outcome.parcels,
        "levels compared": outcome.levels,
        "calls": outcome.calls,
        "seconds": f"{outcome.seconds:.0f}",
        "  of which coming to rest": f"{outcome.resting_seconds:.0f}",
        "doubled": _judged(outcome.twice),
        "lost": _judged(outcome.lost),
        "levels that differ": _judged(outcome.levels_wrong),
        "anything else wrong": _judged(outcome.others),
    }


def _judged(words: Sequence[str]) -> Text:
    return Text(str(len(words)), "bold red" if words else "green")
