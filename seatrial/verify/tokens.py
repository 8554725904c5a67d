"""Tokens for a bench: ours, one with fewer scopes, one that ends soon, another account's, and ones that are none."""

from base64 import b64encode
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from contracts.contract import Operation
from contracts.profile import Basic, Bearer, HeaderToken
from seatrial.verify.exchange import Exchange, Headers
from seatrial.verify.recipes import FORM, CannotAskError, grants

if TYPE_CHECKING:
    from seatrial.verify.bench import Bench


FORWARDED: Headers = (("X-Forwarded-Proto", "https"),)
"""What a proxy says that took off the TLS: a fake on loopback has none of its own."""


class Granted(Struct, frozen=True):
    """A token that was asked for, and the exchange that gave it."""

    token: str
    seconds: int | None
    exchange: Exchange


def basic(client_id: str, client_secret: str) -> tuple[str, str]:
    """The header of HTTP Basic."""
    return "Authorization", f"Basic {b64encode(f'{client_id}:{client_secret}'.encode()).decode()}"


class Tokens:
    """What opens the surface of one bench."""

    def __init__(self, bench: "Bench") -> None:
        self._bench = bench
        self._own: str | None = None

    def own(self) -> str | None:
        """Our standing token; asked for where only a client's id and secret are known."""
        if self._own is None:
            self._own = self._standing(self._bench.target.credentials.own)
            if self._own is None and (granted := self.granted()) is not None:
                self._own = granted.token
        return self._own

    def _standing(self, named: dict[str, str]) -> str | None:
        """What opens this surface among credentials by name: a name and a password where it asks for them."""
        if self._asks_for_a_password() and {"username", "password"} <= named.keys():
            return b64encode(f"{named['username']}:{named['password']}".encode()).decode()
        return named.get("access_token")

    def _asks_for_a_password(self) -> bool:
        schemes = self._bench.profile.auth
        return bool(schemes) and all(isinstance(scheme, Basic) for scheme in schemes)

    def headers(self, token: str | None) -> Headers:
        """How a token is shown on this surface."""
        if token is None:
            return ()
        for scheme in self._bench.profile.auth:
            match scheme:
                case Bearer():
                    return (("Authorization", f"Bearer {token}".rstrip()),)
                case HeaderToken():
                    return ((scheme.header, token),)
                case Basic():
                    shown = (scheme.header, f"Basic {token}".rstrip())
                    return (shown, *(FORWARDED if scheme.over == "tls" and self._in_the_clear() else ()))
                case _:
                    continue  # the vendor's own: the credentials file carries its headers
        return ()

    def _in_the_clear(self) -> bool:
        return self._bench.target.base_urls[self._bench.surface.name].startswith("http://")

    def grant_operations(self) -> Iterator[Operation]:
        """Where a token can be asked for."""
        contract = self._bench.contract
        return (each for each in contract.operations.values() if each.built and grants(contract, each))

    def granted(self, scope: str | None = None) -> Granted | None:
        """Ask for a new token with our client's credentials; None when nobody gives one that opens this surface."""
        if self._asks_for_a_password():
            return None
        for operation in self.grant_operations():
            if scope is not None and not self._takes_a_scope(operation):
                continue
            try:
                exchange = self.ask_grant(operation, {"scope": scope} if scope is not None else {})
            except CannotAskError:
                continue
            body = exchange.json
            if exchange.good and isinstance(body, dict) and isinstance(body.get("access_token"), str):
                self._bench.target.secrets.add("granted_token", body["access_token"])
                seconds = body.get("expires_in")
                return Granted(body["access_token"], seconds if isinstance(seconds, int) else None, exchange)
        return None

    def _takes_a_scope(self, operation: Operation) -> bool:
        """Its document knows the member: elsewhere a token has whatever its client has."""
        schemas = self._bench.on(operation.surface).schemas
        return any("scope" in schemas.plain(schema).get("properties", {}) for schema in operation.bodies.values())

    def ask_grant(self, operation: Operation, changed: dict[str, str | None]) -> Exchange:
        """Ask a token endpoint as we should, but for the members named; None leaves one out."""
        bench = self._bench.on(operation.surface)
        recipe = bench.recipes.of(operation)
        if not isinstance(recipe.body, dict):
            raise CannotAskError(f"{operation.id} takes no fields")
        body = {name: value for name, value in (recipe.body | changed).items() if value is not None}
        own = self._bench.target.credentials.own
        if not {"client_id", "client_secret"} <= own.keys():
            raise CannotAskError("the credentials name no client_id and client_secret")
        if operation.client_by_basic:
            named = {name: changed.get(name, own[name]) or "" for name in ("client_id", "client_secret")}
            body = {name: value for name, value in body.items() if name not in named}
            recipe = msgspec.structs.replace(recipe, headers=(*recipe.headers, basic(**named)))
        kind = FORM if FORM in operation.bodies else recipe.content_type
        recipe = msgspec.structs.replace(recipe, body=body, content_type=kind)
        return bench.ask(operation, recipe, token=None)

    def without(self, scopes: tuple[str, ...]) -> str | None:
        """A token of our account that lacks at least one of these scopes, and has the others; None if there is none."""
        control, limited = self._bench.target.control, self._bench.target.credentials.limited
        rule = self._bench.profile.implied_scopes
        implying = {rule.granted_by(scope) for scope in scopes} if rule is not None else set()
        others = tuple(sorted(set(self.all_scopes()) - set(scopes) - implying))
        if control is not None and (token := control.grant(others, None)) is not None:
            self._bench.target.secrets.add("limited_token", token)
            return token
        if isinstance(limited.get("access_token"), str) and not set(scopes) <= set(limited.get("scopes", ())):
            return str(limited["access_token"])
        if not others:
            return None
        granted = self.granted(" ".join(others))
        if granted is None:
            return None
        answered: Any = granted.exchange.json
        held = set(str(answered.get("scope", "")).replace(",", " ").split())
        return None if set(scopes) <= held else granted.token

    def all_scopes(self) -> tuple[str, ...]:
        """Every scope the surface's operations ask for."""
        return tuple(sorted({scope for each in self._bench.surface.operations for scope in each.scopes or ()}))

    def second(self) -> str | None:
        """Another account's token; None when there is no other account."""
        control = self._bench.target.control
        found = control.second() if control is not None else self._bench.target.credentials.second
        token = self._standing(found)
        for name, value in found.items():
            self._bench.target.secrets.add(f"second_{name}", value)
        return token
