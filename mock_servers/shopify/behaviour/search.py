"""Shopify's search syntax: what `query:` arguments and webhook filters are written in (dossier §6.1).

    status:open financial_status:paid -tag:exported created_at:>=2026-11-01 (sku:MUG-BLU OR sku:"MUG RED")

`parse` reads any text and never fails. `Filters.read` turns what was read into a condition on stored documents, and
says of each filter it did not know that it was ignored: such a query still answers, with a warning.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mock_servers.core.clock import iso_seconds, moment_of
from mock_servers.core.filters import All, Condition, Holds, Is, Not, Some

Json = dict[str, Any]
LENGTH_MAXIMUM = 20_000
DEPTH_MAXIMUM = 40
DAY_SECONDS = 86_400
COMPARISONS = {":": "=", ":<": "<", ":<=": "<=", ":>": ">", ":>=": ">="}
RANGE_WORDS = {"<": "lt", "<=": "lte", ">": "gt", ">=": "gte"}
TOKEN = re.compile(
    r"""\s*(?:
        (?P<open>\()|(?P<close>\))
      | (?P<not>-(?=[^\s)]))
      | (?P<field>[A-Za-z_][A-Za-z0-9_.\-]*)(?P<compare>:(?:<=|>=|<|>)?)
      | (?P<quoted>"(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?)
      | (?P<word>[^\s()]+)
    )""",
    re.VERBOSE,
)


VALUE = re.compile(r"""[^\s()"'][^\s()]*""")


@dataclass(frozen=True, slots=True)
class Term:
    """One comparison. `field` is empty for a bare word."""

    field: str
    operator: str
    value: str


@dataclass(frozen=True, slots=True)
class Both:
    parts: "tuple[Query, ...]"


@dataclass(frozen=True, slots=True)
class Either:
    parts: "tuple[Query, ...]"


@dataclass(frozen=True, slots=True)
class Without:
    part: "Query"


Query = Term | Both | Either | Without


def parse(text: str) -> Query:
    """Read a search. Whatever is left unclosed ends where the text ends; what closes nothing is passed over."""
    reader = _Reader(text[:LENGTH_MAXIMUM])
    parts = [reader.alternatives(0)]
    while reader.at < len(reader.tokens):
        reader.at += 1
        parts.append(reader.alternatives(0))
    kept = tuple(part for part in parts if part != Both(()))
    return kept[0] if len(kept) == 1 else Both(kept)


class _Reader:
    """`OR` binds looser than standing side by side; `NOT` and `-` bind to what follows."""

    def __init__(self, text: str) -> None:
        self.tokens = list(_tokens(text))
        self.at = 0

    def alternatives(self, depth: int) -> Query:
        parts = [self.sequence(depth)]
        while self._word() == "OR":
            self.at += 1
            parts.append(self.sequence(depth))
        kept = tuple(part for part in parts if part != Both(()))
        return kept[0] if len(kept) == 1 else Either(kept) if kept else Both(())

    def sequence(self, depth: int) -> Query:
        parts: list[Query] = []
        while self.at < len(self.tokens) and self._word() != "OR" and self.tokens[self.at][0] != "close":
            if self._word() == "AND":
                self.at += 1
            elif (part := self.single(depth)) is not None and part != Both(()):
                parts.append(part)
        return parts[0] if len(parts) == 1 else Both(tuple(parts))

    def single(self, depth: int) -> Query | None:
        negated = False
        while self.at < len(self.tokens) and self._negates():
            negated = not negated
            self.at += 1
        inner = self._one(depth)
        return Without(inner) if negated and inner is not None else inner

    def _negates(self) -> bool:
        return self.tokens[self.at][0] == "not" or self._word() == "NOT"

    def _one(self, depth: int) -> Query | None:
        if self.at >= len(self.tokens) or self.tokens[self.at][0] == "close":
            return None
        kind, text, compare = self.tokens[self.at]
        self.at += 1
        if kind == "open":
            return self._group(depth)
        if kind == "field":
            return Term(text.lower(), COMPARISONS[compare], self._value())
        return Term("", "=", text)

    def _group(self, depth: int) -> Query:
        inner: Query = Both(()) if depth >= DEPTH_MAXIMUM else self.alternatives(depth + 1)
        if self.at < len(self.tokens) and self.tokens[self.at][0] == "close":
            self.at += 1
        return inner

    def _value(self) -> str:
        if self.at < len(self.tokens) and self.tokens[self.at][0] in {"word", "quoted", "field"}:
            self.at += 1
            return "".join(self.tokens[self.at - 1][1:])
        return ""

    def _word(self) -> str:
        return self.tokens[self.at][1] if self.at < len(self.tokens) and self.tokens[self.at][0] == "word" else ""


def _tokens(text: str) -> Iterator[tuple[str, str, str]]:
    """Kind, text and comparison of each token. What stands right behind a comparison is a value, whatever is in it:
    `created_at:>2026-11-20T10:00:00Z`, `id:gid://shopify/Order/1`, `price:-5`."""
    at = 0
    while match := TOKEN.match(text, at):
        at = match.end()
        kind = str(match.lastgroup)
        if kind == "compare":
            yield "field", match["field"], match["compare"]
            if value := VALUE.match(text, at):
                at = value.end()
                yield "word", value.group(), ""
        elif kind == "quoted":
            yield kind, _unquoted(match["quoted"]), ""
        else:
            yield kind, match[kind], ""


def _unquoted(text: str) -> str:
    inner = text[1:-1] if len(text) > 1 and text[-1] == text[0] else text[1:]
    return re.sub(r"\\(.)", r"\1", inner)


# From a search to a condition -----------------------------------------------------------------------------------------

Filter = Callable[[str, str], Condition]
"""The condition of an operator and a value. Raises ValueError for a value that means nothing there."""


@dataclass(frozen=True)
class Filters:
    """What one resource can be searched by. `elsewhere` are filters of the vendor's that this fake does not imitate."""

    known: Mapping[str, Filter]
    words: tuple[str, ...]
    """Members a bare word is looked for in."""
    elsewhere: frozenset[str] = frozenset()

    def read(self, text: str) -> tuple[Condition, list[Json]]:
        """The condition, and a warning for each filter that was ignored."""
        warnings: list[Json] = []
        return self._condition(parse(text), warnings), warnings

    def _condition(self, query: Query, warnings: list[Json]) -> Condition:
        match query:
            case Both(parts):
                return All(*(self._condition(part, warnings) for part in parts))
            case Either(parts):
                return Some(*(self._condition(part, warnings) for part in parts))
            case Without(part):
                inner = self._condition(part, warnings)
                return inner if isinstance(inner, All) and not inner.conditions else Not(inner)
            case Term(field, operator, value):
                return self._term(field, operator, value, warnings)

    def _term(self, field: str, operator: str, value: str, warnings: list[Json]) -> Condition:
        if not field or field == "default":
            return (
                Some(*(Is(member, "contains", value.lower().strip("*")) for member in self.words)) if value else All()
            )
        known = self.known.get(field)
        if known is None:
            warnings.append(_warning(field, elsewhere=field in self.elsewhere))
            return All()
        try:
            return known(operator, value)
        except ValueError:
            warnings.append({"field": field, "message": f"Input `{value}` is not valid.", "code": "invalid_value"})
            return All()


def _warning(field: str, *, elsewhere: bool) -> Json:
    if elsewhere:
        message = "Shopify can search by this field; this fake cannot, and has ignored it."
        return {"field": field, "message": message, "code": "not_imitated"}
    return {"field": field, "message": "Invalid search field for this query.", "code": "invalid_field"}


def parsed_form(query: Query) -> Json:
    """What was understood, as `extensions.search` shows it."""
    match query:
        case Both(parts):
            return {"and": [parsed_form(part) for part in parts]}
        case Either(parts):
            return {"or": [parsed_form(part) for part in parts]}
        case Without(part):
            return {"not": parsed_form(part)}
        case Term(field, operator, value):
            name = field or "default"
            if operator in RANGE_WORDS:
                return {"field": name, "range": {RANGE_WORDS[operator]: value}}
            return {"field": name, "match_all": value}


# Kinds of filters -----------------------------------------------------------------------------------------------------


def exact(member: str, *, clean: Callable[[str], str] = str.lower) -> Filter:
    """A member that was kept in lower case; `*` at the end means what begins so, and alone whatever is there."""

    def condition(operator: str, value: str) -> Condition:
        wanted = clean(value)
        if value == "*":
            return All(Not(Is(member, "absent")), Is(member, "!=", ""))
        if value.endswith("*"):
            return Is(member, "starts", clean(value[:-1]))
        return Is(member, operator, wanted)  # type: ignore[arg-type]

    return condition


def holds(member: str) -> Filter:
    """A list that was kept in lower case has this in it."""
    return lambda _operator, value: Holds(member, value.lower())


def without(member: str) -> Filter:
    """A list has it not."""
    return lambda _operator, value: Not(Holds(member, value.lower()))


def padded(member: str) -> Filter:
    """A number that was kept as text of twenty digits. A global id will do."""

    def condition(operator: str, value: str) -> Condition:
        digits = value.rsplit("/", 1)[-1]
        if not digits.isdecimal() or len(digits) > 20:
            raise ValueError(value)
        return Is(member, operator, f"{int(digits):020d}")  # type: ignore[arg-type]

    return condition


def reference(member: str, type_name: str) -> Filter:
    """A member with a global id, asked for by id or by number."""
    return lambda _operator, value: Is(member, "=", f"gid://shopify/{type_name}/{value.rsplit('/', 1)[-1]}")


def flag(member: str) -> Filter:
    """True or false."""

    def condition(_operator: str, value: str) -> Condition:
        if value.lower() not in {"true", "false"}:
            raise ValueError(value)
        return Is(member, "=", value.lower() == "true")

    return condition


def choice(conditions: Mapping[str, Condition]) -> Filter:
    """One of a few words; several may be given with commas."""

    def condition(_operator: str, value: str) -> Condition:
        words = [word.strip().lower() for word in value.split(",")]
        if any(word not in conditions for word in words):
            raise ValueError(value)
        return Some(*(conditions[word] for word in words))

    return condition


def instant(member: str) -> Filter:
    """A moment. A date alone is its whole day, in UTC."""

    def condition(operator: str, value: str) -> Condition:
        start = moment_of(value.strip())
        length = DAY_SECONDS if len(value.strip()) == 10 else 1
        first, last = iso_seconds(start), iso_seconds(start + length)
        match operator:
            case "=":
                return All(Is(member, ">=", first), Is(member, "<", last))
            case ">":
                return Is(member, ">=", last)
            case ">=":
                return Is(member, ">=", first)
            case "<":
                return Is(member, "<", first)
            case _:
                return Is(member, "<", last)

    return condition


# The same conditions on a document at hand ----------------------------------------------------------------------------


def holds_for(condition: Condition, document: Mapping[str, Any]) -> bool:
    """Whether a condition holds for a document, as the database would say."""
    match condition:
        case All(conditions=parts):
            return all(holds_for(part, document) for part in parts)
        case Some(conditions=parts):
            return any(holds_for(part, document) for part in parts)
        case Not(inner):
            return not holds_for(inner, document)
        case Holds(field, value):
            return value in (document.get(field) or ())
        case Is(field, operator, value):
            return _compares(document.get(field), operator, value)
    raise TypeError(f"not a condition: {condition!r}")


def _compares(have: Any, operator: str, value: Any) -> bool:
    if operator == "absent" or have is None:
        return operator == "absent" and have is None
    match operator:
        case "in":
            return have in value
        case "starts":
            return str(have).lower().startswith(str(value).lower())
        case "contains":
            return str(value).lower() in str(have).lower()
        case "=":
            return bool(have == value)
        case "!=":
            return bool(have != value)
        case "<":
            return bool(have < value)
        case "<=":
            return bool(have <= value)
        case ">":
            return bool(have > value)
        case _:
            return bool(have >= value)


def matches(query: Query, document: Any) -> bool:
    """Whether a payload passes a webhook filter: dotted fields, any element of a list, numbers compared as numbers."""
    match query:
        case Both(parts):
            return all(matches(part, document) for part in parts)
        case Either(parts):
            return any(matches(part, document) for part in parts)
        case Without(part):
            return not matches(part, document)
        case Term(field, operator, value):
            return any(_matches_value(have, operator, value) for have in _members(document, field.split(".")))


def _members(value: Any, steps: list[str]) -> Iterator[Any]:
    if isinstance(value, list):
        for item in value:
            yield from _members(item, steps)
    elif not steps:
        yield value
    elif isinstance(value, dict) and steps[0] in value:
        yield from _members(value[steps[0]], steps[1:])


def _matches_value(have: Any, operator: str, value: str) -> bool:
    if value == "*":
        return have is not None
    if isinstance(have, bool):
        return operator == "=" and str(have).lower() == value.lower()
    try:
        return _compares(float(have), operator, float(value))
    except (TypeError, ValueError):
        return have is not None and _compares(str(have).lower(), operator, value.lower())
