"""Where a worker's calls pass on their way to a fake, and where it may be killed."""

import asyncio
import json
import re
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Literal

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]

Moment = Literal["before its answer", "after its answer", "on its way", "at any moment"]
WORST: Moment = "before its answer"
_MUTATION = re.compile(r"^\s*mutation\s+(\w+)")
_ORDER = re.compile(r"^/api/orders(/[^/]+/cancel)?$")


@dataclass
class Trap:
    """One kill to come: the next write of any worker springs it, or of this operation while `choosy`."""

    moment: Moment
    operation: str
    choosy: bool = True
    sprung: asyncio.Event = field(default_factory=asyncio.Event)
    met: str = ""

    def catches(self, operation: str) -> bool:
        return not self.sprung.is_set() and (not self.choosy or operation == self.operation)


class Watch:
    """What all gates see together: the trap that is set, and what was carried out how often."""

    def __init__(self, late_seconds: float) -> None:
        self.trap: Trap | None = None
        self.late_seconds = late_seconds
        self.calls = 0
        self.on_their_way = 0
        """Calls whose caller is dead and that have yet to arrive."""
        self.delivered: Counter[str] = Counter()
        """Order numbers, by how many calls to create one were answered as done."""
        self.told: Counter[str] = Counter()
        """Tracking numbers, by how many fulfilments with them were answered as made."""

    def carried_out(self, operation: str, body: Any) -> None:
        if operation == "createOrder":
            self.delivered[body["order_number"]] += 1
        if operation == "fulfillmentCreate":
            tracking = body["variables"]["fulfillment"].get("trackingInfo") or {}
            self.told[" ".join(tracking.get("numbers") or [tracking.get("number", "")])] += 1


class Gate:
    """One vendor as one worker sees it. `kill` ends that worker at once."""

    def __init__(self, app: Asgi, watch: Watch, kill: Callable[[], None]) -> None:
        self._app = app
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
        operation, asked = _write(scope, body)
        trap = self._watch.trap
        if operation and trap and trap.moment == "on its way" and trap.catches(operation):
            self._spring(trap, operation)
            self._watch.on_their_way += 1
            await asyncio.sleep(self._watch.late_seconds)  # its caller is dead, and it arrives all the same
            self._watch.on_their_way -= 1
        answer = await self._answered(scope, body)
        if operation and _done(answer):
            self._watch.carried_out(operation, asked)
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


def _write(scope: Scope, body: bytes) -> tuple[str, Any]:
    """The operation, if the call is a write that sync makes, and what it asks for; else an empty name."""
    if scope["method"] != "POST" or not body.startswith(b"{"):
        return "", None
    try:
        asked = json.loads(body)
    except ValueError:
        return "", None
    if found := _ORDER.match(scope["path"]):
        return ("cancelOrder" if found[1] else "createOrder"), asked
    mutation = _MUTATION.match(str(asked.get("query", "")))
    return (mutation[1] if mutation else ""), asked


def _done(answer: list[dict[str, Any]]) -> bool:
    """Whether the vendor says that it did what it was asked."""
    if not 200 <= answer[0]["status"] < 300:
        return False
    try:
        said = json.loads(b"".join(message.get("body", b"") for message in answer[1:]))
    except ValueError:
        return False
    if "data" not in said:  # a REST answer
        return True
    payloads = [payload for payload in (said.get("data") or {}).values() if isinstance(payload, dict)]
    return "errors" not in said and not any(payload.get("userErrors") for payload in payloads)
