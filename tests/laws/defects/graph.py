"""GraphQL endpoints that lose nodes, guess, forget to guard, or count points wrongly."""

import re
from itertools import count
from typing import Any

import httpx
import msgspec

from seatrial.verify import Target
from tests.laws.defects.planting import (
    GRAPH,
    GRAPH_SURFACE,
    Defect,
    Inner,
    Meddle,
    failing,
    meddled,
    on_json,
    resent,
    with_our_token,
)


def _query(request: httpx.Request) -> str:
    try:
        return str(msgspec.json.decode(request.content).get("query", ""))
    except (msgspec.DecodeError, AttributeError):
        return ""


def _saying(request: httpx.Request, query: str) -> httpx.Request:
    return resent(request, content=msgspec.json.encode(msgspec.json.decode(request.content) | {"query": query}))


def _rewriting(pattern: str, instead: str) -> Any:
    """Something in a document is not seen."""

    def meddle(request: httpx.Request, inner: Inner) -> httpx.Response:
        query = _query(request)
        return inner(_saying(request, re.sub(pattern, instead, query)) if re.search(pattern, query) else request)

    return lambda: meddled(meddle, GRAPH)


def _answering(change: Any) -> Any:
    """Something in the answer is otherwise; `change` is given the document and the body."""
    return lambda: meddled(on_json(lambda request, body: change(_query(request), body)), GRAPH)


def _connections(body: Any, change: Any) -> Any:
    """Each connection at the top of an answer, changed."""
    data = body.get("data") if isinstance(body, dict) else None
    if not isinstance(data, dict):
        return body
    here = {
        name: change(each) if isinstance(each, dict) and "pageInfo" in each else each for name, each in data.items()
    }
    return body | {"data": here}


def _page(connection: Any, **told: Any) -> Any:
    return connection | {"pageInfo": connection["pageInfo"] | told}


def _second_lost(query: str, body: Any) -> Any:
    if "after:" not in query:
        return body
    return _connections(body, lambda each: _page(each, hasNextPage=False) | {"edges": [], "nodes": []})


def _endless(query: str, body: Any) -> Any:
    return _connections(body, lambda each: _page(each, hasNextPage=True) if not each.get("edges", True) else each)


def _turned(query: str, body: Any) -> Any:
    return _connections(body, lambda each: each | {"edges": each["edges"][::-1]}) if "last:" in query else body


def _shifted(query: str, body: Any) -> Any:
    if "after:" not in query:
        return body
    return _connections(body, lambda each: each | {"edges": each["edges"][1:], "nodes": each["nodes"][1:]})


def _wrong_end(query: str, body: Any) -> Any:
    return _connections(body, lambda each: _page(each, endCursor=each["pageInfo"]["startCursor"]))


def _first_flag_as_text(query: str, body: Any) -> Any:
    done = [False]

    def walk(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: walk(item) for name, item in value.items()}
        if isinstance(value, list):
            return [walk(item) for item in value]
        if isinstance(value, bool) and not done[0]:
            done[0] = True
            return str(value).lower()
        return value

    return body | {"data": walk(body["data"])} if "data" in body else body


def _without_user_errors(query: str, body: Any) -> Any:
    data = body.get("data") or {}
    told = {
        name: {k: v for k, v in each.items() if k != "userErrors"}
        for name, each in data.items()
        if isinstance(each, dict)
    }
    return body | {"data": data | told} if data else body


def _never_an_error(query: str, body: Any) -> Any:
    return {"data": {"__typename": "QueryRoot"}} if body.get("errors") and not body.get("data") else body


def _pretending(query: str, body: Any) -> Any:
    if not body.get("errors") or not isinstance(body.get("data"), dict):
        return body
    return {"data": {name: {"__typename": "Thing"} if each is None else each for name, each in body["data"].items()}}


def _something_else(query: str, body: Any) -> Any:
    return _pretending(query, body | {"errors": [1]}) if "987654321098765" in query else body


def _unordered(query: str, body: Any) -> Any:
    if "many:" not in query:
        return body
    return body | {"data": {name: {"many": each["many"][::-1]} for name, each in body["data"].items()}}


def _as_ourselves(target: Target) -> Meddle:
    return lambda request, inner: inner(with_our_token(target, request))


def _cost(**changes: Any) -> Any:
    def change(query: str, body: Any) -> Any:
        cost = body.get("extensions", {}).get("cost")
        if cost is None:
            return body
        status = {name: value for name, value in changes.items() if name in cost["throttleStatus"]}
        rest = {name: value for name, value in changes.items() if name not in status}
        made = cost | rest | {"throttleStatus": cost["throttleStatus"] | status}
        return body | {"extensions": {"cost": made}}

    return _answering(change)


def _never_throttled(query: str, body: Any) -> Any:
    if body.get("errors") and body["errors"][0].get("message") == "Throttled":
        status = body["extensions"]["cost"]["throttleStatus"] | {"currentlyAvailable": 0}
        cost = body["extensions"]["cost"] | {"actualQueryCost": 100, "throttleStatus": status}
        return {"data": {}, "extensions": {"cost": cost}}
    return body


def _any_price(query: str, body: Any) -> Any:
    return {"data": {"a": 1}} if body.get("errors") and "exceeds" in str(body["errors"][0].get("message")) else body


def _refusals_charged(request: httpx.Request, inner: Inner) -> httpx.Response:
    answer = inner(request)
    if b'"errors"' in answer.content and b'"data"' not in answer.content:
        inner(_saying(request, "query { products(first: 10) { nodes { id } } }"))
    return answer


def _done_though_failed(request: httpx.Request, inner: Inner) -> httpx.Response:
    answer = inner(request)
    if "mutation" in _query(request) and b'"message"' in answer.content:
        numbers = next(_numbers)
        wrong = f'topic: ORDERS_CREATE, webhookSubscription: {{ uri: "https://hooks.example.com/{numbers}" }}'
        inner(_saying(request, f"mutation {{ webhookSubscriptionCreate({wrong}) {{ userErrors {{ message }} }} }}"))
    return answer


_numbers = count()


def _keys_forgotten(request: httpx.Request, inner: Inner) -> httpx.Response:
    query = _query(request)
    return inner(
        _saying(request, query.replace("verify-one-key", f"key-{next(_numbers)}")) if "verify-one" in query else request
    )


def _defect(says: str, law: str, plant: Any) -> Defect:
    return Defect(says, law, GRAPH_SURFACE, plant)


DEFECTS = (
    _defect(
        "last and before give the page turned round", "connections.backward_is_the_same_collection", _answering(_turned)
    ),
    _defect("after the last node more is promised", "connections.end_at_the_end", _answering(_endless)),
    _defect(
        "a garbage cursor is read as the beginning",
        "connections.garbage_cursor_is_refused",
        _rewriting(r', after: "(seatrial|////)"', ""),
    ),
    _defect(
        "a node is hidden while others arrive",
        "connections.nodes_that_arrive_while_walking_hide_none",
        _answering(_shifted),
    ),
    _defect("endCursor is the cursor of the first node", "connections.page_info_is_true", _answering(_wrong_end)),
    _defect("the second page is lost", "connections.pages_joined_are_the_collection", _answering(_second_lost)),
    _defect("reverse is not heard", "connections.reverse_turns_the_order_round", _rewriting(r", reverse: true", "")),
    _defect(
        "one more than the largest page is served",
        "connections.size_has_its_maximum",
        _rewriting(r"first: 251\b", "first: 250"),
    ),
    _defect("nobody is throttled", "cost.empty_purse_throttles", _answering(_never_throttled)),
    _defect(
        "an answer does not say what it did cost", "cost.every_answer_says_what_it_cost", _cost(actualQueryCost=None)
    ),
    _defect(
        "the purse is always full", "cost.is_charged_and_comes_back_with_the_clock", _cost(currentlyAvailable=2000)
    ),
    _defect("a query may cost what it will", "cost.one_query_has_its_maximum", _answering(_any_price)),
    _defect(
        "refused queries are charged", "cost.refused_query_is_not_charged", lambda: meddled(_refusals_charged, GRAPH)
    ),
    _defect("another name is another order", "graphql.aliases_and_fragments_change_no_value", _answering(_unordered)),
    _defect(
        "what does not parse is answered",
        "graphql.documents_that_do_not_parse_are_refused",
        _answering(_never_an_error),
    ),
    _defect(
        "fields are not guarded",
        "graphql.fields_are_guarded_by_their_scopes",
        lambda: meddled(_as_ourselves, GRAPH, aware=True),
    ),
    _defect("payloads lack their userErrors", "graphql.mutations_are_as_typed", _answering(_without_user_errors)),
    _defect(
        "another account's token shows our nodes",
        "graphql.other_account_sees_nothing_of_ours",
        lambda: meddled(_as_ourselves, GRAPH, aware=True),
    ),
    _defect("a flag is answered as text", "graphql.queries_are_as_typed", _answering(_first_flag_as_text)),
    _defect("a field that is not built pretends", "graphql.unbuilt_fields_say_so", _answering(_pretending)),
    _defect("unknown fields are passed over", "graphql.unknown_fields_are_refused", _answering(_never_an_error)),
    _defect("an unknown id is something", "graphql.unknown_ids_are_nothing", _answering(_something_else)),
    _defect("variables are not checked", "graphql.variables_are_checked", _answering(_never_an_error)),
    _defect(
        "a mutation that failed leaves something behind",
        "mutations.failed_one_changes_nothing",
        lambda: meddled(_done_though_failed, GRAPH),
    ),
    _defect(
        "a mutation is undone when its answer is lost",
        "mutations.lost_answer_is_one_change",
        lambda: failing(GRAPH, lose="drop", cut="drop"),
    ),
    _defect(
        "a mutation refused at the door is done",
        "mutations.refused_at_the_door_is_no_change",
        lambda: failing(GRAPH, refuse="lose"),
    ),
    _defect(
        "keys are forgotten", "mutations.repeat_with_its_key_is_one_change", lambda: meddled(_keys_forgotten, GRAPH)
    ),
)
