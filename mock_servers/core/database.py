"""The databases worlds are kept in: SQLite in memory (one per world), a SQLite file, or PostgreSQL.

The statements are written once. What differs stays here: how a connection is opened, how a question mark is spelled,
how a body comes out as bytes, and how values are bound beside `body->>'member'`, which is typed in SQLite and text in
PostgreSQL.
"""

import math
import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

from mock_servers.core.filters import column
from mock_servers.core.refusal import UsageError

SQL = Path(__file__).parent / "sql"
Kinds = Mapping[tuple[str, str], tuple[str, ...]]
"""Vendor and kind, and the members its documents are looked up by."""


class Connection(Protocol):
    """What the store needs of a database: rows, and a transaction that can be given up."""

    body: str
    private: bool
    """Nobody else writes to it, so that what was read stays true until we change it."""

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]: ...
    def many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None: ...
    def bound(self, value: Any) -> Any: ...
    def number(self, member: str) -> str: ...
    def close(self) -> None: ...


class SqliteConnection:
    """SQLite through the standard driver, in autocommit: transactions begin and end where the store says."""

    body = "CAST(body AS BLOB)"
    private = True

    def __init__(self, where: str, schema: bytes | None = None) -> None:
        self.sqlite = sqlite3.connect(where, isolation_level=None, check_same_thread=False, cached_statements=512)
        if schema is not None:
            self.sqlite.deserialize(schema)

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return self.sqlite.execute(sql, values).fetchall()

    def many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        self.sqlite.executemany(sql, rows)

    def bound(self, value: Any) -> Any:
        # An integer SQLite has no room for is kept as the nearest float, and looked for as that.
        if isinstance(value, int) and not -(2**63) <= value < 2**63:
            return float(value) if abs(value) < 10**300 else math.copysign(math.inf, value)
        return value

    def number(self, member: str) -> str:
        return member

    def close(self) -> None:
        self.sqlite.close()


class PostgresConnection:
    """PostgreSQL through psycopg, in autocommit as well."""

    body = "convert_to(body::text, 'UTF8')"
    private = False

    def __init__(self, url: str) -> None:
        try:
            import psycopg
        except ImportError as error:
            raise UsageError("PostgreSQL needs the extra: pip install 'seatrial[postgres]'") from error
        try:
            self.psycopg = psycopg.connect(url, autocommit=True)
        except psycopg.Error as error:
            raise UsageError(f"could not connect to PostgreSQL: {type(error).__name__}") from error

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        cursor = self.psycopg.execute(_spelled(sql), [_without_nul(value) for value in values])
        return cursor.fetchall() if cursor.description else []

    def many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        with self.psycopg.cursor() as cursor:
            cursor.executemany(_spelled(sql), rows)

    def bound(self, value: Any) -> Any:
        if isinstance(value, bool):
            return "true" if value else "false"
        return None if value is None else str(value)

    def number(self, member: str) -> str:
        typed = member.replace("->>", "->")
        return f"(CASE WHEN json_typeof({typed}) = 'number' THEN {member}::numeric END)"

    def close(self) -> None:
        self.psycopg.close()


@lru_cache(maxsize=4096)
def _spelled(sql: str) -> Any:
    """As psycopg reads it, and with text ordered by its code points whatever the database's language, as in SQLite."""
    sql = MEMBER.sub(r"""((\1) COLLATE "C")""", sql)
    return sql.replace("%", "%%").replace("?", "%s")


MEMBER = re.compile(r"\((body(?:->'\w+')*->>'\w+')\)(?!::)")


def _without_nul(value: Any) -> Any:
    """PostgreSQL keeps no NUL: what holds one is not there, and nothing that is there looks like this."""
    return value.replace("\0", "\ufffd") if isinstance(value, str) and "\0" in value else value


class Database:
    """`connection(world)` hands out the connection a world lives on. Each kind of document has a table of its own, so
    that a write pays for its own indexes and for nobody else's."""

    name = "the memory"
    """What to call it where it cannot be read."""
    snapshots = False
    """A world can be put back as it was by replacing its whole database."""

    def __init__(self, kinds: Kinds) -> None:
        self.kinds = kinds

    def connection(self, world: str) -> Connection:
        raise NotImplementedError

    @property
    def root(self) -> Connection | None:
        """Where worlds and credentials are remembered; None when nothing outlives the process."""
        return None

    def close(self) -> None:
        """Let go of every connection."""


class MemoryDatabase(Database):
    """A database in memory for each world; an empty one is a copy of a template, quicker than making tables."""

    snapshots = True

    def __init__(self, kinds: Kinds) -> None:
        super().__init__(kinds)
        template = SqliteConnection(":memory:")
        template.rows("PRAGMA page_size = 1024")  # a hundred small tables in every world: keep the empty ones small
        _migrate(template, "sqlite", kinds)
        self.empty = template.sqlite.serialize()
        template.close()

    def connection(self, world: str) -> SqliteConnection:  # noqa: ARG002 - each world has one of its own
        return SqliteConnection(":memory:", self.empty)


class FileDatabase(Database):
    """One SQLite file for all worlds."""

    def __init__(self, path: Path, kinds: Kinds) -> None:
        super().__init__(kinds)
        self.name = str(path)
        try:
            self._connection = SqliteConnection(str(path))
            with _let_go(self._connection):
                _check_ours(self._connection, path)
                self._connection.rows(
                    "PRAGMA locking_mode = EXCLUSIVE"
                )  # two servers on one file would undo each other
                self._connection.rows("PRAGMA journal_mode = WAL")
                self._connection.rows("PRAGMA synchronous = NORMAL")
                _migrate(self._connection, "sqlite", kinds)
        except sqlite3.DatabaseError as error:
            used = " (is another seatrial using it?)" if "locked" in str(error) else ""
            raise UsageError(f"{path} cannot be used as a state file: {error}{used}") from error

    def connection(self, world: str) -> SqliteConnection:  # noqa: ARG002
        return self._connection

    @property
    def root(self) -> Connection:
        return self._connection

    def close(self) -> None:
        self._connection.close()


class PostgresDatabase(Database):
    """One PostgreSQL database for all worlds."""

    def __init__(self, url: str, kinds: Kinds) -> None:
        super().__init__(kinds)
        self.name = "the PostgreSQL state"
        self._connection = PostgresConnection(url)
        try:
            with _let_go(self._connection):
                _migrate(self._connection, "postgres", kinds)
        except UsageError:
            raise
        except Exception as error:
            raise UsageError(f"{self.name} cannot be used: {type(error).__name__}") from error

    def connection(self, world: str) -> PostgresConnection:  # noqa: ARG002
        return self._connection

    @property
    def root(self) -> Connection:
        return self._connection

    def close(self) -> None:
        self._connection.close()


def open_database(where: str | None, kinds: Kinds) -> Database:
    """Memory for None, PostgreSQL for `postgresql://…`, else a SQLite file. Raises UsageError."""
    if where is None:
        return MemoryDatabase(kinds)
    if where.startswith(("postgresql://", "postgres://")):
        return PostgresDatabase(where, kinds)
    if "://" in where:
        raise UsageError(f"state is a file's path or a postgresql:// URL, not {where.split('://', 1)[0]}://…")
    return FileDatabase(Path(where), kinds)


# Numbered files carry an old state forward; a state from the future is refused.


def table_of(vendor: str, kind: str) -> str:
    """The table a kind of document is kept in. Raises ValueError for a name that cannot be one."""
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,30}", vendor) or not re.fullmatch(r"[a-z][a-z0-9_]{0,25}", kind):
        raise ValueError(f"{vendor} {kind} cannot name a table: up to 30 and 25 small letters, digits and _")
    return f"{vendor}__{kind}"


@contextmanager
def _let_go(connection: Connection) -> Iterator[None]:
    """Close what turns out to be of no use."""
    try:
        yield
    except BaseException:
        connection.close()
        raise


def _check_ours(connection: Connection, path: Path) -> None:
    """Leave alone what somebody else keeps in SQLite."""
    tables = {name for (name,) in connection.rows("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    if tables and "schema_version" not in tables:
        raise UsageError(f"{path} is a database, but not a state of seatrial; name another file")


def _migrate(connection: Connection, dialect: str, kinds: Kinds) -> None:
    connection.rows("CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL)")
    known = connection.rows("SELECT MAX(version) FROM schema_version")[0][0] or 0
    steps = sorted(SQL.glob(f"*.{dialect}.sql"))
    if known > len(steps):
        raise UsageError(f"this state was written by a newer seatrial (its schema is {known}, ours {len(steps)})")
    connection.rows("BEGIN")
    for number, path in enumerate(steps[known:], known + 1):
        for statement in filter(str.strip, path.read_text(encoding="utf-8").split(";\n")):
            connection.rows(statement)
        connection.rows("INSERT INTO schema_version (version) VALUES (?)", (number,))
    for (vendor, kind), members in kinds.items():
        for statement in _kind(table_of(vendor, kind), members, dialect):
            connection.rows(statement)
    connection.rows("COMMIT")
    if dialect == "sqlite":
        _teach(connection)


def _kind(table: str, members: Iterable[str], dialect: str) -> Iterator[str]:
    sqlite = dialect == "sqlite"
    seq = "INTEGER PRIMARY KEY" if sqlite else "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY"
    version, body = ("INTEGER", "TEXT") if sqlite else ("BIGINT", "JSON")
    text = "TEXT" if sqlite else 'TEXT COLLATE "C"'
    yield (
        f"CREATE TABLE IF NOT EXISTS {table} (seq {seq}, world TEXT NOT NULL, id {text} NOT NULL,"
        f" version {version} NOT NULL, body {body} NOT NULL, UNIQUE (world, id))"
    )
    yield f"CREATE INDEX IF NOT EXISTS {table}__in_order ON {table} (world, seq)"
    for member in members:
        yield f"CREATE INDEX IF NOT EXISTS {table}__{member} ON {table} (world, {column(member)}, seq)"


def _teach(connection: Connection) -> None:
    """Tell SQLite's planner what to expect, since it plans before there is anything to count: a declared member narrows
    to a handful, the order of making to nothing. Unasked, it walks everything in order to spare itself a sort."""
    connection.rows("ANALYZE")
    connection.rows("DELETE FROM sqlite_stat1")
    for name, table in connection.rows("SELECT name, tbl_name FROM sqlite_schema WHERE type = 'index'"):
        narrow = "__" in table and not name.startswith("sqlite_autoindex") and not name.endswith("__in_order")
        known = "1000000 500000 10 1" if narrow else "1000000 500000 1"
        connection.rows("INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (?, ?, ?)", (table, name, known))
    connection.rows("ANALYZE sqlite_schema")
