"""The Order Manager client against hand-made answers: what it reads, window by window."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import httpx
import pytest

from connectors.canonical import Level, Money, Ref, Warehouse
from connectors.core.cursors import read_cursor
from connectors.core.errors import (
    BadCursor,
    PagingLoop,
    Unreadable,
)
from connectors.extensiv_order_manager import OrderManager, Settings
from tests.extensiv_order_manager.handmade import (
    MONDAY,
    ORDER,
    SHIPMENT,
    Vendor,
    ask,
    collect,
    envelope,
    error,
    run,
)

# Windows


def numbered(number, updated):
    return ORDER | {"id": str(number), "order_number": f"PO-{number}", "updated_at": updated}


def test_changes_come_by_update_time_though_the_list_is_by_id():
    rows = [
        numbered(1, "2026-11-23T08:50:00Z"),
        numbered(2, "2026-11-23T08:10:00Z"),
        numbered(3, "2026-11-23T08:30:00+00:00"),
    ]
    vendor = Vendor().on("GET /api/orders", lambda request: envelope(rows, request))
    pages = ask(vendor, lambda om: collect(om.deliveries()), page_size=2)
    assert [[state.remote.id for state in page.rows] for page in pages] == [["2", "3"], ["1"]]
    assert [read_cursor(page.cursor).minute for page in pages] == [30, 50]
    assert "updated_since" not in vendor.requests[0].url.params


def test_reading_on_overlaps_the_cursor_and_never_moves_it_back():
    rows = [numbered(1, "2026-11-23T08:29:30Z")]
    vendor = Vendor().on("GET /api/orders", lambda request: envelope(rows, request))
    cursor = '{"v":1,"updated":"2026-11-23T08:30:00.750Z"}'
    pages = ask(vendor, lambda om: collect(om.deliveries(cursor)))
    assert vendor.requests[0].url.params["updated_since"] == "2026-11-23T08:28:00Z"
    assert read_cursor(pages[0].cursor) == read_cursor(cursor)


def test_a_window_without_changes_has_no_page():
    vendor = Vendor().on("GET /api/shipments", lambda request: envelope([], request))
    assert ask(vendor, lambda om: collect(om.shipments())) == []


def test_a_row_seen_twice_while_the_list_moves_is_told_once_in_its_newest_form():
    def moving(request):
        if request.url.params["page"] == "1":
            document = {
                "data": [numbered(1, "2026-11-23T08:00:00Z"), numbered(2, "2026-11-23T08:01:00Z")],
                "totalPages": 2,
            }
        else:
            second = numbered(2, "2026-11-23T08:05:00Z") | {"status": "cancelled"}
            document = {"data": [second, numbered(3, "2026-11-23T08:02:00Z")], "totalPages": 2}
        return httpx.Response(200, json=document)

    pages = ask(Vendor().on("GET /api/orders", moving), lambda om: collect(om.deliveries()))
    assert [(state.remote.id, state.status) for state in pages[0].rows] == [
        ("1", "open"),
        ("3", "open"),
        ("2", "cancelled"),
    ]


def test_no_cursor_passes_the_moment_the_walk_began():
    """An order changed behind our back during the walk is missed now, so the next read must reach back to it."""

    def moving(request):
        page = int(request.url.params["page"])
        row = [numbered(1, "2026-11-23T08:00:00Z"), numbered(2, "2026-11-23T08:20:00Z")][page - 1]
        date = ["Mon, 23 Nov 2026 08:10:00 GMT", "Mon, 23 Nov 2026 08:21:00 GMT"][page - 1]
        return httpx.Response(200, json={"data": [row], "totalPages": 2}, headers={"date": date})

    pages = ask(Vendor().on("GET /api/orders", moving), lambda om: collect(om.deliveries()), page_size=1)
    assert [read_cursor(page.cursor) for page in pages] == [
        datetime(2026, 11, 23, 8, 0, tzinfo=UTC),
        datetime(2026, 11, 23, 8, 10, tzinfo=UTC),
    ]


def test_without_a_date_the_cursor_stays_at_what_the_first_page_knew():
    def moving(request):
        page = int(request.url.params["page"])
        rows = [numbered(1, "2026-11-23T08:05:00Z"), numbered(2, "2026-11-23T08:20:00Z")]
        return httpx.Response(200, json={"data": [rows[page - 1]], "totalPages": 2})

    pages = ask(Vendor().on("GET /api/orders", moving), lambda om: collect(om.deliveries()))
    assert [state.remote.id for state in pages[0].rows] == ["1", "2"]
    assert read_cursor(pages[0].cursor).minute == 5


def test_a_page_number_that_is_ignored_is_noticed():
    vendor = Vendor().on("GET /api/orders", httpx.Response(200, json={"data": [ORDER], "totalPages": 5}))
    with pytest.raises(PagingLoop):
        ask(vendor, lambda om: collect(om.deliveries()))


def test_a_cursor_of_somebody_else_is_refused_before_anything_is_asked():
    vendor = Vendor()
    with pytest.raises(BadCursor):
        ask(vendor, lambda om: collect(om.deliveries("page=7")))
    assert vendor.requests == []


@pytest.mark.parametrize(
    "row",
    [
        {"id": "1"},
        ORDER | {"updated_at": "yesterday"},
        ORDER | {"updated_at": "2026-11-23T08:00:00"},
        ORDER | {"updated_at": None},
        ORDER | {"items": [{"sku": None, "quantity": 1}]},
        ORDER | {"items": [{"sku": "A", "quantity": "1"}]},
        ORDER | {"id": {"$oid": 1}},
    ],
    ids=range(7),
)
def test_a_row_of_another_shape_stops_the_pass(row):
    vendor = Vendor().on("GET /api/orders", lambda request: envelope([ORDER, row], request))
    with pytest.raises(Unreadable):
        ask(vendor, lambda om: collect(om.deliveries()))


# Shipments, stock, products


def test_a_shipment_is_one_parcel():
    rows = [SHIPMENT, SHIPMENT | {"id": "9002", "tracking_number": "1Z001", "tracking_url": "https://t/1Z001"}]
    vendor = Vendor().on("GET /api/shipments", lambda request: envelope(rows, request))
    (page,) = ask(vendor, lambda om: collect(om.shipments()))
    first, second = page.rows
    assert first.source == Ref("om", "9001")
    assert first.reference == "PO-778"
    assert first.shipped == datetime(2026, 11, 23, 8, 30, tzinfo=UTC)
    assert [(line.sku, line.quantity) for line in first.lines] == [("MUG-01", 3)]
    assert [(p.carrier, p.tracking_number, p.tracking_url) for p in first.parcels] == [("UPS", "1Z000", "")]
    assert second.parcels[0].tracking_url == "https://t/1Z001"
    assert not first.voided


def test_a_voided_shipment_without_tracking_is_told_as_voided():
    row = SHIPMENT | {"status": "voided", "tracking_number": None, "carrier": None, "shipped_at": None}
    vendor = Vendor().on("GET /api/shipments", lambda request: envelope([row], request))
    (page,) = ask(vendor, lambda om: collect(om.shipments()))
    assert page.rows[0].voided
    assert page.rows[0].parcels == ()
    assert page.rows[0].shipped == page.rows[0].updated


STOCK = [
    {
        "warehouse_id": 501,
        "name": "East",
        "type": "THIRD_PARTY_LOGISTICS",
        "inventory": [
            {"sku": "MUG-01", "on_hand": 40, "allocated": 6, "available": 34},
            {"sku": "CAP-01", "on_hand": 1, "allocated": 3, "available": -2},
        ],
    },
    {
        "warehouse_id": 502,
        "name": "West",
        "inventory": [{"sku": "MUG-01", "on_hand": 5, "allocated": 0, "available": 5}],
    },
    {"warehouse_id": 503, "name": "Empty"},
]


def test_levels_are_as_old_as_the_question():
    async def question(om):
        await asyncio.sleep(60)
        return await collect(om.levels())

    vendor = Vendor().on("GET /api/inventory/warehouses", lambda request: envelope(STOCK, request))
    (page,) = ask(vendor, question)
    assert page.rows[0] == Level("MUG-01", "501", 34, 40, MONDAY + timedelta(seconds=60), 6)
    assert [(level.sku, level.warehouse, level.available) for level in page.rows[1:]] == [
        ("CAP-01", "501", -2),
        ("MUG-01", "502", 5),
    ]


def test_found_levels_are_over_all_warehouses_and_leave_out_the_unknown():
    vendor = Vendor().on("GET /api/inventory/warehouses", lambda request: envelope(STOCK, request))
    found = ask(vendor, lambda om: om.find_levels(["MUG-01", "NO-SUCH"]))
    assert found == {"MUG-01": 39}


def test_levels_are_set_absolutely_and_refusals_are_told_by_sku():
    def update(request):
        if json.loads(request.content)["sku"] == "NO-SUCH":
            return error("not_found", "no such sku", 404)
        return httpx.Response(200, json={"sku": json.loads(request.content)["sku"], "available": 3})

    levels = [
        Level(sku, house, n, n, MONDAY) for sku, house, n in [("NO-SUCH", "", 1), ("MUG-01", "501", 3), ("B", "x", -4)]
    ]
    vendor = Vendor().on("POST /api/inventory/update", update)
    assert ask(vendor, lambda om: om.set_levels(levels, "key")) == {"NO-SUCH": "404: no such sku"}
    assert vendor.bodies() == [
        {"sku": "NO-SUCH", "availableQuantity": 1},
        {"sku": "MUG-01", "availableQuantity": 3, "warehouseId": 501},
        {"sku": "B", "availableQuantity": 0, "warehouseId": "x"},
    ]


def test_a_level_with_an_unknown_outcome_is_set_again():
    vendor = Vendor().on("POST /api/inventory/update", [httpx.Response(502), httpx.Response(200, json={"sku": "A"})])
    assert ask(vendor, lambda om: om.set_levels([Level("A", "", 1, 1, MONDAY)], "key")) == {}
    assert len(vendor.requests) == 2


def test_warehouses_are_listed():
    vendor = Vendor().on("GET /api/warehouses", lambda request: envelope(STOCK, request))
    assert ask(vendor, lambda om: om.warehouses())[:2] == [Warehouse("501", "East"), Warehouse("502", "West")]


PRODUCT = {
    "id": 31,
    "sku": "MUG-01",
    "name": "Mug",
    "price": {"amount": 12.30, "currency": "USD"},
    "barcode": None,
    "active": False,
    "created_at": "2026-11-01T00:00:00Z",
    "updated_at": "2026-11-02T00:00:00Z",
}


def test_products_are_read_without_passing_money_through_a_float():
    free = PRODUCT | {
        "id": 32,
        "price": None,
        "barcode": "400638",
        "updated_at": "2026-11-03T00:00:00Z",
        "active": True,
    }
    vendor = Vendor().on("GET /api/products", lambda request: envelope([PRODUCT, free], request))
    (page,) = ask(vendor, lambda om: collect(om.products()))
    assert str(page.rows[0].price.amount) == "12.3"
    assert not page.rows[0].active
    assert (page.rows[1].price, page.rows[1].barcode) == (None, "400638")


@pytest.mark.parametrize("amount", ["NaN", "Infinity", True, None, "dear"])
def test_a_price_that_is_no_amount_is_unreadable(amount):
    row = PRODUCT | {"price": {"amount": amount, "currency": "USD"}}
    vendor = Vendor().on("GET /api/products", lambda request: envelope([row], request))
    with pytest.raises(Unreadable):
        ask(vendor, lambda om: collect(om.products()))


def test_a_product_is_submitted_with_its_price_as_a_number():
    vendor = Vendor().on("POST /api/products", httpx.Response(201, json=PRODUCT))
    price = Money(Decimal("12.30"), "USD")
    product = ask(vendor, lambda om: om.create_product("MUG-01", "Mug", price))
    assert product.source == Ref("om", "31")
    assert vendor.requests[0].content == (
        b'{"sku":"MUG-01","name":"Mug","price":{"amount":12.30,"currency":"USD"},"barcode":null}'
    )


def test_our_own_count_keeps_within_the_vendors_limit():
    async def question(om):
        for _ in range(30):
            await om.check()
        return asyncio.get_running_loop().time()

    vendor = Vendor().on("GET /api/warehouses", lambda request: envelope([], request))
    assert ask(vendor, question, calls_per_minute=10) == pytest.approx(120, abs=0.1)


def test_both_hosts_can_point_elsewhere():
    seen = []

    def vendor(request):
        seen.append(f"{request.method} {request.url.copy_with(query=None)}")
        return (
            httpx.Response(200, json={"access_token": "t"})
            if "token" in request.url.path
            else httpx.Response(200, json={"data": []})
        )

    async def story():
        settings = Settings("om", "i", "s", base_url="http://127.0.0.1:4010/", auth_base_url="http://127.0.0.1:4011/")
        async with OrderManager(settings, transport=httpx.MockTransport(vendor)) as om:
            await om.check()

    run(story())
    assert seen == ["POST http://127.0.0.1:4011/oauth/token", "GET http://127.0.0.1:4010/api/warehouses"]
