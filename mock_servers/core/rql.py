"""RQL as some vendors have it: `Status==1;(Name==a*,Name=in=(b,c));ReadOnly.CreationDate=ge=2026-01-01`.

`;` is and, `,` is or; and takes precedence, and parentheses override. `*` at either end of a text is any beginning or
end; a text is compared in whatever capitals.
A query is parsed whole, held against the model it asks about, and becomes a condition on stored documents. A value is
percent-decoded once more after parsing, so that an encoded `;` or `*` in it is a letter and no syntax.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import unquote

from msgspec import Struct

from mock_servers.core.filters import All, By, Condition, Is, Not, Order, Some
from mock_servers.core.refusal import Refusal

TERMS_MAXIMUM = 200
DEPTH_MAXIMUM = 30
COMPARED: Mapping[str, Literal["=", "!=", ">", ">=", "<", "<="]] = {
    "==": "=",
    "!=": "!=",
    "=gt=": ">",
    "=ge=": ">=",
    "=lt=": "<",
    "=le=": "<=",
}
TERM = re.compile(r"\s*([A-Za-z_][\w.]*)\s*(==|!=|=(?:gt|ge|lt|le|in|out|hv)=)\s*(\([^()]*\)|[^;,()]*)", re.IGNORECASE)
INTEGER = re.compile(r"[+-]?[0-9]{1,15}")
NUMBER = re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]{1,9})?")
Sort = Literal["text", "number", "integer", "boolean", "moment"]


class Property(Struct, frozen=True):
    """Something that may be asked about. `field` is the member of the document it is kept in; `folded` says that the
    member holds the text in small letters, which can be looked up."""

    field: str
    sort: Sort = "text"
    nullable: bool = True
    folded: bool = False


Properties = Mapping[str, Property]
"""By their dotted names in small letters."""


def properties_of(root: Mapping[str, Any], schema: Mapping[str, Any], prefix: str = "") -> dict[str, Property]:
    """Every plain member of a schema, at any depth but inside of lists. `root` is where its references lead."""
    plain = _resolved(root, schema)
    found_here: dict[str, Property] = {}
    for name, member in plain.get("properties", {}).items():
        if not isinstance(member, Mapping):
            continue
        dotted = f"{prefix}{name}"
        inner = properties_of(root, member, f"{dotted}.")
        if inner:
            found_here |= inner
        elif (sort := _sort_of(_resolved(root, member))) is not None:
            required = name in plain.get("required", ())
            found_here[dotted.lower()] = Property(dotted, sort, nullable=sort == "text" or not required)
    return found_here


def _resolved(root: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema that a reference leads to."""
    while "$ref" in schema:
        found: Any = root
        for step in schema["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        schema = found
    return schema


def _sort_of(schema: Mapping[str, Any]) -> Sort | None:
    kind = schema.get("type")
    if kind == "string":
        return "moment" if "date-time" in str(schema.get("format", "")) else "text"
    known: dict[Any, Sort] = {"integer": "integer", "number": "number", "boolean": "boolean"}
    return known.get(kind)


def condition_of(text: str, properties: Properties, parameter: str = "rql") -> Condition:
    """The condition a query stands for. Refuses with `rql_unparsable` (words: `parameter`, `reason`) or with
    `rql_property` (words: `parameter`, `property`)."""
    return _Parser(text, properties, parameter).whole()


def order_of(text: str, properties: Properties, parameter: str = "sort") -> Order:
    """`ReadOnly.CreationDate,-Name`. Refuses with `rql_property`."""
    order = []
    for part in text.split(",")[:TERMS_MAXIMUM]:
        name = part.strip()
        if name:
            found = _property(name.lstrip("+-"), properties, parameter)
            order.append(By(found.field, name.startswith("-"), found.sort in {"number", "integer"}))
    return tuple(order)


def _property(name: str, properties: Properties, parameter: str) -> Property:
    found = properties.get(name.lower())
    if found is None:
        raise Refusal("rql_property", parameter=parameter, property=name)
    return found


class _Parser:
    """Recursive descent over the text: ors of ands of terms and groups."""

    def __init__(self, text: str, properties: Properties, parameter: str) -> None:
        self.text = text
        self.at = 0
        self.terms = 0
        self.depth = 0
        self.properties = properties
        self.parameter = parameter

    def whole(self) -> Condition:
        found = self._some()
        if self.at < len(self.text):
            raise self._wrong(f"unexpected {self.text[self.at : self.at + 20]!r} at {self.at}")
        return found

    def _wrong(self, reason: str) -> Refusal:
        return Refusal("rql_unparsable", parameter=self.parameter, reason=reason)

    def _some(self) -> Condition:
        parts = [self._all()]
        while self._take(","):
            parts.append(self._all())
        return parts[0] if len(parts) == 1 else Some(*parts)

    def _all(self) -> Condition:
        parts = [self._one()]
        while self._take(";"):
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else All(*parts)

    def _one(self) -> Condition:
        self.terms += 1
        if self.terms > TERMS_MAXIMUM:
            raise self._wrong(f"there are more than {TERMS_MAXIMUM} terms")
        if self._take("("):
            self.depth += 1
            if self.depth > DEPTH_MAXIMUM:
                raise self._wrong(f"it is nested more than {DEPTH_MAXIMUM} deep")
            found = self._some()
            if not self._take(")"):
                raise self._wrong("a parenthesis is not closed")
            self.depth -= 1
            return found
        term = TERM.match(self.text, self.at)
        if term is None:
            raise self._wrong(f"a comparison is expected at {self.at}")
        self.at = term.end()
        name, operator, value = term.groups()
        return self._term(_property(name, self.properties, self.parameter), operator.lower(), value.strip(), name)

    def _take(self, sign: str) -> bool:
        while self.text[self.at : self.at + 1].isspace():
            self.at += 1
        if self.text[self.at : self.at + 1] != sign:
            return False
        self.at += 1
        return True

    def _term(self, asked: Property, operator: str, value: str, name: str) -> Condition:
        if operator in {"=in=", "=out="}:
            if not value.startswith("("):
                raise self._wrong(f"{name}{operator} takes a list in parentheses")
            some = Some(*(self._equal(asked, part.strip(), name) for part in value[1:-1].split(",")))
            return some if operator == "=in=" else Not(some)
        if value.startswith("("):
            raise self._wrong(f"{name}{operator} takes one value")
        if operator == "=hv=":
            return self._has_value(asked, value, name)
        if operator in {"==", "!="}:
            equal = self._equal(asked, value, name)
            return equal if operator == "==" else Not(equal)
        if asked.sort == "boolean":
            raise self._wrong(f"{name} is true or false, and neither more nor less")
        read = self._read(asked, unquote(value), name)
        return Is(asked.field, COMPARED[operator], read, any_case=asked.sort == "text" and not asked.folded)

    def _has_value(self, asked: Property, value: str, name: str) -> Condition:
        if not asked.nullable or value.lower() not in {"true", "false"}:
            raise self._wrong(f"{name}=hv= takes true or false, of what may lack a value")
        missing = Some(Is(asked.field, "absent"), Is(asked.field, "=", "")) if asked.sort == "text" else None
        absent = missing or Is(asked.field, "absent")
        return Not(absent) if value.lower() == "true" else absent

    def _equal(self, asked: Property, value: str, name: str) -> Condition:
        begins, ends = value.endswith("*"), value.startswith("*") and len(value) > 1
        if asked.sort == "text" and (begins or ends):
            text = unquote(value[1 if ends else 0 : -1 if begins else None])
            return Is(asked.field, "contains" if begins and ends else "starts" if begins else "ends", text)
        read = self._read(asked, unquote(value), name)
        if asked.sort != "text":
            return Is(asked.field, "=", read)
        return Is(asked.field, "=", read.lower()) if asked.folded else Is(asked.field, "same", read)

    def _read(self, asked: Property, text: str, name: str) -> Any:
        match asked.sort:
            case "text":
                return text.lower() if asked.folded else text
            case "boolean" if text.lower() in {"true", "false"}:
                return text.lower() == "true"
            case "integer" if INTEGER.fullmatch(text):
                return int(text)
            case "number" | "integer" if NUMBER.fullmatch(text):
                return float(text)
            case "moment":
                if (moment := _moment(text)) is not None:
                    return moment
        raise self._wrong(f"{name} cannot be compared with {text[:60]!r}")


def _moment(text: str) -> str | None:
    """A date, with a time or without, in whatever zone, as documents without zones keep it."""
    try:
        at = datetime.fromisoformat(text)
        at = at.astimezone(UTC).replace(tzinfo=None) if at.tzinfo else at
    except (ValueError, OverflowError):
        return None
    return at.isoformat(timespec="seconds")
