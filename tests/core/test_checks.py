"""What is asked is held against the contract: texts become values or are refused, and each wrong member is named."""

import shutil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts import read
from mock_servers.core.checks import Checks
from mock_servers.core.refusal import Refusal
from tests.core.harbor import FOLDER, KEY, harbor
from tests.support import bench

BENCH = bench(harbor(), headers=KEY)
CHECKS = BENCH.sandbox.apps["harbor"].checks
LIST = BENCH.sandbox.fakes["harbor"].contract.operations["listCrates"]


def query(*fields: tuple[str, str]):
    return CHECKS.query(LIST, list(fields))


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("page", "2", 2),
        ("page", "007", 7),
        ("ids", "-3", [-3]),
        ("ids", "1,2,3", [1, 2, 3]),
        ("heavier_than", "2", 2.0),
        ("heavier_than", "-2.5e3", -2500.0),
        ("fragile", "true", True),
        ("fragile", "False", False),
        ("state", "here", ["here"]),
        ("state", "here,released", ["here", "released"]),
        ("since", "2026-11-23T12:00:00Z", "2026-11-23T12:00:00Z"),
    ],
)
def test_a_text_becomes_the_value_it_stands_for(name, text, value):
    assert query((name, text)) == {name: value}
    assert type(query((name, text))[name]) is type(value)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("page", text)
        for text in ("", "-", "--5", "0", "-1", "1.5", "1e3", "٣", "½", "²", "0x1", "1_0", " 1", "one", "9" * 30, "\0")
    ]
    + [("heavier_than", text) for text in ("nan", "inf", "-inf", "1e999", "1_0", " 1", "", ".", "٣.٥", "1,5", "0x1p3")]
    + [("fragile", text) for text in ("", "yes", "1", "truee", "t")]
    + [("state", text) for text in ("", "gone", "here,", "here,gone", "here;released")]
    + [("ids", text) for text in ("", "1,,2", "1,two", "--1")]
    + [("since", text) for text in ("", "yesterday", "2026-02-30T00:00:00Z", "2026-11-23", "2026-11-23T12:00:00")],
)  # fmt: skip
def test_a_text_that_stands_for_no_value_is_refused_by_its_name(name, text):
    with pytest.raises(Refusal) as told:
        query((name, text))
    assert told.value.code == "invalid_query"
    assert told.value.details[0][0].split("[")[0] == name


def test_a_parameter_whose_schema_is_a_reference_has_the_type_it_leads_to(tmp_path):
    folder = shutil.copytree(FOLDER, tmp_path / "harbor", ignore=shutil.ignore_patterns("__pycache__"))
    path = folder / "rest.openapi.yaml"
    text = path.read_text(encoding="utf-8")
    plain, there = "{name: ids, in: query, schema: {type: array, items: {type: integer}}}", "\n  schemas:\n"
    assert plain in text
    assert there in text
    text = text.replace(
        plain, '{name: ids, in: query, schema: {type: array, items: {$ref: "#/components/schemas/Id"}}}'
    )
    path.write_text(text.replace(there, there + "    Id: {type: integer, minimum: 1}\n"), encoding="utf-8")
    contract = read(folder)
    checks, operation = Checks(contract), contract.operations["listCrates"]
    assert checks.query(operation, [("ids", "1,2")]) == {"ids": [1, 2]}
    with pytest.raises(Refusal):
        checks.query(operation, [("ids", "0")])


@given(
    st.lists(st.tuples(st.sampled_from(["page", "ids", "heavier_than", "fragile", "since", "state", "x"]), st.text()))
)
def test_no_query_breaks_the_machine(fields):
    try:
        values = query(*fields)
    except Refusal as refusal:
        assert refusal.code == "invalid_query"
    else:
        assert set(values) <= {name for name, _ in fields}


def test_an_array_may_be_a_comma_list_or_a_repeated_parameter():
    assert query(("ids", "1,2"), ("ids", "3")) == {"ids": [1, 2, 3]}


def test_the_last_of_a_repeated_parameter_counts():
    assert query(("page", "1"), ("page", "2")) == {"page": 2}


def test_unknown_parameters_are_refused_where_the_profile_says_so():
    answer = BENCH.get("/crates?colour=red&page=1")
    assert (answer.status_code, answer.json()["wrong"]) == (400, ["colour is not a parameter of this operation"])


def test_unknown_parameters_pass_where_the_profile_says_so():
    gate = bench(harbor(), headers={"Authorization": "Basic d2F0Y2htYW46YXdha2U="})
    assert gate.get("/gate/watch?colour=red").status_code == 200


@pytest.mark.parametrize(
    ("body", "field", "said"),
    [
        ({}, "label", "is required"),
        ({"label": ""}, "label", "shorter"),
        ({"label": 7}, "label", "not of type"),
        ({"label": "x", "contents": [{}]}, "contents[0].what", "is required"),
        ({"label": "x", "contents": [{"what": "a"}, {"what": "b", "many": 0}]}, "contents[1].many", "minimum"),
        ({"label": "x", "tags": ["a", None]}, "tags[1]", "not of type"),
        ([], "", "not of type"),
        (None, "", "not of type"),
        ("text", "", "not of type"),
    ],
)
def test_each_wrong_member_of_a_body_is_named_with_its_path(body, field, said):
    answer = BENCH.client.post("/crates", json=body) if body is not None else BENCH.client.post(
        "/crates", content=b"null", headers={"Content-Type": "application/json"}
    )  # fmt: skip
    assert answer.status_code == 422
    [wrong] = answer.json()["wrong"]
    assert wrong.startswith(f"{field} ")
    assert said in wrong


def test_all_that_is_wrong_is_said_at_once_and_no_more_than_twenty_times():
    answer = BENCH.client.post("/crates", json={"label": "x", "weight": -1, "fragile": "no"})
    assert sorted(each.split()[0] for each in answer.json()["wrong"]) == ["fragile", "weight"]
    answer = BENCH.client.post("/crates", json={"label": "x", "tags": list(range(100))})
    assert len(answer.json()["wrong"]) == 20


def test_unknown_members_pass_where_the_profile_says_so_even_against_the_schema():
    answer = BENCH.client.post("/crates", json={"label": "x", "colour": "red", "contents": [{"what": "a", "b": 1}]})
    assert answer.status_code == 201


def test_every_unknown_member_is_named_where_they_are_refused():
    gate = bench(harbor(), headers={})
    answer = gate.post("/gate/enter", {"client_id": "a", "client_secret": "b", "colour": "red", "size": 3})
    assert answer.status_code == 422
    assert "colour: is not a member the API knows" in answer.json()["said"]
    assert "size: is not a member the API knows" in answer.json()["said"]


@pytest.mark.parametrize(
    ("text", "value"), [("3.0", 3), ("3e0", 3), ("-0.0", 0), ("30e-1", 3), ("9007199254740992.0", 2**53)]
)
def test_a_whole_number_is_one_however_it_is_written(text, value):
    body = f'{{"label": "x", "count": {text}, "weight": 2.50}}'
    answer = BENCH.client.post("/crates", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 201
    kept = BENCH.documents("crate")[-1]
    assert (kept["count"], type(kept["count"]), kept["weight"]) == (value, int, 2.5)


def test_a_reply_that_the_contract_does_not_know_is_our_mistake():
    answer = BENCH.client.post("/mistakes/status")
    assert (answer.status_code, answer.headers["x-seatrial-broke"]) == (
        500,
        "ContractBroken: blunder may not answer 299; its contract knows ['200']",
    )
