"""Extend Commerce, spoken to over its REST API v1_0.

    settings = Settings(connection="extend", client="APIDEMO", username="…", password="…", customer_number="C-1001")
    async with ExtendCommerce(settings) as extend:
        state = await extend.deliver(delivery, key="")
        async for page in extend.levels():
            for level in page.rows:
                print(level.sku, level.available)

An order is known there by its external number, which is our reference. Whether Extend refuses a second order with the
same one is not known, so whoever repeats looks first. 400 is its word for nearly everything: what it means is read out
of its message. Hooks are triggers; what they are about is fetched by change date, and never product by product.
"""

import base64
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Unpack

from connectors.canonical import Address, Delivery, DeliveryState, Hint, Level, Page, Ref, Shipment, Warehouse
from connectors.core.auth import HeaderToken
from connectors.core.connector import Connector, Edge
from connectors.core.cursors import read_cursor, read_from, write_cursor
from connectors.core.errors import (
    Broken,
    Conflict,
    ConnectorError,
    Invalid,
    NotFound,
    Unavailable,
    Unreadable,
)
from connectors.core.http import Complaint, Http, HttpLimits
from connectors.core.paging import Document
from connectors.core.reading import as_document, in_utc, mapped
from connectors.core.throttle import CallsPerWindow
from connectors.core.wire import Answer, Call, segment
from connectors.extend_commerce.lists import Lists, bare_page
from connectors.extend_commerce.mapping import (
    CANCELLED,
    UNDER_WAY,
    AvailabilityDocument,
    CustomerDocument,
    ListedCustomer,
    ListedOrder,
    ListedProduct,
    OrderDocument,
    Price,
    PriceDocument,
    Success,
    asked,
    customer_to_document,
    level_from_row,
    order_from_delivery,
    price_from_row,
    quantities_of,
    quantities_of_order,
    shipments_from_order,
    state_from_order,
    state_from_row,
)
from connectors.extend_commerce.webhooks import read_hint, read_hints

EVER = datetime(2000, 1, 1, tzinfo=UTC)
"""Before any order: a list of orders is always asked for with a date, or it times out there."""
NEW_PRODUCTS_OVERLAP = timedelta(hours=24)
PRICES_AT_ONCE = 10


@dataclass(frozen=True)
class Settings:
    """One installation. `base_url` is per server there, and can point at a fake.

    `customer_number` is whom orders are booked on; `warehouse` where their rows are picked, Extend's choice when empty.
    `calls_per_minute` is the limit of the group Standard, which each family of methods has to itself; this connection
    keeps to it over all of them. `overlap` is how far before its cursor a read starts, for what was committed late;
    `margin` how much later than its answer a write can be trusted to be seen.
    """

    connection: str
    client: str
    username: str
    password: str = field(repr=False)
    customer_number: str
    base_url: str = "https://s05.extend.se/RESTAPI"
    webhook_secret: str = field(default="", repr=False)
    warehouse: str = ""
    unit: str = "ST"
    sales_channel: str = ""
    page_size: int = 100
    pages_maximum: int = 1000
    calls_per_minute: int = 300
    overlap: timedelta = timedelta(seconds=120)
    margin: timedelta = timedelta(seconds=5)
    http: HttpLimits = field(default_factory=HttpLimits)


class ExtendCommerce(Connector):
    """An installation: destination of orders, source of shipments and stock, and of hooks about them."""

    def __init__(self, settings: Settings, **edge: Unpack[Edge]) -> None:
        self._settings = settings
        shown = base64.b64encode(f"{settings.username}:{settings.password}".encode()).decode("ascii")
        http = Http(
            f"{settings.base_url.rstrip('/')}/v1_0/{segment(settings.client)}",
            vendor="extend_commerce",
            connection=settings.connection,
            auth=HeaderToken("ExtendBasicAuthorization", shown, prefix="Basic "),
            limits=settings.http,
            throttle=CallsPerWindow(settings.calls_per_minute, 60.0),
            secrets=(settings.password, shown, settings.webhook_secret),
            wait_seconds=wait_seconds,
            complaint=complaint,
            **edge,
        )
        super().__init__(settings, http)
        self._lists = Lists(self._http, size=settings.page_size, pages_maximum=settings.pages_maximum)

    async def check(self) -> str:
        """Prove the credentials. The API has no name for the installation, so the answer is its short name."""
        params = {"modifiedDateFrom": asked(self._http.now()), "pageCount": "1", "pageOffset": "0"}
        await self._http.send(Call("GET", "/CustomerOrders", "check", params=params), bare_page)
        return self._settings.client

    # Orders

    async def find_delivery(self, reference: str) -> DeliveryState | None:
        """The order with exactly this external number; of several, the oldest that is not annulled."""
        row = await self._find_order(reference)
        return state_from_row(row, self.connection) if row else None

    async def deliver(self, delivery: Delivery, key: str) -> DeliveryState:  # noqa: ARG002 - it has no such header
        """Create the order. When one with its external number exists and asks for the same, that one is the answer.

        Raises `Conflict` when that one asks for other goods.
        """
        if not delivery.reference:
            raise Invalid("an order without an external number could not be found again")
        body = order_from_delivery(
            delivery,
            customer_number=self._settings.customer_number,
            unit=self._settings.unit,
            warehouse=self._settings.warehouse,
            sales_channel=self._settings.sales_channel,
        )
        try:
            order = await self._http.send(Call("POST", "/CustomerOrders", "createOrder", json=body), _order)
        except Invalid as refusal:
            found = await self._find_order(delivery.reference)
            if found is None:
                raise
            order = self._must_be_the_same(await self._order(found.order_number), delivery, refusal)
        if order.order_header.order_number_external != delivery.reference:
            number = order.order_header.order_number
            raise Unreadable(f"order {number} was answered, which is not {delivery.reference}")
        return state_from_order(order, self.connection)

    async def cancel_delivery(self, remote: Ref, reason: str, key: str) -> DeliveryState:  # noqa: ARG002
        """Annul the order; annulling it twice is answered like once. `Conflict` when the warehouse has it already."""
        order = await self._order(remote.id)
        if order.order_header.order_status != CANCELLED:
            try:
                path = f"/CustomerOrders/{segment(remote.id)}"
                await self._http.send(Call("DELETE", path, "annulOrder"), _success)
            except Invalid as refusal:
                order = await self._order(remote.id)
                self._must_be_cancelled(order, refusal)
        state = state_from_order(order, self.connection)
        return DeliveryState(state.remote, state.reference, "cancelled")

    async def deliveries(self, cursor: str | None = None) -> AsyncIterator[Page[DeliveryState]]:
        """Orders that changed, by update time."""
        before = read_cursor(cursor)
        rows, asked_at = await self._changed_orders(before)
        size = self._settings.page_size
        for start in range(0, len(rows), size):
            part = rows[start : start + size]
            reached = _reached(in_utc(part[-1].change_date), asked_at, before)
            yield Page(tuple(state_from_row(row, self.connection) for row in part), write_cursor(reached))

    # Shipments

    async def shipments(self, cursor: str | None = None) -> AsyncIterator[Page[Shipment]]:
        """Shipments of orders that changed, by the orders' update time: the list by change date, then one by one."""
        before = read_cursor(cursor)
        rows, asked_at = await self._changed_orders(before)
        for row in rows:
            if row.order_status not in UNDER_WAY:
                continue
            found = shipments_from_order(await self._order(row.order_number), self.connection)
            if found:
                # An order that changed meanwhile is listed with its later moment next time; the cursor stays behind it.
                updated = in_utc(row.change_date)
                yield Page(tuple(found), write_cursor(_reached(updated, asked_at, before)))

    # Stock

    async def levels(self, cursor: str | None = None) -> AsyncIterator[Page[Level]]:
        """Levels that changed since the cursor; all of them without one. `as_of` is our clock before the question."""
        before = read_cursor(cursor)
        since = read_from(before, self._settings.overlap)
        as_of = self._http.now()
        dates: list[datetime] = []
        filters = {"modifiedDateFrom": asked(max(since, EVER))} if since else {}
        held: tuple[Level, ...] = ()
        async for rows in self._availability(filters, dates):
            if held:
                # Whoever leaves before the last page has to read all of this again.
                yield Page(held, write_cursor(before or EVER))
            held = tuple(mapped(row, AvailabilityDocument, lambda it: level_from_row(it, as_of)) for row in rows)
        if held:
            asked_at = dates[0] if dates else as_of
            yield Page(held, write_cursor(max(asked_at, before) if before else asked_at))

    async def warehouses(self) -> Sequence[Warehouse]:
        """The places levels are kept for: no call lists them, so they are read out of the balances."""
        found: dict[str, Warehouse] = {}
        async for rows in self._availability({}, []):
            for row in rows:
                read = as_document(row, AvailabilityDocument)
                found.setdefault(read.warehouse, Warehouse(read.warehouse, read.warehouse_name or read.warehouse))
        return [found[id] for id in sorted(found)]

    # Products, customers, prices: for whoever uses this connector by itself

    async def catalogue(self, since: datetime | None = None) -> AsyncIterator[ListedProduct]:
        """Products, each once; since a moment, those changed and those created (a day earlier on, to be safe).

        `modifiedDateFrom` misses products that are new, since their change date is empty: so all of them are walked
        again for their date of creation.
        """
        seen: set[str] = set()
        filters = [{"modifiedDateFrom": asked(since)}, {}] if since else [{}]
        for each in filters:
            async for rows in self._lists.bare("/Products", "listProducts", each):
                for row in rows:
                    product = as_document(row, ListedProduct)
                    new = since is None or each or in_utc(product.create_date) >= since - NEW_PRODUCTS_OVERLAP
                    if new and product.product_number not in seen:
                        seen.add(product.product_number)
                        yield product

    async def customers(self, changed_after: datetime | None = None) -> AsyncIterator[ListedCustomer]:
        """Customers, all or those that changed."""
        filters = {"changedAfterDate": asked(changed_after)} if changed_after else {}
        async for rows in self._lists.wrapped("/Customers", "listCustomers", "customerList", filters):
            for row in rows:
                yield as_document(row, ListedCustomer)

    async def customer(self, number: str) -> CustomerDocument | None:
        """One customer; None when there is none."""
        call = Call("GET", f"/Customers/{segment(number)}", "getCustomer")
        try:
            return await self._http.send(call, lambda answer: as_document(answer.json(), CustomerDocument))
        except NotFound:
            return None

    async def create_customer(
        self, name: str, address: Address, *, number: str = "", email: str = "", template: str = ""
    ) -> CustomerDocument:
        """Create a customer. `Invalid` when the number is taken; without one a repeat would make a second."""
        body = customer_to_document(name, address, number=number, email=email, template=template)
        call = Call("POST", "/Customers", "createCustomer", json=body)
        return await self._http.send(call, lambda answer: as_document(answer.json(), CustomerDocument))

    async def prices(self, customer_number: str, skus: Sequence[str] = ()) -> AsyncIterator[Price]:
        """The best prices there are just now for one customer: of all products, or of these, ten at a time."""
        groups = [skus[start : start + PRICES_AT_ONCE] for start in range(0, len(skus), PRICES_AT_ONCE)] or [()]
        for group in groups:
            pages = self._lists.wrapped(
                "/ProductPrices",
                "listPrices",
                "productPriceItemList",
                {"customerNumber": customer_number},
                repeated=[("productNumberList", sku) for sku in group],
            )
            async for rows in pages:
                for row in rows:
                    yield mapped(row, PriceDocument, price_from_row)

    # Hooks

    def verify(self, headers: Mapping[str, str], body: bytes) -> Hint:
        """Check the signature, then read what the delivery is about. Raises `BadSignature`."""
        return read_hint(headers, body, secret=self._settings.webhook_secret)

    def notifications(self, headers: Mapping[str, str], body: bytes) -> Sequence[Hint]:
        """The same with every notification: one delivery may carry several."""
        return read_hints(headers, body, secret=self._settings.webhook_secret)

    # How it is asked

    async def _order(self, number: str) -> OrderDocument:
        return await self._http.send(Call("GET", f"/CustomerOrders/{segment(number)}", "getOrder"), _order)

    async def _find_order(self, reference: str) -> ListedOrder | None:
        """All pages are walked and compared: a filter that is ignored or minds no case must not hide the order."""
        if not reference:
            return None
        filters = {"orderNumberExternal": reference, "modifiedDateFrom": asked(EVER)}
        pages = self._lists.bare("/CustomerOrders", "findOrder", filters)
        rows = [as_document(row, ListedOrder) async for page in pages for row in page]
        same = [row for row in rows if row.order_number_external == reference]
        return next((row for row in same if row.order_status != CANCELLED), same[0] if same else None)

    def _must_be_the_same(self, order: OrderDocument, delivery: Delivery, refusal: Invalid) -> OrderDocument:
        if quantities_of_order(order) == quantities_of((line.sku, line.quantity) for line in delivery.lines):
            return order
        number = order.order_header.order_number
        raise _conflict(f"order {delivery.reference} exists there as {number} and asks for other goods", refusal)

    def _must_be_cancelled(self, order: OrderDocument, refusal: Invalid) -> None:
        header = order.order_header
        if header.order_status == CANCELLED:
            return
        if header.order_status in UNDER_WAY:
            raise _conflict(f"order {header.order_number} is {header.order_status}, and cannot be annulled", refusal)
        raise refusal

    async def _changed_orders(self, before: datetime | None) -> tuple[list[ListedOrder], datetime]:
        """Every order of the window once, by change date, and the vendor's time when it was first asked.

        Rows that change while the list is walked move between pages and can be missed; those have later change dates
        than that moment, so no cursor may pass it.
        """
        since = max(read_from(before, self._settings.overlap) or EVER, EVER)
        dates: list[datetime] = []
        latest: dict[str, ListedOrder] = {}
        filters = {"modifiedDateFrom": asked(since)}
        async for rows in self._lists.bare("/CustomerOrders", "listOrders", filters, dates):
            if not dates:  # a vendor that tells no time: the latest change on the first page is earlier still
                dates.append(max(in_utc(as_document(row, ListedOrder).change_date) for row in rows))
            for row in rows:
                found = as_document(row, ListedOrder)
                known = latest.get(found.order_number)
                if known is None or found.change_date >= known.change_date:
                    latest[found.order_number] = found
        ordered = sorted(latest.values(), key=lambda row: (in_utc(row.change_date), row.order_number))
        return ordered, dates[0] if dates else self._http.now()  # without a row nobody uses it

    async def _availability(
        self, filters: Mapping[str, str], dates: list[datetime]
    ) -> AsyncIterator[Sequence[Document]]:
        key = "productAvailabilityList"
        async for rows in self._lists.wrapped("/ProductAvailability", "listAvailability", key, filters, dates=dates):
            yield rows


def complaint(answer: Answer) -> Complaint:
    """What Extend complains of. By its words a 400 may be a row that is not there, or a fault that passes."""
    try:
        document = answer.json_object()
    except ConnectorError:
        return Complaint()
    message = document.get("Message")
    words = [message] if isinstance(message, str) else []
    state = document.get("ModelState")
    if isinstance(state, dict):
        words += [f"{field}: {_text(said)}" for field, said in state.items()]
    text = " ".join(words)
    return Complaint(message=text, kind=_kind(text) if answer.status == 400 else None)


def _text(said: object) -> str:
    return ", ".join(map(str, said)) if isinstance(said, list) else str(said)


def _kind(words: str) -> type[ConnectorError] | None:
    """A deadlock's victim was rolled back; what timed out may have been done in part."""
    said = words.lower()
    if "deadlock" in said and "rerun the transaction" in said:
        return Unavailable
    if "timeout" in said and ("expired" in said or "execution" in said):
        return Broken
    if "there is no row at position 0" in said:
        return NotFound
    return None


def wait_seconds(answer: Answer) -> float | None:
    """Until the window ends, by its own header and the vendor's own clock; None where it does not say."""
    try:
        reset = float(answer.headers.get("x-ratelimit-reset", ""))
    except ValueError:
        return None
    if answer.status != 429 or answer.date is None or not 0 < reset < 2**40:
        return None
    return max(1.0, reset - answer.date.timestamp())


def _reached(updated: datetime, asked_at: datetime, before: datetime | None) -> datetime:
    reached = min(updated, asked_at)
    return max(reached, before) if before else reached


def _conflict(message: str, refusal: Invalid) -> Conflict:
    return Conflict(
        message,
        tried=refusal.tried,
        status=refusal.status,
        excerpt=refusal.excerpt,
        code=refusal.code,
        next_step="Compare the two; then cancel the one there, or mark this one as done.",
    )


def _order(answer: Answer) -> OrderDocument:
    return as_document(answer.json(), OrderDocument)


def _success(answer: Answer) -> Success:
    return as_document(answer.json(), Success)
