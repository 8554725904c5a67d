"""Pages of documents, by the pagination the profile names for the operation."""

from contracts.profile import PageNumber
from mock_servers.core.fake import Call
from mock_servers.core.filters import Condition
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
        self.limit = min(call.query.get(rule.size, rule.size_default), rule.size_maximum)
        self.offset = (page - rule.first) * self.limit
        self.member = rule.envelope.get("rows", "")
        words = {"page": page, "size": self.limit, "total": total, "pages": -(-total // self.limit)}
        self.envelope = {member: words[word] for word, member in rule.envelope.items() if word != "rows"}


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
