"""What comes in: a body as plain values, spelled and checked as the contract has it."""

import math
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from contracts.contract import Contract, Operation
from mock_servers.core.casing import Casing
from mock_servers.core.checks import Checks
from mock_servers.core.fake import Call
from mock_servers.core.refusal import Refusal

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
CONTENT_TYPE = b"content-type"
EXACT_MAXIMUM = 2**53
FIELDS_MAXIMUM = 200


class Bodies:
    """Reads the bodies of one vendor's requests."""

    def __init__(self, contract: Contract, checks: Checks) -> None:
        self.contract = contract
        self.checks = checks
        self._casings: dict[tuple[str, str], Casing] = {}

    def read(self, call: Call) -> Any:
        """The body as plain values; None where there is none and none is needed. Refuses as the surface does."""
        surface = call.surface
        request, operation = call.request, call.operation
        if request.too_large or len(request.body) > surface.body.size_maximum:
            raise Refusal("body_too_large", limit=surface.body.size_maximum)
        if not request.body and not operation.body_required:
            return None
        if not request.body and surface.body.empty == "object":
            self.checks.body(operation, JSON, {})
            return {}
        stated = request.header(CONTENT_TYPE)
        kind = stated.split(";", 1)[0].strip().lower() if stated else surface.body.missing_type
        if kind is None or kind not in operation.bodies:
            raise Refusal("unsupported_media_type", content_type=kind or "none", accepted=", ".join(operation.bodies))
        json = kind == JSON or kind.endswith("+json")
        body = _form(request.body) if kind == FORM else _json(request.body) if json else request.body
        if json and surface.body.members == "any_case":
            body = self._cased(operation, kind, body)
        self.checks.body(operation, kind, body)
        return body

    def _cased(self, operation: Operation, kind: str, body: Any) -> Any:
        """The body with its members spelled as the contract has them."""
        casing = self._casings.get((operation.id, kind))
        if casing is None:
            schema = self.contract.schema(operation.surface, operation.bodies[kind])
            casing = self._casings[operation.id, kind] = Casing(schema)
        return casing.spelled(body)


def _number(text: str) -> int | float:
    """A JSON number with a point or an exponent. `3.0` is the integer three to every schema, and so it is here."""
    value = float(text)
    if not math.isfinite(value):
        raise ValueError("a number is out of range")
    return int(value) if value.is_integer() and abs(value) <= EXACT_MAXIMUM else value


_read = msgspec.json.Decoder(float_hook=_number).decode


def _json(text: bytes) -> Any:
    try:
        body = _read(text)
    except (RecursionError, ValueError) as error:
        raise Refusal("malformed_body", reason=str(error)[:200]) from error
    if b"\\u0000" in text and _holds_nul(body):
        raise Refusal("malformed_body", reason="a NUL character")
    return body


def _form(text: bytes) -> dict[str, str]:
    try:
        fields = parse_qsl(text.decode("ascii"), keep_blank_values=True, max_num_fields=FIELDS_MAXIMUM, errors="strict")
    except ValueError as error:
        raise Refusal("malformed_body", reason="not a form") from error
    form = dict(fields)
    if len(form) < len(fields):  # RFC 6749, 3.1 and 3.2: parameters must not be included more than once
        raise Refusal("malformed_body", reason="a field is there twice")
    if b"%00" in text:
        raise Refusal("malformed_body", reason="a NUL character")
    return form


def _holds_nul(value: Any) -> bool:
    """A NUL somewhere in a text: PostgreSQL keeps none, and no vendor is known to."""
    left = [value]
    while left:  # not by recursion: what comes in may be nested as deeply as a decoder goes
        match left.pop():
            case str() as text if "\0" in text:
                return True
            case dict() as members:
                left += [*members, *members.values()]
            case list() as values:
                left += values
    return False
