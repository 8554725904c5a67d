"""From a configuration to a merchant whose connections are open."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import fields, replace
from typing import Any, NamedTuple

from connectors.core.clock import Clock
from connectors.core.errors import ConnectorError, NotApplied, Unknown
from connectors.ports import Connector
from connectors.sync.merchant import Merchant
from mock_servers.core.refusal import UsageError
from seatrial.sync.config import Config, Connection
from seatrial.sync.vendors import connector_class


class Checked(NamedTuple):
    """A connection, and the account's name there or why nobody knows yet."""

    connection: str
    account: str
    trouble: str = ""


@asynccontextmanager
async def connected(config: Config, clock: Clock) -> AsyncIterator[Merchant]:
    """The merchant, for as long as the block runs. Raises UsageError for settings that cannot be."""
    async with AsyncExitStack() as stack:
        made = {}
        for each in (config.wms, *config.carts):
            settings = each.settings
            if config.pick_locations and each is not config.wms and _lacks_a_location(settings):
                settings = replace(settings, location_id=await _first_location(each, clock))
            made[each.name] = _made(each, settings, clock)
            stack.push_async_callback(made[each.name].aclose)
        try:
            carts = tuple(made[cart.name] for cart in config.carts)
            merchant = Merchant(config.merchant, carts, made[config.wms.name], config.skus, config.settings)
            if len(made) != 1 + len(carts):
                raise ValueError("two connections have the same name. Give each a connection = … of its own")
            _ = merchant.destination  # a warehouse that takes no orders is no use, and says so now
        except ValueError as error:
            raise UsageError(str(error)) from error
        yield merchant


async def check(merchant: Merchant) -> Sequence[Checked]:
    """Ask every vendor who we are there. Raises UsageError for credentials that are refused; anything else may pass."""
    found = []
    for name, connector in merchant.connections.items():
        try:
            found.append(Checked(name, await connector.check()))
        except (NotApplied, Unknown) as error:
            found.append(Checked(name, "", str(error)))
        except ConnectorError as error:
            raise UsageError(f"{name} does not let us in. {error}") from error
    return found


def _made(connection: Connection, settings: Any, clock: Clock) -> Connector:
    build: Any = connector_class(connection.vendor)
    try:
        made: Connector = build(settings, clock=clock)
    except (ValueError, ConnectorError) as error:
        raise UsageError(f"{connection.name} ({connection.vendor}): {error}") from error
    return made


def _lacks_a_location(settings: Any) -> bool:
    return any(field.name == "location_id" for field in fields(settings)) and not settings.location_id


async def _first_location(connection: Connection, clock: Clock) -> str:
    """The location with the lowest id: the one the account began with."""
    looking: Any = _made(connection, connection.settings, clock)
    try:
        return str(min((place.id for place in await looking.warehouses()), key=_numbered, default=""))
    except ConnectorError as error:
        raise UsageError(f"{connection.name} cannot be read. {error}") from error
    finally:
        await looking.aclose()


def _numbered(id: str) -> tuple[int, str]:
    return (int(id), "") if id.isdigit() else (0, id)
