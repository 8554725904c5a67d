"""Customers, their items, facilities, carriers, and the billboard that leads to them."""

from mock_servers.core.fake import Call, Work
from mock_servers.core.filters import Is
from mock_servers.core.preconditions import etag, must_match
from mock_servers.core.refusal import Refusal
from mock_servers.core.store import Document
from mock_servers.core.wire import Reply
from mock_servers.extensiv_warehouse_manager.behaviour.base import (
    EACH,
    Json,
    at_id,
    fake,
    item_called,
    link_to,
    listed,
    named_customer,
    row_version,
    shown,
)
from mock_servers.extensiv_warehouse_manager.behaviour.stock import FIFO

ITEM_WRITTEN = ("Upc", "Description", "Description2", "Cost", "Price", "CountryOfManufacture", "HarmonizedCode")
CARRIERS = (("UPS", "UPSN", "Ground"), ("FedEx", "FDEG", "Home Delivery"), ("USPS", "USPS", "Priority"))


@fake.operation("listCustomers")
def list_customers(call: Call) -> Reply:
    return listed(call, call.collection("customer"), "Customer")


@fake.operation("getCustomer")
def get_customer(call: Call) -> Reply:
    customer = at_id(call.collection("customer"), call.path["customerId"])
    return Reply(200, customer, {"ETag": etag(call, customer)})


@fake.view("rest", "customer", schema="Customer")
def customer_on_rest(customer: Document) -> Json:
    return shown(customer)


@fake.operation("listItems")
def list_items(call: Call) -> Reply:
    customer = at_id(call.collection("customer"), call.path["customerId"])
    return listed(call, call.collection("item"), "Item", Is("customer_id", "=", int(customer.id)))


@fake.operation("getItem")
def get_item(call: Call) -> Reply:
    item = _item(call)
    return Reply(200, item, {"ETag": etag(call, item)})


@fake.view("rest", "item", schema="Item")
def item_on_rest(item: Document) -> Json:
    return shown(item)


@fake.operation("createItem")
def create_item(call: Call) -> Reply:
    customer = at_id(call.collection("customer"), call.path["customerId"])
    item = add_item(call, customer, call.body)
    return Reply(201, item, {"ETag": etag(call, item)})


def add_item(work: Work, customer: Document, body: Json) -> Document:
    """Make an item known. Refuses with `duplicate` when the customer has one of this SKU."""
    if item_called(work, customer, body["Sku"]) is not None:
        raise Refusal("duplicate", property="Sku", value=body["Sku"])
    number = work.next_number("item", 301)
    item = work.collection("item").add(new_item(work, customer, number, body))
    work.emit("ItemCreate", item)
    return item


def new_item(work: Work, customer: Document, number: int, body: Json) -> Json:
    """An item as it is kept."""
    return {
        "ReadOnly": {
            "CustomerIdentifier": named_customer(customer),
            "ItemId": number,
            "CreationDate": work.stamp,
            "LastModifiedDate": work.stamp,
            "Deactivated": False,
            "RowVersion": row_version(number),
        },
        "ItemId": number,
        "Sku": body["Sku"],
        **{name: body[name] for name in ITEM_WRITTEN if name in body},
        "Options": {"InventoryUnit": {"UnitIdentifier": EACH, "InventoryMethod": FIFO}},
        "_links": [link_to("self", f"/customers/{customer.id}/items/{number}")],
        "id": str(number),
        "customer_id": int(customer.id),
        "sku_key": body["Sku"].lower(),
    }


@fake.operation("updateItem")
def update_item(call: Call) -> Reply:
    item = _item(call)
    must_match(call, item)
    if call.body.get("Sku", item["Sku"]) != item["Sku"]:
        raise Refusal("incompatible", property="Sku", value=call.body["Sku"], hint="The SKU of an item stays.")
    changed = item | {name: call.body[name] for name in ITEM_WRITTEN if name in call.body}
    changed["ReadOnly"] = item["ReadOnly"] | {"LastModifiedDate": call.stamp}
    kept = call.collection("item").save(changed)
    call.emit("ItemUpdate", kept)
    return Reply(200, kept, {"ETag": etag(call, kept)})


def _item(call: Call) -> Document:
    customer = at_id(call.collection("customer"), call.path["customerId"])
    item = at_id(call.collection("item"), call.path["itemId"])
    if item["customer_id"] != int(customer.id):
        raise Refusal("not_found", kind="item")
    return item


@fake.operation("listFacilities")
def list_facilities(call: Call) -> Reply:
    return listed(call, call.collection("facility"), "Facility")


@fake.view("rest", "facility", schema="Facility")
def facility_on_rest(facility: Document) -> Json:
    return shown(facility)


@fake.operation("listCarriers")
def list_carriers(call: Call) -> Reply:  # noqa: ARG001 - the same for everybody
    carriers = [
        {
            "Name": name,
            "ScacCode": scac,
            "Deactivated": False,
            "CarrierCode": name.lower(),
            "DisplayName": name,
            "ShipmentServices": [{"Code": service.upper(), "Description": service, "Deactivated": False}],
            "BillingCodes": [],
        }
        for name, scac, service in CARRIERS
    ]
    return Reply(200, {"DefaultBillingCodes": [], "DefaultShipmentServices": [], "ResourceList": carriers})


@fake.operation("getBillboard")
def get_billboard(call: Call) -> Reply:  # noqa: ARG001 - the same for everybody
    places = ("orders", "inventory", "customers", "properties")
    return Reply(200, {"_links": [link_to(place, f"/{place}") for place in places]})
