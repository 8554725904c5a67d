"""The gate between a worker and a fake: what it takes for a write, and when it kills."""

import asyncio
import json
from typing import Any

import pytest

from mock_servers.core.sandbox import Sandbox
from seatrial import virtual_time
from seatrial.crash.gate import WORST, Gate, Moment, Trap, Watch, writes_of
from seatrial.simulation.cast import cast_of

ORDER = {"order_number": "shop:1", "items": []}
GRAPHQL = "/admin/api/2026-10/graphql.json"
FULFILL = {
    "query": "mutation told($f: FulfillmentInput!) { fulfillmentCreate(fulfillment: $f) { fulfillment { id } } }"
}


def named(method: str, path: str, body: bytes) -> str:
    """What the contracts of both say."""
    vendor = "shopify" if path.startswith("/admin") else "extensiv_order_manager"
    return _WRITES[vendor](method, path, body)


CAST = cast_of()
_SANDBOX = Sandbox(CAST.vendors)
_WRITES = {vendor: writes_of(_SANDBOX.apps[vendor]) for vendor in CAST.vendors}


class Place:
    """A gate before a fake that answers one thing, and everything that happened in the order it did."""

    def __init__(self, answer: Any = None, status: int = 201, *, moment: Moment | None = None, **trap: Any) -> None:
        self.happened: list[str] = []
        self.watch = Watch(5.0, "createOrder", "shop")
        if moment:
            self.watch.trap = Trap(moment, **trap)
        self.gate = Gate(self._fake, named, self.watch, lambda: self.happened.append("kill"))
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


def test_a_choosy_trap_waits_for_another_operation() -> None:
    place = Place(moment=WORST, but=frozenset({"createOrder"}))
    assert call(place, ORDER) == ["done", "answer"]
    assert place.watch.trap is not None
    place.watch.trap.choosy = False
    assert call(place, ORDER) == ["done", "answer", "done", "kill", "answer"]


def test_a_trap_for_one_operation_lets_all_others_pass() -> None:
    place = Place(moment=WORST, only="fulfillmentCreate", choosy=False)
    assert call(place, ORDER) == ["done", "answer"]


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
    place = Place(answer, status, moment=WORST)
    assert call(place, FULFILL, GRAPHQL) == ["done", "answer"]
    refused = Place({"error": {}}, 409, moment=WORST)
    assert call(refused, ORDER) == ["done", "answer"]
    assert refused.watch.delivered == {}


def test_a_mutation_is_known_by_what_it_asks_for() -> None:
    place = Place({"data": {"fulfillmentCreate": {"userErrors": []}}}, 200, moment=WORST)
    assert call(place, FULFILL, GRAPHQL) == ["done", "kill", "answer"]
    assert place.watch.trap is not None
    assert place.watch.trap.met == "fulfillmentCreate"


@pytest.mark.parametrize(
    ("asked", "path", "method"),
    [
        ({"query": "query orders { orders(first: 1) { nodes { id } } }"}, GRAPHQL, "POST"),
        ({"query": "{ shop { name } }"}, GRAPHQL, "POST"),
        (b"grant_type=client_credentials", "/admin/oauth/access_token", "POST"),
        (b"grant_type=client_credentials", "/oauth/token", "POST"),
        (b"", "/api/orders", "GET"),
    ],
)
def test_reads_and_tokens_spring_no_trap(asked: Any, path: str, method: str) -> None:
    place = Place(moment=WORST)
    assert "kill" not in call(place, asked, path, method)


def test_what_a_kill_cut_short_is_not_done() -> None:
    place = Place()
    assert call(place, ORDER, cut=True) == []
