"""What Extensiv Order Manager does when it is called. Its paths, shapes and limits are in its contract.

One state, two dialects. `state`, `stock`, `products` and `shipping` are what the account is and what can become of it;
`guide` shows it in the dialect of the public guide, `v1` in the vendor's own. `oauth` lets callers in to both.
"""

from mock_servers.extensiv_order_manager.behaviour import guide, oauth, v1
from mock_servers.extensiv_order_manager.behaviour.products import add_product, resolve
from mock_servers.extensiv_order_manager.behaviour.shipping import ship, void_shipment
from mock_servers.extensiv_order_manager.behaviour.state import (
    OPEN,
    SEED_STATUS,
    TAKES,
    WAITS_AS,
    call_off,
    fake,
    place_order,
    wanted,
)
from mock_servers.extensiv_order_manager.behaviour.stock import available, move, named_warehouse, shelf_of

__all__ = [
    "OPEN",
    "SEED_STATUS",
    "TAKES",
    "WAITS_AS",
    "add_product",
    "available",
    "call_off",
    "fake",
    "guide",
    "move",
    "named_warehouse",
    "oauth",
    "place_order",
    "resolve",
    "shelf_of",
    "ship",
    "v1",
    "void_shipment",
    "wanted",
]
