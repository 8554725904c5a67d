"""The GraphQL endpoint: versions, points, and what becomes of one request."""

from functools import cache
from typing import TYPE_CHECKING, Any

from contracts.profile import QueryCost
from mock_servers.core.fake import Call
from mock_servers.core.graphql import Answer, Rejected, Run
from mock_servers.core.refusal import Refusal
from mock_servers.core.store import decode, encode
from mock_servers.core.throttle import Points
from mock_servers.core.wire import Reply, Request
from mock_servers.shopify.behaviour.base import fact, fake, grants, type_in, uuid
from mock_servers.shopify.behaviour.oauth import retire_replaced
from mock_servers.shopify.behaviour.words import SCALARS, dialect
from mock_servers.shopify.cost import Bill, bill_of

if TYPE_CHECKING:
    from mock_servers.core.graphql import Machine, Sdl

Json = dict[str, Any]
CONTENT_TYPE = "application/json; charset=utf-8"
RATE_LIMITS = "https://shopify.dev/api/usage/rate-limits"
PREFIX = "/admin/api/"


@cache
def served() -> tuple[str, ...]:
    """Versions answered, oldest first."""
    versions = fake.contract.profile.versions
    return versions.served if versions else ()


@cache
def version_for(asked: str) -> str:
    """The version that answers: the one asked for, or the oldest for one that is no longer served; empty for none."""
    if asked in served():
        return asked
    year, _, month = asked.partition("-")
    well_formed = len(year) == 4 and year.isdecimal() and month in {"01", "04", "07", "10"}
    return served()[0] if well_formed and asked < served()[0] else ""


@cache
def _sdl() -> "Sdl":
    from mock_servers.core.graphql import Sdl

    return Sdl(fake.contract.text(fake.contract.operations["graphql"].graphql or ""))


@cache
def machine_of(version: str) -> "Machine":
    """The machine of one version. With graphql-core, which it stands on, it is loaded when the first query comes."""
    from mock_servers.core.graphql import Machine

    return Machine(_sdl(), dialect, fake.fields, version, SCALARS, lambda value: type_in(value["id"]))


@fake.headers("admin")
def admin_headers(call: Call) -> list[tuple[str, str]]:
    """Which version answered, and a number for the support desk."""
    version = version_for(call.request.path.removeprefix(PREFIX).split("/", 1)[0]) or served()[-1]
    return [("X-Shopify-API-Version", version), ("X-Request-Id", _request_id(call))]


@fake.headers("oauth")
def oauth_headers(call: Call) -> list[tuple[str, str]]:
    """A number for the support desk."""
    return [("X-Request-Id", _request_id(call))]


def _request_id(call: Call) -> str:
    return uuid(call)


@fake.names("graphql")
def root_names(request: Request) -> tuple[str, ...]:
    """The root fields a request asks for, for faults and for the journal."""
    version = version_for(request.path.removeprefix(PREFIX).split("/", 1)[0])
    try:
        body = decode(request.body)
        plan = machine_of(version).plan(body["query"], body.get("operationName"), body.get("variables") or {})
        return tuple(selection.name for selection in plan.roots)
    except (Rejected, KeyError, TypeError, AttributeError, ValueError, RecursionError):
        return ()


@fake.operation("graphql")
def graphql(call: Call) -> Reply:
    version = version_for(call.path["version"])
    if not version:
        raise Refusal("route_not_found", path=call.request.path)
    retire_replaced(call, call.caller)
    machine = machine_of(version)
    variables = call.body.get("variables") or {}
    try:
        plan = machine.plan(call.body["query"], call.body.get("operationName"), variables)
        values = machine.variables(plan.operation, variables)
        _check_sizes(variables)
    except Rejected as rejected:
        return _reply({"errors": rejected.errors})

    run = Run(plan, values, call, grants(call))
    bill, points = bill_of(plan), _points(call)
    requested = bill.requested(run)
    if requested > points.rule.single_maximum:
        return _reply({"errors": [_too_dear(requested, points.rule.single_maximum)]})
    try:
        points.take(call.now, requested)
    except Refusal:
        return _reply(_throttled(call, requested, points))

    answer = run.execute()
    actual = bill.actual(answer.data)
    points.give_back(max(0, requested - actual))
    return _reply(_answered(call, run, bill, answer, requested, actual, points))


def _reply(body: Json) -> Reply:
    return Reply(200, encode(body), content_type=CONTENT_TYPE)


def _answered(call: Call, run: Run, bill: Bill, answer: Answer, requested: int, actual: int, points: Points) -> Json:
    cost: Json = {"requestedQueryCost": requested, "actualQueryCost": actual, "throttleStatus": _status(points)}
    if call.request.header(b"shopify-graphql-cost-debug") == "1":
        cost["fields"] = bill.fields(run)
    body: Json = {"data": answer.data}
    if answer.errors:
        body["errors"] = answer.errors
    body["extensions"] = {"cost": cost, **run.extensions}
    return body


# Points ---------------------------------------------------------------------------------------------------------------


def _points(call: Call) -> Points:
    rule = call.fake.contract.profile.surfaces["admin"].rate_limits["cost"]
    who = call.caller.subject if call.caller else ""
    points = call.world.limits.of((call.vendor, "admin", "cost", who), rule, call.setting("limit.cost"))
    if not isinstance(rule, QueryCost) or not isinstance(points, Points):
        raise TypeError("the cost of queries is counted in points")
    return points


def _status(points: Points) -> Json:
    return {
        "maximumAvailable": float(points.rule.maximum),
        "currentlyAvailable": int(points.available),
        "restoreRate": float(points.rule.restore_per_second),
    }


def _throttled(call: Call, requested: int, points: Points) -> Json:
    """Shopify answers 200 here, and sends no Retry-After: the wait follows from the points."""
    points.restore(call.now)
    cost = {"requestedQueryCost": requested, "actualQueryCost": None, "throttleStatus": _status(points)}
    error = {"message": "Throttled", "extensions": {"code": "THROTTLED", "documentation": RATE_LIMITS}}
    return {"errors": [error], "extensions": {"cost": cost}}


def _too_dear(requested: int, maximum: int) -> Json:
    message = (
        f"Query cost is {requested}, which exceeds the single query max cost limit ({maximum}).\n\n"
        "See https://shopify.dev/concepts/about-apis/rate-limits for more information on how the\n"
        "cost of a query is calculated.\n\n"
        "To query larger amounts of data with fewer limits, bulk operations should be used instead.\n"
        "See https://shopify.dev/tutorials/perform-bulk-operations-with-admin-api for usage details.\n"
    )
    extensions = {
        "code": "MAX_COST_EXCEEDED",
        "cost": requested,
        "maxCost": maximum,
        "documentation": RATE_LIMITS,
    }
    return {"message": message, "extensions": extensions}


# Limits on input ------------------------------------------------------------------------------------------------------


def _check_sizes(value: Any) -> None:
    """Refuse a variable with a list longer than the vendor takes. Raises `Rejected`."""
    maximum = fact("input_array_maximum")
    if (size := _longest(value)) > maximum:
        message = f"The input array size of {size} is greater than the maximum allowed of {maximum}."
        raise Rejected([{"message": message, "extensions": {"code": "MAX_INPUT_SIZE_EXCEEDED"}}])


def _longest(value: Any) -> int:
    match value:
        case list():
            return max([len(value), *(_longest(item) for item in value if isinstance(item, (list, dict)))])
        case dict():
            return max((_longest(item) for item in value.values() if isinstance(item, (list, dict))), default=0)
        case _:
            return 0
