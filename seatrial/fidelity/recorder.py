"""A pytest plugin for our own suite: it notes which tests exercised what, for the map in `exercised.py`.

A whole run says when the map is stale, and fails for it with `SEATRIAL_FIDELITY=strict`.
"""

import os
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import wraps
from pathlib import Path
from typing import Any

import pytest

from contracts.contract import load, vendors
from mock_servers.core.journal import Journal
from seatrial.fidelity.exercised import Seen, mapped, read_map, stale, write_map


class Recorder:
    """A pytest plugin that notes what each passing test exercised, in this process and in xdist's.

    `target` is the file to write; without one a whole run is held against the map there is. It looks at exchanges as
    they are journalled: what it wraps is a measuring point, and nothing behaves differently for it.
    """

    def __init__(self, config: pytest.Config, target: Path | None) -> None:
        self.config = config
        self.target = target
        self.seen: set[Seen] = set()
        self.left_out: set[str] = set()
        self._now: set[tuple[str, str, str]] = set()
        self._passed = False
        self._problems: list[str] = []
        self._surfaces: dict[str, dict[str, str]] = defaultdict(dict)

    def watch(self) -> None:
        """Look on whenever an exchange is journalled."""
        original = Journal.keep
        Journal.keep = self._watching(original)  # type: ignore[method-assign]

    def _watching(self, original: Callable[..., None]) -> Callable[..., None]:
        @wraps(original)
        def keep(journal: Journal, at: float, vendor: str, operation: str, *rest: Any) -> None:
            original(journal, at, vendor, operation, *rest)
            _, target, status, rule, fault, _, _, _, body, _ = rest
            if not fault:
                self.note(vendor, operation, target, status, rule, body)

        return keep

    def note(self, vendor: str, operation: str, target: str, status: int, rule: str, body: bytes) -> None:
        """One exchange in which nothing was injected."""
        if rule:
            if not rule.startswith("broke"):
                self._now.add((vendor, "refusal", f"{self._surface(vendor, operation, target)}.{rule}"))
        elif operation and status not in {0, 501} and not self._failed(vendor, operation, body):
            self._now.add((vendor, "operation", operation))

    def _failed(self, vendor: str, operation: str, body: bytes) -> bool:
        """Whether a GraphQL request came to nothing: with errors beside its data, one that is not built among them."""
        known = load(vendor).operations.get(operation) if vendor in vendors() else None
        return (known is None or known.graphql is not None) and b'"errors":[' in body

    def _surface(self, vendor: str, operation: str, target: str) -> str:
        """The surface of an operation; of a root field and of no operation, the one whose paths begin alike."""
        if vendor not in vendors():
            return ""
        known = self._surfaces[vendor]
        if not known:
            known.update({each.id: each.surface for each in load(vendor).operations.values()})
        if operation in known:
            return known[operation]
        heads = {each.path.split("{", 1)[0]: each.surface for each in load(vendor).operations.values()}
        best = max(filter(target.startswith, heads), key=len, default="")
        return heads.get(best) or next(iter(load(vendor).profile.surfaces))  # as the fake itself has it

    # pytest's hooks

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        self._now.clear()
        self._passed = False
        result = yield
        if self._passed and item.get_closest_marker("sweep") is None:
            generated = getattr(getattr(item, "obj", None), "is_hypothesis_test", False)
            self.seen |= {(*each, _file(item.nodeid)) for each in (_generated(self._now) if generated else self._now)}
        return result

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call":
            self._passed = report.passed
        if report.skipped or report.failed:
            self.left_out.add(_file(report.nodeid))

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """An xdist process is about to start: it records too."""
        node.workerinput["seatrial_recording"] = True

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """An xdist process has ended."""
        self.seen |= {tuple(each) for each in getattr(node, "workeroutput", {}).get("seatrial_seen", ())}

    @pytest.hookimpl(wrapper=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Iterator[None]:
        if hasattr(self.config, "workeroutput"):  # before xdist sends it
            self.config.workeroutput["seatrial_seen"] = [list(each) for each in sorted(self.seen)]
            return (yield)
        result = yield
        if self.target is not None:
            write_map(mapped(self.seen), self.target)
        elif session.exitstatus == pytest.ExitCode.OK:
            self._problems = stale(read_map(), self.seen, self.left_out)
            if self._problems and os.environ.get("SEATRIAL_FIDELITY") == "strict":
                session.exitstatus = pytest.ExitCode.TESTS_FAILED
        return result

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        if self._problems:
            terminalreporter.section("the map of what tests exercise is stale: run `seatrial fidelity --record`")
            for problem in self._problems:
                terminalreporter.line(problem)


def recorder(config: pytest.Config, target: str | None) -> Recorder | None:
    """The recorder this run needs: for a run that was told where to write, and for one of the whole suite."""
    worker = getattr(config, "workerinput", None)
    if worker is not None:
        wanted = bool(worker.get("seatrial_recording"))
    else:
        whole = config.args_source is pytest.Config.ArgsSource.TESTPATHS
        narrowed = config.getoption("keyword") or config.getoption("markexpr") or config.getoption("lf", False)
        wanted = bool(target) or (whole and not narrowed)
    return Recorder(config, Path(target) if target else None) if wanted else None


def _file(nodeid: str) -> str:
    return nodeid.split("::", 1)[0].removeprefix("tests/")


def _generated(noted: set[tuple[str, str, str]]) -> set[tuple[str, str, str]]:
    return {(vendor, "generated", name) for vendor, kind, name in noted if kind == "operation"}
