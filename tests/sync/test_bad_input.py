"""Bad input from outside: each ends in the error queue or is refused, in words a person understands, and holds nothing
else up. Beside every bad record there is a good one, which goes all the way.

A webhook with a wrong signature is in test_receiver.py, with everything else a stranger may send.
"""

from collections.abc import AsyncIterator, Callable
from decimal import Decimal

import pytest
from msgspec.structs import replace

from connectors.canonical import Money, Order, Page
from tests.sync.office import Office
from tests.sync.world import HOME, Shop, World, run, story

Twist = Callable[[Order], Order]


class OddShop(Shop):
    """A cart whose first order is not as orders are."""

    twist: Twist

    def _order(self, placed: object) -> Order:
        order = super()._order(placed)  # type: ignore[arg-type]
        return self.twist(order) if order.source.id == "o1" else order


def of_line(**fields: object) -> Twist:
    return lambda order: replace(order, lines=(replace(order.lines[0], **fields),))


BAD_ORDERS: dict[str, tuple[Twist, str, str]] = {
    "without lines": (lambda order: replace(order, lines=()), "no_lines", "Order #o1 has no lines."),
    "to an unknown country": (
        lambda order: replace(order, ship_to=replace(HOME, country="Freedonia")),
        "bad_country",
        "Order #o1 goes to 'Freedonia', which is no country's two-letter code.",
    ),
    "of zero": (of_line(quantity=0), "bad_quantity", "Order #o1 asks for 0 of MUG."),
    "of less than zero": (of_line(quantity=-2), "bad_quantity", "Order #o1 asks for -2 of MUG."),
    "at a negative price": (
        of_line(unit_price=Money(Decimal("-1.50"), "USD")),
        "negative_price",
        "Order #o1 sells MUG for -1.50.",
    ),
    "of a SKU of 300 characters": (of_line(sku="X" * 300), "bad_sku", "has 300 characters; the longest"),
}


@pytest.mark.parametrize("bad", BAD_ORDERS)
def test_a_bad_order_waits_for_a_person_and_the_good_one_beside_it_goes_all_the_way(bad: str) -> None:
    twist, reason, words = BAD_ORDERS[bad]

    async def it() -> None:
        OddShop.twist = staticmethod(twist)
        world = World(shop_class=OddShop)
        office = Office(world)
        world.shop.buy(("MUG", 1))
        good = world.shop.buy(("MUG", 2))
        await office.round(2)
        (letter,) = office.engine.queue()
        assert (letter.key, letter.reason) == ("deliver:shop:o1", reason)
        assert words in letter.words
        assert letter.next_step
        world.depot.pack(world.job(good), {"MUG": 2}, "T1")
        await office.round(2)
        assert [told.numbers for told in world.shop.live(good)] == [("T1",)]
        assert office.engine.left() == 0
        assert office.incidents() == []  # the feed itself is well

    run(it)


@story
async def test_the_same_order_number_from_two_carts_is_two_orders_and_two_parcels() -> None:
    world = World(shops=("shop", "bazaar"))
    office = Office(world)
    for shop in world.shops:
        shop.buy(("MUG", 1))
    await office.round()
    for number, job in enumerate(world.depot.jobs):
        world.depot.pack(job, {"MUG": 1}, f"T{number}")
    await office.round(2)
    assert sorted(job.reference for job in world.depot.jobs) == ["bazaar:o1", "shop:o1"]
    assert all(len(shop.live("o1")) == 1 for shop in world.shops)
    assert office.engine.queue() == []


class Circling(Shop):
    """A list that goes round: page after page, each with the cursor of the same place in `circle`."""

    circle: tuple[str, ...] = ()

    async def orders(self, cursor: str | None = None) -> AsyncIterator[Page[Order]]:
        rows = [self._order(one) for one in self.orders_placed.values()]
        for at, following in enumerate(self.circle):
            yield Page((rows[at % len(rows)],), following)
        raise AssertionError("nobody stopped it")


@pytest.mark.parametrize(
    ("circle", "words"),
    [
        (("a", "a", "a", "a"), "orders of shop: a page repeats itself."),
        (("a", "b", "a", "c"), "orders of shop: the cursor went back to where it was before."),
    ],
)
def test_a_page_that_repeats_or_a_cursor_that_goes_back_is_told_to_a_person_and_its_orders_go(
    circle: tuple[str, ...], words: str
) -> None:
    async def it() -> None:
        world = World(shop_class=Circling)
        world.shop.circle = circle  # type: ignore[attr-defined]
        office = Office(world)
        orders = [world.shop.buy(("MUG", 1)) for _ in range(3 if "went back" in words else 2)][:2]
        (ended,) = await office.run("order_download")
        assert words in ended.error
        await office.round(3)
        (incident,) = office.ledger.incidents()
        assert incident.key == "failing:shop:order_download"
        assert words in incident.words
        assert incident.next_step
        for number, order in enumerate(orders):
            world.depot.pack(world.job(order), {"MUG": 1}, f"T{number}")
        await office.round(2)
        assert [len(world.shop.live(order)) for order in orders] == [1] * len(orders)

    run(it)


@story
async def test_a_warehouse_that_ships_more_than_was_ordered_is_told_to_a_person_and_other_parcels_go() -> None:
    world = World()
    office = Office(world)
    order, good = world.shop.buy(("MUG", 2)), world.shop.buy(("TEE", 1))
    await office.round()
    world.depot.pack(world.job(order), {"MUG": 3}, "T1")
    world.depot.pack(world.job(good), {"TEE": 1}, "T2")
    await office.round(2)
    (letter,) = office.engine.queue()
    assert letter.reason == "more_than_ordered"
    assert "was sent more than was ordered: 1 × MUG too many" in letter.words
    assert letter.next_step
    assert (world.shop.live(order), [told.numbers for told in world.shop.live(good)]) == ([], [("T2",)])
    assert office.engine.left() == 0
