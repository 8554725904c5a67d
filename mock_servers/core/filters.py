"""Conditions on documents, compiled to the SQL that SQLite and PostgreSQL both read.

    All(Is("status", "=", "open"), Not(Is("tag", "in", ("a", "b"))))

A field is a member at the top of a document, or one further down: `ship_to.country`. Values are always bound, never
written into the text.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, NamedTuple

import msgspec

Operator = Literal["=", "!=", "<", "<=", ">", ">=", "in", "same", "starts", "ends", "contains", "absent"]
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}\Z")


@dataclass(frozen=True, slots=True)
class Is:
    """One member compared. `same`, `starts`, `ends` and `contains` mind no case; `absent` asks for one that is missing
    or null. With `any_case` a text is smaller or larger whatever its capitals."""

    field: str
    operator: Operator
    value: Any = None
    any_case: bool = False


@dataclass(frozen=True, slots=True)
class Holds:
    """A member that is a list of texts holds this one; minds no case."""

    field: str
    value: str


@dataclass(frozen=True, slots=True)
class Not:
    condition: "Condition"


class All:
    """Every one of them; of none: always."""

    __slots__ = ("conditions",)

    def __init__(self, *conditions: "Condition") -> None:
        self.conditions = conditions


class Some:
    """At least one of them; of none: never."""

    __slots__ = ("conditions",)

    def __init__(self, *conditions: "Condition") -> None:
        self.conditions = conditions


Condition = Is | Holds | Not | All | Some
Number = Callable[[str], str]


class By(NamedTuple):
    """One member to order by; `number`: it is one, and ordered as one. What lacks it comes first, or last when
    `descending`."""

    field: str
    descending: bool = False
    number: bool = False


Order = tuple[By, ...]


def ordering(order: Order, number: Number = str) -> str:
    """The SQL behind ORDER BY."""
    texts = []
    for key in order:
        name = column(key.field)
        direction = "DESC NULLS LAST" if key.descending else "ASC NULLS FIRST"
        texts.append(f"{number(name) if key.number else name} {direction}")
    return ", ".join(texts)


@lru_cache(maxsize=4096)
def column(field: str) -> str:
    """The SQL of a member. Raises ValueError for what cannot be a member's name."""
    if field in {"id", "seq"}:
        return field
    steps = field.split(".")
    if not all(map(NAME.match, steps)):
        raise ValueError(f"{field!r} cannot be the name of a member")
    way = "".join(f"->'{step}'" for step in steps[:-1])
    return f"(body{way}->>'{steps[-1]}')"


def compiled(condition: Condition, values: list[Any], number: Number = str) -> str:
    """The SQL of a condition, its values appended to `values` in the order of the question marks.

    `number` makes a member one that is compared as a number, where the database has to be told.
    """
    match condition:
        case Is():
            return _compared(condition, values, number)
        case Holds(field, value):
            inside = f"LOWER(',' || SUBSTR({column(field)}, 2, LENGTH({column(field)}) - 2) || ',')"
            values.append(f",{msgspec.json.encode(value.lower()).decode()},")
            return f"REPLACE({inside}, ?, '') <> {inside}"
        case Not(inner):
            return f"NOT COALESCE({compiled(inner, values, number)}, FALSE)"
        case All(conditions=parts):
            return _joined(" AND ", parts, values, number) or "TRUE"
        case Some(conditions=parts):
            return _joined(" OR ", parts, values, number) or "FALSE"
    raise TypeError(f"not a condition: {condition!r}")


def _joined(word: str, parts: Sequence[Condition], values: list[Any], number: Number) -> str:
    texts = [compiled(part, values, number) for part in parts]
    return f"({word.join(texts)})" if texts else ""


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _compared(condition: Is, values: list[Any], number: Number) -> str:
    name = column(condition.field)
    if _is_number(condition.value) or (condition.operator == "in" and any(map(_is_number, condition.value))):
        name = number(name)
    match condition.operator:
        case "absent":
            return f"{name} IS NULL"
        case "in":
            many = tuple(condition.value)
            values.extend(many)
            return f"{name} IN ({', '.join('?' * len(many))})" if many else "FALSE"
        case "same":
            values.append(condition.value)
            return f"LOWER({name}) = LOWER(?)"
        case "ends":
            values.append("%" + _liked(condition.value))
            return f"LOWER({name}) LIKE LOWER(?) ESCAPE '\\'"
        case "starts":
            values.append(_liked(condition.value) + "%")
            return f"LOWER({name}) LIKE LOWER(?) ESCAPE '\\'"
        case "contains":
            values.append(f"%{_liked(condition.value)}%")
            return f"LOWER({name}) LIKE LOWER(?) ESCAPE '\\'"
        case operator:
            values.append(condition.value)
            return f"LOWER({name}) {operator} LOWER(?)" if condition.any_case else f"{name} {operator} ?"


def _liked(value: Any) -> str:
    return str(value).replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
