"""What leaves Order Manager's house, in whole and in part, and what comes back before it left."""

import pytest

from mock_servers.core.refusal import Refusal, UsageError
from tests.extensiv_order_manager.guide import LAMP, MUG, level, now, place, stocked
from tests.support import Bench


@pytest.fixture
def om() -> Bench:
    return stocked()


@pytest.fixture(autouse=True)
def books_in_order(om):
    """Whatever a story tells, nothing may have gone wrong in the books behind it."""
    yield
    assert om.sound() == []


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
