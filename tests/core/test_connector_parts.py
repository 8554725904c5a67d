"""Paging, throttles, cursors, signatures, redaction and the tree of errors."""

import asyncio
import base64
import copy
import hashlib
import pickle
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from connectors.core import errors
from connectors.core.clock import LoopClock
from connectors.core.cursors import read_cursor, read_from, write_cursor
from connectors.core.errors import BadCursor, BadSignature, PagingLoop, Unreadable
from connectors.core.log import connection_log
from connectors.core.paging import GraphqlCursor, LinkHeader, PageNumber, link_to
from connectors.core.redaction import Redactor
from connectors.core.throttle import CallsPerPeriod, CostBucket, Unlimited
from connectors.core.webhooks import header, must_match, sign_base64, sign_hex
from seatrial import virtual_time

MONDAY = datetime(2026, 11, 23, 9, 0, 0, tzinfo=UTC)


def run(main):
    with asyncio.Runner(loop_factory=lambda: virtual_time.new_event_loop()) as runner:
        return runner.run(main)


def walk(pages):
    async def story():
        return [page async for page in pages]

    return run(story())


# Paging

NUMBERED = PageNumber(page="page", size="pageSize", rows="data", size_value=2, pages_total="totalPages")


def numbered(rows, asked=None):
    async def fetch(parameters):
        if asked is not None:
            asked.append(dict(parameters))
        number, size = int(parameters["page"]), int(parameters["pageSize"])
        part = rows[(number - 1) * size : number * size]
        return {"data": part, "totalPages": -(-len(rows) // size)}

    return fetch


@given(count=st.integers(0, 9))
def test_every_row_of_a_numbered_list_is_seen_once(count):
    rows = [{"id": number} for number in range(count)]
    asked = []
    pages = walk(NUMBERED.walk(numbered(rows, asked)))
    assert [row for page in pages for row in page] == rows
    assert len(asked) == max(1, -(-count // 2)), "no page is asked for beyond the last"


def test_without_a_total_the_walk_ends_at_the_first_empty_page():
    paging = PageNumber(page="p", size="n", rows="data", size_value=1, first=0)

    async def fetch(parameters):
        return {"data": [{"id": parameters["p"]}] if int(parameters["p"]) < 3 else []}

    assert [page[0]["id"] for page in walk(paging.walk(fetch))] == ["0", "1", "2"]


@given(count=st.integers(0, 9))
def test_a_bare_list_is_walked_until_it_is_empty(count):
    rows, asked = [{"id": number} for number in range(count)], []
    paging = PageNumber(page="page", size="limit", rows="", size_value=3)

    async def fetch(parameters):
        asked.append(parameters["page"])
        return rows[(int(parameters["page"]) - 1) * 3 :][:3]

    assert [row for page in walk(paging.walk(fetch)) for row in page] == rows
    assert asked[-1] == str(-(-count // 3) + 1), "a short page is not yet the end"


@pytest.mark.parametrize("document", [{}, {"data": []}, None, "[]", [1], [[]]], ids=str)
def test_a_bare_list_of_another_shape_is_unreadable(document):
    async def fetch(parameters):
        return document

    with pytest.raises(Unreadable):
        walk(PageNumber(page="page", size="limit", rows="", size_value=3).walk(fetch))


def test_a_list_that_ignores_the_page_number_is_a_loop():
    async def fetch(parameters):
        return {"data": [{"id": 1}, {"id": 2}], "totalPages": 900}

    with pytest.raises(PagingLoop, match="page 2 is the same"):
        walk(NUMBERED.walk(fetch))


def test_pages_without_end_are_given_up():
    async def fetch(parameters):
        return {"data": [{"id": parameters["page"]}], "totalPages": 10**9}

    paging = PageNumber(page="page", size="n", rows="data", size_value=1, pages_total="totalPages", pages_maximum=7)
    with pytest.raises(PagingLoop, match="more than 7 pages"):
        walk(paging.walk(fetch))


@pytest.mark.parametrize(
    "document",
    [{}, {"data": None}, {"data": {"id": 1}}, {"data": [1]}, {"data": [{}]}, {"data": [{}], "totalPages": "2"}],
    ids=str,
)
def test_a_page_of_another_shape_is_unreadable(document):
    async def fetch(parameters):
        return document

    with pytest.raises(Unreadable):
        walk(NUMBERED.walk(fetch))


@dataclass
class Connection:
    nodes: list
    has_next_page: bool = False
    end_cursor: str | None = None


def connections(*pages):
    left = list(pages)

    async def fetch(after):
        return left.pop(0) if len(left) > 1 else left[0]

    return fetch


def test_a_graphql_list_is_walked_by_its_cursors():
    asked = []
    pages = {None: Connection([1], True, "a"), "a": Connection([2], True, "b"), "b": Connection([3])}

    async def fetch(after):
        asked.append(after)
        return pages[after]

    assert [page.nodes for page in walk(GraphqlCursor().walk(fetch))] == [[1], [2], [3]]
    assert asked == [None, "a", "b"]
    assert [page.nodes for page in walk(GraphqlCursor().walk(fetch, after="b"))] == [[3]]


def test_graphql_cursors_that_go_in_circles_or_nowhere_are_a_loop():
    with pytest.raises(PagingLoop, match="walked before"):
        walk(GraphqlCursor().walk(connections(Connection([1], True, "a"))))
    with pytest.raises(PagingLoop, match="no cursor"):
        walk(GraphqlCursor().walk(connections(Connection([1], True, None))))
    endless = (Connection([n], True, str(n)) for n in range(100))

    async def fetch(after):
        return next(endless)

    with pytest.raises(PagingLoop, match="more than 5"):
        walk(GraphqlCursor(pages_maximum=5).walk(fetch))


def linked(pages):
    async def fetch(url):
        return pages[url]

    return fetch


def test_links_are_followed_to_the_last_page():
    pages = {
        "https://a.example/x": ([{"id": 1}], '</x?p=2>; rel="next", </x>; rel=previous'),
        "https://a.example/x?p=2": ([{"id": 2}], '<https://a.example/x>; rel="previous"'),
    }
    assert walk(LinkHeader().walk(linked(pages), "https://a.example/x")) == [[{"id": 1}], [{"id": 2}]]


@pytest.mark.parametrize(
    ("link", "words"),
    [
        ('<https://a.example/x>; rel="next"', "walked before"),
        ('<https://evil.example/x>; rel="next"', "another host"),
        ('<http://a.example/x?p=2>; rel="next"', "another host"),
        ('<//evil.example/x>; rel="next"', "another host"),
    ],
)
def test_links_that_lead_in_circles_or_away_are_refused(link, words):
    with pytest.raises(PagingLoop, match=words):
        walk(LinkHeader().walk(linked({"https://a.example/x": ([{"id": 1}], link)}), "https://a.example/x"))


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("", None),
        ('<a>; rel="prev"', None),
        ('<a>; rel="prev next"', "a"),
        ("<a>; title=x; rel=NEXT", "a"),
        ('<a,b>; rel="previous", <c;d>; rel="next"', "c;d"),
        ("garbage <<>> ; ; ;rel=next", None),
    ],
)
def test_a_link_header_is_read_by_its_relation(text, target):
    assert link_to(text, "next") == target


# Throttles


def test_calls_per_period_lets_no_more_through_than_the_bucket_drips():
    async def story():
        loop, throttle, clock, seconds = asyncio.get_running_loop(), CallsPerPeriod(5, 10), LoopClock(MONDAY), []
        for _ in range(15):
            await throttle.admit(1, clock)
            seconds.append(loop.time())
        return seconds

    seconds = run(story())
    assert seconds[4] == 0
    assert seconds[14] == pytest.approx(20)


@pytest.mark.parametrize("throttle", [Unlimited, lambda: CallsPerPeriod(100, 1), lambda: CostBucket(100, 10)])
def test_a_pause_holds_everybody_back_and_a_longer_one_wins(throttle):
    async def story():
        limit, clock = throttle(), LoopClock(MONDAY)
        limit.pause(5, clock)
        limit.pause(30, clock)
        limit.pause(2, clock)
        await asyncio.gather(*[limit.admit(1, clock) for _ in range(3)])
        return asyncio.get_running_loop().time()

    assert run(story()) == pytest.approx(30)


def test_a_cost_bucket_waits_until_the_points_are_there():
    async def story():
        bucket, clock = CostBucket(100, 10), LoopClock(MONDAY)
        await bucket.admit(100, clock)
        await bucket.admit(50, clock)
        first = asyncio.get_running_loop().time()
        await bucket.admit(1000, clock)
        return first, asyncio.get_running_loop().time()

    first, second = run(story())
    assert first == pytest.approx(5)
    assert second == pytest.approx(15), "a call dearer than the whole bucket waits for a full one, not for ever"


def test_a_cost_bucket_believes_the_vendor():
    async def story():
        bucket, clock = CostBucket(100, 10), LoopClock(MONDAY)
        await bucket.admit(10, clock)
        bucket.heard(maximum=2000, available=0, restore_per_second=100, own_cost=10, clock=clock)
        bucket.done(10)
        await bucket.admit(200, clock)
        return bucket.maximum, asyncio.get_running_loop().time()

    assert run(story()) == (2000, pytest.approx(2))


def test_points_of_calls_under_way_are_held_back():
    async def story():
        bucket, clock = CostBucket(1000, 10), LoopClock(MONDAY)
        await bucket.admit(400, clock)
        await bucket.admit(10, clock)
        bucket.heard(maximum=1000, available=900, restore_per_second=10, own_cost=10, clock=clock)
        bucket.done(10)
        return bucket.available

    assert run(story()) == pytest.approx(500)


def test_a_bucket_said_never_to_fill_is_not_believed():
    async def story():
        bucket, clock = CostBucket(100, 10), LoopClock(MONDAY)
        bucket.heard(maximum=0, available=0, restore_per_second=0, own_cost=0, clock=clock)
        await bucket.admit(50, clock)
        return asyncio.get_running_loop().time()

    assert run(story()) == 0


def test_a_dear_call_is_not_starved_by_cheap_ones():
    async def story():
        bucket, clock, order = CostBucket(100, 10), LoopClock(MONDAY), []

        async def call(cost):
            await bucket.admit(cost, clock)
            order.append(cost)

        await call(100)
        await asyncio.gather(call(90), call(5), call(5))
        return order

    assert run(story()) == [100, 90, 5, 5]


# Cursors


@given(moment=st.datetimes(timezones=st.just(UTC)))
def test_a_cursor_gives_back_its_moment(moment):
    assert read_cursor(write_cursor(moment)) == moment


def test_no_cursor_is_the_beginning():
    assert read_cursor(None) is None
    assert read_cursor("") is None
    assert read_from(None, timedelta(minutes=1)) is None


@pytest.mark.parametrize(
    "text",
    ["x", "{}", "[]", '{"v":2,"updated":"2026-11-23T09:00:00Z"}', '{"v":1,"updated":"2026-11-23T09:00:00"}', "\ud800"],
)
def test_a_cursor_of_somebody_else_is_refused(text):
    with pytest.raises(BadCursor):
        read_cursor(text)


def test_a_cursor_is_read_with_an_overlap():
    assert read_from(MONDAY, timedelta(seconds=90)) == MONDAY - timedelta(seconds=90)
    assert read_from(datetime.min.replace(tzinfo=UTC), timedelta(seconds=90)).year == 1


# Signatures


def hmac_by_hand(secret: bytes, message: bytes) -> bytes:
    """RFC 2104 written out: H(K xor opad, H(K xor ipad, text)), blocks of 64 bytes."""
    key = (hashlib.sha256(secret).digest() if len(secret) > 64 else secret).ljust(64, b"\0")
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in key) + message).digest()
    return hashlib.sha256(bytes(byte ^ 0x5C for byte in key) + inner).digest()


@given(secret=st.text(min_size=1, max_size=80), message=st.binary(max_size=200))
def test_signatures_are_what_the_rfc_says(secret, message):
    digest = hmac_by_hand(secret.encode(), message)
    assert sign_hex(secret, message) == digest.hex()
    assert sign_base64(secret, message) == base64.b64encode(digest).decode()


@pytest.mark.parametrize("given_signature", ["", "A" * 44, "ünï¢ode", "\udce9"])
def test_a_wrong_signature_is_refused_and_not_shown(given_signature):
    expected = sign_base64("key-of-ours", b"body")
    with pytest.raises(BadSignature) as caught:
        must_match(expected, given_signature, "the webhook")
    assert expected not in str(caught.value)
    assert ("carries no signature" in str(caught.value)) == (given_signature == "")


def test_without_a_secret_nothing_is_believed():
    with pytest.raises(BadSignature, match="no signing secret"):
        sign_base64("", b"body")


def test_headers_are_found_whatever_their_capitals():
    assert header({"x-HMAC": "1"}, "X-Hmac") == "1"
    assert header({}, "X-Hmac") == ""


# Redaction


def test_known_secrets_and_secrets_by_name_are_masked():
    redactor = Redactor(["hunter2hunter2"])
    redactor.learn("fresh-token")
    text = redactor.text(
        'key hunter2hunter2, fresh-token, {"access_token":"abc", "client_secret" : "def"} client_secret=ghi&page=2 '
        "Authorization: Bearer abcdef123 mail to ana.ruiz@mail.example"
    )
    for secret in ("hunter2", "fresh-token", "abc", "def", "ghi", "ana.ruiz"):
        assert secret not in text
    assert "page=2" in text
    assert "hunter2" not in repr(redactor)


def test_what_explains_an_error_stays_readable():
    text = '{"error":{"code":"duplicate_order","message":"order_number PO-778 exists"}}'
    assert Redactor(["secret-value"]).excerpt(text.encode()) == text


@given(st.binary(max_size=6000))
def test_an_excerpt_is_one_short_line(body):
    excerpt = Redactor().excerpt(body)
    assert len(excerpt) <= 300
    assert not any(letter in excerpt for letter in "\r\n\t\x00\x1b")


def test_short_words_are_not_blanked_out():
    redactor = Redactor(["a", ""])
    assert redactor.text("a banana") == "a banana"


# Logs


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


def test_logs_go_where_the_application_says():
    with captured_logs() as entries:
        connection_log(vendor="harbor", connection="main").warning("told", call="list")
    assert entries == [
        {"vendor": "harbor", "connection": "main", "call": "list", "event": "told", "log_level": "warning"}
    ]


def test_without_a_word_from_the_application_nothing_is_printed(capsys):
    if structlog.is_configured():
        pytest.skip("something in this process has set structlog up")
    log = connection_log(vendor="harbor", connection="main")
    log.debug("told", call="list")
    log.info("told", call="list")
    assert capsys.readouterr() == ("", "")


# Errors

TREE = {
    "NotApplied": ["Throttled", "Unavailable"],
    "Unknown": ["TimedOut", "Broken", "Unreadable", "PagingLoop"],
    "Refused": ["Invalid", "Unauthorized", "Forbidden", "NotFound", "Conflict", "BadCursor"],
}


def test_the_drawn_tree_is_the_tree():
    for outcome, kinds in TREE.items():
        others = [getattr(errors, name) for name in TREE if name != outcome]
        for kind in kinds:
            assert issubclass(getattr(errors, kind), getattr(errors, outcome))
            assert not issubclass(getattr(errors, kind), tuple(others))
            assert f"{kind} " in (errors.__doc__ or "")
    defined = {
        name for name, thing in vars(errors).items() if isinstance(thing, type) and thing.__module__ == errors.__name__
    }
    assert defined == {"ConnectorError", "BadSignature", *TREE, *(kind for kinds in TREE.values() for kind in kinds)}


@pytest.mark.parametrize("again", [copy.copy, lambda error: pickle.loads(pickle.dumps(error))])
def test_an_error_survives_being_stored(again):
    error = errors.Throttled("slow down", retry_after_seconds=3.0, tried="GET /x", status=429, excerpt="{}", code="c")
    twin = again(error)
    assert (str(twin), twin.retry_after_seconds, twin.status, twin.code) == (str(error), 3.0, 429, "c")
    assert str(error) == "slow down Tried: GET /x. Answer: {} Next: " + errors.Throttled.step
