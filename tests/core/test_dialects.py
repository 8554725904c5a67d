"""Several dialects of one surface: which one is asked for, how rows go into it, and bodies in any case."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_servers.core.casing import Casing
from mock_servers.core.dialects import chosen, spliced

PLAIN, HAL = "application/json", "application/hal+json"


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("", PLAIN),
        ("*/*", PLAIN),
        ("application/*", PLAIN),
        ("text/html", PLAIN),
        (HAL, HAL),
        ("Application/HAL+JSON; charset=utf-8", HAL),
        (f"{PLAIN}, {HAL}", PLAIN),
        (f"{HAL}, {PLAIN}", HAL),
        (f"{PLAIN};q=0.5, {HAL};q=0.9", HAL),
        (f"{HAL};q=0.1, */*", PLAIN),
        (f"text/html, {HAL}", HAL),
        (f"{HAL};q=0", PLAIN),
        (f"{HAL};q=much", PLAIN),
        (",;q=,", PLAIN),
    ],
)
def test_the_best_that_is_asked_for_is_chosen_and_the_first_of_equals(accept, kind):
    assert chosen(accept, (PLAIN, HAL)) == kind


@given(st.text(max_size=80))
def test_any_accept_chooses_one(accept):
    assert chosen(accept, (PLAIN, HAL)) in {PLAIN, HAL}


@pytest.mark.parametrize("path", [("rows",), ("_embedded", "a/b"), ("a", "b", "c")])
@pytest.mark.parametrize("envelope", [{}, {"total": 2}])
def test_rows_are_put_where_the_dialect_has_them(path, envelope):
    text = spliced(path, b"[1,2]", msgspec.json.encode(envelope))
    wanted = [1, 2]
    for name in reversed(path):
        wanted = {name: wanted}
    assert msgspec.json.decode(text) == wanted | envelope


SCHEMA = {
    "anyOf": [{"$ref": "#/components/schemas/Order"}, {"properties": {"Other": {}}}],
    "components": {
        "schemas": {
            "Order": {
                "properties": {
                    "ReferenceNum": {},
                    "Lines": {"items": {"allOf": [{"properties": {"Sku": {}}}]}},
                    "Parent": {"$ref": "#/components/schemas/Order"},
                    "Anything": True,
                }
            }
        }
    },
}


def test_known_members_are_respelled_at_every_depth_and_unknown_ones_stay():
    casing = Casing(SCHEMA)
    body = {"REFERENCENUM": 1, "lines": [{"sKU": "a", "odd": {"Sku": 1}}, 3], "parent": {"referencenum": 2}, "other": 5}
    assert casing.spelled(body) == {
        "ReferenceNum": 1,
        "Lines": [{"Sku": "a", "odd": {"Sku": 1}}, 3],
        "Parent": {"ReferenceNum": 2},
        "Other": 5,
    }
    assert casing.spelled({"anything": {"Lines": [1]}, "x": 1}) == {"Anything": {"Lines": [1]}, "x": 1}
    assert casing.spelled([1, "x", None]) == [1, "x", None]


def test_of_two_spellings_the_last_counts():
    assert Casing(SCHEMA).spelled({"ReferenceNum": 1, "referenceNum": 2}) == {"ReferenceNum": 2}
