"""Documents in transactions, on every database: what is kept is all of it, what is given up leaves nothing behind."""

import itertools

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from mock_servers.core.database import open_database
from mock_servers.core.filters import Is
from mock_servers.core.refusal import Refusal
from mock_servers.core.store import Store
from tests.core.conftest import KINDS

_worlds = itertools.count(1)


@pytest.fixture
def store(opened) -> Store:
    return store_in(opened())


def store_in(database, world: str = "w") -> Store:
    return Store(database.connection(world), world, database.kinds)


def crates(store: Store):
    return store.collection("harbor", "crate")


def ids(store: Store, **kwargs) -> list[str]:
    return [row.id for row in crates(store).rows(**kwargs)]


def test_a_document_is_found_as_it_was_added(store):
    body = {"id": "7", "name": "Zoë \U0001f4e6", "n": 1.50, "deep": {"a": [None, True]}}
    added = crates(store).add(body)
    for found in (added, crates(store).get("7"), crates(store).find("7"), crates(store).rows()[0]):
        assert dict(found) == body
        assert (found.id, found.kind, found.version) == ("7", "crate", added.version)
        assert found["deep"]["a"][1] is True
        assert "name" in found
        assert found.get("nothing", 5) == 5
    assert crates(store).find("8") is None


def test_an_absent_document_is_refused_by_kind_and_id(store):
    for ask in (crates(store).get, lambda key: crates(store).save({"id": key})):
        with pytest.raises(Refusal) as told:
            ask("8")
        assert (told.value.code, told.value.words) == ("not_found", {"kind": "crate", "id": "8"})


def test_an_id_is_taken_once(store):
    crates(store).add({"id": "7"})
    store.commit()
    with pytest.raises(Exception, match=r"(?i)unique"):
        crates(store).add({"id": "7"})
    store.rollback()
    assert ids(store) == ["7"]


def test_kinds_vendors_and_worlds_are_apart(opened):
    database = opened()
    one, two = store_in(database, "one"), store_in(database, "two")
    crates(one).add({"id": "7", "of": "one"})
    one.collection("harbor", "pier").add({"id": "7", "of": "pier"})
    one.collection("quay", "crate").add({"id": "7", "of": "quay"})
    one.commit()
    crates(two).add({"id": "7", "of": "two"})
    two.commit()
    assert [crates(each).get("7")["of"] for each in (one, two)] == ["one", "two"]
    assert one.collection("harbor", "pier").get("7")["of"] == "pier"
    assert one.collection("quay", "crate").get("7")["of"] == "quay"
    two.clear()
    assert crates(two).count() == 0
    assert crates(one).count() == 1


def test_a_kind_that_was_not_declared_is_a_mistake(store):
    with pytest.raises(KeyError, match="anchor"):
        store.collection("harbor", "anchor")


def test_what_is_given_up_was_never_there(store):
    crates(store).add({"id": "1", "state": "here"})
    store.set_timer("harbor", "rot", 100.0, {})
    store.next_number("n")
    store.commit()
    crates(store).add({"id": "2"})
    crates(store).save({"id": "1", "state": "gone"})
    store.set_timer("harbor", "rot", 50.0, {})
    undone = []
    store.on_rollback.append(lambda: undone.append(True))
    assert (crates(store).count(), store.next_due, store.next_number("n")) == (2, 50.0, 2)
    store.rollback()
    assert (ids(store), crates(store).count(), crates(store).get("1")["state"]) == (["1"], 1, "here")
    assert (store.next_due, store.next_number("n"), undone) == (100.0, 2, [True])


def test_what_is_kept_is_not_undone_later(store):
    undone = []
    crates(store).add({"id": "1"})
    store.on_rollback.append(lambda: undone.append(True))
    store.commit()
    crates(store).add({"id": "2"})
    store.rollback()
    assert (ids(store), undone) == (["1"], [])


def test_a_part_is_given_up_alone(store):
    undone = []
    crates(store).add({"id": "1"})
    assert store.next_number("n") == 1
    store.on_rollback.append(lambda: undone.append("whole"))
    with pytest.raises(ZeroDivisionError), store.savepoint():
        crates(store).add({"id": "2"})
        assert store.skip_numbers("n", 1, 3) == range(2, 5)
        store.set_timer("harbor", "rot", 50.0, {})
        store.on_rollback.append(lambda: undone.append("part"))
        raise ZeroDivisionError
    with store.savepoint():
        crates(store).add({"id": "3"})
        with pytest.raises(ZeroDivisionError), store.savepoint():
            crates(store).delete("1")
            raise ZeroDivisionError
    assert (ids(store), undone, store.next_due) == (["1", "3"], ["part"], float("inf"))
    assert store.next_number("n") == 2
    store.commit()
    store.rollback()
    assert store.next_number("n") == 3
    assert ids(store) == ["1", "3"]


def test_a_version_is_never_given_out_twice(store):
    versions = [crates(store).add({"id": "1"}).version]
    store.rollback()
    versions.append(crates(store).add({"id": "1"}).version)
    store.commit()
    versions.append(crates(store).save({"id": "1"}).version)
    versions.append(crates(store).put({"id": "1"}).version)
    store.clear()
    versions.append(crates(store).add({"id": "1"}).version)
    assert sorted(set(versions)) == versions


def test_rows_come_in_order_page_by_page(store):
    for id, weight in (("a", "3"), ("b", "1"), ("c", "2"), ("d", "1"), ("e", None)):
        crates(store).add({"id": id} if weight is None else {"id": id, "weight": weight})
    assert ids(store) == list("abcde")
    assert ids(store, descending=True) == list("edcba")
    assert ids(store, limit=2, offset=1) == ["b", "c"]
    known = Is("weight", "in", ("1", "2", "3"))
    assert ids(store, where=known, order_by="weight") == list("bdca")
    assert ids(store, where=known, order_by="weight", descending=True) == list("acdb")
    walked, after = [], None
    while rows := crates(store).rows(known, order_by="weight", after=after, limit=1):
        walked.append(rows[0].id)
        after = (rows[0]["weight"], rows[0].seq)
    assert walked == list("bdca")
    assert ids(store, after=(None, crates(store).get("c").seq)) == ["d", "e"]
    assert [head[0] for head in crates(store).heads(known, order_by="weight", limit=3)] == list("bdc")


def test_text_is_ordered_by_its_code_points(store):
    names = ["a", "B", "Z", "z", "é", "~", "_", "10", "9", "\U0001f4e6", "A"]
    for name in names:
        crates(store).add({"id": name, "state": name})
    assert ids(store, order_by="state") == sorted(names)
    assert ids(store, where=Is("state", ">", "Z"), order_by="state") == sorted(name for name in names if name > "Z")


def test_many_are_added_at_once(store):
    crates(store).add_many({"id": str(number), "state": "here"} for number in range(500))
    assert crates(store).count() == 500
    assert crates(store).get("499")["state"] == "here"
    assert len({row.version for row in crates(store).rows()}) == 500


def test_numbers_count_on_from_their_start(store):
    assert [store.next_number("a", 70), store.next_number("a", 70), store.next_number("b")] == [70, 71, 1]
    assert store.skip_numbers("a", 70, 3) == range(72, 75)
    assert store.next_number("a") == 75
    assert store.skip_numbers("c", 5, 1) == range(5, 6)


def test_timers_come_in_the_order_of_their_time_and_then_of_their_setting(store):
    for due, name in ((5.0, "late"), (3.0, "early"), (3.0, "second"), (9.0, "last")):
        store.set_timer("harbor", name, due, {"of": name})
    assert store.next_due == 3.0
    seen = []
    while timer := store.due_timer(5.0):
        seen.append((timer[2], timer[3], timer[4]["of"]))
        store.drop_timer(timer[0])
    assert seen == [("early", 3.0, "early"), ("second", 3.0, "second"), ("late", 5.0, "late")]
    assert (store.next_due, store.due_timer(8.9)) == (9.0, None)
    assert store.due_timer(9.0, but="last") is None


def test_what_holds_a_nul_is_nowhere(store):
    crates(store).add({"id": "1", "state": "here"})
    assert crates(store).find("\0") is None
    assert ids(store, where=Is("state", "=", "\0")) == []
    crates(store).delete("1\0")
    assert ids(store) == ["1"]


# Against a dict ------------------------------------------------------------------------------------------------------

SOME_IDS = st.sampled_from(["a", "b", "c", "d"])
BODIES = st.fixed_dictionaries({"state": st.sampled_from(["here", "gone"])}, optional={"weight": st.integers(0, 3)})


class Documents(RuleBasedStateMachine):
    """A collection against a dict, through transactions and parts of them: nothing remembered is ever stale."""

    where: str | None = None

    @initialize()
    def begin(self):
        self.database = open_database(self.where, KINDS)
        self.store = store_in(self.database, f"world{next(_worlds)}")
        self.kept: dict[str, dict] = {}
        self.now: dict[str, dict] = {}
        self.versions: set[int] = set()

    def teardown(self):
        if hasattr(self, "database"):
            self.store.clear()
            self.database.close()

    def wrote(self, document):
        assert document.version not in self.versions
        self.versions.add(document.version)

    @rule(id=SOME_IDS, body=BODIES)
    def put(self, id, body):
        self.now[id] = {"id": id} | body
        self.wrote(crates(self.store).put(self.now[id]))

    @rule(id=SOME_IDS, body=BODIES)
    def add(self, id, body):
        if id not in self.now:
            self.now[id] = {"id": id} | body
            self.wrote(crates(self.store).add(self.now[id]))

    @rule(id=SOME_IDS, body=BODIES)
    def save(self, id, body):
        if id in self.now:
            self.now[id] = {"id": id} | body
            self.wrote(crates(self.store).save(self.now[id]))

    @rule(id=SOME_IDS)
    def delete(self, id):
        self.now.pop(id, None)
        crates(self.store).delete(id)

    @rule()
    def commit(self):
        self.store.commit()
        self.kept = dict(self.now)

    @rule()
    def rollback(self):
        self.store.rollback()
        self.now = dict(self.kept)

    @precondition(lambda self: self.now)
    @rule(id=SOME_IDS, fails=st.booleans())
    def part(self, id, fails):
        try:
            with self.store.savepoint():
                crates(self.store).put({"id": id, "state": "part"})
                assert crates(self.store).get(id)["state"] == "part"
                if fails:
                    raise ZeroDivisionError
        except ZeroDivisionError:
            return
        self.now[id] = {"id": id, "state": "part"}

    @invariant()
    def all_that_is_asked_is_answered_as_the_dict_would(self):
        if not hasattr(self, "store"):
            return
        collection = crates(self.store)
        assert {row.id: dict(row) for row in collection.rows()} == self.now
        assert collection.count() == len(self.now)
        for id in "abcd":
            found = collection.find(id)
            assert (dict(found) if found else None) == self.now.get(id)
        for state in ("here", "gone", "part"):
            expected = {id for id, body in self.now.items() if body["state"] == state}
            assert {head[0] for head in collection.heads(Is("state", "=", state))} == expected
            assert collection.count(Is("state", "=", state)) == len(expected)


MODEST = settings(
    max_examples=40,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


def test_in_memory_it_is_a_dict():
    run_machine(None, MODEST)


def test_in_a_file_it_is_a_dict(tmp_path):
    run_machine(str(tmp_path / "state.sqlite"), settings(MODEST, max_examples=15))


def test_in_postgres_it_is_a_dict(postgres_state):
    run_machine(postgres_state, settings(MODEST, max_examples=10))


def run_machine(where, how):
    from hypothesis.stateful import run_state_machine_as_test

    run_state_machine_as_test(type("Documents", (Documents,), {"where": where}), settings=how)
