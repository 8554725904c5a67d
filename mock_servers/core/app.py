"""One vendor's server: a request in, an answer out, in the steps of `VendorApp.handle`.

It is synchronous and knows no HTTP server; `asgi.py` and `transport.py` put it behind one. FastAPI never speaks in the
vendor's name: every refusal here is the vendor's own, out of its profile.
"""

import logging
import traceback
from base64 import b64decode
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qsl

from contracts.contract import Contract, Operation
from contracts.profile import Auth, Basic, Bearer, HeaderToken, OAuth1, QueryCost, RateLimit, SurfaceProfile
from mock_servers.core import oauth1
from mock_servers.core.bodies import CONTENT_TYPE, JSON, Bodies
from mock_servers.core.checks import Checks, member_names
from mock_servers.core.clock import http_date
from mock_servers.core.credentials import Credential, digest
from mock_servers.core.fake import Call, Fake
from mock_servers.core.faults import Fault
from mock_servers.core.journal import SECRET_IN_REPLY
from mock_servers.core.paging import resumed
from mock_servers.core.refusal import ContractBroken, Refusal
from mock_servers.core.refusals import refusal_answer
from mock_servers.core.rendering import Rendering
from mock_servers.core.routes import Routes
from mock_servers.core.store import decode, encode
from mock_servers.core.throttle import Limit, headers_of, struck
from mock_servers.core.wire import Answer, Fate, RawHeaders, Reply, Request, header_line
from mock_servers.core.world import World, Worlds

log = logging.getLogger("seatrial")


class VendorApp:
    """Everything one vendor answers, in every world."""

    def __init__(self, fake: Fake, worlds: Worlds) -> None:
        self.fake = fake
        self.worlds = worlds
        self.contract = fake.contract
        self.checks = Checks(self.contract)
        self._bodies = Bodies(self.contract, self.checks)
        self._rendering = Rendering(fake, self.checks)
        surfaces = self.contract.surfaces.items()
        self.routes = Routes(
            self.contract.operations.values(),
            any_case={name for name, surface in surfaces if surface.profile.paths == "any_case"},
        )
        self._surface_by_prefix = _prefixes(self.contract.operations.values())
        self._secrets_in = {
            name: [(scheme, _secret_in(scheme, fake)) for scheme in surface.profile.auth]
            for name, surface in self.contract.surfaces.items()
        }
        self._guarded = {each.id for each in self.contract.operations.values() if _tells_secrets(self.contract, each)}

    def handle(self, request: Request) -> Answer:
        """Answer one request. Never raises; what the fake did not expect is the vendor's own 500, and is journalled."""
        try:
            return self._answered(request)
        except Exception as error:
            return self._fallen(request, error)

    def _answered(self, request: Request, struck: Fault | None = None) -> Answer:
        """`struck` is a fault that this request has met already, and is spared from now on."""
        if self.fake.understands is not None:
            request = self.fake.understands(request)
        operation, found = self.routes.find(request.method, request.path)
        name = operation.surface if operation else self._surface_of(request.path)
        surface = self.contract.surfaces[name].profile
        presented, scheme = self._presented(name, request)
        caller = self.worlds.directory.of_digest(self.fake.vendor, presented)
        world = self.worlds.of(caller or self._tenant(operation, request, found))
        world.catch_up()
        now = world.clock.now()
        names = self._names(operation, request)
        fault = struck
        if fault is None and world.faults.plans:
            fault = world.faults.strike(self.fake.vendor, names)
            if fault is not None and fault.kind == "repeat":
                return self._repeated(request, fault)
        rule = ""
        headers: RawHeaders = []
        surfaces: RawHeaders = []
        try:
            surfaces = self._surface_headers(world, operation, request, surface, now)
            if fault is not None and fault is not struck:
                self._before(world, fault, operation, request, surface, presented)
                caller = self.worlds.directory.of_digest(self.fake.vendor, presented)
            if operation is None:
                raise _unrouted(request, found)
            call = Call(world, self.fake, now, operation, request, surface)
            call.path = found  # type: ignore[assignment]
            headers = call.reply_headers
            call.scheme = scheme
            self._admit(call, surface, presented, caller)
            reply = self._perform(call, surface)
            status, body = reply.status, self._rendering.rendered(call, reply)
            more = self._reply_headers(call, reply, body)
            world.finish(call)
            headers += more
        except Refusal as refusal:
            world.store.rollback()
            if refusal.code in surface.errors.known:
                rule = refusal.code
                status, more, body = refusal_answer(surface.errors, refusal)
            else:
                unknown = ContractBroken(f"the profile knows no refusal {refusal.code!r}")
                rule, status, more, body = self._broke(surface, unknown, request)
            headers += more
        except _Silenced as silenced:
            self._keep(world, now, names, request, 0, "", fault, [], b"")
            return Answer(0, [], b"", silenced.fate)
        except Exception as error:
            world.store.rollback()
            rule, status, more, body = self._broke(surface, error, request)
            headers += more
        headers += surfaces
        headers.append((b"date", http_date(int(now)).encode()))
        self._keep(world, now, names, request, status, rule, fault, headers, body)
        return Answer(status, headers, body, _fate_after(fault))

    def _fallen(self, request: Request, error: Exception) -> Answer:
        """Something broke before it was known what is asked, or by whom."""
        surface = self.contract.surfaces[self._surface_of(request.path)].profile
        rule, status, headers, body = self._broke(surface, error, request)
        world = self.worlds.default
        self._keep(world, world.clock.now(), ("",), request, status, rule, None, headers, body)
        return Answer(status, headers, body)

    # Who is asking, and in which world

    def _presented(self, surface: str, request: Request) -> tuple[str, Auth | None]:
        """The digest of the token the request presents, and by which scheme of its surface; empty for none."""
        for scheme, secret_in in self._secrets_in[surface]:
            secret = secret_in(request)
            if secret:
                return digest("token", secret), scheme
        return "", None

    def _tenant(self, operation: Operation | None, request: Request, found: Any) -> Credential | None:
        """Whose account is meant where no token says so: by the path, by the client id of a grant, else by the host
        name."""
        if operation is not None and operation.account:
            named: str = found[operation.account]
            return self.worlds.directory.find(self.fake.vendor, "tenant", named.lower())
        if operation is not None and operation.scopes is None:
            for client in _client_ids(request):
                known = self.worlds.directory.find(self.fake.vendor, "client", client)
                if known is not None:
                    return known
        return self.worlds.directory.find(self.fake.vendor, "tenant", request.host)

    def _admit(self, call: Call, surface: SurfaceProfile, presented: str, caller: Credential | None) -> None:
        """Throttle and authenticate, in the vendor's order."""
        call.token_digest = presented
        for step in surface.admission:
            if step == "authenticate":
                self._authenticate(call, presented, caller)
            else:
                self._throttle(call, surface, caller)

    def _authenticate(self, call: Call, presented: str, caller: Credential | None) -> None:
        needed = call.operation.scopes
        if needed is None:
            return
        if not presented or not _is_heeded(call):
            raise Refusal("unauthenticated")
        if isinstance(call.scheme, OAuth1):
            oauth1.check(call, call.scheme, caller)
        if caller is None or caller.world != call.world.name:
            if self.fake.turns_away is not None:
                self.fake.turns_away(call)
            raise Refusal("invalid_token")
        if caller.expires is not None and call.now >= caller.expires:
            raise Refusal("expired_token")
        rule = call.surface.account
        if rule is not None and call.path.get(rule.parameter, "").lower() != caller.about[rule.credential].lower():
            raise Refusal(rule.refusal, account=call.path.get(rule.parameter, ""))
        implied = call.surface.implied_scopes
        for scope in needed:
            if scope not in caller.scopes and not (implied and implied.granted_by(scope) in caller.scopes):
                raise Refusal("missing_scope", scope=scope, granted=" ".join(sorted(caller.scopes)))
        call.caller = caller

    def _throttle(self, call: Call, surface: SurfaceProfile, caller: Credential | None) -> None:
        rule = surface.rate_limits.get(call.operation.rate_limit)
        if rule is None or isinstance(rule, QueryCost):
            return
        limit = self._limit(call, rule, caller)
        try:
            limit.take(call.now)
        except Refusal:
            call.reply_headers += headers_of(rule.refusal_headers, limit.words(call.now))
            raise
        finally:
            if rule.headers:
                call.reply_headers += headers_of(rule.headers, limit.words(call.now))

    def points(self, call: Call) -> Limit:
        """The purse of the caller, for behaviours that charge by cost."""
        rule = self.contract.profile.surfaces[call.operation.surface].rate_limits[call.operation.rate_limit]
        return self._limit(call, rule, call.caller)

    def _limit(self, call: Call, rule: RateLimit, caller: Credential | None) -> Limit:
        """The limit that counts this caller. A world may have other numbers: the setting `limit.<name>`."""
        who = call.token_digest if rule.per == "token" else caller.subject if caller else ""
        operation, limits = call.operation, call.world.limits
        alone = not isinstance(rule, QueryCost) and rule.each == "operation"
        counted = operation.id if alone else operation.rate_limit
        key = (self.fake.vendor, operation.surface, counted, who)
        return limits.get(key) or limits.add(key, rule, call.setting(f"limit.{operation.rate_limit}"))

    # What is done

    def _perform(self, call: Call, surface: SurfaceProfile) -> Reply:
        operation = call.operation
        behaviour = self.fake.operations.get(operation.id)
        if behaviour is None:
            return _unbuilt(operation)
        fields = (self.fake.reads_query or Request.fields)(call.request) if call.request.query else []
        if "%00" in call.request.query:
            raise Refusal("invalid_query", details=(("query", "holds a NUL character"),))
        call.query = self.checks.query(operation, fields)
        if call.query and (carried := resumed(call, fields)) is not None:
            call.query = self.checks.query(operation, carried)
        if operation.bodies:
            call.body = self._bodies.read(call)
        elif call.request.too_large:
            raise Refusal("body_too_large", limit=surface.body.size_maximum)
        return behaviour(call)

    def _reply_headers(self, call: Call, reply: Reply, body: bytes) -> RawHeaders:
        headers: RawHeaders = []
        if body or reply.content_type:
            headers.append((CONTENT_TYPE, (reply.content_type or self._json_type(call)).encode()))
        if reply.headers:
            headers += [header_line(name, value) for name, value in reply.headers.items()]
        return headers

    def _json_type(self, call: Call) -> str:
        return self.contract.profile.surfaces[call.operation.surface].errors.content_type

    def _surface_headers(
        self, world: World, operation: Operation | None, request: Request, surface: SurfaceProfile, now: float
    ) -> RawHeaders:
        if not self.fake.surface_headers:
            return []
        name = operation.surface if operation else self._surface_of(request.path)
        headers = self.fake.surface_headers.get(name)
        if headers is None:
            return []
        asked = operation or next(iter(self.contract.surfaces[name].operations))
        return [header_line(*line) for line in headers(Call(world, self.fake, now, asked, request, surface))]

    # What goes wrong, on purpose and otherwise

    def _names(self, operation: Operation | None, request: Request) -> tuple[str, ...]:
        if operation is None:
            return ("",)
        alias = self.fake.aliases.get(operation.id)
        return (operation.id, *alias(request)) if alias else (operation.id,)

    def _before(
        self,
        world: World,
        fault: Fault,
        operation: Operation | None,
        request: Request,
        surface: SurfaceProfile,
        presented: str,
    ) -> None:
        match fault.kind:
            case "refuse":
                raise Refusal(fault.error or "unavailable", retry_after_seconds=max(1, round(fault.seconds)))
            case "throttle":
                raise _throttled(surface.rate_limits.get(operation.rate_limit if operation else ""), world, fault)
            case "revoke" if presented:
                world.directory.revoke_digest(self.fake.vendor, presented)
            case "drop":
                raise _Silenced(Fate("lost"))
            case "late":
                world.late.append((world.clock.now() + fault.seconds, lambda: self._arrived(request, fault)))
                raise _Silenced(Fate("silent", fault.seconds))

    def _repeated(self, request: Request, fault: Fault) -> Answer:
        """The request arrives twice; other faults planned for it wait for the next call."""
        first = self._answered(request, fault)
        self._arrived(request, fault)
        return first

    def _arrived(self, request: Request, fault: Fault) -> None:
        """A request whose answer nobody hears."""
        try:
            self._answered(request, fault)
        except Exception as error:
            self._fallen(request, error)

    def _broke(self, surface: SurfaceProfile, error: Exception, request: Request) -> tuple[str, int, RawHeaders, bytes]:
        """Our mistake, not the caller's: loud in the log and the journal, and the vendor's own 500 on the wire."""
        where = next(iter(traceback.extract_tb(error.__traceback__)[-1:]), None)
        said = f"{type(error).__name__}: {error}" if isinstance(error, ContractBroken) else type(error).__name__
        line = f"{where.name}:{where.lineno}" if where else "an unknown line"
        log.error("%s broke on %s: %s at %s", self.fake.vendor, request.path, said, line)
        status, headers, body = refusal_answer(surface.errors, Refusal("internal_error"))
        return f"broke: {said}", status, [*headers, header_line("x-seatrial-broke", said[:500])], body

    def _keep(
        self,
        world: World,
        now: float,
        names: tuple[str, ...],
        request: Request,
        status: int,
        rule: str,
        fault: Fault | None,
        headers: RawHeaders,
        body: bytes,
    ) -> None:
        world.journal.keep(
            now,
            self.fake.vendor,
            names[-1],
            request.method,
            request.target,
            status,
            rule,
            fault.kind if fault else "",
            request.headers,
            request.body,
            headers,
            body,
            names[0] in self._guarded or not names[0],
        )

    def _surface_of(self, path: str) -> str:
        """The surface whose paths begin most like this one, else the profile's first: it is the one that says 404."""
        best = max(filter(path.startswith, self._surface_by_prefix), key=len, default="")
        return self._surface_by_prefix.get(best) or next(iter(self.contract.profile.surfaces))


def _secret_in(scheme: Auth, fake: Fake) -> Callable[[Request], str | None]:
    """What finds the secret that a request presents by a scheme."""
    match scheme:
        case Bearer():
            return lambda request: _after(b"bearer ", request)
        case Basic():
            place = scheme.header.lower().encode()
            return lambda request: _after(b"basic ", request, place)
        case HeaderToken():
            name = scheme.header.lower().encode()
            return lambda request: request.header(name)
        case OAuth1():
            return oauth1.presented
        case _:
            return lambda request: fake.schemes[scheme.name](request)


def _is_heeded(call: Call) -> bool:
    """A scheme that needs TLS is not looked at without. A world can be told that a proxy in front has it."""
    over = getattr(call.scheme, "over", "any")
    return over != "tls" or call.request.is_private or bool(call.setting("tls", default=False))


def _after(word: bytes, request: Request, header: bytes = b"authorization") -> str | None:
    text = request.header(header)
    return text[len(word) :].strip() if text and text[: len(word)].lower().encode() == word else None


class _Silenced(Exception):  # noqa: N818
    """Nobody answers."""

    def __init__(self, fate: Fate) -> None:
        super().__init__(fate.kind)
        self.fate = fate


def _fate_after(fault: Fault | None) -> Fate | None:
    match fault.kind if fault else None:
        case "lose":
            return Fate("lost")
        case "cut":
            return Fate("cut")
        case "delay":
            return Fate("held", fault.seconds if fault else 0)
    return None


def _throttled(rule: RateLimit | None, world: World, fault: Fault) -> Refusal:
    """The refusal that the vendor's own limit would have made."""
    seconds = max(1, round(fault.seconds))
    if rule is None:
        return Refusal("throttled", limit=0, used=0, remaining=0, reset_seconds=seconds, retry_after_seconds=seconds)
    words = struck(rule, world.clock.now(), seconds)
    lines = [*headers_of(rule.headers, words), *headers_of(rule.refusal_headers, words)]
    return Refusal("throttled", headers={name.decode(): value.decode() for name, value in lines}, **words)


def _unrouted(request: Request, allowed: Any) -> Refusal:
    if allowed:
        return Refusal("wrong_method", method=request.method, path=request.path, allow=", ".join(allowed))
    return Refusal("route_not_found", method=request.method, path=request.path)


def _unbuilt(operation: Operation) -> Reply:
    says = f"{operation.id} is in the contract but not built in this fake; nothing was done"
    return Reply(501, encode({"seatrial": {"unbuilt": operation.id, "message": says}}), content_type=JSON)


def _client_ids(request: Request) -> list[str]:
    """Where a grant may name its client: the body, the query, or Basic credentials."""
    found = [value for name, value in request.fields() if name == "client_id"]
    with suppress(RecursionError, ValueError):
        kind = (request.header(CONTENT_TYPE) or "").split(";", 1)[0].strip().lower()
        body = decode(request.body) if kind == JSON else dict(parse_qsl(request.body.decode("ascii")))
        if isinstance(body, dict) and isinstance(body.get("client_id"), str):
            found.append(body["client_id"])
    basic = request.header(b"authorization") or ""
    if basic[:6].lower() == "basic ":
        with suppress(ValueError):
            found.append(b64decode(basic[6:], validate=True).decode().split(":", 1)[0])
    return found


def _tells_secrets(contract: Contract, operation: Operation) -> bool:
    """Whether the journal has to look for secrets in what this operation answers, or is asked by strangers."""
    if operation.scopes is None:
        return True
    names = member_names(contract.schema(operation.surface, {"anyOf": [*operation.replies.values()]}))
    return any(SECRET_IN_REPLY.search(name) for name in names)


def _prefixes(operations: Iterable[Operation]) -> dict[str, str]:
    """The beginnings of paths, segment by segment up to the first free one, and whose they are."""
    prefixes: dict[str, str] = {}
    for operation in operations:
        segments = operation.path.split("{", 1)[0].split("/")
        for length in range(2, len(segments) + 1):
            prefixes.setdefault("/".join(segments[:length]), operation.surface)
    return prefixes
