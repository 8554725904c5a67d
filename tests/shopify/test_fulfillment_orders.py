"""Fulfilment orders: what they may do and what they become, as the dossier's tables have it (section 7)."""

import pytest

from mock_servers.shopify.behaviour.fulfillment_orders import supported_actions
from tests.shopify.shop import Shop, shop, stocked

FIELDS = "id status requestStatus supportedActions {action}"
STEPS = {
    "submit": f"fulfillmentOrderSubmitFulfillmentRequest(id: $id) {{submittedFulfillmentOrder {{{FIELDS}}} E}}",
    "accept": f"fulfillmentOrderAcceptFulfillmentRequest(id: $id) {{fulfillmentOrder {{{FIELDS}}} E}}",
    "reject": f"fulfillmentOrderRejectFulfillmentRequest(id: $id) {{fulfillmentOrder {{{FIELDS}}} E}}",
    "ask to cancel": f"fulfillmentOrderSubmitCancellationRequest(id: $id) {{fulfillmentOrder {{{FIELDS}}} E}}",
    "agree to cancel": f"fulfillmentOrderAcceptCancellationRequest(id: $id) {{fulfillmentOrder {{{FIELDS}}} E}}",
    "refuse to cancel": f"fulfillmentOrderRejectCancellationRequest(id: $id) {{fulfillmentOrder {{{FIELDS}}} E}}",
    "give up": f"fulfillmentOrderClose(id: $id) {{fulfillmentOrder {{{FIELDS}}} E}}",
    "cancel": f"fulfillmentOrderCancel(id: $id) {{fulfillmentOrder {{{FIELDS}}} "
    "replacementFulfillmentOrder {id status requestStatus} E}",
    "hold": 'fulfillmentOrderHold(id: $id, fulfillmentHold: {reason: OTHER, handle: "h"}) '
    f"{{fulfillmentOrder {{{FIELDS}}} E}}",
    "release": f"fulfillmentOrderReleaseHold(id: $id) {{fulfillmentOrder {{{FIELDS}}} E}}",
    "open": f"fulfillmentOrderOpen(id: $id) {{fulfillmentOrder {{{FIELDS}}} E}}",
    "report": f"fulfillmentOrderReportProgress(id: $id) {{fulfillmentOrder {{{FIELDS}}} E}}",
    "fulfil": "fulfillmentCreate(fulfillment: {lineItemsByFulfillmentOrder: [{fulfillmentOrderId: $id}]}) "
    f"{{fulfillment {{fulfillmentOrders(first: 1) {{nodes {{{FIELDS}}}}}}} E}}",
    "fulfil one": "",
    "reschedule": 'fulfillmentOrderReschedule(id: $id, fulfillAt: "2026-12-24T00:00:00Z") '
    f"{{fulfillmentOrder {{{FIELDS}}} E}}",
}


def at_service(units: int = 2) -> tuple[Shop, str]:
    """An order that waits at a fulfilment service which the calling app runs."""
    made = shop()
    made.act("add_location", name="Dock", fulfillment_service=True)
    made.product("MUG-BLU", 10)
    service = next(row for row in made.documents("location") if row["service"])
    made.change(
        "mutation($i: ID!, $l: ID!) {inventoryActivate(inventoryItemId: $i, locationId: $l, available: 50) "
        '@idempotent(key: "a") {userErrors {message}}}',
        i=made.documents("inventory_item")[0]["id"],
        l=service["id"],
    )
    made.act("count_stock", sku="MUG-BLU", quantity=0)
    order = made.order(("MUG-BLU", units))
    return made, made.waiting(order)[0]["id"]


def at_merchant(units: int = 2, **about) -> tuple[Shop, str]:
    made = stocked()
    return made, made.waiting(made.order(("MUG-BLU", units), **about))[0]["id"]


def step(made: Shop, id: str, name: str) -> dict:
    if name == "fulfil one":
        line = next(row for row in made.documents("fulfillment_order") if row["id"] == id)["lines"][0]["id"]
        return made.payload(
            "mutation($f: FulfillmentInput!) {fulfillmentCreate(fulfillment: $f) {fulfillment {id} userErrors "
            "{field message}}}",
            f={
                "lineItemsByFulfillmentOrder": [
                    {"fulfillmentOrderId": id, "fulfillmentOrderLineItems": [{"id": line, "quantity": 1}]}
                ]
            },
        )
    body = STEPS[name].replace(" E}", " userErrors {field message}}")
    return made.payload(f"mutation($id: ID!) {{{body}}}", id=id)


def status(made: Shop, id: str) -> str:
    row = made.ask("query($id: ID!) {fulfillmentOrder(id: $id) {status requestStatus}}", id=id)["fulfillmentOrder"]
    return f"{row['status']}/{row['requestStatus']}"


SERVICE = [
    (["submit"], "OPEN/SUBMITTED"),
    (["submit", "accept"], "IN_PROGRESS/ACCEPTED"),
    (["submit", "reject"], "OPEN/REJECTED"),
    (["submit", "reject", "submit"], "OPEN/SUBMITTED"),
    (["submit", "accept", "ask to cancel"], "IN_PROGRESS/CANCELLATION_REQUESTED"),
    (["submit", "accept", "ask to cancel", "agree to cancel"], "CANCELLED/CANCELLATION_ACCEPTED"),
    (["submit", "accept", "ask to cancel", "refuse to cancel"], "IN_PROGRESS/CANCELLATION_REJECTED"),
    (["submit", "accept", "give up"], "INCOMPLETE/CLOSED"),
    (["submit", "accept", "give up", "submit"], "OPEN/SUBMITTED"),
    (["submit", "accept", "fulfil"], "CLOSED/ACCEPTED"),
    (["submit", "accept", "fulfil one"], "IN_PROGRESS/ACCEPTED"),
    (["submit", "cancel"], "CLOSED/UNSUBMITTED"),
]
MERCHANT = [
    (["hold"], "ON_HOLD/UNSUBMITTED"),
    (["hold", "release"], "OPEN/UNSUBMITTED"),
    (["report"], "IN_PROGRESS/UNSUBMITTED"),
    (["report", "open"], "OPEN/UNSUBMITTED"),
    (["report", "hold"], "ON_HOLD/UNSUBMITTED"),
    (["fulfil one"], "IN_PROGRESS/UNSUBMITTED"),
    (["fulfil"], "CLOSED/UNSUBMITTED"),
    (["fulfil one", "fulfil"], "CLOSED/UNSUBMITTED"),
    (["report", "fulfil"], "CLOSED/UNSUBMITTED"),
    (["cancel"], "CLOSED/UNSUBMITTED"),
]


@pytest.mark.parametrize(("steps", "end"), SERVICE, ids=[" ".join(each[0]) for each in SERVICE])
def test_at_a_service_it_goes_the_documented_way(steps, end):
    made, id = at_service()

    for name in steps:
        assert step(made, id, name)["userErrors"] == []

    assert status(made, id) == end
    assert made.sound() == []


@pytest.mark.parametrize(("steps", "end"), MERCHANT, ids=[" ".join(each[0]) for each in MERCHANT])
def test_at_the_merchants_it_goes_the_documented_way(steps, end):
    made, id = at_merchant()

    for name in steps:
        assert step(made, id, name)["userErrors"] == []

    assert status(made, id) == end
    assert made.sound() == []


WRONG = [
    (at_merchant, [], "submit", "The fulfillment order's assigned fulfillment service must be of api type"),
    (at_merchant, [], "release", "Expected fulfillment order status to be valid but it was open."),
    (at_merchant, [], "open", "Expected fulfillment order status to be valid but it was open."),
    (at_merchant, ["hold"], "open", "Expected fulfillment order status to be valid but it was on_hold."),
    (at_merchant, ["fulfil"], "open", "Expected fulfillment order status to be valid but it was closed."),
    (at_merchant, [], "reschedule", "Fulfillment order must be scheduled."),
    (at_merchant, ["hold"], "report", "Cannot report progress on a fulfillment order in this state."),
    (at_merchant, ["fulfil"], "report", "Cannot report progress on a fulfillment order in this state."),
    (at_merchant, ["fulfil"], "hold", "Expected fulfillment order status to be valid but it was closed."),
    (at_merchant, [], "accept", "Expected fulfillment order status to be valid but it was open."),
    (at_merchant, [], "give up", "The fulfillment order is not in an in progress state."),
    (
        at_merchant,
        ["fulfil"],
        "cancel",
        "Fulfillment order is not in cancelable request state and can't be canceled.",
    ),
    (
        at_service,
        ["submit", "accept"],
        "cancel",
        "Fulfillment order is not in cancelable request state and can't be canceled.",
    ),
    (at_service, ["submit"], "submit", "Expected fulfillment order status to be valid but it was open."),
    (
        at_service,
        ["submit", "accept", "ask to cancel"],
        "ask to cancel",
        "Expected fulfillment order status to be valid but it was in_progress.",
    ),
]


@pytest.mark.parametrize(
    ("start", "steps", "name", "words"), WRONG, ids=[f"{e[0].__name__} {e[2]} {e[1]}" for e in WRONG]
)
def test_a_step_from_a_wrong_state_is_refused_and_changes_nothing(start, steps, name, words):
    made, id = start()
    for each in steps:
        step(made, id, each)
    before = made.books()

    errors = step(made, id, name)["userErrors"]

    assert [each["message"] for each in errors] == [words]
    assert made.books() == before


# Actions --------------------------------------------------------------------------------------------------------------


def shown(status="OPEN", request="UNSUBMITTED", *, service=None, left=1, version="2026-10", siblings=False, holds=0):
    row = {"status": status, "requestStatus": request, "service": service, "lines": [{"remainingQuantity": left}]}
    return " ".join(supported_actions(row, version=version, siblings=siblings, holds_of_app=holds))


ACTIONS = [
    ({}, "CREATE_FULFILLMENT REPORT_PROGRESS MOVE HOLD"),
    ({"left": 2}, "CREATE_FULFILLMENT REPORT_PROGRESS MOVE HOLD SPLIT"),
    ({"siblings": True}, "CREATE_FULFILLMENT REPORT_PROGRESS MOVE HOLD MERGE"),
    ({"left": 2, "siblings": True}, "CREATE_FULFILLMENT REPORT_PROGRESS MOVE HOLD SPLIT MERGE"),
    ({"version": "2026-01", "left": 2}, "CREATE_FULFILLMENT MOVE HOLD SPLIT"),
    ({"status": "IN_PROGRESS"}, "CREATE_FULFILLMENT REPORT_PROGRESS HOLD MARK_AS_OPEN"),
    ({"status": "IN_PROGRESS", "version": "2026-01"}, "CREATE_FULFILLMENT HOLD MARK_AS_OPEN"),
    ({"service": "x"}, "REQUEST_FULFILLMENT CREATE_FULFILLMENT HOLD MOVE"),
    ({"service": "x", "left": 2}, "REQUEST_FULFILLMENT CREATE_FULFILLMENT HOLD SPLIT MOVE"),
    ({"service": "x", "status": "INCOMPLETE", "request": "CLOSED"}, "REQUEST_FULFILLMENT CREATE_FULFILLMENT HOLD MOVE"),
    ({"status": "ON_HOLD"}, "RELEASE_HOLD HOLD MOVE"),
    ({"status": "ON_HOLD", "holds": 10}, "RELEASE_HOLD MOVE"),
    ({"status": "CLOSED"}, ""),
    ({"status": "CANCELLED"}, ""),
    ({"service": "x", "request": "SUBMITTED"}, "CANCEL_FULFILLMENT_ORDER"),
    ({"service": "x", "status": "IN_PROGRESS", "request": "ACCEPTED"}, "CREATE_FULFILLMENT REQUEST_CANCELLATION"),
]


@pytest.mark.parametrize(("about", "actions"), ACTIONS, ids=[str(each[0]) for each in ACTIONS])
def test_the_actions_shown_are_those_of_the_table(about, actions):
    assert shown(**about) == actions


def test_a_new_order_waits_at_the_merchants_since_the_full_hour():
    made, id = at_merchant()

    row = made.ask(
        "query($id: ID!) {fulfillmentOrder(id: $id) {status requestStatus fulfillAt orderName destination {city "
        "countryCode email} deliveryMethod {methodType} assignedLocation {name location {id}} "
        "supportedActions {action externalUrl} lineItems(first: 5) {nodes {sku totalQuantity remainingQuantity "
        "lineItem {name}}}}}",
        id=id,
    )["fulfillmentOrder"]

    assert (row["status"], row["requestStatus"], row["fulfillAt"]) == ("OPEN", "UNSUBMITTED", "2026-11-23T12:00:00Z")
    assert row["destination"] == {"city": "Portland", "countryCode": "US", "email": "shopper@example.com"}
    assert [each["action"] for each in row["supportedActions"]] == [
        "CREATE_FULFILLMENT",
        "REPORT_PROGRESS",
        "MOVE",
        "HOLD",
        "SPLIT",
    ]
    assert row["lineItems"]["nodes"][0]["lineItem"] == {"name": "MUG-BLU"}


def test_progress_cannot_be_reported_before_there_was_a_word_for_it():
    made, id = at_merchant()
    made.version = "2026-01"

    assert (
        made.refused(f'mutation {{fulfillmentOrderReportProgress(id: "{id}") {{userErrors {{message}}}}}}')[
            "extensions"
        ]["code"]
        == "undefinedField"
    )
    assert "REPORT_PROGRESS" not in str(
        made.ask("query($id: ID!) {fulfillmentOrder(id: $id) {supportedActions {action}}}", id=id)
    )


# Parts: requests, holds, splits, moves, merges ------------------------------------------------------------------------


def two_lines() -> tuple[Shop, dict]:
    made = stocked()
    order = made.order(("MUG-BLU", 3), ("MUG-RED", 1))
    return made, made.waiting(order)[0]


def units(row: dict) -> dict[str, int]:
    return {line["sku"]: line["remainingQuantity"] for line in row["lines"]}


def test_a_request_for_some_lines_leaves_the_others_in_a_new_fulfilment_order():
    made, id = at_service(3)
    line = made.documents("fulfillment_order")[0]["lines"][0]

    payload = made.change(
        "mutation($id: ID!, $lines: [FulfillmentOrderLineItemInput!]) {fulfillmentOrderSubmitFulfillmentRequest("
        'id: $id, message: "soon", fulfillmentOrderLineItems: $lines) {'
        "submittedFulfillmentOrder {id status requestStatus merchantRequests(first: 1) {nodes {kind message}}} "
        "unsubmittedFulfillmentOrder {id status requestStatus} userErrors {message}}}",
        id=id,
        lines=[{"id": line["id"], "quantity": 1}],
    )

    assert payload["submittedFulfillmentOrder"]["id"] == id
    assert payload["submittedFulfillmentOrder"]["merchantRequests"]["nodes"] == [
        {"kind": "FULFILLMENT_REQUEST", "message": "soon"}
    ]
    assert payload["unsubmittedFulfillmentOrder"]["requestStatus"] == "UNSUBMITTED"
    assert [units(row) for row in made.documents("fulfillment_order")] == [{"MUG-BLU": 1}, {"MUG-BLU": 2}]
    assert made.sound() == []


def test_agreeing_to_cancel_leaves_a_fresh_one_in_its_place():
    made, id = at_service()
    for name in ("submit", "accept", "ask to cancel", "agree to cancel"):
        step(made, id, name)

    rows = made.documents("fulfillment_order")

    assert [(row["status"], row["requestStatus"]) for row in rows] == [
        ("CANCELLED", "CANCELLATION_ACCEPTED"),
        ("OPEN", "UNSUBMITTED"),
    ]
    assert units(rows[1]) == {"MUG-BLU": 2}


HOLD = """mutation($id: ID!, $hold: FulfillmentOrderHoldInput!) {fulfillmentOrderHold(id: $id, fulfillmentHold: $hold) {
  fulfillmentHold {id reason reasonNotes handle heldByRequestingApp} fulfillmentOrder {id status}
  remainingFulfillmentOrder {id status} userErrors {field message code}}}"""


def test_holding_some_units_parts_them_from_the_rest():
    made, row = two_lines()

    payload = made.change(
        HOLD,
        id=row["id"],
        hold={
            "reason": "INVENTORY_OUT_OF_STOCK",
            "reasonNotes": "count",
            "fulfillmentOrderLineItems": [{"id": row["lines"][0]["id"], "quantity": 1}],
        },
    )

    assert payload["fulfillmentHold"]["heldByRequestingApp"] is True
    assert payload["fulfillmentOrder"] == {"id": row["id"], "status": "ON_HOLD"}
    assert payload["remainingFulfillmentOrder"]["status"] == "OPEN"
    assert [units(each) for each in made.documents("fulfillment_order")] == [
        {"MUG-BLU": 1},
        {"MUG-BLU": 2, "MUG-RED": 1},
    ]
    assert made.sound() == []


def test_ten_holds_of_an_app_are_the_most_and_each_needs_a_handle_of_its_own():
    made, row = two_lines()
    for number in range(10):
        made.change(HOLD, id=row["id"], hold={"reason": "OTHER", "handle": f"h{number}"})

    error = made.error(HOLD, id=row["id"], hold={"reason": "OTHER", "handle": "eleven"})

    assert (error["field"], error["code"]) == (["id"], "FULFILLMENT_ORDER_HOLD_LIMIT_REACHED")


@pytest.mark.parametrize(
    ("before", "hold", "code"),
    [
        ([{"reason": "OTHER", "handle": "a"}], {"reason": "OTHER", "handle": "a"}, "DUPLICATE_FULFILLMENT_HOLD_HANDLE"),
        ([], {"reason": "OTHER", "fulfillmentOrderLineItems": ["0:0"]}, "GREATER_THAN_ZERO"),
        ([], {"reason": "OTHER", "fulfillmentOrderLineItems": ["0:9"]}, "INVALID_LINE_ITEM_QUANTITY"),
        (
            [],
            {"reason": "OTHER", "fulfillmentOrderLineItems": ["0:1", "0:1"]},
            "DUPLICATED_FULFILLMENT_ORDER_LINE_ITEMS",
        ),
        (
            [{"reason": "OTHER", "handle": "a"}],
            {"reason": "OTHER", "handle": "b", "fulfillmentOrderLineItems": ["0:1"]},
            "FULFILLMENT_ORDER_NOT_SPLITTABLE",
        ),
    ],
)
def test_a_hold_that_cannot_be_is_refused_with_its_code(before, hold, code):
    made, row = two_lines()
    for each in before:
        made.change(HOLD, id=row["id"], hold=each)

    def read(text):
        place, count = text.split(":")
        return {"id": row["lines"][int(place)]["id"], "quantity": int(count)}

    if "fulfillmentOrderLineItems" in hold:
        hold = hold | {"fulfillmentOrderLineItems": [read(text) for text in hold["fulfillmentOrderLineItems"]]}

    assert made.error(HOLD, id=row["id"], hold=hold)["code"] == code


def test_a_hold_is_released_one_by_one_and_the_last_opens_it():
    made, row = two_lines()
    first = made.change(HOLD, id=row["id"], hold={"reason": "OTHER", "handle": "a"})["fulfillmentHold"]["id"]
    made.change(HOLD, id=row["id"], hold={"reason": "HIGH_RISK_OF_FRAUD", "handle": "b"})
    release = """mutation($id: ID!, $holds: [ID!]) {fulfillmentOrderReleaseHold(id: $id, holdIds: $holds) {
      fulfillmentOrder {status fulfillmentHolds {reason}} userErrors {message}}}"""

    one = made.change(release, id=row["id"], holds=[first])["fulfillmentOrder"]
    all_of_them = made.change(release, id=row["id"])["fulfillmentOrder"]

    assert one == {"status": "ON_HOLD", "fulfillmentHolds": [{"reason": "HIGH_RISK_OF_FRAUD"}]}
    assert all_of_them == {"status": "OPEN", "fulfillmentHolds": []}


SPLIT = """mutation($s: [FulfillmentOrderSplitInput!]!) {fulfillmentOrderSplit(fulfillmentOrderSplits: $s) {
  fulfillmentOrderSplits {fulfillmentOrder {id} remainingFulfillmentOrder {id}} userErrors {field message code}}}"""
MERGE = """mutation($m: [FulfillmentOrderMergeInput!]!) {fulfillmentOrderMerge(fulfillmentOrderMergeInputs: $m) {
  fulfillmentOrderMerges {fulfillmentOrder {id}} userErrors {field message code}}}"""


def test_what_was_split_can_be_merged_again():
    made, row = two_lines()
    chosen = [{"id": row["lines"][0]["id"], "quantity": 2}]

    parts = made.change(SPLIT, s=[{"fulfillmentOrderId": row["id"], "fulfillmentOrderLineItems": chosen}])
    parted = parts["fulfillmentOrderSplits"][0]["remainingFulfillmentOrder"]["id"]
    split = [units(each) for each in made.documents("fulfillment_order")]
    intents = [{"fulfillmentOrderId": row["id"]}, {"fulfillmentOrderId": parted}]
    made.change(MERGE, m=[{"mergeIntents": intents}])

    assert split == [{"MUG-BLU": 1, "MUG-RED": 1}, {"MUG-BLU": 2}]
    assert [(each["status"], units(each)) for each in made.documents("fulfillment_order")] == [
        ("OPEN", {"MUG-BLU": 3, "MUG-RED": 1}),
        ("CLOSED", {"MUG-BLU": 0}),
    ]
    assert made.sound() == []


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ([], "NO_LINE_ITEMS_PROVIDED_TO_SPLIT"),
        ([(0, 0)], "GREATER_THAN"),
        ([(0, 4)], "INVALID_LINE_ITEM_QUANTITY"),
        ([(0, 3), (1, 1)], "INVALID_LINE_ITEM_QUANTITY"),
    ],
)
def test_a_split_that_cannot_be_is_refused_with_its_code(lines, code):
    made, row = two_lines()
    chosen = [{"id": row["lines"][place]["id"], "quantity": count} for place, count in lines]

    error = made.error(SPLIT, s=[{"fulfillmentOrderId": row["id"], "fulfillmentOrderLineItems": chosen}])

    assert error["code"] == code


MOVE = """mutation($id: ID!, $to: ID!, $lines: [FulfillmentOrderLineItemInput!]) {
  fulfillmentOrderMove(id: $id, newLocationId: $to, fulfillmentOrderLineItems: $lines) {
    movedFulfillmentOrder {id status assignedLocation {name}} originalFulfillmentOrder {id}
    remainingFulfillmentOrder {id assignedLocation {name}} userErrors {field message code}}}"""


def with_second_location() -> tuple[Shop, dict, str]:
    made, row = two_lines()
    there = made.act("add_location", name="Reno")["id"]
    made.act("count_stock", sku="MUG-BLU", quantity=5, location="Reno")
    return made, row, there


def test_moving_all_takes_the_fulfilment_order_and_its_stock_along():
    made, row, there = with_second_location()

    payload = made.change(MOVE, id=row["id"], to=there)

    assert payload["movedFulfillmentOrder"] == {
        "id": row["id"],
        "status": "OPEN",
        "assignedLocation": {"name": "Reno"},
    }
    assert payload["remainingFulfillmentOrder"] is None
    levels = {level["locationId"]: level["quantities"] for level in made.documents("inventory_level")[:1]}
    assert next(iter(levels.values()))["committed"] == 0


def test_moving_some_leaves_the_rest_where_it_was():
    made, row, there = with_second_location()

    payload = made.change(MOVE, id=row["id"], to=there, lines=[{"id": row["lines"][0]["id"], "quantity": 2}])

    assert payload["movedFulfillmentOrder"]["id"] == row["id"]
    assert payload["remainingFulfillmentOrder"]["assignedLocation"] == {"name": "Shop location"}
    assert [units(each) for each in made.documents("fulfillment_order")] == [
        {"MUG-BLU": 2},
        {"MUG-BLU": 1, "MUG-RED": 1},
    ]
    assert made.sound() == []


def test_what_was_begun_stays_and_the_rest_goes_as_a_new_one():
    made, row, there = with_second_location()
    step(made, row["id"], "fulfil one")

    payload = made.change(MOVE, id=row["id"], to=there)

    assert payload["movedFulfillmentOrder"]["id"] != row["id"]
    assert [each["status"] for each in made.documents("fulfillment_order")] == ["CLOSED", "OPEN"]


@pytest.mark.parametrize(
    ("steps", "words", "code"),
    [
        (["fulfil"], "Cannot change location.", None),
        (
            ["report"],
            "Cannot move a fulfillment order that has had progress reported. To move a fulfillment order that has had "
            "progress reported, the fulfillment order must first be marked as open resolving the ongoing progress "
            "state.",
            "CANNOT_MOVE_FULFILLMENT_ORDER_WITH_REPORTED_PROGRESS",
        ),
    ],
)
def test_a_move_that_cannot_be_is_refused(steps, words, code):
    made, row, there = with_second_location()
    for name in steps:
        step(made, row["id"], name)

    error = made.error(MOVE, id=row["id"], to=there)

    assert (error["message"], error["code"]) == (words, code)


def test_what_a_service_was_asked_for_cannot_be_moved():
    made, id = at_service()
    step(made, id, "submit")
    there = made.documents("location")[0]["id"]

    words = "Cannot move submitted fulfillment order that is at a 3PL fulfillment service."
    assert made.error(MOVE, id=id, to=there)["message"] == words


def test_where_it_may_move_to_says_what_is_stocked_there():
    made, row, there = with_second_location()

    nodes = made.ask(
        "query($id: ID!) {fulfillmentOrder(id: $id) {locationsForMove(first: 5) {nodes {location {id name} movable "
        "availableLineItemsCount {count} unavailableLineItemsCount {count}}}}}",
        id=row["id"],
    )["fulfillmentOrder"]["locationsForMove"]["nodes"]

    assert nodes == [
        {
            "location": {"id": there, "name": "Reno"},
            "movable": True,
            "availableLineItemsCount": {"count": 1},
            "unavailableLineItemsCount": {"count": 1},
        }
    ]


# Schedules ------------------------------------------------------------------------------------------------------------


def test_what_is_put_off_opens_when_its_day_has_come():
    made, id = at_merchant(fulfill_at="2026-11-24T12:00:00Z")
    scheduled = made.documents("order")[0]["displayFulfillmentStatus"]

    step(made, id, "reschedule")
    made.advance(86_400 * 2)
    still = status(made, id)
    made.advance(86_400 * 40)

    assert (scheduled, still, status(made, id)) == ("SCHEDULED", "SCHEDULED/UNSUBMITTED", "OPEN/UNSUBMITTED")


def test_what_is_put_off_can_be_opened_before():
    made, id = at_merchant(fulfill_at="2026-12-24T12:00:00Z")

    assert step(made, id, "open")["fulfillmentOrder"]["status"] == "OPEN"


def test_a_deadline_is_kept():
    made, id = at_merchant()

    payload = made.change(
        "mutation($ids: [ID!]!) {fulfillmentOrdersSetFulfillmentDeadline(fulfillmentOrderIds: $ids, "
        'fulfillmentDeadline: "2026-12-01T10:00:00+01:00") {success userErrors {code}}}',
        ids=[id],
    )
    row = made.ask("query($id: ID!) {fulfillmentOrder(id: $id) {fulfillBy}}", id=id)

    assert (payload["success"], row["fulfillmentOrder"]["fulfillBy"]) == (True, "2026-12-01T09:00:00Z")


# Who sees what --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scopes", "seen"),
    [
        ("read_orders read_merchant_managed_fulfillment_orders", ["merchant"]),
        ("read_orders read_assigned_fulfillment_orders", ["own"]),
        ("read_orders read_third_party_fulfillment_orders", ["foreign"]),
        (
            "read_orders write_merchant_managed_fulfillment_orders write_assigned_fulfillment_orders",
            ["merchant", "own"],
        ),
    ],
)
def test_scopes_decide_whose_fulfilment_orders_are_seen(scopes, seen):
    made, id = at_service()
    made.act("count_stock", sku="MUG-BLU", quantity=5)
    merchant = made.waiting(made.order(("MUG-BLU", 1)))[0]["id"]
    foreign = made.waiting(made.order(("MUG-BLU", 1)))[0]
    collection = made.world.store.collection("shopify", "fulfillment_order")
    collection.save(foreign | {"service": "other", "serviceApp": "another-app"})
    made.world.store.commit()
    names = {id: "own", merchant: "merchant", foreign["id"]: "foreign"}
    made.world.work("shopify").grant("token", "shpat_x", "seatrial-client-id", scopes=scopes.split())
    made.client.headers["X-Shopify-Access-Token"] = "shpat_x"

    nodes = made.ask("{fulfillmentOrders(first: 10) {nodes {id}}}")["fulfillmentOrders"]["nodes"]
    nested = made.ask("{orders(first: 10) {nodes {fulfillmentOrders(first: 5) {nodes {id}}}}}")["orders"]["nodes"]

    assert sorted(names[node["id"]] for node in nodes) == sorted(seen)
    assert sorted(names[row["id"]] for node in nested for row in node["fulfillmentOrders"]["nodes"]) == sorted(seen)


def test_a_service_reads_what_it_is_asked_to_do():
    made, id = at_service()
    query = """query($s: FulfillmentOrderAssignmentStatus) {
      assignedFulfillmentOrders(first: 5, assignmentStatus: $s) {nodes {id}}}"""

    def asked(status):
        return [node["id"] for node in made.ask(query, s=status)["assignedFulfillmentOrders"]["nodes"]]

    before = asked("FULFILLMENT_REQUESTED")
    step(made, id, "submit")
    requested = asked("FULFILLMENT_REQUESTED")
    step(made, id, "accept")

    assert (before, requested, asked("FULFILLMENT_REQUESTED"), asked("FULFILLMENT_ACCEPTED")) == ([], [id], [], [id])


def test_people_ask_the_service_through_the_same_states():
    made, id = at_service()

    made.act("request_fulfillment", order="#1001")
    step(made, id, "accept")
    made.act("request_cancellation", order="#1001", message="changed my mind")

    assert status(made, id) == "IN_PROGRESS/CANCELLATION_REQUESTED"
