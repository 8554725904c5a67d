"""What the simulator found, each as the smallest story that showed it."""

import pytest

from mock_servers.core.cast import Person
from seatrial.matrix.trial import DIES, Trial, play
from seatrial.simulation.cast import casts
from tests.sync.office import Office
from tests.sync.world import World, run

ELSEWHERE = Person("Iris", "Wolf", "4 Moss Way", "Denver", "CO", "80202", "US")


async def a_parcel_is_voided_and_sent_anew(trial: Trial) -> None:
    order = trial.buy({"MUG": 1})
    await trial.settle()
    (parcel,) = trial.ship(order, {"MUG": 1})
    await trial.settle()
    trial.void(parcel, {"MUG": 1})
    trial.ship(order, {"MUG": 1})
    trial.arm()


def test_a_parcel_that_takes_a_voided_ones_place_is_told_after_that_was_taken_back() -> None:
    """Both were learnt in one read, and the new one was refused for good: nothing was open for it."""
    assert play(a_parcel_is_voided_and_sent_anew, casts()[0]).words == ()


def test_it_waits_when_taking_back_takes_its_time() -> None:
    rehearsed = play(a_parcel_is_voided_and_sent_anew, casts()[0]).requests
    taking_back = next(request.number for request in rehearsed if request.operation == "fulfillmentCancel")
    assert play(a_parcel_is_voided_and_sent_anew, casts()[0], taking_back, "lands late").words == ()


def test_a_cart_is_asked_to_cancel_after_the_voided_parcel_was_taken_back() -> None:
    """A cart that thinks a parcel is on its way cancels nothing, and said so for good."""

    async def story() -> None:
        world = World()
        office = Office(world)
        order = world.shop.buy(("MUG", 1))
        await office.round()
        parcel = world.depot.pack(world.job(order), {"MUG": 1}, "T1")
        await office.round()
        world.depot.void(parcel)
        world.depot.call_off(world.job(order))
        world.faults.next("cancel_fulfillment", "late")
        await office.round()
        await office.settle()
        await office.round(3)
        assert office.engine.queue() == []
        assert world.shop.orders_placed[order].status == "cancelled"

    run(story)


async def a_parcel_that_made_a_pack_whole_is_voided(trial: Trial) -> None:
    order = trial.buy({"SIX-PACK": 1})
    await trial.settle()
    (first,) = trial.ship(order, {"TEE": 1})
    await trial.settle()
    trial.ship(order, {"TEE": 5})
    await trial.settle()
    trial.void(first, {"TEE": 1})


def test_a_person_is_told_when_a_pack_is_no_longer_whole() -> None:
    """Its cart was told of the pack when the second parcel left, and kept it when the first came back."""
    assert play(a_parcel_that_made_a_pack_whole_is_voided, casts()[0]).words == ()


async def more_is_wanted_after_a_part_was_shipped(trial: Trial) -> None:
    order = trial.buy({"MUG": 2})
    await trial.settle()
    trial.ship(order, {"MUG": 1})
    await trial.settle()
    trial.stage.carts[trial.shop].edit(order, {"TEE": 3}, None)


async def nothing_is_wanted_any_more(trial: Trial) -> None:
    order = trial.buy({"MUG": 2})
    await trial.settle()
    trial.stage.carts[trial.shop].edit(order, {"MUG": 0}, None)


def test_a_person_is_told_of_an_edit_after_a_part_was_shipped() -> None:
    """The warehouse would never have heard of the three shirts, and nobody else either."""
    assert play(more_is_wanted_after_a_part_was_shipped, casts()[0]).words == ()


def test_a_person_is_told_when_everything_was_taken_off_a_delivered_order() -> None:
    """The warehouse would have shipped what nobody wants any more."""
    assert play(nothing_is_wanted_any_more, casts()[0]).words == ()


async def a_part_is_shipped_in_three_parcels(trial: Trial) -> None:
    order = trial.buy({"MUG": 5})
    await trial.settle()
    trial.ship(order, {"MUG": 3}, 3)
    trial.arm()


@pytest.mark.parametrize("fault", ["arrives twice", "lands late", "token revoked", DIES])
def test_a_part_is_told_once_even_if_the_request_is_carried_out_twice(fault: str) -> None:
    """A `fulfillmentCreate` for some of a fulfilment order is not refused the second time; for all of one it is."""
    requests = play(a_part_is_shipped_in_three_parcels, casts()[0]).requests
    for operation in ("fulfillmentOrderSplit", "fulfillmentCreate"):
        numbers = [request.number for request in requests if request.operation == operation]
        assert len(numbers) >= 3
        for number in numbers:
            assert play(a_part_is_shipped_in_three_parcels, casts()[0], number, fault).words == ()
