"""What these suites found in the connectors, each as the smallest test that shows it."""

import asyncio
import random
from datetime import UTC, datetime

import httpx
import pytest

from connectors.canonical import Level, Ref
from connectors.core.clock import LoopClock
from connectors.core.errors import Conflict, ConnectorError, Invalid, PagingLoop, Throttled, Unknown, Unreadable
from connectors.core.http import Http, HttpLimits
from connectors.core.paging import PageNumber
from connectors.core.throttle import CallsPerWindow, CostBucket
from connectors.core.wire import Answer, Call
from connectors.extensiv_order_manager import OrderManager
from connectors.extensiv_order_manager import Settings as OrderManagerSettings
from connectors.shopify import Settings, Shopify
from seatrial import virtual_time

MONDAY = datetime(2026, 11, 23, 9, 0, 0, tzinfo=UTC)


# Limits


def test_no_window_wherever_it_begins_sees_more_calls_than_are_allowed():
    """A leaky bucket of 60 calls a minute lets 119 through in its first minute."""

    async def story() -> list[float]:
        throttle, clock, seconds = CallsPerWindow(5, 10), LoopClock(MONDAY), []
        for number in range(23):
            await throttle.admit(1, clock)
            await asyncio.sleep(0.7 if number % 3 else 0)
            seconds.append(asyncio.get_running_loop().time())
            throttle.done(1)
        return seconds

    seconds = virtual_time.run(story())
    assert max(sum(begin <= at < begin + 10 for at in seconds) for begin in seconds) == 5
    assert seconds[-1] < 60, "and it waits no longer than it has to"


def test_a_call_that_never_went_gives_its_place_back():
    async def story() -> float:
        throttle, clock = CallsPerWindow(1, 10), LoopClock(MONDAY)
        await throttle.admit(1, clock)
        throttle.done(1)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(4):
                await throttle.admit(1, clock)
        await throttle.admit(1, clock)
        return asyncio.get_running_loop().time()

    assert virtual_time.run(story()) == pytest.approx(10, abs=0.1)


def test_what_costs_nothing_takes_no_place():
    async def story() -> float:
        throttle, clock = CallsPerWindow(1, 10), LoopClock(MONDAY)
        for _ in range(3):
            await throttle.admit(0, clock)
            throttle.done(0)
        await throttle.admit(1, clock)
        return asyncio.get_running_loop().time()

    assert virtual_time.run(story()) == 0


def test_a_window_that_is_full_for_longer_than_patience_lasts_is_throttled_and_nothing_is_sent():
    sent: list[str] = []

    def vendor(request: httpx.Request) -> httpx.Response:
        sent.append(request.method)
        return httpx.Response(200, json={})

    async def story() -> None:
        http = Http(
            "https://api.example",
            vendor="v",
            connection="c",
            clock=LoopClock(MONDAY),
            chance=random.Random(1),
            limits=HttpLimits(write_patience_seconds=10),
            throttle=CallsPerWindow(1, 60),
            transport=httpx.MockTransport(vendor),
        )
        async with http:
            await http.send(Call("POST", "/a", json={}), Answer.json)
            with pytest.raises(Throttled):
                await http.send(Call("POST", "/a", json={}), Answer.json)

    virtual_time.run(story())
    assert sent == ["POST"]


def test_a_bucket_of_points_is_never_asked_for_more_than_it_holds():
    """A wait that ends a hair early is a refusal: the vendor's own count is exact."""

    async def story() -> list[float]:
        bucket, clock, held, last, short = CostBucket(100, 50), LoopClock(MONDAY), 100.0, 0.0, []
        for cost in [65, 17, 9, 23, 1, 58] * 20:
            await bucket.admit(cost, clock)
            now = asyncio.get_running_loop().time()
            held, last = min(100.0, held + (now - last) * 50), now
            short += [cost - held] if cost > held else []
            held -= cost
            bucket.heard(maximum=100, available=int(held), restore_per_second=50, own_cost=cost, clock=clock)
            bucket.done(cost)
        return short

    assert virtual_time.run(story()) == []


# Paging


def test_as_many_rows_as_a_page_has_may_come_in_before_those_already_seen():
    """Older records that change while a window of changes is walked stand before it: page 2 is page 1 again."""
    rows = [{"id": 5}, {"id": 6}]

    async def fetch(asked):
        page = int(asked["page"])
        answered = {"data": rows[(page - 1) * 2 : page * 2], "totalPages": -(-len(rows) // 2)}
        if page == 1 and len(rows) == 2:
            rows[:0] = [{"id": 1}, {"id": 2}]
            answered["totalPages"] = 2
        return answered

    async def story():
        paging = PageNumber(page="page", size="size", rows="data", size_value=2, pages_total="totalPages")
        return [row["id"] for page in [page async for page in paging.walk(fetch)] for row in page]

    assert virtual_time.run(story()) == [5, 6, 5, 6]


def test_a_page_number_that_is_not_heeded_is_still_noticed_after_two_pages():
    asked: list[str] = []

    async def fetch(parameters):
        asked.append(parameters["page"])
        return {"data": [{"id": 1}], "totalPages": 900}

    async def story():
        paging = PageNumber(page="page", size="size", rows="data", size_value=1, pages_total="totalPages")
        return [page async for page in paging.walk(fetch)]

    with pytest.raises(PagingLoop, match="page 2 is the same"):
        virtual_time.run(story())
    assert asked == ["1", "2", "1"]


# What is said of a change that was made


def told(answers, ask):
    """What a shop's client makes of these answers, in their order; the last one again and again."""

    def vendor(_: httpx.Request) -> httpx.Response:
        return answers.pop(0) if len(answers) > 1 else answers[0]

    async def story():
        settings = Settings("shop", "a.myshopify.com", access_token="shpat-secret", client_secret="secret")
        clock = LoopClock(MONDAY)
        async with Shopify(
            settings, clock=clock, chance=random.Random(1), transport=httpx.MockTransport(vendor)
        ) as shop:
            await ask(shop)

    virtual_time.run(story())


def answer(**data) -> httpx.Response:
    return httpx.Response(200, json={"data": data})


ACCEPTED = answer(orderCancel={"job": {"id": "gid://shopify/Job/1", "done": False}, "orderCancelUserErrors": []})


@pytest.mark.parametrize("status", [429, 503, 401, 403])
def test_a_cancellation_that_was_accepted_is_not_called_unapplied_or_refused(status):
    """Only what came after it was throttled, unavailable or refused."""
    with pytest.raises(Unknown, match="was accepted, then"):
        told([ACCEPTED, httpx.Response(status)], lambda shop: shop.cancel_order("7001", "INVENTORY", "key"))


def test_one_of_two_fulfilments_cancelled_is_half_of_it():
    cancelled = [
        answer(fulfillment={"id": "gid://shopify/Fulfillment/1", "status": "SUCCESS"}),
        answer(fulfillmentCancel={"fulfillment": {"id": "1", "status": "CANCELLED"}, "userErrors": []}),
    ]
    refused = [
        answer(fulfillment={"id": "gid://shopify/Fulfillment/2", "status": "SUCCESS"}),
        answer(fulfillmentCancel={"fulfillment": None, "userErrors": [{"field": ["id"], "message": "no"}]}),
    ]
    with pytest.raises(Unknown, match="1 of the fulfilments 1,2 were cancelled, then"):
        told([*cancelled, httpx.Response(503)], lambda shop: shop.cancel_fulfillment("1,2", "key"))
    with pytest.raises(Unknown, match="then"):
        told([*cancelled, *refused, refused[0]], lambda shop: shop.cancel_fulfillment("1,2", "key"))
    with pytest.raises(Conflict):
        told([*refused, refused[0]], lambda shop: shop.cancel_fulfillment("1,2", "key"))


# What errors quote


@pytest.mark.parametrize(
    "body",
    [
        {"errors": [{"message": "no", "extensions": {"code": "shpat-secret"}}]},
        {"errors": [{"message": "token shpat-secret", "extensions": {"code": "ACCESS_DENIED"}}]},
        {
            "data": {
                "fulfillmentCancel": {
                    "fulfillment": None,
                    "userErrors": [{"field": ["shpat-secret"], "message": "no shpat-secret", "code": "shpat-secret"}],
                }
            }
        },
    ],
)
def test_whatever_a_complaint_quotes_of_our_credentials_is_taken_out_of_all_of_an_error(body):
    known = answer(fulfillment={"id": "gid://shopify/Fulfillment/1", "status": "SUCCESS"})
    answers = [known, httpx.Response(200, json=body), known]
    with pytest.raises(ConnectorError) as caught:
        told(answers, lambda shop: shop.cancel_fulfillment("1", "key"))
    assert "shpat-secret" not in f"{caught.value} {caught.value!r} {vars(caught.value)}"


# What is taken for an answer


def account(reply, ask):
    """What an Order Manager client makes of one answer to everything but its token request."""

    def vendor(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/oauth/token":
            return httpx.Response(200, json={"access_token": "token-of-the-day", "expires_in": 3600})
        return reply

    async def story():
        om = OrderManager(
            OrderManagerSettings("om", "id", "secret"),
            clock=LoopClock(MONDAY),
            chance=random.Random(1),
            transport=httpx.MockTransport(vendor),
        )
        async with om:
            return await ask(om)

    return virtual_time.run(story())


@pytest.mark.parametrize("body", [{}, {"error": {"code": "internal_error"}}, {"sku": 7}, {"sku": "MUG-02"}, []])
def test_only_its_own_level_in_answer_says_that_a_level_was_set(body):
    level = Level("MUG-01", "501", 4, 4, MONDAY)
    assert account(httpx.Response(200, json={"sku": "MUG-01"}), lambda om: om.set_levels([level], "key")) == {}
    with pytest.raises(Unreadable):
        account(httpx.Response(200, json=body), lambda om: om.set_levels([level], "key"))


@pytest.mark.parametrize("body", [{}, {"error": {"code": "internal_error"}}, {"data": None}, {"data": [1]}])
def test_only_a_list_proves_the_credentials(body):
    assert account(httpx.Response(200, json={"data": []}), lambda om: om.check()) == "id"
    with pytest.raises(Unreadable):
        account(httpx.Response(200, json=body), lambda om: om.check())


def test_a_location_without_a_number_is_unreadable_and_no_other_exception():
    locations = {"nodes": [{"id": "", "name": "Here", "isActive": True}], "pageInfo": {"hasNextPage": False}}
    with pytest.raises(Unreadable, match="a location makes no sense"):
        told([answer(locations=locations)], lambda shop: shop.find_levels(["MUG-01"]))


# What cannot be sent


@pytest.mark.parametrize(
    "ask",
    [
        lambda om: om.find_delivery("\ud800"),
        lambda om: om.cancel_delivery(Ref("om", "\ud800"), "", "key"),
        lambda om: om.create_product("\ud800", "Mug"),
    ],
)
def test_half_a_character_is_refused_and_not_an_exception_of_the_encoder(ask):
    with pytest.raises(Invalid, match="half a character"):
        account(httpx.Response(200, json={}), ask)
