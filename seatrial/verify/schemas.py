"""Values out of JSON Schemas: one that fits, and ones that do not, each wrong in one way. Nothing is drawn by lot.

Schemas are plain: `$ref`, `allOf`, `anyOf`, `oneOf` and the usual bounds. Where a schema cannot be met from the words
at hand, `NoSampleError` says which.
"""

from collections.abc import Callable, Iterator
from typing import Any

import jsonschema_rs

Json = Any
Words = Callable[[str], tuple[Any, ...]]
"""Values that may stand under a member's name, the best first."""

TEXTS = (
    "GB",
    "GBR",
    "GBP",
    "1",
    "1.00",
    "2025-01-31T10:20:30Z",
    "2025-01-31",
    "someone@example.com",
    "https://example.com/",
    "00000000-0000-4000-8000-000000000000",
    "a",
    "",
)
"""Tried in this order where nothing better is known."""

NAMED = {
    "country": "GB",
    "country_code": "GB",
    "countrycode": "GB",
    "currency": "GBP",
    "state": "",
    "city": "Leeds",
    "postal_code": "LS1 1AA",
    "zip": "LS1 1AA",
    "email": "someone@example.com",
    "phone": "+441130000000",
}


class NoSampleError(ValueError):
    """No value that fits is at hand."""


class Schemas:
    """The schemas of one document."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self._validators: dict[int, tuple[Json, Any]] = {}

    def plain(self, schema: Json) -> dict[str, Any]:
        """The schema with its reference followed and its parts put together."""
        if not isinstance(schema, dict):
            return {}
        while "$ref" in schema:
            schema = self._found(schema["$ref"]) | {key: value for key, value in schema.items() if key != "$ref"}
        for part in schema.get("allOf", ()):
            schema = _merged(self.plain(part), {key: value for key, value in schema.items() if key != "allOf"})
        for word in ("oneOf", "anyOf"):
            if word in schema:
                rest = {key: value for key, value in schema.items() if key != word}
                chosen: Json = next((each for each in schema[word] if self.plain(each).get("type") != "null"), {})
                schema = _merged(self.plain(chosen), rest)
        plain: dict[str, Any] = schema
        return plain

    def fits(self, schema: Json, value: Json) -> bool:
        """Whether a value is what a schema asks for."""
        return bool(self._validator(schema).is_valid(value))

    def problem(self, schema: Json, value: Json) -> str:
        """Where and how a value does not fit; empty when it does."""
        for error in self._validator(schema).iter_errors(value):
            path = ".".join(str(step) for step in error.instance_path)
            return f"{path or 'the body'}: {str(error.message)[:300]}"
        return ""

    def sample(self, schema: Json, words: Words, name: str = "") -> Json:
        """A value that fits, with only what is needed. Raises NoSampleError."""
        plain = self.plain(schema)
        for ready in ("const", "example", "default"):
            if ready in plain:
                return plain[ready]
        if "examples" in plain:
            return plain["examples"][0]
        if "enum" in plain:
            return _first_fitting(words(name), lambda value: value in plain["enum"], plain["enum"][0])
        match _type_of(plain):
            case "object":
                needed = plain.get("required", ())
                members = plain.get("properties", {})
                return {each: self.sample(members.get(each, {}), words, each) for each in needed}
            case "array":
                return [self.sample(plain.get("items", {}), words, name)] if plain.get("minItems", 1) else []
            case "integer" | "number":
                return self._number(plain, words(name))
            case "boolean":
                return True
            case "null":
                return None
        return self._text(plain, words(name), name)

    def _text(self, plain: dict[str, Any], given: tuple[Any, ...], name: str) -> str:
        named = (NAMED[name.lower()],) if name.lower() in NAMED else ()
        for text in (*given, *named, *TEXTS):
            if isinstance(text, str) and self.fits(plain, text):
                return text
        raise NoSampleError(f"no value for {name or 'a text'} is known that fits {plain}")

    def _number(self, plain: dict[str, Any], given: tuple[Any, ...]) -> Any:
        low, high = plain.get("minimum", plain.get("exclusiveMinimum")), plain.get("maximum")
        usual = [each for each in (1, low, high, 0, (low or 0) + 1) if each is not None]
        numbers = [each for each in given if isinstance(each, (int, float)) and not isinstance(each, bool)]
        for number in (*numbers, *usual):
            if self.fits(plain, number):
                return number
        raise NoSampleError(f"no number is known that fits {plain}")

    def _found(self, reference: str) -> Json:
        found: Any = self.document
        for step in reference.removeprefix("#/").split("/"):
            found = found[step]
        return found

    def _validator(self, schema: Json) -> Any:
        kept = self._validators.get(id(schema))
        if kept is None or kept[0] is not schema:
            root = {"allOf": [schema]} if isinstance(schema, dict) and "$ref" in schema else schema
            if isinstance(root, dict):
                root = root | {"components": self.document.get("components", {})}
            kept = (schema, jsonschema_rs.validator_for(root, validate_formats=True))
            self._validators[id(schema)] = kept
        return kept[1]


# Wrong in one way -----------------------------------------------------------------------------------------------------


def spoiled(schemas: Schemas, schema: Json, good: Json, *, strangers: bool = True) -> Iterator[tuple[str, Json]]:
    """Bodies made from a good one that do not fit, with what is wrong. `strangers`: unknown members are wrong too."""
    for what, body in _spoiled(schemas, schemas.plain(schema), good, ""):
        if not schemas.fits(schema, body):
            yield what, body
    if strangers and isinstance(good, dict):
        odd = good | {"seatrial_unknown": 1}
        if not schemas.fits(schema, odd):
            yield "seatrial_unknown is not a member", odd


def bounds(schemas: Schemas, schema: Json, good: Json) -> Iterator[tuple[str, Json]]:
    """Bodies that fit with one member on its very bound."""
    for what, body in _bounded(schemas, schemas.plain(schema), good, ""):
        if schemas.fits(schema, body):
            yield what, body


def _spoiled(schemas: Schemas, plain: dict[str, Any], good: Json, at: str) -> Iterator[tuple[str, Json]]:
    if isinstance(good, dict) and "properties" in plain:
        for name in plain.get("required", ()):
            yield f"{at}{name} is missing", {key: value for key, value in good.items() if key != name}
        for name, value in good.items():
            member = schemas.plain(plain["properties"].get(name, {}))
            for what, wrong in _spoiled(schemas, member, value, f"{at}{name}."):
                yield what, good | {name: wrong}
        return
    if isinstance(good, list) and good:
        item = schemas.plain(plain.get("items", {}))
        yield f"{at[:-1]} is an object", {}
        for what, wrong in _spoiled(schemas, item, good[0], f"{at}0."):
            yield what, [wrong, *good[1:]]
        return
    yield from ((f"{at[:-1] or 'it'} {what}", wrong) for what, wrong in _wrong_leaves(plain))


def _wrong_leaves(plain: dict[str, Any]) -> Iterator[tuple[str, Json]]:
    yield "is an object", {"a": 1}
    yield ("is a number", 3) if _type_of(plain) == "string" else ("is a word", "seatrial")
    if "maxLength" in plain and plain["maxLength"] < 10_000:
        yield "is one letter too long", "a" * (plain["maxLength"] + 1)
    if plain.get("minLength"):
        yield "is one letter too short", "a" * (plain["minLength"] - 1)
    if "maximum" in plain:
        yield "is one too much", plain["maximum"] + 1
    if "minimum" in plain:
        yield "is one too little", plain["minimum"] - 1


def _bounded(schemas: Schemas, plain: dict[str, Any], good: Json, at: str) -> Iterator[tuple[str, Json]]:
    if isinstance(good, dict):
        for name, value in good.items():
            member = schemas.plain(plain.get("properties", {}).get(name, {}))
            for what, edge in _bounded(schemas, member, value, f"{at}{name}."):
                yield what, good | {name: edge}
    elif isinstance(good, list) and good:
        for what, edge in _bounded(schemas, schemas.plain(plain.get("items", {})), good[0], f"{at}0."):
            yield what, [edge, *good[1:]]
    elif "enum" not in plain and "pattern" not in plain and "format" not in plain:
        if "maxLength" in plain and plain["maxLength"] < 10_000:
            yield f"{at[:-1]} of {plain['maxLength']} letters", "a" * plain["maxLength"]
        if "maximum" in plain:
            yield f"{at[:-1]} of {plain['maximum']}", plain["maximum"]
        if "minimum" in plain:
            yield f"{at[:-1]} of {plain['minimum']}", plain["minimum"]


def _type_of(plain: dict[str, Any]) -> str:
    kind = plain.get("type", "object" if "properties" in plain else "string")
    return next((each for each in kind if each != "null"), "null") if isinstance(kind, list) else str(kind)


def _merged(one: dict[str, Any], two: dict[str, Any]) -> dict[str, Any]:
    merged = one | two
    if "properties" in one or "properties" in two:
        merged["properties"] = one.get("properties", {}) | two.get("properties", {})
        for name in one.get("properties", {}).keys() & two.get("properties", {}).keys():
            merged["properties"][name] = {"allOf": [one["properties"][name], two["properties"][name]]}
    if "required" in one or "required" in two:
        merged["required"] = [*one.get("required", ()), *two.get("required", ())]
    return merged


def _first_fitting(values: tuple[Any, ...], fits: Callable[[Any], bool], otherwise: Any) -> Any:
    return next((value for value in values if fits(value)), otherwise)
