"""What both sides say of the same things, in one set of words: what the judge compares.

Each is read through a vendor's public API by plain HTTP, as anybody could; no connector and no ledger has a part in it.
"""

from collections.abc import Mapping

from msgspec import Struct


class Told(Struct, frozen=True):
    """A live fulfilment a cart knows: the parcel numbers on it, and units by order line."""

    id: str
    numbers: frozenset[str]
    units: Mapping[str, int]


class CartLine(Struct, frozen=True):
    """A line as the shopper sees it now. `wanted` is less what was taken off since; a cancelled order wants nothing."""

    id: str
    sku: str
    wanted: int


class CartOrder(Struct, frozen=True):
    """An order in a cart. `to` is name, street, city and country, as text."""

    id: str
    name: str
    cancelled: bool
    paid: bool
    lines: tuple[CartLine, ...]
    to: str
    told: tuple[Told, ...]


class CartSide(Struct, frozen=True):
    """All of one cart. `levels` is what it offers, by its own SKUs."""

    orders: tuple[CartOrder, ...]
    levels: Mapping[str, int]


class Job(Struct, frozen=True):
    """An order in a warehouse system."""

    id: str
    reference: str
    cancelled: bool
    units: Mapping[str, int]
    to: str


class Parcel(Struct, frozen=True):
    """What left, or was voided, for a reference."""

    id: str
    reference: str
    voided: bool
    number: str
    units: Mapping[str, int]


class Shelf(Struct, frozen=True):
    """Stock of one SKU, over all places."""

    on_hand: int
    available: int


class WarehouseSide(Struct, frozen=True):
    """All of one warehouse system."""

    jobs: tuple[Job, ...]
    parcels: tuple[Parcel, ...]
    shelves: Mapping[str, Shelf]


def add_up(pairs: "list[tuple[str, int]]") -> dict[str, int]:
    """The sum for each name, without those that come to nothing."""
    total: dict[str, int] = {}
    for name, quantity in pairs:
        total[name] = total.get(name, 0) + quantity
    return {name: quantity for name, quantity in sorted(total.items()) if quantity}
