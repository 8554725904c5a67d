"""A place where webhooks arrive: in this process, or on a port of this machine. What it answers is up to the law."""

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol

import httpx
from msgspec import Struct

HEARD_MAXIMUM = 10_000
BODY_MAXIMUM = 8 * 2**20


class Heard(Struct, frozen=True):
    """One delivery as it came. `moment` is the target's clock where it is known."""

    path: str
    headers: dict[str, str]
    body: bytes
    moment: float


Answers = Callable[[Heard], int | None]
"""The status to answer; None to say nothing until the caller gives up."""


def accepts(_: Heard) -> int:
    """Received."""
    return 200


class Receiver(Protocol):
    """Where deliveries come."""

    heard: list[Heard]
    answers: Answers

    def address(self, path: str) -> str:
        """A URL of ours to be told at."""

    def reset(self) -> None:
        """Forget what was heard, and accept everything again."""


class InProcessReceiver(httpx.AsyncBaseTransport):
    """Takes the place of the wire that webhooks leave by."""

    def __init__(self) -> None:
        self.heard: list[Heard] = []
        self.answers: Answers = accepts
        self.clock: Callable[[], float] = lambda: 0.0

    def address(self, path: str) -> str:
        return f"https://hooks.example.com/{path}"

    def reset(self) -> None:
        self.heard.clear()
        self.answers = accepts

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Keep it, and answer as the law says."""
        headers = {name.lower(): value for name, value in request.headers.items()}
        heard = Heard(request.url.path, headers, await request.aread(), self.clock())
        if len(self.heard) < HEARD_MAXIMUM:
            self.heard.append(heard)
        status = self.answers(heard)
        if status is None:
            raise httpx.ReadTimeout("no answer came in time", request=request)
        moved = {"location": self.address("elsewhere")} if 300 <= status < 400 else {}
        return httpx.Response(status, headers=moved, stream=httpx.ByteStream(b""), request=request)


class PortReceiver:
    """Listens on a free port of loopback."""

    def __init__(self, clock: Callable[[], float] = lambda: 0.0) -> None:
        self.heard: list[Heard] = []
        self.answers: Answers = accepts
        self.clock = clock
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = False  # so that closing waits until every connection was given back
        self._closing = threading.Event()
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def address(self, path: str) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/{path}"

    def reset(self) -> None:
        self.heard.clear()
        self.answers = accepts

    def keep(self, heard: Heard) -> int | None:
        """Keep a delivery and say what to answer."""
        if len(self.heard) < HEARD_MAXIMUM:
            self.heard.append(heard)
        return self.answers(heard)

    def silence(self) -> None:
        """Say nothing until it is over."""
        self._closing.wait(60)

    def close(self) -> None:
        """Stop listening."""
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()


def _handler(receiver: PortReceiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            length = self.headers.get("content-length", "0")
            body = self.rfile.read(min(int(length) if length.isdecimal() else 0, BODY_MAXIMUM))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status = receiver.keep(Heard(self.path, headers, body, receiver.clock()))
            if status is None:
                receiver.silence()
                self.close_connection = True
                return
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("Location", receiver.address("elsewhere"))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing: what came is kept, not printed."""

    return Handler
