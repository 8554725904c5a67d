"""Taking secrets out of text before anybody can read, store or send it."""

import re
from collections import OrderedDict
from collections.abc import Iterable
from typing import TypeVar

from connectors.core.errors import ConnectorError

E = TypeVar("E", bound=ConnectorError)

SECRETS_MAXIMUM = 64
SECRET_LENGTH_MINIMUM = 6  # shorter values would blank out ordinary words
EXCERPT_BYTES_READ = 4096
EXCERPT_LENGTH_MAXIMUM = 300
MASK = "[secret]"

# Not `code`: error bodies say what is wrong under that name. A single-use OAuth code is learnt by value instead.
_NAMES = r"access_token|refresh_token|id_token|client_secret|subject_token|api_key|apikey|password|secret|token|hmac"
_KEYED = re.compile(rf'(?i)("?\b(?:{_NAMES})"?\s*[:=]\s*"?)([^"&\s,}}]{{2,}})')
_SCHEME = re.compile(r"(?i)\b(bearer|basic)\s+[a-z0-9._~+/=-]{6,}")
_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+")
_BLANKS = re.compile(r"[\s\x00-\x1f\x7f]+")


class Redactor:
    """Knows this connection's secrets by value and other people's by their names.

    Values are kept in memory only, the most recent `SECRETS_MAXIMUM` of them (tokens come and go).
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets: OrderedDict[str, None] = OrderedDict()
        for secret in secrets:
            self.learn(secret)

    def __repr__(self) -> str:
        return f"Redactor({len(self._secrets)} secrets)"

    def learn(self, secret: str) -> None:
        """Never show this value again."""
        if len(secret) < SECRET_LENGTH_MINIMUM:
            return
        self._secrets[secret] = None
        self._secrets.move_to_end(secret)
        while len(self._secrets) > SECRETS_MAXIMUM:
            self._secrets.popitem(last=False)

    def text(self, text: str) -> str:
        """The text without secrets and e-mail addresses."""
        for secret in self._secrets:
            text = text.replace(secret, MASK)
        text = _KEYED.sub(rf"\1{MASK}", text)
        text = _SCHEME.sub(rf"\1 {MASK}", text)
        return _EMAIL.sub("[email]", text)

    def cleaned(self, error: E) -> E:
        """The same error without secrets in what came from the vendor: its words and its code."""
        error.message, error.code = self.text(error.message), self.text(error.code)
        error.args = (error.message,)
        return error

    def excerpt(self, body: bytes) -> str:
        """The beginning of a body, on one line, without secrets; at most `EXCERPT_LENGTH_MAXIMUM` characters."""
        text = self.text(body[:EXCERPT_BYTES_READ].decode("utf-8", "replace"))
        text = _BLANKS.sub(" ", text).strip()
        return text if len(text) <= EXCERPT_LENGTH_MAXIMUM else text[: EXCERPT_LENGTH_MAXIMUM - 1] + "…"
