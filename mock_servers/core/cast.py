"""What a vendor has to bring to play a part: a place in a world, people's deeds, and a view from outside.

A cart and a warehouse system are all that simulations know. A vendor's own parts are in `mock_servers/<vendor>/cast.py`
and found there by their base class; the people, the faults and the judge stay as they are.
"""

import asyncio
import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

import httpx
from msgspec import Struct

from mock_servers.core.sides import CartSide, WarehouseSide
from mock_servers.core.world import World

READ_ATTEMPTS_MAXIMUM = 100


class Person(Struct, frozen=True):
    """Somebody who has things sent."""

    first_name: str
    last_name: str
    street: str
    city: str
    region: str
    postal_code: str
    country: str

    @property
    def to(self) -> str:
        """As both sides show it."""
        return f"{self.first_name} {self.last_name}, {self.street}, {self.city}, {self.country}"


class Waiting(Struct, frozen=True):
    """What a clerk sees on the screen: a reference, and units left to ship."""

    reference: str
    left: Mapping[str, int]


class Part(ABC):
    """One account at one vendor, in one world. `name` is the connection."""

    vendor: ClassVar[str]
    dialect: ClassVar[str] = ""
    """The surface its connector speaks to, where the vendor has a connector for several; empty for the first."""
    topics: ClassVar[tuple[str, ...]] = ()
    """The webhooks it can tell us by."""
    renews: ClassVar[bool] = True
    """False where a token that was taken back can only be had again by a person: then nobody takes one back."""
    connector_class: ClassVar[type[Any] | None] = None
    """Another connector than the vendor's own, for those who plant a defect."""

    def __init__(self, name: str, world: World) -> None:
        self.name = name
        self.world = world

    @property
    def credentials(self) -> Mapping[str, str]:
        return self.world.credentials[self.vendor]

    def act(self, action: str, **arguments: Any) -> Any:
        """Have somebody do something there. Raises UsageError or Refusal where it cannot be done."""
        return self.world.act(self.vendor, action, arguments)

    def move_in(self) -> None:  # noqa: B027 - most accounts are ready to use
        """What a new account needs before anything can be kept in it."""

    def ease_limits(self) -> dict[str, Any]:
        """Have the vendor allow calls enough for a story in real time. Answers what its connector's settings must say
        of that, where it keeps to a number of its own."""
        return {}

    def lag_by(self, seconds: float) -> None:  # noqa: B027 - most vendors have no index that trails
        """Have the vendor's search trail its writes by so much, if it has such an index."""

    def forget_numbers(self) -> None:  # noqa: B027 - most vendors are known to take such an order, or to refuse it
        """Have the vendor take an order with a number it has already as another one, where it is only assumed not to.

        Whoever writes to it then has to look before repeating: nothing there stands between a lost answer and a second
        parcel. A vendor without such a guard has nothing to do here."""

    @abstractmethod
    def settings(self) -> dict[str, Any]:
        """What an operator would write about this account: fields of its connector's `Settings`, by name."""


class CartPart(Part):
    """A vendor that sells."""

    takes_orders: ClassVar[bool] = True
    """False for one that is only told of stock."""

    @abstractmethod
    def offer(self, sku: str, price: str) -> None:
        """Put something on sale, of which there is nothing yet."""

    @abstractmethod
    def check_out(self, person: Person, basket: Mapping[str, int], *, paid: bool) -> str:
        """Somebody buys; answers the order's id."""

    @abstractmethod
    def pay(self, order: str) -> None:
        """The money comes in."""

    @abstractmethod
    def cancel(self, order: str) -> None:
        """The merchant cancels it for the shopper."""

    @abstractmethod
    def edit(self, order: str, quantities: Mapping[str, int], person: Person | None) -> None:
        """The merchant changes quantities (0 takes a line off) or the address."""

    @abstractmethod
    async def read(self, http: httpx.AsyncClient) -> CartSide:
        """Everything, through the public API."""


class WarehousePart(Part):
    """A vendor that ships."""

    creates_orders_by: ClassVar[str]
    """The operation that makes an order there."""

    @abstractmethod
    def stock(self, sku: str, quantity: int) -> None:
        """A new product, and what there is of it."""

    @abstractmethod
    def count(self, sku: str, quantity: int) -> None:
        """Somebody counts a shelf."""

    @abstractmethod
    def waiting(self) -> list[Waiting]:
        """What is to be shipped, oldest first."""

    @abstractmethod
    def prepare(self, reference: str) -> None:
        """Pick or pack, whatever comes next."""

    @abstractmethod
    def ship(self, reference: str, units: Mapping[str, int], parcels: int, carrier: str) -> dict[str, dict[str, int]]:
        """Hand it to the carrier; answers parcel id → units."""

    @abstractmethod
    def void(self, parcel: str) -> None:
        """The label is voided; the parcel never left."""

    @abstractmethod
    def cancel(self, reference: str) -> None:
        """Somebody cancels it at the desk."""

    @abstractmethod
    async def read(self, http: httpx.AsyncClient) -> WarehouseSide:
        """Everything, through the public API."""


async def read_json(http: httpx.AsyncClient, method: str, path: str, **rest: Any) -> Any:
    """An answer read as JSON, waiting as long as the vendor says when it is asked too often."""
    for _ in range(READ_ATTEMPTS_MAXIMUM):
        reply = await http.request(method, path, **rest)
        if reply.status_code != 429:
            reply.raise_for_status()
            return json.loads(reply.content)
        await asyncio.sleep(float(reply.headers.get("retry-after", "10")))
    raise RuntimeError(f"{method} {path} is throttled for ever")
