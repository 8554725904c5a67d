"""Pages of documents, by the pagination the profile names for the operation."""

from contracts.profile import PageNumber
from mock_servers.core.fake import Call
from mock_servers.core.filters import Condition
from mock_servers.core.store import Collection
from mock_servers.core.wire import Listing, Reply


def page_of(
    call: Call,
    collection: Collection,
    where: Condition | None = None,
    *,
    order_by: str = "seq",
    descending: bool = False,
) -> Reply:
    """One page of a collection in the vendor's envelope. The contract has checked the parameters already."""
    profile = call.fake.contract.profile.surfaces[call.operation.surface]
    rule = profile.pagination[call.operation.pagination]
    if not isinstance(rule, PageNumber):
        raise TypeError(f"{call.operation.id} is not paged by number")
    page = call.query.get(rule.page, rule.first)
    size = min(call.query.get(rule.size, rule.size_default), rule.size_maximum)
    offset = (page - rule.first) * size
    total = collection.count(where)
    rows = (
        collection.rows(where, order_by=order_by, descending=descending, limit=size, offset=offset)
        if offset < total
        else []
    )
    words = {"page": page, "size": size, "total": total, "pages": -(-total // size)}
    envelope = {member: words[word] for word, member in rule.envelope.items() if word != "rows"}
    return Reply(200, Listing(rows, rule.envelope.get("rows", ""), envelope))
