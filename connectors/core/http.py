"""The one HTTP client, on httpx's transports, and the one retry loop.

What is repeated here, and what is not:

- a read, or a call declared `repeatable`, after `NotApplied` and after `Unknown`;
- any other write only after `NotApplied`, and only when the wait is short: a write that lingers can reach the vendor
  after somebody has looked, found nothing and sent it again;
- nothing after `Refused`, save once after a 401 when the credentials can be renewed.

Waits grow and are bounded, jitter comes from the `random.Random` given, and sleeping happens on the clock given.
"""

import asyncio
import functools
import random
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import httpx
import msgspec

from connectors.core.auth import Auth, NoAuth, Signing
from connectors.core.clock import Clock, LoopClock
from connectors.core.errors import (
    Broken,
    Conflict,
    ConnectorError,
    Forbidden,
    Invalid,
    NotApplied,
    NotFound,
    Refused,
    Throttled,
    TimedOut,
    Unauthorized,
    Unavailable,
    Unknown,
    Unreadable,
)
from connectors.core.log import connection_log
from connectors.core.redaction import Redactor
from connectors.core.throttle import Throttle, Unlimited
from connectors.core.wire import Answer, Call

T = TypeVar("T")

_ENCODE = msgspec.json.Encoder(decimal_format="number").encode
_HEADERS = {
    "Accept": "application/json",
    "Accept-Encoding": "gzip, deflate",
    "Connection": "keep-alive",
    "User-Agent": "seatrial",
}
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_ERRORS: dict[int, type[ConnectorError]] = {
    302: Unknown,  # some servers answer a POST they carried out with 302 or 303
    303: Unknown,
    400: Invalid,
    401: Unauthorized,
    402: Forbidden,
    403: Forbidden,
    404: NotFound,
    408: Unknown,  # the server gave up waiting for our body, or says so
    409: Conflict,
    410: NotFound,
    412: Conflict,  # it is in another state than the one that was read
    422: Invalid,
    423: Forbidden,
    425: Unavailable,
    429: Throttled,
    503: Unavailable,
}


@dataclass(frozen=True)
class HttpLimits:
    """The bounds on everything HTTP. Seconds, bytes, counts."""

    timeout_seconds: float = 30.0
    """One attempt, from the first byte out to the last byte in."""
    connect_seconds: float = 5.0
    attempts_maximum: int = 5
    backoff_first_seconds: float = 0.5
    backoff_seconds_maximum: float = 30.0
    read_patience_seconds: float = 120.0
    """A call that may be repeated starts its last attempt no later than this after it began."""
    write_patience_seconds: float = 10.0
    """So does any other write: this plus the time-out is when it is certainly over."""
    answer_bytes_maximum: int = 32 * 1024 * 1024
    in_flight_maximum: int = 8


@dataclass(frozen=True)
class Complaint:
    """What a vendor's error body says: its own code and words, empty where it has none.

    `kind` is what the refusal means where its status does not tell: a vendor that says 400 to everything.
    """

    code: str = ""
    message: str = ""
    kind: type[ConnectorError] | None = None


class Http:
    """Sends calls to one vendor for one connection. Close it, or use `async with`."""

    def __init__(
        self,
        base_url: str,
        *,
        vendor: str,
        connection: str,
        auth: Auth | None = None,
        clock: Clock | None = None,
        chance: random.Random | None = None,
        limits: HttpLimits | None = None,
        throttle: Throttle | None = None,
        throttles: Mapping[str, Throttle] | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        hosts: Mapping[str, str] | None = None,
        secrets: tuple[str, ...] = (),
        wait_seconds: Callable[[Answer], float | None] | None = None,
        complaint: Callable[[Answer], Complaint] | None = None,
    ) -> None:
        """`hosts` sends real hosts elsewhere (host name → base URL), `transport` replaces the network altogether.

        `throttles` are the limits of calls that have their own, by the call's name; the others share `throttle`.
        `wait_seconds` reads the vendor's own way of saying how long to wait, `complaint` its error body.
        """
        # Without a network of the caller's own, credentials go to https, to loopback, or to where `hosts` says.
        self._plain_hosts = None if transport is not None else frozenset({*_LOOPBACK, *map(str.lower, hosts or ())})
        self._base_url = _absolute(base_url)
        self._must_be_private(httpx.URL(base_url))
        self.clock: Clock = clock or LoopClock()
        self.limits = limits or HttpLimits()
        self.redactor = Redactor(secrets)
        self._auth: Auth = auth or NoAuth()
        self.chance = chance or random.Random()  # noqa: S311 - jitter, not a secret
        self._throttle: Throttle = throttle or Unlimited()
        self._throttles = dict(throttles or {})
        self._gate = asyncio.Semaphore(self.limits.in_flight_maximum)
        self._transport = build_transport(self.limits, transport, hosts)
        timeout = httpx.Timeout(self.limits.timeout_seconds, connect=self.limits.connect_seconds)
        self._extensions = {"timeout": timeout.as_dict()}
        self._wait_seconds = wait_seconds
        self._complaint = complaint
        self._log = connection_log(vendor=vendor, connection=connection)

    async def __aenter__(self) -> "Http":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Give the connections back."""
        await self._transport.aclose()

    def now(self) -> datetime:
        return self.clock.now()

    async def send(self, call: Call, read: Callable[[Answer], T]) -> T:
        """Send, sort what comes back, read it. `read` may raise any `ConnectorError`; it is sorted like the rest."""
        return await self._send(call, read, self._auth, self._throttles.get(call.name, self._throttle))

    async def send_plain(self, call: Call, read: Callable[[Answer], T]) -> T:
        return read(await self._exchange_sorted(call, {}))

    async def _send(self, call: Call, read: Callable[[Answer], T], auth: Auth, throttle: Throttle) -> T:
        began, renewed, failures = self.clock.now(), False, 0
        while True:
            headers: Mapping[str, str] | None = None
            try:
                headers = await auth.headers(self)
                async with self._admitted(call, throttle, self._patience_left(call, began)):
                    return read(await self._exchange_sorted(call, headers, auth))
            except ConnectorError as error:
                self.redactor.cleaned(error)  # whoever read the answer may have quoted it
                if isinstance(error, Unauthorized) and headers is not None and not renewed and auth.refused(headers):
                    renewed = True
                    self._log.info("credentials renewed", call=call.name or call.path)
                    continue
                failures += 1
                wait = self._wait_before_repeating(call, error, failures, began, throttle)
                kind = type(error).__name__
                self._log.info("call failed", call=call.name or call.path, error=kind, wait_seconds=wait)
                if wait is None:
                    raise
            await self.clock.sleep(wait)

    def _wait_before_repeating(
        self, call: Call, error: ConnectorError, failures: int, began: datetime, throttle: Throttle
    ) -> float | None:
        """How long to wait before the same call again; None when it is not to be repeated from here."""
        asked = error.retry_after_seconds if isinstance(error, NotApplied) else None
        if isinstance(error, Throttled) and asked is not None:
            throttle.pause(asked, self.clock)
        repeats = isinstance(error, NotApplied) or (isinstance(error, Unknown) and call.may_repeat)
        if not repeats or failures >= self.limits.attempts_maximum:
            return None
        wait = asked if asked is not None else self._backoff_seconds(failures)
        wait += self.chance.uniform(0.0, min(1.0, wait / 10))  # so that those who were sent away return one by one
        return wait if wait <= self._patience_left(call, began) else None

    def _backoff_seconds(self, failures: int) -> float:
        whole = min(self.limits.backoff_seconds_maximum, self.limits.backoff_first_seconds * 2.0 ** (failures - 1))
        return self.chance.uniform(whole / 2, whole)

    def _patience_left(self, call: Call, began: datetime) -> float:
        limits = self.limits
        patience = limits.read_patience_seconds if call.may_repeat else limits.write_patience_seconds
        return max(0.0, patience - (self.clock.now() - began).total_seconds())

    @asynccontextmanager
    async def _admitted(self, call: Call, throttle: Throttle, patience_seconds: float) -> AsyncIterator[None]:
        """Wait for our own limits, but no longer than patience lasts."""
        if patience_seconds <= 0:
            raise self._waited_too_long(call)
        try:
            async with asyncio.timeout(patience_seconds):
                await throttle.admit(call.cost, self.clock)
        except TimeoutError as error:
            raise self._waited_too_long(call) from error
        try:
            try:
                async with asyncio.timeout(patience_seconds):
                    await self._gate.acquire()
            except TimeoutError as error:
                raise self._waited_too_long(call) from error
            try:
                yield
            finally:
                self._gate.release()
        finally:
            throttle.done(call.cost)

    def _waited_too_long(self, call: Call) -> Throttled:
        message = "it waited too long on our side, for a token or for our own limits, and was not sent"
        return Throttled(message, tried=self._tried(call, call.path))

    async def _exchange_sorted(self, call: Call, headers: Mapping[str, str], auth: Auth | None = None) -> Answer:
        answer = await self._exchange(call, headers, auth)
        self._raise_for_status(answer)
        return answer

    async def _exchange(self, call: Call, headers: Mapping[str, str], auth: Auth | None) -> Answer:
        tried = self._tried(call, call.path)
        began = self.clock.now()
        try:
            request = self._request(call, headers)
            tried = self._tried(call, str(request.url))
            if isinstance(auth, Signing):
                auth.sign(request, self.clock.now())
            async with asyncio.timeout(self.limits.timeout_seconds):
                response = await self._transport.handle_async_request(request)
                try:
                    body = await self._whole_body(response, tried)
                finally:
                    await response.aclose()
        except Exception as error:
            problem = _sorted_failure(error, tried, self.redactor)
            if problem is None:
                raise
            raise problem from error
        milliseconds = round((self.clock.now() - began).total_seconds() * 1000)
        self._log.debug("answered", call=call.name or call.path, status=response.status_code, milliseconds=milliseconds)
        return Answer(response.status_code, response.headers, body, tried, self.redactor)

    async def _whole_body(self, response: httpx.Response, tried: str) -> bytes:
        parts, size = [], 0
        async for part in response.aiter_bytes():  # after decompression, so a small answer cannot unfold without end
            size += len(part)
            if size > self.limits.answer_bytes_maximum:
                message = f"the answer is longer than {self.limits.answer_bytes_maximum} bytes"
                raise Unreadable(message, tried=tried, status=response.status_code)
            parts.append(part)
        return b"".join(parts)

    def _request(self, call: Call, headers: Mapping[str, str]) -> httpx.Request:
        whole = {**_HEADERS, **call.headers, **headers}
        content = None
        if call.json is not None:
            whole["Content-Type"] = "application/json"
            content = _ENCODE(call.json)
        request = httpx.Request(
            call.method,
            call.path if "://" in call.path else self._base_url + call.path,
            params=dict(call.params) or None,
            headers=whole,
            content=content,
            data=dict(call.form) if call.form is not None else None,
            extensions=self._extensions,
        )
        self._must_be_private(request.url)
        return request

    def _must_be_private(self, url: httpx.URL) -> None:
        if self._plain_hosts is None or url.scheme == "https" or url.host.lower() in self._plain_hosts:
            return
        raise Invalid(
            f"{str(url)!r} would send credentials unencrypted; only loopback may use http",
            next_step="Use an https address for this connection.",
        )

    def _raise_for_status(self, answer: Answer) -> None:
        if 200 <= answer.status < 300:
            return
        complaint = self._complaint(answer) if self._complaint else Complaint()
        kind = complaint.kind or _error_class(answer.status)
        words = complaint.message or httpx.codes.get_reason_phrase(answer.status) or "no reason given"
        message = f"{answer.status}: {words}"
        more: dict[str, Any] = {"code": complaint.code}
        if 300 <= answer.status < 400:
            message = f"{answer.status}: redirected, and redirects are not followed"
            more["next_step"] = "Check the base URL of this connection."
        if issubclass(kind, NotApplied):
            own = self._wait_seconds(answer) if self._wait_seconds else None
            more["retry_after_seconds"] = own if own is not None else answer.retry_after_seconds(self.clock.now())
        raise answer.error(kind, message, **more)

    def _tried(self, call: Call, url: str) -> str:
        """Method and address, without anything secret, and at most 300 characters of it."""
        name = f" ({call.name})" if call.name else ""
        return self.redactor.text(f"{call.method} {url[:300]}{name}")


def build_transport(
    limits: HttpLimits, transport: httpx.AsyncBaseTransport | None, hosts: Mapping[str, str] | None
) -> httpx.AsyncBaseTransport:
    """The one place where what carries our requests is chosen.

    Requests go to the httpx transport itself and not through `httpx.AsyncClient`: its cookies, redirects, environment
    and log line (which shows whole URLs) are not wanted here, and they are half of its time: 130 µs a call over a mock
    transport, 65 µs without them.

    httpx's own pool walks all its requests and connections at each step, so it slows down with many in flight. Measured
    against a canned loopback server, CPU per 1 KB GET with 64 callers: `AsyncClient` on its default pool 3.1 ms, a pool
    of 8 connections 2.1 ms, our gate of 8 in front of it (`in_flight_maximum`) 1.6 ms, and this class as it is 1.1 ms
    (0.75 ms with one caller; 1.9 ms with a gate of 64). The `httpx-aiohttp` transport was measured at 0.55 ms; it
    fits in here as one line.
    """
    if transport is None:
        transport = httpx.AsyncHTTPTransport(
            verify=_trusted(),
            trust_env=False,
            limits=httpx.Limits(
                max_connections=limits.in_flight_maximum,
                max_keepalive_connections=limits.in_flight_maximum,
                keepalive_expiry=15.0,
            ),
        )
    return HostRoutes(hosts, transport) if hosts else transport


class HostRoutes(httpx.AsyncBaseTransport):
    """Sends real hosts elsewhere: `{"auth.vendor.example": "http://127.0.0.1:4011"}`. The `Host` header stays."""

    def __init__(self, hosts: Mapping[str, str], inner: httpx.AsyncBaseTransport) -> None:
        self._hosts = {name.lower(): httpx.URL(target) for name, target in hosts.items()}
        self._inner = inner

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        target = self._hosts.get(request.url.host.lower())
        if target is not None:
            request.url = request.url.copy_with(scheme=target.scheme, host=target.host, port=target.port)
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        await self._inner.aclose()


@functools.cache
def _trusted() -> ssl.SSLContext:
    """Reading the certificates takes 50 ms, so it is done once and not for each connection."""
    return httpx.create_ssl_context(trust_env=False)


def _absolute(base_url: str) -> str:
    try:
        url = httpx.URL(base_url)
    except httpx.InvalidURL as error:
        raise Invalid(f"{base_url!r} is not an address: {error}") from error
    if url.scheme not in ("http", "https") or not url.host:
        raise Invalid(f"{base_url!r} is not an absolute address", next_step="Write it as https://host.")
    return base_url.rstrip("/")


def _error_class(status: int) -> type[ConnectorError]:
    if status in _ERRORS:
        return _ERRORS[status]
    if 300 <= status < 500:
        return Refused
    return Broken if status >= 500 else Unreadable


def _sorted_failure(error: Exception, tried: str, redactor: Redactor) -> ConnectorError | None:
    """What a failed exchange means; None for what is not a matter of the network (a mistake of ours)."""
    if isinstance(error, ConnectorError):
        return error
    words = redactor.text(f"{type(error).__name__} {error}".strip())[:300]
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout | ConnectionRefusedError):
        return Unavailable(f"no connection: {words}", tried=tried)
    if isinstance(error, httpx.ProxyError):
        return Unavailable(f"no way through the proxy: {words}", tried=tried)
    if isinstance(error, httpx.TimeoutException | TimeoutError):
        return TimedOut(f"no whole answer in time: {words}", tried=tried)
    if isinstance(error, httpx.DecodingError):
        return Unreadable(f"the answer could not be decompressed: {words}", tried=tried)
    if isinstance(error, UnicodeEncodeError):
        return Invalid("what is to be sent has half a character in it, which no UTF-8 can say", tried=tried)
    if isinstance(error, httpx.UnsupportedProtocol | httpx.InvalidURL):
        return Invalid(f"the address cannot be used: {words}", tried=tried, next_step="Check the base URL.")
    if isinstance(error, httpx.TransportError | OSError):
        return Broken(f"the connection broke: {words}", tried=tried)
    return None
