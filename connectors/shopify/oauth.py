"""How an app gets a token for a shop.

    app = App("client id", "client secret", scopes=("read_orders", "write_inventory"), redirect_uri="https://app/back")
    url = app.authorize_url("some-shop.myshopify.com", state=state)          # send the merchant there
    code = app.check_callback(query_string, shop=shop, state=state, now=clock.now())
    async with OAuth(app, "some-shop.myshopify.com") as oauth:
        token = await oauth.exchange_code(code)

Whoever calls this keeps `state` in the merchant's session and the tokens in a safe place.
"""

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlencode

import httpx

from connectors.core.auth import Token, authorize_url, code_call, read_token, token_call
from connectors.core.clock import Clock
from connectors.core.errors import BadSignature, Invalid
from connectors.core.http import Http, HttpLimits
from connectors.core.webhooks import must_match, sign_hex
from connectors.core.wire import Call

CALLBACK_AGE_MAXIMUM = timedelta(seconds=90)
_SHOP = re.compile(r"[a-z0-9][a-z0-9-]{0,99}\.myshopify\.com")
_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
_ID_TOKEN = "urn:ietf:params:oauth:token-type:id_token"  # noqa: S105 - the name of a kind of token
_OFFLINE = "urn:shopify:params:oauth:token-type:offline-access-token"
_ONLINE = "urn:shopify:params:oauth:token-type:online-access-token"


@dataclass(frozen=True)
class App:
    """An app as it is registered with Shopify."""

    client_id: str
    client_secret: str = field(repr=False)
    scopes: tuple[str, ...] = ()
    redirect_uri: str = ""

    def authorize_url(self, shop: str, *, state: str, online: bool = False) -> str:
        """Where to send the merchant. `state` is a fresh secret word that must come back."""
        parameters = {
            "client_id": self.client_id,
            "scope": ",".join(self.scopes),
            "redirect_uri": self.redirect_uri,
            "state": state,
        }
        per_user = {"grant_options[]": "per-user"} if online else {}
        return authorize_url(f"https://{checked_shop(shop)}/admin/oauth/authorize", parameters | per_user)

    def check_callback(self, query: str, *, shop: str, state: str, now: datetime) -> str:
        """Check everything the merchant's browser brings back, and answer the code. Raises `BadSignature`.

        `query` is the raw query string of the callback, `shop` and `state` are what was asked for.
        """
        pairs = parse_qsl(query, keep_blank_values=True)
        given = dict(pairs)
        if len(given) != len(pairs):
            raise BadSignature("the callback names a parameter twice")
        _must_be_signed(self.client_secret, given)
        if given.get("state") != state or not state:
            raise BadSignature("the callback answers another request than ours (state)")
        if given.get("shop") != checked_shop(shop):
            raise BadSignature("the callback comes from another shop")
        if abs(now - _moment(given.get("timestamp", ""))) > CALLBACK_AGE_MAXIMUM:
            raise BadSignature("the callback is too old, or from the future")
        code = given.get("code", "")
        if not code:
            raise BadSignature("the callback brings no code")
        return code


class OAuth:
    """The token endpoint of one shop. Every answer is a `Token`."""

    def __init__(
        self,
        app: App,
        shop: str,
        *,
        base_url: str = "",
        clock: Clock | None = None,
        chance: random.Random | None = None,
        limits: HttpLimits | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        hosts: Mapping[str, str] | None = None,
    ) -> None:
        self._app = app
        self._http = Http(
            base_url or f"https://{checked_shop(shop)}",
            vendor="shopify",
            connection=shop,
            clock=clock,
            chance=chance,
            limits=limits,
            transport=transport,
            hosts=hosts,
            secrets=(app.client_secret,),
        )

    async def __aenter__(self) -> "OAuth":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def exchange_code(self, code: str, *, expiring: bool = True) -> Token:
        """The code of the callback for an offline token, once. New public apps must take an expiring one."""
        self._http.redactor.learn(code)
        fields = {"code": code, "expiring": "1" if expiring else "0"}
        return await self._token(
            code_call(TOKEN_PATH, fields, self._app.client_id, self._app.client_secret, style="json")
        )

    async def exchange_session_token(self, session_token: str, *, online: bool = False, expiring: bool = True) -> Token:
        """The session token of an embedded app for an access token."""
        self._http.redactor.learn(session_token)
        fields = {
            "grant_type": _EXCHANGE,
            "subject_token": session_token,
            "subject_token_type": _ID_TOKEN,
            "requested_token_type": _ONLINE if online else _OFFLINE,
        }
        if not online:
            fields["expiring"] = "1" if expiring else "0"
        return await self._token(self._call(fields))

    async def migrate(self, offline_token: str) -> Token:
        """An offline token that never ends for one that does. The old one stops working."""
        self._http.redactor.learn(offline_token)
        fields = {
            "grant_type": _EXCHANGE,
            "subject_token": offline_token,
            "subject_token_type": _OFFLINE,
            "requested_token_type": _OFFLINE,
            "expiring": "1",
        }
        # Done twice, the second time would bring a token that has stopped working.
        return await self._token(self._call(fields, repeatable=False))

    async def refresh(self, refresh_token: str) -> Token:
        """A new pair. The old refresh token works until the new pair was used once."""
        self._http.redactor.learn(refresh_token)
        return await self._token(self._call({"grant_type": "refresh_token", "refresh_token": refresh_token}))

    async def client_credentials(self) -> Token:
        """A token for about a day, for a custom app of the shop's own organisation."""
        return await self._token(self._call({"grant_type": "client_credentials"}))

    def _call(self, fields: Mapping[str, str], *, repeatable: bool = True) -> Call:
        app = self._app
        return token_call(TOKEN_PATH, fields, app.client_id, app.client_secret, "json", repeatable=repeatable)

    async def _token(self, call: Call) -> Token:
        return await self._http.send(call, read_token)


TOKEN_PATH = "/admin/oauth/access_token"  # noqa: S105 - an address


def checked_shop(shop: str) -> str:
    """The shop's domain, if it is one: our secrets are sent there, so nothing else will do. Raises `Invalid`."""
    if not _SHOP.fullmatch(shop):
        raise Invalid(f"{shop[:100]!r} is not a shop's domain", next_step="Use its name.myshopify.com form.")
    return shop


def _must_be_signed(secret: str, given: Mapping[str, str]) -> None:
    """HMAC-SHA256 in hex over the other parameters, sorted and joined.

    Shopify's own libraries differ in whether values are joined as sent or decoded; it matters only for values with
    reserved characters, and both need the secret.
    """
    signed = sorted((key, value) for key, value in given.items() if key not in ("hmac", "signature"))
    decoded = "&".join(f"{key}={value}" for key, value in signed)
    signature = given.get("hmac", "")
    try:
        must_match(sign_hex(secret, decoded.encode("utf-8", "surrogateescape")), signature, "the callback")
    except BadSignature:
        must_match(sign_hex(secret, urlencode(signed).encode()), signature, "the callback")


def _moment(seconds: str) -> datetime:
    try:
        return datetime.fromtimestamp(int(seconds), UTC)
    except (ValueError, OverflowError, OSError):
        raise BadSignature("the callback does not say when it was made") from None
