"""The v1 connector told as stories, against the fake: look-ups before repeats, voids, stock, quotas in milliseconds."""

from datetime import timedelta

import httpx
import pytest
from msgspec.structs import replace

from connectors.canonical import DeliveryLine, Level
from connectors.core.errors import Conflict, Invalid, Throttled, Unknown
from connectors.extensiv_order_manager.v1 import OrderManagerV1
from seatrial.sync.vendors import connector_class, vendor_of, vendors
from tests.extensiv_order_manager.rig import RIGS
from tests.ports.stage import Stage, play, rows_of

RIG = RIGS[1]
NAME = "extensiv_order_manager.v1"


def listed(stage: Stage, path: str):
    headers = {"Authorization": f"Bearer {stage.credentials['access_token']}"}
    request = httpx.Request("GET", f"https://api.skubana.com{path}", headers=headers)
    return stage.sandbox.transport(RIG.vendor).handle_request(request).json()


def test_a_surface_of_a_vendor_is_called_by_the_vendor_s_name_and_its_own():
    assert NAME in vendors()
    assert connector_class(NAME) is OrderManagerV1
    assert vendor_of(NAME) == vendor_of("extensiv_order_manager") == "extensiv_order_manager"


def test_what_is_looked_for_is_not_what_only_begins_like_it():
    async def story(stage: Stage) -> None:
        first = RIG.new_delivery(stage)
        longer = replace(first, reference=first.reference + "0")
        await stage.connector.deliver(longer, "key")
        assert await stage.connector.find_delivery(first.reference) is None
        await stage.connector.deliver(first, "key")
        assert [row["orderNumber"] for row in listed(stage, "/v1.1/orders")] == [longer.reference, first.reference]

    play(RIG, story)


@pytest.mark.parametrize("reference", ["a,b", '"a"', ",", '"', "a%", "A_1", "a&b=c", "+ +"])
def test_a_reference_that_the_search_would_take_apart_is_found_all_the_same(reference):
    async def story(stage: Stage) -> None:
        delivery = replace(RIG.new_delivery(stage), reference=reference)
        made = await stage.connector.deliver(delivery, "key")
        assert await stage.connector.find_delivery(reference) == made
        assert await stage.connector.deliver(delivery, "key") == made
        assert len(stage.documents("order")) == 1

    play(RIG, story)


def test_the_order_is_looked_for_before_it_is_made_where_numbers_are_not_known_again():
    """The vendor promises nowhere that a number is taken once."""

    async def story(stage: Stage) -> None:
        delivery = RIG.new_delivery(stage)
        stage.fault("lose", "putOrder")
        assert isinstance(await stage.refused(stage.connector.deliver(delivery, "key")), Unknown)
        await stage.connector.deliver(delivery, "key")
        assert len(stage.documents("order")) == 1

    play(RIG, story, world_numbers_may_repeat=True)


def test_a_sku_that_is_not_listed_waits_there_unresolved_and_goes_on_when_it_is():
    async def story(stage: Stage) -> None:
        delivery = replace(RIG.new_delivery(stage), lines=(DeliveryLine("SOON", 1),))
        state = await stage.connector.deliver(delivery, "key")
        assert (state.status, stage.documents("order")[0]["state"]) == ("open", "UNRESOLVED")
        assert isinstance(await stage.refused(stage.connector.cancel_delivery(state.remote, "r", "key")), Conflict)
        stage.act("add_product", sku="SOON", quantity=3)
        assert stage.documents("order")[0]["state"] == "AWAITING_3PL_EXPORT"

    play(RIG, story)


def test_a_lost_cancellation_is_seen_by_who_asks_again():
    async def story(stage: Stage) -> None:
        state = await stage.connector.deliver(RIG.new_delivery(stage), "key")
        stage.fault("lose", "postOrdersCancel")
        assert (await stage.connector.cancel_delivery(state.remote, "no stock", "key")).status == "cancelled"
        order = stage.documents("order")[0]
        assert (order["cancel_reason"], order["cancel_details"]) == ("OTHER", "no stock")

    play(RIG, story)


def test_a_void_is_learnt_with_what_was_in_it_beside_the_parcel_that_took_its_place():
    async def story(stage: Stage) -> None:
        delivery = RIG.new_delivery(stage)
        await stage.connector.deliver(delivery, "key")
        first = stage.act("ship", order=delivery.reference, items={RIG.skus(stage)[0]: 1}, tracking_number="1ZA")
        stage.act("void", shipment=first["shipments"][0]["shipment"])
        stage.act("ship", order=delivery.reference, tracking_number="1ZB")
        rows = await rows_of(stage.connector.shipments())
        assert [(row.parcels[0].tracking_number, row.voided) for row in rows] == [("1ZA", True), ("1ZB", False)]
        assert [sum(line.quantity for line in row.lines) for row in rows] == [1, 6]
        assert listed(stage, f"/v1.1/orders/{stage.documents('order')[0]['id']}")["orderStatus"] == "SHIPPED"

    play(RIG, story)


def test_what_a_customer_sends_back_is_no_parcel_of_the_order():
    async def story(stage: Stage) -> None:
        delivery = RIG.new_delivery(stage)
        state = await stage.connector.deliver(delivery, "key")
        stage.act("ship", order=delivery.reference, tracking_number="1ZA")
        item = listed(stage, f"/v1.1/orders/{state.remote.id}")["orderItems"][0]["orderItemId"]
        rma = {"orderId": int(state.remote.id), "items": [{"orderItemId": item, "returnedQuantity": 1}]}
        headers = {"Authorization": f"Bearer {stage.credentials['access_token']}"}
        request = httpx.Request("PUT", "https://api.skubana.com/v1/shipments/rmas", headers=headers, json=[rma])
        assert stage.sandbox.transport(RIG.vendor).handle_request(request).status_code == 200
        rows = await rows_of(stage.connector.shipments())
        assert [row.parcels[0].tracking_number for row in rows] == ["1ZA"]

    play(RIG, story)


def test_windows_of_shipments_are_a_week_at_most_and_leave_nothing_out():
    async def story(stage: Stage) -> None:
        now = stage.connector._http.now()
        windows = stage.connector._weeks(now - timedelta(days=20))
        ends = [window["shipmentCreatedToDate"] for window in windows]
        starts = [window["shipmentCreatedFromDate"] for window in windows]
        assert starts[1:] == ends[:-1]
        assert len(windows) == 4
        assert len(stage.connector._weeks(now - timedelta(days=10_000))) <= 27

    play(RIG, story)


def test_a_level_of_what_has_no_record_yet_makes_one():
    async def story(stage: Stage) -> None:
        sku = RIG.skus(stage)[0]
        levels = [Level(sku, "502", 7, 7, stage.clock.now()), Level("nobody's", "501", 1, 1, stage.clock.now())]
        refused = await stage.connector.set_levels(levels, "key")
        assert refused.keys() == {"nobody's", sku}, "a house of its own wants the location named"
        assert "location" in refused[sku]
        refused = await stage.connector.set_levels([Level(sku, "", 9, 9, stage.clock.now())], "key")
        assert (refused, RIG.available(stage, sku)) == ({}, 9)

    play(RIG, story)


def test_a_bulk_that_does_not_tell_of_each_line_is_not_understood():
    async def story(stage: Stage) -> None:
        sku = RIG.skus(stage)[0]
        level = Level(sku, "501", 7, 7, stage.clock.now())
        for body in ({"results": [], "errors": []}, {"results": [], "errors": [{"index": 2, "message": "x"}]}):
            stage.edge.after = lambda number, request, reply, body=body: (
                httpx.Response(200, json=body) if request.url.path.endswith("adjust") else reply
            )
            assert isinstance(await stage.refused(stage.connector.set_levels([level], "key")), Unknown)

    play(RIG, story)


def test_an_order_without_a_number_is_not_sent():
    async def story(stage: Stage) -> None:
        nameless = replace(RIG.new_delivery(stage), reference="")
        assert isinstance(await stage.refused(stage.connector.deliver(nameless, "key")), Invalid)
        assert stage.documents("order") == []

    play(RIG, story)


def test_a_quota_is_waited_out_to_the_millisecond_and_holds_up_no_other_endpoint():
    async def story(stage: Stage) -> None:
        stage.world.settings[f"{RIG.vendor}.limit.adjust"] = {"limit": 1}
        sku = RIG.skus(stage)[0]
        for quantity in (1, 2):
            await stage.connector.set_levels([Level(sku, "501", quantity, quantity, stage.clock.now())], "key")
            await stage.connector.warehouses()
        assert 10 <= stage.seconds() <= 12
        assert RIG.available(stage, sku) == 2

    play(RIG, story)


@pytest.mark.parametrize(
    ("said", "seconds"), [("1500", 1.5), ("0", 0.0), ("-5", 0.0), ("soon", None), ("nan", None), ("", None)]
)
def test_the_wait_is_in_milliseconds(said, seconds):
    async def story(stage: Stage) -> None:
        stage.edge.after = lambda number, request, reply: httpx.Response(
            429, headers={"x-skubana-quota-retryAfter": said}, json={"message": "Request quota exceeded"}
        )
        error = await stage.refused(stage.connector.check())
        assert isinstance(error, Throttled)
        assert error.retry_after_seconds == seconds

    play(RIG, story)
