"""Real workers, real kills, real HTTP; small. `make crash` is the same with fifty."""

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from mock_servers.core.refusal import UsageError
from seatrial.crash.gate import WORST
from seatrial.crash.postgres import fresh_database
from seatrial.crash.run import Outcome, Plan, crash


def run(plan: Plan) -> Outcome:
    outcome: Outcome = asyncio.run(crash(plan))
    return outcome


@pytest.fixture(scope="module")
def postgres_url() -> Iterator[str]:
    try:
        with fresh_database(os.environ) as url:
            yield url
    except UsageError as error:
        pytest.skip(str(error))


def test_one_worker_on_sqlite_killed_three_times_loses_and_doubles_nothing(tmp_path: Path) -> None:
    outcome = run(Plan(str(tmp_path / "acme.ledger"), tmp_path, kills=3))
    assert (outcome.twice, outcome.lost, outcome.levels_wrong, outcome.others) == ((), (), (), ())
    assert [killed.moment for killed in outcome.killed] == [WORST, "at any moment", WORST]
    assert all(killed.operation for killed in outcome.killed if killed.moment == WORST)
    assert outcome.orders > 3
    assert outcome.levels == 9


def test_two_workers_on_dbos_killed_three_times_lose_and_double_nothing(tmp_path: Path, postgres_url: str) -> None:
    pytest.importorskip("dbos")
    outcome = run(Plan(postgres_url, tmp_path, kills=3, workers=2, dbos=True))
    assert (outcome.twice, outcome.lost, outcome.levels_wrong, outcome.others) == ((), (), (), ())
    assert len(outcome.killed) == 3
    assert outcome.orders > 3


def test_a_call_that_lands_later_than_anybody_waits_is_seen_to_be_doubled(tmp_path: Path) -> None:
    """The run can fail: with a call on its way for longer than the settle time, the look comes too early."""
    plan = Plan(str(tmp_path / "acme.ledger"), tmp_path, kills=1, moments=("on its way",), late_seconds=9)
    outcome = run(plan)
    assert [killed.operation for killed in outcome.killed] == ["createOrder"]
    assert not outcome.good
    assert [words.endswith("was sent 2 times") for words in outcome.twice] == [True]


def test_a_worker_that_cannot_start_ends_the_run_with_what_it_said(tmp_path: Path) -> None:
    (tmp_path / "no-ledger").write_text("this is no database, and longer than a header would be" * 10)
    with pytest.raises(UsageError, match="no-ledger is not a ledger"):
        run(Plan(str(tmp_path / "no-ledger"), tmp_path, kills=1))
