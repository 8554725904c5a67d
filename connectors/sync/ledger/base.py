"""What all tables of the ledger share: the transaction, and moments as whole microseconds."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from connectors.sync.ledger.sql import Database, LedgerError, Row, Value

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def to_stamp(moment: datetime) -> int:
    """Microseconds since 1970: exact, and the same order as the moments. Raises ValueError for a naive one."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment.isoformat()} has no time zone")
    return (moment - EPOCH) // MICROSECOND


def from_stamp(stamp: int) -> datetime:
    return EPOCH + timedelta(microseconds=stamp)


def from_stamp_if_any(stamp: int | None) -> datetime | None:
    return None if stamp is None else from_stamp(stamp)


def marks(values: Sequence[object]) -> str:
    """As many placeholders as there are values: `?, ?, ?`."""
    return ", ".join("?" * len(values))


class Tables:
    """One connection. Everything that writes needs an open transaction; reading does not."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._open = False

    @contextmanager
    def transaction(self, *, durable: bool = True) -> Iterator[None]:
        """All of it, or nothing. Transactions do not nest: one is one decision.

        One that is not `durable` survives the end of the program, and may be lost when the machine loses its power,
        with everything after it up to the next one that is: what is lost is always the end, never something between.
        """
        if self._open:
            raise LedgerError("A transaction is open already.")
        self._database.begin(durable=durable)
        self._open = True
        try:
            yield
            self._commit()
        except BaseException:
            self._database.rollback()
            raise
        finally:
            self._open = False

    def close(self) -> None:
        self._database.close()

    def _commit(self) -> None:
        self._database.commit()

    def _run(self, sql: str, *values: Value) -> int:
        self._must_be_open()
        return self._database.run(sql, values)

    def _run_each(self, sql: str, rows: Sequence[Sequence[Value]]) -> None:
        self._must_be_open()
        if rows:
            self._database.run_each(sql, rows)

    def _returned(self, sql: str, *values: Value) -> list[Row]:
        """What a writing statement with RETURNING answers."""
        self._must_be_open()
        return self._database.rows(sql, values)

    def _rows(self, sql: str, *values: Value) -> list[Row]:
        return self._database.rows(sql, values)

    def _row(self, sql: str, *values: Value) -> Row | None:
        found = self._database.rows(sql, values)
        return found[0] if found else None

    @property
    def _lock(self) -> str:
        return self._database.lock_row if self._open else ""

    def _must_be_open(self) -> None:
        if not self._open:
            raise LedgerError("Writing needs a transaction: with ledger.transaction(): …")
