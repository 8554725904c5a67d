"""`seatrial hooks`: which webhooks the vendors send us, and having them sent."""

import json
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import TypeVar
from urllib.parse import urlsplit

from msgspec import to_builtins

from connectors.canonical import Subscription
from connectors.core.clock import LoopClock
from connectors.core.errors import ConnectorError
from connectors.ports import WebhookSource, WebhookSubscriber
from connectors.sync.merchant import Merchant
from mock_servers.core.refusal import UsageError
from seatrial.console import errors, say, table
from seatrial.house import asyncio_run
from seatrial.sync.connected import connected
from seatrial.sync.run import Source, load

T = TypeVar("T")
Row = tuple[str, Subscription]


def listed(source: Source, *, as_json: bool = False) -> int:
    """Print every webhook the vendors know of."""
    found = _with_merchant(source, _there)
    if as_json:
        told = [{"connection": connection, **to_builtins(each)} for connection, each in found]
        print(json.dumps(told, indent=2))  # noqa: T201 - meant for programs
        return 0
    if found:
        table("Webhooks", ("connection", "topic", "sent to", "id", ""), [_cells(*row) for row in found])
    else:
        say("No vendor sends us anything. Have them do so: seatrial hooks add https://…")
    return 0


def added(source: Source, address: str) -> int:
    """Have every vendor that can be asked over its API send what tells of orders to `address/<connection>`."""
    base = _checked(address)

    async def ask(merchant: Merchant) -> list[Row]:
        return [
            (name, await _of(name, connector.subscribe(topic, f"{base}/{name}")))
            for name, connector in _subscribers(merchant)
            for topic in connector.topics
        ]

    made = _with_merchant(source, ask)
    if not made:
        raise UsageError("no vendor here takes subscriptions over its API; set them up in its own back office")
    table("Webhooks", ("connection", "topic", "sent to", "id", ""), [_cells(*row) for row in made])
    return 0


def removed(source: Source, address: str) -> int:
    """Take back every subscription that is sent to `address/<connection>`."""
    base = _checked(address)

    async def ask(merchant: Merchant) -> list[Row]:
        ours = [(name, each) for name, each in await _there(merchant) if each.uri == f"{base}/{name}"]
        connectors = dict(_subscribers(merchant))
        for name, each in ours:
            await _of(name, connectors[name].unsubscribe(each.id))
        return ours

    gone = _with_merchant(source, ask)
    say(f"{len(gone)} taken back.")
    return 0


async def _there(merchant: Merchant) -> list[Row]:
    return [
        (name, each)
        for name, connector in _subscribers(merchant)
        for each in await _of(name, connector.subscriptions())
    ]


def _subscribers(merchant: Merchant) -> Iterator[tuple[str, WebhookSubscriber]]:
    for name, connector in merchant.connections.items():
        if isinstance(connector, WebhookSubscriber):
            yield name, connector
        elif isinstance(connector, WebhookSource):
            words = f"{name}: its webhooks are set up in the vendor's own back office, not over the API."
            errors.print(words, markup=False, soft_wrap=True)


async def _of(name: str, asked: Awaitable[T]) -> T:
    try:
        return await asked
    except ConnectorError as error:
        raise UsageError(f"{name} does not take it. {error}") from error


def _with_merchant(source: Source, act: Callable[[Merchant], Awaitable[Sequence[Row]]]) -> Sequence[Row]:
    config = load(source)
    found: list[Sequence[Row]] = []

    async def acted() -> None:
        async with connected(config, LoopClock()) as merchant:
            found.append(await act(merchant))

    asyncio_run(acted())
    return found[0]


def _checked(address: str) -> str:
    """Raises UsageError for what is no address of ours."""
    parts = urlsplit(address)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise UsageError(f"{address!r} is no address; write https://hooks.example.com, where `--webhooks` is reached")
    return address.rstrip("/")


def _cells(connection: str, each: Subscription) -> Sequence[str]:
    return connection, each.topic, each.uri, each.id, "" if each.active else "given up by the vendor"
