"""How a store is asked, for the other modules: paths, error bodies, and how lists are walked."""

import re
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, TypeVar

from connectors.core.errors import Unreadable
from connectors.core.http import Complaint, Http
from connectors.core.paging import AscendingOffset
from connectors.core.reading import as_document
from connectors.core.wire import Answer, Call
from connectors.woocommerce.mapping import (
    OrderDocument,
    RefundDocument,
    refunded_lines,
)
from connectors.woocommerce.settings import Settings

API = "/wp-json/wc/v3"
SIZE_MAXIMUM = 100
_CURRENCY = re.compile(r"[A-Z]{3}")
D = TypeVar("D")


class Store:
    """Asks and reads; decides nothing."""

    def __init__(self, http: Http, settings: Settings) -> None:
        self.http = http
        size = min(settings.page_size + 1, SIZE_MAXIMUM)  # one row of each page is there to be seen again
        self._paging = AscendingOffset("offset", "per_page", max(2, size), settings.pages_maximum)

    async def one(self, path: str, name: str, kind: type[D], **params: str) -> D:
        call = Call("GET", API + path, name, params=params)
        return await self.http.send(call, lambda answer: as_document(answer.json(), kind))

    async def change(self, method: str, path: str, name: str, body: Any, kind: type[D], *, repeatable: bool) -> D:
        """A write. `repeatable`: what it says is absolute, so that twice is once."""
        call = Call(method, API + path, name, json=body, repeatable=repeatable)
        return await self.http.send(call, lambda answer: as_document(answer.json(), kind))

    async def currency(self) -> str:
        """The store's currency: the cheapest thing there is to ask that needs a key."""
        read = await self.one("/data/currencies/current", "getCurrency", dict[str, Any])
        code = read.get("code")
        if not isinstance(code, str) or not _CURRENCY.fullmatch(code):
            raise Unreadable("the store does not say which currency it has")
        return code

    async def rows(
        self,
        path: str,
        name: str,
        kind: type[D],
        filters: Mapping[str, str] = MappingProxyType({}),
        dated: Callable[[datetime | None], None] = lambda _: None,
    ) -> AsyncIterator[list[D]]:
        """Documents by id, page by page. `dated` is told the store's time of each answer, also of empty ones."""
        sorted_by_id = {"orderby": "id", "order": "asc", **filters}

        async def fetch(numbers: Mapping[str, str]) -> list[dict[str, Any]]:
            call = Call("GET", API + path, name, params={**sorted_by_id, **numbers})
            rows, date = await self.http.send(call, lambda answer: (_objects(answer), answer.date))
            dated(date)
            return rows

        async for page in self._paging.walk(fetch, _id_of):
            yield [as_document(row, kind) for row in page]

    # Orders

    async def order(self, id: str) -> OrderDocument:
        """One order, trashed ones too. Raises `NotFound`."""
        order = await self.one(f"/orders/{id}", "getOrder", OrderDocument)
        return _must_be(order, id)

    async def change_order(self, id: str, body: Mapping[str, Any]) -> OrderDocument:
        """Set status and meta data, which are absolute."""
        order = await self.change("PUT", f"/orders/{id}", "updateOrder", body, OrderDocument, repeatable=False)
        return _must_be(order, id)

    async def refunded(self, order: OrderDocument) -> Mapping[str, int]:
        """How many of each line were refunded; asked only where something was."""
        if not order.refunds:
            return {}
        refunds: list[RefundDocument] = []
        async for rows in self.rows(f"/orders/{order.id}/refunds", "listRefunds", RefundDocument):
            refunds += rows
        return refunded_lines(refunds)


def _must_be(order: OrderDocument, id: str) -> OrderDocument:
    if order.id != int(id):
        raise Unreadable(f"order {order.id} was answered, and not {id}")
    return order


def _objects(answer: Answer) -> list[dict[str, Any]]:
    """The rows of a page. Whatever else may answer an empty list, a store says how many rows there are."""
    rows = answer.json()
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise answer.error(Unreadable, "the page is not a list of objects")
    if "x-wp-total" not in answer.headers:
        raise answer.error(Unreadable, "the list does not say how many rows it has, as the store's lists do")
    return rows


def _id_of(row: Mapping[str, Any]) -> int:
    id = row.get("id")
    if not isinstance(id, int) or isinstance(id, bool):
        raise Unreadable("a row has no id")
    return id


def complaint(answer: Answer) -> Complaint:
    """An error body: `{"code", "message", "data": {"status", "params"}}`."""
    try:
        document = answer.json()
    except Unreadable:
        return Complaint()
    if not isinstance(document, dict):
        return Complaint()
    named = document.get("data")
    params = named.get("params") if isinstance(named, dict) else None
    said = "; ".join(f"{name}: {text}" for name, text in list(params.items())[:10]) if isinstance(params, dict) else ""
    message = _text(document.get("message"))
    return Complaint(_text(document.get("code")), f"{message} ({said})"[:600] if said else message)


def _text(value: Any) -> str:
    return value[:300] if isinstance(value, str) else ""
