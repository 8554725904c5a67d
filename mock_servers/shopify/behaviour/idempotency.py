"""`@idempotent(key:)`: the same key twice is one operation (dossier §8).

A key is kept for 24 hours under the app, the mutation and the key itself. The sentences are assumed, the codes are not.
"""

import hashlib
from collections.abc import Callable
from typing import Any

from mock_servers.core.fake import Work
from mock_servers.core.graphql import FieldError, Run
from mock_servers.core.store import encode
from mock_servers.shopify.behaviour.base import app_id, attempt, fact, user_error

Json = dict[str, Any]
REQUIRED_FROM = "2026-04"
HOUR_SECONDS = 3600

MISMATCH = "The same idempotency key cannot be used with different operation parameters."
CONCURRENT = "This request is currently in progress, please try again."
FAILED = "The previous attempt with this idempotency key has failed. Use a new key to try again."


def once(
    run: Run,
    args: Json,
    does: Callable[[], Json],
    rebuilt: Callable[[Work, Json], Json] = lambda _work, payload: payload,
) -> Json:
    """Do a mutation once for its key. A repeated one gets the first result, `rebuilt` from what is there now.

    Raises `FieldError` where the directive is missing and this version demands it, or its key is blank.
    """
    work = run.call
    directive = run.field.directive("idempotent", run)
    if directive is None:
        if run.plan.service.version >= REQUIRED_FROM:
            message = "The @idempotent directive is required for this mutation but was not provided."
            raise FieldError(message, code="BAD_REQUEST")
        return attempt(work, does)
    if not directive["key"].strip():
        raise FieldError("The idempotency key can't be blank.", code="BAD_REQUEST")
    name = hashlib.sha256(f"{app_id(work)}\0{run.field.name}\0{directive['key']}".encode()).hexdigest()
    known = work.collection("idempotency").find(name)
    if known is not None and work.now < known["at"] + fact("idempotency_key_hours") * HOUR_SECONDS:
        return _repeated(work, known.body, _digest(args), rebuilt)
    return _first(work, name, _digest(args), does)


def _first(work: Work, name: str, digest: str, does: Callable[[], Json]) -> Json:
    payload = attempt(work, does)
    record = {
        "id": name,
        "digest": digest,
        "at": work.now,
        "failed": bool(payload["userErrors"]),
        "payload": payload,
    }
    work.collection("idempotency").put(record)
    return payload


def _repeated(work: Work, record: Json, digest: str, rebuilt: Callable[[Work, Json], Json]) -> Json:
    if record["digest"] != digest:
        return _refused(MISMATCH, "IDEMPOTENCY_KEY_PARAMETER_MISMATCH")
    if work.now < record["at"] + float(work.setting("idempotent_mutation_seconds", 0)):
        return _refused(CONCURRENT, "IDEMPOTENCY_CONCURRENT_REQUEST")
    if record["failed"]:
        return _refused(FAILED, "IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED")
    return rebuilt(work, record["payload"])


def _refused(message: str, code: str) -> Json:
    return {"userErrors": [user_error(None, message, code)]}


def _digest(args: Json) -> str:
    return hashlib.sha256(encode(_sorted(args))).hexdigest()


def _sorted(value: Any) -> Any:
    match value:
        case dict():
            return {name: _sorted(value[name]) for name in sorted(value)}
        case list():
            return [_sorted(item) for item in value]
        case _:
            return value
