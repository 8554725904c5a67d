"""A merchant's Order Manager before anybody calls: warehouses, products, stock, and orders that came in another way."""

from collections.abc import Iterator
from typing import Any

from mock_servers.core import catalogue
from mock_servers.core.countries import ALPHA3
from mock_servers.core.fake import Size, Work
from mock_servers.extensiv_order_manager.behaviour import WAITS_AS, fake, resolve

BATCH = 1000
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
    ids = work.world.store.skip_numbers(f"{work.vendor}.product", 3001, len(new))
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
        "created_at": stamp,
        "updated_at": stamp,
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
    shelves = [_shelf(item.sku, item.stock) for item in items]
    stock.add_many(shelf for shelf in shelves if shelf["id"] not in known)


def _take_stock(work: Work, taken: dict[str, int]) -> None:
    """What was ordered is put on the shelf and taken there: the catalogue's own stock stays free."""
    stock = work.collection("stock")
    for sku, count in taken.items():
        shelf = stock.get(f"{SHIPS_FROM}:{sku}")
        stock.save(shelf | {"on_hand": shelf["on_hand"] + count, "allocated": shelf["allocated"] + count})


def _shelf(sku: str, count: int) -> dict[str, Any]:
    return {"id": f"{SHIPS_FROM}:{sku}", "warehouse_id": SHIPS_FROM, "sku": sku, "on_hand": count, "allocated": 0}
