"""Who calls the store, and what they mean to ask: keys, signatures, and what PHP and WordPress make of a request."""

import re
from base64 import b64decode, b64encode
from urllib.parse import parse_qsl, unquote, urlencode

from mock_servers.core import oauth1
from mock_servers.core.fake import Call, Work
from mock_servers.core.refusal import Refusal
from mock_servers.core.wire import Request
from mock_servers.woocommerce.behaviour.base import fake

SCOPES = ("read", "write")
PRINTED_KEY = "ck_0123456789abcdef0123456789abcdef01234567"
PRINTED_SECRET = "cs_0123456789abcdef0123456789abcdef01234567"  # noqa: S105 - printed for everybody, opens the fake only
PRINTED_SITE = "https://shop.example"
PRINTED_WEBHOOK_SECRET = "webhook-secret-of-the-store-owner"  # noqa: S105 - the same
OWNER = "webhooks-of-the-owner"
ITEM_OF = re.compile(r"([^\[\]]+)\[([^\[\]]*)\]\Z")
SAME_IN_V2 = re.compile(r"/wp-json/wc/v2/(orders|system_status|products|webhooks|customers|coupons)(?=/|\Z)")
ALIAS_OF_V1 = re.compile(r"/wp-json/wc/v1/(orders/[0-9]+/shipment-trackings)(?=/|\Z)")
"""A plugin's routes, registered under each version of core's (dossier §6b)."""
OVERRIDES = frozenset({"PUT", "PATCH", "DELETE"})


@fake.tenant
def make_tenant(work: Work) -> dict[str, str]:
    """A key that may read and write. The default world's is printed, so that nobody needs to make one.

    `access_token` is what HTTP Basic sends of the pair.
    """
    fixed = work.world.fixed_credentials
    key = PRINTED_KEY if fixed else work.token("ck_", 40)
    secret = PRINTED_SECRET if fixed else work.token("cs_", 40)
    site = PRINTED_SITE if fixed else f"https://{work.token('shop-', 12)}.example"
    webhooks = PRINTED_WEBHOOK_SECRET if fixed else work.token("", 40)
    grant_key(work, key, secret, standing=True)
    work.grant("client", OWNER, OWNER, standing=True, secret=webhooks)
    return {
        "consumer_key": key,
        "consumer_secret": secret,
        "access_token": pair(key, secret),
        "site_url": site,
        "webhook_secret": webhooks,
    }


def grant_key(work: Work, key: str, secret: str, *, scopes: tuple[str, ...] = SCOPES, standing: bool = False) -> None:
    """Let a pair in by every way it can be shown."""
    work.grant("client", key, key, scopes=scopes, standing=standing, secret=secret)
    work.grant("token", pair(key, secret), key, scopes=scopes, standing=standing)
    work.grant("token", oauth1.handle(key), key, scopes=scopes, standing=standing, secret=secret)


def pair(key: str, secret: str) -> str:
    return b64encode(f"{key}:{secret}".encode()).decode()


@fake.identify("query_pair")
def pair_in_query(request: Request) -> str | None:
    """Some hosts strip the Authorization header (dossier §2.2)."""
    given = dict(request.came_as.fields())
    key, secret = given.get("consumer_key"), given.get("consumer_secret")
    return pair(key, secret) if key and secret else None


@fake.stranger
def turn_away(call: Call) -> None:
    """A key that is known with another secret is told so; an unknown one is nobody, and goes on as such."""
    key = _key_shown(call.request.came_as)
    if key and call.world.directory.find(call.vendor, "client", key) is not None:
        raise Refusal("consumer_secret_wrong")


def _key_shown(request: Request) -> str:
    basic = request.header(b"authorization") or ""
    if basic[:6].lower() != "basic ":
        return dict(request.fields()).get("consumer_key", "")
    try:
        return b64decode(basic[6:].strip(), validate=True).decode().partition(":")[0]
    except ValueError:
        return ""


# What a request means


@fake.understand
def understand(request: Request) -> Request:
    """Plain permalinks, a slash at the end, another method by `_method` or a header, and v2 where it is the same."""
    method, path, query = request.method, request.path, request.query
    if "rest_route=" in query and path in {"/", "/index.php", ""}:
        pairs = parse_qsl(query, keep_blank_values=True)
        path = "/wp-json" + dict(pairs)["rest_route"]
        query = urlencode([each for each in pairs if each[0] != "rest_route"])
    if len(path) > 1:
        path = path.rstrip("/")
    if path.startswith("/wp-json/wc/v2/"):
        path = SAME_IN_V2.sub(r"/wp-json/wc/v3/\1", path)
    path = ALIAS_OF_V1.sub(r"/wp-json/wc/v3/\1", path)
    if method == "POST":
        method = _override(request) or method
    if (method, path, query) == (request.method, request.path, request.query):
        return request
    return request.meaning(method, path, query)


def _override(request: Request) -> str:
    wanted = request.header(b"x-http-method-override") or ""
    if "_method=" in request.query:
        wanted = dict(request.fields()).get("_method", wanted)
    return wanted.upper() if wanted.upper() in OVERRIDES else ""


@fake.query
def query_of(request: Request) -> list[tuple[str, str]]:
    """The query as PHP reads it, its arrays under their plain names."""
    return [(ITEM_OF.sub(r"\1", name), value) for name, value in signed_query(request)]


@fake.signed_query
def signed_query(request: Request) -> list[tuple[str, str]]:
    """Of a name that comes twice PHP keeps the last value; `status[]` counts on. Official clients do send names twice:
    once in what they signed, and once more by their HTTP library (dossier §2.3)."""
    kept: dict[str, str] = {}
    counts: dict[str, int] = {}
    for name, value in request.fields():
        if "%5B" in name or "%5b" in name:
            name = unquote(name)
        found = ITEM_OF.fullmatch(name)
        if found and not found[2]:
            number = counts.get(found[1], 0)
            counts[found[1]] = number + 1
            name = f"{found[1]}[{number}]"
        kept[name] = value
    return list(kept.items())
