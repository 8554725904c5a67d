"""Requests and replies held against the contract's schemas, each compiled when it is first needed."""

import math
import re
from collections.abc import Iterable
from typing import Any

import jsonschema_rs

from contracts.contract import Contract, Operation
from mock_servers.core.refusal import ContractBroken, Refusal

DETAILS_MAXIMUM = 20
HIDDEN = "what was sent"
REQUIRED = "is required"
TOP = re.compile(r"[^.\[]*")
Detail = tuple[str, str]
# Python reads more as a number than any API does: other scripts' digits, underscores, blanks, "nan".
INTEGER = re.compile(r"-?[0-9]{1,18}")
NUMBER = re.compile(r"-?[0-9]{1,64}(\.[0-9]{1,64})?([eE][+-]?[0-9]{1,4})?")


class Checks:
    """The compiled schemas of one vendor."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._compiled: dict[tuple[str, ...], Any] = {}
        self._queries: dict[str, Query] = {}

    def query(self, operation: Operation, fields: list[tuple[str, str]]) -> dict[str, Any]:
        """The query's values in their types. Refuses with `invalid_query`."""
        query = self._queries.get(operation.id)
        if query is None:
            unknown = self._contract.profile.surfaces[operation.surface].unknown.query
            query = self._queries[operation.id] = Query(self._contract, operation, unknown == "refuse")
        try:
            return query.read(fields)
        except Refusal as refusal:
            raise self._query_refused(operation, refusal) from None

    def body(self, operation: Operation, content_type: str, body: Any) -> None:
        """Refuses with `invalid_body`, naming the members, or with `malformed_body` what is nested beyond reason."""
        validator = self._compiled.get((operation.id, content_type))
        if validator is None:
            schema = operation.bodies[content_type]
            validator = self._compile((operation.id, content_type), operation.surface, schema, request=True)
        try:
            if not validator.is_valid(body):
                details = details_of(validator.iter_errors(body))
                raise Refusal(self._code(operation, details), details=details)
        except ValueError as error:  # nested more deeply than a schema can be held against it
            raise Refusal("malformed_body", reason=str(error)[:200]) from error

    def _code(self, operation: Operation, details: tuple[Detail, ...]) -> str:
        """Some vendors have a word of their own for what is simply not there."""
        known = self._contract.profile.surfaces[operation.surface].errors.known
        nothing_else = all(said == REQUIRED and TOP.fullmatch(field) for field, said in details)
        return "missing_member" if nothing_else and "missing_member" in known else "invalid_body"

    def _query_refused(self, operation: Operation, refusal: Refusal) -> Refusal:
        """The same for a query: `missing_query`."""
        known = self._contract.profile.surfaces[operation.surface].errors.known
        missing = "missing_query" in known and all(said == REQUIRED for _, said in refusal.details)
        return Refusal("missing_query", details=refusal.details) if missing else refusal

    def reply(self, operation: Operation, status: int, body: Any) -> None:
        """Raises `ContractBroken` when the fake is about to say what its contract does not allow."""
        validator = self._compiled.get((operation.id, str(status)))
        if validator is None:
            schema = self._reply_schema(operation, status)
            validator = self._compile((operation.id, str(status)), operation.surface, schema)
        if not validator.is_valid(body):
            raise _broken(f"{operation.id} {status}", validator, body)

    def fragment(self, surface: str, schema: str, body: Any) -> None:
        """The same for one document on its way into a reply, by the name of its schema."""
        validator = self._compiled.get((surface, schema))
        if validator is None:
            reference = {"$ref": f"#/components/schemas/{schema}"}
            validator = self._compile((surface, schema), surface, reference)
        if not validator.is_valid(body):
            raise _broken(f"{surface} {schema}", validator, body)

    def _reply_schema(self, operation: Operation, status: int) -> Any:
        for key in (str(status), f"{status // 100}XX", "default"):
            if key in operation.replies:
                schema = operation.replies[key]
                return True if schema is None else schema
        raise ContractBroken(f"{operation.id} may not answer {status}; its contract knows {sorted(operation.replies)}")

    def _compile(self, key: tuple[str, ...], surface: str, schema: Any, *, request: bool = False) -> Any:
        """`key` begins with an operation's id or a surface's name."""
        operation = self._contract.operations.get(key[0])
        mask = HIDDEN if operation is not None and operation.scopes is None else None  # it is about secrets
        whole = self._contract.schema(surface, schema)
        if request and self._contract.profile.surfaces[surface].unknown.body == "ignore":
            whole = _open(whole)
        validator = self._compiled[key] = jsonschema_rs.validator_for(whole, validate_formats=True, mask=mask)
        return validator


class Query:
    """The parameters an operation takes, and what their texts mean."""

    def __init__(self, contract: Contract, operation: Operation, refuse_unknown: bool) -> None:
        known = [parameter for parameter in operation.parameters if parameter["in"] == "query"]
        whole = contract.schema(operation.surface, {})
        self.types = {each["name"]: _type_of(each.get("schema", {}), whole) for each in known}
        self.refuse_unknown = refuse_unknown
        schema = {
            "type": "object",
            "properties": {each["name"]: each.get("schema", {}) for each in known},
            "required": [each["name"] for each in known if each.get("required")],
        }
        self.validator = jsonschema_rs.validator_for(contract.schema(operation.surface, schema), validate_formats=True)
        self.nothing_needed = not schema["required"]

    def read(self, fields: list[tuple[str, str]]) -> dict[str, Any]:
        """Raises Refusal."""
        if not fields and self.nothing_needed:
            return {}
        values: dict[str, Any] = {}
        unknown: list[Detail] = []
        for name, text in fields:
            kind = self.types.get(name)
            if kind is not None:
                self._put(values, name, kind, text)
            elif self.refuse_unknown:
                unknown.append((name, "is not a parameter of this operation"))
        if unknown:
            raise Refusal("invalid_query", details=tuple(unknown[:DETAILS_MAXIMUM]))
        if not self.validator.is_valid(values):
            raise Refusal("invalid_query", details=details_of(self.validator.iter_errors(values)))
        return values

    @staticmethod
    def _put(values: dict[str, Any], name: str, kind: str, text: str) -> None:
        if kind.startswith("array"):
            values.setdefault(name, []).extend(_typed(kind[6:], part) for part in text.split(","))
        else:
            values[name] = _typed(kind, text)


def _type_of(schema: dict[str, Any], whole: dict[str, Any]) -> str:
    """The type of a parameter's schema, also where that is a reference into the whole document."""
    while "$ref" in schema:
        schema = _referred(schema["$ref"], whole)
    kind = schema.get("type", "string")
    if isinstance(kind, list):
        kind = next((each for each in kind if each != "null"), "string")
    return f"array:{_type_of(schema.get('items', {}), whole)}" if kind == "array" else str(kind)


def _referred(reference: str, whole: dict[str, Any]) -> dict[str, Any]:
    found: Any = whole
    for step in reference.removeprefix("#/").split("/"):
        found = found.get(step, {})
    return found if isinstance(found, dict) else {}


def _typed(kind: str, text: str) -> Any:
    """The value a text stands for; a text that stands for none stays text, and the schema says so."""
    if kind == "integer":
        return int(text) if INTEGER.fullmatch(text) else text
    if kind == "number":
        value = float(text) if NUMBER.fullmatch(text) else math.inf
        return value if math.isfinite(value) else text
    if kind == "boolean":
        return {"true": True, "false": False}.get(text.lower(), text)
    return text


def details_of(errors: Iterable[Any]) -> tuple[Detail, ...]:
    """`(items[0].quantity, 0 is less than the minimum of 1)` for each thing that is wrong."""
    details: list[Detail] = []
    for error in errors:
        said = _said(error)
        details += [(_dotted([*error.instance_path, *member]), said) for member in _members(error)]
        if len(details) >= DETAILS_MAXIMUM:
            break
    return tuple(details[:DETAILS_MAXIMUM])


def _members(error: Any) -> list[list[str]]:
    """The members an error is about, as the rest of their paths; the whole itself when it is about none of them."""
    kind = error.kind
    if kind.name == "required":
        return [[str(kind.property)]]
    if kind.name in {"additionalProperties", "unevaluatedProperties"}:
        return [[str(name)] for name in list(kind.unexpected)[:DETAILS_MAXIMUM]]
    return [[]]


def _said(error: Any) -> str:
    kind = error.kind.name
    if kind == "required":
        return REQUIRED
    if kind in {"additionalProperties", "unevaluatedProperties"}:
        return "is not a member the API knows"
    return str(error.message)[:300]


def _dotted(path: list[Any]) -> str:
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else str(step)
    return text


def member_names(schema: dict[str, Any]) -> set[str]:
    """The names of all members that what fits a schema may have, at any depth, wherever its references lead."""
    names: set[str] = set()
    seen: set[str] = set()
    left: list[Any] = [{name: part for name, part in schema.items() if name != "components"}]
    while left:
        match left.pop():
            case {"$ref": str() as reference} if reference not in seen:
                seen.add(reference)
                left.append(_referred(reference, schema))
            case dict() as part:
                names |= part.get("properties", {}).keys() if isinstance(part.get("properties"), dict) else set()
                left += part.values()
            case list() as parts:
                left += parts
    return names


def _broken(what: str, validator: Any, body: Any) -> ContractBroken:
    wrong = "; ".join(f"{field or 'body'}: {message}" for field, message in details_of(validator.iter_errors(body)))
    return ContractBroken(f"{what}: {wrong}")


def _open(schema: Any) -> Any:
    """The schema without its ban on unknown members, for vendors that let them pass."""
    match schema:
        case dict():
            return {k: _open(v) for k, v in schema.items() if not (k == "additionalProperties" and v is False)}
        case list():
            return [_open(item) for item in schema]
        case _:
            return schema
