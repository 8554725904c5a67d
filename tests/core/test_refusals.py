"""A refusal in the vendor's own words: templates filled with what was said, never read in what was said."""

import msgspec

from mock_servers.core.refusal import Refusal
from mock_servers.core.refusals import refusal_answer
from tests.core.harbor import KEY, harbor
from tests.support import bench

SURFACES = harbor().contract.profile.surfaces


def said(code: str, surface: str = "rest", **kwargs):
    status, headers, body = refusal_answer(SURFACES[surface].errors, Refusal(code, **kwargs))
    return status, dict(headers), msgspec.json.decode(body) if body else None


def test_the_usual_body_is_filled_with_code_and_message():
    status, headers, body = said("not_found", kind="crate", id="7")
    assert (status, body) == (404, {"errors": ["not_found: no crate 7"]})
    assert headers == {b"content-type": b"application/json; charset=utf-8"}


def test_details_become_a_list_in_the_place_that_is_kept_for_them():
    assert said("invalid_body", details=(("a", "is bad"), ("b[0]", "is worse")))[2] == {
        "errors": ["invalid_body: the body is wrong"],
        "wrong": ["a is bad", "b[0] is worse"],
    }


def test_without_details_their_member_is_not_there():
    assert said("invalid_body")[2] == {"errors": ["invalid_body: the body is wrong"]}


def test_details_can_be_told_in_one_text():
    body = said("invalid_body", "plain", details=(("a", "is bad"), ("", "all is")))[2]
    assert body == {"said": "a: is bad; all is"}


def test_a_body_of_its_own_replaces_the_usual_one_even_by_none():
    assert said("gone") == (410, {}, None)


def test_a_text_body_and_a_header_are_templates_too():
    status, headers, body = refusal_answer(SURFACES["rest"].errors, Refusal("teapot", stout="stout"))
    assert (status, body, dict(headers)[b"X-Harbor-Said"]) == (418, b"short and stout", b"stout")


def test_what_was_not_said_stays_visibly_unsaid():
    assert said("not_found")[2] == {"errors": ["not_found: no (kind) (id)"]}


def test_a_refusal_nobody_knows_is_the_vendor_s_internal_error():
    assert said("no_such_refusal")[0] == 500


def test_words_are_never_read_as_templates():
    for nasty in ("{code}", "{details}", "{0}", "{", "}", "{message.__class__}", "%s", "\\"):
        assert said("not_found", kind="crate", id=nasty)[2] == {"errors": [f"not_found: no crate {nasty}"]}


def test_a_word_cannot_begin_a_header_of_its_own():
    for nasty in ("a\r\nX-Injected: yes", "a\nX-Injected: yes", "a\rX", "a\0b"):
        _, headers, _ = refusal_answer(SURFACES["rest"].errors, Refusal("teapot", stout=nasty))
        assert not set(dict(headers)[b"X-Harbor-Said"]) & set(b"\r\n\0")
    answer = bench(harbor(), headers=KEY).post("/crates", {"label": "stout"})
    assert answer.status_code == 418
    assert "x-injected" not in answer.headers


def test_a_word_that_no_header_can_hold_is_no_crash():
    for nasty in ("ü", "漢字", "\ud800"):
        _, headers, _ = refusal_answer(SURFACES["rest"].errors, Refusal("gone", headers={"X-More": nasty}))
        assert all(isinstance(value, bytes) for _, value in headers)


def test_headers_of_the_refusal_itself_go_out_as_well():
    answer = refusal_answer(SURFACES["plain"].errors, Refusal("unauthenticated", headers={"X-More": "yes"}))
    assert (b"X-More", b"yes") in answer[1]
    assert (b"WWW-Authenticate", b"Basic") in answer[1]
