"""`load("harbor")`: a vendor's documents, profile and operations by id.

The YAML is the source. Its parsed form is kept beside it under the hash of what it was made from, so that a dozen
vendors do not make a slow start; where the folder cannot be written, it is parsed each time.
"""

import hashlib
import re
from collections.abc import Iterator
from datetime import date
from functools import cache, cached_property
from pathlib import Path
from typing import Any, TypedDict

import msgspec
from msgspec import Struct

from contracts.evidence import Evidence
from contracts.profile import NEEDED, Profile, SurfaceProfile

HERE = Path(__file__).parent
METHODS = ("get", "put", "post", "delete", "patch", "head", "options")
COMPILED_FORMAT = "1"


class ContractError(Exception):
    """A contract that contradicts itself or leaves out what the machine needs; says where and what."""


class Operation(Struct, frozen=True, kw_only=True):
    """One thing a vendor can be asked, by its `operationId`."""

    id: str
    vendor: str
    surface: str
    method: str
    path: str
    summary: str
    evidence: Evidence
    parameters: tuple[dict[str, Any], ...] = ()
    bodies: dict[str, Any] = {}
    """JSON Schema by content type; empty when the operation takes no body."""
    body_required: bool = False
    replies: dict[str, Any] = {}
    """JSON Schema of the JSON reply by status; null where a status has no body."""
    scopes: tuple[str, ...] | None = ()
    """Scopes needed; null = open to anybody."""
    built: bool = True
    needs_one_of: tuple[str, ...] = ()
    """Query parameters of which the vendor wants one, whichever."""
    pagination: str = "default"
    rate_limit: str = "default"
    client_by_basic: bool = False
    """A token is asked for with the client's id and secret in HTTP Basic, and not in the body."""
    graphql: str | None = None
    """The SDL file this operation executes, for a GraphQL endpoint."""
    done_again: bool = False
    """Asked the same again, it is done again, though it does not say 201 as what makes something does."""
    account: str = ""
    """The parameter of its path that names the caller's account, where there is one."""


class Surface(Struct, frozen=True, kw_only=True):
    """One document: a dialect over the vendor's one state."""

    name: str
    document: dict[str, Any]
    profile: SurfaceProfile
    operations: tuple[Operation, ...]


class Contract:
    """Everything we hold a vendor to."""

    def __init__(self, vendor: str, folder: Path, profile: Profile, documents: dict[str, dict[str, Any]]) -> None:
        self.vendor = vendor
        self.folder = folder
        self.profile = profile
        self.surfaces = {name: _surface(vendor, name, doc, profile) for name, doc in documents.items()}
        self.operations: dict[str, Operation] = {}
        places: dict[tuple[str, str], Operation] = {}
        for surface in self.surfaces.values():
            for operation in surface.operations:
                if operation.id in self.operations:
                    raise ContractError(f"{vendor}: operationId {operation.id} is used twice")
                self.operations[operation.id] = operation
                other = places.setdefault((operation.method, _shape(operation.path)), operation)
                if other is not operation:
                    raise ContractError(f"{vendor}: {operation.method} {operation.path} is {other.id} already")

    @cached_property
    def examples(self) -> tuple[dict[str, Any], ...]:
        """Recorded or composed exchanges, each with its evidence."""
        paths = sorted((self.folder / "examples").glob("*.json"))
        return tuple(msgspec.json.decode(path.read_bytes()) | {"file": path.name} for path in paths)

    def text(self, name: str) -> str:
        """A file of the contract, such as the SDL."""
        return (self.folder / name).read_text(encoding="utf-8")

    def schema(self, surface: str, schema: Any) -> dict[str, Any]:
        """A schema that can stand alone: `#/components/...` references keep working."""
        components = self.surfaces[surface].document.get("components", {})
        root = {"allOf": [schema]} if schema is True or "$ref" in schema else dict(schema)
        return root | {"components": components}


def vendors() -> tuple[str, ...]:
    """Every vendor there is: the folder is the registration."""
    return tuple(sorted(path.parent.name for path in HERE.glob("*/profile.yaml")))


@cache
def load(vendor: str) -> Contract:
    """Read a vendor's contract. Raises `ContractError` when it is unknown or contradicts itself."""
    folder = HERE / vendor
    if not vendor.isidentifier() or not (folder / "profile.yaml").is_file():
        raise ContractError(f"no contract called {vendor!r}; there are: {', '.join(vendors())}")
    return read(folder)


def read(folder: Path) -> Contract:
    """The contract in a folder, wherever that is; the folder's name is the vendor's. Raises `ContractError`."""
    vendor = folder.name
    parsed = _parsed(folder)
    for name, document in (("profile", parsed["profile"]), *parsed["documents"].items()):
        if not isinstance(document, dict):
            raise ContractError(f"contracts/{vendor}/{_file(name)}: members and values are expected, not {document!r}")
    try:
        profile = msgspec.convert(parsed["profile"], Profile, strict=False)
    except msgspec.ValidationError as error:
        raise ContractError(f"contracts/{vendor}/profile.yaml: {error}") from error
    if missing := set(parsed["documents"]) ^ set(profile.surfaces):
        raise ContractError(f"contracts/{vendor}: documents and the profile's surfaces differ in {sorted(missing)}")
    return Contract(vendor, folder, profile, parsed["documents"])


class Parsed(TypedDict):
    """The sources as plain values; what is compiled is exactly this."""

    profile: Any
    documents: dict[str, Any]


def _parsed(folder: Path) -> Parsed:
    paths = [folder / "profile.yaml", *sorted(folder.glob("*.openapi.yaml"))]
    texts = [path.read_bytes() for path in paths]
    names = [path.name.encode() for path in paths]
    digest = hashlib.sha256(b"\0".join([COMPILED_FORMAT.encode(), *names, *texts])).hexdigest()[:16]
    compiled = folder / "__pycache__" / f"contract-{digest}.msgpack"
    try:
        return msgspec.msgpack.decode(compiled.read_bytes(), type=Parsed)
    except (OSError, ValueError):
        pass
    parsed: Parsed = {
        "profile": _yaml(paths[0], texts[0]),
        "documents": {
            path.name.removesuffix(".openapi.yaml"): _yaml(path, text)
            for path, text in zip(paths[1:], texts[1:], strict=True)
        },
    }
    _keep(compiled, msgspec.msgpack.encode(parsed))
    return parsed


def _file(name: str) -> str:
    return "profile.yaml" if name == "profile" else f"{name}.openapi.yaml"


def _keep(path: Path, compiled: bytes) -> None:
    try:
        path.parent.mkdir(exist_ok=True)
        for old in path.parent.glob("contract-*.msgpack"):
            old.unlink(missing_ok=True)
        partial = path.with_suffix(".partial")
        partial.write_bytes(compiled)
        partial.replace(path)
    except OSError:
        return  # a read-only installation is as good, only slower to start


def _yaml(path: Path, text: bytes) -> Any:
    import yaml  # only when nothing compiled is there: importing and parsing cost more than all the rest

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return _plain(yaml.load(text, Loader=loader))  # noqa: S506 - a safe loader, in C where there is one
    except yaml.YAMLError as error:
        said = " ".join(str(error).split())
        raise ContractError(f"contracts/{path.parent.name}/{path.name}: {said}") from error


def _plain(value: Any) -> Any:
    """Dates as text and keys as text: what JSON would have said."""
    match value:
        case dict():
            return {str(key): _plain(item) for key, item in value.items()}
        case list():
            return [_plain(item) for item in value]
        case date():
            return value.isoformat()
        case _:
            return value


def _surface(vendor: str, name: str, document: dict[str, Any], profile: Profile) -> Surface:
    surface = profile.surfaces[name]
    if missing := NEEDED - surface.errors.known.keys():
        raise ContractError(f"contracts/{vendor}/profile.yaml: surface {name} leaves out {', '.join(sorted(missing))}")
    account = surface.account.parameter if surface.account else ""
    operations = tuple(_operations(vendor, name, document, account))
    for operation in operations:
        named = (operation.pagination, surface.pagination), (operation.rate_limit, surface.rate_limits)
        for rule, known in named:
            if rule not in {"default", *known}:
                where = f"contracts/{vendor}/{name}.openapi.yaml: {operation.method} {operation.path}"
                raise ContractError(f"{where}: the profile has no {rule}; it has: {', '.join(known)}")
    return Surface(name=name, document=document, profile=surface, operations=operations)


def _operations(vendor: str, surface: str, document: dict[str, Any], account: str) -> Iterator[Operation]:
    paths = document.get("paths", {})
    if not isinstance(paths, dict) or not all(isinstance(item, dict) for item in paths.values()):
        raise ContractError(f"contracts/{vendor}/{surface}.openapi.yaml: paths are members and values")
    for path, item in paths.items():
        for method in METHODS:
            if method in item:
                try:
                    made = _operation(vendor, surface, document, path, method, item)
                    yield msgspec.structs.replace(made, account=account) if f"{{{account}}}" in path else made
                except (KeyError, TypeError, AttributeError, msgspec.ValidationError) as error:
                    where = f"contracts/{vendor}/{surface}.openapi.yaml: {method.upper()} {path}"
                    raise ContractError(f"{where}: {type(error).__name__} {error}") from error


def _operation(
    vendor: str, surface: str, document: dict[str, Any], path: str, method: str, item: dict[str, Any]
) -> Operation:
    raw = item[method]
    parameters = tuple(_resolve(document, each) for each in [*item.get("parameters", []), *raw.get("parameters", [])])
    body = _resolve(document, raw.get("requestBody", {}))
    return Operation(
        id=raw["operationId"],
        vendor=vendor,
        surface=surface,
        method=method.upper(),
        path=path,
        summary=raw.get("summary", ""),
        evidence=msgspec.convert(raw["x-evidence"], Evidence, strict=False),
        parameters=parameters,
        bodies={kind: content.get("schema", True) for kind, content in body.get("content", {}).items()},
        body_required=body.get("required", False),
        replies={status: _reply(document, reply) for status, reply in raw["responses"].items()},
        scopes=_scopes(raw.get("security", document.get("security"))),
        built=raw.get("x-built", True),
        needs_one_of=tuple(raw.get("x-needs-one-of", ())),
        pagination=raw.get("x-pagination", "default"),
        rate_limit=raw.get("x-rate-limit", "default"),
        client_by_basic=raw.get("x-client") == "basic",
        graphql=raw.get("x-graphql"),
        done_again=raw.get("x-done-again", False),
    )


def _shape(path: str) -> str:
    """The path without the names of its parameters: what two operations must not share."""
    return re.sub(r"\{[^}]*\}", "{}", path)


def _reply(document: dict[str, Any], reply: dict[str, Any]) -> Any:
    content = _resolve(document, reply).get("content", {})
    return next((media.get("schema", True) for kind, media in content.items() if "json" in kind), None)


def _scopes(security: list[dict[str, list[str]]] | None) -> tuple[str, ...] | None:
    if security is None or security == []:
        return None
    return tuple(scope for alternative in security[:1] for scopes in alternative.values() for scope in scopes)


def _resolve(document: dict[str, Any], item: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in item:
        found: Any = document
        for step in item["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        item = found
    return item
