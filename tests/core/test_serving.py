"""The sandbox on real ports: who is let in by which name, what a lost answer is on a wire, and a clean stop."""

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest

from mock_servers.core.asgi import BODY_HARD_MAXIMUM, ReplyLostError, VendorAsgi
from mock_servers.core.clock import Clock
from mock_servers.core.refusal import UsageError
from mock_servers.core.sandbox import Sandbox
from mock_servers.core.serving import Server
from tests.core.harbor import KEY, harbor
from tests.support import at_noon, bench, run

TOKEN = "the-admin-token"


def sandbox(*names: str, **kwargs) -> Sandbox:
    fakes = []
    for name in names or ("harbor",):
        fake = harbor()
        fake.vendor = name
        fakes.append(fake)
    box = Sandbox([], extra=fakes, **{"make_clock": at_noon} | kwargs)
    for name in box.fakes:
        box.world.settings[f"{name}.limit.default"] = {"limit": 1_000_000}
    return box


@contextlib.asynccontextmanager
async def serving(box: Sandbox, **kwargs) -> AsyncIterator[Server]:
    server = Server(box, admin_token=TOKEN, **kwargs)
    ready = asyncio.Event()
    task = asyncio.create_task(server.run(ready.set, signals=False))
    waiting = asyncio.create_task(ready.wait())
    await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    try:
        yield server
    finally:
        server.stop()
        await asyncio.wait_for(task, 20)


def served(story: Callable[[Server, httpx.AsyncClient], Awaitable[None]], box: Sandbox | None = None, **kwargs) -> None:
    async def main() -> None:
        async with serving(box or sandbox(), **kwargs) as server:
            base_url = next(url for name, url in server.base_urls.items() if name)
            async with httpx.AsyncClient(base_url=base_url, headers=KEY, trust_env=False) as client:
                await story(server, client)

    run(main())


# Ports ---------------------------------------------------------------------------------------------------------------


def free_base(count: int) -> int:
    """A port below others that are free as well."""
    for _ in range(50):
        with contextlib.ExitStack() as held:
            first = held.enter_context(socket.socket())
            first.bind(("127.0.0.1", 0))
            base = first.getsockname()[1]
            try:
                for offset in range(1, count):
                    held.enter_context(socket.socket()).bind(("127.0.0.1", base + offset))
            except (OSError, OverflowError):
                continue
            return int(base)
    pytest.skip("no run of free ports on this machine")


def test_the_admin_has_the_first_port_and_the_vendors_follow_in_the_order_of_their_names():
    base = free_base(4)

    async def story(server, client):
        assert server.ports == {"": base, "albatross": base + 1, "harbor": base + 2, "quay": base + 3}
        assert server.base_urls["harbor"] == f"http://127.0.0.1:{base + 2}"

    served(story, sandbox("quay", "albatross", "harbor"), port_base=base)


def test_without_a_base_every_port_is_one_that_was_free():
    async def story(server, client):
        assert len(set(server.ports.values())) == 2
        told = server.described()
        assert told["admin"] == {"base_url": server.base_urls[""], "token": TOKEN}
        assert told["vendors"]["harbor"]["base_url"] == server.base_urls["harbor"]
        assert told["vendors"]["harbor"]["credentials"]["key"] == "THE_KEY"

    served(story)


def test_a_taken_port_is_named_and_none_is_held():
    base = free_base(3)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", base + 1))
        taken.listen()
        with pytest.raises(UsageError, match=rf"port {base + 1} for harbor on 127\.0\.0\.1 cannot be used: .*in use"):
            Server(sandbox("harbor", "quay"), port_base=base, admin_token=TOKEN)
    with socket.socket() as again:
        again.bind(("127.0.0.1", base))


@pytest.mark.parametrize(
    ("kwargs", "said"),
    [
        ({"port_base": 65_535}, "port 65536"),
        ({"host": "203.0.113.9"}, "203.0.113.9"),
        ({"host": "no such host"}, "no such host"),
    ],
)
def test_a_place_that_cannot_be_listened_at_is_named(kwargs, said, leaks):
    with pytest.raises(UsageError, match=said):
        Server(sandbox(), admin_token=TOKEN, **kwargs)


# Who is let in -------------------------------------------------------------------------------------------------------


def test_loopback_is_let_in_by_any_of_its_names():
    async def story(server, client):
        for host in ("127.0.0.1", "127.0.0.1:1", "localhost", "LocalHost:99", "[::1]", "[::1]:80"):
            assert (await client.get("/crates", headers={"Host": host})).status_code == 200, host
            health = await client.get(server.base_urls[""] + "/health", headers={"Host": host})
            assert health.json() == {"status": "ok"}, host

    served(story)


FOREIGN = ["evil.example", "127.0.0.1.evil.example", "evil.example:80", "", "harbor.example", "tenants.harbor.example",
           "api.harbor.example.evil.example", "0.0.0.0", "127.0.0.2", "localhost.evil.example", "\xff"]  # fmt: skip


def test_a_page_of_the_web_that_points_here_is_let_in_nowhere():
    async def story(server, client):
        for host in FOREIGN:
            for url in server.base_urls.values():
                answer = await client.get(f"{url}/crates", headers={b"Host": host.encode("latin-1")})
                assert answer.status_code == 421, host
                assert "THE_KEY" not in answer.text
        assert server.sandbox.world.journal.entries() == []

    served(story)


def test_who_listens_everywhere_is_found_by_every_address_and_by_no_strange_name():
    async def story(server, client):
        for host in ("10.1.2.3:8401", "[2001:db8::1]:8401", "192.0.2.7", socket.gethostname()):
            assert (await client.get("/crates", headers={"Host": host})).status_code == 200, host
        for host in ("evil.example", "10.1.2.3.evil.example", "1.2.3", "[::1].evil.example"):
            assert (await client.get("/crates", headers={"Host": host})).status_code == 421, host

    served(story, host="0.0.0.0")


def test_a_request_without_a_host_is_let_in_nowhere():
    async def story(server, client):
        head = await asked(server.ports["harbor"], b"GET /crates HTTP/1.0\r\nX-Harbor-Key: THE_KEY\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 421 ")

    served(story)


async def asked(port: int, request: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    await writer.drain()
    try:
        return await asyncio.wait_for(reader.read(), 10)
    except ConnectionError:
        return b""
    finally:
        writer.close()


def test_the_vendor_s_own_host_names_lead_to_the_vendor_on_every_port():
    names = ("api.harbor.example", "API.Harbor.Example:443", "a.tenants.harbor.example", "a.b.tenants.harbor.example")

    async def story(server, client):
        for host in names:
            for url in server.base_urls.values():
                answer = await client.get(f"{url}/crates", headers={"Host": host})
                assert answer.status_code == 200, host
                assert answer.headers["x-harbor-calls"]

    served(story)


def test_the_admin_api_keeps_its_token_on_the_wire():
    async def story(server, client):
        worlds = f"{server.base_urls['']}/worlds"
        assert (await client.get(worlds)).status_code == 401
        told = await client.get(worlds, headers={"Authorization": f"Bearer {TOKEN}"})
        assert [world["name"] for world in told.json()] == ["default"]

    served(story)


# On the wire ---------------------------------------------------------------------------------------------------------


def test_a_header_is_spelled_on_the_wire_as_its_vendor_spells_it():
    """Header names know no case; some clients do."""

    async def story(server, client):
        port = int(server.base_urls["harbor"].rsplit(":", 1)[1])
        answer = await asked(port, b"GET /crates HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert b"\r\nX-Harbor-Flag: white\r\n" in answer
        assert b"\r\ncontent-length: " in answer

    served(story)


def test_requests_and_answers_cross_a_real_wire():
    async def story(server, client):
        made = await client.post("/crates", json={"label": "Zoë \U0001f4e6"})
        assert (made.status_code, made.json()["id"]) == (201, "100")
        listed = await client.get("/crates", params={"state": "here,released"})
        assert listed.json() == [made.json()]
        assert (await client.delete("/crates/100.json")).status_code == 204
        assert (await client.get("/crates/a%2Fb.json")).json() == {"errors": ["not_found: no crate a/b"]}
        head = await client.head("/crates")
        assert (head.status_code, head.content, head.headers["allow"]) == (405, b"", "GET, POST")
        assert "server" not in listed.headers
        assert listed.headers.get_list("date") == ["Mon, 23 Nov 2026 12:00:00 GMT"]

    served(story)


def test_a_body_may_come_in_pieces_and_may_be_too_large_for_anything():
    async def pieces(*parts: bytes):
        for part in parts:
            yield part

    async def story(server, client):
        kind = {"Content-Type": "application/json"}
        made = await client.post("/crates", content=pieces(b'{"la', b"", b'bel": "x"}'), headers=kind)
        assert made.status_code == 201
        much = [b"x" * 2**20] * (BODY_HARD_MAXIMUM // 2**20 + 1)
        answer = await client.post("/crates", content=pieces(*much), headers=kind)
        assert answer.json() == {"errors": ["body_too_large: over 2000"]}

    served(story)


def test_a_caller_who_goes_away_in_the_middle_of_a_body_has_asked_for_nothing():
    async def story(server, client):
        await client.post("/crates", json={"label": "x"})
        head = b"POST /crates/100/release HTTP/1.1\r\nHost: localhost\r\nX-Harbor-Key: THE_KEY\r\n"
        for cut in (
            b"Content-Length: 20\r\n\r\n",
            b'Content-Length: 20\r\n\r\n{"no',
            b'Transfer-Encoding: chunked\r\n\r\n4\r\n{"no\r\n',
        ):
            _, writer = await asyncio.open_connection("127.0.0.1", server.ports["harbor"])
            writer.write(head + cut)
            await writer.drain()
            writer.close()
            await writer.wait_closed()
        for _ in range(1000):
            assert (await client.get("/crates/100.json")).json()["state"] == "here"
            if len(server.sandbox.world.journal.entries(operation="releaseCrate")) == 3:
                break
        assert {entry.rule for entry in server.sandbox.world.journal.entries(operation="releaseCrate")} <= {
            "body_too_large"
        }
        assert (await client.get("/crates/100.json")).json()["state"] == "here"

    served(story)


NO_REQUESTS = (
    b"rubbish\r\n\r\n",
    b"GET /\x00 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"\x16\x03\x01\x02\x00",
    b"GET /crates HTTP/9.9\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
)


def test_what_is_no_request_is_no_crash():
    async def story(server, client):
        for request in NO_REQUESTS:
            await asked_and_left(server.ports["harbor"], request)
            assert (await client.get("/crates")).status_code == 200

    served(story)


async def asked_and_left(port: int, request: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    writer.write_eof()
    with contextlib.suppress(ConnectionError):
        await asyncio.wait_for(reader.read(), 10)
    writer.close()


@pytest.mark.parametrize("kind", ["lose", "drop"])
def test_a_lost_answer_is_a_dropped_connection(kind):
    async def story(server, client):
        server.sandbox.world.faults.plan("harbor", "createCrate", kind)
        with pytest.raises(httpx.TransportError) as told:
            await client.post("/crates", json={"label": "x"})
        assert isinstance(told.value, (httpx.RemoteProtocolError, httpx.ReadError))
        count = (await client.get("/crates/count.json")).json()["count"]
        assert count == (1 if kind == "lose" else 0)

    served(story)


def test_a_cut_answer_ends_in_the_middle_of_its_body():
    async def story(server, client):
        server.sandbox.world.faults.plan("harbor", "createCrate", "cut")
        request = (
            b"POST /crates HTTP/1.1\r\nHost: localhost\r\nX-Harbor-Key: THE_KEY\r\nContent-Type: application/json\r\n"
        )
        request += b'Content-Length: 14\r\n\r\n{"label": "x"}'
        heard = await asked(server.ports["harbor"], request)
        if heard:  # a reset may overtake what was sent
            head, _, body = heard.partition(b"\r\n\r\n")
            [length] = [int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
            assert len(body) < length
        assert (await client.get("/crates/count.json")).json()["count"] == 1

    served(story)


def test_a_late_request_hears_nothing_and_is_done_after_all():
    async def story(server, client):
        server.sandbox.world.faults.plan("harbor", "createCrate", "late", seconds=0)
        with pytest.raises(httpx.TransportError):
            await client.post("/crates", json={"label": "x"})
        assert (await client.get("/crates/count.json")).json()["count"] == 1

    served(story)


def test_a_delayed_answer_comes():
    async def story(server, client):
        server.sandbox.world.faults.plan("harbor", "createCrate", "delay", seconds=0)
        assert (await client.post("/crates", json={"label": "x"})).status_code == 201

    served(story)


def test_a_server_that_offers_no_way_to_drop_a_connection_is_made_to_fail():
    box = sandbox()
    box.world.faults.plan("harbor", "listCrates", "lose")
    app = VendorAsgi(box.apps["harbor"])

    async def story():
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://localhost", headers=KEY
        ) as client:
            with pytest.raises(ReplyLostError):
                await client.get("/crates")
            return (await client.get("/crates")).status_code

    assert run(story()) == 200


# What is due ---------------------------------------------------------------------------------------------------------


def test_what_is_told_leaves_by_itself_over_a_real_wire():
    heard: asyncio.Queue[bytes] = asyncio.Queue()

    async def receiver(reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        [length] = [int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        heard.put_nowait(head + await reader.readexactly(length))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    async def story(server, client):
        listening = await asyncio.start_server(receiver, "127.0.0.1", 0)
        port = listening.sockets[0].getsockname()[1]
        async with listening:
            for topic in ("crate.created", "crate.rotten"):
                await client.post("/listeners", json={"url": f"http://localhost:{port}/hook", "topic": topic})
            await client.post("/crates", json={"label": "fish", "keeps_seconds": 60})
            first = await asyncio.wait_for(heard.get(), 10)
            assert b"crate.created" in first
            assert b"x-harbor-signature: v1=" in first.lower()
            admin = f"{server.base_urls['']}/worlds/default/clock"
            await client.post(admin, json={"advance_seconds": 60}, headers={"Authorization": f"Bearer {TOKEN}"})
            assert b"crate.rotten" in await asyncio.wait_for(heard.get(), 10)

    served(story)


def test_while_the_clock_is_moved_only_who_moves_it_delivers():
    """Two of one moment are told one after the other, though a call in between would wake who delivers otherwise."""
    heard: list[bytes] = []
    under_way: list[int] = []

    class Receiver(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request):
            under_way.append(1)
            assert sum(under_way) == 1, "a second one began before the first had its answer"
            heard.append(await request.aread())
            await client_of[0].get("/crates")
            box.worlds.on_outbox(box.world)
            for _ in range(20):
                await asyncio.sleep(0)
            under_way.pop()
            return httpx.Response(200)

    client_of: list[httpx.AsyncClient] = []
    box = sandbox(hooks=Receiver())

    async def story(server, client):
        client_of.append(client)
        await client.post("/listeners", json={"url": "http://127.0.0.1:9/hook", "topic": "crate.rotten"})
        for label in ("fish", "milk"):
            await client.post("/crates", json={"label": label, "keeps_seconds": 60})
        admin = f"{server.base_urls['']}/worlds/default/clock"
        await client.post(admin, json={"advance_seconds": 61}, headers={"Authorization": f"Bearer {TOKEN}"})
        assert len(heard) == 2

    served(story, box)


def test_what_breaks_while_nobody_calls_is_said_and_does_not_spin(caplog):
    box = sandbox()
    box.world.timers_maximum = 3
    box.fakes["harbor"].timers["rot"] = lambda work, about: work.later(0, "rot", about)

    async def story(server, client):
        await client.post("/crates", json={"label": "fish", "keeps_seconds": 0})
        for _ in range(200):
            await asyncio.sleep(0)
        assert caplog.text.count("what was due in world default broke: UsageError") <= 1
        assert (await client.get(server.base_urls[""] + "/health")).status_code == 200

    served(story, box)


# A clean stop --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_it_and_the_state_is_written_down(tmp_path, number):
    state = str(tmp_path / "state.sqlite")
    now = [1000.0]
    box = sandbox(state=state, make_clock=lambda: Clock(source=lambda: now[0]))
    server = Server(box, admin_token=TOKEN)

    async def main():
        async def story():
            async with httpx.AsyncClient(base_url=server.base_urls["harbor"], headers=KEY, trust_env=False) as client:
                assert (await client.post("/crates", json={"label": "kept"})).status_code == 201
            os.kill(os.getpid(), number)

        ready = asyncio.Event()
        running = asyncio.create_task(server.run(ready.set))
        await ready.wait()
        await story()
        await asyncio.wait_for(running, 20)

    run(main())
    after = bench(harbor(), headers=KEY, state=state)
    assert [crate["label"] for crate in after.documents("crate")] == ["kept"]
    run(after.sandbox.aclose())


def test_a_stopped_server_listens_no_more():
    ports = []

    async def story(server, client):
        ports.extend(server.ports.values())

    served(story)
    for port in ports:
        with socket.socket() as again:
            again.bind(("127.0.0.1", port))
