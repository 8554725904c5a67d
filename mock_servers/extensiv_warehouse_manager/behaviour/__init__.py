"""What Extensiv 3PL Warehouse Manager does when it is called. Its paths, shapes and limits are in its contract.

Documents are kept as `application/json` shows them, in PascalCase; beside them stand members in small letters, which
are looked up by and never shown.
"""

from mock_servers.extensiv_warehouse_manager.behaviour import (
    adjustments,
    aliases,
    customers,
    events,
    groups,
    holding,
    inventory,
    lines,
    locations,
    moving,
    orders,
    packing,
    placing,
    purchasing,
    receivers,
    steps,
    token,
    tracking,
)
from mock_servers.extensiv_warehouse_manager.behaviour.base import fake

__all__ = [
    "adjustments",
    "aliases",
    "customers",
    "events",
    "fake",
    "groups",
    "holding",
    "inventory",
    "lines",
    "locations",
    "moving",
    "orders",
    "packing",
    "placing",
    "purchasing",
    "receivers",
    "steps",
    "token",
    "tracking",
]
