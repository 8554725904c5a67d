"""The six functions and whose lanes they run on: rows in the ledger, so that any runner finds the same ones due."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import NamedTuple

from connectors.sync.ledger import Ledger
from connectors.sync.merchant import Merchant

# In the order in which one round makes most progress: what a function learns, the next can do.
PASSES = (
    "order_download",
    "order_delivery",
    "shipping_confirmations",
    "shipment_upload",
    "inventory",
    "inventory_upload",
)

# Which function makes which effects happen, in the order it takes them: a delivery is settled before its cancellation,
# and a voided parcel is taken back before the one that takes its place is told, or nothing would be open for that.
KINDS_OF = MappingProxyType(
    {
        "order_delivery": ("deliver", "cancel"),
        "shipment_upload": ("unship", "ship", "unsell"),
        "inventory_upload": ("level",),
    }
)
PASS_OF = MappingProxyType({kind: name for name, kinds in KINDS_OF.items() for kind in kinds})


RETENTION = "retention"
"""Forgetting what is long over: planned like the six, on the warehouse's lane, and no vendor is called for it."""


class Planned(NamedTuple):
    """A function on a lane, and how long it may be between two of its turns."""

    lane: str
    name: str
    every: timedelta


def planned(merchant: Merchant) -> Iterator[Planned]:
    """Which functions this merchant's connections allow."""
    every, wms = merchant.settings.every, merchant.wms.connection
    for cart in merchant.order_sources:
        yield Planned(cart, "order_download", every.order_download)
    yield Planned(wms, "order_delivery", every.order_delivery)
    yield Planned(wms, "shipping_confirmations", every.shipping_confirmations)
    for cart in merchant.order_sources.keys() | merchant.shipment_sinks.keys():
        yield Planned(cart, "shipment_upload", every.shipment_upload)
    if merchant.inventory_source:
        yield Planned(wms, "inventory", every.inventory)
        for cart in merchant.inventory_sinks:
            yield Planned(cart, "inventory_upload", every.inventory_upload)
    yield Planned(wms, RETENTION, every.retention)


def plan(ledger: Ledger, merchant: Merchant, now: datetime) -> None:
    """Write the merchant's lanes and functions into the ledger; what is planned already keeps its turn."""
    with ledger.transaction():
        for lane in sorted(merchant.connections):
            ledger.add_lane(lane)
        for lane, name, every in sorted(planned(merchant)):
            ledger.add_pass(lane, name, every_seconds=max(1, int(every.total_seconds())), due=now)
