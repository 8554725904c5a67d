"""ShipmentSink: whoever wants to know what was shipped."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from connectors.canonical import Fulfillment, Parcel, Ref
from connectors.core.errors import Conflict, Invalid, NotFound, Refused
from connectors.ports import ShipmentSink
from tests.ports.calls import wanted_of
from tests.ports.effort import effort
from tests.ports.rig import Rig, playing
from tests.ports.stage import Stage, play
from tests.ports.words import parcels


def whole(rig: Rig, stage: Stage) -> Fulfillment:
    return next(iter(rig.fulfillments().values()))(stage)


@playing(ShipmentSink)
@effort(80)
@given(boxes=parcels(), shares=st.tuples(st.integers(0, 3), st.integers(0, 2)))
def test_what_is_told_is_what_the_vendor_keeps(rig: Rig, boxes: tuple[Parcel, ...], shares: tuple[int, int]):
    """Numbers, carrier and quantities to the letter; found again; told again it is the same one; and taken back."""

    async def story(stage: Stage) -> None:
        fine = whole(rig, stage)
        lines = tuple((line, share) for (line, _), share in zip(fine.lines, shares, strict=True) if share)
        fulfillment = replace(fine, lines=lines, parcels=boxes)
        error = await stage.refused(stage.connector.fulfill(fulfillment, "key"))
        if not lines:
            assert isinstance(error, Invalid)
            assert rig.telling(stage, fine.order) == []
            return
        assert error is None, error
        carriers = {parcel.carrier for parcel in boxes}
        kept = [parcel.tracking_number for parcel in boxes], carriers.pop() or None if len(carriers) == 1 else None
        assert rig.telling(stage, fine.order) == [(*kept, wanted_of(fulfillment))]
        id = await stage.connector.find_fulfillment(fulfillment)
        assert id is not None
        if boxes:
            assert await stage.connector.fulfill(fulfillment, "another key") == id
        assert rig.told(stage, fulfillment) == wanted_of(fulfillment)
        await stage.connector.cancel_fulfillment(id, "key")
        assert await stage.connector.find_fulfillment(fulfillment) is None
        assert rig.told(stage, fulfillment) == {}

    play(rig, story)


@dataclass(frozen=True)
class Other:
    """How another shipment differs from the one that was told."""

    name: str
    made: object


@playing(ShipmentSink)
def test_another_shipment_of_the_same_order_is_not_taken_for_the_one_that_was_told(rig: Rig):
    async def story(stage: Stage) -> None:
        fine = whole(rig, stage)
        (first, _), (second, _) = fine.lines
        told = replace(fine, lines=((first, 1), (second, 1)), parcels=(Parcel("1Z-A"), Parcel("1Z-B")))
        await stage.connector.fulfill(told, "key")
        assert await stage.connector.find_fulfillment(told) is not None
        for other in (
            replace(told, parcels=(Parcel("1Z-C"),)),
            replace(told, parcels=(Parcel("1Z-A"), Parcel("1Z-C"))),
            replace(told, parcels=()),
            replace(told, lines=((first, 2), (second, 1))),
            replace(told, order=Ref("shop", rig.place_order(stage))),
        ):
            assert await stage.connector.find_fulfillment(other) is None, other

    play(rig, story)


@playing(ShipmentSink)
@pytest.mark.parametrize("typed", ["1z-a", " 1Z-A ", "1Z - A"])
def test_a_tracking_number_is_known_again_however_it_is_typed(rig: Rig, typed: str):
    async def story(stage: Stage) -> None:
        told = replace(whole(rig, stage), parcels=(Parcel("1Z-A", "UPS"),))
        id = await stage.connector.fulfill(told, "key")
        again = replace(told, parcels=(Parcel(typed, "UPS"),))
        assert await stage.connector.find_fulfillment(again) == id
        assert await stage.connector.fulfill(again, "key") == id
        assert rig.told(stage, told) == wanted_of(told)

    play(rig, story)


@playing(ShipmentSink)
def test_more_than_is_wanted_is_a_conflict_and_changes_nothing(rig: Rig):
    async def story(stage: Stage) -> None:
        fine = whole(rig, stage)
        (first, quantity), _ = fine.lines
        for lines in (((first, quantity + 1),), ((first, quantity), (first, 1)), (("987654321", 1),)):
            before = stage.books()
            error = await stage.refused(stage.connector.fulfill(replace(fine, lines=lines), "key"))
            assert isinstance(error, Conflict), lines
            assert stage.books() == before
        await stage.connector.fulfill(fine, "key")
        before = stage.books()
        more = replace(fine, parcels=(Parcel("1Z-OTHER"),))
        assert isinstance(await stage.refused(stage.connector.fulfill(more, "key")), Conflict)
        assert stage.books() == before

    play(rig, story)


@playing(ShipmentSink)
def test_what_makes_no_sense_is_refused_before_anything_is_told(rig: Rig):
    async def story(stage: Stage) -> None:
        fine = whole(rig, stage)
        (first, _), _ = fine.lines
        for lines in ((), ((first, 0),), ((first, -1),), ((first, 2), (first, -2))):
            error = await stage.refused(stage.connector.fulfill(replace(fine, lines=lines), "key"))
            assert isinstance(error, Invalid), lines
        nowhere = replace(fine, order=Ref("shop", "987654321"))
        assert isinstance(await stage.refused(stage.connector.fulfill(nowhere, "key")), NotFound)
        assert isinstance(await stage.refused(stage.connector.find_fulfillment(nowhere)), NotFound)
        for id in ("x", "", "\ud800"):
            impossible = replace(fine, order=Ref("shop", id))
            assert isinstance(await stage.refused(stage.connector.fulfill(impossible, "key")), Refused), id
        strange = replace(fine, parcels=(Parcel("\ud800"),))
        assert isinstance(await stage.refused(stage.connector.fulfill(strange, "key")), Invalid)
        assert rig.telling(stage, fine.order) == []

    play(rig, story)


@playing(ShipmentSink)
def test_a_fulfilment_that_is_not_there_cannot_be_taken_back_and_one_taken_back_stays_so(rig: Rig):
    async def story(stage: Stage) -> None:
        for id in ("987654321", "", "x", ",", "1,x"):
            assert isinstance(await stage.refused(stage.connector.cancel_fulfillment(id, "key")), NotFound | Invalid)
        fine = whole(rig, stage)
        id = await stage.connector.fulfill(fine, "key")
        for _ in range(3):
            await stage.connector.cancel_fulfillment(id, "key")
        assert rig.told(stage, fine) == {}
        again = await stage.connector.fulfill(fine, "key")
        assert again != id, "what was taken back can be told anew"

    play(rig, story)
