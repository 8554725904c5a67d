"""Lists whose rows are no documents, asked and sorted in RQL all the same."""

from typing import Any

from mock_servers.core.fake import Call
from mock_servers.core.filters import All, By, Condition, Is, Not, Some
from mock_servers.core.rql import condition_of, order_of
from mock_servers.extensiv_warehouse_manager.behaviour.base import Json, properties


def asked(call: Call, rows: list[Json], schema: str) -> list[Json]:
    """The rows that `rql` asks for, in the order that `sort` asks for."""
    known = properties(schema)
    if call.query.get("rql"):
        condition = condition_of(call.query["rql"], known)
        rows = [row for row in rows if fits(condition, row)]
    for key in reversed(order_of(call.query["sort"], known) if call.query.get("sort") else ()):
        rows = _sorted(rows, key)
    return rows


def fits(condition: Condition, row: Json) -> bool:
    """Whether a row is one of those a condition asks for, as the database would say of a document."""
    match condition:
        case Not(inner):
            return not fits(inner, row)
        case All(conditions=parts):
            return all(fits(part, row) for part in parts)
        case Some(conditions=parts):
            return any(fits(part, row) for part in parts)
        case Is(field, operator, value):
            return _compared(_member(row, field), operator, value)
    raise TypeError(f"rows are not asked for {condition!r}")


def _member(row: Json, field: str) -> Any:
    found: Any = row
    for step in field.split("."):
        found = found.get(step) if isinstance(found, dict) else None
    return found


def _compared(member: Any, operator: str, value: Any) -> bool:
    if operator == "absent" or member is None:
        return operator == "absent" and member is None
    one, other = (str(each).lower() if isinstance(each, str) else each for each in (member, value))
    match operator:
        case "=" | "same":
            return bool(one == other)
        case "<":
            return bool(one < other)
        case "<=":
            return bool(one <= other)
        case ">":
            return bool(one > other)
        case ">=":
            return bool(one >= other)
        case "starts":
            return str(one).startswith(other)
        case "ends":
            return str(one).endswith(other)
        case "contains":
            return other in str(one)
    raise TypeError(f"rows are not compared by {operator}")


def _sorted(rows: list[Json], key: By) -> list[Json]:
    """By one member; what lacks it comes first, or last when descending."""

    def place(row: Json) -> tuple[bool, Any]:
        member = _member(row, key.field)
        return (member is not None, member if member is not None else 0)

    return sorted(rows, key=place, reverse=key.descending)
