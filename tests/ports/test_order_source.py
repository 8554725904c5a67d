"""OrderSource: whoever sells."""

from datetime import UTC
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.canonical import Address
from connectors.core.errors import Conflict, Invalid, NotFound, Refused
from connectors.ports import OrderSource
from tests.ports.effort import effort
from tests.ports.rig import Rig, playing
from tests.ports.stage import Stage, play, rows_of
from tests.ports.words import addresses, words

NO_IDS = ("", "x", "1/../2", "1?x=y", "gid://shopify/Order/1", "-1", "9" * 40, "١٢", "\ud800", "\0", "1 OR 2")


@playing(OrderSource)
@effort(60)
@given(
    to=addresses(),
    lines=st.dictionaries(st.integers(0, 2), st.integers(1, 9), min_size=1),
    email=st.sampled_from(("ana@example.com", "o'hara+x@example.co.uk")),
    note=words(),
    shipping=words(1, 20),
)
def test_what_was_bought_is_what_is_read(rig: Rig, to: Address, lines: dict[int, int], email, note, shipping):
    """Address, lines, e-mail, note and shipping, to the letter; by id and in the list."""

    async def story(stage: Stage) -> None:
        basket = {rig.skus(stage)[place]: quantity for place, quantity in lines.items()}
        id = rig.buy(stage, to, basket, email, note, shipping)
        order = await stage.connector.order(id)
        assert order == (await rows_of(stage.connector.orders()))[-1]
        assert order.ship_to == to
        assert {line.sku: line.quantity for line in order.lines} == basket
        assert (order.email, order.note, order.shipping_method) == (email, note, shipping)

    play(rig, story)


@playing(OrderSource)
def test_an_order_is_complete_and_its_words_are_of_their_kinds(rig: Rig):
    async def story(stage: Stage) -> None:
        id = rig.place_order(stage)
        order = await stage.connector.order(id)
        assert order.source.id == id
        assert order.source.connection == stage.connector.connection
        assert order.status == "open"
        assert order.paid
        assert order.placed.tzinfo is UTC
        assert order.updated.tzinfo is UTC
        assert type(order.total.amount) is Decimal
        assert order.total.currency == order.currency
        assert len({line.id for line in order.lines}) == len(order.lines) > 0
        assert all(line.fulfillable == line.quantity > 0 for line in order.lines)
        spent = sum((line.unit_price.amount * line.quantity for line in order.lines), Decimal(0))
        assert 0 < spent <= order.total.amount

    play(rig, story)


@playing(OrderSource)
def test_an_order_tells_how_its_shipping_and_cancelling_stand(rig: Rig):
    async def story(stage: Stage) -> None:
        shipped, cancelled = rig.place_order(stage), rig.place_order(stage)
        rig.ship_order(stage, shipped)
        await stage.connector.cancel_order(cancelled, "INVENTORY", "key")
        assert (await stage.connector.order(shipped)).status == "partly_shipped"
        order = await stage.connector.order(cancelled)
        assert order.status == "cancelled"
        assert [line.fulfillable for line in order.lines] == [0] * len(order.lines)

    play(rig, story)


@playing(OrderSource)
def test_an_order_that_is_not_there_is_none_and_what_cannot_be_an_id_is_refused(rig: Rig):
    async def story(stage: Stage) -> None:
        assert await stage.connector.order("987654321") is None
        for id in NO_IDS:
            for call in (stage.connector.order(id), stage.connector.cancel_order(id, "OTHER", "key")):
                assert isinstance(await stage.refused(call), Invalid), id
        assert stage.edge.requests[1:] == [], "nobody was asked for what cannot be"

    play(rig, story)


@playing(OrderSource)
def test_what_has_left_cannot_be_cancelled_and_what_is_unknown_neither(rig: Rig):
    async def story(stage: Stage) -> None:
        id = rig.place_order(stage)
        rig.ship_order(stage, id)
        before = stage.books()
        assert isinstance(await stage.refused(stage.connector.cancel_order(id, "OTHER", "key")), Conflict)
        assert stage.books() == before
        assert isinstance(await stage.refused(stage.connector.cancel_order("987654321", "OTHER", "key")), NotFound)

    play(rig, story)


@playing(OrderSource)
@pytest.mark.parametrize("reason", ["", "CUSTOMER", "customer changed their mind", "ä" * 5000, "\ud800", "\0"])
def test_any_reason_will_do_or_is_refused(rig: Rig, reason: str):
    async def story(stage: Stage) -> None:
        id = rig.place_order(stage)
        error = await stage.refused(stage.connector.cancel_order(id, reason, "key"))
        assert error is None or isinstance(error, Refused)
        assert rig.is_order_cancelled(stage, id) == (error is None)

    play(rig, story)
