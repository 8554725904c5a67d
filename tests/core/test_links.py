"""Walks by links: the cursor is a place, carries what the walk began by asking, and leads back as well as on."""

import json
from base64 import urlsafe_b64encode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.pier import ACCOUNT, BASIC, pier
from tests.support import bench

REGISTER = f"/Api/{ACCOUNT}/Register"
KEY = {"X-Pier-Password": BASIC}


def stand(count: int):
    stood = bench(pier(), headers=KEY)
    for number in range(count):
        assert stood.post(f"/Api/{ACCOUNT}/Berths", {"name": f"B{number % 3}", "metres": number % 2}).is_success
    return stood


def links(answer) -> dict[str, str]:
    parts = [part.split("; ") for part in answer.headers.get("link", "").split(", ") if part]
    return {rel.split('"')[1]: url[1:-1] for url, rel in parts}


def walk(stood, path: str, way: str = "next") -> list[list[str]]:
    pages = []
    for _ in range(60):
        answer = stood.get(path)
        pages.append([row["id"] for row in answer.json()])
        path = links(answer).get(way, "")
        if not path:
            return pages
    raise AssertionError("there is no end")


@settings(max_examples=20, deadline=None)
@given(count=st.integers(0, 11), size=st.integers(1, 4), by_name=st.booleans())
def test_the_pages_joined_are_the_collection_and_lead_back_the_same_way(count, size, by_name):
    stood = stand(count)
    berths = stood.documents("berth")
    wanted = sorted(berths, key=lambda each: (each["name"], int(each["id"])), reverse=True) if by_name else berths
    pages = walk(stood, f"{REGISTER}?count={size}" + ("&by_name=true" if by_name else ""))
    assert [id for page in pages for id in page] == [each["id"] for each in wanted]
    assert all(len(page) == size for page in pages[:-1])
    path, back = f"{REGISTER}?count={size}" + ("&by_name=true" if by_name else ""), []
    for _ in pages[1:]:
        path = links(stood.get(path))["next"]
    while path:
        answer = stood.get(path)
        back.append([row["id"] for row in answer.json()])
        path = links(answer).get("previous", "")
    assert back[::-1] == pages


def test_a_cursor_carries_the_filters_of_the_first_request():
    stood = stand(9)
    pages = walk(stood, f"{REGISTER}?metres=1,5&count=1")
    assert pages == [["2"], ["4"], ["6"], ["8"]]


def test_what_may_stand_beside_a_cursor_is_heeded_anew_and_all_else_is_refused():
    stood = stand(7)
    following = links(stood.get(f"{REGISTER}?metres=0"))["next"]
    wider = stood.get(f"{following}&count=1&fields=name")
    assert wider.json() == [{"name": "B1"}]  # the fifth
    assert "fields=name" in links(wider)["next"]
    beside = stood.get(f"{following}&metres=1&by_name=true&unknown=x")
    assert beside.status_code == 400
    assert beside.json() == {
        "not_beside": {
            "by_name": "by_name cannot be passed when from is present",
            "metres": "metres cannot be passed when from is present",
        }
    }
    assert stood.rule == "beside_cursor"


@pytest.mark.parametrize("way", ["forward", "backward"])
def test_rows_that_come_and_go_while_a_list_is_walked_hide_and_repeat_none(way):
    stood = stand(6)
    first = stood.get(f"{REGISTER}?count=2")
    assert "previous" not in links(first)
    second = stood.get(links(first)["next"])
    berths = stood.world.store.collection("pier", "berth")
    berths.delete("4" if way == "forward" else "3")
    stood.world.store.commit()
    if way == "forward":
        assert walk(stood, links(second)["next"]) == [["5", "6"]]
    else:
        assert walk(stood, links(second)["previous"], "previous") == [["1", "2"]]


def forged(**members) -> str:
    place = {"query": "", "value": None, "seq": 0, "backward": False} | members
    return urlsafe_b64encode(json.dumps(place).encode()).decode()


@pytest.mark.parametrize(
    "cursor",
    ["", "seatrial", "////", "e30=", "\u00e9", "x" * 5000, forged(seq="1"), forged(seq=2**70), forged(more=1),
     forged(value="a\0"), forged(query=None)],
)  # fmt: skip
def test_a_cursor_nobody_handed_out_is_refused(cursor):
    answer = stand(1).get(REGISTER, params={"from": cursor})
    assert (answer.status_code, answer.json()) == (400, {"said": "wrong: from: Invalid value."})


@pytest.mark.parametrize("query", ["metres=x", "count=0", "metres=1&by_name=perhaps"])
def test_what_a_forged_cursor_carries_is_read_as_carefully_as_any_query(query):
    answer = stand(1).get(REGISTER, params={"from": forged(query=query)})
    assert answer.status_code == 400


def test_a_scope_is_implied_by_the_one_the_profile_says_and_by_no_other():
    stood = stand(1)
    work = stood.world.work("pier")
    for scope, status in (("see_berths", 200), ("mind_berths", 200), ("mind_cranes", 403), ("see_", 403)):
        work.grant("token", scope, ACCOUNT, scopes=[scope], account=ACCOUNT)
        answer = stood.get(REGISTER, headers={"X-Pier-Password": f"Basic {scope}"})
        assert answer.status_code == status
    assert answer.json() == {"said": "not see_berths"}
