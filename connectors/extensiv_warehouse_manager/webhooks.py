"""Events of Warehouse Manager: signed with the vendor's RSA key, links and data as JSON in strings."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec import Struct

from connectors.canonical import Hint
from connectors.core.errors import BadSignature, Invalid
from connectors.core.webhooks import header, must_be_signed


class Envelope(Struct, frozen=True):
    """How the vendor's page draws a delivery; a real one was seen as a header and a flat body."""

    headers: dict[str, str]
    body: msgspec.Raw


class ResourceDocument(Struct, frozen=True):
    href: str = ""
    rel: str = ""


class EventDocument(Struct, frozen=True, rename="camel"):
    tpl_id: int
    wms_event_id: int
    event_type: str
    event_date_time_utc: str = ""
    resource: ResourceDocument = ResourceDocument()


def read_hint(headers: Mapping[str, str], body: bytes, *, public_key: str) -> Hint:
    """Check the signature over the raw bytes, then read what happened. Events are told apart by account and number."""
    signature, signed = header(headers, "Signature"), body
    if not signature:
        signature, signed = _enveloped(body)
    must_be_signed(public_key, signature, signed, "the event")
    try:
        event = msgspec.json.decode(signed, type=EventDocument)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Invalid(f"the event is signed, and cannot be read ({error})") from error
    return Hint(
        event_id=f"{event.tpl_id}:{event.wms_event_id}",
        topic=event.event_type,
        subject=event.resource.href.partition("?")[0].rpartition("/")[2],
        happened=_moment(event.event_date_time_utc),
    )


def _enveloped(body: bytes) -> tuple[str, bytes]:
    try:
        envelope = msgspec.json.decode(body, type=Envelope)
        inner: Any = bytes(envelope.body)
        if inner[:1] == b'"':
            inner = msgspec.json.decode(inner).encode()
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise BadSignature("the event carries no signature") from error
    return header(envelope.headers, "Signature"), inner


def _moment(text: str) -> datetime | None:
    """`2026-02-03T18:05:00.1230000`: UTC, with more digits than anybody reads."""
    try:
        at = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text))
    except ValueError:
        return None
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
