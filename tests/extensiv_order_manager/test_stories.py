"""What happens at Order Manager: orders that wait, ship, come back and are called off, and the stock under them."""

import json
from typing import Any

import pytest

from mock_servers.core.fake import Size
from mock_servers.core.refusal import Refusal, UsageError
from tests.support import Bench, bench

OM = "extensiv_order_manager"
HOME = {
    "name": "Ana Ruiz",
    "street1": "5 Pine Rd",
    "city": "Albany",
    "state": "NY",
    "postal_code": "12207",
    "country": "US",
}
MUG, LAMP = "MUG-01", "LAMP-02"


@pytest.fixture
def om() -> Bench:
    """Two warehouses, and forty mugs and three lamps in the first."""
    om = bench(OM, fill=Size(orders=0, products=1))
    for sku, quantity in ((MUG, 40), (LAMP, 3)):
        om.act("add_product", sku=sku, name=sku.title(), quantity=quantity)
    return om


@pytest.fixture(autouse=True)
def books_in_order(om):
    """Whatever a story tells, nothing may have gone wrong in the books behind it."""
    yield
    assert om.sound() == []


def order(number: str = "PO-778", *items: tuple[str, int], **more: Any) -> dict[str, Any]:
    lines = [{"sku": sku, "quantity": quantity} for sku, quantity in items or ((MUG, 3),)]
    return {"order_number": number, "items": lines, "shipping_address": HOME} | more


def place(om: Bench, number: str = "PO-778", *items: tuple[str, int]) -> dict[str, Any]:
    answer = om.post("/api/orders", order(number, *items))
    assert answer.status_code == 201, answer.text
    return answer.json()


def level(om: Bench, sku: str = MUG, warehouse: int = 501) -> tuple[int, int, int]:
    """On hand, allocated, available."""
    [found] = om.get("/api/inventory/warehouses", params={"sku": sku, "warehouse_id": warehouse}).json()["data"]
    return (
        tuple(found["inventory"][0][name] for name in ("on_hand", "allocated", "available"))
        if found["inventory"]
        else (0, 0, 0)
    )


def now(om: Bench, id: str) -> dict[str, Any]:
    return om.get(f"/api/orders/{id}").json()


def state(om: Bench, number: str = "PO-778") -> tuple[str, str | None]:
    """The vendor's own state, and what is unresolved: nobody sees them from the guide."""
    [found] = [each for each in om.documents("order") if each["order_number"] == number]
    return found["state"], found["unresolved"]


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


# Shipped -------------------------------------------------------------------------------------------------------------


def test_the_clerk_picks_packs_and_ships_all_of_it(om):
    made = place(om, "PO-778", (MUG, 3), (LAMP, 1))
    assert om.act("pick", order="PO-778")["stage"] == "picked"
    assert om.act("pack", order="PO-778")["stage"] == "packed"
    om.advance(3600)
    [parcel] = om.act("ship", order="PO-778", carrier="FedEx", tracking_number="7712")["shipments"]
    assert parcel == {"shipment": "9001", "tracking_number": "7712", "items": {MUG: 3, LAMP: 1}}
    shipped = now(om, made["id"])
    assert (shipped["status"], shipped["updated_at"]) == ("fulfilled", "2026-11-23T13:00:00Z")
    assert shipped["shipments"] == [
        {"carrier": "FedEx", "tracking_number": "7712", "shipped_at": "2026-11-23T13:00:00Z"}
    ]
    assert om.get("/api/shipments").json()["data"] == [
        {
            "id": "9001", "order_id": made["id"], "order_number": "PO-778", "status": "shipped", "carrier": "FedEx",
            "tracking_number": "7712", "tracking_url": None, "shipped_at": "2026-11-23T13:00:00Z",
            "updated_at": "2026-11-23T13:00:00Z",
            "items": [{"sku": MUG, "quantity": 3}, {"sku": LAMP, "quantity": 1}],
        }
    ]  # fmt: skip
    assert (level(om), level(om, LAMP)) == ((37, 0, 37), (2, 0, 2))


def test_a_part_ships_and_the_order_stays_pending_until_the_rest_has(om):
    made = place(om)
    om.act("ship", order=made["id"], items={MUG: 2})
    assert (now(om, made["id"])["status"], level(om)) == ("pending", (38, 1, 37))
    om.act("ship", order=made["id"])
    assert (now(om, made["id"])["status"], level(om)) == ("fulfilled", (37, 0, 37))
    assert [parcel["items"] for parcel in om.get("/api/shipments").json()["data"]] == [
        [{"sku": MUG, "quantity": 2}], [{"sku": MUG, "quantity": 1}],
    ]  # fmt: skip


@pytest.mark.parametrize(("parcels", "expected"), [(1, 1), (2, 2), (3, 3), (7, 7), (50, 7)])
def test_an_order_is_split_into_parcels_and_no_parcel_is_empty(om, parcels, expected):
    place(om, "PO-778", (MUG, 5), (LAMP, 2))
    sent = om.act("ship", order="PO-778", parcels=parcels, tracking_number="7712")["shipments"]
    assert len(sent) == expected
    assert all(parcel["items"] for parcel in sent)
    totals = {sku: sum(parcel["items"].get(sku, 0) for parcel in sent) for sku in (MUG, LAMP)}
    assert totals == {MUG: 5, LAMP: 2}
    assert [parcel["tracking_number"] for parcel in sent] == ["7712", *(f"7712-{n}" for n in range(2, expected + 1))]
    assert len(now(om, "70012")["shipments"]) == expected
    assert now(om, "70012")["status"] == "fulfilled"


def test_a_tracking_number_is_made_up_where_none_is_given(om):
    place(om)
    [parcel] = om.act("ship", order="PO-778")["shipments"]
    assert parcel["tracking_number"].startswith("1Z")
    assert len(parcel["tracking_number"]) == 18


def test_a_voided_parcel_never_left(om):
    made = place(om)
    first, second = om.act("ship", order="PO-778", parcels=2)["shipments"]
    om.advance(60)
    assert om.act("void", shipment=first["shipment"]) == {"shipment": first["shipment"], "status": "voided"}
    order_now = now(om, made["id"])
    assert order_now["status"] == "pending"
    assert [parcel["tracking_number"] for parcel in order_now["shipments"]] == [second["tracking_number"]]
    assert level(om) == (40 - second["items"][MUG], first["items"][MUG], 37)
    assert [parcel["status"] for parcel in om.get("/api/shipments").json()["data"]] == ["voided", "shipped"]
    [moved] = om.get("/api/shipments?updated_since=2026-11-23T12:01:00Z").json()["data"]
    assert moved["status"] == "voided"
    om.act("ship", order="PO-778")
    assert now(om, made["id"])["status"] == "fulfilled"


def test_a_parcel_is_voided_once(om):
    place(om)
    [parcel] = om.act("ship", order="PO-778")["shipments"]
    om.act("void", shipment=parcel["shipment"])
    with pytest.raises(UsageError, match="voided already"):
        om.act("void", shipment=parcel["shipment"])
    with pytest.raises(Refusal, match="not_found"):
        om.act("void", shipment="7")


def test_the_same_sku_on_two_lines_ships_line_after_line(om):
    place(om, "PO-778", (MUG, 2), (LAMP, 1), (MUG, 2))
    om.act("ship", order="PO-778", items={MUG: 3})
    assert [item["shipped"] for item in om.documents("order")[0]["items"]] == [2, 0, 1]
    [parcel] = om.get("/api/shipments").json()["data"]
    om.act("void", shipment=parcel["id"])
    assert [item["shipped"] for item in om.documents("order")[0]["items"]] == [0, 0, 0]


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"items": {MUG: 4}}, "3 are left"),
        ({"items": {LAMP: 1}}, "0 are left"),
        ({"items": {MUG: 0}}, "cannot ship"),
        ({"items": {MUG: -1}}, "cannot ship"),
        ({"items": {"NO-SUCH": 1}}, "0 are left"),
        ({"items": {MUG: 1.5}}, "int"),
        ({"parcels": 0}, "parcels"),
        ({"parcels": 51}, "parcels"),
        ({"boxes": 2}, "boxes"),
    ],
)
def test_what_cannot_ship_is_refused_and_nothing_moves(om, form, said):
    place(om)
    before = om.kept()
    with pytest.raises(UsageError, match=said):
        om.act("ship", order="PO-778", **form)
    assert om.kept() == before


def test_an_order_ships_its_stages_in_order_and_only_while_it_waits(om):
    place(om)
    with pytest.raises(UsageError, match="has to be picked"):
        om.act("pack", order="PO-778")
    om.act("pick", order="PO-778")
    with pytest.raises(UsageError, match="has to be new"):
        om.act("pick", order="PO-778")
    om.act("ship", order="PO-778")
    for action in ("pick", "pack", "ship"):
        with pytest.raises(UsageError, match="SHIPPED"):
            om.act(action, order="PO-778")
    with pytest.raises(Refusal, match="not_found"):
        om.act("ship", order="PO-9")


def test_an_order_is_known_by_its_number_before_it_is_by_its_id(om):
    first = place(om, "PO-1")
    place(om, first["id"])  # somebody numbers orders as the vendor does
    assert om.act("cancel", order=first["id"])["order_number"] == first["id"]
    assert om.act("cancel", order="70013") == {"order_number": first["id"], "status": "cancelled"}


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
