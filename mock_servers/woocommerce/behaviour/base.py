"""The words every part of the store is made of: its fake, its ids, times, money and meta data.

Dossier numbers in this folder are sections of the fact sheet that contracts/woocommerce/README.md stands for.
"""

from collections.abc import Callable, Iterable, Mapping
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from typing import Any, NoReturn

from mock_servers.core.clock import iso_seconds, moment_of
from mock_servers.core.fake import Call, Fake, Work
from mock_servers.core.refusal import Refusal
from mock_servers.core.store import Document, encode
from mock_servers.core.wire import Reply

Json = dict[str, Any]
CENT = Decimal("0.01")
FLOAT_DIGITS_MAXIMUM = 308
ROOMY = Context(prec=2 * FLOAT_DIGITS_MAXIMUM)
ZERO = Decimal(0)
API = "/wp-json/wc/v3"

fake = Fake("woocommerce")

fake.kind("order", index=("status", "date_created_gmt", "date_modified_gmt"))
fake.kind("note", index=("order_id",))
fake.kind("refund", index=("parent_id", "date_created_gmt"))
fake.kind("product", index=("sku", "type", "status", "parent_id", "date_created_gmt", "date_modified_gmt"))
fake.kind("customer", index=("email", "username", "display_name", "date_created_gmt"))
fake.kind("coupon", index=("code", "status", "discount_type", "date_created_gmt", "date_modified_gmt"))
fake.kind("term", index=("taxonomy", "slug", "name", "parent"))
fake.kind("review", index=("product_id", "status", "rating", "date_created_gmt"))
fake.kind("attribute", index=("slug",))
fake.kind("fulfillment", index=("order_id",))
fake.kind("webhook", index=("topic", "status", "date_created_gmt"))


def fact(name: str) -> Any:
    """A number or rule of the store, out of the profile."""
    return fake.contract.profile.facts[name].value


def refuse(name: str, said: str, code: str = "refused") -> NoReturn:
    """Say no with one of the vendor's codes and its words: 400, or 404 by `code` not_found."""
    raise Refusal(code, name=name, said=said)


def missing(name: str, said: str = "Invalid ID.") -> NoReturn:
    """404 with the vendor's code for what is not there."""
    refuse(name, said, "not_found")


def must_be_number(id: str) -> str:
    """An id in a path is digits, or there is no such route (WP: `(?P<id>[\\d]+)`)."""
    if not (id.isascii() and id.isdigit()):
        raise Refusal("route_not_found")
    return str(int(id)) if len(id) < 20 else id


# Ids: posts of all kinds share one sequence (WordPress keeps orders, refunds and products in one table)


def next_post(work: Work) -> int:
    return work.next_number("post", fact("first_id"))


def next_item(work: Work) -> int:
    """The id of a line of an order."""
    return work.next_number("order_item", 31)


# Times: kept in UTC without a zone; shown also in the site's own


def offset_hours(work: Work) -> float:
    """The site's zone, which does not change with the seasons here."""
    return float(work.setting("utc_offset_hours", fact("utc_offset_hours")))


def site_time(work: Work, gmt: str | None) -> str | None:
    """The same moment on the site's clock."""
    if gmt is None:
        return None
    return iso_seconds(moment_of(gmt) + offset_hours(work) * 3600).removesuffix("Z")


def times(work: Work, kept: Mapping[str, Any], *names: str) -> Json:
    """`date_paid` and `date_paid_gmt` for each name."""
    shown: Json = {}
    for name in names:
        gmt = kept[f"{name}_gmt"]
        shown |= {name: site_time(work, gmt), f"{name}_gmt": gmt}
    return shown


# Money: two decimals, half away from zero (PHP's round)


def amount(value: Any) -> Decimal:
    """The amount a text or number stands for; nothing at all is zero, and so is what no float could be."""
    try:
        stated = Decimal(str(value or 0))
    except InvalidOperation:
        return ZERO
    return stated if stated.is_finite() and stated.adjusted() <= FLOAT_DIGITS_MAXIMUM else ZERO


def rounded(value: Decimal) -> Decimal:
    return value.quantize(CENT, ROUND_HALF_UP, ROOMY)


def text(value: Decimal) -> str:
    """`43.00`."""
    return str(rounded(value))


def whole(value: Any) -> int:
    """The integer that a number or its digits stand for; nothing at all is zero."""
    return int(value or 0)


# Meta data


def merged_meta(work: Work, kept: Iterable[Json], given: Iterable[Json] | None) -> list[Json]:
    """Entries by id, else by key; a value of null takes one away (dossier §5)."""
    rows = [dict(row) for row in kept]
    for entry in given or ():
        key, value, id = entry.get("key", ""), entry.get("value"), whole(entry.get("id"))
        found = next((row for row in rows if row["id"] == id), None) if id else None
        if found is None:
            found = next((row for row in rows if key and row["key"] == key), None)
        if value is None:
            rows = [row for row in rows if row is not found]
        elif found is not None:
            found |= {"key": key or found["key"], "value": value}
        elif key:
            rows.append({"id": work.next_number("meta", 901), "key": key, "value": value})
    return rows


# Events


def emit_once(work: Work, topic: str, payload: Callable[[], Json], id: int) -> None:
    """Tell of something, once in a request however often it happens in it (dossier §8)."""
    if not any(event.topic == topic and event.about["id"] == id for event in work.events):
        work.emit(topic, payload, id=id)


# Answers


def links(call: Work, path: str, collection: str, base: str | None = None, **more: str) -> Json:
    """`_links` of a thing, back to where it was asked for, or to the store's own address where nobody asked."""
    if base is None:
        base = call.base_url if isinstance(call, Call) else site_url(call)
    shown = {"self": path, "collection": collection} | more
    return {name: [{"href": f"{base}{target}"}] for name, target in shown.items()}


def site_url(work: Work) -> str:
    """The store's own address, as it says it in webhooks."""
    return str(work.world.credentials[work.vendor]["site_url"])


def answer(call: Call, status: int, shown: Any, headers: dict[str, str] | None = None) -> Reply:
    """The reply, or what of it `_fields` asks for."""
    wanted = call.query.get("_fields")
    if not wanted:
        return Reply(status, shown, headers)
    names = [name.strip() for name in wanted.split(",") if name.strip()]
    if isinstance(shown, list):
        return Reply(status, encode([picked(row, names) for row in shown]), headers)
    return Reply(status, encode(picked(shown, names)), headers)


def picked(shown: Any, names: list[str]) -> Any:
    """Members by name, and members of members by dotted name; in lists, of each row."""
    if isinstance(shown, list):
        return [picked(each, names) for each in shown]
    if not isinstance(shown, dict):
        return shown
    kept: Json = {}
    for name, value in shown.items():
        inner = [each[len(name) + 1 :] for each in names if each.startswith(f"{name}.")]
        if name in names:
            kept[name] = value
        elif inner:
            kept[name] = picked(value, inner)
    return kept


def created(call: Call, shown: Json, path: str) -> Reply:
    """201 and where the new thing is."""
    return answer(call, 201, shown, {"Location": f"{call.base_url}{path}"})


def must_be_forced(call: Call, kind: str) -> None:
    """What has no trash is deleted by force, or not at all."""
    if not call.query.get("force", False):
        raise Refusal("woocommerce_rest_trash_not_supported", kind=kind)


def newest_first(documents: Iterable[Document]) -> list[Document]:
    return sorted(documents, key=lambda each: -each.seq)
