"""The Order Manager client against hand-made answers."""

import asyncio
import json
import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from urllib.parse import parse_qs

import httpx
import pytest

from connectors.canonical import Address, Delivery, DeliveryLine, Level, Money, Ref, Warehouse
from connectors.core.clock import LoopClock
from connectors.core.cursors import read_cursor
from connectors.core.errors import (
    BadCursor,
    Broken,
    Conflict,
    Invalid,
    NotFound,
    PagingLoop,
    Throttled,
    TimedOut,
    Unauthorized,
    Unreadable,
)
from connectors.extensiv_order_manager import OrderManager, Settings
from connectors.ports import InventorySink, InventorySource, OrderDestination, ProductSource, ShipmentSource
from seatrial import virtual_time

MONDAY = datetime(2026, 11, 23, 9, 0, 0, tzinfo=UTC)
TOKEN_FIELDS = {"grant_type": "client_credentials", "client_id": "om-id", "client_secret": "om-secret-value"}
ANA = Address("Ana Ruiz", "5 Pine Rd", "Albany", "12207", "US", region="NY")
DELIVERY = Delivery("PO-778", Ref("shop", "7001"), "#1042", (DeliveryLine("MUG-01", 3, "55"),), ANA)
ORDER = {
    "id": "70012",
    "order_number": "PO-778",
    "status": "pending",
    "created_at": "2026-11-23T08:00:00Z",
    "updated_at": "2026-11-23T08:00:00Z",
    "items": [{"sku": "MUG-01", "quantity": 3}],
    "shipping_address": {"name": "Ana Ruiz"},
    "shipments": [],
}
SHIPMENT = {
    "id": "9001",
    "order_id": "70012",
    "order_number": "PO-778",
    "status": "shipped",
    "carrier": "UPS",
    "tracking_number": "1Z000",
    "tracking_url": None,
    "shipped_at": "2026-11-23T08:30:00Z",
    "updated_at": "2026-11-23T08:31:00Z",
    "items": [{"sku": "MUG-01", "quantity": 3}],
}


def run(main):
    with asyncio.Runner(loop_factory=lambda: virtual_time.new_event_loop()) as runner:
        return runner.run(main)


def envelope(rows, request, **headers):
    page, size = int(request.url.params["page"]), int(request.url.params["pageSize"])
    part = rows[(page - 1) * size : page * size]
    pages = -(-len(rows) // size)
    document = {"data": part, "page": page, "pageSize": size, "total": len(rows), "totalPages": pages}
    return httpx.Response(200, json=document, headers=headers)


class Vendor:
    """Tokens for everybody; the rest as each test says, by method and path."""

    def __init__(self, **answers) -> None:
        self.answers = {key.replace("_", " ", 1).replace("__", "/"): value for key, value in answers.items()}
        self.tokens = 0
        self.requests: list[httpx.Request] = []

    def on(self, where: str, answer) -> "Vendor":
        self.answers[where] = answer
        return self

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.host == "auth.extensiv.io":
            assert request.url.path == "/oauth/token"
            fields = {key: value[0] for key, value in parse_qs(request.content.decode()).items()}
            assert fields == {
                "grant_type": "client_credentials",
                "client_id": "om-id",
                "client_secret": "om-secret-value",
            }
            self.tokens += 1
            return httpx.Response(200, json={"access_token": f"tok-{self.tokens}", "expires_in": 3600})
        assert request.url.host == "api.extensiv.io"
        assert request.headers["authorization"] == f"Bearer tok-{self.tokens}"
        self.requests.append(request)
        answer = self.answers[f"{request.method} {request.url.path}"]
        if isinstance(answer, list):
            answer = answer.pop(0) if len(answer) > 1 else answer[0]
        if callable(answer):
            answer = answer(request)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def bodies(self) -> list:
        return [json.loads(request.content) for request in self.requests if request.method == "POST"]


def client(vendor: Vendor, **settings) -> OrderManager:
    return OrderManager(
        Settings("om", "om-id", "om-secret-value", **settings),
        clock=LoopClock(MONDAY),
        chance=random.Random(1),
        transport=httpx.MockTransport(vendor),
    )


def ask(vendor: Vendor, question, **settings):
    async def story():
        async with client(vendor, **settings) as om:
            return await question(om)

    return run(story())


async def collect(pages):
    return [page async for page in pages]


def error(code, message, status, details=None):
    return httpx.Response(status, json={"error": {"code": code, "message": message, "details": details or []}})


def test_it_plays_the_parts_sync_knows():
    for part in (OrderDestination, ShipmentSource, InventorySource, InventorySink, ProductSource):
        assert isinstance(client(Vendor()), part)


def test_the_settings_hide_the_secret():
    assert "om-secret-value" not in repr(Settings("om", "om-id", "om-secret-value"))


def test_a_settle_time_outlasts_the_last_moment_a_write_can_arrive():
    assert client(Vendor()).settle == timedelta(seconds=10 + 30 + 5)


def test_the_credentials_are_proved_by_a_small_call():
    vendor = Vendor().on("GET /api/warehouses", lambda request: envelope([], request))
    assert ask(vendor, lambda om: om.check()) == "om-id"
    assert vendor.requests[0].url.query == b"page=1&pageSize=1"
    with pytest.raises(Unauthorized):
        ask(Vendor().on("GET /api/warehouses", httpx.Response(401)), lambda om: om.check())


# Orders


def test_a_delivery_is_sent_in_the_guides_shape():
    vendor = Vendor().on("POST /api/orders", httpx.Response(201, json=ORDER))
    state = ask(vendor, lambda om: om.deliver(DELIVERY, "key"))
    assert (state.remote, state.reference, state.status) == (Ref("om", "70012"), "PO-778", "open")
    assert vendor.bodies() == [
        {
            "order_number": "PO-778",
            "items": [{"sku": "MUG-01", "quantity": 3}],
            "shipping_address": {
                "name": "Ana Ruiz",
                "street1": "5 Pine Rd",
                "city": "Albany",
                "state": "NY",
                "postal_code": "12207",
                "country": "US",
            },
        }
    ]


def test_a_replayed_delivery_is_the_first_one():
    vendor = Vendor().on("POST /api/orders", httpx.Response(200, json=ORDER))
    assert ask(vendor, lambda om: om.deliver(DELIVERY, "key")).remote.id == "70012"


def test_a_delivery_refused_as_duplicate_is_looked_up():
    vendor = Vendor().on("POST /api/orders", error("duplicate_order", "PO-778 exists", 409))
    vendor.on("GET /api/orders", lambda request: envelope([ORDER], request))
    assert ask(vendor, lambda om: om.deliver(DELIVERY, "key")).remote.id == "70012"
    assert vendor.requests[1].url.params["order_number"] == "PO-778"


def test_a_duplicate_that_asks_for_other_goods_needs_a_person():
    other = ORDER | {"items": [{"sku": "MUG-01", "quantity": 30}]}
    vendor = Vendor().on("POST /api/orders", error("duplicate_order", "PO-778 exists", 409))
    vendor.on("GET /api/orders", lambda request: envelope([other], request))
    with pytest.raises(Conflict, match="asks for other items") as caught:
        ask(vendor, lambda om: om.deliver(DELIVERY, "key"))
    assert caught.value.code == "duplicate_order"


def test_a_conflict_about_an_order_that_is_not_there_stays_a_conflict():
    vendor = Vendor().on("POST /api/orders", error("duplicate_order", "PO-778 exists", 409))
    vendor.on("GET /api/orders", lambda request: envelope([], request))
    with pytest.raises(Conflict, match="409: PO-778 exists"):
        ask(vendor, lambda om: om.deliver(DELIVERY, "key"))


def test_a_refused_delivery_says_what_was_wrong_with_it():
    details = [{"field": "items[0].quantity", "message": "must be above 0"}, 7, {}]
    vendor = Vendor().on("POST /api/orders", error("validation_failed", "invalid order", 422, details))
    with pytest.raises(Invalid, match=r"invalid order \(items\[0\].quantity: must be above 0\)") as caught:
        ask(vendor, lambda om: om.deliver(DELIVERY, "key"))
    assert caught.value.code == "validation_failed"


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (httpx.ReadTimeout("slow"), TimedOut),
        (httpx.Response(500, json={"error": {"code": "internal_error"}}), Broken),
        (httpx.Response(201, text="<html>"), Unreadable),
        (httpx.Response(201, content=json.dumps(ORDER).encode()[:-20]), Unreadable),
        (httpx.Response(201, json={"id": 1}), Unreadable),
        (httpx.Response(201, json=ORDER | {"items": "MUG-01"}), Unreadable),
        (httpx.Response(201, json=ORDER | {"order_number": "PO-779"}), Unreadable),
        (httpx.Response(200, json={"error": {"code": "duplicate_order"}}), Unreadable),
    ],
    ids=range(8),
)
def test_a_delivery_with_an_unknown_outcome_is_sent_once(answer, kind):
    vendor = Vendor().on("POST /api/orders", answer)
    with pytest.raises(kind):
        ask(vendor, lambda om: om.deliver(DELIVERY, "key"))
    assert len(vendor.requests) == 1


def test_a_delivery_sent_away_for_a_moment_is_sent_again():
    busy = httpx.Response(
        429, headers={"retry-after": "3"}, json={"error": {"code": "rate_limited", "message": "slow"}}
    )
    vendor = Vendor().on("POST /api/orders", [busy, httpx.Response(201, json=ORDER)])
    assert ask(vendor, lambda om: om.deliver(DELIVERY, "key")).remote.id == "70012"
    with pytest.raises(Throttled, match="slow") as caught:
        later = httpx.Response(429, headers={"retry-after": "45"}, json={"error": {"message": "slow"}})
        ask(Vendor().on("POST /api/orders", later), lambda om: om.deliver(DELIVERY, "key"))
    assert caught.value.retry_after_seconds == 45


def test_a_delivery_is_found_by_its_exact_reference_only():
    def found(*rows):
        vendor = Vendor().on("GET /api/orders", lambda request: envelope(list(rows), request))
        return ask(vendor, lambda om: om.find_delivery("PO-778"), page_size=2)

    other = ORDER | {"id": "1", "order_number": "PO-7781"}
    assert found() is None
    assert found(other) is None
    assert found(other, other | {"id": "2"}, ORDER).remote.id == "70012", "a filter that is ignored hides nothing"
    cancelled = ORDER | {"id": "70001", "status": "cancelled"}
    assert found(cancelled).status == "cancelled"
    assert found(ORDER | {"id": "80000"}, ORDER, cancelled).remote.id == "70012", "the oldest that lives"


def test_a_look_up_that_failed_is_not_an_absence():
    vendor = Vendor().on("GET /api/orders", httpx.Response(500))
    with pytest.raises(Broken):
        ask(vendor, lambda om: om.find_delivery("PO-778"))


@pytest.mark.parametrize(
    ("document", "status"),
    [
        ({"status": "pending"}, "open"),
        ({"status": "pending", "shipments": [{"carrier": "UPS"}]}, "partly_shipped"),
        ({"status": "awaiting_stock"}, "open"),
        ({"status": "fulfilled", "shipments": [{"carrier": "UPS"}]}, "shipped"),
        ({"status": "cancelled"}, "cancelled"),
        ({"status": "pending", "shipments": None}, "open"),
    ],
    ids=str,
)
def test_the_vendors_words_become_ours(document, status):
    vendor = Vendor().on("GET /api/orders", lambda request: envelope([ORDER | document], request))
    assert ask(vendor, lambda om: om.find_delivery("PO-778")).status == status


def test_cancelling_sends_the_reason_and_may_be_repeated():
    answers = [httpx.ReadTimeout("slow"), httpx.Response(200, json=ORDER | {"status": "cancelled"})]
    vendor = Vendor().on("POST /api/orders/70012/cancel", answers)
    state = ask(vendor, lambda om: om.cancel_delivery(Ref("om", "70012"), "customer asked", "key"))
    assert state.status == "cancelled"
    assert vendor.bodies() == [{"reason": "customer asked"}] * 2


def test_cancelling_what_has_shipped_is_refused():
    vendor = Vendor().on("POST /api/orders/70012/cancel", error("order_not_cancellable", "it has shipped", 409))
    with pytest.raises(Conflict, match="it has shipped") as caught:
        ask(vendor, lambda om: om.cancel_delivery(Ref("om", "70012"), "", "key"))
    assert caught.value.code == "order_not_cancellable"
    assert vendor.bodies() == [{}]


def test_a_cancellation_that_did_not_cancel_is_an_unknown_outcome():
    vendor = Vendor().on("POST /api/orders/70012/cancel", httpx.Response(200, json=ORDER))
    with pytest.raises(Unreadable, match="is pending"):
        ask(vendor, lambda om: om.cancel_delivery(Ref("om", "70012"), "", "key"))


def test_an_id_cannot_leave_its_place_in_the_path():
    vendor = Vendor().on("POST /api/orders/../admin?x=1/cancel", error("not_found", "no", 404))
    with pytest.raises(NotFound):
        ask(vendor, lambda om: om.cancel_delivery(Ref("om", "../admin?x=1"), "", "key"))
    assert vendor.requests[0].url.raw_path == b"/api/orders/..%2Fadmin%3Fx%3D1/cancel"


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
