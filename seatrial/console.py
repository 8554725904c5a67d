"""How the command line speaks: tables, one line for what went wrong, progress for what takes long."""

import sys
from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

WIDTH_UNSEEN = 140
"""Where nobody looks at a terminal, tables are wide enough for a log."""

console = Console(highlight=False, emoji=False, width=None if sys.stdout.isatty() else WIDTH_UNSEEN)
errors = Console(stderr=True, highlight=False, emoji=False, width=None if sys.stderr.isatty() else WIDTH_UNSEEN)


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], *, target: Console | None = None) -> None:
    """Print a table. Cells are plain text: what comes from outside is never read as markup."""
    from rich.text import Text

    drawn = Table(title=title, title_justify="left", title_style="bold", header_style="bold")
    for column in columns:
        drawn.add_column(column, overflow="fold")
    for row in rows:
        drawn.add_row(*(cell if isinstance(cell, Text) else Text(str(cell)) for cell in row))
    (target or console).print(drawn)


def say(text: str) -> None:
    """A line of plain text."""
    console.print(text, markup=False, soft_wrap=True)


def fail(text: str, code: int = 2) -> None:
    """One clear line, and out. Raises SystemExit."""
    errors.print(f"seatrial: {text}", markup=False, soft_wrap=True)
    sys.exit(code)


def progress() -> Progress:
    """A bar for long work, on stderr so that output stays clean."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=errors,
        transient=not errors.is_terminal,
    )
