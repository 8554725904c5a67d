"""What an order comes to: taxes by the rates of where it goes, line by line, and the sums (core `calculate_totals`)."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any
from zlib import crc32

from mock_servers.core.fake import Work
from mock_servers.woocommerce.behaviour.base import ZERO, Json, amount, fact, next_item, rounded, text


def recalculated(work: Work, order: Json) -> Json:
    """The order with its taxes and sums; prices here are without tax."""
    rates = rates_of(work, order)
    lines = [_taxed_line(line, rates) for line in order["line_items"]]
    shipping = [_taxed(line, [rate for rate in rates if rate["shipping"]]) for line in order["shipping_lines"]]
    fees = [_taxed(line, rates if line["tax_status"] == "taxable" else []) for line in order["fee_lines"]]
    goods = sum((amount(line["total"]) for line in (*lines, *fees)), ZERO)
    carriage = sum((amount(line["total"]) for line in shipping), ZERO)
    cart_tax = sum((amount(line["total_tax"]) for line in (*lines, *fees)), ZERO)
    shipping_tax = sum((amount(line["total_tax"]) for line in shipping), ZERO)
    discount = sum((amount(line["subtotal"]) - amount(line["total"]) for line in lines), ZERO)
    discount_tax = sum((amount(line["subtotal_tax"]) - amount(line["total_tax"]) for line in lines), ZERO)
    return order | {
        "line_items": lines,
        "shipping_lines": shipping,
        "fee_lines": fees,
        "tax_lines": _tax_lines(work, order, rates, (*lines, *fees), shipping),
        "discount_total": text(discount),
        "discount_tax": text(discount_tax),
        "shipping_total": text(carriage),
        "shipping_tax": text(shipping_tax),
        "cart_tax": text(cart_tax),
        "total_tax": text(cart_tax + shipping_tax),
        "total": text(goods + carriage + cart_tax + shipping_tax),
    }


def rates_of(work: Work, order: Mapping[str, Any]) -> list[Json]:
    """The rates of the shipping address, or of the billing address where there is none."""
    to = order["shipping"] if order["shipping"].get("country") else order["billing"]
    return [
        rate for rate in tax_rates(work) if (rate["country"], rate["state"]) == (to.get("country"), to.get("state"))
    ]


def tax_rates(work: Work) -> list[Json]:
    """The store's rates, in their order: the world's setting, or the profile's. Each world numbers its own, the default
    one from where the profile does."""
    rates: list[Json] = work.setting("tax_rates", fact("tax_rates"))
    first = 0 if work.world.fixed_credentials else 100 + crc32(work.world.name.encode()) % 900
    return [rate | {"id": rate["id"] + first} for rate in rates]


def tax_of(total: Any, rate: Json) -> Decimal:
    return rounded(amount(total) * amount(rate["rate"]) / 100)


def _taxed_line(line: Json, rates: list[Json]) -> Json:
    applied = rates if line["tax_status"] == "taxable" else []
    taxes = [
        {"id": rate["id"], "total": text(tax_of(line["total"], rate)), "subtotal": text(tax_of(line["subtotal"], rate))}
        for rate in applied
    ]
    sums = {
        "total_tax": text(sum((amount(tax["total"]) for tax in taxes), ZERO)),
        "subtotal_tax": text(sum((amount(tax["subtotal"]) for tax in taxes), ZERO)),
    }
    return line | {"taxes": taxes} | sums


def _taxed(line: Json, rates: list[Json]) -> Json:
    taxes = [{"id": rate["id"], "total": text(tax_of(line["total"], rate)), "subtotal": ""} for rate in rates]
    return line | {"taxes": taxes, "total_tax": text(sum((amount(tax["total"]) for tax in taxes), ZERO))}


def _tax_lines(
    work: Work, order: Json, rates: list[Json], goods: Iterable[Json], shipping: Iterable[Json]
) -> list[Json]:
    """One for each rate, keeping its id for as long as the rate applies."""
    known = {line["rate_id"]: line["id"] for line in order["tax_lines"]}
    goods, shipping = list(goods), list(shipping)
    return [
        {
            "id": known.get(rate["id"]) or next_item(work),
            "rate_code": f"{rate['country']}-{rate['state']}-{rate['name'].upper()}-1",
            "rate_id": rate["id"],
            "label": rate["name"],
            "compound": False,
            "tax_total": text(_of_rate(goods, rate["id"])),
            "shipping_tax_total": text(_of_rate(shipping, rate["id"])),
            "rate_percent": float(rate["rate"]),
            "meta_data": [],
        }
        for rate in rates
    ]


def _of_rate(lines: list[Json], rate_id: int) -> Decimal:
    return sum((amount(tax["total"]) for line in lines for tax in line["taxes"] if tax["id"] == rate_id), ZERO)
