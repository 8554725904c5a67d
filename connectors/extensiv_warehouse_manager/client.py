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

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Unpack
from urllib.parse import quote

from connectors.canonical import Delivery, DeliveryState, Hint, Level, Page, Product, Ref, Shipment, Warehouse
from connectors.core.auth import ClientCredentials
from connectors.core.connector import Connector, Edge
from connectors.core.cursors import write_cursor
from connectors.core.errors import Invalid, Unreadable
from connectors.core.http import Http
from connectors.core.paging import Document
from connectors.core.reading import as_document, mapped, understood
from connectors.core.throttle import CallsPerWindow
from connectors.core.wire import Answer, Call
from connectors.extensiv_warehouse_manager.hal import FACILITIES, HAL, ITEMS, complaint, embedded, summaries
from connectors.extensiv_warehouse_manager.lists import Lists, Row, Window
from connectors.extensiv_warehouse_manager.mapping import (
    CustomerDocument,
    FacilityDocument,
    ItemDocument,
    OrderDocument,
    SummaryDocument,
    levels_from_summaries,
    product_from_item,
    shipments_from_order,
    warehouse_from_facility,
)
from connectors.extensiv_warehouse_manager.orders import Orders
from connectors.extensiv_warehouse_manager.settings import Settings
from connectors.extensiv_warehouse_manager.webhooks import read_hint


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
        self._orders = Orders(http, settings, self._customer, self._facility)
        self._lists = Lists(http, settings)

    async def check(self) -> str:
        """Prove the credentials; answers the customer's name."""
        call = Call("GET", f"/customers/{self._customer}", "getCustomer", headers=HAL)
        customer = await self._http.send(call, lambda answer: as_document(answer.json(), CustomerDocument))
        return customer.company_info.company_name

    # Orders

    async def find_delivery(self, reference: str) -> DeliveryState | None:
        """The order with exactly this reference; of several, the oldest that is not cancelled."""
        return await self._orders.find(reference)

    async def deliver(self, delivery: Delivery, key: str) -> DeliveryState:  # noqa: ARG002 - it has no such header
        """Create the order. When it exists already with the same items, that one is the answer.

        Raises `Conflict` when an order with this reference asks for other items.
        """
        return await self._orders.deliver(delivery)

    async def cancel_delivery(self, remote: Ref, reason: str, key: str) -> DeliveryState:  # noqa: ARG002
        """Cancel the order; one that is cancelled is answered as it is. `Conflict` when it has shipped."""
        return await self._orders.cancel(remote, reason)

    async def deliveries(self, cursor: str | None = None) -> AsyncIterator[Page[DeliveryState]]:
        """Orders that changed, by update time."""
        async for page in self._orders.changed(cursor, "", lambda order: [self._orders.state(order)]):
            yield page

    # Shipments

    async def shipments(self, cursor: str | None = None) -> AsyncIterator[Page[Shipment]]:
        """Packages of orders that changed, by update time. Two packages of one order are two shipments here."""

        def shipped(order: OrderDocument) -> Sequence[Shipment]:
            return shipments_from_order(order, self.connection, self._settings.server_ahead)

        async for page in self._orders.changed(cursor, "OrderItems,Packages", shipped):
            yield page

    # Stock and items

    async def levels(self, cursor: str | None = None) -> AsyncIterator[Page[Level]]:  # noqa: ARG002 - always all of it
        """All levels in the facility. `as_of` is our clock just before the question: no level is older than that."""
        as_of = self._http.now()
        params = {"rql": f"customerIdentifier.id=={self._customer};facilityId=={self._facility}"}
        found: list[SummaryDocument] = []
        async for rows in self._lists.rows("/inventory/stocksummaries", "listStockSummaries", params, summaries):
            found += [as_document(row, SummaryDocument) for row in rows]
        levels = understood("a stock summary", lambda: levels_from_summaries(found, as_of))
        size = self._settings.page_size
        for start in range(0, len(levels), size):
            yield Page(tuple(levels[start : start + size]), write_cursor(as_of))

    async def warehouses(self) -> Sequence[Warehouse]:
        """The place levels are kept for."""
        rows = self._lists.rows("/properties/facilities", "listFacilities", {}, embedded(FACILITIES))
        found = [mapped(row, FacilityDocument, warehouse_from_facility) async for page in rows for row in page]
        return [warehouse for warehouse in found if warehouse.id == str(self._facility)]

    async def products(self, cursor: str | None = None) -> AsyncIterator[Page[Product]]:
        """Items that changed, by update time."""
        ahead = self._settings.server_ahead

        def row(document: Document) -> list["Row[Product]"]:
            product = mapped(document, ItemDocument, lambda item: product_from_item(item, self.connection, ahead))
            return [Row(product.source.id, product.updated, product)]

        window = Window(f"/customers/{self._customer}/items", "listItems", (), {}, ITEMS)
        async for page in self._lists.changed(window, cursor, row):
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


def _number(text: str, name: str) -> int:
    if not (text.isascii() and text.isdecimal()):
        raise Invalid(f"{name} is {quote(text[:40])!r}, and has to be a number", next_step=f"Set {name}.")
    return int(text)
