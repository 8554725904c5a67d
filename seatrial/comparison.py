"""Both sides of a sync, read through their public APIs and laid side by side, as anybody could."""

from collections.abc import Iterator, Mapping

from msgspec import Struct

from mock_servers.core.sides import CartOrder, CartSide, Job, Parcel, WarehouseSide, add_up
from seatrial.simulation.stage import Goods

Units = Mapping[str, int]


class Line(Struct, frozen=True):
    """One thing compared, as each side has it."""

    what: str
    subject: str
    cart: str
    warehouse: str

    @property
    def agrees(self) -> bool:
        return self.cart == self.warehouse


def compare(cart: CartSide, warehouse: WarehouseSide, connection: str, goods: Goods) -> list[Line]:
    """Every order, parcel and level on both sides. `connection` is the cart's, as in the warehouse's references."""
    jobs = {job.reference: job for job in warehouse.jobs}
    lines: list[Line] = []
    for order in cart.orders:
        reference = f"{connection}:{order.id}"
        parcels = [each for each in warehouse.parcels if each.reference == reference and not each.voided]
        lines += _order_lines(order, jobs.pop(reference, None), parcels, goods)
    mine = [job for reference, job in jobs.items() if reference.startswith(f"{connection}:")]
    lines += [Line("order", job.reference, "absent", "cancelled" if job.cancelled else "open") for job in mine]
    return [*lines, *_level_lines(cart, warehouse, goods)]


def _order_lines(order: CartOrder, job: Job | None, parcels: list[Parcel], goods: Goods) -> Iterator[Line]:
    if job is None:  # cancelled before it was delivered, or it should be there
        state = ("cancelled", "cancelled") if order.cancelled else ("open", "absent")
        yield Line("order", order.name, *state)
        return
    skus = {line.id: line.sku for line in order.lines}
    told = _in_pieces([(skus[line], many) for each in order.told for line, many in each.units.items()], goods)
    wanted = _in_pieces([(line.sku, line.wanted) for line in order.lines], goods)
    left = add_up([pair for parcel in parcels for pair in parcel.units.items()])
    yield Line("status", order.name, _status(order.cancelled, told, wanted), _status(job.cancelled, left, job.units))
    if not order.cancelled and not job.cancelled:
        yield Line("items", order.name, _text(wanted), _text(job.units))
    yield Line("ship to", order.name, order.to, job.to)
    if told or left:
        numbers = sorted(number for each in order.told for number in each.numbers)
        yield Line("tracking", order.name, " ".join(numbers), " ".join(sorted(parcel.number for parcel in parcels)))
        yield Line("shipped", order.name, _text(told), _text(left))


def _level_lines(cart: CartSide, warehouse: WarehouseSide, goods: Goods) -> Iterator[Line]:
    for sku in goods.listed:
        free = {theirs: warehouse.shelves[theirs].available // many for theirs, many in goods.units(sku).items()}
        yield Line("available", sku, str(cart.levels.get(sku, "not listed")), str(max(0, min(free.values()))))


def _in_pieces(pairs: list[tuple[str, int]], goods: Goods) -> Units:
    """The warehouse's SKUs that these of the cart's are made of."""
    return add_up([(theirs, many * each) for sku, many in pairs for theirs, each in goods.units(sku).items()])


def _status(cancelled: bool, moved: Units, wanted: Units) -> str:
    if cancelled:
        return "cancelled"
    return "fulfilled" if moved and moved == wanted else "partly shipped" if moved else "open"


def _text(units: Units) -> str:
    return ", ".join(f"{many} {sku}" for sku, many in sorted(units.items()))
