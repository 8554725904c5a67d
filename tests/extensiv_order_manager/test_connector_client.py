"""The Order Manager client against hand-made answers: who it is, and the orders it sends."""

import json
from datetime import timedelta

import httpx
import pytest

from connectors.canonical import Ref
from connectors.core.errors import (
    Broken,
    Conflict,
    Invalid,
    NotFound,
    Throttled,
    TimedOut,
    Unauthorized,
    Unreadable,
)
from connectors.extensiv_order_manager import Settings
from connectors.ports import InventorySink, InventorySource, OrderDestination, ProductSource, ShipmentSource
from tests.extensiv_order_manager.handmade import (
    DELIVERY,
    ORDER,
    Vendor,
    ask,
    client,
    envelope,
    error,
)


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
