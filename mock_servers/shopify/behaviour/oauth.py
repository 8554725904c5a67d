"""Shopify's grants: who gets which token for what (dossier §2). The refusals' texts are assumed; the fields are not.

A token is offline (the app's own) or online (one person's). Offline tokens live for ever unless `expiring=1` asked for
an hour and a refresh token. The app keeps its client id and secret; both are made with the world.
"""

import base64
import hashlib
import hmac
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import msgspec

from mock_servers.core.credentials import Credential
from mock_servers.core.fake import Call, Work
from mock_servers.core.refusal import Refusal
from mock_servers.core.wire import Reply
from mock_servers.shopify.behaviour.base import compressed, fake, shop_of

Json = dict[str, Any]

EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
ID_TOKEN = "urn:ietf:params:oauth:token-type:id_token"  # noqa: S105 - the name of a kind of token
OFFLINE = "urn:shopify:params:oauth:token-type:offline-access-token"
ONLINE = "urn:shopify:params:oauth:token-type:online-access-token"
PER_USER = "per-user"
SESSION_LEEWAY_SECONDS = 5
USER = {
    "id": 902_541_635,
    "first_name": "Sea",
    "last_name": "Trial",
    "email": "owner@example.com",
    "email_verified": True,
    "account_owner": True,
    "locale": "en",
    "collaborator": False,
}


# The merchant's page --------------------------------------------------------------------------------------------------


@fake.operation("authorize")
def authorize(call: Call) -> Reply:
    """The merchant approves at once; a world with `oauth_approval` set to "deny" has one who does not."""
    client = call.credential("client", call.query["client_id"])
    if client is None:
        raise Refusal("invalid_request", reason="The client_id is unknown.")
    redirect = call.query["redirect_uri"]
    if not _may_redirect(client, redirect):
        raise Refusal("invalid_request", reason="The redirect_uri is not whitelisted.")
    fields = {"state": call.query["state"]} if "state" in call.query else {}
    if call.setting("oauth_approval", "approve") == "deny":
        denied = {"error": "access_denied", "error_description": "The user denied your request."}
        return _redirect(redirect, denied | fields)

    asked = compressed(call.query.get("scope", "").split(","))
    scopes = asked or sorted(client.scopes)
    code = call.token()
    online = call.query.get("grant_options[]") == PER_USER
    call.grant("code", code, client.subject, scopes=scopes, seconds=call.lifetime("authorization_code"), online=online)
    shop = shop_of(call)["myshopifyDomain"]
    host = base64.b64encode(f"admin.shopify.com/store/{shop.split('.', 1)[0]}".encode()).decode().rstrip("=")
    fields |= {"code": code, "host": host, "shop": shop, "timestamp": str(int(call.now))}
    return _redirect(redirect, fields | {"hmac": callback_hmac(fields, str(client.about["secret"]))})


def callback_hmac(fields: Json, secret: str) -> str:
    """The hex HMAC-SHA256 over the sorted parameters but `hmac` and `signature`."""
    kept = sorted((name, value) for name, value in fields.items() if name not in {"hmac", "signature"})
    message = "&".join(f"{name}={value}" for name, value in kept)
    return hmac.new(secret.encode(), message.encode(), hashlib.sha256).hexdigest()


def _may_redirect(client: Credential, uri: str) -> bool:
    """Listed for the app; an app that listed none may go anywhere that is a proper http address."""
    try:
        parts = urlsplit(uri)
    except ValueError:
        return False
    if parts.scheme not in {"http", "https"} or not parts.hostname or any(ord(letter) <= 32 for letter in uri):
        return False
    listed = client.about.get("redirect_uris") or []
    return not listed or uri.split("?", 1)[0] in listed


def _redirect(uri: str, fields: Json) -> Reply:
    parts = urlsplit(uri)
    query = urlencode([*parse_qsl(parts.query, keep_blank_values=True), *fields.items()])
    return Reply(302, None, {"Location": urlunsplit(parts._replace(query=query, fragment=""))})


# Tokens ---------------------------------------------------------------------------------------------------------------


@fake.operation("createAccessToken")
def create_access_token(call: Call) -> Reply:
    client = _client(call)
    match call.body.get("grant_type"):
        case None | "" | "authorization_code":
            answer = _by_code(call, client)
        case "client_credentials":
            scopes, life = client.scopes, call.lifetime("client_credentials_token")
            answer = _granted(call, client, scopes, life, sort_of="offline") | {"expires_in": int(life or 0)}
        case "refresh_token":
            answer = _by_refresh(call, client)
        case grant if grant == EXCHANGE:
            answer = _by_exchange(call, client)
        case _:
            raise Refusal("unsupported_grant_type")
    return Reply(200, answer, {"Cache-Control": "no-store"})


def _client(call: Call) -> Credential:
    client = call.credential("client", call.body["client_id"])
    secret = call.body.get("client_secret", "")
    if client is None or not hmac.compare_digest(str(client.about["secret"]).encode(), secret.encode()):
        raise Refusal("invalid_client")
    return client


def _by_code(call: Call, client: Credential) -> Json:
    """A code is good once, for an hour, for the app it was made for."""
    presented = call.body.get("code", "")
    code = call.credential("code", presented)
    if code is None or code.subject != client.subject or call.now >= (code.expires or 0):
        raise Refusal("invalid_grant", reason="The authorization code was not found or was already used.")
    call.revoke("code", presented)
    if code.about["online"]:
        return _online(call, client, code.scopes)
    return _offline(call, client, code.scopes)


def _offline(call: Call, client: Credential, scopes: Iterable[str]) -> Json:
    if _wanted(call.body.get("expiring")):
        return _expiring(call, client, scopes)
    return _granted(call, client, scopes, call.lifetime("offline_token"), sort_of="offline")


def _wanted(value: Any) -> bool:
    return value in {"1", "true", True}  # True is 1 as well


def _online(call: Call, client: Credential, scopes: Iterable[str]) -> Json:
    life = call.lifetime("online_token")
    answer = _granted(call, client, scopes, life, sort_of="online", prefix="shpua_")
    return answer | {
        "expires_in": int(life or 0),
        "associated_user_scope": ",".join(compressed(scopes)),
        "associated_user": USER,
    }


def _granted(
    call: Work,
    client: Credential,
    scopes: Iterable[str],
    seconds: float | None,
    *,
    sort_of: str,
    prefix: str = "shpat_",
    **about: Any,
) -> Json:
    token, kept = call.token(prefix), compressed(scopes)
    call.grant("token", token, client.subject, scopes=kept, seconds=seconds, sort_of=sort_of, **about)
    return {"access_token": token, "scope": ",".join(kept)}


def _expiring(call: Work, client: Credential, scopes: Iterable[str], old: str = "") -> Json:
    """A token for an hour and one to refresh it with. `old` is the refresh token that they replace."""
    life, refresh_life = call.lifetime("expiring_offline_token"), call.lifetime("refresh_token")
    refresh = call.token("shprt_", 64)
    answer = _granted(call, client, scopes, life, sort_of="expiring", replaces=old, refresh=refresh)
    call.grant("refresh", refresh, client.subject, scopes=compressed(scopes), seconds=refresh_life, replaces=old)
    return answer | {
        "expires_in": int(life or 0),
        "refresh_token": refresh,
        "refresh_token_expires_in": int(refresh_life or 0),
    }


def _by_refresh(call: Call, client: Credential) -> Json:
    """The old refresh token stays good until the pair that replaced it has been used once (changed August 2026)."""
    presented = call.body.get("refresh_token", "")
    refresh = call.credential("refresh", presented)
    if refresh is None or refresh.subject != client.subject or call.now >= (refresh.expires or 0):
        raise Refusal("invalid_grant", reason="The refresh token is invalid or has expired.")
    retire_replaced(call, refresh)
    return _expiring(call, client, refresh.scopes, old=presented)


def retire_replaced(work: Work, used: Credential | None) -> None:
    """A token or refresh token was used: what it replaced is over."""
    replaced = used.about.get("replaces") if used is not None else None
    if replaced and work.credential("refresh", replaced) is not None:
        work.revoke("refresh", replaced)


# Token exchange -------------------------------------------------------------------------------------------------------


def _by_exchange(call: Call, client: Credential) -> Json:
    wanted, kind = call.body.get("requested_token_type"), call.body.get("subject_token_type")
    if kind == OFFLINE:
        return _migrated(call, client)
    if kind != ID_TOKEN:
        raise Refusal("invalid_request", reason="The subject_token_type is not supported.")
    if wanted not in {ONLINE, OFFLINE}:
        raise Refusal("invalid_request", reason="The requested_token_type is not supported.")
    _check_session(call, client, call.body.get("subject_token", ""))
    return _online(call, client, client.scopes) if wanted == ONLINE else _offline(call, client, client.scopes)


def _migrated(call: Call, client: Credential) -> Json:
    """An old token that never expired becomes one that does; the old one is over."""
    presented = call.body.get("subject_token", "")
    old = call.credential("token", presented)
    if old is None or old.subject != client.subject or old.about.get("sort_of") != "offline" or old.expires is not None:
        raise Refusal(
            "invalid_subject_token", reason="The subject token is not a non-expiring offline token of this app."
        )
    if not _wanted(call.body.get("expiring")):
        raise Refusal("invalid_request", reason="Only an expiring token can be asked for.")
    call.revoke("token", presented)
    return _expiring(call, client, old.scopes)


def _check_session(call: Call, client: Credential, token: str) -> None:
    """A session token is a JWT signed with the app's secret, for this app and this shop, and of this minute."""
    claims = _claims(token, str(client.about["secret"]))
    shop = shop_of(call)["myshopifyDomain"]
    now = call.now
    good = (
        claims is not None
        and claims.get("aud") == client.subject
        and claims.get("dest") == f"https://{shop}"
        and claims.get("iss") == f"https://{shop}/admin"
        and _moment(claims.get("exp")) + SESSION_LEEWAY_SECONDS > now
        and _moment(claims.get("nbf", 0)) - SESSION_LEEWAY_SECONDS <= now
    )
    if not good:
        raise Refusal("invalid_subject_token", reason="The session token is invalid or has expired.")


def _moment(value: Any) -> float:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else float("-inf")


def _claims(token: str, secret: str) -> Json | None:
    """The claims of an HS256 JWT; None when it is none or its signature is wrong."""
    try:
        head, body, signature = token.encode("ascii").split(b".")
        mac = hmac.new(secret.encode(), head + b"." + body, hashlib.sha256).digest()
        header, claims = msgspec.json.decode(_unpadded(head)), msgspec.json.decode(_unpadded(body))
        signed = hmac.compare_digest(mac, _unpadded(signature))
    except (ValueError, msgspec.DecodeError, RecursionError):
        return None
    if not signed or not isinstance(header, dict) or header.get("alg") != "HS256":
        return None
    return claims if isinstance(claims, dict) else None


def _unpadded(text: bytes) -> bytes:
    return base64.b64decode(text + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)


# Scopes ---------------------------------------------------------------------------------------------------------------


@fake.operation("listAccessScopes")
def list_access_scopes(call: Call) -> Reply:
    retire_replaced(call, call.caller)
    scopes = compressed(call.caller.scopes if call.caller else ())
    return Reply(200, {"access_scopes": [{"handle": scope} for scope in scopes]})
