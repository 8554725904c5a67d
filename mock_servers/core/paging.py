"""Pages of documents, by the pagination the profile names for the operation."""

from typing import Any

from contracts.profile import PageNumber
from mock_servers.core.fake import Call
from mock_servers.core.filters import Condition
from mock_servers.core.refusal import Refusal
from mock_servers.core.store import Collection
from mock_servers.core.wire import Listing, Reply


class Window:
    """The part of a collection that a call asked for: `limit` and `offset`, and the envelope around the rows."""

    __slots__ = ("envelope", "limit", "member", "offset")

    def __init__(self, call: Call, total: int) -> None:
        rule = call.surface.pagination[call.operation.pagination]
        if not isinstance(rule, PageNumber):
            raise TypeError(f"{call.operation.id} is not paged by number")
        page = call.query.get(rule.page, rule.first)
        self.limit = min(
            call.query.get(rule.size, rule.size_default) if rule.size else rule.size_default, rule.size_maximum
        )
        self.offset = (page - rule.first) * self.limit
        self.member = rule.envelope.get("rows", "")
        pages = -(-total // self.limit)
        if rule.past_the_end != "empty" and page > rule.first and page - rule.first >= pages:
            raise _past_the_end(rule, page)
        words = {"page": page, "size": self.limit, "total": total, "pages": pages}
        self.envelope: dict[str, Any] = {}
        for word, path in rule.envelope.items():
            if word != "rows":
                _put(self.envelope, path, words[word])
        for path, value in rule.envelope_constants.items():
            _put(self.envelope, path, value)


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


def page_of(
    call: Call,
    collection: Collection,
    where: Condition | None = None,
    *,
    order_by: str = "seq",
    descending: bool = False,
) -> Reply:
    """One page of a collection in the vendor's envelope. The contract has checked the parameters already."""
    total = collection.count(where)
    window = Window(call, total)
    heads = []
    if window.offset < total:
        heads = collection.heads(
            where, order_by=order_by, descending=descending, limit=window.limit, offset=window.offset
        )
    return Reply(200, Listing(collection, heads, window.member, window.envelope))
