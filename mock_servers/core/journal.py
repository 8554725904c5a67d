"""What was asked and answered, bounded, and without secrets: they are taken out before anything is kept."""

import re
from collections import deque
from collections.abc import Iterable
from typing import Any

from msgspec import Struct

ENTRIES_MAXIMUM = 1000
BODY_MAXIMUM = 16_384
HIDDEN = "[redacted]"
SECRET_HEADER = re.compile(r"authoriz|token|secret|cookie|signature|hmac|api-?key|password", re.IGNORECASE)
SECRET_MEMBER = re.compile(
    r'("(?:[a-z_]*(?:token|secret|password)|code|subject_token|hmac)"\s*:\s*")(?:[^"\\]|\\.)*', re.IGNORECASE
)
SECRET_FIELD = re.compile(
    r"((?:^|[?&\s])(?:[a-z_]*(?:token|secret|password|signature)|code|hmac)=)[^&\s]*", re.IGNORECASE
)


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
        """Keep one exchange. `guarded`: its bodies or query may carry secrets and are searched for them."""
        self._number += 1
        request_body = request_body[:BODY_MAXIMUM]
        reply_body = reply_body[:BODY_MAXIMUM]
        if guarded:
            target = without_secrets(target)
            request_body = without_secrets(request_body.decode("utf-8", "replace")).encode()
            reply_body = without_secrets(reply_body.decode("utf-8", "replace")).encode()
        headers = tuple([(name, _HIDDEN if _is_secret(name) else value) for name, value in request_headers])
        self._kept.append(
            (self._number, at, vendor, operation, method, target, status, rule, fault, headers, request_body,
             tuple(reply_headers), reply_body)
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


def without_secrets(text: str) -> str:
    """The text with the values of secret-looking members, fields and parameters taken out."""
    return SECRET_FIELD.sub(rf"\1{HIDDEN}", SECRET_MEMBER.sub(rf"\1{HIDDEN}", text))


_HIDDEN = HIDDEN.encode()
_secrecy: dict[bytes, bool] = {}


def _is_secret(name: bytes) -> bool:
    known = _secrecy.get(name)
    if known is None:
        known = SECRET_HEADER.search(name.decode("latin-1")) is not None
        if len(_secrecy) < 1000:  # header names come from outside: remember only so many
            _secrecy[name] = known
    return known


def _entry(kept: tuple[Any, ...]) -> Entry:
    number, at, vendor, operation, method, target, status, rule, fault, sent, body, headers, reply = kept
    return Entry(
        number, at, vendor, operation, method, target, status, rule, fault,
        _text(sent), body.decode("utf-8", "replace"), _text(headers), reply.decode("utf-8", "replace"),
    )  # fmt: skip


def _text(headers: Iterable[tuple[bytes, bytes]]) -> tuple[tuple[str, str], ...]:
    return tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in headers)
