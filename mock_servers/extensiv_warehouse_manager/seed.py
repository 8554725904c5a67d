"""A warehouse before anybody calls: facilities, customers, items with stock, and orders that came in another way."""

from collections.abc import Iterator
from typing import Any

from mock_servers.core import catalogue
from mock_servers.core.fake import Size, Work
from mock_servers.core.store import Document
from mock_servers.extensiv_warehouse_manager.behaviour.base import Json, fake, link_to, named_facility
from mock_servers.extensiv_warehouse_manager.behaviour.customers import new_item
from mock_servers.extensiv_warehouse_manager.behaviour.lines import new_line
from mock_servers.extensiv_warehouse_manager.behaviour.placing import new_order
from mock_servers.extensiv_warehouse_manager.behaviour.stock import (
    allocation,
    move,
    new_location,
    receive,
    with_allocations,
    with_lines,
)

BATCH = 1000
DAY_SECONDS = 86_400
SERVED = "4"
FACILITIES = (
    ("1", "Reno 1", "RNO", "Pacific Standard Time", "89502"),
    ("2", "Erie 2", "ERI", "Eastern Standard Time", "16501"),
)
QUARANTINE = "Q1"
PLACES = ("A1", "B1", QUARANTINE)
CUSTOMERS = ((SERVED, "Acme", "ACME"), ("7", "Birch Tools", "BIRCH"))


@fake.seed
def make_seed(work: Work, size: Size) -> Iterator[int]:
    """Two facilities, two customers, the catalogue in stock for the first, and orders of the last ninety days."""
    if not work.collection("facility").count():
        _open_doors(work)
    items = catalogue.items(work.world.seed, max(1, size.products))
    known = _add_items(work, items)
    for made in range(0, size.orders, BATCH):
        count = min(BATCH, size.orders - made)
        _add_orders(work, items, known, count)
        yield made + count  # whoever leaves here leaves a world in order


def _open_doors(work: Work) -> None:
    for id, name, code, zone, postal_code in FACILITIES:
        facility = work.collection("facility").add(
            {
                "id": id,
                "FacilityId": int(id),
                "Name": name,
                "Deactivated": False,
                "Code": code,
                "TimeZoneName": zone,
                "ShippingZip": postal_code,
            },
        )
        for place in PLACES:
            work.collection("location").add(new_location(work, facility, place, quarantine=place == QUARANTINE))
    for id, name, external in CUSTOMERS:
        work.collection("customer").add(new_customer(work, int(id), name, external))


def new_customer(work: Work, number: int, name: str, external: str) -> Json:
    """A customer whose goods are kept in every facility."""
    facilities = [named_facility(facility) for facility in work.collection("facility").rows()]
    contact = {"CompanyName": name, "Name": f"{name} Office", "Address1": "1 Dock St", "City": "Reno", "State": "NV"}
    return {
        "ReadOnly": {"CustomerId": number, "CreationDate": work.stamp, "Deactivated": False},
        "ExternalId": external,
        "CompanyInfo": contact,
        "PrimaryContact": contact,
        "Facilities": facilities,
        "PrimaryFacilityIdentifier": facilities[0],
        "Options": {
            "Alerts": {"WebHookParameters": []},
            "Shipping": {
                "OrderQueue": False,
                "RequireTrackingNumber": False,
                "AutoConfirmOrderOnTrackingUpdate": False,
            },
        },
        "_links": [link_to("self", f"/customers/{number}")],
        "id": str(number),
        "customer_id": number,
    }


def _add_items(work: Work, items: tuple[catalogue.Item, ...]) -> dict[str, Document]:
    """The catalogue's items by SKU; new ones come with their stock."""
    customer, facility = _home(work)
    known = {item["Sku"]: item for item in work.collection("item").rows()}
    new = [item for item in items if item.sku not in known]
    numbers = work.world.store.skip_numbers(f"{work.vendor}.item", 301, len(new)) if new else range(0)
    for number, item in zip(numbers, new, strict=True):
        about = {"Sku": item.sku, "Upc": item.barcode, "Description": item.title, "Price": float(item.price)}
        made = work.collection("item").add(new_item(work, customer, number, about))
        known[item.sku] = made
        receive(work, 0, customer, facility, made, {"Qty": float(item.stock)})
    return known


def _home(work: Work) -> tuple[Document, Document]:
    return work.collection("customer").get(SERVED), work.collection("facility").get("1")


def _add_orders(work: Work, items: tuple[catalogue.Item, ...], known: dict[str, Document], count: int) -> None:
    """What they take is received for them and taken: the catalogue's own stock stays free."""
    customer, facility = _home(work)
    people = catalogue.people(work.world.seed)
    facts = work.fake.contract.profile.facts
    numbers = work.world.store.skip_numbers(f"{work.vendor}.order", facts["order_id_start"].value, count)
    taken: dict[str, float] = {}
    batches = _reserve(work, items, known)
    made = []
    for number in numbers:
        body = _drawn(work, number, items, people)
        order = new_order(work, number, customer, facility, body, [])
        lines = [_line(work, line, known, batches, taken) for line in body["lines"]]
        made.append(_stamped(work, with_lines(order, lines)))
    for sku, quantity in taken.items():
        move(work, batches[sku], received=quantity, on_hand=quantity, allocated=quantity)
    work.collection("order").add_many(made)


def _reserve(work: Work, items: tuple[catalogue.Item, ...], known: dict[str, Document]) -> dict[str, Document]:
    customer, facility = _home(work)
    return {item.sku: receive(work, 0, customer, facility, known[item.sku], {"Qty": 0.0}) for item in items}


def _drawn(
    work: Work, number: int, items: tuple[catalogue.Item, ...], people: tuple[catalogue.Person, ...]
) -> dict[str, Any]:
    chance = work.chance
    person = people[chance.randrange(len(people))]
    chosen = chance.sample(items, k=min(len(items), chance.choice((1, 1, 2, 3))))
    return {
        "ReferenceNum": f"SEED-{number}",
        "RoutingInfo": {"Carrier": "UPS", "Mode": "Ground"},
        "ShipTo": {
            "CompanyName": f"{person.first_name} {person.last_name}",
            "Name": f"{person.first_name} {person.last_name}",
            "Address1": person.street,
            "City": person.city,
            "State": person.region,
            "Zip": person.postal_code,
            "Country": person.country,
            "PhoneNumber": person.phone,
            "EmailAddress": person.email,
        },
        "lines": [(item.sku, chance.choice((1, 1, 1, 2, 4))) for item in chosen],
    }


def _line(
    work: Work,
    wanted: tuple[str, int],
    known: dict[str, Document],
    batches: dict[str, Document],
    taken: dict[str, float],
) -> Json:
    sku, quantity = wanted
    taken[sku] = taken.get(sku, 0.0) + quantity
    line = new_line(work, {"Qty": quantity}, known[sku])
    return with_allocations(line, [allocation(batches[sku], quantity)])


def _stamped(work: Work, order: Json) -> Json:
    stamp = work.fake.stamp_of(work.now - work.chance.randrange(90 * DAY_SECONDS))
    read_only = order["ReadOnly"] | {
        "DeferNotification": False,
        "ProcessDate": stamp,
        "CreationDate": stamp,
        "LastModifiedDate": stamp,
    }
    return order | {"ReadOnly": read_only, "modified": stamp}
