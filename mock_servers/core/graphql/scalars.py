"""Scalars: what their JSON form is, and how a value a client sends is read."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Scalar:
    """A scalar of the vendor's: the Python type of its JSON form, and how an input value is read (or `ValueError`)."""

    out: type
    parse: Callable[[Any], Any]


def _parse_int(value: Any) -> int:
    if type(value) is not int or not -(2**31) <= value < 2**31:
        raise ValueError
    return value


def _parse_float(value: Any) -> float:
    if type(value) not in (int, float):
        raise ValueError
    return float(value)


def _parse_text(value: Any) -> str:
    if type(value) is not str:
        raise ValueError
    return value


def _parse_id(value: Any) -> str:
    if type(value) is int:
        return str(value)
    return _parse_text(value)


def _parse_flag(value: Any) -> bool:
    if type(value) is not bool:
        raise ValueError
    return value


SCALARS: dict[str, Scalar] = {
    "Int": Scalar(int, _parse_int),
    "Float": Scalar(float, _parse_float),
    "String": Scalar(str, _parse_text),
    "ID": Scalar(str, _parse_id),
    "Boolean": Scalar(bool, _parse_flag),
}


ANY_TEXT = SCALARS["String"]
"""How a scalar is read that nobody described."""

ScalarOf = Callable[[str], Scalar]
