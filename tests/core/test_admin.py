"""Our own API over the worlds: each thing it can do, who may ask, and what is said to who asks wrongly."""

import json
from typing import Any

import httpx
import pytest

from mock_servers.core.admin import admin_app
from mock_servers.core.journal import HIDDEN
from mock_servers.core.sandbox import Sandbox
from tests.core.harbor import KEY, harbor
from tests.support import NOON, Bench, at_noon, run

TOKEN = "the-admin-token"
HERE = "/worlds/default"
ENTRY = {"client_id": "harbor-client", "client_secret": "the-harbor-secret"}


class Desk:
    """The admin API of a sandbox, asked in process."""

    def __init__(self, state: str | None = None) -> None:
        self.heard: list[httpx.Request] = []
        self.answers: list[int] = []
        hooks = httpx.MockTransport(self._hear)
        self.sandbox = Sandbox([], extra=[harbor()], make_clock=at_noon, hooks=hooks, state=state)
        self.harbor = Bench("harbor", self.sandbox, self.sandbox.world, KEY)
        self.app = admin_app(self.sandbox, TOKEN, self._described)

    def __call__(self, method: str, path: str, body: Any = None, token: str | None = TOKEN) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self.app, raise_app_exceptions=True)
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
                headers = {"Authorization": f"Bearer {token}"} if token is not None else {}
                content = None if body is None else json.dumps(body)
                headers["Content-Type"] = "application/json"
                return await client.request(method, path, content=content, headers=headers)

        return run(ask())

    def ok(self, method: str, path: str, body: Any = None) -> Any:
        answer = self(method, path, body)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def refused(self, method: str, path: str, body: Any = None) -> tuple[int, str]:
        answer = self(method, path, body)
        assert 400 <= answer.status_code < 500, answer.text
        return answer.status_code, answer.text

    def _described(self, world: Any = None) -> dict[str, Any]:
        return {"vendors": self.sandbox.described({"harbor": "http://127.0.0.1:1"}, world)}

    def _hear(self, request: httpx.Request) -> httpx.Response:
        self.heard.append(request)
        return httpx.Response(self.answers.pop(0) if self.answers else 200)


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture(scope="module")
def same() -> Desk:
    """One desk for tests that change nothing."""
    return Desk()


# Who may ask ---------------------------------------------------------------------------------------------------------

ROUTES = [
    ("GET", "/env"),
    ("GET", "/worlds"),
    ("POST", "/worlds"),
    ("DELETE", f"{HERE}"),
    ("POST", f"{HERE}/reset"),
    ("POST", f"{HERE}/seed"),
    ("GET", f"{HERE}/clock"),
    ("POST", f"{HERE}/clock"),
    ("GET", f"{HERE}/faults"),
    ("POST", f"{HERE}/faults"),
    ("DELETE", f"{HERE}/faults"),
    ("GET", f"{HERE}/journal"),
    ("GET", f"{HERE}/deliveries"),
    ("POST", f"{HERE}/deliver"),
    ("POST", f"{HERE}/deliveries/harbor/1/redeliver"),
    ("GET", f"{HERE}/actions"),
    ("POST", f"{HERE}/actions/harbor/relabel"),
    ("GET", f"{HERE}/settings"),
    ("PUT", f"{HERE}/settings"),
]


def test_the_list_of_routes_is_whole(desk):
    told = desk.app.openapi()["paths"]
    ours = {(method.upper(), path) for path, item in told.items() for method in item}
    assert {path for _, path in ours} >= {"/health", "/worlds/{world}/journal"}
    assert len(ours) == len(ROUTES) + 1


@pytest.mark.parametrize(("method", "path"), ROUTES)
@pytest.mark.parametrize("token", [None, "", "wrong", TOKEN + "x", TOKEN[:-1]])
def test_nobody_is_let_in_without_the_token(same, method, path, token):
    answer = same(method, path, {}, token=token)
    assert answer.status_code == 401
    assert TOKEN not in answer.text


def test_the_token_is_asked_for_before_anything_is_told(desk):
    assert desk("GET", "/worlds/nowhere/clock", token="wrong").status_code == 401
    assert desk("POST", "/worlds", {"nonsense": 1}, token="wrong").status_code == 401


def test_whether_it_is_up_is_told_to_anybody(desk):
    assert desk("GET", "/health", token=None).json() == {"status": "ok"}


def test_a_token_that_no_header_can_hold_is_a_wrong_one(desk):
    answer = run(_raw(desk, b"Bearer \xff\xfe"))
    assert answer.status_code == 401


async def _raw(desk: Desk, value: bytes) -> httpx.Response:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(desk.app), base_url="http://127.0.0.1") as client:
        return await client.get("/worlds", headers={b"Authorization": value})


# Worlds --------------------------------------------------------------------------------------------------------------


def test_where_the_vendors_are_and_with_which_credentials(desk):
    told = desk.ok("GET", "/env")["vendors"]["harbor"]
    assert told["base_url"] == "http://127.0.0.1:1"
    assert told["credentials"]["key"] == "THE_KEY"
    assert told["hosts"] == ["api.harbor.example", "*.tenants.harbor.example"]


def test_a_world_is_made_used_and_ended(desk):
    made = desk.ok("POST", "/worlds", {"name": "team-a", "seed": 5, "clock": "manual", "now": "2026-01-01T00:00:00Z"})
    assert (made["name"], made["seed"]) == ("team-a", 5)
    assert made["clock"] == {"mode": "manual", "now": "2026-01-01T00:00:00.000Z"}
    key = {"X-Harbor-Key": made["vendors"]["harbor"]["credentials"]["key"]}
    assert desk.harbor.post("/crates", {"label": "x"}, headers=key).json()["made_at"] == "2026-01-01T00:00:00.000Z"
    assert desk.ok("GET", "/env?world=team-a")["vendors"] == made["vendors"]
    assert [world["name"] for world in desk.ok("GET", "/worlds")] == ["default", "team-a"]
    assert desk("DELETE", "/worlds/team-a").status_code == 204
    assert desk.harbor.get("/crates", headers=key).status_code == 401
    assert desk.refused("GET", "/worlds/team-a/clock")[0] == 404


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({}, 422),
        ({"name": ""}, 422),
        ({"name": "x" * 65}, 422),
        ({"name": "a b"}, 400),
        ({"name": "\ud800"}, 422),
        ({"name": "default"}, 400),
        ({"name": "w", "seed": "one"}, 422),
        ({"name": "w", "clock": "sideways"}, 422),
        ({"name": "w", "now": "noon"}, 400),
        ({"name": "w", "now": "99999-01-01"}, 400),
        ({"name": "w", "colour": "red"}, 422),
        ({"name": "w", "\ud800": 1}, 422),
        ([], 422),
        ("w", 422),
    ],
)
def test_a_world_that_cannot_be_made_is_refused(desk, form, status):
    assert desk.refused("POST", "/worlds", form)[0] == status
    assert [world["name"] for world in desk.ok("GET", "/worlds")] == ["default"]


def test_the_default_world_is_not_ended(desk):
    status, said = desk.refused("DELETE", HERE)
    assert status == 400
    assert "reset" in said


@pytest.mark.parametrize(("method", "path"), [route for route in ROUTES if HERE in route[1]])
def test_a_world_that_is_not_there_is_told_with_those_that_are(same, method, path):
    bodies = {"faults": {"vendor": "harbor", "operation": "*", "kind": "drop"}, "seed": {}, "clock": {}, "settings": {}}
    status, said = same.refused(method, path.replace("default", "nowhere"), bodies.get(path.rsplit("/", 1)[-1]))
    assert status == 404
    assert "there are: default" in said


def test_a_world_is_seeded_step_by_step_and_comes_back_to_it(desk):
    answer = desk("POST", f"{HERE}/seed", {"orders": 25})
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert lines == [
        {"vendor": "harbor", "made": 10, "of": 25},
        {"vendor": "harbor", "made": 20, "of": 25},
        {"vendor": "harbor", "made": 25, "of": 25},
        {"done": True},
    ]
    assert desk.harbor.get("/crates/count.json").json() == {"count": 25}
    desk.harbor.post("/crates", {"label": "x"})
    desk.harbor.world.work("harbor").revoke("token", "THE_KEY")
    desk.harbor.world.store.commit()
    assert desk.ok("POST", f"{HERE}/reset")["name"] == "default"
    assert desk.harbor.get("/crates/count.json").json() == {"count": 25}


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"orders": -1}, 422),
        ({"orders": 10**9}, 422),
        ({"orders": "many"}, 422),
        ({"products": 0}, 422),
        ({"vendor": "pier"}, 400),
        ({"size": 3}, 422),
    ],
)
def test_a_seed_that_cannot_be_is_refused(desk, form, status):
    assert desk.refused("POST", f"{HERE}/seed", form)[0] == status
    assert desk.harbor.documents("crate") == []


# Time ----------------------------------------------------------------------------------------------------------------


def test_the_clock_is_read_moved_set_and_switched(desk):
    assert desk.ok("GET", f"{HERE}/clock") == {"mode": "manual", "now": "2026-11-23T12:00:00.000Z"}
    assert desk.ok("POST", f"{HERE}/clock", {"advance_seconds": 61.5})["now"] == "2026-11-23T12:01:01.500Z"
    assert desk.ok("POST", f"{HERE}/clock", {"now": "2026-11-24T00:00:00Z"})["now"] == "2026-11-24T00:00:00.000Z"
    assert desk.ok("POST", f"{HERE}/clock", {})["now"] == "2026-11-24T00:00:00.000Z"
    assert desk.ok("POST", f"{HERE}/clock", {"mode": "real"})["mode"] == "real"
    assert desk.ok("POST", f"{HERE}/clock", {"mode": "manual"})["mode"] == "manual"


def test_what_comes_due_on_the_way_is_done_and_told(desk):
    desk.harbor.post("/listeners", {"url": "http://127.0.0.1:9/", "topic": "crate.rotten"})
    desk.harbor.post("/crates", {"label": "fish", "keeps_seconds": 60})
    desk.answers = [500]
    desk.ok("POST", f"{HERE}/clock", {"now": "2026-11-23T12:30:00Z"})
    assert len(desk.heard) == 2
    [delivery] = desk.ok("GET", f"{HERE}/deliveries")
    assert [each["at"] - NOON for each in delivery["attempts"]] == [60, 70]


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"advance_seconds": -1}, 422),
        ({"advance_seconds": 1e300}, 422),
        ({"advance_seconds": "an hour"}, 422),
        ({"mode": "sideways"}, 422),
        ({"now": "2020-01-01T00:00:00Z"}, 400),
        ({"now": "yesterday"}, 400),
        ({"now": 5}, 422),
        ({"until": "tomorrow"}, 422),
        ({"now": "9999-12-31T23:59:59Z"}, 400),
    ],
)
def test_time_that_cannot_be_is_refused_and_stands(desk, form, status):
    assert desk.refused("POST", f"{HERE}/clock", form)[0] == status
    assert desk.harbor.world.clock.now() == NOON


def test_a_number_that_is_none_is_refused_and_can_be_said_so(desk):
    for path, text in (
        ("clock", '{"advance_seconds": NaN}'),
        ("faults", '{"chance": NaN}'),
        ("settings", '{"harbor.x": NaN}'),
    ):
        method = "PUT" if path == "settings" else "POST"
        answer = run(_text(desk, method, f"{HERE}/{path}", text))
        assert answer.status_code in {400, 422}
        assert json.loads(answer.text)


async def _text(desk: Desk, method: str, path: str, text: str) -> httpx.Response:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(desk.app), base_url="http://127.0.0.1") as client:
        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
        return await client.request(method, path, content=text, headers=headers)


@pytest.mark.parametrize("text", ["", "{", "null", "[" * 100_000, "1" * 10_000, '"\\ud800"', "{}{}"])
def test_a_body_that_is_none_is_refused_everywhere(same, text):
    for method, path in ROUTES:
        if method in {"POST", "PUT"} and not path.endswith(("reset", "deliver", "relabel")):
            answer = run(_text(same, method, path, text))
            assert answer.status_code in {400, 422}, (path, answer.text)


# Faults --------------------------------------------------------------------------------------------------------------


def test_a_fault_is_planned_met_seen_and_taken_back(desk):
    plan = {"vendor": "harbor", "operation": "listCrates", "kind": "refuse", "times": 2, "error": "gone"}
    made = desk.ok("POST", f"{HERE}/faults", plan)
    assert made == plan | {"number": 1, "chance": 1.0, "seconds": 1.0}
    assert desk.harbor.get("/crates").status_code == 410
    assert [fault["times"] for fault in desk.ok("GET", f"{HERE}/faults")] == [1]
    desk.ok("POST", f"{HERE}/faults", {"vendor": "*", "operation": "*", "kind": "delay", "times": None})
    desk.ok("POST", f"{HERE}/faults", {"vendor": "harbor", "operation": "webhook:crate.created", "kind": "drop"})
    assert desk("DELETE", f"{HERE}/faults?number=1").status_code == 204
    assert [fault["number"] for fault in desk.ok("GET", f"{HERE}/faults")] == [2, 3]
    assert desk("DELETE", f"{HERE}/faults").status_code == 204
    assert desk.ok("GET", f"{HERE}/faults") == []
    assert desk.harbor.get("/crates").status_code == 200


@pytest.mark.parametrize(
    ("change", "status", "said"),
    [
        ({"kind": "explode"}, 422, "kind"),
        ({"operation": "sinkCrate"}, 400, "listCrates"),
        ({"vendor": "*", "operation": "sinkCrate"}, 400, "listCrates"),
        ({"vendor": "pier"}, 400, "harbor"),
        ({"vendor": "pier", "operation": "*"}, 400, "harbor"),
        ({"vendor": "pier", "operation": "webhook:x"}, 400, "harbor"),
        ({"operation": "webhook:crate.created", "kind": "lose"}, 400, "drop"),
        ({"kind": "reorder"}, 400, "webhook"),
        ({"times": 0}, 422, "times"),
        ({"chance": 2}, 422, "chance"),
        ({"seconds": -1}, 422, "seconds"),
        ({"error": "no_such_error"}, 400, "unavailable"),
        ({"colour": "red"}, 422, "colour"),
        ({"vendor": "\ud800"}, 400, "harbor"),
        ({"error": "\ud800"}, 400, "unavailable"),
    ],
)
def test_a_fault_that_cannot_be_is_refused_with_what_can(desk, change, status, said):
    plan = {"vendor": "harbor", "operation": "listCrates", "kind": "refuse"} | change
    told = desk.refused("POST", f"{HERE}/faults", plan)
    assert told[0] == status
    assert said in told[1]
    assert desk.ok("GET", f"{HERE}/faults") == []


def test_a_fault_that_is_not_there_cannot_be_taken_back(desk):
    assert desk.refused("DELETE", f"{HERE}/faults?number=7")[0] == 400
    assert desk.refused("DELETE", f"{HERE}/faults?number=one")[0] == 422


# Journal and deliveries ----------------------------------------------------------------------------------------------


def test_the_journal_is_read_from_its_end_or_on_from_a_number(desk):
    desk.harbor.world.settings["harbor.limit.default"] = {"limit": 100}
    for page in range(1, 6):
        desk.harbor.get(f"/crates?page={page}")
    desk.harbor.get("/crates/7.json")
    told = desk.ok("GET", f"{HERE}/journal")
    assert [entry["number"] for entry in told] == [1, 2, 3, 4, 5, 6]
    assert told[-1]["rule"] == "not_found"
    assert told[0]["at"] == "2026-11-23T12:00:00.000Z"
    assert ["x-harbor-key", HIDDEN] in told[0]["request_headers"]
    for query, numbers in (
        ("limit=2", [5, 6]),
        ("after=2&limit=2", [3, 4]),
        ("after=6", []),
        ("operation=getCrate", [6]),
        ("vendor=pier", []),
        ("limit=0", [6]),
        ("limit=-5", [6]),
    ):
        assert [entry["number"] for entry in desk.ok("GET", f"{HERE}/journal?{query}")] == numbers
    assert desk.refused("GET", f"{HERE}/journal?limit=many")[0] == 422


def test_no_secret_is_told_by_the_journal(desk):
    token = desk.harbor.post("/gate/enter", ENTRY).json()["access_token"]
    desk.harbor.get("/crates", headers={"X-Harbor-Key": token})
    told = desk("GET", f"{HERE}/journal").text
    assert token not in told
    assert "the-harbor-secret" not in told


def test_deliveries_are_seen_newest_first_and_sent_again(desk):
    desk.harbor.post("/listeners", {"url": "http://127.0.0.1:9/", "topic": "crate.created"})
    for label in ("one", "two"):
        desk.harbor.post("/crates", {"label": label})
        desk.harbor.advance(1)
    told = desk.ok("GET", f"{HERE}/deliveries")
    assert [(each["id"], each["state"], each["vendor"]) for each in told] == [
        ("2", "delivered", "harbor"), ("1", "delivered", "harbor"),
    ]  # fmt: skip
    again = desk.ok("POST", f"{HERE}/deliveries/harbor/1/redeliver")
    assert len(again["attempts"]) == 2
    assert desk.heard[-1].content == desk.heard[0].content
    assert [each["id"] for each in desk.ok("GET", f"{HERE}/deliveries?limit=1")] == ["2"]
    assert desk.ok("GET", f"{HERE}/deliveries?state=failed") == []
    assert len(desk.ok("GET", f"{HERE}/deliveries?vendor=harbor&state=delivered")) == 2
    assert desk.refused("GET", f"{HERE}/deliveries?vendor=pier")[0] == 400
    assert desk.refused("POST", f"{HERE}/deliveries/pier/1/redeliver")[0] == 400
    assert desk.refused("POST", f"{HERE}/deliveries/harbor/7/redeliver")[0] == 404


def test_what_is_due_is_delivered_on_demand_and_over_when_it_is_answered(desk):
    desk.harbor.post("/listeners", {"url": "http://127.0.0.1:9/", "topic": "crate.created"})
    desk.harbor.post("/crates", {"label": "one"})
    assert desk.heard == []
    assert desk("POST", f"{HERE}/deliver").status_code == 204
    assert [each["state"] for each in desk.ok("GET", f"{HERE}/deliveries")] == ["delivered"]
    assert desk("POST", f"{HERE}/deliver").status_code == 204
    assert len(desk.heard) == 1
    assert desk.refused("POST", "/worlds/nowhere/deliver")[0] == 404


# Actions -------------------------------------------------------------------------------------------------------------


def test_what_people_can_do_is_told_with_its_form(desk):
    [action] = desk.ok("GET", f"{HERE}/actions")
    assert (action["vendor"], action["action"]) == ("harbor", "relabel")
    assert action["says"] == "A clerk sticks another label on a crate."
    [form] = action["arguments"]["$defs"].values()
    assert set(form["properties"]) == {"crate", "label"}


def test_people_act_through_the_same_doors(desk):
    desk.harbor.post("/crates", {"label": "old"})
    done = desk.ok("POST", f"{HERE}/actions/harbor/relabel", {"crate": "100", "label": "new"})
    assert done["label"] == "new"
    assert desk.harbor.get("/crates/100.json").json()["label"] == "new"


@pytest.mark.parametrize(
    ("path", "form", "status", "said"),
    [
        ("harbor/stick", {}, 400, "relabel"),
        ("pier/relabel", {}, 400, "harbor"),
        ("harbor/relabel", None, 400, "crate"),
        ("harbor/relabel", {"crate": "100", "label": "x", "colour": 1}, 400, "colour"),
        ("harbor/relabel", {"crate": "7", "label": "x"}, 404, "no crate 7"),
        ("harbor/relabel", {"crate": "100", "label": "stumble"}, 409, "gone"),
        ("harbor/relabel", {"crate": "100", "label": "\ud800"}, 400, "text"),
        ("harbor/relabel", {"crate": "100", "label": "a\0b"}, 400, "NUL"),
        ("harbor/relabel", [], 422, ""),
    ],
)
def test_what_cannot_be_done_is_refused_and_changes_nothing(desk, path, form, status, said):
    desk.harbor.post("/crates", {"label": "old"})
    before = desk.harbor.kept()
    told = desk.refused("POST", f"{HERE}/actions/{path}", form)
    assert told[0] == status
    assert said in told[1]
    assert desk.harbor.kept() == before


# Settings ------------------------------------------------------------------------------------------------------------


def test_settings_are_changed_and_taken_back(desk):
    assert desk.ok("PUT", f"{HERE}/settings", {"harbor.flag": "black", "harbor.limit.default": {"limit": 1}})
    assert desk.harbor.get("/crates").headers["x-harbor-flag"] == "black"
    assert desk.harbor.get("/crates").status_code == 429
    assert desk.ok("PUT", f"{HERE}/settings", {"harbor.limit.default": None}) == {"harbor.flag": "black"}
    assert desk.harbor.get("/crates").status_code == 200
    assert desk.ok("GET", f"{HERE}/settings") == {"harbor.flag": "black"}


@pytest.mark.parametrize(
    "form",
    [
        {"flag": "black"},
        {"harbor": 1},
        {"harbor.": 1},
        {"pier.flag": 1},
        {"harbor.limit.default": {"limit": "many"}},
        {"harbor.limit.default": {"limit": -1}},
        {"harbor.limit.default": {"nonsense": 1}},
        {"harbor.limit.default": 5},
        {"harbor.limit.other": {"limit": 1}},
        {"harbor.flag": "\ud800"},
        {"harbor.\ud800": 1},
        {"harbor.flag": "black", "pier.flag": 1},
    ],
)
def test_settings_that_cannot_be_are_refused_whole(desk, form):
    assert desk.refused("PUT", f"{HERE}/settings", form)[0] == 400
    assert desk.ok("GET", f"{HERE}/settings") == {}
    assert desk.harbor.get("/crates").status_code == 200


def test_what_the_desk_changed_is_there_after_a_restart(tmp_path):
    state = str(tmp_path / "state.sqlite")
    desk = Desk(state)
    desk.ok("POST", "/worlds", {"name": "other", "seed": 2})
    desk.ok("PUT", f"{HERE}/settings", {"harbor.flag": "black"})
    desk.ok("POST", f"{HERE}/clock", {"advance_seconds": 100})
    desk("POST", f"{HERE}/seed", {"orders": 3})
    desk.sandbox.worlds.database.close()  # killed, not stopped
    desk = Desk(state)
    assert [world["name"] for world in desk.ok("GET", "/worlds")] == ["default", "other"]
    assert desk.ok("GET", f"{HERE}/settings") == {"harbor.flag": "black"}
    assert desk.ok("GET", f"{HERE}/clock")["now"] == "2026-11-23T12:01:40.000Z"
    desk.harbor.client.delete("/crates/100.json")
    desk.ok("POST", f"{HERE}/reset")
    assert len(desk.harbor.documents("crate")) == 3
    desk.sandbox.worlds.close()
