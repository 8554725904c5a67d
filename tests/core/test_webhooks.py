"""Telling others: signed as the vendor signs, at the vendor's seconds, only to who may be told, and nothing made up."""

import asyncio
import base64
import gzip
import hashlib
import hmac
import http.server
import json
import threading

import httpx
import pytest

from contracts.profile import Signature
from mock_servers.core.clock import iso_seconds
from mock_servers.core.refusal import Refusal, UsageError
from mock_servers.core.webhooks import ANSWER_MAXIMUM, Courier, redeliver, signed
from tests.core.harbor import FOLDER, KEY, SECRET, harbor
from tests.core.test_throttle import HERE
from tests.support import NOON, bench, run

URL = "http://127.0.0.1:9/hook"


class Receiver:
    """Hears what is told and answers as it was asked to: a status, or what to raise."""

    def __init__(self, *answers) -> None:
        self.answers = list(answers)
        self.heard: list[httpx.Request] = []
        self.moments: list[float] = []
        self.world = None

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.heard.append(request)
        self.moments.append(self.world.clock.now() - NOON)
        answer = self.answers.pop(0) if self.answers else 200
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, httpx.Response) else httpx.Response(answer)

    @property
    def labels(self) -> list[str]:
        return [json.loads(request.content)["crate"]["label"] for request in self.heard]


def stand(*answers, topics=("crate.created",), **kwargs):
    receiver = Receiver(*answers)
    harbor_ = bench(harbor(), headers=KEY, hooks=httpx.MockTransport(receiver), **kwargs)
    receiver.world = harbor_.world
    for topic in topics:
        harbor_.post("/listeners", {"url": URL, "topic": topic})
    return harbor_, receiver


def make(harbor_, *labels: str) -> None:
    for label in labels:
        assert harbor_.post("/crates", {"label": label}).status_code == 201


def state_of(harbor_, number: int = -1) -> str:
    return harbor_.documents("webhook_delivery")[number]["state"]


# What is told --------------------------------------------------------------------------------------------------------


def test_who_listens_is_told_what_happened_signed_over_the_bytes_that_arrive():
    harbor_, receiver = stand()
    make(harbor_, "Zoë's \U0001f4e6")
    assert receiver.heard == []
    harbor_.deliver()
    [request] = receiver.heard
    assert str(request.url) == URL
    assert json.loads(request.content) == {"topic": "crate.created", "crate": harbor_.documents("crate")[0]}
    mac = hmac.new(SECRET.encode(), request.content, hashlib.sha256).digest()
    assert request.headers["X-Harbor-Signature"] == "v1=" + base64.b64encode(mac).decode()
    assert request.headers["X-Harbor-Topic"] == "crate.created"


def test_who_does_not_listen_is_not_told():
    harbor_, receiver = stand(topics=("crate.released",))
    make(harbor_, "one")
    harbor_.advance(3600)
    assert receiver.heard == []
    assert harbor_.documents("webhook_delivery") == []


def test_everybody_who_listens_is_told_each_on_their_own():
    harbor_, receiver = stand(500, 200, topics=("crate.created", "crate.created"))
    make(harbor_, "one")
    harbor_.deliver()
    assert [delivery["state"] for delivery in harbor_.documents("webhook_delivery")] == ["pending", "delivered"]
    assert len(receiver.heard) == 2


def test_what_was_given_up_is_told_to_nobody():
    harbor_, receiver = stand(topics=("crate.relabelled", "crate.created"))
    make(harbor_, "one")
    harbor_.deliver()
    with pytest.raises(Refusal):
        harbor_.act("relabel", crate="100", label="stumble")
    harbor_.post("/mistakes/refuse")
    harbor_.post("/mistakes/fall")
    harbor_.advance(3600)
    assert receiver.labels == ["one"]
    assert len(harbor_.documents("webhook_delivery")) == 1


def test_every_attempt_is_kept_with_what_was_sent_and_what_came_back():
    harbor_, _ = stand(httpx.Response(500, text="no"), httpx.ConnectError("nobody there"), 200)
    make(harbor_, "one")
    harbor_.advance(70)
    [delivery] = harbor_.documents("webhook_delivery")
    assert [(each["at"] - NOON, each["status"], each["answer"]) for each in delivery["attempts"]] == [
        (0, 500, "no"), (10, None, ""), (70, 200, ""),
    ]  # fmt: skip
    assert "nobody there" in delivery["attempts"][1]["error"]
    assert all(each["signed"] == delivery["body"] for each in delivery["attempts"])
    assert all(each["headers"]["X-Harbor-Signature"].startswith("v1=") for each in delivery["attempts"])
    assert SECRET not in json.dumps(delivery)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (Signature(header="S", evidence=HERE), "UVquEztDXUAAlWcx9orlz164XU8NxqVG0r/NNZXsGuE="),
        (
            Signature(header="S", encoding="hex", prefix="sha256=", evidence=HERE),
            "sha256=515aae133b435d4000956731f68ae5cf5eb85d4f0dc6a546d2bfcd3595ec1ae1",
        ),
        (
            Signature(header="S", algorithm="hmac_sha1", encoding="hex", evidence=HERE),
            "70bbf6819d1037aa94ca7e7f537cbea25fe49283",
        ),
    ],
)
def test_signatures_agree_with_what_openssl_reckons(rule, expected):
    assert signed(rule, "key", b"body") == expected


# When it is told -----------------------------------------------------------------------------------------------------


def test_a_failed_attempt_is_repeated_at_the_vendor_s_seconds_and_then_given_up():
    harbor_, receiver = stand(500, 500, 500, 500, 500)
    make(harbor_, "one")
    harbor_.advance(10_000)
    assert receiver.moments == [0, 10, 70, 670]
    assert state_of(harbor_) == "failed"
    assert len({request.content for request in receiver.heard}) == 1


def test_not_a_second_early():
    harbor_, receiver = stand(500)
    make(harbor_, "one")
    harbor_.advance(9.999)
    assert len(receiver.heard) == 1
    harbor_.advance(0.001)
    assert (len(receiver.heard), state_of(harbor_)) == (2, "delivered")


@pytest.mark.parametrize("status", [100, 199, 204, 299, 300, 301, 302, 307, 308, 400, 404, 410, 429, 500, 503])
def test_only_two_hundreds_are_good_and_a_redirect_is_not_followed(status):
    harbor_, receiver = stand(httpx.Response(status, headers={"Location": "http://127.0.0.1:9/elsewhere"}))
    make(harbor_, "one")
    harbor_.deliver()
    assert state_of(harbor_) == ("delivered" if 200 <= status < 300 else "pending")
    assert len(receiver.heard) == 1


def test_deliveries_go_out_in_the_order_of_their_time():
    harbor_, receiver = stand(500)
    make(harbor_, "one")
    harbor_.advance(5)
    make(harbor_, "two")
    harbor_.advance(100)
    assert receiver.labels == ["one", "two", "one"]
    assert receiver.moments == [0, 5, 10]


def test_what_a_receiver_does_in_return_happens_at_that_moment():
    harbor_, receiver = stand(topics=("crate.rotten",))
    harbor_.post("/crates", {"label": "fish", "keeps_seconds": 60})
    answered = receiver.__call__

    def call_back(request):
        harbor_.post("/crates", {"label": "made in return"})
        return answered(request)

    harbor_.sandbox.courier = Courier((), httpx.MockTransport(call_back))
    harbor_.advance(3600)
    assert harbor_.documents("crate")[1]["made_at"] == iso_seconds(NOON + 60)[:-1] + ".000Z"
    assert harbor_.world.clock.now() == NOON + 3600


# Who is given up -----------------------------------------------------------------------------------------------------


def test_a_listener_that_fails_too_often_in_a_row_is_removed():
    harbor_, receiver = stand(*[500] * 4)
    make(harbor_, "one")
    harbor_.advance(670)
    assert harbor_.documents("listener") == []
    make(harbor_, "two")
    harbor_.advance(3600)
    assert len(receiver.heard) == 4


def test_one_success_in_between_begins_the_count_anew():
    harbor_, receiver = stand(500, 500, 500, 200, 500, 500, 500, 200)
    make(harbor_, "one")
    harbor_.advance(670)
    make(harbor_, "two")
    harbor_.advance(670)
    assert len(harbor_.documents("listener")) == 1
    assert len(receiver.heard) == 8


def test_failures_of_different_events_count_together_and_of_different_listeners_apart():
    harbor_, receiver = stand(*[500] * 4, topics=("crate.created",))
    make(harbor_, "one", "two", "three", "four")
    harbor_.deliver()
    assert harbor_.documents("listener") == []
    assert len(receiver.heard) == 4
    harbor_, _ = stand(500, 500, 500, 500, topics=("crate.created", "crate.created"))
    make(harbor_, "one", "two")
    harbor_.deliver()
    assert len(harbor_.documents("listener")) == 2


def test_a_vendor_may_keep_or_disable_instead(tmp_path):
    for then, told in (("keep", []), ("disable", ["1"])):
        fake = harbor()
        profile = (FOLDER / "profile.yaml").read_text().replace("then: remove", f"then: {then}")
        folder = tmp_path / then / "harbor"
        folder.mkdir(parents=True)
        for path in FOLDER.glob("*.yaml"):
            (folder / path.name).write_text(path.read_text() if path.name != "profile.yaml" else profile)
        from contracts import read

        fake._contract = read(folder)
        given_up: list[str] = []
        fake.on_give_up = lambda work, subscription, given_up=given_up: given_up.append(subscription)
        harbor_ = bench(fake, headers=KEY, hooks=httpx.MockTransport(lambda _: httpx.Response(500)))
        harbor_.post("/listeners", {"url": URL, "topic": "crate.created"})
        make(harbor_, "one")
        harbor_.advance(670)
        assert given_up == told


# Once more -----------------------------------------------------------------------------------------------------------


def again(harbor_, id: str = "1") -> None:
    work = harbor_.world.work("harbor")
    redeliver(work, id)
    harbor_.world.finish(work)
    harbor_.deliver()


def test_a_redelivery_is_the_same_bytes_through_the_same_pipe():
    harbor_, receiver = stand()
    make(harbor_, "one")
    harbor_.deliver()
    harbor_.advance(5)
    again(harbor_)
    first, second = receiver.heard
    assert first.content == second.content
    assert first.headers == second.headers
    [delivery] = harbor_.documents("webhook_delivery")
    assert ([each["at"] - NOON for each in delivery["attempts"]], delivery["state"]) == ([0, 5], "delivered")


def test_what_failed_for_good_can_be_delivered_after_all():
    harbor_, _ = stand(*[500] * 3, 200, 500)
    make(harbor_, "one")
    harbor_.advance(70)
    again(harbor_)
    assert state_of(harbor_) == "delivered"
    harbor_.advance(3600)
    assert len(harbor_.documents("webhook_delivery")[0]["attempts"]) == 4


def test_a_delivery_that_is_not_there_is_refused():
    harbor_, _ = stand()
    with pytest.raises(Refusal, match="not_found"):
        redeliver(harbor_.world.work("harbor"), "7")


# On purpose ----------------------------------------------------------------------------------------------------------


def test_a_dropped_event_is_never_told_and_is_seen_to_be_dropped():
    harbor_, receiver = stand()
    harbor_.faults.next("webhook:crate.created", "drop")
    make(harbor_, "one", "two")
    harbor_.advance(3600)
    assert receiver.labels == ["two"]
    assert [delivery["state"] for delivery in harbor_.documents("webhook_delivery")] == ["dropped", "delivered"]
    again(harbor_, "1")
    assert receiver.labels == ["two", "one"]


def test_a_repeated_event_is_told_twice_in_the_same_bytes():
    harbor_, receiver = stand()
    harbor_.faults.next("webhook:crate.created", "repeat")
    make(harbor_, "one", "two")
    harbor_.deliver()
    assert sorted(receiver.labels) == ["one", "one", "two"]
    assert receiver.heard[0].content == receiver.heard[1].content
    assert [delivery["state"] for delivery in harbor_.documents("webhook_delivery")] == ["delivered", "delivered"]


def test_a_repetition_that_fails_does_not_undo_what_arrived():
    harbor_, receiver = stand(200, 500)
    harbor_.faults.next("webhook:crate.created", "repeat")
    make(harbor_, "one")
    harbor_.advance(3600)
    assert (len(receiver.heard), state_of(harbor_)) == (2, "delivered")


def test_an_overtaken_event_comes_after_the_next_one():
    harbor_, receiver = stand()
    harbor_.faults.next("webhook:crate.created", "reorder")
    make(harbor_, "one", "two", "three")
    harbor_.advance(1)
    assert receiver.labels == ["two", "three", "one"]
    assert receiver.moments[-1] < 1
    harbor_.advance(3600)
    assert len(receiver.heard) == 3


def test_an_overtaken_event_that_fails_keeps_to_the_schedule():
    harbor_, receiver = stand(200, 500, 500, 500, 500)
    harbor_.faults.next("webhook:crate.created", "reorder")
    make(harbor_, "one", "two")
    harbor_.advance(10_000)
    assert receiver.labels == ["two", "one", "one", "one", "one"]
    assert [round(moment) for moment in receiver.moments] == [0, 0, 10, 70, 670]


def test_an_event_that_nothing_overtakes_comes_in_the_end():
    harbor_, receiver = stand()
    harbor_.faults.next("webhook:crate.created", "reorder")
    make(harbor_, "one")
    harbor_.advance(59)
    assert receiver.labels == []
    harbor_.advance(1)
    assert receiver.labels == ["one"]


def test_a_delayed_event_comes_so_much_later():
    harbor_, receiver = stand()
    harbor_.faults.next("webhook:crate.created", "delay", seconds=90)
    make(harbor_, "one", "two")
    harbor_.advance(89.9)
    assert receiver.labels == ["two"]
    harbor_.advance(0.1)
    assert receiver.labels == ["two", "one"]


def test_another_topic_is_not_met():
    harbor_, receiver = stand()
    harbor_.faults.next("webhook:crate.released", "drop")
    make(harbor_, "one")
    harbor_.deliver()
    assert receiver.labels == ["one"]


def test_a_fault_of_every_operation_is_none_of_a_webhook():
    harbor_, receiver = stand()
    harbor_.faults.next("*", "drop", times=None, chance=0.0)
    make(harbor_, "one")
    harbor_.deliver()
    assert receiver.labels == ["one"]


# What does not grow --------------------------------------------------------------------------------------------------


def test_old_deliveries_leave_but_never_one_that_waits():
    harbor_, _ = stand(500, topics=("crate.created",))
    harbor_.world.store.next_number("harbor.webhook_delivery", 9_998)
    make(harbor_, "waits")
    harbor_.deliver()
    make(harbor_, "done")
    harbor_.deliver()
    kept = [delivery["id"] for delivery in harbor_.documents("webhook_delivery")]
    assert kept == ["9999", "10000"]
    harbor_.world.store.skip_numbers("harbor.webhook_delivery", 1, 9_998)
    make(harbor_, *[f"crate {number}" for number in range(3)])
    assert "9999" in [delivery["id"] for delivery in harbor_.documents("webhook_delivery")]
    assert "10000" not in [delivery["id"] for delivery in harbor_.documents("webhook_delivery")]


def test_a_world_reset_while_an_attempt_is_under_way_is_not_written_to():
    harbor_, _ = stand()
    make(harbor_, "before")

    def reset(request):
        harbor_.world.reset()
        harbor_.world.clock.shift(1)
        harbor_.post("/listeners", {"url": URL, "topic": "crate.created"})
        make(harbor_, "after")
        return httpx.Response(500)

    harbor_.sandbox.courier = Courier((), httpx.MockTransport(reset))
    run(harbor_.sandbox.courier.aclose())
    work = harbor_.world.store.due_timer(NOON)
    assert work is not None
    asyncio.run(one_attempt(harbor_))
    [delivery] = harbor_.documents("webhook_delivery")
    assert (delivery["attempts"], delivery["state"]) == ([], "pending")


async def one_attempt(harbor_) -> None:
    from mock_servers.core.webhooks import attempt

    seq, vendor, _, due, body = harbor_.world.store.due_timer(NOON)
    harbor_.world.store.drop_timer(seq)
    harbor_.world.store.commit()
    await attempt(harbor_.world, vendor, due, body, harbor_.sandbox.courier)


def test_a_world_that_is_over_while_an_attempt_is_under_way_is_left_alone():
    harbor_, _ = stand()
    other = harbor_.sandbox.worlds.create("other", clock=harbor_.world.clock)
    key = {"X-Harbor-Key": other.credentials["harbor"]["key"]}
    harbor_.post("/listeners", {"url": URL, "topic": "crate.created"}, headers=key)
    harbor_.post("/crates", {"label": "x"}, headers=key)

    def drop(request):
        harbor_.sandbox.worlds.drop("other")
        return httpx.Response(200)

    harbor_.sandbox.courier = Courier((), httpx.MockTransport(drop))
    run(harbor_.sandbox.deliver(other))
    assert "other" not in harbor_.sandbox.worlds


# While somebody else is at it ----------------------------------------------------------------------------------------


class Slow(httpx.AsyncBaseTransport):
    """Answers each delivery when it is let go."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.came = asyncio.Event()
        self.go = asyncio.Event()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.heard.append(json.loads(await request.aread())["crate"]["label"])
        self.came.set()
        await self.go.wait()
        return httpx.Response(200)


def test_quiet_is_when_what_somebody_else_delivers_is_over_too():
    async def story() -> None:
        harbor_, slow = *stand()[:1], Slow()
        harbor_.sandbox.courier = Courier((), slow)
        make(harbor_, "one", "two")
        pumping = asyncio.create_task(harbor_.sandbox.deliver())
        await slow.came.wait()
        waiting = asyncio.create_task(harbor_.sandbox.quiet())
        for _ in range(20):
            await asyncio.sleep(0)
        assert not waiting.done()
        assert slow.heard == ["one"], "whoever began goes on, one after the other"
        slow.go.set()
        await waiting
        assert slow.heard == ["one", "two"]
        assert [each["state"] for each in harbor_.documents("webhook_delivery")] == ["delivered"] * 2
        await pumping
        await harbor_.sandbox.courier.aclose()

    run(story())


def test_a_world_whose_deliveries_find_no_end_is_said_to_have_none():
    harbor_, _ = stand()
    make(harbor_, "one")
    harbor_.world.timers_maximum = 0
    with pytest.raises(UsageError, match="find no end"):
        run(harbor_.sandbox.quiet())


# Where it may go -----------------------------------------------------------------------------------------------------

RULES = harbor().contract.profile.webhooks


def courier(*addresses: str, allowed=(), asked=None) -> Courier:
    async def resolve(host: str, port: int) -> list[str]:
        if asked is not None:
            asked.append((host, port))
        return list(addresses)

    return Courier(allowed, resolve=resolve)


def checked(courier_: Courier, url: str):
    return run(courier_._checked(url))


def refused(courier_: Courier, url: str) -> str:
    outcome = run(courier_.post(url, {}, b"{}", RULES))
    assert outcome.status is None
    assert not outcome.good
    return outcome.error


PUBLIC = ["203.0.113.9", "10.0.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0", "224.0.0.1", "100.64.0.1",
          "2001:db8::1", "fe80::1", "fd00::1", "::", "::ffff:10.0.0.1", "::ffff:169.254.169.254"]  # fmt: skip


@pytest.mark.parametrize("address", PUBLIC)
def test_what_is_not_loopback_is_not_told(address):
    said = refused(courier(address), "http://hooks.example/x")
    assert said == "hooks.example is not on loopback and not a listed host; list it with --webhook-host hooks.example"


def test_a_name_with_one_address_beyond_loopback_is_not_told():
    assert "not on loopback" in refused(courier("127.0.0.1", "203.0.113.9"), "http://hooks.example/")


@pytest.mark.parametrize("address", ["127.0.0.1", "127.1.2.3", "::1"])
def test_loopback_is_told_at_the_address_that_was_checked_under_its_own_name(address):
    asked: list = []
    targets, host = checked(courier(address, asked=asked), "https://hooks.example:8443/x?y=1")
    place = f"[{address}]" if ":" in address else address
    assert (targets, host) == ([f"https://{place}:8443/x?y=1"], "hooks.example:8443")
    assert asked == [("hooks.example", 8443)]


def test_a_listed_host_is_told_wherever_it_is_and_only_that_one():
    listed = courier("203.0.113.9", allowed=["hooks.example"])
    assert checked(listed, "http://hooks.example/x")[0] == ["http://203.0.113.9:80/x"]
    for other in ("other.example", "hooks.example.evil.example", "sub.hooks.example", "hooks.example@other.example"):
        assert "not a listed host" in refused(listed, f"http://{other}/x")


@pytest.mark.parametrize(
    "url",
    ["ftp://127.0.0.1/", "file:///etc/passwd", "127.0.0.1", "", "http://", "//127.0.0.1/", "gopher://x", "http://[::1",
     "http://127.0.0.1:99999/", "http://127.0.0.1:port/", "http:///x", "javascript:1"],
)  # fmt: skip
def test_what_is_no_address_of_the_web_is_an_outcome_and_no_crash(url):
    assert refused(courier("127.0.0.1"), url)


def test_a_name_that_nobody_knows_is_an_outcome_and_no_crash():
    async def unknown(host, port):
        raise OSError("no such name")

    assert "no such name" in refused(Courier(resolve=unknown), "http://hooks.example/")
    assert "no address" in refused(courier(), "http://hooks.example/")
    assert refused(Courier(), f"http://{'a' * 300}.localhost/")


def test_who_listens_nowhere_is_an_outcome_and_the_next_address_is_tried():
    """A name such as localhost has two addresses, and a server is often on one of them only."""

    async def story():
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with server:
            courier_ = courier("127.0.0.2", "127.0.0.1")
            outcome = await courier_.post(f"http://two.example:{port}/", {"A": "1"}, b"{}", RULES)
            await courier_.aclose()
            nobody = courier("127.0.0.2")
            gone = await nobody.post(f"http://two.example:{port}/", {}, b"{}", RULES)
            await nobody.aclose()
        return outcome, gone

    async def answer(reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        assert b"Host: two.example:" in head
        writer.write(b"HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\n\r\nok")
        await writer.drain()
        writer.close()

    outcome, gone = run(story())
    assert (outcome.status, outcome.answer) == (202, "ok")
    assert (gone.status, "ConnectError" in gone.error) == (None, True)


def test_one_courier_goes_out_from_one_loop_after_another():
    """A suite that drives a sandbox step by step has a new event loop for each."""

    class Quiet(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args):
            pass

    class Server(http.server.ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False

    with Server(("127.0.0.1", 0), Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        courier_ = Courier()
        url = f"http://127.0.0.1:{server.server_address[1]}/"
        outcomes = [run(courier_.post(url, {}, b"{}", RULES)) for _ in range(3)]
        run(courier_.aclose())
        server.shutdown()
        thread.join()
    assert [outcome.status for outcome in outcomes] == [200, 200, 200]


def test_no_more_of_an_answer_is_read_than_is_worth_keeping():
    async def endless(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        sent = 0
        try:
            while sent < 64 * 2**20:
                writer.write(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")
                sent += 0x10000
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            heard.append(sent)
            writer.close()

    heard: list[int] = []
    outcome = run(told(endless))
    assert (outcome.status, outcome.answer) == (200, "x" * ANSWER_MAXIMUM)
    assert heard[0] < 32 * 2**20


def test_an_answer_that_is_little_and_unpacks_to_much_is_not_unpacked():
    bomb = gzip.compress(b"x" * 10**7)

    async def small(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(bomb)}\r\n\r\n"
        writer.write(head.encode() + bomb)
        await writer.drain()
        writer.close()

    outcome = run(told(small))
    assert outcome.status == 200
    assert len(outcome.answer) <= ANSWER_MAXIMUM
    assert "xxxx" not in outcome.answer


@pytest.mark.parametrize(
    "answer", [b"", b"rubbish\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort", b"\xff" * 100]
)
def test_an_answer_that_is_none_is_an_outcome_and_no_crash(answer):
    async def strange(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()
        writer.close()

    outcome = run(told(strange))
    assert outcome.status is None
    assert outcome.error


async def told(handler):
    server = await asyncio.start_server(handler, "127.0.0.1", 0)
    async with server:
        courier_ = Courier()
        outcome = await courier_.post(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/", {}, b"{}", RULES)
        await courier_.aclose()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.wait_for(asyncio.gather(*others, return_exceptions=True), 5)
        return outcome


def test_a_redirect_to_elsewhere_is_not_followed_on_a_real_wire():
    async def away(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 302 Found\r\nLocation: http://203.0.113.9/\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    outcome = run(told(away))
    assert (outcome.status, outcome.good) == (302, False)
