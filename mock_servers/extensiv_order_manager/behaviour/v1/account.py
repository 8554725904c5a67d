"""The account around its orders: warehouses, sales channels, its app, and words to look up."""

from typing import Any

from mock_servers.core.fake import Call
from mock_servers.core.filters import Is
from mock_servers.core.refusal import Refusal
from mock_servers.core.store import Document
from mock_servers.core.wire import Reply
from mock_servers.extensiv_order_manager.behaviour.oauth import COMPANY
from mock_servers.extensiv_order_manager.behaviour.products import resolve
from mock_servers.extensiv_order_manager.behaviour.state import fake
from mock_servers.extensiv_order_manager.behaviour.v1 import shapes
from mock_servers.extensiv_order_manager.behaviour.v1.words import Json, page

CHANNEL_START = 101
WAREHOUSE_START = 503
PAYMENT_TYPES = ("CREDIT_CARD", "PAYPAL", "CASH", "OTHER")
INCOTERMS = (("DDP", "Delivered duty paid"), ("DDU", "Delivered duty unpaid"), ("EXW", "Ex works"))


@fake.operation("getWarehouses")
def get_warehouses(call: Call) -> Reply:
    return Reply(200, [shapes.warehouse(row) for row in call.collection("warehouse").rows()])


@fake.operation("getWarehouse")
def get_warehouse(call: Call) -> Reply:
    found = call.collection("warehouse").find(call.path["warehouseId"])
    if found is None:
        raise Refusal("not_found", kind="Warehouse", id=call.path["warehouseId"])
    return Reply(200, shapes.warehouse(found))


# A warehouse's word in the spec and what else may be said of it.
SAID = (*shapes.HOUSE, "address", "salesChannelId", "internationalRank", "domesticBackups", "stateAllocations")


@fake.operation("putWarehouses")
def put_warehouses(call: Call) -> Reply:
    """A new one; orders that waited for a warehouse go on. What is answered the spec leaves open: the warehouse."""
    body = call.body
    for name in ("name", "type"):
        if not body.get(name):
            raise Refusal("unprocessable", reason=f"{name} is required", details=((name, "is required"),))
    id = str(call.next_number("warehouse", WAREHOUSE_START))
    made = {"id": id, "name": body["name"], "type": body["type"], "active": body.get("active") is not False}
    kept = call.collection("warehouse").add(made | {"v1": _said(call, body)})
    resolve(call)
    return Reply(200, shapes.warehouse(kept))


@fake.operation("postWarehouses")
def post_warehouses(call: Call) -> Reply:
    """Another type is refused: orders wait by it (assumed)."""
    body = call.body
    known = call.collection("warehouse").find(str(body.get("warehouseId") or 0))
    if known is None:
        raise Refusal("not_found", kind="Warehouse", id=str(body.get("warehouseId") or 0))
    if body.get("type") not in {None, known["type"]}:
        raise Refusal("unprocessable", reason="A warehouse keeps its type", details=(("type", "cannot be changed"),))
    changes = {name: body[name] for name in ("name", "active") if body.get(name) is not None}
    said = known.get("v1", {}) | _said(call, body)
    return Reply(200, shapes.warehouse(call.collection("warehouse").save(known | changes | {"v1": said})))


def _said(call: Call, body: Json) -> Json:
    for id in body.get("domesticBackups") or []:
        if call.collection("warehouse").find(str(id)) is None:
            raise Refusal("unprocessable", reason=f"Warehouse {id} not found")
    return {name: body[name] for name in (*SAID, "returnsLocation") if body.get(name) is not None}


@fake.operation("getSalesChannels")
def get_sales_channels(call: Call) -> Reply:
    rows = call.collection("channel").rows()
    all_of_them = call.query.get("includeInactive", False)
    return Reply(200, [shapes.channel(row) for row in rows if row["active"] or all_of_them])


@fake.operation("putSalesChannel")
def put_sales_channel(call: Call) -> Reply:
    """Channels that are made by hand are custom ones."""
    name = call.query["salesChannelName"]
    if any(row["name"] == name for row in call.collection("channel").rows()):
        raise Refusal("unprocessable", reason=f"There is a sales channel {name} already")
    id = call.next_number("channel", CHANNEL_START)
    call.collection("channel").add({"id": str(id), "name": name, "type": "CUSTOM", "active": True})
    return Reply(200, {"id": id, "message": "Sales channel created"})


@fake.operation("putSalesChannelNewForm")
def put_sales_channel_new_form(call: Call) -> Reply:
    """Another one, or the one of an id as it is to be; a channel keeps its type (assumed)."""
    body, channels = call.body, call.collection("channel")
    id = body.get("salesChannelId")
    known = channels.find(str(id)) if id else None
    if id and known is None:
        raise Refusal("not_found", kind="Sales channel", id=str(id))
    taken = [row for row in channels.rows() if row["name"] == body["salesChannelName"] and row.id != str(id)]
    if taken:
        reason = f"There is a sales channel {body['salesChannelName']} already"
        raise Refusal("unprocessable", reason=reason, details=(("salesChannelName", "exists already"),))
    if known is None:
        number = str(call.next_number("channel", CHANNEL_START))
        base: Json = {"id": number, "type": body.get("salesChannelType") or "CUSTOM", "active": True}
    else:
        base = dict(known)
    said = {"name": body["salesChannelName"]}
    said |= {ours: body[theirs] for theirs, ours in CHANNEL.items() if body.get(theirs) is not None}
    kept = channels.put(base | said)
    message = "Sales channel updated" if known else "Sales channel created"
    return Reply(200, {"message": message, "results": shapes.channel(kept), "errors": []})


CHANNEL = {"active": "active", "channelProperties": "properties"}


@fake.operation("getCompanyInfo")
def get_company_info(call: Call) -> Reply:  # noqa: ARG001 - the same for everybody
    place = shapes.address(int(COMPANY), None)
    contact = dict.fromkeys(("contactEmail", "contactName", "contactPhone"))
    told = {"name": "Seatrial", "companyId": int(COMPANY), "status": "ACTIVE", "countryOfOperation": "USA"}
    return Reply(200, told | contact | {"address": place, "billingAddress": place})


@fake.operation("getPaymentTypes")
def get_payment_types(call: Call) -> Reply:  # noqa: ARG001
    return Reply(200, [{"orderPaymentTypeId": id, "name": name} for id, name in enumerate(PAYMENT_TYPES, 1)])


@fake.operation("getIncotermShipRules")
def get_incoterm_ship_rules(call: Call) -> Reply:  # noqa: ARG001
    rules = [
        {"incotermShippingRuleId": id, "code": code, "description": text}
        for id, (code, text) in enumerate(INCOTERMS, 1)
    ]
    return Reply(200, rules)


@fake.operation("getAppProperties")
def get_app_properties(call: Call) -> Reply:
    return page(call, "app_property", None, _property)


@fake.operation("postAppProperty")
def post_app_property(call: Call) -> Reply:
    """What the app keeps under a name; another value takes the place of the one there was (assumed)."""
    properties = call.collection("app_property")
    kept = []
    for line in call.body:
        known = properties.first(Is("name", "=", line["name"]))
        id = known.id if known else str(call.next_number("app_property", 1))
        kept.append(properties.put({"id": id, "name": line["name"], "value": line["value"]}))
    return Reply(200, [_property(each) for each in kept])


@fake.operation("deleteAppProperty")
def delete_app_property(call: Call) -> Reply:
    id = call.path["propertyId"]
    if call.collection("app_property").find(id) is None:
        raise Refusal("not_found", kind="Property", id=id)
    call.collection("app_property").delete(id)
    return Reply(200, {"id": int(id), "message": "Property deleted"})


def _property(kept: Document) -> Json:
    return {"id": int(kept.id), "name": kept["name"], "value": kept["value"]}


@fake.operation("getThrottleLimits")
def get_throttle_limits(call: Call) -> Reply:
    """As they are counted here, a world's own numbers included. The hourly one is what the restore rate comes to."""
    surface = call.fake.contract.surfaces["v1"]
    rules: dict[str, Any] = {}
    for name, rule in surface.profile.rate_limits.items():
        own = call.setting(f"limit.{name}") or {}
        rules[name] = {each: own.get(each, getattr(rule, each)) for each in ("limit", "leak_per_second")}
    rows: list[Json] = [
        {
            "notes": None,
            "requestMethod": operation.method,
            "requestPath": operation.path,
            "throttleConfig": {
                "appId": 1,
                "companyId": int(COMPANY),
                "quotaMaxRequest": rules[operation.rate_limit]["limit"],
                "quotaRestoreRate": rules[operation.rate_limit]["leak_per_second"],
                "quotaMaxRequestHourly": round(rules[operation.rate_limit]["leak_per_second"] * 3600),
            },
        }
        for operation in surface.operations
        if operation.built
    ]
    return Reply(200, rows)
