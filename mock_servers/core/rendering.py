"""What goes out: a reply's body as bytes, in the dialect asked for, held against the contract.

Documents with a view are made once for each version; see `fragments`.
"""

from mock_servers.core.checks import Checks
from mock_servers.core.dialects import chosen, spliced
from mock_servers.core.fake import Call, Dialect, Fake
from mock_servers.core.fragments import Fragments, Sight
from mock_servers.core.store import Collection, Document, encode
from mock_servers.core.wire import Listing, Reply

LOOKS_MAXIMUM = 256
"""Looks can be the caller's to choose."""


class Rendering:
    """Writes the bodies of one vendor's replies."""

    def __init__(self, fake: Fake, checks: Checks) -> None:
        self.fake = fake
        self.checks = checks

    def rendered(self, call: Call, reply: Reply) -> bytes:
        """The reply's bytes, after they were held against the contract. Raises ContractBroken."""
        operation, body = call.operation, reply.body
        dialect = self._dialect(call, reply)
        match body:
            case None:
                return b""
            case bytes():
                return body
            case Document():
                if (operation.surface, body.kind) in self.fake.views:
                    collection = call.collection(body.kind)
                    kept = self._kept(call, body.kind, reply.look, dialect)
                    (text,) = self._texts(call, kept, collection, [(body.id, body.version)], reply.look, dialect)
                    return spliced((reply.under,), text, b"{}") if reply.under else text
                body = body.body
            case Listing():
                return self._list(call, reply.status, body, dialect)
        if operation.built or reply.status != 501:
            self.checks.reply(operation, reply.status, body)
        return encode(dialect.rewrite(operation.id, body) if dialect else body)

    def _dialect(self, call: Call, reply: Reply) -> Dialect | None:
        """The dialect asked for by `Accept`, when it is not the usual one; the reply then says its type."""
        rule = call.surface.dialects
        if rule is None or reply.content_type or reply.body is None or isinstance(reply.body, bytes):
            return None
        kind = chosen(call.request.header(b"accept") or "", (rule.usual, *rule.others))
        if kind == rule.usual:
            return None
        reply.content_type = kind
        return self.fake.dialects[rule.others[kind]]

    def _list(self, call: Call, status: int, listing: Listing, dialect: Dialect | None) -> bytes:
        collection, heads = listing.collection, listing.heads
        kept = self._kept(call, collection.kind, listing.look, dialect)
        shown = f"{call.operation.surface} {listing.look} {id(dialect) if dialect else ''} {kept.turn}"
        rows: bytes | None = collection.page(shown, heads)
        if rows is None:
            turn = kept.turn
            rows = b"[" + b",".join(self._texts(call, kept, collection, heads, listing.look, dialect)) + b"]"
            if kept.turn == turn:
                collection.keep_page(shown, heads, rows)
        if not listing.member:
            return rows
        self.checks.reply(call.operation, status, listing.envelope | {listing.member: []})
        if dialect is None:
            return spliced((listing.member,), rows, encode(listing.envelope))
        rest = encode(dialect.rewrite(call.operation.id, listing.envelope))
        return spliced(dialect.rows(collection.kind), rows, rest) if heads or dialect.empty else rest

    def _kept(self, call: Call, kind: str, look: str, dialect: Dialect | None) -> Fragments:
        """What was made already of a kind as this surface shows it, and is still so."""
        key = (self.fake.vendor, call.operation.surface, kind, look, id(dialect))
        kept = call.world.fragments.get(key)
        if kept is None:
            if len(call.world.fragments) >= LOOKS_MAXIMUM:
                call.world.fragments.clear()
            kept = call.world.fragments[key] = Fragments(Sight(call.world, self.fake))
        kept.refresh()
        return kept

    def _texts(
        self,
        call: Call,
        kept: Fragments,
        collection: Collection,
        heads: list[tuple[str, int]],
        look: str,
        dialect: Dialect | None,
    ) -> list[bytes]:
        """Documents as this surface shows them, each made and checked once for each version of it."""
        texts = []
        for head in heads:
            text = kept.texts.get(head)
            if text is None:
                text = self._fragment(call.operation.surface, kept.sight, collection.get(head[0]), look, dialect)
                kept.keep(head, text)
            texts.append(text)
        return texts

    def _fragment(self, surface: str, sight: Sight, document: Document, look: str, dialect: Dialect | None) -> bytes:
        view = self.fake.views[surface, document.kind]
        shown = view.shown(sight, document, look)
        self.checks.fragment(surface, view.schema, shown)
        return encode(dialect.rewrite(document.kind, shown) if dialect else shown)
