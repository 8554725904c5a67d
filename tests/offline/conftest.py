"""A session with every operation of a vendor, made out of its contract: whatever a fake sends is sent at least once."""

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import islice, product, zip_longest
from typing import Any

import graphql
import httpx
import msgspec
import pytest
from msgspec import Struct

from contracts.contract import Operation
from mock_servers.core.graphql import Sdl
from seatrial.pytest_plugin import Refusal, Seatrial, UsageError
from seatrial.verify.known import plain_name, singular
from seatrial.verify.subscribing import ADDRESSES, TOPICS, topics
from tests.offline.seen import Seen, named

CANDIDATES_MAXIMUM = 60
TURNS = 3
LOOKS = 5
DEPTH_MAXIMUM = 4
STAMP = "2026-11-01T00:00:00Z"


class Sent(Struct, frozen=True):
    """One thing a fake sent: an answer, or a webhook. `what` is the operation or the topic."""

    what: str
    status: int
    headers: list[tuple[str, str]]
    body: bytes


class Session:
    """Calls everything a vendor has, and keeps what came back."""

    def __init__(self, trial: Seatrial, vendor: str) -> None:
        self.trial = trial
        self.vendor = trial[vendor]
        self.contract = self.vendor.fake.contract
        self.sent: list[Sent] = []
        self.client = self.vendor.client()
        self.receiver = trial.receiver(answer=200)
        self.fresh = False
        """Whether a SKU is to be one that nobody knows yet."""
        self.seen = Seen()
        self.turn = 0
        """Which of the things that were seen a body is to name: none, the newest, the one before it."""

    def run(self) -> "list[Sent]":
        """All of it, one after the other; the clock moves on in between, so that no limit is met by accident."""
        self.trial.seed(orders=3, products=5, vendors=[self.vendor.name])
        self._subscribe()
        for _ in range(2):  # what one operation makes, another shows
            for operation in self.contract.operations.values():
                if operation.graphql is None:
                    self._rest(operation)
                else:
                    self._graphql(operation)
                self._badly(operation)
            self._people()
            self.trial.clock.advance(hours=2)
        self._nowhere()
        self.sent += [
            Sent(received.headers.get("x-topic", "webhook"), 200, list(received.headers.items()), received.body)
            for received in self.receiver.received
        ]
        return self.sent

    # Every way of asking

    def _ask(self, what: str, method: str, path: str, **more: Any) -> httpx.Response:
        self.trial.clock.advance(61)
        self.client.cookies.clear()  # a walk of hundreds of calls is no browser's visit
        response = self.client.request(method, path, **more)
        self.sent.append(Sent(what, response.status_code, list(response.headers.multi_items()), response.content))
        if response.is_success and (operation := self.contract.operations.get(what)) is not None:
            with suppress(msgspec.DecodeError):
                self.seen.look(
                    msgspec.json.decode(response.content), _noun(operation.path), named(operation.path, path)
                )
        return response

    def _rest(self, operation: Operation) -> None:
        headers = {"If-Match": "*"} if any(each["name"] == "If-Match" for each in operation.parameters) else {}
        tried = list(islice(self._paths(operation), CANDIDATES_MAXIMUM))
        wanted = LOOKS if operation.method == "GET" else 1
        for self.turn in range(TURNS if any(operation.bodies) else 1):
            for path in tried:
                done = [
                    self._ask(operation.id, operation.method, path, headers=headers, **body).is_success
                    for body in self._bodies(operation)
                ]
                wanted -= any(done)
                if not wanted:
                    return

    def _paths(self, operation: Operation) -> Iterator[str]:
        """Paths to whatever may have such a name, and to what was seen under it, by turns."""
        path = operation.path
        for name in re.findall(r"\{(\w+)\}", path):
            if (own := self._own(name)) is not None:
                path = path.replace(f"{{{name}}}", own)
        either = zip_longest(self._guesses(path), self.seen.paths(path))
        yield from dict.fromkeys(each for pair in either for each in pair if each is not None)

    def _guesses(self, path: str) -> Iterator[str]:
        names = re.findall(r"\{(\w+)\}", path)
        for values in islice(product(*(self._path_values() for _ in names)), CANDIDATES_MAXIMUM):
            filled = path
            for name, value in zip(names, values, strict=True):
                filled = filled.replace(f"{{{name}}}", value)
            yield filled

    def _badly(self, operation: Operation) -> None:
        """Without a token, with a wrong one, with garbage, with the wrong method."""
        path = re.sub(r"\{\w+\}", "0", operation.path)
        for headers in ({"Authorization": "Bearer wrong"}, dict.fromkeys(self.vendor._let_in(), "wrong")):
            self._ask(operation.id, operation.method, path, headers=headers)
        json = {"Content-Type": "application/json"}
        self._ask(operation.id, operation.method, path, content=b"{", headers=json)
        self._ask(operation.id, operation.method, path, content=b'{"x": "' + b"y" * 200 + b'"}', headers=json)
        self._ask(operation.id, "PATCH" if operation.method == "PUT" else "PUT", path)

    def _nowhere(self) -> None:
        for path in ("/", "/nowhere", "/admin/nowhere", "/api/nowhere", "/%2e%2e/x"):
            self._ask("", "GET", path)

    def _people(self) -> None:
        """What people do, with arguments as plausible as their names."""
        for action in self.vendor.fake.actions.values():
            schema = msgspec.json.schema(action.arguments)
            for full in (True, False):
                with suppress(UsageError, Refusal):
                    self.vendor.act(action.name, **self._sample(schema, schema, full=full))

    def _subscribe(self) -> None:
        """To every topic, where the vendor has a root field or an operation for it."""
        for operation in self.contract.operations.values():
            self._subscribe_by(operation)
        if "webhookSubscriptionCreate" not in self.vendor.fake.fields:
            return
        operation = next(each for each in self.contract.operations.values() if each.graphql)
        schema = self._schema(operation)
        topics = schema.get_type("WebhookSubscriptionTopic")
        assert isinstance(topics, graphql.GraphQLEnumType)
        for topic in topics.values:
            form = f"{{uri: {graphql.print_ast(graphql.StringValueNode(value=self.receiver.url))}}}"
            asked = f"webhookSubscriptionCreate(topic: {topic}, webhookSubscription: {form})"
            query = f"mutation {{ {asked} {{ userErrors {{ message }} }} }}"
            self._ask("webhookSubscriptionCreate", "POST", self._endpoint(operation), json={"query": query})

    def _subscribe_by(self, operation: Operation) -> None:
        """By an operation that takes a topic and an address."""
        schema = _resolved(
            operation.bodies.get("application/json", {}), self.contract.surfaces[operation.surface].document
        )
        wrapped = list(schema.get("properties", {}).items())
        holder = wrapped[0][0] if len(wrapped) == 1 else None
        if holder is not None:
            schema = _resolved(wrapped[0][1], self.contract.surfaces[operation.surface].document)
        members = {plain_name(name): name for name in schema.get("properties", {})}
        topic = next((members[name] for name in TOPICS if name in members), None)
        address = next((members[name] for name in ADDRESSES if name in members), None)
        path = next(self._paths(operation))
        if operation.method == "POST" and len(re.findall(r"\{(\w+)\}", operation.path)) < 2 and topic and address:
            for name in topics(self.contract):
                body = {topic: name, address: self.receiver.url}
                self._ask(operation.id, operation.method, path, json=body if holder is None else {holder: body})

    # GraphQL

    def _graphql(self, operation: Operation) -> None:
        schema = self._schema(operation)
        for root, word in ((schema.query_type, "query"), (schema.mutation_type, "mutation")):
            for name, field in (root.fields if root else {}).items():
                self._field(operation, word, name, field)

    def _field(self, operation: Operation, word: str, name: str, field: Any) -> None:
        """With as much asked of it as its cost allows."""
        for depth in range(DEPTH_MAXIMUM, 0, -1):
            query = f"{word} {{ {name}{self._arguments(field)} {self._selection(field.type, depth)} }}"
            answer = self._ask(name, "POST", self._endpoint(operation), json={"query": query}).json()
            codes = {
                error.get("extensions", {}).get("code") for error in answer.get("errors", ()) if isinstance(error, dict)
            }
            if "MAX_COST_EXCEEDED" not in codes:
                return

    def _schema(self, operation: Operation) -> graphql.GraphQLSchema:
        versions = self.contract.profile.versions
        return Sdl(self.contract.text(operation.graphql or "")).schema(versions.current if versions else "")

    def _endpoint(self, operation: Operation) -> str:
        versions = self.contract.profile.versions
        return operation.path.replace("{version}", versions.current if versions else "")

    def _selection(self, of: Any, depth: int) -> str:
        named = graphql.get_named_type(of)
        if graphql.is_leaf_type(named):
            return ""
        if isinstance(named, graphql.GraphQLUnionType) or depth == 0:
            return "{ __typename }"
        parts = ["__typename"]
        for name, field in named.fields.items():
            if any(graphql.is_required_argument(argument) for argument in field.args.values()):
                continue
            if graphql.is_leaf_type(graphql.get_named_type(field.type)):
                parts.append(f"{name}{self._arguments(field)}")
            elif depth > 1:
                parts.append(f"{name}{self._arguments(field)} {self._selection(field.type, depth - 1)}")
        return "{ " + " ".join(parts) + " }"

    def _arguments(self, field: Any) -> str:
        wanted = {
            name: argument
            for name, argument in field.args.items()
            if graphql.is_required_argument(argument) or name in {"first", "id"}
        }
        if not wanted:
            return ""
        about = graphql.get_named_type(field.type).name
        return (
            "(" + ", ".join(f"{name}: {self._literal(name, each.type, about)}" for name, each in wanted.items()) + ")"
        )

    def _literal(self, name: str, of: Any, about: str) -> str:
        of = of.of_type if graphql.is_non_null_type(of) else of
        if graphql.is_list_type(of):
            return f"[{self._literal(name.removesuffix('s'), of.of_type, about)}]"
        if graphql.is_enum_type(of):
            return str(next(iter(of.values)))
        if graphql.is_input_object_type(of):
            members = (
                f"{key}: {self._literal(key, each.type, about)}"
                for key, each in of.fields.items()
                if graphql.is_required_input_field(each) or key in {"id", "lineItems", "quantity"}
            )
            return "{" + ", ".join(members) + "}"
        return self._scalar(name, of.name, about)

    def _scalar(self, name: str, of: str, about: str) -> str:
        if of == "ID":
            kind = name[:1].upper() + name[1:].removesuffix("Id") if name.endswith("Id") else about
            return f'"{self._global_id(kind)}"'
        if of in {"Int", "UnsignedInt64"}:
            return "2"
        if of == "Boolean":
            return "true"
        if of == "Float":
            return "1.5"
        if of == "DateTime":
            return f'"{STAMP}"'
        return msgspec.json.encode(self._word(name)).decode()

    def _global_id(self, kind: str) -> str:
        kind = {"FulfillmentOrderFulfillmentRequestPayload": "FulfillmentOrder"}.get(kind, kind)
        ids = [each for each in self._ids() if "/" in each]
        wanted = re.sub(r"(Create|Update|Delete|Cancel|Close|Open|Hold|Payload|V2).*", "", kind)
        return next((each for each in ids if f"/{kind}/" in each or f"/{wanted}/" in each), ids[0] if ids else "0")

    # Values

    def _ids(self) -> Iterator[str]:
        for kind in self.vendor.fake.kinds:
            yield from (document["id"] for document in self.vendor.documents(kind)[:2] if "id" in document)

    def _own(self, name: str) -> str | None:
        """What a path's parameter is for every caller: the version, or the account."""
        versions = self.contract.profile.versions
        if "version" in name and versions:
            return versions.current
        return self.vendor.credentials.get(name)

    def _path_values(self) -> list[str]:
        return [*dict.fromkeys(each.rsplit("/", 1)[-1] for each in self._ids()), "0"]

    def _bodies(self, operation: Operation) -> Iterator[dict[str, Any]]:
        document = self.contract.surfaces[operation.surface].document
        query = {
            each["name"]: _told(each.get("example") or self._sample(each.get("schema", {}), document, each["name"]))
            for each in operation.parameters
            if each["in"] == "query"
            and (each.get("required") or "example" in each or each["name"] in operation.needs_one_of[:1])
        }
        yield {"params": query}
        for example in _examples(document, operation):
            yield {"params": query, "json": example}
        for content_type, schema in operation.bodies.items():
            for full, self.fresh in product((True, False), (False, True)):
                body = self._sample(schema, document, full=full)
                form = "urlencoded" in content_type
                yield {"params": query, "data" if form else "json": body}

    def _sample(self, schema: Any, document: Any, name: str = "", *, full: bool = True, depth: int = 0) -> Any:
        """A value that may fit a schema; `full` asks for optional members too."""
        schema = _resolved(schema, document)
        for key in ("const", "default", "example", "enum", "examples"):
            if schema.get(key) not in (None, "", [], {}):
                return schema[key] if key in {"const", "default", "example"} else schema[key][0]
        for key in ("allOf", "oneOf", "anyOf"):
            if schema.get(key):
                return self._sample(schema[key][0], document, name, full=full, depth=depth)
        match _kind(schema):
            case "object":
                needed = schema.get("required", ())
                return {
                    key: self._sample(each, document, _called(name, key), full=full, depth=depth + 1)
                    for key, each in schema.get("properties", {}).items()
                    if key in needed or (full and depth < DEPTH_MAXIMUM)
                }
            case "array":
                return [self._sample(schema.get("items", {}), document, name, full=full, depth=depth + 1)]
            case "integer" | "number":
                return self._number(name, schema)
            case "boolean":
                return True
        return self._word(name)

    def _number(self, name: str, schema: Any) -> Any:
        """An id of something that was seen, where the name says of what; else the least that may be."""
        called = plain_name(name)
        ids = [each for each in self.seen.ids(called.removesuffix("id")) if isinstance(each, int)]
        if self.turn and called.endswith(("id", "ids")) and ids:
            return ids[(self.turn - 1) % len(ids)]
        return max(1, schema.get("minimum", 1))

    def _word(self, name: str) -> str:
        """A word as plausible as the member's name lets it be."""
        credentials = self.vendor.credentials
        if name in credentials:
            return credentials[name]
        name = name[:1].lower() + name[1:]
        known = {
            "sku": lambda: f"NEW-{len(self.sent)}" if self.fresh else self._first("sku", "SKU-1"),
            "productNumber": lambda: f"NEW-{len(self.sent)}" if self.fresh else self._first("product", "P-1"),
            "order": lambda: self._first("order_number", self._first("ReferenceNum", self._first("name", "1"))),
            "grant_type": lambda: "client_credentials",
            "country": lambda: "US",
            "countryCode": lambda: "US",
            "state": lambda: "TX",
            "uri": lambda: self.receiver.url,
            "url": lambda: self.receiver.url,
            "redirect_uri": lambda: "https://app.test/back",
            "scope": lambda: "",
            "email": lambda: "ada@example.com",
            "currency": lambda: "USD",
            "price": lambda: "10.00",
            "shipping_price": lambda: "5.00",
            "warehouse": lambda: "",
            "location": lambda: "",
        }
        return (
            str(known[name]()) if name in known else "2026-11-01T00:00:00Z" if name.endswith(("_at", "At")) else "words"
        )

    def _first(self, member: str, otherwise: str) -> str:
        for kind in self.vendor.fake.kinds:
            for document in self.vendor.documents(kind):
                found = document.get(member, document.get(member.title()))
                if isinstance(found, str):
                    return found
        return otherwise


def _resolved(schema: Any, document: Any) -> dict[str, Any]:
    while isinstance(schema, dict) and "$ref" in schema:
        found: Any = document
        for step in schema["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        schema = found
    return schema if isinstance(schema, dict) else {}


def _noun(path: str) -> str:
    """What a path is about: `/orders/{id}.json` is about an `order`."""
    words = [each.split(".")[0] for each in path.split("/") if each and "{" not in each]
    return plain_name(singular(words[-1])) if words else ""


def _called(holder: str, key: str) -> str:
    """What a member is called for itself: the `id` of `order_lines` is an `order_line_id`."""
    return f"{singular(holder)}_id" if plain_name(key) == "id" and holder else key


def _told(value: Any) -> str:
    """A value as a query says it."""
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def _examples(document: Any, operation: Operation) -> Iterator[Any]:
    """The bodies that the contract itself shows."""
    asked = document["paths"][operation.path][operation.method.lower()].get("requestBody", {})
    yield from (each["example"] for each in _resolved(asked, document).get("content", {}).values() if "example" in each)


def _kind(schema: dict[str, Any]) -> str:
    kind = schema.get("type", "object" if "properties" in schema else "string")
    return str(next(each for each in kind if each != "null") if isinstance(kind, list) else kind)


@pytest.fixture
def session(seatrial: Seatrial) -> Callable[[str], Session]:
    """A session with a vendor."""
    return lambda vendor: Session(seatrial, vendor)
