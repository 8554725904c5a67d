"""What every connector is from outside: one connection, opened from its settings and given back at the end."""

import random
from collections.abc import Mapping
from datetime import timedelta
from typing import Protocol, Self, TypedDict

import httpx

from connectors.core.clock import Clock
from connectors.core.http import Http, HttpLimits


class Edge(TypedDict, total=False):
    """The world around a connector, each part replaceable: virtual time, seeded chance, a fake in the same process.

    `transport` replaces the network altogether, `hosts` sends real hosts elsewhere (host name → base URL).
    """

    clock: Clock | None
    chance: random.Random | None
    transport: httpx.AsyncBaseTransport | None
    hosts: Mapping[str, str] | None


class Common(Protocol):
    """What the settings of every vendor have. `margin` is how much later than its answer a write is surely seen."""

    @property
    def connection(self) -> str: ...
    @property
    def margin(self) -> timedelta: ...
    @property
    def http(self) -> HttpLimits: ...


class Connector:
    """Holds a connection's HTTP. Close it, or use `async with`."""

    def __init__(self, settings: Common, http: Http) -> None:
        limits = settings.http
        self.connection = settings.connection
        self.settle = timedelta(seconds=limits.write_patience_seconds + limits.timeout_seconds) + settings.margin
        """After so long a write whose answer was lost has happened and is seen, or never will be."""
        self._http = http

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Give the connections back."""
        await self._http.aclose()
