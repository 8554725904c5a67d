"""Extensiv 3PL Warehouse Manager, spoken to in HAL for one customer and one facility.

    settings = Settings("wm", "<client id>", "<secret>", user_login="…", customer_id="4", facility_id="1")
    async with WarehouseManager(settings) as wm:
        state = await wm.deliver(delivery, key="")
        async for page in wm.shipments():
            for shipment in page.rows:
                print(shipment.reference, shipment.parcels)

An order is known there by its `referenceNum`, which is our reference; a second one of the same customer is refused as a
duplicate. What is changed has to name the state it was read in (`If-Match`), so every change reads first. Lists are
walked by page number in the order of ids, in which nothing moves; each read takes a window by `lastModifiedDate`,
collects it whole and hands it over by update time.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar, Unpack
from urllib.parse import quote

from connectors.canonical import Delivery, DeliveryState, Hint, Level, Page, Product, Ref, Shipment, Warehouse
from connectors.core.auth import ClientCredentials
from connectors.core.connector import Connector, Edge
from connectors.core.cursors import read_cursor, read_from, write_cursor
from connectors.core.errors import Conflict, Forbidden, Invalid, Unreadable
from connectors.core.http import Complaint, Http, HttpLimits
from connectors.core.paging import Document, PageNumber, rows_of
from connectors.core.reading import as_document, mapped, understood
from connectors.core.throttle import CallsPerWindow
from connectors.core.wire import Answer, Call, segment
from connectors.extensiv_warehouse_manager.mapping import (
    CustomerDocument,
    FacilityDocument,
    ItemDocument,
    OrderDocument,
    SummaryDocument,
    levels_from_summaries,
    moment,
    order_from_delivery,
    product_from_item,
    quantities_of,
    quantities_of_order,
    shipments_from_order,
    state_from_order,
    their_stamp,
    warehouse_from_facility,
)
from connectors.extensiv_warehouse_manager.webhooks import read_hint

R = TypeVar("R")
D = TypeVar("D")
HAL = {"Accept": "application/hal+json"}
REL = "http://api.3plCentral.com/rels/"
ORDERS, ITEMS, FACILITIES = REL + "orders/order", REL + "customers/item", REL + "properties/facility"
ITEM_PAGE_MAXIMUM = 100
STALE = 412
CHANGES_MAXIMUM = 4
"""How often a change is tried again since somebody else changed the order in between."""


@dataclass(frozen=True)
class Settings:
    """One customer of one warehouse. `user_login` or its id is what the warehouse gave, `tpl` its own GUID.

    `page_size` may be at most 500. `server_ahead` is how much later their clocks show than UTC. `overlap` is how far
    before its cursor a read starts, for what was committed late; `margin` how much later than its answer a write can be
    trusted to be seen. `webhook_public_key` is what `webhook_key()` answers; events are believed by it alone.
    """

    connection: str
    client_id: str
    client_secret: str = field(repr=False)
    customer_id: str = ""
    facility_id: str = ""
    user_login: str = ""
    user_login_id: str = ""
    tpl: str = ""
    base_url: str = "https://secure-wms.com"
    webhook_public_key: str = ""
    page_size: int = 250
    pages_maximum: int = 1000
    calls_per_minute: int = 400
    server_ahead: timedelta = timedelta(0)
    overlap: timedelta = timedelta(seconds=120)
    margin: timedelta = timedelta(seconds=5)
    http: HttpLimits = field(default_factory=HttpLimits)


class WarehouseManager(Connector):
    """A customer's goods at a warehouse: destination of orders, source of shipments, stock and items."""

    def __init__(self, settings: Settings, **edge: Unpack[Edge]) -> None:
        self._settings = settings
        self._customer = _number(settings.customer_id, "customer_id")
        self._facility = _number(settings.facility_id, "facility_id")
        token_url = f"{settings.base_url.rstrip('/')}/AuthServer/api/Token"
        names = {"user_login": settings.user_login, "user_login_id": settings.user_login_id, "tpl": settings.tpl}
        http = Http(
            settings.base_url,
            vendor="extensiv_warehouse_manager",
            connection=settings.connection,
            auth=ClientCredentials(
                token_url,
                settings.client_id,
                settings.client_secret,
                style="basic_json",
                more={name: value for name, value in names.items() if value},
            ),
            limits=settings.http,
            throttle=CallsPerWindow(settings.calls_per_minute, 60.0),
            secrets=(settings.client_secret,),
            complaint=complaint,
            **edge,
        )
        super().__init__(settings, http)

    async def check(self) -> str:
        """Prove the credentials; answers the customer's name."""
        call = Call("GET", f"/customers/{self._customer}", "getCustomer", headers=HAL)
        customer = await self._http.send(call, lambda answer: as_document(answer.json(), CustomerDocument))
        return customer.company_info.company_name

    # Orders

    async def find_delivery(self, reference: str) -> DeliveryState | None:
        """The order with exactly this reference; of several, the oldest that is not cancelled."""
        order = await self._find_order(reference)
        return self._state(order) if order else None

    async def deliver(self, delivery: Delivery, key: str) -> DeliveryState:  # noqa: ARG002 - it has no such header
        """Create the order. When it exists already with the same items, that one is the answer.

        Raises `Conflict` when an order with this reference asks for other items.
        """
        # Not declared repeatable: whoever keeps the books looks before repeating.
        body = order_from_delivery(delivery, self._customer, self._facility)
        try:
            order, _ = await self._change(Call("POST", "/orders", "createOrder", json=body, headers=HAL))
        except Invalid as refused:
            found = await self._find_order(delivery.reference) if refused.code == "Duplicate" else None
            if found is None:
                raise
            order = self._must_be_the_same(found, delivery, refused)
        if order.reference_num != delivery.reference:
            raise Unreadable(f"order {order.read_only.order_id} was answered, which is not {delivery.reference}")
        return self._state(order)

    async def cancel_delivery(self, remote: Ref, reason: str, key: str) -> DeliveryState:  # noqa: ARG002
        """Cancel the order; one that is cancelled is answered as it is. `Conflict` when it has shipped."""
        for _ in range(CHANGES_MAXIMUM):
            order, tag = await self._order(remote.id)
            state = self._state(order)
            if state.status == "cancelled":
                return state
            if state.status == "shipped":
                raise Conflict(f"order {remote.id} has shipped and cannot be cancelled", tried=f"cancel {remote.id}")
            if await self._cancel(remote.id, tag, reason):
                return DeliveryState(state.remote, state.reference, "cancelled")
        raise Conflict(f"order {remote.id} is changed by others all the time", tried=f"cancel {remote.id}")

    async def _cancel(self, id: str, tag: str, reason: str) -> bool:
        """Whether it was done; if not, the order is in another state by now. Raises whatever else the vendor says.

        It is not repeated by itself: after an answer that was lost the tag is stale, which would look like somebody
        else's change.
        """
        body = {"reason": reason or "canceled"}
        path = f"/orders/{segment(id)}/canceler"
        call = Call("POST", path, "cancelOrder", json=body, headers={**HAL, "If-Match": tag})
        try:
            await self._http.send(call, _nothing)
        except Conflict as error:
            if error.status != STALE:
                raise
            return False
        except Forbidden as error:
            if error.code not in {"OrderCanceled", "OrderConfirmed"}:
                raise
            return False
        return True

    async def deliveries(self, cursor: str | None = None) -> AsyncIterator[Page[DeliveryState]]:
        """Orders that changed, by update time."""
        async for page in self._orders(cursor, "", lambda order: [self._state(order)]):
            yield page

    # Shipments

    async def shipments(self, cursor: str | None = None) -> AsyncIterator[Page[Shipment]]:
        """Packages of orders that changed, by update time. Two packages of one order are two shipments here."""

        def shipped(order: OrderDocument) -> Sequence[Shipment]:
            return shipments_from_order(order, self.connection, self._settings.server_ahead)

        async for page in self._orders(cursor, "OrderItems,Packages", shipped):
            yield page

    # Stock and items

    async def levels(self, cursor: str | None = None) -> AsyncIterator[Page[Level]]:  # noqa: ARG002 - always all of it
        """All levels in the facility. `as_of` is our clock just before the question: no level is older than that."""
        as_of = self._http.now()
        params = {"rql": f"customerIdentifier.id=={self._customer};facilityId=={self._facility}"}
        found: list[SummaryDocument] = []
        async for rows in self._rows("/inventory/stocksummaries", "listStockSummaries", params, _summaries):
            found += [as_document(row, SummaryDocument) for row in rows]
        levels = understood("a stock summary", lambda: levels_from_summaries(found, as_of))
        size = self._settings.page_size
        for start in range(0, len(levels), size):
            yield Page(tuple(levels[start : start + size]), write_cursor(as_of))

    async def warehouses(self) -> Sequence[Warehouse]:
        """The place levels are kept for."""
        rows = self._rows("/properties/facilities", "listFacilities", {}, _embedded(FACILITIES))
        found = [mapped(row, FacilityDocument, warehouse_from_facility) async for page in rows for row in page]
        return [warehouse for warehouse in found if warehouse.id == str(self._facility)]

    async def products(self, cursor: str | None = None) -> AsyncIterator[Page[Product]]:
        """Items that changed, by update time."""
        ahead = self._settings.server_ahead

        def row(document: Document) -> list["_Row[Product]"]:
            product = mapped(document, ItemDocument, lambda item: product_from_item(item, self.connection, ahead))
            return [_Row(product.source.id, product.updated, product)]

        window = _Window(f"/customers/{self._customer}/items", "listItems", (), {}, ITEMS)
        async for page in self._changed(window, cursor, row):
            yield page

    # Events

    async def webhook_key(self) -> str:
        """The public key events are signed with, for the settings. Ask again when all of them fail."""
        call = Call("GET", "/events/webhook/key", "getWebhookKey")
        document = await self._http.send(call, Answer.json_object)
        key = document.get("publicKey")
        if not isinstance(key, str):
            raise Unreadable("the answer has no public key")
        return key

    def verify(self, headers: Mapping[str, str], body: bytes) -> Hint:
        """Check an event's signature over its raw bytes, then read what it is about. Raises `BadSignature`."""
        return read_hint(headers, body, public_key=self._settings.webhook_public_key)

    # How it is asked

    def _state(self, order: OrderDocument) -> DeliveryState:
        return understood(f"order {order.read_only.order_id}", lambda: state_from_order(order, self.connection))

    async def _order(self, id: str) -> tuple[OrderDocument, str]:
        """One order, and the tag of the state it is in."""
        return await self._change(Call("GET", f"/orders/{segment(id)}", "getOrder", headers=HAL))

    async def _change(self, call: Call) -> tuple[OrderDocument, str]:
        return await self._http.send(
            call, lambda answer: (as_document(answer.json(), OrderDocument), answer.headers.get("etag", ""))
        )

    async def _find_order(self, reference: str) -> OrderDocument | None:
        """All pages are walked and compared: a filter that minds no case must not hide the order."""
        asked = f"ReferenceNum=={_escaped(reference)};ReadOnly.CustomerIdentifier.Id=={self._customer}"
        rows = self._rows("/orders", "findOrder", {"rql": asked, "detail": "OrderItems"}, _embedded(ORDERS))
        orders = [as_document(row, OrderDocument) async for page in rows for row in page]
        same = sorted((each for each in orders if each.reference_num == reference), key=_age)
        return next((each for each in same if self._state(each).status != "cancelled"), same[0] if same else None)

    def _must_be_the_same(self, order: OrderDocument, delivery: Delivery, refused: Invalid) -> OrderDocument:
        wanted = quantities_of((line.sku, line.quantity) for line in delivery.lines)
        there = understood(f"order {order.read_only.order_id}", lambda: quantities_of_order(order))
        if there == wanted:
            return order
        raise Conflict(
            f"order {delivery.reference} exists there as {order.read_only.order_id} and asks for other items",
            tried=refused.tried,
            status=refused.status,
            excerpt=refused.excerpt,
            code=refused.code,
            next_step="Compare the two; then cancel the one there, or mark this one as done.",
        )

    async def _rows(
        self, path: str, name: str, params: Mapping[str, str], read: "Callable[[Document], Sequence[Document]]"
    ) -> AsyncIterator[Sequence[Document]]:
        async def fetch(numbers: Mapping[str, str]) -> Document:
            call = Call("GET", path, name, params={**params, **numbers}, headers=HAL)
            return await self._http.send(call, lambda answer: self._page(answer, read))

        async for rows in self._paging().walk(fetch):
            yield rows

    def _paging(self, maximum: int = 500) -> PageNumber:
        return PageNumber(
            page="pgnum",
            size="pgsiz",
            rows="rows",
            size_value=min(self._settings.page_size, maximum),
            pages_total="pages",
            pages_maximum=self._settings.pages_maximum,
        )

    def _page(self, answer: Answer, read: "Callable[[Document], Sequence[Document]]", maximum: int = 500) -> Document:
        """Rows and the number of pages, out of HAL, which leaves out an empty list."""
        document = answer.json_object()
        total = document.get("totalResults")
        if not isinstance(total, int) or isinstance(total, bool):
            raise answer.error(Unreadable, "the page does not say how many results there are")
        return {"rows": read(document), "pages": -(-total // min(self._settings.page_size, maximum))}

    async def _orders(
        self, cursor: str | None, detail: str, read: Callable[[OrderDocument], Sequence[R]]
    ) -> AsyncIterator[Page[R]]:
        where = (
            f"ReadOnly.CustomerIdentifier.Id=={self._customer}",
            f"ReadOnly.FacilityIdentifier.Id=={self._facility}",
        )
        more = {"sort": "ReadOnly.OrderId"} | ({"detail": detail} if detail else {})

        def row(document: Document) -> list["_Row[R]"]:
            order = as_document(document, OrderDocument)
            name = f"order {order.read_only.order_id}"
            ahead = self._settings.server_ahead
            updated = understood(name, lambda: moment(order.read_only.last_modified_date, ahead))
            records = understood(name, lambda: _known(read, order))
            return [_Row(f"{order.read_only.order_id}:{place}", updated, each) for place, each in enumerate(records)]

        async for page in self._changed(_Window("/orders", "listOrders", where, more, ORDERS), cursor, row):
            yield page

    async def _changed(
        self, window: "_Window", cursor: str | None, row: "Callable[[Document], list[_Row[R]]]"
    ) -> AsyncIterator[Page[R]]:
        """One window, whole, by update time, in pages; with each page the cursor that is right once it is kept."""
        before = read_cursor(cursor)
        since = read_from(before, self._settings.overlap)
        conditions = [*window.where]
        if since:
            stamp = _escaped(their_stamp(since, self._settings.server_ahead))
            conditions.append(f"ReadOnly.LastModifiedDate=ge={stamp}")
        params = {**window.more, **({"rql": ";".join(conditions)} if conditions else {})}
        rows, asked_at = await self._collected(window, params, row)
        size = self._settings.page_size
        for start in range(0, len(rows), size):
            part = rows[start : start + size]
            reached = min(part[-1].updated, asked_at)
            yield Page(tuple(found.record for found in part), write_cursor(max(reached, before) if before else reached))

    async def _collected(
        self, window: "_Window", params: Mapping[str, str], row: "Callable[[Document], list[_Row[R]]]"
    ) -> "tuple[list[_Row[R]], datetime]":
        """Every row of the window once, and the vendor's time when it was first asked.

        What changes while the list is walked has a later update time than that moment, so no cursor may pass it. A
        vendor that sends no `Date` gives the latest time on the first page instead, which is earlier still.
        """
        maximum = ITEM_PAGE_MAXIMUM if window.rel == ITEMS else 500
        latest: dict[str, _Row[R]] = {}
        asked_at: datetime | None = None

        async def fetch(numbers: Mapping[str, str]) -> Document:
            nonlocal asked_at
            call = Call("GET", window.path, window.name, params={**params, **numbers}, headers=HAL)
            read = _embedded(window.rel)
            document, date = await self._http.send(
                call, lambda answer: (self._page(answer, read, maximum), answer.date)
            )
            asked_at = asked_at or date
            return document

        async for page in self._paging(maximum).walk(fetch):
            entries = [entry for document in page for entry in row(document)]
            asked_at = asked_at or max((entry.updated for entry in entries), default=None)
            for entry in entries:
                known = latest.get(entry.id)
                if known is None or entry.updated >= known.updated:
                    latest[entry.id] = entry
        ordered = sorted(latest.values(), key=lambda entry: (entry.updated, entry.id))
        return ordered, asked_at or self._http.now()  # without a row nobody uses it


@dataclass(frozen=True)
class _Window:
    """A list that is read by what changed in it: where, under which name, and what is asked besides."""

    path: str
    name: str
    where: tuple[str, ...]
    more: Mapping[str, str]
    rel: str


@dataclass(frozen=True)
class _Row(Generic[R]):
    """A row of a list that changes: which record, when it changed, and what it is to us."""

    id: str
    updated: datetime
    record: R


def _known(read: Callable[[OrderDocument], Sequence[R]], order: OrderDocument) -> Sequence[R]:
    """Raises ValueError where a package holds what is no line of its order."""
    try:
        return read(order)
    except KeyError as error:
        raise ValueError(f"a package holds line {error}, which the order does not have") from error


def _embedded(rel: str) -> Callable[[Document], Sequence[Document]]:
    """Rows by their relation; without any, `_embedded` or its member is left out."""

    def read(document: Document) -> Sequence[Document]:
        embedded = document.get("_embedded")
        if embedded is None:
            return []
        if not isinstance(embedded, dict):
            raise Unreadable("the page has another shape than expected: _embedded is not an object")
        return rows_of(embedded, rel) if embedded else []

    return read


def _summaries(document: Document) -> Sequence[Document]:
    return rows_of(document, "summaries") if "summaries" in document else []


def _nothing(answer: Answer) -> None:
    """Done, without a word; anything else is another answer than agreed."""
    if answer.status != 204:
        raise answer.error(Unreadable, f"{answer.status} was answered, and not 204")


def _escaped(text: str) -> str:
    """A value in RQL, where it is decoded once more than elsewhere. Raises `Invalid` for what UTF-8 cannot say."""
    return segment(text)


def _number(text: str, name: str) -> int:
    if not (text.isascii() and text.isdecimal()):
        raise Invalid(f"{name} is {quote(text[:40])!r}, and has to be a number", next_step=f"Set {name}.")
    return int(text)


def _age(order: OrderDocument) -> int:
    """Ids ascend."""
    return order.read_only.order_id


def complaint(answer: Answer) -> Complaint:
    """An exception's body: `ErrorCode` and `Hint`, with what it is about; or `Message` alone."""
    try:
        document = answer.json()
    except Unreadable:
        return Complaint()
    if not isinstance(document, dict):
        return Complaint()
    code = _text(document.get("ErrorCode"))
    about = [_text(each) for each in _list(document.get("Parameters"))]
    about += [_text(each.get("Name")) for each in _list(document.get("Properties")) if isinstance(each, dict)]
    words = _text(document.get("Hint")) or _text(document.get("Message"))
    named = ", ".join(filter(None, about))
    said = " ".join(filter(None, (code, f"({named})" if named else "")))
    return Complaint(code, ": ".join(filter(None, (said, words))))


def _list(value: Any) -> list[Any]:
    return value[:10] if isinstance(value, list) else []


def _text(value: Any) -> str:
    return value[:300] if isinstance(value, str) else ""
