"""Documents, kept as JSON text: a transaction per request, and nothing half done.

Bodies stay bytes until somebody looks inside, so that a list can be spliced out of them, and so that garbage collection
has nothing to walk however many there are.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import msgspec

from mock_servers.core.database import Connection, Kinds, table_of
from mock_servers.core.filters import Condition, Order, column, compiled, ordering
from mock_servers.core.refusal import Refusal

decode = msgspec.json.Decoder().decode
_encoder = msgspec.json.Encoder(enc_hook=lambda value: msgspec.Raw(value.raw))


def encode(value: Any) -> bytes:
    """JSON of plain values, with any `Document` in them as its own text."""
    return _encoder.encode(value)


_sorting = msgspec.json.Encoder(order="sorted")


def fingerprint(value: Any) -> str:
    """The same for two plain values that say the same, in whatever order they say it."""
    return hashlib.sha256(_sorting.encode(value)).hexdigest()


class Document(Mapping[str, Any]):
    """One stored document. It is a mapping over its body, which is decoded when first looked into, and never changed:
    `orders.save(order | {"status": "cancelled"})` makes the next one."""

    __slots__ = ("_body", "id", "kind", "raw", "seq", "version")

    def __init__(self, kind: str, seq: int, id: str, version: int, raw: bytes) -> None:
        self.kind = kind
        self.seq = seq
        self.id = id
        self.version = version
        self.raw = raw
        self._body: dict[str, Any] | None = None

    @property
    def body(self) -> dict[str, Any]:
        """The body as a dict that is shared by all who look: read it, do not write it."""
        if self._body is None:
            self._body = decode(self.raw)
        return self._body

    def __getitem__(self, name: str) -> Any:
        return self.body[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.body)

    def __len__(self) -> int:
        return len(self.body)

    def __contains__(self, name: object) -> bool:
        return name in self.body

    def get(self, name: str, default: Any = None) -> Any:
        return self.body.get(name, default)

    def __or__(self, other: Mapping[str, Any]) -> dict[str, Any]:
        return self.body | dict(other)

    def __repr__(self) -> str:
        return f"Document({self.kind} {self.id}, version {self.version})"


DOCUMENTS_REMEMBERED = 4096
ANSWERS_REMEMBERED = 256
PAGES_REMEMBERED = 64
PAGE_REMEMBERED_BYTES = 65_536
ANSWER_ROWS_REMEMBERED = 1000
ROWS_REMEMBERED = 100
"""Of longer lists each document is decoded anew: whoever reads thousands will not read them again soon."""


class Collection:
    """The documents of one kind, of one vendor, in one world.

    What was read is remembered until it changes, where nobody else can change it: a document by its id, an answer to a
    question until anything of the kind is written.
    """

    def __init__(self, store: "Store", vendor: str, kind: str) -> None:
        self.store = store
        self.vendor = vendor
        self.kind = kind
        self.revision = 0
        """Another number after each change, and after what was taken back."""
        self._total: int | None = None
        self._plain: dict[tuple[str, str, bool], str] = {}
        """The texts of lists without conditions, which are most of them."""
        self._documents: dict[str, Document] = {}
        self._answers: dict[tuple[Any, ...], list[Any]] = {}
        self._pages: dict[tuple[str, int], tuple[list[tuple[str, int]], bytes]] = {}
        self._body = store.connection.body
        table = table_of(vendor, kind)
        self._select = f"SELECT seq, id, version, {self._body} FROM {table} WHERE world = ?"  # noqa: S608 - checked names
        self._heads = f"SELECT id, version FROM {table} WHERE world = ?"  # noqa: S608
        self._count = f"SELECT COUNT(*) FROM {table} WHERE world = ?"  # noqa: S608
        self._find = f"{self._select} AND id = ?"
        self._insert = f"INSERT INTO {table} (world, id, version, body) VALUES (?, ?, ?, ?) RETURNING seq"  # noqa: S608
        self._upsert = self._insert.replace(
            " RETURNING",
            " ON CONFLICT (world, id) DO UPDATE SET version = excluded.version, body = excluded.body RETURNING",
        )
        self._update = f"UPDATE {table} SET version = ?, body = ? WHERE world = ? AND id = ? RETURNING seq"  # noqa: S608
        self._replace = f"UPDATE {table} SET version = ?, body = ? WHERE seq = ?"  # noqa: S608
        self._delete = f"DELETE FROM {table} WHERE world = ? AND id = ?"  # noqa: S608

    def find(self, id: str) -> Document | None:
        """The document with this id, or None."""
        key = str(id)
        known = self._documents.get(key)
        if known is None:
            rows = self.store.connection.rows(self._find, (self.store.world, key))
            if not rows:
                return None
            known = self._remember(Document(self.kind, *rows[0]))
        return known

    def get(self, id: str) -> Document:
        """The document with this id. Refuses with `not_found`, naming the kind and the id."""
        document = self.find(id)
        if document is None:
            raise Refusal("not_found", kind=self.kind, id=id)
        return document

    def rows(
        self,
        where: Condition | None = None,
        *,
        order_by: str = "seq",
        descending: bool = False,
        after: tuple[Any, int] | None = None,
        limit: int | None = None,
        offset: int = 0,
    ) -> list[Document]:
        """Those that fit, in the order of a member that is text, and then of their making.

        `after` is the place to go on from: the member's value and the `seq` of the last one seen (keyset paging).
        """
        sql, values = self._ordered(self._select, where, order_by, descending, after, limit, offset)
        found = self._answer(sql, values)
        if len(found) > ROWS_REMEMBERED or not self.store.connection.private:
            return [Document(self.kind, *row) for row in found]
        known = self._documents
        return [
            document
            if (document := known.get(row[1])) is not None and document.version == row[2]
            else self._remember(Document(self.kind, *row))
            for row in found
        ]

    def heads(
        self,
        where: Condition | None = None,
        *,
        order_by: str | Order = "seq",
        descending: bool = False,
        limit: int | None = None,
        offset: int = 0,
    ) -> list[tuple[str, int]]:
        """Ids and versions of those that fit: enough for whoever still has what they looked like. `order_by` may be
        several members, each with its own direction."""
        if not isinstance(order_by, str):
            return self._by_several(where, order_by, limit, offset)
        sql, values = self._ordered(self._heads, where, order_by, descending, None, limit, offset)
        return self._answer(sql, values)

    def _by_several(
        self, where: Condition | None, order: Order, limit: int | None, offset: int
    ) -> list[tuple[str, int]]:
        sql, values = self._filtered(self._heads, where)
        sql += f" ORDER BY {ordering(order, self.store.connection.number)}, seq"
        if limit is not None:
            sql += " LIMIT ? OFFSET ?"
            values += [limit, offset]
        return self._answer(sql, values)

    def first(self, where: Condition, *, order_by: str = "seq", descending: bool = False) -> Document | None:
        """The first that fits, or None."""
        rows = self.rows(where, order_by=order_by, descending=descending, limit=1)
        return rows[0] if rows else None

    def count(self, where: Condition | None = None) -> int:
        """How many fit. The count of all is remembered until the collection changes."""
        if where is None:
            return self._count_of_all()
        sql, values = self._filtered(self._count, where)
        return int(self._answer(sql, values)[0][0])

    def add(self, body: Mapping[str, Any], *, id: str | None = None) -> Document:
        """Keep a new document under its `id` member, or under the id given. Its id must not be taken."""
        key = str(body["id"]) if id is None else id
        store = self.store
        raw = encode(dict(body) if isinstance(body, Document) else body)
        version = store.next_version()
        store.write()
        rows = store.connection.rows(self._insert, (store.world, key, version, raw.decode()))
        if self._total is not None:
            self._total += 1
        return self._changed(Document(self.kind, rows[0][0], key, version, raw))

    def add_many(self, bodies: Iterable[Mapping[str, Any]]) -> None:
        """Keep many new documents at once, each under its `id` member."""
        store = self.store
        store.write()
        rows = ((store.world, str(body["id"]), store.next_version(), encode(body).decode()) for body in bodies)
        store.connection.many(self._insert.removesuffix(" RETURNING seq"), rows)
        self.forget()

    def save(self, body: Mapping[str, Any], *, id: str | None = None) -> Document:
        """Replace a document that exists. Refuses with `not_found`."""
        key = str(body["id"]) if id is None else id
        store = self.store
        raw = encode(dict(body) if isinstance(body, Document) else body)
        version = store.next_version()
        store.write()
        known = self._documents.get(key)
        if known is not None:
            store.connection.rows(self._replace, (version, raw.decode(), known.seq))
            return self._changed(Document(self.kind, known.seq, key, version, raw))
        rows = store.connection.rows(self._update, (version, raw.decode(), store.world, key))
        if not rows:
            raise Refusal("not_found", kind=self.kind, id=key)
        return self._changed(Document(self.kind, rows[0][0], key, version, raw))

    def put(self, body: Mapping[str, Any], *, id: str | None = None) -> Document:
        """Keep it, whether it is new or not."""
        key = str(body["id"]) if id is None else id
        store = self.store
        raw = encode(dict(body) if isinstance(body, Document) else body)
        version = store.next_version()
        store.write()
        rows = store.connection.rows(self._upsert, (store.world, key, version, raw.decode()))
        self._total = None
        return self._changed(Document(self.kind, rows[0][0], key, version, raw))

    def delete(self, id: str) -> None:
        """Forget it; nothing happens when it is not there."""
        self.store.write()
        self.store.connection.rows(self._delete, (self.store.world, str(id)))
        self.forget()

    def forget(self) -> None:
        """Whatever was remembered may have changed."""
        self.revision += 1
        self._documents.clear()
        self._answers.clear()
        self._pages.clear()
        self._total = None

    def page(self, surface: str, heads: list[tuple[str, int]]) -> bytes | None:
        """The rows of a list as a surface shows them, if the very same answer was shown before and nothing changed."""
        kept = self._pages.get((surface, id(heads)))
        return kept[1] if kept is not None and kept[0] is heads else None

    def keep_page(self, surface: str, heads: list[tuple[str, int]], text: bytes) -> None:
        """Remember how the rows of a list look."""
        if self.store.connection.private and len(text) <= PAGE_REMEMBERED_BYTES:
            if len(self._pages) >= PAGES_REMEMBERED:
                self._pages.clear()
            self._pages[surface, id(heads)] = (heads, text)

    def _changed(self, document: Document) -> Document:
        self.revision += 1
        if self._answers:
            self._answers.clear()
            self._pages.clear()
        return self._remember(document)

    def _remember(self, document: Document) -> Document:
        if self.store.connection.private:
            if len(self._documents) >= DOCUMENTS_REMEMBERED:
                self._documents.clear()
            self._documents[document.id] = document
        return document

    def _answer(self, sql: str, values: list[Any]) -> list[Any]:
        question = (sql, *values)
        known = self._answers.get(question)
        if known is None:
            known = self.store.connection.rows(sql, values)
            if self.store.connection.private and len(known) <= ANSWER_ROWS_REMEMBERED:
                if len(self._answers) >= ANSWERS_REMEMBERED:
                    self._answers.clear()
                self._answers[question] = known
        return known

    def _ordered(
        self,
        select: str,
        where: Condition | None,
        order_by: str,
        descending: bool,
        after: tuple[Any, int] | None,
        limit: int | None,
        offset: int,
    ) -> tuple[str, list[Any]]:
        plain = where is None and after is None and limit is not None
        if plain and (known := self._plain.get((select, order_by, descending))) is not None:
            return known, [self.store.world, limit, offset]
        sql, values = self._filtered(select, where)
        direction = "DESC" if descending else "ASC"
        beyond = "<" if descending else ">"
        key = column(order_by)
        if after is not None:
            value, seq = after
            if order_by == "seq":
                sql += f" AND seq {beyond} ?"
                values.append(seq)
            else:
                sql += f" AND ({key}, seq) {beyond} (?, ?)"
                values += [self.store.connection.bound(value), seq]
        sql += f" ORDER BY {key} {direction}" if order_by == "seq" else f" ORDER BY {key} {direction}, seq {direction}"
        if limit is not None:
            sql += " LIMIT ? OFFSET ?"
            values += [limit, offset]
        if plain:
            self._plain[select, order_by, descending] = sql
        return sql, values

    def _filtered(self, sql: str, where: Condition | None) -> tuple[str, list[Any]]:
        values: list[Any] = []
        if where is not None:
            sql = f"{sql} AND {compiled(where, values, self.store.connection.number)}"
            values = [self.store.connection.bound(value) for value in values]
        return sql, [self.store.world, *values]

    def _count_of_all(self) -> int:
        if self._total is None or not self.store.connection.private:
            self._total = int(self.store.connection.rows(self._count, (self.store.world,))[0][0])
        return self._total


class Store:
    """One world's documents, counters and timers, on one connection."""

    def __init__(self, connection: Connection, world: str, kinds: Kinds, version: int = 0) -> None:
        """`version` is the number to count on from: a version once given out never means another document."""
        self.connection = connection
        self.world = world
        self.kinds = kinds
        self.writing = False
        self.on_rollback: list[Callable[[], object]] = []
        """How to undo what this unit of work did elsewhere."""
        self._collections: dict[tuple[str, str], Collection] = {}
        self._numbers: dict[str, int] = {}
        """The last of each sequence, as far as it is known; `_numbered` are those not written down yet."""
        self._numbered: set[str] = set()
        vendors = ", ".join(sorted({f"'{vendor}'" for vendor, _ in kinds})) or "''"
        self._served = f" WHERE world = ? AND vendor IN ({vendors})"
        self.version = version
        self.next_due = self._first_due()

    def collection(self, vendor: str, kind: str) -> Collection:
        """The documents of one kind."""
        key = (vendor, kind)
        found = self._collections.get(key)
        if found is None:
            if key not in self.kinds:
                raise KeyError(f"{vendor} has not declared the kind {kind!r}; say fake.kind({kind!r})")
            found = self._collections[key] = Collection(self, vendor, kind)
        return found

    # Transactions

    def write(self) -> None:
        """A change is coming: the transaction begins with the first one."""
        if not self.writing:
            self.connection.rows("BEGIN")
            self.writing = True

    def commit(self) -> None:
        """Keep what was changed since the last commit."""
        if self.writing:
            self._write_numbers()
            self.connection.rows("COMMIT")
            self.writing = False
            self.on_rollback.clear()

    def rollback(self) -> None:
        """As if nothing had been changed since the last commit."""
        if self.writing:
            self.connection.rows("ROLLBACK")
            self.writing = False
            self._undo(0)
            self._forget()

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """A part that is undone alone when it raises."""
        self.write()
        self._write_numbers()
        done = len(self.on_rollback)
        self.connection.rows("SAVEPOINT part")
        try:
            yield
        except BaseException:
            self.connection.rows("ROLLBACK TO part")
            self.connection.rows("RELEASE part")
            self._undo(done)
            self._forget()
            raise
        self.connection.rows("RELEASE part")

    def next_version(self) -> int:
        self.version += 1
        return self.version

    def _undo(self, down_to: int) -> None:
        while len(self.on_rollback) > down_to:
            self.on_rollback.pop()()

    def _forget(self) -> None:
        for collection in self._collections.values():
            collection.forget()
        self._numbers.clear()
        self._numbered.clear()
        self.next_due = self._first_due()

    # Counters

    def next_number(self, name: str, start: int = 1) -> int:
        """The next number of a sequence; the first one is `start`."""
        self.write()
        if self.connection.private:
            number = self._numbers[name] = self._last_number(name, start) + 1
            self._numbered.add(name)
            return number
        sql = (
            "INSERT INTO sequence (world, name, value) VALUES (?, ?, ?)"
            " ON CONFLICT (world, name) DO UPDATE SET value = sequence.value + 1 RETURNING value"
        )
        return int(self.connection.rows(sql, (self.world, name, start))[0][0])

    def _last_number(self, name: str, start: int) -> int:
        known = self._numbers.get(name)
        if known is None:
            sql = "SELECT value FROM sequence WHERE world = ? AND name = ?"
            rows = self.connection.rows(sql, (self.world, name))
            known = int(rows[0][0]) if rows else start - 1
        return known

    def _write_numbers(self) -> None:
        """Numbers that nobody else gives out are written down once, with what was done with them."""
        if self._numbered:
            sql = (
                "INSERT INTO sequence (world, name, value) VALUES (?, ?, ?)"
                " ON CONFLICT (world, name) DO UPDATE SET value = excluded.value"
            )
            self.connection.many(sql, [(self.world, name, self._numbers[name]) for name in sorted(self._numbered)])
            self._numbered.clear()

    def skip_numbers(self, name: str, start: int, count: int) -> range:
        """Take many numbers of a sequence at once."""
        first = self.next_number(name, start)
        if self.connection.private:
            self._numbers[name] += count - 1
            return range(first, first + count)
        sql = "UPDATE sequence SET value = value + ? WHERE world = ? AND name = ?"
        self.connection.rows(sql, (count - 1, self.world, name))
        return range(first, first + count)

    # Timers

    def set_timer(self, vendor: str, name: str, due: float, body: Any) -> None:
        """Something is to be done at a moment of the world's clock."""
        self.write()
        sql = "INSERT INTO timer (world, vendor, name, due, body) VALUES (?, ?, ?, ?, ?)"
        self.connection.rows(sql, (self.world, vendor, name, due, encode(body).decode()))
        self.next_due = min(self.next_due, due)

    def due_timer(self, until: float, *, but: str = "") -> tuple[int, str, str, float, Any] | None:
        """The earliest timer that is due by a moment: its number, vendor, name, moment and body. Not one named `but`,
        and none of a vendor that is not served: it waits until that vendor is back."""
        sql = (
            f"SELECT seq, vendor, name, due, {self.connection.body} FROM timer{self._served} AND due <= ? AND name <> ?"  # noqa: S608
        )
        rows = self.connection.rows(f"{sql} ORDER BY due, seq LIMIT 1", [self.world, until, but])
        if not rows:
            return None
        seq, vendor, name, due, body = rows[0]
        return int(seq), vendor, name, float(due), decode(body)

    def drop_timer(self, seq: int) -> None:
        """It has been seen to."""
        self.write()
        self.connection.rows("DELETE FROM timer WHERE seq = ?", (seq,))
        self.next_due = self._first_due()

    def _first_due(self) -> float:
        due = self.connection.rows(f"SELECT MIN(due) FROM timer{self._served}", (self.world,))[0][0]  # noqa: S608
        return float("inf") if due is None else float(due)

    # The whole

    def documents(self) -> Iterator[tuple[str, Document]]:
        """Every document of the world with its vendor, for those who compare worlds."""
        for vendor, kind in self.kinds:
            for document in self.collection(vendor, kind).rows():
                yield vendor, document

    def last_version(self) -> int:
        """The highest version kept in any world on this connection."""
        tables = [table_of(*key) for key in self.kinds]
        highest = [self.connection.rows(f"SELECT MAX(version) FROM {table}")[0][0] or 0 for table in tables]  # noqa: S608
        return int(max(highest, default=0))

    def clear(self) -> None:
        """Forget everything of this world."""
        self.rollback()
        self.write()
        for table in (*(table_of(*key) for key in self.kinds), "sequence", "timer"):
            self.connection.rows(f"DELETE FROM {table} WHERE world = ?", (self.world,))  # noqa: S608
        self.commit()
        self._forget()
