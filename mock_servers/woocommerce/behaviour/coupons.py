"""Coupons as the API keeps them. What one takes off an order is in `discounts` (core WC_REST_Coupons_Controller)."""

import re
from collections.abc import Mapping
from typing import Any

from mock_servers.core.clock import iso_seconds, moment_of
from mock_servers.core.fake import Call, Work
from mock_servers.core.filters import All, Condition, Is, Not
from mock_servers.core.refusal import Refusal
from mock_servers.core.store import Document
from mock_servers.core.wire import Reply
from mock_servers.woocommerce.behaviour import listing
from mock_servers.woocommerce.behaviour.base import (
    API,
    ZERO,
    Json,
    amount,
    answer,
    created,
    emit_once,
    fake,
    links,
    merged_meta,
    missing,
    must_be_number,
    next_post,
    offset_hours,
    refuse,
    text,
    times,
    whole,
)
from mock_servers.woocommerce.behaviour.batch import in_batch

INVALID = "woocommerce_rest_shop_coupon_invalid_id"
LISTED = ("publish", "private")
"""What WP_Query finds where nobody names a status."""
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+\Z")
ZONE = re.compile(r"(Z|[+-]\d\d:?\d\d)\Z")
PLAIN = ("status", "discount_type", "description", "individual_use", "free_shipping", "exclude_sale_items")
ID_LISTS = ("product_ids", "excluded_product_ids", "product_categories", "excluded_product_categories")
LIMITS = ("usage_limit", "usage_limit_per_user", "limit_usage_to_x_items")
COLUMNS = {"title": "code", "slug": "code", "id": "seq"}


@fake.operation("listCoupons")
def list_coupons(call: Call) -> Reply:
    where: list[Condition] = [*listing.usual_filters(call), Is("status", "in", LISTED)]
    if "code" in call.query:
        where.append(Is("code", "=", formatted_code(call.query["code"])))
    if call.query.get("search"):
        where.append(listing.found_in(call.query["search"], "code", "description"))
    return listing.page(call, "coupon", where, lambda each: shown(call, each), COLUMNS)


@fake.operation("getCoupon")
def get_coupon(call: Call) -> Reply:
    return answer(call, 200, shown(call, _named(call, must_be_number(call.path["id"]))))


@fake.operation("createCoupon")
def create_coupon(call: Call) -> Reply:
    coupon = make_coupon(call, call.body)
    return created(call, shown(call, coupon), f"{API}/coupons/{coupon.id}")


@fake.operation("updateCoupon", "patchCoupon", "postCoupon")
def update_coupon(call: Call) -> Reply:
    return answer(call, 200, shown(call, change_coupon(call, must_be_number(call.path["id"]), call.body)))


@fake.operation("deleteCoupon")
def delete_coupon(call: Call) -> Reply:
    coupon = _named(call, must_be_number(call.path["id"]))
    return answer(call, 200, shown(call, remove_coupon(call, coupon, force=bool(call.query.get("force", False)))))


@fake.operation("batchCoupons")
def batch_coupons(call: Call) -> Reply:
    def create(body: Json) -> Json:
        return shown(call, make_coupon(call, body))

    def update(id: str, body: Json) -> Json:
        return shown(call, change_coupon(call, id, body))

    def delete(id: str) -> Json:
        return shown(call, remove_coupon(call, _named(call, id), force=True))

    return in_batch(call, ("createCoupon", "updateCoupon"), create, update, delete)


# What is done, whoever asks -------------------------------------------------------------------------------------------


def make_coupon(work: Work, body: Json) -> Document:
    if whole(body.get("id")):
        refuse("woocommerce_rest_shop_coupon_exists", "Cannot create existing shop_coupon.")
    if not formatted_code(body["code"]):
        refuse("woocommerce_rest_empty_coupon_code", "The coupon code cannot be empty.")
    blank: Json = {
        "id": str(next_post(work)),
        "code": "",
        "amount": "0.00",
        "status": "publish",
        "discount_type": "fixed_cart",
        "description": "",
        "date_expires_gmt": None,
        "usage_count": 0,
        "individual_use": False,
        "free_shipping": False,
        "exclude_sale_items": False,
        "minimum_amount": "0.00",
        "maximum_amount": "0.00",
        "email_restrictions": [],
        "used_by": [],
        "meta_data": [],
        "date_created_gmt": work.stamp,
        "date_modified_gmt": work.stamp,
        **{name: [] for name in ID_LISTS},
        **dict.fromkeys(LIMITS),
    }
    kept = work.collection("coupon").add(_with(work, blank, body))
    tell(work, "created", kept)
    return kept


def change_coupon(work: Work, id: str, body: Json) -> Document:
    """Change what is named. One that is not there is a bad request here, as with orders."""
    coupon = work.collection("coupon").find(id)
    if coupon is None:
        refuse(INVALID, "Invalid ID.")
    kept = work.collection("coupon").save({**_with(work, coupon.body, body), "date_modified_gmt": work.stamp})
    tell(work, "updated", kept)
    return kept


def remove_coupon(work: Work, coupon: Document, *, force: bool) -> Document:
    """To the trash, or away for good; the answer shows it as it was before (core WC_REST_CRUD_Controller)."""
    if force:
        work.collection("coupon").delete(coupon.id)
    elif coupon["status"] == "trash":
        raise Refusal("woocommerce_rest_already_trashed", kind="shop_coupon")
    else:
        trashed = {"status": "trash", "status_before_trash": coupon["status"], "date_modified_gmt": work.stamp}
        work.collection("coupon").save(coupon | trashed)
    tell(work, "deleted", coupon)
    return coupon


def restore_coupon(work: Work, coupon: Document) -> Document:
    """Out of the trash, as it was."""
    kept = work.collection("coupon").save(
        coupon | {"status": coupon.get("status_before_trash") or "publish", "date_modified_gmt": work.stamp}
    )
    tell(work, "restored", kept)
    return kept


def usable(work: Work, code: str) -> Document | None:
    """The coupon that somebody names by its code: a published one, the newest (core `wc_get_coupon_id_by_code`)."""
    wanted = All(Is("code", "=", code), Is("status", "=", "publish"))
    return work.collection("coupon").first(wanted, descending=True) if code else None


def count_use(work: Work, code: str, used_by: str, by: int) -> None:
    """One use more, or one less. The coupon has not changed by that: its date stays, and nobody is told."""
    coupon = usable(work, code)
    if coupon is None or (by < 0 and coupon["usage_count"] == 0):
        return
    users = list(coupon["used_by"])
    if by > 0 and used_by:
        users.append(used_by)
    elif by < 0 and used_by in users:
        users.remove(used_by)
    work.collection("coupon").save(coupon | {"usage_count": coupon["usage_count"] + by, "used_by": users})


def tell(work: Work, event: str, coupon: Mapping[str, Any]) -> None:
    id = int(coupon["id"])

    def payload() -> Json:
        latest = work.collection("coupon").find(str(id))
        return {"id": id} if event == "deleted" else shown(work, latest or coupon)

    emit_once(work, f"coupon.{event}", payload, id)


def formatted_code(code: str) -> str:
    """Codes are kept in small letters, without blanks around them."""
    return code.strip().lower()


def _named(call: Call, id: str) -> Document:
    coupon = call.collection("coupon").find(id)
    if coupon is None:
        missing(INVALID)
    return coupon


def _with(work: Work, coupon: Json, body: Json) -> Json:
    changed = dict(coupon)
    if body.get("code") is not None:
        changed["code"] = _free_code(work, coupon["id"], body["code"])
    if body.get("amount") is not None:
        changed["amount"] = _checked_amount(coupon, body["amount"])
    changed |= {name: body[name] for name in PLAIN if body.get(name) is not None}
    if body.get("date_expires") is not None:
        changed["date_expires_gmt"] = _gmt(work, body["date_expires"])
    for name in ID_LISTS:
        if body.get(name) is not None:
            changed[name] = list(dict.fromkeys(id for id in map(whole, body[name]) if id))
    changed |= {name: body[name] or None for name in LIMITS if body.get(name) is not None}
    changed |= {name: text(amount(body[name])) for name in ("minimum_amount", "maximum_amount") if name in body}
    if body.get("email_restrictions") is not None:
        changed["email_restrictions"] = [
            each for each in map(str.lower, body["email_restrictions"]) if EMAIL.match(each)
        ]
    changed["meta_data"] = merged_meta(work, coupon["meta_data"], body.get("meta_data"))
    return changed


def _free_code(work: Work, id: str, given: str) -> str:
    code = formatted_code(given)
    wanted = All(Is("code", "=", code), Is("status", "=", "publish"), Not(Is("id", "=", id)))
    if code and work.collection("coupon").first(wanted) is not None:
        refuse("woocommerce_rest_coupon_code_already_exists", "The coupon code already exists")
    return code


def _checked_amount(coupon: Json, given: str) -> str:
    """Held against the type it had until now: a new one was for the whole cart (core `set_amount` comes first)."""
    wanted = amount(given)
    if wanted < ZERO or (coupon["discount_type"] == "percent" and wanted > 100):
        refuse("coupon_invalid_amount", "Invalid discount amount.")
    return text(wanted)


def _gmt(work: Work, given: str) -> str | None:
    """The moment in UTC; without a zone it is on the site's clock. An empty text is none."""
    try:
        moment = moment_of(given)
        if not ZONE.search(given[10:]):
            moment -= offset_hours(work) * 3600
        return iso_seconds(moment).removesuffix("Z")
    except (ValueError, OverflowError, OSError):
        refuse("rest_invalid_param", "Invalid parameter(s): date_expires")


def shown(work: Work, coupon: Mapping[str, Any]) -> Json:
    id = int(coupon["id"])
    return {
        "id": id,
        "code": coupon["code"],
        "amount": coupon["amount"],
        "status": coupon["status"],
        **times(work, coupon, "date_created", "date_modified"),
        "discount_type": coupon["discount_type"],
        "description": coupon["description"],
        **times(work, coupon, "date_expires"),
        "usage_count": coupon["usage_count"],
        "individual_use": coupon["individual_use"],
        **{name: coupon[name] for name in (*ID_LISTS[:2], *LIMITS, "free_shipping", *ID_LISTS[2:])},
        **{name: coupon[name] for name in ("exclude_sale_items", "minimum_amount", "maximum_amount")},
        **{name: coupon[name] for name in ("email_restrictions", "used_by", "meta_data")},
        "_links": links(work, f"{API}/coupons/{id}", f"{API}/coupons"),
    }
