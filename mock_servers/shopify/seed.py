"""A shop that has been trading for a while: locations, the world's catalogue with stock, customers, and orders.

What the numbers are is in seed.yaml. Every id that is named exists, every sum adds up, and stock has been given out for
whatever still waits to be shipped. Nobody is told of any of it.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from mock_servers.core import catalogue
from mock_servers.core.clock import iso_seconds
from mock_servers.core.fake import Size, Work
from mock_servers.core.filters import Is
from mock_servers.shopify.behaviour import (
    customers,
    fulfillment_orders,
    fulfillments,
    inventory,
    order_documents,
    orders,
    payments,
    products,
)
from mock_servers.shopify.behaviour.base import FIRST_NUMBER, FIRST_NUMBERS, fake, gid, id_key, shop_of
from mock_servers.shopify.behaviour.shop import make_location

Json = dict[str, Any]
BATCH = 500
DAY_SECONDS = 86_400
RULES_FILE = Path(__file__).parent / "seed.yaml"


class Rules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """seed.yaml."""

    days: int
    locations: list[dict[str, str]]
    shares: dict[str, float]
    lines: list[int]
    quantities: list[int]
    carriers: list[str]
    shipping: dict[str, str]
    tags: list[list[str]]


def rules() -> Rules:
    """The rules, read when something is seeded."""
    return msgspec.yaml.decode(RULES_FILE.read_bytes(), type=Rules)


@fake.seed
def make_seed(work: Work, size: Size) -> Iterator[int]:
    """Locations, `size.products` products with stock, shoppers, and `size.orders` orders, oldest first."""
    sower = Sower(work, rules())
    sower.add_locations()
    sower.add_products(max(1, size.products))
    sower.add_customers()
    for made in range(0, size.orders, BATCH):
        count = min(BATCH, size.orders - made)
        sower.add_orders(made, count, size.orders)
        yield made + count
    sower.set_stock()


class Sower:
    """What a seed knows while it is sown."""

    def __init__(self, work: Work, rules: Rules) -> None:
        self.work = work
        self.rules = rules
        self.chance = work.chance
        self.shop = shop_of(work)
        self.locations: list[Json] = []
        self.variants: list[Json] = []
        self.stock: dict[str, int] = {}
        self.committed: dict[tuple[str, str], int] = {}
        self.people: list[tuple[str, Json]] = []

    def numbers(self, type_name: str, count: int) -> Iterator[int]:
        """So many new numbers of a type."""
        first = FIRST_NUMBERS.get(type_name, FIRST_NUMBER)
        if count == 0:
            return iter(())
        return iter(self.work.world.store.skip_numbers(f"{self.work.vendor}.{type_name}", first, count))

    # What orders stand on

    def add_locations(self) -> None:
        rows = self.work.collection("location")
        known = {row["name"] for row in rows.rows()}
        for place in self.rules.locations:
            if place["name"] not in known:
                make_location(self.work, place["name"], place)
        self.locations = [row.body for row in rows.rows() if not row["service"]]

    def add_products(self, count: int) -> None:
        """The world's catalogue, a product for each thing."""
        items = catalogue.items(self.work.world.seed, count)
        known = {row["sku"]: row.body for row in self.work.collection("variant").rows()}
        self.stock = {item.sku: item.stock for item in items}
        new = [item for item in items if item.sku not in known]
        for item in new:
            given = {"sku": item.sku, "price": item.price, "barcode": item.barcode, "grams": item.grams}
            products.make_product(self.work, item.title, [given])
        self.variants = [row.body for row in self.work.collection("variant").rows() if row["sku"] in self.stock]

    def add_customers(self) -> None:
        people = catalogue.people(self.work.world.seed)
        known = {row["email"]: row.body for row in self.work.collection("customer").rows()}
        new = [person for person in people if person.email not in known]
        numbers = self.numbers("Customer", len(new))
        made = [
            customers.customer_document(
                self.work.stamp,
                gid("Customer", number),
                number,
                person.email,
                person.first_name,
                person.last_name,
                self.address(person),
            )
            for number, person in zip(numbers, new, strict=True)
        ]
        self.work.collection("customer").add_many(made)
        everybody = known | {each["email"]: each for each in made}
        self.people = [(person.email, everybody[person.email]) for person in people]

    def address(self, person: catalogue.Person) -> Json:
        given = {
            "firstName": person.first_name,
            "lastName": person.last_name,
            "address1": person.street,
            "city": person.city,
            "provinceCode": person.region,
            "zip": person.postal_code,
            "countryCode": person.country,
            "phone": person.phone,
        }
        return order_documents.address_document(self.work, given) or {}

    # Orders

    def add_orders(self, before: int, count: int, of: int) -> None:
        """One batch, each kind of document written at once."""
        baskets = [self.basket() for _ in range(count)]
        units = sum(len(basket) for basket in baskets)
        self.ids = {
            name: self.numbers(name, size)
            for name, size in (
                ("Order", count),
                ("LineItem", units),
                ("FulfillmentOrder", units),
                ("FulfillmentOrderLineItem", units),
                ("Fulfillment", count),
                ("FulfillmentLineItem", units),
                ("ShippingLine", count),
                ("OrderTransaction", count),
            )
        }
        first = self.work.world.store.skip_numbers(f"{self.work.vendor}.order_number", orders.FIRST_ORDER_NUMBER, count)
        made: dict[str, list[Json]] = {"order": [], "fulfillment_order": [], "fulfillment": []}
        for place, basket in enumerate(baskets):
            age = self.rules.days * DAY_SECONDS * (1 - (before + place + self.chance.random()) / max(1, of))
            self.add_order(made, basket, first[place], iso_seconds(self.work.now - max(60.0, age)))
        for kind, rows in made.items():
            self.work.collection(kind).add_many(rows)

    def basket(self) -> list[tuple[Json, int]]:
        count = min(len(self.variants), self.chance.choice(self.rules.lines))
        chosen = self.chance.sample(self.variants, k=count)
        return [(variant, self.chance.choice(self.rules.quantities)) for variant in chosen]

    def add_order(self, made: dict[str, list[Json]], basket: list[tuple[Json, int]], number: int, stamp: str) -> None:
        order = self.order(basket, number, stamp)
        luck = self.chance.random()
        shares = self.rules.shares
        rows = self.rows(order)
        if luck < shares["cancelled"]:
            order = self.cancelled(order)
            rows = [row | {"status": "CLOSED"} for row in rows]
        elif luck < shares["cancelled"] + shares["fulfilled"]:
            order = self.paid(order)
            made["fulfillment"] += [self.fulfillment(order, row, place) for place, row in enumerate(rows)]
            order, rows = self.fulfilled(order, rows)
        else:
            order = order if luck > 1 - shares["pending"] else self.paid(order)
            self.commit(rows)
        numbers = sorted({row["locationId"].rsplit("/", 1)[1] for row in rows})
        made["order"].append(order_documents.with_keys(order | {"locationNumbers": numbers}))
        made["fulfillment_order"] += rows

    def order(self, basket: list[tuple[Json, int]], order_number: int, stamp: str) -> Json:
        email, customer = self.chance.choice(self.people)
        number = next(self.ids["Order"])
        order_id, currency = gid("Order", number), self.shop["currencyCode"]
        lines = [
            order_documents.line_document(
                gid("LineItem", next(self.ids["LineItem"])), order_id, {"quantity": count}, variant, currency
            )
            for variant, count in basket
        ]
        shipping = order_documents.shipping_document(
            gid("ShippingLine", next(self.ids["ShippingLine"])),
            self.rules.shipping["title"],
            None,
            self.rules.shipping["price"],
            currency,
        )
        given = {
            "email": email,
            "customerId": customer["id"],
            "shippingAddress": customer["defaultAddress"],
            "shippingLines": [shipping],
            "tags": self.chance.choice(self.rules.tags),
        }
        return order_documents.order_document(stamp, order_id, number, order_number, lines, given, self.shop)

    def rows(self, order: Json) -> list[Json]:
        """Everything of an order waits at one location, but for every tenth order's second line."""
        home = self.locations[0]
        groups: dict[str, list[Json]] = {}
        for place, line in enumerate(order["lines"]):
            away = place == 1 and order["number"] % 10 == 0
            location = self.locations[-1] if away else home
            groups.setdefault(location["id"], []).append(line)
        places = {place["id"]: place for place in self.locations}
        return [self.row(order, places[location_id], lines) for location_id, lines in groups.items()]

    def row(self, order: Json, location: Json, lines: list[Json]) -> Json:
        number = next(self.ids["FulfillmentOrder"])
        entries = [
            fulfillment_orders.line_document(
                gid("FulfillmentOrderLineItem", next(self.ids["FulfillmentOrderLineItem"])), line
            )
            for line in lines
        ]
        return fulfillment_orders.fulfillment_order_document(
            order["createdAt"], gid("FulfillmentOrder", number), number, order, location, entries, ships=True
        )

    def commit(self, rows: list[Json]) -> None:
        for row in rows:
            for line in row["lines"]:
                key = (line["inventoryItemId"], row["locationId"])
                self.committed[key] = self.committed.get(key, 0) + line["remainingQuantity"]

    def paid(self, order: Json) -> Json:
        amount = order["amounts"]["total"]
        id = gid("OrderTransaction", next(self.ids["OrderTransaction"]))
        payment = f"{order['name']}.1"
        sale = payments.transaction_document(order["createdAt"], id, "SALE", amount, "bogus", payment=payment)
        return order | {
            "amounts": order["amounts"] | {"received": amount},
            "transactions": [sale],
            "gateways": ["bogus"],
            "displayFinancialStatus": "PAID",
        }

    def cancelled(self, order: Json) -> Json:
        gone = {"currentQuantity": 0, "unfulfilledQuantity": 0}
        none = {"currentTotal": "0.00", "currentSubtotal": "0.00", "currentTax": "0.00"}
        return order | {
            "cancelledAt": order["createdAt"],
            "cancelReason": "CUSTOMER",
            "closed": True,
            "closedAt": order["createdAt"],
            "displayFinancialStatus": "VOIDED",
            "displayFulfillmentStatus": "RESTOCKED",
            "lines": [line | gone for line in order["lines"]],
            "amounts": order["amounts"] | none,
        }

    def fulfillment(self, order: Json, row: Json, place: int) -> Json:
        number = next(self.ids["Fulfillment"])
        lines = [
            {
                "id": gid("FulfillmentLineItem", next(self.ids["FulfillmentLineItem"])),
                "lineItemId": line["lineItemId"],
                "fulfillmentOrderId": row["id"],
                "fulfillmentOrderLineItemId": line["id"],
                "quantity": line["remainingQuantity"],
            }
            for line in row["lines"]
        ]
        tracking = fulfillments.tracking_of(
            {"company": self.chance.choice(self.rules.carriers), "number": f"1Z{id_key(number)[-12:]}"}
        )
        document = fulfillments.fulfillment_document(
            order["createdAt"], gid("Fulfillment", number), number, order, row, lines, place
        )
        return document | {"tracking": tracking}

    def fulfilled(self, order: Json, rows: list[Json]) -> tuple[Json, list[Json]]:
        lines = [line | {"fulfilledQuantity": line["quantity"], "unfulfilledQuantity": 0} for line in order["lines"]]
        done = order | {
            "lines": lines,
            "displayFulfillmentStatus": "FULFILLED",
            "closed": True,
            "closedAt": order["createdAt"],
        }
        emptied = [
            row | {"status": "CLOSED", "lines": [line | {"remainingQuantity": 0} for line in row["lines"]]}
            for row in rows
        ]
        return done, emptied

    # Stock

    def set_stock(self) -> None:
        """The catalogue's stock, and on top of it what is committed to open orders."""
        missing: list[Json] = []
        for location in self.locations:
            here = {
                row["itemId"]: row.body
                for row in self.work.collection("inventory_level").rows(Is("locationId", "=", location["id"]))
            }
            for variant in self.variants:
                item_id = variant["inventoryItemId"]
                committed = self.committed.get((item_id, location["id"]), 0)
                level = here.get(item_id)
                if level is None:
                    first = location is self.locations[0]
                    available = self.stock[variant["sku"]] if first else self.stock[variant["sku"]] // 2
                    missing.append(self.level(item_id, location["id"], available, committed))
                elif committed:
                    more = level["quantities"] | {"committed": level["quantities"]["committed"] + committed}
                    self.work.collection("inventory_level").save(level | {"quantities": more})
        self.work.collection("inventory_level").add_many(missing)

    def level(self, item_id: str, location_id: str, available: int, committed: int) -> Json:
        number = self.work.next_number("InventoryLevel", 90_000_000_001)
        level = inventory.level_document(self.work.stamp, number, item_id, location_id, available)
        return level | {"quantities": level["quantities"] | {"committed": committed}}
