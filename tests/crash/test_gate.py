"""The gate between a worker and a fake: what it takes for a write, and when it kills."""

import asyncio
import json
from typing import Any

import pytest

from seatrial import virtual_time
from seatrial.crash.gate import WORST, Gate, Moment, Trap, Watch

ORDER = {"order_number": "shop:1", "items": []}
FULFILL = {
    "query": "mutation fulfillmentCreate($fulfillment: FulfillmentInput!) { x }",
    "variables": {"fulfillment": {"trackingInfo": {"numbers": ["T1", "T2"]}}},
}


class Place:
    """A gate before a fake that answers one thing, and everything that happened in the order it did."""

    def __init__(self, answer: Any = None, status: int = 201, *, moment: Moment | None = None, **trap: Any) -> None:
        self.happened: list[str] = []
        self.watch = Watch(late_seconds=5.0)
        if moment:
            self.watch.trap = Trap(moment, trap.pop("operation", "createOrder"), **trap)
        self.gate = Gate(self._fake, self.watch, lambda: self.happened.append("kill"))
        self._answer = json.dumps({"id": 1} if answer is None else answer).encode()
        self._status = status

    async def _fake(self, scope: Any, receive: Any, send: Any) -> None:
        message = await receive()
        self.happened.append(f"done {len(message['body'])}" if scope["method"] == "POST" else "read")
        await send({"type": "http.response.start", "status": self._status, "headers": []})
        await send({"type": "http.response.body", "body": self._answer})

    async def called(self, asked: Any, path: str = "/api/orders", method: str = "POST", *, cut: bool = False) -> None:
        body = asked if isinstance(asked, bytes) else json.dumps(asked).encode()
        messages = [{"type": "http.request", "body": body[:5], "more_body": True}]
        messages += [{"type": "http.disconnect"} if cut else {"type": "http.request", "body": body[5:]}]

        async def receive() -> Any:
            return messages.pop(0)

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                self.happened.append("answer")

        await self.gate({"method": method, "path": path, "type": "http"}, receive, send)


def call(place: Place, *asked: Any, **how: Any) -> list[str]:
    virtual_time.run(place.called(*asked, **how))
    return [word.split()[0] for word in place.happened]


def test_the_worst_moment_is_after_the_effect_and_before_the_first_byte() -> None:
    assert call(Place(moment=WORST), ORDER) == ["done", "kill", "answer"]


def test_after_its_answer_and_on_its_way() -> None:
    assert call(Place(moment="after its answer"), ORDER) == ["done", "answer", "kill"]

    async def story() -> None:
        place, loop = Place(moment="on its way"), asyncio.get_running_loop()
        calling = asyncio.ensure_future(place.called(ORDER))
        await asyncio.sleep(1)
        assert (place.happened, place.watch.on_their_way) == (["kill"], 1)
        await calling
        assert (loop.time(), place.watch.on_their_way) == (5.0, 0)
        assert place.happened[1].startswith("done")
        assert place.watch.delivered == {"shop:1": 1}

    virtual_time.run(story())


def test_a_trap_springs_once() -> None:
    place = Place(moment=WORST)

    async def story() -> None:
        await place.called(ORDER)
        await place.called(ORDER)

    virtual_time.run(story())
    assert place.happened.count("kill") == 1
    assert place.watch.trap is not None
    assert place.watch.trap.met == "createOrder"
    assert place.watch.delivered == {"shop:1": 2}


def test_a_choosy_trap_waits_for_its_operation() -> None:
    place = Place(moment=WORST, operation="fulfillmentCreate")
    assert call(place, ORDER) == ["done", "answer"]
    assert place.watch.trap is not None
    place.watch.trap.choosy = False
    assert call(place, ORDER) == ["done", "answer", "done", "kill", "answer"]


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        ({"error": {}}, 429),
        ({"error": {}}, 500),
        ({"errors": [{"message": "THROTTLED"}], "data": None}, 200),
        ({"data": {"fulfillmentCreate": {"userErrors": [{"message": "no"}]}}}, 200),
    ],
)
def test_what_the_vendor_refused_is_no_effect(answer: Any, status: int) -> None:
    place = Place(answer, status, moment=WORST, operation="fulfillmentCreate")
    assert call(place, FULFILL, "/admin/api/2026-10/graphql.json") == ["done", "answer"]
    assert place.watch.told == {}


def test_parcels_are_counted_by_their_numbers() -> None:
    place = Place({"data": {"fulfillmentCreate": {"userErrors": []}}}, 200)
    call(place, FULFILL, "/admin/api/2026-10/graphql.json")
    assert place.watch.told == {"T1 T2": 1}


@pytest.mark.parametrize(
    ("asked", "path", "method"),
    [
        ({"query": "query orders { x }"}, "/admin/api/2026-10/graphql.json", "POST"),
        (b"grant_type=client_credentials", "/oauth/token", "POST"),
        (b"{not json", "/api/orders", "POST"),
        (ORDER, "/api/products", "POST"),
        (b"", "/api/orders", "GET"),
    ],
)
def test_reads_and_tokens_spring_no_trap(asked: Any, path: str, method: str) -> None:
    place = Place(moment=WORST, choosy=False, operation="")
    assert "kill" not in call(place, asked, path, method)


def test_what_a_kill_cut_short_is_not_done() -> None:
    place = Place()
    assert call(place, ORDER, cut=True) == []
