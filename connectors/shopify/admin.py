"""Shopify's GraphQL endpoint: one question, one answer, and how many points it took."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar

from msgspec import Struct, structs

from connectors.core.errors import PagingLoop, Unknown, Unreadable
from connectors.core.http import Complaint, Http
from connectors.core.log import connection_log
from connectors.core.paging import GraphqlCursor
from connectors.core.reading import as_document, dig
from connectors.core.throttle import CostBucket
from connectors.core.wire import Answer, Call
from connectors.shopify.documents import API_VERSION, Document
from connectors.shopify.graphql import Connection, UserError, read_bucket, read_data

T = TypeVar("T")

PATH = f"/admin/api/{API_VERSION}/graphql.json"
Variables = Mapping[str, Any]


class Admin:
    """Sends documents and reads their data. Costs are learnt from the answers."""

    def __init__(self, http: Http, bucket: CostBucket, connection: str) -> None:
        self._http = http
        self._bucket = bucket
        self._costs: dict[str, float] = {}
        self._log = connection_log(vendor="shopify", connection=connection)
        self._warned = False

    async def ask(self, document: Document, variables: Variables, read: Callable[[Mapping[str, Any]], T]) -> T:
        """Send the document, and read its data. Raises `ConnectorError`."""
        answered, _ = await self.ask_dated(document, variables, read)
        return answered

    async def ask_dated(
        self, document: Document, variables: Variables, read: Callable[[Mapping[str, Any]], T]
    ) -> tuple[T, datetime]:
        """The same, with the vendor's time of the answer (ours, if it has no `Date`)."""
        cost = self._costs.get(document.name, document.cost)
        body = {"query": document.text, "variables": dict(variables)}
        call = Call("POST", PATH, document.name, json=body, repeatable=document.repeatable, cost=cost)

        def whole(answer: Answer) -> tuple[T, datetime]:
            return read(self._data(answer, document, cost)), answer.date or self._http.now()

        return await self._http.send(call, whole)

    async def mutate(self, document: Document, variables: Variables, errors: str = "userErrors") -> "Payload":
        """Carry out a mutation; what it refuses is in the payload's errors. Its root field has the document's name."""

        def read(data: Mapping[str, Any]) -> Payload:
            fields = dig(data, document.name)
            refusals = tuple(map(self._quotable, as_document(dig(fields, errors), tuple[UserError, ...])))
            if any(refusal.code == "IDEMPOTENCY_CONCURRENT_REQUEST" for refusal in refusals):
                raise Unknown(f"{document.name}: the same request is still being carried out")
            return Payload(fields, refusals)

        return await self.ask(document, variables, read)

    def _quotable(self, error: UserError) -> UserError:
        """Somebody may repeat to us what they were sent."""
        text = self._http.redactor.text
        field = error.field and tuple(map(text, error.field))
        return structs.replace(error, message=text(error.message), field=field, code=error.code and text(error.code))

    async def connection(self, document: Document, variables: Variables, kind: type[T], *path: str) -> Connection[T]:
        """The connection at that path of the data; an empty one where its parent is gone."""
        return await self.ask(document, variables, lambda data: connection_at(data, kind, *path))

    async def all_nodes(self, document: Document, variables: Variables, kind: type[T], *path: str) -> list[T]:
        """Every node of a connection. The document takes `$after`."""

        async def fetch(after: str | None) -> Connection[T]:
            return await self.connection(document, {**variables, "after": after}, kind, *path)

        return await all_pages(fetch)

    async def whole(
        self, begun: Connection[T], document: Document, variables: Variables, kind: type[T], *path: str
    ) -> list[T]:
        """All nodes of a connection of which the first page came with something else."""
        if not begun.has_next_page:
            return list(begun.nodes)

        async def fetch(after: str | None) -> Connection[T]:
            return await self.connection(document, {**variables, "after": after}, kind, *path)

        if not begun.end_cursor:
            raise PagingLoop(f"{document.name}: there is a next page, but no cursor that leads to it")
        return [*begun.nodes, *await all_pages(fetch, begun.end_cursor)]

    def _data(self, answer: Answer, document: Document, cost: float) -> Mapping[str, Any]:
        whole = answer.json_object()
        bucket = read_bucket(whole)
        if bucket is not None:
            self._costs[document.name] = bucket.requested
            self._bucket.heard(
                maximum=bucket.maximum,
                available=bucket.available,
                restore_per_second=bucket.restore_per_second,
                own_cost=cost,
                clock=self._http.clock,
            )
        self._warn_of_another_version(answer)
        return read_data(answer, whole, document)

    def _warn_of_another_version(self, answer: Answer) -> None:
        """A version that is no longer served is answered with the oldest that is, silently but for this header."""
        served = answer.headers.get("x-shopify-api-version", API_VERSION)
        if served != API_VERSION and not self._warned:
            self._warned = True
            self._log.warning("another API version answers", asked=API_VERSION, served=served[:20])


class Payload(Struct, frozen=True):
    """What a mutation answered: its fields, and why it was refused, if it was."""

    fields: Mapping[str, Any]
    errors: tuple[UserError, ...]


def connection_at(data: Mapping[str, Any], kind: type[T], *path: str) -> Connection[T]:
    """The connection at that path, checked. Raises `Unreadable`."""
    document = dig(data, *path)
    if document is None:
        document = {"nodes": [], "pageInfo": {"hasNextPage": False, "endCursor": None}}
    return as_document(document, Connection[kind])  # type: ignore[valid-type] # a type made at run time


async def all_pages(fetch: Callable[[str | None], Awaitable[Connection[T]]], after: str | None = None) -> list[T]:
    """The nodes of all pages."""
    return [node async for page in GraphqlCursor().walk(fetch, after) for node in page.nodes]


def complaint(answer: Answer) -> Complaint:
    """An error body outside GraphQL: `{"errors": …}` as a text, a list or an object of lists, or OAuth's own."""
    try:
        document = answer.json_object()
    except Unreadable:  # a page of HTML
        return Complaint()
    if isinstance(document.get("error"), str):
        described = document.get("error_description")
        return Complaint(document["error"], described if isinstance(described, str) else document["error"])
    return Complaint("", _words(document.get("errors"))[:300])


def _words(errors: Any) -> str:
    if isinstance(errors, str):
        return errors
    if isinstance(errors, list):
        return "; ".join(_words(error) for error in errors[:5])
    if isinstance(errors, dict):
        return "; ".join(f"{key}: {_words(value)}" for key, value in list(errors.items())[:5])
    return ""
