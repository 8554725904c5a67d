"""Execution: a selection compiled into nested closures over dicts, with errors where GraphQL puts them."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, cast

import graphql as gq

from mock_servers.core.graphql.plan import Selection
from mock_servers.core.graphql.run import Completion, Null, Resolver, Run
from mock_servers.core.graphql.words import FieldError, Json
from mock_servers.core.refusal import ContractBroken


def body_of(type_name: str, fields: Sequence[Selection]) -> Completion:
    """Answer the fields of one object. Plain leaves are read in the loop itself, everything else by its closure."""
    steps = tuple(_step(selection) for selection in fields)
    if type_name.startswith("__"):
        return lambda source, run: {step[0]: cast("Completion", step[4])(source, run) for step in steps}

    def run_object(source: Any, run: Run) -> Json:
        get = source.get
        out = {}
        for key, name, kind, read, resolve in steps:
            if resolve is not None:
                out[key] = resolve(source, run)
                continue
            value = get(name)
            out[key] = value if value.__class__ is kind else read(value, run)
        return out

    run_object.__qualname__ = f"run_{type_name}"
    return run_object


Step = tuple[str, str, type | None, Completion, "Completion | None"]


def _never(value: Any, run: Run) -> Any:  # noqa: ARG001 - a Completion
    raise AssertionError("a field with a closure of its own is not read as a leaf")


def _step(selection: Selection) -> Step:
    key, name, service = selection.key, selection.name, selection.plan.service
    if name == "__typename":
        return key, name, None, _never, lambda _source, _run: selection.parent
    resolver = _resolver(selection)
    plain = resolver is None and selection.access is None and selection.built
    of = gq.get_nullable_type(selection.definition.type)
    if plain and isinstance(of, gq.GraphQLScalarType):
        return key, name, service.scalar(of.name).out, _odd_leaf(selection), None
    return key, name, None, _never, _resolved(selection, resolver)


def _resolver(selection: Selection) -> Resolver | None:
    service = selection.plan.service
    own = selection.definition.resolve
    if own is not None:  # introspection: graphql-core's own resolvers want an `info` with the schema in it
        info = SimpleNamespace(schema=service.schema)
        out_names = {name: arg.out_name or name for name, arg in selection.definition.args.items()}
        return lambda source, arguments, _run: own(
            source, info, **{out_names[name]: value for name, value in arguments.items()}
        )
    by_type = service.resolvers.get(f"{selection.parent}.{selection.name}")
    if by_type is None and selection.parent in service.root_names:
        return service.resolvers.get(selection.name)
    return by_type


def _odd_leaf(selection: Selection) -> Completion:
    """A leaf that is not simply of its type: null, or something to be said loudly."""
    complete = _complete(selection, selection.definition.type)

    def read(value: Any, run: Run) -> Any:
        if value is not None:
            return complete(value, run)
        if isinstance(selection.definition.type, gq.GraphQLNonNull):
            run.record(_nothing(selection), selection, [*run.path, selection.key])
            raise Null
        return None

    return read


def _nothing(selection: Selection) -> FieldError:
    return selection.plan.service.dialect.null(selection.parent, selection.name)


def _resolved(selection: Selection, resolver: Resolver | None) -> Completion:
    """Resolve one field and complete its value; errors are recorded here and stop at the first nullable parent."""
    key, name, service = selection.key, selection.name, selection.plan.service
    complete = _complete(selection, selection.definition.type)
    required = isinstance(selection.definition.type, gq.GraphQLNonNull)
    access, built, dialect = selection.access, selection.built, service.dialect
    is_root = selection.parent in service.root_names

    def resolve(source: Any, run: Run) -> Any:
        path = run.path
        depth = len(path)
        path.append(key)
        try:
            if is_root:
                run.field = selection
            if access is not None and run.grants is not None and access.isdisjoint(run.grants):
                raise dialect.denied(selection, tuple(sorted(access)))
            if not built:
                raise dialect.unbuilt(selection)
            value = source.get(name) if resolver is None else resolver(source, selection.arguments(run), run)
            if value is not None:
                value = complete(value, run)
            elif required:
                raise _nothing(selection)
        except FieldError as error:
            del path[depth + 1 :]
            run.record(error, selection, path)
            del path[depth:]
            if required:
                raise Null from None
            return None
        except Null:
            del path[depth:]
            if required:
                raise
            return None
        path.pop()
        return value

    return resolve


def _complete(selection: Selection, of: Any) -> Completion:
    """How a value that is not None becomes its JSON form."""
    if isinstance(of, gq.GraphQLNonNull):
        of = of.of_type
    if isinstance(of, gq.GraphQLList):
        return _list(selection, of.of_type)
    if isinstance(of, gq.GraphQLObjectType):
        return _lazy_object(selection, of.name)
    if gq.is_abstract_type(of):
        return _abstract(selection, of)
    if isinstance(of, gq.GraphQLEnumType):
        return _enum(selection, of)
    return _scalar(selection, of)


def _lazy_object(selection: Selection, type_name: str) -> Completion:
    """Compiled when first reached: a type may be asked for and never come up."""
    compiled: list[Completion] = []

    def complete(value: Any, run: Run) -> Any:
        if not compiled:
            compiled.append(body_of(type_name, selection.fields_of(type_name)))
        return compiled[0](value, run)

    return complete


def _list(selection: Selection, of: Any) -> Completion:
    required = isinstance(of, gq.GraphQLNonNull)
    complete = _complete(selection, of)
    leaf = gq.is_leaf_type(gq.get_nullable_type(of))

    def complete_item(item: Any, run: Run, depth: int) -> Any:
        try:
            if item is not None:
                return complete(item, run)
            if required:
                run.record(_nothing(selection), selection, run.path)
                raise Null
        except Null:
            del run.path[depth:]
            if required:
                raise
        return None

    def complete_list(value: Any, run: Run) -> list[Any]:
        if leaf and None not in value:
            return [complete(item, run) for item in value]
        path = run.path
        path.append(0)
        depth = len(path)
        out = []
        for index, item in enumerate(value):
            path[depth - 1] = index
            out.append(complete_item(item, run, depth))
        path.pop()
        return out

    return complete_list


def _abstract(selection: Selection, of: Any) -> Completion:
    service = selection.plan.service
    allowed = set(selection.types) if of is selection.named else set()
    compiled: dict[str, Completion] = {}

    def complete(value: Any, run: Run) -> Any:
        type_name = value.get("__typename") or service.type_of(value)
        body = compiled.get(type_name)
        if body is None:
            if type_name not in allowed:
                raise ContractBroken(f"{selection.parent}.{selection.name}: {type_name} is not a {of.name}")
            body = compiled[type_name] = body_of(type_name, selection.fields_of(type_name))
        return body(value, run)

    return complete


def _enum(selection: Selection, of: Any) -> Completion:
    values = frozenset(of.values)

    def complete(value: Any, run: Run) -> Any:  # noqa: ARG001 - a Completion
        if value in values:
            return value
        if of.name.startswith("__"):
            return of.serialize(value)
        raise ContractBroken(f"{selection.parent}.{selection.name}: {value!r} is not a {of.name}")

    return complete


def _scalar(selection: Selection, of: Any) -> Completion:
    kind = selection.plan.service.scalar(of.name).out

    def complete(value: Any, run: Run) -> Any:  # noqa: ARG001 - a Completion
        if value.__class__ is kind or kind is object:
            return value
        if kind is float and value.__class__ is int:
            return value
        raise ContractBroken(f"{selection.parent}.{selection.name}: {type(value).__name__} where {of.name} is promised")

    return complete
