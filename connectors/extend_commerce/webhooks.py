"""Webhooks: believing what comes. They are set up in the vendor's back office, never over its API."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from connectors.canonical import Hint
from connectors.core.errors import BadSignature, Invalid
from connectors.core.webhooks import header, must_match, sign_hex

SIGNATURE = "ms-signature"
PREFIX = "sha256="
IDENTIFIERS = ("OrderNumber", "ProductNumber", "PurchaseNumber", "CustomerNumber", "OfferNumber", "InvoiceNumber")
"""Keys of `Details` under which a subject may be; only ProductNumber is published, so none is needed."""


class Notification(msgspec.Struct, frozen=True):
    action: str = msgspec.field(name="Action")
    details: dict[str, Any] = msgspec.field(name="Details", default_factory=dict)


class Envelope(msgspec.Struct, frozen=True):
    """Microsoft's: `Id` stays over the attempts, `Attempt` counts up, so the bytes and their signature change."""

    id: str = msgspec.field(name="Id")
    notifications: tuple[Notification, ...] = msgspec.field(name="Notifications")
    attempt: int = msgspec.field(name="Attempt", default=1)


def read_hint(headers: Mapping[str, str], body: bytes, *, secret: str) -> Hint:
    """Check the signature over the raw bytes, and read what the delivery is about: the first of its notifications."""
    return read_hints(headers, body, secret=secret)[0]


def read_hints(headers: Mapping[str, str], body: bytes, *, secret: str) -> Sequence[Hint]:
    """Every notification of a delivery, each with an event id of its own. Nothing in it says when it happened."""
    _must_be_signed(header(headers, SIGNATURE), body, secret)
    try:
        envelope = msgspec.json.decode(body, type=Envelope)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Invalid(f"the webhook is signed, and its body is no envelope ({error})") from error
    if not envelope.notifications:
        raise Invalid("the webhook is signed, and tells of nothing")
    return [
        Hint(_event_id(envelope.id, body, number), each.action, _subject(each.details))
        for number, each in enumerate(envelope.notifications)
    ]


def _must_be_signed(given: str, body: bytes, secret: str) -> None:
    """`sha256=` and upper-case hexadecimal digits; either case is taken, any other prefix is not."""
    if given and not given.startswith(PREFIX):
        raise BadSignature("the webhook's signature is not of the kind this vendor makes")
    must_match(sign_hex(secret, body), given.removeprefix(PREFIX).lower(), "the webhook")


def _event_id(id: str, body: bytes, number: int) -> str:
    """`Id` is the same on every attempt of a delivery; further notifications of one are told apart by their place."""
    whole = id or hashlib.sha256(body).hexdigest()
    return whole if number == 0 else f"{whole}:{number}"


def _subject(details: Mapping[str, Any]) -> str:
    found = (details.get(name) for name in IDENTIFIERS)
    return next((str(each) for each in found if isinstance(each, str | int) and not isinstance(each, bool)), "")
