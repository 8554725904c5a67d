"""Verifying somebody's API: what is sent there, what is shown of it, what is left behind, and what comes out."""

import json
import shlex
from datetime import date
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import httpx
import pytest

from contracts.profile import FixedWindow, LeakyBucket
from mock_servers.core.refusal import UsageError
from seatrial.verify import Plan, Target, verify
from seatrial.verify.bench import Bench
from seatrial.verify.clock import Timing
from seatrial.verify.credentials import Credentials, of, read
from seatrial.verify.exchange import Exchange, Secrets, answer_text, curl
from seatrial.verify.families.examples import build_problem
from seatrial.verify.law import Finding, laws
from seatrial.verify.leftovers import Made, removed
from seatrial.verify.pace import Pace, gap_seconds
from seatrial.verify.places import anywhere, printed_words
from seatrial.verify.report import as_json, failure_texts, junit, summary, table_rows, unasked
from seatrial.verify.run import Result
from seatrial.verify.target import checked_url, is_loopback
from seatrial.verify.templates import body_problem
from tests.laws.defects.planting import changed, meddled, on_answers
from tests.laws.places import QUAY, contract_of, target_of

if TYPE_CHECKING:
    from collections.abc import Callable

TODAY = date(2026, 11, 21)
HERE = contract_of(QUAY).profile.surfaces["moorings"].errors.evidence


class Wire(httpx.BaseTransport):
    """Remembers what is sent, and answers what it is told to."""

    def __init__(self, inner: httpx.BaseTransport | None = None, *answers: httpx.Response) -> None:
        self.inner = inner
        self.answers = list(answers)
        self.sent: list[httpx.Request] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.sent.append(request)
        if self.answers:
            return self.answers.pop(0)
        assert self.inner is not None
        return self.inner.handle_request(request)


class Hours:
    """A clock that only waiting moves."""

    def __init__(self) -> None:
        self.now = 0.0
        self.waits: list[float] = []
        self.passes: Callable[[float], None] = lambda _: None

    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.passes(seconds)
        self.waits.append(round(seconds, 6))

    @property
    def timing(self) -> Timing:
        return Timing(lambda: self.now, self.wait)


def strange(wire: Wire, hours: Hours | None = None) -> Target:
    """Quay as a stranger's API: nobody controls it, and its credentials are all there is."""
    ours = target_of(QUAY)
    ours.control.reset()
    hours = hours or Hours()
    hours.passes = ours.control.advance
    urls = dict.fromkeys(ours.base_urls, "http://quay.example")
    return Target(ours.contract, urls, ours.credentials, transport=wire, timing=hours.timing)


def to_quay(*answers: httpx.Response) -> Wire:
    return Wire(target_of(QUAY).control.sandbox.transport(QUAY), *answers)


# What is sent ---------------------------------------------------------------------------------------------------------


def test_nothing_is_changed_unless_writing_was_allowed():
    wire = to_quay()
    target = strange(wire)
    before = Bench(target, "moorings").state()
    results = verify(target, Plan(today=TODAY))
    assert Bench(target, "moorings").state() == before
    assert {request.method for request in wire.sent} <= {"GET", "HEAD", "OPTIONS", "POST"}
    assert {request.url.path for request in wire.sent if request.method == "POST"} == {"/gate/pass"}
    skipped = {result.law.id: result.why_skipped for result in results if result.outcome == "skipped"}
    assert "--writes was not given" in skipped["answers.show_what_was_made"]
    assert not [result for result in results if result.outcome == "failed"]


def test_what_needs_control_is_skipped_with_its_reason():
    results = verify(strange(to_quay()), Plan(only=("limits", "lost", "webhooks"), writes=True))
    assert {result.outcome for result in results if result.law.needs} == {"skipped"}
    assert all("needs" in result.why_skipped for result in results if result.law.needs)


def test_printed_credentials_never_leave_this_machine():
    vendor = "extensiv_order_manager"
    words = printed_words(vendor)
    assert "YOUR_CLIENT_SECRET" in words
    told = Credentials({"client_id": "me", "access_token": "YOUR_ACCESS_TOKEN"})
    target = anywhere(vendor, "https://api.extensiv.example", None, told)
    with pytest.raises(UsageError, match="never sent beyond this machine"):
        Bench(target, "guide").ask(target.contract.operations["listOrders"])
    assert not target.heard


def test_credentials_of_the_targets_own_are_sent_to_it():
    assert not any(word in "a-real-token" for word in printed_words("extensiv_order_manager"))


@pytest.mark.parametrize(
    ("url", "near"),
    [
        ("http://127.0.0.1:8401", True),
        ("http://[::1]:1", True),
        ("http://localhost", True),
        ("http://shop.localhost:80", True),
        ("https://127.0.0.1.example.com", False),
        ("https://localhost.example.com", False),
        ("https://10.0.0.1", False),
    ],
)
def test_only_loopback_is_this_machine(url, near):
    assert is_loopback(url) is near


@pytest.mark.parametrize("url", ["ftp://a", "shop.example.com", "https://", "https://a/?b=1", "https://user:pass@a"])
def test_what_is_no_base_url_is_refused(url):
    with pytest.raises(UsageError):
        checked_url(url)


# How fast -------------------------------------------------------------------------------------------------------------


def test_calls_keep_within_the_profiles_limits():
    hours = Hours()
    pace = Pace(hours.timing)
    rule = FixedWindow(limit=60, window_seconds=60, evidence=HERE)
    for _ in range(4):
        pace.before("guide", (rule,))
    assert hours.waits == [1.25, 1.25, 1.25]
    assert gap_seconds(LeakyBucket(limit=40, leak_per_second=2, evidence=HERE)) == pytest.approx(0.625)


def test_a_refusal_for_speed_is_waited_out_as_it_asks():
    said = {"title": "throttled", "detail": "Come again in 7 s."}
    refusal = httpx.Response(429, headers={"content-type": "application/problem+json", "retry-after": "7"}, json=said)
    hours = Hours()
    bench = Bench(strange(to_quay(refusal), hours), "moorings")
    exchange = bench.ask(bench.contract.operations["listMoorings"])
    assert (exchange.status, hours.waits) == (200, [7.0])


def test_a_target_that_only_refuses_is_not_asked_for_ever():
    hours = Hours()
    refusals = [httpx.Response(429, headers={"retry-after": "1"}, json={}) for _ in range(50)]
    bench = Bench(strange(Wire(None, *refusals), hours), "moorings")
    assert bench.ask(bench.contract.operations["listMoorings"]).status == 429
    assert len(hours.waits) <= 4


# What is shown --------------------------------------------------------------------------------------------------------


def test_the_request_is_shown_as_curl_with_variables_for_secrets():
    secrets = Secrets({"access_token": "s3cr3t-token", "client_secret": 'it\'s "odd" $HOME'})
    exchange = Exchange(
        operation="x",
        method="POST",
        url="http://h/a?b=c d",
        request_headers=(("authorization", "Bearer s3cr3t-token"), ("host", "h")),
        request_body=b'{"client_secret": "it\'s \\"odd\\""}',
    )
    shown = curl(exchange, secrets)
    assert "s3cr3t" not in shown
    words = shlex.split(shown)
    assert words[:4] == ["curl", "-i", "-X", "POST"]
    assert "authorization: Bearer $ACCESS_TOKEN" in words
    assert "host: h" not in words


def test_the_variable_is_filled_in_by_a_shell():
    import subprocess

    secrets = Secrets({"access_token": "tok'en"})
    exchange = Exchange(operation="", method="GET", url="http://h/", request_headers=(("x", "a 'b' tok'en $PATH"),))
    shown = curl(exchange, secrets).replace("curl -i", "printf '%s\\n'")
    said = subprocess.run(
        ["sh", "-c", shown], env={"ACCESS_TOKEN": "tok'en"}, capture_output=True, text=True, check=True
    )
    assert said.stdout.splitlines()[-1] == "x: a 'b' tok'en $PATH"


def test_no_report_shows_a_secret():
    def leak(request, answer):
        own = request.headers.get("authorization", "").partition(" ")[2]
        return changed(answer, status=200, body={"moorings": own}, headers={"x-debug": own})

    target = meddled(on_answers(leak))
    results = verify(target, Plan(only=("answers", "auth"), today=TODAY))
    assert summary(results)["failed"]
    texts = [
        junit(QUAY, results, target.secrets),
        as_json(target, results, []).decode(),
        *failure_texts(results, target.secrets),
    ]
    for value, _ in target.secrets:
        if value != target.credentials.own["client_id"] and value != target.credentials.own["username"]:
            assert not [text for text in texts if value in text]
    assert target.credentials.own["access_token"] not in repr(target.credentials)


def test_each_failure_says_what_was_asked_and_expected_and_by_which_rule():
    target = meddled(on_answers(lambda request, answer: changed(answer, status=200) if answer.is_error else None))
    results = verify(target, Plan(only=("auth.absent_credential_is_refused",), today=TODAY))
    text = "\n".join(failure_texts(results, target.secrets))
    for part in (
        "asked     listMoorings",
        "the status is 200, not 401",
        "expected  401",
        "assumed: invented",
        "curl -i http",
    ):
        assert part in text


def test_junit_is_xml_with_a_case_for_each_law():
    target = meddled(on_answers(lambda request, answer: changed(answer, body=b"\x00\xff<no>&")))
    results = verify(target, Plan(only=("answers",), today=TODAY))
    tree = ElementTree.fromstring(junit(QUAY, results, target.secrets).encode())
    assert len(tree.findall("testcase")) == len(results) == int(tree.get("tests", ""))
    assert len(tree.findall("testcase/failure")) == int(tree.get("failures", "")) > 0
    assert len(tree.findall("testcase/skipped")) == int(tree.get("skipped", "")) > 0


def test_json_has_every_law_with_its_outcome():
    target = strange(to_quay())
    results = verify(target, Plan(only=("versions", "evidence"), today=TODAY))
    told = json.loads(as_json(target, results, []))
    assert told["vendor"] == QUAY
    assert told["summary"] == {"passed": len(results), "failed": 0, "skipped": 0}
    assert told["unasked"] == [{"times": times, "why": why, "laws": names} for times, why, names in unasked(results)]
    assert {law["outcome"] for law in told["laws"]} == {"passed"}
    assert len(list(table_rows(results))) == len(results)


def test_an_answer_that_never_came_is_shown_as_that():
    heard = Exchange(operation="", method="GET", url="http://h/", error="ConnectError: no")
    assert answer_text(heard, Secrets()) == "no answer: ConnectError: no"


# What is left ---------------------------------------------------------------------------------------------------------


def test_what_was_made_at_a_strange_target_is_listed_and_removed():
    target = strange(to_quay())
    before = Bench(target, "moorings").state()
    made = Made()
    verify(
        target,
        Plan(only=("answers",), writes=True, mark="x", today=TODAY),
        lambda _: made.note(target.contract, target.heard),
    )
    left = removed(target, made)
    became = {(each.operation, each.became) for each in left}
    assert became == {("createMooring", "removed"), ("createListener", "left: nothing of the API removes it")}
    assert len(Bench(target, "moorings").state()["listMoorings"]) <= len(before["listMoorings"])


def test_what_cannot_be_removed_is_called_off_or_named():
    target = target_of("extensiv_order_manager")
    target.control.reset()
    made = Made()
    bench = Bench(target, "guide", writes=True)
    for id in ("createOrder", "createProduct"):
        bench.perform(target.contract.operations[id])
    made.note(target.contract, target.heard)
    became = {each.operation: each.became for each in removed(target, made)}
    assert became == {"createOrder": "called off (cancelOrder)", "createProduct": "left: nothing of the API removes it"}


# With which credentials -----------------------------------------------------------------------------------------------


def test_credentials_are_read_plain_or_as_env_prints_them(tmp_path):
    plain = {"access_token": "a", "limited": {"access_token": "b", "scopes": ["look"]}, "second": {"access_token": "c"}}
    path = tmp_path / "c.json"
    path.write_text(json.dumps(plain))
    told = read(path, QUAY)
    assert told.own == {"access_token": "a"}
    assert dict(told.secrets()) == {"access_token": "a", "limited_access_token": "b", "second_access_token": "c"}
    printed = {"admin": {}, "vendors": {QUAY: {"credentials": {"access_token": "d"}}}}
    assert of(printed, QUAY).own == {"access_token": "d"}


@pytest.mark.parametrize("text", ["[]", "nonsense", '{"access_token": 1}', '{"limited": []}', '{"a": "line\\nbreak"}'])
def test_a_file_that_holds_no_credentials_is_refused_in_a_sentence(tmp_path, text):
    path = tmp_path / "c.json"
    path.write_text(text)
    with pytest.raises(UsageError):
        read(path, QUAY)
    with pytest.raises(UsageError, match="cannot be read"):
        read(tmp_path / "absent.json", QUAY)


def test_a_law_that_is_none_is_refused_in_a_sentence():
    with pytest.raises(UsageError, match="no law is called 'nonsense'"):
        Plan(only=("nonsense",)).chosen()
    assert {law.family for law in Plan(only=("cost",)).chosen()} == {"cost"}


# What the laws are made of --------------------------------------------------------------------------------------------


def test_a_template_is_matched_word_for_word_but_for_what_is_filled_in():
    errors = contract_of(QUAY).profile.surfaces["moorings"].errors
    good = {"title": "taken", "detail": "R-1 is taken."}
    assert body_problem(errors, "taken", good) == ""
    assert body_problem(errors, "taken", good | {"wrong": ["a: b"]}) == ""
    for wrong in (
        {"title": "taken"},
        good | {"title": "x"},
        good | {"detail": "R-1 was taken."},
        good | {"more": 1},
        [],
    ):
        assert body_problem(errors, "taken", wrong)


@pytest.mark.parametrize(
    ("recorded", "answered", "fits"),
    [
        ({"a": 1}, {"a": 2, "b": 3}, True),
        ({"a": 1}, {"b": 3}, False),
        ({"a": 1}, {"a": "1"}, False),
        ({"a": True}, {"a": 1}, False),
        ({"a": None}, {"a": {"b": 1}}, True),
        ({"a": [1]}, {"a": []}, True),
        ({"a": [1]}, {"a": {}}, False),
        ({"message": "No 12"}, {"message": "No 7"}, True),
        ({"message": "No 12"}, {"message": "None 12"}, False),
        ({"errors": []}, {"errors": [1]}, False),
        ({"data": None}, {"data": {}}, False),
        ({"_links": {"self": {"href": "/1"}, "edit": {"href": "/1"}}}, {"_links": {"self": {"href": "/2"}}}, True),
        ({"_links": {"self": {"href": "/1"}}}, {"_links": {"self": "/2"}}, False),
        ({"_links": {"self": {"href": "/1"}}}, {}, False),
    ],
)
def test_an_answer_is_built_as_the_recorded_one(recorded, answered, fits):
    assert (build_problem(recorded, answered, "body") == "") is fits


def test_every_law_says_what_it_says_in_a_sentence():
    for law in laws():
        assert law.says.endswith(".")
        assert law.says[0].isupper()
        assert law.id.count(".") == 1


def test_what_was_not_asked_is_counted_by_its_reason_also_within_laws_that_passed():
    one, other, *_ = laws()
    skipped = [Finding("skipped", "a", "it is empty"), Finding("skipped", "b", "it is empty")]
    results = [
        Result(one, "admin", (Finding("passed", "c"), *skipped)),
        Result(other, "admin", (Finding("skipped", "d", "nobody is there"),)),
        Result(other, "oauth", (Finding("skipped", "e", "it is empty"),)),
    ]
    assert unasked(results) == [
        (3, "it is empty", f"{one.id}, {other.id}"),
        (1, "nobody is there", other.id),
    ]
