"""Real workers, real kills, real HTTP; small. `make crash` is the same with fifty, and on PostgreSQL."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from mock_servers.core.refusal import UsageError
from seatrial.crash.command import CrashSettings
from seatrial.crash.command import run as commanded
from seatrial.crash.gate import WORST
from seatrial.crash.postgres import fresh_database
from seatrial.crash.run import Outcome, Plan, crash

DEEP = bool(os.environ.get("SEATRIAL_DEEP"))
LIMIT_SECONDS = 150
"""Of a machine that is busy with other things; an idle one needs ten."""


def run(plan: Plan) -> Outcome:
    async def bounded() -> Outcome:
        async with asyncio.timeout(LIMIT_SECONDS):
            return await crash(plan)

    return asyncio.run(bounded())


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


@pytest.mark.skipif(not DEEP, reason="half a minute; `make crash` does it, and SEATRIAL_DEEP=1 here")
def test_two_workers_on_dbos_killed_three_times_lose_and_double_nothing(tmp_path: Path, postgres_url: str) -> None:
    pytest.importorskip("dbos")
    outcome = run(Plan(postgres_url, tmp_path, kills=3, workers=2, dbos=True))
    assert (outcome.twice, outcome.lost, outcome.levels_wrong, outcome.others) == ((), (), (), ())
    assert len(outcome.killed) == 3
    assert outcome.orders > 3


def test_a_call_that_lands_later_than_anybody_waits_is_seen_to_be_doubled(tmp_path: Path) -> None:
    """The run can fail: with a call on its way for longer than the settle time, the look comes too early."""
    plan = Plan(str(tmp_path / "acme.ledger"), tmp_path, kills=1, moments=("on its way",), only="createOrder")
    outcome = run(plan._replace(late_seconds=7, settle_margin_seconds=0.1, timeout_seconds=2))
    assert [killed.operation for killed in outcome.killed] == ["createOrder"]
    assert not outcome.good
    assert [words.endswith("was sent 2 times") for words in outcome.twice] == [True]


def test_a_worker_that_cannot_start_ends_the_run_with_what_it_said(tmp_path: Path) -> None:
    (tmp_path / "no-ledger").write_text("this is no database, and longer than a header would be" * 10)
    with pytest.raises(UsageError, match="no-ledger is not a ledger"):
        run(Plan(str(tmp_path / "no-ledger"), tmp_path, kills=1))


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (CrashSettings(runner="celery"), "a runner is local, dbos, both; not 'celery'"),
        (CrashSettings(cart="nobody"), "no cart is called 'nobody'"),
        (CrashSettings(wms="shopify"), "no warehouse system is called 'shopify'"),
    ],
)
def test_what_cannot_be_run_is_said_in_words(settings: CrashSettings, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        commanded(settings)


def test_the_command_tells_a_program_what_came_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    code = commanded(CrashSettings(kills=1, runner="local", as_json=True))
    said = json.loads(capsys.readouterr().out)
    told = said["runners"]["local"]
    assert code == (0 if said["good"] else 1)  # on a busy machine the one kill may come before anybody has bought
    assert (told["killed"][0]["moment"], told["twice"], told["lost"]) == (WORST, [], [])


def test_whoever_ends_it_ends_what_it_started() -> None:
    """SIGTERM in the middle: neither a worker nor a folder is left."""
    running = subprocess.Popen(
        [sys.executable, "-m", "seatrial", "crash", "--runner", "local"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    watchdog = threading.Timer(LIMIT_SECONDS, running.kill)
    watchdog.start()
    try:
        workers = _until_it_has_children(running)
    finally:
        running.send_signal(signal.SIGTERM)
        _, said = running.communicate()
        watchdog.cancel()
    assert running.returncode == 130, said
    assert workers
    assert not [pid for pid in workers if Path(f"/proc/{pid}/cmdline").exists()]


def _until_it_has_children(running: subprocess.Popen[str]) -> list[int]:
    path = Path(f"/proc/{running.pid}/task/{running.pid}/children")
    if not path.exists():
        pytest.skip("this system does not say which processes are whose")
    while running.poll() is None:
        if found := [int(word) for word in path.read_text().split()]:
            return found
    return []
