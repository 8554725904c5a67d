"""The pure rules: what is deliverable, what parcels fulfil, what may be sold."""

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.canonical import Line, Money, Order, Parcel, Ref, Shipment, ShipmentLine
from connectors.sync import Part, Settings, SkuMap, SkuRule
from connectors.sync.rules import (
    COUNTRIES,
    Nothing,
    NotNow,
    Sending,
    TooMuch,
    Wrong,
    add_up,
    allocate,
    assess,
    fulfillment_of,
    outstanding,
    sellable,
    units_of,
)
from tests.sync.world import HOME

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
LINE = Line("L1", "MUG", 2, title="A mug")


def order(*lines: Line, **fields: Any) -> Order:
    plain = Order(
        source=Ref("shop", "1"),
        number="#1",
        status="open",
        placed=NOON,
        updated=NOON,
        lines=lines or (LINE,),
        ship_to=HOME,
    )
    return msgspec.structs.replace(plain, **fields)


def line(**fields: Any) -> Line:
    return msgspec.structs.replace(LINE, **fields)


def verdict(it: Order, skus: SkuMap | None = None, **settings: Any) -> Any:
    return assess(it, skus or SkuMap(), Settings(**settings))


# What is deliverable


def test_an_order_becomes_a_delivery_under_our_reference() -> None:
    sending = verdict(order(line(), line(id="L2", sku="TEE", quantity=1), note="ring twice"))
    assert isinstance(sending, Sending)
    assert sending.delivery.reference == "shop:1"
    assert [(each.sku, each.quantity, each.order_line) for each in sending.delivery.lines] == [
        ("MUG", 2, "L1"),
        ("TEE", 1, "L2"),
    ]
    assert (sending.delivery.ship_to, sending.delivery.note) == (HOME, "ring twice")
    assert sending.quantities == (("L1", 2), ("L2", 1))


def test_a_mapped_sku_a_multipack_and_a_kit_take_what_they_are_made_of() -> None:
    skus = SkuMap(
        [
            SkuRule("TEE-RED", (Part("TR-1"),)),
            SkuRule("MUG-6", (Part("MUG", 6),), cart="shop"),
            SkuRule("GIFT", (Part("MUG"), Part("CAP", 2))),
        ]
    )
    it = order(line(sku="TEE-RED"), line(id="L2", sku="MUG-6", quantity=1), line(id="L3", sku="GIFT", quantity=3))
    sending = verdict(it, skus)
    assert isinstance(sending, Sending)
    assert [(each.sku, each.quantity, each.order_line) for each in sending.delivery.lines] == [
        ("TR-1", 2, "L1"),
        ("MUG", 6, "L2"),
        ("MUG", 3, "L3"),
        ("CAP", 6, "L3"),
    ]
    assert units_of(it, skus, Settings()) == {"TR-1": 2, "MUG": 9, "CAP": 6}


def test_what_was_removed_or_needs_no_shipping_is_not_delivered() -> None:
    it = order(line(fulfillable=1), line(id="L2", fulfillable=0), line(id="L3", sku="", requires_shipping=False))
    sending = verdict(it)
    assert isinstance(sending, Sending)
    assert [(each.sku, each.quantity) for each in sending.delivery.lines] == [("MUG", 1)]


@pytest.mark.parametrize(
    ("it", "reason"),
    [
        (order(status="shipped"), "already shipped"),
        (order(status="closed"), "already closed"),
        (order(line(requires_shipping=False)), "nothing to ship"),
        (order(line(fulfillable=0)), "nothing left to ship"),
    ],
)
def test_there_may_be_nothing_to_deliver_and_nothing_wrong(it: Order, reason: str) -> None:
    assert verdict(it) == Nothing(reason)


def test_an_order_waits_until_it_is_paid_and_released() -> None:
    assert verdict(order(paid=False)) == NotNow("unpaid")
    assert isinstance(verdict(order(paid=False), deliver_unpaid=True), Sending)
    assert verdict(order(status="held")) == NotNow("held")


def address(**fields: str) -> Any:
    return msgspec.structs.replace(HOME, **fields)


@pytest.mark.parametrize(
    ("it", "reason", "says"),
    [
        (msgspec.structs.replace(order(), lines=()), "no_lines", "no lines"),
        (order(line(), line()), "bad_lines", "told apart"),
        (order(line(quantity=0)), "bad_quantity", "asks for 0 of MUG"),
        (order(line(quantity=0, fulfillable=0)), "bad_quantity", "asks for 0 of MUG"),
        (order(line(), line(id="L2", quantity=0, fulfillable=0)), "bad_quantity", "asks for 0 of MUG"),
        (order(line(quantity=-2)), "bad_quantity", "asks for -2 of MUG"),
        (order(line(fulfillable=-1)), "bad_quantity", "asks for -1"),
        (order(line(quantity=10**30)), "bad_quantity", "asks for 1000"),
        (order(line(unit_price=Money(Decimal(-1), "USD"))), "negative_price", "for -1"),
        (order(line(unit_price=Money(Decimal("NaN"), "USD"))), "negative_price", "for NaN"),
        (order(ship_to=None), "no_address", "no shipping address"),
        (order(ship_to=address(city=" ", street1="")), "bad_address", "no street1, city"),
        (order(ship_to=address(name="", company="")), "bad_address", "no name"),
        (order(ship_to=address(country="ZZ")), "bad_country", "'ZZ'"),
        (order(ship_to=address(country="Freedonia")), "bad_country", "'Freedonia'"),
        (order(line(sku=" ")), "no_sku", "'A mug'"),
        (order(line(sku="X" * 300)), "bad_sku", "300 characters"),
    ],
)
def test_what_cannot_be_delivered_says_why_and_what_to_do(it: Order, reason: str, says: str) -> None:
    wrong = verdict(it)
    assert isinstance(wrong, Wrong)
    assert wrong.reason == reason
    assert says in wrong.words
    assert wrong.next_step
    assert len(wrong.words) < 300


def test_a_sku_the_warehouse_does_not_know_is_named() -> None:
    wrong = verdict(order(line(sku="TEE-RED")), SkuMap(known=["MUG"]))
    assert isinstance(wrong, Wrong)
    assert (wrong.reason, "TEE-RED" in wrong.words, "TEE-RED" in wrong.next_step) == ("unmapped_sku", True, True)


def test_there_are_as_many_countries_as_there_are() -> None:
    assert len(COUNTRIES) == 250  # ISO 3166-1 has 249
    assert {"US", "DE", "JP", "XK"} <= COUNTRIES
    assert not {"UK", "EU", "ZZ", ""} & COUNTRIES


# Names


def test_a_sku_keeps_its_name_unless_a_rule_gives_it_another() -> None:
    skus = SkuMap([SkuRule("A", (Part("X"),), cart="one"), SkuRule("A", (Part("Y"),))])
    assert skus.parts("one", "A") == (Part("X"),)
    assert skus.parts("two", "A") == (Part("Y"),)
    assert skus.parts("two", "B") == (Part("B"),)
    assert skus.parts("two", "") is None


def test_a_warehouse_sku_is_listed_under_every_name_that_depends_on_it() -> None:
    skus = SkuMap([SkuRule("MUG-6", (Part("MUG", 6),)), SkuRule("GIFT", (Part("MUG"), Part("CAP")), cart="one")])
    assert skus.listings("one", "MUG") == ["GIFT", "MUG-6"]
    assert skus.listings("two", "MUG") == ["MUG-6"]
    assert skus.listings("two", "TEE") == ["TEE"]
    known = SkuMap([SkuRule("MUG-6", (Part("MUG", 6),))], known=["MUG"])
    assert known.listings("two", "MUG") == ["MUG", "MUG-6"]
    assert known.listings("two", "TEE") == []


@pytest.mark.parametrize(
    "mistake",
    [
        lambda: Part("X", 0),
        lambda: SkuRule("A", ()),
        lambda: SkuRule("A", (Part("X"), Part("X", 2))),
        lambda: SkuMap([SkuRule("A", (Part("X"),)), SkuRule("A", (Part("Y"),))]),
    ],
)
def test_a_mistake_in_the_rules_is_refused_when_it_is_made(mistake: Any) -> None:
    with pytest.raises(ValueError, match=r"."):
        mistake()


# Parcels

SKUS = ["A", "B", "C"]
RULES = SkuMap(
    [SkuRule("A6", (Part("A", 6),)), SkuRule("AB", (Part("A", 2), Part("B"))), SkuRule("BC", (Part("B"), Part("C", 3)))]
)
orders = st.lists(
    st.tuples(st.sampled_from(["A", "B", "C", "A6", "AB", "BC"]), st.integers(1, 4)), min_size=1, max_size=6
).map(lambda lines: order(*(Line(f"L{at}", sku, quantity) for at, (sku, quantity) in enumerate(lines))))


def sent(it: Order) -> Sending:
    sending = assess(it, RULES, Settings())
    assert isinstance(sending, Sending)
    return sending


def shipment(id: str, units: dict[str, int]) -> Shipment:
    lines = tuple(ShipmentLine(sku, many) for sku, many in units.items() if many)
    return Shipment(Ref("depot", id), "shop:1", NOON, NOON, lines, (Parcel(f"T{id}"),))


def split(chance: random.Random, units: dict[str, int]) -> list[Shipment]:
    """All of these units in up to four parcels, learnt in any order."""
    parcels: list[dict[str, int]] = [{}, {}, {}, {}]
    for sku, many in units.items():
        for _ in range(many):
            parcel = chance.choice(parcels)
            parcel[sku] = parcel.get(sku, 0) + 1
    return [shipment(f"s{at}", parcel) for at, parcel in enumerate(parcels) if parcel]


@given(orders, st.randoms(use_true_random=False))
def test_however_the_parcels_are_cut_the_cart_is_told_of_every_unit_once(it: Order, chance: random.Random) -> None:
    sending = sent(it)
    units: dict[str, int] = {}
    for each in sending.delivery.lines:
        units[each.sku] = units.get(each.sku, 0) + each.quantity
    told: dict[str, int] = {}
    before: list[Shipment] = []
    for parcel in split(chance, units):
        fulfillment = fulfillment_of(sending, parcel, before=before, told=told, notify=False)
        assert not isinstance(fulfillment, TooMuch)
        for each, many in fulfillment.lines:
            assert many > 0
            told[each] = told.get(each, 0) + many
        before.append(parcel)
        assert all(told[each] <= quantity for each, quantity in sending.quantities if each in told)
    assert told == dict(sending.quantities)


@given(
    orders,
    st.dictionaries(st.sampled_from(SKUS), st.integers(0, 8)),
    st.dictionaries(st.sampled_from(SKUS), st.integers(0, 8)),
)
def test_more_parcels_never_take_a_fulfilled_unit_back(it: Order, first: dict[str, int], more: dict[str, int]) -> None:
    sending = sent(it)
    little = allocate(sending, first)
    much = allocate(sending, {sku: first.get(sku, 0) + more.get(sku, 0) for sku in SKUS})
    if isinstance(little, TooMuch):
        assert isinstance(much, TooMuch)
    elif not isinstance(much, TooMuch):
        assert all(much[each] >= little[each] for each in little)


@given(orders, st.sampled_from(SKUS), st.integers(1, 5))
def test_one_unit_too_many_is_told_and_named(it: Order, sku: str, extra: int) -> None:
    sending = sent(it)
    units = units_of(it, RULES, Settings())
    answer = allocate(sending, units | {sku: units.get(sku, 0) + extra})
    assert answer == TooMuch(((sku, extra),))


def test_lines_with_the_same_sku_are_filled_in_their_order() -> None:
    sending = sent(order(Line("L1", "A", 2), Line("L2", "A", 3)))
    assert allocate(sending, {"A": 1}) == {"L1": 1, "L2": 0}
    assert allocate(sending, {"A": 3}) == {"L1": 2, "L2": 1}


def test_half_a_multipack_counts_when_the_other_half_has_left() -> None:
    sending = sent(order(Line("L1", "A6", 1)))
    first, second = shipment("s1", {"A": 4}), shipment("s2", {"A": 2})
    early = fulfillment_of(sending, first, before=[], told={}, notify=False)
    assert not isinstance(early, TooMuch)
    assert early.lines == ()
    late = fulfillment_of(sending, second, before=[first], told={}, notify=False)
    assert not isinstance(late, TooMuch)
    assert (late.lines, late.parcels) == ((("L1", 1),), (Parcel("Ts2"),))


def test_a_negative_line_of_a_shipment_is_nothing() -> None:
    assert add_up([shipment("s1", {"A": 3, "B": -2})]) == {"A": 3, "B": 0}


# Stock


@given(
    available=st.dictionaries(st.sampled_from(SKUS), st.integers(-5, 50), min_size=3),
    promised=st.dictionaries(st.sampled_from(SKUS), st.integers(0, 30)),
    safety=st.dictionaries(st.sampled_from(SKUS), st.integers(0, 10)),
    name=st.sampled_from(["A", "A6", "AB", "BC"]),
)
def test_what_is_offered_can_be_kept(
    available: dict[str, int], promised: dict[str, int], safety: dict[str, int], name: str
) -> None:
    parts = RULES.parts("shop", name)
    assert parts is not None
    offered = sellable(parts, available, promised, safety)
    assert offered is not None
    assert offered >= 0
    spare = {sku: available[sku] - promised.get(sku, 0) - safety.get(sku, 0) for sku in SKUS}
    if offered:
        assert all(spare[part.sku] >= offered * part.multiplier for part in parts)
    assert any(spare[part.sku] < (offered + 1) * part.multiplier for part in parts)  # and not one unit less than it can


def test_what_the_warehouse_has_not_told_is_not_offered() -> None:
    assert sellable((Part("A"), Part("B")), {"A": 5}, {}, {}) is None


@given(
    st.lists(st.tuples(st.sampled_from(SKUS), st.integers(1, 9), st.none() | st.integers(0, 10)), max_size=12),
    st.dictionaries(st.sampled_from(SKUS), st.integers(0, 10)),
)
def test_a_promise_is_subtracted_exactly_until_the_numbers_show_it(
    promises: list[tuple[str, int, int | None]], seen: dict[str, int]
) -> None:
    def at(seconds: int) -> datetime:
        return NOON + timedelta(seconds=seconds)

    units = outstanding(
        [(sku, many, None if landed is None else at(landed)) for sku, many, landed in promises],
        {sku: at(seconds) for sku, seconds in seen.items()},
    )
    for sku in SKUS:
        expected = sum(
            many
            for its, many, landed in promises
            if its == sku and (landed is None or sku not in seen or landed > seen[sku])
        )
        assert units.get(sku, 0) == expected
