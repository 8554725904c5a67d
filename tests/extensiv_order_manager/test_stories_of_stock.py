"""The stock under Order Manager's orders, its lists, and the shop that is seeded."""

import json

import pytest

from mock_servers.core.fake import Size
from mock_servers.core.refusal import Refusal, UsageError
from tests.extensiv_order_manager.guide import HOME, LAMP, MUG, OM, level, order, place, stocked
from tests.support import Bench, bench


@pytest.fixture
def om() -> Bench:
    return stocked()


@pytest.fixture(autouse=True)
def books_in_order(om):
    """Whatever a story tells, nothing may have gone wrong in the books behind it."""
    yield
    assert om.sound() == []


# Stock ---------------------------------------------------------------------------------------------------------------


def test_what_is_available_is_set_and_what_is_taken_stays_taken(om):
    place(om)
    answer = om.post("/api/inventory/update", {"sku": MUG, "availableQuantity": 10})
    assert (answer.status_code, answer.json()) == (
        200,
        {"sku": MUG, "warehouse_id": 501, "on_hand": 13, "allocated": 3, "available": 10},
    )
    assert level(om) == (13, 3, 10)


def test_a_warehouse_may_be_named(om):
    answer = om.post("/api/inventory/update", {"sku": MUG, "availableQuantity": 7, "warehouseId": 502})
    assert answer.json()["warehouse_id"] == 502
    assert (level(om), level(om, MUG, 502)) == ((40, 0, 40), (7, 0, 7))


def test_to_set_it_again_is_to_set_it(om):
    for _ in range(3):
        om.post("/api/inventory/update", {"sku": MUG, "availableQuantity": 10})
    assert level(om) == (10, 0, 10)


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"sku": "NO-SUCH", "availableQuantity": 1}, 404, None),
        ({"sku": MUG, "availableQuantity": 1, "warehouseId": 9}, 404, None),
        ({"sku": MUG, "availableQuantity": 1, "warehouseId": 10**30}, 404, None),
        ({"sku": MUG, "availableQuantity": -1}, 422, "availableQuantity"),
        ({"sku": MUG, "availableQuantity": 100_000_001}, 422, "availableQuantity"),
        ({"sku": MUG, "availableQuantity": 1.5}, 422, "availableQuantity"),
        ({"sku": MUG, "availableQuantity": "7"}, 422, "availableQuantity"),
        ({"sku": MUG}, 422, "availableQuantity"),
        ({"availableQuantity": 7}, 422, "sku"),
        ({"sku": "", "availableQuantity": 7}, 422, "sku"),
        ({"sku": MUG, "availableQuantity": 1, "warehouse_id": 501}, 422, "warehouse_id"),
    ],
)
def test_a_level_that_cannot_be_set_is_refused_and_nothing_moves(om, body, status, field):
    before = om.kept()
    answer = om.post("/api/inventory/update", body)
    assert answer.status_code == status
    if field:
        assert [each["field"] for each in answer.json()["error"]["details"]] == [field]
    assert om.kept() == before


def test_the_most_that_a_shelf_can_hold(om):
    answer = om.post("/api/inventory/update", {"sku": MUG, "availableQuantity": 100_000_000})
    assert answer.json()["on_hand"] == 100_000_000


def test_a_whole_number_of_mugs_is_one_however_it_is_written(om):
    text = b'{"order_number": "PO-1", "items": [{"sku": "MUG-01", "quantity": 2.0}], "shipping_address": %s}'

    body = text % json.dumps(HOME).encode()
    made = om.client.post("/api/orders", content=body, headers={"Content-Type": "application/json"})
    assert made.json()["items"] == [{"sku": MUG, "quantity": 2}]
    assert om.post("/api/orders", order("PO-1", (MUG, 2))).status_code == 200
    om.act("ship", order="PO-1", parcels=2)
    assert level(om) == (38, 0, 38)


def test_a_count_is_what_lies_on_the_shelf(om):
    place(om)
    assert om.act("count_stock", sku=MUG, quantity=5) == {"sku": MUG, "warehouse": "501", "on_hand": 5}
    assert level(om) == (5, 3, 2)


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"sku": "NO-SUCH", "quantity": 1}, Refusal),
        ({"sku": MUG, "quantity": 1, "warehouse": "9"}, Refusal),
        ({"sku": MUG, "quantity": 1, "warehouse": "East"}, Refusal),
        ({"sku": MUG, "quantity": -1}, UsageError),
        ({"sku": MUG, "quantity": 100_000_001}, UsageError),
        ({"sku": MUG}, UsageError),
    ],
)
def test_a_count_that_cannot_be_is_refused_and_nothing_moves(om, form, error):
    before = om.kept()
    with pytest.raises(error):
        om.act("count_stock", **form)
    assert om.kept() == before


# Lists and products --------------------------------------------------------------------------------------------------


def test_orders_are_listed_by_status_number_and_change(om):
    for number in ("PO-1", "PO-2", "PO-3", "PO-4"):
        place(om, number)
        om.advance(10)
    om.act("ship", order="PO-1")
    om.advance(10)
    om.act("cancel", order="PO-2")

    def numbers(query: str) -> list[str]:
        told = om.get(f"/api/orders?{query}").json()
        assert told["total"] == len(told["data"])
        return [each["order_number"] for each in told["data"]]

    assert numbers("") == ["PO-1", "PO-2", "PO-3", "PO-4"]
    assert numbers("status=pending") == ["PO-3", "PO-4"]
    assert numbers("status=fulfilled") == ["PO-1"]
    assert numbers("status=cancelled") == ["PO-2"]
    assert numbers("order_number=PO-3") == ["PO-3"]
    assert numbers("order_number=PO") == numbers("order_number=po-3") == []
    assert numbers("updated_since=2026-11-23T12:00:40Z") == ["PO-1", "PO-2"]
    assert numbers("updated_since=2026-11-23T12:00:40.001Z&status=pending") == []
    assert numbers("updated_since=2026-11-23T14:00:50%2B02:00") == ["PO-2"]
    assert numbers("updated_since=0988-01-01T00:00:00Z") == ["PO-1", "PO-2", "PO-3", "PO-4"]
    assert numbers("updated_since=2026-11-23T12:00:51Z") == []
    assert numbers("unheard_of=1") == ["PO-1", "PO-2", "PO-3", "PO-4"]


def test_a_product_is_made_once(om):
    made = om.post("/api/products", {"sku": "TRAY-09", "name": "Tray", "price": {"amount": 4.5, "currency": "USD"}})
    assert made.status_code == 201
    assert om.get("/api/products?sku=TRAY-09").json()["data"] == [made.json()]
    again = om.post("/api/products", {"sku": "TRAY-09", "name": "Tray"})
    assert (again.status_code, again.json()["error"]["code"]) == (409, "duplicate_product")
    with pytest.raises(Refusal, match="duplicate_product"):
        om.act("add_product", sku="TRAY-09")


def test_warehouses_are_told_alone_and_with_what_they_hold(om):
    alone = om.get("/api/warehouses").json()["data"]
    assert alone == [
        {"warehouse_id": 501, "name": "East", "type": "THIRD_PARTY_LOGISTICS"},
        {"warehouse_id": 502, "name": "West", "type": "DIRECT_FULFILLMENT"},
    ]
    told = om.get("/api/inventory/warehouses").json()["data"]
    assert [{name: each[name] for name in each if name != "inventory"} for each in told] == alone
    assert {shelf["sku"] for shelf in told[0]["inventory"]} >= {MUG, LAMP}
    assert told[1]["inventory"] == []
    assert om.get("/api/inventory/warehouses?warehouse_id=9").json()["data"] == []
    assert [each["inventory"] for each in om.get("/api/inventory/warehouses?sku=NO-SUCH").json()["data"]] == [[], []]


def test_shipments_are_listed_by_the_order_they_are_of(om):
    place(om, "PO-1")
    place(om, "PO-2")
    om.act("ship", order="PO-2", parcels=2)
    om.act("ship", order="PO-1")
    assert [each["order_number"] for each in om.get("/api/shipments").json()["data"]] == ["PO-2", "PO-2", "PO-1"]
    assert len(om.get("/api/shipments?order_number=PO-2").json()["data"]) == 2


# The seed ------------------------------------------------------------------------------------------------------------


def test_a_seeded_shop_refers_to_nothing_that_is_not_there():
    om = bench(OM, fill=Size(orders=2500, products=40))
    orders = om.documents("order")
    assert (len(orders), len({each["id"] for each in orders}), len({each["order_number"] for each in orders})) == (
        2500,
    ) * 3
    skus = {each["sku"] for each in om.documents("product")}
    assert {item["sku"] for each in orders for item in each["items"]} <= skus
    assert om.sound() == []
    page = om.get("/api/orders?page=5&pageSize=500").json()
    assert (page["total"], len(page["data"])) == (2500, 500)
    made = place(om, "PO-1", (orders[0]["items"][0]["sku"], 1))
    assert made["id"] == str(70012 + 2500)


def test_a_shop_of_ten_thousand_orders_is_in_order():
    om = bench(OM, fill=Size(orders=10_000, products=200))
    assert om.get("/api/orders?pageSize=1").json()["total"] == 10_000
    assert om.sound() == []
    before = om.kept_bodies()
    om.act("cancel", order="SEED-70012")
    om.world.reset()
    assert om.kept_bodies() == before


def test_a_seed_that_is_broken_off_leaves_books_in_order():
    om = bench(OM)
    seeding = om.world.seed_with(OM, Size(orders=5000, products=10))
    assert next(seeding) == 1000
    seeding.close()
    assert len(om.documents("order")) == 1000
    assert om.sound() == []


def test_the_same_seed_gives_the_same_shop_and_another_gives_another():
    def shop(seed: int) -> bytes:
        return bench(OM, fill=Size(orders=60), seed=seed).get("/api/orders?pageSize=500").content

    assert shop(1) == shop(1)
    assert shop(1) != shop(2)


def test_a_second_seed_adds_to_the_first(om):
    om.sandbox.fill(Size(orders=30, products=5))
    om.sandbox.fill(Size(orders=30, products=8))
    assert len(om.documents("order")) == 60
    assert len({each["sku"] for each in om.documents("product")}) == len(om.documents("product")) == 8 + 2
