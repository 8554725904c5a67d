"""What sync asks of a connector: one small protocol for each part a vendor can play.

Three outcomes decide everything for a write, and each is an exception of `connectors.core.errors`:

- `NotApplied` (429, refused connection, 503 at the door): nothing happened; repeat when it says.
- `Unknown` (time-out, reset, any other 5xx, a body that does not parse): wait `settle`, look it up, then decide.
- `Refused` (any other 4xx, a refusal inside a 200): a person has to look; never repeated by itself.

Every write therefore has its `find_…`. A `find_…` answers `None` only when the vendor was asked and does not have it.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import timedelta
from typing import Protocol, runtime_checkable

from connectors.canonical import (
    Delivery,
    DeliveryState,
    Fulfillment,
    Hint,
    Level,
    Order,
    Page,
    Product,
    Ref,
    Shipment,
    Subscription,
    Warehouse,
)


@runtime_checkable
class Connector(Protocol):
    """One connection to one vendor. It owns auth, paging, errors and limits, and knows nothing of the ledger."""

    connection: str
    settle: timedelta
    """After an unknown outcome, how long until a look-up can be trusted: time-out, lateness, and the vendor's lag."""

    async def check(self) -> str:
        """Prove the credentials by the cheapest call there is; answers the account's name at the vendor."""

    async def aclose(self) -> None:
        """Give the connections back."""


@runtime_checkable
class OrderSource(Connector, Protocol):
    """A cart: orders start here."""

    def orders(self, cursor: str | None = None) -> AsyncIterator[Page[Order]]:
        """Orders by update time, ascending, from the cursor (overlapping it) to now; each page with its own cursor."""

    async def order(self, id: str) -> Order | None:
        """One order by the vendor's id, for webhooks and repair."""

    async def cancel_order(self, id: str, reason: str, key: str) -> None:
        """The destination will not ship it: cancel it at the source. Refused when something was fulfilled."""


@runtime_checkable
class OrderDestination(Connector, Protocol):
    """Where orders are fulfilled."""

    async def find_delivery(self, reference: str) -> DeliveryState | None:
        """The delivery with exactly this reference."""

    async def deliver(self, delivery: Delivery, key: str) -> DeliveryState:
        """Create the order there. `key` is sent as the idempotency key where the vendor has one."""

    async def cancel_delivery(self, remote: Ref, reason: str, key: str) -> DeliveryState:
        """Cancel it there. Repeating is harmless; `Refused` when it has shipped."""

    def deliveries(self, cursor: str | None = None) -> AsyncIterator[Page[DeliveryState]]:
        """What changed at the destination, by update time, so that cancellations made there are learnt."""


@runtime_checkable
class ShipmentSource(Connector, Protocol):
    """Where parcels leave from."""

    def shipments(self, cursor: str | None = None) -> AsyncIterator[Page[Shipment]]:
        """Shipments by update time, ascending, voided ones included."""


@runtime_checkable
class ShipmentSink(Connector, Protocol):
    """Who wants to know what was shipped."""

    async def find_fulfillment(self, fulfillment: Fulfillment) -> str | None:
        """The vendor's id of the live fulfilment with these parcels, or with these lines where there is no tracking."""

    async def fulfill(self, fulfillment: Fulfillment, key: str) -> str:
        """Tell the cart; answers the vendor's id."""

    async def cancel_fulfillment(self, id: str, key: str) -> None:
        """The shipment was voided. Repeating is harmless."""


@runtime_checkable
class InventorySource(Connector, Protocol):
    """Who knows the stock."""

    def levels(self, cursor: str | None = None) -> AsyncIterator[Page[Level]]:
        """Levels, all of them or those changed since the cursor, whichever the vendor can say."""

    async def warehouses(self) -> Sequence[Warehouse]:
        """The places levels are kept for."""


@runtime_checkable
class InventorySink(Connector, Protocol):
    """Who publishes the stock."""

    async def set_levels(self, levels: Sequence[Level], key: str) -> Mapping[str, str]:
        """Set absolute available quantities. Answers SKU → reason for each that was refused; the others were set."""

    async def find_levels(self, skus: Sequence[str]) -> Mapping[str, int]:
        """What is published now, by SKU; a SKU the vendor does not know is left out."""


@runtime_checkable
class ProductSource(Connector, Protocol):
    """Who knows the catalogue."""

    def products(self, cursor: str | None = None) -> AsyncIterator[Page[Product]]:
        """Products by update time, ascending."""


@runtime_checkable
class WebhookSource(Protocol):
    """Who calls us."""

    def verify(self, headers: Mapping[str, str], body: bytes) -> Hint:
        """Check the signature over the raw bytes, then read what happened. Raises `BadSignature`."""


@runtime_checkable
class WebhookSubscriber(Connector, WebhookSource, Protocol):
    """Who can be asked, over the API, to call us."""

    topics: Sequence[str]
    """What tells of anything that is kept in step here."""

    async def subscribe(self, topic: str, uri: str) -> Subscription:
        """Have this topic sent there; the same topic and address twice is one subscription."""

    async def subscriptions(self) -> Sequence[Subscription]:
        """Those that are there."""

    async def unsubscribe(self, id: str) -> None:
        """Take one back; one that is gone stays gone."""
