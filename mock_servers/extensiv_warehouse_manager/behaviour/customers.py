"""Customers, their items, facilities, carriers, and the billboard that leads to them."""

from mock_servers.core.fake import Call, Work
from mock_servers.core.filters import Is
from mock_servers.core.preconditions import etag, must_match
from mock_servers.core.refusal import Refusal
from mock_servers.core.store import Document
from mock_servers.core.wire import Reply
from mock_servers.extensiv_warehouse_manager.behaviour.aliases import TRACK_BYS, alias_called
from mock_servers.extensiv_warehouse_manager.behaviour.base import (
    EACH,
    Json,
    at_id,
    facility_of,
    fake,
    item_called,
    link_to,
    listed,
    named_customer,
    named_facility,
    row_version,
    shown,
)
from mock_servers.extensiv_warehouse_manager.behaviour.placing import known_members
from mock_servers.extensiv_warehouse_manager.behaviour.stock import FIFO

ITEM_WRITTEN = ("Upc", "Description", "Description2", "Cost", "Price", "CountryOfManufacture", "HarmonizedCode")
CARRIERS = (("UPS", "UPSN", "Ground"), ("FedEx", "FDEG", "Home Delivery"), ("USPS", "USPS", "Priority"))


@fake.operation("listCustomers")
def list_customers(call: Call) -> Reply:
    """All of them, or those whose goods are kept in a facility."""
    also = []
    if "facilityId" in call.query:
        served = [
            customer["customer_id"]
            for customer in call.collection("customer").rows()
            if call.query["facilityId"] in {each["Id"] for each in customer["Facilities"]}
        ]
        also.append(Is("customer_id", "in", tuple(served)))
    return listed(call, call.collection("customer"), "Customer", *also)


@fake.operation("getCustomer")
def get_customer(call: Call) -> Reply:
    customer = at_id(call.collection("customer"), call.path["customerId"])
    return Reply(200, customer, {"ETag": etag(call, customer)})


@fake.operation("updateCustomer")
def update_customer(call: Call) -> Reply:
    """What is not said stays; what is ReadOnly cannot be said (rels/customers/customer)."""
    customer = at_id(call.collection("customer"), call.path["customerId"])
    must_match(call, customer)
    changed = customer | {name: call.body[name] for name in ("ExternalId",) if name in call.body}
    for name in ("CompanyInfo", "PrimaryContact"):
        if name in call.body:
            changed[name] = known_members(call.body[name], "Address")
    if not changed["CompanyInfo"].get("CompanyName"):
        raise Refusal("missing_member", details=(("CompanyInfo.CompanyName", "is required"),))
    changed |= _facilities(call, changed)
    changed["Options"] = _options(customer["Options"], call.body.get("Options", {}))
    kept = call.collection("customer").save(changed)
    return Reply(200, kept, {"ETag": etag(call, kept)})


def _facilities(call: Call, customer: Json) -> Json:
    """Where the goods are kept, and first of all. Refuses with `does_not_exist` or `incompatible`."""
    facilities = customer["Facilities"]
    if "Facilities" in call.body:
        facilities = [named_facility(facility_of(call, each)) for each in call.body["Facilities"]]
    primary = customer["PrimaryFacilityIdentifier"]
    if "PrimaryFacilityIdentifier" in call.body:
        primary = named_facility(facility_of(call, call.body["PrimaryFacilityIdentifier"]))
    if primary not in facilities:
        hint = "The customer's goods are not kept there."
        raise Refusal("incompatible", property="PrimaryFacilityIdentifier.Id", value=primary["Id"], hint=hint)
    return {"Facilities": facilities, "PrimaryFacilityIdentifier": primary}


def _options(before: Json, body: Json) -> Json:
    """Events go where the customer says, and only over TLS; switches for shipping are set one by one."""
    hooks = body.get("Alerts", {}).get("WebHookParameters", before["Alerts"]["WebHookParameters"])
    known = {each["Url"] for each in before["Alerts"]["WebHookParameters"]}
    for place, each in enumerate(hooks):
        if not each["Url"].startswith("https://") and each["Url"] not in known:
            field = f"Options.Alerts.WebHookParameters[{place}].Url"
            raise Refusal("invalid_body", details=((field, "has to begin with https://"),))
    alerts = [{"IncludeResource": False, "Resource": "*"} | known_members(each, "WebHookParameter") for each in hooks]
    shipping = before["Shipping"] | known_members(body.get("Shipping", {}), "ShippingOptions")
    return before | {"Alerts": {"WebHookParameters": alerts}, "Shipping": shipping}


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
    alias = alias_called(work, int(customer.id), body["Sku"])
    if alias is not None or item_called(work, customer, body["Sku"]) is not None:
        raise Refusal("duplicate", property="Sku", value=body["Sku"])
    number = work.next_number("item", 301)
    item = work.collection("item").add(new_item(work, customer, number, body))
    work.emit("ItemCreate", item)
    return item


def new_item(work: Work, customer: Document, number: int, body: Json) -> Json:
    """An item as it is kept. How its stock is used up, oldest first or otherwise, may be said."""
    method = body.get("Options", {}).get("InventoryUnit", {}).get("InventoryMethod")
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
        "Options": {
            "InventoryUnit": {"UnitIdentifier": EACH, "InventoryMethod": method or FIFO},
            "TrackBys": TRACK_BYS,
        },
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
    method = call.body.get("Options", {}).get("InventoryUnit", {}).get("InventoryMethod")
    if method:
        unit = item["Options"]["InventoryUnit"] | {"InventoryMethod": method}
        changed["Options"] = item["Options"] | {"InventoryUnit": unit}
    kept = call.collection("item").save(changed)
    call.emit("ItemUpdate", kept)
    return Reply(200, kept, {"ETag": etag(call, kept)})


@fake.operation("deleteItem")
def delete_item(call: Call) -> Reply:
    """An item that nothing names is forgotten. Refuses with `in_use` (403: as for a customer, Rels/exceptions)."""
    item = _item(call)
    must_match(call, item)
    if users := _uses(call, int(item.id)):
        raise Refusal("in_use", action="DELETE", hint=f"Item {item.id} is named by {users}.")
    call.collection("item").delete(item.id)
    return Reply(204)


def _uses(work: Work, number: int) -> str:
    """Who names an item: stock, orders, receivers, purchase orders, aliases."""
    if work.collection("receive_item").count(Is("item_id", "=", number)):
        return "stock"
    for kind, member in (("order", "OrderItems"), ("receiver", "ReceiveItems"), ("purchase_order", "LineItems")):
        for document in work.collection(kind).rows():
            if any(line["ItemIdentifier"]["Id"] == number for line in document[member]):
                return f"{kind.replace('_', ' ')} {document.id}"
    for alias in work.collection("alias").rows():
        if any(each["ItemIdentifier"]["Id"] == number for each in alias["Details"]):
            return f"alias {alias.id}"
    return ""


def _item(call: Call) -> Document:
    customer = at_id(call.collection("customer"), call.path["customerId"])
    item = at_id(call.collection("item"), call.path["itemId"])
    if item["customer_id"] != int(customer.id):
        raise Refusal("not_found", kind="item")
    return item


@fake.operation("listFacilities")
def list_facilities(call: Call) -> Reply:
    return listed(call, call.collection("facility"), "Facility")


@fake.operation("getFacility")
def get_facility(call: Call) -> Reply:
    facility = at_id(call.collection("facility"), call.path["facilityId"])
    return Reply(200, facility, {"ETag": etag(call, facility)})


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
