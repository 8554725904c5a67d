"""The one HTTP client: what an answer means, what is repeated, how long it waits, and what it never shows."""

import asyncio
import gzip
import itertools
import logging
import random
from collections.abc import Awaitable, Callable
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import httpx
import pytest
import respx
import structlog

from connectors.core.clock import LoopClock
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
from connectors.core.http import Complaint, Http, HttpLimits
from connectors.core.throttle import CallsPerPeriod
from connectors.core.wire import Answer, Call
from seatrial import virtual_time

MONDAY = datetime(2026, 11, 23, 9, 0, 0, tzinfo=UTC)
READ = Call("GET", "/things", "list")
WRITE = Call("POST", "/things", "create", json={"name": "a"})

Handler = Callable[[httpx.Request], Awaitable[httpx.Response]]


def run(main):
    with asyncio.Runner(loop_factory=lambda: virtual_time.new_event_loop()) as runner:
        return runner.run(main)


class Vendor:
    """Answers from a list, the last one again and again, and remembers when it was asked what."""

    def __init__(self, *answers) -> None:
        self.answers = list(answers)
        self.requests: list[httpx.Request] = []
        self.seconds: list[float] = []

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        self.seconds.append(asyncio.get_running_loop().time())
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if callable(answer):
            answer = answer(request)
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, httpx.Response) else httpx.Response(200, json=answer)


def http(vendor: Handler, **kwargs) -> Http:
    kwargs.setdefault("chance", random.Random(1))
    kwargs.setdefault("clock", LoopClock(MONDAY))
    transport = kwargs.pop("transport", None) or httpx.MockTransport(vendor)
    return Http("https://api.vendor.example", vendor="vendor", connection="main", transport=transport, **kwargs)


async def send(vendor: Handler, call: Call = READ, **kwargs):
    async with http(vendor, **kwargs) as client:
        return await client.send(call, Answer.json_object)


SORTED = [
    (301, Refused),
    (302, Unknown),
    (303, Unknown),
    (307, Refused),
    (308, Refused),
    (400, Invalid),
    (401, Unauthorized),
    (402, Forbidden),
    (403, Forbidden),
    (404, NotFound),
    (405, Refused),
    (408, Unknown),
    (409, Conflict),
    (410, NotFound),
    (418, Refused),
    (422, Invalid),
    (423, Forbidden),
    (429, Throttled),
    (430, Refused),
    (500, Broken),
    (501, Broken),
    (502, Broken),
    (503, Unavailable),
    (504, Broken),
    (520, Broken),
]


@pytest.mark.parametrize(("status", "kind"), SORTED)
def test_each_status_has_its_outcome(status, kind):
    vendor = Vendor(httpx.Response(status, text="<html>no</html>"))
    with pytest.raises(ConnectorError) as caught:
        run(send(vendor, WRITE))
    assert type(caught.value) is kind
    assert caught.value.status == status
    assert caught.value.tried == "POST https://api.vendor.example/things (create)"
    assert "<html>no</html>" in str(caught.value)
    assert caught.value.next_step


FAILURES = [
    (httpx.ConnectError("refused"), Unavailable),
    (httpx.ConnectTimeout("slow"), Unavailable),
    (httpx.PoolTimeout("full"), Unavailable),
    (httpx.ProxyError("no"), Unavailable),
    (ConnectionRefusedError(111, "refused"), Unavailable),
    (httpx.ReadTimeout("slow"), TimedOut),
    (httpx.WriteTimeout("slow"), TimedOut),
    (httpx.ReadError("reset"), Broken),
    (httpx.WriteError("reset"), Broken),
    (httpx.RemoteProtocolError("cut"), Broken),
    (ConnectionResetError(104, "reset"), Broken),
    (httpx.DecodingError("gzip"), Unreadable),
    (httpx.UnsupportedProtocol("ftp"), Invalid),
]


@pytest.mark.parametrize(("failure", "kind"), FAILURES, ids=lambda value: getattr(value, "__name__", str(value)[:20]))
def test_each_failure_of_the_network_has_its_outcome(failure, kind):
    with pytest.raises(ConnectorError) as caught:
        run(send(Vendor(failure), WRITE))
    assert type(caught.value) is kind


def test_a_mistake_of_ours_is_not_taken_for_the_network():
    with pytest.raises(ZeroDivisionError):
        run(send(Vendor(ZeroDivisionError())))


GARBAGE = [
    b'{"data": [{"id": 1}, {"i',
    b"<!doctype html><title>Sign in</title>",
    b"",
    b"null",
    b"[1, 2]",
    b'"text"',
    b"\xff\xfe\x00",
    b'{"a": NaN}',
    b"[" * 100_000,
]


@pytest.mark.parametrize("body", GARBAGE, ids=range(len(GARBAGE)))
def test_a_body_that_is_not_an_object_is_unreadable(body):
    vendor = Vendor(httpx.Response(200, content=body))
    with pytest.raises(Unreadable) as caught:
        run(send(vendor, WRITE))
    assert len(vendor.requests) == 1
    assert len(caught.value.excerpt) <= 300


def test_an_answer_that_does_not_end_is_cut_off():
    async def endless():
        while True:
            yield b"x" * 1000

    vendor = Vendor(lambda request: httpx.Response(200, content=endless()))
    with pytest.raises(Unreadable, match="longer than 5000 bytes"):
        run(send(vendor, WRITE, limits=HttpLimits(answer_bytes_maximum=5000)))


def test_an_answer_that_comes_too_slowly_is_given_up_after_the_time_out():
    async def slow():
        while True:
            await asyncio.sleep(7)
            yield b" "

    async def story():
        with pytest.raises(TimedOut):
            await send(Vendor(lambda request: httpx.Response(200, content=slow())), WRITE)
        return asyncio.get_running_loop().time()

    assert run(story()) == pytest.approx(30)


def test_redirects_are_not_followed_and_take_no_credentials_along():
    vendor = Vendor(httpx.Response(307, headers={"location": "https://elsewhere.example/"}))
    with pytest.raises(Refused, match="not followed") as caught:
        run(send(vendor))
    assert len(vendor.requests) == 1
    assert "base URL" in caught.value.next_step


def test_a_read_is_repeated_after_an_unknown_outcome():
    vendor = Vendor(httpx.Response(500), httpx.ReadError("reset"), httpx.Response(200, content=b"{"), {"ok": 1})
    assert run(send(vendor)) == {"ok": 1}
    assert len(vendor.requests) == 4


def test_a_write_is_not_repeated_after_an_unknown_outcome():
    vendor = Vendor(httpx.Response(500), {"ok": 1})
    with pytest.raises(Unknown):
        run(send(vendor, WRITE))
    assert len(vendor.requests) == 1


def test_a_write_declared_repeatable_is_repeated_with_the_same_bytes():
    vendor = Vendor(httpx.ReadTimeout("slow"), {"ok": 1})
    call = Call("POST", "/things", json={"key": "k"}, repeatable=True)
    assert run(send(vendor, call)) == {"ok": 1}
    assert vendor.requests[0].content == vendor.requests[1].content == b'{"key":"k"}'


def test_a_write_that_was_not_applied_is_repeated_when_the_wait_is_short():
    vendor = Vendor(httpx.Response(429, headers={"retry-after": "2"}), httpx.ConnectError("refused"), {"ok": 1})
    assert run(send(vendor, WRITE)) == {"ok": 1}
    assert 2 <= vendor.seconds[1] < 3


def test_a_write_that_would_have_to_wait_long_is_handed_back_at_once():
    async def story():
        vendor = Vendor(httpx.Response(429, headers={"retry-after": "11"}), {"ok": 1})
        with pytest.raises(Throttled) as caught:
            await send(vendor, WRITE)
        return caught.value.retry_after_seconds, len(vendor.requests), asyncio.get_running_loop().time()

    assert run(story()) == (11.0, 1, 0.0)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        ("2.5", 2.5),
        ("Mon, 23 Nov 2026 09:00:40 GMT", 40.0),
        ("Mon, 23 Nov 2026 08:00:00 GMT", 0.0),
        ("-3", 0.0),
    ],
)
def test_retry_after_is_waited_for(header, seconds):
    vendor = Vendor(httpx.Response(429, headers={"retry-after": header}), {"ok": 1})
    run(send(vendor))
    assert seconds <= vendor.seconds[1] <= seconds + 1


def test_a_retry_after_date_is_read_against_the_vendors_clock():
    headers = {"retry-after": "Mon, 23 Nov 2026 12:00:20 GMT", "date": "Mon, 23 Nov 2026 12:00:00 GMT"}
    vendor = Vendor(httpx.Response(503, headers=headers), {"ok": 1})
    run(send(vendor))
    assert 20 <= vendor.seconds[1] <= 21


@pytest.mark.parametrize("header", ["soon", "nan", "inf", "", "1e400", "🕰"])
def test_a_senseless_retry_after_is_as_good_as_none(header):
    vendor = Vendor(httpx.Response(429, headers={"retry-after": header.encode()}), {"ok": 1})
    run(send(vendor))
    assert 0 < vendor.seconds[1] < 2


def test_the_vendors_own_way_of_telling_the_wait_comes_first():
    vendor = Vendor(httpx.Response(429, headers={"retry-after": "50", "x-reset-ms": "4000"}), {"ok": 1})
    run(send(vendor, wait_seconds=lambda answer: float(answer.headers["x-reset-ms"]) / 1000))
    assert 4 <= vendor.seconds[1] <= 5


def test_waits_grow_and_attempts_are_bounded():
    vendor = Vendor(httpx.Response(500))
    with pytest.raises(Broken):
        run(send(vendor))
    waits = [later - earlier for earlier, later in itertools.pairwise(vendor.seconds)]
    assert len(vendor.requests) == 5
    for wait, whole in zip(waits, [0.5, 1, 2, 4], strict=True):
        assert whole / 2 <= wait <= whole * 1.1


def test_a_read_told_to_wait_longer_than_its_patience_is_handed_back():
    vendor = Vendor(httpx.Response(429, headers={"retry-after": "3600"}))
    with pytest.raises(Throttled) as caught:
        run(send(vendor))
    assert caught.value.retry_after_seconds == 3600
    assert len(vendor.requests) == 1


def test_the_same_chance_gives_the_same_waits():
    def seconds(seed):
        vendor = Vendor(httpx.Response(503))
        with pytest.raises(NotApplied):
            run(send(vendor, chance=random.Random(seed)))
        return vendor.seconds

    assert seconds(3) == seconds(3) != seconds(4)


def test_one_refused_call_holds_the_others_back_as_long_as_the_vendor_said():
    async def story():
        vendor = Vendor(httpx.Response(429, headers={"retry-after": "20"}), {"ok": 1})
        async with http(vendor) as client:
            first = asyncio.create_task(client.send(READ, Answer.json_object))
            await asyncio.sleep(1)
            await client.send(READ, Answer.json_object)
            await first
        return vendor.seconds

    assert min(run(story())[1:]) >= 20


def test_a_write_does_not_linger_in_our_own_queue():
    async def story():
        vendor = Vendor({"ok": 1})
        async with http(vendor, throttle=CallsPerPeriod(1, 60)) as client:
            await client.send(WRITE, Answer.json_object)
            with pytest.raises(NotApplied, match="was not sent"):
                await client.send(WRITE, Answer.json_object)
        return len(vendor.requests), asyncio.get_running_loop().time()

    sent, seconds = run(story())
    assert sent == 1
    assert seconds <= 11


def test_no_more_calls_are_in_flight_than_allowed():
    flying, most = 0, 0

    async def vendor(request):
        nonlocal flying, most
        flying += 1
        most = max(most, flying)
        await asyncio.sleep(1)
        flying -= 1
        return httpx.Response(200, json={})

    async def story():
        async with http(vendor, limits=HttpLimits(in_flight_maximum=3)) as client:
            await asyncio.gather(*[client.send(READ, Answer.json_object) for _ in range(10)])
        return asyncio.get_running_loop().time()

    assert run(story()) == pytest.approx(4)
    assert most == 3


def test_a_cancelled_call_gives_its_place_back():
    async def story():
        async def vendor(request):
            await asyncio.sleep(5)
            return httpx.Response(200, json={})

        async with http(vendor, limits=HttpLimits(in_flight_maximum=1)) as client:
            task = asyncio.create_task(client.send(READ, Answer.json_object))
            await asyncio.sleep(1)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await client.send(READ, Answer.json_object)
        return asyncio.get_running_loop().time()

    assert run(story()) == pytest.approx(6)


def test_the_vendors_words_and_code_are_in_the_error():
    vendor = Vendor(httpx.Response(422, json={"code": "sku_missing"}))
    complaint = lambda answer: Complaint(answer.json()["code"], "give a sku")  # noqa: E731
    with pytest.raises(Invalid, match="422: give a sku") as caught:
        run(send(vendor, WRITE, complaint=complaint))
    assert caught.value.code == "sku_missing"


def test_a_vendor_that_says_400_to_everything_is_sorted_by_its_words():
    """A complaint may say what a refusal means where its status does not tell; else the status does."""
    sorting = lambda answer: Complaint(kind=Unavailable if b"later" in answer.body else None)  # noqa: E731
    for body, kind in (("come later", Unavailable), ("no", Invalid)):
        vendor = lambda request, body=body: httpx.Response(400, text=body)  # noqa: E731
        with pytest.raises(kind) as caught:
            run(send(vendor, WRITE, complaint=sorting))
        assert caught.value.status == 400


@contextmanager
def captured_logs():
    """What structlog is told, whatever the application set up, and no trace of it afterwards."""
    configured = structlog.is_configured()
    try:
        with structlog.testing.capture_logs() as entries:
            yield entries
    finally:
        if not configured:
            structlog.reset_defaults()


def test_secrets_are_in_no_error_and_in_no_log(caplog):
    echo = httpx.Response(
        500, text='{"refresh_token": "rt-9999", "you_sent": "s3cr3t-token", "for": "ana@mail.example"}'
    )
    call = Call("GET", "/things", params={"access_token": "abc123456", "page": "2"})
    with caplog.at_level(logging.DEBUG), captured_logs() as entries, pytest.raises(Broken) as caught:
        run(send(Vendor(echo), call, secrets=("s3cr3t-token",)))
    assert entries, "failures are logged"
    others = "".join(record.getMessage() for record in caplog.records)
    seen = f"{caught.value} {caught.value!r} {entries} {others}"
    assert "page=2" in seen
    for secret in ("s3cr3t-token", "rt-9999", "ana@mail.example", "abc123456"):
        assert secret not in seen


def test_an_unencrypted_address_is_refused_unless_it_is_this_machine():
    with pytest.raises(Invalid, match="unencrypted"):
        Http("http://api.vendor.example", vendor="vendor", connection="main")

    async def story():
        async with Http("http://127.0.0.1:9", vendor="vendor", connection="main") as client:
            with pytest.raises(Invalid, match="unencrypted"):
                await client.send(Call("GET", "http://api.vendor.example/token"), Answer.json_object)

    run(story())


@pytest.mark.parametrize("base_url", ["", "api.vendor.example", "ftp://x", "https://", "https://[::1", "mailto:a@b"])
def test_a_base_url_that_is_no_web_address_is_refused(base_url):
    with pytest.raises(Invalid, match="address"):
        Http(base_url, vendor="vendor", connection="main")


def test_a_base_url_may_have_a_path_and_cookies_are_not_kept():
    async def story():
        vendor = Vendor(httpx.Response(200, json={}, headers={"set-cookie": "session=1; Path=/"}))
        transport = httpx.MockTransport(vendor)
        async with Http("https://a.example/sandbox/", vendor="v", connection="c", transport=transport) as client:
            await client.send(READ, Answer.json_object)
            await client.send(READ, Answer.json_object)
        return vendor.requests

    first, second = run(story())
    assert str(first.url) == str(second.url) == "https://a.example/sandbox/things"
    assert "cookie" not in second.headers
    assert second.headers["user-agent"] == "seatrial"
    assert second.headers["host"] == "a.example"


def test_a_compressed_answer_is_read_and_one_that_unfolds_without_end_is_not():
    def answer(size):
        body = gzip.compress(b'{"a": "' + b"x" * size + b'"}')
        return httpx.Response(200, content=body, headers={"content-encoding": "gzip"})

    assert run(send(Vendor(answer(1000))))["a"] == "x" * 1000
    with pytest.raises(Unreadable, match="longer than"):
        run(send(Vendor(lambda request: answer(2_000_000)), WRITE, limits=HttpLimits(answer_bytes_maximum=100_000)))


def test_a_real_host_can_be_sent_elsewhere_and_still_hears_its_name():
    async def story():
        inner = Vendor({"ok": 1})
        async with http(
            inner, hosts={"API.vendor.example": "http://127.0.0.1:4011"}, transport=httpx.MockTransport(inner)
        ) as client:
            await client.send(READ, Answer.json_object)
        return inner.requests[0]

    request = run(story())
    assert str(request.url) == "http://127.0.0.1:4011/things"
    assert request.headers["host"] == "api.vendor.example"


def test_respx_can_stand_in_for_the_real_host():
    async def story():
        async with Http("https://api.vendor.example", vendor="vendor", connection="main") as client:
            return await client.send(READ, Answer.json_object)

    with respx.mock:
        respx.get("https://api.vendor.example/things").respond(200, json={"price": 0.1})
        document = run(story())
    assert str(document["price"]) == "0.1", "a fraction is read as Decimal, never as a float"


def test_the_clock_is_the_loops_own():
    async def story():
        clock = LoopClock(MONDAY)
        before = clock.now()
        await clock.sleep(3600)
        return before, clock.now()

    before, after = run(story())
    assert before == MONDAY
    assert after == MONDAY + timedelta(hours=1)


def test_without_a_base_the_clock_starts_at_an_aware_now_and_then_follows_the_loop():
    async def story():
        clock = LoopClock()
        before = clock.now()
        await clock.sleep(86400)
        return before, clock.now()

    before, after = run(story())
    assert before.utcoffset() == timedelta(0)
    assert after - before == timedelta(days=1)
    with pytest.raises(ValueError, match="aware"):
        LoopClock(datetime(2026, 1, 1))  # noqa: DTZ001 - the point of the test


def test_over_a_real_socket_connections_are_kept_and_few():
    """Real time, real loopback: what a mock transport cannot show."""
    connections = []

    async def serve(reader, writer):
        connections.append(writer)
        while head := await reader.readuntil(b"\r\n\r\n"):
            asked = head.split(b" ")[1]
            if asked == b"/cut":
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{")
                break
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}")
        writer.close()

    async def ignoring_the_end(reader, writer):
        try:
            await serve(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def story():
        server = await asyncio.start_server(ignoring_the_end, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with Http(
            f"http://127.0.0.1:{port}", vendor="v", connection="c", limits=HttpLimits(in_flight_maximum=3)
        ) as client:
            await asyncio.gather(*[client.send(READ, Answer.json_object) for _ in range(30)])
            used = len(connections)
            with pytest.raises(Broken):
                await client.send(Call("POST", "/cut"), Answer.json_object)
        server.close()
        await server.wait_closed()
        once = HttpLimits(attempts_maximum=1)
        async with Http(f"http://127.0.0.1:{port}", vendor="v", connection="c", limits=once) as client:
            with pytest.raises(Unavailable):
                await client.send(Call("POST", "/", json={}), Answer.json_object)
        return used

    assert asyncio.run(story()) <= 3


def test_a_call_with_a_limit_of_its_own_holds_up_no_other():
    throttles = {"create": CallsPerPeriod(1, 60)}

    async def story():
        loop, told = asyncio.get_running_loop(), []
        async with http(Vendor({}), throttles=throttles, throttle=CallsPerPeriod(100, 1)) as client:
            for call in (WRITE, READ, READ):
                await client.send(call, Answer.json_object)
                told.append(loop.time())
            with pytest.raises(NotApplied):
                await client.send(WRITE, Answer.json_object)
        return told

    assert run(story()) == [0, 0, 0]
