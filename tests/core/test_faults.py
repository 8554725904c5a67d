"""Failure on demand: each kind does what it says, as often as it says, to whom it says, and by the seed."""

import contextlib

import httpx
import pytest

from mock_servers.core.faults import FAULTS_MAXIMUM, ON_WEBHOOKS, Kind
from mock_servers.core.refusal import UsageError
from seatrial import virtual_time
from tests.core.harbor import BASIC, KEY, harbor
from tests.support import NOON, bench

LABEL = {"label": "x"}


def stand(**kwargs):
    return bench(harbor(), headers=KEY, **kwargs)


def labels(harbor_) -> list[str]:
    return [crate["label"] for crate in harbor_.documents("crate")]


# What happens --------------------------------------------------------------------------------------------------------


def test_refuse_does_nothing_and_answers_the_vendor_s_own_refusal():
    harbor_ = stand()
    harbor_.faults.next("createCrate", "refuse", seconds=7)
    answer = harbor_.post("/crates", LABEL)
    assert (answer.status_code, answer.json()) == (503, {"errors": ["unavailable: closed for 7"]})
    assert (harbor_.rule, harbor_.journal()[-1].fault) == ("unavailable", "refuse")
    assert labels(harbor_) == []
    assert harbor_.post("/crates", LABEL).status_code == 201


@pytest.mark.parametrize(
    ("error", "status"), [("internal_error", 500), ("gone", 410), ("missing_scope", 403), ("not_found", 404)]
)
def test_refuse_can_be_any_refusal_the_profile_knows(error, status):
    harbor_ = stand()
    harbor_.faults.next("listCrates", "refuse", error=error)
    answer = harbor_.get("/crates")
    assert answer.status_code == status
    assert "x-seatrial-broke" not in answer.headers


def test_throttle_is_the_vendor_s_own_limit_with_all_its_headers():
    harbor_ = stand(calls_a_minute=None)
    harbor_.faults.next("createCrate", "throttle", seconds=3)
    answer = harbor_.post("/crates", LABEL)
    assert (answer.status_code, answer.json()) == (429, {"errors": ["throttled: 4 of 4; wait 3.0"]})
    assert (answer.headers["retry-after"], answer.headers["x-harbor-calls"]) == ("3.0", "4/4")
    assert labels(harbor_) == []
    assert harbor_.get("/crates").headers["x-harbor-calls"] == "1/4"


def test_throttle_on_a_window_speaks_of_the_window():
    gate = bench(harbor(), headers=BASIC, calls_a_minute=None)
    gate.faults.next("watch", "throttle", seconds=30)
    answer = gate.get("/gate/watch")
    assert (answer.status_code, answer.headers["retry-after"], answer.headers["x-harbor-left"]) == (429, "30", "0")


def test_throttle_where_there_is_no_limit_is_still_a_429():
    harbor_ = bench(harbor(), headers={})
    harbor_.faults.next("*", "throttle")
    assert harbor_.get("/nowhere").status_code == 429


def test_drop_does_nothing_and_nobody_answers():
    harbor_ = stand()
    harbor_.faults.next("createCrate", "drop")
    with pytest.raises(httpx.ReadError):
        harbor_.post("/crates", LABEL)
    assert labels(harbor_) == []
    assert (harbor_.journal()[-1].status, harbor_.journal()[-1].fault) == (0, "drop")


def test_revoke_lets_the_call_find_its_token_dead():
    harbor_ = stand()
    harbor_.world.work("harbor").grant("token", "MINE", "somebody", scopes=("look",))
    mine = {"X-Harbor-Key": "MINE"}
    harbor_.faults.next("listCrates", "revoke")
    assert harbor_.get("/crates", headers=mine).json() == {"errors": ["invalid_token: a wrong key"]}
    assert harbor_.get("/crates", headers=mine).status_code == 401
    assert harbor_.get("/crates").status_code == 200


def test_revoke_of_a_caller_without_a_token_is_nothing():
    harbor_ = bench(harbor(), headers={})
    harbor_.faults.next("listCrates", "revoke")
    assert harbor_.get("/crates").json() == {"errors": ["unauthenticated: show a key"]}


def test_lose_does_it_and_the_answer_never_arrives():
    harbor_ = stand()
    harbor_.faults.next("createCrate", "lose")
    with pytest.raises(httpx.ReadError):
        harbor_.post("/crates", LABEL)
    assert labels(harbor_) == ["x"]
    assert (harbor_.journal()[-1].status, harbor_.journal()[-1].fault) == (201, "lose")


def test_cut_does_it_and_the_answer_stops_in_the_middle():
    harbor_ = stand()
    harbor_.faults.next("createCrate", "cut")
    with pytest.raises(httpx.RemoteProtocolError):
        harbor_.post("/crates", LABEL)
    assert labels(harbor_) == ["x"]


def test_repeat_does_it_twice_and_the_first_answer_is_heard():
    harbor_ = stand()
    harbor_.faults.next("createCrate", "repeat")
    assert harbor_.post("/crates", LABEL).json()["id"] == "100"
    assert labels(harbor_) == ["x", "x"]
    assert [entry.fault for entry in harbor_.journal()] == ["repeat", "repeat"]
    harbor_.post("/crates", LABEL)
    assert len(labels(harbor_)) == 3


def test_repeat_of_what_can_be_done_once_is_refused_the_second_time():
    harbor_ = stand()
    harbor_.post("/crates", LABEL)
    harbor_.faults.next("releaseCrate", "repeat")
    assert harbor_.post("/crates/100/release").status_code == 200
    assert [entry.status for entry in harbor_.journal()][-2:] == [200, 410]


def test_repeat_leaves_other_faults_for_the_next_call():
    harbor_ = stand()
    harbor_.faults.next("createCrate", "repeat")
    harbor_.faults.next("createCrate", "refuse")
    assert harbor_.post("/crates", LABEL).status_code == 201
    assert harbor_.post("/crates", LABEL).status_code == 503


def test_late_is_done_after_all_at_its_own_moment():
    harbor_ = stand()
    harbor_.faults.next("createCrate", "late", seconds=60)
    with pytest.raises(httpx.ReadTimeout):
        harbor_.post("/crates", LABEL)
    harbor_.advance(59)
    assert harbor_.get("/crates/count.json").json() == {"count": 0}
    harbor_.advance(1)
    assert harbor_.documents("crate")[0]["made_at"] == "2026-11-23T12:01:00.000Z"
    late = [entry for entry in harbor_.journal() if entry.fault == "late"]
    assert [(entry.status, entry.at - NOON) for entry in late] == [(0, 0), (201, 60)]


def test_late_comes_when_somebody_calls_if_nobody_tended_to_it():
    harbor_ = stand()
    harbor_.faults.next("createCrate", "late", seconds=60)
    with pytest.raises(httpx.ReadTimeout):
        harbor_.post("/crates", LABEL)
    harbor_.world.clock.shift(3600)
    assert harbor_.get("/crates").json()[0]["made_at"] == "2026-11-23T12:01:00.000Z"


def test_late_for_ever_still_arrives_once_for_each_call():
    """What is late has met its fault: it is not held up again on its way."""
    harbor_ = stand()
    harbor_.faults.next("createCrate", "late", seconds=0, times=None)
    for _ in range(3):
        with pytest.raises(httpx.ReadTimeout):
            harbor_.post("/crates", LABEL)
    harbor_.advance(1)
    assert len(labels(harbor_)) == 3


def test_late_and_a_timer_of_the_same_moment_both_find_that_moment():
    harbor_ = stand()
    harbor_.post("/crates", {"label": "fish", "keeps_seconds": 60})
    harbor_.faults.next("createCrate", "late", seconds=60)
    with pytest.raises(httpx.ReadTimeout):
        harbor_.post("/crates", LABEL)
    harbor_.world.clock.shift(500)
    harbor_.get("/crates")
    fish, late = harbor_.documents("crate")
    assert fish["changed_at"] == late["made_at"] == "2026-11-23T12:01:00.000Z"


def test_a_late_token_may_have_expired_on_its_way():
    harbor_ = stand()
    entry = {"client_id": "harbor-client", "client_secret": "the-harbor-secret"}
    token = {"X-Harbor-Key": harbor_.post("/gate/enter", entry).json()["access_token"]}
    harbor_.faults.next("listCrates", "late", seconds=600)
    with pytest.raises(httpx.ReadTimeout):
        harbor_.get("/crates", headers=token)
    harbor_.advance(600)
    assert harbor_.journal()[-1].rule == "expired_token"


def test_delay_does_it_now_and_answers_later():
    harbor_ = stand()
    harbor_.faults.next("createCrate", "delay", seconds=60)
    assert harbor_.post("/crates", LABEL).status_code == 201  # who does not wait on a loop hears it at once
    assert harbor_.journal()[-1].fault == "delay"


@pytest.mark.parametrize(("seconds", "heard"), [(0.0, True), (4.9, True), (60.0, False)])
def test_who_waits_on_a_loop_hears_a_delayed_answer_or_has_had_enough(seconds, heard):
    harbor_ = stand()
    harbor_.faults.next("createCrate", "delay", seconds=seconds)

    async def story():
        transport = harbor_.sandbox.transport("harbor")
        async with httpx.AsyncClient(transport=transport, base_url="http://h", headers=KEY, timeout=5) as client:
            return (await client.post("/crates", json=LABEL)).status_code

    if heard:
        assert virtual_time.run(story()) == 201
    else:
        with pytest.raises(httpx.ReadTimeout):
            virtual_time.run(story())
    assert labels(harbor_) == ["x"]


def test_who_waits_for_a_dropped_or_late_answer_on_a_loop_has_had_enough_in_time():
    harbor_ = stand()
    harbor_.faults.next("createCrate", "late", seconds=1000)
    harbor_.faults.next("createCrate", "drop")

    async def story():
        transport = harbor_.sandbox.transport("harbor")
        async with httpx.AsyncClient(transport=transport, base_url="http://h", headers=KEY, timeout=5) as client:
            told = []
            for _ in range(2):
                try:
                    await client.post("/crates", json=LABEL)
                except httpx.HTTPError as error:
                    told.append(type(error))
            return told

    assert virtual_time.run(story()) == [httpx.ReadTimeout, httpx.ReadError]


# To whom and how often -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("times", [1, 2, 5])
def test_a_fault_happens_so_many_times_and_then_no_more(times):
    harbor_ = stand()
    harbor_.faults.next("listCrates", "refuse", times=times)
    assert [harbor_.get("/crates").status_code for _ in range(times + 2)] == [503] * times + [200, 200]
    assert harbor_.world.faults.plans == []


def test_a_fault_without_a_number_happens_until_it_is_taken_back():
    harbor_ = stand()
    fault = harbor_.faults.next("listCrates", "refuse", times=None)
    assert [harbor_.get("/crates").status_code for _ in range(10)] == [503] * 10
    harbor_.world.faults.drop(fault.number)
    assert harbor_.get("/crates").status_code == 200


def test_another_operation_or_vendor_is_not_met():
    harbor_ = stand()
    harbor_.faults.next("createCrate", "refuse", times=None)
    harbor_.world.faults.plan("pier", "*", "refuse", times=None)
    assert harbor_.get("/crates").status_code == 200
    assert harbor_.post("/crates", LABEL).status_code == 503


def test_a_star_is_every_operation_and_every_vendor_even_where_there_is_no_path():
    harbor_ = stand()
    harbor_.world.faults.plan("*", "*", "refuse", times=None)
    assert [harbor_.get(path).status_code for path in ("/crates", "/crates/1.json", "/nowhere")] == [503] * 3


def test_the_oldest_plan_that_fits_is_met_first():
    harbor_ = stand()
    harbor_.faults.next("*", "refuse", error="gone")
    harbor_.faults.next("listCrates", "refuse")
    assert [harbor_.get("/crates").status_code for _ in range(3)] == [410, 503, 200]


def test_a_name_behind_an_operation_is_met_too():
    """One endpoint may hide many operations: a fault may name what a request really asks for."""
    fake = harbor()
    fake.names("listCrates")(lambda request: ("heavyCrates",) if "heavier" in request.query else ())
    harbor_ = bench(fake, headers=KEY)
    harbor_.faults.next("heavyCrates", "refuse", times=None)
    assert harbor_.get("/crates").status_code == 200
    assert harbor_.get("/crates?heavier_than=1").status_code == 503
    assert harbor_.journal()[-1].operation == "heavyCrates"


def test_chance_comes_from_the_seed():
    def story(seed: int) -> list[int]:
        harbor_ = stand(seed=seed)
        harbor_.faults.next("listCrates", "refuse", chance=0.3, times=None)
        return [harbor_.get("/crates").status_code for _ in range(200)]

    assert story(1) == story(1) != story(2)
    assert 30 <= story(1).count(503) <= 90


def test_no_chance_is_never_and_all_is_always():
    harbor_ = stand()
    harbor_.faults.next("listCrates", "refuse", chance=0.0, times=None)
    assert [harbor_.get("/crates").status_code for _ in range(50)] == [200] * 50
    assert len(harbor_.world.faults.plans) == 1


def test_faults_draw_from_a_chance_of_their_own():
    """What is planned to fail does not change which token comes next."""

    def token(fault: bool) -> str:
        harbor_ = stand()
        if fault:
            harbor_.faults.next("listCrates", "refuse", chance=0.5, times=None)
        for _ in range(5):
            harbor_.get("/crates")
        entry = {"client_id": "harbor-client", "client_secret": "the-harbor-secret"}
        return harbor_.post("/gate/enter", entry).json()["access_token"]

    assert token(fault=True) == token(fault=False)


# What can be planned -------------------------------------------------------------------------------------------------


def test_every_kind_is_tried_above():
    tried = {"refuse", "throttle", "drop", "revoke", "lose", "cut", "repeat", "late", "delay"}
    assert set(Kind.__args__) == tried | {"reorder"}
    assert {"drop", "delay", "repeat", "reorder"} == ON_WEBHOOKS


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        ({"kind": "explode"}, "refuse"),
        ({"kind": "reorder"}, "webhook"),
        ({"operation": "webhook:crate.created", "kind": "refuse"}, "drop"),
        ({"operation": "webhook:crate.created", "kind": "lose"}, "reorder"),
        ({"chance": 1.1}, "chance"),
        ({"chance": -0.1}, "chance"),
        ({"chance": float("nan")}, "chance"),
        ({"seconds": -1}, "seconds"),
        ({"seconds": 86_401}, "seconds"),
        ({"seconds": float("nan")}, "seconds"),
        ({"times": 0}, "times"),
        ({"times": -1}, "times"),
        ({"times": 1_000_001}, "times"),
    ],
)
def test_a_plan_that_cannot_be_is_refused_with_what_can(plan, said):
    harbor_ = stand()
    wanted = {"operation": "listCrates", "kind": "refuse"} | plan
    with pytest.raises(UsageError, match=said):
        harbor_.faults.next(wanted.pop("operation"), wanted.pop("kind"), **wanted)
    assert harbor_.world.faults.plans == []


def test_there_is_a_bound_on_plans():
    faults = stand().world.faults
    for _ in range(FAULTS_MAXIMUM):
        faults.plan("harbor", "listCrates", "refuse")
    with pytest.raises(UsageError, match="clear"):
        faults.plan("harbor", "listCrates", "refuse")
    faults.clear()
    assert faults.plans == []


def test_a_plan_that_is_not_there_cannot_be_taken_back():
    faults = stand().world.faults
    numbers = [faults.plan("harbor", "listCrates", "refuse").number for _ in range(3)]
    assert numbers == [1, 2, 3]
    faults.drop(2)
    assert [fault.number for fault in faults.plans] == [1, 3]
    with pytest.raises(UsageError, match="2"):
        faults.drop(2)


def test_faults_of_all_kinds_together_leave_the_books_in_order():
    harbor_ = stand()
    for kind in ("refuse", "throttle", "drop", "lose", "cut", "repeat", "late", "delay"):
        harbor_.faults.next("createCrate", kind, chance=0.3, times=None, seconds=5)
    for number in range(60):
        with contextlib.suppress(httpx.HTTPError):
            harbor_.post("/crates", {"label": f"crate {number}"})
    harbor_.advance(60)
    made = [entry for entry in harbor_.journal() if entry.status == 201]
    assert len(made) == len(labels(harbor_))
    assert len({crate["id"] for crate in harbor_.documents("crate")}) == len(made)
    assert not harbor_.world.store.writing
