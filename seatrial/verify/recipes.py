"""From an operation of the contract to a request that it should understand: paths, queries and bodies.

What has to name something real (an id in a path, a SKU in a body) is taken from the lists of the same surface; what has
to be new gets words of its own. Nothing is drawn by lot: the same run asks the same things.
"""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote, urlencode

import msgspec
from msgspec import Struct

from contracts.contract import Contract, Operation
from seatrial.verify.exchange import Headers
from seatrial.verify.known import singular
from seatrial.verify.schemas import NoSampleError, Schemas

if TYPE_CHECKING:
    from seatrial.verify.bench import Bench

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
Variant = Literal["fresh", "known"]
VARIANTS: tuple[Variant, ...] = ("fresh", "known")
IF_MATCH = "If-Match"
SECRET_NAMES = frozenset({"client_secret", "refresh_token", "password"})


class CannotAskError(Exception):
    """The operation cannot be asked with what is at hand; says what is missing."""


class Recipe(Struct, frozen=True, kw_only=True):
    """One request, without a credential."""

    method: str
    path: str
    query: Headers = ()
    headers: Headers = ()
    body: Any = None
    content_type: str | None = None

    @property
    def content(self) -> bytes | None:
        """The body as it goes over the wire."""
        if self.content_type is None:
            return None
        if isinstance(self.body, bytes):
            return self.body
        if self.content_type == FORM:
            return urlencode(self.body).encode()
        return msgspec.json.encode(self.body)

    def asking(self, **query: Any) -> "Recipe":
        """The same with these query parameters instead."""
        kept = tuple((name, value) for name, value in self.query if name not in query)
        new = tuple((name, str(value)) for name, value in query.items() if value is not None)
        return msgspec.structs.replace(self, query=kept + new)

    def saying(self, body: Any) -> "Recipe":
        """The same with another body."""
        return msgspec.structs.replace(self, body=body)


def is_graphql(operation: Operation) -> bool:
    """It executes a GraphQL document."""
    return operation.graphql is not None


def grants(contract: Contract, operation: Operation) -> bool:
    """It is open to anybody and answers a token."""
    if operation.scopes is not None or operation.method != "POST":
        return False
    schemas = Schemas(contract.surfaces[operation.surface].document)
    return "access_token" in schemas.plain(operation.replies.get("200")).get("properties", {})


def changes(contract: Contract, operation: Operation) -> bool:
    """Calling it well changes something."""
    reads = operation.method in {"GET", "HEAD", "OPTIONS"} or is_graphql(operation)
    return not reads and not grants(contract, operation)


def named_in_path(operation: Operation) -> bool:
    """Its path names a thing; a version or the caller's own account in it names none."""
    none = {"version", operation.account}
    return any(each["in"] == "path" and each["name"] not in none for each in operation.parameters)


def parameters(operation: Operation, where: str) -> Iterator[dict[str, Any]]:
    """The operation's parameters in the path, the query or the headers."""
    return (each for each in operation.parameters if each["in"] == where)


class Recipes:
    """Makes requests for one bench."""

    def __init__(self, bench: "Bench") -> None:
        self._bench = bench
        self._fresh = 0
        self._turns: dict[str, int] = {}

    def of(self, operation: Operation, variant: Variant = "fresh", *, real: bool = True) -> Recipe:
        """A request for an operation. `real`: what its path names has to be there. Raises CannotAskError."""
        self._fresh += 1
        kind, body = self._body(operation, variant)
        path = self._path(operation, real=real)
        headers = dict(self._required(operation, "header", variant))
        if IF_MATCH in headers:  # what is done to a thing in one state may be done once: next time another one
            headers[IF_MATCH] = self._tag(operation, path)
            self._turns[operation.id] = self._turns.get(operation.id, 0) + 1
        return Recipe(
            method=operation.method,
            path=path,
            query=tuple(self._required(operation, "query", variant)),
            headers=tuple(headers.items()),
            body=body,
            content_type=kind,
        )

    def about(self, operation: Operation, id: str) -> Recipe:
        """A request without a body for the thing of this id. Raises CannotAskError where it needs more."""
        if operation.body_required:
            raise CannotAskError(f"{operation.id} needs a body")
        path = self._path(operation, real=False, id=id)
        return Recipe(method=operation.method, path=path, query=tuple(self._required(operation, "query", "fresh")))

    def fresh_word(self) -> str:
        """A word nobody has used in this run."""
        self._fresh += 1
        return f"seatrial-{self._bench.run_mark}{self._fresh}"

    def words(self, variant: Variant, operation: Operation) -> Any:
        """What may stand under a name in a body or a query."""
        credentials = self._bench.target.credentials.own if operation.scopes is None else {}

        def of(name: str) -> tuple[Any, ...]:
            if name == "grant_type":
                return ("client_credentials",)  # RFC 6749 section 4.4: what a machine asks with
            if name in credentials:
                return (credentials[name],)
            known = self._bench.known.called(name) if variant == "known" else ()
            word = f"seatrial-{self._bench.run_mark}{self._fresh}"
            if name.lower() == "email":  # an address may be one account's only
                return (*known, f"{word}@example.com")
            return (*known, *_usual(name), word)

        return of

    def _tag(self, operation: Operation, path: str) -> str:
        """The tag of what is to be changed, as it is read now: at the same path, or at one it begins with."""
        shape, asked = operation.path, path
        while shape:
            for each in self._bench.operations():
                if (each.method, each.path) == ("GET", shape):
                    found = self._bench.ask(each, Recipe(method="GET", path=asked)).header("etag")
                    if found:
                        return found
            shape, asked = shape.rpartition("/")[0], asked.rpartition("/")[0]
        return "*"

    def _path(self, operation: Operation, *, real: bool, id: str = "") -> str:
        path = operation.path
        for name in re.findall(r"{([^}]+)}", path):
            ours = name in {"version", operation.account}
            value = id if id and not ours else self._path_value(operation, name, real=real)
            path = path.replace(f"{{{name}}}", quote(value, safe=":,@"))
        return path

    def _path_value(self, operation: Operation, name: str, *, real: bool) -> str:
        versions = self._bench.contract.profile.versions
        if name == "version" and versions is not None:
            return self._bench.version or versions.current
        account = self._bench.profile.account
        if account is not None and name == operation.account:
            return self._bench.target.credentials.own.get(account.credential, "")
        parent = operation.path.split(f"/{{{name}}}", 1)[0]
        found = self._bench.known.under(parent, name) if real else ()
        if found:
            last = operation.path.rpartition("{")[2].startswith(f"{name}}}")
            return str(found[self._turns.get(operation.id, 0) % len(found) if last else 0])
        if real:
            raise CannotAskError(f"nothing is known that could be the {name} of {operation.path}")
        return self.unknown_id(operation, name)

    def unknown_id(self, operation: Operation, name: str) -> str:
        """An id that fits the parameter and that nothing has."""
        named = (each for each in parameters(operation, "path") if each["name"] == name)
        schema: Any = next((each.get("schema", {}) for each in named), {})
        schemas = self._bench.schemas
        for value in ("seatrial-none", 987654321098, "987654321098", "00000000-0000-4000-8000-00000000dead"):
            if schemas.fits(schema, value):
                return str(value)
        return "seatrial-none"

    def _required(self, operation: Operation, where: str, variant: Variant) -> Iterator[tuple[str, str]]:
        """What has to be said, and what the document shows an example of: either may be what an answer needs."""
        words = self.words(variant, operation)
        for each in parameters(operation, where):
            if each.get("required") or "example" in each:
                value = (
                    each["example"] if "example" in each else self._sample(each.get("schema", {}), words, each["name"])
                )
                yield each["name"], _text(value)
        if where == "query" and operation.needs_one_of:
            yield self._one_of(operation)

    def _one_of(self, operation: Operation) -> tuple[str, str]:
        """A parameter of those of which one is needed, with what is known under its name. Raises CannotAskError."""
        for name in operation.needs_one_of:
            if known := self._bench.known.called(singular(name)):
                return name, _text(list(known))
        raise CannotAskError(f"nothing is known that {operation.id} could be asked about")

    def _body(self, operation: Operation, variant: Variant) -> tuple[str | None, Any]:
        if is_graphql(operation):
            return JSON, {"query": "query { __typename }"}
        needed = operation.body_required or grants(self._bench.contract, operation)
        if not operation.bodies or not needed:
            return None, None
        kind = next((each for each in (JSON, FORM) if each in operation.bodies), None)
        if kind is None:
            raise CannotAskError(f"{operation.id} takes {', '.join(operation.bodies)} only")
        ready = _media_example(self._bench, operation, kind)
        words = self.words(variant, operation)
        body = ready if ready is not None else self._sample(operation.bodies[kind], words, "")
        return kind, self._with_credentials(operation, kind, body, words)

    def _with_credentials(self, operation: Operation, kind: str, body: Any, words: Any) -> Any:
        """Open operations that know our credentials by name are told them: it is how a token is asked for."""
        if operation.scopes is not None or not isinstance(body, dict):
            return body
        members = self._bench.schemas.plain(operation.bodies[kind]).get("properties", {})
        own = self._bench.target.credentials.own
        told = {name: own[name] for name in members if name in own and name in {"client_id", "client_secret"}}
        usual = {name: words(name)[0] for name in members if name == "grant_type"}
        return body | told | usual

    def _sample(self, schema: Any, words: Any, name: str) -> Any:
        try:
            return self._bench.schemas.sample(schema, words, name)
        except NoSampleError as error:
            raise CannotAskError(str(error)) from error


def _usual(name: str) -> tuple[Any, ...]:
    from seatrial.verify.schemas import NAMED

    return (NAMED[name.lower()],) if name.lower() in NAMED else ()


def _media_example(bench: "Bench", operation: Operation, kind: str) -> Any:
    """The body the document itself shows for the operation, when it shows one."""
    item = bench.surface.document["paths"][operation.path][operation.method.lower()]
    content = item.get("requestBody", {}).get("content", {}).get(kind, {})
    return content.get("example")


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def makes_in(contract: Contract, listing: Operation) -> Operation | None:
    """The operation that makes a row of a list: POST where it is read with GET, and that says 201 of what it made."""
    for each in contract.surfaces[listing.surface].operations:
        beside = each.method == "POST" and each.path == listing.path and "201" in each.replies
        if each.built and beside and changes(contract, each):
            return each
    return None
