"""Shipments told through the connector: once, against whatever fulfilment orders there are by then."""

import httpx
import pytest

from connectors.canonical import Fulfillment, Parcel, Ref
from connectors.core.errors import (
    Conflict,
    Invalid,
    NotFound,
    Refused,
    TimedOut,
    Unknown,
)
from tests.shopify.connector import MONDAY, Vendor, ask, nodes, user_error


class Order:
    """An order with fulfilment orders and fulfilments, small enough to be right."""

    def __init__(self, *, fulfillment_orders, fulfillments=()) -> None:
        self.orders = fulfillment_orders  # id → (location, {line: remaining})
        self.told = list(fulfillments)  # (id, status, numbers, {line: quantity})
        self.refusals = []
        self.inputs = []
        self.vendor = Vendor(
            fulfillments=self.fulfillments,
            fulfillmentOrders=self.fulfillment_orders,
            fulfillmentCreate=self.create,
        )

    def fulfillments(self, variables):
        return {
            "order": {
                "fulfillments": [
                    {
                        "id": f"gid://shopify/Fulfillment/{id}",
                        "status": status,
                        "trackingInfo": [{"number": number} for number in numbers],
                        "fulfillmentLineItems": nodes(
                            *[
                                {"quantity": quantity, "lineItem": {"id": f"gid://shopify/LineItem/{line}"}}
                                for line, quantity in lines.items()
                            ]
                        ),
                    }
                    for id, status, numbers, lines in self.told
                ]
            }
        }

    def fulfillment_orders(self, variables):
        found = [
            {
                "id": f"gid://shopify/FulfillmentOrder/{id}",
                "status": "OPEN",
                "supportedActions": [{"action": "CREATE_FULFILLMENT"}, {"action": "MOVE"}]
                if location != "held"
                else [],
                "assignedLocation": {"location": {"id": f"gid://shopify/Location/{location}"}},
                "lineItems": nodes(
                    *[
                        {
                            "id": f"gid://shopify/FulfillmentOrderLineItem/{id}{line}",
                            "remainingQuantity": remaining,
                            "lineItem": {"id": f"gid://shopify/LineItem/{line}"},
                        }
                        for line, remaining in lines.items()
                    ]
                ),
            }
            for id, (location, lines) in self.orders.items()
        ]
        return {"order": {"fulfillmentOrders": nodes(*found)}}

    def create(self, variables):
        given = variables["fulfillment"]
        self.inputs.append(given)
        if self.refusals and (refusal := self.refusals.pop(0)):
            return refusal
        lines = {}
        for order in given["lineItemsByFulfillmentOrder"]:
            id = order["fulfillmentOrderId"].rpartition("/")[2]
            for item in order["fulfillmentOrderLineItems"]:
                line = item["id"].rpartition("/")[2].removeprefix(id)
                self.orders[id][1][line] -= item["quantity"]
                assert self.orders[id][1][line] >= 0
                lines[line] = lines.get(line, 0) + item["quantity"]
        tracking = given.get("trackingInfo", {})
        numbers = tracking.get("numbers") or ([tracking["number"]] if tracking else [])
        id = str(100 + len(self.told))
        self.told.append((id, "SUCCESS", numbers, lines))
        created = {"id": f"gid://shopify/Fulfillment/{id}", "status": "SUCCESS"}
        return {"fulfillmentCreate": {"fulfillment": created, "userErrors": []}}


def shipment(lines, *numbers, carrier="UPS", url="", notify=False):
    parcels = tuple(Parcel(number, carrier, url and url + number) for number in numbers)
    return Fulfillment(Ref("shop", "7001"), tuple(lines.items()), parcels, MONDAY, notify)


def tell(order, what):
    return ask(order.vendor, lambda shop: shop.fulfill(what, "key"))


def find(order, what):
    return ask(order.vendor, lambda shop: shop.find_fulfillment(what))


def refused_create(*messages):
    errors = [user_error(message, "fulfillment") for message in messages]
    return {"fulfillmentCreate": {"fulfillment": None, "userErrors": errors}}


def test_a_shipment_is_told_against_the_open_fulfilment_order():
    order = Order(fulfillment_orders={"8": ("11", {"55": 2, "56": 1})})
    assert tell(order, shipment({"55": 1}, "1Z1", url="https://ups/", notify=True)) == "100"
    assert order.inputs == [
        {
            "lineItemsByFulfillmentOrder": [
                {
                    "fulfillmentOrderId": "gid://shopify/FulfillmentOrder/8",
                    "fulfillmentOrderLineItems": [{"id": "gid://shopify/FulfillmentOrderLineItem/855", "quantity": 1}],
                }
            ],
            "notifyCustomer": True,
            "trackingInfo": {"number": "1Z1", "url": "https://ups/1Z1", "company": "UPS"},
        }
    ]


def test_a_shipment_of_several_parcels_has_several_numbers():
    order = Order(fulfillment_orders={"8": ("11", {"55": 2})})
    tell(order, shipment({"55": 2}, "1Z1", "1Z2", url="https://ups/"))
    assert order.inputs[0]["trackingInfo"] == {
        "numbers": ["1Z1", "1Z2"],
        "urls": ["https://ups/1Z1", "https://ups/1Z2"],
        "company": "UPS",
    }


def test_each_location_is_told_its_own_part():
    order = Order(fulfillment_orders={"8": ("11", {"55": 2}), "9": ("12", {"56": 1}), "10": ("11", {"57": 4})})
    assert tell(order, shipment({"55": 2, "56": 1, "57": 4}, "1Z1")) == "100,101"
    told = [sorted(o["fulfillmentOrderId"][-2:] for o in each["lineItemsByFulfillmentOrder"]) for each in order.inputs]
    assert told == [["/8", "10"], ["/9"]]
    assert find(order, shipment({"55": 2, "56": 1, "57": 4}, "1z 1")) == "100,101"


def test_a_tracked_shipment_is_told_once_however_often_it_is_told():
    order = Order(fulfillment_orders={"8": ("11", {"55": 5})})
    assert tell(order, shipment({"55": 2}, "1Z1")) == "100"
    assert tell(order, shipment({"55": 2}, "1Z1")) == "100"
    assert tell(order, shipment({"55": 2}, "1Z2")) == "101"
    assert order.orders["8"][1]["55"] == 1


def test_more_than_is_open_is_refused_before_anything_is_told():
    order = Order(fulfillment_orders={"8": ("11", {"55": 1}), "9": ("held", {"55": 5})})
    with pytest.raises(Conflict, match="nothing open for 1 of line 55"):
        tell(order, shipment({"55": 2}, "1Z1"))
    assert order.inputs == []


def test_a_fulfilment_order_replaced_since_it_was_read_is_looked_at_again():
    order = Order(fulfillment_orders={"8": ("11", {"55": 1})})
    order.refusals = [refused_create("Fulfillment order 8001 has an unfulfillable status= closed.")]
    assert tell(order, shipment({"55": 1}, "1Z1")) == "100"
    assert order.vendor.names().count("fulfillmentOrders") == 2


def test_a_second_refusal_is_told():
    order = Order(fulfillment_orders={"8": ("11", {"55": 1})})
    order.refusals = [refused_create("Invalid fulfillment order line item quantity requested.")] * 2
    with pytest.raises(Conflict, match="Invalid fulfillment order line item quantity") as caught:
        tell(order, shipment({"55": 1}, "1Z1"))
    assert len(order.inputs) == 2
    assert caught.value.next_step


def test_a_lost_answer_is_an_unknown_outcome_told_once():
    order = Order(fulfillment_orders={"8": ("11", {"55": 1})})
    order.refusals = [httpx.ReadTimeout("slow")]
    with pytest.raises(TimedOut):
        tell(order, shipment({"55": 1}, "1Z1"))
    assert len(order.inputs) == 1


def test_half_a_tracked_shipment_is_an_unknown_outcome_and_repeating_tells_the_rest():
    order = Order(fulfillment_orders={"8": ("11", {"55": 1}), "9": ("12", {"56": 1})})
    order.refusals = [None, refused_create("Fulfillment order does not exist.")]
    what = shipment({"55": 1, "56": 1}, "1Z1")
    with pytest.raises(Unknown, match="1 of 2 locations were told"):
        tell(order, what)
    assert find(order, what) is None
    assert tell(order, what) == "100,101"
    assert find(order, what) == "100,101"


def test_half_an_untracked_shipment_needs_a_person():
    order = Order(fulfillment_orders={"8": ("11", {"55": 1}), "9": ("12", {"56": 1})})
    order.refusals = [None, httpx.Response(429, headers={"retry-after": "99"})]
    with pytest.raises(Refused, match="1 of 2 locations were told") as caught:
        tell(order, shipment({"55": 1, "56": 1}))
    assert "by hand" in caught.value.next_step


def test_an_untracked_shipment_is_found_by_its_lines():
    told = [
        ("1", "CANCELLED", [], {"55": 1}),
        ("2", "SUCCESS", ["1Z1"], {"55": 1}),
        ("3", "SUCCESS", [], {"56": 1}),
    ]
    order = Order(fulfillment_orders={}, fulfillments=told)
    assert find(order, shipment({"55": 1})) is None
    assert find(order, shipment({"56": 1})) == "3"
    assert find(order, shipment({"56": 2})) is None


def test_a_shipment_is_found_by_its_numbers_and_lines_among_the_living():
    told = [("1", "CANCELLED", ["1Z1"], {"55": 1}), ("2", "SUCCESS", ["1Z9", "1Z1"], {"55": 1})]
    order = Order(fulfillment_orders={}, fulfillments=told)
    assert find(order, shipment({"55": 1}, "1Z1")) == "2"
    assert find(order, shipment({"55": 1}, "1Z1", "1Z9")) == "2"
    assert find(order, shipment({"55": 1}, "1Z1", "1Z2")) is None
    assert find(order, shipment({"56": 1}, "1Z1")) is None, "the same box, other goods"
    assert find(order, shipment({"55": 2}, "1Z1")) is None, "not all of it is told"


def test_a_shipment_of_an_order_that_is_not_there_is_not_found_missing():
    vendor = Vendor(fulfillments={"order": None})
    with pytest.raises(NotFound):
        ask(vendor, lambda shop: shop.find_fulfillment(shipment({"55": 1}, "1Z1")))


@pytest.mark.parametrize("lines", [{}, {"55": 0}, {"55": -1}])
def test_a_shipment_of_nothing_is_refused(lines):
    with pytest.raises(Invalid, match="at least one"):
        tell(Order(fulfillment_orders={}), shipment(lines, "1Z1"))


def test_the_lines_of_a_long_fulfilment_and_of_a_long_fulfilment_order_are_all_read():
    order = Order(
        fulfillment_orders={"8": ("11", {"55": 1, "56": 1})}, fulfillments=[("1", "SUCCESS", ["1Z1"], {"57": 1})]
    )

    def cut(answer, key):
        def cutting(variables):
            whole = answer(variables)
            found = whole["order"][key]
            first = found[0] if isinstance(found, list) else found["nodes"][0]
            name = "fulfillmentLineItems" if isinstance(found, list) else "lineItems"
            first[name] = nodes(*first[name]["nodes"][:1], after="a")
            return whole

        return cutting

    more_told = {"quantity": 1, "lineItem": {"id": "gid://shopify/LineItem/58"}}
    more_open = {
        "id": "gid://shopify/FulfillmentOrderLineItem/856",
        "remainingQuantity": 1,
        "lineItem": {"id": "gid://shopify/LineItem/56"},
    }
    order.vendor.answers |= {
        "fulfillments": cut(order.fulfillments, "fulfillments"),
        "fulfillmentLines": {"fulfillment": {"fulfillmentLineItems": nodes(more_told)}},
        "fulfillmentOrders": cut(order.fulfillment_orders, "fulfillmentOrders"),
        "fulfillmentOrderLines": {"fulfillmentOrder": {"lineItems": nodes(more_open)}},
    }
    assert find(order, shipment({"57": 1, "58": 1}, "1Z1")) == "1"
    tell(order, shipment({"55": 1, "56": 1}, "1Z2"))
    assert order.orders["8"][1] == {"55": 0, "56": 0}


def test_a_voided_shipment_is_cancelled_wherever_it_was_told():
    status = {"100": "SUCCESS", "101": "CANCELLED"}
    cancelled = []

    def cancel(variables):
        cancelled.append(variables["id"])
        return {"fulfillmentCancel": {"fulfillment": {"id": variables["id"]}, "userErrors": []}}

    vendor = Vendor(
        fulfillmentStatus=lambda variables: {"fulfillment": {"status": status[variables["id"].rpartition("/")[2]]}},
        fulfillmentCancel=cancel,
    )
    ask(vendor, lambda shop: shop.cancel_fulfillment("100,101", "key"))
    assert cancelled == ["gid://shopify/Fulfillment/100"]


def test_a_fulfilment_that_cannot_be_cancelled_is_told_and_one_cancelled_meanwhile_is_not():
    refusal = {"fulfillmentCancel": {"fulfillment": None, "userErrors": [user_error("It was delivered")]}}

    def vendor(*statuses):
        return Vendor(
            fulfillmentStatus=[{"fulfillment": {"status": status}} for status in statuses], fulfillmentCancel=refusal
        )

    with pytest.raises(Conflict, match="It was delivered"):
        ask(vendor("SUCCESS"), lambda shop: shop.cancel_fulfillment("100", "key"))
    ask(vendor("SUCCESS", "CANCELLED"), lambda shop: shop.cancel_fulfillment("100", "key"))
    with pytest.raises(NotFound):
        ask(Vendor(fulfillmentStatus={"fulfillment": None}), lambda shop: shop.cancel_fulfillment("100", "key"))
