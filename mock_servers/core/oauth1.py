"""OAuth 1.0a without a token (RFC 5849): who signed a request, and whether it was signed, lately, and only once.

Refuses with `oauth_parameter_missing`, `oauth_key_unknown`, `oauth_method_unsupported`, `oauth_signature_wrong`,
`oauth_timestamp_stale` or `oauth_nonce_used`; a profile that names this scheme knows them all.
"""

import base64
import hashlib
import hmac
import re
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from contracts.profile import OAuth1
from mock_servers.core.credentials import Credential
from mock_servers.core.refusal import Refusal
from mock_servers.core.wire import Request

if TYPE_CHECKING:
    from mock_servers.core.fake import Call

NAMES = ("oauth_consumer_key", "oauth_timestamp", "oauth_nonce", "oauth_signature", "oauth_signature_method")
HEADER = re.compile(r'([a-z_]+)="([^"]*)"')
DIGESTS = {"HMAC-SHA1": hashlib.sha1, "HMAC-SHA256": hashlib.sha256}
NONCES_MAXIMUM = 100_000
Fields = list[tuple[str, str]]


def handle(consumer_key: str) -> str:
    """What a consumer's credential is granted under: a key alone opens nothing, its signature does."""
    return f"oauth1:{consumer_key}"


def presented(request: Request) -> str | None:
    """The handle of the consumer who says that they signed; None where nothing is signed."""
    given = parameters(request)
    return handle(given.get("oauth_consumer_key", "")) if given else None


def parameters(request: Request) -> dict[str, str]:
    """The protocol's own parameters, from the Authorization header or the query (RFC 5849 section 3.5)."""
    header = request.header(b"authorization") or ""
    if header[:6].lower() == "oauth ":
        return {name: unquote(value) for name, value in HEADER.findall(header) if name.startswith("oauth_")}
    if "oauth_" not in request.query:
        return {}
    return {name: value for name, value in request.came_as.fields() if name.startswith("oauth_")}


def base_string(method: str, url: str, fields: Fields) -> str:
    """What is signed (RFC 5849 section 3.4.1): the method, the address without its query, the sorted parameters."""
    pairs = sorted((encoded(name), encoded(value)) for name, value in fields if name != "oauth_signature")
    joined = "&".join(f"{name}={value}" for name, value in pairs)
    return "&".join((method.upper(), encoded(url), encoded(joined)))


def signature(method: str, secret: str, text: str) -> str:
    """The signature of a base string with a consumer's secret and no token's."""
    key = f"{encoded(secret)}&".encode()
    return base64.b64encode(hmac.new(key, text.encode(), DIGESTS[method]).digest()).decode()


def encoded(text: str) -> str:
    """RFC 5849 section 3.6: all but letters, digits and `-._~`."""
    return quote(text, safe="-._~")


def check(call: "Call", rule: OAuth1, caller: Credential | None) -> None:
    """Hold a signed request against the consumer's secret, the clock and what was seen. Raises Refusal."""
    request = call.request.came_as
    given = parameters(request)
    missing = [name for name in NAMES if not given.get(name)]
    if missing:
        raise Refusal("oauth_parameter_missing", names=", ".join(missing))
    if caller is None:
        raise Refusal("oauth_key_unknown")
    if given["oauth_signature_method"] not in rule.methods:
        raise Refusal("oauth_method_unsupported")
    asked = (call.fake.signed_fields or Request.fields)(request)
    fields = [pair for pair in asked if not pair[0].startswith("oauth_")] + list(given.items())
    text = base_string(request.method, f"{_public_url(call)}{request.path}", fields)
    wanted = signature(given["oauth_signature_method"], str(caller.about["secret"]), text)
    if not hmac.compare_digest(wanted.encode(), given["oauth_signature"].encode("utf-8", "replace")):
        raise Refusal("oauth_signature_wrong")
    stamp = given["oauth_timestamp"]
    if not re.fullmatch(r"[0-9]{1,12}", stamp) or abs(call.now - int(stamp)) > rule.window_seconds:
        raise Refusal("oauth_timestamp_stale")
    if not call.world.nonces.is_new(f"{caller.subject}:{given['oauth_nonce']}", call.now, rule.window_seconds):
        raise Refusal("oauth_nonce_used")


def _public_url(call: "Call") -> str:
    """Scheme, host and port as the caller sees them; a port that goes without saying is left out."""
    scheme = "https" if call.request.is_private else call.request.scheme
    host = call.request.header(b"host") or "localhost"
    return f"{scheme}://{host.removesuffix(':443' if scheme == 'https' else ':80')}"


class Nonces:
    """What was seen of late, in one world. A request that is refused afterwards has used its nonce all the same."""

    def __init__(self) -> None:
        self._seen: dict[str, float] = {}

    def is_new(self, nonce: str, now: float, window_seconds: float) -> bool:
        """Whether it was not seen within the window; it has been from now on."""
        seen = self._seen.pop(nonce, None)
        self._seen[nonce] = now
        while len(self._seen) > NONCES_MAXIMUM:
            del self._seen[next(iter(self._seen))]
        return seen is None or now - seen > window_seconds

    def clear(self) -> None:
        """Nothing was seen."""
        self._seen.clear()
