"""What was asked and answered, bounded, and without secrets: they are taken out before anything is kept."""

import re
from collections import deque
from collections.abc import Iterable
from functools import lru_cache
from typing import Any
from urllib.parse import unquote_plus

import msgspec
from msgspec import Struct

ENTRIES_MAXIMUM = 1000
BODY_MAXIMUM = 16_384
HIDDEN = "[redacted]"
SECRET_HEADER = re.compile(r"authoriz|token|secret|cookie|signature|hmac|password|(?<!idempotency-)key$", re.IGNORECASE)
SECRET_NAME = re.compile(
    r"token$|secret|passw|signature|assertion|api_?key|credential|^(?:code|key|hmac|pwd)$", re.IGNORECASE
)
"""A member, a field or a parameter whose value is not for others."""
SECRET_IN_REPLY = re.compile(r"token$|secret|passw|api_?key", re.IGNORECASE)
"""The same in an answer, where a `code` names what went wrong."""
SUSPECTS = (b"oken", b"ecret", b"assw", b"pi_key", b"piKey", b"ignature")
SUSPECT = re.compile(rb'(?:oken|ecret|assw|pi_?[kK]ey|ignature)[^"&=:,]{0,64}"?\s*[:=]')
"""What a body holds that may have such members. The words are looked for first: they are rare, and that is cheap."""
SECRET_MEMBER = re.compile(r'"([^"\\]{1,64})"\s*:\s*(?:"(?:[^"\\]|\\.)*"?|[^\s",{}\[\]]+)')
"""Name and value in what is nearly JSON, for bodies that cannot be read as it."""


class Entry(Struct, frozen=True):
    """One exchange. `at` is the world's moment, `rule` the refusal that decided it, `fault` what was injected."""

    number: int
    at: float
    vendor: str
    operation: str
    method: str
    target: str
    status: int
    rule: str
    fault: str
    request_headers: tuple[tuple[str, str], ...]
    request_body: str
    reply_headers: tuple[tuple[str, str], ...]
    reply_body: str


class Journal:
    """The last exchanges of one world, oldest first."""

    def __init__(self, entries_maximum: int = ENTRIES_MAXIMUM) -> None:
        self._kept: deque[tuple[Any, ...]] = deque(maxlen=entries_maximum)
        self._number = 0

    @property
    def number(self) -> int:
        """How many exchanges there were, forgotten ones included."""
        return self._number

    def keep(
        self,
        at: float,
        vendor: str,
        operation: str,
        method: str,
        target: str,
        status: int,
        rule: str,
        fault: str,
        request_headers: Iterable[tuple[bytes, bytes]],
        request_body: bytes,
        reply_headers: Iterable[tuple[bytes, bytes]],
        reply_body: bytes,
        guarded: bool,
    ) -> None:
        """Keep one exchange. `guarded`: its contract says that its bodies carry secrets; in others they are looked for
        where the request mentions any."""
        self._number += 1
        if guarded or (request_body and any(map(request_body.__contains__, SUSPECTS)) and SUSPECT.search(request_body)):
            request_body = body_without_secrets(request_body)
            reply_body = body_without_secrets(reply_body, SECRET_IN_REPLY)
        if "=" in target:
            target = target_without_secrets(target)
        self._kept.append(
            (self._number, at, vendor, operation, method, target, status, rule, fault, _without(request_headers),
             request_body[:BODY_MAXIMUM], _without(reply_headers), reply_body[:BODY_MAXIMUM])
        )  # fmt: skip

    def entries(self, vendor: str | None = None, operation: str | None = None, after: int = 0) -> list[Entry]:
        """What is still kept, oldest first."""
        return [
            _entry(kept)
            for kept in tuple(self._kept)
            if kept[0] > after and vendor in {None, kept[2]} and operation in {None, kept[3]}
        ]

    def clear(self) -> None:
        """Forget it all; numbers go on."""
        self._kept.clear()


def body_without_secrets(body: bytes, names: re.Pattern[str] = SECRET_NAME) -> bytes:
    """JSON or a form without the values of its secret-looking members, however they are spelled; the same otherwise."""
    if not body:
        return body
    if body.lstrip()[:1] in {b"{", b"["}:
        try:
            plain = msgspec.json.decode(body)
        except (RecursionError, ValueError):
            text = body.decode("utf-8", "replace")
            return SECRET_MEMBER.sub(lambda found: _member(found, names), text).encode()
        return msgspec.json.encode(plain) if _hide(plain, names) else body
    text = body.decode("utf-8", "replace")
    return _fields_without_secrets(text).encode() if "=" in text else body


@lru_cache(maxsize=1024)
def target_without_secrets(target: str) -> str:
    """A path and query, or an address, without the values of secret-looking parameters."""
    path, mark, query = target.partition("?")
    return f"{path}{mark}{_fields_without_secrets(query)}"


def _fields_without_secrets(text: str) -> str:
    return "&".join([_field(part) for part in text.split("&")])


def _field(part: str) -> str:
    name, is_set, _ = part.partition("=")
    return f"{name}={HIDDEN}" if is_set and SECRET_NAME.search(unquote_plus(name)) else part


def _member(found: re.Match[str], names: re.Pattern[str]) -> str:
    return f'"{found[1]}":"{HIDDEN}"' if names.search(found[1]) else found[0]


def _hide(value: Any, names: re.Pattern[str]) -> bool:
    """Hide secret members in place, at any depth; says whether there were any."""
    found, left = False, [value]
    while left:
        each = left.pop()
        if isinstance(each, dict):
            for name, inner in each.items():
                if inner and names.search(name):
                    each[name], found = HIDDEN, True
                else:
                    left.append(inner)
        elif isinstance(each, list):
            left += each
    return found


_HIDDEN = HIDDEN.encode()
NAMES_REMEMBERED = 1000


class _Secrecy(dict[bytes, bool]):
    """Whether a header's value is to be hidden, by its name; names come from outside, so only so many are kept."""

    def __missing__(self, name: bytes) -> bool:
        text = name.decode("latin-1")
        known = text.lower() == "location" or SECRET_HEADER.search(text) is not None
        if len(self) < NAMES_REMEMBERED:
            self[name] = known
        return known


_secrecy = _Secrecy()


def _without(headers: Iterable[tuple[bytes, bytes]]) -> tuple[tuple[bytes, bytes], ...]:
    return tuple([(line[0], _header(*line)) if _secrecy[line[0]] else line for line in headers])


def _header(name: bytes, value: bytes) -> bytes:
    if name.lower() == b"location":
        return target_without_secrets(value.decode("utf-8", "replace")).encode()
    return _HIDDEN


def _entry(kept: tuple[Any, ...]) -> Entry:
    number, at, vendor, operation, method, target, status, rule, fault, sent, body, headers, reply = kept
    return Entry(
        number, at, vendor, operation, method, target, status, rule, fault,
        _text(sent), body.decode("utf-8", "replace"), _text(headers), reply.decode("utf-8", "replace"),
    )  # fmt: skip


def _text(headers: Iterable[tuple[bytes, bytes]]) -> tuple[tuple[str, str], ...]:
    return tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in headers)
