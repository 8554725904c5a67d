"""Credentials by name, out of a JSON file: what `seatrial env --json` prints, or the names alone.

    {"client_id": "…", "client_secret": "…", "access_token": "…",
     "limited": {"access_token": "…", "scopes": ["read_orders"]},
     "second": {"access_token": "…"},
     "headers": {"X-Account": "…"}}

`limited` is a token that may do less, `second` one of another account, `headers` are sent with every call.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from mock_servers.core.refusal import UsageError

GROUPS = ("limited", "second", "headers")


class Credentials(Struct, frozen=True):
    """What opens the target. None of it is ever shown."""

    own: dict[str, str] = {}
    limited: dict[str, Any] = {}
    second: dict[str, str] = {}
    headers: dict[str, str] = {}

    def __repr__(self) -> str:
        return f"Credentials({', '.join(sorted(self.own))})"

    def secrets(self) -> Iterator[tuple[str, str]]:
        """Every value with its name."""
        yield from self.own.items()
        for group, values in (("limited", self.limited), ("second", self.second), ("header", self.headers)):
            yield from ((f"{group}_{name}", value) for name, value in values.items() if isinstance(value, str))


def read(path: Path, vendor: str) -> Credentials:
    """The file's credentials for a vendor. Raises UsageError for a file that is none."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise UsageError(f"{path} is not JSON: {error}") from error
    return of(found, vendor, str(path))


def of(found: Any, vendor: str, where: str = "the credentials") -> Credentials:
    """Credentials out of parsed JSON. Raises UsageError when it has another form."""
    if isinstance(found, dict) and isinstance(found.get("vendors"), dict):
        found = found["vendors"].get(vendor, {}).get("credentials")
    if not isinstance(found, dict):
        raise UsageError(f"{where}: an object of names and values is needed, or what `seatrial env --json` prints")
    own = {name: value for name, value in found.items() if name not in GROUPS}
    groups = {name: found.get(name, {}) for name in GROUPS}
    _check(own, where)
    for name, group in groups.items():
        if not isinstance(group, Mapping):
            raise UsageError(f"{where}: {name} is an object of names and values")
        _check({key: value for key, value in group.items() if key != "scopes"}, where)
    return Credentials(own, **groups)


def _check(values: Mapping[str, Any], where: str) -> None:
    for name, value in values.items():
        if not isinstance(value, str) or not value.isprintable():
            raise UsageError(f"{where}: {name} has to be printable text")
