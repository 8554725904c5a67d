"""A merchant's Order Manager before anybody calls: warehouses, products, stock, and orders that came in another way."""

from collections.abc import Iterator
from typing import Any

from mock_servers.core import catalogue
from mock_servers.core.countries import ALPHA3
from mock_servers.core.fake import Size, Work
from mock_servers.extensiv_order_manager.behaviour import WAITS_AS, fake

BATCH = 1000
DAY_SECONDS = 86_400
WAREHOUSES = (("501", "East", "THIRD_PARTY_LOGISTICS"), ("502", "West", "DIRECT_FULFILLMENT"))


@fake.seed
def make_seed(work: Work, size: Size) -> Iterator[int]:
    """Warehouses, the world's catalogue with stock, and `size.orders` orders of the last ninety days."""
    if not work.collection("warehouse").count():
        work.collection("warehouse").add_many({"id": id, "name": name, "type": kind} for id, name, kind in WAREHOUSES)
    items = catalogue.items(work.world.seed, max(1, size.products))
    _add_products(work, items)
    taken: dict[str, int] = {}
    for made in range(0, size.orders, BATCH):
        count = min(BATCH, size.orders - made)
        _add_orders(work, items, count, taken)
        yield made + count
    _add_stock(work, items, taken)


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


def _add_orders(work: Work, items: tuple[catalogue.Item, ...], count: int, taken: dict[str, int]) -> None:
    people = catalogue.people(work.world.seed)
    start = work.fake.contract.profile.facts["order_number_start"].value
    ids = work.world.store.skip_numbers(f"{work.vendor}.order", start, count)
    work.collection("order").add_many(_order(work, id, items, people, taken) for id in ids)


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
        "warehouse_id": "501",
    }


def _add_stock(work: Work, items: tuple[catalogue.Item, ...], taken: dict[str, int]) -> None:
    """Enough of everything for what the seeded orders took, and the catalogue's stock on top."""
    stock = work.collection("stock")
    for item in items:
        allocated = taken.get(item.sku, 0)
        found = stock.find(f"501:{item.sku}")
        before = found or {"on_hand": item.stock, "allocated": 0}
        stock.put(
            {
                "id": f"501:{item.sku}",
                "warehouse_id": "501",
                "sku": item.sku,
                "on_hand": before["on_hand"] + allocated,
                "allocated": before["allocated"] + allocated,
            }
        )
