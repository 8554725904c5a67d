"""One request and what came back, and how to ask the same again in a shell, without anybody's secrets in it."""

import json
import shlex
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from msgspec import Struct

SHOWN_MAXIMUM = 2000
Headers = tuple[tuple[str, str], ...]


class Exchange(Struct, frozen=True, kw_only=True):
    """`status` is None when no answer came; `error` then says why. Header names are lower case.

    `planned`: a fault was planned for it, so that even a 5xx may be right. `moment`: the target's clock, where known.
    """

    operation: str
    method: str
    url: str
    request_headers: Headers = ()
    request_body: bytes = b""
    status: int | None = None
    headers: Headers = ()
    body: bytes = b""
    error: str = ""
    planned: bool = False
    moment: float | None = None

    def header(self, name: str) -> str | None:
        """The first header of the answer with this name."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key == wanted), None)

    @property
    def good(self) -> bool:
        """2xx."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def json(self) -> Any:
        """The body as JSON; UNSET when it is none."""
        try:
            return msgspec.json.decode(self.body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return msgspec.UNSET

    @property
    def is_json(self) -> bool:
        """Whether the answer says of itself that it is JSON."""
        kind = (self.header("content-type") or "").split(";", 1)[0].strip().lower()
        return kind == "application/json" or kind.endswith("+json")


class Secrets:
    """Values that must not be shown, each under the name of the shell variable that stands for it."""

    def __init__(self, named: Mapping[str, str] | None = None) -> None:
        self._names: dict[str, str] = {}
        for name, value in (named or {}).items():
            self.add(name, value)

    def add(self, name: str, value: str) -> None:
        """Hide a value from now on."""
        if value and value not in self._names:
            self._names[value] = variable(name)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        """Value and variable, the longest first: one secret may be a part of another."""
        return iter(sorted(self._names.items(), key=lambda each: -len(each[0])))

    def hidden(self, text: str) -> str:
        """The text with `$NAME` for every secret."""
        for value, name in self:
            text = text.replace(value, f"${name}")
        return text

    def quoted(self, text: str) -> str:
        """The text as one word of a shell, its secrets as variables that the shell fills in."""
        word = shlex.quote(text)
        for value, name in self:
            if value in text:
                word = word if word.startswith("'") else f"'{word}'"
                word = word.replace(value, f"'\"${name}\"'")
        return word


def variable(name: str) -> str:
    """The shell variable for a credential's name."""
    return "".join(letter if letter.isalnum() else "_" for letter in name.upper())


OURS = frozenset({"host", "accept", "accept-encoding", "connection", "user-agent", "content-length"})
"""Headers that every client adds: they say nothing about the request."""


def curl(exchange: Exchange, secrets: Secrets) -> str:
    """The request for a shell."""
    words = ["curl -i"]
    if exchange.method not in {"GET", "HEAD"}:
        words.append(f"-X {exchange.method}")
    if exchange.method == "HEAD":
        words.append("--head")
    words.append(secrets.quoted(exchange.url))
    words += [
        f"-H {secrets.quoted(f'{name}: {value}')}" for name, value in exchange.request_headers if name not in OURS
    ]
    if exchange.request_body:
        words.append(f"--data-raw {secrets.quoted(_shortened(exchange.request_body.decode('utf-8', 'replace')))}")
    return " ".join(words)


def answer_text(exchange: Exchange, secrets: Secrets) -> str:
    """Status, telling headers and the beginning of the body."""
    if exchange.status is None:
        return f"no answer: {secrets.hidden(exchange.error)}"
    telling = [f"{name}: {value}" for name, value in exchange.headers if name not in {"date", "content-length"}]
    body = _pretty(exchange.body)
    return secrets.hidden("\n".join([str(exchange.status), *telling, _shortened(body)]).strip())


def _pretty(body: bytes) -> str:
    text = body.decode("utf-8", "replace")
    try:
        return json.dumps(json.loads(text), indent=1, ensure_ascii=False) if len(text) < SHOWN_MAXIMUM else text
    except (ValueError, RecursionError):
        return text


def _shortened(text: str) -> str:
    return text if len(text) <= SHOWN_MAXIMUM else f"{text[:SHOWN_MAXIMUM]}… ({len(text)} characters)"
