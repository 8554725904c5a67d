"""Other names of items, items in few words, and both in one list."""

from mock_servers.core.fake import Call, Work
from mock_servers.core.filters import All, Condition, Is
from mock_servers.core.refusal import Refusal
from mock_servers.core.store import Document
from mock_servers.core.wire import Reply
from mock_servers.extensiv_warehouse_manager.behaviour.base import (
    EACH,
    Json,
    at_id,
    fake,
    item_called,
    item_of,
    listed,
    named_item,
    page_of_rows,
    shown,
)
from mock_servers.extensiv_warehouse_manager.behaviour.rows import asked

ALLOW = 1
TRACK_BYS = {
    "TrackLotNumber": ALLOW,
    "TrackSerialNumber": ALLOW,
    "TrackExpirationDate": ALLOW,
    "TrackCost": ALLOW,
    "OutboundMobileSerialization": 0,
    "IsPickLotNumberRequired": False,
    "IsPickSerialNumberRequired": False,
    "IsPickExpirationDateRequired": False,
}
"""Everything may be tracked, nothing has to be."""


@fake.operation("listItemAliases")
def list_item_aliases(call: Call) -> Reply:
    customer = at_id(call.collection("customer"), call.path["customerId"])
    return listed(call, call.collection("alias"), "ItemAlias", Is("customer_id", "=", int(customer.id)))


@fake.view("rest", "alias", schema="ItemAlias")
def alias_on_rest(alias: Document) -> Json:
    return shown(alias)


@fake.operation("createItemAlias")
def create_item_alias(call: Call) -> Reply:
    customer = at_id(call.collection("customer"), call.path["customerId"])
    body = call.body
    sku = body["AliasIdentifier"]["Sku"]
    if alias_called(call, int(customer.id), sku) is not None or item_called(call, customer, sku) is not None:
        raise Refusal("duplicate", property="AliasIdentifier.Sku", value=sku)
    details = [_detail(call, customer, each) for each in body["Details"]]
    number = call.next_number("alias", 1)
    alias = call.collection("alias").add(
        {
            "AliasIdentifier": {"Sku": sku, "Id": number},
            "Active": body.get("Active", True),
            "Description": body.get("Description", ""),
            "Details": details,
            "id": str(number),
            "customer_id": int(customer.id),
            "sku_key": sku.lower(),
        },
    )
    return Reply(201, alias)


def _detail(work: Work, customer: Document, body: Json) -> Json:
    item = item_of(work, customer, body["ItemIdentifier"])
    return {
        "ItemIdentifier": named_item(item),
        "Qty": float(body["Qty"]),
        "Description": item.get("Description", ""),
        "ItemDeactivated": item["ReadOnly"]["Deactivated"],
    }


def alias_called(work: Work, customer_id: int, sku: str) -> Document | None:
    """An alias by its name, whatever its capitals."""
    return work.collection("alias").first(All(Is("customer_id", "=", customer_id), Is("sku_key", "=", sku.lower())))


def expanded(work: Work, customer: Document, bodies: list[Json]) -> list[Json]:
    """Lines with an alias written out as what it stands for (ExtensivSharp POST_OrderItem). An item's SKU is itself."""
    made: list[Json] = []
    for body in bodies:
        name = body["ItemIdentifier"]
        alias = None
        if "Id" not in name and item_called(work, customer, name["Sku"]) is None:
            alias = alias_called(work, int(customer.id), name["Sku"])
        if alias is None or not alias["Active"]:
            made.append(body)
            continue
        made += [
            body | {"ItemIdentifier": each["ItemIdentifier"], "Qty": body["Qty"] * each["Qty"]}
            for each in alias["Details"]
        ]
    return made


# Items in few words -------------------------------------------------------------------------------------------------


@fake.operation("listItemSummaries")
def list_item_summaries(call: Call) -> Reply:
    customer = at_id(call.collection("customer"), call.path["customerId"])
    where: list[Condition] = [Is("customer_id", "=", int(customer.id)), *_items_of(call)]
    if not call.query.get("getDeactivated"):
        where.append(Is("ReadOnly.Deactivated", "=", False))
    rows = [_summary(item) for item in call.collection("item").rows(All(*where))]
    return page_of_rows(call, asked(call, rows, "ItemSummary"))


def _items_of(call: Call) -> list[Condition]:
    """Just those of an order or of a receiver; both at once is not compatible (rels/customers/itemsummaries)."""
    asked = [name for name in ("orderid", "receiverid", "pickjobid") if name in call.query]
    if len(asked) > 1:
        details = tuple((name, f"is incompatible with {', '.join(set(asked) - {name})}") for name in asked)
        raise Refusal("invalid_query", details=details)
    lines: list[Json] = []
    if "orderid" in call.query:
        order = call.collection("order").find(str(call.query["orderid"]))
        lines = order["OrderItems"] if order else []
    elif "receiverid" in call.query:
        receiver = call.collection("receiver").find(str(call.query["receiverid"]))
        lines = receiver["ReceiveItems"] if receiver else []
    return [Is("ItemId", "in", tuple(line["ItemIdentifier"]["Id"] for line in lines))] if asked else []


@fake.operation("getItemSummary")
def get_item_summary(call: Call) -> Reply:
    customer = at_id(call.collection("customer"), call.path["customerId"])
    item = at_id(call.collection("item"), call.path["itemId"])
    if item["customer_id"] != int(customer.id):
        raise Refusal("not_found", kind="item")
    return Reply(200, _summary(item))


def _summary(item: Document) -> Json:
    told = {name: item[name] for name in ("Upc", "Description", "Price") if name in item}
    return {
        "CustomerIdentifier": item["ReadOnly"]["CustomerIdentifier"],
        "ItemId": item["ItemId"],
        "Sku": item["Sku"],
        **told,
        "TrackBys": TRACK_BYS,
        "InventoryUnitIdentifier": EACH,
    }


@fake.operation("listSkusUnionAliases")
def list_skus_union_aliases(call: Call) -> Reply:
    """Items and aliases, by their names; an alias has its number below zero."""
    customer = at_id(call.collection("customer"), call.path["customerId"])
    mine = Is("customer_id", "=", int(customer.id))
    rows = [
        {
            "ItemIdentifier": named_item(item),
            "Description": item.get("Description", ""),
            "InventoryUnitIdentifier": EACH,
            "Qualifiers": sorted(
                {stock["Qualifier"] for stock in call.collection("stock").rows(Is("item_id", "=", int(item.id)))} - {""}
            ),
        }
        for item in call.collection("item").rows(mine)
    ]
    rows += [
        {
            "ItemIdentifier": {"Sku": alias["AliasIdentifier"]["Sku"], "Id": -int(alias.id)},
            "Description": alias["Description"],
        }
        for alias in call.collection("alias").rows(mine)
    ]
    part = call.query.get("contains", "").lower()
    found = [row for row in rows if part in row["ItemIdentifier"]["Sku"].lower()]
    return page_of_rows(call, sorted(found, key=lambda row: row["ItemIdentifier"]["Sku"].lower()))
