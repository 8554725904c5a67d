"""The running fakes as somebody to sync: their addresses and credentials are what `seatrial env` prints."""

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from connectors.sync.merchant import Every, Settings, SkuMap
from mock_servers.core.refusal import UsageError
from seatrial import running
from seatrial.sync.config import Config, Connection
from seatrial.sync.vendors import connector_class, settings_class, vendor_of, vendors

MERCHANT = "fakes"
OFTEN = Every(*[timedelta(seconds=15)] * 6)
"""Somebody is watching; and the strictest of the fakes still has calls to spare."""
EAGER: Mapping[str, Any] = {"activate_missing": True}
"""What makes a new fake's account usable without a word from its operator, for connectors that have the setting."""


def config_of(described: Mapping[str, Any], *, wms: str = "", ledger: str = "") -> Config:
    """A merchant whose carts are every fake that sells, and whose warehouse is the one that ships. Raises UsageError.

    `described` is what `GET /env` answers. `wms` says which, where several could be it.
    """
    there = [vendor for vendor in vendors() if vendor_of(vendor) in described["vendors"]]
    ship = [vendor for vendor in there if hasattr(connector_class(vendor), "deliver")]
    sell = [vendor for vendor in there if hasattr(connector_class(vendor), "orders")]
    if wms and wms not in ship:
        raise UsageError(f"{wms!r} is no warehouse system that runs here. There are: {', '.join(ship) or 'none'}")
    usual = [vendor for vendor in ship if vendor == vendor_of(vendor)]
    if not wms and len(usual) != 1:
        raise UsageError(f"say which warehouse system: --wms, one of {', '.join(ship)}" if ship else _needs("ships"))
    chosen = wms or usual[0]
    carts = [vendor for vendor in sell if vendor != chosen and vendor not in ship and vendor == vendor_of(vendor)]
    if not carts:
        raise UsageError(_needs("sells"))
    return Config(
        MERCHANT,
        ledger or _ledger(described, chosen),
        tuple(_connection(vendor, described["vendors"][vendor]) for vendor in carts),
        _connection(chosen, described["vendors"][vendor_of(chosen)]),
        SkuMap(),
        Settings(every=OFTEN),
        pick_locations=True,
    )


def _needs(what: str) -> str:
    return f"none of the fakes that run here {what}; start them all: seatrial serve"


def _connection(vendor: str, about: Mapping[str, Any]) -> Connection:
    """Fields of the connector's settings that the fake has a credential for, and every base URL."""
    wanted = settings_class(vendor)
    names = [field.name for field in dataclasses.fields(wanted)]
    given = {name: value for name, value in about["credentials"].items() if name in names}
    given |= {name: about["base_url"] for name in names if name.endswith("base_url")}
    given |= {name: value for name, value in EAGER.items() if name in names}
    return Connection(vendor, vendor, wanted(connection=vendor, **given))


def _ledger(described: Mapping[str, Any], wms: str) -> str:
    """A file of its own for each world of each start of the server, and each warehouse of it.

    What was true of another is not true of this: an order delivered there is not delivered here.
    """
    folder = running.folder()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    whose = json.dumps([described["admin"]["token"], described["vendors"], wms], sort_keys=True)
    return str(folder / f"sync-{hashlib.sha256(whose.encode()).hexdigest()[:12]}.ledger")
