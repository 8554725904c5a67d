"""`seatrial crash`: one worker on SQLite, several on DBOS and PostgreSQL; a bar while it goes, a table in the end."""

import os
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from mock_servers.core.refusal import UsageError
from seatrial.console import errors, say, table
from seatrial.crash.postgres import fresh_database
from seatrial.crash.run import Outcome, Plan, crash
from seatrial.house import asyncio_run

SHOWN_MAXIMUM = 20
RUNNERS = ("local", "dbos")


class CrashSettings(Struct, frozen=True):
    """What was asked for. `workers` is for DBOS; the local runner has one, on a SQLite file."""

    kills: int = 50
    runners: tuple[str, ...] = RUNNERS
    workers: int = 3
    seed: int = 1
    orders_per_second: float = 4.0


def run(settings: CrashSettings) -> int:
    """Run what was asked for, print what came of it, answer the exit code. Raises UsageError."""
    unknown = [name for name in settings.runners if name not in RUNNERS]
    if unknown:
        raise UsageError(f"a runner is local or dbos, not {unknown[0]!r}")
    outcomes = []
    for runner in settings.runners:
        with (
            tempfile.TemporaryDirectory(prefix="seatrial-crash-") as folder,
            _plan(settings, runner, Path(folder)) as plan,
        ):
            outcomes.append((runner, plan.workers, _with_progress(runner, plan)))
    _print(outcomes)
    return 0 if all(outcome.good for _, _, outcome in outcomes) else 1


@contextmanager
def _plan(settings: CrashSettings, runner: str, folder: Path) -> Iterator[Plan]:
    local = Plan(
        str(folder / "acme.ledger"),
        folder,
        kills=settings.kills,
        seed=settings.seed,
        orders_per_second=settings.orders_per_second,
    )
    if runner == "local":
        yield local
        return
    with fresh_database(os.environ) as url:
        yield local._replace(ledger=url, workers=settings.workers, dbos=True)


def _with_progress(runner: str, plan: Plan) -> Outcome:
    columns = (TextColumn("{task.description:<34}"), BarColumn(), MofNCompleteColumn(), TextColumn("kills"),
               TextColumn("{task.fields[orders]} orders"), TimeElapsedColumn())  # fmt: skip
    outcomes: list[Outcome] = []
    with Progress(*columns, console=errors, transient=True) as bar:
        task = bar.add_task(runner, total=plan.kills, orders=0)

        def told(words: str, kills: int, orders: int) -> None:
            bar.update(task, description=f"{runner}: {words}", completed=kills, orders=orders)

        async def crashed() -> None:
            outcomes.append(await crash(plan, told))

        asyncio_run(crashed())
    return outcomes[0]


def _print(outcomes: Sequence[tuple[str, int, Outcome]]) -> None:
    columns = ("", *(f"{runner}, {workers} worker{'s' if workers > 1 else ''}" for runner, workers, _ in outcomes))
    told = [_figures(outcome) for _, _, outcome in outcomes]
    rows = [(name, *(figures.get(name, "") for figures in told)) for name in _names(told)]
    table("Killed with SIGKILL", columns, rows)
    for runner, _, outcome in outcomes:
        for words in (*outcome.twice, *outcome.lost, *outcome.levels_wrong, *outcome.others)[:SHOWN_MAXIMUM]:
            say(f"{runner}: {words}")
    good = all(outcome.good for _, _, outcome in outcomes)
    say("Nothing lost, nothing doubled, every level agrees." if good else "Somebody could tell.")


def _names(told: Sequence[dict[str, object]]) -> list[str]:
    """Every figure's name once, in the order in which they were given."""
    return list(dict.fromkeys(name for figures in told for name in figures))


def _figures(outcome: Outcome) -> dict[str, object]:
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
