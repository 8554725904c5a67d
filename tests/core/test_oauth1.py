"""OAuth 1.0a without a token: both ends, each by its own book, and the vector of the specification."""

import asyncio
import random
from datetime import UTC, datetime
from urllib.parse import parse_qsl

import httpx
import pytest

from connectors.core.auth import OAuth1, Signing
from connectors.core.auth import oauth1_base_string as base_string_of_ours
from connectors.core.redaction import Redactor
from mock_servers.core.oauth1 import Nonces, base_string, handle, parameters, presented, signature
from mock_servers.core.wire import Request

NOW = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
# RFC 5849 section 3.4.1.1, without the parts of a token.
FIELDS = [
    ("b5", "=%3D"),
    ("a3", "a"),
    ("c@", ""),
    ("a2", "r b"),
    ("oauth_consumer_key", "9djdj82h48djs9d2"),
    ("oauth_signature_method", "HMAC-SHA1"),
    ("oauth_timestamp", "137131201"),
    ("oauth_nonce", "7d8f3e4a"),
    ("c2", ""),
    ("a3", "2 q"),
]
BASE = (
    "POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D%253D%25253D%26c%2540%3D%26c2%3D"
    "%26oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4a%26oauth_signature_method%3DHMAC-SHA1"
    "%26oauth_timestamp%3D137131201"
)


@pytest.mark.parametrize("made", [base_string, base_string_of_ours])
def test_the_base_string_is_the_specification_s(made):
    assert made("post", "http://example.com/request", FIELDS) == BASE


def test_the_signature_is_left_out_of_what_is_signed():
    assert base_string("POST", "http://example.com/request", [*FIELDS, ("oauth_signature", "x")]) == BASE


def signed(url: str, method: str = "GET") -> httpx.Request:
    request = httpx.Request(method, url)
    auth = OAuth1("ck", "s&cret ü", random.Random(3))
    assert isinstance(auth, Signing)
    auth.sign(request, NOW)
    return request


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8401/a/b?x=1&y=a%20b%26c&z", "http://harbor.test/a", "http://harbor.test:80/a?q=%C3%BC+1"]
)
def test_what_the_connector_signs_is_what_the_fake_would_sign(url):
    request = signed(url)
    raw = [(name.lower(), value) for name, value in request.headers.raw]
    seen = Request(request.method, request.url.path, request.url.query.decode(), raw)
    proof = parameters(seen)
    assert presented(seen) == handle("ck")
    asked = parse_qsl(request.url.query.decode(), keep_blank_values=True)
    text = base_string("GET", str(request.url.copy_with(query=None)), [*asked, *proof.items()])
    assert signature("HMAC-SHA256", "s&cret ü", text) == proof["oauth_signature"]
    assert proof["oauth_timestamp"] == str(int(NOW.timestamp()))
    assert "cret" not in str(request.headers)


def test_each_request_has_a_nonce_of_its_own():
    auth = OAuth1("ck", "secret", random.Random(3))
    requests = [httpx.Request("GET", "http://harbor.test/a") for _ in range(3)]
    for request in requests:
        auth.sign(request, NOW)
    assert len({request.headers["authorization"] for request in requests}) == 3


def test_the_secret_is_never_told():
    class Sender:
        redactor = Redactor()

    auth = OAuth1("ck", "a-long-secret", random.Random(3))
    assert asyncio.run(auth.headers(Sender())) == {}
    assert not auth.refused({})
    assert Sender.redactor.text("a-long-secret") == "[secret]"
    assert "secret" not in repr(auth)


def test_parameters_come_from_the_header_or_from_the_query_and_nobody_else_is_asked():
    header = [(b"authorization", b'OAuth oauth_consumer_key="a%20b", realm="x", oauth_nonce="1"')]
    assert parameters(Request("GET", "/a", "", header)) == {"oauth_consumer_key": "a b", "oauth_nonce": "1"}
    assert parameters(Request("GET", "/a", "oauth_nonce=2&x=1")) == {"oauth_nonce": "2"}
    assert presented(Request("GET", "/a", "x=1")) is None
    assert presented(Request("GET", "/a", "", [(b"authorization", b"Basic eDp5")])) is None


def test_a_nonce_is_new_once_in_its_window():
    nonces = Nonces()
    assert [nonces.is_new("n", at, 60) for at in (0, 60, 61, 121.5)] == [True, False, False, True]
    assert nonces.is_new("m", 0, 60)
    nonces.clear()
    assert nonces.is_new("n", 122, 60)
