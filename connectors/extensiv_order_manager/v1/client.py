"""Extensiv Order Manager, spoken to by its own v1 API.

    settings = Settings(connection="om", access_token="…", sales_channel_id=31)
    async with OrderManagerV1(settings) as om:
        state = await om.deliver(delivery, key="")

The token is the one an app got when the merchant installed it; it lives until the app is uninstalled, so a 401 is the
end and nothing is renewed (`code_call` of `connectors.core.auth` exchanges a code). PUT creates and POST acts. Lists
are bare arrays walked until an empty one. Searches match prefixes, so whatever is found is compared for equality. Each
endpoint has its own quota, and says in milliseconds when to come again.
"""

import math
import re
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, TypeVar, Unpack

from connectors.canonical import Delivery, DeliveryState, Level, Page, Product, Ref, Shipment, Warehouse
from connectors.core.auth import HeaderToken
from connectors.core.connector import Connector, Edge
from connectors.core.cursors import read_cursor, read_from, write_cursor
from connectors.core.errors import Conflict, Invalid, NotApplied, NotFound, Refused, Unknown, Unreadable
from connectors.core.http import Complaint, Http, HttpLimits
from connectors.core.paging import Document, PageNumber, rows_of
from connectors.core.reading import as_document, in_utc, mapped, stamp, understood
from connectors.core.throttle import CallsPerWindow, Throttle, Unlimited
from connectors.core.windows import Row, by_update, pages_of, read_window
from connectors.core.wire import Answer, Call
from connectors.extensiv_order_manager.mapping import quantities_of
from connectors.extensiv_order_manager.v1.mapping import (
    RETURN,
    BulkDocument,
    CreatedDocument,
    OrderDocument,
    ProductDocument,
    ShipmentDocument,
    TotalDocument,
    WarehouseDocument,
    WrongDocument,
    level_from_total,
    order_from_delivery,
    product_from_document,
    quantities_of_order,
    shipments_of,
    state_from_order,
    warehouse_from_document,
)

D = TypeVar("D")
R = TypeVar("R")

WEEK = timedelta(days=7)
DAY = timedelta(days=1)
ORDERS_ASKED = 50
LINES_WRITTEN = 200
REASON_LETTERS = 1000
NO_STOCK = "ERR097"
WAIT_HEADER = "x-skubana-quota-retryafter"
ENDPOINTS = (
    (("findOrder", "listOrders"), 5, 1.0),
    (("getOrder",), 5, 1.0),
    (("putOrder",), 5, 1.0),
    (("cancelOrder",), 5, 1.0),
    (("listShipments",), 5, 1.0),
    (("listTotals",), 10, 1.0),
    (("listWarehouses",), 5, 1.0),
    (("listProducts",), 5, 1.0),
    (("getCompany",), 5, 1.0),
    (("adjustStock",), 1, 10.0),
    (("createStock",), 1, 30.0),
)
"""Calls of one endpoint, and how often it is called at most: calls, seconds, as skubanaAccess does it."""


@dataclass(frozen=True)
class Settings:
    """One merchant's install of the app, and the sales channel whose orders are ours.

    `page_size` may be at most 200 save for orders. `history` is how long ago the oldest order was made whose parcels
    are still asked for, in windows of a week. `paced` keeps to the vendor's quotas before it says 429.
    """

    connection: str
    access_token: str = field(repr=False)
    sales_channel_id: int
    base_url: str = "https://api.skubana.com"
    page_size: int = 200
    pages_maximum: int = 1000
    history: timedelta = timedelta(days=180)
    overlap: timedelta = timedelta(seconds=120)
    margin: timedelta = timedelta(seconds=5)
    paced: bool = True
    http: HttpLimits = field(default_factory=HttpLimits)


class OrderManagerV1(Connector):
    """An Order Manager account: destination of orders, source of shipments, stock and products, sink of stock."""

    def __init__(self, settings: Settings, **edge: Unpack[Edge]) -> None:
        self._settings = settings
        self._channel = int(settings.sales_channel_id)
        self._paging = PageNumber(
            page="page", size="limit", rows="", size_value=settings.page_size, pages_maximum=settings.pages_maximum
        )
        http = Http(
            settings.base_url,
            vendor="extensiv_order_manager",
            connection=settings.connection,
            auth=HeaderToken("Authorization", settings.access_token, "Bearer "),
            limits=settings.http,
            throttles=_throttles() if settings.paced else _unpaced(),
            secrets=(settings.access_token,),
            wait_seconds=wait_seconds,
            complaint=complaint,
            **edge,
        )
        super().__init__(settings, http)

    async def check(self) -> str:
        """Prove the token; answers the company's name."""
        company = await self._http.send(Call("GET", "/v1/companyinfo", "getCompany"), Answer.json_object)
        name = company.get("name")
        if not isinstance(name, str):
            raise Unreadable("the company has no name")
        return name

    # Orders

    async def find_delivery(self, reference: str) -> DeliveryState | None:
        """The order of our channel with exactly this number; of several, the oldest that is not cancelled."""
        order = await self._find_order(reference)
        return state_from_order(order, self.connection) if order else None

    async def deliver(self, delivery: Delivery, key: str) -> DeliveryState:  # noqa: ARG002 - it has no such header
        """Create the order, unless it is there: the vendor promises nowhere that a number is taken once.

        Raises `Conflict` when an order with this number asks for other items.
        """
        if not delivery.reference:
            raise Invalid("an order without a number would be given one that we could not look up")
        there = await self._find_order(delivery.reference)
        order = await self._create(delivery) if there is None else _must_be_the_same(there, delivery)
        return state_from_order(order, self.connection)

    async def _create(self, delivery: Delivery) -> OrderDocument:
        body = order_from_delivery(delivery, self._channel, self._http.now())
        call = Call("PUT", "/v1/order", "putOrder", json=[body])
        created = await self._http.send(call, lambda answer: as_document(answer.json(), CreatedDocument))
        if len(created.orders) != 1 or created.orders[0].order_number != delivery.reference:
            raise Unreadable(f"what was created is not order {delivery.reference}")
        order, now = created.orders[0], self._http.now()
        return OrderDocument(order.order_id, order.order_number, order.order_status, now, now)

    async def cancel_delivery(self, remote: Ref, reason: str, key: str) -> DeliveryState:  # noqa: ARG002
        """Cancel the order; one that is cancelled stays so. `Conflict` when it may not be cancelled any more."""
        if not remote.id.isascii() or not remote.id.isdecimal():
            raise NotFound(f"{remote.id[:60]!r} is no order's id")
        before = await self._state(remote)
        if before.status == "cancelled":
            return before
        params = {
            "orderId": remote.id,
            "salesChannelId": str(self._channel),
            "cancelReasonType": "OTHER",
            **({"cancelReason": reason[:REASON_LETTERS]} if reason else {}),
        }
        # Asked twice, the second is refused, and the order then says that it is cancelled.
        call = Call("POST", "/v1/orders/cancel", "cancelOrder", params=params, repeatable=True)
        try:
            await self._http.send(call, Answer.json_object)
        except Invalid as refused:
            # An earlier attempt may have been heard, and its answer lost: nothing is said of it before it is known.
            try:
                after = await self._state(remote)
            except (NotApplied, Refused) as error:
                raise Unknown(f"whether order {remote.id} is cancelled could not be asked: {error.message}") from error
            if after.status == "cancelled":
                return after
            raise Conflict(
                refused.message, tried=refused.tried, status=refused.status, excerpt=refused.excerpt
            ) from refused
        return DeliveryState(remote, before.reference, "cancelled")

    async def _state(self, remote: Ref) -> DeliveryState:
        call = Call("GET", f"/v1.1/orders/{remote.id}", "getOrder")
        order = await self._http.send(call, lambda answer: as_document(answer.json(), OrderDocument))
        return state_from_order(order, self.connection)

    async def deliveries(self, cursor: str | None = None) -> AsyncIterator[Page[DeliveryState]]:
        """Orders that changed, by update time."""
        rows, asked_at, before = await self._changed_orders(cursor)
        states = [Row(row.id, row.updated, state_from_order(row.record, self.connection)) for row in rows]
        for page in pages_of(states, asked_at, before, self._settings.page_size):
            yield page

    # Shipments

    async def shipments(self, cursor: str | None = None) -> AsyncIterator[Page[Shipment]]:
        """All parcels of orders that changed and have any, by update time: that is how a void is learnt. A parcel is
        handed over again whenever something else happens to its order."""
        changed, asked_at, before = await self._changed_orders(cursor)
        orders = {row.id: row.record for row in changed if row.record.shipment is not None}
        found = await self._shipments_of(orders)
        rows: list[Row[Shipment]] = []
        for id, order in orders.items():
            parcels = understood(f"order {id}", partial(shipments_of, order, found.get(id, ()), self.connection))
            rows += [Row(f"{id}:{parcel.source.id}", parcel.updated, parcel) for parcel in parcels]
        for page in pages_of(by_update(rows), asked_at, before, self._settings.page_size):
            yield page

    async def _shipments_of(self, orders: Mapping[str, OrderDocument]) -> dict[str, list[ShipmentDocument]]:
        """The shipments of these orders, by order: nobody may ask for more than a week at once."""
        found: dict[str, dict[int, ShipmentDocument]] = {}
        by_age = sorted(orders, key=lambda each: orders[each].created_date)
        for ids in _portions(by_age, ORDERS_ASKED):
            oldest = orders[ids[0]].created_date
            for window in self._weeks(understood(f"order {ids[0]}", partial(in_utc, oldest))):
                filters = {"orderId": ",".join(ids), **window}
                async for rows in self._rows("/v1/shipments", "listShipments", filters):
                    for row in rows:
                        shipment = as_document(row, ShipmentDocument)
                        if shipment.type != RETURN:
                            found.setdefault(str(shipment.order_id), {})[shipment.shipment_id] = shipment
        return {id: list(shipments.values()) for id, shipments in found.items()}

    def _weeks(self, since: datetime) -> list[dict[str, str]]:
        """Windows from a moment until a day from now, for clocks that differ."""
        until = self._http.now().astimezone(UTC) + DAY
        start = max(since, until - self._settings.history) - DAY
        windows = []
        while start < until:
            end = min(start + WEEK, until)
            windows.append({"shipmentCreatedFromDate": stamp(start), "shipmentCreatedToDate": stamp(end)})
            start = end
        return windows

    # Stock

    async def levels(self, cursor: str | None = None) -> AsyncIterator[Page[Level]]:  # noqa: ARG002 - always all of it
        """All levels of all warehouses. `as_of` is our clock just before the question: no level is older than that."""
        as_of = self._http.now()
        for house in await self.warehouses():
            async for rows in self._rows("/v1/productstocks/total", "listTotals", {"warehouseId": house.id}):
                totals = [as_document(row, TotalDocument) for row in rows]
                yield Page(tuple(level_from_total(total, house.id, as_of) for total in totals), write_cursor(as_of))

    async def warehouses(self) -> Sequence[Warehouse]:
        """The places levels are kept for. They come in one answer."""
        call = Call("GET", "/v1/warehouses", "listWarehouses")
        rows = await self._http.send(call, lambda answer: rows_of(answer.json(), ""))
        return [mapped(row, WarehouseDocument, warehouse_from_document) for row in rows]

    async def set_levels(self, levels: Sequence[Level], key: str) -> Mapping[str, str]:  # noqa: ARG002
        """Set what is available: the API takes what is on hand, so what is not to be had of that is asked for first.

        What has no stock record yet gets one. A level without a warehouse is for the first one.
        """
        refused: dict[str, str] = {}
        first = next(iter(await self.warehouses()), None) if any(not level.warehouse for level in levels) else None
        by_house: dict[str, dict[str, int]] = {}
        for level in levels:
            house = level.warehouse or (first.id if first else "")
            if not house.isascii() or not house.isdecimal():
                refused[level.sku] = f"{house!r} is no warehouse's id"
            else:
                by_house.setdefault(house, {})[level.sku] = max(0, level.available)
        for house, wanted in by_house.items():
            for skus in _portions(wanted, LINES_WRITTEN):
                refused |= await self._adjust(house, {sku: wanted[sku] for sku in skus})
        return refused

    async def _adjust(self, house: str, wanted: Mapping[str, int]) -> dict[str, str]:
        totals = await self._totals(list(wanted), {"warehouseId": house})
        taken = {sku: total.on_hand_quantity - total.available_quantity for sku, total in totals.items()}
        lines = [
            {"masterSku": sku, "warehouseId": int(house), "onHandQuantity": quantity + taken.get(sku, 0)}
            for sku, quantity in wanted.items()
        ]
        # Absolute, so the same call twice is the same as once.
        call = Call("POST", "/v1.1/inventory/adjust", "adjustStock", json=lines, repeatable=True)
        wrong = await self._bulk(call, lines)
        missing = [sku for sku, error in wrong.items() if error.error_code == NO_STOCK]
        refused = {sku: _said(error) for sku, error in wrong.items() if sku not in missing}
        return refused | (await self._create_stock(house, {sku: wanted[sku] for sku in missing}) if missing else {})

    async def _create_stock(self, house: str, wanted: Mapping[str, int]) -> dict[str, str]:
        more = {"quantityLocked": 0, "minStock": 0, "pickable": True, "receivable": True}
        lines = [
            {"masterSku": sku, "warehouseId": int(house), "quantity": quantity, **more}
            for sku, quantity in wanted.items()
        ]
        wrong = await self._bulk(Call("PUT", "/v1.1/inventory", "createStock", json=lines), lines)
        return {sku: _said(error) for sku, error in wrong.items()}

    async def _bulk(self, call: Call, lines: Sequence[Mapping[str, Any]]) -> dict[str, WrongDocument]:
        """Send a bulk; answers the SKUs it left out. One that says neither of a line is not understood."""

        def read(answer: Answer) -> dict[str, WrongDocument]:
            told = as_document(answer.json(), BulkDocument)
            wrong = told.errors or ()
            if len(told.results) + len(wrong) != len(lines) or not all(1 <= each.index <= len(lines) for each in wrong):
                raise answer.error(Unreadable, f"{len(lines)} lines were sent, and not told of one by one")
            return {str(lines[each.index - 1]["masterSku"]): each for each in wrong}

        return await self._http.send(call, read)

    async def find_levels(self, skus: Sequence[str]) -> Mapping[str, int]:
        """What is available now, over all warehouses."""
        wanted = list(dict.fromkeys(sku for sku in skus if sku))
        return {sku: total.available_quantity for sku, total in (await self._totals(wanted, {})).items()}

    async def _totals(self, skus: Sequence[str], filters: Mapping[str, str]) -> dict[str, TotalDocument]:
        """Totals of just these SKUs. Where a SKU cannot stand in a list of them, everything is asked for."""
        if not skus:
            return {}
        listed = all(re.fullmatch(r"[\w. /:#+-]+", sku, re.ASCII) for sku in skus) and len(skus) <= ORDERS_ASKED
        asked = {**filters, **({"sku": ",".join(skus)} if listed else {})}
        found: dict[str, TotalDocument] = {}
        async for rows in self._rows("/v1/productstocks/total", "listTotals", asked):
            for row in rows:
                total = as_document(row, TotalDocument)
                if total.product.master_sku in skus:
                    found[total.product.master_sku] = total
        return found

    # Products

    async def products(self, cursor: str | None = None) -> AsyncIterator[Page[Product]]:
        """Products that changed, by update time."""

        def record(document: ProductDocument) -> Row[Product]:
            product = product_from_document(document, self.connection)
            return Row(product.source.id, product.updated, product)

        rows, asked_at, before = await self._changed("/v1.1/products", "listProducts", cursor, ProductDocument, record)
        for page in pages_of(rows, asked_at, before, self._settings.page_size):
            yield page

    # How it is asked

    async def _find_order(self, reference: str) -> OrderDocument | None:
        """The search matches prefixes and splits at commas, so what is found is compared, however many pages it is."""
        if not reference:
            return None
        prefix = re.split(r'[",]', reference, maxsplit=1)[0]
        filters = {"salesChannelId": str(self._channel), **({"orderNumber": prefix} if prefix else {})}
        same = []
        async for rows in self._rows("/v1.1/orders", "findOrder", filters):
            orders = [as_document(row, OrderDocument) for row in rows]
            same += [order for order in orders if order.order_number == reference]
        same.sort(key=lambda order: order.order_id)
        return next((order for order in same if order.order_status != "CANCELLED"), same[0] if same else None)

    async def _changed_orders(self, cursor: str | None) -> tuple[list[Row[OrderDocument]], datetime, datetime | None]:
        def record(order: OrderDocument) -> Row[OrderDocument]:
            return Row(str(order.order_id), in_utc(order.modified_date), order)

        return await self._changed("/v1.1/orders", "listOrders", cursor, OrderDocument, record)

    async def _changed(
        self, path: str, name: str, cursor: str | None, kind: type[D], record: Callable[[D], Row[R]]
    ) -> tuple[list[Row[R]], datetime, datetime | None]:
        """One window, whole, by update time; the moment it was asked for, and the one it was read from."""
        before = read_cursor(cursor)
        since = read_from(before, self._settings.overlap)
        filters = {"modifiedDateFrom": stamp(since)} if since else {}
        rows, asked_at = await read_window(
            self._http, self._paging, path, name, filters, lambda document: mapped(document, kind, record)
        )
        return rows, asked_at, before

    async def _rows(self, path: str, name: str, filters: Mapping[str, str]) -> AsyncIterator[Sequence[Document]]:
        async def fetch(numbers: Mapping[str, str]) -> Any:
            return await self._http.send(Call("GET", path, name, params={**filters, **numbers}), Answer.json)

        async for rows in self._paging.walk(fetch):
            yield rows


def _portions(rows: Iterable[str], size: int) -> Iterator[list[str]]:
    whole = list(rows)
    for start in range(0, len(whole), size):
        yield whole[start : start + size]


def _throttles() -> dict[str, Throttle]:
    limits = ((names, CallsPerWindow(calls, seconds)) for names, calls, seconds in ENDPOINTS)
    return {name: limit for names, limit in limits for name in names}


def _unpaced() -> dict[str, Throttle]:
    """Without a count of our own; the vendor's 429 still pauses just the endpoint that it is about."""
    limits = ((names, Unlimited()) for names, _, _ in ENDPOINTS)
    return {name: limit for names, limit in limits for name in names}


def _must_be_the_same(order: OrderDocument, delivery: Delivery) -> OrderDocument:
    """Raises `Conflict` when the order asks for other items than the delivery."""
    wanted = quantities_of((line.sku, line.quantity) for line in delivery.lines)
    if quantities_of_order(order) == wanted:
        return order
    raise Conflict(
        f"order {delivery.reference} exists there as {order.order_id} and asks for other items",
        next_step="Compare the two; then cancel the one there, or mark this one as done.",
    )


def _said(error: WrongDocument) -> str:
    return " ".join(filter(None, (error.error_code, error.message))) or "it was refused without a reason"


def wait_seconds(answer: Answer) -> float | None:
    """`x-skubana-quota-retryAfter` is in milliseconds."""
    try:
        seconds = float(answer.headers.get(WAIT_HEADER, "")) / 1000
    except ValueError:
        return None
    return max(0.0, seconds) if math.isfinite(seconds) else None


def complaint(answer: Answer) -> Complaint:
    """An error body, where it is one: `{"message", "errors": […]}`, or OAuth's `{"error", "error_description"}`."""
    try:
        document = answer.json()
    except Unreadable:
        return Complaint()
    if not isinstance(document, dict):
        return Complaint()
    code, words = _text(document.get("error")), _text(document.get("error_description"))
    if code:
        return Complaint(code, words or code)
    errors = document.get("errors")
    named = [_detail(error) for error in errors[:10]] if isinstance(errors, list) else []
    message = _text(document.get("message"))
    details = "; ".join(filter(None, named))
    return Complaint("", f"{message} ({details})" if details and message else details or message)


def _detail(error: Any) -> str:
    if not isinstance(error, dict):
        return ""
    return ": ".join(filter(None, (_text(error.get("fieldName")), _text(error.get("message")))))


def _text(value: Any) -> str:
    return value[:300] if isinstance(value, str) else ""
