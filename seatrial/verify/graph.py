"""A GraphQL surface: queries made from its SDL, and answers held against it.

Queries are plain text with literals; ids that have to be real are read from the schema's own connections.
"""

from collections.abc import Callable, Iterator
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

import graphql as gq
import msgspec
from graphql import language
from msgspec import Struct

from contracts.contract import Contract, Operation
from contracts.evidence import Evidence
from contracts.profile import GraphqlConnection
from mock_servers.core.graphql import Sdl, directive_arguments
from seatrial.verify.exchange import Exchange
from seatrial.verify.recipes import CannotAskError

if TYPE_CHECKING:
    from seatrial.verify.bench import Bench

STATE_ROWS = 100
PAGES_MAXIMUM = 400
WHOLE = ("Int", "Float", "String", "ID", "Boolean")


class Root(Struct, frozen=True):
    """One field of the query or mutation type."""

    name: str
    field: Any
    built: bool
    scopes: tuple[str, ...]
    evidence: Evidence | None


class GraphWalk(Struct):
    """What walking a connection came to."""

    keys: list[str] = []
    pages: list[Exchange] = []
    problem: str = ""


@lru_cache(maxsize=32)
def schema_of(contract: Contract, file: str, version: str) -> gq.GraphQLSchema:
    """The SDL cut to a version, as our fakes cut it."""
    return Sdl(contract.text(file)).schema(version)


class Graph:
    """The GraphQL endpoint of one bench's surface."""

    def __init__(self, bench: "Bench", operation: Operation) -> None:
        self.bench = bench
        self.operation = operation
        versions = bench.contract.profile.versions
        version = bench.version or (versions.current if versions else "")
        self.schema = schema_of(bench.contract, operation.graphql or "", version)
        self.ids: dict[str, list[str]] = {}
        self._looked = False

    # What the schema offers

    def roots(self, kind: str = "query") -> Iterator[Root]:
        """The fields of the query or the mutation type."""
        of = self.schema.query_type if kind == "query" else self.schema.mutation_type
        for name, field in of.fields.items() if of else ():
            access = directive_arguments(field.ast_node, "access") or {}
            said = directive_arguments(field.ast_node, "evidence")
            evidence = msgspec.convert(said, Evidence, strict=False) if said else None
            yield Root(name, field, not unbuilt(field), tuple(access.get("scopes", ())), evidence)

    def connections(self) -> Iterator[Root]:
        """Query fields that are walked."""
        for root in self.roots():
            if root.built and {"first", "after"} <= root.field.args.keys() and _connects(root.field.type):
                yield root

    @cached_property
    def size_maximum(self) -> int:
        """The most rows of one page."""
        rule = self.bench.profile.pagination.get(self.operation.pagination)
        return rule.size_maximum if isinstance(rule, GraphqlConnection) else 100

    # Asking

    def ask(self, text: str, *, variables: Any = None, token: Any = ..., **how: Any) -> Exchange:
        """Execute a document."""
        recipe = self.bench.recipes.of(self.operation)
        body: dict[str, Any] = {"query": text} | ({"variables": variables} if variables is not None else {})
        return self.bench.ask(self.operation, recipe.saying(body), token=token, **how)

    def text(self, root: Root, *, kind: str = "query", depth: int = 1, key: str | None = "") -> str:
        """A document for one root field, with the arguments it needs, and a mutation's key where there is such a
        thing: a new one unless one is given, none for None. Raises CannotAskError."""
        given = f"{root.name}{self.arguments(root)}"
        if kind == "mutation" and key is not None and self.schema.get_directive("idempotent") is not None:
            given += f" @idempotent(key: {quoted(key or self.bench.recipes.fresh_word())})"
        return f"{kind} {{ {given}{self.selection(root.field.type, depth)} }}"

    def arguments(self, root: Root, **given: str) -> str:
        """`(first: 2, id: "…")` with what is needed and what is given. Raises CannotAskError."""
        if "first" in root.field.args and "first" not in given and "last" not in given:
            given["first"] = "2"
        for name, argument in root.field.args.items():
            if name not in given and gq.is_required_argument(argument):
                given[name] = self.literal(argument.type, name, self._about(root))
        return f"({', '.join(f'{name}: {value}' for name, value in given.items())})" if given else ""

    def _about(self, root: Root) -> str:
        """The type whose ids a root field is about: what it answers, else what its own name begins with."""
        of = gq.get_named_type(root.field.type).name
        ids = self.known_ids()
        begun = sorted((each for each in ids if root.name.lower().startswith(each.lower())), key=len)
        return of if of in ids or not begun else begun[-1]

    def literal(self, of: Any, name: str, about: str = "") -> str:
        """A value of an input type as GraphQL writes it, with only what is needed. Raises CannotAskError."""
        named = gq.get_nullable_type(of)
        if name in self.said and self.said[name] is None and named is of and gq.is_leaf_type(named):
            return "null"
        if gq.is_list_type(named):
            return f"[{self.literal(named.of_type, name, about)}]"
        if gq.is_input_object_type(named):
            needed = {key: each for key, each in named.fields.items() if gq.is_required_input_field(each)}
            if getattr(named, "is_one_of", False):
                needed = dict(list(named.fields.items())[:1])
            else:
                needed |= {key: each for key, each in named.fields.items() if key in self.said and _is_leaf(each.type)}
            members = (f"{key}: {self.literal(each.type, key, about)}" for key, each in needed.items())
            return f"{{ {', '.join(members)} }}"
        if gq.is_enum_type(named):
            return str(next(iter(named.values)))
        return self._scalar(named.name, name, about)

    def _scalar(self, scalar: str, name: str, about: str) -> str:
        match scalar:
            case "Int":
                return "1"
            case "Float":
                return "1.0"
            case "Boolean":
                return "true"
            case "ID":
                return quoted(self._id(name, about))
            case "DateTime":
                return quoted("2030-01-31T10:20:30Z")
            case "URL":
                return quoted("https://hooks.example.com/none")
            case "Decimal" | "Money" | "UnsignedInt64":
                return quoted("1")
        said = self.said.get(name)
        return quoted(said if isinstance(said, str) else self.bench.recipes.fresh_word())

    @cached_property
    def said(self) -> dict[str, Any]:
        """What recorded requests say under a member's name, nothing before something: a word of the vendor's own."""
        found: dict[str, Any] = {}
        for example in self.bench.contract.examples:
            body = example.get("request", {}).get("body")
            if example.get("operation") == self.operation.id and isinstance(body, dict):
                for name, value in _said(body.get("variables") or {}):
                    if value is None or found.get(name, "") is not None:
                        found[name] = value
        return found

    def _id(self, name: str, about: str) -> str:
        """An id of the type that an argument's name, else the field's own type, speaks of."""
        ids = self.known_ids()
        stem = name.removesuffix("Ids").removesuffix("Id").removesuffix("ids").removesuffix("id").lower()
        exact = (values[0] for of, values in ids.items() if values and of.lower() == stem)
        alike = (values[0] for of, values in ids.items() if values and stem and of.lower().endswith(stem))
        if (named := next(exact, None) or next(alike, None)) is not None:
            return named
        if ids.get(about):
            return ids[about][0]
        if stem or not (about.endswith("Payload") or about in {"Node", ""}):
            raise CannotAskError(f"no {about or name} is known to exist")
        found = next((values[0] for values in ids.values() if values), None)
        if found is None:
            raise CannotAskError("nothing with an id is known to exist")
        return found

    def known_ids(self) -> dict[str, list[str]]:
        """Ids by their type, read from every connection once."""
        if not self._looked:
            self._looked = True
            for root in self.connections():
                text = f"query {{ {root.name}{self.arguments(root, first='3')} {{ nodes {self._ids(root)} }} }}"
                self._collect(self.ask(text).json)
        return self.ids

    def _ids(self, root: Root) -> str:
        """Ids of a node, of the things it holds, and of the nodes of its own connections."""
        node = self.node_type(root)
        parts = []
        for name, field in _fields(node):
            if unbuilt(field):
                continue
            of = gq.get_named_type(field.type)
            if _connects(field.type) and "first" in field.args:
                inner = self._node_of(of)
                if inner is not None and "id" in getattr(inner, "fields", {}):
                    parts.append(f"{name}(first: 2) {{ nodes {{ __typename id }} }}")
            elif _plain(field) and gq.is_object_type(of) and "id" in of.fields:
                parts.append(f"{name} {{ __typename id }}")
        own = "__typename id " if "id" in node.fields else "__typename "
        return f"{{ {own}{' '.join(parts)} }}"

    def _collect(self, value: Any) -> None:
        match value:
            case list():
                for item in value:
                    self._collect(item)
            case dict():
                if isinstance(value.get("id"), str) and "__typename" in value:
                    ids = self.ids.setdefault(value["__typename"], [])
                    if value["id"] not in ids:
                        ids.append(value["id"])
                for item in value.values():
                    self._collect(item)

    def selection(self, of: Any, depth: int) -> str:
        """What can be asked of a type: its leaves, and with some depth what it holds."""
        named = gq.get_named_type(of)
        if gq.is_leaf_type(named):
            return ""
        if gq.is_abstract_type(named):
            shared = [name for name, field in _fields(named) if gq.is_leaf_type(gq.get_named_type(field.type))]
            return f" {{ __typename {' '.join(shared)} }}"
        parts = [part for name, field in _fields(named) for part in self._part(name, field, depth)]
        return f" {{ {' '.join(parts) or '__typename'} }}"

    def _part(self, name: str, field: Any, depth: int) -> Iterator[str]:
        if unbuilt(field):
            return
        of = gq.get_named_type(field.type)
        if gq.is_leaf_type(of):
            if _plain(field):
                yield name
        elif of.name == "PageInfo" or name.endswith("rrors") or (name in {"nodes", "edges", "node"} and depth >= 0):
            yield f"{name}{self.selection(of, depth)}"
        elif depth > 0 and _connects(field.type) and "first" in field.args:
            yield f"{name}(first: 2){self.selection(of, -1)}"
        elif depth > 0 and _plain(field):
            yield f"{name}{self.selection(of, 0)}"

    # Walking

    def rows(self, root: Root, exchange: Exchange) -> dict[str, Any] | None:
        """The connection in an answer; None when there is none."""
        body = exchange.json
        found = body.get("data", {}) if isinstance(body, dict) else {}
        connection = found.get(root.name) if isinstance(found, dict) else None
        return connection if isinstance(connection, dict) else None

    def walk(
        self,
        root: Root,
        size: int,
        *,
        backward: bool = False,
        token: Any = ...,
        between: Callable[[int], None] | None = None,
    ) -> GraphWalk:
        """Every page at a size, forward or backward; the keys in the order of the collection."""
        walked, cursor = GraphWalk(), None
        count, place = ("last", "before") if backward else ("first", "after")
        while True:
            given = {count: str(size)} | ({place: quoted(cursor)} if cursor else {})
            exchange = self.ask(f"query {{ {root.name}{self.arguments(root, **given)} {self.page()} }}", token=token)
            walked.pages.append(exchange)
            connection = self.rows(root, exchange)
            if connection is None:
                walked.problem = f"page {len(walked.pages)} is no connection"
                return walked
            keys = [key_of(edge["node"]) for edge in connection["edges"]]
            walked.keys = keys + walked.keys if backward else walked.keys + keys
            told = connection["pageInfo"]
            cursor = told["startCursor"] if backward else told["endCursor"]
            if between is not None:
                between(len(walked.pages))
            if not (told["hasPreviousPage"] if backward else told["hasNextPage"]):
                return walked
            if not keys or len(walked.pages) >= PAGES_MAXIMUM:
                walked.problem = f"there is no end after {len(walked.pages)} pages"
                return walked

    def page(self) -> str:
        """The selection by which a page is known."""
        return (
            "{ edges { cursor node { ...Key } } nodes { ...Key }"
            " pageInfo { hasNextPage hasPreviousPage startCursor endCursor } }"
        ).replace("{ ...Key }", "{ __typename id }")

    def state(self, token: Any = ...) -> dict[str, Any]:
        """What the connections show, for comparing before and after."""
        shown = {}
        for root in self.connections():
            first = str(min(STATE_ROWS, self.size_maximum))
            leaves = self.selection(self.node_type(root), 0)
            text = f"query {{ {root.name}{self.arguments(root, first=first)} {{ nodes{leaves} }} }}"
            shown[root.name] = (self.rows(root, self.ask(text, token=token)) or {}).get("nodes")
        return shown

    def node_type(self, root: Root) -> Any:
        """The type of a connection's rows."""
        return self._node_of(gq.get_named_type(root.field.type))

    def _node_of(self, connection: Any) -> Any:
        edges = connection.fields.get("edges") if gq.is_object_type(connection) else None
        if edges is None:
            return None
        return gq.get_named_type(gq.get_named_type(edges.type).fields["node"].type)

    # Judging

    def problem(self, text: str, exchange: Exchange) -> str:
        """What of an answer the schema does not allow; empty when all is."""
        if exchange.status != 200:
            return f"the status is {exchange.status or exchange.error}, not 200"
        body = exchange.json
        if not isinstance(body, dict) or not body.keys() & {"data", "errors"}:
            return "there is neither data nor errors"
        if "errors" in body and (said := _errors_problem(body["errors"])):
            return said
        if body.get("data") is None:
            return "" if body.get("errors") else "there is no data, and no error says why"
        document = gq.parse(text)
        operation = next(each for each in document.definitions if isinstance(each, language.OperationDefinitionNode))
        of = self.schema.query_type if operation.operation.value == "query" else self.schema.mutation_type
        return _object_problem(self.schema, of, operation.selection_set, body["data"], "data")

    def errors(self, exchange: Exchange) -> list[Any]:
        """The errors of an answer."""
        body = exchange.json
        found = body.get("errors", []) if isinstance(body, dict) else []
        return found if isinstance(found, list) else [found]

    def data(self, root: Root, exchange: Exchange) -> Any:
        """What an answer says of one root field; None when it says nothing."""
        body = exchange.json
        found = body.get("data") if isinstance(body, dict) else None
        return found.get(root.name) if isinstance(found, dict) else None


def quoted(text: str) -> str:
    """A GraphQL string."""
    return msgspec.json.encode(text).decode()


def key_of(node: Any) -> str:
    """What makes a node itself."""
    return str(node["id"]) if isinstance(node, dict) and "id" in node else msgspec.json.encode(node).decode()


def unbuilt(field: Any) -> bool:
    """Declared, and answered with a clear error."""
    return directive_arguments(field.ast_node, "unbuilt") is not None


def _fields(of: Any) -> Iterator[tuple[str, Any]]:
    return iter(getattr(of, "fields", {}).items())


def _is_leaf(of: Any) -> bool:
    return bool(gq.is_leaf_type(gq.get_nullable_type(of)))


def _said(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Texts and nulls under the name of their member; ids and numbers belong to the moment they were recorded in."""
    match value:
        case dict():
            for key, item in value.items():
                yield from _said(item, key)
        case list():
            for item in value:
                yield from _said(item, name)
        case None:
            yield name, None
        case str() if "/" not in value and not any(letter.isdigit() for letter in value):
            yield name, value


def _plain(field: Any) -> bool:
    """It can be asked without arguments."""
    return not any(gq.is_required_argument(each) for each in field.args.values())


def _connects(of: Any) -> bool:
    named = gq.get_named_type(of)
    return gq.is_object_type(named) and {"edges", "pageInfo"} <= named.fields.keys()


def _errors_problem(errors: Any) -> str:
    if not isinstance(errors, list) or not errors:
        return "errors is not a list with something in it"
    wrong = [each for each in errors if not isinstance(each, dict) or not isinstance(each.get("message"), str)]
    return "an error has no message" if wrong else ""


def _problem(schema: Any, of: Any, selections: Any, value: Any, at: str) -> str:
    if gq.is_non_null_type(of):
        return f"{at} is null" if value is None else _problem(schema, of.of_type, selections, value, at)
    if value is None:
        return ""
    if gq.is_list_type(of):
        if not isinstance(value, list):
            return f"{at} is no list"
        problems = (_problem(schema, of.of_type, selections, item, f"{at}[{n}]") for n, item in enumerate(value))
        return next((problem for problem in problems if problem), "")
    if gq.is_leaf_type(of):
        return "" if _leaf_fits(of, value) else f"{at} is {value!r}, not {of}"
    return _object_problem(schema, of, selections, value, at)


def _object_problem(schema: Any, of: Any, selections: Any, value: Any, at: str) -> str:
    if not isinstance(value, dict):
        return f"{at} is no object"
    asked, maybe = _asked(selections)
    if not asked.keys() <= value.keys() <= asked.keys() | maybe.keys():
        return f"{at} has {', '.join(sorted(asked.keys() ^ value.keys()))} too much or too little"
    for key, node in asked.items():
        if node.name.value == "__typename":
            problem = "" if schema.get_type(str(value[key])) is not None else f"{at}.__typename is {value[key]!r}"
        else:
            problem = _problem(schema, of.fields[node.name.value].type, node.selection_set, value[key], f"{at}.{key}")
        if problem:
            return problem
    return ""


def _asked(selections: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """The fields that are asked of a type itself, and those that are asked of only some that it may be."""
    asked: dict[str, Any] = {}
    maybe: dict[str, Any] = {}
    for node in selections.selections:
        if isinstance(node, language.FieldNode):
            asked[node.alias.value if node.alias else node.name.value] = node
        elif isinstance(node, language.InlineFragmentNode):
            sure, unsure = _asked(node.selection_set)
            maybe |= sure | unsure
    return asked, maybe


def _leaf_fits(of: Any, value: Any) -> bool:
    if gq.is_enum_type(of):
        return value in of.values
    match of.name:
        case "Int":
            return type(value) is int and -(2**31) <= value < 2**31
        case "Float":
            return type(value) in {int, float}
        case "Boolean":
            return type(value) is bool
        case "String" | "ID" | "DateTime" | "URL" | "Decimal" | "Money" | "UnsignedInt64":
            return isinstance(value, str)
    return True
