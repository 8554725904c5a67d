"""OrderDestination: whoever ships."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.canonical import Address, Delivery, DeliveryLine, Ref
from connectors.core.errors import Conflict, Invalid, NotFound, Refused
from connectors.ports import OrderDestination
from tests.ports.effort import effort
from tests.ports.rig import Rig, playing
from tests.ports.stage import Stage, play
from tests.ports.words import addresses, words

LINES = st.lists(st.tuples(st.integers(0, 2), st.integers(1, 10**6)), min_size=1, max_size=5)
WRONG_LINES = ((), (("A", 0),), (("A", -3),), (("", 1),), (("A", 10**30),), (("\ud800", 1),), (("A" * 100_000, 1),))


def delivery_of(reference: str, lines: tuple[tuple[str, int], ...], to: Address, note: str = "") -> Delivery:
    asked = tuple(DeliveryLine(sku, quantity, str(place)) for place, (sku, quantity) in enumerate(lines))
    return Delivery(reference, Ref("shop", "1"), "#1", asked, to, note=note)


@playing(OrderDestination)
@effort(80)
@given(reference=words(1), lines=LINES, to=addresses(), note=words())
def test_what_is_delivered_is_what_the_vendor_keeps_or_it_says_why_not(rig: Rig, reference, lines, to: Address, note):
    """To the letter, under the very reference; and the look-up finds it, and nothing that only looks like it."""

    async def story(stage: Stage) -> None:
        asked = tuple((rig.skus(stage)[place], quantity) for place, quantity in lines)
        delivery = delivery_of(reference, asked, to, note)
        error = await stage.refused(stage.connector.deliver(delivery, "key"))
        if error is not None:
            assert isinstance(error, Invalid), error
            assert error.message
            assert rig.deliveries_there(stage, reference) == []
            return
        assert rig.deliveries_there(stage, reference) == [rig.wanted_delivery(delivery)]
        state = await stage.connector.find_delivery(reference)
        assert (state.reference, state.status) == (reference, "open")
        assert await stage.connector.deliver(delivery, "another key") == state
        for other in (reference + "x", reference[:-1], reference.swapcase(), f"{reference} "):
            assert other == reference or await stage.connector.find_delivery(other) is None
        assert len(rig.deliveries_there(stage, reference)) == 1

    play(rig, story)


@playing(OrderDestination)
def test_a_delivery_no_vendor_takes_is_refused_with_a_reason_and_not_kept(rig: Rig):
    async def story(stage: Stage) -> None:
        fine = rig.new_delivery(stage)
        for lines in WRONG_LINES:
            error = await stage.refused(stage.connector.deliver(delivery_of("W", lines, fine.ship_to), "key"))
            assert isinstance(error, Invalid), (lines, error)
            assert error.message
        for reference in ("", "\ud800", "x" * 10_000):
            lines = tuple((line.sku, line.quantity) for line in fine.lines)
            error = await stage.refused(stage.connector.deliver(delivery_of(reference, lines, fine.ship_to), "key"))
            assert isinstance(error, Invalid), (reference[:9], error)
        assert rig.deliveries_there(stage, "W") == []

    play(rig, story)


@playing(OrderDestination)
@effort(40)
@given(reference=words(0, 40))
def test_nothing_is_found_under_a_reference_nobody_used(rig: Rig, reference: str):
    async def story(stage: Stage) -> None:
        rig.place_delivery(stage)
        await stage.connector.deliver(rig.new_delivery(stage), "key")
        assert await stage.connector.find_delivery(reference) is None

    play(rig, story, page_size=1)


@playing(OrderDestination)
def test_the_same_reference_for_other_goods_is_a_conflict_and_changes_nothing(rig: Rig):
    async def story(stage: Stage) -> None:
        delivery = rig.new_delivery(stage)
        await stage.connector.deliver(delivery, "key")
        before = stage.books()
        error = await stage.refused(stage.connector.deliver(rig.other_delivery(delivery), "key"))
        assert isinstance(error, Conflict)
        assert delivery.reference in error.message
        assert stage.books() == before

    play(rig, story)


@playing(OrderDestination)
def test_what_has_left_is_not_cancelled_and_what_is_cancelled_stays_so(rig: Rig):
    async def story(stage: Stage) -> None:
        shipped = await stage.connector.deliver(rig.new_delivery(stage), "key")
        rig.ship_delivery(stage, shipped.remote.id)
        before = stage.books()
        assert isinstance(await stage.refused(stage.connector.cancel_delivery(shipped.remote, "r", "key")), Conflict)
        assert stage.books() == before
        assert (await stage.connector.find_delivery(shipped.reference)).status == "shipped"

        cancelled = await stage.connector.deliver(rig.new_delivery(stage), "key")
        for _ in range(3):
            state = await stage.connector.cancel_delivery(cancelled.remote, "r", "key")
            assert (state.remote, state.status) == (cancelled.remote, "cancelled")
        assert (await stage.connector.find_delivery(cancelled.reference)).status == "cancelled"

    play(rig, story)


@playing(OrderDestination)
@pytest.mark.parametrize("id", ["987654321", "x", "", "../orders", "1/cancel", "?", "\ud800", "é", "\0"])
def test_what_is_not_there_cannot_be_cancelled(rig: Rig, id: str):
    async def story(stage: Stage) -> None:
        before = stage.books()
        error = await stage.refused(stage.connector.cancel_delivery(Ref("om", id), "r", "key"))
        assert isinstance(error, NotFound | Invalid | Refused), error
        assert stage.books() == before

    play(rig, story)
