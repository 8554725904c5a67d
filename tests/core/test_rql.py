"""RQL: what it means, against the smallest thing that could be right, in every database; and what it is not."""

import itertools
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mock_servers.core.database import open_database
from mock_servers.core.filters import By
from mock_servers.core.refusal import Refusal
from mock_servers.core.rql import Property, condition_of, order_of, properties_of
from mock_servers.core.store import Collection, Store

KINDS: dict[tuple[str, str], tuple[str, ...]] = {("harbor", "crate"): ()}
SCHEMAS = {
    "components": {
        "schemas": {
            "Crate": {
                "type": "object",
                "required": ["Number", "Full"],
                "properties": {
                    "Name": {"type": "string"},
                    "Number": {"type": "integer"},
                    "Weight": {"type": "number"},
                    "Full": {"type": "boolean"},
                    "ReadOnly": {"$ref": "#/components/schemas/About"},
                    "Tags": {"type": "array", "items": {"type": "string"}},
                },
            },
            "About": {
                "properties": {
                    "Owner": {"properties": {"Id": {"type": "integer"}}},
                    "Made": {"$ref": "#/components/schemas/Moment"},
                }
            },
            "Moment": {"type": "string", "format": "local-date-time"},
        }
    }
}
KNOWN = properties_of(SCHEMAS, SCHEMAS["components"]["schemas"]["Crate"])
OURS = {"Owner": {"Id": 4}}
CRATES: tuple[dict[str, Any], ...] = (
    {"Name": "Tea", "Number": 1, "Weight": 2.5, "Full": True, "ReadOnly": {**OURS, "Made": "2026-01-02T03:04:05"}},
    {"Name": "tea; green", "Number": 2, "Full": False, "ReadOnly": {**OURS, "Made": "2026-02-01T00:00:00"}},
    {"Name": "Star*Anise", "Number": 30, "Weight": 10, "Full": True, "ReadOnly": {"Owner": {"Id": 7}}},
    {"Name": "", "Number": 4, "Full": False},
    {"Number": 5, "Full": True, "ReadOnly": {"Made": "2025-12-31T23:59:59"}},
)  # fmt: skip


@pytest.fixture
def crates(state) -> Collection:
    database = open_database(state, KINDS)
    store = Store(database.connection("main"), "main", KINDS)
    crates = store.collection("harbor", "crate")
    for crate in CRATES:
        crates.add(crate, id=str(crate["Number"]))
    yield crates
    store.rollback()
    database.close()


def found(crates: Collection, text: str) -> list[int]:
    return [row["Number"] for row in crates.rows(condition_of(text, KNOWN))]


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("Name==tea", [1]),
        ("name==TEA", [1]),
        ("Name!=tea", [2, 30, 4, 5]),
        ("Name==t*", [1, 2]),
        ("Name==*green", [2]),
        ("Name==*a*", [1, 2, 30]),
        ("Name==tea%3B green", [2]),
        ("Name==*%2A*", [30]),
        ("Name==star%2Aanise", [30]),
        ("Name=hv=true", [1, 2, 30]),
        ("Name=hv=false", [4, 5]),
        ("Name=in=(tea,Star%2AAnise)", [1, 30]),
        ("Name=out=(tea, star%2Aanise)", [2, 4, 5]),
        ("Number=gt=4", [30, 5]),
        ("Number=GE=4", [30, 4, 5]),
        ("Number=lt=4", [1, 2]),
        ("Number=le=4", [1, 2, 4]),
        ("Weight=ge=2.5", [1, 30]),
        ("Weight==10", [30]),
        ("Weight=hv=false", [2, 4, 5]),
        ("Full==true", [1, 30, 5]),
        ("Full!=TRUE", [2, 4]),
        ("ReadOnly.Owner.Id==4", [1, 2]),
        ("readonly.OWNER.id=in=(7,9)", [30]),
        ("ReadOnly.Made=ge=2026-01-02", [1, 2]),
        ("ReadOnly.Made=lt=2026-01-02T03:04:06Z", [1, 5]),
        ("ReadOnly.Made=gt=2026-01-31T23:30:00-01:00", []),
        ("Full==true;Number==1,Number==2", [1, 2]),
        ("Number==2,Full==true;Number==1,Number==30", [1, 2, 30]),
        ("Full==true;(Number==1,Number==2)", [1]),
        ("(Number==2,Full==true);Number==1,Number==4", [1, 4]),
        ("Name=gt=STAR", [1, 2, 30]),
        ("name=GE=TEA", [1, 2]),
        ("Name=lt=STAZ;Name=hv=true", [30]),
        ("Name=le=teA;Name=hv=true", [1, 30]),
        (" Full == true ; ( Number == 30 ) ", [30]),
    ],
)  # fmt: skip
def test_a_query_finds(crates, text, numbers):
    assert found(crates, text) == numbers


@pytest.mark.parametrize("text", ["Nmae==x", "Tags==x", "ReadOnly==x", "ReadOnly.Owner==4", "Name==a;Color==b"])
def test_what_the_model_does_not_have_is_refused_by_its_name(text):
    with pytest.raises(Refusal) as refused:
        condition_of(text, KNOWN, "where")
    assert refused.value.code == "rql_property"
    assert refused.value.words["parameter"] == "where"
    assert refused.value.words["property"] in text


@pytest.mark.parametrize(
    "text",
    ["", ";", "Name", "Name=", "Name=like=x", "Name==a;", "Name==a,,Name==b", "(Name==a", "Name==a)", "Name==(a)",
     "Name=in=a", "Number==one", "Number==1e3", "Number=in=(1,x)", "Full==maybe", "Full=gt=true", "Full=hv=true",
     "Number=hv=true", "Name=hv=perhaps", "ReadOnly.Made=gt=yesterday", "(" * 31 + "Name==a" + ")" * 31,
     ",".join(["Name==a"] * 201), "Number==" + "9" * 40],
)  # fmt: skip
def test_what_cannot_be_read_is_refused(text):
    with pytest.raises(Refusal) as refused:
        condition_of(text, KNOWN)
    assert refused.value.code == "rql_unparsable"
    assert refused.value.words["reason"]


def test_a_folded_member_is_looked_up_in_small_letters():
    known = {"name": Property("name_key", folded=True)}
    assert condition_of("Name==TeA", known).value == "tea"
    assert condition_of("Name==TeA", known).operator == "="


def test_an_order_names_members_and_directions(crates):
    assert order_of("-ReadOnly.Owner.Id, Name", KNOWN) == (By("ReadOnly.Owner.Id", True, True), By("Name"))
    ordered = [id for id, _ in crates.heads(order_by=order_of("-Weight,Number", KNOWN))]
    assert ordered == ["30", "1", "2", "4", "5"]
    ordered = [id for id, _ in crates.heads(order_by=order_of("ReadOnly.Owner.Id,-Number", KNOWN), limit=3, offset=1)]
    assert ordered == ["4", "2", "1"]
    with pytest.raises(Refusal) as refused:
        order_of("Nmae", KNOWN)
    assert (refused.value.code, refused.value.words["parameter"]) == ("rql_property", "sort")


_worlds = itertools.count(1)
_MEMORY = open_database(None, KINDS)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(name=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=12))
def test_any_text_can_be_asked_for_when_it_is_encoded(name):
    """Whatever is in a value, encoded it is letters, and finds what is called so."""
    store = Store(_MEMORY.connection("main"), f"world-{next(_worlds)}", KINDS)
    crates = store.collection("harbor", "crate")
    crates.add({"Name": name, "Number": 1, "Full": True}, id="1")
    crates.add({"Name": f"{name}x", "Number": 2, "Full": True}, id="2")
    assert found(crates, f"Full==true;Name=={quote(name, safe='')}") == [1]
    store.rollback()
    store.connection.close()


@settings(max_examples=300, deadline=None)
@given(st.text("NameFulR.Onyd=!;,()*%20 gtinhvou", max_size=40))
def test_noise_is_a_condition_or_a_refusal(text):
    try:
        condition_of(text, KNOWN)
    except Refusal as refused:
        assert refused.code in {"rql_property", "rql_unparsable"}
