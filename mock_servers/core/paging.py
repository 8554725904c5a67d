"""Pages of documents, by the pagination the profile names for the operation."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlencode

import msgspec

from contracts.profile import LinkHeader, PageNumber
from mock_servers.core.fake import Call, Place
from mock_servers.core.filters import Condition, Order
from mock_servers.core.refusal import Refusal
from mock_servers.core.store import Collection, Document
from mock_servers.core.wire import Listing, Reply

CREDENTIAL = re.compile(r"^oauth_|secret|signature|token")
"""Parameters that prove who calls are not for a link: a signature is of one address only, a secret of one caller."""


class Window:
    """The part of a collection that a call asked for: `limit` and `offset`, and the envelope around the rows."""

    __slots__ = ("envelope", "headers", "limit", "member", "offset", "page", "pages")

    def __init__(self, call: Call, total: int) -> None:
        rule = call.surface.pagination[call.operation.pagination]
        if not isinstance(rule, PageNumber):
            raise TypeError(f"{call.operation.id} is not paged by number")
        page = call.query.get(rule.page, rule.first)
        self.limit = min(
            call.query.get(rule.size, rule.size_default) if rule.size else rule.size_default, rule.size_maximum
        )
        self.offset = (page - rule.first) * self.limit
        if rule.offset and rule.offset in call.query:
            self.offset = call.query[rule.offset]
        self.member = rule.envelope.get("rows", "")
        self.page, self.pages = page, -(-total // self.limit)
        if rule.past_the_end != "empty" and page > rule.first and page - rule.first >= self.pages:
            raise _past_the_end(rule, page)
        words = {"page": page, "size": self.limit, "total": total, "pages": self.pages}
        self.envelope: dict[str, Any] = {}
        for word, path in rule.envelope.items():
            if word != "rows":
                _put(self.envelope, path, words[word])
        for path, value in rule.envelope_constants.items():
            _put(self.envelope, path, value)
        self.headers = {header: str(words[word]) for word, header in rule.headers.items()}
        if rule.links and (links := _links(call, rule, page, self.pages)):
            self.headers["Link"] = links


def _put(envelope: dict[str, Any], path: str, value: Any) -> None:
    """A value under a dotted name: `page.total` is the member `total` of the member `page`."""
    *outer, name = path.split(".")
    for member in outer:
        envelope = envelope.setdefault(member, {})
    envelope[name] = value


def _past_the_end(rule: PageNumber, page: int) -> Refusal:
    if rule.past_the_end == "not_found":
        return Refusal("not_found", kind="page", id=str(page))
    return Refusal("invalid_query", details=((rule.page, "is past the last page"),))


def _links(call: Call, rule: PageNumber, page: int, pages: int) -> str:
    """Where the pages before and after this one are, with everything else that was asked for."""
    path, fields = call.request.path, call.request.fields()
    kept = [pair for pair in fields if pair[0] != rule.page and not CREDENTIAL.search(pair[0])]
    found = [("prev", min(page - 1, pages))] if page > rule.first and pages >= rule.first else []
    found += [("next", page + 1)] if page < pages - 1 + rule.first else []
    return ", ".join(
        f'<{call.base_url}{path}?{urlencode([*kept, (rule.page, number)])}>; rel="{name}"' for name, number in found
    )


def page_of(
    call: Call,
    collection: Collection,
    where: Condition | None = None,
    *,
    order_by: str | Order = "seq",
    descending: bool = False,
    look: str = "",
    links: Callable[[Window], dict[str, Any]] | None = None,
) -> Reply:
    """One page of a collection in the vendor's envelope. The contract has checked the parameters already. `links` are
    what the envelope says besides, of the pages around this one."""
    total = collection.count(where)
    window = Window(call, total)
    heads = []
    if window.offset < total:
        heads = collection.heads(
            where, order_by=order_by, descending=descending, limit=window.limit, offset=window.offset
        )
    envelope = window.envelope | links(window) if links else window.envelope
    return Reply(200, Listing(collection, heads, window.member, envelope, look), window.headers)


# Walking by links: the cursor is a place, and carries what the walk began by asking -----------------------------------

CURSOR_MAXIMUM = 4000
Fields = list[tuple[str, str]]


def resumed(call: Call, fields: Fields) -> Fields | None:
    """What a request with a cursor asks: what its walk began by asking, and what may stand beside the cursor.

    None where there is no cursor, or the vendor's own functions read it. Refuses with `invalid_query` a cursor nobody
    handed out, and with `beside_cursor` what may not stand beside one.
    """
    rule = call.surface.pagination.get(call.operation.pagination)
    if not isinstance(rule, LinkHeader) or rule.beside is None or rule.cursor not in call.query:
        return None
    call.place = _place_in(call.query[rule.cursor], rule)
    beside = {name for name in call.query if name != rule.cursor}
    if strange := sorted(beside - set(rule.beside)):
        told = tuple((name, f"{name} cannot be passed when {rule.cursor} is present") for name in strange)
        raise Refusal("beside_cursor", details=told, cursor=rule.cursor)
    carried = parse_qsl(call.place.query, keep_blank_values=True)
    return [pair for pair in carried if pair[0] not in beside] + [pair for pair in fields if pair[0] in beside]


def _place_in(text: str, rule: LinkHeader) -> Place:
    try:
        if len(text) > CURSOR_MAXIMUM:
            raise ValueError("too long")
        place = msgspec.json.decode(urlsafe_b64decode(text.encode("ascii")), type=Place)
    except (ValueError, RecursionError) as error:
        raise Refusal("invalid_query", details=((rule.cursor, "Invalid value."),)) from error
    if not -(2**63) <= place.seq < 2**63 or "\0" in place.query + (place.value or ""):
        raise Refusal("invalid_query", details=((rule.cursor, "Invalid value."),))
    return place


def linked(
    call: Call,
    collection: Collection,
    where: Condition | None = None,
    *,
    order_by: str = "seq",
    descending: bool = False,
) -> tuple[list[Document], dict[str, str]]:
    """One page of a walk by links, and the `Link` header that leads on and back; no header where nothing does."""
    rule = call.surface.pagination[call.operation.pagination]
    if not isinstance(rule, LinkHeader):
        raise TypeError(f"{call.operation.id} is not walked by links")
    place, size = call.place, min(call.query.get(rule.size, rule.size_default), rule.size_maximum)
    backward = place is not None and place.backward
    after = None if place is None else (place.value, place.seq)
    rows = collection.rows(where, order_by=order_by, descending=descending != backward, after=after, limit=size + 1)
    more = len(rows) > size
    del rows[size:]
    if backward:
        rows.reverse()
    links = []
    if rows and (more if backward else place is not None):
        links.append(_link(call, rule, rows[0], order_by, size, backward=True))
    if rows and (backward or more):
        links.append(_link(call, rule, rows[-1], order_by, size, backward=False))
    return rows, {"Link": ", ".join(links)} if links else {}


def _link(call: Call, rule: LinkHeader, row: Document, order_by: str, size: int, *, backward: bool) -> str:
    beside = rule.beside or ()
    asked = {name: _text_of(value) for name, value in call.query.items() if name not in {rule.cursor, *beside}}
    value = None if order_by == "seq" else str(row[order_by])
    place = Place(urlencode(asked), value, row.seq, backward)
    cursor = urlsafe_b64encode(msgspec.json.encode(place)).decode()
    kept = {name: _text_of(call.query[name]) for name in beside if name in call.query}
    query = urlencode(kept | {rule.size: size, rule.cursor: cursor}, safe=",")
    return f'<{call.base_url}{call.request.path}?{query}>; rel="{"previous" if backward else "next"}"'


def _text_of(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)
