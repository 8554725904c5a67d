"""What came in from outside: webhooks, once each, and what a person has to look at."""

from datetime import datetime

from msgspec import Struct

from connectors.canonical import Hint
from connectors.sync.ledger.base import Tables, from_stamp, from_stamp_if_any, to_stamp


class Incident(Struct, frozen=True):
    """Something a person has to look at. `times` is how often it was seen."""

    key: str
    kind: str
    subject: str
    words: str
    next_step: str
    opened: datetime
    seen: datetime
    times: int
    closed: datetime | None


class Desk(Tables):
    """inbox, incident."""

    def receive(self, connection: str, hint: Hint, now: datetime) -> bool:
        """Keep a webhook by its event id. False: it came before."""
        return bool(
            self._run(
                "INSERT INTO inbox (connection, event_id, topic, subject, happened, received)"
                " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (connection, event_id) DO NOTHING",
                connection,
                hint.event_id,
                hint.topic,
                hint.subject,
                to_stamp(hint.happened) if hint.happened else None,
                to_stamp(now),
            )
        )

    def open_hints(self, connection: str, *, limit: int) -> list[Hint]:
        """Webhooks nobody has acted on, in the order they came."""
        rows = self._rows(
            "SELECT event_id, topic, subject, happened FROM inbox WHERE connection = ? AND handled IS NULL"
            " ORDER BY received, event_id LIMIT ?",
            connection,
            limit,
        )
        return [Hint(event, topic, subject, from_stamp_if_any(happened)) for event, topic, subject, happened in rows]

    def handled(self, connection: str, received_until: datetime, now: datetime) -> int:
        """Everything that had come by then has been acted on."""
        return self._run(
            "UPDATE inbox SET handled = ? WHERE connection = ? AND received <= ? AND handled IS NULL",
            to_stamp(now),
            connection,
            to_stamp(received_until),
        )

    def prune_inbox(self, before: datetime) -> int:
        return self._run("DELETE FROM inbox WHERE handled < ?", to_stamp(before))

    def report(self, kind: str, subject: str, *, words: str, next_step: str, now: datetime) -> bool:
        """Tell a person. Seen again it is counted; one that was closed is opened anew. Answers whether it is news."""
        key = f"{kind}:{subject}"
        fresh = self._row("SELECT 1 FROM incident WHERE key = ? AND closed IS NULL", key) is None
        self._run(
            "INSERT INTO incident (key, kind, subject, words, next_step, opened, seen) VALUES (?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (key) DO UPDATE SET words = excluded.words, next_step = excluded.next_step,"
            " seen = excluded.seen, times = incident.times + 1, closed = NULL,"
            " opened = CASE WHEN incident.closed IS NULL THEN incident.opened ELSE excluded.opened END",
            key,
            kind,
            subject,
            words[:4000],
            next_step[:1000],
            to_stamp(now),
            to_stamp(now),
        )
        return fresh

    def close_incident(self, key: str, now: datetime) -> bool:
        return bool(self._run("UPDATE incident SET closed = ? WHERE key = ? AND closed IS NULL", to_stamp(now), key))

    def incidents(self, *, closed: bool = False, limit: int = 1000) -> list[Incident]:
        """What is open, or all there ever was."""
        rows = self._rows(
            "SELECT key, kind, subject, words, next_step, opened, seen, times, closed FROM incident"
            " WHERE closed IS NULL OR ? = 1 ORDER BY opened, key LIMIT ?",
            int(closed),
            limit,
        )
        return [
            Incident(
                key, kind, subject, words, step, from_stamp(opened), from_stamp(seen), times, from_stamp_if_any(end)
            )
            for key, kind, subject, words, step, opened, seen, times, end in rows
        ]

    def prune_incidents(self, before: datetime) -> int:
        return self._run("DELETE FROM incident WHERE closed < ?", to_stamp(before))
