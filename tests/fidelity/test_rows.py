"""The fidelity table: everything that carries evidence has a row, and every number can be counted again."""

import json
import subprocess
import sys
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import yaml

from contracts.contract import HERE, load, vendors
from mock_servers.core.refusal import UsageError
from seatrial.fidelity import KINDS, Count, Row, counts, pages, rows
from seatrial.fidelity.exercised import Exercised

VENDORS = vendors()
TODAY = date(2026, 11, 21)


def evidence_in(value: Any) -> int:
    """How often evidence is written down in a YAML document, anchors followed once each time they are used."""
    match value:
        case dict():
            here = sum(name in {"evidence", "x-evidence"} for name in value)
            return here + sum(evidence_in(item) for name, item in value.items() if "evidence" not in str(name))
        case list():
            return sum(evidence_in(item) for item in value)
        case _:
            return 0


@pytest.mark.parametrize("vendor", VENDORS)
def test_every_piece_of_evidence_in_the_documents_has_its_row(vendor: str) -> None:
    written = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted((HERE / vendor).glob("*.yaml"))]
    found = rows(vendor)
    inherited = sum(
        error.evidence is None
        for surface in load(vendor).profile.surfaces.values()
        for error in surface.errors.known.values()
    )
    by_graphql = sum(row.kind in {"field", "type"} for row in found)
    examples = sum(row.kind == "example" for row in found)
    assert len(found) - by_graphql - examples - inherited == sum(map(evidence_in, written))


@pytest.mark.parametrize("vendor", VENDORS)
def test_every_evidence_directive_on_a_root_field_or_a_type_has_its_row(vendor: str) -> None:
    graphql = {operation.graphql for operation in load(vendor).operations.values() if operation.graphql}
    texts = [load(vendor).text(name) for name in graphql]
    written = sum(text.count("@evidence(") - text.count("directive @evidence(") for text in texts)
    assert sum(row.kind in {"field", "type"} for row in rows(vendor)) == written


@pytest.mark.parametrize("vendor", VENDORS)
def test_every_operation_and_every_refusal_has_a_row(vendor: str) -> None:
    contract, found = load(vendor), rows(vendor)
    assert [row.name for row in found if row.kind == "operation"] == list(contract.operations)
    refusals = {(name, code) for name, each in contract.profile.surfaces.items() for code in each.errors.known}
    assert {(row.surface, row.name) for row in found if row.kind == "refusal"} == refusals


@pytest.mark.parametrize("vendor", VENDORS)
def test_the_numbers_add_up(vendor: str) -> None:
    found = rows(vendor)
    for count in counts(found):
        assert count.documented + count.observed + count.assumed == count.total
        assert count.built <= count.total
        assert count.oldest <= TODAY
    assert sum(count.total for count in counts(found)) == len(found)


def test_a_test_stands_behind_what_it_exercised_and_nothing_else() -> None:
    vendor = VENDORS[0]
    operation = next(iter(load(vendor).operations))
    seen = Exercised({vendor: {"operation": {operation: ["core/test_a.py"]}, "refusal": {}}})
    behind = {row.name: row.tests for row in rows(vendor, seen) if row.kind == "operation"}
    assert behind.pop(operation) == ("core/test_a.py",)
    assert set(behind.values()) == {()}
    assert {count.kind: count.tested for count in counts(rows(vendor, seen))}["operation"] == 1
    assert {row.tests for row in rows(vendor, seen) if row.kind == "rule"} == {None}


def test_behind_a_graphql_endpoint_are_the_tests_behind_its_fields() -> None:
    seen = Exercised({"shopify": {"operation": {"shop": ["a.py"], "listAccessScopes": ["b.py"]}}})
    behind = {row.name: row.tests for row in rows("shopify", seen) if row.tests}
    assert behind == {"graphql": ("a.py",), "shop": ("a.py",), "listAccessScopes": ("b.py",)}


def test_a_row_ages_by_the_day() -> None:
    row = Row("rule", "", "x", "", "assumed", "nowhere", date(2026, 11, 1))
    assert row.age_days(TODAY) == 20


@pytest.mark.parametrize("vendor", VENDORS)
def test_what_is_not_built_says_so(vendor: str) -> None:
    for row in rows(vendor):
        if row.kind in {"operation", "field"} and not row.built:
            assert pages.named(row).endswith(", not built")


# Pages ----------------------------------------------------------------------------------------------------------------


def test_a_readme_gets_its_table_at_its_end_and_keeps_the_rest() -> None:
    vendor = VENDORS[0]
    once = pages.written("# A vendor\n\nWords.\n", vendor)
    assert once.startswith("# A vendor\n\nWords.\n\n<!-- fidelity")
    assert once.rstrip().endswith(pages.END)
    changed = once.replace("| assumed |", "| documented |") + "\nMore words.\n"
    assert changed != once
    assert pages.written(changed, vendor) == once + "\nMore words.\n"


@pytest.mark.parametrize("vendor", VENDORS)
def test_the_table_in_the_vendor_s_readme_is_fresh(vendor: str) -> None:
    path = pages.readme(vendor)
    if not path.is_file():
        pytest.skip(f"contracts/{vendor} has no README.md yet")
    text = path.read_text(encoding="utf-8")
    assert pages.written(text, vendor) == text, "the table is stale: run `seatrial fidelity --write`"


def test_a_table_s_cells_cannot_break_out_of_it() -> None:
    row = Row("rule", "", "a|b", "", "assumed", "one\ntwo | <script>", date(2026, 1, 1))
    line = pages._table(("x",), [(pages._code(row), row.source)])[-1]
    assert line == "| `a\\|b` | one two \\| &lt;script> |"


class Balanced(HTMLParser):
    """Reads a page, and every row of its tables."""

    def __init__(self) -> None:
        super().__init__()
        self.rows = 0

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.rows += tag == "tr"
        assert tag != "script"


def test_the_html_page_has_every_row_and_nothing_from_elsewhere() -> None:
    page = pages.html(VENDORS, TODAY)
    reader = Balanced()
    reader.feed(page)
    tables = [(counts(rows(vendor)), rows(vendor)) for vendor in VENDORS]
    assert reader.rows == sum(len(numbers) + 1 + len(mine) + len(numbers) for numbers, mine in tables)
    assert "http" not in page.split("<table>")[0]


def test_there_is_never_one_score() -> None:
    assert set(Count.__struct_fields__) == {
        "kind", "total", "built", "documented", "observed", "assumed", "tested", "oldest",
    }  # fmt: skip
    assert list(KINDS) == ["operation", "field", "webhook", "refusal", "rule", "type", "example"]


# The command ----------------------------------------------------------------------------------------------------------


def test_the_json_has_every_row_with_its_age() -> None:
    found = json.loads(run("--json").stdout)
    assert list(found) == list(VENDORS)
    for vendor in VENDORS:
        assert len(found[vendor]["rows"]) == len(rows(vendor))
        assert {"grade", "source", "read", "age_days", "tests", "built"} <= found[vendor]["rows"][0].keys()


def test_one_vendor_is_listed_row_by_row() -> None:
    shown = run(VENDORS[0]).stdout
    assert all(name in shown for name in load(VENDORS[0]).operations)


def test_the_html_is_written_where_it_was_asked_for(tmp_path: Path) -> None:
    run(VENDORS[0], "--html", str(tmp_path / "page.html"))
    assert (tmp_path / "page.html").read_text().startswith("<!doctype html>")


@pytest.mark.parametrize("asked", [["harbor"], ["--html", "/nowhere/page.html"]])
def test_what_cannot_be_is_refused_in_one_line(asked: list[str]) -> None:
    ran = run(*asked, code=2)
    assert ran.stderr.startswith("seatrial: ")
    assert len(ran.stderr.splitlines()) == 1


def test_an_unknown_vendor_is_no_vendor() -> None:
    with pytest.raises(UsageError, match="there is no vendor"):
        pages.chosen("harbor")


def run(*asked: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "seatrial", "fidelity", *asked]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert ran.returncode == code, ran.stdout + ran.stderr
    return ran
