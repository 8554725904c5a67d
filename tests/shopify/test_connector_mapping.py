"""Spreading a shipment over fulfilment orders, and knowing it again. Laws rather than examples."""

from collections import Counter
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from connectors.canonical import Fulfillment, Parcel, Ref
from connectors.shopify.graphql import gid, number_of
from connectors.shopify.mapping import (
    Fulfillable,
    Told,
    allocate,
    already_told,
    fulfillment_to_input,
    tracking_key,
    tracking_to_input,
    wanted_lines,
)

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
lines = st.sampled_from(["1", "2", "3"])
quantities = st.dictionaries(lines, st.integers(1, 5), min_size=1)
numbers = st.sampled_from(["1Z1", "1Z2", "1Z3"])
parcels = st.lists(
    st.builds(Parcel, numbers, st.sampled_from(["", "UPS", "DHL"]), st.sampled_from(["", "u"])), max_size=3
)
told = st.lists(st.tuples(st.frozensets(numbers, max_size=2), quantities), max_size=4)


@st.composite
def open_at(draw):
    """Fulfilment orders at up to three locations, each line of each with its own id."""
    found = {}
    for number, (location, rest) in enumerate(
        draw(st.lists(st.tuples(st.sampled_from("XYZ"), quantities), max_size=5))
    ):
        rows = [Fulfillable(f"FO{number}", f"FO{number}-{line}", line, count) for line, count in rest.items()]
        found.setdefault(location, []).extend(rows)
    return found


@given(wanted=quantities, offered=open_at())
def test_what_is_wanted_is_placed_once_or_missing_and_never_more_than_is_open(wanted, offered):
    parts, missing = allocate(wanted, offered)
    remaining = {row.line: row for rows in offered.values() for row in rows}
    placed = Counter()
    taken = Counter()
    for part in parts:
        assert part.takes
        for order, line, quantity in part.takes:
            assert remaining[line].fulfillment_order == order
            assert remaining[line] in offered[part.location], "a part is at one location"
            taken[line] += quantity
            placed[remaining[line].order_line] += quantity
    assert all(0 < taken[line] <= remaining[line].remaining for line in taken)
    assert placed + Counter(missing) == Counter(wanted)
    offered_of = Counter()
    for rows in offered.values():
        for row in rows:
            offered_of[row.order_line] += row.remaining
    assert missing == {l: wanted[l] - offered_of[l] for l in wanted if wanted[l] > offered_of[l]}  # noqa: E741


@given(wanted=quantities, offered=open_at())
def test_a_shipment_one_location_can_tell_alone_is_told_as_one(wanted, offered):
    def enough(rows):
        total = Counter()
        for row in rows:
            total[row.order_line] += row.remaining
        return all(total[line] >= count for line, count in wanted.items())

    parts, _ = allocate(wanted, offered)
    if any(enough(rows) for rows in offered.values()):
        assert len(parts) == 1


def fulfillment(wanted, boxes=()):
    return Fulfillment(Ref("shop", "1"), tuple(wanted.items()), tuple(boxes), NOON)


@given(wanted=quantities, offered=open_at(), boxes=parcels)
def test_a_shipment_that_was_told_is_known_again(wanted, offered, boxes):
    parts, missing = allocate(wanted, offered)
    if missing:
        return
    line_of = {row.line: row.order_line for rows in offered.values() for row in rows}
    known = []
    for number, part in enumerate(parts):
        whole = fulfillment_to_input(part, fulfillment(wanted, boxes))
        tracking = whole.get("trackingInfo", {})
        seen = tracking.get("numbers") or ([tracking["number"]] if tracking else [])
        counts = Counter()
        for order in whole["lineItemsByFulfillmentOrder"]:
            for line in order["fulfillmentOrderLineItems"]:
                counts[line_of[line["id"]]] += line["quantity"]
        known.append(Told(str(number), frozenset(map(tracking_key, seen)), counts))
    ids, left = already_told(fulfillment(wanted, boxes), known)
    assert ids == [told.id for told in known]
    assert left == {}


@given(wanted=quantities, boxes=parcels, known=told)
def test_what_is_known_never_exceeds_what_was_shipped(wanted, boxes, known):
    documents = [Told(str(n), frozenset(map(tracking_key, seen)), counts) for n, (seen, counts) in enumerate(known)]
    ids, left = already_told(fulfillment(wanted, boxes), documents)
    covered = Counter()
    for document in documents:
        if document.id in ids:
            covered += Counter(document.lines)
            assert {tracking_key(box.tracking_number) for box in boxes} <= document.numbers
    assert covered + Counter(left) == Counter(wanted)


@given(boxes=parcels)
def test_tracking_keeps_every_number_in_its_place(boxes):
    tracking = tracking_to_input(boxes)
    seen = tracking.get("numbers") or ([tracking["number"]] if "number" in tracking else [])
    assert seen == [box.tracking_number for box in boxes]
    urls = tracking.get("urls") or ([tracking["url"]] if "url" in tracking else [])
    assert urls in ([], [box.tracking_url for box in boxes])
    carriers = {box.carrier for box in boxes}
    assert tracking.get("company") == (carriers.pop() if len(carriers) == 1 and carriers != {""} else None)


def test_a_line_named_twice_counts_twice():
    assert wanted_lines(Fulfillment(Ref("shop", "1"), (("5", 1), ("5", 2)), (), NOON)) == {"5": 3}


@given(number=st.integers(0, 10**20 - 1).map(str))
def test_ids_go_there_and_back(number):
    assert number_of(gid("Order", number)) == number
    assert number_of(gid("InventoryLevel", number) + "?inventory_item_id=7") == number
