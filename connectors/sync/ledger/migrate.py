"""Carrying a ledger forward: numbered SQL files, each applied once and in order, all in one transaction."""

import re
from collections.abc import Sequence
from importlib.resources import files
from typing import NamedTuple

from connectors.sync.ledger.sql import Database, LedgerError, NotALedger


class LedgerTooNew(LedgerError):  # noqa: N818 - named for what is wrong with it
    """A newer version of this program has carried this ledger forward; this one does not know its tables."""


class Migration(NamedTuple):
    """One step forward. `name` is the file's, `0001_ledger.sql`; `statements` are what is between its semicolons."""

    number: int
    name: str
    statements: tuple[str, ...]


def shipped_migrations() -> tuple[Migration, ...]:
    """The steps that came with this program, in order."""
    folder = files("connectors.sync") / "migrations"
    scripts = sorted((file.name, file.read_text("utf-8")) for file in folder.iterdir() if file.name.endswith(".sql"))
    return tuple(parse_migration(name, script) for name, script in scripts)


def parse_migration(name: str, script: str) -> Migration:
    """Split a file into statements. Comments go first: they may hold semicolons."""
    bare = re.sub(r"--[^\n]*", "", script)
    statements = tuple(part.strip() for part in bare.split(";") if part.strip())
    return Migration(int(name.split("_")[0]), name, statements)


def carry_forward(database: Database, migrations: Sequence[Migration]) -> None:
    """Bring a new or old ledger to the newest step.

    Raises `LedgerTooNew` for a ledger from the future and `NotALedger` for a database that holds other tables.
    """
    database.begin()
    try:
        database.lock_migrations()
        _carry(database, migrations)
    except BaseException:
        database.rollback()
        raise
    database.commit()


def _carry(database: Database, migrations: Sequence[Migration]) -> None:
    tables = database.tables()
    if tables and "migration" not in tables:
        raise NotALedger(f"The database holds other tables ({', '.join(sorted(tables)[:3])}). Name another one.")
    database.run("CREATE TABLE IF NOT EXISTS migration (number INTEGER PRIMARY KEY, name TEXT NOT NULL)")
    applied: dict[int, str] = dict(database.rows("SELECT number, name FROM migration"))
    unknown = [name for number, name in sorted(applied.items()) if number not in {m.number for m in migrations}]
    if unknown:
        raise LedgerTooNew(f"A newer version has written this ledger ({unknown[-1]}). Upgrade this one to use it.")
    for migration in migrations:
        if migration.number not in applied:
            for statement in migration.statements:
                database.run(statement)
            database.run("INSERT INTO migration (number, name) VALUES (?, ?)", (migration.number, migration.name))
