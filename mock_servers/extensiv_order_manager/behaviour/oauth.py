"""Who may call. The guide asks with a client's id and secret; at the vendor a merchant installs an app, and the app
exchanges the code it was handed for a token that lives until it is uninstalled.

The vendor and the guide have different hosts. Here both token endpoints are one path, told apart by the grant.
"""

import hmac
from base64 import b64decode
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from mock_servers.core.credentials import Credential
from mock_servers.core.fake import Call, Work
from mock_servers.core.refusal import Refusal
from mock_servers.core.wire import Reply
from mock_servers.extensiv_order_manager.behaviour.state import fake, own_channel

SCOPES = (
    "read_orders",
    "write_orders",
    "read_inventory",
    "write_inventory",
    "read_products",
    "write_products",
    "read_shipments",
    "write_shipments",
    "read_purchaseorders",
    "write_purchaseorders",
    "read_analytics",
    "read_stocktransferorders",
    "write_stocktransferorders",
)
COMPANY = "4711"
"""The `cid` of every account here; what it identifies is the world."""
CODE_LETTERS = 6
PROVIDERS = {1: "UPS", 2: "FedEx"}
"""What an account ships by from the beginning: the carriers of these ids."""


@fake.operation("authorizeApp")
def authorize_app(call: Call) -> Reply:
    """The merchant approves at once; a world with `oauth_approval` set to "deny" has one who does not."""
    client = call.credential("client", call.query["client_id"])
    if client is None:
        raise Refusal("invalid_request", reason="The client_id is unknown.")
    redirect = call.query["redirect_uri"]
    if not _may_redirect(client, redirect):
        raise Refusal("invalid_request", reason="The redirect_uri is not the one of the app.")
    if call.setting("oauth_approval", "approve") == "deny":
        return _redirect(redirect, {"error": "access_denied"})
    scopes = _asked(call.query.get("scope", ""), client)
    code = call.token(letters=CODE_LETTERS)
    seconds = call.lifetime("authorization_code")
    call.grant("code", code, client.subject, scopes=scopes, seconds=seconds, redirect_uri=redirect)
    return _redirect(redirect, {"code": code, "cid": COMPANY})  # `state` is not given back


def _asked(text: str, client: Credential) -> list[str]:
    """Scopes are joined by a plus sign, which a query reads as a blank. Refuses what the app may not ask for."""
    asked = [scope for scope in text.replace("+", " ").split() if scope != "none"]
    if text and not asked:
        return []
    for scope in asked:
        if scope != "all" and scope not in client.scopes:
            raise Refusal("invalid_scope", scope=scope)
    return sorted(client.scopes) if not asked or "all" in asked else asked


def _may_redirect(client: Credential, uri: str) -> bool:
    """Just the one registered; an app that registered none may go anywhere that is a proper http address."""
    try:
        parts = urlsplit(uri)
    except ValueError:
        return False
    if parts.scheme not in {"http", "https"} or not parts.hostname or any(ord(letter) <= 32 for letter in uri):
        return False
    registered = client.about.get("redirect_uri")
    return not registered or uri == registered


def _redirect(uri: str, fields: dict[str, str]) -> Reply:
    parts = urlsplit(uri)
    query = urlencode([*parse_qsl(parts.query, keep_blank_values=True), *fields.items()])
    return Reply(302, None, {"Location": urlunsplit(parts._replace(query=query, fragment=""))})


@fake.operation("issueToken")
def issue_token(call: Call) -> Reply:
    """Fields come in a form, in the query, or in both (clients of the vendor do all three)."""
    asked = call.query | (call.body or {})
    client_id, secret = _client_of(call, asked)
    match asked.get("grant_type"):
        case None | "":
            raise Refusal("invalid_body", details=(("grant_type", "is required"),))
        case "client_credentials" | "authorization_code" as grant:
            if not client_id or not secret:
                raise Refusal("invalid_body", details=(("client_id, client_secret", "are required"),))
        case _:
            raise Refusal("unsupported_grant_type")
    client = call.credential("client", client_id)
    if client is None or not hmac.compare_digest(str(client.about["secret"]).encode(), secret.encode()):
        raise Refusal("invalid_client")
    if grant == "authorization_code":
        return _installed(call, client, asked)
    scopes = asked.get("scope", "").split() or sorted(client.scopes)
    for scope in scopes:
        if scope not in client.scopes:
            raise Refusal("invalid_scope", scope=scope)
    token, lifetime = call.token(), call.lifetime("access_token")
    call.grant("token", token, client_id, scopes=scopes, seconds=lifetime)
    told = {"access_token": token, "token_type": "Bearer", "expires_in": int(lifetime or 0), "scope": " ".join(scopes)}
    return Reply(200, told, {"Cache-Control": "no-store"})


def _installed(call: Call, client: Credential, asked: dict[str, Any]) -> Reply:
    """A code is good once, for its app and for the very redirect URI it was sent to."""
    presented = asked.get("code", "")
    code = call.credential("code", presented)
    good = code is not None and code.subject == client.subject and call.now < (code.expires or 0)
    if code is None or not good or asked.get("redirect_uri") != code.about["redirect_uri"]:
        raise Refusal("invalid_grant")
    call.revoke("code", presented)
    letters = call.token()
    token = "-".join((letters[:8], letters[8:12], letters[12:16], letters[16:20], letters[20:]))
    call.grant("token", token, client.subject, scopes=code.scopes, seconds=call.lifetime("installed_token"))
    told = {"access_token": token, "token_type": "bearer", "scope": " ".join(sorted(code.scopes))}
    return Reply(200, told, {"Cache-Control": "no-store"})


def _client_of(call: Call, asked: dict[str, Any]) -> tuple[str, str]:
    """Id and secret out of the form, or out of HTTP Basic (dossier 4.3, A3)."""
    basic = call.request.header(b"authorization") or ""
    if basic[:6].lower() != "basic ":
        return asked.get("client_id", ""), asked.get("client_secret", "")
    try:
        client_id, _, secret = b64decode(basic[6:], validate=True).decode().partition(":")
    except ValueError:
        return "", ""
    return client_id, secret


@fake.tenant
def make_tenant(work: Work) -> dict[str, str]:
    """The default world's credentials are the very words the guide prints, so that its requests work as they stand.
    The vendor's app has the same key and secret, and its own sales channel is there from the beginning."""
    fixed = work.world.fixed_credentials
    client_id = "YOUR_CLIENT_ID" if fixed else work.token(letters=20)
    secret = "YOUR_CLIENT_SECRET" if fixed else work.token(letters=40)
    token = "YOUR_ACCESS_TOKEN" if fixed else work.token()
    work.grant("client", client_id, client_id, scopes=SCOPES, standing=True, secret=secret)
    work.grant("token", token, client_id, scopes=SCOPES, standing=True)
    number = own_channel(work)
    work.collection("channel").add({"id": str(number), "name": "Web", "type": "CUSTOM", "active": True})
    work.collection("provider").add_many(
        {"id": str(id), "name": name, "carrier_id": id, "active": True} for id, name in PROVIDERS.items()
    )
    return {
        "client_id": client_id,
        "client_secret": secret,
        "access_token": token,
        "sales_channel_id": str(number),
    }
