"""Where a test's webhooks arrive: the application under test, in this process, or a plain recorder."""

import threading
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlsplit

import httpx
from msgspec import Struct

from contracts.profile import Webhooks
from mock_servers.core.refusal import UsageError
from mock_servers.core.webhooks import ANSWER_MAXIMUM, Courier, Outcome

RECEIVED_MAXIMUM = 10_000
Answering = int | Callable[["Received"], int]


class Received(Struct, frozen=True):
    """One webhook as it arrived. Header names are lower-case."""

    url: str
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """The body's value."""
        import json

        return json.loads(self.body)


class Receiver:
    """Takes webhooks at `url`.

    `received` are those that came, oldest first; `errors` what the application raised, which the vendor saw as a 500.
    Without an application `answer` is the status, or a function from a `Received` to one.
    """

    def __init__(self, url: str, app: httpx.AsyncBaseTransport | httpx.BaseTransport | None, answer: Answering) -> None:
        self.url = url
        self.answer = answer
        self.received: list[Received] = []
        self.errors: list[Exception] = []
        self._app = app

    def __repr__(self) -> str:
        return f"Receiver({self.url}, {len(self.received)} received)"

    async def take(self, request: httpx.Request) -> Outcome:
        """Hand one webhook over. Never raises."""
        received = Received(str(request.url), dict(request.headers), request.content)
        if len(self.received) < RECEIVED_MAXIMUM:
            self.received.append(received)
        try:
            return await self._outcome(request, received)
        except Exception as error:
            self.errors.append(error)
            return Outcome(500, "Internal Server Error")

    async def _outcome(self, request: httpx.Request, received: Received) -> Outcome:
        if self._app is None:
            return Outcome(self.answer if isinstance(self.answer, int) else self.answer(received))
        if isinstance(self._app, httpx.AsyncBaseTransport):
            response = await self._app.handle_async_request(request)
            text = await response.aread()
        else:
            response = self._app.handle_request(request)
            text = response.read()
        return Outcome(response.status_code, text[:ANSWER_MAXIMUM].decode("utf-8", "replace"))


def made(url: str, asgi: Any, wsgi: Any, answer: Answering) -> Receiver:
    """A receiver for one application, or none. Raises UsageError for two, or for an address that is none."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise UsageError(f"{url!r} is no address for webhooks; write it like https://app.test/webhooks")
    if asgi is not None and wsgi is not None:
        raise UsageError("a receiver is one application: asgi=… or wsgi=…")
    if asgi is not None:
        return Receiver(url, httpx.ASGITransport(asgi), answer)
    return Receiver(url, None if wsgi is None else httpx.WSGITransport(wsgi), answer)


class TrialCourier(Courier):
    """Delivers to the test's receivers by the host of their address, and over the wire to loopback only.

    While somebody is being told, they may call back from another thread: the world is free for that moment.
    """

    def __init__(self, receivers: Iterable[Receiver], lock: threading.RLock) -> None:
        super().__init__()
        self._receivers = {urlsplit(receiver.url).netloc: receiver for receiver in receivers}
        self._lock = lock

    async def post(self, url: str, headers: dict[str, str], body: bytes, rules: Webhooks) -> Outcome:
        self._lock.release()
        try:
            receiver = self._receivers.get(urlsplit(url).netloc)
            if receiver is None:
                return await super().post(url, headers, body, rules)
            return await receiver.take(httpx.Request("POST", url, headers=headers, content=body))
        finally:
            self._lock.acquire()
