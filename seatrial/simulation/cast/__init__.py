"""Who plays which part. Another cart or warehouse system is cast by naming its class here."""

from dataclasses import dataclass

from seatrial.simulation.cast.extensiv_order_manager import OrderManagerOutlet, OrderManagerWarehouse
from seatrial.simulation.cast.part import CartPart, Part, Person, Waiting, WarehousePart
from seatrial.simulation.cast.shopify import ShopifyCart
from seatrial.simulation.cast.views import CartSide, WarehouseSide

__all__ = [
    "CAST",
    "CASTS",
    "CartPart",
    "CartSide",
    "Cast",
    "Part",
    "Person",
    "Waiting",
    "WarehousePart",
    "WarehouseSide",
]


@dataclass(frozen=True)
class Cast:
    """The carts take turns where a run has several; there is one warehouse system."""

    carts: tuple[type[CartPart], ...]
    warehouse: type[WarehousePart]

    @property
    def vendors(self) -> frozenset[str]:
        return frozenset({part.vendor for part in (*self.carts, self.warehouse)})


CAST = Cast(carts=(ShopifyCart,), warehouse=OrderManagerWarehouse)

CASTS = (CAST, Cast(carts=(OrderManagerOutlet,), warehouse=OrderManagerWarehouse))
"""Every way in which the parts can be played: together they make every connector do everything it can."""
