"""What all of Warehouse Manager's behaviours stand on: kinds, names given in several ways, lists, and links."""

from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from typing import Any
from urllib.parse import urlencode

import msgspec

from contracts.profile import PageNumber
from mock_servers.core.fake import Call, Fake, Work
from mock_servers.core.filters import All, Condition, Is
from mock_servers.core.paging import Window, page_of
from mock_servers.core.refusal import Refusal
from mock_servers.core.rql import Properties, Property, condition_of, order_of, properties_of
from mock_servers.core.store import Collection, Document
from mock_servers.core.wire import Reply, Request
from mock_servers.extensiv_warehouse_manager.hal import HAL, unfolded

fake = Fake("extensiv_warehouse_manager")
fake.dialects["hal"] = HAL

fake.kind("customer")
fake.kind("facility")
fake.kind("location", index=("facility_id",))
fake.kind("supplier", index=("customer_id",))
fake.kind("item", index=("customer_id", "sku_key"))
fake.kind("alias", index=("customer_id", "sku_key"))
fake.kind("stock", index=("customer_id", "item_id"))  # by facility, item and qualifier: `1:301:`
fake.kind("receive_item", index=("item_id",))
fake.kind("receiver", index=("modified", "reference_key"))
fake.kind("adjustment")
fake.kind("purchase_order")
fake.kind("order", index=("reference_key", "modified", "status"))
fake.kind("tracking", index=("order_id",))  # by order and package: `5012:9001`

OPEN, CLOSED, CANCELED = 0, 1, 2
Json = dict[str, Any]
USER = {"Name": "API", "Id": 12}
EACH = {"Name": "Each", "Id": 1}

# Members that are looked up by beside those that are shown: RQL's names for them, and where they are kept.
TWINS: Mapping[str, dict[str, Property]] = {
    "Order": {
        "readonly.orderid": Property("order_id", "integer", nullable=False),
        "readonly.customeridentifier.id": Property("customer_id", "integer", nullable=False),
        "readonly.facilityidentifier.id": Property("facility_id", "integer", nullable=False),
        "readonly.lastmodifieddate": Property("modified", "moment", nullable=False),
        "readonly.status": Property("status", "integer", nullable=False),
        "readonly.isclosed": Property("closed", "boolean", nullable=False),
        "referencenum": Property("reference_key", folded=True),
    },
    "StockSummary": {
        "customeridentifier.id": Property("customer_id", "integer", nullable=False),
        "facilityid": Property("FacilityId", "integer", nullable=False),
    },
    "Item": {"sku": Property("sku_key", folded=True)},
    "OrderSummary": {
        "orderid": Property("order_id", "integer", nullable=False),
        "referencenum": Property("reference_key", folded=True),
    },
}
"""Stock summaries show no customer, and can be asked for one all the same (A11)."""

# Rows that are another look at a document: RQL asks about the members of the rows, which are kept elsewhere.
ELSEWHERE: Mapping[str, dict[str, str]] = {
    "OrderSummary": {
        "OrderId": "ReadOnly.OrderId",
        "FullyAllocated": "ReadOnly.FullyAllocated",
        "CustomerIdentifier": "ReadOnly.CustomerIdentifier",
        "FacilityIdentifier": "ReadOnly.FacilityIdentifier",
        "CreationDate": "ReadOnly.CreationDate",
        "IsClosed": "ReadOnly.IsClosed",
    },
    "StockDetail": {
        "Description": "ItemDescription",
        "Received": "ReceivedQty",
        "Available": "free",
        "IsOnHold": "OnHold",
        "OnHand": "OnHandQty",
    },
}


@cache
def properties(schema: str) -> Properties:
    """What RQL may ask about rows of a schema."""
    document = fake.contract.surfaces["rest"].document
    known = properties_of(document, document["components"]["schemas"][schema])
    for member, kept in ELSEWHERE.get(schema, {}).items():
        for name in [name for name in known if name == member.lower() or name.startswith(f"{member.lower()}.")]:
            known[name] = msgspec.structs.replace(known[name], field=kept + known[name].field[len(member) :])
    return known | TWINS.get(schema, {})


def shown(document: Document) -> Json:
    """A document without the members it is only looked up by."""
    return {name: value for name, value in document.items() if not name[0].islower()}


def row_version(number: int) -> str:
    """A `rowVersion`: eight bytes in base64."""
    return b64encode(number.to_bytes(8, "big")).decode()


# Lists --------------------------------------------------------------------------------------------------------------


def listed(call: Call, collection: Collection, schema: str, *also: Condition, look: str = "", row: Any = None) -> Reply:
    """One page of what RQL asks for, sorted as asked. `row` makes rows that are no documents of their own."""
    conditions = list(also)
    known = properties(schema)
    if call.query.get("rql"):
        conditions.append(condition_of(call.query["rql"], known))
    order: Any = order_of(call.query["sort"], known) if call.query.get("sort") else ()
    where = All(*conditions) if conditions else None
    if row is not None:
        return _plain_page(call, collection, where, order or "seq", row)
    return page_of(
        call,
        collection,
        where,
        order_by=order or "seq",
        look=look,
        links=lambda window: {"_links": links(call, window)},
    )


def _plain_page(
    call: Call, collection: Collection, where: Condition | None, order: Any, row: Callable[[Document], Json]
) -> Reply:
    window = Window(call, collection.count(where))
    heads = collection.heads(where, order_by=order, limit=window.limit, offset=window.offset)
    rows = [row(collection.get(id)) for id, _ in heads]
    return Reply(200, {window.member: rows, **window.envelope, "_links": links(call, window)})


def page_of_rows(call: Call, rows: list[Json]) -> Reply:
    """One page of rows that are made anew for each call."""
    window = Window(call, len(rows))
    page = rows[window.offset : window.offset + window.limit] if window.offset < len(rows) else []
    return Reply(200, {window.member: page, **window.envelope, "_links": links(call, window)})


def links(call: Call, window: Window) -> list[Json]:
    """To this page and the ones around it. Addresses are relative, as the vendor's are."""
    rule = call.surface.pagination[call.operation.pagination]
    assert isinstance(rule, PageNumber)  # noqa: S101 - Window has looked
    known = {each["name"] for each in call.operation.parameters if each["in"] == "query"} - {rule.page, rule.size}
    kept = [(name, text) for name, text in call.request.fields() if name in known]

    def link(rel: str, page: int) -> Json:
        query = urlencode([*kept, (rule.size, window.limit), (rule.page, page)])
        return {"Rel": rel, "Href": f"{call.request.path}?{query}"}

    found = [link("self", window.page)]
    if window.page < window.pages:
        found.append(link("next", window.page + 1))
    if window.page > 1:
        found.append(link("prev", window.page - 1))
    return found


def link_to(rel: str, href: str) -> Json:
    """A link by one of the vendor's relations, `self` or `edit`."""
    base = fake.contract.profile.facts["rel_base"].value
    return {"Rel": rel if rel in {"self", "edit"} else base + rel, "Href": href}


# Names that can be given in several ways ----------------------------------------------------------------------------


def customer_of(work: Work, given: Json) -> Document:
    """A customer by id, external id or name; the id wins. Refuses with `does_not_exist`."""
    customers = work.collection("customer")
    if "Id" in given:
        found = customers.find(str(given["Id"]))
    elif "ExternalId" in given:
        found = customers.first(Is("ExternalId", "same", given["ExternalId"]))
    else:
        found = customers.first(Is("CompanyInfo.CompanyName", "same", given["Name"]))
    return found or _nobody("CustomerIdentifier", given)


def facility_of(work: Work, given: Json) -> Document:
    """A facility by id or name. Refuses with `does_not_exist`."""
    facilities = work.collection("facility")
    found = facilities.find(str(given["Id"])) if "Id" in given else facilities.first(Is("Name", "same", given["Name"]))
    return found or _nobody("FacilityIdentifier", given)


def item_of(work: Work, customer: Document, given: Json) -> Document:
    """An item of a customer by id or SKU. Refuses with `does_not_exist`."""
    items = work.collection("item")
    found = items.find(str(given["Id"])) if "Id" in given else item_called(work, customer, given["Sku"])
    if found is None or found["customer_id"] != int(customer.id):
        return _nobody("ItemIdentifier", given)
    return found


def item_called(work: Work, customer: Document, sku: str) -> Document | None:
    """An item by its SKU, whatever its capitals."""
    return work.collection("item").first(All(Is("customer_id", "=", int(customer.id)), Is("sku_key", "=", sku.lower())))


def _nobody(what: str, given: Json) -> Document:
    name = next(name for name in ("Id", "Sku", "ExternalId", "Name") if name in given)
    raise Refusal("does_not_exist", property=f"{what}.{name}", value=given[name])


def named_customer(customer: Document) -> Json:
    external = {"ExternalId": customer["ExternalId"]} if "ExternalId" in customer else {}
    return {**external, "Name": customer["CompanyInfo"]["CompanyName"], "Id": int(customer.id)}


def named_facility(facility: Document) -> Json:
    return {"Name": facility["Name"], "Id": int(facility.id)}


def named_item(item: Document) -> Json:
    return {"Sku": item["Sku"], "Id": int(item.id)}


def at_id(collection: Collection, id: str) -> Document:
    """The document at a path's number. Refuses with `not_found`."""
    return collection.get(str(int(id)) if id.isdecimal() and id.isascii() and len(id) < 20 else id)


# Bodies -------------------------------------------------------------------------------------------------------------


@fake.understand
def understand(request: Request) -> Request:
    """A body in HAL says its lists under `_embedded`; it is understood as saying them by name."""
    if b"_embedded" not in request.body:
        return request
    try:
        body = msgspec.json.decode(request.body)
    except (ValueError, RecursionError):
        return request
    if not isinstance(body, dict):
        return request
    said = unfolded(request.path, body)
    for name, orders in body.items():
        if name.lower() == "orders" and isinstance(orders, list):
            said = said | {name: [unfolded("", each) if isinstance(each, dict) else each for each in orders]}
    meant = request.meaning(request.method, request.path, request.query)
    meant.body = msgspec.json.encode(said)
    return meant


def dated(body: Json, *names: str) -> Json:
    """A body with the moments under these names as the vendor keeps them; a zone is believed, and taken off (A8).

    Refuses with `invalid_body` what is no moment.
    """
    return body | {name: moment_given(name, body[name]) for name in names if body.get(name) is not None}


def moment_given(name: str, text: str) -> str:
    """`2026-11-23`, with a time or without, as it is kept. Refuses with `invalid_body` what is none."""
    try:
        at = datetime.fromisoformat(text)
        at = at.astimezone(UTC).replace(tzinfo=None) if at.tzinfo else at
    except (ValueError, OverflowError) as error:
        raise Refusal("invalid_body", details=((name, "is not a moment"),)) from error
    return at.isoformat(timespec="seconds")


@contextmanager
def alone(work: Work) -> Iterator[None]:
    """A part that is undone by itself when it is refused, with everything that would have been told of it."""
    told = len(work.events)
    try:
        with work.world.store.savepoint():
            yield
    except Refusal:
        del work.events[told:]
        raise
