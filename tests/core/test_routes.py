"""From method and path to an operation: what is written out wins over what is free; a dead end is walked back from."""

from datetime import date
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.contract import Operation
from contracts.evidence import Evidence
from mock_servers.core.routes import Routes
from tests.core.harbor import KEY, harbor
from tests.support import bench

HERE = Evidence("assumed", "invented here", date(2026, 11, 20))


def operation(id: str, path: str, method: str = "GET") -> Operation:
    return Operation(id=id, vendor="v", surface="s", method=method, path=path, summary="", evidence=HERE)


def routes(**paths: str) -> Routes:
    return Routes([operation(id, path) for id, path in paths.items()])


def found(routes: Routes, path: str, method: str = "GET"):
    operation, values = routes.find(method, path)
    return (operation.id, values) if operation else (None, values)


def test_a_fixed_path_is_found_before_a_free_one_in_whatever_order_they_were_named():
    for paths in ({"one": "/a/{id}", "count": "/a/count"}, {"count": "/a/count", "one": "/a/{id}"}):
        assert found(routes(**paths), "/a/count") == ("count", {})
        assert found(routes(**paths), "/a/counted") == ("one", {"id": "counted"})


def test_what_stands_around_a_value_is_taken_off_and_the_most_exact_wins():
    all_of = routes(plain="/o/{id}", json="/o/{id}.json", cancel="/o/{id}/cancel.json", long="/o/x-{id}.json")
    assert found(all_of, "/o/7.json") == ("json", {"id": "7"})
    assert found(all_of, "/o/7.json.json") == ("json", {"id": "7.json"})
    assert found(all_of, "/o/7.xml") == ("plain", {"id": "7.xml"})
    assert found(all_of, "/o/x-7.json") == ("long", {"id": "7"})
    assert found(all_of, "/o/7/cancel.json") == ("cancel", {"id": "7"})
    assert found(all_of, "/o/.json") == ("plain", {"id": ".json"})


def test_a_dead_end_is_walked_back_from():
    all_of = routes(fixed="/a/b/c", free="/a/{x}/d", both="/{y}/b/{z}/e")
    assert found(all_of, "/a/b/c") == ("fixed", {})
    assert found(all_of, "/a/b/d") == ("free", {"x": "b"})
    assert found(all_of, "/a/b/c/e") == ("both", {"y": "a", "z": "c"})


@pytest.mark.parametrize("path", ["", "/", "*", "//", "/a", "/a/", "/a//c", "/a/7/", "/a/7/c/d", "a/7/c", "/A/7/c"])
def test_what_is_nobody_s_path_is_nobody_s(path):
    assert found(routes(one="/a/{id}/c"), path) == (None, ())


def test_a_known_path_says_which_methods_it_takes():
    all_of = Routes([operation("get", "/a/{id}"), operation("put", "/a/{other}", "PUT"), operation("list", "/a")])
    assert found(all_of, "/a/7", "PATCH") == (None, ("GET", "PUT"))
    assert found(all_of, "/a/7", "PUT") == ("put", {"other": "7"})
    assert found(all_of, "/a", "DELETE") == (None, ("GET",))


@given(st.text(min_size=1).filter(lambda text: "\0" not in text))
def test_a_value_arrives_as_it_was_sent_whatever_it_is(value):
    assert found(routes(one="/a/{id}/c"), f"/a/{quote(value, safe='')}/c") == ("one", {"id": value})


def test_a_value_is_decoded_once():
    assert found(routes(one="/a/{id}"), "/a/%2541") == ("one", {"id": "%41"})
    assert found(routes(one="/a/{id}"), "/a/b%2Fc") == ("one", {"id": "b/c"})


@pytest.mark.parametrize("path", ["/a/%", "/a/%z", "/a/%zz", "/a/%ff%fe", "/a/%ed%a0%80"])
def test_what_is_wrongly_encoded_is_a_value_like_any_other(path):
    id, values = found(routes(one="/a/{id}"), path)
    assert id == "one"
    assert isinstance(values["id"].encode(), bytes)


def test_no_path_holds_a_nul():
    assert found(routes(one="/a/{id}"), "/a/%00") == (None, ())


def test_letters_that_needed_no_encoding_may_have_been_encoded():
    assert found(routes(one="/crates/{id}.json"), "/%63rates/7%2Ejson") == ("one", {"id": "7"})


def test_a_path_that_two_operations_share_is_a_mistake():
    with pytest.raises(ValueError, match="two"):
        routes(one="/a/{id}", two="/a/{other}")


def test_a_segment_with_two_free_parts_is_a_mistake():
    with pytest.raises(ValueError, match="one"):
        routes(one="/a/{id}.{format}")


# On the wire ---------------------------------------------------------------------------------------------------------


def test_an_unknown_path_gets_the_vendor_s_404():
    answer = bench(harbor(), headers=KEY).get("/cranes")
    assert (answer.status_code, answer.json()) == (404, {"errors": ["route_not_found: no /cranes"]})


def test_the_surface_that_a_path_looks_like_says_that_there_is_none():
    answer = bench(harbor(), headers=KEY).get("/gate/garden")
    assert (answer.status_code, answer.json()) == (404, {"said": "no /gate/garden at the gate"})


def test_a_wrong_method_gets_the_vendor_s_405_and_those_that_would_do():
    answer = bench(harbor(), headers=KEY).client.patch("/crates/7.json")
    assert (answer.status_code, answer.headers["allow"]) == (405, "DELETE, GET, PUT")
    assert answer.json() == {"errors": ["wrong_method: not PATCH"]}


def test_head_and_options_are_methods_like_any_other():
    client = bench(harbor(), headers=KEY).client
    assert client.head("/crates").headers["allow"] == "GET, POST"
    assert client.options("/crates").status_code == 405
