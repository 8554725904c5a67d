"""So many calls and not one more, on the world's clock: per caller, with the vendor's own headers."""

import shutil
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts import read
from contracts.evidence import Evidence
from contracts.profile import FixedWindow, LeakyBucket, QueryCost
from mock_servers.core.refusal import Refusal, UsageError
from mock_servers.core.throttle import CALLERS_MAXIMUM, Limits, Points, check_numbers, limit_of
from tests.core.harbor import BASIC, FOLDER, KEY, harbor
from tests.support import bench

HERE = Evidence("assumed", "invented here", date(2026, 11, 20))
WINDOW = FixedWindow(limit=3, window_seconds=60, evidence=HERE)
BUCKET = LeakyBucket(limit=4, leak_per_second=2, evidence=HERE)
PURSE = QueryCost(maximum=100, restore_per_second=10, single_maximum=50, evidence=HERE)


def admitted(limit, *moments: float) -> list[bool]:
    told = []
    for now in moments:
        try:
            limit.take(now)
        except Refusal as refusal:
            assert refusal.code == "throttled"
            told.append(False)
        else:
            told.append(True)
    return told


def test_a_window_admits_its_limit_and_begins_with_its_first_call():
    assert admitted(limit_of(WINDOW), 100, 130, 159, 159.9, 160, 219.9, 219.9, 219.9, 220) == [
        True, True, True, False, True, True, True, False, True,
    ]  # fmt: skip


def test_a_refused_call_of_a_window_counts_for_nothing():
    limit = limit_of(WINDOW)
    admitted(limit, *[0] * 10)
    assert limit.words(0)["used"] == 3
    assert admitted(limit, 60, 60, 60, 60) == [True, True, True, False]


def test_a_window_says_when_it_ends():
    limit = limit_of(WINDOW)
    admitted(limit, 0, 0, 0)
    assert limit.words(10.5) == {
        "limit": 3, "used": 3, "remaining": 0, "reset_seconds": 50, "reset_epoch_seconds": 60,
        "retry_after_seconds": 50, "retry_after_millis": 49_500,
    }  # fmt: skip
    assert admitted(limit, 10.5 + 49.4, 10.5 + 50) == [False, True]


def test_a_bucket_admits_its_size_at_once_and_then_as_it_leaks():
    limit = limit_of(BUCKET)
    assert admitted(limit, *[0] * 5, 0.5, 0.5, 1.0, 1.0) == [True] * 4 + [False, True, False, True, False]
    assert admitted(limit, *[100] * 5) == [True] * 4 + [False]


def test_a_bucket_says_how_full_it_is():
    limit = limit_of(BUCKET)
    admitted(limit, 0, 0, 0, 0)
    assert limit.words(0) == {
        "limit": 4, "used": 4, "remaining": 0, "reset_seconds": 2, "retry_after_seconds": "1.0",
        "retry_after_millis": 500,
    }  # fmt: skip
    assert (limit.words(0.25)["used"], limit.words(2)["used"]) == (4, 0)


def test_a_bucket_says_its_wait_to_the_millisecond_and_means_it():
    slow = LeakyBucket(limit=1, leak_per_second=0.03333333333333, evidence=HERE)
    limit = limit_of(slow)
    limit.take(0)
    assert limit.words(0)["retry_after_millis"] == 30_000
    assert admitted(limit, 29.999, 30) == [False, True]


def test_a_purse_gives_what_it_has_and_takes_back_what_was_not_used():
    limit = limit_of(PURSE)
    assert isinstance(limit, Points)
    limit.take(0, 80)
    with pytest.raises(Refusal) as told:
        limit.take(0, 30)
    assert told.value.words["retry_after_seconds"] == 1
    limit.give_back(50)
    assert limit.available == 70
    limit.give_back(1000)
    assert limit.available == 100
    limit.take(0, 100)
    limit.restore(3)
    assert limit.available == 30
    limit.restore(2)
    assert limit.available == 30


@given(st.sampled_from([WINDOW, BUCKET]), st.lists(st.floats(0, 30), min_size=1, max_size=40))
def test_no_more_is_admitted_than_the_rule_says_over_any_stretch(rule, gaps):
    limit, now, taken = limit_of(rule), 0.0, []
    for gap in gaps:
        now += gap
        if admitted(limit, now) == [True]:
            taken.append(now)
        words = limit.words(now)
        assert 0 <= words["used"] <= words["limit"]
        assert words["used"] + words["remaining"] == words["limit"]
    for first in taken:
        within = [moment for moment in taken if first <= moment < first + 60]
        most = 2 * rule.limit if isinstance(rule, FixedWindow) else rule.limit + 60 * rule.leak_per_second
        assert len(within) <= most


@given(st.sampled_from([WINDOW, BUCKET]), st.floats(0, 1e9))
def test_who_waits_as_told_is_admitted(rule, start):
    limit = limit_of(rule)
    while admitted(limit, start) == [True]:
        pass
    wait = float(limit.words(start)["retry_after_seconds"])
    assert admitted(limit, start + wait) == [True]


def test_there_is_a_bound_on_callers():
    limits = Limits()
    for number in range(CALLERS_MAXIMUM + 10):
        limits.of(("v", "s", "default", str(number)), WINDOW)
    assert len(limits._of) == CALLERS_MAXIMUM


# On the wire ---------------------------------------------------------------------------------------------------------


def stand(headers=KEY):
    return bench(harbor(), headers=headers, calls_a_minute=None)


def test_the_fifth_call_at_once_is_refused_in_the_vendor_s_words():
    harbor_ = stand()
    answers = [harbor_.get("/crates") for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 200, 429]
    assert [answer.headers["x-harbor-calls"] for answer in answers] == ["1/4", "2/4", "3/4", "4/4", "4/4"]
    assert answers[-1].json() == {"errors": ["throttled: 4 of 4; wait 1.0"]}
    assert answers[-1].headers["retry-after"] == "1.0"
    assert "retry-after" not in answers[0].headers
    assert harbor_.rule == "throttled"


def test_a_refused_call_changes_nothing():
    harbor_ = stand()
    for _ in range(4):
        harbor_.get("/crates")
    before = harbor_.kept()
    assert harbor_.post("/crates", {"label": "x"}).status_code == 429
    assert harbor_.kept() == before


def test_time_alone_lets_in_again():
    harbor_ = stand()
    for _ in range(4):
        harbor_.get("/crates")
    harbor_.advance(0.4)
    assert harbor_.get("/crates").status_code == 429
    harbor_.advance(0.1)
    assert harbor_.get("/crates").status_code == 200


def test_another_caller_is_not_held_up():
    harbor_ = stand()
    work = harbor_.world.work("harbor")
    work.grant("token", "SECOND", "somebody else", scopes=("look",))
    work.grant("token", "SAME", "harbor-client", scopes=("look",))
    for _ in range(5):
        harbor_.get("/crates")
    assert harbor_.get("/crates").status_code == 429
    assert harbor_.get("/crates", headers={"X-Harbor-Key": "SECOND"}).status_code == 200
    assert harbor_.get("/crates", headers={"X-Harbor-Key": "SAME"}).status_code == 429  # the client is what is counted


def test_where_a_token_is_counted_another_token_of_the_same_client_is_not_held_up():
    gate = stand(BASIC)
    work = gate.world.work("harbor")
    work.grant("token", "c2VjbDp3b3Jk", "watchman")
    assert [gate.get("/gate/watch").status_code for _ in range(4)] == [200, 200, 200, 429]
    assert gate.get("/gate/watch", headers={"Authorization": "Basic c2VjbDp3b3Jk"}).status_code == 200


def test_surfaces_are_counted_apart():
    harbor_ = stand()
    for _ in range(4):
        harbor_.get("/crates")
    assert harbor_.get("/crates").status_code == 429
    assert harbor_.get("/gate/watch", headers=BASIC).headers["x-harbor-left"] == "2"


def test_a_limit_that_each_operation_has_to_itself_counts_them_apart(tmp_path):
    folder = shutil.copytree(FOLDER, tmp_path / "harbor", ignore=shutil.ignore_patterns("__pycache__"))
    profile = (folder / "profile.yaml").read_text(encoding="utf-8")
    alone = profile.replace("leak_per_second: 2\n", "leak_per_second: 2\n        each: operation\n")
    (folder / "profile.yaml").write_text(alone, encoding="utf-8")
    fake = harbor()
    fake._contract = read(folder)
    harbor_ = bench(fake, headers=KEY, calls_a_minute=None)
    assert [harbor_.get("/crates").status_code for _ in range(5)] == [200] * 4 + [429]
    assert harbor_.get("/crates/count.json").headers["x-harbor-calls"] == "1/4"
    harbor_.world.settings["harbor.limit.default"] = {"limit": 1}
    harbor_.world.limits.clear()
    assert [harbor_.post("/crates", {"label": "x"}).status_code for _ in range(2)] == [201, 429]
    assert harbor_.get("/crates").status_code == 200


def test_strangers_and_unknown_paths_are_not_counted_where_callers_are_known_first():
    harbor_ = stand()
    for _ in range(10):
        assert harbor_.get("/crates", headers={"X-Harbor-Key": "WRONG"}).status_code == 401
        assert harbor_.get("/nowhere").status_code == 404
    assert harbor_.get("/crates").headers["x-harbor-calls"] == "1/4"


def test_a_world_may_have_numbers_of_its_own():
    harbor_ = stand()
    harbor_.world.settings["harbor.limit.default"] = {"limit": 2, "window_seconds": 5}
    assert [harbor_.get("/crates").status_code for _ in range(3)] == [200, 200, 429]
    assert [harbor_.get("/gate/watch", headers=BASIC).status_code for _ in range(3)] == [200, 200, 429]
    harbor_.advance(5)
    assert harbor_.get("/gate/watch", headers=BASIC).status_code == 200


@pytest.mark.parametrize(
    "numbers",
    [
        {"limit": 0},
        {"limit": 5},
        {"window_seconds": 0.5},
        {"leak_per_second": 10},
        {"limit": 1, "window_seconds": 3600},
    ],
)
def test_numbers_that_make_sense_are_taken(numbers):
    check_numbers([WINDOW, BUCKET], numbers)


@pytest.mark.parametrize(
    "numbers",
    [None, 5, "many", [], {}, {"limit": -1}, {"limit": 1.5}, {"limit": "5"}, {"limit": True}, {"limit": 10**400},
     {"window_seconds": 0}, {"window_seconds": float("nan")}, {"leak_per_second": -1}, {"maximum": 5}, {"evidence": {}},
     {"headers": {}}, {"per": "token"}, {"limit": None}],
)  # fmt: skip
def test_numbers_that_make_none_are_refused(numbers):
    with pytest.raises(UsageError):
        check_numbers([WINDOW, BUCKET], numbers)
