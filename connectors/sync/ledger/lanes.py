"""Whose turn it is: leases with a fence, and when each pass is next due.

A lane is one connection to one vendor. Whoever holds its lease may call that vendor; every transaction of the holder
renews the lease and proves in the same breath that nobody else has taken it since (`keep`).
"""

# ruff: noqa: S608 - only placeholders and our own words are put into a statement; a value never is

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from connectors.sync.ledger.base import Tables, from_stamp, from_stamp_if_any, marks, to_stamp
from connectors.sync.ledger.sql import LedgerError


class LeaseLost(LedgerError):  # noqa: N818 - named for what the holder has to know
    """Somebody else holds the lane now. Stop; what was under way is looked up by the new holder."""


class Lease(Struct, frozen=True):
    """A lane, held. The fence tells this holding from every other one, also of the same owner."""

    lane: str
    owner: str
    fence: int


class Lane(Struct, frozen=True):
    """One row of `lane`."""

    lane: str
    owner: str
    lease: datetime
    fence: int
    not_before: datetime
    failures: int
    error: str


class Due(Struct, frozen=True):
    """One row of `schedule`."""

    lane: str
    name: str
    every_seconds: int
    due: datetime
    started: datetime | None
    succeeded: datetime | None
    failures: int
    error: str


SCHEDULE = (
    "schedule.lane, schedule.pass, schedule.every_seconds, schedule.due, schedule.started, schedule.succeeded,"
    " schedule.failures, schedule.error"
)


class Lanes(Tables):
    """lane, schedule."""

    def add_lane(self, lane: str) -> None:
        self._run("INSERT INTO lane (lane) VALUES (?) ON CONFLICT (lane) DO NOTHING", lane)

    def lane(self, lane: str) -> Lane | None:
        row = self._row(
            "SELECT lane, owner, lease, fence, not_before, failures, error FROM lane WHERE lane = ?",
            lane,
        )
        if row is None:
            return None
        return Lane(row[0], row[1], from_stamp(row[2]), row[3], from_stamp(row[4]), row[5], row[6])

    def take(self, lane: str, owner: str, *, now: datetime, until: datetime) -> Lease | None:
        """Hold a lane that is free, run out, or held by the same owner's former life. None: somebody else has it."""
        rows = self._returned(
            "UPDATE lane SET owner = ?, lease = ?, fence = fence + 1"
            " WHERE lane = ? AND (owner = '' OR owner = ? OR lease <= ?) RETURNING fence",
            owner,
            to_stamp(until),
            lane,
            owner,
            to_stamp(now),
        )
        return Lease(lane, owner, rows[0][0]) if rows else None

    def keep(self, lease: Lease, *, until: datetime) -> None:
        """Renew the lease, and lock the lane until the transaction ends. Raises `LeaseLost`.

        A lease that has run out is still ours while nobody took it: the fence says so, and this statement keeps it.
        """
        renewed = self._run(
            "UPDATE lane SET lease = ? WHERE lane = ? AND owner = ? AND fence = ?",
            to_stamp(until),
            lease.lane,
            lease.owner,
            lease.fence,
        )
        if not renewed:
            raise LeaseLost(f"The lane {lease.lane} was taken over from {lease.owner}.")

    def give_back(self, lease: Lease) -> None:
        """Free the lane, if it is still ours."""
        self._run(
            "UPDATE lane SET owner = '', lease = 0 WHERE lane = ? AND owner = ? AND fence = ?",
            lease.lane,
            lease.owner,
            lease.fence,
        )

    def hold_off(self, lane: str, *, now: datetime, not_before: datetime, error: str) -> None:
        """Nobody calls this vendor before then. Several calls turned away together count as one failure."""
        stamp = to_stamp(not_before)
        self._run(
            "UPDATE lane SET not_before = CASE WHEN not_before > ? THEN not_before ELSE ? END,"
            " failures = CASE WHEN not_before > ? THEN failures ELSE failures + 1 END, error = ? WHERE lane = ?",
            stamp,
            stamp,
            to_stamp(now),
            error[:1000],
            lane,
        )

    def lane_works(self, lane: str) -> None:
        """The vendor answered: whatever was counted against it is forgotten."""
        self._run("UPDATE lane SET failures = 0, error = '' WHERE lane = ? AND failures > 0", lane)

    # Schedule

    def add_pass(self, lane: str, name: str, *, every_seconds: int, due: datetime) -> None:
        """Plan a pass. One that is planned already keeps its turn, but never later than the new interval allows."""
        stamp = to_stamp(due)
        self._run(
            "INSERT INTO schedule (lane, pass, every_seconds, due) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (lane, pass) DO UPDATE SET every_seconds = excluded.every_seconds,"
            " due = CASE WHEN schedule.due > ? THEN ? ELSE schedule.due END",
            lane,
            name,
            every_seconds,
            stamp,
            stamp + every_seconds * 1_000_000,
            stamp + every_seconds * 1_000_000,
        )

    def due_passes(self, now: datetime, *, owner: str, limit: int = 1000) -> list[Due]:
        """Passes that are due on lanes that `owner` could hold now, the longest due first."""
        stamp = to_stamp(now)
        rows = self._rows(
            f"SELECT {SCHEDULE} FROM schedule JOIN lane ON lane.lane = schedule.lane"
            " WHERE schedule.due <= ? AND lane.not_before <= ?"
            " AND (lane.owner = '' OR lane.owner = ? OR lane.lease <= ?)"
            " ORDER BY schedule.due, schedule.lane, schedule.pass LIMIT ?",
            stamp,
            stamp,
            owner,
            stamp,
            limit,
        )
        return [_due(row) for row in rows]

    def passes(self, lane: str) -> list[Due]:
        rows = self._rows(f"SELECT {SCHEDULE} FROM schedule WHERE lane = ? ORDER BY due, pass", lane)
        return [_due(row) for row in rows]

    def next_pass_due(self, lanes: Sequence[str], *, owner: str) -> datetime | None:
        """When anything is due next on these lanes that `owner` could run then.

        That is its own time, when its vendor may be called again, or when somebody else's lease runs out.
        """
        due = "CASE WHEN lane.not_before > schedule.due THEN lane.not_before ELSE schedule.due END"
        row = self._row(
            f"SELECT MIN(CASE WHEN lane.owner NOT IN ('', ?) AND lane.lease > {due} THEN lane.lease ELSE {due} END)"
            f" FROM schedule JOIN lane ON lane.lane = schedule.lane WHERE lane.lane IN ({marks(lanes)})",
            owner,
            *lanes,
        )
        return from_stamp_if_any(row[0]) if row else None

    def hasten(self, lane: str, name: str, due: datetime) -> None:
        """This pass has something to do by then: no later, if it was planned for later."""
        stamp = to_stamp(due)
        self._run(
            "UPDATE schedule SET due = ? WHERE lane = ? AND pass = ? AND due > ?",
            stamp,
            lane,
            name,
            stamp,
        )

    def pass_started(self, lane: str, name: str, *, now: datetime, due: datetime) -> None:
        """It runs now; if it never reports back it is due again at `due`. What hastens it meanwhile is kept."""
        self._run(
            "UPDATE schedule SET started = ?, due = ? WHERE lane = ? AND pass = ?",
            to_stamp(now),
            to_stamp(due),
            lane,
            name,
        )

    def pass_succeeded(self, lane: str, name: str, *, now: datetime, due: datetime | None) -> None:
        """It came to its end. `due` is when it has something to do again, if that is before its next turn."""
        self._run(
            "UPDATE schedule SET failures = 0, error = '', succeeded = ? WHERE lane = ? AND pass = ?",
            to_stamp(now),
            lane,
            name,
        )
        if due is not None:
            self.hasten(lane, name, due)

    def pass_failed(self, lane: str, name: str, *, due: datetime, error: str) -> None:
        """It did not come to its end. It rests until `due`, whatever hastened it."""
        self._run(
            "UPDATE schedule SET failures = failures + 1, error = ?, due = ? WHERE lane = ? AND pass = ?",
            error[:1000],
            to_stamp(due),
            lane,
            name,
        )


def _due(row: tuple[str, str, int, int, int | None, int | None, int, str]) -> Due:
    lane, name, every_seconds, due, started, succeeded, failures, error = row
    return Due(
        lane,
        name,
        every_seconds,
        from_stamp(due),
        from_stamp_if_any(started),
        from_stamp_if_any(succeeded),
        failures,
        error,
    )
