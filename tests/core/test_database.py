"""A state outlives the process that kept it, and a state that cannot be read is refused in one sentence."""

import sqlite3
from pathlib import Path

import pytest

from mock_servers.core.clock import Clock
from mock_servers.core.database import SQL, open_database, table_of
from mock_servers.core.fake import Size
from mock_servers.core.refusal import UsageError
from mock_servers.core.sandbox import Sandbox
from tests.core.conftest import KINDS
from tests.core.harbor import KEY, harbor
from tests.support import NOON, at_noon, bench, run


def stand(state, **kwargs):
    return bench(harbor(), headers=KEY, state=state, **kwargs)


def shut(harbor_) -> None:
    run(harbor_.sandbox.aclose())


@pytest.fixture(params=["file", "postgres"])
def lasting(request, tmp_path) -> str:
    """A state that outlives the process."""
    if request.param == "file":
        return str(tmp_path / "state.sqlite")
    return request.getfixturevalue("postgres_state")


# Across a restart ----------------------------------------------------------------------------------------------------


def test_everything_is_there_again_after_a_restart(lasting):
    before = stand(lasting, fill=Size(orders=3))
    before.post("/listeners", {"url": "http://127.0.0.1:9/", "topic": "crate.rotten"})
    before.post("/crates", {"label": "fish \U0001f41f", "keeps_seconds": 60, "weight": 1.5, "tags": ["a"]})
    other = before.sandbox.worlds.create("other", seed=2, clock=Clock("manual", NOON + 5))
    theirs = {"X-Harbor-Key": other.credentials["harbor"]["key"]}
    before.post("/crates", {"label": "theirs"}, headers=theirs)
    pass_ = before.post("/gate/enter", {"client_id": "harbor-client", "client_secret": "the-harbor-secret"}).json()
    before.advance(30)
    before.world.settings["harbor.flag"] = "black"
    kept, bodies = before.kept(), before.kept_bodies()
    shut(before)

    after = stand(lasting)
    assert after.kept() == kept
    assert after.kept_bodies() == bodies
    assert after.world.clock.now() == NOON + 30
    assert after.world.clock.mode == "manual"
    assert after.world.credentials["harbor"]["key"] == "THE_KEY"
    assert [world.name for world in after.sandbox.worlds] == ["default", "other"]
    assert after.sandbox.worlds.get("other").clock.now() == NOON + 5
    assert [crate["label"] for crate in after.get("/crates", headers=theirs).json()] == ["theirs"]
    passed = after.get("/crates", headers={"X-Harbor-Key": pass_["access_token"]})
    assert (passed.status_code, passed.headers["x-harbor-flag"]) == (200, "black")
    after.advance(29.999)
    assert after.get("/crates/103.json").json()["state"] == "here"
    after.advance(0.001)
    assert after.get("/crates/103.json").json()["state"] == "rotten"
    assert len(after.documents("webhook_delivery")) == 1
    assert after.post("/crates", {"label": "next"}).json()["id"] == "104"
    shut(after)


def test_a_token_expires_at_its_second_although_there_was_a_restart_in_between(lasting):
    before = stand(lasting)
    token = before.post("/gate/enter", {"client_id": "harbor-client", "client_secret": "the-harbor-secret"}).json()
    before.advance(599)
    shut(before)
    after = stand(lasting)
    key = {"X-Harbor-Key": token["access_token"]}
    assert after.get("/crates", headers=key).status_code == 200
    after.advance(1)
    assert after.get("/crates", headers=key).json() == {"errors": ["expired_token: an old key"]}
    shut(after)


def test_a_clock_that_runs_goes_on_running_while_nobody_is_there(tmp_path):
    state, wall = str(tmp_path / "state"), [1000.0]

    def opened():
        return Sandbox([], extra=[harbor()], state=state, make_clock=lambda: Clock(source=lambda: wall[0]))

    first = opened()
    run(first.advance(500))
    assert first.world.clock.now() == 1500.0
    run(first.aclose())
    wall[0] += 100
    second = opened()
    assert second.world.clock.now() == pytest.approx(1600.0)
    run(second.aclose())


def test_what_was_not_committed_when_the_process_died_is_not_there(lasting):
    before = stand(lasting)
    before.post("/crates", {"label": "kept"})
    before.world.work("harbor").collection("crate").add({"id": "half", "label": "half"})
    before.sandbox.worlds.database.close()  # as a killed process would
    after = stand(lasting)
    assert [crate["label"] for crate in after.documents("crate")] == ["kept"]
    shut(after)


def test_numbers_are_not_drawn_twice_after_a_restart(lasting):
    def token(harbor_):
        answer = harbor_.post("/gate/enter", {"client_id": "harbor-client", "client_secret": "the-harbor-secret"})
        return answer.json()["access_token"]

    tokens = []
    for _ in range(3):
        harbor_ = stand(lasting)
        tokens.append(token(harbor_))
        harbor_.post("/crates", {"label": "so that there is something new"})
        shut(harbor_)
    assert len(set(tokens)) == 3


def test_what_was_revoked_stays_revoked(lasting):
    before = stand(lasting)
    before.faults.next("listCrates", "revoke")
    assert before.get("/crates").status_code == 401
    shut(before)
    after = stand(lasting)
    assert after.get("/crates").status_code == 401
    shut(after)


def test_a_world_that_is_over_is_over_after_a_restart(lasting):
    before = stand(lasting)
    key = {"X-Harbor-Key": before.sandbox.worlds.create("other").credentials["harbor"]["key"]}
    before.sandbox.worlds.drop("other")
    shut(before)
    after = stand(lasting)
    assert [world.name for world in after.sandbox.worlds] == ["default"]
    assert after.get("/crates", headers=key).status_code == 401
    shut(after)


def test_a_vendor_can_be_left_out_for_a_while(lasting):
    """Its documents, its timers and its credentials wait; they are in nobody's way."""
    before = Sandbox(["extensiv_order_manager"], extra=[harbor()], state=lasting, make_clock=at_noon)
    before.world.act("harbor", "relabel", {"crate": add_crate(before), "label": "kept"})
    run(before.aclose())

    between = Sandbox(["extensiv_order_manager"], state=lasting, make_clock=at_noon)
    run(between.advance(3600))
    assert between.world.store.next_due == float("inf")
    run(between.aclose())

    after = stand(lasting)
    assert after.get("/crates/100.json").json()["label"] == "kept"
    assert after.get("/crates/100.json").json()["state"] == "rotten"
    shut(after)


def add_crate(sandbox: Sandbox) -> str:
    from tests.core import harbor as vendor

    work = sandbox.world.work("harbor")
    crate = vendor.add_crate(work, {"label": "fish", "keeps_seconds": 60})
    sandbox.world.finish(work)
    return crate.id


def test_a_new_kind_of_document_finds_its_place_in_an_old_state(lasting):
    shut(stand(lasting))
    fake = harbor()
    fake.kind("anchor", index=("weight",))
    after = bench(fake, headers=KEY, state=lasting)
    after.world.store.collection("harbor", "anchor").add({"id": "1"})
    after.world.store.commit()
    assert len(after.documents("anchor")) == 1
    shut(after)


# States from other days ----------------------------------------------------------------------------------------------


def steps(dialect: str) -> int:
    return len(list(SQL.glob(f"*.{dialect}.sql")))


def test_both_databases_know_the_same_steps():
    assert steps("sqlite") == steps("postgres") > 0
    names = {
        dialect: sorted(path.name.split(".")[0] for path in SQL.glob(f"*.{dialect}.sql"))
        for dialect in ("sqlite", "postgres")
    }
    assert names["sqlite"] == names["postgres"]


def test_an_old_state_is_carried_forward_step_by_step(tmp_path):
    """A state from before any step: an empty file, and one whose schema is of the first day."""
    path = tmp_path / "state.sqlite"
    old = sqlite3.connect(path)
    old.execute("CREATE TABLE schema_version (version INTEGER NOT NULL)")
    first = next(iter(sorted(SQL.glob("*.sqlite.sql"))))
    old.executescript(first.read_text())
    old.execute("INSERT INTO schema_version VALUES (1)")
    body = '{"seed":7,"mode":"manual","now":5.0,"offset":0,"settings":{},"credentials":{}'
    body += ',"fixed_credentials":true,"recipe":[]}'
    old.execute("INSERT INTO world (name, body) VALUES ('default', ?)", (body,))
    old.commit()
    old.close()
    sandbox = Sandbox([], extra=[harbor()], state=str(path), make_clock=at_noon)
    assert (sandbox.world.seed, sandbox.world.clock.now()) == (7, 5.0)
    assert sandbox.world.store.connection.rows("SELECT MAX(version) FROM schema_version") == [(steps("sqlite"),)]
    run(sandbox.aclose())


def test_an_empty_file_is_a_new_state(tmp_path):
    path = tmp_path / "state.sqlite"
    path.touch()
    shut(stand(str(path)))
    assert path.stat().st_size > 0


def test_a_state_from_the_future_is_refused(lasting):
    database = open_database(lasting, KINDS)
    database.root.rows("INSERT INTO schema_version (version) VALUES (999)")
    database.close()
    with pytest.raises(UsageError, match="newer seatrial"):
        open_database(lasting, KINDS)


# States that are none ------------------------------------------------------------------------------------------------


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("not a database at all, " * 100)
    with pytest.raises(UsageError, match=r"notes\.txt cannot be used as a state file"):
        stand(str(path))
    assert path.read_text().startswith("not a database at all")


def test_somebody_else_s_database_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "accounts.sqlite"
    theirs = sqlite3.connect(path)
    theirs.execute("CREATE TABLE accounts (id INTEGER)")
    theirs.commit()
    theirs.close()
    with pytest.raises(UsageError, match="not a state of seatrial"):
        stand(str(path))
    theirs = sqlite3.connect(path)
    assert theirs.execute("SELECT name FROM sqlite_schema").fetchall() == [("accounts",)]
    theirs.close()


@pytest.mark.parametrize("at", [0.3, 0.5, 0.8])
def test_a_damaged_file_is_refused_in_one_sentence_or_works(tmp_path, at):
    path = tmp_path / "state.sqlite"
    shut(stand(str(path), fill=Size(orders=200)))
    raw = bytearray(path.read_bytes())
    begin = int(len(raw) * at)
    raw[begin : begin + len(raw) // 6] = b"\xff" * (len(raw) // 6)
    path.write_bytes(raw)
    try:
        shut(stand(str(path)))
    except UsageError as error:
        assert str(path) in str(error)
        assert "\n" not in str(error)


@pytest.mark.parametrize(
    "body", ["not JSON", "{}", '{"seed": "x"}', "[]", '{"seed":1,"mode":"sideways","now":0,"offset":0}']
)
def test_a_world_that_cannot_be_read_is_refused_in_one_sentence(lasting, body):
    harbor_ = stand(lasting)
    shut(harbor_)
    database = open_database(lasting, KINDS)
    if lasting.startswith("postgresql") and body == "not JSON":
        database.close()
        return  # PostgreSQL keeps nothing else than JSON there
    database.root.rows("UPDATE world SET body = ?", (body,))
    database.close()
    with pytest.raises(UsageError, match="cannot be read"):
        stand(lasting)


def test_a_credential_that_cannot_be_read_is_refused_in_one_sentence(lasting):
    shut(stand(lasting))
    database = open_database(lasting, KINDS)
    database.root.rows("UPDATE credential SET body = ?", ('{"vendor": 7}',))
    database.close()
    with pytest.raises(UsageError, match="cannot be read"):
        stand(lasting)


def test_a_place_that_cannot_be_written_is_refused(tmp_path):
    for where in (tmp_path, tmp_path / "no" / "such" / "folder" / "state.sqlite"):
        with pytest.raises(UsageError, match="cannot be used as a state file"):
            stand(str(where))


@pytest.mark.parametrize("url", ["mysql://localhost/x", "https://example.com", "sqlite://x"])
def test_a_database_of_another_kind_is_refused(url):
    with pytest.raises(UsageError, match="postgresql://"):
        stand(url)


def test_a_postgres_that_is_not_there_is_refused_without_showing_the_password():
    with pytest.raises(UsageError) as told:
        stand("postgresql://someone:s3cr3t@127.0.0.1:1/x?connect_timeout=2")
    assert "could not connect to PostgreSQL" in str(told.value)
    assert "s3cr3t" not in str(told.value)


def test_a_postgres_that_will_not_have_our_tables_is_refused_in_one_sentence(postgres_state):
    with pytest.raises(UsageError, match=r"the PostgreSQL state cannot be used: [A-Za-z]+$"):
        stand(postgres_state.replace("fakes_", "no_such_schema_"))


def test_a_refused_state_is_let_go_of(tmp_path):
    path = tmp_path / "state.sqlite"
    database = open_database(str(path), KINDS)
    database.root.rows("INSERT INTO schema_version (version) VALUES (999)")
    database.close()
    with pytest.raises(UsageError):
        open_database(str(path), KINDS)
    Path(path).unlink()
    shut(stand(str(path)))


@pytest.mark.parametrize(
    ("vendor", "kind"), [("Harbor", "crate"), ("harbor", ""), ("h" * 40, "c"), ("harbor", "a b"), ("1", "c")]
)
def test_a_kind_has_a_name_that_a_table_can_have(vendor, kind):
    with pytest.raises(ValueError, match="table"):
        table_of(vendor, kind)
