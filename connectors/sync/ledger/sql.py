"""The two databases a ledger may live in, brought to the same few words.

The statements are written once, with `?` for a value. Both databases know `ON CONFLICT`, `RETURNING` and partial
indexes; what they spell differently is here and nowhere else: placeholders, how a transaction begins, how a row is
locked, and what their drivers raise.
"""

import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol, TypeAlias

Value: TypeAlias = str | int | None
Row: TypeAlias = tuple[Any, ...]

BUSY_SECONDS = 30
MIGRATION_LOCK = 7_316_184_210


class LedgerError(Exception):
    """The ledger could not be used. The message says what to do."""


class LedgerBusy(LedgerError):  # noqa: N818 - named for what the caller can do: wait
    """Somebody else held what this transaction needed; nothing was written. Try again."""


class NotALedger(LedgerError):  # noqa: N818 - named for what is wrong with it
    """The file or database exists and is not one of ours."""


class Database(Protocol):
    """What a ledger needs of a database."""

    lock_row: str
    """What a SELECT ends with to keep the row until the end of the transaction."""

    def run(self, sql: str, values: Sequence[Value] = ()) -> int:
        """Run one statement; answers how many rows it changed."""

    def rows(self, sql: str, values: Sequence[Value] = ()) -> list[Row]:
        """Run one statement and read all it answers."""

    def run_each(self, sql: str, rows: Sequence[Sequence[Value]]) -> None:
        """Run one statement once per row."""

    def begin(self, *, durable: bool = True) -> None:
        """Begin a transaction; its commit waits for the disk only if it is to be durable."""

    def commit(self) -> None: ...

    def rollback(self) -> None: ...

    def lock_migrations(self) -> None:
        """Let one process at a time carry the ledger forward, until the transaction ends."""

    def tables(self) -> set[str]:
        """The names of the tables there are."""

    def close(self) -> None:
        """For good: whatever is asked of it from now on is refused with LedgerError."""


class SQLite:
    """A file, or memory. Write-ahead log; a durable commit is on the disk before it returns, unless told otherwise."""

    lock_row = ""  # BEGIN IMMEDIATE keeps every other writer out already

    def __init__(self, path: str, *, durable: bool = True) -> None:
        try:
            self._connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
        except sqlite3.Error as error:
            raise LedgerError(f"The ledger {path} cannot be opened ({error}).") from error
        try:
            self._connection.execute("PRAGMA journal_mode = WAL").fetchone()
            self._connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'OFF'}")
            self._waits = self._waits_now = durable
        except sqlite3.DatabaseError as error:
            self._connection.close()
            raise NotALedger(f"{path} is not a ledger ({error}). Name another file, or a new one.") from error

    def run(self, sql: str, values: Sequence[Value] = ()) -> int:
        return self._execute(sql, values).rowcount

    def rows(self, sql: str, values: Sequence[Value] = ()) -> list[Row]:
        return self._execute(sql, values).fetchall()

    def run_each(self, sql: str, rows: Sequence[Sequence[Value]]) -> None:
        try:
            self._connection.executemany(sql, rows)
        except (sqlite3.OperationalError, sqlite3.ProgrammingError) as error:
            raise _sqlite_error(error) from error

    def begin(self, *, durable: bool = True) -> None:
        if self._waits and durable != self._waits_now:
            # In WAL mode NORMAL leaves out the wait for the disk and nothing else: the file stays whole.
            self._execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}", ())
            self._waits_now = durable
        self._execute("BEGIN IMMEDIATE", ())

    def commit(self) -> None:
        self._execute("COMMIT", ())

    def rollback(self) -> None:
        if self._connection.in_transaction:
            self._execute("ROLLBACK", ())

    def lock_migrations(self) -> None:
        """BEGIN IMMEDIATE was lock enough."""

    def tables(self) -> set[str]:
        return {name for (name,) in self.rows("SELECT name FROM sqlite_master WHERE type = 'table'")}

    def close(self) -> None:
        self._connection.close()

    def _execute(self, sql: str, values: Sequence[Value]) -> sqlite3.Cursor:
        try:
            return self._connection.execute(sql, values)
        except (sqlite3.OperationalError, sqlite3.ProgrammingError) as error:
            raise _sqlite_error(error) from error


def _sqlite_error(error: sqlite3.Error) -> LedgerError:
    words = str(error)
    if "locked" in words or "busy" in words:
        return LedgerBusy(f"The ledger is in use: {words}.")
    return LedgerError(f"The ledger could not be used: {words}.")


class PostgreSQL:
    """A schema of a PostgreSQL database, made when it is missing. The address may hold a password: it is not shown."""

    lock_row = " FOR UPDATE"

    def __init__(self, url: str, *, schema: str = "seatrial") -> None:
        try:
            import psycopg
        except ImportError as error:
            raise LedgerError("A ledger in PostgreSQL needs psycopg: pip install 'seatrial[postgres]'.") from error
        if not schema.isidentifier():
            raise LedgerError(f"{schema!r} cannot be the name of a schema.")
        self._psycopg = psycopg
        self._url = url
        self._schema = schema
        self._given_up = False
        self._connect()

    def run(self, sql: str, values: Sequence[Value] = ()) -> int:
        return int(self._execute(sql, values).rowcount)

    def rows(self, sql: str, values: Sequence[Value] = ()) -> list[Row]:
        found: list[Row] = self._execute(sql, values).fetchall()
        return found

    def run_each(self, sql: str, rows: Sequence[Sequence[Value]]) -> None:
        try:
            with self._connection.cursor() as cursor:
                cursor.executemany(_to_psycopg(sql), rows)
        except self._psycopg.Error as error:
            raise self._error(error) from error

    def begin(self, *, durable: bool = True) -> None:
        if self._given_up:
            raise LedgerError("The ledger could not be used: it was closed.")
        if self._connection.closed:  # the server went away since: start anew
            self._connect()
        try:  # one message to the server
            self._connection.execute("BEGIN" if durable else "BEGIN; SET LOCAL synchronous_commit TO OFF")
        except self._psycopg.Error as error:
            raise self._error(error) from error

    def commit(self) -> None:
        self._execute("COMMIT", ())

    def rollback(self) -> None:
        with suppress(LedgerError):  # a broken connection has rolled back by itself
            self._execute("ROLLBACK", ())

    def lock_migrations(self) -> None:
        self.rows("SELECT pg_advisory_xact_lock(?)", (MIGRATION_LOCK,))

    def tables(self) -> set[str]:
        sql = "SELECT table_name FROM information_schema.tables WHERE table_schema = ?"
        return {name for (name,) in self.rows(sql, (self._schema,))}

    def close(self) -> None:
        self._given_up = True
        self._connection.close()

    def _connect(self) -> None:
        try:
            self._connection = self._psycopg.connect(self._url, autocommit=True)
            self.begin()
            self.lock_migrations()  # two that start at once would both try to make the schema
            self.run(f'CREATE SCHEMA IF NOT EXISTS "{self._schema}"')
            self.commit()
            self.run(f'SET search_path TO "{self._schema}"')
        except self._psycopg.Error as error:
            raise self._error(error) from error

    def _execute(self, sql: str, values: Sequence[Value]) -> Any:
        try:
            return self._connection.execute(_to_psycopg(sql), values)
        except self._psycopg.Error as error:
            raise self._error(error) from error

    def _error(self, error: Exception) -> LedgerError:
        errors = self._psycopg.errors
        if isinstance(error, errors.DeadlockDetected | errors.SerializationFailure | errors.LockNotAvailable):
            return LedgerBusy(f"The ledger is in use: {type(error).__name__}.")
        return LedgerError(f"The ledger could not be used: {type(error).__name__}: {str(error).splitlines()[0]}")


@lru_cache(maxsize=512)
def _to_psycopg(sql: str) -> str:
    return sql.replace("%", "%%").replace("?", "%s")


def connect(address: str | Path, *, durable: bool = True, schema: str = "seatrial") -> Database:
    """The database at a file's path, at `sqlite:///…`, at `postgresql://…`, or in `:memory:`."""
    text = str(address)
    if text.startswith(("postgresql://", "postgres://")):
        return PostgreSQL(text, schema=schema)
    if "://" in text and not text.startswith("sqlite:///"):
        raise LedgerError(f"A ledger lives in a file or at postgresql://…, not at {text.split('://')[0]}://…")
    path = text.removeprefix("sqlite:///")
    if path != ":memory:" and not Path(path).absolute().parent.is_dir():
        raise LedgerError(f"There is no folder for the ledger {path}. Make it first.")
    return SQLite(path, durable=durable)
