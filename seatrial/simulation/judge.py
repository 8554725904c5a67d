"""What has to hold once the world has come to rest (design, section 10), by what both sides say of themselves.

The ledger is asked for two things only: whether anything is left undone, and what a person was told. What was left to a
person has to be something nobody else could have settled: for each such letter the sides must show why.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from connectors.sync import Drift, Letter
from mock_servers.core.sides import CartOrder, Job, Parcel, Told, add_up
from seatrial.simulation.stage import Goods, Sides


class Breach(Struct, frozen=True):
    """A law that does not hold. `names` are what to look for in the story."""

    law: str
    subject: str
    words: str
    names: tuple[str, ...] = ()


class Parked(Struct, frozen=True):
    """Something a person has to look at, and why nobody else could."""

    key: str
    reason: str
    why: str


class Findings(Struct, frozen=True):
    """What the judge found."""

    breaches: tuple[Breach, ...]
    parked: tuple[Parked, ...]
    checked: Mapping[str, int]
    """How many of each thing were compared."""


class Books(Struct, frozen=True):
    """What the judge knows besides both sides."""

    goods: Goods
    on_hand: Mapping[str, int]
    safety: int
    letters: Sequence[Letter]
    told: Mapping[str, frozenset[str]]
    """What persons were told of outside the error queue: kinds of open incidents, by reference."""
    left: int
    rested: bool
    drift: Sequence[Drift]
    unsound: Sequence[str]
    broke: Sequence[str]


class Case(Struct, frozen=True):
    """One order as both sides have it, with the letters about it."""

    reference: str
    order: CartOrder
    jobs: tuple[Job, ...]
    parcels: tuple[Parcel, ...]
    letters: tuple[Letter, ...]
    told: frozenset[str]

    @property
    def names(self) -> tuple[str, ...]:
        """What to look for in the story."""
        return (
            self.reference,
            self.reference.replace(":", "/"),
            *(job.id for job in self.jobs),
            *(parcel.number for parcel in self.parcels),
        )

    @property
    def shipped(self) -> tuple[Parcel, ...]:
        return tuple(parcel for parcel in self.parcels if not parcel.voided)

    def letter(self, kind: str) -> Letter | None:
        return next((letter for letter in self.letters if letter.kind == kind), None)


def judge(sides: Sides, books: Books) -> Findings:
    """Hold everything against everything."""
    cases = list(_cases(sides, books))
    breaches: list[Breach] = []
    for case in cases:
        breaches += _order(case, books.goods)
        breaches += _shipments(case, books.goods)
    breaches += _strangers(sides, cases)
    breaches += _levels(sides, books, cases)
    breaches += _shelves(sides, books)
    breaches += _rest(books)
    parked, unexcused = _parked(books, cases)
    return Findings(
        (*breaches, *unexcused),
        tuple(parked),
        {
            "orders": len(cases),
            "shipments": len(sides.warehouse.parcels),
            "levels": sum(len(cart.levels) for cart in sides.carts.values()),
            "shelves": len(sides.warehouse.shelves),
        },
    )


def _cases(sides: Sides, books: Books) -> Iterator[Case]:
    jobs: dict[str, list[Job]] = {}
    parcels: dict[str, list[Parcel]] = {}
    letters: dict[str, list[Letter]] = {}
    for job in sides.warehouse.jobs:
        jobs.setdefault(job.reference, []).append(job)
    for parcel in sides.warehouse.parcels:
        parcels.setdefault(parcel.reference, []).append(parcel)
    for letter in books.letters:
        letters.setdefault(letter.subject, []).append(letter)
    for name, cart in sides.carts.items():
        for order in cart.orders:
            reference = f"{name}:{order.id}"
            yield Case(
                reference,
                order,
                tuple(jobs.get(reference, ())),
                tuple(parcels.get(reference, ())),
                tuple(letters.get(reference, ())),
                books.told.get(reference, frozenset()),
            )


# Orders


def _order(case: Case, goods: Goods) -> Iterator[Breach]:
    """Every order that is not cancelled is at its destination once, and none is there twice."""
    live = [job for job in case.jobs if not job.cancelled]
    if len(case.jobs) > 1:
        ids = ", ".join(job.id for job in case.jobs)
        yield _breach("none twice", case, f"is at the warehouse {len(case.jobs)} times: {ids}")
    if case.order.cancelled:
        if live and case.letter("cancel") is None:
            yield _breach("cancelled on both sides", case, "was cancelled in its cart, and waits at the warehouse")
        return
    wanted = _units(case.order, goods)
    if not case.jobs:
        if wanted and case.order.paid and case.letter("deliver") is None:
            yield _breach("every order arrives", case, "never reached the warehouse")
        return
    if not live:
        if case.letter("unsell") is None:
            yield _breach("cancelled on both sides", case, "was cancelled at the warehouse, and is open in its cart")
        return
    if "edited_late" in case.told:
        return  # a person was told that the two differ
    if dict(live[0].units) != wanted:
        yield _breach("both sides want the same", case, f"asks for {wanted}, and the warehouse for {live[0].units}")
    if live[0].to != case.order.to and not _all_left(case, live[0]):
        yield _breach("both sides want the same", case, f"goes to {case.order.to}, there to {live[0].to}")


def _all_left(case: Case, job: Job) -> bool:
    """Nothing of it waits any more: where it should go is nobody's question now."""
    return add_up([(sku, many) for parcel in case.shipped for sku, many in parcel.units.items()]) == dict(job.units)


def _units(order: CartOrder, goods: Goods) -> dict[str, int]:
    return add_up([(sku, line.wanted * many) for line in order.lines for sku, many in goods.units(line.sku).items()])


def _strangers(sides: Sides, cases: Sequence[Case]) -> Iterator[Breach]:
    """Nobody else's orders are at the warehouse."""
    known = {case.reference for case in cases}
    for job in sides.warehouse.jobs:
        if job.reference not in known:
            yield Breach("every order was placed", job.reference, f"{job.id} belongs to no order", (job.reference,))


# Shipments


def _shipments(case: Case, goods: Goods) -> Iterator[Breach]:
    """Every shipment is at its cart once: no less than could be told, no more than left, nothing that was voided."""
    lines = {line.id: line.sku for line in case.order.lines}
    told = _told_units(case.order.told, lines, goods)
    left = add_up([(sku, many) for parcel in case.shipped for sku, many in parcel.units.items()])
    known = case.letter("unship") is not None or "told_too_much" in case.told
    for sku, many in told.items():
        if many > left.get(sku, 0) and not known:
            words = f"its cart was told of {many} × {sku}, and {left.get(sku, 0)} left"
            yield _breach("no shipment twice", case, words)
    yield from _told_by_number(case, lines, goods)
    for parcel in case.parcels:
        naming = [told.id for told in case.order.told if parcel.number in told.numbers]
        if parcel.voided and naming and case.letter("unship") is None:
            yield _breach("voided is voided", case, f"parcel {parcel.number} was voided, and its cart shows it")
    if case.letter("ship") is None and not known:
        yield from _tellable(case, goods, told, left)


def _told_by_number(case: Case, lines: Mapping[str, str], goods: Goods) -> Iterator[Breach]:
    """No more of a parcel is told under its number than it holds.

    Packs and kits are made whole by the parcel that comes last, and so are lines that share a part with one: a unit
    that waited for its kit is another line's once that line's own parcel is voided, and the cart hears of it with the
    next parcel, whatever that holds (seed 1 with 1,000 orders and no faults).
    """
    takers = add_up([(part, 1) for sku in lines.values() for part in goods.units(sku)])
    plain = {
        line for line, sku in lines.items() if all(many == takers[part] == 1 for part, many in goods.units(sku).items())
    }
    for parcel in case.parcels:
        naming = [told for told in case.order.told if parcel.number in told.numbers]
        units = [(sku, many) for told in naming for sku, many in _told_units([told], lines, goods, plain).items()]
        for sku, many in add_up(units).items():
            if many > parcel.units.get(sku, 0):
                words = f"its cart was told of {many} × {sku} in parcel {parcel.number}: {len(naming)} fulfilments"
                yield _breach("no shipment twice", case, words)


def _tellable(case: Case, goods: Goods, told: Mapping[str, int], left: Mapping[str, int]) -> Iterator[Breach]:
    """What left in whole units of a line is told. Lines that share a part are judged when all of it has left."""
    delivered = next((job.units for job in case.jobs if not job.cancelled), {})
    if delivered and left == delivered:
        if dict(told) != dict(left):
            yield _breach("every shipment is told", case, f"{dict(left)} left, and its cart was told of {dict(told)}")
        return
    takers = add_up([(sku, 1) for line in case.order.lines for sku in goods.units(line.sku)])
    by_line = add_up([(line, many) for each in case.order.told for line, many in each.units.items()])
    for line in case.order.lines:
        parts = goods.units(line.sku)
        if any(takers[sku] > 1 for sku in parts) or case.order.cancelled or "edited_late" in case.told:
            continue
        whole = min(left.get(sku, 0) // many for sku, many in parts.items())
        if by_line.get(line.id, 0) != whole:
            words = f"{whole} × {line.sku} left, and its cart was told of {by_line.get(line.id, 0)}"
            yield _breach("every shipment is told", case, words)


def _told_units(
    told: Iterable[Told], lines: Mapping[str, str], goods: Goods, only: Collection[str] | None = None
) -> dict[str, int]:
    return add_up(
        [
            (sku, quantity * many)
            for each in told
            for line, quantity in each.units.items()
            if only is None or line in only
            for sku, many in goods.units(lines[line]).items()
        ]
    )


# Stock


def _levels(sides: Sides, books: Books, cases: Sequence[Case]) -> Iterator[Breach]:
    """Every cart offers what the warehouse can still give away, less what is kept back, and less what orders that are
    not there yet will take (unpaid ones, and those a person has to decide about)."""
    promised: dict[str, int] = {}
    doubtful = {letter.subject for letter in books.letters if letter.kind == "level"}
    for case in cases:
        units = _units(case.order, books.goods)
        if not case.jobs and not case.order.cancelled:
            promised = add_up([*promised.items(), *units.items()])
        elif case.letter("deliver"):
            doubtful |= units.keys()
    for name, cart in sides.carts.items():
        for sku, offered in sorted(cart.levels.items()):
            parts = books.goods.units(sku)
            if sku in doubtful or doubtful & set(parts):
                continue
            free = {
                theirs: sides.warehouse.shelves[theirs].available - promised.get(theirs, 0) - books.safety
                for theirs in parts
            }
            right = min(max(0, free[theirs]) // many for theirs, many in parts.items())
            if offered != right:
                yield Breach("every level agrees", sku, f"{name} offers {offered}, and {right} are left", (sku,))


def _shelves(sides: Sides, books: Books) -> Iterator[Breach]:
    """Stock is conserved: what was there, less what left, is there."""
    for sku, counted in books.on_hand.items():
        shelf = sides.warehouse.shelves.get(sku)
        if shelf is None or shelf.on_hand != counted:
            words = f"{counted} should lie on the shelf, {shelf.on_hand if shelf else 'none'} do"
            yield Breach("stock is conserved", sku, words, (sku,))


# Rest


def _rest(books: Books) -> Iterator[Breach]:
    if books.left or not books.rested:
        yield Breach("nothing is left undone", "the ledger", f"{books.left} effects are left")
    for words in books.unsound:
        yield Breach("each vendor's books are sound", words.split(":", 1)[0], words)
    for words in books.broke:
        yield Breach("no fake breaks", words.split(" ", 1)[0], words)
    for drift in books.drift:
        words = f"{drift.kind}: {drift.left} on the left, {drift.right} on the right"
        yield Breach("reconciliation finds nothing", drift.subject, words, (drift.subject,))


def _parked(books: Books, cases: Sequence[Case]) -> tuple[list[Parked], list[Breach]]:
    """Letters with the reason why nobody but a person could settle them, and those that have none."""
    by_reference = {case.reference: case for case in cases}
    parked, unexcused = [], []
    for letter in books.letters:
        case = by_reference.get(letter.subject)
        why = _excuse(letter, case)
        if why:
            parked.append(Parked(letter.key, letter.reason, why))
        else:
            names = case.names if case else (letter.subject,)
            words = f"{letter.key} waits for a person ({letter.reason}): {letter.words[:300]}"
            unexcused.append(Breach("nothing is parked without need", letter.subject, words, names))
    return parked, unexcused


def _excuse(letter: Letter, case: Case | None) -> str:
    """Why only a person could know, shown by both sides; empty where they show no reason."""
    if letter.reason in ("unknown", "ambiguous"):
        return "nobody could know whether it had happened"
    if case is None:
        return ""
    match letter.kind:
        case "cancel" if case.shipped:
            return "the parcel had left before the cancellation came"
        case "unsell" if case.order.told:
            return "the cart had been told of a parcel"
        case "ship" | "unship" if case.order.cancelled:
            return "the parcel left after its order had been cancelled in the cart"
        case "ship" if "edited_late" in case.told:
            return "the parcel holds what was taken off the order after delivery"
    return ""


def _breach(law: str, case: Case, words: str) -> Breach:
    return Breach(law, case.reference, f"{case.order.name} {words}.", case.names)
