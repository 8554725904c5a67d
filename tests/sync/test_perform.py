"""Every way an outcome can come about, or not: `perform` against an honest world that forgives nothing."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import pytest

from connectors.canonical import Delivery, DeliveryState, Level
from connectors.core.errors import Conflict, Forbidden, Invalid, Unauthorized, Unavailable
from connectors.sync import Select
from connectors.sync.effects import perform
from connectors.sync.events import EffectMoved
from connectors.sync.ledger import Lease, LeaseLost
from connectors.sync.work import Work
from tests.sync.office import Office
from tests.sync.world import SETTLE, Depot, Shop, World, story


async def ordered(world: World, *lines: tuple[str, int], **settings: Any) -> tuple[Office, str]:
    """An office that has learnt one order and not delivered it yet. Answers it and the key of the delivery."""
    office = Office(world, **settings)
    order = world.shop.buy(*(lines or (("MUG", 2),)))
    await office.run("order_download")
    return office, f"deliver:shop:{order}"


# The call


@story
async def test_an_order_is_delivered_with_our_reference_and_the_vendors_id_is_kept() -> None:
    world = World()
    office, key = await ordered(world)
    await office.run("order_delivery")
    (job,) = world.depot.jobs
    assert (job.reference, job.lines) == ("shop:o1", {"MUG": 2})
    assert (office.state(key), office.effect(key).remote) == ("done", job.id)


@story
async def test_the_intent_is_in_the_ledger_before_the_call_leaves() -> None:
    seen: list[str] = []

    class Watching(Depot):
        async def deliver(self, delivery: Delivery, key: str) -> DeliveryState:
            seen.append(office.state(key))
            assert not office.ledger._open  # committed, not merely written
            return await super().deliver(delivery, key)

    world = World(depot_class=Watching)
    office, _ = await ordered(world)
    await office.run("order_delivery")
    assert seen == ["sent"]


@story
async def test_several_orders_travel_at_once_and_each_settles_by_itself() -> None:
    world = World()
    office = Office(world, calls_at_once=4)
    for _ in range(5):
        world.shop.buy(("MUG", 1))
    await office.run("order_download")
    world.faults.next("deliver", "refuse", "", "lost")
    before = office.now
    await office.run("order_delivery")
    assert office.now - before < timedelta(seconds=1.5)  # three batches of two, two at a time
    assert [office.state(f"deliver:shop:o{at}") for at in range(1, 6)] == [
        "dead: invalid",
        "done",
        "sent",
        "done",
        "done",
    ]


# Not applied


@story
async def test_a_429_puts_it_back_and_leaves_the_lane_alone_for_as_long_as_it_says() -> None:
    world = World()
    office, key = await ordered(world)
    world.faults.next("deliver", "throttle")
    await office.run("order_delivery")
    effect, lane = office.effect(key), office.ledger.lane("depot")
    assert lane is not None
    assert (effect.state, effect.unknowns) == ("todo", 0)
    assert lane.not_before == effect.due
    assert timedelta(seconds=2) < effect.due - office.now <= timedelta(seconds=3)
    await office.wait(3)
    await office.run("order_delivery")
    assert office.state(key) == "done"
    assert world.depot.count("find_delivery") == 0  # nothing happened, so there was nothing to look for


@story
async def test_a_vendor_that_turns_us_away_without_a_word_is_left_alone_longer_each_time() -> None:
    world = World()
    office, key = await ordered(world)
    world.faults.next("deliver", *["unavailable"] * 4)
    waits = []
    for _ in range(4):
        await office.run("order_delivery")
        waits.append(round((office.effect(key).due - office.now).total_seconds()))
        await office.wait(waits[-1] + 1)
    assert waits == [1, 2, 4, 8]
    await office.run("order_delivery")
    assert office.state(key) == "done"
    lane = office.ledger.lane("depot")
    assert lane is not None
    assert lane.failures == 0


@story
async def test_after_a_429_no_further_call_of_that_lane_is_begun() -> None:
    world = World()
    office = Office(world, calls_at_once=2)
    for _ in range(9):
        world.shop.buy(("MUG", 1))
    await office.run("order_download")
    world.faults.next("deliver", *["throttle"] * 9)
    await office.run("order_delivery")
    assert world.depot.count("deliver") == 2


@story
async def test_credentials_that_are_not_accepted_stop_the_lane_and_not_the_orders() -> None:
    class Locked(Depot):
        locked = True

        async def deliver(self, delivery: Delivery, key: str) -> DeliveryState:
            if self.locked:
                raise Unauthorized("the token was revoked", status=401)
            return await super().deliver(delivery, key)

    world = World(depot_class=Locked)
    office, key = await ordered(world)
    await office.run("order_delivery")
    assert office.state(key) == "todo"
    assert office.incidents() == ["unauthorized:depot"]
    world.depot.locked = False  # type: ignore[attr-defined]
    await office.wait(301)
    await office.run("order_delivery")
    assert office.state(key) == "done"
    assert office.incidents() == []


# Unknown


@story
async def test_an_answer_that_was_lost_is_looked_up_and_found() -> None:
    world = World()
    office, key = await ordered(world)
    world.faults.next("deliver", "lost")
    await office.run("order_delivery")
    assert office.state(key) == "sent"
    await office.settle()
    await office.run("order_delivery")
    assert office.state(key) == "done"
    assert office.effect(key).remote == world.depot.jobs[0].id
    assert world.depot.count("deliver") == len(world.depot.jobs) == 1


@story
async def test_a_call_that_broke_before_it_did_anything_is_looked_up_and_repeated() -> None:
    world = World()
    office, key = await ordered(world)
    world.faults.next("deliver", "before")
    await office.run("order_delivery")
    first = office.effect(key)
    await office.settle()
    await office.run("order_delivery")
    second = office.effect(key)
    assert (second.state, second.attempts, len(world.depot.jobs)) == ("done", 2, 1)
    assert first.intent is not None
    assert second.intent is not None
    assert second.intent >= first.intent + SETTLE  # renewed: a third look would wait for this one


@story
async def test_a_request_that_lands_after_the_caller_gave_up_is_found_and_not_repeated() -> None:
    world = World()
    office, key = await ordered(world)
    world.faults.next("deliver", "late")
    await office.run("order_delivery")
    assert world.depot.jobs == []
    await office.settle()
    await office.run("order_delivery")
    assert (office.state(key), len(world.depot.jobs)) == ("done", 1)


@story
async def test_nobody_looks_before_the_outcome_has_settled_whatever_the_schedule_says() -> None:
    world = World()
    office, key = await ordered(world)
    world.faults.next("deliver", "late")
    await office.run("order_delivery")
    sent = office.effect(key)
    assert sent.intent is not None
    with office.ledger.transaction():
        office.ledger.leave(key, due=office.now, error="")  # somebody is impatient
    await office.run("order_delivery")
    assert world.depot.count("find_delivery") == 0
    assert (office.state(key), office.effect(key).due) == ("sent", sent.intent + SETTLE)


@story
async def test_a_look_up_that_fails_decides_nothing() -> None:
    world = World()
    office, key = await ordered(world)
    world.faults.next("deliver", "lost")
    world.faults.next("find_delivery", "before", "throttle")
    await office.run("order_delivery")
    for _ in range(2):
        await office.settle()
        await office.run("order_delivery")
        assert (office.state(key), office.effect(key).unknowns) == ("sent", 1)
        assert world.depot.count("deliver") == 1
    await office.settle()
    await office.run("order_delivery")
    assert (office.state(key), len(world.depot.jobs)) == ("done", 1)


@story
async def test_unknown_too_often_is_parked_for_a_person_and_replaying_it_looks_first() -> None:
    world = World()
    office, key = await ordered(world, unknown_maximum=3)
    world.faults.next("deliver", "before", "before", "lost")
    for _ in range(3):
        await office.run("order_delivery")
        await office.settle()
    assert office.state(key) == "dead: unknown"
    (letter,) = office.engine.queue()
    assert "Look for shop:o1 at depot" in letter.next_step
    await office.run("order_delivery")
    assert world.depot.count("deliver") == 3  # it stays where it is
    assert office.engine.replay(Select(reason="unknown")) == [key]
    await office.run("order_delivery")
    assert (office.state(key), len(world.depot.jobs)) == ("done", 1)
    assert world.depot.count("deliver") == 3


@story
async def test_a_fault_of_our_own_after_the_request_left_is_unknown_and_says_no_secrets() -> None:
    class Clumsy(Depot):
        async def deliver(self, delivery: Delivery, key: str) -> DeliveryState:
            await super().deliver(delivery, key)
            raise KeyError("token=hunter2")

    world = World(depot_class=Clumsy)
    office, key = await ordered(world)
    await office.run("order_delivery")
    assert office.state(key) == "sent"
    assert "hunter2" not in office.effect(key).error
    await office.settle()
    await office.run("order_delivery")
    assert (office.state(key), len(world.depot.jobs)) == ("done", 1)


@story
async def test_looking_in_vain_for_however_long_is_no_reason_to_give_up() -> None:
    world = World()
    office, key = await ordered(world, unknown_maximum=2)
    world.faults.next("deliver", "lost")
    world.faults.next("find_delivery", *["before"] * 5)
    await office.run("order_delivery")
    for _ in range(6):
        await office.settle()
        await office.run("order_delivery")
    assert (office.state(key), len(world.depot.jobs)) == ("done", 1)


@story
async def test_a_look_up_that_is_refused_for_good_ends_with_a_person() -> None:
    class Blind(Depot):
        async def find_delivery(self, reference: str) -> DeliveryState | None:
            raise Forbidden("no scope read_orders", status=403)

    world = World(depot_class=Blind)
    office, key = await ordered(world, unknown_maximum=3)
    world.faults.next("deliver", "lost")
    for _ in range(3):
        await office.run("order_delivery")
        await office.settle()
    assert office.state(key) == "dead: unknown"
    assert "read_orders" in office.effect(key).error


# Refused


@story
async def test_a_first_look_that_is_refused_is_told_at_once_with_what_the_refusal_asks_for() -> None:
    class Undecided(Shop):
        async def find_levels(self, skus: Sequence[str]) -> Mapping[str, int]:
            raise Invalid("it is not said at which location", next_step="Set location_id for this connection.")

    world = World(shop_class=Undecided, stock={"MUG": 7})
    office = Office(world)
    await office.run("inventory", "inventory_upload")
    (letter,) = office.engine.queue()
    assert (letter.key, letter.reason) == ("level:shop:MUG", "invalid")
    assert letter.next_step == "Set location_id for this connection."
    assert world.shop.count("set_levels") == 0


@story
async def test_a_refusal_goes_to_the_error_queue_with_its_reason_and_is_not_repeated() -> None:
    world = World()
    office, key = await ordered(world)
    world.faults.next("deliver", "refuse")
    await office.run("order_delivery")
    await office.settle()
    await office.run("order_delivery")
    (letter,) = office.engine.queue()
    assert (letter.key, letter.reason) == (key, "invalid")
    assert "makes no sense" in letter.words
    assert letter.next_step
    assert world.depot.count("deliver") == 1


@story
async def test_a_conflict_with_our_own_earlier_self_is_success() -> None:
    class Strict(Depot):
        lag = timedelta(0)

        async def deliver(self, delivery: Delivery, key: str) -> DeliveryState:
            if self.of(delivery.reference):
                raise Conflict("the number is taken", status=409)
            return await super().deliver(delivery, key)

    world = World(depot_class=Strict)
    office, key = await ordered(world)
    await world.depot.deliver(
        Delivery("shop:o1", office.engine.merchant.order_of("shop:o1"), "#o1", (), None),  # type: ignore[arg-type]
        "",
    )
    await office.run("order_delivery")
    assert (office.state(key), office.effect(key).remote, len(world.depot.jobs)) == ("done", "j1", 1)


@story
async def test_a_conflict_with_somebody_else_is_a_refusal() -> None:
    class Full(Depot):
        async def deliver(self, delivery: Delivery, key: str) -> DeliveryState:
            raise Conflict("the warehouse is closed for counting", status=409)

    office, key = await ordered(World(depot_class=Full))
    await office.run("order_delivery")
    assert office.state(key) == "dead: conflict"


# Who may call


def work_of(office: Office, lease: Lease) -> Work:
    return Work(office.engine.merchant, office.ledger, office.world.clock, lease, tell=office.events.append)


@story
async def test_who_has_lost_the_lane_calls_nobody() -> None:
    world = World()
    office, key = await ordered(world)
    with office.ledger.transaction():
        lost = office.ledger.take("depot", "slow", now=office.now, until=office.now + timedelta(seconds=30))
        assert lost is not None
        office.ledger.take("depot", "quick", now=office.now + timedelta(seconds=31), until=office.now)
    with pytest.raises(LeaseLost):
        await perform(work_of(office, lost), [office.effect(key)])
    assert (world.depot.calls, office.state(key)) == ([], "todo")


@story
async def test_what_was_called_off_after_it_was_claimed_is_not_sent() -> None:
    world = World()
    office, key = await ordered(world)
    claimed = office.effect(key)
    world.shop.change_mind("o1")
    await office.run("order_download")
    with office.ledger.transaction():
        lease = office.ledger.take("depot", "me", now=office.now, until=office.now + timedelta(seconds=30))
    assert lease is not None
    await perform(work_of(office, lease), [claimed])
    assert world.depot.calls == []
    assert office.state(key) == "void: cancelled"


@story
async def test_what_was_sent_since_it_was_claimed_is_not_sent_again() -> None:
    world = World()
    office, key = await ordered(world)
    claimed = office.effect(key)
    world.faults.next("deliver", "lost")
    await office.run("order_delivery")
    with office.ledger.transaction():
        lease = office.ledger.take("depot", "me", now=office.now, until=office.now + timedelta(seconds=30))
    assert lease is not None
    await perform(work_of(office, lease), [claimed])
    assert (world.depot.count("deliver"), office.state(key)) == (1, "sent")


@story
async def test_a_worker_that_is_stopped_in_the_middle_of_a_call_leaves_it_to_be_looked_up() -> None:
    world = World()
    office, key = await ordered(world)
    task = asyncio.ensure_future(office.run("order_delivery"))
    await office.wait(0.3)  # the request is there, the answer under way
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (office.state(key), len(world.depot.jobs)) == ("sent", 1)
    await office.settle()
    await office.run("order_delivery")
    assert (office.state(key), len(world.depot.jobs)) == ("done", 1)


@story
async def test_what_happens_is_told() -> None:
    office, key = await ordered(World())
    await office.run("order_delivery")
    moved = [event for event in office.events if isinstance(event, EffectMoved)]
    assert [(event.key, event.state) for event in moved] == [(key, "done")]


@story
async def test_a_vendor_that_cannot_be_reached_at_all_is_no_unknown_outcome() -> None:
    class Down(Depot):
        async def deliver(self, delivery: Delivery, key: str) -> DeliveryState:
            raise Unavailable("connection refused")

    office, key = await ordered(World(depot_class=Down), unknown_maximum=2)
    for _ in range(6):
        await office.run("order_delivery")
        await office.wait(301)
    assert (office.state(key), office.effect(key).unknowns) == ("todo", 0)


# Levels: many effects, one call


async def counted(world: World, **settings: Any) -> Office:
    office = Office(world, **settings)
    await office.run("inventory")
    return office


@story
async def test_levels_travel_together_and_those_that_are_right_already_do_not_travel() -> None:
    world = World()
    world.shop.stock["CAP"] = 20
    office = await counted(world)
    await office.run("inventory_upload")
    assert world.shop.stock == {"MUG": 50, "TEE": 30, "CAP": 20}
    assert (world.shop.count("find_levels"), world.shop.count("set_levels")) == (1, 1)
    assert all(office.state(f"level:shop:{sku}") == "done" for sku in world.shop.stock)


@story
async def test_levels_travel_in_chunks() -> None:
    world = World(stock={f"S{at:03}": at for at in range(250)})
    world.depot.page_size = 100
    office = await counted(world, level_chunk=100)
    await office.run("inventory_upload")
    assert world.shop.stock == {f"S{at:03}": at for at in range(250)}
    assert world.shop.count("set_levels") == 3


@story
async def test_what_a_cart_does_not_sell_bothers_nobody_and_is_told_once_it_does() -> None:
    world = World()
    del world.shop.stock["CAP"]
    office = await counted(world)
    await office.run("inventory_upload")
    assert office.state("level:shop:CAP") == "void: not sold there"
    assert office.engine.queue() == []
    world.shop.stock["CAP"] = 0
    await office.run("inventory", "inventory_upload")
    assert office.state("level:shop:CAP") == "void: not sold there"  # nothing changed: nobody asks each time
    world.depot.on_hand["CAP"] = 21
    await office.run("inventory", "inventory_upload")
    assert world.shop.stock["CAP"] == 21


@story
async def test_a_level_that_is_refused_is_alone_in_the_error_queue() -> None:
    world = World()
    office = await counted(world)
    await office.run("inventory_upload")
    del world.shop.stock["TEE"]  # it was taken off sale after it was told once
    world.depot.on_hand = {"MUG": 51, "TEE": 31, "CAP": 21}
    await office.run("inventory", "inventory_upload")
    assert [(letter.key, letter.reason) for letter in office.engine.queue()] == [("level:shop:TEE", "invalid")]
    assert world.shop.stock == {"MUG": 51, "CAP": 21}


@story
async def test_levels_whose_answer_was_lost_are_compared_and_only_repeated_where_they_differ() -> None:
    world = World()
    office = await counted(world)
    world.faults.next("set_levels", "lost")
    await office.run("inventory_upload")
    assert office.state("level:shop:MUG") == "sent"
    await office.settle()
    world.shop.stock["TEE"] = 7  # somebody typed over it meanwhile
    await office.run("inventory_upload")
    assert world.shop.stock == {"MUG": 50, "TEE": 30, "CAP": 20}
    assert world.shop.count("set_levels") == 2


@story
async def test_the_newest_number_is_read_when_it_is_sent() -> None:
    world = World()
    office = await counted(world)
    world.depot.on_hand["MUG"] = 44
    await office.run("inventory")
    await office.run("inventory_upload")
    assert world.shop.stock["MUG"] == 44
    assert world.shop.count("set_levels") == 1


@story
async def test_a_number_that_changes_while_it_travels_is_sent_again() -> None:
    world = World()
    world.depot.latency = 0.01
    office = await counted(world)
    travelling = asyncio.ensure_future(office.run("inventory_upload"))
    await office.wait(0.5)
    assert office.state("level:shop:MUG") == "sent"
    world.depot.on_hand["MUG"] = 47
    await office.run("inventory")
    assert world.shop.stock["MUG"] == 0  # the first number is still on its way
    await travelling
    assert (world.shop.stock["MUG"], office.state("level:shop:MUG")) == (47, "done")
    assert world.shop.count("set_levels") == 2


@story
async def test_a_vendor_that_remembers_keys_takes_the_same_number_twice() -> None:
    class Remembering(Shop):
        async def set_levels(self, levels: Sequence[Level], key: str) -> Mapping[str, str]:
            seen = self.__dict__.setdefault("seen", {})
            if key not in seen:
                seen[key] = await super().set_levels(levels, key)
            return seen[key]

    world = World(shop_class=Remembering)
    office = await counted(world)
    await office.run("inventory_upload")
    for _ in range(2):
        world.shop.stock["MUG"] = 3  # somebody types over it, and reconciling asks for it again
        await office.engine.reconcile()
        await office.run("inventory_upload")
        assert world.shop.stock["MUG"] == 50
