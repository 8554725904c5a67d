"""What came of a run, for people, for CI and for programs. No secret is in any of it."""

import html
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from contracts.evidence import Evidence
from seatrial.verify.exchange import Secrets, answer_text, curl
from seatrial.verify.law import Finding
from seatrial.verify.leftovers import Leftover
from seatrial.verify.run import Result
from seatrial.verify.target import Target

FINDINGS_SHOWN = 5
ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold."""


def summary(results: Iterable[Result]) -> dict[str, int]:
    """How many laws passed, failed and were skipped."""
    counted = Counter(result.outcome for result in results)
    return {outcome: counted[outcome] for outcome in ("passed", "failed", "skipped")}


def unasked(results: Iterable[Result]) -> list[tuple[int, str, str]]:
    """What was not asked, also within laws that passed: how often, why, and of which laws. The most frequent first."""
    counted: dict[str, list[str]] = {}
    for result in results:
        for finding in result.findings:
            if finding.outcome == "skipped":
                counted.setdefault(finding.said, []).append(result.law.id)
    rows = [(len(names), said, ", ".join(dict.fromkeys(names))) for said, names in counted.items()]
    return sorted(rows, key=lambda row: (-row[0], row[1]))


def table_rows(results: Iterable[Result]) -> Iterator[tuple[str, str, str, str, str]]:
    """Outcome, law, surface, how much was asked, and what there is to say."""
    for result in results:
        asked = sum(finding.outcome != "skipped" for finding in result.findings)
        yield result.outcome, result.law.id, result.surface, str(asked or ""), _said(result)


def failure_texts(results: Iterable[Result], secrets: Secrets) -> Iterator[str]:
    """Each failure in full: what was asked, what was wrong, what was expected, by which rule, and how to ask again."""
    for result in results:
        for finding in result.failures[:FINDINGS_SHOWN]:
            yield f"{result.law.id} ({result.surface}): {result.law.says}\n{_detail(finding, secrets)}"
        more = len(result.failures) - FINDINGS_SHOWN
        if more > 0:
            yield f"{result.law.id} ({result.surface}): {more} more like these"


def junit(vendor: str, results: Sequence[Result], secrets: Secrets) -> str:
    """JUnit XML, a test case for each law on each surface."""
    counted = summary(results)
    head = (
        f'<testsuite name="seatrial verify {_xml(vendor)}" tests="{len(results)}"'
        f' failures="{counted["failed"]}" skipped="{counted["skipped"]}" errors="0">'
    )
    cases = "\n".join(_case(vendor, result, secrets) for result in results)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{head}\n{cases}\n</testsuite>\n'


def as_json(target: Target, results: Sequence[Result], leftovers: Sequence[Leftover]) -> bytes:
    """Everything as JSON."""
    told = {
        "vendor": target.contract.vendor,
        "target": target.base_urls,
        "summary": summary(results),
        "unasked": [{"times": times, "why": why, "laws": names} for times, why, names in unasked(results)],
        "laws": [_law(result, target.secrets) for result in results],
        "made": [msgspec.to_builtins(each) for each in leftovers],
    }
    return msgspec.json.format(msgspec.json.encode(told), indent=2) + b"\n"


def rule_text(evidence: Evidence | None) -> str:
    """How sure we are of a rule, where it was read, and when."""
    return f"{evidence.grade}: {evidence.source} (read {evidence.read})" if evidence else "HTTP itself, or plain sense"


def _said(result: Result) -> str:
    if result.outcome == "failed":
        first = result.failures[0]
        more = f" (and {len(result.failures) - 1} more)" if len(result.failures) > 1 else ""
        return f"{first.about}: {first.said}{more}"
    return result.why_skipped if result.outcome == "skipped" else ""


def _detail(finding: Finding, secrets: Secrets) -> str:
    lines = [
        ("asked", finding.about),
        ("wrong", finding.said),
        ("expected", finding.expected),
        ("rule", rule_text(finding.evidence)),
    ]
    if finding.exchange is not None:
        lines += [("request", curl(finding.exchange, secrets)), ("answer", answer_text(finding.exchange, secrets))]
    return "\n".join(f"  {name:9} {_indented(secrets.hidden(text))}" for name, text in lines)


def _indented(text: str) -> str:
    return text.replace("\n", "\n" + " " * 12)


def _case(vendor: str, result: Result, secrets: Secrets) -> str:
    head = f'<testcase classname="{_xml(vendor)}.{_xml(result.surface)}" name="{_xml(result.law.id)}">'
    if result.outcome == "skipped":
        return f'{head}<skipped message="{_xml(result.why_skipped)}"/></testcase>'
    if result.outcome == "passed":
        return f"{head}</testcase>"
    text = "\n\n".join(_detail(finding, secrets) for finding in result.failures[:FINDINGS_SHOWN])
    return f'{head}<failure message="{_xml(_said(result))}">{_xml(text)}</failure></testcase>'


def _xml(text: str) -> str:
    return html.escape(ILLEGAL.sub("\N{REPLACEMENT CHARACTER}", text))


def _law(result: Result, secrets: Secrets) -> dict[str, Any]:
    return {
        "id": result.law.id,
        "says": result.law.says,
        "surface": result.surface,
        "outcome": result.outcome,
        "findings": [_finding(finding, secrets) for finding in result.findings if finding.outcome != "passed"],
        "asked": sum(finding.outcome != "skipped" for finding in result.findings),
    }


def _finding(finding: Finding, secrets: Secrets) -> dict[str, Any]:
    told: dict[str, Any] = {
        "outcome": finding.outcome,
        "about": finding.about,
        "said": secrets.hidden(finding.said),
        "expected": finding.expected,
        "evidence": msgspec.to_builtins(finding.evidence),
    }
    if finding.exchange is not None:
        told |= {"request": curl(finding.exchange, secrets), "answer": answer_text(finding.exchange, secrets)}
    return told
