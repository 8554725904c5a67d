"""The connector beyond its ports: what a 400 means, how long to wait, and the lists that are for strangers."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from connectors.canonical import Address, Delivery, DeliveryLine, Ref
from connectors.core.clock import LoopClock
from connectors.core.errors import Broken, Conflict, Invalid, NotFound, Throttled, Unavailable, Unreadable
from connectors.extend_commerce import ExtendCommerce, Settings
from seatrial import virtual_time
from tests.extend_commerce.house import LAMP, MUG, house

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
DATE = {"date": "Mon, 23 Nov 2026 12:00:00 GMT"}
HOME = Address("Anna Berg", "Storgatan 1", "Stockholm", "11122", "SE", company="Berg AB", phone="08-1")
SENT = Delivery(
    "shop:1", Ref("shop", "1"), "#1", (DeliveryLine(MUG, 2, "1"),), HOME, email="a@example.com", note="Ring"
)


def told(transport: Any, ask: Callable[[ExtendCommerce], Any], **more: Any) -> Any:
    async def story() -> Any:
        settings = Settings("extend", "APIDEMO", "apidemo-user", "YOUR_PASSWORD", "C-1001", **more)
        async with ExtendCommerce(
            settings, clock=LoopClock(NOON), chance=random.Random(1), transport=transport
        ) as extend:
            return await ask(extend)

    return virtual_time.run(story())


def vendor(*answers: httpx.Response) -> tuple[httpx.MockTransport, list[httpx.Request]]:
    """Answers in their order, the last one again and again."""
    left, heard = list(answers), []

    def answer(request: httpx.Request) -> httpx.Response:
        heard.append(request)
        reply = left.pop(0) if len(left) > 1 else left[0]
        return httpx.Response(reply.status_code, content=reply.content, headers=reply.headers)

    return httpx.MockTransport(answer), heard


def all_of(walk: Any) -> Callable[[ExtendCommerce], Any]:
    async def ask(extend: ExtendCommerce) -> list[Any]:
        return [each async for each in walk(extend)]

    return ask


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("Error getting order row list: Transaction was deadlocked. Rerun the transaction.", Unavailable),
        ("Error getting order list: Execution Timeout Expired. The timeout period elapsed", Broken),
        ("Error getting purchase order: There is no row at position 0.", NotFound),
        ("Error creating customer order: Customer C-9 does not exist.", Invalid),
        ("The request is invalid.", Invalid),
    ],
)
def test_what_a_400_means_is_read_out_of_its_message(message, kind):
    transport, heard = vendor(httpx.Response(400, json={"Message": message}, headers=DATE))
    with pytest.raises(kind) as caught:
        told(transport, lambda extend: extend.check())
    assert message in str(caught.value)
    assert (len(heard) > 1) == (kind in {Unavailable, Broken}), "what passes is asked again"


def test_a_write_that_timed_out_in_a_400_is_not_repeated_by_itself():
    transport, heard = vendor(httpx.Response(400, json={"Message": "Timeout expired."}, headers=DATE))
    with pytest.raises(Broken):
        told(transport, lambda extend: extend.deliver(SENT, "key"))
    assert len(heard) == 1


def test_a_429_is_waited_for_until_its_window_ends_by_the_vendor_s_own_clock():
    reset = {"x-ratelimit-reset": str(int(NOON.timestamp()) + 42)} | DATE
    transport, heard = vendor(httpx.Response(429, headers=reset))
    with pytest.raises(Throttled) as caught:
        told(transport, lambda extend: extend.deliver(SENT, "key"))
    assert caught.value.retry_after_seconds == 42.0
    assert len(heard) == 1, "and a write does not wait so long"


def test_the_password_goes_in_the_vendor_s_header_the_short_name_in_the_path_and_no_cookie_anywhere():
    transport, heard = vendor(httpx.Response(200, json=[], headers=DATE | {"set-cookie": "a=1"}))
    told(transport, all_of(lambda extend: extend.deliveries()))
    told(transport, lambda extend: extend.check())
    for request in heard:
        assert request.headers["extendbasicauthorization"].startswith("Basic ")
        assert request.url.path.startswith("/RESTAPI/v1_0/APIDEMO/")
        assert not {"cookie", "authorization"} & set(request.headers)
        assert request.url.params["modifiedDateFrom"].count("+") == 0, "UTC without an offset"


def test_a_delivery_is_booked_on_the_customer_with_the_misspelled_phone_number():
    extend = house()
    state = told(
        extend.sandbox.transport("extend_commerce"),
        lambda connector: connector.deliver(SENT, "key"),
        warehouse="MAIN",
        sales_channel="web-se",
    )
    kept = extend.read(f"/CustomerOrders/{state.remote.id}")
    header = kept["orderHeader"]
    assert (header["customerNumber"], header["delieryPhoneNumber"], header["salesChannel"]) == (
        "C-1001",
        "08-1",
        "web-se",
    )
    assert (header["deliveryAddress"]["name2"], header["notations"]["notes"]) == ("Berg AB", "Ring")
    assert kept["orderRows"][0]["salesData"]["unitPrice"] == 79.0, "Extend's own price"


def test_where_a_second_order_is_let_in_the_look_up_finds_the_oldest_that_is_not_annulled():
    extend = house()
    extend.world.settings["extend_commerce.duplicate_external"] = "allow"
    numbers = [extend.order("shop:1")["orderHeader"]["orderNumber"] for _ in range(3)]
    extend.call("DELETE", f"/CustomerOrders/{numbers[0]}")
    transport = extend.sandbox.transport("extend_commerce")
    assert told(transport, lambda connector: connector.find_delivery("shop:1")).remote.id == numbers[1]
    assert told(transport, lambda connector: connector.find_delivery("SHOP:1")) is None


def test_a_reserved_order_is_not_annulled():
    extend = house()
    number = extend.order("shop:1")["orderHeader"]["orderNumber"]
    extend.act("reserve", order=number)
    with pytest.raises(Conflict, match="Reserved"):
        told(extend.sandbox.transport("extend_commerce"), lambda it: it.cancel_delivery(Ref("extend", number), "", "k"))


def test_the_catalogue_since_a_moment_has_what_changed_and_what_is_new_each_once():
    extend = house()
    extend.act("add_warehouse", warehouse="SOUTH")
    extend.advance(3 * 86_400)
    extend.act("add_product", product="CUP")
    extend.act("change_product", product=MUG, name="Mug")
    transport = extend.sandbox.transport("extend_commerce")
    since = NOON + timedelta(days=2)
    everything = told(transport, all_of(lambda it: it.catalogue()), page_size=1)
    assert [each.product_number for each in everything] == [MUG, LAMP, "CUP"]
    assert [each.product_number for each in told(transport, all_of(lambda it: it.catalogue(since)))] == [MUG, "CUP"]


def test_prices_are_asked_for_ten_at_a_time():
    extend = house()
    for number in range(25):
        extend.act("add_product", product=f"P{number}", price=10 + number)
    skus = [f"P{number}" for number in range(25)]
    transport = extend.sandbox.transport("extend_commerce")
    found = told(transport, all_of(lambda it: it.prices("C-1001", skus)))
    assert [(each.sku, each.price.amount, each.price.currency) for each in found] == [
        (sku, 10 + number, "SEK") for number, sku in enumerate(skus)
    ]
    assert len(told(transport, all_of(lambda it: it.prices("C-1001")))) == 27
    with pytest.raises(Invalid, match="C-9"):
        told(transport, all_of(lambda it: it.prices("C-9")))


def test_a_customer_is_created_found_and_missed():
    extend = house()
    transport = extend.sandbox.transport("extend_commerce")
    made = told(transport, lambda it: it.create_customer("Anna Berg", HOME, template="WEBB2C", email="a@example.com"))
    assert told(transport, lambda it: it.customer(made.customer_number)) == made
    assert told(transport, lambda it: it.customer("C-9")) is None
    assert {each.customer_number for each in told(transport, all_of(lambda it: it.customers(NOON)))} >= {
        made.customer_number
    }
    with pytest.raises(Invalid, match="already exists"):
        told(transport, lambda it: it.create_customer("Anna", HOME, number=made.customer_number))


@pytest.mark.parametrize("body", [{}, {"Message": "x"}, "x", 7, None])
def test_only_an_array_proves_the_credentials(body):
    transport, _ = vendor(httpx.Response(200, json=body, headers=DATE))
    with pytest.raises(Unreadable):
        told(transport, lambda extend: extend.check())


def test_levels_are_never_asked_for_product_by_product():
    extend = house()
    told(extend.sandbox.transport("extend_commerce"), all_of(lambda it: it.levels()))
    told(extend.sandbox.transport("extend_commerce"), lambda it: it.warehouses())
    assert extend.act("review_conduct") == {"letters": []}
    assert extend.documents("conduct") == []
