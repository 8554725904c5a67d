"""`seatrial matrix`: run what was asked for, and print the two tables."""

import json
from collections.abc import Mapping, Sequence
from string import ascii_lowercase
from textwrap import wrap
from types import MappingProxyType

import msgspec
from msgspec import Struct
from rich.text import Text

from mock_servers.core.refusal import UsageError
from seatrial.console import console, say, table
from seatrial.matrix.jobs import Cell, Write, every_write, matrix_jobs, run_jobs, sweep_jobs, writes
from seatrial.matrix.stories import LEADS
from seatrial.matrix.trial import FAULTS, Verdict
from seatrial.sync.vendors import vendors

BROKEN_TOLD_MAXIMUM = 20


class Wanted(Struct, frozen=True):
    """What the command line asked for."""

    sweep: bool = True
    as_json: bool = False
    calls: tuple[str, ...] = ()
    vendors: tuple[str, ...] = ()


def run(wanted: Wanted) -> int:
    """Run the matrix, and the sweep; print both, and answer the exit code."""
    if unknown := set(wanted.calls) - writes().keys():
        raise UsageError(f"there is no write {', '.join(sorted(unknown))}; there are: {', '.join(writes())}")
    if unknown := set(wanted.vendors) - set(vendors()):
        raise UsageError(f"there is no vendor {', '.join(sorted(unknown))}; there are: {', '.join(sorted(vendors()))}")
    rows = [
        write
        for write in every_write()
        if write.call in (wanted.calls or (write.call,)) and write.vendor in (wanted.vendors or (write.vendor,))
    ]
    missing = [write for write in rows if write.cast is None or write.call not in LEADS]
    whole = not wanted.calls and not wanted.vendors
    matrix = run_jobs(list(matrix_jobs(rows)), "lost-answer matrix")
    sweep = run_jobs(list(sweep_jobs()), "single-fault sweep") if wanted.sweep and whole else []
    broken = [cell for cell in (*matrix, *sweep) if cell.ending.verdict == "BROKEN"]
    if wanted.as_json:
        print(json.dumps(_as_document(matrix, sweep, missing), indent=2))  # noqa: T201 - meant for programs
    else:
        _print(matrix, sweep, missing, broken)
    return 1 if broken or missing or not matrix else 0


def _print(matrix: Sequence[Cell], sweep: Sequence[Cell], missing: Sequence[Write], broken: Sequence[Cell]) -> None:
    _print_matrix(matrix)
    if sweep:
        _print_sweep(sweep)
    for write in missing:
        say(f"NOT TRIED: {write.vendor}.{write.call} has no story that leads to it.")
    for cell in broken[:BROKEN_TOLD_MAXIMUM]:
        console.print(f"BROKEN: {_name(cell)}", style="bold red", markup=False)
        for words in cell.ending.words[:5]:
            say(f"  {words}")
    say("Nothing is broken." if not broken and not missing else f"{len(broken)} broken, {len(missing)} not tried.")


def _print_matrix(matrix: Sequence[Cell]) -> None:
    """A row for each request of each write, a letter for each fault: narrow enough for any terminal."""
    by_row: dict[tuple[str, str, str], dict[str, Verdict]] = {}
    for cell in matrix:
        by_row.setdefault((cell.vendor, cell.call, cell.step), {})[cell.fault] = cell.ending.verdict
    letters = dict(zip(FAULTS, ascii_lowercase, strict=False))
    for vendor in sorted({vendor for vendor, _, _ in by_row}):
        rows: list[tuple[str | Text, ...]] = []
        before = ""
        for (owner, call, step), cells in by_row.items():
            if owner == vendor:
                marks = [_shown(cells.get(fault)) for fault in FAULTS]
                rows.append(("" if call == before else call, step, *marks))
                before = call
        table(f"Lost-answer matrix: {vendor}", ("write", "its request", *letters.values()), rows)
    for line in wrap("   ".join(f"{letter}\xa0{fault}".replace(" ", "\xa0") for fault, letter in letters.items()), 110):
        say(line.replace("\xa0", " "))
    say("  ".join((*(f"{mark} {words}" for mark, words, _ in MARKS.values()), "- not run")))
    parked = [cell for cell in matrix if cell.ending.verdict == "parked"]
    for cell in parked:
        say(f"parked: {_name(cell)}: {'; '.join(cell.ending.words)}")
    once = sum(cell.ending.verdict == "once" for cell in matrix)
    say(f"{len(matrix)} of {len(by_row) * len(FAULTS)} cells run: {once} once, {len(parked)} parked for a person.")


def _name(cell: Cell) -> str:
    return f"{cell.vendor}.{cell.call or 'the day'}, {cell.step}, {cell.fault}"


def _print_sweep(sweep: Sequence[Cell]) -> None:
    rows = []
    for fault in FAULTS:
        cells = [cell for cell in sweep if cell.fault == fault]
        counts = [sum(cell.ending.verdict == verdict for cell in cells) for verdict in ("once", "parked", "BROKEN")]
        rows.append((fault, len(cells), *counts))
    columns = ("fault", "calls", "both sides agree", "left to a person", "BROKEN")
    table("Single-fault sweep: the day once for each of its calls", columns, rows)


MARKS: Mapping[Verdict, tuple[str, str, str]] = MappingProxyType(
    {
        "once": ("1", "there exactly once", "green"),
        "parked": ("P", "parked for a person, where nobody could know", "yellow"),
        "BROKEN": ("X", "BROKEN", "bold red"),
    }
)


def _shown(verdict: Verdict | None) -> Text:
    mark, _, style = MARKS[verdict] if verdict else ("-", "", "bold red")
    return Text(mark, style)


def _as_document(matrix: Sequence[Cell], sweep: Sequence[Cell], missing: Sequence[Write]) -> object:
    def shown(cell: Cell) -> dict[str, object]:
        return {
            "vendor": cell.vendor,
            "call": cell.call,
            "request": cell.step,
            "fault": cell.fault,
            "verdict": cell.ending.verdict,
            "words": cell.ending.words,
        }

    return msgspec.to_builtins(
        {"matrix": [shown(cell) for cell in matrix], "sweep": [shown(cell) for cell in sweep], "not_tried": missing}
    )
