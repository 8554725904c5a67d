"""Which secret opens which world, for how long, and that it is nowhere to be read."""

import random

import pytest

from mock_servers.core.credentials import Credential, Directory, digest
from mock_servers.core.database import MemoryDatabase, open_database
from tests.core.conftest import KINDS
from tests.core.harbor import KEY, harbor
from tests.support import bench

ENTRY = {"client_id": "harbor-client", "client_secret": "the-harbor-secret"}


def a(sort: str = "token", world: str = "w", **kwargs) -> Credential:
    return Credential("harbor", world, sort, "somebody", **kwargs)


def test_a_secret_is_found_by_its_vendor_and_its_sort():
    directory = Directory()
    directory.add("S", a())
    assert directory.find("harbor", "token", "S") == a()
    assert directory.find("harbor", "client", "S") is None
    assert directory.find("pier", "token", "S") is None
    assert directory.find("harbor", "token", "s") is None
    assert directory.of_digest("harbor", digest("token", "S")) == a()


def test_a_secret_is_shut_out():
    directory = Directory()
    directory.add("S", a())
    assert directory.revoke("harbor", "token", "S") is True
    assert directory.revoke("harbor", "token", "S") is False
    assert directory.find("harbor", "token", "S") is None


def test_a_secret_stands_for_what_it_was_last_given_for():
    directory = Directory()
    directory.add("S", a(scopes=frozenset({"look"})))
    directory.add("S", a(scopes=frozenset({"put"})))
    assert directory.find("harbor", "token", "S").scopes == {"put"}
    assert len(list(directory.of("w"))) == 1


def test_a_world_s_credentials_are_listed_and_forgotten_alone():
    directory = Directory()
    directory.add("A", a())
    directory.add("B", a("client", standing=True))
    directory.add("C", a(world="other"))
    assert {each.sort for each in directory.of("w")} == {"token", "client"}
    assert [each.sort for each in directory.of("w", "harbor", "client")] == ["client"]
    assert list(directory.of("w", "pier")) == []
    directory.forget("w", standing=False)
    assert [each.sort for each in directory.of("w")] == ["client"]
    directory.forget("w", standing=True)
    assert list(directory.of("w")) == []
    assert len(list(directory.of("other"))) == 1


def test_no_secret_is_kept_in_the_clear(tmp_path):
    path = tmp_path / "state.sqlite"
    database = open_database(str(path), KINDS)
    directory = Directory(database.root)
    directory.add("s3cr3t-token", a())
    database.close()
    assert b"s3cr3t" not in path.read_bytes()


def test_no_secret_is_in_what_is_shown():
    credential = a("client", about={"secret": "s3cr3t"})
    assert "s3cr3t" not in repr(credential)
    assert "s3cr3t" not in str(credential)
    assert "s3cr3t" not in f"{[credential]}"


def test_any_text_can_be_presented():
    for text in ("", "ü", "\ud800", "\0", "x" * 10**6):
        assert Directory().find("harbor", "token", text) is None


def test_a_database_in_memory_keeps_no_credentials():
    assert MemoryDatabase(KINDS).root is None


# On the wire ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def harbor_():
    return bench(harbor(), headers=KEY)


def test_a_token_opens_until_its_last_second_and_not_in_it(harbor_):
    token = {"X-Harbor-Key": harbor_.post("/gate/enter", ENTRY).json()["access_token"]}
    harbor_.advance(599.999)
    assert harbor_.get("/crates", headers=token).status_code == 200
    harbor_.advance(0.001)
    answer = harbor_.get("/crates", headers=token)
    assert (answer.status_code, answer.json()) == (401, {"errors": ["expired_token: an old key"]})
    harbor_.advance(10**9)
    assert harbor_.get("/crates", headers=token).json() == {"errors": ["expired_token: an old key"]}


def test_a_token_that_was_taken_back_opens_nothing(harbor_):
    work = harbor_.world.work("harbor")
    work.grant("token", "SHORT", "somebody", scopes=("look",))
    assert harbor_.get("/crates", headers={"X-Harbor-Key": "SHORT"}).status_code == 200
    assert work.revoke("token", "SHORT") is True
    harbor_.world.finish(work)
    assert harbor_.get("/crates", headers={"X-Harbor-Key": "SHORT"}).json() == {
        "errors": ["invalid_token: a wrong key"]
    }
    assert work.revoke("token", "SHORT") is False


def test_a_world_does_not_find_the_credentials_of_another(harbor_):
    other = harbor_.sandbox.worlds.create("other")
    other.work("harbor").grant("token", "THEIRS", "somebody")
    assert harbor_.world.work("harbor").credential("token", "THEIRS") is None
    assert other.work("harbor").credential("token", "THEIRS") is not None


def test_every_token_is_another(harbor_):
    tokens = {harbor_.post("/gate/enter", ENTRY).json()["access_token"] for _ in range(50)}
    assert len(tokens) == 50


def test_who_stops_asking_for_tokens_leaves_no_heap_of_them(harbor_):
    """However many are given out, only those that may still open something are remembered."""
    directory = harbor_.sandbox.worlds.directory
    directory.granted_maximum = 40
    before = len(list(directory.of("default")))
    for _ in range(200):
        token = {"X-Harbor-Key": harbor_.post("/gate/enter", ENTRY).json()["access_token"]}
        harbor_.advance(60)
    assert len(list(directory.of("default"))) <= before + 40
    assert harbor_.get("/crates").status_code == 200
    assert harbor_.get("/crates", headers=token).status_code == 200


def test_the_longest_known_goes_first_where_too_many_live_for_ever():
    directory, chance = Directory(), random.Random(1)
    directory.granted_maximum = 10
    directory.add("standing", a(standing=True))
    secrets = [str(chance.random()) for _ in range(30)]
    for secret in secrets:
        directory.add(secret, a())
    assert directory.find("harbor", "token", "standing") is not None
    assert [secret for secret in secrets if directory.find("harbor", "token", secret)] == secrets[-10:]
