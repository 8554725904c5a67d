"""How one is told of events at a vendor: the operation that takes one of the contract's topics and an address.

It is found by what the contract says of it: a REST operation or a GraphQL mutation with a member that takes one of the
documented topics, and one that takes a URL. A vendor without such an operation has no webhooks we could ask for.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import graphql as gq
from msgspec import Struct

from contracts.contract import Contract, Operation, Surface
from seatrial.verify.conditions import graph as has_graph
from seatrial.verify.exchange import Exchange
from seatrial.verify.graph import Root, quoted, schema_of
from seatrial.verify.known import plain_name
from seatrial.verify.recipes import JSON, changes
from seatrial.verify.schemas import Schemas

if TYPE_CHECKING:
    from seatrial.verify.bench import Bench

ADDRESSES = ("uri", "url", "address", "callbackurl", "endpoint", "targeturl", "deliveryurl")
TOPICS = ("topic", "topics", "event", "events", "eventtype", "eventtypes", "scope")


class Topic(Struct, frozen=True):
    """One documented topic: what it tells, with which headers."""

    name: str
    surface: str
    payload: Any
    headers: tuple[str, ...]


class Subscription(Struct, frozen=True):
    """What was asked for, and what came back."""

    topic: str
    address: str
    exchange: Exchange
    id: str | None
    secret: str | None


def topics(contract: Contract) -> dict[str, Topic]:
    """Every topic the contract documents under `webhooks`, by its name."""
    found = {}
    for name, surface in contract.surfaces.items():
        for item in surface.document.get("webhooks", {}).values():
            for told in item.values():
                content = told.get("requestBody", {}).get("content", {})
                payload = next((each.get("schema", True) for each in content.values()), True)
                needed = (
                    each["name"]
                    for each in told.get("parameters", ())
                    if each["in"] == "header" and each.get("required")
                )
                headers = tuple(needed)
                for topic in told.get("x-topics", (told.get("operationId"),)):
                    found[topic] = Topic(topic, name, payload, headers)
    return found


def subscribes(contract: Contract, surface: Surface) -> bool:
    """One can ask here to be told."""
    if contract.profile.webhooks is None or not topics(contract):
        return False
    return _mutation(contract, surface) is not None or _operation(contract, surface) is not None


class Subscribing:
    """Asks to be told, on one bench."""

    def __init__(self, bench: "Bench") -> None:
        self._bench = bench
        self._topics = topics(bench.contract)
        self._mutation = _mutation(bench.contract, bench.surface)
        self._operation = _operation(bench.contract, bench.surface)

    def all(self, path: str = "told") -> Iterator[Subscription]:
        """Ask to be told of every topic; those the vendor refuses are left out."""
        for topic in self._topics:
            made = self.subscribe(topic, self._bench.control.receiver.address(path))
            if made is not None:
                yield made

    def subscribe(self, topic: str, address: str) -> Subscription | None:
        """Ask to be told of a topic; None when it is refused."""
        exchange = self._by_mutation(topic, address) if self._mutation else self._by_operation(topic, address)
        if exchange is None or not exchange.good:
            return None
        made = _first(exchange.json, "id")
        secret = _first(exchange.json, "secret")
        return Subscription(topic, address, exchange, made, secret) if made else None

    def known(self) -> set[str]:
        """The ids of the subscriptions there are, by the list of them."""
        if self._mutation is not None and self._bench.graph is not None:
            graph, of = self._bench.graph, self._mutation[0]
            for root in graph.connections():
                if of.name.lower().startswith(root.name.lower().removesuffix("s")):
                    return set(graph.walk(root, graph.size_maximum).keys)
            return set()
        listed = [
            each for each in self._bench.lists.operations() if self._operation and each.path == self._operation.path
        ]
        return {key for each in listed for key in self._bench.lists.walk(each, 50).keys}

    def _by_mutation(self, topic: str, address: str) -> Exchange | None:
        graph = self._bench.graph
        if self._mutation is None or graph is None:
            return None
        root, topic_name, input_name, address_name = self._mutation
        value = next(each for each in _values(root, topic_name) if plain_name(each) == plain_name(topic))
        told = f"{address_name}: {quoted(address)}"
        given = {topic_name: value} | ({input_name: f"{{ {told} }}"} if input_name else {address_name: quoted(address)})
        chosen = graph.selection(root.field.type, 1)
        return graph.ask(f"mutation {{ {root.name}{graph.arguments(root, **given)}{chosen} }}")

    def _by_operation(self, topic: str, address: str) -> Exchange | None:
        if self._operation is None:
            return None
        recipe = self._bench.recipes.of(self._operation)
        members = self._bench.schemas.plain(self._operation.bodies[JSON]).get("properties", {})
        topic_name, address_name = _members(self._bench.schemas, members) or ("", "")
        many = self._bench.schemas.plain(members[topic_name]).get("type") == "array"
        body = recipe.body | {topic_name: [topic] if many else topic, address_name: address}
        return self._bench.ask(self._operation, recipe.saying(body))


def _mutation(contract: Contract, surface: Surface) -> tuple[Root, str, str, str] | None:
    """The mutation, its topic's argument, its input's argument (or nothing), and the member for the address."""
    if not has_graph(contract, surface):
        return None
    versions = contract.profile.versions
    file = next(each.graphql for each in surface.operations if each.graphql)
    schema = schema_of(contract, file, versions.current if versions else "")
    wanted = {plain_name(topic) for topic in topics(contract)}
    for name, field in schema.mutation_type.fields.items() if schema.mutation_type else ():
        if "create" not in name.lower() and "subscribe" not in name.lower():
            continue
        root = Root(name, field, True, (), None)
        for topic_name, argument in field.args.items():
            if wanted & {plain_name(each) for each in _enum(argument.type)}:
                found = _address(field, topic_name)
                return (root, topic_name, *found) if found else None
    return None


def _address(field: Any, topic_name: str) -> tuple[str, str] | None:
    for name, argument in field.args.items():
        named = gq.get_named_type(argument.type)
        members = [name] if gq.is_leaf_type(named) else list(getattr(named, "fields", {}))
        found = next((each for wanted in ADDRESSES for each in members if plain_name(each) == wanted), None)
        if name != topic_name and found:
            return ("", found) if gq.is_leaf_type(named) else (name, found)
    return None


def _enum(of: Any) -> list[str]:
    named = gq.get_named_type(of)
    return list(named.values) if gq.is_enum_type(named) else []


def _values(root: Root, argument: str) -> list[str]:
    return _enum(root.field.args[argument].type)


def _operation(contract: Contract, surface: Surface) -> Operation | None:
    """The operation whose body takes a topic and an address."""
    schemas = Schemas(surface.document)
    for operation in surface.operations:
        if operation.built and operation.method == "POST" and JSON in operation.bodies and changes(contract, operation):
            members = schemas.plain(operation.bodies[JSON]).get("properties", {})
            if _members(schemas, members):
                return operation
    return None


def _members(schemas: Schemas, members: dict[str, Any]) -> tuple[str, str] | None:
    topic = next((name for name in members if plain_name(name) in TOPICS), None)
    address = next(
        (
            name
            for name, schema in members.items()
            if plain_name(name) in ADDRESSES or schemas.plain(schema).get("format") in {"uri", "url"}
        ),
        None,
    )
    return (topic, address) if topic and address else None


def _first(value: Any, name: str) -> str | None:
    """The first text under a name, anywhere."""
    match value:
        case dict():
            if isinstance(value.get(name), (str, int)) and not isinstance(value.get(name), bool):
                return str(value[name])
            return next((found for each in value.values() if (found := _first(each, name))), None)
        case list():
            return next((found for each in value if (found := _first(each, name))), None)
    return None
