"""A merchant's Order Manager before anybody calls: warehouses, products, stock, and orders that came in another way."""

from collections.abc import Iterator
from typing import Any

from mock_servers.core import catalogue
from mock_servers.core.countries import ALPHA3
from mock_servers.core.fake import Size, Work
from mock_servers.extensiv_order_manager.behaviour import WAITS_AS, fake, resolve
from mock_servers.extensiv_order_manager.behaviour.products import LISTING_START, PRODUCT_START, listing
from mock_servers.extensiv_order_manager.behaviour.state import own_channel
from mock_servers.extensiv_order_manager.behaviour.stock import RECORD_START, keep, new_record

BATCH = 1000
VENDOR_SELLS = 5
DAY_SECONDS = 86_400
SHIPS_FROM = "501"
WAREHOUSES = ((SHIPS_FROM, "East", "THIRD_PARTY_LOGISTICS"), ("502", "West", "DIRECT_FULFILLMENT"))


@fake.seed
def make_seed(work: Work, size: Size) -> Iterator[int]:
    """Warehouses, the world's catalogue with stock, and `size.orders` orders of the last ninety days."""
    if not work.collection("warehouse").count():
        work.collection("warehouse").add_many({"id": id, "name": name, "type": kind} for id, name, kind in WAREHOUSES)
    items = catalogue.items(work.world.seed, max(1, size.products))
    _add_products(work, items)
    _add_stock(work, items)
    _add_vendor(work, items[:VENDOR_SELLS])
    resolve(work)
    for made in range(0, size.orders, BATCH):
        count = min(BATCH, size.orders - made)
        _take_stock(work, _add_orders(work, items, count))
        yield made + count  # whoever leaves here leaves a world in order


def _add_products(work: Work, items: tuple[catalogue.Item, ...]) -> None:
    known = {product["sku"] for product in work.collection("product").rows()}
    new = [item for item in items if item.sku not in known]
    if not new:
        return
    ids = list(work.world.store.skip_numbers(f"{work.vendor}.product", PRODUCT_START, len(new)))
    channel = own_channel(work)
    numbers = work.world.store.skip_numbers(f"{work.vendor}.listing", LISTING_START, len(new))
    work.collection("listing").add_many(
        listing(number, channel, item.sku, {"id": id, "sku": item.sku}, work.stamp)
        for number, id, item in zip(numbers, ids, new, strict=True)
    )
    work.collection("product").add_many(
        {
            "id": str(id),
            "sku": item.sku,
            "name": item.title,
            "price": {"amount": float(item.price), "currency": "USD"},
            "barcode": item.barcode,
            "active": True,
            "created_at": work.stamp,
            "updated_at": work.stamp,
        }
        for id, item in zip(ids, new, strict=True)
    )


def _add_vendor(work: Work, items: tuple[catalogue.Item, ...]) -> None:
    """Somebody to buy from, who sells the first few things."""
    if work.collection("vendor").count():
        return
    work.collection("vendor").add({"id": "1", "name": "Harbour Supplies", "active": True})
    for number, item in enumerate(items, 1):
        sold = {"id": str(number), "vendor_id": 1, "vendor_sku": f"HS-{number}", "sku": item.sku}
        work.collection("vendor_product").add(sold)


def _add_orders(work: Work, items: tuple[catalogue.Item, ...], count: int) -> dict[str, int]:
    """Answers what was ordered, by SKU."""
    taken: dict[str, int] = {}
    people = catalogue.people(work.world.seed)
    start = work.fake.contract.profile.facts["order_number_start"].value
    ids = work.world.store.skip_numbers(f"{work.vendor}.order", start, count)
    work.collection("order").add_many(_order(work, id, items, people, taken) for id in ids)
    return taken


def _order(
    work: Work, id: int, items: tuple[catalogue.Item, ...], people: tuple[catalogue.Person, ...], taken: dict[str, int]
) -> dict[str, Any]:
    chance = work.chance
    person = people[chance.randrange(len(people))]
    lines = chance.sample(items, k=min(len(items), chance.choice((1, 1, 2, 3))))
    stamp = work.fake.stamp_of(work.now - chance.randrange(90 * DAY_SECONDS))
    wanted = [{"sku": item.sku, "quantity": chance.choice((1, 1, 1, 2, 4)), "shipped": 0} for item in lines]
    for item in wanted:
        sku = str(item["sku"])
        taken[sku] = taken.get(sku, 0) + int(item["quantity"])
    return {
        "id": str(id),
        "order_number": f"SEED-{id}",
        "channel_id": own_channel(work),
        "created_at": stamp,
        "updated_at": stamp,
        "order_date": stamp,
        "payment_date": stamp,
        "items": wanted,
        "shipping_address": {
            "name": f"{person.first_name} {person.last_name}",
            "street1": person.street,
            "city": person.city,
            "state": person.region,
            "postal_code": person.postal_code,
            "country": ALPHA3[person.country],
        },
        "shipments": [],
        "stage": "new",
        "fingerprint": "",
        "state": WAITS_AS["THIRD_PARTY_LOGISTICS"],
        "status": "pending",
        "unresolved": "RESOLVED",
        "warehouse_id": SHIPS_FROM,
    }


def _add_stock(work: Work, items: tuple[catalogue.Item, ...]) -> None:
    """A shelf for everything that has none yet."""
    stock = work.collection("stock")
    known = {shelf.id for shelf in stock.rows()}
    new = [item for item in items if f"{SHIPS_FROM}:{item.sku}" not in known]
    numbers = work.world.store.skip_numbers(f"{work.vendor}.stock_record", RECORD_START, len(new)) if new else ()
    empty = new_record(work, SHIPS_FROM, None, id=1)
    stock.add_many(
        {
            "id": f"{SHIPS_FROM}:{item.sku}",
            "warehouse_id": SHIPS_FROM,
            "sku": item.sku,
            "on_hand": item.stock,
            "allocated": 0,
            "locked": 0,
            "records": [empty | {"id": number, "on_hand": item.stock}],
            "updated_at": work.stamp,
        }
        for number, item in zip(numbers, new, strict=True)
    )


def _take_stock(work: Work, taken: dict[str, int]) -> None:
    """What was ordered is put on the shelf and taken there: the catalogue's own stock stays free."""
    stock = work.collection("stock")
    for sku, count in taken.items():
        shelf = stock.get(f"{SHIPS_FROM}:{sku}")
        first, *others = shelf["records"]
        records = [first | {"on_hand": first["on_hand"] + count}, *others]
        keep(work, shelf, records, allocated=shelf["allocated"] + count)
