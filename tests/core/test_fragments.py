"""What a document looks like is made once, and again when anything changes that was seen in the making."""

from asyncio import run

import httpx
import pytest

from mock_servers.core.fake import Call, Fake
from mock_servers.core.wire import Reply
from tests.core.harbor import KEY, harbor
from tests.support import Bench, bench


def watched(made: list[str], **kwargs) -> Bench:
    """A harbor whose crates show how many listeners there are, and the flag; `made` notes each making."""
    fake = harbor()

    def shown(work, crate):
        made.append(crate["id"])
        listeners = work.collection("listener").count()
        return crate.body | {"label": f"{crate['label']} {listeners} {work.setting('flag', 'white')}"}

    fake.view("rest", "crate", schema="Crate", around=True)(shown)
    return _stand(fake, **kwargs)


def _stand(fake: Fake, **kwargs) -> Bench:
    harbor_ = bench(fake, headers=KEY, **kwargs)
    for label in ("a", "b"):
        assert harbor_.post("/crates", {"label": label}).status_code == 201
    return harbor_


def labels(harbor_: Bench) -> list[str]:
    return [crate["label"] for crate in harbor_.get("/crates").json()]


def listen(harbor_: Bench) -> httpx.Response:
    return harbor_.post("/listeners", {"url": "http://127.0.0.1:9", "topic": "crate.created"})


def test_nothing_is_made_twice_while_nothing_changes():
    made: list[str] = []
    harbor_ = watched(made)
    first = labels(harbor_)
    made.clear()
    assert labels(harbor_) == first == ["a 0 white", "b 0 white"]
    assert harbor_.get("/crates/100.json").json()["label"] == "a 0 white"
    assert made == []


def test_what_was_seen_beside_the_document_makes_it_anew_when_it_changes():
    harbor_ = watched([])
    assert labels(harbor_) == ["a 0 white", "b 0 white"]
    assert listen(harbor_).status_code == 201
    assert labels(harbor_) == ["a 1 white", "b 1 white"]
    assert harbor_.get("/crates/101.json").json()["label"] == "b 1 white"
    harbor_.world.settings["harbor.flag"] = "yellow"
    assert labels(harbor_) == ["a 1 yellow", "b 1 yellow"]
    harbor_.world.reset()
    _ = harbor_.post("/crates", {"label": "c"})
    assert labels(harbor_) == ["c 0 yellow"]


def test_what_was_taken_back_is_not_shown():
    """The answer is made already, with the listener in it, when something breaks and everything is undone."""
    harbor_ = watched([])

    def stumble(call: Call) -> Reply:
        call.collection("listener").add({"id": "9", "url": "", "topic": ""})
        return Reply(200, call.collection("crate").get("100"), {"X-Harbor-Broken": 7})  # type: ignore[dict-item]

    harbor_.sandbox.fakes["harbor"].operations["countCrates"] = stumble
    assert harbor_.get("/crates/count.json").status_code == 500
    assert labels(harbor_) == ["a 0 white", "b 0 white"]


def test_where_others_can_write_unseen_it_is_made_each_time(postgres_state):
    made: list[str] = []
    harbor_ = watched(made, state=postgres_state)
    labels(harbor_)
    made.clear()
    labels(harbor_)
    run(harbor_.sandbox.aclose())
    assert made == ["100", "101"]


@pytest.mark.parametrize("name", ["now", "stamp", "chance_of_rain", "caller"])
def test_a_view_that_asks_for_the_time_or_the_caller_is_a_mistake_and_said_to_be(name):
    fake = harbor()
    fake.view("rest", "crate", schema="Crate", around=True)(
        lambda work, crate: crate.body | {"label": str(getattr(work, name))}
    )
    harbor_ = bench(fake, headers=KEY)
    answer = harbor_.post("/crates", {"label": "a"})
    assert answer.status_code == 500
    assert "AttributeError" in answer.headers["x-seatrial-broke"]
