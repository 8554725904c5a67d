"""A refusal held against the template its profile gives: the same members, the same words, free where words are filled.

Numbers and nulls in a template are examples: any number or null will do there.
"""

import re
from string import Formatter
from typing import Any

import msgspec

from contracts.profile import Errors, KnownError

ANY = "{details}"
BY_FIELD = "{details_by_field}"
ONE_BY_FIELD = "{detail_by_field}"
ALONE = re.compile(r"\{(\w+)\}")


def body_problem(errors: Errors, code: str, body: Any) -> str:
    """What of a refusal's body is not as the profile has it; empty when all is."""
    known = errors.known[code]
    template = errors.body if known.body is msgspec.UNSET else known.body
    if template is None:
        return "" if body is msgspec.UNSET else "there is a body where the profile has none"
    if isinstance(template, str) and body is msgspec.UNSET:
        return ""  # text, not JSON: `text_problem` reads it
    return _problem(template, body, _words(code, known), "body")


def text_problem(errors: Errors, code: str, text: str) -> str:
    """The same for a body that is plain text."""
    known = errors.known[code]
    template = errors.body if known.body is msgspec.UNSET else known.body
    if not isinstance(template, str):
        return ""
    return "" if pattern(template, _words(code, known)).fullmatch(text) else f"{text[:80]!r} is not {template!r}"


def headers_problem(known: KnownError, headers: dict[str, str]) -> str:
    """What of a refusal's headers is not as the profile has it."""
    for name, template in known.headers.items():
        value = headers.get(name.lower())
        if value is None:
            return f"the header {name} is missing"
        if not pattern(template, {}).fullmatch(value):
            return f"the header {name} is {value!r}, not like {template!r}"
    return ""


def pattern(template: str, words: dict[str, re.Pattern[str]]) -> re.Pattern[str]:
    """What a filled-in template may read."""
    parts = []
    for literal, field, _, _ in Formatter().parse(template):
        parts.append(re.escape(literal))
        if field is not None:
            parts.append(f"(?:{words[field].pattern})" if field in words else ".*")
    return re.compile("".join(parts), re.DOTALL)


def _words(code: str, known: KnownError) -> dict[str, re.Pattern[str]]:
    return {"code": re.compile(re.escape(code)), "message": pattern(known.message, {})}


def _problem(template: Any, value: Any, words: dict[str, re.Pattern[str]], at: str) -> str:
    if template == ANY:
        return "" if isinstance(value, list) else f"{at} is no list"
    if template == BY_FIELD:
        by_field = isinstance(value, dict) and all(isinstance(each, list) for each in value.values())
        return "" if by_field else f"{at} is no object of lists"
    if template == ONE_BY_FIELD:
        return "" if isinstance(value, dict) else f"{at} is no object"
    if isinstance(template, str) and (alone := ALONE.fullmatch(template)) and alone[1] not in words:
        return "" if value is not None else f"{at} is null"
    match template:
        case dict():
            return _member_problem(template, value, words, at)
        case list():
            if not isinstance(value, list) or len(value) != len(template):
                return f"{at} is not a list of {len(template)}"
            return _first(_problem(part, value[n], words, f"{at}[{n}]") for n, part in enumerate(template))
        case str():
            fits = isinstance(value, str) and pattern(template, words).fullmatch(value)
            return "" if fits else f"{at} is {_short(value)}, not like {template!r}"
        case bool():
            return "" if value is template else f"{at} is {_short(value)}, not {template}"
        case _:
            free = value is None or (isinstance(value, (int, float)) and not isinstance(value, bool))
            return "" if free else f"{at} is {_short(value)}, not a number or null"


def _member_problem(template: dict[str, Any], value: Any, words: dict[str, re.Pattern[str]], at: str) -> str:
    if not isinstance(value, dict):
        return f"{at} is {_short(value)}, not an object with {', '.join(template)}"
    for name, part in template.items():
        if name in value:
            if said := _problem(part, value[name], words, f"{at}.{name}"):
                return said
        elif part not in (ANY, BY_FIELD, ONE_BY_FIELD):
            return f"{at}.{name} is missing"
    extra = sorted(value.keys() - template.keys())
    return f"{at} has {', '.join(extra)}, which the profile does not know" if extra else ""


def _first(problems: Any) -> str:
    return next((problem for problem in problems if problem), "")


def _short(value: Any) -> str:
    text = "nothing that is JSON" if value is msgspec.UNSET else msgspec.json.encode(value).decode()
    return text if len(text) < 120 else f"{text[:117]}…"
