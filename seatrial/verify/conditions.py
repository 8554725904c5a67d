"""When a law is about a surface, by what its profile and its document say; and the rules laws stand on."""

import msgspec

from contracts.contract import Contract, Operation, Surface
from contracts.evidence import Evidence
from contracts.profile import GraphqlConnection, LinkHeader, OwnScheme, PageNumber, QueryCost
from seatrial.verify.law import Condition
from seatrial.verify.recipes import JSON, changes, grants, is_graphql, makes_in, named_in_path


def guarded(contract: Contract, surface: Surface) -> bool:  # noqa: ARG001
    """It has operations that need a token, shown in a way we know."""
    known = any(not isinstance(scheme, OwnScheme) for scheme in surface.profile.auth)
    return known and any(each.scopes is not None and each.built for each in surface.operations)


def scoped(contract: Contract, surface: Surface) -> bool:
    """Its operations ask for scopes."""
    return guarded(contract, surface) and any(each.scopes for each in surface.operations)


def guarded_graph(contract: Contract, surface: Surface) -> bool:
    """A GraphQL endpoint that needs a token."""
    return guarded(contract, surface) and graph(contract, surface)


def granting(contract: Contract, surface: Surface) -> bool:
    """Tokens are given here."""
    return any(each.built and grants(contract, each) for each in surface.operations)


def graph(contract: Contract, surface: Surface) -> bool:  # noqa: ARG001
    """It has a GraphQL endpoint."""
    return any(each.built and is_graphql(each) for each in surface.operations)


def mutable_graph(contract: Contract, surface: Surface) -> bool:
    """It has a GraphQL endpoint that can change something."""
    if not graph(contract, surface):
        return False
    file = next(each.graphql for each in surface.operations if each.graphql)
    return "\ntype Mutation" in contract.text(file)


def rest(contract: Contract, surface: Surface) -> bool:  # noqa: ARG001
    """It has operations that are more than a GraphQL endpoint."""
    return any(each.built and not is_graphql(each) for each in surface.operations)


def bodied(contract: Contract, surface: Surface) -> bool:  # noqa: ARG001
    """Something takes a body."""
    return any(each.built and each.bodies for each in surface.operations)


def changing(contract: Contract, surface: Surface) -> bool:
    """Something there changes something."""
    return any(each.built and changes(contract, each) for each in surface.operations)


def creating(contract: Contract, surface: Surface) -> bool:
    """Something there makes something new."""
    return any(each.built and makes(contract, each) for each in surface.operations)


def makes(contract: Contract, operation: Operation) -> bool:
    """It makes something new: it says 201, and its path ends in a list."""
    return changes(contract, operation) and "201" in operation.replies and not operation.path.endswith("}")


def with_paths(contract: Contract, surface: Surface) -> bool:  # noqa: ARG001
    """Things are asked for by an id in the path."""
    return any(each.built and named_in_path(each) for each in surface.operations)


def numbered_pages(contract: Contract, surface: Surface) -> bool:  # noqa: ARG001
    """Lists are walked by page number."""
    return any(isinstance(rule, PageNumber) for rule in surface.profile.pagination.values())


def telling_pages(contract: Contract, surface: Surface) -> bool:  # noqa: ARG001
    """Pages say of themselves which they are, or how many there are."""
    rules = surface.profile.pagination.values()
    return any(isinstance(rule, PageNumber) and (set(rule.envelope) - {"rows"} or rule.headers) for rule in rules)


def growing(contract: Contract, surface: Surface) -> bool:
    """Some list has an operation beside it that adds a row."""
    return listed(contract, surface) and any(
        each.built and each.method == "GET" and makes_in(contract, each) is not None for each in surface.operations
    )


def heading(contract: Contract, surface: Surface) -> bool:
    """Some change has headers in the document of its answer."""
    paths = surface.document.get("paths", {})
    return any(
        "headers" in reply
        for each in surface.operations
        if each.built and changes(contract, each)
        for reply in paths[each.path][each.method.lower()]["responses"].values()
    )


def linked_pages(contract: Contract, surface: Surface) -> bool:  # noqa: ARG001
    """Lists are walked by a Link header."""
    return any(isinstance(rule, LinkHeader) for rule in surface.profile.pagination.values())


def listed(contract: Contract, surface: Surface) -> bool:
    """Lists are walked by number or by link."""
    return numbered_pages(contract, surface) or linked_pages(contract, surface)


def connected(contract: Contract, surface: Surface) -> bool:
    """Lists are GraphQL connections."""
    rules = surface.profile.pagination.values()
    return graph(contract, surface) and any(isinstance(rule, GraphqlConnection) for rule in rules)


def counted(contract: Contract, surface: Surface) -> bool:
    """Calls are counted."""
    rules = surface.profile.rate_limits
    return guarded(contract, surface) and any(
        each.rate_limit in rules and not isinstance(rules[each.rate_limit], QueryCost)
        for each in surface.operations
        if each.built
    )


def costed(contract: Contract, surface: Surface) -> bool:
    """Queries are paid for in points."""
    return graph(contract, surface) and any(
        isinstance(surface.profile.rate_limits.get(each.rate_limit), QueryCost) for each in surface.operations
    )


def versioned(contract: Contract, surface: Surface) -> bool:
    """The version is in the path."""
    return contract.profile.versions is not None and any("{version}" in each.path for each in surface.operations)


def exemplified(contract: Contract, surface: Surface) -> bool:
    """Exchanges were recorded or composed for it."""
    own = {each.id for each in surface.operations}
    return any(each.get("operation") in own for each in contract.examples)


def reading(contract: Contract, surface: Surface) -> bool:  # noqa: ARG001
    """Something guarded is read with GET."""
    return any(each.built and each.scopes is not None and each.method == "GET" for each in surface.operations)


def looked_at(contract: Contract, surface: Surface) -> bool:  # noqa: ARG001
    """Something is read with GET, or by GraphQL."""
    return any(each.built and (each.method == "GET" or is_graphql(each)) for each in surface.operations)


def queried(contract: Contract, surface: Surface) -> bool:
    """Something that is read takes parameters in its query."""
    reads = (each for each in surface.operations if each.built and not changes(contract, each))
    return any(each["in"] == "query" for operation in reads for each in operation.parameters)


def saying_json(contract: Contract, surface: Surface) -> bool:  # noqa: ARG001
    """Something takes JSON."""
    return any(each.built and JSON in each.bodies for each in surface.operations)


def stamped(contract: Contract, surface: Surface) -> bool:
    """Its answers have moments in them."""
    return reading(contract, surface) and b"date-time" in msgspec.json.encode(surface.document)


def counting(contract: Contract, surface: Surface) -> bool:
    """Headers tell how much of a limit is used, or left."""
    rules = surface.profile.rate_limits.values()
    told = " ".join(value for rule in rules for value in rule.headers.values())
    return counted(contract, surface) and ("{used}" in told or "{remaining}" in told)


def guarded_changes(contract: Contract, surface: Surface) -> bool:
    """Something that needs a token changes something."""
    return guarded(contract, surface) and any(
        each.built and each.scopes is not None and changes(contract, each) for each in surface.operations
    )


def guarded_named_changes(contract: Contract, surface: Surface) -> bool:
    """Something that needs a token changes what its path names."""
    return guarded_changes(contract, surface) and any(
        named_in_path(each) and changes(contract, each) for each in surface.operations
    )


def showing_rows(contract: Contract, surface: Surface) -> bool:
    """Rows are shown in lists, or by an id in the path."""
    reads = (each for each in surface.operations if each.built and not changes(contract, each))
    return guarded(contract, surface) and (listed(contract, surface) or any(map(named_in_path, reads)))


def opened(contract: Contract, surface: Surface) -> bool:
    """Some of it is open to anybody, and changes nothing."""
    return any(each.scopes is None and each.built and not changes(contract, each) for each in surface.operations)


def first_surface(contract: Contract, surface: Surface) -> bool:
    """The one that stands for the whole vendor."""
    return surface is next(iter(contract.surfaces.values()))


def both(*conditions: Condition) -> Condition:
    """All of these."""
    return lambda contract, surface: all(condition(contract, surface) for condition in conditions)


# The rules laws stand on ----------------------------------------------------------------------------------------------


def auth_rule(contract: Contract, surface: Surface) -> Evidence | None:  # noqa: ARG001
    """How one shows who is calling."""
    return surface.profile.auth[0].evidence if surface.profile.auth else surface.profile.errors.evidence


def paging_rule(contract: Contract, surface: Surface) -> Evidence | None:  # noqa: ARG001
    """How lists are walked."""
    return next((rule.evidence for rule in surface.profile.pagination.values()), None)


def limit_rule(contract: Contract, surface: Surface) -> Evidence | None:  # noqa: ARG001
    """How fast one may call."""
    return next((rule.evidence for rule in surface.profile.rate_limits.values()), None)


def unknown_rule(contract: Contract, surface: Surface) -> Evidence | None:  # noqa: ARG001
    """What is not named."""
    return surface.profile.unknown.evidence


def body_rule(contract: Contract, surface: Surface) -> Evidence | None:  # noqa: ARG001
    """How a body is read."""
    return surface.profile.body.evidence


def versions_rule(contract: Contract, surface: Surface) -> Evidence | None:  # noqa: ARG001
    """Which versions there are."""
    return contract.profile.versions.evidence if contract.profile.versions else None


def operation_rule(contract: Contract, surface: Surface) -> Evidence | None:  # noqa: ARG001
    """The document: each operation has evidence of its own."""
    return surface.operations[0].evidence if surface.operations else None


def stamps_rule(contract: Contract, surface: Surface) -> Evidence | None:  # noqa: ARG001
    """How a moment is written."""
    return contract.profile.stamps.evidence


def none(contract: Contract, surface: Surface) -> Evidence | None:  # noqa: ARG001
    """HTTP itself."""
    return None
