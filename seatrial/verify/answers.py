"""An answer held against its document: status, type and shape."""

import msgspec

from contracts.contract import Operation
from seatrial.verify.exchange import Exchange
from seatrial.verify.schemas import Schemas


def documented(schemas: Schemas, operation: Operation, exchange: Exchange) -> str:
    """What of an answer its document does not allow; empty when all of it is allowed."""
    if exchange.status is None:
        return f"no answer came: {exchange.error}"
    if exchange.method != operation.method:
        return ""
    key = reply_key(operation, exchange.status)
    if key is None:
        return f"{exchange.status} is not documented; {', '.join(operation.replies)} are"
    schema = operation.replies[key]
    if schema is None:
        return "" if not exchange.body or not exchange.is_json else f"{key} has no body in its document"
    if not exchange.is_json:
        return f"the content type is {exchange.header('content-type') or 'missing'}, not JSON"
    body = exchange.json
    if body is msgspec.UNSET:
        return "the body is not JSON"
    return schemas.problem(schema, body)


def reply_key(operation: Operation, status: int) -> str | None:
    """The entry of the document that speaks of a status."""
    for key in (str(status), f"{status // 100}XX", f"{status // 100}xx", "default"):
        if key in operation.replies:
            return key
    return None
