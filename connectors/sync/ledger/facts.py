"""What was learnt: records by version, how far each feed was read, and stock promised to orders on their way."""

# ruff: noqa: S608 - only placeholders and our own words are put into a statement; a value never is

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal

from msgspec import Struct

from connectors.sync.ledger.base import Tables, from_stamp, from_stamp_if_any, marks, to_stamp

Learnt = Literal["changed", "same", "older"]

MARK_EVERY = timedelta(hours=1)


class Fact(Struct, frozen=True):
    """A record in its newest version. `updated` is its source's clock, `learnt` ours; `body` is JSON."""

    kind: str
    connection: str
    id: str
    parent: str
    status: str
    updated: datetime
    learnt: datetime
    body: str


class Reading(Struct, frozen=True):
    """How far a feed was read. `complete` is when the last read that came to the end began."""

    connection: str
    feed: str
    value: str | None
    moved: datetime
    complete: datetime | None


class Facts(Tables):
    """fact, cursor, cursor_mark, promise."""

    def learn(
        self,
        kind: str,
        connection: str,
        id: str,
        *,
        updated: datetime,
        now: datetime,
        body: str,
        parent: str = "",
        status: str = "",
    ) -> Learnt:
        """Keep a record unless a newer version is kept already. Of equal versions the one read later is kept."""
        known = self._row(
            f"SELECT updated, status, body FROM fact WHERE kind = ? AND connection = ? AND id = ?{self._lock}",
            kind,
            connection,
            id,
        )
        version = to_stamp(updated)
        if known and known[0] > version:
            return "older"
        kept = self._run(
            "INSERT INTO fact (kind, connection, id, parent, status, updated, learnt, body)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (kind, connection, id) DO UPDATE SET parent = excluded.parent, status = excluded.status,"
            " updated = excluded.updated, learnt = excluded.learnt, body = excluded.body"
            " WHERE excluded.updated >= fact.updated",
            kind,
            connection,
            id,
            parent,
            status,
            version,
            to_stamp(now),
            body,
        )
        if not kept:
            return "older"
        return "same" if known and known[1:] == (status, body) else "changed"

    def fact(self, kind: str, connection: str, id: str) -> Fact | None:
        found = self._facts("kind = ? AND connection = ? AND id = ?", kind, connection, id)
        return found[0] if found else None

    def facts_of(self, kind: str, connection: str, parents: Sequence[str]) -> list[Fact]:
        """All records that belong to these parents, in the order of their ids."""
        if not parents:
            return []
        return self._facts(f"kind = ? AND connection = ? AND parent IN ({marks(parents)})", kind, connection, *parents)

    def facts_since(self, kind: str, connection: str, since: datetime, *, after_id: str, limit: int) -> list[Fact]:
        """Records learnt since, by id, a bounded piece at a time: go on from the last id."""
        where = "kind = ? AND connection = ? AND learnt >= ? AND id > ?"
        return self._facts(where, kind, connection, to_stamp(since), after_id, limit=limit)

    def _facts(self, where: str, *values: str | int, limit: int = 100_000) -> list[Fact]:
        rows = self._rows(
            f"SELECT kind, connection, id, parent, status, updated, learnt, body FROM fact WHERE {where}"
            " ORDER BY id LIMIT ?",
            *values,
            limit,
        )
        return [
            Fact(kind, connection, id, parent, status, from_stamp(updated), from_stamp(learnt), body)
            for kind, connection, id, parent, status, updated, learnt, body in rows
        ]

    # Cursors

    def cursor(self, connection: str, feed: str) -> str | None:
        row = self._row("SELECT value FROM cursor WHERE connection = ? AND feed = ?", connection, feed)
        return row[0] if row else None

    def move_cursor(self, connection: str, feed: str, value: str, now: datetime) -> None:
        """Remember how far a feed was read; in the same transaction as what was read."""
        stamp = to_stamp(now)
        self._run(
            "INSERT INTO cursor (connection, feed, value, moved, complete) VALUES (?, ?, ?, ?, 0)"
            " ON CONFLICT (connection, feed) DO UPDATE SET value = excluded.value, moved = excluded.moved",
            connection,
            feed,
            value,
            stamp,
        )
        self._run(
            "INSERT INTO cursor_mark (connection, feed, moved, value) SELECT ?, ?, ?, ? WHERE NOT EXISTS"
            " (SELECT 1 FROM cursor_mark WHERE connection = ? AND feed = ? AND moved > ?) ON CONFLICT DO NOTHING",
            connection,
            feed,
            stamp,
            value,
            connection,
            feed,
            to_stamp(now - MARK_EVERY),
        )

    def drop_cursor(self, connection: str, feed: str) -> None:
        """Read this feed from its beginning next time. Harmless: what is known already changes nothing."""
        self._run("UPDATE cursor SET value = NULL WHERE connection = ? AND feed = ?", connection, feed)
        self._run("DELETE FROM cursor_mark WHERE connection = ? AND feed = ?", connection, feed)

    def complete_feed(self, connection: str, feed: str, began: datetime, now: datetime) -> None:
        """A read of this feed that began then has come to the end."""
        self._run(
            "INSERT INTO cursor (connection, feed, value, moved, complete) VALUES (?, ?, NULL, ?, ?)"
            " ON CONFLICT (connection, feed) DO UPDATE SET complete = excluded.complete",
            connection,
            feed,
            to_stamp(now),
            to_stamp(began),
        )

    def readings(self) -> list[Reading]:
        rows = self._rows("SELECT connection, feed, value, moved, complete FROM cursor ORDER BY connection, feed")
        return [
            Reading(connection, feed, value, from_stamp(moved), from_stamp_if_any(complete or None))
            for connection, feed, value, moved, complete in rows
        ]

    def cursor_before(self, connection: str, feed: str, moment: datetime) -> str | None:
        """Where this feed stood then, or a little before; None means its beginning."""
        row = self._row(
            "SELECT value FROM cursor_mark WHERE connection = ? AND feed = ? AND moved <= ?"
            " ORDER BY moved DESC LIMIT 1",
            connection,
            feed,
            to_stamp(moment),
        )
        return row[0] if row else None

    # Promises: what orders will take from the stock that the warehouse still counts as available

    def promise(self, merchant: str, reference: str, quantities: Mapping[str, int]) -> set[str]:
        """Promise exactly this to an order that has not landed; answers the SKUs for which that is a change."""
        kept: dict[str, int] = dict(
            self._rows("SELECT sku, quantity FROM promise WHERE merchant = ? AND reference = ?", merchant, reference)
        )
        changed = {sku for sku in kept.keys() | quantities.keys() if kept.get(sku, 0) != quantities.get(sku, 0)}
        for sku in sorted(changed):
            if quantities.get(sku, 0):
                self._run(
                    "INSERT INTO promise (merchant, reference, sku, quantity) VALUES (?, ?, ?, ?)"
                    " ON CONFLICT (merchant, reference, sku) DO UPDATE SET quantity = excluded.quantity",
                    merchant,
                    reference,
                    sku,
                    quantities[sku],
                )
            else:
                self._run(
                    "DELETE FROM promise WHERE merchant = ? AND reference = ? AND sku = ?", merchant, reference, sku
                )
        return changed

    def land(self, merchant: str, reference: str, now: datetime) -> None:
        """The order is at the warehouse: the next snapshot that begins after this moment counts it."""
        self._run(
            "UPDATE promise SET landed = ? WHERE merchant = ? AND reference = ? AND landed IS NULL",
            to_stamp(now),
            merchant,
            reference,
        )

    def promised(self, merchant: str, skus: Sequence[str]) -> list[tuple[str, int, datetime | None]]:
        """(SKU, quantity, landed) of every promise on these SKUs that no complete snapshot has taken over."""
        if not skus:
            return []
        rows = self._rows(
            f"SELECT sku, quantity, landed FROM promise WHERE merchant = ? AND sku IN ({marks(skus)})",
            merchant,
            *skus,
        )
        return [(sku, quantity, from_stamp_if_any(landed)) for sku, quantity, landed in rows]

    def forget_promises(self, merchant: str, landed_until: datetime) -> set[str]:
        """A complete snapshot began at `landed_until`: it counts what had landed by then. Answers the SKUs."""
        rows = self._returned(
            "DELETE FROM promise WHERE merchant = ? AND landed IS NOT NULL AND landed <= ? RETURNING sku",
            merchant,
            to_stamp(landed_until),
        )
        return {sku for (sku,) in rows}

    def prune_marks(self, before: datetime) -> None:
        self._run("DELETE FROM cursor_mark WHERE moved < ?", to_stamp(before))

    def forget_orders(self, connections: Iterable[str], before: datetime, *, limit: int) -> list[tuple[str, str]]:
        """Forget orders that are over, were not learnt anew since, and of which nothing is left to do or to look at.

        Answers (connection, id), so many at a time.
        """
        connections = sorted(connections)
        rows = self._returned(
            "DELETE FROM fact WHERE kind = 'order' AND (connection, id) IN (SELECT connection, id FROM fact"
            f" WHERE kind = 'order' AND connection IN ({marks(connections)})"
            " AND status IN ('cancelled', 'shipped', 'closed') AND learnt < ?"
            " AND NOT EXISTS (SELECT 1 FROM effect WHERE effect.subject = fact.connection || ':' || fact.id"
            " AND effect.state IN ('todo', 'sent', 'dead')) LIMIT ?) RETURNING connection, id",
            *connections,
            to_stamp(before),
            limit,
        )
        return sorted((connection, id) for connection, id in rows)

    def forget_facts_of(self, kind: str, connection: str, parents: Sequence[str]) -> None:
        """Forget all records of this kind that belong to these parents."""
        self._run(
            f"DELETE FROM fact WHERE kind = ? AND connection = ? AND parent IN ({marks(parents)})",
            kind,
            connection,
            *parents,
        )
