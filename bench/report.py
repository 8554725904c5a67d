"""The result as a table, and as JSON that the next run is compared with."""

from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bench.rows import Row
from bench.throughput import Cells

WIDTH_UNSEEN = 170
VERDICTS = {True: ("met", "green"), False: ("missed", "bold red"), None: ("", "")}


class Result(Struct):
    """All of one run. `skipped` says what was left out, and why."""

    at: str
    machine: dict[str, str]
    settings: dict[str, Any]
    rows: list[Row]
    cells: Cells
    skipped: dict[str, str]

    @property
    def replies(self) -> int:
        """How many were counted; a single one that was not a 2xx would have ended the run."""
        return sum(cell.replies for each in self.cells.values() for some in each.values() for cell in some)


def last(path: Path) -> Result | None:
    """The run before this one, if it left anything that can still be read."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Result)
    except (OSError, msgspec.DecodeError):
        return None


def keep(result: Result, path: Path) -> None:
    """Write the run down."""
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(result), indent=1))


def show(result: Result, before: Result | None) -> None:
    """Print the table, what was left out, and the machine."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=WIDTH_UNSEEN)
    console.print(_table(result, before))
    for name, reason in result.skipped.items():
        console.print(f"{name}: left out, {reason}", markup=False, soft_wrap=True)
    told = ", ".join(f"{name} {value}" for name, value in {**result.machine, **result.settings}.items())
    counted = f" {result.replies:,} replies in the rounds, each a 2xx of its size." if result.replies else ""
    console.print(f"{told}.{counted}", markup=False)
    console.print(
        "/cpu-s: requests per CPU-second of the server's whole process tree. Ratios are medians of the rounds' ratios; "
        "what was measured in wall-clock time suffers when the machine is busy.",
        markup=False,
    )


def _table(result: Result, before: Result | None) -> Table:
    table = Table(title="Seatrial, measured", title_justify="left", title_style="bold", header_style="bold")
    for name in ("operation", "ours", "reference", "ratio", "goal", "verdict", "since last", "note"):
        table.add_column(name, justify="right" if name in {"ours", "reference", "ratio", "since last"} else "left")
    then = {row.name: row for row in before.rows} if before else {}
    for row in result.rows:
        word, style = VERDICTS[row.met]
        goal = row.goal.says if row.goal else ""
        change = _change(row, then.get(row.name))
        table.add_row(row.name, row.ours, row.reference, row.shown, goal, Text(word, style), change, row.note)
    return table


def _change(now: Row, then: Row | None) -> str:
    return f"{now.figure / then.figure - 1:+.0%}" if then and then.figure > 0 else ""
