"""The fidelity table for people: on a terminal, as Markdown between two marks of a README, and as a page of HTML."""

from collections.abc import Iterable
from datetime import date
from html import escape
from pathlib import Path
from typing import Any

import msgspec

from contracts.contract import HERE, load, vendors
from mock_servers.core.refusal import UsageError
from seatrial.fidelity import KINDS, Count, Row, counts, rows

BEGIN = "<!-- fidelity: written by `seatrial fidelity --write` -->"
END = "<!-- /fidelity -->"
TESTS_SHOWN = 3
COUNTED = ("", "of them", "built", "documented", "observed", "assumed", "tests behind", "oldest read")
LISTED = ("", "what", "grade", "where it was read", "on", "tests behind")
NOT_LISTED = frozenset({"type"})
"""Kinds that are only counted in a README: their rows would be most of it."""


def chosen(vendor: str) -> tuple[str, ...]:
    """The vendor named, or all. Raises UsageError."""
    if vendor and vendor not in vendors():
        raise UsageError(f"there is no vendor {vendor!r}; there are: {', '.join(vendors())}")
    return (vendor,) if vendor else vendors()


def as_data(names: Iterable[str], today: date) -> dict[str, Any]:
    """Everything, for programs; ages in days."""
    found: dict[str, Any] = {}
    for name in names:
        mine = rows(name)
        found[name] = {
            "title": load(name).profile.title,
            "counts": [msgspec.to_builtins(count) for count in counts(mine)],
            "rows": [msgspec.to_builtins(row) | {"age_days": row.age_days(today)} for row in mine],
        }
    return found


def cells(count: Count) -> tuple[str, ...]:
    """One line of the numbers."""
    tested = "not recorded" if count.tested is None else str(count.tested)
    numbers = (count.total, count.built, count.documented, count.observed, count.assumed)
    return (KINDS[count.kind], *map(str, numbers), tested, count.oldest.isoformat())


def named(row: Row) -> str:
    """What a row is about."""
    place = f"{row.surface}: " if row.surface else ""
    return f"{place}{row.name}" + (f" ({row.says})" if row.says else "") + ("" if row.built else ", not built")


def tests_of(row: Row) -> str:
    """The tests behind a row, the first few by name."""
    if row.tests is None:
        return "not recorded"
    if not row.tests:
        return "none"
    names = [test.removesuffix(".py") for test in row.tests]
    more = f" and {len(names) - TESTS_SHOWN} more" if len(names) > TESTS_SHOWN else ""
    return ", ".join(names[:TESTS_SHOWN]) + more


# Markdown -------------------------------------------------------------------------------------------------------------


def markdown(vendor: str) -> str:
    """What stands between the marks. It says when things were read and not how long ago, so that it does not age."""
    mine = rows(vendor)
    lines = [
        BEGIN,
        "",
        "## How sure we are",
        "",
        *_table(COUNTED, (cells(count) for count in counts(mine))),
        "",
        "*Documented*: the vendor says so. *Observed*: its real answers, or an official client, show so. *Assumed*:",
        "our decision until somebody knows better. *Tests behind* is what the journals of the last recorded run show.",
        "",
    ]
    for kind, title in KINDS.items():
        listed = [row for row in mine if row.kind == kind]
        if listed and kind not in NOT_LISTED:
            heads = (title, "grade", "where it was read", "on", "tests behind")
            table = [(_code(row), row.grade, row.source, row.read.isoformat(), tests_of(row)) for row in listed]
            lines += [
                f"<details><summary>{len(listed)} {title}</summary>",
                "",
                *_table(heads, table),
                "",
                "</details>",
                "",
            ]
    return "\n".join([*lines, END])


def written(text: str, vendor: str) -> str:
    """A README with its fidelity table replaced, or put at its end."""
    begin, end = text.find(BEGIN), text.find(END)
    if begin >= 0 and end > begin:
        return text[:begin] + markdown(vendor) + text[end + len(END) :]
    return f"{text.rstrip()}\n\n{markdown(vendor)}\n"


def readme(vendor: str) -> Path:
    """Where a vendor's page is."""
    return HERE / vendor / "README.md"


def write(names: Iterable[str]) -> list[Path]:
    """Bring every README there is up to date; those that changed."""
    changed = []
    for name in names:
        path = readme(name)
        if path.is_file():
            before = path.read_text(encoding="utf-8")
            after = written(before, name)
            if after != before:
                path.write_text(after, encoding="utf-8")
                changed.append(path)
    return changed


def _code(row: Row) -> str:
    place = f"{row.surface} " if row.surface else ""
    says = f" {row.says}" if row.says else ""
    return f"{place}`{row.name}`{says}" + ("" if row.built else ", not built")


def _table(heads: Iterable[str], lines: Iterable[Iterable[str]]) -> list[str]:
    heads = list(heads)
    body = ["| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines]
    return ["| " + " | ".join(heads) + " |", "|" + " --- |" * len(heads), *body]


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


# HTML -----------------------------------------------------------------------------------------------------------------

STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 80rem; padding: 0 1rem; color: #1b1b1b }
table { border-collapse: collapse; width: 100%; margin: 0.5rem 0 1.5rem }
th, td { padding: 0.25rem 0.6rem; text-align: left; border-bottom: 1px solid #ddd; vertical-align: top }
th { border-bottom-color: #888 }
summary { cursor: pointer }
.documented { color: #14532d }
.observed { color: #1e3a8a }
.assumed { color: #9a3412 }
"""


def html(names: Iterable[str], today: date) -> str:
    """One page that needs nothing beside it."""
    parts = [
        "<!doctype html><html lang=en><meta charset=utf-8><title>Fidelity</title>",
        f"<style>{STYLE}</style><h1>How sure we are</h1><p>As of {today.isoformat()}.</p>",
    ]
    for name in names:
        mine = rows(name)
        parts.append(f"<h2>{escape(load(name).profile.title)}</h2>")
        parts.append(_html_table(COUNTED, (cells(count) for count in counts(mine))))
        for kind, title in KINDS.items():
            listed = [row for row in mine if row.kind == kind]
            if listed:
                table = _html_table(
                    (title, "grade", "where it was read", "days ago", "tests behind"), _lines(listed, today)
                )
                parts.append(f"<details><summary>{len(listed)} {escape(title)}</summary>{table}</details>")
    return "\n".join(parts) + "\n"


def _lines(listed: list[Row], today: date) -> Iterable[tuple[str, ...]]:
    for row in listed:
        yield named(row), row.grade, row.source, str(row.age_days(today)), tests_of(row)


def _html_table(heads: Iterable[str], lines: Iterable[Iterable[str]]) -> str:
    head = "".join(f"<th>{escape(text)}</th>" for text in heads)
    body = "".join("<tr>" + "".join(_html_cell(cell) for cell in line) + "</tr>\n" for line in lines)
    return f"<table><tr>{head}</tr>\n{body}</table>"


def _html_cell(text: str) -> str:
    mark = f" class={text}" if text in {"documented", "observed", "assumed"} else ""
    return f"<td{mark}>{escape(text)}</td>"
