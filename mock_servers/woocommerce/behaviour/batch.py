"""Batches: many changes in one request, each done or refused for itself; the answer is 200 whatever came of them."""

from collections.abc import Callable
from functools import cache, partial
from typing import Any

from mock_servers.core.checks import Checks
from mock_servers.core.fake import Call
from mock_servers.core.refusal import Refusal
from mock_servers.core.refusals import refusal_answer
from mock_servers.core.store import decode
from mock_servers.core.wire import Reply
from mock_servers.woocommerce.behaviour.base import Json, answer, fact, fake, whole

JSON = "application/json"


@cache
def checks() -> Checks:
    """Each entry is held against what a request of its own would have to be."""
    return Checks(fake.contract)


def in_batch(
    call: Call,
    operations: tuple[str, str],
    create: Callable[[Json], Json],
    update: Callable[[str, Json], Json],
    delete: Callable[[str], Json],
) -> Reply:
    """Do what a batch says, in its order. Refuses more than a hundred entries as a whole. Deleting is always forced."""
    body: Json = call.body
    limit = fact("batch_maximum")
    if sum(len(body.get(name, [])) for name in ("create", "update", "delete")) > limit:
        raise Refusal("woocommerce_rest_request_entity_too_large", limit=limit)
    new, changed = operations
    done: Json = {}
    if body.get("create"):
        done["create"] = [_each(call, 0, new, each, partial(create, each)) for each in body["create"]]
    if body.get("update"):
        done["update"] = [
            _each(call, _id(each), changed, each, partial(update, str(_id(each)), each)) for each in body["update"]
        ]
    if body.get("delete"):
        done["delete"] = [_each(call, whole(id), None, None, partial(delete, str(whole(id)))) for id in body["delete"]]
    return answer(call, 200, done)


def _id(entry: Json) -> int:
    id = str(entry.get("id"))
    return int(id) if id.isascii() and id.isdigit() and len(id) < 16 else 0


def _each(call: Call, id: int, operation: str | None, body: Any, does: Callable[[], Json]) -> Json:
    """One entry; what is refused leaves nothing behind, and neither do the events it would have caused."""
    told = len(call.events)
    try:
        with call.world.store.savepoint():
            if operation is not None:
                checks().body(fake.contract.operations[operation], JSON, body)
            return does()
    except Refusal as refusal:
        del call.events[told:]
        errors = call.surface.errors
        if refusal.code not in errors.known:
            raise
        error = decode(refusal_answer(errors, refusal)[2])
        return {"id": id, "error": error}
