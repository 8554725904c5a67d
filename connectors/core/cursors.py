"""Cursors as text: opaque to whoever keeps them, versioned for whoever reads them."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import msgspec

from connectors.core.errors import BadCursor

VERSION = 1


class UpdatedCursor(msgspec.Struct, frozen=True):
    """Everything with an update time before `updated` (the vendor's clock) has been handed over."""

    v: int
    updated: Annotated[datetime, msgspec.Meta(tz=True)]


def write_cursor(updated: datetime) -> str:
    """The cursor that reads on from that moment."""
    return msgspec.json.encode(UpdatedCursor(VERSION, updated.astimezone(UTC))).decode()


def read_cursor(text: str | None) -> datetime | None:
    """The moment a cursor stands for; None for the beginning. Raises `BadCursor`."""
    if not text:
        return None
    try:
        cursor = msgspec.json.decode(text, type=UpdatedCursor)
    except (msgspec.DecodeError, UnicodeEncodeError) as error:
        raise BadCursor(f"this is not a cursor of ours ({error})") from error
    if cursor.v != VERSION:
        raise BadCursor(f"this cursor has version {cursor.v}, this connector reads version {VERSION}")
    return cursor.updated.astimezone(UTC)


def read_from(cursor: datetime | None, overlap: timedelta) -> datetime | None:
    """Where to read from: some time before the cursor, for what was committed or indexed late."""
    if cursor is None:
        return None
    earliest = datetime.min.replace(tzinfo=UTC)
    return cursor - overlap if cursor - earliest > overlap else earliest
