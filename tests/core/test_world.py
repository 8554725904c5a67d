"""A world is the only place surprise comes from: its time, its timers, its chance, and the way back to how it was."""

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mock_servers.core.clock import Clock
from mock_servers.core.fake import Size
from mock_servers.core.refusal import Refusal, UsageError
from mock_servers.core.registry import known
from mock_servers.core.sandbox import Sandbox
from tests.core.harbor import KEY, harbor
from tests.support import NOON, Bench, at_noon, bench, run

HOUR = 3600


def stand(**kwargs):
    return bench(harbor(), headers=KEY, **kwargs)


def state_of(harbor_, id: str = "100") -> str:
    return harbor_.get(f"/crates/{id}.json").json()["state"]


# Timers --------------------------------------------------------------------------------------------------------------


def test_what_is_due_is_done_at_its_own_second_and_not_before():
    harbor_ = stand()
    harbor_.post("/crates", {"label": "fish", "keeps_seconds": 60})
    harbor_.advance(59)
    assert state_of(harbor_) == "here"
    harbor_.advance(1)
    assert state_of(harbor_) == "rotten"
    assert harbor_.documents("crate")[0]["changed_at"] == "2026-11-23T12:01:00.000Z"


def test_what_came_due_long_ago_is_done_at_its_own_second_when_somebody_calls():
    harbor_ = stand()
    harbor_.post("/crates", {"label": "fish", "keeps_seconds": 60})
    harbor_.world.clock.shift(HOUR)  # nobody tended to it
    assert state_of(harbor_) == "rotten"
    assert harbor_.documents("crate")[0]["changed_at"] == "2026-11-23T12:01:00.000Z"
    assert harbor_.world.clock.now() == NOON + HOUR


def test_what_was_overtaken_by_events_is_left_alone():
    harbor_ = stand()
    harbor_.post("/crates", {"label": "fish", "keeps_seconds": 60})
    harbor_.post("/crates/100/release")
    harbor_.advance(HOUR)
    assert state_of(harbor_) == "released"
    assert harbor_.world.store.next_due == float("inf")


def test_a_timer_that_breaks_is_gone_and_nothing_of_it_is_kept(caplog):
    fake = harbor()
    harbor_ = bench(fake, headers=KEY)

    def spoil(work, about):
        work.collection("crate").add({"id": "half-done"})
        raise ZeroDivisionError

    fake.timers["rot"] = spoil
    harbor_.post("/crates", {"label": "fish", "keeps_seconds": 60})
    harbor_.post("/crates", {"label": "meat", "keeps_seconds": 60})
    harbor_.advance(60)
    assert state_of(harbor_) == "here"
    assert [crate["id"] for crate in harbor_.documents("crate")] == ["100", "101"]
    assert harbor_.world.store.next_due == float("inf")
    assert caplog.text.count("harbor broke in its timer rot, which is gone: ZeroDivisionError") == 2


def test_a_timer_that_nobody_knows_any_more_is_dropped(caplog):
    harbor_ = stand()
    harbor_.world.store.set_timer("harbor", "forgotten", NOON + 1, {})
    harbor_.world.store.commit()
    harbor_.advance(2)
    assert harbor_.get("/crates").status_code == 200
    assert harbor_.world.store.next_due == float("inf")


def test_a_timer_of_a_vendor_that_is_not_served_waits_for_it():
    harbor_ = stand()
    harbor_.world.store.set_timer("pier", "deliver", NOON + 1, {"delivery": "1"})
    harbor_.world.store.set_timer("pier", "rot", NOON + 1, {"crate": "100"})
    harbor_.world.store.commit()
    harbor_.advance(HOUR)
    assert harbor_.get("/crates").status_code == 200
    assert len(harbor_.world.store.connection.rows("SELECT * FROM timer")) == 2


def test_a_timer_that_sets_itself_for_at_once_for_ever_does_not_hang_the_machine():
    fake = harbor()
    fake.timers["rot"] = lambda work, about: work.later(0, "rot", about)
    harbor_ = bench(fake, headers=KEY)
    harbor_.world.timers_maximum = 50
    harbor_.post("/crates", {"label": "fish", "keeps_seconds": 1})
    harbor_.world.clock.shift(2)
    answer = harbor_.get("/crates")
    assert (answer.status_code, answer.headers["x-seatrial-broke"]) == (500, "UsageError")


steps = st.lists(st.floats(0, 200), min_size=1, max_size=5)


@settings(max_examples=40, deadline=None)
@given(steps, st.lists(st.floats(0, 300), max_size=4))
def test_many_steps_come_to_the_same_as_one(steps, lives):
    """Documents, timers and what was told are the same, however the time was cut."""
    one, many = (stand(hooks=httpx.MockTransport(lambda _: httpx.Response(503))) for _ in range(2))
    for harbor_ in (one, many):
        harbor_.post("/listeners", {"url": "http://127.0.0.1:9/", "topic": "crate.rotten"})
        for life in lives:
            harbor_.post("/crates", {"label": "fish", "keeps_seconds": life})
    for step in steps:
        many.advance(step)
    one.world.clock.shift(0)
    one.advance(many.world.clock.now() - one.world.clock.now())
    one.world.catch_up()
    many.world.catch_up()
    assert one.kept() == many.kept()


def test_a_running_clock_is_advanced_all_the_same():
    now = [5000.0]
    sandbox = Sandbox([], extra=[harbor()], make_clock=lambda: Clock("real", source=lambda: now[0]))
    world = sandbox.world
    run(sandbox.advance(100))
    now[0] += 1
    assert world.clock.now() == 5101.0


@pytest.mark.parametrize("seconds", [-1, float("nan"), 1e12])
def test_a_world_refuses_time_that_cannot_be_and_does_nothing(seconds):
    harbor_ = stand()
    harbor_.post("/crates", {"label": "fish", "keeps_seconds": 0})
    before = harbor_.kept()
    with pytest.raises(UsageError, match="clock"):
        harbor_.advance(seconds)
    assert harbor_.kept() == before


# Actions -------------------------------------------------------------------------------------------------------------


def test_people_act_as_if_they_had_called():
    harbor_ = stand()
    harbor_.post("/crates", {"label": "old"})
    harbor_.post("/listeners", {"url": "http://127.0.0.1:9/", "topic": "crate.relabelled"})
    assert harbor_.act("relabel", crate="100", label="new")["label"] == "new"
    [told] = harbor_.documents("webhook_delivery")
    assert (told["topic"], told["state"]) == ("crate.relabelled", "pending")


@pytest.mark.parametrize(
    ("action", "form", "said"),
    [
        ("stick", {}, "relabel"),
        ("relabel", {}, "crate"),
        ("relabel", {"crate": "100", "label": "x", "colour": "red"}, "colour"),
        ("relabel", {"crate": "100", "label": None}, "label"),
        ("relabel", [], "relabel"),
        ("relabel", {"crate": "100", "label": "\ud800"}, "text"),
    ],
)
def test_people_who_ask_for_what_cannot_be_done_are_told_what_can(action, form, said):
    harbor_ = stand()
    harbor_.post("/crates", {"label": "old"})
    before = harbor_.kept()
    with pytest.raises(UsageError, match=said):
        harbor_.world.act("harbor", action, form)
    assert harbor_.kept() == before


def test_people_get_the_vendor_s_own_refusal_with_nothing_changed():
    harbor_ = stand()
    harbor_.post("/crates", {"label": "old"})
    harbor_.post("/listeners", {"url": "http://127.0.0.1:9/", "topic": "crate.relabelled"})
    before = harbor_.kept()
    with pytest.raises(Refusal, match="gone"):
        harbor_.act("relabel", crate="100", label="stumble")
    with pytest.raises(Refusal, match="not_found"):
        harbor_.act("relabel", crate="7", label="new")
    assert harbor_.kept() == before


def test_a_vendor_that_is_not_served_cannot_be_worked_at():
    with pytest.raises(UsageError, match="harbor"):
        stand().world.work("pier")


# Back to the beginning -----------------------------------------------------------------------------------------------


@pytest.fixture(params=["memory", "file"])
def seeded(request, tmp_path):
    state = None if request.param == "memory" else str(tmp_path / "state.sqlite")
    return stand(fill=Size(orders=7), state=state)


def test_reset_comes_back_to_how_it_was_seeded(seeded):
    before, drawn = seeded.kept_bodies(), seeded.world.chance.random()
    seeded.world.reset()
    assert seeded.world.chance.random() == drawn
    seeded.world.reset()
    seeded.post("/crates", {"label": "new", "keeps_seconds": 5})
    seeded.client.delete("/crates/100.json")
    seeded.faults.next("listCrates", "refuse")
    seeded.world.work("harbor").grant("token", "GRANTED", "somebody")
    seeded.world.reset()
    assert seeded.kept_bodies() == before
    assert seeded.world.faults.plans == []
    assert seeded.journal() == []
    assert seeded.world.store.next_due == float("inf")
    assert seeded.get("/crates").status_code == 200
    assert seeded.get("/crates", headers={"X-Harbor-Key": "GRANTED"}).status_code == 401


def test_reset_gives_a_standing_token_back_that_a_fault_took_away(seeded):
    seeded.faults.next("listCrates", "revoke")
    assert seeded.get("/crates").status_code == 401
    assert seeded.get("/crates").status_code == 401
    seeded.world.reset()
    assert seeded.get("/crates").status_code == 200


def test_reset_leaves_the_clock_and_the_settings(seeded):
    seeded.world.settings["harbor.flag"] = "black"
    seeded.advance(HOUR)
    seeded.world.reset()
    assert seeded.world.clock.now() == NOON + HOUR
    assert seeded.get("/crates").headers["x-harbor-flag"] == "black"


def test_chance_of_faults_begins_anew(seeded):
    def story():
        seeded.faults.next("listCrates", "refuse", chance=0.5, times=None)
        return [seeded.get("/crates").status_code for _ in range(30)]

    first = story()
    assert set(first) == {200, 503}
    seeded.world.reset()
    assert story() == first


def test_a_world_too_large_for_a_snapshot_is_seeded_again():
    harbor_ = stand()
    harbor_.world.snapshot_maximum_bytes = 0
    harbor_.sandbox.fill(Size(orders=7))
    before = harbor_.kept_bodies()
    harbor_.post("/crates", {"label": "new"})
    harbor_.world.reset()
    assert harbor_.kept_bodies() == before


def test_a_seed_that_breaks_off_is_not_part_of_the_recipe():
    harbor_ = stand()
    seeding = harbor_.world.seed_with("harbor", Size(orders=25))
    assert next(seeding) == 10
    seeding.close()
    assert harbor_.world.recipe == []
    assert harbor_.world.store.writing is False
    harbor_.world.reset()
    assert harbor_.documents("crate") == []


# One seed is one run -------------------------------------------------------------------------------------------------


def story(harbor_) -> list[bytes]:
    calls = [
        ("GET", "/crates"),
        ("POST", "/crates"),
        ("GET", "/crates/100.json"),
        ("POST", "/gate/enter"),
        ("GET", "/x"),
    ]
    body = {"label": "x", "client_id": "harbor-client", "client_secret": "the-harbor-secret"}
    answers = [harbor_.client.request(method, path, json=body) for method, path in calls]
    return [answer.content for answer in answers] + [str(answer.headers).encode() for answer in answers]


def test_the_same_seed_gives_the_same_bytes():
    assert story(stand(fill=Size(orders=50))) == story(stand(fill=Size(orders=50)))


def test_another_seed_gives_another_world():
    assert story(stand(fill=Size(orders=50))) != story(stand(fill=Size(orders=50), seed=2))


# Several worlds ------------------------------------------------------------------------------------------------------


def test_two_worlds_never_see_each_other():
    harbor_ = stand()
    other = harbor_.sandbox.worlds.create("other", seed=2, clock=at_noon())
    theirs = {"X-Harbor-Key": other.credentials["harbor"]["key"]}
    harbor_.post("/crates", {"label": "ours"})
    harbor_.post("/crates", {"label": "theirs"}, headers=theirs)
    assert [crate["label"] for crate in harbor_.get("/crates").json()] == ["ours"]
    assert [crate["label"] for crate in harbor_.get("/crates", headers=theirs).json()] == ["theirs"]
    assert harbor_.client.delete("/crates/100.json", headers=theirs).status_code == 204
    assert harbor_.get("/crates/100.json").status_code == 200
    assert [entry.operation for entry in other.journal.entries()] == ["createCrate", "listCrates", "removeCrate"]
    assert [entry.operation for entry in harbor_.journal()] == ["createCrate", "listCrates", "getCrate"]


@pytest.mark.parametrize("vendor", known())
def test_two_worlds_of_one_seed_have_no_secret_in_common(vendor):
    """Five stories told at once, each in a world of seed 1, all spoke to the last of them."""
    sandbox = Sandbox((vendor,))
    sold = {name: sandbox.worlds.create(name, 1).credentials[vendor] for name in ("a", "b")}
    ways_in = [name for name in sold["a"] if name.endswith(("token", "secret", "password", "consumer_key", "client"))]
    assert ways_in
    for name in ways_in:
        assert sold["a"][name] != sold["b"][name], name


def test_each_world_has_its_own_time_limits_faults_and_chance():
    harbor_ = stand(calls_a_minute=None)
    other = harbor_.sandbox.worlds.create("other", seed=2, clock=at_noon())
    theirs = {"X-Harbor-Key": other.credentials["harbor"]["key"]}
    harbor_.advance(HOUR)
    assert other.clock.now() == NOON
    for _ in range(4):
        harbor_.get("/crates")
    assert harbor_.get("/crates").status_code == 429
    assert harbor_.get("/crates", headers=theirs).status_code == 200
    harbor_.advance(10)
    harbor_.faults.next("*", "refuse")
    assert harbor_.get("/crates", headers=theirs).status_code == 200
    assert harbor_.get("/crates").status_code == 503


def test_a_client_s_own_credentials_choose_its_world_where_there_is_no_token():
    harbor_ = bench(harbor(), headers={})
    other = harbor_.sandbox.worlds.create("other", seed=2, clock=at_noon())
    mine = other.credentials["harbor"]
    for form in (True, False):
        words = {"client_id": mine["client_id"], "client_secret": mine["client_secret"]}
        answer = harbor_.client.post("/gate/enter", **({"data": words} if form else {"json": words}))
        assert answer.status_code == 200
        found = harbor_.sandbox.worlds.directory.find("harbor", "token", answer.json()["access_token"])
        assert found.world == "other"
    crossed = {"client_id": mine["client_id"], "client_secret": "the-harbor-secret"}
    assert harbor_.client.post("/gate/enter", json=crossed).status_code == 401


def test_a_host_name_chooses_its_world_where_nothing_else_does():
    harbor_ = bench(harbor(), headers={})
    other = harbor_.sandbox.worlds.create("other", seed=2, clock=at_noon())
    name = f"{other.credentials['harbor']['client_id']}.tenants.harbor.example"
    harbor_.client.get("/crates", headers={"Host": f"{name}:8080"})
    assert [entry.rule for entry in other.journal.entries()] == ["unauthenticated"]
    assert harbor_.journal() == []


def test_a_world_has_secrets_of_its_own_unless_it_is_the_default_one():
    sandbox = stand().sandbox
    one, two = (sandbox.worlds.create(name) for name in ("one", "two"))
    assert sandbox.world.credentials["harbor"]["key"] == "THE_KEY"
    keys = {world.credentials["harbor"]["key"] for world in (one, two)}
    assert len(keys) == 2
    assert all(len(key) == 32 for key in keys)


def test_a_sandbox_that_others_can_reach_has_no_printed_words():
    sandbox = Sandbox([], extra=[harbor()], make_clock=at_noon, fixed_credentials=False, seed=None)
    assert sandbox.world.credentials["harbor"]["key"] != "THE_KEY"
    assert sandbox.worlds.directory.find("harbor", "token", "THE_KEY") is None


def test_no_seed_tells_the_secrets_of_a_sandbox_that_others_can_reach():
    def told() -> list[str]:
        sandbox = Sandbox([], extra=[harbor()], make_clock=at_noon, fixed_credentials=False)
        other = sandbox.worlds.create("other", seed=5)
        words = [word for world in (sandbox.world, other) for word in world.credentials["harbor"].values()]
        return words + [sandbox.world.work("harbor").token(letters=letters) for letters in (1, 32, 64, 100)]

    first, second = told(), told()
    assert [len(word) for word in first[-4:]] == [1, 32, 64, 100]
    assert not {word for word in first if len(word) > 8} & set(second)


def test_such_a_sandbox_keeps_its_words_over_a_reset_and_a_restart(tmp_path):
    state = str(tmp_path / "state.sqlite")
    known: set[str] = set()
    for _ in range(3):
        sandbox = Sandbox([], extra=[harbor()], make_clock=at_noon, fixed_credentials=False, state=state)
        words = sandbox.world.credentials["harbor"]
        key = {"X-Harbor-Key": words["key"]}
        harbor_ = Bench("harbor", sandbox, sandbox.world, key)
        for _ in range(2):
            assert harbor_.get("/crates").status_code == 200
            entry = {"client_id": words["client_id"], "client_secret": words["client_secret"]}
            token = harbor_.post("/gate/enter", entry).json()["access_token"]
            assert token not in known
            known.add(token)
            sandbox.world.reset()
            assert sandbox.world.credentials["harbor"] == words
        run(sandbox.aclose())


def test_a_state_with_printed_words_is_not_served_to_others(tmp_path):
    state = str(tmp_path / "state.sqlite")
    run(Sandbox([], extra=[harbor()], make_clock=at_noon, state=state).aclose())
    with pytest.raises(UsageError, match="loopback"):
        Sandbox([], extra=[harbor()], make_clock=at_noon, state=state, fixed_credentials=False)
    run(Sandbox([], extra=[harbor()], make_clock=at_noon, state=state).aclose())


def test_what_is_over_is_over():
    harbor_ = stand()
    other = harbor_.sandbox.worlds.create("other")
    theirs = {"X-Harbor-Key": other.credentials["harbor"]["key"]}
    assert harbor_.get("/crates", headers=theirs).status_code == 200
    harbor_.sandbox.worlds.drop("other")
    assert harbor_.get("/crates", headers=theirs).status_code == 401
    assert "other" not in harbor_.sandbox.worlds
    again = harbor_.sandbox.worlds.create("other")
    assert again.store.collection("harbor", "crate").rows() == []


@pytest.mark.parametrize("name", ["default", "", "two words", "-x", "_x", "7", "a/b", "a" * 65, "ü", "x\n", "a.b"])
def test_a_world_needs_a_name_of_its_own(name):
    with pytest.raises(UsageError):
        stand().sandbox.worlds.create(name)


def test_the_default_world_stays():
    sandbox = stand().sandbox
    with pytest.raises(UsageError, match="reset"):
        sandbox.worlds.drop("default")
    with pytest.raises(UsageError, match="default"):
        sandbox.worlds.get("elsewhere")


def test_there_is_a_bound_on_worlds():
    worlds = stand().sandbox.worlds
    worlds.worlds_maximum = 3
    worlds.create("one")
    worlds.create("two")
    with pytest.raises(UsageError, match="3 worlds"):
        worlds.create("three")
