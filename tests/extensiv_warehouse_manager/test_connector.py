"""The connector against the fake, where Warehouse Manager is unlike others; the rest is in the suites of ports."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest

from connectors.canonical import Address, Delivery, DeliveryLine, Parcel, Ref, ShipmentLine
from connectors.core.errors import BadSignature, Conflict, Forbidden, Invalid, NotFound, Unreadable
from connectors.extensiv_warehouse_manager import Settings, WarehouseManager
from connectors.extensiv_warehouse_manager.mapping import (
    OrderDocument,
    address_to_document,
    floor,
    levels_from_summaries,
    moment,
    shipments_from_order,
    state_from_order,
    their_stamp,
    whole,
)
from connectors.extensiv_warehouse_manager.webhooks import read_hint
from mock_servers.core.rsa import key_of, public_pem, signed_base64
from tests.extensiv_warehouse_manager.support import LAMP, MUG, place, warehouse
from tests.support import Bench

HOME = Address("Ana Ruiz", "5 Pine Rd", "Köln", "50667", "DE")
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
AHEAD = timedelta(hours=-8)


def delivery(reference: str = "shop:1", *lines: tuple[str, int]) -> Delivery:
    asked = tuple(DeliveryLine(sku, quantity) for sku, quantity in lines or ((MUG, 2),))
    return Delivery(reference, Ref("shop", "1"), "#1", asked, HOME, email="ana@example.com", shipping_method="Ground")


class Watched(httpx.AsyncBaseTransport):
    """The way to the fake, and what went over it. `before` happens before the n-th request."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner
        self.requests: list[httpx.Request] = []
        self.before: Callable[[httpx.Request], None] = lambda request: None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        self.before(request)
        reply: httpx.Response = await self.inner.handle_async_request(request)
        return reply


def told(story: Callable[[Bench, WarehouseManager, Watched], Awaitable[None]], **changed: Any) -> None:
    """A story with the connector; the vendor's books are in order after it."""

    async def run() -> None:
        wm = warehouse()
        about = wm.world.credentials["extensiv_warehouse_manager"]
        names = ("client_id", "client_secret", "customer_id", "facility_id", "user_login", "tpl")
        watched = Watched(wm.sandbox.transport("extensiv_warehouse_manager"))
        settings = replace(Settings("wm", **{name: about[name] for name in names}), **changed)
        async with WarehouseManager(settings, transport=watched) as connector:
            await story(wm, connector, watched)
        assert wm.sound() == []

    asyncio.run(run())


def test_a_token_is_asked_for_once_with_basic_and_a_login_in_json():
    async def story(wm: Bench, connector: WarehouseManager, watched: Watched) -> None:
        assert await connector.check() == "Acme"
        await connector.check()
        token, first, _ = watched.requests
        assert token.headers["authorization"].startswith("Basic ")
        assert b'"user_login":"api@example.com"' in token.content
        assert b"wm-client-secret" not in token.content
        assert first.headers["accept"] == "application/hal+json"

    told(story)


def test_what_is_delivered_is_complete_and_says_where_it_goes():
    async def story(wm: Bench, connector: WarehouseManager, watched: Watched) -> None:
        state = await connector.deliver(delivery("shop:1", (MUG, 2), (LAMP, 1), (MUG, 1)), "")
        (order,) = wm.documents("order")
        assert (state.remote.id, state.status) == (str(order["order_id"]), "open")
        assert order["ReadOnly"]["DeferNotification"] is False
        assert order["ShipTo"]["CompanyName"] == "Ana Ruiz", "a company is asked for"
        assert (order["ShipTo"]["State"], order["ShipTo"]["EmailAddress"]) == ("", "ana@example.com")
        assert [line["Qty"] for line in order["OrderItems"]] == [3, 1]
        assert order["RoutingInfo"]["Mode"] == "Ground"

    told(story)


def test_a_duplicate_is_the_order_itself_unless_it_asks_for_other_goods():
    async def story(wm: Bench, connector: WarehouseManager, watched: Watched) -> None:
        first = await connector.deliver(delivery(), "")
        assert await connector.deliver(delivery(), "") == first
        with pytest.raises(Conflict, match="other items"):
            await connector.deliver(delivery("shop:1", (MUG, 5)), "")
        assert len(wm.documents("order")) == 1

    told(story)


def test_references_that_differ_only_in_their_capitals_are_two():
    """RQL minds no case, so the look-up compares to the letter; what would be syntax is encoded twice."""

    async def story(wm: Bench, connector: WarehouseManager, watched: Watched) -> None:
        for reference in ("Web-1", "wEB-1", "a;b,(c)*%2A=ä +", "*"):
            assert await connector.find_delivery(reference) is None
            state = await connector.deliver(delivery(reference, (LAMP, 1)), "")
            assert await connector.find_delivery(reference) == state
        assert await connector.find_delivery("WEB-1") is None

    told(story)


def test_a_stale_tag_is_read_again_and_one_that_is_always_stale_is_given_up():
    async def story(wm: Bench, connector: WarehouseManager, watched: Watched) -> None:
        state = await connector.deliver(delivery(), "")
        changes = [1, 2]

        def meddle(request: httpx.Request) -> None:
            if request.url.path.endswith("/canceler") and changes:
                changes.pop()
                wm.act("hold", order="shop:1")
                wm.act("hold", order="shop:1", release=True)

        watched.before = meddle
        assert (await connector.cancel_delivery(state.remote, "", "")).status == "cancelled"
        assert changes == []
        assert (await connector.cancel_delivery(state.remote, "", "")).status == "cancelled", "harmless"

        other = await connector.deliver(delivery("shop:2"), "")
        changes += range(99)
        watched.before = lambda request: (
            wm.act("hold", order="shop:2", release=True) if request.method == "POST" else None
        )
        with pytest.raises(Conflict, match="all the time"):
            await connector.cancel_delivery(other.remote, "", "")

    told(story)


def test_what_has_shipped_is_on_hold_or_is_not_there_cannot_be_cancelled():
    async def story(wm: Bench, connector: WarehouseManager, watched: Watched) -> None:
        shipped = await connector.deliver(delivery("shop:1"), "")
        held = await connector.deliver(delivery("shop:2"), "")
        wm.act("ship", order="shop:1")
        wm.act("hold", order="shop:2", reason="fraud")
        with pytest.raises(Conflict, match="has shipped"):
            await connector.cancel_delivery(shipped.remote, "", "")
        with pytest.raises(Forbidden, match="InUse") as refused:
            await connector.cancel_delivery(held.remote, "", "")
        assert "on hold" in str(refused.value)
        with pytest.raises(NotFound):
            await connector.cancel_delivery(Ref("wm", "987654"), "", "")

        def ship_now(request: httpx.Request) -> None:
            if request.url.path.endswith("/canceler"):
                wm.act("hold", order="shop:2", release=True)
                wm.act("ship", order="shop:2")

        watched.before = ship_now
        wm.act("hold", order="shop:2", release=True)
        with pytest.raises(Conflict, match="has shipped"):
            await connector.cancel_delivery(held.remote, "", "")

    told(story)


def test_packages_are_shipments_and_what_is_in_none_is_one_more():
    async def story(wm: Bench, connector: WarehouseManager, watched: Watched) -> None:
        packed, loose = place(wm, "WEB-1", (MUG, 4), (LAMP, 1)), place(wm, "WEB-2", (MUG, 3))
        wm.act("ship", order="WEB-1", parcels=2, tracking_number="T", carrier="GLS")
        tag = wm.get(f"/orders/{loose}").headers["etag"]
        wm.client.post(f"/orders/{loose}/confirmer", json={"trackingNumber": "L"}, headers={"If-Match": tag})
        rows = [row async for page in connector.shipments() for row in page.rows]
        assert [(row.reference, row.parcels) for row in rows] == [
            ("WEB-1", (Parcel("T", "GLS"),)),
            ("WEB-1", (Parcel("T-2", "GLS"),)),
            ("WEB-2", (Parcel("L"),)),
        ]
        assert rows[2].source.id == str(loose)
        assert rows[2].lines == (ShipmentLine(MUG, 3),)
        assert {row.source.id.partition(":")[0] for row in rows[:2]} == {str(packed)}
        assert sum(line.quantity for row in rows[:2] for line in row.lines) == 5

        wm.act("unconfirm", order="WEB-1")
        wm.act("unconfirm", order="WEB-2")
        again = [row async for page in connector.shipments() for row in page.rows]
        assert [(row.source, row.voided) for row in again] == [(row.source, True) for row in rows]

    told(story)


def test_levels_are_added_up_over_qualifiers_and_read_for_one_customer_and_place():
    async def story(wm: Bench, connector: WarehouseManager, watched: Watched) -> None:
        receiver = {"customerIdentifier": {"id": 4}, "facilityIdentifier": {"id": 1}, "referenceNum": "IN"}
        line = {"itemIdentifier": {"sku": LAMP}, "qualifier": "B-ware", "qty": 2}
        for facility in (1, 2):
            about = {"facilityIdentifier": {"id": facility}, "referenceNum": f"IN-{facility}"}
            body = receiver | about | {"receiveItems": [line]}
            id = wm.post("/inventory/receivers", body).json()["ReadOnly"]["ReceiverId"]
            wm.post(f"/inventory/receivers/{id}/confirmer", headers={"If-Match": "*"})
        await connector.deliver(delivery("shop:1", (LAMP, 1)), "")
        levels = {level.sku: level async for page in connector.levels() for level in page.rows}
        assert (levels[LAMP].on_hand, levels[LAMP].available, levels[LAMP].allocated) == (5, 4, 1)
        assert levels[LAMP].warehouse == "1"

    told(story)


def test_settings_that_name_no_customer_are_refused_at_once():
    for wrong in ({"customer_id": ""}, {"customer_id": "ACME"}, {"customer_id": "4", "facility_id": "-1"}):
        with pytest.raises(Invalid, match="has to be a number"):
            WarehouseManager(Settings("wm", "id", "secret", **wrong))


# Events


def test_the_key_of_events_is_read_and_believes_what_the_vendor_sends():
    async def story(wm: Bench, connector: WarehouseManager, watched: Watched) -> None:
        key = await connector.webhook_key()
        wm.act("listen", url="http://127.0.0.1:9/told")
        place(wm, "WEB-1")
        body = wm.documents("webhook_delivery")[0]["body"].encode()
        signature = signed_base64(key_of("wm-signing"), body)
        hint = read_hint({"signature": signature}, body, public_key=key)
        assert (hint.event_id, hint.topic, hint.subject, hint.happened) == ("2:880123", "OrderCreate", "5012", NOON)
        with pytest.raises(BadSignature):
            connector.verify({"Signature": signature}, body)  # it has not been told the key

    told(story)


KEY = key_of("ours", 1024)
EVENT = b'{"tplId":2,"wmsEventId":9,"eventType":"OrderConfirm","resource":{"href":"/orders/7?detail=OrderItems"}}'


def test_an_event_in_an_envelope_is_believed_by_the_bytes_inside():
    pem, signature = public_pem(KEY), signed_base64(KEY, EVENT)
    envelope = b'{"headers": {"signature": "%s"}, "body": %s}' % (signature.encode(), EVENT)
    assert read_hint({}, envelope, public_key=pem).subject == "7"
    text = b'{"headers":{"Signature":"%s"},"body":%s}' % (
        signature.encode(),
        EVENT.replace(b'"', b'\\"').join([b'"'] * 2),
    )
    assert read_hint({}, text, public_key=pem).event_id == "2:9"
    with pytest.raises(BadSignature):
        read_hint({}, envelope.replace(b"OrderConfirm", b"OrderCancel"), public_key=pem)


def test_a_signed_event_that_cannot_be_read_is_invalid():
    for body in (b"[]", b"{", b'{"tplId":"x"}'):
        with pytest.raises(Invalid, match="cannot be read"):
            read_hint({"Signature": signed_base64(KEY, body)}, body, public_key=public_pem(KEY))


# Mapping


def order_document(**change: Any) -> OrderDocument:
    import msgspec

    line = {"readOnly": {"orderItemId": 77}, "itemIdentifier": {"sku": MUG}, "qty": 2.0}
    body = {
        "readOnly": {"orderId": 5012, "lastModifiedDate": "2026-11-23T04:00:00", "status": 1} | change,
        "referenceNum": "WEB-1",
        "_embedded": {"http://api.3plCentral.com/rels/orders/item": [line]},
    }
    return msgspec.convert(body, OrderDocument)


def test_moments_have_no_zone_and_the_settings_say_what_they_mean():
    (shipment,) = shipments_from_order(order_document(), "wm", AHEAD)
    assert shipment.updated == shipment.shipped == NOON
    assert their_stamp(NOON, AHEAD) == "2026-11-23T04:00:00"
    assert moment(datetime(2026, 11, 23, 13, tzinfo=UTC), AHEAD) == NOON + timedelta(hours=1), "a zone is believed"
    with pytest.raises(ValueError, match="no moment"):
        moment(datetime.fromisoformat("0001-01-01"), timedelta(hours=1))
    assert their_stamp(datetime.min.replace(tzinfo=UTC), AHEAD).startswith("0001")


def test_an_empty_box_is_voided_and_a_strange_one_makes_no_sense():
    empty = {"packageId": 9, "packageContents": []}
    rows = shipments_from_order(order_document(packages=[empty]), "wm", AHEAD)
    assert [(row.source.id, row.voided, len(row.lines)) for row in rows] == [("5012:9", True, 0), ("5012", False, 1)]
    strange = {"packageId": 9, "packageContents": [{"orderItemId": 1, "qty": 1}]}
    with pytest.raises(KeyError):
        shipments_from_order(order_document(packages=[strange]), "wm", AHEAD)


def test_what_is_no_number_of_units_is_refused():
    assert (whole(Decimal("2.0")), floor(Decimal("2.9")), floor(-1)) == (2, 2, -1)
    for wrong in (Decimal("0.5"), Decimal("NaN"), Decimal("Infinity")):
        with pytest.raises(ValueError, match="units"):
            whole(wrong)
    with pytest.raises(ValueError, match="quantity"):
        floor(Decimal("NaN"))
    with pytest.raises(ValueError, match="no status"):
        state_from_order(order_document(status=9), "wm")
    assert levels_from_summaries([], NOON) == []


def test_an_address_says_what_there_is():
    full = address_to_document(Address("A", "1 St", "B", "2", "US", region="NV", street2="x", company="C", phone="5"))
    assert (full["companyName"], full["address2"], full["phoneNumber"], full["state"]) == ("C", "x", "5", "NV")
    assert "address2" not in address_to_document(HOME)


def test_a_strange_page_is_unreadable():
    async def story(wm: Bench, connector: WarehouseManager, watched: Watched) -> None:
        for body in (
            {"Message": "x"},
            {"totalResults": 1, "_embedded": []},
            {"totalResults": 1, "_embedded": {"x": []}},
        ):

            class Strange(httpx.AsyncBaseTransport):
                async def handle_async_request(self, request: httpx.Request, body: Any = body) -> httpx.Response:
                    return httpx.Response(200, json={"access_token": "t"} | body)

            settings = Settings("wm", "id", "secret", customer_id="4", facility_id="1")
            async with WarehouseManager(settings, transport=Strange()) as strange:
                with pytest.raises(Unreadable):
                    await strange.find_delivery("x")

    told(story)
