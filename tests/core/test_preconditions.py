"""Entity tags: made of a document's version, and asked for by whoever changes it."""

from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest

from contracts.evidence import Evidence
from contracts.profile import EntityTags
from mock_servers.core.preconditions import etag, must_match
from mock_servers.core.refusal import Refusal
from mock_servers.core.store import Document
from mock_servers.core.wire import Request

EVIDENCE = Evidence("assumed", "this test", date(2026, 11, 21))
CRATE = Document("crate", 1, "1", 7, b"{}")
CHANGED = Document("crate", 1, "1", 8, b"{}")


def asked(tag: str | None, *, weak: bool) -> Any:
    headers = [] if tag is None else [(b"if-match", tag.encode())]
    surface = SimpleNamespace(etags=EntityTags(weak=weak, evidence=EVIDENCE))
    return SimpleNamespace(surface=surface, request=Request("PUT", "/crates/1", headers=headers))


def refusal(tag: str | None, *, weak: bool) -> str:
    try:
        must_match(asked(tag, weak=weak), CRATE)
    except Refusal as refused:
        return refused.code
    return ""


@pytest.mark.parametrize("weak", [True, False])
def test_a_tag_is_of_one_state_of_one_document(weak):
    call = asked(None, weak=weak)
    assert etag(call, CRATE) == ("W/" if weak else "") + '"AAAAAAAAAAc="'
    assert etag(call, CRATE) != etag(call, CHANGED)


def test_who_names_the_state_may_change_it():
    for tag in ('"AAAAAAAAAAc="', "*", '"x", "AAAAAAAAAAc="'):
        assert refusal(tag, weak=False) == refusal(tag, weak=True) == ""
    assert refusal('W/"AAAAAAAAAAc="', weak=True) == ""
    assert refusal('W/"AAAAAAAAAAc="', weak=False) == "precondition_failed", "a strong tag is compared strongly"


@pytest.mark.parametrize("weak", [True, False])
def test_who_names_none_or_another_may_not(weak):
    assert refusal(None, weak=weak) == refusal(" ", weak=weak) == "precondition_missing"
    for tag in ('"AAAAAAAAAAg="', "AAAAAAAAAAc=", '"', "W/", '"*"'):
        assert refusal(tag, weak=weak) == "precondition_failed"
