"""What a GraphQL answer of Shopify means. The HTTP status is 200 for nearly all of it.

Top-level `errors` come with or without `data`; refusals of a mutation come as `userErrors` inside it.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Generic, TypeVar

from msgspec import Struct

from connectors.core.errors import (
    Broken,
    ConnectorError,
    Forbidden,
    Invalid,
    NotApplied,
    NotFound,
    Throttled,
    TimedOut,
    Unknown,
    Unreadable,
)
from connectors.core.wire import Answer
from connectors.shopify.documents import Document

T = TypeVar("T")

_KINDS: dict[str, type[ConnectorError]] = {
    "THROTTLED": Throttled,
    "ACCESS_DENIED": Forbidden,
    "SHOP_INACTIVE": Forbidden,
    "MAX_COST_EXCEEDED": Invalid,
    "MAX_INPUT_SIZE_EXCEEDED": Invalid,
    "INVALID_VARIABLE": Invalid,
    "INVALID_FIELD_ARGUMENTS": Invalid,
    "BAD_REQUEST": Invalid,
    "RESOURCE_NOT_FOUND": NotFound,
    "INTERNAL_SERVER_ERROR": Broken,
    "TIMEOUT": TimedOut,
}


class PageInfo(Struct, frozen=True, rename="camel"):
    has_next_page: bool
    end_cursor: str | None = None


class Connection(Struct, Generic[T], frozen=True, rename="camel"):
    """A list in pages, as Relay has it."""

    nodes: tuple[T, ...]
    page_info: PageInfo

    @property
    def has_next_page(self) -> bool:
        return self.page_info.has_next_page

    @property
    def end_cursor(self) -> str | None:
        return self.page_info.end_cursor


class UserError(Struct, frozen=True):
    """Why a mutation was refused. Some mutations have codes, some do not."""

    message: str
    field: tuple[str, ...] | None = None
    code: str | None = None

    def __str__(self) -> str:
        where = f"{'.'.join(self.field)}: " if self.field else ""
        return f"{where}{self.message}" + (f" [{self.code}]" if self.code else "")


class Bucket(Struct, frozen=True):
    """What an answer says of the points left, and of what its query was charged for."""

    requested: float
    maximum: float
    available: float
    restore_per_second: float


def read_data(answer: Answer, whole: Mapping[str, Any], document: Document) -> Mapping[str, Any]:
    """The `data` of an answer (`whole` is its JSON) without errors; raises what its errors mean."""
    errors = whole.get("errors")
    data = whole.get("data")
    if not errors:
        if not isinstance(data, dict):
            raise answer.error(Unreadable, "the body has neither data nor errors")
        return data
    if not isinstance(errors, list) or not all(isinstance(error, dict) for error in errors):
        raise answer.error(Unreadable, f"errors of an unknown form: {str(errors)[:200]}")
    if document.mutation and isinstance(data, dict) and any(value is not None for value in data.values()):
        # Only a part of what was asked back is missing: the mutation itself was carried out.
        raise answer.error(Unknown, f"{document.name} answered, and failed halfway: {_words(errors)}")
    raise _sorted(answer, errors, read_bucket(whole))


def read_bucket(whole: Mapping[str, Any]) -> Bucket | None:
    """The cost report of an answer, or None where there is none that makes sense."""
    try:
        cost = whole["extensions"]["cost"]
        status = cost["throttleStatus"]
        return Bucket(
            requested=float(cost["requestedQueryCost"]),
            maximum=float(status["maximumAvailable"]),
            available=float(status["currentlyAvailable"]),
            restore_per_second=float(status["restoreRate"]),
        )
    except (KeyError, TypeError, ValueError):
        return None


def refusal(kind: type[ConnectorError], document: Document, errors: Sequence[UserError]) -> ConnectorError:
    """What `userErrors` mean: `NotFound` where they say so, else the kind given."""
    missing = any((error.code or "").endswith("NOT_FOUND") for error in errors)
    words = "; ".join(str(error) for error in errors[:10])
    code = next((error.code for error in errors if error.code), "")
    return (NotFound if missing else kind)(f"{document.name} was refused: {words}", status=200, code=code)


def gid(kind: str, number: str) -> str:
    """The global id of a record; raises `Invalid` for what cannot be the number of one."""
    if not (number.isascii() and number.isdecimal() and len(number) <= 20):
        raise Invalid(f"{number[:60]!r} is not the id of a {kind}: ids are numbers")
    return f"gid://shopify/{kind}/{number}"


def number_of(global_id: str) -> str:
    """`gid://shopify/Order/7001` → `7001`; a query part after it is left away. Raises `ValueError`."""
    number = global_id.rpartition("/")[2].partition("?")[0]
    if not global_id.startswith("gid://shopify/") or not number.isdecimal():
        raise ValueError(f"{global_id[:80]!r} is not a global id")
    return number


def _sorted(answer: Answer, errors: Sequence[Mapping[str, Any]], bucket: Bucket | None) -> ConnectorError:
    """Of several errors the one that leaves most doubt decides: unknown before refused before throttled."""
    kinds = [(_kind(error), _code(error)) for error in errors]
    kind, code = min(kinds, key=lambda pair: 0 if issubclass(pair[0], Unknown) else 2 if pair[0] is Throttled else 1)
    more: dict[str, Any] = {"code": code}
    if issubclass(kind, NotApplied):
        more["retry_after_seconds"] = _wait_seconds(bucket)
    return answer.error(kind, _words(errors), **more)


def _kind(error: Mapping[str, Any]) -> type[ConnectorError]:
    code = _code(error)
    if code in _KINDS:
        return _KINDS[code]
    # The query validator's own codes are camelCase (`undefinedField`): the document was never run. Anything else that
    # we do not know may have happened halfway.
    return Invalid if code[:1].islower() else Broken


def _code(error: Mapping[str, Any]) -> str:
    extensions = error.get("extensions")
    code = extensions.get("code") if isinstance(extensions, dict) else None
    return code if isinstance(code, str) else ""


def _words(errors: Sequence[Mapping[str, Any]]) -> str:
    return "; ".join(f"{str(error.get('message'))[:200]} [{_code(error) or 'no code'}]" for error in errors[:5])


def _wait_seconds(bucket: Bucket | None) -> float | None:
    """Until the bucket holds what the query asked for."""
    if bucket is None or bucket.restore_per_second <= 0:
        return None
    return max(0.0, (min(bucket.requested, bucket.maximum) - bucket.available) / bucket.restore_per_second)
