"""Webhooks in, as a plain ASGI application: `POST /<connection>` for every connection that can verify what it is sent.

    receiver = Receiver(engine)                      # mount it anywhere, or give it to any ASGI server

A delivery is verified over its raw bytes, kept once by its event id, and answered at once; the connection's feeds are
then read sooner. Nothing of a body is believed beyond that: a delivery that is lost, late, doubled or out of order
changes only how soon something is learnt.

| answer | when |
| --- | --- |
| 200 | it is from the vendor: kept, or known already |
| 400 | it is signed and cannot be read, or the request is broken |
| 401 | it is not from the vendor |
| 404, 405 | no connection of that name takes webhooks; another method than POST |
| 408, 413 | the body did not come in time; it is too long |
| 503 | too many at once, or the ledger is in use: the vendor sends it again |

Signatures of some vendors cover the body alone, so whoever has one delivery could send it for ever under new event
ids. A body that came a moment ago is therefore known by its digest, and a connection keeps no more open hints than can
matter: its feeds are due anyway.
"""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from connectors.canonical import Hint
from connectors.core.errors import BadSignature, ConnectorError
from connectors.core.log import connection_log
from connectors.ports import WebhookSource
from connectors.sync.engine import Engine
from connectors.sync.ledger import LedgerError

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

BODY_BYTES_MAXIMUM = 5 * 1024 * 1024
BODY_SECONDS_MAXIMUM = 10.0
AT_ONCE_MAXIMUM = 64
OPEN_HINTS_MAXIMUM = 1000
BODIES_REMEMBERED_MAXIMUM = 10_000
BODIES_REMEMBERED = timedelta(seconds=60)
NAME_LENGTH_MAXIMUM = 200
RETRY_AFTER_SECONDS = 5

WORDS = {
    200: "Thank you.",
    400: "This cannot be read.",
    401: "The signature is not one our secret gives.",
    404: "No connection of this name takes webhooks.",
    405: "Webhooks are POSTed.",
    408: "The body did not arrive in time.",
    413: "The body is too long.",
    503: "Not now; send it again.",
}


class Bounds(NamedTuple):
    """Bytes, seconds, counts."""

    body_bytes_maximum: int = BODY_BYTES_MAXIMUM
    body_seconds_maximum: float = BODY_SECONDS_MAXIMUM
    at_once_maximum: int = AT_ONCE_MAXIMUM
    open_hints_maximum: int = OPEN_HINTS_MAXIMUM
    bodies_remembered_maximum: int = BODIES_REMEMBERED_MAXIMUM


class Gone(Exception):  # noqa: N818 - named for who is missing
    """The caller hung up before the end."""


class Turned(Exception):  # noqa: N818 - not an error of ours: an answer
    """The request is answered with this status."""

    def __init__(self, status: int, why: str = "") -> None:
        super().__init__(why or WORDS[status])
        self.status = status


class Receiver:
    """The ASGI application. It runs on the loop of the engines it is given, and uses their ledgers from there."""

    def __init__(self, *engines: Engine, bounds: Bounds | None = None) -> None:
        self._engines = {name: engine for engine in engines for name in engine.merchant.connections}
        self._bounds = bounds or Bounds()
        self._at_once = 0
        self._bodies: OrderedDict[bytes, datetime] = OrderedDict()

    @property
    def connections(self) -> list[str]:
        """The connections that take webhooks: each has the path of its name."""
        return sorted(name for name in self._engines if self._source(name) is not None)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _live(receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        name = scope["path"].removeprefix(scope.get("root_path", "")).strip("/")
        status, why = 200, ""
        try:
            await self._take(name, scope, receive)
        except Turned as turned:
            status, why = turned.status, str(turned)
        except Gone:  # there is nobody to answer
            return
        if status != 200:
            _log(name if name in self._engines else "").info("webhook turned away", status=status, why=why)
        await _say(send, status)

    async def _take(self, name: str, scope: Scope, receive: Receive) -> None:
        source = self._source(name)
        if source is None:
            raise Turned(404)
        if scope["method"] != "POST":
            raise Turned(405)
        if self._at_once >= self._bounds.at_once_maximum:
            raise Turned(503, "as many as may be at once are being read")
        self._at_once += 1
        try:
            headers = {key.decode("latin-1"): value.decode("latin-1") for key, value in scope["headers"]}
            self._keep(name, source, headers, await self._body(headers, receive))
        finally:
            self._at_once -= 1

    def _keep(self, name: str, source: WebhookSource, headers: Mapping[str, str], body: bytes) -> None:
        try:
            hint = source.verify(headers, body)
        except BadSignature as error:
            raise Turned(401, error.message) from None
        except ConnectorError as error:
            raise Turned(400, error.message) from None
        except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
            raise Turned(400, f"{type(error).__name__} while it was read") from None
        engine = self._engines[name]
        digest, now = hashlib.sha256(name.encode() + b"\n" + body).digest(), engine.clock.now()
        came = self._bodies.get(digest)
        if came is not None and now < came + BODIES_REMEMBERED:
            return
        most = self._bounds.open_hints_maximum
        try:
            if len(engine.ledger.open_hints(name, limit=most)) < most:
                engine.receive(name, _bounded(hint))
        except LedgerError as error:
            raise Turned(503, type(error).__name__) from None
        self._remember(digest, now)

    def _remember(self, digest: bytes, now: datetime) -> None:
        self._bodies[digest] = now
        self._bodies.move_to_end(digest)
        if len(self._bodies) > self._bounds.bodies_remembered_maximum:
            self._bodies.popitem(last=False)

    async def _body(self, headers: Mapping[str, str], receive: Receive) -> bytes:
        """Every byte, or `Turned`. What is announced as too long is not read at all."""
        announced = headers.get("content-length", "0")
        if not (announced.isascii() and announced.isdigit()):
            raise Turned(400, "its length is no number")
        if len(announced) > len(str(self._bounds.body_bytes_maximum)) or (
            int(announced) > self._bounds.body_bytes_maximum
        ):
            raise Turned(413)
        try:
            async with asyncio.timeout(self._bounds.body_seconds_maximum):
                return await self._read(receive)
        except TimeoutError:
            raise Turned(408) from None

    async def _read(self, receive: Receive) -> bytes:
        parts, size, more = [], 0, True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise Gone
            parts.append(message.get("body", b""))
            size += len(parts[-1])
            if size > self._bounds.body_bytes_maximum:
                raise Turned(413)
            more = message.get("more_body", False)
        return b"".join(parts)

    def _source(self, name: str) -> WebhookSource | None:
        engine = self._engines.get(name)
        connector = engine.merchant.connections[name] if engine else None
        return connector if isinstance(connector, WebhookSource) else None


def _bounded(hint: Hint) -> Hint:
    """A hint with names of a length that can be kept. An event id that is longer is known by its digest."""
    event_id = hint.event_id
    if len(event_id) > NAME_LENGTH_MAXIMUM:
        event_id = "sha256:" + hashlib.sha256(event_id.encode("utf-8", "surrogatepass")).hexdigest()
    return Hint(_clean(event_id), _clean(hint.topic), _clean(hint.subject), hint.happened)


def _clean(text: str) -> str:
    return text.replace("\0", "")[:NAME_LENGTH_MAXIMUM]


def _log(connection: str) -> Any:
    return connection_log(connection=connection)


async def _say(send: Send, status: int) -> None:
    text = WORDS[status].encode()
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(text)).encode())]
    if status == 405:
        headers.append((b"allow", b"POST"))
    if status == 503:
        headers.append((b"retry-after", str(RETRY_AFTER_SECONDS).encode()))
    if status in (408, 413):  # what is left of the body is not read
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": text})


async def _live(receive: Receive, send: Send) -> None:
    """Servers that ask whether we are ready are told so."""
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
