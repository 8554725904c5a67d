"""Stock: what may be sold, told to every cart."""

from datetime import timedelta

from tests.sync.office import Office
from tests.sync.world import Depot, World, story


@story
async def test_an_order_that_landed_is_no_longer_subtracted_though_the_number_stayed_the_same() -> None:
    world = World(stock={"MUG": 10})
    office = Office(world)
    await office.round()
    world.shop.buy(("MUG", 3))
    await office.run("order_download", "inventory_upload")
    assert world.shop.stock["MUG"] == 7
    world.depot.on_hand["MUG"] += 3
    await office.run("order_delivery", "inventory", "inventory_upload")
    assert (world.depot.available("MUG"), world.shop.stock["MUG"]) == (10, 10)


@story
async def test_an_order_on_its_way_is_subtracted_until_the_warehouse_counts_it() -> None:
    world = World(stock={"MUG": 10})
    office = Office(world)
    await office.round()
    world.shop.buy(("MUG", 3))
    await office.run("order_download", "inventory", "inventory_upload")  # not delivered: the warehouse still says 10
    assert world.shop.stock["MUG"] == 7
    await office.run("order_delivery", "inventory_upload")  # delivered, and the last numbers are older than that
    assert world.shop.stock["MUG"] == 7
    await office.run("inventory", "inventory_upload")  # now they show it: 7, and nothing more to subtract
    assert (world.shop.stock["MUG"], world.depot.available("MUG")) == (7, 7)


@story
async def test_every_cart_is_told_what_one_of_them_sold() -> None:
    world = World(stock={"MUG": 10}, shops=("shop", "bazaar"))
    office = Office(world)
    await office.round()
    world.shops[0].buy(("MUG", 3))
    await office.run("order_download", "inventory_upload")
    assert [shop.stock["MUG"] for shop in world.shops] == [7, 7]


@story
async def test_safety_stock_and_other_places_are_not_for_sale_and_nothing_goes_below_zero() -> None:
    world = World(stock={"MUG": 10, "TEE": 3})
    office = Office(world, safety_default=2, safety={"TEE": 5})
    await office.round()
    assert world.shop.stock == {"MUG": 8, "TEE": 0}
    world.depot.on_hand["MUG"] = -4
    await office.round()
    assert world.shop.stock["MUG"] == 0

    elsewhere = World(stock={"MUG": 10})
    office = Office(elsewhere, warehouses=frozenset({"annex"}))
    await office.round()
    assert elsewhere.shop.stock["MUG"] == 0
    assert office.state("level:shop:MUG") == "never asked for"


@story
async def test_a_cart_that_put_goods_back_by_itself_is_told_the_number_again() -> None:
    world = World(stock={"MUG": 10})
    office = Office(world)
    order = world.shop.buy(("MUG", 3))
    await office.round(2)
    world.depot.call_off(world.job(order))
    await office.run("shipping_confirmations", "inventory", "inventory_upload")  # 10 again, before the cart knows why
    assert world.shop.stock["MUG"] == 10
    await office.run("shipment_upload")  # the cart cancels, and adds 3 by itself
    assert world.shop.stock["MUG"] == 13
    await office.run("inventory_upload")
    assert world.shop.stock["MUG"] == 10


@story
async def test_an_order_bought_and_cancelled_between_two_looks_leaves_no_trace_in_the_stock() -> None:
    world = World(stock={"MUG": 10})
    office = Office(world)
    await office.round()
    order = world.shop.buy(("MUG", 3))
    world.shop.change_mind(order)
    world.shop.stock["MUG"] = 7  # a cart that does not put back what was cancelled
    await office.round()
    assert world.shop.stock["MUG"] == 10


@story
async def test_a_warehouse_whose_numbers_trail_its_orders_is_given_time() -> None:
    class Trailing(Depot):
        def available(self, sku: str) -> int:
            counted = [job for job in self.jobs if job.created + timedelta(minutes=5) <= self.clock.now()]
            return self.on_hand.get(sku, 0) - sum(job.open_units.get(sku, 0) for job in counted)

    world = World(stock={"MUG": 10}, depot_class=Trailing)
    office = Office(world, stock_lag=timedelta(minutes=5))
    await office.round()
    world.shop.buy(("MUG", 3))
    for _ in range(4):
        await office.round()
        assert world.shop.stock["MUG"] <= 7
        await office.wait(60)
    await office.wait(300)
    await office.round(2)
    assert world.shop.stock["MUG"] == 7
