"""A rig: what one vendor's folder says so that the suites of ports can put its connector through them.

`tests/<vendor>/rig.py` defines `RIG`, or `RIGS` where it has several connectors; the folder is the registration. Which
ports a connector plays is asked of the connector itself, and only what those ports need has to be in its rig.
People's steps go through the fake's actions; what is there is read out of the fake's own documents, never through the
connector.
"""

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import replace
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar

import httpx
import pytest

from connectors import ports
from connectors.canonical import Address, Delivery, DeliveryState, Fulfillment, Level, Order, Product, Ref, Shipment
from contracts.contract import load
from tests.ports.stage import Edge, Stage, chance, ground

UNLIMITED = 1_000_000
FOLDER = Path(__file__).parent.parent
PORTS = (
    ports.OrderSource,
    ports.OrderDestination,
    ports.ShipmentSource,
    ports.ShipmentSink,
    ports.InventorySource,
    ports.InventorySink,
    ports.ProductSource,
    ports.WebhookSource,
)


class Rig:
    """One vendor's. What is not overridden is not needed, or cannot be done there."""

    vendor: ClassVar[str]
    dialect: ClassVar[str] = ""
    """Where a vendor has several connectors, the surface this one speaks to; empty for its first."""
    kind: type[Any]
    """The connector's class."""

    @property
    def name(self) -> str:
        """The vendor's, and the dialect's where there is one."""
        return "_".join(filter(None, (self.vendor, self.dialect)))

    def of(self, kind: type[Any]) -> "Rig":
        """The same rig with another connector, made the same way."""
        other = copy(self)
        other.kind = kind
        return other

    # The connector

    lifted: ClassVar[Mapping[str, Any]] = {"calls_per_minute": UNLIMITED}
    """The connector's settings that free it of limits of its own."""
    wrong: ClassVar[Mapping[str, Any]]
    """Settings that nobody is let in with."""
    unsafe: ClassVar[str]
    """An `http://` address beyond this machine."""

    def settings(self, stage: Stage) -> Any:
        """The connector's settings, as in production, with the world's credentials."""
        raise NotImplementedError

    def made(self, stage: Stage, settings: Any, **edge: Any) -> Any:
        """The connector, on the story's time."""
        return self.kind(settings, clock=stage.clock, chance=chance(), **edge)

    def connect(self, stage: Stage, edge: Edge, **settings: Any) -> Any:
        """The connector with the world's credentials, unbounded by limits of its own, sending over `edge`."""
        return self.made(stage, replace(self.settings(stage), **{**self.lifted, **settings}), transport=edge)

    def real(self, stage: Stage) -> Any:
        """The connector as in production: the vendor's own addresses, httpx's own transport."""
        return self.made(stage, self.settings(stage))

    def unencrypted(self, stage: Stage) -> Any:
        """The same with an `http://` address beyond this machine. Raises `Invalid`."""
        return self.made(stage, replace(self.settings(stage), base_url=self.unsafe))

    def stranger(self, stage: Stage, edge: Edge) -> Any:
        """The connector with credentials that are wrong."""
        return self.made(stage, replace(self.settings(stage), **self.wrong), transport=edge)

    def paced(self, stage: Stage, edge: Edge) -> Any:
        """The connector with the limits it keeps in production, and so does the vendor."""
        self.restore_limits(stage)
        return self.made(stage, self.settings(stage), transport=edge)

    def restore_limits(self, stage: Stage) -> None:
        """The vendor's limits as they are in production, where `furnish` lifted them."""

    def renewing(self) -> Mapping[str, Any]:
        """Ways to have a token that ends, by name: `async (stage, edge) -> connector`; none where nothing ends."""
        return {}

    def furnish(self, stage: Stage) -> None:
        """What a world needs before anything can happen in it; the vendor's limits are lifted."""
        raise NotImplementedError

    # What goes over the wire

    knows: ClassVar[Sequence[str]]
    """The secrets the connector is told of, by their names in the credentials."""

    surface: ClassVar[str]
    """The surface of the contract that the connector speaks to."""
    token_surface: ClassVar[str]
    """And the one it gets its tokens from."""

    def complaints(self, request: httpx.Request, words: str) -> Sequence[httpx.Response]:
        """Ways to say no to this request, with the words wherever the vendor would put any."""
        raise NotImplementedError

    bare_lists: ClassVar[bool] = False
    """Whether some of its lists are arrays and nothing else, so that an empty one is an answer."""

    def is_page(self, reply: httpx.Response) -> bool:
        """Whether there are rows of a list in it."""
        raise NotImplementedError

    def endless(self, page: httpx.Response, number: int) -> httpx.Response:
        """A page as if the list had no end; another page for another number."""
        raise NotImplementedError

    def told_to_wait(self, reply: httpx.Response) -> float | None:
        """The seconds a reply tells its caller to wait; None when it was not refused for its limits."""
        raise NotImplementedError

    keeps: ClassVar[frozenset[str] | None] = None
    """The limits, by their names in the profile, that the connector's own pace is made for; None is all of them."""

    def share_a_limit(self, one: httpx.Request, other: httpx.Request) -> bool:
        """Whether two requests are counted by the same limit."""
        return True

    crowd: ClassVar[int] = 150
    """So many callers at once that the limits are met, and so few that all but a fifth are served within patience."""

    def tighten(self, stage: Stage) -> None:
        """Limits so low that two connectors meet them."""
        raise NotImplementedError

    def is_token_request(self, request: httpx.Request) -> bool:
        raise NotImplementedError

    def is_change(self, request: httpx.Request) -> bool:
        """Whether the request may change something."""
        raise NotImplementedError

    refusals: ClassVar[Mapping[str, str]] = {}
    """What a refusal means that its HTTP status does not tell: code of the profile → NotApplied, Unknown, Refused."""

    unguarded: ClassVar[Mapping[tuple[str, str], str]] = {}
    """(write, fault) → why the vendor does it twice, and no connector can help it."""

    arrangements: ClassVar[frozenset[str]] = frozenset()
    """Kinds of documents that a write rearranges before it does what it is for: nothing is told by them, and a repeat
    finds them as it needs them."""

    errors_inside: ClassVar[Sequence[Any]] = ()
    """Bodies that say, under 200, that something went wrong."""

    # OrderSource

    def place_order(self, stage: Stage) -> str:
        """Somebody buys; answers the order's id as rows have it."""
        raise NotImplementedError

    def buy(self, stage: Stage, to: Address, lines: Mapping[str, int], email: str, note: str, shipping: str) -> str:
        """Somebody buys just this."""
        raise NotImplementedError

    def touch_order(self, stage: Stage, id: str) -> None:
        """Somebody changes an order."""
        raise NotImplementedError

    def ship_order(self, stage: Stage, id: str) -> None:
        """Something of the order leaves."""
        raise NotImplementedError

    def is_order_cancelled(self, stage: Stage, id: str) -> bool:
        raise NotImplementedError

    # OrderDestination

    def new_delivery(self, stage: Stage) -> Delivery:
        """An order to deliver that is not there yet."""
        raise NotImplementedError

    def other_delivery(self, delivery: Delivery) -> Delivery:
        """One with the same reference that asks for other goods."""
        raise NotImplementedError

    def place_delivery(self, stage: Stage) -> str:
        """Somebody else orders there; answers the row's id."""
        raise NotImplementedError

    def touch_delivery(self, stage: Stage, id: str) -> None:
        raise NotImplementedError

    def ship_delivery(self, stage: Stage, id: str) -> None:
        """Everything of it leaves."""
        raise NotImplementedError

    def deliveries_there(self, stage: Stage, reference: str) -> list[Any]:
        """What the vendor keeps under this reference, each as `wanted_delivery` says it."""
        raise NotImplementedError

    def wanted_delivery(self, delivery: Delivery) -> Any:
        """What the vendor should keep of a delivery."""
        raise NotImplementedError

    def is_delivery_cancelled(self, stage: Stage, remote: Ref) -> bool:
        raise NotImplementedError

    # ShipmentSource

    voids: ClassVar[bool] = True
    """Whether a shipment can be taken back there."""

    def place_shipment(self, stage: Stage) -> str:
        raise NotImplementedError

    def touch_shipment(self, stage: Stage, id: str) -> None:
        raise NotImplementedError

    # ShipmentSink

    def fulfillments(self) -> Mapping[str, Any]:
        """Kinds of shipments to tell of, by name: `(stage) -> Fulfillment`."""
        raise NotImplementedError

    def told(self, stage: Stage, fulfillment: Fulfillment) -> dict[str, int]:
        """How many of each order line the vendor says have left."""
        raise NotImplementedError

    def telling(self, stage: Stage, order: Ref) -> list[Any]:
        """Every live fulfilment of an order: (parcels' numbers, carrier, {line: quantity})."""
        raise NotImplementedError

    # InventorySource and InventorySink

    def skus(self, stage: Stage) -> Sequence[str]:
        """What is stocked, at least three."""
        raise NotImplementedError

    def count_stock(self, stage: Stage, sku: str, quantity: int) -> None:
        """Somebody counts: so many are available."""
        raise NotImplementedError

    def available(self, stage: Stage, sku: str) -> int:
        raise NotImplementedError

    def warehouse_ids(self, stage: Stage) -> Sequence[str]:
        raise NotImplementedError

    def level(self, stage: Stage, sku: str, available: int) -> Level:
        """A level to publish."""
        raise NotImplementedError

    def place_level(self, stage: Stage) -> str:
        """Something is stocked for the first time; answers `warehouse:sku`."""
        raise NotImplementedError

    def touch_level(self, stage: Stage, id: str) -> None:
        """Somebody counts it anew."""
        self.count_stock(stage, id.partition(":")[2], 100 + stage.number())

    # ProductSource

    def place_product(self, stage: Stage) -> str:
        raise NotImplementedError

    def touch_product(self, stage: Stage, id: str) -> None:
        """Change one; vendors whose products nobody can change do nothing."""

    # WebhookSource

    tells_when: ClassVar[bool] = True
    """Whether a delivery says when it happened."""
    counts_attempts: ClassVar[bool] = False
    """Whether each attempt of a delivery has bytes of its own, and only its id stays."""
    signature_minds_case: ClassVar[bool] = True
    """False where a signature is hexadecimal digits."""

    async def listen(self, stage: Stage, address: str) -> None:
        """Subscribe to everything the connector can be told of."""
        raise NotImplementedError

    def happen(self, stage: Stage) -> Sequence[tuple[str, str]]:
        """Things happen that are told of; answers (topic, subject) for those whose subject is known."""
        raise NotImplementedError

    def listening(self, stage: Stage, *, secret: str | None = None, account: str | None = None) -> Any:
        """A connector that verifies with another signing secret, or for another account."""
        said = self.listener(secret, account)
        return self.made(stage, replace(self.settings(stage), **said), transport=Edge(stage.edge.inner))

    def listener(self, secret: str | None, account: str | None) -> Mapping[str, Any]:
        """The settings that say so; none of what is None."""
        raise NotImplementedError

    # Asked of the connector

    @cache  # noqa: B019 - a rig lives as long as the process
    def ports(self) -> frozenset[type]:
        """The ports this vendor's connector plays."""
        sandbox, _ = ground(self)
        connector = self.connect(Stage(self, sandbox), Edge(sandbox.transport(self.vendor)))
        return frozenset(port for port in PORTS if isinstance(connector, port))


@cache
def rigs() -> tuple[Rig, ...]:
    """Every vendor's rigs, in the order of the folders."""
    names = sorted(path.parent.name for path in FOLDER.glob("*/rig.py") if path.parent.name != "ports")
    modules = [import_module(f"tests.{name}.rig") for name in names]
    return tuple(rig for module in modules for rig in getattr(module, "RIGS", None) or (module.RIG,))


def playing(*wanted: type) -> pytest.MarkDecorator:
    """The test is for every vendor whose connector plays these ports."""
    chosen = [rig for rig in rigs() if rig.ports() >= set(wanted)]
    return pytest.mark.parametrize("rig", chosen, ids=[rig.name for rig in chosen])


def hosts_of(rig: Rig) -> Sequence[str]:
    """The vendor's real host names."""
    return load(rig.vendor).profile.hosts


def id_of(row: Any) -> str:
    """What a row of any feed is known by."""
    match row:
        case Order() | Shipment() | Product():
            return row.source.id
        case DeliveryState():
            return row.remote.id
        case Level():
            return f"{row.warehouse}:{row.sku}"
    raise TypeError(f"no row of a feed: {row!r}")
