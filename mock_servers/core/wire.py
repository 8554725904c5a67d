"""A request and an answer as the machine sees them, before and after any HTTP server."""

from typing import Any, Literal
from urllib.parse import parse_qsl

from msgspec import Struct

RawHeaders = list[tuple[bytes, bytes]]


def header_line(name: str, value: str) -> tuple[bytes, bytes]:
    """A header as it goes out. Whatever somebody managed to get into a value, it stays on its line."""
    if not value.isprintable():
        value = "".join([letter if letter.isprintable() else " " for letter in value])
    return name.encode(), value.encode()


class Request:
    """What came in. Header names are lower-case bytes, as ASGI has them; `path` is still percent-encoded, and `query`
    the raw text after `?`."""

    __slots__ = ("body", "came_as", "headers", "method", "path", "query", "scheme", "too_large")

    def __init__(
        self,
        method: str,
        path: str,
        query: str = "",
        headers: RawHeaders | None = None,
        body: bytes = b"",
        scheme: str = "http",
        too_large: bool = False,
    ) -> None:
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers or []
        self.body = body
        self.scheme = scheme
        self.too_large = too_large
        self.came_as = self
        """The request as it stood on the wire, where a vendor's server understands it as another."""

    def meaning(self, method: str, path: str, query: str) -> "Request":
        """The same request, understood as asking this."""
        meant = Request(method, path, query, self.headers, self.body, self.scheme, self.too_large)
        meant.came_as = self.came_as
        return meant

    @property
    def is_private(self) -> bool:
        """It came by TLS, at least as far as the proxy in front that says so."""
        return self.scheme == "https" or self.header(b"x-forwarded-proto") == "https"

    def header(self, name: bytes) -> str | None:
        """The first header of this lower-case name."""
        for key, value in self.headers:
            if key == name:
                return value.decode("latin-1")
        return None

    @property
    def host(self) -> str:
        """The Host header, without a port."""
        host = self.header(b"host") or ""
        return host.rsplit(":", 1)[0] if not host.endswith("]") else host

    @property
    def base_url(self) -> str:
        """Scheme and authority the caller used, so that links lead back here."""
        return f"{self.scheme}://{self.header(b'host') or 'localhost'}"

    @property
    def target(self) -> str:
        return f"{self.path}?{self.query}" if self.query else self.path

    def fields(self) -> list[tuple[str, str]]:
        """The query's names and values in their order."""
        query = self.query
        if not query:
            return []
        if "%" in query or "+" in query:
            return parse_qsl(query, keep_blank_values=True)
        return [(name, value) for name, _, value in [part.partition("=") for part in query.split("&")] if name]


class Fate(Struct, frozen=True):
    """What becomes of an answer on its way: it is lost, cut short, held for some seconds, or never comes."""

    kind: Literal["lost", "cut", "held", "silent"]
    seconds: float = 0.0


class Answer:
    """What goes out."""

    __slots__ = ("body", "fate", "headers", "status")

    def __init__(self, status: int, headers: RawHeaders, body: bytes, fate: Fate | None = None) -> None:
        self.status = status
        self.headers = headers
        self.body = body
        self.fate = fate


class Reply:
    """What a behaviour answers: a status and a body that is still plain values, documents, or bytes of another type."""

    __slots__ = ("body", "content_type", "headers", "look", "status", "under")

    def __init__(
        self,
        status: int = 200,
        body: Any = None,
        headers: dict[str, str] | None = None,
        content_type: str | None = None,
        look: str = "",
        under: str = "",
    ) -> None:
        """`look` is the one asked for of a document whose view has several, `under` the member it is put under."""
        self.status = status
        self.body = body
        self.headers = headers
        self.content_type = content_type
        self.look = look
        self.under = under


class Listing:
    """Documents in an envelope, by their ids and versions: `{…envelope, member: [documents]}`, or a bare array when
    `member` is empty."""

    __slots__ = ("collection", "envelope", "heads", "look", "member")

    def __init__(
        self,
        collection: Any,
        heads: list[tuple[str, int]],
        member: str = "",
        envelope: dict[str, Any] | None = None,
        look: str = "",
    ) -> None:
        self.collection = collection
        self.heads = heads
        self.member = member
        self.envelope = envelope or {}
        self.look = look
