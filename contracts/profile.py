"""The vocabulary of `profile.yaml`: what surrounds a vendor's endpoints, one frozen class per `kind`.

A profile has one entry per surface; a surface is one `<name>.openapi.yaml` beside it. Whatever is stated here carries
its evidence. What is truly one vendor's own is a function in that vendor's folder, registered on its `Fake`.
"""

from typing import Any, Literal

import msgspec
from msgspec import Struct

from contracts.evidence import Evidence


class Rule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Anything a profile states; it carries its evidence."""

    evidence: Evidence


# Who is calling ------------------------------------------------------------------------------------------------------


class Bearer(Rule, frozen=True, tag="bearer", tag_field="kind"):
    """`Authorization: Bearer <token>`."""


class HeaderToken(Rule, frozen=True, tag="header_token", tag_field="kind"):
    """The token alone in a header of the vendor's own, such as `X-Harbor-Key`."""

    header: str


class Basic(Rule, frozen=True, tag="basic", tag_field="kind"):
    """`Authorization: Basic base64(user:password)`, or the same in a header of the vendor's own.

    `over` tls: in the clear it is not looked at.
    """

    header: str = "Authorization"
    over: Literal["any", "tls"] = "any"


class OAuth1(Rule, frozen=True, tag="oauth1", tag_field="kind"):
    """OAuth 1.0a, one-legged (RFC 5849 without a token): each request is signed with the consumer's secret.

    `window_seconds` is how far a timestamp may be off, and how long a nonce is remembered.
    """

    methods: tuple[Literal["HMAC-SHA1", "HMAC-SHA256"], ...] = ("HMAC-SHA1",)
    window_seconds: float = 300.0
    over: Literal["any"] = "any"


class OwnScheme(Rule, frozen=True, tag="own", tag_field="kind"):
    """A scheme only this vendor has: the function its `Fake` registered with `@fake.identify("<name>")`."""

    name: str
    over: Literal["any", "tls"] = "any"


Auth = Bearer | HeaderToken | Basic | OAuth1 | OwnScheme

# How lists are walked ------------------------------------------------------------------------------------------------


class PageNumber(Rule, frozen=True, tag="page_number", tag_field="kind"):
    """`?page=2&size=50`. `envelope` names the members with the rows and the counts; empty = a bare array.

    An empty `size` is a page whose size nobody can choose: `size_default` it is. A count named `page.total` is the
    member `total` of the member `page`; `envelope_constants` are members that always say the same.

    `headers` names the headers that tell the counts (`total`, `pages`); `links`: `Link` has prev and next. `offset` is
    a parameter that says where to begin instead of a page. `newest_first`: rows that arrive push others to later pages.
    """

    page: str
    size: str
    size_default: int
    size_maximum: int
    first: int = 1
    over_maximum: Literal["refuse", "clamp"] = "refuse"
    past_the_end: Literal["empty", "not_found", "invalid_query"] = "empty"
    envelope: dict[str, str] = {}
    envelope_constants: dict[str, Any] = {}
    headers: dict[str, str] = {}
    links: bool = False
    offset: str = ""
    newest_first: bool = False


class GraphqlConnection(Rule, frozen=True, tag="graphql_connection", tag_field="kind"):
    """`first`/`after`, `last`/`before`; at most `size_maximum` at once and `walk_maximum` in all."""

    size_maximum: int
    walk_maximum: int | None = None


class LinkHeader(Rule, frozen=True, tag="link_header", tag_field="kind"):
    """`Link: <…>; rel="next"` with an opaque `cursor` parameter.

    `beside` are the parameters that may stand beside the cursor, where it carries every other one of the walk's first
    request: anything else there is refused with `beside_cursor`. null = the vendor's own functions read the cursor.
    """

    cursor: str
    size: str
    size_default: int
    size_maximum: int
    over_maximum: Literal["refuse", "clamp"] = "refuse"
    beside: tuple[str, ...] | None = None


Pagination = PageNumber | GraphqlConnection | LinkHeader

# How fast one may call -----------------------------------------------------------------------------------------------

# Header values are templates over: limit, used, remaining, retry_after_seconds, retry_after_millis, reset_seconds, and
# reset_epoch_seconds where a window ends at a moment. `each`: whether the operations that name a limit share it, or
# each of them has it to itself.


class FixedWindow(Rule, frozen=True, tag="fixed_window", tag_field="kind"):
    """`limit` calls per window, the window starting with its first call."""

    limit: int
    window_seconds: float
    per: Literal["token", "client"] = "client"
    each: Literal["surface", "operation"] = "surface"
    headers: dict[str, str] = {}
    refusal_headers: dict[str, str] = {}


class LeakyBucket(Rule, frozen=True, tag="leaky_bucket", tag_field="kind"):
    """A bucket of `limit` calls that leaks `leak_per_second`."""

    limit: int
    leak_per_second: float
    per: Literal["token", "client"] = "client"
    each: Literal["surface", "operation"] = "surface"
    headers: dict[str, str] = {}
    refusal_headers: dict[str, str] = {}


class QueryCost(Rule, frozen=True, tag="query_cost", tag_field="kind"):
    """A bucket of points; a query's requested cost must fit before it runs, and what it did not use comes back."""

    maximum: float
    restore_per_second: float
    single_maximum: int
    per: Literal["token", "client"] = "client"
    headers: dict[str, str] = {}
    refusal_headers: dict[str, str] = {}


RateLimit = FixedWindow | LeakyBucket | QueryCost

# What a refusal looks like -------------------------------------------------------------------------------------------


class KnownError(Struct, frozen=True, forbid_unknown_fields=True):
    """One refusal: its status, words and headers. `body` replaces the surface's usual error body."""

    status: int
    message: str = ""
    headers: dict[str, str] = {}
    body: Any = msgspec.UNSET
    detail: Any = None
    evidence: Evidence | None = None


class Errors(Rule, frozen=True):
    """The usual error body as a template over `{code}`, `{message}`, `{details}`, and every refusal by name.

    `detail` is the template of one entry of `{details}`, over `{field}` and `{message}`; `{details_by_field}` is the
    same as an object, field → list of entries, and `{detail_by_field}` one of field → its first entry. A word that is
    all of a value may be what is no text, such as `{status}` or `{field_names}`. The names in `NEEDED` are what the
    machine itself may have to say; `missing_member`, where there is one, stands for an `invalid_body` that only lacks
    something. A vendor adds its own.
    """

    body: Any
    known: dict[str, KnownError]
    detail: Any = "{message}"
    content_type: str = "application/json"


NEEDED = frozenset(
    {
        "route_not_found",
        "wrong_method",
        "malformed_body",
        "unsupported_media_type",
        "body_too_large",
        "invalid_query",
        "invalid_body",
        "unauthenticated",
        "invalid_token",
        "expired_token",
        "missing_scope",
        "throttled",
        "unavailable",
        "internal_error",
    }
)
"""Refusals the machine makes in the vendor's name; every surface says how they look there."""


class Unknown(Rule, frozen=True):
    """What happens to query parameters and body members the contract does not name."""

    query: Literal["ignore", "refuse"]
    body: Literal["ignore", "refuse"]


class Body(Rule, frozen=True):
    """How a body is read. `missing_type`: what a body without a Content-Type is taken for, or refused when null.

    `empty`: what no body at all is, where one is expected: read as any other, or an object without members.
    `members`: whether their names have to be spelled as documented, or may be in any case.
    """

    size_maximum: int
    missing_type: str | None = "application/json"
    empty: Literal["as_it_is", "object"] = "as_it_is"
    members: Literal["exact", "any_case"] = "exact"


class Dialects(Rule, frozen=True):
    """Content types a surface answers in, chosen by `Accept`. The documents describe the usual one; each other is made
    from it by the function of this name that the vendor's `Fake` registered with `@fake.dialect`."""

    usual: str
    others: dict[str, str]


class EntityTags(Rule, frozen=True):
    """`ETag` on what is read alone, `If-Match` on what is changed; weak ones are compared weakly (RFC 9110, 8.8.3)."""

    weak: bool


class AccountInPath(Rule, frozen=True):
    """Every path names the caller's account: by which parameter, and under which name it is among the credentials.

    Whoever names another's is refused with `refusal`, a name of the profile's known errors.
    """

    parameter: str
    credential: str
    refusal: str


class ImpliedScopes(Rule, frozen=True):
    """A scope that begins with `prefix` (`write_`) grants the one that begins with `implies` (`read_`) as well."""

    prefix: str
    implies: str

    def granted_by(self, scope: str) -> str:
        """The other scope that would do for this one; empty when there is none."""
        return self.prefix + scope.removeprefix(self.implies) if scope.startswith(self.implies) else ""


class SurfaceProfile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What surrounds the endpoints of one surface."""

    title: str
    auth: tuple[Auth, ...]
    errors: Errors
    unknown: Unknown
    body: Body
    pagination: dict[str, Pagination] = {}
    rate_limits: dict[str, RateLimit] = {}
    dialects: Dialects | None = None
    etags: EntityTags | None = None
    admission: tuple[Literal["throttle", "authenticate"], ...] = ("authenticate", "throttle")
    """The vendor's order: who is counted before being known, and who is known before being counted."""
    account: AccountInPath | None = None
    implied_scopes: ImpliedScopes | None = None
    paths: Literal["exact", "any_case"] = "exact"
    """Whether the fixed parts of a path may be written in any case."""


# What the vendor tells others ----------------------------------------------------------------------------------------


class Signature(Rule, frozen=True):
    """Over the raw body: a MAC keyed with the subscriber's secret, or RSA (PKCS #1 v1.5) with the vendor's own key."""

    header: str
    algorithm: Literal["hmac_sha256", "hmac_sha1", "rsa_sha256"] = "hmac_sha256"
    encoding: Literal["base64", "hex", "hex_upper"] = "base64"
    prefix: str = ""


class Retries(Rule, frozen=True):
    """Seconds between one failed attempt and the next; when they are used up the event is given up.

    `also_received` are statuses beside 2xx that the vendor takes for well received.
    """

    after_seconds: tuple[float, ...]
    connect_timeout_seconds: float
    timeout_seconds: float
    final_statuses: tuple[int, ...] = ()
    """Answers after which there is no further attempt, though they are failures."""
    also_received: tuple[int, ...] = ()


class GiveUp(Rule, frozen=True):
    """What becomes of a subscription after so many failed attempts in a row."""

    consecutive_failures: int
    then: Literal["remove", "disable", "keep"]


class Webhooks(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The webhook contract around its topics and payloads."""

    retries: Retries
    signature: Signature | None = None
    give_up: GiveUp | None = None


# Versions, time ------------------------------------------------------------------------------------------------------


class Versions(Rule, frozen=True):
    """Versions served, oldest first. An older one is answered with the oldest, an unknown one as `unknown` says."""

    served: tuple[str, ...]
    current: str
    header: str = ""
    retired: Literal["oldest", "refuse"] = "oldest"
    unknown: Literal["not_found", "oldest"] = "not_found"


class Stamps(Rule, frozen=True):
    """How the vendor writes a moment. `iso_local_millis` is the time in `zone` with its offset, at most three decimals
    and no trailing zeros."""

    kind: Literal["iso_utc_seconds", "iso_utc_millis", "iso_local_millis", "iso_naive_seconds"]
    """`iso_naive_seconds` is UTC that does not say so."""
    zone: str = "UTC"


class Profile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One vendor, around its endpoints. `hosts` are its real host names, `*` standing for a tenant's label."""

    title: str
    hosts: tuple[str, ...]
    stamps: Stamps
    surfaces: dict[str, SurfaceProfile]
    webhooks: Webhooks | None = None
    versions: Versions | None = None
    lifetimes_seconds: dict[str, "Lifetime"] = {}
    facts: dict[str, "Fact"] = {}
    """A vendor's own numbers and rules, read by its own functions."""


class Lifetime(Rule, frozen=True):
    """How long a credential of some sort lives; null = for ever."""

    seconds: float | None


class Fact(Rule, frozen=True):
    """A vendor's own constant or rule in words."""

    value: Any
