"""Which orders are delivered, which are not yet, and which never."""

from datetime import timedelta

from connectors.canonical import Delivery, DeliveryState
from connectors.sync import Part, Select, SkuMap, SkuRule
from tests.sync.office import Office
from tests.sync.world import HOME, Depot, World, story


@story
async def test_one_order_that_does_not_map_holds_nothing_else_up_and_goes_once_it_maps() -> None:
    world = World()
    office = Office(world, skus=SkuMap(known=["MUG", "TEE", "CAP"]))
    good, bad = world.shop.buy(("MUG", 1)), world.shop.buy(("TEE-RED", 1))
    await office.round()
    assert office.state(f"deliver:shop:{bad}") == "dead: unmapped_sku"
    assert office.state(f"deliver:shop:{good}") == "done"
    (letter,) = office.engine.queue()
    assert "TEE-RED" in letter.words
    assert "unmapped_sku" in letter.next_step

    mapped = Office(
        world, ledger=office.ledger, skus=SkuMap([SkuRule("TEE-RED", (Part("TEE"),))], known=["MUG", "TEE", "CAP"])
    )

    assert mapped.engine.replay(Select(reason="unmapped_sku")) == [f"deliver:shop:{bad}"]
    await mapped.run("order_delivery")
    assert world.job(bad).lines == {"TEE": 1}


@story
async def test_replaying_what_is_still_wrong_says_so_again() -> None:
    world = World()
    office = Office(world, skus=SkuMap(known=["MUG"]))
    world.shop.buy(("TEE-RED", 1))
    await office.round()

    office.engine.replay(Select(kind="deliver"))
    await office.run("order_delivery")
    assert office.state("deliver:shop:o1") == "dead: unmapped_sku"


@story
async def test_an_order_that_is_corrected_in_the_cart_goes_by_itself() -> None:
    world = World()
    office = Office(world)
    order = world.shop.buy(("MUG", 1), ship_to=None)
    await office.round()
    assert office.state(f"deliver:shop:{order}") == "dead: no_address"

    world.shop.change(order, ship_to=HOME)
    await office.round()
    assert world.job(order).lines == {"MUG": 1}


@story
async def test_an_order_the_destination_refused_is_tried_again_when_it_is_changed_and_not_before() -> None:
    world = World()
    office = Office(world)
    order = world.shop.buy(("MUG", 1))
    world.faults.next("deliver", "refuse")
    await office.round()
    world.shop.change(order, status="open")  # touched, and still the same delivery
    await office.round()
    assert office.state(f"deliver:shop:{order}") == "dead: invalid"
    world.shop.change(order, lines=[("MUG", 2)])
    await office.round()
    assert world.job(order).lines == {"MUG": 2}


@story
async def test_an_order_waits_for_its_payment_and_its_release() -> None:
    world = World()
    office = Office(world)
    order = world.shop.buy(("MUG", 1), paid=False)
    await office.round()
    assert world.depot.jobs == []
    assert world.shop.stock["MUG"] == 49  # and its mug is set aside
    world.shop.change(order, paid=True, status="held")
    await office.round()
    assert world.depot.jobs == []
    world.shop.change(order, status="open")
    await office.round(2)
    assert world.job(order).lines == {"MUG": 1}
    assert world.broken() == []


@story
async def test_an_order_put_on_hold_before_it_was_delivered_is_not() -> None:
    world = World()
    office = Office(world, delivery_delay=timedelta(minutes=10))
    order = world.shop.buy(("MUG", 1))
    await office.round()
    world.shop.change(order, status="held")
    await office.round()
    await office.wait(601)
    await office.round()
    assert (world.depot.jobs, office.state(f"deliver:shop:{order}")) == ([], "void: held")


@story
async def test_a_delay_gives_the_shopper_time_to_cancel_at_no_cost() -> None:
    world = World()
    office = Office(world, delivery_delay=timedelta(minutes=10))
    kept, regretted = world.shop.buy(("MUG", 1)), world.shop.buy(("MUG", 1))
    await office.round()
    world.shop.change_mind(regretted)
    await office.wait(601)
    await office.round(2)
    assert world.job(kept)
    assert (len(world.depot.jobs), world.depot.count("cancel_delivery")) == (1, 0)
    assert world.broken() == []


@story
async def test_an_edit_after_delivery_is_told_to_a_person() -> None:
    world = World()
    office = Office(world)
    order = world.shop.buy(("MUG", 1))
    await office.round()
    world.shop.change(order, lines=[("MUG", 3)])
    await office.round()
    assert office.incidents() == [f"edited_late:shop:{order}"]
    assert world.job(order).lines == {"MUG": 1}


@story
async def test_an_order_whose_every_line_was_dropped_after_delivery_is_told_to_a_person() -> None:
    """Some carts keep a line that was taken off, with nothing wanted of it; others drop it, to the last one."""
    world = World()
    office = Office(world)
    order = world.shop.buy(("MUG", 1))
    await office.round()
    world.shop.change(order, lines=[])
    await office.round()
    assert office.incidents() == [f"edited_late:shop:{order}"]
    assert world.job(order).lines == {"MUG": 1}


@story
async def test_an_edit_while_nobody_knows_sends_the_same_again_and_tells_a_person() -> None:
    sent: list[tuple[str, object]] = []

    class Keyed(Depot):
        async def deliver(self, delivery: Delivery, key: str) -> DeliveryState:
            sent.append((key, delivery))
            return await super().deliver(delivery, key)

    world = World(depot_class=Keyed)
    office = Office(world)
    order = world.shop.buy(("MUG", 1))
    world.faults.next("deliver", "before")
    await office.run("order_download", "order_delivery")
    world.shop.change(order, lines=[("MUG", 3)])
    await office.run("order_download")
    await office.settle()
    await office.run("order_delivery")
    assert sent[0] == sent[1]  # a vendor that remembers the key would refuse anything else under it
    assert office.incidents() == [f"edited_late:shop:{order}"]


@story
async def test_an_edit_of_what_was_given_up_as_unknown_does_not_send_it_again() -> None:
    world = World()
    office = Office(world, unknown_maximum=1)
    order = world.shop.buy(("MUG", 1))
    world.faults.next("deliver", "lost")
    await office.run("order_download", "order_delivery")
    world.shop.change(order, lines=[("MUG", 3)])
    await office.settle()
    await office.round(2)
    assert office.state(f"deliver:shop:{order}") == "dead: unknown"
    assert len(world.depot.jobs) == 1
