"""The pytest plugin: the fixture `seatrial`, a fresh world of every vendor for each test that asks for one.

Nothing but this file is imported until a test asks: a suite that never does pays for one small module and two lookups
in a dict. What the fixture gives is described in `docs/pytest.md`.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from mock_servers.core.refusal import Refusal, UsageError
    from seatrial.pytest_plugin.trial import Seatrial

__all__ = ["Refusal", "Seatrial", "UsageError"]

GROUND = pytest.StashKey[Any]()
TRIAL = pytest.StashKey["Seatrial"]()
MARKER = "seatrial(seed, now, credentials): what one test's world is to have in place of the suite's settings."
NOW = "2026-11-02T09:00:00Z"


def __getattr__(name: str) -> Any:
    """The names above, for annotations and `except`, without making everybody's suite import what is behind them."""
    if name == "Seatrial":
        from seatrial.pytest_plugin.trial import Seatrial

        return Seatrial
    if name in {"Refusal", "UsageError"}:
        from mock_servers.core import refusal

        return getattr(refusal, name)
    raise AttributeError(f"{__name__} has no {name}")


def pytest_addoption(parser: pytest.Parser) -> None:
    """The settings, each in the ini file and some on the command line too."""
    group = parser.getgroup("seatrial", "fakes of commerce vendors")
    group.addoption("--seatrial-seed", type=int, default=None, help="the seed of every test's world")
    group.addoption("--seatrial-vendors", default=None, help="only these vendors, with commas between")
    parser.addini("seatrial_seed", "the seed of every test's world", default="1")
    parser.addini("seatrial_vendors", "only these vendors", type="args", default=[])
    parser.addini("seatrial_now", "the moment every test's world begins at, ISO-8601; `real` is now", default=NOW)
    parser.addini(
        "seatrial_credentials", "`own` for each test, or the `printed` words of `seatrial serve`", default="own"
    )
    parser.addini("seatrial_sound", "whether every test ends with assert_sound()", type="bool", default=False)


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known, for suites that are strict about theirs."""
    config.addinivalue_line("markers", MARKER)


def pytest_unconfigure(config: pytest.Config) -> None:
    """End the server, if a test ever asked for its address."""
    ground = config.stash.get(GROUND, None)
    if ground is not None:
        ground.close()


@pytest.fixture
def seatrial(request: pytest.FixtureRequest) -> "Iterator[Seatrial]":
    """A world of its own: every vendor's fake, in this process, empty, with a clock that stands still."""
    from seatrial.pytest_plugin.ground import Ground, settings_of

    config = request.config
    if GROUND not in config.stash:
        config.stash[GROUND] = Ground(settings_of(config, NOW))
    trial = config.stash[GROUND].begin(request.node.nodeid, request.node.get_closest_marker("seatrial"))
    request.node.stash[TRIAL] = trial
    try:
        yield trial
        if config.getini("seatrial_sound"):
            trial.assert_sound()
    finally:
        trial.close()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """A failing test shows what its world was asked and what it answered."""
    outcome: Any = yield
    trial = item.stash.get(TRIAL, None)
    if trial is not None:
        report = outcome.get_result()
        if report.failed:
            report.sections.append((f"Seatrial journal ({report.when})", trial.story()))
