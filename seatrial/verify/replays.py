"""Recorded requests made ready to be asked here: our credentials for theirs, ids that are here for those that were."""

import re
from base64 import b64decode
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, urlsplit

import graphql as gq
import msgspec
from graphql import language
from msgspec import Struct

from contracts.contract import Operation
from seatrial.verify.exchange import Headers
from seatrial.verify.recipes import JSON, CannotAskError, Recipe
from seatrial.verify.tokens import basic

if TYPE_CHECKING:
    from seatrial.verify.bench import Bench

OWN_HEADERS = frozenset({"authorization", "cookie", "host", "content-length", "content-type"})
PLACEHOLDER = re.compile(r"[A-Z][A-Z_]{2,}")


class Replay(Struct):
    """An example made ready to be asked here. `named`: it names things, `missing`: what it names that is not here."""

    recipe: Recipe
    named: bool = False
    missing: str = ""


class Document(Struct, frozen=True):
    """A recorded GraphQL document with one root field, and its variables with our ids in them."""

    root: str
    text: str
    variables: dict[str, Any]


def ready(bench: "Bench", operation: Operation, request: dict[str, Any]) -> Replay:
    """The request with our credentials and with ids that are here."""
    parts = urlsplit(request["path"])
    given = request.get("headers", {})
    headers = tuple(
        (name, str(value))
        for name, value in given.items()
        if name.lower() not in OWN_HEADERS and "token" not in name.lower()
    )
    kind = next((value for name, value in given.items() if name.lower() == "content-type"), JSON)
    body = request.get("body")
    recipe = Recipe(
        method=request["method"],
        path=parts.path,
        query=tuple(parse_qsl(parts.query, keep_blank_values=True)),
        headers=headers,
        body=body.encode() if isinstance(body, str) else body,
        content_type=None if body is None else str(kind).split(";", 1)[0],
    )
    replay = Replay(recipe)
    try:
        path = _with_our_path(bench, operation, replay)
    except CannotAskError as error:
        replay.missing = str(error)
        path = recipe.path
    body = recipe.body if isinstance(recipe.body, bytes) else _with_ours(bench, recipe.body, replay)
    if operation.client_by_basic:
        headers += _our_basic(bench, given, replay)
    replay.recipe = msgspec.structs.replace(recipe, path=path, body=body, headers=headers)
    return replay


def _our_basic(bench: "Bench", given: dict[str, Any], replay: Replay) -> Headers:
    """HTTP Basic as it was recorded, with our words for those that stand for them."""
    for name, value in given.items():
        if name.lower() == "authorization" and str(value).lower().startswith("basic "):
            words = b64decode(str(value)[6:]).decode().split(":", 1)
            client_id, client_secret = (_our_word(bench, word, replay) for word in words)
            return (basic(client_id, client_secret),)
    return ()


def _with_our_path(bench: "Bench", operation: Operation, replay: Replay) -> str:
    path = replay.recipe.path
    for wanted, given in zip(operation.path.split("/"), path.split("/"), strict=False):
        name = wanted.removeprefix("{").removesuffix("}")
        if name == operation.account and name:
            account = bench.profile.account
            own = bench.target.credentials.own.get(account.credential, "") if account else given
            path = path.replace(f"/{given}/", f"/{own}/", 1)
        elif wanted != given and wanted.startswith("{") and name != "version":
            replay.named = True
            known = bench.known.under(operation.path.split(f"/{wanted}", 1)[0], name)
            if not known:
                raise CannotAskError(f"the {name} of {operation.path}")
            path = path.replace(f"/{given}", f"/{quote(str(known[0]), safe=':,@')}", 1)
    return path


def _with_ours(bench: "Bench", value: Any, replay: Replay) -> Any:
    match value:
        case dict():
            return {name: _with_ours(bench, item, replay) for name, item in value.items()}
        case list():
            return [_with_ours(bench, item, replay) for item in value]
        case str():
            return _our_word(bench, value, replay)
    return value


def _our_word(bench: "Bench", text: str, replay: Replay) -> str:
    own = bench.target.credentials.own
    if text.lower() in own and PLACEHOLDER.fullmatch(text):
        return own[text.lower()]
    if PLACEHOLDER.fullmatch(text) and bench.graph is None:
        replay.missing = replay.missing or text
    stem = text.rstrip("0123456789")
    if stem == text or not stem or bench.graph is None:
        return text
    for ids in bench.graph.known_ids().values():
        if ids and ids[0].rstrip("0123456789") == stem:
            replay.named = True
            return ids[0]
    if "/" in stem:
        replay.named = True
        replay.missing = replay.missing or f"something like {text}"
    return text


# GraphQL documents ---------------------------------------------------------------------------------------------------


def documents(bench: "Bench", kind: str) -> Iterator[Document]:
    """The recorded queries or mutations of the bench's GraphQL endpoint that name nothing that is not here."""
    for example in bench.contract.examples:
        operation = bench.contract.operations.get(example.get("operation", ""))
        if operation is None or operation.surface != bench.surface.name or operation.graphql is None:
            continue
        replay = ready(bench, operation, example["request"])
        root = _root(replay.recipe.body.get("query", ""), kind)
        if root and not replay.missing:
            yield Document(root, replay.recipe.body["query"], replay.recipe.body.get("variables") or {})


def keyed(text: str, key: str) -> str:
    """The document with `@idempotent(key: …)` on its root fields."""
    tree = gq.parse(text, no_location=True)
    definitions = tuple(_keyed(each, key) for each in tree.definitions)
    return gq.print_ast(language.DocumentNode(definitions=definitions))


def _keyed(node: Any, key: str) -> Any:
    """An operation's root fields with the directive; anything else as it is."""
    if isinstance(node, language.FieldNode):
        kept = tuple(each for each in node.directives or () if each.name.value != "idempotent")
        return _remade(node, directives=(*kept, _directive(key)))
    if isinstance(node, language.OperationDefinitionNode):
        chosen = tuple(_keyed(each, key) for each in node.selection_set.selections)
        return _remade(node, selection_set=language.SelectionSetNode(selections=chosen))
    return node


def _remade(node: Any, **changes: Any) -> Any:
    facts = {name: getattr(node, name) for name in node.keys if name != "loc"}
    return type(node)(**facts | changes)


def _directive(key: str) -> language.DirectiveNode:
    value = language.StringValueNode(value=key)
    argument = language.ArgumentNode(name=language.NameNode(value="key"), value=value)
    return language.DirectiveNode(name=language.NameNode(value="idempotent"), arguments=(argument,))


def _root(text: str, kind: str) -> str:
    """The one root field of a document of this kind; nothing when it is another, or has several."""
    try:
        definitions = gq.parse(text, no_location=True).definitions
    except gq.GraphQLError:
        return ""
    operations = [each for each in definitions if isinstance(each, language.OperationDefinitionNode)]
    if len(operations) != 1 or operations[0].operation.value != kind:
        return ""
    fields = [each for each in operations[0].selection_set.selections if isinstance(each, language.FieldNode)]
    return fields[0].name.value if len(fields) == 1 else ""
