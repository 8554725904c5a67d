"""Outcomes that must happen once, and where each of them stands.

    todo ──intend──> sent ──finish──> done
     ^                │ └──bury──> dead ──replay──> todo, or sent when nobody knows whether it happened
     └──put_back──────┘
    todo, dead ──void──> void ──reopen──> todo

`todo` is a promise that nothing happened yet; `sent` is the admission that it may have. Every change names the states
it may start from, so that two writers can meet and only one of them moves the row.
"""

# ruff: noqa: S608 - only placeholders and our own words are put into a statement; a value never is

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

from msgspec import Struct

from connectors.sync.ledger.base import Tables, from_stamp, from_stamp_if_any, marks, to_stamp
from connectors.sync.ledger.sql import Row

State = Literal["todo", "sent", "done", "dead", "void"]

ERROR_LENGTH_MAXIMUM = 4_000


class Effect(Struct, frozen=True):
    """One row. `subject` is the order's reference, or the SKU; `payload` what was sent, or would be, as JSON."""

    key: str
    merchant: str
    lane: str
    kind: str
    subject: str
    state: State
    due: datetime
    attempts: int
    unknowns: int
    version: int
    intent: datetime | None
    owner: str
    fence: int
    remote: str | None
    reason: str
    error: str
    next_step: str
    payload: str | None
    created: datetime
    settled: datetime | None

    @property
    def record(self) -> str:
        """The id in the key: the order's, the shipment's, the SKU's."""
        return self.key.split(":", 2)[2]

    @property
    def connection(self) -> str:
        """The connection in the key: whose record it is."""
        return self.key.split(":", 2)[1]


class Select(Struct, frozen=True):
    """Which effects are meant. Empty means: any."""

    key: str = ""
    kind: str = ""
    lane: str = ""
    merchant: str = ""
    reason: str = ""
    subject: str = ""
    states: tuple[State, ...] = ()

    def where(self) -> tuple[str, list[str]]:
        named = {
            "key": self.key,
            "kind": self.kind,
            "lane": self.lane,
            "merchant": self.merchant,
            "reason": self.reason,
            "subject": self.subject,
        }
        clauses = [f"{column} = ?" for column, value in named.items() if value]
        values = [value for value in named.values() if value]
        if self.states:
            clauses.append(f"state IN ({marks(self.states)})")
            values.extend(self.states)
        return " AND ".join(clauses) or "1 = 1", values


COLUMNS = (
    "key, merchant, lane, kind, subject, state, due, attempts, unknowns, version, intent, owner, fence, remote,"
    " reason, error, next_step, payload, created, settled"
)


def _effect(row: Row) -> Effect:
    key, merchant, lane, kind, subject, state, due, attempts, unknowns, version, intent, owner, fence, *rest = row
    remote, reason, error, next_step, payload, created, settled = rest
    return Effect(
        key,
        merchant,
        lane,
        kind,
        subject,
        state,
        from_stamp(due),
        attempts,
        unknowns,
        version,
        from_stamp_if_any(intent),
        owner,
        fence,
        remote,
        reason,
        error,
        next_step,
        payload,
        from_stamp(created),
        from_stamp_if_any(settled),
    )


class Effects(Tables):
    """effect."""

    def want(self, key: str, *, merchant: str, lane: str, subject: str, now: datetime, due: datetime) -> bool:
        """Ask for an outcome once. Answers whether this was the first time."""
        kind = key.split(":", 1)[0]
        return bool(
            self._run(
                "INSERT INTO effect (key, merchant, lane, kind, subject, state, due, created)"
                " VALUES (?, ?, ?, ?, ?, 'todo', ?, ?) ON CONFLICT (key) DO NOTHING",
                key,
                merchant,
                lane,
                kind,
                subject,
                to_stamp(due),
                to_stamp(now),
            )
        )

    def effect(self, key: str) -> Effect | None:
        """One effect; inside a transaction it stays as it is until the end."""
        row = self._row(f"SELECT {COLUMNS} FROM effect WHERE key = ?{self._lock}", key)
        return _effect(row) if row else None

    def effects(self, keys: Sequence[str]) -> dict[str, Effect]:
        """Those of these that there are, by key; inside a transaction they stay as they are until the end."""
        if not keys:
            return {}
        sql = f"SELECT {COLUMNS} FROM effect WHERE key IN ({marks(keys)}) ORDER BY key{self._lock}"
        return {row[0]: _effect(row) for row in self._rows(sql, *keys)}

    def select(self, which: Select, *, limit: int, after_key: str = "") -> list[Effect]:
        """Effects by key, a bounded piece at a time: go on from the last key."""
        where, values = which.where()
        sql = f"SELECT {COLUMNS} FROM effect WHERE {where} AND key > ? ORDER BY key LIMIT ?"
        return [_effect(row) for row in self._rows(sql, *values, after_key, limit)]

    def due_effects(self, lane: str, kind: str, now: datetime, *, limit: int) -> list[Effect]:
        """What is to be done or looked up by now, the longest due first."""
        rows = self._rows(
            f"SELECT {COLUMNS} FROM effect WHERE lane = ? AND kind = ? AND state IN ('todo', 'sent') AND due <= ?"
            " ORDER BY due, key LIMIT ?",
            lane,
            kind,
            to_stamp(now),
            limit,
        )
        return [_effect(row) for row in rows]

    def next_due(self, lane: str, kinds: Sequence[str]) -> datetime | None:
        """When the next effect of these kinds is due, if any is left."""
        row = self._row(
            f"SELECT MIN(due) FROM effect WHERE lane = ? AND kind IN ({marks(kinds)}) AND state IN ('todo', 'sent')",
            lane,
            *kinds,
        )
        return from_stamp_if_any(row[0]) if row else None

    def left(self, merchant: str) -> int:
        """How many outcomes are still to come."""
        row = self._row("SELECT COUNT(*) FROM effect WHERE merchant = ? AND state IN ('todo', 'sent')", merchant)
        return int(row[0]) if row else 0

    # One change each

    def intend(
        self, key: str, *, now: datetime, settle: timedelta, payload: str, owner: str, fence: int
    ) -> Effect | None:
        """Admit, before the call, that it may happen. Nobody looks before `settle` has passed. None: not to do."""
        rows = self._returned(
            "UPDATE effect SET state = 'sent', intent = ?, due = ?, payload = ?, owner = ?, fence = ?,"
            f" attempts = attempts + 1 WHERE key = ? AND state IN ('todo', 'sent') RETURNING {COLUMNS}",
            to_stamp(now),
            to_stamp(now + settle),
            payload,
            owner,
            fence,
            key,
        )
        return _effect(rows[0]) if rows else None

    def finish(self, key: str, *, now: datetime, version: int, remote: str) -> bool:
        """It has happened. If something newer was asked for meanwhile, that is what is to do next."""
        return bool(
            self._run(
                "UPDATE effect SET state = CASE WHEN version = ? THEN 'done' ELSE 'todo' END,"
                " due = CASE WHEN version = ? THEN due ELSE ? END,"
                " remote = ?, settled = ?, unknowns = 0, reason = '', error = '', next_step = ''"
                " WHERE key = ? AND state IN ('todo', 'sent')",
                version,
                version,
                to_stamp(now),
                remote,
                to_stamp(now),
                key,
            )
        )

    def put_back(self, key: str, *, due: datetime, error: str) -> bool:
        """Nothing has happened: it is to do again, then."""
        return bool(
            self._run(
                "UPDATE effect SET state = 'todo', due = ?, error = ? WHERE key = ? AND state IN ('todo', 'sent')",
                to_stamp(due),
                error[:ERROR_LENGTH_MAXIMUM],
                key,
            )
        )

    def leave(self, key: str, *, due: datetime, error: str, unknown: bool = False) -> bool:
        """It stays what it is, until then. `unknown` counts one more outcome that nobody knows."""
        return bool(
            self._run(
                "UPDATE effect SET due = ?, error = ?, unknowns = unknowns + ?"
                " WHERE key = ? AND state IN ('todo', 'sent')",
                to_stamp(due),
                error[:ERROR_LENGTH_MAXIMUM],
                int(unknown),
                key,
            )
        )

    def bury(self, key: str, *, now: datetime, reason: str, error: str, next_step: str) -> bool:
        """A person has to look. `reason` is one word to select by; the other two are for reading."""
        return bool(
            self._run(
                "UPDATE effect SET state = 'dead', settled = ?, reason = ?, error = ?, next_step = ?"
                " WHERE key = ? AND state <> 'done'",
                to_stamp(now),
                reason,
                error[:ERROR_LENGTH_MAXIMUM],
                next_step[:ERROR_LENGTH_MAXIMUM],
                key,
            )
        )

    def void(self, key: str, *, now: datetime, reason: str, payload: str | None = None) -> bool:
        """It need not happen any more, and has not: callers void what is `sent` only after they have looked."""
        return bool(
            self._run(
                "UPDATE effect SET state = 'void', settled = ?, reason = ?, error = '', next_step = '',"
                " payload = COALESCE(?, payload) WHERE key = ? AND state <> 'done'",
                to_stamp(now),
                reason,
                payload,
                key,
            )
        )

    def reopen(self, key: str, *, due: datetime) -> bool:
        """It is to happen anew, because what is wanted has changed. One that is on its way is done again afterwards."""
        return bool(
            self._run(
                "UPDATE effect SET version = version + 1, unknowns = 0, reason = '', error = '', next_step = '',"
                " due = CASE WHEN state = 'sent' THEN due ELSE ? END,"
                " state = CASE WHEN state = 'sent' THEN 'sent' ELSE 'todo' END WHERE key = ?",
                to_stamp(due),
                key,
            )
        )

    def look_again(self, key: str, *, due: datetime) -> bool:
        """Somebody replays an unknown one: it goes back to `sent`, so that it is looked up before anything else."""
        return bool(
            self._run(
                "UPDATE effect SET state = 'sent', due = ?, unknowns = 0, reason = '' WHERE key = ? AND state = 'dead'",
                to_stamp(due),
                key,
            )
        )

    def resolve(self, key: str, *, now: datetime, remote: str) -> bool:
        """A person has done it, or found it done; `remote` is its id at the vendor."""
        return bool(
            self._run(
                "UPDATE effect SET state = 'done', remote = ?, settled = ?, reason = 'resolved', error = '',"
                " next_step = '' WHERE key = ? AND state IN ('dead', 'void')",
                remote,
                to_stamp(now),
                key,
            )
        )

    def others_with_remote(self, lane: str, kind: str, remote: str, key: str) -> list[str]:
        """Keys of other finished effects of this kind that already stand for this record of the vendor's."""
        rows = self._rows(
            "SELECT key FROM effect WHERE lane = ? AND remote = ? AND kind = ? AND state = 'done' AND key <> ?",
            lane,
            remote,
            kind,
            key,
        )
        return [key for (key,) in rows]

    # Figures

    def counts(self, merchant: str, since: datetime) -> list[tuple[str, State, str, int]]:
        """(kind, state, reason, how many): what is open now, and what was settled since."""
        rows = self._rows(
            "SELECT kind, state, reason, COUNT(*) FROM effect"
            " WHERE merchant = ? AND (state IN ('todo', 'sent', 'dead') OR settled >= ?)"
            " GROUP BY kind, state, reason ORDER BY kind, state, reason",
            merchant,
            to_stamp(since),
        )
        return [(kind, state, reason, int(many)) for kind, state, reason, many in rows]

    def durations(self, merchant: str, kind: str, since: datetime, *, limit: int) -> list[timedelta]:
        """From asked for to done, of those done since, shortest first."""
        rows = self._rows(
            "SELECT settled - created FROM effect WHERE merchant = ? AND kind = ? AND state = 'done' AND settled >= ?"
            " ORDER BY settled - created LIMIT ?",
            merchant,
            kind,
            to_stamp(since),
            limit,
        )
        return [timedelta(microseconds=int(microseconds)) for (microseconds,) in rows]

    def oldest(self, merchant: str) -> list[tuple[str, State, datetime]]:
        """(kind, state, created of the oldest) of what is still to come."""
        rows = self._rows(
            "SELECT kind, state, MIN(created) FROM effect WHERE merchant = ? AND state IN ('todo', 'sent')"
            " GROUP BY kind, state ORDER BY kind, state",
            merchant,
        )
        return [(kind, state, from_stamp(created)) for kind, state, created in rows]

    def strip_effects(self, subjects: Sequence[str]) -> None:
        """Forget what settled effects said. The rows stay, so that an old record read again starts nothing."""
        self._run(
            "UPDATE effect SET payload = NULL, error = '', next_step = ''"
            f" WHERE subject IN ({marks(subjects)}) AND state IN ('done', 'void') AND kind <> 'level'",
            *subjects,
        )
