"""Where a worker's calls pass on their way to a fake, and where it may be killed."""

import asyncio
import json
import re
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import httpx

from mock_servers.core.app import VendorApp
from seatrial.simulation.weather import operation_of

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]
Named: TypeAlias = Callable[[str, str, bytes], str]
"""Method, path and body → the operation's name if the call is a write, else an empty one."""

Moment = Literal["before its answer", "after its answer", "on its way", "at any moment"]
WORST: Moment = "before its answer"
READS = frozenset({"GET", "HEAD", "OPTIONS"})
_QUERY = re.compile(r"^\s*(query\b|\{)")


@dataclass
class Trap:
    """One kill to come: the next write of any worker springs it, or the next `only`; while `choosy`, none of `but`."""

    moment: Moment
    but: frozenset[str] = frozenset()
    only: str = ""
    choosy: bool = True
    sprung: asyncio.Event = field(default_factory=asyncio.Event)
    met: str = ""

    def catches(self, operation: str) -> bool:
        wanted = operation == self.only if self.only else not (self.choosy and operation in self.but)
        return wanted and not self.sprung.is_set()


class Watch:
    """What all gates see together: the trap that is set, and which orders were delivered how often.

    `creates` is the operation that delivers an order; its number there begins with `cart` and a colon.
    """

    def __init__(self, late_seconds: float, creates: str, cart: str) -> None:
        self.trap: Trap | None = None
        self.late_seconds = late_seconds
        self.calls = 0
        self.on_their_way = 0
        """Calls whose caller is dead and that have yet to arrive."""
        self.delivered: Counter[str] = Counter()
        """Order numbers, by how many calls to create one were answered as done."""
        self._creates = creates
        self._number = re.compile(rf'"({re.escape(cart)}:[^"]+)"'.encode())

    def carried_out(self, operation: str, body: bytes) -> None:
        if operation == self._creates and (found := self._number.search(body)):
            self.delivered[found[1].decode()] += 1


class Gate:
    """One vendor as one worker sees it. `kill` ends that worker at once."""

    def __init__(self, app: Asgi, named: Named, watch: Watch, kill: Callable[[], None]) -> None:
        self._app = app
        self._named = named
        self._watch = watch
        self._kill = kill
        self.used = asyncio.Event()
        """Its worker is up: it has called somebody."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.used.set()
        self._watch.calls += 1
        body = await _whole(receive)
        if body is None:
            return  # cut off by a kill: what did not arrive whole was never asked
        operation = self._named(scope["method"], scope["path"], body)
        trap = self._watch.trap
        if operation and trap and trap.moment == "on its way" and trap.catches(operation):
            self._spring(trap, operation)
            self._watch.on_their_way += 1
            await asyncio.sleep(self._watch.late_seconds)  # its caller is dead, and it arrives all the same
            self._watch.on_their_way -= 1
        answer = await self._answered(scope, body)
        if operation and _done(answer):
            self._watch.carried_out(operation, body)
            trap = self._watch.trap
            caught = trap if trap and trap.catches(operation) else None
            if caught and caught.moment == WORST:
                self._spring(caught, operation)
            await _say(answer, send)
            if caught and caught.moment == "after its answer":
                self._spring(caught, operation)
        else:
            await _say(answer, send)

    def _spring(self, trap: Trap, operation: str) -> None:
        if not trap.sprung.is_set():
            self._kill()
            trap.met = operation
            trap.sprung.set()

    async def _answered(self, scope: Scope, body: bytes) -> list[dict[str, Any]]:
        """What the fake says. By the time it says something, what it did is committed."""
        messages: list[dict[str, Any]] = []

        async def given() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def heard(message: dict[str, Any]) -> None:
            messages.append(message)

        await self._app(scope, given, heard)
        return messages


def writes_of(app: VendorApp) -> Named:
    """Names a vendor's writes by its contract. A query and a request for a token change nothing that matters."""

    def named(method: str, path: str, body: bytes) -> str:
        if method in READS or _asks_only(body):
            return ""
        operation = operation_of(app, httpx.Request(method, f"http://vendor{path}", content=body))
        return "" if "token" in operation.lower() else operation

    return named


def _asks_only(body: bytes) -> bool:
    """Whether it is a GraphQL document that changes nothing."""
    try:
        asked = json.loads(body or b"null")
    except ValueError:
        return False
    query = asked.get("query") if isinstance(asked, dict) else None
    return isinstance(query, str) and _QUERY.match(query) is not None


async def _whole(receive: Receive) -> bytes | None:
    body, more = b"", True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


async def _say(answer: list[dict[str, Any]], send: Send) -> None:
    for message in answer:
        await send(message)


def _done(answer: list[dict[str, Any]]) -> bool:
    """Whether the vendor says that it did what it was asked."""
    if not answer or not 200 <= answer[0]["status"] < 300:
        return False
    try:
        said = json.loads(b"".join(message.get("body", b"") for message in answer[1:]) or b"null")
    except ValueError:
        return False
    if not isinstance(said, dict) or "data" not in said:  # a REST answer
        return True
    data = said["data"] if isinstance(said["data"], dict) else {}
    payloads = [payload for payload in data.values() if isinstance(payload, dict)]
    return "errors" not in said and not any(payload.get("userErrors") for payload in payloads)
