"""An installation before anybody calls: two warehouses, the world's catalogue with stock, prices, and old orders."""

from collections.abc import Iterator
from typing import Any

from mock_servers.core import catalogue
from mock_servers.core.fake import Size, Work
from mock_servers.core.store import Document
from mock_servers.extend_commerce.behaviour.agreements import bought
from mock_servers.extend_commerce.behaviour.balances import new_stock
from mock_servers.extend_commerce.behaviour.base import VAT_PERCENT, fact, fake, kept, midnight
from mock_servers.extend_commerce.behaviour.customers import document_of
from mock_servers.extend_commerce.behaviour.prices import best_price, lists_of
from mock_servers.extend_commerce.behaviour.products import new_product
from mock_servers.extend_commerce.behaviour.rows import total_of
from mock_servers.extend_commerce.behaviour.tenant import AGREEMENT, CUSTOMER, WAREHOUSE

BATCH = 500
DAY_SECONDS = 86_400
OUTLET = "OUTLET"
SEK_PER_USD = 10
PEOPLE = 3


@fake.seed
def make_seed(work: Work, size: Size) -> Iterator[int]:
    """The catalogue with stock, a price list, a discount and a campaign, and `size.orders` orders of ninety days."""
    if work.collection("warehouse").find(OUTLET) is None:
        work.collection("warehouse").add({"id": OUTLET, "name": "Outlet"})
        _add_customers(work)
    items = catalogue.items(work.world.seed, max(1, size.products))
    _add_products(work, items)
    _add_prices(work, items)
    for made in range(0, size.orders, BATCH):
        count = min(BATCH, size.orders - made)
        _take_stock(work, _add_orders(work, items, count))
        yield made + count  # whoever leaves here leaves a world in order


def _add_customers(work: Work) -> None:
    for person in catalogue.people(work.world.seed)[:PEOPLE]:
        number = f"C-{work.next_number('customer', 2001)}"
        address = {
            "address1": person.street,
            "postalCode": person.postal_code,
            "city": person.city,
            "country": person.country,
        }
        body = {
            "customerNumber": number,
            "name": f"{person.first_name} {person.last_name}",
            "orderConfirmationEmail": person.email,
            "customerLogisticsSettings": {"defaultPartialDelivery": "Unknown"},
            "customerDeliveryAddress": {"address": address},
        }
        work.collection("customer").add(document_of(work, number, body))


def _add_products(work: Work, items: tuple[catalogue.Item, ...]) -> None:
    """Each with an empty shelf in the outlet and its stock in the first warehouse."""
    known = {product.id for product in work.collection("product").rows()}
    new = [item for item in items if item.sku not in known]
    warehouses = work.collection("warehouse").rows()
    now = kept(work.now)
    work.collection("product").add_many(
        new_product(
            item.sku,
            now,
            name=item.title,
            gtin=item.barcode,
            price=float(item.price) * SEK_PER_USD,
            cost=round(float(item.price) * SEK_PER_USD / 2, 2),
        )
        for item in new
    )
    work.collection("product_agreement").add_many(
        bought(item.sku, AGREEMENT, now, price=round(float(item.price) * SEK_PER_USD / 2, 2)) for item in new
    )
    stocks = [
        new_stock(warehouse, item.sku, now) | ({"physical": item.stock} if warehouse.id == WAREHOUSE else {})
        for item in new
        for warehouse in warehouses
    ]
    work.collection("stock").add_many(stocks)


def _add_prices(work: Work, items: tuple[catalogue.Item, ...]) -> None:
    """For the web shop: a price list with a staircase, ten percent off, and a campaign that is over in a week."""
    if work.collection("price_list").count():
        return
    first = items[0]
    price = float(first.price) * SEK_PER_USD
    usual: dict[str, Any] = {"customers": [CUSTOMER], "since": None, "until": None, "percents": {}, "rows": []}
    stairs = [{"product": first.sku, "from": 12, "price": round(price * 0.8, 2)}]
    work.collection("price_list").add(usual | {"id": "WEB", "sort": "price_list", "rows": stairs})
    percents = {item.sku: 10 for item in items[:2]}
    work.collection("price_list").add(usual | {"id": "WEB10", "sort": "discount_list", "percents": percents})
    ends = kept(work.now + 7 * DAY_SECONDS)
    bargain = [{"product": items[-1].sku, "from": 1, "price": round(float(items[-1].price) * SEK_PER_USD * 0.7, 2)}]
    campaign = {"id": "WEEK", "sort": "campaign", "since": kept(work.now), "until": ends, "rows": bargain}
    work.collection("price_list").add(usual | campaign)


def _add_orders(work: Work, items: tuple[catalogue.Item, ...], count: int) -> dict[str, int]:
    """Answers what was ordered, by product."""
    taken: dict[str, int] = {}
    people = catalogue.people(work.world.seed)
    lists = lists_of(work, CUSTOMER)
    products = {product.id: product for product in work.collection("product").rows()}
    customer = work.collection("customer").get(CUSTOMER)
    ids = work.world.store.skip_numbers(f"{work.vendor}.order", fact(work, "order_number_start"), count)
    work.collection("order").add_many(_order(work, id, items, people, customer, (products, lists), taken) for id in ids)
    return taken


def _order(
    work: Work,
    id: int,
    items: tuple[catalogue.Item, ...],
    people: tuple[catalogue.Person, ...],
    customer: Document,
    priced: tuple[dict[str, Document], list[Document]],
    taken: dict[str, int],
) -> dict[str, Any]:
    chance = work.chance
    person = people[chance.randrange(len(people))]
    moment = work.now - chance.randrange(90 * DAY_SECONDS)
    placed = kept(moment)
    rows: list[dict[str, Any]] = []
    for number, item in enumerate(chance.sample(items, k=min(len(items), chance.choice((1, 1, 2, 3)))), 1):
        quantity = chance.choice((1, 1, 1, 2, 4))
        taken[item.sku] = taken.get(item.sku, 0) + quantity
        product = priced[0][item.sku]
        rows.append(
            {
                "position": number * fact(work, "position_step"),
                "sub": 0,
                "status": "Incoming",
                "mode": "Warehouse",
                "product": item.sku,
                "name": product["name"],
                "quantity": quantity,
                "unit": product["unit"],
                "price": best_price(product, priced[1], quantity),
                "vat": VAT_PERCENT,
                "currency": product["currency"],
                "warehouse": WAREHOUSE,
                "shipment": None,
                "changed": placed,
                "id": f"00000000-0000-4000-8000-{id % 10**9:09d}{number:03d}",
            }
        )
    address = {
        "name1": f"{person.first_name} {person.last_name}",
        "address1": person.street,
        "postalCode": person.postal_code,
        "city": person.city,
        "state": person.region,
        "countryCode": person.country,
    }
    return {
        "id": str(id),
        "external": f"SEED-{id}",
        "customer": CUSTOMER,
        "customer_name": customer["body"]["name"],
        "country": person.country,
        "status": "Incoming",
        "placed": placed,
        "asked": midnight(work, moment),
        "changed": placed,
        "header": {"orderType": "WebshopOrder", "deliveryAddress": address},
        "rows": rows,
        "shipments": [],
        "total": total_of(rows),
    }


def _take_stock(work: Work, taken: dict[str, int]) -> None:
    """What was ordered is put on the shelf and taken there: the catalogue's own stock stays free."""
    stock = work.collection("stock")
    for sku, count in taken.items():
        shelf = stock.get(f"{WAREHOUSE}:{sku}")
        more = {"physical": shelf["physical"] + count, "ordered": shelf["ordered"] + count, "changed": kept(work.now)}
        stock.save(shelf | more)
