"""One call and its answer, as connectors speak of them."""

import email.utils
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Protocol, TypeVar
from urllib.parse import quote

import httpx
import msgspec

from connectors.core.errors import ConnectorError, Invalid, Unreadable
from connectors.core.redaction import Redactor

T = TypeVar("T")
E = TypeVar("E", bound=ConnectorError)

# Money must not pass through a float on its way in.
_JSON = msgspec.json.Decoder(float_hook=Decimal)


def segment(text: str) -> str:
    """Text as one segment of a path, whatever is in it. Raises `Invalid` for what UTF-8 cannot say."""
    try:
        return quote(text, safe="")
    except UnicodeEncodeError:
        raise Invalid(f"{text[:60]!r} has half a character in it, which no address can say") from None


@dataclass(frozen=True)
class Call:
    """One request. `repeatable` says that doing it twice is the same as doing it once; a GET always is.

    `path` is relative to the connection's base URL, or a whole URL. `cost` is what the throttle charges; 0 is free.
    """

    method: str
    path: str
    name: str = ""
    params: Mapping[str, str] = field(default_factory=dict)
    json: Any = None
    form: Mapping[str, str] | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    repeatable: bool = False
    cost: float = 1.0

    @property
    def may_repeat(self) -> bool:
        return self.repeatable or self.method in ("GET", "HEAD")


@dataclass(frozen=True)
class Answer:
    """One whole answer: status, headers and every byte of the body."""

    status: int
    headers: httpx.Headers
    body: bytes = field(repr=False)
    tried: str
    redactor: Redactor = field(repr=False)

    def json(self) -> Any:
        """The body as JSON, fractions as `Decimal`; raises `Unreadable`."""
        try:
            return _JSON.decode(self.body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise self.error(Unreadable, f"the body is not JSON ({error})") from error

    def json_object(self) -> dict[str, Any]:
        """The body as one JSON object; raises `Unreadable`."""
        document = self.json()
        if not isinstance(document, dict):
            raise self.error(Unreadable, "the body is not a JSON object")
        return document

    def error(self, kind: type[E], message: str, **more: Any) -> E:
        """An error of that kind which says what was tried and what came back."""
        excerpt = self.redactor.excerpt(self.body)
        error = kind(message, tried=self.tried, status=self.status, excerpt=excerpt, **more)
        return self.redactor.cleaned(error)

    @property
    def date(self) -> datetime | None:
        """What time it was at the vendor, to the second; None when it does not say."""
        return _http_date(self.headers.get("date", ""))

    def retry_after_seconds(self, now: datetime) -> float | None:
        """`Retry-After` in seconds, whether given as a number or as a date; None when absent or senseless."""
        text = self.headers.get("retry-after", "").strip()
        if not text:
            return None
        try:
            seconds = float(text)
        except ValueError:
            moment = _http_date(text)
            if moment is None:
                return None
            seconds = (moment - (self.date or now)).total_seconds()
        return max(0.0, seconds) if math.isfinite(seconds) else None


class Sender(Protocol):
    """What auth needs of HTTP in order to fetch a token."""

    redactor: Redactor

    def now(self) -> datetime: ...

    async def send_plain(self, call: Call, read: Callable[[Answer], T]) -> T:
        """Send once, without credentials and outside the throttle."""


def _http_date(text: str) -> datetime | None:
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
