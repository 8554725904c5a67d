"""`seatrial fidelity`: what it prints, writes and records."""

import json
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

from msgspec import Struct

from contracts.contract import HERE
from mock_servers.core.clock import wall_seconds
from mock_servers.core.refusal import UsageError
from seatrial import console
from seatrial.fidelity import counts, pages, rows
from seatrial.fidelity.exercised import MAP

RAN = frozenset({0, 1})
"""What pytest ends with when every test was run, whether they passed or not."""


class Wanted(Struct, frozen=True):
    """What was asked for. `vendor` empty is all."""

    vendor: str = ""
    as_json: bool = False
    html: str = ""
    write: bool = False
    record: bool = False


def run(wanted: Wanted) -> None:
    """Do it. Raises UsageError."""
    names = pages.chosen(wanted.vendor)
    if wanted.record:
        _record()
    if wanted.write or wanted.record:
        for path in pages.write(names):
            console.say(f"{path.parent.name}/{path.name} is up to date again.")
    if wanted.html:
        _write_html(Path(wanted.html), pages.html(names, today()))
    elif wanted.as_json:
        print(json.dumps(pages.as_data(names, today()), indent=2))  # noqa: T201 - meant for programs
    elif not wanted.write and not wanted.record:
        _show(names, listed=bool(wanted.vendor))


def today() -> date:
    """The machine's day, in UTC."""
    return datetime.fromtimestamp(wall_seconds(), UTC).date()


def _show(names: tuple[str, ...], *, listed: bool) -> None:
    for name in names:
        mine = rows(name)
        console.table(name, pages.COUNTED, [pages.cells(count) for count in counts(mine)])
        if listed:
            heads = ("kind", "what", "grade", "where it was read", "days ago", "tests behind")
            lines = [
                (row.kind, pages.named(row), row.grade, row.source, row.age_days(today()), pages.tests_of(row))
                for row in mine
            ]
            console.table("", heads, lines)
    if not listed:
        console.say("`seatrial fidelity VENDOR` lists every row.")


def _write_html(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from error
    console.say(f"{path} is written.")


def _record() -> None:
    """Run the whole suite, and keep which tests exercised what."""
    root = HERE.parent
    if not (root / "tests" / "conftest.py").is_file():
        raise UsageError("the tests are not here; --record needs a checkout of the repository")
    command = [sys.executable, "-m", "pytest", "-q", "-n", "auto", "--dist", "worksteal"]
    command += ["--ignore=tests/crash/test_crash.py", f"--record-exercised={MAP}"]  # as `make test` runs it
    code = subprocess.run(command, cwd=root, check=False).returncode  # noqa: S603 - our own suite
    if code not in RAN:
        raise UsageError(f"the suite could not be run (pytest ended with {code}); the map is as it was")
    console.say(f"{MAP.name} is written{'' if code == 0 else '; tests that failed count for nothing'}.")
