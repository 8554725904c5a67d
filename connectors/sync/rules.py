"""What follows from what was learnt, as pure functions: what to deliver, what a parcel fulfils, what may be sold."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TypeAlias

from msgspec import Struct

from connectors.canonical import Delivery, DeliveryLine, Fulfillment, Line, Order, Ref, Shipment
from connectors.sync.merchant import Part, Settings, SkuMap

# ISO 3166-1 alpha-2, and XK, which carts use for Kosovo. A parcel to anywhere else has nowhere to go.
COUNTRY_CODES = (
    "ADAEAFAGAIALAMAOAQARASATAUAWAXAZBABBBDBEBFBGBHBIBJBLBMBNBOBQBRBSBTBVBWBYBZCACCCDCFCGCHCICKCLCMCNCOCR"
    "CUCVCWCXCYCZDEDJDKDMDODZECEEEGEHERESETFIFJFKFMFOFRGAGBGDGEGFGGGHGIGLGMGNGPGQGRGSGTGUGWGYHKHMHNHRHTHU"
    "IDIEILIMINIOIQIRISITJEJMJOJPKEKGKHKIKMKNKPKRKWKYKZLALBLCLILKLRLSLTLULVLYMAMCMDMEMFMGMHMKMLMMMNMOMPMQ"
    "MRMSMTMUMVMWMXMYMZNANCNENFNGNINLNONPNRNUNZOMPAPEPFPGPHPKPLPMPNPRPSPTPWPYQARERORSRURWSASBSCSDSESGSHSI"
    "SJSKSLSMSNSOSRSSSTSVSXSYSZTCTDTFTGTHTJTKTLTMTNTOTRTTTVTWTZUAUGUMUSUYUZVAVCVEVGVIVNVUWFWSXKYEYTZAZMZW"
)
COUNTRIES = frozenset(COUNTRY_CODES[at : at + 2] for at in range(0, len(COUNTRY_CODES), 2))


class Sending(Struct, frozen=True):
    """A delivery, and how many units of each of the cart's lines it stands for, in the cart's own counting."""

    delivery: Delivery
    quantities: tuple[tuple[str, int], ...]


class NotNow(Struct, frozen=True):
    """It may become deliverable by itself: paid, released."""

    reason: str


class Nothing(Struct, frozen=True):
    """There is nothing to deliver, and nothing wrong."""

    reason: str


class Wrong(Struct, frozen=True):
    """It cannot be delivered as it is; a person has to correct it. `reason` is one word to select by."""

    reason: str
    words: str
    next_step: str


NOTHING_LEFT = "nothing left to ship"

Verdict: TypeAlias = Sending | NotNow | Nothing | Wrong


def reference_of(order: Ref) -> str:
    """The handle we give an order at its destination, and look it up by."""
    return f"{order.connection}:{order.id}"


def still_wanted(line: Line) -> int:
    return line.quantity if line.fulfillable is None else line.fulfillable


def assess(order: Order, skus: SkuMap, settings: Settings) -> Verdict:
    """What is to be done about an order that is not cancelled."""
    if order.status in ("shipped", "closed"):
        return Nothing(f"already {order.status}")
    goods = [line for line in order.lines if line.requires_shipping]
    if order.lines and not goods:
        return Nothing("nothing to ship")
    if goods and all(line.quantity > 0 and line.fulfillable == 0 for line in goods):
        return Nothing(NOTHING_LEFT)
    if order.status == "held":
        return NotNow("held")
    if not order.paid and not settings.deliver_unpaid:
        return NotNow("unpaid")
    return (
        _wrong_lines(order, goods, settings)
        or _wrong_address(order)
        or _wrong_skus(order, goods, skus, settings)
        or _sending(order, goods, skus)
    )


def _wrong_lines(order: Order, goods: Sequence[Line], settings: Settings) -> Wrong | None:
    if not goods:
        return Wrong(
            "no_lines", f"Order {order.number} has no lines.", "Add the lines in the cart, or cancel the order."
        )
    if len({line.id for line in order.lines}) < len(order.lines) or not all(line.id for line in order.lines):
        return Wrong(
            "bad_lines", f"Lines of order {order.number} cannot be told apart.", "Report it to the cart's vendor."
        )
    for line in goods:
        wanted = still_wanted(line)
        if wanted < 0 or wanted > settings.quantity_maximum or (line.quantity <= 0 and wanted <= 0):
            return Wrong(
                "bad_quantity",
                f"Order {order.number} asks for {wanted} of {_short(line.sku) or line.title}.",
                "Correct the quantity in the cart, or remove the line.",
            )
        if line.unit_price is not None and _negative(line.unit_price.amount):
            return Wrong(
                "negative_price",
                f"Order {order.number} sells {_short(line.sku) or line.title} for {line.unit_price.amount}.",
                "Correct the price in the cart, then replay; or skip the order.",
            )
    return None


def _negative(amount: Decimal) -> bool:
    return not amount.is_finite() or amount < 0


def _wrong_address(order: Order) -> Wrong | None:
    to = order.ship_to
    if to is None:
        return Wrong("no_address", f"Order {order.number} has no shipping address.", "Add the address in the cart.")
    missing = [name for name in ("street1", "city", "country") if not getattr(to, name).strip()]
    if not (to.name.strip() or to.company.strip()):
        missing.insert(0, "name")
    if missing:
        words = f"The shipping address of order {order.number} has no {', '.join(missing)}."
        return Wrong("bad_address", words, "Complete the address in the cart.")
    if to.country not in COUNTRIES:
        words = f"Order {order.number} goes to {_short(to.country)!r}, which is no country's two-letter code."
        return Wrong("bad_country", words, "Correct the country in the cart.")
    return None


def _wrong_skus(order: Order, goods: Sequence[Line], skus: SkuMap, settings: Settings) -> Wrong | None:
    for line in goods:
        if not still_wanted(line):
            continue
        if not line.sku.strip():
            words = f"The line {line.title or line.id!r} of order {order.number} has no SKU."
            return Wrong("no_sku", words, "Give the product a SKU in the cart, then replay.")
        if len(line.sku) > settings.sku_length_maximum:
            words = (
                f"The SKU {_short(line.sku)} of order {order.number} has {len(line.sku)} characters; "
                f"the longest there may be has {settings.sku_length_maximum}."
            )
            return Wrong("bad_sku", words, "Correct the SKU in the cart, then replay.")
        if skus.parts(order.source.connection, line.sku) is None:
            words = f"The SKU {_short(line.sku)} of order {order.number} is not one of the warehouse's."
            next_step = (
                f"Map {_short(line.sku)} of {order.source.connection} to the warehouse's SKU, "
                "then replay --reason unmapped_sku."
            )
            return Wrong("unmapped_sku", words, next_step)
    return None


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}…"


def _sending(order: Order, goods: Sequence[Line], skus: SkuMap) -> Sending:
    assert order.ship_to is not None  # noqa: S101 - _wrong_address has seen to it
    wanted = [line for line in goods if still_wanted(line)]
    lines = tuple(
        DeliveryLine(sku=part.sku, quantity=still_wanted(line) * part.multiplier, order_line=line.id)
        for line in wanted
        for part in skus.parts(order.source.connection, line.sku) or ()
    )
    delivery = Delivery(
        reference=reference_of(order.source),
        order=order.source,
        number=order.number,
        lines=lines,
        ship_to=order.ship_to,
        email=order.email,
        shipping_method=order.shipping_method,
        note=order.note,
    )
    return Sending(delivery, tuple((line.id, still_wanted(line)) for line in wanted))


def units_of(order: Order, skus: SkuMap, settings: Settings) -> dict[str, int]:
    """What an open order will take from the warehouse, by its SKUs, as far as they map and make sense."""
    units: dict[str, int] = {}
    for line in order.lines:
        wanted = still_wanted(line)
        if line.requires_shipping and 0 < wanted <= settings.quantity_maximum:
            for part in skus.parts(order.source.connection, line.sku) or ():
                units[part.sku] = units.get(part.sku, 0) + wanted * part.multiplier
    return units


# Parcels


class TooMuch(Struct, frozen=True):
    """The parcels hold what the order never asked for: SKU → units too many."""

    excess: tuple[tuple[str, int], ...]


def allocate(sending: Sending, shipped: Mapping[str, int]) -> dict[str, int] | TooMuch:
    """How many whole units of each cart line these warehouse units make, filling the lines in their order.

    It only ever grows as `shipped` grows, so the difference of two answers is what the later parcels add. Half a
    multipack, or a kit without one of its parts, counts when the rest has left.
    """
    left = dict(shipped)
    whole: dict[str, int] = {}
    for line, quantity in sending.quantities:
        parts = [(part.sku, part.quantity) for part in sending.delivery.lines if part.order_line == line]
        makes = quantity
        for sku, needed in parts:
            taken = min(left.get(sku, 0), needed)
            left[sku] = left.get(sku, 0) - taken
            makes = min(makes, taken // (needed // quantity))
        whole[line] = makes
    excess = tuple(sorted((sku, units) for sku, units in left.items() if units > 0))
    return TooMuch(excess) if excess else whole


def add_up(shipments: Iterable[Shipment]) -> dict[str, int]:
    """Units by warehouse SKU over all these parcels."""
    units: dict[str, int] = {}
    for shipment in shipments:
        for line in shipment.lines:
            units[line.sku] = units.get(line.sku, 0) + max(0, line.quantity)
    return units


def fulfillment_of(
    sending: Sending, shipment: Shipment, *, before: Sequence[Shipment], told: Mapping[str, int], notify: bool
) -> Fulfillment | TooMuch:
    """What a shipment fulfils in the cart, after the shipments and the cart quantities it was told of before."""
    whole = allocate(sending, add_up([*before, shipment]))
    if isinstance(whole, TooMuch):
        return whole
    return Fulfillment(
        order=sending.delivery.order,
        lines=tuple((line, many - told.get(line, 0)) for line, many in whole.items() if many > told.get(line, 0)),
        parcels=shipment.parcels,
        shipped=shipment.shipped,
        notify_customer=notify,
    )


# Stock


def sellable(
    parts: Sequence[Part], available: Mapping[str, int], promised: Mapping[str, int], safety: Mapping[str, int]
) -> int | None:
    """How many a cart may sell of something made of these parts; None while the warehouse has not told one of them.

    What the warehouse can still give away, less what is promised to orders it does not count yet, less what is kept
    back; whole units only, never below zero.
    """
    if any(part.sku not in available for part in parts):
        return None
    return min(
        max(0, available[part.sku] - promised.get(part.sku, 0) - safety.get(part.sku, 0)) // part.multiplier
        for part in parts
    )


def outstanding(promises: Iterable[tuple[str, int, datetime | None]], seen: Mapping[str, datetime]) -> dict[str, int]:
    """Promised units, by SKU, that the warehouse's numbers do not show: not landed, or landed after they were read.

    `seen` says since when each SKU's number holds.
    """
    units: dict[str, int] = {}
    for sku, quantity, landed in promises:
        if landed is None or sku not in seen or landed > seen[sku]:
            units[sku] = units.get(sku, 0) + quantity
    return units
