"""A condition compiled to SQL finds what the same condition in Python would, in every database."""

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mock_servers.core.database import open_database
from mock_servers.core.filters import All, Condition, Holds, Is, Not, Some, column, compiled
from mock_servers.core.store import Collection, Store

KINDS = {("harbor", "crate"): ("text", "number")}
_worlds = itertools.count(1)


def fits(condition: Condition, body: dict[str, Any]) -> bool:
    """The smallest thing that could be right. A member that is absent or null fits nothing but `absent`."""
    match condition:
        case All(conditions=parts):
            return all(fits(part, body) for part in parts)
        case Some(conditions=parts):
            return any(fits(part, body) for part in parts)
        case Not(inner):
            return not fits(inner, body)
        case Holds(field, value):
            return value.lower() in [each.lower() for each in body.get(field) or []]
        case Is(field, "absent", _):
            return body.get(field) is None
        case Is(field, operator, value):
            return body.get(field) is not None and OPERATORS[operator](body[field], value)
    raise TypeError(condition)


OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda have, value: have == value,
    "!=": lambda have, value: have != value,
    "<": lambda have, value: have < value,
    "<=": lambda have, value: have <= value,
    ">": lambda have, value: have > value,
    ">=": lambda have, value: have >= value,
    "in": lambda have, value: have in value,
    "starts": lambda have, value: have.lower().startswith(value.lower()),
    "ends": lambda have, value: have.lower().endswith(value.lower()),
    "same": lambda have, value: have.lower() == value.lower(),
    "contains": lambda have, value: value.lower() in have.lower(),
}

TEXTS = st.text("aAbBzZ09%_\\'\"[],: -\n{}é漢\U0001f4e6", max_size=5)
NUMBERS = st.integers(-12, 12) | st.sampled_from([-1.5, 0.25, 9.75, 10.0, 100, 1e15, 2**53, 2**70, -(2**70)])
TAGS = st.text("aAbB%_\\\"', 漢", max_size=4)
FLAGS = st.booleans()
BODIES = st.fixed_dictionaries(
    {},
    optional={
        "text": TEXTS | st.none(),
        "number": NUMBERS | st.none(),
        "tags": st.lists(TAGS, max_size=3) | st.none(),
        "flag": FLAGS | st.none(),
    },
)
COMPARED = ["=", "!=", "<", "<=", ">", ">="]
LEAVES = (
    st.builds(Is, st.just("text"), st.sampled_from([*COMPARED, "same", "starts", "ends", "contains"]), TEXTS)
    | st.builds(Is, st.just("number"), st.sampled_from(COMPARED), NUMBERS)
    | st.builds(Is, st.just("flag"), st.sampled_from(["=", "!="]), FLAGS)
    | st.builds(Is, st.just("text"), st.just("in"), st.lists(TEXTS, max_size=3).map(tuple))
    | st.builds(Is, st.just("number"), st.just("in"), st.lists(NUMBERS, max_size=3).map(tuple))
    | st.builds(Is, st.sampled_from(["text", "number", "tags", "flag", "nothing"]), st.just("absent"))
    | st.builds(Holds, st.just("tags"), TAGS)
)
CONDITIONS = st.recursive(
    LEAVES,
    lambda inner: (
        st.builds(Not, inner)
        | st.lists(inner, max_size=3).map(lambda parts: All(*parts))
        | st.lists(inner, max_size=3).map(lambda parts: Some(*parts))
    ),
    max_leaves=5,
)


@pytest.fixture
def crates(state) -> Collection:
    database = open_database(state, KINDS)
    world = f"world{next(_worlds)}"
    yield Store(database.connection(world), world, KINDS).collection("harbor", "crate")
    database.close()


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(bodies=st.lists(BODIES, min_size=1, max_size=6), conditions=st.lists(CONDITIONS, min_size=1, max_size=5))
def test_the_database_agrees_with_python(crates, bodies, conditions):
    store = crates.store
    for number, body in enumerate(bodies):
        crates.add(body | {"id": str(number)})
    try:
        for condition in conditions:
            expected = [str(number) for number, body in enumerate(bodies) if fits(condition, body)]
            assert [row.id for row in crates.rows(condition)] == expected, condition
            assert crates.count(condition) == len(expected)
            assert [row.id for row in crates.rows(Not(condition))] == [
                str(number) for number in range(len(bodies)) if str(number) not in expected
            ]
    finally:
        store.rollback()


def test_a_field_is_a_name_and_nothing_else():
    for name in ("", "a b", "a'", "a->>'b'", "1a", "a;", "a" * 65, "ü", "a\n"):
        with pytest.raises(ValueError, match="name"):
            column(name)


def test_values_are_never_part_of_the_text():
    values: list[Any] = []
    sql = compiled(
        All(Is("a", "=", "x'; DROP"), Holds("b", "y'"), Is("c", "in", ("z'",)), Is("d", "starts", "w'")), values
    )
    assert "'; DROP" not in sql
    assert not {"y'", "z'", "w'"} & set(sql.split())
    assert sql.count("?") == len(values)


def test_of_nothing_all_hold_and_none_does():
    assert compiled(All(), []) == "TRUE"
    assert compiled(Some(), []) == "FALSE"
    assert compiled(Is("a", "in", ()), []) == "FALSE"


def test_what_is_no_condition_is_a_mistake():
    with pytest.raises(TypeError, match="condition"):
        compiled("a = 1", [])  # type: ignore[arg-type]
