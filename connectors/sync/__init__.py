"""Orders, parcels and stock kept in step between carts and a warehouse: nothing lost, nothing twice.

    engine = Engine(Merchant("acme", carts=(shop,), wms=warehouse), Ledger.open("acme.ledger"), LoopClock())
    await LocalRunner(engine).once()

`ledger` is what is known and what is promised, `effects.perform` the one place where an outcome is made to happen,
`passes` the six functions, `queue` what a person can do about what went wrong, `reconcile` compares both sides.
"""

from connectors.sync.engine import Engine
from connectors.sync.ledger import Ledger, Select
from connectors.sync.merchant import Every, Merchant, Part, Settings, SkuMap, SkuRule
from connectors.sync.queue import Letter, NotInTheQueue
from connectors.sync.reconcile import Drift
from connectors.sync.runners.local import LocalRunner

__all__ = [
    "Drift",
    "Engine",
    "Every",
    "Ledger",
    "Letter",
    "LocalRunner",
    "Merchant",
    "NotInTheQueue",
    "Part",
    "Select",
    "Settings",
    "SkuMap",
    "SkuRule",
]
