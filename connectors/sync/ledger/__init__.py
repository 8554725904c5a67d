"""The ledger: what was learnt, what must happen once, whose turn it is. SQLite or PostgreSQL, the same statements.

It knows neither vendors nor time: connectors are called elsewhere, and every moment is passed in. It is used from one
thread at a time; a transaction never waits for anything but the database.
"""

from pathlib import Path
from typing import Self

from connectors.sync.ledger.base import from_stamp, to_stamp
from connectors.sync.ledger.desk import Desk, Incident
from connectors.sync.ledger.effects import Effect, Effects, Select, State
from connectors.sync.ledger.facts import Fact, Facts, Reading
from connectors.sync.ledger.lanes import Due, Lane, Lanes, Lease, LeaseLost
from connectors.sync.ledger.migrate import LedgerTooNew, carry_forward, shipped_migrations
from connectors.sync.ledger.sql import LedgerBusy, LedgerError, NotALedger, connect

__all__ = [
    "Due",
    "Effect",
    "Fact",
    "Incident",
    "Lane",
    "Lease",
    "LeaseLost",
    "Ledger",
    "LedgerBusy",
    "LedgerError",
    "LedgerTooNew",
    "NotALedger",
    "Reading",
    "Select",
    "State",
    "from_stamp",
    "to_stamp",
]


class Ledger(Facts, Effects, Lanes, Desk):
    """All tables over one connection."""

    @classmethod
    def open(cls, address: str | Path = ":memory:", *, durable: bool = True, schema: str = "seatrial") -> Self:
        """Open the ledger at a path, `sqlite:///…`, `postgresql://…` or in memory; a new or old one is carried forward.

        `durable=False` lets SQLite answer before the disk has it: a crash of the machine, not of the program, may then
        lose the last moments. Raises `LedgerTooNew`, `NotALedger`, `LedgerError`.
        """
        database = connect(address, durable=durable, schema=schema)
        try:
            carry_forward(database, shipped_migrations())
        except BaseException:
            database.close()
            raise
        return cls(database)
