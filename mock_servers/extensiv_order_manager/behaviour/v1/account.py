"""The account around its orders: warehouses, sales channels, its app, and words to look up."""

from typing import Any

from mock_servers.core.fake import Call
from mock_servers.core.refusal import Refusal
from mock_servers.core.wire import Reply
from mock_servers.extensiv_order_manager.behaviour.oauth import COMPANY
from mock_servers.extensiv_order_manager.behaviour.state import fake
from mock_servers.extensiv_order_manager.behaviour.v1 import shapes
from mock_servers.extensiv_order_manager.behaviour.v1.words import Json, part

CHANNEL_START = 101
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


@fake.operation("getCompanyInfo")
def get_company_info(call: Call) -> Reply:  # noqa: ARG001 - the same for everybody
    return Reply(200, {"name": "Seatrial", "companyId": int(COMPANY)})


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
    """Nothing can be kept here, so nothing is."""
    return part(call, [])


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
