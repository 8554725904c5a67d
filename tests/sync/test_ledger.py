"""The ledger alone, on SQLite and on PostgreSQL."""

import os
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from connectors.canonical import Hint
from connectors.sync.ledger import (
    LeaseLost,
    Ledger,
    LedgerError,
    LedgerTooNew,
    NotALedger,
    Select,
    from_stamp,
    to_stamp,
)
from connectors.sync.ledger.migrate import Migration, carry_forward, parse_migration, shipped_migrations
from connectors.sync.ledger.sql import connect
from tests.sync.conftest import Opener

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
SETTLE = timedelta(seconds=90)
ORDER = "deliver:shop:1"


def want(ledger: Ledger, key: str = ORDER, *, due: datetime = NOON) -> None:
    with ledger.transaction():
        ledger.want(key, merchant="acme", lane="depot", subject=key.split(":", 1)[1], now=NOON, due=due)


def intend(ledger: Ledger, key: str = ORDER, now: datetime = NOON) -> int:
    """Commit to a call; answers the version that was sent."""
    with ledger.transaction():
        effect = ledger.intend(key, now=now, settle=SETTLE, payload='{"n":1}', owner="me", fence=1)
    assert effect is not None
    return effect.version


def learn(ledger: Ledger, id: str = "1", *, updated: datetime = NOON, body: str = "{}", status: str = "open") -> str:
    with ledger.transaction():
        return ledger.learn("order", "shop", id, updated=updated, now=NOON, body=body, status=status, parent="p")


# Moments


def test_a_moment_comes_back_to_the_microsecond() -> None:
    moment = datetime(2026, 11, 21, 12, 30, 15, 123457, tzinfo=UTC)
    assert from_stamp(to_stamp(moment)) == moment


def test_a_moment_without_a_time_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        to_stamp(datetime(2026, 11, 21))  # noqa: DTZ001


# Transactions


def test_a_ledger_that_was_closed_stays_closed(ledger: Ledger) -> None:
    """Also for a transaction, which connects anew when it was the server that went away."""
    ledger.close()
    with pytest.raises(LedgerError, match="closed"):
        ledger.lane("depot")
    with pytest.raises(LedgerError, match="closed"), ledger.transaction():
        pass


def test_nothing_of_a_transaction_that_fails_is_kept(ledger: Ledger) -> None:
    with pytest.raises(ZeroDivisionError), ledger.transaction():
        ledger.learn("order", "shop", "1", updated=NOON, now=NOON, body="{}")
        raise ZeroDivisionError
    assert ledger.fact("order", "shop", "1") is None
    assert learn(ledger) == "changed"  # and the next transaction works


def test_writing_needs_a_transaction_and_transactions_do_not_nest(ledger: Ledger) -> None:
    with pytest.raises(LedgerError, match="transaction"):
        ledger.add_lane("shop")
    with pytest.raises(LedgerError, match="open already"), ledger.transaction(), ledger.transaction():
        pass


def test_what_is_committed_is_there_for_the_next_process(opener: Opener) -> None:
    first = opener()
    learn(first, body='{"a":1}')
    first.close()
    fact = opener().fact("order", "shop", "1")
    assert fact is not None
    assert (fact.body, fact.updated, fact.parent, fact.status) == ('{"a":1}', NOON, "p", "open")


# Facts and cursors


def test_a_newer_version_replaces_and_an_older_one_does_not(ledger: Ledger) -> None:
    assert learn(ledger, updated=NOON) == "changed"
    assert learn(ledger, updated=NOON + SECOND, body='{"a":1}') == "changed"
    assert learn(ledger, updated=NOON, body='{"a":2}') == "older"
    fact = ledger.fact("order", "shop", "1")
    assert fact is not None
    assert fact.body == '{"a":1}'


def test_the_same_record_read_again_is_no_change(ledger: Ledger) -> None:
    learn(ledger)
    assert learn(ledger) == "same"
    assert learn(ledger, updated=NOON + SECOND) == "same"
    assert learn(ledger, updated=NOON + SECOND, status="held") == "changed"


def test_versions_are_compared_as_moments_and_not_as_text(ledger: Ledger) -> None:
    early, late = datetime(2026, 11, 21, 23, tzinfo=UTC), datetime(2026, 11, 22, 1, tzinfo=UTC)
    east = late.astimezone(datetime.strptime("+05:00", "%z").tzinfo)
    west = early.astimezone(datetime.strptime("-11:00", "%z").tzinfo)
    learn(ledger, "a", updated=west)
    assert learn(ledger, "a", updated=east, body='{"later":1}') == "changed"
    learn(ledger, "b", updated=datetime(999, 1, 1, tzinfo=UTC))
    assert learn(ledger, "b", updated=datetime(1000, 1, 1, tzinfo=UTC), body='{"later":1}') == "changed"


def test_facts_are_walked_in_pieces(ledger: Ledger) -> None:
    for at in range(7):
        learn(ledger, f"{at}")
    seen, after = [], ""
    while piece := ledger.facts_since("order", "shop", NOON, after_id=after, limit=3):
        seen += [fact.id for fact in piece]
        after = piece[-1].id
    assert seen == [str(at) for at in range(7)]
    assert ledger.facts_since("order", "shop", NOON + SECOND, after_id="", limit=3) == []


def test_a_cursor_moves_and_remembers_where_it_stood_every_hour(ledger: Ledger) -> None:
    assert ledger.cursor("shop", "orders") is None
    for minutes in range(0, 180, 10):
        with ledger.transaction():
            ledger.move_cursor("shop", "orders", f"c{minutes}", NOON + minutes * 60 * SECOND)
    assert ledger.cursor("shop", "orders") == "c170"
    assert ledger.cursor_before("shop", "orders", NOON + 90 * 60 * SECOND) == "c60"
    assert ledger.cursor_before("shop", "orders", NOON - SECOND) is None


def test_a_dropped_cursor_starts_from_the_beginning(ledger: Ledger) -> None:
    with ledger.transaction():
        ledger.move_cursor("shop", "orders", "bad", NOON)
        ledger.drop_cursor("shop", "orders")
    assert ledger.cursor("shop", "orders") is None
    assert ledger.cursor_before("shop", "orders", NOON + SECOND) is None


def test_a_complete_read_is_dated_by_its_beginning(ledger: Ledger) -> None:
    with ledger.transaction():
        ledger.move_cursor("depot", "levels", "c1", NOON)
    assert [(one.value, one.complete) for one in ledger.readings()] == [("c1", None)]
    with ledger.transaction():
        ledger.complete_feed("depot", "levels", NOON, NOON + 9 * SECOND)
    assert [(one.value, one.complete) for one in ledger.readings()] == [("c1", NOON)]


# Promises


def test_a_promise_counts_until_a_snapshot_that_began_after_it_landed(ledger: Ledger) -> None:
    with ledger.transaction():
        assert ledger.promise("acme", "shop:1", {"MUG": 2, "TEE": 1}) == {"MUG", "TEE"}
        assert ledger.promise("acme", "shop:1", {"MUG": 2}) == {"TEE"}
        ledger.land("acme", "shop:1", NOON)
    assert ledger.promised("acme", ["MUG", "TEE"]) == [("MUG", 2, NOON)]
    with ledger.transaction():
        assert ledger.forget_promises("acme", NOON - SECOND) == set()
        assert ledger.forget_promises("acme", NOON) == {"MUG"}
    assert ledger.promised("acme", ["MUG"]) == []


# Effects


def test_an_outcome_is_asked_for_once(ledger: Ledger) -> None:
    want(ledger)
    with ledger.transaction():
        assert not ledger.want(ORDER, merchant="acme", lane="depot", subject="other", now=NOON, due=NOON)
    effect = ledger.effect(ORDER)
    assert effect is not None
    assert (effect.state, effect.subject, effect.record, effect.connection) == ("todo", "shop:1", "1", "shop")


def test_an_intent_keeps_everybody_from_looking_before_it_has_settled(ledger: Ledger) -> None:
    want(ledger)
    intend(ledger)
    effect = ledger.effect(ORDER)
    assert effect is not None
    assert (effect.state, effect.intent, effect.due, effect.attempts) == ("sent", NOON, NOON + SETTLE, 1)
    assert ledger.due_effects("depot", "deliver", NOON + SETTLE - SECOND, limit=9) == []
    assert [one.key for one in ledger.due_effects("depot", "deliver", NOON + SETTLE, limit=9)] == [ORDER]


def test_what_is_concluded_cannot_be_intended(ledger: Ledger) -> None:
    want(ledger)
    version = intend(ledger)
    with ledger.transaction():
        assert ledger.finish(ORDER, now=NOON, version=version, remote="j1")
        assert ledger.intend(ORDER, now=NOON, settle=SETTLE, payload="{}", owner="me", fence=1) is None
        assert not ledger.void(ORDER, now=NOON, reason="late")
        assert not ledger.bury(ORDER, now=NOON, reason="late", error="", next_step="")
    effect = ledger.effect(ORDER)
    assert effect is not None
    assert (effect.state, effect.remote) == ("done", "j1")


def test_what_was_asked_for_anew_while_it_was_sent_is_done_again(ledger: Ledger) -> None:
    want(ledger)
    version = intend(ledger)
    with ledger.transaction():
        ledger.reopen(ORDER, due=NOON)
        sent = ledger.effect(ORDER)
        assert sent is not None
        assert (sent.state, sent.due) == ("sent", NOON + SETTLE)  # it is not forgotten that it may have happened
        ledger.finish(ORDER, now=NOON + SECOND, version=version, remote="j1")
    effect = ledger.effect(ORDER)
    assert effect is not None
    assert (effect.state, effect.due) == ("todo", NOON + SECOND)
    version = intend(ledger, now=NOON + SECOND)
    with ledger.transaction():
        ledger.finish(ORDER, now=NOON + SECOND, version=version, remote="j1")
    effect = ledger.effect(ORDER)
    assert effect is not None
    assert effect.state == "done"


def test_a_replayed_unknown_one_is_looked_up_first(ledger: Ledger) -> None:
    want(ledger)
    intend(ledger)
    with ledger.transaction():
        ledger.leave(ORDER, due=NOON, error="no answer", unknown=True)
        ledger.bury(ORDER, now=NOON, reason="unknown", error="no answer", next_step="look")
        assert ledger.look_again(ORDER, due=NOON)
    effect = ledger.effect(ORDER)
    assert effect is not None
    assert (effect.state, effect.unknowns) == ("sent", 0)


def test_only_what_is_parked_is_resolved(ledger: Ledger) -> None:
    want(ledger)
    with ledger.transaction():
        assert not ledger.resolve(ORDER, now=NOON, remote="j1")
        ledger.bury(ORDER, now=NOON, reason="refused", error="no", next_step="fix")
        assert ledger.resolve(ORDER, now=NOON, remote="j1")
    effect = ledger.effect(ORDER)
    assert effect is not None
    assert (effect.state, effect.remote) == ("done", "j1")


def test_effects_are_selected_by_what_is_known_of_them(ledger: Ledger) -> None:
    for key in ("deliver:shop:1", "deliver:shop:2", "ship:depot:1"):
        want(ledger, key)
    with ledger.transaction():
        ledger.bury("deliver:shop:2", now=NOON, reason="unmapped_sku", error="e", next_step="n")

    def keys(**which: object) -> list[str]:
        return [effect.key for effect in ledger.select(Select(**which), limit=9)]  # type: ignore[arg-type]

    assert keys() == ["deliver:shop:1", "deliver:shop:2", "ship:depot:1"]
    assert keys(kind="ship") == ["ship:depot:1"]
    assert keys(reason="unmapped_sku", states=("dead",)) == ["deliver:shop:2"]
    assert keys(subject="shop:1") == ["deliver:shop:1"]
    assert keys(merchant="other") == []
    assert [e.key for e in ledger.select(Select(), limit=1, after_key="deliver:shop:1")] == ["deliver:shop:2"]


def test_what_is_due_next_is_known(ledger: Ledger) -> None:
    assert ledger.next_due("depot", ("deliver", "cancel")) is None
    want(ledger, due=NOON + 5 * SECOND)
    want(ledger, "cancel:shop:1", due=NOON + 3 * SECOND)
    assert ledger.next_due("depot", ("deliver", "cancel")) == NOON + 3 * SECOND
    assert ledger.left("acme") == 2


def test_the_longest_due_comes_first(ledger: Ledger) -> None:
    want(ledger, "deliver:shop:1", due=NOON)
    want(ledger, "deliver:shop:2", due=NOON - SECOND)
    want(ledger, "deliver:shop:3", due=NOON + SECOND)
    keys = [effect.key for effect in ledger.due_effects("depot", "deliver", NOON, limit=9)]
    assert keys == ["deliver:shop:2", "deliver:shop:1"]


# Lanes


def lane(ledger: Ledger, name: str = "depot") -> None:
    with ledger.transaction():
        ledger.add_lane(name)


def take(ledger: Ledger, owner: str, now: datetime = NOON) -> object:
    with ledger.transaction():
        return ledger.take("depot", owner, now=now, until=now + 30 * SECOND)


def test_one_holds_a_lane_until_it_gives_it_back_or_the_lease_runs_out(ledger: Ledger) -> None:
    lane(ledger)
    first = take(ledger, "one")
    assert first is not None
    assert take(ledger, "two") is None
    assert take(ledger, "two", NOON + 30 * SECOND) is not None
    with ledger.transaction():
        ledger.give_back(first)  # type: ignore[arg-type] # too late: it is somebody else's, and stays so
    assert take(ledger, "three", NOON + 31 * SECOND) is None


def test_who_lost_a_lane_commits_nothing(ledger: Ledger) -> None:
    lane(ledger)
    lost = take(ledger, "one")
    take(ledger, "two", NOON + 31 * SECOND)
    with pytest.raises(LeaseLost), ledger.transaction():
        ledger.learn("order", "shop", "1", updated=NOON, now=NOON, body="{}")
        ledger.keep(lost, until=NOON + 90 * SECOND)  # type: ignore[arg-type]
    assert ledger.fact("order", "shop", "1") is None


def test_the_same_owner_takes_its_own_lane_over_and_its_former_life_is_fenced_out(ledger: Ledger) -> None:
    lane(ledger)
    former = take(ledger, "one")
    assert take(ledger, "one") is not None
    with pytest.raises(LeaseLost), ledger.transaction():
        ledger.keep(former, until=NOON)  # type: ignore[arg-type]


def test_a_lease_that_ran_out_and_that_nobody_took_is_still_good(ledger: Ledger) -> None:
    lane(ledger)
    lease = take(ledger, "one")
    with ledger.transaction():
        ledger.keep(lease, until=NOON + 500 * SECOND)  # type: ignore[arg-type]
    assert take(ledger, "two", NOON + 499 * SECOND) is None


def test_calls_turned_away_together_count_as_one_failure(ledger: Ledger) -> None:
    lane(ledger)
    with ledger.transaction():
        for _ in range(8):
            ledger.hold_off("depot", now=NOON, not_before=NOON + 3 * SECOND, error="429")
    row = ledger.lane("depot")
    assert row is not None
    assert (row.failures, row.not_before) == (1, NOON + 3 * SECOND)
    with ledger.transaction():
        ledger.hold_off("depot", now=NOON + 3 * SECOND, not_before=NOON + 9 * SECOND, error="429")
        ledger.hold_off("depot", now=NOON + 3 * SECOND, not_before=NOON + 5 * SECOND, error="429")
    row = ledger.lane("depot")
    assert row is not None
    assert (row.failures, row.not_before) == (2, NOON + 9 * SECOND)


# Schedule


def due(ledger: Ledger, now: datetime, owner: str = "one") -> list[str]:
    return [row.name for row in ledger.due_passes(now, owner=owner)]


def planned(ledger: Ledger) -> None:
    lane(ledger)
    with ledger.transaction():
        ledger.add_pass("depot", "inventory", every_seconds=900, due=NOON)
        ledger.add_pass("depot", "order_delivery", every_seconds=300, due=NOON + SECOND)


def test_what_is_due_is_found_by_whoever_could_run_it(ledger: Ledger) -> None:
    planned(ledger)
    assert due(ledger, NOON - SECOND) == []
    assert due(ledger, NOON + SECOND) == ["inventory", "order_delivery"]
    take(ledger, "one")
    assert due(ledger, NOON + SECOND, "one") == ["inventory", "order_delivery"]
    assert due(ledger, NOON + SECOND, "two") == []
    assert ledger.next_pass_due(["depot"], owner="one") == NOON
    assert ledger.next_pass_due(["depot"], owner="two") == NOON + 30 * SECOND
    assert ledger.next_pass_due(["elsewhere"], owner="one") is None


def test_a_lane_that_is_left_alone_has_nothing_due(ledger: Ledger) -> None:
    planned(ledger)
    with ledger.transaction():
        ledger.hold_off("depot", now=NOON, not_before=NOON + 60 * SECOND, error="429")
    assert due(ledger, NOON + 59 * SECOND) == []
    assert due(ledger, NOON + 60 * SECOND) == ["inventory", "order_delivery"]
    assert ledger.next_pass_due(["depot"], owner="one") == NOON + 60 * SECOND


def test_a_pass_that_never_reports_back_is_due_again(ledger: Ledger) -> None:
    planned(ledger)
    with ledger.transaction():
        ledger.pass_started("depot", "inventory", now=NOON, due=NOON + 900 * SECOND)
    assert due(ledger, NOON + 899 * SECOND) == ["order_delivery"]
    assert due(ledger, NOON + 900 * SECOND) == ["order_delivery", "inventory"]


def test_a_pass_hastened_while_it_runs_is_due_again_at_once(ledger: Ledger) -> None:
    planned(ledger)
    with ledger.transaction():
        ledger.pass_started("depot", "inventory", now=NOON, due=NOON + 900 * SECOND)
    with ledger.transaction():
        ledger.hasten("depot", "inventory", NOON + SECOND)
    with ledger.transaction():
        ledger.pass_succeeded("depot", "inventory", now=NOON + 5 * SECOND, due=None)
    assert "inventory" in due(ledger, NOON + 5 * SECOND)


def test_a_pass_that_failed_rests_whatever_hastened_it(ledger: Ledger) -> None:
    planned(ledger)
    with ledger.transaction():
        ledger.hasten("depot", "inventory", NOON)
        ledger.pass_failed("depot", "inventory", due=NOON + 30 * SECOND, error="broke")
    assert "inventory" not in due(ledger, NOON + 29 * SECOND)
    (row,) = [row for row in ledger.passes("depot") if row.name == "inventory"]
    assert (row.failures, row.error) == (1, "broke")
    with ledger.transaction():
        ledger.pass_succeeded("depot", "inventory", now=NOON, due=None)
    (row,) = [row for row in ledger.passes("depot") if row.name == "inventory"]
    assert (row.failures, row.error, row.succeeded) == (0, "", NOON)


def test_planning_again_keeps_a_turn_but_never_later_than_the_new_interval(ledger: Ledger) -> None:
    planned(ledger)
    with ledger.transaction():
        ledger.pass_started("depot", "inventory", now=NOON, due=NOON + 900 * SECOND)
        ledger.add_pass("depot", "inventory", every_seconds=60, due=NOON)
        ledger.add_pass("depot", "order_delivery", every_seconds=300, due=NOON - SECOND)
    by_name = {row.name: row for row in ledger.passes("depot")}
    assert by_name["inventory"].due == NOON + 60 * SECOND
    assert by_name["inventory"].every_seconds == 60
    assert by_name["order_delivery"].due == NOON + SECOND


# Desk


def test_a_webhook_that_comes_twice_is_kept_once(ledger: Ledger) -> None:
    hint = Hint("e1", "orders/updated", "1", NOON)
    with ledger.transaction():
        assert ledger.receive("shop", hint, NOON)
        assert not ledger.receive("shop", hint, NOON + SECOND)
        assert ledger.receive("other", hint, NOON)
        ledger.receive("shop", Hint("e2", "orders/updated", "2", None), NOON + 5 * SECOND)
    assert ledger.open_hints("shop", limit=9) == [hint, Hint("e2", "orders/updated", "2", None)]
    with ledger.transaction():
        assert ledger.handled("shop", NOON + SECOND, NOON + 2 * SECOND) == 1
    assert [one.event_id for one in ledger.open_hints("shop", limit=9)] == ["e2"]
    with ledger.transaction():
        assert ledger.prune_inbox(NOON + 3 * SECOND) == 1
        assert ledger.receive("shop", hint, NOON)  # forgotten: what it hints at is fetched once more, which is harmless


def test_an_incident_seen_again_is_counted_and_one_that_was_closed_opens_anew(ledger: Ledger) -> None:
    def report(now: datetime) -> bool:
        with ledger.transaction():
            return ledger.report("failing", "shop", words="it fails", next_step="look", now=now)

    assert report(NOON)
    assert not report(NOON + SECOND)
    (incident,) = ledger.incidents()
    assert (incident.times, incident.opened, incident.seen) == (2, NOON, NOON + SECOND)
    with ledger.transaction():
        assert ledger.close_incident("failing:shop", NOON + 2 * SECOND)
    assert ledger.incidents() == []
    assert [one.closed for one in ledger.incidents(closed=True)] == [NOON + 2 * SECOND]
    assert report(NOON + 3 * SECOND)
    (incident,) = ledger.incidents()
    assert (incident.times, incident.opened) == (3, NOON + 3 * SECOND)


# Carrying forward


def next_migration() -> tuple[Migration, ...]:
    return (
        *shipped_migrations(),
        parse_migration("9999_later.sql", "ALTER TABLE lane ADD COLUMN colour TEXT; -- a; b"),
    )


def test_an_old_ledger_is_carried_forward_with_what_it_holds(opener: Opener) -> None:
    old = opener()
    learn(old)
    carry_forward(old._database, next_migration())
    carry_forward(old._database, next_migration())  # once is enough
    assert old.fact("order", "shop", "1") is not None
    assert old._rows("SELECT colour FROM lane") == []


def test_a_ledger_from_the_future_is_refused(opener: Opener) -> None:
    carry_forward(opener()._database, next_migration())
    with pytest.raises(LedgerTooNew, match="9999_later"):
        opener()


def test_a_step_that_fails_leaves_the_ledger_as_it_was(opener: Opener) -> None:
    ledger = opener()
    broken = parse_migration("9998_broken.sql", "CREATE TABLE half (id TEXT); CREATE NONSENSE")
    with pytest.raises(LedgerError):
        carry_forward(ledger._database, (*shipped_migrations(), broken))
    assert "half" not in ledger._database.tables()
    assert learn(ledger) == "changed"
    opener()  # not from the future: the step was not applied


def test_migrations_are_numbered_without_gaps() -> None:
    assert [step.number for step in shipped_migrations()] == list(range(1, len(shipped_migrations()) + 1))


def test_somebody_elses_database_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "books.db"
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE book (title TEXT)")
    other.close()
    with pytest.raises(NotALedger, match="book"):
        Ledger.open(path)


def test_what_is_no_database_is_refused_in_words(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("not a database, and long enough to have a header" * 20)
    with pytest.raises(NotALedger, match="not a ledger"):
        Ledger.open(path)
    with pytest.raises(LedgerError, match="no folder"):
        Ledger.open(tmp_path / "missing" / "acme.ledger")
    with pytest.raises(LedgerError, match="not at mysql"):
        Ledger.open("mysql://root@localhost/acme")
    with pytest.raises(LedgerError, match="cannot be opened"):
        Ledger.open(tmp_path)


def test_the_address_of_a_database_is_in_no_message() -> None:
    with pytest.raises(LedgerError) as refused:
        Ledger.open("postgresql://me:hunter2@127.0.0.1:1/acme")
    assert "hunter2" not in str(refused.value)


def test_files_are_durable_by_default(tmp_path: Path) -> None:
    ledger = Ledger.open(tmp_path / "acme.ledger")
    assert ledger._rows("PRAGMA journal_mode") == [("wal",)]
    assert ledger._rows("PRAGMA synchronous") == [(2,)]
    ledger.close()


def test_a_file_waits_for_the_disk_where_it_was_asked_to(tmp_path: Path) -> None:
    """2 is FULL, 1 is NORMAL: https://www.sqlite.org/pragma.html#pragma_synchronous."""
    ledger = Ledger.open(tmp_path / "acme.ledger")
    for durable, synchronous in ((False, 1), (True, 2), (False, 1)):
        with ledger.transaction(durable=durable):
            assert ledger._rows("PRAGMA synchronous") == [(synchronous,)]
    ledger.close()


def test_postgresql_waits_for_the_disk_where_it_was_asked_to(postgres_url: str) -> None:
    ledger = Ledger.open(postgres_url, schema=f"durable_{os.getpid()}")
    for durable, synchronous in ((False, "off"), (True, "on"), (False, "off")):
        with ledger.transaction(durable=durable):
            assert ledger._rows("SHOW synchronous_commit") == [(synchronous,)]
    with ledger.transaction():
        ledger._run(f"DROP SCHEMA durable_{os.getpid()} CASCADE")
    ledger.close()


def test_a_schema_is_a_word(postgres_url: str) -> None:
    with pytest.raises(LedgerError, match="schema"):
        connect(postgres_url, schema='x"; DROP SCHEMA public; --')
