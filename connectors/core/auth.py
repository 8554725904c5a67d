"""Ways to prove who we are, by their names. Tokens are never shown: not in `repr`, not in errors, not in logs."""

import asyncio
import base64
import copy
import hashlib
import hmac
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol, TypeVar, runtime_checkable
from urllib.parse import parse_qsl, quote, urlencode

import httpx
from msgspec import Struct

from connectors.core.errors import ConnectorError, NotApplied, Refused, Unauthorized, Unavailable, Unknown, Unreadable
from connectors.core.wire import Answer, Call, Sender

RENEW_BEFORE_SECONDS = 30.0
RENEW_BEFORE_FRACTION = 0.1  # of the lifetime, for tokens that live only a few minutes
LIFETIME_SECONDS_MAXIMUM = 10 * 365 * 86400.0

Style = Literal["form", "json", "basic", "basic_json"]


class Token(Struct, frozen=True, kw_only=True):
    """What a token endpoint answered (RFC 6749 section 5.1)."""

    access_token: str
    expires_in_seconds: float | None = None
    refresh_token: str = ""
    refresh_expires_in_seconds: float | None = None
    scope: str = ""

    def __repr__(self) -> str:
        return f"Token(scope={self.scope!r}, expires_in_seconds={self.expires_in_seconds})"


class Auth(Protocol):
    """Puts credentials on calls, and says whether a 401 is worth a second try."""

    async def headers(self, sender: Sender) -> Mapping[str, str]:
        """The headers to send. Raises `Unauthorized`, or `NotApplied` when no token can be had just now."""

    def refused(self, headers: Mapping[str, str]) -> bool:
        """The vendor answered 401 to these headers: True when asking `headers` again can give better ones."""


@runtime_checkable
class Signing(Protocol):
    """Proves each request by itself, once it is known just as it will be sent."""

    def sign(self, request: httpx.Request, now: datetime) -> None:
        """Put the proof on the request."""


class NoAuth:
    """Nothing to prove."""

    async def headers(self, sender: Sender) -> Mapping[str, str]:  # noqa: ARG002 - the protocol's shape
        return {}

    def refused(self, headers: Mapping[str, str]) -> bool:  # noqa: ARG002 - the protocol's shape
        return False


@dataclass(frozen=True)
class HeaderToken:
    """A token that does not change, in a header."""

    header: str
    token: str = field(repr=False)
    prefix: str = ""

    async def headers(self, sender: Sender) -> Mapping[str, str]:
        sender.redactor.learn(self.token)
        return {self.header: self.prefix + self.token}

    def refused(self, headers: Mapping[str, str]) -> bool:  # noqa: ARG002 - nothing can be renewed
        return False


class OAuth1:
    """OAuth 1.0a without a token (RFC 5849): every request is signed with the consumer's secret, which is never sent.

    It proves who asks for what, and hides nothing: the body is not signed, and all of it can be read on the way.
    """

    def __init__(self, consumer_key: str, consumer_secret: str, chance: random.Random) -> None:
        self._key = consumer_key
        self._secret = consumer_secret
        self._chance = chance

    def __repr__(self) -> str:
        return "OAuth1()"

    async def headers(self, sender: Sender) -> Mapping[str, str]:
        sender.redactor.learn(self._secret)
        return {}

    def refused(self, headers: Mapping[str, str]) -> bool:  # noqa: ARG002 - nothing can be renewed
        return False

    def sign(self, request: httpx.Request, now: datetime) -> None:
        """`Authorization: OAuth …`, with a nonce and a timestamp of its own."""
        proof = {
            "oauth_consumer_key": self._key,
            "oauth_nonce": f"{self._chance.getrandbits(128):032x}",
            "oauth_signature_method": "HMAC-SHA256",
            "oauth_timestamp": str(int(now.timestamp())),
            "oauth_version": "1.0",
        }
        asked = parse_qsl(request.url.query.decode("ascii"), keep_blank_values=True)
        text = oauth1_base_string(request.method, str(request.url.copy_with(query=None)), [*asked, *proof.items()])
        key = f"{_encoded(self._secret)}&".encode()
        proof["oauth_signature"] = base64.b64encode(hmac.new(key, text.encode(), hashlib.sha256).digest()).decode()
        pairs = ", ".join(f'{name}="{_encoded(value)}"' for name, value in proof.items())
        request.headers["Authorization"] = f"OAuth {pairs}"


def oauth1_base_string(method: str, url: str, fields: Sequence[tuple[str, str]]) -> str:
    """RFC 5849 section 3.4.1: the method, the address without its query, and all parameters, sorted."""
    pairs = sorted((_encoded(name), _encoded(value)) for name, value in fields)
    joined = "&".join(f"{name}={value}" for name, value in pairs)
    return "&".join((method.upper(), _encoded(url), _encoded(joined)))


def _encoded(text: str) -> str:
    """RFC 5849 section 3.6: all but letters, digits and `-._~`."""
    return quote(text, safe="-._~")


class _Renewed:
    """A token that is fetched, kept until shortly before it ends, and fetched once however many are waiting."""

    def __init__(self, header: str, prefix: str) -> None:
        self._header = header
        self._prefix = prefix
        self._token = ""
        self._renew_at: datetime | None = None
        self._failures = 0
        self._failure: Unauthorized | NotApplied | None = None
        self._lock = asyncio.Lock()

    def __repr__(self) -> str:
        return f"{type(self).__name__}(header={self._header!r})"

    async def headers(self, sender: Sender) -> Mapping[str, str]:
        if not self._fresh(sender.now()):
            failures = self._failures
            async with self._lock:
                if self._failure is not None and self._failures > failures:
                    raise _again(self._failure)  # whoever waited behind a failed request does not ask the same again
                if not self._fresh(sender.now()):
                    await self._renew(sender)
        return {self._header: self._prefix + self._token}

    def refused(self, headers: Mapping[str, str]) -> bool:
        # Only the token that was sent is thrown away: somebody else may have fetched a better one meanwhile.
        if headers.get(self._header) == self._prefix + self._token:
            self._token = ""
        return True

    async def _fetch(self, sender: Sender) -> Token:
        raise NotImplementedError

    async def _keep(self, token: Token) -> None:
        """For tokens that somebody has to store."""

    async def _renew(self, sender: Sender) -> None:
        asked = sender.now()  # the lifetime is counted from before the question, so that it ends early, never late
        try:
            token = await self._fetch(sender)
        except (Refused, NotApplied, Unknown) as error:
            self._failure = _without_token(error)
            self._failures += 1
            raise self._failure from error
        await self._keep(token)
        self._accept(token, asked)

    def _accept(self, token: Token, asked: datetime) -> None:
        self._token = token.access_token
        self._renew_at = None
        if token.expires_in_seconds is not None:
            margin = min(RENEW_BEFORE_SECONDS, token.expires_in_seconds * RENEW_BEFORE_FRACTION)
            self._renew_at = asked + timedelta(seconds=token.expires_in_seconds - margin)

    def _fresh(self, now: datetime) -> bool:
        return bool(self._token) and (self._renew_at is None or now < self._renew_at)


def _without_token(error: ConnectorError) -> Unauthorized | NotApplied:
    """What a failed token request means for the call that needed it: that call was never sent."""
    if isinstance(error, NotApplied):
        return _again(error)
    if isinstance(error, Unknown):
        message = f"no token could be had: {error.message}"
        return Unavailable(message, tried=error.tried, status=error.status, excerpt=error.excerpt)
    message = f"the token endpoint refused: {error.message}"
    return Unauthorized(message, tried=error.tried, status=error.status, excerpt=error.excerpt, code=error.code)


F = TypeVar("F", bound=ConnectorError)


def _again(error: F) -> F:
    """The same error for somebody else: one exception object raised in many tasks would mix up their tracebacks."""
    return copy.copy(error).with_traceback(None)


class ClientCredentials(_Renewed):
    """OAuth 2.0 client credentials (RFC 6749 section 4.4). `style` is how the token endpoint wants to be asked."""

    def __init__(
        self,
        token_url: str,
        client_id: str,
        client_secret: str,
        *,
        style: Style = "form",
        scope: str = "",
        more: Mapping[str, str] | None = None,
        header: str = "Authorization",
        prefix: str = "Bearer ",
    ) -> None:
        """`more` are fields the vendor asks for besides, such as a user's login."""
        super().__init__(header, prefix)
        self._token_url = token_url
        self._client_id = client_id
        self._client_secret = client_secret
        self._style: Style = style
        self._scope = scope
        self._more = dict(more or {})

    async def _fetch(self, sender: Sender) -> Token:
        scope = {"scope": self._scope} if self._scope else {}
        fields = {"grant_type": "client_credentials"} | scope | self._more
        call = token_call(self._token_url, fields, self._client_id, self._client_secret, self._style)
        return await fetch_token(sender, call)


class RefreshToken(_Renewed):
    """OAuth 2.0 refresh (RFC 6749 section 6). The vendor may hand out a new refresh token each time.

    `kept` is called with each new pair before it is used for the first time, so that whoever stores credentials has it
    on disk before the old pair stops working.
    """

    def __init__(
        self,
        token_url: str,
        client_id: str,
        client_secret: str,
        refresh_token: str,
        *,
        access_token: str = "",
        expires_at: datetime | None = None,
        style: Style = "form",
        header: str = "Authorization",
        prefix: str = "Bearer ",
        kept: Callable[[Token], Awaitable[None]] | None = None,
    ) -> None:
        super().__init__(header, prefix)
        self._token_url = token_url
        self._client_id = client_id
        self._client_secret = client_secret
        self._refresh_token = refresh_token
        self._token = access_token
        self._renew_at = expires_at - timedelta(seconds=RENEW_BEFORE_SECONDS) if expires_at else None
        self._style: Style = style
        self._kept = kept

    async def headers(self, sender: Sender) -> Mapping[str, str]:
        sender.redactor.learn(self._refresh_token)
        sender.redactor.learn(self._token)
        return await super().headers(sender)

    async def _fetch(self, sender: Sender) -> Token:
        fields = {"grant_type": "refresh_token", "refresh_token": self._refresh_token}
        call = token_call(self._token_url, fields, self._client_id, self._client_secret, self._style)
        return await fetch_token(sender, call)

    async def _keep(self, token: Token) -> None:
        if token.refresh_token:
            self._refresh_token = token.refresh_token
        if self._kept is not None:
            await self._kept(token)


def token_call(
    url: str, fields: Mapping[str, str], client_id: str, client_secret: str, style: Style, *, repeatable: bool = True
) -> Call:
    """The request for a token. Asking twice gives two tokens and hurts nobody, except with a single-use code."""
    name = "token"
    if style in ("basic", "basic_json"):
        pair = f"{quote(client_id, safe='')}:{quote(client_secret, safe='')}"  # encoded first: RFC 6749 section 2.3.1
        basic = base64.b64encode(pair.encode()).decode("ascii")
        headers = {"Authorization": f"Basic {basic}"}
        if style == "basic_json":
            return Call("POST", url, name, json=dict(fields), headers=headers, repeatable=repeatable, cost=0)
        return Call("POST", url, name, form=dict(fields), headers=headers, repeatable=repeatable, cost=0)
    whole = {**fields, "client_id": client_id, "client_secret": client_secret}
    if style == "json":
        return Call("POST", url, name, json=whole, repeatable=repeatable, cost=0)
    return Call("POST", url, name, form=whole, repeatable=repeatable, cost=0)


async def fetch_token(sender: Sender, call: Call) -> Token:
    """Ask, read and remember to hide what came."""
    token = await sender.send_plain(call, read_token)
    for secret in (token.access_token, token.refresh_token):
        sender.redactor.learn(secret)
    return token


def read_token(answer: Answer) -> Token:
    """A token answer; raises `Unreadable` without showing it."""
    document = answer.json_object()
    access_token = document.get("access_token")
    if not isinstance(access_token, str) or not _sendable(access_token):
        raise Unreadable("the token answer has no usable access_token", tried=answer.tried, status=answer.status)
    refresh_token = document.get("refresh_token")
    scope = document.get("scope")
    return Token(
        access_token=access_token,
        expires_in_seconds=_seconds(document.get("expires_in")),
        refresh_token=refresh_token if isinstance(refresh_token, str) else "",
        refresh_expires_in_seconds=_seconds(document.get("refresh_token_expires_in")),
        scope=scope if isinstance(scope, str) else "",
    )


def authorize_url(url: str, parameters: Mapping[str, str]) -> str:
    """Where to send the person who has to agree (RFC 6749 section 4.1.1)."""
    return f"{url}?{urlencode(parameters)}"


def code_call(url: str, fields: Mapping[str, str], client_id: str, client_secret: str, style: Style) -> Call:
    """The exchange of a code for a token (RFC 6749 section 4.1.3). A code works once, so this is never repeated."""
    return token_call(url, fields, client_id, client_secret, style, repeatable=False)


def _sendable(token: str) -> bool:
    """Visible ASCII only: anything else would break out of the header it is sent in."""
    return bool(token) and all("!" <= letter <= "~" for letter in token)


def _seconds(value: Any) -> float | None:
    """Seconds as a number, or as digits in a string, as some endpoints have it."""
    try:
        seconds = float(value)
    except (TypeError, ValueError):
        return None
    return seconds if 0 < seconds <= LIFETIME_SECONDS_MAXIMUM else None
