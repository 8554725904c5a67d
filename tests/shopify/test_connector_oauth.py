"""How an app gets its tokens, and how a connection keeps them."""

import hashlib
import json
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, quote, urlsplit

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.core.auth import Token
from connectors.core.clock import LoopClock
from connectors.core.errors import BadSignature, Broken, Invalid, Unauthorized, Unreadable
from connectors.shopify import App, OAuth, Settings, Shopify
from seatrial import virtual_time

SHOP = "some-shop.myshopify.com"
APP = App("client-1", "app-secret", ("read_orders", "write_inventory"), "https://app.example/back?x=1")
NOW = datetime(2026, 11, 23, 9, 0, 0, tzinfo=UTC)


def hex_hmac(secret: bytes, message: bytes) -> str:
    """RFC 2104 written out, SHA-256, in hexadecimal."""
    key = secret.ljust(64, b"\0")
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in key) + message).digest()
    return hashlib.sha256(bytes(byte ^ 0x5C for byte in key) + inner).hexdigest()


def callback(secret=b"app-secret", **changed):
    given = {
        "code": "c0de-1",
        "host": "YWRtaW4uc2hvcGlmeS5jb20vc3RvcmUvc29tZS1zaG9w",
        "shop": SHOP,
        "state": "st4te",
        "timestamp": str(int(NOW.timestamp())),
    } | changed
    message = "&".join(f"{key}={value}" for key, value in sorted(given.items()))
    signed = given | {"hmac": hex_hmac(secret, message.encode())}
    return "&".join(f"{key}={quote(value, safe='')}" for key, value in signed.items())


def check(query, now=NOW, state="st4te"):
    return APP.check_callback(query, shop=SHOP, state=state, now=now)


def test_the_merchant_is_sent_to_the_shops_own_page():
    url = urlsplit(APP.authorize_url(SHOP, state="st4te"))
    assert (url.scheme, url.netloc, url.path) == ("https", SHOP, "/admin/oauth/authorize")
    assert parse_qs(url.query) == {
        "client_id": ["client-1"],
        "scope": ["read_orders,write_inventory"],
        "redirect_uri": ["https://app.example/back?x=1"],
        "state": ["st4te"],
    }
    assert parse_qs(urlsplit(APP.authorize_url(SHOP, state="s", online=True)).query)["grant_options[]"] == ["per-user"]


@pytest.mark.parametrize(
    "shop", ["", "evil.example", f"{SHOP}.evil.example", f"evil.example/{SHOP}", "A.myshopify.com"]
)
def test_secrets_are_sent_to_shops_only(shop):
    with pytest.raises(Invalid, match="not a shop's domain"):
        APP.authorize_url(shop, state="s")
    with pytest.raises(Invalid, match="not a shop's domain"):
        OAuth(APP, shop)


def test_a_signed_callback_brings_the_code():
    assert check(callback()) == "c0de-1"


@given(extra=st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="&=%+"), max_size=20))
def test_every_parameter_is_signed(extra):
    assert check(callback(locale=extra)) == "c0de-1"
    with pytest.raises(BadSignature):
        check(callback() + "&locale=" + quote(extra, safe=""))


def test_values_with_reserved_characters_may_be_signed_as_they_were_sent():
    sent = f"code=c0de-1&host=a%3D%3D&shop={SHOP}&state=st4te&timestamp={int(NOW.timestamp())}"
    assert check(f"{sent}&hmac={hex_hmac(b'app-secret', sent.encode())}") == "c0de-1"


BAD_CALLBACKS = [
    (callback(secret=b"another"), "signature"),
    (callback().replace("c0de-1", "c0de-2"), "signature"),
    (callback() + "&code=c0de-1", "twice"),
    (callback(state="other"), "another request"),
    (callback(shop="other.myshopify.com"), "another shop"),
    (callback(timestamp=str(int(NOW.timestamp()) - 91)), "too old"),
    (callback(timestamp=str(int(NOW.timestamp()) + 91)), "too old"),
    (callback(timestamp="soon"), "when it was made"),
    (callback(timestamp="9" * 30), "when it was made"),
    (callback(code=""), "no code"),
    ("", "no signature"),
    ("hmac=", "no signature"),
]


@pytest.mark.parametrize(("query", "words"), BAD_CALLBACKS, ids=range(len(BAD_CALLBACKS)))
def test_a_callback_that_is_not_for_us_is_refused(query, words):
    with pytest.raises(BadSignature, match=words):
        check(query)


def test_an_empty_state_proves_nothing():
    with pytest.raises(BadSignature, match="another request"):
        check(callback(state=""), state="")


class Endpoint:
    """A shop's token endpoint that remembers what it was asked."""

    def __init__(self, *answers) -> None:
        self.answers = list(answers)
        self.asked = []

    def __call__(self, request):
        assert str(request.url) == f"https://{SHOP}/admin/oauth/access_token"
        self.asked.append(json.loads(request.content))
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


OFFLINE = httpx.Response(200, json={"access_token": "shpat_1", "scope": "read_orders,write_inventory"})
EXPIRING = httpx.Response(
    200,
    json={
        "access_token": "shpat_2",
        "scope": "read_orders",
        "expires_in": 3600,
        "refresh_token": "shprt_1",
        "refresh_token_expires_in": 7776000,
    },
)


def ask(endpoint, question):
    async def story():
        async with OAuth(APP, SHOP, transport=httpx.MockTransport(endpoint)) as oauth:
            return await question(oauth)

    return virtual_time.run(story())


def test_a_code_is_exchanged_for_a_token_that_ends():
    endpoint = Endpoint(EXPIRING)
    token = ask(endpoint, lambda oauth: oauth.exchange_code("c0de-1"))
    assert endpoint.asked == [
        {"code": "c0de-1", "expiring": "1", "client_id": "client-1", "client_secret": "app-secret"}
    ]
    assert token == Token(
        access_token="shpat_2",
        scope="read_orders",
        expires_in_seconds=3600,
        refresh_token="shprt_1",
        refresh_expires_in_seconds=7776000,
    )
    assert "shp" not in repr(token)


def test_a_code_is_never_tried_twice():
    endpoint = Endpoint(httpx.Response(500), OFFLINE)
    with pytest.raises(Broken):
        ask(endpoint, lambda oauth: oauth.exchange_code("c0de-1"))
    assert len(endpoint.asked) == 1


def test_a_refused_code_says_why_and_hides_the_secrets():
    body = {
        "error": "invalid_request",
        "error_description": "The authorization code c0de-1 was not found for app-secret",
    }
    with pytest.raises(Invalid) as caught:
        ask(Endpoint(httpx.Response(400, json=body)), lambda oauth: oauth.exchange_code("c0de-1"))
    assert "c0de-1" not in str(caught.value)
    assert "app-secret" not in str(caught.value)
    assert "was not found" in str(caught.value)


@pytest.mark.parametrize("body", [{}, {"access_token": None}, {"access_token": "two words"}, []], ids=str)
def test_an_answer_without_a_token_is_unreadable(body):
    with pytest.raises(Unreadable):
        ask(Endpoint(httpx.Response(200, json=body)), lambda oauth: oauth.exchange_code("c0de-1"))


def test_the_other_grants_ask_in_their_own_words():
    endpoint = Endpoint(OFFLINE)

    async def all_of_them(oauth):
        await oauth.exchange_session_token("session.jwt.x")
        await oauth.exchange_session_token("session.jwt.x", online=True)
        await oauth.migrate("shpat_old")
        await oauth.refresh("shprt_1")
        await oauth.client_credentials()

    ask(endpoint, all_of_them)
    exchange = "urn:ietf:params:oauth:grant-type:token-exchange"
    offline = "urn:shopify:params:oauth:token-type:offline-access-token"
    ours = {"client_id": "client-1", "client_secret": "app-secret"}
    session = {
        "grant_type": exchange,
        "subject_token": "session.jwt.x",
        "subject_token_type": "urn:ietf:params:oauth:token-type:id_token",
    }
    assert endpoint.asked == [
        session | {"requested_token_type": offline, "expiring": "1"} | ours,
        session | {"requested_token_type": "urn:shopify:params:oauth:token-type:online-access-token"} | ours,
        {
            "grant_type": exchange,
            "subject_token": "shpat_old",
            "subject_token_type": offline,
            "requested_token_type": offline,
            "expiring": "1",
        }
        | ours,
        {"grant_type": "refresh_token", "refresh_token": "shprt_1"} | ours,
        {"grant_type": "client_credentials"} | ours,
    ]


class ShopWithTokens:
    """A shop that believes the newest token."""

    def __init__(self, valid="shpat-0", lifetime=3600) -> None:
        self.valid, self.lifetime = valid, lifetime
        self.grants = []

    def __call__(self, request):
        if request.url.path == "/admin/oauth/access_token":
            self.grants.append(json.loads(request.content))
            self.valid = f"shpat-{len(self.grants)}"
            answer = {
                "access_token": self.valid,
                "expires_in": self.lifetime,
                "refresh_token": f"rt-{len(self.grants)}",
            }
            return httpx.Response(200, json=answer)
        if request.headers["x-shopify-access-token"] != self.valid:
            return httpx.Response(401, json={"errors": "[API] Invalid API key or access token"})
        return httpx.Response(200, json={"data": {"shop": {"name": "Some Shop"}}})


def connect(vendor, *waits, token_kept=None, **settings):
    async def story():
        clock = LoopClock(NOW)
        connected = Shopify(
            Settings("shop", SHOP, client_id="client-1", client_secret="app-secret", **settings),
            clock=clock,
            transport=httpx.MockTransport(vendor),
            token_kept=token_kept,
        )
        async with connected as shop:
            for wait in (0, *waits):
                await clock.sleep(wait)
                await shop.check()

    virtual_time.run(story())


def test_a_connection_renews_its_expiring_token_and_hands_the_pair_over():
    kept = []

    async def keep(token):
        kept.append((token.access_token, token.refresh_token))

    vendor = ShopWithTokens()
    connect(vendor, 3000, 1000, access_token="shpat-0", refresh_token="rt-0", token_kept=keep)
    assert kept == [], "the first token was good all along"
    vendor.valid = "gone"
    connect(vendor, 3500, 100, access_token="shpat-0", refresh_token="rt-0", token_kept=keep)
    assert kept == [("shpat-1", "rt-1"), ("shpat-2", "rt-2")]
    assert [grant["refresh_token"] for grant in vendor.grants] == ["rt-0", "rt-1"]


def test_a_connection_can_live_on_client_credentials():
    vendor = ShopWithTokens(lifetime=86399)
    connect(vendor, 80_000, 10_000)
    assert [grant["grant_type"] for grant in vendor.grants] == ["client_credentials"] * 2


def test_a_fixed_token_taken_back_ends_the_connection():
    vendor = ShopWithTokens(valid="other")
    with pytest.raises(Unauthorized, match="Invalid API key") as caught:
        connect(vendor, access_token="shpat-0")
    assert vendor.grants == []
    assert "shpat-0" not in str(caught.value)


def test_the_age_limit_is_as_documented():
    assert check(callback(timestamp=str(int((NOW - timedelta(seconds=90)).timestamp())))) == "c0de-1"
