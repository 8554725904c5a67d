"""Who may call: a client's id and secret by HTTP Basic, a user's login in the body, and roles."""

import hmac
from base64 import b64decode

from mock_servers.core.fake import Call, Work
from mock_servers.core.refusal import Refusal
from mock_servers.core.wire import Reply
from mock_servers.extensiv_warehouse_manager.behaviour.base import fake

ROLES = (
    "CustomerView",
    "FacilityView",
    "InventoryDetailView",
    "InventoryRead",
    "ItemEdit",
    "ItemView",
    "OrderConfirm",
    "OrderEdit",
    "OrderImport",
    "OrderView",
    "OrderWrite",
    "PoView",
    "ReadPropertiesThirdParty",
    "ReceiverEdit",
    "ReceiverView",
    "InventoryEdit",
    "CustomerEdit",
    "PoEdit",
)
"""Roles of a new key: OrderConfirm too, which the vendor's usual set leaves out, so that everything can be tried."""


@fake.operation("issueToken")
def issue_token(call: Call) -> Reply:
    client_id, secret = _client_of(call)
    client = call.credential("client", client_id) if client_id else None
    if client is None or "login" not in client.about:
        raise Refusal("invalid_client")
    if not hmac.compare_digest(str(client.about["secret"]).encode(), secret.encode("utf-8", "surrogatepass")):
        raise Refusal("invalid_client")
    if call.body["grant_type"] != "client_credentials":
        raise Refusal("unsupported_grant_type")
    if not call.body.get("user_login") and not call.body.get("user_login_id"):
        raise Refusal("missing_login")

    token, lifetime = call.token(), call.lifetime("access_token")
    call.grant("token", token, client_id, scopes=client.scopes, seconds=lifetime)
    answer = {
        "access_token": token,
        "token_type": "Bearer",
        "expires_in": int(lifetime or 0),
        "refresh_token": None,
        "scope": None,
    }
    return Reply(200, answer)


def _client_of(call: Call) -> tuple[str, str]:
    basic = call.request.header(b"authorization") or ""
    if basic[:6].lower() != "basic ":
        return "", ""
    try:
        client_id, _, secret = b64decode(basic[6:], validate=True).decode().partition(":")
    except ValueError:
        return "", ""
    return client_id, secret


@fake.tenant
def make_tenant(work: Work) -> dict[str, str]:
    """A key for one customer and one facility. The key that signs events has a name of its own, and opens nothing."""
    fixed = work.world.fixed_credentials
    client_id = "wm-client-id" if fixed else work.token(letters=32)
    secret = "wm-client-secret" if fixed else work.token(letters=40)
    token = "wm-access-token" if fixed else work.token()
    work.grant("client", client_id, client_id, scopes=ROLES, standing=True, secret=secret, login="12")
    work.grant("token", token, client_id, scopes=ROLES, standing=True)
    signer = "wm-events" if fixed else work.token(letters=32)
    signing = "wm-signing" if fixed else work.token(letters=40)
    work.grant("client", signer, signer, standing=True, secret=signing)
    return {
        "client_id": client_id,
        "client_secret": secret,
        "access_token": token,
        "user_login": "api@example.com",
        "user_login_id": "12",
        "tpl": "{6fdbd5a8-4d1c-4f2b-9d2c-3c1d8f0b6a11}",
        "customer_id": "4",
        "facility_id": "1",
    }


def signer_of(work: Work) -> str:
    """The client in whose secret the world's signing key is kept."""
    clients = work.world.directory.of(work.world.name, work.vendor, "client")
    return next(each.subject for each in clients if "login" not in each.about)
