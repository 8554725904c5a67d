"""What the machine learnt after Harbor, told of Pier: accounts in paths, pages of one size, attempts in bodies."""

import hashlib
import hmac
import json

import httpx
import pytest

from mock_servers.core.clock import iso_local_millis, moment_of
from tests.core.pier import ACCOUNT, BASIC, SECRET, pier
from tests.support import NOON, bench

BERTHS = f"/Api/{ACCOUNT}/Berths"
KEY = {"X-Pier-Password": BASIC}


def stand(count: int = 0, **kwargs):
    stood = bench(pier(), headers=KEY, **kwargs)
    for number in range(count):
        assert stood.post(BERTHS, {"name": f"B{number}", "metres": 7}).status_code == 200
    return stood


# Accounts in paths


def test_an_account_is_named_in_the_path_whatever_its_case_and_the_fixed_words_too():
    stood = stand(1)
    for path in (BERTHS, BERTHS.lower(), BERTHS.upper(), f"{BERTHS}/1".lower()):
        assert stood.get(path).status_code == 200


def test_another_account_is_refused_and_nothing_is_done_there():
    stood = stand()
    answer = stood.post("/Api/NORTH/Berths", {"name": "B", "metres": 7})
    assert (answer.status_code, answer.json()) == (403, {"said": "NORTH is not yours"})
    assert stood.documents("berth") == []


def test_a_stranger_s_call_is_journalled_where_the_account_of_its_path_lives():
    stood = stand()
    other = stood.sandbox.worlds.create("east", seed=3, clock=stood.world.clock, fixed_credentials=False)
    assert httpx.Client(transport=stood.sandbox.transport("pier")).get("http://pier.test/Api/east/Berths").is_error
    assert [entry.status for entry in other.journal.entries("pier")] == [401]


# Passwords in another header


def test_a_password_is_taken_in_either_header_and_in_no_third():
    stood = bench(pier(), headers={})
    for name, status in (("X-Pier-Password", 200), ("Authorization", 200), ("X-Password", 401)):
        assert stood.get(BERTHS, headers={name: BASIC}).status_code == status


# Pages of one size


def test_a_page_of_one_size_tells_its_counts_one_member_deeper_and_heeds_no_size():
    answer = stand(7).get(BERTHS, params={"pageNumber": 3, "size": 1, "": 2}).json()
    assert [row["name"] for row in answer["berthList"]] == ["B6"]
    assert answer["paging"] == {"current": 3, "pages": 3, "size": 3, "total": 7, "message": None}


@pytest.mark.parametrize(("rows", "page", "status"), [(0, 1, 200), (0, 2, 400), (3, 1, 200), (3, 2, 400), (4, 2, 200)])
def test_past_the_end_is_refused_and_the_first_page_never_is(rows, page, status):
    answer = stand(rows).get(BERTHS, params={"pageNumber": page})
    assert answer.status_code == status
    if status == 400:
        assert answer.json() == {"said": "wrong: pageNumber: is past the last page"}


# Refusals, limits, moments


def test_what_was_wrong_is_told_by_its_member():
    assert stand().post(BERTHS, {"metres": "x"}).json() == {
        "said": "wrong",
        "where": {"name": ["is required"], "metres": ['"x" is not of type "integer"']},
    }


def test_a_window_says_at_which_moment_it_ends():
    stood = stand()
    assert stood.get(BERTHS).headers["x-pier-reset"] == str(int(NOON) + 60)
    stood.advance(7.5)
    assert stood.get(BERTHS).headers["x-pier-reset"] == str(int(NOON) + 60)


@pytest.mark.parametrize(
    ("utc", "there"),
    [
        ("2026-05-02T07:14:03.210Z", "2026-05-02T09:14:03.21+02:00"),
        ("2026-11-23T12:00:00.000Z", "2026-11-23T13:00:00+01:00"),
        ("2026-10-25T00:59:59.999Z", "2026-10-25T02:59:59.999+02:00"),
        ("2026-10-25T01:00:00.100Z", "2026-10-25T02:00:00.1+01:00"),
        ("2026-12-31T23:00:00.000Z", "2027-01-01T00:00:00+01:00"),
    ],
)
def test_a_moment_is_written_in_the_vendor_s_own_time(utc, there):
    assert iso_local_millis(moment_of(utc), "Europe/Stockholm") == there


# Attempts counted in the body


def told(*statuses):
    heard, left = [], list(statuses)

    def door(request: httpx.Request) -> httpx.Response:
        heard.append(request)
        return httpx.Response(left.pop(0) if left else 200)

    stood = stand(1, hooks=httpx.MockTransport(door))
    stood.advance(1000)
    return stood, heard


def test_each_attempt_has_its_own_bytes_and_its_own_signature():
    stood, heard = told(500, 503)
    assert [json.loads(each.content)["attempt"] for each in heard] == [1, 2, 3]
    for each in heard:
        mac = hmac.new(SECRET.encode(), each.content, hashlib.sha256).hexdigest()
        assert each.headers["x-pier-signature"] == f"sha256={mac.upper()}"
    [delivery] = stood.documents("webhook_delivery")
    assert [json.loads(each["signed"])["attempt"] for each in delivery["attempts"]] == [1, 2, 3]


def test_after_a_final_answer_nobody_tries_again():
    stood, heard = told(410)
    assert len(heard) == 1
    assert stood.documents("webhook_delivery")[0]["state"] == "failed"
