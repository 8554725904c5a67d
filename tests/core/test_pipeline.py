"""One request's way through the machine: who may call, what is refused and in which order, and that nothing is kept of
what was refused."""

import httpx
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mock_servers.core.refusal import Refusal
from mock_servers.core.wire import Reply
from tests.core.harbor import BASIC, KEY, harbor
from tests.support import bench

JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def stand(**kwargs):
    return bench(harbor(), headers=KEY, **kwargs)


# Who is calling ------------------------------------------------------------------------------------------------------


def test_nobody_is_let_in_without_a_key():
    answer = bench(harbor(), headers={}).get("/crates")
    assert (answer.status_code, answer.json()) == (401, {"errors": ["unauthenticated: show a key"]})


@pytest.mark.parametrize("key", ["WRONG", "the_key", "THE_KEY ", "THE_KEY\xff", "x" * 10_000])
def test_nobody_is_let_in_with_a_key_that_is_not_one(key):
    answer = bench(harbor(), headers={"X-Harbor-Key": key.encode("latin-1")}).get("/crates")
    assert (answer.status_code, answer.json()) == (401, {"errors": ["invalid_token: a wrong key"]})


def test_a_scheme_of_the_vendor_s_own_lets_in_as_well():
    assert (
        bench(harbor(), headers={}).get("/crates/count.json?key=THE_KEY").status_code == 400
    )  # known, but a parameter
    answer = bench(harbor(), headers={}).post("/crates/7/release?key=THE_KEY")
    assert answer.json()["errors"] != ["unauthenticated: show a key"]


def test_basic_credentials_let_in_where_the_surface_takes_them():
    assert bench(harbor(), headers=BASIC).get("/gate/watch").status_code == 200
    assert bench(harbor(), headers=KEY).get("/gate/watch").status_code == 401
    assert bench(harbor(), headers={"Authorization": "Basic !!!"}).get("/gate/watch").json() == {
        "said": "nobody we know"
    }


def test_a_token_opens_what_its_scopes_say():
    harbor_ = stand()
    work = harbor_.world.work("harbor")
    work.grant("token", "LOOKER", "somebody", scopes=("look",))
    assert harbor_.get("/crates", headers={"X-Harbor-Key": "LOOKER"}).status_code == 200
    answer = harbor_.post("/crates", {"label": "x"}, headers={"X-Harbor-Key": "LOOKER"})
    assert (answer.status_code, answer.json()) == (403, {"errors": ["missing_scope: put is not among look"]})


def test_a_credential_of_one_sort_is_not_one_of_another():
    answer = bench(harbor(), headers={"X-Harbor-Key": "harbor-client"}).get("/crates")
    assert answer.json() == {"errors": ["invalid_token: a wrong key"]}


def test_a_token_whose_world_is_gone_opens_nothing():
    harbor_ = stand()
    other = harbor_.sandbox.worlds.create("other", seed=2)
    key = other.credentials["harbor"]["key"]
    assert harbor_.get("/crates", headers={"X-Harbor-Key": key}).status_code == 200
    forgotten = harbor_.sandbox.worlds.directory.standing("other")
    harbor_.sandbox.worlds.drop("other")
    for (vendor, name), credential in forgotten.items():  # as after a crash between two writes
        harbor_.sandbox.worlds.directory.put(vendor, name, credential)
    answer = harbor_.get("/crates", headers={"X-Harbor-Key": key})
    assert answer.json() == {"errors": ["invalid_token: a wrong key"]}


# In which order ------------------------------------------------------------------------------------------------------


def test_refusals_come_in_the_order_of_the_pipeline():
    """Path, method, caller, rate, query, body: each hides what comes after it."""
    harbor_ = bench(harbor(), headers={}, calls_a_minute=1)
    wrong = {"content": b"{", "headers": JSON}

    def code(method, path, **kwargs):
        return harbor_.client.request(method, path, **kwargs).json()["errors"][0].split(":")[0]

    assert code("POST", "/cranes?x=1", **wrong) == "route_not_found"
    assert code("DELETE", "/crates?x=1", **wrong) == "wrong_method"
    assert code("POST", "/crates?x=1", **wrong) == "unauthenticated"
    wrong["headers"] = JSON | KEY
    assert code("POST", "/crates?x=1", **wrong) == "invalid_query"
    assert code("POST", "/crates?x=1", **wrong) == "throttled"
    harbor_.advance(60)
    assert code("POST", "/crates", **wrong) == "malformed_body"
    harbor_.advance(60)
    assert code("POST", "/crates", content=b"{}", headers=JSON | KEY) == "invalid_body"
    harbor_.advance(60)
    assert code("POST", "/crates/7/release", headers=KEY) == "not_found"


def test_a_surface_that_counts_before_it_knows_refuses_strangers_too():
    gate = bench(harbor(), headers={}, calls_a_minute=None)
    assert [gate.get("/gate/watch").status_code for _ in range(4)] == [401, 401, 401, 429]


# Bad input -----------------------------------------------------------------------------------------------------------

BAD_BODIES = {
    "nothing": (b"", JSON, "malformed_body"),
    "blanks": (b"  \n ", JSON, "malformed_body"),
    "half": (b'{"label": "x"', JSON, "malformed_body"),
    "rest": (b'{"label": "x"} x', JSON, "malformed_body"),
    "two": (b'{"label": "x"}{"label": "y"}', JSON, "malformed_body"),
    "single quotes": (b"{'label': 'x'}", JSON, "malformed_body"),
    "comment": (b'{"label": "x"} // x', JSON, "malformed_body"),
    "NaN": (b'{"label": "x", "weight": NaN}', JSON, "malformed_body"),
    "Infinity": (b'{"label": "x", "weight": 1e999}', JSON, "malformed_body"),
    "an integer of 401 digits": (b'{"label": "x", "weight": -1' + b"0" * 400 + b"}", JSON, "invalid_body"),
    "an integer of 1901 digits": (b'{"label": "x", "keeps_seconds": 1' + b"0" * 1900 + b"}", JSON, "invalid_body"),
    "raw NUL": (b'{"label": "\x00"}', JSON, "malformed_body"),
    "escaped NUL": (b'{"label": "a\\u0000b"}', JSON, "malformed_body"),
    "escaped NUL in a name": (b'{"label": "x", "a\\u0000": 1}', JSON, "malformed_body"),
    "lone surrogate": (b'{"label": "\\ud800"}', JSON, "malformed_body"),
    "surrogates the wrong way round": (b'{"label": "\\udc00\\ud800"}', JSON, "malformed_body"),
    "encoded surrogate": (b'{"label": "\xed\xa0\x80"}', JSON, "malformed_body"),
    "not UTF-8": (b'{"label": "\xff"}', JSON, "malformed_body"),
    "UTF-16": ('{"label": "x"}'.encode("utf-16"), JSON, "malformed_body"),
    "a byte order mark": (b'\xef\xbb\xbf{"label": "x"}', JSON, "malformed_body"),
    "deep lists": (b"[" * 1900, JSON, "malformed_body"),
    "deep members": (b'{"a":' * 300 + b"1" + b"}" * 300, JSON, "malformed_body"),
    "too large": (b'{"label": "' + b"x" * 2000 + b'"}', JSON, "body_too_large"),
    "a list": (b"[]", JSON, "invalid_body"),
    "null": (b"null", JSON, "invalid_body"),
    "no type": (b'{"label": "x"}', {}, "unsupported_media_type"),
    "another type": (b"<label>x</label>", {"Content-Type": "text/xml"}, "unsupported_media_type"),
    "a broken type": (b'{"label": "x"}', {"Content-Type": ";;;=,"}, "unsupported_media_type"),
    "JSON called a form": (b'{"label": "x"}', FORM, "invalid_body"),
    "a form with NUL": (b"label=%00", FORM, "malformed_body"),
    "a form not UTF-8": (b"label=%ff", FORM, "malformed_body"),
    "a form with raw bytes": (b"label=\xc3\xa9", FORM, "malformed_body"),
    "a form with too many fields": (b"a=1&" * 400, FORM, "malformed_body"),
    "a form field twice": (b"label=x&label=y", FORM, "malformed_body"),
    "a form field twice, the same": (b"label=x&label=x", FORM, "malformed_body"),
    "an empty form field": (b"label=", FORM, "invalid_body"),
}


@pytest.mark.parametrize("name", BAD_BODIES)
def test_a_bad_body_gets_the_vendor_s_own_refusal_and_changes_nothing(name):
    content, headers, rule = BAD_BODIES[name]
    harbor_ = stand()
    harbor_.post("/crates", {"label": "first"})
    before = harbor_.kept()
    answer = harbor_.client.post("/crates", content=content, headers=headers)
    assert_refused(harbor_, answer, rule)
    assert harbor_.kept() == before


def assert_refused(harbor_, answer, rule: str) -> None:
    assert 400 <= answer.status_code < 500, answer.text
    assert answer.json()["errors"][0].startswith(f"{rule}: ")
    assert "detail" not in answer.json()
    assert "Traceback" not in answer.text
    assert "x-seatrial-broke" not in answer.headers
    assert harbor_.rule == rule


@pytest.mark.parametrize(
    ("method", "target", "rule"),
    [
        ("GET", "/crates?page=0", "invalid_query"),
        ("GET", "/crates?page=-1", "invalid_query"),
        ("GET", "/crates?page=one", "invalid_query"),
        ("GET", "/crates?page=", "invalid_query"),
        ("GET", "/crates?page=1&page=0", "invalid_query"),
        ("GET", "/crates?%70age=0", "invalid_query"),
        ("GET", "/crates?state=%00", "invalid_query"),
        ("GET", "/crates?state=%ff", "invalid_query"),
        ("GET", "/crates?x=%zz", "invalid_query"),
        ("GET", "/crates/7.json", "not_found"),
        ("GET", "/crates/%00.json", "route_not_found"),
        ("GET", "/crates/%ff.json", "not_found"),
        ("GET", "/crates/%zz.json", "not_found"),
        ("GET", "/crates/..%2F..%2Fetc.json", "not_found"),
        ("GET", "/crates/%F0%9F%93%A6.json", "not_found"),
        ("GET", f"/crates/{'9' * 5000}.json", "not_found"),
        ("GET", f"/crates/{'a/' * 2000}", "route_not_found"),
        ("DELETE", "/crates/7.json", "not_found"),
        ("TRACE", "/crates", "wrong_method"),
        ("FROBNICATE", "/crates", "wrong_method"),
        ("POST", "/crates/7/release", "not_found"),
    ],
)
def test_a_bad_target_gets_the_vendor_s_own_refusal_and_changes_nothing(method, target, rule):
    harbor_ = stand()
    harbor_.post("/crates", {"label": "first"})
    before = harbor_.kept()
    url = httpx.URL("http://harbor.test").copy_with(raw_path=target.encode())
    assert_refused(harbor_, harbor_.client.request(method, url), rule)
    assert harbor_.kept() == before


TEXT = st.text(st.characters(codec=None), max_size=20)
SOMETHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None)
@given(
    body=st.binary(max_size=60) | SOMETHING.map(msgspec.json.encode),
    kind=st.sampled_from(
        ["application/json", "application/x-www-form-urlencoded", "text/plain", "", "application/json;x"]
    ),
    path=st.sampled_from(["/crates", "/listeners", "/crates/1.json", "/gate/enter", "/crates/1/release"])
    | st.binary(max_size=20).map(lambda raw: "/crates/" + "".join(f"%{byte:02X}" for byte in raw)),
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE"]),
)
def test_no_request_breaks_the_machine(body, kind, path, method):
    harbor_ = test_no_request_breaks_the_machine.__dict__.setdefault("harbor", stand())
    answer = harbor_.client.request(method, path, content=body, headers={"Content-Type": kind})
    assert "x-seatrial-broke" not in answer.headers, answer.headers
    assert answer.status_code < 500 or answer.status_code == 501


# When the fake itself is wrong ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("which", "said"),
    [
        ("lie", "ContractBroken: blunder 200: fine: true was expected"),
        ("status", "ContractBroken: blunder may not answer 299; its contract knows ['200']"),
        ("header", "AttributeError"),
        ("fall", "RuntimeError"),
    ],
)
def test_a_fake_about_to_break_its_contract_says_so_loudly_and_keeps_nothing(which, said):
    harbor_ = stand()
    before = harbor_.kept()
    answer = harbor_.post(f"/mistakes/{which}")
    assert (answer.status_code, answer.json()) == (500, {"errors": ["internal_error: a leak"]})
    assert answer.headers["x-seatrial-broke"] == said
    assert harbor_.rule == f"broke: {said}"
    assert harbor_.kept() == before
    assert harbor_.get("/crates", headers={"X-Harbor-Key": "granted-by-mistake"}).status_code == 401


def test_a_refusal_after_a_change_keeps_nothing_of_it_not_even_a_token():
    harbor_ = stand()
    before = harbor_.kept()
    assert harbor_.post("/mistakes/refuse").status_code == 410
    assert harbor_.kept() == before
    assert harbor_.get("/crates", headers={"X-Harbor-Key": "granted-by-mistake"}).status_code == 401


def test_a_refusal_that_the_profile_does_not_know_is_a_mistake_and_said_to_be():
    harbor_ = stand()
    answer = harbor_.post("/mistakes/unknown")
    assert answer.status_code == 500
    assert "there is no such refusal" in answer.headers["x-seatrial-broke"]


def test_what_breaks_never_shows_a_secret():
    harbor_ = stand()
    answer = harbor_.post("/mistakes/fall")
    shown = f"{answer.headers} {answer.text} {harbor_.journal()}"
    assert "the-harbor-secret" not in shown
    entry = harbor_.post(
        "/gate/enter", {"client_id": "harbor-client", "client_secret": "the-harbor-secret", "password": "lie"}
    )
    assert entry.status_code == 500
    assert "NOT A TOKEN" not in f"{entry.headers} {entry.text} {harbor_.journal()}"


def test_a_broken_vendor_function_is_the_vendor_s_own_500_wherever_it_sits():
    fake = harbor()
    broken = bench(fake, headers=KEY)

    def fall(*_):
        raise ZeroDivisionError

    for place in (fake.schemes, fake.surface_headers, fake.aliases):
        name = {id(fake.schemes): "key_in_query", id(fake.surface_headers): "rest", id(fake.aliases): "countCrates"}[
            id(place)
        ]
        before = place.get(name)
        place[name] = fall
        answer = broken.get("/crates/count.json", headers={"X-Harbor-Key": ""})
        assert (answer.status_code, answer.headers["x-seatrial-broke"]) == (500, "ZeroDivisionError")
        if before is None:
            del place[name]
        else:
            place[name] = before
    assert broken.get("/crates/count.json").status_code == 200


def test_what_is_known_but_not_built_says_so_and_does_nothing():
    harbor_ = stand()
    harbor_.post("/crates", {"label": "first"})
    before = harbor_.kept()
    answer = harbor_.client.put("/crates/100.json", json={"label": "second"})
    assert answer.status_code == 501
    assert answer.json()["seatrial"]["unbuilt"] == "replaceCrate"
    assert harbor_.kept() == before


def test_what_is_known_but_not_built_is_still_not_for_strangers():
    assert bench(harbor(), headers={}).client.put("/crates/100.json").status_code == 401


# What goes out -------------------------------------------------------------------------------------------------------


def test_headers_of_the_surface_are_on_every_answer():
    harbor_ = stand()
    harbor_.world.settings["harbor.flag"] = "black"
    answers = [
        harbor_.get("/crates"),
        harbor_.get("/nowhere"),
        harbor_.client.patch("/crates"),
        harbor_.post("/mistakes/x"),
    ]
    assert [answer.headers["x-harbor-flag"] for answer in answers] == ["black"] * 4


def test_every_answer_carries_the_world_s_date():
    harbor_ = stand()
    assert harbor_.get("/crates").headers["date"] == "Mon, 23 Nov 2026 12:00:00 GMT"
    harbor_.advance(86_400 + 1)
    assert harbor_.get("/nowhere").headers["date"] == "Tue, 24 Nov 2026 12:00:01 GMT"


def test_an_answer_without_a_body_has_no_content_type():
    harbor_ = stand()
    harbor_.post("/crates", {"label": "x"})
    answer = harbor_.client.delete("/crates/100.json")
    assert (answer.status_code, answer.content) == (204, b"")
    assert "content-type" not in answer.headers


def test_a_document_is_shown_as_it_is_now_after_every_change():
    harbor_ = stand()
    harbor_.post("/crates", {"label": "old"})
    assert harbor_.get("/crates/100.json").json()["label"] == "old"
    harbor_.act("relabel", crate="100", label="new")
    assert harbor_.get("/crates/100.json").json()["label"] == "new"
    with pytest.raises(Refusal):
        harbor_.act("relabel", crate="100", label="stumble")
    assert harbor_.get("/crates/100.json").json()["label"] == "new"
    harbor_.world.reset()
    harbor_.post("/crates", {"label": "after the reset"})
    assert harbor_.get("/crates/100.json").json()["label"] == "after the reset"
    assert [crate["label"] for crate in harbor_.get("/crates").json()] == ["after the reset"]


def test_an_operation_may_answer_bytes_of_its_own():
    fake = harbor()
    fake.operations["countCrates"] = lambda call: Reply(200, b"seven", content_type="text/plain")
    answer = bench(fake, headers=KEY).get("/crates/count.json")
    assert (answer.text, answer.headers["content-type"]) == ("seven", "text/plain")


@pytest.mark.parametrize("depth", [100, 500, 900, 1000, 5000, 100_000])
def test_however_deep_a_body_goes_it_is_read_or_refused(depth):
    fake = harbor()
    surface = fake.contract.profile.surfaces["rest"]
    surfaces = fake.contract.surfaces["rest"]
    roomy = msgspec.structs.replace(surface, body=msgspec.structs.replace(surface.body, size_maximum=10**7))
    fake.contract.surfaces["rest"] = msgspec.structs.replace(surfaces, profile=roomy)
    harbor_ = bench(fake, headers=KEY)
    for inner in (b"[" * depth + b"]" * depth, b'{"a":' * depth + b"1" + b"}" * depth, b'"\\u0000"'):
        answer = harbor_.client.post("/crates", content=b'{"label": "x", "y": ' + inner + b"}", headers=JSON)
        assert answer.status_code in {201, 400}, answer.text
        assert "x-seatrial-broke" not in answer.headers
    assert harbor_.rule == "malformed_body"
