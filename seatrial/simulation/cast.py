"""Who plays which part: every class of a part that a vendor's folder has, put together into casts."""

import inspect
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any, TypeVar

import httpx

from connectors.core.clock import Clock
from connectors.core.http import HttpLimits
from connectors.ports import Connector
from mock_servers.core.cast import CartPart, Part, WarehousePart
from mock_servers.core.refusal import UsageError
from mock_servers.core.registry import known
from seatrial.sync import vendors

P = TypeVar("P", bound=Part)

LIMITS = HttpLimits()
MARGIN = timedelta(seconds=30)
"""What the operator of these connections allows for requests that land late, and for indexes behind them."""
LATE_SECONDS_MAXIMUM = LIMITS.timeout_seconds + MARGIN.total_seconds() - 8.0
"""The latest a request lands after it was sent: so late that waiting the settle time is just enough, with the way
there and the index's lag."""
CART, WAREHOUSE = "shopify", "extensiv_order_manager"
"""Who plays when nobody is named."""


@dataclass(frozen=True)
class Cast:
    """The carts take turns where a run has several; there is one warehouse system."""

    carts: tuple[type[CartPart], ...]
    warehouse: type[WarehousePart]

    @property
    def vendors(self) -> frozenset[str]:
        return frozenset({part.vendor for part in (*self.carts, self.warehouse)})


@cache
def carts() -> dict[str, type[CartPart]]:
    """Every cart that takes orders, by its name."""
    return {name_of(part): part for part in _parts(CartPart) if part.takes_orders}


@cache
def warehouses() -> dict[str, type[WarehousePart]]:
    """Every warehouse system, by its name."""
    return {name_of(part): part for part in _parts(WarehousePart)}


def cast_of(carts_named: tuple[str, ...] = (CART,), warehouse: str = WAREHOUSE) -> Cast:
    """A cast by its vendors' names. Raises UsageError for a vendor that cannot play its part."""
    chosen = tuple(_chosen("cart", name, carts()) for name in carts_named)
    return Cast(chosen, _chosen("warehouse system", warehouse, warehouses()))


@cache
def casts() -> tuple[Cast, ...]:
    """Enough casts that every connector does everything it can; the first is who plays when nobody is named."""
    outlets = [part for part in _parts(CartPart) if not part.takes_orders]
    cart, warehouse = carts()[CART], warehouses()[WAREHOUSE]
    found = [Cast((cart,), warehouse)]
    found += [Cast((each,), warehouse) for name, each in carts().items() if name != CART]
    found += [Cast((cart,), each) for name, each in warehouses().items() if name != WAREHOUSE]
    found += [Cast((each,), warehouse) for each in outlets]
    return tuple(found)


def connector_class(part: type[Part]) -> type[Any]:
    """The vendor's connector, unless the part brings another."""
    return part.connector_class or vendors.connector_class(name_of(part))


def name_of(part: type[Part]) -> str:
    """Its vendor's name, and after a dot the dialect where it is not the vendor's first."""
    return ".".join(filter(None, (part.vendor, part.dialect)))


def connect(
    part: Part,
    clock: Clock,
    chance: random.Random,
    transport: httpx.AsyncBaseTransport,
    *,
    margin: timedelta = MARGIN,
    http: HttpLimits = LIMITS,
    **others: Any,
) -> Connector:
    """The real connector to a part's account, as an operator would set it up. `others` are further settings."""
    settings = vendors.settings_class(name_of(type(part)))
    made = settings(connection=part.name, margin=margin, http=http, **part.settings(), **others)
    connector: Connector = connector_class(type(part))(made, clock=clock, chance=chance, transport=transport)
    return connector


async def subscribe(part: Part, connector: Any, uri: str) -> None:
    """Have its webhooks sent there."""
    for topic in part.topics:
        await connector.subscribe(topic, uri)


def _parts(base: type[Any]) -> Iterator[type[Any]]:
    for vendor in known():
        name = f"mock_servers.{vendor}.cast"
        if find_spec(name) is None:
            continue
        for _, found in inspect.getmembers(import_module(name), inspect.isclass):
            if found.__module__ == name and issubclass(found, base) and not inspect.isabstract(found):
                yield found


def _chosen(what: str, name: str, parts: dict[str, type[P]]) -> type[P]:
    if name not in parts:
        raise UsageError(f"no {what} is called {name!r}; there are: {', '.join(parts)}")
    return parts[name]
