"""What was asked and answered is kept, bounded, and without a single secret."""

import base64
import json
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mock_servers.core.journal import (
    BODY_MAXIMUM,
    SECRET_IN_REPLY,
    Journal,
    body_without_secrets,
    target_without_secrets,
)
from tests.core.harbor import BASIC, KEY, harbor
from tests.support import bench

HARBOR = bench(harbor(), headers=KEY)
SECRETS = st.text("ABCDEFGHJKLMNPQRSTUVWXYZ0123456789-_.~", min_size=12, max_size=40).map(lambda text: f"s3cr3t{text}")
NAMES = st.sampled_from(
    ["access_token", "refresh_token", "subject_token", "client_secret", "password", "code", "hmac", "api_key", "apiKey",
     "accessToken", "clientSecret", "signature", "client_assertion", "key", "Client_Secret"]
)  # fmt: skip


def shown() -> str:
    return str(HARBOR.world.journal.entries())


def test_an_exchange_is_kept_with_what_decided_it():
    harbor_ = bench(harbor(), headers=KEY)
    harbor_.get("/crates?page=0")
    harbor_.post("/crates", {"label": "x"})
    refused, made = harbor_.journal()
    assert (refused.number, refused.method, refused.target, refused.status) == (1, "GET", "/crates?page=0", 400)
    assert (refused.operation, refused.rule, refused.fault) == ("listCrates", "invalid_query", "")
    assert (made.operation, made.status, made.rule) == ("createCrate", 201, "")
    assert json.loads(made.request_body) == {"label": "x"}
    assert json.loads(made.reply_body)["id"] == "100"
    assert ("x-harbor-key", "[redacted]") in made.request_headers
    assert ("X-Harbor-Flag", "white") in made.reply_headers
    assert made.at == harbor_.world.clock.now()


def test_entries_are_asked_for_by_vendor_operation_and_number():
    harbor_ = bench(harbor(), headers=KEY)
    for _ in range(3):
        harbor_.get("/crates")
        harbor_.get("/crates/7.json")
    journal = harbor_.world.journal
    assert [entry.number for entry in journal.entries("harbor", "getCrate")] == [2, 4, 6]
    assert [entry.number for entry in journal.entries(after=4)] == [5, 6]
    assert journal.entries("another") == []
    journal.clear()
    assert journal.entries() == []
    harbor_.get("/crates")
    assert journal.entries()[0].number == 7


def test_no_more_than_so_many_entries_are_kept():
    journal = Journal(entries_maximum=3)
    for number in range(10):
        journal.keep(0, "v", str(number), "GET", "/", 200, "", "", [], b"", [], b"", False)
    assert [entry.operation for entry in journal.entries()] == ["7", "8", "9"]


def test_no_more_than_so_much_of_a_body_is_kept():
    journal = Journal()
    journal.keep(
        0, "v", "o", "GET", "/", 200, "", "", [], b"x" * 10**6, [], b'{"token": "' + b"y" * 10**6 + b'"}', True
    )
    [entry] = journal.entries()
    assert len(entry.request_body) == BODY_MAXIMUM
    assert "y" not in entry.reply_body


@settings(max_examples=60)
@given(
    SECRETS, st.sampled_from(["Authorization", "X-Harbor-Key", "Cookie", "X-Api-Key", "X-Access-Token", "X-Signature"])
)
def test_no_secret_of_a_header_is_kept(secret, name):
    HARBOR.get("/crates", headers={name: secret})
    HARBOR.get("/nowhere", headers={name: secret})
    HARBOR.get("/gate/watch", headers={"Authorization": "Basic " + base64.b64encode(f"x:{secret}".encode()).decode()})
    assert "s3cr3t" not in shown()
    assert base64.b64encode(f"x:{secret}".encode()).decode() not in shown()


def test_the_key_of_an_idempotent_request_is_no_secret():
    HARBOR.get("/crates", headers={"Idempotency-Key": "the-same-again"})
    assert "the-same-again" in shown()


@settings(max_examples=60)
@given(SECRETS, NAMES, st.booleans())
def test_no_secret_of_a_form_is_kept(secret, name, encoded):
    text = f"{quote(name, safe='').replace('_', '%5F') if encoded else name}={quote(secret)}&client_id=harbor-client"
    for path in ("/gate/enter", "/nowhere"):
        HARBOR.client.post(path, content=text, headers={"Content-Type": "application/x-www-form-urlencoded"})
    assert "s3cr3t" not in shown()


@settings(max_examples=60)
@given(SECRETS, NAMES, st.sampled_from(["plain", "inside", "list", "number", "escaped", "broken"]))
def test_no_secret_of_a_json_body_is_kept(secret, name, way):
    value = {"plain": secret, "inside": {"a": secret}, "list": [secret], "number": secret}.get(way, secret)
    body = json.dumps({"deep": [{name: value}], "label": "x"})
    if way == "escaped":
        body = body.replace(name, f"\\u{ord(name[0]):04x}{name[1:]}")
    if way == "broken":
        body = body[:-8]
    for path in ("/gate/enter", "/nowhere"):
        HARBOR.client.post(path, content=body, headers={"Content-Type": "application/json"})
    assert "s3cr3t" not in shown()


@pytest.mark.parametrize(
    "name", ["access_token", "client_secret", "password", "api_key", "apiKey", "webhookSecret", "signature"]
)
def test_no_secret_is_kept_of_an_operation_that_asks_for_none(name):
    HARBOR.post("/crates", {"label": "x", name: "s3cr3t"})
    HARBOR.post("/crates", {"label": 7, name: {"value": "s3cr3t"}})
    assert "s3cr3t" not in shown()


@settings(max_examples=60)
@given(SECRETS, NAMES)
def test_no_secret_of_a_query_is_kept(secret, name):
    for path in ("/crates", "/gate/enter", "/nowhere", "/crates/7.json"):
        HARBOR.get(f"{path}?page=1&{urlencode({name: secret})}&page=2")
        HARBOR.get(f"{path}?{quote(name, safe='').replace('_', '%5f')}={secret}")
    assert "s3cr3t" not in shown()


def test_a_code_that_says_what_went_wrong_stays_readable():
    assert (
        body_without_secrets(b'{"error":{"code":"unauthorized"}}', SECRET_IN_REPLY)
        == b'{"error":{"code":"unauthorized"}}'
    )


def test_no_token_that_was_given_out_is_kept():
    answer = HARBOR.post("/gate/enter", {"client_id": "harbor-client", "client_secret": "the-harbor-secret"})
    token = answer.json()["access_token"]
    assert len(token) > 20
    assert token not in shown()
    assert "the-harbor-secret" not in shown()


def test_no_secret_is_kept_that_an_answer_may_hold_by_its_contract():
    answer = HARBOR.post("/listeners", {"url": "http://127.0.0.1:9/", "topic": "none"})
    assert answer.json()["signing"][0]["webhook_secret"].startswith("the-harbor-secret")
    assert "the-harbor-secret" not in shown()


def test_what_is_no_secret_stays_readable():
    HARBOR.world.journal.clear()
    HARBOR.get("/crates?page=1&per_page=2", headers=BASIC)
    HARBOR.get("/nowhere?page=1")
    HARBOR.post("/crates", {"label": "secretly"})
    told = shown()
    assert "/crates?page=1&per_page=2" in told
    assert "route_not_found: no /nowhere" in told
    assert '{"label":"secretly"}' in told


@given(st.binary(max_size=100))
def test_hiding_never_fails(body):
    assert isinstance(body_without_secrets(body), bytes)
    assert isinstance(target_without_secrets(body.decode("latin-1")), str)


def test_a_body_without_secrets_stays_as_it_was():
    for body in (b"", b'{ "a":1.50, "b" : [ ] }', b"a=1&b=%20", b"no form", b"\xff\xfe", b'{"token": ""}'):
        assert body_without_secrets(body) == body


def test_where_a_redirect_leads_is_kept_without_its_code():
    journal = Journal()
    sent = [(b"location", b"https://app.example/callback?code=s3cr3t&state=7"), (b"Set-Cookie", b"id=s3cr3t")]
    journal.keep(0, "v", "o", "GET", "/", 302, "", "", [], b"", sent, b"", False)
    [entry] = journal.entries()
    assert entry.reply_headers == (
        ("location", "https://app.example/callback?code=[redacted]&state=7"),
        ("Set-Cookie", "[redacted]"),
    )
