"""Extensiv Order Manager, spoken to as its integration guide describes.

    settings = Settings(connection="om", client_id="…", client_secret="…")
    async with OrderManager(settings) as om:
        state = await om.deliver(delivery, key="")
        async for page in om.shipments():
            for shipment in page.rows:
                print(shipment.reference, shipment.parcels)

An order is known there by its `order_number`, which is our reference: sending it again is answered with the order that
exists (200), and with 409 when what is sent differs. Lists are walked by page number while they change, so each read
takes a window (`updated_since`, inclusive), collects it whole and hands it over by update time.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar, Unpack

from connectors.canonical import Delivery, DeliveryState, Level, Money, Page, Product, Ref, Shipment, Warehouse
from connectors.core.auth import ClientCredentials
from connectors.core.connector import Connector, Edge
from connectors.core.cursors import read_cursor, read_from, write_cursor
from connectors.core.errors import Conflict, Invalid, NotFound, Unreadable
from connectors.core.http import Complaint, Http, HttpLimits
from connectors.core.paging import Document, PageNumber, rows_of
from connectors.core.reading import as_document, in_utc, mapped, stamp
from connectors.core.throttle import CallsPerWindow
from connectors.core.windows import Row, pages_of, read_window
from connectors.core.wire import Answer, Call, segment
from connectors.extensiv_order_manager.mapping import (
    LevelDocument,
    OrderDocument,
    ProductDocument,
    ShipmentDocument,
    WarehouseDocument,
    levels_from_warehouse,
    order_from_delivery,
    product_from_document,
    product_to_document,
    quantities_of,
    quantities_of_order,
    shipment_from_document,
    state_from_order,
    stock_to_document,
    warehouse_from_document,
)

R = TypeVar("R")
D = TypeVar("D", OrderDocument, ShipmentDocument, ProductDocument)


@dataclass(frozen=True)
class Settings:
    """One account. Both base URLs can point at a fake.

    `page_size` may be at most 500; `calls_per_minute` is the limit per token. `overlap` is how far before its cursor a
    read starts, for what was committed late; `margin` how much later than its answer a write can be trusted to be seen.
    """

    connection: str
    client_id: str
    client_secret: str = field(repr=False)
    base_url: str = "https://api.extensiv.io"
    auth_base_url: str = "https://auth.extensiv.io"
    page_size: int = 250
    pages_maximum: int = 1000
    calls_per_minute: int = 60
    overlap: timedelta = timedelta(seconds=120)
    margin: timedelta = timedelta(seconds=5)
    http: HttpLimits = field(default_factory=HttpLimits)


class OrderManager(Connector):
    """An Order Manager account: destination of orders, source of shipments, stock and products."""

    def __init__(self, settings: Settings, **edge: Unpack[Edge]) -> None:
        self._settings = settings
        self._paging = PageNumber(
            page="page",
            size="pageSize",
            rows="data",
            size_value=settings.page_size,
            pages_total="totalPages",
            pages_maximum=settings.pages_maximum,
        )
        token_url = f"{settings.auth_base_url.rstrip('/')}/oauth/token"
        http = Http(
            settings.base_url,
            vendor="extensiv_order_manager",
            connection=settings.connection,
            auth=ClientCredentials(token_url, settings.client_id, settings.client_secret, style="form"),
            limits=settings.http,
            throttle=CallsPerWindow(settings.calls_per_minute, 60.0),
            secrets=(settings.client_secret,),
            complaint=complaint,
            **edge,
        )
        super().__init__(settings, http)

    async def check(self) -> str:
        """Prove the credentials. The API has no name for the account, so the answer is the client id."""
        call = Call("GET", "/api/warehouses", "listWarehouses", params={"page": "1", "pageSize": "1"})
        await self._http.send(call, lambda answer: rows_of(answer.json_object(), self._paging.rows))
        return self._settings.client_id

    # Orders

    async def find_delivery(self, reference: str) -> DeliveryState | None:
        """The order with exactly this number; of several, the oldest that is not cancelled."""
        order = await self._find_order(reference)
        return state_from_order(order, self.connection) if order else None

    async def deliver(self, delivery: Delivery, key: str) -> DeliveryState:  # noqa: ARG002 - it has no such header
        """Create the order. When it exists already with the same items, that one is the answer.

        Raises `Conflict` when an order with this number asks for other items.
        """
        # Not declared repeatable: that a second POST is answered with the first order is an assumption about the
        # vendor, and only whoever keeps the books can look before repeating.
        call = Call("POST", "/api/orders", "createOrder", json=order_from_delivery(delivery))
        try:
            order = await self._http.send(call, lambda answer: as_document(answer.json(), OrderDocument))
        except Conflict as conflict:
            found = await self._find_order(delivery.reference)
            if found is None:
                raise
            order = self._must_be_the_same(found, delivery, conflict)
        if order.order_number != delivery.reference:
            raise Unreadable(f"order {order.id} was answered, which is not {delivery.reference}")
        return state_from_order(order, self.connection)

    async def cancel_delivery(self, remote: Ref, reason: str, key: str) -> DeliveryState:  # noqa: ARG002
        """Cancel the order; cancelling it twice is answered like once. `Conflict` when it has shipped."""
        path = f"/api/orders/{segment(remote.id)}/cancel"
        call = Call("POST", path, "cancelOrder", json={"reason": reason} if reason else {}, repeatable=True)
        order = await self._http.send(call, lambda answer: as_document(answer.json(), OrderDocument))
        state = state_from_order(order, self.connection)
        if state.status != "cancelled":
            raise Unreadable(f"the cancellation was accepted, and yet order {order.id} is {order.status}")
        return state

    async def deliveries(self, cursor: str | None = None) -> AsyncIterator[Page[DeliveryState]]:
        """Orders that changed, by update time."""
        async for page in self._changed("/api/orders", "listOrders", cursor, OrderDocument, state_from_order):
            yield page

    # Shipments

    async def shipments(self, cursor: str | None = None) -> AsyncIterator[Page[Shipment]]:
        """Parcels that left or were voided, by update time. Two parcels of one order are two shipments here."""
        pages = self._changed("/api/shipments", "listShipments", cursor, ShipmentDocument, shipment_from_document)
        async for page in pages:
            yield page

    # Stock

    async def levels(self, cursor: str | None = None) -> AsyncIterator[Page[Level]]:  # noqa: ARG002 - always all of it
        """All levels of all warehouses. `as_of` is our clock just before the question: no level is older than that."""
        as_of = self._http.now()
        async for rows in self._rows("/api/inventory/warehouses", "listStock", {}):
            levels = tuple(level for row in rows for level in mapped(row, WarehouseDocument, _levels(as_of)))
            if levels:
                yield Page(levels, write_cursor(as_of))

    async def warehouses(self) -> Sequence[Warehouse]:
        """The places levels are kept for."""
        return [
            mapped(row, WarehouseDocument, warehouse_from_document)
            async for rows in self._rows("/api/warehouses", "listWarehouses", {})
            for row in rows
        ]

    async def set_levels(self, levels: Sequence[Level], key: str) -> Mapping[str, str]:  # noqa: ARG002
        """Set absolute available quantities, one call a level. A level without a warehouse is for the whole account."""
        refused: dict[str, str] = {}
        for level in levels:
            # Absolute, so the same call twice is the same as once.
            call = Call("POST", "/api/inventory/update", "setStock", json=stock_to_document(level), repeatable=True)
            try:
                await self._http.send(call, _must_be_set(level.sku))
            except (Invalid, NotFound, Conflict) as error:
                refused[level.sku] = error.message
        return refused

    async def find_levels(self, skus: Sequence[str]) -> Mapping[str, int]:
        """What is available now, over all warehouses."""
        wanted = set(skus)
        found: dict[str, int] = {}
        async for page in self.levels():
            for level in page.rows:
                if level.sku in wanted:
                    found[level.sku] = found.get(level.sku, 0) + level.available
        return found

    # Products

    async def products(self, cursor: str | None = None) -> AsyncIterator[Page[Product]]:
        """Products that changed, by update time."""
        pages = self._changed("/api/products", "listProducts", cursor, ProductDocument, product_from_document)
        async for page in pages:
            yield page

    async def create_product(self, sku: str, title: str, price: Money | None = None, barcode: str = "") -> Product:
        """Submit a product. `Conflict` when the SKU exists."""
        body = product_to_document(sku, title, price, barcode)
        call = Call("POST", "/api/products", "createProduct", json=body)
        document = await self._http.send(call, lambda answer: as_document(answer.json(), ProductDocument))
        return product_from_document(document, self.connection)

    # How it is asked

    async def _find_order(self, reference: str) -> OrderDocument | None:
        """All pages are walked and compared: a filter that is ignored or matches prefixes must not hide the order."""
        rows = self._rows("/api/orders", "findOrder", {"order_number": reference})
        orders = [as_document(row, OrderDocument) async for page in rows for row in page]
        same = sorted((order for order in orders if order.order_number == reference), key=_age)
        return next((order for order in same if order.status != "cancelled"), same[0] if same else None)

    def _must_be_the_same(self, order: OrderDocument, delivery: Delivery, conflict: Conflict) -> OrderDocument:
        wanted = quantities_of((line.sku, line.quantity) for line in delivery.lines)
        if quantities_of_order(order) == wanted:
            return order
        raise Conflict(
            f"order {delivery.reference} exists there as {order.id} and asks for other items",
            tried=conflict.tried,
            status=conflict.status,
            excerpt=conflict.excerpt,
            code=conflict.code,
            next_step="Compare the two; then cancel the one there, or mark this one as done.",
        )

    async def _rows(self, path: str, name: str, filters: Mapping[str, str]) -> AsyncIterator[Sequence[Document]]:
        async def fetch(numbers: Mapping[str, str]) -> Document:
            return await self._http.send(Call("GET", path, name, params={**filters, **numbers}), Answer.json_object)

        async for rows in self._paging.walk(fetch):
            yield rows

    async def _changed(
        self, path: str, name: str, cursor: str | None, kind: type[D], mapping: Callable[[D, str], R]
    ) -> AsyncIterator[Page[R]]:
        """One window, whole, by update time, in pages; with each page the cursor that is right once it is kept."""
        before = read_cursor(cursor)
        since = read_from(before, self._settings.overlap)

        def row(document: Document) -> Row[R]:
            return mapped(
                document, kind, lambda it: Row(str(it.id), in_utc(it.updated_at), mapping(it, self.connection))
            )

        filters = {"updated_since": stamp(since)} if since else {}
        rows, asked_at = await read_window(self._http, self._paging, path, name, filters, row)
        for page in pages_of(rows, asked_at, before, self._settings.page_size):
            yield page


def _must_be_set(sku: str) -> Callable[[Answer], None]:
    """A level in answer, and of this SKU; anything else does not say that it was set."""

    def read(answer: Answer) -> None:
        told = as_document(answer.json(), LevelDocument)
        if told.sku != sku:
            raise answer.error(Unreadable, f"the level of {told.sku} was answered, and not that of {sku}")

    return read


def _age(order: OrderDocument) -> tuple[int, str]:
    """Ids ascend, as numbers where they are numbers."""
    name = str(order.id)
    return (int(name) if name.isdecimal() else 0, name)


def _levels(as_of: datetime) -> Callable[[WarehouseDocument], list[Level]]:
    return lambda warehouse: levels_from_warehouse(warehouse, as_of)


def complaint(answer: Answer) -> Complaint:
    """An error body: `{"error": {"code", "message", "details"}}`, or OAuth's `{"error", "error_description"}`."""
    try:
        document = answer.json()
    except Unreadable:
        return Complaint()
    error = document.get("error") if isinstance(document, dict) else None
    if isinstance(error, str):
        return Complaint(error, _text(document.get("error_description")) or error)
    if not isinstance(error, dict):
        return Complaint()
    details = error.get("details")
    named = [text for detail in details[:10] if (text := _detail(detail))] if isinstance(details, list) else []
    message = _text(error.get("message"))
    return Complaint(_text(error.get("code")), f"{message} ({'; '.join(named)})" if named else message)


def _detail(detail: Any) -> str:
    if not isinstance(detail, dict):
        return ""
    return ": ".join(part for part in (_text(detail.get("field")), _text(detail.get("message"))) if part)


def _text(value: Any) -> str:
    return value[:300] if isinstance(value, str) else ""
