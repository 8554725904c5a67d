"""Who is synced, and how: one merchant's connections, its SKUs, its safety stock, its habits. Values, no behaviour."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property

from connectors.canonical import Ref
from connectors.ports import (
    Connector,
    InventorySink,
    InventorySource,
    OrderDestination,
    OrderSource,
    ShipmentSink,
    ShipmentSource,
)


@dataclass(frozen=True)
class Part:
    """What one unit of a cart's SKU takes from the warehouse."""

    sku: str
    multiplier: int = 1

    def __post_init__(self) -> None:
        if self.multiplier < 1:
            raise ValueError(f"{self.sku}: a multiplier is at least 1")


@dataclass(frozen=True)
class SkuRule:
    """A cart's SKU that the warehouse calls otherwise: one part for another name or a multipack, several for a kit.

    `cart` empty means every cart.
    """

    sku: str
    parts: tuple[Part, ...]
    cart: str = ""

    def __post_init__(self) -> None:
        if not self.parts:
            raise ValueError(f"{self.sku}: a rule without parts maps to nothing")
        if len({part.sku for part in self.parts}) != len(self.parts):
            raise ValueError(f"{self.sku}: each part is named once, with its multiplier")


class SkuMap:
    """Cart SKU → warehouse SKUs, and back.

    A SKU without a rule keeps its name, unless `known` lists the warehouse's SKUs: then one that is neither ruled nor
    known does not map, and its order waits in the error queue instead of being delivered with a line nobody can ship.
    """

    def __init__(self, rules: Sequence[SkuRule] = (), *, known: Sequence[str] | None = None) -> None:
        self._parts = {(rule.cart, rule.sku): rule.parts for rule in rules}
        self._known = None if known is None else frozenset(known)
        if len(self._parts) != len(rules):
            raise ValueError("two rules for the same SKU of the same cart")

    def parts(self, cart: str, sku: str) -> tuple[Part, ...] | None:
        """What one unit of this cart's SKU takes from the warehouse; None when it does not map."""
        ruled = self._parts.get((cart, sku)) or self._parts.get(("", sku))
        if ruled or not sku:
            return ruled
        return (Part(sku),) if self._known is None or sku in self._known else None

    def listings(self, cart: str, warehouse_sku: str) -> list[str]:
        """The cart's SKUs whose stock depends on this SKU of the warehouse.

        A SKU that rules give other names in this cart is not listed there under its own, unless it is known.
        """
        named = self._named(cart).get(warehouse_sku, ())
        own = self.parts(cart, warehouse_sku) == (Part(warehouse_sku),)
        keeps_its_name = own and (not named or (self._known is not None and warehouse_sku in self._known))
        return sorted({*named, warehouse_sku} if keeps_its_name else set(named))

    def _named(self, cart: str) -> Mapping[str, Sequence[str]]:
        if cart not in self._listings:
            found: dict[str, list[str]] = {}
            for rule_cart, sku in self._parts:
                if rule_cart in ("", cart):
                    for part in self.parts(cart, sku) or ():
                        found.setdefault(part.sku, []).append(sku)
            self._listings[cart] = found
        return self._listings[cart]

    @cached_property
    def _listings(self) -> dict[str, dict[str, list[str]]]:
        return {}


@dataclass(frozen=True)
class Every:
    """How often each function runs at the least; it runs sooner when it has something to do."""

    order_download: timedelta = timedelta(minutes=5)
    order_delivery: timedelta = timedelta(minutes=5)
    shipping_confirmations: timedelta = timedelta(minutes=10)
    shipment_upload: timedelta = timedelta(minutes=10)
    inventory: timedelta = timedelta(minutes=15)
    inventory_upload: timedelta = timedelta(minutes=15)
    retention: timedelta = timedelta(days=1)


@dataclass(frozen=True)
class Settings:
    """The merchant's habits, and the engine's bounds."""

    deliver_unpaid: bool = False
    """Deliver orders whose payment is pending as well."""

    delivery_delay: timedelta = timedelta(0)
    """How long an order rests before it is delivered: a cancellation within that time costs no call."""

    notify_customer: bool = False
    """Let the cart write to the shopper when a shipment is uploaded."""

    safety_default: int = 0
    safety: Mapping[str, int] = field(default_factory=dict)
    """Units never offered for sale, by warehouse SKU."""

    stock_lag: timedelta = timedelta(0)
    """How far the warehouse's stock numbers may trail its orders. Within it, orders are subtracted once more."""

    warehouses: frozenset[str] = frozenset()
    """The places whose stock is for sale; empty means all."""

    locations: Mapping[str, str] = field(default_factory=dict)
    """Where a cart keeps the stock we publish, by connection; empty means where its connector says."""

    keep: timedelta = timedelta(days=180)
    """How long an order that is over is remembered with all that was said of it. What was done is never forgotten."""

    every: Every = field(default_factory=Every)
    sku_length_maximum: int = 255
    quantity_maximum: int = 1_000_000
    calls_at_once: int = 8
    level_chunk: int = 100
    unknown_maximum: int = 10
    """So many outcomes in a row that nobody knows, and a person has to look."""

    retry_seconds_minimum: float = 1.0
    retry_seconds_maximum: float = 300.0
    lease: timedelta = timedelta(seconds=30)
    pages_maximum: int = 10_000
    effects_maximum: int = 1_000
    """So many effects in one pass; the rest has its turn at once after the lane's other passes."""


class NotCapable(ValueError):  # noqa: N818 - named for what is wrong with the connection
    """The connection cannot play a part the merchant needs."""


@dataclass(frozen=True)
class Merchant:
    """One merchant: its carts, its warehouse system, and how SKUs translate.

    A connector plays the parts its methods allow: a cart that takes no fulfilments is simply not told of shipments.
    Raises ValueError for names that cannot be told apart.
    """

    name: str
    carts: tuple[Connector, ...]
    wms: Connector
    skus: SkuMap = field(default_factory=SkuMap)
    settings: Settings = field(default_factory=Settings)

    def __post_init__(self) -> None:
        names = [self.wms.connection, *(cart.connection for cart in self.carts)]
        for name in names:
            if not name or ":" in name:
                raise ValueError(f"{name!r} cannot name a connection: it needs a name without a colon")
        if len(set(names)) != len(names):
            raise ValueError(f"connections of {self.name} share a name: {', '.join(sorted(names))}")

    @cached_property
    def connections(self) -> Mapping[str, Connector]:
        return {connector.connection: connector for connector in (self.wms, *self.carts)}

    @cached_property
    def order_sources(self) -> Mapping[str, OrderSource]:
        return {cart.connection: cart for cart in self.carts if isinstance(cart, OrderSource)}

    @cached_property
    def shipment_sinks(self) -> Mapping[str, ShipmentSink]:
        return {cart.connection: cart for cart in self.carts if isinstance(cart, ShipmentSink)}

    @cached_property
    def inventory_sinks(self) -> Mapping[str, InventorySink]:
        return {cart.connection: cart for cart in self.carts if isinstance(cart, InventorySink)}

    @cached_property
    def destination(self) -> OrderDestination:
        if isinstance(self.wms, OrderDestination):
            return self.wms
        raise NotCapable(f"{self.wms.connection} takes no orders")

    @cached_property
    def shipment_source(self) -> ShipmentSource | None:
        return self.wms if isinstance(self.wms, ShipmentSource) else None

    @cached_property
    def inventory_source(self) -> InventorySource | None:
        return self.wms if isinstance(self.wms, InventorySource) else None

    def settle(self, lane: str) -> timedelta:
        return self.connections[lane].settle

    def safety(self, warehouse_sku: str) -> int:
        return self.settings.safety.get(warehouse_sku, self.settings.safety_default)

    def order_of(self, reference: str) -> Ref | None:
        """The order a reference stands for, if it is one of this merchant's."""
        cart, colon, id = reference.partition(":")
        return Ref(cart, id) if colon and id and cart in self.order_sources else None
