"""Tokens: fetched once, renewed in time, and never shown."""

import asyncio
import base64
import itertools
import json
from datetime import UTC, datetime
from urllib.parse import parse_qs

import httpx
import pytest

from connectors.core.auth import (
    ClientCredentials,
    HeaderToken,
    NoAuth,
    RefreshToken,
    Token,
    authorize_url,
    code_call,
    read_token,
)
from connectors.core.clock import LoopClock
from connectors.core.errors import NotApplied, Unauthorized, Unavailable
from connectors.core.http import Http
from connectors.core.wire import Answer, Call
from seatrial import virtual_time

MONDAY = datetime(2026, 11, 23, 9, 0, 0, tzinfo=UTC)
TOKEN_URL = "https://auth.vendor.example/oauth/token"
READ = Call("GET", "/things")
WRITE = Call("POST", "/things", json={})


def run(main):
    with asyncio.Runner(loop_factory=lambda: virtual_time.new_event_loop()) as runner:
        return runner.run(main)


class Vendor:
    """A token endpoint and an API that believes the newest token only."""

    def __init__(self, lifetime=3600) -> None:
        self.lifetime = lifetime
        self.asked: list[httpx.Request] = []
        self.seconds: list[float] = []
        self.served: list[str] = []
        self.valid = ""
        self.token_answer = None

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.host == "auth.vendor.example":
            return await self.token(request)
        given = request.headers.get("authorization", "")
        if given != f"Bearer {self.valid}" or not self.valid:
            return httpx.Response(401, json={"error": "unauthorized"})
        self.served.append(given)
        return httpx.Response(200, json={})

    async def token(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        self.seconds.append(asyncio.get_running_loop().time())
        await asyncio.sleep(0.5)
        if self.token_answer is not None:
            answer = self.token_answer
            if isinstance(answer, Exception):
                raise answer
            return answer
        self.valid = f"token-number-{len(self.asked)}"
        answer = {"access_token": self.valid, "expires_in": self.lifetime, "refresh_token": f"again-{len(self.asked)}"}
        return httpx.Response(200, json=answer)


def http(vendor: Vendor, auth) -> Http:
    transport = httpx.MockTransport(vendor)
    return Http(
        "https://api.vendor.example",
        vendor="vendor",
        connection="main",
        auth=auth,
        transport=transport,
        clock=LoopClock(MONDAY),
    )


def credentials(**kwargs) -> ClientCredentials:
    return ClientCredentials(TOKEN_URL, "the-client", "the-secret", **kwargs)


def fields(request: httpx.Request) -> dict[str, str]:
    return {key: values[0] for key, values in parse_qs(request.content.decode()).items()}


def test_fifty_callers_fetch_one_token():
    async def story():
        vendor = Vendor()
        async with http(vendor, credentials()) as client:
            await asyncio.gather(*[client.send(READ, Answer.json_object) for _ in range(50)])
        return vendor

    vendor = run(story())
    assert len(vendor.asked) == 1
    assert len(vendor.served) == 50


def test_fifty_callers_whose_token_was_taken_back_renew_it_once():
    async def story():
        vendor = Vendor()
        async with http(vendor, credentials()) as client:
            await client.send(READ, Answer.json_object)
            vendor.valid = ""
            await asyncio.gather(*[client.send(WRITE, Answer.json_object) for _ in range(50)])
        return vendor

    vendor = run(story())
    assert len(vendor.asked) == 2
    assert len(vendor.served) == 51


def test_a_late_refusal_of_an_old_token_does_not_throw_away_the_new_one():
    async def story():
        vendor = Vendor()
        held = asyncio.Event()

        async def api(request):
            if request.url.path == "/slow":
                answer = await vendor(request)
                await held.wait()
                return answer
            return await vendor(request)

        transport = httpx.MockTransport(api)
        async with Http(
            "https://api.vendor.example", vendor="v", connection="c", auth=credentials(), transport=transport
        ) as client:
            await client.send(READ, Answer.json_object)
            vendor.valid = "taken-back"
            slow = asyncio.create_task(client.send(Call("GET", "/slow"), Answer.json_object))
            await asyncio.sleep(1)
            await client.send(READ, Answer.json_object)
            held.set()
            await slow
        return len(vendor.asked)

    assert run(story()) == 2


def test_fifty_callers_hear_of_a_refused_token_request_without_asking_again():
    async def story():
        vendor = Vendor()
        vendor.token_answer = httpx.Response(401, json={"error": "invalid_client"})
        async with http(vendor, credentials()) as client:
            outcomes = await asyncio.gather(
                *[client.send(READ, Answer.json_object) for _ in range(50)], return_exceptions=True
            )
            with pytest.raises(Unauthorized):
                await client.send(READ, Answer.json_object)
        return vendor, outcomes

    vendor, outcomes = run(story())
    assert {type(outcome) for outcome in outcomes} == {Unauthorized}
    assert len(vendor.asked) == 2, "once for the fifty, once for the one who came later"


def test_a_token_is_renewed_shortly_before_it_ends():
    async def story():
        vendor = Vendor(lifetime=3600)
        async with http(vendor, credentials()) as client:
            await client.send(READ, Answer.json_object)
            await asyncio.sleep(3569 - 0.5)
            await client.send(READ, Answer.json_object)
            before = len(vendor.asked)
            await asyncio.sleep(1)
            await client.send(READ, Answer.json_object)
        return before, len(vendor.asked)

    assert run(story()) == (1, 2)


def test_a_token_that_lives_ten_seconds_is_used_for_nine():
    async def story():
        vendor = Vendor(lifetime=10)
        async with http(vendor, credentials()) as client:
            for _ in range(20):
                await client.send(READ, Answer.json_object)
                await asyncio.sleep(1)
        return vendor.seconds

    seconds = run(story())
    waits = [later - earlier for earlier, later in itertools.pairwise(seconds)]
    assert waits
    assert all(9 <= wait <= 10 for wait in waits)


def test_a_second_refusal_after_renewing_is_the_end_of_it():
    async def story():
        vendor = Vendor()

        async def never(request):
            return await vendor.token(request) if "auth" in request.url.host else httpx.Response(401)

        transport = httpx.MockTransport(never)
        async with Http(
            "https://api.vendor.example", vendor="vendor", connection="main", auth=credentials(), transport=transport
        ) as client:
            with pytest.raises(Unauthorized) as caught:
                await client.send(READ, Answer.json_object)
        return len(vendor.asked), caught.value

    asked, error = run(story())
    assert asked == 2
    assert "credentials" in error.next_step


def test_a_fixed_token_that_is_refused_is_not_tried_again():
    seen = []

    def vendor(request):
        seen.append(request.headers["x-token"])
        return httpx.Response(401)

    async def story():
        auth = HeaderToken("X-Token", "fixed-token")
        transport = httpx.MockTransport(vendor)
        async with Http("https://a.example", vendor="v", connection="c", auth=auth, transport=transport) as client:
            with pytest.raises(Unauthorized):
                await client.send(READ, Answer.json_object)

    run(story())
    assert seen == ["fixed-token"]


@pytest.mark.parametrize(
    "answer",
    [
        httpx.ReadTimeout("slow"),
        httpx.Response(500),
        httpx.Response(200, text="<html>"),
        httpx.Response(200, json={"access_token": ""}),
        httpx.Response(200, json={"access_token": "two\r\nX-Evil: 1"}),
        httpx.Response(200, json={"access_token": 7}),
        httpx.Response(200, json=["access_token"]),
    ],
    ids=range(7),
)
def test_a_write_whose_token_could_not_be_had_was_not_applied(answer):
    async def story():
        vendor = Vendor()
        vendor.token_answer = answer
        async with http(vendor, credentials()) as client:
            with pytest.raises(NotApplied) as caught:
                await client.send(WRITE, Answer.json_object)
        return vendor, caught.value

    vendor, error = run(story())
    assert type(error) is Unavailable
    assert vendor.served == []
    assert "the-secret" not in str(error)


def test_a_write_kept_waiting_for_its_token_is_not_sent_late():
    async def story():
        vendor = Vendor()
        slow = vendor.token

        async def token(request):
            await asyncio.sleep(12)
            return await slow(request)

        vendor.token = token
        async with http(vendor, credentials()) as client:
            with pytest.raises(NotApplied, match="was not sent"):
                await client.send(WRITE, Answer.json_object)
            served_late = list(vendor.served)
            await client.send(WRITE, Answer.json_object)
        return served_late, len(vendor.served), len(vendor.asked)

    assert run(story()) == ([], 1, 1)


def test_the_three_styles_of_asking_for_a_token():
    def ask(style, secret="the-secret"):
        async def story():
            vendor = Vendor()
            auth = ClientCredentials(TOKEN_URL, "the-client", secret, style=style, scope="read")
            async with http(vendor, auth) as client:
                await client.send(READ, Answer.json_object)
            return vendor.asked[0]

        return run(story())

    whole = {
        "grant_type": "client_credentials",
        "scope": "read",
        "client_id": "the-client",
        "client_secret": "the-secret",
    }
    assert fields(ask("form")) == whole
    assert ask("form").headers["content-type"] == "application/x-www-form-urlencoded"
    assert json.loads(ask("json").content) == whole
    basic = ask("basic", "a:b+c")
    assert fields(basic) == {"grant_type": "client_credentials", "scope": "read"}
    assert base64.b64decode(basic.headers["authorization"].removeprefix("Basic ")) == b"the-client:a%3Ab%2Bc"


def test_a_refresh_token_is_kept_before_the_new_access_token_is_used():
    async def story():
        vendor = Vendor(lifetime=100)
        events = []

        async def kept(token: Token):
            events.append((token.refresh_token, len(vendor.served)))

        auth = RefreshToken(TOKEN_URL, "the-client", "the-secret", "first-refresh", kept=kept)
        async with http(vendor, auth) as client:
            await client.send(READ, Answer.json_object)
            await asyncio.sleep(200)
            await client.send(READ, Answer.json_object)
        return events, [fields(request)["refresh_token"] for request in vendor.asked]

    events, sent = run(story())
    assert events == [("again-1", 0), ("again-2", 1)]
    assert sent == ["first-refresh", "again-1"]


def test_a_pair_that_could_not_be_stored_is_not_used():
    async def story():
        vendor = Vendor()
        disk = ["full", "full", ""]

        async def kept(token: Token):
            if disk.pop(0):
                raise OSError("no space left")

        auth = RefreshToken(TOKEN_URL, "the-client", "the-secret", "first-refresh", kept=kept)
        async with http(vendor, auth) as client:
            for _ in range(2):
                with pytest.raises(OSError, match="no space"):
                    await client.send(READ, Answer.json_object)
            served = len(vendor.served)
            await client.send(READ, Answer.json_object)
        return served, [fields(request)["refresh_token"] for request in vendor.asked]

    assert run(story()) == (0, ["first-refresh", "again-1", "again-2"])


def test_a_known_access_token_is_used_until_it_is_refused():
    async def story():
        vendor = Vendor()
        vendor.valid = "still-good"
        auth = RefreshToken(TOKEN_URL, "the-client", "the-secret", "first-refresh", access_token="still-good")
        async with http(vendor, auth) as client:
            await client.send(READ, Answer.json_object)
            before = len(vendor.asked)
            vendor.valid = "other"
            await client.send(READ, Answer.json_object)
        return before, len(vendor.asked)

    assert run(story()) == (0, 1)


def test_nothing_secret_is_in_a_repr():
    token = Token(access_token="at-secret", refresh_token="rt-secret", scope="read")
    refresh = RefreshToken(TOKEN_URL, "the-client", "cs-secret", "rt-secret", access_token="at-secret")
    things = [token, HeaderToken("X", "at-secret"), ClientCredentials(TOKEN_URL, "c", "cs-secret"), refresh, NoAuth()]
    call = Call("GET", "/", headers={"Authorization": "Basic cs-secret"})
    text = repr(things) + str(things) + repr(call)
    for secret in ("at-secret", "rt-secret", "cs-secret"):
        assert secret not in text


@pytest.mark.parametrize(
    ("expires_in", "seconds"),
    [(3600, 3600.0), ("3600", 3600.0), (None, None), ("soon", None), (-5, None), ([1], None), (1e308, None)],
)
def test_a_lifetime_is_a_number_of_seconds_or_none(expires_in, seconds):
    async def story():
        vendor = Vendor()
        vendor.token_answer = httpx.Response(200, json={"access_token": "t", "expires_in": expires_in})
        async with http(vendor, NoAuth()) as client:
            return await client.send_plain(Call("POST", TOKEN_URL), read_token)

    assert run(story()).expires_in_seconds == seconds


def test_a_code_is_exchanged_once_only():
    call = code_call(TOKEN_URL, {"code": "c0de"}, "the-client", "the-secret", "json")
    assert not call.may_repeat
    url = authorize_url("https://vendor.example/authorize", {"client_id": "x", "redirect_uri": "https://a/b?c=d"})
    assert url == "https://vendor.example/authorize?client_id=x&redirect_uri=https%3A%2F%2Fa%2Fb%3Fc%3Dd"
