"""A refusal in the vendor's own words: status, body and headers out of its profile."""

import re
from typing import Any

import msgspec

from contracts.profile import Errors, KnownError
from mock_servers.core.refusal import Refusal
from mock_servers.core.store import encode
from mock_servers.core.wire import RawHeaders, header_line

LISTS = ("{details}", "{details_by_field}", "{detail_by_field}")
"""Templates that become what was wrong; a member with nothing to tell is left out."""
ALONE = re.compile(r"\{(\w+)\}")
"""A word that is all of a value, and so may be what is no text: a number, a list, an object."""
TOP = re.compile(r"[.\[]")


class Words(dict[str, Any]):
    """What a template may mention; what was not said stays visibly unsaid."""

    def __missing__(self, name: str) -> str:
        return f"({name})"


def refusal_answer(errors: Errors, refusal: Refusal) -> tuple[int, RawHeaders, bytes]:
    """Status, headers and body. A code the profile does not know is answered as its `internal_error`."""
    known = errors.known.get(refusal.code) or errors.known["internal_error"]
    words = Words(refusal.words)
    details = [
        _filled(errors.detail if known.detail is None else known.detail, Words(field=field, message=message), [])
        for field, message in refusal.details
    ]
    words["details_by_field"] = _by_field(refusal.details, details)
    words["details_text"] = "; ".join(f"{field}: {said}" if field else said for field, said in refusal.details)
    words["code"] = refusal.code
    words.setdefault("status", known.status)  # a behaviour may speak of an order's
    words["field_names"] = list(dict.fromkeys(TOP.split(field, maxsplit=1)[0] for field, _ in refusal.details))
    words["fields"] = ", ".join(words["field_names"])
    words["message"] = known.message.format_map(words)
    headers = [header_line(name, value.format_map(words)) for name, value in known.headers.items()]
    headers += [header_line(name, value) for name, value in refusal.headers.items()]
    body = _body(errors, known, words, details)
    if body is None:
        return known.status, headers, b""
    if not any(name.lower() == b"content-type" for name, _ in headers):
        headers.append((b"content-type", errors.content_type.encode()))
    return known.status, headers, body.encode() if isinstance(body, str) else encode(body)


def _by_field(told: tuple[tuple[str, str], ...], details: list[Any]) -> dict[str, list[Any]]:
    """The entries under the fields they are about, in their order."""
    by_field: dict[str, list[Any]] = {}
    for (field, _), entry in zip(told, details, strict=True):
        by_field.setdefault(field, []).append(entry)
    return by_field


def _body(errors: Errors, known: KnownError, words: Words, details: list[Any]) -> Any:
    template = errors.body if known.body is msgspec.UNSET else known.body
    return _filled(template, words, details)


def _filled(template: Any, words: Words, details: list[Any]) -> Any:
    """The template with its words filled in. `"{details}"` alone becomes the list; without details the member goes."""
    match template:
        case "{details}":
            return details
        case "{details_by_field}":
            return words["details_by_field"]
        case "{detail_by_field}":
            return {field: entries[0] for field, entries in words["details_by_field"].items()}
        case str() if (alone := ALONE.fullmatch(template)) and not isinstance(words[alone[1]], str):
            return words[alone[1]]
        case str():
            return template.format_map(words)
        case dict():
            return {
                name: _filled(value, words, details)
                for name, value in template.items()
                if not (value in LISTS and not details)
            }
        case list():
            return [_filled(value, words, details) for value in template]
        case _:
            return template
