"""What is said when a request, or one field of it, cannot be answered; the vendor's dialect puts it into words."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

Path = tuple[str | int, ...]
Json = dict[str, Any]


class FieldError(Exception):
    """One field cannot be answered. `extensions` go to the client as they are."""

    def __init__(self, message: str, **extensions: Any) -> None:
        super().__init__(message)
        self.message = message
        self.extensions = extensions


class Rejected(Exception):  # noqa: N818 - says what became of the request
    """The request never ran: it does not parse, does not validate, or its variables do not fit."""

    def __init__(self, errors: list[Json]) -> None:
        super().__init__(errors[0]["message"] if errors else "rejected")
        self.errors = errors


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a document, before any vendor puts it into words. `rule` names the check that failed."""

    rule: str
    message: str
    path: Path = ()
    locations: tuple[Json, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BadValue:
    """One place in a variable's value that does not fit.

    `rule`: null, unknown_field, not_object, one_of, enum or scalar.
    """

    path: Path
    rule: str
    value: Any
    type: str
    values: tuple[str, ...] = ()
    detail: str = ""


@dataclass(frozen=True, slots=True)
class BadVariable:
    """A variable whose value does not fit its declared type."""

    name: str
    type: str
    value: Any
    problems: tuple[BadValue, ...]
    locations: tuple[Json, ...]


class Asked(Protocol):
    """A field as a query asks for it, as far as words need it: its name, and the type it is a field of."""

    @property
    def name(self) -> str: ...

    @property
    def parent(self) -> str: ...


@dataclass(frozen=True)
class Dialect:
    """The vendor's words. Each answers a complete error of the `errors` list, or the `FieldError` to raise."""

    problem: Callable[[Problem], Json]
    variable: Callable[[BadVariable], Json]
    denied: Callable[[Asked, tuple[str, ...]], FieldError]
    unbuilt: Callable[[Asked], FieldError]
    null: Callable[[str, str], FieldError] = lambda parent, name: FieldError(
        f"Cannot return null for non-nullable field {parent}.{name}."
    )
