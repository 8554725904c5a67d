"""What happens to orders at Order Manager: they wait, go on when what they lack is there, and are called off."""

import pytest

from mock_servers.core.fake import Size
from mock_servers.core.refusal import Refusal, UsageError
from tests.extensiv_order_manager.guide import HOME, LAMP, MUG, OM, level, now, order, place, state, stocked
from tests.support import Bench, bench


@pytest.fixture
def om() -> Bench:
    return stocked()


@pytest.fixture(autouse=True)
def books_in_order(om):
    """Whatever a story tells, nothing may have gone wrong in the books behind it."""
    yield
    assert om.sound() == []


# Created -------------------------------------------------------------------------------------------------------------


def test_an_order_is_kept_as_it_was_told_and_takes_its_stock(om):
    made = place(om)
    assert made == {
        "id": "70012",
        "order_number": "PO-778",
        "status": "pending",
        "created_at": "2026-11-23T12:00:00Z",
        "updated_at": "2026-11-23T12:00:00Z",
        "items": [{"sku": MUG, "quantity": 3}],
        "shipping_address": HOME,
        "shipments": [],
    }
    assert now(om, "70012") == made
    assert om.get("/api/orders").json()["data"] == [made]
    assert state(om) == ("AWAITING_3PL_EXPORT", "RESOLVED")
    assert level(om) == (40, 3, 37)


def test_optional_words_come_back_and_only_where_they_were_said(om):
    made = om.post("/api/orders", order(shipping_method="Ground", notes="Ring twice")).json()
    assert (made["shipping_method"], made["notes"]) == ("Ground", "Ring twice")


@pytest.mark.parametrize(
    ("sent", "kept", "told"), [("US", "USA", "US"), ("usa", "USA", "US"), ("de", "DEU", "DE"), ("GBR", "GBR", "GB")]
)
def test_a_country_is_taken_in_two_letters_or_three_kept_in_three_and_told_in_two(om, sent, kept, told):
    made = om.post("/api/orders", order(shipping_address=HOME | {"country": sent})).json()
    assert made["shipping_address"]["country"] == told
    assert om.documents("order")[0]["shipping_address"]["country"] == kept


def test_the_same_order_again_is_answered_with_the_one_that_is_there(om):
    made = place(om)
    om.advance(60)
    again = om.post("/api/orders", dict(reversed(order().items())))
    assert (again.status_code, again.json()) == (200, made)
    assert "location" not in again.headers
    assert level(om) == (40, 3, 37)


def test_the_same_order_again_is_answered_as_it_is_by_now(om):
    made = place(om)
    om.act("ship", order="PO-778", tracking_number="1Z7")
    again = om.post("/api/orders", order())
    assert (again.status_code, again.json()["status"], again.json()["id"]) == (200, "fulfilled", made["id"])


def test_the_same_number_with_another_content_is_refused_and_nothing_changes(om):
    place(om)
    before = om.kept()
    for other in (order("PO-778", (MUG, 4)), order(notes="more"), order(shipping_address=HOME | {"city": "Troy"})):
        answer = om.post("/api/orders", other)
        assert answer.status_code == 409
        assert answer.json()["error"] == {
            "code": "duplicate_order",
            "message": "Order number PO-778 exists already, with other content.",
        }
    assert om.kept() == before


def test_a_world_may_have_the_same_number_be_another_order(om):
    """That a number is known again is an assumption (A8): whoever writes here has to get by with less."""
    om.world.settings["extensiv_order_manager.numbers_may_repeat"] = True
    made, again = place(om), om.post("/api/orders", order())
    assert again.status_code == 201
    assert again.json()["id"] != made["id"]


def test_a_sku_named_twice_is_one_shelf(om):
    made = place(om, "PO-778", (MUG, 3), (LAMP, 1), (MUG, 2))
    assert [item["quantity"] for item in made["items"]] == [3, 1, 2]
    assert (level(om), level(om, LAMP)) == ((40, 5, 35), (3, 1, 2))


def test_an_order_goes_to_the_first_warehouse_that_has_all_of_it(om):
    om.act("count_stock", sku=LAMP, quantity=10, warehouse="502")
    place(om, "PO-1", (LAMP, 5))
    assert state(om, "PO-1") == ("AWAITING_SHIPMENT", "RESOLVED")
    assert (level(om, LAMP), level(om, LAMP, 502)) == ((3, 0, 3), (10, 5, 5))


def test_what_nobody_has_enough_of_is_backordered_in_the_first_warehouse(om):
    place(om, "PO-1", (LAMP, 5))
    assert level(om, LAMP) == (3, 5, -2)
    om.act("count_stock", sku=LAMP, quantity=9)
    assert level(om, LAMP) == (9, 5, 4)


# Unresolved ----------------------------------------------------------------------------------------------------------


def test_an_unknown_sku_is_taken_and_waits_and_takes_no_stock(om):
    made = place(om, "PO-1", (MUG, 1), ("TRAY-09", 2))
    assert made["status"] == "pending"
    assert state(om, "PO-1") == ("UNRESOLVED", "MISSING_PRODUCT_INFO")
    assert level(om) == (40, 0, 40)
    with pytest.raises(UsageError, match="UNRESOLVED"):
        om.act("ship", order="PO-1")


@pytest.mark.parametrize("way", ["the API", "the desk"])
def test_the_product_resolves_the_orders_that_waited_for_it(om, way):
    place(om, "PO-1", (MUG, 1), ("TRAY-09", 2))
    place(om, "PO-2", ("TRAY-09", 1), ("VASE-11", 1))
    om.advance(60)
    if way == "the API":
        assert om.post("/api/products", {"sku": "TRAY-09", "name": "Tray"}).status_code == 201
    else:
        om.act("add_product", sku="TRAY-09", quantity=0)
    assert state(om, "PO-1") == ("AWAITING_3PL_EXPORT", "RESOLVED")
    assert state(om, "PO-2") == ("UNRESOLVED", "MISSING_PRODUCT_INFO")
    assert (level(om), level(om, "TRAY-09")) == ((40, 1, 39), (0, 2, -2))
    moved = {each["order_number"]: each["updated_at"] for each in om.get("/api/orders").json()["data"]}
    assert moved == {"PO-1": "2026-11-23T12:01:00Z", "PO-2": "2026-11-23T12:00:00Z"}


def test_without_any_warehouse_an_order_waits_for_one():
    om = bench(OM)
    om.post("/api/products", {"sku": MUG, "name": "Mug"})
    made = om.post("/api/orders", order())
    assert (made.status_code, made.json()["status"]) == (201, "pending")
    assert state(om) == ("UNRESOLVED", "MISSING_FULFILLMENT_SOURCE")
    om.sandbox.fill(Size(orders=0, products=1))
    assert state(om) == ("AWAITING_3PL_EXPORT", "RESOLVED")
    assert om.sound() == []


# Cancelled -----------------------------------------------------------------------------------------------------------


def test_a_cancelled_order_gives_its_stock_back(om):
    made = place(om)
    om.advance(60)
    answer = om.post(f"/api/orders/{made['id']}/cancel", {"reason": "BUYER_CANCELLED"})
    assert answer.status_code == 200
    assert answer.json() == made | {"status": "cancelled", "updated_at": "2026-11-23T12:01:00Z"}
    assert level(om) == (40, 0, 40)


def test_a_cancellation_needs_no_body(om):
    made = place(om)
    answer = om.client.post(f"/api/orders/{made['id']}/cancel")
    assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")


def test_to_cancel_again_changes_nothing(om):
    made = place(om)
    first = om.post(f"/api/orders/{made['id']}/cancel").json()
    om.advance(60)
    before = om.kept()
    again = om.post(f"/api/orders/{made['id']}/cancel")
    assert (again.status_code, again.json()) == (200, first)
    assert om.kept() == before


def test_an_unresolved_order_can_be_cancelled_and_stays_so_when_its_product_comes(om):
    made = place(om, "PO-1", ("TRAY-09", 2))
    assert om.post(f"/api/orders/{made['id']}/cancel").json()["status"] == "cancelled"
    om.act("add_product", sku="TRAY-09", quantity=5)
    assert state(om, "PO-1")[0] == "CANCELLED"
    assert level(om, "TRAY-09") == (5, 0, 5)


def test_what_has_shipped_is_not_cancelled(om):
    made = place(om)
    om.act("ship", order="PO-778")
    before = om.kept()
    answer = om.post(f"/api/orders/{made['id']}/cancel")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "order_not_cancellable")
    assert answer.json()["error"]["message"] == "Order PO-778 is fulfilled and cannot be cancelled."
    with pytest.raises(Refusal, match="order_not_cancellable"):
        om.act("cancel", order="PO-778")
    assert om.kept() == before


def test_what_has_shipped_in_part_is_not_cancelled(om):
    made = place(om)
    om.act("ship", order="PO-778", items={MUG: 1})
    answer = om.post(f"/api/orders/{made['id']}/cancel")
    assert (answer.status_code, "partly shipped" in answer.json()["error"]["message"]) == (409, True)


def test_what_came_back_before_it_left_can_be_cancelled(om):
    made = place(om)
    [parcel] = om.act("ship", order="PO-778", items={MUG: 1})["shipments"]
    om.act("void", shipment=parcel["shipment"])
    assert om.post(f"/api/orders/{made['id']}/cancel").status_code == 200
    assert level(om) == (40, 0, 40)


def test_the_desk_cancels_as_the_api_does(om):
    place(om)
    assert om.act("cancel", order="PO-778") == {"order_number": "PO-778", "status": "cancelled"}
    assert level(om) == (40, 0, 40)
