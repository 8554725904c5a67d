"""Whom the laws are about: base URLs, credentials, a client, and, where there is one, control over time and failure."""

import ipaddress
from collections.abc import Iterable, Mapping
from http.cookiejar import CookieJar, DefaultCookiePolicy
from urllib.parse import urlencode, urlsplit

import httpx

from contracts.contract import Contract, Operation
from mock_servers.core.refusal import UsageError
from seatrial.verify.clock import REAL, Timing
from seatrial.verify.control import Control
from seatrial.verify.credentials import Credentials
from seatrial.verify.exchange import Exchange, Secrets
from seatrial.verify.pace import Pace

TIME_OUT_SECONDS = 30.0
BODY_MAXIMUM = 64 * 2**20
Pairs = Iterable[tuple[str, str]]


class Target:
    """One vendor's API somewhere. `base_urls` is by surface; `printed` are the words our default world is opened with,
    which must never leave this machine."""

    def __init__(
        self,
        contract: Contract,
        base_urls: Mapping[str, str],
        credentials: Credentials,
        *,
        transport: httpx.BaseTransport | None = None,
        control: Control | None = None,
        printed: Iterable[str] = (),
        timing: Timing = REAL,
    ) -> None:
        self.contract = contract
        self.base_urls = {name: url.rstrip("/") for name, url in base_urls.items()}
        self.credentials = credentials
        self.control = control
        self.timing = timing
        self.near = all(is_loopback(url) for url in self.base_urls.values()) or transport is not None
        self.secrets = Secrets(dict(credentials.secrets()))
        self.heard: list[Exchange] = []
        self._printed = frozenset(word for word in printed if word)
        self._pace = None if self.near else Pace(timing)
        self._client = httpx.Client(
            transport=transport,
            timeout=TIME_OUT_SECONDS,
            follow_redirects=False,
            trust_env=not self.near,
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),  # what one call was told, the next forgets
        )

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()

    def send(
        self,
        surface: str,
        method: str,
        path: str,
        *,
        operation: Operation | None = None,
        query: Pairs = (),
        headers: Pairs = (),
        content: bytes | None = None,
        planned: bool = False,
    ) -> Exchange:
        """One request as it is. Raises UsageError before anything printed would leave this machine."""
        url = self.base_urls[surface] + path
        pairs = list(query)
        if pairs:
            url += "?" + urlencode(pairs)
        sent = [*self.credentials.headers.items(), *headers]
        self._guard(surface, url, sent, content or b"")
        if self._pace is not None:
            self._pace.before(surface, tuple(self.contract.profile.surfaces[surface].rate_limits.values()))
        exchange = self._sent(method, url, sent, content, operation, planned)
        self.heard.append(exchange)
        return exchange

    def patience(self, seconds: float) -> None:
        """Wait as a refusal asked: on the target's own clock where we hold it, else for real."""
        if self.control is not None:
            self.control.advance(seconds)
        else:
            (self._pace or Pace(self.timing)).refused(seconds)

    def _sent(
        self,
        method: str,
        url: str,
        headers: list[tuple[str, str]],
        content: bytes | None,
        operation: Operation | None,
        planned: bool,
    ) -> Exchange:
        asked: dict[str, object] = {
            "operation": operation.id if operation else "",
            "method": method,
            "url": url,
            "request_headers": tuple((name.lower(), value) for name, value in headers),
            "request_body": content or b"",
            "planned": planned,
            "moment": self.control.now() if self.control else None,
        }
        try:
            raw = [(name.encode(), value.encode("latin-1", "replace")) for name, value in headers]
            with self._client.stream(method, url, headers=raw, content=content) as response:
                body = _read(response)
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError, ValueError) as error:
            return Exchange(**asked, error=f"{type(error).__name__}: {error}".rstrip(": "))  # type: ignore[arg-type]
        answered = tuple((name.lower(), value) for name, value in response.headers.multi_items())
        return Exchange(**asked, status=response.status_code, headers=answered, body=body)  # type: ignore[arg-type]

    def _guard(self, surface: str, url: str, headers: Iterable[tuple[str, str]], content: bytes) -> None:
        """What is printed for everybody opens nothing at a real vendor, and looks like an attack there."""
        if not self._printed or self.near or is_loopback(self.base_urls[surface]):
            return
        text = "\n".join([url, *(value for _, value in headers), content.decode("utf-8", "replace")])
        if any(word in text for word in self._printed):
            raise UsageError(
                "these are the printed credentials of our own fake; they are never sent beyond this machine."
                " Give the target's own with --credentials FILE"
            )


def is_loopback(url: str) -> bool:
    """Whether a URL stays on this machine."""
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def checked_url(url: str) -> str:
    """A base URL as it was given. Raises UsageError for what is none."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise UsageError(f"{url!r} is not a base URL; give one like https://shop.example.com")
    if parts.username or parts.password:
        raise UsageError("a base URL must not carry a password; put it into the credentials file")
    return url


def _read(response: httpx.Response) -> bytes:
    parts, size = [], 0
    for part in response.iter_bytes():
        size += len(part)
        if size > BODY_MAXIMUM:
            raise httpx.DecodingError(f"the answer is larger than {BODY_MAXIMUM} bytes")
        parts.append(part)
    return b"".join(parts)
