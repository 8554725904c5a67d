"""A store that has been trading for a while: the world's catalogue with stock, and orders of the last ninety days."""

from collections.abc import Iterator
from typing import Any

from mock_servers.core import catalogue
from mock_servers.core.fake import Size, Work
from mock_servers.core.filters import Is
from mock_servers.woocommerce.behaviour import attributes, coupons, customers, products, terms
from mock_servers.woocommerce.behaviour.base import ZERO, amount, fact, fake, text
from mock_servers.woocommerce.behaviour.orders import blank_order
from mock_servers.woocommerce.behaviour.stock import with_stock_status
from mock_servers.woocommerce.behaviour.totals import recalculated

Json = dict[str, Any]
BATCH = 500
DAY_SECONDS = 86_400
STATUSES = ("processing", "processing", "completed", "completed", "completed", "on-hold", "cancelled", "pending")
ACCOUNTS = 12
CATEGORIES = ("Kitchen", "Clothing")
COUPONS = (("welcome", "percent", "10.00"), ("5off", "fixed_cart", "5.00"), ("1off", "fixed_product", "1.00"))
VARY_EVERY = 7
"""Each seventh thing of the catalogue is sold as a variation of a product that varies."""


@fake.seed
def make_seed(work: Work, size: Size) -> Iterator[int]:
    """`size.products` things with stock, and `size.orders` orders, oldest first. Nobody is told of any of it."""
    items = catalogue.items(work.world.seed, max(1, size.products))
    _add_products(work, items)
    if size.orders:
        _add_people(work)
    work.events.clear()
    sold = [row for row in work.collection("product").rows() if row["sku"] in {item.sku for item in items}]
    for made in range(0, size.orders, BATCH):
        count = min(BATCH, size.orders - made)
        _add_orders(work, [row.body for row in sold], made, count, size.orders)
        yield made + count


def _add_products(work: Work, items: tuple[catalogue.Item, ...]) -> None:
    rows = work.collection("product")
    known = {row["sku"] for row in rows.rows()}
    blank = products.blank_product
    fresh: list[Json] = []
    for number, item in enumerate(items, 1):
        if item.sku in known:
            continue
        body = blank(work, 0, "simple") | {
            "name": item.title,
            "sku": item.sku,
            "global_unique_id": item.barcode,
            "regular_price": item.price,
            "price": item.price,
            "price_key": products.price_key(item.price),
            "manage_stock": True,
            "stock_quantity": item.stock,
            "weight": str(round(item.grams / 1000, 3)),
        }
        if number % VARY_EVERY == 0:
            noun = item.title.rsplit(" ", 1)[-1]
            parent = blank(work, 0, "variable") | {"name": noun, "price": item.price, "price_key": body["price_key"]}
            fresh.append(parent)
            choice = {"id": 0, "name": "Color", "option": item.title.rsplit(" ", 1)[0]}
            body |= {
                "type": "variation",
                "parent": parent,
                "attributes": [choice],
                "name": f"{noun} - {choice['option']}",
            }
        fresh.append(body)
    if not fresh:
        return
    ids = work.world.store.skip_numbers(f"{work.vendor}.post", fact("first_id"), len(fresh))
    for id, body in zip(ids, fresh, strict=True):
        body |= {"id": str(id), "slug": f"product-{id}"}
        if "parent" in body:
            body["parent_id"] = int(body.pop("parent")["id"])
    kinds = _add_terms(work)
    for place, body in enumerate(fresh):
        if body["type"] != "variation":
            body |= terms.with_terms(body | {"category_ids": [kinds[place % len(kinds)]]})
    rows.add_many(with_stock_status(body) for body in fresh)


def _add_terms(work: Work) -> list[int]:
    """Categories, a tag, a shipping class and an attribute with its terms; answers the categories' ids."""
    kinds = {name: work.collection("term").first(Is("slug", "=", name.lower())) for name in CATEGORIES}
    if not any(kinds.values()):
        kinds = {name: terms.make_term(work, terms.KINDS["ProductCategor"], {"name": name}) for name in CATEGORIES}
        terms.make_term(work, terms.KINDS["ProductTag"], {"name": "New"})
        terms.make_term(work, terms.KINDS["ShippingClass"], {"name": "Bulky"})
        color = attributes.make_attribute(work, {"name": "Color"})
        of_color = terms.kind_of(color)
        for name in ("Blue", "Red"):
            terms.make_term(work, of_color, {"name": name})
    return [int(kind.id) for kind in kinds.values() if kind is not None]


def _add_people(work: Work) -> None:
    """Some of those who buy have an account, and there are coupons to be had."""
    known = {row["email"] for row in work.collection("customer").rows()}
    for person in catalogue.people(work.world.seed)[:ACCOUNTS]:
        if person.email in known:
            continue
        address = _address(person)
        names = {"first_name": person.first_name, "last_name": person.last_name}
        billing = address | {"email": person.email, "phone": person.phone}
        body = {"email": person.email, **names, "billing": billing, "shipping": address}
        customers.make_customer(work, body)
    for code, kind, amount_off in COUPONS:
        if coupons.usable(work, code) is None:
            coupons.make_coupon(work, {"code": code, "discount_type": kind, "amount": amount_off})


def _address(person: catalogue.Person) -> Json:
    return {
        "first_name": person.first_name,
        "last_name": person.last_name,
        "address_1": person.street,
        "city": person.city,
        "state": person.region,
        "postcode": person.postal_code,
        "country": person.country,
    }


def _add_orders(work: Work, sold: list[Json], before: int, count: int, total: int) -> None:
    """Orders of this batch, each a little later than the one before it."""
    people = catalogue.people(work.world.seed)
    ids = work.world.store.skip_numbers(f"{work.vendor}.post", fact("first_id"), count)
    span = 90 * DAY_SECONDS
    bodies = []
    for place, id in enumerate(ids):
        moment = work.now - span + span * (before + place + 0.5) / max(1, total) * 0.98
        bodies.append(_order(work, id, sold, people[work.chance.randrange(len(people))], work.fake.stamp_of(moment)))
    work.collection("order").add_many(bodies)


def _order(work: Work, id: int, sold: list[Json], person: catalogue.Person, stamp: str) -> Json:
    chance = work.chance
    status = chance.choice(STATUSES)
    address = _address(person)
    account = work.collection("customer").first(Is("email", "=", person.email))
    blank = blank_order(work, id)
    was_paid = status in {"processing", "completed"}
    chosen = chance.sample(sold, k=min(len(sold), chance.choice((1, 1, 2, 3))))
    order = blank | {
        "created_via": "checkout",
        "status": status,
        "customer_id": int(account.id) if account is not None else 0,
        "billing": blank["billing"] | address | {"email": person.email, "phone": person.phone},
        "shipping": blank["shipping"] | address,
        "payment_method": "stripe" if was_paid else "bacs",
        "payment_method_title": "Credit card" if was_paid else "Direct bank transfer",
        "line_items": [_line(work, product, status) for product in chosen],
        "shipping_lines": [_carriage(work)],
        "stock_reduced": status in {"processing", "completed", "on-hold"},
        "date_created_gmt": stamp,
        "date_modified_gmt": stamp,
        "date_paid_gmt": stamp if was_paid else None,
        "date_completed_gmt": stamp if status == "completed" else None,
    }
    return recalculated(work, order)


def _line(work: Work, product: Json, status: str) -> Json:
    """What was sold before we looked is off the shelf already: the catalogue's stock is what is left."""
    quantity = work.chance.choice((1, 1, 1, 2, 4))
    total = text(amount(product["price"]) * quantity)
    parent = (
        work.collection("product").first(Is("id", "=", str(product["parent_id"]))) if product["parent_id"] else None
    )
    return {
        "id": work.next_number("order_item", 31),
        "name": product["name"],
        "product_id": product["parent_id"] or int(product["id"]),
        "variation_id": int(product["id"]) if product["parent_id"] else 0,
        "quantity": quantity,
        "tax_class": "",
        "subtotal": total,
        "subtotal_tax": "0.00",
        "total": total,
        "total_tax": "0.00",
        "taxes": [],
        "meta_data": [],
        "sku": product["sku"],
        "global_unique_id": product["global_unique_id"],
        "image": {"id": "", "src": ""},
        "parent_name": parent["name"] if parent else None,
        "tax_status": "taxable",
        "reduced_stock": quantity if status in {"processing", "completed", "on-hold"} else 0,
        "price": float(amount(product["price"])),
    }


def _carriage(work: Work) -> Json:
    return {
        "id": work.next_number("order_item", 31),
        "method_title": "Flat rate",
        "method_id": "flat_rate",
        "instance_id": "3",
        "total": text(ZERO + 3),
        "total_tax": "0.00",
        "taxes": [],
        "meta_data": [],
        "tax_status": "taxable",
    }
