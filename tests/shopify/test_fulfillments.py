"""Fulfilments: what leaves, what is refused in which words, and how everything else follows."""

import pytest

from tests.shopify.shop import Shop, shop, stocked
from tests.shopify.test_fulfillment_orders import with_second_location

CREATE = """mutation($f: FulfillmentInput!, $m: String) {fulfillmentCreate(fulfillment: $f, message: $m) {
  fulfillment {id name status displayStatus totalQuantity trackingInfo(first: 5) {company number url}
    fulfillmentLineItems(first: 5) {nodes {quantity lineItem {sku}}}
    fulfillmentOrders(first: 5) {nodes {id status}} location {id} order {name displayFulfillmentStatus}}
  userErrors {field message}}}"""


def ordered(*lines: tuple[str, int]) -> tuple[Shop, dict, dict]:
    made = stocked()
    order = made.order(*(lines or (("MUG-BLU", 2), ("MUG-RED", 1))))
    return made, order, made.waiting(order)[0]


def some(row: dict, **units: int) -> dict:
    """The input that names units by the place of their line: `some(row, a=1)` is one of the first."""
    lines = [{"id": row["lines"]["abc".index(place)]["id"], "quantity": count} for place, count in units.items()]
    return {"fulfillmentOrderId": row["id"]} | ({"fulfillmentOrderLineItems": lines} if lines else {})


def test_all_that_is_left_leaves_when_no_lines_are_named():
    made, order, row = ordered()

    fulfillment = made.change(CREATE, f={"lineItemsByFulfillmentOrder": [some(row)]})["fulfillment"]

    assert fulfillment == {
        "id": "gid://shopify/Fulfillment/7200000000001",
        "name": "#1001-F1",
        "status": "SUCCESS",
        "displayStatus": "FULFILLED",
        "totalQuantity": 3,
        "trackingInfo": [],
        "fulfillmentLineItems": {
            "nodes": [
                {"quantity": 2, "lineItem": {"sku": "MUG-BLU"}},
                {"quantity": 1, "lineItem": {"sku": "MUG-RED"}},
            ]
        },
        "fulfillmentOrders": {"nodes": [{"id": row["id"], "status": "CLOSED"}]},
        "location": {"id": row["locationId"]},
        "order": {"name": "#1001", "displayFulfillmentStatus": "FULFILLED"},
    }
    assert made.kept_order(order["id"])["closed"] is True  # paid and fulfilled: archived
    assert made.level() | {"incoming": 0} == {
        "available": 8,
        "committed": 0,
        "incoming": 0,
        "reserved": 0,
        "damaged": 0,
        "quality_control": 0,
        "safety_stock": 0,
    }
    assert made.sound() == []


def test_part_of_it_leaves_and_the_rest_waits():
    made, order, row = ordered()

    made.change(CREATE, f={"lineItemsByFulfillmentOrder": [some(row, a=1)]})
    shown = made.ask(
        "query($id: ID!) {order(id: $id) {displayFulfillmentStatus closed lineItems(first: 5) {nodes "
        "{quantity unfulfilledQuantity}} fulfillmentOrders(first: 5) {nodes {status lineItems(first: 5) {nodes "
        "{totalQuantity remainingQuantity}}}}}}",
        id=order["id"],
    )["order"]

    assert (shown["displayFulfillmentStatus"], shown["closed"]) == ("PARTIALLY_FULFILLED", False)
    assert [node["unfulfilledQuantity"] for node in shown["lineItems"]["nodes"]] == [1, 1]
    assert shown["fulfillmentOrders"]["nodes"] == [
        {
            "status": "IN_PROGRESS",
            "lineItems": {
                "nodes": [
                    {"totalQuantity": 2, "remainingQuantity": 1},
                    {"totalQuantity": 1, "remainingQuantity": 1},
                ]
            },
        }
    ]
    assert made.sound() == []


def test_two_parcels_are_two_fulfilments_with_names_of_their_own():
    made, _, row = ordered()

    names = [
        made.change(CREATE, f={"lineItemsByFulfillmentOrder": [part]})["fulfillment"]["name"]
        for part in (some(row, a=1), some(row, a=1, b=1))
    ]

    assert names == ["#1001-F1", "#1001-F2"]
    assert made.sound() == []


def test_repeating_a_partial_one_ships_twice_and_repeating_a_whole_one_is_refused():
    made, _, row = ordered()
    part = {"lineItemsByFulfillmentOrder": [some(row, a=1)]}
    made.change(CREATE, f=part)
    made.change(CREATE, f=part)
    made.change(CREATE, f={"lineItemsByFulfillmentOrder": [some(row)]})

    error = made.error(CREATE, f={"lineItemsByFulfillmentOrder": [some(row)]})

    number = row["id"].rsplit("/", 1)[1]
    assert error == {
        "field": ["fulfillment"],
        "message": f"Fulfillment order {number} has an unfulfillable status= closed.",
    }
    assert len(made.documents("fulfillment")) == 3


LINE = ["fulfillment", "lineItemsByFulfillmentOrder", "0", "fulfillmentOrderLineItems", "0", "quantity"]


@pytest.mark.parametrize(
    ("part", "field", "words"),
    [
        ({"a": 0}, LINE, "Quantity must be greater than 0"),
        ({"a": -1}, LINE, "Quantity must be greater than 0"),
        ({"a": 3}, ["fulfillment"], "Invalid fulfillment order line item quantity requested."),
    ],
)
def test_units_that_are_not_there_are_refused(part, field, words):
    made, _, row = ordered()

    error = made.error(CREATE, f={"lineItemsByFulfillmentOrder": [some(row, **part)]})

    assert error == {"field": field, "message": words}


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"fulfillmentOrderId": "gid://shopify/FulfillmentOrder/1"}, "Fulfillment order does not exist."),
        (
            {"fulfillmentOrderLineItems": [{"id": "gid://shopify/FulfillmentOrderLineItem/1", "quantity": 1}]},
            "Fulfillment order line item does not exist.",
        ),
    ],
)
def test_what_is_not_there_is_refused(entry, words):
    made, _, row = ordered()

    error = made.error(CREATE, f={"lineItemsByFulfillmentOrder": [some(row) | entry]})

    assert error["message"] == words


def test_one_fulfilment_is_of_one_order_at_one_location():
    made, row, there = with_second_location()
    other_order = made.waiting(made.order(("MUG-BLU", 1)))[0]
    split = made.change(
        "mutation($id: ID!, $to: ID!, $l: [FulfillmentOrderLineItemInput!]) {fulfillmentOrderMove(id: $id, "
        "newLocationId: $to, fulfillmentOrderLineItems: $l) {remainingFulfillmentOrder {id} userErrors {message}}}",
        id=row["id"],
        to=there,
        l=[{"id": row["lines"][0]["id"], "quantity": 1}],
    )["remainingFulfillmentOrder"]["id"]

    orders = made.error(CREATE, f={"lineItemsByFulfillmentOrder": [some(row), some(other_order)]})
    places = made.error(CREATE, f={"lineItemsByFulfillmentOrder": [some(row), {"fulfillmentOrderId": split}]})

    assert (orders["field"], "order" in orders["message"]) == (["fulfillment"], True)
    assert (places["field"], "location" in places["message"]) == (["fulfillment"], True)


def test_a_user_error_without_a_code_has_none_to_select():
    made, _, row = ordered()

    error = made.refused(
        CREATE.replace("userErrors {field message}", "userErrors {code}"),
        f={"lineItemsByFulfillmentOrder": [some(row)]},
    )

    assert error["message"] == "Field 'code' doesn't exist on type 'UserError'"


# Tracking -------------------------------------------------------------------------------------------------------------

UPS_LINK = "https://www.ups.com/WebTracking?loc=en_US&requester=ST&trackNums=1Z9"
NIGHT_LINK = "https://night.example/7"
TRACKING = [
    ({"company": "UPS", "number": "1Z9"}, [("UPS", "1Z9", UPS_LINK)]),
    ({"company": "ups", "number": "1Z9"}, [("ups", "1Z9", None)]),
    ({"company": "Night Post", "number": "7", "url": NIGHT_LINK}, [("Night Post", "7", NIGHT_LINK)]),
    ({"company": "UPS", "number": "1Z9", "url": NIGHT_LINK}, [("UPS", "1Z9", NIGHT_LINK)]),
    ({"company": "DHL", "numbers": ["1", "2"], "urls": [NIGHT_LINK]}, [("DHL", "1", NIGHT_LINK), ("DHL", "2", None)]),
    ({"number": "5"}, [(None, "5", None)]),
    ({"company": "UPS"}, [("UPS", None, None)]),
    ({}, []),
]


@pytest.mark.parametrize(("given", "shown"), TRACKING, ids=[str(each[0]) for each in TRACKING])
def test_tracking_is_shown_with_the_carriers_link_where_shopify_knows_the_carrier(given, shown):
    made, _, row = ordered()

    fulfillment = made.change(CREATE, f={"lineItemsByFulfillmentOrder": [some(row)], "trackingInfo": given})[
        "fulfillment"
    ]

    assert [tuple(each.values()) for each in fulfillment["trackingInfo"]] == shown


UPDATE = """mutation($id: ID!, $t: FulfillmentTrackingInput!) {fulfillmentTrackingInfoUpdate(fulfillmentId: $id,
  trackingInfoInput: $t, notifyCustomer: false) {
    fulfillment {trackingInfo {company number url}} userErrors {field message}}}"""
CANCEL = (
    "mutation($id: ID!) {fulfillmentCancel(id: $id) {fulfillment {id status displayStatus} userErrors {field message}}}"
)


def test_tracking_can_be_given_later_and_again():
    made, _, row = ordered()
    id = made.change(CREATE, f={"lineItemsByFulfillmentOrder": [some(row)]})["fulfillment"]["id"]

    made.change(UPDATE, id=id, t={"company": "USPS", "number": "94"})
    last = made.change(UPDATE, id=id, t={"company": "Night Post", "number": "95"})

    assert last["fulfillment"]["trackingInfo"] == [{"company": "Night Post", "number": "95", "url": None}]


def test_a_cancelled_one_gives_its_units_back_where_they_waited():
    made, order, row = ordered()
    id = made.change(CREATE, f={"lineItemsByFulfillmentOrder": [some(row, a=1)]})["fulfillment"]["id"]

    fulfillment = made.change(CANCEL, id=id)["fulfillment"]

    assert fulfillment == {"id": id, "status": "CANCELLED", "displayStatus": "CANCELED"}
    assert [(each["status"], each["lines"][0]["remainingQuantity"]) for each in made.waiting(order)] == [("OPEN", 2)]
    assert made.kept_order(order["id"])["displayFulfillmentStatus"] == "UNFULFILLED"
    assert made.level()["committed"] == 2
    assert made.sound() == []


def test_a_cancelled_whole_one_waits_in_a_new_fulfilment_order():
    made, order, row = ordered()
    id = made.change(CREATE, f={"lineItemsByFulfillmentOrder": [some(row)]})["fulfillment"]["id"]

    made.change(CANCEL, id=id)

    assert [each["status"] for each in made.waiting(order)] == ["CLOSED", "OPEN"]
    assert made.kept_order(order["id"])["closed"] is False
    assert made.sound() == []


def test_what_is_cancelled_or_unknown_cannot_be_cancelled_or_tracked():
    made, _, row = ordered()
    id = made.change(CREATE, f={"lineItemsByFulfillmentOrder": [some(row)]})["fulfillment"]["id"]
    made.change(CANCEL, id=id)

    assert made.error(CANCEL, id=id)["field"] == ["id"]
    assert made.error(UPDATE, id=id, t={"number": "1"})["field"] == ["fulfillmentId"]
    assert made.error(CANCEL, id="gid://shopify/Fulfillment/1") == {
        "field": ["id"],
        "message": "Fulfillment does not exist.",
    }


EVENT = """mutation($e: FulfillmentEventInput!) {fulfillmentEventCreate(fulfillmentEvent: $e) {
  fulfillmentEvent {status happenedAt city} userErrors {message}}}"""


def test_what_happens_on_the_way_is_shown():
    made, _, row = ordered()
    id = made.change(CREATE, f={"lineItemsByFulfillmentOrder": [some(row)]})["fulfillment"]["id"]
    made.change(EVENT, e={"fulfillmentId": id, "status": "IN_TRANSIT", "happenedAt": "2026-11-24T10:00:00+02:00"})
    made.change(EVENT, e={"fulfillmentId": id, "status": "DELIVERED", "city": "Portland"})

    shown = made.ask(
        "query($id: ID!) {fulfillment(id: $id) {displayStatus inTransitAt deliveredAt "
        "events(first: 5) {nodes {status}}}}",
        id=id,
    )["fulfillment"]

    assert shown == {
        "displayStatus": "DELIVERED",
        "inTransitAt": "2026-11-24T08:00:00Z",
        "deliveredAt": "2026-11-23T12:00:00Z",
        "events": {"nodes": [{"status": "IN_TRANSIT"}, {"status": "DELIVERED"}]},
    }


def test_the_merchant_fulfils_in_the_admin_by_sku():
    made, order, _ = ordered(("MUG-BLU", 2), ("MUG-RED", 2))

    made.act("fulfill", order="#1001", items={"MUG-BLU": 1, "MUG-RED": 2}, carrier="UPS", tracking_number="1Z")
    made.act("fulfill", order=order["id"])

    assert [each["name"] for each in made.documents("fulfillment")] == ["#1001-F1", "#1001-F2"]
    assert made.kept_order(order["id"])["displayFulfillmentStatus"] == "FULFILLED"
    assert made.sound() == []


def test_the_older_mutation_does_the_same():
    made, _, row = ordered()

    made.change(
        "mutation($f: FulfillmentV2Input!) {fulfillmentCreateV2(fulfillment: $f) {fulfillment {id} "
        "userErrors {message}}}",
        f={"lineItemsByFulfillmentOrder": [some(row)]},
    )

    assert made.waiting(made.documents("order")[0])[0]["status"] == "CLOSED"


def test_what_cannot_be_shipped_waits_apart_and_goes_nowhere():
    made = shop()
    made.product("GIFT", 5, requires_shipping=False)
    made.product("MUG-BLU", 5)

    rows = made.waiting(made.order(("MUG-BLU", 1), ("GIFT", 1)))

    assert [(row["deliveryMethod"]["methodType"], row["destination"] is None) for row in rows] == [
        ("SHIPPING", False),
        ("NONE", True),
    ]
